//! What is told of a network while it learns, to those who look inside: losses step by step,
//! gradients, weights, answers, dead units, time. Gathered only while somebody watches, and never a
//! part of what is computed: a watched training gives the same numbers bit by bit.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::fit::{
    ActivationLook, BINS, Histogram, LOOKS_APART, Lap, Look, Pace, STEPS_APART, StepFigures, TimeSplit,
    WeightLook,
};
use super::network::{Activation, Dense, Network, read};
use super::{DeviceKind, TrainError, device};
use crate::features::Matrix;
use crate::job::{Event, Reporter};

/// What watching costs, measured in the training that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Watching {
    /// Share of the training's time, from the first look on, that is spent on looking; 0 to 1.
    pub cost: f64,
    /// Steps per second, the time spent on looking left out.
    pub steps_per_second: f64,
}

/// What one step leaves for those who look, still on the device.
pub(super) struct Seen {
    answers: Vec<Tensor<2>>,
    /// Length of each gradient, by tensor.
    lengths: Vec<(String, Tensor<1>)>,
    lap: Lap,
    times: Vec<f64>,
}

impl Seen {
    /// Takes the time since the last call, once the device is done.
    pub fn lap(seen: &mut Option<Self>, device: &Device) {
        if let Some(seen) = seen {
            let seconds = seen.lap.next(device);
            seen.times.push(seconds);
        }
    }

    /// What was done since the last call belongs to no part.
    pub fn begin_lap(&mut self, device: &Device) {
        self.lap.next(device);
    }

    /// Keeps the answers of a hidden layer.
    pub fn answer(seen: &mut Option<Self>, answers: &Tensor<2>) {
        if let Some(seen) = seen {
            seen.answers.push(answers.clone().without_autodiff());
        }
    }

    /// Keeps the lengths of the gradients.
    pub fn gradients(seen: &mut Option<Self>, model: &Dense, grads: &GradientsParams) {
        let Some(seen) = seen else { return };
        for (at, layer) in model.layers.iter().enumerate() {
            let name = layer_name(at, model.layers.len());
            if let Some(grad) = grads.get::<2>(layer.weight.id) {
                seen.lengths.push((format!("{name}.weight"), grad.square().sum().sqrt()));
            }
            if let Some(grad) = layer.bias.as_ref().and_then(|bias| grads.get::<1>(bias.id)) {
                seen.lengths.push((format!("{name}.bias"), grad.square().sum().sqrt()));
            }
        }
    }
}

/// `dense0`, `dense1`, …, `out`.
fn layer_name(at: usize, layers: usize) -> String {
    if at + 1 == layers { "out".to_owned() } else { format!("dense{at}") }
}

/// Gathers and tells.
pub(super) struct Telling<'a> {
    report: &'a Reporter,
    activation: Activation,
    step: u64,
    looks: Pace,
    tells: Pace,
    /// Figures of steps whose losses have not been read yet, with them on the device.
    untold: Vec<(StepFigures, Tensor<1>)>,
    /// Time of the watched steps, and the part of it that went into looking.
    steps: u64,
    worked: Duration,
    looked: Duration,
}

/// Losses that wait to be read at most.
const UNTOLD: usize = 512;

impl<'a> Telling<'a> {
    pub fn new(report: &'a Reporter, activation: Activation) -> Self {
        Self {
            report,
            activation,
            step: 0,
            looks: Pace::default(),
            tells: Pace::default(),
            untold: Vec::new(),
            steps: 0,
            worked: Duration::ZERO,
            looked: Duration::ZERO,
        }
    }

    /// Before a step: what it is to leave, if it is looked at.
    pub fn begin(&mut self) -> Option<Seen> {
        self.step += 1;
        self.looks.is_due(self.report, LOOKS_APART).then(|| Seen {
            answers: Vec::new(),
            lengths: Vec::new(),
            lap: Lap { since: Instant::now(), waits: true },
            times: Vec::new(),
        })
    }

    /// After a step that began at `began`, of `epoch`, with this mean loss and learning rate.
    pub fn end(
        &mut self,
        (began, epoch, rate): (Instant, usize, f64),
        loss: Option<Tensor<1>>,
        seen: Option<Seen>,
        model: &Dense,
    ) -> Result<(), TrainError> {
        if !self.report.is_watched() {
            self.untold.clear();
            return Ok(());
        }
        let since = Instant::now();
        self.steps += 1;
        self.worked += since - began;
        if let Some(loss) = loss {
            let figures = StepFigures { step: self.step, epoch, loss: 0.0, learning_rate: rate };
            self.untold.push((figures, loss));
        }
        if self.tells.is_due(self.report, STEPS_APART) || self.untold.len() >= UNTOLD {
            self.tell()?;
        }
        if let Some(seen) = seen {
            let look = self.look(epoch, seen, model)?;
            self.report.emit(Event::Look(Box::new(look)));
        }
        self.looked += since.elapsed();
        Ok(())
    }

