//! One lane: a network, its curve, and what it takes to be set back.

use std::sync::Arc;

use super::super::glass::{Glass, GlassError};
use super::{LaneSpec, Track};
use crate::job::{Cancelled, Reporter};
use crate::metrics;

/// Bytes that the snapshots of one lane may take.
const SNAPSHOT_BYTES: usize = 24 << 20;

/// Snapshots that one lane keeps at most.
const SNAPSHOTS: usize = 64;

/// A point of the curves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Epochs done, with the share of the one that is under way.
    pub epoch: f64,
    /// Batches done.
    pub step: u64,
    /// Mean log loss of training rows (at most [`super::WATCHED`]), without dropout and class weights.
    pub train_loss: f64,
    /// Mean log loss of validation rows (at most [`super::WATCHED`]).
    pub valid_loss: f64,
    /// Area under the ROC curve on the same validation rows; `None` with one class.
    pub valid_auc: Option<f64>,
    /// The learning rate in force.
    pub rate: f64,
}

/// A learning rate that was changed in mid-run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateChange {
    /// Batches done before the change.
    pub step: u64,
    /// Epochs done before it, with the share of the one that was under way.
    pub epoch: f64,
    pub rate: f64,
}

/// Why a lane stands still while the others go on.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// The loss left the finite numbers; the network is as it was before that batch.
    Exploded { step: u64, rate: f64 },
    /// Anything else.
    Failed { cause: String },
}

/// The epoch with the lowest validation loss so far.
#[derive(Debug, Clone)]
pub(super) struct Best {
    pub(super) epoch: usize,
    pub(super) loss: f64,
    /// The loss of each validation row then.
    pub(super) terms: Option<Vec<f64>>,
}

struct Snapshot {
    epoch: usize,
    glass: Glass,
}

/// A network on the track.
pub struct Lane {
    seed: u64,
    glass: Glass,
    /// Epochs done.
    epoch: usize,
    /// Batches of the present epoch.
    batch: usize,
    /// Batches of a whole epoch.
    batches: usize,
    rate: f64,
    rates: Vec<RateChange>,
    history: Arc<Vec<Point>>,
    ghost: Arc<Vec<Point>>,
    /// In the order of their epochs; the first is the start, and stays.
    snapshots: Vec<Snapshot>,
    /// Every so many epochs a snapshot is kept.
    stride: usize,
    /// Snapshots that may be kept.
    keep: usize,
    batch_loss: Option<f64>,
    gradient_norms: Vec<f64>,
    stop: Option<Stop>,
    best: Option<Best>,
}

impl Lane {
    pub(super) fn new(spec: &LaneSpec, track: &Track) -> Result<Self, GlassError> {
        let rate = spec.glass.learning_rate;
        let glass = Glass::new(spec.glass.clone(), track.names.len(), spec.seed)?;
        let numbers: usize = glass.layers().iter().map(|layer| layer.weights.len() + layer.bias.len()).sum();
        // Weights and two moments of each, and the order of the rows.
        let bytes = numbers * 20 + track.train.rows() * 8;
        let batches = track.train.rows().div_ceil(spec.glass.batch_size.max(1)).max(1);
        let mut lane = Self {
            seed: spec.seed,
            glass,
            epoch: 0,
            batch: 0,
            batches,
            rate,
            rates: Vec::new(),
            history: Arc::default(),
            ghost: Arc::default(),
            snapshots: Vec::new(),
            stride: 1,
            keep: (SNAPSHOT_BYTES / bytes.max(1)).clamp(2, SNAPSHOTS),
            batch_loss: None,
            gradient_norms: Vec::new(),
            stop: None,
            best: None,
        };
        let (first, _) = lane.measure(track);
        lane.history = Arc::new(vec![first]);
        lane.snapshots.push(Snapshot { epoch: 0, glass: lane.glass.clone() });
        Ok(lane)
    }

    /// The seed of its weights, order and masks.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The network as it is now.
    pub fn glass(&self) -> &Glass {
        &self.glass
    }

    /// Epochs done.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// Batches done of the present epoch.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Batches of an epoch.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// The learning rate in force.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Changes of the learning rate so far, the first to the last.
    pub fn rates(&self) -> &[RateChange] {
        &self.rates
    }

    /// A point for each epoch that has ended, the start first.
    pub fn history(&self) -> &Arc<Vec<Point>> {
        &self.history
    }

    /// What came after the epoch that it was last set back to.
    pub fn ghost(&self) -> &Arc<Vec<Point>> {
        &self.ghost
    }

    /// Why it stands still, if it does.
    pub fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// Mean loss of the last batch before its step, classes weighed and dropout on.
    pub fn batch_loss(&self) -> Option<f64> {
        self.batch_loss
    }

    /// Norm of the last batch's gradient, layer by layer.
    pub fn gradient_norms(&self) -> &[f64] {
        &self.gradient_norms
    }

    /// Epochs whose network is kept whole; those between are run again when they are asked for.
    pub fn kept(&self) -> Vec<usize> {
        self.snapshots.iter().map(|snapshot| snapshot.epoch).collect()
    }

    pub(super) fn best(&self) -> Option<&Best> {
        self.best.as_ref()
    }

    #[cfg(test)]
    pub(super) fn keep_at_most(&mut self, snapshots: usize) {
        self.keep = snapshots;
    }

    /// Epochs done, with the share of the present one.
    fn place(&self) -> f64 {
        self.epoch as f64 + self.batch as f64 / self.batches as f64
    }

