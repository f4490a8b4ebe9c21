//! How far shares have moved between two groups of rows.

/// The population stability index Σ (now − then) · ln(now / then) of two lists of shares, empty bins
/// counted as half a row (Siddiqi 2006). `rows` are those behind `then` and `now`.
pub fn psi(then: &[f64], now: &[f64], rows: (usize, usize)) -> f64 {
    let floor = |share: f64, rows: usize| share.max(0.5 / rows.max(1) as f64);
    then.iter()
        .zip(now)
        .filter(|(a, b)| **a > 0.0 || **b > 0.0)
        .map(|(a, b)| {
            let (a, b) = (floor(*a, rows.0), floor(*b, rows.1));
            (b - a) * (b / a).ln()
        })
        .sum()
}

/// What chance alone brings at most, 99 times in 100: PSI times the harmonic size is nearly χ² with
/// as many degrees of freedom as bins less one (Yurdakul 2018).
pub fn psi_by_chance(bins: usize, rows: (usize, usize)) -> f64 {
    let df = bins.saturating_sub(1).max(1) as f64;
    // Wilson and Hilferty's approximation of the 99% point of χ².
    let point = df * (1.0 - 2.0 / (9.0 * df) + 2.326 * (2.0 / (9.0 * df)).sqrt()).powi(3);
    point * (1.0 / rows.0.max(1) as f64 + 1.0 / rows.1.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psi_by_hand_and_what_chance_brings() {
        // (0.3 − 0.5) ln(0.3 / 0.5) + (0.7 − 0.5) ln(0.7 / 0.5) = 0.16946
        let value = psi(&[0.5, 0.5], &[0.3, 0.7], (1000, 1000));
        assert!((value - 0.169_46).abs() < 1e-4, "{value}");
        // χ² with 9 degrees: the 99% point is 21.666.
        let chance = psi_by_chance(10, (1000, 1000));
        assert!((chance - 21.666 * 0.002).abs() < 2e-4, "{chance}");
        assert_eq!(psi(&[0.4, 0.6], &[0.4, 0.6], (10, 10)), 0.0);
    }
}
