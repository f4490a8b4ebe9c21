//! What the recipe could do better, found by looking at the rows: each suggestion with its reason
//! and with what it would change, measured.

mod contact;
mod money;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CellChange, Change, Cleaning, MergeSpec, Recipe, ScaleMethod, Step, StepSpec, run_local};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame, show_number};

/// Skewness from which a column is called lopsided.
const LOPSIDED: f64 = 2.0;
/// Share of holes from which a column is hardly a column.
const HOLLOW: f64 = 0.6;
/// Cells that show what a mend would change.
const EVIDENCE: usize = 5;

/// A change of the settings that one click makes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mend {
    /// Switch the step at this place on.
    SwitchOn(usize),
    /// Scale by another method.
    Scale(ScaleMethod),
    /// Leave a column out of the features.
    LeaveOut(String),
    /// Add this step where [`Recipe::add`] puts it.
    AddStep(StepSpec),
    /// Write these spellings of a column otherwise: from → to.
    MergeSpellings { column: String, map: BTreeMap<String, String> },
}

impl Mend {
    /// The step that the mend adds to a recipe, for those that add one.
    pub fn step(&self) -> Option<StepSpec> {
        match self {
            Self::AddStep(spec) => Some(spec.clone()),
            Self::MergeSpellings { column, map } => {
                let columns = BTreeMap::from([(column.clone(), map.clone())]);
                Some(StepSpec::MergeSpellings(MergeSpec { columns }))
            }
            Self::SwitchOn(_) | Self::Scale(_) | Self::LeaveOut(_) => None,
        }
    }
}

/// A suggestion: why, what it is expected to change, and the mend.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    pub why: Note,
    pub effect: Note,
    pub mend: Mend,
    /// The first cells that the mend would change, at most five.
    pub evidence: Vec<CellChange>,
}

/// What suggestions are made from.
struct Look<'a> {
    recipe: &'a Recipe,
    schema: &'a [ColumnSpec],
    cleaning: &'a Cleaning,
    report: &'a Reporter,
}

impl Look<'_> {
    /// The rows that a step would get that the recipe lacks.
    fn rows_for(&self, spec: &StepSpec) -> &Frame {
        let place = self.recipe.place_of(spec);
        let before = self.cleaning.stages.iter().rev().find(|stage| stage.step < place);
        before.map_or(&self.cleaning.source, |stage| &stage.after)
    }

    /// What a step would change, by running it.
    fn tried(&self, spec: &StepSpec) -> crate::Result<Change> {
        let recipe = Recipe { steps: vec![Step { spec: spec.clone(), on: true }] };
        let run = run_local(&recipe, self.schema, self.rows_for(spec).clone(), false, self.report)?;
        Ok(run.stages.into_iter().next().map(|stage| stage.change).unwrap_or_default())
    }
}

fn evidence(change: Change) -> Vec<CellChange> {
    change.examples.into_iter().take(EVIDENCE).collect()
}

