//! Kinds of model under the same folds: every fold refits recipe, features and models on its own
//! training rows, and each row's probability comes from models that never saw it.

use super::cross::{self, Cross, CrossSpec};
use super::prepare::{Local, clean_local, fit_on};
use super::{Settings, pick, places};
use crate::Error;
use crate::evaluate::{Comparison, FoldScores, Measured, fold_scores};
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::split::Side;
use crate::table::Table;
use crate::train::search::{self, SearchSpec};
use crate::train::{self, ModelKind, Samples, Specs, TrainError};

/// Folds at least and at most.
const FOLDS: (usize, usize) = (2, 20);
/// Share of a fold's work that is cleaning.
const CLEANING: f64 = 0.2;

/// What is gathered of one kind while the folds pass.
struct Gathered {
    kind: ModelKind,
    seconds: f64,
    folds: Vec<FoldScores>,
    /// By the place of the row before the folds' own cleaning.
    probabilities: Vec<Option<f64>>,
    notes: Vec<Note>,
    failed: Option<TrainError>,
}

/// Measures `kinds` by cross-validation in `folds` stratified folds (2 to 20), drawn from the seed of
/// the settings; rows that are equal but for their identifier share a fold. Of a fold's training part
/// the share that the settings keep for validation is held back to end training early. Rows are
/// prepared once a fold, for all kinds.
///
/// # Errors
/// As [`super::prepare`]; fewer customers of a class than folds; a forced device that is not there; the
/// person cancelled. A kind that cannot be fitted is told in [`Comparison::failed`] and costs no other; the
/// error is returned where none can.
pub fn compare(
    settings: &Settings,
    table: &Table,
    kinds: &[ModelKind],
    folds: usize,
    report: &Reporter,
) -> crate::Result<Comparison> {
    compare_by(settings, table, kinds, &CrossSpec::of(folds), report)
}

/// [`compare`] with rows divided in another way, or with a search of settings in every fold.
///
/// # Errors
/// As [`compare`]; a column that is not there; no dates, or of one day only; a search that cannot begin.
pub fn compare_by(
    settings: &Settings,
    table: &Table,
    kinds: &[ModelKind],
    spec: &CrossSpec,
    report: &Reporter,
) -> crate::Result<Comparison> {
    let folds = spec.folds.clamp(FOLDS.0, FOLDS.1);
    let local = clean_local(settings, table, &report.part(0.0, 0.1))?;
    let sides = cross::sides(settings, table, &local, (folds, &spec.cross))?;
    let folds = sides.len();
    let ratio = match spec.cross {
        Cross::Forward { .. } => cross::test_to_train(&sides),
        // That of the folds' definition: sizes differ by a row.
        Cross::Stratified | Cross::Grouped { .. } => 1.0 / (folds as f64 - 1.0).max(1.0),
    };
    let rows = local.cleaning.last().rows.clone();
    let Local { labels, .. } = &local;
    // In folds that go forward in time the oldest rows are never measured on.
    let is_tested: Vec<bool> =
        (0..rows.len()).map(|row| sides.iter().any(|of| of.get(row) == Some(&Side::Test))).collect();

    let specs = settings.specs();
    let mut gathered: Vec<Gathered> = Vec::new();
    for &kind in kinds {
        if gathered.iter().all(|g| g.kind != kind) {
            let probabilities = vec![None; rows.len()];
            gathered.push(Gathered {
                kind,
                seconds: 0.0,
                folds: Vec::new(),
                probabilities,
                notes: Vec::new(),
                failed: None,
            });
        }
    }
    for (fold, sides) in sides.into_iter().enumerate() {
        let part = report.part(0.1 + 0.9 * fold as f64 / folds as f64, 0.9 / folds as f64);
        let prepared = fit_on(settings, local.clone(), sides, &part.part(0.0, CLEANING))?;
        let samples = prepared.samples();
        let (test, test_labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Test);
        let test_rows = prepared.matrix.select(&test);
        let home = places(&rows, &prepared.cleaning.last().rows);
        let each = (1.0 - CLEANING) / gathered.len().max(1) as f64;
        for (at, one) in gathered.iter_mut().enumerate().filter(|(_, one)| one.failed.is_none()) {
            report.check()?;
            report.emit(Event::Fold { fold: fold + 1, folds, kind: one.kind });
            let part = part.part(CLEANING + each * at as f64, each);
            let tuned = tuned(settings, (&specs, one.kind), &samples, spec.nested.as_ref(), &part)?;
            let specs = tuned.as_ref().unwrap_or(&specs);
            let trained =
                match train::train_with(one.kind, specs, &samples, settings.device, settings.seed, &part) {
                    Ok(trained) => trained,
                    Err(Error::Train(
                        why @ (TrainError::Fit { .. } | TrainError::Diverged { .. } | TrainError::Net(_)),
                    )) => {
                        one.failed = Some(why);
                        continue;
                    }
                    Err(error) => return Err(error),
                };
            let p = trained.model.predict_reporting(&test_rows, trained.device.ran, &part)?;
            one.seconds += trained.seconds;
            one.notes.extend(trained.model.note().filter(|note| !one.notes.contains(note)));
            let scores = fold_scores(&p, &test_labels, settings.threshold);
            report.emit(Event::FoldDone {
                fold: fold + 1,
                kind: one.kind,
                seconds: trained.seconds,
                scores: scores.clone(),
            });
            one.folds.push(scores);
            for (place, p) in test.iter().zip(p) {
                let home = home.get(*place).and_then(|&home| one.probabilities.get_mut(home));
                if let Some(home) = home {
                    *home = Some(p);
                }
            }
        }
    }
    report.progress(1.0);
    let labelled = labels
        .of_row
        .iter()
        .zip(rows.iter())
        .zip(&is_tested)
        .filter(|(_, is_tested)| **is_tested)
        .filter_map(|((label, row), _)| Some((*row, (*label)?)));
    let (mut failed, good): (Vec<Gathered>, Vec<Gathered>) =
        gathered.into_iter().partition(|g| g.failed.is_some());
    if good.is_empty()
        && let Some(why) = failed.iter_mut().find_map(|g| g.failed.take())
    {
        return Err(why.into());
    }
    let measured = good
        .into_iter()
        .map(|g| Measured {
            kind: g.kind,
            seconds: g.seconds,
            folds: g.folds,
            // Labelled rows alone are tested, each in one fold at most.
            probabilities: g.probabilities.into_iter().flatten().collect(),
            notes: g.notes,
        })
        .collect();
    let failed = failed.into_iter().filter_map(|g| Some((g.kind, g.failed?.to_string()))).collect();
    let positive = labels.positive.clone();
    Ok(Comparison::with_ratio((folds, ratio), labelled.unzip(), positive, measured, failed))
}

/// The settings that a search of this fold's own rows found, where one is asked for and is of this kind.
fn tuned(
    settings: &Settings,
    (start, kind): (&Specs, ModelKind),
    samples: &Samples,
    nested: Option<&SearchSpec>,
    report: &Reporter,
) -> crate::Result<Option<Specs>> {
    let Some(spec) = nested.filter(|spec| spec.kind.model() == kind) else { return Ok(None) };
    let samples = std::slice::from_ref(samples);
    let trials = search::run(spec, start, samples, settings.device, settings.seed, report)?;
    let best = search::best(&trials).and_then(|at| trials.into_iter().nth(at));
    Ok(best.map(|trial| trial.specs))
}
