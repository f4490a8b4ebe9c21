//! The shown model with its probabilities repaired, made on a thread of its own.

use std::sync::Arc;

use regulars_engine::evaluate::{Refit, Repair, RepairKind};
use regulars_engine::job::Job;
use regulars_engine::project::{self, Outcome, Prepared};

use super::{State, ended_of};

/// What is repaired, how, by which rows, and by which experiment.
#[derive(Clone)]
struct Of(Arc<Outcome>, RepairKind, Arc<Prepared>, Option<Refit>);

/// The repair that is wanted, and what an experiment said of the model.
type Wish<'a> = (RepairKind, Option<&'a Refit>);

impl Of {
    fn is(&self, raw: &Arc<Outcome>, wish: Wish<'_>) -> bool {
        Arc::ptr_eq(&self.0, raw) && (self.1, self.3.as_ref()) == wish
    }

    /// The outcome set right; `None` where nothing could be.
    fn make(&self) -> Option<Outcome> {
        let repaired = project::repaired(&self.2, &self.0, self.1);
        match &self.3 {
            Some(refit) => Some(project::refitted(&self.2, repaired.as_ref().unwrap_or(&self.0), refit)),
            None => repaired,
        }
    }
}

/// The repaired outcome, and the job that makes one.
#[derive(Default)]
pub struct Repairing {
    /// `None` inside where it could not be repaired.
    made: Option<(Of, Option<Arc<Outcome>>)>,
    job: Option<(Of, Job<Option<Outcome>>)>,
    /// What the lists were last made of, and whether it was repaired.
    listed: Option<(Arc<Outcome>, bool)>,
}

impl Repairing {
    pub(super) fn of(&self, raw: &Arc<Outcome>, wish: Wish<'_>) -> Option<&Arc<Outcome>> {
        let (of, made) = self.made.as_ref()?;
        made.as_ref().filter(|_| of.is(raw, wish))
    }

    /// True while it is being made.
    pub fn is_running(&self) -> bool {
        self.job.is_some()
    }

    /// True where the wanted repair could not be fitted.
    pub fn has_failed(&self, kind: RepairKind) -> bool {
        let done = |made: &Arc<Outcome>| made.repair.as_ref().map_or(RepairKind::None, Repair::kind);
        let has = |made: &Option<Arc<Outcome>>| made.as_ref().is_some_and(|made| done(made) == kind);
        self.made.as_ref().is_some_and(|(of, made)| of.1 == kind && !has(made))
    }
}

impl State {
    /// What an experiment said of the shown model; none where it spoke of another.
    pub fn refit(&self) -> Option<&Refit> {
        let refit = self.settings.refit.as_ref()?;
        (refit.model.is_empty() || refit.model == self.model_name()).then_some(refit)
    }

    /// The shown model among all: how it was made, and its kind.
    pub(super) fn model_name(&self) -> String {
        let raw = self.unrepaired();
        let kind = raw.map_or("", |raw| raw.kind.name());
        // What an experiment said of a network is not said of a smaller one.
        let small = raw.and_then(|raw| raw.trained.model.small()).map(|small| small.way.name());
        match small {
            Some(small) => format!("{kind} {small} {}", self.outcomes_key),
            None => format!("{kind} {}", self.outcomes_key),
        }
    }

    pub(super) fn repair_wish(&self) -> Wish<'_> {
        (self.settings.repair, self.refit())
    }

    /// Repairs the shown model where that is wanted, and makes the lists anew when it is done.
    pub(super) fn poll_repair(&mut self) {
        if let Some((of, made)) = ended_of(&mut self.repairing.job) {
            self.repairing.made = Some((of, made.flatten().map(Arc::new)));
        }
        let wanted = !self.settings.repair.is_none() || self.refit().is_some();
        let Some(raw) = self.unrepaired().cloned() else { return };
        if let Some(rows) = self.trained_on.clone().filter(|_| wanted) {
            let known = self.repairing.made.as_ref().is_some_and(|(of, _)| of.is(&raw, self.repair_wish()))
                || self.repairing.job.as_ref().is_some_and(|(of, _)| of.is(&raw, self.repair_wish()));
            if !known {
                self.repairing.job.iter().for_each(|(_, job)| job.cancel());
                let of = Of(raw.clone(), self.settings.repair, rows, self.refit().cloned());
                let work = of.clone();
                let job = self.start(move |_| work.make());
                self.repairing.job = Some((of, job));
            }
        }
        // Another model brought its lists with it; another repair does so here.
        let is_repaired = self.shown().is_some_and(|shown| !Arc::ptr_eq(shown, &raw));
        let again = match &self.repairing.listed {
            Some((listed, was)) => Arc::ptr_eq(listed, &raw) && *was != is_repaired,
            None => is_repaired,
        };
        // From one repair to the other there is a moment without any.
        self.repairing.listed = Some((raw, is_repaired));
        if again {
            self.rank();
        }
    }
}
