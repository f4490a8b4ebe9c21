//! Out of the house: the bundle (cleaning, features, model and schema in one file), scoring with
//! it, the ranked list of customers, what changed since the last list, and why.

pub mod audit;
pub mod batch;
mod bundle;
mod card;
mod differences;
pub mod drift;
mod export_error;
mod follow_up;
mod list;
mod onnx;
mod ready;
mod reason;
pub mod scorer;
mod seal;
mod sealed;
mod self_test;
mod serve_error;
mod shared;
pub mod watch;
pub mod workbook;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Place, quoted};

pub use bundle::{BUNDLE_VERSION, Bundle, Lacking, Scored, Scores};
pub use card::{Card, CardSlice, Curve, FederatedCard, Period};
pub use differences::{Differences, Drift, Profile, Spread, profile, profile_scores};
pub use follow_up::{Answer, FollowUp, FollowUps};
pub use list::{Change, Changes, Customer, ListEntry, SavedList, at_risk, compare};
pub use ready::{Flag, FlagKind, Given, GivenRow, Layout, Ready, RowScore};
pub use reason::{Reason, strongest};
pub use seal::{Checked, check_bundle, check_seal, seal_page};

pub use export_error::ExportError;
pub use self_test::{SelfChecked, SelfTest, TOLERANCE};
pub use serve_error::ServeError;
pub use shared::CardCells;

pub use list::today;

pub(crate) use bundle::{ids, nameless, version_of};
pub(crate) use card::POINTS;
pub(crate) use differences::{Known, find as find_differences, whole_levels};
pub(crate) use list::by_risk;
pub(crate) use ready::plain;

/// Bytes that an opened bundle may unpack to.
const LARGEST: u64 = 512 << 20;

/// Why a bundle or an export failed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    #[error("{} does not exist", file.display())]
    NotFound { file: PathBuf },
    #[error("{} is not a bundle of Regulars: {cause}", file.display())]
    NotABundle { file: PathBuf, cause: String },
    #[error("{} was made by a newer version of Regulars (format {version})", file.display())]
    Newer { file: PathBuf, version: u64 },
    #[error(
        "{} lacks the column{} {} that the model needs",
        file.display(), if columns.len() > 1 { "s" } else { "" }, quoted(columns)
    )]
    MissingColumn { file: PathBuf, columns: Vec<String> },
    #[error("no customer “{id}” in {}", file.display())]
    NoCustomer { file: PathBuf, id: String },
    #[error("{} holds no model card", file.display())]
    NoCard { file: PathBuf },
    #[error("the model card in {} bears no hash: it was made before cards did", file.display())]
    Unsealed { file: PathBuf },
    #[error("the {part} in {} is not what was sealed: it was changed afterwards", file.display())]
    Altered { file: PathBuf, part: &'static str },
    #[error("{} is what is being read; it is never written over", file.display())]
    IsInput { file: PathBuf },
    #[error("{what} cannot be written as ONNX")]
    NoOnnx { what: &'static str },
    #[error(transparent)]
    Lock(#[from] crate::privacy::LockError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error("writing {} failed: {cause}", file.display())]
    Write { file: PathBuf, cause: std::io::Error },
    #[error("the settings in {} cannot be used: {cause}", file.display())]
    BadSettings { file: PathBuf, cause: String },
    #[error("another program already watches for {}", file.display())]
    Occupied { file: PathBuf },
    #[error("line {line} of {} was changed, cut out or moved: {cause}", file.display())]
    BrokenTrail { file: PathBuf, line: u64, cause: String },
    #[error("the notice did not reach {to}: {cause}")]
    Notice { to: String, cause: String },
    #[error("{} is not ready yet: it changed while it was read", file.display())]
    Unsettled { file: PathBuf },
    #[error("{} is what a model learnt from: it cannot judge it", file.display())]
    SeenRows { file: PathBuf },
    #[error("{} holds too few customers of either outcome to judge by", file.display())]
    NoJudge { file: PathBuf },
    #[error("there is no earlier model in {} to go back to", file.display())]
    NoEarlier { file: PathBuf },
}

impl DeployError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::NotABundle { .. } => "not_a_bundle",
            Self::Newer { .. } => "newer_format",
            Self::MissingColumn { .. } => "missing_column",
            Self::NoCustomer { .. } => "no_customer",
            Self::NoCard { .. } => "no_card",
            Self::Unsealed { .. } => "unsealed",
            Self::Altered { .. } => "altered",
            Self::IsInput { .. } => "is_input",
            Self::NoOnnx { .. } => "no_onnx",
            Self::Lock(e) => e.kind(),
            Self::Serve(e) => e.kind(),
            Self::Export(e) => e.kind(),
            Self::Write { .. } => "write_failed",
            Self::BadSettings { .. } => "bad_watch_settings",
            Self::Occupied { .. } => "watched_already",
            Self::BrokenTrail { .. } => "trail_broken",
            Self::Notice { .. } => "notice_failed",
            Self::Unsettled { .. } => "file_unsettled",
            Self::SeenRows { .. } => "judge_seen",
            Self::NoJudge { .. } => "judge_too_small",
            Self::NoEarlier { .. } => "no_earlier_model",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NotFound { file }
            | Self::NotABundle { file, .. }
            | Self::Newer { file, .. }
            | Self::IsInput { file }
            | Self::NoCustomer { file, .. }
            | Self::NoCard { file }
            | Self::Unsealed { file }
            | Self::Altered { file, .. }
            | Self::BadSettings { file, .. }
            | Self::Occupied { file }
            | Self::Unsettled { file }
            | Self::SeenRows { file }
            | Self::NoJudge { file }
            | Self::NoEarlier { file }
            | Self::Write { file, .. } => Place { file: Some(file.clone()), ..Place::default() },
            Self::NoOnnx { .. } => Place::default(),
            Self::Lock(e) => e.place(),
            Self::Export(e) => e.place(),
            Self::Serve(e) => Place { file: e.file(), ..Place::default() },
            Self::BrokenTrail { file, line, .. } => {
                Place { file: Some(file.clone()), row: Some(*line), column: None }
            }
            Self::Notice { .. } => Place::default(),
            Self::MissingColumn { file, columns } => {
                Place { file: Some(file.clone()), column: columns.first().cloned(), row: None }
            }
        }
    }

    pub(crate) fn columns(&self) -> &[String] {
        match self {
            Self::MissingColumn { columns, .. } => columns,
            _ => &[],
        }
    }

    pub(crate) fn write(file: &Path, cause: std::io::Error) -> Self {
        Self::Write { file: file.to_owned(), cause }
    }
}

