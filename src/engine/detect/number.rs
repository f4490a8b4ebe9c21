//! Numbers as people write them: thousands, decimal comma, currency, percent, brackets, full-width
//! digits, 万 and 亿. Parsing never depends on the interface's language, and allocates nothing.

use std::io::Write as _;

use serde::{Deserialize, Serialize};

use super::currency::{self, Side};

/// How a column writes its numbers: the sign before the fraction, and whether `k` and `M` after a
/// number multiply it (only where the whole column does so: `12M` may be a size).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    #[default]
    Point,
    Comma,
    PointSuffixed,
    CommaSuffixed,
}

impl Decimal {
    /// The sign before the fraction.
    pub fn sign(self) -> char {
        if self.is_comma() { ',' } else { '.' }
    }

    /// True where a comma stands before the fraction.
    pub fn is_comma(self) -> bool {
        matches!(self, Self::Comma | Self::CommaSuffixed)
    }

    /// The same sign, with `k` and `M` read.
    pub fn suffixed(self) -> Self {
        if self.is_comma() { Self::CommaSuffixed } else { Self::PointSuffixed }
    }

    fn reads_suffix(self) -> bool {
        matches!(self, Self::PointSuffixed | Self::CommaSuffixed)
    }
}

/// Longest text that is tried, in bytes.
const LONGEST: usize = 64;

/// Words and signs after a number that multiply it in any column: power of ten.
const POWERS: &[(&str, i32)] = &[("%", -2), ("‰", -3), ("万", 4), ("萬", 4), ("亿", 8), ("億", 8)];

/// Those that multiply only where the whole column uses them.
const SUFFIXES: &[(&str, i32)] =
    &[("k", 3), ("K", 3), ("Tsd", 3), ("M", 6), ("Mio", 6), ("bn", 9), ("Mrd", 9)];

/// What one text reads as under either sign of the fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub point: Option<f64>,
    pub comma: Option<f64>,
    /// As [`currency`] gives it.
    pub currency: Option<&'static str>,
    /// `k`, `M` and the like stand after the number; multiplied.
    pub suffixed: bool,
}

/// Powers of ten that a floating-point number holds exactly, as far as [`short`] needs them.
const TENS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Reads a number as programs write it: a minus, at most 15 digits, at most one point among them (none
/// where the column has decimal commas); `None` for all else. Digits and power of ten are exact, so
/// that their quotient is the nearest number (Clinger 1990).
pub fn short(text: &str, decimal: Decimal) -> Option<f64> {
    let bytes = text.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    if digits.len() > 16 {
        return None;
    }
    let (mut whole, mut seen, mut point) = (0u64, 0usize, None);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                whole = whole * 10 + u64::from(byte - b'0');
                seen += 1;
            }
            b'.' if point.is_none() && !decimal.is_comma() => point = Some(seen),
            _ => return None,
        }
    }
    if !(1..=15).contains(&seen) {
        return None;
    }
    let value = whole as f64 / TENS.get(seen - point.unwrap_or(seen))?;
    Some(if bytes.len() > digits.len() { -value } else { value })
}

/// Reads one number; percent divides by 100, per mille by 1,000; brackets and a minus on either
/// side negate; `万` is 10⁴, `亿` 10⁸. Infinity in words is infinite.
pub fn parse(text: &str, decimal: Decimal) -> Option<f64> {
    let text = super::trimmed(text);
    if let Some(value) = short(text, decimal) {
        return Some(value);
    }
    let first = *text.as_bytes().first()?;
    if !decimal.is_comma()
        && (first.is_ascii_digit() || first == b'-' || first == b'.')
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'e' | b'E' | b'+'))
        // Fast path: what programs write.
        && let Ok(value) = text.parse::<f64>()
        && value.is_finite()
    {
        return Some(value);
    }
    if let Some(infinite) = infinity(text) {
        return Some(infinite);
    }
    let mut buffer = [0; LONGEST];
    let core = strip(plain(text, &mut buffer)?)?;
    if core.suffixed && !decimal.reads_suffix() {
        return None;
    }
    value(&core, decimal)
}

/// Reads one number under either sign of the fraction, suffixes included; `None` where neither fits.
pub fn read(text: &str) -> Option<Reading> {
    let text = super::trimmed(text);
    if let Some(infinite) = infinity(text) {
        let both = Some(infinite);
        return Some(Reading { point: both, comma: both, currency: None, suffixed: false });
    }
    let mut buffer = [0; LONGEST];
    let core = strip(plain(text, &mut buffer)?)?;
    let (point, comma) = (value(&core, Decimal::Point), value(&core, Decimal::Comma));
    (point.is_some() || comma.is_some()).then_some(Reading {
        point,
        comma,
        currency: core.currency,
        suffixed: core.suffixed,
    })
}

/// The currency that a text with a number carries: its ISO 4217 code, or, where several currencies
/// share a sign, that sign (`$`, `¥`, `kr`).
pub fn currency(text: &str) -> Option<&'static str> {
    read(text)?.currency
}

