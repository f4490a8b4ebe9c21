//! GRU and LSTM over padded sequences, written as products of matrices: burn's own cells cannot be
//! masked, and multiply each gate apart.

use burn::module::{Module, Param};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};

use super::NetError;
use super::batch::Steps;
use super::graph::Loader;
use super::spec::Cell;

/// One direction of a recurrent layer.
#[derive(Module, Debug)]
pub(super) struct Recurrent {
    /// `[inputs, gates · units]`.
    input: Param<Tensor<2>>,
    /// `[units, gates · units]`.
    hidden: Param<Tensor<2>>,
    /// `[gates · units]`.
    bias: Param<Tensor<1>>,
    /// Bias within the reset gate's reach, `[units]`; GRU only.
    candidate_bias: Option<Param<Tensor<1>>>,
    units: usize,
}

impl Recurrent {
    pub fn load(loader: &Loader, name: &str, cell: Cell, units: usize) -> Result<Self, NetError> {
        Ok(Self {
            input: loader.param(&format!("{name}.input"))?,
            hidden: loader.param(&format!("{name}.hidden"))?,
            bias: loader.param(&format!("{name}.bias"))?,
            candidate_bias: match cell {
                Cell::Gru => Some(loader.param(&format!("{name}.candidate_bias"))?),
                Cell::Lstm => None,
            },
            units,
        })
    }

    /// The state after the last real step, `[rows, units]`, of `x`, `[rows, steps, inputs]`; zeros
    /// for a row without steps. `reverse` reads from the last real step to the first.
    pub fn forward(&self, x: Tensor<3>, steps: &Steps, reverse: bool) -> Tensor<2> {
        let [rows, longest, inputs] = x.dims();
        let device = x.device();
        let gates = self.bias.dims()[0];
        // All steps meet the input weights in one product; step after step only meets the state's.
        let x = x.swap_dims(0, 1).reshape([longest * rows, inputs]).matmul(self.input.val());
        let x = (x + self.bias.val().unsqueeze::<2>()).reshape([longest, rows, gates]);
        let mut parts = Vec::with_capacity(longest);
        unbind(x, &mut parts);
        let order: Box<dyn Iterator<Item = (usize, Tensor<2>)>> = if reverse {
            Box::new(parts.into_iter().enumerate().rev())
        } else {
            Box::new(parts.into_iter().enumerate())
        };
        match &self.candidate_bias {
            Some(bias) => self.gru(order, &bias.val(), rows, steps, &device),
            None => self.lstm(order, rows, steps, &device),
        }
    }

    /// r, z = σ(xW + hU + b);  n = tanh(xWₙ + bₙ + r ⊙ (hUₙ + cₙ));  h ← h + m (1 − z) ⊙ (n − h),
    /// m the mask of the step.
    fn gru(
        &self,
        parts: impl Iterator<Item = (usize, Tensor<2>)>,
        candidate_bias: &Tensor<1>,
        rows: usize,
        steps: &Steps,
        device: &Device,
    ) -> Tensor<2> {
        let n = self.units;
        let hidden = self.hidden.val();
        let candidate_bias = candidate_bias.clone().unsqueeze::<2>();
        let mut h = Tensor::<2>::zeros([rows, n], device);
        for (at, x) in parts {
            let u = h.clone().matmul(hidden.clone());
            let gates = sigmoid(x.clone().narrow(1, 0, 2 * n) + u.clone().narrow(1, 0, 2 * n));
            let reset = gates.clone().narrow(1, 0, n);
            let keep = gates.narrow(1, n, n);
            let u = u.narrow(1, 2 * n, n) + candidate_bias.clone();
            let candidate = tanh(x.narrow(1, 2 * n, n) + reset * u);
            let mut change = (keep.neg() + 1.0) * (candidate - h.clone());
            if let Some(live) = steps.live(at, device) {
                change = change * live;
            }
            h = h + change;
        }
        h
    }

    /// i, f, o = σ(xW + hU + b);  g = tanh(…);  c' = f ⊙ c + i ⊙ g;  h' = o ⊙ tanh(c'); both are kept
    /// where the step is padding.
    fn lstm(
        &self,
        parts: impl Iterator<Item = (usize, Tensor<2>)>,
        rows: usize,
        steps: &Steps,
        device: &Device,
    ) -> Tensor<2> {
        let n = self.units;
        let hidden = self.hidden.val();
        let mut h = Tensor::<2>::zeros([rows, n], device);
        let mut c = Tensor::<2>::zeros([rows, n], device);
        for (at, x) in parts {
            let gates = x + h.clone().matmul(hidden.clone());
            let pair = sigmoid(gates.clone().narrow(1, 0, 2 * n));
            let (write, keep) = (pair.clone().narrow(1, 0, n), pair.narrow(1, n, n));
            let candidate = tanh(gates.clone().narrow(1, 2 * n, n));
            let show = sigmoid(gates.narrow(1, 3 * n, n));
            let next = keep * c.clone() + write * candidate;
            let shown = show * tanh(next.clone());
            match steps.live(at, device) {
                Some(live) => {
                    c = c.clone() + (next - c) * live.clone();
                    h = h.clone() + (shown - h) * live;
                }
                None => (c, h) = (next, shown),
            }
        }
        h
    }
}

/// tanh x = 2 σ(2x) − 1: flex works out both value by value with the C library, whose `tanhf` costs three
/// times its `expf`, and was a quarter of a GRU's time.
fn tanh(x: Tensor<2>) -> Tensor<2> {
    sigmoid(x * 2.0) * 2.0 - 1.0
}

/// The slices of `x` along its first dimension. Halved again and again, since the gradient of every
/// slice is as large as what it was cut from: T slices of the whole would cost T² steps, this costs
/// T log T.
pub(crate) fn unbind(x: Tensor<3>, into: &mut Vec<Tensor<2>>) {
    let [steps, rows, width] = x.dims();
    if steps <= 1 {
        into.push(x.reshape([rows, width]));
        return;
    }
    let half = steps / 2;
    unbind(x.clone().narrow(0, 0, half), into);
    unbind(x.narrow(0, half, steps - half), into);
}
