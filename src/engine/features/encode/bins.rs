//! Numbers in stretches: a feature each, so that a linear model can follow a bend.

use super::{Encoder, TrainRows};
use crate::features::spec::BinEdges;
use crate::table::Frame;

/// Training rows that a stretch of the tree must hold, or this share of them where that is more.
const LEAST_ROWS: usize = 20;
const LEAST_SHARE: f64 = 0.02;

/// `None` where the training rows do not differ, or the tree finds nothing.
pub(super) fn fit(count: usize, by: BinEdges, column: &str, rows: &TrainRows<'_>) -> Option<Encoder> {
    let values = rows.frame.numbers(column)?;
    let finite = |value: &f64| value.is_finite();
    let mut sorted: Vec<f64> = values.iter().flatten().copied().filter(finite).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (low, high) = (*sorted.first()?, *sorted.last()?);
    let labels = rows.labels.filter(|labels| labels.len() == values.len());
    let mut edges: Vec<f64> = match (by, labels) {
        (BinEdges::Width, _) => (1..count).map(|at| low + (high - low) * at as f64 / count as f64).collect(),
        (BinEdges::Tree, Some(labels)) => {
            let known = values.iter().zip(labels);
            tree(known.filter_map(|(v, l)| v.filter(finite).map(|v| (v, *l))).collect(), count)
        }
        // Without classes a tree has nothing to part by.
        (BinEdges::Quantile | BinEdges::Tree, _) => {
            (1..count).filter_map(|at| sorted.get(at * sorted.len() / count).copied()).collect()
        }
    };
    // An edge on the smallest value would leave the first stretch empty.
    edges.retain(|edge| *edge > low && *edge <= high);
    edges.dedup();
    (!edges.is_empty()).then(|| Encoder::Bins { column: column.to_owned(), edges })
}

/// What a cut gains, and the first row behind it; none where nothing is gained.
type Cut = Option<(f64, usize)>;

/// The edges of a tree of at most `leaves` leaves on one number: again and again the leaf whose best cut
/// lowers the Gini impurity of all rows most is cut (best-first growth, Breiman et al. 1984).
fn tree(mut rows: Vec<(f64, bool)>, leaves: usize) -> Vec<f64> {
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // Positive rows among the first n.
    let mut hits = vec![0usize];
    for (_, label) in &rows {
        hits.push(hits.last().copied().unwrap_or(0) + usize::from(*label));
    }
    let least = LEAST_ROWS.max((LEAST_SHARE * rows.len() as f64) as usize);
    let impurity = |from: usize, to: usize| {
        let (n, s) = ((to - from) as f64, (hits[to] - hits[from]) as f64);
        if n > 0.0 { 2.0 * s * (n - s) / n } else { 0.0 }
    };
    // The best cut of the rows from `from` to `to`: what it gains, and the first row behind it.
    let best = |from: usize, to: usize| -> Cut {
        let whole = impurity(from, to);
        (from + least..(to + 1).saturating_sub(least))
            .filter(|at| rows[at - 1].0 < rows[*at].0)
            .map(|at| (whole - impurity(from, at) - impurity(at, to), at))
            .filter(|(gain, _)| *gain > 1e-9)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
    };
    let mut open: Vec<(usize, usize, Cut)> = vec![(0, rows.len(), best(0, rows.len()))];
    let mut edges = Vec::new();
    while open.len() < leaves {
        let gain = |leaf: &(usize, usize, Cut)| leaf.2.map_or(0.0, |(gain, _)| gain);
        let Some(at) = (0..open.len()).max_by(|&a, &b| gain(&open[a]).total_cmp(&gain(&open[b]))) else {
            break;
        };
        let (from, to, Some((_, cut))) = open.swap_remove(at) else { break };
        edges.push((rows[cut - 1].0 + rows[cut].0) / 2.0);
        open.push((from, cut, best(from, cut)));
        open.push((cut, to, best(cut, to)));
    }
    edges.sort_unstable_by(f64::total_cmp);
    edges
}

/// The stretch of a value.
fn bin(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|edge| *edge <= value)
}

pub(super) fn write(
    column: &str,
    edges: &[f64],
    frame: &Frame,
    offset: usize,
    width: usize,
    data: &mut [f32],
) {
    let Some(values) = frame.numbers(column) else { return };
    for (row, value) in data.chunks_exact_mut(width.max(1)).zip(values) {
        let Some(value) = value.filter(|value| !value.is_nan()) else { continue };
        if let Some(place) = row.get_mut(offset + bin(edges, value)) {
            *place = 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_cuts_where_the_classes_part() {
        // Positive from 100 to 199 only: two cuts, at 99.5 and 199.5.
        let rows: Vec<(f64, bool)> =
            (0..300).rev().map(|at| (f64::from(at), (100..200).contains(&at))).collect();
        assert_eq!(tree(rows.clone(), 3), [99.5, 199.5]);
        assert_eq!(tree(rows.clone(), 20), [99.5, 199.5], "pure leaves are not cut");
        assert_eq!(tree(rows, 2).len(), 1);
        assert!(tree((0..300).map(|at| (f64::from(at), true)).collect(), 4).is_empty());
        assert!(tree(vec![(1.0, true), (2.0, false)], 4).is_empty(), "too few rows");
        assert!(tree(Vec::new(), 4).is_empty());
    }
}
