//! Marks that people and programs write for "no value".

/// Marks taken as missing by default, compared without surrounding blanks and case.
pub const MARKS: &[&str] =
    &["", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", "无", "空", "缺失", "未知值"];

/// True for a value that stands for "no value".
pub fn is_missing(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() {
        return true;
    }
    // Every mark is short: longer texts need no comparison.
    text.len() <= 12 && MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(text))
}
