//! Whether the two groups that came back are those that were sent out. Where they are not, no figure
//! of the experiment can be believed (Fabijan et al. 2019: the sample ratio mismatch).

use serde::Serialize;

use super::tails::chi_squared_above;

/// Below this the reading stops.
pub const STOPS: f64 = 0.001;

/// A test of the groups' sizes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    pub chi_squared: f64,
    /// How often chance alone would do so.
    pub p: f64,
    /// The groups are not what was drawn: nothing is read.
    pub stops: bool,
}

impl Ratio {
    fn of(chi_squared: f64) -> Self {
        let p = chi_squared_above(chi_squared, 1.0);
        Self { chi_squared, p, stops: p < STOPS }
    }
}

/// Counts of the two groups against the share that was to be called: for groups that chance made one
/// customer at a time.
pub fn against_share(called: u64, left: u64, share: f64) -> Ratio {
    let all = (called + left) as f64;
    let (wanted, other) = (all * share, all * (1.0 - share));
    if wanted <= 0.0 || other <= 0.0 {
        return Ratio::of(0.0);
    }
    Ratio::of((called as f64 - wanted).powi(2) / wanted + (left as f64 - other).powi(2) / other)
}

/// Found and drawn customers of the two groups: for groups whose sizes were drawn exactly, only those
/// that are lost can set them apart (Pearson's χ² of the table found × group).
pub fn against_drawn(called: (u64, u64), left: (u64, u64)) -> Ratio {
    let (found1, drawn1, found0, drawn0) = (called.0 as f64, called.1 as f64, left.0 as f64, left.1 as f64);
    let (all, found) = (drawn1 + drawn0, found1 + found0);
    let lost = all - found;
    let product = drawn1 * drawn0 * found * lost;
    if product <= 0.0 {
        return Ratio::of(0.0);
    }
    let cross = found1 * (drawn0 - found0) - found0 * (drawn1 - found1);
    Ratio::of(all * cross * cross / product)
}
