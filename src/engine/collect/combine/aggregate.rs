//! Many cells → one: counts, sums, dates, the usual value, the latest text. Cells are read as their
//! column writes numbers and dates; results are plain text.

use polars::prelude::{PlFixedStateQuality, PlHashMap, StringChunked};

use super::plan::Function;
use super::rows::{Gathered, Rows};
use crate::collect::relate::{check, value};
use crate::detect::{date, number};
use crate::job::Reporter;
use crate::table::{Column, Table, ValueType};

/// The cells of one column, as the rows of the gathered table see them.
pub(super) struct Cells<'a> {
    pub column: &'a Column,
    pub text: StringChunked,
    /// For each gathered row, the row that holds its cell; `None` where that is the row itself.
    pub via: Option<&'a [u32]>,
}

impl<'a> Cells<'a> {
    pub fn new(table: &'a Table, column: &'a Column, via: Option<&'a [u32]>) -> Self {
        let text = table.text(&column.name).map(|text| text.rechunk().into_owned()).unwrap_or_default();
        Self { column, text, via }
    }

    /// The cell that belongs to a gathered row.
    fn place(&self, row: u32) -> usize {
        match self.via {
            Some(via) => via.get(row as usize).map_or(usize::MAX, |row| *row as usize),
            None => row as usize,
        }
    }

    fn get(&self, row: u32) -> Option<&str> {
        let place = self.place(row);
        if place >= self.text.len() {
            return None;
        }
        value(self.column, self.text.get(place))
    }

    /// Reads every cell, `None` for what `read` refuses; also counts the filled cells refused.
    fn read<T: Clone>(
        &self,
        report: &Reporter,
        read: impl Fn(&str) -> Option<T>,
    ) -> crate::Result<(Vec<Option<T>>, u64)> {
        let (mut out, mut refused) = (Vec::with_capacity(self.text.len()), 0u64);
        for (row, cell) in self.text.iter().enumerate() {
            check(row, report)?;
            let filled = value(self.column, cell);
            let read = filled.and_then(&read);
            refused += u64::from(filled.is_some() && read.is_none());
            out.push(read);
        }
        Ok((out, refused))
    }
}

/// One value per customer for each wanted function of one column, and how many filled cells could
/// not be read.
pub(super) struct Made {
    pub values: Vec<Vec<Option<String>>>,
    pub unread: u64,
}

/// Rows per customer.
pub(super) fn counts(gathered: &Gathered) -> Vec<Option<String>> {
    gathered.each().map(|rows| Some(rows.len().to_string())).collect()
}

/// Computes `functions` of a column for every customer. `when` dates the gathered rows for
/// [`Function::Latest`].
pub(super) fn make(
    cells: &Cells,
    functions: &[Function],
    gathered: &Gathered,
    when: Option<&[Option<i64>]>,
    rows: &Rows,
    report: &Reporter,
) -> crate::Result<Made> {
    let mut made = Made { values: Vec::with_capacity(functions.len()), unread: 0 };
    let any = |list: &[Function]| functions.iter().any(|function| list.contains(function));
    let mut numbers = Vec::new();
    if any(&[Function::Sum, Function::Mean, Function::Min, Function::Max]) {
        let read = |text: &str| number::parse(text, cells.column.decimal).filter(|v| v.is_finite());
        (numbers, made.unread) = cells.read(report, read)?;
    }
    let mut dates = Vec::new();
    if any(&[Function::First, Function::Last]) {
        (dates, made.unread) = cells.read(report, |text| date::parse(text, cells.column.date_order))?;
        for ms in &mut dates {
            // A day of delivery after the last day that counts was not known then.
            *ms = ms.filter(|ms| !rows.is_later(*ms));
        }
    }
    let levels = match any(&[Function::Distinct, Function::MostFrequent, Function::Share]) {
        true => Levels::of(cells, report)?,
        false => Levels::default(),
    };
    for function in functions {
        let mut out = Vec::new();
        for (at, rows) in gathered.each().enumerate() {
            check(at, report)?;
            let number = || rows.iter().filter_map(|row| numbers.get(cells.place(*row)).copied().flatten());
            let date = || rows.iter().filter_map(|row| dates.get(cells.place(*row)).copied().flatten());
            out.push(match function {
                Function::Count => Some(rows.len().to_string()),
                Function::Sum => show(sum(number())),
                Function::Mean => match number().count() {
                    0 => None,
                    n => show(sum(number()) / n as f64),
                },
                Function::Min => number().reduce(f64::min).and_then(show),
                Function::Max => number().reduce(f64::max).and_then(show),
                Function::First => date().min().map(date::format),
                Function::Last => date().max().map(date::format),
                Function::Distinct => Some(levels.runs(cells, rows).len().to_string()),
                Function::MostFrequent => levels.most(cells, rows).map(|(level, _)| level.to_owned()),
                Function::Share => levels.most(cells, rows).and_then(|(_, share)| show(share)),
                Function::Filled => {
                    Some(rows.iter().filter(|row| cells.get(**row).is_some()).count().to_string())
                }
                Function::Latest => latest(cells, rows, when),
                // One row per customer: see `joined`.
                Function::Joined => None,
            });
        }
        made.values.push(out);
    }
    Ok(made)
}

