//! BG/NBD (Fader, Hardie and Lee 2005, Marketing Science 24, 275-284) and MBG/NBD (Batislam, Denizel and
//! Filiztekin 2007): while a customer is there, orders come at a rate λ that differs between customers as
//! Gamma(r, α); after each order the customer leaves with a chance p that differs as Beta(a, b). In MBG/NBD
//! a customer may leave after the first order too.
//!
//! Both share one form: with s = 0 for BG/NBD and 1 for MBG/NBD, MBG/NBD is BG/NBD with b + 1 in what a
//! customer has shown, and with a term for leaving also where x = 0.

use rayon::prelude::*;
use statrs::function::gamma::{digamma, ln_gamma};

use super::fit::Likelihood;
use super::history::Row;
use super::special::hyp2f1;

/// Rows that one thread sums before their sum is added to the others', in order: equal on any machine.
const PART: usize = 4096;

/// The likelihood of grouped histories.
pub(super) struct BetaGeometric<'a> {
    pub rows: &'a [Row],
    /// MBG/NBD: a customer may leave after the first order.
    pub modified: bool,
    pub count: f64,
}

fn shift(modified: bool) -> f64 {
    f64::from(u8::from(modified))
}

/// Parameters as they are used: r, α, a, b.
fn four(parameters: &[f64]) -> [f64; 4] {
    let at = |place: usize| parameters.get(place).copied().unwrap_or(f64::NAN);
    [at(0), at(1), at(2), at(3)]
}

/// What depends on x alone.
struct OfX {
    x: f64,
    value: f64,
    by_r: f64,
    by_a: f64,
    by_b: f64,
}

impl OfX {
    fn new(x: f64, [r, alpha, a, b]: [f64; 4], s: f64) -> Self {
        let y = x + s;
        Self {
            x,
            value: ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() + ln_gamma(a + b) - ln_gamma(b)
                + ln_gamma(b + y)
                - ln_gamma(a + b + y),
            by_r: digamma(r + x) - digamma(r) + alpha.ln(),
            by_a: digamma(a + b) - digamma(a + b + y),
            by_b: digamma(a + b) + digamma(b + y) - digamma(b) - digamma(a + b + y),
        }
    }
}

impl Likelihood for BetaGeometric<'_> {
    fn at(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let all = four(parameters);
        let [r, alpha, a, b] = all;
        let s = shift(self.modified);
        let part = |rows: &[Row]| {
            let mut sum = [0.0; 5];
            let mut known: Option<OfX> = None;
            let mut time = (f64::NAN, f64::NAN);
            for row in rows {
                // Rows come sorted by x, then by T.
                let of_x = match known.take().filter(|known| known.x == row.x) {
                    Some(same) => same,
                    None => OfX::new(row.x, all, s),
                };
                if time.0 != row.t {
                    time = (row.t, (alpha + row.t).ln());
                }
                let k = r + row.x;
                let (ln_t, ln_tx) = (time.1, (alpha + row.t_x).ln());
                let there = -k * ln_t;
                let left_at = b + row.x + s - 1.0;
                // The share of the likelihood that belongs to having left.
                let (log, w) = if row.x > 0.0 || self.modified {
                    let left = (a / left_at).ln() - k * ln_tx;
                    let away = (-(left - there).abs()).exp();
                    let share = if left > there { 1.0 } else { away };
                    (there.max(left) + away.ln_1p(), share / (1.0 + away))
                } else {
                    (there, 0.0)
                };
                let past = if w > 0.0 { w / left_at } else { 0.0 };
                let of = [
                    of_x.value + log,
                    of_x.by_r - (1.0 - w) * ln_t - w * ln_tx,
                    r / alpha - k * ((1.0 - w) / (alpha + row.t) + w / (alpha + row.t_x)),
                    of_x.by_a + w / a,
                    of_x.by_b - past,
                ];
                sum.iter_mut().zip(of).for_each(|(sum, of)| *sum += row.n * of);
                known = Some(of_x);
            }
            sum
        };
        let parts: Vec<[f64; 5]> = self.rows.par_chunks(PART).map(part).collect();
        let mut sum = [0.0; 5];
        parts.iter().for_each(|part| sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
        let [value, gradient @ ..] = sum;
        (value, gradient.to_vec())
    }

    fn count(&self) -> f64 {
        self.count
    }
}

/// Chance that a customer is still there. Where nothing was repeated BG/NBD has no way of leaving: 1.
pub(super) fn alive(parameters: &[f64], modified: bool, x: f64, t_x: f64, t: f64) -> f64 {
    let [r, alpha, a, b] = four(parameters);
    if x == 0.0 && !modified {
        return 1.0;
    }
    let odds = (a / (b + x + shift(modified) - 1.0)).ln() + (r + x) * ((alpha + t) / (alpha + t_x)).ln();
    1.0 / (1.0 + odds.exp())
}

