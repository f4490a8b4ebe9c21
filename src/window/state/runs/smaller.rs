//! A smaller network as a training of its own, beside the full one that it was made of.

use std::sync::Arc;

use regulars_engine::project::Outcome;

use super::{Run, Training};
use crate::window::state::State;

impl Run {
    /// True if the same settings and data were trained: of a full network and those made of it.
    pub(in crate::window::state) fn is_of_same_training(&self, other: &Self) -> bool {
        self.key == other.key && self.rows_key == other.rows_key
    }
}

impl State {
    /// Adds a network that was made of `full`, with the simple models beside it, as a run of the same
    /// training; false where the full one's run is gone.
    pub(in crate::window::state) fn push_smaller(
        &mut self,
        full: &Arc<Outcome>,
        name: String,
        smaller: Outcome,
    ) -> bool {
        let is_it = |run: &&Run| run.outcomes.iter().any(|outcome| Arc::ptr_eq(outcome, full));
        let Some((run, rows)) = self.runs.iter().find(is_it).and_then(|run| Some((run, run.rows.clone()?)))
        else {
            return false;
        };
        let of = Training {
            settings: run.settings.clone(),
            key: run.key.clone(),
            rows_key: run.rows_key.clone(),
            rows,
            asked: run.asked.clone(),
        };
        let beside = run.outcomes.iter().filter(|outcome| !outcome.kind.is_network());
        let outcomes = std::iter::once(smaller).chain(beside.map(|outcome| (**outcome).clone())).collect();
        self.push_run(of, name, outcomes);
        true
    }
}
