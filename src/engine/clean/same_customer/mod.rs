//! One customer in several rows, written differently: found by weighing evidence, shown for review,
//! merged by rules, and undone by taking the step out of the recipe. Rows are brought together by
//! [`block`], their fields compared by [`compare`] on the normal forms of [`normal`], the evidence
//! weighed by [`model`], and pairs joined by [`cluster`].

mod block;
mod cluster;
mod compare;
mod guess;
mod merge;
mod model;
mod names;
mod normal;
mod spec;
mod values;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::record::Recorder;
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame};

pub use block::SkippedBlock;
pub use compare::Agreement;
pub use guess::guess_fields;
pub use spec::{Field, FieldKind, Keep, Master, MergeRule, PairKey, RowKey, SameCustomerSpec};

use block::Blocks;
use cluster::Clusters;
use model::{Model, Scored};
use values::Prepared;

/// How a pair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Merged, unless the rest of its cluster speaks against it.
    Sure,
    /// For a person to decide.
    Maybe,
    Confirmed,
    Rejected,
}

/// Two rows that may be one customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// Places in the frame, `a` before `b`.
    pub a: u32,
    pub b: u32,
    /// Probability that both are one customer.
    pub score: f32,
    pub verdict: Verdict,
    /// Agreement and evidence in bits, in the order of [`Found::comparisons`]: positive speaks for
    /// one customer.
    pub fields: Vec<(Agreement, f32)>,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Columns of each comparison; several where they are read as one.
    pub comparisons: Vec<Vec<String>>,
    /// Pairs at or above the lower threshold and all decided ones, the surest first.
    pub pairs: Vec<Pair>,
    /// Places in the frame of the rows of each customer with more than one, ascending.
    pub clusters: Vec<Vec<usize>>,
    /// Pairs that were compared.
    pub candidates: u64,
    /// Groups with one key that were too large to compare in full.
    pub skipped_blocks: Vec<SkippedBlock>,
    pub notes: Vec<Note>,
    rows: Arc<Vec<u32>>,
    contents: Vec<u64>,
}

impl Found {
    /// The key under which a decision on the pair is kept in the settings. It holds for the fields
    /// that were compared: settings that keep decisions keep their fields, too
    /// ([`SameCustomerSpec::with_fields`]).
    pub fn key(&self, pair: &Pair) -> PairKey {
        pair_key(&self.rows, &self.contents, pair.a as usize, pair.b as usize)
    }
}

/// One line of a pair laid side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    pub column: String,
    pub a: Option<String>,
    pub b: Option<String>,
    /// `None` for columns that are not compared.
    pub agreement: Option<Agreement>,
    /// Evidence in bits; of columns that are read as one it stands beside the first.
    pub bits: Option<f32>,
}

/// Both rows of a pair side by side: compared columns first, then the others.
pub fn review(frame: &Frame, found: &Found, pair: &Pair) -> Vec<Side> {
    let side = |column: &str, agreement, bits| Side {
        column: column.to_owned(),
        a: frame.show(column, pair.a as usize),
        b: frame.show(column, pair.b as usize),
        agreement,
        bits,
    };
    let mut out = Vec::new();
    for (columns, (agreement, bits)) in found.comparisons.iter().zip(&pair.fields) {
        for (at, column) in columns.iter().enumerate() {
            out.push(side(column, Some(*agreement), (at == 0).then_some(*bits)));
        }
    }
    let compared: BTreeSet<&String> = found.comparisons.iter().flatten().collect();
    for column in frame.data.columns() {
        let name = column.name().as_str();
        if !compared.iter().any(|compared| compared.as_str() == name) {
            out.push(side(name, None, None));
        }
    }
    out
}

/// Rows per repeated customer, and the part of the file that would vanish (one in so many), from
/// which a table looks like one of orders and not of customers.
const ORDERS_EACH: usize = 3;
const ORDERS_SHARE: usize = 3;
/// Candidate pairs that the evidence is learnt from, at about this many.
const LEARNT_FROM: u64 = 300_000;
/// Candidates per row that a file usually has.
const USUAL_CANDIDATES: u64 = 20;

