//! Delimited text → columns of text, on all cores: the text is cut into pieces at line ends that
//! are record ends, and the pieces are read side by side.
//!
//! Where a cut may fall is decided by counting quote marks; a quote mark that is data can fool the
//! count. A piece that was cut wrongly ends inside a quoted field, which shows, and then the whole
//! is read again in one piece.

use polars::prelude::*;
use rayon::prelude::*;

use crate::job::Reporter;
use crate::note::Note;
use crate::table::Rejected;

/// Rejected records that are kept to be shown.
const REJECTED_SHOWN: usize = 1000;
/// Bytes of a piece: some ten milliseconds of work, so that a cancel is answered soon.
const PIECE: usize = 4 << 20;

/// How the text is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing {
    pub separator: u8,
    /// `None` where quote marks are data.
    pub quote: Option<u8>,
    /// A backslash before a quote mark makes it data.
    pub backslash: bool,
    /// Lines that begin so are comments.
    pub comment: Option<u8>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// One column of text each; `null` where the record had no such field.
    pub columns: Vec<StringChunked>,
    /// Numbers of the kept records.
    pub rows: Vec<u32>,
    pub rejected: Vec<Rejected>,
    pub rejected_count: u64,
    /// Records with fewer fields than columns, and the first of them.
    pub short: u64,
    pub first_short: u64,
    /// A quote that is never closed: the record from which on quotes were read as data.
    pub unclosed: Option<u64>,
}

/// Reads the records of `text`, which follows the header. `first` is the number of its first record.
///
/// # Errors
/// The person cancelled; the table engine refuses the columns.
pub(super) fn read(
    text: &str,
    names: &[String],
    writing: Writing,
    first: u64,
    report: &Reporter,
) -> crate::Result<Records> {
    let cuts = cuts(text.as_bytes(), writing.quote);
    let done = std::sync::atomic::AtomicUsize::new(0);
    let parts: Vec<Part> = cuts
        .par_windows(2)
        .map(|pair| {
            report.check()?;
            let piece = text.get(pair[0]..pair[1]).unwrap_or_default();
            let part = Part::read(piece, names, writing, pair[1] == text.len());
            let n = done.fetch_add(piece.len(), std::sync::atomic::Ordering::Relaxed) + piece.len();
            report.progress(0.3 + 0.4 * n as f64 / text.len().max(1) as f64);
            Ok(part)
        })
        .collect::<crate::Result<_>>()?;
    let wrong = parts.len() > 1 && parts.iter().any(|part| part.open_end);
    let parts = match wrong {
        true => {
            report.check()?;
            vec![Part::read(text, names, writing, true)]
        }
        false => parts,
    };
    join(parts, names, first)
}

/// Puts the parts together, numbering the records through.
fn join(parts: Vec<Part>, names: &[String], first: u64) -> crate::Result<Records> {
    let mut out = Records::default();
    let mut number = first;
    let mut columns: Vec<Vec<StringChunked>> = names.iter().map(|_| Vec::new()).collect();
    for part in parts {
        let at = |place: u64| number + place;
        out.rows.extend(part.rows.iter().map(|&place| u32::try_from(at(place.into())).unwrap_or(u32::MAX)));
        for (place, mut rejected) in part.rejected {
            if out.rejected.len() < REJECTED_SHOWN {
                rejected.row = at(place);
                out.rejected.push(rejected);
            }
        }
        out.rejected_count += part.rejected_count;
        if out.short == 0 && part.short > 0 {
            out.first_short = at(part.first_short);
        }
        out.short += part.short;
        out.unclosed = out.unclosed.or(part.unclosed.map(at));
        number += part.records;
        for (all, column) in columns.iter_mut().zip(part.columns) {
            all.push(column);
        }
    }
    out.columns = columns
        .into_par_iter()
        .zip(names)
        .map(|(parts, name)| {
            let mut parts = parts.into_iter();
            let mut whole = parts.next().unwrap_or_else(|| StringChunked::full_null(name.as_str().into(), 0));
            for part in parts {
                whole.append_owned(part)?;
            }
            Ok(whole.rechunk().into_owned())
        })
        .collect::<PolarsResult<_>>()
        .map_err(crate::clean::CleanError::from)?;
    Ok(out)
}

/// Where the text is cut: at line ends outside quotes, about [`PIECE`] apart; from 0 to the end.
fn cuts(text: &[u8], quote: Option<u8>) -> Vec<usize> {
    let mut cuts = vec![0];
    let (mut counted, mut inside) = (0, false);
    let mut wish = PIECE;
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
        wish = cut + PIECE;
    }
    if cuts.last() != Some(&text.len()) {
        cuts.push(text.len());
    }
    cuts
}

