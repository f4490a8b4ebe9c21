//! Figures of cross-validation: means over folds, with intervals that own up to the folds sharing
//! their training rows.

use super::{Estimate, Z};

/// Two-sided 95% points of Student's t for 1 to 30 degrees of freedom (any table of it).
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// The mean of one figure over folds with the 95% interval of the corrected resampled t-test (Nadeau
/// and Bengio 2003, Inference for the generalization error): the variance of the mean is
/// S²·(1/k + n_test/n_train), not S²/k, since any two folds share most of their training rows.
/// `test_to_train` is n_test/n_train, 1/(k − 1) for k folds. Nadeau and Bengio derived it for repeated
/// random splits; for folds it is the usual approximation (Bouckaert and Frank 2004).
///
/// With one value the interval is as narrow as the value; `None` without any.
pub fn fold_mean(values: &[f64], test_to_train: f64) -> Option<Estimate> {
    let k = values.len();
    if k == 0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / k as f64;
    if k == 1 {
        return Some(Estimate { value: mean, low: mean, high: mean });
    }
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (k as f64 - 1.0);
    let t = T.get(k - 2).copied().unwrap_or(Z + (Z.powi(3) + Z) / (4.0 * (k as f64 - 1.0)));
    let half = t * (variance * (1.0 / k as f64 + test_to_train)).sqrt();
    Some(Estimate { value: mean, low: mean - half, high: mean + half })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_by_hand() {
        // Mean 0.84, S² = 0.00025; √(0.00025·(1/5 + 1/4)) = 0.010607; t₄ = 2.776.
        let e = fold_mean(&[0.82, 0.83, 0.84, 0.85, 0.86], 0.25).unwrap();
        assert!((e.value - 0.84).abs() < 1e-12);
        assert!((e.high - e.value - 0.029_444).abs() < 1e-5, "{e:?}");
        assert!((e.value - e.low - 0.029_444).abs() < 1e-5, "{e:?}");
        // Uncorrected it would be 0.0196: the correction widens it.
        assert!(e.high - e.value > 2.776 * (0.000_25f64 / 5.0).sqrt());
        assert_eq!(fold_mean(&[], 0.25), None);
        assert_eq!(fold_mean(&[0.7], 1.0).map(|e| (e.low, e.high)), Some((0.7, 0.7)));
    }

    #[test]
    fn many_folds_go_on_where_the_table_ends() {
        let values: Vec<f64> = (0..41).map(f64::from).collect();
        let e = fold_mean(&values, 0.0).unwrap();
        // t₄₀ = 2.021 and S² of 0…40 is 143.5.
        assert!(((e.high - e.value) / (143.5f64 / 41.0).sqrt() - 2.021).abs() < 2e-3, "{e:?}");
    }
}
