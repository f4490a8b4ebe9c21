//! The looks over all customers, on models whose answer is known.

use std::sync::Arc;

use polars::prelude::{Column, DataFrame, IntoColumn as _, NamedFrom as _, Series};

use super::*;
use crate::features::{Encoder, FittedFeatures};
use crate::table::Frame;

/// Rows whose readable cells are ten times the features, and a category of two flags.
struct Shop {
    matrix: Matrix,
    readable: Frame,
    features: FittedFeatures,
}

fn shop(height: usize) -> Shop {
    let x = drawn(3, height, 11);
    let city = |at: usize| at % 10;
    let flags = |at: usize| [f32::from(u8::from(city(at) == 1)), f32::from(u8::from(city(at) > 6))];
    let data = (0..height).flat_map(|at| [x.row(at), &flags(at)].concat()).collect();
    let names = ["x0", "x1", "x2", "city = Bonn", "city = Kiel"].map(str::to_owned).to_vec();
    let sources = ["x0", "x1", "x2", "city", "city"].map(str::to_owned).to_vec();
    let matrix = Matrix::new(names, sources, height, data);
    let number = |column: usize| -> Column {
        let values: Vec<f64> = (0..height).map(|at| f64::from(x.row(at)[column]) * 10.0).collect();
        Series::new(format!("x{column}").as_str().into(), values).into_column()
    };
    let level = |at: usize| match city(at) {
        1 => "Bonn",
        7.. => "Kiel",
        _ => "Ulm",
    };
    let levels: Vec<&str> = (0..height).map(level).collect();
    let city = Series::new("city".into(), levels).into_column();
    let data = DataFrame::new(height, vec![number(0), number(1), number(2), city]).unwrap();
    let readable = Frame { rows: Arc::new((0..height as u32).collect()), data };
    let mut encoders: Vec<Encoder> = (0..3).map(|at| Encoder::Number { column: format!("x{at}") }).collect();
    let levels = vec!["Bonn".to_owned(), "Kiel".to_owned()];
    // A third level keeps the encoder from becoming a pair; it was left out.
    let mut all = levels;
    all.push("Ulm".to_owned());
    encoders.push(Encoder::OneHot { column: "city".into(), levels: all, rare: Vec::new() });
    let left_out = vec![crate::features::LeftOut {
        place: 5,
        name: "city = Ulm".into(),
        source: "city".into(),
        why: crate::features::Why::Variance { variance: 0.0, least: 0.0 },
    }];
    Shop { matrix, readable, features: FittedFeatures { encoders, left_out } }
}

fn columns() -> Vec<(String, Vec<usize>)> {
    let one = |name: &str, places: &[usize]| (name.to_owned(), places.to_vec());
    vec![one("x0", &[0]), one("x1", &[1]), one("x2", &[2]), one("city", &[3, 4])]
}

