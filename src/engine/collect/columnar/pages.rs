//! What a Parquet file says of itself, looked at before polars believes it: polars 0.55 reserves the memory
//! that lists of the footer and headers of pages ask for, and a program that asks for memory that no machine
//! has is ended on the spot. (parquet-format, `PageHeader`, in Thrift's compact protocol.)
//!
//! Looked at are counts and sizes. What stands within a page can be damaged all the same: most of that
//! polars finds itself.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use polars::prelude::*;

use crate::collect::format::Task;

/// Bytes in which most headers lie, and those that the longest is believed to have.
const USUAL: usize = 256;
const LONGEST: usize = 16 << 20;
/// Unpacked bytes of a page that nobody asks about.
const SMALL: i64 = 64 << 20;
/// Kinds of page.
const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const DATA_2: i64 = 3;
/// Values within values that are followed.
const DEEPEST: usize = 16;

/// A column of a row group: where its pages lie, and what the footer says of them.
pub(super) struct Chunk {
    pub from: u64,
    pub to: u64,
    pub values: i64,
    /// Unpacked bytes of all its pages.
    pub unpacked: i64,
    /// One value a row, present or not.
    pub is_flat: bool,
    /// Rows of the row group.
    pub rows: i64,
}

/// The columns of the row groups that hold the first `rows` rows.
pub(super) fn chunks(reader: &mut ParquetReader<File>, rows: usize) -> PolarsResult<Vec<Chunk>> {
    let (mut out, mut before) = (Vec::new(), 0usize);
    for group in &reader.get_metadata()?.row_groups {
        if before >= rows {
            break;
        }
        before = before.saturating_add(group.num_rows());
        out.extend(group.parquet_columns().iter().map(|column| {
            let range = column.byte_range();
            Chunk {
                from: range.start,
                to: range.end,
                values: column.num_values(),
                unpacked: column.uncompressed_size(),
                is_flat: column.descriptor().descriptor.max_rep_level == 0,
                rows: i64::try_from(group.num_rows()).unwrap_or(i64::MAX),
            }
        }));
    }
    Ok(out)
}

/// Refuses a file whose footer promises lists that it does not hold.
pub(super) fn check_footer(mut file: File, task: &Task<'_>) -> crate::Result<()> {
    let io = |cause| task.io(cause);
    let length = file.seek(SeekFrom::End(0)).map_err(io)?;
    let Some(tail) = length.checked_sub(8) else { return Ok(()) };
    let mut bytes = [0; 4];
    file.seek(SeekFrom::Start(tail)).and_then(|_| file.read_exact(&mut bytes)).map_err(io)?;
    let size = u32::from_le_bytes(bytes);
    // Of a footer that would begin before the file polars tells itself.
    let Some(from) = tail.checked_sub(u64::from(size)) else { return Ok(()) };
    let mut footer = Vec::new();
    file.seek(SeekFrom::Start(from)).map_err(io)?;
    file.take(u64::from(size)).read_to_end(&mut footer).map_err(io)?;
    let mut thrift = Thrift { bytes: &footer, at: 0 };
    thrift.skip(STRUCT, 0).ok_or_else(|| task.malformed("its footer cannot be understood"))
}

/// Refuses a file whose pages contradict its footer.
pub(super) fn check(mut file: File, chunks: &[Chunk], task: &Task<'_>) -> crate::Result<()> {
    let length = file.seek(SeekFrom::End(0)).map_err(|cause| task.io(cause))?;
    for chunk in chunks {
        task.report.check()?;
        if chunk.to > length {
            return Err(task.malformed("a column would lie behind its end"));
        }
        let is_right = walk(&mut file, chunk).map_err(|cause| task.io(cause))?;
        is_right.map_err(|cause| task.malformed(cause))?;
    }
    Ok(())
}

/// Goes through the pages of a chunk as polars does: until all values were seen.
fn walk(file: &mut File, chunk: &Chunk) -> std::io::Result<Result<(), &'static str>> {
    let has_all = if chunk.is_flat { chunk.values == chunk.rows } else { chunk.values >= chunk.rows };
    if !has_all {
        return Ok(Err("a column does not have a value for every row"));
    }
    let (mut at, mut seen) = (chunk.from, 0i64);
    while at < chunk.to && (seen < chunk.values || at == chunk.from) {
        let Some((header, bytes)) = read(file, at, chunk.to)? else {
            return Ok(Err("the head of a page cannot be understood"));
        };
        if let Some(cause) = header.fault(chunk, seen) {
            return Ok(Err(cause));
        }
        seen += header.values_of_rows();
        at = at.saturating_add(bytes).saturating_add(header.packed.unsigned_abs());
    }
    Ok(if seen == chunk.values { Ok(()) } else { Err("a column has fewer values than it says") })
}

/// The header at a place, and its length; `None` where it is none.
fn read(file: &mut File, at: u64, to: u64) -> std::io::Result<Option<(Header, u64)>> {
    let mut most = USUAL;
    loop {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        file.take((to - at).min(most as u64)).read_to_end(&mut bytes)?;
        let mut thrift = Thrift { bytes: &bytes, at: 0 };
        if let Some(header) = Header::read(&mut thrift) {
            return Ok(Some((header, thrift.at as u64)));
        }
        // Cut off by us, or no header: statistics in it can be long.
        if bytes.len() < most || most >= LONGEST {
            return Ok(None);
        }
        most = most.saturating_mul(16);
    }
}

