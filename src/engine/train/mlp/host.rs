//! What is drawn, divided and weighed on the host: dropout masks, batches, weights of classes.

use std::ops::Range;

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

/// A mask of zeros (with chance `dropout`) and 1 / (1 − dropout).
pub(crate) fn dropout_mask(len: usize, dropout: f64, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let keep = (1.0 / (1.0 - dropout)) as f32;
    let bar = (dropout * 65_536.0) as u32;
    let mut mask = Vec::with_capacity(len + 1);
    while mask.len() < len {
        // Two draws of 16 bits from each word.
        let word = rng.next_u32();
        mask.push(if word & 0xFFFF < bar { 0.0 } else { keep });
        mask.push(if word >> 16 < bar { 0.0 } else { keep });
    }
    mask.truncate(len);
    mask
}

/// The numbers `own` of the mask that [`dropout_mask`] would draw of `len`; the stream stands as after it.
pub(crate) fn dropout_part(len: usize, own: Range<usize>, dropout: f64, rng: &mut ChaCha8Rng) -> Vec<f32> {
    if own == (0..len) {
        return dropout_mask(len, dropout, rng);
    }
    let begin = rng.get_word_pos();
    let before = own.start / 2;
    rng.set_word_pos(begin + before as u128);
    let mut mask = dropout_mask(own.end.saturating_sub(before * 2), dropout, rng);
    mask.drain(..(own.start - before * 2).min(mask.len()));
    rng.set_word_pos(begin + len.div_ceil(2) as u128);
    mask
}

/// The rows in batches; a remainder of fewer than `least` rows goes with the batch before it.
pub(in crate::train) fn batches(order: &[usize], batch: usize, least: usize) -> Vec<&[usize]> {
    let rest = order.len() % batch;
    if rest == 0 || rest >= least || order.len() < batch {
        return order.chunks(batch).collect();
    }
    let (head, tail) = order.split_at(order.len() - rest - batch);
    head.chunks(batch).chain([tail]).collect()
}

/// Weights that make both classes count the same, with mean 1; all 1 when off.
pub(in crate::train) fn class_weights(labels: &[bool], on: bool) -> Vec<f32> {
    let n = labels.len() as f32;
    let positive = labels.iter().filter(|y| **y).count() as f32;
    labels
        .iter()
        .map(|y| match (on, y) {
            (false, _) => 1.0,
            (true, true) => n / (2.0 * positive),
            (true, false) => n / (2.0 * (n - positive)),
        })
        .collect()
}
