//! A grouping as a fitted value: where a customer belongs, how far it lies from the others of its group,
//! and whether that is farther than they do.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::kmeans::nearest;
use super::mixture::Mixture;
use super::neighbours::Tree;
use super::points::{Metric, Points};
use super::space::Space;
use crate::job::{Cancelled, Reporter};
use crate::table::Frame;

/// How rows find their group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Model {
    /// By the nearest centre, or the nearest typical customer.
    Centres { centres: Points, metric: Metric },
    /// By the most likely part.
    Mixture(Mixture),
    /// By the nearest customer that was grouped.
    Nearest { points: Points, groups: Vec<u32> },
}

impl Model {
    /// Groups.
    pub fn k(&self) -> usize {
        match self {
            Self::Centres { centres, .. } => centres.len(),
            Self::Mixture(mixture) => mixture.k(),
            Self::Nearest { groups, .. } => groups.iter().max().map_or(0, |most| *most as usize + 1),
        }
    }

    /// The group of each point, and how far it lies from it: from the centre, from the part's mean in the
    /// part's deviations, or from the nearest grouped customer (not itself, where `same` says that these
    /// are the points it was made of).
    ///
    /// # Errors
    /// The person cancelled.
    pub fn locate(
        &self,
        points: &Points,
        same: bool,
        report: &Reporter,
    ) -> Result<Vec<(u32, f64)>, Cancelled> {
        report.check()?;
        let rows = points.values().par_chunks_exact(points.width().max(1));
        Ok(match self {
            Self::Centres { centres, metric: Metric::Euclidean } => {
                nearest(points, centres).into_iter().map(|(at, squared)| (at, squared.sqrt())).collect()
            }
            Self::Centres { centres, metric } => {
                let near = |row: &[f64]| {
                    let all = centres.rows().map(|centre| metric.distance(row, centre)).enumerate();
                    let best = all.min_by(|a, b| a.1.total_cmp(&b.1));
                    best.map_or((0, f64::INFINITY), |(at, apart)| (at as u32, apart))
                };
                rows.map(near).collect()
            }
            Self::Mixture(mixture) => rows.map(|row| mixture.part(row)).collect(),
            Self::Nearest { points: known, groups } => {
                let tree = Tree::new(known);
                let found = if same { tree.all(1, report)? } else { tree.of(points, 1, report)? };
                let of = |(at, near): (usize, &Vec<super::neighbours::Near>)| {
                    let (place, apart) = near.first().map_or((0, 0.0), |n| (n.place as usize, n.distance));
                    let place = if same { at } else { place };
                    (groups.get(place).copied().unwrap_or(0), apart)
                };
                found.iter().enumerate().map(of).collect()
            }
        })
    }

    /// Only the first `k` groups.
    pub(in crate::segment) fn first(self, k: usize) -> Self {
        let order: Vec<usize> = (0..k.min(self.k())).collect();
        match self {
            Self::Centres { centres, metric } => Self::Centres { centres: centres.select(&order), metric },
            Self::Mixture(mixture) => Self::Mixture(mixture.in_order(&order)),
            nearest @ Self::Nearest { .. } => nearest,
        }
    }

    /// The same without the grouped customers that `drops` names by their place.
    pub(in crate::segment) fn without(self, drops: impl Fn(usize) -> bool) -> Self {
        match self {
            Self::Nearest { points, groups } => {
                let kept: Vec<usize> = (0..points.len()).filter(|at| !drops(*at)).collect();
                let groups = kept.iter().filter_map(|at| groups.get(*at).copied()).collect();
                Self::Nearest { points: points.select(&kept), groups }
            }
            other => other,
        }
    }

