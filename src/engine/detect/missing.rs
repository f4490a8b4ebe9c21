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
    let text = text.trim();
    let Some(first) = text.bytes().next() else { return true };
    // No mark begins with a digit, and every mark is short: most values need no comparison.
    !first.is_ascii_digit() && text.len() <= 12 && MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(text))
}

/// True for a mark that may be a value of its column, as [`crate::table::Column::keep_na`] says.
pub fn may_be_value(text: &str) -> bool {
    VALUES.contains(&text.trim())
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
        assert!(may_be_value("NA") && may_be_value("无") && !may_be_value("na"));
    }
}
