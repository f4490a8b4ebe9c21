//! Exact Shapley values of linear and tree models.
//!
//! A decision tree's and a forest's probability is a sum of leaves: their shares are exact in probability.
//! Linear models and boosted trees add up log-odds: their shares are exact in log-odds, and become points
//! ordinary customer by ordinary customer: what the probability moves by between the two is handed out in
//! proportion to the shares in log-odds (the rescale rule of Chen, Lundberg and Lee 2022, "Explaining a
//! series of models by propagating Shapley values", as `shap` does for `model_output="probability"`).

use rayon::prelude::*;

use super::tree_shap::{Tree, Walker, Ways};
use super::{Explainer, LogOdds};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::train::{LinearModel, Model};

/// Node visits between two looks at whether the person has cancelled, more or less.
const VISITS: usize = 20_000_000;
/// Rows that a thread takes at a time at most.
const ROWS: usize = 256;

/// A model of which shares are exact, with the ordinary customers that it is asked against.
pub(super) struct Exact<'a> {
    columns: usize,
    ordinary: Vec<&'a [f32]>,
    body: Body<'a>,
    /// Of each ordinary customer, before the link.
    values: Vec<f64>,
    link: Link,
}

enum Body<'a> {
    Trees {
        trees: Vec<Tree>,
        /// Of each tree, the ways of each ordinary customer.
        ways: Vec<Vec<Ways>>,
        /// What the sum of the leaves is multiplied with, and what is added to it.
        scale: f64,
        base: f64,
    },
    Linear {
        model: &'a LinearModel,
        players: Vec<usize>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    None,
    Logistic,
}

/// One row's shares.
pub(super) struct Shares {
    /// In probability.
    pub points: Vec<f64>,
    /// Where log-odds are what the model adds up.
    pub log_odds: Option<LogOdds>,
}

impl<'a> Exact<'a> {
    /// `None` for models of other kinds, and for explainers that leave a feature to nobody.
    pub fn of(explainer: &'a Explainer, model: &'a Model, width: usize) -> Option<Self> {
        let players = players(&explainer.columns, width)?;
        let ordinary: Vec<&[f32]> = explainer.ordinary.chunks_exact(width.max(1)).collect();
        let flat = |trees: &[crate::train::FlatTree]| -> Option<Vec<Tree>> {
            trees.iter().map(|tree| Tree::of_flat(tree, &players)).collect()
        };
        let (trees, scale, base, link) = match model {
            Model::Tree(tree) => (vec![Tree::of_model(tree, &players)?], 1.0, 0.0, Link::None),
            Model::Forest(forest) => {
                (flat(&forest.trees)?, 1.0 / forest.trees.len().max(1) as f64, 0.0, Link::None)
            }
            Model::Boosted(boosted) => (flat(&boosted.trees)?, 1.0, boosted.base, Link::Logistic),
            Model::Logistic(model) | Model::Svm(model) => {
                let value = |row: &&[f32]| linear(model, row);
                let values = ordinary.iter().map(value).collect();
                let body = Body::Linear { model, players };
                let columns = explainer.columns.len();
                return Some(Self { columns, ordinary, body, values, link: Link::Logistic });
            }
            _ => return None,
        };
        let ways: Vec<Vec<Ways>> =
            trees.iter().map(|tree| ordinary.iter().map(|row| tree.ways(row)).collect()).collect();
        let mut values = vec![base; ordinary.len()];
        for (tree, ways) in trees.iter().zip(&ways) {
            values.iter_mut().zip(ways).for_each(|(sum, ways)| *sum += scale * tree.value(ways));
        }
        let body = Body::Trees { trees, ways, scale, base };
        Some(Self { columns: explainer.columns.len(), ordinary, body, values, link })
    }

    /// True where shares in probability are exact, and not exact shares in log-odds handed out as points.
    pub fn in_probability(&self) -> bool {
        self.link == Link::None
    }

