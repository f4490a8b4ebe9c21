//! How fast the network trains: what a device is chosen by, and for benches.

use std::time::Instant;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Dense, DeviceKind, Matrix, MlpSpec, Network, Stepper, TrainError, class_weights, device};

/// Times 10 steps after 3 to warm up.
pub(super) fn milliseconds_per_step(start: &Network, mut stepper: Stepper<'_>, batch: usize) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let rows: Vec<usize> = (0..batch).collect();
    let mut model = start.to_device(&stepper.device);
    let mut run = |steps: usize, model: &mut Dense| {
        for _ in 0..steps {
            *model = stepper.step(model.clone(), &rows, 1e-3, &mut rng);
        }
        // Reading waits for the device.
        stepper.mean_loss().unwrap_or(f64::MAX)
    };
    run(3, &mut model);
    let started = Instant::now();
    run(10, &mut model);
    started.elapsed().as_secs_f64() * 100.0
}

/// Steps of training at full speed, for benches: samples per second on `kind`.
///
/// # Errors
/// The device is not there.
pub fn samples_per_second(
    spec: &MlpSpec,
    matrix: &Matrix,
    labels: &[bool],
    kind: DeviceKind,
    steps: usize,
) -> Result<f64, TrainError> {
    let device = device::open(kind)?;
    let y: Vec<f32> = labels.iter().map(|y| f32::from(u8::from(*y))).collect();
    let weights = class_weights(labels, spec.class_weight);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let start = Network::init(matrix.width(), &spec.hidden, spec.activation, spec.batch_norm, &mut rng);
    let mut stepper = Stepper::new(spec, matrix, &y, &weights, &device);
    let mut model = start.to_device(&stepper.device);
    let mut order: Vec<usize> = (0..matrix.height).collect();
    order.shuffle(&mut rng);
    let batches: Vec<&[usize]> = order.chunks_exact(spec.batch_size.clamp(1, order.len())).collect();
    let mut run = |steps: usize, mut model: Dense| -> Result<Dense, TrainError> {
        for at in 0..steps {
            model = stepper.step(model, batches[at % batches.len()], spec.learning_rate, &mut rng);
        }
        stepper.mean_loss()?;
        Ok(model)
    };
    model = run(20, model)?;
    let started = Instant::now();
    run(steps, model)?;
    Ok((steps * spec.batch_size) as f64 / started.elapsed().as_secs_f64())
}
