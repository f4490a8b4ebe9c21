//! Marks that people and programs write for "no value".

/// Marks taken as missing by default, compared without surrounding blanks and case.
#[rustfmt::skip]
pub const MARKS: &[&str] = &[
    "", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "nat", "null", "(null)", "\\n", "none", "nil", "-",
    "--", "—", "–", "?", "#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!", "无", "空", "缺失",
    "未知值", "暂无", "无数据",
];

/// Marks that are values in some columns: `NA` among country codes is Namibia, `无` beside `有` is no.
const VALUES: &[&str] = &["NA", "无"];

/// True for a value that stands for "no value".
pub fn is_missing(text: &str) -> bool {
    // Of letters and digits only n begins a mark, and every mark is short: most values need no comparison.
    if text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() && !matches!(first, b'n' | b'N'))
    {
        return false;
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
    use super::*;

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
        assert!(may_be_value("NA") && may_be_value("无") && !may_be_value("na"));
    }
}
