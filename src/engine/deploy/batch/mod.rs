//! Scoring a file of any size in bounded memory: rows come by in blocks, and what is written is, byte for
//! byte, what scoring the whole file writes.
//!
//! Two things want more than a block: from which day dates are counted back, for which the file is read
//! once more before; and which rows repeat earlier ones, for which 16 bytes a row go to a temporary file.

mod lanes;
mod lines;
mod repeats;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::drift::{Alert, DriftReport, Gather, Rules};
use super::{Bundle, DeployError, Differences, Lacking, Ready, Scored, Scores, scorer};
use crate::clean::{self, StepSpec};
use crate::collect::{self, ReadOptions};
use crate::features::{Anchors, FittedFeatures};
use crate::files;
use crate::job::{Event, Reporter};
use crate::table::{Provenance, Table};

use repeats::Repeats;

/// The columns of a list of scores.
pub const HEADER: [&str; 5] = ["row", "id", "probability", "at_risk", "flag"];
/// What the last column says of a row that repeats an earlier one.
const REPEATED: &str = "repeated row";

/// Why a bundle's rows cannot be scored one block after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedsWhole {
    /// Rows are made from all orders of a customer.
    Behaviour,
    /// Rows of the same customer are brought together.
    SameCustomer,
}

/// A scored file.
#[derive(Debug, Clone)]
pub struct Batch {
    pub rows: u64,
    pub at_risk: u64,
    /// Rows that repeat an earlier one.
    pub flagged: u64,
    pub rejected: u64,
    pub source: Provenance,
    pub differences: Differences,
    pub drift: DriftReport,
    pub out: PathBuf,
}

impl Batch {
    /// The alerts of its drift.
    pub fn alerts(&self) -> &[Alert] {
        &self.drift.alerts
    }
}

/// What a batch is scored with.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub bundle: &'a Bundle,
    pub lacking: Lacking,
    pub read: &'a ReadOptions,
    pub rules: &'a Rules,
}

/// Whether the rows of a bundle can be scored one block after the other.
pub fn needs_whole(bundle: &Bundle) -> Option<NeedsWhole> {
    if bundle.behaviour.is_some() {
        return Some(NeedsWhole::Behaviour);
    }
    let steps = &bundle.recipe.recipe.steps;
    let is_same = steps.iter().any(|step| step.on && matches!(step.spec, StepSpec::SameCustomer(_)));
    is_same.then_some(NeedsWhole::SameCustomer)
}

/// Scores a delimited text of any size; the list appears at `out` whole or not at all. `Ok(None)`, and
/// nothing written, where the bundle [needs the whole file](needs_whole) or the file is no delimited text.
///
/// # Errors
/// The file cannot be read; a needed column is missing; the disk or the folder refuses; the person cancelled.
pub fn score(ask: Ask<'_>, file: &Path, out: &Path, report: &Reporter) -> crate::Result<Option<Batch>> {
    Ok(flagged(ask, None, file, out, report)?.map(|(batch, _)| batch))
}

/// [`score`] with the columns of [`scorer::FLAGS`] behind the list's own, as `ready`, of the same bundle,
/// tells of each row; gives the number of rows with such a flag, too.
///
/// # Errors
/// As [`score`].
pub fn score_flagged(
    ask: Ask<'_>,
    ready: &Ready,
    file: &Path,
    out: &Path,
    report: &Reporter,
) -> crate::Result<Option<(Batch, u64)>> {
    flagged(ask, Some(ready), file, out, report)
}

