//! What a model gives away of whom it learnt from: an attacker sees a customer's label and the model's
//! answer, and guesses whether the customer was among the training rows. Whoever is told with more
//! certainty than strangers are is suspected (Yeom, Giacomelli, Fredrikson, Jha 2018, "Privacy risk in
//! machine learning"). No model of the attacker's own is needed; an attacker who has more may do better.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::metrics::{self, Estimate};

/// Customers on either side without which nothing is said.
pub const LEAST: usize = 30;

/// How well the attack does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Membership {
    pub members: usize,
    pub strangers: usize,
    /// The chance that a member has the lower loss of a member and a stranger drawn by chance: 0.5 is
    /// no knowledge at all. DeLong's interval.
    pub auc: Estimate,
    /// Share of right guesses where members and strangers are equally many; the loss below which
    /// somebody is suspected was chosen on other customers than those counted.
    pub right: Estimate,
    /// Mean loss of members and of strangers, in nats: the gap that the attack lives on.
    pub losses: [f64; 2],
}

impl Membership {
    /// True where the attack does better than chance, beyond its interval.
    pub fn leaks(&self) -> bool {
        self.auc.low > 0.5
    }
}

/// The attack on members (training rows) and strangers (test rows): probability of the positive class
/// and label of each. `None` with fewer than [`LEAST`] on a side.
pub fn attack(members: (&[f64], &[bool]), strangers: (&[f64], &[bool]), seed: u64) -> Option<Membership> {
    let inside = metrics::log_loss_terms(members.0, members.1);
    let outside = metrics::log_loss_terms(strangers.0, strangers.1);
    if inside.len().min(outside.len()) < LEAST {
        return None;
    }
    let scores: Vec<f64> = inside.iter().chain(&outside).map(|loss| -loss).collect();
    let labels: Vec<bool> = (0..scores.len()).map(|at| at < inside.len()).collect();
    let auc = metrics::roc_auc_estimate(&scores, &labels)?;
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len().max(1) as f64;
    let losses = [mean(&inside), mean(&outside)];
    Some(Membership {
        members: inside.len(),
        strangers: outside.len(),
        auc,
        right: guesses(inside, outside, seed),
        losses,
    })
}

/// Right guesses, the bound learnt on one half of either side and counted on the other, both ways.
fn guesses(mut inside: Vec<f64>, mut outside: Vec<f64>, seed: u64) -> Estimate {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    inside.shuffle(&mut rng);
    outside.shuffle(&mut rng);
    let (a, b) = inside.split_at(inside.len() / 2);
    let (c, d) = outside.split_at(outside.len() / 2);
    let first = counted(bound(a, c), b, d);
    let second = counted(bound(b, d), a, c);
    let rate = |hits: usize, of: usize| hits as f64 / of.max(1) as f64;
    let found = rate(first[0] + second[0], inside.len());
    let spared = rate(first[1] + second[1], outside.len());
    let value = f64::midpoint(found, spared);
    // The mean of two independent shares.
    let variance = |p: f64, n: usize| p * (1.0 - p) / n.max(1) as f64;
    let half = 1.96 * 0.5 * (variance(found, inside.len()) + variance(spared, outside.len())).sqrt();
    Estimate { value, low: (value - half).max(0.0), high: (value + half).min(1.0) }
}

/// The loss up to which a guess "member" is right most often, both sides weighing the same.
fn bound(inside: &[f64], outside: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = inside.iter().map(|loss| (*loss, true)).collect();
    all.extend(outside.iter().map(|loss| (*loss, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut best, mut here, mut at) = (0.0, 0.0, f64::NEG_INFINITY);
    for same in all.chunk_by(|a, b| a.0 == b.0) {
        for (_, member) in same {
            here += match member {
                true => 1.0 / inside.len().max(1) as f64,
                false => -1.0 / outside.len().max(1) as f64,
            };
        }
        if here > best
            && let Some((loss, _)) = same.first()
        {
            (best, at) = (here, *loss);
        }
    }
    at
}

/// Members found, strangers spared.
fn counted(bound: f64, inside: &[f64], outside: &[f64]) -> [usize; 2] {
    let found = inside.iter().filter(|loss| **loss <= bound).count();
    [found, outside.iter().filter(|loss| **loss > bound).count()]
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    fn drawn(n: usize, certainty: f64, seed: u64) -> (Vec<f64>, Vec<bool>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let labels: Vec<bool> = (0..n).map(|_| rng.r#gen()).collect();
        let told = labels.iter().map(|label| {
            let p: f64 = rng.gen_range(0.3..0.7) + certainty;
            if *label { p.min(0.99) } else { 1.0 - p.min(0.99) }
        });
        (told.collect(), labels)
    }

    #[test]
    fn who_learns_by_heart_gives_it_away() {
        let (members, strangers) = (drawn(400, 0.25, 1), drawn(400, 0.0, 2));
        let found = attack((&members.0, &members.1), (&strangers.0, &strangers.1), 1).unwrap();
        assert!(found.leaks() && found.auc.value > 0.85, "{found:?}");
        assert!(found.right.low > 0.7 && found.losses[0] < found.losses[1], "{found:?}");
    }

    /// Of 200 models that give nothing away about one in forty is called leaky: the interval's upper tail.
    #[test]
    fn who_gives_nothing_away_is_rarely_accused() {
        let (mut accused, mut right) = (0, 0.0);
        for seed in 0..200 {
            let (members, strangers) = (drawn(150, 0.1, seed), drawn(100, 0.1, 1_000 + seed));
            let found = attack((&members.0, &members.1), (&strangers.0, &strangers.1), seed).unwrap();
            accused += usize::from(found.leaks());
            right += found.right.value / 200.0;
        }
        assert!(accused <= 12, "{accused} of 200");
        assert!(
            (right - 0.5).abs() < 0.02,
            "chosen on others, the bound does no better than chance: {right}"
        );
    }

    #[test]
    fn few_customers_tell_nothing() {
        let few = drawn(LEAST - 1, 0.0, 1);
        let many = drawn(100, 0.0, 2);
        assert!(attack((&few.0, &few.1), (&many.0, &many.1), 1).is_none());
        assert!(attack((&many.0, &many.1), (&[], &[]), 1).is_none());
    }

    #[test]
    fn equal_losses_are_a_coin() {
        let same = (vec![0.5; 60], vec![true; 60]);
        let found = attack((&same.0, &same.1), (&same.0, &same.1), 1).unwrap();
        assert_eq!(found.auc.value, 0.5);
        assert_eq!(found.right.value, 0.5);
        assert!(!found.leaks());
    }
}
