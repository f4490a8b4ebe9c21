//! The file beside a target into which a save goes first. A program that is killed while it writes leaves
//! it behind; the next save into that folder takes it away, so that they never pile up.
//!
//! Whoever writes holds a lock on its file, which the operating system drops when the program ends in any
//! way: a file that can be locked is nobody's any more.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::NamedTempFile;

const PREFIX: &str = ".regulars-";
const SUFFIX: &str = ".part";
/// Files that are begun, at most, until one is not taken for a left one.
const TRIES: usize = 16;

/// Folders that this program has looked through: nothing is left there by itself.
static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Begins a file in `folder`; it is removed when dropped, unless it is moved to its place.
///
/// # Errors
/// The folder refuses.
pub(crate) fn begin(folder: &Path) -> std::io::Result<NamedTempFile> {
    let key = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    if SWEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(key) {
        sweep(folder);
    }
    let begun = || tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(folder);
    for _ in 1..TRIES {
        let file = begun()?;
        // Where files cannot be locked, nobody takes them away either.
        let _ = file.as_file().lock();
        // Another program may have taken it for a left one before it was locked.
        if file.path().exists() {
            return Ok(file);
        }
    }
    begun()
}

/// Takes away what killed programs left in a folder.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(PREFIX)
            && name.ends_with(SUFFIX)
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            // Gone already is as good.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_program_left_is_taken_away_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".regulars-abc.part");
        std::fs::write(&left, "half a list").unwrap();
        std::fs::write(folder.path().join(".regulars-watch"), "another's").unwrap();
        std::fs::write(folder.path().join("mine.part"), "the person's").unwrap();
        // As another program that is at work.
        let busy = folder.path().join(".regulars-def.part");
        let held = File::create(&busy).unwrap();
        held.lock().unwrap();
        let begun = begin(folder.path()).unwrap();
        assert!(!left.exists() && busy.exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
        // A second look does not take the first one's.
        sweep(folder.path());
        assert!(begun.path().exists());
        drop(held);
        sweep(folder.path());
        assert!(!busy.exists());
        drop(begun);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
