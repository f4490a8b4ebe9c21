//! The worst slices: every level of every column, then, from the worst of those, every second level.

use rayon::prelude::*;

use super::{Grouping, Measure, Rows};
use crate::evaluate::slices::measure::Sums;
use crate::job::Reporter;
use crate::metrics::Estimate;

/// Share of wrong claims among all that are made, at most (Benjamini and Hochberg 1995).
pub const CLAIMED: f64 = 0.05;

/// A level of a column, both by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    pub grouping: usize,
    pub level: usize,
}

/// Rows that meet one or two conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    pub conditions: Vec<Condition>,
    pub rows: usize,
    pub positives: usize,
    pub estimate: Estimate,
    /// The same figure of all other rows.
    pub rest: f64,
    /// The chance of such a difference if there were none.
    pub p: f64,
    /// The same after the correction for all slices that could have been looked at.
    pub corrected: f64,
}

impl Slice {
    /// True if the slice is worse than the others for more than chance.
    pub fn is_claimed(&self) -> bool {
        self.corrected <= CLAIMED
    }
}

/// How slices are looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    pub measure: Measure,
    /// Probability from which a row is flagged.
    pub threshold: f64,
    /// Rows of the smallest slice; a third of that of each class that the measure needs.
    pub least: usize,
    /// Slices of one column that a second condition is tried on.
    pub beam: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { measure: Measure::Auc, threshold: 0.5, least: 30, beam: 10 }
    }
}

/// What was found for one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Of all measured rows.
    pub overall: Option<Estimate>,
    /// Every level that is large enough, in the order of the columns.
    pub singles: Vec<Slice>,
    /// The worst of one and two columns, the least likely by chance first.
    pub worst: Vec<Slice>,
    /// Slices that were measured, and all of one and two columns that the correction counts.
    pub looked_at: usize,
    pub family: usize,
    pub least: usize,
}

/// Slices that are told.
const TOLD: usize = 20;
/// Chance below which a second condition adds something to the first.
const ADDS: f64 = 0.05;

