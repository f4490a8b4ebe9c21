//! Slices: the metric by the levels of columns, the worst slices of one and two columns found by search,
//! and what a model does to chosen groups. Everything is measured on rows that the model never saw.

mod fairness;
mod grouping;
mod measure;
mod search;
#[cfg(test)]
mod tests;

pub use fairness::{Fairness, Gap, GroupRates, LEAST_ROWS, Share, fairness};
pub use grouping::{Grouping, LEVELS, Level, NOWHERE, by_level, by_number};
pub use measure::{Measure, Rows};
pub use search::{CLAIMED, Condition, Found, Search, Slice, search};
