//! Hierarchical grouping by Ward's criterion (1963; the nearest-neighbour chain of Müllner 2011, by
//! kodama): every number of groups at once, and the tree that shows how they merge.

use kodama::{Method, linkage};
use serde::{Deserialize, Serialize};

use super::points::{Points, squared};
use crate::job::Reporter;
use crate::segment::{SegmentError, apart::apart};

/// Leaves of a drawn tree.
const DRAWN: usize = 24;

/// Two branches that become one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    /// Places: below the number of leaves a leaf, above it the merge before.
    pub left: usize,
    pub right: usize,
    /// Ward's distance of the two.
    pub height: f64,
    pub size: usize,
}

/// All merges of `n` points, the lowest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    n: usize,
    merges: Vec<Merge>,
}

/// The top of a tree: each leaf stands for a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Top {
    /// Points of each leaf, from left to right.
    pub leaves: Vec<usize>,
    /// The group that each leaf belongs to.
    pub groups: Vec<u32>,
    /// Places of leaves, then of the merges in their order.
    pub merges: Vec<Merge>,
}

/// Merges points one by one. Memory: four bytes a pair.
///
/// # Errors
/// The person cancelled.
pub fn fit(points: &Points, report: &Reporter) -> crate::Result<Tree> {
    let n = points.len();
    let mut apart_of = Vec::with_capacity(n * n.saturating_sub(1) / 2);
    for at in 0..n {
        report.check()?;
        let row = points.row(at);
        apart_of.extend((at + 1..n).map(|other| squared(row, points.row(other)).sqrt() as f32));
    }
    let work = move || {
        let steps = linkage(&mut apart_of, n, Method::Ward);
        let merge = |step: &kodama::Step<f32>| Merge {
            left: step.cluster1,
            right: step.cluster2,
            height: f64::from(step.dissimilarity),
            size: step.size,
        };
        steps.steps().iter().map(merge).collect::<Vec<_>>()
    };
    let merges = apart(report, work)?;
    let merges = merges.ok_or_else(|| SegmentError::Fit {
        method: "hierarchical",
        cause: "the library stopped".to_owned(),
    })?;
    Ok(Tree { n, merges })
}

impl Tree {
    /// The branch of each point when the last `k` − 1 merges are undone.
    pub fn cut(&self, k: usize) -> Vec<u32> {
        let k = k.clamp(1, self.n.max(1));
        let kept = self.merges.len().saturating_sub(k - 1);
        let mut over: Vec<usize> = (0..self.n + self.merges.len()).collect();
        for (at, merge) in self.merges.iter().enumerate().take(kept) {
            for branch in [merge.left, merge.right] {
                if let Some(up) = over.get_mut(branch) {
                    *up = self.n + at;
                }
            }
        }
        // A merge stands above what it merges: one pass from the top down finds every root.
        for at in (0..over.len()).rev() {
            let up = over[at];
            if up != at {
                over[at] = over[up];
            }
        }
        let mut roots: Vec<usize> = Vec::new();
        let mut labels = Vec::with_capacity(self.n);
        for root in over.iter().take(self.n) {
            let label = roots.iter().position(|known| known == root).unwrap_or_else(|| {
                roots.push(*root);
                roots.len() - 1
            });
            labels.push(label as u32);
        }
        labels
    }

    /// The top of the tree with the groups of its `k` branches, `names` of the [`cut`](Self::cut)'s labels.
    pub fn top(&self, k: usize, names: &[u32]) -> Top {
        let n = self.n;
        let shown = DRAWN.max(k).min(n).max(1);
        let from = self.merges.len().saturating_sub(shown - 1);
        let labels = self.cut(k);
        // What a leaf stands for: a point, or a merge below the ones that are drawn.
        let mut order = Vec::new();
        let mut stack = vec![n + self.merges.len().saturating_sub(1)];
        if self.merges.is_empty() {
            stack = vec![0];
        }
        while let Some(branch) = stack.pop() {
            match branch.checked_sub(n).filter(|merge| *merge >= from).and_then(|m| self.merges.get(m)) {
                Some(merge) => stack.extend([merge.right, merge.left]),
                None => order.push(branch),
            }
        }
        let size =
            |branch: usize| branch.checked_sub(n).and_then(|m| self.merges.get(m)).map_or(1, |m| m.size);
        let first = |mut branch: usize| {
            while let Some(merge) = branch.checked_sub(n).and_then(|m| self.merges.get(m)) {
                branch = merge.left;
            }
            branch
        };
        let group = |branch: usize| {
            let label = labels.get(first(branch)).copied().unwrap_or(0);
            names.get(label as usize).copied().unwrap_or(label)
        };
        let place = |branch: usize| match order.iter().position(|leaf| *leaf == branch) {
            Some(leaf) => leaf,
            None => order.len() + branch.saturating_sub(n + from),
        };
        let merges = self.merges.iter().skip(from).map(|merge| Merge {
            left: place(merge.left),
            right: place(merge.right),
            ..*merge
        });
        Top {
            leaves: order.iter().map(|leaf| size(*leaf)).collect(),
            groups: order.iter().map(|leaf| group(*leaf)).collect(),
            merges: merges.collect(),
        }
    }
}
