//! The slices of the shown model at the present threshold, made on a thread of its own.

use std::sync::Arc;

use regulars_engine::project::{self, Outcome, Prepared, Slices as Measured};
use regulars_engine::segment::Segmentation;

use super::State;
use super::keyed::Keyed;

/// What slices were measured for.
#[derive(Clone)]
struct Of {
    outcome: Arc<Outcome>,
    rows: Arc<Prepared>,
    threshold: f64,
    segments: Option<Arc<Segmentation>>,
}

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
        let same_segments = match (&self.segments, &other.segments) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        Arc::ptr_eq(&self.outcome, &other.outcome) && self.threshold == other.threshold && same_segments
    }
}

/// What was found, and its job.
#[derive(Default)]
pub struct Slices(Keyed<Of, Measured>);

impl Slices {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.0.cancel();
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.0.job("slices")
    }

    /// The slices of an outcome; at another threshold while those at the present one are measured.
    pub fn found(&self, of: &Arc<Outcome>) -> Option<&Arc<Measured>> {
        let (known, found) = self.0.found()?;
        Arc::ptr_eq(&known.outcome, of).then_some(found)
    }

    /// True if the person stopped it or it failed, and nothing runs.
    pub fn is_stopped(&self) -> bool {
        self.0.is_resting()
    }

    /// Measures again what was stopped.
    pub fn resume(&mut self) {
        self.0.resume();
    }
}

impl State {
    /// Measures the slices of the shown model, unless that is done, under way or stopped.
    pub fn follow_slices(&mut self) {
        let (Some(outcome), Some(rows)) = (self.shown().cloned(), self.trained_on.clone()) else { return };
        let segments = self.segments.clone().filter(|_| self.shows_present_rows());
        let of = Of { outcome, rows, threshold: self.settings.threshold, segments };
        let work = of.clone();
        self.slices.0.follow(of, &self.ctx, move |report| {
            project::slices(&work.rows, &work.outcome, work.threshold, work.segments.as_deref(), report)
        });
    }

    /// Takes in what its job has done.
    pub(super) fn poll_slices(&mut self) {
        let end = self.slices.0.poll();
        self.ended_with(end);
    }
}
