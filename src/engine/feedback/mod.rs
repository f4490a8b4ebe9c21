//! What customers are saying: which comments are kind, what they speak of, what rose when, and what to mend
//! first. Formulas, sources and figures: `docs/feedback.md`.

mod analyse;
mod effects;
mod figures;
mod filler;
mod folds;
mod learn;
mod lexicon;
mod network;
#[cfg(test)]
mod network_tests;
mod repeats;
mod reply;
mod rises;
mod script;
mod search;
mod sentiment;
mod spec;
mod survey;
#[cfg(test)]
mod tests;
mod themes;
mod topics;

pub use analyse::{Feedback, Trend, analyse};
pub use effects::Effect;
pub use figures::{Figures, SURE, calibration_error};
pub use folds::{FOLDS, folds_of};
pub use learn::Tried;
pub use lexicon::{Aspect, shipped_aspects};
pub use network::{MOST_LEARNT, MoodModel};
pub use repeats::{Repeats, repeats};
pub use reply::{Template, draft, shipped_templates};
pub use rises::{Calendar, FALSE_ALARMS, Rise, Step, rise};
pub use script::Language;
pub use search::{By, Filter, Index, Which, count_aspects};
pub use sentiment::{Mood, Reader, SHIPPED_THRESHOLDS, Sentiment, bag, by_list, shipped};
pub use spec::{FeedbackSpec, MoodChoice};
pub use survey::{Answers, Scale, nps};
pub use themes::{Mend, Outcome, Theme, ThemeKind};
pub use topics::Topics;

use chrono::NaiveDate;

use crate::error::Place;
use crate::note::Note;

/// Why comments cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    #[error("no column of {tables} holds comments")]
    NoText { tables: String },
    #[error("there is no column “{column}”; there are: {present}")]
    NoColumn { column: String, present: String },
    #[error("every comment in “{column}” is empty")]
    Empty { column: String },
}

impl FeedbackError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoText { .. } => "feedback_no_text",
            Self::NoColumn { .. } => "feedback_no_column",
            Self::Empty { .. } => "feedback_empty",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NoText { .. } => Place::default(),
            Self::NoColumn { column, .. } | Self::Empty { column } => {
                Place { column: Some(column.clone()), ..Place::default() }
            }
        }
    }
}

/// A comment as it was written, and what stands beside it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comment {
    /// Permanent row id in its table.
    pub row: u32,
    pub text: String,
    /// Place of the customer in [`Said::customers`].
    pub customer: Option<usize>,
    pub day: Option<NaiveDate>,
    pub rating: Option<f64>,
    /// Answer to "would you recommend us", 0 to 10.
    pub nps: Option<f64>,
    /// Group that it is counted with.
    pub segment: Option<String>,
}

/// Who commented.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commenter {
    pub id: String,
    /// Whether the customer left, where that is known.
    pub left: Option<bool>,
    pub spend: Option<f64>,
}

/// Comments and who made them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    pub comments: Vec<Comment>,
    pub customers: Vec<Commenter>,
    /// What the ratings mean, where there are any.
    pub scale: Option<Scale>,
    /// Which columns were read, and what a person should know.
    pub notes: Vec<Note>,
}

/// The head of a text, at most so many bytes, whole characters.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// A comment to be shown: its first `letters`, with mail addresses, telephone, card, account and identity numbers
/// covered.
pub fn masked(text: &str, letters: usize) -> String {
    // A detail that the cut would split lies beyond what is shown.
    let whole = text.len();
    let text = head(text, letters.saturating_mul(4).saturating_add(400));
    let is_cut = text.len() < whole;
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, _) in crate::detect::contact::find_in_text(text) {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str("●●●");
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    let shown = shorten(&out, letters);
    // Covered details can make the head shorter than what may be shown.
    if is_cut && !shown.ends_with('…') { shown + "…" } else { shown }
}

/// The first `letters` of a text, with an ellipsis where there are more.
pub(crate) fn shorten(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
