//! The learning-rate finder for the network of the Train page.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::super::fit::{RateCurve, RateFinder, curve, suggest};
use super::{DeviceKind, MlpSpec, Network, Samples, Stepper, batches, class_weights, device};
use crate::job::Reporter;

/// Trains new weights for a while, the rate rising step by step, and forgets them. Only training rows are
/// looked at.
pub(in crate::train) fn find_rate(
    finder: &RateFinder,
    spec: &MlpSpec,
    samples: &Samples,
    kind: DeviceKind,
    seed: u64,
    report: &Reporter,
) -> crate::Result<RateCurve> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (x, labels) = (&samples.train, &samples.train_labels);
    let start = Network::init(x.width(), &spec.hidden, spec.activation, spec.batch_norm, &mut rng);
    let y: Vec<f32> = labels.iter().map(|y| f32::from(u8::from(*y))).collect();
    let weights = class_weights(labels, spec.class_weight);
    let least = if spec.batch_norm { 2 } else { 1 };
    let batch = spec.batch_size.clamp(1, x.height.max(1)).max(least);
    let device = device::open(kind)?;
    let mut stepper = Stepper::new(spec, x, &y, &weights, &device);
    let mut model = start.to_device(&stepper.device);
    let mut order: Vec<usize> = (0..x.height).collect();
    let steps = finder.steps.clamp(10, 100_000);
    let rise = (finder.to / finder.from).max(1.0);
    let mut losses: Vec<(f64, f64)> = Vec::with_capacity(steps);
    while losses.len() < steps {
        order.shuffle(&mut rng);
        for rows in batches(&order, batch, least) {
            report.check()?;
            let rate = finder.from * rise.powf(losses.len() as f64 / (steps - 1) as f64);
            model = stepper.step(model, rows, rate, &mut rng);
            losses.push((rate, stepper.mean_loss()?));
            report.progress(losses.len() as f64 / steps as f64);
            let (points, burst) = curve(&losses);
            if burst || losses.len() >= steps {
                return Ok(suggest(points));
            }
        }
    }
    Ok(suggest(curve(&losses).0))
}