    /// Numbers the groups anew: `names[old]` is the new number.
    pub(in crate::segment) fn renamed(self, names: &[u32]) -> Self {
        let new = |old: usize| names.get(old).copied().unwrap_or(old as u32) as usize;
        let mut order: Vec<usize> = (0..self.k()).collect();
        order.sort_by_key(|old| new(*old));
        match self {
            Self::Centres { centres, metric } => Self::Centres { centres: centres.select(&order), metric },
            Self::Mixture(mixture) => Self::Mixture(mixture.in_order(&order)),
            Self::Nearest { points, groups } => Self::Nearest {
                points,
                groups: groups.into_iter().map(|old| new(old as usize) as u32).collect(),
            },
        }
    }
}

/// Everything that is needed to group customers again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    pub space: Space,
    pub model: Model,
    /// For each group the distance beyond which a customer lies outside it.
    pub reach: Vec<f64>,
    /// The share of each group when it was fitted; what is missing to 1 was in none.
    pub shares: Vec<f64>,
    /// The share that lay outside.
    pub outside: f64,
    /// Beyond the reach there is no group.
    pub strict: bool,
}

/// Where a customer belongs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub group: Option<usize>,
    /// Farther out than the others of its group.
    pub outlier: bool,
}

impl Fitted {
    /// The place of each point.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn places(&self, points: &Points, report: &Reporter) -> Result<Vec<Place>, Cancelled> {
        let place = |(group, apart): (u32, f64)| {
            let group = group as usize;
            let outlier = self.reach.get(group).is_some_and(|reach| apart > *reach);
            Place { group: (!(outlier && self.strict)).then_some(group), outlier }
        };
        Ok(self.model.locate(points, false, report)?.into_iter().map(place).collect())
    }

    /// [`places`](Self::places) of rows that were cleaned as those that it was fitted on.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn assign(&self, frame: &Frame, report: &Reporter) -> Result<Vec<Place>, Cancelled> {
        self.places(&self.space.points(frame), report)
    }

    /// How far the customers of now are spread over the groups otherwise than those of then.
    pub fn drift(&self, now: &[Place]) -> Drift {
        let n = now.len().max(1) as f64;
        let share = |group: usize| now.iter().filter(|p| p.group == Some(group)).count() as f64 / n;
        let shares: Vec<f64> = (0..self.shares.len()).map(share).collect();
        let none = |shares: &[f64]| (1.0 - shares.iter().sum::<f64>()).max(0.0);
        // What is never there has no logarithm: half a customer of a thousand stands for nobody.
        let term = |then: f64, now: f64| {
            let (then, now) = (then.max(5e-4), now.max(5e-4));
            (now - then) * (now / then).ln()
        };
        let groups: f64 = self.shares.iter().zip(&shares).map(|(then, now)| term(*then, *now)).sum();
        let outside = now.iter().filter(|place| place.outlier).count() as f64 / n;
        Drift {
            psi: groups + term(none(&self.shares), none(&shares)),
            then: self.shares.clone(),
            now: shares,
            outside_then: self.outside,
            outside,
        }
    }
}

/// How groups moved. A population stability index below 0.1 is usual, from 0.25 on another population.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    pub psi: f64,
    /// Shares of the groups then and now.
    pub then: Vec<f64>,
    pub now: Vec<f64>,
    /// Shares of customers outside every group.
    pub outside_then: f64,
    pub outside: f64,
}

impl Drift {
    /// True where the groups should be found anew.
    pub fn is_large(&self) -> bool {
        self.psi >= 0.25 || self.outside > 2.0 * self.outside_then + 0.05
    }
}

impl Fitted {
    /// True if its parts fit together: nothing in a file is trusted.
    pub fn is_sound(&self) -> bool {
        let width = self.space.axes.len();
        let parts = match &self.model {
            Model::Centres { centres, .. } => centres.width() == width && !centres.is_empty(),
            Model::Mixture(mixture) => mixture.means.width() == width && mixture.is_sound(),
            Model::Nearest { points, groups } => {
                points.width() == width && points.len() == groups.len() && !points.is_empty()
            }
        };
        parts && self.reach.len() == self.model.k() && self.shares.len() == self.model.k()
    }
}
