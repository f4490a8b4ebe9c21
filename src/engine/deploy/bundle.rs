//! The bundle: one file with all that is needed to score new customers, and scoring with it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Card, DeployError, Differences, Profile, differences, sealed};
use crate::clean::{self, Cleaning, FittedRecipe};
use crate::detect::{missing, trimmed};
use crate::evaluate::{Choice, Explainer, Repair};
use crate::features::behaviour::FittedBehaviour;
use crate::features::{FittedFeatures, Matrix, Sequences};
use crate::files;
use crate::job::Reporter;
use crate::privacy::{Passphrase, lock};
use crate::table::{ColumnSpec, Role, Table};
use crate::train::{DeviceKind, Model};

/// Version of the bundle's format, the newest that is read. 1 had no explainer, profiles and card; such a
/// bundle scores as before, and gives no reasons. 3 may hold 8-bit weights; see [`version_of`].
pub const BUNDLE_VERSION: u64 = 3;

/// The version that a bundle of this model is written as: the oldest that can read it.
pub(crate) fn version_of(model: &Model) -> u64 {
    if model.is_packed() { BUNDLE_VERSION } else { 2 }
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
    #[serde(default)]
    pub explainer: Option<Explainer>,
    /// How the training rows were spread, column by column.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    #[serde(default)]
    pub card: Option<Card>,
    /// How orders and events become the model's columns, where it was learnt from a question over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behaviour: Option<FittedBehaviour>,
    /// What the model's probabilities go through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<Repair>,
    /// Columns that can be asked about ("what if"), with their values among the training rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// How the probabilities were spread on rows that were never learnt from; absent in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Profile>,
}

/// What to do where a file lacks a column that the model learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    Refuse,
    /// It reads as its centre, and is told among the differences.
    Fill,
}

/// One scored row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored {
    /// Permanent row id in the scored file.
    pub row: u32,
    /// The identifier, or "row n".
    pub id: String,
    /// `id` is an identifier.
    pub named: bool,
    pub probability: f64,
    /// The row repeats an earlier one.
    pub repeated: bool,
    /// What the target column says, where the file has one.
    pub actual: Option<bool>,
}

/// The result of scoring a file.
#[derive(Debug, Clone)]
pub struct Scores {
    pub rows: Vec<Scored>,
    pub differences: Differences,
    /// The rows, cleaned and encoded.
    pub cleaning: Cleaning,
    pub matrix: Matrix,
    /// The file, its columns called as the model calls them.
    pub table: Table,
}

impl Bundle {
    /// The same bundle with the way from orders to its columns.
    pub fn with_behaviour(self, behaviour: Option<FittedBehaviour>) -> Self {
        Self { behaviour, ..self }
    }

