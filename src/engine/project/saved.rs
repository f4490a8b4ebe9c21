//! A project as a file: settings, where the data is, the runs that were trained, the model in use,
//! the last lists and what was done about customers. Customer data is referred to by path and
//! content hash, never copied.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::migrate::{VERSION, migrate};
use super::source::{Found, find_source};
use super::{Experiments, Outcome, Prepared, ProjectError, Settings, Source};
use crate::collect::database::Address;
use crate::deploy::{Bundle, FollowUps, SavedList, read_zip, unzip, write_zip};
use crate::files;
use crate::job::{Cancelled, Reporter};
use crate::metrics::Estimate;
use crate::privacy::{Passphrase, lock};
use crate::segment::SavedGroups;
use crate::table::Table;
use crate::train::{DeviceChoice, DeviceKind, Epoch, Model, ModelKind, Promise, Trained};

/// A trained model without its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedModel {
    pub model: Model,
    pub device: DeviceKind,
    pub epochs_run: usize,
    pub best_epoch: usize,
    pub seconds: f64,
    pub history: Vec<Epoch>,
    /// ROC AUC on the validation rows, for lists of runs whose rows are gone.
    #[serde(default)]
    pub valid_auc: Option<Estimate>,
    /// What was promised to the training rows, where it was trained with differential privacy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Box<Promise>>,
}

/// One training: its settings and the models of every kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedRun {
    /// The person's name for it; empty for none.
    pub name: String,
    pub settings: Settings,
    /// [`Settings::key`] at the time.
    pub key: String,
    /// [`Settings::rows_key`] at the time; empty for runs of the first format.
    pub rows_key: String,
    pub models: Vec<SavedModel>,
}

/// One of the sources that a project reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedSource {
    /// The file, or the place of what is no file.
    pub file: PathBuf,
    /// blake3 of its bytes and their number, where they are known.
    pub hash: String,
    #[serde(default)]
    pub bytes: Option<u64>,
    /// A database or a web address; `None` where `file` is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Source>,
}

impl SavedSource {
    /// What is read, from where it is now.
    pub fn at(&self, file: PathBuf) -> Source {
        match &self.from {
            None => Source::File(file),
            Some(Source::Database { address: Address::Sqlite { .. }, pick }) => {
                Source::Database { address: Address::Sqlite { path: file }, pick: pick.clone() }
            }
            Some(other) => other.clone(),
        }
    }

    /// True for what is no file of this computer.
    pub fn is_away(&self) -> bool {
        self.from.as_ref().is_some_and(Source::is_away)
    }

    /// Looks for it: see [`find_source`]. A folder or a pattern has no content to be known by: it is
    /// where it was, or nowhere. What is away is where its address says.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn find(&self, project: Option<&Path>, report: &Reporter) -> Result<Found, Cancelled> {
        if self.is_away() {
            return Ok(Found::InPlace(self.file.clone()));
        }
        if !self.hash.is_empty() && self.from.is_none() {
            return find_source(project, &self.file, &self.hash, self.bytes, report);
        }
        let is_there = |file: &Path| crate::collect::gather(&[file.to_owned()]).is_ok();
        if is_there(&self.file) {
            return Ok(Found::InPlace(self.file.clone()));
        }
        // Under the same name beside the project, which may have moved with its data.
        let beside = project.and_then(Path::parent).zip(self.file.file_name());
        let beside = beside.map(|(folder, name)| folder.join(name)).filter(|file| is_there(file));
        Ok(beside.map_or(Found::Nowhere, Found::Namesake))
    }
}

/// What a `.regulars` file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedProject {
    pub version: u64,
    pub settings: Settings,
    pub file: PathBuf,
    /// blake3 of the data file's bytes when the project was saved, and their number.
    pub hash: String,
    #[serde(default)]
    pub bytes: Option<u64>,
    /// The files, where the table is made from several; empty where `file` is all.
    #[serde(default)]
    pub sources: Vec<SavedSource>,
    #[serde(default)]
    pub runs: Vec<SavedRun>,
    /// The run and the kind of model that the pages show.
    #[serde(default)]
    pub shown: Option<(usize, ModelKind)>,
    /// The model in use: next month's file goes through it even where the old data are gone.
    #[serde(default)]
    pub bundle: Option<Bundle>,
    /// Lists by risk, the oldest first.
    #[serde(default)]
    pub lists: Vec<SavedList>,
    #[serde(default)]
    pub follow_ups: FollowUps,
    #[serde(default, skip_serializing_if = "Experiments::is_empty")]
    pub experiments: Experiments,
    /// The groups that were found, so that they are the same when it is opened again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<SavedGroups>,
    /// A training was running when this was written.
    #[serde(default)]
    pub was_training: bool,
    /// Of an autosave: the project file that it belongs to.
    #[serde(default)]
    pub origin: Option<PathBuf>,
}

/// Lists that are kept, and customers in all of them together.
const LISTS: usize = 24;
const ENTRIES: usize = 2_000_000;

