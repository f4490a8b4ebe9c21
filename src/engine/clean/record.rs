//! What a step changed: counts over all rows, and the first changed cells.

use rayon::prelude::*;
use serde::Serialize;

use crate::note::Note;
use crate::table::Frame;

/// Changed cells kept per step and column, to be shown.
const EXAMPLES: usize = 100;

/// One changed cell; `None` is missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellChange {
    /// Permanent row id.
    pub row: u32,
    pub column: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Below so many rows columns are worked on one after the other: waking other threads takes longer.
const SIDE_BY_SIDE: usize = 512;

/// Rows kept with a finding, to be shown.
const FOUND: usize = 20;

/// What one rule, formula or limit of a step found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub what: Note,
    /// Rows that it is about.
    pub rows: u64,
    /// Permanent ids of the first of them.
    pub examples: Vec<u32>,
}

impl Finding {
    /// A finding about no row in particular.
    pub(super) fn about(what: Note) -> Self {
        Self { what, rows: 0, examples: Vec::new() }
    }

    /// A finding about the rows at these places of a frame.
    pub(super) fn of(what: Note, places: &[usize], frame: &Frame) -> Self {
        let examples = places.iter().filter_map(|&at| frame.rows.get(at)).copied().take(FOUND).collect();
        Self { what, rows: places.len() as u64, examples }
    }
}

/// A step's report.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Change {
    pub name: &'static str,
    pub rows_changed: u64,
    pub cells_changed: u64,
    pub rows_dropped: u64,
    /// Rows that became one with an earlier row of the same customer.
    pub rows_merged: u64,
    /// Changed cells by column, in the order of the table.
    pub columns: Vec<(String, u64)>,
    pub examples: Vec<CellChange>,
    /// Permanent ids of rows that were dropped (training) or flagged (scoring).
    pub flagged: Vec<u32>,
    /// What a person should know beyond the counts: what was left alone, rates used.
    pub notes: Vec<Note>,
    /// What each rule, formula or limit found.
    pub findings: Vec<Finding>,
    /// While scoring, of the step that looks for repeated rows: a key for each row.
    #[serde(skip)]
    pub(crate) keys: Vec<u64>,
}

impl Change {
    /// Rows that were flagged and are still there: neither dropped nor merged into another.
    pub fn rows_kept(&self) -> u64 {
        (self.flagged.len() as u64).saturating_sub(self.rows_dropped + self.rows_merged)
    }
}

/// Marks the rows at these places.
pub(super) fn mark(rows: &mut [bool], places: &[usize]) {
    for &at in places {
        if let Some(row) = rows.get_mut(at) {
            *row = true;
        }
    }
}

/// Collects a step's changes.
pub(super) struct Recorder {
    change: Change,
    rows: std::sync::Arc<Vec<u32>>,
    touched: Vec<bool>,
    /// Nobody reads the report: cells are not counted.
    is_deaf: bool,
    /// But the keys of the rows are wanted, and columns are worked on side by side.
    is_keyed: bool,
}

impl Recorder {
    pub(super) fn new(name: &'static str, before: &Frame) -> Self {
        Self {
            change: Change { name, ..Change::default() },
            rows: before.rows.clone(),
            touched: vec![false; before.height()],
            is_deaf: false,
            is_keyed: false,
        }
    }

    /// A recorder whose report nobody reads: changed cells are neither counted nor kept.
    pub(super) fn deaf(name: &'static str, before: &Frame) -> Self {
        Self {
            change: Change { name, ..Change::default() },
            rows: before.rows.clone(),
            touched: Vec::new(),
            is_deaf: true,
            is_keyed: false,
        }
    }

    /// A recorder of whose report only the keys of the rows are read.
    pub(super) fn keyed(name: &'static str, before: &Frame) -> Self {
        Self { is_keyed: true, ..Self::deaf(name, before) }
    }

    /// True if the keys of the rows are all that is read.
    pub(super) fn is_keyed(&self) -> bool {
        self.is_keyed
    }

