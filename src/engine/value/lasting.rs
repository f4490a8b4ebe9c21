//! How far a model was off where it was tested, beyond what its parameters and chance explain. A model that
//! foretold 12% too much of the last months will hardly be right of the next ones, however narrow its
//! likelihood is.
//!
//! The miss of the test is m = ln(actual ÷ foretold), and v the variance that parameters and chance give to
//! that ratio. What is left, τ² = max(0, m² − v), is the model's own error: each drawn sum is multiplied by
//! exp(τ·z), z ~ N(0, 1). An error that lasts grows with the distance from what was learnt: τ is carried over
//! in proportion to the days from the middle of what was learnt to the middle of what is foretold. One test
//! gives one miss, so of a shop whose misses change their sign from season to season this says too little, and
//! a small shop's miss hides in chance.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};
use serde::Serialize;

use super::check::Check;

/// Standard deviations (τ) of the model's own error, as shares: 0.1 is 10%.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Lasting {
    pub orders: f64,
    pub money: f64,
}

/// Half the width of a 95% interval in deviations.
const WIDTH: f64 = 1.959_964;
/// Beyond this a factor says nothing: e^1.5 is 4.5 times as much.
const MOST: f64 = 1.5;

impl Lasting {
    /// What a test tells of the model's own error.
    pub fn of(check: &Check) -> Self {
        let orders = own_error(check.actual, check.predicted, check.range);
        let money = check.money.zip(check.money_range);
        let money = money.map_or(orders, |((actual, predicted), range)| match actual > 0.0 {
            true => own_error(actual, predicted, range),
            // A ratio to nothing says nothing: what holds for the orders, then.
            false => orders,
        });
        Self { orders, money }
    }

    /// The same where what is foretold lies `times` as far from what was learnt as in the test.
    pub(super) fn farther(self, times: f64) -> Self {
        let at = |own: f64| if own > 0.0 { (own * times).clamp(0.0, MOST) } else { 0.0 };
        Self { orders: at(self.orders), money: at(self.money) }
    }

    /// Multiplies drawn sums, both of a draw by the same turn of fate.
    pub(super) fn shake(self, orders: &mut [f64], money: &mut [f64], seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // A stream of its own, so that nothing else is drawn otherwise.
        rng.set_stream(u64::MAX - 1);
        for (orders, money) in orders.iter_mut().zip(money) {
            let z: f64 = StandardNormal.sample(&mut rng);
            *orders *= (self.orders * z).exp();
            *money *= (self.money * z).exp();
        }
    }
}

/// τ of one sum.
fn own_error(actual: f64, predicted: f64, (low, high): (f64, f64)) -> f64 {
    // Half an order more on both sides: nobody's order has a logarithm too.
    let miss = ((actual + 0.5) / (predicted + 0.5)).ln();
    let chance = (high - low) / (2.0 * WIDTH * predicted.max(0.5));
    if !miss.is_finite() || !chance.is_finite() {
        return MOST;
    }
    (miss * miss - chance * chance).max(0.0).sqrt().min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_chance_does_not_explain_lasts() {
        // 10% off where chance alone gives ± 19.6%: nothing is left.
        assert_eq!(own_error(1100.0, 1000.0, (804.0, 1196.0)), 0.0);
        // Where chance gives ± 3.92%, a deviation of 2%: √(ln²1.1 − 0.02²).
        let wanted = (1100.5f64 / 1000.5).ln().powi(2) - 0.02f64.powi(2);
        assert!((own_error(1100.0, 1000.0, (960.800_7, 1_039.199_3)) - wanted.sqrt()).abs() < 1e-6);
        // Too low and too high count alike; nothing is infinite.
        assert!((own_error(500.0, 1000.0, (999.0, 1001.0)) - 2f64.ln()).abs() < 1e-2);
        assert_eq!(own_error(0.0, 1e9, (1e9, 1e9)), MOST);
        assert_eq!(own_error(0.0, 0.0, (0.0, 0.0)), 0.0);
        assert_eq!(own_error(1.0, f64::NAN, (0.0, 0.0)), MOST);
    }

    #[test]
    fn sums_are_shaken_alike_and_by_as_much_as_told() {
        let (mut orders, mut money) = (vec![100.0; 4000], vec![7.0; 4000]);
        Lasting { orders: 0.2, money: 0.1 }.shake(&mut orders, &mut money, 5);
        let logs: Vec<f64> = orders.iter().map(|v: &f64| (v / 100.0).ln()).collect();
        let mean = logs.iter().sum::<f64>() / 4000.0;
        let sd = (logs.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4000.0).sqrt();
        assert!(mean.abs() < 0.01 && (sd - 0.2).abs() < 0.01, "{mean} {sd}");
        for (order, money) in orders.iter().zip(&money) {
            assert!((2.0 * (money / 7.0f64).ln() - (order / 100.0).ln()).abs() < 1e-9);
        }
        let far = Lasting { orders: 0.2, money: 0.0 }.farther(1.5);
        assert!((far.orders - 0.3).abs() < 1e-12 && far.money == 0.0 && far.farther(1e9).orders == MOST);
    }
}
