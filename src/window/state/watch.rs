//! The jobs and results of one part of the window: the watched folder and what watches over the model.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use regulars_engine::Error;
use regulars_engine::deploy::audit::{self, Entry, Head};
use regulars_engine::deploy::drift::DriftReport;
use regulars_engine::deploy::watch::{Done, Journal, RetrainSpec, STATE, WatchSpec, now};
use regulars_engine::job::{Event, Job};
use regulars_engine::project::{WatchEvent, Watcher};

use super::{State, ended, ended_of};

/// Entries and files that are shown.
const SHOWN: usize = 200;
/// Lines of what happened that are kept.
const LINES: usize = 50;

/// A path that the person gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchPath {
    Folder,
    Bundle,
    Out,
    /// The project that a challenger is trained from; may be left out.
    Project,
    /// Later files with known outcomes, for it.
    Labelled,
}

impl WatchPath {
    pub const ALL: [Self; 5] = [Self::Folder, Self::Bundle, Self::Out, Self::Project, Self::Labelled];
}

/// What the person asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchForm {
    /// As typed, in the order of [`WatchPath::ALL`].
    pub paths: [String; 5],
    /// Minutes between two looks.
    pub minutes: u32,
    pub fill: bool,
    /// Days between two trainings of a challenger.
    pub retrain_days: u32,
}

impl Default for WatchForm {
    fn default() -> Self {
        Self { paths: Default::default(), minutes: 1, fill: false, retrain_days: 30 }
    }
}

impl WatchForm {
    /// The watch, once all is said.
    pub fn spec(&self) -> Option<WatchSpec> {
        let [folder, bundle, out, project, labelled] = self.paths.each_ref().map(|path| path.trim());
        if [folder, bundle, out].iter().any(|path| path.is_empty()) {
            return None;
        }
        let retrains = !project.is_empty() && !labelled.is_empty();
        let retrain = retrains.then(|| RetrainSpec {
            project: project.into(),
            labelled: labelled.into(),
            every_days: self.retrain_days,
        });
        Some(WatchSpec {
            every: u64::from(self.minutes) * 60,
            fill: self.fill,
            retrain,
            ..WatchSpec::new(folder.into(), bundle.into(), out.into())
        })
    }
}

/// What stands in a folder of lists.
#[derive(Debug, Clone, Default)]
pub struct WatchRead {
    /// Files that were handled, the newest first, by the hash of their content.
    pub done: Vec<(String, Done)>,
    /// The audit trail, the newest first.
    pub entries: Vec<Entry>,
    pub head: Head,
}

type Lines = Arc<Mutex<Vec<(String, WatchEvent)>>>;
type Dialog = Receiver<(WatchPath, Option<PathBuf>)>;

/// What was found, and its jobs.
#[derive(Default)]
pub struct Watch {
    pub form: WatchForm,
    /// The file whose drift is shown, by the hash of its content.
    pub chosen: Option<String>,
    /// The column that is looked at closely.
    pub column: Option<String>,
    running: Option<Job<Result<(), Error>>>,
    lines: Lines,
    /// The folder that was read last, and how far things had gone then.
    read_at: Option<(PathBuf, usize)>,
    reading: Option<Job<Result<WatchRead, Error>>>,
    read: Option<Arc<WatchRead>>,
    drift: Option<(String, Option<Arc<DriftReport>>)>,
    drifting: Option<(String, Job<Result<DriftReport, Error>>)>,
    verifying: Option<Job<Result<Head, Error>>>,
    verified: Option<Result<Head, Error>>,
    failed: Option<Error>,
    dialog: Option<Dialog>,
}

impl Watch {
    /// Stops its jobs, but for the watch itself: that ends when the person says so.
    pub(super) fn cancel(&mut self) {
        self.reading.iter().for_each(Job::cancel);
        self.drifting.iter().for_each(|(_, job)| job.cancel());
        self.verifying.iter().for_each(Job::cancel);
    }

    /// The running job: its phase, done share and seconds. A watch that waits for files is none.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.verifying.as_ref().map(|job| ("verify", job.progress(), job.seconds()))
    }

    /// True while it watches.
    pub fn is_on(&self) -> bool {
        self.running.is_some()
    }

    /// What happened last, the newest first.
    pub fn lines(&self) -> Vec<(String, WatchEvent)> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().take(LINES).cloned().collect()
    }

    /// What stands in the folder of lists.
    pub fn read(&self) -> Option<&Arc<WatchRead>> {
        self.read.as_ref()
    }

    /// The drift of the chosen file.
    pub fn drift(&self) -> Option<&Arc<DriftReport>> {
        let (hash, report) = self.drift.as_ref()?;
        report.as_ref().filter(|_| self.chosen.as_ref() == Some(hash))
    }

    /// What the check of the audit trail found.
    pub fn verified(&self) -> Option<&Result<Head, Error>> {
        self.verified.as_ref()
    }

    /// Why it stopped.
    pub fn failed(&self) -> Option<&Error> {
        self.failed.as_ref()
    }

    /// Stops watching: what is being scored is dropped, and scored at the next start.
    pub fn stop(&mut self) {
        self.running.iter().for_each(Job::cancel);
    }
}

/// Reads journal and trail of a folder of lists.
fn read(state: &Path) -> Result<WatchRead, Error> {
    let (mut done, head) = Journal::look(state)?;
    done.reverse();
    done.truncate(SHOWN);
    let trail = state.join("audit.jsonl");
    let mut entries = if trail.exists() { audit::entries(&trail, SHOWN)? } else { Vec::new() };
    entries.reverse();
    Ok(WatchRead { done, entries, head })
}

