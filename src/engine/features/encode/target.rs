//! Target encoding: a category becomes how much more often the target is positive among its training
//! rows (Micci-Barreca 2001), with the m-estimate of the rate (Cestnik 1990).
//!
//! A training row must not meet its own label in its feature: in a column of many levels that alone would
//! give the target away, and the model would trust a column that tells nothing. So the training rows are
//! parted into folds, and each gets the rates of the other folds' rows; rows of one group (copies, the
//! days of one customer) share a fold. New rows get the rates of all training rows.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Encoder, Fit, TrainRows};
use crate::features::spec::SMOOTHING;
use crate::split;

/// Folds of the training rows.
pub const FOLDS: usize = 5;

/// The fitted rates of a column's levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetRates {
    pub column: String,
    /// Rows of the overall rate that were added to each level.
    pub smoothing: f64,
    /// The overall rate of positive training rows, above 0 and below 1.
    pub prior: f64,
    /// Each level, alphabetical, with its log-odds above the overall ones. A level that was never seen
    /// is 0.
    pub levels: Vec<(String, f32)>,
}

impl TargetRates {
    /// The feature of a level.
    pub fn of(&self, level: &str) -> f32 {
        let at = self.levels.binary_search_by(|(name, _)| name.as_str().cmp(level)).ok();
        at.and_then(|at| self.levels.get(at)).map_or(0.0, |(_, value)| *value)
    }

    /// The smoothed rate of a level, 0 to 1.
    pub fn rate(&self, level: &str) -> f64 {
        let odds = (f64::from(self.of(level))).exp() * self.prior / (1.0 - self.prior);
        odds / (1.0 + odds)
    }
}

/// Positive rows, and all rows.
type Count = (f64, f64);

/// With s positive rows of n, overall rate p and smoothing m:
/// ln((s + m p) / (n − s + m (1 − p))) − ln(p / (1 − p)); 0 where p is 0 or 1.
fn log_odds((s, n): Count, p: f64, m: f64) -> f32 {
    if p <= 0.0 || p >= 1.0 {
        return 0.0;
    }
    (((s + m * p) / (n - s + m * (1.0 - p))).ln() - (p / (1.0 - p)).ln()) as f32
}

/// `None` where the classes are not known, or all rows are of one.
pub(super) fn fit(smoothing: f64, column: &str, rows: &TrainRows<'_>) -> Option<Fit> {
    let text = rows.frame.text(column)?;
    let labels = rows.labels.filter(|labels| labels.len() == text.len())?;
    let m = smoothing.clamp(*SMOOTHING.start(), *SMOOTHING.end());
    let mut names: Vec<&str> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let level_of: Vec<Option<usize>> = text
        .iter()
        .map(|level| {
            level.map(|level| {
                *places.entry(level).or_insert_with(|| {
                    names.push(level);
                    names.len() - 1
                })
            })
        })
        .collect();

    let alone: Vec<u64>;
    let groups = match rows.groups.filter(|groups| groups.len() == labels.len()) {
        Some(groups) => groups,
        None => {
            alone = (0..labels.len() as u64).collect();
            &alone
        }
    };
    let known: Vec<Option<bool>> = labels.iter().map(|label| Some(*label)).collect();
    let folds = split::folds(&known, groups, FOLDS, rows.seed);

    let (mut all, mut of_level) = ((0.0, 0.0), vec![(0.0, 0.0); names.len()]);
    let (mut of_fold, mut of_both) = ([(0.0, 0.0); FOLDS], vec![[(0.0, 0.0); FOLDS]; names.len()]);
    let add = |count: &mut Count, label: bool| {
        count.0 += f64::from(u8::from(label));
        count.1 += 1.0;
    };
    for ((level, label), fold) in level_of.iter().zip(labels).zip(&folds) {
        let Some(fold) = *fold else { continue };
        add(&mut all, *label);
        of_fold.get_mut(fold).into_iter().for_each(|count| add(count, *label));
        let Some(level) = *level else { continue };
        of_level.get_mut(level).into_iter().for_each(|count| add(count, *label));
        let both = of_both.get_mut(level).and_then(|counts| counts.get_mut(fold));
        both.into_iter().for_each(|count| add(count, *label));
    }
    let prior = all.0 / all.1;
    if !(prior > 0.0 && prior < 1.0) {
        return None;
    }
    let minus = |a: Count, b: Count| (a.0 - b.0, a.1 - b.1);
    let own = level_of.iter().zip(&folds).map(|(level, fold)| {
        let value = || {
            let (level, fold) = ((*level)?, (*fold)?);
            let others = minus(all, *of_fold.get(fold)?);
            let here = minus(*of_level.get(level)?, *of_both.get(level)?.get(fold)?);
            Some(log_odds(here, others.0 / others.1.max(1.0), m))
        };
        value().unwrap_or(0.0)
    });
    let own = own.collect();
    let mut levels: Vec<(String, f32)> = names
        .iter()
        .zip(&of_level)
        .map(|(level, count)| ((*level).to_owned(), log_odds(*count, prior, m)))
        .collect();
    levels.sort_by(|a, b| a.0.cmp(&b.0));
    let rates = TargetRates { column: column.to_owned(), smoothing: m, prior, levels };
    Some(Fit { encoder: Encoder::Target(Box::new(rates)), own: Some(own) })
}
