//! The search for better settings: trials drawn by a sampler, ended early where they fall behind, measured
//! on validation rows and on nothing else. What is handed in are training and validation rows: a search
//! has no test rows to look at.

mod halving;
mod sampler;
mod space;
mod spec;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DeviceKind, Samples, Specs, TrainError, boosted, train_with};
use crate::job::{Event, Reporter};
use halving::Halving;
use sampler::Seen;

pub use space::{Dimension, Range, Setting};
pub use spec::{Sampler, SearchError, SearchKind, SearchSpec};

/// Epochs of the first rung of a network, and trees of boosted trees.
const FIRST_EPOCHS: usize = 3;
const FIRST_TREES: usize = 20;
/// Draws of a point that was not tried yet, before the space counts as exhausted.
const DRAWS: usize = 50;

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ended {
    /// Trained as long as its settings say.
    Done,
    /// Fell behind at a rung (counted from 1), after so many epochs, trees or folds.
    Halted { rung: usize, at: usize },
    /// The time or the person's patience was over.
    Cut,
    /// Could not be trained.
    Failed { cause: String },
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// Counted from 1, which has the present settings.
    pub number: usize,
    pub specs: Specs,
    /// What is other than in the present settings.
    pub changes: Vec<(Setting, Value)>,
    /// Area under the ROC curve on validation rows, at the epoch with the lowest validation loss; the mean
    /// where there are folds.
    pub valid_auc: Option<f64>,
    /// Each fold's, in their order.
    pub folds: Vec<f64>,
    /// Epochs or trees, all folds together.
    pub epochs: usize,
    /// Seconds of training.
    pub seconds: f64,
    pub ended: Ended,
}

impl Trial {
    /// True if it may be chosen: it was trained to its end and measured.
    pub fn counts(&self) -> bool {
        self.ended == Ended::Done && self.valid_auc.is_some()
    }
}

/// The place of the trial to choose: the largest area of those that were trained to their end, the first
/// of equals; where none was, of all that were measured.
pub fn best(trials: &[Trial]) -> Option<usize> {
    let among = |fits: &dyn Fn(&Trial) -> bool| {
        let measured = trials.iter().enumerate().filter(|(_, trial)| fits(trial));
        measured.filter_map(|(at, trial)| Some((at, trial.valid_auc?))).fold(
            None::<(usize, f64)>,
            |best, one| match best {
                Some(best) if best.1 >= one.1 => Some(best),
                _ => Some(one),
            },
        )
    };
    among(&Trial::counts).or_else(|| among(&|_| true)).map(|(at, _)| at)
}

/// The trials in the order of their area, those first that were trained to their end.
pub fn ranked(trials: &[Trial]) -> Vec<&Trial> {
    let mut order: Vec<&Trial> = trials.iter().collect();
    let area = |trial: &Trial| trial.valid_auc.unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|a, b| b.counts().cmp(&a.counts()).then(area(b).total_cmp(&area(a))));
    order
}

/// After each trial that counts, its number and the largest area so far.
pub fn best_so_far(trials: &[Trial]) -> Vec<(usize, f64)> {
    let mut most = f64::NEG_INFINITY;
    let counted = trials.iter().filter(|trial| trial.counts());
    counted
        .filter_map(|trial| {
            most = most.max(trial.valid_auc?);
            Some((trial.number, most))
        })
        .collect()
}

/// Runs the trials: the first with the settings `start`, the others with those of the space. `samples` are
/// the training and validation rows, once or fold by fold. Each trial is trained from the same seed. The
/// same seed and number of trials give the same trials, unless time or the person ends them.
///
/// A wish to end early ends the trial that runs; what was measured is kept.
///
/// # Errors
/// Nothing to search, or nothing to choose by; no trial can be trained; the device is not there; the
/// person cancelled.
pub fn run(
    spec: &SearchSpec,
    start: &Specs,
    samples: &[Samples],
    device: DeviceKind,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Vec<Trial>> {
    let free = spec.free().map_err(TrainError::from)?;
    for one in samples {
        let rows = one.valid_labels.len();
        let positive = one.valid_labels.iter().filter(|label| **label).count();
        if positive == 0 || positive == rows {
            return Err(TrainError::from(SearchError::NoValidation { rows }).into());
        }
    }
    report.emit(Event::Phase("search"));
    let axes: Vec<_> = free.iter().map(|dimension| dimension.range.axis()).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (least, most) = match (samples.len(), spec.kind) {
        (2.., _) => (1, samples.len()),
        (_, SearchKind::Mlp) => (FIRST_EPOCHS, start.mlp.epochs),
        (_, SearchKind::Boosted) => (FIRST_TREES, boosted::ROUNDS),
    };
    let halving = Arc::new(Mutex::new(Halving::new(spec.halving, least, most)));
    let planned = spec.trials.max(1);
    let limit = if spec.seconds > 0.0 { spec.seconds } else { f64::INFINITY };
    let mut run = Run { kind: spec.kind, samples, device, seed, halving, left: limit };
    let mut trials: Vec<Trial> = Vec::new();
    let mut seen: Vec<Seen> = Vec::new();
    while trials.len() < planned {
        report.rest()?;
        if !trials.is_empty() && (run.left <= 0.0 || report.wants_finish()) {
            break;
        }
        let (point, specs) = if trials.is_empty() {
            (space::place(start, &free), start.clone())
        } else {
            let mut fresh = (0..DRAWS).filter_map(|_| {
                let point = sampler::next(spec.sampler, &axes, &seen, &mut rng);
                let specs = space::at(start, &free, &point);
                trials.iter().all(|trial| trial.specs != specs).then_some((point, specs))
            });
            match fresh.next() {
                Some(fresh) => fresh,
                // Everything has been tried.
                None => break,
            }
        };
        let part = report.part(trials.len() as f64 / planned as f64, 1.0 / planned as f64);
        let trial = run.trial(trials.len() + 1, start, specs, &part)?;
        let passed = run.halving.lock().unwrap_or_else(PoisonError::into_inner).passed();
        let value = trial.valid_auc.unwrap_or(f64::NEG_INFINITY);
        let rank = match trial.ended {
            Ended::Done => (usize::MAX, value),
            Ended::Halted { .. } | Ended::Cut => (passed, value),
            Ended::Failed { .. } => (0, f64::NEG_INFINITY),
        };
        seen.push(Seen { point, rank });
        run.left -= trial.seconds;
        report.emit(Event::Trial(Box::new(trial.clone())));
        trials.push(trial);
    }
    report.progress(1.0);
    if best(&trials).is_none() {
        let cause = trials.first().map(|trial| match &trial.ended {
            Ended::Failed { cause } => cause.clone(),
            _ => "it was ended before its first epoch".to_owned(),
        });
        return Err(TrainError::from(SearchError::AllFailed { cause: cause.unwrap_or_default() }).into());
    }
    Ok(trials)
}

/// What all trials share.
struct Run<'a> {
    kind: SearchKind,
    samples: &'a [Samples],
    /// The one that the first trial chose, from then on.
    device: DeviceKind,
    seed: u64,
    halving: Arc<Mutex<Halving>>,
    /// Seconds.
    left: f64,
}

