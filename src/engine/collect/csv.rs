//! Delimited text → columns of text. Titles and comments above the table, several lines of names,
//! quotes, line ends in cells, ragged records, twin and empty names, totals below.

use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;

use super::records::{Cells, Plan, Records};
use super::text::Decoded;
use super::{CollectError, ReadOptions, format, pieces, tidy};
use crate::detect::dialect::{self, Layout};
use crate::detect::header::{self, Head};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Provenance, Table};

/// Records that are looked at to find names and width.
const SAMPLED: usize = 200;

/// Reads decoded text as a table; its columns are still to be profiled.
pub(super) fn parse(
    path: &Path,
    decoded: Decoded,
    options: &ReadOptions,
    report: &Reporter,
) -> crate::Result<Table> {
    let Decoded { text, encoding, bytes, hash, mut warnings } = decoded;
    let begun = begin(path, &text, options, &mut warnings)?;
    let Begun { plan, names, line_of_names, is_named } = begun;
    let read = pieces::read(plan, &names, line_of_names.as_ref(), report)?;
    tell(&read, &mut warnings);
    let rows = read.rows;
    if rows.is_empty() && read.rejected_count == 0 {
        return Err(CollectError::NoRows { file: path.to_owned() }.into());
    }
    let columns: Vec<Column> = read.columns.into_iter().map(|text| text.into_series().into()).collect();
    let frame =
        |cause: PolarsError| CollectError::Record { file: path.to_owned(), row: 1, cause: cause.to_string() };
    let raw = DataFrame::new(rows.len(), columns).map_err(frame)?;
    let mut table = Table {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        source: Provenance {
            file: path.to_owned(),
            files: Vec::new(),
            format: format_of(plan.dialect.layout),
            part: None,
            encoding: encoding.to_owned(),
            separator: plan.dialect.layout.separator(),
            header: is_named,
            bytes,
            hash,
            sampled: None,
        },
        raw,
        columns: Vec::new(),
        records: rows.len() as u64 + read.rejected_count,
        rows: Arc::new(rows),
        rejected: read.rejected,
        rejected_count: read.rejected_count,
        warnings,
    };
    tidy::drop_remarks(&mut table);
    tidy::drop_total(&mut table);
    tidy::drop_notes_beside(&mut table);
    Ok(table)
}

/// Where the records of a text begin, how they are read, and the names of their columns.
pub(super) struct Begun<'a> {
    pub plan: Plan<'a>,
    pub names: Vec<String>,
    /// The one line that surely names them.
    pub line_of_names: Option<csv::StringRecord>,
    /// The names stand in the file.
    pub is_named: bool,
}

/// Finds dialect, names and the first record of a text.
pub(super) fn begin<'a>(
    path: &Path,
    text: &'a str,
    options: &ReadOptions,
    warnings: &mut Vec<Note>,
) -> crate::Result<Begun<'a>> {
    let plan = plan(text, options, warnings);
    let sampled = first_records(plan, options.header_row).map_err(|cause| CollectError::Record {
        file: path.to_owned(),
        row: 1,
        cause: cause.to_string(),
    })?;
    if sampled.is_empty() && (options.range.is_some() || options.header_row.is_some()) {
        return Err(CollectError::NoRows { file: path.to_owned() }.into());
    }
    if sampled.is_empty() {
        return Err(CollectError::Empty { file: path.to_owned() }.into());
    }
    let (head, names) = names_of(&sampled, options, warnings);
    let first = sampled.get(head.titles + head.lines).map_or(u64::MAX, |(row, _)| *row);
    let is_sure = head.lines == 1 && !head.assumed;
    let line_of_names = sampled.into_iter().nth(head.titles).filter(|_| is_sure).map(|(_, line)| line);
    Ok(Begun { plan: below(plan, first), names, line_of_names, is_named: head.lines > 0 })
}

/// Tells of records that are out of the ordinary.
pub(super) fn tell(read: &pieces::Read, warnings: &mut Vec<Note>) {
    if let Some(line) = read.unclosed {
        warnings.push(Note::new("unclosed_quote").with("row", line));
    }
    if let Some(row) = read.first_short {
        warnings.push(Note::new("short_records").with("count", read.short).with("row", row));
    }
    if read.blank > 0 {
        warnings.push(Note::new("blank_rows").with("count", read.blank));
    }
}

/// The name of a text's format.
pub(super) fn format_of(layout: Layout) -> &'static str {
    match layout {
        Layout::Separated(_) => "csv",
        Layout::Blanks | Layout::WideBlanks => "fixed_width",
    }
}

