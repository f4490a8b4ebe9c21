//! The training loop, readable from top to bottom: cut the histories, gather a batch, forward, loss,
//! backward, step; at the end of an epoch rank for the validation customers and remember the best.

use std::time::Instant;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::graph::Graph;
use super::pieces::{self, Drawer};
use super::{Body, NetworkSettings, SequenceNet, loss, weights};
use crate::job::{Event, Reporter};
use crate::recommend::evaluate::mask;
use crate::recommend::rank::middle_rank;
use crate::recommend::{Case, Histories, Popularity};
use crate::train::fit::{Rule, Updater};
use crate::train::net::NetError;
use crate::train::{DeviceKind, Epoch, TrainError, device, read};

/// Products above which some are drawn for each step instead of scoring all.
pub(super) const MOST_WHOLE: usize = 20_000;
/// Draws a step; equal ones count once.
const DRAWS: usize = 4_096;
/// Longest gradient.
const CLIP: f64 = 5.0;
/// Scores of the validation customers that are worked out at once.
const MOST_SCORES: usize = 1 << 21;
/// A loss above this is no loss any more.
const EXPLODED: f64 = 1e6;

/// One epoch's figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SequenceEpoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean cross-entropy of the next product in nats, dropout on; among the drawn ones where products are
    /// drawn.
    pub train_loss: f64,
    /// The same over the validation customers' held-out products, among all, dropout off.
    pub valid_loss: Option<f64>,
    /// NDCG at 10 over the validation customers.
    pub ndcg_at_10: Option<f64>,
    /// Seconds since training began, pauses left out.
    pub seconds: f64,
}

/// Customers by whom training is ended.
#[derive(Clone, Copy)]
pub struct Validation<'a> {
    pub cases: &'a [Case],
    /// What was taken before may be offered.
    pub seen_in: bool,
    /// Settles equal scores.
    pub second: &'a [f32],
}

/// Trains a network on `histories`. With validation customers it ends `patience` epochs after the best
/// NDCG at 10 and keeps that epoch; without, it trains exactly `epochs`. The figures of each epoch come with
/// it, and the epoch that was kept (counted from 1; 0 where there was nothing to learn from).
///
/// # Errors
/// Settings that cannot be built; a forced device that is not there; a loss that leaves the finite numbers;
/// cancelled.
pub fn fit(
    body: Body,
    settings: &NetworkSettings,
    (histories, validation): (&Histories, Option<Validation>),
    seed: u64,
    report: &Reporter,
) -> crate::Result<(SequenceNet, Vec<SequenceEpoch>, usize)> {
    settings.check()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let popularity = Popularity::overall(histories).scores().to_vec();
    let weights = weights::init(body, settings, histories.n_items, &mut rng);
    let mut net = SequenceNet { body, settings: *settings, popularity, weights };
    let mut history = Vec::new();
    if (0..histories.customers()).all(|who| histories.of(who).len() < 2) {
        // Nobody took two things: all that is known is what everybody takes.
        return Ok((net, history, 0));
    }
    let drawer = (histories.n_items > MOST_WHOLE).then(|| Drawer::new(&net.popularity, DRAWS));
    let (device, choice) = device::choose(settings.device, |device| {
        rate_on(&net, histories, device, 3).map_or(f64::INFINITY, |rate| 1e3 / rate)
    })?;
    report.emit(Event::Device(choice));
    report.emit(Event::Phase("train"));
    let mut stepper = Stepper::new(&net, histories, drawer, &device)?;
    let (started, mut rested) = (Instant::now(), std::time::Duration::ZERO);
    let mut best: Option<(f64, SequenceNet, usize)> = None;
    for epoch in 1..=settings.epochs {
        let cut = pieces::cut(histories, settings.max_len, &mut rng);
        let batches = pieces::batches(cut, settings.batch, &mut rng);
        let total = batches.len();
        for (at, some) in batches.iter().enumerate() {
            rested += report.rest()?;
            if report.wants_finish() {
                break;
            }
            stepper.step(some, &mut rng, report)?;
            report.progress((epoch as f64 - 1.0 + at as f64 / total as f64) / settings.epochs as f64);
        }
        let train_loss = stepper.mean_loss()?;
        if train_loss.is_nan() || train_loss > EXPLODED {
            let mend = "a lower learning rate helps";
            let kept = None;
            return Err(
                TrainError::from(NetError::Exploded { epoch, rate: settings.rate, mend, kept }).into()
            );
        }
        net.weights = stepper.model()?.weights(&net.weights)?;
        let looked = match validation {
            Some(asked) => Some(look(&stepper, asked, &mut rng, report)?),
            None => None,
        };
        let figures = SequenceEpoch {
            epoch,
            train_loss,
            valid_loss: looked.map(|(loss, _)| loss),
            ndcg_at_10: looked.map(|(_, ndcg)| ndcg),
            seconds: started.elapsed().saturating_sub(rested).as_secs_f64(),
        };
        history.push(figures);
        report.epoch_done(Epoch {
            epoch,
            train_loss,
            valid_loss: figures.valid_loss.unwrap_or(train_loss),
            valid_auc: None,
            seconds: figures.seconds,
            planned: settings.epochs,
            learning_rate: settings.rate,
        });
        if let Some((_, ndcg)) = looked
            && best.as_ref().is_none_or(|(value, ..)| ndcg > *value)
        {
            best = Some((ndcg, net.clone(), epoch));
        }
        let waited = best.as_ref().map_or(0, |(_, _, at)| epoch - at);
        if report.wants_finish() || waited >= settings.patience.max(1) {
            break;
        }
    }
    report.progress(1.0);
    let last = history.len();
    Ok(match best {
        Some((_, net, epoch)) => (net, history, epoch),
        None => (net, history, last),
    })
}

