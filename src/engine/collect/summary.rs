//! A delimited text of any size → the profile of its columns, in bounded memory: the file is read in
//! blocks, of which the counts stay and of the rows only the first.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use encoding_rs::Encoding;
use polars::prelude::*;
use rayon::prelude::*;

use super::magic::{self, Format};
use super::records::Plan;
use super::tally::Tally;
use super::{CollectError, ReadOptions, archive, csv, format, json, pieces, profile, text};
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::table::{Provenance, Rejected, Table};

/// Rows that are kept.
const KEPT: usize = 1000;
/// Rejected records that are kept.
const REJECTED_KEPT: usize = 1000;
/// Bytes of a block.
pub(super) const BLOCK: usize = 16 << 20;
/// The longest record that is waited for.
pub(super) const LONGEST: usize = 256 << 20;
/// Bytes from which encoding and content are told.
const HEAD: usize = 1 << 18;

/// The profile of every column over all rows of a file that may be larger than memory. Only the
/// first 1,000 rows are kept; [`Table::records`](crate::table::Table) counts all of them. Beyond a
/// million, different values are estimated. Files of other formats than text are opened whole, and
/// so are parts and ranges of cells. A total and remarks below the table count as rows.
///
/// # Errors
/// As [`open`](super::open).
pub fn summary(path: &Path, options: &ReadOptions, report: &Reporter) -> crate::Result<Table> {
    in_blocks(path, options, BLOCK, report)
}

fn in_blocks(path: &Path, options: &ReadOptions, block: usize, report: &Reporter) -> crate::Result<Table> {
    let Some(Opened { mut blocks, encoding, size }) = open_blocks(path, options, block)? else {
        return super::open(path, options, report);
    };
    report.emit(Event::Phase("read"));
    std::thread::scope(|scope| {
        // The file on disk is hashed beside, for what is unpacked tells it not.
        let hash = scope.spawn(|| format::hash_of(path, report));
        let (sum, is_named, mut warnings) = count_all(&mut blocks, options, size, report)?;
        blocks.tell(encoding, &mut warnings);
        let source = Provenance {
            file: path.to_owned(),
            files: Vec::new(),
            format: csv::format_of(sum.plan.dialect.layout),
            part: None,
            encoding: encoding.name().to_owned(),
            separator: sum.plan.dialect.layout.separator(),
            header: is_named,
            bytes: size,
            hash: hash.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause))?,
            sampled: None,
        };
        sum.table(source, warnings, report)
    })
}

/// A delimited text that can be read in blocks.
pub(super) struct Opened<'a> {
    pub blocks: Blocks<'a>,
    pub encoding: &'static Encoding,
    /// Bytes of the file.
    pub size: u64,
}

/// Opens a delimited text, packed or not; `None` for other formats, parts and ranges of cells.
pub(super) fn open_blocks<'a>(
    path: &'a Path,
    options: &ReadOptions,
    block: usize,
) -> crate::Result<Option<Opened<'a>>> {
    let io = |cause| CollectError::from_io(path, cause);
    let size = std::fs::metadata(path).map_err(io)?.len();
    let mut file = File::open(path).map_err(io)?;
    let mut magic = Vec::new();
    file.by_ref().take(4096).read_to_end(&mut magic).map_err(io)?;
    let file = File::open(path).map_err(io)?;
    let reader: Box<dyn Read + Send> = match magic::of(&magic) {
        Format::Text => Box::new(file),
        Format::Gzip => {
            let inner = flate2::bufread::MultiGzDecoder::new(BufReader::new(file));
            Box::new(archive::Unpacking::new(inner, size))
        }
        Format::Zstd => {
            let inner = zstd::stream::read::Decoder::new(file).map_err(io)?;
            Box::new(archive::Unpacking::new(inner, size))
        }
        _ => return Ok(None),
    };
    if options.part.is_some() || options.range.is_some() {
        return Ok(None);
    }
    let mut blocks = Blocks::new(path, reader, block);
    let encoding = blocks.begin(options)?;
    Ok(encoding.map(|encoding| Opened { blocks, encoding, size }))
}

