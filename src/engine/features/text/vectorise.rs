//! Bags of words: a vocabulary and its document frequencies learnt from training rows, then any text
//! → a sparse row of weights. Formulas as in scikit-learn's `CountVectorizer`, `TfidfTransformer` and
//! `HashingVectorizer(alternate_sign=False)`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::murmur::bucket;
use super::sparse::SparseRows;
use super::spec::{BITS, Normalise, TextSpec, Weighting};
use super::tokens::Tokeniser;
use crate::job::{Cancelled, Reporter};

/// Texts that one thread takes at a time.
const PIECE: usize = 512;

/// A fitted bag of words: all that is needed to make the same columns of new texts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct FittedText {
    spec: TextSpec,
    /// Training rows, `n` of the inverse document frequency.
    documents: u64,
    columns: Columns,
}

#[derive(Debug, Clone)]
enum Columns {
    Terms {
        /// By code point, as scikit-learn sorts them; the place is the column.
        terms: Vec<String>,
        /// Training rows that each term stands in.
        frequencies: Vec<u32>,
        places: HashMap<String, u32>,
    },
    Hashed {
        bits: u8,
        /// Training rows that some term of a column stands in; empty unless weights need them.
        frequencies: HashMap<u32, u32>,
    },
}

/// What is written of a fitted bag of words.
#[derive(Clone, Serialize, Deserialize)]
struct Saved {
    spec: TextSpec,
    documents: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    terms: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    frequencies: Vec<u32>,
    /// Column and frequency, where terms are hashed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hashed: Vec<(u32, u32)>,
}

impl From<FittedText> for Saved {
    fn from(fitted: FittedText) -> Self {
        let FittedText { spec, documents, columns } = fitted;
        let (terms, frequencies, hashed) = match columns {
            Columns::Terms { terms, frequencies, .. } => (terms, frequencies, Vec::new()),
            Columns::Hashed { frequencies, .. } => {
                let mut hashed: Vec<(u32, u32)> = frequencies.into_iter().collect();
                hashed.sort_unstable();
                (Vec::new(), Vec::new(), hashed)
            }
        };
        Self { spec, documents, terms, frequencies, hashed }
    }
}

impl TryFrom<Saved> for FittedText {
    type Error = &'static str;

    fn try_from(saved: Saved) -> Result<Self, Self::Error> {
        let columns = match saved.spec.hashing {
            Some(bits) if !BITS.contains(&bits) => return Err("a hash of so many bits is not offered"),
            Some(bits) => Columns::Hashed { bits, frequencies: saved.hashed.into_iter().collect() },
            None if saved.terms.len() != saved.frequencies.len() => {
                return Err("the vocabulary and its frequencies differ in length");
            }
            None if !saved.terms.is_sorted_by(|a, b| a < b) => return Err("the vocabulary is out of order"),
            None => terms(saved.terms, saved.frequencies),
        };
        Ok(Self { spec: saved.spec.within_limits(), documents: saved.documents, columns })
    }
}

fn terms(terms: Vec<String>, frequencies: Vec<u32>) -> Columns {
    let places = terms.iter().cloned().zip(0..).collect();
    Columns::Terms { terms, frequencies, places }
}

impl PartialEq for FittedText {
    fn eq(&self, other: &Self) -> bool {
        let columns = match (&self.columns, &other.columns) {
            (Columns::Terms { terms, frequencies, .. }, Columns::Terms { terms: t, frequencies: f, .. }) => {
                terms == t && frequencies == f
            }
            (Columns::Hashed { bits, frequencies }, Columns::Hashed { bits: b, frequencies: f }) => {
                bits == b && frequencies == f
            }
            _ => false,
        };
        columns && self.spec == other.spec && self.documents == other.documents
    }
}

/// How often a term was seen.
struct Seen {
    /// Times, in all rows together.
    times: u64,
    /// Rows.
    rows: u32,
    /// The last row that it was seen in, so that a row counts once.
    last: usize,
}

impl Seen {
    fn first(row: usize) -> Self {
        Self { times: 1, rows: 1, last: row }
    }

    fn again(&mut self, row: usize) {
        self.times += 1;
        if self.last != row {
            self.rows += 1;
            self.last = row;
        }
    }
}