impl State {
    /// Begins to watch; with `once`, ends after one look.
    pub fn start_watch(&mut self, once: bool) {
        let Some(mut spec) = self.watch.form.spec().filter(|_| !self.watch.is_on()) else { return };
        spec.passphrase = self.guard.passphrase();
        self.watch.failed = None;
        let lines = self.watch.lines.clone();
        self.watch.running = Some(self.start(move |report| {
            let mut tell = |event: WatchEvent| {
                lines.lock().unwrap_or_else(PoisonError::into_inner).push((now(), event));
                report.emit(Event::Phase("watch"));
            };
            let mut watcher = Watcher::open(spec)?;
            if once {
                return watcher.once(std::time::Duration::from_secs(30), report, &mut tell).map(|_| ());
            }
            watcher.run(report, &mut tell)
        }));
    }

    /// Reads what stands in the folder of lists, unless that is known or under way.
    pub fn follow_watch(&mut self) {
        let Some(out) = self.watch.form.spec().map(|spec| spec.out) else { return };
        let lines = self.watch.lines.lock().unwrap_or_else(PoisonError::into_inner).len();
        // Once more at the end: the last entry of the trail comes after the last line.
        let key = (out, 2 * lines + usize::from(self.watch.is_on()));
        if self.watch.read_at.as_ref() == Some(&key) || self.watch.reading.is_some() {
            return self.follow_watched_drift();
        }
        let state = key.0.join(STATE);
        self.watch.read_at = Some(key);
        self.watch.reading = Some(self.start(move |_| read(&state)));
    }

    /// Reads the drift of the chosen file.
    fn follow_watched_drift(&mut self) {
        let (Some(spec), Some(hash)) = (self.watch.form.spec(), self.watch.chosen.clone()) else { return };
        let is_known = self.watch.drift.as_ref().is_some_and(|(of, _)| *of == hash)
            || self.watch.drifting.as_ref().is_some_and(|(of, _)| *of == hash);
        if is_known {
            return;
        }
        let job = self.start({
            let hash = hash.clone();
            move |_| regulars_engine::project::watch_drift(&spec, &hash)
        });
        self.watch.drifting = Some((hash, job));
    }

    /// Checks the audit trail of the folder of lists.
    pub fn verify_watch(&mut self) {
        let Some(spec) = self.watch.form.spec().filter(|_| self.watch.verifying.is_none()) else { return };
        let kept = self.watch.read.as_ref().map(|read| read.head.clone()).filter(|head| head.count > 0);
        let trail = spec.state().join("audit.jsonl");
        self.watch.verified = None;
        self.watch.verifying =
            Some(self.start(move |_| audit::verify(&trail, kept.as_ref()).map_err(Error::from)));
    }

    /// Opens a dialog for a path, on a thread of its own: a portal that hangs must not hang the window.
    pub fn pick_watch(&mut self, path: WatchPath) {
        let (sender, receiver) = channel();
        let ctx = self.ctx.clone();
        let spawned = std::thread::Builder::new().name("regulars-dialog".into()).spawn(move || {
            let dialog = rfd::FileDialog::new();
            let picked = match path {
                WatchPath::Bundle | WatchPath::Project => dialog.pick_file(),
                WatchPath::Folder | WatchPath::Out | WatchPath::Labelled => dialog.pick_folder(),
            };
            let _ = sender.send((path, picked));
            ctx.request_repaint();
        });
        if spawned.is_ok() {
            self.watch.dialog = Some(receiver);
        }
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_watch(&mut self) {
        match self.watch.dialog.as_ref().map(Receiver::try_recv) {
            Some(Ok((path, picked))) => {
                self.watch.dialog = None;
                let at = WatchPath::ALL.iter().position(|one| *one == path);
                if let (Some(picked), Some(text)) =
                    (picked, at.and_then(|at| self.watch.form.paths.get_mut(at)))
                {
                    *text = picked.display().to_string();
                }
            }
            Some(Err(TryRecvError::Disconnected)) => self.watch.dialog = None,
            Some(Err(TryRecvError::Empty)) | None => {}
        }
        self.watch.running.iter().for_each(|job| drop(job.events()));
        match ended(&mut self.watch.running) {
            Some(Some(Err(error))) if !matches!(error, Error::Cancelled) => self.watch.failed = Some(error),
            Some(None) => self.lost(),
            _ => {}
        }
        match ended(&mut self.watch.reading) {
            Some(Some(Ok(read))) => {
                let has = |hash: &String| read.done.iter().any(|(of, _)| of == hash);
                if !self.watch.chosen.as_ref().is_some_and(has) {
                    self.watch.chosen = read.done.first().map(|(hash, _)| hash.clone());
                }
                self.watch.read = Some(Arc::new(read));
            }
            Some(Some(Err(error))) if !matches!(error, Error::Cancelled) => self.watch.failed = Some(error),
            _ => {}
        }
        if let Some((hash, news)) = ended_of(&mut self.watch.drifting) {
            // A file that was refused has none.
            self.watch.drift = Some((hash, news.and_then(std::result::Result::ok).map(Arc::new)));
        }
        if let Some(news) = ended(&mut self.watch.verifying) {
            self.watch.verified = news.filter(|found| !matches!(found, Err(Error::Cancelled)));
        }
    }
}
