//! What a value is: encodings, separators, numbers, dates, contacts. A leaf: knows no other room.

mod common;
pub mod contact;
pub mod currency;
pub mod date;
pub mod dialect;
pub mod encoding;
pub mod header;
pub mod missing;
pub(crate) mod month;
pub mod number;
mod scan;
#[cfg(test)]
mod tests_any;
pub mod truth;
pub mod words;

/// `text.trim()`. Most cells begin and end with a plain sign of ASCII, and two bytes tell that nothing is to
/// be taken off.
#[inline]
pub(crate) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        [only] if only.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_invisible_is_taken_off_as_ever() {
        for text in [
            "",
            " ",
            "a",
            " a",
            "a ",
            "a b",
            "\ta\u{b}",
            "\u{7f}a",
            "\u{85}a",
            "a\u{a0}",
            "\u{3000}客户",
            "客户",
            "ü ",
            "a\u{2028}",
            "\u{feff}a",
            "a\u{200b}",
            "\0",
        ] {
            assert_eq!(trimmed(text), text.trim(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_trims_as_the_long_way(text in any::<String>(), blanks in "\\s{0,3}", more in "\\PC{0,6}\\s?") {
            for text in [text.clone(), format!("{blanks}{text}{blanks}"), format!("{blanks}{more}"), more.clone()] {
                prop_assert_eq!(trimmed(&text), text.trim());
            }
        }
    }
}
