//! Whole neurons removed: the layers really become smaller, and so does the work of a score.

use super::SmallSpec;
use super::prune::PATIENCE;
use super::tune::{Course, Ran, tune};
use crate::job::Reporter;
use crate::train::{Layer, MlpSpec, Model, Network, Norm, Samples};

/// What each neuron of the hidden layer `at` does: the length of the weights that lead to it times the
/// length of those that lead on (after Li et al. 2017, who take the first alone). Where the layer is
/// normalised the size of what leads in says nothing, and |γ| stands in its place (Liu et al. 2017).
fn strength(network: &Network, at: usize) -> Vec<f64> {
    let (Some(layer), Some(next)) = (network.layers.get(at), network.layers.get(at + 1)) else {
        return Vec::new();
    };
    let length =
        |values: &mut dyn Iterator<Item = f32>| values.map(|w| f64::from(w).powi(2)).sum::<f64>().sqrt();
    (0..layer.outputs)
        .map(|unit| {
            let inward = match &layer.norm {
                Some(norm) => norm.gamma.get(unit).map_or(0.0, |gamma| f64::from(gamma.abs())),
                None => length(&mut layer.weights.iter().skip(unit).step_by(layer.outputs.max(1)).copied()),
            };
            let from = unit * next.outputs;
            let outward = next.weights.get(from..from + next.outputs).unwrap_or_default();
            inward * length(&mut outward.iter().copied())
        })
        .collect()
}

/// The network without the weakest `share` of each hidden layer's neurons; one at least stays.
pub(super) fn removed(network: &Network, share: f64) -> Network {
    let mut out = network.clone();
    let hidden = network.layers.len().saturating_sub(1);
    for at in 0..hidden {
        let strength = strength(network, at);
        let stay = strength.len() - ((strength.len() as f64 * share).round() as usize).min(strength.len());
        let mut order: Vec<usize> = (0..strength.len()).collect();
        let of = |unit: &usize| strength.get(*unit).copied().unwrap_or(0.0);
        order.sort_by(|a, b| of(b).total_cmp(&of(a)));
        order.truncate(stay.max(1));
        order.sort_unstable();
        if let Some(layer) = out.layers.get_mut(at) {
            keep_outputs(layer, &order);
        }
        if let Some(next) = out.layers.get_mut(at + 1) {
            keep_inputs(next, &order);
        }
    }
    out
}

fn keep_outputs(layer: &mut Layer, units: &[usize]) {
    let pick = |values: &[f32]| units.iter().filter_map(|at| values.get(*at)).copied().collect::<Vec<_>>();
    layer.weights = layer.weights.chunks(layer.outputs.max(1)).flat_map(pick).collect();
    layer.bias = pick(&layer.bias);
    if let Some(norm) = &mut layer.norm {
        *norm = Norm {
            gamma: pick(&norm.gamma),
            beta: pick(&norm.beta),
            mean: pick(&norm.mean),
            variance: pick(&norm.variance),
        };
    }
    layer.outputs = units.len();
}

fn keep_inputs(layer: &mut Layer, units: &[usize]) {
    let width = layer.outputs;
    let row = |at: &usize| layer.weights.get(at * width..(at + 1) * width).unwrap_or_default();
    layer.weights = units.iter().flat_map(row).copied().collect();
    layer.inputs = units.len();
}

/// The network with fewer neurons, trained on, and how it came to be.
pub(super) fn without(
    network: &Network,
    spec: &SmallSpec,
    mlp: &MlpSpec,
    samples: &Samples,
    seed: u64,
    report: &Reporter,
) -> crate::Result<(Model, Ran)> {
    let course = Course {
        epochs: spec.epochs,
        patience: PATIENCE,
        sparsity: 0.0,
        ramp: 0,
        dropout: mlp.dropout,
        teacher: None,
    };
    let start = removed(network, spec.neurons);
    let (network, tuned) = tune(&start, (mlp, &course), samples, seed, report)?;
    Ok((Model::Mlp(network), tuned))
}
