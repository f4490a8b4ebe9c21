//! The network as a burn module on a device, and its way from the inputs to the logits.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::nn::{Embedding, Linear};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::batch::{Batch, Steps};
use super::encoder::{Encoder, mean};
use super::{Net, NetError, NetSpec, Weight};
use crate::train::TrainError;
use crate::train::mlp::{dropout_mask, dropout_part};
use crate::train::network::read;

/// Hands out the tensors of a network by name.
pub(super) struct Loader<'a> {
    by_name: HashMap<&'a str, (u64, &'a Weight)>,
    pub device: Device,
}

impl<'a> Loader<'a> {
    fn new(weights: &'a [Weight], device: &Device) -> Self {
        let by_name = (1..).zip(weights).map(|(id, weight)| (weight.name.as_str(), (id, weight)));
        Self { by_name: by_name.collect(), device: device.clone() }
    }

    /// The tensor `name`; its id is its place among the weights, so that optimisers and checkpoints
    /// know it again.
    pub fn param<const D: usize>(&self, name: &str) -> Result<Param<Tensor<D>>, NetError> {
        let missing = || NetError::Weight { name: name.to_owned() };
        let (id, weight) = self.by_name.get(name).ok_or_else(missing)?;
        let shape: [usize; D] = weight.shape.as_slice().try_into().map_err(|_| missing())?;
        if shape.iter().product::<usize>() != weight.values.len() {
            return Err(missing());
        }
        let data = TensorData::new(weight.values.clone(), shape);
        let tensor = Tensor::from_data(data, &self.device);
        let tensor = if self.device.is_autodiff() { tensor.require_grad() } else { tensor };
        Ok(Param::initialized(ParamId::from(*id), tensor))
    }

    pub fn linear(&self, name: &str) -> Result<Linear, NetError> {
        Ok(Linear {
            weight: self.param(&format!("{name}.weight"))?,
            bias: Some(self.param(&format!("{name}.bias"))?),
        })
    }
}

/// What hidden layers answered, gathered only when somebody watches.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// Name of the layer and its answers, `[rows, units]`.
    pub layers: Vec<(String, Tensor<2>)>,
}

impl Probe {
    /// Keeps the answers of a layer.
    pub fn note(probe: &mut Option<Self>, name: impl Fn() -> String, x: &Tensor<2>) {
        if let Some(probe) = probe {
            probe.layers.push((name(), x.clone().without_autodiff()));
        }
    }
}

/// The network on a device.
#[derive(Module, Debug)]
pub(crate) struct Graph {
    categories: Vec<Embedding>,
    embedding: Option<Embedding>,
    pairs: Option<Embedding>,
    tokens: Option<Encoder>,
    events: Option<Encoder>,
    dense: Vec<Linear>,
    out: Linear,
}

/// What is drawn at each step, from the host's stream.
pub(crate) struct Noise<'a> {
    pub rng: &'a mut ChaCha8Rng,
    /// Where these rows begin in the whole batch, and how many that has, if they are a part of it.
    pub part: Option<(usize, usize)>,
}

fn drop<const D: usize>(x: Tensor<D>, share: f64, noise: &mut Option<Noise>) -> Tensor<D> {
    match noise {
        Some(noise) if share > 0.0 => {
            let shape = x.dims();
            let numbers: usize = shape.iter().product();
            let each = numbers / shape.first().copied().unwrap_or(1).max(1);
            let mask = match noise.part {
                Some((from, whole)) => {
                    dropout_part(whole * each, from * each..from * each + numbers, share, noise.rng)
                }
                None => dropout_mask(numbers, share, noise.rng),
            };
            let mask = Tensor::from_data(TensorData::new(mask, shape), &x.device());
            x * mask
        }
        _ => x,
    }
}

impl Graph {
    /// Puts the weights of `net` on `device`.
    ///
    /// # Errors
    /// A weight is missing or has another shape.
    pub fn new(net: &Net, device: &Device) -> Result<Self, NetError> {
        let loader = Loader::new(&net.weights, device);
        let embedding = |name: &str| Ok::<_, NetError>(Embedding { weight: loader.param(name)? });
        let layers = net.weights.iter().filter(|w| w.name.starts_with("dense")).count() / 2;
        Ok(Self {
            categories: (0..net.inputs.categories.len())
                .map(|at| embedding(&format!("category{at}")))
                .collect::<Result<_, _>>()?,
            embedding: match net.inputs.vocabulary {
                0 => None,
                _ => Some(embedding("tokens.embedding")?),
            },
            pairs: match net.inputs.vocabulary.min(net.spec.pairs) {
                0 => None,
                _ => Some(embedding("tokens.pairs")?),
            },
            tokens: match net.inputs.vocabulary {
                0 => None,
                _ => Encoder::load(&loader, "tokens", &net.spec)?,
            },
            events: match net.inputs.channels {
                0 => None,
                _ => Encoder::load(&loader, "events", &net.spec)?,
            },
            dense: (0..layers).map(|at| loader.linear(&format!("dense{at}"))).collect::<Result<_, _>>()?,
            out: loader.linear("out")?,
        })
    }

