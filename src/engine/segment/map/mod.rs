//! The map: every customer as a point of a plane, so that those who are alike lie together. Layouts
//! are made on a sample of many customers; the others are placed beside their nearest neighbours.

mod pca;
mod sight;
#[cfg(test)]
mod tests;
mod tsne;
mod umap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use pca::Pca;
pub use sight::{Cell, Sight, inside, nearest_to, thinned};

use super::SegmentError;
use super::cluster::neighbours::{Near, Tree};
use super::cluster::{Points, sample};
use crate::job::{Cancelled, Reporter};

/// Customers that a layout is made of at most.
pub const LAID_OUT: usize = 20_000;
/// Customers whose neighbours are compared for the map's trustworthiness.
const COMPARED: usize = 2000;
/// Neighbours that the map should keep.
const KEPT: usize = 15;
/// Neighbours beside which a further customer is placed.
const BESIDE: usize = 5;

/// How customers become points of a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Projection {
    #[default]
    Pca,
    Umap,
    TSne,
}

impl Projection {
    /// Every kind, in the order of menus.
    pub const ALL: [Projection; 3] = [Self::Pca, Self::Umap, Self::TSne];

    /// The name on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pca => "pca",
            Self::Umap => "umap",
            Self::TSne => "t_sne",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// Where points lie.
pub type Placing = Vec<[f64; 2]>;

/// A map.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    pub projection: Projection,
    /// A place for each customer.
    pub xy: Vec<[f32; 2]>,
    /// Customers that the layout was made of, where the others were placed beside them.
    pub laid_out: Option<usize>,
    /// Share of all variance along the two directions, of principal components only.
    pub explained: Option<[f64; 2]>,
    /// How well the map keeps neighbours (0 to 1; [`trustworthiness`]), on so many customers.
    pub trustworthiness: f64,
    pub compared: usize,
}

/// Draws the map of points.
///
/// # Errors
/// Fewer than 20 points; the person cancelled.
pub fn draw(points: &Points, projection: Projection, seed: u64, report: &Reporter) -> crate::Result<Drawn> {
    let n = points.len();
    if n < 20 {
        return Err(SegmentError::TooLittle.into());
    }
    let pca = Pca::of(points);
    report.progress(0.02);
    report.check()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x3A9);
    // Directions without variance say nothing; the first ones prune a tree of neighbours best.
    let kept = pca.variances.iter().take_while(|v| **v > 1e-9 * pca.variances[0]).count().clamp(1, 50);
    let scores = pca.scores(points, kept);
    let plane = |row: &[f64]| [row.first().copied().unwrap_or(0.0), row.get(1).copied().unwrap_or(0.0)];
    let (xy, laid_out): (Placing, Option<usize>) = match projection {
        Projection::Pca => (scores.rows().map(plane).collect(), None),
        Projection::Umap | Projection::TSne => {
            let chosen = sample(n, LAID_OUT, &mut rng);
            let some = scores.select(&chosen);
            let start = some.rows().map(plane).collect();
            let xy = layout(&some, start, projection, seed, &report.part(0.02, 0.83))?;
            if chosen.len() == n {
                (xy, None)
            } else {
                let all = beside(&scores, &some, &xy, &report.part(0.85, 0.1))?;
                (all, Some(chosen.len()))
            }
        }
    };
    let looked = sample(n, COMPARED, &mut rng);
    let flat = Points::new(2, looked.iter().filter_map(|at| xy.get(*at)).flatten().copied().collect());
    let trust = trustworthiness(&points.select(&looked), &flat, KEPT.min(looked.len() / 3), report)?;
    report.progress(1.0);
    let explained = pca.explained(2);
    Ok(Drawn {
        projection,
        xy: xy.iter().map(|point| point.map(|x| x as f32)).collect(),
        laid_out,
        explained: (projection == Projection::Pca)
            .then(|| [explained.first().copied().unwrap_or(0.0), explained.get(1).copied().unwrap_or(0.0)]),
        trustworthiness: trust,
        compared: looked.len(),
    })
}

fn layout(
    points: &Points,
    start: Placing,
    projection: Projection,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Placing> {
    let n = points.len();
    let (k, perplexity) = match projection {
        Projection::TSne => tsne::neighbours(n),
        _ => (KEPT.min(n - 1), 0.0),
    };
    let near = Tree::new(points).all(k, &report.part(0.0, 0.2))?;
    let rest = report.part(0.2, 0.8);
    match projection {
        Projection::TSne => tsne::layout(&near, start, perplexity, &rest),
        _ => Ok(umap::layout(&near, start, umap::epochs_for(n), seed, &rest)?),
    }
}

/// Places of all points: their own where they were laid out, else the mean of their nearest neighbours'
/// places, the nearer the heavier.
fn beside(all: &Points, known: &Points, xy: &[[f64; 2]], report: &Reporter) -> Result<Placing, Cancelled> {
    let near = Tree::new(known).of(all, BESIDE, report)?;
    let place = |near: &Vec<Near>| {
        let (mut sum, mut weights) = ([0.0; 2], 0.0);
        for n in near {
            let Some(at) = xy.get(n.place as usize) else { continue };
            if n.distance == 0.0 {
                return *at;
            }
            let weight = 1.0 / n.distance;
            weights += weight;
            sum[0] += weight * at[0];
            sum[1] += weight * at[1];
        }
        sum.map(|x| if weights > 0.0 { x / weights } else { 0.0 })
    };
    Ok(near.iter().map(place).collect())
}

/// How far the neighbours on a map are neighbours in truth (Venna and Kaski 2001): 1 where every one of
/// the `k` nearest on the map is among the `k` nearest in truth, less for those that are far in truth.
///
/// # Errors
/// The person cancelled.
pub fn trustworthiness(points: &Points, map: &Points, k: usize, report: &Reporter) -> Result<f64, Cancelled> {
    let n = points.len();
    if k == 0 || n < 2 * k + 2 || map.len() != n {
        return Ok(1.0);
    }
    let near = Tree::new(map).all(k, &report.part(0.0, 0.0))?;
    let penalty = |at: usize| -> Result<f64, Cancelled> {
        report.check()?;
        let row = points.row(at);
        let apart: Vec<f64> = points.rows().map(|other| super::cluster::squared(row, other)).collect();
        let of = |n: &Near| {
            let own = apart[n.place as usize];
            // How many others are nearer in truth.
            let rank = apart
                .iter()
                .enumerate()
                .filter(|(other, d)| *other != at && (**d, *other) < (own, n.place as usize))
                .count() as f64
                + 1.0;
            (rank - k as f64).max(0.0)
        };
        Ok(near.get(at).map_or(0.0, |list| list.iter().map(of).sum()))
    };
    let all: Vec<Result<f64, Cancelled>> = (0..n).into_par_iter().with_min_len(16).map(penalty).collect();
    let sum: f64 = all.into_iter().collect::<Result<Vec<f64>, Cancelled>>()?.iter().sum();
    let (n, k) = (n as f64, k as f64);
    Ok(1.0 - sum * 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0)))
}
