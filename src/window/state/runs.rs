//! Trainings: started, listed, named, shown again.

mod smaller;

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::project::{self, Asked, Outcome, Prepared, SavedModel, SavedRun, Settings};
use regulars_engine::split::Side;
use regulars_engine::train::{Epoch, Memory, ModelKind};

use super::curves::RunCurve;
use super::{State, ended_of};
use crate::window::notice::Tone;

/// Rows up to which segments are found without being asked for.
const AUTO_SEGMENT_ROWS: usize = 50_000;
/// Runs that are kept; the oldest without a name goes first.
const RUNS: usize = 200;
/// Runs whose predictions are held; those of the others are made again when they are shown.
pub(super) const HELD: usize = 20;
/// Epochs of a run whose figures are held; of more, those that tell its story.
const EPOCHS: usize = 10_000;

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
    lowest: Option<f64>,
}

/// A training that runs: what it was started with.
#[derive(Clone)]
pub struct Training {
    settings: Settings,
    key: String,
    rows_key: String,
    pub(super) rows: Arc<Prepared>,
    asked: Option<Arc<Asked>>,
}

impl Training {
    /// What the network needs of memory.
    pub(super) fn memory(&self) -> Memory {
        Memory::of(&self.settings.mlp, self.rows.matrix.width(), self.rows.count(Side::Train))
    }
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

    /// Its curve, to be handed to a worker.
    pub(super) fn curve(&self) -> RunCurve {
        RunCurve(self.saved.clone())
    }

    /// The network's curve.
    pub fn history(&self) -> &[Epoch] {
        self.saved.iter().find(|m| !m.history.is_empty()).map_or(&[], |m| &m.history)
    }

    /// The lowest validation loss of its epochs.
    pub fn lowest_loss(&self) -> Option<f64> {
        self.lowest
    }

    /// The network among its models.
    pub fn network(&self) -> Option<&SavedModel> {
        self.saved.first()
    }

    /// Can be shown on every page at once.
    pub fn is_whole(&self) -> bool {
        !self.outcomes.is_empty()
    }

    /// Can be shown, if only after its predictions were made again.
    pub fn can_be_shown(&self) -> bool {
        self.is_whole() || self.rows.is_some()
    }

    /// Lets go of its rows and of what was predicted for them; the models and their curves stay.
    pub(super) fn let_go(&mut self) {
        self.outcomes.clear();
        (self.rows, self.asked) = (None, None);
    }

    /// A run that was saved; `rows` where its models fit the present ones.
    pub(super) fn of_saved(number: usize, saved: SavedRun, rows: Option<Arc<Prepared>>) -> Self {
        Self {
            number,
            name: saved.name,
            settings: saved.settings,
            key: saved.key,
            rows_key: saved.rows_key,
            outcomes: Vec::new(),
            rows,
            asked: None,
            lowest: lowest(&saved.models),
            saved: Arc::new(saved.models),
            overlaid: false,
        }
    }
}

