//! Histories cut into pieces, and pieces put into batches.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::loss::Drawn;
use crate::recommend::Histories;

/// Batches whose pieces are sorted by length together: little padding, and still a new order every epoch.
const POOL: usize = 8;

/// A piece of a history: from each of its products the next one is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub customer: usize,
    pub from: usize,
    /// Products that are read.
    pub len: usize,
}

/// Pieces of at most `max_len` products, such that every product but a customer's first is asked once. Where
/// the pieces begin is drawn anew every epoch, so that each is asked from short and from long memories.
pub(super) fn cut(histories: &Histories, max_len: usize, rng: &mut ChaCha8Rng) -> Vec<Piece> {
    let mut out = Vec::new();
    for customer in 0..histories.customers() {
        let read = histories.of(customer).len().saturating_sub(1);
        let first = if read > max_len { rng.gen_range(1..=max_len) } else { read };
        let (mut from, mut len) = (0, first);
        while from < read {
            out.push(Piece { customer, from, len: len.min(read - from) });
            from += len;
            len = max_len;
        }
    }
    out
}

/// Batches of `size` pieces of about one length, in a drawn order.
pub(super) fn batches(mut pieces: Vec<Piece>, size: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<Piece>> {
    pieces.shuffle(rng);
    for pool in pieces.chunks_mut(size * POOL) {
        pool.sort_by_key(|piece| piece.len);
    }
    let mut out: Vec<Vec<Piece>> = pieces.chunks(size).map(<[Piece]>::to_vec).collect();
    out.shuffle(rng);
    out
}

/// What the network reads, padded with zeros past the end of each piece, and what is asked of it.
pub(super) struct Batch {
    /// `rows × steps`, row by row.
    pub tokens: Vec<i32>,
    pub rows: usize,
    pub steps: usize,
    /// Places of the real steps among `tokens`.
    pub places: Vec<i32>,
    /// The product that came next, one a place.
    pub targets: Vec<i32>,
}

pub(super) fn batch(histories: &Histories, pieces: &[Piece]) -> Batch {
    let steps = pieces.iter().map(|piece| piece.len).max().unwrap_or(1).max(1);
    let mut tokens = Vec::with_capacity(pieces.len() * steps);
    let (mut places, mut targets) = (Vec::new(), Vec::new());
    for (row, piece) in pieces.iter().enumerate() {
        let items = histories.of(piece.customer).get(piece.from..).unwrap_or_default();
        for (at, pair) in items.windows(2).take(piece.len).enumerate() {
            if let [item, next] = pair {
                tokens.push(*item as i32);
                places.push((row * steps + at) as i32);
                targets.push(*next as i32);
            }
        }
        tokens.resize((row + 1) * steps, 0);
    }
    Batch { tokens, rows: pieces.len(), steps, places, targets }
}

/// The last products of each list, and the place of the last one of each.
pub(super) fn lasts<'a>(lists: impl Iterator<Item = &'a [u32]>, max_len: usize) -> Batch {
    let lists: Vec<&[u32]> = lists.map(|list| list.split_at(list.len().saturating_sub(max_len)).1).collect();
    let steps = lists.iter().map(|list| list.len()).max().unwrap_or(1).max(1);
    let (mut tokens, mut places) = (Vec::with_capacity(lists.len() * steps), Vec::new());
    for (row, list) in lists.iter().enumerate() {
        tokens.extend(list.iter().map(|item| *item as i32));
        tokens.resize((row + 1) * steps, 0);
        places.push((row * steps + list.len().saturating_sub(1)) as i32);
    }
    Batch { tokens, rows: lists.len(), steps, places, targets: Vec::new() }
}

/// Draws products by how often they were taken (plus one), and each at most once.
pub(super) struct Drawer {
    /// Sums of the counts up to and with each product.
    sums: Vec<f64>,
    log_chance: Vec<f32>,
    draws: usize,
}

impl Drawer {
    pub fn new(counts: &[f32], draws: usize) -> Self {
        let mut sum = 0.0;
        let sums: Vec<f64> = counts
            .iter()
            .map(|count| {
                sum += f64::from(*count) + 1.0;
                sum
            })
            .collect();
        // 1 − (1 − q)ⁿ: the chance to be among n draws.
        let chance = |count: &f32| {
            let q = (f64::from(*count) + 1.0) / sum;
            (-((draws as f64) * (-q).ln_1p()).exp_m1()).ln() as f32
        };
        Self { log_chance: counts.iter().map(chance).collect(), sums, draws }
    }

    pub fn draw(&self, rng: &mut ChaCha8Rng) -> Drawn {
        let total = self.sums.last().copied().unwrap_or(1.0);
        let place = |rng: &mut ChaCha8Rng| {
            let at = rng.gen_range(0.0..total);
            self.sums.partition_point(|sum| *sum <= at).min(self.sums.len().saturating_sub(1)) as i32
        };
        let mut items: Vec<i32> = (0..self.draws).map(|_| place(rng)).collect();
        items.sort_unstable();
        items.dedup();
        Drawn { items, log_chance: self.log_chance.clone() }
    }
}