/// The same records from the one in row `first` on.
fn below(plan: Plan<'_>, first: u64) -> Plan<'_> {
    // Rows of a range are counted from the head of the text: what is above stays and is passed over.
    if let Some(mut cells) = plan.cells {
        cells.rows.0 = cells.rows.0.max(first);
        return Plan { cells: Some(cells), ..plan };
    }
    let mut records = Records::new(plan);
    let mut record = csv::StringRecord::new();
    let (mut start, mut lines) = (plan.start, plan.lines);
    while let Ok(Some(row)) = records.next(&mut record)
        && row < first
    {
        (start, lines) = (records.position(), row);
    }
    // The reader stops between the two signs of a line end.
    let bytes = plan.text.as_bytes();
    if bytes.get(start) == Some(&b'\n') && start > 0 && bytes.get(start - 1) == Some(&b'\r') {
        start += 1;
    }
    Plan { start, lines, ..plan }
}

/// What stands before the table, and the dialect; tells what is out of the ordinary.
fn plan<'a>(text: &'a str, options: &ReadOptions, warnings: &mut Vec<Note>) -> Plan<'a> {
    let (mut start, mut lines, mut separator) = (0, 0, options.separator);
    if let Some((sign, length)) = dialect::separator_line(text) {
        (start, lines) = (length, 1);
        separator = separator.or(Some(sign));
    }
    let rest = text.get(start..).unwrap_or_default();
    let comment = options.comment.and_then(|c| u8::try_from(c).ok()).filter(u8::is_ascii);
    let (mut count, last, below) = if comment.is_some() { (0, 0, 0) } else { dialect::comments(rest) };
    let table = rest.get(below..).unwrap_or_default();
    let mut dialect = dialect::sniff(table, sample(table), separator, options.quoting);
    if count > 0 {
        // `#id,name` above rows of as many fields names the columns.
        let names = rest.get(last..below).unwrap_or_default();
        let of = |text| first_records(Plan { text, start: 0, lines: 0, dialect, comment, cells: None }, None);
        let width = |text| of(text).ok().and_then(|list| list.first().map(|(_, record)| record.len()));
        if width(names).is_some_and(|n| n > 1 && Some(n) == width(table)) || table.trim().is_empty() {
            (count, start) = (count - 1, start + last);
        } else {
            start += below;
        }
        lines += count;
        if table.trim().is_empty() {
            dialect = dialect::sniff(rest, sample(rest), separator, options.quoting);
        }
    }
    if count > 0 {
        warnings.push(Note::new("comment_lines").with("count", count));
    }
    if !dialect.quoting && options.quoting.is_none() && matches!(dialect.layout, Layout::Separated(_)) {
        warnings.push(Note::new("quotes_are_data"));
    }
    if dialect.backslash {
        warnings.push(Note::new("backslash_quotes"));
    }
    // Among fewer lines, one that differs tells nothing.
    if dialect.agreement < 0.8 && table.lines().nth(10).is_some() {
        let percent = format!("{:.0}", 100.0 * dialect.agreement);
        let sign = dialect.layout.separator().map_or_else(String::new, shown_sign);
        warnings.push(Note::new("separator_unsure").with("separator", sign).with("percent", percent));
    }
    let cells = options.range.as_deref().and_then(Cells::parse);
    if let (Some(range), None) = (&options.range, cells) {
        warnings.push(Note::new("bad_range").with("range", range));
    }
    Plan { text, start, lines, dialect, comment, cells }
}

fn shown_sign(sign: char) -> String {
    if sign == '\t' { "Tab".to_owned() } else { sign.to_string() }
}

/// The first lines of the text, to sniff the dialect from.
fn sample(text: &str) -> &str {
    let end = text.floor_char_boundary(64 * 1024);
    match text.get(..end).and_then(|head| head.rfind('\n')) {
        Some(line) if end < text.len() => text.get(..=line).unwrap_or(text),
        _ => text.get(..end).unwrap_or(text),
    }
}

/// The first records with their rows, from the row that names the columns where the person has said
/// it; blank ones are left out where there is more than one column.
fn first_records(plan: Plan<'_>, from: Option<u32>) -> Result<Vec<(u64, csv::StringRecord)>, csv::Error> {
    let mut records = Records::new(plan);
    let mut record = csv::StringRecord::new();
    let mut out = Vec::new();
    while out.len() < SAMPLED
        && let Some(row) = records.next(&mut record)?
    {
        if from.is_none_or(|from| row >= u64::from(from)) && (record.len() < 2 || !is_blank(&record)) {
            out.push((row, record.clone()));
        }
    }
    Ok(out)
}

fn is_blank(record: &csv::StringRecord) -> bool {
    record.iter().all(|field| field.trim().is_empty())
}

/// Where the table begins, and the names of its columns: trimmed, empty ones named by position,
/// twins numbered.
fn names_of(
    sampled: &[(u64, csv::StringRecord)],
    options: &ReadOptions,
    warnings: &mut Vec<Note>,
) -> (Head, Vec<String>) {
    let records: Vec<Vec<&str>> = sampled.iter().map(|(_, record)| record.iter().collect()).collect();
    let named = options.header.or(options.header_row.map(|_| true));
    let titles = (options.header_row.is_some() || named == Some(false)).then_some(0);
    let head = header::find(&records, named, titles);
    let lines = records.get(head.titles..head.titles + head.lines).unwrap_or_default();
    if let Some(title) = records.get(..head.titles).and_then(<[_]>::first) {
        let text = tidy::excerpt(title.iter().copied());
        warnings.push(Note::new("titles_above").with("count", head.titles).with("text", text));
    }
    if head.lines > 1 {
        warnings.push(Note::new("header_lines").with("count", head.lines));
    }
    if head.shifted {
        warnings.push(Note::new("header_shifted"));
    }
    if head.assumed && sampled.len() > 1 {
        warnings.push(Note::new("header_assumed"));
    }
    let mut given = header::names(lines, &head);
    // Row names in a comment: `#id`.
    if let Some(first) = given.first_mut()
        && let Some(rest) =
            first.strip_prefix(['#', '/']).map(|rest| rest.trim_start_matches(['#', '/', ' ']))
        && !rest.is_empty()
    {
        *first = rest.to_owned();
    }
    given.resize(head.width, String::new());
    (head, format::names(&given, warnings))
}
