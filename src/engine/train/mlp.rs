//! The training loop, readable from top to bottom: shuffle, batch, forward, loss, backward, step;
//! then look at the validation rows and remember the best epoch.

mod finder;
mod host;
mod keep;
mod speed;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use self::keep::{Keeper, Standing};
use super::course::{Course, with_kept, words_of};
use super::elsewhere::ElsewhereError;
use super::fit::Updater;
use super::inside::{Seen, Telling};
use super::net::loss;
use super::network::{Activation, Dense, Network, read};
use super::optimizer::{Optimizer, Plateau, Schedule};
use super::share::{Piece, Shard};
use super::{DeviceKind, KeptEpoch, Samples, TrainError, Trained, device, memory};
use crate::features::Matrix;
use crate::job::{Event, Reporter};
use crate::metrics;

pub(super) use finder::find_rate;
pub(super) use host::{batches, class_weights};
pub(crate) use host::{dropout_mask, dropout_part};
use speed::milliseconds_per_step;
pub use speed::samples_per_second;

/// Settings of the network and its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MlpSpec {
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    pub activation: Activation,
    /// Share of the hidden units that is left out at each step.
    pub dropout: f64,
    pub learning_rate: f64,
    pub batch_size: usize,
    pub epochs: usize,
    /// Weighs each class by its rarity.
    pub class_weight: bool,
    /// Epochs without a better validation loss after which training ends; 0 never ends early.
    pub patience: usize,
    // What came after the first version is written only where it differs from the default: keys of
    // older projects stay what they were.
    /// Batch normalisation between each hidden layer and its activation.
    #[serde(skip_serializing_if = "is_default")]
    pub batch_norm: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub optimizer: Optimizer,
    #[serde(skip_serializing_if = "is_default")]
    pub schedule: Schedule,
    /// Steps over which the rate rises from nothing; the schedule's factor applies on top.
    #[serde(skip_serializing_if = "is_default")]
    pub warmup_steps: usize,
    /// Longest gradient, all weights taken together; a longer one is shortened to it. 0 leaves all.
    #[serde(skip_serializing_if = "is_default")]
    pub clip_norm: f64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for MlpSpec {
    fn default() -> Self {
        Self {
            hidden: vec![64, 32],
            activation: Activation::Relu,
            dropout: 0.5,
            learning_rate: 0.001,
            batch_size: 32,
            epochs: 60,
            class_weight: false,
            patience: 12,
            batch_norm: false,
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            warmup_steps: 0,
            clip_norm: 0.0,
        }
    }
}

impl MlpSpec {
    /// The learning rate of a step: `step` counts from 0 over the whole training, `done` (0 to 1) is the
    /// share of the planned steps before it, `epoch` counts from 1.
    pub(super) fn rate(&self, step: usize, done: f64, epoch: usize, plateau: Plateau) -> f64 {
        let warm = match self.warmup_steps {
            0 => 1.0,
            steps => ((step + 1) as f64 / steps as f64).min(1.0),
        };
        self.learning_rate * self.schedule.factor(done, epoch) * plateau.factor * warm
    }

    /// Trainable numbers of the network on `inputs` features, layer by layer, the output last.
    pub fn parameters(&self, inputs: usize) -> Vec<usize> {
        let mut from = inputs;
        let hidden = self.hidden.len();
        self.hidden
            .iter()
            .chain(&[1])
            .enumerate()
            .map(|(at, &to)| {
                let norm = if self.batch_norm && at < hidden { to.saturating_mul(2) } else { 0 };
                let count = from.saturating_mul(to).saturating_add(to).saturating_add(norm);
                from = to;
                count
            })
            .collect()
    }
}

/// One epoch's figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean binary cross-entropy over the epoch's batches, dropout on.
    pub train_loss: f64,
    /// Mean binary cross-entropy over the validation rows, dropout off.
    pub valid_loss: f64,
    /// Area under the ROC curve on the validation rows.
    pub valid_auc: Option<f64>,
    /// Seconds since training began.
    pub seconds: f64,
    /// Epochs that were planned.
    pub planned: usize,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
}

/// Everything that a step needs, on one device.
struct Stepper<'a> {
    spec: &'a MlpSpec,
    x: &'a Matrix,
    y: &'a [f32],
    /// Weight of each row in the loss.
    weights: &'a [f32],
    device: Device,
    updater: Updater,
    /// Sums of the loss stay on the device until the epoch ends: no read-back per step.
    loss_sum: Option<Tensor<1>>,
    rows_seen: usize,
    /// The last step's mean loss, where somebody watches.
    last_loss: Option<Tensor<1>>,
    watched: bool,
    /// Its part of the training, where several devices share it.
    shard: Option<&'a Shard>,
}

