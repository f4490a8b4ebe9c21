//! What the model does to the groups of one column.

use super::{Grouping, Rows};
use crate::metrics::{Estimate, proportion, proportion_at, simultaneous_z};
use crate::train::LEAST_PER_CLASS;

/// Rows of the smallest group that anything is said of.
pub const LEAST_ROWS: u64 = 30;
/// Rows of a class from which a share of them is said.
const LEAST_OF_CLASS: u64 = LEAST_PER_CLASS as u64;

/// How one group fares. A share is absent where it would be one of too few rows.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRates {
    /// The group, by its number in the column's levels.
    pub level: usize,
    pub rows: u64,
    pub positives: u64,
    /// Share of the group that is flagged.
    pub selection: Option<Estimate>,
    /// Of those who left, the share that was flagged; the true-positive rate.
    pub found: Option<Estimate>,
    /// Of those who stayed, the share that was flagged; the false-positive rate.
    pub wrongly: Option<Estimate>,
}

impl GroupRates {
    /// False if the group has fewer than [`LEAST_ROWS`] rows: nothing is said of it but how many they are.
    pub fn is_told(&self) -> bool {
        self.rows >= LEAST_ROWS
    }
}

/// A share that groups are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Selection,
    Found,
    Wrongly,
}

impl Share {
    pub const ALL: [Share; 3] = [Share::Found, Share::Wrongly, Share::Selection];

    /// The share of a group.
    pub fn of(self, group: &GroupRates) -> Option<Estimate> {
        match self {
            Self::Selection => group.selection,
            Self::Found => group.found,
            Self::Wrongly => group.wrongly,
        }
    }
}

/// The largest difference of a share between two groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    pub share: Share,
    /// The levels with the higher and the lower share, and the shares.
    pub high: usize,
    pub low: usize,
    pub shares: [f64; 2],
    /// The difference (Newcombe 1998, method 10) with an interval that holds for all [`Fairness::asked`]
    /// differences together: the pair was chosen because it is the widest.
    pub value: Estimate,
}

impl Gap {
    /// True if the difference is more than chance, the choice of the pair counted.
    pub fn is_sure(&self) -> bool {
        self.value.low > 0.0
    }
}

/// The groups of a column and their largest differences.
#[derive(Debug, Clone, PartialEq)]
pub struct Fairness {
    pub groups: Vec<GroupRates>,
    /// One for each share in which groups differ, the widest first.
    pub gaps: Vec<Gap>,
    /// Pairs of groups over all three shares, any of which could have been the widest.
    pub asked: usize,
}

impl Fairness {
    /// The gap of a share.
    pub fn gap(&self, share: Share) -> Option<&Gap> {
        self.gaps.iter().find(|gap| gap.share == share)
    }
}

/// Hits and rows that a share is of.
type Counts = (u64, u64);

/// Measures the groups of a column at a threshold.
pub fn fairness(rows: &Rows, grouping: &Grouping, threshold: f64) -> Fairness {
    // Per level: rows, positives, flagged, hits.
    let mut counts = vec![[0u64; 4]; grouping.levels.len()];
    for ((p, label), level) in rows.probabilities.iter().zip(&rows.labels).zip(&grouping.of_row) {
        if let Some([all, positive, flagged, hits]) = counts.get_mut(usize::from(*level)) {
            let is_flagged = *p >= threshold;
            *all += 1;
            *positive += u64::from(*label);
            *flagged += u64::from(is_flagged);
            *hits += u64::from(is_flagged && *label);
        }
    }
    let of = |[rows, positives, flagged, hits]: &[u64; 4], share: Share| -> Option<Counts> {
        let (hits, all) = match share {
            Share::Selection => (*flagged, *rows),
            Share::Found => (*hits, *positives),
            Share::Wrongly => (flagged - hits, rows - positives),
        };
        (*rows >= LEAST_ROWS && all >= LEAST_OF_CLASS).then_some((hits, all))
    };
    let there = || counts.iter().enumerate().filter(|(_, [rows, ..])| *rows > 0);
    let groups = there().map(|(level, all)| {
        let share = |share| of(all, share).map(|(hits, all)| proportion(hits, all));
        GroupRates {
            level,
            rows: all[0],
            positives: all[1],
            selection: share(Share::Selection),
            found: share(Share::Found),
            wrongly: share(Share::Wrongly),
        }
    });
    let told = |share: Share| -> Vec<(usize, Counts)> {
        there().filter_map(|(level, all)| Some((level, of(all, share)?))).collect()
    };
    let pairs = |n: usize| n * n.saturating_sub(1) / 2;
    let asked = Share::ALL.into_iter().map(|share| pairs(told(share).len())).sum();
    let mut gaps: Vec<Gap> =
        Share::ALL.into_iter().filter_map(|share| widest(share, &told(share), asked)).collect();
    gaps.sort_by(|a, b| b.value.value.total_cmp(&a.value.value));
    Fairness { groups: groups.collect(), gaps, asked }
}

