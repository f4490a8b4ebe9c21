//! From a file to the reader of its format. Every reader gives tables of raw text; the profile
//! comes later.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::magic::{self, Format, HEAD};
use super::{CollectError, Part, ReadOptions, archive, columnar, csv, database, excel, json, text};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::Table;

/// Rows of a preview, where the format lets us stop.
pub(super) const PREVIEW_ROWS: usize = 2000;
/// Bytes of text of a preview.
const PREVIEW_BYTES: u64 = 256 * 1024;
/// Archives within archives that are followed.
const DEEPEST: usize = 2;

/// Which of a file's tables are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want<'a> {
    All,
    Best,
    Part(&'a str),
}

impl Want<'_> {
    /// Positions of the wanted among `names`: all, or the one that is asked for by its exact
    /// name, else without case; `None` where that one is not there.
    pub(super) fn among<S: AsRef<str>>(self, names: &[S]) -> Option<Vec<usize>> {
        let Self::Part(part) = self else { return Some((0..names.len()).collect()) };
        let wanted = part.trim().to_lowercase();
        let exact = names.iter().position(|name| name.as_ref() == part);
        exact
            .or_else(|| names.iter().position(|name| name.as_ref().trim().to_lowercase() == wanted))
            .map(|at| vec![at])
    }
}

/// The tables that were read (the best first, under [`Want::Best`]) and the names of those that
/// were left aside.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub tables: Vec<Table>,
    pub others: Vec<String>,
}

/// Where bytes come from, and how they are to be read.
#[derive(Clone)]
pub(super) struct Task<'a> {
    /// The file on disk.
    pub path: &'a Path,
    /// Size and blake3 of the file on disk; empty until known.
    pub bytes: u64,
    pub hash: String,
    /// The member of an archive that is read, with the archives around it: `2024/a.csv`.
    pub member: Option<String>,
    /// The name that the bytes would have as a file of their own.
    pub name: String,
    pub options: &'a ReadOptions,
    pub want: Want<'a>,
    /// Rows after which a preview stops.
    pub head: Option<usize>,
    pub report: &'a Reporter,
    pub depth: usize,
}

impl Task<'_> {
    /// Name of a table that is the whole of a file: the file's, without its endings.
    pub(super) fn stem(&self) -> String {
        stem(&self.name)
    }

    /// The full name of a part: the member of the archive first.
    pub(super) fn part(&self, inner: &str) -> String {
        self.member.as_ref().map_or_else(|| inner.to_owned(), |member| format!("{member}/{inner}"))
    }

    /// An error that says what there is instead of the part that was asked for.
    pub(super) fn no_part<S: AsRef<str>>(&self, names: &[S]) -> crate::Error {
        let part = match self.want {
            Want::Part(part) => part.to_owned(),
            _ => String::new(),
        };
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).take(30).collect();
        CollectError::NoPart { file: self.path.to_owned(), part, present: names.join(", ") }.into()
    }

    pub(super) fn malformed(&self, cause: impl ToString) -> crate::Error {
        let (file, part) = (self.path.to_owned(), self.member.clone());
        CollectError::Malformed { file, part, cause: cause.to_string() }.into()
    }

    pub(super) fn io(&self, cause: std::io::Error) -> crate::Error {
        // A reader that heard of cancel fails with an error of its own.
        match self.report.check() {
            Err(cancelled) => cancelled.into(),
            Ok(()) => CollectError::from_io_within(self.path, self.member.as_deref(), cause).into(),
        }
    }
}

/// A file's name without its endings.
pub(super) fn stem(name: &str) -> String {
    let mut name = name;
    for ending in [".gz", ".zst"] {
        name = name.strip_suffix(ending).unwrap_or(name);
    }
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => name.to_owned(),
    }
}

/// blake3 of a file on disk.
pub(super) fn hash_of(path: &Path, report: &Reporter) -> crate::Result<String> {
    let options = ReadOptions::default();
    let (mut file, task) = task(path, &options, Want::Best, None, report)?;
    hash(&mut file, &task)
}

