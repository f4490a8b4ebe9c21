//! Stand-ins: invented values of the same kind and language. None is anybody's number: telephones
//! come from ranges kept for stories, mail addresses and internet addresses from those kept for
//! examples, and identity, card and account numbers are such as nobody is given. An invented name may
//! be borne by somebody, as any name may.

use fake::Fake as _;
use fake::faker::address::raw::{CityName, StreetName};
use fake::faker::name::raw::{FirstName, LastName};
use fake::locales::{EN, JA_JP, ZH_CN};
use fake::rand::rngs::ChaCha8Rng;
use fake::rand::{RngExt as _, SeedableRng as _};

use super::pseudonym::{Key, plain};
use crate::detect::contact::names::{Promise, has_kana, is_chinese};
use crate::detect::contact::{Country, Kind, cards, ids};

/// The stand-in of a value: the same for the same value, key and group. Without a kind, letters
/// become other letters and digits other digits.
pub(super) fn fake(
    kind: Option<Kind>,
    promise: Option<Promise>,
    key: &Key,
    group: &str,
    again: u32,
    value: &str,
) -> String {
    let value = plain(value);
    let rng = &mut ChaCha8Rng::from_seed(key.derive("stand-in", group, again, value));
    match kind {
        Some(Kind::PersonName) => name(value, promise, rng),
        Some(Kind::Email) => email(rng),
        Some(Kind::Phone) => phone(value, rng),
        Some(Kind::Address) => address(value, rng),
        Some(Kind::Ip) => ip(value, rng),
        Some(Kind::NationalId(country)) => national_id(country, value, rng),
        Some(Kind::Card | Kind::Iban | Kind::Postcode) | None => alike(value, rng),
    }
}

fn digit(rng: &mut ChaCha8Rng) -> char {
    char::from(b'0' + rng.random_range(0..10u8))
}

fn digits(count: usize, rng: &mut ChaCha8Rng) -> String {
    (0..count).map(|_| digit(rng)).collect()
}

fn name(value: &str, promise: Option<Promise>, rng: &mut ChaCha8Rng) -> String {
    let (first, last, between): (String, String, &str) = if has_kana(value) {
        (FirstName(JA_JP).fake_with_rng(rng), LastName(JA_JP).fake_with_rng(rng), " ")
    } else if is_chinese(value) {
        (FirstName(ZH_CN).fake_with_rng(rng), LastName(ZH_CN).fake_with_rng(rng), "")
    } else {
        (FirstName(EN).fake_with_rng(rng), LastName(EN).fake_with_rng(rng), " ")
    };
    match promise {
        Some(Promise::Given) => first,
        Some(Promise::Family) => last,
        _ if has_kana(value) || is_chinese(value) => format!("{last}{between}{first}"),
        _ => format!("{first}{between}{last}"),
    }
}

/// At example.com, which belongs to nobody (RFC 2606).
fn email(rng: &mut ChaCha8Rng) -> String {
    let part = |name: String| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (first, last) = (part(FirstName(EN).fake_with_rng(rng)), part(LastName(EN).fake_with_rng(rng)));
    format!("{first}.{last}{}@example.com", digits(4, rng))
}

/// North America's 555-01xx, the United Kingdom's 07700 900xxx (Ofcom), for China a prefix that no
/// network has, for all others +999, which no country has.
fn phone(value: &str, rng: &mut ChaCha8Rng) -> String {
    let bare: String = value.chars().filter(char::is_ascii_digit).collect();
    let plus = value.trim_start().starts_with(['+', '＋']) || bare.starts_with("00");
    let bare = bare.strip_prefix("00").unwrap_or(&bare);
    let is_british = plus && bare.starts_with("44") || bare.starts_with("07") && bare.len() == 11;
    let is_american =
        plus && bare.starts_with('1') || bare.len() == 10 && !bare.starts_with(['0', '1']) && !plus;
    let is_chinese = plus && bare.starts_with("86")
        || !plus && (bare.len() == 11 && bare.starts_with('1') || bare.starts_with('0') && bare.len() >= 11);
    if is_british {
        let lead = if plus { "+44 7700" } else { "07700" };
        format!("{lead} 900{}", digits(3, rng))
    } else if is_american {
        // No area code has a 9 in the middle.
        let area = rng.random_range(2..10u32) * 100 + rng.random_range(0..90u32);
        let lead = if plus { "+1 " } else { "" };
        format!("{lead}{area}-555-01{}", digits(2, rng))
    } else if is_chinese {
        format!("{}100{}", if plus { "+86 " } else { "" }, digits(8, rng))
    } else {
        format!("+999 {} {} {}", digits(3, rng), digits(3, rng), digits(4, rng))
    }
}

fn address(value: &str, rng: &mut ChaCha8Rng) -> String {
    let number = rng.random_range(1..400u32);
    if is_chinese(value) || has_kana(value) {
        let street: String = StreetName(ZH_CN).fake_with_rng(rng);
        format!("某市{street}{number}号")
    } else {
        let (street, city): (String, String) =
            (StreetName(EN).fake_with_rng(rng), CityName(EN).fake_with_rng(rng));
        format!("{number} {street}, {city}")
    }
}

/// The networks kept for documentation (RFC 5737, RFC 3849).
fn ip(value: &str, rng: &mut ChaCha8Rng) -> String {
    if value.contains(':') {
        let mut part = || rng.random_range(1..0xffffu32);
        return format!("2001:db8::{:x}:{:x}", part(), part());
    }
    let network = ["192.0.2", "198.51.100", "203.0.113"];
    let at = rng.random_range(0..network.len());
    format!("{}.{}", network.get(at).copied().unwrap_or("192.0.2"), rng.random_range(1..255u32))
}

