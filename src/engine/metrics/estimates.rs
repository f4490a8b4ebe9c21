//! Every figure of a binary model with its 95% interval, each by the method whose coverage held in
//! simulation (`coverage.rs`).

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::binary::{BINS, Sorted};
use super::bootstrap::resample;
use super::{Estimate, Figure, Z, roc_auc_estimate};

/// How an interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Wilson's score interval (1927); of F1 through TP / (TP + FP + FN), of balanced accuracy by squaring
    /// and adding (Newcombe 1998).
    Wilson,
    /// DeLong's variance (1988) on the logit scale; with fewer than 30 rows in a class Newcombe's method 5.
    Delong,
    /// Student's t of the rows' terms, on the logarithmic scale.
    Mean,
    /// Spread of the bootstrap's replicates, on the scale where they are about normal.
    Bootstrap,
    /// Calibration errors that would give the observed one in 95% of draws.
    Inversion,
}

/// A figure with its interval and how that was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub figure: Figure,
    pub estimate: Estimate,
    pub method: Method,
}

/// Draws of a bootstrap, where there is time.
pub const REPLICATES: usize = 1000;
/// Rows drawn in all, beyond which there are fewer replicates.
const DRAWN: usize = 20_000_000;
/// Replicates at least: the spread of so many is known to about a ninth.
const FEWEST: usize = 40;
/// The seed of the draws: the same rows give the same intervals wherever they are shown.
pub(crate) const SEED: u64 = 0xB007;

/// Replicates for so many rows: 1,000 up to 20,000 rows, then fewer, 40 at least.
pub fn replicates(rows: usize) -> usize {
    (DRAWN / rows.max(1)).clamp(FEWEST, REPLICATES)
}

/// Average precision with its interval as in [`estimates`]; `None` without a positive row.
pub fn average_precision_estimate(sorted: &Sorted) -> Option<Estimate> {
    let value = Figure::PrAuc.of(&sorted.measure(0.5))?;
    let rows: Vec<u32> = (0..sorted.len() as u32).collect();
    let often = (replicates(sorted.len()), SEED);
    let drawn = resample(&[rows], sorted.len(), often, &|| true, |drawn| {
        [sorted.measure_drawn(0, drawn)[Figure::PrAuc as usize]]
    });
    Some(of_precision(value, sorted.len(), drawn.iter().map(|[one]| *one)))
}

/// The logit of x is twice the inverse hyperbolic tangent of 2x − 1.
fn of_precision(value: f64, rows: usize, replicates: impl Iterator<Item = f64>) -> Estimate {
    let e = spread(2.0 * value - 1.0, rows, replicates.map(|one| 2.0 * one - 1.0));
    let back = |x: f64| (x + 1.0) / 2.0;
    Estimate { value, low: back(e.low).min(value), high: back(e.high).max(value) }
}

