//! Out of the house: the bundle (cleaning, features, model and schema in one file), scoring with
//! it, and the ranked list of customers.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clean::{self, FittedRecipe};
use crate::error::Place;
use crate::features::FittedFeatures;
use crate::files;
use crate::job::Reporter;
use crate::split::Side;
use crate::table::{ColumnSpec, Role, Table};
use crate::train::{DeviceKind, Model};

/// Version of the bundle's format.
pub const BUNDLE_VERSION: u64 = 1;
/// Bytes that an opened bundle may unpack to.
const LARGEST: u64 = 512 << 20;

/// Why a bundle or an export failed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    #[error("{} is not a bundle of Regulars: {cause}", file.display())]
    NotABundle { file: PathBuf, cause: String },
    #[error("{} was made by a newer version of Regulars (format {version})", file.display())]
    Newer { file: PathBuf, version: u64 },
    #[error("{} lacks the column “{column}” that the model needs", file.display())]
    MissingColumn { file: PathBuf, column: String },
    #[error("writing {} failed: {cause}", file.display())]
    Write { file: PathBuf, cause: std::io::Error },
}

impl DeployError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NotABundle { .. } => "not_a_bundle",
            Self::Newer { .. } => "newer_format",
            Self::MissingColumn { .. } => "missing_column",
            Self::Write { .. } => "write_failed",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NotABundle { file, .. } | Self::Newer { file, .. } | Self::Write { file, .. } => {
                Place { file: Some(file.clone()), ..Place::default() }
            }
            Self::MissingColumn { file, column } => {
                Place { file: Some(file.clone()), column: Some(column.clone()), row: None }
            }
        }
    }

    pub(crate) fn write(file: &Path, cause: std::io::Error) -> Self {
        Self::Write { file: file.to_owned(), cause }
    }
}

/// All that is needed to score new customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    pub version: u64,
    pub engine: String,
    pub target: String,
    /// The value of the target that the model predicts.
    pub positive: String,
    pub threshold: f64,
    pub recipe: FittedRecipe,
    pub features: FittedFeatures,
    pub model: Model,
}

/// One scored row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored {
    /// Permanent row id in the scored file.
    pub row: u32,
    pub id: String,
    pub probability: f64,
    /// The row repeats an earlier one.
    pub repeated: bool,
}

/// The result of scoring a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    pub rows: Vec<Scored>,
    /// Columns of the file that the model does not know.
    pub extra: Vec<String>,
}

impl Bundle {
    /// Saves atomically.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn save(&self, path: &Path) -> Result<(), DeployError> {
        files::write_atomically(path, |out| write_zip(out, "bundle.json", self))
            .map_err(|cause| DeployError::write(path, cause))
    }

    /// Opens and checks a bundle; nothing in it is trusted.
    ///
    /// # Errors
    /// The file is absent, no bundle, or of a newer format.
    pub fn open(path: &Path) -> Result<Self, DeployError> {
        let not = |cause: String| DeployError::NotABundle { file: path.to_owned(), cause };
        let value = read_zip(path, "bundle.json").map_err(not)?;
        let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if version > BUNDLE_VERSION {
            return Err(DeployError::Newer { file: path.to_owned(), version });
        }
        let bundle: Self = serde_json::from_value(value).map_err(|e| not(e.to_string()))?;
        let width = bundle.features.names().len();
        let sound = bundle.model.fits(width);
        if sound { Ok(bundle) } else { Err(not("the model does not fit its features".into())) }
    }

    /// Scores every row of a table. The target is not needed; a column that the model learnt
    /// from is.
    ///
    /// # Errors
    /// A needed column is missing, or the person cancelled.
    pub fn score(&self, table: &Table, report: &Reporter) -> crate::Result<Scores> {
        let needed: Vec<&str> = self.features.encoders.iter().map(|e| e.column()).collect();
        let mut schema: Vec<ColumnSpec> = Vec::new();
        for spec in &self.recipe.schema {
            if table.position(&spec.name).is_some() {
                schema.push(spec.clone());
            } else if needed.contains(&spec.name.as_str()) {
                let file = table.source.file.clone();
                return Err(DeployError::MissingColumn { file, column: spec.name.clone() }.into());
            }
        }
        let cleaning = clean::apply(&self.recipe, table, &schema, report)?;
        let matrix = self.features.apply(cleaning.last());
        let probabilities = self.model.predict(&matrix, DeviceKind::Flex)?;
        let repeated: std::collections::HashSet<u32> = cleaning
            .stages
            .iter()
            .filter(|stage| stage.change.name == "duplicates")
            .flat_map(|stage| stage.change.flagged.iter().copied())
            .collect();
        let ids = ids(table, &schema);
        let rows = table.rows.iter().zip(probabilities).enumerate().map(|(at, (row, probability))| Scored {
            row: *row,
            id: ids(at),
            probability,
            repeated: repeated.contains(row),
        });
        let plain = |name: &str| name.trim().to_lowercase();
        let known = |name: &str| self.recipe.schema.iter().any(|spec| plain(&spec.name) == plain(name));
        let extra = table.columns.iter().map(|c| c.name.clone()).filter(|name| !known(name)).collect();
        Ok(Scores { rows: rows.collect(), extra })
    }
}

