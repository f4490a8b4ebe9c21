//! A surrogate: a small tree that says about what the model says, and can be read aloud (Craven and Shavlik
//! 1996). It is grown on the model's probability of known rows; how well it speaks for the model is measured
//! on others.

mod ask;

use serde::Serialize;

use super::Ground;
use crate::job::Reporter;
use crate::metrics::{self, Estimate};
use crate::train::{FlatTree, regression_tree};

pub use ask::Ask;

/// Depths that are tried, and what the deeper one must explain more of the variance.
const DEPTHS: [usize; 2] = [3, 4];
const WORTH: f64 = 0.05;
/// Share of the rows that a leaf holds at least, and rows.
const LEAST: f64 = 0.02;
const LEAST_ROWS: usize = 10;
/// Rows that a tree is grown on at most.
const ROWS: usize = 20_000;

/// A node; children stand behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SurrogateNode {
    /// What is asked of a customer; `None` in a leaf.
    pub ask: Option<Ask>,
    /// Where those go of whom it is true, and the others.
    pub yes: usize,
    pub no: usize,
    /// The model's mean probability of the known rows that come here.
    pub probability: f64,
    /// Their share of all known rows.
    pub share: f64,
}

/// How well a surrogate speaks for the model, on rows that it was not grown on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fidelity {
    /// Share of the variance of the model's probability that it explains; `None` where the model says the
    /// same of all.
    pub r2: Option<f64>,
    /// Share of the rows that both put on the same side of the threshold.
    pub agreement: Estimate,
    pub rows: usize,
}

/// A small tree that speaks for a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Surrogate {
    /// The root first.
    pub nodes: Vec<SurrogateNode>,
    pub fidelity: Fidelity,
    /// Splits from the root to the deepest leaf.
    pub depth: usize,
    /// Rows that it was grown on.
    pub rows: usize,
}

impl Surrogate {
    /// The leaves, the greatest probability first, each with what is asked on the way to it and the answer.
    pub fn leaves(&self) -> Vec<(usize, Vec<(&Ask, bool)>)> {
        let mut out = Vec::new();
        let mut open = vec![(0, Vec::new())];
        while let Some((at, way)) = open.pop() {
            let Some(node) = self.nodes.get(at) else { continue };
            match &node.ask {
                Some(ask) => {
                    for (child, answer) in [(node.no, false), (node.yes, true)] {
                        // Children stand behind their parents, so that the walk ends.
                        if child > at {
                            let mut way = way.clone();
                            way.push((ask, answer));
                            open.push((child, way));
                        }
                    }
                }
                None => out.push((at, way)),
            }
        }
        let probability = |at: usize| self.nodes.get(at).map_or(0.0, |node| node.probability);
        out.sort_by(|a, b| probability(b.0).total_cmp(&probability(a.0)));
        out
    }
}

/// Grows the tree on the known rows and measures it on the fresh ones. `None` where either are too few, or no
/// feature can be read.
///
/// # Errors
/// The rows cannot be cut into bins, or the person cancelled.
pub(super) fn surrogate(ground: &Ground<'_>, report: &Reporter) -> crate::Result<Option<Surrogate>> {
    let known = super::ground::thinned(&ground.known, ROWS);
    let asks = ask::Asks::of(ground, &known);
    let features = asks.features();
    if known.len() < 2 * LEAST_ROWS || ground.fresh.is_empty() || features.is_empty() {
        return Ok(None);
    }
    let matrix = ground.matrix.select(&known);
    let p = |at: &usize| ground.probabilities.get(*at).copied().unwrap_or(0.0);
    let targets: Vec<f32> = known.iter().map(|at| p(at) as f32).collect();
    let least = ((LEAST * known.len() as f64) as usize).max(LEAST_ROWS);
    let mut best: Option<(FlatTree, f64)> = None;
    for depth in DEPTHS {
        report.check()?;
        let tree = regression_tree(&matrix, &features, &targets, depth, least)?;
        let said: Vec<f64> = (0..matrix.height).map(|at| leaf_value(&tree, matrix.row(at))).collect();
        let own: Vec<f64> = known.iter().map(p).collect();
        let fit = r2(&said, &own).unwrap_or(0.0);
        if best.as_ref().is_none_or(|(_, before)| fit > before + WORTH) {
            best = Some((tree, fit));
        }
    }
    let Some((tree, _)) = best else { return Ok(None) };
    let says: Vec<f64> = ground.fresh.iter().map(|at| leaf_value(&tree, ground.matrix.row(*at))).collect();
    let own: Vec<f64> = ground.fresh.iter().map(p).collect();
    let same = says.iter().zip(&own);
    let same = same.filter(|(a, b)| (**a >= ground.threshold) == (**b >= ground.threshold)).count();
    let fidelity = Fidelity {
        r2: r2(&says, &own),
        agreement: metrics::proportion(same as u64, own.len() as u64),
        rows: own.len(),
    };
    let nodes = nodes(&tree, ground, &known, &asks);
    let depth = depth(&nodes);
    Ok(Some(Surrogate { nodes, fidelity, depth, rows: known.len() }))
}

