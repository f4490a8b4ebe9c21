//! What goes with a complaint: customers who made it beside customers who commented and did not. A
//! difference, with its interval, and no proof of a cause.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::metrics::{self, Estimate};

/// Customers on either side without which no difference is told.
pub const LEAST: usize = 5;

/// A difference between two groups of customers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Effect {
    /// The figure among those who complained, and among the others.
    pub with: f64,
    pub without: f64,
    pub difference: Estimate,
}

impl Effect {
    /// True where the interval leaves out zero.
    pub fn is_clear(&self) -> bool {
        self.difference.low > 0.0 || self.difference.high < 0.0
    }
}

/// Difference of two shares with Newcombe's hybrid score interval (1998, method 10). `None` with fewer than
/// [`LEAST`] on a side.
pub fn shares(with: &[bool], without: &[bool]) -> Option<Effect> {
    if with.len().min(without.len()) < LEAST {
        return None;
    }
    let of = |side: &[bool]| {
        metrics::proportion(side.iter().filter(|yes| **yes).count() as u64, side.len() as u64)
    };
    let (a, b) = (of(with), of(without));
    let value = a.value - b.value;
    let low = value - ((a.value - a.low).powi(2) + (b.high - b.value).powi(2)).sqrt();
    let high = value + ((a.high - a.value).powi(2) + (b.value - b.low).powi(2)).sqrt();
    Some(Effect { with: a.value, without: b.value, difference: Estimate { value, low, high } })
}

/// Difference of two means with Welch's interval (1947). `None` with fewer than [`LEAST`] on a side.
pub fn means(with: &[f64], without: &[f64]) -> Option<Effect> {
    if with.len().min(without.len()) < LEAST {
        return None;
    }
    let of = |side: &[f64]| {
        let n = side.len() as f64;
        let mean = side.iter().sum::<f64>() / n;
        (mean, side.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0) / n, n)
    };
    let ((a, va, na), (b, vb, nb)) = (of(with), of(without));
    let below = va * va / (na - 1.0) + vb * vb / (nb - 1.0);
    let freedom = if below > 0.0 { (va + vb).powi(2) / below } else { na + nb - 2.0 };
    let half = quantile(freedom) * (va + vb).sqrt();
    let value = a - b;
    Some(Effect {
        with: a,
        without: b,
        difference: Estimate { value, low: value - half, high: value + half },
    })
}

/// What a t of so many degrees of freedom stays below with a chance of 97.5 %.
fn quantile(freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom.max(1.0)).map_or(1.96, |t| t.inverse_cdf(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe (1998, table II, example a): 56 of 70 beside 48 of 80, 0.2 from 0.0524 to 0.3339.
    #[test]
    fn shares_as_newcombe_has_them() {
        let side = |yes: usize, all: usize| (0..all).map(|at| at < yes).collect::<Vec<_>>();
        let told = shares(&side(56, 70), &side(48, 80)).unwrap().difference;
        assert!((told.value - 0.2).abs() < 1e-12, "{told:?}");
        assert!((told.low - 0.0524).abs() < 1e-4 && (told.high - 0.3339).abs() < 1e-4, "{told:?}");
        assert_eq!(shares(&[true; 4], &[false; 50]), None);
    }

    /// `scipy.stats.ttest_ind([1..6], [4..9 by 1], equal_var=False).confidence_interval()`: equal variances of
    /// 3.5 give 10 degrees of freedom, ±2.2281 · √(7/6).
    #[test]
    fn means_as_welch_has_them() {
        let told = means(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[4.0, 5.0, 6.0, 7.0, 8.0, 9.0]).unwrap();
        let half = 2.228_138_85 * (7.0f64 / 6.0).sqrt();
        assert!((told.difference.value + 3.0).abs() < 1e-12);
        assert!((told.difference.high - (-3.0 + half)).abs() < 1e-5, "{told:?}");
        assert!(told.is_clear());
    }
}
