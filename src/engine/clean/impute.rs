//! Missing values → the median, mean, mode or a constant of the training rows, with an indicator
//! column where enough is missing to tell something.

use std::collections::BTreeMap;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::Recorder;
use crate::table::{ColumnSpec, Frame, Role, show_number};

/// Share of the training rows that must be missing for an indicator to be added.
const INDICATOR_SHARE: f64 = 0.01;
/// The level that stands for a missing category.
pub const MISSING_LEVEL: &str = "(missing)";

/// How numbers are filled.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFill {
    #[default]
    Median,
    Mean,
    Constant(f64),
}

/// How categories are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryFill {
    /// A level of its own, `(missing)`.
    #[default]
    OwnLevel,
    Mode,
}

/// Settings of imputation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImputeSpec {
    pub numbers: NumberFill,
    pub categories: CategoryFill,
    /// Adds a 0/1 column for each column with at least 1% missing among the training rows.
    pub indicator: bool,
}

impl Default for ImputeSpec {
    fn default() -> Self {
        Self { numbers: NumberFill::Median, categories: CategoryFill::OwnLevel, indicator: true }
    }
}

/// What is written into the holes of each column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FittedImpute {
    pub numbers: Vec<(String, f64)>,
    pub categories: Vec<(String, String)>,
    /// Columns that get an indicator.
    pub indicators: Vec<String>,
}

/// The name of the indicator of a column.
pub fn indicator_name(column: &str) -> String {
    format!("{column} missing")
}

pub(super) fn fit(spec: &ImputeSpec, schema: &[ColumnSpec], train: &Frame) -> FittedImpute {
    let mut out = FittedImpute::default();
    for column in schema {
        match column.role {
            Role::Number | Role::Money => {
                let Some(values) = train.numbers(&column.name) else { continue };
                let total = values.len();
                let mut present: Vec<f64> =
                    values.into_iter().flatten().filter(|value| value.is_finite()).collect();
                let missing = total - present.len();
                if spec.indicator && missing as f64 >= INDICATOR_SHARE * total as f64 && missing > 0 {
                    out.indicators.push(column.name.clone());
                }
                let fill = match spec.numbers {
                    NumberFill::Median => median(&mut present),
                    NumberFill::Mean if present.is_empty() => 0.0,
                    NumberFill::Mean => present.iter().sum::<f64>() / present.len() as f64,
                    NumberFill::Constant(value) => value,
                };
                out.numbers.push((column.name.clone(), fill));
            }
            Role::Category => {
                let fill = match spec.categories {
                    CategoryFill::OwnLevel => MISSING_LEVEL.to_owned(),
                    CategoryFill::Mode => mode(train.text(&column.name)),
                };
                out.categories.push((column.name.clone(), fill));
            }
            _ => {}
        }
    }
    out
}

/// The middle value; the mean of the two middle ones for an even count; 0 for none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

fn mode(text: Option<&StringChunked>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    text.into_iter().flat_map(|text| text.iter().flatten()).for_each(|value| {
        *counts.entry(value).or_default() += 1;
    });
    // Of equally frequent values the first in order, so that the choice is stable.
    let mut best = (MISSING_LEVEL, 0);
    for (value, count) in counts {
        if count > best.1 {
            best = (value, count);
        }
    }
    best.0.to_owned()
}

impl FittedImpute {
    pub(super) fn apply(&self, frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
        let mut out = frame.clone();
        for (name, fill) in &self.numbers {
            let Some(numbers) = frame.data.column(name).ok().and_then(|c| c.f64().ok()) else { continue };
            if self.indicators.contains(name) {
                let flags = numbers.iter().map(|v| Some(f64::from(u8::from(v.is_none()))));
                let column = Float64Chunked::from_iter_options(indicator_name(name).as_str().into(), flags);
                out = super::with_column(&out, column.into_series().into())?;
            }
            if numbers.null_count() == 0 {
                continue;
            }
            let filled = numbers.iter().enumerate().map(|(at, value)| {
                if value.is_none() {
                    record.cell(at, name, || None, || Some(show_number(*fill)));
                }
                Some(value.unwrap_or(*fill))
            });
            let column = Float64Chunked::from_iter_options(name.as_str().into(), filled);
            out = super::with_column(&out, column.into_series().into())?;
        }
        for (name, fill) in &self.categories {
            let Some(text) = frame.text(name) else { continue };
            if text.null_count() == 0 {
                continue;
            }
            let filled = text.iter().enumerate().map(|(at, value)| {
                if value.is_none() {
                    record.cell(at, name, || None, || Some(fill.clone()));
                }
                Some(value.unwrap_or(fill))
            });
            let column = StringChunked::from_iter_options(name.as_str().into(), filled);
            out = super::with_column(&out, column.into_series().into())?;
        }
        Ok(out)
    }
}
