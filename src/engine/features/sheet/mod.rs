//! The feature sheet: for each feature where it comes from, how it is computed, what it tells alone, and
//! why it was left out where it was. Measured on training rows.

mod behaviour;
mod detail;
mod formula;

use std::collections::BTreeMap;

use rayon::prelude::*;

use formula::Source;

use super::select::{Columns, LeftOut, bits};
use super::{FittedFeatures, Matrix};
use crate::clean::FittedRecipe;
use crate::job::Reporter;
use crate::metrics::{self, Estimate};
use crate::note::Note;

pub use detail::{Detail, Histogram, detail};

/// Cells that are looked at; of more rows an even part is taken, but never fewer than [`FEWEST_ROWS`].
const CELLS: usize = 40_000_000;
const FEWEST_ROWS: usize = 2_000;

/// One feature.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetRow {
    pub name: String,
    /// The column it comes from.
    pub source: String,
    /// Its place in the design matrix; `None` where it was left out.
    pub place: Option<usize>,
    /// How it is computed, to be worded by a face: from the source column, and, before that, how the
    /// column itself was computed from what a customer did.
    pub formula: Vec<Note>,
    /// Why it was left out.
    pub left_out: Option<Note>,
    /// Area under the ROC curve of this feature alone among the training rows: above 0.5 where those
    /// with the positive target have more of it.
    pub roc_auc: Option<f64>,
    /// Mutual information with the target, in bits, corrected for chance.
    pub bits: Option<f64>,
    /// By how much the model's mean log loss rises on validation rows when this feature is shuffled.
    pub importance: Option<Estimate>,
}

/// Every feature that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    pub features: Vec<SheetRow>,
    /// Training rows that were looked at, of all.
    pub rows: (usize, usize),
    /// Features whose importance was measured; the most telling ones where there are very many.
    pub weighed: usize,
}

/// The sheet of fitted features. `train` holds the training rows' features as the model saw them, `labels`
/// their classes; `recipe` tells how numbers were scaled, `asked` that columns come from a question over
/// time.
///
/// # Errors
/// The person cancelled.
pub fn sheet(
    features: &FittedFeatures,
    recipe: &FittedRecipe,
    (train, labels): (&Matrix, &[bool]),
    asked: bool,
    report: &Reporter,
) -> crate::Result<Sheet> {
    let columns = Columns::of(train, CELLS, FEWEST_ROWS);
    let seen = columns.pick(labels);
    let known = seen.len() == columns.rows();
    let one = |at: usize| -> crate::Result<(Option<f64>, f64)> {
        report.check()?;
        let values = columns.column(at);
        let scores: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
        Ok((metrics::roc_auc(&scores, &seen), bits(values, &seen)))
    };
    let told: Vec<(Option<f64>, f64)> = match known {
        true => (0..columns.count()).into_par_iter().map(one).collect::<crate::Result<_>>()?,
        false => Vec::new(),
    };
    let mut told = told.into_iter();
    let left_out: BTreeMap<usize, &LeftOut> = features.left_out.iter().map(|out| (out.place, out)).collect();
    let mut place = 0;
    let mut rows = Vec::new();
    for encoder in &features.encoders {
        report.check()?;
        let source = Source::of(encoder, recipe, asked);
        for (at, name) in encoder.names().into_iter().enumerate() {
            let why = left_out.get(&rows.len());
            let (roc_auc, bits) = match why {
                Some(_) => (None, None),
                None => told.next().map_or((None, None), |(auc, bits)| (auc, Some(bits))),
            };
            rows.push(SheetRow {
                name,
                source: source.column.clone(),
                place: why.is_none().then_some(place),
                formula: source.formula(at),
                left_out: why.map(|out| out.why.note()),
                roc_auc,
                bits,
                importance: None,
            });
            place += usize::from(why.is_none());
        }
    }
    Ok(Sheet { features: rows, rows: (columns.rows(), train.height), weighed: 0 })
}

impl Sheet {
    /// Places in the matrix of the features that tell most alone, `most` of them, in the order of the
    /// matrix.
    pub fn most_telling(&self, most: usize) -> Vec<usize> {
        let mut all: Vec<(usize, f64)> =
            self.features.iter().filter_map(|row| Some((row.place?, row.bits.unwrap_or(0.0)))).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut places: Vec<usize> = all.into_iter().take(most).map(|(place, _)| place).collect();
        places.sort_unstable();
        places
    }

    /// Takes in what was measured of the features at `places`.
    pub fn weigh(&mut self, places: &[usize], importance: &[Estimate]) {
        self.weighed = importance.len();
        let of = |place: usize| {
            let at = places.binary_search(&place).ok()?;
            importance.get(at).copied()
        };
        for row in &mut self.features {
            row.importance = row.place.and_then(of);
        }
    }
}
