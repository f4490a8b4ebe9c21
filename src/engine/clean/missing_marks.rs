//! Blanks and marks for "no value" → missing. Identifiers keep their text.

use polars::prelude::*;

use super::record::Recorder;
use crate::detect::missing;
use crate::table::{ColumnSpec, Frame, Role};

pub(super) fn apply(schema: &[ColumnSpec], frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
    let mut out = frame.clone();
    for spec in schema.iter().filter(|spec| spec.role != Role::Id) {
        let Some(text) = frame.text(&spec.name) else { continue };
        let is_mark =
            |value: &str| missing::is_missing(value) && !(spec.keep_na && missing::may_be_value(value));
        if !text.iter().flatten().any(is_mark) {
            continue;
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
        out = super::with_column(&out, column.into_series().into())?;
    }
    Ok(out)
}
