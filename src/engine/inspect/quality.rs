//! A score of the data's quality that says how it is made: four shares, each counted over all
//! cells or rows, and their mean.

use serde::Serialize;

use crate::clean::Cleaning;
use crate::note::Note;
use crate::table::{Role, Table};

/// One of the shares behind the score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// `complete`, `readable`, `unique` or `consistent`.
    pub name: &'static str,
    /// 0 to 1.
    pub share: f64,
    /// What was counted.
    pub why: Note,
}

/// The score and what it is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// 0 to 100: the mean of the shares.
    pub score: f64,
    pub parts: Vec<Part>,
}

/// Rates the table as it was collected. `cleaning` tells what the steps found.
///
/// - complete: cells with a value among all cells of columns that are used;
/// - readable: cells that read as their column's type among those with a value, less the records
///   that the file lost;
/// - unique: rows that neither repeat another nor share its identifier;
/// - consistent: cells that no step had to correct for being impossible, against a rule or written
///   otherwise than their like.
pub fn quality(table: &Table, cleaning: &Cleaning) -> Quality {
    let rows = table.height() as f64;
    let used: Vec<_> = table.columns.iter().filter(|column| column.role != Role::Ignore).collect();
    let cells = (rows * used.len() as f64).max(1.0);
    let missing: u64 = used.iter().map(|column| column.missing).sum();
    let bad: u64 = used.iter().map(|column| column.bad).sum();
    let with_value = (cells - missing as f64).max(1.0);
    let lost = table.rejected_count as f64 / (table.records as f64).max(1.0);
    let changed = |names: &[&str]| -> u64 {
        let of = |s: &&crate::clean::Stage| names.contains(&s.change.name);
        cleaning.stages.iter().filter(of).map(|s| s.change.cells_changed).sum()
    };
    let repeats: u64 = {
        let of = |s: &&crate::clean::Stage| ["duplicates", "same_customer"].contains(&s.change.name);
        cleaning.stages.iter().filter(of).map(|s| s.change.flagged.len() as u64).sum()
    };
    // The same identifier twice: two rows say different things of one customer.
    let shared = match table.with_role(Role::Id) {
        Some(id) => (table.height() as u64).saturating_sub(id.distinct + id.missing),
        None => 0,
    };
    let doubtful = repeats.max(shared);
    let odd = changed(&["impossible", "rules", "spelling", "merge_spellings", "outliers"]);
    let part = |name, share: f64, why| Part { name, share: share.clamp(0.0, 1.0), why };
    let parts = vec![
        part(
            "complete",
            1.0 - missing as f64 / cells,
            Note::new("quality_complete").with("missing", missing).with("cells", cells),
        ),
        part(
            "readable",
            (1.0 - bad as f64 / with_value) * (1.0 - lost),
            Note::new("quality_readable").with("bad", bad).with("rejected", table.rejected_count),
        ),
        part(
            "unique",
            1.0 - doubtful as f64 / rows.max(1.0),
            Note::new("quality_unique").with("count", doubtful).with("rows", table.height()),
        ),
        part("consistent", 1.0 - odd as f64 / with_value, Note::new("quality_consistent").with("count", odd)),
    ];
    let score = 100.0 * parts.iter().map(|part| part.share).sum::<f64>() / parts.len() as f64;
    Quality { score, parts }
}
