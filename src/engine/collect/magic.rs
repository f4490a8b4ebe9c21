//! What a file is, told from its first bytes and not from its name.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::excel;

/// Bytes that tell the format.
pub(super) const HEAD: usize = 4096;

/// What a file's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Gzip,
    Zstd,
    Zip,
    Book(excel::Kind),
    Parquet,
    Ipc,
    IpcStream,
    Sqlite,
    /// Nothing that holds a table for us, by its plain name.
    Other(&'static str),
}

/// The format of a file on disk, for choosing among the files of a folder; `None` where it
/// cannot be read or holds no table.
pub(super) fn readable(path: &Path) -> Option<Format> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    match of(&head) {
        Format::Other(_) => None,
        format => Some(format),
    }
}

/// The format that the first bytes of a file tell. A zip archive may be a workbook: only its
/// contents tell.
pub(super) fn of(head: &[u8]) -> Format {
    const MAGICS: [(&[u8], Format); 22] = [
        (b"PK\x03\x04", Format::Zip),
        (b"PK\x05\x06", Format::Zip),
        (b"\xD0\xCF\x11\xE0", Format::Book(excel::Kind::Xls)),
        (b"\x1F\x8B", Format::Gzip),
        (b"\x28\xB5\x2F\xFD", Format::Zstd),
        (b"PAR1", Format::Parquet),
        (b"PARE", Format::Other("an encrypted Parquet file")),
        (b"ARROW1", Format::Ipc),
        (b"\xFF\xFF\xFF\xFF", Format::IpcStream),
        (b"FEA1", Format::Other("a Feather file of version 1")),
        (b"SQLite format 3\0", Format::Sqlite),
        (b"\x09\x08", Format::Other("a very old Excel workbook")),
        (b"\x09\x04", Format::Other("a very old Excel workbook")),
        (b"%PDF", Format::Other("a PDF document")),
        (b"\x89PNG", Format::Other("a picture")),
        (b"\xFF\xD8\xFF", Format::Other("a picture")),
        (b"GIF8", Format::Other("a picture")),
        (b"{\\rtf", Format::Other("a text document")),
        (b"7z\xBC\xAF", Format::Other("a 7z archive")),
        (b"Rar!", Format::Other("a RAR archive")),
        (b"BZh", Format::Other("a bzip2 archive")),
        (b"\xFD7zXZ", Format::Other("an xz archive")),
    ];
    if let Some((_, format)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
        // Magics of plain letters may begin a text.
        let letters = matches!(head.get(..3), Some(b"BZh" | b"PAR" | b"FEA" | b"Rar" | b"GIF"));
        let printable = head.iter().all(|&b| b >= 32 || matches!(b, b'\t' | b'\r' | b'\n'));
        return if letters && printable { Format::Text } else { *format };
    }
    if head.get(257..262) == Some(b"ustar") {
        return Format::Other("a tar archive");
    }
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let lower: Vec<u8> = start.iter().take(16).map(u8::to_ascii_lowercase).collect();
    if [b"<!doctype".as_slice(), b"<html", b"<table", b"<?xml", b"<head", b"<meta", b"<style"]
        .iter()
        .any(|tag| lower.starts_with(tag))
    {
        return Format::Other("a web page or XML file");
    }
    Format::Text
}
