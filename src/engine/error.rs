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
    Privacy(#[from] crate::privacy::PrivacyError),
    #[error(transparent)]
    Deploy(#[from] crate::deploy::DeployError),
    #[error(transparent)]
    Project(#[from] crate::project::ProjectError),
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
            Self::Privacy(e) => e.kind(),
            Self::Deploy(e) => e.kind(),
            Self::Project(e) => e.kind(),
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
            Self::Privacy(e) => e.place(),
            Self::Deploy(e) => e.place(),
            Self::Project(e) => e.place(),
            Self::Train(_) | Self::Segment(_) | Self::Cancelled => Place::default(),
        }
    }
}

impl From<crate::job::Cancelled> for Error {
    fn from(_: crate::job::Cancelled) -> Self {
        Self::Cancelled
    }
}
