//! A project or a bundle → the same locked with a passphrase, with another one, or with none.

use std::io::Cursor;
use std::path::Path;

use crate::files;
use crate::privacy::lock::{plain_bytes, seal};
use crate::privacy::{LockError, Passphrase, is_locked};

/// What a file that can be locked holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lockable {
    Project,
    Bundle,
}

/// Locks `file` with `new`; a locked one, opened with `old`, gets the other passphrase; without `new` it
/// is unlocked. Written to `out` atomically; the contents stay byte for byte.
///
/// # Errors
/// The file is neither a project nor a bundle, `old` does not open it, or the disk refuses. Then what
/// stood at `out` is unharmed.
pub fn relock(
    file: &Path,
    out: &Path,
    old: Option<&Passphrase>,
    new: Option<&Passphrase>,
) -> Result<Lockable, LockError> {
    if new.is_none() && !is_locked(file) && file.exists() {
        return Err(LockError::Open { file: file.to_owned() });
    }
    let plain = plain_bytes(file, old)?;
    let kind = kind_of(&plain).ok_or_else(|| LockError::Neither { file: file.to_owned() })?;
    files::write_atomically(out, |to| match new {
        Some(new) => to.write_all(&seal(&plain, new)?),
        None => to.write_all(&plain),
    })
    .map_err(|cause| LockError::Write { file: out.to_owned(), cause })?;
    Ok(kind)
}

fn kind_of(plain: &[u8]) -> Option<Lockable> {
    let mut zip = zip::ZipArchive::new(Cursor::new(plain)).ok()?;
    if zip.by_name("project.json").is_ok() {
        return Some(Lockable::Project);
    }
    zip.by_name("bundle.json").ok().map(|_| Lockable::Bundle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Recovery, SavedProject, Settings};

    fn pass(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned()).with_work(4)
    }

    fn project() -> SavedProject {
        SavedProject::new(Settings::default(), "customers-of-berlin.csv".into(), "abc".into())
    }

    #[test]
    fn a_project_is_locked_relocked_and_unlocked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.regulars");
        project().save(&file).unwrap();
        let before = std::fs::read(&file).unwrap();
        let plain = SavedProject::open(&file).unwrap();
        assert_eq!(relock(&file, &file, None, None).unwrap_err().kind(), "not_locked");

        assert_eq!(relock(&file, &file, None, Some(&pass("first words"))).unwrap(), Lockable::Project);
        assert!(is_locked(&file));
        assert_eq!(SavedProject::open(&file).unwrap_err().kind(), "locked_file");
        let wrong = SavedProject::open_with(&file, Some(&pass("other words"))).unwrap_err();
        assert_eq!(wrong.kind(), "wrong_passphrase");
        let opened = SavedProject::open_with(&file, Some(&pass("first words"))).unwrap();
        assert_eq!(opened, plain);

        relock(&file, &file, Some(&pass("first words")), Some(&pass("second words"))).unwrap();
        assert!(SavedProject::open_with(&file, Some(&pass("first words"))).is_err());
        let locked = std::fs::read(&file).unwrap();
        // A failure leaves the file as it was.
        assert!(relock(&file, &file, Some(&pass("first words")), None).is_err());
        assert_eq!(std::fs::read(&file).unwrap(), locked);
        relock(&file, &file, Some(&pass("second words")), None).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_locked_save_holds_nothing_plain_and_a_locked_autosave_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let recovery = Recovery::new(folder.path()).unwrap();
        project().save_with(recovery.file(), Some(&pass("first words"))).unwrap();
        let bytes = std::fs::read(recovery.file()).unwrap();
        // A plain project names its one entry.
        let names = |bytes: &[u8]| bytes.windows(12).any(|window| window == b"project.json");
        assert!(!names(&bytes));
        let plain = folder.path().join("plain.zip");
        project().save(&plain).unwrap();
        assert!(names(&std::fs::read(&plain).unwrap()));
        recovery.leave();
        drop(recovery);
        let left = Recovery::left_behind(folder.path());
        assert_eq!(left.len(), 1);
        assert!(left[0].locked && left[0].origin.is_none());
        assert_eq!(left[0].open().unwrap_err().kind(), "locked_file");
        assert_eq!(left[0].open_with(Some(&pass("first words"))).unwrap().file, project().file);
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.csv");
        std::fs::write(&file, "id,name\n1,Anna\n").unwrap();
        let refused = relock(&file, &file, None, Some(&pass("first words"))).unwrap_err();
        assert_eq!(refused.kind(), "not_lockable");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "id,name\n1,Anna\n");
        let gone = folder.path().join("gone.regulars");
        assert_eq!(relock(&gone, &gone, None, None).unwrap_err().kind(), "not_found");
    }
}
