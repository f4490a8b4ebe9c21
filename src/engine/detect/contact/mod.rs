//! Details that name or reach a person: what they are, by the values and by the column's name, and
//! where they stand inside a text.

pub mod address;
pub mod cards;
mod check_digits;
pub mod ids;
pub mod names;
mod phones;
mod text;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::detect::{missing, words};
use crate::note::Note;

pub use ids::Country;
pub use phones::is_phone;
pub use text::find_in_text;

use names::Promise;

/// Values of a column that are looked at.
const LOOKED_AT: usize = 1000;
/// Share of the values that must fit, where nothing in the column's name helps.
const FIT: f64 = 0.8;
/// Share that must fit where the name promises the kind.
const FIT_PROMISED: f64 = 0.6;
/// Share of sentences from which a column is what people write.
const PROSE: f64 = 0.5;
/// The chance that random values all pass a test below which that is no accident.
const ACCIDENT: f64 = 1e-3;

/// A kind of personal detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    PersonName,
    Email,
    Phone,
    Address,
    Postcode,
    NationalId(Country),
    Card,
    Iban,
    Ip,
}

impl Kind {
    /// The name in JSON and in the catalogue (`kind.<name>`).
    pub fn name(self) -> &'static str {
        match self {
            Kind::PersonName => "person_name",
            Kind::Email => "email",
            Kind::Phone => "phone",
            Kind::Address => "address",
            Kind::Postcode => "postcode",
            Kind::NationalId(country) => country.id_name(),
            Kind::Card => "card",
            Kind::Iban => "iban",
            Kind::Ip => "ip",
        }
    }

    /// True for details that point to one person by themselves. A postal code does not: models may
    /// learn from it.
    pub fn is_direct(self) -> bool {
        self != Kind::Postcode
    }
}

/// What the values of a column are.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub kind: Kind,
    /// Share of the values looked at that fit, 0 to 1.
    pub share: f64,
    pub why: Note,
}

/// What kind of personal detail a column holds, by its name and its first thousand values that are
/// not missing; `None` where it is not certain. Numbers with a check digit need no name, but enough
/// different values that an accident is out of the question.
pub fn kind_of<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> Option<Found> {
    let values: Vec<&str> =
        values.filter(|v| !missing::is_missing(v)).map(str::trim).take(LOOKED_AT).collect();
    if values.is_empty() {
        return None;
    }
    let column = Sample { lower: name.to_lowercase(), name, values };
    let found = |(kind, share, promised): (Kind, f64, bool)| {
        let code = if promised { "detail_promised" } else { "detail_by_value" };
        let why = Note::new(code)
            .with("kind", format!("@kind.{}", kind.name()))
            .with("percent", format!("{:.0}", 100.0 * share));
        Found { kind, share, why }
    };
    column
        .checked()
        .or_else(|| column.reached())
        .or_else(|| column.placed())
        .or_else(|| column.person())
        .map(found)
}

/// A column under the glass. Every verdict is a kind, the share that fits, and whether the column's
/// name promised it.
struct Sample<'a> {
    name: &'a str,
    lower: String,
    values: Vec<&'a str>,
}

type Verdict = Option<(Kind, f64, bool)>;