/// Everything that a step needs, on one device.
struct Stepper<'a> {
    histories: &'a Histories,
    settings: NetworkSettings,
    drawer: Option<Drawer>,
    /// Taken out while a step moves it.
    model: Option<Graph>,
    updater: Updater,
    loss: Option<Tensor<1>>,
    asked: usize,
}

impl<'a> Stepper<'a> {
    fn new(
        net: &SequenceNet,
        histories: &'a Histories,
        drawer: Option<Drawer>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let model = Graph::new(net.body, &net.settings, &net.weights, &device.clone().autodiff())?;
        let updater = Updater::of(Rule::Adam, 0.0, CLIP);
        Ok(Self {
            histories,
            settings: net.settings,
            drawer,
            model: Some(model),
            updater,
            loss: None,
            asked: 0,
        })
    }

    fn model(&self) -> Result<&Graph, TrainError> {
        self.model.as_ref().ok_or_else(|| TrainError::Device { cause: "a step broke off".to_owned() })
    }

    fn step(&mut self, some: &[pieces::Piece], rng: &mut ChaCha8Rng, report: &Reporter) -> crate::Result<()> {
        let batch = pieces::batch(self.histories, some);
        let drawn = self.drawer.as_ref().map(|drawer| drawer.draw(rng));
        let model = self.model()?;
        let share = self.settings.dropout;
        let all = model.forward(batch.tokens, (batch.rows, batch.steps), (rng, share));
        let places = TensorData::new(batch.places, [batch.targets.len()]);
        let vectors = all.select(0, Tensor::<1, Int>::from_data(places, &model.items.device()));
        let found = loss::next(model, vectors, &batch.targets, drawn.as_ref(), report)?;
        let grads = GradientsParams::from_grads(found.slope.backward(), model);
        self.asked += batch.targets.len();
        self.loss = Some(match self.loss.take() {
            Some(before) => before + found.sum,
            None => found.sum,
        });
        if let Some(model) = self.model.take() {
            self.model = Some(self.updater.step(self.settings.rate, model, grads));
        }
        report.check()?;
        Ok(())
    }

