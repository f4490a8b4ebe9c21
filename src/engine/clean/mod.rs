//! The recipe: ordered steps from source text to typed, complete, scaled columns. A step is
//! either row-local (the same for one row as for all) or fitted (on training rows only); every
//! step reports what it changed.

#[cfg(test)]
mod battery;
mod clusters;
mod contact_form;
mod currency;
mod dates;
mod derive;
mod distribution;
mod duplicates;
mod error;
pub mod expr;
#[cfg(test)]
mod frames;
mod impossible;
mod impute;
mod isolation;
mod linked;
mod merge_spellings;
mod missing_marks;
mod mojibake;
mod money;
mod neighbours;
mod outliers;
mod postcodes;
mod power;
mod recipe;
mod record;
mod rewrite;
mod rules;
pub mod same_customer;
mod scale;
mod schema;
mod select;
mod spelling;
mod suggest;
#[cfg(test)]
mod testing;
mod text_tidy;
mod type_repair;
mod units;
mod zones;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::job::Reporter;
use crate::split::Side;
use crate::table::{ColumnSpec, Frame, Table};

pub use clusters::{Cluster, clusters};
pub use contact_form::{ContactColumn, ContactKind, ContactSpec};
pub use currency::{CurrencySpec, Rate, rates_of};
pub use derive::{DeriveSpec, Derived};
pub use distribution::{Distribution, distribution};
pub use error::CleanError;
pub use impossible::Limits;
pub(crate) use impute::median;
pub use impute::{CategoryFill, ColumnFill, Fill, FittedImpute, ImputeSpec, NumberFill, indicator_name};
pub use linked::{Linked, changed_cells, linked};
pub use merge_spellings::MergeSpec;
pub use outliers::{FittedOutliers, OutlierAction, OutlierMethod, OutlierSpec};
pub use recipe::{Recipe, Step, StepSpec};
pub use record::{CellChange, Change, Finding};
pub use rules::{Rule, RuleSuggestion, RulesSpec, Then, check_rule, suggest_rules};
pub use scale::{FittedScale, ScaleMethod, Scaler};
pub use select::SelectSpec;
pub use spelling::FittedSpelling;
pub(crate) use spelling::fold;
pub use suggest::{Mend, Suggestion, suggest};
pub use text_tidy::{NormalForm, TidySpec, tidied};
pub use units::{UnitColumn, UnitsSpec, is_unit};
pub use zones::{ZoneColumn, ZonesSpec, is_zone};

use error::setting;
use record::Recorder;

/// What a step learnt from the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum FittedStep {
    Spelling(FittedSpelling),
    Impute(FittedImpute),
    Scale(FittedScale),
    Outliers(FittedOutliers),
}

/// A fitted recipe: all that is needed to clean new rows in the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedRecipe {
    pub recipe: Recipe,
    pub schema: Vec<ColumnSpec>,
    pub fitted: Vec<FittedStep>,
}

/// A step's work on a table: its report and the rows after it.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Position in the recipe.
    pub step: usize,
    pub change: Change,
    pub after: Frame,
}

/// Rows on their way through the recipe, with every stage kept for showing. Columns that a step
/// leaves alone are shared, not copied.
#[derive(Debug, Clone)]
pub struct Cleaning {
    pub source: Frame,
    pub stages: Vec<Stage>,
}

impl Cleaning {
    /// The rows after the last step so far.
    pub fn last(&self) -> &Frame {
        self.stages.last().map_or(&self.source, |stage| &stage.after)
    }

    /// The rows before the stage at `index`.
    pub fn before(&self, index: usize) -> &Frame {
        match index.checked_sub(1).and_then(|i| self.stages.get(i)) {
            Some(stage) => &stage.after,
            None => &self.source,
        }
    }

    /// The rows as they were before scaling: what people read.
    pub fn readable(&self) -> &Frame {
        self.before_any(&["scale"])
    }

