//! Samples per second of the classic 64-32-1 on flex, at batch 32 and 256, and where a step's time
//! goes. `cargo bench --profile dev --bench training`

use rand::{Rng, SeedableRng};
use regulars_engine::features::Matrix;
use regulars_engine::train::{DeviceKind, MlpSpec, samples_per_second};

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
}
