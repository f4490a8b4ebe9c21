//! One row per customer: the master row keeps its place and its permanent id, and each of its cells
//! takes the value that the column's rule chooses among the cluster's rows.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::{Keep, Master, SameCustomerSpec};
use crate::clean::record::Recorder;
use crate::clean::{CleanError, with_column};
use crate::detect::missing;
use crate::job::Reporter;
use crate::table::{ColumnSpec, Frame, Role, show_number};

/// The rows of the clusters made one each. Columns without a rule keep the fullest row's value, but
/// identifiers and the target keep the master's.
pub(super) fn merge(
    spec: &SameCustomerSpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    clusters: &[Vec<usize>],
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    let sources = Sources::new(frame, clusters);
    let masters = sources.masters(&spec.master, frame, clusters);
    let mut out = frame.clone();
    for column in frame.data.columns() {
        report.check()?;
        let name = column.name().as_str();
        let own = |spec: &&ColumnSpec| spec.name == name && matches!(spec.role, Role::Id | Role::Target);
        let keep = match spec.rules.iter().find(|rule| rule.column == name) {
            Some(rule) => rule.keep.clone(),
            None if schema.iter().any(|spec| own(&spec)) => continue,
            None => Keep::MostComplete,
        };
        if let Some(changed) = merged_column(&sources, frame, column, &keep, clusters, &masters, record) {
            out = changed.and_then(|column| with_column(&out, column)).map_err(CleanError::from)?;
        }
    }
    let mut left = vec![true; frame.height()];
    for row in vanishing(clusters, &masters) {
        if let Some(slot) = left.get_mut(row) {
            *slot = false;
        }
        record.merge(row);
    }
    Ok(out.filter(&left).map_err(CleanError::from)?)
}

/// The rows that would vanish if the clusters were merged.
pub(super) fn would_vanish(spec: &SameCustomerSpec, frame: &Frame, clusters: &[Vec<usize>]) -> Vec<usize> {
    let sources = Sources::new(frame, clusters);
    let masters = sources.masters(&spec.master, frame, clusters);
    vanishing(clusters, &masters)
}

/// All rows but the masters, ascending.
fn vanishing(clusters: &[Vec<usize>], masters: &[usize]) -> Vec<usize> {
    let others =
        clusters.iter().zip(masters).flat_map(|(rows, master)| rows.iter().filter(move |row| *row != master));
    let mut gone: Vec<usize> = others.copied().collect();
    gone.sort_unstable();
    gone
}

/// The changed column; `None` if the rule changes no cell.
fn merged_column(
    sources: &Sources,
    frame: &Frame,
    column: &Column,
    keep: &Keep,
    clusters: &[Vec<usize>],
    masters: &[usize],
    record: &mut Recorder,
) -> Option<PolarsResult<Column>> {
    let name = column.name().as_str();
    let cells = Cells::of(column)?;
    let by = match keep {
        Keep::Newest { by } => frame.numbers(by),
        _ => None,
    };
    let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for (rows, master) in clusters.iter().zip(masters) {
        let said: Vec<usize> = rows.iter().copied().filter(|row| cells.is_said(*row)).collect();
        if let (Keep::Sum, Cells::Number(numbers)) = (keep, &cells) {
            let values: Vec<f64> = said.iter().filter_map(|row| numbers.get(*row)).collect();
            let sum: f64 = values.iter().sum();
            if !values.is_empty() && numbers.get(*master) != Some(sum) {
                record.cell(
                    *master,
                    name,
                    || numbers.get(*master).map(show_number),
                    || Some(show_number(sum)),
                );
                sums.insert(*master, sum);
            }
            continue;
        }
        let Some(from) = sources.choose(keep, &cells, by.as_deref(), &said, *master) else { continue };
        if from != *master && !cells.equal(from, *master) {
            record.cell(*master, name, || frame.show(name, *master), || frame.show(name, from));
            moved.insert(*master, from);
        }
    }
    match &cells {
        Cells::Number(numbers) if !sums.is_empty() => {
            let values = numbers.iter().enumerate().map(|(at, value)| sums.get(&at).copied().or(value));
            Some(Ok(Float64Chunked::from_iter_options(name.into(), values).into_series().into()))
        }
        _ if moved.is_empty() => None,
        _ => {
            let from = (0..frame.height()).map(|at| moved.get(&at).copied().unwrap_or(at) as IdxSize);
            Some(column.take(&IdxCa::from_vec("from".into(), from.collect())))
        }
    }
}

