//! The mathematics of scales that bend: the power of Yeo and Johnson, quantiles, the normal
//! distribution.

use super::scale::quantile;

/// Most values from which a power is estimated; of more, every n-th.
const MOST: usize = 20_000;
/// Most quantiles that are kept.
const QUANTILES: usize = 1_000;
/// Shares nearer than this to 0 or 1 count as so near (as scikit-learn does).
const NEAREST: f64 = 1e-7;
/// Deviation of bent values, as a share of the largest, from which they count as spread.
const SPREAD: f64 = 1e-9;
/// The powers among which the likeliest is sought.
const POWERS: (f64, f64) = (-5.0, 5.0);

/// I.-K. Yeo, R. A. Johnson: "A new family of power transformations to improve normality or
/// symmetry", Biometrika 87 (2000).
pub(super) fn yeo_johnson(value: f64, lambda: f64) -> f64 {
    // By logarithms: exact near the powers 0 and 2, and no overflow before the result has one.
    let bend = |log: f64, power: f64| if power.abs() < 1e-12 { log } else { (power * log).exp_m1() / power };
    if value >= 0.0 { bend(value.ln_1p(), lambda) } else { -bend((-value).ln_1p(), 2.0 - lambda) }
}

/// The value that `yeo_johnson` takes to `bent`; NaN where there is none.
pub(super) fn yeo_johnson_inverse(bent: f64, lambda: f64) -> f64 {
    let back = |bent: f64, power: f64| {
        if power.abs() < 1e-12 { bent.exp_m1() } else { ((bent * power).ln_1p() / power).exp_m1() }
    };
    if bent >= 0.0 { back(bent, lambda) } else { -back(-bent, 2.0 - lambda) }
}

/// The power with which the values are most likely a normal sample, within −5 and 5: the best of
/// a grid, then golden-section search around it. 1 where the values have no spread.
pub(super) fn lambda(values: &[f64]) -> f64 {
    let step = values.len().div_ceil(MOST).max(1);
    let values: Vec<f64> = values.iter().copied().step_by(step).collect();
    let logs: f64 = values.iter().map(|v| v.signum() * v.abs().ln_1p()).sum();
    let n = values.len() as f64;
    let likelihood = |lambda: f64| {
        let bent: Vec<f64> = values.iter().map(|v| yeo_johnson(*v, lambda)).collect();
        let mean = bent.iter().sum::<f64>() / n;
        let variance = bent.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        let largest = bent.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        // Values that a power squeezes into the last digits of a float have lost their spread.
        let is_spread = variance.sqrt() > SPREAD * largest;
        let value = -n / 2.0 * variance.ln() + (lambda - 1.0) * logs;
        if is_spread && value.is_finite() { value } else { f64::NEG_INFINITY }
    };
    let grid = |at: i32| POWERS.0 + f64::from(at) * 0.5;
    let (best, top) = (0..=20)
        .map(|at| (grid(at), likelihood(grid(at))))
        .fold((1.0, f64::NEG_INFINITY), |best, one| if one.1 > best.1 { one } else { best });
    if top == f64::NEG_INFINITY {
        return 1.0;
    }
    let (mut low, mut high) = ((best - 0.5).max(POWERS.0), (best + 0.5).min(POWERS.1));
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut a, mut b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut at_a, mut at_b) = (likelihood(a), likelihood(b));
    while high - low > 1e-8 {
        if at_a >= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - GOLDEN * (high - low);
            at_a = likelihood(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + GOLDEN * (high - low);
            at_b = likelihood(b);
        }
    }
    (low + high) / 2.0
}

/// At most 1,000 quantiles of the values at equal steps, ascending.
pub(super) fn quantiles(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    if values.len() <= QUANTILES {
        return values;
    }
    let last = (QUANTILES - 1) as f64;
    (0..QUANTILES).map(|at| quantile(&values, at as f64 / last)).collect()
}

/// The share of the quantiles below a value, by linear interpolation; the middle of the steps where
/// several quantiles are equal to it. 0 for values below all of them, 1 above; a half for none.
pub(super) fn share_below(quantiles: &[f64], value: f64) -> f64 {
    let below = quantiles.partition_point(|q| *q < value);
    let upto = quantiles.partition_point(|q| *q <= value);
    let (Some(first), Some(end)) = (quantiles.first(), quantiles.last()) else { return 0.5 };
    let last = (quantiles.len() - 1) as f64;
    if first == end {
        return if below == upto { f64::from(u8::from(value > *first)) } else { 0.5 };
    }
    if value <= *first {
        return 0.0;
    }
    if value >= *end {
        return 1.0;
    }
    if below < upto {
        return (below + upto - 1) as f64 / 2.0 / last;
    }
    match (below.checked_sub(1).and_then(|at| quantiles.get(at)), quantiles.get(below)) {
        (Some(low), Some(high)) => (below as f64 - 1.0 + (value - low) / (high - low)) / last,
        _ => 0.5,
    }
}

