//! The project in the window: settings with undo, what was computed from them, and the jobs that
//! compute. Long work runs on threads of its own; `poll` takes in what is done.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use eframe::egui;
use regulars_engine::collect;
use regulars_engine::deploy::{Customer, DeployError};
use regulars_engine::job::{Event, Job, Poll, Reporter};
use regulars_engine::project::{self, Outcome, Prepared, SavedProject, SavedRun, Settings};
use regulars_engine::segment::Segmentation;
use regulars_engine::table::Table;
use regulars_engine::train::{DeviceChoice, Epoch, ModelKind};
use regulars_engine::{Error, files};

use crate::words::{self, Lang};

/// Rows up to which segments are found without being asked for.
const AUTO_SEGMENT_ROWS: usize = 50_000;
/// Steps of undo that are kept.
const UNDO_STEPS: usize = 100;

/// How bad a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Caution,
    Bad,
}

/// Something the person should know; it stays until it is dismissed or outdated.
#[derive(Debug)]
pub struct Notice {
    pub tone: Tone,
    pub text: Told,
}

/// A notice's content, worded when drawn, in the language of the moment.
#[derive(Debug)]
pub enum Told {
    Error(Error),
    /// A key of the catalogue with its values.
    Key(&'static str, Vec<(&'static str, String)>),
}

/// What a file dialog was opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Open,
    SaveProject,
    ExportCustomers,
    SaveBundle,
}

