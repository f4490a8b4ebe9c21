//! A delimited text of any size → its rows, block after block, in bounded memory: the same rows, cell
//! for cell, as the whole file gives at once.

use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;

use super::records::Plan;
use super::summary::{self, Opened};
use super::{CollectError, ReadOptions, csv, format, pieces, tidy};
use crate::clean::CleanError;
use crate::detect::{date, number};
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::table::{self, Provenance, Rejected, Role, Table, ValueType};

/// Rows of a block. A multiple of what the networks predict at a time, so that those see the same
/// batches as with the whole file.
const ROWS: usize = 1 << 16;
/// Bytes of text for each core: as much as is read in one piece.
const PIECE: usize = 4 << 20;

/// What is known of a file once all of it has gone by.
#[derive(Debug, Clone, PartialEq)]
pub struct Streamed {
    /// Kept rows.
    pub rows: u64,
    pub rejected_count: u64,
    /// Where it came from, with the hash of the bytes on disk.
    pub source: Provenance,
    pub warnings: Vec<Note>,
}

/// Hands the rows of a file to `each`, 65,536 at a time, under their permanent ids; columns have names
/// and no profile, for what is done with a block must not depend on the block. `Ok(None)`, and nothing
/// handed on, where the file is no delimited text, or a part or a range of it is asked for.
///
/// Remarks and a total below the table are left out where they show within the last block; a total
/// without gaps is known only by the sum of the whole column, and stays a row.
///
/// # Errors
/// As [`open`](super::open); whatever `each` fails with.
pub fn stream(
    path: &Path,
    options: &ReadOptions,
    report: &Reporter,
    mut each: impl FnMut(Table) -> crate::Result<()>,
) -> crate::Result<Option<Streamed>> {
    // Few cores have no use for long blocks, and a block is held with its columns.
    let block = (rayon::current_num_threads() * PIECE).clamp(2 * PIECE, summary::BLOCK);
    let Some(opened) = summary::open_blocks(path, options, block)? else { return Ok(None) };
    report.emit(Event::Phase("read"));
    std::thread::scope(|scope| {
        // The file on disk is hashed beside, for what is unpacked tells it not.
        let hash = scope.spawn(|| format::hash_of(path, report));
        let passed = pass(opened, options, report, &mut each);
        let hash = hash.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause));
        let mut streamed = passed?;
        streamed.source.hash = hash?;
        Ok(Some(streamed))
    })
}

fn pass(
    opened: Opened<'_>,
    options: &ReadOptions,
    report: &Reporter,
    each: &mut dyn FnMut(Table) -> crate::Result<()>,
) -> crate::Result<Streamed> {
    let Opened { mut blocks, encoding, size } = opened;
    let path = blocks.path;
    // Two texts that take turns: one is read while the columns of the other are made.
    let (mut text, mut spare) = (String::new(), String::new());
    blocks.fill(&mut text)?;
    if text.trim().is_empty() {
        return Err(CollectError::Empty { file: path.to_owned() }.into());
    }
    let mut warnings = Vec::new();
    let begun = csv::begin(path, &text, options, &mut warnings)?;
    let csv::Begun { plan, names, line_of_names, is_named } = begun;
    let Plan { start, lines, dialect, comment, .. } = plan;
    let mut start = start;
    let quote = dialect.quoting.then_some(b'"');
    let source = Provenance {
        file: path.to_owned(),
        files: Vec::new(),
        format: csv::format_of(dialect.layout),
        part: None,
        encoding: encoding.name().to_owned(),
        separator: dialect.layout.separator(),
        header: is_named,
        bytes: size,
        hash: String::new(),
        sampled: None,
    };
    let mut held = Held::new(source, &names);
    let mut plan = Plan { text: "", start: 0, lines, dialect, comment, cells: None };
    loop {
        report.check()?;
        let cut = if blocks.ended { text.len() } else { summary::cut(&text, start, quote, blocks.block) };
        let whole = text.get(start..cut).unwrap_or_default();
        let mut next = std::mem::take(&mut spare);
        next.clear();
        next.push_str(text.get(cut..).unwrap_or_default());
        let silent = report.part(0.0, 0.0);
        let (read, filled) = rayon::join(
            || pieces::read(Plan { text: whole, ..plan }, &names, line_of_names.as_ref(), &silent),
            || blocks.fill(&mut next),
        );
        plan.lines = held.take(read?, plan.lines)?;
        filled?;
        held.hand_on(each)?;
        if next.is_empty() && blocks.ended {
            break;
        }
        if next.len() > summary::LONGEST {
            let cause = "a record without an end".to_owned();
            return Err(CollectError::Record { file: path.to_owned(), row: plan.lines + 1, cause }.into());
        }
        report.progress(0.99 * blocks.read as f64 / size.max(1) as f64);
        (spare, start) = (std::mem::replace(&mut text, next), 0);
    }
    blocks.tell(encoding, &mut warnings);
    let mut streamed = held.finish(each)?;
    streamed.warnings.splice(0..0, warnings);
    Ok(streamed)
}

/// Rows that were read and not handed on yet.
struct Held {
    /// An empty table of the file's shape.
    shape: Table,
    data: DataFrame,
    ids: Vec<u32>,
    /// Counts of records that are out of the ordinary; no columns.
    read: pieces::Read,
    handed: u64,
}

