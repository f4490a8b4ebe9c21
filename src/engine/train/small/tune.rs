//! Training a dense network on: from weights that are there already, with weights that must stay zero, or
//! towards a teacher's answers.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::log_sigmoid;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

use super::prune::{masks, sparsity_at};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::train::mlp::{batches, class_weights, dropout_mask, look};
use crate::train::network::{Dense, Network, read};
use crate::train::{Epoch, MlpSpec, Samples, TrainError, device};

/// Steps between two rises of the sparsity.
const RISE_STEPS: usize = 20;

/// A teacher's answers on the training rows.
pub(super) struct Teacher<'a> {
    /// Its probability of each training row.
    pub probabilities: &'a [f64],
    pub temperature: f64,
    /// Weight of its answers in the loss.
    pub alpha: f64,
}

/// How a network is trained on.
pub(super) struct Course<'a> {
    pub epochs: usize,
    pub patience: usize,
    /// Share of each layer's weights that is zero at the end, the output layer's left alone; 0 prunes none.
    pub sparsity: f64,
    /// Epochs over which it rises to that; only networks after them are kept.
    pub ramp: usize,
    pub dropout: f64,
    pub teacher: Option<Teacher<'a>>,
}

/// The network of the epoch with the lowest validation loss, and how it came to be.
pub(super) type Tuned = (Network, Ran);

/// Epochs that were run, and the one that was kept, counted from 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ran {
    pub history: Vec<Epoch>,
    pub best: usize,
}

