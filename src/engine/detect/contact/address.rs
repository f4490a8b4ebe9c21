//! Postal addresses: whether a text is one, and its city and region.

use std::collections::BTreeSet;

use crate::detect::words::named;

/// Signs at the end of the parts of a Chinese address.
const PARTS_ZH: &[char] = &[
    '省', '市', '区', '县', '镇', '乡', '村', '路', '街', '道', '巷', '弄', '号', '室', '栋', '幢', '楼',
    '座',
];

/// Cities that are their own province.
const MUNICIPALITIES: &[&str] = &["北京", "上海", "天津", "重庆"];

const STREET_WORDS: &[&str] = &[
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "lane",
    "ln",
    "drive",
    "dr",
    "boulevard",
    "blvd",
    "court",
    "ct",
    "way",
    "square",
    "terrace",
    "close",
    "crescent",
    "highway",
    "hwy",
    "parkway",
    "pkwy",
    "rue",
    "chemin",
    "quai",
    "calle",
    "carrer",
    "paseo",
    "via",
    "viale",
    "piazza",
    "corso",
    "avenida",
    "rua",
    "travessa",
    "plaza",
    "platz",
    "weg",
    "allee",
    "gasse",
    "ulica",
    "ul",
    "straat",
    "laan",
];

/// Endings of streets that are written in one word with their name.
const STREET_ENDINGS: &[&str] = &[
    "straße", "strasse", "str", "platz", "weg", "allee", "gasse", "straat", "laan", "gatan", "vägen", "gade",
    "vej",
];

/// A name that promises postal addresses.
pub fn is_address_name(name: &str) -> bool {
    named(
        name,
        &["address", "addr", "street", "adresse", "anschrift", "direccion", "dirección", "indirizzo"],
        &["地址", "住址", "住所"],
    ) && !named(name, &["email", "mail", "ip", "mac", "web", "url", "wallet"], &["e-mail", "邮箱"])
}

/// A name that promises postal codes.
pub fn is_postcode_name(name: &str) -> bool {
    named(
        name,
        &["zip", "zipcode", "postcode", "postal", "postalcode", "plz", "cep", "pincode"],
        &["邮编", "邮政编码", "郵便番号"],
    )
}

/// A value written like a postal code: 3 to 10 letters and digits, at least two digits.
pub fn is_postcode(value: &str) -> bool {
    let value = value.trim();
    (3..=10).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-'))
        && value.bytes().filter(u8::is_ascii_digit).count() >= 2
}

/// True if a value is written like a postal address. `promised`: the column's name says so, which
/// spares the name of the street.
pub fn is_address(value: &str, promised: bool) -> bool {
    let value = value.trim();
    let length = value.chars().count();
    if !(6..=300).contains(&length) {
        return false;
    }
    if super::names::is_chinese(value) {
        let parts = PARTS_ZH.iter().filter(|part| value.contains(**part)).count();
        return parts >= if promised { 2 } else { 3 };
    }
    let has = |test: fn(char) -> bool| value.chars().any(test);
    has(|c| c.is_numeric())
        && has(char::is_alphabetic)
        && has(char::is_whitespace)
        && (promised || has_street(value))
}

/// Words of sentences that no address has: two different ones make a sentence.
const SPOKEN: &[&str] = &[
    "i", "my", "me", "we", "our", "you", "your", "it", "they", "is", "was", "were", "are", "has", "have",
    "had", "not", "never", "but", "very", "this", "that", "when", "because", "please", "again", "too", "so",
    "and",
];
const SPOKEN_ZH: &[char] =
    &['的', '了', '我', '你', '是', '不', '很', '没', '也', '就', '吗', '但', '还', '等'];

/// True if a value reads like something that a person wrote, and not like an address.
pub fn is_sentence(value: &str) -> bool {
    let words: BTreeSet<String> =
        value.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    let spoken = SPOKEN.iter().filter(|word| words.contains(**word)).count();
    let signs = SPOKEN_ZH.iter().filter(|sign| value.contains(**sign)).count();
    spoken >= 2 || signs >= 2
}

