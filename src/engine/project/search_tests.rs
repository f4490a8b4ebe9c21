//! A search sees no test row, and its winner is what the Train page would train.

use super::prepare::{clean_local, fit_on};
use super::search::in_folds;
use super::*;
use crate::job::Reporter;
use crate::split::{self, Side};
use crate::table::Table;
use crate::train::search::{SearchKind, SearchSpec};
use crate::train::{DeviceKind, ModelKind};

fn table() -> Table {
    let mut text = String::from("id,visits,spend,plan,left\n");
    for i in 0..260usize {
        let plan = ["basic", "plus", "pro"][i * 7 % 3];
        let left = (i * 31 % 17) + 4 * (i * 7 % 3) + i * 13 % 11 > 17;
        let (visits, spend) = ((i * 31 % 17) * 20 + i % 20, i * 13 % 11 * 10 + i % 7);
        text += &format!("C{i},{visits},{spend},{plan},{}\n", if left { "yes" } else { "no" });
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.csv");
    std::fs::write(&path, text).unwrap();
    crate::collect::open(&path, &Default::default(), &Reporter::silent()).unwrap()
}

fn settings() -> Settings {
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 6;
    settings
}

/// Without what the clock says.
fn timeless(mut found: Searched) -> Searched {
    found.trials.iter_mut().for_each(|trial| trial.seconds = 0.0);
    found
}

#[test]
fn labels_of_test_rows_change_nothing_in_a_search() {
    let (settings, silent) = (settings(), Reporter::silent());
    let local = clean_local(&settings, &table(), &silent).unwrap();
    let sides = split::assign(&settings.split, &local.labels.of_row, &local.twins, settings.seed);
    for (kind, folds) in [(SearchKind::Mlp, 0), (SearchKind::Boosted, 0), (SearchKind::Boosted, 3)] {
        let spec = SearchSpec { trials: 5, folds, ..SearchSpec::of(kind) };
        let run = |local: &prepare::Local| {
            let prepared = fit_on(&settings, local.clone(), sides.clone(), &silent).unwrap();
            let samples = match folds {
                0 => vec![prepared.samples()],
                _ => in_folds(&settings, local, &sides, folds, &silent).unwrap(),
            };
            timeless(search::run(&settings, &prepared, &samples, &spec, &silent).unwrap())
        };
        let flip = |side: Side| {
            let mut other = local.clone();
            for (label, at) in other.labels.of_row.iter_mut().zip(&sides) {
                *label = label.map(|label| label != (*at == side));
            }
            other
        };
        let (plain, planted) = (run(&local), run(&flip(Side::Test)));
        assert_eq!(plain.trials, planted.trials, "{kind:?} {folds}: a test label was looked at");
        assert_eq!(plain.best, planted.best);
        // The check can fail: the test figure turns round, and validation labels matter.
        let area = |found: &Searched| found.test.fixed("roc_auc").unwrap().value;
        assert!((area(&plain) + area(&planted) - 1.0).abs() < 1e-9);
        assert_ne!(plain.trials, run(&flip(Side::Valid)).trials);
    }
}

#[test]
fn the_winner_is_what_training_with_its_settings_gives() {
    let (settings, silent) = (settings(), Reporter::silent());
    let table = table();
    for kind in SearchKind::ALL {
        let spec = SearchSpec { trials: 6, ..SearchSpec::of(kind) };
        let found = search(&settings, &table, &spec, &silent).unwrap();
        let again = search(&settings, &table, &spec, &silent).unwrap();
        assert_eq!(timeless(found.clone()).trials, timeless(again).trials);
        let prepared = prepare(&found.settings, &table, &silent).unwrap();
        let outcome = learn(&found.settings, &prepared, kind.model(), &silent).unwrap();
        assert_eq!(outcome.test, found.test);
        let trained = &outcome.trained;
        assert_eq!(trained.history[trained.best_epoch - 1].valid_auc, found.winner().unwrap().valid_auc);
        assert_eq!(found.valid_rows, prepared.count(Side::Valid));
        // Settings that were found are part of what the outcome depends on.
        if found.best > 0 {
            assert_ne!(found.settings.key(&table), settings.key(&table), "{kind:?}");
        }
        assert_eq!(found.settings.rows_key(&table), settings.rows_key(&table));
    }
    let text = serde_json::to_string(&settings).unwrap();
    assert!(!text.contains("boosted"), "usual settings are not written: old keys stay");
}

#[test]
fn a_comparison_tells_its_folds_as_they_pass() {
    let settings = settings();
    let kinds = [ModelKind::Boosted, ModelKind::Logistic, ModelKind::Majority];
    let (send, heard) = std::sync::mpsc::channel();
    let found = compare(&settings, &table(), &kinds, 4, &Reporter::to(send)).unwrap();
    let mut standing = crate::evaluate::Standing::new(&kinds, 4);
    let mut steps = Vec::new();
    for event in heard {
        standing.take(&event);
        steps.push(standing.done().0);
        if matches!(event, crate::job::Event::FoldDone { fold: 1, kind: ModelKind::Boosted, .. }) {
            assert_eq!(standing.waiting(), [ModelKind::Logistic, ModelKind::Majority]);
            assert_eq!(standing.so_far().models[0].metrics["roc_auc"].folds.len(), 1);
        }
    }
    assert!(steps.windows(2).all(|pair| pair[1] - pair[0] <= 1));
    assert_eq!(standing.done(), (12, 12));
    let live = standing.so_far();
    for (live, whole) in live.models.iter().zip(&found.models) {
        assert_eq!((live.kind, &live.metrics, live.seconds), (whole.kind, &whole.metrics, whole.seconds));
    }
}
