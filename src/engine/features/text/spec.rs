//! Settings of a bag of words.

use serde::{Deserialize, Serialize};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Words; runs of Chinese as [`Chinese`] says.
    #[default]
    Words,
    /// Letters, marks and blanks, across word borders (scikit-learn's `char`).
    Characters,
    /// Letters within what stands between blanks, with a blank on either side (scikit-learn's `char_wb`).
    CharactersInWords,
}

/// How a run of Chinese becomes words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chinese {
    /// By jieba's dictionary, with its hidden Markov model for unknown words.
    #[default]
    Jieba,
    /// Every character is a word.
    Characters,
}

/// What a token counts for in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// How often it stands there.
    Count,
    /// That, or `1 + ln count` where `sublinear`, times the inverse document frequency.
    TfIdf { sublinear: bool },
    /// 1 where it stands there.
    Binary,
}

/// What a row is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// Its Euclidean length, so that long and short comments weigh the same.
    #[default]
    L2,
    None,
}

/// Settings of a bag of words. The defaults suit short comments in Chinese and English.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextSpec {
    pub unit: Unit,
    pub chinese: Chinese,
    /// Fewest and most tokens that stand together as one term.
    pub ngrams: (usize, usize),
    /// English words lose their endings (Porter2). Words only.
    pub stem: bool,
    /// Words that only hold a sentence together are left out, in English and Chinese. Negations
    /// stay. Words only.
    pub stop_words: bool,
    /// Training rows that a term must stand in.
    pub min_df: usize,
    /// Share of the training rows that a term may stand in, 0 to 1.
    pub max_df: f64,
    /// Terms kept, most frequent first (by count, as scikit-learn does), ties alphabetical.
    pub max_features: Option<usize>,
    pub weighting: Weighting,
    pub normalise: Normalise,
    /// Terms share `2^bits` columns by a hash: no vocabulary, so no limit on the rows learnt from,
    /// but no words to show either.
    pub hashing: Option<u8>,
}

impl Default for TextSpec {
    fn default() -> Self {
        Self {
            unit: Unit::Words,
            chinese: Chinese::Jieba,
            ngrams: (1, 2),
            stem: false,
            stop_words: false,
            min_df: 2,
            max_df: 1.0,
            max_features: Some(50_000),
            weighting: Weighting::TfIdf { sublinear: true },
            normalise: Normalise::L2,
            hashing: None,
        }
    }
}

/// Longest term, in tokens.
pub(super) const LONGEST: usize = 10;

/// Least and most bits of a hash.
pub(super) const BITS: std::ops::RangeInclusive<u8> = 4..=24;

impl TextSpec {
    /// The same settings within their limits: terms of 1 to 10 tokens, 4 to 24 bits, shares 0 to 1.
    pub fn within_limits(&self) -> Self {
        let least = self.ngrams.0.clamp(1, LONGEST);
        Self {
            ngrams: (least, self.ngrams.1.clamp(least, LONGEST)),
            min_df: self.min_df.max(1),
            max_df: if self.max_df.is_finite() { self.max_df.clamp(0.0, 1.0) } else { 1.0 },
            hashing: self.hashing.map(|bits| bits.clamp(*BITS.start(), *BITS.end())),
            ..self.clone()
        }
    }
}
