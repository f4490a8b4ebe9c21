use super::*;
use crate::detect::dialect::Dialect;

fn plan(text: &str) -> Plan<'_> {
    let dialect =
        Dialect { layout: Layout::Separated(b','), quoting: true, backslash: false, agreement: 1.0 };
    Plan { text, start: 0, lines: 1, dialect, comment: None, cells: None }
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("c{i}")).collect()
}

fn cells(read: &Read) -> Vec<Vec<Option<String>>> {
    (0..read.rows.len())
        .map(|row| read.columns.iter().map(|c| c.get(row).map(str::to_owned)).collect())
        .collect()
}

fn quiet(text: &str, width: usize) -> Read {
    read(plan(text), &names(width), None, &Reporter::silent()).unwrap()
}

#[test]
fn every_mark_is_found() {
    let text = "a,bc,\n,,ü,1234567,12345678,\n\n,x";
    let mut marks = Marks::new(text.as_bytes(), b',');
    let found: Vec<_> = std::iter::from_fn(|| marks.next()).collect();
    let wanted: Vec<_> =
        text.bytes().enumerate().filter(|(_, b)| b",\n".contains(b)).map(|(at, b)| (at, b == b',')).collect();
    assert_eq!(found, wanted);
}

#[test]
fn plain_and_other_pieces_agree() {
    let text = "a,b,c\r\n\r\n1,,3\n4,5\n,\u{3000},\n6,7,8,9\n6,7,8,\nlast,ü,客户";
    let plain = quiet(text, 3);
    let three = names(3);
    let other = Part::any(plan(text), Builder::new(text, &three, None), &Reporter::silent()).unwrap();
    let other = join(vec![other], &names(3)).unwrap();
    assert_eq!(cells(&plain), cells(&other));
    assert_eq!((&plain.rows, plain.rejected_count), (&other.rows, 1));
    // Rows as a spreadsheet counts them: blank lines too.
    assert_eq!(plain.rows, [2, 4, 5, 8, 9]);
    assert_eq!((plain.short, plain.first_short, plain.blank), (1, Some(5), 1));
    assert_eq!((plain.rejected[0].row, other.rejected[0].row), (7, 7));
    assert_eq!(cells(&plain)[2], [Some("4".into()), Some("5".into()), None]);
}

#[test]
fn the_line_of_names_again_is_rejected() {
    let (text, names) = ("1,2\nc0,c1\nc0,3\nc0\n4,c1\n", names(2));
    let again = csv::StringRecord::from(names.clone());
    let plain = read(plan(text), &names, Some(&again), &Reporter::silent()).unwrap();
    let builder = Builder::new(text, &names, Some(&again));
    let other = join(vec![Part::any(plan(text), builder, &Reporter::silent()).unwrap()], &names).unwrap();
    assert_eq!(cells(&plain), cells(&other));
    assert_eq!((&plain.rows[..], &plain.rejected), (&[2, 4, 5, 6][..], &other.rejected));
    assert_eq!((plain.rejected[0].row, plain.rejected[0].why.code), (3, "names_again"));
}

#[test]
fn pieces_are_cut_at_record_ends() {
    // Quoted line ends near every cut, and quote marks in pairs.
    let mut text = String::new();
    for i in 0..200_000 {
        text.push_str(&format!("{i},\"line one\nline \"\"two\"\" of {i}\",x\n"));
    }
    assert!(cuts(text.as_bytes(), Some(b'"')).len() > 2);
    let all = quiet(&text, 3);
    assert_eq!(all.rows.len(), 200_000);
    assert_eq!(all.columns[1].get(199_999), Some("line one\nline \"two\" of 199999"));
    assert_eq!(all.rows[199_999], 200_001);
}

#[test]
fn a_quote_that_is_data_fools_nobody() {
    // One inch mark early in the file turns the count of quotes around for all the rest.
    let mut text = String::from("0,5\" pipe,x\n");
    for i in 1..300_000 {
        text.push_str(&format!("{i},\"two\nlines\",x\n"));
    }
    let all = quiet(&text, 3);
    assert_eq!(all.rows.len(), 300_000);
    assert_eq!(all.columns[1].get(0), Some("5\" pipe"));
    assert_eq!(all.columns[1].get(299_999), Some("two\nlines"));
}

#[test]
fn an_unclosed_quote_costs_no_rows() {
    let all = quiet("1,a\n2,\"open\n3,c\n4,d\n", 2);
    assert_eq!((all.rows.len(), all.unclosed), (4, Some(2)));
}
