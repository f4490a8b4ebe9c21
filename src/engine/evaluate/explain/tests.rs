use rand::Rng;
use serde_json::Value;

use super::*;
use crate::train::{BoostedModel, FlatTree, ForestModel, LinearModel, MlpSpec, ModelKind, Samples, train};

mod looks;

/// Rows of so many features, drawn evenly from −1 to 1.
pub(super) fn drawn(width: usize, height: usize, seed: u64) -> Matrix {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let names: Vec<String> = (0..width).map(|at| format!("x{at}")).collect();
    let data = (0..width * height).map(|_| rng.gen_range(-1.0f32..1.0)).collect();
    Matrix::new(names.clone(), names, height, data)
}

/// A tree of random splits.
pub(super) fn random_tree(width: usize, depth: usize, rng: &mut ChaCha8Rng) -> FlatTree {
    fn grow(width: usize, depth: usize, rng: &mut ChaCha8Rng, out: &mut FlatTree) {
        let at = out.features.len();
        out.above.push(0);
        if depth == 0 || rng.gen_bool(0.1) {
            out.features.push(-1);
            out.values.push(rng.gen_range(0.0..1.0));
            return;
        }
        out.features.push(rng.gen_range(0..width as i32));
        out.values.push(rng.gen_range(-0.6..0.6));
        grow(width, depth - 1, rng, out);
        out.above[at] = out.features.len() as u32;
        grow(width, depth - 1, rng, out);
    }
    let mut out = FlatTree::default();
    grow(width, depth, rng, &mut out);
    assert!(out.is_sound(width));
    out
}

/// An explainer with the first rows of `matrix` as ordinary customers.
pub(super) fn explainer(columns: Vec<(String, Vec<usize>)>, matrix: &Matrix, model: &Model) -> Explainer {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let orders = (0..ORDINARY).map(|_| {
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.shuffle(&mut rng);
        order
    });
    let first: Vec<usize> = (0..ORDINARY).collect();
    let rows = matrix.select(&first);
    Explainer {
        orders: orders.collect(),
        proven: vec![true; columns.len()],
        base: mean(&model.predict(&rows, DeviceKind::Flex).unwrap()),
        ordinary: rows.data,
        columns,
    }
}

/// Each feature a column of its own.
pub(super) fn single(matrix: &Matrix) -> Vec<(String, Vec<usize>)> {
    matrix.names.iter().enumerate().map(|(at, name)| (name.clone(), vec![at])).collect()
}

/// Shapley values by their definition: over every coalition of columns, `f` of the mixed rows.
fn by_definition(
    explainer: &Explainer,
    matrix: &Matrix,
    place: usize,
    f: &dyn Fn(&Matrix) -> Vec<f64>,
) -> Vec<f64> {
    let n = explainer.columns.len();
    let value = |coalition: usize| {
        let mut data = explainer.ordinary.clone();
        for row in data.chunks_exact_mut(matrix.width()) {
            for (at, (_, places)) in explainer.columns.iter().enumerate() {
                if coalition >> at & 1 == 1 {
                    places.iter().for_each(|&p| row[p] = matrix.row(place)[p]);
                }
            }
        }
        mean(&f(&matrix.like(data)))
    };
    let values: Vec<f64> = (0..1 << n).map(value).collect();
    let factorial = |n: usize| (1..=n).product::<usize>() as f64;
    (0..n)
        .map(|at| {
            let without = (0..1usize << n).filter(|c| c >> at & 1 == 0);
            let term = |c: usize| {
                let size = c.count_ones() as usize;
                let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
                weight * (values[c | 1 << at] - values[c])
            };
            without.map(term).sum()
        })
        .collect()
}

fn close(a: &[f64], b: &[f64], within: f64) {
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() < within, "{x} {y}\n{a:?}\n{b:?}");
    }
}

