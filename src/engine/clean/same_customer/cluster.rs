//! From pairs to customers: sure pairs join clusters, the surest first, and a join is refused where
//! the members of both sides do not agree on average (average linkage), so that a chain of half-truths
//! cannot tie strangers together. What a person confirmed is joined, what a person rejected never.

use std::collections::{BTreeMap, HashMap};

use super::compare::Agreement;
use super::model::{Model, contradicts};
use super::values::Prepared;
use super::{Pair, Verdict};
use crate::job::{Cancelled, Reporter};

/// Members of each side that speak for it.
const SPEAKERS: usize = 20;

#[derive(Default)]
struct Group {
    members: Vec<u32>,
    /// A person joined some of them: their fields may well differ.
    vouched: bool,
}

/// Groups of rows, in the making.
pub(super) struct Clusters<'a> {
    data: &'a Prepared,
    model: &'a Model,
    rejected: BTreeMap<u32, Vec<u32>>,
    threshold_maybe: f64,
    of: HashMap<u32, usize>,
    groups: Vec<Group>,
}

impl<'a> Clusters<'a> {
    pub(super) fn new(
        data: &'a Prepared,
        model: &'a Model,
        rejected: &[(u32, u32)],
        threshold_maybe: f64,
    ) -> Self {
        let mut both: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (a, b) in rejected {
            both.entry(*a).or_default().push(*b);
            both.entry(*b).or_default().push(*a);
        }
        Self { data, model, rejected: both, threshold_maybe, of: HashMap::new(), groups: Vec::new() }
    }

    /// Joins the pairs; those in `confirmed` first. Returns the clusters of at least two rows, and
    /// how many confirmed pairs another decision forbids.
    pub(super) fn join(
        mut self,
        confirmed: &[(u32, u32)],
        pairs: &[Pair],
        report: &Reporter,
    ) -> Result<(Vec<Vec<u32>>, u64), Cancelled> {
        let mut conflicts = 0;
        for (a, b) in confirmed {
            report.check()?;
            let (a, b) = (self.group(*a), self.group(*b));
            if a == b {
                continue;
            }
            if self.forbidden(a, b) {
                conflicts += 1;
            } else {
                self.unite(a, b, true);
            }
        }
        for pair in pairs.iter().filter(|pair| pair.verdict == Verdict::Sure) {
            report.check()?;
            let (a, b) = (self.group(pair.a), self.group(pair.b));
            if a != b && !self.forbidden(a, b) && self.agree(a, b) {
                self.unite(a, b, false);
            }
        }
        let clusters = self.groups.into_iter().map(|group| group.members).filter(|members| members.len() > 1);
        Ok((clusters.collect(), conflicts))
    }

    fn group(&mut self, row: u32) -> usize {
        *self.of.entry(row).or_insert_with(|| {
            self.groups.push(Group { members: vec![row], vouched: false });
            self.groups.len() - 1
        })
    }

    fn members(&self, group: usize) -> &[u32] {
        self.groups.get(group).map(|group| group.members.as_slice()).unwrap_or_default()
    }

    fn forbidden(&self, a: usize, b: usize) -> bool {
        let none = Vec::new();
        !self.rejected.is_empty()
            && self
                .members(a)
                .iter()
                .flat_map(|row| self.rejected.get(row).unwrap_or(&none))
                .any(|row| self.of.get(row) == Some(&b))
    }

    fn agree(&self, a: usize, b: usize) -> bool {
        if [a, b].iter().any(|at| self.groups.get(*at).is_some_and(|group| group.vouched)) {
            return true;
        }
        let kinds: Vec<_> = self.data.comparisons.iter().map(|comparison| comparison.kind).collect();
        let (mut sum, mut count) = (0.0, 0u32);
        for x in self.members(a).iter().take(SPEAKERS) {
            for y in self.members(b).iter().take(SPEAKERS) {
                let scored = self.model.score(self.data, *x, *y);
                let levels: Vec<Agreement> = scored.fields.iter().map(|(level, _)| *level).collect();
                if contradicts(&kinds, &levels) {
                    return false;
                }
                sum += f64::from(scored.score);
                count += 1;
            }
        }
        sum >= self.threshold_maybe * f64::from(count)
    }

    fn unite(&mut self, a: usize, b: usize, vouched: bool) {
        let (keep, gone) = if self.members(a).len() >= self.members(b).len() { (a, b) } else { (b, a) };
        let gone = self.groups.get_mut(gone).map(std::mem::take).unwrap_or_default();
        for row in &gone.members {
            self.of.insert(*row, keep);
        }
        if let Some(group) = self.groups.get_mut(keep) {
            group.members.extend(gone.members);
            group.vouched |= gone.vouched || vouched;
        }
    }
}
