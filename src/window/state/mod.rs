//! The project in the window: settings with undo, what was computed from them, and the jobs that
//! compute. Long work runs on threads of its own; `poll` takes in what is done.

mod takeaway;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use eframe::egui;
use regulars_engine::Error;
use regulars_engine::collect;
use regulars_engine::deploy::Customer;
use regulars_engine::job::{Event, Job, Poll, Reporter};
use regulars_engine::project::{self, Outcome, Prepared, SavedProject, SavedRun, Settings};
use regulars_engine::segment::Segmentation;
use regulars_engine::table::Table;
use regulars_engine::train::{DeviceChoice, Epoch, ModelKind};

pub use takeaway::Ask;

use super::notice::{Notice, Told, Tone};

/// Rows up to which segments are found without being asked for.
const AUTO_SEGMENT_ROWS: usize = 50_000;
/// Steps of undo that are kept.
const UNDO_STEPS: usize = 100;

/// What cleaning gives back: the table with its roles, the rows, and the outcomes of a saved
/// project, predicted again.
struct Ready {
    table: Table,
    prepared: Result<Prepared, Error>,
    restored: Vec<Outcome>,
    restored_key: String,
}

/// The project and its jobs.
pub struct State {
    pub settings: Settings,
    committed: Settings,
    undo: Vec<Settings>,
    redo: Vec<Settings>,
    pub project_file: Option<PathBuf>,
    pub saved: bool,

    /// The table as guessed, before the person's roles.
    base: Option<Arc<Table>>,
    pub table: Option<Arc<Table>>,
    pub prepared: Option<Arc<Prepared>>,
    pub prepare_error: Option<Error>,
    pub outcomes: Vec<Arc<Outcome>>,
    /// [`Settings::key`] at the time of training.
    outcomes_key: String,
    /// [`Settings::key`] of the present settings, made anew when they or the table change.
    present_key: String,
    /// The rows that the outcomes belong to.
    pub trained_on: Option<Arc<Prepared>>,
    /// Key and rows of the running training.
    training: Option<(String, Arc<Prepared>)>,
    /// Runs of an opened project, waiting for its data.
    waiting_runs: Vec<SavedRun>,
    pub segments: Option<Arc<Segmentation>>,
    pub customers: Option<Arc<Vec<Customer>>>,
    pub shown_model: ModelKind,

    pub load: Option<Job<Result<Table, Error>>>,
    preview_job: Option<Job<Result<Table, Error>>>,
    /// The first rows, shown while the rest is read.
    pub preview: Option<Arc<Table>>,
    prepare: Option<Job<Ready>>,
    pub train: Option<Job<Result<Vec<Outcome>, Error>>>,
    pub segment: Option<Job<Result<Segmentation, Error>>>,
    /// A save or export, with what to say when it is done.
    write: Option<Job<Result<Told, Error>>>,
    dialog: Option<Receiver<(Ask, Option<PathBuf>)>>,

    pub live: Vec<Epoch>,
    pub live_device: Option<DeviceChoice>,
    pub notices: Vec<Notice>,
    ctx: egui::Context,
}

impl State {
    /// An empty project.
    pub fn new(ctx: egui::Context) -> Self {
        Self {
            settings: Settings::default(),
            committed: Settings::default(),
            undo: Vec::new(),
            redo: Vec::new(),
            project_file: None,
            saved: true,
            base: None,
            table: None,
            prepared: None,
            prepare_error: None,
            outcomes: Vec::new(),
            outcomes_key: String::new(),
            present_key: String::new(),
            trained_on: None,
            training: None,
            waiting_runs: Vec::new(),
            segments: None,
            customers: None,
            shown_model: ModelKind::Mlp,
            load: None,
            preview_job: None,
            preview: None,
            prepare: None,
            train: None,
            segment: None,
            write: None,
            dialog: None,
            live: Vec::new(),
            live_device: None,
            notices: Vec::new(),
            ctx,
        }
    }

