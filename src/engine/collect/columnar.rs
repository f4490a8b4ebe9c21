//! Parquet and Arrow IPC (Feather) → text, column by column, so that only one column at a time
//! is in memory twice.

mod cells;
mod pages;
mod stream;

use std::fs::File;
use std::sync::Arc;

use polars::prelude::*;

use super::CollectError;
use super::Streamed;
use super::format::{Found, Task, Want, names};
use crate::table::{Provenance, Table};
use cells::Texts;

/// Rows that are decoded before we listen for cancel.
const SLICE: usize = 1 << 18;

/// Rows of a Parquet file.
pub(super) fn parquet_rows(file: File, task: &Task<'_>) -> crate::Result<u64> {
    pages::check_footer(handle(&file, task)?, task)?;
    guarded(task, || ParquetReader::new(file).num_rows()).map(|rows| rows as u64)
}

/// Reads a Parquet file, its row groups some at a time.
pub(super) fn read_parquet(file: File, task: &Task<'_>) -> crate::Result<Found> {
    pages::check_footer(handle(&file, task)?, task)?;
    let mut reader = ParquetReader::new(handle(&file, task)?);
    let (schema, groups) = guarded(task, || {
        let groups: Vec<usize> =
            reader.get_metadata()?.row_groups.iter().map(|group| group.num_rows()).collect();
        Ok((reader.schema()?, groups))
    })?;
    let fields: Vec<String> = schema.iter_names().map(|name| name.to_string()).collect();
    let rows = groups.iter().fold(0usize, |sum, rows| sum.saturating_add(*rows));
    let rows = rows.min(task.head.unwrap_or(usize::MAX));
    let chunks = guarded(task, || pages::chunks(&mut reader, rows))?;
    pages::check(handle(&file, task)?, &chunks, task)?;
    let metadata = guarded(task, || reader.get_metadata().cloned())?;
    let column = |name: &str| -> crate::Result<Series> {
        let mut whole: Option<Series> = None;
        for (from, count) in slices(&groups, rows) {
            task.report.check()?;
            let file = handle(&file, task)?;
            let part = guarded(task, || {
                let mut reader = ParquetReader::new(file);
                reader.set_metadata(metadata.clone());
                let frame = reader
                    .with_columns(Some(vec![name.to_owned()]))
                    .with_slice(Some((from, count)))
                    .finish()?;
                Ok(frame.column(name)?.as_materialized_series().clone())
            })?;
            match &mut whole {
                Some(whole) => guarded(task, || whole.append(&part).map(|_| ()))?,
                None => whole = Some(part),
            }
        }
        Ok(whole.unwrap_or_else(|| Series::new_empty(name.into(), &DataType::String)))
    };
    build(&fields, rows, "parquet", column, task)
}

/// Hands the rows of a Parquet file to `each`, some row groups at a time; only `columns`, where all of them are
/// there by these names.
pub(super) fn pass_parquet(
    file: &File,
    task: &Task<'_>,
    columns: Option<&[&str]>,
    each: &mut dyn FnMut(Table) -> crate::Result<()>,
) -> crate::Result<Streamed> {
    let mut reader = ParquetReader::new(handle(file, task)?);
    let (schema, groups, metadata) = guarded(task, || {
        let groups: Vec<usize> =
            reader.get_metadata()?.row_groups.iter().map(|group| group.num_rows()).collect();
        Ok((reader.schema()?, groups, reader.get_metadata()?.clone()))
    })?;
    let all: Vec<String> = schema.iter_names().map(|name| name.to_string()).collect();
    let there = |wanted: &&[&str]| wanted.iter().all(|name| all.iter().any(|field| field == name));
    let fields: Vec<String> = match columns.filter(there) {
        Some(wanted) if !wanted.is_empty() => wanted.iter().map(|name| (*name).to_owned()).collect(),
        _ => all.clone(),
    };
    let rows = groups.iter().fold(0usize, |sum, rows| sum.saturating_add(*rows));
    if rows == 0 {
        return Err(CollectError::NoRows { file: task.path.to_owned() }.into());
    }
    let (mut warnings, mut source) = (Vec::new(), Provenance::default());
    for (from, count) in slices(&groups, rows) {
        task.report.check()?;
        let handle = handle(file, task)?;
        let frame = guarded(task, || {
            let mut reader = ParquetReader::new(handle);
            reader.set_metadata(metadata.clone());
            reader.with_columns(Some(fields.clone())).with_slice(Some((from, count))).finish()
        })?;
        let column = |name: &str| guarded(task, || Ok(frame.column(name)?.as_materialized_series().clone()));
        let mut found = build(&fields, count, "parquet", column, task)?;
        let Some(mut block) = found.tables.pop() else { continue };
        let (first, last) = (from + 1, from.saturating_add(count));
        let number = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
        block.rows = Arc::new((number(first)..=number(last)).collect());
        if from == 0 {
            (warnings, source) = (std::mem::take(&mut block.warnings), block.source.clone());
        }
        each(block)?;
        task.report.progress(0.99 * last as f64 / rows as f64);
    }
    Ok(Streamed { rows: rows as u64, rejected_count: 0, source, warnings })
}

