//! Uplift in the customers of a table: some got an offer before, and the target says what became of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::experiment::{cell, named};
use super::{Prepared, Settings, prepare};
use crate::collect;
use crate::deploy;
use crate::detect::{truth, words};
use crate::experiment::ExperimentError;
use crate::experiment::uplift::{self, Uplift, UpliftSpec};
use crate::job::Reporter;
use crate::table::{Role, Table};

/// Where an offer was made before, and what of it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpliftAsk {
    /// The column that says who got the offer.
    pub treatment: String,
    /// The value that means yes; guessed where that is clear.
    pub got: Option<String>,
    /// The target's positive value is what the offer was to prevent (“left”).
    pub unwanted: bool,
    pub model: UpliftSpec,
    /// Money that one more wanted answer is worth, and what one offer costs.
    pub worth: f64,
    pub cost: f64,
}

impl Default for UpliftAsk {
    fn default() -> Self {
        Self {
            treatment: String::new(),
            got: None,
            unwanted: true,
            model: UpliftSpec::default(),
            worth: 0.0,
            cost: 0.0,
        }
    }
}

/// A customer with the uplift of the offer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turned {
    pub row: u32,
    pub id: String,
    /// By how much the offer raises the chance of the wanted answer.
    pub uplift: f64,
    /// It pays to make the offer; nobody is marked where the order is no better than chance.
    pub offer: bool,
}

/// Uplift in the customers of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UpliftFound {
    pub ask: UpliftAsk,
    /// The value of the treatment that means yes.
    pub got: String,
    /// The target's column, and the value that is wanted.
    pub target: String,
    pub wanted: String,
    pub qini: uplift::Qini,
    /// Test rows, and training rows, of those who got it and of those who did not.
    pub measured: (usize, usize),
    pub learnt: (usize, usize),
    /// The uplift from which an offer pays.
    pub pays_from: f64,
    /// Every customer, the most turned first.
    pub list: Vec<Turned>,
}

/// The values of a treatment: yes first.
///
/// # Errors
/// There are not two of them.
pub fn treatment_values(table: &Table, name: &str, got: Option<&str>) -> crate::Result<(String, String)> {
    let column = named(table, name)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    (0..table.height())
        .filter_map(|at| cell(table, column, at))
        .for_each(|value| *counts.entry(value).or_default() += 1);
    let not = || ExperimentError::NoTreatment { column: column.name.clone(), count: counts.len() };
    let values: Vec<(&str, usize)> = counts.iter().map(|(value, count)| (*value, *count)).collect();
    let [(a, many), (b, few)] = values.as_slice() else { return Err(not().into()) };
    let (yes, no) = match got {
        Some(got) if got.trim().eq_ignore_ascii_case(a) => (a, b),
        Some(got) if got.trim().eq_ignore_ascii_case(b) => (b, a),
        Some(_) => return Err(not().into()),
        None => match truth::yes_no(a, b) {
            Some((yes, _)) if yes == *a => (a, b),
            Some(_) => (b, a),
            None => match (words::positive_strength(a), words::positive_strength(b)) {
                (x, y) if x > y => (a, b),
                (x, y) if x < y => (b, a),
                // An offer is made to the fewer.
                _ if many < few => (a, b),
                _ => (b, a),
            },
        },
    };
    Ok(((*yes).to_owned(), (*no).to_owned()))
}

/// Learns uplift from a table whose target says what became of customers of whom some got an offer. The
/// treatment is no feature.
///
/// # Errors
/// No target, no treatment of two values, too few customers, or the person cancelled.
pub fn uplift(
    settings: &Settings,
    table: &Table,
    ask: &UpliftAsk,
    report: &Reporter,
) -> crate::Result<UpliftFound> {
    let (got, _) = treatment_values(table, &ask.treatment, ask.got.as_deref())?;
    let column = named(table, &ask.treatment)?.clone();
    if matches!(column.role, Role::Target | Role::Id) {
        return Err(
            ExperimentError::NoTreatment { column: column.name, count: column.distinct as usize }.into()
        );
    }
    let mut table = table.clone();
    collect::set_role(&mut table, &column.name, Role::Ignore)?;
    let prepared = prepare(settings, &table, &report.part(0.0, 0.4))?;
    let rows = &prepared.cleaning.last().rows;
    let treated: Vec<Option<bool>> = rows
        .iter()
        .map(|row| {
            let at = table.rows.binary_search(row).ok()?;
            Some(cell(&table, &column, at)?.eq_ignore_ascii_case(&got))
        })
        .collect();
    let wanted: Vec<Option<bool>> =
        prepared.labels.of_row.iter().map(|label| label.map(|yes| yes != ask.unwanted)).collect();
    let given =
        uplift::Rows { matrix: &prepared.matrix, wanted: &wanted, treated: &treated, sides: &prepared.sides };
    let found = uplift::learn(&given, &ask.model, &settings.specs(), &report.part(0.4, 0.6))?;
    Ok(told(ask, got, &prepared, found))
}

fn told(ask: &UpliftAsk, got: String, prepared: &Prepared, found: Uplift) -> UpliftFound {
    let rows = &prepared.cleaning.last().rows;
    // An order that is no better than chance chooses nobody.
    let is_told = found.qini.coefficient.low > 0.0;
    let pays_from = if ask.worth > 0.0 { ask.cost / ask.worth } else { 0.0 };
    let listed = |at: &usize| prepared.to_answer.as_ref().is_none_or(|rows| rows.get(*at) == Some(&true));
    let one = |at: usize| {
        let (row, uplift) = (*rows.get(at)?, *found.of_row.get(at)?);
        let id = prepared.ids.get(at).cloned().flatten().unwrap_or_else(|| deploy::nameless(row));
        Some(Turned { row, id, uplift, offer: is_told && uplift > pays_from })
    };
    let mut list: Vec<Turned> = (0..rows.len()).filter(listed).filter_map(one).collect();
    list.sort_by(|a, b| b.uplift.total_cmp(&a.uplift).then(a.row.cmp(&b.row)));
    let labels = &prepared.labels;
    let wanted = match (ask.unwanted, labels.negative.first()) {
        (true, Some(other)) => other.clone(),
        _ => labels.positive.clone(),
    };
    UpliftFound {
        ask: ask.clone(),
        got,
        target: labels.column.clone(),
        wanted,
        qini: found.qini,
        measured: found.measured,
        learnt: found.learnt,
        pays_from,
        list,
    }
}