    /// The shares of the rows at `places`, in that order.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn shares(&self, matrix: &Matrix, places: &[usize], report: &Reporter) -> crate::Result<Vec<Shares>> {
        let nodes = match &self.body {
            Body::Trees { trees, .. } => trees.iter().map(Tree::len).sum(),
            Body::Linear { model, .. } => model.coefficients.len(),
        };
        let at_once = (VISITS / (nodes.max(1) * self.ordinary.len().max(1))).clamp(16, 8192);
        let mut out = Vec::with_capacity(places.len());
        for part in places.chunks(at_once) {
            report.check()?;
            // Every thread gets something, and a walker is made once for many rows.
            let rows = part.len().div_ceil(rayon::current_num_threads().max(1)).clamp(1, ROWS);
            let made: Vec<Vec<Shares>> =
                part.par_chunks(rows).map(|places| self.some(matrix, places)).collect();
            out.extend(made.into_iter().flatten());
            report.progress(out.len() as f64 / places.len().max(1) as f64);
        }
        Ok(out)
    }

    fn some(&self, matrix: &Matrix, places: &[usize]) -> Vec<Shares> {
        // Rows, then ordinary customers, then columns; and the rows' own values.
        let stride = self.ordinary.len() * self.columns;
        let mut pairs = vec![0.0; places.len() * stride];
        let mut own = vec![0.0; places.len()];
        match &self.body {
            Body::Linear { model, players } => {
                for ((pairs, own), &at) in pairs.chunks_mut(stride.max(1)).zip(&mut own).zip(places) {
                    let row = matrix.row(at);
                    *own = linear(model, row);
                    for (ordinary, pair) in self.ordinary.iter().zip(pairs.chunks_mut(self.columns.max(1))) {
                        let steps = row.iter().zip(*ordinary).zip(&model.coefficients).zip(players);
                        for (((x, z), c), player) in steps {
                            if let Some(share) = pair.get_mut(*player) {
                                *share += c * (f64::from(*x) - f64::from(*z));
                            }
                        }
                    }
                }
            }
            Body::Trees { trees, ways, scale, base } => {
                let mut walker = Walker::new(self.columns);
                let mut here: Ways = Vec::new();
                // Tree by tree: a tree stays in the cache while the rows walk it.
                for (tree, ordinary) in trees.iter().zip(ways) {
                    here.resize(ordinary.first().map_or(0, Vec::len), 0);
                    for ((pairs, own), &at) in pairs.chunks_mut(stride.max(1)).zip(&mut own).zip(places) {
                        tree.ways_into(matrix.row(at), &mut here);
                        *own += tree.value(&here);
                        for (ways, pair) in ordinary.iter().zip(pairs.chunks_mut(self.columns.max(1))) {
                            walker.add(tree, &here, ways, pair);
                        }
                    }
                }
                own.iter_mut().for_each(|sum| *sum = base + scale * *sum);
                pairs.iter_mut().for_each(|share| *share *= scale);
            }
        }
        own.iter().zip(pairs.chunks(stride.max(1))).map(|(own, pairs)| self.row(*own, pairs)).collect()
    }

    /// The shares of a row from those against each ordinary customer.
    fn row(&self, own: f64, pairs: &[f64]) -> Shares {
        let n = self.ordinary.len().max(1) as f64;
        let mut points = vec![0.0; self.columns];
        let mut summed = vec![0.0; self.columns];
        for (pair, ordinary) in pairs.chunks(self.columns.max(1)).zip(&self.values) {
            let slope = match self.link {
                Link::None => 1.0,
                Link::Logistic => steepness(own, *ordinary),
            };
            for ((share, sum), of_pair) in points.iter_mut().zip(&mut summed).zip(pair) {
                *share += slope * of_pair / n;
                *sum += of_pair / n;
            }
        }
        let log_odds = (self.link == Link::Logistic).then(|| LogOdds {
            value: own,
            base: self.values.iter().sum::<f64>() / n,
            shares: summed,
        });
        Shares { points, log_odds }
    }
}

/// What the probability moves by for each unit of log-odds between two points: the slope of the line
/// through them, the curve's own slope where they are one.
fn steepness(a: f64, b: f64) -> f64 {
    let p = |z: f64| 1.0 / (1.0 + (-z).exp());
    if (a - b).abs() > 1e-6 {
        return (p(a) - p(b)) / (a - b);
    }
    let middle = p((a + b) / 2.0);
    middle * (1.0 - middle)
}

fn linear(model: &LinearModel, row: &[f32]) -> f64 {
    let terms = row.iter().zip(&model.coefficients).map(|(x, c)| f64::from(*x) * c);
    model.intercept + terms.sum::<f64>()
}

/// The player of each of `width` features; `None` unless each has exactly one.
pub(super) fn players(columns: &[(String, Vec<usize>)], width: usize) -> Option<Vec<usize>> {
    let mut players = vec![None; width];
    for (player, (_, places)) in columns.iter().enumerate() {
        for &place in places {
            let slot = players.get_mut(place)?;
            if slot.replace(player).is_some() {
                return None;
            }
        }
    }
    players.into_iter().collect()
}
