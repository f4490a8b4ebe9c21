//! Cleaning by itself: of files that have no target, and what the recipe could do better.

use super::{Prepared, Settings};
use crate::clean::{self, Cleaning, FittedRecipe};
use crate::job::Reporter;
use crate::split::Side;
use crate::table::{ColumnSpec, Table};

/// Cleans without learning: for files that have no target. Fitted steps learn from all rows.
///
/// # Errors
/// The person cancelled.
pub fn clean_only(settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<Cleaning> {
    Ok(clean_and_fit(settings, table, report)?.0)
}

/// [`clean_only`], with the recipe as it was fitted and the columns as they are after it.
pub(super) fn clean_and_fit(
    settings: &Settings,
    table: &Table,
    report: &Reporter,
) -> crate::Result<(Cleaning, FittedRecipe, Vec<ColumnSpec>)> {
    let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
    let source = clean::source(table, &schema).map_err(crate::Error::from)?;
    let cleaning = clean::run_local(&settings.recipe, &schema, source, true, report)?;
    let sides = vec![Side::Train; cleaning.last().height()];
    let (cleaning, fitted) = clean::fit(&settings.recipe, &schema, cleaning, &sides, settings.seed, report)?;
    let after = settings.recipe.schema_after(&schema)?;
    Ok((cleaning, fitted, after))
}

/// What the recipe could do better. Figures come from training rows where there are any.
///
/// # Errors
/// The person cancelled.
pub fn suggest(
    settings: &Settings,
    table: &Table,
    prepared: Option<&Prepared>,
    cleaning: &Cleaning,
    report: &Reporter,
) -> crate::Result<Vec<clean::Suggestion>> {
    let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
    let train: Vec<bool> = match prepared {
        Some(prepared) => prepared.sides.iter().map(|side| *side == Side::Train).collect(),
        None => vec![true; cleaning.before_filling().height()],
    };
    clean::suggest(&settings.recipe, &schema, cleaning, &train, &settings.features.exclude, report)
}

/// Does what a suggestion proposes.
pub fn take_up(settings: &mut Settings, mend: &clean::Mend) {
    match mend {
        clean::Mend::SwitchOn(at) => {
            if let Some(step) = settings.recipe.steps.get_mut(*at) {
                step.on = true;
            }
        }
        clean::Mend::Scale(to) => {
            for step in &mut settings.recipe.steps {
                if let clean::StepSpec::Scale { method, .. } = &mut step.spec {
                    *method = *to;
                }
            }
        }
        clean::Mend::LeaveOut(column) => {
            if !settings.features.exclude.contains(column) {
                settings.features.exclude.push(column.clone());
            }
        }
        clean::Mend::AddStep(_) | clean::Mend::MergeSpellings { .. } => {
            if let Some(spec) = mend.step() {
                settings.recipe.add(spec);
            }
        }
    }
}
