//! A trained model → where it is worse, and what it does to groups.

use std::collections::BTreeMap;

use super::{Outcome, Prepared, pick};
use crate::detect::date;
use crate::evaluate::slices::{
    Condition, Fairness, Found, Grouping, Level, Measure, NOWHERE, Rows, Search, by_level, by_number,
    fairness, search,
};
use crate::job::Reporter;
use crate::segment::Segmentation;
use crate::split::Side;
use crate::table::{Role, show_number};

/// Columns that are looked at, at most.
const COLUMNS: usize = 60;

/// Slices of a model at a threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Slices {
    pub threshold: f64,
    /// Columns as groups, of all cleaned rows; segments, where there are any, under an empty name.
    pub groupings: Vec<Grouping>,
    pub found: BTreeMap<Measure, Found>,
    /// For each grouping.
    pub fairness: Vec<Fairness>,
    /// Test rows.
    pub rows: usize,
}

impl Slices {
    /// True if the cleaned row at `place` meets all conditions.
    pub fn holds(&self, conditions: &[Condition], place: usize) -> bool {
        conditions.iter().all(|one| {
            let level = self.groupings.get(one.grouping).and_then(|grouping| grouping.of_row.get(place));
            level.copied().map(usize::from) == Some(one.level)
        })
    }

    /// The column and the level of a condition.
    pub fn named(&self, condition: Condition) -> Option<(&str, &Level)> {
        let grouping = self.groupings.get(condition.grouping)?;
        Some((&grouping.column, grouping.levels.get(condition.level)?))
    }
}

/// Measures the slices of the test rows. Bands of numbers and days are the quartiles of training rows.
///
/// # Errors
/// The person cancelled.
pub fn slices(
    prepared: &Prepared,
    outcome: &Outcome,
    threshold: f64,
    segments: Option<&Segmentation>,
    report: &Reporter,
) -> crate::Result<Slices> {
    let groupings = groupings(prepared, segments);
    report.check()?;
    let (test, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Test);
    let said: Vec<f64> = test.iter().filter_map(|&at| outcome.probabilities.get(at)).copied().collect();
    let (rows, order) = Rows::sorted(&said, &labels);
    let places: Vec<usize> = order.iter().filter_map(|&at| test.get(at)).copied().collect();
    let of_test: Vec<Grouping> = groupings.iter().map(|grouping| grouping.select(&places)).collect();
    let mut found = BTreeMap::new();
    for (at, measure) in Measure::ALL.into_iter().enumerate() {
        let part = report.part(at as f64 / 4.0, 0.25);
        let wanted = Search { measure, threshold, ..Search::default() };
        found.insert(measure, search(&rows, &of_test, &wanted, &part)?);
    }
    let fairness = of_test.iter().map(|grouping| fairness(&rows, grouping, threshold)).collect();
    Ok(Slices { threshold, groupings, found, fairness, rows: rows.len() })
}

/// The columns that people are grouped by.
pub(super) fn groupings(prepared: &Prepared, segments: Option<&Segmentation>) -> Vec<Grouping> {
    let frame = prepared.cleaning.before_filling();
    let train =
        || prepared.sides.iter().enumerate().filter(|(_, side)| **side == Side::Train).map(|(at, _)| at);
    let mut out = Vec::new();
    for spec in &prepared.schema {
        let name = spec.name.as_str();
        let grouping = match spec.role {
            Role::Number | Role::Money => {
                frame.numbers(name).map(|values| by_number(name, &values, train(), show_number))
            }
            Role::Date => frame
                .numbers(name)
                .map(|days| by_number(name, &days, train(), |day| date::format((day * 86_400_000.0) as i64))),
            Role::Category => frame.text(name).map(|text| by_level(name, text.iter())),
            // What is kept from the model may be the very group to look after.
            Role::Ignore => frame
                .text(name)
                .map(|text| by_level(name, text.iter()))
                .filter(|grouping| !grouping.levels.contains(&Level::Other)),
            Role::Id | Role::Target | Role::Text | Role::Contact => None,
        };
        out.extend(grouping.filter(|grouping| (2..=LEVELS_TOLD).contains(&grouping.levels.len())));
    }
    out.truncate(COLUMNS);
    if let Some(segments) = segments {
        let levels = (0..segments.k).map(Level::Segment).collect();
        let of_row =
            segments.of_row.iter().map(|&at| if at < segments.k { at as u16 } else { NOWHERE }).collect();
        out.push(Grouping { column: String::new(), levels, of_row });
    }
    out
}

/// Levels of one column, the missing and the other ones with them.
const LEVELS_TOLD: usize = crate::evaluate::slices::LEVELS + 1;
