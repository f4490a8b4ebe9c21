//! Where a project's data is now: where it was, beside the project, or anywhere near by the same
//! content.

use std::path::{Path, PathBuf};

use crate::job::{Cancelled, Reporter};

/// Files that are looked into at most.
const LOOKED_AT: usize = 2000;
/// Folders below the project's that are entered.
const DEPTH: usize = 2;

/// The largest file that is hashed where the wanted size is not known.
const UNKNOWN_SIZE: u64 = 256 << 20;

/// The data file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Where the project says; it may have been written anew since.
    InPlace(PathBuf),
    /// Elsewhere, with the same content.
    Moved(PathBuf),
    /// Beside the project under the same name, with other content.
    Namesake(PathBuf),
    /// Nowhere near.
    Nowhere,
}

/// Looks for a data file of `bytes` bytes (where known) and blake3 `hash`: first where it was, then
/// beside the project, then by content in the project's folder, the folder where it was, and the
/// folders below them. `project` is `None` for one that was never saved.
///
/// # Errors
/// The person cancelled.
pub fn find_source(
    project: Option<&Path>,
    recorded: &Path,
    hash: &str,
    bytes: Option<u64>,
    report: &Reporter,
) -> Result<Found, Cancelled> {
    if recorded.is_file() {
        return Ok(Found::InPlace(recorded.to_owned()));
    }
    let here = project.map(|project| project.parent().unwrap_or(Path::new(".")));
    let beside = here.zip(recorded.file_name()).map(|(here, name)| here.join(name)).filter(|p| p.is_file());
    if let Some(beside) = &beside
        && content_hash(beside).is_ok_and(|found| found == hash)
    {
        return Ok(Found::Moved(beside.clone()));
    }
    let mut left = LOOKED_AT;
    for folder in [here, recorded.parent()].into_iter().flatten() {
        if let Some(path) = search(folder, hash, bytes, DEPTH, &mut left, report)? {
            return Ok(Found::Moved(path));
        }
    }
    Ok(beside.map_or(Found::Nowhere, Found::Namesake))
}

fn search(
    folder: &Path,
    hash: &str,
    bytes: Option<u64>,
    depth: usize,
    left: &mut usize,
    report: &Reporter,
) -> Result<Option<PathBuf>, Cancelled> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(None) };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut folders = Vec::new();
    for entry in entries {
        report.check()?;
        let Some(rest) = left.checked_sub(1) else { return Ok(None) };
        *left = rest;
        let Ok(meta) = entry.metadata() else { continue };
        let size_fits = bytes.map_or(meta.len() <= UNKNOWN_SIZE, |bytes| bytes == meta.len());
        if meta.is_dir() {
            folders.push(entry.path());
        } else if meta.is_file() && size_fits && content_hash(&entry.path()).is_ok_and(|found| found == hash)
        {
            return Ok(Some(entry.path()));
        }
    }
    let Some(below) = depth.checked_sub(1) else { return Ok(None) };
    for folder in folders {
        if let Some(path) = search(&folder, hash, bytes, below, left, report)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// blake3 of a file's bytes, in hexadecimal.
pub(super) fn content_hash(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}
