//! One sheet's cells, without the empty ones, as compact values, and their text.

use std::collections::HashSet;
use std::io::{BufReader, Read, Seek};
use std::sync::Arc;

use calamine::{Data, DataRef, Dimensions, Reader, Sheets};

use super::Input;
use crate::collect::format::Task;

/// A cell's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(Arc<str>),
    Number(f64),
    /// A whole number whose format fills it with zeros to this many digits.
    Padded(f64, u8),
    /// A date, a time or a duration, as ISO text.
    Time(Arc<str>),
    Bool(bool),
    /// `#DIV/0!` and its like.
    Error(Arc<str>),
}

impl Value {
    /// The cell's text; `None` for an error. Numbers as a spreadsheet keeps them: fifteen
    /// significant digits, whole ones without a fraction.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Time(text) => Some(text.to_string()),
            Self::Number(value) => Some(number(*value)),
            Self::Padded(value, width) => Some(format!("{value:0>width$.0}", width = usize::from(*width))),
            Self::Bool(value) => Some(if *value { "TRUE" } else { "FALSE" }.to_owned()),
            Self::Error(_) => None,
        }
    }

    /// A whole number of more than fifteen digits: its last ones were lost in the spreadsheet.
    pub(super) fn is_long(&self) -> bool {
        matches!(self, Self::Number(value) if value.fract() == 0.0 && value.abs() >= 1e15)
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Padded(..))
    }
}

/// A row that has cells.
#[derive(Debug)]
pub(super) struct Row {
    /// Its number in the sheet, from 1.
    pub number: u32,
    /// Column from 0 and value, in order.
    pub cells: Vec<(u32, Value)>,
}

impl Row {
    pub(super) fn get(&self, column: u32) -> Option<&Value> {
        let at = self.cells.binary_search_by_key(&column, |(column, _)| *column).ok()?;
        self.cells.get(at).map(|(_, value)| value)
    }
}

/// The cells of a sheet.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub name: String,
    pub rows: Vec<Row>,
    /// Merged ranges, rows and columns from 0.
    pub merges: Vec<Dimensions>,
    /// Cells counted beyond the rows that a preview keeps.
    pub uncounted: u64,
}

impl Sheet {
    fn push(&mut self, (row, column): (u32, u32), value: Value) {
        let number = row.saturating_add(1);
        match self.rows.last_mut().filter(|last| last.number == number) {
            Some(last) => last.cells.push((column, value)),
            None => self.rows.push(Row { number, cells: vec![(column, value)] }),
        }
    }

    /// Rows and cells in their order, whatever order the file has; of two values of one cell the
    /// later one.
    fn arrange(&mut self) {
        let ordered = self.rows.windows(2).all(|pair| matches!(pair, [a, b] if a.number < b.number));
        if !ordered {
            self.rows.sort_by_key(|row| row.number);
            let mut rows: Vec<Row> = Vec::with_capacity(self.rows.len());
            for row in std::mem::take(&mut self.rows) {
                match rows.last_mut().filter(|last| last.number == row.number) {
                    Some(last) => last.cells.extend(row.cells),
                    None => rows.push(row),
                }
            }
            self.rows = rows;
        }
        for row in &mut self.rows {
            if !row.cells.windows(2).all(|pair| matches!(pair, [a, b] if a.0 < b.0)) {
                row.cells.reverse();
                row.cells.sort_by_key(|(column, _)| *column);
                row.cells.dedup_by_key(|(column, _)| *column);
            }
        }
        let blank = |value: &Value| matches!(value, Value::Text(text) if text.trim().is_empty());
        self.rows.retain(|row| !row.cells.iter().all(|(_, value)| blank(value)));
    }
}

/// Texts that come again and again, kept once: most cells of a sheet repeat few words.
#[derive(Default)]
struct Texts(HashSet<Arc<str>>);

impl Texts {
    /// Different texts that are remembered.
    const MOST: usize = 1 << 16;

    fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        if self.0.len() < Self::MOST {
            self.0.insert(new.clone());
        }
        new
    }
}

