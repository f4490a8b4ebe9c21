//! Numbers → one scale, with the mean, spread, range or quantiles of the training rows.

use polars::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::CleanError;
use super::power;
use super::record::Recorder;
use crate::job::Reporter;
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
    /// The power of Yeo and Johnson that makes the training values most nearly normal, then standard.
    YeoJohnson,
    /// The share of the training values below: 0 to 1.
    QuantileUniform,
    /// That share as a quantile of the standard normal distribution.
    QuantileNormal,
    /// Left as it is.
    None,
}

impl ScaleMethod {
    pub const ALL: [ScaleMethod; 8] = [
        ScaleMethod::Standard,
        ScaleMethod::MinMax,
        ScaleMethod::Robust,
        ScaleMethod::Log1p,
        ScaleMethod::YeoJohnson,
        ScaleMethod::QuantileUniform,
        ScaleMethod::QuantileNormal,
        ScaleMethod::None,
    ];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::MinMax => "min_max",
            Self::Robust => "robust",
            Self::Log1p => "log1p",
            Self::YeoJohnson => "yeo_johnson",
            Self::QuantileUniform => "quantile_uniform",
            Self::QuantileNormal => "quantile_normal",
            Self::None => "none",
        }
    }
}

/// The scale of one column. Widths are positive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaler {
    /// (x − centre) / width.
    Linear { centre: f64, width: f64 },
    /// The same after the signed logarithm.
    Log1p { centre: f64, width: f64 },
    /// The same after the power.
    YeoJohnson { lambda: f64, centre: f64, width: f64 },
    /// Values at equal steps of the share below them, ascending.
    Quantile { values: Vec<f64>, normal: bool },
}

/// The scale of each column. Columns without one are left as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub struct FittedScale {
    pub columns: Vec<(String, Scaler)>,
}

/// What was saved: bundles before per-column methods hold one method, with centre and width.
#[derive(Deserialize)]
#[serde(untagged)]
enum Saved {
    OneMethod { method: ScaleMethod, columns: Vec<(String, f64, f64)> },
    ByColumn { columns: Vec<(String, Scaler)> },
}

impl From<Saved> for FittedScale {
    fn from(saved: Saved) -> Self {
        let columns = match saved {
            Saved::ByColumn { columns } => columns,
            Saved::OneMethod { method, columns } => columns
                .into_iter()
                .map(|(name, centre, width)| match method {
                    ScaleMethod::Log1p => (name, Scaler::Log1p { centre, width }),
                    _ => (name, Scaler::Linear { centre, width }),
                })
                .collect(),
        };
        Self { columns }
    }
}

/// Learns the scale of every numeric column of the training rows; `columns` names those that are
/// scaled by another method than the general one.
pub(super) fn fit(
    method: ScaleMethod,
    columns: &[(String, ScaleMethod)],
    schema: &[ColumnSpec],
    train: &Frame,
    report: &Reporter,
) -> crate::Result<FittedScale> {
    let one = |spec: &ColumnSpec| -> crate::Result<Option<(String, Scaler)>> {
        report.check()?;
        let own = columns.iter().rfind(|(name, _)| *name == spec.name);
        let method = own.map_or(method, |(_, method)| *method);
        let Some(values) = train.numbers(&spec.name) else { return Ok(None) };
        let values: Vec<f64> = values.into_iter().flatten().filter(|value| value.is_finite()).collect();
        Ok(Scaler::fit(method, values).map(|scaler| (spec.name.clone(), scaler)))
    };
    let numeric = schema.par_iter().filter(|spec| spec.role.is_numeric());
    let scalers: Vec<Option<(String, Scaler)>> = numeric.map(one).collect::<crate::Result<_>>()?;
    Ok(FittedScale { columns: scalers.into_iter().flatten().collect() })
}

impl Scaler {
    /// Learns from finite values; `None` where nothing is to be done.
    fn fit(method: ScaleMethod, mut values: Vec<f64>) -> Option<Self> {
        Some(match method {
            ScaleMethod::None => return None,
            ScaleMethod::Standard => {
                let (centre, width) = mean_deviation(values.iter().copied());
                Self::Linear { centre, width }
            }
            ScaleMethod::MinMax => {
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let (centre, width) = sound(low, high - low);
                Self::Linear { centre, width }
            }
            ScaleMethod::Robust => {
                values.sort_unstable_by(f64::total_cmp);
                let spread = quantile(&values, 0.75) - quantile(&values, 0.25);
                let (centre, width) = sound(quantile(&values, 0.5), spread);
                Self::Linear { centre, width }
            }
            ScaleMethod::Log1p => {
                let (centre, width) = mean_deviation(values.iter().copied().map(signed_log));
                Self::Log1p { centre, width }
            }
            ScaleMethod::YeoJohnson => {
                let lambda = power::lambda(&values);
                let (centre, width) = mean_deviation(values.iter().map(|v| power::yeo_johnson(*v, lambda)));
                Self::YeoJohnson { lambda, centre, width }
            }
            ScaleMethod::QuantileUniform | ScaleMethod::QuantileNormal => {
                let normal = method == ScaleMethod::QuantileNormal;
                Self::Quantile { values: power::quantiles(values), normal }
            }
        })
    }