/// Reads an Arrow IPC file.
pub(super) fn read_ipc(file: File, task: &Task<'_>) -> crate::Result<Found> {
    let mut reader = IpcReader::new(handle(&file, task)?);
    let schema = guarded(task, || reader.schema())?;
    let fields: Vec<String> = schema.iter_names().map(|name| name.to_string()).collect();
    let read = |projection: Vec<usize>| {
        let reader = IpcReader::new(handle(&file, task)?).with_n_rows(task.head).set_rechunk(false);
        guarded(task, || reader.with_projection(Some(projection)).finish())
    };
    let rows = match fields.len() {
        0 => 0,
        _ => read(vec![0])?.height(),
    };
    let column = |name: &str| {
        task.report.check()?;
        let at = fields.iter().position(|field| field == name).unwrap_or(0);
        let frame = read(vec![at])?;
        guarded(task, || Ok(frame.column(name)?.as_materialized_series().clone()))
    };
    build(&fields, rows, "ipc", column, task)
}

/// Reads a stream of Arrow IPC messages.
pub(super) fn read_stream(file: File, task: &Task<'_>) -> crate::Result<Found> {
    read_ipc(stream::to_file(file, task)?, task)
}

/// A handle of its own, at the file's beginning.
fn handle(file: &File, task: &Task<'_>) -> crate::Result<File> {
    use std::io::{Seek, SeekFrom};
    let mut copy = file.try_clone().map_err(|cause| task.io(cause))?;
    copy.seek(SeekFrom::Start(0)).map_err(|cause| task.io(cause))?;
    Ok(copy)
}

/// Whole row groups of about [`SLICE`] rows, as first row and count, up to `rows`.
fn slices(groups: &[usize], rows: usize) -> Vec<(usize, usize)> {
    let (mut out, mut from, mut count) = (Vec::new(), 0, 0);
    for group in groups {
        count += group;
        if count >= SLICE {
            out.push((from, count));
            (from, count) = (from + count, 0);
        }
    }
    out.push((from, count));
    out.retain_mut(|(from, count)| {
        *count = (*count).min(rows.saturating_sub(*from));
        *count > 0
    });
    out
}

/// Runs code of the format's library: an error of its own, or its panic over a damaged file, says
/// that the file is damaged.
fn guarded<T>(task: &Task<'_>, work: impl FnOnce() -> PolarsResult<T>) -> crate::Result<T> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(PolarsError::IO { error, .. })) if error.raw_os_error().is_some() => {
            Err(task.io(std::io::Error::new(error.kind(), error.to_string())))
        }
        Ok(Err(cause)) => Err(task.malformed(cause)),
        Err(_) => Err(task.malformed("its parts contradict each other")),
    }
}

fn build(
    fields: &[String],
    height: usize,
    format: &'static str,
    column: impl Fn(&str) -> crate::Result<Series>,
    task: &Task<'_>,
) -> crate::Result<Found> {
    if let Want::Part(_) = task.want {
        let own = [task.member.clone().unwrap_or_else(|| task.stem())];
        if task.want.among(&own).is_none() {
            return Err(task.no_part(&own));
        }
    }
    if height == 0 {
        return Err(CollectError::NoRows { file: task.path.to_owned() }.into());
    }
    let mut texts = Texts::default();
    for (at, field) in fields.iter().enumerate() {
        texts.add(field, &column(field)?, task.report)?;
        task.report.progress(0.7 * (at + 1) as f64 / fields.len().max(1) as f64);
    }
    let Texts { columns, mut warnings } = texts;
    let given: Vec<String> = columns.iter().map(|text| text.name().to_string()).collect();
    let columns = names(&given, &mut warnings)
        .into_iter()
        .zip(columns)
        .map(|(name, text)| text.with_name(name.into()).into_series().into())
        .collect();
    let raw = DataFrame::new(height, columns).map_err(|cause| task.malformed(cause))?;
    let last = u32::try_from(height).unwrap_or(u32::MAX);
    let table = Table {
        name: task.stem(),
        source: Provenance {
            file: task.path.to_owned(),
            files: Vec::new(),
            format,
            part: task.member.clone(),
            encoding: String::new(),
            separator: None,
            header: true,
            bytes: task.bytes,
            hash: task.hash.clone(),
            sampled: None,
        },
        raw,
        columns: Vec::new(),
        rows: Arc::new((1..=last).collect()),
        records: height as u64,
        rejected: Vec::new(),
        rejected_count: 0,
        warnings,
    };
    Ok(Found { tables: vec![table], others: Vec::new() })
}
