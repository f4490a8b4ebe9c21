//! Before and after a step, linked: where the rows of one bar went, and which cells changed.

use super::distribution::{Binned, binned};
use super::{CellChange, Distribution};
use crate::table::Frame;

/// Rows that a search looks through.
const SEARCHED: usize = 200_000;

/// The spread of a column before and after a step, and how the rows moved between the bars.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linked {
    pub before: Distribution,
    pub after: Distribution,
    /// Rows that were in bar i before and are in bar j after.
    flow: Vec<Vec<f64>>,
}

impl Linked {
    /// Where the rows of a bar before went.
    pub fn forwards(&self, bar: usize) -> Vec<f64> {
        self.flow.get(bar).cloned().unwrap_or_default()
    }

    /// Where the rows of a bar after came from.
    pub fn backwards(&self, bar: usize) -> Vec<f64> {
        self.flow.iter().map(|to| to.get(bar).copied().unwrap_or(0.0)).collect()
    }
}

/// Links the spreads of a column before and after a step. Rows are matched by their ids.
pub fn linked(before: &Frame, after: &Frame, column: &str, bins: usize) -> Linked {
    let (a, b) = (binned(before, column, bins), binned(after, column, bins));
    let mut flow = vec![vec![0.0; b.distribution.counts.len()]; a.distribution.counts.len()];
    let mut at = 0;
    // Both run in ascending order of ids; a step may drop rows and adds none.
    for (row, to) in after.rows.iter().zip(&b.of_row) {
        while at < before.rows.len() && before.rows[at] != *row {
            at += 1;
        }
        let from = a.of_row.get(at).copied().flatten();
        if let (Some(from), Some(to)) = (from, *to)
            && let Some(count) = flow.get_mut(from).and_then(|to_of| to_of.get_mut(to))
        {
            *count += 1.0;
        }
    }
    let Binned { distribution: before, .. } = a;
    Linked { before, after: b.distribution, flow }
}

/// Changed cells of a column whose row, old or new text holds `wanted` (case aside), at most `most`
/// of them, and how many there are. Looks through the first 200,000 rows.
pub fn changed_cells(
    before: &Frame,
    after: &Frame,
    column: &str,
    wanted: &str,
    most: usize,
) -> (Vec<CellChange>, usize) {
    let wanted = wanted.trim().to_lowercase();
    let (mut found, mut count, mut at) = (Vec::new(), 0, 0);
    for (place, row) in after.rows.iter().enumerate().take(SEARCHED) {
        while at < before.rows.len() && before.rows[at] != *row {
            at += 1;
        }
        let (old, new) = (before.show(column, at), after.show(column, place));
        if old == new {
            continue;
        }
        let holds = |text: &Option<String>| text.as_ref().is_some_and(|t| t.to_lowercase().contains(&wanted));
        if wanted.is_empty() || holds(&old) || holds(&new) || row.to_string() == wanted {
            count += 1;
            if found.len() < most {
                found.push(CellChange { row: *row, column: column.to_owned(), before: old, after: new });
            }
        }
    }
    (found, count)
}