impl<'a> Stepper<'a> {
    fn new(spec: &'a MlpSpec, x: &'a Matrix, y: &'a [f32], weights: &'a [f32], device: &Device) -> Self {
        let updater = spec.optimizer.updater(spec.clip_norm);
        Self {
            spec,
            x,
            y,
            weights,
            device: device.clone().autodiff(),
            updater,
            loss_sum: None,
            rows_seen: 0,
            last_loss: None,
            watched: false,
            shard: None,
        }
    }

    /// One step of gradient descent on the rows of `batch`, which nobody shares.
    fn step(&mut self, model: Dense, batch: &[usize], rate: f64, rng: &mut ChaCha8Rng) -> Dense {
        let (grads, loss) = self.slope(&model, batch, rng, &mut None);
        self.note(loss, batch.len());
        self.updater.step(rate, model, grads)
    }

    /// [`step`](Self::step), which leaves behind what `seen` gathers, and meets those who share the training.
    /// The numbers are the same.
    fn step_seen(
        &mut self,
        model: Dense,
        batch: &[usize],
        rate: f64,
        rng: &mut ChaCha8Rng,
        (seen, report): (&mut Option<Seen>, &Reporter),
    ) -> crate::Result<Dense> {
        let (mut grads, mut loss) = self.slope(&model, batch, rng, seen);
        if let Some(shard) = self.shard {
            (grads, loss) = shard.sum(self.updater.steps, &model, &grads, loss, report)?;
        }
        self.last_loss = self.watched.then(|| loss.clone());
        self.note(loss, batch.len());
        Seen::gradients(seen, &model, &grads);
        if let Some(seen) = seen {
            // What was just read back is not the optimiser's time.
            seen.begin_lap(&self.device);
        }
        let model = self.updater.step(rate, model, grads);
        Seen::lap(seen, &self.device);
        Ok(model)
    }

    /// The gradient of the batch's mean loss, and that loss; of this part's rows alone where it is shared.
    fn slope(
        &self,
        model: &Dense,
        batch: &[usize],
        rng: &mut ChaCha8Rng,
        seen: &mut Option<Seen>,
    ) -> (GradientsParams, Tensor<1>) {
        #[cfg(test)]
        super::fault::strike();
        let whole = batch.len();
        let piece = self.shard.map_or(Piece { rows: 0..whole, counts: true }, |shard| shard.piece(whole));
        let batch = batch.get(piece.rows.clone()).unwrap_or(batch);
        let (n, d) = (batch.len(), self.x.width());
        let mut x = Vec::with_capacity(n * d);
        batch.iter().for_each(|&at| x.extend_from_slice(self.x.row(at)));
        let column = |values: &[f32]| {
            let data = batch.iter().map(|&at| values[at]).collect::<Vec<_>>();
            Tensor::<2>::from_data(TensorData::new(data, [n, 1]), &self.device)
        };
        let (y, weights) = (column(self.y), column(self.weights));
        let x = Tensor::<2>::from_data(TensorData::new(x, [n, d]), &self.device);
        let masks: Vec<Tensor<2>> = self
            .spec
            .hidden
            .iter()
            .filter(|_| self.spec.dropout > 0.0)
            .map(|&units| {
                let own = piece.rows.start * units..piece.rows.end * units;
                let mask = dropout_part(whole * units, own, self.spec.dropout, rng);
                Tensor::from_data(TensorData::new(mask, [n, units]), &self.device)
            })
            .collect();

        Seen::lap(seen, &self.device);
        let z = model.forward_seen(x, self.spec.activation, &masks, &mut |x| Seen::answer(seen, x));
        let mut loss = (loss::entropy(z, y) * weights).sum() / whole as f64;
        if !piece.counts {
            loss = loss * 0.0;
        }

        Seen::lap(seen, &self.device);
        let value = loss.clone().inner();
        let grads = GradientsParams::from_grads(loss.backward(), model);
        Seen::lap(seen, &self.device);
        (grads, value)
    }

    /// Adds a batch's mean loss to the epoch's.
    fn note(&mut self, loss: Tensor<1>, rows: usize) {
        let sum = loss * rows as f64;
        self.loss_sum = Some(match self.loss_sum.take() {
            Some(before) => before + sum,
            None => sum,
        });
        self.rows_seen += rows;
    }