/// The quantile of the standard normal distribution, for shares within 10⁻⁷ of 0 and 1: M. J. Wichura,
/// Algorithm AS 241 (PPND16), Applied Statistics 37 (1988).
pub(super) fn normal_quantile(share: f64) -> f64 {
    let share = share.clamp(NEAREST, 1.0 - NEAREST);
    let ratio = |r: f64, above: [f64; 8], below: [f64; 7]| {
        let polynomial = |list: &[f64]| list.iter().rev().fold(0.0, |sum, c| sum * r + c);
        polynomial(&above) / (polynomial(&below) * r + 1.0)
    };
    let q = share - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(
            r,
            [
                3.387_132_872_796_366_5,
                1.331_416_678_917_843_8e2,
                1.971_590_950_306_551_3e3,
                1.373_169_376_550_946e4,
                4.592_195_393_154_987e4,
                6.726_577_092_700_87e4,
                3.343_057_558_358_813e4,
                2.509_080_928_730_122_7e3,
            ],
            [
                4.231_333_070_160_091e1,
                6.871_870_074_920_579e2,
                5.394_196_021_424_751e3,
                2.121_379_430_158_659_7e4,
                3.930_789_580_009_271e4,
                2.872_908_573_572_194_3e4,
                5.226_495_278_852_545e3,
            ],
        );
    }
    let tail = if q < 0.0 { share } else { 1.0 - share };
    let r = (-tail.ln()).sqrt();
    // Beyond r = 5 (shares below 10⁻¹¹) lies another branch, which `NEAREST` keeps away.
    let size = ratio(
        r - 1.6,
        [
            1.423_437_110_749_683_5,
            4.630_337_846_156_546,
            5.769_497_221_460_691,
            3.647_848_324_763_204_5,
            1.270_458_252_452_368_4,
            2.417_807_251_774_506e-1,
            2.272_384_498_926_918_4e-2,
            7.745_450_142_783_414e-4,
        ],
        [
            2.053_191_626_637_759,
            1.676_384_830_183_803_8,
            6.897_673_349_851e-1,
            1.481_039_764_274_800_8e-1,
            1.519_866_656_361_645_7e-2,
            5.475_938_084_995_345e-4,
            1.050_750_071_644_416_9e-9,
        ],
    );
    if q < 0.0 { -size } else { size }
}

/// The share of the standard normal distribution below a value: the inverse of [`normal_quantile`],
/// by halving.
pub(super) fn normal_share(value: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if normal_quantile(middle) < value { low = middle } else { high = middle }
    }
    // What is cut off at the ends stands for the ends.
    match (low + high) / 2.0 {
        share if share <= NEAREST => 0.0,
        share if share >= 1.0 - NEAREST => 1.0,
        share => share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy's `norm.ppf`.
    #[test]
    fn normal_quantiles_as_scipy_has_them() {
        let known = [
            (0.001, -3.090_232_306_167_813),
            (0.025, -1.959_963_984_540_054_5),
            (0.3, -0.524_400_512_708_040_9),
            (0.5, 0.0),
            (0.9, 1.281_551_565_544_600_4),
            (0.999_999_9, 5.199_337_582_290_661),
        ];
        for (share, wanted) in known {
            let found = normal_quantile(share);
            assert!((found - wanted).abs() < 1e-9, "{share}: {found}");
            assert!((normal_share(found) - share).abs() < 2e-7, "{share}");
        }
        assert!(normal_quantile(0.0).is_finite() && normal_quantile(1.0).is_finite());
    }

    #[test]
    fn powers_by_hand() {
        // (4 ^ 0.5 − 1) / 0.5, −((3 + 1) ^ 1.5 − 1) / 1.5, and the two logarithms.
        assert!((yeo_johnson(3.0, 0.5) - 2.0).abs() < 1e-12);
        assert!((yeo_johnson(-3.0, 0.5) + 14.0 / 3.0).abs() < 1e-12);
        assert!((yeo_johnson(3.0, 0.0) - 4f64.ln()).abs() < 1e-12);
        assert!((yeo_johnson(-3.0, 2.0) + 4f64.ln()).abs() < 1e-12);
        assert!(yeo_johnson_inverse(5.0, -1.0).is_nan());
        assert_eq!((lambda(&[]), lambda(&[2.0; 5])), (1.0, 1.0));
        // Years of birth: the likeliest power would squeeze them into nothing.
        let years: Vec<f64> = (0..200).map(|at| 2010.0 - f64::from(at % 20).powi(2) / 6.0).collect();
        for list in [years.iter().map(|y| 4000.0 - y).collect(), years] {
            let lambda = lambda(&list);
            let bent: Vec<f64> = list.iter().map(|y| yeo_johnson(*y, lambda)).collect();
            assert!(
                bent.windows(2).zip(list.windows(2)).all(|(b, y)| (b[0] < b[1]) == (y[0] < y[1])),
                "{lambda}"
            );
        }
    }

    #[test]
    fn a_thousand_quantiles_of_many_values() {
        let list = quantiles((0..=99_900).rev().map(f64::from).collect());
        assert_eq!((list.len(), list[0], list[1], list[999]), (1_000, 0.0, 100.0, 99_900.0));
        assert!((share_below(&list, 49_950.0) - 0.5).abs() < 1e-12);
        assert_eq!(share_below(&[3.0; 4], 3.0), 0.5);
    }
}
