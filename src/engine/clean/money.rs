//! The currency that an amount states, by code, name or sign, and the amount without it.

use super::CurrencySpec;
use crate::detect::number::{self, Decimal};

/// What a cell says of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stated {
    Code(String),
    /// `$` alone.
    Dollar,
    /// `¥` alone: of China or Japan.
    Yen,
}

/// Writings beside ISO codes that mean one currency. Longer ones stand before those they hold.
const WRITINGS: &[(&str, &str)] = &[
    ("US$", "USD"),
    ("HK$", "HKD"),
    ("NT$", "TWD"),
    ("AU$", "AUD"),
    ("CA$", "CAD"),
    ("NZ$", "NZD"),
    ("MX$", "MXN"),
    ("A$", "AUD"),
    ("C$", "CAD"),
    ("S$", "SGD"),
    ("R$", "BRL"),
    ("RMB", "CNY"),
    ("CN¥", "CNY"),
    ("JP¥", "JPY"),
    ("人民币", "CNY"),
    ("港币", "HKD"),
    ("港元", "HKD"),
    ("新台币", "TWD"),
    ("美元", "USD"),
    ("美金", "USD"),
    ("欧元", "EUR"),
    ("英镑", "GBP"),
    ("日元", "JPY"),
    ("日圆", "JPY"),
    ("韩元", "KRW"),
    ("元", "CNY"),
    ("块", "CNY"),
    ("円", "JPY"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("₩", "KRW"),
    ("₹", "INR"),
    ("₽", "RUB"),
    ("₺", "TRY"),
    ("₴", "UAH"),
    ("₫", "VND"),
    ("฿", "THB"),
    ("₱", "PHP"),
    ("₪", "ILS"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("Rs.", "INR"),
    ("Rs", "INR"),
    ("Fr.", "CHF"),
];

/// ISO 4217 codes of money in circulation.
const CODES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF",
    "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP",
    "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP",
    "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD",
    "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK",
    "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR",
    "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP",
    "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD",
    "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XOF",
    "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

/// The ISO code that a text means, if it is a code, a name or a sign of one currency only.
pub(super) fn code(text: &str) -> Option<String> {
    let text = text.trim();
    let upper = text.to_uppercase();
    let known = CODES.iter().find(|code| **code == upper).copied();
    let known = known.or_else(|| {
        WRITINGS.iter().find(|(writing, _)| writing.to_uppercase() == upper).map(|(_, code)| *code)
    });
    known.map(str::to_owned)
}

/// The code that a cell of a column of currencies means.
pub(super) fn code_of(text: &str, spec: &CurrencySpec) -> Option<String> {
    match text.trim() {
        "$" => code(&spec.dollar),
        "¥" | "￥" => code(&spec.yen),
        other => code(other),
    }
}

/// True for currencies whose sign is `$`.
pub(super) fn is_dollar(code: &str) -> bool {
    matches!(code, "USD" | "AUD" | "CAD" | "NZD" | "HKD" | "SGD" | "TWD" | "MXN" | "ARS" | "CLP" | "COP")
}

/// Reads an amount and the currency that stands before or behind it; `None` for no amount.
pub(super) fn read(text: &str, decimal: Decimal) -> Option<(f64, Option<Stated>)> {
    let text = text.trim();
    let (outer, inner) = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => (-1.0, inner.trim()),
        None => (1.0, text),
    };
    let (sign, body) = match inner.strip_prefix(['-', '−']) {
        Some(rest) => (-outer, rest.trim_start()),
        None => (outer, inner),
    };
    let (stated, rest) = match stated(body) {
        Some((stated, rest)) => (Some(stated), rest),
        None => (None, body),
    };
    // `$-5` as well as `-$5`; a second currency is no amount.
    let value = number::parse(rest, decimal).filter(|value| value.is_finite())?;
    number::currency(rest).is_none().then_some((sign * value, stated))
}

fn stated(text: &str) -> Option<(Stated, &str)> {
    let cut = |writing: &str| {
        let front = text.get(..writing.len()).filter(|head| head.eq_ignore_ascii_case(writing));
        if front.is_some() {
            return text.get(writing.len()..).map(str::trim);
        }
        let at = text.len().checked_sub(writing.len())?;
        text.get(at..).filter(|tail| tail.eq_ignore_ascii_case(writing))?;
        text.get(..at).map(str::trim)
    };
    if text.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && text.bytes().last().is_some_and(|b| b.is_ascii_digit())
    {
        return None;
    }
    for (writing, code) in WRITINGS {
        if let Some(rest) = cut(writing) {
            return Some((Stated::Code((*code).to_owned()), rest));
        }
    }
    for code in CODES {
        if let Some(rest) = cut(code) {
            return Some((Stated::Code((*code).to_owned()), rest));
        }
    }
    let signs = [("$", Stated::Dollar), ("¥", Stated::Yen), ("￥", Stated::Yen)];
    signs.into_iter().find_map(|(sign, stated)| Some((stated, cut(sign)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_their_currency() {
        let code = |code: &str| Some(Stated::Code(code.to_owned()));
        for (text, amount, stated) in [
            ("12.50", 12.5, None),
            ("$12", 12.0, Some(Stated::Dollar)),
            ("US$ 1,234.5", 1234.5, code("USD")),
            ("HK$7", 7.0, code("HKD")),
            ("7 eur", 7.0, code("EUR")),
            ("€7", 7.0, code("EUR")),
            ("-£3", -3.0, code("GBP")),
            ("£-3", -3.0, code("GBP")),
            ("(5.00 USD)", -5.0, code("USD")),
            ("¥100", 100.0, Some(Stated::Yen)),
            ("100元", 100.0, code("CNY")),
            ("100 日元", 100.0, code("JPY")),
            ("20 zł", 20.0, code("PLN")),
        ] {
            assert_eq!(read(text, Decimal::Point), Some((amount, stated)), "{text}");
        }
        for text in ["", "abc", "USD", "$", "5 USD EUR", "12 apples", "€"] {
            assert_eq!(read(text, Decimal::Point), None, "{text}");
        }
        assert_eq!(read("1.234,50 €", Decimal::Comma), Some((1234.5, code("EUR"))));
    }

    #[test]
    fn codes_by_any_name() {
        assert_eq!(code(" usd ").as_deref(), Some("USD"));
        assert_eq!(code("rmb").as_deref(), Some("CNY"));
        assert_eq!(code("欧元").as_deref(), Some("EUR"));
        assert_eq!((code("$"), code("XYZ"), code("")), (None, None, None));
        // Each code stands once and is written as codes are.
        assert!(CODES.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(WRITINGS.iter().all(|(_, code)| CODES.contains(code)));
    }
}
