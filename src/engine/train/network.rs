//! The network as numbers on the host, and as a burn module on a device. Weights start, and are
//! saved, on the host: equal seeds give equal weights on every device.

use burn::module::{Module, Param, RunningState};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::activation::{gelu, relu, sigmoid, tanh};
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::small::{SavedNetwork, Shrunk};
use crate::features::Matrix;

/// Rows that pass through the network at a time when predicting.
const PREDICT_ROWS: usize = 16_384;
/// Rows that are predicted at once at least. gemm 0.19 sums a product of at most 256 numbers in another
/// order (gemm-common's gemm.rs, the horizontal kernel): a row's probability would depend on how many rows
/// stand beside it, in its eighth digit.
const LEAST_ROWS: usize = 257;

/// The non-linearity between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    #[default]
    Relu,
    Gelu,
    Tanh,
    Sigmoid,
}

impl Activation {
    pub const ALL: [Activation; 4] =
        [Activation::Relu, Activation::Gelu, Activation::Tanh, Activation::Sigmoid];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Gelu => "gelu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
        }
    }

    pub(super) fn apply(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Relu => relu(x),
            Self::Gelu => gelu(x),
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
    /// Batch normalisation between the layer and its activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub norm: Option<Norm>,
}

/// Batch normalisation (Ioffe and Szegedy 2015), one number of each kind a unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Norm {
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    /// Running mean and variance over the training batches.
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

/// A multilayer perceptron; the last layer has one output, the log-odds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SavedNetwork", into = "SavedNetwork")]
pub struct Network {
    pub activation: Activation,
    pub layers: Vec<Layer>,
    /// How it was made smaller, where it was.
    pub small: Option<Box<Shrunk>>,
}

/// The network as a burn module.
#[derive(Module, Debug)]
pub(super) struct Dense {
    pub(super) layers: Vec<Linear>,
    /// One for each hidden layer, or none at all.
    norms: Vec<BatchNorm>,
}

impl Network {
    /// New weights, uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010); biases 0.
    pub(super) fn init(
        inputs: usize,
        hidden: &[usize],
        activation: Activation,
        norm: bool,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut layers = Vec::new();
        let mut from = inputs;
        for &to in hidden.iter().chain(&[1]) {
            let limit = (6.0 / (from + to) as f32).sqrt();
            let weights = (0..from * to).map(|_| rng.gen_range(-limit..limit)).collect();
            let norm = (norm && layers.len() < hidden.len()).then(|| Norm {
                gamma: vec![1.0; to],
                beta: vec![0.0; to],
                mean: vec![0.0; to],
                variance: vec![1.0; to],
            });
            layers.push(Layer { inputs: from, outputs: to, weights, bias: vec![0.0; to], norm });
            from = to;
        }
        Self { activation, layers, small: None }
    }

    /// Trainable numbers.
    pub fn parameters(&self) -> usize {
        let norm = |layer: &Layer| layer.norm.as_ref().map_or(0, |n| n.gamma.len() + n.beta.len());
        self.layers.iter().map(|layer| layer.weights.len() + layer.bias.len() + norm(layer)).sum()
    }

    /// True if the shapes fit each other and `inputs` features; asked of every opened file.
    pub fn is_sound(&self, inputs: usize) -> bool {
        let mut from = inputs;
        self.layers.iter().all(|layer| {
            let fits = layer.inputs == from
                && Some(layer.weights.len()) == layer.inputs.checked_mul(layer.outputs)
                && layer.bias.len() == layer.outputs
                && layer.norm.as_ref().is_none_or(|norm| {
                    [&norm.gamma, &norm.beta, &norm.mean, &norm.variance]
                        .iter()
                        .all(|values| values.len() == layer.outputs)
                        && norm.variance.iter().all(|v| *v >= 0.0)
                });
            from = layer.outputs;
            fits
        }) && from == 1
            && !self.layers.is_empty()
            && self.norms_are_even()
    }

    /// Every hidden layer is normalised, or none, and never the last.
    fn norms_are_even(&self) -> bool {
        let hidden = self.layers.len().saturating_sub(1);
        let norms = self.layers.iter().filter(|layer| layer.norm.is_some()).count();
        self.layers.last().is_none_or(|last| last.norm.is_none()) && (norms == 0 || norms == hidden)
    }