/// Counts block after block; the next one is read while one is counted.
fn count_all(
    blocks: &mut Blocks<'_>,
    options: &ReadOptions,
    size: u64,
    report: &Reporter,
) -> crate::Result<(Sum, bool, Vec<Note>)> {
    let path = blocks.path;
    let mut text = String::new();
    blocks.fill(&mut text)?;
    if text.trim().is_empty() {
        return Err(CollectError::Empty { file: path.to_owned() }.into());
    }
    let mut warnings = Vec::new();
    let begun = csv::begin(path, &text, options, &mut warnings)?;
    let (mut start, is_named) = (begun.plan.start, begun.is_named);
    let mut sum = Sum::new(begun);
    loop {
        report.check()?;
        let quote = sum.plan.dialect.quoting.then_some(b'"');
        let cut = if blocks.ended { text.len() } else { cut(&text, start, quote, blocks.block) };
        let whole = text.get(start..cut).unwrap_or_default();
        let mut next = text.get(cut..).unwrap_or_default().to_owned();
        let (counted, filled) = rayon::join(|| sum.count(whole, report), || blocks.fill(&mut next));
        counted?;
        filled?;
        if next.is_empty() && blocks.ended {
            return Ok((sum, is_named, warnings));
        }
        if next.len() > LONGEST {
            let cause = "a record without an end".to_owned();
            return Err(CollectError::Record { file: path.to_owned(), row: sum.plan.lines + 1, cause }.into());
        }
        report.progress(0.9 * blocks.read as f64 / size.max(1) as f64);
        (text, start) = (next, 0);
    }
}

/// The text of a file, block by block.
pub(super) struct Blocks<'a> {
    pub path: &'a Path,
    reader: Box<dyn Read + Send>,
    /// Bytes of a block.
    pub block: usize,
    /// Bytes that were read to see what the file is; then empty.
    head: Vec<u8>,
    decoder: Option<encoding_rs::Decoder>,
    pub read: u64,
    /// Line feeds so far.
    lines: u64,
    pub ended: bool,
    /// Characters that do not decode, and the line of the first.
    bad: Option<(usize, u64)>,
    nul: usize,
}

impl<'a> Blocks<'a> {
    fn new(path: &'a Path, reader: Box<dyn Read + Send>, block: usize) -> Self {
        let (head, decoder) = (Vec::new(), None);
        Self { path, reader, block, head, decoder, read: 0, lines: 0, ended: false, bad: None, nul: 0 }
    }

    /// Tells of what is no text.
    pub fn tell(&self, encoding: &'static Encoding, warnings: &mut Vec<Note>) {
        if let Some((count, row)) = self.bad {
            let note = Note::new("undecodable").with("count", count).with("row", row);
            warnings.push(note.with("encoding", encoding.name()));
        }
        if self.nul > 0 {
            warnings.push(Note::new("nul_bytes").with("count", self.nul));
        }
    }

    /// Adds a block to what is left of the last one: more than that, so that a record which is longer
    /// than a block comes to its end.
    pub fn fill(&mut self, out: &mut String) -> crate::Result<()> {
        let wanted = out.len() + self.block;
        while out.len() < wanted && self.more(out)? {}
        Ok(())
    }

    /// Looks at the head of the file; `None` for JSON, which is no table of lines.
    fn begin(&mut self, options: &ReadOptions) -> crate::Result<Option<&'static Encoding>> {
        let io = |cause| CollectError::from_io(self.path, cause);
        self.reader.by_ref().take(HEAD as u64).read_to_end(&mut self.head).map_err(io)?;
        let guess =
            text::encoding_of(self.path, &self.head, self.head.len() < HEAD, options.encoding.as_deref())?;
        self.head.drain(..guess.mark.min(self.head.len()));
        let mut start = String::new();
        let mut decoder = guess.encoding.new_decoder_without_bom_handling();
        text::feed(&mut decoder, &self.head, false, &mut start);
        self.decoder = Some(guess.encoding.new_decoder_without_bom_handling());
        Ok((!json::is_json(&start)).then_some(guess.encoding))
    }

    /// Adds to the text; `false` at the end of the file.
    fn more(&mut self, out: &mut String) -> crate::Result<bool> {
        let mut bytes = std::mem::take(&mut self.head);
        let wanted = (self.block / 4).saturating_sub(bytes.len()) as u64;
        let io = |cause| CollectError::from_io(self.path, cause);
        let n = self.reader.by_ref().take(wanted).read_to_end(&mut bytes).map_err(io)?;
        self.read += bytes.len() as u64;
        self.ended = n == 0 && bytes.is_empty();
        let before = out.len();
        let Some(decoder) = &mut self.decoder else { return Ok(false) };
        let is_bad = text::feed(decoder, &bytes, self.ended, out);
        let new = out.get(before..).unwrap_or_default();
        if is_bad && let Some(first) = new.find('\u{fffd}') {
            let line = 1 + self.lines + new.bytes().take(first).filter(|byte| *byte == b'\n').count() as u64;
            let (count, line) = self.bad.unwrap_or((0, line));
            self.bad = Some((count + new.matches('\u{fffd}').count(), line));
        }
        self.lines += memchr::memchr_iter(b'\n', new.as_bytes()).count() as u64;
        let nul = memchr::memchr_iter(0, new.as_bytes()).count();
        if nul > 0 {
            self.nul += nul;
            let rest = out.split_off(before);
            out.extend(rest.chars().filter(|c| *c != '\0'));
        }
        if self.ended {
            self.decoder = None;
        }
        // Its memory serves the next bytes.
        bytes.clear();
        self.head = bytes;
        Ok(!self.ended)
    }
}

