//! Every figure with its interval, the model beside the others of its run, and the learning curve: each made
//! on a thread of its own, for the model that is shown.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::evaluate::LearningCurve;
use regulars_engine::job::Job;
use regulars_engine::project::{self, Judged, Outcome};

use super::{State, ended_of};

/// What was judged: a model at a threshold.
#[derive(Clone)]
struct Of(Arc<Outcome>, f64);

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) && self.1.to_bits() == other.1.to_bits()
    }
}

type Judging = Job<Result<Option<Judged>, Error>>;
type Learning = Job<Result<LearningCurve, Error>>;

/// What was found, and its jobs.
#[derive(Default)]
pub struct Figures {
    found: Option<(Of, Option<Arc<Judged>>)>,
    judging: Option<(Of, Judging)>,
    /// The person stopped it: it starts again when asked for.
    stopped: Option<Of>,
    curve: Option<(Arc<Outcome>, Arc<LearningCurve>)>,
    learning: Option<(Arc<Outcome>, Learning)>,
}

impl Figures {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        if let Some((of, job)) = &self.judging {
            job.cancel();
            self.stopped = Some(of.clone());
        }
        self.stop_curve();
    }

    /// Stops measuring.
    pub fn stop(&mut self) {
        if let Some((of, job)) = &self.judging {
            job.cancel();
            self.stopped = Some(of.clone());
        }
    }

    /// Measures again what was stopped.
    pub fn resume(&mut self) {
        self.stopped = None;
    }

    /// True if measuring was stopped and nothing runs.
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some() && self.judging.is_none()
    }

    /// The done share of the measuring, 0 to 1.
    pub fn progress(&self) -> Option<f64> {
        self.judging.as_ref().map(|(_, job)| job.progress())
    }

    /// What was found last of this model, if at another threshold; `None` inside where its scores cannot be
    /// measured.
    pub fn judged(&self, outcome: &Arc<Outcome>) -> Option<Option<&Arc<Judged>>> {
        let (of, judged) = self.found.as_ref()?;
        Arc::ptr_eq(&of.0, outcome).then_some(judged.as_ref())
    }

    /// The learning curve of this model.
    pub fn curve(&self, outcome: &Arc<Outcome>) -> Option<&Arc<LearningCurve>> {
        self.curve.as_ref().filter(|(of, _)| Arc::ptr_eq(of, outcome)).map(|(_, curve)| curve)
    }

    /// The done share of the learning curve, 0 to 1.
    pub fn curve_progress(&self) -> Option<f64> {
        self.learning.as_ref().map(|(_, job)| job.progress())
    }

    /// Stops the learning curve.
    pub fn stop_curve(&self) {
        self.learning.iter().for_each(|(_, job)| job.cancel());
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let learning =
            self.learning.as_ref().map(|(_, job)| ("learning_curve", job.progress(), job.seconds()));
        learning.or_else(|| self.judging.as_ref().map(|(_, job)| ("figures", job.progress(), job.seconds())))
    }
}

impl State {
    /// Judges the shown model at the present threshold, unless that is done, under way or stopped.
    pub fn follow_figures(&mut self) {
        let (Some(outcome), Some(rows)) = (self.shown().cloned(), self.trained_on.clone()) else { return };
        let of = Of(outcome, self.settings.threshold);
        let is_known = self.figures.found.as_ref().is_some_and(|(known, _)| *known == of)
            || self.figures.judging.as_ref().is_some_and(|(known, _)| *known == of)
            || self.figures.stopped.as_ref() == Some(&of);
        if is_known {
            return;
        }
        self.figures.judging.iter().for_each(|(_, job)| job.cancel());
        self.figures.stopped = None;
        let others: Vec<Arc<Outcome>> =
            self.outcomes.iter().filter(|one| !Arc::ptr_eq(one, &of.0)).cloned().collect();
        let Of(outcome, threshold) = of.clone();
        let job = self.start(move |report| {
            let others: Vec<&Outcome> = others.iter().map(|one| &**one).collect();
            project::judge(&rows, &outcome, &others, threshold, report)
        });
        self.figures.judging = Some((of, job));
    }

    /// True if the learning curve of the shown model can be made: its rows are the present ones.
    pub fn can_learn_curve(&self) -> bool {
        self.figures.learning.is_none()
            && !self.preparing()
            && self.table.is_some()
            && self.shown().is_some_and(|shown| shown.test.is_judged())
            && self.shows_present_rows()
    }

    /// Learns the shown kind of model from ever more rows, with the settings of its run.
    pub fn learn_curve(&mut self) {
        if !self.can_learn_curve() {
            return;
        }
        let run = self.runs.get(self.shown_run);
        let (Some(outcome), Some(table), Some(run)) = (self.shown().cloned(), self.table.clone(), run) else {
            return;
        };
        let (settings, kind) = (run.settings.clone(), outcome.kind);
        let job = self.start(move |report| project::learning_curve(&settings, &table, kind, report));
        self.figures.learning = Some((outcome, job));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_figures(&mut self) {
        if let Some((of, news)) = ended_of(&mut self.figures.judging) {
            match self.settle(Some(news)) {
                Some(judged) => self.figures.found = Some((of, judged.map(Arc::new))),
                // What failed or was stopped would do so again.
                None => self.figures.stopped = Some(of),
            }
        }
        if let Some((of, news)) = ended_of(&mut self.figures.learning)
            && let Some(curve) = self.settle(Some(news))
        {
            self.figures.curve = Some((of, Arc::new(curve)));
        }
    }
}