/// The lowest validation loss of the model that has epochs.
fn lowest(models: &[SavedModel]) -> Option<f64> {
    let history = models.iter().find(|m| !m.history.is_empty()).map(|m| &m.history)?;
    history.iter().map(|e| e.valid_loss).filter(|loss| loss.is_finite()).min_by(f64::total_cmp)
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
        let elsewhere = match self.muscle.place() {
            Ok(place) => place,
            Err(error) => {
                self.muscle.answer = Some(Err(error));
                self.tell(Tone::Bad, "notice.no_muscle", Vec::new());
                return;
            }
        };
        let settings = self.settings.clone();
        let rows = prepared.clone();
        let asked = self.asked().cloned();
        self.training = Some(Training { settings: settings.clone(), key, rows_key, rows, asked });
        self.inside.begin(self.training.clone());
        self.live.clear();
        self.live_device = None;
        self.muscle.crew.clear();
        self.cut_off = false;
        self.notices.retain(|n| n.tone != Tone::Bad);
        self.unkept = true;
        let checkpoint = self.checkpoint();
        self.train = Some(self.start(move |report| {
            let learn = |kind| project::learn(&settings, &prepared, kind, report);
            let network = settings.net.kind;
            let kept =
                |at| project::learn_at(&settings, &prepared, network, (at, elsewhere.as_ref()), report);
            let mut ended = kept(checkpoint.as_deref());
            // What cannot be gone on with is begun anew.
            if let (Err(error), Some(path)) = (&ended, &checkpoint)
                && error.kind() == "net_checkpoint"
            {
                let _ = std::fs::remove_file(path);
                ended = kept(checkpoint.as_deref());
            }
            // Done or failed; what was stopped is gone on with when the same is trained again.
            if let Some(path) = checkpoint.filter(|_| !matches!(ended, Err(Error::Cancelled))) {
                let _ = std::fs::remove_file(path);
            }
            let mut outcomes = vec![ended?];
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
        let on = self.inside.watches();
        self.train.iter().for_each(|job| job.watch(on));
    }

    /// Where the present training keeps its standing; nowhere for a locked project, as it is not locked, nor
    /// with differential privacy, which begins anew each time.
    fn checkpoint(&self) -> Option<std::path::PathBuf> {
        let kept = !self.guard.is_locked() && self.settings.private.is_none();
        let training = self.training.as_ref().filter(|_| kept)?;
        self.recovery.as_ref().map(|recovery| recovery.checkpoint(&training.key))
    }

    /// True while the training rests.
    pub fn paused(&self) -> bool {
        self.train.as_ref().is_some_and(|job| job.is_paused())
    }

    pub(super) fn take_outcomes(&mut self, outcomes: Vec<Outcome>) {
        if let Some(training) = self.training.take() {
            self.push_run(training, String::new(), outcomes);
        }
    }

    /// Adds a run and shows it.
    pub(super) fn push_run(&mut self, of: Training, name: String, outcomes: Vec<Outcome>) {
        let Training { settings, key, rows_key, rows, asked } = of;
        let mut saved: Vec<SavedModel> = outcomes.iter().map(SavedModel::of).collect();
        saved.iter_mut().for_each(|model| project::thin_history(model, EPOCHS));
        let run = Run {
            number: self.next_number(),
            name,
            rows_key,
            settings,
            key,
            outcomes: outcomes.into_iter().map(Arc::new).collect(),
            rows: Some(rows),
            asked,
            lowest: lowest(&saved),
            saved: Arc::new(saved),
            overlaid: false,
        };
        self.add_run(run);
        self.touch();
        self.show_run(self.runs.len() - 1);
        self.hold_few();
    }

    fn next_number(&self) -> usize {
        self.runs.iter().map(|run| run.number).max().unwrap_or(0) + 1
    }

    fn add_run(&mut self, run: Run) {
        self.runs.push(run);
        if self.runs.len() > RUNS {
            let shown = self.shown_run;
            let older = self.runs.iter().take(self.runs.len() - 1).enumerate();
            let nameless = |(at, run): &(usize, &Run)| run.name.is_empty() && *at != shown;
            let oldest = older.clone().find(nameless).or(older.clone().find(|(at, _)| *at != shown));
            let oldest = oldest.map_or(0, |(at, _)| at);
            self.runs.remove(oldest);
            self.shown_run -= usize::from(oldest < self.shown_run);
        }
    }

    /// Runs that were trained elsewhere: their curves are compared with those that are here.
    pub fn add_runs(&mut self, runs: Vec<SavedRun>) {
        for saved in runs {
            let run = Run::of_saved(self.next_number(), saved, None);
            self.add_run(run);
        }
        self.touch();
    }

    /// Lets go of the oldest runs' predictions; their models stay.
    fn hold_few(&mut self) {
        let held = self.runs.iter().filter(|run| run.is_whole()).count();
        let shown = self.shown_run;
        let older = self.runs.iter_mut().enumerate().filter(|(at, run)| run.is_whole() && *at != shown);
        older.take(held.saturating_sub(HELD)).for_each(|(_, run)| run.outcomes.clear());
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
                // Of those whose rows are the present ones, only the last were predicted again.
                let fits = restored.contains_key(&at);
                let outcomes = restored.remove(&at).unwrap_or_default();
                let mut run = Run::of_saved(at + 1, run, rows.clone().filter(|_| fits));
                if let (true, Some(table)) = (fits, &self.table) {
                    run.rows_key = self.settings.rows_key(table);
                }
                run.asked = asked.clone().filter(|_| fits);
                run.outcomes = outcomes.into_iter().map(Arc::new).collect();
                run
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
            if let Some(run) = found {
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

    /// Shows a run everywhere; where its predictions were let go, as soon as they are made again.
    pub fn show_run(&mut self, at: usize) {
        let Some(run) = self.runs.get(at).filter(|run| run.can_be_shown()) else { return };
        if !run.is_whole() {
            return self.predict_again(at);
        }
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

    fn predict_again(&mut self, at: usize) {
        let Some((run, rows)) = self.runs.get(at).and_then(|run| Some((run, run.rows.clone()?))) else {
            return;
        };
        let (number, saved) = (run.number, run.saved.clone());
        let job = self.start(move |report| {
            let again = |model: &SavedModel| {
                report.check()?;
                model.restore(&rows)
            };
            saved.iter().map(again).collect()
        });
        self.curves.again = Some((number, job));
    }

    /// Predictions of a run that were made again.
    pub(super) fn poll_again(&mut self) {
        let Some((number, news)) = ended_of(&mut self.curves.again) else { return };
        let outcomes: Option<Vec<Outcome>> = self.settle(Some(news));
        let at = self.runs.iter().position(|run| run.number == number);
        let found = at.and_then(|at| self.runs.get_mut(at).map(|run| (at, run)));
        if let (Some(outcomes), Some((at, run))) = (outcomes, found)
            && !outcomes.is_empty()
        {
            run.outcomes = outcomes.into_iter().map(Arc::new).collect();
            self.show_run(at);
            self.hold_few();
        }
    }

    /// Takes the settings of a run back, as one step of undo.
    pub fn use_settings_of(&mut self, at: usize) {
        if let Some(run) = self.runs.get(at) {
            // What reads the result is no part of how a model was made.
            let now = std::mem::replace(&mut self.settings, run.settings.clone());
            (self.settings.threshold, self.settings.call_list) = (now.threshold, now.call_list);
            (self.settings.repair, self.settings.money) = (now.repair, now.money);
            self.settings.refit = now.refit;
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

    /// The outcome that pages show, its probabilities repaired where that is wanted and done.
    pub fn shown(&self) -> Option<&Arc<Outcome>> {
        self.unrepaired().map(|raw| self.repairing.of(raw, self.repair_wish()).unwrap_or(raw))
    }

    /// The shown outcome as the model gave it.
    pub fn unrepaired(&self) -> Option<&Arc<Outcome>> {
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