    /// The scaled value.
    pub fn apply(&self, value: f64) -> f64 {
        match self {
            Self::Linear { centre, width } => (value - centre) / width,
            Self::Log1p { centre, width } => (signed_log(value) - centre) / width,
            Self::YeoJohnson { lambda, centre, width } => {
                (power::yeo_johnson(value, *lambda) - centre) / width
            }
            Self::Quantile { values, normal } => {
                let share = power::share_below(values, value);
                if *normal { power::normal_quantile(share) } else { share }
            }
        }
    }

    /// The value that was scaled to `scaled`; the nearest training value beyond quantiles. `None`
    /// where no value is scaled so.
    pub fn inverse(&self, scaled: f64) -> Option<f64> {
        let value = match self {
            Self::Linear { centre, width } => scaled * width + centre,
            Self::Log1p { centre, width } => {
                let log = scaled * width + centre;
                log.signum() * log.abs().exp_m1()
            }
            Self::YeoJohnson { lambda, centre, width } => {
                power::yeo_johnson_inverse(scaled * width + centre, *lambda)
            }
            Self::Quantile { values, normal } => {
                let share = if *normal { power::normal_share(scaled) } else { scaled.clamp(0.0, 1.0) };
                if values.is_empty() { f64::NAN } else { quantile(values, share) }
            }
        };
        value.is_finite().then_some(value)
    }
}

fn signed_log(value: f64) -> f64 {
    value.signum() * value.abs().ln_1p()
}

pub(super) fn mean_deviation(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    sound(mean, variance.sqrt())
}

/// A column without spread, or without values, is only centred.
fn sound(centre: f64, width: f64) -> (f64, f64) {
    let centre = if centre.is_finite() { centre } else { 0.0 };
    (centre, if width.is_finite() && width > 1e-12 { width } else { 1.0 })
}

/// The quantile of sorted values by linear interpolation (type 7, as NumPy's default); 0 for none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let (below, above) = (place.floor() as usize, (place.ceil() as usize).min(last));
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

impl FittedScale {
    /// The value of a column before scaling, for showing. `None` for columns that are not scaled.
    pub fn inverse(&self, column: &str, scaled: f64) -> Option<f64> {
        self.columns.iter().find(|(name, _)| name == column)?.1.inverse(scaled)
    }

