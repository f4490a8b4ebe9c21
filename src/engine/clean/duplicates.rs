//! Rows that repeat an earlier row in every column, identifiers included. Dropped while training,
//! flagged while scoring.

use polars::prelude::*;
use rayon::prelude::*;

use super::record::Recorder;
use crate::table::Frame;

/// Rows whose keys are made in one go.
const ROWS: usize = 1 << 14;

pub(super) fn apply(frame: &Frame, drop_rows: bool, record: &mut Recorder) -> PolarsResult<Frame> {
    if record.is_deaf() && !drop_rows {
        if record.is_keyed() {
            record.keys(whole_keys(frame));
        }
        return Ok(frame.clone());
    }
    let keys = whole_keys(frame);
    let mut seen: PlHashSet<u64> = PlHashSet::with_capacity(keys.len());
    let keep: Vec<bool> = keys.iter().map(|key| seen.insert(*key)).collect();
    keep.iter().enumerate().filter(|(_, keep)| !**keep).for_each(|(at, _)| record.flag(at, drop_rows));
    if !drop_rows {
        record.keys(keys);
    }
    if !drop_rows || keep.iter().all(|k| *k) {
        return Ok(frame.clone());
    }
    frame.filter(&keep)
}

/// A 64-bit key of each row's values, to be compared within one run of the program only.
fn whole_keys(frame: &Frame) -> Vec<u64> {
    use std::hash::{BuildHasher, Hasher};
    /// What is hashed for a missing value: a number, where a text is bytes.
    const MISSING: u64 = 0x6d69_7373_696e_6721;
    let state = PlFixedStateQuality::default();
    let with_bits = |key: &mut u64, bits: Option<u64>| {
        let mut hasher = state.build_hasher();
        hasher.write_u64(*key);
        hasher.write_u64(u64::from(bits.is_none()));
        hasher.write_u64(bits.unwrap_or(MISSING));
        *key = hasher.finish();
    };
    let with_text = |key: &mut u64, text: Option<&str>| {
        let mut hasher = state.build_hasher();
        hasher.write_u64(*key);
        match text {
            Some(text) => hasher.write(text.as_bytes()),
            None => hasher.write_u64(MISSING),
        }
        *key = hasher.finish();
    };
    let mut keys = vec![0u64; frame.height()];
    keys.par_chunks_mut(ROWS).enumerate().for_each(|(part, keys)| {
        for column in frame.data.columns() {
            let column = column.slice((part * ROWS) as i64, keys.len());
            let keys = keys.iter_mut();
            if let Ok(numbers) = column.f64() {
                keys.zip(numbers.iter()).for_each(|(key, value)| with_bits(key, value.map(f64::to_bits)));
            } else if let Ok(dates) = column.datetime() {
                let days = dates.phys.iter();
                keys.zip(days).for_each(|(key, value)| with_bits(key, value.map(|value| value as u64)));
            } else if let Ok(text) = column.str() {
                keys.zip(text.iter()).for_each(|(key, value)| with_text(key, value));
            }
        }
    });
    keys
}

/// A 64-bit key of each row's values in the columns that count; two different rows share one with chance 2⁻⁶⁴ a pair.
pub(super) fn row_keys(frame: &Frame, counts: impl Fn(&str) -> bool) -> Vec<u64> {
    use std::hash::{BuildHasher, Hash, Hasher};
    let state = PlFixedStateQuality::default();
    let columns: Vec<&Column> = frame.data.columns().iter().filter(|column| counts(column.name())).collect();
    let mut keys = vec![0u64; frame.height()];
    keys.par_chunks_mut(ROWS).enumerate().for_each(|(part, keys)| {
        for column in &columns {
            let column = column.slice((part * ROWS) as i64, keys.len());
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
    });
    keys
}
