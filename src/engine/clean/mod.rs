//! The recipe: ordered steps from source text to typed, complete, scaled columns. A step is
//! either row-local (the same for one row as for all) or fitted (on training rows only); every
//! step reports what it changed.

mod dates;
mod distribution;
mod duplicates;
mod impossible;
mod impute;
mod linked;
mod missing_marks;
mod record;
pub mod same_customer;
mod scale;
mod spelling;
mod suggest;
mod type_repair;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Place;
use crate::job::Reporter;
use crate::split::Side;
use crate::table::{ColumnSpec, Frame, Table};

pub use distribution::{Distribution, distribution};
pub use impossible::Limits;
pub use impute::{CategoryFill, FittedImpute, ImputeSpec, NumberFill, indicator_name};
pub use linked::{Linked, changed_cells, linked};
pub use record::{CellChange, Change};
pub use scale::{FittedScale, ScaleMethod};
pub use spelling::FittedSpelling;
pub use suggest::{Mend, Suggestion, suggest};

use record::Recorder;
use same_customer::SameCustomerSpec;

/// Why cleaning failed.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    #[error("column “{column}” is missing; the file must have it")]
    NoColumn { column: String },
    #[error("cleaning failed in the table engine: {0}")]
    Table(#[from] polars::error::PolarsError),
}

impl CleanError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoColumn { .. } => "no_column",
            Self::Table(_) => "table_engine",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NoColumn { column } => Place { column: Some(column.clone()), ..Place::default() },
            Self::Table(_) => Place::default(),
        }
    }
}

/// One kind of step and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepSpec {
    MissingMarks,
    TypeRepair,
    Dates,
    Duplicates,
    SameCustomer(SameCustomerSpec),
    Impossible,
    Spelling,
    Impute(ImputeSpec),
    Scale { method: ScaleMethod },
}

impl StepSpec {
    /// The name used in JSON and in the catalogue.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MissingMarks => "missing_marks",
            Self::TypeRepair => "type_repair",
            Self::Dates => "dates",
            Self::Duplicates => "duplicates",
            Self::SameCustomer(_) => "same_customer",
            Self::Impossible => "impossible",
            Self::Spelling => "spelling",
            Self::Impute(_) => "impute",
            Self::Scale { .. } => "scale",
        }
    }

    /// True for steps that learn something from the training rows.
    pub fn is_fitted(&self) -> bool {
        matches!(self, Self::Spelling | Self::Impute(_) | Self::Scale { .. })
    }
}

/// A step of the recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    #[serde(flatten)]
    pub spec: StepSpec,
    pub on: bool,
}

/// The ordered steps; row-local ones come before fitted ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    pub steps: Vec<Step>,
}

impl Default for Recipe {
    fn default() -> Self {
        let steps = [
            StepSpec::MissingMarks,
            StepSpec::TypeRepair,
            StepSpec::Dates,
            StepSpec::Duplicates,
            StepSpec::Impossible,
            StepSpec::Spelling,
            StepSpec::Impute(ImputeSpec::default()),
            StepSpec::Scale { method: ScaleMethod::Standard },
        ];
        Self { steps: steps.into_iter().map(|spec| Step { spec, on: true }).collect() }
    }
}

/// What a step learnt from the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum FittedStep {
    Spelling(FittedSpelling),
    Impute(FittedImpute),
    Scale(FittedScale),
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
    let mut cleaning = Cleaning { source, stages: Vec::new() };
    for (at, step) in recipe.steps.iter().enumerate() {
        if !step.on || step.spec.is_fitted() {
            continue;
        }
        report.check()?;
        let before = cleaning.last();
        let mut record = Recorder::new(step.spec.name(), before);
        let after = match &step.spec {
            StepSpec::MissingMarks => missing_marks::apply(schema, before, &mut record),
            StepSpec::TypeRepair => type_repair::apply(schema, before, &mut record),
            StepSpec::Dates => dates::apply(schema, before, &mut record),
            StepSpec::Duplicates => duplicates::apply(before, drop_rows, &mut record),
            StepSpec::SameCustomer(spec) => {
                Ok(same_customer::apply(spec, schema, before, drop_rows, &mut record, report)?)
            }
            StepSpec::Impossible => impossible::apply(schema, before, &mut record),
            StepSpec::Spelling | StepSpec::Impute(_) | StepSpec::Scale { .. } => Ok(before.clone()),
        }
        .map_err(CleanError::from)?;
        cleaning.stages.push(Stage { step: at, change: record.finish(), after });
    }
    Ok(cleaning)
}

