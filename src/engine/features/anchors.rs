//! From which day a file's dates are counted back, gathered block by block.

use std::collections::BTreeMap;

use super::{Encoder, FittedFeatures};
use crate::table::Frame;

/// Fewer rows do not tell when a file ends.
const LEAST_ROWS: usize = 30;
/// Days that a file must go on after the model's before days are counted from its own end.
const WEEK: f64 = 7.0;
const DAY: f64 = 86_400_000.0;

/// The last days of a file's date columns. What is kept are the days that are later than the model's,
/// with their counts.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    rows: usize,
    columns: Vec<Days>,
}

#[derive(Debug, Clone)]
struct Days {
    column: String,
    newest: f64,
    /// Days that may be true.
    count: usize,
    /// Those that are later than the model's last one by more than a week, in milliseconds since 1970.
    later: BTreeMap<i64, usize>,
}

impl Anchors {
    /// Nothing seen yet of the date columns of these features.
    pub fn of(features: &FittedFeatures) -> Self {
        let days = |encoder: &Encoder| match encoder {
            Encoder::Date { column, newest, .. } => {
                Some(Days { column: column.clone(), newest: *newest, count: 0, later: BTreeMap::new() })
            }
            _ => None,
        };
        Self { rows: 0, columns: features.encoders.iter().filter_map(days).collect() }
    }

    /// True if there is no date: every file is counted alike.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Takes in more rows of the file, cleaned.
    pub fn add(&mut self, frame: &Frame) {
        self.rows += frame.height();
        let today = chrono::Utc::now().timestamp() as f64 / 86_400.0;
        for days in &mut self.columns {
            let limit = (today + WEEK).max(days.newest);
            let seen = frame.numbers(&days.column).into_iter().flatten().flatten();
            for day in seen.filter(|day| *day <= limit) {
                days.count += 1;
                if day > days.newest + WEEK {
                    *days.later.entry((day * DAY).round() as i64).or_default() += 1;
                }
            }
        }
    }

    /// The day that a column's file reaches; `None` where the model's own stands.
    fn reached(&self, column: &str) -> Option<f64> {
        let days = self.columns.iter().find(|days| days.column == column && self.rows >= LEAST_ROWS)?;
        let reach = (days.count / 200).max(3);
        let mut from_the_top = 0;
        days.later.iter().rev().find_map(|(ms, count)| {
            from_the_top += count;
            (from_the_top >= reach).then_some(*ms as f64 / DAY)
        })
    }
}

impl FittedFeatures {
    /// The same encoders, with days counted back from where the file ends: see
    /// [`reanchored`](Self::reanchored).
    pub fn anchored(&self, anchors: &Anchors) -> Self {
        let mut out = self.clone();
        for encoder in &mut out.encoders {
            if let Encoder::Date { column, newest, .. } = encoder
                && let Some(last) = anchors.reached(column)
            {
                *newest = last;
            }
        }
        out
    }
}
