//! Which language a comment is in, told by its script alone, and its emoji.

use serde::{Deserialize, Serialize};

use crate::features::text::is_han;

/// Language of a comment, or of all comments together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese characters, and hardly a letter.
    Chinese,
    /// Latin letters, and hardly a Chinese character; read as English.
    English,
    /// Both.
    Mixed,
    /// Neither: another script, emoji, digits, nothing.
    Other,
}

impl Language {
    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
            Self::Mixed => "mixed",
            Self::Other => "other",
        }
    }

    /// The language of a text. A Chinese character counts for three letters; a tenth of the other
    /// makes it mixed.
    pub fn of(text: &str) -> Self {
        let (mut han, mut latin, mut letters) = (0usize, 0usize, 0usize);
        for c in text.chars() {
            if is_han(c) {
                han += 3;
            } else if c.is_ascii_alphabetic() || ('\u{c0}'..='\u{24f}').contains(&c) {
                latin += 1;
            } else if c.is_alphabetic() {
                letters += 1;
            }
        }
        let all = han + latin;
        match () {
            () if all == 0 || letters > all => Self::Other,
            () if han * 10 < all => Self::English,
            () if latin * 10 < all => Self::Chinese,
            () => Self::Mixed,
        }
    }

    /// The language of most comments; mixed where none has nine tenths of those that have one.
    pub fn of_all(each: &[Self]) -> Self {
        let count = |wanted: Self| each.iter().filter(|language| **language == wanted).count();
        let (zh, en, mixed) = (count(Self::Chinese), count(Self::English), count(Self::Mixed));
        match zh + en + mixed {
            0 => Self::Other,
            all if zh * 10 >= all * 9 => Self::Chinese,
            all if en * 10 >= all * 9 => Self::English,
            _ => Self::Mixed,
        }
    }

    /// True where Chinese is to be read.
    pub fn has_chinese(self) -> bool {
        matches!(self, Self::Chinese | Self::Mixed)
    }
}

/// True for the pictures that people write between words. Joiners and skin tones are none.
pub(super) fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}')
}

/// The text with every emoji as a word of its own (`emoji1f600`), so that bags of words keep it.
pub(super) fn with_emoji_words(text: &str) -> std::borrow::Cow<'_, str> {
    use std::fmt::Write as _;
    if !text.chars().any(is_emoji) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        match is_emoji(c) {
            // Writing to a text cannot fail.
            true => {
                let _ = write!(out, " emoji{:x} ", u32::from(c));
            }
            false => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_tells_the_language() {
        assert_eq!(Language::of("Too slow, 3 stars"), Language::English);
        assert_eq!(Language::of("送得太慢了，真的很失望 OK"), Language::Chinese);
        assert_eq!(Language::of("delivery 太慢了"), Language::Mixed);
        for other in ["", "😀😀", "12345", "التوصيل متأخر جدا", "Доставка"] {
            assert_eq!(Language::of(other), Language::Other, "{other}");
        }
        assert_eq!(Language::of("très bon café"), Language::English);
        assert_eq!(Language::of_all(&[Language::Chinese; 3]), Language::Chinese);
        assert_eq!(Language::of_all(&[Language::Chinese, Language::English]), Language::Mixed);
        assert_eq!(Language::of_all(&[]), Language::Other);
    }

    #[test]
    fn emoji_become_words() {
        assert_eq!(with_emoji_words("ok👍!"), "ok emoji1f44d !");
        assert_eq!(with_emoji_words("plain"), "plain");
    }
}
