//! Where a training stands: opened anew or from a checkpoint, moved on by each epoch, saved.

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::checkpoint::{Checkpoint, Place, Plateau, is_same};
use super::spec::{FitSpec, RateSchedule};
use super::step::Stepper;
use super::watch::EpochFigures;
use super::{NetSamples, Run, order};
use crate::train::TrainError;
use crate::train::net::graph::Graph;
use crate::train::net::{Net, NetError, NetSpec, Target};
use crate::train::network::read;

type Moments = Vec<Option<Vec<f32>>>;

pub(super) struct State {
    /// The network as it stood when this run began; its settings, inputs and shapes stay.
    pub net: Net,
    pub rng: ChaCha8Rng,
    pub place: Place,
    /// Weights of the best epoch so far.
    pub best: Option<Vec<Vec<f32>>>,
    moments: (Moments, Moments),
}

impl State {
    /// A new training, or the one in the checkpoint.
    pub fn open(spec: &NetSpec, fit: &FitSpec, samples: &NetSamples, run: &Run) -> Result<Self, TrainError> {
        let data = fingerprint(samples);
        let mut rng = ChaCha8Rng::seed_from_u64(run.seed);
        if let Some(path) = run.checkpoint.filter(|path| path.exists()) {
            let kept = Checkpoint::read(path)?;
            if !is_same((spec, fit, run.seed, &data), &kept) {
                let cause = "it was written with other settings, another seed or other data".to_owned();
                return Err(NetError::Checkpoint { cause }.into());
            }
            rng.set_word_pos(u128::from(kept.place.stream_at));
            let place = Place { fit: fit.clone(), ..kept.place };
            let moments = (kept.first, kept.second);
            return Ok(Self { net: kept.net, rng, place, best: kept.best, moments });
        }
        let mut net = Net::init(spec, &samples.train.inputs(), &mut rng)?;
        net.target_scale = target_scale(&samples.train_target);
        let at = position(&rng);
        let place = Place {
            fit: fit.clone(),
            seed: run.seed,
            data,
            epoch: 1,
            done: 0,
            order_at: at,
            stream_at: at,
            steps: 0,
            loss_sum: None,
            rows_seen: 0,
            history: Vec::new(),
            best: None,
            plateau: Plateau { best: None, waited: 0, factor: 1.0 },
        };
        Ok(Self { net, rng, place, best: None, moments: Default::default() })
    }

    /// Gives the optimiser its memory, and the epoch its sum of losses.
    pub fn load_moments(&mut self, stepper: &mut Stepper) -> Result<(), TrainError> {
        let (first, second) = std::mem::take(&mut self.moments);
        let device = stepper.device.clone().inner();
        let load = |kept: Moments, into: &mut GradientsParams| {
            for ((id, weight), values) in (1u64..).zip(&self.net.weights).zip(kept) {
                let Some(values) = values else { continue };
                macro_rules! put {
                    ($($rank:literal),*) => {
                        match weight.shape.len() {
                            $($rank => if let Ok(shape) = <[usize; $rank]>::try_from(weight.shape.as_slice()) {
                                let data = TensorData::new(values, shape);
                                into.register::<$rank>(id.into(), Tensor::from_data(data, &device));
                            },)*
                            _ => {}
                        }
                    };
                }
                put!(1, 2, 3);
            }
        };
        load(first, &mut stepper.updater.first);
        load(second, &mut stepper.updater.second);
        stepper.updater.steps = self.place.steps;
        stepper.go_on(self.place.loss_sum.map(f32::from_bits), self.place.rows_seen);
        Ok(())
    }

    /// The batches of the epoch under way; drawn again after a stop in mid-epoch.
    pub fn order(&mut self, spec: &NetSpec, fit: &FitSpec, samples: &NetSamples) -> Vec<Vec<usize>> {
        let begins = self.place.done == 0;
        if begins {
            self.place.order_at = position(&self.rng);
        }
        let now = self.rng.get_word_pos();
        self.rng.set_word_pos(u128::from(self.place.order_at));
        let batches = order::batches(&samples.train, &samples.train_target, spec, fit, &mut self.rng);
        if !begins {
            self.rng.set_word_pos(now);
        }
        batches
    }

