//! Partial dependence (Friedman 2001) and individual conditional expectation, centred (Goldstein, Kapelner,
//! Bleich and Pitkin 2015): what the model would say of the same customers if one of their columns were
//! different.
//!
//! A value is lent by a real row: all features that the column became are copied together, so that every
//! encoding stays one that can be. Values that few rows have are marked: there the model guesses.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Ground;
use super::ground::thinned;
use crate::job::Reporter;
use crate::metrics::{self, Estimate};

/// Customers that the mean is taken over, and those of them whose own lines are kept.
const ROWS: usize = 400;
const LINES: usize = 40;
/// Different numbers up to which each has a point of its own; points of any other column.
const VALUES: usize = 12;
const POINTS: usize = 20;
/// Levels that are shown, the most frequent ones.
const LEVELS: usize = 12;
/// Rows that lend values are sought among.
const LENDERS: usize = 20_000;
/// Share of the rows at either end that numbers are not asked beyond.
const TAIL: f64 = 0.005;
/// A value with fewer rows about it than this share, or this many, is marked.
const THIN: f64 = 0.01;
const FEW: usize = 5;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    Number,
    Date,
    /// Levels have no order.
    Level,
}

/// One value of the column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DependencePoint {
    /// As people read it.
    pub label: String,
    /// The number, the days since 1970, or the place of the level.
    pub at: f64,
    /// The mean probability if every customer had this value, with its 95% interval over customers.
    pub mean: Estimate,
    /// The 10% and 90% points of the customers' own probabilities.
    pub inner: [f64; 2],
    /// Share of the rows that lie about this value.
    pub share: f64,
    /// So few that the model guesses.
    pub thin: bool,
}

/// What a model makes of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dependence {
    pub column: String,
    pub axis: Axis,
    pub points: Vec<DependencePoint>,
    /// The probabilities of single customers, one a point.
    pub lines: Vec<Vec<f64>>,
    /// The same, counted from each customer's own first point; of levels, from its mean.
    pub centred: Vec<Vec<f64>>,
    /// Customers that the mean is taken over.
    pub rows: usize,
    /// The places of the lowest and of the highest point that is not thin.
    pub ends: [usize; 2],
    /// Between those two the mean moves by so much.
    pub swing: f64,
    /// Share of the customers whom that way would move by more than a point, but against the mean.
    pub against: f64,
}

/// The day of a date's place on the axis, as 2026-06-30.
pub fn day(at: f64) -> String {
    let day = chrono::DateTime::from_timestamp_millis((at * 86_400_000.0) as i64).unwrap_or_default();
    day.date_naive().to_string()
}

/// A row that lends its value.
struct Lender {
    row: usize,
    at: f64,
    label: String,
    /// Rows about the value.
    rows: usize,
}

/// What the model makes of a column; `None` where there is no such column, or its cells cannot be laid out:
/// free text, histories, fewer than two values.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub fn dependence(ground: &Ground<'_>, column: &str, report: &Reporter) -> crate::Result<Option<Dependence>> {
    let Some(place) = ground.position(column) else { return Ok(None) };
    let among = thinned(&ground.known, LENDERS);
    let Some((axis, lenders)) = lenders(ground, column, &among) else { return Ok(None) };
    let of = if ground.fresh.is_empty() { &ground.known } else { &ground.fresh };
    let rows = thinned(of, ROWS);
    if lenders.len() < 2 || rows.is_empty() {
        return Ok(None);
    }
    let donors: Vec<usize> = lenders.iter().map(|lender| lender.row).collect();
    let p = ground.predict_crossed(&rows, &donors, &[place], report)?;
    report.progress(0.9);
    let all: usize = lenders.iter().map(|lender| lender.rows).sum();
    let points: Vec<DependencePoint> = lenders
        .into_iter()
        .zip(p.chunks_exact(rows.len()))
        .map(|(lender, p)| {
            let mut sorted = p.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            let share = lender.rows as f64 / all.max(1) as f64;
            DependencePoint {
                label: lender.label,
                at: lender.at,
                mean: metrics::mean(p),
                inner: [quantile(&sorted, 0.1), quantile(&sorted, 0.9)],
                share,
                thin: share < THIN || lender.rows < FEW,
            }
        })
        .collect();
    let line = |row: usize| -> Vec<f64> { p.iter().skip(row).step_by(rows.len()).copied().collect() };
    let every: Vec<Vec<f64>> = (0..rows.len()).map(line).collect();
    let (ends, swing, against) = swing(&points, &every);
    let lines: Vec<Vec<f64>> = thinned(&(0..every.len()).collect::<Vec<_>>(), LINES)
        .into_iter()
        .filter_map(|at| every.get(at).cloned())
        .collect();
    let centred = lines.iter().map(|line| centred(line, axis)).collect();
    let (column, rows) = (column.to_owned(), rows.len());
    Ok(Some(Dependence { column, axis, points, lines, centred, rows, ends, swing, against }))
}

