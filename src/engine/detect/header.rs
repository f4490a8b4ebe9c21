//! Where a table begins in its first records: titles above it, one or more lines of names, or none.

use super::dialect::{reads_as_value, usual};
use super::{missing, words};

/// Titles above a table that are passed over at most.
const TITLES: usize = 20;

/// What the first records are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Head {
    /// Records above the names.
    pub titles: usize,
    /// Records that name the columns: 0, 1 or 2.
    pub lines: usize,
    /// Nothing in the values tells whether the first record names the columns.
    pub assumed: bool,
    /// Fields of a row.
    pub width: usize,
    /// The names lack the first column, that of the row names (as R writes them).
    pub shifted: bool,
}

/// Looks at the first records, blank ones left out. `named` is what the person said of the first
/// one; `titles`, if given, is not guessed.
pub fn find(records: &[Vec<&str>], named: Option<bool>, titles: Option<usize>) -> Head {
    let lengths: Vec<usize> = records.iter().map(Vec::len).collect();
    let filled: Vec<usize> = records.iter().map(|record| count(record)).collect();
    let several: Vec<usize> = filled.into_iter().filter(|count| *count > 1).collect();
    let usual_filled = usual(&several);
    let titles = titles.unwrap_or_else(|| {
        let most = TITLES.min(records.len().saturating_sub(1));
        records.iter().take(most).take_while(|record| is_title(record, usual_filled)).count()
    });
    let Some((first, rest)) = records.get(titles..).and_then(<[_]>::split_first) else {
        return Head { width: usual(&lengths), ..Head::default() };
    };
    // An export glued to others brings its line of names again.
    let others: Vec<Vec<&str>> = rest.iter().filter(|record| *record != first).cloned().collect();
    let votes = votes(first, &others).filter(|votes| *votes >= 2).or_else(|| votes(first, rest));
    let lines = match named {
        Some(named) => usize::from(named),
        None => usize::from(votes.is_none_or(|votes| votes > 0)),
    };
    let lines = if lines == 1 && named.is_none() && second_line(first, rest) { 2 } else { lines };
    let body: Vec<usize> = lengths.iter().skip(titles + lines).copied().collect();
    let data = if body.is_empty() { first.len() } else { usual(&body) };
    let rows = records.iter().skip(titles + lines);
    let beyond = rows.clone().filter(|row| row.iter().skip(first.len()).any(|cell| !cell.trim().is_empty()));
    let (wide, all) = (beyond.count(), body.len());
    let shifted = lines > 0 && data == first.len() + 1 && wide == all && all > 0 && {
        let mut keys: Vec<&str> = rows.filter_map(|row| row.first().copied()).collect();
        // Row names are texts, or 1, 2, 3 …; a first column of dates or amounts has its name.
        let counted = || (1..).zip(&keys).all(|(n, key): (usize, _)| key.trim().parse() == Ok(n));
        (!keys.iter().any(|key| reads_as_value(key)) || counted()) && {
            keys.sort_unstable();
            keys.windows(2).all(|pair| pair.first() != pair.last())
        }
    };
    let width = match lines {
        0 => data,
        _ if shifted || wide * 2 > all => first.len().max(data),
        _ => first.len(),
    };
    Head { titles, lines, assumed: named.is_none() && votes.is_none(), width, shifted }
}

/// The names of the columns from one or two lines, "" where there is none. A line above with gaps
/// holds names of groups, which stand before a name only where the lines below alone would repeat.
pub fn names(lines: &[Vec<&str>], head: &Head) -> Vec<String> {
    let cell = |line: Option<&Vec<&str>>, at: usize| {
        line.and_then(|line| line.get(at)).map_or("", |text| text.trim()).to_owned()
    };
    let at = |column: usize| column.checked_sub(usize::from(head.shifted));
    let top = |column: usize| at(column).map_or(String::new(), |at| cell(lines.first(), at));
    if lines.len() < 2 {
        return (0..head.width).map(top).collect();
    }
    let below: Vec<String> =
        (0..head.width).map(|c| at(c).map_or(String::new(), |at| cell(lines.get(1), at))).collect();
    let gaps = (0..head.width).any(|column| top(column).is_empty());
    let mut sorted: Vec<&String> = below.iter().filter(|name| !name.is_empty()).collect();
    sorted.sort_unstable();
    let twins = sorted.windows(2).any(|pair| pair.first() == pair.last());
    let mut group = String::new();
    (0..head.width)
        .map(|column| {
            let above = top(column);
            if !above.is_empty() || !gaps {
                group = above;
            }
            match below.get(column).map_or("", String::as_str) {
                "" => group.clone(),
                name if group.is_empty() || gaps && !twins => name.to_owned(),
                name => format!("{group} {name}"),
            }
        })
        .collect()
}

fn count(record: &[&str]) -> usize {
    record.iter().filter(|cell| !cell.trim().is_empty()).count()
}

/// One text alone, or a pair such as `Month: | March` before a wide table.
fn is_title(record: &[&str], usual_filled: usize) -> bool {
    let filled = count(record);
    let leading = record.iter().take_while(|cell| !cell.trim().is_empty()).count();
    let alone = record.iter().filter(|cell| !cell.trim().is_empty()).all(|cell| !reads_as_value(cell));
    match filled {
        // Before a table of two columns, a lone second cell is a name beside an empty one.
        1 => alone && (usual_filled >= 3 || usual_filled == 2 && leading == 1),
        2 => usual_filled >= 5 && leading == 2,
        _ => false,
    }
}

