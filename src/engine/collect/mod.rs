//! The outside world → tables. Nothing is lost without a word: records in = rows kept + records
//! rejected, and both are told.

mod csv;
mod decide;
mod facts;
mod profile;
mod records;
#[cfg(test)]
mod tests_odd;
#[cfg(test)]
mod tests_public;
mod text;
mod tidy;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::detect::date::Order;
use crate::detect::number::Decimal;
use crate::error::Place;
use crate::job::Reporter;
use crate::table::{Role, Table};

pub use profile::retype;

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
            | Self::UnknownEncoding { file, .. } => (file, None, None),
            Self::NoColumn { file, column, .. } => (file, None, Some(column.clone())),
            Self::Record { file, row, .. } => (file, Some(*row), None),
        };
        Place { file: Some(file.clone()), row, column }
    }

    /// Sorts an operating system's error by what a person can do about it.
    fn from_io(file: &Path, cause: std::io::Error) -> Self {
        let file = file.to_owned();
        match cause.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound { file },
            std::io::ErrorKind::PermissionDenied => Self::NoPermission { file },
            std::io::ErrorKind::IsADirectory => Self::IsFolder { file },
            _ => Self::Read { file, cause },
        }
    }
}

/// Reads a delimited text file: decoded as a stream, columns typed over all rows.
///
/// # Errors
/// Files that are absent, unreadable, empty or no text; roles for columns that are not there.
pub fn open(path: &Path, options: &ReadOptions, report: &Reporter) -> crate::Result<Table> {
    report.emit(crate::job::Event::Phase("read"));
    let decoded = text::decode(path, options.encoding.as_deref(), report)?;
    let mut table = csv::parse(path, decoded, options, report)?;
    report.emit(crate::job::Event::Phase("profile"));
    table.columns = profile::profile(&table, report)?;
    set_writing(&mut table, options)?;
    for (name, role) in &options.roles {
        set_role(&mut table, name, *role)?;
    }
    report.progress(1.0);
    Ok(table)
}

/// The first rows of a file, to show while the rest is read. The same function as [`open`], on a
/// shorter text.
pub fn preview(path: &Path, options: &ReadOptions) -> crate::Result<Table> {
    let decoded = text::decode_head(path, options.encoding.as_deref(), 256 * 1024)?;
    let silent = Reporter::silent();
    let mut table = csv::parse(path, decoded, options, &silent)?;
    table.columns = profile::profile(&table, &silent)?;
    set_writing(&mut table, options)?;
    Ok(table)
}

/// Gives a column another role, and the type that goes with it. A new target takes the role from
/// the old one, which gets its own guess back.
///
/// # Errors
/// The table has no such column.
pub fn set_role(table: &mut Table, name: &str, role: Role) -> crate::Result<()> {
    let at = position(table, name)?;
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

/// Reads a column's numbers as the person says that they are written.
///
/// # Errors
/// The table has no such column.
pub fn set_decimal(table: &mut Table, name: &str, decimal: Decimal) -> crate::Result<()> {
    let at = position(table, name)?;
    profile::rewrite(table, at, Some(decimal), None);
    Ok(())
}

/// Reads a column's dates as the person says that they are written.
///
/// # Errors
/// The table has no such column.
pub fn set_date_order(table: &mut Table, name: &str, order: Order) -> crate::Result<()> {
    let at = position(table, name)?;
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

fn position(table: &Table, name: &str) -> crate::Result<usize> {
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
