//! Values that cannot be: infinities, figures beyond ±10¹⁵, ages below 0 or above 120, negative durations. They become
//! missing. The limits follow from the column's name, never from the data, so that the step is
//! the same for one row as for all.

use polars::prelude::*;

use super::record::Recorder;
use crate::table::{ColumnSpec, Frame, Role, show_number};

/// No figure of a customer is larger: beyond, it is a slip of the keyboard or an overflow.
const LARGEST: f64 = 1e15;

/// The range in which a value can be true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    pub low: f64,
    pub high: f64,
}

impl Limits {
    /// The limits that a column's name implies.
    pub fn of(name: &str) -> Self {
        let lower = name.to_lowercase();
        let word =
            |wanted: &[&str]| lower.split(|c: char| !c.is_alphanumeric()).any(|part| wanted.contains(&part));
        if word(&["age"]) || lower.contains("年龄") {
            return Self { low: 0.0, high: 120.0 };
        }
        if lower.contains("year") && lower.contains("birth") {
            return Self { low: 1900.0, high: 2100.0 };
        }
        let counted = ["duration", "tenure", "visits", "orders", "tickets", "count", "次数", "时长"];
        if counted.iter().any(|part| lower.contains(part)) || word(&["days", "months"]) {
            return Self { low: 0.0, high: LARGEST };
        }
        Self { low: -LARGEST, high: LARGEST }
    }

    fn holds(self, value: f64) -> bool {
        value.is_finite() && (self.low..=self.high).contains(&value)
    }
}

pub(super) fn apply(schema: &[ColumnSpec], frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
    let numbers: Vec<(&ColumnSpec, &Float64Chunked)> = schema
        .iter()
        .filter(|spec| matches!(spec.role, Role::Number | Role::Money))
        .filter_map(|spec| Some((spec, frame.data.column(&spec.name).ok()?.f64().ok()?)))
        .collect();
    let columns = record.side_by_side(&numbers, |(spec, numbers), record| {
        let limits = Limits::of(&spec.name);
        if numbers.iter().flatten().all(|value| limits.holds(value)) {
            return PolarsResult::Ok(None);
        }
        let column = Float64Chunked::from_iter_options(
            spec.name.as_str().into(),
            numbers.iter().enumerate().map(|(at, value)| {
                let value = value?;
                if limits.holds(value) {
                    return Some(value);
                }
                record.cell(at, &spec.name, || Some(show_number(value)), || None);
                None
            }),
        );
        Ok(Some(column.into_series()))
    })?;
    super::with_columns(frame, columns.into_iter().flatten().map(Column::from))
}