fn leaf_value(tree: &FlatTree, row: &[f32]) -> f64 {
    tree.values.get(tree.leaf_of(row)).copied().map_or(0.0, f64::from)
}

/// 1 less the share of the variance of `own` that is left when `said` is taken away.
fn r2(said: &[f64], own: &[f64]) -> Option<f64> {
    let mean = own.iter().sum::<f64>() / own.len().max(1) as f64;
    let all: f64 = own.iter().map(|p| (p - mean).powi(2)).sum();
    let left: f64 = own.iter().zip(said).map(|(p, s)| (p - s).powi(2)).sum();
    (all > 1e-12).then(|| 1.0 - left / all)
}

/// The tree with what its nodes ask in words, and who comes to them.
fn nodes(
    tree: &FlatTree,
    ground: &Ground<'_>,
    known: &[usize],
    asks: &ask::Asks<'_, '_>,
) -> Vec<SurrogateNode> {
    let mut sums = vec![(0usize, 0.0f64); tree.features.len()];
    for &row in known {
        let p = ground.probabilities.get(row).copied().unwrap_or(0.0);
        let cells = ground.matrix.row(row);
        let mut at = 0;
        while let Some((rows, sum)) = sums.get_mut(at) {
            *rows += 1;
            *sum += p;
            let Some(feature) = tree.features.get(at).and_then(|f| usize::try_from(*f).ok()) else { break };
            let below = cells.get(feature).zip(tree.values.get(at)).is_some_and(|(x, bound)| x < bound);
            let next = if below { at + 1 } else { tree.above.get(at).map_or(0, |above| *above as usize) };
            if next <= at {
                break;
            }
            at = next;
        }
    }
    let node = |(at, (rows, sum)): (usize, &(usize, f64))| {
        let feature = tree.features.get(at).and_then(|f| usize::try_from(*f).ok());
        let bound = tree.values.get(at).copied().unwrap_or(0.0);
        let (below, above) = (at + 1, tree.above.get(at).map_or(0, |above| *above as usize));
        let asked = feature.map(|feature| asks.ask(feature, bound));
        let (yes, no) = match asked {
            Some((_, true)) => (below, above),
            Some((_, false)) => (above, below),
            None => (0, 0),
        };
        SurrogateNode {
            ask: asked.map(|(ask, _)| ask),
            yes,
            no,
            probability: sum / (*rows).max(1) as f64,
            share: *rows as f64 / known.len().max(1) as f64,
        }
    };
    sums.iter().enumerate().map(node).collect()
}

fn depth(nodes: &[SurrogateNode]) -> usize {
    let mut depth = vec![0usize; nodes.len()];
    for (at, node) in nodes.iter().enumerate().filter(|(_, node)| node.ask.is_some()) {
        let here = depth.get(at).copied().unwrap_or(0) + 1;
        for child in [node.yes, node.no] {
            if let Some(place) = depth.get_mut(child).filter(|_| child > at) {
                *place = here;
            }
        }
    }
    depth.into_iter().max().unwrap_or(0)
}
