//! Small frames for the tests of steps, and the law of row-local ones.

use std::sync::Arc;

use polars::prelude::*;

use super::record::Recorder;
use crate::detect::{date, number};
use crate::table::{ColumnSpec, Frame, Role, ValueType};

/// A column of text with a role.
pub(super) fn column(name: &str, role: Role) -> ColumnSpec {
    ColumnSpec {
        name: name.to_owned(),
        role,
        value_type: ValueType::Text,
        decimal: number::Decimal::Point,
        date_order: date::Order::DayFirst,
        keep_na: false,
    }
}

/// A frame of text columns; rows are numbered from 2, as under a header.
pub(super) fn frame(columns: &[(&str, &[Option<&str>])]) -> Frame {
    let height = columns.first().map_or(0, |(_, values)| values.len());
    let data = columns
        .iter()
        .map(|(name, values)| {
            StringChunked::from_iter_options((*name).into(), values.iter().copied()).into_series().into()
        })
        .collect();
    Frame { rows: Arc::new((2..2 + height as u32).collect()), data: DataFrame::new(height, data).unwrap() }
}

/// What stands in a column, for comparing.
pub(super) fn shown(frame: &Frame, name: &str) -> Vec<Option<String>> {
    (0..frame.height()).map(|at| frame.show(name, at)).collect()
}

/// Runs a step over all rows at once and over each alone: the outcome must be the same.
pub(super) fn assert_row_local(
    name: &str,
    values: &[Option<String>],
    step: impl Fn(&Frame, &mut Recorder) -> crate::Result<Frame>,
) {
    let run = |values: &[Option<String>]| {
        let texts: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        let before = frame(&[(name, &texts)]);
        shown(&step(&before, &mut Recorder::new("test", &before)).unwrap(), name)
    };
    let alone: Vec<Option<String>> =
        values.iter().flat_map(|value| run(std::slice::from_ref(value))).collect();
    assert_eq!(run(values), alone);
}
