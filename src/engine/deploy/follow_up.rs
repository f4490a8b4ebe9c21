//! What the person did about a customer: kept by identifier, from one export to the next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a contact ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    #[default]
    None,
    NoReply,
    Stays,
    Leaves,
}

impl Answer {
    pub const ALL: [Answer; 4] = [Answer::None, Answer::NoReply, Answer::Stays, Answer::Leaves];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::NoReply => "no_reply",
            Self::Stays => "stays",
            Self::Leaves => "leaves",
        }
    }
}

/// The record of one customer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FollowUp {
    /// The day of the last contact, as `2026-11-25`.
    pub contacted: Option<String>,
    pub answer: Answer,
    pub note: String,
    pub do_not_contact: bool,
}

impl FollowUp {
    /// True if there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The records by customer identifier.
pub type FollowUps = BTreeMap<String, FollowUp>;
