//! The card and the bundle as they are handed on, of a small shop.

use super::*;
use crate::deploy::{Bundle, Card, Lacking, Spread, check_seal};
use crate::metrics::Confusion;
use crate::privacy::cells::{Mark, Method, Rule};
use crate::project::figures_tests::shop;
use crate::project::{bundle, learn, prepare};
use crate::train::DeviceKind;

fn made(rows: usize) -> (Bundle, Table) {
    let silent = Reporter::silent();
    let table = shop(rows, |_| true);
    let settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    let prepared = prepare(&settings, &table, &silent).unwrap();
    let learnt = learn(&settings, &prepared, ModelKind::Logistic, &silent).unwrap();
    let made = card(&settings, &table, &prepared, &learnt, &[&learnt], &silent).unwrap();
    (bundle(&settings, &prepared, &learnt, Some(made)), table)
}

fn card_of(rows: usize) -> Card {
    made(rows).0.card.unwrap()
}

/// The counts of a card, those that are left out apart.
fn counts(card: &Card) -> Vec<(String, u64)> {
    let c = card.confusion;
    let mut all = vec![
        ("rows".to_owned(), card.rows as u64),
        ("train_rows".to_owned(), card.train_rows as u64),
        ("valid_rows".to_owned(), card.valid_rows as u64),
        ("test_rows".to_owned(), card.test_rows as u64),
        ("test_positives".to_owned(), card.test_positives),
        ("confusion.true_positive".to_owned(), c.true_positive),
        ("confusion.false_positive".to_owned(), c.false_positive),
        ("confusion.false_negative".to_owned(), c.false_negative),
        ("confusion.true_negative".to_owned(), c.true_negative),
    ];
    for (at, (_, cells, dropped)) in card.steps.iter().enumerate() {
        all.push((format!("steps.{at}.cells"), *cells));
        all.push((format!("steps.{at}.dropped"), *dropped));
    }
    all.extend(card.slices.iter().flatten().map(|slice| (slice.part.clone(), slice.rows)));
    all.extend(card.calibration.iter().map(|bin| ("bin".to_owned(), bin.rows)));
    all
}

#[test]
fn a_shared_card_of_a_small_shop_counts_nobody_by_ones_and_twos() {
    for rows in [60, 90, 150, 240] {
        let exact = card_of(rows);
        for method in Method::ALL {
            let rule = Rule { method, least: 5 };
            let shared = exact.shared(rule, 11);
            let small: Vec<_> = counts(&shared).into_iter().filter(|(_, n)| (1..5).contains(n)).collect();
            assert!(small.is_empty(), "{rows} {method:?} {small:?}");
            // A step of the curve is nobody or at least five of either outcome.
            let (yes, no) =
                (exact.test_positives as f64, (exact.test_rows as f64 - exact.test_positives as f64));
            for pair in shared.curve.windows(2).filter(|_| method == Method::Suppress) {
                for step in [
                    (pair[1].recall - pair[0].recall) * yes,
                    (pair[1].false_positive_rate - pair[0].false_positive_rate) * no,
                ] {
                    assert!(!(0.01..=4.99).contains(&step), "{rows} {step}");
                }
            }
            assert!(shared.periods.iter().all(|p| p.from.len() == 7 && p.to.len() == 7), "months only");
            // It is sealed for what it says, and says nothing by which the exact counts could be guessed.
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("card.json");
            std::fs::write(&path, shared.to_json()).unwrap();
            assert_eq!(check_seal(&path).unwrap().card, shared.signature);
            assert!(!shared.to_json().contains(&exact.signature) && shared.signature != exact.signature);
            let back: Card = serde_json::from_str(&shared.to_json()).unwrap();
            assert_eq!(back.cells, shared.cells);
            assert_eq!(shared.shared(Rule { method: Method::Round, least: 50 }, 1), shared, "it stays");
        }
    }
    // The same test fails for the card with all its counts.
    assert!(counts(&card_of(60)).iter().any(|(_, n)| (1..5).contains(n)));
}