/// A number of the same shape that nobody is given: its check digit is wrong, or, where there is none
/// to rely on, its first signs are never used.
fn national_id(country: Country, value: &str, rng: &mut ChaCha8Rng) -> String {
    let shaped = alike(value, rng);
    match country {
        // No area 666; QQ is HMRC's own example.
        Country::UnitedStates => with_lead(&shaped, 0, "666"),
        Country::UnitedKingdom => with_lead(&shaped, 0, "QQ"),
        // Since 2020 the last digits are random: the month must be impossible.
        Country::Korea => with_lead(&shaped, 2, "00"),
        _ => (0..100).map(|_| alike(value, rng)).find(|text| !ids::is_id(country, text)).unwrap_or(shaped),
    }
}

/// `text` with its letters and digits from the `skip`th on written over by `lead`.
fn with_lead(text: &str, skip: usize, lead: &str) -> String {
    let (mut place, mut lead) = (0, lead.chars());
    text.chars()
        .map(|c| {
            if !c.is_alphanumeric() {
                return c;
            }
            place += 1;
            if place > skip { lead.next().unwrap_or(c) } else { c }
        })
        .collect()
}

/// A text of the same shape: digits for digits, letters for letters, and no valid card or account.
fn alike(value: &str, rng: &mut ChaCha8Rng) -> String {
    const STEMS: [char; 22] = [
        '甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸', '子', '丑', '寅', '卯', '辰', '巳', '午',
        '未', '申', '酉', '戌', '亥',
    ];
    let mut one = || -> String {
        let mut is_first = true;
        value
            .chars()
            .map(|c| match c {
                c if c.is_numeric() => {
                    // Numbers keep their length: no nought in front that was not there.
                    let lead = std::mem::take(&mut is_first) && c != '0';
                    if lead { char::from(b'1' + rng.random_range(0..9u8)) } else { digit(rng) }
                }
                c if !c.is_alphabetic() => c,
                c if c.is_uppercase() => char::from(b'A' + rng.random_range(0..26u8)),
                c if c.is_ascii() || c.is_lowercase() => char::from(b'a' + rng.random_range(0..26u8)),
                _ => STEMS.get(rng.random_range(0..STEMS.len())).copied().unwrap_or('甲'),
            })
            .collect()
    };
    let first = one();
    let is_valid = |text: &str| cards::is_card(text) || cards::is_iban(text);
    if !is_valid(&first) {
        return first;
    }
    (0..100).map(|_| one()).find(|text| !is_valid(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: Kind, value: &str) -> String {
        fake(Some(kind), None, &Key::new(&[5; 32]), "g", 0, value)
    }

    #[test]
    fn stand_ins_keep_kind_and_language() {
        let key = Key::new(&[5; 32]);
        let chinese = one(Kind::PersonName, "王小明");
        assert!(is_chinese(&chinese) && chinese != "王小明", "{chinese}");
        let full = one(Kind::PersonName, "Ada Lovelace");
        assert!(full.is_ascii() && full.contains(' '), "{full}");
        let given = fake(Some(Kind::PersonName), Some(Promise::Given), &key, "g", 0, "Ada");
        assert!(!given.contains(' '), "{given}");
        assert!(one(Kind::Email, "x@y.cn").ends_with("@example.com"));
        assert!(is_chinese(&one(Kind::Address, "杭州市文三路1号")));
        assert!(one(Kind::Address, "1 Main St, Springfield").contains(", "));
        assert!(one(Kind::Ip, "10.0.0.1").parse::<std::net::Ipv4Addr>().is_ok());
        assert!(one(Kind::Ip, "fe80::1").starts_with("2001:db8::"));
        assert_eq!(one(Kind::Email, "x@y.cn"), one(Kind::Email, " x@y.cn "), "the same again");
    }

    #[test]
    fn telephones_come_from_kept_ranges() {
        for (value, lead) in [
            ("13812345678", "100"),
            ("+86 138 1234 5678", "+86 100"),
            ("010-62345678", "100"),
            ("07912 345678", "07700 900"),
            ("+44 20 7946 0000", "+44 7700 900"),
            ("+49 30 123456", "+999 "),
        ] {
            let fake = one(Kind::Phone, value);
            assert!(fake.starts_with(lead), "{value}: {fake}");
        }
        for value in ["(212) 736-5000", "+1 212 736 5000"] {
            assert!(one(Kind::Phone, value).contains("-555-01"), "{value}");
        }
    }

    #[test]
    fn numbers_that_nobody_is_given() {
        let key = Key::new(&[5; 32]);
        for (kind, value) in [
            (Kind::Card, "4111 1111 1111 1111"),
            (Kind::Iban, "GB29NWBK60161331926819"),
            (Kind::NationalId(Country::China), "11010519491231002X"),
            (Kind::NationalId(Country::China), "110105491231002"),
            (Kind::NationalId(Country::UnitedStates), "123-45-6789"),
            (Kind::NationalId(Country::UnitedKingdom), "AB123456C"),
            (Kind::NationalId(Country::Spain), "12345678Z"),
            (Kind::NationalId(Country::India), "999941057058"),
            (Kind::NationalId(Country::Korea), "800101-1234560"),
        ] {
            for again in 0..200 {
                let text = fake(Some(kind), None, &key, "g", again, value);
                let valid = match kind {
                    Kind::NationalId(country) => ids::is_id(country, &text),
                    Kind::Card => cards::is_card(&text),
                    _ => cards::is_iban(&text),
                };
                assert!(!valid, "{text}");
                assert_eq!(text.chars().count(), value.chars().count(), "{text}");
            }
        }
    }
}