/// Finds the worst slices. `groupings` belong to `rows`. The correction counts all slices of one and two
/// columns, looked at or not: the beam chooses by the very figures that are then judged.
///
/// # Errors
/// The person cancelled.
pub fn search(rows: &Rows, groupings: &[Grouping], of: &Search, report: &Reporter) -> crate::Result<Found> {
    let level = |condition: Condition, at: usize| {
        groupings.get(condition.grouping).and_then(|grouping| grouping.of_row.get(at)).copied()
    };
    let meets = |conditions: &[Condition], at: usize| {
        conditions.iter().all(|one| level(*one, at) == u16::try_from(one.level).ok())
    };
    let sums = |conditions: &[Condition]| rows.sums(of.threshold, |at| meets(conditions, at));
    let rest = |conditions: &[Condition]| rows.sums(of.threshold, |at| !meets(conditions, at));
    let all = |grouping: usize| {
        let levels = groupings.get(grouping).map_or(0, |grouping| grouping.levels.len());
        (0..levels).map(move |level| Condition { grouping, level })
    };
    let judged = |conditions: Vec<Condition>| -> Option<(Vec<Condition>, Sums, Sums, f64)> {
        let own = sums(&conditions);
        if !own.is_enough(of.measure, of.least) {
            return None;
        }
        let other = rest(&conditions);
        let p = own.worse_than(&other, of.measure)?;
        Some((conditions, own, other, p))
    };
    let ones: Vec<Vec<Condition>> = (0..groupings.len()).flat_map(all).map(|one| vec![one]).collect();
    report.check()?;
    let singles: Vec<_> = ones.par_iter().filter_map(|one| judged(one.clone())).collect();
    report.progress(0.4);
    let mut beam: Vec<&(Vec<Condition>, Sums, Sums, f64)> = singles.iter().collect();
    beam.sort_by(|a, b| a.3.total_cmp(&b.3));
    let mut pairs: Vec<Vec<Condition>> = beam
        .into_iter()
        .take(of.beam)
        .filter_map(|(first, ..)| first.first().copied())
        .flat_map(|first| {
            let others = (0..groupings.len()).filter(move |other| *other != first.grouping);
            others.flat_map(all).map(move |second| vec![first.min(second), first.max(second)])
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    report.check()?;
    let looked_at = singles.len() + pairs.len();
    let mut doubles = Vec::new();
    for some in pairs.chunks(64) {
        report.check()?;
        doubles.par_extend(some.par_iter().filter_map(|pair| judged(pair.clone())).filter(
            |(pair, own, ..)| {
                // Two conditions must tell more than each of them.
                pair.iter().all(|one| {
                    let besides = |at: usize| meets(&[*one], at) && !meets(pair, at);
                    let others = rows.sums(of.threshold, besides);
                    own.worse_than(&others, of.measure).is_some_and(|p| p < ADDS)
                })
            },
        ));
    }
    report.progress(0.9);
    let counts: Vec<usize> = groupings.iter().map(|grouping| grouping.levels.len()).collect();
    let total: usize = counts.iter().sum();
    let squares: usize = counts.iter().map(|count| count * count).sum();
    let family = total + (total * total - squares) / 2;
    let slice = |(conditions, own, other, p): (Vec<Condition>, Sums, Sums, f64)| -> Option<Slice> {
        let estimate = rows.estimate(of.measure, of.threshold, |at| meets(&conditions, at))?;
        let rest = other.value(of.measure)?;
        let (rows, positives) = (own.rows, own.positives);
        Some(Slice { conditions, rows, positives, estimate, rest, p, corrected: 1.0 })
    };
    let mut ranked: Vec<_> = singles.iter().cloned().chain(doubles).collect();
    ranked.sort_by(|a, b| a.3.total_cmp(&b.3).then(a.0.cmp(&b.0)));
    let chances: Vec<f64> = ranked.iter().map(|one| one.3).collect();
    let corrected = corrected(&chances, family);
    let told = |(one, corrected): (_, &f64)| Some(Slice { corrected: *corrected, ..slice(one)? });
    let pairs: Vec<_> = ranked.into_iter().zip(&corrected).collect();
    let of_single = |one: &(Vec<Condition>, Sums, Sums, f64)| {
        pairs.iter().find(|((conditions, ..), _)| *conditions == one.0).map_or(1.0, |(_, q)| **q)
    };
    let singles: Vec<Slice> = singles
        .iter()
        .filter_map(|one| Some(Slice { corrected: of_single(one), ..slice(one.clone())? }))
        .collect();
    let worst: Vec<Slice> =
        pairs.into_iter().take_while(|((.., p), _)| *p < 0.5).take(TOLD).filter_map(told).collect();
    let overall = rows.estimate(of.measure, of.threshold, |_| true);
    report.progress(1.0);
    Ok(Found { overall, singles, worst, looked_at, family, least: of.least })
}

/// Benjamini and Hochberg's corrected chances of ascending ones, as if the rest of `family` had 1.
fn corrected(ascending: &[f64], family: usize) -> Vec<f64> {
    let mut out: Vec<f64> =
        ascending.iter().zip(1..).map(|(p, place)| p * family as f64 / f64::from(place)).collect();
    let mut least = 1.0f64;
    for value in out.iter_mut().rev() {
        least = least.min(*value);
        *value = least;
    }
    out
}

#[cfg(test)]
mod of_chance {
    use super::corrected;

    #[test]
    fn corrected_chances_by_hand() {
        // R: p.adjust(c(0.01, 0.02, 0.03, 0.5), "BH") is 0.04 0.04 0.04 0.5.
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close(&corrected(&[0.01, 0.02, 0.03, 0.5], 4), &[0.04, 0.04, 0.04, 0.5]));
        assert!(close(&corrected(&[0.01], 10), &[0.1]) && corrected(&[0.5], 9)[0] == 1.0);
    }
}
