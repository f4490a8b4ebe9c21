//! Texts → sequences of token numbers for networks that read from left to right: 0 pads, 1 is any
//! token that was not learnt, 2 the most frequent one learnt, and so on.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::spec::{Chinese, TextSpec, Unit};
use super::tokens::Tokeniser;
use super::vectorise::count_terms;
use crate::job::{Cancelled, Reporter};

/// What stands behind a text's end.
const PADDING: u32 = 0;
/// A token that was not learnt.
const UNKNOWN: u32 = 1;
/// Numbers before the first learnt token.
const BEFORE: usize = 2;
/// Longest sequence.
const LONGEST: usize = 10_000;

/// What a token of a sequence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenUnit {
    /// Words; runs of Chinese as [`Chinese`] says.
    #[default]
    Words,
    /// Letters, marks and blanks.
    Characters,
}

/// Settings of token sequences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenSpec {
    pub unit: TokenUnit,
    pub chinese: Chinese,
    /// Tokens of a text that are read: its first ones. What follows is cut off.
    pub max_len: usize,
    /// Tokens learnt, most frequent first, ties alphabetical.
    pub max_vocab: usize,
    /// Training rows that a token must stand in.
    pub min_df: usize,
}

impl Default for TokenSpec {
    fn default() -> Self {
        Self { unit: TokenUnit::Words, chinese: Chinese::Jieba, max_len: 100, max_vocab: 20_000, min_df: 2 }
    }
}

impl TokenSpec {
    /// The same settings within their limits: 1 to 10,000 tokens a text.
    pub fn within_limits(&self) -> Self {
        Self {
            max_len: self.max_len.clamp(1, LONGEST),
            max_vocab: self.max_vocab.clamp(1, 10_000_000),
            min_df: self.min_df.max(1),
            ..self.clone()
        }
    }

    fn tokeniser(&self) -> Tokeniser {
        let unit = match self.unit {
            TokenUnit::Words => Unit::Words,
            TokenUnit::Characters => Unit::Characters,
        };
        Tokeniser::new(&TextSpec { unit, chinese: self.chinese, ngrams: (1, 1), ..TextSpec::default() })
    }
}

/// A fitted vocabulary of token numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct FittedTokens {
    spec: TokenSpec,
    /// Most frequent first; the number of the first is 2.
    tokens: Vec<String>,
    numbers: HashMap<String, u32>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Saved {
    spec: TokenSpec,
    tokens: Vec<String>,
}

impl From<FittedTokens> for Saved {
    fn from(FittedTokens { spec, tokens, .. }: FittedTokens) -> Self {
        Self { spec, tokens }
    }
}

impl TryFrom<Saved> for FittedTokens {
    type Error = &'static str;

    fn try_from(Saved { spec, tokens }: Saved) -> Result<Self, Self::Error> {
        let fitted = Self::of(spec.within_limits(), tokens);
        if fitted.numbers.len() == fitted.tokens.len() { Ok(fitted) } else { Err("a token stands twice") }
    }
}

/// Sequences of token numbers, one row a text.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenRows {
    /// Numbers in a row, padding included.
    pub max_len: usize,
    /// Row by row, `height × max_len`: the text's tokens, then 0 up to the end.
    pub ids: Vec<u32>,
    /// Tokens of each text, at most `max_len`; 0 for an empty one.
    pub lengths: Vec<u32>,
    /// Texts that were longer and lost their end.
    pub cut: usize,
}

impl TokenRows {
    /// Texts.
    pub fn height(&self) -> usize {
        self.lengths.len()
    }

    /// The numbers of a text without its padding; none for a row that is not there.
    pub fn row(&self, at: usize) -> &[u32] {
        let from = at.saturating_mul(self.max_len);
        let length = self.lengths.get(at).map_or(0, |length| *length as usize);
        self.ids.get(from..from + length).unwrap_or_default()
    }

    /// The rows at `places`, in that order; a place that is not there becomes an empty text.
    pub fn select(&self, places: &[usize]) -> Self {
        let mut out = Self { max_len: self.max_len, ids: Vec::new(), lengths: Vec::new(), cut: 0 };
        out.ids.reserve(places.len() * self.max_len);
        for (done, &at) in places.iter().enumerate() {
            let row = self.row(at);
            out.ids.extend_from_slice(row);
            out.ids.resize((done + 1) * self.max_len, PADDING);
            out.lengths.push(row.len() as u32);
        }
        out
    }
}

impl FittedTokens {
    fn of(spec: TokenSpec, tokens: Vec<String>) -> Self {
        let numbers = tokens.iter().cloned().zip(BEFORE as u32..).collect();
        Self { spec, tokens, numbers }
    }

