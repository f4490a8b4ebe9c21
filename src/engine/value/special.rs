//! Functions that the models need and no crate has: Gauss's hypergeometric function for small
//! numerators, and Gauss-Legendre nodes.

/// Terms after which a series that has not settled is given up.
const MOST_TERMS: usize = 200_000;

/// ₂F₁(a, b; c; z) by its series, for 0 ≤ z < 1 and c > 0 (Abramowitz & Stegun 15.1.1). Quick where a and b
/// are small beside c, as after Euler's transformation in [`super::beta_geometric`].
pub(super) fn hyp2f1(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 0..MOST_TERMS {
        let k = n as f64;
        term *= (a + k) * (b + k) / ((c + k) * (k + 1.0)) * z;
        sum += term;
        // Later terms shrink at least by z each once k is beyond the parameters.
        if term == 0.0 || term.abs() <= 1e-16 * sum.abs() * (1.0 - z).max(1e-6) && k > a.abs().max(b.abs()) {
            break;
        }
    }
    sum
}

/// Nodes and weights of the Gauss-Legendre rule with 16 points on −1 to 1, its positive half
/// (Abramowitz & Stegun table 25.4).
const HALF: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_8, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];

/// Calls `add(point, weight)` for the 16-point rule on each of `panels` equal panels of `from`..`to`.
pub(super) fn quadrature(from: f64, to: f64, panels: usize, mut add: impl FnMut(f64, f64)) {
    let half = (to - from) / (2.0 * panels.max(1) as f64);
    for panel in 0..panels.max(1) {
        let centre = from + half * (2 * panel + 1) as f64;
        for (node, weight) in HALF {
            add(centre - half * node, half * weight);
            add(centre + half * node, half * weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Closed forms of Abramowitz & Stegun 15.1.3 and 15.1.8.
    #[test]
    fn the_series_meets_closed_forms() {
        for z in [0.0, 0.1, 0.5, 0.9, 0.99] {
            let log = if z == 0.0 { 1.0 } else { -(1.0f64 - z).ln() / z };
            assert!((hyp2f1(1.0, 1.0, 2.0, z) - log).abs() < 1e-12 * log, "{z}");
            let power = (1.0f64 - z).powf(-1.7);
            assert!((hyp2f1(1.7, 3.0, 3.0, z) - power).abs() < 1e-11 * power, "{z}");
        }
    }

    #[test]
    fn the_rule_is_exact_for_polynomials() {
        let (mut weights, mut powers) = (0.0, 0.0);
        quadrature(0.0, 2.0, 1, |x, w| {
            weights += w;
            powers += w * x.powi(31);
        });
        assert!((weights - 2.0).abs() < 1e-14);
        assert!((powers / (2f64.powi(32) / 32.0) - 1.0).abs() < 1e-12);
    }
}
