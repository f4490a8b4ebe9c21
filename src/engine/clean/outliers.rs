//! Values, or rows, far from the others of the training rows: capped, emptied, flagged or dropped
//! (while training; while scoring a row is flagged).

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::CleanError;
use super::impute::median;
use super::isolation::Forest;
use super::record::{Finding, Recorder, mark};
use super::scale::quantile;
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame, show_number};

/// What counts as an outlier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutlierMethod {
    /// Beyond the quartiles by more than k times the distance between them (Tukey: 1.5 is "out",
    /// 3 is "far out").
    Iqr { k: f64 },
    /// Farther from the median than k times 1.4826 times the median distance from it (3.5 after
    /// Iglewicz and Hoaglin). Where half of the values are equal, 1.2533 times the mean distance
    /// stands in.
    Mad { k: f64 },
    /// Rows whose score in an isolation forest over all columns reaches the threshold.
    IsolationForest { threshold: f64 },
}

impl OutlierMethod {
    /// The methods with their usual limits, in the order in which menus offer them.
    pub const ALL: [OutlierMethod; 3] = [
        OutlierMethod::Iqr { k: 3.0 },
        OutlierMethod::Mad { k: 3.5 },
        OutlierMethod::IsolationForest { threshold: 0.65 },
    ];

    /// The name used in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iqr { .. } => "iqr",
            Self::Mad { .. } => "mad",
            Self::IsolationForest { .. } => "isolation_forest",
        }
    }
}

/// What happens to an outlier. A forest judges rows: it flags them where it cannot drop them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutlierAction {
    /// Becomes the nearest bound.
    #[default]
    Cap,
    Missing,
    Flag,
    /// Training rows only.
    DropRow,
}

impl OutlierAction {
    pub const ALL: [OutlierAction; 4] =
        [OutlierAction::Cap, OutlierAction::Missing, OutlierAction::Flag, OutlierAction::DropRow];

    /// The name used in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cap => "cap",
            Self::Missing => "missing",
            Self::Flag => "flag",
            Self::DropRow => "drop_row",
        }
    }
}

/// Settings of the step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutlierSpec {
    pub method: OutlierMethod,
    pub action: OutlierAction,
    /// Numeric columns that are looked at; all where none is named.
    pub columns: Vec<String>,
}

impl Default for OutlierSpec {
    fn default() -> Self {
        Self { method: OutlierMethod::Iqr { k: 3.0 }, action: OutlierAction::Cap, columns: Vec::new() }
    }
}

/// The forest over some columns, and what stands in for a missing value in each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedForest {
    columns: Vec<(String, f64)>,
    threshold: f64,
    forest: Forest,
}

/// What was learnt: bounds by column, or a forest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FittedOutliers {
    pub action: OutlierAction,
    /// Column, lowest and highest usual value. Columns without spread have none.
    pub bounds: Vec<(String, f64, f64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forest: Option<FittedForest>,
}

