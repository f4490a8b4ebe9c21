//! The published form of each country's identity number: length, date of birth, check digit.

use super::ids::Country;

/// True if capital letters and digits without signs between them are a number of this country.
pub(super) fn fits(country: Country, text: &[u8]) -> bool {
    let digits = digits(text);
    let digits = digits.as_deref();
    match country {
        Country::China => china(text),
        Country::UnitedStates => digits.is_some_and(united_states),
        Country::UnitedKingdom => united_kingdom(text),
        Country::Germany => digits.is_some_and(germany),
        Country::Spain => spain(text),
        Country::France => france(text).unwrap_or(false),
        Country::Italy => italy(text).unwrap_or(false),
        Country::India => digits.is_some_and(india),
        Country::Brazil => digits.is_some_and(brazil),
        Country::Sweden => digits.is_some_and(sweden),
        Country::Japan => digits.is_some_and(japan),
        Country::Korea => digits.is_some_and(korea),
    }
}

/// The digits of a text that holds nothing else.
pub(super) fn digits(text: &[u8]) -> Option<Vec<u32>> {
    text.iter().map(|b| b.is_ascii_digit().then(|| u32::from(b - b'0'))).collect()
}

fn whole(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |sum, d| sum * 10 + u64::from(*d))
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

fn is_day(year: u64, month: u64, day: u64) -> bool {
    let Ok(year) = i32::try_from(year) else { return false };
    let (Ok(month), Ok(day)) = (u32::try_from(month), u32::try_from(day)) else { return false };
    chrono::NaiveDate::from_ymd_opt(year, month, day).is_some()
}

/// Provinces of the resident identity number (GB/T 2260).
fn is_province(code: u64) -> bool {
    matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91)
}

/// GB 11643-1999: region, day of birth, order, check sign by ISO 7064 MOD 11-2; or the older form of
/// 15 digits without a check sign.
fn china(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let Some((check, body)) = text.split_last() else { return false };
    match text.len() {
        18 => digits(body).is_some_and(|d| {
            let sum = usize::try_from(weighted(&d, &WEIGHTS) % 11).unwrap_or(0);
            is_province(whole(&d[..2]))
                && (1880..2100).contains(&whole(&d[6..10]))
                && is_day(whole(&d[6..10]), whole(&d[10..12]), whole(&d[12..14]))
                && b"10X98765432".get(sum) == Some(check)
        }),
        15 => digits(text).is_some_and(|d| {
            is_province(whole(&d[..2])) && is_day(1900 + whole(&d[6..8]), whole(&d[8..10]), whole(&d[10..12]))
        }),
        _ => false,
    }
}

/// Areas 000, 666 and 900 to 999, group 00 and serial 0000 are never given (Social Security
/// Administration).
fn united_states(d: &[u32]) -> bool {
    d.len() == 9 && !matches!(whole(&d[..3]), 0 | 666 | 900..) && whole(&d[3..5]) > 0 && whole(&d[5..]) > 0
}

/// Two letters, six digits, A to D (HMRC, National Insurance Manual NIM39110).
fn united_kingdom(text: &[u8]) -> bool {
    let [a, b, middle @ .., last] = text else { return false };
    middle.len() == 6
        && digits(middle).is_some()
        && a.is_ascii_uppercase()
        && b.is_ascii_uppercase()
        && !b"DFIQUV".contains(a)
        && !b"DFIOQUV".contains(b)
        && ![b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].contains(&&[*a, *b])
        && (b'A'..=b'D').contains(last)
}

/// Steueridentifikationsnummer: of the first ten digits exactly one comes back, two or three times;
/// the last is a check digit by ISO 7064 MOD 11,10.
fn germany(d: &[u32]) -> bool {
    let [body @ .., check] = d else { return false };
    if body.len() != 10 || body[0] == 0 {
        return false;
    }
    let mut times = [0; 10];
    for digit in body {
        times[*digit as usize] += 1;
    }
    let back: Vec<i32> = times.into_iter().filter(|n| *n > 1).collect();
    let product = body.iter().fold(10, |product, digit| {
        let sum = match (digit + product) % 10 {
            0 => 10,
            sum => sum,
        };
        2 * sum % 11
    });
    matches!(back.as_slice(), [2 | 3]) && (11 - product) % 10 == *check
}

/// DNI and NIE: the letter is the number's rest by 23.
fn spain(text: &[u8]) -> bool {
    let [first, middle @ .., letter] = text else { return false };
    let lead = match first {
        b'X' | b'Y' | b'Z' => u32::from(first - b'X'),
        b'0'..=b'9' => u32::from(first - b'0'),
        _ => return false,
    };
    middle.len() == 7
        && digits(middle).is_some_and(|d| {
            let rest = (u64::from(lead) * 10_000_000 + whole(&d)) % 23;
            usize::try_from(rest).ok().and_then(|at| b"TRWAGMYFPDXBNJZSQVHLCKE".get(at)) == Some(letter)
        })
}

