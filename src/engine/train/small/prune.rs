//! Pruning by magnitude (Han et al. 2015): the smallest weights of each layer become zero, little by little
//! (Zhu and Gupta 2017), while the rest is trained on. Zeros make a file smaller; the processor multiplies by
//! them as by any other number, so nothing becomes faster.

use super::tune::{Course, Ran, tune};
use super::{SmallSpec, tune_net};
use crate::job::Reporter;
use crate::train::{Model, Network, Samples, Specs};

/// Epochs without a better validation loss after which training on ends.
pub(super) const PATIENCE: usize = 6;

/// The share of zeros after `done` (0 to 1) of the rise: s − s (1 − t)³ (Zhu and Gupta 2017, equation 1, from
/// none).
pub(super) fn sparsity_at(last: f64, done: f64) -> f64 {
    last - last * (1.0 - done.clamp(0.0, 1.0)).powi(3)
}

/// 0 for the `share` of the values with the least magnitude, 1 for the others; of equal ones the first go.
pub(super) fn mask(values: &[f32], share: f64) -> Vec<f32> {
    let gone = ((values.len() as f64 * share).round() as usize).min(values.len());
    let mut order: Vec<usize> = (0..values.len()).collect();
    let size = |at: &usize| values.get(*at).map_or(0.0, |w| w.abs());
    order.sort_by(|a, b| size(a).total_cmp(&size(b)));
    let mut mask = vec![1.0; values.len()];
    for at in order.into_iter().take(gone) {
        if let Some(one) = mask.get_mut(at) {
            *one = 0.0;
        }
    }
    mask
}

/// The masks of all layers but the output, whose few weights carry everything.
pub(super) fn masks(network: &Network, share: f64) -> Vec<Vec<f32>> {
    let hidden = network.layers.len().saturating_sub(1);
    let pruned = if hidden == 0 { network.layers.len() } else { hidden };
    network.layers.iter().take(pruned).map(|layer| mask(&layer.weights, share)).collect()
}

/// The network with its smallest weights at zero, and how it came to be.
pub(super) fn pruned(
    model: &Model,
    spec: &SmallSpec,
    specs: &Specs,
    samples: &Samples,
    seed: u64,
    report: &Reporter,
) -> crate::Result<(Model, Ran)> {
    // Half of the epochs raise the sparsity, half train on with all of it.
    let ramp = (spec.epochs / 2).max(1);
    match model {
        Model::Net(net) => {
            let (net, tuned) = tune_net::pruned(net, (spec, ramp), &specs.net, samples, seed, report)?;
            Ok((Model::Net(Box::new(net)), tuned))
        }
        Model::Mlp(network) => {
            let course = Course {
                epochs: spec.epochs,
                patience: PATIENCE,
                sparsity: spec.sparsity,
                ramp,
                dropout: specs.mlp.dropout,
                teacher: None,
            };
            let (network, tuned) = tune(network, (&specs.mlp, &course), samples, seed, report)?;
            Ok((Model::Mlp(network), tuned))
        }
        other => Err(super::SmallError::NoWeights { model: other.kind().name() }.into()),
    }
}
