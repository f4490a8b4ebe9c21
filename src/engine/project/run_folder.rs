//! A training as a folder that anybody can read and run again: settings, seed, versions, hashes of the
//! data, curves, figures, the model, and how to do it once more.

mod readme;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Outcome, Prepared, ProjectError, SavedSource, Settings};
use crate::deploy::Bundle;
use crate::files;
use crate::privacy::LeftOut;
use crate::table::{Role, Table};
use crate::train::{DeviceKind, Epoch, ModelKind, Trained};

/// The file that makes a folder a run folder.
pub const RECORD: &str = "run.json";
/// Version of [`RunRecord`]'s format.
pub const RUN_VERSION: u64 = 1;

/// Programs and machine that a training ran with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    pub engine: String,
    /// Crates that numbers depend on, from the lock file of the build.
    pub crates: BTreeMap<String, String>,
    pub os: String,
    pub arch: String,
    /// Cores that the process may use.
    pub cores: usize,
}

/// Crates that numbers depend on.
const CRATES: [&str; 9] =
    ["burn", "burn-flex", "burn-wgpu", "cubecl", "forust-ml", "linfa", "ndarray", "polars", "rand_chacha"];

impl Versions {
    /// Of this build on this machine.
    pub fn here() -> Self {
        let lock = include_str!("../../../Cargo.lock");
        let mut crates = BTreeMap::new();
        for package in lock.split("[[package]]") {
            let field = |name: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(name))?;
                line.trim().trim_matches('"').to_owned().into()
            };
            let (name, version): (Option<String>, Option<String>) = (field("name = "), field("version = "));
            if let (Some(name), Some(version)) = (name, version)
                && CRATES.contains(&name.as_str())
            {
                crates.insert(name, version);
            }
        }
        Self {
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            crates,
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        }
    }
}

/// Where a training ran.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunDevice {
    /// What the person asked for.
    pub asked: DeviceKind,
    pub ran: DeviceKind,
    #[serde(default)]
    pub adapter: Option<String>,
}

/// What `run.json` holds: all that is needed to train again, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub version: u64,
    pub model: ModelKind,
    pub settings: Settings,
    /// Also in the settings; here because it is looked for first.
    pub seed: u64,
    /// The data: places and blake3 hashes; empty for a table that was pasted.
    pub sources: Vec<SavedSource>,
    /// Hash of the whole table as it was read.
    pub data: String,
    pub rows: usize,
    pub target: String,
    pub positive: String,
    pub device: RunDevice,
    pub versions: Versions,
    pub epochs_run: usize,
    pub best_epoch: usize,
    pub seconds: f64,
    /// A person ended the training, or chose an epoch: training again goes on to another end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended_by_hand: bool,
    /// As in `metrics.json`.
    pub metrics: Value,
}

/// The figures of an outcome, as `train --json` gives them.
pub fn metrics_of(settings: &Settings, outcome: &Outcome) -> Value {
    json!({
        "valid": outcome.valid.metrics(settings.threshold),
        "test": outcome.test.metrics(settings.threshold),
    })
}

/// True where neither the planned epochs nor the patience came to their end.
fn ended_by_hand(settings: &Settings, trained: &Trained) -> bool {
    let waited = trained.epochs_run.saturating_sub(trained.best_epoch);
    let patient = settings.mlp.patience == 0 || waited < settings.mlp.patience;
    trained.epochs_run < settings.mlp.epochs && patient
}

impl RunRecord {
    /// The record of an outcome that was trained with `settings` on `table`.
    pub fn of(
        settings: &Settings,
        (table, sources): (&Table, Vec<SavedSource>),
        prepared: &Prepared,
        outcome: &Outcome,
    ) -> Self {
        let mut settings = settings.clone();
        // The folder is handed on: the marks of forgotten customers and their key stay in the project.
        settings.left_out = LeftOut::default();
        let trained = &outcome.trained;
        // A role that was guessed then must not be guessed otherwise later.
        if settings.question.is_none()
            && let Some(target) = table.with_role(Role::Target)
            && !settings.read.roles.iter().any(|(_, role)| *role == Role::Target)
        {
            settings.read.roles.push((target.name.clone(), Role::Target));
        }
        Self {
            version: RUN_VERSION,
            model: outcome.kind,
            seed: settings.seed,
            sources,
            data: table.source.hash.clone(),
            rows: table.height(),
            target: prepared.labels.column.clone(),
            positive: prepared.labels.positive.clone(),
            device: RunDevice {
                asked: settings.device,
                ran: trained.device.ran,
                adapter: trained.device.adapter.clone(),
            },
            versions: Versions::here(),
            epochs_run: trained.epochs_run,
            best_epoch: trained.best_epoch,
            seconds: trained.seconds,
            ended_by_hand: outcome.kind == ModelKind::Mlp && ended_by_hand(&settings, trained),
            metrics: metrics_of(&settings, outcome),
            settings,
        }
    }