/// The end of the last whole record from `start` on: behind a line feed that is not within quotes.
pub(super) fn cut(text: &str, start: usize, quote: Option<u8>, block: usize) -> usize {
    let bytes = text.as_bytes().get(start..).unwrap_or_default();
    let last = pieces::last_end(bytes, quote);
    let any = || memchr::memrchr(b'\n', bytes).map(|at| at + 1);
    // Quote marks that are data fool the count: then any line end must do.
    let end = match last {
        Some(end) => Some(end),
        None if bytes.len() > block * 4 => any(),
        None => None,
    };
    start + end.unwrap_or(0)
}

/// What was counted so far.
struct Sum {
    names: Vec<String>,
    line_of_names: Option<::csv::StringRecord>,
    tallies: Vec<Tally>,
    /// How records are read, and the lines so far.
    plan: Plan<'static>,
    /// Counts of records that are out of the ordinary; no columns.
    read: pieces::Read,
    records: u64,
    /// The first rows.
    kept: Option<(DataFrame, Vec<u32>)>,
}

impl Sum {
    fn new(begun: csv::Begun<'_>) -> Self {
        let csv::Begun { plan, names, line_of_names, .. } = begun;
        let Plan { lines, dialect, comment, .. } = plan;
        Self {
            tallies: names.iter().map(|_| Tally::bounded()).collect(),
            names,
            line_of_names,
            plan: Plan { text: "", start: 0, lines, dialect, comment, cells: None },
            read: pieces::Read::default(),
            records: 0,
            kept: None,
        }
    }

