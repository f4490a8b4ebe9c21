//! Numbers as people write them: thousands, decimal comma, currency, percent, brackets.
//! Parsing never depends on the interface's language.

use serde::{Deserialize, Serialize};

/// Which sign stands before the fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    #[default]
    Point,
    Comma,
}

const CURRENCY: &[&str] =
    &["CNY", "RMB", "USD", "EUR", "GBP", "JPY", "CHF", "US$", "元", "$", "€", "£", "¥", "￥", "円"];

/// Reads one number; percent divides by 100; brackets negate. Infinity in words is infinite.
pub fn parse(text: &str, decimal: Decimal) -> Option<f64> {
    let text = text.trim();
    let first = *text.as_bytes().first()?;
    if decimal == Decimal::Point && (first.is_ascii_digit() || first == b'-' || first == b'.') {
        // Fast path: what programs write.
        if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'e' | b'E' | b'+')) {
            return text.parse().ok();
        }
    }
    slow(text, decimal)
}

/// True when the text carries a currency sign or code.
pub fn has_currency(text: &str) -> bool {
    if is_bare(text.trim()) {
        return false;
    }
    !text.is_ascii() && text.contains(['€', '£', '¥', '￥', '元', '円'])
        || CURRENCY.iter().filter(|sign| sign.is_ascii()).any(|sign| {
            let text = text.trim();
            text.starts_with(sign) || text.ends_with(sign)
        })
}

/// Begins and ends with a digit: there is no sign or currency to take off.
fn is_bare(text: &str) -> bool {
    let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    digit(text.as_bytes().first()) && digit(text.as_bytes().last())
}

fn slow(text: &str, decimal: Decimal) -> Option<f64> {
    let unsigned = text.trim_start_matches(['+', '-']);
    if ["inf", "infinity", "∞"].iter().any(|word| word.eq_ignore_ascii_case(unsigned)) {
        return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let (mut body, mut negative, mut scale) = (text, false, 1.0);
    if let Some(inner) = body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (body, negative) = (inner.trim(), true);
    }
    // Sign and currency may stand in either order and on either side.
    for _ in 0..3 {
        body = body.trim();
        if is_bare(body) {
            break;
        }
        if let Some(rest) = body.strip_prefix(['-', '−']) {
            (body, negative) = (rest, !negative);
        } else if let Some(rest) = body.strip_prefix('+') {
            body = rest;
        } else if let Some(rest) = body.strip_suffix('%') {
            (body, scale) = (rest, scale / 100.0);
        } else if let Some(rest) =
            CURRENCY.iter().find_map(|c| body.strip_prefix(c).or_else(|| body.strip_suffix(c)))
        {
            body = rest;
        }
    }
    let body = body.trim();
    let (point, groups): (char, &[char]) = match decimal {
        Decimal::Point => ('.', &[',', ' ', '\u{a0}', '\u{202f}', '\'', '’']),
        Decimal::Comma => (',', &['.', ' ', '\u{a0}', '\u{202f}', '\'', '’']),
    };
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], body[at + 1..].parse::<i32>().ok()?),
        None => (body, 0),
    };
    let (whole, fraction) = mantissa.split_once(point).unwrap_or((mantissa, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let mut plain = String::with_capacity(body.len() + 4);
    plain.push_str(&ungroup(whole, groups)?);
    plain.push('.');
    plain.push_str(fraction);
    let value: f64 = format!("{plain}0e{exponent}").parse().ok()?;
    Some(if negative { -value * scale } else { value * scale })
}

/// Takes out thousands separators; groups after the first must hold three digits (or Indian
/// pairs before the last group) and one kind of separator.
fn ungroup(whole: &str, separators: &[char]) -> Option<String> {
    let used = whole.chars().find(|c| !c.is_ascii_digit());
    let Some(separator) = used else { return Some(whole.into()) };
    if !separators.contains(&separator) {
        return None;
    }
    let parts: Vec<&str> = whole.split(separator).collect();
    let last = parts.len() - 1;
    let fits = parts.iter().enumerate().all(|(i, part)| {
        part.bytes().all(|b| b.is_ascii_digit())
            && match i {
                0 => (1..=3).contains(&part.len()),
                i if i == last => part.len() == 3,
                _ => part.len() == 3 || part.len() == 2,
            }
    });
    fits.then(|| parts.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        let point = [
            ("29.85", 29.85),
            (" 1,234.5 ", 1234.5),
            ("$1,234", 1234.0),
            ("-¥12", -12.0),
            ("(5.00)", -5.0),
            ("12%", 0.12),
            ("1e3", 1000.0),
            ("12,34,567", 1234567.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("USD 7", 7.0),
        ];
        for (text, value) in point {
            assert_eq!(parse(text, Decimal::Point), Some(value), "{text}");
        }
        let comma = [("101.348,88", 101348.88), ("28,7", 28.7), ("1 234,5 €", 1234.5)];
        for (text, value) in comma {
            assert_eq!(parse(text, Decimal::Comma), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", "1-2", "1,2,3", "12,3", "1.2.3", "abc", "IN", "TRUE", "NaN", "--5x", "e", "1e", "$"]
        {
            assert_eq!(parse(text, Decimal::Point), None, "{text}");
        }
        assert_eq!(parse("18500.00", Decimal::Comma), None);
        assert_eq!(parse("inf", Decimal::Point), Some(f64::INFINITY));
    }
}