    /// The rows before holes were filled and numbers scaled: what is known of each customer.
    pub fn before_filling(&self) -> &Frame {
        self.before_any(&["impute", "scale"])
    }

    /// The rows that the step of this name gets, or would get behind all steps that learn nothing.
    pub fn rows_for(&self, name: &str) -> &Frame {
        self.before_any(&[name, "spelling", "outliers", "impute", "scale"])
    }

    fn before_any(&self, names: &[&str]) -> &Frame {
        let first = self.stages.iter().position(|stage| names.contains(&stage.change.name));
        first.map_or(self.last(), |at| self.before(at))
    }
}

/// A frame of the table's source text, in the order of `schema`.
///
/// # Errors
/// A column of the schema that the table lacks.
pub fn source(table: &Table, schema: &[ColumnSpec]) -> Result<Frame, CleanError> {
    let columns = schema
        .iter()
        .map(|spec| {
            let at = table
                .position(&spec.name)
                .ok_or_else(|| CleanError::NoColumn { column: spec.name.clone() })?;
            let mut column = table.raw.column(&table.columns[at].name)?.clone();
            column.rename(spec.name.as_str().into());
            Ok(column)
        })
        .collect::<Result<Vec<_>, CleanError>>()?;
    let data = polars::prelude::DataFrame::new(table.height(), columns)?;
    Ok(Frame { rows: table.rows.clone(), data })
}

/// Runs the row-local steps over all rows. Nothing is fitted: rows of every side may pass.
/// `drop_rows` is true while training; while scoring, rows that a step would drop stay.
pub fn run_local(
    recipe: &Recipe,
    schema: &[ColumnSpec],
    source: Frame,
    drop_rows: bool,
    report: &Reporter,
) -> crate::Result<Cleaning> {
    local(recipe, schema, source, drop_rows, Recorder::new, report)
}

/// Makes a step's recorder.
type Recording = fn(&'static str, &Frame) -> Recorder;

fn local(
    recipe: &Recipe,
    schema: &[ColumnSpec],
    source: Frame,
    drop_rows: bool,
    recording: Recording,
    report: &Reporter,
) -> crate::Result<Cleaning> {
    let mut cleaning = Cleaning { source, stages: Vec::new() };
    let mut standing = schema.to_vec();
    for (at, step) in recipe.steps.iter().enumerate() {
        if !step.on || step.spec.is_fitted() {
            continue;
        }
        report.check()?;
        let schema = standing.as_slice();
        let before = cleaning.last();
        let mut record = recording(step.spec.name(), before);
        let after = match &step.spec {
            StepSpec::MissingMarks => missing_marks::apply(schema, before, &mut record),
            StepSpec::TypeRepair => type_repair::apply(schema, before, &mut record),
            StepSpec::TextTidy(spec) => Ok(text_tidy::apply(spec, schema, before, &mut record, report)?),
            StepSpec::ContactForm(spec) => {
                Ok(contact_form::apply(spec, schema, before, &mut record, report)?)
            }
            StepSpec::Currency(spec) => Ok(currency::apply(spec, schema, before, &mut record, report)?),
            StepSpec::Units(spec) => Ok(units::apply(spec, schema, before, &mut record, report)?),
            StepSpec::Zones(spec) => Ok(zones::apply(spec, schema, before, &mut record, report)?),
            StepSpec::MergeSpellings(spec) => Ok(merge_spellings::apply(spec, before, &mut record, report)?),
            StepSpec::Dates => dates::apply(schema, before, &mut record),
            StepSpec::Duplicates => duplicates::apply(before, drop_rows, &mut record),
            StepSpec::SameCustomer(spec) => {
                Ok(same_customer::apply(spec, schema, before, drop_rows, &mut record, report)?)
            }
            StepSpec::Impossible => impossible::apply(schema, before, &mut record),
            StepSpec::Rules(spec) => Ok(rules::apply(spec, schema, before, drop_rows, &mut record, report)?),
            StepSpec::Derive(spec) => Ok(derive::apply(spec, schema, before, &mut record, report)?),
            StepSpec::Select(spec) => Ok(select::apply(spec, schema, before, &mut record)?),
            StepSpec::Spelling | StepSpec::Impute(_) | StepSpec::Scale { .. } | StepSpec::Outliers(_) => {
                Ok(before.clone())
            }
        }
        .map_err(CleanError::from)?;
        standing = step.spec.schema_after(schema)?;
        cleaning.stages.push(Stage { step: at, change: record.finish(), after });
    }
    Ok(cleaning)
}

/// Places of the fitted steps that are on, in the order in which they run: one that drops rows
/// runs before those that fill and scale, so that every later frame holds the same rows.
fn fitted_steps(recipe: &Recipe) -> Vec<usize> {
    let drops =
        |spec: &StepSpec| matches!(spec, StepSpec::Outliers(spec) if spec.action == OutlierAction::DropRow);
    let steps = recipe.steps.iter().enumerate().filter(|(_, step)| step.on && step.spec.is_fitted());
    let mut places: Vec<(bool, usize)> = steps.map(|(at, step)| (!drops(&step.spec), at)).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, at)| at).collect()
}

