//! Trainings: started, listed, named, shown again.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::project::{self, Asked, Outcome, Prepared, SavedModel, SavedRun, Settings};
use regulars_engine::train::{Epoch, ModelKind};

use super::State;
use crate::window::notice::Tone;

/// Rows up to which segments are found without being asked for.
const AUTO_SEGMENT_ROWS: usize = 50_000;
/// Runs that are kept; the oldest without a name goes first.
const RUNS: usize = 20;

/// One training.
#[derive(Debug, Clone)]
pub struct Run {
    /// Counted from 1 within the project; the name where the person gave none.
    pub number: usize,
    pub name: String,
    pub settings: Settings,
    key: String,
    rows_key: String,
    /// Empty where the rows are not the present ones.
    pub outcomes: Vec<Arc<Outcome>>,
    rows: Option<Arc<Prepared>>,
    /// What was asked over time of these rows, if anything.
    pub(super) asked: Option<Arc<Asked>>,
    /// What is written to the project file.
    saved: Arc<Vec<SavedModel>>,
    /// Its curve is drawn beside the shown one's.
    pub overlaid: bool,
}

/// A training that runs: what it was started with.
pub(super) struct Training {
    settings: Settings,
    key: String,
    rows_key: String,
    rows: Arc<Prepared>,
    asked: Option<Arc<Asked>>,
}

impl Run {
    /// The run as it is saved.
    pub(super) fn to_saved(&self) -> SavedRun {
        SavedRun {
            name: self.name.clone(),
            settings: self.settings.clone(),
            key: self.key.clone(),
            rows_key: self.rows_key.clone(),
            models: self.saved.to_vec(),
        }
    }

    /// The network's curve.
    pub fn history(&self) -> &[Epoch] {
        self.saved.iter().find(|m| !m.history.is_empty()).map_or(&[], |m| &m.history)
    }

    /// The network among its models.
    pub fn network(&self) -> Option<&SavedModel> {
        self.saved.first()
    }

    /// Can be shown on every page.
    pub fn is_whole(&self) -> bool {
        !self.outcomes.is_empty()
    }
}

impl State {
    /// Trains the network and the simple models on the same split.
    pub fn train(&mut self) {
        let Some(prepared) = self.prepared.clone() else { return };
        if self.train.is_some() || self.prepare.is_some() || self.load.is_some() {
            return;
        }
        let Some(table) = &self.table else { return };
        let (key, rows_key) = (self.settings.key(table), self.settings.rows_key(table));
        if rows_key != self.prepared_key {
            // Cleaning was cancelled: these rows are of other settings.
            self.tell(Tone::Caution, "notice.clean_first", Vec::new());
            self.prepare();
            return;
        }
        let settings = self.settings.clone();
        let rows = prepared.clone();
        let asked = self.asked().cloned();
        self.training = Some(Training { settings: settings.clone(), key, rows_key, rows, asked });
        self.live.clear();
        self.live_device = None;
        self.cut_off = false;
        self.notices.retain(|n| n.tone != Tone::Bad);
        self.unkept = true;
        self.train = Some(self.start(move |report| {
            let learn = |kind| project::learn(&settings, &prepared, kind, report);
            let mut outcomes = vec![learn(settings.net.kind)?];
            // Those that take a moment; the others are for `regulars compare`.
            let quick = [
                ModelKind::Boosted,
                ModelKind::Logistic,
                ModelKind::Tree,
                ModelKind::OneRule,
                ModelKind::Majority,
            ];
            for kind in quick {
                match learn(kind) {
                    Ok(outcome) => outcomes.push(outcome),
                    Err(Error::Cancelled) => return Err(Error::Cancelled),
                    // A simple model that cannot be fitted must not cost the network.
                    Err(_) => {}
                }
            }
            Ok(outcomes)
        }));
    }

    /// True while the training rests.
    pub fn paused(&self) -> bool {
        self.train.as_ref().is_some_and(|job| job.is_paused())
    }

    pub(super) fn take_outcomes(&mut self, outcomes: Vec<Outcome>) {
        let Some(Training { settings, key, rows_key, rows, asked }) = self.training.take() else { return };
        let saved = outcomes.iter().map(SavedModel::of).collect();
        let number = self.runs.iter().map(|run| run.number).max().unwrap_or(0) + 1;
        self.runs.push(Run {
            number,
            name: String::new(),
            rows_key,
            settings,
            key,
            outcomes: outcomes.into_iter().map(Arc::new).collect(),
            rows: Some(rows),
            asked,
            saved: Arc::new(saved),
            overlaid: false,
        });
        if self.runs.len() > RUNS {
            let older = &self.runs[..self.runs.len() - 1];
            let oldest = older.iter().position(|run| run.name.is_empty()).unwrap_or(0);
            self.runs.remove(oldest);
        }
        self.touch();
        self.show_run(self.runs.len() - 1);
    }

