//! The sum of every row's gradient, each shortened to a bound, in two passes of matrix products. A dense
//! layer's gradient for one row is the outer product of what came in and what comes back, so its squared
//! length is the product of theirs (Goodfellow 2015, "Efficient per-example gradient computations").

use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};

use crate::train::TrainError;
use crate::train::net::loss;
use crate::train::network::{Activation, Dense, read};

/// Rounding in 32 bits must not carry a gradient past its bound.
const MARGIN: f64 = 1.0 - 1e-5;

/// Each layer's summed gradient: weights `[inputs, outputs]` and bias `[outputs]`.
pub(super) type Sums = Vec<(Tensor<2>, Tensor<1>)>;

/// The sum of the rows' gradients, each of length `clip` at most over all weights together, and the sum of
/// their losses (binary cross-entropy, in nats). `x` is `[rows, width]`, `y` `[rows, 1]`; `masks` as in
/// [`Dense::forward`]. `model` must not track gradients.
pub(super) fn clipped_sum(
    model: &Dense,
    activation: Activation,
    x: Tensor<2>,
    y: Tensor<2>,
    masks: &[Tensor<2>],
    clip: f64,
) -> Result<(Sums, f64), TrainError> {
    let last = model.layers.len().saturating_sub(1);
    let (mut inputs, mut slopes) = (Vec::new(), Vec::new());
    let mut x = x;
    for (at, layer) in model.layers.iter().enumerate() {
        inputs.push(x.clone());
        let z = layer.forward(x);
        if at == last {
            x = z;
            break;
        }
        let answer = activation.apply(z.clone());
        let slope = slope(activation, z, answer.clone());
        (x, slopes) = match masks.get(at) {
            Some(mask) => (answer * mask.clone(), with(slopes, slope * mask.clone())),
            None => (answer, with(slopes, slope)),
        };
    }
    let loss = read(loss::entropy(x.clone(), y.clone()).sum())?.first().copied().unwrap_or(f32::NAN);

    // Back from the output: what comes back to each layer, and each row's squared length so far.
    let mut back = sigmoid(x) - y;
    let mut square = back.zeros_like();
    let mut backs = Vec::new();
    for (at, (layer, input)) in model.layers.iter().zip(&inputs).enumerate().rev() {
        let came_in = input.clone().square().sum_dim(1).add_scalar(1.0);
        square = square + came_in * back.clone().square().sum_dim(1);
        backs.push(back.clone());
        if let Some(slope) = at.checked_sub(1).and_then(|before| slopes.get(before)) {
            back = back.matmul(layer.weight.val().transpose()) * slope.clone();
        }
    }
    let shorten = square.sqrt().add_scalar(1e-12).recip().mul_scalar(clip * MARGIN).clamp_max(1.0);
    let sums = inputs.into_iter().zip(backs.into_iter().rev()).map(|(input, back)| {
        let back = back * shorten.clone();
        let [_, outputs] = back.dims();
        (input.transpose().matmul(back.clone()), back.sum_dim(0).reshape([outputs]))
    });
    Ok((sums.collect(), f64::from(loss)))
}

/// The sum over no rows.
pub(super) fn nothing(model: &Dense, device: &Device) -> Sums {
    let zeros = |layer: &burn::nn::Linear| {
        let [inputs, outputs] = layer.weight.val().dims();
        (Tensor::zeros([inputs, outputs], device), Tensor::zeros([outputs], device))
    };
    model.layers.iter().map(zeros).collect()
}

fn with(mut all: Vec<Tensor<2>>, one: Tensor<2>) -> Vec<Tensor<2>> {
    all.push(one);
    all
}

/// The activation's derivative at `z`, whose answer is `a`.
fn slope(activation: Activation, z: Tensor<2>, a: Tensor<2>) -> Tensor<2> {
    match activation {
        Activation::Relu => z.greater_elem(0.0).float(),
        Activation::Tanh => a.square().neg().add_scalar(1.0),
        Activation::Sigmoid => a.clone() * a.neg().add_scalar(1.0),
        // x Φ(x) goes to Φ(x) + x φ(x).
        Activation::Gelu => {
            let below = z.clone().div_scalar(std::f64::consts::SQRT_2).erf().add_scalar(1.0).mul_scalar(0.5);
            let density = z.clone().square().mul_scalar(-0.5).exp();
            let density = density.div_scalar((2.0 * std::f64::consts::PI).sqrt());
            below + z * density
        }
    }
}
