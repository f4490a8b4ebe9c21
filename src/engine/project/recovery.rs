//! Autosave: the whole project is written beside the program's own files after every edit, and
//! removed when the project is closed in peace. What is found there at the next start was left by a
//! crash.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{ProjectError, SavedProject};
use crate::privacy::{Passphrase, is_locked};

/// The place of one running program's autosaves. While it lives, it holds a lock that the operating
/// system drops when the program ends in any way.
#[derive(Debug)]
pub struct Recovery {
    file: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

/// A project that a crash left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// The autosave.
    pub file: PathBuf,
    /// The project file that it was of; `None` if it was never saved.
    pub origin: Option<PathBuf>,
    pub saved: SystemTime,
    /// The data file; empty where the autosave is locked, as is where it belongs.
    pub data: PathBuf,
    /// It opens with the passphrase of its project.
    pub locked: bool,
}

impl Recovery {
    /// Takes a place in `folder` (made if it is not there).
    ///
    /// # Errors
    /// The folder refuses.
    pub fn new(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        sweep(folder);
        let name = format!("{}-{:x}", std::process::id(), nanoseconds());
        let lock_path = folder.join(format!("{name}.lock"));
        let lock = File::create(&lock_path)?;
        lock.lock()?;
        Ok(Self { file: folder.join(format!("{name}.regulars")), lock_path, _lock: lock })
    }

    /// Where the autosave is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where the training of this key ([`Settings::key`](super::Settings::key)) keeps its standing: the same
    /// for every program, so that the next one goes on with it after a crash.
    pub fn checkpoint(&self, key: &str) -> PathBuf {
        let key: String = key.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        self.folder().join(format!("{key}.training"))
    }

    /// Leaves the autosave to be found at the next start, and goes on with another.
    pub fn leave(&self) {
        // Without a lock beside it, nobody holds it.
        let left = self.file.with_file_name(format!("left-{:x}.regulars", nanoseconds()));
        let _ = std::fs::rename(&self.file, left);
    }

    /// The folder of all autosaves.
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    /// Forgets the autosave: everything is saved, or given up.
    pub fn clear(&self) {
        // Gone already is as good.
        let _ = std::fs::remove_file(&self.file);
    }

    /// Projects left behind in `folder` by programs that no longer run, the newest first.
    pub fn left_behind(folder: &Path) -> Vec<Recovered> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut found = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|e| e != "regulars") {
                continue;
            }
            let lock = path.with_extension("lock");
            if let Ok(file) = File::open(&lock)
                && matches!(file.try_lock(), Err(TryLockError::WouldBlock))
            {
                continue;
            }
            let saved = entry.metadata().and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            let locked = is_locked(&path);
            let (origin, data) = match (locked, SavedProject::open(&path)) {
                (true, _) => (None, PathBuf::new()),
                (false, Ok(project)) => (project.origin, project.file),
                (false, Err(_)) => continue,
            };
            found.push(Recovered { file: path, origin, saved, data, locked });
        }
        found.sort_by_key(|one| std::cmp::Reverse(one.saved));
        found
    }
}

fn nanoseconds() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos()
}

/// Takes away half-written files of programs that were killed while they wrote, and trainings that nobody
/// went on with.
fn sweep(folder: &Path) {
    const HOUR: u64 = 3600;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let old = match (name.starts_with(".tmp"), name.ends_with(".training")) {
            (true, _) => HOUR,
            (_, true) => 14 * 24 * HOUR,
            _ => continue,
        };
        let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age.as_secs() > old) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

impl Drop for Recovery {
    fn drop(&mut self) {
        self.clear();
        let _ = std::fs::remove_file(&self.lock_path);
    }
}

impl Recovered {
    /// Forgets it.
    pub fn discard(&self) {
        let _ = std::fs::remove_file(&self.file);
        let _ = std::fs::remove_file(self.file.with_extension("lock"));
    }

    /// Opens it; it is saved to where it came from, or asked for.
    ///
    /// # Errors
    /// It can no longer be read.
    pub fn open(&self) -> Result<SavedProject, ProjectError> {
        self.open_with(None)
    }

    /// [`open`](Self::open), also of a locked one.
    ///
    /// # Errors
    /// As [`open`](Self::open); the passphrase does not open it.
    pub fn open_with(&self, passphrase: Option<&Passphrase>) -> Result<SavedProject, ProjectError> {
        SavedProject::open_with(&self.file, passphrase)
    }
}