/// What columns say of the first record: above values of one type a text is a name, a value is
/// none; a text that comes back below is none. `None` where nothing tells.
fn votes(first: &[&str], rest: &[Vec<&str>]) -> Option<i32> {
    let mut told = None;
    for (at, cell) in first.iter().map(|cell| cell.trim()).enumerate() {
        let below = column(rest, at);
        let vote = match (typed(&below), reads_as_value(cell)) {
            _ if cell.is_empty() => 0,
            // A year above numbers that are none names its column.
            (true, true) if is_year(cell) && !below.iter().any(|value| is_year(value)) => 1,
            (_, true) => -1,
            (true, false) => 2,
            (false, false) if below.contains(&cell) => -1,
            (false, false) if is_known_name(cell) => 1,
            (false, false) => 0,
        };
        if vote != 0 {
            *told.get_or_insert(0) += vote;
        }
    }
    told
}

/// True where the record below the names names as well: units, or names below those of groups.
fn second_line(first: &[&str], rest: &[Vec<&str>]) -> bool {
    let Some((second, rows)) = rest.split_first() else { return false };
    let columns = first.len().max(second.len());
    let (mut of_type, mut texts) = (0, 0);
    for at in 0..columns {
        let cell = second.get(at).map_or("", |cell| cell.trim());
        let below = column(rows, at);
        if reads_as_value(cell) || !cell.is_empty() && (below.contains(&cell) || missing::is_missing(cell)) {
            return false;
        }
        if typed(&below) {
            of_type += 1;
            texts += usize::from(!cell.is_empty());
        }
    }
    of_type >= 2 && texts * 2 >= of_type
}

/// A short text that names what tables of customers hold.
fn is_known_name(text: &str) -> bool {
    text.chars().count() <= 30
        && (words::is_id_name(text)
            || words::is_thing_name(text)
            || words::is_contact_name(text)
            || words::speaks_of_money(text)
            || words::is_date_name(text)
            || words::target_strength(text) > 0)
}

fn is_year(text: &str) -> bool {
    matches!(text.parse(), Ok(1900..=2100))
}

/// The cells of a column that are no holes.
fn column<'a>(rows: &[Vec<&'a str>], at: usize) -> Vec<&'a str> {
    let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.trim());
    cells.filter(|cell| !missing::is_missing(cell)).take(50).collect()
}

fn typed(cells: &[&str]) -> bool {
    !cells.is_empty() && cells.iter().filter(|cell| reads_as_value(cell)).count() * 5 >= cells.len() * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Head {
        let records: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        find(&records, None, None)
    }

    #[test]
    fn one_line_or_none() {
        assert_eq!(of("id,amount\n1,2\n3,4").lines, 1);
        assert_eq!(of("1,2\n3,4").lines, 0);
        assert_eq!(of("Good phone,1\nBad phone,0").lines, 0);
        assert_eq!(of("Region,2023,2024\nNorth,5,6\nSouth,7,8").lines, 1);
        assert_eq!(of("red,big\nblue,small\nred,big").lines, 0, "its values come back");
        let open = of("colour,size\nblue,small\nred,big");
        assert!(open.assumed && open.lines == 1);
    }

    #[test]
    fn titles_and_pairs_above() {
        let found = of("Sales report\nid,amount,city\n1,2,Rome\n3,4,Oslo");
        assert_eq!((found.titles, found.lines, found.width), (1, 1, 3));
        let pairs = of("Month:,March,,,\nid,a,b,c,d\n1,2,3,4,5\n6,7,8,9,1");
        assert_eq!((pairs.titles, pairs.lines), (1, 1));
        assert_eq!(of("5,,\n6,1,2\n7,1,3").titles, 0, "a number alone is no title");
    }

    #[test]
    fn two_lines_of_names() {
        let text = "Customer,,Orders,\nid,since,count,sum\n1,2024-01-01,5,6.5\n2,2024-01-02,7,8.5";
        let records: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        let head = find(&records, None, None);
        assert_eq!(head.lines, 2);
        assert_eq!(names(&records[..2], &head), ["id", "since", "count", "sum"]);
        let units = "weight,price\nkg,EUR\n1,2\n3,4";
        let records: Vec<Vec<&str>> = units.lines().map(|line| line.split(',').collect()).collect();
        let head = find(&records, None, None);
        assert_eq!(names(&records[..2], &head), ["weight kg", "price EUR"]);
        let groups = "2023,,2024,\nsum,count,sum,count\n1,2,3,4\n5,6,7,8";
        let records: Vec<Vec<&str>> = groups.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(names(&records[..2], &Head { lines: 2, width: 4, ..Head::default() })[2], "2024 sum");
        assert_eq!(of("a,b\nx,NA\n1,2\n3,4").lines, 1, "a hole is no name");
    }

    #[test]
    fn names_without_the_first_column() {
        let found = of("x,y\nr1,1,2\nr2,3,4");
        assert!(found.shifted && found.width == 3);
        assert!(!of("x,y\n1,2,\n3,4,").shifted, "a separator at the end is no column");
        assert_eq!(of("x,y\n1,2,\n3,4,").width, 2);
    }
}
