//! Kinds of cross-validation, the learning curve and the figures of a bundle, on a small shop.

use std::fmt::Write as _;

use super::*;
use crate::deploy::Lacking;
use crate::evaluate::{Finding, Footing, MoreData};
use crate::job::Reporter;
use crate::metrics::Figure;
use crate::table::Table;
use crate::train::search::{SearchKind, SearchSpec};
use crate::train::{DeviceKind, ModelKind};

/// A shop: visits and a date of joining tell who leaves, with noise; four customers to a household.
pub(super) fn shop(rows: usize, labelled: impl Fn(usize) -> bool) -> Table {
    let mut text = String::from("id,household,joined,visits,spend,left\n");
    let noise = |i: usize, salt: usize| ((i * 7919 + salt * 104_729) % 1009) as f64 / 1009.0;
    for i in 0..rows {
        let (visits, spend) = (noise(i, 1) * 20.0, noise(i, 2) * 300.0);
        let risk = 1.2 - visits / 12.0 - spend / 900.0 + 0.5 * (noise(i, 3) - 0.5);
        let left = if !labelled(i) {
            ""
        } else if risk > 0.45 {
            "yes"
        } else {
            "no"
        };
        let day = i % 28 + 1;
        let month = i * 24 / rows.max(1);
        let (year, month) = (2023 + month / 12, month % 12 + 1);
        writeln!(text, "C{i},H{},{year}-{month:02}-{day:02},{visits:.2},{spend:.2},{left}", i / 4).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.csv");
    std::fs::write(&path, text).unwrap();
    crate::collect::open(&path, &Default::default(), &Reporter::silent()).unwrap()
}

fn flex() -> Settings {
    Settings { device: DeviceKind::Flex, ..Settings::default() }
}

#[test]
fn folds_by_group_and_by_time_are_measured() {
    let (table, silent) = (shop(400, |_| true), Reporter::silent());
    let kinds = [ModelKind::Logistic, ModelKind::Majority];
    let by = |cross: Cross| {
        let spec = CrossSpec { cross, ..CrossSpec::of(4) };
        compare_by(&flex(), &table, &kinds, &spec, &silent)
    };
    let grouped = by(Cross::Grouped { column: "household".into() }).unwrap();
    assert_eq!((grouped.folds, grouped.rows.len()), (4, 400));
    assert!(grouped.models[0].kind == ModelKind::Logistic);
    assert!(grouped.models[0].metrics["roc_auc"].mean > 0.85);
    assert!(grouped.models.iter().all(|m| m.probabilities.len() == 400));
    let forward = by(Cross::Forward { column: None }).unwrap();
    // The oldest fifth is learnt from and never measured on.
    assert!((300..=330).contains(&forward.rows.len()), "{}", forward.rows.len());
    assert!(forward.models.iter().all(|m| m.probabilities.len() == forward.rows.len()));
    assert!(forward.rows.iter().all(|row| *row > 60), "the first rows joined first");
    assert!(forward.test_to_train > grouped.test_to_train, "the first folds learn from little");
    let logistic = forward.models.iter().find(|m| m.kind == ModelKind::Majority).unwrap();
    assert!(forward.paired(logistic).is_some_and(|pair| pair.is_real() && pair.difference < -0.2));
    assert_eq!(by(Cross::Grouped { column: "nowhere".into() }).unwrap_err().kind(), "no_column");
    let error = by(Cross::Forward { column: Some("visits".into()) }).unwrap_err();
    assert_eq!(error.kind(), "behaviour_no_dates");
}

#[test]
fn a_nested_search_searches_in_every_fold() {
    let (events, heard) = std::sync::mpsc::channel();
    let search = SearchSpec { trials: 3, halving: false, ..SearchSpec::of(SearchKind::Boosted) };
    let spec = CrossSpec { nested: Some(search), ..CrossSpec::of(3) };
    let kinds = [ModelKind::Boosted, ModelKind::Logistic];
    let report = Reporter::to(events);
    let found = compare_by(&flex(), &shop(300, |_| true), &kinds, &spec, &report).unwrap();
    drop(report);
    let trials = heard.iter().filter(|event| matches!(event, crate::job::Event::Trial(_))).count();
    assert_eq!((trials, found.models.len()), (9, 2), "three trials in each of three folds");
}

#[test]
fn the_learning_curve_rises_on_held_out_rows_and_can_be_cancelled() {
    let table = shop(1500, |_| true);
    let curve = learning_curve(&flex(), &table, ModelKind::Tree, &Reporter::silent()).unwrap();
    assert_eq!(curve.points.len(), 6, "{curve:?}");
    assert!(curve.points.windows(2).all(|pair| pair[0].rows < pair[1].rows));
    let area = |at: usize| curve.points[at].area.value;
    assert!(area(5) > area(0), "{curve:?}");
    assert!(curve.doubled.is_some() && curve.finding != MoreData::Unknown);
    // All training rows: what the Train page gets.
    let prepared = prepare(&flex(), &table, &Reporter::silent()).unwrap();
    let learnt = learn(&flex(), &prepared, ModelKind::Tree, &Reporter::silent()).unwrap();
    assert!((area(5) - learnt.test.fixed("roc_auc").unwrap().value).abs() < 1e-12);
    // Sixty customers: too few steps for a law, and no failure.
    let few = learning_curve(&flex(), &shop(60, |_| true), ModelKind::Logistic, &Reporter::silent()).unwrap();
    assert!(!few.points.is_empty() && few.points.len() < 6, "{few:?}");
    let job = crate::job::Job::start(
        || (),
        move |report: &Reporter| learning_curve(&flex(), &table, ModelKind::Logistic, report),
    );
    job.cancel();
    assert!(matches!(job.wait(), Some(Err(crate::Error::Cancelled))));
}

#[test]
fn a_model_is_judged_beside_the_others() {
    let (table, silent) = (shop(800, |_| true), Reporter::silent());
    let prepared = prepare(&flex(), &table, &silent).unwrap();
    let learn = |kind| learn(&flex(), &prepared, kind, &silent).unwrap();
    let all = [learn(ModelKind::Logistic), learn(ModelKind::Tree), learn(ModelKind::Majority)];
    let judged = judge(&prepared, &all[0], &[&all[1], &all[2]], 0.5, &silent).unwrap().unwrap();
    let shown = all[0].test.metrics(0.5);
    for (name, estimate) in shown {
        let own = judged.table.figures.iter().find(|row| row.measured.figure.name() == name).unwrap();
        assert_eq!(own.measured.estimate, estimate, "{name}: two pages, one figure");
    }
    assert_eq!(judged.pairs.len(), 2);
    let majority = judged.pairs.iter().find(|pair| pair.model == ModelKind::Majority).unwrap();
    assert_eq!(majority.by_area, Finding::Better);
    let beaten = judged.table.figures.iter().find(|row| row.measured.figure == Figure::RocAuc).unwrap();
    assert_eq!(beaten.beats_guess(), Some(true));
}

#[test]
fn a_bundle_is_measured_on_rows_whose_outcome_is_known() {
    let (table, silent) = (shop(600, |_| true), Reporter::silent());
    let prepared = prepare(&flex(), &table, &silent).unwrap();
    let learnt = learn(&flex(), &prepared, ModelKind::Logistic, &silent).unwrap();
    let card = card(&flex(), &table, &prepared, &learnt, &[&learnt], &silent).unwrap();
    let bundle = bundle(&flex(), &prepared, &learnt, Some(card));
    let of = |table: &Table| measure(&bundle, table, Lacking::Refuse, &silent);
    let own = of(&table).unwrap();
    assert!(own.seen && own.labelled == 600, "the file that it learnt from is known again");
    let part = of(&shop(500, |i| i % 3 > 0)).unwrap();
    assert_eq!((part.seen, part.rows, part.labelled), (false, 500, 333));
    assert!(part.judged.table.get(Figure::RocAuc).unwrap().value > 0.85);
    assert_eq!(of(&shop(80, |_| false)).unwrap_err().kind(), "empty_target");
    let few = of(&shop(8, |_| true)).unwrap();
    assert_eq!((few.judged.trust.footing, few.judged.trust.roc_auc), (Footing::TooFew, None));
    // Cancelled is cancelled, not a figure.
    let job = crate::job::Job::start(
        || (),
        move |report: &Reporter| {
            while report.check().is_ok() {}
            judge(&prepared, &learnt, &[], 0.5, report)
        },
    );
    job.cancel();
    assert!(matches!(job.wait(), Some(Err(crate::Error::Cancelled))));
}
