//! Samples per second of the classic 64-32-1 on flex, at batch 32 and 256, and where a step's time
//! goes; and what looking inside costs. `cargo bench --profile dev --bench training`

use rand::{Rng, SeedableRng};
use regulars_engine::features::Matrix;
use regulars_engine::job::Reporter;
use regulars_engine::train::{DeviceKind, MlpSpec, ModelKind, Samples, samples_per_second, train};

fn main() {
    let (rows, width) = (8192, 40);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let matrix = Matrix {
        names: (0..width).map(|i| format!("x{i}")).collect(),
        sources: vec![String::new(); width],
        height: rows,
        data: (0..rows * width).map(|_| rng.gen_range(-1.0..1.0)).collect(),
    };
    let labels: Vec<bool> = (0..rows).map(|at| matrix.row(at)[0] + rng.gen_range(-0.5..0.5) > 0.0).collect();
    let base = MlpSpec::default();
    let cases = [
        ("64-32-1, dropout 0.5", base.clone()),
        ("64-32-1, no dropout", MlpSpec { dropout: 0.0, ..base.clone() }),
        ("no hidden units but one", MlpSpec { hidden: vec![1], dropout: 0.0, ..base }),
    ];
    for (name, spec) in cases {
        for batch_size in [32, 256] {
            let spec = MlpSpec { batch_size, ..spec.clone() };
            let mut runs: Vec<f64> = (0..5)
                .filter_map(|_| samples_per_second(&spec, &matrix, &labels, DeviceKind::Flex, 400).ok())
                .collect();
            runs.sort_by(f64::total_cmp);
            let median = runs.get(runs.len() / 2).copied().unwrap_or(f64::NAN);
            println!(
                "{name:<26} batch {batch_size:>3}: {median:>9.0} samples/s, {:>7.1} µs per step",
                1e6 * batch_size as f64 / median
            );
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
