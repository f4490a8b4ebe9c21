//! Curves that are counted: a step of one customer tells where that customer stands. So a curve keeps only
//! points that are the least size apart.

use super::Rule;

/// How many of either kind there are up to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Step {
    pub yes: u64,
    pub no: u64,
}

impl Step {
    fn is_far_from(self, other: Self, rule: Rule) -> bool {
        let (yes, no) = (self.yes.saturating_sub(other.yes), self.no.saturating_sub(other.no));
        yes + no > 0 && !rule.is_small(yes) && !rule.is_small(no)
    }
}

/// Places of the points that may stay: the first, the last, and such between them that from one to the next
/// there are nobody or at least the least size of either kind. `None` where not even the ends may.
pub fn steps(points: &[Step], rule: Rule) -> Option<Vec<usize>> {
    let (first, last) = (points.first()?, points.last()?);
    if !last.is_far_from(*first, rule) {
        return None;
    }
    let mut kept = vec![(0, *first)];
    for (at, point) in points.iter().enumerate() {
        if kept.last().is_some_and(|(_, before)| point.is_far_from(*before, rule)) {
            kept.push((at, *point));
        }
    }
    // The end stays, whatever went before it.
    while kept.last().is_some_and(|(_, before)| before != last && !last.is_far_from(*before, rule)) {
        kept.pop();
    }
    if kept.last().is_some_and(|(_, before)| before != last) {
        kept.push((points.len() - 1, *last));
    }
    Some(kept.into_iter().map(|(at, _)| at).collect())
}

/// How many neighbouring bins go together so that each holds nobody or at least the least size of either
/// kind; empty where not even all of them together do.
pub fn bins(counts: &[Step], rule: Rule) -> Vec<std::ops::Range<usize>> {
    let mut sums = vec![Step::default()];
    let mut sum = Step::default();
    for count in counts {
        sum = Step { yes: sum.yes + count.yes, no: sum.no + count.no };
        sums.push(sum);
    }
    let kept = steps(&sums, rule).unwrap_or_default();
    kept.windows(2).filter_map(|pair| Some(*pair.first()?..*pair.last()?)).collect()
}