fn infinity(text: &str) -> Option<f64> {
    let unsigned = text.trim_start_matches(['+', '-']);
    let is_word = ["inf", "infinity", "∞"].iter().any(|word| word.eq_ignore_ascii_case(unsigned));
    is_word.then(|| if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY })
}

/// The text with full-width signs, typographic minus, blanks and apostrophes as plain ones; `None`
/// for what is too long or has no digit.
fn plain<'a>(text: &'a str, buffer: &'a mut [u8; LONGEST]) -> Option<&'a str> {
    if text.len() > LONGEST {
        return None;
    }
    if text.is_ascii() {
        return text.bytes().any(|b| b.is_ascii_digit()).then_some(text);
    }
    let mut length = 0;
    for c in text.chars() {
        let mapped = match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0)?,
            '￥' => '¥',
            '￡' => '£',
            '−' | '–' => '-',
            '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' | '\u{3000}' => ' ',
            '’' | '‘' | '′' => '\'',
            other => other,
        };
        // Every mapped sign is no longer than what it stands for.
        length += mapped.encode_utf8(buffer.get_mut(length..)?.get_mut(..mapped.len_utf8())?).len();
    }
    let text = std::str::from_utf8(buffer.get(..length)?).ok()?;
    text.bytes().any(|b| b.is_ascii_digit()).then_some(text)
}

/// A number without what stands around it.
struct Core<'a> {
    body: &'a str,
    negative: bool,
    /// Power of ten to multiply by.
    power: i32,
    currency: Option<&'static str>,
    suffixed: bool,
}

/// Takes signs, brackets, currency and multipliers off; they stand in any order on either side.
fn strip(text: &str) -> Option<Core<'_>> {
    let mut core = Core { body: text, negative: false, power: 0, currency: None, suffixed: false };
    let mut signed = false;
    for _ in 0..8 {
        core.body = core.body.trim();
        let body = core.body.as_bytes();
        if body.first()?.is_ascii_digit() && body.last()?.is_ascii_digit() {
            return Some(core);
        }
        let bracketed = core.body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let minus = core.body.strip_prefix('-').or_else(|| core.body.strip_suffix('-'));
        if let Some(rest) = bracketed.or(minus).or_else(|| core.body.strip_prefix('+')) {
            if signed {
                return None;
            }
            core.negative = bracketed.is_some() || minus.is_some();
            (core.body, signed) = (rest, true);
        } else if let Some((rest, power)) = ending(core.body, POWERS) {
            (core.body, core.power) = (rest, core.power + power);
        } else if let Some((rest, code)) =
            currency::take(core.body, Side::Front).or_else(|| currency::take(core.body, Side::Back))
        {
            // A code tells more than a sign that several currencies share.
            let vague = core.currency.is_none_or(|known| known.len() < 3);
            (core.body, core.currency) = (rest, if vague { Some(code) } else { core.currency });
        } else if let Some((rest, power)) = ending(core.body, SUFFIXES)
            .filter(|(rest, _)| rest.ends_with(|c: char| c.is_ascii_digit() || c == ' '))
            && !core.suffixed
        {
            (core.body, core.power, core.suffixed) = (rest, core.power + power, true);
        } else {
            break;
        }
    }
    Some(core)
}

fn ending<'a>(body: &'a str, list: &[(&str, i32)]) -> Option<(&'a str, i32)> {
    list.iter().find_map(|(mark, power)| body.strip_suffix(mark).map(|rest| (rest, *power)))
}

