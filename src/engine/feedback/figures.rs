//! How well a reader tells comments that it never saw, where it is sure, and how true its probabilities are.

use serde::{Deserialize, Serialize};

use super::folds::FOLDS;
use super::sentiment::Mood;
use crate::evaluate::{Repair, RepairKind};
use crate::metrics::{self, Estimate};

/// Share of the comments called kind (unkind) that should be, where the app is sure.
pub const SURE: f64 = 0.9;

/// Figures of held-out comments: each was told by a model, a repair and thresholds that never saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Rated comments, and the kind ones of them.
    pub rated: usize,
    pub kind: usize,
    pub accuracy: Estimate,
    pub macro_f1: f64,
    pub roc_auc: Option<f64>,
    pub brier: f64,
    /// Mean distance of the probability from the share that was kind, in ten bins of equal width, weighted
    /// by their comments.
    pub calibration_error: f64,
    /// Accuracy of always telling the larger class.
    pub larger_class: f64,
    /// Share of the comments that the app is sure of, and its accuracy there.
    pub sure: f64,
    pub sure_accuracy: Option<Estimate>,
    /// Accuracy of each fold.
    pub folds: Vec<f64>,
}

/// Two thresholds so that [`SURE`] of what is told on either side is right, as near to a half as that
/// allows; 0.1 and 0.9 where no threshold does.
pub(super) fn thresholds(p: &[f64], labels: &[bool]) -> (f64, f64) {
    let side = |p: &[f64], kind: bool| -> f64 {
        let mut pairs: Vec<(f64, bool)> = p.iter().copied().zip(labels.iter().map(|y| *y == kind)).collect();
        pairs.retain(|(p, _)| *p >= 0.5);
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut right, mut best) = (0usize, None);
        for (at, (p, hit)) in pairs.iter().enumerate() {
            right += usize::from(*hit);
            let next = pairs.get(at + 1).map(|next| next.0);
            let ends = next.is_none_or(|next| next < *p);
            if ends && at >= 9 && right as f64 >= SURE * (at + 1) as f64 {
                // Half way to the next one that would be told wrong too often; down to a half where none is.
                best = Some(next.map_or(0.5, |next| (p + next) / 2.0));
            }
        }
        best.unwrap_or(0.9)
    };
    let turned: Vec<f64> = p.iter().map(|p| 1.0 - p).collect();
    (1.0 - side(&turned, false), side(p, true))
}

/// Mean distance of probabilities from shares, in ten bins of equal width, weighted by their rows
/// (Naeini, Cooper and Hauskrecht 2015).
pub fn calibration_error(p: &[f64], labels: &[bool]) -> f64 {
    let mut bins = [(0usize, 0.0f64, 0usize); 10];
    for (p, y) in p.iter().zip(labels) {
        if let Some((count, sum, kind)) = bins.get_mut(((p * 10.0) as usize).min(9)) {
            *count += 1;
            *sum += p;
            *kind += usize::from(*y);
        }
    }
    let apart =
        |(count, sum, kind): &(usize, f64, usize)| if *count > 0 { (sum - *kind as f64).abs() } else { 0.0 };
    bins.iter().map(apart).sum::<f64>() / p.len().max(1) as f64
}

pub(super) fn figures(held: &[f64], labels: &[bool], folds: &[usize]) -> Figures {
    let mut repaired = held.to_vec();
    let mut told = Vec::new();
    let mut accuracy = Vec::new();
    for fold in 0..FOLDS {
        let part = |inside: bool| -> (Vec<f64>, Vec<bool>) {
            let rows = held.iter().zip(labels).zip(folds).filter(|(_, f)| (**f == fold) == inside);
            rows.map(|((p, y), _)| (*p, *y)).unzip()
        };
        let ((others, of_others), (mine, of_mine)) = (part(false), part(true));
        let repair = Repair::fit(RepairKind::Platt, &others, &of_others);
        let apply = |p: &f64| repair.as_ref().map_or(*p, |repair| repair.apply(*p));
        let others: Vec<f64> = others.iter().map(apply).collect();
        let limits = thresholds(&others, &of_others);
        for (p, y) in mine.iter().map(apply).zip(&of_mine) {
            match Mood::of(Some(p), limits) {
                Mood::NotSure => {}
                mood => told.push((mood == Mood::Kind) == *y),
            }
        }
        let right = mine.iter().zip(&of_mine).filter(|(p, y)| (**p >= 0.5) == **y).count();
        if !mine.is_empty() {
            accuracy.push(right as f64 / mine.len() as f64);
        }
        for ((p, f), out) in held.iter().zip(folds).zip(&mut repaired) {
            if *f == fold {
                *out = apply(p);
            }
        }
    }
    let n = labels.len();
    let count = |p_kind: bool, y_kind: bool| {
        let hit = |(p, y): &(&f64, &bool)| (**p >= 0.5) == p_kind && **y == y_kind;
        held.iter().zip(labels).filter(hit).count()
    };
    let (tp, fp, fnn, tn) = (count(true, true), count(true, false), count(false, true), count(false, false));
    let f1 = |hit: usize| 2.0 * hit as f64 / (2 * hit + fp + fnn).max(1) as f64;
    let kind = tp + fnn;
    let right = told.iter().filter(|right| **right).count() as u64;
    Figures {
        rated: n,
        kind,
        accuracy: metrics::proportion((tp + tn) as u64, n as u64),
        macro_f1: (f1(tp) + f1(tn)) / 2.0,
        roc_auc: metrics::roc_auc(&repaired, labels),
        brier: metrics::brier_terms(&repaired, labels).iter().sum::<f64>() / n.max(1) as f64,
        calibration_error: calibration_error(&repaired, labels),
        larger_class: kind.max(n - kind) as f64 / n.max(1) as f64,
        sure: told.len() as f64 / n.max(1) as f64,
        sure_accuracy: (!told.is_empty()).then(|| metrics::proportion(right, told.len() as u64)),
        folds: accuracy,
    }
}