/// Finds rows that may be one customer. Work and memory grow nearly linearly with the rows; the
/// result does not depend on their order.
///
/// # Errors
/// A compared column that `frame` lacks; cancelled.
pub fn find(spec: &SameCustomerSpec, frame: &Frame, report: &Reporter) -> crate::Result<Found> {
    let data = Prepared::new(&spec.fields, frame, report)?;
    let mut found = Found {
        comparisons: data.comparisons.iter().map(|comparison| comparison.columns.clone()).collect(),
        pairs: Vec::new(),
        clusters: Vec::new(),
        candidates: 0,
        skipped_blocks: Vec::new(),
        notes: Vec::new(),
        rows: frame.rows.clone(),
        contents: contents(&data),
    };
    if data.comparisons.is_empty() {
        found.notes.push(Note::new("same_customer_no_fields"));
        return Ok(found);
    }
    report.progress(0.2);
    let blocks = Blocks::new(&data, report)?;
    let every = (u64::from(data.height()) * USUAL_CANDIDATES / LEARNT_FROM).max(1);
    let sample = blocks.search(&data, report, 0.25..0.4, |a, b| {
        let mixed = data.content(a).rotate_left(32) ^ data.content(b);
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).is_multiple_of(every).then_some((a, b))
    })?;
    let mut candidates = sample.found;
    candidates.sort_unstable();
    candidates.dedup();
    let model = Model::fit(&data, &candidates, 1.0 / every as f64, spec.threshold_maybe, report)?;
    drop(candidates);
    let searched = blocks.search(&data, report, 0.4..0.95, |a, b| {
        let scored = model.candidate(&data, a, b)?;
        Some(pair(spec, a, b, scored))
    })?;
    let mut pairs = searched.found;
    let (confirmed, lost_yes) = resolve(&data, frame, &spec.confirmed);
    let (rejected, lost_no) = resolve(&data, frame, &spec.rejected);
    pairs.extend(
        confirmed.iter().chain(&rejected).map(|(a, b)| pair(spec, *a, *b, model.score(&data, *a, *b))),
    );
    pairs.sort_by(|x, y| y.score.total_cmp(&x.score).then((x.a, x.b).cmp(&(y.a, y.b))));
    pairs.dedup_by_key(|pair| (pair.a, pair.b));
    let (yes, no): (BTreeSet<_>, BTreeSet<_>) = (confirmed.iter().collect(), rejected.iter().collect());
    for pair in &mut pairs {
        if no.contains(&(pair.a, pair.b)) {
            pair.verdict = Verdict::Rejected;
        } else if yes.contains(&(pair.a, pair.b)) {
            pair.verdict = Verdict::Confirmed;
        }
    }
    let (clusters, conflicts) =
        Clusters::new(&data, &model, &rejected, spec.threshold_maybe).join(&confirmed, &pairs, report)?;
    found.clusters = clusters
        .into_iter()
        .map(|rows| {
            let mut rows: Vec<usize> = rows.into_iter().map(|row| data.position(row) as usize).collect();
            rows.sort_unstable();
            rows
        })
        .collect();
    found.clusters.sort();
    for pair in &mut pairs {
        let (a, b) = (data.position(pair.a), data.position(pair.b));
        (pair.a, pair.b) = (a.min(b), a.max(b));
    }
    found.pairs = pairs;
    found.candidates = searched.candidates;
    let count = |code, count: u64| (count > 0).then(|| Note::new(code).with("count", count));
    let groups: u64 = searched.skipped.iter().map(|block| block.groups).sum();
    let rows: usize = found.clusters.iter().map(Vec::len).sum();
    let gone = rows - found.clusters.len();
    if rows >= ORDERS_EACH * found.clusters.len() && gone * ORDERS_SHARE > frame.height() {
        found.notes.push(Note::new("same_customer_orders").with("count", gone));
    }
    found.notes.extend(count("same_customer_full_blocks", groups));
    found.notes.extend(count("same_customer_lost_decisions", lost_yes + lost_no));
    found.notes.extend(count("same_customer_conflicts", conflicts));
    found.skipped_blocks = searched.skipped;
    report.progress(1.0);
    Ok(found)
}

fn pair(spec: &SameCustomerSpec, a: u32, b: u32, scored: Scored) -> Pair {
    let sure = f64::from(scored.score) >= spec.threshold_sure && !scored.held_back;
    let verdict = if sure { Verdict::Sure } else { Verdict::Maybe };
    Pair { a, b, score: scored.score, verdict, fields: scored.fields }
}

/// Content of each row, in the order of the frame.
fn contents(data: &Prepared) -> Vec<u64> {
    let mut out = vec![0; data.height() as usize];
    for row in 0..data.height() {
        if let Some(slot) = out.get_mut(data.position(row) as usize) {
            *slot = data.content(row);
        }
    }
    out
}

/// The key of a pair of places in the frame.
fn pair_key(rows: &[u32], contents: &[u64], a: usize, b: usize) -> PairKey {
    let row = |at: usize| RowKey {
        row: rows.get(at).copied().unwrap_or(0),
        content: format!("{:016x}", contents.get(at).copied().unwrap_or(0)),
    };
    PairKey { a: row(a), b: row(b) }
}

/// The rows that decisions speak of, the lower first, and how many decisions speak of rows that are
/// not there: a row counts if number and content fit, else if it alone has the content.
fn resolve(data: &Prepared, frame: &Frame, decisions: &[PairKey]) -> (Vec<(u32, u32)>, u64) {
    let place = |key: &RowKey| -> Option<u32> {
        let mut rows = data.with_content(u64::from_str_radix(&key.content, 16).ok()?);
        let exact = rows.clone().find(|row| frame.rows.get(data.position(*row) as usize) == Some(&key.row));
        exact.or_else(|| rows.next().filter(|_| rows.next().is_none()))
    };
    let mut out: Vec<(u32, u32)> = Vec::new();
    let mut lost = 0;
    for key in decisions {
        match (place(&key.a), place(&key.b)) {
            (Some(a), Some(b)) if a != b => out.push((a.min(b), a.max(b))),
            _ => lost += 1,
        }
    }
    out.sort_unstable();
    out.dedup();
    (out, lost)
}

/// The step: merges while training, flags while scoring.
pub(super) fn apply(
    spec: &SameCustomerSpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    drop_rows: bool,
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    let spec = spec.with_fields(schema, frame);
    let found = find(&spec, frame, report)?;
    if drop_rows {
        return merge::merge(&spec, schema, frame, &found.clusters, record, report);
    }
    for row in merge::would_vanish(&spec, frame, &found.clusters) {
        record.flag(row, false);
    }
    Ok(frame.clone())
}
