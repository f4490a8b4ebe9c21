//! Planted slices are found, noise is not.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::job::Reporter;
use crate::metrics;

const CITIES: [&str; 5] = ["Bonn", "Kiel", "Ulm", "Jena", "Gera"];
const PLANS: [&str; 3] = ["basic", "plus", "pro"];

struct Planted {
    rows: Rows,
    groupings: Vec<Grouping>,
}

/// Customers of five cities, three plans and four ages; where `flips` says so, the label is the other.
fn planted(n: usize, seed: u64, flips: impl Fn(&str, &str, f64) -> bool) -> Planted {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut p, mut y) = (Vec::new(), Vec::new());
    let (mut cities, mut plans, mut ages) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let (city, plan) = (CITIES[rng.gen_range(0..5)], PLANS[rng.gen_range(0..3)]);
        let age: f64 = rng.gen_range(18.0f64..80.0).round();
        let q: f64 = rng.gen_range(0.02..0.98);
        p.push(q);
        y.push(rng.gen_bool(q) != flips(city, plan, age));
        cities.push(city);
        plans.push(plan);
        ages.push(Some(age));
    }
    let (rows, order) = Rows::sorted(&p, &y);
    let groupings = [
        by_level("city", cities.iter().map(|city| Some(*city))),
        by_level("plan", plans.iter().map(|plan| Some(*plan))),
        by_number("age", &ages, 0..n, |age| age.to_string()),
    ];
    Planted { rows, groupings: groupings.iter().map(|grouping| grouping.select(&order)).collect() }
}

fn found(of: &Planted, measure: Measure) -> Found {
    let search = Search { measure, ..Search::default() };
    super::search(&of.rows, &of.groupings, &search, &Reporter::silent()).unwrap()
}

fn names(of: &Planted, slice: &Slice) -> Vec<Level> {
    slice.conditions.iter().map(|one| of.groupings[one.grouping].levels[one.level].clone()).collect()
}

#[test]
fn a_slice_with_flipped_labels_is_found_first() {
    let of = planted(3000, 1, |city, _, _| city == "Ulm");
    for measure in [Measure::Auc, Measure::Recall, Measure::Precision] {
        let found = found(&of, measure);
        let first = &found.worst[0];
        assert_eq!(names(&of, first), [Level::Is("Ulm".into())], "{measure:?}");
        assert!(first.is_claimed() && first.estimate.high < first.rest, "{first:?}");
        let others = found.worst.iter().skip(1).filter(|slice| slice.is_claimed());
        assert!(others.clone().all(|slice| names(&of, slice).contains(&Level::Is("Ulm".into()))));
    }
    // Every level is told, with the rows of each.
    let found = found(&of, Measure::Auc);
    assert_eq!(found.singles.len(), 5 + 3 + 4);
    assert_eq!(found.singles.iter().take(5).map(|slice| slice.rows).sum::<usize>(), 3000);
    assert_eq!(found.family, 12 + 5 * 3 + 5 * 4 + 3 * 4);
    assert!(found.looked_at > 12 && found.looked_at <= found.family);
}

#[test]
fn a_slice_of_two_columns_is_found_first() {
    let of = planted(4000, 2, |city, plan, _| city == "Jena" && plan == "pro");
    let found = found(&of, Measure::Auc);
    let first = &found.worst[0];
    assert_eq!(names(&of, first), [Level::Is("Jena".into()), Level::Is("pro".into())]);
    assert!(first.is_claimed() && first.estimate.value < 0.5, "{first:?}");
}

#[test]
fn a_gap_of_calibration_is_found_where_it_is() {
    let mut of = planted(4000, 3, |_, _, _| false);
    let young = |at: usize, of: &Planted| of.groupings[2].of_row[at] == 0;
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    for at in 0..of.rows.len() {
        if young(at, &of) && of.rows.labels[at] && rng.gen_bool(0.4) {
            of.rows.labels[at] = false;
        }
    }
    let found = found(&of, Measure::CalibrationGap);
    let first = &found.worst[0];
    assert_eq!(first.conditions, [Condition { grouping: 2, level: 0 }]);
    assert!(first.is_claimed() && first.estimate.low > 0.1, "{first:?}");
}

