//! Differentially private training (Abadi et al. 2016, "Deep learning with differential privacy"): every row's
//! gradient is shortened to a bound, noise is added to their sum, and an accountant says what that costs. For
//! logistic regression and the plain network, on flex.
//!
//! Rows are drawn by Poisson sampling, as the accountant assumes; sampling and noise come from a ChaCha20
//! stream that the operating system seeds, so two trainings are never equal. The noise is the mean of four
//! draws scaled back (Holohan and Braghin 2021), against reading it off its last digits.

pub mod accountant;
mod step;
#[cfg(test)]
mod tests;

use std::time::Instant;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::{ChaCha8Rng, ChaCha20Rng};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::mlp::{self, dropout_mask};
use super::network::{Dense, Network};
use super::optimizer::Plateau;
use super::{
    DeviceChoice, DeviceKind, Epoch, KeptEpoch, LinearModel, MlpSpec, Model, ModelKind, Samples, Schedule,
    TrainError, Trained, device, memory,
};
use crate::features::Matrix;
use crate::job::{Event, Reporter};
use crate::metrics::Estimate;

/// Why nothing could be trained with this promise.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    #[error("a {} cannot be trained with differential privacy; logistic and mlp can", kind.name())]
    Kind { kind: ModelKind },
    #[error("no noise gives ε {epsilon} at δ {delta} in {steps} steps that each draw {rate:.4} of the rows")]
    OutOfReach { epsilon: f64, delta: f64, rate: f64, steps: u64 },
    #[error("differential privacy starts anew each time: it cannot go on from a checkpoint")]
    Checkpoint,
}

impl PrivateError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Kind { .. } => "private_kind",
            Self::OutOfReach { .. } => "private_out_of_reach",
            Self::Checkpoint => "private_checkpoint",
        }
    }
}

/// What is promised to every row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrivateSpec {
    /// ε: with or without one row, no outcome's odds differ by more than e^ε times.
    pub epsilon: f64,
    /// The chance with which that may fail; `None` takes [`usual_delta`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<f64>,
    /// The length to which each row's gradient is shortened.
    pub clip: f64,
}

impl Default for PrivateSpec {
    fn default() -> Self {
        Self { epsilon: 3.0, delta: None, clip: 1.0 }
    }
}

impl PrivateSpec {
    /// The same within bounds; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        let usual = Self::default();
        let within = |value: f64, low: f64, high: f64, or: f64| {
            if value.is_finite() { value.clamp(low, high) } else { or }
        };
        self.epsilon = within(self.epsilon, 0.01, 100.0, usual.epsilon);
        self.clip = within(self.clip, 1e-3, 1e3, usual.clip);
        self.delta = self.delta.filter(|delta| *delta > 0.0 && *delta < 1.0);
        self
    }
}

/// A power of ten that is a tenth of 1 / rows at most: a promise that may fail for one row in so many would be
/// none.
pub fn usual_delta(rows: usize) -> f64 {
    let digits = rows.max(1).ilog10();
    10f64.powi(-(i32::try_from(digits).unwrap_or(0) + 2))
}

/// What the promise costs in quality: areas under the ROC curve on the same test rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Without the promise, at the same settings.
    pub plain: Estimate,
    pub private: Estimate,
    /// Private less plain, with its paired 95% interval (DeLong et al. 1988).
    pub difference: Estimate,
}

/// What was promised, and how it was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// ε that the steps spent.
    pub epsilon: f64,
    pub delta: f64,
    /// Standard deviation of the noise, as a multiple of [`clip`](Self::clip).
    pub noise: f64,
    pub clip: f64,
    /// The chance of each row to be in a step.
    pub rate: f64,
    pub steps: u64,
    /// Training rows.
    pub rows: usize,
    /// The order of Rényi divergence that gave ε.
    pub order: f64,
    /// Most training rows of one customer: the promise is to a row, and weakens with their number.
    #[serde(default = "one")]
    pub rows_of_one: usize,
    /// Settings that were left out since they would break it: `batch_norm`, `class_weight`, `patience`,
    /// `schedule`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// `None` where the test rows do not judge, or the training was ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

fn one() -> usize {
    1
}

impl Promise {
    /// e^ε: how many times the odds of any outcome may differ with or without one row.
    pub fn odds(&self) -> f64 {
        self.epsilon.exp()
    }
}

/// The settings that would break the promise.
fn left_out(spec: &MlpSpec, kind: ModelKind) -> Vec<String> {
    let network = kind == ModelKind::Mlp;
    let each = [
        ("batch_norm", network && spec.batch_norm),
        ("class_weight", spec.class_weight),
        ("patience", spec.patience > 0),
        ("schedule", spec.schedule == Schedule::Plateau),
    ];
    each.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()).collect()
}

