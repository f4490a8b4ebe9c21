//! Where the table is in a sheet: below titles, beside empty columns, with a header of one row or
//! two, above totals and remarks.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use calamine::Dimensions;

use super::sheet::{Row, Sheet, Value};
use crate::collect::ReadOptions;
use crate::detect::{date, number, words};
use crate::note::Note;
use crate::table::Rejected;

/// Rows from the top among which the header is looked for.
const HEADER_WITHIN: usize = 50;
/// Rows below a header that show what the table's columns are.
const FOLLOWING: usize = 20;
/// Share of the columns below that a header must name.
const COVERS: f64 = 0.6;

/// A table within a sheet.
#[derive(Debug)]
pub(super) struct Region {
    /// Columns of the sheet, from 0, and their names as written, which may be empty.
    pub columns: Vec<(u32, String)>,
    pub header: bool,
    /// Places of the data's rows in the sheet's list.
    pub data: Range<usize>,
    /// Rows below the data that are none of it.
    pub rejected: Vec<Rejected>,
}

/// A block of cells, rows from 1 and columns from 0, ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block {
    pub rows: (u32, u32),
    pub columns: (u32, u32),
}

impl Block {
    /// Reads `B3:H200`, `B:H`, `3:200` or `B3`, with or without `$`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace('$', "").to_uppercase();
        let (a, b) = text.split_once(':').unwrap_or((&text, &text));
        let (a, b) = (corner(a)?, corner(b)?);
        if a.0.is_none() != b.0.is_none() || a.1.is_none() != b.1.is_none() {
            return None;
        }
        let columns = (a.0.unwrap_or(0), b.0.unwrap_or(u32::MAX));
        let rows = (a.1.unwrap_or(1), b.1.unwrap_or(u32::MAX));
        Some(Self {
            rows: (rows.0.min(rows.1), rows.0.max(rows.1)),
            columns: (columns.0.min(columns.1), columns.0.max(columns.1)),
        })
    }
}

/// Column (from 0) and row (from 1) of a corner.
fn corner(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let digits = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (letters, row) = (text.get(..digits)?, text.get(digits..)?);
    if text.is_empty() || letters.len() > 3 || !letters.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let column = letters.bytes().fold(0, |sum, b| sum * 26 + u32::from(b - b'A') + 1).checked_sub(1);
    let row = match row {
        "" => None,
        row => Some(row.parse().ok().filter(|row| *row > 0)?),
    };
    Some((column, row))
}