    /// The mean loss since the last call.
    fn mean_loss(&mut self) -> Result<f64, TrainError> {
        let sum = match self.loss_sum.take() {
            Some(sum) => read(sum)?.first().copied().unwrap_or(0.0),
            None => 0.0,
        };
        let rows = std::mem::take(&mut self.rows_seen).max(1);
        Ok(f64::from(sum) / rows as f64)
    }
}

/// Trains the network on `samples` and keeps the epoch with the lowest validation loss. Its standing is kept
/// in `checkpoint`; one that is there already is gone on with.
pub(super) fn train(
    spec: &MlpSpec,
    samples: &Samples,
    on: (DeviceKind, u64),
    checkpoint: Option<&Path>,
    report: &Reporter,
) -> crate::Result<Trained> {
    train_shared(spec, samples, on, checkpoint, None, report)
}

/// [`train`], or the part of it that is this device's where several share it. The first part alone keeps the
/// standing; all go on with it.
pub(super) fn train_shared(
    spec: &MlpSpec,
    samples: &Samples,
    (kind, seed): (DeviceKind, u64),
    checkpoint: Option<&Path>,
    shard: Option<&Shard>,
    report: &Reporter,
) -> crate::Result<Trained> {
    if shard.is_some() && spec.batch_norm {
        return Err(TrainError::from(ElsewhereError::BatchNorm).into());
    }
    memory::check(spec, samples.train.width(), samples.train.height)?;
    let mut keeper = Keeper::new(checkpoint, samples);
    let kept = keeper.open(spec, seed, samples)?;
    if shard.is_some_and(|shard| !shard.leads()) {
        keeper.ends();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let activation = spec.activation;
    let start = Network::init(samples.train.width(), &spec.hidden, activation, spec.batch_norm, &mut rng);
    let labels = |labels: &[bool]| labels.iter().map(|y| f32::from(u8::from(*y))).collect::<Vec<_>>();
    let y = labels(&samples.train_labels);
    let weights = class_weights(&samples.train_labels, spec.class_weight);
    let batch = spec.batch_size.clamp(1, samples.train.height.max(1));
    // A batch of one has no variance to normalise by.
    let least = if spec.batch_norm { 2 } else { 1 };
    let batch = batch.max(least);

    let (device, choice) = device::choose(kind, |device| {
        milliseconds_per_step(&start, Stepper::new(spec, &samples.train, &y, &weights, device), batch)
    })?;
    report.emit(Event::Device(choice.clone()));
    report.emit(Event::Phase("train"));
    let mut course = Course::begin();
    // A driver that fails may do so by a panic: what was learnt until then is not lost.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let mut stepper = Stepper::new(spec, &samples.train, &y, &weights, &device);
        stepper.shard = shard;
        let at = (&start, kept, seed);
        learn(stepper, at, samples, &mut rng, (batch, least), (&mut course, &mut keeper), report)
    }));
    let error = match ended {
        Ok(Ok(())) => None,
        Ok(Err(crate::Error::Train(error))) => Some(error),
        Ok(Err(error)) => return Err(error),
        Err(panic) => Some(TrainError::Device { cause: words_of(panic.as_ref()) }),
    };
    match error {
        Some(error) => Err(with_kept(error, course, &choice).into()),
        None => course.trained(&choice).ok_or_else(|| TrainError::Diverged { epoch: 0, kept: None }.into()),
    }
}

