//! Cells of a table → typed columns of the books.

use std::sync::Arc;

use polars::prelude::{PlFixedStateQuality, PlHashMap};
use rayon::prelude::*;

use super::books::{Levels, NO_LEVEL, Stream};
use super::question::{DAY_MS, Day, day_of};
use crate::collect::combine::NOBODY;
use crate::collect::relate::value;
use crate::detect::number;
use crate::job::{Cancelled, Reporter};
use crate::table::{Column, Table};

/// A last day that lies further than this behind all others and that only a few rows reach is a slip.
pub(super) const SLIP_GAP: Day = 60;
/// Share of the rows that may be slips.
const SLIP_SHARE: f64 = 0.001;

/// The different values of a column, numbered in the order in which they come.
pub(super) fn levels(table: &Table, column: Option<&Column>, report: &Reporter) -> Result<Levels, Cancelled> {
    use std::hash::BuildHasher as _;
    let Some((column, text)) = column.and_then(|c| Some((c, table.text(&c.name)?.rechunk()))) else {
        return Ok(Levels { of: vec![NO_LEVEL; table.height()], ..Levels::default() });
    };
    let hasher = PlFixedStateQuality::default();
    let mut numbers: PlHashMap<u64, u32> = PlHashMap::default();
    let (mut of, mut texts) = (Vec::with_capacity(text.len()), Vec::new());
    for (row, cell) in text.iter().enumerate() {
        if row % 8192 == 0 {
            report.check()?;
        }
        of.push(value(column, cell).map_or(NO_LEVEL, |cell| {
            let next = u32::try_from(texts.len()).unwrap_or(NO_LEVEL);
            let number = *numbers.entry(hasher.hash_one(cell)).or_insert(next);
            if number == next {
                texts.push(cell.to_owned());
            }
            number
        }));
    }
    Ok(Levels { of, texts: Arc::new(texts) })
}

/// Rows that are no purchases: nothing but their times.
pub(super) fn plain(times: Vec<i64>, who: &[u32]) -> Stream {
    Stream {
        day: times.iter().map(|ms| day_of(*ms)).collect(),
        has_hours: times.iter().zip(who).any(|(ms, who)| *who != NOBODY && ms.rem_euclid(DAY_MS) != 0),
        order: vec![0; times.len()],
        is_return: vec![false; times.len()],
        time: times,
        ..Stream::default()
    }
}

/// A column's numbers; not a number where there is none.
pub(super) fn numbers(table: &Table, column: &Column) -> Vec<f64> {
    let Some(text) = table.text(&column.name) else { return vec![f64::NAN; table.height()] };
    let text = text.rechunk().into_owned();
    let read = |row: usize| {
        let cell = value(column, text.get(row));
        cell.and_then(|cell| number::parse(cell, column.decimal)).filter(|v| v.is_finite())
    };
    (0..text.len()).into_par_iter().map(|row| read(row).unwrap_or(f64::NAN)).collect()
}

/// True where a cell is a number other than 0, or where `says` reads it so.
pub(super) fn flags(table: &Table, column: &Column, says: impl Fn(&str) -> bool + Sync) -> Vec<bool> {
    let Some(text) = table.text(&column.name) else { return vec![false; table.height()] };
    let text = text.rechunk().into_owned();
    let read = |row: usize| {
        value(column, text.get(row)).is_some_and(|cell| match number::parse(cell, column.decimal) {
            Some(number) => number != 0.0,
            None => says(cell),
        })
    };
    (0..text.len()).into_par_iter().map(read).collect()
}

/// Rows that may be slips, of so many.
pub(super) fn most_slips(rows: u64) -> u64 {
    ((rows as f64 * SLIP_SHARE) as u64).max(2)
}

/// The last day of the rows that count, without slips; the slips' number and their latest day.
pub(super) fn last_day(days: &[Day], who: &[u32]) -> (Day, Option<(usize, Day)>) {
    let mut counted: Vec<Day> =
        days.iter().zip(who).filter(|(_, who)| **who != NOBODY).map(|(day, _)| *day).collect();
    counted.par_sort_unstable();
    let most = usize::try_from(most_slips(counted.len() as u64)).unwrap_or(usize::MAX);
    let last = counted.last().copied().unwrap_or_default();
    let least = counted.len().saturating_sub(most).max(counted.len().div_ceil(2));
    let gap = (least..counted.len()).find_map(|at| {
        let (before, here) = (counted.get(at.checked_sub(1)?)?, counted.get(at)?);
        (here.saturating_sub(*before) > SLIP_GAP).then_some((at, *before))
    });
    match gap {
        Some((at, before)) => (before, Some((counted.len() - at, last))),
        None => (last, None),
    }
}