/// The name of a cell: `B3`.
pub(super) fn cell_name(row: u32, column: u32) -> String {
    let (mut letters, mut rest) = (Vec::new(), u64::from(column) + 1);
    while rest > 0 {
        rest -= 1;
        letters.push((b'A' + (rest % 26) as u8) as char);
        rest /= 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{row}")
}

/// Keeps only the cells of a block.
pub(super) fn crop(sheet: &mut Sheet, block: Block) {
    let within = |value: u32, (from, to): (u32, u32)| (from..=to).contains(&value);
    sheet.rows.retain_mut(|row| {
        row.cells.retain(|(column, _)| within(*column, block.columns));
        within(row.number, block.rows) && !row.cells.is_empty()
    });
}

/// Finds the table; `None` in a sheet without cells or without a row below its header.
pub(super) fn locate(sheet: &Sheet, options: &ReadOptions) -> Option<Region> {
    let rows = sheet.rows.as_slice();
    rows.first()?;
    // Position of the header's row; the data begins after it.
    let (header, first) = match (options.header_row, options.header) {
        (Some(number), _) => {
            let at = rows.partition_point(|row| row.number < number);
            let named = rows.get(at).filter(|row| row.number == number).map(|_| at);
            (named, named.map_or(at, |at| at + 1))
        }
        (None, Some(false)) => (None, 0),
        (None, told) => match (0..rows.len().min(HEADER_WITHIN)).find(|&at| is_header(sheet, at)) {
            Some(at) => {
                let at = field_names(sheet, at);
                (Some(at), at + 1)
            }
            // Names and nothing below them.
            None if matches!(rows, [only] if only.cells.len() > 1 && is_labels(only, None)) => (Some(0), 1),
            None if told == Some(true) => (Some(0), 1),
            None => (None, 0),
        },
    };
    let mut data = first.min(rows.len())..rows.len();
    let mut columns: BTreeSet<u32> = BTreeSet::new();
    for row in rows.get(data.clone())? {
        columns.extend(row.cells.iter().map(|(column, _)| *column));
    }
    let width = columns.len();
    if let Some(row) = header.and_then(|at| rows.get(at)) {
        columns.extend(row.cells.iter().map(|(column, _)| *column));
    }
    let mut rejected = Vec::new();
    trim(rows, &mut data, width, &mut rejected);
    if data.is_empty() {
        return None;
    }
    let columns: Vec<u32> = columns.into_iter().collect();
    let names = names(sheet, header, &columns);
    Some(Region {
        columns: columns.into_iter().zip(names).collect(),
        header: header.is_some(),
        data,
        rejected,
    })
}

/// A row that names the columns of the rows below it.
fn is_header(sheet: &Sheet, at: usize) -> bool {
    let rows = sheet.rows.as_slice();
    let (Some(row), Some(next)) = (rows.get(at), rows.get(at + 1)) else { return false };
    // Cells that are merged downward end where the lowest of the others does.
    let bottom = row.cells.iter().map(|(column, _)| lowest(sheet, row.number, *column)).min();
    if next.number > bottom.unwrap_or(row.number).saturating_add(1) || !is_labels(row, Some(next)) {
        return false;
    }
    let mut used: BTreeMap<u32, usize> = BTreeMap::new();
    let below = rows.iter().skip(at + 1).take(FOLLOWING);
    let seen = below.clone().count();
    for (column, _) in below.flat_map(|row| &row.cells) {
        *used.entry(*column).or_default() += 1;
    }
    // A column that only a stray cell uses says nothing.
    used.retain(|_, count| 5 * *count >= seen);
    let named = used.keys().filter(|column| row.get(**column).is_some()).count();
    (row.cells.len() > 1 || used.len() == 1) && named as f64 >= COVERS * used.len() as f64 && named > 0
}

/// Mostly different words. Years and dates count among them where numbers stand below.
fn is_labels(row: &Row, next: Option<&Row>) -> bool {
    let (mut labels, mut neutral, mut different) = (0, 0, BTreeSet::new());
    for (column, value) in &row.cells {
        let below = next.and_then(|next| next.get(*column));
        match value {
            Value::Text(text) if is_label(text) => {
                labels += 1;
                different.insert(text.trim());
            }
            value if is_year(value) || matches!(value, Value::Time(_)) => {
                neutral += usize::from(below.is_some_and(|below| below.is_number() && !is_year(below)));
            }
            _ => {}
        }
    }
    labels > 0 && 5 * (labels + neutral) >= 4 * row.cells.len() && 2 * different.len() >= labels
}

fn is_label(text: &str) -> bool {
    !text.trim().is_empty()
        && number::parse(text, number::Decimal::Point).is_none()
        && date::parse(text, date::Order::DayFirst).is_none()
        && !words::is_email(text)
}

fn is_year(value: &Value) -> bool {
    matches!(value, Value::Number(value) if value.fract() == 0.0 && (1900.0..2100.0).contains(value))
}

/// Below a row of group names stand those of the fields: their row, or `at` where there is none.
fn field_names(sheet: &Sheet, at: usize) -> usize {
    let rows = sheet.rows.as_slice();
    let (Some(row), Some(next), Some(after)) = (rows.get(at), rows.get(at + 1), rows.get(at + 2)) else {
        return at;
    };
    let spans =
        |column: &u32| merge_at(sheet, row.number, *column).is_some_and(|merge| merge.start.1 < merge.end.1);
    let spread = row.cells.iter().any(|(column, _)| spans(column));
    let gaps = next.cells.iter().any(|(column, _)| row.get(*column).is_none());
    // A first row of data may be all words too; below names there is something else.
    let typed = after.cells.iter().any(|(_, value)| !matches!(value, Value::Text(text) if is_label(text)));
    let adjacent = next.number == row.number.saturating_add(1);
    if adjacent
        && gaps
        && is_labels(next, Some(after))
        && (spread || (typed && next.cells.len() > row.cells.len()))
    {
        at + 1
    } else {
        at
    }
}

/// Names of the columns: the header's, where it is merged upward that of the row above, and with
/// the group's name before it where names would repeat.
fn names(sheet: &Sheet, header: Option<usize>, columns: &[u32]) -> Vec<String> {
    let Some(row) = header.and_then(|at| sheet.rows.get(at)) else {
        return vec![String::new(); columns.len()];
    };
    let above = header
        .and_then(|at| at.checked_sub(1))
        .and_then(|at| sheet.rows.get(at))
        .filter(|above| above.number.saturating_add(1) == row.number);
    let text = |row: &Row, column: u32| row.get(column).and_then(Value::text).unwrap_or_default();
    let plain: Vec<String> = columns
        .iter()
        .map(|&column| {
            let own = text(row, column);
            if !own.trim().is_empty() {
                return own;
            }
            let merge = merge_at(sheet, row.number, column).filter(|merge| merge.start.0 + 1 < row.number);
            merge
                .and_then(|merge| {
                    let top = sheet.rows.iter().find(|row| row.number == merge.start.0 + 1)?;
                    Some(text(top, merge.start.1))
                })
                // Without knowledge of merges (.xlsb, .ods): a name that stands above alone.
                .or_else(|| above.filter(|_| sheet.merges.is_empty()).map(|above| text(above, column)))
                .unwrap_or_default()
        })
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &plain {
        *counts.entry(name.trim()).or_default() += 1;
    }
    let group = |column: u32| {
        let above = above?;
        let merged = merge_at(sheet, above.number, column).map(|merge| merge.start.1);
        let from = match merged {
            Some(from) => from,
            None if sheet.merges.is_empty() => above.cells.iter().rev().find(|(at, _)| *at <= column)?.0,
            None => column,
        };
        Some(text(above, from)).filter(|group| is_label(group))
    };
    let prefixed = |(name, &column): (&String, &u32)| match group(column) {
        Some(group) if !name.trim().is_empty() && counts.get(name.trim()).is_some_and(|n| *n > 1) => {
            format!("{} {}", group.trim(), name.trim())
        }
        _ => name.clone(),
    };
    plain.iter().zip(columns).map(prefixed).collect()
}

/// The merged range of a cell, row from 1.
fn merge_at(sheet: &Sheet, row: u32, column: u32) -> Option<&Dimensions> {
    sheet.merges.iter().find(|merge| merge.contains(row.saturating_sub(1), column))
}

/// The last row that a cell reaches by being merged downward.
fn lowest(sheet: &Sheet, row: u32, column: u32) -> u32 {
    merge_at(sheet, row, column).map_or(row, |merge| merge.end.0.saturating_add(1)).max(row)
}

/// Takes remarks and totals off the end of the data.
fn trim(rows: &[Row], data: &mut Range<usize>, width: usize, rejected: &mut Vec<Rejected>) {
    let reject = |row: &Row, code: &'static str| {
        let cells: Vec<String> = row.cells.iter().take(8).filter_map(|(_, value)| value.text()).collect();
        let why = Note::new(code).with("text", cells.first().map_or("", |text| text.trim()));
        Rejected { row: u64::from(row.number), why, excerpt: cells.join(" · ").chars().take(120).collect() }
    };
    let (mut end, mut notes) = (data.end, Vec::new());
    while let Some(row) = rows.get(data.start..end).filter(|rows| rows.len() > 1).and_then(<[Row]>::last) {
        let is_remark = width > 1 && matches!(row.cells.as_slice(), [(_, Value::Text(_))]);
        if !is_remark {
            break;
        }
        notes.push(reject(row, "remark_row"));
        end -= 1;
    }
    // Remarks stand apart; a last row with one cell filled is a row like others.
    let apart = |end: usize| match (rows.get(end.wrapping_sub(1)), rows.get(end)) {
        (Some(last), Some(first)) => first.number > last.number.saturating_add(1),
        _ => false,
    };
    while end < data.end && !apart(end) {
        notes.pop();
        end += 1;
    }
    data.end = end;
    while let Some(body) = rows.get(data.clone()).filter(|body| body.len() > 1) {
        let Some((last, body)) = body.split_last() else { break };
        if !is_total(last, body) {
            break;
        }
        notes.push(reject(last, "totals_row"));
        data.end -= 1;
    }
    rejected.extend(notes.into_iter().rev());
}

