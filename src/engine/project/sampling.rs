//! The sample of a project: drawn while files go by where they can, of what is in memory where they cannot.

use std::path::PathBuf;

use super::Settings;
use crate::collect::combine::Plan;
use crate::collect::draw::{self, Ask, Base};
use crate::collect::{ReadOptions, SampleSpec, Sampled};
use crate::features::behaviour::Churn;
use crate::job::Reporter;
use crate::table::{Dataset, Table};

#[cfg(test)]
mod tests;

/// Rows from which a sample is worth a thought: what is learnt from more takes minutes.
pub const SAMPLE_FROM: u64 = 500_000;
/// Customers that are proposed.
const PROPOSED: u64 = 100_000;

/// The sample that is proposed for so many rows; `None` where all of them are soon learnt from.
pub fn could_sample(rows: u64) -> Option<SampleSpec> {
    (rows >= SAMPLE_FROM).then(|| SampleSpec::of(PROPOSED))
}

/// What was drawn, where a table is not the whole.
pub fn drawn(table: &Table) -> Option<&Sampled> {
    table.source.sampled.as_deref()
}

/// The column of the customer, where the person said it.
fn hint(settings: &Settings) -> Option<&str> {
    let said = settings.value.customer.as_deref().or(settings.recommend.customer.as_deref());
    said.or(settings.combine.key.as_deref())
}

/// The target gives strata unless what is asked is what came after a day.
fn stratify(settings: &Settings) -> bool {
    settings.question.as_ref().is_none_or(|question| question.churn == Churn::Column)
}

/// The tables of a sample of files, never in memory as a whole; `None` without a sample, and for files that
/// do not go by in blocks.
///
/// # Errors
/// As [`super::collect`].
pub(super) fn from_files(
    files: &[PathBuf],
    settings: &Settings,
    report: &Reporter,
) -> crate::Result<Option<Vec<Table>>> {
    let Some(spec) = settings.sample else { return Ok(None) };
    let alone = files.len() == 1;
    let options = |file: &PathBuf| -> ReadOptions {
        let name = crate::files::name_of(file);
        match settings.files.iter().find(|options| !alone && options.name == name) {
            Some(options) => options.read.clone(),
            // Of several files, roles wait until all tables are there.
            None if alone => settings.read.clone(),
            None => ReadOptions { roles: Vec::new(), ..settings.read.clone() },
        }
    };
    let files: Vec<(PathBuf, ReadOptions)> = files.iter().map(|file| (file.clone(), options(file))).collect();
    let ask = Ask {
        spec: spec.sane(),
        choice: &settings.combine,
        hint: hint(settings),
        stratify: stratify(settings),
        roles: &settings.read.roles,
    };
    draw::read(&files, &ask, report)
}

/// One table that was read as a whole.
///
/// # Errors
/// The person cancelled.
pub(super) fn from_one(table: Table, settings: &Settings, report: &Reporter) -> crate::Result<Table> {
    let Some(spec) = settings.sample.filter(|_| table.source.sampled.is_none()) else { return Ok(table) };
    let mut data = Dataset { tables: vec![table], links: Vec::new() };
    if let Some(base) = draw::base(&data, &settings.combine, hint(settings), report)? {
        draw::from_tables(&mut data, &base, &[], (spec.sane(), stratify(settings)), report)?;
    }
    data.tables.pop().ok_or_else(|| crate::collect::combine::CombineError::NoTables.into())
}

/// Linked tables that were read as a whole: the customers' rows, and those of every table that leads to them.
/// True where something was drawn.
///
/// # Errors
/// The person cancelled.
pub(super) fn from_linked(
    data: &mut Dataset,
    plan: &Plan,
    settings: &Settings,
    report: &Reporter,
) -> crate::Result<bool> {
    let sampled = data.tables.iter().any(|table| table.source.sampled.is_some());
    let Some(spec) = settings.sample.filter(|_| !sampled) else { return Ok(false) };
    let base = Base { at: plan.customers.at, key: Some(plan.key.clone()), nameless: !plan.per_key };
    // What leads to a table that is nearer to the customers comes after it.
    let mut sources: Vec<_> = plan.sources.iter().filter(|source| source.table.at != base.at).collect();
    sources.sort_by_key(|source| source.up.len());
    let named: Vec<(usize, String, usize, String)> = sources
        .into_iter()
        .filter_map(|source| {
            let hop = source.up.first()?;
            Some((source.table.at, hop.from_column.clone(), hop.to.at, hop.to_column.clone()))
        })
        .collect();
    draw::from_tables(data, &base, &named, (spec.sane(), stratify(settings)), report)?;
    Ok(true)
}