impl Run<'_> {
    fn trial(
        &mut self,
        number: usize,
        start: &Specs,
        specs: Specs,
        report: &Reporter,
    ) -> crate::Result<Trial> {
        self.halving.lock().unwrap_or_else(PoisonError::into_inner).begin();
        let mut trial = Trial {
            number,
            changes: space::changes(self.kind, start, &specs),
            specs,
            valid_auc: None,
            folds: Vec::new(),
            epochs: 0,
            seconds: 0.0,
            ended: Ended::Done,
        };
        let late = Arc::new(AtomicBool::new(false));
        let folds = self.samples.len();
        for (fold, samples) in self.samples.iter().enumerate() {
            let part = report.part(fold as f64 / folds as f64, 1.0 / folds as f64);
            let left = self.left - trial.seconds;
            let part = part.until(self.brake(left, folds == 1, late.clone(), report.clone()));
            let kind = self.kind.model();
            let trained = match train_with(kind, &trial.specs, samples, self.device, self.seed, &part) {
                Ok(trained) => trained,
                Err(crate::Error::Train(why @ (TrainError::Fit { .. } | TrainError::Diverged { .. }))) => {
                    trial.ended = Ended::Failed { cause: why.to_string() };
                    trial.valid_auc = None;
                    return Ok(trial);
                }
                Err(error) => return Err(error),
            };
            if self.device == DeviceKind::Auto {
                self.device = trained.device.ran;
            }
            trial.epochs += trained.epochs_run;
            trial.seconds += trained.seconds;
            let kept = trained.best_epoch.checked_sub(1).and_then(|at| trained.history.get(at));
            trial.folds.extend(kept.and_then(|epoch| epoch.valid_auc));
            let measured = trial.folds.len();
            if measured > 0 {
                trial.valid_auc = Some(trial.folds.iter().sum::<f64>() / measured as f64);
            }
            // The network's loop hears of the wish in mid-epoch, where nobody brakes.
            let stopped = self.kind == SearchKind::Mlp && report.wants_finish();
            let mut halving = self.halving.lock().unwrap_or_else(PoisonError::into_inner);
            let over = late.load(Ordering::Relaxed) || stopped || measured <= fold;
            if folds > 1 && !over {
                halving.goes_on(fold + 1, trial.valid_auc.unwrap_or(f64::NAN));
            }
            match halving.halted() {
                _ if over => trial.ended = Ended::Cut,
                Some((rung, at)) => trial.ended = Ended::Halted { rung, at },
                None if self.left <= trial.seconds && fold + 1 < folds => trial.ended = Ended::Cut,
                None => continue,
            }
            break;
        }
        Ok(trial)
    }

    /// Ends a training whose time is over, or the person's patience, or, where epochs are the rungs, that
    /// falls behind.
    fn brake(
        &self,
        left: f64,
        by_epoch: bool,
        late: Arc<AtomicBool>,
        report: Reporter,
    ) -> impl Fn(&super::Epoch) -> bool + Send + Sync + 'static {
        let halving = self.halving.clone();
        // The lowest loss so far, and the area at that epoch: what a training that ended now would give.
        let kept = Mutex::new((f64::INFINITY, f64::NAN));
        move |epoch| {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if epoch.valid_loss < kept.0 {
                *kept = (epoch.valid_loss, epoch.valid_auc.unwrap_or(f64::NAN));
            }
            if epoch.seconds > left || report.wants_finish() {
                late.store(true, Ordering::Relaxed);
                return false;
            }
            !by_epoch || halving.lock().unwrap_or_else(PoisonError::into_inner).goes_on(epoch.epoch, kept.1)
        }
    }
}
