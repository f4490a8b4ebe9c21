//! A bundle that is kept ready to score rows as they come, one or some at a time: the rows of a file and
//! the rows of a request go through the same steps.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::{DataFrame, NamedFrom as _, Series};
use serde::Serialize;

use super::bundle::ids;
use super::{Bundle, DeployError, Lacking, Scores};
use crate::clean;
use crate::detect::{date, missing, number};
use crate::evaluate::Values;
use crate::features::Sequences;
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{BadValue, Column, ColumnSpec, Frame, Provenance, Role, Table, ValueType};
use crate::train::{DeviceKind, Model};

/// Orders of column names that are remembered.
const LAYOUTS: usize = 64;

/// A cell as a caller gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Nothing,
    /// Read by the rules of the column.
    Text(String),
    /// A number that nobody has to read: it is written as the column writes numbers.
    Number(f64),
    Truth(bool),
}

/// What is told of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// A category that the training rows never had.
    UnseenCategory,
    /// A number below or above all of the training rows.
    OutOfRange,
    /// A value that could not be read, or that cannot be: it counts as missing.
    NotUsed,
    /// The row repeats an earlier one of the same request.
    Repeated,
}

/// Something that a caller should know of a scored row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flag {
    pub kind: FlagKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// One scored row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowScore {
    /// The identifier, where the row has one.
    pub id: Option<String>,
    /// Of the positive class, between 0 and 1.
    pub probability: f64,
    /// The probability reaches the bundle's threshold.
    pub at_risk: bool,
    pub flags: Vec<Flag>,
}

/// Where the columns of a request stand among those that the model knows.
#[derive(Debug, PartialEq)]
pub struct Layout {
    /// For each known name the place among the given ones.
    places: Vec<Option<usize>>,
    /// Columns that the model does not know.
    pub extra: Vec<String>,
    /// Columns that the model needs and that were not given.
    pub lacks: Vec<String>,
    /// None of those that the model needs is there.
    nothing: bool,
}

/// A row, laid out.
#[derive(Debug, Clone)]
pub struct GivenRow {
    layout: Arc<Layout>,
    cells: Vec<Given>,
}

/// What is asked of a number or a category when it comes.
enum Check {
    Levels(HashSet<String>),
    Range(f64, f64),
    /// Only that a value can be read.
    Read,
}

/// A bundle with all that can be known before the first row comes.
pub struct Ready {
    bundle: Arc<Bundle>,
    /// The recipe's columns, then the target.
    names: Vec<String>,
    needed: Vec<String>,
    checks: Vec<(String, Check)>,
    layouts: Mutex<HashMap<Vec<String>, Arc<Layout>>>,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready").field("names", &self.names).finish_non_exhaustive()
    }
}

/// A column of which nothing is known but its name.
fn bare_column(name: &str) -> Column {
    Column {
        name: name.to_owned(),
        value_type: ValueType::Text,
        role: Role::Text,
        why: Note::new("set_by_you"),
        missing: 0,
        distinct: 0,
        decimal: number::Decimal::default(),
        date_order: date::Order::default(),
        bad: 0,
        bad_examples: Vec::<BadValue>::new(),
        levels: Vec::new(),
        keep_na: false,
        warnings: Vec::new(),
    }
}

fn table(columns: Vec<(String, Vec<Option<String>>)>, rows: usize) -> crate::Result<Table> {
    let data = columns.iter().map(|(name, cells)| Series::new(name.as_str().into(), cells.as_slice()).into());
    let raw = DataFrame::new(rows, data.collect()).map_err(clean::CleanError::from)?;
    Ok(Table {
        name: "request".into(),
        source: Provenance { file: "request".into(), format: "http", ..Provenance::default() },
        raw,
        columns: columns.iter().map(|(name, _)| bare_column(name)).collect(),
        // Record numbers: the first row of a request is 1.
        rows: Arc::new((1..=u32::try_from(rows).unwrap_or(u32::MAX)).collect()),
        records: rows as u64,
        rejected: Vec::new(),
        rejected_count: 0,
        warnings: Vec::new(),
    })
}

