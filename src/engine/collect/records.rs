//! Text → records one by one, each with its row in the file (blank lines and lines in quotes
//! counted as a spreadsheet counts them).

use crate::detect::dialect::{self, Dialect, Layout};

/// A part of a table, as a spreadsheet writes it: columns and rows, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cells {
    /// From 0.
    pub columns: (usize, usize),
    /// From 1.
    pub rows: (u64, u64),
}

impl Cells {
    /// Reads `B3:H200`, or `B:H`, or `3:200`.
    pub fn parse(text: &str) -> Option<Self> {
        let corner = |text: &str| {
            let text = text.trim().replace('$', "");
            let digits = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
            let (letters, row) = text.split_at_checked(digits)?;
            let column = letters.chars().try_fold(0usize, |sum, c| {
                let c = c.to_ascii_uppercase();
                c.is_ascii_uppercase()
                    .then(|| sum.checked_mul(26)?.checked_add(c as usize - 'A' as usize + 1))?
            })?;
            let row =
                if row.is_empty() { None } else { Some(row.parse::<u64>().ok().filter(|row| *row > 0)?) };
            let column = if letters.is_empty() { None } else { Some(column.checked_sub(1)?) };
            (column.is_some() || row.is_some()).then_some((column, row))
        };
        let (from, to) = text.split_once(':')?;
        let ((first, top), (last, bottom)) = (corner(from)?, corner(to)?);
        let columns = (first.unwrap_or(0), last.unwrap_or(usize::MAX));
        let rows = (top.unwrap_or(1), bottom.unwrap_or(u64::MAX));
        (columns.0 <= columns.1 && rows.0 <= rows.1).then_some(Self { columns, rows })
    }
}

/// What the records are read from and how.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub text: &'a str,
    /// Where the records begin, in bytes, and the lines before that place.
    pub start: usize,
    pub lines: u64,
    pub dialect: Dialect,
    pub comment: Option<u8>,
    pub cells: Option<Cells>,
}

/// Records one by one. A quote that is never closed would swallow the rest of the file: from its
/// record on, quotes are read as ordinary characters, and the place is remembered.
pub(super) struct Records<'a> {
    plan: Plan<'a>,
    source: Source<'a>,
    start: usize,
    /// Row of the record that was read last, from 1.
    row: u64,
    /// Line in which a quote was opened that is never closed.
    pub unclosed: Option<u64>,
}

enum Source<'a> {
    Separated(Box<csv::Reader<&'a [u8]>>),
    /// Bytes read so far.
    Padded(usize),
}

impl<'a> Records<'a> {
    pub fn new(plan: Plan<'a>) -> Self {
        let source = match plan.dialect.layout {
            Layout::Separated(sign) => {
                Source::Separated(reader(&plan, plan.start, sign, plan.dialect.quoting))
            }
            Layout::Blanks | Layout::WideBlanks => Source::Padded(0),
        };
        Self { plan, source, start: plan.start, row: plan.lines, unclosed: None }
    }

    /// Row of the record that was read last.
    pub fn row(&self) -> u64 {
        self.row
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.start
            + match &self.source {
                Source::Separated(reader) => usize::try_from(reader.position().byte()).unwrap_or(usize::MAX),
                Source::Padded(at) => *at,
            }
    }

    /// Reads the next record of the wanted cells; its row in the file, `None` at the end.
    pub fn next(&mut self, record: &mut csv::StringRecord) -> Result<Option<u64>, csv::Error> {
        while self.any(record)? {
            let Some(cells) = self.plan.cells else { return Ok(Some(self.row)) };
            if self.row > cells.rows.1 {
                return Ok(None);
            }
            if self.row >= cells.rows.0 {
                let (first, last) = cells.columns;
                let wanted = last.saturating_sub(first).saturating_add(1);
                *record = record.iter().skip(first).take(wanted).collect();
                return Ok(Some(self.row));
            }
        }
        Ok(None)
    }

    fn any(&mut self, record: &mut csv::StringRecord) -> Result<bool, csv::Error> {
        let before = self.skip_blank(self.position());
        match &mut self.source {
            Source::Padded(at) => {
                let rest = self.plan.text.get(before..).unwrap_or_default();
                let Some(line) = rest.split_inclusive('\n').next() else { return Ok(false) };
                *at = before + line.len() - self.start;
                record.clear();
                dialect::fields(line, self.plan.dialect.layout).for_each(|field| record.push_field(field));
                self.row += 1;
                Ok(true)
            }
            Source::Separated(reader) => {
                if !reader.read_record(record)? {
                    return Ok(false);
                }
                self.row += 1;
                self.reopen(before, record)
            }
        }
    }