/// Reads a file's tables, unprofiled.
pub(super) fn read(
    path: &Path,
    options: &ReadOptions,
    want: Want<'_>,
    head: Option<usize>,
    report: &Reporter,
) -> crate::Result<Found> {
    let (file, task) = task(path, options, want, head, report)?;
    read_file(file, task)
}

/// Hands the rows of a Parquet file to `each`, some row groups at a time, only `columns` where they are named;
/// `None` for a file of another format.
pub(super) fn stream_parquet(
    path: &Path,
    options: &ReadOptions,
    columns: Option<&[&str]>,
    report: &Reporter,
    each: &mut dyn FnMut(Table) -> crate::Result<()>,
) -> crate::Result<Option<super::Streamed>> {
    let (mut file, mut task) = task(path, options, Want::Best, None, report)?;
    if of_file(&mut file, &task)? != Format::Parquet {
        return Ok(None);
    }
    if columns.is_none() {
        task.hash = hash(&mut file, &task)?;
    }
    columnar::pass_parquet(&file, &task, columns, each).map(Some)
}

/// What there is to choose in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holding {
    /// Sheets with cells.
    Book,
    /// Several tables without cells: members, nested lists, a database's tables.
    Several,
    /// One table.
    One,
}

/// What there is to choose in a file; `None` where it cannot be read, which those tell who read it.
pub(crate) fn holding(path: &Path) -> Option<Holding> {
    let (options, silent) = (ReadOptions::default(), Reporter::silent());
    let (mut file, task) = task(path, &options, Want::All, None, &silent).ok()?;
    Some(match of_file(&mut file, &task).ok()? {
        Format::Book(_) => Holding::Book,
        Format::Zip | Format::Sqlite => Holding::Several,
        Format::Parquet | Format::Ipc | Format::IpcStream | Format::Other(_) => Holding::One,
        // Only reading tells whether lists are nested in a text, and what was packed.
        Format::Text | Format::Gzip | Format::Zstd => {
            let found = read_file(file, Task { head: Some(PREVIEW_ROWS), ..task }).ok()?;
            let is_book = found.tables.iter().any(|table| excel::is_book(table.source.format));
            match (is_book, found.tables.len() + found.others.len()) {
                (true, _) => Holding::Book,
                (false, 0 | 1) => Holding::One,
                (false, _) => Holding::Several,
            }
        }
    })
}

/// What a file holds.
pub(super) fn list(path: &Path, report: &Reporter) -> crate::Result<Vec<Part>> {
    let options = ReadOptions::default();
    let (mut file, task) = task(path, &options, Want::All, None, report)?;
    match of_file(&mut file, &task)? {
        Format::Zip => archive::list_zip(file, &task),
        Format::Book(kind) => excel::list(file, kind, &task),
        Format::Parquet => Ok(vec![part(task.stem(), Some(columnar::parquet_rows(file, &task)?))]),
        Format::Text | Format::Gzip | Format::Zstd => {
            let short = Task { head: Some(PREVIEW_ROWS), ..task.clone() };
            let found = read_file(file, short)?;
            if found.tables.len() < 2 && found.others.is_empty() {
                return Ok(vec![part(task.stem(), None)]);
            }
            // Lists that are nested in JSON: their rows are counted by reading.
            let tables = read(path, &options, Want::All, None, report)?.tables;
            Ok(tables.iter().map(|table| part(name_of(table), Some(table.records))).collect())
        }
        Format::Ipc | Format::IpcStream => Ok(vec![part(task.stem(), None)]),
        Format::Sqlite => database::list_file(&task),
        Format::Other(looks_like) => Err(other(&task, looks_like)),
    }
}

/// The name under which a table is asked for.
pub(super) fn name_of(table: &Table) -> String {
    table.source.part.clone().unwrap_or_else(|| table.name.clone())
}

fn part(name: String, rows: Option<u64>) -> Part {
    Part { name, rows, hidden: false, why: None }
}