    pub(super) fn apply(
        &self,
        frame: &Frame,
        record: &mut Recorder,
        report: &Reporter,
    ) -> crate::Result<Frame> {
        let columns = record.side_by_side(&self.columns, |(name, scaler), record| -> crate::Result<_> {
            report.check()?;
            let Some(numbers) = frame.data.column(name).ok().and_then(|c| c.f64().ok()) else {
                return Ok(None);
            };
            let scaled = numbers.iter().enumerate().map(|(at, value)| {
                let value = value?;
                let scaled = scaler.apply(value);
                record.cell(at, name, || Some(show_number(value)), || Some(show_number(scaled)));
                Some(scaled)
            });
            Ok(Some(Float64Chunked::from_iter_options(name.as_str().into(), scaled).into_series()))
        })?;
        let columns = columns.into_iter().flatten().map(Column::from);
        Ok(super::with_columns(frame, columns).map_err(CleanError::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(method: ScaleMethod, values: &[f64]) -> Scaler {
        Scaler::fit(method, values.to_vec()).unwrap()
    }

    fn close(scaler: &Scaler, values: &[f64], wanted: &[f64], within: f64) {
        for (value, wanted) in values.iter().zip(wanted) {
            let found = scaler.apply(*value);
            assert!((found - wanted).abs() < within, "{scaler:?} {value}: {found}, not {wanted}");
        }
    }

    #[test]
    fn values_by_hand() {
        let x = [1.0, 2.0, 3.0, 4.0, 10.0];
        // Mean 4, variance 10; range 9; median 3, quartiles 2 and 4.
        close(&fitted(ScaleMethod::Standard, &x), &[4.0, 10.0], &[0.0, 6.0 / 10f64.sqrt()], 1e-12);
        close(&fitted(ScaleMethod::MinMax, &x), &[1.0, 5.5, 10.0], &[0.0, 0.5, 1.0], 1e-12);
        close(&fitted(ScaleMethod::Robust, &x), &[3.0, 10.0], &[0.0, 3.5], 1e-12);
        let e = std::f64::consts::E;
        // ln(1 + x) is 0 and 2: mean 1, deviation 1.
        close(&fitted(ScaleMethod::Log1p, &[0.0, e * e - 1.0]), &[0.0, 1.0 - e], &[-1.0, -2.0], 1e-12);
    }

    /// scikit-learn 1.9.1: `PowerTransformer().fit_transform(x)`, `lambdas_`.
    #[test]
    fn yeo_johnson_as_scikit_learn_has_it() {
        let x = [1.0, 2.0, 3.0, 4.0, 10.0];
        let scaler = fitted(ScaleMethod::YeoJohnson, &x);
        let Scaler::YeoJohnson { lambda, .. } = &scaler else { panic!() };
        assert!((lambda + 0.447_162_229_5).abs() < 1e-6, "{lambda}");
        let wanted = [-1.469_124_499, -0.533_529_021, 0.034_600_719, 0.427_606_206, 1.540_446_595];
        close(&scaler, &x, &wanted, 1e-6);
        let x = [-3.0, -1.0, 0.0, 2.0, 9.0];
        let scaler = fitted(ScaleMethod::YeoJohnson, &x);
        let Scaler::YeoJohnson { lambda, .. } = &scaler else { panic!() };
        assert!((lambda - 0.556_022_880_4).abs() < 1e-6, "{lambda}");
        let wanted = [-1.513_034_451, -0.433_954_004, -0.037_335_112, 0.466_687_352, 1.517_636_214];
        close(&scaler, &x, &wanted, 1e-6);
    }

    /// scikit-learn 1.9.1: `QuantileTransformer(n_quantiles=6)`.
    #[test]
    fn quantiles_as_scikit_learn_has_them() {
        let x = [1.0, 2.0, 2.0, 3.0, 4.0, 10.0];
        let uniform = fitted(ScaleMethod::QuantileUniform, &x);
        close(&uniform, &x, &[0.0, 0.3, 0.3, 0.6, 0.8, 1.0], 1e-12);
        close(&uniform, &[0.0, 2.5, 99.0], &[0.0, 0.5, 1.0], 1e-12);
        let normal = fitted(ScaleMethod::QuantileNormal, &x);
        close(
            &normal,
            &x,
            &[-5.199_337_58, -0.524_400_51, -0.524_400_51, 0.253_347_1, 0.841_621_23, 5.199_337_58],
            1e-7,
        );
        close(&normal, &[0.0, 2.5, 99.0], &[-5.199_337_58, 0.0, 5.199_337_58], 1e-7);
    }

    #[test]
    fn what_was_scaled_can_be_shown() {
        let x = [-40.0, -3.0, 0.0, 0.5, 7.0, 900.0];
        for method in ScaleMethod::ALL.into_iter().filter(|method| *method != ScaleMethod::None) {
            let scaler = fitted(method, &x);
            for value in x {
                let back = scaler.inverse(scaler.apply(value)).unwrap();
                assert!((back - value).abs() < 1e-6 * value.abs().max(1.0), "{method:?} {value}: {back}");
            }
        }
        assert_eq!(fitted(ScaleMethod::QuantileUniform, &[]).inverse(0.5), None);
    }

    #[test]
    fn no_column_breaks_a_scale() {
        let columns: [&[f64]; 6] =
            [&[], &[5.0], &[5.0; 9], &[-1e300, 1e300], &[0.1 + 0.2, 0.3], &[0.0, 0.0, 0.0, 1e15]];
        for method in ScaleMethod::ALL.into_iter().filter(|method| *method != ScaleMethod::None) {
            for values in columns {
                let scaler = fitted(method, values);
                let text = serde_json::to_string(&scaler).unwrap();
                assert_eq!(serde_json::from_str::<Scaler>(&text).unwrap(), scaler, "{method:?} {values:?}");
                for value in [-1e15, -1.0, 0.0, 0.3, 5.0, 1e15] {
                    assert!(scaler.apply(value).is_finite(), "{method:?} {values:?} {value}");
                }
            }
        }
    }

    #[test]
    fn scales_of_older_bundles_open() {
        let old = r#"{"method":"log1p","columns":[["spend",2.5,0.5]]}"#;
        let wanted = vec![("spend".to_owned(), Scaler::Log1p { centre: 2.5, width: 0.5 })];
        assert_eq!(serde_json::from_str::<FittedScale>(old).unwrap().columns, wanted);
        let old = r#"{"method":"min_max","columns":[["spend",2.5,0.5]]}"#;
        let wanted = vec![("spend".to_owned(), Scaler::Linear { centre: 2.5, width: 0.5 })];
        assert_eq!(serde_json::from_str::<FittedScale>(old).unwrap().columns, wanted);
    }
}