    fn start<T: Send + 'static>(&self, work: impl FnOnce(&Reporter) -> T + Send + 'static) -> Job<T> {
        let ctx = self.ctx.clone();
        Job::start(move || ctx.request_repaint(), work)
    }

    /// Opens a data file or a project.
    pub fn open(&mut self, path: &Path) {
        if path.extension().is_some_and(|e| e == "regulars") {
            match SavedProject::open(path) {
                Ok(saved) => {
                    self.reset(saved.settings);
                    self.project_file = Some(path.to_owned());
                    self.waiting_runs = saved.runs;
                    self.read(saved.file);
                }
                Err(error) => self.fail(error.into()),
            }
        } else {
            self.reset(Settings::default());
            self.read(path.to_owned());
        }
    }

    fn reset(&mut self, settings: Settings) {
        self.cancel();
        let ctx = self.ctx.clone();
        *self = Self::new(ctx);
        self.committed = settings.clone();
        self.settings = settings;
    }

    fn read(&mut self, file: PathBuf) {
        let options = collect::ReadOptions { roles: Vec::new(), ..self.settings.read.clone() };
        let (head, head_options) = (file.clone(), options.clone());
        self.preview = None;
        self.preview_job = Some(self.start(move |_| collect::preview(&head, &head_options)));
        self.load = Some(self.start(move |report| collect::open(&file, &options, report)));
    }

    /// Cleans, splits and encodes again, with the roles that the person set.
    fn prepare(&mut self) {
        let Some(base) = self.base.clone() else { return };
        if let Some(job) = &self.prepare {
            job.cancel();
        }
        let settings = self.settings.clone();
        let runs = self.waiting_runs.clone();
        self.prepare = Some(self.start(move |report| {
            let mut table = (*base).clone();
            for (name, role) in &settings.read.roles {
                // A role for a column that is gone says nothing about the ones that are there.
                let _ = collect::set_role(&mut table, name, *role);
            }
            let prepared = project::prepare(&settings, &table, report);
            let restored = match &prepared {
                Ok(prepared) => {
                    let key = settings.key(&table);
                    let same = runs.iter().filter(|run| run.key == key);
                    same.filter_map(|run| run.restore(prepared).ok()).collect()
                }
                Err(_) => Vec::new(),
            };
            let restored_key = runs.first().map(|run| run.key.clone()).unwrap_or_default();
            Ready { table, prepared, restored, restored_key }
        }));
    }

    /// True while the table is being cleaned and encoded.
    pub fn preparing(&self) -> bool {
        self.prepare.is_some()
    }

    /// True when the outcomes belong to other settings than the present ones.
    pub fn stale(&self) -> bool {
        !self.outcomes.is_empty() && self.present_key != self.outcomes_key
    }

    /// Trains the network and the simple models on the same split.
    pub fn train(&mut self) {
        let Some(prepared) = self.prepared.clone() else { return };
        if self.train.is_some() || self.prepare.is_some() {
            return;
        }
        let Some(key) = self.table.as_ref().map(|t| self.settings.key(t)) else { return };
        self.training = Some((key, prepared.clone()));
        self.live.clear();
        self.live_device = None;
        self.notices.retain(|n| n.tone != Tone::Bad);
        let settings = self.settings.clone();
        self.train = Some(self.start(move |report| {
            let learn = |kind| project::learn(&settings, &prepared, kind, report);
            let mut outcomes = vec![learn(ModelKind::Mlp)?];
            for kind in [ModelKind::Logistic, ModelKind::Tree, ModelKind::Majority] {
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

    /// Groups the customers.
    pub fn find_segments(&mut self) {
        let Some(prepared) = self.prepared.clone() else { return };
        let settings = self.settings.clone();
        self.segment = Some(self.start(move |report| project::segment(&settings, &prepared, report)));
    }

    /// Stops every job and forgets its result.
    pub fn cancel(&mut self) {
        self.load.iter().for_each(Job::cancel);
        self.train.iter().for_each(Job::cancel);
        self.segment.iter().for_each(Job::cancel);
        self.prepare.iter().for_each(Job::cancel);
    }

    /// The running job that the top bar shows: its phase, done share and seconds.
    pub fn running(&self) -> Option<(&'static str, f64, f64)> {
        let of = |name, progress, seconds| Some((name, progress, seconds));
        if let Some(job) = &self.load {
            return of("read", job.progress(), job.seconds());
        }
        if let Some(job) = &self.train {
            return of("train", job.progress(), job.seconds());
        }
        if let Some(job) = &self.prepare {
            return of("clean", job.progress(), job.seconds());
        }
        self.segment.as_ref().and_then(|job| of("segment", job.progress(), job.seconds()))
    }

    fn fail(&mut self, error: Error) {
        if !matches!(error, Error::Cancelled) {
            self.notices.push(Notice { tone: Tone::Bad, text: Told::Error(error) });
        }
    }

    /// Tells something.
    pub fn tell(&mut self, tone: Tone, key: &'static str, args: Vec<(&'static str, String)>) {
        self.notices.push(Notice { tone, text: Told::Key(key, args) });
    }

    /// Takes in what the jobs have done since the last frame.
    pub fn poll(&mut self) {
        // What is wrong with the head is told by the reading of the whole.
        if let Some(Some(Ok(table))) = ended(&mut self.preview_job) {
            self.preview = Some(Arc::new(table));
        }
        let news = ended(&mut self.load);
        if let Some(table) = self.settle(news) {
            self.base = Some(Arc::new(table.clone()));
            self.table = Some(Arc::new(table));
            self.saved &= self.project_file.is_some();
            self.prepare();
        }
        match ended(&mut self.prepare) {
            Some(Some(ready)) => self.take_prepared(ready),
            Some(None) => self.lost(),
            None => {}
        }
        for event in self.train.iter().flat_map(Job::events) {
            match event {
                Event::Epoch(epoch) => self.live.push(epoch),
                Event::Device(device) => self.live_device = Some(device),
                Event::Phase(_) => {}
            }
        }
        let news = ended(&mut self.train);
        let is_over = news.is_some();
        match self.settle(news) {
            Some(outcomes) => self.take_outcomes(outcomes),
            None if is_over => self.show_kept_run(),
            None => {}
        }
        let news = ended(&mut self.segment);
        if let Some(found) = self.settle(news) {
            self.segments = Some(Arc::new(found));
            self.rank();
        }
        let news = ended(&mut self.write);
        if let Some(text) = self.settle(news) {
            self.notices.push(Notice { tone: Tone::Good, text });
        }
    }

    /// The value of a job that ended well; what went wrong is told.
    fn settle<T>(&mut self, news: Option<Option<Result<T, Error>>>) -> Option<T> {
        match news? {
            Some(Ok(value)) => return Some(value),
            Some(Err(error)) => self.fail(error),
            None => self.lost(),
        }
        None
    }

    /// After a training that gave nothing: the curves of the run that is kept, or none.
    fn show_kept_run(&mut self) {
        let kept = self.outcomes.iter().find(|o| o.kind == ModelKind::Mlp);
        self.live = kept.map(|o| o.trained.history.clone()).unwrap_or_default();
        self.live_device = kept.map(|o| o.trained.device.clone());
    }

    fn lost(&mut self) {
        self.tell(Tone::Bad, "notice.lost", Vec::new());
    }

    fn take_prepared(&mut self, ready: Ready) {
        self.table = Some(Arc::new(ready.table));
        self.make_key();
        match ready.prepared {
            Ok(prepared) => {
                let prepared = Arc::new(prepared);
                self.prepared = Some(prepared.clone());
                self.prepare_error = None;
                self.segments = None;
                self.segment.iter().for_each(Job::cancel);
                self.segment = None;
                if !self.waiting_runs.is_empty() {
                    self.waiting_runs.clear();
                    if let Some(first) = ready.restored.first() {
                        self.live.clone_from(&first.trained.history);
                        self.training = Some((ready.restored_key, prepared));
                        self.take_outcomes(ready.restored);
                        self.saved = true;
                    } else {
                        // Other data or settings than at the time of saving.
                        self.tell(Tone::Caution, "notice.runs_dropped", Vec::new());
                    }
                }
            }
            Err(Error::Cancelled) => {}
            Err(error) => {
                self.prepared = None;
                self.prepare_error = Some(error);
            }
        }
    }

    fn take_outcomes(&mut self, outcomes: Vec<Outcome>) {
        let Some((key, prepared)) = self.training.take() else { return };
        if let Some(device) = outcomes.first().map(|o| o.trained.device.clone()) {
            self.live_device = Some(device);
        }
        self.outcomes = outcomes.into_iter().map(Arc::new).collect();
        self.outcomes_key = key;
        self.saved = false;
        let rows = prepared.sides.len();
        self.trained_on = Some(prepared);
        self.rank();
        if self.segments.is_none() && self.segment.is_none() && rows <= AUTO_SEGMENT_ROWS {
            self.find_segments();
        }
    }

    /// The outcome that pages show.
    pub fn shown(&self) -> Option<&Arc<Outcome>> {
        self.outcomes.iter().find(|o| o.kind == self.shown_model).or(self.outcomes.first())
    }

    /// Shows another model everywhere.
    pub fn show_model(&mut self, kind: ModelKind) {
        self.shown_model = kind;
        self.rank();
    }

    fn rank(&mut self) {
        let (Some(rows), Some(outcome)) = (self.trained_on.clone(), self.shown().cloned()) else { return };
        // Segments of other rows than the model's say nothing about its list.
        let same = self.prepared.as_ref().is_some_and(|p| Arc::ptr_eq(p, &rows));
        let segments = self.segments.as_deref().filter(|_| same);
        self.customers = Some(Arc::new(project::rank(&rows, &outcome, segments)));
    }

    /// At the end of a frame: a finished edit becomes one step of undo, and what depends on it is
    /// computed again.
    pub fn commit(&mut self, busy: bool) {
        if busy || self.settings == self.committed {
            return;
        }
        self.undo.push(self.committed.clone());
        if self.undo.len() > UNDO_STEPS {
            self.undo.remove(0);
        }
        self.redo.clear();
        self.follow();
    }

    fn make_key(&mut self) {
        self.present_key = self.table.as_ref().map(|t| self.settings.key(t)).unwrap_or_default();
    }

    fn follow(&mut self) {
        let before = std::mem::replace(&mut self.committed, self.settings.clone());
        self.make_key();
        self.saved = false;
        let now = &self.settings;
        let reading = |s: &Settings| (s.read.encoding.clone(), s.read.separator, s.read.header);
        if reading(&before) != reading(now)
            && let Some(file) = self.table.as_ref().map(|t| t.source.file.clone())
        {
            self.read(file);
            return;
        }
        let input = |s: &Settings| {
            (
                s.read.roles.clone(),
                s.positive.clone(),
                s.split.clone(),
                s.recipe.clone(),
                s.features.clone(),
                s.seed,
            )
        };
        if input(&before) != input(now) {
            self.prepare();
        }
    }

    /// Takes back the last edit.
    pub fn undo(&mut self) {
        if let Some(previous) = self.undo.pop() {
            self.redo.push(std::mem::replace(&mut self.settings, previous));
            self.follow();
        }
    }

    /// Does it again.
    pub fn redo(&mut self) {
        if let Some(next) = self.redo.pop() {
            self.undo.push(std::mem::replace(&mut self.settings, next));
            self.follow();
        }
    }

    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }
}

/// Empties the slot of a job that has ended: its value, or `None` inside for a worker that died.
fn ended<T: Send + 'static>(slot: &mut Option<Job<T>>) -> Option<Option<T>> {
    let news = match slot.as_mut()?.poll() {
        Poll::Running => return None,
        Poll::Done(value) => Some(value),
        Poll::Lost => None,
    };
    *slot = None;
    Some(news)
}