    /// Where the next record begins; blank lines and comments on the way are counted as rows.
    fn skip_blank(&mut self, mut at: usize) -> usize {
        let bytes = self.plan.text.as_bytes();
        if at > 0 && bytes.get(at) == Some(&b'\n') && bytes.get(at - 1) == Some(&b'\r') {
            // The second half of the last record's end.
            at += 1;
        }
        let padded = matches!(self.source, Source::Padded(_));
        while let Some(&first) = bytes.get(at) {
            let rest = bytes.get(at..).unwrap_or_default();
            let line = || rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |end| end + 1);
            let length = match first {
                b'\r' if rest.get(1) == Some(&b'\n') => 2,
                b'\r' | b'\n' => 1,
                _ if self.plan.comment == Some(first) => line(),
                b' ' if padded && rest.get(..line()).is_some_and(|line| line.trim_ascii().is_empty()) => {
                    line()
                }
                _ => break,
            };
            self.row += 1;
            at += length;
        }
        at
    }

    /// Only the last record can hold a quote that is never closed.
    fn reopen(&mut self, before: usize, record: &mut csv::StringRecord) -> Result<bool, csv::Error> {
        let text = self.plan.text;
        let Layout::Separated(sign) = self.plan.dialect.layout else { return Ok(true) };
        if self.unclosed.is_some() || !self.plan.dialect.quoting || self.position() < text.len() {
            return Ok(true);
        }
        let tail = text.as_bytes().get(before..).unwrap_or_default();
        let quotes = tail.iter().filter(|&&b| b == b'"').count();
        if quotes % 2 == 0 || !tail.contains(&b'\n') || !record.iter().any(|field| field.contains('\n')) {
            return Ok(true);
        }
        let head = text.as_bytes().get(..before).unwrap_or_default();
        self.unclosed = Some(1 + head.iter().filter(|&&b| b == b'\n').count() as u64);
        self.start = before;
        let mut reader = reader(&self.plan, before, sign, false);
        let read = reader.read_record(record);
        self.source = Source::Separated(reader);
        read
    }
}

fn reader<'a>(plan: &Plan<'a>, start: usize, sign: u8, quoting: bool) -> Box<csv::Reader<&'a [u8]>> {
    Box::new(
        csv::ReaderBuilder::new()
            .delimiter(sign)
            .has_headers(false)
            .flexible(true)
            .quoting(quoting)
            .escape(plan.dialect.backslash.then_some(b'\\'))
            .comment(plan.comment)
            .buffer_capacity(1 << 16)
            .from_reader(plan.text.get(start..).unwrap_or_default().as_bytes()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, cells: Option<&str>) -> Vec<(u64, Vec<String>)> {
        let dialect =
            Dialect { layout: Layout::Separated(b','), quoting: true, backslash: false, agreement: 1.0 };
        let cells = cells.map(|range| Cells::parse(range).unwrap());
        let mut records =
            Records::new(Plan { text, start: 0, lines: 0, dialect, comment: Some(b'#'), cells });
        let mut record = csv::StringRecord::new();
        let mut out = Vec::new();
        while let Some(row) = records.next(&mut record).unwrap() {
            out.push((row, record.iter().map(str::to_owned).collect()));
        }
        out
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_counts_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "1,\"x", "y\"", "", "", "# no", "2,z", ""].join(end);
            // A comment is cut off at a line feed only.
            if end == "\r" {
                continue;
            }
            let found: Vec<u64> = rows(&text, None).into_iter().map(|(row, _)| row).collect();
            assert_eq!(found, [1, 3, 7], "{end:?}");
        }
        let found: Vec<u64> = rows("a,b\r\r1,2\r3,4", None).into_iter().map(|(row, _)| row).collect();
        assert_eq!(found, [1, 3, 4]);
    }

    #[test]
    fn cells_of_a_range() {
        let text = "t,,,\n,a,b,x\n,1,2,x\n,3,4,x\nend,,,\n";
        let found = rows(text, Some("B2:C4"));
        assert_eq!(found.len(), 3);
        assert_eq!(found[1], (3, vec!["1".to_owned(), "2".to_owned()]));
        assert_eq!(Cells::parse("B:C").unwrap().rows, (1, u64::MAX));
        assert_eq!(Cells::parse("$AA$3:AB4").unwrap().columns, (26, 27));
        for bad in ["", "B3", "H2:B9", "B0:C1", "?:1", "B3:C2", ":"] {
            assert_eq!(Cells::parse(bad), None, "{bad}");
        }
    }
}
