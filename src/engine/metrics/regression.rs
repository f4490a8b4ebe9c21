//! Figures of a model that tells a number.

use super::Estimate;
use super::bootstrap::{interval, resample};

/// Figures of a predicted number; no number where one is not defined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Mean absolute error, in the unit of the value.
    pub mae: f64,
    /// Root of the mean squared error, in the unit of the value.
    pub rmse: f64,
    /// Mean absolute error as a share of the value; without meaning where values are near 0.
    pub mape: f64,
    /// Share of the variance that is told; 1 at best, below 0 where the mean tells more.
    pub r2: f64,
    /// Median absolute error.
    pub median: f64,
}

impl Errors {
    /// Their stable names, in order.
    pub const NAMES: [&'static str; 5] = ["mae", "rmse", "mape", "r2", "median_absolute_error"];

    fn list(&self) -> [f64; 5] {
        [self.mae, self.rmse, self.mape, self.r2, self.median]
    }
}

/// Actual and predicted numbers, their errors sorted once.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    actual: Vec<f64>,
    /// Actual less predicted.
    error: Vec<f64>,
    /// By rising absolute error.
    order: Vec<u32>,
}

impl Numbers {
    /// `None` where lengths differ or something is no finite number.
    pub fn new(actual: &[f64], predicted: &[f64]) -> Option<Self> {
        let is_good =
            actual.len() == predicted.len() && actual.iter().chain(predicted).all(|v| v.is_finite());
        if !is_good {
            return None;
        }
        let error: Vec<f64> = actual.iter().zip(predicted).map(|(a, p)| a - p).collect();
        let mut sizes: Vec<(f64, u32)> =
            error.iter().enumerate().map(|(at, e)| (e.abs(), at as u32)).collect();
        sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(Self { actual: actual.to_vec(), error, order: sizes.into_iter().map(|(_, at)| at).collect() })
    }

    /// Every figure, each row counting `weight` of its place; `None` where nothing counts.
    pub fn measure(&self, weight: impl Fn(usize) -> f64) -> Option<Errors> {
        let rows =
            || self.actual.iter().zip(&self.error).enumerate().map(|(at, (a, e))| (weight(at), *a, *e));
        let all: f64 = rows().map(|(w, ..)| w).sum();
        if all <= 0.0 {
            return None;
        }
        let mean = |of: &dyn Fn(f64, f64) -> f64| rows().map(|(w, a, e)| w * of(a, e)).sum::<f64>() / all;
        let centre = mean(&|a, _| a);
        let (squares, spread) = (mean(&|_, e| e * e), mean(&|a, _| (a - centre).powi(2)));
        let counted = rows().filter(|(w, ..)| *w > 0.0).count();
        let r2 = match (counted, spread > 0.0) {
            (0 | 1, _) => f64::NAN,
            (_, true) => 1.0 - squares / spread,
            // As scikit-learn: all is told, or nothing is.
            (_, false) => f64::from(u8::from(squares == 0.0)),
        };
        Some(Errors {
            mae: mean(&|_, e| e.abs()),
            rmse: squares.sqrt(),
            mape: mean(&|a, e| e.abs() / a.abs().max(f64::EPSILON)),
            r2,
            median: self.median(&weight, all),
        })
    }

    /// The weighted median of the absolute errors: the mean of the first that half of the weight lies up
    /// to, and of the first that more than half does.
    fn median(&self, weight: &impl Fn(usize) -> f64, all: f64) -> f64 {
        let (mut sum, mut low) = (0.0, None);
        for at in self.order.iter().map(|at| *at as usize) {
            let w = weight(at);
            let Some(size) = self.error.get(at).map(|e| e.abs()).filter(|_| w > 0.0) else { continue };
            sum += w;
            if low.is_none() && sum >= all / 2.0 {
                low = Some(size);
            }
            if let Some(low) = low
                && sum > all / 2.0
            {
                return (low + size) / 2.0;
            }
        }
        low.unwrap_or(f64::NAN)
    }

    /// Every figure with its bootstrap interval, under its stable name, each row counting `weight` of its place
    /// as often as it is drawn.
    pub fn estimates(
        &self,
        weight: impl Fn(usize) -> f64 + Sync,
        replicates: usize,
        seed: u64,
    ) -> Vec<(&'static str, Estimate)> {
        let rows = self.actual.len();
        let Some(value) = self.measure(&weight) else { return Vec::new() };
        let all: Vec<u32> = (0..rows as u32).collect();
        let drawn = resample(&[all], rows, (replicates, seed), &|| true, |drawn| {
            let times = |at: usize| weight(at) * f64::from(drawn.get(at).copied().unwrap_or(0));
            self.measure(times).map_or([f64::NAN; 5], |found| found.list())
        });
        let of = |(at, name): (usize, &'static str)| {
            let value = value.list().get(at).copied().filter(|value| !value.is_nan())?;
            let (least, most) = if name == "r2" { (f64::NEG_INFINITY, 1.0) } else { (0.0, f64::INFINITY) };
            let drawn = drawn.iter().filter_map(|one| one.get(at).copied());
            Some((name, interval(value, drawn).within(least, most)))
        };
        Errors::NAMES.into_iter().enumerate().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_hand() {
        let found = Numbers::new(&[1.0, 2.0, 4.0, 5.0], &[1.0, 3.0, 2.0, 5.0]).unwrap();
        let e = found.measure(|_| 1.0).unwrap();
        assert_eq!((e.mae, e.median), (0.75, 0.5));
        assert!((e.rmse - 1.25f64.sqrt()).abs() < 1e-12 && (e.r2 - 0.5).abs() < 1e-12, "{e:?}");
        assert!((e.mape - 0.25).abs() < 1e-12);
        assert!(Numbers::new(&[1.0], &[f64::NAN]).is_none() && Numbers::new(&[1.0], &[]).is_none());
        let estimates = found.estimates(|_| 1.0, 500, 1);
        assert_eq!(estimates.len(), 5);
        assert!(estimates.iter().all(|(_, e)| e.low <= e.value && e.value <= e.high), "{estimates:?}");
    }
}
