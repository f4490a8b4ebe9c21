//! The jobs and results of one part of the window: what the model leans on.

use std::collections::HashMap;
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::evaluate::explain::{Dependence, Overall};
use regulars_engine::job::Job;
use regulars_engine::project::{self, Outcome, Prepared};

use super::{State, ended};

/// What is looked at: the rows and the model.
#[derive(Clone)]
struct Of(Arc<Prepared>, Arc<Outcome>);

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) && Arc::ptr_eq(&self.1, &other.1)
    }
}

type Measuring = Job<Result<Overall, Error>>;
type Laying = Job<Result<Option<Dependence>, Error>>;

/// By column; `None` for one that has none.
type Dependences = HashMap<String, Option<Arc<Dependence>>>;

/// What was found, and its jobs.
#[derive(Default)]
pub struct Why {
    /// With the threshold at which the tree and the model were compared.
    found: Option<(Of, Arc<Overall>, f64)>,
    measuring: Option<(Of, f64, Measuring)>,
    /// The person stopped it, or it failed: it starts again when asked for.
    stopped: Option<Of>,
    /// What the model makes of columns; `None` for one that cannot be laid out.
    columns: Option<(Of, Dependences)>,
    laying: Option<(Of, String, Laying)>,
}

impl Why {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.stop();
    }

    /// Stops its jobs; what was stopped waits until it is asked for again.
    pub fn stop(&mut self) {
        if let Some((of, _, job)) = &self.measuring {
            job.cancel();
            self.stopped = Some(of.clone());
        }
        self.laying.iter().for_each(|(.., job)| job.cancel());
    }

    /// Measures again what was stopped.
    pub fn resume(&mut self) {
        self.stopped = None;
    }

    /// True if the measuring was stopped and nothing runs.
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some() && self.measuring.is_none()
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.measuring.as_ref().map(|(.., job)| ("why", job.progress(), job.seconds()))
    }

    /// What the model `outcome` leans on, with the threshold of the comparison.
    pub fn overall(&self, outcome: &Arc<Outcome>) -> Option<(&Arc<Overall>, f64)> {
        let (of, found, threshold) = self.found.as_ref()?;
        Arc::ptr_eq(&of.1, outcome).then_some((found, *threshold))
    }

    /// What the model `outcome` makes of a column: `None` while that is not known, `Some(None)` where it
    /// cannot be laid out.
    pub fn column(&self, outcome: &Arc<Outcome>, column: &str) -> Option<Option<&Arc<Dependence>>> {
        let (of, known) = self.columns.as_ref()?;
        Arc::ptr_eq(&of.1, outcome).then(|| known.get(column).map(Option::as_ref))?
    }
}

impl State {
    fn looked_at(&self) -> Option<Of> {
        Some(Of(self.trained_on.clone()?, self.shown()?.clone()))
    }

    /// Measures what the shown model leans on, unless that is known, under way or stopped.
    pub fn follow_why(&mut self) {
        let Some(of) = self.looked_at() else { return };
        let is_known = self.why.found.as_ref().is_some_and(|(known, ..)| *known == of)
            || self.why.measuring.as_ref().is_some_and(|(known, ..)| *known == of)
            || self.why.stopped.as_ref() == Some(&of);
        if is_known {
            return;
        }
        self.why.measuring.iter().for_each(|(.., job)| job.cancel());
        self.why.stopped = None;
        let (Of(prepared, outcome), threshold) = (of.clone(), self.settings.threshold);
        let job = self.start(move |report| project::explain_overall(&prepared, &outcome, threshold, report));
        self.why.measuring = Some((of, threshold, job));
    }

    /// Looks at what the shown model makes of a column, unless that is known or under way.
    pub fn follow_why_column(&mut self, column: &str) {
        let Some(of) = self.looked_at() else { return };
        if self.why.columns.as_ref().is_none_or(|(known, _)| *known != of) {
            self.why.columns = Some((of.clone(), HashMap::new()));
        }
        let is_known = self.why.columns.as_ref().is_some_and(|(_, known)| known.contains_key(column))
            || self.why.laying.as_ref().is_some_and(|(known, name, _)| *known == of && name == column);
        if is_known {
            return;
        }
        self.why.laying.iter().for_each(|(.., job)| job.cancel());
        let (Of(prepared, outcome), name) = (of.clone(), column.to_owned());
        let job = self.start(move |report| project::dependence_of(&prepared, &outcome, &name, report));
        self.why.laying = Some((of, column.to_owned(), job));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_why(&mut self) {
        if let Some((of, threshold, job)) = self.why.measuring.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            if let Some(job) = slot {
                self.why.measuring = Some((of, threshold, job));
            } else if let Some(found) = self.settle(news) {
                self.why.found = Some((of, Arc::new(found), threshold));
            } else {
                // What failed or was stopped would do so again.
                self.why.stopped = Some(of);
            }
        }
        if let Some((of, name, job)) = self.why.laying.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            if let Some(job) = slot {
                self.why.laying = Some((of, name, job));
                return;
            }
            let found = self.settle(news).flatten().map(Arc::new);
            if let Some((known, columns)) = &mut self.why.columns
                && *known == of
            {
                columns.insert(name, found);
            }
        }
    }
}
