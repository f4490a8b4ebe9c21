//! Which column told what while learning. The names are kept with what was fitted: a later file is read by
//! them, and nothing of it is guessed anew.

use std::collections::BTreeMap;

use super::BehaviourError;
use crate::detect::words;
use crate::table::{Column, Table};

/// What is told (`sales.amount`, `events.kind`) → the column that tells it, and how it is read.
pub type Columns = BTreeMap<String, String>;

/// The columns while books are being read: by the names that were kept, else as guessed.
pub(super) struct Chosen<'k> {
    kept: Option<&'k Columns>,
    made: Columns,
}

/// What was kept of a thing that is told.
pub(super) enum Known<'k> {
    /// Nothing was learnt yet: the guess counts.
    Guess,
    /// It was learnt that nothing tells it.
    Nothing,
    Named(&'k str),
}

impl<'k> Chosen<'k> {
    /// `kept` are the columns that were learnt from, if anything was learnt yet.
    pub fn new(kept: Option<&'k Columns>) -> Self {
        Self { kept, made: Columns::new() }
    }

    /// What was kept of `what`.
    pub fn known(&self, what: &str) -> Known<'k> {
        match self.kept {
            None => Known::Guess,
            Some(kept) => kept.get(what).map_or(Known::Nothing, |name| Known::Named(name)),
        }
    }

    /// The column of `table` that tells `what`: the kept one, or `guess` where nothing was learnt yet.
    ///
    /// # Errors
    /// The kept column is not there.
    pub fn pick<'a>(
        &mut self,
        what: &str,
        table: &'a Table,
        guess: Option<&'a Column>,
    ) -> Result<Option<&'a Column>, BehaviourError> {
        let column = match self.known(what) {
            Known::Guess => guess,
            Known::Nothing => None,
            Known::Named(name) => Some(called(table, name).ok_or_else(|| BehaviourError::NoKeptColumn {
                table: table.name.clone(),
                column: name.to_owned(),
            })?),
        };
        if let Some(column) = column {
            self.note(what, &column.name);
        }
        Ok(column)
    }

    /// How something is read: as it was while learning, or as `guess` says where nothing was learnt yet.
    pub fn how(&mut self, what: &str, guess: impl FnOnce() -> Option<String>) -> Option<String> {
        let how = match self.known(what) {
            Known::Guess => guess(),
            Known::Nothing => None,
            Known::Named(how) => Some(how.to_owned()),
        };
        if let Some(how) = &how {
            self.note(what, how);
        }
        how
    }

    /// Notes what tells `what`.
    pub fn note(&mut self, what: &str, name: &str) {
        self.made.insert(what.to_owned(), name.to_owned());
    }

    /// Everything that was chosen.
    pub fn made(self) -> Columns {
        self.made
    }
}

/// A column by its name; a single one that is written otherwise (`Paid Amount` for `paid_amount`) counts too.
pub(super) fn called<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    let exact = table.columns.iter().find(|column| column.name == name);
    exact.or_else(|| {
        let tokens = words::tokens(name);
        let mut alike = table.columns.iter().filter(|column| words::tokens(&column.name) == tokens);
        alike.next().filter(|_| alike.next().is_none())
    })
}
