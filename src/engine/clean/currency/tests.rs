use proptest::prelude::*;

use super::super::testing::{assert_row_local, column, frame, shown};
use super::*;
use crate::table::Role;

fn rate(day: &str, currency: &str, rate: f64) -> Rate {
    Rate { day: day.into(), currency: currency.into(), rate }
}

fn spec() -> CurrencySpec {
    CurrencySpec {
        columns: vec!["paid".into()],
        to: "CNY".into(),
        rates: vec![
            rate("2024-01-01", "USD", 7.1),
            rate("2024-02-01", "USD", 7.2),
            rate("2024-01-15", "EUR", 7.8),
        ],
        ..CurrencySpec::default()
    }
}

fn run(spec: &CurrencySpec, before: &Frame) -> (Vec<Option<String>>, super::super::Change) {
    let schema = [column("paid", Role::Money), column("currency", Role::Category), column("day", Role::Date)];
    let mut record = Recorder::new("currency", before);
    let after = apply(spec, &schema, before, &mut record, &Reporter::silent()).unwrap();
    (shown(&after, "paid"), record.finish())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_rate_of_the_last_known_day_counts() {
    let before = frame(&[
        (
            "paid",
            &[
                Some("$10"),
                Some("$10"),
                Some("$10"),
                Some("€10"),
                Some("¥5"),
                Some("$10"),
                Some("£1"),
                Some("?"),
            ],
        ),
        (
            "day",
            &[
                Some("2024-01-01"),
                Some("2024-01-31 23:00"),
                Some("2024-03-01"),
                Some("2024-01-14"),
                None,
                None,
                Some("2024-03-01"),
                None,
            ],
        ),
    ]);
    let by_day = CurrencySpec { date_column: Some("day".into()), ..spec() };
    let (paid, change) = run(&by_day, &before);
    // A day before the first rate, no day, no rate at all: missing, never a guess.
    assert_eq!(paid, [some("71"), some("71"), some("72"), None, some("5"), None, None, some("?")]);
    let notes: Vec<(&str, &str)> =
        change.notes.iter().map(|note| (note.code, note.args[0].1.as_str())).collect();
    assert_eq!(
        notes,
        [
            ("currency_rates", "USD"),
            ("currency_no_rate", "EUR"),
            ("currency_no_rate", "GBP"),
            ("currency_no_rate", "USD")
        ]
    );
    let args: Vec<&str> = change.notes[0].args.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(args, ["USD", "CNY", "7.1", "7.2", "3"]);
}

#[test]
fn a_fixed_day_or_the_newest_rate() {
    let before = frame(&[("paid", &[Some("10 USD"), Some("12.3")])]);
    let fixed = CurrencySpec { day: Some("2024-01-20".into()), assume: Some("USD".into()), ..spec() };
    assert_eq!(run(&fixed, &before).0, [some("71"), some("87.33")]);
    let (newest, change) = run(&spec(), &before);
    assert_eq!(newest, [some("72"), None]);
    assert!(change.notes.contains(&Note::new("currency_unnamed").with("count", 1)));
}

#[test]
fn a_column_names_the_currency_and_the_cell_goes_before_it() {
    let before = frame(&[
        ("paid", &[Some("10"), Some("$10"), Some("€10"), Some("¥10"), Some("10"), Some("10")]),
        ("currency", &[Some("usd"), Some("HKD"), Some("USD"), Some("JPY"), Some("shells"), Some("RMB")]),
    ]);
    let mut named = CurrencySpec { currency_column: Some("currency".into()), ..spec() };
    named.rates.push(rate("2024-01-01", "HKD", 0.9));
    named.rates.push(rate("2024-01-01", "JPY", 0.05));
    assert_eq!(run(&named, &before).0, [some("72"), some("9"), some("78"), some("0.5"), None, some("10")]);
}

#[test]
fn columns_of_numbers_are_converted_too() {
    let schema = [column("paid", Role::Money)];
    let text = frame(&[("paid", &[Some("10"), None, Some("x")])]);
    let mut record = Recorder::new("type_repair", &text);
    let before = super::super::type_repair::apply(&schema, &text, &mut record).unwrap();
    let assumed = CurrencySpec { assume: Some("EUR".into()), ..spec() };
    assert_eq!(run(&assumed, &before).0, [some("78"), None, None]);
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let before = frame(&[("paid", &[Some("10")])]);
    for bad in [
        CurrencySpec { to: "XXX".into(), ..spec() },
        CurrencySpec { rates: vec![rate("2024-01-01", "USD", 0.0)], ..spec() },
        CurrencySpec { rates: vec![rate("2024-01-01", "USD", f64::NAN)], ..spec() },
        CurrencySpec { rates: vec![rate("soon", "USD", 1.0)], ..spec() },
        CurrencySpec { day: Some("soon".into()), ..spec() },
        CurrencySpec { assume: Some("?".into()), ..spec() },
    ] {
        let mut record = Recorder::new("currency", &before);
        assert!(apply(&bad, &[], &before, &mut record, &Reporter::silent()).is_err(), "{bad:?}");
    }
}

#[test]
fn amounts_without_the_column_of_their_day_are_missing() {
    let before = frame(&[("paid", &[Some("$10"), Some("¥10")])]);
    let by_day = CurrencySpec { date_column: Some("day".into()), ..spec() };
    let (paid, change) = run(&by_day, &before);
    assert_eq!(paid, [None, some("10")]);
    assert_eq!(change.notes[0], Note::new("step_no_column").with("column", "day"));
}

#[test]
fn rates_come_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rates.csv");
    let open = |text: &str| {
        std::fs::write(&path, text).unwrap();
        crate::collect::open(&path, &crate::collect::ReadOptions::default(), &Reporter::silent()).unwrap()
    };
    let table = open("rate,currency,date\n7.1,USD,2024-01-01\n7.8,欧元,2024-01-15\n7.2,usd,2024-02-01\n");
    let rates = rates_of(&table).unwrap();
    assert_eq!(
        rates,
        [rate("2024-01-01", "USD", 7.1), rate("2024-01-15", "EUR", 7.8), rate("2024-02-01", "USD", 7.2)]
    );
    let error = rates_of(&open("date,currency,rate\n2024-01-01,USD,7.1\n2024-01-02,USD,-1\n")).unwrap_err();
    assert_eq!((error.kind(), error.place().row), ("bad_rate_row", Some(3)));
    let error = rates_of(&open("date,currency\n2024-01-01,USD\n2024-01-02,EUR\n")).unwrap_err();
    assert_eq!(error.kind(), "no_column");
}

proptest! {
    #[test]
    fn one_row_is_converted_as_all_are(
        texts in prop::collection::vec(prop::option::of("[$€¥(-]{0,2}[0-9.,]{0,6}\\PC{0,3}"), 1..6),
    ) {
        assert_row_local("paid", &texts, |frame, record| {
            let assumed = CurrencySpec { assume: Some("EUR".into()), ..spec() };
            apply(&assumed, &[column("paid", Role::Money)], frame, record, &Reporter::silent())
        });
    }

    /// Amounts in the currency wanted stay what they are, however often the step runs.
    #[test]
    fn the_currency_wanted_converts_once(
        texts in prop::collection::vec(prop::option::of("[¥(-]{0,2}[0-9.,]{0,6}\\PC{0,3}"), 1..6),
    ) {
        let assumed = CurrencySpec { assume: Some("CNY".into()), ..spec() };
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        let before = frame(&[("paid", &texts)]);
        let step = |frame: &Frame| {
            apply(&assumed, &[column("paid", Role::Money)], frame, &mut Recorder::new("currency", frame), &Reporter::silent())
                .unwrap()
        };
        let once = step(&before);
        prop_assert_eq!(shown(&step(&once), "paid"), shown(&once, "paid"));
    }
}