/// For each row of the customers' table, the cell of the one row that belongs to it: numbers and
/// dates in plain writing, what cannot be read as it stands.
pub(super) fn joined(cells: &Cells, height: usize, report: &Reporter) -> crate::Result<Vec<Option<String>>> {
    let mut out = Vec::with_capacity(height);
    for (at, row) in (0u32..).take(height).enumerate() {
        check(at, report)?;
        out.push(cells.get(row).map(|text| {
            let column = cells.column;
            let plain = match column.value_type {
                ValueType::Date => date::parse(text, column.date_order).map(date::format),
                ValueType::Integer | ValueType::Number if column.role.is_numeric() => {
                    number::parse(text, column.decimal).and_then(show)
                }
                _ => None,
            };
            plain.unwrap_or_else(|| text.to_owned())
        }));
    }
    Ok(out)
}

/// The dates of a table's rows.
pub(super) fn when(table: &Table, column: &Column, report: &Reporter) -> crate::Result<Vec<Option<i64>>> {
    let cells = Cells::new(table, column, None);
    Ok(cells.read(report, |text| date::parse(text, column.date_order))?.0)
}

fn latest(cells: &Cells, rows: &[u32], when: Option<&[Option<i64>]>) -> Option<String> {
    let dated = |row: &u32| when.and_then(|when| when.get(*row as usize).copied().flatten());
    let last = rows.iter().filter(|row| cells.get(**row).is_some()).max_by_key(|row| (dated(row), **row))?;
    cells.get(*last).map(str::to_owned)
}

/// Sum with the lost low parts kept (Neumaier 1974), so that the order of rows does not show.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0f64);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

/// The shortest text of a number at the 15 digits that 64 bits hold for sure: 0.3 and not
/// 0.30000000000000004. `None` for what is no finite number.
pub(super) fn show(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let rounded: f64 = if value == value.trunc() { value } else { format!("{value:.14e}").parse().ok()? };
    // Zero has no sign.
    Some(format!("{}", rounded + 0.0))
}

/// The different values of a column, numbered.
#[derive(Default)]
struct Levels {
    /// For each cell its value's number.
    of: Vec<Option<u32>>,
    texts: Vec<String>,
}

impl Levels {
    fn of(cells: &Cells, report: &Reporter) -> crate::Result<Self> {
        use std::hash::BuildHasher as _;
        let hasher = PlFixedStateQuality::default();
        let mut numbers: PlHashMap<u64, u32> = PlHashMap::default();
        let mut levels = Self { of: Vec::with_capacity(cells.text.len()), texts: Vec::new() };
        for (row, cell) in cells.text.iter().enumerate() {
            check(row, report)?;
            levels.of.push(value(cells.column, cell).map(|text| {
                let next = u32::try_from(levels.texts.len()).unwrap_or(u32::MAX);
                let number = *numbers.entry(hasher.hash_one(text)).or_insert(next);
                if number == next {
                    levels.texts.push(text.to_owned());
                }
                number
            }));
        }
        Ok(levels)
    }

    /// The different values of some rows with their counts.
    fn runs(&self, cells: &Cells, rows: &[u32]) -> Vec<(u32, u64)> {
        let mut found: Vec<u32> =
            rows.iter().filter_map(|row| self.of.get(cells.place(*row)).copied().flatten()).collect();
        found.sort_unstable();
        let mut runs: Vec<(u32, u64)> = Vec::new();
        for level in found {
            match runs.last_mut() {
                Some((last, n)) if *last == level => *n += 1,
                _ => runs.push((level, 1)),
            }
        }
        runs
    }

    /// The most frequent value of some rows and its share; among equals the first in the alphabet.
    fn most(&self, cells: &Cells, rows: &[u32]) -> Option<(&str, f64)> {
        let runs = self.runs(cells, rows);
        let total: u64 = runs.iter().map(|(_, n)| n).sum();
        let text = |level: u32| self.texts.get(level as usize).map_or("", String::as_str);
        let (level, n) = runs.iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| text(b.0).cmp(text(a.0))))?;
        Some((text(*level), *n as f64 / total as f64))
    }
}