/// Reads a sheet. `keep` rows are kept (a preview); `count` goes on counting cells after them.
pub(super) fn read(
    book: &mut Sheets<Input<'_>>,
    name: &str,
    keep: Option<usize>,
    count: bool,
    task: &Task<'_>,
) -> Result<Sheet, calamine::Error> {
    let mut sheet = Sheet { name: name.to_owned(), ..Sheet::default() };
    let keep = keep.unwrap_or(usize::MAX);
    let mut seen = 0u64;
    let mut texts = Texts::default();
    // True for as long as cells are wanted.
    let mut take = |sheet: &mut Sheet, at: (u32, u32), cell: &DataRef<'_>, width: u8| {
        seen += 1;
        if seen.is_multiple_of(4096) && task.report.check().is_err() {
            return false;
        }
        let Some(value) = value(cell, width, &mut texts) else { return true };
        let new_row = sheet.rows.last().is_none_or(|last| last.number != at.0.saturating_add(1));
        if sheet.rows.len() >= keep && new_row {
            sheet.uncounted += 1;
            return count;
        }
        sheet.push(at, value);
        true
    };
    match book {
        Sheets::Xlsx(book) => {
            let mut cells = book.worksheet_cells_reader(name)?;
            let widths: Vec<u8> = cells.styles().iter().map(zeros).collect();
            while let Some((cell, style)) = cells.next_cell_with_style_id()? {
                let width = widths.get(style).copied().unwrap_or(0);
                if !take(&mut sheet, cell.get_position(), cell.get_value(), width) {
                    break;
                }
            }
            drop(cells);
            sheet.merges = book.merge_cells_by_sheet_name(name).unwrap_or_default();
        }
        Sheets::Xlsb(book) => {
            let mut cells = book.worksheet_cells_reader(name)?;
            while let Some(cell) = cells.next_cell()? {
                if !take(&mut sheet, cell.get_position(), cell.get_value(), 0) {
                    break;
                }
            }
        }
        Sheets::Xls(_) | Sheets::Ods(_) => {
            if let Sheets::Xls(book) = &*book {
                sheet.merges = book.merge_cells_by_sheet_name(name).unwrap_or_default();
            }
            let range = book.worksheet_range(name)?;
            let (top, left) = range.start().unwrap_or((0, 0));
            for (row, column, cell) in range.used_cells() {
                let at = (top.saturating_add(row as u32), left.saturating_add(column as u32));
                if !take(&mut sheet, at, &borrowed(cell), 0) {
                    break;
                }
            }
        }
    }
    sheet.arrange();
    Ok(sheet)
}

/// Digits to which a number format fills with zeros: 5 for `00000`.
fn zeros(style: &calamine::Style) -> u8 {
    let code = style.number_format.as_ref().map_or("", |format| format.format_code.as_str());
    match code.len() {
        2..=32 if code.bytes().all(|b| b == b'0') => code.len() as u8,
        _ => 0,
    }
}

fn borrowed(cell: &Data) -> DataRef<'_> {
    match cell {
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(at) => DataRef::DateTime(*at),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// `None` for an empty cell.
fn value(cell: &DataRef<'_>, width: u8, texts: &mut Texts) -> Option<Value> {
    Some(match cell {
        DataRef::Empty => return None,
        DataRef::Int(value) => plain(*value as f64, width),
        DataRef::Float(value) => plain(*value, width),
        DataRef::String(text) if text.is_empty() => return None,
        DataRef::SharedString("") => return None,
        DataRef::String(text) => Value::Text(texts.get(text)),
        DataRef::SharedString(text) => Value::Text(texts.get(text)),
        DataRef::Bool(value) => Value::Bool(*value),
        DataRef::DateTime(at) => match at.is_duration() {
            true => Value::Time(texts.get(&duration(at.as_f64()))),
            false => moment(at).map_or(Value::Number(at.as_f64()), |text| Value::Time(texts.get(&text))),
        },
        DataRef::DateTimeIso(text) => Value::Time(texts.get(&iso(text))),
        DataRef::DurationIso(text) => {
            Value::Time(texts.get(&iso_duration(text).unwrap_or_else(|| text.clone())))
        }
        DataRef::Error(error) => Value::Error(texts.get(&error.to_string())),
    })
}

fn plain(value: f64, width: u8) -> Value {
    if width > 0 && value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        Value::Padded(value, width)
    } else {
        Value::Number(value)
    }
}

/// A number with the fifteen significant digits that spreadsheets show and take: what a formula
/// stored as 19.989999999999998 is the 19.99 that its owner sees.
fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.fract() == 0.0 && value.abs() < 1e17 {
        return format!("{value:.0}");
    }
    let short: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    if value.abs() >= 1e17 || value.abs() < 1e-7 { format!("{short:e}") } else { short.to_string() }
}

