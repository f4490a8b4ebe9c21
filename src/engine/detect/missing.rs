//! Marks that people and programs write for "no value".

/// Marks taken as missing by default, compared without surrounding blanks and case.
#[rustfmt::skip]
pub const MARKS: &[&str] = &[
    "", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "nat", "null", "(null)", "\\n", "none", "nil", "-",
    "--", "—", "–", "?", "#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!", "无", "空", "缺失",
    "未知值", "暂无", "无数据",
];

/// Those of them that begin with an n, by their length: words like `No` are among the most frequent values.
const WITH_N: [&[&str]; 3] = [&["na"], &["n/a", "nan", "nat", "nil"], &["n.a.", "null", "none"]];

/// Marks that are values in some columns: `NA` among country codes is Namibia, `无` beside `有` is no.
const VALUES: &[&str] = &["NA", "无"];

/// True for a value that stands for "no value".
pub fn is_missing(text: &str) -> bool {
    // Of letters and digits only n begins a mark, and every mark is short: most values need no comparison.
    match text.as_bytes().first() {
        Some(b'n' | b'N') => {
            let text = super::trimmed(text);
            let marks = text.len().checked_sub(2).and_then(|more| WITH_N.get(more));
            return marks.is_some_and(|marks| marks.iter().any(|mark| mark.eq_ignore_ascii_case(text)));
        }
        Some(first) if first.is_ascii_alphanumeric() => return false,
        _ => {}
    }
    let text = super::trimmed(text);
    text.is_empty() || text.len() <= 12 && MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(text))
}

/// True for a mark that may be a value of its column, as [`crate::table::Column::keep_na`] says.
pub fn may_be_value(text: &str) -> bool {
    VALUES.contains(&super::trimmed(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_short_way_finds_what_the_list_holds(
            mark in proptest::sample::select(MARKS), before in "\\s{0,2}|[-nN.]", behind in "\\s{0,2}|[ao/]", upper: bool,
        ) {
            let mark = if upper { mark.to_uppercase() } else { mark.to_owned() };
            for text in [format!("{before}{mark}{behind}"), format!("{mark}{behind}"), mark.clone()] {
                let is_in_list = MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(text.trim()));
                prop_assert_eq!(is_missing(&text), is_in_list, "{:?}", text);
            }
        }
    }

    #[test]
    fn marks_and_values() {
        for mark in ["", "  ", "NA", "N/A", "\\N", "#VALUE!", "无", " null ", "—"] {
            assert!(is_missing(mark), "{mark}");
        }
        for value in ["0", "Nadia", "no", "-5", "nothing at all to say", "N"] {
            assert!(!is_missing(value), "{value}");
        }
        for mark in MARKS {
            assert!(is_missing(mark) && is_missing(&mark.to_uppercase()), "{mark}");
        }
        let of_n: Vec<&str> = MARKS.iter().copied().filter(|mark| mark.starts_with('n')).collect();
        assert_eq!(WITH_N.iter().map(|marks| marks.len()).sum::<usize>(), of_n.len());
        assert!(may_be_value("NA") && may_be_value("无") && !may_be_value("na"));
    }
}
