//! One rule (Holte 1993): of all columns the one that alone makes the fewest errors on the training
//! rows, numbers cut at their quartiles. What a model cannot beat by much, it need not be.

use serde::{Deserialize, Serialize};

use crate::features::Matrix;

/// A column, its bins, and the share of positive rows in each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneRuleModel {
    pub column: String,
    pub bins: Bins,
    /// One for each bin, drawn a little towards a half where there are few rows (Laplace).
    pub rates: Vec<f64>,
}

/// How rows fall into bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bins {
    /// By the first of these features that is set; rows with none of them share the last bin.
    Levels { features: Vec<usize> },
    /// By how many of the ascending cuts the feature reaches.
    Cuts { feature: usize, cuts: Vec<f32> },
}

impl Bins {
    fn count(&self) -> usize {
        match self {
            Self::Levels { features } => features.len() + 1,
            Self::Cuts { cuts, .. } => cuts.len() + 1,
        }
    }

    fn of(&self, row: &[f32]) -> usize {
        let value = |feature: &usize| row.get(*feature).copied().unwrap_or(0.0);
        match self {
            Self::Levels { features } => {
                features.iter().position(|feature| value(feature) != 0.0).unwrap_or(features.len())
            }
            Self::Cuts { feature, cuts } => cuts.partition_point(|cut| *cut <= value(feature)),
        }
    }
}

/// The rule with the lowest training error. Where one class is rare, many columns err alike, for each
/// of their bins says the frequent class: the lower log loss then decides, and then the column's place.
pub(super) fn fit(matrix: &Matrix, labels: &[bool]) -> Option<OneRuleModel> {
    let mut best: Option<(u64, f64, OneRuleModel)> = None;
    for (column, bins) in candidates(matrix) {
        let mut counts = vec![(0u64, 0u64); bins.count()];
        for (at, label) in labels.iter().enumerate() {
            if let Some((all, positive)) = counts.get_mut(bins.of(matrix.row(at))) {
                *all += 1;
                *positive += u64::from(*label);
            }
        }
        let errors: u64 = counts.iter().map(|(all, positive)| (*positive).min(all - positive)).sum();
        let rates: Vec<f64> = counts.iter().map(|(all, p)| (*p as f64 + 1.0) / (*all as f64 + 2.0)).collect();
        let terms = counts.iter().zip(&rates).map(|((all, positive), rate)| {
            -(*positive as f64 * rate.ln() + (all - positive) as f64 * (1.0 - rate).ln())
        });
        let loss: f64 = terms.sum();
        let better = best.as_ref().is_none_or(|(e, l, _)| errors < *e || (errors == *e && loss < *l));
        if better {
            best = Some((errors, loss, OneRuleModel { column, bins, rates }));
        }
    }
    best.map(|(_, _, model)| model)
}

/// Every column with its bins: one that became flags by its levels, else each of its features cut at
/// the quartiles of the training rows.
fn candidates(matrix: &Matrix) -> Vec<(String, Bins)> {
    let mut columns: Vec<(&String, Vec<usize>)> = Vec::new();
    for (feature, source) in matrix.sources.iter().enumerate() {
        match columns.iter_mut().find(|(name, _)| *name == source) {
            Some((_, features)) => features.push(feature),
            None => columns.push((source, vec![feature])),
        }
    }
    let values =
        |feature: usize| (0..matrix.height).filter_map(move |at| matrix.row(at).get(feature).copied());
    let mut out = Vec::new();
    for (name, features) in columns {
        if features.iter().all(|f| values(*f).all(|v| v == 0.0 || v == 1.0)) {
            out.push((name.clone(), Bins::Levels { features }));
            continue;
        }
        for feature in features {
            let mut sorted: Vec<f32> = values(feature).collect();
            sorted.sort_unstable_by(f32::total_cmp);
            let quartile = |share: f64| sorted.get((share * sorted.len() as f64) as usize).copied();
            let mut cuts: Vec<f32> = [0.25, 0.5, 0.75].into_iter().filter_map(quartile).collect();
            cuts.dedup();
            out.push((name.clone(), Bins::Cuts { feature, cuts }));
        }
    }
    out
}

impl OneRuleModel {
    pub(super) fn is_sound(&self, width: usize) -> bool {
        let places = match &self.bins {
            Bins::Levels { features } => features.iter().all(|feature| *feature < width),
            Bins::Cuts { feature, cuts } => {
                *feature < width && cuts.iter().all(|c| c.is_finite()) && cuts.is_sorted()
            }
        };
        places
            && self.rates.len() == self.bins.count()
            && self.rates.iter().all(|rate| (0.0..=1.0).contains(rate))
    }

    pub(super) fn predict(&self, matrix: &Matrix) -> Vec<f64> {
        (0..matrix.height)
            .map(|at| self.rates.get(self.bins.of(matrix.row(at))).copied().unwrap_or(0.5))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(names: &[(&str, &str)], rows: &[&[f32]]) -> Matrix {
        let list = |of: fn(&(&str, &str)) -> String| names.iter().map(of).collect();
        Matrix::new(
            list(|(name, _)| (*name).into()),
            list(|(_, source)| (*source).into()),
            rows.len(),
            rows.concat(),
        )
    }

    #[test]
    fn the_column_with_the_fewest_errors_is_chosen() {
        let names = [("number", "number"), ("plan = a", "plan"), ("plan = b", "plan")];
        let rows: [&[f32]; 8] = [
            &[-9.0, 1.0, 0.0],
            &[-2.0, 1.0, 0.0],
            &[-1.0, 1.0, 0.0],
            &[0.0, 0.0, 1.0],
            &[1.0, 0.0, 1.0],
            &[2.0, 0.0, 1.0],
            &[3.0, 0.0, 0.0],
            &[9.0, 0.0, 0.0],
        ];
        let x = matrix(&names, &rows);
        // The plans part the classes without an error; one of the quartiles holds both.
        let y = [true, true, true, false, false, false, true, true];
        let rule = fit(&x, &y).unwrap();
        assert_eq!((rule.column.as_str(), &rule.bins), ("plan", &Bins::Levels { features: vec![1, 2] }));
        assert_eq!(rule.rates, [4.0 / 5.0, 1.0 / 5.0, 3.0 / 4.0]);
        // By number: the quartiles part the classes without an error.
        let y = [true, true, false, false, true, true, false, false];
        let rule = fit(&x, &y).unwrap();
        assert_eq!(rule.bins, Bins::Cuts { feature: 0, cuts: vec![-1.0, 1.0, 3.0] });
        assert_eq!(rule.predict(&x), [0.75, 0.75, 0.25, 0.25, 0.75, 0.75, 0.25, 0.25]);
        assert!(rule.is_sound(3) && !rule.is_sound(0));
        let short = OneRuleModel { rates: vec![0.5], ..rule };
        assert!(!short.is_sound(3));
    }
}