#[test]
fn trees_equal_the_definition_over_all_coalitions() {
    let matrix = drawn(7, 40, 1);
    // Columns of several features, as categories and dates have them.
    let groups = vec![
        ("a".to_owned(), vec![0]),
        ("b".to_owned(), vec![1, 4]),
        ("c".to_owned(), vec![2]),
        ("d".to_owned(), vec![3, 5, 6]),
    ];
    let places: Vec<usize> = (20..30).collect();
    for seed in 0..6 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let trees: Vec<FlatTree> = (0..5).map(|_| random_tree(7, 6, &mut rng)).collect();
        let forest = Model::Forest(ForestModel { trees: trees.clone() });
        let boosted = Model::Boosted(BoostedModel { base: -0.7, trees: trees.clone() });
        for columns in [groups.clone(), single(&matrix)] {
            let told = explainer(columns.clone(), &matrix, &forest);
            let shares = told.explain(&forest, &matrix, &places, &Reporter::silent()).unwrap();
            let p = |rows: &Matrix| forest.predict(rows, DeviceKind::Flex).unwrap();
            for (one, &at) in shares.iter().zip(&places) {
                close(&one.shares, &by_definition(&told, &matrix, at, &p), 1e-12);
                let sum = told.base + one.shares.iter().sum::<f64>();
                assert!((sum - one.probability).abs() < 1e-12);
            }

            let told = explainer(columns, &matrix, &boosted);
            let log_odds = |rows: &Matrix| -> Vec<f64> {
                let p = boosted.predict(rows, DeviceKind::Flex).unwrap();
                p.iter().map(|p| (p / (1.0 - p)).ln()).collect()
            };
            for &at in &places {
                let one = told.closely(&boosted, &matrix, at, &Reporter::silent()).unwrap();
                assert_eq!(one.method, Method::ExactLogOdds);
                let inner = one.log_odds.as_ref().unwrap();
                close(&inner.shares, &by_definition(&told, &matrix, at, &log_odds), 1e-9);
                let sum = inner.base + inner.shares.iter().sum::<f64>();
                assert!((sum - inner.value).abs() < 1e-9);
                assert!(one.gap() < 1e-9, "points add up as well: {}", one.gap());
            }
        }
    }
}

#[test]
fn a_linear_model_in_log_odds_is_its_weights() {
    let matrix = drawn(3, 40, 2);
    let model = Model::Svm(LinearModel { coefficients: vec![2.0, 0.0, -1.0], intercept: 0.3 });
    let told = explainer(vec![("a".into(), vec![0, 1]), ("c".into(), vec![2])], &matrix, &model);
    let ordinary: Vec<&[f32]> = told.ordinary.chunks_exact(3).collect();
    let centre = |at: usize| ordinary.iter().map(|row| f64::from(row[at])).sum::<f64>() / 16.0;
    for at in 20..40 {
        let one = told.closely(&model, &matrix, at, &Reporter::silent()).unwrap();
        let row = matrix.row(at);
        let wanted = [2.0 * (f64::from(row[0]) - centre(0)), centre(2) - f64::from(row[2])];
        close(&one.log_odds.as_ref().unwrap().shares, &wanted, 1e-9);
        assert!(one.gap() < 1e-9);
        // Points have the sign of what moves the log-odds.
        let both = one.explanation.shares.iter().zip(&wanted);
        assert!(both.filter(|(_, w)| w.abs() > 0.5).all(|(p, w)| p * w > 0.0));
    }
}

