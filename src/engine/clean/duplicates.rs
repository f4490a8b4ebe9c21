//! Rows that repeat an earlier row in every column, identifiers included. Dropped while training,
//! flagged while scoring.

use std::collections::HashMap;

use polars::prelude::*;

use super::record::Recorder;
use crate::table::Frame;

pub(super) fn apply(frame: &Frame, drop_rows: bool, record: &mut Recorder) -> PolarsResult<Frame> {
    let keys = row_keys(frame, |_| true);
    let mut first: HashMap<u64, usize> = HashMap::with_capacity(keys.len());
    let mut keep = vec![true; keys.len()];
    for (at, key) in keys.iter().enumerate() {
        match first.entry(*key) {
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(at);
            }
            std::collections::hash_map::Entry::Occupied(_) => {
                keep[at] = false;
                record.flag(at, drop_rows);
            }
        }
    }
    if !drop_rows || keep.iter().all(|k| *k) {
        return Ok(frame.clone());
    }
    frame.filter(&keep)
}

/// A 64-bit key of each row's values in the columns that count; two different rows share one with chance 2⁻⁶⁴ a pair.
pub(super) fn row_keys(frame: &Frame, counts: impl Fn(&str) -> bool) -> Vec<u64> {
    use std::hash::{BuildHasher, Hash, Hasher};
    let state = PlFixedStateQuality::default();
    let mut keys = vec![0u64; frame.height()];
    for column in frame.data.columns().iter().filter(|column| counts(column.name())) {
        let mut mix = |at: usize, value: Option<u64>, text: Option<&str>| {
            let mut hasher = state.build_hasher();
            keys[at].hash(&mut hasher);
            value.hash(&mut hasher);
            text.hash(&mut hasher);
            keys[at] = hasher.finish();
        };
        if let Ok(numbers) = column.f64() {
            numbers.iter().enumerate().for_each(|(at, v)| mix(at, v.map(f64::to_bits), None));
        } else if let Ok(dates) = column.datetime() {
            dates.phys.iter().enumerate().for_each(|(at, v)| mix(at, v.map(|v| v as u64), None));
        } else if let Ok(text) = column.str() {
            text.iter().enumerate().for_each(|(at, v)| mix(at, None, v));
        }
    }
    keys
}