    /// Runs of an opened project whose rows are there again.
    pub(super) fn take_restored(&mut self, restored: Vec<(usize, Vec<Outcome>)>) {
        let rows = self.prepared.clone();
        let asked = self.asked().cloned();
        let waiting = std::mem::take(&mut self.waiting_runs);
        let shown = self.waiting_shown.take();
        let mut restored: std::collections::HashMap<usize, Vec<Outcome>> = restored.into_iter().collect();
        self.runs = waiting
            .into_iter()
            .enumerate()
            .map(|(at, run)| {
                let outcomes = restored.remove(&at).unwrap_or_default();
                let rows_key = match (outcomes.is_empty(), &self.table) {
                    (false, Some(table)) => self.settings.rows_key(table),
                    _ => run.rows_key,
                };
                Run {
                    number: at + 1,
                    name: run.name,
                    settings: run.settings,
                    key: run.key,
                    rows_key,
                    rows: rows.clone().filter(|_| !outcomes.is_empty()),
                    asked: asked.clone().filter(|_| !outcomes.is_empty()),
                    outcomes: outcomes.into_iter().map(Arc::new).collect(),
                    saved: Arc::new(run.models),
                    overlaid: false,
                }
            })
            .collect();
        let wanted = shown.map(|(at, _)| at).filter(|&at| self.runs.get(at).is_some_and(Run::is_whole));
        match wanted.or_else(|| self.runs.iter().rposition(Run::is_whole)) {
            Some(at) => {
                if let Some((_, kind)) = shown {
                    self.shown_model = kind;
                }
                self.show_run(at);
            }
            // Other data or settings than at the time of saving.
            None => self.tell(Tone::Caution, "notice.runs_dropped", Vec::new()),
        }
    }

    /// Runs whose rows are there again, by their number.
    pub(super) fn revive(&mut self, restored: Vec<(usize, Vec<Outcome>)>) {
        let (rows, asked) = (self.prepared.clone(), self.asked().cloned());
        for (number, outcomes) in restored {
            let found = self.runs.iter_mut().find(|run| run.number == number && !run.is_whole());
            if let Some(run) = found.filter(|_| !outcomes.is_empty()) {
                run.outcomes = outcomes.into_iter().map(Arc::new).collect();
                run.rows.clone_from(&rows);
                run.asked.clone_from(&asked);
                run.rows_key.clone_from(&self.prepared_key);
            }
        }
        if self.outcomes.is_empty()
            && let Some(at) = self.runs.iter().rposition(Run::is_whole)
        {
            self.show_run(at);
        }
    }

    /// True if the shown run's rows are those of the present settings.
    pub(super) fn shows_present_rows(&self) -> bool {
        self.runs.get(self.shown_run).is_some_and(|run| run.rows_key == self.prepared_key)
    }

    /// Shows a run everywhere.
    pub fn show_run(&mut self, at: usize) {
        let Some(run) = self.runs.get(at).filter(|run| run.is_whole()) else { return };
        self.shown_run = at;
        self.outcomes = run.outcomes.clone();
        self.outcomes_key = run.key.clone();
        self.trained_on = run.rows.clone();
        let rows = run.rows.as_ref().map_or(0, |rows| rows.sides.len());
        if self.train.is_none() {
            self.show_kept_run();
        }
        self.rank();
        if self.shows_present_rows()
            && self.segments.is_none()
            && self.segment.is_none()
            && rows <= AUTO_SEGMENT_ROWS
        {
            self.find_segments();
        }
    }

    /// Takes the settings of a run back, as one step of undo.
    pub fn use_settings_of(&mut self, at: usize) {
        if let Some(run) = self.runs.get(at) {
            let keep = (self.settings.threshold, self.settings.call_list.clone());
            self.settings = run.settings.clone();
            (self.settings.threshold, self.settings.call_list) = keep;
        }
    }

    /// Forgets a run that is not shown.
    pub fn forget_run(&mut self, at: usize) {
        if at != self.shown_run && at < self.runs.len() {
            self.runs.remove(at);
            self.shown_run -= usize::from(at < self.shown_run);
            self.touch();
        }
    }

    /// The curves of the run that is kept, or none.
    pub(super) fn show_kept_run(&mut self) {
        let kept = self.outcomes.iter().find(|o| o.kind.is_network());
        self.live = kept.map(|o| o.trained.history.clone()).unwrap_or_default();
        self.live_device = kept.map(|o| o.trained.device.clone());
    }

    /// The outcome that pages show.
    pub fn shown(&self) -> Option<&Arc<Outcome>> {
        self.outcomes.iter().find(|o| o.kind == self.shown_model).or(self.outcomes.first())
    }

    /// Shows another model everywhere.
    pub fn show_model(&mut self, kind: ModelKind) {
        if kind != self.shown_model {
            self.touch();
        }
        self.shown_model = kind;
        self.rank();
    }
}