    /// Saves atomically.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn save(&self, path: &Path) -> Result<(), DeployError> {
        files::write_atomically(path, |out| sealed::write(out, self))
            .map_err(|cause| DeployError::write(path, cause))
    }

    /// [`save`](Self::save), locked with the passphrase where there is one.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_with(&self, path: &Path, passphrase: Option<&Passphrase>) -> Result<(), DeployError> {
        let Some(passphrase) = passphrase else { return self.save(path) };
        files::write_atomically(path, |out| {
            let mut plain = std::io::Cursor::new(Vec::new());
            sealed::write(&mut plain, self)?;
            out.write_all(&lock::seal(&plain.into_inner(), passphrase)?)
        })
        .map_err(|cause| DeployError::write(path, cause))
    }

    /// Opens and checks a bundle; nothing in it is trusted.
    ///
    /// # Errors
    /// The file is absent, no bundle, or of a newer format.
    pub fn open(path: &Path) -> Result<Self, DeployError> {
        Self::open_with(path, None)
    }

    /// [`open`](Self::open), also of a bundle that is locked with this passphrase.
    ///
    /// # Errors
    /// As [`open`](Self::open); the passphrase does not open it.
    pub fn open_with(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, DeployError> {
        if !path.exists() {
            return Err(DeployError::NotFound { file: path.to_owned() });
        }
        let value = match lock::unlocked(path, passphrase)? {
            Some(plain) => sealed::read(std::io::Cursor::new(plain.as_slice()), path)?,
            None => {
                let not = |e: std::io::Error| DeployError::NotABundle {
                    file: path.to_owned(),
                    cause: e.to_string(),
                };
                sealed::read(std::fs::File::open(path).map_err(not)?, path)?
            }
        };
        Self::of_value(value, path)
    }

    /// Checks what was read of `path`; nothing in it is trusted.
    pub(super) fn of_value(value: serde_json::Value, path: &Path) -> Result<Self, DeployError> {
        let not = |cause: String| DeployError::NotABundle { file: path.to_owned(), cause };
        let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if version > BUNDLE_VERSION {
            return Err(DeployError::Newer { file: path.to_owned(), version });
        }
        let bundle: Self = serde_json::from_value(value).map_err(|e| not(e.to_string()))?;
        if bundle.is_sound() { Ok(bundle) } else { Err(not("the model does not fit its features".into())) }
    }

    /// True if the parts fit each other; asked of every opened file.
    pub fn is_sound(&self) -> bool {
        let width = self.features.names().len();
        self.model.fits(width)
            && self.explainer.as_ref().is_none_or(|e| e.fits(width))
            && self.profiles.iter().chain(&self.scores).all(Profile::is_sound)
            && self.repair.as_ref().is_none_or(Repair::is_sound)
            && self.choices.iter().all(|choice| choice.values.is_sound())
    }

    /// Columns of a file that the model learns from, by themselves or through the recipe's formulas.
    pub fn needed(&self) -> Vec<&str> {
        let origins = self.recipe.recipe.origins(&self.recipe.schema).unwrap_or_default();
        let learnt: Vec<&String> =
            origins.iter().filter(|(name, _)| self.learns_from(name)).flat_map(|(_, from)| from).collect();
        let names = self.recipe.schema.iter().map(|spec| spec.name.as_str());
        names.filter(|name| learnt.iter().any(|of| of == name)).collect()
    }

    /// True if the model learns from this column of the cleaned rows.
    pub(super) fn learns_from(&self, column: &str) -> bool {
        let indicator = clean::indicator_name(column);
        self.features.learns_from(column) || self.features.learns_from(&indicator) || self.model.reads(column)
    }

    /// Scores every row of a table. The target is not needed; a column that the model learnt
    /// from is, unless `lacking` says otherwise.
    ///
    /// # Errors
    /// A needed column is missing, or the person cancelled.
    pub fn score(&self, table: &Table, lacking: Lacking, report: &Reporter) -> crate::Result<Scores> {
        self.score_block(table, lacking, None, report)
    }

    /// [`score`](Self::score) of a part of a file whose end is known: `features` are
    /// [anchored](FittedFeatures::anchored) to it. What cleaning changed is not told, and no repeated row is marked.
    pub(crate) fn score_block(
        &self,
        table: &Table,
        lacking: Lacking,
        features: Option<&FittedFeatures>,
        report: &Reporter,
    ) -> crate::Result<Scores> {
        let names: Vec<&str> =
            self.recipe.schema.iter().map(|s| s.name.as_str()).chain([self.target.as_str()]).collect();
        let (table, renamed) = table.aligned(&names);
        let has = |name: &str| table.columns.iter().any(|column| column.name == name);
        let needed = self.needed();
        let schema: Vec<ColumnSpec> =
            self.recipe.schema.iter().filter(|spec| has(&spec.name)).cloned().collect();
        let lacks: Vec<&str> = needed.iter().copied().filter(|name| !has(name)).collect();
        if !lacks.is_empty() && (lacking == Lacking::Refuse || lacks.len() == needed.len()) {
            let columns = lacks.into_iter().map(str::to_owned).collect();
            return Err(DeployError::MissingColumn { file: table.source.file.clone(), columns }.into());
        }
        let table = &table;
        let cleaning = match features {
            Some(_) => clean::apply_keyed(&self.recipe, table, &schema, report)?,
            None => clean::apply(&self.recipe, table, &schema, report)?,
        };
        report.progress(0.6);
        // Days are counted back from the file's own end, where it goes on after the model's.
        // Bundles of the first version score as they always did.
        let is_part = features.is_some();
        let features = match (features, self.version) {
            (Some(features), _) => features.clone(),
            (None, 0 | 1) => self.features.clone(),
            (None, _) => self.features.reanchored(cleaning.last()),
        };
        let read: Vec<String> = match &self.model {
            Model::Net(model) => model.reading.columns().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let sequences = Sequences::of(cleaning.last(), &read);
        let matrix = features.apply_reporting(cleaning.last(), report)?.with_sequences(sequences);
        let mut probabilities = self.model.predict_reporting(&matrix, DeviceKind::Flex, report)?;
        if let Some(repair) = &self.repair {
            probabilities = repair.apply_all(&probabilities);
        }
        report.progress(0.8);
        let repeated: std::collections::HashSet<u32> = cleaning
            .stages
            .iter()
            .filter(|stage| stage.change.name == "duplicates")
            .flat_map(|stage| stage.change.flagged.iter().copied())
            .collect();
        let ids = ids(table, &schema);
        let actual = self.actual(table);
        let rows = table.rows.iter().zip(probabilities).enumerate().map(|(at, (row, probability))| {
            let id = ids(at);
            Scored {
                row: *row,
                named: id.is_some(),
                id: id.unwrap_or_else(|| nameless(*row)),
                probability,
                repeated: repeated.contains(row),
                actual: actual(at),
            }
        });
        let rows = rows.collect();
        let mut known = differences::known_to(self);
        if is_part {
            // The spread of a part says nothing of the file: the drift of all of it is told elsewhere.
            (known.after, known.profiles) = (Vec::new(), Vec::new());
        }
        let mut differences = differences::find(&known, table, &cleaning);
        differences.renamed = renamed;
        differences.later = features.later_than(&self.features);
        Ok(Scores { rows, differences, cleaning, matrix, table: table.clone() })
    }

    /// What the target column of a table says of a row.
    fn actual<'a>(&'a self, table: &'a Table) -> impl Fn(usize) -> Option<bool> + 'a {
        let text = table.text(&self.target);
        move |row| {
            let value = trimmed(text?.get(row)?);
            (!missing::is_missing(value)).then(|| value.eq_ignore_ascii_case(&self.positive))
        }
    }
}

/// The identifier of a row: the id column's text without blanks around it; `None` where there is no
/// such column or the cell holds a mark for "no value".
pub(crate) fn ids<'a>(table: &'a Table, schema: &[ColumnSpec]) -> impl Fn(usize) -> Option<String> + 'a {
    let name = schema.iter().find(|spec| spec.role == Role::Id).map(|spec| spec.name.clone());
    let text = name.and_then(|name| table.position(&name)).and_then(|at| table.text(&table.columns[at].name));
    move |at| text?.get(at).map(trimmed).filter(|id| !missing::is_missing(id)).map(str::to_owned)
}

