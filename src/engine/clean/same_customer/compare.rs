//! How far two values of a field agree. Levels instead of raw similarities, because the evidence
//! model counts them: Jaro-Winkler (Winkler 1990), the optimal string alignment form of
//! Damerau-Levenshtein, and sets of words.

use serde::Serialize;

use super::FieldKind;
use super::names::names;
use super::values::Comparison;

/// How far two values agree, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// One of the rows has no value: no evidence either way.
    Missing,
    Differs,
    /// Could be the same: an initial, a namesake in other characters, the same street.
    Alike,
    /// The same but for writing: a typing mistake, a middle name, pinyin for characters.
    Close,
    Same,
}

/// Levels with evidence.
pub(super) const LEVELS: usize = 4;

impl Agreement {
    /// Place among the levels with evidence; `None` for a missing value.
    pub(super) fn level(self) -> Option<usize> {
        match self {
            Self::Missing => None,
            Self::Differs => Some(0),
            Self::Alike => Some(1),
            Self::Close => Some(2),
            Self::Same => Some(3),
        }
    }
}

impl Comparison {
    /// How far two rows agree in this field.
    pub(super) fn compare(&self, a: u32, b: u32) -> Agreement {
        let (Some(a), Some(b)) = (self.values.of(a), self.values.of(b)) else { return Agreement::Missing };
        let (left, right) = (self.values.text(a), self.values.text(b));
        match self.kind {
            // One word is half a name, even where it is the same.
            FieldKind::Name => names(left, right, &self.words),
            _ if a == b => Agreement::Same,
            FieldKind::Company => companies(left, right),
            FieldKind::Email => emails(left, right),
            FieldKind::Phone => phones(left, right),
            FieldKind::Address => addresses(left, right),
            FieldKind::Postcode => postcodes(left, right),
            FieldKind::Date => dates(left, right),
            FieldKind::Text => texts(left, right),
            FieldKind::Number => numbers(left, right),
            FieldKind::Exact => Agreement::Differs,
        }
    }
}

/// Damerau-Levenshtein (optimal string alignment) distance; `None` above `most`.
pub(super) fn slips(a: &str, b: &str, most: usize) -> Option<usize> {
    let (la, lb) = (a.chars().count(), b.chars().count());
    if la.abs_diff(lb) > most {
        return None;
    }
    // One slip is what is asked for nearly always, and needs no table.
    if most == 1 {
        return one_slip(a, b);
    }
    Some(strsim::osa_distance(a, b)).filter(|distance| *distance <= most)
}

