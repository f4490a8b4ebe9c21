//! What a model leans on, over all customers.

use serde::Serialize;

use super::Ground;
use super::interactions::{Interactions, interactions};
use super::permutation::{Importance, REPEATS, importance};
use super::surrogate::{Surrogate, surrogate};
use crate::job::{Event, Reporter};

/// What a model leans on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overall {
    /// The column that weighs most first; empty where fewer than 30 rows have a known class.
    pub importance: Vec<Importance>,
    /// Rows that it was measured on.
    pub rows: usize,
    /// Times that each column was shuffled.
    pub repeats: usize,
    pub interactions: Interactions,
    /// `None` where there is nothing to grow a tree on.
    pub surrogate: Option<Surrogate>,
}

/// Measures what a model leans on: importance, interactions of the weightiest columns, a surrogate tree.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub fn overall(ground: &Ground<'_>, report: &Reporter) -> crate::Result<Overall> {
    report.emit(Event::Phase("why"));
    let (importance, rows) = importance(ground, &report.part(0.0, 0.5))?;
    // Without known classes the columns come in their own order.
    let columns: Vec<String> = match importance.is_empty() {
        true => ground.columns().into_iter().map(str::to_owned).collect(),
        false => importance.iter().map(|one| one.column.clone()).collect(),
    };
    let interactions = interactions(ground, &columns, &report.part(0.5, 0.4))?;
    let surrogate = surrogate(ground, &report.part(0.9, 0.1))?;
    report.progress(1.0);
    Ok(Overall { importance, rows, repeats: REPEATS, interactions, surrogate })
}
