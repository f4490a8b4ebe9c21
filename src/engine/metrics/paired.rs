//! Is the difference of two models real? Tests that pair what was measured on the same rows or folds.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::erf::erfc;

use super::{Z, fold_mean};

/// A difference counts as real below this.
pub const LEVEL: f64 = 0.05;
/// Discordant rows from which McNemar's test uses the chi-squared distribution.
const EXACT_BELOW: u64 = 25;

/// The difference of two models, the first less the second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Paired {
    pub difference: f64,
    /// 95% interval of the difference.
    pub low: f64,
    pub high: f64,
    /// How often chance alone gives a difference at least as large.
    pub p: f64,
}

impl Paired {
    /// True if chance alone would hardly give this difference.
    pub fn is_real(&self) -> bool {
        self.p < LEVEL
    }
}

/// The two-sided standard normal quantile of one of `questions` intervals that hold all together in 95% of
/// samples at least (Bonferroni); that of a single 95% interval for one or none.
pub fn simultaneous_z(questions: usize) -> f64 {
    let tail = LEVEL / (2.0 * questions.max(1) as f64);
    Normal::new(0.0, 1.0).map_or(Z, |normal| normal.inverse_cdf(1.0 - tail))
}

/// p times the number of questions that were asked, at most 1: below 0.05 exactly where the interval of
/// [`Paired::among`] leaves out 0.
pub fn bonferroni(p: f64, questions: usize) -> f64 {
    (p * questions.max(1) as f64).min(1.0)
}

impl Paired {
    /// The same with an interval that holds together with those of the other `questions`, and p corrected for
    /// as many (Bonferroni). For differences whose interval is normal.
    pub fn among(self, questions: usize) -> Self {
        let wider = simultaneous_z(questions) / Z;
        let side = |end: f64| self.difference + (end - self.difference) * wider;
        Self { low: side(self.low), high: side(self.high), p: bonferroni(self.p, questions), ..self }
    }
}

/// The corrected resampled t-test (Nadeau and Bengio 2003) of differences fold by fold; the interval is that
/// of [`fold_mean`]. `test_to_train` is n_test/n_train. `None` with fewer than two folds.
pub fn corrected_t(differences: &[f64], test_to_train: f64) -> Option<Paired> {
    let k = differences.len();
    if k < 2 {
        return None;
    }
    let mean = fold_mean(differences, test_to_train)?;
    let variance = differences.iter().map(|d| (d - mean.value).powi(2)).sum::<f64>() / (k as f64 - 1.0);
    let error = (variance * (1.0 / k as f64 + test_to_train)).sqrt();
    let p = match (error > 0.0, mean.value == 0.0) {
        (true, _) => 2.0 * StudentsT::new(0.0, 1.0, k as f64 - 1.0).ok()?.sf((mean.value / error).abs()),
        (false, true) => 1.0,
        (false, false) => 0.0,
    };
    Some(Paired { difference: mean.value, low: mean.low, high: mean.high, p: p.min(1.0) })
}

/// McNemar's test (1947) of two models' right and wrong on the same rows: `first` rows that only the first
/// told rightly, `second` that only the second did. Exact (binomial) with fewer than 25 such rows, else
/// chi-squared without a correction. Returns p.
pub fn mcnemar(first: u64, second: u64) -> f64 {
    let (n, fewer) = (first + second, first.min(second));
    if n == 0 {
        return 1.0;
    }
    if n < EXACT_BELOW {
        let (mut term, mut sum) = (0.5f64.powi(n as i32), 0.0);
        for at in 0..=fewer {
            sum += term;
            term *= (n - at) as f64 / (at + 1) as f64;
        }
        return (2.0 * sum).min(1.0);
    }
    let chi = (first as f64 - second as f64).powi(2) / n as f64;
    erfc((chi / 2.0).sqrt())
}

/// [`mcnemar`] of what two models say of the same rows at their thresholds, with the difference in accuracy
/// and its interval (Wald). `None` without rows.
pub fn paired_accuracy(first: &[bool], second: &[bool], labels: &[bool]) -> Option<Paired> {
    let n = labels.len();
    if n == 0 || first.len() != n || second.len() != n {
        return None;
    }
    let (mut only_first, mut only_second) = (0u64, 0u64);
    for ((a, b), label) in first.iter().zip(second).zip(labels) {
        match (a == label, b == label) {
            (true, false) => only_first += 1,
            (false, true) => only_second += 1,
            _ => {}
        }
    }
    let (a, b, n) = (only_first as f64, only_second as f64, n as f64);
    let difference = (a - b) / n;
    let half = Z * (a + b - (a - b).powi(2) / n).max(0.0).sqrt() / n;
    Some(Paired {
        difference,
        low: difference - half,
        high: difference + half,
        p: mcnemar(only_first, only_second),
    })
}

/// The difference of two areas under the ROC curve on the same rows (DeLong et al. 1988, in the fast form
/// of Sun and Xu 2014). `None` unless there are two rows of each class.
pub fn paired_auc(first: &[f64], second: &[f64], labels: &[bool]) -> Option<Paired> {
    Placements::new(first, labels)?.against(&Placements::new(second, labels)?, labels)
}

/// Of every row the share of the other class that it beats, ties counted half: positives beat lower scores,
/// the others higher ones. The mean over either class is the area.
#[derive(Debug, Clone, PartialEq)]
pub struct Placements(Vec<f64>);

impl Placements {
    /// Sorts the scores. `None` where there is one class, or a score is no number.
    pub fn new(scores: &[f64], labels: &[bool]) -> Option<Self> {
        placements(scores, labels).map(Self)
    }