#[test]
fn on_noise_nothing_is_claimed() {
    // One set in twenty may claim something; of forty, more than five would be chance of one in fifty.
    for measure in Measure::ALL {
        let claims = (100..140)
            .filter(|&seed| {
                let of = planted(900, seed, |_, _, _| false);
                found(&of, measure).worst.iter().any(Slice::is_claimed)
            })
            .count();
        assert!(claims <= 5, "{measure:?}: {claims} of 40");
    }
}

/// `cargo test --release -p regulars-engine slices_timing -- --ignored --nocapture`.
#[test]
#[ignore = "a timing, run by hand"]
fn slices_timing() {
    for n in [2_000, 20_000, 200_000] {
        let of = planted(n, 1, |city, _, _| city == "Ulm");
        let clock = std::time::Instant::now();
        let found = found(&of, Measure::Auc);
        let took = 1e3 * clock.elapsed().as_secs_f64();
        println!("{n} test rows: {} slices in {took:.0} ms", found.looked_at);
    }
}

#[test]
fn sums_are_those_of_the_metrics() {
    let of = planted(500, 5, |_, plan, _| plan == "plus");
    let mut rows = of.rows.clone();
    rows.probabilities.iter_mut().for_each(|p| *p = (*p * 10.0).round() / 10.0);
    for level in 0..5u16 {
        let is_in = |at: usize| of.groupings[0].of_row[at] == level;
        let (p, y): (Vec<f64>, Vec<bool>) = (0..rows.len())
            .filter(|&at| is_in(at))
            .map(|at| (rows.probabilities[at], rows.labels[at]))
            .unzip();
        let sums = rows.sums(0.5, is_in);
        let auc = metrics::roc_auc(&p, &y).unwrap();
        assert!((sums.value(Measure::Auc).unwrap() - auc).abs() < 1e-12, "ties count half");
        let flagged = p.iter().filter(|p| **p >= 0.5).count();
        assert_eq!((sums.rows, sums.flagged), (p.len(), flagged));
        let gap =
            p.iter().sum::<f64>() / p.len() as f64 - y.iter().filter(|y| **y).count() as f64 / y.len() as f64;
        assert!((sums.value(Measure::CalibrationGap).unwrap() - gap).abs() < 1e-12);
        let estimate = rows.estimate(Measure::CalibrationGap, 0.5, is_in).unwrap();
        assert!(estimate.low < gap && gap < estimate.high);
    }
}

#[test]
fn small_slices_and_odd_columns_are_no_crash() {
    let few = planted(20, 6, |_, _, _| false);
    let found = found(&few, Measure::Auc);
    assert!(found.singles.is_empty() && found.worst.is_empty());
    let none = Planted { rows: Rows::default(), groupings: Vec::new() };
    assert_eq!(super::tests::found(&none, Measure::Recall).family, 0);

    let values = [Some(1.0), None, Some(3.0), Some(1.0), Some(2.0)];
    let grouping = by_number("n", &values, 0..5, |value| format!("{value}"));
    let is = |text: &str| Level::Is(text.into());
    assert_eq!(grouping.levels, [is("1"), is("2"), is("3"), Level::Missing]);
    assert_eq!(grouping.of_row, [0, 3, 2, 0, 1]);
    // Bands are those of the rows that they are fitted on.
    let values: Vec<Option<f64>> = (0..100).map(|at| Some(f64::from(at))).collect();
    let grouping = by_number("n", &values, 0..40, |value| format!("{value}"));
    let high = |level: &Level| match level {
        Level::Between { high, .. } => high.clone(),
        _ => None,
    };
    let highs: Vec<Option<String>> = grouping.levels.iter().map(high).collect();
    assert_eq!(highs, [Some("10".into()), Some("20".into()), Some("30".into()), None]);
    assert_eq!(grouping.of_row.iter().filter(|level| **level == 3).count(), 70);
    let many: Vec<String> = (0..40).map(|at| format!("v{at:02}")).collect();
    let grouping = by_level("c", many.iter().map(|text| Some(text.as_str())));
    assert_eq!((grouping.levels.len(), grouping.levels.last()), (LEVELS, Some(&Level::Other)));
}
