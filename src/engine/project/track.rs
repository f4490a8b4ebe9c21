//! The days that were looked back to, one after the other: only what was computed.

use std::collections::BTreeMap;

use super::AsOf;
use crate::features::behaviour::{Date, Day, to_day};
use crate::metrics::Estimate;

/// A day that was looked back to.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    pub day: Date,
    /// Share of the customers who would have been said to be at risk.
    pub said: Option<Estimate>,
    /// Share of those whose fate is known who were lost.
    pub lost: Option<Estimate>,
}

/// Such days in their order, each once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Track(BTreeMap<Day, Looked>);

impl Track {
    /// Takes in a day; a day that was looked at before is replaced.
    pub fn add(&mut self, seen: &AsOf) {
        let looked = Looked { day: seen.day, said: seen.said(), lost: seen.lost() };
        self.0.insert(to_day(seen.day), looked);
    }

    /// Every day, the oldest first.
    pub fn days(&self) -> impl Iterator<Item = (Day, &Looked)> {
        self.0.iter().map(|(day, looked)| (*day, looked))
    }

    /// Days.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True where no day was looked at.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The smallest and the largest share lost, over the days of which it is known.
    pub fn lost(&self) -> Option<(f64, f64)> {
        let shares = self.0.values().filter_map(|looked| looked.lost).map(|share| share.value);
        shares.fold(None, |range, share| match range {
            None => Some((share, share)),
            Some((low, high)) => Some((share.min(low), share.max(high))),
        })
    }
}