/// NIR: sex, year, month, place, order; the key is 97 less the rest by 97. Corsica's 2A and 2B count
/// as 19 and 18.
fn france(text: &[u8]) -> Option<bool> {
    if text.len() != 15 {
        return Some(false);
    }
    let mut plain = text.to_vec();
    match (text.get(5)?, text.get(6)?) {
        (b'2', b'A') => plain[5..7].copy_from_slice(b"19"),
        (b'2', b'B') => plain[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    let d = digits(&plain)?;
    let month = whole(&d[3..5]);
    Some(
        matches!(d[0], 1 | 2 | 3 | 4 | 7 | 8)
            && matches!(month, 1..=12 | 20..=42 | 50..)
            && 97 - whole(&d[..13]) % 97 == whole(&d[13..]),
    )
}

/// Codice fiscale: letters and digits at fixed places (letters may stand for digits where two people
/// would share a code), check letter by the tables of D.M. 23 December 1976.
fn italy(text: &[u8]) -> Option<bool> {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    const DIGIT_PLACES: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];
    let (check, body) = text.split_last()?;
    if body.len() != 15 || !b"ABCDEHLMPRST".contains(&body[8]) {
        return Some(false);
    }
    let mut sum = 0;
    for (at, sign) in body.iter().enumerate() {
        let as_digit = sign.is_ascii_digit() || b"LMNPQRSTUV".contains(sign);
        if DIGIT_PLACES.contains(&at) != sign.is_ascii_digit() && !(DIGIT_PLACES.contains(&at) && as_digit) {
            return Some(false);
        }
        let value = u32::from(if sign.is_ascii_digit() { sign - b'0' } else { sign - b'A' });
        sum += if at % 2 == 0 { *ODD.get(value as usize)? } else { value };
    }
    Some(u32::from(*check) == u32::from(b'A') + sum % 26)
}

/// Aadhaar: twelve digits, the first 2 to 9, with Verhoeff's check digit (1969).
fn india(d: &[u32]) -> bool {
    d.len() == 12 && d[0] >= 2 && verhoeff(d)
}

/// True if the last digit is right after J. Verhoeff, Error Detecting Decimal Codes (1969): the
/// multiplication of the dihedral group of order ten, with a permutation by place.
fn verhoeff(digits: &[u32]) -> bool {
    const PERMUTATION: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let multiply = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let sum = digits.iter().rev().enumerate().fold(0, |sum, (place, digit)| {
        let moved = (0..place % 8).fold(*digit, |d, _| PERMUTATION[(d % 10) as usize]);
        multiply(sum, moved)
    });
    sum == 0
}

/// CPF: two check digits by 11; a digit repeated eleven times is none.
fn brazil(d: &[u32]) -> bool {
    let check = |body: &[u32]| {
        let top = body.len() as u32 + 1;
        let sum: u32 = body.iter().zip((2..=top).rev()).map(|(d, w)| d * w).sum();
        sum * 10 % 11 % 10
    };
    d.len() == 11
        && d.iter().any(|digit| *digit != d[0])
        && check(&d[..9]) == d[9]
        && check(&d[..10]) == d[10]
}

/// Personnummer: day of birth (or coordination number: day + 60), order, Luhn's check digit over the
/// last ten digits (Skatteverket SKV 704).
fn sweden(d: &[u32]) -> bool {
    let (century, short) = match d.len() {
        10 => (19, d),
        12 => (whole(&d[..2]), &d[2..]),
        _ => return false,
    };
    let day = whole(&short[4..6]);
    let day = if day > 60 { day - 60 } else { day };
    let is_born = |century: u64| is_day(century * 100 + whole(&short[..2]), whole(&short[2..4]), day);
    // A short number does not tell its century; 29 February may fit one only.
    let born = if d.len() == 10 { is_born(19) || is_born(20) } else { is_born(century) };
    (18..=20).contains(&century) && born && super::cards::luhn(short)
}

/// My Number: twelve digits, check digit by 11 (Order 85 of the Ministry of Internal Affairs, 2014).
fn japan(d: &[u32]) -> bool {
    let [body @ .., check] = d else { return false };
    const WEIGHTS: [u32; 11] = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let expected = match weighted(body, &WEIGHTS) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    body.len() == 11 && expected == *check
}

/// Resident registration number: day of birth, sex and century, check digit by 11. Numbers given
/// since October 2020 are random after the sex and may fail.
fn korea(d: &[u32]) -> bool {
    let [body @ .., check] = d else { return false };
    const WEIGHTS: [u32; 12] = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    if body.len() != 12 {
        return false;
    }
    let century = match body[6] {
        0 | 9 => 1800,
        1 | 2 | 5 | 6 => 1900,
        _ => 2000,
    };
    is_day(century + whole(&body[..2]), whole(&body[2..4]), whole(&body[4..6]))
        && (11 - weighted(body, &WEIGHTS) % 11) % 10 == *check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verhoeff_catches_every_swap_of_neighbours() {
        // 2363: the check digit of 236 in Verhoeff's own description is 3.
        assert!(verhoeff(&[2, 3, 6, 3]));
        assert!(!verhoeff(&[3, 2, 6, 3]) && !verhoeff(&[2, 6, 3, 3]));
    }
}
