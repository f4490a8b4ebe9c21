//! A branch's steps between two rounds, on burn.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{FederatedError, FederatedSpec};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::train::net::loss;
use crate::train::network::{Activation, Dense, Layer, Network};
use crate::train::optimizer::Optimizer;
use crate::train::{DeviceKind, TrainError, device};

/// The shared network, and what steps on it.
pub struct Learner {
    spec: FederatedSpec,
    network: Network,
    device: Device,
    rng: ChaCha8Rng,
}

impl Learner {
    /// New weights from `seed`; equal seeds give equal weights.
    ///
    /// # Errors
    /// The device is not there.
    pub fn new(spec: &FederatedSpec, inputs: usize, seed: u64) -> Result<Self, TrainError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let network = Network::init(inputs, &spec.hidden, Activation::Relu, false, &mut rng);
        // Small networks: a graphics device would wait more than it works.
        let device = device::open(DeviceKind::Flex)?;
        Ok(Self { spec: spec.clone(), network, device, rng })
    }

    /// Another stream of random numbers, for shuffles: each branch has its own.
    #[must_use]
    pub fn with_stream(mut self, stream: u64) -> Self {
        self.rng.set_stream(stream);
        self
    }

    /// Weights and bias of each layer in turn; weights are `inputs × outputs`, row by row.
    pub fn weights(&self) -> Vec<Vec<f32>> {
        self.network.layers.iter().flat_map(|layer| [layer.weights.clone(), layer.bias.clone()]).collect()
    }

    /// The shapes of [`weights`](Self::weights).
    pub fn shapes(&self) -> Vec<Vec<usize>> {
        let of = |layer: &Layer| [vec![layer.inputs, layer.outputs], vec![layer.outputs]];
        self.network.layers.iter().flat_map(of).collect()
    }

    /// Takes the weights of a round.
    ///
    /// # Errors
    /// They are of another network, or not finite.
    pub fn set_weights(&mut self, weights: &[Vec<f32>]) -> Result<(), FederatedError> {
        let wrong = |cause: &str| FederatedError::Weights { cause: cause.to_owned() };
        if weights.len() != self.network.layers.len() * 2 {
            return Err(wrong("another number of layers"));
        }
        if !weights.iter().flatten().all(|value| value.is_finite()) {
            return Err(wrong("a weight is not a finite number"));
        }
        let mut layers = self.network.layers.clone();
        for (layer, pair) in layers.iter_mut().zip(weights.chunks_exact(2)) {
            let [weights, bias] = pair else { return Err(wrong("another number of layers")) };
            if weights.len() != layer.weights.len() || bias.len() != layer.bias.len() {
                return Err(wrong("layers of another size"));
            }
            layer.weights.clone_from(weights);
            layer.bias.clone_from(bias);
        }
        self.network.layers = layers;
        Ok(())
    }

    /// The local part of a round: plain gradient steps on the mean binary cross-entropy of each batch, and
    /// FedProx's term where `proximal` is above 0. Returns the mean loss of the rows, without that term.
    ///
    /// # Errors
    /// The device failed, or the person cancelled.
    pub fn learn(&mut self, x: &Matrix, y: &[bool], report: &Reporter) -> crate::Result<f64> {
        let device = self.device.clone().autodiff();
        let mut model: Dense = self.network.to_device(&device);
        let anchor: Vec<Vec<f32>> = self.weights();
        let anchor: Vec<Tensor<1>> = anchor
            .into_iter()
            .map(|w| {
                let len = w.len();
                Tensor::from_data(TensorData::new(w, [len]), &device)
            })
            .collect();
        let mut updater = Optimizer::Sgd { momentum: 0.0 }.updater(0.0);
        let mut order: Vec<usize> = (0..x.height).collect();
        let (mut sum, mut rows) = (0.0, 0usize);
        for _ in 0..self.spec.local_epochs.max(1) {
            order.shuffle(&mut self.rng);
            for batch in order.chunks(self.spec.batch_size.max(1)) {
                report.check()?;
                let (n, d) = (batch.len(), x.width());
                let mut data = Vec::with_capacity(n * d);
                batch.iter().for_each(|&at| data.extend_from_slice(x.row(at)));
                let truth = batch.iter().map(|&at| f32::from(u8::from(y.get(at) == Some(&true))));
                let truth = TensorData::new(truth.collect::<Vec<f32>>(), [n, 1]);
                let truth = Tensor::<2>::from_data(truth, &device);
                let input = Tensor::<2>::from_data(TensorData::new(data, [n, d]), &device);
                let z = model.forward(input, self.network.activation, &[]);
                let loss = loss::entropy(z, truth).sum() / n as f64;
                let told = crate::train::read(loss.clone().inner())?;
                sum += f64::from(told.first().copied().unwrap_or(f32::NAN)) * n as f64;
                rows += n;
                let pull = (self.spec.proximal > 0.0).then(|| distance(&model, &anchor)).flatten();
                let loss = match pull {
                    Some(distance) => loss + distance * (self.spec.proximal / 2.0),
                    None => loss,
                };
                let grads = GradientsParams::from_grads(loss.backward(), &model);
                model = updater.step(self.spec.learning_rate, model, grads);
            }
        }
        self.network = Network::from_device(&model.valid(), self.network.activation)?;
        Ok(sum / rows.max(1) as f64)
    }

    /// Probability of the positive class for each row.
    ///
    /// # Errors
    /// The device failed.
    pub fn predict(&self, x: &Matrix) -> Result<Vec<f64>, TrainError> {
        self.network.predict(x, &self.device)
    }

    /// The network as it stands.
    pub fn network(&self) -> &Network {
        &self.network
    }
}

/// ‖w − anchor‖² over all weights; `None` for a network without layers.
fn distance(model: &Dense, anchor: &[Tensor<1>]) -> Option<Tensor<1>> {
    let mut sum: Option<Tensor<1>> = None;
    let mut add = |w: Tensor<1>, from: &Tensor<1>| {
        let part = (w - from.clone()).square().sum();
        sum = Some(match sum.take() {
            Some(before) => before + part,
            None => part,
        });
    };
    for (layer, pair) in model.layers.iter().zip(anchor.chunks_exact(2)) {
        if let [weights, bias] = pair {
            add(layer.weight.val().flatten(0, 1), weights);
            if let Some(own) = &layer.bias {
                add(own.val(), bias);
            }
        }
    }
    sum
}
