//! Settings of the features: how each column becomes numbers, and which of them are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::select::Selection;
use super::text::TextUse;

/// Settings of the encoders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeatureSpec {
    /// Levels rarer than this share of the training rows share one column.
    pub rare_share: f64,
    /// Levels kept per category, most frequent first.
    pub max_levels: usize,
    /// Columns that the person leaves out.
    pub exclude: Vec<String>,
    /// Whether a date's month is a feature. Projects of the first format always had it.
    #[serde(default = "DateMonth::first", skip_serializing_if = "DateMonth::is_first")]
    pub month: DateMonth,
    /// Whether free text becomes features. Projects before text was read never had it.
    #[serde(default, skip_serializing_if = "TextUse::is_off")]
    pub text: TextUse,
    /// Columns that are encoded in a way of their own. A way that does not fit the column's role counts
    /// for nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnEncoding>,
    /// How a category of more than [`max_levels`](Self::max_levels) levels is encoded; `None` for one
    /// feature a level, the rest of them rare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wide: Option<ColumnEncoding>,
    /// Which features are left out again. Off unless a person asks for it.
    #[serde(skip_serializing_if = "Selection::is_off")]
    pub select: Selection,
}

impl Default for FeatureSpec {
    fn default() -> Self {
        Self {
            rare_share: 0.005,
            max_levels: 50,
            exclude: Vec::new(),
            month: DateMonth::default(),
            text: TextUse::Off,
            columns: BTreeMap::new(),
            wide: None,
            select: Selection::default(),
        }
    }
}

impl FeatureSpec {
    /// The same settings within their limits; nothing in a file is trusted.
    pub fn sane(self) -> Self {
        Self {
            rare_share: if self.rare_share.is_finite() { self.rare_share.clamp(0.0, 1.0) } else { 0.005 },
            max_levels: self.max_levels.clamp(1, 10_000),
            text: self.text.within_limits(),
            columns: self.columns.into_iter().map(|(name, how)| (name, how.sane())).collect(),
            wide: self.wide.map(ColumnEncoding::sane),
            select: self.select.sane(),
            ..self
        }
    }
}

/// When the month of a date becomes a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateMonth {
    /// Where the training rows cover two years: in a shorter time the month says how long ago it was,
    /// and a file of the next month would look like another shop.
    #[default]
    WhenLong,
    Always,
    Never,
}

impl DateMonth {
    pub const ALL: [DateMonth; 3] = [DateMonth::WhenLong, DateMonth::Always, DateMonth::Never];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::WhenLong => "when_long",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    fn first() -> Self {
        Self::Always
    }

    fn is_first(&self) -> bool {
        *self == Self::first()
    }
}

/// How one column becomes features. The first five are for categories, the last for numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum ColumnEncoding {
    /// One feature a level, whatever the general setting for wide categories.
    OneHot,
    /// One number: the place of the level by how frequent it is, the most frequent 1.
    Frequency,
    /// One number: the place of the level in an order that a person gives, the first 0 and the last 1.
    Ordinal { order: Vec<String> },
    /// One number: how much more often the target is positive among the training rows of the level.
    Target {
        /// Rows of the overall rate that are added to each level (`m` of the m-estimate).
        #[serde(default = "usual_smoothing")]
        smoothing: f64,
    },
    /// `2^bits` features that levels share by a hash.
    Hashed {
        #[serde(default = "usual_bits")]
        bits: u8,
    },
    /// One feature for each stretch of a number.
    Bins {
        #[serde(default = "usual_bins")]
        count: usize,
        #[serde(default)]
        by: BinEdges,
    },
}

/// Where the stretches of a binned number part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinEdges {
    /// As many training rows in each.
    #[default]
    Quantile,
    /// Equally wide, between the smallest and the largest training value.
    Width,
    /// Where a decision tree of this column alone parts the training rows by the target.
    Tree,
}

impl BinEdges {
    pub const ALL: [BinEdges; 3] = [BinEdges::Quantile, BinEdges::Width, BinEdges::Tree];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quantile => "quantile",
            Self::Width => "width",
            Self::Tree => "tree",
        }
    }
}

fn usual_smoothing() -> f64 {
    20.0
}

fn usual_bits() -> u8 {
    5
}

fn usual_bins() -> usize {
    5
}

/// Least and most features of a hash, in bits.
pub const HASH_BITS: std::ops::RangeInclusive<u8> = 2..=10;
/// Fewest and most stretches of a binned number.
pub const BIN_COUNT: std::ops::RangeInclusive<usize> = 2..=20;
/// Least and most rows that smooth a target encoding.
pub const SMOOTHING: std::ops::RangeInclusive<f64> = 1.0..=1000.0;

impl ColumnEncoding {
    /// The target encoding with its usual smoothing.
    pub fn target() -> Self {
        Self::Target { smoothing: usual_smoothing() }
    }

    /// The hash with its usual number of features.
    pub fn hashed() -> Self {
        Self::Hashed { bits: usual_bits() }
    }

    /// Five stretches of equally many rows.
    pub fn bins() -> Self {
        Self::Bins { count: usual_bins(), by: BinEdges::default() }
    }

    /// The name used in JSON and in the catalogue.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OneHot => "one_hot",
            Self::Frequency => "frequency",
            Self::Ordinal { .. } => "ordinal",
            Self::Target { .. } => "target",
            Self::Hashed { .. } => "hashed",
            Self::Bins { .. } => "bins",
        }
    }

    fn sane(self) -> Self {
        match self {
            Self::Target { smoothing } => Self::Target {
                smoothing: if smoothing.is_finite() {
                    smoothing.clamp(*SMOOTHING.start(), *SMOOTHING.end())
                } else {
                    usual_smoothing()
                },
            },
            Self::Hashed { bits } => Self::Hashed { bits: bits.clamp(*HASH_BITS.start(), *HASH_BITS.end()) },
            Self::Bins { count, by } => {
                Self::Bins { count: count.clamp(*BIN_COUNT.start(), *BIN_COUNT.end()), by }
            }
            other => other,
        }
    }
}
