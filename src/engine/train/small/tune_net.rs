//! Pruning a network that reads sequences: masks over every tensor with two or more axes but the output's,
//! and training on.

use std::time::Instant;

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::SmallSpec;
use super::prune::{PATIENCE, mask, sparsity_at};
use super::tune::Ran;
use crate::job::Reporter;
use crate::metrics;
use crate::train::fit::Updater;
use crate::train::mlp::class_weights;
use crate::train::net::batch::Batch;
use crate::train::net::graph::{Graph, Noise};
use crate::train::net::{Net, NetData, loss, predict_answers, predict_logits};
use crate::train::network::read;
use crate::train::sequence::{NetSettings, SequenceNet};
use crate::train::{DeviceKind, Epoch, Samples, TrainError, device};

/// Steps between two rises of the sparsity.
const RISE_STEPS: usize = 20;

/// Makes zero what masks say; a parameter's id is its place among the weights, from 1.
struct Holder<'a>(&'a [Option<Vec<f32>>]);

impl ModuleMapper for Holder<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let at = usize::try_from(param.id.val()).unwrap_or(0).checked_sub(1);
        let Some(Some(mask)) = at.and_then(|at| self.0.get(at)) else { return param };
        let mask = mask.clone();
        param.map(|tensor| {
            let inner = tensor.inner();
            let mask = Tensor::<D>::from_data(TensorData::new(mask, inner.dims()), &inner.device());
            Tensor::from_inner(inner * mask).require_grad()
        })
    }
}

/// The masks of the weights that are pruned.
pub(super) fn masks(net: &Net, share: f64) -> Vec<Option<Vec<f32>>> {
    let is_pruned = |name: &str, axes: usize| axes > 1 && name != "out.weight";
    let one = |weight: &crate::train::net::Weight| {
        is_pruned(&weight.name, weight.shape.len()).then(|| mask(&weight.values, share))
    };
    net.weights.iter().map(one).collect()
}

/// The network with its smallest weights at zero, and how it came to be.
///
/// # Errors
/// The loss leaves the finite numbers; cancelled.
pub(super) fn pruned(
    of: &SequenceNet,
    (small, ramp): (&SmallSpec, usize),
    settings: &NetSettings,
    samples: &Samples,
    seed: u64,
    report: &Reporter,
) -> crate::Result<(SequenceNet, Ran)> {
    let (train, _) = of.reading.data(&samples.train, report)?;
    let (valid, _) = of.reading.data(&samples.valid, report)?;
    let fit = &settings.fit;
    let spec = &of.net.spec;
    let device = device::open(DeviceKind::Flex)?;
    let tracked = device.clone().autodiff();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut updater = Updater::new(fit);
    let weights = class_weights(&samples.train_labels, settings.class_weight);
    let kind = spec.loss().map_err(TrainError::from)?;
    let mut order: Vec<usize> = (0..train.rows).collect();
    let batch = fit.batch_size.clamp(1, train.rows.max(1));
    let steps = train.rows.div_ceil(batch);
    let mut model = Graph::new(&of.net, &tracked).map_err(TrainError::from)?;
    let mut held: Vec<Option<Vec<f32>>> = Vec::new();
    let mut best: Option<(f64, usize, Net)> = None;
    let ramp = ramp.min(small.epochs.saturating_sub(1));
    let (mut step, mut ran, started) = (0, Ran::default(), Instant::now());
    let now = |model: &Graph| -> Result<Net, TrainError> {
        Ok(Net { weights: model.valid().weights(&of.net)?, ..of.net.clone() })
    };

    for epoch in 1..=small.epochs {
        order.shuffle(&mut rng);
        let mut sum: Option<Tensor<1>> = None;
        for rows in order.chunks(batch) {
            report.check()?;
            if step <= ramp * steps && (step % RISE_STEPS == 0 || step == ramp * steps) {
                let done = step as f64 / (ramp * steps).max(1) as f64;
                held = masks(&now(&model)?, sparsity_at(small.sparsity, done));
                model = model.map(&mut Holder(&held));
            }
            let data = Batch::new(&train, rows, spec, &tracked);
            let column = |of: &dyn Fn(usize) -> f32| {
                let values: Vec<f32> = rows.iter().map(|&at| of(at)).collect();
                Tensor::<2>::from_data(TensorData::new(values, [rows.len(), 1]), &tracked)
            };
            let label = |at: usize| f32::from(u8::from(samples.train_labels.get(at) == Some(&true)));
            let weight = |at: usize| weights.get(at).copied().unwrap_or(1.0);
            let logits = model.forward(spec, &data, Some(Noise { rng: &mut rng, part: None }), &mut None);
            let losses = loss::rows(kind, spec.head, logits, column(&label)) * column(&weight);
            let part = losses.clone().inner().sum();
            sum = Some(sum.map_or(part.clone(), |sum| sum + part));
            let loss = losses.sum() / rows.len() as f64;
            report.check()?;
            let grads = GradientsParams::from_grads(loss.backward(), &model);
            report.check()?;
            model = updater.step(fit.learning_rate, model, grads).map(&mut Holder(&held));
            step += 1;
            report.progress(step as f64 / (steps * small.epochs).max(1) as f64);
        }
        let net = now(&model)?;
        let watched: (&NetData, &[bool]) = match valid.rows {
            0 => (&train, &samples.train_labels),
            _ => (&valid, &samples.valid_labels),
        };
        let (loss, valid_auc) = look(&model.valid(), &net, watched, &device, report)?;
        let sum = sum.map(read).transpose()?.and_then(|sum| sum.first().copied()).unwrap_or(0.0);
        if !loss.is_finite() {
            return Err(TrainError::Diverged { epoch, kept: None }.into());
        }
        ran.history.push(Epoch {
            epoch,
            train_loss: f64::from(sum) / train.rows.max(1) as f64,
            valid_loss: loss,
            valid_auc,
            seconds: started.elapsed().as_secs_f64(),
            planned: small.epochs,
            learning_rate: fit.learning_rate,
        });
        // While the sparsity rises the network is not yet the one that was asked for.
        if epoch <= ramp {
            continue;
        }
        if best.as_ref().is_none_or(|(least, _, _)| loss < *least) {
            best = Some((loss, epoch, net));
        }
        if epoch - best.as_ref().map_or(epoch, |(_, epoch, _)| *epoch) >= PATIENCE {
            break;
        }
    }
    report.progress(1.0);
    let (net, best) = match best {
        Some((_, epoch, net)) => (net, epoch),
        None => (now(&model)?, 0),
    };
    Ok((SequenceNet { net, ..of.clone() }, Ran { best, ..ran }))
}

/// Log loss and area on rows that are not learnt from.
fn look(
    model: &Graph,
    net: &Net,
    (data, labels): (&NetData, &[bool]),
    device: &burn::tensor::Device,
    report: &Reporter,
) -> crate::Result<(f64, Option<f64>)> {
    let answers = predict_answers(net, &predict_logits(model, net, data, device, report)?);
    let terms = metrics::log_loss_terms(&answers, labels);
    let loss = terms.iter().sum::<f64>() / terms.len().max(1) as f64;
    Ok((loss, if loss.is_finite() { metrics::roc_auc(&answers, labels) } else { None }))
}
