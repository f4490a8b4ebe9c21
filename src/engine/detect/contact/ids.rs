//! National identity numbers: each by its published length, check digit and, where it has one, date
//! of birth. Every test takes a value in any usual writing: blanks, points, hyphens, full-width
//! digits.

use serde::{Deserialize, Serialize};

use super::check_digits::fits;

/// A country whose identity numbers are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Country {
    China,
    UnitedStates,
    UnitedKingdom,
    Germany,
    Spain,
    France,
    Italy,
    India,
    Brazil,
    Sweden,
    Japan,
    Korea,
}

impl Country {
    /// Every country, the surest number first.
    pub const ALL: [Country; 12] = [
        Country::China,
        Country::Italy,
        Country::UnitedKingdom,
        Country::France,
        Country::Spain,
        Country::Korea,
        Country::Sweden,
        Country::Germany,
        Country::Brazil,
        Country::India,
        Country::Japan,
        Country::UnitedStates,
    ];

    /// The name of the number in JSON and in the catalogue.
    pub fn id_name(self) -> &'static str {
        match self {
            Country::China => "resident_id_cn",
            Country::UnitedStates => "ssn_us",
            Country::UnitedKingdom => "nino_gb",
            Country::Germany => "tax_id_de",
            Country::Spain => "dni_es",
            Country::France => "nir_fr",
            Country::Italy => "codice_fiscale_it",
            Country::India => "aadhaar_in",
            Country::Brazil => "cpf_br",
            Country::Sweden => "personnummer_se",
            Country::Japan => "my_number_jp",
            Country::Korea => "rrn_kr",
        }
    }

    /// Words in a column's name that promise this number, in small letters.
    pub(super) fn hints(self) -> &'static [&'static str] {
        match self {
            Country::China => &["身份证", "证件号", "idcard", "id card", "id_card", "resident id"],
            Country::UnitedStates => &["ssn", "social security"],
            Country::UnitedKingdom => &["nino", "national insurance", "ni number"],
            Country::Germany => &["steuer"],
            Country::Spain => &["dni", "nif", "nie"],
            Country::France => &["nir", "insee", "sécurité sociale", "securite sociale"],
            Country::Italy => &["codice fiscale", "codice_fiscale", "codicefiscale", "cod_fisc"],
            Country::India => &["aadhaar", "aadhar"],
            Country::Brazil => &["cpf"],
            Country::Sweden => &["personnummer", "personnr"],
            Country::Japan => &["my number", "mynumber", "my_number", "マイナンバー", "個人番号"],
            Country::Korea => &["rrn", "주민등록"],
        }
    }

    /// Lengths of the groups that the number is written in, where it is not written in one piece.
    fn groups(self) -> &'static [&'static [usize]] {
        match self {
            Country::China => &[&[6, 8, 4], &[6, 4, 4, 4]],
            Country::UnitedStates => &[&[3, 2, 4]],
            Country::UnitedKingdom => &[&[2, 2, 2, 2, 1], &[2, 6, 1]],
            Country::Germany => &[&[2, 3, 3, 3]],
            Country::Spain => &[&[8, 1], &[2, 3, 3, 1], &[1, 7, 1]],
            Country::France => &[&[1, 2, 2, 2, 3, 3, 2], &[13, 2]],
            Country::Italy => &[&[3, 3, 5, 5], &[6, 5, 5]],
            Country::India | Country::Japan => &[&[4, 4, 4]],
            Country::Brazil => &[&[3, 3, 3, 2], &[9, 2]],
            Country::Sweden => &[&[6, 4], &[8, 4]],
            Country::Korea => &[&[6, 7]],
        }
    }

    /// About the share of random values of the right length and kind of signs that pass the test: that
    /// of the letters and check digits that fit, times that of the dates.
    pub(super) fn by_chance(self) -> f64 {
        match self {
            Country::China | Country::Italy => 0.002,
            Country::UnitedKingdom | Country::Germany | Country::Sweden | Country::Korea => 0.005,
            Country::France | Country::Brazil => 0.01,
            Country::Spain => 0.05,
            Country::India | Country::Japan => 0.1,
            Country::UnitedStates => 0.9,
        }
    }
}

/// The country whose number this is, the surest first; `None` for anything else.
pub fn country_of(value: &str) -> Option<Country> {
    let compact = compact(value)?;
    Country::ALL.into_iter().find(|country| fits(*country, &compact))
}

/// True if `value` is a well-formed number of this country with a right check digit.
pub fn is_id(country: Country, value: &str) -> bool {
    compact(value).is_some_and(|compact| fits(country, &compact))
}