/// Fits the fitted steps on the training rows, one after the other, and applies each to all rows.
/// `sides` belongs to the rows of `cleaning.last()`.
pub fn fit(
    recipe: &Recipe,
    schema: &[ColumnSpec],
    mut cleaning: Cleaning,
    sides: &[Side],
    report: &Reporter,
) -> crate::Result<(Cleaning, FittedRecipe)> {
    let keep: Vec<bool> = sides.iter().map(|side| *side == Side::Train).collect();
    let mut fitted = Vec::new();
    for (at, step) in recipe.steps.iter().enumerate() {
        if !step.on || !step.spec.is_fitted() {
            continue;
        }
        report.check()?;
        let before = cleaning.last();
        let train = before.filter(&keep).map_err(CleanError::from)?;
        let learnt = match &step.spec {
            StepSpec::Spelling => FittedStep::Spelling(spelling::fit(schema, &train)),
            StepSpec::Impute(spec) => FittedStep::Impute(impute::fit(spec, schema, &train)),
            StepSpec::Scale { method } => FittedStep::Scale(scale::fit(*method, schema, &train)),
            _ => continue,
        };
        let (after, change) = apply_fitted(&learnt, before)?;
        cleaning.stages.push(Stage { step: at, change, after });
        fitted.push(learnt);
    }
    let fitted = FittedRecipe { recipe: recipe.clone(), schema: schema.to_vec(), fitted };
    Ok((cleaning, fitted))
}

/// Cleans new rows with what was learnt: no row is dropped, nothing is fitted.
pub fn apply(
    fitted: &FittedRecipe,
    table: &Table,
    schema: &[ColumnSpec],
    report: &Reporter,
) -> crate::Result<Cleaning> {
    let source = source(table, schema)?;
    let mut cleaning = run_local(&fitted.recipe, schema, source, false, report)?;
    let places: Vec<usize> = fitted
        .recipe
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.on && step.spec.is_fitted())
        .map(|(at, _)| at)
        .collect();
    for (learnt, step) in fitted.fitted.iter().zip(places) {
        report.check()?;
        let (after, change) = apply_fitted(learnt, cleaning.last())?;
        cleaning.stages.push(Stage { step, change, after });
    }
    Ok(cleaning)
}

fn apply_fitted(learnt: &FittedStep, before: &Frame) -> Result<(Frame, Change), CleanError> {
    let name = match learnt {
        FittedStep::Spelling(_) => "spelling",
        FittedStep::Impute(_) => "impute",
        FittedStep::Scale(_) => "scale",
    };
    let mut record = Recorder::new(name, before);
    let after = match learnt {
        FittedStep::Spelling(learnt) => learnt.apply(before, &mut record)?,
        FittedStep::Impute(learnt) => learnt.apply(before, &mut record)?,
        FittedStep::Scale(learnt) => learnt.apply(before, &mut record)?,
    };
    Ok((after, record.finish()))
}

/// A key for each row that is equal for rows that are equal in everything but their identifiers.
pub fn twin_keys(schema: &[ColumnSpec], source: &Frame) -> Vec<u64> {
    duplicates::row_keys(source, |name| {
        schema.iter().any(|spec| spec.name == name && spec.role != crate::table::Role::Id)
    })
}

/// A frame with `column` put in the place of its namesake, or at the end.
fn with_column(frame: &Frame, column: polars::prelude::Column) -> Result<Frame, polars::error::PolarsError> {
    let mut data = frame.data.clone();
    data.with_column(column)?;
    Ok(Frame { rows: Arc::clone(&frame.rows), data })
}
