use polars::prelude::*;

use crate::table::Frame;

pub(super) fn frame(columns: &[(&str, &[&str])]) -> Frame {
    let height = columns.first().map_or(0, |(_, cells)| cells.len());
    let columns = columns
        .iter()
        .map(|(name, cells)| {
            let cells = cells.iter().map(|cell| (!cell.is_empty()).then_some(*cell));
            StringChunked::from_iter_options((*name).into(), cells).into_series().into()
        })
        .collect();
    let rows = (2..height as u32 + 2).collect();
    Frame { rows: std::sync::Arc::new(rows), data: DataFrame::new(height, columns).unwrap() }
}
