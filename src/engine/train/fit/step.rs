//! One step: batch, forward, loss, backward, update; and what is gathered on the way.

use std::time::Instant;

use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::spec::FitSpec;
use super::update::{Updater, norms};
use super::watch::{
    ActivationLook, Histogram, LOOKS_APART, Look, Pace, STEPS_APART, StepFigures, TimeSplit, Watch,
    WeightLook,
};
use super::{NetSamples, order};
use crate::job::Reporter;
use crate::metrics;
use crate::train::TrainError;
use crate::train::net::batch::Batch;
use crate::train::net::graph::{Graph, Noise, Probe};
use crate::train::net::{Head, Loss, Net, NetSpec, Target, loss, predict_answers, predict_logits};
use crate::train::network::read;
use crate::train::share::{Piece, Shard};

/// Bars of a histogram.
pub(in crate::train) const BINS: usize = 32;

/// Everything that a step needs, on one device.
pub(super) struct Stepper<'a> {
    spec: &'a NetSpec,
    fit: &'a FitSpec,
    samples: &'a NetSamples,
    loss: Loss,
    target_scale: (f32, f32),
    /// Weight of each training row in the loss.
    weights: Vec<f32>,
    /// With autodiff.
    pub device: Device,
    pub updater: Updater,
    /// The epoch's sum of losses stays on the device: no read-back per step.
    loss_sum: Option<Tensor<1>>,
    rows_seen: usize,
    /// Steps whose losses have not been told yet.
    untold: Vec<(StepFigures, Tensor<1>)>,
    /// Its part of the training, where several devices share it.
    pub shard: Option<&'a Shard>,
    looks: Pace,
    tells: Pace,
}

/// What a step leaves behind.
pub(super) struct Moved {
    pub model: Graph,
    /// False once a loss that was read is not a finite number.
    pub is_finite: bool,
}

impl<'a> Stepper<'a> {
    pub fn new(
        spec: &'a NetSpec,
        fit: &'a FitSpec,
        samples: &'a NetSamples,
        target_scale: (f32, f32),
        device: &Device,
    ) -> Result<Self, TrainError> {
        Ok(Self {
            target_scale,
            spec,
            fit,
            samples,
            loss: spec.loss()?,
            weights: order::class_weights(&samples.train_target, samples.train.rows, spec.class_weight),
            device: device.clone().autodiff(),
            updater: Updater::new(fit),
            loss_sum: None,
            rows_seen: 0,
            untold: Vec::new(),
            shard: None,
            looks: Pace::default(),
            tells: Pace::default(),
        })
    }

    /// Goes on with the sum of losses of an interrupted epoch.
    pub fn go_on(&mut self, loss_sum: Option<f32>, rows_seen: usize) {
        let device = self.device.clone().inner();
        self.loss_sum = loss_sum.map(|sum| Tensor::from_data(TensorData::new(vec![sum], [1]), &device));
        self.rows_seen = rows_seen;
    }

    /// The bits of the sum of losses, and the rows in it.
    pub fn stand(&self) -> Result<(Option<u32>, usize), TrainError> {
        let sum = match &self.loss_sum {
            Some(sum) => read(sum.clone())?.first().map(|sum| sum.to_bits()),
            None => None,
        };
        Ok((sum, self.rows_seen))
    }

