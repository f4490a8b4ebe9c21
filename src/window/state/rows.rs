//! The rows of the project: cleaned, split and encoded with the settings as they stand.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::clean::{Cleaning, Suggestion};
use regulars_engine::collect;
use regulars_engine::job::Job;
use regulars_engine::project::{self, Outcome, Prepared, SavedRun};
use regulars_engine::table::{Role, Table};

use super::{State, runs};

/// What cleaning gives back: the table with its roles, the rows, and the outcomes of saved runs,
/// predicted again (their position among the runs that waited).
pub(super) struct Ready {
    table: Table,
    prepared: Result<Prepared, Error>,
    /// The rows as cleaned, of files without a target as well.
    cleaning: Option<Arc<Cleaning>>,
    suggestions: Vec<Suggestion>,
    restored: Vec<(usize, Vec<Outcome>)>,
    /// [`Settings::rows_key`] of the rows.
    rows_key: String,
}

impl State {
    /// Cleans, splits and encodes again, with the roles that the person set.
    pub(super) fn prepare(&mut self) {
        let Some(base) = self.collected.clone() else { return };
        if let Some(job) = &self.prepare {
            job.cancel();
        }
        let settings = self.settings.clone();
        let shown = self.waiting_shown.map(|(at, _)| at);
        // Those that wait for the data, else those whose rows were not there: they may be now.
        let runs: Vec<(usize, SavedRun)> = if self.waiting_runs.is_empty() {
            let lost = self.runs.iter().filter(|run| !run.can_be_shown());
            lost.map(|run| (run.number, run.to_saved())).collect()
        } else {
            self.waiting_runs.iter().cloned().enumerate().collect()
        };
        self.prepare = Some(self.start(move |report| {
            let mut table = base.table.clone();
            // Where a question over time is asked, no column of the file is the target.
            let counts = |role: Role| role != Role::Target || settings.question.is_none();
            for (name, role) in settings.read.roles.iter().filter(|(_, role)| counts(*role)) {
                // A role for a column that is gone says nothing about the ones that are there.
                let _ = collect::set_role(&mut table, name, *role);
            }
            for (name, decimal) in &settings.read.decimals {
                let _ = collect::set_decimal(&mut table, name, *decimal);
            }
            for (name, order) in &settings.read.date_orders {
                let _ = collect::set_date_order(&mut table, name, *order);
            }
            let prepared = project::prepare(&settings, &table, report);
            let restored = match &prepared {
                Ok(prepared) => {
                    let same: Vec<_> = runs.iter().filter(|(_, run)| run.is_of(&settings, &table)).collect();
                    let restore = |run: &SavedRun| {
                        run.models.iter().filter_map(|model| model.restore(prepared).ok()).collect()
                    };
                    // Of many, the last and the one that was shown; the others once they are wanted.
                    let early = same.len().saturating_sub(runs::HELD);
                    let is_wanted = |place: usize, at: usize| place >= early || Some(at) == shown;
                    let outcomes = |(place, (at, run)): (usize, &&(usize, SavedRun))| {
                        (*at, if is_wanted(place, *at) { restore(run) } else { Vec::new() })
                    };
                    same.iter().enumerate().map(outcomes).collect()
                }
                Err(_) => Vec::new(),
            };
            let rows_key = settings.rows_key(&table);
            let cleaning = match &prepared {
                Ok(prepared) => Some(prepared.cleaning.clone()),
                Err(Error::Cancelled) => None,
                Err(_) => project::clean_only(&settings, &table, report).ok().map(Arc::new),
            };
            let suggestions = match &cleaning {
                Some(cleaning) => {
                    project::suggest(&settings, &table, prepared.as_ref().ok(), cleaning, report)
                }
                None => Ok(Vec::new()),
            };
            // A suggestion that cannot be made must not cost the rows.
            let suggestions = suggestions.unwrap_or_default();
            Ready { table, prepared, cleaning, suggestions, restored, rows_key }
        }));
    }

    /// True while the table is being cleaned and encoded.
    pub fn preparing(&self) -> bool {
        self.prepare.is_some()
    }

    pub(super) fn take_prepared(&mut self, ready: Ready) {
        self.table = Some(Arc::new(ready.table));
        self.make_key();
        if ready.cleaning.is_some() {
            self.cleaning = ready.cleaning;
            self.suggestions = Arc::new(ready.suggestions);
        }
        match ready.prepared {
            Ok(prepared) => {
                self.prepared = Some(Arc::new(prepared));
                self.prepare_error = None;
                self.prepared_key = ready.rows_key;
                self.segments = None;
                self.segment.iter().for_each(Job::cancel);
                self.segment = None;
                if self.waiting_runs.is_empty() {
                    self.revive(ready.restored);
                } else {
                    self.take_restored(ready.restored);
                }
                self.rank();
            }
            // The old rows stay, and are known for what they are: training prepares anew.
            Err(Error::Cancelled) => {}
            Err(error) => {
                self.prepared = None;
                self.prepare_error = Some(error);
            }
        }
    }
}
