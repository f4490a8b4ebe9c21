//! Records → columns of text, on all cores: the text is cut into pieces at line ends that are record
//! ends, and the pieces are read side by side.
//!
//! Where a cut may fall is decided by counting quote marks; a quote mark that is data can fool the
//! count. A piece that was cut wrongly ends inside a quoted field, which shows, and then the whole
//! is read again in one piece.

mod marks;
#[cfg(test)]
mod tests;

use polars::prelude::*;
use rayon::prelude::*;

use self::marks::Marks;
use super::records::{Plan, Records};
use super::tidy;
use crate::detect::dialect::Layout;
use crate::job::Reporter;
use crate::note::Note;
use crate::table::Rejected;

/// Rejected records that are kept to be shown.
const REJECTED_SHOWN: usize = 1000;
/// Bytes of a piece, at least.
const PIECE: usize = 4 << 20;
/// Pieces of a text, at most about this many: each stays a chunk of its own in every column, for
/// putting them together would cost as much as reading them.
const PIECES: usize = 32;
/// Lines that are taken into the columns at a time: their places stay in the cache.
const LINES: usize = 256;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// One column of text each; `null` where the record had no such field.
    pub columns: Vec<StringChunked>,
    /// Rows of the kept records in the file.
    pub rows: Vec<u32>,
    /// Rows of the text, blank lines too, with those before it.
    pub passed: u64,
    pub rejected: Vec<Rejected>,
    pub rejected_count: u64,
    /// Records with fewer fields than columns, and the row of the first.
    pub short: u64,
    pub first_short: Option<u64>,
    /// Records of separators only.
    pub blank: u64,
    /// A quote that is never closed: the line from which on quotes were read as data.
    pub unclosed: Option<u64>,
}

/// Reads the records of `plan.text` from `plan.start` on; `plan.lines` rows are before that. A record
/// that is the line of names again is rejected.
///
/// # Errors
/// The person cancelled; the table engine refuses the columns.
pub(super) fn read(
    plan: Plan<'_>,
    names: &[String],
    again: Option<&csv::StringRecord>,
    report: &Reporter,
) -> crate::Result<Read> {
    let text = plan.text.get(plan.start..).unwrap_or_default();
    let cuts = match plan.cells {
        // Rows and columns are counted from the head of the file.
        Some(_) => vec![0, text.len()],
        None => cuts(text.as_bytes(), plan.dialect.quoting.then_some(b'"')),
    };
    let done = std::sync::atomic::AtomicUsize::new(0);
    let part = |from: usize, to: usize| {
        let piece = Plan { text: text.get(from..to).unwrap_or_default(), start: 0, ..plan };
        let lines = if from == 0 { plan.lines } else { 0 };
        let part = Part::read(Plan { lines, ..piece }, Builder::new(piece.text, names, again), report)?;
        let n = done.fetch_add(to - from, std::sync::atomic::Ordering::Relaxed) + to - from;
        report.progress(0.3 + 0.4 * n as f64 / text.len().max(1) as f64);
        Ok(part)
    };
    let mut parts: Vec<Part> =
        cuts.par_windows(2).map(|pair| part(pair[0], pair[1])).collect::<crate::Result<_>>()?;
    let last = parts.len().saturating_sub(1);
    if parts.iter().take(last).any(|part| part.unclosed.is_some()) {
        parts = vec![part(0, text.len())?];
    } else if let (Some(from), Some(part)) = (cuts.len().checked_sub(2).map(|at| cuts[at]), parts.last_mut())
    {
        let before = plan.text.as_bytes().get(..plan.start + from).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', before).count() as u64;
        part.unclosed = part.unclosed.map(|line| line + lines);
    }
    join(parts, names)
}

/// Puts the parts together, numbering the rows through.
fn join(parts: Vec<Part>, names: &[String]) -> crate::Result<Read> {
    let mut out = Read::default();
    let mut passed = 0;
    let mut columns: Vec<Vec<StringChunked>> = names.iter().map(|_| Vec::new()).collect();
    for part in parts {
        let at = |row: u64| passed + row;
        out.rows.extend(part.rows.iter().map(|&row| u32::try_from(at(row.into())).unwrap_or(u32::MAX)));
        for mut rejected in part.rejected {
            if out.rejected.len() < REJECTED_SHOWN {
                rejected.row = at(rejected.row);
                out.rejected.push(rejected);
            }
        }
        out.rejected_count += part.rejected_count;
        out.first_short = out.first_short.or(part.first_short.map(at));
        out.short += part.short;
        out.blank += part.blank;
        out.unclosed = out.unclosed.or(part.unclosed);
        passed += part.passed;
        for (all, column) in columns.iter_mut().zip(part.columns) {
            all.push(column);
        }
    }
    out.passed = passed;
    out.columns = columns
        .into_par_iter()
        .zip(names)
        .map(|(parts, name)| {
            let mut parts = parts.into_iter();
            let mut whole = parts.next().unwrap_or_else(|| StringChunked::full_null(name.as_str().into(), 0));
            for part in parts {
                whole.append_owned(part)?;
            }
            Ok(whole)
        })
        .collect::<PolarsResult<_>>()
        .map_err(crate::clean::CleanError::from)?;
    Ok(out)
}