impl SavedModel {
    /// The model of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        let trained = &outcome.trained;
        Self {
            model: trained.model.clone(),
            device: trained.device.ran,
            epochs_run: trained.epochs_run,
            best_epoch: trained.best_epoch,
            seconds: trained.seconds,
            history: trained.history.clone(),
            valid_auc: outcome.valid.fixed("roc_auc"),
            promise: trained.promise.clone(),
        }
    }

    /// The outcome again, measured on the prepared rows; on flex where the device is gone.
    ///
    /// # Errors
    /// The model does not fit the rows.
    pub fn restore(&self, prepared: &Prepared) -> crate::Result<Outcome> {
        if !self.model.fits(prepared.matrix.width()) {
            let cause = "the saved model has other features".to_owned();
            return Err(crate::train::TrainError::Fit { model: "the saved model", cause }.into());
        }
        let ran = match self.device {
            DeviceKind::Wgpu if crate::train::device::adapter().is_err() => DeviceKind::Flex,
            device => device,
        };
        prepared.outcome(Trained {
            model: self.model.clone(),
            device: DeviceChoice { ran, why: "saved", adapter: None, measured: None },
            history: self.history.clone(),
            epochs_run: self.epochs_run,
            best_epoch: self.best_epoch,
            seconds: self.seconds,
            promise: self.promise.clone(),
        })
    }
}

impl SavedRun {
    /// True if this run's models were trained on the very rows that `settings` make of `table`.
    pub fn is_of(&self, settings: &Settings, table: &Table) -> bool {
        match self.rows_key.as_str() {
            "" => self.key == settings.key(table),
            rows => rows == settings.rows_key(table),
        }
    }
}

impl SavedProject {
    /// A project of the current format, without runs.
    pub fn new(settings: Settings, file: PathBuf, hash: String) -> Self {
        Self {
            version: VERSION,
            settings,
            file,
            hash,
            bytes: None,
            sources: Vec::new(),
            runs: Vec::new(),
            shown: None,
            bundle: None,
            lists: Vec::new(),
            follow_ups: FollowUps::new(),
            experiments: Experiments::default(),
            groups: None,
            was_training: false,
            origin: None,
        }
    }

    /// Every file that the project reads.
    pub fn wanted(&self) -> Vec<SavedSource> {
        match self.sources.is_empty() {
            true => {
                vec![SavedSource {
                    file: self.file.clone(),
                    hash: self.hash.clone(),
                    bytes: self.bytes,
                    from: None,
                }]
            }
            false => self.sources.clone(),
        }
    }

    /// Keeps a list: in the place, and under the day, of an older one of the same file, else as the
    /// newest. The oldest go first.
    pub fn keep_list(lists: &mut Vec<Arc<SavedList>>, mut list: SavedList) {
        // A list of nobody is nobody's past.
        if list.entries.is_empty() {
            return;
        }
        match lists.iter_mut().find(|old| old.hash == list.hash) {
            Some(old) => {
                list.made.clone_from(&old.made);
                *old = Arc::new(list);
            }
            None => lists.push(Arc::new(list)),
        }
        while lists.len() > 1
            && (lists.len() > LISTS || lists.iter().map(|l| l.entries.len()).sum::<usize>() > ENTRIES)
        {
            lists.remove(0);
        }
    }

    /// Saves atomically.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn save(&self, path: &Path) -> Result<(), ProjectError> {
        self.save_with(path, None)
    }

    /// [`save`](Self::save), locked where there is a passphrase. It is locked in memory: no plain byte
    /// reaches the disk.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_with(&self, path: &Path, passphrase: Option<&Passphrase>) -> Result<(), ProjectError> {
        let write = |out: &mut dyn std::io::Write| match passphrase {
            None => write_zip(out, "project.json", self),
            Some(passphrase) => {
                let mut plain = zeroize::Zeroizing::new(Vec::new());
                write_zip(&mut *plain, "project.json", self)?;
                out.write_all(&lock::seal(&plain, passphrase)?)
            }
        };
        files::write_atomically(path, write)
            .map_err(|cause| ProjectError::Save { file: path.to_owned(), cause })
    }

    /// Opens a project of this or an older format. Nothing in it is trusted.
    ///
    /// # Errors
    /// The file is absent, no project, or of a newer format.
    pub fn open(path: &Path) -> Result<Self, ProjectError> {
        Self::open_with(path, None)
    }

    /// [`open`](Self::open), also of a project that is locked with this passphrase.
    ///
    /// # Errors
    /// As [`open`](Self::open); the passphrase does not open it.
    pub fn open_with(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, ProjectError> {
        let not = |cause: String| ProjectError::NotAProject { file: path.to_owned(), cause };
        let value = match lock::unlocked(path, passphrase)? {
            Some(plain) => unzip(std::io::Cursor::new(plain.as_slice()), "project.json"),
            None => read_zip(path, "project.json"),
        }
        .map_err(not)?;
        let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if version > VERSION {
            return Err(ProjectError::Newer { file: path.to_owned(), version });
        }
        let mut project: Self =
            serde_json::from_value(migrate(value, version)).map_err(|e| not(e.to_string()))?;
        project.bundle = project.bundle.filter(Bundle::is_sound);
        project.settings = project.settings.sane();
        project.experiments = project.experiments.sane();
        project.runs.iter_mut().for_each(|run| run.settings = std::mem::take(&mut run.settings).sane());
        Ok(project)
    }
}