/// Reads text that was pasted.
pub(super) fn pasted(
    name: &str,
    pasted: &str,
    options: &ReadOptions,
    report: &Reporter,
) -> crate::Result<Table> {
    let path = PathBuf::from(name);
    let want = options.part.as_deref().map_or(Want::Best, Want::Part);
    let task = Task {
        path: &path,
        bytes: pasted.len() as u64,
        hash: blake3::hash(pasted.as_bytes()).to_hex().to_string(),
        member: None,
        name: name.to_owned(),
        options,
        want,
        head: None,
        report,
        depth: 0,
    };
    if pasted.trim().is_empty() {
        return Err(CollectError::Empty { file: path.clone() }.into());
    }
    let decoded = text::Decoded {
        text: pasted.trim_start_matches('\u{feff}').to_owned(),
        encoding: "UTF-8",
        bytes: task.bytes,
        hash: task.hash.clone(),
        warnings: Vec::new(),
    };
    let mut tables = of_text(decoded, false, &task)?.tables;
    if tables.is_empty() {
        return Err(CollectError::NoRows { file: path.clone() }.into());
    }
    let mut table = tables.swap_remove(0);
    table.source.format = "clipboard";
    Ok(table)
}

fn task<'a>(
    path: &'a Path,
    options: &'a ReadOptions,
    want: Want<'a>,
    head: Option<usize>,
    report: &'a Reporter,
) -> crate::Result<(File, Task<'a>)> {
    let io = |cause| CollectError::from_io(path, cause);
    let meta = std::fs::metadata(path).map_err(io)?;
    if meta.is_dir() {
        return Err(CollectError::IsFolder { file: path.to_owned() }.into());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let task = Task {
        path,
        bytes: meta.len(),
        hash: String::new(),
        member: None,
        name,
        options,
        want,
        head,
        report,
        depth: 0,
    };
    Ok((File::open(path).map_err(io)?, task))
}

/// Reads the tables of an opened file: the one on disk, or one that was unpacked.
fn read_file(mut file: File, mut task: Task<'_>) -> crate::Result<Found> {
    let format = of_file(&mut file, &task)?;
    if task.hash.is_empty() && task.head.is_none() && !matches!(format, Format::Text | Format::Other(_)) {
        task.hash = hash(&mut file, &task)?;
    }
    let size = file.metadata().map(|meta| meta.len()).unwrap_or(0);
    match format {
        Format::Text => read_text(Box::new(file), size, true, &task),
        Format::Gzip => {
            let packed = std::io::BufReader::new(file);
            let reader = archive::Unpacking::new(flate2::bufread::MultiGzDecoder::new(packed), size);
            read_unpacked(Box::new(reader), size, &task)
        }
        Format::Zstd => {
            let reader = zstd::stream::read::Decoder::new(file).map_err(|cause| task.io(cause))?;
            read_unpacked(Box::new(archive::Unpacking::new(reader, size)), size, &task)
        }
        Format::Zip => archive::read_zip(file, &task),
        Format::Book(kind) => excel::read(file, kind, &task),
        Format::Parquet => columnar::read_parquet(file, &task),
        Format::Ipc => columnar::read_ipc(file, &task),
        Format::IpcStream => columnar::read_stream(file, &task),
        Format::Sqlite => database::read_file(file, &task),
        Format::Other(looks_like) => Err(other(&task, looks_like)),
    }
}

/// Reads unpacked bytes: text as a stream, all else by way of a temporary file.
pub(super) fn read_unpacked(
    mut reader: Box<dyn Read + '_>,
    expected: u64,
    task: &Task<'_>,
) -> crate::Result<Found> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(|cause| task.io(cause))?;
    match magic::of(&head) {
        Format::Text => read_text(Box::new(std::io::Cursor::new(head).chain(reader)), expected, false, task),
        Format::Other(looks_like) => Err(other(task, looks_like)),
        Format::Gzip | Format::Zstd | Format::Zip if task.depth >= DEEPEST => {
            Err(other(task, "an archive within archives"))
        }
        _ => {
            let mut file = tempfile::tempfile().map_err(|cause| task.io(cause))?;
            let mut all = std::io::Cursor::new(head).chain(reader);
            let mut chunk = vec![0; 1 << 20];
            loop {
                task.report.check()?;
                let n = all.read(&mut chunk).map_err(|cause| task.io(cause))?;
                let Some(read) = chunk.get(..n).filter(|read| !read.is_empty()) else { break };
                std::io::Write::write_all(&mut file, read).map_err(|cause| task.io(cause))?;
            }
            file.seek(SeekFrom::Start(0)).map_err(|cause| task.io(cause))?;
            read_file(file, Task { depth: task.depth + 1, ..task.clone() })
        }
    }
}

