//! The network as a burn module: from pieces of histories to a vector at every step. It only ever looks
//! back, so that zeros after the end of a shorter piece change nothing before them.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::activation::{relu, sigmoid, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::{Body, NetworkSettings};
use crate::train::net::{NetError, Weight, unbind};
use crate::train::{TrainError, dropout_mask, read};

/// Hands out the tensors of a network by name.
struct Loader<'a> {
    by_name: HashMap<&'a str, (u64, &'a Weight)>,
    device: Device,
}

impl Loader<'_> {
    /// The tensor `name`; its id is its place among the weights.
    fn param<const D: usize>(&self, name: &str) -> Result<Param<Tensor<D>>, NetError> {
        let missing = || NetError::Weight { name: name.to_owned() };
        let (id, weight) = self.by_name.get(name).ok_or_else(missing)?;
        let shape: [usize; D] = weight.shape.as_slice().try_into().map_err(|_| missing())?;
        let tensor = Tensor::from_data(TensorData::new(weight.values.clone(), shape), &self.device);
        let tensor = if self.device.is_autodiff() { tensor.require_grad() } else { tensor };
        Ok(Param::initialized(ParamId::from(*id), tensor))
    }

    fn linear(&self, name: &str) -> Result<Linear, NetError> {
        let bias = Some(self.param(&format!("{name}.bias"))?);
        Ok(Linear { weight: self.param(&format!("{name}.weight"))?, bias })
    }

    fn norm(&self, name: &str, width: usize) -> Result<LayerNorm, NetError> {
        let mut norm = LayerNormConfig::new(width).init(&self.device);
        norm.gamma = self.param(&format!("{name}.gamma"))?;
        norm.beta = Some(self.param(&format!("{name}.beta"))?);
        Ok(norm)
    }
}

/// Dropout from the host's stream.
struct Noise<'a> {
    rng: &'a mut ChaCha8Rng,
    share: f64,
}

impl Noise<'_> {
    fn drop<const D: usize>(&mut self, x: Tensor<D>) -> Tensor<D> {
        if self.share <= 0.0 {
            return x;
        }
        let shape = x.dims();
        let mask = dropout_mask(shape.iter().product(), self.share, self.rng);
        let mask = Tensor::from_data(TensorData::new(mask, shape), &x.device());
        x * mask
    }
}

#[derive(Module, Debug)]
struct Conv {
    linear: Linear,
    norm: LayerNorm,
    kernel: usize,
    /// Steps between the products that are seen together.
    apart: usize,
}

#[derive(Module, Debug)]
struct Gru {
    input: Linear,
    hidden: Param<Tensor<2>>,
    candidate_bias: Param<Tensor<1>>,
    project: Linear,
}

#[derive(Module, Debug)]
struct Attending {
    norm0: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    norm1: LayerNorm,
    inner: Linear,
    outer: Linear,
    heads: usize,
}

#[derive(Module, Debug)]
struct Attention {
    positions: Param<Tensor<2>>,
    norm: LayerNorm,
    layers: Vec<Attending>,
}

/// The network on a device.
#[derive(Module, Debug)]
pub(super) struct Graph {
    /// `[products, size]`: read from, and answered with.
    pub items: Param<Tensor<2>>,
    /// `[products]`.
    pub bias: Param<Tensor<1>>,
    convs: Vec<Conv>,
    gru: Option<Gru>,
    attention: Option<Attention>,
    norm: Option<LayerNorm>,
}

