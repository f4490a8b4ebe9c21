//! What a watched folder needs: the journal of what was done, which files have settled, notices, and the
//! unit of the system's service. The passes themselves are [`crate::project::Watcher`]'s.

mod journal;
mod look;
mod mail;
mod notice;
mod service;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::privacy::Passphrase;

pub use journal::{Done, Journal, Notified, Owed, Result as DoneResult, Retrained, now};
pub use look::{Looked, hash_of, settled};
pub use mail::Mail;
pub(crate) use notice::wait;
pub use notice::{Notice, Notify, Webhook, signature};
pub use service::unit;

/// The folder beside the lists that holds the journal, the audit trail, models and drift reports.
pub const STATE: &str = ".regulars-watch";

/// What is watched, and where the lists go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchSpec {
    pub folder: PathBuf,
    pub bundle: PathBuf,
    pub out: PathBuf,
    /// Seconds between two looks.
    pub every: u64,
    /// Seconds that a file must have stayed as it is.
    pub settle: u64,
    /// A column that an export lacks reads as its centre.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fill: bool,
    /// File of alert rules, see [`super::drift::Rules`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<PathBuf>,
    /// File of notices, see [`Notify`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<PathBuf>,
    /// The file whose first line is the passphrase of a locked bundle, for the unit of the system's service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_file: Option<PathBuf>,
    /// What opens a locked bundle; it is never written.
    #[serde(skip)]
    pub passphrase: Option<Passphrase>,
    /// Trains a challenger by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrain: Option<RetrainSpec>,
}

/// What a challenger is trained from, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetrainSpec {
    /// The project whose settings and files are learnt from.
    pub project: PathBuf,
    /// The folder of later files in which the outcome is known.
    pub labelled: PathBuf,
    /// Days between two trainings, unless an alert comes first.
    pub every_days: u32,
}

impl WatchSpec {
    /// A watch with a look a minute, for files that have stayed for two seconds.
    pub fn new(folder: PathBuf, bundle: PathBuf, out: PathBuf) -> Self {
        Self {
            folder,
            bundle,
            out,
            every: 60,
            settle: 2,
            fill: false,
            rules: None,
            notify: None,
            passphrase_file: None,
            passphrase: None,
            retrain: None,
        }
    }

    /// The folder of the journal.
    pub fn state(&self) -> PathBuf {
        self.out.join(STATE)
    }
}
