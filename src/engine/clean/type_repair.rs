//! Text → numbers where a column is numeric; surrounding blanks taken off categories. What does
//! not read as a number becomes missing, cell by cell, and is listed.

use polars::prelude::*;

use super::record::Recorder;
use crate::detect::number;
use crate::table::{ColumnSpec, Frame, Role, show_number};

pub(super) fn apply(schema: &[ColumnSpec], frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
    let mut out = frame.clone();
    for spec in schema {
        let Some(text) = frame.text(&spec.name) else { continue };
        let column: polars::prelude::Column = match spec.role {
            Role::Number | Role::Money => numbers(spec, text, record).into_series().into(),
            Role::Category | Role::Target => match tidy(spec, text, record) {
                Some(tidied) => tidied.into_series().into(),
                None => continue,
            },
            _ => continue,
        };
        out = super::with_column(&out, column)?;
    }
    Ok(out)
}

fn numbers(spec: &ColumnSpec, text: &StringChunked, record: &mut Recorder) -> Float64Chunked {
    Float64Chunked::from_iter_options(
        spec.name.as_str().into(),
        text.iter().enumerate().map(|(at, value)| {
            let value = value?;
            let read = number::parse(value, spec.decimal);
            // A number as programs write it is no change.
            if read.is_none() || value.parse::<f64>().ok() != read {
                record.cell(at, &spec.name, || Some(value.to_owned()), || read.map(show_number));
            }
            read
        }),
    )
}

fn tidy(spec: &ColumnSpec, text: &StringChunked, record: &mut Recorder) -> Option<StringChunked> {
    if text.iter().flatten().all(|value| value.trim().len() == value.len()) {
        return None;
    }
    Some(StringChunked::from_iter_options(
        spec.name.as_str().into(),
        text.iter().enumerate().map(|(at, value)| {
            let value = value?;
            let trimmed = value.trim();
            if trimmed.len() != value.len() {
                record.cell(at, &spec.name, || Some(value.to_owned()), || Some(trimmed.to_owned()));
            }
            Some(trimmed)
        }),
    ))
}