impl Ready {
    /// Makes a bundle ready.
    pub fn new(bundle: Arc<Bundle>) -> Self {
        let target = bundle.target.clone();
        let names = bundle.recipe.schema.iter().map(|spec| spec.name.clone()).chain([target]).collect();
        let needed: Vec<String> = bundle.needed().into_iter().map(str::to_owned).collect();
        let checks = checks(&bundle, &needed);
        Self { bundle, names, needed, checks, layouts: Mutex::default() }
    }

    /// The bundle.
    pub fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// The columns that a row must have.
    pub fn needed(&self) -> &[String] {
        &self.needed
    }

    /// The columns that the recipe knows, in the order of the file that was learnt from.
    pub fn columns(&self) -> &[ColumnSpec] {
        &self.bundle.recipe.schema
    }

    /// What is known of a column: the smallest and the largest number of the training rows, or every
    /// category that they had.
    pub fn known(&self, column: &str) -> (Option<[f64; 2]>, Option<Vec<&str>>) {
        let check = self.checks.iter().find(|(name, _)| name == column).map(|(_, check)| check);
        match check {
            Some(Check::Range(low, high)) => (Some([*low, *high]), None),
            Some(Check::Levels(levels)) => {
                let mut levels: Vec<&str> = levels.iter().map(String::as_str).collect();
                levels.sort_unstable();
                (None, Some(levels))
            }
            Some(Check::Read) | None => (None, None),
        }
    }

    /// Where columns of these names stand; names are read as [`Table::aligned`] reads them.
    ///
    /// # Errors
    /// Names that cannot stand beside each other.
    pub fn layout(&self, given: &[String]) -> crate::Result<Arc<Layout>> {
        let mut known = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(layout) = known.get(given) {
            return Ok(layout.clone());
        }
        let empty = table(given.iter().map(|name| (name.clone(), Vec::new())).collect(), 0)?;
        let wanted: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let (aligned, _) = empty.aligned(&wanted);
        let place = |name: &String| aligned.columns.iter().position(|column| column.name == *name);
        let places: Vec<Option<usize>> = self.names.iter().map(place).collect();
        let is_known = |column: &&Column| self.names.contains(&column.name);
        let extra = aligned.columns.iter().filter(|column| !is_known(column)).map(|c| c.name.clone());
        let lacks: Vec<String> = self.needed.iter().filter(|name| place(name).is_none()).cloned().collect();
        let nothing = !lacks.is_empty() && lacks.len() == self.needed.len();
        let layout = Arc::new(Layout { places, extra: extra.collect(), lacks, nothing });
        if known.len() >= LAYOUTS {
            known.clear();
        }
        known.insert(given.to_vec(), layout.clone());
        Ok(layout)
    }

    /// Lays a row out.
    ///
    /// # Errors
    /// A column that the model needs was not given, unless `lacking` says otherwise; none was.
    pub fn row(&self, given: Vec<(String, Given)>, lacking: Lacking) -> crate::Result<GivenRow> {
        let (names, cells): (Vec<String>, Vec<Given>) = given.into_iter().unzip();
        let layout = self.layout(&names)?;
        if layout.nothing || lacking == Lacking::Refuse && !layout.lacks.is_empty() {
            let (file, columns) = ("request".into(), layout.lacks.clone());
            return Err(DeployError::MissingColumn { file, columns }.into());
        }
        Ok(GivenRow { layout, cells })
    }