    /// Counts the records of a block.
    fn count(&mut self, text: &str, report: &Reporter) -> crate::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let plan = Plan { text, start: 0, ..self.plan };
        let read = pieces::read(plan, &self.names, self.line_of_names.as_ref(), &report.part(0.0, 0.0))?;
        let before = std::mem::replace(&mut self.plan.lines, read.passed);
        self.records += read.rows.len() as u64;
        (self.tallies.par_iter_mut().zip(&read.columns))
            .try_for_each(|(tally, column)| tally.feed(column, Some(&read.rows), report))?;
        let kept = self.kept.as_ref().map_or(0, |(frame, _)| frame.height());
        if kept < KEPT {
            let columns = read.columns.iter().map(|text| text.clone().into_series().into()).collect();
            let frame = DataFrame::new(read.rows.len(), columns).map_err(crate::clean::CleanError::from)?;
            // A copy: a slice would hold the whole block.
            let mut first = frame.head(Some(KEPT - kept));
            first = first
                .take(&IdxCa::from_vec("at".into(), (0..first.height() as IdxSize).collect()))
                .map_err(crate::clean::CleanError::from)?;
            let rows = read.rows.iter().copied().take(first.height());
            match &mut self.kept {
                Some((frame, known)) => {
                    frame.vstack_mut(&first).map_err(crate::clean::CleanError::from)?;
                    known.extend(rows);
                }
                None => self.kept = Some((first, rows.collect())),
            }
        }
        let sum = &mut self.read;
        sum.rejected_count += read.rejected_count;
        let room = REJECTED_KEPT.saturating_sub(sum.rejected.len());
        sum.rejected.extend(read.rejected.into_iter().take(room));
        sum.short += read.short;
        sum.first_short = sum.first_short.or(read.first_short);
        sum.blank += read.blank;
        sum.unclosed = sum.unclosed.or(read.unclosed.map(|line| line + before));
        Ok(())
    }

    fn table(self, source: Provenance, mut warnings: Vec<Note>, report: &Reporter) -> crate::Result<Table> {
        let Self { names, tallies, read, records, kept, .. } = self;
        let Some((raw, rows)) = kept.filter(|_| records + read.rejected_count > 0) else {
            return Err(CollectError::NoRows { file: source.file }.into());
        };
        csv::tell(&read, &mut warnings);
        let rejected: Vec<Rejected> = read.rejected;
        let stem = source.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut table = Table {
            name: format::stem(&stem),
            source,
            raw,
            columns: Vec::new(),
            records: records + read.rejected_count,
            rows: Arc::new(rows),
            rejected,
            rejected_count: read.rejected_count,
            warnings,
        };
        report.emit(Event::Phase("profile"));
        let facts: Vec<_> =
            (tallies.into_par_iter().zip(&names)).map(|(tally, name)| tally.finish(name)).collect();
        let mut estimated = Vec::new();
        for (name, (facts, is_estimate)) in names.iter().zip(&facts) {
            table.columns.push(profile::of_facts(&table, name, facts, report)?);
            if *is_estimate {
                estimated.push(name.as_str());
            }
        }
        profile::choose_target(&mut table.columns);
        if records > table.height() as u64 {
            table
                .warnings
                .push(Note::new("summary_only").with("kept", table.height()).with("count", records));
        }
        if !estimated.is_empty() {
            table.warnings.push(Note::new("distinct_estimated").with("columns", estimated.join(", ")));
        }
        report.progress(1.0);
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &[u8], block: usize) -> (Table, Table) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        let (options, silent) = (ReadOptions::default(), Reporter::silent());
        let whole = super::super::open(&path, &options, &silent).unwrap();
        (whole, in_blocks(&path, &options, block, &silent).unwrap())
    }

    fn text() -> String {
        let mut text = String::from("id,when,amount,note\n");
        for i in 0..3000 {
            let amount = if i % 100 == 7 { "soon".to_owned() } else { format!("{:.2}", f64::from(i) / 3.0) };
            text.push_str(&format!(
                "C{i:05},{}/{}/2024,{amount},\"a, b\nc {}\"\n",
                1 + i % 28,
                1 + i % 12,
                i % 5
            ));
        }
        text.push_str(
            "C1,too,many,fields,here\nid,when,amount,note\nshort\n, ,,\nC2,1/1/2024,3,\"a, b\nc 0\"\n",
        );
        text
    }

    #[test]
    fn a_summary_says_what_the_whole_says() {
        let (whole, summary) = both(text().as_bytes(), 4096);
        assert_eq!(whole.columns.len(), summary.columns.len());
        for (a, b) in whole.columns.iter().zip(&summary.columns) {
            assert_eq!((&a.name, a.value_type, a.role, &a.why), (&b.name, b.value_type, b.role, &b.why));
            assert_eq!((a.missing, a.distinct, a.bad, &a.levels), (b.missing, b.distinct, b.bad, &b.levels));
            assert_eq!(a.warnings, b.warnings, "{}", a.name);
        }
        assert_eq!((whole.records, whole.rejected_count), (summary.records, summary.rejected_count));
        assert_eq!((&whole.rejected, whole.source.hash), (&summary.rejected, summary.source.hash.clone()));
        assert_eq!((summary.height(), &summary.rows[..]), (KEPT, &whole.rows[..KEPT]));
        assert!(summary.raw.equals_missing(&whole.raw.head(Some(KEPT))));
        let more: Vec<_> = summary.warnings.iter().filter(|note| !whole.warnings.contains(note)).collect();
        assert_eq!(more.len(), 1, "{more:?}");
        assert_eq!(more[0].code, "summary_only");
    }

    #[test]
    fn other_encodings_and_packed_files() {
        let text = text().replace("a, b", "客户");
        let (gbk, _, _) = encoding_rs::GB18030.encode(&text);
        let (whole, summary) = both(&gbk, 1001);
        assert_eq!(whole.columns[3].levels, summary.columns[3].levels);
        let (_, packed) = both(&zstd::encode_all(text.as_bytes(), 1).unwrap(), 1001);
        assert_eq!((packed.records, packed.columns[3].distinct), (summary.records, 5));
        let (whole, json) = both(b"[{\"a\":1},{\"a\":2}]", 1001);
        assert_eq!((whole.height(), json.height()), (2, 2));
    }

    #[test]
    fn odd_ends() {
        for text in ["a,b\n1,2", "a,b\r\n1,2\r\n3,4\r\n", "a\n1\n2\n\n"] {
            let (whole, summary) = both(text.as_bytes(), 5);
            assert_eq!((whole.records, whole.rows), (summary.records, summary.rows), "{text:?}");
        }
        // A quote that is data, in every line.
        let text: String = std::iter::once("a,b\n".to_owned())
            .chain((0..500).map(|i| format!("{i},{i}\" pipe\n")))
            .collect();
        let (whole, summary) = both(text.as_bytes(), 300);
        assert_eq!(whole.records, summary.records);
    }
}
