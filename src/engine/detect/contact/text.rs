//! Details inside free text: e-mail and internet addresses, telephone, identity, card and account
//! numbers.

use std::ops::Range;

use super::{Kind, cards, ids, phones};
use crate::detect::words;

/// Groups of digits that one number may have.
const GROUPS: usize = 8;
/// Bytes of the longest number with its signs.
const LONGEST: usize = 48;

/// Where personal details stand in a text: byte ranges in order, without overlap, each with its kind.
/// Names and addresses are not found.
pub fn find_in_text(text: &str) -> Vec<(Range<usize>, Kind)> {
    let mut found = emails(text);
    let taken: Vec<Range<usize>> = found.iter().map(|(range, _)| range.clone()).collect();
    let tokens = tokens(text);
    let mut at = 0;
    while let Some(first) = tokens.get(at) {
        let is_free = |range: &Range<usize>| {
            taken.iter().all(|other| range.end <= other.start || other.end <= range.start)
        };
        let run = tokens.get(at..).unwrap_or_default();
        let longest = (1..=run.len().min(GROUPS)).rev().find_map(|count| {
            let last = run.get(count - 1)?;
            let linked = run.windows(2).take(count - 1).all(|pair| are_linked(text, pair));
            let range = first.start..last.end;
            if !linked || range.len() > LONGEST || !is_free(&range) {
                return None;
            }
            // A plus or bracket in front belongs to a telephone number.
            let wide = with_lead(text, &range);
            let kind = text.get(range.clone()).and_then(kind_of_number);
            match (kind, text.get(wide.clone())) {
                (Some(kind), _) if kind != Kind::Phone => Some((range, kind, count)),
                (_, Some(written)) if phones::is_phone(written) => Some((wide, Kind::Phone, count)),
                (Some(kind), _) => Some((range, kind, count)),
                _ => None,
            }
        });
        match longest {
            Some((range, kind, count)) => {
                found.push((range, kind));
                at += count;
            }
            None => at += 1,
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    found
}

/// What a number in a text is; only what is certain without a column's name.
fn kind_of_number(written: &str) -> Option<Kind> {
    if !written.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if cards::is_iban(written) {
        return Some(Kind::Iban);
    }
    if cards::is_ip(written) {
        return Some(Kind::Ip);
    }
    // Also eleven digits, like Brazil's and Germany's numbers, and far more frequent.
    if phones::is_chinese_mobile(written) {
        return Some(Kind::Phone);
    }
    if let Some(country) = ids::Country::ALL.into_iter().find(|country| ids::is_telling(*country, written)) {
        return Some(Kind::NationalId(country));
    }
    if cards::is_card(written) {
        return Some(Kind::Card);
    }
    phones::is_phone(written).then_some(Kind::Phone)
}

/// Runs of ASCII letters and digits.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (at, b) in text.bytes().enumerate() {
        if !b.is_ascii_alphanumeric() {
            continue;
        }
        match out.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => out.push(at..at + 1),
        }
    }
    out
}

/// True if only signs that stand inside numbers are between two neighbours.
fn are_linked(text: &str, pair: &[Range<usize>]) -> bool {
    let [a, b] = pair else { return false };
    let has_digit = |range: &Range<usize>| {
        text.get(range.clone()).is_some_and(|t| t.bytes().any(|b| b.is_ascii_digit()) || t.len() <= 4)
    };
    let between = text.get(a.end..b.start).unwrap_or("?");
    between.len() <= 3 && between.bytes().all(|b| b" -./()".contains(&b)) && has_digit(a) && has_digit(b)
}

fn with_lead(text: &str, range: &Range<usize>) -> Range<usize> {
    let before = text.get(..range.start).unwrap_or("");
    let bare = before.strip_suffix('(').unwrap_or(before);
    let bare = bare.strip_suffix('+').unwrap_or(bare);
    bare.len()..range.end
}

/// E-mail addresses: ASCII around an `@`.
fn emails(text: &str) -> Vec<(Range<usize>, Kind)> {
    let bytes = text.as_bytes();
    let is_part = |b: &u8, signs: &[u8]| b.is_ascii_alphanumeric() || signs.contains(b);
    let mut out: Vec<(Range<usize>, Kind)> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let from = out.last().map_or(0, |(range, _)| range.end);
        let (Some(before), Some(after)) = (bytes.get(from..at), bytes.get(at + 1..)) else { continue };
        let user = before.iter().rev().take(64).take_while(|b| is_part(b, b"._%+-")).count();
        let host = after.iter().take(255).take_while(|b| is_part(b, b".-")).count();
        let mut range = at - user..at + 1 + host;
        // A full stop after the address ends a sentence.
        while text.get(range.clone()).is_some_and(|t| t.ends_with(['.', '-'])) {
            range.end -= 1;
        }
        if text.get(range.clone()).is_some_and(words::is_email) {
            out.push((range, Kind::Email));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::Country;
    use super::*;

    fn found(text: &str) -> Vec<(&str, Kind)> {
        find_in_text(text).into_iter().map(|(range, kind)| (&text[range], kind)).collect()
    }

    #[test]
    fn details_in_comments() {
        assert_eq!(
            found("Write to ada.l@example.com. Or call +44 7912 345678, thanks"),
            [("ada.l@example.com", Kind::Email), ("+44 7912 345678", Kind::Phone)]
        );
        assert_eq!(
            found("邮箱ada@example.com谢谢，电话13812345678！身份证11010519491231002X。"),
            [
                ("ada@example.com", Kind::Email),
                ("13812345678", Kind::Phone),
                ("11010519491231002X", Kind::NationalId(Country::China))
            ]
        );
        assert_eq!(found("paid with 4111 1111 1111 1111 twice"), [("4111 1111 1111 1111", Kind::Card)]);
        assert_eq!(
            found("IBAN GB29 NWBK 6016 1331 9268 19 please"),
            [("GB29 NWBK 6016 1331 9268 19", Kind::Iban)]
        );
        assert_eq!(
            found("my ssn is 123-45-6789"),
            [("123-45-6789", Kind::NationalId(Country::UnitedStates))]
        );
        assert_eq!(found("from 196.89.235.192 at night"), [("196.89.235.192", Kind::Ip)]);
        // Also a well-formed number of Brazil's.
        assert_eq!(found("打13800138018吧"), [("13800138018", Kind::Phone)]);
        assert_eq!(found("(212) 736-5000 works"), [("(212) 736-5000", Kind::Phone)]);
    }

    #[test]
    fn ordinary_numbers_stay() {
        for text in [
            "ordered on 2024-01-05, paid 1,234.50, got 3 of 12",
            "order 2024-000123 came late",
            "stayed 08.4.28-30 and 02/29-2008/08/30",
            "20240105 100 200 300",
            "Tue 10:30, room 101, @home",
            "",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    proptest::proptest! {
        #[test]
        fn ranges_are_in_order_and_on_signs(
            text in "\\PC{0,60}", dense in "[0-9+() .@a-zA-Z中。-]{0,60}",
        ) {
            for text in [text, dense] {
                let mut end = 0;
                for (range, _) in find_in_text(&text) {
                    assert!(range.start >= end && range.end > range.start, "{text:?} {range:?}");
                    assert!(text.get(range.clone()).is_some());
                    end = range.end;
                }
            }
        }
    }
}
