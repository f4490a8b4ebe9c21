//! Figures beside scikit-learn's: `tests/golden/metrics.json`, made once by `tests/golden/metrics.py`.

use serde_json::Value;

use super::*;

/// How far a figure may be off.
const OFF: f64 = 1e-9;

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/metrics.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}

fn truths(value: &Value) -> Vec<bool> {
    numbers(value).into_iter().map(|one| one > 0.5).collect()
}

fn weights(case: &Value) -> Option<Vec<f64>> {
    (!case["weights"].is_null()).then(|| numbers(&case["weights"]))
}

/// Compares; a figure that is not defined must be none on both sides. Returns how many were compared.
fn same(case: &Value, ours: &[(String, f64)]) -> usize {
    let theirs = case["values"].as_object().unwrap();
    assert_eq!(theirs.len(), ours.len(), "{}", case["name"]);
    for (name, own) in ours {
        match theirs[name].as_f64() {
            Some(value) => assert!(
                (own - value).abs() <= OFF * value.abs().max(1.0),
                "{} {name}: {own}, not {value}",
                case["name"]
            ),
            None => assert!(own.is_nan(), "{} {name}: {own} where there is none", case["name"]),
        }
    }
    ours.len()
}

#[test]
fn binary_figures_equal_scikit_learns() {
    let mut compared = 0;
    for case in golden()["binary"].as_array().unwrap() {
        let (labels, scores) = (truths(&case["labels"]), numbers(&case["scores"]));
        let (weights, threshold) = (weights(case), case["threshold"].as_f64().unwrap());
        let sorted = Sorted::new(&scores, &labels, weights.as_deref()).unwrap();
        let values = sorted.measure(threshold);
        let ours: Vec<_> =
            Figure::ALL.iter().map(|f| (f.name().to_owned(), f.of(&values).unwrap_or(f64::NAN))).collect();
        compared += same(case, &ours);
        if weights.is_none() {
            // What pages have shown all along says the same.
            let e = crate::evaluate::Evaluation::new(&scores, &labels);
            for (name, shown) in e.metrics(threshold) {
                if let Some(value) = case["values"][name].as_f64() {
                    assert!((shown.value - value).abs() < OFF * value.max(1.0), "{} {name}", case["name"]);
                }
            }
        }
    }
    assert!(compared >= 25 * Figure::COUNT, "{compared}");
}

#[test]
fn figures_of_many_classes_equal_scikit_learns() {
    let cases = golden();
    let cases = cases["classes"].as_array().unwrap();
    assert!(cases.len() >= 7);
    for case in cases {
        let labels: Vec<usize> = numbers(&case["labels"]).into_iter().map(|one| one as usize).collect();
        let k = case["classes"].as_u64().unwrap() as usize;
        let found = Classes::new(&numbers(&case["probabilities"]), &labels, k).unwrap();
        let weights = weights(case);
        let f = found.measure(|at| weights.as_ref().map_or(1.0, |w| w[at])).unwrap();
        let ours = f.named().map(|(name, value)| (name.to_owned(), value));
        same(case, &ours);
        for (own, row) in f.confusion.iter().zip(case["confusion"].as_array().unwrap()) {
            assert!(own.iter().zip(numbers(row)).all(|(a, b)| (a - b).abs() < OFF), "{}", case["name"]);
        }
    }
}

#[test]
fn figures_of_numbers_equal_scikit_learns() {
    let cases = golden();
    let cases = cases["regression"].as_array().unwrap();
    assert!(cases.len() >= 9);
    for case in cases {
        let weights = weights(case);
        let found = Numbers::new(&numbers(&case["actual"]), &numbers(&case["predicted"])).unwrap();
        let e = found.measure(|at| weights.as_ref().map_or(1.0, |w| w[at])).unwrap();
        let values = [e.mae, e.rmse, e.mape, e.r2, e.median];
        let ours: Vec<_> = Errors::NAMES.map(str::to_owned).into_iter().zip(values).collect();
        same(case, &ours);
    }
}

#[test]
fn paired_tests_equal_their_formulas_and_scipy() {
    let all = golden();
    for case in all["delong"].as_array().unwrap() {
        let labels = truths(&case["labels"]);
        let (a, b) = (numbers(&case["first"]), numbers(&case["second"]));
        let pair = paired_auc(&a, &b, &labels).unwrap();
        for (own, name) in [(pair.difference, "difference"), (pair.p, "p")] {
            assert!((own - case[name].as_f64().unwrap()).abs() < OFF, "{name} {own}");
        }
        // The width of the interval on the logit scale gives the standard error back.
        let e = roc_auc_estimate(&a, &labels).unwrap();
        let logit = |p: f64| (p / (1.0 - p)).ln();
        let error = (logit(e.high) - logit(e.low)) / (2.0 * Z) * e.value * (1.0 - e.value);
        let smaller = labels.iter().filter(|label| **label).count();
        if smaller >= 30 && labels.len() - smaller >= 30 {
            assert!((error - case["auc_error"].as_f64().unwrap()).abs() < OFF, "{error}");
        }
    }
    for case in all["corrected_t"].as_array().unwrap() {
        let pair = corrected_t(&numbers(&case["differences"]), case["ratio"].as_f64().unwrap()).unwrap();
        assert!((pair.p - case["p"].as_f64().unwrap()).abs() < OFF, "{pair:?} {case}");
    }
    for case in all["mcnemar"].as_array().unwrap() {
        let p = mcnemar(case["first"].as_u64().unwrap(), case["second"].as_u64().unwrap());
        assert!((p - case["p"].as_f64().unwrap()).abs() < OFF, "{p} {case}");
    }
}
