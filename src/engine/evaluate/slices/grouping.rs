//! Columns as levels: each row in one of a few groups.

use std::collections::HashMap;

/// Levels of a column at most; the rarer ones together are one.
pub const LEVELS: usize = 12;
/// Bands of a column of numbers.
const BANDS: usize = 4;
/// The level of a row that is in no group.
pub const NOWHERE: u16 = u16::MAX;

/// One group of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Level {
    Is(String),
    /// Numbers or days from `low` to `high`, both as they are shown; the first band has no lower end and
    /// the last no upper one.
    Between {
        low: Option<String>,
        high: Option<String>,
    },
    /// Levels that are too rare to stand alone.
    Other,
    Missing,
    /// A segment, by its number.
    Segment(usize),
}

/// A column as groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    pub column: String,
    pub levels: Vec<Level>,
    /// The level of each row; [`NOWHERE`] for none.
    pub of_row: Vec<u16>,
}

impl Grouping {
    /// The same of the rows at `places`.
    pub fn select(&self, places: &[usize]) -> Self {
        let of_row = places.iter().map(|&at| self.of_row.get(at).copied().unwrap_or(NOWHERE)).collect();
        Self { column: self.column.clone(), levels: self.levels.clone(), of_row }
    }
}

/// Groups by equal text, the most frequent first.
pub fn by_level<'a>(column: &str, values: impl Iterator<Item = Option<&'a str>>) -> Grouping {
    let values: Vec<Option<&str>> = values.collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for value in values.iter().copied().flatten() {
        *counts.entry(value).or_default() += 1;
    }
    let mut order: Vec<(&str, usize)> = counts.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let kept = if order.len() > LEVELS { LEVELS - 1 } else { order.len() };
    let place: HashMap<&str, u16> = order.iter().take(kept).map(|(text, _)| *text).zip(0..).collect();
    let mut levels: Vec<Level> =
        order.iter().take(kept).map(|(text, _)| Level::Is((*text).to_owned())).collect();
    let other = levels.len() as u16;
    if order.len() > kept {
        levels.push(Level::Other);
    }
    let missing = levels.len() as u16;
    let of_row: Vec<u16> = values
        .into_iter()
        .map(|value| match value {
            Some(text) => place.get(text).copied().unwrap_or(other),
            None => missing,
        })
        .collect();
    if of_row.contains(&missing) {
        levels.push(Level::Missing);
    }
    Grouping { column: column.to_owned(), levels, of_row }
}

/// Groups by bands with equal numbers of rows, by the quartiles of the values at `fit` (training rows);
/// where there are few different values each is a group. `show` words a value.
pub fn by_number(
    column: &str,
    values: &[Option<f64>],
    fit: impl Iterator<Item = usize>,
    show: impl Fn(f64) -> String,
) -> Grouping {
    let mut known: Vec<f64> =
        fit.filter_map(|at| values.get(at).copied().flatten()).filter(|value| value.is_finite()).collect();
    known.sort_unstable_by(f64::total_cmp);
    let mut different = known.clone();
    different.dedup();
    if different.len() <= BANDS + 2 {
        let texts: Vec<Option<String>> = values.iter().map(|value| value.map(&show)).collect();
        let mut grouping = by_level(column, texts.iter().map(Option::as_deref));
        in_order(&mut grouping, &different.iter().map(|value| show(*value)).collect::<Vec<_>>());
        return grouping;
    }
    // A band ends before its upper edge.
    let mut edges: Vec<f64> =
        (1..BANDS).filter_map(|at| known.get(at * known.len() / BANDS).copied()).collect();
    edges.dedup();
    edges.retain(|edge| different.first().is_some_and(|least| edge > least));
    let shown: Vec<String> = edges.iter().map(|edge| show(*edge)).collect();
    let mut levels: Vec<Level> = (0..=edges.len())
        .map(|at| Level::Between {
            low: at.checked_sub(1).and_then(|at| shown.get(at).cloned()),
            high: shown.get(at).cloned(),
        })
        .collect();
    let missing = levels.len() as u16;
    let of_row: Vec<u16> = values
        .iter()
        .map(|value| match value.filter(|value| !value.is_nan()) {
            Some(value) => edges.partition_point(|edge| *edge <= value) as u16,
            None => missing,
        })
        .collect();
    if of_row.contains(&missing) {
        levels.push(Level::Missing);
    }
    Grouping { column: column.to_owned(), levels, of_row }
}

/// Puts the levels that are named in the order of the names, all others after them.
fn in_order(grouping: &mut Grouping, names: &[String]) {
    let rank = |level: &Level| match level {
        Level::Is(text) => names.iter().position(|name| name == text).unwrap_or(names.len()),
        _ => names.len() + 1,
    };
    let mut order: Vec<usize> = (0..grouping.levels.len()).collect();
    order.sort_by_key(|&at| grouping.levels.get(at).map(rank));
    let mut place = vec![NOWHERE; order.len()];
    for (now, &before) in order.iter().enumerate() {
        if let Some(slot) = place.get_mut(before) {
            *slot = now as u16;
        }
    }
    grouping.levels = order.iter().filter_map(|&at| grouping.levels.get(at).cloned()).collect();
    for level in &mut grouping.of_row {
        *level = place.get(usize::from(*level)).copied().unwrap_or(NOWHERE);
    }
}
