//! Signs and codes of currencies beside an amount.

/// Which side of the amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Front,
    Back,
}

/// ISO 4217 codes that are read, without regard to case.
#[rustfmt::skip]
const CODES: &[&str] = &[
    "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR",
    "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "JPY", "KRW", "KZT", "MAD", "MXN", "MYR", "NGN", "NOK",
    "NZD", "PEN", "PHP", "PKR", "PLN", "RON", "RSD", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD",
    "UAH", "USD", "VND", "ZAR",
];

/// Signs, the longer before those that they begin or end with; a sign of several currencies stands
/// for itself.
const SIGNS: &[(&str, &str)] = &[
    ("US$", "USD"),
    ("CA$", "CAD"),
    ("HK$", "HKD"),
    ("NT$", "TWD"),
    ("NZ$", "NZD"),
    ("A$", "AUD"),
    ("C$", "CAD"),
    ("R$", "BRL"),
    ("S$", "SGD"),
    ("$", "$"),
    ("€", "EUR"),
    ("Euro", "EUR"),
    ("euro", "EUR"),
    ("£", "GBP"),
    ("人民币", "CNY"),
    ("RMB", "CNY"),
    ("元", "CNY"),
    ("圆", "CNY"),
    ("円", "JPY"),
    ("¥", "¥"),
    ("₩", "KRW"),
    ("원", "KRW"),
    ("₹", "INR"),
    ("₽", "RUB"),
    ("руб.", "RUB"),
    ("руб", "RUB"),
    ("₺", "TRY"),
    ("₴", "UAH"),
    ("₫", "VND"),
    ("฿", "THB"),
    ("₪", "ILS"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("SFr.", "CHF"),
    ("Fr.", "CHF"),
    ("kr.", "kr"),
    ("kr", "kr"),
];

/// Takes one currency off the given side: the rest and the code or sign.
pub(super) fn take(text: &str, side: Side) -> Option<(&str, &'static str)> {
    let sign = SIGNS.iter().find_map(|(sign, code)| {
        let rest = match side {
            Side::Front => text.strip_prefix(sign),
            Side::Back => text.strip_suffix(sign),
        }?;
        (!sign.ends_with(char::is_alphabetic) || stands_alone(rest, side)).then_some((rest, *code))
    });
    sign.or_else(|| {
        let at = match side {
            Side::Front => 3,
            Side::Back => text.len().checked_sub(3)?,
        };
        let (front, back) = text.split_at_checked(at)?;
        let (word, rest) = if side == Side::Front { (front, back) } else { (back, front) };
        let code = CODES.iter().find(|code| code.eq_ignore_ascii_case(word))?;
        stands_alone(rest, side).then_some((rest, *code))
    })
}

/// No letter touches the word that was taken off. Units such as 万 before 元 are no such letters.
fn stands_alone(rest: &str, side: Side) -> bool {
    let neighbour = if side == Side::Front { rest.chars().next() } else { rest.chars().next_back() };
    neighbour.is_some_and(|c| !c.is_alphabetic() || matches!(c, '万' | '萬' | '亿' | '億'))
}

/// Currencies that a sign of several may stand for.
const SHARED: &[(&str, &[&str])] = &[
    ("$", &["USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "BRL"]),
    ("¥", &["CNY", "JPY"]),
    ("kr", &["SEK", "NOK", "DKK"]),
];

/// The currencies of a column with their counts: a sign that fits a code which stands beside it
/// (`$` and `USD`) is counted with the most frequent such code.
pub fn settled(found: &[(&'static str, u64)]) -> Vec<(&'static str, u64)> {
    let mut out = found.to_vec();
    for (sign, codes) in SHARED {
        let Some(at) = out.iter().position(|(code, _)| code == sign) else { continue };
        let fitting = out.iter().enumerate().filter(|(_, (code, _))| codes.contains(code));
        let Some((best, _)) = fitting.max_by_key(|(_, (_, count))| *count) else { continue };
        let count = out.get(at).map_or(0, |(_, count)| *count);
        if let Some((_, sum)) = out.get_mut(best) {
            *sum += count;
        }
        out.remove(at);
    }
    out
}

/// The sign or code that a column's name carries (`Guthaben €`, `Amount (USD)`, `金额（元）`).
pub fn in_name(name: &str) -> Option<&'static str> {
    let signs = SIGNS.iter().filter(|(sign, _)| !sign.starts_with(|c: char| c.is_ascii_alphabetic()));
    let word = || {
        name.split(|c: char| !c.is_alphanumeric())
            .find_map(|word| CODES.iter().find(|code| **code == word).copied())
    };
    let bracketed = |sign: &str| {
        let at = name.find(sign)?;
        // 单元 and 美元 hold 元 without meaning it alone: it must stand in brackets.
        let before = name.get(..at)?.chars().next_back();
        (!sign.chars().all(char::is_alphabetic) || matches!(before, Some('(' | '（' | '/' | '[')))
            .then_some(())
    };
    signs.into_iter().find(|(sign, _)| bracketed(sign).is_some()).map(|(_, code)| *code).or_else(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let cases = [
            ("Guthaben €", Some("EUR")),
            ("Amount (USD)", Some("USD")),
            ("金额（元）", Some("CNY")),
            ("单元", None),
            ("TRYOUT", None),
            ("Name", None),
        ];
        for (name, code) in cases {
            assert_eq!(in_name(name), code, "{name}");
        }
    }

    #[test]
    fn a_shared_sign_is_no_currency_of_its_own() {
        assert_eq!(settled(&[("$", 3), ("USD", 2)]), [("USD", 5)]);
        assert_eq!(settled(&[("JPY", 1), ("¥", 4)]), [("JPY", 5)]);
        assert_eq!(settled(&[("$", 1), ("USD", 2), ("CAD", 3)]), [("USD", 2), ("CAD", 4)]);
        assert_eq!(settled(&[("$", 1), ("EUR", 2)]), [("$", 1), ("EUR", 2)]);
        assert_eq!(settled(&[("¥", 1), ("USD", 2)]).len(), 2);
    }
}
