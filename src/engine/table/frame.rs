//! Cleaned rows: typed columns, and how their cells are shown and written.

use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;

use crate::detect::date;
use crate::files;

/// A cleaned view of a table: typed columns beside their row ids. Cheap to clone.
///
/// Numbers are `Float64`, dates `Datetime(ms)`, all else `String`; missing is `null`.
#[derive(Debug, Clone)]
pub struct Frame {
    pub rows: Arc<Vec<u32>>,
    pub data: DataFrame,
}

impl Frame {
    /// Rows.
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// Values of a numeric or date column as floating-point numbers (dates in days since 1970),
    /// `None` for missing; `None` as a whole if the column is absent or holds text.
    pub fn numbers(&self, name: &str) -> Option<Vec<Option<f64>>> {
        let column = self.data.column(name).ok()?;
        match column.dtype() {
            DataType::Float64 => Some(column.f64().ok()?.iter().collect()),
            DataType::Datetime(_, _) => Some(
                column.datetime().ok()?.phys.iter().map(|ms| ms.map(|ms| ms as f64 / 86_400_000.0)).collect(),
            ),
            _ => None,
        }
    }

    /// At most `rows` rows from the one at place `from` on; columns are shared, not copied.
    pub fn slice(&self, from: usize, rows: usize) -> Frame {
        let ids: Vec<u32> = self.rows.iter().skip(from).take(rows).copied().collect();
        Frame { data: self.data.slice(from as i64, ids.len()), rows: Arc::new(ids) }
    }

    /// Values of a column as text for showing, `None` for missing or absent.
    pub fn show(&self, name: &str, at: usize) -> Option<String> {
        Cells::of(self.data.column(name).ok()?).show(at)
    }

    /// Writes every row as [`show`](Self::show) has it, blank for missing, in the columns that `keep`
    /// wants, as [`files::write_csv`] writes.
    ///
    /// # Errors
    /// As [`files::write_atomically`].
    pub fn write_csv(&self, path: &Path, keep: impl Fn(&str) -> bool) -> std::io::Result<()> {
        let columns: Vec<&polars::prelude::Column> =
            self.data.columns().iter().filter(|column| keep(column.name())).collect();
        let header: Vec<String> = columns.iter().map(|column| column.name().to_string()).collect();
        let cells: Vec<Cells> = columns.iter().map(|column| Cells::of(column)).collect();
        files::write_csv_blocks(path, &header, self.height(), |at, line| {
            cells.iter().try_for_each(|cells| match cells {
                Cells::Numbers(values) => line.plain(|out| {
                    if let Some(value) = values.get(at) {
                        write_number(out, value);
                    }
                }),
                Cells::Dates(values) => line.plain(|out| {
                    if let Some(value) = values.get(at) {
                        date::write(out, value);
                    }
                }),
                Cells::Text(values) => line.text(values.get(at).unwrap_or_default()),
                Cells::None => line.text(""),
            })
        })
    }

    /// Text column.
    pub fn text(&self, name: &str) -> Option<&StringChunked> {
        self.data.column(name).ok()?.str().ok()
    }

    /// The rows where `keep` is true.
    pub fn filter(&self, keep: &[bool]) -> PolarsResult<Frame> {
        let mask = BooleanChunked::from_slice("keep".into(), keep);
        let rows = self.rows.iter().zip(keep).filter(|(_, keep)| **keep).map(|(row, _)| *row);
        Ok(Frame { rows: Arc::new(rows.collect()), data: self.data.filter(&mask)? })
    }
}