/// Puts a term down, copying it only the first time.
fn note_term(counts: &mut HashMap<String, Seen>, term: &str, row: usize) {
    match counts.get_mut(term) {
        Some(seen) => seen.again(row),
        None => {
            counts.insert(term.to_owned(), Seen::first(row));
        }
    }
}

impl FittedText {
    /// Learns a vocabulary from the texts of the training rows; a missing cell is an empty text.
    /// No term may be left, which is no error: every row is empty then.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn fit<T: AsRef<str> + Sync>(
        spec: &TextSpec,
        texts: &[T],
        report: &Reporter,
    ) -> Result<Self, Cancelled> {
        let spec = spec.within_limits();
        let tokeniser = Tokeniser::new(&spec);
        let documents = texts.len() as u64;
        if let Some(bits) = spec.hashing {
            let frequencies = match spec.weighting {
                Weighting::TfIdf { .. } => {
                    let note = |counts: &mut HashMap<u32, Seen>, term: &str, row: usize| {
                        counts
                            .entry(bucket(term, bits))
                            .and_modify(|seen| seen.again(row))
                            .or_insert_with(|| Seen::first(row));
                    };
                    let seen = count(&tokeniser, texts, note, report)?;
                    seen.into_iter().map(|(column, seen)| (column, seen.rows)).collect()
                }
                Weighting::Count | Weighting::Binary => HashMap::new(),
            };
            return Ok(Self { spec, documents, columns: Columns::Hashed { bits, frequencies } });
        }
        let most = spec.max_df * documents as f64;
        let mut kept = count_terms(&tokeniser, texts, report)?;
        kept.retain(|(_, _, rows)| *rows as usize >= spec.min_df && f64::from(*rows) <= most);
        if let Some(limit) = spec.max_features.filter(|limit| *limit < kept.len()) {
            kept.par_sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            kept.truncate(limit);
        }
        kept.par_sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let (words, frequencies) = kept.into_iter().map(|(term, _, rows)| (term, rows)).unzip();
        Ok(Self { spec, documents, columns: terms(words, frequencies) })
    }

    /// The settings that it was fitted with.
    pub fn spec(&self) -> &TextSpec {
        &self.spec
    }

    /// Columns of a row.
    pub fn width(&self) -> usize {
        match &self.columns {
            Columns::Terms { terms, .. } => terms.len(),
            Columns::Hashed { bits, .. } => 1 << bits,
        }
    }

    /// The vocabulary in the order of the columns; empty where terms are hashed.
    pub fn terms(&self) -> &[String] {
        match &self.columns {
            Columns::Terms { terms, .. } => terms,
            Columns::Hashed { .. } => &[],
        }
    }

    /// Training rows that each term of the vocabulary stands in.
    pub fn frequencies(&self) -> &[u32] {
        match &self.columns {
            Columns::Terms { frequencies, .. } => frequencies,
            Columns::Hashed { .. } => &[],
        }
    }

    /// The same with the terms at `keep` alone, in alphabetical order; hashed terms stay as they are.
    pub fn restricted(&self, keep: &[usize]) -> Self {
        let Columns::Terms { terms: all, frequencies, .. } = &self.columns else { return self.clone() };
        let mut keep = keep.to_vec();
        keep.sort_unstable();
        keep.dedup();
        let pairs = keep.iter().filter_map(|&at| all.get(at).cloned().zip(frequencies.get(at).copied()));
        let (words, frequencies) = pairs.unzip();
        Self { spec: self.spec.clone(), documents: self.documents, columns: terms(words, frequencies) }
    }

    /// Inverse document frequency of a column, scikit-learn's smooth form:
    /// `ln((1 + n) / (1 + df)) + 1` for `n` training rows, `df` of which hold the term.
    pub fn idf(&self, column: u32) -> f64 {
        let frequency = match &self.columns {
            Columns::Terms { frequencies, .. } => frequencies.get(column as usize),
            Columns::Hashed { frequencies, .. } => frequencies.get(&column),
        };
        let frequency = f64::from(frequency.copied().unwrap_or(0));
        ((1.0 + self.documents as f64) / (1.0 + frequency)).ln() + 1.0
    }

    /// Makes sparse rows of any texts, in their order. Unknown terms are passed over; a text without a
    /// known one is an empty row.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn apply<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        report: &Reporter,
    ) -> Result<SparseRows, Cancelled> {
        let tokeniser = Tokeniser::new(&self.spec);
        let pieces: Result<Vec<SparseRows>, Cancelled> = texts
            .par_chunks(PIECE)
            .map(|texts| {
                report.check()?;
                let mut rows = SparseRows::empty(self.width());
                texts.iter().for_each(|text| rows.push(self.weights(&tokeniser, text.as_ref()).into_iter()));
                Ok(rows)
            })
            .collect();
        let mut out = SparseRows::empty(self.width());
        pieces?.into_iter().for_each(|piece| out.append(piece));
        Ok(out)
    }

    /// The sparse row of one text: columns, ascending, and their weights.
    pub fn row(&self, text: &str) -> Vec<(u32, f32)> {
        self.weights(&Tokeniser::new(&self.spec), text)
    }

    fn weights(&self, tokeniser: &Tokeniser, text: &str) -> Vec<(u32, f32)> {
        let mut found: Vec<u32> = Vec::new();
        tokeniser.terms(text, |term| match &self.columns {
            Columns::Terms { places, .. } => found.extend(places.get(term)),
            Columns::Hashed { bits, .. } => found.push(bucket(term, *bits)),
        });
        found.sort_unstable();
        let mut cells: Vec<(u32, f64)> = found
            .chunk_by(|a, b| a == b)
            .filter_map(|same| {
                let column = *same.first()?;
                let times = same.len() as f64;
                let weight = match self.spec.weighting {
                    Weighting::Binary => 1.0,
                    Weighting::Count => times,
                    Weighting::TfIdf { sublinear: false } => times * self.idf(column),
                    Weighting::TfIdf { sublinear: true } => (1.0 + times.ln()) * self.idf(column),
                };
                Some((column, weight))
            })
            .collect();
        if self.spec.normalise == Normalise::L2 {
            let length = cells.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
            cells.iter_mut().for_each(|(_, weight)| *weight /= length);
        }
        cells.into_iter().map(|(column, weight)| (column, weight as f32)).collect()
    }
}