    /// The curves' point of the network as it is, and the loss of each validation row.
    pub(super) fn measure(&self, track: &Track) -> (Point, Vec<f64>) {
        let mean = |terms: &[f64]| terms.iter().sum::<f64>() / terms.len().max(1) as f64;
        let train = metrics::log_loss_terms(&self.glass.predict_all(&track.seen), &track.seen.y);
        let scores = self.glass.predict_all(&track.valid);
        let terms = metrics::log_loss_terms(&scores, &track.valid.y);
        let point = Point {
            epoch: self.place(),
            step: self.glass.steps(),
            train_loss: mean(&train),
            valid_loss: mean(&terms),
            valid_auc: metrics::roc_auc(&scores, &track.valid.y),
            rate: self.rate,
        };
        (point, terms)
    }

    /// Up to `count` batches, none beyond the end of the epoch.
    pub(super) fn run(&mut self, count: usize, track: &Track, report: &Reporter) -> Result<(), Cancelled> {
        for _ in 0..count {
            report.check()?;
            if self.step(track) || self.stop.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// One batch; true when it ended the epoch.
    fn step(&mut self, track: &Track) -> bool {
        match self.glass.step(&track.train) {
            Ok(step) => {
                self.batch_loss = Some(step.loss);
                self.gradient_norms = step.gradient_norms;
                self.batch += 1;
                if step.ends_epoch {
                    (self.epoch, self.batch) = (self.epoch + 1, 0);
                    self.end_epoch(track);
                }
                step.ends_epoch
            }
            Err(GlassError::Exploded { step, rate, .. }) => {
                self.stop = Some(Stop::Exploded { step, rate });
                false
            }
            Err(error) => {
                self.stop = Some(Stop::Failed { cause: error.to_string() });
                false
            }
        }
    }

    fn end_epoch(&mut self, track: &Track) {
        let (point, terms) = self.measure(track);
        if !(point.train_loss.is_finite() && point.valid_loss.is_finite()) {
            self.stop = Some(Stop::Exploded { step: point.step, rate: self.rate });
        }
        Arc::make_mut(&mut self.history).push(point);
        if self.best.as_ref().is_none_or(|best| point.valid_loss < best.loss) {
            self.best = Some(Best { epoch: self.epoch, loss: point.valid_loss, terms: Some(terms) });
        }
        self.remember();
    }

    /// Keeps a snapshot of this epoch where one is due, and every second one only when there are too
    /// many.
    fn remember(&mut self) {
        let is_new = self.snapshots.last().is_none_or(|last| last.epoch < self.epoch);
        if is_new && self.epoch.is_multiple_of(self.stride) {
            self.snapshots.push(Snapshot { epoch: self.epoch, glass: self.glass.clone() });
        }
        while self.snapshots.len() > self.keep {
            self.stride *= 2;
            let stride = self.stride;
            self.snapshots.retain(|snapshot| snapshot.epoch.is_multiple_of(stride));
        }
    }

    pub(super) fn set_rate(&mut self, rate: f64) {
        if rate == self.rate && self.stop.is_none() {
            return;
        }
        self.rate = rate;
        self.glass.set_rate(rate);
        let step = self.glass.steps();
        if step == 0 {
            // Nothing has been learnt: this is another start.
            if let Some(start) = self.snapshots.first_mut() {
                start.glass.set_rate(rate);
            }
            if let Some(start) = Arc::make_mut(&mut self.history).first_mut() {
                start.rate = rate;
            }
        } else {
            // Of several changes between two batches the last one counts.
            self.rates.retain(|change| change.step < step);
            self.rates.push(RateChange { step, epoch: self.place(), rate });
        }
        self.stop = None;
    }

    /// The rate that is in force at the end of `epoch`.
    fn rate_at(&self, epoch: usize) -> Option<f64> {
        self.history.get(epoch).map(|point| point.rate)
    }

    pub(super) fn rewind(&mut self, epoch: usize, track: &Track, report: &Reporter) -> Result<(), Cancelled> {
        if epoch > self.epoch || (epoch == self.epoch && self.batch == 0 && self.stop.is_none()) {
            return Ok(());
        }
        let Some(from) = self.snapshots.iter().rev().find(|snapshot| snapshot.epoch <= epoch) else {
            return Ok(());
        };
        let (mut glass, mut done) = (from.glass.clone(), from.epoch);
        while done < epoch {
            report.check()?;
            if let Some(change) = self.rates.iter().find(|change| change.step == glass.steps()) {
                glass.set_rate(change.rate);
            }
            match glass.step(&track.train) {
                Ok(step) => done += usize::from(step.ends_epoch),
                // The same batches went well before, so this cannot be; a lane is never set back half.
                Err(_) => return Ok(()),
            }
        }
        self.rate = self.rate_at(epoch).unwrap_or(self.rate);
        self.glass = glass;
        (self.epoch, self.batch) = (epoch, 0);
        self.rates.retain(|change| change.step < self.glass.steps());
        self.snapshots.retain(|snapshot| snapshot.epoch <= epoch);
        if self.history.len() > epoch + 1 {
            self.ghost = Arc::new(self.history.get(epoch..).unwrap_or_default().to_vec());
            Arc::make_mut(&mut self.history).truncate(epoch + 1);
        }
        (self.batch_loss, self.stop) = (None, None);
        self.gradient_norms.clear();
        self.find_best(track);
        Ok(())
    }

    /// Looks for the best epoch again where it was set back behind it.
    fn find_best(&mut self, track: &Track) {
        if self.best.as_ref().is_some_and(|best| best.epoch <= self.epoch) {
            return;
        }
        let epochs = self.history.iter().enumerate().skip(1);
        let lowest = epochs.min_by(|a, b| a.1.valid_loss.total_cmp(&b.1.valid_loss));
        self.best = lowest.map(|(epoch, point)| {
            let terms = (epoch == self.epoch).then(|| self.measure(track).1);
            Best { epoch, loss: point.valid_loss, terms }
        });
    }
}
