//! The order in which rows are seen in an epoch, drawn from the host's stream.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::spec::FitSpec;
use crate::train::net::{NetData, NetSpec, Target};

/// Batches that are sorted by length together.
const POOL: usize = 32;

/// The batches of an epoch, each a list of rows.
pub(super) fn batches(
    data: &NetData,
    target: &Target,
    spec: &NetSpec,
    fit: &FitSpec,
    rng: &mut ChaCha8Rng,
) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..data.rows).collect();
    order.shuffle(rng);
    if spec.balanced {
        order = even(&order, target, rng);
    }
    let batch = fit.batch_size.max(1);
    let sequences = data.tokens.is_some() || data.events.is_some();
    if fit.bucket && sequences {
        for pool in order.chunks_mut(batch.saturating_mul(POOL)) {
            pool.sort_by_key(|row| data.steps(*row, spec.max_len));
        }
    }
    let mut batches: Vec<Vec<usize>> = order.chunks(batch).map(<[usize]>::to_vec).collect();
    if fit.bucket && sequences {
        batches.shuffle(rng);
    }
    batches
}

/// As many rows as before, with every class as often as any other: the rows of each class in turn, and
/// those of a small one again and again. Each place draws its class.
fn even(order: &[usize], target: &Target, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut classes: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
    for row in order {
        classes.entry(target.class(*row)).or_default().push(*row);
    }
    let mut queues: Vec<_> = classes.values().map(|rows| rows.iter().cycle()).collect();
    let n = queues.len();
    let mut turn: Vec<usize> = (0..n).collect();
    let mut out = Vec::with_capacity(order.len());
    while out.len() < order.len() && n > 0 {
        turn.shuffle(rng);
        for class in &turn {
            out.extend(queues.get_mut(*class).and_then(Iterator::next));
        }
    }
    out.truncate(order.len());
    out
}

/// Weights that make all classes count the same, with mean 1 over the rows; 1 when off, or when there is
/// one class.
pub(super) fn class_weights(target: &Target, rows: usize, on: bool) -> Vec<f32> {
    if !on {
        return vec![1.0; rows];
    }
    let mut counts: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    (0..rows).for_each(|row| *counts.entry(target.class(row)).or_default() += 1);
    let classes = counts.len().max(1) as f32;
    let weight = |row| {
        let count = counts.get(&target.class(row)).copied().unwrap_or(1);
        rows as f32 / (classes * count as f32)
    };
    (0..rows).map(weight).collect()
}
