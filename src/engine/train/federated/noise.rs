//! Differential privacy of whole branches: DP-FedAvg (McMahan, Ramage, Talwar and Zhang, "Learning
//! differentially private recurrent language models", ICLR 2018) with every branch in every round.
//!
//! Each branch cuts its update to the length S and adds its part of the noise before it sends: normal with the
//! deviation zS/√K in each weight, K the branches that do so. The server takes the plain mean. The sum of K
//! updates then carries the deviation zS, as if a trusted server had added it.
//!
//! Neighbours are two runs that differ in one branch taking part, with all its rows, or sending an update of
//! zeros: the sum moves by at most S. What was told before the first round is not counted: see `agree`.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// Settings of the noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Privacy {
    /// S: the greatest length (Euclidean) of a branch's update.
    pub clip: f64,
    /// z: deviation of the noise in the sum of all updates, in lengths S.
    pub noise: f64,
    /// The δ for which ε is told.
    pub delta: f64,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { clip: 0.2, noise: 1.0, delta: 1e-5 }
    }
}

/// What the rounds so far tell of one branch; infinite without noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Epsilon {
    /// To who sees the joined models: the other branches, and whoever gets the model.
    pub model: f64,
    /// To the server, which sees each branch's message unless they are masked.
    pub server: f64,
}

impl Privacy {
    /// ε after `rounds`, of which `honest` branches of all added their part of the noise. `masked`: the server
    /// sees the sum alone. `is_sum`: the models follow from the sum alone; those of another rule follow from
    /// the single messages.
    pub fn spent(&self, rounds: usize, (honest, all): (usize, usize), masked: bool, is_sum: bool) -> Epsilon {
        let alone = self.noise / (all.max(1) as f64).sqrt();
        let sum = alone * (honest as f64).sqrt();
        let (alone, sum) = (epsilon(alone, rounds, self.delta), epsilon(sum, rounds, self.delta));
        Epsilon { model: if is_sum { sum } else { alone }, server: if masked { sum } else { alone } }
    }

    /// Cuts an update to the length S and adds one branch's part of the noise of `all`. Returns the length
    /// that it had.
    pub(super) fn protect(&self, update: &mut [Vec<f32>], all: usize, rng: &mut ChaCha8Rng) -> f64 {
        let had = length(update);
        let factor = if had > self.clip { self.clip / had } else { 1.0 };
        let deviation = self.noise * self.clip / (all.max(1) as f64).sqrt();
        for w in update.iter_mut().flatten() {
            *w = (f64::from(*w) * factor + rng.sample::<f64, _>(StandardNormal) * deviation) as f32;
        }
        had
    }
}

/// Euclidean length over all weights.
pub(super) fn length(tensors: &[Vec<f32>]) -> f64 {
    tensors.iter().flatten().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt()
}

