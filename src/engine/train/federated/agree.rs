//! The schema and the scaler that all branches share, from sufficient statistics alone: counts, sums,
//! sums of squares, and the levels of categories that enough customers of a branch have.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::FederatedError;
use crate::features::Matrix;

/// Customers below which a branch tells nothing: of few, sums are nearly the values.
pub const LEAST_ROWS: usize = 20;
/// Customers below which a level of a category, or the known values of a number, are not told.
pub const LEAST_COUNT: u64 = 5;
/// Levels above which a column is left out: it may name people.
pub const MOST_LEVELS: usize = 50;

/// One column of a branch; `None` is missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    Numbers(Vec<Option<f64>>),
    Levels(Vec<Option<String>>),
}

/// What a branch keeps to itself: its customers whose outcome is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Branch {
    /// Names and values, each as long as `labels`.
    pub columns: Vec<(String, Values)>,
    /// True for the positive class.
    pub labels: Vec<bool>,
}

impl Branch {
    /// The customers at these places.
    pub fn select(&self, places: &[usize]) -> Branch {
        let columns = self.columns.iter().map(|(name, values)| {
            let values = match values {
                Values::Numbers(all) => Values::Numbers(of(all, places)),
                Values::Levels(all) => Values::Levels(of(all, places)),
            };
            (name.clone(), values)
        });
        Branch { columns: columns.collect(), labels: of(&self.labels, places) }
    }

    /// What this branch tells of its columns.
    ///
    /// # Errors
    /// Fewer than [`LEAST_ROWS`] customers.
    pub fn statistics(&self) -> Result<Statistics, FederatedError> {
        let found = self.labels.len();
        if found < LEAST_ROWS {
            return Err(FederatedError::FewRows { found, needed: LEAST_ROWS });
        }
        let columns = self.columns.iter().filter_map(|(name, values)| {
            let summary = match values {
                Values::Numbers(all) => Summary::of_numbers(all),
                Values::Levels(all) => Summary::of_levels(all)?,
            };
            Some((name.clone(), summary))
        });
        Ok(Statistics { rows: found as u64, columns: columns.collect() })
    }
}

fn of<T: Clone>(all: &[T], places: &[usize]) -> Vec<T> {
    places.iter().filter_map(|&at| all.get(at)).cloned().collect()
}

/// What a branch tells before the first round. No value of one customer is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    pub rows: u64,
    pub columns: BTreeMap<String, Summary>,
}

/// What a branch tells of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// Of the values that are known.
    Number { count: u64, sum: f64, squares: f64 },
    /// Customers of each level that at least [`LEAST_COUNT`] have.
    Levels(BTreeMap<String, u64>),
}

impl Summary {
    fn of_numbers(all: &[Option<f64>]) -> Self {
        let (mut count, mut sum, mut squares) = (0, 0.0, 0.0);
        for value in all.iter().flatten().filter(|value| value.is_finite()) {
            count += 1;
            sum += value;
            squares += value * value;
        }
        match count < LEAST_COUNT {
            true => Self::Number { count: 0, sum: 0.0, squares: 0.0 },
            false => Self::Number { count, sum, squares },
        }
    }

    /// `None` for a column with too many levels.
    fn of_levels(all: &[Option<String>]) -> Option<Self> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for level in all.iter().flatten() {
            *counts.entry(level.clone()).or_default() += 1;
        }
        if counts.len() > MOST_LEVELS {
            return None;
        }
        counts.retain(|_, count| *count >= LEAST_COUNT);
        Some(Self::Levels(counts))
    }
}

/// A feature, or a block of features, that all branches make alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreed {
    /// (value − mean) / deviation; missing is 0.
    Number { name: String, mean: f64, deviation: f64 },
    /// One feature a level; a missing or unknown level is 0 in all.
    Levels { name: String, levels: Vec<String> },
}

impl Agreed {
    /// The column that it reads.
    pub fn name(&self) -> &str {
        match self {
            Self::Number { name, .. } | Self::Levels { name, .. } => name,
        }
    }
}

/// What all branches make their features by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    pub columns: Vec<Agreed>,
}

