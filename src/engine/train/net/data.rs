//! Rows as a network reads them: table features, categories, tokens, events, and the truth.

use std::ops::Range;

use super::{Head, Inputs, NetError};

/// Categorical inputs, `rows × columns` ids, row by row. Id 0, and any id that training has not
/// seen, is the unknown level.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Categories {
    /// Levels of each column, with the unknown one.
    pub levels: Vec<usize>,
    pub ids: Vec<u32>,
}

/// Sequences of unequal length in one vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Ragged<T> {
    /// Numbers of each step: 1 for tokens, the channels for events.
    pub width: usize,
    /// Where each row's steps begin, and where the last ends: `rows + 1` counts of steps.
    pub starts: Vec<usize>,
    /// `steps × width`.
    pub values: Vec<T>,
}

impl<T: Copy> Ragged<T> {
    /// No rows yet.
    pub fn new(width: usize) -> Self {
        Self { width: width.max(1), starts: vec![0], values: Vec::new() }
    }

    /// Adds a row; numbers past the last whole step are left out.
    pub fn push(&mut self, steps: &[T]) {
        let whole = steps.len() / self.width;
        self.values.extend(steps.iter().take(whole * self.width));
        self.starts.push(self.starts.last().copied().unwrap_or(0) + whole);
    }

    /// From `rows × steps × width` numbers padded to equal length, and the real length of each row.
    pub fn from_padded(width: usize, steps: usize, values: &[T], lengths: &[usize]) -> Self {
        let mut out = Self::new(width);
        for (row, length) in values.chunks(steps.max(1) * out.width).zip(lengths) {
            out.push(row.get(..length.min(&steps) * out.width).unwrap_or(row));
        }
        out
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn range(&self, row: usize) -> Range<usize> {
        match (self.starts.get(row), self.starts.get(row + 1)) {
            (Some(from), Some(to)) => *from..*to,
            _ => 0..0,
        }
    }

    /// Steps of a row.
    pub fn len(&self, row: usize) -> usize {
        self.range(row).len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// The first steps of a row, at most `limit`.
    pub fn row(&self, row: usize, limit: usize) -> &[T] {
        let range = self.range(row);
        let to = range.end.min(range.start.saturating_add(limit));
        self.values.get(range.start * self.width..to * self.width).unwrap_or(&[])
    }

    fn is_sound(&self, rows: usize) -> bool {
        self.starts.len() == rows + 1
            && self.starts.first() == Some(&0)
            && self.starts.windows(2).all(|w| w[0] <= w[1])
            && self.starts.last().and_then(|n| n.checked_mul(self.width)) == Some(self.values.len())
    }
}

/// What a network reads, row by row; each kind may be absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NetData {
    pub rows: usize,
    /// Table features, `rows × width`, row by row, scaled by the caller.
    pub table: Vec<f32>,
    pub table_width: usize,
    pub categories: Categories,
    /// Token ids; 0 and ids beyond the vocabulary are unknown.
    pub tokens: Option<Ragged<u32>>,
    /// Tokens that are told apart, with the unknown one.
    pub vocabulary: usize,
    /// Events, oldest first, scaled by the caller.
    pub events: Option<Ragged<f32>>,
}

impl NetData {
    /// The shapes that a network for this data has.
    pub fn inputs(&self) -> Inputs {
        Inputs {
            table: self.table_width,
            categories: self.categories.levels.clone(),
            vocabulary: if self.tokens.is_some() { self.vocabulary.max(1) } else { 0 },
            channels: self.events.as_ref().map_or(0, |events| events.width),
        }
    }

    /// Checks that all parts have the same rows and only finite numbers.
    ///
    /// # Errors
    /// The part that does not fit is named.
    pub fn check(&self) -> Result<(), NetError> {
        let wrong = |what| Err(NetError::Shape { what });
        if Some(self.table.len()) != self.rows.checked_mul(self.table_width) {
            return wrong("table");
        }
        if Some(self.categories.ids.len()) != self.rows.checked_mul(self.categories.levels.len()) {
            return wrong("categories");
        }
        if self.tokens.as_ref().is_some_and(|t| t.width != 1 || !t.is_sound(self.rows)) {
            return wrong("tokens");
        }
        if self.events.as_ref().is_some_and(|e| e.width == 0 || !e.is_sound(self.rows)) {
            return wrong("events");
        }
        let events = self.events.as_ref().map_or(&[][..], |events| &events.values);
        if !self.table.iter().chain(events).all(|x| x.is_finite()) {
            return Err(NetError::NotFinite);
        }
        if self.inputs() == Inputs::default() {
            return wrong("inputs");
        }
        Ok(())
    }

