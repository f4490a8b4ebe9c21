//! How fast a network trains, for benches.

use std::time::Instant;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::spec::FitSpec;
use super::step::Stepper;
use super::{NetSamples, order};
use crate::job::Reporter;
use crate::train::net::graph::Graph;
use crate::train::net::{Net, NetSpec};
use crate::train::{DeviceKind, TrainError, device};

/// Training samples per second on `kind`: `steps` steps over shuffled batches (sorted by length where
/// `fit.bucket` says so), after a tenth as many to warm up. The clock stops when the device has answered.
///
/// # Errors
/// Settings or data that do not fit; the device is not there.
pub fn net_samples_per_second(
    spec: &NetSpec,
    fit: &FitSpec,
    samples: &NetSamples,
    kind: DeviceKind,
    steps: usize,
) -> crate::Result<f64> {
    let device = device::open(kind)?;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let net = Net::init(spec, &samples.train.inputs(), &mut rng).map_err(TrainError::from)?;
    let mut stepper = Stepper::new(spec, fit, samples, net.target_scale, &device)?;
    let model = Graph::new(&net, &stepper.device).map_err(TrainError::from)?;
    let batches = order::batches(&samples.train, &samples.train_target, spec, fit, &mut rng);
    let silent = Reporter::silent();
    let mut turn = batches.iter().cycle();
    let mut run = |count: usize, mut model: Graph| -> crate::Result<(usize, Graph)> {
        let mut seen = 0usize;
        for rows in turn.by_ref().take(count) {
            seen += rows.len();
            model = stepper.step(model, rows, fit.learning_rate, (1, 1), &mut rng, &mut (), &silent)?.model;
        }
        stepper.mean_loss(&mut ())?;
        Ok((seen, model))
    };
    let (_, warm) = run((steps / 10).max(3), model)?;
    let started = Instant::now();
    let (seen, _) = run(steps, warm)?;
    Ok(seen as f64 / started.elapsed().as_secs_f64())
}
