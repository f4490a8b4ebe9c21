//! How much privacy noisy steps cost: Rényi divergence of the sampled Gaussian mechanism, summed over the
//! steps and turned into (ε, δ).
//!
//! Sources: Mironov, Talwar, Zhang 2019, "Rényi differential privacy of the sampled Gaussian mechanism",
//! section 3.3 (both series); composition: Mironov 2017; (ε, δ): Balle, Barthe, Gaboardi, Hsu, Sato 2020,
//! "Hypothesis testing interpretations and Rényi differential privacy", theorem 21. Neighbours differ by one
//! row that is there or not. Golden figures of `dp-accounting` stand in the tests.

use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;

/// Terms of the series after which an order counts as useless.
const TERMS: usize = 1_000;
/// Terms that are so much smaller than the sum, as logarithms, no longer count.
const SMALL: f64 = -30.0;
/// Noise beyond which no more is tried.
const MOST_NOISE: f64 = 1e6;
/// Noise below which none is tried.
const LEAST_NOISE: f64 = 0.05;

/// What steps have cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    pub epsilon: f64,
    /// The order of the divergence that the bound comes from.
    pub order: f64,
}

/// The orders that are tried: those of `dp-accounting`.
fn orders() -> impl Iterator<Item = f64> {
    let tenths = (11..110).map(|tenth| f64::from(tenth) / 10.0);
    let whole = (11..64).map(f64::from);
    tenths.chain(whole).chain([128.0, 256.0, 512.0, 1024.0])
}

/// ε of `steps` steps at `delta`, each with noise of `noise` times the clipping bound and every row drawn with
/// chance `rate`. Infinite where no order gives a bound.
pub fn spent(noise: f64, rate: f64, steps: u64, delta: f64) -> Spent {
    let none = Spent { epsilon: f64::INFINITY, order: f64::INFINITY };
    if steps == 0 {
        return Spent { epsilon: 0.0, order: f64::INFINITY };
    }
    let of = |order: f64| {
        let divergence = steps as f64 * divergence(noise, rate, order);
        let epsilon = divergence + (-1.0 / order).ln_1p() - (delta.ln() + order.ln()) / (order - 1.0);
        Spent { epsilon: epsilon.max(0.0), order }
    };
    let all = orders().map(of).filter(|spent| spent.epsilon.is_finite());
    all.min_by(|a, b| a.epsilon.total_cmp(&b.epsilon)).unwrap_or(none)
}

