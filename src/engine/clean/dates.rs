//! Text → dates, in the order that the column's evidence shows. What does not read as a date
//! becomes missing, and is listed.

use polars::prelude::*;

use super::record::Recorder;
use crate::detect::date::{self, Order};
use crate::table::{ColumnSpec, Frame, Role};

pub(super) fn apply(schema: &[ColumnSpec], frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
    let dates = schema.iter().filter(|spec| spec.role == Role::Date);
    let texts: Vec<(&ColumnSpec, &StringChunked)> =
        dates.filter_map(|spec| Some((spec, frame.text(&spec.name)?))).collect();
    let columns = record.side_by_side(&texts, |(spec, text), record| {
        let in_words = matches!(spec.date_order, Order::DayFirst | Order::MonthFirst);
        let times = Int64Chunked::from_iter_options(
            spec.name.as_str().into(),
            text.iter().enumerate().map(|(at, value)| {
                let value = value?;
                // What is written as we would write it needs no comparison.
                if in_words
                    && value.len() == 10
                    && let Some(day) = date::iso(value.as_bytes())
                {
                    return Some(day);
                }
                let read = date::parse(value, spec.date_order);
                let shown = read.map(date::format);
                if shown.as_deref() != Some(value) {
                    record.cell(at, &spec.name, || Some(value.to_owned()), || shown.clone());
                }
                read
            }),
        );
        PolarsResult::Ok(times.into_datetime(TimeUnit::Milliseconds, None).into_series())
    })?;
    super::with_columns(frame, columns.into_iter().map(Column::from))
}
