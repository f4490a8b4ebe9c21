//! The server's rule: many branches' weights → the next round's.

use serde::{Deserialize, Serialize};

use super::FederatedError;

/// How the branches' weights become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Σ nₖ wₖ / Σ nₖ, n the rows of a branch (McMahan et al. 2017).
    #[default]
    Mean,
    /// The middle of each weight over the branches, whatever their size (Yin et al. 2018): fewer than half
    /// of the branches cannot carry it away.
    Median,
}

impl Rule {
    pub const ALL: [Rule; 2] = [Rule::Mean, Rule::Median];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Median => "median",
        }
    }
}

/// One set of weights from the branches' `weights` of equal shape, each with its rows. Weights are lists of
/// numbers a tensor, in the order that the [learner](super::Learner) gives them.
///
/// # Errors
/// No branch, no rows, shapes that differ, or a number that is not finite under [`Rule::Mean`].
pub fn join(rule: Rule, weights: &[(Vec<Vec<f32>>, u64)]) -> Result<Vec<Vec<f32>>, FederatedError> {
    let wrong = |cause: &str| FederatedError::Weights { cause: cause.to_owned() };
    let (first, _) = weights.first().ok_or_else(|| wrong("no branch answered"))?;
    let shape: Vec<usize> = first.iter().map(Vec::len).collect();
    let alike = |tensors: &[Vec<f32>]| tensors.iter().map(Vec::len).eq(shape.iter().copied());
    if !weights.iter().all(|(tensors, _)| alike(tensors)) {
        return Err(wrong("the branches' networks differ in shape"));
    }
    let rows: u64 = weights.iter().map(|(_, rows)| rows).sum();
    if rows == 0 {
        return Err(wrong("the branches have no rows"));
    }
    let joined: Vec<Vec<f32>> = shape
        .iter()
        .enumerate()
        .map(|(tensor, &len)| {
            (0..len)
                .map(|at| {
                    let of = weights.iter().filter_map(|(tensors, rows)| {
                        let value = *tensors.get(tensor)?.get(at)?;
                        Some((f64::from(value), *rows as f64))
                    });
                    match rule {
                        Rule::Mean => (of.map(|(v, n)| v * n).sum::<f64>() / rows as f64) as f32,
                        Rule::Median => median(of.map(|(v, _)| v).collect()) as f32,
                    }
                })
                .collect()
        })
        .collect();
    match joined.iter().flatten().all(|value| value.is_finite()) {
        true => Ok(joined),
        false => Err(wrong("a weight is not a finite number")),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 { at(middle) } else { (at(middle.wrapping_sub(1)) + at(middle)) / 2.0 }
}
