//! The file of results, read back whenever the way of reading changes.

use std::path::PathBuf;
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::experiment::{Reading, ResultsSpec, read};
use regulars_engine::table::Table;

use super::super::{State, ended};
use super::{Experiments, ReadOf, settled};

fn is_same(a: &ReadOf, b: &ReadOf) -> bool {
    Arc::ptr_eq(&a.0, &b.0) && Arc::ptr_eq(&a.1, &b.1) && a.2 == b.2
}

impl Experiments {
    /// The file of results.
    pub fn results(&self) -> Option<&Arc<Table>> {
        self.results.as_ref()
    }

    /// What the shown experiment and the file say; of the way before while the present one is read.
    pub fn reading(&self) -> Option<Result<&Reading, &Error>> {
        let shown = self.shown()?;
        let of = self.read.as_ref().filter(|((of, ..), _)| Arc::ptr_eq(of, shown));
        of.map(|(_, found)| found.as_deref().map_err(AsRef::as_ref))
    }

    /// True while the file is opened or read.
    pub fn is_reading(&self) -> bool {
        self.opening.is_some() || self.reading.is_some()
    }
}

impl State {
    /// Opens a file of results for the shown experiment.
    pub fn open_results(&mut self, path: PathBuf) {
        self.experiments.opening.iter().for_each(regulars_engine::job::Job::cancel);
        let job = self.start(move |report| collect::open(&path, &ReadOptions::default(), report));
        self.experiments.opening = Some(job);
    }

    /// Reads the results of the shown experiment, unless that is done or under way.
    pub fn follow_reading(&mut self) {
        let room = &self.experiments;
        let (Some(shown), Some(table)) = (room.shown().cloned(), room.results.clone()) else { return };
        let of = (shown, table, room.spec.clone());
        let is_known = room.read.as_ref().is_some_and(|(known, _)| is_same(known, &of))
            || room.reading.as_ref().is_some_and(|(known, _)| is_same(known, &of));
        if is_known {
            return;
        }
        room.reading.iter().for_each(|(_, job)| job.cancel());
        let (experiment, table, spec) = of.clone();
        let job = self.start(move |report| read(&experiment, &table, &spec, report));
        self.experiments.reading = Some((of, job));
    }

    pub(super) fn poll_reading_back(&mut self) {
        let news = ended(&mut self.experiments.opening);
        if let Some(table) = self.settle(news) {
            self.experiments.results = Some(Arc::new(table));
            // Columns of another file; what a customer is worth stays.
            let old = std::mem::take(&mut self.experiments.spec);
            let (worth, cost, over) = (old.worth, old.cost, old.over);
            self.experiments.spec = ResultsSpec { worth, cost, over, ..ResultsSpec::default() };
        }
        let room = &mut self.experiments;
        settled(&mut room.reading, &mut room.read);
    }
}
