//! The learning curve of a project: the same kind of model, learnt from ever more of the training rows and
//! measured on the same test rows.

use rand::SeedableRng;
use rand::seq::SliceRandom;

use super::prepare::{clean_local, fit_on};
use super::{Settings, pick};
use crate::evaluate::{LearningCurve, LearningPoint};
use crate::job::Reporter;
use crate::metrics::{Estimate, roc_auc_estimate};
use crate::split::{self, Side};
use crate::table::Table;
use crate::train::{self, LEAST_PER_CLASS, ModelKind, TrainError};

/// Shares of the training rows, and how often each is drawn.
const STEPS: [(f64, usize); 6] = [(0.1, 3), (0.2, 3), (0.35, 3), (0.5, 3), (0.7, 3), (1.0, 1)];

/// Learns from 10% to 100% of the training rows and measures on the test rows. Cleaning and features are
/// fitted anew on each draw; rows that are not drawn are not looked at. Steps with fewer than five rows of a
/// class are left out. Validation rows, which end a training early, are the same throughout.
///
/// # Errors
/// As [`super::prepare`] and [`train::train_with`], or the person cancelled.
pub fn learning_curve(
    settings: &Settings,
    table: &Table,
    kind: ModelKind,
    report: &Reporter,
) -> crate::Result<LearningCurve> {
    let local = clean_local(settings, table, &report.part(0.0, 0.05))?;
    let by_chance = || split::assign(&settings.split, &local.labels.of_row, &local.twins, settings.seed);
    let sides = local.asked.clone().unwrap_or_else(by_chance);
    let specs = settings.specs();
    let [positive, negative] = [true, false].map(|class| of_class(&local.labels.of_row, &sides, class));
    let rows = positive.len() + negative.len();
    // Work goes with the rows that are learnt from, and a part of it with none.
    let cost = |share: f64| 0.2 + share;
    let all: f64 = STEPS.iter().map(|(share, draws)| cost(*share) * *draws as f64).sum();
    let (mut done, mut points) = (0.0, Vec::new());
    for (share, draws) in STEPS {
        let taken = [&positive, &negative].map(|class| (share * class.len() as f64).round() as usize);
        let is_enough = taken.iter().all(|count| *count >= LEAST_PER_CLASS);
        let mut measured: Vec<Estimate> = Vec::new();
        for draw in 0..draws {
            report.check()?;
            let part = report.part(0.05 + 0.95 * done / all, 0.95 * cost(share) / all);
            done += cost(share);
            if !is_enough {
                continue;
            }
            let sides = drawn(&sides, [&positive, &negative], taken, (settings.seed, draw));
            let prepared = fit_on(settings, local.clone(), sides, &part.part(0.0, 0.2))?;
            let samples = prepared.samples();
            let part = part.part(0.2, 0.8);
            let trained = train::train_with(kind, &specs, &samples, settings.device, settings.seed, &part);
            let trained = match trained {
                Ok(trained) => trained,
                // A draw whose cleaning left too few, or whose loss burst, costs no other.
                Err(crate::Error::Train(TrainError::TooFew { .. } | TrainError::Diverged { .. })) => continue,
                Err(error) => return Err(error),
            };
            let (test, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Test);
            let rows = prepared.matrix.select(&test);
            let scores = trained.model.predict_reporting(&rows, trained.device.ran, report)?;
            measured.extend(roc_auc_estimate(&scores, &labels));
        }
        points.extend(LearningPoint::new(share, (share * rows as f64).round() as usize, &measured));
    }
    report.progress(1.0);
    if points.is_empty() {
        let found = positive.len().min(negative.len());
        return Err(TrainError::TooFew { found, needed: LEAST_PER_CLASS }.into());
    }
    Ok(LearningCurve::new(points))
}

/// Places of the training rows of a class.
fn of_class(labels: &[Option<bool>], sides: &[Side], class: bool) -> Vec<usize> {
    let rows = labels.iter().zip(sides).enumerate();
    rows.filter(|(_, (label, side))| **label == Some(class) && **side == Side::Train)
        .map(|(at, _)| at)
        .collect()
}

/// The sides with only so many training rows of each class; the others are as without a label.
fn drawn(
    sides: &[Side],
    classes: [&Vec<usize>; 2],
    taken: [usize; 2],
    (seed, draw): (u64, usize),
) -> Vec<Side> {
    let mut out = sides.to_vec();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed ^ 0x1EA2_0000);
    // A stream for each draw: the rows of a small share are among those of a larger one.
    rng.set_stream(draw as u64);
    for (rows, taken) in classes.into_iter().zip(taken) {
        let mut order = rows.clone();
        order.shuffle(&mut rng);
        for row in order.into_iter().skip(taken) {
            if let Some(side) = out.get_mut(row) {
                *side = Side::Unlabelled;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_draws_are_part_of_large_ones() {
        let sides: Vec<Side> =
            (0..100).map(|at| if at % 5 == 0 { Side::Test } else { Side::Train }).collect();
        let labels: Vec<Option<bool>> = (0..100).map(|at| Some(at % 3 == 0)).collect();
        let classes = [true, false].map(|class| of_class(&labels, &sides, class));
        let kept = |taken: [usize; 2], draw| drawn(&sides, [&classes[0], &classes[1]], taken, (1, draw));
        let (small, large) = (kept([5, 9], 0), kept([11, 30], 0));
        let count = |sides: &[Side], side| sides.iter().filter(|one| **one == side).count();
        assert_eq!((count(&small, Side::Train), count(&large, Side::Train)), (14, 41));
        assert_eq!(count(&small, Side::Test), 20, "held-out rows stay");
        assert!((0..100).all(|at| small[at] != Side::Train || large[at] == Side::Train));
        assert_ne!(small, kept([5, 9], 1), "another draw, other rows");
        assert_eq!(small, kept([5, 9], 0));
    }
}