impl Graph {
    /// Puts weights on `device`.
    pub fn new(
        body: Body,
        settings: &NetworkSettings,
        weights: &[Weight],
        device: &Device,
    ) -> Result<Self, NetError> {
        let by_name = (1..).zip(weights).map(|(id, weight)| (weight.name.as_str(), (id, weight)));
        let loader = Loader { by_name: by_name.collect(), device: device.clone() };
        let size = settings.size;
        let conv = |at: usize| {
            let name = format!("conv{at}");
            let norm = loader.norm(&format!("{name}.norm"), size)?;
            let linear = loader.linear(&name)?;
            Ok::<_, NetError>(Conv { linear, norm, kernel: settings.kernel, apart: 1 << at.min(16) })
        };
        let convs = match body {
            Body::Cnn => settings.layers,
            Body::Hybrid => 1,
            Body::Gru | Body::Attention => 0,
        };
        let gru = || {
            Ok::<_, NetError>(Gru {
                input: loader.linear("gru.input")?,
                hidden: loader.param("gru.hidden")?,
                candidate_bias: loader.param("gru.candidate_bias")?,
                project: loader.linear("project")?,
            })
        };
        let attending = |at: usize| {
            let part = |name: &str| loader.linear(&format!("layer{at}.{name}"));
            Ok::<_, NetError>(Attending {
                norm0: loader.norm(&format!("layer{at}.norm0"), size)?,
                query: part("query")?,
                key: part("key")?,
                value: part("value")?,
                output: part("output")?,
                norm1: loader.norm(&format!("layer{at}.norm1"), size)?,
                inner: part("inner")?,
                outer: part("outer")?,
                heads: settings.heads,
            })
        };
        Ok(Self {
            items: loader.param("items")?,
            bias: loader.param("items.bias")?,
            convs: (0..convs).map(conv).collect::<Result<_, _>>()?,
            gru: match body {
                Body::Gru | Body::Hybrid => Some(gru()?),
                _ => None,
            },
            attention: match body {
                Body::Attention => Some(Attention {
                    positions: loader.param("positions")?,
                    norm: loader.norm("norm0", size)?,
                    layers: (0..settings.layers).map(attending).collect::<Result<_, _>>()?,
                }),
                _ => None,
            },
            norm: match body {
                Body::Cnn | Body::Attention => Some(loader.norm("norm", size)?),
                _ => None,
            },
        })
    }

    /// A vector at every step, `[rows · steps, size]`, of `tokens`, `rows · steps` products row by row.
    /// `noise` draws dropout from the host's stream with this share.
    pub fn forward(
        &self,
        tokens: Vec<i32>,
        (rows, steps): (usize, usize),
        (rng, share): (&mut ChaCha8Rng, f64),
    ) -> Tensor<2> {
        let device = self.items.device();
        let mut noise = Noise { rng, share };
        let size = self.items.dims()[1];
        let tokens = Tensor::<1, Int>::from_data(TensorData::new(tokens, [rows * steps]), &device);
        let mut x = self.items.val().select(0, tokens).reshape([rows, steps, size]);
        if let Some(attention) = &self.attention {
            let places = attention.positions.val().narrow(0, 0, steps);
            x = attention.norm.forward(x + places.unsqueeze::<3>());
        }
        x = noise.drop(x);
        for conv in &self.convs {
            let y = relu(conv.norm.forward(conv.forward(x.clone())));
            x = x + noise.drop(y);
        }
        if let Some(gru) = &self.gru {
            x = gru.forward(x);
        }
        if let Some(attention) = &self.attention {
            let ahead = ahead(steps, &device);
            for layer in &attention.layers {
                let y = layer.attend(layer.norm0.forward(x.clone()), &ahead);
                x = x + noise.drop(y);
                let y = relu(layer.inner.forward(layer.norm1.forward(x.clone())));
                let y = layer.outer.forward(noise.drop(y));
                x = x + noise.drop(y);
            }
        }
        if let Some(norm) = &self.norm {
            x = norm.forward(x);
        }
        x.reshape([rows * steps, size])
    }

    /// The weights back on the host, in the order and under the names of `like`.
    pub fn weights(&self, like: &[Weight]) -> Result<Vec<Weight>, TrainError> {
        struct Reader(HashMap<u64, Result<Vec<f32>, TrainError>>);
        impl ModuleVisitor for Reader {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.insert(param.id.val(), read(param.val().without_autodiff()));
            }
        }
        let mut reader = Reader(HashMap::new());
        self.visit(&mut reader);
        let of = |(id, weight): (u64, &Weight)| {
            let missing = || NetError::Weight { name: weight.name.clone() };
            let values = reader.0.remove(&id).ok_or_else(missing)??;
            Ok(Weight { name: weight.name.clone(), shape: weight.shape.clone(), values })
        };
        (1u64..).zip(like).map(of).collect()
    }
}