    /// [`paired_auc`] of the scores behind these and of those behind others, on the same rows.
    pub fn against(&self, other: &Self, labels: &[bool]) -> Option<Paired> {
        let of = |class: bool| -> Vec<f64> {
            let rows = self.0.iter().zip(&other.0).zip(labels).filter(|(_, label)| **label == class);
            rows.map(|((a, b), _)| a - b).collect()
        };
        let (positive, negative) = (of(true), of(false));
        if positive.len() < 2 || negative.len() < 2 {
            return None;
        }
        let mean = |d: &[f64]| d.iter().sum::<f64>() / d.len() as f64;
        let error = |d: &[f64]| {
            let centre = mean(d);
            d.iter().map(|one| (one - centre).powi(2)).sum::<f64>() / ((d.len() - 1) * d.len()) as f64
        };
        let difference = mean(&positive);
        let error = (error(&positive) + error(&negative)).sqrt();
        let p = match (error > 0.0, difference.abs() < 1e-15) {
            (true, _) => erfc((difference / error).abs() / std::f64::consts::SQRT_2),
            (false, true) => 1.0,
            (false, false) => 0.0,
        };
        Some(Paired { difference, low: difference - Z * error, high: difference + Z * error, p })
    }
}

fn placements(scores: &[f64], labels: &[bool]) -> Option<Vec<f64>> {
    if scores.len() != labels.len() || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let mut order: Vec<(f64, bool, usize)> =
        scores.iter().zip(labels).enumerate().map(|(at, (score, label))| (*score, *label, at)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all = labels.iter().filter(|label| **label).count() as f64;
    let others = labels.len() as f64 - all;
    if all == 0.0 || others == 0.0 {
        return None;
    }
    let mut out = vec![0.0; scores.len()];
    let (mut positives, mut negatives) = (0.0, 0.0);
    for tied in order.chunk_by(|a, b| a.0 == b.0) {
        let own = tied.iter().filter(|(_, label, _)| *label).count() as f64;
        let other = tied.len() as f64 - own;
        for (_, label, at) in tied {
            if let Some(slot) = out.get_mut(*at) {
                *slot = match label {
                    true => (negatives + other / 2.0) / others,
                    false => (all - positives - own / 2.0) / all,
                };
            }
        }
        positives += own;
        negatives += other;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::metrics::roc_auc;

    #[test]
    fn a_pair_by_hand() {
        assert_eq!(mcnemar(0, 0), 1.0);
        // 2·(1 + 10 + 45)/1024.
        assert!((mcnemar(8, 2) - 0.109_375).abs() < 1e-12);
        assert_eq!(mcnemar(5, 5), 1.0);
        let labels = [true, false, true, false, true, false];
        let (a, b) = ([0.9, 0.1, 0.8, 0.3, 0.4, 0.5], [0.9, 0.8, 0.2, 0.3, 0.4, 0.5]);
        let pair = paired_auc(&a, &b, &labels).unwrap();
        let areas = (roc_auc(&a, &labels).unwrap(), roc_auc(&b, &labels).unwrap());
        assert!((pair.difference - (areas.0 - areas.1)).abs() < 1e-12, "{pair:?} {areas:?}");
        let same = paired_auc(&a, &a, &labels).unwrap();
        assert_eq!((same.difference, same.p, same.is_real()), (0.0, 1.0, false));
        assert!(paired_auc(&a, &b, &[true; 6]).is_none());
    }

    #[test]
    fn a_corrected_interval_and_its_p_never_disagree() {
        assert!((simultaneous_z(1) - Z).abs() < 1e-9 && (simultaneous_z(0) - Z).abs() < 1e-9);
        // The normal quantile of 1 − 0.05/10 is 2.5758.
        assert!((simultaneous_z(5) - 2.575_829).abs() < 1e-5);
        for step in 0..400 {
            let difference = f64::from(step) * 0.001;
            let p = erfc(difference / 0.1 / std::f64::consts::SQRT_2);
            let one = Paired { difference, low: difference - 0.1 * Z, high: difference + 0.1 * Z, p };
            let among = one.among(5);
            assert_eq!(among.low > 0.0, among.is_real(), "{among:?}");
            assert!(among.low < one.low && among.p >= one.p, "{among:?}");
        }
    }

    /// Two models of equal skill: the tests must say "real" about as often as they promise to, and no more.
    #[test]
    fn equal_models_rarely_differ_really() {
        let (mut auc, mut accuracy, runs) = (0, 0, 1000);
        for seed in 0..runs {
            let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
            let labels: Vec<bool> = (0..150).map(|at| at % 3 == 0).collect();
            let mut noisy = |label: &bool| {
                let noise: f64 = (0..6).map(|_| rng.gen_range(-1.0..1.0)).sum();
                noise + if *label { 1.2 } else { 0.0 }
            };
            let a: Vec<f64> = labels.iter().map(&mut noisy).collect();
            let b: Vec<f64> = labels.iter().map(&mut noisy).collect();
            auc += u32::from(paired_auc(&a, &b, &labels).unwrap().is_real());
            let said = |s: &[f64]| s.iter().map(|s| *s > 0.6).collect::<Vec<_>>();
            accuracy += u32::from(paired_accuracy(&said(&a), &said(&b), &labels).unwrap().is_real());
        }
        // 5% of 1000, three standard errors of a count either way.
        assert!((29..=71).contains(&auc), "{auc}");
        assert!((15..=71).contains(&accuracy), "{accuracy}");
    }
}
