//! Text → numbers where a column is numeric; surrounding blanks taken off categories. What does
//! not read as a number becomes missing, cell by cell, and is listed.

use polars::prelude::*;

use super::record::Recorder;
use crate::detect::{number, trimmed};
use crate::table::{ColumnSpec, Frame, Role, show_number};

pub(super) fn apply(schema: &[ColumnSpec], frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
    let texts: Vec<(&ColumnSpec, &StringChunked)> =
        schema.iter().filter_map(|spec| Some((spec, frame.text(&spec.name)?))).collect();
    let columns = record.side_by_side(&texts, |(spec, text), record| {
        PolarsResult::Ok(match spec.role {
            Role::Number | Role::Money => Some(numbers(spec, text, record).into_series()),
            Role::Category | Role::Target => tidy(spec, text, record).map(IntoSeries::into_series),
            _ => None,
        })
    })?;
    super::with_columns(frame, columns.into_iter().flatten().map(Column::from))
}

fn numbers(spec: &ColumnSpec, text: &StringChunked, record: &mut Recorder) -> Float64Chunked {
    Float64Chunked::from_iter_options(
        spec.name.as_str().into(),
        text.iter().enumerate().map(|(at, value)| {
            let value = value?;
            // A number as programs write it is no change.
            if let Some(plain) = number::short(value, spec.decimal) {
                return Some(plain);
            }
            let read = number::parse(value, spec.decimal);
            if read.is_none() || value.parse::<f64>().ok() != read {
                record.cell(at, &spec.name, || Some(value.to_owned()), || read.map(show_number));
            }
            read
        }),
    )
}

fn tidy(spec: &ColumnSpec, text: &StringChunked, record: &mut Recorder) -> Option<StringChunked> {
    if text.iter().flatten().all(|value| trimmed(value).len() == value.len()) {
        return None;
    }
    Some(StringChunked::from_iter_options(
        spec.name.as_str().into(),
        text.iter().enumerate().map(|(at, value)| {
            let value = value?;
            let trimmed = trimmed(value);
            if trimmed.len() != value.len() {
                record.cell(at, &spec.name, || Some(value.to_owned()), || Some(trimmed.to_owned()));
            }
            Some(trimmed)
        }),
    ))
}
