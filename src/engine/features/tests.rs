//! One battery for every encoder, the proof that target encoding gives nothing away, and the time of one
//! row.

use std::sync::Arc;

use polars::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::detect::{date, number};
use crate::job::Reporter;
use crate::metrics::roc_auc;
use crate::table::{ColumnSpec, Frame, Role, ValueType};

/// The values of one column.
#[derive(Clone)]
pub(super) enum Values {
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
    /// Days since 1970.
    Days(Vec<Option<i64>>),
}

pub(super) fn column(name: &str, role: Role) -> ColumnSpec {
    ColumnSpec {
        name: name.into(),
        role,
        value_type: ValueType::Text,
        decimal: number::Decimal::Point,
        date_order: date::Order::DayFirst,
        keep_na: false,
    }
}

pub(super) fn frame(columns: &[(&str, Values)]) -> Frame {
    let series: Vec<Column> = columns
        .iter()
        .map(|(name, values)| match values {
            Values::Numbers(values) => Series::new((*name).into(), values.clone()).into(),
            Values::Texts(values) => Series::new((*name).into(), values.clone()).into(),
            Values::Days(days) => {
                let ms: Vec<Option<i64>> = days.iter().map(|d| d.map(|d| d * 86_400_000)).collect();
                let series = Series::new((*name).into(), ms);
                series.cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap().into()
            }
        })
        .collect();
    let height = series.first().map_or(0, Column::len);
    let rows = Arc::new((2..2 + height as u32).collect());
    Frame { rows, data: DataFrame::new(height, series).unwrap() }
}

fn texts(values: impl IntoIterator<Item = String>) -> Values {
    Values::Texts(values.into_iter().map(Some).collect())
}

pub(super) fn fit_rows(
    spec: &FeatureSpec,
    schema: &[ColumnSpec],
    train: &Frame,
    labels: &[bool],
    groups: Option<&[u64]>,
) -> crate::Result<Fitting> {
    let rows = TrainRows { frame: train, labels: Some(labels), groups, seed: 1 };
    fit(spec, schema, &rows, &Reporter::silent())
}

/// Every way of encoding with the column that it is for.
fn ways() -> Vec<(&'static str, ColumnEncoding)> {
    let bins = |by| ColumnEncoding::Bins { count: 4, by };
    vec![
        ("city", ColumnEncoding::OneHot),
        ("city", ColumnEncoding::Frequency),
        ("city", ColumnEncoding::Ordinal { order: vec!["Bonn".into(), "Kiel".into(), "Ulm".into()] }),
        ("city", ColumnEncoding::target()),
        ("city", ColumnEncoding::Hashed { bits: 3 }),
        ("age", bins(BinEdges::Quantile)),
        ("age", bins(BinEdges::Width)),
        ("age", bins(BinEdges::Tree)),
    ]
}

const CITIES: [&str; 5] = ["Bonn", "Kiel", "Ulm", "Trier", "Jena"];

fn schema() -> Vec<ColumnSpec> {
    vec![column("city", Role::Category), column("age", Role::Number), column("since", Role::Date)]
}

/// Customers of five cities; in Bonn and among the young most leave. Some cells are missing.
fn customers(rows: usize, seed: u64) -> (Frame, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut cities, mut ages, mut days, mut labels) = (vec![], vec![], vec![], vec![]);
    for at in 0..rows {
        // Jena is rarer than the others.
        let city = if at % 40 == 0 { 4 } else { rng.gen_range(0..4) };
        let age = rng.gen_range(18.0..80.0f64).round();
        labels.push(rng.gen_bool(if city == 0 {
            0.7
        } else if age < 30.0 {
            0.6
        } else {
            0.2
        }));
        cities.push((at % 17 > 0).then(|| CITIES[city].to_owned()));
        ages.push((at % 19 > 0).then_some(age));
        days.push((at % 23 > 0).then(|| rng.gen_range(18_000..19_500)));
    }
    let columns =
        [("city", Values::Texts(cities)), ("age", Values::Numbers(ages)), ("since", Values::Days(days))];
    (frame(&columns), labels)
}