/// Trains with noise from the operating system. Steps, batches and rates are those of `mlp`, also for logistic
/// regression; all epochs are run and the last is kept, whatever the validation rows say.
///
/// # Errors
/// A kind that cannot be trained so; a promise that no noise keeps; a loss that diverges; the person cancelled.
pub(super) fn train(
    kind: ModelKind,
    (spec, mlp): (&PrivateSpec, &MlpSpec),
    samples: &Samples,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Trained> {
    train_with(kind, (spec, mlp), samples, (seed, ChaCha20Rng::from_entropy()), report)
}

/// [`train`] with given noise.
fn train_with(
    kind: ModelKind,
    (spec, mlp): (&PrivateSpec, &MlpSpec),
    samples: &Samples,
    (seed, mut secret): (u64, ChaCha20Rng),
    report: &Reporter,
) -> crate::Result<Trained> {
    let hidden: &[usize] = match kind {
        ModelKind::Mlp => &mlp.hidden,
        ModelKind::Logistic => &[],
        kind => return Err(TrainError::from(PrivateError::Kind { kind }).into()),
    };
    let used = MlpSpec { hidden: hidden.to_vec(), batch_norm: false, class_weight: false, ..mlp.clone() };
    let (rows, width) = (samples.train.height, samples.train.width());
    memory::check(&used, width, rows)?;
    let batch = used.batch_size.clamp(1, rows.max(1));
    let rate = batch as f64 / rows.max(1) as f64;
    let per_epoch = rows.div_ceil(batch).max(1);
    let planned = used.epochs.max(1);
    let steps = per_epoch.saturating_mul(planned) as u64;
    let delta = spec.delta.unwrap_or_else(|| usual_delta(rows));
    let reach = || PrivateError::OutOfReach { epsilon: spec.epsilon, delta, rate, steps };
    let noise =
        accountant::noise_for(spec.epsilon, delta, rate, steps).ok_or_else(|| TrainError::from(reach()))?;
    report.check()?;

    let choice = DeviceChoice::plain(DeviceKind::Flex);
    let device = device::open(DeviceKind::Flex)?;
    report.emit(Event::Device(choice.clone()));
    report.emit(Event::Phase("train"));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start = Network::init(width, hidden, used.activation, false, &mut rng);
    let mut model = start.to_device(&device.clone().autodiff());
    // Optimisers only see what noise was added to.
    let mut updater = used.optimizer.updater(0.0);
    let mut trainer =
        Noisy { spec: &used, samples, device: &device, clip: spec.clip, noise, rate, batch: batch as f64 };
    let (mut history, mut done) = (Vec::new(), 0u64);
    let started = Instant::now();
    let mut rested = std::time::Duration::ZERO;
    let mut network = start;
    'epochs: for epoch in 1..=planned {
        let (mut loss, mut seen, mut learning_rate) = (0.0, 0usize, used.learning_rate);
        for _ in 0..per_epoch {
            rested += report.rest()?;
            if report.wants_finish() && done > 0 {
                break;
            }
            let share = done as f64 / steps as f64;
            learning_rate =
                used.rate(usize::try_from(done).unwrap_or(usize::MAX), share, epoch, Plateau::new());
            let (gradients, told) = trainer.step(&model, &mut rng, &mut secret)?;
            model = updater.step(learning_rate, model, gradients);
            (loss, seen, done) = (loss + told.0, seen + told.1, done + 1);
            report.progress(share);
        }
        network = Network::from_device(&model.valid(), used.activation)?;
        let looked = mlp::look(&network, samples, &device)?;
        if !loss.is_finite() || !looked.0.is_finite() {
            return Err(TrainError::Diverged { epoch, kept: None }.into());
        }
        let figures = Epoch {
            epoch,
            train_loss: loss / seen.max(1) as f64,
            valid_loss: looked.0,
            valid_auc: looked.1,
            seconds: started.elapsed().saturating_sub(rested).as_secs_f64(),
            planned,
            learning_rate,
        };
        history.push(figures);
        if report.is_watched() && kind == ModelKind::Mlp {
            report.emit(Event::Network(Box::new(KeptEpoch { figures, network: network.clone() })));
        }
        report.epoch_done(figures);
        if report.wants_finish() {
            break 'epochs;
        }
    }
    let spent = accountant::spent(noise, rate, done, delta);
    let promise = Promise {
        epsilon: spent.epsilon,
        delta,
        noise,
        clip: spec.clip,
        rate,
        steps: done,
        rows,
        order: spent.order,
        rows_of_one: 1,
        left_out: left_out(mlp, kind),
        price: None,
    };
    Ok(Trained {
        model: model_of(kind, network),
        device: choice,
        epochs_run: history.len(),
        best_epoch: history.len(),
        history,
        seconds: started.elapsed().saturating_sub(rested).as_secs_f64(),
        promise: Some(Box::new(promise)),
    })
}

