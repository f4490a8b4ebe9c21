//! Looking at a table before anything is learnt from it: each column's summary, how columns hang
//! together, where values are missing, and how good the data are. Fits nothing, changes nothing.

mod association;
mod holes;
mod quality;
mod summary;

pub use association::{Association, Measure, Target, associations, with_target};
pub use holes::{Holes, holes};
pub use quality::{Part, Quality, quality};
pub use summary::{Summary, summarize};

use crate::table::{ColumnSpec, Frame, Role};

/// Rows looked at for figures that need sorting or pairs; more change the third digit only.
pub const LOOKED_AT: usize = 50_000;

/// Every n-th row, so that at most [`LOOKED_AT`] are looked at; the step that was taken.
fn stride(rows: usize) -> usize {
    rows.div_ceil(LOOKED_AT).max(1)
}

/// A column as numbers or as levels, for every `step`-th row.
enum Values {
    Numbers(Vec<Option<f64>>),
    /// Places in the list of levels, and how many there are.
    Levels(Vec<Option<usize>>, usize),
}

/// Levels beyond which a column tells nothing as a category.
const MOST_LEVELS: usize = 200;

fn values(frame: &Frame, spec: &ColumnSpec, step: usize) -> Option<Values> {
    if spec.role.is_numeric() || spec.role == Role::Date {
        let numbers = frame.numbers(&spec.name)?;
        return Some(Values::Numbers(numbers.into_iter().step_by(step).collect()));
    }
    if !matches!(spec.role, Role::Category | Role::Target) {
        return None;
    }
    let text = frame.text(&spec.name)?;
    let mut places = std::collections::HashMap::new();
    let of_row: Vec<Option<usize>> = text
        .iter()
        .step_by(step)
        .map(|value| {
            let next = places.len();
            value.map(|value| *places.entry(value).or_insert(next))
        })
        .collect();
    let count = places.len();
    (count <= MOST_LEVELS).then_some(Values::Levels(of_row, count))
}