#[test]
fn trees_and_lines_say_what_shap_says() {
    let golden: Value = serde_json::from_str(include_str!("golden/shap_values.json")).unwrap();
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    let table = |value: &Value| -> Vec<Vec<f64>> { value.as_array().unwrap().iter().map(numbers).collect() };
    let trees = |value: &Value| -> Vec<FlatTree> { serde_json::from_value(value.clone()).unwrap() };
    let background = table(&golden["background"]);
    let rows = table(&golden["rows"]);
    let data = background.iter().chain(&rows).flatten().map(|v| *v as f32).collect();
    let names: Vec<String> = (0..6).map(|at| format!("x{at}")).collect();
    let matrix = Matrix::new(names.clone(), names, background.len() + rows.len(), data);
    assert_eq!(background.len(), ORDINARY);
    let boosted = BoostedModel {
        base: golden["boosted"]["base"].as_f64().unwrap(),
        trees: trees(&golden["boosted"]["trees"]),
    };
    let logistic = LinearModel {
        coefficients: numbers(&golden["logistic"]["coefficients"]),
        intercept: golden["logistic"]["intercept"].as_f64().unwrap(),
    };
    let forest = ForestModel { trees: trees(&golden["forest"]["trees"]) };
    let models = [
        ("boosted", Model::Boosted(boosted)),
        ("logistic", Model::Logistic(logistic)),
        ("forest", Model::Forest(forest)),
    ];
    for (name, model) in models {
        let told = explainer(single(&matrix), &matrix, &model);
        for (at, place) in (ORDINARY..matrix.height).enumerate() {
            let one = told.closely(&model, &matrix, place, &Reporter::silent()).unwrap();
            if let Some(wanted) = golden[name].get("log_odds") {
                let inner = one.log_odds.as_ref().unwrap();
                assert!((inner.base - wanted["base"].as_f64().unwrap()).abs() < 1e-6, "{name}");
                close(&inner.shares, &numbers(&wanted["shares"][at]), 1e-6);
            }
            if let Some(wanted) = golden[name].get("probability") {
                assert!((one.base - wanted["base"].as_f64().unwrap()).abs() < 1e-6, "{name}");
                close(&one.explanation.shares, &numbers(&wanted["shares"][at]), 1e-6);
            }
        }
    }
}

#[test]
fn what_cannot_be_walked_is_sampled() {
    let matrix = drawn(2, 40, 4);
    // A chain deeper than any tree that we grow.
    let mut chain = FlatTree::default();
    for at in 0..60u32 {
        chain.features.extend([0, -1]);
        chain.values.extend([at as f32 / 100.0, 0.5]);
        chain.above.extend([2 * at + 2, 0]);
    }
    chain.features.push(-1);
    chain.values.push(0.9);
    chain.above.push(0);
    assert!(chain.is_sound(2));
    let model = Model::Forest(ForestModel { trees: vec![chain] });
    let told = explainer(single(&matrix), &matrix, &model);
    assert_eq!(Method::of(&told, &model, 2), Method::Sampled);
    let one = told.closely(&model, &matrix, 30, &Reporter::silent()).unwrap();
    assert!(one.gap() < 1e-9 && one.log_odds.is_none() && one.gradients.is_none());
    // A feature that nobody plays.
    let told = explainer(vec![("x0".into(), vec![0])], &matrix, &model);
    assert_eq!(Method::of(&told, &model, 2), Method::Sampled);
}

#[test]
fn drawn_orders_come_near_the_exact_shares_as_their_errors_say() {
    let matrix = drawn(5, 200, 6);
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let trees: Vec<FlatTree> = (0..20).map(|_| random_tree(5, 4, &mut rng)).collect();
    let model = Model::Forest(ForestModel { trees });
    let told = explainer(single(&matrix), &matrix, &model);
    let places: Vec<usize> = (20..200).collect();
    let exact = told.explain(&model, &matrix, &places, &Reporter::silent()).unwrap();
    let sampled = told.sampled(&model, &matrix, &places, &Reporter::silent()).unwrap();
    let mut within = (0, 0);
    for (exact, (one, errors)) in exact.iter().zip(&sampled) {
        for ((a, b), error) in exact.shares.iter().zip(&one.shares).zip(errors) {
            within.0 += usize::from((a - b).abs() <= 2.0 * error + 1e-12);
            within.1 += 1;
        }
    }
    let share = within.0 as f64 / within.1 as f64;
    assert!(share > 0.9, "{share} of the drawn shares lie within two standard errors");
    assert!(sampled.iter().any(|(_, errors)| errors.iter().any(|error| *error > 1e-4)));
}

