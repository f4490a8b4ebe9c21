//! Which known products a new one is like: cosines of what is told of both, the facts weighted by how well
//! they tell which products the same customers take.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::facts::Block;
use crate::job::{Cancelled, Reporter};
use crate::recommend::Matrix;

/// Neighbours that are kept of a product.
pub(super) const KEPT: usize = 200;
/// Known products by whose pairs the facts are weighted.
const WEIGHED: usize = 600;
/// Customers that one of these has at least: of fewer no cosine tells anything.
const LEAST: usize = 3;
/// Rounds of coordinate descent.
const ROUNDS: usize = 200;

/// The known products that a product is like, nearest first, with how like.
pub(super) type Neighbours = Vec<(u32, f32)>;

fn dot(a: &[(u32, f32)], b: &[(u32, f32)]) -> f32 {
    let (mut a, mut b, mut sum) = (a, b, 0.0);
    while let ([x, rest_a @ ..], [y, rest_b @ ..]) = (a, b) {
        match x.0.cmp(&y.0) {
            std::cmp::Ordering::Less => a = rest_a,
            std::cmp::Ordering::Greater => b = rest_b,
            std::cmp::Ordering::Equal => {
                sum += x.1 * y.1;
                (a, b) = (rest_a, rest_b);
            }
        }
    }
    sum
}

fn row(block: &Block, at: usize) -> &[(u32, f32)] {
    block.rows.get(at).map_or(&[], Vec::as_slice)
}

/// The weight of each fact: those with which Σ_b w_b·cos_b(i, j) + c comes nearest to the cosine of the
/// customers of i and j, over the pairs of some known products; none below 0 (least squares, coordinate
/// descent). They add up to 1; alike where no fact tells anything.
pub(super) fn weights(
    blocks: &[Block],
    matrix: &Matrix,
    known: &[usize],
    rng: &mut ChaCha8Rng,
    report: &Reporter,
) -> Result<Vec<f32>, Cancelled> {
    let n = blocks.len();
    let mut some: Vec<usize> = known.iter().copied().filter(|at| matrix.column(*at).len() >= LEAST).collect();
    some.shuffle(rng);
    some.truncate(WEIGHED);
    // Sums of 1, the facts' cosines and the wanted cosine, and of their products.
    let width = n + 2;
    let sums: Vec<Vec<f64>> = some
        .par_iter()
        .enumerate()
        .map(|(nth, i)| {
            report.check()?;
            let mut sums = vec![0.0f64; width * width];
            let mut values = vec![1.0f64; width];
            for j in some.iter().take(nth) {
                for (value, block) in values.iter_mut().skip(1).zip(blocks) {
                    *value = f64::from(dot(row(block, *i), row(block, *j)));
                }
                if let Some(last) = values.last_mut() {
                    *last = shared(matrix, *i, *j);
                }
                for (sums, a) in sums.chunks_exact_mut(width).zip(&values) {
                    sums.iter_mut().zip(&values).for_each(|(sum, b)| *sum += a * b);
                }
            }
            Ok(sums)
        })
        .collect::<Result<_, Cancelled>>()?;
    let mut all = vec![0.0f64; width * width];
    for part in &sums {
        all.iter_mut().zip(part).for_each(|(to, from)| *to += from);
    }
    let at = |a: usize, b: usize| all.get(a * width + b).copied().unwrap_or_default();
    // Place 0 is the constant, which may be anything; the others are not below 0.
    let mut weights = vec![0.0f64; n + 1];
    for _ in 0..ROUNDS {
        for own in 0..=n {
            let told: f64 = weights.iter().enumerate().map(|(other, weight)| weight * at(own, other)).sum();
            let size = at(own, own);
            if size <= 0.0 {
                continue;
            }
            let Some(weight) = weights.get_mut(own) else { continue };
            let next = *weight + (at(own, n + 1) - told) / size;
            *weight = if own == 0 { next } else { next.max(0.0) };
        }
    }
    let facts = weights.split_off(1);
    let sum: f64 = facts.iter().sum();
    Ok(match sum > 1e-12 {
        true => facts.into_iter().map(|weight| (weight / sum) as f32).collect(),
        false => vec![1.0 / n.max(1) as f32; n],
    })
}

/// Cosine of the customers of two products.
fn shared(matrix: &Matrix, i: usize, j: usize) -> f64 {
    let (a, b) = (matrix.column(i), matrix.column(j));
    let size = ((a.len() * b.len()) as f64).sqrt();
    if size > 0.0 { crate::recommend::evaluate::common(a, b) as f64 / size } else { 0.0 }
}

/// For each of `wanted` the nearest of `known`.
pub(super) fn nearest(
    blocks: &[Block],
    weights: &[f32],
    (wanted, known): (&[usize], &[usize]),
    report: &Reporter,
) -> Result<Vec<Neighbours>, Cancelled> {
    let room = || blocks.iter().map(|block| vec![0.0f32; block.width]).collect::<Vec<_>>();
    let of = |room: &mut Vec<Vec<f32>>, item: &usize| {
        report.check()?;
        for ((dense, block), weight) in room.iter_mut().zip(blocks).zip(weights) {
            for (column, value) in row(block, *item) {
                if let Some(cell) = dense.get_mut(*column as usize) {
                    *cell = weight * value;
                }
            }
        }
        let like = |other: usize| -> f32 {
            let parts = room.iter().zip(blocks).map(|(dense, block)| {
                let cells = row(block, other).iter();
                cells
                    .map(|(column, value)| dense.get(*column as usize).map_or(0.0, |cell| cell * value))
                    .sum::<f32>()
            });
            parts.sum()
        };
        let mut out: Neighbours = known
            .iter()
            .filter(|other| *other != item)
            .map(|other| (*other as u32, like(*other)))
            .filter(|(_, like)| *like > 0.0)
            .collect();
        for (dense, block) in room.iter_mut().zip(blocks) {
            for (column, _) in row(block, *item) {
                if let Some(cell) = dense.get_mut(*column as usize) {
                    *cell = 0.0;
                }
            }
        }
        let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if out.len() > KEPT {
            out.select_nth_unstable_by(KEPT - 1, order);
            out.truncate(KEPT);
        }
        out.sort_unstable_by(order);
        Ok(out)
    };
    wanted.par_iter().map_init(room, of).collect()
}