impl Sample<'_> {
    fn share(&self, fits: impl Fn(&str) -> bool) -> f64 {
        self.values.iter().filter(|value| fits(value)).count() as f64 / self.values.len() as f64
    }

    /// Numbers with a check digit or another strict form.
    fn checked(&self) -> Verdict {
        let mut best: Verdict = None;
        let mut offer = |kind: Kind, hints: &[&str], by_chance: f64, fits: &dyn Fn(&str) -> bool| {
            let promised = hints.iter().any(|hint| promises(self.name, &self.lower, hint));
            let fitting: Vec<&str> = self.values.iter().copied().filter(|value| fits(value)).collect();
            let share = fitting.len() as f64 / self.values.len() as f64;
            let different = fitting.iter().collect::<BTreeSet<_>>().len().min(100) as i32;
            // Numbers that merely pass the test of cards come again and again; each card is one person's.
            let repeats =
                kind == Kind::Card && fitting.iter().collect::<BTreeSet<_>>().len() * 10 < fitting.len() * 9;
            let is_certain = share >= FIT && by_chance.powi(different) < ACCIDENT && !repeats;
            if (promised && share >= FIT_PROMISED || is_certain)
                && best.is_none_or(|(_, other, _)| share > other)
            {
                best = Some((kind, share, promised));
            }
        };
        offer(Kind::Iban, &["iban"], 0.01, &cards::is_iban);
        for country in Country::ALL {
            // Without a hint, bare digits may be anything that a till has numbered.
            let named = country.hints().iter().any(|hint| promises(self.name, &self.lower, hint));
            let strict = country.by_chance() > 0.01 && !named;
            offer(Kind::NationalId(country), country.hints(), country.by_chance().min(0.05), &|value| {
                match strict {
                    true => ids::is_telling(country, value),
                    false => ids::is_id(country, value),
                }
            });
        }
        offer(
            Kind::Card,
            &["card number", "card_number", "cardnumber", "卡号", "信用卡"],
            0.05,
            &cards::is_card,
        );
        offer(Kind::Ip, &["ip"], 0.01, &cards::is_ip);
        best
    }

    /// E-mail addresses and telephone numbers.
    fn reached(&self) -> Verdict {
        let emails = self.share(words::is_email);
        if emails >= FIT_PROMISED {
            return Some((Kind::Email, emails, words::is_contact_name(self.name)));
        }
        let promised = words::named(
            self.name,
            &[
                "phone",
                "telephone",
                "tel",
                "mobile",
                "fax",
                "cell",
                "cellphone",
                "telefon",
                "handy",
                "msisdn",
                "whatsapp",
            ],
            &["电话", "手机", "phone number", "phonenumber"],
        );
        if promised {
            let share = self.share(phones::is_dialled);
            return (share >= FIT_PROMISED).then_some((Kind::Phone, share, true));
        }
        // Numbers of orders and customers may look like telephone numbers.
        if words::is_id_name(self.name) {
            return None;
        }
        let phones = self.share(is_phone);
        let different = self.values.iter().collect::<BTreeSet<_>>().len();
        (phones >= FIT && different >= 3).then_some((Kind::Phone, phones, false))
    }

    /// Addresses and postal codes.
    fn placed(&self) -> Verdict {
        if address::is_postcode_name(self.name) {
            let share = self.share(address::is_postcode);
            return (share >= FIT_PROMISED).then_some((Kind::Postcode, share, true));
        }
        let promised = address::is_address_name(self.name);
        // What people write may name a street in every line: it is no list of addresses.
        if !promised && self.share(address::is_sentence) >= PROSE {
            return None;
        }
        let share = self.share(|value| address::is_address(value, promised));
        (share >= if promised { FIT_PROMISED } else { FIT }).then_some((Kind::Address, share, promised))
    }

    fn person(&self) -> Verdict {
        let share_of = |promise| self.share(|value| names::is_name(value, promise));
        match names::promise(self.name) {
            Some(Promise::Some) => {
                let known = self.share(|value| names::has_given_name(value) || names::is_chinese_name(value));
                let share = share_of(Promise::Some);
                (share >= FIT && known >= 0.3).then_some((Kind::PersonName, share, true))
            }
            Some(promise) => {
                let share = share_of(promise);
                (share >= FIT_PROMISED).then_some((Kind::PersonName, share, true))
            }
            None => {
                // Many words begin with a sign that is a surname as well: most values must be names, and
                // many of them different, as no list of colours or towns is.
                let share = self.share(names::is_chinese_name);
                let different = self.values.iter().collect::<BTreeSet<_>>().len();
                let is_list = different >= 20 && different * 2 > self.values.len();
                (share >= 0.9 && is_list).then_some((Kind::PersonName, share, false))
            }
        }
    }
}

