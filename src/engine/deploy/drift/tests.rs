use polars::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Normal};

use super::*;
use crate::deploy::{Profile, profile, profile_scores};
use crate::detect::{date, number};
use crate::table::{ColumnSpec, Frame, Role};

fn spec(name: &str, role: Role) -> ColumnSpec {
    ColumnSpec {
        name: name.to_owned(),
        role,
        value_type: crate::table::ValueType::Number,
        decimal: number::Decimal::default(),
        date_order: date::Order::default(),
        keep_na: false,
    }
}

fn schema() -> Vec<ColumnSpec> {
    let role = |name: &&str| if *name == "city" { Role::Category } else { Role::Number };
    ["age", "spend", "visits", "city", "gap"].iter().map(|name| spec(name, role(name))).collect()
}

/// Customers of a shop: `older` years are added to their age, `gone` is the share without a spend.
fn customers(rows: usize, seed: u64, older: f64, gone: f64) -> (Frame, Vec<f64>) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let (age, spend) = (Normal::new(40.0, 12.0).unwrap(), LogNormal::new(4.0, 1.2).unwrap());
    let cities = ["Bonn", "Kiel", "Ulm", "Köln", "Jena", "Gera", "Hof", "Trier"];
    let mut columns: [Vec<Option<f64>>; 4] = Default::default();
    let mut city = Vec::new();
    let mut scores = Vec::new();
    for _ in 0..rows {
        columns[0].push(Some(age.sample(&mut chance) + older));
        columns[1].push((chance.gen_range(0.0..1.0) >= gone).then(|| spend.sample(&mut chance)));
        columns[2].push(Some(f64::from(chance.gen_range(0..6) * chance.gen_range(0..3))));
        columns[3].push(chance.gen_bool(0.7).then(|| chance.gen_range(0.0..1.0)));
        let at = (chance.gen_range(0.0f64..1.0).powi(2) * cities.len() as f64) as usize;
        city.push(cities[at]);
        scores.push(chance.gen_range(0.0f64..1.0).powi(3));
    }
    let mut all: Vec<Column> = ["age", "spend", "visits", "gap"]
        .iter()
        .zip(columns)
        .map(|(name, values)| {
            Float64Chunked::from_iter_options((*name).into(), values.into_iter()).into_series().into()
        })
        .collect();
    all.push(Series::new("city".into(), city).into());
    let data = DataFrame::new(rows, all).unwrap();
    (Frame { rows: std::sync::Arc::new((2..).take(rows).collect()), data }, scores)
}

fn profiles(rows: usize) -> (Vec<(Profile, ColumnKind)>, Profile) {
    let (frame, scores) = customers(rows, 1, 0.0, 0.05);
    let of_kind = |profile: Profile| match profile.column.as_str() {
        "city" => (profile, ColumnKind::Category),
        _ => (profile, ColumnKind::Number),
    };
    let profiles = profile(&schema(), &frame).into_iter().map(of_kind).collect();
    (profiles, profile_scores(&scores).unwrap())
}

fn report(
    batch: &(Frame, Vec<f64>),
    then: &(Vec<(Profile, ColumnKind)>, Profile),
    rules: &Rules,
) -> DriftReport {
    let mut gather = Gather::of_profiles(&then.0, Some(&then.1));
    gather.add(&batch.0, &batch.1);
    gather.finish(rules)
}

/// How often a batch without drift has an alert.
fn false_alarms(rows: usize, rules: &Rules, then: &(Vec<(Profile, ColumnKind)>, Profile)) -> f64 {
    let batches = 500;
    let alarmed = (0..batches)
        .filter(|seed| !report(&customers(rows, 1000 + seed, 0.0, 0.05), then, rules).alerts.is_empty())
        .count();
    alarmed as f64 / batches as f64
}

#[test]
fn without_drift_there_is_hardly_an_alarm() {
    let then = profiles(4000);
    // The guard against chance alone, without thresholds.
    let bare = Rules { psi: 0.0, ks: 0.0, missing: 0.0, outside: 0.0, ..Rules::default() };
    for rows in [60, 200, 1000, 5000] {
        let (guard, usual) = (false_alarms(rows, &bare, &then), false_alarms(rows, &Rules::default(), &then));
        println!("{rows} rows: {guard:.3} of batches by the guard alone, {usual:.3} with the usual rules");
        assert!(guard <= 0.03, "{rows} rows: {guard}");
        assert!(usual <= guard.max(0.01), "{rows} rows: {usual}");
    }
}

