//! Products that the same customers take: cosine of their columns, with shrinkage, so that two products
//! with one customer in common are not taken for twins.
//! w(i,j) = |Uᵢ ∩ Uⱼ| / (√(|Uᵢ|·|Uⱼ|) + s) (Sarwar et al. 2001; shrinkage as Koren 2008 has it).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::matrix::Matrix;
use super::{Neighbours, Reason, Recommender, heaviest, recent};
use crate::job::{Cancelled, Reporter};

/// Neighbours that are kept of a product: a score of more hardly changes, and memory stays bounded.
const KEPT: usize = 2_000;
/// Products of one customer that are looked at; who has more is a till, not a customer.
const LONGEST: usize = 2_000;

/// The neighbours of every product.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cooccurrence {
    pub last: usize,
    neighbours: Neighbours,
}

impl Cooccurrence {
    /// Fits it. `last` different products of a history count later on; 0 for all.
    ///
    /// # Errors
    /// The person cancels.
    pub fn fit(matrix: &Matrix, shrinkage: f32, last: usize, report: &Reporter) -> Result<Self, Cancelled> {
        let n = matrix.columns();
        let width = 512;
        let mut lists = Vec::with_capacity(n);
        for from in (0..n).step_by(width) {
            report.check()?;
            let part: Vec<Vec<(u32, f32)>> = (from..n.min(from + width))
                .into_par_iter()
                .map_init(
                    || (vec![0u32; n], Vec::new()),
                    |(counts, touched), item| of_item(matrix, item, shrinkage, counts, touched),
                )
                .collect();
            lists.extend(part);
            report.progress((from + width) as f64 / n.max(1) as f64);
        }
        Ok(Self { last, neighbours: Neighbours::of_lists(lists) })
    }

    /// The neighbours of a product with their cosines, the nearest first.
    pub fn of(&self, item: u32) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.neighbours.of(item)
    }

    pub(super) fn is_sound(&self) -> bool {
        self.neighbours.is_sound()
    }
}

fn of_item(
    matrix: &Matrix,
    item: usize,
    shrinkage: f32,
    counts: &mut [u32],
    touched: &mut Vec<u32>,
) -> Vec<(u32, f32)> {
    for customer in matrix.column(item) {
        let row = matrix.row(*customer as usize);
        if row.len() > LONGEST {
            continue;
        }
        for other in row {
            if let Some(count) = counts.get_mut(*other as usize) {
                if *count == 0 {
                    touched.push(*other);
                }
                *count += 1;
            }
        }
    }
    let own = matrix.column(item).len() as f32;
    let mut out: Vec<(u32, f32)> = Vec::with_capacity(touched.len());
    for other in touched.drain(..) {
        let Some(count) = counts.get_mut(other as usize) else { continue };
        if other as usize != item {
            let size = matrix.column(other as usize).len() as f32;
            out.push((other, *count as f32 / ((own * size).sqrt() + shrinkage)));
        }
        *count = 0;
    }
    out.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    out.truncate(KEPT);
    out
}

impl Recommender for Cooccurrence {
    fn score(&self, history: &[u32], out: &mut [f32]) {
        out.fill(0.0);
        for item in recent(history, self.last, self.items()) {
            for (other, weight) in self.neighbours.of(item) {
                if let Some(score) = out.get_mut(other as usize) {
                    *score += weight;
                }
            }
        }
    }

    fn because(&self, history: &[u32], item: u32) -> Vec<Reason> {
        let own = recent(history, self.last, self.items());
        heaviest(own.into_iter().map(|one| Reason { item: one, weight: self.neighbours.weight(one, item) }))
    }

    fn items(&self) -> usize {
        self.neighbours.len()
    }
}
