//! Delimited text → columns of text. Quotes, line ends in cells, ragged records, twin and empty
//! header names, a quote that is never closed.

use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;

use super::text::Decoded;
use super::{CollectError, ReadOptions};
use crate::detect::dialect;
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Provenance, Rejected, Table};

/// Rejected records that are kept to be shown.
const REJECTED_SHOWN: usize = 1000;

pub(super) fn parse(
    path: &Path,
    decoded: Decoded,
    options: &ReadOptions,
    report: &Reporter,
) -> crate::Result<Table> {
    let Decoded { text, encoding, bytes, hash, mut warnings } = decoded;
    let separator = match options.separator {
        Some(separator) if separator.is_ascii() => separator as u8,
        _ => dialect::separator(sample(&text)),
    };
    let header = options.header.unwrap_or_else(|| guess_header(&text, separator));
    let mut records = Records::new(&text, separator);
    let mut record = csv::StringRecord::new();

    let fail = |cause: csv::Error, row: u64| CollectError::Record {
        file: path.to_owned(),
        row,
        cause: cause.to_string(),
    };
    if !records.next(&mut record).map_err(|e| fail(e, 1))? {
        return Err(CollectError::Empty { file: path.to_owned() }.into());
    }
    let width = record.len();
    let names = names(header.then_some(&record), width, &mut warnings);
    let estimate = text.len() / record.as_slice().len().max(8) + 16;
    let mut builders: Vec<StringChunkedBuilder> = names
        .iter()
        .map(|name| StringChunkedBuilder::new(name.as_str().into(), estimate.min(1 << 20)))
        .collect();

    let mut rows: Vec<u32> = Vec::with_capacity(estimate.min(1 << 24));
    let (mut rejected, mut rejected_count) = (Vec::new(), 0u64);
    let (mut short, mut first_short) = (0u64, 0u64);
    // The number of the record in the file; a header counts as record 1.
    let mut number = 1u64;
    let mut have = !header;
    loop {
        if !have {
            number += 1;
            if !records.next(&mut record).map_err(|e| fail(e, number))? {
                break;
            }
        }
        have = false;
        if number.is_multiple_of(8192) {
            report.check()?;
            report.progress(0.3 + 0.4 * records.position() as f64 / text.len() as f64);
        }
        if record.len() > width && record.iter().skip(width).any(|field| !field.trim().is_empty()) {
            rejected_count += 1;
            if rejected.len() < REJECTED_SHOWN {
                rejected.push(Rejected {
                    row: number,
                    why: Note::new("too_many_fields").with("found", record.len()).with("expected", width),
                    excerpt: record
                        .iter()
                        .take(8)
                        .collect::<Vec<_>>()
                        .join(" · ")
                        .chars()
                        .take(120)
                        .collect(),
                });
            }
            continue;
        }
        if record.len() < width {
            short += 1;
            if first_short == 0 {
                first_short = number;
            }
        }
        for (at, builder) in builders.iter_mut().enumerate() {
            match record.get(at) {
                Some(field) => builder.append_value(field),
                None => builder.append_null(),
            }
        }
        rows.push(u32::try_from(number).unwrap_or(u32::MAX));
    }
    if let Some(line) = records.unclosed {
        warnings.push(Note::new("unclosed_quote").with("row", line));
    }
    if short > 0 {
        warnings.push(Note::new("short_records").with("count", short).with("row", first_short));
    }
    if rows.is_empty() && rejected_count == 0 {
        return Err(CollectError::NoRows { file: path.to_owned() }.into());
    }
    let height = rows.len();
    let columns: Vec<polars::prelude::Column> =
        builders.into_iter().map(|builder| builder.finish().into_series().into()).collect();
    let raw = DataFrame::new(height, columns).map_err(|cause| CollectError::Record {
        file: path.to_owned(),
        row: 1,
        cause: cause.to_string(),
    })?;
    Ok(Table {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        source: Provenance {
            file: path.to_owned(),
            format: "csv",
            part: None,
            encoding: encoding.to_owned(),
            separator: Some(separator as char),
            header,
            bytes,
            hash,
        },
        raw,
        columns: Vec::new(),
        records: height as u64 + rejected_count,
        rows: Arc::new(rows),
        rejected,
        rejected_count,
        warnings,
    })
}

