//! The outside world → tables. Nothing is lost without a word: records in = rows kept + records
//! rejected, and both are told.

mod archive;
mod away;
mod columnar;
pub mod combine;
mod csv;
pub mod database;
mod decide;
mod distinct;
pub(crate) mod draw;
mod excel;
mod facts;
mod format;
#[cfg(test)]
mod format_tests;
mod gather;
pub mod http;
mod json;
mod magic;
pub mod memory;
mod pieces;
pub(crate) mod profile;
mod records;
pub mod relate;
mod stream;
mod summary;
mod tally;
#[cfg(test)]
mod tests_odd;
#[cfg(test)]
mod tests_public;
mod text;
mod tidy;
#[cfg(test)]
pub(crate) mod timing;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::detect::date::Order;
use crate::detect::number::Decimal;
use crate::error::Place;
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::table::{Role, Table};

pub use draw::{SampleSpec, Sampled, Stratum, Unit};
pub(crate) use format::{Holding, holding};
pub use gather::{gather, stack};
pub use profile::retype;
pub use stream::{Streamed, stream};
pub use summary::summary;

use format::{Found, Want};

/// How to read a file; everything left out is guessed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    pub encoding: Option<String>,
    pub separator: Option<char>,
    /// `Some(false)` for files whose first record is already data.
    pub header: Option<bool>,
    /// `Some(false)` where quote marks are data.
    pub quoting: Option<bool>,
    /// Lines that begin with this character are comments.
    pub comment: Option<char>,
    /// Which table of the file: a sheet, a member of an archive, a nested list, a database's table.
    pub part: Option<String>,
    /// The row, counted from 1, that names the columns; rows above it are titles.
    pub header_row: Option<u32>,
    /// Cells that make up the table, as a spreadsheet writes them: `B3:H200`.
    pub range: Option<String>,
    /// How numbers are written in a column, where the person has said so.
    pub decimals: Vec<(String, Decimal)>,
    /// How dates are written in a column, where the person has said so.
    pub date_orders: Vec<(String, Order)>,
    /// Roles that the person has set, by column name.
    pub roles: Vec<(String, Role)>,
}