type PrepareJob = Job<(Table, Result<Prepared, Error>)>;

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
    /// Runs of an opened project, waiting for its data.
    waiting_runs: Vec<SavedRun>,
    pub segments: Option<Arc<Segmentation>>,
    pub customers: Option<Arc<Vec<Customer>>>,
    pub shown_model: ModelKind,

    pub load: Option<Job<Result<Table, Error>>>,
    prepare: Option<PrepareJob>,
    pub train: Option<Job<Result<Vec<Outcome>, Error>>>,
    pub segment: Option<Job<Result<Segmentation, Error>>>,
    /// A save or export, with what to say when it is done.
    write: Option<Job<Result<Told, Error>>>,
    dialog: Option<Receiver<(Ask, Option<PathBuf>)>>,

    pub live: Vec<Epoch>,
    pub live_device: Option<DeviceChoice>,
    pub phase: &'static str,
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
            waiting_runs: Vec::new(),
            segments: None,
            customers: None,
            shown_model: ModelKind::Mlp,
            load: None,
            prepare: None,
            train: None,
            segment: None,
            write: None,
            dialog: None,
            live: Vec::new(),
            live_device: None,
            phase: "",
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
        self.load = Some(self.start(move |report| collect::open(&file, &options, report)));
    }

    /// Cleans, splits and encodes again, with the roles that the person set.
    fn prepare(&mut self) {
        let Some(base) = self.base.clone() else { return };
        if let Some(job) = &self.prepare {
            job.cancel();
        }
        let settings = self.settings.clone();
        self.prepare = Some(self.start(move |report| {
            let mut table = (*base).clone();
            for (name, role) in &settings.read.roles {
                // A role for a column that is gone says nothing about the ones that are there.
                let _ = collect::set_role(&mut table, name, *role);
            }
            let prepared = project::prepare(&settings, &table, report);
            (table, prepared)
        }));
    }

    /// True while the table is being cleaned and encoded.
    pub fn preparing(&self) -> bool {
        self.prepare.is_some()
    }

    /// True when the outcomes belong to other settings than the present ones.
    pub fn stale(&self) -> bool {
        !self.outcomes.is_empty()
            && self.table.as_ref().is_some_and(|t| self.settings.key(t) != self.outcomes_key)
    }

    /// Trains the network and the simple models on the same split.
    pub fn train(&mut self) {
        let Some(prepared) = self.prepared.clone() else { return };
        if self.train.is_some() || self.prepare.is_some() {
            return;
        }
        self.live.clear();
        self.live_device = None;
        self.notices.retain(|n| n.tone != Tone::Bad);
        let settings = self.settings.clone();
        self.train = Some(self.start(move |report| {
            [ModelKind::Mlp, ModelKind::Logistic, ModelKind::Tree, ModelKind::Majority]
                .into_iter()
                .map(|kind| project::learn(&settings, &prepared, kind, report))
                .collect()
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
        if let Some(mut job) = self.load.take() {
            match job.poll() {
                Poll::Running => self.load = Some(job),
                Poll::Done(Ok(table)) => {
                    self.base = Some(Arc::new(table.clone()));
                    self.table = Some(Arc::new(table));
                    self.saved = self.project_file.is_some();
                    self.prepare();
                }
                Poll::Done(Err(error)) => self.fail(error),
                Poll::Lost => self.lost(),
            }
        }
        if let Some(mut job) = self.prepare.take() {
            match job.poll() {
                Poll::Running => self.prepare = Some(job),
                Poll::Done((table, prepared)) => self.take_prepared(table, prepared),
                Poll::Lost => self.lost(),
            }
        }
        if let Some(mut job) = self.train.take() {
            for event in job.events() {
                match event {
                    Event::Epoch(epoch) => self.live.push(epoch),
                    Event::Device(device) => self.live_device = Some(device),
                    Event::Phase(phase) => self.phase = phase,
                }
            }
            match job.poll() {
                Poll::Running => self.train = Some(job),
                Poll::Done(Ok(outcomes)) => self.take_outcomes(outcomes),
                Poll::Done(Err(error)) => self.fail(error),
                Poll::Lost => self.lost(),
            }
        }
        if let Some(mut job) = self.segment.take() {
            match job.poll() {
                Poll::Running => self.segment = Some(job),
                Poll::Done(Ok(found)) => {
                    self.segments = Some(Arc::new(found));
                    self.rank();
                }
                Poll::Done(Err(error)) => self.fail(error),
                Poll::Lost => self.lost(),
            }
        }
        if let Some(mut job) = self.write.take() {
            match job.poll() {
                Poll::Running => self.write = Some(job),
                Poll::Done(Ok(text)) => self.notices.push(Notice { tone: Tone::Good, text }),
                Poll::Done(Err(error)) => self.fail(error),
                Poll::Lost => self.lost(),
            }
        }
    }

    fn lost(&mut self) {
        self.tell(Tone::Bad, "notice.lost", Vec::new());
    }

    fn take_prepared(&mut self, table: Table, prepared: Result<Prepared, Error>) {
        self.table = Some(Arc::new(table));
        match prepared {
            Ok(prepared) => {
                let prepared = Arc::new(prepared);
                let runs = std::mem::take(&mut self.waiting_runs);
                let restored: Vec<Outcome> =
                    runs.iter().filter_map(|run| run.restore(&prepared).ok()).collect();
                self.prepared = Some(prepared);
                self.prepare_error = None;
                self.segments = None;
                if let (false, Some(run)) = (restored.is_empty(), runs.first()) {
                    let key = run.key.clone();
                    self.live.clone_from(&restored[0].trained.history);
                    self.take_outcomes(restored);
                    self.outcomes_key = key;
                    self.saved = true;
                } else if !self.outcomes.is_empty() {
                    self.customers = None;
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
        if let Some(device) = outcomes.first().map(|o| o.trained.device.clone()) {
            self.live_device = Some(device);
        }
        self.outcomes = outcomes.into_iter().map(Arc::new).collect();
        self.outcomes_key = self.table.as_ref().map(|t| self.settings.key(t)).unwrap_or_default();
        self.saved = false;
        self.rank();
        let rows = self.prepared.as_ref().map_or(0, |p| p.sides.len());
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
        let (Some(prepared), Some(outcome)) = (self.prepared.clone(), self.shown().cloned()) else { return };
        if outcome.probabilities.len() != prepared.sides.len() {
            self.customers = None;
            return;
        }
        self.customers = Some(Arc::new(project::rank(&prepared, &outcome, self.segments.as_deref())));
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

    fn follow(&mut self) {
        let before = std::mem::replace(&mut self.committed, self.settings.clone());
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

    /// Opens a file dialog on a thread of its own: a portal that hangs must not hang the window.
    pub fn ask(&mut self, ask: Ask) {
        let (sender, receiver) = channel();
        let ctx = self.ctx.clone();
        let name = self.table.as_ref().map_or_else(|| "customers".into(), |t| t.name.clone());
        let spawned = std::thread::Builder::new().name("regulars-dialog".into()).spawn(move || {
            let dialog = rfd::FileDialog::new();
            let path = match ask {
                Ask::Open => dialog
                    .add_filter("CSV, TXT, Regulars", &["csv", "tsv", "txt", "regulars"])
                    .add_filter("*", &["*"])
                    .pick_file(),
                Ask::SaveProject => dialog.set_file_name(format!("{name}.regulars")).save_file(),
                Ask::ExportCustomers => dialog.set_file_name(format!("{name} by risk.csv")).save_file(),
                Ask::SaveBundle => dialog.set_file_name(format!("{name}.bundle")).save_file(),
            };
            let _ = sender.send((ask, path));
            ctx.request_repaint();
        });
        if spawned.is_ok() {
            self.dialog = Some(receiver);
        }
    }

    /// The answer of a file dialog, if it has come.
    pub fn answer(&mut self) -> Option<(Ask, PathBuf)> {
        let receiver = self.dialog.as_ref()?;
        match receiver.try_recv() {
            Ok((ask, path)) => {
                self.dialog = None;
                path.map(|path| (ask, path))
            }
            Err(std::sync::mpsc::TryRecvError::Empty) => None,
            Err(std::sync::mpsc::TryRecvError::Disconnected) => {
                self.dialog = None;
                self.tell(Tone::Caution, "notice.no_dialog", Vec::new());
                None
            }
        }
    }

    /// Saves the project.
    pub fn save(&mut self, path: PathBuf) {
        let Some(table) = &self.table else { return };
        let runs = self.outcomes.iter().map(|o| SavedRun::of(o, &self.outcomes_key)).collect();
        let project = SavedProject::new(
            self.settings.clone(),
            std::path::absolute(&table.source.file).unwrap_or_else(|_| table.source.file.clone()),
            table.source.hash.clone(),
            runs,
        );
        match project.save(&path) {
            Ok(()) => {
                self.saved = true;
                self.tell(Tone::Good, "notice.saved", vec![("file", path.display().to_string())]);
                self.project_file = Some(path);
            }
            Err(error) => self.fail(error.into()),
        }
    }

    /// Writes the ranked list, as it is shown.
    pub fn export_customers(&mut self, lang: Lang, path: PathBuf) {
        let (Some(list), segments) = (self.customers.clone(), self.segments.clone()) else { return };
        self.write = Some(self.start(move |_| {
            let header: Vec<String> = words::ranked_header(lang);
            let rows = list
                .iter()
                .enumerate()
                .map(|(at, c)| words::ranked_row(lang, at + 1, c, segments.as_deref()));
            files::write_csv(&path, &header, rows)
                .map_err(|cause| Error::from(DeployError::Write { file: path.clone(), cause }))?;
            let args = vec![("count", list.len().to_string()), ("file", path.display().to_string())];
            Ok(Told::Key("notice.exported", args))
        }));
    }

    /// Writes the bundle of the shown model.
    pub fn save_bundle(&mut self, path: PathBuf) {
        let (Some(prepared), Some(outcome)) = (self.prepared.clone(), self.shown().cloned()) else { return };
        let settings = self.settings.clone();
        self.write = Some(self.start(move |_| {
            project::bundle(&settings, &prepared, &outcome).save(&path)?;
            Ok(Told::Key("notice.bundle", vec![("file", path.display().to_string())]))
        }));
    }
}
