//! Text → dates, in the order that the column's evidence shows. What does not read as a date
//! becomes missing, and is listed.

use polars::prelude::*;

use super::record::Recorder;
use crate::detect::date;
use crate::table::{ColumnSpec, Frame, Role};

pub(super) fn apply(schema: &[ColumnSpec], frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
    let mut out = frame.clone();
    for spec in schema.iter().filter(|spec| spec.role == Role::Date) {
        let Some(text) = frame.text(&spec.name) else { continue };
        let times = Int64Chunked::from_iter_options(
            spec.name.as_str().into(),
            text.iter().enumerate().map(|(at, value)| {
                let value = value?;
                let read = date::parse(value, spec.date_order);
                let shown = read.map(date::format);
                if shown.as_deref() != Some(value) {
                    record.cell(at, &spec.name, || Some(value.to_owned()), || shown.clone());
                }
                read
            }),
        );
        let column = times.into_datetime(TimeUnit::Milliseconds, None).into_series().into();
        out = super::with_column(&out, column)?;
    }
    Ok(out)
}