    /// One step of gradient descent on the training rows `rows`; `place` is the step and the epoch,
    /// counted from 1.
    #[expect(clippy::too_many_arguments, reason = "one call, in the loop, where each of them is at hand")]
    pub fn step(
        &mut self,
        model: Graph,
        rows: &[usize],
        rate: f64,
        place: (u64, usize),
        rng: &mut ChaCha8Rng,
        watch: &mut dyn Watch,
        report: &Reporter,
    ) -> crate::Result<Moved> {
        let every = |n: usize| n > 0 && place.0.is_multiple_of(n as u64);
        let looks = every(self.fit.look_every) || self.looks.is_due(report, LOOKS_APART);
        let mut probe = looks.then(Probe::default);
        let mut times = [0.0; 4];
        let mut lap = Lap { since: Instant::now(), waits: looks };

        let whole = rows.len();
        let piece = self.shard.map_or(Piece { rows: 0..whole, counts: true }, |shard| shard.piece(whole));
        // Padded like the whole batch, so that the masks fall on the same places.
        let least = self.shard.map_or([0; 2], |_| Batch::longest(&self.samples.train, rows, self.spec));
        let rows = rows.get(piece.rows.clone()).unwrap_or(rows);
        let batch = Batch::padded(&self.samples.train, rows, least, self.spec, &self.device);
        let truth = self.truth(rows, &self.samples.train_target, &self.device);
        let weights = rows.iter().map(|row| self.weights.get(*row).copied().unwrap_or(1.0)).collect();
        let weights: Tensor<2> = column(weights, &self.device);
        times[0] = lap.next(&self.device);
        report.check()?;

        let part = self.shard.map(|_| (piece.rows.start, whole));
        let logits = model.forward(self.spec, &batch, Some(Noise { rng, part }), &mut probe);
        let losses = loss::rows(self.loss, self.spec.head, logits, truth) * weights;
        let mut loss = losses.sum() / whole as f64;
        if !piece.counts {
            loss = loss * 0.0;
        }
        times[1] = lap.next(&self.device);
        report.check()?;

        let mut value = loss.clone().inner();
        let mut grads = GradientsParams::from_grads(loss.backward(), &model);
        times[2] = lap.next(&self.device);
        report.check()?;

        if let Some(shard) = self.shard {
            (grads, value) = shard.sum(place.0, &model, &grads, value, report)?;
            // The others were waited for.
            lap.next(&self.device);
        }
        let sum = value.clone() * whole as f64;
        let lengths = looks.then(|| norms(&model, &grads));
        let model = self.updater.step(rate, model, grads);
        times[3] = lap.next(&self.device);

        if self.fit.tell_every > 0 || report.is_watched() {
            let figures = StepFigures { step: place.0, epoch: place.1, loss: 0.0, learning_rate: rate };
            self.untold.push((figures, value));
        }
        self.loss_sum = Some(match self.loss_sum.take() {
            Some(before) => before + sum,
            None => sum,
        });
        self.rows_seen += whole;
        if let (Some(lengths), Some(probe)) = (lengths, probe) {
            watch.look(&self.look(place, lengths, probe, &model, times)?);
        }
        let tells = every(self.fit.tell_every) || self.tells.is_due(report, STEPS_APART);
        let is_finite = if tells { self.tell(watch)? } else { true };
        Ok(Moved { model, is_finite })
    }

    fn truth(&self, rows: &[usize], target: &Target, device: &Device) -> Tensor<2> {
        let outputs = self.spec.head.outputs();
        let mut truth = Vec::with_capacity(rows.len() * outputs);
        rows.iter().for_each(|row| target.write(*row, outputs, self.target_scale, &mut truth));
        Tensor::from_data(TensorData::new(truth, [rows.len(), outputs]), device)
    }

    /// Reads the losses of the last steps at once and tells them; false if one is not finite.
    fn tell(&mut self, watch: &mut dyn Watch) -> Result<bool, TrainError> {
        let untold = std::mem::take(&mut self.untold);
        if untold.is_empty() {
            return Ok(true);
        }
        let (mut figures, losses): (Vec<_>, Vec<_>) = untold.into_iter().unzip();
        for (figure, loss) in figures.iter_mut().zip(read(Tensor::cat(losses, 0))?) {
            figure.loss = f64::from(loss);
        }
        watch.steps(&figures);
        Ok(figures.iter().all(|figure| figure.loss < super::EXPLODED))
    }

    /// The mean loss of the epoch, and whether all losses told were finite.
    pub fn mean_loss(&mut self, watch: &mut dyn Watch) -> Result<(f64, bool), TrainError> {
        let fine = self.tell(watch)?;
        let sum = match self.loss_sum.take() {
            Some(sum) => read(sum)?.first().copied().unwrap_or(0.0),
            None => 0.0,
        };
        let rows = std::mem::take(&mut self.rows_seen).max(1);
        Ok((f64::from(sum) / rows as f64, fine))
    }

    fn look(
        &self,
        place: (u64, usize),
        lengths: Vec<(u64, Tensor<1>)>,
        probe: Probe,
        model: &Graph,
        times: [f64; 4],
    ) -> Result<Look, TrainError> {
        let (ids, lengths): (Vec<_>, Vec<_>) = lengths.into_iter().unzip();
        let lengths = if lengths.is_empty() { Vec::new() } else { read(Tensor::cat(lengths, 0))? };
        let shapes = Net {
            spec: self.spec.clone(),
            inputs: self.samples.train.inputs(),
            target_scale: (0.0, 1.0),
            weights: Vec::new(),
        };
        let blank = shapes.blank_weights(usize::MAX)?;
        let weights = model.weights(&Net { weights: blank, ..shapes })?;
        let weights = (1u64..).zip(weights).map(|(id, weight)| {
            let norm = ids.iter().position(|other| *other == id).and_then(|at| lengths.get(at));
            WeightLook {
                name: weight.name,
                gradient_norm: norm.map_or(0.0, |norm| f64::from(*norm)),
                weights: Histogram::new(&weight.values, BINS),
            }
        });
        let mut activations = Vec::new();
        for (name, answers) in probe.layers {
            let [_, units] = answers.dims();
            let values = read(answers)?;
            let silent =
                |unit: &usize| values.iter().skip(*unit).step_by(units.max(1)).all(|x| x.abs() < 1e-12);
            let dead = (0..units).filter(silent).count() as f64 / units.max(1) as f64;
            activations.push(ActivationLook { name, activations: Histogram::new(&values, BINS), dead });
        }
        let [data, forward, backward, step] = times;
        let time = TimeSplit { data, forward, backward, step };
        Ok(Look { step: place.0, epoch: place.1, weights: weights.collect(), activations, time })
    }

