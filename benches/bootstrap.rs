//! The bootstrap of every figure on 100,000 rows beside scikit-learn's metrics on resampled rows.
//! `cargo bench --profile dev --bench bootstrap`; the peer runs where `/tmp/venv/bin/python` or
//! `$REGULARS_PEERS_PYTHON` has scikit-learn.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use rand::{Rng, SeedableRng};
use regulars_engine::metrics::{Figure, Sorted, resample};

const ROWS: usize = 100_000;
const REPLICATES: usize = 1000;
/// How often the whole is timed, of which the best counts.
const TIMES: usize = 3;

fn main() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let labels: Vec<bool> = (0..ROWS).map(|_| rng.gen_bool(0.26)).collect();
    let score = |label: &bool| {
        let noise: f64 = (0..6).map(|_| rng.gen_range(-1.0..1.0)).sum();
        1.0 / (1.0 + (1.0 - noise - if *label { 1.2 } else { 0.0 }).exp())
    };
    let scores: Vec<f64> = labels.iter().map(score).collect();
    let mut best = f64::INFINITY;
    let mut figures = Vec::new();
    for _ in 0..TIMES {
        let started = Instant::now();
        // Sorting counts.
        let sorted = Sorted::new(&scores, &labels, None).expect("scores are numbers");
        let flagged = sorted.flagged(0.5);
        let rows: Vec<u32> = (0..ROWS as u32).collect();
        figures =
            resample(&[rows], ROWS, (REPLICATES, 1), &|| true, |drawn| sorted.measure_drawn(flagged, drawn));
        best = best.min(started.elapsed().as_secs_f64());
    }
    let each = best / REPLICATES as f64;
    println!(
        "regulars      {REPLICATES} draws of {ROWS} rows, {} figures: {best:.3} s, {:.3} ms a draw, {} threads",
        Figure::COUNT,
        1e3 * each,
        std::thread::available_parallelism().map_or(1, usize::from),
    );
    let spread = |figure: Figure| {
        let all: Vec<f64> = figures.iter().filter_map(|values| figure.of(values)).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        (all.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / all.len() as f64).sqrt()
    };
    println!("              standard error of the area {:.5}", spread(Figure::RocAuc));
    let Some(peer) = peer(&scores, &labels) else {
        println!("scikit-learn  not there");
        return;
    };
    println!("scikit-learn  {:.1} ms a draw, one process: {:.0} × as long", 1e3 * peer, peer / each);
}

/// Seconds a draw of the peer on the same rows.
fn peer(scores: &[f64], labels: &[bool]) -> Option<f64> {
    let python = std::env::var("REGULARS_PEERS_PYTHON").unwrap_or_else(|_| "/tmp/venv/bin/python".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/bootstrap.py");
    let file = std::env::temp_dir().join("regulars_bench_scores.csv");
    let lines = scores.iter().zip(labels).map(|(score, label)| format!("{score},{}\n", u8::from(*label)));
    std::fs::write(&file, lines.collect::<String>()).ok()?;
    let done = Command::new(python).arg(script).arg(&file).output().ok()?;
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    print!("{told}");
    told.lines().find_map(|line| line.strip_prefix("seconds a draw: ")?.trim().parse().ok())
}
