//! The class kit: one seeded shop for each student with a planted truth, a key that only the trainer
//! holds, hand-ins of one file, and grading. A grade believes nothing that a hand-in claims: the shop is
//! made again from the key, the settings are run on it, and the model is measured on customers whom the
//! student never saw.

mod answers;
pub mod draw;
mod grade;
mod hand_in;
mod key;
mod student;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Place;
use crate::files;

pub use answers::Answers;
pub use grade::{DirtGrade, Drivers, Grade, LeakGrade, LifetimeGrade, grade};
pub use hand_in::{HandIn, hand_in};
pub use key::{Key, Manifest, StudentKey, make};
pub use student::{Dirt, DirtKind, Lifetime, StudentShop, TARGET};

/// The format of keys, manifests and hand-ins.
const VERSION: u32 = 1;
/// The manifest in a student's folder.
const MANIFEST: &str = "kit.json";
/// Bytes that a key, a manifest or a hand-in may have.
const LARGEST: u64 = 64 << 20;

/// Why a class kit cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    #[error("{} is no {what} of a class kit: {cause}", file.display())]
    BadFile { file: PathBuf, what: &'static str, cause: String },
    #[error("{} holds no {MANIFEST}: it is no student's folder of a class kit", folder.display())]
    NoManifest { folder: PathBuf },
    #[error("{} was changed after it was made", file.display())]
    BrokenSeal { file: PathBuf },
    #[error("{} belongs to another class kit", file.display())]
    OtherKit { file: PathBuf },
    #[error("the model in {} was trained with other data or settings; train again, save, then hand in", file.display())]
    Stale { file: PathBuf },
    #[error("{} cannot be used: {cause}", file.display())]
    File { file: PathBuf, cause: std::io::Error },
    #[error("a class has 1 to {most} students, and {found} were asked for")]
    Students { found: u32, most: u32 },
}

impl KitError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::BadFile { .. } => "class_bad_file",
            Self::NoManifest { .. } => "class_no_manifest",
            Self::BrokenSeal { .. } => "class_broken_seal",
            Self::OtherKit { .. } => "class_other_kit",
            Self::Stale { .. } => "class_stale",
            Self::File { .. } => "class_file",
            Self::Students { .. } => "class_students",
        }
    }

    pub(crate) fn place(&self) -> Place {
        let file = match self {
            Self::BadFile { file, .. }
            | Self::BrokenSeal { file }
            | Self::OtherKit { file }
            | Self::Stale { file }
            | Self::File { file, .. } => Some(file.clone()),
            Self::NoManifest { folder } => Some(folder.clone()),
            Self::Students { .. } => None,
        };
        Place { file, ..Place::default() }
    }
}

/// A file and the blake3 of its bytes, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
pub struct Hashed {
    /// Name without folder.
    pub name: String,
    pub blake3: String,
}

fn hash_of(path: &Path) -> Result<Hashed, KitError> {
    let fail = |cause| KitError::File { file: path.to_owned(), cause };
    let mut hasher = blake3::Hasher::new();
    let mut file = std::fs::File::open(path).map_err(fail)?;
    std::io::copy(&mut file, &mut hasher).map_err(fail)?;
    Ok(Hashed { name: files::name_of(path), blake3: hasher.finalize().to_hex().to_string() })
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), KitError> {
    let text = serde_json::to_vec_pretty(value).unwrap_or_default();
    files::write_atomically(path, |out| out.write_all(&text))
        .map_err(|cause| KitError::File { file: path.to_owned(), cause })
}

fn read_json<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, KitError> {
    use std::io::Read as _;
    let fail = |cause| KitError::File { file: path.to_owned(), cause };
    let mut text = Vec::new();
    std::fs::File::open(path).map_err(fail)?.take(LARGEST).read_to_end(&mut text).map_err(fail)?;
    let bad = |cause: String| KitError::BadFile { file: path.to_owned(), what, cause };
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|cause| bad(cause.to_string()))?;
    let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if value.get("format").and_then(serde_json::Value::as_str) != Some(what) || version != u64::from(VERSION)
    {
        return Err(bad(format!("its format is not “{what}” {VERSION}")));
    }
    serde_json::from_value(value).map_err(|cause| bad(cause.to_string()))
}

/// Writes rows as CSV; the first names the columns.
fn write_rows(path: &Path, rows: &[Vec<String>]) -> Result<(), KitError> {
    files::write_atomically(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        for row in rows {
            writer.write_record(row)?;
        }
        writer.flush()
    })
    .map_err(|cause| KitError::File { file: path.to_owned(), cause })
}