/// The least noise, as a multiple of the clipping bound and to one in ten thousand, with which `steps` steps
/// spend no more than `epsilon`. `None` where no noise does.
pub fn noise_for(epsilon: f64, delta: f64, rate: f64, steps: u64) -> Option<f64> {
    let fits = |noise: f64| spent(noise, rate, steps, delta).epsilon <= epsilon;
    let (mut low, mut high) = (LEAST_NOISE, 1.0);
    while !fits(high) {
        (low, high) = (high, 2.0 * high);
        if high > MOST_NOISE {
            return None;
        }
    }
    while high / low > 1.0001 {
        let middle = (low * high).sqrt();
        if fits(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Rényi divergence of one step at an order above 1; infinite where it cannot be told.
fn divergence(noise: f64, rate: f64, order: f64) -> f64 {
    if rate <= 0.0 {
        return 0.0;
    }
    if noise.is_nan() || noise <= 0.0 {
        return f64::INFINITY;
    }
    if rate >= 1.0 {
        return order / (2.0 * noise * noise);
    }
    let log = if order.fract() == 0.0 { whole(noise, rate, order) } else { between(noise, rate, order) };
    log.map_or(f64::INFINITY, |log| (log / (order - 1.0)).max(0.0))
}

/// The logarithm of E[(μ/μ₀)^α] for a whole α: Σ C(α,k) (1−q)^(α−k) q^k exp(k(k−1)/2σ²).
fn whole(noise: f64, rate: f64, order: f64) -> Option<f64> {
    let mut sum = f64::NEG_INFINITY;
    for k in 0..=order as u64 {
        let k = k as f64;
        let choose = ln_gamma(order + 1.0) - ln_gamma(k + 1.0) - ln_gamma(order - k + 1.0);
        let term = choose + k * rate.ln() + (order - k) * (-rate).ln_1p();
        sum = plus(sum, term + k * (k - 1.0) / (2.0 * noise * noise));
    }
    sum.is_finite().then_some(sum)
}

/// The same for an α between whole numbers: the integral cut in two at z₀, either part a binomial series. Beyond
/// α every second term is negative; all are added by their size, which bounds the sum from above and loses no
/// digits (as `dp-accounting` does). `None` where the series goes on for too long.
fn between(noise: f64, rate: f64, order: f64) -> Option<f64> {
    let square = noise * noise;
    let cut = square * (1.0 / rate - 1.0).ln() + 0.5;
    let half = 0.5f64.ln();
    let wide = std::f64::consts::SQRT_2 * noise;
    let mut sum = f64::NEG_INFINITY;
    let mut before = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    // ln |C(α, i)|.
    let mut choose = 0.0f64;
    for i in 0..TERMS {
        let at = i as f64;
        let rest = order - at;
        let grown = |k: f64| k * (k - 1.0) / (2.0 * square);
        let left = at * rate.ln() + rest * (-rate).ln_1p() + ln_erfc((at - cut) / wide) + grown(at);
        let right = rest * rate.ln() + at * (-rate).ln_1p() + ln_erfc((cut - rest) / wide) + grown(rest);
        let now = (choose + half + left, choose + half + right);
        sum = plus(sum, plus(now.0, now.1));
        if now.0 < before.0 && now.1 < before.1 && now.0.max(now.1) < sum + SMALL {
            return sum.is_finite().then_some(sum);
        }
        before = now;
        choose += (rest.abs() / (at + 1.0)).ln();
    }
    None
}

/// ln(eᵃ + eᵇ).
fn plus(a: f64, b: f64) -> f64 {
    let (small, large) = (a.min(b), a.max(b));
    if small == f64::NEG_INFINITY { large } else { large + (small - large).exp().ln_1p() }
}

/// ln erfc(x), by its asymptotic series where erfc itself would be 0 (Abramowitz and Stegun 7.1.23).
fn ln_erfc(x: f64) -> f64 {
    if x < 20.0 {
        return erfc(x).ln();
    }
    let s = 1.0 / (2.0 * x * x);
    -x * x - (x * std::f64::consts::PI.sqrt()).ln() + (-s + 3.0 * s * s - 15.0 * s * s * s).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `benches/peers/dp.py` with dp-accounting 0.6.0: noise, rate, steps, δ, ε.
    const GOLDEN: &str = include_str!("golden.csv");

    #[test]
    fn epsilon_is_that_of_dp_accounting() {
        let mut rows = 0;
        for line in GOLDEN.lines().skip(1) {
            let of: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            let found = spent(of[0], of[1], of[2] as u64, of[3]);
            let off = (found.epsilon - of[4]).abs() / of[4];
            assert!(off < 1e-6, "{line}: {found:?}");
            assert_eq!(found.order, of[5], "{line}");
            rows += 1;
        }
        assert!(rows >= 40, "{rows}");
    }

    #[test]
    fn noise_is_the_least_that_keeps_the_bound() {
        for (epsilon, rate, steps) in
            [(0.5, 0.01, 6_000), (1.0, 0.007, 8_460), (3.0, 0.1, 600), (8.0, 1.0, 20)]
        {
            let noise = noise_for(epsilon, 1e-5, rate, steps).unwrap();
            let at = |noise| spent(noise, rate, steps, 1e-5).epsilon;
            assert!(at(noise) <= epsilon, "{epsilon}");
            assert!(at(noise * 0.999) > epsilon, "{epsilon}: {}", at(noise * 0.999));
        }
    }

    #[test]
    fn more_steps_more_rows_and_less_noise_cost_more() {
        let base = spent(1.1, 0.01, 1_000, 1e-5).epsilon;
        assert!(spent(1.1, 0.01, 2_000, 1e-5).epsilon > base);
        assert!(spent(1.1, 0.02, 1_000, 1e-5).epsilon > base);
        assert!(spent(0.9, 0.01, 1_000, 1e-5).epsilon > base);
        assert!(spent(1.1, 0.01, 1_000, 1e-6).epsilon > base);
        assert_eq!(spent(1.1, 0.01, 0, 1e-5).epsilon, 0.0);
        assert!(spent(0.0, 0.01, 1, 1e-5).epsilon.is_infinite());
    }

    #[test]
    fn the_tail_goes_on_where_it_is_cut() {
        let exact = |x: f64| erfc(x).ln();
        for x in [20.0, 22.0, 25.0] {
            assert!((ln_erfc(x) - exact(x)).abs() < 1e-6, "{x}");
        }
        assert!(ln_erfc(1e3) < -9.9e5);
    }
}