/// True if `value` is such a number and is written the way people write it: in its groups, or in one
/// piece where few other numbers would pass.
pub(super) fn is_telling(country: Country, value: &str) -> bool {
    let signs = [' ', '-', '.', '/', '+', '\u{a0}'];
    let groups: Vec<usize> = value.trim().split(signs).map(|group| group.chars().count()).collect();
    let is_written_so = match groups.len() {
        1 => country.by_chance() <= 0.01 || country == Country::Spain,
        _ => country.groups().contains(&groups.as_slice()),
    };
    is_written_so && is_id(country, value)
}

/// Capital letters and digits of a value that holds nothing else but the usual signs between groups;
/// 9 to 18 of them, else `None`.
fn compact(value: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(18);
    for c in value.trim().chars() {
        let c = match c {
            ' ' | '-' | '.' | '/' | '+' | '\u{a0}' => continue,
            '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10)?,
            'Ｘ' | 'ｘ' => 'X',
            c => c.to_ascii_uppercase(),
        };
        if !c.is_ascii_alphanumeric() || out.len() == 18 {
            return None;
        }
        out.push(c as u8);
    }
    (out.len() >= 9).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published examples: GB 11643's own, Skatteverket's, UIDAI's test number, the ones in the
    /// countries' descriptions of their numbers.
    const PUBLISHED: [(Country, &str); 16] = [
        (Country::China, "11010519491231002X"),
        (Country::China, "440524188001010014"),
        (Country::China, "110105491231002"),
        (Country::UnitedStates, "123-45-6789"),
        (Country::UnitedKingdom, "AB 12 34 56 C"),
        (Country::Germany, "86 095 742 719"),
        (Country::Spain, "12345678Z"),
        (Country::Spain, "X1234567L"),
        (Country::France, "2 55 08 14 168 025 38"),
        (Country::Italy, "RSSMRA85T10A562S"),
        (Country::India, "9999 4105 7058"),
        (Country::Brazil, "529.982.247-25"),
        (Country::Sweden, "811228-9874"),
        (Country::Sweden, "198112289874"),
        (Country::Japan, "1234 5678 9018"),
        (Country::Korea, "800101-1234560"),
    ];

    #[test]
    fn published_numbers_pass_and_one_other_sign_fails_them() {
        for (country, number) in PUBLISHED {
            assert!(is_id(country, number), "{number}");
            // Without a check sign one digit more may be right as well.
            if country == Country::UnitedStates || country == Country::UnitedKingdom || number.len() == 15 {
                continue;
            }
            let last_digit = number.rfind(|c: char| c.is_ascii_digit()).unwrap();
            let mut other = number.to_owned();
            let next = (number.as_bytes()[last_digit] - b'0' + 1) % 10;
            other.replace_range(last_digit..=last_digit, &next.to_string());
            assert!(!is_id(country, &other), "{other}");
        }
    }

    #[test]
    fn numbers_that_nobody_has() {
        assert!(!is_id(Country::UnitedStates, "666-12-3456") && !is_id(Country::UnitedStates, "900-12-3456"));
        assert!(!is_id(Country::UnitedStates, "123-00-6789") && !is_id(Country::UnitedStates, "000-12-3456"));
        assert!(!is_id(Country::UnitedKingdom, "QQ123456C"), "HMRC's own example is never given");
        assert!(!is_id(Country::Brazil, "111.111.111-11"));
        assert!(!is_id(Country::China, "110105194913310021"), "there is no month 13");
        assert!(!is_id(Country::China, "990105491231002"), "there is no province 99");
        assert!(!is_id(Country::Germany, "12345678901"), "no digit comes back");
        for text in ["", "x", "２", "12345678901234567890", "ABCDEFGHI", "１２３", "€€€€€€€€€", "0000000000"]
        {
            assert_eq!(country_of(text), None, "{text}");
        }
    }

    #[test]
    fn full_width_digits_and_small_letters_are_read() {
        assert!(is_id(Country::China, "１１０１０５１９４９１２３１００２Ｘ"));
        assert_eq!(country_of("11010519491231002x"), Some(Country::China));
    }

    #[test]
    fn bare_digits_tell_less_than_groups() {
        assert!(is_telling(Country::India, "9999 4105 7058") && !is_telling(Country::India, "999941057058"));
        assert!(is_telling(Country::UnitedStates, "123-45-6789"));
        assert!(!is_telling(Country::UnitedStates, "123456789"));
        assert!(is_telling(Country::Brazil, "52998224725") && is_telling(Country::Brazil, "529.982.247-25"));
        assert!(!is_telling(Country::Brazil, "5-299-822-4725"), "these are the groups of a telephone number");
        for (country, number) in PUBLISHED {
            assert!(is_telling(country, number) || number.len() == 15, "{number}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged_without_a_panic(text in "\\PC{0,24}", coded in "[0-9A-Z]{9,18}") {
            country_of(&text);
            country_of(&coded);
            for country in Country::ALL {
                is_telling(country, &coded);
            }
        }
    }
}
