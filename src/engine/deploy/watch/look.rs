//! Which files of a folder have come to rest.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::deploy::DeployError;
use crate::job::Reporter;

/// Names that end so may be exports.
const KINDS: [&str; 12] =
    ["csv", "tsv", "txt", "xlsx", "xls", "xlsb", "ods", "json", "jsonl", "parquet", "gz", "zst"];

/// What was seen of a folder's files at the last look.
#[derive(Debug, Default)]
pub struct Looked {
    seen: HashMap<PathBuf, (u64, SystemTime)>,
}

/// The exports in a folder, by name, and of each whether it has come to rest: it is as it was at the last
/// look, or has not been written to for `settle`. Hidden files and those of a browser's or a copying
/// program's making are passed over.
///
/// # Errors
/// The folder cannot be read.
pub fn settled(
    folder: &Path,
    looked: &mut Looked,
    settle: Duration,
) -> Result<Vec<(PathBuf, bool)>, DeployError> {
    let bad = |cause: std::io::Error| match cause.kind() {
        std::io::ErrorKind::NotFound => DeployError::NotFound { file: folder.to_owned() },
        _ => DeployError::BadSettings { file: folder.to_owned(), cause: cause.to_string() },
    };
    let mut out = Vec::new();
    let mut seen = HashMap::new();
    for entry in std::fs::read_dir(folder).map_err(bad)? {
        let path = entry.map_err(bad)?.path();
        let is_export = path
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|extension| KINDS.contains(&extension.to_ascii_lowercase().as_str()));
        let name = crate::files::name_of(&path);
        // A file that is gone by now is none.
        let Ok(meta) = std::fs::metadata(&path) else { continue };
        if !is_export || name.starts_with(['.', '~']) || !meta.is_file() || meta.len() == 0 {
            continue;
        }
        let modified = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let state = (meta.len(), modified);
        // A clock that was set back makes a file of tomorrow: then only two looks tell.
        let rests = modified.elapsed().is_ok_and(|since| since >= settle)
            && looked.seen.get(&path).is_none_or(|known| *known == state);
        let stayed = looked.seen.get(&path) == Some(&state) && modified.elapsed().is_err();
        seen.insert(path.clone(), state);
        out.push((path, rests || stayed));
    }
    looked.seen = seen;
    out.sort();
    Ok(out)
}

/// blake3 of a file's bytes, in hexadecimal.
///
/// # Errors
/// The file cannot be read; the person cancelled.
pub fn hash_of(path: &Path, report: &Reporter) -> crate::Result<String> {
    let fail =
        |cause: std::io::Error| DeployError::BadSettings { file: path.to_owned(), cause: cause.to_string() };
    let mut file = std::fs::File::open(path).map_err(fail)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        report.check()?;
        let read = file.read(&mut buffer).map_err(fail)?;
        if read == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}