/// The first lines of the text, to sniff the dialect from.
fn sample(text: &str) -> &[u8] {
    let bytes = text.as_bytes();
    let head = &bytes[..bytes.len().min(64 * 1024)];
    match head.iter().rposition(|&b| b == b'\n') {
        Some(end) if head.len() < bytes.len() => &head[..=end],
        _ => head,
    }
}

fn guess_header(text: &str, separator: u8) -> bool {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(sample(text));
    let mut records: Vec<csv::StringRecord> = reader.records().take(50).flatten().collect();
    if records.is_empty() {
        return true;
    }
    let first = records.remove(0);
    let first: Vec<&str> = first.iter().collect();
    let following: Vec<Vec<&str>> = records.iter().map(|r| r.iter().collect()).collect();
    dialect::has_header(&first, &following)
}

/// Column names: the header's, trimmed; empty ones named by position, twins numbered.
pub(super) fn names(
    header: Option<&csv::StringRecord>,
    width: usize,
    warnings: &mut Vec<Note>,
) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let (mut twins, mut unnamed) = (0, 0);
    let out = (0..width)
        .map(|at| {
            let given = header.and_then(|h| h.get(at)).unwrap_or("").trim();
            let base = if given.is_empty() {
                unnamed += 1;
                format!("column {}", at + 1)
            } else {
                given.to_owned()
            };
            let mut name = base.clone();
            let mut copy = 2;
            while !seen.insert(name.clone()) {
                name = format!("{base} ({copy})");
                copy += 1;
            }
            twins += usize::from(name != base);
            name
        })
        .collect();
    if header.is_some() && unnamed > 0 {
        warnings.push(Note::new("unnamed_columns").with("count", unnamed));
    }
    if twins > 0 {
        warnings.push(Note::new("twin_names").with("count", twins));
    }
    out
}

/// Records one by one. A quote that is never closed would swallow the rest of the file: from its
/// record on, quotes are read as ordinary characters, and the place is remembered.
struct Records<'a> {
    text: &'a str,
    separator: u8,
    reader: csv::Reader<&'a [u8]>,
    start: usize,
    unclosed: Option<u64>,
}

impl<'a> Records<'a> {
    fn new(text: &'a str, separator: u8) -> Self {
        let reader = Self::reader(text, separator, true);
        Self { text, separator, reader, start: 0, unclosed: None }
    }

    fn reader(text: &'a str, separator: u8, quoting: bool) -> csv::Reader<&'a [u8]> {
        csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .quoting(quoting)
            .buffer_capacity(1 << 16)
            .from_reader(text.as_bytes())
    }

    /// Bytes read so far.
    fn position(&self) -> usize {
        self.start + self.reader.position().byte() as usize
    }

    fn next(&mut self, record: &mut csv::StringRecord) -> Result<bool, csv::Error> {
        let before = self.position();
        if !self.reader.read_record(record)? {
            return Ok(false);
        }
        let after = self.position();
        // Only the last record can hold a quote that is never closed.
        if self.unclosed.is_none() && after >= self.text.len() {
            let tail = &self.text.as_bytes()[before.min(self.text.len())..];
            let quotes = tail.iter().filter(|&&b| b == b'"').count();
            if quotes % 2 == 1 && tail.contains(&b'\n') && record.iter().any(|f| f.contains('\n')) {
                let line = 1 + self.text.as_bytes()[..before].iter().filter(|&&b| b == b'\n').count();
                self.unclosed = Some(line as u64);
                self.start = before;
                self.reader = Self::reader(&self.text[before..], self.separator, false);
                return self.reader.read_record(record);
            }
        }
        Ok(true)
    }
}
