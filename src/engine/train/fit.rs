//! The training loop of every body, readable from top to bottom: draw the order, gather a batch, forward,
//! loss, backward, step; at the end of an epoch look at the validation rows, remember the best, write
//! the checkpoint.

mod checkpoint;
mod finder;
mod order;
mod spec;
mod speed;
mod state;
mod step;
mod update;
mod watch;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Instant;

use burn::module::Module;

use super::net::graph::Graph;
use super::net::{Net, NetData, NetError, NetSpec, Target};
use super::share::Shard;
use super::{DeviceChoice, DeviceKind, TrainError, device};
use crate::job::{Event, Reporter};
use crate::note::Note;

pub use finder::{RateCurve, RateFinder};
pub(super) use finder::{curve, suggest};
pub use spec::{FitSpec, RateSchedule, Rule};
pub use speed::net_samples_per_second;
pub(super) use step::{BINS, Lap};
pub(crate) use update::Updater;
pub use watch::{ActivationLook, EpochFigures, Histogram, Look, StepFigures, TimeSplit, Watch, WeightLook};
pub(super) use watch::{LOOKS_APART, Pace, STEPS_APART};

use state::State;
use step::Stepper;

/// Rows for learning, and rows for watching the learning.
#[derive(Debug, Clone, PartialEq)]
pub struct NetSamples {
    pub train: NetData,
    pub train_target: Target,
    /// Without rows here the training rows are watched instead.
    pub valid: NetData,
    pub valid_target: Target,
}

/// How a training is run, apart from what is trained.
pub struct Run<'a> {
    pub device: DeviceKind,
    pub seed: u64,
    /// Where the state is kept: after each epoch, and when the person ends the training early. A file
    /// that is there already is gone on with.
    pub checkpoint: Option<&'a Path>,
    /// Also writes it every so many steps; 0 does not.
    pub checkpoint_steps: usize,
    pub watch: &'a mut dyn Watch,
}

/// A trained network and how it came to be.
#[derive(Debug, Clone, PartialEq)]
pub struct NetTrained {
    pub net: Net,
    pub device: DeviceChoice,
    pub history: Vec<EpochFigures>,
    /// The epoch whose weights were kept, counted from 1; 0 if not even one was finished.
    pub best_epoch: usize,
    /// What was done to the data, told in words by the faces.
    pub notes: Vec<Note>,
    /// Seconds since training (or its continuation) began, pauses left out.
    pub seconds: f64,
}

/// A loss above this is no loss any more.
const EXPLODED: f64 = 1e6;

/// Numbers that a step may keep for its gradients (16 GB): memory that runs out ends the program.
const MOST: f64 = 4e9;

pub(super) const MEND: &str = "a lower learning rate or clipped gradients help";

/// Trains a network and keeps the epoch with the lowest validation loss.
///
/// # Errors
/// Settings or data that do not fit; no rows; a forced device that is not there; a loss that leaves the
/// finite numbers ([`NetError::Exploded`] carries the last good network); a checkpoint of another
/// training, or a damaged one; cancelled.
pub fn train_net(
    spec: &NetSpec,
    fit: &FitSpec,
    samples: &NetSamples,
    run: Run,
    report: &Reporter,
) -> crate::Result<NetTrained> {
    train_shared(spec, fit, samples, run, None, report)
}

