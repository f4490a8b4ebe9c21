//! What can be seen of a training while it runs. Everything is gathered every so many steps only, so
//! that a step waits for nothing.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::job::{Event, Reporter};

/// One step's figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepFigures {
    /// Counted from 1 over the whole training.
    pub step: u64,
    pub epoch: usize,
    /// The batch's weighted mean loss, dropout on.
    pub loss: f64,
    pub learning_rate: f64,
}

/// One epoch's figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochFigures {
    /// Counted from 1.
    pub epoch: usize,
    /// Epochs that were planned.
    pub planned: usize,
    /// Mean loss over the epoch's rows, weighted and with dropout on.
    pub train_loss: f64,
    /// Mean loss over the validation rows, unweighted and with dropout off.
    pub valid_loss: f64,
    /// [`Head::metric`](crate::train::net::Head::metric) on the validation rows, where it is defined.
    pub metric: Option<f64>,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Seconds since training (or its continuation) began.
    pub seconds: f64,
}

/// Counts of numbers in equal steps from `low` to `high`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    pub low: f32,
    pub high: f32,
    pub counts: Vec<u32>,
}

impl Histogram {
    /// Counts `values` in `bins` steps over their range.
    pub fn new(values: &[f32], bins: usize) -> Self {
        let finite = || values.iter().copied().filter(|x| x.is_finite());
        let low = finite().fold(f32::INFINITY, f32::min).min(f32::MAX);
        let high = finite().fold(f32::NEG_INFINITY, f32::max).max(low);
        let bins = bins.max(1);
        let mut counts = vec![0; bins];
        let width = (high - low) / bins as f32;
        for x in finite() {
            let at = if width > 0.0 { (((x - low) / width) as usize).min(bins - 1) } else { 0 };
            if let Some(count) = counts.get_mut(at) {
                *count += 1;
            }
        }
        Self { low, high, counts }
    }
}

/// A tensor of weights at a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightLook {
    pub name: String,
    /// Length of its gradient, before any clipping.
    pub gradient_norm: f64,
    pub weights: Histogram,
}

/// A layer's answers to the step's batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActivationLook {
    pub name: String,
    pub activations: Histogram,
    /// Share of the units that answered zero (to within 1e-12) to every row.
    pub dead: f64,
}

/// Seconds of one step's parts, each waited for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TimeSplit {
    pub data: f64,
    pub forward: f64,
    pub backward: f64,
    pub step: f64,
}

/// Everything that can be looked at in one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    pub step: u64,
    pub epoch: usize,
    pub weights: Vec<WeightLook>,
    pub activations: Vec<ActivationLook>,
    pub time: TimeSplit,
}

/// Somebody who watches a training.
pub trait Watch {
    /// The epochs of a training that is gone on with, before the first new one.
    fn resumed(&mut self, _history: &[EpochFigures]) {}

    /// Losses of the last steps, every [`tell_every`](super::FitSpec::tell_every) steps.
    fn steps(&mut self, _figures: &[StepFigures]) {}
    /// An epoch ended.
    fn epoch(&mut self, _figures: &EpochFigures) {}
    /// A look inside, every [`look_every`](super::FitSpec::look_every) steps.
    fn look(&mut self, _look: &Look) {}
}

/// Nobody watches.
impl Watch for () {}

/// A watcher, and those who look at the job.
pub(super) struct Told<'a> {
    pub watch: &'a mut dyn Watch,
    pub report: &'a Reporter,
}

impl Watch for Told<'_> {
    fn steps(&mut self, figures: &[StepFigures]) {
        self.watch.steps(figures);
        if self.report.is_watched() {
            self.report.emit(Event::Steps(figures.to_vec()));
        }
    }

    fn epoch(&mut self, figures: &EpochFigures) {
        self.watch.epoch(figures);
    }

    fn look(&mut self, look: &Look) {
        self.watch.look(look);
        if self.report.is_watched() {
            self.report.emit(Event::Look(Box::new(look.clone())));
        }
    }
}

/// When those who look at a job are told something: not at every step, and at once while it rests.
#[derive(Debug, Default)]
pub(in crate::train) struct Pace {
    last: Option<Instant>,
}

impl Pace {
    /// True once `apart` has gone by since the last time, or when single steps are made; only while
    /// somebody watches.
    pub fn is_due(&mut self, report: &Reporter, apart: Duration) -> bool {
        let due = report.is_watched()
            && (self.last.is_none_or(|last| last.elapsed() >= apart) || report.is_paused());
        if due {
            self.last = Some(Instant::now());
        }
        due
    }
}

/// Time between looks inside.
pub(in crate::train) const LOOKS_APART: Duration = Duration::from_millis(250);
/// Time between readings of the losses.
pub(in crate::train) const STEPS_APART: Duration = Duration::from_millis(100);
