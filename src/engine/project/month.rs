//! This month's export through last month's model: scored by the same recipe, compared with the
//! file that it learnt from and with the last list.

use std::collections::HashMap;

use crate::collect;
use crate::deploy::{self, Bundle, Changes, Customer, Differences, Lacking, SavedList, Scores};
use crate::job::{Event, Reporter};
use crate::table::{Role, Table};

/// A scored file that no model was trained on.
#[derive(Debug, Clone)]
pub struct Month {
    pub table: Table,
    pub list: Vec<Customer>,
    pub scores: Scores,
    /// The list that it was compared with, and what changed.
    pub since: Option<(SavedList, Changes)>,
}

impl Month {
    /// How the file differs from the one that the model learnt from.
    pub fn differences(&self) -> &Differences {
        &self.scores.differences
    }
}

/// Scores `table` and compares it with `before`.
///
/// # Errors
/// A file in which no column of the model is left, or the person cancelled.
pub fn next_month(
    bundle: &Bundle,
    threshold: f64,
    before: Option<&SavedList>,
    table: Table,
    report: &Reporter,
) -> crate::Result<Month> {
    report.emit(Event::Phase("score"));
    let needed = bundle.needed();
    if let Some(first) = needed.first()
        && needed.iter().all(|name| table.position(name).is_none())
    {
        let file = table.source.file.clone();
        return Err(deploy::DeployError::MissingColumn { file, column: (*first).to_owned() }.into());
    }
    let mut scores = bundle.score(&table, Lacking::Fill, report)?;
    // A customer is one: of rows that repeat an identifier, the last counts.
    let has_id = bundle.recipe.schema.iter().any(|s| s.role == Role::Id && table.position(&s.name).is_some());
    let mut last: HashMap<&str, usize> = HashMap::new();
    for (place, scored) in scores.rows.iter().enumerate() {
        last.insert(&scored.id, place);
    }
    let keep: Vec<bool> = scores
        .rows
        .iter()
        .enumerate()
        .map(|(place, scored)| if has_id { last.get(scored.id.as_str()) == Some(&place) } else { !scored.repeated })
        .collect();
    let repeated = keep.iter().filter(|kept| !**kept).count();
    let mut list: Vec<Customer> = scores
        .rows
        .iter()
        .enumerate()
        .filter(|(place, _)| keep[*place])
        .map(|(place, scored)| Customer {
            row: scored.row,
            id: scored.id.clone(),
            probability: scored.probability,
            side: None,
            actual: scored.actual,
            segment: None,
            place,
            rank: 0,
        })
        .collect();
    deploy::by_risk(&mut list);
    scores.differences.repeated = repeated;
    let since = before.map(|before| (before.clone(), deploy::compare(before, &list, threshold)));
    report.progress(1.0);
    Ok(Month { table, list, scores, since })
}

/// Reads a month's file as the project's file was read.
///
/// # Errors
/// As [`collect::open`].
pub fn open_month(
    settings: &super::Settings,
    file: &std::path::Path,
    report: &Reporter,
) -> crate::Result<Table> {
    // Roles come from the bundle; a column that is gone must not stop the reading.
    let options = collect::ReadOptions { roles: Vec::new(), ..settings.read.clone() };
    collect::open(file, &options, report)
}
