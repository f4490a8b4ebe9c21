//! A linear model column by column, as a sheet has it.

use crate::clean::Scaler;
use crate::table::ColumnSpec;

/// A linear model, column by column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub intercept: f64,
    pub parts: Vec<Part>,
    /// What the probability goes through, in this order.
    pub repairs: Vec<Mend>,
    pub threshold: f64,
}

/// A map of probabilities.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mend {
    /// σ(slope · ln(p / (1 − p)) + offset), p held from `edge` to 1 − `edge`.
    Sigmoid { slope: f64, offset: f64, edge: f64 },
    /// Straight lines between knots.
    Knots { x: Vec<f64>, y: Vec<f64> },
}

/// A column and what becomes of its cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub spec: ColumnSpec,
    pub kind: PartKind,
    /// The smallest and the largest of the training rows.
    pub seen: Option<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum PartKind {
    Number(Number),
    Levels(Levels),
    Date(Date),
}

/// A number: read, held within what can be, then these steps, then weighed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    pub low: f64,
    pub high: f64,
    pub steps: Vec<NumberStep>,
    pub weight: Weight,
    /// Log-odds of a hole.
    pub missing: f64,
    /// Some values of the training rows from the smallest to the largest, to show points of.
    pub shown: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum NumberStep {
    /// Becomes the nearest bound.
    Cap(f64, f64),
    /// Becomes a hole.
    Empty(f64, f64),
    Fill(f64),
    Scale(Scaler),
}

/// How the number that comes out is weighed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Weight {
    /// Log-odds of one unit, in single precision.
    Slope(f64),
    /// Log-odds of each stretch, one more than edges.
    Bins { edges: Vec<f64>, weights: Vec<f64> },
    /// Only whether it is there.
    None,
}

/// A category.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Levels {
    /// What is compared is folded: lower case, one blank between words.
    pub folded: bool,
    /// What stands in for a hole.
    pub fill: Option<String>,
    /// `NA` and 无 are values.
    pub keep_na: bool,
    /// As it is compared, as it is shown, log-odds.
    pub levels: Vec<(String, String, f64)>,
    /// Log-odds of any other.
    pub other: f64,
}

/// A day: years before `newest`, then month and weekday on a circle.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Date {
    pub newest: f64,
    pub years: f64,
    /// Sine and cosine of the month.
    pub month: Option<(f64, f64)>,
    pub weekday: (f64, f64),
    pub missing: f64,
}