impl Conv {
    /// Each step meets itself and the ones before it, `apart` steps from each other, side by side in one
    /// product; before the first there are zeros.
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [rows, steps, size] = x.dims();
        let before = |by: usize| match by {
            0 => x.clone(),
            by if by >= steps => x.zeros_like(),
            by => {
                let zeros = Tensor::<3>::zeros([rows, by, size], &x.device());
                Tensor::cat(vec![zeros, x.clone().narrow(1, 0, steps - by)], 1)
            }
        };
        let side_by_side = (0..self.kernel).rev().map(|at| before(at * self.apart)).collect();
        self.linear.forward(Tensor::cat(side_by_side, 2))
    }
}

impl Gru {
    /// r, z = σ(xW + hU + b);  n = tanh(xWₙ + bₙ + r ⊙ (hUₙ + cₙ));  h ← h + (1 − z) ⊙ (n − h) (Cho et al. 2014).
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [rows, steps, inputs] = x.dims();
        let units = self.candidate_bias.dims()[0];
        // All steps meet the input's weights in one product; step after step only the state's.
        let x = x.swap_dims(0, 1).reshape([steps * rows, inputs]);
        let x = self.input.forward(x).reshape([steps, rows, 3 * units]);
        let mut parts = Vec::with_capacity(steps);
        unbind(x, &mut parts);
        let hidden = self.hidden.val().transpose();
        let bias = self.candidate_bias.val().unsqueeze::<2>();
        let mut h = Tensor::<2>::zeros([rows, units], &self.hidden.device());
        let mut all = Vec::with_capacity(steps);
        for x in parts {
            let u = h.clone().matmul(hidden.clone());
            let gates = sigmoid(x.clone().narrow(1, 0, 2 * units) + u.clone().narrow(1, 0, 2 * units));
            let reset = gates.clone().narrow(1, 0, units);
            let keep = gates.narrow(1, units, units);
            let inner =
                x.narrow(1, 2 * units, units) + reset * (u.narrow(1, 2 * units, units) + bias.clone());
            // tanh a = 2 σ(2a) − 1: on flex the logistic function is the cheaper one.
            let candidate = sigmoid(inner * 2.0) * 2.0 - 1.0;
            h = h.clone() + (keep.neg() + 1.0) * (candidate - h);
            all.push(h.clone());
        }
        let all = Tensor::cat(all, 0);
        self.project.forward(all).reshape([steps, rows, self.project.weight.dims()[1]]).swap_dims(0, 1)
    }
}

impl Attending {
    /// softmax(QKᵀ / √d + M) V for each head, M shutting out what comes later (Vaswani et al. 2017).
    fn attend(&self, x: Tensor<3>, ahead: &Tensor<4>) -> Tensor<3> {
        let [rows, steps, size] = x.dims();
        let width = size / self.heads;
        let split = |linear: &Linear| {
            linear.forward(x.clone()).reshape([rows, steps, self.heads, width]).swap_dims(1, 2)
        };
        let (q, k, v) = (split(&self.query), split(&self.key), split(&self.value));
        let scores = q.matmul(k.swap_dims(2, 3)) * (1.0 / (width as f64).sqrt()) + ahead.clone();
        let mixed = softmax(scores, 3).matmul(v);
        self.output.forward(mixed.swap_dims(1, 2).reshape([rows, steps, size]))
    }
}

/// `[1, 1, steps, steps]`: a number that no softmax lets through where the column comes after the row.
fn ahead(steps: usize, device: &Device) -> Tensor<4> {
    let mask: Vec<f32> = (0..steps)
        .flat_map(|row| (0..steps).map(move |column| if column > row { -1e9 } else { 0.0 }))
        .collect();
    Tensor::from_data(TensorData::new(mask, [1, 1, steps, steps]), device)
}