    /// Opens the record of a run folder. Nothing in it is trusted.
    ///
    /// # Errors
    /// The folder holds no record, a damaged one, or one of a newer format.
    pub fn open(folder: &Path) -> Result<Self, ProjectError> {
        let not = |cause: String| ProjectError::NotARun { file: folder.to_owned(), cause };
        let path = folder.join(RECORD);
        let bytes = std::fs::read(&path).map_err(|cause| not(format!("{RECORD}: {cause}")))?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|cause| not(cause.to_string()))?;
        let version = value.get("version").and_then(Value::as_u64).unwrap_or(0);
        if version > RUN_VERSION {
            return Err(ProjectError::Newer { file: path, version });
        }
        let mut record: Self = serde_json::from_value(value).map_err(|cause| not(cause.to_string()))?;
        record.settings = record.settings.sane();
        record.settings.seed = record.seed;
        Ok(record)
    }

    /// The settings to train again with: on the device that it ran on.
    pub fn again(&self) -> Settings {
        Settings { device: self.device.ran, ..self.settings.clone() }
    }

    /// Fails unless `table` holds the very data of the run.
    ///
    /// # Errors
    /// It holds others.
    pub fn check_data(&self, folder: &Path, table: &Table) -> Result<(), ProjectError> {
        match table.source.hash == self.data {
            true => Ok(()),
            false => Err(ProjectError::RunOtherData { file: folder.to_owned(), rows: self.rows }),
        }
    }

    /// Figures that are not what they were, bit by bit: their place and both values.
    pub fn differences(&self, metrics: &Value) -> Vec<(String, Value, Value)> {
        let mut out = Vec::new();
        compare(String::new(), &self.metrics, metrics, &mut out);
        out
    }
}

fn compare(path: String, then: &Value, now: &Value, out: &mut Vec<(String, Value, Value)>) {
    match (then, now) {
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))) {
                let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let of = |object: &serde_json::Map<String, Value>| object.get(name).cloned();
                compare(at, &of(a).unwrap_or(Value::Null), &of(b).unwrap_or(Value::Null), out);
            }
        }
        _ if then == now => {}
        _ => out.push((path, then.clone(), now.clone())),
    }
}

/// The curves as a table, one row an epoch.
pub fn curves_csv(history: &[Epoch]) -> String {
    let mut out = String::from("epoch,train_loss,valid_loss,valid_auc,learning_rate,seconds\n");
    for e in history {
        let auc = e.valid_auc.map_or_else(String::new, |auc| auc.to_string());
        out.push_str(&format!(
            "{},{},{},{auc},{},{}\n",
            e.epoch, e.train_loss, e.valid_loss, e.learning_rate, e.seconds
        ));
    }
    out
}

/// What a run folder is made of.
pub struct RunFolder<'a> {
    pub record: RunRecord,
    pub history: &'a [Epoch],
    pub bundle: &'a Bundle,
    /// Name and bytes of the pictures; the engine draws nothing.
    pub pictures: Vec<(&'static str, Vec<u8>)>,
}

impl RunFolder<'_> {
    /// Writes the folder: whole, or not at all. An older run folder at the same place is replaced.
    ///
    /// # Errors
    /// Something else is there; the disk or the folder refuses.
    pub fn write(&self, folder: &Path) -> crate::Result<()> {
        let failed = |cause| ProjectError::Save { file: folder.to_owned(), cause };
        check_place(folder)?;
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(parent).map_err(failed)?;
        // Beside its place, so that it can be moved there in one go.
        let new = tempfile::Builder::new().prefix(".run-").tempdir_in(parent).map_err(failed)?;
        self.fill(new.path(), folder)?;
        let old = tempfile::Builder::new().prefix(".old-").tempdir_in(parent).map_err(failed)?;
        let aside = old.path().join("run");
        let is_there = folder.exists();
        if is_there {
            std::fs::rename(folder, &aside).map_err(failed)?;
        }
        if let Err(cause) = std::fs::rename(new.path(), folder) {
            if is_there {
                // Back to what it was; if that fails too, the old folder is lost with its temporary one.
                if std::fs::rename(&aside, folder).is_err() {
                    let _ = old.keep();
                }
            }
            return Err(failed(cause).into());
        }
        // Its contents are in their place: nothing is left to be removed.
        let _ = new.keep();
        Ok(())
    }

    fn fill(&self, into: &Path, folder: &Path) -> crate::Result<()> {
        let record = &self.record;
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
        let whole = serde_json::to_value(record).unwrap_or_default();
        let settings = serde_json::to_value(&record.settings).unwrap_or_default();
        let texts = [
            (RECORD, pretty(&whole)),
            ("settings.json", pretty(&settings)),
            ("metrics.json", pretty(&record.metrics)),
            ("curves.csv", curves_csv(self.history)),
            ("README.txt", readme::of(record, folder)),
        ];
        let texts = texts.iter().map(|(name, text)| (*name, text.as_bytes()));
        let pictures = self.pictures.iter().map(|(name, bytes)| (*name, bytes.as_slice()));
        for (name, bytes) in texts.chain(pictures) {
            let path = into.join(name);
            files::write_atomically(&path, |out| out.write_all(bytes))
                .map_err(|cause| ProjectError::Save { file: folder.join(name), cause })?;
        }
        self.bundle.save(&into.join("model.bundle"))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(into, std::fs::Permissions::from_mode(0o755))
                .map_err(|cause| ProjectError::Save { file: folder.to_owned(), cause })?;
        }
        Ok(())
    }
}

/// What a run folder holds, and nothing else.
const FILES: [&str; 8] = [
    RECORD,
    "settings.json",
    "metrics.json",
    "curves.csv",
    "curves.svg",
    "curves.png",
    "model.bundle",
    "README.txt",
];

/// Refuses a place where something else than a run folder is.
///
/// # Errors
/// It is a file, or a folder with other things in it.
pub fn check_place(folder: &Path) -> Result<(), ProjectError> {
    let other = || ProjectError::NotEmpty { file: folder.to_owned() };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(_) if folder.exists() => return Err(other()),
        Err(_) => return Ok(()),
    };
    let mut is_empty = true;
    for entry in entries {
        let known = entry.is_ok_and(|entry| FILES.iter().any(|name| entry.file_name() == *name));
        if !known {
            return Err(other());
        }
        is_empty = false;
    }
    if is_empty {
        return Ok(());
    }
    // Files that are only called so are somebody's own.
    RunRecord::open(folder).map(|_| ()).map_err(|_| other())
}
