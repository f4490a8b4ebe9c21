//! Race track: two to six small networks learn side by side on the same rows, one batch at a time on
//! one epoch clock. A lane can be rewound to any epoch and goes on as if it had never been further:
//! its snapshots are thinned, and what lies between two of them is run again, changes of the learning
//! rate included. Test rows are not here at all.

mod drive;
mod lane;
mod preset;
mod track;
mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::glass::{GlassError, GlassSpec};
use super::{MlpSpec, Schedule};
use crate::job::{Cancelled, Reporter};
use crate::metrics;

pub use drive::{Order, drive};
pub use lane::{Lane, Point, RateChange, Stop};
pub use preset::{Entry, Preset};
pub use track::{FOLLOWED, Followed, Track, WATCHED};
pub use view::{LaneView, SIDE, View, WeightPicture};

/// Lanes that a race may have.
pub const LANES: std::ops::RangeInclusive<usize> = 2..=6;

/// Why a race cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum RaceError {
    #[error("a race has two to six lanes, and {found} were given")]
    Lanes { found: usize },
    #[error(
        "a race needs at least {needed} customers of each class among the training rows, and there are {found}"
    )]
    TooFew { found: usize, needed: usize },
    #[error("a race is watched on validation rows, and there are none")]
    NoValidation,
    #[error("lane {} cannot start: {cause}", lane + 1)]
    Lane { lane: usize, cause: GlassError },
}

/// What one lane trains with.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneSpec {
    pub glass: GlassSpec,
    /// Gives the first weights, the order of the rows and the dropout masks.
    pub seed: u64,
}

/// The lane with the lowest validation loss of any epoch so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leader {
    pub lane: usize,
    /// Where it had that loss.
    pub epoch: usize,
    /// Mean log loss of the validation rows.
    pub loss: f64,
    /// The lane with the next lowest.
    pub second: Option<(usize, f64)>,
    /// Whether the 95% interval of the difference, row by row, leaves out zero; `None` where a lane's
    /// best rows were forgotten by rewinding.
    pub is_clear: Option<bool>,
}

/// Networks that learn side by side.
pub struct Race {
    track: Arc<Track>,
    lanes: Vec<Lane>,
    /// The two features that the surfaces are drawn over.
    axes: (usize, usize),
}

impl Race {
    /// Lanes at their start.
    ///
    /// # Errors
    /// Fewer than two lanes or more than six; settings that no network can be made from.
    pub fn new(track: Arc<Track>, specs: &[LaneSpec]) -> Result<Self, RaceError> {
        if !LANES.contains(&specs.len()) {
            return Err(RaceError::Lanes { found: specs.len() });
        }
        let lane = |(lane, spec): (usize, &LaneSpec)| {
            Lane::new(spec, &track).map_err(|cause| RaceError::Lane { lane, cause })
        };
        let lanes = specs.iter().enumerate().map(lane).collect::<Result<_, _>>()?;
        let axes = track.axes;
        Ok(Self { track, lanes, axes })
    }

    /// The rows.
    pub fn track(&self) -> &Track {
        &self.track
    }

    /// The lanes, in their order.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// Epochs that every lane that still runs has behind it; `None` when all have stopped.
    pub fn clock(&self) -> Option<usize> {
        self.lanes.iter().filter(|lane| lane.stop().is_none()).map(Lane::epoch).min()
    }

    /// One batch in each lane. A lane that has ended its epoch waits for the others; one that was
    /// rewound runs alone until it has caught up. False when no lane can move.
    pub fn step_batch(&mut self) -> bool {
        // Nobody can cancel a silent reporter.
        self.step_batches(1, &Reporter::silent()).unwrap_or(false)
    }