fn flagged(
    ask: Ask<'_>,
    ready: Option<&Ready>,
    file: &Path,
    out: &Path,
    report: &Reporter,
) -> crate::Result<Option<(Batch, u64)>> {
    if needs_whole(ask.bundle).is_some() {
        return Ok(None);
    }
    report.emit(Event::Phase("score"));
    let Some(anchored) = anchored(ask, file, &report.part(0.0, 0.3))? else { return Ok(None) };
    let report = &report.part(0.3, 0.7);
    let mut made = Ok(None);
    let written = files::write_file_atomically(out, |to| {
        made = pass((ask, ready), &anchored, file, out, to, report);
        match made {
            Ok(Some(_)) => Ok(()),
            _ => Err(std::io::Error::other("there is no list")),
        }
    });
    match (written, made) {
        (Err(cause), Ok(Some(_))) => Err(DeployError::write(out, cause).into()),
        // What went wrong while writing is told by `made`; a folder that refuses the file is not.
        (Err(cause), Ok(None)) if cause.kind() != std::io::ErrorKind::Other => {
            Err(DeployError::write(out, cause).into())
        }
        (_, made) => made,
    }
}

/// The features with dates counted from the file's own end; `None` where the file cannot be streamed.
fn anchored(ask: Ask<'_>, file: &Path, report: &Reporter) -> crate::Result<Option<FittedFeatures>> {
    let features = &ask.bundle.features;
    let mut anchors = Anchors::of(features);
    if anchors.is_empty() || ask.bundle.version < 2 {
        return Ok(Some(features.clone()));
    }
    let names: Vec<&str> = ask.bundle.recipe.schema.iter().map(|spec| spec.name.as_str()).collect();
    let work = |block: Table| {
        let (block, _) = block.aligned(&names);
        let has = |name: &str| block.columns.iter().any(|column| column.name == name);
        let schema: Vec<_> =
            ask.bundle.recipe.schema.iter().filter(|spec| has(&spec.name)).cloned().collect();
        clean::apply(&ask.bundle.recipe, &block, &schema, &report.part(0.0, 0.0))
    };
    let read =
        |each: &mut dyn FnMut(Table) -> crate::Result<()>| collect::stream(file, ask.read, report, each);
    let streamed = lanes::run(read, work, |cleaning| {
        anchors.add(cleaning.last());
        Ok(())
    })?;
    Ok(streamed.map(|_| features.anchored(&anchors)))
}

/// What comes of a block; its rows themselves are done with.
struct Block {
    rows: usize,
    at_risk: usize,
    drift: Gather,
    keys: Option<Vec<u64>>,
    /// Rows of which something is told.
    told: u64,
    differences: Differences,
    lines: Vec<Vec<u8>>,
}

