//! Pareto/NBD (Schmittlein, Morrison and Colombo 1987, Management Science 33, 1-24): orders come at a rate
//! λ ~ Gamma(r, α); a customer's stay is exponential with a rate μ ~ Gamma(s, β).
//!
//! L = Γ(r+x)/Γ(r) · α^r β^s · [ (α+T)^−(r+x) (β+T)^−s + s·∫ (α+y)^−(r+x) (β+y)^−(s+1) dy over t_x..T ],
//! which Fader and Hardie's note (2005) writes with two ₂F₁ whose difference cancels. The integral has one
//! sign only, so nothing cancels: it is added up by Gauss-Legendre in ln(m + y), m = min(α, β), where the
//! integrand is smooth and falls at most with the power r + x + s.

use rayon::prelude::*;
use statrs::function::gamma::{digamma, ln_gamma};

use super::fit::Likelihood;
use super::history::Row;
use super::special::quadrature;
use crate::job::Reporter;

const PART: usize = 1024;
/// The integrand is neglected where it has fallen by e to this power.
const FALL: f64 = 40.0;
/// Falls by at most e to this power are added up with one panel.
const PANEL: f64 = 8.0;

/// The likelihood of grouped histories.
pub(super) struct Pareto<'a> {
    pub rows: &'a [Row],
    pub count: f64,
    /// Once the person has cancelled, the rest is not added up: the search ends with this step.
    pub report: &'a Reporter,
}

fn four(parameters: &[f64]) -> [f64; 4] {
    let at = |place: usize| parameters.get(place).copied().unwrap_or(f64::NAN);
    [at(0), at(1), at(2), at(3)]
}

/// ln ∫; `None` where the range is empty. `add` is called with weights relative to the largest one, and
/// ln(α+y) and ln(β+y).
fn log_integral(
    [r, alpha, s, beta]: [f64; 4],
    x: f64,
    t_x: f64,
    t: f64,
    mut add: impl FnMut(f64, f64, f64),
) -> Option<f64> {
    let least = alpha.min(beta);
    let (from, to) = ((least + t_x).ln(), (least + t).ln());
    if to.partial_cmp(&from) != Some(std::cmp::Ordering::Greater) {
        return None;
    }
    // Slowest power at which it surely falls: of the smaller of the two sums.
    let fall = if alpha <= beta { r + x - 1.0 } else { s };
    let steep = r + x + s + 1.0;
    let end = if fall > 0.0 { to.min(from + FALL / fall) } else { to };
    let log = |v: f64| {
        let y = v.exp() - least;
        let (a, b) = ((alpha + y).ln(), (beta + y).ln());
        (-(r + x) * a - (s + 1.0) * b + v, a, b)
    };
    let top = log(from).0.max(log(end).0);
    let panels = ((end - from) * steep / PANEL).ceil().clamp(1.0, 64.0) as usize;
    let mut sum = 0.0;
    quadrature(from, end, panels, |v, weight| {
        let (log, a, b) = log(v);
        let w = weight * (log - top).exp();
        sum += w;
        add(w, a, b);
    });
    (sum > 0.0).then_some(top + sum.ln())
}

/// ln ∫ and the means of ln(α+y), 1÷(α+y), ln(β+y), 1÷(β+y) under the integrand; `None` where the range
/// is empty.
fn integral(all: [f64; 4], x: f64, t_x: f64, t: f64) -> Option<(f64, [f64; 4])> {
    let (mut sum, mut means) = (0.0, [0.0; 4]);
    let log = log_integral(all, x, t_x, t, |w, a, b| {
        sum += w;
        let of = [a, (-a).exp(), b, (-b).exp()];
        means.iter_mut().zip(of).for_each(|(mean, of)| *mean += w * of);
    })?;
    means.iter_mut().for_each(|mean| *mean /= sum);
    Some((log, means))
}