    /// Scores rows that have nothing to do with each other: each is answered as if it came alone, days are
    /// counted back from the last day that the model learnt from.
    ///
    /// # Errors
    /// A step of the recipe that cannot be applied.
    pub fn each(&self, rows: &[GivenRow]) -> crate::Result<Vec<RowScore>> {
        let mut answers: Vec<Option<RowScore>> = vec![None; rows.len()];
        let mut left: Vec<usize> = (0..rows.len()).collect();
        // Rows of one layout go together.
        while let Some(layout) = left.first().and_then(|at| rows.get(*at)).map(|row| row.layout.clone()) {
            let same = |at: &usize| rows.get(*at).is_some_and(|row| row.layout.places == layout.places);
            let (these, others): (Vec<usize>, Vec<usize>) = left.into_iter().partition(same);
            let together: Vec<&GivenRow> = these.iter().filter_map(|at| rows.get(*at)).collect();
            for (at, answer) in these.iter().zip(self.alike(&together, &layout)?) {
                if let Some(place) = answers.get_mut(*at) {
                    *place = Some(answer);
                }
            }
            left = others;
        }
        Ok(answers.into_iter().flatten().collect())
    }

    fn alike(&self, rows: &[&GivenRow], layout: &Layout) -> crate::Result<Vec<RowScore>> {
        let report = &Reporter::silent();
        let mut specs = Vec::new();
        let mut columns = Vec::new();
        for (spec, place) in self.bundle.recipe.schema.iter().zip(&layout.places) {
            let Some(place) = place else { continue };
            let cells = rows.iter().map(|row| row.cells.get(*place).and_then(|cell| written(cell, spec)));
            columns.push((spec.name.clone(), cells.collect()));
            specs.push(spec.clone());
        }
        let table = table(columns, rows.len())?;
        let cleaning = clean::apply(&self.bundle.recipe, &table, &specs, report)?;
        let probabilities = self.probabilities(cleaning.last(), report)?;
        let name = ids(&table, &specs);
        let mut flags = self.flags(&cleaning.source, cleaning.before_filling());
        let answer = |(at, probability): (usize, f64)| RowScore {
            id: name(at),
            probability,
            at_risk: probability >= self.bundle.threshold,
            flags: flags.get_mut(at).map(std::mem::take).unwrap_or_default(),
        };
        Ok(probabilities.into_iter().enumerate().map(answer).collect())
    }

