//! Networks as smooth functions of the numbers that their dense layers read: the probability and its
//! gradient, by burn's automatic differentiation on flex.

use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor, TensorData};

use super::net::graph::Graph;
use super::network::{Activation, Dense, Network, read};
use super::sequence::SequenceNet;
use super::{DeviceKind, Model, TrainError, device};
use crate::features::Matrix;
use crate::job::Reporter;

/// ε of batch normalisation, as burn has it.
const EPSILON: f32 = 1e-5;

/// A network whose slope can be asked for.
pub(crate) struct Slope<'a> {
    body: Body<'a>,
    device: Device,
}

enum Body<'a> {
    Mlp(Dense, Activation),
    Net(&'a SequenceNet, Box<Graph>),
}

impl<'a> Slope<'a> {
    /// `None` for models that are no networks, and for one that reads several columns of text as one: what
    /// its body says of them cannot be told apart.
    ///
    /// # Errors
    /// The device cannot be used; a weight is missing.
    pub(crate) fn of(model: &'a Model) -> Result<Option<Self>, TrainError> {
        let device = device::open(DeviceKind::Flex)?.autodiff();
        let body = match model {
            Model::Mlp(network) => Body::Mlp(folded(network).to_device(&device), network.activation),
            Model::Net(net) if net.one_column_each() => {
                Body::Net(net, Box::new(Graph::new(&net.net, &device)?))
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { body, device }))
    }

    /// The columns whose vectors stand behind the table's features, with their widths.
    pub(crate) fn blocks(&self) -> Vec<(&'a str, usize)> {
        match &self.body {
            Body::Mlp(..) => Vec::new(),
            Body::Net(net, _) => net.blocks(),
        }
    }

    /// What the dense layers read of each row: the table's features, then the vectors of what is read in
    /// order.
    ///
    /// # Errors
    /// The device fails, or the person cancelled.
    pub(crate) fn inputs(&self, matrix: &Matrix, report: &Reporter) -> crate::Result<Vec<f32>> {
        let Body::Net(net, _) = &self.body else { return Ok(matrix.data.clone()) };
        let (width, vectors) = net.vectors(matrix, report)?;
        let table = matrix.data.chunks_exact(matrix.width().max(1));
        let joined = table.zip(vectors.chunks_exact(width.max(1)));
        Ok(joined.flat_map(|(table, vector)| table.iter().chain(vector)).copied().collect())
    }

    /// At each of `rows` points, one after the other: the probability, and its gradient by every number.
    ///
    /// # Errors
    /// The device fails.
    pub(crate) fn at(&self, points: &[f32], rows: usize) -> Result<(Vec<f64>, Vec<f32>), TrainError> {
        let width = points.len() / rows.max(1);
        let data = TensorData::new(points.to_vec(), [rows, width]);
        let x = Tensor::<2>::from_data(data, &self.device).require_grad();
        let logits = match &self.body {
            Body::Mlp(dense, activation) => dense.forward(x.clone(), *activation, &[]),
            Body::Net(net, graph) => graph.head(&net.net.spec, vec![x.clone()], None, &mut None),
        };
        let p = sigmoid(logits.clone());
        let gradients = p.sum().backward();
        let missing = || TrainError::Device { cause: "no gradient came back".to_owned() };
        let slope = read(x.grad(&gradients).ok_or_else(missing)?)?;
        // The last step on the host in 64 bits, as where probabilities are predicted.
        let logits = read(logits.inner())?;
        Ok((logits.iter().map(|z| 1.0 / (1.0 + (-f64::from(*z)).exp())).collect(), slope))
    }
}

/// The network with each batch normalisation worked into the layer before it: what it does while
/// predicting, where it neither looks at the batch nor learns.
fn folded(network: &Network) -> Network {
    let mut network = network.clone();
    for layer in &mut network.layers {
        let Some(norm) = layer.norm.take() else { continue };
        let scale = norm.gamma.iter().zip(&norm.variance).map(|(g, v)| g / (v + EPSILON).sqrt());
        let scale: Vec<f32> = scale.collect();
        for row in layer.weights.chunks_mut(layer.outputs.max(1)) {
            row.iter_mut().zip(&scale).for_each(|(weight, scale)| *weight *= scale);
        }
        let shift = norm.mean.iter().zip(&norm.beta).zip(&scale);
        for (bias, ((mean, beta), scale)) in layer.bias.iter_mut().zip(shift) {
            *bias = (*bias - mean) * scale + beta;
        }
    }
    network
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn the_slope_is_that_of_the_probability() {
        for norm in [false, true] {
            let mut rng = ChaCha8Rng::seed_from_u64(5);
            let mut network = Network::init(3, &[8, 4], Activation::Tanh, norm, &mut rng);
            for layer in &mut network.layers {
                if let Some(norm) = &mut layer.norm {
                    norm.gamma.iter_mut().for_each(|g| *g = rng.gen_range(0.5..1.5));
                    norm.beta.iter_mut().for_each(|b| *b = rng.gen_range(-0.5..0.5));
                    norm.mean.iter_mut().for_each(|m| *m = rng.gen_range(-0.5..0.5));
                    norm.variance.iter_mut().for_each(|v| *v = rng.gen_range(0.5..2.0));
                }
            }
            let model = Model::Mlp(network);
            let slope = Slope::of(&model).unwrap().unwrap();
            let row = [0.3f32, -0.7, 1.1];
            let (p, gradient) = slope.at(&row, 1).unwrap();
            let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
            let predict = |row: &[f32]| {
                let matrix = Matrix::new(names.clone(), names.clone(), 1, row.to_vec());
                model.predict(&matrix, DeviceKind::Flex).unwrap()[0]
            };
            assert!((p[0] - predict(&row)).abs() < 1e-6, "batch normalisation is folded in rightly");
            for at in 0..3 {
                let step = |by: f32| {
                    let mut moved = row;
                    moved[at] += by;
                    predict(&moved)
                };
                let slope = (step(1e-2) - step(-1e-2)) / 2e-2;
                assert!((slope - f64::from(gradient[at])).abs() < 2e-3, "{at}: {slope} {}", gradient[at]);
            }
        }
    }
}