    /// True if nobody reads the report.
    pub(super) fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    /// Works on several columns side by side, each with a recorder of its own; the reports are put
    /// together in the order of `columns`, so that the result does not depend on who was first.
    ///
    /// # Errors
    /// The first failure of `work`.
    pub(super) fn side_by_side<T: Sync, R: Send, E: Send>(
        &mut self,
        columns: &[T],
        work: impl Fn(&T, &mut Recorder) -> Result<R, E> + Sync,
    ) -> Result<Vec<R>, E> {
        if self.is_deaf && !self.is_keyed {
            return columns.iter().map(|column| work(column, self)).collect();
        }
        let (name, rows, is_deaf) = (self.change.name, &self.rows, self.is_deaf);
        let one = |column: &T| {
            let touched = if is_deaf { Vec::new() } else { vec![false; rows.len()] };
            let change = Change { name, ..Change::default() };
            let mut own = Recorder { change, rows: rows.clone(), touched, is_deaf, is_keyed: is_deaf };
            work(column, &mut own).map(|result| (result, own))
        };
        let done: Vec<(R, Recorder)> = match rows.len() < SIDE_BY_SIDE {
            true => columns.iter().map(one).collect::<Result<_, E>>()?,
            false => columns.par_iter().map(one).collect::<Result<_, E>>()?,
        };
        Ok(done
            .into_iter()
            .map(|(result, own)| {
                self.absorb(own);
                result
            })
            .collect())
    }

    fn absorb(&mut self, own: Recorder) {
        let Change {
            name: _,
            rows_changed: _,
            cells_changed,
            rows_dropped,
            rows_merged,
            columns,
            examples,
            flagged,
            notes,
            findings,
            keys: _,
        } = own.change;
        if cells_changed > 0 || !flagged.is_empty() {
            self.touched.iter_mut().zip(own.touched).for_each(|(all, one)| *all |= one);
        }
        self.change.cells_changed += cells_changed;
        self.change.rows_dropped += rows_dropped;
        self.change.rows_merged += rows_merged;
        self.change.columns.extend(columns);
        self.change.examples.extend(examples);
        self.change.flagged.extend(flagged);
        self.change.notes.extend(notes);
        self.change.findings.extend(findings);
    }

    /// Notes one changed cell; the texts are made only for cells that are kept.
    pub(super) fn cell(
        &mut self,
        at: usize,
        column: &str,
        before: impl FnOnce() -> Option<String>,
        after: impl FnOnce() -> Option<String>,
    ) {
        if self.is_deaf {
            return;
        }
        self.change.cells_changed += 1;
        if let Some(touched) = self.touched.get_mut(at) {
            *touched = true;
        }
        match self.change.columns.last_mut() {
            Some((name, count)) if name == column => *count += 1,
            _ => self.change.columns.push((column.to_owned(), 1)),
        }
        let of_column = self.change.columns.last().map_or(0, |(_, n)| *n as usize);
        if of_column <= EXAMPLES {
            self.change.examples.push(CellChange {
                row: self.rows.get(at).copied().unwrap_or(0),
                column: column.to_owned(),
                before: before(),
                after: after(),
            });
        }
    }

    pub(super) fn flag(&mut self, at: usize, dropped: bool) {
        self.change.flagged.extend(self.rows.get(at));
        self.change.rows_dropped += u64::from(dropped);
        if let Some(touched) = self.touched.get_mut(at) {
            *touched = true;
        }
    }

    /// Keeps a key for each row.
    pub(super) fn keys(&mut self, keys: Vec<u64>) {
        self.change.keys = keys;
    }

    pub(super) fn note(&mut self, note: Note) {
        self.change.notes.push(note);
    }

    pub(super) fn found(&mut self, finding: Finding) {
        self.change.findings.push(finding);
    }

    /// Notes a row that became one with another.
    pub(super) fn merge(&mut self, at: usize) {
        self.flag(at, false);
        self.change.rows_merged += 1;
    }

    pub(super) fn finish(mut self) -> Change {
        self.change.rows_changed = self.touched.iter().filter(|t| **t).count() as u64;
        self.change
    }
}
