//! The journal: which contents were scored, and what is still to be told of them. It is written whole,
//! beside itself, and renamed: a program that is killed leaves the old one or the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::deploy::audit::{self, Head, What};
use crate::deploy::drift::Alert;
use crate::deploy::{DeployError, read_json};
use crate::files;

/// Version of the journal's format.
const VERSION: u64 = 1;
/// Entries of the audit trail that are looked through after a stop.
const LOOKED_BACK: usize = 64;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Result {
    Scored {
        /// Name of the list.
        out: String,
        rows: u64,
        at_risk: u64,
        flagged: u64,
        rejected: u64,
        /// The largest index of the inputs, and that of the score.
        #[serde(default)]
        psi: f64,
        #[serde(default)]
        score_psi: Option<f64>,
        #[serde(default)]
        alerts: Vec<Alert>,
    },
    /// Only the kind and the place: no cell of the file.
    Refused {
        kind: String,
        #[serde(default)]
        row: Option<u64>,
        #[serde(default)]
        column: Option<String>,
    },
}

/// How far a notice has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notified {
    /// Nobody is to be told.
    #[default]
    Nobody,
    Pending {
        /// Passes in which it did not get through.
        failed: u32,
    },
    Sent,
    GivenUp,
}

/// A file that was handled; its content never is again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Name of the file when it was handled.
    pub file: String,
    /// UTC, as `2026-11-28T23:40:00Z`.
    pub when: String,
    /// blake3 of the bundle that scored it.
    pub model: String,
    pub result: Result,
    /// It stands in the audit trail.
    #[serde(default)]
    pub audited: bool,
    #[serde(default)]
    pub notice: Notified,
}

/// The journal's content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Content {
    version: u64,
    /// By blake3 of the content.
    #[serde(default)]
    done: BTreeMap<String, Done>,
    /// The audit trail's end when the journal was written.
    #[serde(default)]
    head: Head,
    /// blake3 of the bundle in use.
    #[serde(default)]
    model: String,
    /// Names of the models kept, the present one last; empty where the bundle given is used.
    #[serde(default)]
    models: Vec<String>,
    /// What the audit trail is still to be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    owed: Vec<Owed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retrained: Option<Retrained>,
}

/// An entry that the audit trail must get; no two are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Owed {
    pub what: What,
    pub detail: BTreeMap<String, Value>,
}

/// What retraining has come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Retrained {
    /// UTC of the last decision.
    pub when: String,
    /// blake3 of the files whose rows have judged; each serves once.
    pub judged: BTreeSet<String>,
}

/// The journal of a folder of lists. While it lives, no other program has it.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    content: Content,
    /// Held until the program ends, however it ends.
    _lock: File,
}

