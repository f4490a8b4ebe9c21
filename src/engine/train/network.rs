//! The network as numbers on the host, and as a burn module on a device. Weights start, and are
//! saved, on the host: equal seeds give equal weights on every device.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::{relu, sigmoid, tanh};
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::TrainError;
use crate::features::Matrix;

/// Rows that pass through the network at a time when predicting.
const PREDICT_ROWS: usize = 16_384;

/// The non-linearity between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    #[default]
    Relu,
    Tanh,
    Sigmoid,
}

impl Activation {
    pub const ALL: [Activation; 3] = [Activation::Relu, Activation::Tanh, Activation::Sigmoid];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
        }
    }

    fn apply(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Relu => relu(x),
            Self::Tanh => tanh(x),
            Self::Sigmoid => sigmoid(x),
        }
    }
}

/// One dense layer: `weights` is `inputs × outputs`, row by row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    pub inputs: usize,
    pub outputs: usize,
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
}

/// A multilayer perceptron; the last layer has one output, the log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    pub activation: Activation,
    pub layers: Vec<Layer>,
}

/// The network as a burn module.
#[derive(Module, Debug)]
pub(super) struct Dense {
    layers: Vec<Linear>,
}

impl Network {
    /// New weights, uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010); biases 0.
    pub(super) fn init(
        inputs: usize,
        hidden: &[usize],
        activation: Activation,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut layers = Vec::new();
        let mut from = inputs;
        for &to in hidden.iter().chain(&[1]) {
            let limit = (6.0 / (from + to) as f32).sqrt();
            let weights = (0..from * to).map(|_| rng.gen_range(-limit..limit)).collect();
            layers.push(Layer { inputs: from, outputs: to, weights, bias: vec![0.0; to] });
            from = to;
        }
        Self { activation, layers }
    }

    /// Trainable numbers.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.weights.len() + layer.bias.len()).sum()
    }

    /// True if the shapes fit each other and `inputs` features; asked of every opened file.
    pub fn is_sound(&self, inputs: usize) -> bool {
        let mut from = inputs;
        self.layers.iter().all(|layer| {
            let fits = layer.inputs == from
                && Some(layer.weights.len()) == layer.inputs.checked_mul(layer.outputs)
                && layer.bias.len() == layer.outputs;
            from = layer.outputs;
            fits
        }) && from == 1
            && !self.layers.is_empty()
    }

    pub(super) fn to_device(&self, device: &Device) -> Dense {
        let layers = self.layers.iter().map(|layer| {
            let weights = TensorData::new(layer.weights.clone(), [layer.inputs, layer.outputs]);
            let bias = TensorData::new(layer.bias.clone(), [layer.outputs]);
            Linear { weight: Param::from_data(weights, device), bias: Some(Param::from_data(bias, device)) }
        });
        Dense { layers: layers.collect() }
    }

    pub(super) fn from_device(dense: &Dense, activation: Activation) -> Result<Self, TrainError> {
        let mut layers = Vec::new();
        for linear in &dense.layers {
            let weights = linear.weight.val();
            let [inputs, outputs] = weights.dims();
            let bias = match &linear.bias {
                Some(bias) => read(bias.val())?,
                None => vec![0.0; outputs],
            };
            layers.push(Layer { inputs, outputs, weights: read(weights)?, bias });
        }
        Ok(Self { activation, layers })
    }

    pub(super) fn predict(&self, matrix: &Matrix, device: &Device) -> Result<Vec<f64>, TrainError> {
        self.to_device(device).predict(matrix, self.activation, device)
    }
}

/// Reads a tensor back to the host.
pub(super) fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, TrainError> {
    let data = tensor.try_into_data().map_err(|e| TrainError::Device { cause: format!("{e:?}") })?;
    data.try_to_vec::<f32>().map_err(|e| TrainError::Device { cause: format!("{e:?}") })
}

impl Dense {
    /// Log-odds, `[rows, 1]`. `masks` holds one dropout mask per hidden layer, already divided by
    /// the share that is kept; none while predicting.
    pub(super) fn forward(&self, x: Tensor<2>, activation: Activation, masks: &[Tensor<2>]) -> Tensor<2> {
        let last = self.layers.len().saturating_sub(1);
        let mut x = x;
        for (at, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if at < last {
                x = activation.apply(x);
                if let Some(mask) = masks.get(at) {
                    x = x * mask.clone();
                }
            }
        }
        x
    }

    pub(super) fn predict(
        &self,
        matrix: &Matrix,
        activation: Activation,
        device: &Device,
    ) -> Result<Vec<f64>, TrainError> {
        let width = matrix.width();
        let mut out = Vec::with_capacity(matrix.height);
        for chunk in matrix.data.chunks(PREDICT_ROWS * width.max(1)) {
            let rows = chunk.len() / width.max(1);
            let x = Tensor::<2>::from_data(TensorData::new(chunk.to_vec(), [rows, width]), device);
            let logits = read(self.forward(x, activation, &[]))?;
            // The last step on the host in 64 bits: probabilities near 1 stay apart.
            out.extend(logits.iter().map(|z| 1.0 / (1.0 + (-f64::from(*z)).exp())));
        }
        Ok(out)
    }
}