impl ReadOptions {
    /// The same without what was said of single columns: roles and how they are written. Another file may
    /// lack such a column, and must be read all the same.
    #[must_use]
    pub fn without_columns(&self) -> Self {
        Self { roles: Vec::new(), decimals: Vec::new(), date_orders: Vec::new(), ..self.clone() }
    }
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error("{} does not exist", file.display())]
    NotFound { file: PathBuf },
    #[error("{} is a folder, not a file", file.display())]
    IsFolder { file: PathBuf },
    #[error("no permission to read {}", file.display())]
    NoPermission { file: PathBuf },
    #[error("reading {} failed: {cause}", file.display())]
    Read { file: PathBuf, cause: std::io::Error },
    #[error("{} is empty", file.display())]
    Empty { file: PathBuf },
    #[error("{} has a header and no rows", file.display())]
    NoRows { file: PathBuf },
    #[error("{} is not a text table: it looks like {looks_like}", file.display())]
    NotText { file: PathBuf, looks_like: &'static str },
    #[error("unknown encoding “{name}”")]
    UnknownEncoding { file: PathBuf, name: String },
    #[error("{} has no column “{column}”; it has: {present}", file.display())]
    NoColumn { file: PathBuf, column: String, present: String },
    #[error("record {row} of {} cannot be read: {cause}", file.display())]
    Record { file: PathBuf, row: u64, cause: String },
    #[error(transparent)]
    Database(#[from] database::DatabaseError),
    #[error(transparent)]
    Http(#[from] http::HttpError),
    #[error("{} has no part “{part}”; it has: {present}", file.display())]
    NoPart { file: PathBuf, part: String, present: String },
    #[error("{}{} is protected by a password", file.display(), within(part))]
    Encrypted { file: PathBuf, part: Option<String> },
    #[error("{}{} is cut off after {at} unpacked bytes", file.display(), within(part))]
    Truncated { file: PathBuf, part: Option<String>, at: u64 },
    #[error("{}{} unpacks to more than {limit} bytes", file.display(), within(part))]
    TooBig { file: PathBuf, part: Option<String>, limit: u64 },
    #[error("{}{} is damaged: {cause}", file.display(), within(part))]
    Malformed { file: PathBuf, part: Option<String>, cause: String },
    #[error("{}{} is not valid JSON in line {line}, character {column}: {cause}", file.display(), within(part))]
    BadJson { file: PathBuf, part: Option<String>, line: u64, column: u64, cause: &'static str },
    #[error("{} needs about {} of memory and {} are free", file.display(), gibibytes(*needed), gibibytes(*available))]
    TooLarge { file: PathBuf, needed: u64, available: u64 },
    #[error("“{range}” is no range of cells for {}", file.display())]
    BadRange { file: PathBuf, range: String },
    #[error("no readable file at {}", file.display())]
    NoFiles { file: PathBuf },
}

/// Bytes as a person reads them.
fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// The part of a file that an error speaks of, to stand behind the file's name.
fn within(part: &Option<String>) -> String {
    part.as_ref().map_or_else(String::new, |part| format!(" (“{part}”)"))
}

impl CollectError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::IsFolder { .. } => "is_folder",
            Self::NoPermission { .. } => "no_permission",
            Self::Read { .. } => "read_failed",
            Self::Empty { .. } => "empty_file",
            Self::NoRows { .. } => "no_rows",
            Self::NotText { .. } => "not_text",
            Self::UnknownEncoding { .. } => "unknown_encoding",
            Self::NoColumn { .. } => "no_column",
            Self::Record { .. } => "bad_record",
            Self::Database(e) => e.kind(),
            Self::Http(e) => e.kind(),
            Self::NoPart { .. } => "no_part",
            Self::Encrypted { .. } => "encrypted",
            Self::Truncated { .. } => "truncated",
            Self::TooBig { .. } => "unpacks_too_big",
            Self::TooLarge { .. } => "too_large",
            Self::Malformed { .. } => "malformed",
            Self::BadJson { .. } => "bad_json",
            Self::BadRange { .. } => "bad_range",
            Self::NoFiles { .. } => "no_files",
        }
    }

    pub(crate) fn place(&self) -> Place {
        let (file, row, column) = match self {
            Self::NotFound { file }
            | Self::IsFolder { file }
            | Self::NoPermission { file }
            | Self::Read { file, .. }
            | Self::Empty { file }
            | Self::NoRows { file }
            | Self::NotText { file, .. }
            | Self::UnknownEncoding { file, .. }
            | Self::NoPart { file, .. }
            | Self::Encrypted { file, .. }
            | Self::Truncated { file, .. }
            | Self::TooBig { file, .. }
            | Self::TooLarge { file, .. }
            | Self::Malformed { file, .. }
            | Self::BadRange { file, .. }
            | Self::NoFiles { file } => (file, None, None),
            Self::BadJson { file, line, .. } => (file, Some(*line), None),
            Self::NoColumn { file, column, .. } => (file, None, Some(column.clone())),
            Self::Record { file, row, .. } => (file, Some(*row), None),
            Self::Database(e) => return e.place(),
            Self::Http(e) => return e.place(),
        };
        Place { file: Some(file.clone()), row, column }
    }

    /// Sorts an operating system's error by what a person can do about it.
    fn from_io(file: &Path, cause: std::io::Error) -> Self {
        Self::from_io_within(file, None, cause)
    }

    /// [`from_io`](Self::from_io) for a part of a file: what went wrong while unpacking it has an
    /// error of its own.
    fn from_io_within(file: &Path, part: Option<&str>, cause: std::io::Error) -> Self {
        let (file, part) = (file.to_owned(), part.map(str::to_owned));
        match cause.get_ref().and_then(|inner| inner.downcast_ref::<archive::UnpackError>()) {
            Some(archive::UnpackError::Truncated { at }) => return Self::Truncated { file, part, at: *at },
            Some(archive::UnpackError::TooBig { limit }) => {
                return Self::TooBig { file, part, limit: *limit };
            }
            Some(archive::UnpackError::Damaged { .. }) => {
                return Self::Malformed { file, part, cause: cause.to_string() };
            }
            None => {}
        }
        match cause.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound { file },
            std::io::ErrorKind::PermissionDenied => Self::NoPermission { file },
            std::io::ErrorKind::IsADirectory => Self::IsFolder { file },
            _ => Self::Read { file, cause },
        }
    }
}

/// One table that a file holds, for a picker.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What [`ReadOptions::part`] takes; the file's own name where the file is one table.
    pub name: String,
    /// Rows as far as they are known without reading: cells of a sheet's used range count, header
    /// and titles included.
    pub rows: Option<u64>,
    /// A hidden sheet: never chosen by itself.
    pub hidden: bool,
    /// Why the part cannot be read or would not be chosen.
    pub why: Option<Note>,
}

/// What a file holds, in the file's order, read as little as its format permits.
///
/// # Errors
/// As [`open`].
pub fn parts(path: &Path) -> crate::Result<Vec<Part>> {
    format::list(path, &Reporter::silent())
}

/// Every table of a file, or only [`ReadOptions::part`], profiled. Roles are given where a table
/// has the column.
///
/// # Errors
/// As [`open`].
pub fn tables(path: &Path, options: &ReadOptions, report: &Reporter) -> crate::Result<Vec<Table>> {
    report.emit(Event::Phase("read"));
    memory::check(path, options)?;
    let want = options.part.as_deref().map_or(Want::All, Want::Part);
    let Found { mut tables, .. } = format::read(path, options, want, None, report)?;
    report.emit(Event::Phase("profile"));
    for table in &mut tables {
        table.columns = profile::profile(table, report)?;
        for (name, role) in &options.roles {
            if table.position(name).is_some() {
                set_role(table, name, *role)?;
            }
        }
    }
    report.progress(1.0);
    Ok(tables)
}

