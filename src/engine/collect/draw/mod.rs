//! A sample of customers: all rows of so many of them, in every table. Who is drawn hangs on the identifier
//! and a seed alone, so next month's file gives the same customers again; and a file goes by in blocks, so
//! what is held is the sample and never the whole.

mod files;
mod pass;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use polars::prelude::{BooleanChunked, NewChunkedArray as _, PlHashMap, PlHashSet};
use serde::{Deserialize, Serialize};

use super::CollectError;
use super::combine::{self, Choice};
use super::relate::{TableKind, kind, plain, value};
use crate::job::Reporter;
use crate::table::{Column, Dataset, Role, Table};

pub(crate) use files::{Ask, read};

/// Customers that are told apart exactly; where there are more, those with the lowest marks stand for all.
const EXACT: usize = 1 << 22;
/// Values of a target beyond which it makes no strata.
const STRATA: usize = 20;
/// Rows between two looks for a cancel.
const AT_ONCE: usize = 8_192;

/// How many customers are drawn, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleSpec {
    pub customers: u64,
    /// Another seed draws others.
    #[serde(default = "one")]
    pub seed: u64,
}

fn one() -> u64 {
    1
}

impl SampleSpec {
    /// So many customers.
    pub fn of(customers: u64) -> Self {
        Self { customers, seed: 1 }
    }

    /// The same with somebody in it; nothing in a file is trusted.
    #[must_use]
    pub fn sane(self) -> Self {
        Self { customers: self.customers.max(1), ..self }
    }
}

/// What a sample consists of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// All rows of a customer go together.
    #[default]
    Customers,
    /// No column names customers: single rows.
    Rows,
}

/// One value of the target: how many there are, and how many were drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stratum {
    /// Blank for those whose target is unknown.
    pub value: String,
    pub of: u64,
    pub rows: u64,
}

/// What was drawn of what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// Customers of the whole.
    pub of: u64,
    /// Customers of the sample.
    pub rows: u64,
    /// The target whose values are drawn in proportion; `None` where there was none.
    pub by: Option<String>,
    pub seed: u64,
    pub unit: Unit,
    /// The column that names customers.
    pub key: Option<String>,
    /// The number of the whole is an estimate, because it is beyond four million.
    pub about: bool,
    /// The shares of the whole and of the sample.
    pub strata: Vec<Stratum>,
}

/// The place of a customer in the order in which customers are drawn: the first eight bytes of a blake3 of
/// seed and identifier. The same on every machine and in every version.
pub(crate) fn mark(seed: u64, id: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(plain(id).as_bytes());
    first_of(&hasher)
}

/// The place of a row that nobody names.
fn mark_of_row(seed: u64, file: usize, row: u32) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(b"\0row");
    hasher.update(&(file as u64).to_le_bytes());
    hasher.update(&row.to_le_bytes());
    first_of(&hasher)
}

