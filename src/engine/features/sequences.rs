//! What a row says in an order that counts, as it stands in the cleaned rows: free text, and a customer's
//! purchases and events. Nothing is fitted here: a network brings its own vocabulary and scales, and turns
//! the cells into steps when it learns and when it predicts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use polars::prelude::StringChunked;

use super::FeatureSpec;
use super::behaviour::HISTORY;
use crate::table::{ColumnSpec, Frame, Role};

/// The place of a row that says nothing in a column.
pub const NOTHING: u32 = u32::MAX;

/// The columns that networks may read in order: free text, and the history that a question over time
/// makes; without those that the person leaves out.
pub fn sequence_columns(spec: &FeatureSpec, schema: &[ColumnSpec]) -> Vec<String> {
    let is_read = |column: &&ColumnSpec| {
        column.role == Role::Text || (column.role == Role::Ignore && column.name == HISTORY)
    };
    let columns = schema.iter().filter(is_read).map(|column| column.name.clone());
    columns.filter(|name| !spec.exclude.contains(name)).collect()
}

/// A column's cells; copies share them.
#[derive(Debug, Clone)]
struct Cells {
    name: String,
    text: Arc<StringChunked>,
    /// The cell of each row of the matrix, [`NOTHING`] for none.
    rows: Vec<u32>,
}

impl Cells {
    fn at(&self, row: usize) -> &str {
        let place = self.rows.get(row).map_or(usize::MAX, |place| *place as usize);
        if place < self.text.len() { self.text.get(place).unwrap_or_default() } else { "" }
    }
}

/// The vectors that one network's bodies made of cells, by the cells' places: explaining asks for the same
/// ones many hundred times.
#[derive(Debug, Default)]
struct Memo {
    /// Fingerprint of the network.
    network: [u8; 32],
    vectors: HashMap<Vec<u32>, Arc<[f32]>>,
}

/// The columns beside a design matrix that are read in order, with a place for each of its rows.
#[derive(Debug, Clone, Default)]
pub struct Sequences {
    columns: Vec<Cells>,
    memo: Arc<Mutex<Memo>>,
}

impl PartialEq for Sequences {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &Cells, b: &Cells| {
            a.name == b.name
                && a.rows.len() == b.rows.len()
                && (0..a.rows.len()).all(|row| a.at(row) == b.at(row))
        };
        self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(a, b)| same(a, b))
    }
}

impl Sequences {
    /// The columns `names` of a frame; those that it lacks, or that hold no text, are left out.
    pub fn of(frame: &Frame, names: &[String]) -> Self {
        let height = u32::try_from(frame.height()).unwrap_or(NOTHING);
        let cells = |name: &String| {
            let text = Arc::new(frame.text(name)?.rechunk().into_owned());
            Some(Cells { name: name.clone(), text, rows: (0..height).collect() })
        };
        Self { columns: names.iter().filter_map(cells).collect(), memo: Arc::default() }
    }

    /// Names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|cells| cells.name.as_str())
    }

    /// True without columns.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The place of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|cells| cells.name == name)
    }

    /// What a row says in the column at `place`; empty where it says nothing.
    pub fn cell(&self, place: usize, row: usize) -> &str {
        self.columns.get(place).map_or("", |cells| cells.at(row))
    }

    /// Where a row's cell of the column at `place` lies, [`NOTHING`] for none: equal places say the same.
    pub fn place(&self, place: usize, row: usize) -> u32 {
        self.columns.get(place).and_then(|cells| cells.rows.get(row)).copied().unwrap_or(NOTHING)
    }

    /// The rows at `places`, in that order.
    pub fn select(&self, places: &[usize]) -> Self {
        self.with(|cells| places.iter().map(|&row| cells.rows.get(row).copied().unwrap_or(NOTHING)).collect())
    }

    /// `height` rows that say nothing.
    pub fn silent(&self, height: usize) -> Self {
        self.with(|_| vec![NOTHING; height])
    }

    /// The same columns with other rows: for each column the place of every row's cell.
    pub fn with_places(&self, rows: &[Vec<u32>]) -> Self {
        let mut rows = rows.iter();
        self.with(|_| rows.next().cloned().unwrap_or_default())
    }

    fn with(&self, mut rows: impl FnMut(&Cells) -> Vec<u32>) -> Self {
        let cells = |cells: &Cells| Cells { rows: rows(cells), ..cells.clone() };
        Self { columns: self.columns.iter().map(cells).collect(), memo: self.memo.clone() }
    }

    /// The same rows, of which nothing is remembered.
    pub(crate) fn forgotten(&self) -> Self {
        Self { columns: self.columns.clone(), memo: Arc::default() }
    }

    /// The vectors that `network` has made of these keys before.
    pub(crate) fn remembered(&self, network: [u8; 32], keys: &[Vec<u32>]) -> Vec<Option<Arc<[f32]>>> {
        match self.memo.lock() {
            Ok(memo) if memo.network == network => {
                keys.iter().map(|key| memo.vectors.get(key).cloned()).collect()
            }
            _ => vec![None; keys.len()],
        }
    }

    /// Keeps vectors of `network`; those of another are forgotten.
    pub(crate) fn remember(&self, network: [u8; 32], made: impl Iterator<Item = (Vec<u32>, Arc<[f32]>)>) {
        if let Ok(mut memo) = self.memo.lock() {
            if memo.network != network {
                *memo = Memo { network, vectors: HashMap::new() };
            }
            memo.vectors.extend(made);
        }
    }
}