/// Expected orders in the `ahead` weeks after T of a customer who is there at T (equation 10 of Fader,
/// Hardie and Lee, without its denominator). With Euler's transformation (Abramowitz & Stegun 15.3.3) the
/// hypergeometric series has small numerators, and neither a long history nor a long look ahead hurts.
pub(super) fn expected_if_alive(parameters: &[f64], modified: bool, x: f64, t: f64, ahead: f64) -> f64 {
    let [r, alpha, a, b] = four(parameters);
    let b = b + shift(modified);
    // The formula is continuous at a = 1, where it divides by 0.
    let a = if (a - 1.0).abs() < 1e-6 { 1.0 + 1e-6 } else { a };
    let z = ahead / (alpha + t + ahead);
    let f = hyp2f1(a + b - 1.0 - r, a - 1.0, a + b + x - 1.0, z);
    let stays = ((a - 1.0) * (-z).ln_1p()).exp();
    ((a + b + x - 1.0) / (a - 1.0) * (1.0 - stays * f)).max(0.0)
}

/// Expected orders of a new customer in the `ahead` weeks after the first one.
pub(super) fn expected_new(parameters: &[f64], modified: bool, ahead: f64) -> f64 {
    let [_, _, a, b] = four(parameters);
    // In MBG/NBD a customer survives the first order with chance b ÷ (a + b).
    let there = if modified { b / (a + b) } else { 1.0 };
    there * expected_if_alive(parameters, modified, 0.0, 0.0, ahead)
}

#[cfg(test)]
mod tests {
    use super::super::fit::testing::gradient_is_right;
    use super::*;

    fn rows() -> Vec<Row> {
        let of = |x: f64, t_x: f64, t: f64, n: f64| Row { x, t_x, t, n };
        vec![
            of(0.0, 0.0, 38.86, 3.0),
            of(1.0, 1.71, 38.86, 1.0),
            of(2.0, 30.43, 38.86, 2.0),
            of(7.0, 29.43, 38.86, 1.0),
            of(60.0, 35.0, 38.0, 1.0),
        ]
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for modified in [false, true] {
            let rows = rows();
            let of = BetaGeometric { rows: &rows, modified, count: 8.0 };
            for at in [[0.243, 4.414, 0.793, 2.426], [2.0, 9.0, 0.05, 7.0], [0.6, 1.0, 5.0, 0.3]] {
                gradient_is_right(&of, &at);
            }
        }
    }

    /// The worked customer of Fader, Hardie and Lee's note for Excel (2005): x = 2, t_x = 30.43, T = 38.86,
    /// 39 weeks ahead: 1.226 orders with r 0.243, α 4.414, a 0.793, b 2.426.
    #[test]
    fn the_published_customer_is_expected_to_order_as_published() {
        let at = [0.243, 4.414, 0.793, 2.426];
        let alive = alive(&at, false, 2.0, 30.43, 38.86);
        let expected = alive * expected_if_alive(&at, false, 2.0, 38.86, 39.0);
        assert!((expected - 1.226).abs() < 0.001, "{expected}");
    }

    /// The chance of being there and the expected orders, by adding up over λ and p from the definition.
    #[test]
    fn expectations_are_those_of_the_story() {
        use super::super::special::quadrature;
        let (r, alpha, a, b) = (1.3f64, 5.0f64, 1.4f64, 2.2f64);
        let (x, t_x, t, ahead) = (3.0f64, 10.0f64, 14.0f64, 20.0f64);
        for modified in [false, true] {
            let s = shift(modified);
            let (mut there, mut gone, mut orders) = (0.0, 0.0, 0.0);
            quadrature(0.0, 6.0, 60, |rate, w| {
                quadrature(0.0, 1.0, 60, |p, v| {
                    let weight = w
                        * v
                        * rate.powf(r - 1.0)
                        * (-alpha * rate).exp()
                        * p.powf(a - 1.0)
                        * (1.0 - p).powf(b - 1.0);
                    let stays = weight * (1.0 - p).powf(x + s) * rate.powf(x) * (-rate * t).exp();
                    there += stays;
                    gone += weight * p * (1.0 - p).powf(x + s - 1.0) * rate.powf(x) * (-rate * t_x).exp();
                    // Orders until one is the last, within the time.
                    orders += stays * (1.0 - (-rate * p * ahead).exp()) / p;
                });
            });
            let at = [r, alpha, a, b];
            let found = alive(&at, modified, x, t_x, t);
            assert!((found - there / (there + gone)).abs() < 1e-6, "{found}");
            let found = found * expected_if_alive(&at, modified, x, t, ahead);
            assert!((found / (orders / (there + gone)) - 1.0).abs() < 1e-5, "{found}");
        }
    }

    #[test]
    fn long_histories_and_looks_ahead_stay_finite() {
        let at = [0.243, 4.414, 0.793, 2.426];
        for x in [0.0, 1.0, 10_000.0] {
            for ahead in [0.0, 1.0, 5_000.0] {
                let found = expected_if_alive(&at, false, x, 500.0, ahead);
                assert!(
                    found.is_finite() && found >= 0.0 && found <= 10.0 + x * ahead,
                    "{x} {ahead} {found}"
                );
            }
        }
        let one = expected_if_alive(&[1.0, 2.0, 1.0, 3.0], false, 2.0, 9.0, 5.0);
        let near = expected_if_alive(&[1.0, 2.0, 1.001, 3.0], false, 2.0, 9.0, 5.0);
        assert!((one - near).abs() < 1e-2 * near, "{one} {near}");
    }
}