impl Likelihood for Pareto<'_> {
    fn at(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let all = four(parameters);
        let [r, alpha, s, beta] = all;
        let part = |rows: &[Row]| {
            let mut sum = [0.0; 5];
            if self.report.check().is_err() {
                return sum;
            }
            for row in rows {
                let k = r + row.x;
                let (ln_a, ln_b) = ((alpha + row.t).ln(), (beta + row.t).ln());
                let there = -k * ln_a - s * ln_b;
                let stays = [-ln_a, -k / (alpha + row.t), -ln_b, -s / (beta + row.t)];
                let (log, slope) = match integral(all, row.x, row.t_x, row.t) {
                    Some((gone, [a, one_a, b, one_b])) => {
                        let gone = s.ln() + gone;
                        let most = there.max(gone);
                        let log = most + (there.min(gone) - most).exp().ln_1p();
                        let w = (gone - log).exp();
                        let left = [-a, -k * one_a, 1.0 / s - b, -(s + 1.0) * one_b];
                        let both = stays.iter().zip(left).map(|(stays, left)| (1.0 - w) * stays + w * left);
                        let mut slope = [0.0; 4];
                        slope.iter_mut().zip(both).for_each(|(slot, value)| *slot = value);
                        (log, slope)
                    }
                    None => (there, stays),
                };
                let [by_r, by_alpha, by_s, by_beta] = slope;
                let of = [
                    ln_gamma(k) - ln_gamma(r) + r * alpha.ln() + s * beta.ln() + log,
                    digamma(k) - digamma(r) + alpha.ln() + by_r,
                    r / alpha + by_alpha,
                    beta.ln() + by_s,
                    s / beta + by_beta,
                ];
                sum.iter_mut().zip(of).for_each(|(sum, of)| *sum += row.n * of);
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

/// Chance that a customer is still there.
pub(super) fn alive(parameters: &[f64], x: f64, t_x: f64, t: f64) -> f64 {
    let all = four(parameters);
    let [r, alpha, s, beta] = all;
    let Some(gone) = log_integral(all, x, t_x, t, |_, _, _| ()) else { return 1.0 };
    let there = -(r + x) * (alpha + t).ln() - s * (beta + t).ln();
    1.0 / (1.0 + (s.ln() + gone - there).exp())
}

/// (1 − q^(s−1)) ÷ (s − 1) for the log of q, also where s is 1.
fn ratio(s: f64, ln_q: f64) -> f64 {
    let power = s - 1.0;
    if power.abs() < 1e-9 { -ln_q } else { -(power * ln_q).exp_m1() / power }
}

/// Expected orders in the `ahead` weeks after T of a customer who is there at T (equation 22 of
/// Schmittlein, Morrison and Colombo).
pub(super) fn expected_if_alive(parameters: &[f64], x: f64, t: f64, ahead: f64) -> f64 {
    let [r, alpha, s, beta] = four(parameters);
    let ln_q = -(ahead / (beta + t)).ln_1p();
    (r + x) * (beta + t) / (alpha + t) * ratio(s, ln_q)
}

/// Expected orders of a new customer in the `ahead` weeks after the first one.
pub(super) fn expected_new(parameters: &[f64], ahead: f64) -> f64 {
    expected_if_alive(parameters, 0.0, 0.0, ahead)
}

#[cfg(test)]
mod tests {
    use super::super::fit::testing::gradient_is_right;
    use super::super::special::hyp2f1;
    use super::*;

    fn rows() -> Vec<Row> {
        let of = |x: f64, t_x: f64, t: f64, n: f64| Row { x, t_x, t, n };
        vec![
            of(0.0, 0.0, 38.86, 3.0),
            of(1.0, 1.71, 38.86, 1.0),
            of(2.0, 30.43, 38.86, 2.0),
            of(26.0, 30.86, 31.0, 1.0),
            of(3.0, 20.0, 20.0, 1.0),
        ]
    }

    const AT: [[f64; 4]; 3] = [[0.553, 10.578, 0.606, 11.669], [2.0, 4.0, 1.0, 30.0], [0.3, 20.0, 2.5, 3.0]];

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let rows = rows();
        let of = Pareto { rows: &rows, count: 8.0, report: &Reporter::silent() };
        AT.iter().for_each(|at| gradient_is_right(&of, at));
    }

    /// Against the form with ₂F₁ of Fader and Hardie's note (2005), where that is steady.
    #[test]
    fn the_integral_is_the_published_formula() {
        for at in AT {
            for row in rows() {
                let [r, alpha, s, beta] = at;
                let (x, sum) = (row.x, r + s + row.x);
                let most = alpha.max(beta);
                let second = if alpha >= beta { s + 1.0 } else { r + x };
                let f = |t: f64| {
                    let z = (alpha - beta).abs() / (most + t);
                    hyp2f1(sum, second, sum + 1.0, z) / (most + t).powf(sum)
                };
                let known = (f(row.t_x) - f(row.t)) / sum;
                match integral(at, x, row.t_x, row.t) {
                    Some((found, _)) => {
                        assert!((found.exp() / known - 1.0).abs() < 1e-8, "{at:?} {row:?} {}", found.exp())
                    }
                    None => assert_eq!(row.t, row.t_x),
                }
            }
        }
    }

    #[test]
    fn ten_thousand_orders_and_a_rate_of_one_stay_finite() {
        for at in AT {
            let there = alive(&at, 10_000.0, 300.0, 300.1);
            assert!((0.0..=1.0).contains(&there), "{there}");
            assert!(alive(&at, 10_000.0, 10.0, 300.0) < 1e-6);
            assert!(expected_if_alive(&at, 10_000.0, 300.0, 52.0).is_finite());
        }
        let (one, near) = (ratio(1.0, -0.5), ratio(1.0 + 1e-7, -0.5));
        assert!((one - near).abs() < 1e-6);
    }
}