/// Every figure that is defined on these rows, with its interval; rows count alike. `goes_on` is asked
/// before each draw of the bootstrap; once it says no, intervals come from the draws that there are.
pub fn estimates(
    sorted: &Sorted,
    threshold: f64,
    seed: u64,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Vec<Measured> {
    let values = sorted.measure(threshold);
    let counts = sorted.confusion(threshold);
    let flagged = sorted.flagged(threshold);
    // Not stratified: in a sample of customers the share of those who leave is as uncertain as the rest.
    let rows: Vec<u32> = (0..sorted.len() as u32).collect();
    let often = (replicates(sorted.len()), seed);
    let drawn = resample(&[rows], sorted.len(), often, goes_on, |drawn| {
        let values = sorted.measure_drawn(flagged, drawn);
        [values[Figure::Matthews as usize], values[Figure::PrAuc as usize]]
    });
    let (squares, losses) = sorted.terms();
    let one = |figure: Figure| {
        let value = figure.of(&values)?;
        let (estimate, method) = match figure {
            Figure::Accuracy => (counts.accuracy(), Method::Wilson),
            Figure::BalancedAccuracy => (counts.balanced_accuracy(), Method::Wilson),
            Figure::Precision => (counts.precision(), Method::Wilson),
            Figure::Recall => (counts.recall(), Method::Wilson),
            Figure::F1 => (counts.f1(), Method::Wilson),
            Figure::RocAuc => (sorted.auc()?, Method::Delong),
            Figure::LogLoss => (mean_of_positive(&losses), Method::Mean),
            Figure::Brier => (mean_of_positive(&squares), Method::Mean),
            Figure::Matthews => {
                (spread(value, sorted.len(), drawn.iter().map(|[one, _]| *one)), Method::Bootstrap)
            }
            Figure::PrAuc => {
                (of_precision(value, sorted.len(), drawn.iter().map(|[_, one]| *one)), Method::Bootstrap)
            }
            Figure::Ece | Figure::EceMass => {
                (calibration_error(value, &sorted.bins(figure == Figure::EceMass), seed), Method::Inversion)
            }
        };
        // The value is the figure's own: where nobody is flagged, say, the interval has no other.
        let (low, high) = (estimate.low.min(value), estimate.high.max(value));
        Some(Measured { figure, estimate: Estimate { value, low, high }, method })
    };
    Figure::ALL.into_iter().filter_map(one).collect()
}

impl Sorted {
    /// The area under the ROC curve with its interval.
    fn auc(&self) -> Option<Estimate> {
        let (scores, labels) = self.columns();
        roc_auc_estimate(scores, &labels)
    }
}

/// The mean of terms that are never negative, with Student's interval on the logarithmic scale: such terms
/// are skewed, and so is their mean in small samples.
pub fn mean_of_positive(terms: &[f64]) -> Estimate {
    let n = terms.len();
    let mean = terms.iter().sum::<f64>() / n.max(1) as f64;
    if n < 2 || mean <= 0.0 {
        return Estimate { value: mean, low: 0.0_f64.min(mean), high: mean };
    }
    let variance = terms.iter().map(|term| (term - mean).powi(2)).sum::<f64>() / (n as f64 - 1.0);
    let error = (variance / n as f64).sqrt() / mean;
    let t = StudentsT::new(0.0, 1.0, n as f64 - 1.0).map_or(Z, |t| t.inverse_cdf(0.975));
    Estimate { value: mean, low: mean * (-t * error).exp(), high: mean * (t * error).exp() }
}

/// The normal interval of a bootstrap's replicates of a figure from −1 to 1, on the scale of the inverse
/// hyperbolic tangent, where they are about normal.
fn spread(value: f64, rows: usize, replicates: impl Iterator<Item = f64>) -> Estimate {
    // The scale has no end; a figure has. A draw in which all is right says no more than so many rows can.
    let most = 1.0 - 1.0 / rows.max(2) as f64;
    let to = |x: f64| x.clamp(-most, most).atanh();
    let all: Vec<f64> = replicates.filter(|one| one.is_finite()).map(to).collect();
    if all.len() < 2 {
        return Estimate { value, low: value, high: value };
    }
    let n = all.len() as f64;
    let mean = all.iter().sum::<f64>() / n;
    let half = Z * (all.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    Estimate { value, low: (to(value) - half).tanh(), high: (to(value) + half).tanh() }
}

/// A bin of the calibration error: mean of probability less label over all rows, and its variance.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Bin {
    pub gap: f64,
    pub variance: f64,
}

/// Steps of the true error, as multiples of the observed one, that are tried.
const STEPS: usize = 120;
/// Most multiple that is tried.
const MOST: f64 = 3.0;
/// Draws at each step.
const DRAWS: usize = 400;

/// The interval of the expected calibration error. The observed error is too large, since gaps of either
/// sign count: a perfect model has one as well, and a bootstrap of it covers nothing. So each true error is
/// asked whether it would give one like the observed: the gaps of the bins, all larger or smaller by one
/// factor, are drawn with their noise.
fn calibration_error(value: f64, bins: &[Bin; BINS], seed: u64) -> Estimate {
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed ^ 0xECE);
    let noise: Vec<[f64; BINS]> = (0..DRAWS)
        .map(|_| {
            bins.map(|bin| {
                let z: f64 = StandardNormal.sample(&mut rng);
                z * bin.variance.sqrt()
            })
        })
        .collect();
    let fits = |step: &usize| {
        let factor = MOST * *step as f64 / STEPS as f64;
        let drawn = noise.iter().map(|noise| {
            bins.iter().zip(noise).map(|(bin, noise)| (factor * bin.gap + noise).abs()).sum::<f64>()
        });
        let (mut above, mut below) = (0usize, 0usize);
        for one in drawn {
            above += usize::from(one >= value);
            below += usize::from(one <= value);
        }
        above * 40 > DRAWS && below * 40 > DRAWS
    };
    let kept: Vec<usize> = (0..=STEPS).filter(fits).collect();
    let at = |step: usize| value * MOST * step as f64 / STEPS as f64;
    // The bounds lie between two steps: the outer ones hold them.
    let low = kept.first().map_or(0.0, |step| at(step.saturating_sub(1)));
    let high = kept.last().map_or(0.0, |step| at(step + 1));
    Estimate { value, low, high: high.min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_lies_in_its_interval_and_the_same_seed_gives_the_same() {
        let scores: Vec<f64> = (0..300).map(|i| f64::from((i * 37) % 101) / 101.0).collect();
        let labels: Vec<bool> = (0..300).map(|i| (i * 37) % 101 + (i % 7) * 9 > 80).collect();
        let sorted = Sorted::new(&scores, &labels, None).unwrap();
        let all = estimates(&sorted, 0.5, 7, &|| true);
        assert_eq!(all, estimates(&sorted, 0.5, 7, &|| true));
        assert_eq!(all.len(), Figure::COUNT);
        for one in &all {
            let Estimate { value, low, high } = one.estimate;
            let (least, most) = one.figure.range();
            assert!(least <= low && low <= value && value <= high && high <= most, "{one:?}");
            assert!(high - low > 1e-3, "{one:?} claims too much");
        }
    }

    #[test]
    fn a_stopped_bootstrap_ends() {
        let sorted = Sorted::new(&[0.1, 0.9, 0.4], &[false, true, true], None).unwrap();
        assert!(
            estimates(&sorted, 0.5, 1, &|| false).iter().all(|one| one.estimate.low <= one.estimate.high)
        );
        assert!(estimates(&Sorted::new(&[], &[], None).unwrap(), 0.5, 1, &|| true).is_empty());
        assert_eq!((replicates(10), replicates(1_000_000), replicates(10_000_000)), (1000, 40, 40));
    }
}
