//! A file as it goes by in blocks, and the rows that stay of it.

use std::path::Path;
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::filter;
use crate::clean::CleanError;
use crate::collect::{ReadOptions, Streamed, format, stream};
use crate::job::Reporter;
use crate::table::{Column, Table};

/// Hands the rows of a delimited text or a Parquet file to `each`, block after block; of Parquet only
/// `columns`, where they are named. `None` for any other file.
pub(super) fn blocks(
    (path, options): (&Path, &ReadOptions),
    columns: Option<&[&str]>,
    report: &Reporter,
    mut each: impl FnMut(Table) -> crate::Result<()>,
) -> crate::Result<Option<Streamed>> {
    match format::stream_parquet(path, options, columns, report, &mut each)? {
        None => stream(path, options, report, each),
        told => Ok(told),
    }
}

/// A file's rows that stay, as a table without a profile.
pub(super) fn keep(
    file: (&Path, &ReadOptions),
    report: &Reporter,
    mut rows: impl FnMut(&Table) -> crate::Result<Vec<bool>>,
) -> crate::Result<Option<Table>> {
    let (mut shape, mut data, mut ids) = (None, DataFrame::empty(), Vec::new());
    let streamed = blocks(file, None, report, |mut block| {
        let keep = rows(&block)?;
        filter(&mut block, &keep)?;
        ids.extend(block.rows.iter().copied());
        if data.width() == 0 {
            data = block.raw.clone();
        } else {
            data.vstack_mut(&block.raw).map_err(CleanError::from)?;
        }
        shape.get_or_insert(block);
        Ok(())
    })?;
    let (Some(streamed), Some(shape)) = (streamed, shape) else { return Ok(None) };
    // Small pieces of many blocks: one piece is read faster.
    let columns = data.columns().iter().map(polars::prelude::Column::rechunk);
    let raw = DataFrame::new(ids.len(), columns.collect()).map_err(CleanError::from)?;
    Ok(Some(Table {
        source: streamed.source,
        raw,
        columns: Vec::<Column>::new(),
        rows: Arc::new(ids),
        records: streamed.rows + streamed.rejected_count,
        rejected: Vec::new(),
        rejected_count: streamed.rejected_count,
        warnings: streamed.warnings,
        ..shape
    }))
}