/// What a customer without an identifier is called.
pub(crate) fn nameless(row: u32) -> String {
    format!("row {row}")
}

impl Scores {
    /// Writes the cleaned and encoded rows, feature by feature, with the probability behind them: what other
    /// programs score with the model as ONNX. Numbers are written so that they read back as they were.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn write_matrix(&self, path: &Path) -> Result<(), DeployError> {
        let names = self.matrix.names.iter().cloned();
        let header: Vec<String> =
            ["row".to_owned()].into_iter().chain(names).chain(["probability".to_owned()]).collect();
        let rows = self.rows.iter().enumerate().map(|(at, scored)| {
            let cells = self.matrix.row(at).iter().map(f32::to_string);
            [scored.row.to_string()]
                .into_iter()
                .chain(cells)
                .chain([scored.probability.to_string()])
                .collect()
        });
        files::write_csv(path, &header, rows).map_err(|cause| DeployError::write(path, cause))
    }

    /// Writes id, probability, decision and flag of every row, in the order of the file.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn write(&self, bundle: &Bundle, path: &Path) -> Result<(), DeployError> {
        files::write_csv(path, &HEADER.map(str::to_owned), self.lines(bundle))
            .map_err(|cause| DeployError::write(path, cause))
    }

    /// [`write`](Self::write) to anything that takes bytes.
    ///
    /// # Errors
    /// It refuses.
    pub fn write_to(&self, bundle: &Bundle, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        files::csv_to(out, &HEADER.map(str::to_owned), self.lines(bundle).map(Ok))
    }

    pub(super) fn lines<'a>(&'a self, bundle: &'a Bundle) -> impl Iterator<Item = Vec<String>> + 'a {
        self.rows.iter().map(|scored| {
            vec![
                scored.row.to_string(),
                scored.id.clone(),
                format!("{:.6}", scored.probability),
                u8::from(scored.probability >= bundle.threshold).to_string(),
                if scored.repeated { "repeated row".into() } else { String::new() },
            ]
        })
    }
}

/// Columns of a file of scores.
const HEADER: [&str; 5] = ["row", "id", "probability", "at_risk", "flag"];