fn first_of(hasher: &blake3::Hasher) -> u64 {
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Customers as they go by: those with the lowest marks are kept.
pub(crate) struct Draw {
    spec: SampleSpec,
    limit: usize,
    /// Marks up to here are kept.
    below: u64,
    seen: PlHashMap<u64, u8>,
    /// Values of the target; `None` where it makes no strata.
    strata: Option<Vec<String>>,
}

impl Draw {
    pub fn new(spec: SampleSpec, stratify: bool) -> Self {
        let four = usize::try_from(spec.customers).unwrap_or(usize::MAX).saturating_mul(4);
        Self::within(spec, stratify, EXACT.max(four))
    }

    fn within(spec: SampleSpec, stratify: bool, limit: usize) -> Self {
        let strata = stratify.then(Vec::new);
        Self { spec, limit, below: u64::MAX, seen: PlHashMap::default(), strata }
    }

    /// A customer, with the value of the target. Of several rows the first says to which stratum it belongs.
    pub fn add(&mut self, mark: u64, stratum: Option<&str>) {
        if mark > self.below || self.seen.contains_key(&mark) {
            return;
        }
        let place = self.place(stratum.unwrap_or_default());
        self.seen.insert(mark, place);
        if self.seen.len() > self.limit {
            self.below /= 2;
            let below = self.below;
            self.seen.retain(|mark, _| *mark <= below);
        }
    }

    fn place(&mut self, value: &str) -> u8 {
        let Some(strata) = &mut self.strata else { return 0 };
        if let Some(at) = strata.iter().position(|known| known == value) {
            return at as u8;
        }
        if strata.len() == STRATA {
            self.strata = None;
            return 0;
        }
        strata.push(value.to_owned());
        (strata.len() - 1) as u8
    }

    /// True for a customer that has gone by; `None` where that is not known any more.
    fn knows(&self, mark: u64) -> Option<bool> {
        (mark <= self.below).then(|| self.seen.contains_key(&mark))
    }

    /// Draws: of each stratum its share, the lowest marks first.
    pub fn finish(&self, key: Option<&str>, by: Option<&str>) -> (Chosen, Sampled) {
        let names: &[String] = self.strata.as_deref().filter(|names| names.len() > 1).unwrap_or_default();
        let mut marks: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
        for (mark, place) in &self.seen {
            marks.entry(if names.is_empty() { 0 } else { *place }).or_default().push(*mark);
        }
        let counts: Vec<usize> = marks.values().map(Vec::len).collect();
        let wanted = usize::try_from(self.spec.customers).unwrap_or(usize::MAX);
        let quotas = shares(&counts, wanted);
        let about = self.below < u64::MAX;
        let scale = if about { 2f64.powi(64) / self.below as f64 } else { 1.0 };
        let whole = |count: usize| if about { (count as f64 * scale).round() as u64 } else { count as u64 };
        let (mut chosen, mut strata) = (PlHashSet::default(), Vec::new());
        for ((place, mut marks), quota) in marks.into_iter().zip(quotas) {
            let of = whole(marks.len());
            if quota < marks.len() {
                marks.select_nth_unstable(quota);
                marks.truncate(quota);
            }
            if let Some(name) = names.get(usize::from(place)) {
                strata.push(Stratum { value: name.clone(), of, rows: marks.len() as u64 });
            }
            chosen.extend(marks);
        }
        let sampled = Sampled {
            of: whole(self.seen.len()),
            rows: chosen.len() as u64,
            by: by.filter(|_| !strata.is_empty()).map(str::to_owned),
            seed: self.spec.seed,
            unit: if key.is_some() { Unit::Customers } else { Unit::Rows },
            key: key.map(str::to_owned),
            about,
            strata,
        };
        (Chosen { seed: self.spec.seed, marks: chosen }, sampled)
    }
}

/// So many of each, in proportion, by largest remainder.
fn shares(counts: &[usize], wanted: usize) -> Vec<usize> {
    let all: usize = counts.iter().sum();
    if wanted >= all {
        return counts.to_vec();
    }
    let exact = |count: usize| count as f64 * wanted as f64 / all.max(1) as f64;
    let mut quotas: Vec<usize> = counts.iter().map(|&count| exact(count) as usize).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    let rest = |at: &usize| counts.get(*at).map_or(0.0, |&count| exact(count).fract());
    order.sort_by(|a, b| rest(b).total_cmp(&rest(a)).then(a.cmp(b)));
    let missing = wanted.saturating_sub(quotas.iter().sum());
    for at in order.into_iter().take(missing) {
        if let Some(quota) = quotas.get_mut(at) {
            *quota += 1;
        }
    }
    quotas
}

/// The customers that were drawn.
pub(crate) struct Chosen {
    seed: u64,
    marks: PlHashSet<u64>,
}

/// The rows of one table that are looked at: which customer each belongs to.
pub(crate) struct Who<'a> {
    /// The column that names customers; `None` where rows stand for themselves.
    pub key: Option<&'a Column>,
    /// A row without a name is a customer of its own; else it belongs to nobody.
    pub nameless: bool,
    /// The place of the file among those of its kind.
    pub file: usize,
}

impl Who<'_> {
    /// The mark of every row; `None` for rows of nobody.
    pub fn marks(&self, table: &Table, seed: u64, report: &Reporter) -> crate::Result<Vec<Option<u64>>> {
        let text = self.key.and_then(|key| table.text(&key.name));
        let mut cells = text.map(|text| text.iter());
        let mut out = Vec::with_capacity(table.height());
        for (at, row) in table.rows.iter().enumerate() {
            if at.is_multiple_of(AT_ONCE) {
                report.check()?;
            }
            let cell = cells.as_mut().and_then(Iterator::next).flatten();
            let id = self.key.and_then(|key| value(key, cell));
            out.push(match id {
                Some(id) => Some(mark(seed, id)),
                None => self.nameless.then(|| mark_of_row(seed, self.file, *row)),
            });
        }
        Ok(out)
    }
}

impl Chosen {
    /// The rows of the customers that were drawn.
    pub fn rows(&self, table: &Table, who: &Who<'_>, report: &Reporter) -> crate::Result<Vec<bool>> {
        let marks = who.marks(table, self.seed, report)?;
        Ok(marks.into_iter().map(|mark| mark.is_some_and(|mark| self.marks.contains(&mark))).collect())
    }

    /// The things that a column of some tables names.
    pub fn things<'a>(
        tables: impl Iterator<Item = &'a Table>,
        column: &str,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let mut marks = PlHashSet::default();
        for table in tables {
            let key = table.columns.iter().find(|known| known.name == column);
            let who = Who { key, nameless: false, file: 0 };
            marks.extend(who.marks(table, 0, report)?.into_iter().flatten());
        }
        Ok(Self { seed: 0, marks })
    }
}

