//! One column in figures.

use crate::clean::{Distribution, distribution};
use crate::table::{ColumnSpec, Frame, Role};

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub column: String,
    pub role: Role,
    pub rows: u64,
    pub missing: u64,
    /// Minimum, 5%, 25%, 50%, 75%, 95% and maximum of numbers, in their unit; of dates in days
    /// since 1970. Quantiles by linear interpolation (Hyndman and Fan 1996, type 7).
    pub quantiles: Option<[f64; 7]>,
    /// Mean and sample standard deviation of numbers.
    pub moments: Option<(f64, f64)>,
    /// How the values are spread.
    pub distribution: Distribution,
}

/// Summarizes one column over all rows.
pub fn summarize(frame: &Frame, spec: &ColumnSpec) -> Summary {
    let rows = frame.height() as u64;
    let missing = frame.data.column(&spec.name).map_or(rows, |column| column.null_count() as u64);
    let mut present: Vec<f64> = match spec.role.is_numeric() || spec.role == Role::Date {
        true => frame.numbers(&spec.name).unwrap_or_default().into_iter().flatten().collect(),
        false => Vec::new(),
    };
    present.retain(|value| value.is_finite());
    present.sort_unstable_by(f64::total_cmp);
    let quantiles = (!present.is_empty())
        .then(|| [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0].map(|share| quantile(&present, share)));
    let moments = (spec.role.is_numeric() && present.len() > 1).then(|| {
        let n = present.len() as f64;
        let mean = present.iter().sum::<f64>() / n;
        let variance = present.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance.sqrt())
    });
    Summary {
        column: spec.name.clone(),
        role: spec.role,
        rows,
        missing,
        quantiles,
        moments,
        distribution: distribution(frame, &spec.name, 24),
    }
}

/// The value below which `share` of the ascending values lie, between neighbours in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(low), sorted.get(high)) {
        (Some(a), Some(b)) => a + (b - a) * (place - low as f64),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        // numpy.quantile([1, 2, 4, 8], [0.25, 0.5]) = [1.75, 3.0]
        let values = [1.0, 2.0, 4.0, 8.0];
        assert_eq!((quantile(&values, 0.25), quantile(&values, 0.5)), (1.75, 3.0));
        assert_eq!((quantile(&values, 0.0), quantile(&values, 1.0)), (1.0, 8.0));
        assert_eq!(quantile(&[7.0], 0.95), 7.0);
    }
}
