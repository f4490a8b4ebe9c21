//! Text columns of the table: the most telling terms of a column, one dense feature each, beside
//! numbers and categories.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::sparse::SparseRows;
use super::spec::TextSpec;
use super::vectorise::FittedText;
use crate::job::{Cancelled, Reporter};
use crate::table::Frame;

/// Whether columns of free text are learnt from. Projects before text was read have it off.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "use", rename_all = "snake_case")]
pub enum TextUse {
    #[default]
    Off,
    /// Terms become columns.
    Terms(TermColumns),
}

impl TextUse {
    /// So many terms of each text column; 0 leaves text out.
    pub fn terms(limit: usize) -> Self {
        match limit {
            0 => Self::Off,
            limit => Self::Terms(TermColumns { limit, ..TermColumns::default() }),
        }
    }

    /// The terms of each text column; 0 where text is left out.
    pub fn limit(&self) -> usize {
        match self {
            Self::Off => 0,
            Self::Terms(terms) => terms.limit,
        }
    }

    /// True if text is left out.
    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }

    /// The same settings within their limits.
    pub fn within_limits(&self) -> Self {
        match self {
            Self::Off => Self::Off,
            Self::Terms(terms) => Self::Terms(terms.within_limits()),
        }
    }
}

/// Which terms become columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermChoice {
    /// Those whose presence goes most with the target among the training rows, by Pearson's χ² of the
    /// table present or not × class. The most frequent where there is no target.
    #[default]
    ChiSquare,
    /// Those that stand in most training rows.
    Frequent,
}

/// Settings of terms as columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TermColumns {
    /// Columns made of one text column.
    pub limit: usize,
    pub choice: TermChoice,
    /// How text becomes terms. Hashing has no words to show and is not used here.
    pub terms: TextSpec,
}

impl Default for TermColumns {
    fn default() -> Self {
        // Below five expected rows χ² says little.
        Self {
            limit: 200,
            choice: TermChoice::default(),
            terms: TextSpec { min_df: 5, ..TextSpec::default() },
        }
    }
}

impl TermColumns {
    fn within_limits(&self) -> Self {
        Self {
            limit: self.limit.clamp(1, 5_000),
            choice: self.choice,
            terms: TextSpec { hashing: None, ..self.terms.within_limits() },
        }
    }
}

/// The fitted terms of one text column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextFeatures {
    pub column: String,
    /// The vocabulary that was chosen, a feature for each term.
    pub text: FittedText,
    /// One more feature tells that the cell is blank: some training rows are, and some are not.
    pub blank: bool,
}

impl TextFeatures {
    /// Learns the terms of a text column from training rows. `labels`, one a row, are needed for
    /// [`TermChoice::ChiSquare`]. `None` where the column is absent or holds no term often enough.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn fit(
        spec: &TermColumns,
        column: &str,
        train: &Frame,
        labels: Option<&[bool]>,
        report: &Reporter,
    ) -> Result<Option<Self>, Cancelled> {
        let spec = spec.within_limits();
        let Some(texts) = texts(train, column) else { return Ok(None) };
        let all = FittedText::fit(&spec.terms, &texts, report)?;
        let mut scores: Vec<f64> = all.frequencies().iter().map(|rows| f64::from(*rows)).collect();
        if spec.choice == TermChoice::ChiSquare
            && let Some(labels) = labels
        {
            scores = chi_square(&all.apply(&texts, report)?, labels);
        }
        let mut order: Vec<(usize, f64, u32)> = scores
            .into_iter()
            .zip(all.frequencies())
            .enumerate()
            .map(|(at, (s, rows))| (at, s, *rows))
            .collect();
        // Terms that tell equally much: the more frequent, then the first in the alphabet.
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.2.cmp(&a.2)).then(a.0.cmp(&b.0)));
        let keep: Vec<usize> = order.into_iter().take(spec.limit).map(|(at, ..)| at).collect();
        if keep.is_empty() {
            return Ok(None);
        }
        let blanks = texts.iter().filter(|text| text.trim().is_empty()).count();
        let blank = blanks > 0 && blanks < texts.len();
        Ok(Some(Self { column: column.to_owned(), text: all.restricted(&keep), blank }))
    }

    /// Names of the features, `review: 好吃`.
    pub fn names(&self) -> Vec<String> {
        let terms = self.text.terms().iter().map(|term| format!("{}: {term}", self.column));
        terms.chain(self.blank.then(|| format!("{}: (blank)", self.column))).collect()
    }

    /// Features.
    pub fn width(&self) -> usize {
        self.text.terms().len() + usize::from(self.blank)
    }

    /// Writes the features of every row into `data`, `width` numbers a row, from feature `offset` on. A
    /// column that is absent reads as one without any known term.
    pub(in crate::features) fn write(
        &self,
        frame: &Frame,
        offset: usize,
        width: usize,
        data: &mut [f32],
        report: &Reporter,
    ) -> Result<(), Cancelled> {
        let Some(texts) = texts(frame, &self.column) else { return Ok(()) };
        let rows = self.text.apply(&texts, report)?;
        let terms = self.text.width();
        data.par_chunks_exact_mut(width).zip(texts).enumerate().for_each(|(at, (row, text))| {
            for (column, value) in rows.cells(at) {
                if let Some(place) = row.get_mut(offset + column) {
                    *place = value;
                }
            }
            if self.blank
                && text.trim().is_empty()
                && let Some(place) = row.get_mut(offset + terms)
            {
                *place = 1.0;
            }
        });
        Ok(())
    }
}

/// The column's cells, missing ones empty.
fn texts<'f>(frame: &'f Frame, column: &str) -> Option<Vec<&'f str>> {
    Some(frame.text(column)?.iter().map(Option::unwrap_or_default).collect())
}

/// Pearson's χ² of each term's presence and the class: with `a`, `b` rows of the positive and negative
/// class that hold it and `c`, `d` that do not, `n (ad − bc)² / ((a+b)(c+d)(a+c)(b+d))` (Yang and
/// Pedersen 1997). 0 for a term in all rows, and everywhere where there is one class.
fn chi_square(rows: &SparseRows, labels: &[bool]) -> Vec<f64> {
    let mut with: Vec<[f64; 2]> = vec![[0.0; 2]; rows.width()];
    for (at, label) in labels.iter().enumerate().take(rows.height()) {
        for (column, _) in rows.cells(at) {
            if let Some([positive, negative]) = with.get_mut(column) {
                *(if *label { positive } else { negative }) += 1.0;
            }
        }
    }
    let n = labels.len().min(rows.height()) as f64;
    let positive = labels.iter().take(rows.height()).filter(|label| **label).count() as f64;
    with.into_iter()
        .map(|[a, b]| {
            let (c, d) = (positive - a, n - positive - b);
            let below = (a + b) * (c + d) * (a + c) * (b + d);
            if below > 0.0 { n * (a * d - b * c).powi(2) / below } else { 0.0 }
        })
        .collect()
}

#[cfg(test)]
mod tests;