/// [`train_net`], or the part of it that is this device's where several share it. The first part alone keeps
/// the checkpoint; all go on with it.
pub(super) fn train_shared(
    spec: &NetSpec,
    fit: &FitSpec,
    samples: &NetSamples,
    run: Run,
    shard: Option<&Shard>,
    report: &Reporter,
) -> crate::Result<NetTrained> {
    check(spec, fit, samples).map_err(TrainError::from)?;
    let mut state = State::open(spec, fit, samples, &run)?;
    let (device, choice) = device::choose(run.device, |device| {
        step::milliseconds(&state.net, fit, samples, device).unwrap_or(f64::INFINITY)
    })?;
    report.emit(Event::Device(choice.clone()));
    report.emit(Event::Phase("train"));
    let mut clock = Clock { started: Instant::now(), rested: Default::default() };
    let mut stepper = Stepper::new(spec, fit, samples, state.net.target_scale, &device)?;
    stepper.shard = shard;
    state.load_moments(&mut stepper)?;
    let mut model = Graph::new(&state.net, &stepper.device).map_err(TrainError::from)?;
    let planned = fit.epochs;
    let path = run.checkpoint.filter(|_| shard.is_none_or(Shard::leads));
    let mut keep = Keep { path, failed: None };
    let mut good: Option<Net> = None;
    let mut rate = fit.learning_rate;
    let is_binary = spec.head == super::net::Head::Binary;
    let plain = |figures: &EpochFigures| super::Epoch {
        epoch: figures.epoch,
        train_loss: figures.train_loss,
        valid_loss: figures.valid_loss,
        valid_auc: figures.metric.filter(|_| is_binary),
        seconds: figures.seconds,
        planned: figures.planned,
        learning_rate: figures.learning_rate,
    };
    run.watch.resumed(&state.place.history);
    state.place.history.iter().for_each(|figures| report.emit(Event::Epoch(plain(figures))));
    let mut told = watch::Told { watch: run.watch, report };

    while state.place.epoch <= planned && !state.is_over(fit) {
        let epoch = state.place.epoch;
        let batches = state.order(spec, fit, samples);
        let total = batches.len();
        for (at, rows) in batches.iter().enumerate().skip(state.place.done) {
            clock.rested += report.rest()?;
            if report.wants_finish() {
                break;
            }
            let done = (epoch as f64 - 1.0 + at as f64 / total as f64) / planned as f64;
            rate = fit.rate(state.place.steps, done, epoch, state.place.plateau.factor);
            let place = (state.place.steps + 1, epoch);
            let moved = stepper.step(model, rows, rate, place, &mut state.rng, &mut told, report)?;
            model = moved.model;
            state.place.steps += 1;
            state.place.done = at + 1;
            if !moved.is_finite {
                return Err(exploded(epoch, rate, good, &state));
            }
            report.progress(done);
            if run.checkpoint_steps > 0 && state.place.steps.is_multiple_of(run.checkpoint_steps as u64) {
                keep.save(&mut state, &model, &stepper);
            }
        }
        // A stop in mid-epoch keeps its place in the checkpoint, and the best whole epoch as the result.
        if report.wants_finish() && state.place.done < total {
            keep.save(&mut state, &model, &stepper);
            break;
        }
        let (train_loss, losses_fine) = stepper.mean_loss(&mut told)?;
        if let Some(shard) = shard {
            model = shard.same(epoch as u64, model, &stepper.device.clone().inner(), report)?;
        }
        let own = || stepper.look_at_valid(&model.valid(), &state.net, report);
        let looked = match shard {
            Some(shard) => shard.looked(epoch as u64, own, report)?,
            None => own()?,
        };
        if !(losses_fine && train_loss < EXPLODED && looked.0 < EXPLODED) {
            return Err(exploded(epoch, rate, good, &state));
        }
        let figures = EpochFigures {
            epoch,
            planned,
            train_loss,
            valid_loss: looked.0,
            metric: looked.1,
            learning_rate: rate,
            seconds: clock.seconds(),
        };
        told.epoch(&figures);
        let net = Net { weights: model.weights(&state.net)?, ..state.net.clone() };
        state.end_epoch(figures, &net, fit);
        good = Some(net);
        report.epoch_done(plain(&figures));
        keep.save(&mut state, &model, &stepper);
        if report.wants_finish() {
            break;
        }
    }
    let (net, best_epoch) = match state.best.take() {
        Some(weights) => (state.net_with(weights), state.place.best.map_or(0, |(_, epoch)| epoch)),
        None => (Net { weights: model.weights(&state.net)?, ..state.net.clone() }, 0),
    };
    Ok(NetTrained {
        net,
        device: choice,
        history: state.place.history,
        best_epoch,
        notes: notes(spec, samples, keep.failed),
        seconds: clock.seconds(),
    })
}

/// Writes checkpoints. A full disk does not end a training that goes well: it is told with the result.
struct Keep<'a> {
    path: Option<&'a Path>,
    failed: Option<String>,
}

impl Keep<'_> {
    fn save(&mut self, state: &mut State, model: &Graph, stepper: &Stepper) {
        if let Some(path) = self.path
            && let Err(cause) = state.save(path, model, stepper)
        {
            self.failed = Some(cause.to_string());
        }
    }
}

/// Time that passes, without the pauses.
struct Clock {
    started: Instant,
    rested: std::time::Duration,
}

impl Clock {
    fn seconds(&self) -> f64 {
        self.started.elapsed().saturating_sub(self.rested).as_secs_f64()
    }
}

fn exploded(epoch: usize, rate: f64, good: Option<Net>, state: &State) -> crate::Error {
    let kept = good.or_else(|| state.best.clone().map(|weights| state.net_with(weights)));
    TrainError::from(NetError::Exploded { epoch, rate, mend: MEND, kept: kept.map(Box::new) }).into()
}

fn check(spec: &NetSpec, fit: &FitSpec, samples: &NetSamples) -> Result<(), NetError> {
    spec.check()?;
    fit.check()?;
    samples.train.check()?;
    if samples.train.rows == 0 {
        return Err(NetError::NoRows);
    }
    samples.train_target.check(spec.head, samples.train.rows)?;
    if samples.valid.rows > 0 {
        samples.valid.check()?;
        samples.valid_target.check(spec.head, samples.valid.rows)?;
        if samples.valid.inputs() != samples.train.inputs() {
            return Err(NetError::Shape { what: "inputs" });
        }
    }
    let rows = fit.batch_size.min(samples.train.rows);
    let longest = |data: &NetData| (0..data.rows).map(|row| data.steps(row, spec.max_len)).max().unwrap_or(0);
    let steps = longest(&samples.train).max(longest(&samples.valid));
    if spec.working_numbers(&samples.train.inputs(), rows, steps) > MOST {
        return Err(NetError::Settings { what: "max_len" });
    }
    Ok(())
}

/// Sequences that were longer than what is read; a checkpoint that could not be written.
fn notes(spec: &NetSpec, samples: &NetSamples, failed: Option<String>) -> Vec<Note> {
    let cut = samples.train.cut(spec.max_len) + samples.valid.cut(spec.max_len);
    let note = || Note::new("sequence_cut").with("count", cut).with("most", spec.max_len);
    let unkept = failed.map(|cause| Note::new("checkpoint_unwritten").with("cause", cause));
    (cut > 0).then(note).into_iter().chain(unkept).collect()
}