fn with_ground<T>(model: &Model, look: impl FnOnce(&Ground<'_>) -> T) -> T {
    let shop = shop(600);
    let told = explainer(columns(), &shop.matrix, model);
    let p = model.predict(&shop.matrix, DeviceKind::Flex).unwrap();
    let fresh: Vec<usize> = (300..600).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let labels = fresh.iter().map(|&at| rng.gen_bool(p[at])).collect();
    look(&Ground {
        model,
        explainer: &told,
        features: &shop.features,
        matrix: &shop.matrix,
        probabilities: &p,
        threshold: 0.5,
        readable: &shop.readable,
        home: (0..600).collect(),
        known: (0..300).collect(),
        labelled: (fresh.clone(), labels),
        fresh,
    })
}

fn linear(coefficients: [f64; 5]) -> Model {
    Model::Logistic(LinearModel { coefficients: coefficients.to_vec(), intercept: 0.2 })
}

#[test]
fn importance_finds_what_counts_and_its_spread() {
    with_ground(&linear([4.0, 0.0, 2.0, 0.0, 3.0]), |ground| {
        let found = overall(ground, &Reporter::silent()).unwrap();
        let names: Vec<&str> = found.importance.iter().map(|one| one.column.as_str()).collect();
        assert_eq!((names[0], names[3], found.rows), ("x0", "x1", 300));
        for one in &found.importance {
            assert_eq!(one.proven, one.column != "x1", "{one:?}");
            assert!(one.spread[0] <= one.loss.value && one.loss.value <= one.spread[1]);
            assert!(one.column == "x1" || (one.auc_fall.unwrap() > 0.0 && one.loss.low > 0.0));
        }
        assert_eq!(found.importance[3].loss.value, 0.0, "a column without weight changes nothing");
    });
}

#[test]
fn dependence_is_the_mean_of_the_answers() {
    let model = linear([2.0, 0.0, 0.0, 1.5, -1.0]);
    with_ground(&model, |ground| {
        let one = dependence(ground, "x0", &Reporter::silent()).unwrap().unwrap();
        assert_eq!((one.axis, one.rows, one.points.len(), one.lines.len()), (Axis::Number, 300, 20, 38));
        assert!(one.points.windows(2).all(|two| two[0].at < two[1].at));
        assert!((one.points.iter().map(|point| point.share).sum::<f64>() - 1.0).abs() < 1e-9);
        for (at, point) in one.points.iter().enumerate() {
            assert!(point.label.parse::<f64>().is_ok_and(|v| (v - point.at).abs() < 0.01), "{point:?}");
            // The value is in the person's unit: a tenth of it is the feature.
            let p = |row: &usize| {
                let cells = ground.matrix.row(*row);
                let city = 1.5 * f64::from(cells[3]) - f64::from(cells[4]);
                1.0 / (1.0 + (-(0.2 + 2.0 * point.at / 10.0 + city)).exp())
            };
            let mean = ground.fresh.iter().map(p).sum::<f64>() / 300.0;
            assert!((mean - point.mean.value).abs() < 1e-6, "{mean} {point:?}");
            assert!(point.mean.low <= mean && mean <= point.mean.high && !point.thin);
            let centred = one.centred.iter().zip(&one.lines);
            assert!(centred.into_iter().all(|(c, l)| (c[at] - (l[at] - l[0])).abs() < 1e-12));
        }
        assert!(one.swing > 0.4 && one.against == 0.0);

        let one = dependence(ground, "city", &Reporter::silent()).unwrap().unwrap();
        let labels: Vec<&str> = one.points.iter().map(|point| point.label.as_str()).collect();
        assert_eq!((one.axis, labels), (Axis::Level, vec!["Ulm", "Kiel", "Bonn"]));
        let of = |at: usize| one.points[at].mean.value;
        assert!(of(2) > of(0) && of(0) > of(1), "Bonn above Ulm above Kiel");
        assert!(dependence(ground, "nothing", &Reporter::silent()).unwrap().is_none());
        let none = dependence(ground, "x1", &Reporter::silent()).unwrap().unwrap();
        assert!(none.swing.abs() < 1e-12 && none.against == 0.0);
    });
}

#[test]
fn values_that_few_rows_have_are_marked() {
    let model = linear([2.0, 0.0, 0.0, 0.0, 0.0]);
    let shop = shop(600);
    // Nearly all rows lie below 1 000; three lie far out.
    let mut values: Vec<f64> = (0..600).map(|at| at as f64).collect();
    values.iter_mut().take(300).step_by(100).for_each(|v| *v = 100_000.0);
    let mut readable = shop.readable.clone();
    readable.data.with_column(Series::new("x0".into(), values).into_column()).unwrap();
    let told = explainer(columns(), &shop.matrix, &model);
    let p = model.predict(&shop.matrix, DeviceKind::Flex).unwrap();
    let ground = Ground {
        model: &model,
        explainer: &told,
        features: &shop.features,
        matrix: &shop.matrix,
        probabilities: &p,
        threshold: 0.5,
        readable: &readable,
        home: (0..600).collect(),
        known: (0..300).collect(),
        fresh: (300..600).collect(),
        labelled: (Vec::new(), Vec::new()),
    };
    let one = dependence(&ground, "x0", &Reporter::silent()).unwrap().unwrap();
    let thin: Vec<f64> = one.points.iter().filter(|point| point.thin).map(|point| point.at).collect();
    assert_eq!(thin, [100_000.0], "{:?}", one.points);
    // Without known classes there is no importance, and the rest is told all the same.
    let found = overall(&ground, &Reporter::silent()).unwrap();
    assert!(found.importance.is_empty() && found.rows == 0 && found.surrogate.is_some());
}

#[test]
fn interactions_are_those_of_the_model() {
    let none = linear([4.0, 1.0, 2.0, 0.0, 3.0]);
    with_ground(&none, |ground| {
        let found = overall(ground, &Reporter::silent()).unwrap().interactions;
        assert_eq!((found.pairs.len(), found.rows), (6, 50));
        assert!(found.pairs.iter().all(|pair| pair.strength < 1e-6 && pair.share < 1e-6), "{found:?}");
    });
    // x0 and x2 count only together; x1 counts alone.
    let leaf = |tree: &mut FlatTree, value: f32| {
        tree.features.push(-1);
        tree.values.push(value);
        tree.above.push(0);
    };
    let split = |tree: &mut FlatTree, feature: i32, above: u32| {
        tree.features.push(feature);
        tree.values.push(0.0);
        tree.above.push(above);
    };
    let mut both = FlatTree::default();
    split(&mut both, 0, 4);
    split(&mut both, 2, 3);
    [1.5, -1.5].iter().for_each(|v| leaf(&mut both, *v));
    split(&mut both, 2, 6);
    [-1.5, 1.5].iter().for_each(|v| leaf(&mut both, *v));
    let mut alone = FlatTree::default();
    split(&mut alone, 1, 2);
    [-1.0, 1.0].iter().for_each(|v| leaf(&mut alone, *v));
    assert!(both.is_sound(5) && alone.is_sound(5));
    with_ground(&Model::Boosted(BoostedModel { base: 0.0, trees: vec![both, alone] }), |ground| {
        let found = overall(ground, &Reporter::silent()).unwrap().interactions;
        let first = &found.pairs[0];
        let mut names = [first.a.as_str(), first.b.as_str()];
        names.sort_unstable();
        assert_eq!(names, ["x0", "x2"]);
        assert!(first.strength > 1.2 && first.share > 0.7, "{first:?}");
        assert!(found.pairs[1..].iter().all(|pair| pair.strength < 1e-6), "{found:?}");
    });
}

#[test]
fn a_surrogate_speaks_for_its_model_in_readable_words() {
    // city = Kiel decides, and then x0 at 0.2: people read 2.
    let mut tree = FlatTree::default();
    for (feature, value, above) in [(4, 0.5, 4), (0, 0.2, 3), (-1, 0.1, 0), (-1, 0.6, 0), (-1, 0.95, 0)] {
        tree.features.push(feature);
        tree.values.push(value);
        tree.above.push(above);
    }
    assert!(tree.is_sound(5));
    with_ground(&Model::Forest(ForestModel { trees: vec![tree] }), |ground| {
        let found = overall(ground, &Reporter::silent()).unwrap().surrogate.unwrap();
        assert!(found.fidelity.r2.unwrap() > 0.99 && found.fidelity.agreement.value > 0.99, "{found:?}");
        assert_eq!((found.fidelity.rows, found.rows), (300, 300));
        let leaves = found.leaves();
        let (first, way) = &leaves[0];
        let kiel = Ask::Is { column: "city".into(), level: "Kiel".into() };
        assert_eq!(way, &[(&kiel, true)]);
        assert!((found.nodes[*first].probability - 0.95).abs() < 1e-6);
        assert!((found.nodes[*first].share - 0.3).abs() < 1e-9);
        let (_, way) = leaves.last().unwrap();
        assert_eq!(way[0], (&kiel, false));
        let Ask::Less { column, bound } = way[1].0 else { panic!("{way:?}") };
        let bound: f64 = bound.parse().unwrap();
        assert!(column == "x0" && way[1].1 && (1.5..=2.5).contains(&bound), "{way:?}");
        let shares: f64 = leaves.iter().map(|(at, _)| found.nodes[*at].share).sum();
        assert!((shares - 1.0).abs() < 1e-9);
    });
}

#[test]
fn a_majority_has_nothing_to_tell() {
    with_ground(&Model::Majority { rate: 0.3 }, |ground| {
        let found = overall(ground, &Reporter::silent()).unwrap();
        assert!(found.importance.iter().all(|one| !one.proven && one.loss.value == 0.0));
        assert!(found.interactions.pairs.iter().all(|pair| pair.strength < 1e-9));
        let surrogate = found.surrogate.unwrap();
        assert_eq!((surrogate.nodes.len(), surrogate.fidelity.r2), (1, None));
    });
}

#[test]
fn networks_that_read_words_complete_as_well() {
    use crate::features::Sequences;
    use crate::train::net::FitSpec;
    use crate::train::{NetSettings, Specs, train_with};
    let rows = |seed: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let labels: Vec<bool> = (0..240).map(|_| rng.r#gen()).collect();
        let texts: Vec<&str> =
            labels.iter().map(|y| if *y { "slow tea never again" } else { "lovely tea thanks" }).collect();
        let text = Series::new("comment".into(), texts).into_column();
        let data = DataFrame::new(240, vec![text]).unwrap();
        let frame = Frame { rows: Arc::new((0..240).collect()), data };
        let matrix = drawn(2, 240, seed);
        (matrix.with_sequences(Sequences::of(&frame, &["comment".to_owned()])), labels)
    };
    let ((train, train_labels), (valid, valid_labels)) = (rows(1), rows(2));
    let samples = Samples { train, train_labels, valid, valid_labels };
    let fit = FitSpec { epochs: 6, learning_rate: 0.01, ..NetSettings::default().fit };
    let net = NetSettings { token_size: 8, hidden: vec![8], fit, ..NetSettings::default() };
    let specs = Specs { net, ..Specs::default() };
    for kind in ModelKind::SEQUENCE {
        let trained = train_with(kind, &specs, &samples, DeviceKind::Flex, 1, &Reporter::silent()).unwrap();
        let all: Vec<usize> = (0..240).collect();
        let matrix = &samples.valid;
        let told = Explainer::new(matrix, &all, &all, &samples.valid_labels, &trained.model).unwrap();
        let at = told.columns().position(|name| name == "comment").unwrap();
        for place in 0..8 {
            let one = told.closely(&trained.model, matrix, place, &Reporter::silent()).unwrap();
            assert!(one.gap() < 1e-5);
            let second = one.gradients.clone().unwrap();
            assert!(second.complete, "{kind:?}: {second:?}");
            let says = if samples.valid_labels[place] { 1.0 } else { -1.0 };
            let by_words = second.shares[at] - second.shares.iter().sum::<f64>() / 3.0;
            assert!(says * by_words > 0.0, "{kind:?}: {second:?} {says}");
            assert!(says * (one.explanation.shares[at] - mean(&one.explanation.shares)) > 0.0);
        }
    }
}