/// A network without hidden layers is a logistic regression.
fn model_of(kind: ModelKind, network: Network) -> Model {
    match (kind, network.layers.first()) {
        (ModelKind::Logistic, Some(layer)) => Model::Logistic(LinearModel {
            coefficients: layer.weights.iter().map(|w| f64::from(*w)).collect(),
            intercept: layer.bias.first().map_or(0.0, |b| f64::from(*b)),
        }),
        _ => Model::Mlp(network),
    }
}

/// Everything that a step needs.
struct Noisy<'a> {
    spec: &'a MlpSpec,
    samples: &'a Samples,
    device: &'a Device,
    clip: f64,
    noise: f64,
    rate: f64,
    /// Rows of a step on average: what the noisy sum is divided by. The real number would give itself away.
    batch: f64,
}

impl Noisy<'_> {
    /// The noisy mean gradient of one step; the sum of losses of the rows in it, and their number.
    fn step(
        &mut self,
        model: &Dense,
        rng: &mut ChaCha8Rng,
        secret: &mut ChaCha20Rng,
    ) -> Result<(GradientsParams, (f64, usize)), TrainError> {
        let rows = drawn(self.samples.train.height, self.rate, secret);
        let inner = model.valid();
        let (sums, loss) = if rows.is_empty() {
            (step::nothing(&inner, self.device), 0.0)
        } else {
            let (x, y) = gathered(&self.samples.train, &self.samples.train_labels, &rows, self.device);
            let hidden = self.spec.hidden.iter().filter(|_| self.spec.dropout > 0.0);
            let masks: Vec<Tensor<2>> = hidden
                .map(|&units| {
                    let mask = dropout_mask(rows.len() * units, self.spec.dropout, rng);
                    Tensor::from_data(TensorData::new(mask, [rows.len(), units]), self.device)
                })
                .collect();
            step::clipped_sum(&inner, self.spec.activation, x, y, &masks, self.clip)?
        };
        let spread = self.noise * self.clip;
        let mut gradients = GradientsParams::new();
        for (layer, (weights, bias)) in model.layers.iter().zip(sums) {
            let weights = self.noisy(weights, spread, secret);
            gradients.register::<2>(layer.weight.id, weights);
            if let Some(of) = &layer.bias {
                gradients.register::<1>(of.id, self.noisy(bias, spread, secret));
            }
        }
        Ok((gradients, (loss, rows.len())))
    }

    fn noisy<const D: usize>(&self, sum: Tensor<D>, spread: f64, secret: &mut ChaCha20Rng) -> Tensor<D> {
        let shape = sum.dims();
        let noise = (0..shape.iter().product::<usize>()).map(|_| (spread * normal(secret)) as f32);
        let noise = TensorData::new(noise.collect::<Vec<f32>>(), shape);
        (sum + Tensor::from_data(noise, self.device)).div_scalar(self.batch)
    }
}

/// A standard normal number that no single draw gives away.
fn normal(secret: &mut ChaCha20Rng) -> f64 {
    (0..4).map(|_| secret.sample::<f64, _>(StandardNormal)).sum::<f64>() / 2.0
}

/// Places of the rows that a step draws, each by itself with chance `rate`: from one to the next by the
/// geometric law of the gap.
fn drawn(rows: usize, rate: f64, secret: &mut ChaCha20Rng) -> Vec<usize> {
    if rate >= 1.0 {
        return (0..rows).collect();
    }
    let mut out = Vec::new();
    let mut at = 0.0;
    loop {
        // In (0, 1].
        let chance = 1.0 - secret.r#gen::<f64>();
        at += (chance.ln() / (-rate).ln_1p()).floor();
        if at.is_nan() || at >= rows as f64 {
            return out;
        }
        out.push(at as usize);
        at += 1.0;
    }
}

/// The rows and their labels on the device: `[rows, width]` and `[rows, 1]`.
fn gathered(x: &Matrix, y: &[bool], rows: &[usize], device: &Device) -> (Tensor<2>, Tensor<2>) {
    let (n, d) = (rows.len(), x.width());
    let mut data = Vec::with_capacity(n * d);
    rows.iter().for_each(|&at| data.extend_from_slice(x.row(at)));
    let labels: Vec<f32> = rows.iter().map(|&at| f32::from(u8::from(y.get(at) == Some(&true)))).collect();
    let x = Tensor::from_data(TensorData::new(data, [n, d]), device);
    (x, Tensor::from_data(TensorData::new(labels, [n, 1]), device))
}
