//! Numbers → one scale, with the mean, spread or range of the training rows.

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::Recorder;
use crate::table::{ColumnSpec, Frame, show_number};

/// How numbers are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleMethod {
    /// (x − mean) / standard deviation.
    #[default]
    Standard,
    /// (x − minimum) / (maximum − minimum).
    MinMax,
    /// (x − median) / interquartile range.
    Robust,
    /// ln(1 + x) for x ≥ 0 and −ln(1 − x) below, then standard.
    Log1p,
}

impl ScaleMethod {
    pub const ALL: [ScaleMethod; 4] =
        [ScaleMethod::Standard, ScaleMethod::MinMax, ScaleMethod::Robust, ScaleMethod::Log1p];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::MinMax => "min_max",
            Self::Robust => "robust",
            Self::Log1p => "log1p",
        }
    }

    fn warp(self, value: f64) -> f64 {
        if self == Self::Log1p { value.signum() * value.abs().ln_1p() } else { value }
    }
}

/// Centre and width by column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FittedScale {
    pub method: ScaleMethod,
    pub columns: Vec<(String, f64, f64)>,
}

pub(super) fn fit(method: ScaleMethod, schema: &[ColumnSpec], train: &Frame) -> FittedScale {
    let mut columns = Vec::new();
    for spec in schema.iter().filter(|spec| spec.role.is_numeric()) {
        let Some(values) = train.numbers(&spec.name) else { continue };
        let mut values: Vec<f64> = values
            .into_iter()
            .flatten()
            .filter(|value| value.is_finite())
            .map(|value| method.warp(value))
            .collect();
        let (centre, width) = match method {
            ScaleMethod::Standard | ScaleMethod::Log1p => mean_deviation(&values),
            ScaleMethod::MinMax => {
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                (low, high - low)
            }
            ScaleMethod::Robust => {
                values.sort_unstable_by(f64::total_cmp);
                (quantile(&values, 0.5), quantile(&values, 0.75) - quantile(&values, 0.25))
            }
        };
        // A column without spread, or without values, is only centred.
        let centre = if centre.is_finite() { centre } else { 0.0 };
        let width = if width.is_finite() && width > 1e-12 { width } else { 1.0 };
        columns.push((spec.name.clone(), centre, width));
    }
    FittedScale { method, columns }
}

fn mean_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// The quantile of sorted values by linear interpolation (type 7, as NumPy's default); 0 for none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let (below, above) = (place.floor() as usize, (place.ceil() as usize).min(last));
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

impl FittedScale {
    pub(super) fn apply(&self, frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
        let mut out = frame.clone();
        for (name, centre, width) in &self.columns {
            let Some(numbers) = frame.data.column(name).ok().and_then(|c| c.f64().ok()) else { continue };
            let scaled = numbers.iter().enumerate().map(|(at, value)| {
                let value = value?;
                let scaled = (self.method.warp(value) - centre) / width;
                record.cell(at, name, || Some(show_number(value)), || Some(show_number(scaled)));
                Some(scaled)
            });
            let column = Float64Chunked::from_iter_options(name.as_str().into(), scaled);
            out = super::with_column(&out, column.into_series().into())?;
        }
        Ok(out)
    }
}