/// Every term of the texts, the times it was found and the rows it stands in, in no order.
pub(super) fn count_terms<T: AsRef<str> + Sync>(
    tokeniser: &Tokeniser,
    texts: &[T],
    report: &Reporter,
) -> Result<Vec<(String, u64, u32)>, Cancelled> {
    let counts = count(tokeniser, texts, note_term, report)?;
    Ok(counts.into_iter().map(|(term, seen)| (term, seen.times, seen.rows)).collect())
}

/// Counts terms over all texts; `note` puts one down that was found in a row. Sums do not depend on
/// the order, so threads do not show in the result.
fn count<T: AsRef<str> + Sync, K: Hash + Eq + Send>(
    tokeniser: &Tokeniser,
    texts: &[T],
    note: impl Fn(&mut HashMap<K, Seen>, &str, usize) + Sync,
    report: &Reporter,
) -> Result<HashMap<K, Seen>, Cancelled> {
    // One piece a thread and not many small ones: each has a table of its own, and tables are joined.
    let piece = texts.len().div_ceil(rayon::current_num_threads().max(1)).max(PIECE);
    texts
        .par_chunks(piece)
        .map(|texts| {
            let mut counts: HashMap<K, Seen> = HashMap::new();
            for (row, text) in texts.iter().enumerate() {
                if row % 64 == 0 {
                    report.check()?;
                }
                tokeniser.terms(text.as_ref(), |term| note(&mut counts, term, row));
            }
            Ok(counts)
        })
        .try_reduce(HashMap::new, |a, b| {
            report.check()?;
            let (mut most, fewer) = if a.len() < b.len() { (b, a) } else { (a, b) };
            for (key, seen) in fewer {
                match most.entry(key) {
                    Entry::Occupied(mut entry) => {
                        entry.get_mut().times += seen.times;
                        entry.get_mut().rows += seen.rows;
                    }
                    Entry::Vacant(entry) => {
                        entry.insert(seen);
                    }
                }
            }
            Ok(most)
        })
}

#[cfg(test)]
mod tests;
