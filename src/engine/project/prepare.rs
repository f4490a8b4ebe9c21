//! A table → rows ready to learn from, in two parts: what looks at one row alone, and, once the rows
//! have their sides, what is fitted on training rows.

use std::sync::Arc;

use super::{Labels, Prepared, Settings, asked, labels, pick, places};
use crate::clean::{self, Cleaning};
use crate::deploy;
use crate::features::behaviour::LOST;
use crate::features::{self, Sequences, TrainRows};
use crate::job::{Event, Reporter};
use crate::split::{self, Side};
use crate::table::{ColumnSpec, Table};

/// The rows before anything is fitted: cleaned by the steps that look at one row alone. Copies share
/// their columns.
#[derive(Clone)]
pub(super) struct Local {
    pub(super) schema: Vec<ColumnSpec>,
    pub(super) cleaning: Cleaning,
    pub(super) labels: Labels,
    /// A key that is equal for rows that must share a side.
    pub(super) twins: Vec<u64>,
    pub(super) ids: Vec<Option<String>>,
    /// The sides that a question over time gives, by customer: as they were when levels were fitted.
    pub(super) asked: Option<Vec<Side>>,
    /// Rows of the day to answer, where a question over time made them.
    pub(super) to_answer: Option<Vec<bool>>,
}

/// Collected table → cleaned, split, encoded rows. Cleaning that looks at one row alone comes
/// first, then the split, then all that is fitted, on training rows.
///
/// # Errors
/// No usable target, no usable column, or the person cancelled.
pub fn prepare(settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<Prepared> {
    let local = clean_local(settings, table, &report.part(0.0, 0.4))?;
    let by_chance = || split::assign(&settings.split, &local.labels.of_row, &local.twins, settings.seed);
    let sides = local.asked.clone().unwrap_or_else(by_chance);
    fit_on(settings, local, sides, &report.part(0.4, 0.6))
}

/// The part of [`prepare`] before the split.
pub(super) fn clean_local(settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<Local> {
    report.emit(Event::Phase("clean"));
    let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
    let source = clean::source(table, &schema).map_err(crate::Error::from)?;
    let days = asked::days(settings, table);
    // What was said of a column's values is not said of the answers to a question.
    let positive = if days.is_some() { Some(LOST) } else { settings.positive.as_deref() };
    let all = labels::read(table, positive)?;
    // Where a customer has a row a day, the customer is what may not stand on two sides.
    let twins = match &days {
        Some(days) => asked::groups(table, &schema, days.len()),
        None => clean::twin_keys(&schema, &source),
    };
    let cleaning = clean::run_local(&settings.recipe, &schema, source, true, report)?;
    report.progress(1.0);

    // From the table's rows to those that are left.
    let left = places(&table.rows, &cleaning.last().rows);
    let labels = all.select(&left);
    let twins_of_all = twins;
    let twins: Vec<u64> = left.iter().map(|&at| twins_of_all[at]).collect();
    let name = deploy::ids(table, &schema);
    let ids: Vec<Option<String>> = left.iter().map(|&at| name(at)).collect();
    let (mut asked, mut to_answer) = (None, None);
    if let Some(days) = days {
        let sides = asked::sides(settings, &all, &twins_of_all, &days);
        let latest = days.iter().max().copied();
        asked = Some(left.iter().filter_map(|&at| sides.get(at)).copied().collect());
        to_answer = Some(left.iter().map(|&at| days.get(at).copied() == latest).collect());
    }
    Ok(Local { schema, cleaning, labels, twins, ids, asked, to_answer })
}

/// The part of [`prepare`] after the split; `sides` belongs to the rows of `local`.
pub(super) fn fit_on(
    settings: &Settings,
    local: Local,
    sides: Vec<Side>,
    report: &Reporter,
) -> crate::Result<Prepared> {
    let Local { schema, cleaning, labels, ids, to_answer, twins, .. } = local;
    let before = cleaning.last().rows.clone();
    let (cleaning, recipe) = clean::fit(&settings.recipe, &schema, cleaning, &sides, settings.seed, report)?;
    // A fitted step may have dropped training rows, and the recipe's columns need not be the file's.
    let left = places(&before, &cleaning.last().rows);
    let labels = labels.select(&left);
    let sides: Vec<Side> = left.iter().map(|&at| sides[at]).collect();
    let ids = left.iter().map(|&at| ids[at].clone()).collect();
    let to_answer =
        to_answer.map(|rows| left.iter().map(|&at| rows.get(at).copied().unwrap_or(false)).collect());
    let schema = settings.recipe.schema_after(&schema)?;
    report.progress(0.5);
    report.emit(Event::Phase("features"));
    let is_train: Vec<bool> = sides.iter().map(|side| *side == Side::Train).collect();
    let train = cleaning.last().filter(&is_train).map_err(clean::CleanError::from)?;
    let train_labels: Vec<bool> = pick(&labels.of_row, &sides, Side::Train).1;
    let known = (train_labels.len() == train.height()).then_some(train_labels.as_slice());
    let of_train = left.iter().zip(&sides).filter(|(_, side)| **side == Side::Train);
    let groups: Vec<u64> = of_train.filter_map(|(&at, _)| twins.get(at).copied()).collect();
    let rows = TrainRows { frame: &train, labels: known, groups: Some(&groups), seed: settings.seed };
    let fitting = features::fit(&settings.features, &schema, &rows, report)?;
    let read = features::sequence_columns(&settings.features, &schema);
    let sequences = Sequences::of(cleaning.last(), &read);
    let matrix = fitting.matrix(cleaning.last(), &is_train, report)?.with_sequences(sequences);
    let features = fitting.features;
    let leaks = features::find_leaks(&schema, &train, &train_labels);
    let known = cleaning.before_filling().filter(&is_train).map_err(clean::CleanError::from)?;
    let profiles = deploy::profile(&schema, &known);
    report.progress(1.0);
    let cleaning = Arc::new(cleaning);
    Ok(Prepared {
        schema,
        labels,
        sides,
        cleaning,
        recipe,
        features,
        matrix,
        leaks,
        profiles,
        ids,
        to_answer,
    })
}
