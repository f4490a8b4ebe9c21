//! Whom an offer turns: learnt on a thread of its own.

use std::sync::Arc;

use regulars_engine::project::{self, UpliftFound};

use super::super::{State, ended_of};
use super::Experiments;

impl Experiments {
    /// What was found, and whether it answers the present question.
    pub fn uplift(&self) -> Option<(&Arc<UpliftFound>, bool)> {
        self.uplift.as_ref().map(|(of, found)| (found, *of == self.ask))
    }

    /// True while uplift is learnt.
    pub fn is_uplifting(&self) -> bool {
        self.uplifting.is_some()
    }
}

impl State {
    /// Learns whom the offer turned, from the present table.
    pub fn find_uplift(&mut self) {
        let Some(table) = self.table.clone() else { return };
        self.experiments.uplifting.iter().for_each(|(_, job)| job.cancel());
        self.experiments.uplift_failed = None;
        let mut ask = self.experiments.ask.clone();
        ask.model.seed = self.settings.seed;
        let (of, settings) = (self.experiments.ask.clone(), self.settings.clone());
        let job = self.start(move |report| project::uplift(&settings, &table, &ask, report));
        self.experiments.uplifting = Some((of, job));
    }

    pub(super) fn poll_uplift(&mut self) {
        let Some((of, news)) = ended_of(&mut self.experiments.uplifting) else { return };
        match news {
            Some(Ok(found)) => self.experiments.uplift = Some((of, Arc::new(found))),
            Some(Err(regulars_engine::Error::Cancelled)) => {}
            Some(Err(error)) => self.experiments.uplift_failed = Some(error),
            None => self.lost(),
        }
    }
}