impl Held {
    fn new(source: Provenance, names: &[String]) -> Self {
        let stem = source.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let shape = Table {
            name: stem,
            source,
            raw: DataFrame::empty(),
            columns: names.iter().map(|name| plain(name)).collect(),
            rows: Arc::default(),
            records: 0,
            rejected: Vec::new(),
            rejected_count: 0,
            warnings: Vec::new(),
        };
        Self { shape, data: DataFrame::empty(), ids: Vec::new(), read: pieces::Read::default(), handed: 0 }
    }

    /// Takes what was read; gives the lines that have passed.
    fn take(&mut self, read: pieces::Read, before: u64) -> crate::Result<u64> {
        let columns: Vec<Column> = read.columns.into_iter().map(|text| text.into_series().into()).collect();
        let frame = DataFrame::new(read.rows.len(), columns).map_err(CleanError::from)?;
        if self.data.width() == 0 {
            self.data = frame;
        } else {
            self.data.vstack_mut(&frame).map_err(CleanError::from)?;
        }
        self.ids.extend(read.rows);
        let sum = &mut self.read;
        sum.rejected_count += read.rejected_count;
        sum.short += read.short;
        sum.first_short = sum.first_short.or(read.first_short);
        sum.blank += read.blank;
        sum.unclosed = sum.unclosed.or(read.unclosed.map(|line| line + before));
        Ok(read.passed)
    }

    /// Hands on whole blocks; what may be the end of the file stays.
    fn hand_on(&mut self, each: &mut dyn FnMut(Table) -> crate::Result<()>) -> crate::Result<()> {
        let mut from = 0;
        while self.ids.len() - from >= 2 * ROWS {
            each(self.block(from, ROWS))?;
            from += ROWS;
        }
        if from > 0 {
            self.handed += from as u64;
            self.ids.drain(..from);
            self.data = self.data.slice(from as i64, self.ids.len());
        }
        Ok(())
    }

    fn block(&self, from: usize, rows: usize) -> Table {
        let ids = self.ids.iter().skip(from).take(rows).copied();
        Table { raw: self.data.slice(from as i64, rows), rows: Arc::new(ids.collect()), ..self.shape.clone() }
    }

    /// Hands on the rest, without what stands below the table.
    fn finish(self, each: &mut dyn FnMut(Table) -> crate::Result<()>) -> crate::Result<Streamed> {
        let mut last = self.block(0, self.ids.len());
        if self.handed == 0 && last.height() == 0 && self.read.rejected_count == 0 {
            return Err(CollectError::NoRows { file: last.source.file }.into());
        }
        csv::tell(&self.read, &mut last.warnings);
        tidy::drop_remarks(&mut last);
        tidy::drop_total(&mut last);
        let warnings = std::mem::take(&mut last.warnings);
        let below: Vec<Rejected> = std::mem::take(&mut last.rejected);
        let height = last.height();
        for from in (0..height).step_by(ROWS) {
            let rows = ROWS.min(height - from);
            let ids = last.rows.iter().skip(from).take(rows).copied().collect();
            each(Table {
                raw: last.raw.slice(from as i64, rows),
                rows: Arc::new(ids),
                ..self.shape.clone()
            })?;
        }
        Ok(Streamed {
            rows: self.handed + height as u64,
            rejected_count: self.read.rejected_count + below.len() as u64,
            source: last.source,
            warnings,
        })
    }
}

/// A column of which nothing is known but its name.
fn plain(name: &str) -> table::Column {
    table::Column {
        name: name.to_owned(),
        value_type: ValueType::Text,
        role: Role::Category,
        why: Note::new("free_text").with("count", 0),
        missing: 0,
        distinct: 0,
        decimal: number::Decimal::default(),
        date_order: date::Order::default(),
        bad: 0,
        bad_examples: Vec::new(),
        levels: Vec::new(),
        keep_na: false,
        warnings: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of a stream under each other, and what was told of it.
    fn streamed(path: &Path) -> (DataFrame, Vec<u32>, Streamed) {
        let (mut data, mut ids) = (DataFrame::empty(), Vec::new());
        let told = stream(path, &ReadOptions::default(), &Reporter::silent(), |block| {
            ids.extend(block.rows.iter().copied());
            if data.width() == 0 {
                data = block.raw;
            } else {
                data.vstack_mut(&block.raw).unwrap();
            }
            Ok(())
        });
        (data, ids, told.unwrap().unwrap())
    }

    #[test]
    fn a_stream_has_the_rows_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let mut text = String::from("id,when,amount,note\n");
        for i in 0..150_000 {
            text.push_str(&format!("C{i:06},{}/3/2024,{i}.5,\"a, b\nc {}\"\n", 1 + i % 28, i % 5));
            if i % 40_000 == 9 {
                text.push_str("C1,too,many,fields,here\n\nshort\n");
            }
        }
        text.push_str("Total,,11250000000,\nExported by the shop\n");
        std::fs::write(&path, &text).unwrap();
        let whole = super::super::open(&path, &ReadOptions::default(), &Reporter::silent()).unwrap();
        let (data, ids, told) = streamed(&path);
        assert_eq!((told.rows as usize, told.rejected_count), (whole.height(), whole.rejected_count));
        assert!(ids == **whole.rows && data.equals_missing(&whole.raw));
        assert_eq!((told.source, told.warnings), (whole.source, whole.warnings));
    }

    #[test]
    fn other_formats_are_not_streamed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.json");
        std::fs::write(&path, "[{\"a\":1},{\"a\":2}]").unwrap();
        let none = stream(&path, &ReadOptions::default(), &Reporter::silent(), |_| Ok(())).unwrap();
        assert_eq!(none, None);
    }
}
