use proptest::prelude::*;

use super::super::testing::{assert_row_local, column, frame, shown};
use super::*;

fn number(text: &str, of: &str) -> Option<String> {
    phone(text, (!of.is_empty()).then(|| country(of).unwrap()))
}

#[test]
fn phones_come_to_e164() {
    for (text, of, e164) in [
        ("138 0013 8000", "CN", "+8613800138000"),
        ("13800138000.0", "CN", "+8613800138000"),
        ("１３８００１３８０００", "CN", "+8613800138000"),
        ("010-8888 8888", "CN", "+861088888888"),
        ("（010）88888888转12", "CN", "+861088888888;ext=12"),
        ("0086 138 0013 8000", "CN", "+8613800138000"),
        ("0086 138 0013 8000", "", "+8613800138000"),
        ("86 138 0013 8000", "CN", "+8613800138000"),
        ("(650) 253-0000", "US", "+16502530000"),
        ("650.253.0000 ext. 45", "US", "+16502530000;ext=45"),
        ("1-650-253-0000", "US", "+16502530000"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+44 (0)20 7946 0958", "CN", "+442079460958"),
        // Italian numbers keep their zero, whatever the file's own country.
        ("+39 06 6982 0000", "CN", "+390669820000"),
        ("Tel: +49 30 901820", "", "+4930901820"),
        ("+1 650-253-0000", "CN", "+16502530000"),
    ] {
        assert_eq!(number(text, of).as_deref(), Some(e164), "{text} {of}");
        assert_eq!(number(e164, of).as_deref(), Some(e164), "again: {text} {of}");
    }
}

#[test]
fn what_is_no_valid_phone_is_left() {
    for (text, of) in [
        ("12345", "CN"),
        ("13800138000/13900139000", "CN"),
        ("call after 5", "US"),
        ("0800 FLOWERS", "GB"),
        ("13800138000", ""),
        ("+999 12345678", ""),
        ("+", "US"),
        ("", "US"),
        ("555-0100", "US"),
        ("1.38E+10", "CN"),
    ] {
        assert_eq!(number(text, of), None, "{text} {of}");
    }
}

/// The crate must not panic on any digits under any country.
#[test]
fn every_country_bears_every_number() {
    let heads =
        ["", "+", "00", "011", "0", "1", "8", "9", "15", "+0", "+1", "+7", "+39", "+54", "+800", "+979"];
    let tails = [
        "00000",
        "12345",
        "0000000000",
        "1234567890",
        "9111234567",
        "01234567",
        "15555555555",
        "999999999999999",
    ];
    for iso in [
        "AR", "AU", "BR", "CA", "CN", "DE", "ES", "FR", "GB", "HU", "IN", "IT", "JP", "KR", "MX", "NL", "RU",
        "SM", "US", "ZA",
    ] {
        for head in heads {
            for tail in tails {
                let _ = number(&format!("{head}{tail}"), iso);
            }
        }
    }
}

#[test]
fn mails_without_what_stands_around_them() {
    let none = BTreeMap::new();
    for (text, written) in [
        (" Jane@Example.COM ", Some("Jane@example.com")),
        ("mailto:jane@example.com?subject=Hi", Some("jane@example.com")),
        ("\"Doe, Jane\" <jane@example.com>", Some("jane@example.com")),
        ("<jane@example.com>;", Some("jane@example.com")),
        ("jane＠example.com", Some("jane@example.com")),
        ("jane@例子.中国", Some("jane@例子.中国")),
        ("jane@example", None),
        ("jane doe@example.com", None),
        ("a@b.com, c@d.com", None),
        ("jane@@example.com", None),
        ("@example.com", None),
        ("jane@exa_mple.com", None),
        ("jane@1.2.3.4", None),
        ("none", None),
    ] {
        assert_eq!(email(text, &none).as_deref(), written, "{text}");
    }
    let domains = BTreeMap::from([("gmial.com".to_owned(), "gmail.com".to_owned())]);
    assert_eq!(email("a@Gmial.com", &domains).as_deref(), Some("a@gmail.com"));
}

#[test]
fn a_column_is_formatted_and_the_rest_counted() {
    let schema = [column("phone", Role::Contact), column("zip", Role::Text), column("key", Role::Id)];
    let before = frame(&[
        ("phone", &[Some("138 0013 8000"), Some("12"), Some("+8613800138000"), None]),
        ("zip", &[Some("10010"), Some("x"), Some("n/a"), None]),
        ("key", &[Some("138 0013 8000"), None, None, None]),
    ]);
    let one = |column: &str, kind, country: &str| ContactColumn {
        column: column.into(),
        kind,
        country: Some(country.into()),
        ..ContactColumn::default()
    };
    let spec = ContactSpec {
        columns: vec![
            one("phone", ContactKind::Phone, "CN"),
            one("zip", ContactKind::Postcode, "cn"),
            one("key", ContactKind::Phone, "CN"),
        ],
    };
    let mut record = Recorder::new("contact_form", &before);
    let after = apply(&spec, &schema, &before, &mut record, &Reporter::silent()).unwrap();
    assert_eq!(shown(&after, "phone")[0].as_deref(), Some("+8613800138000"));
    assert_eq!(shown(&after, "phone")[1].as_deref(), Some("12"));
    assert_eq!(shown(&after, "zip")[0].as_deref(), Some("010010"));
    assert_eq!(shown(&after, "key"), shown(&before, "key"));
    let change = record.finish();
    assert_eq!(change.cells_changed, 2);
    assert_eq!(
        change.notes,
        [
            Note::new("phones_invalid").with("column", "phone").with("count", 1),
            Note::new("postcodes_invalid").with("column", "zip").with("count", 1),
        ]
    );
    for bad in [
        one("phone", ContactKind::Phone, "Narnia"),
        ContactColumn { country: None, ..one("zip", ContactKind::Postcode, "") },
    ] {
        let spec = ContactSpec { columns: vec![bad] };
        let mut record = Recorder::new("contact_form", &before);
        assert!(apply(&spec, &schema, &before, &mut record, &Reporter::silent()).is_err());
    }
}

proptest! {
    #[test]
    fn one_row_is_formatted_as_all_are_and_twice_is_once(
        texts in prop::collection::vec(
            prop::option::of("[+0]{0,2}[0-9 ()./-]{0,14}(ext|转|x)?[0-9]{0,3}|\\PC{0,6}@?\\PC{0,4}[.a-z]{0,5}|[A-Za-z0-9 ]{3,8}"),
            1..6,
        ),
        which in 0usize..4,
    ) {
        let schema = [column("a", Role::Contact)];
        let (kind, country) = [
            (ContactKind::Phone, "CN"), (ContactKind::Phone, "US"), (ContactKind::Email, ""), (ContactKind::Postcode, "GB"),
        ][which];
        let country = (!country.is_empty()).then(|| country.to_owned());
        let one = ContactColumn { column: "a".into(), kind, country, ..ContactColumn::default() };
        let spec = ContactSpec { columns: vec![one] };
        let step = |frame: &Frame, record: &mut Recorder| apply(&spec, &schema, frame, record, &Reporter::silent());
        assert_row_local("a", &texts, step);
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        let before = frame(&[("a", &texts)]);
        let once = step(&before, &mut Recorder::new("contact_form", &before)).unwrap();
        let twice = step(&once, &mut Recorder::new("contact_form", &once)).unwrap();
        prop_assert_eq!(shown(&once, "a"), shown(&twice, "a"));
    }
}

#[test]
fn the_country_shows_in_the_numbers() {
    let guess = |numbers: Vec<String>| {
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        guess_country(&numbers, &Reporter::silent()).unwrap()
    };
    let many = |form: fn(u64) -> String| (0..60).map(form).collect::<Vec<String>>();
    let area = |at: u64| ["212", "650", "415", "312", "917", "305"][at as usize % 6];
    let chinese = many(|at| format!("138{:08}", at * 791_933 % 100_000_000));
    assert_eq!(guess(chinese), Some(("CN", 1.0)));
    let american: Vec<String> = (0..60).map(|at| format!("({}) 253-{:04}", area(at), at * 79)).collect();
    assert_eq!(guess(american), Some(("US", 1.0)));
    // 020 7946 0000 is of London and of Guangzhou; what has a + says which.
    let mut london = many(|at| format!("020 7946 {:04}", at * 13));
    assert_eq!(guess(london.clone()), None);
    london.push("+44 20 7946 0958".to_owned());
    assert_eq!(guess(london).map(|(code, _)| code), Some("GB"));
    assert_eq!(guess(many(|at| format!("{at}"))), None);
    assert_eq!(guess(Vec::new()), None);
}
