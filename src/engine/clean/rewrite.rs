//! Text columns rewritten cell by cell: what every row-local step on text shares.

use polars::prelude::*;

use super::CleanError;
use super::record::Recorder;
use crate::detect::number::Decimal;
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Frame, show_number};

/// Cells between two looks at whether the person cancelled.
const CELLS_PER_CHECK: usize = 512;

/// What becomes of a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Keep,
    Text(String),
    Missing,
}

impl Cell {
    /// `Keep` where the new text is the old one.
    pub(super) fn text(old: &str, new: String) -> Self {
        if new == old { Self::Keep } else { Self::Text(new) }
    }
}

/// True if the frame has the column. One that is absent is noted and passed over: files to be scored
/// may lack columns that the model does without.
pub(super) fn has_column(frame: &Frame, name: &str, record: &mut Recorder) -> bool {
    let has = frame.data.column(name).is_ok();
    if !has {
        record.note(Note::new("step_no_column").with("column", name));
    }
    has
}

/// Passes every present cell of a text column through `change`, which gets its place and text.
/// Columns that are absent or no text are left alone; a column without a change is shared.
///
/// # Errors
/// The person cancelled.
pub(super) fn text_column(
    frame: &Frame,
    name: &str,
    record: &mut Recorder,
    report: &Reporter,
    mut change: impl FnMut(usize, &str) -> Cell,
) -> crate::Result<Frame> {
    let Some(text) = frame.text(name) else { return Ok(frame.clone()) };
    let mut changes: Vec<(usize, Option<String>)> = Vec::new();
    for (at, value) in text.iter().enumerate() {
        if at % CELLS_PER_CHECK == 0 {
            report.check()?;
        }
        let Some(value) = value else { continue };
        let new = match change(at, value) {
            Cell::Keep => continue,
            Cell::Text(new) => Some(new),
            Cell::Missing => None,
        };
        record.cell(at, name, || Some(value.to_owned()), || new.clone());
        changes.push((at, new));
    }
    if changes.is_empty() {
        return Ok(frame.clone());
    }
    let mut next = changes.iter().peekable();
    let rewritten = text.iter().enumerate().map(|(at, value)| match next.next_if(|(of, _)| *of == at) {
        Some((_, new)) => new.as_deref(),
        None => value,
    });
    let column = StringChunked::from_iter_options(name.into(), rewritten);
    Ok(super::with_column(frame, column.into_series().into()).map_err(CleanError::from)?)
}

/// The same for a column of numbers.
///
/// # Errors
/// The person cancelled.
pub(super) fn number_column(
    frame: &Frame,
    name: &str,
    record: &mut Recorder,
    report: &Reporter,
    mut change: impl FnMut(usize, f64) -> Option<f64>,
) -> crate::Result<Frame> {
    let Some(numbers) = frame.data.column(name).ok().and_then(|column| column.f64().ok()) else {
        return Ok(frame.clone());
    };
    let mut values = Vec::with_capacity(numbers.len());
    for (at, value) in numbers.iter().enumerate() {
        if at % CELLS_PER_CHECK == 0 {
            report.check()?;
        }
        let new = value.and_then(|value| change(at, value));
        if let Some(old) = value
            && new != value
        {
            record.cell(at, name, || Some(show_number(old)), || new.map(show_number));
        }
        values.push(new);
    }
    let column = Float64Chunked::from_iter_options(name.into(), values.into_iter());
    Ok(super::with_column(frame, column.into_series().into()).map_err(CleanError::from)?)
}

/// A number as the column writes numbers, so that the step that repairs types reads it back: 15
/// significant digits, which leave out what binary arithmetic adds (87.33000000000001).
pub(super) fn write_number(value: f64, decimal: Decimal) -> String {
    let text = format!("{}", format!("{value:.14e}").parse().unwrap_or(value));
    if decimal.is_comma() { text.replace('.', ",") } else { text }
}
