//! The slices of the shown model at the present threshold, made on a thread of its own.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::job::Job;
use regulars_engine::project::{self, Outcome, Prepared, Slices as Measured};
use regulars_engine::segment::Segmentation;

use super::{State, ended};

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
pub struct Slices {
    found: Option<(Of, Arc<Measured>)>,
    job: Option<(Of, Job<Result<Measured, Error>>)>,
    /// The person stopped it.
    stopped: Option<Of>,
}

impl Slices {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        if let Some((of, job)) = &self.job {
            job.cancel();
            self.stopped = Some(of.clone());
        }
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let (_, job) = self.job.as_ref()?;
        Some(("slices", job.progress(), job.seconds()))
    }

    /// The slices of an outcome; at another threshold while those at the present one are measured.
    pub fn found(&self, of: &Arc<Outcome>) -> Option<&Arc<Measured>> {
        let (known, found) = self.found.as_ref()?;
        Arc::ptr_eq(&known.outcome, of).then_some(found)
    }

    /// True if the person stopped it and nothing runs.
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some() && self.job.is_none()
    }

    /// Measures again what was stopped.
    pub fn resume(&mut self) {
        self.stopped = None;
    }
}

impl State {
    /// Measures the slices of the shown model, unless that is done, under way or stopped.
    pub fn follow_slices(&mut self) {
        let (Some(outcome), Some(rows)) = (self.shown().cloned(), self.trained_on.clone()) else { return };
        let segments = self.segments.clone().filter(|_| self.shows_present_rows());
        let of = Of { outcome, rows, threshold: self.settings.threshold, segments };
        let known = self.slices.found.as_ref().is_some_and(|(known, _)| *known == of)
            || self.slices.job.as_ref().is_some_and(|(known, _)| *known == of)
            || self.slices.stopped.as_ref() == Some(&of);
        if known {
            return;
        }
        self.slices.job.iter().for_each(|(_, job)| job.cancel());
        self.slices.stopped = None;
        let work = of.clone();
        let job = self.start(move |report| {
            project::slices(&work.rows, &work.outcome, work.threshold, work.segments.as_deref(), report)
        });
        self.slices.job = Some((of, job));
    }

    /// Takes in what its job has done.
    pub(super) fn poll_slices(&mut self) {
        let Some((of, job)) = self.slices.job.take() else { return };
        let mut slot = Some(job);
        let news = ended(&mut slot);
        if let Some(job) = slot {
            self.slices.job = Some((of, job));
        } else if let Some(found) = self.settle(news) {
            self.slices.found = Some((of, Arc::new(found)));
        } else {
            self.slices.stopped = Some(of);
        }
    }
}