/// Reads the best table of a file, its columns typed over all rows: [`ReadOptions::part`] where
/// it is given (exact name, else without case), otherwise the visible part with most cells; of
/// nested JSON the outermost list. What is left aside is told in a warning.
///
/// # Errors
/// Files that are absent, unreadable, empty, damaged, protected or no table; a part or role for
/// a column that is not there; files that do not fit into memory, for which there is [`summary`].
pub fn open(path: &Path, options: &ReadOptions, report: &Reporter) -> crate::Result<Table> {
    report.emit(Event::Phase("read"));
    memory::check(path, options)?;
    finish(best(path, options, None, report)?, options, report)
}

/// Profiles a table as read and gives its columns the roles that the person has set.
fn finish(mut table: Table, options: &ReadOptions, report: &Reporter) -> crate::Result<Table> {
    report.emit(Event::Phase("profile"));
    table.columns = profile::profile(&table, report)?;
    set_writing(&mut table, options)?;
    for (name, role) in &options.roles {
        set_role(&mut table, name, *role)?;
    }
    report.progress(1.0);
    Ok(table)
}

/// The first rows of a file, to show while the rest is read. The same function as [`open`], on a
/// shorter text or fewer rows.
pub fn preview(path: &Path, options: &ReadOptions) -> crate::Result<Table> {
    let silent = Reporter::silent();
    let mut table = best(path, options, Some(format::PREVIEW_ROWS), &silent)?;
    table.columns = profile::profile(&table, &silent)?;
    set_writing(&mut table, options)?;
    Ok(table)
}

/// A table that was pasted: delimited text or JSON. `name` names the table.
///
/// # Errors
/// Text without rows; JSON that is broken.
pub fn from_text(name: &str, text: &str, options: &ReadOptions) -> crate::Result<Table> {
    let silent = Reporter::silent();
    finish(format::pasted(name, text, options, &silent)?, options, &silent)
}

fn best(path: &Path, options: &ReadOptions, head: Option<usize>, report: &Reporter) -> crate::Result<Table> {
    let want = options.part.as_deref().map_or(Want::Best, Want::Part);
    let Found { mut tables, others } = format::read(path, options, want, head, report)?;
    if tables.is_empty() {
        return Err(CollectError::Empty { file: path.to_owned() }.into());
    }
    let mut table = tables.swap_remove(0);
    if options.part.is_none() && !others.is_empty() {
        let chosen = table.source.part.clone().unwrap_or_else(|| table.name.clone());
        let names: Vec<&str> = others.iter().map(String::as_str).take(12).collect();
        let more = if others.len() > names.len() { " …" } else { "" };
        table.warnings.push(
            Note::new("other_parts")
                .with("part", chosen)
                .with("count", others.len())
                .with("others", format!("{}{more}", names.join(", "))),
        );
    }
    Ok(table)
}

/// Gives a column another role, and the type that goes with it. A new target takes the role from
/// the old one, which gets its own guess back.
///
/// # Errors
/// The table has no such column.
pub fn set_role(table: &mut Table, name: &str, role: Role) -> crate::Result<()> {
    let at = column_of(table, name)?;
    if role == Role::Target {
        for other in 0..table.columns.len() {
            if other != at && table.columns[other].role == Role::Target {
                profile::retype(table, other, None);
            }
        }
    }
    profile::retype(table, at, Some(role));
    Ok(())
}

/// Counts again what a table's cells hold, after rows were left out.
///
/// # Errors
/// The person cancelled.
pub(crate) fn recount(table: &mut Table, report: &Reporter) -> crate::Result<()> {
    profile::recount(table, report)
}

/// Reads a column's numbers as the person says that they are written.
///
/// # Errors
/// The table has no such column.
pub fn set_decimal(table: &mut Table, name: &str, decimal: Decimal) -> crate::Result<()> {
    let at = column_of(table, name)?;
    profile::rewrite(table, at, Some(decimal), None);
    Ok(())
}

/// Reads a column's dates as the person says that they are written.
///
/// # Errors
/// The table has no such column.
pub fn set_date_order(table: &mut Table, name: &str, order: Order) -> crate::Result<()> {
    let at = column_of(table, name)?;
    profile::rewrite(table, at, None, Some(order));
    Ok(())
}

/// What the person said of how columns are written wins over the guess.
fn set_writing(table: &mut Table, options: &ReadOptions) -> crate::Result<()> {
    for (name, decimal) in &options.decimals {
        set_decimal(table, name, *decimal)?;
    }
    for (name, order) in &options.date_orders {
        set_date_order(table, name, *order)?;
    }
    Ok(())
}

/// The place of a column by its name, written in any case.
///
/// # Errors
/// The table has no such column.
pub fn column_of(table: &Table, name: &str) -> crate::Result<usize> {
    table.position(name).ok_or_else(|| {
        let present: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).take(30).collect();
        CollectError::NoColumn {
            file: table.source.file.clone(),
            column: name.to_owned(),
            present: present.join(", "),
        }
        .into()
    })
}
