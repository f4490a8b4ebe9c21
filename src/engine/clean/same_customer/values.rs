//! The compared fields of all rows in little memory: each different normalised text once, and a
//! number for it per row. Rows stand in the order of their content, so that nothing that follows
//! depends on their order in the file.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use polars::prelude::DataType;
use rayon::prelude::*;

use super::normal::normal;
use super::{Field, FieldKind};
use crate::clean::CleanError;
use crate::detect::date;
use crate::job::{Cancelled, Reporter};
use crate::table::Frame;

/// Stands for "nothing was said".
const NONE: u32 = u32::MAX;
/// Cells that are normalised between two looks at the cancel flag.
const CHUNK: usize = 8_192;

/// Different texts of one comparison, and which row has which.
#[derive(Default)]
pub(super) struct Values {
    ids: Vec<u32>,
    text: String,
    ends: Vec<usize>,
    counts: Vec<u32>,
    present: u32,
}

impl Values {
    /// The number of the row's text; `None` for an empty one.
    pub(super) fn of(&self, row: u32) -> Option<u32> {
        self.ids.get(row as usize).copied().filter(|id| *id != NONE)
    }

    /// The text of a number.
    pub(super) fn text(&self, id: u32) -> &str {
        let at = id as usize;
        let from = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(at).and_then(|to| self.text.get(from..*to)).unwrap_or_default()
    }

    /// The text of a row; empty if it has none.
    pub(super) fn of_row(&self, row: u32) -> &str {
        self.of(row).map_or("", |id| self.text(id))
    }

    /// Rows that have the text.
    pub(super) fn count(&self, id: u32) -> u32 {
        self.counts.get(id as usize).copied().unwrap_or(0)
    }

    /// Rows that have any text.
    pub(super) fn present(&self) -> u32 {
        self.present
    }

    /// Different texts with the rows that have them.
    fn all(&self) -> impl Iterator<Item = (&str, u32)> {
        (0..self.counts.len() as u32).map(|id| (self.text(id), self.count(id)))
    }

    /// Equal texts are found by a hash and then compared: no collision can mix two of them.
    fn push(&mut self, text: &str, known: &mut HashMap<u64, u32>) {
        if text.is_empty() {
            self.ids.push(NONE);
            return;
        }
        let mut key = hash(&[text]);
        let id = loop {
            match known.get(&key) {
                Some(&id) if self.text(id) == text => break id,
                Some(_) => key = key.wrapping_add(1),
                None => {
                    let id = self.counts.len() as u32;
                    self.text.push_str(text);
                    self.ends.push(self.text.len());
                    self.counts.push(0);
                    known.insert(key, id);
                    break id;
                }
            }
        };
        if let Some(count) = self.counts.get_mut(id as usize) {
            *count += 1;
        }
        self.present += 1;
        self.ids.push(id);
    }
}

