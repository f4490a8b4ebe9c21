//! Tails and quantiles of the distributions that the tests speak of.

use statrs::distribution::{ChiSquared, Continuous as _, ContinuousCDF as _, Normal, StudentsT};
use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::ln_gamma;

/// Degrees of freedom from which the noncentral t is as good as its normal approximation.
const MANY: f64 = 50_000.0;
/// Noncentrality from which the sum of [`noncentral_t`] would underflow.
const FAR: f64 = 35.0;

/// The chance that a standard normal is above `x`.
pub fn normal_above(x: f64) -> f64 {
    Normal::standard().sf(x)
}

/// The point below which a standard normal is with chance `p`.
pub fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p.clamp(0.0, 1.0))
}

/// The chance that a χ² of `freedom` degrees is above `x`; 1 where it has no meaning.
pub fn chi_squared_above(x: f64, freedom: f64) -> f64 {
    ChiSquared::new(freedom).map_or(1.0, |of| of.sf(x.max(0.0)))
}

/// The chance that Student's t of `freedom` degrees is above `x`.
pub fn t_above(x: f64, freedom: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(of) if freedom.is_finite() && x.is_finite() => of.sf(x),
        _ => normal_above(x),
    }
}

/// The point below which Student's t of `freedom` degrees is with chance `p`.
pub fn t_quantile(p: f64, freedom: f64) -> f64 {
    let normal = normal_quantile(p);
    let Ok(of) = StudentsT::new(0.0, 1.0, freedom) else { return normal };
    if !freedom.is_finite() || freedom > 1e9 {
        return normal;
    }
    let mut at = of.inverse_cdf(p);
    // The quantile of the crate is a search; two steps of Newton make it exact.
    for _ in 0..2 {
        let step = (of.cdf(at) - p) / of.pdf(at);
        if step.is_finite() {
            at -= step;
        }
    }
    at
}

/// The chance that a noncentral t of `freedom` degrees and noncentrality `shift` is below `t`: the sum
/// of Lenth 1989 (algorithm AS 243), and for very many degrees the normal approximation of Abramowitz
/// and Stegun 26.7.10.
pub fn noncentral_t(t: f64, freedom: f64, shift: f64) -> f64 {
    if !(t.is_finite() && freedom > 0.0 && shift.is_finite()) {
        return f64::NAN;
    }
    if freedom > MANY || shift.abs() > FAR {
        let bend = (1.0 + t * t / (2.0 * freedom)).sqrt();
        return 1.0 - normal_above((t * (1.0 - 1.0 / (4.0 * freedom)) - shift) / bend);
    }
    if t < 0.0 {
        return 1.0 - noncentral_t(-t, freedom, -shift);
    }
    let x = t * t / (t * t + freedom);
    let half = shift * shift / 2.0;
    let part = |a: f64| if x > 0.0 { checked_beta_reg(a, freedom / 2.0, x).unwrap_or(0.0) } else { 0.0 };
    let (mut sum, mut rest) = (0.0, 1.0);
    let mut step = 0.0;
    while step < 2000.0 {
        let log = -half + if step > 0.0 { step * half.ln() } else { 0.0 };
        let weight = (log - ln_gamma(step + 1.0)).exp();
        let odd = shift / std::f64::consts::SQRT_2 * (log - ln_gamma(step + 1.5)).exp();
        sum += weight * part(step + 0.5) + odd * part(step + 1.0);
        rest -= weight;
        if half == 0.0 || (step > half && rest < 1e-13) {
            break;
        }
        step += 1.0;
    }
    (normal_above(shift) + sum / 2.0).clamp(0.0, 1.0)
}
