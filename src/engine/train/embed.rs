//! What the last hidden layer of a network makes of each row: rows that the network holds for alike
//! lie together there.

use rayon::prelude::*;
use statrs::function::erf::erf;

use super::network::{Activation, Network};
use super::{Model, ModelKind};
use crate::features::Matrix;

/// What batch normalisation adds to a variance, as burn has it.
const EPSILON: f64 = 1e-5;

fn activate(activation: Activation, z: f64) -> f64 {
    match activation {
        Activation::Relu => z.max(0.0),
        Activation::Gelu => 0.5 * z * (1.0 + erf(z / std::f64::consts::SQRT_2)),
        Activation::Tanh => z.tanh(),
        Activation::Sigmoid => 1.0 / (1.0 + (-z).exp()),
    }
}

/// The activations of the last hidden layer, dropout off, one row a customer: `(units, numbers)` with
/// `units × matrix.height` numbers row by row. `None` for models without a hidden layer, and where the
/// matrix has other features.
pub fn embed(model: &Model, matrix: &Matrix) -> Option<(usize, Vec<f64>)> {
    let Model::Mlp(network) = model else { return None };
    debug_assert_eq!(model.kind(), ModelKind::Mlp);
    let (_, hidden) = network.layers.split_last()?;
    let units = hidden.last()?.outputs;
    if !model.fits(matrix.width()) {
        return None;
    }
    let rows: Vec<usize> = (0..matrix.height).collect();
    let all = rows.par_iter().flat_map_iter(|&at| last_hidden(network, matrix.row(at))).collect();
    Some((units, all))
}

fn last_hidden(network: &Network, row: &[f32]) -> Vec<f64> {
    let mut x: Vec<f64> = row.iter().map(|v| f64::from(*v)).collect();
    let hidden = network.layers.len().saturating_sub(1);
    for layer in network.layers.iter().take(hidden) {
        let mut z: Vec<f64> = layer.bias.iter().map(|b| f64::from(*b)).collect();
        for (x, weights) in x.iter().zip(layer.weights.chunks_exact(layer.outputs.max(1))) {
            z.iter_mut().zip(weights).for_each(|(z, w)| *z += x * f64::from(*w));
        }
        if let Some(norm) = &layer.norm {
            let parts = norm.gamma.iter().zip(&norm.beta).zip(norm.mean.iter().zip(&norm.variance));
            for (z, ((gamma, beta), (mean, variance))) in z.iter_mut().zip(parts) {
                let deviation = (f64::from(*variance) + EPSILON).sqrt();
                *z = (*z - f64::from(*mean)) / deviation * f64::from(*gamma) + f64::from(*beta);
            }
        }
        x = z.into_iter().map(|z| activate(network.activation, z)).collect();
    }
    x
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::train::DeviceKind;

    #[test]
    fn the_last_layer_on_top_gives_the_answer_of_the_network() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let data: Vec<f32> = (0..40 * 5).map(|at| ((at * 37 % 19) as f32 - 9.0) / 5.0).collect();
        let names: Vec<String> = (0..5).map(|at| format!("x{at}")).collect();
        let matrix = Matrix::new(names.clone(), names, 40, data);
        for activation in Activation::ALL {
            for norm in [false, true] {
                let mut network = Network::init(5, &[7, 4], activation, norm, &mut rng);
                for layer in network.layers.iter_mut() {
                    if let Some(norm) = &mut layer.norm {
                        norm.mean.iter_mut().for_each(|mean| *mean = 0.3);
                        norm.variance.iter_mut().for_each(|variance| *variance = 2.0);
                    }
                }
                let last = network.layers.last().cloned().unwrap();
                let model = Model::Mlp(network);
                let (units, points) = embed(&model, &matrix).unwrap();
                assert_eq!((units, points.len()), (4, 160));
                let answers = model.predict(&matrix, DeviceKind::Flex).unwrap();
                for (row, answer) in points.chunks_exact(4).zip(answers) {
                    let sum: f64 = row.iter().zip(&last.weights).map(|(x, w)| x * f64::from(*w)).sum();
                    let logit = sum + f64::from(last.bias[0]);
                    let own = 1.0 / (1.0 + (-logit).exp());
                    assert!((own - answer).abs() < 2e-3, "{activation:?} {norm}: {own} {answer}");
                }
            }
        }
    }
}
