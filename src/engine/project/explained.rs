//! What a model leans on, over all customers, and single customers closely: of a trained project, and of a
//! bundle with a file.

use super::{Outcome, Prepared, pick, places};
use crate::deploy::{Bundle, Scores};
use crate::evaluate::Explainer;
use crate::evaluate::explain::{self, Closely, Dependence, Ground, Overall};
use crate::job::Reporter;
use crate::split::Side;

/// The rows of a project as a model is looked at on them: values come from training rows, figures from
/// validation and test rows.
fn ground<'a>(prepared: &'a Prepared, outcome: &'a Outcome, threshold: f64) -> Ground<'a> {
    let side = |side| pick(&prepared.labels.of_row, &prepared.sides, side);
    let (mut fresh, mut labels) = side(Side::Valid);
    let (test, of_test) = side(Side::Test);
    fresh.extend(test);
    labels.extend(of_test);
    let readable = prepared.cleaning.readable();
    Ground {
        model: &outcome.trained.model,
        explainer: &outcome.explainer,
        features: &prepared.features,
        matrix: &prepared.matrix,
        probabilities: &outcome.probabilities,
        threshold,
        readable,
        home: places(&readable.rows, &prepared.cleaning.last().rows),
        known: side(Side::Train).0,
        labelled: (fresh.clone(), labels),
        fresh,
    }
}

/// What the model of an outcome leans on.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub fn explain_overall(
    prepared: &Prepared,
    outcome: &Outcome,
    threshold: f64,
    report: &Reporter,
) -> crate::Result<Overall> {
    explain::overall(&ground(prepared, outcome, threshold), report)
}

/// What the model of an outcome makes of a column; `None` for a column that cannot be laid out.
///
/// # Errors
/// As [`explain_overall`].
pub fn dependence_of(
    prepared: &Prepared,
    outcome: &Outcome,
    column: &str,
    report: &Reporter,
) -> crate::Result<Option<Dependence>> {
    // No threshold has a say in it.
    explain::dependence(&ground(prepared, outcome, 0.5), column, report)
}

/// A bundle's model on the rows that it scored. The file is all there is: values come from one half of its
/// rows, figures about the surrogate tree from the other, importance from all whose class is known.
struct Scored<'a> {
    bundle: &'a Bundle,
    scores: &'a Scores,
    explainer: &'a Explainer,
    probabilities: Vec<f64>,
}

impl<'a> Scored<'a> {
    fn of(bundle: &'a Bundle, scores: &'a Scores) -> Option<Self> {
        let probabilities = scores.rows.iter().map(|row| row.probability).collect();
        let explainer = bundle.explainer.as_ref()?;
        Some(Self { bundle, scores, explainer, probabilities })
    }

    fn ground(&self) -> Ground<'_> {
        let readable = self.scores.cleaning.readable();
        let all = 0..self.scores.matrix.height;
        let labelled = self.scores.rows.iter().enumerate();
        let labelled = labelled.filter_map(|(at, row)| row.actual.map(|actual| (at, actual)));
        Ground {
            model: &self.bundle.model,
            explainer: self.explainer,
            features: &self.bundle.features,
            matrix: &self.scores.matrix,
            probabilities: &self.probabilities,
            threshold: self.bundle.threshold,
            readable,
            home: places(&readable.rows, &self.scores.cleaning.last().rows),
            known: all.clone().filter(|at| at.is_multiple_of(2)).collect(),
            fresh: all.filter(|at| !at.is_multiple_of(2)).collect(),
            labelled: labelled.unzip(),
        }
    }
}

/// What a bundle's model leans on, on the rows of a file; `None` for bundles of the first version, which have
/// no explainer.
///
/// # Errors
/// As [`explain_overall`].
pub fn explain_bundle(bundle: &Bundle, scores: &Scores, report: &Reporter) -> crate::Result<Option<Overall>> {
    let Some(scored) = Scored::of(bundle, scores) else { return Ok(None) };
    explain::overall(&scored.ground(), report).map(Some)
}

/// What a bundle's model makes of a column, on the rows of a file.
///
/// # Errors
/// As [`explain_overall`].
pub fn dependence_of_bundle(
    bundle: &Bundle,
    scores: &Scores,
    column: &str,
    report: &Reporter,
) -> crate::Result<Option<Dependence>> {
    let Some(scored) = Scored::of(bundle, scores) else { return Ok(None) };
    explain::dependence(&scored.ground(), column, report)
}

/// One scored row, closely.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub fn explain_scored(
    bundle: &Bundle,
    scores: &Scores,
    place: usize,
    report: &Reporter,
) -> crate::Result<Option<Closely>> {
    match &bundle.explainer {
        Some(explainer) if place < scores.matrix.height => {
            explainer.closely(&bundle.model, &scores.matrix, place, report).map(Some)
        }
        _ => Ok(None),
    }
}

/// One row of a project, closely.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub fn explain_row(
    prepared: &Prepared,
    outcome: &Outcome,
    place: usize,
    report: &Reporter,
) -> crate::Result<Option<Closely>> {
    if place >= prepared.matrix.height {
        return Ok(None);
    }
    outcome.explainer.closely(&outcome.trained.model, &prepared.matrix, place, report).map(Some)
}