    /// Loss and metric on the validation rows, or on the training rows where there are none.
    pub fn look_at_valid(
        &self,
        model: &Graph,
        net: &Net,
        report: &Reporter,
    ) -> crate::Result<(f64, Option<f64>)> {
        let samples = self.samples;
        let (data, target) = match samples.valid.rows {
            0 => (&samples.train, &samples.train_target),
            _ => (&samples.valid, &samples.valid_target),
        };
        let device = self.device.clone().inner();
        let logits = predict_logits(model, net, data, &device, report)?;
        let rows: Vec<usize> = (0..data.rows).collect();
        let outputs = self.spec.head.outputs();
        let truth = self.truth(&rows, target, &device);
        let z = Tensor::from_data(TensorData::new(logits.clone(), [data.rows, outputs]), &device);
        let losses = read(loss::rows(self.loss, self.spec.head, z, truth))?;
        let mean = losses.iter().map(|x| f64::from(*x)).sum::<f64>() / losses.len().max(1) as f64;
        let metric =
            if mean.is_finite() { metric(net, &predict_answers(net, &logits), target) } else { None };
        Ok((mean, metric))
    }
}

/// Seconds between points of a step.
pub(in crate::train) struct Lap {
    pub since: Instant,
    /// The device is waited for, so that the time is its own.
    pub waits: bool,
}

impl Lap {
    pub fn next(&mut self, device: &Device) -> f64 {
        if self.waits {
            // A device that fails here fails again at the next reading, and is told there.
            let _ = device.sync();
        }
        let seconds = self.since.elapsed().as_secs_f64();
        self.since = Instant::now();
        seconds
    }
}

fn column(values: Vec<f32>, device: &Device) -> Tensor<2> {
    let rows = values.len();
    Tensor::from_data(TensorData::new(values, [rows, 1]), device)
}

/// What [`Head::metric`] names, of `answers` against `target`.
fn metric(net: &Net, answers: &[f64], target: &Target) -> Option<f64> {
    match (net.spec.head, target) {
        (Head::Binary, Target::Binary(y)) => metrics::roc_auc(answers, y),
        (Head::MultiClass { classes }, Target::Class(y)) => {
            let best = |p: &[f64]| p.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(at, _)| at);
            let right = |(p, y): (&[f64], &u32)| best(p) == Some(*y as usize);
            let hits = answers.chunks(classes.max(1)).zip(y).filter(|pair| right(*pair)).count();
            (!y.is_empty()).then(|| hits as f64 / y.len() as f64)
        }
        // All labels of all rows together: 2 TP / (2 TP + FP + FN).
        (Head::MultiLabel { .. }, Target::Labels(y)) => {
            let count = |p: bool, truth: bool| {
                answers.iter().zip(y).filter(|(a, y)| (**a >= 0.5) == p && **y == truth).count() as f64
            };
            let (hit, wrong) = (count(true, true), count(true, false) + count(false, true));
            (hit + wrong > 0.0).then(|| 2.0 * hit / (2.0 * hit + wrong))
        }
        (Head::Regression, Target::Number(y)) => {
            let miss = answers.iter().zip(y).map(|(a, y)| (a - f64::from(*y)).abs()).sum::<f64>();
            (!y.is_empty()).then(|| miss / y.len() as f64)
        }
        _ => None,
    }
}

/// Times 5 steps after 2 to warm up, on the first rows.
pub(super) fn milliseconds(
    net: &Net,
    fit: &FitSpec,
    samples: &NetSamples,
    device: &Device,
) -> crate::Result<f64> {
    let mut stepper = Stepper::new(&net.spec, fit, samples, net.target_scale, device)?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let rows: Vec<usize> = (0..samples.train.rows.min(fit.batch_size)).collect();
    let mut model = Graph::new(net, &stepper.device).map_err(TrainError::from)?;
    let silent = Reporter::silent();
    let mut started = Instant::now();
    for at in 0..7 {
        if at == 2 {
            stepper.mean_loss(&mut ())?;
            started = Instant::now();
        }
        model = stepper.step(model, &rows, 1e-4, (1, 1), &mut rng, &mut (), &silent)?.model;
    }
    // Reading waits for the device.
    stepper.mean_loss(&mut ())?;
    Ok(started.elapsed().as_secs_f64() * 200.0)
}