    /// The mean loss since it was asked last.
    fn mean_loss(&mut self) -> Result<f64, TrainError> {
        let sum = match self.loss.take() {
            Some(sum) => read(sum)?.first().copied().unwrap_or_default(),
            None => 0.0,
        };
        Ok(f64::from(sum) / std::mem::take(&mut self.asked).max(1) as f64)
    }
}

/// Cross-entropy of the held-out products and NDCG at 10 of their ranks, on the device in batches.
fn look(
    stepper: &Stepper,
    asked: Validation,
    rng: &mut ChaCha8Rng,
    report: &Reporter,
) -> crate::Result<(f64, f64)> {
    let model = stepper.model()?.valid();
    let (histories, n) = (stepper.histories, stepper.histories.n_items);
    let (mut losses, mut gains, mut count) = (0.0, 0.0, 0usize);
    let known = |case: &&Case| !histories.of(case.customer as usize).is_empty();
    let cases: Vec<&Case> = asked.cases.iter().filter(known).collect();
    for some in cases.chunks((MOST_SCORES / n.max(1)).clamp(1, 64)) {
        report.check()?;
        let lists = some.iter().map(|case| histories.of(case.customer as usize));
        let batch = pieces::lasts(lists, stepper.settings.max_len);
        let places = TensorData::new(batch.places, [some.len()]);
        let all = model.forward(batch.tokens, (batch.rows, batch.steps), (rng, 0.0));
        let vectors = all.select(0, Tensor::<1, Int>::from_data(places, &model.items.device()));
        let scores = vectors.matmul(model.items.val().transpose()) + model.bias.val().unsqueeze::<2>();
        let mut scores = read(scores)?;
        let rank = |(scores, case): (&mut [f32], &&Case)| {
            let wanted = *case.wanted.first()?;
            let greatest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = scores.iter().map(|score| f64::from((score - greatest).exp())).sum();
            let own = f64::from(scores.get(wanted as usize)? - greatest);
            if !asked.seen_in {
                mask(histories.of(case.customer as usize), scores);
            }
            // Taken before where that is not offered: it is not asked.
            let rank = middle_rank(scores, asked.second, wanted)?;
            let gain = if rank <= 10.0 { 1.0 / (1.0 + rank).log2() } else { 0.0 };
            Some((sum.ln() - own, gain))
        };
        let found: Vec<Option<(f64, f64)>> = scores.par_chunks_mut(n.max(1)).zip(some).map(rank).collect();
        for (loss, gain) in found.into_iter().flatten() {
            losses += loss;
            gains += gain;
            count += 1;
        }
    }
    let count = count.max(1) as f64;
    Ok((losses / count, gains / count))
}

/// Targets a second in training: the median of `steps` steps after one to warm up.
///
/// # Errors
/// A forced device that is not there; the device fails.
pub fn samples_per_second(
    net: &SequenceNet,
    histories: &Histories,
    device: DeviceKind,
    steps: usize,
) -> crate::Result<f64> {
    rate_on(net, histories, &device::open(device)?, steps)
}

fn rate_on(net: &SequenceNet, histories: &Histories, device: &Device, steps: usize) -> crate::Result<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let silent = Reporter::silent();
    let drawer = (histories.n_items > MOST_WHOLE).then(|| Drawer::new(&net.popularity, DRAWS));
    let mut stepper = Stepper::new(net, histories, drawer, device)?;
    let cut = pieces::cut(histories, net.settings.max_len, &mut rng);
    let batches = pieces::batches(cut, net.settings.batch, &mut rng);
    let mut rates = Vec::new();
    for (at, some) in batches.iter().cycle().take(steps + 1).enumerate() {
        let started = Instant::now();
        stepper.step(some, &mut rng, &silent)?;
        let asked = stepper.asked;
        // Reading waits for the device.
        stepper.mean_loss()?;
        if at > 0 {
            rates.push(asked as f64 / started.elapsed().as_secs_f64().max(1e-9));
        }
    }
    rates.sort_by(f64::total_cmp);
    Ok(rates.get(rates.len() / 2).copied().unwrap_or(f64::INFINITY))
}
