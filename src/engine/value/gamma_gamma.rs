//! Gamma-Gamma (Colombo and Jiang 1999; Fader and Hardie's note of 2013): what an order brings varies
//! around a customer's own mean as Gamma(p, ν), and ν differs between customers as Gamma(q, γ). It takes
//! for granted that how much is spent has nothing to do with how often: [`correlation`] tells.

use rayon::prelude::*;
use statrs::function::gamma::{digamma, ln_gamma};

use super::fit::Likelihood;
use super::history::History;

const PART: usize = 4096;
/// Below this the population has no mean that could be told.
const LEAST_Q: f64 = 1.02;

/// Mean money of a customer's repeat occasions, and their number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paid {
    pub x: f64,
    pub mean: f64,
}

/// The likelihood; money in units of the mean, so that neither cents nor billions matter.
pub(super) struct GammaGamma<'a> {
    pub paid: &'a [Paid],
}

impl Likelihood for GammaGamma<'_> {
    fn at(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let at = |place: usize| parameters.get(place).copied().unwrap_or(f64::NAN);
        let (p, q, g) = (at(0), at(1), at(2));
        let part = |list: &[Paid]| {
            let mut sum = [0.0; 4];
            for one in list {
                let (x, z) = (one.x, one.mean);
                let (px, all) = (p * x, g + x * z);
                let (ln_all, ln_xz) = (all.ln(), (x * z).ln());
                let top = digamma(px + q);
                let of = [
                    ln_gamma(px + q) - ln_gamma(px) - ln_gamma(q) + q * g.ln() + px * ln_xz
                        - z.ln()
                        - (px + q) * ln_all,
                    x * (top - digamma(px) + ln_xz - ln_all),
                    top - digamma(q) + g.ln() - ln_all,
                    q / g - (px + q) / all,
                ];
                sum.iter_mut().zip(of).for_each(|(sum, of)| *sum += of);
            }
            sum
        };
        let parts: Vec<[f64; 4]> = self.paid.par_chunks(PART).map(part).collect();
        let mut sum = [0.0; 4];
        parts.iter().for_each(|part| sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
        let [value, gradient @ ..] = sum;
        (value, gradient.to_vec())
    }

    fn count(&self) -> f64 {
        self.paid.len() as f64
    }
}

/// Expected money of an order of a customer with `x` paid repeat occasions of mean `z`. Without any it is
/// the mean of the population, p·γ ÷ (q − 1).
pub(super) fn expected(parameters: &[f64], x: f64, z: f64) -> f64 {
    let at = |place: usize| parameters.get(place).copied().unwrap_or(f64::NAN);
    let (p, q, g) = (at(0), at(1).max(LEAST_Q), at(2));
    p * (g + x * z) / (p * x + q - 1.0)
}

/// Pearson's correlation of the number of repeat occasions and their mean money, among those who have
/// some; `None` for fewer than three customers or no spread.
pub(super) fn correlation(list: &[History]) -> Option<f64> {
    let of: Vec<(f64, f64)> =
        list.iter().filter(|h| h.paid > 0).map(|h| (f64::from(h.paid), h.mean)).collect();
    let n = of.len() as f64;
    let mean = of.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0 / n, sum.1 + one.1 / n));
    let mut sums = (0.0, 0.0, 0.0);
    for (a, b) in of.iter().map(|one| (one.0 - mean.0, one.1 - mean.1)) {
        sums = (sums.0 + a * a, sums.1 + b * b, sums.2 + a * b);
    }
    let found = sums.2 / (sums.0 * sums.1).sqrt();
    (of.len() > 2 && found.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::super::fit::testing::gradient_is_right;
    use super::*;

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let paid = [(1.0, 0.4), (2.0, 1.3), (9.0, 2.2), (400.0, 0.8)].map(|(x, mean)| Paid { x, mean });
        for at in [[6.25, 3.74, 0.44], [0.8, 1.4, 2.0], [40.0, 20.0, 1.0]] {
            gradient_is_right(&GammaGamma { paid: &paid }, &at);
        }
    }

    /// Fader and Hardie's note of 2013: p 6.25, q 3.74, γ 15.44. A customer with one repeat order keeps
    /// p·γ + p·z over p + q − 1, between the own mean and the population's 35.22.
    #[test]
    fn few_orders_lean_on_all_customers_and_many_on_their_own() {
        let at = [6.25, 3.74, 15.44];
        assert!((expected(&at, 0.0, 0.0) - 35.219).abs() < 0.01);
        let one = expected(&at, 1.0, 100.0);
        assert!((one - 6.25 * 115.44 / 8.99).abs() < 1e-9 && one > 35.2 && one < 100.0);
        assert!((expected(&at, 1000.0, 100.0) - 100.0).abs() < 0.1);
    }
}
