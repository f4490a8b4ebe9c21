//! What the model does to the groups of one column.

use super::{Grouping, Rows};
use crate::metrics::{Estimate, proportion};

/// Rows, or rows of a class, from which a share of a group is compared.
const LEAST: u64 = 20;

/// How one group fares.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRates {
    /// The group, by its number in the column's levels.
    pub level: usize,
    pub rows: u64,
    pub positives: u64,
    /// Share of the group that is flagged.
    pub selection: Estimate,
    /// Of those who left, the share that was flagged; the true-positive rate.
    pub found: Estimate,
    /// Of those who stayed, the share that was flagged; the false-positive rate.
    pub wrongly: Estimate,
}

/// The largest difference of a share between two groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The levels with the higher and the lower share.
    pub high: usize,
    pub low: usize,
    /// The difference with the 95% interval of these two groups alone (Newcombe 1998, method 10).
    pub value: Estimate,
}

/// The groups of a column and their largest differences; `None` where fewer than two are large enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Fairness {
    pub groups: Vec<GroupRates>,
    pub selection: Option<Gap>,
    pub found: Option<Gap>,
    pub wrongly: Option<Gap>,
}

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
    let all = counts.iter().enumerate().filter(|(_, [rows, ..])| *rows > 0);
    let groups: Vec<GroupRates> = all
        .map(|(level, [rows, positives, flagged, hits])| GroupRates {
            level,
            rows: *rows,
            positives: *positives,
            selection: proportion(*flagged, *rows),
            found: proportion(*hits, *positives),
            wrongly: proportion(flagged - hits, rows - positives),
        })
        .collect();
    let gap = |share: fn(&GroupRates) -> Estimate, of: fn(&GroupRates) -> u64| {
        let large = || groups.iter().filter(|group| of(group) >= LEAST);
        let by = |a: &&GroupRates, b: &&GroupRates| share(a).value.total_cmp(&share(b).value);
        let (high, low) = (large().max_by(by)?, large().min_by(by)?);
        (share(high).value > share(low).value).then(|| Gap {
            high: high.level,
            low: low.level,
            value: difference(share(high), share(low)),
        })
    };
    Fairness {
        selection: gap(|group| group.selection, |group| group.rows),
        found: gap(|group| group.found, |group| group.positives),
        wrongly: gap(|group| group.wrongly, |group| group.rows - group.positives),
        groups,
    }
}

/// The difference of two shares, from their Wilson intervals.
fn difference(a: Estimate, b: Estimate) -> Estimate {
    let value = a.value - b.value;
    Estimate {
        value,
        low: value - (a.value - a.low).hypot(b.high - b.value),
        high: value + (a.high - a.value).hypot(b.value - b.low),
    }
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
        assert_eq!((a.selection.value, a.found.value, a.wrongly.value), (0.3, 0.75, 0.0));
        // "tiny" is flagged whole, and too small to be compared.
        assert_eq!(found.selection, None, "30 of 100 in both");
        let gap = found.found.unwrap();
        assert_eq!((gap.high, gap.low), (0, 1));
        assert!((gap.value.value - 0.5).abs() < 1e-12 && gap.value.low > 0.25);
        let gap = found.wrongly.unwrap();
        assert_eq!((gap.high, gap.low), (1, 0));
    }
}