/// What was read from one piece; records are counted from 0.
struct Part {
    columns: Vec<StringChunked>,
    rows: Vec<u32>,
    records: u64,
    rejected: Vec<(u64, Rejected)>,
    rejected_count: u64,
    short: u64,
    first_short: u64,
    unclosed: Option<u64>,
    /// The piece ends inside a quoted field, and is not the last one.
    open_end: bool,
}

/// Takes the fields of one record after the other.
struct Builder<'a> {
    names: &'a [String],
    columns: Vec<StringChunkedBuilder>,
    part: Part,
}

impl<'a> Builder<'a> {
    fn new(piece: &str, names: &'a [String]) -> Self {
        let lines = memchr::memchr_iter(b'\n', piece.as_bytes()).count() + 1;
        Self {
            names,
            columns: names.iter().map(|n| StringChunkedBuilder::new(n.as_str().into(), lines)).collect(),
            part: Part {
                columns: Vec::new(),
                rows: Vec::with_capacity(lines),
                records: 0,
                rejected: Vec::new(),
                rejected_count: 0,
                short: 0,
                first_short: 0,
                unclosed: None,
                open_end: false,
            },
        }
    }

    fn width(&self) -> usize {
        self.names.len()
    }

    fn keep(&mut self, fields: usize) {
        if fields < self.width() {
            if self.part.short == 0 {
                self.part.first_short = self.part.records;
            }
            self.part.short += 1;
            self.columns.iter_mut().skip(fields).for_each(StringChunkedBuilder::append_null);
        }
        self.part.rows.push(u32::try_from(self.part.records).unwrap_or(u32::MAX));
        self.part.records += 1;
    }

    fn reject<'f>(&mut self, found: usize, fields: impl Iterator<Item = &'f str>) {
        self.part.rejected_count += 1;
        if self.part.rejected.len() < REJECTED_SHOWN {
            let head = fields.take(8).collect::<Vec<_>>().join(" · ");
            let why = Note::new("too_many_fields").with("found", found).with("expected", self.width());
            let rejected = Rejected { row: 0, why, excerpt: head.chars().take(120).collect() };
            self.part.rejected.push((self.part.records, rejected));
        }
        self.part.records += 1;
    }

    /// A whole record.
    fn record<'f>(&mut self, count: usize, fields: impl Iterator<Item = &'f str> + Clone) {
        if count > self.width() && fields.clone().skip(self.width()).any(|field| !field.trim().is_empty()) {
            self.reject(count, fields);
            return;
        }
        for (builder, field) in self.columns.iter_mut().zip(fields) {
            builder.append_value(field);
        }
        self.keep(count);
    }

    fn finish(mut self) -> Part {
        self.part.columns = self.columns.into_iter().map(StringChunkedBuilder::finish).collect();
        self.part
    }
}

impl Part {
    fn read(piece: &str, names: &[String], writing: Writing, last: bool) -> Self {
        let bytes = piece.as_bytes();
        let has = |byte: Option<u8>| byte.is_some_and(|byte| memchr::memchr(byte, bytes).is_some());
        let lone_return = memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'));
        if has(writing.quote) || has(writing.comment) || lone_return {
            Self::quoted(piece, names, writing, last)
        } else {
            Self::plain(piece, names, writing.separator)
        }
    }

    /// A piece without quotes, comments and odd line ends: what most programs write.
    fn plain(piece: &str, names: &[String], separator: u8) -> Self {
        let mut builder = Builder::new(piece, names);
        let bytes = piece.as_bytes();
        let width = names.len();
        let mut ends: Vec<usize> = Vec::with_capacity(width + 1);
        let (mut line, mut at) = (0, 0);
        while line < bytes.len() {
            ends.clear();
            // Separators up to the end of the line.
            let end = loop {
                match memchr::memchr2(separator, b'\n', &bytes[at..]) {
                    Some(found) if bytes[at + found] == separator => {
                        ends.push(at + found);
                        at += found + 1;
                    }
                    Some(found) => break at + found,
                    None => break bytes.len(),
                }
            };
            let next = end + 1;
            let text_end = if end > line && bytes[end - 1] == b'\r' { end - 1 } else { end };
            if text_end > line {
                ends.push(text_end);
                let starts = std::iter::once(line).chain(ends.iter().map(|end| end + 1));
                // Separators and line ends are ASCII: every cut lies between characters.
                let field = |(from, to): (usize, &usize)| piece.get(from..*to).unwrap_or_default();
                if ends.len() > width {
                    let fields: Vec<&str> = starts.zip(&ends).map(field).collect();
                    builder.record(fields.len(), fields.iter().copied());
                } else {
                    for (column, place) in builder.columns.iter_mut().zip(starts.zip(&ends)) {
                        column.append_value(field(place));
                    }
                    builder.keep(ends.len());
                }
            }
            line = next;
            at = next;
        }
        builder.finish()
    }

