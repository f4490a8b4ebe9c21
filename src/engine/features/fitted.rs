//! Fitted features: all that is needed to make the same features of new rows.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::encode::{self, Encoder, TrainRows};
use super::select::{self, LeftOut};
use super::{Anchors, FeatureError, FeatureSpec, Matrix};
use crate::job::{Cancelled, Reporter};
use crate::table::{ColumnSpec, Frame};

/// Rows that are encoded in one go.
const PART: usize = 1 << 12;

/// Fitted encoders, and which of their features were left out again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedFeatures {
    pub encoders: Vec<Encoder>,
    /// Features that selection left out, by their place among all that the encoders make, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// What fitting gives: the features, and what only the training rows get.
///
/// An out-of-fold encoding gives a training row other numbers than it gives a new row that is equal to
/// it, so the matrix of the training rows is not [`FittedFeatures::apply`] of them: it is made here.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitting {
    pub features: FittedFeatures,
    /// Features of the training rows that differ from what new rows get: the place among the features
    /// that are kept, and a value for each training row.
    own: Vec<(usize, Vec<f32>)>,
}

/// Fits the encoders on training rows, then leaves out the features that the settings do not want.
///
/// # Errors
/// No column has a role that a model may learn from; selection leaves none; the person cancelled.
pub fn fit(
    spec: &FeatureSpec,
    schema: &[ColumnSpec],
    rows: &TrainRows<'_>,
    report: &Reporter,
) -> crate::Result<Fitting> {
    let fits = encode::fit(spec, schema, rows, report)?;
    if fits.is_empty() {
        return Err(FeatureError::NoFeatures.into());
    }
    let (mut encoders, mut own, mut place) = (Vec::new(), Vec::new(), 0);
    for fit in fits {
        own.extend(fit.own.map(|values| (place, values)));
        place += fit.encoder.width();
        encoders.push(fit.encoder);
    }
    let mut fitting = Fitting { features: FittedFeatures { encoders, left_out: Vec::new() }, own };
    if spec.select.is_off() {
        return Ok(fitting);
    }
    let matrix = fitting.train_matrix(rows.frame, report)?;
    let left_out = select::select(&spec.select, &matrix, rows, report)?;
    if left_out.len() == place {
        return Err(FeatureError::AllLeftOut { made: place }.into());
    }
    fitting.features.left_out = left_out;
    let kept = fitting.features.kept();
    fitting.own.retain_mut(|(place, _)| {
        let is_kept = kept.get(*place) == Some(&true);
        *place = kept.iter().take(*place).filter(|kept| **kept).count();
        is_kept
    });
    Ok(fitting)
}

impl Fitting {
    /// The features of all `rows`, of which `is_train` marks those that were fitted on, in their order.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn matrix(&self, rows: &Frame, is_train: &[bool], report: &Reporter) -> Result<Matrix, Cancelled> {
        let mut matrix = self.features.apply_reporting(rows, report)?;
        let width = matrix.width();
        for (feature, values) in &self.own {
            let train = is_train.iter().enumerate().filter(|(_, train)| **train).map(|(row, _)| row);
            for (row, value) in train.zip(values) {
                if let Some(place) = matrix.data.get_mut(row * width + feature) {
                    *place = *value;
                }
            }
        }
        Ok(matrix)
    }

    /// The features of the rows that were fitted on.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn train_matrix(&self, train: &Frame, report: &Reporter) -> Result<Matrix, Cancelled> {
        self.matrix(train, &vec![true; train.height()], report)
    }
}

impl FittedFeatures {
    /// Feature names, in the order of the matrix.
    pub fn names(&self) -> Vec<String> {
        let kept = self.kept();
        let names = self.encoders.iter().flat_map(Encoder::names);
        names.zip(kept).filter(|(_, kept)| *kept).map(|(name, _)| name).collect()
    }

    /// For each feature that the encoders make: it was not left out.
    pub fn kept(&self) -> Vec<bool> {
        let mut kept = vec![true; self.encoders.iter().map(Encoder::width).sum()];
        // A damaged file may name places that there are not.
        for out in &self.left_out {
            kept.iter_mut().skip(out.place).take(1).for_each(|kept| *kept = false);
        }
        kept
    }

    /// True if a feature that is kept comes from this column.
    pub fn learns_from(&self, column: &str) -> bool {
        let kept = self.kept();
        let mut place = 0;
        self.encoders.iter().any(|encoder| {
            let from = place;
            place += encoder.width();
            encoder.column() == column && kept.get(from..place).is_some_and(|kept| kept.contains(&true))
        })
    }

    /// For a file that goes on more than a week after the model's: the same encoders, with days
    /// counted back from the file's own end. A few rows do not tell when the file ends, and neither do
    /// a few dates that are slips: days to come are passed over, and at least three rows (one in two
    /// hundred) must reach the day.
    pub fn reanchored(&self, frame: &Frame) -> Self {
        let mut anchors = Anchors::of(self);
        anchors.add(frame);
        self.anchored(&anchors)
    }

    /// The date columns that count from another day than `before`: column, day then, day now (days
    /// since 1970).
    pub fn later_than(&self, before: &Self) -> Vec<(String, f64, f64)> {
        let pairs = self.encoders.iter().zip(&before.encoders);
        pairs
            .filter_map(|(now, then)| match (now, then) {
                (Encoder::Date { column, newest: now, .. }, Encoder::Date { newest: then, .. })
                    if now != then =>
                {
                    Some((column.clone(), *then, *now))
                }
                _ => None,
            })
            .collect()
    }

    /// Makes the features of any rows.
    pub fn apply(&self, frame: &Frame) -> Matrix {
        let mut matrix = self.blank(frame.height());
        // Nobody can cancel this reporter, so the matrix is whole.
        let _ = self.fill(frame, &mut matrix, &Reporter::silent());
        matrix.narrowed(&self.kept())
    }

    /// [`apply`](Self::apply) for many rows: text takes its time.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn apply_reporting(&self, frame: &Frame, report: &Reporter) -> Result<Matrix, Cancelled> {
        let mut matrix = self.blank(frame.height());
        self.fill(frame, &mut matrix, report)?;
        Ok(matrix.narrowed(&self.kept()))
    }

    /// A matrix of all features that the encoders make, all zero.
    fn blank(&self, height: usize) -> Matrix {
        let (mut names, mut sources) = (Vec::new(), Vec::new());
        for encoder in &self.encoders {
            for name in encoder.names() {
                names.push(name);
                sources.push(encoder.column().to_owned());
            }
        }
        let data = vec![0.0f32; names.len() * height];
        Matrix::new(names, sources, height, data)
    }

    fn fill(&self, frame: &Frame, matrix: &mut Matrix, report: &Reporter) -> Result<(), Cancelled> {
        let width = matrix.width();
        let part = |frame: &Frame, data: &mut [f32]| {
            let mut offset = 0;
            for encoder in &self.encoders {
                report.check()?;
                encoder.write(frame, offset, width, data, report)?;
                offset += encoder.width();
            }
            Ok(())
        };
        if frame.height() <= PART || width == 0 {
            return part(frame, &mut matrix.data);
        }
        // Every row is encoded by itself: parts of them side by side, each small enough for the cache.
        let parts = matrix.data.par_chunks_mut(PART * width).enumerate();
        parts.map(|(at, data)| part(&frame.slice(at * PART, PART), data)).collect()
    }
}
