//! The engine's error: one enum per room below it, each with its place, cause and kind. The
//! faces add the mend in the person's language under `hint.<kind>`.

use std::path::PathBuf;

/// Where in the person's data something went wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    pub file: Option<PathBuf>,
    /// Line or record, counted from 1 as in a spreadsheet (the header is row 1).
    pub row: Option<u64>,
    pub column: Option<String>,
}

/// Anything the engine can refuse to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Collect(#[from] crate::collect::CollectError),
    #[error(transparent)]
    Combine(#[from] crate::collect::combine::CombineError),
    #[error(transparent)]
    Clean(#[from] crate::clean::CleanError),
    #[error(transparent)]
    Features(#[from] crate::features::FeatureError),
    #[error(transparent)]
    Behaviour(#[from] crate::features::behaviour::BehaviourError),
    #[error(transparent)]
    Train(#[from] crate::train::TrainError),
    #[error(transparent)]
    Segment(#[from] crate::segment::SegmentError),
    #[error(transparent)]
    Value(#[from] crate::value::ValueError),
    #[error(transparent)]
    Recommend(#[from] crate::recommend::RecommendError),
    #[error(transparent)]
    Privacy(#[from] crate::privacy::PrivacyError),
    #[error(transparent)]
    Deploy(#[from] crate::deploy::DeployError),
    #[error(transparent)]
    Project(#[from] crate::project::ProjectError),
    #[error(transparent)]
    Feedback(#[from] crate::feedback::FeedbackError),
    #[error(transparent)]
    Class(#[from] crate::class_kit::KitError),
    #[error(transparent)]
    Experiment(#[from] crate::experiment::ExperimentError),
    #[error("stopped")]
    Cancelled,
}

/// What the engine's functions return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A stable name of the cause, the key of its words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Collect(e) => e.kind(),
            Self::Combine(e) => e.kind(),
            Self::Clean(e) => e.kind(),
            Self::Features(e) => e.kind(),
            Self::Behaviour(e) => e.kind(),
            Self::Train(e) => e.kind(),
            Self::Segment(e) => e.kind(),
            Self::Value(e) => e.kind(),
            Self::Recommend(e) => e.kind(),
            Self::Privacy(e) => e.kind(),
            Self::Deploy(e) => e.kind(),
            Self::Project(e) => e.kind(),
            Self::Feedback(e) => e.kind(),
            Self::Class(e) => e.kind(),
            Self::Experiment(e) => e.kind(),
            Self::Cancelled => "cancelled",
        }
    }

    /// Where it happened, as far as known.
    pub fn place(&self) -> Place {
        match self {
            Self::Collect(e) => e.place(),
            Self::Combine(e) => e.place(),
            Self::Clean(e) => e.place(),
            Self::Features(e) => e.place(),
            Self::Behaviour(e) => e.place(),
            Self::Value(e) => e.place(),
            Self::Recommend(e) => e.place(),
            Self::Privacy(e) => e.place(),
            Self::Deploy(e) => e.place(),
            Self::Project(e) => e.place(),
            Self::Feedback(e) => e.place(),
            Self::Class(e) => e.place(),
            Self::Experiment(e) => e.place(),
            Self::Train(_) | Self::Segment(_) | Self::Cancelled => Place::default(),
        }
    }

    /// The columns that it is about, where they may be several; the first is that of the
    /// [place](Self::place).
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Deploy(e) => e.columns(),
            Self::Project(e) => e.columns(),
            _ => &[],
        }
    }
}

/// Columns that an error names; how many more there are is told.
pub const COLUMNS_NAMED: usize = 10;

/// Columns in quotes, as an error names them: `“a”, “b” and 3 more`.
pub(crate) fn quoted(columns: &[String]) -> String {
    let shown: Vec<String> = columns.iter().take(COLUMNS_NAMED).map(|name| format!("“{name}”")).collect();
    let more = columns.len().saturating_sub(COLUMNS_NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

impl From<crate::job::Cancelled> for Error {
    fn from(_: crate::job::Cancelled) -> Self {
        Self::Cancelled
    }
}

impl From<crate::segment::rfm::RfmError> for Error {
    fn from(error: crate::segment::rfm::RfmError) -> Self {
        Self::Segment(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_columns_are_named_and_the_rest_is_counted() {
        let names = |count: usize| (1..=count).map(|n| format!("c{n}")).collect::<Vec<_>>();
        assert_eq!(quoted(&names(1)), "“c1”");
        assert_eq!(quoted(&names(2)), "“c1”, “c2”");
        assert!(quoted(&names(10)).ends_with("“c10”"));
        assert!(quoted(&names(12)).ends_with("“c10” and 2 more"));
    }
}