/// Looks at the rows before and after the recipe. `train` marks the rows that fitted figures may
/// come from.
///
/// # Errors
/// The person cancelled.
pub fn suggest(
    recipe: &Recipe,
    schema: &[ColumnSpec],
    cleaning: &Cleaning,
    train: &[bool],
    excluded: &[String],
    report: &Reporter,
) -> crate::Result<Vec<Suggestion>> {
    let mut out = Vec::new();
    // A step that is off: what it would find, by running it.
    for (at, step) in recipe.steps.iter().enumerate().filter(|(_, step)| !step.on && !step.spec.is_fitted()) {
        let mut tried = recipe.clone();
        tried.steps[at].on = true;
        // A step whose formula or column does not fit is off for that very reason.
        let Ok(run) = run_local(&tried, schema, cleaning.source.clone(), false, report) else {
            report.check()?;
            continue;
        };
        let Some(stage) = run.stages.into_iter().find(|stage| stage.step == at) else { continue };
        let found = stage.change.cells_changed.max(stage.change.flagged.len() as u64);
        if found > 0 {
            let name = step.spec.name();
            out.push(Suggestion {
                why: Note::new("suggest_off").with("step", format!("@step.{name}")),
                effect: Note::new("suggest_off_effect").with("count", found),
                mend: Mend::SwitchOn(at),
                evidence: evidence(stage.change),
            });
        }
    }
    let look = Look { recipe, schema, cleaning, report };
    out.extend(text::tidy(&look)?);
    out.extend(text::spellings(&look)?);
    out.extend(contact::suggest(&look)?);
    out.extend(money::suggest(&look)?);
    let rows = match cleaning.before_filling().filter(train) {
        Ok(rows) => rows,
        Err(error) => return Err(super::CleanError::from(error).into()),
    };
    let method = recipe.steps.iter().find_map(|step| match &step.spec {
        StepSpec::Scale { method, .. } if step.on => Some(*method),
        _ => None,
    });
    let schema = recipe.schema_after(schema)?;
    let features = || schema.iter().filter(|spec| spec.role.is_feature() && !excluded.contains(&spec.name));
    // The other methods bend a lopsided column themselves.
    let is_straight =
        |method| matches!(method, ScaleMethod::Standard | ScaleMethod::MinMax | ScaleMethod::Robust);
    if method.is_some_and(is_straight) {
        let mut lopsided: Vec<(String, f64, f64)> = features()
            .filter(|spec| spec.role.is_numeric())
            .filter_map(|spec| {
                let values = present(&rows, &spec.name)?;
                let logs: Vec<f64> = values.iter().map(|v| v.signum() * v.abs().ln_1p()).collect();
                let (before, after) = (skewness(&values)?, skewness(&logs)?);
                let better = before.abs() > LOPSIDED && after.abs() < before.abs() / 2.0;
                better.then(|| (spec.name.clone(), before, after))
            })
            .collect();
        lopsided.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        if let Some((column, before, after)) = lopsided.first() {
            let columns: Vec<&str> = lopsided.iter().map(|(name, _, _)| name.as_str()).take(5).collect();
            out.push(Suggestion {
                why: Note::new("suggest_log").with("columns", columns.join(", ")),
                effect: Note::new("suggest_log_effect")
                    .with("column", column)
                    .with("before", format!("{before:.1}"))
                    .with("after", format!("{after:.1}")),
                mend: Mend::Scale(ScaleMethod::Log1p),
                evidence: largest(&rows, column),
            });
        }
    }
    let height = rows.height().max(1) as f64;
    for spec in features() {
        let holes = rows.data.column(&spec.name).map_or(0, |column| column.null_count()) as f64 / height;
        if holes > HOLLOW {
            out.push(Suggestion {
                why: Note::new("suggest_hollow")
                    .with("column", &spec.name)
                    .with("share", format!("{:.0}%", 100.0 * holes)),
                effect: Note::new("suggest_hollow_effect"),
                mend: Mend::LeaveOut(spec.name.clone()),
                evidence: Vec::new(),
            });
        }
    }
    Ok(out)
}

/// The largest values of a column and their logarithms.
fn largest(rows: &Frame, column: &str) -> Vec<CellChange> {
    let mut values: Vec<(u32, f64)> = rows
        .numbers(column)
        .into_iter()
        .flatten()
        .zip(rows.rows.iter())
        .filter_map(|(value, row)| Some((*row, value.filter(|value| value.is_finite())?)))
        .collect();
    values.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let cell = |(row, value): (u32, f64)| CellChange {
        row,
        column: column.to_owned(),
        before: Some(show_number(value)),
        after: Some(show_number(value.signum() * value.abs().ln_1p())),
    };
    values.into_iter().take(EVIDENCE).map(cell).collect()
}

fn present(rows: &Frame, column: &str) -> Option<Vec<f64>> {
    let values: Vec<f64> = rows.numbers(column)?.into_iter().flatten().filter(|v| v.is_finite()).collect();
    (values.len() >= 30).then_some(values)
}

/// The third standardised moment; `None` without spread.
fn skewness(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let moment = |power: i32| values.iter().map(|v| (v - mean).powi(power)).sum::<f64>() / n;
    let spread = moment(2).sqrt();
    (spread > 1e-12).then(|| moment(3) / spread.powi(3))
}

#[cfg(test)]
mod tests;