    /// True once the validation loss has not fallen for long enough.
    pub fn is_over(&self, fit: &FitSpec) -> bool {
        let best = self.place.best.map_or(0, |(_, epoch)| epoch);
        fit.patience > 0 && self.place.history.len().saturating_sub(best) >= fit.patience
    }

    /// Notes an epoch's figures and stands at the beginning of the next.
    pub fn end_epoch(&mut self, figures: EpochFigures, net: &Net, fit: &FitSpec) {
        let loss = figures.valid_loss;
        if self.place.best.is_none_or(|(best, _)| loss < best) {
            self.place.best = Some((loss, figures.epoch));
            self.best = Some(net.weights.iter().map(|weight| weight.values.clone()).collect());
        }
        if let RateSchedule::Plateau { patience, factor } = fit.schedule {
            let plateau = &mut self.place.plateau;
            if plateau.best.is_none_or(|best| loss < best) {
                (plateau.best, plateau.waited) = (Some(loss), 0);
            } else {
                plateau.waited += 1;
                if plateau.waited >= patience {
                    (plateau.waited, plateau.factor) = (0, plateau.factor * factor);
                }
            }
        }
        self.place.history.push(figures);
        self.place.epoch += 1;
        self.place.done = 0;
    }

    /// The network with other weights.
    pub fn net_with(&self, weights: Vec<Vec<f32>>) -> Net {
        let mut net = self.net.clone();
        for (weight, values) in net.weights.iter_mut().zip(weights) {
            weight.values = values;
        }
        net
    }

    /// Writes the checkpoint.
    pub fn save(&mut self, path: &Path, model: &Graph, stepper: &Stepper) -> Result<(), TrainError> {
        self.place.stream_at = position(&self.rng);
        (self.place.loss_sum, self.place.rows_seen) = stepper.stand()?;
        let net = Net { weights: model.weights(&self.net)?, ..self.net.clone() };
        let count = net.weights.len();
        let moments = |store| moments(model, store, count);
        Checkpoint {
            net,
            place: self.place.clone(),
            best: self.best.clone(),
            first: moments(&stepper.updater.first)?,
            second: moments(&stepper.updater.second)?,
        }
        .write(path)
    }
}

/// Words of the stream that are used; never more than a u64 holds.
fn position(rng: &ChaCha8Rng) -> u64 {
    u64::try_from(rng.get_word_pos()).unwrap_or(u64::MAX)
}

fn moments(model: &Graph, store: &GradientsParams, count: usize) -> Result<Moments, TrainError> {
    struct Reader<'a>(&'a GradientsParams, Vec<Option<Result<Vec<f32>, TrainError>>>);
    impl ModuleVisitor for Reader<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let place = usize::try_from(param.id.val()).ok().and_then(|id| id.checked_sub(1));
            if let (Some(place), Some(moment)) =
                (place.and_then(|at| self.1.get_mut(at)), self.0.get::<D>(param.id))
            {
                *place = Some(read(moment));
            }
        }
    }
    let mut reader = Reader(store, (0..count).map(|_| None).collect());
    model.visit(&mut reader);
    reader.1.into_iter().map(Option::transpose).collect()
}

/// Mean and standard deviation of a numeric target, so that losses do not depend on its unit.
pub(super) fn target_scale(target: &Target) -> (f32, f32) {
    let Target::Number(y) = target else { return (0.0, 1.0) };
    let n = y.len().max(1) as f64;
    let mean = y.iter().map(|y| f64::from(*y)).sum::<f64>() / n;
    let variance = y.iter().map(|y| (f64::from(*y) - mean).powi(2)).sum::<f64>() / n;
    let deviation = variance.sqrt() as f32;
    (mean as f32, if deviation > 0.0 && deviation.is_finite() { deviation } else { 1.0 })
}

fn fingerprint(samples: &NetSamples) -> String {
    let mut hash = blake3::Hasher::new();
    samples.train.hash(&mut hash);
    samples.train_target.hash(&mut hash);
    samples.valid.hash(&mut hash);
    samples.valid_target.hash(&mut hash);
    hash.finalize().to_hex().to_string()
}
