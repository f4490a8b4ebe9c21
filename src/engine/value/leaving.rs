//! Whether orders tell at all that customers leave: the likelihood ratio against a story in which nobody
//! does.
//!
//! Without leaving all three models are the NBD (Ehrenberg 1959, Applied Statistics 8, 26-41): orders come at
//! a rate λ ~ Gamma(r, α) for ever, L = Γ(r+x)/Γ(r) · α^r / (α+T)^(r+x). It lies on the edge of their
//! parameters (a = 0 or s = 0), where the other one (b or β) means nothing, so that the ratio has no
//! textbook law: with that one known it would be ½χ²₀ + ½χ²₁ (Self and Liang 1987, JASA 82, 605-610), and the
//! search for it adds something (Davies 1987, Biometrika 74, 33-43). χ² with two degrees of freedom lies above
//! both: who passes it has been told with less than 5% of error (held by a test).

use rayon::prelude::*;
use serde::Serialize;
use statrs::function::gamma::{digamma, ln_gamma};

use super::fit::{Likelihood, maximise};
use super::history::Row;
use crate::job::Reporter;

const PART: usize = 4096;
/// The chance of error below which leaving counts as told.
const LEVEL: f64 = 0.05;

/// What the orders say of leaving.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Leaving {
    /// Twice the log-likelihood that leaving adds.
    pub ratio: f64,
    /// Chance of at least such a ratio where nobody leaves, at most.
    pub p: f64,
    /// False: who is still there cannot be told from these orders.
    pub told: bool,
}

/// Rows with equal x and T, which is all that the NBD sees. `rows` come sorted by both.
fn merged(rows: &[Row]) -> Vec<Row> {
    let tied = rows.chunk_by(|a, b| a.x == b.x && a.t == b.t);
    let one = |tied: &[Row]| {
        let n = tied.iter().map(|row| row.n).sum();
        tied.first().map(|first| Row { n, ..*first })
    };
    tied.filter_map(one).collect()
}

struct Nbd<'a> {
    rows: &'a [Row],
    count: f64,
}

impl Likelihood for Nbd<'_> {
    fn at(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let at = |place: usize| parameters.get(place).copied().unwrap_or(f64::NAN);
        let (r, alpha) = (at(0), at(1));
        let (gamma_r, digamma_r, ln_alpha) = (ln_gamma(r), digamma(r), alpha.ln());
        let part = |rows: &[Row]| {
            let mut sum = [0.0; 3];
            for row in rows {
                let ln_t = (alpha + row.t).ln();
                let of = [
                    ln_gamma(r + row.x) - gamma_r + r * ln_alpha - (r + row.x) * ln_t,
                    digamma(r + row.x) - digamma_r + ln_alpha - ln_t,
                    r / alpha - (r + row.x) / (alpha + row.t),
                ];
                sum.iter_mut().zip(of).for_each(|(sum, one)| *sum += row.n * one);
            }
            sum
        };
        // Added up in order: equal on any machine.
        let parts: Vec<[f64; 3]> = self.rows.par_chunks(PART).map(part).collect();
        let [value, by_r, by_alpha] = parts.iter().fold([0.0; 3], |mut all, part| {
            all.iter_mut().zip(part).for_each(|(sum, one)| *sum += one);
            all
        });
        (value, vec![by_r, by_alpha])
    }

    fn count(&self) -> f64 {
        self.count
    }
}

/// What `rows` say of leaving, told by a story with these parameters (r and α come first in each) and this
/// log-likelihood.
///
/// # Errors
/// The person cancelled.
pub(super) fn leaving(
    rows: &[Row],
    parameters: &[f64],
    log_likelihood: f64,
    report: &Reporter,
) -> crate::Result<Leaving> {
    let rows = merged(rows);
    let of = Nbd { count: rows.iter().map(|row| row.n).sum(), rows: &rows };
    let start: Vec<f64> = parameters.iter().take(2).copied().collect();
    let without = of.at(&start).0;
    let found = maximise(&of, &[start], report)?.map_or(f64::NEG_INFINITY, |fit| fit.log_likelihood);
    let ratio = (2.0 * (log_likelihood - found.max(without))).max(0.0);
    // The upper tail of χ² with two degrees of freedom.
    let p = (-0.5 * ratio).exp();
    Ok(Leaving { ratio, p, told: p < LEVEL })
}

#[cfg(test)]
mod tests {
    use super::super::fit::testing::gradient_is_right;
    use super::*;

    #[test]
    fn the_gradient_is_right_and_merging_changes_nothing() {
        let row = |x: f64, t_x: f64, t: f64, n: f64| Row { x, t_x, t, n };
        let rows = [
            row(0.0, 0.0, 20.0, 3.0),
            row(0.0, 0.0, 31.0, 2.0),
            row(2.0, 4.0, 31.0, 1.0),
            row(2.0, 9.0, 31.0, 4.0),
            row(40.0, 30.0, 31.0, 1.0),
        ];
        let few = merged(&rows);
        assert_eq!((few.len(), few.iter().map(|row| row.n).sum::<f64>()), (4, 11.0));
        let (all, less) = (Nbd { rows: &rows, count: 11.0 }, Nbd { rows: &few, count: 11.0 });
        for at in [[0.3, 4.0], [2.0, 0.7], [9.0, 60.0]] {
            gradient_is_right(&all, &at);
            assert!((all.at(&at).0 - less.at(&at).0).abs() < 1e-9);
        }
        // One customer, no repeat order: L = (α / (α + T))^r.
        let one = Nbd { rows: &[row(0.0, 0.0, 20.0, 1.0)], count: 1.0 };
        assert!((one.at(&[0.3, 4.0]).0 - 0.3 * (4.0f64 / 24.0).ln()).abs() < 1e-12);
    }
}
