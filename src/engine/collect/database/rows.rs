//! Rows as they come from a database → a table of text, within a limit of memory.

use std::sync::Arc;

use polars::prelude::*;

use super::{Address, DatabaseError};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Provenance, Table};

/// Memory that a cell takes besides its text.
const CELL: u64 = 16;

/// Why no more rows are wanted, or an error.
pub(super) enum Halt {
    /// As many rows as were asked for.
    Enough,
    Error(crate::Error),
}

impl<E: Into<crate::Error>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Collects rows; made for one query.
pub(super) struct Rows {
    pub address: Address,
    pub report: Reporter,
    /// Bytes of memory that the rows may take.
    pub limit: u64,
    /// Rows wanted at most.
    pub most: u64,
    /// Rows that are expected, where that is known.
    pub expected: Option<u64>,
    /// Names of the columns, where they are not the database's: servers cut long ones.
    pub names: Option<Vec<String>>,
    pub warnings: Vec<Note>,
    builders: Vec<StringChunkedBuilder>,
    bytes: u64,
    memory: u64,
    count: u64,
    at: usize,
    /// Cells whose bytes are no UTF-8.
    undecodable: u64,
    binary: u64,
    zero_dates: u64,
    hasher: blake3::Hasher,
}

impl Rows {
    pub(super) fn new(address: Address, report: Reporter, limit: u64, most: u64) -> Self {
        Self {
            address,
            report,
            limit,
            most,
            expected: None,
            names: None,
            warnings: Vec::new(),
            builders: Vec::new(),
            bytes: 0,
            memory: 0,
            count: 0,
            at: 0,
            undecodable: 0,
            binary: 0,
            zero_dates: 0,
            hasher: blake3::Hasher::new(),
        }
    }

    /// Names the columns, before the first row; twins are numbered.
    pub(super) fn columns<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        let header: Vec<String> = match &self.names {
            Some(names) => names.clone(),
            None => names.map(str::to_owned).collect(),
        };
        let names = crate::collect::format::names(&header, &mut self.warnings);
        self.builders =
            names.iter().map(|name| StringChunkedBuilder::new(name.as_str().into(), 1024)).collect();
    }

    /// The next cell of the present row; `None` for NULL.
    pub(super) fn cell(&mut self, value: Option<&[u8]>) {
        let Some(builder) = self.builders.get_mut(self.at) else { return };
        self.at += 1;
        self.memory += CELL;
        let Some(value) = value else {
            self.hasher.update(&[0xff]);
            return builder.append_null();
        };
        let text = String::from_utf8_lossy(value);
        // No U+FFFD of a sender is counted: only borrowed text is known to be whole.
        self.undecodable += u64::from(matches!(text, std::borrow::Cow::Owned(_)));
        self.hasher.update(&(text.len() as u64).to_le_bytes());
        self.hasher.update(text.as_bytes());
        self.bytes += text.len() as u64;
        self.memory += text.len() as u64;
        builder.append_value(&text);
    }

    /// A cell that holds no text: its bytes are left where they are.
    pub(super) fn binary(&mut self) {
        self.binary += 1;
        self.cell(Some(b"(binary)"));
    }

    /// MySQL's way of writing "no date".
    pub(super) fn zero_date(&mut self) {
        self.zero_dates += 1;
        self.cell(None);
    }

    /// Ends the present row.
    pub(super) fn end(&mut self) -> Result<(), Halt> {
        self.at = 0;
        self.count += 1;
        if self.memory > self.limit {
            return Err(DatabaseError::TooLarge { address: self.address.clone(), limit: self.limit }.into());
        }
        if self.count.is_multiple_of(1024) {
            self.report.check()?;
            if let Some(expected) = self.expected {
                self.report.progress(0.7 * (self.count as f64 / expected.max(1) as f64).min(1.0));
            }
        }
        if self.count >= self.most { Err(Halt::Enough) } else { Ok(()) }
    }

    /// The table, not yet profiled.
    pub(super) fn table(self, name: String, part: String) -> crate::Result<Table> {
        let mut warnings = self.warnings;
        for (code, count) in [
            ("database_undecodable", self.undecodable),
            ("database_binary", self.binary),
            ("database_zero_dates", self.zero_dates),
        ] {
            if count > 0 {
                warnings.push(Note::new(code).with("count", count));
            }
        }
        if self.count == 0 || self.builders.is_empty() {
            return Err(DatabaseError::NoRows { address: self.address }.into());
        }
        let height = usize::try_from(self.count).unwrap_or(usize::MAX);
        let columns =
            self.builders.into_iter().map(|builder| builder.finish().into_series().into()).collect();
        let raw = DataFrame::new(height, columns)
            .map_err(|e| DatabaseError::Lost { address: self.address.clone(), cause: e.to_string() })?;
        Ok(Table {
            name,
            source: Provenance {
                file: self.address.file(),
                files: Vec::new(),
                format: self.address.format(),
                part: Some(part),
                encoding: String::new(),
                separator: None,
                header: true,
                bytes: self.bytes,
                hash: self.hasher.finalize().to_hex().to_string(),
                sampled: None,
            },
            raw,
            columns: Vec::new(),
            records: self.count,
            // As in a file: the names are record 1.
            rows: Arc::new((2..self.count + 2).map(|row| u32::try_from(row).unwrap_or(u32::MAX)).collect()),
            rejected: Vec::new(),
            rejected_count: 0,
            warnings,
        })
    }
}