/// A column's values by their kind.
enum Cells<'a> {
    Numbers(&'a Float64Chunked),
    /// Milliseconds since 1970.
    Dates(&'a Int64Chunked),
    Text(&'a StringChunked),
    None,
}

impl<'a> Cells<'a> {
    fn of(column: &'a polars::prelude::Column) -> Self {
        match column.dtype() {
            DataType::Float64 => column.f64().map_or(Self::None, Self::Numbers),
            DataType::Datetime(_, _) => {
                column.datetime().map_or(Self::None, |dates| Self::Dates(&dates.phys))
            }
            _ => column.str().map_or(Self::None, Self::Text),
        }
    }

    /// A cell as text; `None` for missing.
    fn show(&self, at: usize) -> Option<String> {
        match self {
            Self::Numbers(values) => values.get(at).map(show_number),
            Self::Dates(values) => values.get(at).map(date::format),
            Self::Text(values) => values.get(at).map(str::to_owned),
            Self::None => None,
        }
    }
}

/// The shortest text of a number, at most six digits after the point.
pub fn show_number(value: f64) -> String {
    let mut text = String::new();
    write_number(&mut text, value);
    text
}

/// Adds [`show_number`] to a text.
fn write_number(out: &mut String, value: f64) {
    use std::fmt::Write as _;
    // Writing to a text cannot fail.
    if value == value.trunc() && value.abs() < 1e15 {
        // A minus before nothing but a zero is kept, as the formatter does.
        let sign = if value.is_sign_negative() { "-" } else { "" };
        let _ = write!(out, "{sign}{}", value.abs() as u64);
        return;
    }
    // A number of at most 15 digits has one decimal text of so many, which then is the shortest.
    let millionths = (value.abs() * 1e6).round();
    if millionths < 1e15 && millionths / 1e6 == value.abs() {
        let (whole, mut rest, mut digits) = (millionths as u64 / 1_000_000, millionths as u64 % 1_000_000, 6);
        while rest % 10 == 0 {
            rest /= 10;
            digits -= 1;
        }
        let sign = if value < 0.0 { "-" } else { "" };
        let _ = write!(out, "{sign}{whole}.{rest:0digits$}");
        return;
    }
    let start = out.len();
    let _ = write!(out, "{value}");
    if out[start..].split_once('.').is_some_and(|(_, digits)| digits.len() <= 6) {
        return;
    }
    out.truncate(start);
    let _ = write!(out, "{value:.6}");
    if out[start..].contains('.') {
        out.truncate(out.trim_end_matches('0').trim_end_matches('.').len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_shortest() {
        // What the formatter says, cut at six digits.
        let slow = |value: f64| {
            let text = value.to_string();
            if value == value.trunc() || text.split_once('.').is_some_and(|(_, digits)| digits.len() <= 6) {
                return text;
            }
            format!("{value:.6}").trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        let mut state = 1u64;
        for n in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = (state >> 20) as f64 / 10f64.powi(n % 18) * if n % 3 == 0 { -1.0 } else { 1.0 };
            assert_eq!(show_number(value), slow(value), "{value:?}");
        }
        for (value, text) in [
            (0.1, "0.1"),
            (-0.05, "-0.05"),
            (0.0, "0"),
            (1_234_567_890.12, "1234567890.12"),
            (1e15, "1000000000000000"),
            (0.1 + 0.2, "0.3"),
            (1e-9, "0"),
            (2.5e-6, "0.000003"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(show_number(value), text);
        }
    }

    #[test]
    fn a_frame_is_written_as_it_is_shown() {
        let rows = 20_000;
        let text: Vec<Option<String>> = (0..rows)
            .map(|at| match at % 5 {
                0 => None,
                1 => Some("=1+1".to_owned()),
                2 => Some("a \"b\", c\nd".to_owned()),
                _ => Some(format!("+{at}")),
            })
            .collect();
        let numbers: Vec<Option<f64>> =
            (0..rows).map(|at| (at % 7 > 0).then_some(f64::from(at) / 8.0)).collect();
        let data = DataFrame::new(
            rows as usize,
            vec![Series::new("text".into(), text).into(), Series::new("-n".into(), numbers).into()],
        )
        .unwrap();
        let frame = Frame { rows: Arc::new((0..rows as u32).collect()), data };
        let folder = tempfile::tempdir().unwrap();
        let (fast, slow) = (folder.path().join("fast.csv"), folder.path().join("slow.csv"));
        frame.write_csv(&fast, |_| true).unwrap();
        let header = ["text", "-n"].map(str::to_owned);
        let shown = |at: usize| header.iter().map(|name| frame.show(name, at).unwrap_or_default()).collect();
        files::write_csv(&slow, &header, (0..rows as usize).map(shown)).unwrap();
        assert!(std::fs::read(&fast).unwrap() == std::fs::read(&slow).unwrap(), "they differ");
    }
}