/// The text that names the customer of a row: the id column's, else the row's number.
pub(crate) fn ids<'a>(table: &'a Table, schema: &[ColumnSpec]) -> impl Fn(usize) -> String + 'a {
    let name = schema.iter().find(|spec| spec.role == Role::Id).map(|spec| spec.name.clone());
    let text = name.and_then(|name| table.position(&name)).and_then(|at| table.text(&table.columns[at].name));
    move |at| match text.and_then(|text| text.get(at)) {
        Some(id) => id.to_owned(),
        None => table.rows.get(at).map_or_else(String::new, |row| format!("row {row}")),
    }
}

impl Scores {
    /// Writes id, probability, decision and flag of every row, in the order of the file.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn write(&self, bundle: &Bundle, path: &Path) -> Result<(), DeployError> {
        let header = ["row", "id", "probability", "at_risk", "flag"].map(str::to_owned);
        let rows = self.rows.iter().map(|scored| {
            vec![
                scored.row.to_string(),
                scored.id.clone(),
                format!("{:.6}", scored.probability),
                u8::from(scored.probability >= bundle.threshold).to_string(),
                if scored.repeated { "repeated row".into() } else { String::new() },
            ]
        });
        files::write_csv(path, &header, rows).map_err(|cause| DeployError::write(path, cause))
    }
}

/// A customer in the ranked list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Customer {
    /// Permanent row id.
    pub row: u32,
    pub id: String,
    pub probability: f64,
    /// Where the row was used: a training row's probability is flattering.
    pub side: Side,
    /// What is known to have happened.
    pub actual: Option<bool>,
    pub segment: Option<usize>,
}

/// Customers at risk among those who are not known to have left, and all of the latter.
pub fn at_risk(list: &[Customer], threshold: f64) -> (usize, usize) {
    let here = list.iter().filter(|c| c.actual != Some(true));
    (here.clone().filter(|c| c.probability >= threshold).count(), here.count())
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
    zip.write_all(&serde_json::to_vec(value).map_err(std::io::Error::other)?)?;
    zip.finish().map_err(std::io::Error::other)?;
    out.write_all(bytes.get_ref())
}

/// Reads one JSON entry of a zip archive, at most [`LARGEST`] bytes of it.
pub(crate) fn read_zip(path: &Path, name: &str) -> Result<serde_json::Value, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let mut zip = zip::ZipArchive::new(file).map_err(|e| e.to_string())?;
    let entry = zip.by_name(name).map_err(|e| e.to_string())?;
    let mut text = Vec::new();
    entry.take(LARGEST).read_to_end(&mut text).map_err(|e| e.to_string())?;
    serde_json::from_slice(&text).map_err(|e| e.to_string())
}