fn has_street(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let word = word.to_lowercase();
        STREET_WORDS.contains(&word.as_str())
            || STREET_ENDINGS.iter().any(|end| word.len() > end.len() + 2 && word.ends_with(end))
    })
}

/// The city of an address; `None` where it cannot be told.
pub fn city(value: &str) -> Option<String> {
    if super::names::is_chinese(value) {
        return chinese(value).1;
    }
    places(value).into_iter().next()
}

/// The province or state of an address; `None` where it cannot be told.
pub fn region(value: &str) -> Option<String> {
    if super::names::is_chinese(value) {
        return chinese(value).0;
    }
    places(value).into_iter().nth(1)
}

/// Province and city of a Chinese address.
fn chinese(value: &str) -> (Option<String>, Option<String>) {
    let value = value.trim();
    if let Some(name) = MUNICIPALITIES.iter().find(|name| value.starts_with(**name)) {
        let place = Some(format!("{name}市"));
        return (place.clone(), place);
    }
    // The first of the endings, at most `longest` signs from the start.
    let upto = |text: &str, endings: &[&str], longest: usize| {
        let end = endings.iter().filter_map(|ending| text.find(ending).map(|at| at + ending.len())).min()?;
        let head = text.get(..end)?;
        (head.chars().count() <= longest).then(|| head.to_owned())
    };
    let province = upto(value, &["省", "自治区", "特别行政区"], 8);
    let rest = province.as_ref().and_then(|head| value.get(head.len()..)).unwrap_or(value);
    let city = upto(rest.trim(), &["市", "自治州", "地区", "盟"], 12);
    (province, city)
}

/// What follows the street in a Latin address, part by part, without postal codes.
fn places(value: &str) -> Vec<String> {
    value
        .split([',', '\n', ';'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .skip(1)
        .filter(|part| !(part.chars().any(|c| c.is_numeric()) && has_street(part)))
        .map(|part| {
            let words = part.split_whitespace().filter(|word| !word.chars().any(char::is_numeric));
            words.collect::<Vec<_>>().join(" ")
        })
        .filter(|part| part.chars().any(char::is_alphabetic))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_other_texts() {
        for address in [
            "12 Main Street, Springfield, IL 62704",
            "Hauptstraße 12, 10115 Berlin",
            "浙江省杭州市西湖区文三路100号",
            "5 rue de la Paix, 75002 Paris",
        ] {
            assert!(is_address(address, false), "{address}");
        }
        for other in ["广东省", "上海", "Room 12", "12 cups of tea", "", "Springfield", "The way I see it"]
        {
            assert!(!is_address(other, false), "{other}");
        }
        assert!(is_address("Rosenhof 7", true) && !is_address("上海", true));
        assert!(
            is_address_name("Address") && is_address_name("收货地址 ") && !is_address_name("Email Address")
        );
        assert!(
            is_postcode("SW1A 1AA") && is_postcode("310000") && !is_postcode("Main") && !is_postcode("1")
        );
    }

    #[test]
    fn city_and_region() {
        let parts = |text: &str| (region(text).unwrap_or_default(), city(text).unwrap_or_default());
        for (address, expected) in [
            ("浙江省杭州市西湖区文三路100号", ("浙江省", "杭州市")),
            ("北京市朝阳区建国路1号", ("北京市", "北京市")),
            ("广西壮族自治区桂林市七星区1号", ("广西壮族自治区", "桂林市")),
            ("12 Main Street, Springfield, IL 62704", ("IL", "Springfield")),
            ("Hauptstraße 12, 10115 Berlin", ("", "Berlin")),
            ("Flat 3, 5 High St, London SW1A 1AA", ("", "London")),
            ("12 Main Street", ("", "")),
            ("某处一号", ("", "")),
        ] {
            assert_eq!(parts(address), (expected.0.to_owned(), expected.1.to_owned()), "{address}");
        }
    }
}
