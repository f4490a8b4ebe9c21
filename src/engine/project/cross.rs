//! How rows are divided for cross-validation: by chance, by groups that stay together, or forward in time.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;

use polars::prelude::PlFixedStateQuality;

use super::prepare::Local;
use super::{Settings, asked, places};
use crate::collect::CollectError;
use crate::detect::missing;
use crate::features::behaviour::BehaviourError;
use crate::split::{self, Side};
use crate::table::{Role, Table};
use crate::train::TrainError;
use crate::train::search::SearchSpec;

/// How rows are divided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cross {
    /// By chance, each class spread evenly; rows that are equal, or of one customer, share a fold.
    #[default]
    Stratified,
    /// Rows with the same value in a column share a fold as well: of a household, a branch, a city.
    Grouped { column: String },
    /// Forward in time: learnt from the past, measured on what came next. By the days of the question that
    /// was asked over time, else by a column of dates, the first one where none is named.
    Forward { column: Option<String> },
}

impl Cross {
    /// The name used on the command line and in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stratified => "stratified",
            Self::Grouped { .. } => "grouped",
            Self::Forward { .. } => "forward",
        }
    }
}

/// Cross-validation as a person asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossSpec {
    pub folds: usize,
    pub cross: Cross,
    /// In every fold the settings of the kind are searched anew, on that fold's training and validation rows
    /// alone: nested cross-validation. The figures then hold for "search, then train", not for settings that
    /// have seen the rows they are measured on.
    pub nested: Option<SearchSpec>,
}

impl CrossSpec {
    /// Stratified folds, settings as they are.
    pub fn of(folds: usize) -> Self {
        Self { folds, cross: Cross::default(), nested: None }
    }
}

/// The sides of all rows of `local`, fold by fold.
pub(super) fn sides(
    settings: &Settings,
    table: &Table,
    local: &Local,
    (folds, cross): (usize, &Cross),
) -> crate::Result<Vec<Vec<Side>>> {
    let labels = &local.labels.of_row;
    let valid = settings.split.valid / (1.0 - settings.split.test).max(0.5);
    let cut = |keys: &[u64], found: usize| -> crate::Result<Vec<Vec<Side>>> {
        if found < folds {
            return Err(TrainError::TooFew { found, needed: folds }.into());
        }
        let of_row = split::folds(labels, keys, folds, settings.seed);
        let fold = |fold| split::fold_sides(&of_row, fold, valid, labels, keys, settings.seed);
        Ok((0..folds).map(fold).collect())
    };
    match cross {
        Cross::Stratified => {
            let (positive, labelled) = local.labels.counts();
            cut(&local.twins, positive.min(labelled - positive))
        }
        Cross::Grouped { column } => {
            let keys = split::joined(&local.twins, &groups(table, local, column)?);
            cut(&keys, fewest(labels, &keys))
        }
        Cross::Forward { column } => {
            let (days, horizon) = days(settings, table, local, column.as_deref())?;
            let all = split::forward(labels, &days, &local.twins, (folds, valid, horizon), settings.seed);
            match all.len() {
                found @ (0 | 1) => Err(TrainError::TooFew { found, needed: 2 }.into()),
                _ => Ok(all),
            }
        }
    }
}

/// Groups that hold the rarer class.
fn fewest(labels: &[Option<bool>], keys: &[u64]) -> usize {
    let of = |class: bool| {
        let rows = labels.iter().zip(keys).filter(|(label, _)| **label == Some(class));
        rows.map(|(_, key)| *key).collect::<HashSet<_>>().len()
    };
    of(true).min(of(false))
}

/// A key for each row that is equal for rows of one value; a row without a value is a group of its own.
fn groups(table: &Table, local: &Local, column: &str) -> crate::Result<Vec<u64>> {
    let text = table.text(column).ok_or_else(|| {
        let present: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).take(40).collect();
        CollectError::NoColumn {
            file: table.source.file.clone(),
            column: column.to_owned(),
            present: present.join(", "),
        }
    })?;
    let hasher = PlFixedStateQuality::default();
    let left = places(&table.rows, &local.cleaning.last().rows);
    let key = |at: usize| match text.get(at).map(str::trim).filter(|value| !missing::is_missing(value)) {
        Some(value) => hasher.hash_one(value),
        None => !(at as u64),
    };
    Ok(left.into_iter().map(key).collect())
}

/// Days of the rows, and for how many days their labels were not known.
type Days = (Vec<Option<f64>>, f64);

fn days(settings: &Settings, table: &Table, local: &Local, column: Option<&str>) -> crate::Result<Days> {
    if let (Some(days), Some(question)) = (asked::days(settings, table), &settings.question) {
        let left = places(&table.rows, &local.cleaning.last().rows);
        let day = |at: usize| days.get(at).map(|day| f64::from(*day));
        return Ok((left.into_iter().map(day).collect(), f64::from(question.horizon())));
    }
    let dates = local.schema.iter().filter(|spec| spec.role == Role::Date);
    let named = dates.map(|spec| spec.name.as_str()).find(|name| column.is_none_or(|asked| asked == *name));
    let frame = local.cleaning.last();
    let found = named.and_then(|name| frame.numbers(name));
    let no_dates = || BehaviourError::NoDates { table: table.name.clone() };
    Ok((found.filter(|days| days.iter().any(Option::is_some)).ok_or_else(no_dates)?, 0.0))
}

/// The mean of measured rows over learnt ones, for the correction of intervals.
pub(super) fn test_to_train(all: &[Vec<Side>]) -> f64 {
    let ratio = |sides: &Vec<Side>| {
        let mut counts: HashMap<bool, f64> = HashMap::new();
        for side in sides.iter().filter(|side| **side != Side::Unlabelled) {
            *counts.entry(*side == Side::Test).or_default() += 1.0;
        }
        let of = |test: bool| counts.get(&test).copied().unwrap_or(0.0);
        of(true) / of(false).max(1.0)
    };
    all.iter().map(ratio).sum::<f64>() / all.len().max(1) as f64
}