    /// Up to `count` batches in each lane, none beyond the end of the epoch, on as many threads as the
    /// machine has cores but one. False when no lane can move.
    ///
    /// # Errors
    /// The person cancelled; each lane stands after a whole batch.
    pub fn step_batches(&mut self, count: usize, report: &Reporter) -> Result<bool, Cancelled> {
        let Some(epoch) = self.clock() else { return Ok(false) };
        let track = &self.track;
        let mut moving: Vec<&mut Lane> =
            self.lanes.iter_mut().filter(|lane| lane.stop().is_none() && lane.epoch() == epoch).collect();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let share = moving.len().div_ceil(cores.saturating_sub(1).max(1)).max(1);
        let run = |lanes: &mut [&mut Lane]| -> Result<(), Cancelled> {
            lanes.iter_mut().try_for_each(|lane| lane.run(count, track, report))
        };
        if share >= moving.len() {
            run(&mut moving)?;
            return Ok(true);
        }
        std::thread::scope(|scope| {
            let parts: Vec<_> =
                moving.chunks_mut(share).map(|lanes| scope.spawn(move || run(lanes))).collect();
            // A thread that died is a defect of a lane, and must not take the window with it.
            parts.into_iter().try_for_each(|part| part.join().unwrap_or(Err(Cancelled)))
        })?;
        Ok(true)
    }

    /// To the end of the epoch that the slowest lane is in. False when no lane can move.
    ///
    /// # Errors
    /// The person cancelled; each lane stands after a whole batch.
    pub fn step_epoch(&mut self, report: &Reporter) -> Result<bool, Cancelled> {
        let Some(epoch) = self.clock() else { return Ok(false) };
        while self.clock() == Some(epoch) {
            self.step_batches(16, report)?;
        }
        Ok(true)
    }

    /// Sets one lane, or all, back to the end of `epoch` (0 is the start), exactly as it was then; what
    /// came later is kept as a ghost of the curve only. A lane that has not come so far, or that does
    /// not exist, stays.
    ///
    /// # Errors
    /// The person cancelled; a lane is set back whole or not at all.
    pub fn rewind(&mut self, lane: Option<usize>, epoch: usize, report: &Reporter) -> Result<(), Cancelled> {
        let wanted = |at: usize| lane.is_none_or(|lane| lane == at);
        for (_, lane) in self.lanes.iter_mut().enumerate().filter(|(at, _)| wanted(*at)) {
            lane.rewind(epoch, &self.track, report)?;
        }
        Ok(())
    }

    /// Changes a lane's learning rate from its next batch on. One that exploded may try again. Rates
    /// that are not above zero are not taken.
    pub fn set_rate(&mut self, lane: usize, rate: f64) {
        if let Some(lane) = self.lanes.get_mut(lane).filter(|_| rate.is_finite() && rate > 0.0) {
            lane.set_rate(rate);
        }
    }

    /// Chooses the two features that the surfaces are drawn over; pairs that are not there are not
    /// taken.
    pub fn set_axes(&mut self, axes: (usize, usize)) {
        let width = self.track.names.len();
        if axes.0 < width && axes.1 < width && axes.0 != axes.1 {
            self.axes = axes;
        }
    }

    /// Who leads; `None` before the first epoch has ended.
    pub fn leader(&self) -> Option<Leader> {
        let best = |(at, lane): (usize, &Lane)| Some((at, lane.best()?.epoch, lane.best()?.loss));
        let mut all: Vec<(usize, usize, f64)> =
            self.lanes.iter().enumerate().filter_map(best).filter(|(.., loss)| loss.is_finite()).collect();
        all.sort_by(|a, b| a.2.total_cmp(&b.2));
        let (lane, epoch, loss) = *all.first()?;
        let second = all.get(1).map(|(lane, _, loss)| (*lane, *loss));
        let terms = |lane: usize| self.lanes.get(lane)?.best()?.terms.as_ref();
        let is_clear = second.and_then(|(other, _)| {
            let pairs = terms(lane)?.iter().zip(terms(other)?);
            let differences: Vec<f64> = pairs.map(|(own, other)| own - other).collect();
            Some(metrics::mean(&differences).high < 0.0)
        });
        Some(Leader { lane, epoch, loss, second, is_clear })
    }
}

/// The settings of the network of a project, taken from a lane that now runs at `rate`: shape,
/// activation, dropout, optimiser, rate, batch and class weights. Epochs and patience stay; the rate
/// is constant and nothing is normalised, as in the race. L2 has no counterpart and is left out.
pub fn settings_of(glass: &GlassSpec, rate: f64, before: &MlpSpec) -> MlpSpec {
    MlpSpec {
        hidden: glass.hidden.clone(),
        activation: glass.activation,
        dropout: glass.dropout,
        learning_rate: rate,
        batch_size: glass.batch_size,
        class_weight: glass.class_weight,
        batch_norm: false,
        optimizer: glass.optimizer,
        schedule: Schedule::Constant,
        ..before.clone()
    }
}