/// What is left between the common head and the common tail tells a single slip.
fn one_slip(a: &str, b: &str) -> Option<usize> {
    let head: usize = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let (a, b) = (a.get(head..)?, b.get(head..)?);
    let tail: usize =
        a.chars().rev().zip(b.chars().rev()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let (a, b) = (a.get(..a.len() - tail)?, b.get(..b.len() - tail)?);
    let (mut x, mut y) = (a.chars(), b.chars());
    match [x.next(), x.next(), x.next(), y.next(), y.next(), y.next()] {
        [None, _, _, None, _, _] => Some(0),
        [_, None, _, _, None, _] => Some(1),
        [Some(a), Some(b), None, Some(c), Some(d), None] if a == d && b == c => Some(1),
        _ => None,
    }
}

/// Normalised Damerau-Levenshtein similarity of at least `least`.
fn similar(a: &str, b: &str, least: f64) -> bool {
    let longest = a.chars().count().max(b.chars().count());
    slips(a, b, (longest as f64 * (1.0 - least)).floor() as usize).is_some()
}

/// The two halves of a name or address in the form of `normal`: `native|words`, `numbers|words`.
pub(super) fn halves(text: &str) -> (&str, &str) {
    text.split_once('|').unwrap_or(("", text))
}

/// Common words as a share of the smaller set, and of both together (Jaccard).
fn overlap(a: &str, b: &str) -> (f64, f64) {
    let (a, b) = (set(a), set(b));
    let common = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    let least = a.len().min(b.len());
    if least == 0 {
        return (0.0, 0.0);
    }
    (common as f64 / least as f64, common as f64 / (a.len() + b.len() - common) as f64)
}

/// Different words in order.
fn set(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn companies(a: &str, b: &str) -> Agreement {
    let bare = |text: &str| text.replace(' ', "");
    if bare(a) == bare(b) {
        return Agreement::Same;
    }
    let (inside, jaccard) = overlap(a, b);
    match () {
        () if jaccard == 1.0 || similar(a, b, 0.9) => Agreement::Close,
        () if inside == 1.0 || jaccard >= 0.6 || similar(a, b, 0.8) || contains(a, b) => Agreement::Alike,
        () => Agreement::Differs,
    }
}

/// One Chinese name inside the other: 晨光文具 in 上海晨光文具.
fn contains(a: &str, b: &str) -> bool {
    let least = a.chars().count().min(b.chars().count());
    let han = a.chars().chain(b.chars()).all(super::normal::is_han);
    han && least >= 4 && (a.contains(b) || b.contains(a))
}

fn emails(a: &str, b: &str) -> Agreement {
    let ((user_a, host_a), (user_b, host_b)) =
        (a.split_once('@').unwrap_or((a, "")), b.split_once('@').unwrap_or((b, "")));
    // A figure is no slip: wang1 and wang2 are two people.
    let alike = |kept: fn(&char) -> bool| user_a.chars().filter(kept).eq(user_b.chars().filter(kept));
    let figures = || alike(char::is_ascii_digit);
    let letters = || alike(|c| c.is_alphanumeric());
    let long = user_a.len().min(user_b.len()) >= 6;
    match () {
        () if host_a != host_b && letters() && slips(host_a, host_b, 1).is_some() => Agreement::Close,
        () if host_a == host_b && long && figures() && slips(user_a, user_b, 1).is_some() => Agreement::Close,
        () if long && letters() => Agreement::Alike,
        () => Agreement::Differs,
    }
}

fn tail(text: &str, most: usize) -> &str {
    text.get(text.len().saturating_sub(most)..).unwrap_or_default()
}

fn phones(a: &str, b: &str) -> Agreement {
    let one = |a: &str, b: &str| {
        let least = a.len().min(b.len());
        match () {
            () if a == b || least >= 9 && tail(a, 9) == tail(b, 9) => Agreement::Same,
            // Without its area code, or one figure wrong.
            () if least >= 7 && (a.ends_with(b) || b.ends_with(a)) => Agreement::Close,
            () if least >= 9 && slips(tail(a, 9), tail(b, 9), 1).is_some() => Agreement::Close,
            () if least >= 7 && tail(a, 7) == tail(b, 7) => Agreement::Alike,
            () => Agreement::Differs,
        }
    };
    let pairs = a.split(' ').flat_map(|a| b.split(' ').map(move |b| one(a, b)));
    pairs.max().unwrap_or(Agreement::Differs)
}

fn addresses(a: &str, b: &str) -> Agreement {
    let ((numbers_a, words_a), (numbers_b, words_b)) = (halves(a), halves(b));
    let (numbers, _) = overlap(numbers_a, numbers_b);
    let silent = numbers_a.is_empty() || numbers_b.is_empty();
    // Another house.
    if !silent && numbers == 0.0 {
        return Agreement::Differs;
    }
    let (inside, jaccard) = overlap(words_a, words_b);
    let one_place = jaccard >= 0.8 || inside >= 0.99 && jaccard >= 0.4 || similar(words_a, words_b, 0.88);
    match () {
        () if one_place && numbers_a == numbers_b && !silent && jaccard == 1.0 => Agreement::Same,
        () if one_place && numbers >= 0.99 => Agreement::Close,
        () if one_place && silent || numbers > 0.0 && (inside >= 0.6 || similar(words_a, words_b, 0.7)) => {
            Agreement::Alike
        }
        () => Agreement::Differs,
    }
}

fn postcodes(a: &str, b: &str) -> Agreement {
    let least = a.chars().count().min(b.chars().count());
    let shared = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    match () {
        () if least >= 4 && slips(a, b, 1).is_some() => Agreement::Close,
        () if least >= 4 && shared >= least / 2 => Agreement::Alike,
        () => Agreement::Differs,
    }
}

/// Two days as `2024-03-05`.
fn dates(a: &str, b: &str) -> Agreement {
    let parts = |text| str::split(text, '-').collect::<Vec<&str>>();
    let (pa, pb) = (parts(a), parts(b));
    let (Some([ya, ma, da]), Some([yb, mb, db])) = (pa.first_chunk::<3>(), pb.first_chunk::<3>()) else {
        return Agreement::Differs;
    };
    let one_slip = slips(a, b, 1).is_some();
    match () {
        () if ya == yb && ma == db && da == mb => Agreement::Close,
        () if one_slip => Agreement::Close,
        () if ma == mb && da == db => Agreement::Alike,
        () => Agreement::Differs,
    }
}

fn texts(a: &str, b: &str) -> Agreement {
    let (inside, jaccard) = overlap(a, b);
    match () {
        () if jaccard == 1.0 || similar(a, b, 0.9) => Agreement::Close,
        () if inside == 1.0 || jaccard >= 0.6 || strsim::jaro_winkler(a, b) >= 0.88 => Agreement::Alike,
        () => Agreement::Differs,
    }
}

fn numbers(a: &str, b: &str) -> Agreement {
    let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) else { return Agreement::Differs };
    let apart = (a - b).abs() / a.abs().max(b.abs());
    match () {
        () if apart <= 0.01 => Agreement::Close,
        () if apart <= 0.1 => Agreement::Alike,
        () => Agreement::Differs,
    }
}

#[cfg(test)]
mod tests {
    use super::super::normal::normal;
    use super::*;
    use crate::detect::date::Order;
    use Agreement::*;

    fn of(kind: FieldKind, a: &str, b: &str) -> Agreement {
        let (a, b) = (normal(kind, a, Order::DayFirst), normal(kind, b, Order::DayFirst));
        match kind {
            FieldKind::Company if a != b => companies(&a, &b),
            FieldKind::Email if a != b => emails(&a, &b),
            FieldKind::Phone if a != b => phones(&a, &b),
            FieldKind::Address if a != b => addresses(&a, &b),
            FieldKind::Postcode if a != b => postcodes(&a, &b),
            FieldKind::Date if a != b => dates(&a, &b),
            FieldKind::Text if a != b => texts(&a, &b),
            FieldKind::Number if a != b => numbers(&a, &b),
            _ => Same,
        }
    }

    #[test]
    fn a_single_slip_is_told_without_a_table() {
        for a in ["", "a", "ab", "ba", "abc", "acb", "abcd", "abdc", "xbcd", "abc王", "王bc", "aab", "aaab"]
        {
            for b in ["", "a", "ab", "abc", "abcd", "bacd", "abcx", "ab王c", "王abc", "aa", "aaa", "cba"] {
                let known = strsim::osa_distance(a, b);
                assert_eq!(one_slip(a, b), Some(known).filter(|known| *known <= 1), "{a} {b}");
            }
        }
    }

    #[test]
    fn the_other_fields() {
        use FieldKind::*;
        for (kind, a, b, wanted) in [
            (Company, "Acme Tools GmbH", "ACME Tools", Same),
            (Company, "Acme Tools", "Tools Acme Ltd", Close),
            (Company, "Acme Industrial Tools", "Acme Indutsrial Tools", Close),
            (Company, "上海晨光文具有限公司", "晨光文具", Alike),
            (Company, "Acme Tools", "Apex Foods", Differs),
            (Email, "ada.wang+x@gmail.com", "adawang@googlemail.com", Same),
            (Email, "ada.wang@gmail.com", "ada.wang@gmial.com", Close),
            (Email, "ada.wang@web.de", "ada.wagn@web.de", Close),
            (Email, "ada.wang@web.de", "adawang@work.com", Alike),
            (Email, "wangwei1@qq.com", "wangwei2@qq.com", Differs),
            (Phone, "+49 171 1234567", "0171/1234567", Same),
            (Phone, "+1 (212) 555-0187", "212.555.0187", Same),
            (Phone, "021-65432100", "65432100", Close),
            (Phone, "13912345678", "13912354678", Close),
            (Phone, "13912345678", "18698765432", Differs),
            (Address, "12 Main St.", "12 Main Street", Same),
            (Address, "12 Main Street", "12 Main Street, Apt 4", Close),
            (Address, "12 Main Street", "14 Main Street", Differs),
            (Address, "Main Street", "12 Main Street", Alike),
            (Address, "中山路100号", "中山路 一百号", Same),
            (Postcode, "02134", "2134", Same),
            (Postcode, "10115", "10151", Close),
            (Postcode, "10115", "10999", Alike),
            (Postcode, "10115", "80331", Differs),
            (Date, "1980-03-05", "05.03.1980", Same),
            (Date, "1980-03-05", "1980-05-03", Close),
            (Date, "1980-03-05", "1981-11-22", Differs),
            (Number, "100", "100.5", Close),
            (Number, "0", "0.0", Same),
            (Number, "1", "2", Differs),
            (Text, "red racing bike", "bike racing red", Close),
            (Text, "red bike", "coffee", Differs),
        ] {
            assert_eq!(of(kind, a, b), wanted, "{a} / {b}");
            assert_eq!(of(kind, b, a), wanted, "{b} / {a}");
        }
    }
}