/// Digits, groups and a fraction → the nearest floating-point number.
fn value(core: &Core<'_>, decimal: Decimal) -> Option<f64> {
    let (point, other) = if decimal.is_comma() { (',', b'.') } else { ('.', b',') };
    let (mantissa, exponent) = match core.body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if exponent.len() <= 5 => (mantissa, exponent.parse::<i32>().ok()?),
        Some(_) => return None,
        None => (core.body, 0),
    };
    let (whole, fraction) = mantissa.split_once(point).unwrap_or((mantissa, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let mut digits = [0u8; LONGEST + 16];
    let mut free = &mut digits[..];
    if core.negative {
        free.write_all(b"-").ok()?;
    }
    ungroup(whole, other, &mut free)?;
    write!(free, ".{fraction}0e{}", exponent + core.power).ok()?;
    let left = free.len();
    let used = digits.len() - left;
    std::str::from_utf8(digits.get(..used)?).ok()?.parse().ok()
}

/// Writes the digits without separators of thousands: all of one kind, groups of three after a
/// first of one to three (or Indian pairs before a last of three), never after a lone zero.
fn ungroup(whole: &str, other: u8, out: &mut &mut [u8]) -> Option<()> {
    let Some(separator) = whole.bytes().find(|b| !b.is_ascii_digit()) else {
        return out.write_all(whole.as_bytes()).ok();
    };
    if ![other, b' ', b'\''].contains(&separator) {
        return None;
    }
    let last = whole.bytes().filter(|&b| b == separator).count();
    let mut inner = None;
    for (at, part) in whole.split(separator as char).enumerate() {
        let fits = match at {
            0 => (1..=3).contains(&part.len()) && !part.starts_with('0'),
            at if at == last => part.len() == 3,
            _ => matches!(part.len(), 2 | 3) && *inner.get_or_insert(part.len()) == part.len(),
        };
        if !fits || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        out.write_all(part.as_bytes()).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_reads_what_the_long_way_reads() {
        for text in
            ["0", "-0", "12.50", ".5", "5.", "007", "-12345678.9", "123456789012345", "0.00000000000001"]
        {
            let short = short(text, Decimal::Point).unwrap();
            assert_eq!(short.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
        for text in ["", "-", ".", "-.", "1.2.3", "1e5", "+1", " 1", "1234567890123456", "1,5", "--1", "٣"] {
            assert_eq!(short(text, Decimal::Point), None, "{text}");
        }
        assert_eq!(short("1.234", Decimal::Comma), None, "a point is a thousand there");
        assert_eq!(short("1234", Decimal::Comma), Some(1234.0));
    }

    #[test]
    fn numbers_as_people_write_them() {
        let point = [
            ("29.85", 29.85),
            (" 1,234.5 ", 1234.5),
            ("$1,234", 1234.0),
            ("-¥12", -12.0),
            ("(5.00)", -5.0),
            ("($5.00)", -5.0),
            ("12.50-", -12.5),
            ("12%", 0.12),
            ("１２％", 0.12),
            ("5‰", 0.005),
            ("1e3", 1000.0),
            ("12,34,567", 1_234_567.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("USD 7", 7.0),
            ("7.10 chf", 7.1),
            ("1'234.50", 1234.5),
            ("1’234’567", 1_234_567.0),
            ("1\u{202f}234\u{a0}567.5", 1_234_567.5),
            ("１２３．５", 123.5),
            ("￥1,200元", 1200.0),
            ("1.2万", 12_000.0),
            ("3亿", 3e8),
            ("1.5万元", 15_000.0),
            ("−3", -3.0),
            ("0,5 €", f64::NAN),
        ];
        for (text, value) in point {
            assert_eq!(parse(text, Decimal::Point), Some(value).filter(|v| !v.is_nan()), "{text}");
        }
        let comma = [
            ("101.348,88", 101_348.88),
            ("28,7", 28.7),
            ("1 234,5 €", 1234.5),
            ("0,5 €", 0.5),
            ("1.850.000", 1_850_000.0),
            ("-12,5 %", -0.125),
        ];
        for (text, value) in comma {
            assert_eq!(parse(text, Decimal::Comma), Some(value), "{text}");
        }
    }

    #[test]
    fn suffixes_multiply_only_where_the_column_uses_them() {
        assert_eq!(parse("12k", Decimal::Point), None);
        assert_eq!(parse("12k", Decimal::Point.suffixed()), Some(12_000.0));
        assert_eq!(parse("1,5 Mio", Decimal::Comma.suffixed()), Some(1_500_000.0));
        assert_eq!(parse("$2.5M", Decimal::Point.suffixed()), Some(2_500_000.0));
        assert_eq!(parse("7", Decimal::PointSuffixed), Some(7.0));
        assert!(read("3k").is_some_and(|r| r.suffixed && r.point == Some(3000.0)));
    }

    #[test]
    fn what_is_no_number() {
        let long = "1".repeat(80);
        for text in [
            "",
            "1-2",
            "1,2,3",
            "12,3",
            "1.2.3",
            "abc",
            "IN",
            "TRUE",
            "NaN",
            "--5x",
            "e",
            "1e",
            "$",
            "A12",
            "12B",
            "1,23,4567",
            "-5-",
            "%",
            "万",
            "1,234,56,789",
            "5 apples",
        ] {
            assert_eq!(parse(text, Decimal::Point), None, "{text}");
        }
        assert_eq!(parse("18500.00", Decimal::Comma), None);
        assert_eq!(parse("0.500", Decimal::Comma), None, "no thousands after a lone zero");
        assert_eq!(read(&format!("${long}")), None);
        assert_eq!(parse("inf", Decimal::Point), Some(f64::INFINITY));
    }

    #[test]
    fn both_readings_where_both_are_possible() {
        let both = read("1.850").unwrap();
        assert_eq!((both.point, both.comma), (Some(1.85), Some(1850.0)));
        let one = read("18500.00").unwrap();
        assert_eq!((one.point, one.comma), (Some(18_500.0), None));
    }

    #[test]
    fn currencies() {
        let cases = [
            ("12 €", Some("EUR")),
            ("EUR 12", Some("EUR")),
            ("$5", Some("$")),
            ("US$5", Some("USD")),
            ("5 USD", Some("USD")),
            ("￥100", Some("¥")),
            ("100元", Some("CNY")),
            ("¥100 CNY", Some("CNY")),
            ("R$ 10,50", Some("BRL")),
            ("99 kr", Some("kr")),
            ("100", None),
            ("€", None),
            ("AB 12", None),
        ];
        for (text, code) in cases {
            assert_eq!(currency(text), code, "{text}");
        }
    }
}