/// Typed access to a column.
enum Cells<'a> {
    Text(&'a StringChunked),
    Number(&'a Float64Chunked),
    /// Milliseconds since 1970.
    Date(&'a Int64Chunked),
}

impl<'a> Cells<'a> {
    fn of(column: &'a Column) -> Option<Self> {
        match column.dtype() {
            DataType::String => column.str().ok().map(Self::Text),
            DataType::Float64 => column.f64().ok().map(Self::Number),
            DataType::Datetime(..) => column.datetime().ok().map(|dates| Self::Date(&dates.phys)),
            _ => None,
        }
    }

    fn is_said(&self, row: usize) -> bool {
        match self {
            Self::Text(text) => text.get(row).is_some_and(|text| !missing::is_missing(text)),
            Self::Number(numbers) => numbers.get(row).is_some_and(|value| !value.is_nan()),
            Self::Date(dates) => dates.get(row).is_some(),
        }
    }

    fn equal(&self, a: usize, b: usize) -> bool {
        match self {
            Self::Text(text) => text.get(a) == text.get(b),
            Self::Number(numbers) => numbers.get(a) == numbers.get(b),
            Self::Date(dates) => dates.get(a) == dates.get(b),
        }
    }

    /// Order of two cells: by value, texts by their letters.
    fn order(&self, a: usize, b: usize) -> std::cmp::Ordering {
        match self {
            Self::Text(text) => text.get(a).cmp(&text.get(b)),
            Self::Number(numbers) => {
                numbers.get(a).unwrap_or(f64::NAN).total_cmp(&numbers.get(b).unwrap_or(f64::NAN))
            }
            Self::Date(dates) => dates.get(a).cmp(&dates.get(b)),
        }
    }

    fn length(&self, row: usize) -> usize {
        match self {
            Self::Text(text) => text.get(row).map_or(0, |text| text.trim().chars().count()),
            _ => 0,
        }
    }
}

/// Rows of the clusters and how much each of them says.
struct Sources {
    filled: BTreeMap<usize, usize>,
}

impl Sources {
    fn new(frame: &Frame, clusters: &[Vec<usize>]) -> Self {
        let columns: Vec<Cells> = frame.data.columns().iter().filter_map(Cells::of).collect();
        let filled = |row: usize| columns.iter().filter(|cells| cells.is_said(row)).count();
        Self { filled: clusters.iter().flatten().map(|row| (*row, filled(*row))).collect() }
    }

    /// The fullest row, of equals the first.
    fn fullest(&self, rows: &[usize]) -> Option<usize> {
        rows.iter().copied().max_by_key(|row| (self.filled.get(row), std::cmp::Reverse(*row)))
    }

    /// The row of each cluster that stays.
    fn masters(&self, rule: &Master, frame: &Frame, clusters: &[Vec<usize>]) -> Vec<usize> {
        let by = match rule {
            Master::Newest { by } => frame.numbers(by),
            _ => None,
        };
        let master = |rows: &Vec<usize>| match rule {
            Master::First => rows.iter().min().copied(),
            Master::Last => rows.iter().max().copied(),
            Master::MostComplete => self.fullest(rows),
            Master::Newest { .. } => newest(by.as_deref(), rows).or_else(|| self.fullest(rows)),
        };
        clusters.iter().map(|rows| master(rows).unwrap_or(0)).collect()
    }

    /// The row whose cell the master takes; `None` where no row says anything. `said` are the rows
    /// that have a value, ascending.
    fn choose(
        &self,
        keep: &Keep,
        cells: &Cells,
        by: Option<&[Option<f64>]>,
        said: &[usize],
        master: usize,
    ) -> Option<usize> {
        let of = |row: &usize| std::cmp::Reverse(*row);
        match keep {
            Keep::First => said.first().copied(),
            Keep::Last => said.last().copied(),
            Keep::Longest => said.iter().copied().max_by_key(|row| (cells.length(*row), of(row))),
            Keep::Min => said.iter().copied().min_by(|a, b| cells.order(*a, *b).then(a.cmp(b))),
            Keep::Max => said.iter().copied().max_by(|a, b| cells.order(*a, *b).then(b.cmp(a))),
            Keep::MostFrequent => {
                let count = |row: &usize| said.iter().filter(|other| cells.equal(*row, **other)).count();
                said.iter().copied().max_by_key(|row| (count(row), of(row)))
            }
            Keep::Newest { .. } => newest(by, said).or_else(|| self.fullest(said)),
            // A sum of texts has no sense: their fullest row's value stays.
            Keep::MostComplete | Keep::Sum => {
                if said.contains(&master)
                    && self.filled.get(&master) >= said.iter().filter_map(|row| self.filled.get(row)).max()
                {
                    return Some(master);
                }
                self.fullest(said)
            }
        }
    }
}

/// The row with the latest date, of equals the first; `None` if no row has one.
fn newest(by: Option<&[Option<f64>]>, rows: &[usize]) -> Option<usize> {
    let by = by?;
    let day = |row: usize| by.get(row).copied().flatten();
    rows.iter()
        .copied()
        .filter_map(|row| day(row).map(|day| (row, day)))
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map(|(row, _)| row)
}