/// Learns bounds or a forest from the training rows.
pub(super) fn fit(
    spec: &OutlierSpec,
    schema: &[ColumnSpec],
    train: &Frame,
    seed: u64,
    report: &Reporter,
) -> crate::Result<FittedOutliers> {
    let mut out = FittedOutliers { action: spec.action, ..FittedOutliers::default() };
    let mut medians = Vec::new();
    let wanted = |name: &String| spec.columns.is_empty() || spec.columns.contains(name);
    for column in schema.iter().filter(|column| column.role.is_numeric() && wanted(&column.name)) {
        report.check()?;
        let Some(values) = train.numbers(&column.name) else { continue };
        let mut values: Vec<f64> = values.into_iter().flatten().filter(|value| value.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let bounds = match spec.method {
            OutlierMethod::Iqr { k } => {
                let (low, high) = (quantile(&values, 0.25), quantile(&values, 0.75));
                around((low, high), k * (high - low))
            }
            OutlierMethod::Mad { k } => {
                let middle = median(&mut values);
                around((middle, middle), k * deviation(&values, middle))
            }
            OutlierMethod::IsolationForest { .. } => {
                medians.push((column.name.clone(), median(&mut values)));
                None
            }
        };
        out.bounds.extend(bounds.map(|(low, high)| (column.name.clone(), low, high)));
    }
    if let OutlierMethod::IsolationForest { threshold } = spec.method {
        let forest = Forest::fit(&points(&medians, train), seed, report)?;
        out.forest = Some(FittedForest { columns: medians, threshold, forest });
    }
    Ok(out)
}

/// The bounds around a range; `None` without spread: where most values are equal, another one is
/// rare and not far.
fn around((low, high): (f64, f64), reach: f64) -> Option<(f64, f64)> {
    let bounds = (low - reach, high + reach);
    (reach > 0.0 && bounds.0.is_finite() && bounds.1.is_finite()).then_some(bounds)
}

/// The median distance from the median as an estimate of the standard deviation of a normal
/// distribution; where it is 0, the mean distance, likewise.
fn deviation(values: &[f64], middle: f64) -> f64 {
    let mut distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    match median(&mut distances) {
        0.0 => 1.253_314_137 * distances.iter().sum::<f64>() / distances.len().max(1) as f64,
        middle => 1.482_602_219 * middle,
    }
}

/// The rows of some columns, with what stands in for missing values.
fn points(columns: &[(String, f64)], frame: &Frame) -> Vec<Vec<f64>> {
    let mut out = vec![Vec::with_capacity(columns.len()); frame.height()];
    for (name, middle) in columns {
        let values = frame.numbers(name).unwrap_or_else(|| vec![None; frame.height()]);
        for (row, value) in out.iter_mut().zip(values) {
            row.push(value.filter(|value| value.is_finite()).unwrap_or(*middle));
        }
    }
    out
}

impl FittedOutliers {
    /// Applies what was learnt. `train` marks the rows that may be dropped; `None` while scoring.
    pub(super) fn apply(
        &self,
        frame: &Frame,
        train: Option<&[bool]>,
        record: &mut Recorder,
        report: &Reporter,
    ) -> crate::Result<Frame> {
        let mut out = frame.clone();
        let mut marked = vec![false; frame.height()];
        for (name, low, high) in &self.bounds {
            report.check()?;
            let Some(numbers) = frame.data.column(name).ok().and_then(|c| c.f64().ok()) else { continue };
            let beyond = |value: f64| value < *low || value > *high;
            let places: Vec<usize> = numbers
                .iter()
                .enumerate()
                .filter(|(_, value)| value.is_some_and(beyond))
                .map(|(at, _)| at)
                .collect();
            let what = Note::new("outliers_found").with("column", name).with("count", places.len());
            let what = what.with("low", show_number(*low)).with("high", show_number(*high));
            record.found(Finding::of(what, &places, frame));
            if places.is_empty() {
                continue;
            }
            if matches!(self.action, OutlierAction::Flag | OutlierAction::DropRow) {
                mark(&mut marked, &places);
                continue;
            }
            let mended = numbers.iter().enumerate().map(|(at, value)| {
                let value = value?;
                if !beyond(value) {
                    return Some(value);
                }
                let new = (self.action == OutlierAction::Cap).then(|| value.max(*low).min(*high));
                record.cell(at, name, || Some(show_number(value)), || new.map(show_number));
                new
            });
            let column = Float64Chunked::from_iter_options(name.as_str().into(), mended);
            out = super::with_column(&out, column.into_series().into()).map_err(CleanError::from)?;
        }
        if let Some(fitted) = &self.forest {
            let scores = fitted.forest.scores(&points(&fitted.columns, frame), report)?;
            let odd = scores.iter().enumerate().filter(|(_, score)| **score >= fitted.threshold);
            let places: Vec<usize> = odd.map(|(at, _)| at).collect();
            let what = Note::new("outlier_rows_found").with("count", places.len());
            record.found(Finding::of(what, &places, frame));
            mark(&mut marked, &places);
        }
        let may_go = |at: usize| {
            self.action == OutlierAction::DropRow && train.is_some_and(|train| train.get(at) == Some(&true))
        };
        let gone: Vec<bool> = marked.iter().enumerate().map(|(at, marked)| *marked && may_go(at)).collect();
        for at in (0..marked.len()).filter(|&at| marked.get(at) == Some(&true)) {
            record.flag(at, gone.get(at) == Some(&true));
        }
        if !gone.contains(&true) {
            return Ok(out);
        }
        let keep: Vec<bool> = gone.iter().map(|gone| !gone).collect();
        Ok(out.filter(&keep).map_err(CleanError::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::frames::{column, frame, spec};
    use super::*;
    use crate::table::Role;

    fn learn(
        method: OutlierMethod,
        action: OutlierAction,
        values: &[Option<f64>],
    ) -> (FittedOutliers, Frame) {
        let frame = frame(vec![column("x", values)]);
        let spec = (OutlierSpec { method, action, columns: vec![] }, [spec("x", Role::Number)]);
        (fit(&spec.0, &spec.1, &frame, 1, &Reporter::silent()).unwrap(), frame)
    }

    fn run(learnt: &FittedOutliers, frame: &Frame, train: Option<&[bool]>) -> (Frame, super::super::Change) {
        let mut record = Recorder::new("outliers", frame);
        let out = learnt.apply(frame, train, &mut record, &Reporter::silent()).unwrap();
        (out, record.finish())
    }

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn bounds_by_hand() {
        // Quartiles of 1..9 are 3 and 7: 3 − 1.5·4 and 7 + 1.5·4.
        let values = some(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        let (learnt, _) = learn(OutlierMethod::Iqr { k: 1.5 }, OutlierAction::Cap, &values);
        assert_eq!(learnt.bounds, vec![("x".into(), -3.0, 13.0)]);
        // Median 2, distances 1 0 0 1 98: their median is 1.
        let (learnt, _) =
            learn(OutlierMethod::Mad { k: 2.0 }, OutlierAction::Cap, &some(&[1.0, 2.0, 2.0, 3.0, 100.0]));
        assert!((learnt.bounds[0].2 - (2.0 + 2.0 * 1.4826)).abs() < 1e-4);
        // More than half are equal: the mean distance is 10 / 5 = 2.
        let (learnt, _) =
            learn(OutlierMethod::Mad { k: 1.0 }, OutlierAction::Cap, &some(&[5.0, 5.0, 5.0, 5.0, 15.0]));
        assert!((learnt.bounds[0].2 - (5.0 + 1.253_314 * 2.0)).abs() < 1e-4);
        for method in [OutlierMethod::Iqr { k: 1.5 }, OutlierMethod::Mad { k: 3.5 }] {
            for values in [some(&[7.0; 9]), vec![None; 4], vec![Some(3.0)], vec![]] {
                assert!(learn(method, OutlierAction::Cap, &values).0.bounds.is_empty());
            }
        }
    }

    #[test]
    fn each_action() {
        let values = [Some(1.0), Some(2.0), Some(3.0), Some(4.0), Some(5.0), Some(99.0), None];
        let method = OutlierMethod::Iqr { k: 1.5 };
        // Quartiles 2.25 and 4.75: the upper bound is 4.75 + 1.5 · 2.5 = 8.5.
        let (learnt, frame) = learn(method, OutlierAction::Cap, &values);
        let (out, change) = run(&learnt, &frame, None);
        assert_eq!(out.numbers("x").unwrap()[5..], [Some(8.5), None]);
        assert_eq!((change.cells_changed, change.findings[0].rows), (1, 1));
        let (learnt, _) = learn(method, OutlierAction::Missing, &values);
        assert_eq!(run(&learnt, &frame, None).0.numbers("x").unwrap()[5], None);
        let (learnt, _) = learn(method, OutlierAction::Flag, &values);
        let (out, change) = run(&learnt, &frame, Some(&[true; 7]));
        assert_eq!((out.height(), change.flagged, change.rows_dropped), (7, vec![7], 0));
        let (learnt, _) = learn(method, OutlierAction::DropRow, &values);
        let (out, change) = run(&learnt, &frame, Some(&[true; 7]));
        assert_eq!((out.height(), change.flagged, change.rows_dropped), (6, vec![7], 1));
        // Neither a test row nor a row to be scored is dropped.
        for train in [Some(&[false; 7][..]), None] {
            let (out, change) = run(&learnt, &frame, train);
            assert_eq!((out.height(), change.flagged, change.rows_dropped), (7, vec![7], 0));
        }
    }

    #[test]
    fn a_forest_flags_rows_and_changes_no_value() {
        let mut values: Vec<Option<f64>> = (0..300).map(|at| Some(f64::from(at % 17))).collect();
        values.extend([Some(500.0), None]);
        let method = OutlierMethod::IsolationForest { threshold: 0.65 };
        let (learnt, frame) = learn(method, OutlierAction::Cap, &values);
        let (out, change) = run(&learnt, &frame, None);
        assert!(out.data.equals_missing(&frame.data));
        assert_eq!(change.flagged, vec![302]);
    }
}