    fn probabilities(&self, rows: &Frame, report: &Reporter) -> crate::Result<Vec<f64>> {
        let bundle = &self.bundle;
        let read: Vec<String> = match &bundle.model {
            Model::Net(model) => model.reading.columns().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let sequences = Sequences::of(rows, &read);
        let matrix = bundle.features.apply_reporting(rows, report)?.with_sequences(sequences);
        let mut probabilities = bundle.model.predict_reporting(&matrix, DeviceKind::Flex, report)?;
        if let Some(repair) = &bundle.repair {
            probabilities = repair.apply_all(&probabilities);
        }
        Ok(probabilities)
    }

    /// Scores a table as `regulars score` does.
    ///
    /// # Errors
    /// As [`Bundle::score`].
    pub fn whole(
        &self,
        table: &Table,
        lacking: Lacking,
        report: &Reporter,
    ) -> crate::Result<(Scores, Vec<RowScore>)> {
        let scores = self.bundle.score(table, lacking, report)?;
        let mut flags = self.flags(&scores.cleaning.source, scores.cleaning.before_filling());
        let answers = scores.rows.iter().enumerate().map(|(at, scored)| {
            let mut flags = flags.get_mut(at).map(std::mem::take).unwrap_or_default();
            if scored.repeated {
                flags.push(Flag { kind: FlagKind::Repeated, column: None, value: None });
            }
            RowScore {
                id: scored.named.then(|| scored.id.clone()),
                probability: scored.probability,
                at_risk: scored.probability >= self.bundle.threshold,
                flags,
            }
        });
        let answers = answers.collect();
        Ok((scores, answers))
    }

    /// The rows of one request as a table: a column that some rows lack is blank there, as in a file.
    ///
    /// # Errors
    /// Names that cannot stand beside each other.
    pub fn table(&self, rows: Vec<Vec<(String, Given)>>) -> crate::Result<Table> {
        let height = rows.len();
        let mut names: Vec<String> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (name, _) in rows.iter().flatten() {
            if !places.contains_key(name) {
                places.insert(name.clone(), names.len());
                names.push(name.clone());
            }
        }
        let layout = self.layout(&names)?;
        let mut specs: Vec<Option<&ColumnSpec>> = vec![None; names.len()];
        for (spec, place) in self.bundle.recipe.schema.iter().zip(&layout.places) {
            if let Some(known) = place.and_then(|place| specs.get_mut(place)) {
                *known = Some(spec);
            }
        }
        let mut columns: Vec<(String, Vec<Option<String>>)> =
            names.into_iter().map(|name| (name, vec![None; height])).collect();
        for (at, row) in rows.into_iter().enumerate() {
            for (name, cell) in row {
                let Some(&place) = places.get(&name) else { continue };
                let spec = specs.get(place).copied().flatten();
                let text = spec.map_or_else(|| plain(&cell), |spec| written(&cell, spec));
                if let Some(cell) = columns.get_mut(place).and_then(|(_, cells)| cells.get_mut(at)) {
                    *cell = text;
                }
            }
        }
        table(columns, height)
    }

    /// What is told of each row.
    pub(super) fn flags(&self, source: &Frame, readable: &Frame) -> Vec<Vec<Flag>> {
        let mut out = vec![Vec::new(); readable.height()];
        for (column, check) in &self.checks {
            let mut tell = |at: usize, kind: FlagKind, value: String| {
                if let Some(flags) = out.get_mut(at) {
                    flags.push(Flag { kind, column: Some(column.clone()), value: Some(value) });
                }
            };
            let given = source.text(column);
            let cell = |at: usize| given.and_then(|text| text.get(at)).unwrap_or_default();
            match (check, readable.text(column), readable.numbers(column)) {
                (Check::Levels(levels), Some(text), _) => {
                    for (at, value) in text.iter().enumerate() {
                        match value {
                            Some(value) if !levels.contains(value) => {
                                tell(at, FlagKind::UnseenCategory, value.to_owned());
                            }
                            _ => {}
                        }
                    }
                }
                (check, _, Some(numbers)) => {
                    for (at, value) in numbers.into_iter().enumerate() {
                        match (value.filter(|value| value.is_finite()), check) {
                            (Some(value), Check::Range(low, high)) if value < *low || value > *high => {
                                tell(at, FlagKind::OutOfRange, cell(at).to_owned());
                            }
                            (None, _) if !missing::is_missing(cell(at)) => {
                                tell(at, FlagKind::NotUsed, cell(at).to_owned());
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        out
    }
}

/// What is asked of the columns that the model needs.
fn checks(bundle: &Bundle, needed: &[String]) -> Vec<(String, Check)> {
    let levels = bundle.features.encoders.iter().filter_map(|encoder| {
        let levels = encoder.levels()?.into_iter().map(str::to_owned).collect();
        Some((encoder.column().to_owned(), Check::Levels(levels)))
    });
    let mut out: Vec<(String, Check)> = levels.filter(|(column, _)| bundle.learns_from(column)).collect();
    for choice in &bundle.choices {
        if let Values::Numbers { values, .. } = &choice.values
            && let (Some((low, _)), Some((high, _))) = (values.first(), values.last())
        {
            out.push((choice.column.clone(), Check::Range(*low, *high)));
        }
    }
    for name in needed {
        if !out.iter().any(|(column, _)| column == name) {
            out.push((name.clone(), Check::Read));
        }
    }
    out
}

/// A cell as the column's own file would write it.
fn written(cell: &Given, spec: &ColumnSpec) -> Option<String> {
    match cell {
        Given::Number(value) if value.fract() != 0.0 && spec.decimal.sign() == ',' => {
            Some(value.to_string().replace('.', ","))
        }
        cell => plain(cell),
    }
}

fn plain(cell: &Given) -> Option<String> {
    match cell {
        Given::Nothing => None,
        Given::Text(text) => Some(text.clone()),
        Given::Number(value) => Some(value.to_string()),
        Given::Truth(truth) => Some(truth.to_string()),
    }
}

#[cfg(test)]
#[path = "ready_tests.rs"]
mod tests;
