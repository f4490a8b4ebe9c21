//! Shapley values of 10,000 rows of a boosted ensemble, beside `shap` on the same ensemble:
//! `python benches/peers/explain.py /tmp/ensemble.json`, then `REGULARS_ENSEMBLE=/tmp/ensemble.json cargo
//! bench --profile dev --bench explain`; for one thread set RAYON_NUM_THREADS=1.

use std::time::Instant;

use regulars_engine::evaluate::Explainer;
use regulars_engine::features::Matrix;
use regulars_engine::job::Reporter;
use regulars_engine::train::{BoostedModel, FlatTree, Model};
use serde_json::{Value, json};

/// Rows of comparison, as many as the app has ordinary customers.
const ORDINARY: usize = 16;

fn main() {
    let Some(path) = std::env::var_os("REGULARS_ENSEMBLE") else {
        println!("skipped: REGULARS_ENSEMBLE is not set (benches/peers/explain.py writes it)");
        return;
    };
    let text = std::fs::read_to_string(path).expect("the ensemble can be read");
    let saved: Value = serde_json::from_str(&text).expect("the ensemble is JSON");
    let numbers = |key: &str| -> Vec<f32> {
        let list = saved[key].as_array().expect("a list");
        list.iter().map(|value| value.as_f64().expect("a number") as f32).collect()
    };
    let trees: Vec<FlatTree> = serde_json::from_value(saved["trees"].clone()).expect("trees");
    let (rows, background) = (numbers("rows"), numbers("background"));
    let width = background.len() / ORDINARY;
    let names: Vec<String> = (0..width).map(|at| format!("x{at}")).collect();
    let matrix = Matrix::new(names.clone(), names.clone(), rows.len() / width, rows);
    let nodes: usize = trees.iter().map(|tree| tree.features.len()).sum();
    let model = Model::Boosted(BoostedModel { base: saved["base"].as_f64().expect("a number"), trees });
    let columns: Vec<(String, Vec<usize>)> =
        names.iter().enumerate().map(|(at, name)| (name.clone(), vec![at])).collect();
    let order: Vec<usize> = (0..width).collect();
    let explainer = json!({
        "columns": columns, "ordinary": background, "orders": vec![order; ORDINARY],
        "proven": vec![true; width], "base": 0.0,
    });
    let explainer: Explainer = serde_json::from_value(explainer).expect("an explainer");
    assert!(explainer.fits(width));
    let places: Vec<usize> = (0..matrix.height).collect();
    let mut seconds = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let told =
            explainer.explain(&model, &matrix, &places, &Reporter::silent()).expect("no device is asked");
        seconds.push(start.elapsed().as_secs_f64());
        // The same numbers as shap's, not only as fast.
        let wanted = numbers("first");
        for (own, wanted) in told[0].shares.iter().zip(&wanted) {
            assert!((own - f64::from(*wanted)).abs() < 1e-5, "{own} {wanted}");
        }
    }
    seconds.sort_by(f64::total_cmp);
    println!(
        "regulars, probability and log-odds: {} rows, {nodes} nodes: best {:.3} s, median {:.3} s ({} threads)",
        matrix.height,
        seconds[0],
        seconds[2],
        std::thread::available_parallelism().map_or(1, usize::from),
    );
}