/// Where the text is cut: at line ends outside quotes, at least [`PIECE`] apart; from 0 to the end.
fn cuts(text: &[u8], quote: Option<u8>) -> Vec<usize> {
    let mut cuts = vec![0];
    let (mut counted, mut inside) = (0, false);
    let piece = PIECE.max(text.len() / PIECES);
    let mut wish = piece;
    while wish < text.len() {
        if let Some(quote) = quote {
            let between = text.get(counted..wish).unwrap_or_default();
            inside ^= memchr::memchr_iter(quote, between).count() % 2 == 1;
        }
        let rest = text.get(wish..).unwrap_or_default();
        let mut found = None;
        for at in memchr::memchr2_iter(quote.unwrap_or(b'\n'), b'\n', rest) {
            if rest[at] != b'\n' {
                inside = !inside;
            } else if !inside {
                found = Some(wish + at + 1);
                break;
            }
        }
        let Some(cut) = found else { break };
        cuts.push(cut);
        counted = cut;
        wish = cut + piece;
    }
    if cuts.last() != Some(&text.len()) {
        cuts.push(text.len());
    }
    cuts
}

/// Where the last record ends that is whole: behind the last line feed outside quotes.
pub(super) fn last_end(text: &[u8], quote: Option<u8>) -> Option<usize> {
    let Some(quote) = quote.filter(|quote| memchr::memchr(*quote, text).is_some()) else {
        return memchr::memrchr(b'\n', text).map(|at| at + 1);
    };
    let (mut inside, mut last) = (false, None);
    for at in memchr::memchr2_iter(quote, b'\n', text) {
        if text.get(at) == Some(&quote) {
            inside = !inside;
        } else if !inside {
            last = Some(at + 1);
        }
    }
    last
}

/// What was read from one piece; rows are counted from its head.
#[derive(Default)]
struct Part {
    columns: Vec<StringChunked>,
    rows: Vec<u32>,
    /// Rows of the whole piece, blank lines too.
    passed: u64,
    rejected: Vec<Rejected>,
    rejected_count: u64,
    short: u64,
    first_short: Option<u64>,
    blank: u64,
    unclosed: Option<u64>,
}

/// Takes the fields of one record after the other.
struct Builder<'a> {
    names: &'a [String],
    again: Option<&'a csv::StringRecord>,
    columns: Vec<StringChunkedBuilder>,
    part: Part,
}

impl<'a> Builder<'a> {
    fn new(piece: &str, names: &'a [String], again: Option<&'a csv::StringRecord>) -> Self {
        let lines = memchr::memchr_iter(b'\n', piece.as_bytes()).count() + 1;
        Self {
            names,
            again,
            columns: names.iter().map(|n| StringChunkedBuilder::new(n.as_str().into(), lines)).collect(),
            part: Part { rows: Vec::with_capacity(lines), ..Part::default() },
        }
    }

    fn keep(&mut self, row: u64, fields: usize) {
        if fields < self.names.len() {
            self.part.first_short.get_or_insert(row);
            self.part.short += 1;
            self.columns.iter_mut().skip(fields).for_each(StringChunkedBuilder::append_null);
        }
        self.part.rows.push(u32::try_from(row).unwrap_or(u32::MAX));
    }

    /// True if a record that begins with this field may be the line of names again.
    fn is_suspect(&self, first: &str) -> bool {
        self.again.is_some_and(|again| again.get(0) == Some(first))
    }

    fn reject<'f>(&mut self, row: u64, why: Note, fields: impl Iterator<Item = &'f str>) {
        self.part.rejected_count += 1;
        if self.part.rejected.len() < REJECTED_SHOWN {
            self.part.rejected.push(Rejected { row, why, excerpt: tidy::excerpt(fields) });
        }
    }

    /// A whole record of `count` fields.
    fn record<'f>(&mut self, row: u64, count: usize, fields: impl Iterator<Item = &'f str> + Clone) {
        let width = self.names.len();
        // One column: an empty field is a missing value. More: nobody's row.
        if width > 1 && fields.clone().all(|field| field.trim().is_empty()) {
            self.part.blank += 1;
            return;
        }
        if count > width && fields.clone().skip(width).any(|field| !field.trim().is_empty()) {
            let why = Note::new("too_many_fields").with("found", count).with("expected", width);
            self.reject(row, why, fields);
            return;
        }
        if self.again.is_some_and(|again| again.len() == count && again.iter().eq(fields.clone())) {
            self.reject(row, Note::new("names_again"), fields);
            return;
        }
        for (builder, field) in self.columns.iter_mut().zip(fields) {
            builder.append_value(field);
        }
        self.keep(row, count);
    }

    fn finish(mut self, passed: u64) -> Part {
        self.part.columns = self.columns.into_iter().map(StringChunkedBuilder::finish).collect();
        self.part.passed = passed;
        self.part
    }
}