/// The widest difference among groups; `None` where there is none.
fn widest(share: Share, told: &[(usize, Counts)], asked: usize) -> Option<Gap> {
    let rate = |(hits, all): Counts| hits as f64 / all.max(1) as f64;
    let by = |a: &&(usize, Counts), b: &&(usize, Counts)| rate(a.1).total_cmp(&rate(b.1));
    let (high, low) = (told.iter().max_by(by)?, told.iter().min_by(by)?);
    let z = simultaneous_z(asked);
    let at = |(hits, all): Counts| proportion_at(hits, all, z);
    (rate(high.1) > rate(low.1)).then(|| Gap {
        share,
        high: high.0,
        low: low.0,
        shares: [rate(high.1), rate(low.1)],
        value: difference(at(high.1), at(low.1)),
    })
}

/// The difference of two shares, from their Wilson intervals.
fn difference(a: Estimate, b: Estimate) -> Estimate {
    let value = a.value - b.value;
    let low = value - (a.value - a.low).hypot(b.high - b.value);
    let high = value + (a.high - a.value).hypot(b.value - b.low);
    Estimate { value, low: low.max(-1.0), high: high.min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::slices::by_level;

    #[test]
    fn groups_and_gaps_by_hand() {
        // 56 of 70 against 48 of 80: Newcombe 1998 gives 0.0524 to 0.3339 for the difference.
        let gap = difference(proportion(56, 70), proportion(48, 80));
        assert!((gap.value - 0.2).abs() < 1e-12, "{gap:?}");
        assert!((gap.low - 0.0524).abs() < 1e-4 && (gap.high - 0.3339).abs() < 1e-4, "{gap:?}");

        let mut all: Vec<(f64, bool, &str)> = Vec::new();
        let mut add = |n: usize, p: f64, label: bool, group| all.extend(vec![(p, label, group); n]);
        add(30, 0.9, true, "a");
        add(10, 0.1, true, "a");
        add(60, 0.1, false, "a");
        add(10, 0.9, true, "b");
        add(30, 0.1, true, "b");
        add(20, 0.9, false, "b");
        add(40, 0.1, false, "b");
        add(3, 0.9, false, "tiny");
        let p: Vec<f64> = all.iter().map(|row| row.0).collect();
        let y: Vec<bool> = all.iter().map(|row| row.1).collect();
        let (rows, order) = Rows::sorted(&p, &y);
        let grouping = by_level("group", all.iter().map(|row| Some(row.2))).select(&order);
        let found = fairness(&rows, &grouping, 0.5);
        assert_eq!(found.groups.len(), 3);
        let a = &found.groups[0];
        assert_eq!((a.rows, a.positives), (100, 40));
        let shares = Share::ALL.map(|share| share.of(a).unwrap().value);
        assert_eq!(shares, [0.75, 0.0, 0.3]);
        // "tiny" is flagged whole, and too small to be told: how many they are is said.
        assert_eq!((found.groups[2].rows, found.groups[2].is_told()), (3, false));
        assert!(Share::ALL.iter().all(|share| share.of(&found.groups[2]).is_none()));
        assert_eq!(found.gap(Share::Selection), None, "30 of 100 in both");
        // Two groups, three shares.
        assert_eq!(found.asked, 3);
        let gap = found.gap(Share::Found).unwrap();
        assert_eq!((gap.high, gap.low, gap.shares), (0, 1, [0.75, 0.25]));
        assert!((gap.value.value - 0.5).abs() < 1e-12 && gap.is_sure(), "{gap:?}");
        // The widest is said first, and its interval counts that it was chosen.
        assert_eq!(found.gaps.first(), Some(gap));
        let alone = difference(proportion(30, 40), proportion(10, 40));
        assert!(gap.value.low < alone.low && gap.value.high > alone.high);
        let gap = found.gap(Share::Wrongly).unwrap();
        assert_eq!((gap.high, gap.low), (1, 0));
    }

    /// Ten groups that are all alike: the widest of many differences is wide by chance, and is seldom called
    /// sure.
    #[test]
    fn the_widest_of_many_is_seldom_sure_by_chance() {
        use rand::{Rng, SeedableRng};
        let (mut sure, mut alone, runs) = (0, 0, 400);
        for seed in 0..runs {
            let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
            let p: Vec<f64> = (0..600).map(|_| rng.gen_range(0.0..1.0)).collect();
            let y: Vec<bool> = (0..600).map(|_| rng.gen_range(0.0..1.0) < 0.4).collect();
            let names: Vec<String> = (0..600).map(|at| (at % 10).to_string()).collect();
            let (rows, order) = Rows::sorted(&p, &y);
            let grouping = by_level("group", names.iter().map(|name| Some(name.as_str()))).select(&order);
            let found = fairness(&rows, &grouping, 0.5);
            sure += u32::from(found.gaps.iter().any(Gap::is_sure));
            // Without the correction: the two groups alone.
            let share = |level: usize| {
                let group = found.groups.iter().find(|group| group.level == level)?;
                group.found
            };
            let gap = found.gap(Share::Found).unwrap();
            let plain = difference(share(gap.high).unwrap(), share(gap.low).unwrap());
            alone += u32::from(plain.low > 0.0);
        }
        // At most 5% of 400, three standard errors above.
        assert!(sure <= 33, "{sure}");
        assert!(alone > 100, "the test could not fail: {alone}");
    }
}