/// `direct` says that the stream is the file on disk, whose size and hash are learnt on the way.
fn read_text(
    reader: Box<dyn Read + '_>,
    expected: u64,
    direct: bool,
    task: &Task<'_>,
) -> crate::Result<Found> {
    let (mut reader, mut limit) = (reader, u64::MAX);
    if task.head.is_some() {
        let mut head = Vec::new();
        reader.by_ref().take(PREVIEW_BYTES).read_to_end(&mut head).map_err(|cause| task.io(cause))?;
        if !json::is_one_object(&head) {
            limit = PREVIEW_BYTES;
        }
        reader = Box::new(std::io::Cursor::new(head).chain(reader));
    }
    let source = text::Source { path: task.path, part: task.member.as_deref(), reader, expected };
    let mut decoded = text::decode(source, task.options.encoding.as_deref(), limit, task.report)?;
    let cut = decoded.bytes >= limit;
    if !direct {
        (decoded.bytes, decoded.hash) = (task.bytes, task.hash.clone());
    }
    of_text(decoded, cut, task)
}

fn of_text(decoded: text::Decoded, cut: bool, task: &Task<'_>) -> crate::Result<Found> {
    if json::is_json(&decoded.text) {
        return json::read(decoded, cut, task);
    }
    if let Want::Part(part) = task.want {
        let own = [task.member.clone().unwrap_or_else(|| task.stem())];
        // What follows a member's name is a part within it, and delimited text has none.
        if task.want.among(&own).is_none() && !part.is_empty() {
            return Err(task.no_part(&own));
        }
    }
    let mut table = csv::parse(task.path, decoded, task.options, task.report)?;
    table.name = task.stem();
    table.source.part = task.member.clone();
    Ok(Found { tables: vec![table], others: Vec::new() })
}

fn other(task: &Task<'_>, looks_like: &'static str) -> crate::Error {
    CollectError::NotText { file: task.path.to_owned(), looks_like }.into()
}

/// blake3 of a file, which is left at its beginning.
fn hash(file: &mut File, task: &Task<'_>) -> crate::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        task.report.check()?;
        let n = file.read(&mut chunk).map_err(|cause| task.io(cause))?;
        let Some(read) = chunk.get(..n).filter(|read| !read.is_empty()) else { break };
        hasher.update(read);
    }
    file.seek(SeekFrom::Start(0)).map_err(|cause| task.io(cause))?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn of_file(file: &mut File, task: &Task<'_>) -> crate::Result<Format> {
    let mut head = Vec::new();
    let io = |cause| task.io(cause);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let format = magic::of(&head);
    if format != Format::Zip {
        return Ok(format);
    }
    let inside = archive::inside_zip(file, task)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    Ok(inside)
}

/// Column names: trimmed, line breaks as blanks, empty ones named by position, twins numbered.
pub(super) fn names(given: &[String], warnings: &mut Vec<Note>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    // The next number of each name: a file with thousands of equal names need not count from 2 for each.
    let mut next: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let (mut twins, mut unnamed) = (0, 0);
    let out = given
        .iter()
        .enumerate()
        .map(|(at, given)| {
            let tidy = given.split(['\r', '\n']).map(str::trim).filter(|s| !s.is_empty());
            let tidy = tidy.collect::<Vec<_>>().join(" ");
            let base = if tidy.is_empty() {
                unnamed += 1;
                format!("column {}", at + 1)
            } else {
                tidy
            };
            let mut name = base.clone();
            while !seen.insert(name.clone()) {
                let copy = next.entry(base.clone()).or_insert(2);
                name = format!("{base} ({copy})");
                *copy += 1;
            }
            twins += usize::from(name != base);
            name
        })
        .collect();
    if unnamed > 0 && unnamed < given.len() {
        warnings.push(Note::new("unnamed_columns").with("count", unnamed));
    }
    if twins > 0 {
        warnings.push(Note::new("twin_names").with("count", twins));
    }
    out
}
