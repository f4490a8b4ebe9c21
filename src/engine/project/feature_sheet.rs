//! The sheet of the prepared features, with what they weigh in a trained model.

use super::{Outcome, Prepared, pick, places};
use crate::evaluate::importance;
use crate::features::{self, Detail, Encoder, Matrix, Sheet};
use crate::job::Reporter;
use crate::split::Side;

/// Features whose importance is measured at most.
const WEIGHED: usize = 200;

/// The training rows' features and classes.
fn train_of(prepared: &Prepared) -> (Matrix, Vec<bool>) {
    let (train, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Train);
    (prepared.matrix.select(&train), labels)
}

/// Every feature of the prepared rows; with `outcome`, what each weighs in its model, measured by shuffling it
/// among validation rows, of the 200 most telling features.
///
/// # Errors
/// The person cancelled, or the model's device cannot be used.
pub fn feature_sheet(
    prepared: &Prepared,
    outcome: Option<&Outcome>,
    report: &Reporter,
) -> crate::Result<Sheet> {
    let (train, labels) = train_of(prepared);
    let asked = prepared.to_answer.is_some();
    let recipe = &prepared.recipe;
    let mut sheet = features::sheet(&prepared.features, recipe, (&train, &labels), asked, report)?;
    report.progress(0.3);
    if let Some(outcome) = outcome {
        let (valid, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Valid);
        let which = sheet.most_telling(WEIGHED);
        let part = report.part(0.3, 0.7);
        let model = &outcome.trained.model;
        let found = importance(model, &prepared.matrix, (&valid, &labels), &which, &part)?;
        sheet.weigh(&which, &found);
    }
    report.progress(1.0);
    Ok(sheet)
}

/// One feature of the prepared rows, by its place in the matrix, closely; `None` where there is no such
/// feature.
///
/// # Errors
/// The person cancelled.
pub fn feature_detail(prepared: &Prepared, place: usize, report: &Reporter) -> crate::Result<Option<Detail>> {
    let (train, labels) = train_of(prepared);
    features::detail(&train, &labels, place, readable(prepared, place), report)
}

/// The training rows' values of a numeric column as they were before scaling, where the feature is such a
/// column; a missing value is no number.
fn readable(prepared: &Prepared, place: usize) -> Option<Vec<f64>> {
    let name = prepared.matrix.names.get(place)?;
    let is_number = |encoder: &Encoder| matches!(encoder, Encoder::Number { column } if column == name);
    if !prepared.features.encoders.iter().any(is_number) {
        return None;
    }
    let before = prepared.cleaning.readable();
    let numbers = before.numbers(name)?;
    // A fitted step behind the scaling may have dropped rows.
    let home = places(&before.rows, &prepared.cleaning.last().rows);
    let (train, _) = pick(&prepared.labels.of_row, &prepared.sides, Side::Train);
    let value = |at: &usize| numbers.get(*home.get(*at)?).copied();
    train.iter().map(|at| value(at).map(|value| value.unwrap_or(f64::NAN))).collect()
}
