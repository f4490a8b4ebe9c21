//! Looking at the rows before anything is learnt from them, on a thread of its own.

use std::sync::Arc;

use regulars_engine::clean::Cleaning;
use regulars_engine::project::{self, Inspection};

use super::{State, ended_of};

impl State {
    /// What was found by looking at the present rows.
    pub fn inspection(&self) -> Option<Arc<Inspection>> {
        let (of, found) = self.inspection.as_ref()?;
        self.cleaning.as_ref().is_some_and(|cleaning| Arc::ptr_eq(cleaning, of)).then(|| found.clone())
    }

    /// Looks at the present rows, unless that is done or under way.
    pub fn find_inspection(&mut self) {
        let (Some(table), Some(cleaning)) = (self.table.clone(), self.cleaning.clone()) else { return };
        let is_present = |of: &Arc<Cleaning>| Arc::ptr_eq(of, &cleaning);
        let known = self.inspection.as_ref().is_some_and(|(of, _)| is_present(of));
        if known || self.inspecting.as_ref().is_some_and(|(of, _)| is_present(of)) || self.preparing() {
            return;
        }
        self.inspecting.iter().for_each(|(_, job)| job.cancel());
        let (settings, prepared, rows) = (self.settings.clone(), self.prepared.clone(), cleaning.clone());
        let job =
            self.start(move |report| project::inspect(&settings, &table, prepared.as_deref(), &rows, report));
        self.inspecting = Some((cleaning, job));
    }

    pub(super) fn poll_inspection(&mut self) {
        let Some((of, news)) = ended_of(&mut self.inspecting) else { return };
        if let Some(found) = self.settle(Some(news)) {
            self.inspection = Some((of, Arc::new(found)));
        }
    }
}
