//! The shown model with its probabilities repaired, made on a thread of its own.

use std::sync::Arc;

use regulars_engine::evaluate::RepairKind;
use regulars_engine::job::Job;
use regulars_engine::project::{self, Outcome, Prepared};

use super::{State, ended};

/// What is repaired, how, and by which rows.
#[derive(Clone)]
struct Of(Arc<Outcome>, RepairKind, Arc<Prepared>);

impl Of {
    fn is(&self, raw: &Arc<Outcome>, kind: RepairKind) -> bool {
        Arc::ptr_eq(&self.0, raw) && self.1 == kind
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
    pub(super) fn of(&self, raw: &Arc<Outcome>, kind: RepairKind) -> Option<&Arc<Outcome>> {
        let (of, made) = self.made.as_ref()?;
        made.as_ref().filter(|_| of.is(raw, kind))
    }

    /// True while it is being made.
    pub fn is_running(&self) -> bool {
        self.job.is_some()
    }

    /// True where the wanted repair could not be fitted.
    pub fn has_failed(&self, kind: RepairKind) -> bool {
        self.made.as_ref().is_some_and(|(of, made)| of.1 == kind && made.is_none())
    }
}

impl State {
    /// Repairs the shown model where that is wanted, and makes the lists anew when it is done.
    pub(super) fn poll_repair(&mut self) {
        if let Some((of, job)) = self.repairing.job.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            match (slot, news) {
                (Some(job), _) => self.repairing.job = Some((of, job)),
                (None, Some(made)) => self.repairing.made = Some((of, made.flatten().map(Arc::new))),
                (None, None) => {}
            }
        }
        let kind = self.settings.repair;
        let Some(raw) = self.unrepaired().cloned() else { return };
        if let Some(rows) = self.trained_on.clone().filter(|_| !kind.is_none()) {
            let known = self.repairing.made.as_ref().is_some_and(|(of, _)| of.is(&raw, kind))
                || self.repairing.job.as_ref().is_some_and(|(of, _)| of.is(&raw, kind));
            if !known {
                self.repairing.job.iter().for_each(|(_, job)| job.cancel());
                let of = Of(raw.clone(), kind, rows);
                let work = of.clone();
                let job = self.start(move |_| project::repaired(&work.2, &work.0, work.1));
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
