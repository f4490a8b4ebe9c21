//! Money: what calling whom costs and brings. Two answers beside each other: the curve, exact on rows
//! that the model never saw and scaled to the list in force; and the list itself, whose length and sums
//! are read off prefix sums, so that a threshold can be dragged.

mod book;
mod curve;
mod spec;

pub use book::{Book, Called, REST_DAYS};
pub use curve::{ProfitCurve, ProfitPoint, best_threshold};
pub use spec::{Limit, MoneySpec, fill};