/// Trains `start` on with the steps of `spec`.
///
/// # Errors
/// The loss leaves the finite numbers; cancelled.
pub(super) fn tune(
    start: &Network,
    (spec, course): (&MlpSpec, &Course<'_>),
    samples: &Samples,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Tuned> {
    let device = device::open(crate::train::DeviceKind::Flex)?;
    let tracked = device.clone().autodiff();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut updater = spec.optimizer.updater(spec.clip_norm);
    let weights = class_weights(&samples.train_labels, spec.class_weight);
    let truth = Truth::new(samples, weights, course.teacher.as_ref());
    let rows = samples.train.height;
    let least = if start.layers.iter().any(|layer| layer.norm.is_some()) { 2 } else { 1 };
    let batch = spec.batch_size.clamp(1, rows.max(1)).max(least);
    let mut order: Vec<usize> = (0..rows).collect();
    let mut model = start.to_device(&tracked);
    let mut held: Vec<Tensor<2>> = Vec::new();
    let mut best: Option<(f64, usize, Network)> = None;
    let steps = batches(&order, batch, least).len();
    let ramp = course.ramp.min(course.epochs.saturating_sub(1));
    let (mut step, mut ran, started) = (0, Ran::default(), Instant::now());

    for epoch in 1..=course.epochs.max(1) {
        order.shuffle(&mut rng);
        let mut sum: Option<Tensor<1>> = None;
        for rows in batches(&order, batch, least) {
            report.check()?;
            let rises = course.sparsity > 0.0 && step <= ramp * steps;
            if rises && (step.is_multiple_of(RISE_STEPS) || step == ramp * steps) {
                let done = step as f64 / (ramp * steps).max(1) as f64;
                let network = Network::from_device(&model.valid(), start.activation)?;
                let share = sparsity_at(course.sparsity, done);
                held = tensors(&masks(&network, share), &network, &device);
                model = hold(model, &held);
            }
            let loss = truth.loss(&model, start, &samples.train, rows, course, &tracked, &mut rng);
            let part = loss.clone().inner() * rows.len() as f64;
            sum = Some(sum.map_or(part.clone(), |sum| sum + part));
            let grads = GradientsParams::from_grads(loss.backward(), &model);
            model = hold(updater.step(spec.learning_rate, model, grads), &held);
            step += 1;
            report.progress(step as f64 / (steps * course.epochs).max(1) as f64);
        }
        let network = Network::from_device(&model.valid(), start.activation)?;
        let (loss, valid_auc) = look(&network, samples, &device)?;
        let sum = sum.map(read).transpose()?.and_then(|sum| sum.first().copied()).unwrap_or(0.0);
        if !loss.is_finite() {
            return Err(TrainError::Diverged { epoch, kept: None }.into());
        }
        ran.history.push(Epoch {
            epoch,
            train_loss: f64::from(sum) / rows.max(1) as f64,
            valid_loss: loss,
            valid_auc,
            seconds: started.elapsed().as_secs_f64(),
            planned: course.epochs,
            learning_rate: spec.learning_rate,
        });
        // While the sparsity rises the network is not yet the one that was asked for.
        if epoch <= ramp && course.sparsity > 0.0 {
            continue;
        }
        if best.as_ref().is_none_or(|(least, _, _)| loss < *least) {
            best = Some((loss, epoch, network));
        }
        let kept = best.as_ref().map_or(epoch, |(_, epoch, _)| *epoch);
        if course.patience > 0 && epoch - kept >= course.patience {
            break;
        }
    }
    report.progress(1.0);
    match best {
        Some((_, best, network)) => Ok((network, Ran { best, ..ran })),
        None => Ok((Network::from_device(&model.valid(), start.activation)?, ran)),
    }
}

/// The masks on the device, one for each layer that is pruned.
fn tensors(masks: &[Vec<f32>], network: &Network, device: &Device) -> Vec<Tensor<2>> {
    let one = |(mask, layer): (&Vec<f32>, &crate::train::Layer)| {
        Tensor::from_data(TensorData::new(mask.clone(), [layer.inputs, layer.outputs]), device)
    };
    masks.iter().zip(&network.layers).map(one).collect()
}

/// Makes zero what a mask says; optimisers with a memory would move it again.
fn hold(mut model: Dense, masks: &[Tensor<2>]) -> Dense {
    for (layer, mask) in model.layers.iter_mut().zip(masks) {
        layer.weight = layer
            .weight
            .clone()
            .map(|weight| Tensor::from_inner(weight.inner() * mask.clone()).require_grad());
    }
    model
}

/// What is to be learnt of each training row.
struct Truth {
    labels: Vec<f32>,
    weights: Vec<f32>,
    /// The teacher's softened probability.
    soft: Vec<f32>,
}

impl Truth {
    fn new(samples: &Samples, weights: Vec<f32>, teacher: Option<&Teacher<'_>>) -> Self {
        let labels = samples.train_labels.iter().map(|y| f32::from(u8::from(*y))).collect();
        let soften = |teacher: &Teacher<'_>| {
            let soft = |p: &f64| {
                let p = p.clamp(1e-7, 1.0 - 1e-7);
                (1.0 / (1.0 + (-(p / (1.0 - p)).ln() / teacher.temperature).exp())) as f32
            };
            teacher.probabilities.iter().map(soft).collect()
        };
        Self { labels, weights, soft: teacher.map(soften).unwrap_or_default() }
    }

    /// (1 − α) H(y, σ(z)) + α T² H(σ(z_teacher / T), σ(z / T)), the mean over a batch (Hinton, Vinyals and
    /// Dean 2015, for two classes); T² keeps the size of the gradients.
    #[expect(clippy::too_many_arguments, reason = "one call, in the loop, where each of them is at hand")]
    fn loss(
        &self,
        model: &Dense,
        of: &Network,
        x: &Matrix,
        rows: &[usize],
        course: &Course<'_>,
        device: &Device,
        rng: &mut ChaCha8Rng,
    ) -> Tensor<1> {
        let n = rows.len();
        let mut data = Vec::with_capacity(n * x.width());
        rows.iter().for_each(|&at| data.extend_from_slice(x.row(at)));
        let data = Tensor::<2>::from_data(TensorData::new(data, [n, x.width()]), device);
        let column = |values: &[f32]| {
            let values: Vec<f32> = rows.iter().map(|&at| values.get(at).copied().unwrap_or(0.0)).collect();
            Tensor::<2>::from_data(TensorData::new(values, [n, 1]), device)
        };
        let hidden = of.layers.len().saturating_sub(1);
        let drops = of.layers.iter().take(hidden).filter(|_| course.dropout > 0.0).map(|layer| {
            let mask = dropout_mask(n * layer.outputs, course.dropout, rng);
            Tensor::from_data(TensorData::new(mask, [n, layer.outputs]), device)
        });
        let drops: Vec<Tensor<2>> = drops.collect();
        let z = model.forward(data, of.activation, &drops);
        let hard = cross_entropy(z.clone(), column(&self.labels));
        let loss = match &course.teacher {
            Some(teacher) => {
                let t = teacher.temperature;
                let soft = cross_entropy(z / t, column(&self.soft)) * (t * t * teacher.alpha);
                hard * (1.0 - teacher.alpha) + soft
            }
            None => hard,
        };
        (loss * column(&self.weights)).sum() / n as f64
    }
}

/// −q ln σ(z) − (1 − q) ln σ(−z), for any share q.
fn cross_entropy(z: Tensor<2>, q: Tensor<2>) -> Tensor<2> {
    let yes = log_sigmoid(z.clone()) * q.clone();
    let no = log_sigmoid(z.neg()) * (q.neg() + 1.0);
    (yes + no).neg()
}
