//! Scores → ranks and lists.

use std::cmp::Ordering;

use serde::Serialize;

/// One product that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Offer {
    pub item: u32,
    pub score: f32,
}

/// The rank of a product among all that may be offered, 1 for the best. `second` settles equal scores
/// (empty for none); of products that are equal in both each has the middle of their ranks
/// (the better of two middles), so that no order of the file wins. `NEG_INFINITY` marks what may not be offered: it has no rank.
pub fn middle_rank(scores: &[f32], second: &[f32], item: u32) -> Option<f64> {
    let at = item as usize;
    let own = scores.get(at).copied().filter(|score| *score != f32::NEG_INFINITY)?;
    let other = second.get(at).copied().unwrap_or_default();
    let (mut above, mut equal) = (0usize, 0usize);
    for (place, score) in scores.iter().enumerate() {
        if *score > own {
            above += 1;
        } else if *score == own {
            match second.get(place).copied().unwrap_or_default().total_cmp(&other) {
                Ordering::Greater => above += 1,
                Ordering::Equal => equal += 1,
                Ordering::Less => {}
            }
        }
    }
    Some((above + 1 + equal.saturating_sub(1) / 2) as f64)
}

/// The `n` highest scores, the highest first; equals by `second`, then by their number. What is marked
/// with `NEG_INFINITY` is left out.
pub fn top(scores: &[f32], second: &[f32], n: usize) -> Vec<Offer> {
    let of = |offer: &Offer| second.get(offer.item as usize).copied().unwrap_or_default();
    let better = |a: &Offer, b: &Offer| {
        let score = b.score.total_cmp(&a.score);
        score.then_with(|| of(b).total_cmp(&of(a))).then_with(|| a.item.cmp(&b.item))
    };
    if n == 0 {
        return Vec::new();
    }
    // Few scores pass the lowest of the kept ones: the rest costs one comparison each.
    let room = n.saturating_mul(4).max(64);
    let mut kept: Vec<Offer> = Vec::with_capacity(room.min(scores.len()));
    let mut bar = f32::NEG_INFINITY;
    for (item, score) in (0u32..).zip(scores.iter().copied()) {
        if score > f32::NEG_INFINITY && score >= bar {
            kept.push(Offer { item, score });
            if kept.len() == room {
                kept.select_nth_unstable_by(n - 1, better);
                kept.truncate(n);
                bar = kept.iter().map(|offer| offer.score).fold(f32::INFINITY, f32::min);
            }
        }
    }
    kept.sort_unstable_by(better);
    kept.truncate(n);
    kept
}