/// Where the customers of some tables are, and by which column.
pub(crate) struct Base {
    /// Place of the table.
    pub at: usize,
    pub key: Option<String>,
    /// A row without a name is a customer of its own.
    pub nameless: bool,
}

/// Finds who is drawn: the customers of linked tables; of one table whoever it names again and again, where
/// its rows are orders or the like, else its identifier, else its rows. `hint` is what the person said of it.
/// `None` where linked tables have no customers that are known yet.
pub(crate) fn base(
    data: &Dataset,
    choice: &Choice,
    hint: Option<&str>,
    report: &Reporter,
) -> crate::Result<Option<Base>> {
    let planned = || match combine::plan(data, choice, report) {
        Ok(plan) => Ok(Some(Base { at: plan.customers.at, key: Some(plan.key), nameless: !plan.per_key })),
        Err(crate::Error::Combine(_)) => Ok(None),
        Err(other) => Err(other),
    };
    let [table] = data.tables.as_slice() else { return planned() };
    let named = |at: usize| table.columns.get(at).map(|column| column.name.clone());
    if let Some(key) = hint.and_then(|name| table.position(name)).and_then(named) {
        return Ok(Some(Base { at: 0, key: Some(key), nameless: false }));
    }
    let happened = matches!(
        kind(table).0,
        TableKind::Orders | TableKind::OrderLines | TableKind::Events | TableKind::Feedback
    );
    if (happened || choice.customers.is_some())
        && let Some(base) = planned()?
    {
        return Ok(Some(base));
    }
    let key = table.with_role(Role::Id).map(|column| column.name.clone());
    Ok(Some(Base { at: 0, key, nameless: true }))
}

/// The table with the rows that are true in `keep`, counted again.
pub(crate) fn keep_rows(table: &mut Table, keep: &[bool], report: &Reporter) -> crate::Result<()> {
    if keep.iter().all(|keep| *keep) {
        return Ok(());
    }
    filter(table, keep)?;
    super::recount(table, report)
}

/// [`keep_rows`] without counting.
fn filter(table: &mut Table, keep: &[bool]) -> crate::Result<()> {
    let mask = BooleanChunked::from_slice("keep".into(), keep);
    table.raw = table.raw.filter(&mask).map_err(|cause| CollectError::Read {
        file: table.source.file.clone(),
        cause: std::io::Error::other(cause),
    })?;
    let kept = table.rows.iter().zip(keep).filter(|(_, keep)| **keep).map(|(row, _)| *row);
    table.rows = std::sync::Arc::new(kept.collect());
    Ok(())
}

/// Draws from tables that are in memory as a whole: the customers' table at `base`, then every table of
/// `named`, each given by its place and a column, and the place and column that its values are looked up in.
pub(crate) fn from_tables(
    data: &mut Dataset,
    base: &Base,
    named: &[(usize, String, usize, String)],
    (spec, stratify): (SampleSpec, bool),
    report: &Reporter,
) -> crate::Result<()> {
    let Some(table) = data.tables.get_mut(base.at) else { return Ok(()) };
    let by = table.with_role(Role::Target).filter(|_| stratify).map(|column| column.name.clone());
    let mut draw = Draw::new(spec, by.is_some());
    let key = table.columns.iter().find(|column| Some(&column.name) == base.key.as_ref()).cloned();
    let who = Who { key: key.as_ref(), nameless: base.nameless, file: 0 };
    let marks = who.marks(table, spec.seed, report)?;
    let target = by.as_ref().and_then(|name| table.text(name));
    for (at, mark) in marks.iter().enumerate() {
        if let Some(mark) = mark {
            draw.add(*mark, target.and_then(|text| text.get(at)).map(str::trim));
        }
    }
    let (chosen, sampled) = draw.finish(base.key.as_deref(), by.as_deref());
    let keep: Vec<bool> =
        marks.iter().map(|mark| mark.is_some_and(|mark| chosen.marks.contains(&mark))).collect();
    keep_rows(table, &keep, report)?;
    table.source.sampled = Some(Box::new(sampled.clone()));
    for (at, column, to, to_column) in named {
        let customers = *to == base.at && Some(to_column) == base.key.as_ref();
        let things = match data.tables.get(*to) {
            Some(parent) if !customers => Some(Chosen::things(std::iter::once(parent), to_column, report)?),
            _ => None,
        };
        let Some(table) = data.tables.get_mut(*at) else { continue };
        let Some(key) = table.columns.iter().find(|known| known.name == *column).cloned() else { continue };
        let who = Who { key: Some(&key), nameless: false, file: 0 };
        let keep = things.as_ref().unwrap_or(&chosen).rows(table, &who, report)?;
        keep_rows(table, &keep, report)?;
        table.source.sampled = Some(Box::new(sampled.clone()));
    }
    Ok(())
}
