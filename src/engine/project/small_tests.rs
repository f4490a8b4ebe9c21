//! Smaller networks from a file to the scores of a bundle.

use std::path::PathBuf;

use super::*;
use crate::collect::{self as files, ReadOptions};
use crate::deploy::{Bundle, Lacking};
use crate::evaluate::RepairKind;
use crate::job::Reporter;
use crate::table::Table;
use crate::train::small::{SmallSpec, Way};
use crate::train::{DeviceKind, ModelKind};

fn sample() -> Table {
    files::open(&testing::sample(), &ReadOptions::default(), &Reporter::silent()).unwrap()
}

fn quick(seed: u64) -> Settings {
    let mut settings = Settings { seed, device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 12;
    settings
}

#[test]
fn every_way_is_measured_and_the_one_that_is_taken_scores_alike_everywhere() {
    let quiet = Reporter::silent();
    let table = sample();
    for repair in [RepairKind::None, RepairKind::Platt] {
        let settings = Settings { repair, ..quick(2) };
        let prepared = prepare(&settings, &table, &quiet).unwrap();
        let full = learn(&settings, &prepared, ModelKind::Mlp, &quiet).unwrap();
        let spec = SmallSpec { epochs: 6, ..SmallSpec::default() };
        let found = find_smaller(&settings, &prepared, &full, &spec, &quiet).unwrap();
        assert_eq!((found.rows.len(), found.failed.len()), (1 + Way::ALL.len(), 0), "{:?}", found.failed);
        let first = found.full().unwrap();
        let shown = repaired(&prepared, &full, repair).unwrap_or_else(|| full.clone());
        assert_eq!(first.roc_auc, shown.test.fixed("roc_auc"), "the full model's own figures");
        assert_eq!((first.changed, first.auc_difference), (0, None));
        for row in found.rows.iter().skip(1) {
            let way = row.way.unwrap();
            assert!(row.bytes < first.bytes && row.per_second > 0.0, "{way:?} {}", row.bytes);
            let (raw, set) =
                take_smaller(&settings, &prepared, &full.trained, (&found, way), &quiet).unwrap();
            let taken = set.as_ref().unwrap_or(&raw);
            assert_eq!(taken.repair.is_some(), repair != RepairKind::None, "its own repair");
            assert_eq!(taken.test.fixed("roc_auc"), row.roc_auc, "{way:?}: what was shown is what is taken");
            let own = |outcome: &Outcome| outcome.test.fixed("log_loss").unwrap().value;
            assert_eq!(Some(own(taken)), row.log_loss.map(|loss| loss.value));
            let price = taken.trained.model.small().unwrap().price.unwrap();
            assert_eq!((price.bytes, price.full_bytes), (row.bytes, first.bytes));

            let card = card(&settings, &table, &prepared, taken, &[taken], &quiet).unwrap();
            assert_eq!(card.small.as_ref().map(|small| (small.way, small.price)), Some((way, Some(price))));
            if way == Way::Distilled {
                assert_eq!(card.network.as_ref().unwrap().hidden, [spec.student]);
            }
            let made = bundle(&settings, &prepared, taken, Some(card));
            assert_eq!(made.version, if way.is_packed() { 3 } else { 2 });
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("small.bundle");
            made.save(&path).unwrap();
            let opened = Bundle::open(&path).unwrap();
            assert_eq!(opened.model, taken.trained.model);
            let scores = opened.score(&table, Lacking::Refuse, &quiet).unwrap();
            for customer in rank(&prepared, taken, None) {
                let scored = scores.rows.iter().find(|scored| scored.row == customer.row).unwrap();
                assert!((scored.probability - customer.probability).abs() < 1e-9, "{way:?}");
            }
            // A project keeps it as well.
            let saved = serde_json::to_string(&SavedModel::of(&raw)).unwrap();
            let again: SavedModel = serde_json::from_str(&saved).unwrap();
            assert_eq!(again.restore(&prepared).unwrap().probabilities, raw.probabilities);
            assert_eq!(
                find_smaller(&settings, &prepared, taken, &spec, &quiet).unwrap_err().kind(),
                "small_already"
            );
        }
    }
}

#[test]
fn a_bundle_finds_its_rows_again_and_refuses_others() {
    let quiet = Reporter::silent();
    let table = sample();
    let settings = Settings { repair: RepairKind::Isotonic, ..quick(5) };
    let prepared = prepare(&settings, &table, &quiet).unwrap();
    let raw = learn(&settings, &prepared, ModelKind::Mlp, &quiet).unwrap();
    let full = repaired(&prepared, &raw, settings.repair).unwrap();
    let card = card(&settings, &table, &prepared, &full, &[&full], &quiet).unwrap();
    let made = bundle(&settings, &prepared, &full, Some(card));
    let told = settings_of(&made);
    assert_eq!((told.seed, told.repair), (5, RepairKind::Isotonic));
    let (rows, again) = full_of_bundle(&made, &told, &table, &quiet).unwrap();
    assert_eq!((rows.sides, again.probabilities), (prepared.sides.clone(), raw.probabilities.clone()));
    let refused = |made: &Bundle, settings: &Settings, table: &Table| {
        full_of_bundle(made, settings, table, &quiet).map(|_| ()).unwrap_err().kind()
    };
    let other = Settings { seed: 6, ..told.clone() };
    assert_eq!(refused(&made, &other, &table), "small_other_rows");
    let mut changed = table.clone();
    changed.source.hash = "another".into();
    assert_eq!(refused(&made, &told, &changed), "small_other_rows");
    assert_eq!(refused(&Bundle { card: None, ..made.clone() }, &told, &table), "small_other_rows");
    let tree = learn(&settings, &prepared, ModelKind::Tree, &quiet).unwrap();
    assert_eq!(refused(&bundle(&settings, &prepared, &tree, None), &told, &table), "small_no_weights");
}

/// Public data under REGULARS_DATA: on Telco no way costs more than a hundredth of AUC.
#[test]
fn on_telco_no_way_costs_more_than_a_hundredth() {
    let Some(data) = std::env::var_os("REGULARS_DATA") else {
        eprintln!("skipped: REGULARS_DATA is not set");
        return;
    };
    let quiet = Reporter::silent();
    let path = PathBuf::from(data).join("telco-churn/Telco-Customer-Churn.csv");
    let table = files::open(&path, &ReadOptions::default(), &quiet).unwrap();
    let settings = Settings { seed: 1, device: DeviceKind::Flex, ..Settings::default() };
    let prepared = prepare(&settings, &table, &quiet).unwrap();
    let full = learn(&settings, &prepared, ModelKind::Mlp, &quiet).unwrap();
    let found = find_smaller(&settings, &prepared, &full, &SmallSpec::default(), &quiet).unwrap();
    assert_eq!(found.rows.len(), 1 + Way::ALL.len());
    for row in found.rows.iter().skip(1) {
        let paired = row.auc_difference.unwrap();
        assert!(paired.difference > -0.01, "{:?} {paired:?}", row.way);
    }
    let bytes = |way| found.of(way).unwrap().bytes as f64 / found.full().unwrap().bytes as f64;
    assert!(bytes(Way::EightBit) < 0.4, "{}", bytes(Way::EightBit));
}