/// Fits the fitted steps on the training rows, one after the other, and applies each to all rows.
/// `sides` belongs to the rows of `cleaning.last()`; a step may drop training rows, so that the
/// result has fewer. `seed` goes to the steps that draw by chance.
pub fn fit(
    recipe: &Recipe,
    schema: &[ColumnSpec],
    mut cleaning: Cleaning,
    sides: &[Side],
    seed: u64,
    report: &Reporter,
) -> crate::Result<(Cleaning, FittedRecipe)> {
    let mut fitted = FittedRecipe { recipe: recipe.clone(), schema: schema.to_vec(), fitted: Vec::new() };
    let schema = &recipe.schema_after(schema)?;
    let mut is_train: Vec<bool> = sides.iter().map(|side| *side == Side::Train).collect();
    for (at, spec) in
        fitted_steps(recipe).into_iter().filter_map(|at| Some((at, &recipe.steps.get(at)?.spec)))
    {
        report.check()?;
        let before = cleaning.last();
        let train = if is_train.iter().all(|train| *train) {
            before.clone()
        } else {
            before.filter(&is_train).map_err(CleanError::from)?
        };
        let learnt = match spec {
            StepSpec::Spelling => FittedStep::Spelling(spelling::fit(schema, &train)),
            StepSpec::Impute(spec) => FittedStep::Impute(impute::fit(spec, schema, &train, seed, report)?),
            StepSpec::Scale { method, columns } => {
                FittedStep::Scale(scale::fit(*method, columns, schema, &train, report)?)
            }
            StepSpec::Outliers(spec) => {
                FittedStep::Outliers(outliers::fit(spec, schema, &train, seed, report)?)
            }
            _ => continue,
        };
        let (after, change) = apply_fitted(&learnt, before, Some(&is_train), Recorder::new, report)?;
        if after.height() < before.height() {
            let mut rest = after.rows.iter().peekable();
            let kept = before.rows.iter().map(|row| rest.next_if_eq(&row).is_some());
            is_train = is_train.iter().zip(kept).filter(|(_, kept)| *kept).map(|(train, _)| *train).collect();
        }
        cleaning.stages.push(Stage { step: at, change, after });
        fitted.fitted.push(learnt);
    }
    Ok((cleaning, fitted))
}

/// Cleans new rows with what was learnt: no row is dropped, nothing is fitted. `schema` names those
/// of the recipe's columns that the table has.
pub fn apply(
    fitted: &FittedRecipe,
    table: &Table,
    schema: &[ColumnSpec],
    report: &Reporter,
) -> crate::Result<Cleaning> {
    apply_to(fitted, source(table, schema)?, report)
}