/// ε of `rounds` Gaussian mechanisms in a row at `delta`; `multiplier` is the noise's deviation over the
/// sensitivity. Infinite without noise; 0 before the first round.
///
/// One round has the Rényi divergence α/(2z²) of order α (Mironov 2017, Corollary 3); those of several rounds
/// add up (Proposition 1). From order α to ε: ε = T·α/(2z²) + ln((α−1)/α) − (ln δ + ln α)/(α−1) (Canonne,
/// Kamath and Steinke 2020, Proposition 12), the least over α. It is an upper bound, a few per cent above the
/// exact figure.
pub fn epsilon(multiplier: f64, rounds: usize, delta: f64) -> f64 {
    if rounds == 0 {
        return 0.0;
    }
    if !(multiplier > 0.0 && delta > 0.0 && delta < 1.0) {
        return f64::INFINITY;
    }
    let rate = rounds as f64 / (2.0 * multiplier * multiplier);
    // Orders from 1.0001 to some 160,000, each 1% further from 1 than the last.
    let bound = |step: i32| {
        let beyond = 1e-4 * 1.01f64.powi(step);
        let order = 1.0 + beyond;
        rate * order + (beyond / order).ln() - (delta.ln() + order.ln()) / beyond
    };
    (0..2130).map(bound).fold(f64::INFINITY, f64::min).max(0.0)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Φ, by Simpson's rule from −40.
    fn normal(x: f64) -> f64 {
        let steps = 40_000;
        let (from, width) = (-40.0, (x + 40.0) / f64::from(steps));
        let density = |at: f64| (-at * at / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let weight = |at: i32| {
            if at == 0 || at == steps {
                1.0
            } else if at % 2 == 1 {
                4.0
            } else {
                2.0
            }
        };
        (0..=steps).map(|at| weight(at) * density(from + f64::from(at) * width)).sum::<f64>() * width / 3.0
    }

    /// δ of T Gaussian mechanisms at ε, exactly (Balle and Wang 2018, Theorem 8): they are one of the
    /// multiplier z/√T.
    fn delta_of(epsilon: f64, multiplier: f64, rounds: f64) -> f64 {
        let r = rounds.sqrt() / multiplier;
        normal(r / 2.0 - epsilon / r) - epsilon.exp() * normal(-r / 2.0 - epsilon / r)
    }

    /// dp-accounting 0.6.0 (PyPI), `RdpAccountant([1 + 1e-4 * 1.01**k for k in range(2130)])`, of
    /// `SelfComposedDpEvent(GaussianDpEvent(multiplier), rounds)`; with that tool's own coarser orders the first
    /// are 4.728507, 30.126631, 12.301691.
    #[test]
    fn epsilon_is_that_of_a_published_accountant() {
        let golden = [
            (1.0, 1, 1e-5, 4.728402013905413),
            (1.0, 20, 1e-5, 30.111120137551197),
            (2.0, 20, 1e-5, 12.299692548228467),
            (0.5, 10, 1e-5, 48.75476429148196),
            (5.0, 40, 1e-6, 6.82670764070343),
            (20.0, 20, 1e-5, 0.8966154933064944),
            (0.1, 20, 1e-5, 1211.3107439778362),
        ];
        for (multiplier, rounds, delta, known) in golden {
            let found = epsilon(multiplier, rounds, delta);
            assert!((found / known - 1.0).abs() < 1e-9, "{multiplier} {rounds}: {found} {known}");
        }
    }

    #[test]
    fn epsilon_bounds_the_exact_figure_and_is_near_it() {
        for (multiplier, rounds) in [(1.0, 1), (1.0, 20), (2.0, 20), (5.0, 40), (20.0, 20)] {
            let found = epsilon(multiplier, rounds, 1e-5);
            let exact = |epsilon: f64| delta_of(epsilon, multiplier, rounds as f64);
            assert!(exact(found) < 1e-5, "{multiplier} {rounds}: it is no bound");
            assert!(exact(0.88 * found) > 1e-5, "{multiplier} {rounds}: it is far off");
        }
    }

    #[test]
    fn no_rounds_tell_nothing_and_no_noise_tells_all() {
        assert_eq!(epsilon(1.0, 0, 1e-5), 0.0);
        assert!(epsilon(0.0, 1, 1e-5).is_infinite() && epsilon(f64::NAN, 1, 1e-5).is_infinite());
        assert!(epsilon(1.0, 2, 1e-5) > epsilon(1.0, 1, 1e-5));
        assert!(epsilon(2.0, 1, 1e-5) < epsilon(1.0, 1, 1e-5));
    }

    #[test]
    fn masks_hide_a_branch_from_the_server_and_a_median_needs_the_messages() {
        let of = Privacy { noise: 2.0, ..Privacy::default() };
        let open = of.spent(10, (5, 5), false, true);
        assert!((open.model - epsilon(2.0, 10, 1e-5)).abs() < 1e-12);
        assert!((open.server - epsilon(2.0 / 5f64.sqrt(), 10, 1e-5)).abs() < 1e-12);
        let masked = of.spent(10, (5, 5), true, true);
        assert_eq!(masked.server, masked.model);
        // A branch that adds no noise is not counted on.
        assert!(of.spent(10, (4, 5), true, true).model > masked.model);
        assert_eq!(of.spent(10, (5, 5), false, false).model, open.server);
    }

    #[test]
    fn an_update_is_cut_and_the_noise_of_all_branches_adds_up() {
        let of = Privacy { clip: 0.5, noise: 0.0, delta: 1e-5 };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut update = vec![vec![3.0f32, 0.0], vec![4.0]];
        assert_eq!(of.protect(&mut update, 5, &mut rng), 5.0);
        assert!((length(&update) - 0.5).abs() < 1e-6 && update[0][1] == 0.0);
        let of = Privacy { clip: 0.5, noise: 2.0, delta: 1e-5 };
        let mut sum = vec![0.0f64; 20_000];
        for _ in 0..4 {
            let mut update = vec![vec![0.0f32; sum.len()]];
            of.protect(&mut update, 4, &mut rng);
            sum.iter_mut().zip(&update[0]).for_each(|(sum, w)| *sum += f64::from(*w));
        }
        let deviation = (sum.iter().map(|v| v * v).sum::<f64>() / sum.len() as f64).sqrt();
        assert!((deviation - 1.0).abs() < 0.02, "{deviation}");
    }
}