    /// Learns a vocabulary from the texts of the training rows; a missing cell is an empty text.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn fit<T: AsRef<str> + Sync>(
        spec: &TokenSpec,
        texts: &[T],
        report: &Reporter,
    ) -> Result<Self, Cancelled> {
        let spec = spec.within_limits();
        let mut kept = count_terms(&spec.tokeniser(), texts, report)?;
        kept.retain(|(_, _, rows)| *rows as usize >= spec.min_df);
        kept.par_sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kept.truncate(spec.max_vocab);
        Ok(Self::of(spec, kept.into_iter().map(|(token, _, _)| token).collect()))
    }

    /// The settings that it was fitted with.
    pub fn spec(&self) -> &TokenSpec {
        &self.spec
    }

    /// Numbers that there are, padding and unknown included: the rows of an embedding.
    pub fn width(&self) -> usize {
        self.tokens.len() + BEFORE
    }

    /// The token of a number; `None` for padding, unknown and numbers beyond the vocabulary.
    pub fn token(&self, number: u32) -> Option<&str> {
        self.tokens.get((number as usize).checked_sub(BEFORE)?).map(String::as_str)
    }

    /// Makes sequences of any texts, in their order.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn apply<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        report: &Reporter,
    ) -> Result<TokenRows, Cancelled> {
        let tokeniser = self.spec.tokeniser();
        let max_len = self.spec.max_len;
        let mut ids = vec![PADDING; texts.len() * max_len];
        let lengths: Result<Vec<usize>, Cancelled> = ids
            .par_chunks_exact_mut(max_len)
            .zip(texts)
            .map(|(row, text)| {
                report.check()?;
                let mut length = 0;
                tokeniser.terms(text.as_ref(), |token| {
                    if let Some(place) = row.get_mut(length) {
                        *place = self.numbers.get(token).copied().unwrap_or(UNKNOWN);
                    }
                    length += 1;
                });
                Ok(length)
            })
            .collect();
        let lengths = lengths?;
        let cut = lengths.iter().filter(|length| **length > max_len).count();
        let lengths = lengths.into_iter().map(|length| length.min(max_len) as u32).collect();
        Ok(TokenRows { max_len, ids, lengths, cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(spec: &TokenSpec, texts: &[&str]) -> FittedTokens {
        FittedTokens::fit(spec, texts, &Reporter::silent()).unwrap()
    }

    #[test]
    fn numbers_by_frequency_padding_unknown_and_the_cut() {
        let spec = TokenSpec { max_len: 3, min_df: 1, ..TokenSpec::default() };
        let fitted = fit(&spec, &["good food good", "food bad 好吃", "good"]);
        assert_eq!(fitted.width(), 6);
        let tokens: Vec<Option<&str>> = (0..7).map(|number| fitted.token(number)).collect();
        assert_eq!(tokens, [None, None, Some("good"), Some("food"), Some("bad"), Some("好吃"), None]);
        let texts = ["bad good", "", "new 好吃 food good food", "!!"];
        let rows = fitted.apply(&texts, &Reporter::silent()).unwrap();
        assert_eq!(rows.ids, [4, 2, 0, 0, 0, 0, 1, 5, 3, 0, 0, 0]);
        assert_eq!((rows.lengths.as_slice(), rows.cut, rows.height()), (&[2, 0, 3, 0][..], 1, 4));
        assert_eq!(rows.row(0), [4, 2]);
        assert_eq!(rows.select(&[2, 9]).ids, [1, 5, 3, 0, 0, 0]);
        let again: FittedTokens = serde_json::from_str(&serde_json::to_string(&fitted).unwrap()).unwrap();
        assert_eq!(again, fitted);
        assert!(serde_json::from_str::<FittedTokens>(r#"{"spec":{},"tokens":["a","a"]}"#).is_err());
    }

    #[test]
    fn limits_of_the_vocabulary_and_of_length() {
        let texts = ["a b c 好", "a b", "a ok ok ok"];
        let spec = TokenSpec { unit: TokenUnit::Characters, min_df: 2, max_vocab: 2, ..TokenSpec::default() };
        let fitted = fit(&spec, &texts);
        assert_eq!((fitted.token(2), fitted.token(3), fitted.token(4)), (Some(" "), Some("a"), None));
        let long = "好吃".repeat(10_000);
        let rows = fit(&TokenSpec { max_len: 1 << 40, ..spec }, &texts).apply(&[long], &Reporter::silent());
        let rows = rows.unwrap();
        assert_eq!((rows.lengths.as_slice(), rows.cut, rows.max_len), (&[10_000][..], 1, 10_000));
        let empty = fit(&TokenSpec::default(), &[]);
        assert_eq!((empty.width(), empty.apply::<&str>(&[], &Reporter::silent()).unwrap().height()), (2, 0));
    }

    #[test]
    fn a_cancelled_fit_ends() {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let job = crate::job::Job::start(
            || (),
            move |report: &Reporter| {
                wait.recv().ok();
                FittedTokens::fit(&TokenSpec::default(), &["a"], report)
            },
        );
        job.cancel();
        go.send(()).unwrap();
        assert_eq!(job.wait(), Some(Err(Cancelled)));
    }
}