    /// Steps of a row that are read.
    pub(crate) fn steps(&self, row: usize, max_len: usize) -> usize {
        let tokens = self.tokens.as_ref().map_or(0, |t| t.len(row));
        let events = self.events.as_ref().map_or(0, |e| e.len(row));
        tokens.max(events).min(max_len)
    }

    /// Rows of which a sequence is longer than `max_len`.
    pub(crate) fn cut(&self, max_len: usize) -> usize {
        let long = |row: usize| {
            self.tokens.as_ref().is_some_and(|t| t.len(row) > max_len)
                || self.events.as_ref().is_some_and(|e| e.len(row) > max_len)
        };
        (0..self.rows).filter(|row| long(*row)).count()
    }

    /// A fingerprint of every number, for a checkpoint to know its data again.
    pub(crate) fn hash(&self, into: &mut blake3::Hasher) {
        into.update(&(self.rows as u64).to_le_bytes());
        let floats = |values: &[f32], into: &mut blake3::Hasher| {
            values.iter().for_each(|x| {
                into.update(&x.to_le_bytes());
            });
        };
        floats(&self.table, into);
        self.categories.ids.iter().for_each(|id| {
            into.update(&id.to_le_bytes());
        });
        if let Some(tokens) = &self.tokens {
            tokens.starts.iter().for_each(|at| {
                into.update(&(*at as u64).to_le_bytes());
            });
            tokens.values.iter().for_each(|id| {
                into.update(&id.to_le_bytes());
            });
        }
        if let Some(events) = &self.events {
            events.starts.iter().for_each(|at| {
                into.update(&(*at as u64).to_le_bytes());
            });
            floats(&events.values, into);
        }
    }
}

/// The truth of each row.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Binary(Vec<bool>),
    /// Class of each row, from 0.
    Class(Vec<u32>),
    /// `rows × labels`, row by row.
    Labels(Vec<bool>),
    Number(Vec<f32>),
}

impl Target {
    /// Checks that the target suits `head` and has `rows` rows.
    ///
    /// # Errors
    /// It does not; a class beyond the last; a number that is not finite.
    pub fn check(&self, head: Head, rows: usize) -> Result<(), NetError> {
        let fits = match (self, head) {
            (Self::Binary(y), Head::Binary) => y.len() == rows,
            (Self::Class(y), Head::MultiClass { classes }) => {
                y.len() == rows && y.iter().all(|c| (*c as usize) < classes)
            }
            (Self::Labels(y), Head::MultiLabel { labels }) => Some(y.len()) == rows.checked_mul(labels),
            (Self::Number(y), Head::Regression) => y.len() == rows && y.iter().all(|x| x.is_finite()),
            _ => false,
        };
        if fits { Ok(()) } else { Err(NetError::Shape { what: "target" }) }
    }

    /// The class of a row for weights and balanced batches; all rows are one class for numbers.
    pub(crate) fn class(&self, row: usize) -> usize {
        match self {
            Self::Binary(y) => usize::from(y.get(row).copied().unwrap_or(false)),
            Self::Class(y) => y.get(row).map_or(0, |c| *c as usize),
            Self::Labels(_) | Self::Number(_) => 0,
        }
    }

    /// Writes a row as the loss wants it: 0 or 1, one-hot, labels, or the number.
    pub(crate) fn write(&self, row: usize, outputs: usize, scale: (f32, f32), into: &mut Vec<f32>) {
        let bit = |y: bool| f32::from(u8::from(y));
        match self {
            Self::Binary(y) => into.push(y.get(row).copied().map_or(0.0, bit)),
            Self::Class(y) => {
                let class = y.get(row).map_or(0, |c| *c as usize);
                into.extend((0..outputs).map(|at| bit(at == class)));
            }
            Self::Labels(y) => {
                into.extend((0..outputs).map(|at| y.get(row * outputs + at).copied().map_or(0.0, bit)));
            }
            Self::Number(y) => into.push((y.get(row).copied().unwrap_or(0.0) - scale.0) / scale.1),
        }
    }

    /// A fingerprint, for a checkpoint to know its data again.
    pub(crate) fn hash(&self, into: &mut blake3::Hasher) {
        match self {
            Self::Binary(y) | Self::Labels(y) => y.iter().for_each(|y| {
                into.update(&[u8::from(*y)]);
            }),
            Self::Class(y) => y.iter().for_each(|c| {
                into.update(&c.to_le_bytes());
            }),
            Self::Number(y) => y.iter().for_each(|x| {
                into.update(&x.to_le_bytes());
            }),
        }
    }
}