impl Part {
    fn read(plan: Plan<'_>, builder: Builder<'_>, report: &Reporter) -> crate::Result<Self> {
        report.check()?;
        let bytes = plan.text.as_bytes();
        let has = |byte: u8| memchr::memchr(byte, bytes).is_some();
        let lone_return = || memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'));
        match plan.dialect.layout {
            Layout::Separated(separator)
                if plan.cells.is_none()
                    && plan.comment.is_none()
                    && !(plan.dialect.quoting && has(b'"'))
                    && !lone_return() =>
            {
                Self::plain(plan, builder, separator, report)
            }
            _ => Self::any(plan, builder, report),
        }
    }

    /// A piece without quotes, comments and odd line ends: what most programs write.
    fn plain(
        plan: Plan<'_>,
        mut builder: Builder<'_>,
        separator: u8,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let piece = plan.text;
        let width = builder.names.len();
        let mut marks = Marks::new(piece.as_bytes(), separator);
        let mut lines = Lines { piece, width, starts: Vec::new(), count: 0 };
        let (mut line, mut row) = (0, plan.lines);
        while line < piece.len() {
            // Where the fields begin, and one behind the end of the last.
            let mark = lines.starts.len();
            lines.starts.push(line);
            let end = loop {
                match marks.next() {
                    Some((at, true)) => lines.starts.push(at + 1),
                    Some((at, false)) => break at,
                    None => break piece.len(),
                }
            };
            row += 1;
            let is_crlf = end > line && piece.as_bytes().get(end - 1) == Some(&b'\r');
            let text_end = if is_crlf { end - 1 } else { end };
            lines.starts.push(text_end + 1);
            let fields = lines.starts.len() - mark - 1;
            // Separators and line ends are ASCII: every cut lies between characters.
            let text = piece.get(line..text_end).unwrap_or_default();
            let first = lines.starts.get(mark + 1).and_then(|next| piece.get(line..next - 1));
            let is_odd = fields != width
                || width > 1 && is_blank(text, separator)
                || builder.is_suspect(first.unwrap_or_default());
            if !is_odd && !text.is_empty() {
                lines.count += 1;
                builder.keep(row, fields);
                if lines.count == LINES {
                    lines.fill(&mut builder.columns);
                    report.check()?;
                }
            } else {
                lines.starts.truncate(mark);
                if !text.is_empty() {
                    lines.fill(&mut builder.columns);
                    let fields = text.split(char::from(separator));
                    builder.record(row, fields.clone().count(), fields);
                }
            }
            line = end + 1;
        }
        lines.fill(&mut builder.columns);
        Ok(builder.finish(row))
    }

    /// Any piece.
    fn any(plan: Plan<'_>, mut builder: Builder<'_>, report: &Reporter) -> crate::Result<Self> {
        let mut records = Records::new(plan);
        let mut record = csv::StringRecord::new();
        let mut read = 0u64;
        // Text has no bytes that the reader could refuse.
        while let Ok(Some(row)) = records.next(&mut record) {
            read += 1;
            if read.is_multiple_of(8192) {
                report.check()?;
            }
            builder.record(row, record.len(), record.iter());
        }
        builder.part.unclosed = records.unclosed;
        Ok(builder.finish(records.row()))
    }
}

/// True for a line of blanks and separators; most lines show at once that they are none.
fn is_blank(line: &str, separator: u8) -> bool {
    let rest = line.trim_start_matches(|c: char| c == char::from(separator) || c.is_whitespace());
    rest.is_empty()
}

/// Lines of as many fields as there are columns, on their way into the columns: one column after the
/// other, for each stays in the processor while it is filled.
struct Lines<'a> {
    piece: &'a str,
    width: usize,
    /// `width + 1` places for each line: where its fields begin, and one behind its end.
    starts: Vec<usize>,
    count: usize,
}

impl Lines<'_> {
    fn fill(&mut self, columns: &mut [StringChunkedBuilder]) {
        for (at, column) in columns.iter_mut().enumerate() {
            for line in self.starts.chunks_exact(self.width + 1) {
                let (Some(&from), Some(&next)) = (line.get(at), line.get(at + 1)) else { continue };
                column.append_value(self.piece.get(from..next - 1).unwrap_or_default());
            }
        }
        self.starts.clear();
        self.count = 0;
    }
}