#[test]
fn the_battery_of_every_encoder() {
    let (train, labels) = customers(600, 1);
    let (new, _) = customers(80, 2);
    for (name, how) in ways() {
        let columns = [(name.to_owned(), how.clone())].into();
        let spec = FeatureSpec { columns, ..FeatureSpec::default() };
        let what = format!("{how:?}");
        let fitting = fit_rows(&spec, &schema(), &train, &labels, None).unwrap();
        assert_eq!(fitting, fit_rows(&spec, &schema(), &train, &labels, None).unwrap(), "{what}: twice");
        let features = &fitting.features;

        // Names, widths and cells fit each other.
        let matrix = features.apply(&new);
        let width: usize = features.encoders.iter().map(Encoder::width).sum();
        assert_eq!((matrix.width(), matrix.height), (width, 80), "{what}");
        assert_eq!(matrix.names, features.names(), "{what}");
        let unique: std::collections::BTreeSet<&String> = matrix.names.iter().collect();
        assert_eq!(unique.len(), width, "{what}: names differ");
        assert!(matrix.data.iter().all(|v| v.is_finite()), "{what}");
        // A hash leaves features over that no training level has.
        let is_hashed = matches!(how, ColumnEncoding::Hashed { .. });
        for place in (0..width).filter(|_| !is_hashed) {
            let values = fitting.train_matrix(&train, &Reporter::silent()).unwrap().column(place);
            assert!(values.iter().any(|v| *v != values[0]), "{what}: {} varies", matrix.names[place]);
        }

        // Saved and opened.
        let text = serde_json::to_string(features).unwrap();
        let opened: FittedFeatures = serde_json::from_str(&text).unwrap();
        assert_eq!(&opened, features, "{what}");
        assert_eq!(opened.apply(&new), matrix, "{what}");
        let again: FeatureSpec = serde_json::from_str(&serde_json::to_string(&spec).unwrap()).unwrap();
        assert_eq!(again, spec, "{what}");

        // One row alone.
        for at in 0..80 {
            let one = new.filter(&(0..80).map(|row| row == at).collect::<Vec<_>>()).unwrap();
            assert_eq!(features.apply(&one).row(0), matrix.row(at), "{what}: row {at}");
        }

        // A level that was never seen, nothing at all, and numbers beyond all others.
        let odd = frame(&[
            ("city", Values::Texts(vec![Some("Atlantis".into()), None, Some(String::new())])),
            ("age", Values::Numbers(vec![Some(1e300), Some(-1e300), Some(f64::NAN)])),
            ("since", Values::Days(vec![Some(0), None, Some(40_000)])),
        ]);
        let told = features.apply(&odd);
        assert!(told.data.iter().all(|v| v.is_finite()), "{what}: {:?}", told.data);
        // Columns that are not there, and no rows.
        let none = frame(&[("other", Values::Numbers(vec![Some(1.0)]))]);
        assert_eq!(features.apply(&none).height, 1, "{what}");
        assert_eq!(features.apply(&new.filter(&[false; 80]).unwrap()).data.len(), 0, "{what}");

        // A column of one value tells nothing; of none likewise.
        for values in [Some(1), None] {
            let same = frame(&[
                ("city", Values::Texts(vec![values.map(|_| "Bonn".to_owned()); 60])),
                ("age", Values::Numbers(vec![values.map(f64::from); 60])),
                ("since", Values::Days(vec![Some(1); 60])),
            ]);
            let fitted = fit_rows(&spec, &schema(), &same, &labels[..60], None).unwrap().features;
            let own = fitted.encoders.iter().filter(|e| e.column() == name);
            assert_eq!(own.count(), 0, "{what}: a constant");
        }
        // Classes that are not known, or all one: no crash, and a feature all the same.
        let rows = TrainRows { frame: &train, labels: None, groups: None, seed: 1 };
        let blind = fit(&spec, &schema(), &rows, &Reporter::silent()).unwrap();
        assert!(blind.features.encoders.iter().any(|e| e.column() == name), "{what}");
        let one = fit_rows(&spec, &schema(), &train, &vec![true; 600], None).unwrap();
        assert!(one.features.apply(&new).data.iter().all(|v| v.is_finite()), "{what}");
    }
}