/// A hash of texts that is the same in every run.
pub(super) fn hash(parts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// One field that two rows are compared by: a column, or several that are read as one.
pub(super) struct Comparison {
    pub(super) columns: Vec<String>,
    pub(super) kind: FieldKind,
    /// Factor of the evidence.
    pub(super) weight: f64,
    pub(super) values: Values,
    /// Of names: how many rows have each word.
    pub(super) words: HashMap<u64, u32>,
}

/// All rows, ready to be compared. Rows are numbered by content; [`position`](Self::position) leads
/// back to the frame.
pub(super) struct Prepared {
    pub(super) comparisons: Vec<Comparison>,
    /// Hash of each row's compared content, ascending.
    content: Vec<u64>,
    order: Vec<u32>,
}

impl Prepared {
    pub(super) fn new(fields: &[Field], frame: &Frame, report: &Reporter) -> crate::Result<Self> {
        let mut comparisons = Vec::new();
        for (columns, kind, weight) in joined(fields) {
            let values = read(frame, &columns, kind, report)?;
            let mut words = HashMap::new();
            if kind == FieldKind::Name {
                for (at, (text, count)) in values.all().enumerate() {
                    if at % CHUNK == 0 {
                        report.check()?;
                    }
                    for word in text.split(['|', ' ']) {
                        *words.entry(hash(&[word])).or_default() += count;
                    }
                }
            }
            comparisons.push(Comparison { columns, kind, weight, values, words });
        }
        let mut rows: Vec<(u64, u32)> = Vec::with_capacity(frame.height());
        for at in 0..frame.height() as u32 {
            if (at as usize).is_multiple_of(CHUNK) {
                report.check()?;
            }
            rows.push((content(&comparisons, at), at));
        }
        let rows = sorted(rows, |(content, _)| (content >> 48) as usize, report)?;
        for comparison in &mut comparisons {
            let ids = &comparison.values.ids;
            let sorted = rows.iter().map(|(_, at)| ids.get(*at as usize).copied().unwrap_or(NONE)).collect();
            comparison.values.ids = sorted;
        }
        let (content, order) = rows.into_iter().unzip();
        Ok(Self { comparisons, content, order })
    }

    /// Rows.
    pub(super) fn height(&self) -> u32 {
        self.order.len() as u32
    }

    /// Place of a row in the frame.
    pub(super) fn position(&self, row: u32) -> u32 {
        self.order.get(row as usize).copied().unwrap_or(0)
    }

    /// Hash of a row's content.
    pub(super) fn content(&self, row: u32) -> u64 {
        self.content.get(row as usize).copied().unwrap_or(0)
    }

    /// Rows with this content.
    pub(super) fn with_content(&self, content: u64) -> std::ops::Range<u32> {
        let from = self.content.partition_point(|key| *key < content);
        let to = self.content.partition_point(|key| *key <= content);
        from as u32..to as u32
    }
}

/// The first 64 bits of the blake3 hash of a row's normalised fields: it is saved with a person's
/// decisions, so it must not change with the program's version.
fn content(comparisons: &[Comparison], row: u32) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for comparison in comparisons {
        hasher.update(comparison.values.of_row(row).as_bytes());
        hasher.update(&[0]);
    }
    hasher.finalize().as_bytes().iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// Names in several columns (first name, surname) are one name, and so are addresses: their parts
/// are often swapped, and they are not evidence apart.
fn joined(fields: &[Field]) -> Vec<(Vec<String>, FieldKind, f64)> {
    let mut out: Vec<(Vec<String>, FieldKind, f64)> = Vec::new();
    for field in fields {
        let whole = matches!(field.kind, FieldKind::Name | FieldKind::Address);
        let weight = field.weight.filter(|weight| weight.is_finite()).unwrap_or(1.0).max(0.0);
        match out.iter_mut().find(|(_, kind, _)| whole && *kind == field.kind) {
            Some((columns, ..)) => columns.push(field.column.clone()),
            None => out.push((vec![field.column.clone()], field.kind, weight)),
        }
    }
    out
}

fn read(frame: &Frame, columns: &[String], kind: FieldKind, report: &Reporter) -> crate::Result<Values> {
    let mut texts = Vec::new();
    for name in columns {
        let column = frame.data.column(name).map_err(|_| CleanError::NoColumn { column: name.clone() })?;
        // Text is read where it lies; the others are few and written on the way.
        texts.push((name, (column.dtype() == &DataType::String).then(|| column.str().ok()).flatten()));
    }
    let order = if kind == FieldKind::Date { date_order(frame, columns) } else { date::Order::default() };
    let cell = |at: usize| -> String {
        let mut cells = texts.iter().filter_map(|(name, text)| match text {
            Some(text) => text.get(at).map(std::borrow::Cow::Borrowed),
            None => frame.show(name, at).map(std::borrow::Cow::Owned),
        });
        if columns.len() == 1 {
            return cells.next().map(|raw| normal(kind, &raw, order)).unwrap_or_default();
        }
        let said: Vec<_> = cells.filter(|raw| !crate::detect::missing::is_missing(raw)).collect();
        normal(kind, &said.join(" "), order)
    };
    let (mut values, mut known) = (Values::default(), HashMap::new());
    let height = frame.height();
    for from in (0..height).step_by(CHUNK) {
        report.check()?;
        let chunk: Vec<String> = (from..(from + CHUNK).min(height)).into_par_iter().map(cell).collect();
        chunk.iter().for_each(|text| values.push(text, &mut known));
    }
    Ok(values)
}

/// Month first only where some date can be read in no other way and none needs the day first.
fn date_order(frame: &Frame, columns: &[String]) -> date::Order {
    let mut month_first = false;
    for text in columns.iter().filter_map(|name| frame.text(name)) {
        for read in text.iter().flatten().take(EVIDENCE).filter_map(date::read) {
            match (read.day_first, read.month_first) {
                (Some(_), None) => return date::Order::DayFirst,
                (None, Some(_)) => month_first = true,
                _ => {}
            }
        }
    }
    if month_first { date::Order::MonthFirst } else { date::Order::DayFirst }
}

/// Cells that are looked at for the order of day and month.
const EVIDENCE: usize = 10_000;

/// Computes one value per row, in parallel.
pub(super) fn per_row<T: Send>(
    height: u32,
    report: &Reporter,
    of: impl Fn(u32) -> T + Sync,
) -> Result<Vec<T>, Cancelled> {
    let mut out = Vec::with_capacity(height as usize);
    for from in (0..height).step_by(CHUNK) {
        report.check()?;
        out.par_extend((from..from.saturating_add(CHUNK as u32).min(height)).into_par_iter().map(&of));
    }
    Ok(out)
}

/// Sorts in parts, so that cancelling need not wait for the whole. `part` gives 0..65,536 and never
/// falls while the items rise.
pub(super) fn sorted<T: Ord + Send>(
    items: Vec<T>,
    part: impl Fn(&T) -> usize,
    report: &Reporter,
) -> Result<Vec<T>, Cancelled> {
    let mut parts: Vec<Vec<T>> = std::iter::repeat_with(Vec::new).take(PARTS).collect();
    let count = items.len();
    for item in items {
        if let Some(part) = parts.get_mut(part(&item)) {
            part.push(item);
        }
    }
    parts.par_iter_mut().try_for_each(|part| {
        report.check()?;
        part.sort_unstable();
        Ok(())
    })?;
    let mut out = Vec::with_capacity(count);
    parts.into_iter().for_each(|part| out.extend(part));
    Ok(out)
}

const PARTS: usize = 1 << 16;
