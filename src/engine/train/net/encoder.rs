//! Bodies: what turns a sequence, `[rows, steps, inputs]`, into a vector a row. Padding never enters a
//! result, and a row without steps gives zeros.

use burn::module::{Module, Param};
use burn::nn::attention::{MhaInput, MultiHeadAttention, MultiHeadAttentionConfig};
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::activation::{gelu, relu};
use burn::tensor::{Tensor, TensorData};

use super::batch::Steps;
use super::graph::{Loader, Probe};
use super::recurrent::Recurrent;
use super::spec::{Body, Cell, Positions};
use super::{NetError, NetSpec};

/// The body of one sequence input.
#[derive(Module, Debug)]
pub(super) enum Encoder {
    Cnn(Cnn),
    Rnn(Rnn),
    CnnRnn(CnnRnn),
    Transformer(Transformer),
}

#[derive(Module, Debug)]
pub(super) struct Cnn {
    convs: Vec<Conv1d>,
    mean_pool: bool,
}

#[derive(Module, Debug)]
pub(super) struct Rnn {
    forward: Recurrent,
    backward: Option<Recurrent>,
}

#[derive(Module, Debug)]
pub(super) struct CnnRnn {
    conv: Conv1d,
    forward: Recurrent,
}

#[derive(Module, Debug)]
pub(super) struct Transformer {
    input: Linear,
    /// `[max_len, model]` where positions are learned.
    positions: Option<Param<Tensor<2>>>,
    layers: Vec<Attending>,
    norm: LayerNorm,
    model: usize,
    /// What the input is multiplied with: √size for embeddings, which start small beside the positions
    /// (Vaswani et al. 2017, section 3.4).
    scale: f64,
}

/// One layer of a Transformer.
#[derive(Module, Debug)]
pub(super) struct Attending {
    norm0: LayerNorm,
    attention: MultiHeadAttention,
    norm1: LayerNorm,
    inner: Linear,
    outer: Linear,
}

impl Encoder {
    /// The body for the input `name`; none for the MLP.
    pub fn load(loader: &Loader, name: &str, spec: &NetSpec) -> Result<Option<Self>, NetError> {
        Ok(Some(match &spec.body {
            Body::Mlp { .. } => return Ok(None),
            Body::Cnn { kernels, .. } => Self::Cnn(Cnn {
                convs: (0..kernels.len())
                    .map(|at| convolution(loader, &format!("{name}.conv{at}")))
                    .collect::<Result<_, _>>()?,
                mean_pool: spec.mean_pool,
            }),
            Body::Rnn { cell, units, bidirectional } => Self::Rnn(Rnn {
                forward: Recurrent::load(loader, &format!("{name}.forward"), *cell, *units)?,
                backward: match bidirectional {
                    true => Some(Recurrent::load(loader, &format!("{name}.backward"), *cell, *units)?),
                    false => None,
                },
            }),
            Body::CnnRnn { units, .. } => Self::CnnRnn(CnnRnn {
                conv: convolution(loader, &format!("{name}.conv0"))?,
                forward: Recurrent::load(loader, &format!("{name}.forward"), Cell::Gru, *units)?,
            }),
            Body::Transformer { layers, heads, model, positions, .. } => Self::Transformer(Transformer {
                input: loader.linear(&format!("{name}.in"))?,
                positions: match positions {
                    Positions::Learned => Some(loader.param(&format!("{name}.positions"))?),
                    Positions::Sinusoidal => None,
                },
                layers: (0..*layers)
                    .map(|at| Attending::load(loader, &format!("{name}.layer{at}"), *model, *heads))
                    .collect::<Result<_, _>>()?,
                norm: norm(loader, &format!("{name}.norm"), *model)?,
                model: *model,
                scale: if name == "tokens" { (spec.token_size as f64).sqrt() } else { 1.0 },
            }),
        }))
    }

    /// One vector a row. `x` is zero where the mask is.
    pub fn forward(&self, x: Tensor<3>, steps: &Steps, name: &str, probe: &mut Option<Probe>) -> Tensor<2> {
        match self {
            Self::Cnn(body) => {
                let convs: Vec<&Conv1d> = body.convs.iter().collect();
                let rows = x.dims()[0];
                let answers = windows(&convs, x, steps);
                let filters = answers.dims()[2];
                let means = body.mean_pool.then(|| mean(answers.clone(), steps));
                // After the ReLU nothing is below zero, so a padded zero never wins.
                let greatest = answers.max_dim(1).reshape([rows, filters]);
                let mut pooled = Vec::new();
                let mut from = 0;
                for (at, conv) in convs.iter().enumerate() {
                    let filters = conv.weight.dims()[0];
                    pooled.extend(means.as_ref().map(|means| means.clone().narrow(1, from, filters)));
                    let greatest = greatest.clone().narrow(1, from, filters);
                    Probe::note(probe, || format!("{name}.conv{at}"), &greatest);
                    pooled.push(greatest);
                    from += filters;
                }
                Tensor::cat(pooled, 1)
            }
            Self::Rnn(body) => {
                let ahead = body.forward.forward(x.clone(), steps, false);
                let state = match &body.backward {
                    Some(back) => Tensor::cat(vec![ahead, back.forward(x, steps, true)], 1),
                    None => ahead,
                };
                Probe::note(probe, || format!("{name}.state"), &state);
                state
            }
            Self::CnnRnn(body) => {
                let answers = windows(&[&body.conv], x, steps);
                let state = body.forward.forward(answers, steps, false);
                Probe::note(probe, || format!("{name}.state"), &state);
                state
            }
            Self::Transformer(body) => {
                let mean = body.forward(x, steps);
                Probe::note(probe, || format!("{name}.mean"), &mean);
                mean
            }
        }
    }
}