/// What a page says of itself; what it leaves out is zero.
#[derive(Debug, Default, PartialEq)]
struct Header {
    kind: i64,
    unpacked: i64,
    packed: i64,
    values: i64,
    nulls: i64,
    /// Bytes of the levels before the values.
    levels: [i64; 2],
}

impl Header {
    fn read(thrift: &mut Thrift<'_>) -> Option<Self> {
        let mut header = Self::default();
        thrift.fields(0, &mut |thrift, field, kind| {
            match (field, kind) {
                (1, INTEGER) => header.kind = thrift.integer()?,
                (2, INTEGER) => header.unpacked = thrift.integer()?,
                (3, INTEGER) => header.packed = thrift.integer()?,
                // The heads of data, of a dictionary, and of data of the second kind.
                (5 | 7 | 8, STRUCT) => thrift.fields(1, &mut |thrift, own, kind| {
                    match (field, own, kind) {
                        (_, 1, INTEGER) => header.values = thrift.integer()?,
                        (8, 2, INTEGER) => header.nulls = thrift.integer()?,
                        (8, 5, INTEGER) => header.levels[0] = thrift.integer()?,
                        (8, 6, INTEGER) => header.levels[1] = thrift.integer()?,
                        // polars reads these whatever kind they say they are.
                        (_, 1, _) | (8, 2 | 5 | 6, _) => return None,
                        _ => thrift.skip(kind, 1)?,
                    }
                    Some(())
                })?,
                (1..=3 | 5 | 7 | 8, _) => return None,
                _ => thrift.skip(kind, 0)?,
            }
            Some(())
        })?;
        Some(header)
    }

    /// Values that are rows', not a dictionary's.
    fn values_of_rows(&self) -> i64 {
        if matches!(self.kind, DATA | DATA_2) { self.values } else { 0 }
    }

    /// What cannot be, after so many values of the chunk.
    fn fault(&self, chunk: &Chunk, seen: i64) -> Option<&'static str> {
        let numbers = [self.unpacked, self.packed, self.values, self.nulls, self.levels[0], self.levels[1]];
        if numbers.iter().any(|number| *number < 0) || self.nulls > self.values {
            return Some("a page counts below nothing");
        }
        if self.values_of_rows() > chunk.values.saturating_sub(seen) {
            return Some("a page has more values than its column");
        }
        // Each takes a byte at least.
        if self.kind == DICTIONARY && self.values > self.unpacked {
            return Some("a dictionary has more values than bytes");
        }
        if self.unpacked > chunk.unpacked.max(SMALL) {
            return Some("a page has more bytes than its column");
        }
        (self.levels.iter().sum::<i64>() > self.unpacked).then_some("a page is smaller than its parts")
    }
}

/// Kinds of value on the wire.
const INTEGER: u8 = 5;
const STRUCT: u8 = 12;

/// Bytes in Thrift's compact protocol. Everything gives `None` where they end too early or are none.
struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Takes a field's value: number and kind of the field are given.
type Take<'t> = &'t mut dyn FnMut(&mut Thrift<'_>, i64, u8) -> Option<()>;

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number with a sign, in zigzag.
    fn integer(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        let to = self.at.checked_add(usize::try_from(bytes).ok()?)?;
        self.at = (to <= self.bytes.len()).then_some(to)?;
        Some(())
    }

    fn fields(&mut self, depth: usize, take: Take<'_>) -> Option<()> {
        let mut field = 0i64;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Some(());
            }
            field = match byte >> 4 {
                0 => self.integer()?,
                step => field.checked_add(i64::from(step))?,
            };
            match depth <= DEEPEST {
                true => take(self, field, byte & 0x0f)?,
                false => return None,
            }
        }
    }

    /// Passes over a value; lists must be as long as they say.
    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            // True and false stand in the field's own byte.
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.number().map(drop),
            7 => self.pass(8),
            8 => self.number().and_then(|length| self.pass(length)),
            9 | 10 => {
                let byte = self.byte()?;
                let count = if byte >> 4 == 15 { self.number()? } else { u64::from(byte >> 4) };
                (0..count).try_for_each(|_| self.skip_item(byte & 0x0f, depth))
            }
            11 => {
                let count = self.number()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                (0..count).try_for_each(|_| {
                    self.skip_item(kinds >> 4, depth)?;
                    self.skip_item(kinds & 0x0f, depth)
                })
            }
            STRUCT => self.fields(depth + 1, &mut |thrift, _, kind| thrift.skip(kind, depth + 1)),
            _ => None,
        }
    }

    /// Within lists and maps true and false have a byte of their own; and everything takes one, so that no
    /// count keeps us.
    fn skip_item(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1..=3 => self.pass(1),
            _ if depth > DEEPEST => None,
            _ => self.skip(kind, depth + 1),
        }
    }
}
