//! The lock of the open project: its passphrase while it is open, and the asking for one.

use std::path::{Path, PathBuf};

use regulars_engine::Error;
use regulars_engine::job::Job;
use regulars_engine::privacy::{Passphrase, is_locked};
use regulars_engine::project::{Recovered, Recovery, SavedProject};

use super::{State, ended};
use crate::window::notice::Tone;

/// What opens once its passphrase is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Behind {
    File(PathBuf),
    /// What a crash left.
    Left(Recovered),
}

impl Behind {
    /// The locked file.
    pub fn file(&self) -> &Path {
        match self {
            Self::File(file) => file,
            Self::Left(left) => &left.file,
        }
    }
}

/// A passphrase is being asked for, or tried.
pub struct Asking {
    pub behind: Behind,
    pub typed: String,
    /// Why the last one did not do.
    pub error: Option<Error>,
    /// Not drawn yet.
    pub fresh: bool,
    trying: Option<(Passphrase, Job<Result<SavedProject, Error>>)>,
}

impl Asking {
    /// True while a passphrase is tried: a second or so, by design.
    pub fn is_trying(&self) -> bool {
        self.trying.is_some()
    }
}

/// The lock of the open project.
#[derive(Default)]
pub struct Guard {
    /// What the project and its autosaves are locked with; overwritten in memory when it is closed.
    passphrase: Option<Passphrase>,
    pub asking: Option<Asking>,
}

impl Guard {
    /// True for a project that is written with a lock.
    pub fn is_locked(&self) -> bool {
        self.passphrase.is_some()
    }

    /// What everything of this project that reaches the disk is locked with.
    pub(super) fn passphrase(&self) -> Option<Passphrase> {
        self.passphrase.clone()
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let (_, job) = self.asking.as_ref()?.trying.as_ref()?;
        Some(("guard", job.progress(), job.seconds()))
    }
}

impl State {
    /// Asks for the passphrase of a locked file; false for one that is not locked.
    pub(super) fn asks_passphrase(&mut self, behind: Behind) -> bool {
        let is_so = is_locked(behind.file());
        if is_so {
            let asking = Asking { behind, typed: String::new(), error: None, fresh: true, trying: None };
            self.guard.asking = Some(asking);
        }
        is_so
    }

    /// Tries what was typed.
    pub fn try_passphrase(&mut self) {
        let Some(mut asking) = self.guard.asking.take() else { return };
        let passphrase = Passphrase::new(std::mem::take(&mut asking.typed));
        let (file, with) = (asking.behind.file().to_owned(), passphrase.clone());
        asking.error = None;
        let job = self.start(move |_| Ok(SavedProject::open_with(&file, Some(&with))?));
        asking.trying = Some((passphrase, job));
        self.guard.asking = Some(asking);
    }

    /// Leaves what is locked closed.
    pub fn stop_asking(&mut self) {
        self.guard.asking = None;
    }

    pub(super) fn poll_guard(&mut self) {
        let Some(mut asking) = self.guard.asking.take() else { return };
        let Some((passphrase, job)) = asking.trying.take() else {
            self.guard.asking = Some(asking);
            return;
        };
        let mut slot = Some(job);
        match ended(&mut slot) {
            None => asking.trying = slot.map(|job| (passphrase, job)),
            Some(Some(Ok(saved))) => return self.open_behind(saved, asking.behind, passphrase),
            Some(Some(Err(error))) => (asking.error, asking.fresh) = (Some(error), true),
            // A worker that died: asked again.
            Some(None) => asking.fresh = true,
        }
        self.guard.asking = Some(asking);
    }

    fn open_behind(&mut self, saved: SavedProject, behind: Behind, passphrase: Passphrase) {
        match behind {
            Behind::File(path) => self.open_saved(saved, Some(path)),
            Behind::Left(left) => self.open_left(saved, left),
        }
        self.guard.passphrase = Some(passphrase);
    }

    /// Locks the project with a passphrase, with another one, or no more. A project that has a file is
    /// saved at once; so is its autosave written anew.
    pub fn lock_with(&mut self, passphrase: Option<Passphrase>) {
        self.guard.passphrase = passphrase;
        // It is in the old form.
        self.recovery.iter().for_each(Recovery::clear);
        self.touch();
        match self.project_file.clone() {
            Some(path) => self.save(path),
            None if self.guard.is_locked() => self.tell(Tone::Good, "lock.once_saved", Vec::new()),
            None => {}
        }
    }
}