/// The mean over the real steps: how an MLP sees a sequence.
pub(super) fn mean(x: Tensor<3>, steps: &Steps) -> Tensor<2> {
    let [rows, _, width] = x.dims();
    let device = x.device();
    x.sum_dim(1).reshape([rows, width]) * steps.shares(&device)
}

/// ReLU of the convolutions at every real step, `[rows, steps, all filters]`: the window of a step begins
/// with it and reaches over zeros past the end. The windows of the widest are laid side by side and meet
/// all filters, the shorter ones lengthened by zeros, in one product: on flex that costs less than to lay
/// out the windows of each width, and less than burn's convolution.
fn windows(convs: &[&Conv1d], x: Tensor<3>, steps: &Steps) -> Tensor<3> {
    let [rows, longest, inputs] = x.dims();
    let device = x.device();
    let widest = convs.iter().map(|conv| conv.weight.dims()[2]).max().unwrap_or(1);
    let x = if widest > 1 {
        Tensor::cat(vec![x, Tensor::<3>::zeros([rows, widest - 1, inputs], &device)], 1)
    } else {
        x
    };
    let shifted = (0..widest).map(|at| x.clone().narrow(1, at, longest)).collect();
    let side_by_side = Tensor::cat(shifted, 2).reshape([rows * longest, widest * inputs]);
    let (mut weights, mut biases) = (Vec::new(), Vec::new());
    for conv in convs {
        let [filters, _, kernel] = conv.weight.dims();
        let weight = conv.weight.val().permute([2, 1, 0]).reshape([kernel * inputs, filters]);
        weights.push(if kernel < widest {
            let zeros = Tensor::<2>::zeros([(widest - kernel) * inputs, filters], &device);
            Tensor::cat(vec![weight, zeros], 0)
        } else {
            weight
        });
        let none = || Tensor::<1>::zeros([filters], &device);
        biases.push(conv.bias.as_ref().map_or_else(none, Param::val));
    }
    let (weight, bias) = (Tensor::cat(weights, 1), Tensor::cat(biases, 0));
    let [_, filters] = weight.dims();
    let answers = side_by_side.matmul(weight).reshape([rows, longest, filters]);
    relu(answers + bias.reshape([1, 1, filters])) * steps.mask.clone().reshape([rows, longest, 1])
}

fn convolution(loader: &Loader, name: &str) -> Result<Conv1d, NetError> {
    let weight: Param<Tensor<3>> = loader.param(&format!("{name}.weight"))?;
    let [filters, inputs, kernel] = weight.dims();
    let mut conv = Conv1dConfig::new(inputs, filters, kernel).init(&loader.device);
    conv.weight = weight;
    conv.bias = Some(loader.param(&format!("{name}.bias"))?);
    Ok(conv)
}

fn norm(loader: &Loader, name: &str, width: usize) -> Result<LayerNorm, NetError> {
    let mut norm = LayerNormConfig::new(width).init(&loader.device);
    norm.gamma = loader.param(&format!("{name}.gamma"))?;
    norm.beta = Some(loader.param(&format!("{name}.beta"))?);
    Ok(norm)
}

impl Attending {
    fn load(loader: &Loader, name: &str, model: usize, heads: usize) -> Result<Self, NetError> {
        // Its own dropout would draw from the device's random state.
        let config = MultiHeadAttentionConfig::new(model, heads).with_dropout(0.0);
        let mut attention = config.init(&loader.device);
        attention.query = loader.linear(&format!("{name}.query"))?;
        attention.key = loader.linear(&format!("{name}.key"))?;
        attention.value = loader.linear(&format!("{name}.value"))?;
        attention.output = loader.linear(&format!("{name}.output"))?;
        Ok(Self {
            norm0: norm(loader, &format!("{name}.norm0"), model)?,
            attention,
            norm1: norm(loader, &format!("{name}.norm1"), model)?,
            inner: loader.linear(&format!("{name}.inner"))?,
            outer: loader.linear(&format!("{name}.outer"))?,
        })
    }
}

impl Transformer {
    fn forward(&self, x: Tensor<3>, steps: &Steps) -> Tensor<2> {
        let longest = steps.longest;
        let device = x.device();
        let positions = match &self.positions {
            Some(learned) => learned.val().narrow(0, 0, longest),
            None => {
                let table = sinusoids(longest, self.model);
                Tensor::from_data(TensorData::new(table, [longest, self.model]), &device)
            }
        };
        let mut x = self.input.forward(x * self.scale) + positions.unsqueeze::<3>();
        let padding = steps.mask.clone().lower_elem(0.5);
        for layer in &self.layers {
            let y = layer.norm0.forward(x.clone());
            x = x + layer.attention.forward(MhaInput::self_attn(y).mask_pad(padding.clone())).context;
            let y = layer.norm1.forward(x.clone());
            x = x + layer.outer.forward(gelu(layer.inner.forward(y)));
        }
        let [rows, _, _] = x.dims();
        mean(self.norm.forward(x) * steps.mask.clone().reshape([rows, longest, 1]), steps)
    }
}

/// `[steps, model]`: sin(t / 10000^(2i/model)) at 2i, its cosine at 2i + 1 (Vaswani et al. 2017).
fn sinusoids(steps: usize, model: usize) -> Vec<f32> {
    let value = |at: usize, column: usize| {
        let pair = (column / 2 * 2) as f64 / model as f64;
        let angle = at as f64 / 10_000f64.powf(pair);
        (if column.is_multiple_of(2) { angle.sin() } else { angle.cos() }) as f32
    };
    (0..steps).flat_map(|at| (0..model).map(move |column| value(at, column))).collect()
}
