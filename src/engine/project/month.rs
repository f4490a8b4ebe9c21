//! This month's export through last month's model: scored by the same recipe, compared with the
//! file that it learnt from and with the last list.

use std::collections::HashMap;
use std::sync::Arc;

use crate::deploy::{self, Bundle, Changes, Customer, Differences, Lacking, SavedList, Scores};
use crate::job::{Event, Reporter};
use crate::table::Table;

/// A scored file that no model was trained on.
#[derive(Debug, Clone)]
pub struct Month {
    /// What scored it; reasons and roles come from here, whatever is trained later.
    pub bundle: Arc<Bundle>,
    pub list: Vec<Customer>,
    pub scores: Scores,
}

impl Month {
    /// The list of scored rows: one line a customer. Of rows that repeat an identifier the last
    /// counts; rows without one are each a customer.
    pub fn new(bundle: Arc<Bundle>, mut scores: Scores) -> Self {
        let mut last: HashMap<&str, usize> = HashMap::new();
        for (place, scored) in scores.rows.iter().enumerate().filter(|(_, scored)| scored.named) {
            last.insert(&scored.id, place);
        }
        let kept = |place: usize| {
            let scored = &scores.rows[place];
            !scored.named || last.get(scored.id.as_str()) == Some(&place)
        };
        let places: Vec<usize> = (0..scores.rows.len()).filter(|&place| kept(place)).collect();
        let mut list: Vec<Customer> = places
            .into_iter()
            .map(|place| (place, &scores.rows[place]))
            .map(|(place, scored)| Customer {
                row: scored.row,
                id: scored.id.clone(),
                named: scored.named,
                probability: scored.probability,
                side: None,
                actual: scored.actual,
                segment: None,
                place,
                rank: 0,
            })
            .collect();
        deploy::by_risk(&mut list);
        scores.differences.repeated = scores.rows.len() - list.len();
        Self { bundle, list, scores }
    }

    /// The file, its columns called as the model calls them.
    pub fn table(&self) -> &Table {
        &self.scores.table
    }

    /// How the file differs from the one that the model learnt from.
    pub fn differences(&self) -> &Differences {
        &self.scores.differences
    }

    /// What changed since the list before this file's own, else since the latest; `None` where nobody
    /// can be recognised.
    pub fn since(&self, lists: &[Arc<SavedList>], threshold: f64) -> Option<(Arc<SavedList>, Changes)> {
        if !self.list.iter().any(|customer| customer.named) {
            return None;
        }
        let own = lists.iter().position(|list| list.hash == self.table().source.hash);
        let earlier = &lists[..own.unwrap_or(lists.len())];
        let before = earlier.iter().rev().find(|list| !list.entries.is_empty())?;
        Some((before.clone(), deploy::compare(before, &self.list, threshold)))
    }
}

/// Scores a later file; columns that it lacks read as their centre.
///
/// # Errors
/// A file in which no column of the model is left, or the person cancelled.
pub fn next_month(bundle: Arc<Bundle>, table: &Table, report: &Reporter) -> crate::Result<Month> {
    report.emit(Event::Phase("score"));
    let scores = bundle.score(table, Lacking::Fill, report)?;
    report.progress(1.0);
    Ok(Month::new(bundle, scores))
}

/// Reads later data as the project's were read, where no question over time is asked.
///
/// # Errors
/// As [`super::collect_sources`].
pub(super) fn open_month(
    settings: &super::Settings,
    sources: &[super::Source],
    secrets: &super::Secrets,
    report: &Reporter,
) -> crate::Result<Table> {
    // Roles come from the bundle; a column that is gone must not stop the reading.
    let read = settings.read.without_columns();
    let settings = super::Settings { read, question: None, sample: None, ..settings.clone() };
    Ok(super::collect_sources(sources, secrets, &settings, report)?.table)
}
