//! The search for better settings on a project's rows. Trials see training and validation rows; the test
//! rows are opened once, for the winner, after the search.

use super::prepare::{Local, clean_local, fit_on};
use super::{Prepared, Settings};
use crate::evaluate::Evaluation;
use crate::job::Reporter;
use crate::split::{self, Side};
use crate::table::Table;
use crate::train::fit::{RateCurve, RateFinder};
use crate::train::search::{self, SearchKind, SearchSpec, Trial};
use crate::train::{self, DeviceChoice, Samples, TrainError};

/// Folds of a search at most.
const FOLDS: usize = 10;
/// Share of the work that is preparing, and that is the winner's last training.
const PREPARING: f64 = 0.05;
const LAST: f64 = 0.05;

/// What a search found.
#[derive(Debug, Clone)]
pub struct Searched {
    pub kind: SearchKind,
    pub trials: Vec<Trial>,
    /// The place of the trial that was chosen.
    pub best: usize,
    /// The present settings with those that were found.
    pub settings: Settings,
    /// The winner, trained anew as the Train page would, on the test rows.
    pub test: Evaluation,
    pub device: DeviceChoice,
    /// Rows that the trials were chosen by; 0 where it was folds of all rows that are no test rows.
    pub valid_rows: usize,
    /// The value of the target that is predicted.
    pub positive: String,
}

impl Searched {
    /// The trial that was chosen.
    pub fn winner(&self) -> Option<&Trial> {
        self.trials.get(self.best)
    }
}

/// Searches better settings for one kind of model and measures the winner once on the test rows.
///
/// # Errors
/// As [`super::prepare`] and [`search::run`].
pub fn search(
    settings: &Settings,
    table: &Table,
    spec: &SearchSpec,
    report: &Reporter,
) -> crate::Result<Searched> {
    let part = report.part(0.0, PREPARING);
    let local = clean_local(settings, table, &part)?;
    let by_chance = || split::assign(&settings.split, &local.labels.of_row, &local.twins, settings.seed);
    let sides = local.asked.clone().unwrap_or_else(by_chance);
    let prepared = fit_on(settings, local.clone(), sides.clone(), &part)?;
    let samples = match spec.folds {
        0 | 1 => vec![prepared.samples()],
        folds => in_folds(settings, &local, &sides, folds.min(FOLDS), &part)?,
    };
    drop(local);
    run(settings, &prepared, &samples, spec, report)
}

/// The rows that are no test rows in folds, each prepared anew on the others.
pub(super) fn in_folds(
    settings: &Settings,
    local: &Local,
    sides: &[Side],
    folds: usize,
    report: &Reporter,
) -> crate::Result<Vec<Samples>> {
    let is_ours = |side: &Side| matches!(side, Side::Train | Side::Valid);
    let labels: Vec<Option<bool>> =
        local.labels.of_row.iter().zip(sides).map(|(label, side)| label.filter(|_| is_ours(side))).collect();
    let positive = labels.iter().filter(|label| **label == Some(true)).count();
    let found = positive.min(labels.iter().flatten().count() - positive);
    if found < folds {
        return Err(TrainError::TooFew { found, needed: folds }.into());
    }
    let of_row = split::folds(&labels, &local.twins, folds, settings.seed);
    (0..folds)
        .map(|fold| {
            report.check()?;
            let side = |(side, of): (&Side, &Option<usize>)| match (is_ours(side), of) {
                (false, _) => *side,
                (true, of) if *of == Some(fold) => Side::Valid,
                (true, _) => Side::Train,
            };
            let sides = sides.iter().zip(&of_row).map(side).collect();
            Ok(fit_on(settings, local.clone(), sides, report)?.samples())
        })
        .collect()
}

/// The trials on `samples`, then the winner on the test rows of `prepared`.
pub(super) fn run(
    settings: &Settings,
    prepared: &Prepared,
    samples: &[Samples],
    spec: &SearchSpec,
    report: &Reporter,
) -> crate::Result<Searched> {
    let start = settings.specs();
    let trials = report.part(PREPARING, 1.0 - PREPARING - LAST);
    let trials = search::run(spec, &start, samples, settings.device, settings.seed, &trials)?;
    let best = search::best(&trials).unwrap_or(0);
    let specs = trials.get(best).map_or(start, |trial| trial.specs.clone());
    let settings = Settings { mlp: specs.mlp, boosted: specs.boosted, ..settings.clone() };
    // The person ended the trials, not this.
    let last = report.part(1.0 - LAST, LAST).to_the_end();
    let own = prepared.samples();
    let (kind, specs) = (spec.kind.model(), settings.specs());
    let trained = train::train_with(kind, &specs, &own, settings.device, settings.seed, &last)?;
    // All rows at once, as the Train page does: sums in 32 bits depend a hair on what goes together.
    let probabilities = trained.model.predict(&prepared.matrix, trained.device.ran)?;
    report.progress(1.0);
    Ok(Searched {
        kind: spec.kind,
        trials,
        best,
        settings,
        test: prepared.evaluation(&probabilities, Side::Test),
        device: trained.device,
        valid_rows: if samples.len() > 1 { 0 } else { own.valid_labels.len() },
        positive: prepared.labels.positive.clone(),
    })
}

/// Tries rising learning rates on the network of the settings: see [`RateFinder`]. Only training rows are
/// looked at.
///
/// # Errors
/// As [`train::find_rate`].
pub fn find_rate(settings: &Settings, prepared: &Prepared, report: &Reporter) -> crate::Result<RateCurve> {
    let samples = prepared.samples();
    let finder = RateFinder::default();
    train::find_rate(&finder, &settings.mlp, &samples, settings.device, settings.seed, report)
}
