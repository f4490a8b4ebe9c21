//! The learning-rate finder (Smith 2017, "Cyclical learning rates for training neural networks", section
//! 3.3): the rate rises step by step, and the loss tells where it begins to fall and where it bursts.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::spec::FitSpec;
use super::step::Stepper;
use super::watch::{StepFigures, Watch};
use super::{NetSamples, check, order};
use crate::job::Reporter;
use crate::train::net::graph::Graph;
use crate::train::net::{Net, NetSpec};
use crate::train::{DeviceKind, TrainError, device};

/// Settings of the finder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RateFinder {
    pub from: f64,
    pub to: f64,
    pub steps: usize,
}

impl Default for RateFinder {
    fn default() -> Self {
        Self { from: 1e-6, to: 10.0, steps: 100 }
    }
}

/// Loss against rate.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RateCurve {
    /// The rate of each step and the smoothed loss under it.
    pub points: Vec<(f64, f64)>,
    /// A tenth of the rate at which the loss is lowest, but no more than where it falls fastest; none if
    /// it never falls.
    pub suggested: Option<f64>,
}

/// How much of the mean a new loss is: an exponential mean with its start divided out.
const SMOOTH: f64 = 0.9;

/// Points at the start over which the mean of few losses still swings.
const SETTLES: usize = 10;

/// Share of itself that the loss must fall to count as falling.
const FALL: f64 = 0.01;

/// A loss so many times the lowest ends the search.
const BURST: f64 = 4.0;

struct Losses(Vec<(f64, f64)>);

impl Watch for Losses {
    fn steps(&mut self, figures: &[StepFigures]) {
        self.0.extend(figures.iter().map(|figure| (figure.learning_rate, figure.loss)));
    }
}

impl RateFinder {
    /// Trains new weights for a while, the rate rising from `from` to `to`, and forgets them.
    ///
    /// # Errors
    /// As [`train_net`](super::train_net); a loss that bursts is no error here, but the curve's end.
    pub fn run(
        &self,
        spec: &NetSpec,
        fit: &FitSpec,
        samples: &NetSamples,
        device: DeviceKind,
        seed: u64,
        report: &Reporter,
    ) -> crate::Result<RateCurve> {
        let fit = FitSpec { tell_every: 10, look_every: 0, ..fit.clone() };
        check(spec, &fit, samples).map_err(TrainError::from)?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut net = Net::init(spec, &samples.train.inputs(), &mut rng).map_err(TrainError::from)?;
        net.target_scale = super::state::target_scale(&samples.train_target);
        let device = device::open(device)?;
        let mut stepper = Stepper::new(spec, &fit, samples, net.target_scale, &device)?;
        let mut model = Graph::new(&net, &stepper.device).map_err(TrainError::from)?;
        let mut losses = Losses(Vec::new());
        let steps = self.steps.clamp(10, 100_000);
        let rise = (self.to / self.from).max(1.0);
        let mut done = 0;
        while done < steps {
            for rows in order::batches(&samples.train, &samples.train_target, spec, &fit, &mut rng) {
                report.check()?;
                let rate = self.from * rise.powf(done as f64 / (steps - 1) as f64);
                done += 1;
                let place = (done as u64, 1);
                let moved = stepper.step(model, &rows, rate, place, &mut rng, &mut losses, report)?;
                model = moved.model;
                report.progress(done as f64 / steps as f64);
                let burst = !moved.is_finite || curve(&losses.0).1;
                if done >= steps || burst {
                    done = steps;
                    break;
                }
            }
        }
        stepper.mean_loss(&mut losses)?;
        Ok(suggest(curve(&losses.0).0))
    }
}

/// The smoothed curve up to where it bursts, and whether it does.
pub(crate) fn curve(losses: &[(f64, f64)]) -> (Vec<(f64, f64)>, bool) {
    let (mut mean, mut best) = (0.0, f64::INFINITY);
    let mut points = Vec::new();
    for (at, (rate, loss)) in (1..).zip(losses) {
        mean = SMOOTH * mean + (1.0 - SMOOTH) * loss;
        let smooth = mean / (1.0 - SMOOTH.powi(at));
        if !smooth.is_finite() || (smooth > BURST * best && at > 5) {
            return (points, true);
        }
        best = best.min(smooth);
        points.push((*rate, smooth));
    }
    (points, false)
}

pub(crate) fn suggest(points: Vec<(f64, f64)>) -> RateCurve {
    let settled = points.get(SETTLES..).unwrap_or_default();
    let lowest = settled.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
    let level = settled.iter().take(SETTLES).map(|(_, loss)| loss);
    let level = level.sum::<f64>() / settled.len().clamp(1, SETTLES) as f64;
    let suggested = lowest.filter(|(_, least)| *least < (1.0 - FALL) * level).map(|(rate, least)| {
        // Where a quarter of the fall is done it is no swing of single batches any more.
        let begun = level - 0.25 * (level - least);
        // Slope over five points of the rate's logarithm: single steps are too rough.
        let slopes = settled.windows(5).filter_map(|w| match w {
            [(_, from), _, (rate, _), _, (_, to)] if *to <= begun => Some((*rate, to - from)),
            _ => None,
        });
        let steepest = slopes.min_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, slope)| *slope < 0.0);
        (rate / 10.0).min(steepest.map_or(f64::INFINITY, |(rate, _)| rate))
    });
    RateCurve { points, suggested }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Flat with swings, then a fall around 0.001, then a burst.
    fn points() -> Vec<(f64, f64)> {
        let point = |at: i32| {
            let power = -6.0 + 7.0 * f64::from(at) / 99.0;
            let fall = 0.4 / (1.0 + (-4.0 * (power + 3.0)).exp());
            let burst = if power > -0.5 { power + 0.5 } else { 0.0 };
            // The swing at the start is steeper than the fall.
            let swing = if at < 30 { 0.06 * f64::from(at).sin() } else { 0.0 };
            (10f64.powf(power), 0.9 - fall + burst + swing)
        };
        (0..100).map(point).collect()
    }

    #[test]
    fn swings_before_the_fall_do_not_count() {
        let rate = suggest(points()).suggested.unwrap();
        assert!((3e-4..3e-3).contains(&rate), "{rate}");
        let flat: Vec<(f64, f64)> = points().into_iter().map(|(rate, _)| (rate, 0.7)).collect();
        assert_eq!(suggest(flat).suggested, None);
        assert_eq!(suggest(points().into_iter().take(8).collect()).suggested, None);
        assert_eq!(suggest(Vec::new()), RateCurve::default());
    }
}
