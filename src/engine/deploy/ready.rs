//! A bundle that is kept ready to score rows as they come, one or some at a time: the rows of a file and
//! the rows of a request go through the same steps.

mod flags;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use polars::prelude::{
    Column as Cells, DataFrame, IntoSeries as _, NamedFrom as _, NewChunkedArray as _, Series, StringChunked,
};

use super::{Bundle, DeployError, Lacking, Scores};
use crate::clean;
use crate::detect::{date, missing, number};
use crate::features::Sequences;
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{BadValue, Column, ColumnSpec, Frame, Provenance, Role, Table, ValueType};
use crate::train::{DeviceKind, Model};

use flags::{Check, checks, flags};
pub use flags::{Flag, FlagKind};

/// Orders of column names that are remembered, and names that one of them may have beyond the model's.
const LAYOUTS: usize = 64;
const BESIDE: usize = 256;

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

/// A bundle with all that can be known before the first row comes.
pub struct Ready {
    bundle: Arc<Bundle>,
    /// The recipe's columns, then the target.
    names: Vec<String>,
    needed: Vec<String>,
    checks: Vec<(String, Check)>,
    layouts: RwLock<Vec<(Vec<String>, Arc<Layout>)>>,
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
        Self { bundle, names, needed, checks, layouts: RwLock::default() }
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

    /// Where columns of these names stand, if that was asked before.
    fn laid_out(&self, given: &[impl AsRef<str>]) -> Option<Arc<Layout>> {
        let known = self.layouts.read().unwrap_or_else(PoisonError::into_inner);
        let same = |names: &[String]| {
            names.len() == given.len() && names.iter().zip(given).all(|(a, b)| a.as_str() == b.as_ref())
        };
        known.iter().find(|(names, _)| same(names)).map(|(_, layout)| layout.clone())
    }

    /// Where columns of these names stand; names are read as [`Table::aligned`] reads them.
    ///
    /// # Errors
    /// Names that cannot stand beside each other.
    pub fn layout(&self, given: &[String]) -> crate::Result<Arc<Layout>> {
        if let Some(layout) = self.laid_out(given) {
            return Ok(layout);
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
        // What strangers make up is not kept.
        if given.len() <= self.names.len() + BESIDE {
            let mut known = self.layouts.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= LAYOUTS {
                known.clear();
            }
            known.push((given.to_vec(), layout.clone()));
        }
        Ok(layout)
    }

    /// Lays a row out. Of a name that is there twice the last counts.
    ///
    /// # Errors
    /// A column that the model needs was not given, unless `lacking` says otherwise; none was.
    pub fn row<N>(&self, given: Vec<(N, Given)>, lacking: Lacking) -> crate::Result<GivenRow>
    where
        N: AsRef<str> + Into<String>,
    {
        let (names, mut cells): (Vec<N>, Vec<Given>) = given.into_iter().unzip();
        let layout = match self.laid_out(&names) {
            Some(layout) => layout,
            None => {
                let mut places: HashMap<String, usize> = HashMap::new();
                let mut once: Vec<(String, Given)> = Vec::new();
                for (name, cell) in names.into_iter().zip(cells) {
                    let name: String = name.into();
                    match places.get(&name).and_then(|place| once.get_mut(*place)) {
                        Some(earlier) => earlier.1 = cell,
                        None => {
                            places.insert(name.clone(), once.len());
                            once.push((name, cell));
                        }
                    }
                }
                let (names, rest): (Vec<String>, Vec<Given>) = once.into_iter().unzip();
                cells = rest;
                self.layout(&names)?
            }
        };
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
        let schema = &self.bundle.recipe.schema;
        let placed = || schema.iter().zip(&layout.places).filter_map(|(spec, place)| Some((spec, (*place)?)));
        let columns = placed().map(|(spec, place)| {
            let cells = rows.iter().map(|row| row.cells.get(place).and_then(|cell| written(cell, spec)));
            Cells::from(StringChunked::from_iter_options(spec.name.as_str().into(), cells).into_series())
        });
        let data = DataFrame::new(rows.len(), columns.collect()).map_err(clean::CleanError::from)?;
        let numbers = (1..=u32::try_from(rows.len()).unwrap_or(u32::MAX)).collect();
        let source = Frame { rows: Arc::new(numbers), data };
        let cleaning = clean::apply_unseen(&self.bundle.recipe, source, report)?;
        let probabilities = self.probabilities(cleaning.last(), report)?;
        let named = placed().find(|(spec, _)| spec.role == Role::Id);
        let id = |at: usize| {
            let (spec, place) = named?;
            let text = written(rows.get(at)?.cells.get(place)?, spec)?;
            let text = text.trim();
            (!missing::is_missing(text)).then(|| text.to_owned())
        };
        let mut told = flags(&self.checks, &cleaning.source, cleaning.before_filling());
        let answer = |(at, probability): (usize, f64)| RowScore {
            id: id(at),
            probability,
            at_risk: probability >= self.bundle.threshold,
            flags: told.get_mut(at).map(std::mem::take).unwrap_or_default(),
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
        let mut told = flags(&self.checks, &scores.cleaning.source, scores.cleaning.before_filling());
        let answers = scores.rows.iter().enumerate().map(|(at, scored)| {
            let mut flags = told.get_mut(at).map(std::mem::take).unwrap_or_default();
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
                let text =
                    spec.map_or_else(|| plain(&cell), |spec| written(&cell, spec)).map(Cow::into_owned);
                if let Some(cell) = columns.get_mut(place).and_then(|(_, cells)| cells.get_mut(at)) {
                    *cell = text;
                }
            }
        }
        table(columns, height)
    }

    /// What is told of each row.
    pub(super) fn flags(&self, source: &Frame, readable: &Frame) -> Vec<Vec<Flag>> {
        flags(&self.checks, source, readable)
    }
}

/// A cell as the column's own file would write it.
fn written<'a>(cell: &'a Given, spec: &ColumnSpec) -> Option<Cow<'a, str>> {
    match cell {
        Given::Number(value) if value.fract() != 0.0 && spec.decimal.sign() == ',' => {
            Some(value.to_string().replace('.', ",").into())
        }
        cell => plain(cell),
    }
}

/// A cell as text; `None` for nothing.
pub(crate) fn plain(cell: &Given) -> Option<Cow<'_, str>> {
    match cell {
        Given::Nothing => None,
        Given::Text(text) => Some(text.as_str().into()),
        Given::Number(value) => Some(value.to_string().into()),
        Given::Truth(truth) => Some(truth.to_string().into()),
    }
}

#[cfg(test)]
#[path = "ready_tests.rs"]
mod tests;
