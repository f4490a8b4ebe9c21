//! A stream of Arrow IPC messages → the file format, which is the same messages between a mark
//! and a footer that lists them (Arrow columnar format, "IPC File Format"). The polars that we
//! build reads files only.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use crate::collect::format::Task;

/// Bytes of a message's description that are believed.
const LONGEST: usize = 64 << 20;
/// Kinds of message (`Message.fbs`).
const SCHEMA: u8 = 1;
const DICTIONARY: u8 = 2;

/// Where a message stands in the file: offset, bytes of its description, bytes of its body.
struct Block {
    offset: u64,
    description: u32,
    body: u64,
}

/// Copies a stream to a temporary file in the file format.
pub(super) fn to_file(file: File, task: &Task<'_>) -> crate::Result<File> {
    let io = |cause| task.io(cause);
    let mut input = BufReader::new(file);
    let mut output = BufWriter::new(tempfile::tempfile().map_err(io)?);
    output.write_all(b"ARROW1\0\0").map_err(io)?;
    let (mut offset, mut schema) = (8u64, None);
    let (mut dictionaries, mut batches) = (Vec::new(), Vec::new());
    loop {
        task.report.check()?;
        let mut prefix = [0; 8];
        match input.read_exact(&mut prefix) {
            Ok(()) => {}
            // A stream may end without its mark.
            Err(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(cause) => return Err(io(cause)),
        }
        let [a, b, c, d, length @ ..] = prefix;
        let length = u32::from_le_bytes(length);
        if [a, b, c, d] != [0xFF; 4] || length as usize > LONGEST {
            return Err(task.malformed("a message does not begin as one"));
        }
        if length == 0 {
            break;
        }
        let mut message = vec![0; length as usize];
        input.read_exact(&mut message).map_err(|_| task.malformed("a message is cut off"))?;
        let Some((kind, body)) = describe(&message) else {
            return Err(task.malformed("a message cannot be understood"));
        };
        output.write_all(&prefix).and_then(|()| output.write_all(&message)).map_err(io)?;
        let copied = std::io::copy(&mut input.by_ref().take(body), &mut output).map_err(io)?;
        if copied < body {
            return Err(task.malformed("a message is cut off"));
        }
        let block = Block { offset, description: length.saturating_add(8), body };
        offset += u64::from(block.description) + body;
        match kind {
            SCHEMA if schema.is_none() => schema = Some(message),
            SCHEMA => return Err(task.malformed("it describes its columns twice")),
            DICTIONARY => dictionaries.push(block),
            _ => batches.push(block),
        }
    }
    let footer = schema.and_then(|message| footer(&message, &dictionaries, &batches));
    let Some(footer) = footer else { return Err(task.malformed("it does not describe its columns")) };
    output.write_all(&[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]).map_err(io)?;
    output.write_all(&footer).map_err(io)?;
    output.write_all(&(footer.len() as u32).to_le_bytes()).map_err(io)?;
    output.write_all(b"ARROW1").map_err(io)?;
    let mut file = output.into_inner().map_err(|error| io(error.into_error()))?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    Ok(file)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Place of a field of a flatbuffer's table; `None` where it is left out.
fn field(bytes: &[u8], table: usize, index: usize) -> Option<usize> {
    let back = i32::from_le_bytes(number(bytes, table)?);
    let vtable = usize::try_from(i64::try_from(table).ok()? - i64::from(back)).ok()?;
    let size = u16::from_le_bytes(number(bytes, vtable)?) as usize;
    let entry = 4 + 2 * index;
    if entry + 2 > size {
        return None;
    }
    match u16::from_le_bytes(number(bytes, vtable + entry)?) {
        0 => None,
        at => table.checked_add(at as usize),
    }
}

/// Kind of a message and bytes of its body.
fn describe(message: &[u8]) -> Option<(u8, u64)> {
    let table = u32::from_le_bytes(number(message, 0)?) as usize;
    let kind = *message.get(field(message, table, 1)?)?;
    let body = match field(message, table, 3) {
        Some(at) => u64::try_from(i64::from_le_bytes(number(message, at)?)).ok()?,
        None => 0,
    };
    Some((kind, body))
}

/// The footer: its own table and lists of blocks, then the schema's message as it is. References
/// of flatbuffers are relative and lead forward, so the schema within need not be copied apart.
fn footer(message: &[u8], dictionaries: &[Block], batches: &[Block]) -> Option<Vec<u8>> {
    let table = u32::from_le_bytes(number(message, 0)?) as usize;
    let at = field(message, table, 2)?;
    let schema = at.checked_add(u32::from_le_bytes(number(message, at)?) as usize)?;
    // root, vtable (4 fields), table: version, schema, dictionaries, record batches.
    let (vtable, own) = (4usize, 16usize);
    let first = 36usize; // length of a list; its blocks begin at a multiple of 8
    let second = first + 4 + 24 * dictionaries.len() + 4;
    let end = second + 4 + 24 * batches.len();
    let mut out = Vec::with_capacity(end + message.len());
    out.extend(u32::try_from(own).ok()?.to_le_bytes());
    for entry in [12u16, 20, 4, 8, 12, 16] {
        out.extend(entry.to_le_bytes());
    }
    out.extend(i32::try_from(own - vtable).ok()?.to_le_bytes());
    out.extend([4, 0, 0, 0]); // version V5, padded
    for (place, target) in [(own + 8, end + schema), (own + 12, first), (own + 16, second)] {
        out.extend(u32::try_from(target - place).ok()?.to_le_bytes());
    }
    for (begin, blocks) in [(first, dictionaries), (second, batches)] {
        out.resize(begin, 0);
        out.extend(u32::try_from(blocks.len()).ok()?.to_le_bytes());
        for block in blocks {
            out.extend(block.offset.to_le_bytes());
            out.extend(block.description.to_le_bytes());
            out.extend([0; 4]);
            out.extend(block.body.to_le_bytes());
        }
    }
    out.extend(message);
    Some(out)
}