#[test]
fn integrated_gradients_complete_within_one_percent() {
    let rows = |seed| {
        let x = drawn(4, 400, seed);
        let z = |at: usize| 3.0 * x.row(at)[0] * x.row(at)[1] + 2.0 * x.row(at)[2];
        let labels: Vec<bool> = (0..x.height).map(|at| z(at) > 0.0).collect();
        (x, labels)
    };
    let ((train_x, train_labels), (valid, valid_labels)) = (rows(1), rows(2));
    let samples = Samples { train: train_x, train_labels, valid, valid_labels };
    for batch_norm in [false, true] {
        let spec =
            MlpSpec { epochs: 30, dropout: 0.1, batch_norm, learning_rate: 0.01, ..MlpSpec::default() };
        let trained =
            train(ModelKind::Mlp, &spec, &samples, DeviceKind::Flex, 1, &Reporter::silent()).unwrap();
        let matrix = &samples.valid;
        let told = explainer(single(matrix), matrix, &trained.model);
        let (mut worst, mut apart): (f64, f64) = (0.0, 0.0);
        for at in 20..60 {
            let one = told.closely(&trained.model, matrix, at, &Reporter::silent()).unwrap();
            assert_eq!(one.method, Method::Sampled);
            let second = one.gradients.clone().unwrap();
            assert!(second.complete && second.gap_share <= 0.01, "{second:?}");
            let sum = told.base + second.shares.iter().sum::<f64>();
            assert!((sum - one.explanation.probability).abs() <= second.gap + 1e-5);
            worst = worst.max(second.gap_share);
            let both = second.shares.iter().zip(&one.explanation.shares);
            apart = apart.max(both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max));
            // The column without a say has none by either.
            assert!(second.shares[3].abs() < 0.15 && one.explanation.shares[3].abs() < 0.15);
        }
        println!(
            "batch norm {batch_norm}: the worst miss is {:.3}%, the methods differ by {apart:.3} at most",
            100.0 * worst
        );
    }
}

#[test]
fn shares_add_up_and_know_what_counts() {
    let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
    let data: Vec<f32> = (0..300).map(|i| ((i * 37) % 11) as f32 / 5.0 - 1.0).collect();
    let matrix = Matrix::new(names.clone(), names, 100, data);
    let model = Model::Logistic(LinearModel { coefficients: vec![2.0, 0.0, -1.0], intercept: 0.3 });
    let train: Vec<usize> = (0..60).collect();
    let valid: Vec<usize> = (60..100).collect();
    let z = |at: usize| 0.3 + 2.0 * matrix.row(at)[0] - matrix.row(at)[2];
    let labels: Vec<bool> = valid.iter().map(|&at| z(at) > 0.0).collect();
    let explainer = Explainer::new(&matrix, &train, &valid, &labels, &model).unwrap();
    assert!(explainer.proven()[0] && !explainer.proven()[1], "{:?}", explainer.proven());
    assert!(explainer.fits(3) && !explainer.fits(4));
    let places: Vec<usize> = (60..100).collect();
    let told = explainer.explain(&model, &matrix, &places, &Reporter::silent()).unwrap();
    let p = model.predict(&matrix, DeviceKind::Flex).unwrap();
    for (one, &at) in told.iter().zip(&places) {
        let sum = explainer.base + one.shares.iter().sum::<f64>();
        assert!((sum - p[at]).abs() < 1e-12, "{sum} {}", p[at]);
        assert_eq!(one.probability, p[at]);
        assert_eq!(one.shares[1], 0.0, "a column without weight has no share");
    }
    assert!(told.iter().any(|one| one.shares[0].abs() > 0.1));
}