/// The epochs, one after the other. Whatever happens, `course` holds what came of it.
fn learn(
    mut stepper: Stepper<'_>,
    (start, kept, seed): (&Network, Option<Standing>, u64),
    samples: &Samples,
    rng: &mut ChaCha8Rng,
    (batch, least): (usize, usize),
    (course, keeper): (&mut Course, &mut Keeper<'_>),
    report: &Reporter,
) -> crate::Result<()> {
    let spec = stepper.spec;
    let activation = spec.activation;
    let device = stepper.device.clone().inner();
    let mut model = start.to_device(&stepper.device);
    let mut order: Vec<usize> = (0..samples.train.height).collect();
    let planned = spec.epochs.max(1);
    let mut rate = spec.learning_rate;
    let (mut steps, mut plateau) = (0, Plateau::new());
    let mut telling = Telling::new(report, activation);
    let mut first = 1;
    if let Some(kept) = kept {
        model = kept.network.to_device(&stepper.device);
        kept.give(&model, &mut stepper.updater, &device)?;
        rng.set_word_pos(u128::from(kept.stream_at));
        (steps, plateau, first) = (kept.steps, kept.plateau, kept.epoch + 1);
        kept.history.iter().for_each(|epoch| report.emit(Event::Epoch(*epoch)));
        let waited = first - 1 - kept.best.as_ref().map_or(first - 1, |(_, epoch, _)| *epoch);
        if spec.patience > 0 && waited >= spec.patience {
            first = planned + 1;
        }
        course.before = Duration::try_from_secs_f64(kept.seconds).unwrap_or_default();
        (course.history, course.best, order) = (kept.history, kept.best, kept.order);
    }

    for epoch in first..=planned {
        order.shuffle(rng);
        let batches = batches(&order, batch, least);
        let total = batches.len();
        for (at, rows) in batches.into_iter().enumerate() {
            course.rested += report.rest()?;
            if report.wants_finish() {
                break;
            }
            let done = (epoch as f64 - 1.0 + at as f64 / total as f64) / planned as f64;
            rate = spec.rate(steps, done, epoch, plateau);
            steps += 1;
            let mut seen = telling.begin();
            let began = Instant::now();
            stepper.watched = report.is_watched();
            model = stepper.step_seen(model, rows, rate, rng, (&mut seen, report))?;
            telling.end((began, epoch, rate), stepper.last_loss.take(), seen, &model)?;
            report.progress(done);
        }
        telling.flush()?;
        // A stop in mid-epoch keeps the best whole epoch, if there is one.
        if report.wants_finish() && !course.history.is_empty() {
            break;
        }
        if let Some(shard) = stepper.shard {
            model = shard.same(epoch as u64, model, &device, report)?;
        }
        // On the host, so that what is kept is no longer changed by later steps.
        let network = Network::from_device(&model.valid(), activation)?;
        let own = || look(&network, samples, &device).map_err(crate::Error::from);
        let looked = match stepper.shard {
            Some(shard) => shard.looked(epoch as u64, own, report)?,
            None => own()?,
        };
        let train_loss = stepper.mean_loss()?;
        if !train_loss.is_finite() || !looked.0.is_finite() {
            return Err(TrainError::Diverged { epoch, kept: None }.into());
        }
        let figures = Epoch {
            epoch,
            train_loss,
            valid_loss: looked.0,
            valid_auc: looked.1,
            seconds: course.seconds(),
            planned,
            learning_rate: rate,
        };
        course.history.push(figures);
        plateau.look(spec.schedule, looked.0);
        if report.is_watched() {
            report.emit(Event::Network(Box::new(KeptEpoch { figures, network: network.clone() })));
        }
        report.epoch_done(figures);
        if course.best.as_ref().is_none_or(|(loss, _, _)| looked.0 < *loss) {
            course.best = Some((looked.0, epoch, network.clone()));
        }
        if keeper.is_due() {
            let (stream_at, at) = (rng.get_word_pos() as u64, (epoch, steps, plateau));
            let whose = (seed, keeper.data.as_str());
            let standing =
                Standing::new(spec, whose, &order, stream_at, at, course, network, course.seconds());
            keeper.keep(&standing.with_moments(&model, &stepper.updater)?);
        }
        let best_epoch = course.best.as_ref().map_or(epoch, |(_, epoch, _)| *epoch);
        if report.wants_finish() || (spec.patience > 0 && epoch - best_epoch >= spec.patience) {
            break;
        }
    }
    if course.best.is_none() {
        course.best = Some((f64::INFINITY, 0, Network::from_device(&model.valid(), activation)?));
    }
    Ok(())
}

#[cfg(test)]
#[path = "mlp_tests.rs"]
mod tests;

/// Loss and area on the validation rows.
pub(super) fn look(
    network: &Network,
    samples: &Samples,
    device: &Device,
) -> Result<(f64, Option<f64>), TrainError> {
    // Without validation rows (a handful of customers) the training rows are watched instead.
    let (x, y) = if samples.valid_labels.is_empty() {
        (&samples.train, &samples.train_labels)
    } else {
        (&samples.valid, &samples.valid_labels)
    };
    let p = network.predict(x, device)?;
    let terms = metrics::log_loss_terms(&p, y);
    let loss = terms.iter().sum::<f64>() / terms.len().max(1) as f64;
    // A diverged network has no area.
    Ok((loss, if loss.is_finite() { metrics::roc_auc(&p, y) } else { None }))
}
