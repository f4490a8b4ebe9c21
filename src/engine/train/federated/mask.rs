//! What a server sees of masked weights: the sum alone. Pairwise masks that cancel (Bonawitz et al.,
//! "Practical secure aggregation for privacy-preserving machine learning", CCS 2017, section 4.1), for
//! branches that all stay.
//!
//! A lesson, not a protocol: each pair's secret is drawn from the run's seed, where real branches agree on one
//! by Diffie and Hellman's exchange, and what the paper does for branches that drop out is left out.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Fixed point: the steps of 1. 2²⁴ keeps an f32 near 1 whole.
const STEPS: f64 = 16_777_216.0;

/// What one branch sends: each weight times its rows as a whole number, then the rows themselves, all with
/// the masks of its pairs on top, modulo 2⁶⁴.
///
/// `own` is the branch's place among `branches`; masks differ from `round` to round.
pub(super) fn masked(
    weights: &[Vec<f32>],
    rows: u64,
    (own, branches): (usize, usize),
    (seed, round): (u64, usize),
) -> Vec<u64> {
    let fixed = |w: &f32| (f64::from(*w) * rows as f64 * STEPS).round() as i64 as u64;
    let mut out: Vec<u64> = weights.iter().flatten().map(fixed).chain([rows]).collect();
    for other in (0..branches).filter(|other| *other != own) {
        let (low, high) = (own.min(other), own.max(other));
        let mut mask = ChaCha8Rng::seed_from_u64(seed);
        // One stream a pair and round, apart from those of shuffles, noise and mischief.
        mask.set_stream(1 << 63 | (round as u64) << 32 | (low as u64) << 16 | high as u64);
        for value in &mut out {
            let drawn = mask.next_u64();
            // The lower branch adds what the higher one takes off.
            *value = if own == low { value.wrapping_add(drawn) } else { value.wrapping_sub(drawn) };
        }
    }
    out
}

/// The weighted mean of all branches from their masked numbers alone, in tensors as long as those of `like`;
/// `None` where the numbers do not fit or there are no rows.
pub(super) fn unmask(sent: &[Vec<u64>], like: &[Vec<f32>]) -> Option<Vec<Vec<f32>>> {
    let len = like.iter().map(Vec::len).sum::<usize>() + 1;
    let mut sum = vec![0u64; len];
    for one in sent {
        if one.len() != len {
            return None;
        }
        sum.iter_mut().zip(one).for_each(|(sum, value)| *sum = sum.wrapping_add(*value));
    }
    let rows = *sum.last().filter(|rows| **rows > 0)? as f64;
    let mut values = sum.into_iter().map(|value| (value as i64 as f64 / STEPS / rows) as f32);
    Some(like.iter().map(|tensor| values.by_ref().take(tensor.len()).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_cancel_in_the_sum_and_hide_each_branch() {
        let branches: Vec<(Vec<Vec<f32>>, u64)> = (0..5u64)
            .map(|at| (vec![vec![0.25 * at as f32, -1.5, 3e-4], vec![7.0 - at as f32]], 100 + 37 * at))
            .collect();
        let of = |round| -> Vec<Vec<u64>> {
            branches.iter().enumerate().map(|(at, (w, n))| masked(w, *n, (at, 5), (1, round))).collect()
        };
        let sent = of(3);
        let joined = unmask(&sent, &branches[0].0).unwrap();
        let plain = super::super::join(super::super::Rule::Mean, &branches).unwrap();
        for (masked, plain) in joined.iter().flatten().zip(plain.iter().flatten()) {
            assert!((masked - plain).abs() < 1e-6, "{masked} {plain}");
        }
        // Neither a weight nor the rows stand in a message, and the masks of another round are others.
        for (one, (weights, rows)) in sent.iter().zip(&branches) {
            let bare = |w: &f32| (f64::from(*w) * *rows as f64 * STEPS).round() as i64 as u64;
            let bare: Vec<u64> = weights.iter().flatten().map(bare).chain([*rows]).collect();
            assert!(one.iter().zip(&bare).all(|(sent, bare)| sent != bare));
        }
        assert!(of(4).iter().flatten().zip(sent.iter().flatten()).all(|(a, b)| a != b));
        // Without one branch the masks of the rest stand: the paper's second half mends that.
        let short = unmask(&sent[..4], &branches[0].0).unwrap();
        assert!(short.iter().flatten().zip(plain.iter().flatten()).any(|(a, b)| (a - b).abs() > 1.0));
        assert!(unmask(&sent, &[vec![0.0; 3]]).is_none());
    }
}
