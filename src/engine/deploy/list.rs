//! The ranked list of customers, and what changed between two lists.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::split::Side;
use crate::table::Provenance;

/// A customer in the ranked list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Customer {
    /// Permanent row id.
    pub row: u32,
    /// The identifier, or "row n".
    pub id: String,
    /// `id` is an identifier: it means the same customer in another file.
    pub named: bool,
    pub probability: f64,
    /// Where the row was used: a training row's probability is flattering. `None` for rows of a
    /// file that the model was not trained on.
    pub side: Option<Side>,
    /// What is known to have happened.
    pub actual: Option<bool>,
    pub segment: Option<usize>,
    /// Position among the cleaned rows.
    pub place: usize,
    /// Among those who are not known to have left, counted from 1; 0 for those who are.
    pub rank: usize,
}

/// Customers at risk among those who are not known to have left, and all of the latter,
/// of a list that stands in the order of risk: ranks are read, and nobody is counted.
pub fn at_risk(list: &[Customer], threshold: f64) -> (usize, usize) {
    let last_rank = |part: &[Customer]| part.iter().rev().map(|c| c.rank).find(|rank| *rank > 0).unwrap_or(0);
    let risky = list.partition_point(|c| c.probability.total_cmp(&threshold).is_ge());
    (last_rank(list.get(..risky).unwrap_or_default()), last_rank(list))
}

/// Puts the most likely to leave first; equal ones in the order of the file.
pub(crate) fn by_risk(list: &mut [Customer]) {
    list.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.row.cmp(&b.row)));
    let here = list.iter_mut().filter(|c| c.actual != Some(true));
    here.zip(1..).for_each(|(customer, rank)| customer.rank = rank);
}

/// A customer of a list that was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListEntry {
    pub id: String,
    pub probability: f64,
    /// Was known to have left.
    pub left: bool,
}

/// A list as it was saved with the project, to be compared with the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedList {
    /// Name of the data file.
    pub file: String,
    /// blake3 of its bytes.
    pub hash: String,
    /// The day it was made, as `2026-11-25`.
    pub made: String,
    pub threshold: f64,
    pub entries: Vec<ListEntry>,
}

impl SavedList {
    /// The list of `customers`.
    pub fn of(customers: &[Customer], source: &Provenance, threshold: f64) -> Self {
        let entry = |c: &Customer| ListEntry {
            id: c.id.clone(),
            probability: c.probability,
            left: c.actual == Some(true),
        };
        let entries = customers.iter().filter(|c| c.named).map(entry).collect();
        Self {
            file: crate::files::name_of(&source.file),
            hash: source.hash.clone(),
            made: today(),
            threshold,
            entries,
        }
    }
}

/// The present day in this place, as `2026-11-25`.
pub fn today() -> String {
    chrono::Local::now().format("%Y-%m-%d").to_string()
}

/// How a customer stands against the last list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    NewlyAtRisk,
    StillAtRisk,
    NoLongerAtRisk,
    /// Was not in the last list.
    NewCustomer,
    /// Was here, and is now known to have left.
    Left,
    /// Not at risk, then and now; or left, then and now.
    Unchanged,
}

impl Change {
    pub const ALL: [Change; 6] = [
        Change::NewlyAtRisk,
        Change::StillAtRisk,
        Change::NoLongerAtRisk,
        Change::NewCustomer,
        Change::Left,
        Change::Unchanged,
    ];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewlyAtRisk => "newly_at_risk",
            Self::StillAtRisk => "still_at_risk",
            Self::NoLongerAtRisk => "no_longer_at_risk",
            Self::NewCustomer => "new_customer",
            Self::Left => "left",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What changed since the last list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changes {
    /// For each customer of the new list, in its order: the change, and the probability then.
    pub of: Vec<(Change, Option<f64>)>,
    /// Identifiers that were in the last list and are not in the new one.
    pub gone: Vec<String>,
}

impl Changes {
    /// Customers of one change.
    pub fn count(&self, change: Change) -> usize {
        self.of.iter().filter(|(one, _)| *one == change).count()
    }
}

/// Sets a list beside the last one; customers without an identifier are nobody's past. Each is read at its own threshold; an identifier that stands
/// twice counts once, by its first place.
pub fn compare(before: &SavedList, now: &[Customer], threshold: f64) -> Changes {
    let mut then: HashMap<&str, &ListEntry> = HashMap::with_capacity(before.entries.len());
    for entry in &before.entries {
        then.entry(&entry.id).or_insert(entry);
    }
    let of = now
        .iter()
        .map(|customer| {
            let found = then.get(customer.id.as_str()).filter(|_| customer.named);
            let Some(entry) = found else { return (Change::NewCustomer, None) };
            let was = !entry.left && entry.probability >= before.threshold;
            let is = customer.probability >= threshold;
            let change = match (entry.left, customer.actual == Some(true)) {
                (false, true) => Change::Left,
                (true, true) => Change::Unchanged,
                _ => match (was, is) {
                    (false, true) => Change::NewlyAtRisk,
                    (true, true) => Change::StillAtRisk,
                    (true, false) => Change::NoLongerAtRisk,
                    (false, false) => Change::Unchanged,
                },
            };
            (change, Some(entry.probability))
        })
        .collect();
    let here: std::collections::HashSet<&str> = now.iter().map(|c| c.id.as_str()).collect();
    let mut told = std::collections::HashSet::new();
    let gone = before.entries.iter().map(|e| e.id.as_str());
    let gone = gone.filter(|id| !here.contains(id) && told.insert(*id)).map(str::to_owned);
    Changes { of, gone: gone.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(id: &str, probability: f64, actual: Option<bool>) -> Customer {
        Customer {
            row: 0,
            id: id.into(),
            named: true,
            probability,
            side: None,
            actual,
            segment: None,
            place: 0,
            rank: 0,
        }
    }

    #[test]
    fn every_way_a_customer_can_change() {
        let then = [
            customer("up", 0.2, None),
            customer("down", 0.8, None),
            customer("same", 0.9, None),
            customer("gone", 0.9, None),
            customer("left", 0.7, Some(false)),
            customer("was gone already", 0.9, Some(true)),
        ];
        let before =
            SavedList::of(&then, &Provenance { file: "june.csv".into(), ..Provenance::default() }, 0.5);
        let now = [
            customer("up", 0.6, None),
            customer("down", 0.4, None),
            customer("same", 0.6, None),
            customer("new", 0.6, None),
            customer("left", 0.9, Some(true)),
            customer("was gone already", 0.9, Some(true)),
        ];
        let changes = compare(&before, &now, 0.5);
        let names: Vec<&str> = changes.of.iter().map(|(c, _)| c.name()).collect();
        let expected =
            ["newly_at_risk", "no_longer_at_risk", "still_at_risk", "new_customer", "left", "unchanged"];
        assert_eq!(names, expected);
        assert_eq!(changes.gone, ["gone"]);
        assert_eq!(changes.of[0].1, Some(0.2));
    }
}