/// Scores the blocks and writes them.
fn pass(
    (ask, ready): (Ask<'_>, Option<&Ready>),
    features: &FittedFeatures,
    file: &Path,
    out: &Path,
    to: &mut File,
    report: &Reporter,
) -> crate::Result<Option<(Batch, u64)>> {
    let fail = |cause| DeployError::write(out, cause);
    let mut repeats = Repeats::new().map_err(fail)?;
    let none = Gather::new(ask.bundle);
    let mut gather = none.clone();
    let mut differences: Option<Differences> = None;
    let (mut rows, mut at_risk, mut told) = (0u64, 0u64, 0u64);
    // Without repeated rows this is the list; with them it is written once more, with their flags.
    let streamed = {
        let mut buffer = std::io::BufWriter::with_capacity(1 << 20, &mut *to);
        write_header(&mut buffer, ready.is_some()).map_err(fail)?;
        let work = |block: Table| {
            let part = report.part(0.0, 0.0);
            let mut scores = ask.bundle.score_block(&block, ask.lacking, Some(features), &part)?;
            let flags = ready.map(|ready| flags(ready, &scores));
            let told = flags.iter().flatten().filter(|flags| flags.iter().any(|f| !f.is_empty())).count();
            let keys = clean::repeat_keys(&mut scores.cleaning);
            let lines = lines::of(&scores.rows, flags.as_deref(), ask.bundle.threshold).map_err(fail)?;
            let p: Vec<f64> = scores.rows.iter().map(|row| row.probability).collect();
            Ok(Block {
                rows: p.len(),
                at_risk: p.iter().filter(|p| **p >= ask.bundle.threshold).count(),
                drift: none.part(scores.cleaning.before_filling(), &p),
                differences: scores.differences,
                keys,
                told: told as u64,
                lines,
            })
        };
        let read =
            |each: &mut dyn FnMut(Table) -> crate::Result<()>| collect::stream(file, ask.read, report, each);
        let streamed = lanes::run(read, work, |block| {
            repeats.add(block.keys, block.rows).map_err(fail)?;
            gather.join(block.drift);
            rows += block.rows as u64;
            at_risk += block.at_risk as u64;
            told += block.told;
            take(&mut differences, block.differences);
            block.lines.iter().try_for_each(|lines| buffer.write_all(lines)).map_err(fail)?;
            Ok(())
        })?;
        buffer.flush().map_err(fail)?;
        streamed
    };
    let Some(streamed) = streamed else { return Ok(None) };
    let repeated = repeats.find().map_err(fail)?;
    repeats::flag(to, &repeated, (HEADER.len() - 1, REPEATED)).map_err(fail)?;
    let drift = gather.finish(ask.rules);
    report.progress(1.0);
    let batch = Batch {
        rows,
        at_risk,
        flagged: repeated.len() as u64,
        rejected: streamed.rejected_count,
        source: streamed.source,
        differences: differences.unwrap_or_default(),
        drift,
        out: out.to_owned(),
    };
    Ok(Some((batch, told)))
}

/// What is told of each row.
fn flags(ready: &Ready, scores: &Scores) -> Vec<[String; 3]> {
    let flags = ready.flags(&scores.cleaning.source, scores.cleaning.before_filling());
    flags.iter().map(|flags| scorer::told(flags)).collect()
}

/// The differences of a file that came in blocks: what is told of columns is that of every block, and
/// counts of new values add up. Holes and spreads are told by the [`DriftReport`].
fn take(all: &mut Option<Differences>, block: Differences) {
    let plain = Differences { drift: Vec::new(), more_missing: Vec::new(), ..block };
    let Some(all) = all else {
        *all = Some(plain);
        return;
    };
    for (column, levels) in plain.new_levels {
        match all.new_levels.iter_mut().find(|(name, _)| *name == column) {
            None => all.new_levels.push((column, levels)),
            Some((_, known)) => {
                for (level, count) in levels {
                    let at = known.iter().position(|(name, _)| *name == level);
                    match at {
                        Some(at) => known.iter_mut().skip(at).take(1).for_each(|(_, sum)| *sum += count),
                        // What is told stays short, whatever the column holds.
                        None if known.len() < 1000 => known.push((level, count)),
                        None => {}
                    }
                }
            }
        }
    }
}

fn write_header(out: &mut dyn Write, flagged: bool) -> std::io::Result<()> {
    out.write_all(b"\xEF\xBB\xBF")?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    match flagged {
        true => writer.write_record(scorer::flagged_header())?,
        false => writer.write_record(HEADER)?,
    }
    out.write_all(&writer.into_inner().map_err(|error| error.into_error())?)
}

/// What watches over a file that was scored whole.
pub fn drift_of(bundle: &Bundle, scores: &super::Scores, rules: &Rules) -> DriftReport {
    let mut gather = Gather::new(bundle);
    let p: Vec<f64> = scores.rows.iter().map(|row| row.probability).collect();
    gather.add(scores.cleaning.before_filling(), &p);
    gather.finish(rules)
}

/// [`score`] of a table that is whole in memory.
///
/// # Errors
/// As [`score`].
pub fn score_whole(ask: Ask<'_>, table: &Table, out: &Path, report: &Reporter) -> crate::Result<Batch> {
    let scores = ask.bundle.score(table, ask.lacking, report)?;
    scores.write(ask.bundle, out)?;
    let is_at_risk = |row: &&Scored| row.probability >= ask.bundle.threshold;
    Ok(Batch {
        rows: scores.rows.len() as u64,
        at_risk: scores.rows.iter().filter(is_at_risk).count() as u64,
        flagged: scores.rows.iter().filter(|row| row.repeated).count() as u64,
        rejected: table.rejected_count,
        source: table.source.clone(),
        drift: drift_of(ask.bundle, &scores, ask.rules),
        differences: scores.differences,
        out: out.to_owned(),
    })
}