fn centred(line: &[f64], axis: Axis) -> Vec<f64> {
    let zero = match axis {
        Axis::Level => line.iter().sum::<f64>() / line.len().max(1) as f64,
        Axis::Number | Axis::Date => line.first().copied().unwrap_or(0.0),
    };
    line.iter().map(|p| p - zero).collect()
}

/// The lowest and the highest of the points that are not thin, how far the mean goes, and the share of the customers who go the
/// other way between the same two points.
fn swing(points: &[DependencePoint], lines: &[Vec<f64>]) -> ([usize; 2], f64, f64) {
    /// Less than a point is no way.
    const LEAST: f64 = 0.01;
    let thick = || points.iter().enumerate().filter(|(_, point)| !point.thin);
    let by = |a: &(usize, &DependencePoint), b: &(usize, &DependencePoint)| {
        a.1.mean.value.total_cmp(&b.1.mean.value)
    };
    let (Some((low, a)), Some((high, b))) = (thick().min_by(by), thick().max_by(by)) else {
        return ([0, 0], 0.0, 0.0);
    };
    let way = |line: &&Vec<f64>| line.get(high).zip(line.get(low)).is_some_and(|(b, a)| b - a < -LEAST);
    let against = lines.iter().filter(way).count() as f64 / lines.len().max(1) as f64;
    ([low, high], b.mean.value - a.mean.value, against)
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (share * (sorted.len().max(1) - 1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}

fn lenders(ground: &Ground<'_>, column: &str, among: &[usize]) -> Option<(Axis, Vec<Lender>)> {
    if let Some(numbers) = ground.numbers(column, among) {
        let mut sorted: Vec<(f64, usize)> = numbers
            .iter()
            .zip(among)
            .filter_map(|(number, row)| number.filter(|n| n.is_finite()).map(|n| (n, *row)))
            .collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let axis = if ground.is_date(column) { Axis::Date } else { Axis::Number };
        return Some((axis, of_numbers(ground, column, &sorted)));
    }
    let mut levels: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for &row in among {
        if let Some(level) = ground.cell(column, row) {
            levels.entry(level).or_insert((row, 0)).1 += 1;
        }
    }
    // A column where nearly every row says something else is free text.
    if levels.len() * 2 > among.len() {
        return None;
    }
    let mut levels: Vec<(String, (usize, usize))> = levels.into_iter().collect();
    levels.sort_by_key(|(_, (_, rows))| std::cmp::Reverse(*rows));
    levels.truncate(LEVELS);
    let lender = |(at, (label, (row, rows)))| Lender { row, at: at as f64, label, rows };
    Some((Axis::Level, levels.into_iter().enumerate().map(lender).collect()))
}

/// Lenders of numbers that ascend: every value where they are few, else evenly spaced ones.
fn of_numbers(ground: &Ground<'_>, column: &str, sorted: &[(f64, usize)]) -> Vec<Lender> {
    let mut values: Vec<(f64, usize)> = sorted.to_vec();
    values.dedup_by(|a, b| a.0 == b.0);
    let chosen: Vec<(f64, usize)> = if values.len() <= VALUES {
        values
    } else {
        let end = |share: f64| sorted.get((share * (sorted.len() - 1) as f64).round() as usize);
        let (Some(low), Some(high)) = (end(TAIL), end(1.0 - TAIL)) else { return Vec::new() };
        let mut chosen: Vec<(f64, usize)> = (0..POINTS)
            .filter_map(|at| {
                let wanted = low.0 + (high.0 - low.0) * at as f64 / (POINTS - 1) as f64;
                let after = values.partition_point(|(value, _)| *value < wanted);
                let near = [after.checked_sub(1), Some(after)].into_iter().flatten();
                let near = near.filter_map(|at| values.get(at)).copied();
                near.min_by(|a, b| (a.0 - wanted).abs().total_cmp(&(b.0 - wanted).abs()))
            })
            .collect();
        chosen.dedup_by(|a, b| a.0 == b.0);
        chosen
    };
    // A row belongs to the nearest value.
    let mut from = 0;
    (0..chosen.len())
        .filter_map(|at| {
            let (value, row) = *chosen.get(at)?;
            let to = match chosen.get(at + 1) {
                Some(next) => sorted.partition_point(|(v, _)| *v < (value + next.0) / 2.0),
                None => sorted.len(),
            };
            let rows = to - from;
            from = to;
            let label = ground.cell(column, row).unwrap_or_else(|| crate::table::show_number(value));
            Some(Lender { row, at: value, label, rows })
        })
        .collect()
}