/// [`apply`] to source text that stands in no table.
pub(crate) fn apply_to(fitted: &FittedRecipe, source: Frame, report: &Reporter) -> crate::Result<Cleaning> {
    applied(fitted, source, Recorder::new, report)
}

/// [`apply_to`] without a report of what changed: the stages' rows are the same, their changes are empty.
/// It works on one thread.
pub(crate) fn apply_unseen(
    fitted: &FittedRecipe,
    source: Frame,
    report: &Reporter,
) -> crate::Result<Cleaning> {
    applied(fitted, source, Recorder::deaf, report)
}

/// [`apply`] to a part of a file, of whose report only the [keys](repeat_keys) of the rows are read: the
/// stages' rows are the same, and no repeated row is flagged.
pub(crate) fn apply_keyed(
    fitted: &FittedRecipe,
    table: &Table,
    schema: &[ColumnSpec],
    report: &Reporter,
) -> crate::Result<Cleaning> {
    applied(fitted, source(table, schema)?, Recorder::keyed, report)
}

fn applied(
    fitted: &FittedRecipe,
    source: Frame,
    recording: Recording,
    report: &Reporter,
) -> crate::Result<Cleaning> {
    let mut cleaning = local(&fitted.recipe, &fitted.schema, source, false, recording, report)?;
    for (learnt, step) in fitted.fitted.iter().zip(fitted_steps(&fitted.recipe)) {
        report.check()?;
        let (after, change) = apply_fitted(learnt, cleaning.last(), None, recording, report)?;
        cleaning.stages.push(Stage { step, change, after });
    }
    Ok(cleaning)
}

/// Applies what a step learnt. `train` marks the rows that may be dropped; `None` while scoring.
fn apply_fitted(
    learnt: &FittedStep,
    before: &Frame,
    train: Option<&[bool]>,
    recording: Recording,
    report: &Reporter,
) -> crate::Result<(Frame, Change)> {
    let name = match learnt {
        FittedStep::Spelling(_) => "spelling",
        FittedStep::Impute(_) => "impute",
        FittedStep::Scale(_) => "scale",
        FittedStep::Outliers(_) => "outliers",
    };
    let mut record = recording(name, before);
    let after = match learnt {
        FittedStep::Spelling(learnt) => learnt.apply(before, &mut record).map_err(CleanError::from)?,
        FittedStep::Impute(learnt) => learnt.apply(before, &mut record, report)?,
        FittedStep::Scale(learnt) => learnt.apply(before, &mut record, report)?,
        FittedStep::Outliers(learnt) => learnt.apply(before, train, &mut record, report)?,
    };
    Ok((after, record.finish()))
}

/// A key for each row, equal for rows that the duplicates step holds to be one; `None` where the recipe
/// has no such step. For rows that come block by block.
pub(crate) fn repeat_keys(cleaning: &mut Cleaning) -> Option<Vec<u64>> {
    let step = cleaning.stages.iter_mut().find(|stage| stage.change.name == "duplicates")?;
    Some(std::mem::take(&mut step.change.keys))
}

/// A key for each row that is equal for rows that are equal in everything but their identifiers.
pub fn twin_keys(schema: &[ColumnSpec], source: &Frame) -> Vec<u64> {
    duplicates::row_keys(source, |name| {
        schema.iter().any(|spec| spec.name == name && spec.role != crate::table::Role::Id)
    })
}

/// A frame with these columns put in the places of their namesakes, or at the end.
fn with_columns(
    frame: &Frame,
    columns: impl IntoIterator<Item = polars::prelude::Column>,
) -> Result<Frame, polars::error::PolarsError> {
    let mut data = frame.data.clone();
    for column in columns {
        data.with_column(column)?;
    }
    Ok(Frame { rows: Arc::clone(&frame.rows), data })
}

/// A frame with `column` put in the place of its namesake, or at the end.
fn with_column(frame: &Frame, column: polars::prelude::Column) -> Result<Frame, polars::error::PolarsError> {
    with_columns(frame, [column])
}
