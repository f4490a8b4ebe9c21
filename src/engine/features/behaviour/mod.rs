//! Customer features from orders, events and opinions, honest in time: the question is asked on
//! cut-off days, every feature is computed from rows up to the end of such a day, every label from the
//! rows after it. See `docs/behaviour.md` for the formulas.
//!
//! Rows of a customer lie together in the order of time, so that what was known on a day is the head of
//! a slice; the functions that compute features get that head and nothing else. [`check_look_ahead`]
//! proves it anew on the person's own data.

mod activity;
mod books;
mod build;
mod cells;
mod columns;
mod fitted;
mod label;
mod look_ahead;
mod orders;
mod own;
mod question;
mod read;
mod roles;
mod sequence;
pub mod server;
mod table;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use crate::error::Place;

pub use books::Books;
pub use build::{Behaviour, ColumnLabels, apply, learn, within};
pub use columns::Columns;
pub use fitted::{Feature, FittedBehaviour, Layout};
pub use label::{is_asked, label, next_purchase, window};
pub use look_ahead::check as check_look_ahead;
pub use own::{LooksAhead, Why, find_look_ahead};
pub(crate) use question::day_of;
pub use question::{Churn, CutOffs, Date, Day, Question, SHORTEST_RHYTHM, to_date, to_day};
#[cfg(test)]
pub(crate) use read::READ;
pub(crate) use read::read_told;
pub use read::{Read, read};
pub use roles::could_ask;
pub use sequence::{HISTORY, HistoryStep, LONGEST_HISTORY, read_history};
pub(crate) use table::LOST;
pub use table::{CUT_OFF, table, target_name};

/// Why there are no features of behaviour.
#[derive(Debug, thiserror::Error)]
pub enum BehaviourError {
    #[error("none of the tables holds dated orders of customers: {tables}")]
    NoOrders { tables: String },
    #[error("the rows of “{table}” have no date that can be read")]
    NoDates { table: String },
    #[error("no order of a known customer is left: all are returns, or without money, date or customer")]
    NoPurchases,
    #[error("the orders go from {first} to {last}, which is too short to look {horizon} days ahead")]
    TooShort { first: NaiveDate, last: NaiveDate, horizon: u32 },
    #[error("on none of the days was there a customer who had bought within {days} days")]
    Nobody { days: u32 },
    #[error("{day} lies before the first purchase, {first}")]
    BeforeBegin { day: NaiveDate, first: NaiveDate },
    #[error("{day} lies after the end of the data, {last}")]
    AfterEnd { day: NaiveDate, last: NaiveDate },
    #[error("the data tell nothing of “{what}”, which the model learnt from")]
    Lacking { what: &'static str },
    #[error("“{table}” has no column “{column}”, which the model learnt from")]
    NoKeptColumn { table: String, column: String },
    #[error("features that look ahead of their day: {features}")]
    LooksAhead { features: String },
    #[error("the question is answered by a column, and the customers' table has none that is the target")]
    NoColumn,
    #[error(
        "the column that answers the question tells the state of today, so nothing can be learnt as of {day}"
    )]
    ColumnOfToday { day: NaiveDate },
    #[error("the model was not learnt from a question over time")]
    NoQuestion,
    #[error(transparent)]
    Push(#[from] server::PushError),
    #[error("the table of features failed in the table engine: {0}")]
    Table(#[from] polars::error::PolarsError),
}

impl BehaviourError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoOrders { .. } => "behaviour_no_orders",
            Self::NoDates { .. } => "behaviour_no_dates",
            Self::NoPurchases => "behaviour_no_purchases",
            Self::TooShort { .. } => "behaviour_too_short",
            Self::Nobody { .. } => "behaviour_nobody",
            Self::BeforeBegin { .. } => "behaviour_before_begin",
            Self::AfterEnd { .. } => "behaviour_after_end",
            Self::Lacking { .. } => "behaviour_lacking",
            Self::NoKeptColumn { .. } => "behaviour_kept_column",
            Self::LooksAhead { .. } => "behaviour_looks_ahead",
            Self::NoColumn => "behaviour_no_column",
            Self::ColumnOfToday { .. } => "behaviour_column_of_today",
            Self::NoQuestion => "behaviour_no_question",
            Self::Push(e) => e.kind(),
            Self::Table(_) => "table_engine",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NoKeptColumn { column, .. } => Place { column: Some(column.clone()), ..Place::default() },
            Self::Push(e) => e.place(),
            _ => Place::default(),
        }
    }
}