    pub(super) fn to_device(&self, device: &Device) -> Dense {
        let layers = self.layers.iter().map(|layer| {
            let weights = TensorData::new(layer.weights.clone(), [layer.inputs, layer.outputs]);
            let bias = TensorData::new(layer.bias.clone(), [layer.outputs]);
            Linear { weight: Param::from_data(weights, device), bias: Some(Param::from_data(bias, device)) }
        });
        let one = |values: &[f32]| TensorData::new(values.to_vec(), [values.len()]);
        let norms = self.layers.iter().filter_map(|layer| layer.norm.as_ref()).map(|norm| {
            let running = |values: &[f32]| RunningState::new(Tensor::from_data(one(values), device));
            let mut layer = BatchNormConfig::new(norm.gamma.len().max(1)).init(device);
            layer.gamma = Param::from_data(one(&norm.gamma), device);
            layer.beta = Param::from_data(one(&norm.beta), device);
            layer.running_mean = running(&norm.mean);
            layer.running_var = running(&norm.variance);
            layer
        });
        Dense { layers: layers.collect(), norms: norms.collect() }
    }

    pub(super) fn from_device(dense: &Dense, activation: Activation) -> Result<Self, TrainError> {
        let mut layers = Vec::new();
        for (at, linear) in dense.layers.iter().enumerate() {
            let weights = linear.weight.val();
            let [inputs, outputs] = weights.dims();
            let bias = match &linear.bias {
                Some(bias) => read(bias.val())?,
                None => vec![0.0; outputs],
            };
            let norm = match dense.norms.get(at) {
                Some(norm) => Some(Norm {
                    gamma: read(norm.gamma.val())?,
                    beta: read(norm.beta.val())?,
                    mean: read(norm.running_mean.value_sync())?,
                    variance: read(norm.running_var.value_sync())?,
                }),
                None => None,
            };
            layers.push(Layer { inputs, outputs, weights: read(weights)?, bias, norm });
        }
        Ok(Self { activation, layers, small: None })
    }

    pub(super) fn predict(&self, matrix: &Matrix, device: &Device) -> Result<Vec<f64>, TrainError> {
        self.to_device(device).predict(matrix, self.activation, device)
    }
}

/// Reads a tensor back to the host.
pub(crate) fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, TrainError> {
    let data = tensor.try_into_data().map_err(|e| TrainError::Device { cause: format!("{e:?}") })?;
    data.try_to_vec::<f32>().map_err(|e| TrainError::Device { cause: format!("{e:?}") })
}

impl Dense {
    /// Log-odds, `[rows, 1]`. `masks` holds one dropout mask per hidden layer, already divided by
    /// the share that is kept; none while predicting.
    pub(super) fn forward(&self, x: Tensor<2>, activation: Activation, masks: &[Tensor<2>]) -> Tensor<2> {
        self.forward_seen(x, activation, masks, &mut |_| ())
    }

    /// [`forward`](Self::forward); `see` is shown the answers of each hidden layer, before dropout.
    pub(super) fn forward_seen(
        &self,
        x: Tensor<2>,
        activation: Activation,
        masks: &[Tensor<2>],
        see: &mut dyn FnMut(&Tensor<2>),
    ) -> Tensor<2> {
        let last = self.layers.len().saturating_sub(1);
        let mut x = x;
        for (at, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if at < last {
                if let Some(norm) = self.norms.get(at) {
                    x = norm.forward(x);
                }
                x = activation.apply(x);
                see(&x);
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
            let padded = rows.max(LEAST_ROWS);
            let mut data = chunk.to_vec();
            data.resize(padded * width, 0.0);
            let x = Tensor::<2>::from_data(TensorData::new(data, [padded, width]), device);
            let logits = read(self.forward(x, activation, &[]))?;
            // The last step on the host in 64 bits: probabilities near 1 stay apart.
            out.extend(logits.iter().take(rows).map(|z| 1.0 / (1.0 + (-f64::from(*z)).exp())));
        }
        Ok(out)
    }
}
