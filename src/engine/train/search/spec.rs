//! A search as a person asks for it, and why it may not begin.

use serde::{Deserialize, Serialize};

use super::space::{Dimension, Setting};
use crate::train::ModelKind;

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchKind {
    #[default]
    Mlp,
    Boosted,
}

impl SearchKind {
    pub const ALL: [SearchKind; 2] = [SearchKind::Mlp, SearchKind::Boosted];

    /// The kind of model.
    pub fn model(self) -> ModelKind {
        match self {
            Self::Mlp => ModelKind::Mlp,
            Self::Boosted => ModelKind::Boosted,
        }
    }
}

/// How the next trial is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// Evenly over the space.
    Random,
    /// Where good trials are dense: see `sampler.rs`.
    #[default]
    Tpe,
}

impl Sampler {
    pub const ALL: [Sampler; 2] = [Sampler::Tpe, Sampler::Random];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Tpe => "tpe",
        }
    }
}

/// A search as a person asks for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SearchSpec {
    pub kind: SearchKind,
    pub sampler: Sampler,
    /// Trials at most; the first has the present settings.
    pub trials: usize,
    /// Seconds of training after which no trial begins and a running one is cut; 0 sets no limit.
    pub seconds: f64,
    /// Ends trials that fall behind.
    pub halving: bool,
    /// 0 measures on the project's validation rows, else by so many folds of all rows that are no test
    /// rows.
    pub folds: usize,
    pub dimensions: Vec<Dimension>,
}

impl Default for SearchSpec {
    fn default() -> Self {
        Self::of(SearchKind::Mlp)
    }
}

impl SearchSpec {
    /// The usual search of a kind.
    pub fn of(kind: SearchKind) -> Self {
        Self {
            kind,
            sampler: Sampler::default(),
            trials: 30,
            seconds: 0.0,
            halving: true,
            folds: 0,
            dimensions: Dimension::usual(kind),
        }
    }

    /// Keeps the present value of a setting; false where the space has none of that name.
    pub fn pin(&mut self, name: &str) -> bool {
        let found = self.dimensions.iter_mut().find(|one| one.setting.name() == name);
        found.map(|one| one.pinned = true).is_some()
    }

    /// The dimensions that are searched.
    pub(super) fn free(&self) -> Result<Vec<&Dimension>, SearchError> {
        let of = Setting::of(self.kind);
        let free: Vec<&Dimension> =
            self.dimensions.iter().filter(|one| !one.pinned && of.contains(&one.setting)).collect();
        if free.is_empty() {
            return Err(SearchError::Pinned);
        }
        match free.iter().find(|one| !one.range.is_sound()) {
            Some(one) => Err(SearchError::Range { setting: one.setting.name() }),
            None => Ok(free),
        }
    }
}

/// Why a search cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("every setting is pinned: there is nothing to search")]
    Pinned,
    #[error("the range of “{setting}” is empty")]
    Range { setting: &'static str },
    #[error("{rows} validation rows do not hold both classes: there is nothing to choose by")]
    NoValidation { rows: usize },
    #[error("no trial could be trained; the first one failed: {cause}")]
    AllFailed { cause: String },
}

impl SearchError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Pinned => "search_pinned",
            Self::Range { .. } => "search_range",
            Self::NoValidation { .. } => "search_no_validation",
            Self::AllFailed { .. } => "search_all_failed",
        }
    }
}
