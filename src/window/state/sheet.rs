//! The feature sheet and the feature that is looked at closely, each made on a thread of its own.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::features::{Detail, Sheet};
use regulars_engine::job::Job;
use regulars_engine::project::{self, Outcome, Prepared};

use super::{State, ended, ended_of};

/// What a sheet was made of: the rows, and the model whose features are weighed.
#[derive(Clone)]
struct Of(Arc<Prepared>, Option<Arc<Outcome>>);

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
        let same_model = match (&self.1, &other.1) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        Arc::ptr_eq(&self.0, &other.0) && same_model
    }
}

type Measuring = Job<Result<Sheet, Error>>;
type Looking = Job<Result<Option<Detail>, Error>>;

/// The sheet of the present rows.
#[derive(Default)]
pub struct FeatureSheet {
    found: Option<(Of, Arc<Sheet>)>,
    measuring: Option<(Of, Measuring)>,
    /// The person stopped it: it starts again when asked for.
    stopped: Option<Of>,
    detail: Option<(Arc<Prepared>, usize, Option<Arc<Detail>>)>,
    looking: Option<(Arc<Prepared>, usize, Looking)>,
}

impl FeatureSheet {
    /// The sheet that was made last; of older rows while the present ones are measured.
    pub fn sheet(&self) -> Option<&Arc<Sheet>> {
        self.found.as_ref().map(|(_, sheet)| sheet)
    }

    /// The rows that the sheet is of.
    pub fn rows(&self) -> Option<&Arc<Prepared>> {
        self.found.as_ref().map(|(of, _)| &of.0)
    }

    /// The model whose features were weighed.
    pub fn model(&self) -> Option<&Arc<Outcome>> {
        self.found.as_ref().and_then(|(of, _)| of.1.as_ref())
    }

    /// The done share of the work, 0 to 1.
    pub fn progress(&self) -> Option<f64> {
        self.measuring.as_ref().map(|(_, job)| job.progress())
    }

    /// The feature that was looked at, where it is the one at `place` of the sheet's rows.
    pub fn detail(&self, place: usize) -> Option<&Arc<Detail>> {
        let (of, at, detail) = self.detail.as_ref()?;
        let is_of_sheet = self.rows().is_some_and(|rows| Arc::ptr_eq(rows, of));
        detail.as_ref().filter(|_| is_of_sheet && *at == place)
    }

    /// True if the measuring was stopped and nothing runs.
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some() && self.measuring.is_none()
    }

    /// Stops what runs.
    pub fn cancel(&mut self) {
        if let Some((of, job)) = &self.measuring {
            job.cancel();
            self.stopped = Some(of.clone());
        }
        self.looking.iter().for_each(|(.., job)| job.cancel());
    }

    /// Measures again what was stopped.
    pub fn resume(&mut self) {
        self.stopped = None;
    }
}

impl State {
    /// Makes the sheet of the present rows and the shown model, unless it is there, under way or stopped.
    pub fn follow_sheet(&mut self) {
        let Some(prepared) = self.prepared.clone() else { return };
        // A model of other rows weighs other features, and one in training is not there yet.
        let outcome = self.shown().filter(|_| self.shows_present_rows()).cloned();
        let of = Of(prepared, outcome);
        let is_known = self.sheet.found.as_ref().is_some_and(|(known, _)| *known == of)
            || self.sheet.measuring.as_ref().is_some_and(|(known, _)| *known == of)
            || self.sheet.stopped.as_ref() == Some(&of);
        if is_known || self.preparing() {
            return;
        }
        self.sheet.measuring.iter().for_each(|(_, job)| job.cancel());
        self.sheet.stopped = None;
        let Of(prepared, outcome) = of.clone();
        let job = self.start(move |report| project::feature_sheet(&prepared, outcome.as_deref(), report));
        self.sheet.measuring = Some((of, job));
    }

    /// Looks at the feature at `place` of the sheet's rows, unless that is done or under way.
    pub fn follow_detail(&mut self, place: usize) {
        let Some(rows) = self.sheet.rows().cloned() else { return };
        let is_it = |of: &Arc<Prepared>, at: usize| Arc::ptr_eq(of, &rows) && at == place;
        let is_known = self.sheet.detail.as_ref().is_some_and(|(of, at, _)| is_it(of, *at))
            || self.sheet.looking.as_ref().is_some_and(|(of, at, _)| is_it(of, *at));
        if is_known {
            return;
        }
        self.sheet.looking.iter().for_each(|(.., job)| job.cancel());
        let prepared = rows.clone();
        let job = self.start(move |report| project::feature_detail(&prepared, place, report));
        self.sheet.looking = Some((rows, place, job));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_sheet(&mut self) {
        if let Some((of, news)) = ended_of(&mut self.sheet.measuring) {
            match self.settle(Some(news)) {
                Some(sheet) => self.sheet.found = Some((of, Arc::new(sheet))),
                // What failed or was stopped would do so again.
                None => self.sheet.stopped = Some(of),
            }
        }
        if let Some((of, place, job)) = self.sheet.looking.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            if let Some(job) = slot {
                self.sheet.looking = Some((of, place, job));
            } else {
                let detail = self.settle(news).flatten().map(Arc::new);
                self.sheet.detail = Some((of, place, detail));
            }
        }
    }
}
