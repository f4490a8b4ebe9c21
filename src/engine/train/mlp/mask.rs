//! Dropout masks, drawn on the host.

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
