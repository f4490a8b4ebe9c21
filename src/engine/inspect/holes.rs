//! Where values are missing, and which columns miss them together.

use crate::table::{ColumnSpec, Frame};

/// The map of what is missing: bands of rows down, columns across.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Holes {
    /// Columns that miss something, the emptiest first.
    pub columns: Vec<String>,
    /// Missing cells of each.
    pub missing: Vec<u64>,
    /// Share that is missing, by band of rows (outer) and column (inner).
    pub bands: Vec<Vec<f64>>,
    pub rows: usize,
    /// Pairs of columns that miss their values in the same rows more often than not: places in
    /// `columns`, and the share of the rows missing either that miss both (Jaccard).
    pub together: Vec<(usize, usize, f64)>,
}

/// Columns in the map.
const MOST_COLUMNS: usize = 40;
/// Share from which two columns are said to miss their values together.
const TOGETHER: f64 = 0.5;

/// Maps what is missing in `bands` bands of rows.
pub fn holes(frame: &Frame, schema: &[ColumnSpec], bands: usize) -> Holes {
    let height = frame.height();
    let mut list: Vec<(&str, u64)> = schema
        .iter()
        .filter_map(|spec| {
            let count = frame.data.column(&spec.name).ok()?.null_count() as u64;
            (count > 0).then_some((spec.name.as_str(), count))
        })
        .collect();
    list.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    list.truncate(MOST_COLUMNS);
    let bands = bands.clamp(1, height.max(1));
    let empty: Vec<Vec<bool>> = list
        .iter()
        .map(|(name, _)| match frame.data.column(name) {
            Ok(column) => column.is_null().iter().map(|cell| cell == Some(true)).collect(),
            Err(_) => vec![false; height],
        })
        .collect();
    let band = |at: usize| {
        let (from, to) = (at * height / bands, (at + 1) * height / bands);
        empty
            .iter()
            .map(|column| {
                let part = column.get(from..to).unwrap_or_default();
                part.iter().filter(|hole| **hole).count() as f64 / part.len().max(1) as f64
            })
            .collect()
    };
    let mut together = Vec::new();
    for (a, first) in empty.iter().enumerate() {
        for (b, second) in empty.iter().enumerate().skip(a + 1) {
            let both = first.iter().zip(second).filter(|(a, b)| **a && **b).count() as f64;
            let either = first.iter().zip(second).filter(|(a, b)| **a || **b).count() as f64;
            if either > 0.0 && both / either > TOGETHER {
                together.push((a, b, both / either));
            }
        }
    }
    together.sort_by(|a, b| b.2.total_cmp(&a.2));
    Holes {
        columns: list.iter().map(|(name, _)| (*name).to_owned()).collect(),
        missing: list.iter().map(|(_, count)| *count).collect(),
        bands: (0..bands).map(band).collect(),
        rows: height,
        together,
    }
}