/// The moment, UTC.
pub fn now() -> String {
    chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Journal {
    /// Opens or begins the journal in `folder`, and takes away half-made lists.
    ///
    /// # Errors
    /// Another program has it; it is damaged or newer; the folder refuses.
    pub fn open(folder: &Path) -> std::result::Result<Self, DeployError> {
        let fail = |cause| DeployError::write(folder, cause);
        std::fs::create_dir_all(folder.join("drift")).map_err(fail)?;
        let lock = File::options().write(true).create(true).truncate(false).open(folder.join("lock"));
        let lock = lock.map_err(fail)?;
        if lock.try_lock().is_err() {
            return Err(DeployError::Occupied { file: folder.to_owned() });
        }
        let content = read(folder)?;
        let parts = folder.join("parts");
        if parts.exists() {
            std::fs::remove_dir_all(&parts).map_err(fail)?;
        }
        std::fs::create_dir_all(&parts).map_err(fail)?;
        Ok(Self { folder: folder.to_owned(), content, _lock: lock })
    }

    /// What a folder's journal holds, without taking it; the newest last.
    ///
    /// # Errors
    /// It is damaged or newer.
    pub fn look(folder: &Path) -> std::result::Result<(Vec<(String, Done)>, Head), DeployError> {
        let content = read(folder)?;
        let mut done: Vec<(String, Done)> = content.done.into_iter().collect();
        done.sort_by(|a, b| a.1.when.cmp(&b.1.when).then_with(|| a.1.file.cmp(&b.1.file)));
        Ok((done, content.head))
    }

    /// What was done with a content.
    pub fn done(&self, hash: &str) -> Option<&Done> {
        self.content.done.get(hash)
    }

    /// Contents of which something is still to be told or written down.
    pub fn open_ends(&self) -> Vec<String> {
        let is_open = |done: &Done| !done.audited || matches!(done.notice, Notified::Pending { .. });
        let open = self.content.done.iter().filter(|(_, done)| is_open(done));
        open.map(|(hash, _)| hash.clone()).collect()
    }

    /// The bundle in use.
    pub fn model(&self) -> &str {
        &self.content.model
    }

    /// Names of the models that were kept, the present one last.
    pub fn models(&self) -> &[String] {
        &self.content.models
    }

    /// The audit trail's end as it was last written down.
    pub fn head(&self) -> &Head {
        &self.content.head
    }

    /// Writes down a change; the disk has it when this returns.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn set(&mut self, hash: &str, done: Done) -> std::result::Result<(), DeployError> {
        self.content.done.insert(hash.to_owned(), done);
        self.save()
    }

    /// Writes down the audit trail's end.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_head(&mut self, head: Head) -> std::result::Result<(), DeployError> {
        self.content.head = head;
        self.save()
    }

    /// Writes down the bundle in use, and the models kept.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_model(&mut self, model: String, models: Vec<String>) -> std::result::Result<(), DeployError> {
        (self.content.model, self.content.models) = (model, models);
        self.save()
    }

    /// What retraining has come to; `None` before the first decision.
    pub fn retrained(&self) -> Option<&Retrained> {
        self.content.retrained.as_ref()
    }

    /// True if a list since `when` has an alert.
    pub fn alarmed_since(&self, when: &str) -> bool {
        self.content.done.values().any(|done| {
            let has_alerts = matches!(&done.result, Result::Scored { alerts, .. } if !alerts.is_empty());
            has_alerts && done.when.as_str() > when
        })
    }

    /// Writes down a decision about models as a whole: the one in use and those kept, where they change,
    /// the files that have judged, and what the audit trail is to be told of it by [`settle`](Self::settle).
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn decide(
        &mut self,
        models: Option<(String, Vec<String>)>,
        judged: &[String],
        owed: Owed,
    ) -> std::result::Result<(), DeployError> {
        if let Some((model, models)) = models {
            (self.content.model, self.content.models) = (model, models);
        }
        if !judged.is_empty() {
            let retrained = self.content.retrained.get_or_insert_default();
            retrained.when = now();
            retrained.judged.extend(judged.iter().cloned());
        }
        self.content.owed.push(owed);
        self.save()
    }

    /// Tells the audit trail what it is owed, unless a program that was stopped has done so already.
    ///
    /// # Errors
    /// Trail or journal cannot be written.
    pub fn settle(&mut self, trail: &Path) -> std::result::Result<(), DeployError> {
        if self.content.owed.is_empty() {
            return Ok(());
        }
        let last = if trail.exists() { audit::entries(trail, LOOKED_BACK)? } else { Vec::new() };
        let mut head = last.last().map(|end| Head { count: end.seq, hash: end.hash.clone() });
        for owed in &self.content.owed {
            if !last.iter().any(|entry| entry.what == owed.what && entry.detail == owed.detail) {
                head = Some(audit::append(trail, owed.what, owed.detail.clone())?.1);
            }
        }
        self.content.head = head.unwrap_or_default();
        self.content.owed.clear();
        self.save()
    }

    fn save(&mut self) -> std::result::Result<(), DeployError> {
        self.content.version = VERSION;
        let path = self.folder.join("state.json");
        let text = serde_json::to_vec_pretty(&self.content).map_err(std::io::Error::other);
        text.and_then(|text| files::write_atomically(&path, |out| out.write_all(&text)))
            .and_then(|()| sync(&self.folder))
            .map_err(|cause| DeployError::write(&path, cause))
    }
}

/// Waits until the disk has a folder's names.
fn sync(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn read(folder: &Path) -> std::result::Result<Content, DeployError> {
    let path = folder.join("state.json");
    if !path.exists() {
        return Ok(Content::default());
    }
    let content: Content = read_json(&path)?;
    match content.version <= VERSION {
        true => Ok(content),
        false => Err(DeployError::Newer { file: path, version: content.version }),
    }
}
