//! Selection: features that tell nothing, or nothing new, are left out again. Everything is measured on
//! training rows, in this order: variance, mutual information with the target, correlation with a
//! feature that is kept, weight in a logistic regression with an L1 penalty.

mod columns;
mod correlation;
mod information;
mod lasso;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Matrix, TrainRows};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::show_number;

pub(super) use columns::Columns;
pub(super) use correlation::pearson;
pub(super) use information::bits;

/// Cells looked at by variance, information and correlation; of more rows an even part is taken, but
/// never fewer than [`FEWEST_ROWS`].
const CELLS: usize = 20_000_000;
const FEWEST_ROWS: usize = 2_000;

/// What is left out. All off unless a person asks for it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Features whose variance among the training rows is below this, as the model sees them: a number
    /// of standard scale has 1, a level that a share p of the rows has p (1 − p).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variance: Option<f64>,
    /// Features whose mutual information with the target is below so many bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub information: Option<f64>,
    /// All but so many, those of most mutual information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<usize>,
    /// Of two features with |r| from this on the one that tells less of the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<f64>,
    /// Features without weight in a logistic regression with an L1 penalty, as strong as
    /// cross-validation allows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lasso: bool,
}

impl Selection {
    /// True if nothing is left out.
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }

    /// The same settings within their limits.
    pub(super) fn sane(self) -> Self {
        let within = |value: Option<f64>, high: f64| {
            value.filter(|value| value.is_finite()).map(|value| value.clamp(0.0, high))
        };
        Self {
            variance: within(self.variance, 1.0),
            information: within(self.information, 1.0),
            most: self.most.map(|most| most.max(1)),
            correlation: within(self.correlation, 1.0).map(|r| r.max(0.5)),
            lasso: self.lasso,
        }
    }
}

/// A feature that was left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its place among all features that the encoders make.
    pub place: usize,
    pub name: String,
    pub source: String,
    pub why: Why,
}

/// Why a feature was left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    Variance {
        variance: f64,
        least: f64,
    },
    Information {
        bits: f64,
        least: f64,
    },
    /// Others tell more of the target.
    NotAmong {
        bits: f64,
        most: usize,
    },
    /// It says nearly the same as a feature that is kept.
    Correlated {
        with: String,
        r: f64,
    },
    /// No weight at this penalty.
    Lasso {
        lambda: f64,
    },
}

impl Why {
    /// The reason, to be worded by a face.
    pub fn note(&self) -> Note {
        let few = |value: f64| show_number((value * 1e5).round() / 1e5);
        match self {
            Self::Variance { variance, least } => {
                Note::new("left_out_variance").with("value", few(*variance)).with("least", few(*least))
            }
            Self::Information { bits, least } => {
                Note::new("left_out_information").with("value", few(*bits)).with("least", few(*least))
            }
            Self::NotAmong { bits, most } => {
                Note::new("left_out_not_among").with("value", few(*bits)).with("most", most)
            }
            Self::Correlated { with, r } => {
                Note::new("left_out_correlated").with("feature", with).with("r", format!("{r:.3}"))
            }
            Self::Lasso { lambda } => Note::new("left_out_lasso").with("lambda", few(*lambda)),
        }
    }
}

/// What is left out of the features of the training rows, by place.
///
/// # Errors
/// The person cancelled.
pub(super) fn select(
    spec: &Selection,
    matrix: &Matrix,
    rows: &TrainRows<'_>,
    report: &Reporter,
) -> crate::Result<Vec<LeftOut>> {
    let labels = rows.labels.filter(|labels| labels.len() == matrix.height);
    let columns = Columns::of(matrix, CELLS, FEWEST_ROWS);
    let seen: Option<Vec<bool>> = labels.map(|labels| columns.pick(labels));
    let mut why: Vec<Option<Why>> = vec![None; columns.count()];

    if let Some(least) = spec.variance {
        for (at, why) in why.iter_mut().enumerate() {
            let variance = columns.variance(at);
            // Without any variance a feature is a constant, whatever the setting.
            *why = (variance < least || variance == 0.0).then_some(Why::Variance { variance, least });
        }
    }
    report.check()?;
    let told: Vec<f64> = match &seen {
        Some(labels) if spec.information.is_some() || spec.most.is_some() || spec.correlation.is_some() => {
            let of = |at| report.check().map(|()| bits(columns.column(at), labels));
            (0..columns.count()).into_par_iter().map(of).collect::<Result<_, _>>()?
        }
        _ => vec![0.0; columns.count()],
    };
    // Most telling first, ties in the order of the matrix.
    let mut order: Vec<usize> = (0..columns.count()).collect();
    order.sort_by(|&a, &b| told.get(b).unwrap_or(&0.0).total_cmp(told.get(a).unwrap_or(&0.0)));
    let alive = |why: &[Option<Why>]| -> Vec<usize> {
        order.iter().copied().filter(|&at| why.get(at).is_some_and(Option::is_none)).collect()
    };
    if labels.is_some() {
        for (rank, at) in alive(&why).into_iter().enumerate() {
            let bits = told.get(at).copied().unwrap_or(0.0);
            let out = match (spec.information, spec.most) {
                (Some(least), _) if bits < least => Some(Why::Information { bits, least }),
                (_, Some(most)) if rank >= most => Some(Why::NotAmong { bits, most }),
                _ => None,
            };
            if let Some(out) = out {
                leave_out(&mut why, at, out);
            }
        }
    }
    if let Some(threshold) = spec.correlation {
        let found = correlation::prune(&columns, &alive(&why), threshold, report)?;
        for (at, with, r) in found {
            let with = matrix.names.get(with).cloned().unwrap_or_default();
            leave_out(&mut why, at, Why::Correlated { with, r });
        }
    }
    if let Some(labels) = labels.filter(|_| spec.lasso) {
        let mut left = alive(&why);
        left.sort_unstable();
        if let Some((lambda, weights)) = lasso::choose(matrix, &left, labels, rows, report)? {
            for (at, _) in left.iter().zip(&weights).filter(|(_, weight)| **weight == 0.0) {
                leave_out(&mut why, *at, Why::Lasso { lambda });
            }
        }
    }
    let named = why.into_iter().zip(matrix.names.iter().zip(&matrix.sources)).enumerate();
    let out = named.filter_map(|(place, (why, (name, source)))| {
        Some(LeftOut { place, name: name.clone(), source: source.clone(), why: why? })
    });
    Ok(out.collect())
}

fn leave_out(all: &mut [Option<Why>], at: usize, why: Why) {
    if let Some(place) = all.get_mut(at) {
        *place = Some(why);
    }
}

#[cfg(test)]
mod tests;