    /// Tells what is left of an epoch.
    pub fn flush(&mut self) -> Result<(), TrainError> {
        if self.report.is_watched() { self.tell() } else { Ok(()) }
    }

    /// Reads the losses of the last steps at once.
    fn tell(&mut self) -> Result<(), TrainError> {
        let untold = std::mem::take(&mut self.untold);
        if untold.is_empty() {
            return Ok(());
        }
        let (mut figures, losses): (Vec<_>, Vec<_>) = untold.into_iter().unzip();
        for (figure, loss) in figures.iter_mut().zip(read(Tensor::cat(losses, 0))?) {
            figure.loss = f64::from(loss);
        }
        self.report.emit(Event::Steps(figures));
        let (worked, looked) = (self.worked.as_secs_f64(), self.looked.as_secs_f64());
        if worked > 0.0 {
            let steps_per_second = self.steps as f64 / worked;
            self.report
                .emit(Event::Watching(Watching { cost: looked / (worked + looked), steps_per_second }));
        }
        Ok(())
    }

    fn look(&self, epoch: usize, seen: Seen, model: &Dense) -> Result<Look, TrainError> {
        let network = Network::from_device(&model.valid(), self.activation)?;
        let mut norms = Vec::new();
        for (name, length) in seen.lengths {
            norms.push((name, read(length)?.first().copied().unwrap_or(0.0)));
        }
        let norm = |name: &str| {
            norms.iter().find(|(other, _)| other == name).map_or(0.0, |(_, norm)| f64::from(*norm))
        };
        let weights = weights_of(&network)
            .into_iter()
            .map(|(name, weights)| WeightLook { gradient_norm: norm(&name), name, weights })
            .collect();
        let mut times = seen.times.into_iter();
        let mut next = || times.next().unwrap_or(0.0);
        let time = TimeSplit { data: next(), forward: next(), backward: next(), step: next() };
        Ok(Look { step: self.step, epoch, weights, activations: answers_of(seen.answers)?, time })
    }
}

/// The weights of each layer, as [`Look::weights`] names them.
fn weights_of(network: &Network) -> Vec<(String, Histogram)> {
    let layers = network.layers.len();
    let of = |(at, layer): (usize, &super::Layer)| {
        let name = layer_name(at, layers);
        [
            (format!("{name}.weight"), Histogram::new(&layer.weights, BINS)),
            (format!("{name}.bias"), Histogram::new(&layer.bias, BINS)),
        ]
    };
    network.layers.iter().enumerate().flat_map(of).collect()
}

/// What hidden layers answered, `[rows, units]` each.
fn answers_of(layers: Vec<Tensor<2>>) -> Result<Vec<ActivationLook>, TrainError> {
    let mut looks = Vec::new();
    for (at, answers) in layers.into_iter().enumerate() {
        let [_, units] = answers.dims();
        let values = read(answers)?;
        let silent = |unit: &usize| values.iter().skip(*unit).step_by(units.max(1)).all(|x| x.abs() < 1e-12);
        let dead = (0..units).filter(silent).count() as f64 / units.max(1) as f64;
        looks.push(ActivationLook {
            name: format!("dense{at}"),
            activations: Histogram::new(&values, BINS),
            dead,
        });
    }
    Ok(looks)
}

/// A network at rest: what it looks like, and how it answers.
#[derive(Debug, Clone, PartialEq)]
pub struct StillLook {
    /// Name of each tensor and its numbers.
    pub weights: Vec<(String, Histogram)>,
    /// What the hidden layers answer, dropout off.
    pub activations: Vec<ActivationLook>,
    /// Rows that were asked.
    pub rows: usize,
}

/// Rows that a network at rest is shown.
const STILL_ROWS: usize = 256;

/// Looks at a network at rest, with the first rows of `matrix`.
///
/// # Errors
/// The matrix has another width; the processor's device fails.
pub fn look_at(network: &Network, matrix: &Matrix) -> Result<StillLook, TrainError> {
    let width = matrix.width();
    if !network.is_sound(width) {
        let cause = "it has other features".to_owned();
        return Err(TrainError::Fit { model: "the network of the epoch", cause });
    }
    let flex = device::open(DeviceKind::Flex)?;
    let rows = matrix.height.min(STILL_ROWS);
    let data: Vec<f32> = matrix.data.iter().copied().take(rows * width).collect();
    let mut answers = Vec::new();
    if rows > 0 {
        let x = Tensor::<2>::from_data(TensorData::new(data, [rows, width]), &flex);
        let dense = network.to_device(&flex);
        dense.forward_seen(x, network.activation, &[], &mut |layer| answers.push(layer.clone()));
    }
    Ok(StillLook { weights: weights_of(network), activations: answers_of(answers)?, rows })
}
