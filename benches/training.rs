//! Training samples per second on flex at the architectures of `benches/peers/training.py` (PyTorch), each
//! the best and the median of five: `REGULARS_DATA=… cargo bench --profile dev --bench training`, then
//! `python benches/peers/training.py REGULARS_DATA`; and what looking inside costs.

use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng};
use regulars_engine::features::Matrix;
use regulars_engine::job::Reporter;
use regulars_engine::train::fit::{FitSpec, NetSamples, net_samples_per_second};
use regulars_engine::train::net::{Body, Cell, NetData, NetSpec, Ragged, Target};
use regulars_engine::train::{DeviceKind, MlpSpec, ModelKind, Samples, samples_per_second, train};

/// Telco's 7,043 customers and 45 features, as the default recipe makes them; the numbers do not matter.
const ROWS: usize = 7043;
const WIDTH: usize = 45;

fn main() {
    mlp();
    if let Some(data) = std::env::var_os("REGULARS_DATA").map(PathBuf::from) {
        text_cnn(&data.join("chinese-reviews/waimai_10k.csv"));
    } else {
        println!("text CNN: skipped, REGULARS_DATA is not set");
    }
    gru();
}

fn told(name: &str, batch: usize, mut one: impl FnMut() -> Option<f64>) {
    let mut runs: Vec<f64> = (0..5).filter_map(|_| one()).collect();
    runs.sort_by(f64::total_cmp);
    let (Some(best), Some(median)) = (runs.last(), runs.get(runs.len() / 2)) else {
        println!("{name}: no device");
        return;
    };
    let step = 1e6 * batch as f64 / best;
    println!(
        "{name:<24} batch {batch:>3}: best {best:>8.0}, median {median:>8.0} samples/s ({step:.0} µs a step)"
    );
}

fn mlp() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let matrix = Matrix {
        names: (0..WIDTH).map(|i| format!("x{i}")).collect(),
        sources: vec![String::new(); WIDTH],
        height: ROWS,
        data: (0..ROWS * WIDTH).map(|_| rng.gen_range(-1.0..1.0)).collect(),
        sequences: Default::default(),
    };
    let labels: Vec<bool> = (0..ROWS).map(|at| matrix.row(at)[0] + rng.gen_range(-0.5..0.5) > 0.0).collect();
    let base = MlpSpec::default();
    let cases = [("MLP 64-32-1", 0.0), ("MLP 64-32-1, dropout", 0.5)];
    for (name, dropout) in cases {
        for batch_size in [32, 256] {
            let spec = MlpSpec { batch_size, dropout, ..base.clone() };
            told(name, batch_size, || {
                samples_per_second(&spec, &matrix, &labels, DeviceKind::Flex, 400).ok()
            });
        }
    }
    watched(&matrix, &labels);
}

/// What looking inside costs: the same training with nobody and with somebody who looks, in turns.
fn watched(matrix: &Matrix, labels: &[bool]) {
    let samples = Samples {
        train: matrix.clone(),
        train_labels: labels.to_vec(),
        valid: matrix.select(&(0..512).collect::<Vec<_>>()),
        valid_labels: labels[..512].to_vec(),
    };
    let spec = MlpSpec { epochs: 12, patience: 0, ..MlpSpec::default() };
    let steps = (matrix.height.div_ceil(spec.batch_size) * spec.epochs) as f64;
    let speed = |report: &Reporter| {
        let trained = train(ModelKind::Mlp, &spec, &samples, DeviceKind::Flex, 1, report);
        trained.map_or(f64::NAN, |trained| steps / trained.seconds)
    };
    let (mut alone, mut seen) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        alone.push(speed(&Reporter::silent()));
        let (sender, events) = std::sync::mpsc::channel();
        seen.push(speed(&Reporter::to(sender).watched()));
        drop(events);
    }
    [&mut alone, &mut seen].into_iter().for_each(|speeds| speeds.sort_by(f64::total_cmp));
    println!(
        "steps a second, validation included: {:.0} with nobody, {:.0} with somebody who looks inside ({:.1}% fewer)",
        alone[2],
        seen[2],
        100.0 * (1.0 - seen[2] / alone[2])
    );
}

/// Characters that two reviews hold, most frequent first; 0 is padding, 1 unknown.
fn text_cnn(path: &Path) {
    let Ok(file) = std::fs::read_to_string(path) else {
        println!("text CNN: skipped, {} cannot be read", path.display());
        return;
    };
    let rows: Vec<(bool, &str)> = file
        .lines()
        .skip(1)
        .filter_map(|line| Some((line.starts_with('1'), line.split_once(',')?.1)))
        .collect();
    let mut counts = std::collections::BTreeMap::<char, usize>::new();
    for (_, text) in &rows {
        let different: std::collections::BTreeSet<char> = text.chars().collect();
        different.into_iter().for_each(|c| *counts.entry(c).or_default() += 1);
    }
    let mut known: Vec<(char, usize)> = counts.into_iter().filter(|(_, n)| *n >= 2).collect();
    known.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let number: std::collections::HashMap<char, u32> = known.iter().map(|(c, _)| *c).zip(2..).collect();
    let mut tokens = Ragged::new(1);
    for (_, text) in &rows {
        let ids: Vec<u32> = text.chars().map(|c| number.get(&c).copied().unwrap_or(1)).collect();
        tokens.push(&ids);
    }
    let train =
        NetData { rows: rows.len(), tokens: Some(tokens), vocabulary: known.len() + 2, ..NetData::default() };
    let spec = NetSpec {
        body: Body::Cnn { kernels: vec![2, 3, 4], filters: 100 },
        token_size: 64,
        max_len: 512,
        ..NetSpec::default()
    };
    let target = rows.iter().map(|(label, _)| *label).collect();
    net("text CNN 3×100", &spec, train, target, 187);
}

fn gru() {
    let (rows, steps, channels) = (2048, 50, 8);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
    let mut events = Ragged::new(channels);
    for _ in 0..rows {
        let row: Vec<f32> = (0..steps * channels).map(|_| rng.gen_range(-1.0..1.0)).collect();
        events.push(&row);
    }
    let train = NetData { rows, events: Some(events), ..NetData::default() };
    let spec = NetSpec {
        body: Body::Rnn { cell: Cell::Gru, units: 64, bidirectional: false },
        dropout: 0.0,
        ..NetSpec::default()
    };
    let target = (0..rows).map(|_| rng.gen_bool(0.3)).collect();
    net("GRU 64, 50 steps of 8", &spec, train, target, 96);
}

fn net(name: &str, spec: &NetSpec, train: NetData, target: Vec<bool>, steps: usize) {
    let fit = FitSpec { batch_size: 64, ..FitSpec::default() };
    let samples = NetSamples {
        valid: NetData::default(),
        valid_target: Target::Binary(Vec::new()),
        train_target: Target::Binary(target),
        train,
    };
    told(name, fit.batch_size, || net_samples_per_second(spec, &fit, &samples, DeviceKind::Flex, steps).ok());
}
