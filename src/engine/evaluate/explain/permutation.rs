//! Permutation importance with its spread (Breiman 2001; the spread over repeats as in Fisher, Rudin and
//! Dominici 2019): how much worse a model gets on rows that it did not learn from when one of their columns
//! is shuffled among them. All features of a column are shuffled together.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{BEYOND_CHANCE, Ground};
use crate::evaluate::importance::Watched;
use crate::job::Reporter;
use crate::metrics::Estimate;

/// Times that a column is shuffled.
pub(super) const REPEATS: usize = 10;
/// The two-sided 95% point of the normal distribution.
const WIDTH: f64 = 1.96;

/// What one column weighs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importance {
    pub column: String,
    /// By how much the mean log loss rises, the mean over the repeats, with its 95% interval over rows.
    pub loss: Estimate,
    /// The smallest and the greatest rise of the repeats.
    pub spread: [f64; 2],
    /// By how much the area under the ROC curve falls, the mean over the repeats; `None` where one class is
    /// absent.
    pub auc_fall: Option<f64>,
    /// The rise is beyond chance (one-sided, 1%).
    pub proven: bool,
}

/// Every column of the explainer, the one that weighs most first, and the rows they were shuffled among; empty where fewer than 30 rows have a known
/// class.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub(super) fn importance(ground: &Ground<'_>, report: &Reporter) -> crate::Result<(Vec<Importance>, usize)> {
    let (places, labels) = &ground.labelled;
    let Some(mut watched) = Watched::new(ground.matrix, places, labels, ground.model)? else {
        return Ok((Vec::new(), 0));
    };
    let mut rng = ChaCha8Rng::seed_from_u64(0x9E);
    let mut out = Vec::with_capacity(ground.explainer.columns.len());
    for (name, features) in &ground.explainer.columns {
        let found = watched.repeat(Some(name), features, ground.model, (REPEATS, &mut rng), report)?;
        let (value, error) = found.rise;
        let low = found.repeats.iter().copied().fold(f64::INFINITY, f64::min);
        let high = found.repeats.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        out.push(Importance {
            column: name.clone(),
            loss: Estimate { value, low: value - WIDTH * error, high: value + WIDTH * error },
            spread: [low, high],
            auc_fall: found.auc_fall,
            proven: value > 0.0 && value > BEYOND_CHANCE * error,
        });
        report.progress(out.len() as f64 / ground.explainer.columns.len().max(1) as f64);
    }
    out.sort_by(|a, b| b.loss.value.total_cmp(&a.loss.value));
    Ok((out, watched.rows()))
}
