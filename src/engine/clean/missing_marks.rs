//! Blanks and marks for "no value" → missing. Identifiers keep their text.

use polars::prelude::*;

use super::record::Recorder;
use crate::detect::missing;
use crate::table::{ColumnSpec, Frame, Role};

pub(super) fn apply(schema: &[ColumnSpec], frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
    let texts: Vec<(&ColumnSpec, &StringChunked)> = schema
        .iter()
        .filter(|spec| spec.role != Role::Id)
        .filter_map(|spec| Some((spec, frame.text(&spec.name)?)))
        .collect();
    let columns =
        record.side_by_side(&texts, |(spec, text), record| PolarsResult::Ok(one(spec, text, record)))?;
    super::with_columns(frame, columns.into_iter().flatten())
}

/// The column without its marks; `None` where it has none.
fn one(spec: &ColumnSpec, text: &StringChunked, record: &mut Recorder) -> Option<Column> {
    let is_mark = |value: &str| missing::is_missing(value) && !(spec.keep_na && missing::may_be_value(value));
    if !text.iter().flatten().any(is_mark) {
        return None;
    }
    let column = StringChunked::from_iter_options(
        spec.name.as_str().into(),
        text.iter().enumerate().map(|(at, value)| {
            let value = value?;
            if is_mark(value) {
                record.cell(at, &spec.name, || Some(value.to_owned()), || None);
                return None;
            }
            Some(value)
        }),
    );
    Some(column.into_series().into())
}
