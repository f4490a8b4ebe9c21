//! What a student found, read off the settings and the model: the same function for the hand-in and for
//! the grade, so that a claim can be held against it.

use serde::{Deserialize, Serialize};

use crate::collect;
use crate::job::Reporter;
use crate::project::{Outcome, Prepared, SavedModel, Secrets, Settings, Source, collect_sources, prepare};
use crate::table::{Role, Table};
use crate::train::{DeviceKind, ModelKind};

/// Customers whose explanations are averaged.
const EXPLAINED: usize = 200;

/// What a student found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    pub model: ModelKind,
    /// Columns by the mean size of their share in a customer's probability, largest first.
    pub drivers: Vec<(String, f64)>,
    /// Columns that the student left out.
    pub left_out: Vec<String>,
    /// Cells changed and rows dropped, by step of the recipe.
    pub repaired: Vec<(String, u64)>,
    /// Area under the ROC curve on the student's own test rows.
    pub test_auc: Option<f64>,
}

/// A student's settings, run on the data.
pub(super) struct Worked {
    pub prepared: Prepared,
    pub outcome: Outcome,
    pub answers: Answers,
}

/// The project's table, with the roles that the person set.
pub(super) fn table_of(sources: &[Source], settings: &Settings, report: &Reporter) -> crate::Result<Table> {
    let mut reading = settings.clone();
    reading.read.roles.clear();
    reading.read.decimals.clear();
    reading.read.date_orders.clear();
    let mut table = collect_sources(sources, &Secrets::default(), &reading, report)?.table;
    for (name, role) in &settings.read.roles {
        // As the window does: a role for a column that is gone says nothing about the others.
        let _ = collect::set_role(&mut table, name, *role);
    }
    for (name, decimal) in &settings.read.decimals {
        let _ = collect::set_decimal(&mut table, name, *decimal);
    }
    for (name, order) in &settings.read.date_orders {
        let _ = collect::set_date_order(&mut table, name, *order);
    }
    Ok(table)
}

/// Runs the settings on the table and reads the answers off the model.
///
/// # Errors
/// The settings do not work on the table; the model does not fit; the person cancels.
pub(super) fn work(
    settings: &Settings,
    table: &Table,
    model: &SavedModel,
    report: &Reporter,
) -> crate::Result<Worked> {
    let prepared = prepare(settings, table, &report.part(0.0, 0.5))?;
    // One device for all: a grade must not depend on the grader's graphics.
    let model = SavedModel { device: DeviceKind::Flex, ..model.clone() };
    let outcome = model.restore(&prepared)?;
    let height = prepared.matrix.height;
    let every = height.div_ceil(EXPLAINED).max(1);
    let places: Vec<usize> = (0..height).step_by(every).collect();
    let explained = outcome.explainer.explain(
        &outcome.trained.model,
        &prepared.matrix,
        &places,
        &report.part(0.5, 0.5),
    )?;
    let mut drivers: Vec<(String, f64)> = outcome
        .explainer
        .columns()
        .enumerate()
        .map(|(at, column)| {
            let sum: f64 = explained.iter().filter_map(|one| one.shares.get(at)).map(|s| s.abs()).sum();
            (column.to_owned(), sum / explained.len().max(1) as f64)
        })
        .collect();
    drivers.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let ignored = settings.read.roles.iter().filter(|(_, role)| *role == Role::Ignore);
    let mut left_out: Vec<String> = settings.features.exclude.clone();
    left_out.extend(ignored.map(|(name, _)| name.clone()));
    left_out.sort_unstable();
    left_out.dedup();
    let stages = prepared.cleaning.stages.iter().map(|stage| &stage.change);
    let answers = Answers {
        model: outcome.kind,
        drivers,
        left_out,
        repaired: stages.map(|c| (c.name.to_owned(), c.cells_changed + c.rows_dropped)).collect(),
        test_auc: outcome.test.fixed("roc_auc").map(|auc| auc.value),
    };
    Ok(Worked { prepared, outcome, answers })
}