/// Writes one JSON entry as a zip archive.
pub(crate) fn write_zip(
    out: &mut dyn std::io::Write,
    name: &str,
    value: &impl Serialize,
) -> std::io::Result<()> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut bytes);
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    zip.start_file(name, options).map_err(std::io::Error::other)?;
    let json = serde_json::to_vec(value).map_err(std::io::Error::other)?;
    if json.len() as u64 > LARGEST {
        return Err(std::io::Error::other("it would be too large to be opened again"));
    }
    zip.write_all(&json)?;
    zip.finish().map_err(std::io::Error::other)?;
    out.write_all(bytes.get_ref())
}

/// Reads one JSON entry of a zip archive, at most [`LARGEST`] bytes of it.
pub(crate) fn read_zip(path: &Path, name: &str) -> Result<serde_json::Value, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    unzip(file, name)
}

/// [`read_zip`] of what is read already.
pub(crate) fn unzip(
    file: impl std::io::Read + std::io::Seek,
    name: &str,
) -> Result<serde_json::Value, String> {
    let mut zip = zip::ZipArchive::new(file).map_err(|e| e.to_string())?;
    let entry = zip.by_name(name).map_err(|e| e.to_string())?;
    let mut text = Vec::new();
    entry.take(LARGEST).read_to_end(&mut text).map_err(|e| e.to_string())?;
    serde_json::from_slice(&text).map_err(|e| e.to_string())
}

/// Reads a small JSON file of settings.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, DeployError> {
    let text = std::fs::read_to_string(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => DeployError::NotFound { file: path.to_owned() },
        _ => DeployError::BadSettings { file: path.to_owned(), cause: cause.to_string() },
    })?;
    serde_json::from_str(&text)
        .map_err(|e| DeployError::BadSettings { file: path.to_owned(), cause: e.to_string() })
}
