//! A project as a file: settings, where the data is, and the models that were trained. Customer
//! data is referred to by path and content hash, never copied.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Outcome, Prepared, ProjectError, Settings};
use crate::deploy::{read_zip, write_zip};
use crate::files;
use crate::train::{DeviceChoice, DeviceKind, Epoch, Model, Trained};

/// Version of the format; a newer one needs a step in [`migrate`].
const VERSION: u64 = 1;

/// A training run without its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedRun {
    pub model: Model,
    /// [`Settings::key`] at the time.
    pub key: String,
    pub device: DeviceKind,
    pub epochs_run: usize,
    pub best_epoch: usize,
    pub seconds: f64,
    /// Epoch, training loss, validation loss, validation area.
    pub history: Vec<(usize, f64, f64, Option<f64>)>,
}

/// What a `.regulars` file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedProject {
    pub version: u64,
    pub settings: Settings,
    pub file: PathBuf,
    /// blake3 of the data file's bytes when the project was saved.
    pub hash: String,
    #[serde(default)]
    pub runs: Vec<SavedRun>,
}

impl SavedRun {
    /// The run of an outcome.
    pub fn of(outcome: &Outcome, key: &str) -> Self {
        let trained = &outcome.trained;
        Self {
            model: trained.model.clone(),
            key: key.to_owned(),
            device: trained.device.ran,
            epochs_run: trained.epochs_run,
            best_epoch: trained.best_epoch,
            seconds: trained.seconds,
            history: trained
                .history
                .iter()
                .map(|e| (e.epoch, e.train_loss, e.valid_loss, e.valid_auc))
                .collect(),
        }
    }

    /// The outcome again, measured on the prepared rows; on flex where the device is gone.
    ///
    /// # Errors
    /// The model does not fit the rows.
    pub fn restore(&self, prepared: &Prepared) -> crate::Result<Outcome> {
        let history = self.history.iter().map(|(epoch, train_loss, valid_loss, valid_auc)| Epoch {
            epoch: *epoch,
            train_loss: *train_loss,
            valid_loss: *valid_loss,
            valid_auc: *valid_auc,
            seconds: self.seconds * *epoch as f64 / self.epochs_run.max(1) as f64,
            planned: self.epochs_run,
        });
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
            history: history.collect(),
            epochs_run: self.epochs_run,
            best_epoch: self.best_epoch,
            seconds: self.seconds,
        })
    }
}

impl SavedProject {
    /// A project of the current format.
    pub fn new(settings: Settings, file: PathBuf, hash: String, runs: Vec<SavedRun>) -> Self {
        Self { version: VERSION, settings, file, hash, runs }
    }

    /// Saves atomically.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn save(&self, path: &Path) -> Result<(), ProjectError> {
        files::write_atomically(path, |out| write_zip(out, "project.json", self))
            .map_err(|cause| ProjectError::Save { file: path.to_owned(), cause })
    }

    /// Opens a project of this or an older format.
    ///
    /// # Errors
    /// The file is absent, no project, or of a newer format.
    pub fn open(path: &Path) -> Result<Self, ProjectError> {
        let not = |cause: String| ProjectError::NotAProject { file: path.to_owned(), cause };
        let value = read_zip(path, "project.json").map_err(not)?;
        let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if version > VERSION {
            return Err(ProjectError::Newer { file: path.to_owned(), version });
        }
        let mut project: Self =
            serde_json::from_value(migrate(value, version)).map_err(|e| not(e.to_string()))?;
        // A project that was moved together with its data finds it beside itself.
        if !project.file.exists()
            && let (Some(folder), Some(name)) = (path.parent(), project.file.file_name())
            && folder.join(name).exists()
        {
            project.file = folder.join(name);
        }
        Ok(project)
    }
}

/// Brings raw saved data to the current format, one numbered step after the other.
fn migrate(mut value: serde_json::Value, version: u64) -> serde_json::Value {
    if version < 1
        && let Some(map) = value.as_object_mut()
    {
        // Before 1 there was no version field.
        map.insert("version".into(), 1.into());
    }
    value
}