/// A serial date as ISO text; `None` outside of the years 1900 to 9999, where the number says
/// more. In the 1900 system 60 is 29 February 1900, a day that never was: it stays visible as such.
fn moment(at: &calamine::ExcelDateTime) -> Option<String> {
    let serial = at.as_f64();
    if !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let fraction = if milli > 0 { format!(".{milli:03}") } else { String::new() };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    Some(match time.as_str() {
        // Before the first day of either system stands a time of day alone.
        _ if serial < 1.0 => time,
        "00:00:00" => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {time}"),
    })
}

/// Days as hours, minutes and seconds.
fn duration(days: f64) -> String {
    let sign = if days < 0.0 { "-" } else { "" };
    let milli = (days.abs() * 86_400_000.0).round() as u64;
    let seconds = milli / 1000;
    let fraction = if !milli.is_multiple_of(1000) { format!(".{:03}", milli % 1000) } else { String::new() };
    format!("{sign}{}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `2024-03-05T00:00:00` → `2024-03-05`.
fn iso(text: &str) -> String {
    let text = text.trim_end_matches('Z').replacen('T', " ", 1);
    text.strip_suffix(" 00:00:00").map_or(text.clone(), str::to_owned)
}

/// `PT26H30M05S` → `26:30:05`.
fn iso_duration(text: &str) -> Option<String> {
    let rest = text.strip_prefix("PT")?;
    let (mut seconds, mut digits) = (0.0, String::new());
    for c in rest.chars() {
        let unit = match c {
            'H' => 3600.0,
            'M' => 60.0,
            'S' => 1.0,
            _ => {
                digits.push(if c == ',' { '.' } else { c });
                continue;
            }
        };
        seconds += digits.parse::<f64>().ok().filter(|value| value.is_finite())? * unit;
        digits.clear();
    }
    Some(duration(seconds / 86_400.0))
}

/// Bytes of a workbook, which fail to come once the person has cancelled.
pub(in crate::collect) struct Watched<'a, R> {
    pub inner: R,
    pub report: &'a crate::job::Reporter,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.report.check().map_err(|_| std::io::Error::other("cancelled"))?;
        self.inner.read(out)
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

/// A buffered reader of a workbook.
pub(super) fn watched<'a>(file: std::fs::File, task: &Task<'a>) -> Input<'a> {
    BufReader::new(Watched { inner: file, report: task.report })
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{ExcelDateTime, ExcelDateTimeType};

    #[test]
    fn numbers_as_their_owner_sees_them() {
        for (value, text) in [
            (50.0, "50"),
            (-0.0, "0"),
            (1.5, "1.5"),
            (0.1 + 0.2, "0.3"),
            (19.99, "19.99"),
            (123456789012345.0, "123456789012345"),
            (9007199254740993.0, "9007199254740992"),
            (1e20, "1e20"),
            (0.000000012, "1.2e-8"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(Value::Padded(123.0, 5).text().as_deref(), Some("00123"));
        assert!(Value::Number(1e15).is_long() && !Value::Number(999_999_999_999_999.0).is_long());
    }

    #[test]
    fn serial_dates_of_both_systems() {
        let date = |serial: f64, is_1904: bool| {
            moment(&ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, is_1904))
        };
        // 44197 is 1 January 2021; in the 1904 system that is 42735.
        assert_eq!(date(44197.0, false).as_deref(), Some("2021-01-01"));
        assert_eq!(date(42735.0, true).as_deref(), Some("2021-01-01"));
        assert_eq!(date(1.0, false).as_deref(), Some("1900-01-01"));
        assert_eq!(date(59.0, false).as_deref(), Some("1900-02-28"));
        assert_eq!(date(60.0, false).as_deref(), Some("1900-02-29"));
        assert_eq!(date(61.0, false).as_deref(), Some("1900-03-01"));
        assert_eq!(date(45356.604166666664, false).as_deref(), Some("2024-03-05 14:30:00"));
        assert_eq!(date(0.25, false).as_deref(), Some("06:00:00"));
        assert_eq!(date(-1.0, false), None);
        assert_eq!(date(2_958_466.0, false), None);
        assert_eq!(date(f64::NAN, false), None);
    }

    #[test]
    fn durations() {
        // 10.6320601851852 days are 255 hours, 10 minutes and 10 seconds.
        assert_eq!(duration(10.6320601851852), "255:10:10");
        assert_eq!(duration(-0.5), "-12:00:00");
        assert_eq!(iso_duration("PT26H30M05S").as_deref(), Some("26:30:05"));
        assert_eq!(iso_duration("P1D"), None);
        assert_eq!(iso("2024-03-05T00:00:00"), "2024-03-05");
        assert_eq!(iso("2024-03-05T10:00:00Z"), "2024-03-05 10:00:00");
    }
}