#[test]
fn what_moved_is_told_and_what_did_not_is_not() {
    let then = profiles(4000);
    let kinds = |report: &DriftReport| -> Vec<(AlertKind, String)> {
        report.alerts.iter().map(|alert| (alert.kind, alert.column.clone())).collect()
    };
    let older = report(&customers(1000, 7, 10.0, 0.05), &then, &Rules::default());
    assert_eq!(older.columns[0].column, "age");
    assert!(kinds(&older).contains(&(AlertKind::Psi, "age".into())), "{:?}", older.alerts);
    assert!(older.alerts.iter().all(|alert| alert.column == "age"), "{:?}", older.alerts);
    let gone = report(&customers(1000, 8, 0.0, 0.4), &then, &Rules::default());
    assert_eq!(kinds(&gone), [(AlertKind::Missing, "spend".into())]);
    let mut strange = customers(1000, 9, 0.0, 0.05);
    let cities: Vec<&str> = (0..1000).map(|at| if at % 10 == 0 { "Wien" } else { "Bonn" }).collect();
    strange.0.data.replace("city", Series::new("city".into(), cities).into()).unwrap();
    let strange = report(&strange, &then, &Rules::default());
    assert!(kinds(&strange).contains(&(AlertKind::Unseen, "city".into())));
    let city = strange.columns.iter().find(|column| column.column == "city").unwrap();
    assert_eq!((city.unseen, city.unseen_levels.clone()), (100, vec![("Wien".to_owned(), 100)]));
    let mut scores = customers(1000, 10, 0.0, 0.05);
    scores.1.iter_mut().for_each(|p| *p = p.sqrt());
    assert_eq!(kinds(&report(&scores, &then, &Rules::default())), [(AlertKind::Score, String::new())]);
}

#[test]
fn blocks_add_up_to_the_whole() {
    let then = profiles(4000);
    let batch = customers(999, 11, 3.0, 0.1);
    let mut gather = Gather::of_profiles(&then.0, Some(&then.1));
    for from in (0..999).step_by(100) {
        let rows = 100.min(999 - from);
        let data = batch.0.data.slice(from as i64, rows);
        let ids = batch.0.rows.iter().skip(from).take(rows).copied().collect();
        gather.add(&Frame { rows: std::sync::Arc::new(ids), data }, &batch.1[from..from + rows]);
    }
    let (mut parts, whole) = (gather.finish(&Rules::default()), report(&batch, &then, &Rules::default()));
    // A sum of floating-point numbers depends on its order.
    assert!((parts.mean_score - whole.mean_score).abs() < 1e-12);
    parts.mean_score = whole.mean_score;
    assert_eq!(parts, whole);
}

#[test]
fn parts_that_were_counted_apart_are_as_if_counted_in_turn() {
    let then = profiles(4000);
    let (mut joined, mut in_turn) =
        (Gather::of_profiles(&then.0, Some(&then.1)), Gather::of_profiles(&then.0, Some(&then.1)));
    let none = joined.clone();
    for part in 0..4 {
        let mut block = customers(700, 20 + part, 3.0, 0.1);
        // More new towns than are kept, some of them in every part.
        let towns: Vec<String> = (0..700)
            .map(|at| if at % 7 == 0 { format!("town {at}") } else { format!("town {part} {}", at / 2) })
            .collect();
        block.0.data.replace("city", Series::new("city".into(), towns).into()).unwrap();
        joined.join(none.part(&block.0, &block.1));
        in_turn.add(&block.0, &block.1);
    }
    assert!(joined.finish(&Rules::default()) == in_turn.finish(&Rules::default()));
}

#[test]
fn a_distance_by_hand() {
    // 1, 2, …, 200 then; the upper half now: at the median all of the new values are above.
    let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
    let column: Float64Chunked = (101..=200).map(|v| Some(f64::from(v))).collect();
    let data = DataFrame::new(100, vec![column.with_name("x".into()).into_series().into()]).unwrap();
    let fine = Fine::of(&sorted).unwrap();
    assert_eq!((fine.cuts.len(), fine.range), (9, Some((5.0, 196.0))));
    let mut then = profile_scores(&sorted).unwrap();
    then.column = "x".to_owned();
    let mut gather = Gather::of_profiles(&[(then, ColumnKind::Number)], None);
    gather.add(&Frame { rows: std::sync::Arc::new((2..102).collect()), data }, &[0.5; 100]);
    let report = gather.finish(&Rules::default());
    let x = &report.columns[0];
    // At the cut 101 half of the old values and one of the new ones are passed: 0.505 − 0.01.
    assert!((x.ks.unwrap() - 0.495).abs() < 1e-12, "{:?}", x.ks);
    assert_eq!(x.outside.unwrap().0, 4);
}

#[test]
fn rules_are_read_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.json");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Rules::open(&path).map_err(|error| error.kind())
    };
    assert_eq!(read("{\"psi\":0.2}").unwrap(), Rules { psi: 0.2, ..Rules::default() });
    for wrong in ["{\"psy\":0.2}", "{\"psi\":-1}", "{\"false_alarms\":0}", "[", "{\"ks\":\"high\"}"] {
        assert_eq!(read(wrong), Err("bad_watch_settings"), "{wrong}");
    }
}

#[test]
fn a_worse_model_and_a_wrong_level_are_told() {
    let mut chance = ChaCha8Rng::seed_from_u64(3);
    let p: Vec<f64> = (0..2000).map(|_| chance.gen_range(0.05..0.6)).collect();
    let labels: Vec<bool> = p.iter().map(|p| chance.gen_bool(*p)).collect();
    let right = performance(&p, &labels, None).unwrap();
    assert!(right.alerts.is_empty(), "{right:?}");
    let high: Vec<f64> = p.iter().map(|p| p + 0.2).collect();
    let told = performance(&high, &labels, None).unwrap();
    assert_eq!(told.alerts.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::Calibration]);
    assert_eq!(told.roc_auc, right.roc_auc);
    assert_eq!(performance(&[], &[], None), None);
}