#[test]
fn a_small_cell_takes_its_matrix_and_every_share_of_it_along() {
    let mut exact = card_of(240);
    exact.test_rows = 100;
    exact.test_positives = 22;
    exact.confusion =
        Confusion { true_positive: 20, false_negative: 2, false_positive: 9, true_negative: 69 };
    exact.rows = exact.train_rows + exact.valid_rows + exact.test_rows;
    exact.steps.clear();
    let shared = exact.shared(Rule::default(), 1);
    assert_eq!(shared.mark("confusion.false_negative"), Mark::Less);
    for name in ["true_positive", "false_positive", "true_negative"] {
        assert_eq!(shared.mark(&format!("confusion.{name}")), Mark::Hidden, "{name}");
    }
    // The totals stand, since the matrix cannot be worked out from them.
    assert_eq!((shared.test_rows, shared.test_positives), (100, 22));
    assert_eq!(shared.mark("test_rows"), Mark::Plain);
    for name in ["recall", "precision", "accuracy", "f1"] {
        assert!(
            !shared.metrics.contains_key(name) && shared.mark(&format!("metrics.{name}")) == Mark::Hidden
        );
    }
    assert!(shared.metrics.contains_key("roc_auc") && shared.cells.as_ref().unwrap().holds);
    // One row that was left out would be told by all rows less those of the sides.
    exact.rows += 1;
    let shared = exact.shared(Rule::default(), 1);
    assert_eq!((shared.mark("rows"), shared.rows), (Mark::Hidden, 0));
    assert!(shared.train_rows > 0 && shared.valid_rows > 0 && shared.test_rows > 0);
    // Where only three test rows have the outcome, nothing is told of how well it is found.
    exact.test_positives = 3;
    exact.confusion = Confusion { true_positive: 1, false_negative: 2, false_positive: 9, true_negative: 88 };
    let shared = exact.shared(Rule::default(), 1);
    assert!(shared.metrics.is_empty() && shared.curve.is_empty() && shared.calibration.is_empty());
    assert!(!shared.is_judged());
}

#[test]
fn rounded_cards_add_up() {
    let exact = card_of(240);
    let shared = exact.shared(Rule { method: Method::Round, least: 5 }, 3);
    let c = shared.confusion;
    assert_eq!(c.total(), shared.test_rows as u64);
    assert_eq!(c.true_positive + c.false_negative, shared.test_positives);
    assert!(counts(&shared).iter().all(|(_, n)| n % 5 == 0), "{:?}", counts(&shared));
    assert!(shared.test_rows.abs_diff(exact.test_rows) < 5);
    assert!(!shared.metrics.contains_key("recall"), "a share of exact counts is the counts again");
}

#[test]
fn a_shared_bundle_scores_as_before_and_keeps_no_rare_word() {
    let (exact, table) = made(240);
    let silent = Reporter::silent();
    for rule in [Rule::default(), Rule { method: Method::Round, least: 20 }] {
        let shared = exact.shared(rule, 5);
        let [a, b] = [&exact, &shared].map(|of| of.score(&table, Lacking::Refuse, &silent).unwrap());
        assert_eq!(a.rows, b.rows);
        assert_eq!(shared.profiles.len(), exact.profiles.len());
        for profile in shared.profiles.iter().chain(&shared.scores) {
            assert!(profile.is_sound(), "{profile:?}");
            let (Spread::Numbers { shares, .. } | Spread::Levels { shares, .. }) = &profile.spread;
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{profile:?}");
            let present = profile.rows as f64 * (1.0 - profile.missing);
            for share in shares {
                let count = share * present;
                let least = f64::from(rule.least);
                assert!((count / least - (count / least).round()).abs() < 1e-6, "{count} {profile:?}");
            }
        }
        // It is saved and opened as any other.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bundle");
        shared.save(&path).unwrap();
        assert_eq!(Bundle::open(&path).unwrap().card, shared.card);
        assert_eq!(check_seal(&path).unwrap().card, shared.card.unwrap().signature);
    }
}
