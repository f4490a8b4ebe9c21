//! Where a project's data is now: where it was, beside the project, or anywhere near by the same
//! content.

use std::path::{Path, PathBuf};

/// Files that are looked into at most.
const LOOKED_AT: usize = 2000;
/// Folders below the project's that are entered.
const DEPTH: usize = 2;

/// The data file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Where the project says.
    InPlace(PathBuf),
    /// Elsewhere, with the same content.
    Moved(PathBuf),
    /// Nowhere near.
    Nowhere,
}

/// Looks for a data file of `bytes` bytes (where known) and blake3 `hash`: first where it was, then
/// beside the project under its name, then by content in the project's folder, the folder where it
/// was, and the folders below them.
pub fn find_source(project: &Path, recorded: &Path, hash: &str, bytes: Option<u64>) -> Found {
    if recorded.is_file() {
        return Found::InPlace(recorded.to_owned());
    }
    let here = project.parent().unwrap_or(Path::new("."));
    if let Some(name) = recorded.file_name() {
        let beside = here.join(name);
        if beside.is_file() {
            return Found::Moved(beside);
        }
    }
    let mut left = LOOKED_AT;
    for folder in [Some(here), recorded.parent()].into_iter().flatten() {
        if let Some(path) = search(folder, hash, bytes, DEPTH, &mut left) {
            return Found::Moved(path);
        }
    }
    Found::Nowhere
}

fn search(folder: &Path, hash: &str, bytes: Option<u64>, depth: usize, left: &mut usize) -> Option<PathBuf> {
    let mut entries: Vec<_> = std::fs::read_dir(folder).ok()?.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut folders = Vec::new();
    for entry in entries {
        *left = left.checked_sub(1)?;
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_dir() {
            folders.push(entry.path());
        } else if meta.is_file() && bytes.is_none_or(|bytes| bytes == meta.len()) {
            let same = content_hash(&entry.path()).is_ok_and(|found| found == hash);
            if same {
                return Some(entry.path());
            }
        }
    }
    let below = depth.checked_sub(1)?;
    folders.into_iter().find_map(|folder| search(&folder, hash, bytes, below, left))
}

/// blake3 of a file's bytes, in hexadecimal.
pub(super) fn content_hash(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}