#[test]
fn encodings_by_hand() {
    // Four rows of a (three positive), two of b (none), two of c (one): overall rate 1/2.
    let levels = ["a", "a", "a", "a", "b", "b", "c", "c"].map(str::to_owned);
    let labels = [true, true, true, false, false, false, true, false];
    let train = frame(&[("x", texts(levels))]);
    let new = frame(&[("x", texts(["a", "b", "c", "d"].map(str::to_owned)))]);
    let schema = [column("x", Role::Category)];
    let of = |how: ColumnEncoding| {
        let spec = FeatureSpec { columns: [("x".to_owned(), how)].into(), ..FeatureSpec::default() };
        let features = fit_rows(&spec, &schema, &train, &labels, None).unwrap().features;
        let matrix = features.apply(&new);
        (matrix.names.clone(), matrix.data)
    };
    let (names, values) = of(ColumnEncoding::Target { smoothing: 2.0 });
    assert_eq!(names, ["x (target rate)"]);
    // ln((s + 1) / (n − s + 1)): a ln(4 / 2), b ln(1 / 3), c ln(2 / 2), d unseen.
    let expected = [2.0f64.ln(), (1.0f64 / 3.0).ln(), 0.0, 0.0];
    assert!(values.iter().zip(expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6), "{values:?}");
    // a is the most frequent; b and c share a count.
    assert_eq!(of(ColumnEncoding::Frequency).1, [1.0, 0.0, 0.0, 0.0]);
    let order = |of: &[&str]| ColumnEncoding::Ordinal { order: of.iter().map(|l| (*l).to_owned()).collect() };
    let (names, values) = of(order(&["c", "b", "a"]));
    assert_eq!(names, ["x (order)"]);
    // The mean of the training rows is (2·0 + 2·½ + 4·1) / 8.
    assert_eq!(values, [1.0, 0.5, 0.0, 0.625]);
    let (names, values) = of(order(&["a", "b"]));
    assert_eq!(names, ["x (order)", "x (not in order)"]);
    assert_eq!(values[..4], [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(values[5], 1.0, "c is not in the order");
    // An order of which the rows know too little is none.
    assert_eq!(of(order(&["a", "z"])).0, ["x = a", "x = b", "x = c"]);
    // A way that does not fit the role.
    assert_eq!(of(ColumnEncoding::bins()).0, ["x = a", "x = b", "x = c"]);
    let (names, values) = of(ColumnEncoding::Hashed { bits: 2 });
    assert_eq!(names.len(), 4);
    assert!(values.chunks(4).all(|row| row.iter().sum::<f32>() == 1.0), "{values:?}");
}

#[test]
fn bins_by_hand() {
    let numbers = |values: &[f64]| Values::Numbers(values.iter().map(|v| Some(*v)).collect());
    let train = frame(&[("x", numbers(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 100.0]))]);
    let labels = [true, false, true, false, true, false, true, false];
    let schema = [column("x", Role::Number)];
    let edges = |by, count| {
        let how = ColumnEncoding::Bins { count, by };
        let spec = FeatureSpec { columns: [("x".to_owned(), how)].into(), ..FeatureSpec::default() };
        let features = fit_rows(&spec, &schema, &train, &labels, None).unwrap().features;
        match features.encoders.as_slice() {
            [Encoder::Bins { edges, .. }] => (edges.clone(), features.clone()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(edges(BinEdges::Quantile, 4).0, [3.0, 5.0, 7.0]);
    let (width, features) = edges(BinEdges::Width, 3);
    assert_eq!(width, [34.0, 67.0]);
    let new = frame(&[("x", numbers(&[-5.0, 33.9, 34.0, 66.0, 67.0, 500.0]))]);
    let bins: Vec<usize> =
        features.apply(&new).data.chunks(3).map(|row| row.iter().position(|v| *v == 1.0).unwrap()).collect();
    assert_eq!(bins, [0, 0, 1, 1, 2, 2]);
}

#[test]
fn wide_categories_may_have_a_way_of_their_own() {
    let levels = (0..200).map(|at| format!("street {}", at % 60));
    let labels: Vec<bool> = (0..200).map(|at| at % 3 == 0).collect();
    let few = (0..200).map(|at| format!("city {}", at % 3));
    let train = frame(&[("street", texts(levels)), ("city", texts(few))]);
    let schema = [column("street", Role::Category), column("city", Role::Category)];
    let width = |wide: Option<ColumnEncoding>, columns: &[(&str, ColumnEncoding)]| {
        let columns = columns.iter().map(|(name, how)| ((*name).to_owned(), how.clone())).collect();
        let spec = FeatureSpec { wide, columns, ..FeatureSpec::default() };
        fit_rows(&spec, &schema, &train, &labels, None).unwrap().features.names().len()
    };
    assert_eq!(width(None, &[]), 51 + 3, "fifty levels, the rare ones, three cities");
    assert_eq!(width(Some(ColumnEncoding::target()), &[]), 1 + 3);
    assert_eq!(width(Some(ColumnEncoding::Hashed { bits: 4 }), &[]), 16 + 3);
    let own = [("street", ColumnEncoding::OneHot), ("city", ColumnEncoding::Frequency)];
    assert_eq!(width(Some(ColumnEncoding::target()), &own), 51 + 1, "what is said of a column goes first");
}

/// Two thousand rows of a column of a thousand values that has nothing to do with the target.
#[test]
fn target_encoding_gives_nothing_away() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut draw = |rows: usize| {
        let levels: Vec<String> = (0..rows).map(|_| format!("v{}", rng.gen_range(0..1000))).collect();
        let labels: Vec<bool> = (0..rows).map(|_| rng.gen_bool(0.3)).collect();
        (frame(&[("x", texts(levels))]), labels)
    };
    let ((train, labels), (new, new_labels)) = (draw(2000), draw(2000));
    let schema = [column("x", Role::Category)];
    let how = ColumnEncoding::Target { smoothing: 1.0 };
    let spec = FeatureSpec { columns: [("x".to_owned(), how)].into(), ..FeatureSpec::default() };
    let fitting = fit_rows(&spec, &schema, &train, &labels, None).unwrap();
    let area = |matrix: &Matrix, labels: &[bool]| {
        let scores: Vec<f64> = matrix.data.iter().map(|v| f64::from(*v)).collect();
        roc_auc(&scores, labels).unwrap()
    };
    // What new rows get, asked of the very rows that it was learnt from: each meets its own label.
    let leaky = area(&fitting.features.apply(&train), &labels);
    let own = area(&fitting.train_matrix(&train, &Reporter::silent()).unwrap(), &labels);
    let unseen = area(&fitting.features.apply(&new), &new_labels);
    println!("in sample {leaky:.3}, out of fold {own:.3}, unseen rows {unseen:.3}");
    assert!(leaky > 0.6, "{leaky}");
    assert!((own - 0.5).abs() < 0.05, "{own}");
    assert!((unseen - 0.5).abs() < 0.05, "{unseen}");
}

#[test]
fn rows_of_one_group_do_not_meet_each_others_labels() {
    // Forty customers of ten days each; the label is the customer's, and so is the level.
    let levels = (0..400).map(|at| format!("c{}", at / 10));
    let labels: Vec<bool> = (0..400).map(|at| at / 10 % 3 == 0).collect();
    let groups: Vec<u64> = (0..400).map(|at| at / 10).collect();
    let train = frame(&[("x", texts(levels))]);
    let schema = [column("x", Role::Category)];
    let columns = [("x".to_owned(), ColumnEncoding::target())].into();
    let spec = FeatureSpec { columns, ..FeatureSpec::default() };
    let values = |groups: Option<&[u64]>| {
        let fitting = fit_rows(&spec, &schema, &train, &labels, groups).unwrap();
        fitting.train_matrix(&train, &Reporter::silent()).unwrap().data
    };
    assert!(values(Some(&groups)).iter().all(|v| v.abs() < 1e-6), "nobody else has the level");
    assert!(values(None).iter().any(|v| v.abs() > 0.2), "alone, other days of the customer tell");
}

#[test]
fn what_is_not_set_leaves_no_trace() {
    let text = serde_json::to_string(&FeatureSpec::default()).unwrap();
    assert_eq!(text, r#"{"rare_share":0.005,"max_levels":50,"exclude":[],"month":"when_long"}"#);
    let mad = FeatureSpec {
        columns: [
            ("a".to_owned(), ColumnEncoding::Target { smoothing: f64::NAN }),
            ("b".to_owned(), ColumnEncoding::Hashed { bits: 255 }),
            ("c".to_owned(), ColumnEncoding::Bins { count: 0, by: BinEdges::Width }),
        ]
        .into(),
        select: Selection {
            most: Some(0),
            correlation: Some(f64::INFINITY),
            variance: Some(-4.0),
            ..Selection::default()
        },
        ..FeatureSpec::default()
    };
    let sane = mad.sane();
    assert_eq!(sane.columns["a"], ColumnEncoding::target());
    assert_eq!(sane.columns["b"], ColumnEncoding::Hashed { bits: *HASH_BITS.end() });
    assert!(matches!(sane.columns["c"], ColumnEncoding::Bins { count: 2, .. }));
    assert_eq!((sane.select.most, sane.select.correlation), (Some(1), None));
    assert_eq!(sane.select.variance, Some(0.0));
}

/// `cargo test one_row_of_twenty_columns -- --ignored --nocapture`
#[test]
#[ignore = "prints a time"]
fn one_row_of_twenty_columns() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let rows = 5000;
    let mut columns: Vec<(String, Values)> = Vec::new();
    let mut schema = Vec::new();
    for at in 0..10 {
        let name = format!("number {at}");
        schema.push(column(&name, Role::Number));
        columns.push((name, Values::Numbers((0..rows).map(|_| Some(rng.gen_range(-2.0..2.0))).collect())));
    }
    for at in 0..8usize {
        let name = format!("category {at}");
        schema.push(column(&name, Role::Category));
        let levels = (0..rows).map(|_| format!("level {}", rng.gen_range(0..4 + 6 * at)));
        columns.push((name, texts(levels)));
    }
    for at in 0..2 {
        let name = format!("date {at}");
        schema.push(column(&name, Role::Date));
        columns.push((name, Values::Days((0..rows).map(|_| Some(rng.gen_range(18_000..19_500))).collect())));
    }
    let labels: Vec<bool> = (0..rows).map(|_| rng.gen_bool(0.3)).collect();
    let named: Vec<(&str, Values)> = columns.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
    let train = frame(&named);
    let plain = FeatureSpec::default();
    let mixed = FeatureSpec {
        columns: [
            ("number 0".to_owned(), ColumnEncoding::bins()),
            ("category 5".to_owned(), ColumnEncoding::hashed()),
            ("category 6".to_owned(), ColumnEncoding::target()),
            ("category 7".to_owned(), ColumnEncoding::Frequency),
        ]
        .into(),
        select: Selection { variance: Some(0.01), ..Selection::default() },
        ..FeatureSpec::default()
    };
    for (what, spec) in [("one feature a level", plain), ("five ways, selection", mixed)] {
        let features = fit_rows(&spec, &schema, &train, &labels, None).unwrap().features;
        let one = train.filter(&(0..rows).map(|row| row == 7).collect::<Vec<_>>()).unwrap();
        let mut times: Vec<f64> = (0..5000)
            .map(|_| {
                let began = std::time::Instant::now();
                std::hint::black_box(features.apply(std::hint::black_box(&one)));
                1e6 * began.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        let width = features.names().len();
        println!("{what}: {width} features, median {:.1} µs, p99 {:.1} µs", times[2500], times[4950]);
    }
}
