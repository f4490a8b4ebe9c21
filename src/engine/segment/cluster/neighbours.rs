//! Nearest neighbours by a k-d tree (Bentley 1975): exact, the same on any number of threads.

use rayon::prelude::*;

use super::points::{Points, squared};
use crate::job::{Cancelled, Reporter};

/// Points of a leaf.
const LEAF: usize = 16;

/// A tree over points.
pub struct Tree<'a> {
    points: &'a Points,
    /// Places of the points, those of a node together.
    places: Vec<u32>,
    root: Node,
}

enum Node {
    Leaf { from: usize, to: usize },
    Split { column: usize, at: f64, low: Box<Node>, high: Box<Node> },
}

/// A neighbour: its place and the straight distance to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    pub place: u32,
    pub distance: f64,
}

impl<'a> Tree<'a> {
    /// Sorts points into a tree.
    pub fn new(points: &'a Points) -> Self {
        let mut places: Vec<u32> = (0..points.len() as u32).collect();
        let root = split(points, &mut places, 0);
        Self { points, places, root }
    }

    /// The `k` nearest to `row`, nearest first; equal ones by their place. `but` is left out.
    pub fn nearest(&self, row: &[f64], k: usize, but: Option<u32>) -> Vec<Near> {
        let mut best: Vec<(f64, u32)> = Vec::with_capacity(k + 1);
        if k > 0 {
            self.look(&self.root, row, k, but, &mut best);
        }
        best.into_iter().map(|(apart, place)| Near { place, distance: apart.sqrt() }).collect()
    }

    fn look(&self, node: &Node, row: &[f64], k: usize, but: Option<u32>, best: &mut Vec<(f64, u32)>) {
        match node {
            Node::Leaf { from, to } => {
                for &place in &self.places[*from..*to] {
                    if but == Some(place) {
                        continue;
                    }
                    let found = (squared(row, self.points.row(place as usize)), place);
                    let is_full = best.len() == k;
                    if is_full && best.last().is_some_and(|worst| *worst <= found) {
                        continue;
                    }
                    let at = best.partition_point(|old| *old < found);
                    best.insert(at, found);
                    best.truncate(k);
                }
            }
            Node::Split { column, at, low, high } => {
                let gap = row[*column] - at;
                let (first, second) = if gap < 0.0 { (low, high) } else { (high, low) };
                self.look(first, row, k, but, best);
                if best.len() < k || best.last().is_some_and(|(worst, _)| gap * gap <= *worst) {
                    self.look(second, row, k, but, best);
                }
            }
        }
    }

    /// The `k` nearest other points of each point.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn all(&self, k: usize, report: &Reporter) -> Result<Vec<Vec<Near>>, Cancelled> {
        self.each(self.points.len(), report, |at| self.nearest(self.points.row(at), k, Some(at as u32)))
    }

    /// The `k` nearest of the tree to each of other points.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn of(&self, others: &Points, k: usize, report: &Reporter) -> Result<Vec<Vec<Near>>, Cancelled> {
        self.each(others.len(), report, |at| self.nearest(others.row(at), k, None))
    }

    fn each(
        &self,
        n: usize,
        report: &Reporter,
        one: impl Fn(usize) -> Vec<Near> + Sync,
    ) -> Result<Vec<Vec<Near>>, Cancelled> {
        let mut out = Vec::with_capacity(n);
        for from in (0..n).step_by(2048) {
            report.check()?;
            let part = from..(from + 2048).min(n);
            out.extend(part.into_par_iter().with_min_len(16).map(&one).collect::<Vec<_>>());
            report.progress(out.len() as f64 / n as f64);
        }
        Ok(out)
    }
}

/// Splits at the median of the column that is spread most; equal values stay on the high side.
fn split(points: &Points, places: &mut [u32], from: usize) -> Node {
    let leaf = Node::Leaf { from, to: from + places.len() };
    if places.len() <= LEAF {
        return leaf;
    }
    let spread = |column: usize| {
        let value = |place: &u32| points.row(*place as usize)[column];
        let ends = places
            .iter()
            .map(value)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        ends.1 - ends.0
    };
    let widest =
        (0..points.width()).map(|column| (spread(column), column)).max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((wide, column)) = widest else { return leaf };
    if wide.is_nan() || wide <= 0.0 {
        return leaf;
    }
    let value = |place: &u32| points.row(*place as usize)[column];
    let middle = places.len() / 2;
    places.select_nth_unstable_by(middle, |a, b| value(a).total_cmp(&value(b)).then(a.cmp(b)));
    let at = value(&places[middle]);
    // What equals the middle may stand before it.
    places.sort_unstable_by(|a, b| (value(a) >= at).cmp(&(value(b) >= at)).then(a.cmp(b)));
    let below = places.partition_point(|place| value(place) < at);
    if below == 0 {
        // More than half are equal to the least: they stay together, split from what is above.
        let above = |place: &u32| value(place) > at;
        places.sort_unstable_by(|a, b| above(a).cmp(&above(b)).then(a.cmp(b)));
        let same = places.partition_point(|place| !above(place));
        let next = places[same..].iter().map(value).fold(f64::INFINITY, f64::min);
        if !next.is_finite() {
            return leaf;
        }
        let (low, high) = places.split_at_mut(same);
        let (low, high) = (split(points, low, from), split(points, high, from + same));
        return Node::Split { column, at: next, low: Box::new(low), high: Box::new(high) };
    }
    let (low, high) = places.split_at_mut(below);
    let (low, high) = (split(points, low, from), split(points, high, from + below));
    Node::Split { column, at, low: Box::new(low), high: Box::new(high) }
}