    /// Logits, `[rows, outputs]`. `noise` draws dropout masks while training.
    pub fn forward(
        &self,
        spec: &NetSpec,
        batch: &Batch,
        mut noise: Option<Noise>,
        probe: &mut Option<Probe>,
    ) -> Tensor<2> {
        let mut parts: Vec<Tensor<2>> = batch.table.iter().cloned().collect();
        for (embedding, ids) in self.categories.iter().zip(&batch.categories) {
            parts.push(embedding.weight.val().select(0, ids.clone()));
        }
        parts.extend(self.vectors(spec, batch, &mut noise, probe));
        self.head(spec, parts, noise, probe)
    }

    /// The bodies' vectors of a batch, `[rows, width]` each: of the tokens, then of the events.
    pub fn vectors(
        &self,
        spec: &NetSpec,
        batch: &Batch,
        noise: &mut Option<Noise>,
        probe: &mut Option<Probe>,
    ) -> Vec<Tensor<2>> {
        let mut parts = Vec::new();
        if let (Some(embedding), Some((ids, steps))) = (&self.embedding, &batch.tokens) {
            let mut x = embedding.weight.val().select(0, ids.clone());
            if let (Some(embedding), Some(pairs)) = (&self.pairs, &batch.pairs) {
                x = x + embedding.weight.val().select(0, pairs.clone());
            }
            let [_, size] = x.dims();
            let x = drop(x.reshape([batch.rows, steps.longest, size]), spec.embedding_dropout, noise);
            let x = masked(x, steps);
            let past = (spec.past_the_body() > 0).then(|| mean(x.clone(), steps));
            parts.push(encode(&self.tokens, x, steps, "tokens", probe));
            parts.extend(past);
        }
        if let Some((x, steps)) = &batch.events {
            parts.push(encode(&self.events, x.clone(), steps, "events", probe));
        }
        parts
    }

    /// Logits of joined parts: table, categories, the bodies' vectors.
    pub fn head(
        &self,
        spec: &NetSpec,
        mut parts: Vec<Tensor<2>>,
        mut noise: Option<Noise>,
        probe: &mut Option<Probe>,
    ) -> Tensor<2> {
        let mut x = match parts.len() {
            1 => parts.swap_remove(0),
            _ => Tensor::cat(parts, 1),
        };
        let (residual, is_mlp) = match spec.body {
            super::Body::Mlp { residual, .. } => (residual, true),
            _ => (false, false),
        };
        if !is_mlp {
            x = drop(x, spec.dropout, &mut noise);
        }
        for (at, layer) in self.dense.iter().enumerate() {
            let y = spec.activation.apply(layer.forward(x.clone()));
            Probe::note(probe, || format!("dense{at}"), &y);
            let y = if residual && y.dims() == x.dims() { y + x } else { y };
            x = drop(y, spec.dropout, &mut noise);
        }
        self.out.forward(x)
    }

    /// The weights back on the host, in the order and under the names of `net`.
    ///
    /// # Errors
    /// The device fails.
    pub fn weights(&self, net: &Net) -> Result<Vec<Weight>, TrainError> {
        struct Reader(HashMap<u64, Result<Vec<f32>, TrainError>>);
        impl ModuleVisitor for Reader {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let tensor = param.val();
                self.0.insert(param.id.val(), read(tensor.without_autodiff()));
            }
        }
        let mut reader = Reader(HashMap::new());
        self.visit(&mut reader);
        (1u64..)
            .zip(&net.weights)
            .map(|(id, weight)| {
                let missing = || NetError::Weight { name: weight.name.clone() };
                let values = reader.0.remove(&id).ok_or_else(missing)??;
                Ok(Weight { name: weight.name.clone(), shape: weight.shape.clone(), values })
            })
            .collect()
    }
}

/// Zeros where there is only padding.
fn masked(x: Tensor<3>, steps: &Steps) -> Tensor<3> {
    let [rows, longest, _] = x.dims();
    x * steps.mask.clone().reshape([rows, longest, 1])
}

fn encode(
    body: &Option<Encoder>,
    x: Tensor<3>,
    steps: &Steps,
    name: &str,
    probe: &mut Option<Probe>,
) -> Tensor<2> {
    match body {
        Some(body) => body.forward(x, steps, name, probe),
        None => mean(x, steps),
    }
}