    /// Any piece, by the csv crate.
    fn quoted(piece: &str, names: &[String], writing: Writing, last: bool) -> Self {
        let mut builder = Builder::new(piece, names);
        let mut quoting = writing;
        let mut start = 0;
        let mut record = csv::StringRecord::new();
        'again: loop {
            let mut reader = reader(&piece[start..], quoting);
            loop {
                let before = start + reader.position().byte() as usize;
                if !matches!(reader.read_record(&mut record), Ok(true)) {
                    break 'again;
                }
                let after = start + reader.position().byte() as usize;
                if after >= piece.len()
                    && let Some(quote) = quoting.quote
                    && is_open(&piece.as_bytes()[before.min(piece.len())..], quote, &record)
                {
                    builder.part.open_end = !last;
                    // It would swallow the rest of the file: from here on quotes are data.
                    builder.part.unclosed = Some(builder.part.records);
                    quoting.quote = None;
                    start = before;
                    continue 'again;
                }
                builder.record(record.len(), record.iter());
            }
        }
        builder.finish()
    }
}

/// True if a last record holds a quote that is never closed.
fn is_open(tail: &[u8], quote: u8, record: &csv::StringRecord) -> bool {
    let quotes = memchr::memchr_iter(quote, tail).count();
    quotes % 2 == 1 && tail.contains(&b'\n') && record.iter().any(|field| field.contains('\n'))
}

/// A reader of the csv crate for a writing.
pub(super) fn reader(text: &str, writing: Writing) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder
        .delimiter(writing.separator)
        .has_headers(false)
        .flexible(true)
        .quoting(writing.quote.is_some())
        .quote(writing.quote.unwrap_or(b'"'))
        .comment(writing.comment)
        .buffer_capacity(1 << 16);
    if writing.backslash {
        builder.escape(Some(b'\\')).double_quote(false);
    }
    builder.from_reader(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Writing = Writing { separator: b',', quote: Some(b'"'), backslash: false, comment: None };

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("c{i}")).collect()
    }

    fn cells(records: &Records) -> Vec<Vec<Option<String>>> {
        (0..records.rows.len())
            .map(|row| records.columns.iter().map(|c| c.get(row).map(str::to_owned)).collect())
            .collect()
    }

    fn quiet(text: &str, width: usize) -> Records {
        read(text, &names(width), COMMA, 2, &Reporter::silent()).unwrap()
    }

    #[test]
    fn plain_and_quoted_pieces_agree() {
        let text = "a,b,c\r\n\r\n1,,3\n4,5\n6,7,8,9\n6,7,8,\nlast,ü,客户";
        let plain = quiet(text, 3);
        let quoted = Part::quoted(text, &names(3), COMMA, true);
        let quoted = join(vec![quoted], &names(3), 2).unwrap();
        assert_eq!(cells(&plain), cells(&quoted));
        assert_eq!((plain.rows.clone(), plain.rejected_count), (quoted.rows.clone(), 1));
        assert_eq!(plain.rows, [2, 3, 4, 6, 7]);
        assert_eq!((plain.short, plain.first_short, plain.rejected[0].row), (1, 4, 5));
        assert_eq!(cells(&plain)[2], [Some("4".into()), Some("5".into()), None]);
    }

    #[test]
    fn pieces_are_cut_at_record_ends() {
        // Quoted line ends near every cut, and quote marks in pairs.
        let mut text = String::new();
        for i in 0..200_000 {
            text.push_str(&format!("{i},\"line one\nline \"\"two\"\" of {i}\",x\n"));
        }
        assert!(cuts(text.as_bytes(), Some(b'"')).len() > 2);
        let all = quiet(&text, 3);
        assert_eq!(all.rows.len(), 200_000);
        assert_eq!(all.columns[1].get(199_999), Some("line one\nline \"two\" of 199999"));
        assert_eq!(all.rows[199_999], 200_001);
    }

    #[test]
    fn a_quote_that_is_data_fools_nobody() {
        // One inch mark early in the file turns the count of quotes around for all the rest.
        let mut text = String::from("0,5\" pipe,x\n");
        for i in 1..200_000 {
            text.push_str(&format!("{i},\"two\nlines\",x\n"));
        }
        let all = quiet(&text, 3);
        assert_eq!(all.rows.len(), 200_000);
        assert_eq!(all.columns[1].get(0), Some("5\" pipe"));
        assert_eq!(all.columns[1].get(199_999), Some("two\nlines"));
    }

    #[test]
    fn an_unclosed_quote_costs_no_rows() {
        let all = quiet("1,a\n2,\"open\n3,c\n4,d\n", 2);
        assert_eq!((all.rows.len(), all.unclosed), (4, Some(3)));
    }
}