/// True if `hint` stands in the column's name: a short one as a word of its own.
fn promises(name: &str, lower: &str, hint: &str) -> bool {
    if hint.is_ascii() && hint.len() <= 4 { words::named(name, &[hint], &[]) } else { lower.contains(hint) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, values: &[&str]) -> Option<Kind> {
        kind_of(name, values.iter().copied()).map(|found| found.kind)
    }

    #[test]
    fn what_people_write_of_streets_is_no_list_of_addresses() {
        let prose = [
            "I waited at 12 Main Street for an hour and the parcel was not there",
            "Your driver came to 7 Oak Avenue, but we live at 17 Oak Avenue!",
            "This is the third time that nothing came to 221 Baker Street",
            "我住在北京市朝阳区建国路88号，等了两个小时，很失望",
            "送到上海市浦东新区世纪大道100号的外卖是凉的，我不会再买了",
        ];
        assert_eq!(kind("words", &prose), None);
        let places = [
            "12 Main Street, Springfield",
            "7 Oak Avenue, Apt 4, Bank of the West",
            "221b Baker Street, London",
            "北京市朝阳区建国路88号",
            "上海市浦东新区世纪大道100号",
        ];
        assert_eq!(kind("words", &places), Some(Kind::Address));
        // A note or two among addresses changes nothing, nor does prose where the name promises addresses.
        let notes = [&places[..], &places[..], &prose[..2]].concat();
        assert_eq!(kind("words", &notes), Some(Kind::Address));
        assert_eq!(kind("address", &prose[..3]), Some(Kind::Address));
    }

    #[test]
    fn strict_numbers_are_known_without_a_name() {
        assert_eq!(
            kind("x", &["11010519491231002X", "440524188001010014"]),
            Some(Kind::NationalId(Country::China))
        );
        assert_eq!(kind("x", &["GB29NWBK60161331926819", "DE89370400440532013000"]), Some(Kind::Iban));
        let cards = ["4111111111111111", "5555555555554444", "378282246310005"];
        assert_eq!(kind("x", &cards), Some(Kind::Card));
        assert_eq!(kind("x", &cards[..1]), None, "one number may be an accident");
        assert_eq!(kind("x", &[cards, cards].concat()), None, "numbers that repeat are no cards");
        assert_eq!(kind("Card Number", &cards[..1]), Some(Kind::Card));
        assert_eq!(kind("last login", &["10.0.0.1", "10.0.0.2", "::1"]), Some(Kind::Ip));
    }

    #[test]
    fn weak_numbers_need_a_name_or_their_groups() {
        let bare = ["123456789", "219099999", "457555462"];
        assert_eq!(kind("order", &bare), None);
        assert_eq!(kind("SSN", &bare), Some(Kind::NationalId(Country::UnitedStates)));
        let grouped = ["123-45-6789", "219-09-9999", "457-55-5462"];
        assert_eq!(kind("x", &grouped), Some(Kind::NationalId(Country::UnitedStates)));
        assert_eq!(kind("cpf", &["52998224725"]), Some(Kind::NationalId(Country::Brazil)));
    }

    #[test]
    fn ways_to_reach_a_person() {
        assert_eq!(kind("x", &["ada@example.com", "", "bo@example.org"]), Some(Kind::Email));
        let phones = ["13812345678", "15912345679", "18612345670"];
        assert_eq!(kind("x", &phones), Some(Kind::Phone));
        assert_eq!(kind("customer id", &phones), None);
        assert_eq!(kind("手机号", &phones), Some(Kind::Phone));
        assert_eq!(kind("x", &["+44 7912 345678", "(212) 736-5000", "+49 30 123456"]), Some(Kind::Phone));
        assert_eq!(kind("PhoneService", &["Yes", "No"]), None);
        assert_eq!(kind("day", &["2024-01-05", "2024-01-06", "2024-01-07", "2024-11-30"]), None);
        assert_eq!(kind("order", &["2024-000123", "2024-000124", "2024-000125"]), None);
        assert_eq!(kind("amount", &["1234567", "7654321", "2345678"]), None);
    }

    #[test]
    fn people_and_places() {
        assert_eq!(kind("姓名", &["王小明", "李雷"]), Some(Kind::PersonName));
        assert_eq!(kind("customerName", &["Muhammed Macintyre", "Barry French"]), Some(Kind::PersonName));
        assert_eq!(kind("Surname", &["Hargrave", "Hill", "Onio"]), Some(Kind::PersonName));
        assert_eq!(kind("name", &["Amanda Hill", "Jonathan Frank"]), Some(Kind::PersonName));
        assert_eq!(kind("name", &["Lemon Tea", "Black Cup"]), None);
        assert_eq!(kind("productName", &["Amanda Hill", "Jonathan Frank"]), None);
        assert_eq!(kind("收货地址", &["广东省", "上海", "江苏省"]), None, "provinces tell nobody apart");
        assert_eq!(kind("地址", &["浙江省杭州市西湖区文三路100号"]), Some(Kind::Address));
        assert_eq!(kind("zip", &["90210", "10001"]), Some(Kind::Postcode));
        assert_eq!(kind("颜色", &["黄色", "白色", "红色"]), None);
        assert_eq!(kind("x", &["", "NA"]), None);
        assert_eq!(kind("x", &[]), None);
    }

    proptest::proptest! {
        #[test]
        fn any_column_is_judged_without_a_panic(
            name in "\\PC{0,12}",
            values in proptest::collection::vec("\\PC{0,24}", 0..6),
            numbers in proptest::collection::vec("[+0(]?[0-9 ()./-]{3,20}", 0..4),
        ) {
            kind_of(&name, values.iter().map(String::as_str));
            kind_of("phone", numbers.iter().map(String::as_str));
            kind_of(&name, numbers.iter().map(String::as_str));
        }
    }
}
