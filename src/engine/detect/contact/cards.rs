//! Payment cards, bank accounts and internet addresses.

use super::check_digits::digits;

/// True if a value is a payment card's number: an issuer's prefix, its length, and Luhn's check digit
/// (ISO/IEC 7812-1).
pub fn is_card(value: &str) -> bool {
    let compact: Vec<u8> = value.trim().bytes().filter(|b| !matches!(b, b' ' | b'-')).collect();
    if !(13..=19).contains(&compact.len()) {
        return false;
    }
    digits(&compact).is_some_and(|d| has_issuer(&d) && luhn(&d))
}

/// True if the digits, the last one a check digit, pass Luhn's test (US patent 2,950,048).
pub(super) fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro, Mir, RuPay.
fn has_issuer(digits: &[u32]) -> bool {
    let prefix = digits.iter().take(6).fold(0, |sum, d| sum * 10 + d);
    let (two, three, four) = (prefix / 10_000, prefix / 1000, prefix / 100);
    match digits.len() {
        16 if matches!(four, 2221..=2720) || matches!(two, 51..=55 | 60 | 65 | 81 | 82) || three == 508 => {
            true
        }
        13 | 16 | 19 if two / 10 == 4 => true,
        15 => matches!(two, 34 | 37),
        16..=19 => {
            matches!(two, 62 | 65)
                || matches!(four, 3528..=3589 | 6011 | 2200..=2204)
                || matches!(three, 644..=649)
                || matches!(four, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763)
        }
        14 => matches!(three, 300..=305) || matches!(two, 36 | 38 | 39) || four == 3095,
        _ => false,
    }
}

/// Lengths by country, after the IBAN registry of SWIFT.
const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

/// True if a value is a bank account's number: its country's length, and rest 1 by 97 (ISO 13616,
/// ISO 7064 MOD 97-10).
pub fn is_iban(value: &str) -> bool {
    let compact: Vec<u8> =
        value.trim().bytes().filter(|b| *b != b' ').map(|b| b.to_ascii_uppercase()).take(35).collect();
    let Some((head, body)) = compact.split_at_checked(4) else { return false };
    let length = IBAN_LENGTHS.iter().find(|(country, _)| head.starts_with(country.as_bytes()));
    if length.is_none_or(|(_, length)| *length != compact.len()) {
        return false;
    }
    let rest = body.iter().chain(head).try_fold(0u32, |rest, sign| match sign {
        b'0'..=b'9' => Some((rest * 10 + u32::from(sign - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + 10 + u32::from(sign - b'A')) % 97),
        _ => None,
    });
    rest == Some(1)
}

/// True if a value is an internet address of version 4 or 6.
pub fn is_ip(value: &str) -> bool {
    value.trim().parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_test_cards_pass() {
        // The issuers' numbers for testing shops.
        for card in [
            "4111111111111111",
            "4222222222222",
            "5555 5555 5555 4444",
            "2223003122003222",
            "378282246310005",
            "6011111111111117",
            "30569309025904",
            "3530111333300000",
            "6200000000000005",
            "6759649826438453",
        ] {
            assert!(is_card(card), "{card}");
        }
        for other in ["4111111111111112", "1234567812345670", "411111111111", "20240105103000", "", "4111x"] {
            assert!(!is_card(other), "{other}");
        }
    }

    #[test]
    fn published_accounts_pass() {
        for iban in [
            "GB29NWBK60161331926819",
            "GB29 NWBK 6016 1331 9268 19",
            "DE89370400440532013000",
            "FR1420041010050500013M02606",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
        ] {
            assert!(is_iban(iban), "{iban}");
        }
        for other in
            ["GB29NWBK60161331926818", "GB29NWBK6016133192681", "ZZ00", "GB", "", "GB29NWBK6016133192681€"]
        {
            assert!(!is_iban(other), "{other}");
        }
    }

    #[test]
    fn addresses_of_both_versions() {
        assert!(is_ip("192.168.0.1") && is_ip("2001:db8::1"));
        assert!(!is_ip("1.2.3") && !is_ip("256.1.1.1") && !is_ip("10:30"));
    }
}