/// A row of totals: its first cell says so, or is blank where no other row's is while some column
/// holds its sum; all else in it is numeric.
fn is_total(row: &Row, body: &[Row]) -> bool {
    const WORDS: [&str; 12] = [
        "total",
        "totals",
        "sum",
        "grand total",
        "subtotal",
        "合计",
        "总计",
        "总和",
        "小计",
        "共计",
        "summe",
        "gesamt",
    ];
    let mut cells = row.cells.iter();
    let Some((column, first)) = cells.next() else { return false };
    if let Value::Text(text) = first {
        let word = text.trim().trim_end_matches([':', '：']).trim_end().to_lowercase();
        return WORDS.contains(&word.as_str()) && cells.all(|(_, value)| !matches!(value, Value::Text(_)));
    }
    let full = |column: u32| body.iter().all(|row| row.get(column).is_some());
    let leftmost = body.iter().filter_map(|row| row.cells.first().map(|(column, _)| *column)).min();
    let sums = || {
        row.cells.iter().any(|(column, value)| {
            let Value::Number(total) = value else { return false };
            let parts = body.iter().filter_map(|row| match row.get(*column) {
                Some(Value::Number(value)) => Some(*value),
                _ => None,
            });
            let (sum, size) = parts.fold((0.0, 0.0), |(sum, size), v: f64| (sum + v, size + v.abs()));
            size > 0.0 && (sum - total).abs() <= 1e-9 * size
        })
    };
    leftmost.is_some_and(|leftmost| leftmost < *column && full(leftmost))
        && body.len() > 2
        && row.cells.iter().all(|(_, value)| value.is_number() || matches!(value, Value::Error(_)))
        && sums()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_a_spreadsheet_writes_them() {
        let block = |rows, columns| Some(Block { rows, columns });
        assert_eq!(Block::parse("B3:H200"), block((3, 200), (1, 7)));
        assert_eq!(Block::parse("$h$200:$b$3"), block((3, 200), (1, 7)));
        assert_eq!(Block::parse("A:C"), block((1, u32::MAX), (0, 2)));
        assert_eq!(Block::parse("3:9"), block((3, 9), (0, u32::MAX)));
        assert_eq!(Block::parse("AA1"), block((1, 1), (26, 26)));
        for bad in ["", ":", "B3:", "B0:C2", "3B", "ABCD1", "B3:C", "ä1", "A1:B99999999999"] {
            assert_eq!(Block::parse(bad), None, "{bad}");
        }
        assert_eq!(
            (cell_name(3, 1), cell_name(1, 26), cell_name(7, 701)),
            ("B3".into(), "AA1".into(), "ZZ7".into())
        );
    }
}