impl Agreement {
    /// From what the branches tell. Only columns that all branches have are taken.
    ///
    /// The mean is Σx/n and the deviation √(Σx²/n − mean²) over all branches together: what the pooled rows
    /// would give.
    ///
    /// # Errors
    /// No branch or no shared column; a column that is a number in one branch and a category in another.
    pub fn of(told: &[Statistics]) -> Result<Self, FederatedError> {
        let Some((first, others)) = told.split_first() else { return Err(FederatedError::NoColumn) };
        let mut columns = Vec::new();
        for (name, summary) in &first.columns {
            let theirs: Option<Vec<&Summary>> = others.iter().map(|s| s.columns.get(name)).collect();
            let Some(theirs) = theirs else { continue };
            let mixed =
                || FederatedError::Column { column: name.clone(), cause: "a number here, a category there" };
            match summary {
                Summary::Number { count, sum, squares } => {
                    let mut all = (*count as f64, *sum, *squares);
                    for other in theirs {
                        let Summary::Number { count, sum, squares } = other else { return Err(mixed()) };
                        all = (all.0 + *count as f64, all.1 + sum, all.2 + squares);
                    }
                    let mean = all.1 / all.0;
                    let deviation = (all.2 / all.0 - mean * mean).max(0.0).sqrt();
                    // Neither a column without known values nor a constant teaches anything.
                    if deviation.is_finite() && deviation > 0.0 {
                        columns.push(Agreed::Number { name: name.clone(), mean, deviation });
                    }
                }
                Summary::Levels(counts) => {
                    let mut levels: BTreeSet<&String> = counts.keys().collect();
                    for other in theirs {
                        let Summary::Levels(counts) = other else { return Err(mixed()) };
                        levels.extend(counts.keys());
                    }
                    if levels.len() > 1 {
                        let levels = levels.into_iter().cloned().collect();
                        columns.push(Agreed::Levels { name: name.clone(), levels });
                    }
                }
            }
        }
        match columns.is_empty() {
            true => Err(FederatedError::NoColumn),
            false => Ok(Self { columns }),
        }
    }

    /// Features.
    pub fn width(&self) -> usize {
        let of = |agreed: &Agreed| match agreed {
            Agreed::Number { .. } => 1,
            Agreed::Levels { levels, .. } => levels.len(),
        };
        self.columns.iter().map(of).sum()
    }

    /// A branch's features, one row a customer.
    ///
    /// # Errors
    /// A column that the branch lacks, or holds as another kind.
    pub fn encode(&self, branch: &Branch) -> Result<Matrix, FederatedError> {
        let (height, width) = (branch.labels.len(), self.width());
        let mut data = vec![0.0f32; height * width];
        let (mut names, mut sources) = (Vec::new(), Vec::new());
        for agreed in &self.columns {
            let (Agreed::Number { name, .. } | Agreed::Levels { name, .. }) = agreed;
            let wrong = |cause| FederatedError::Column { column: name.clone(), cause };
            let found = branch.columns.iter().find(|(theirs, _)| theirs == name);
            let (_, values) = found.ok_or_else(|| wrong("a branch lacks it"))?;
            let from = names.len();
            match (agreed, values) {
                (Agreed::Number { mean, deviation, .. }, Values::Numbers(all)) => {
                    for (row, value) in data.chunks_exact_mut(width).zip(all) {
                        if let (Some(cell), Some(value)) = (row.get_mut(from), value)
                            && value.is_finite()
                        {
                            *cell = ((value - mean) / deviation) as f32;
                        }
                    }
                    names.push(name.clone());
                    sources.push(name.clone());
                }
                (Agreed::Levels { levels, .. }, Values::Levels(all)) => {
                    for (row, value) in data.chunks_exact_mut(width).zip(all) {
                        let place = value.as_ref().and_then(|v| levels.binary_search(v).ok());
                        if let Some(cell) = place.and_then(|place| row.get_mut(from + place)) {
                            *cell = 1.0;
                        }
                    }
                    names.extend(levels.iter().map(|level| format!("{name} = {level}")));
                    sources.extend(levels.iter().map(|_| name.clone()));
                }
                _ => return Err(wrong("a number here, a category there")),
            }
        }
        Ok(Matrix::new(names, sources, height, data))
    }
}
