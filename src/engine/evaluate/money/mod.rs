//! Money: what calling whom costs and brings. The list in force is read off prefix sums, so that a
//! threshold can be dragged; the curve is that of the same list, with a band from how the probabilities
//! of rows that the model never saw came true.

mod book;
mod calibration;
mod curve;
mod spec;

pub use book::{Book, Called, REST_DAYS};
pub use curve::{ProfitCurve, ProfitPoint};
pub use spec::{Limit, MoneySpec, fill};
