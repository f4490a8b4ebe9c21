//! A writing prepared for comparing, and what forbids that two of them are one.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::words;

/// A writing of a category.
pub(super) struct Level {
    pub text: String,
    pub count: u64,
    /// Words in small letters, without accents and punctuation, common abbreviations in full.
    pub tokens: Vec<String>,
    /// The tokens without blanks.
    pub squeezed: String,
    /// Its numbers, in order.
    numbers: Vec<String>,
    /// Signs that carry meaning: `A+` is not `A`, `<30` is not `>30`.
    signs: String,
}

impl Level {
    pub(super) fn new(text: &str, count: u64) -> Self {
        let folded = fold(text);
        let tokens: Vec<String> = folded
            .split_whitespace()
            .map(|token| words::in_full(token).to_owned())
            .filter(|token| !token.is_empty())
            .collect();
        Self {
            text: text.to_owned(),
            count,
            squeezed: tokens.concat(),
            tokens,
            numbers: numbers(text),
            signs: signs(text),
        }
    }

    /// True if all of it is Chinese.
    pub(super) fn is_han(&self) -> bool {
        !self.squeezed.is_empty() && self.squeezed.chars().all(is_han)
    }
}

pub(super) fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Small letters without accents (of Latin letters only: marks make other letters elsewhere) and
/// without punctuation, `&` as a word.
fn fold(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut after_latin = false;
    for c in text.nfkd() {
        if is_combining_mark(c) && after_latin {
            continue;
        }
        after_latin = c.is_ascii_alphabetic();
        plain.push(c);
    }
    let mut out = String::with_capacity(plain.len());
    for c in plain.nfc().flat_map(char::to_lowercase) {
        match c {
            '&' => out.push_str(" and "),
            'ß' => out.push_str("ss"),
            'ø' => out.push('o'),
            'æ' => out.push_str("ae"),
            'ł' => out.push('l'),
            'đ' => out.push('d'),
            '_' => out.push(' '),
            c if c.is_alphanumeric() || c.is_whitespace() || is_combining_mark(c) => out.push(c),
            _ => {}
        }
    }
    out
}

/// Runs of digits, and the numerals and directions that Chinese writes as letters.
fn numbers(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut in_number = false;
    for c in text.nfkc() {
        if c.is_numeric() && !is_han(c) {
            match out.last_mut().filter(|_| in_number) {
                Some(number) => number.push(c),
                None => out.push(c.to_string()),
            }
            in_number = true;
            continue;
        }
        in_number = false;
        if words::TELLING_HAN.contains(c) {
            out.push(c.to_string());
        }
    }
    out
}

fn signs(text: &str) -> String {
    let chars: Vec<char> = text.nfkc().collect();
    let letter = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
    let mut out = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let hyphen = matches!(c, '-' | '−' | '–');
        // A hyphen between letters joins them; a minus before or behind a word changes it. One
        // between blanks is punctuation.
        let (before, after) = (letter(at.checked_sub(1)), letter(Some(at + 1)));
        let minus = hyphen && before != after;
        if minus {
            out.push('-');
        } else if "+#<>=≤≥%$€£¥°*~^".contains(c) {
            out.push(c);
        }
    }
    out
}

/// True for two writings that are never one: other numbers or signs, other single letters or Roman
/// numerals, words that tell things apart (north and south, small and large, male and female), one
/// that denies the other (`paid`, `unpaid`).
pub(super) fn are_distinct(a: &Level, b: &Level) -> bool {
    if a.numbers != b.numbers || a.signs != b.signs {
        return true;
    }
    if a.squeezed == b.squeezed {
        return false;
    }
    let (of_a, of_b) = apart(a, b);
    let short = |tokens: &[&str]| tokens.iter().any(|token| is_code(token));
    let telling = |tokens: &[&str]| tokens.iter().any(|token| words::TELLING.contains(token));
    if short(&of_a) || short(&of_b) {
        return true;
    }
    if telling(&of_a) && (telling(&of_b) || of_b.is_empty()) || telling(&of_b) && of_a.is_empty() {
        return true;
    }
    of_a.iter().any(|x| of_b.iter().any(|y| denies(x, y) || denies(y, x)))
}

/// The tokens that only one of them has.
pub(super) fn apart<'a>(a: &'a Level, b: &'a Level) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    a.tokens.iter().for_each(|token| *counts.entry(token).or_default() += 1);
    b.tokens.iter().for_each(|token| *counts.entry(token).or_default() -= 1);
    let side =
        |wanted: i64| counts.iter().filter(|(_, n)| n.signum() == wanted).map(|(token, _)| *token).collect();
    (side(1), side(-1))
}

/// One letter, or a Roman numeral: `Group A`, `Type II`.
fn is_code(token: &str) -> bool {
    token.chars().count() == 1 && !token.chars().any(is_han)
        || token.len() <= 4 && token.chars().all(|c| matches!(c, 'i' | 'v' | 'x'))
}

fn denies(longer: &str, word: &str) -> bool {
    word.len() >= 3
        && [
            "un", "in", "non", "im", "ir", "il", "dis", "not", "ex", "sub", "semi", "anti", "fe", "wo",
            "pre", "re",
        ]
        .iter()
        .any(|prefix| longer.strip_prefix(prefix) == Some(word))
}
