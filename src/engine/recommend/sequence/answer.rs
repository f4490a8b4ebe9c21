//! One customer's vector on the host, without a device: the same arithmetic as [`super::graph`], for the
//! last step only where that is enough.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

use super::{Body, NetworkSettings};
use crate::train::net::Weight;

/// The weights by name.
pub(super) struct Named<'a>(pub &'a [Weight]);

impl<'a> Named<'a> {
    fn get(&self, name: &str) -> Option<&'a Weight> {
        self.0.iter().find(|weight| weight.name == name)
    }

    pub fn vector(&self, name: &str) -> Option<ArrayView1<'a, f32>> {
        Some(ArrayView1::from(self.get(name)?.values.as_slice()))
    }

    pub fn matrix(&self, name: &str) -> Option<ArrayView2<'a, f32>> {
        let weight = self.get(name)?;
        match weight.shape.as_slice() {
            [rows, columns] => ArrayView2::from_shape((*rows, *columns), &weight.values).ok(),
            _ => None,
        }
    }

    fn linear(&self, name: &str, x: &ArrayView2<'_, f32>) -> Option<Array2<f32>> {
        let weight = self.matrix(&format!("{name}.weight"))?;
        let bias = self.vector(&format!("{name}.bias"))?;
        (weight.nrows() == x.ncols()).then(|| x.dot(&weight) + bias)
    }

    fn norm(&self, name: &str, x: &mut Array2<f32>) -> Option<()> {
        let gamma = self.vector(&format!("{name}.gamma"))?;
        let beta = self.vector(&format!("{name}.beta"))?;
        for mut row in x.axis_iter_mut(Axis(0)) {
            let n = row.len().max(1) as f32;
            let mean = row.sum() / n;
            let spread = row.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / n;
            let scale = 1.0 / (spread + 1e-5).sqrt();
            for ((value, gamma), beta) in row.iter_mut().zip(gamma).zip(beta) {
                *value = (*value - mean) * scale * gamma + beta;
            }
        }
        Some(())
    }
}

/// The vector after the last of `tokens`, oldest first, at most `max_len` of them; `None` without any, or
/// where weights are missing.
pub(super) fn vector(
    body: Body,
    settings: &NetworkSettings,
    named: &Named,
    tokens: &[usize],
) -> Option<Array1<f32>> {
    let items = named.matrix("items")?;
    if tokens.is_empty() || tokens.iter().any(|token| *token >= items.nrows()) {
        return None;
    }
    let mut x = items.select(Axis(0), tokens);
    match body {
        Body::Gru => x = gru(named, &x.view())?,
        Body::Hybrid => {
            convolve(named, 0, settings.kernel, &mut x)?;
            x = gru(named, &x.view())?;
        }
        Body::Cnn => {
            (0..settings.layers).try_for_each(|at| convolve(named, at, settings.kernel, &mut x))?;
            x = x.slice(s![-1.., ..]).to_owned();
            named.norm("norm", &mut x)?;
        }
        Body::Attention => {
            let places = named.matrix("positions")?;
            x += &places.slice(s![..tokens.len().min(places.nrows()), ..]);
            named.norm("norm0", &mut x)?;
            for at in 0..settings.layers {
                x = attend(named, at, settings, x)?;
            }
            named.norm("norm", &mut x)?;
        }
    }
    Some(x.row(x.nrows().checked_sub(1)?).to_owned())
}

/// A residual causal convolution over all steps.
fn convolve(named: &Named, at: usize, kernel: usize, x: &mut Array2<f32>) -> Option<()> {
    let (steps, size) = x.dim();
    let mut side_by_side = Array2::<f32>::zeros((steps, kernel * size));
    for place in 0..kernel {
        let back = (kernel - 1 - place) << at.min(16);
        if back < steps {
            let mut part = side_by_side.slice_mut(s![back.., place * size..(place + 1) * size]);
            part.assign(&x.slice(s![..steps - back, ..]));
        }
    }
    let name = format!("conv{at}");
    let mut y = named.linear(&name, &side_by_side.view())?;
    named.norm(&format!("{name}.norm"), &mut y)?;
    x.zip_mut_with(&y, |x, y| *x += y.max(0.0));
    Some(())
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The recurrent layer: its last state, projected, as one row.
fn gru(named: &Named, x: &ArrayView2<'_, f32>) -> Option<Array2<f32>> {
    let hidden = named.matrix("gru.hidden")?;
    let bias = named.vector("gru.candidate_bias")?;
    let bias = bias.as_slice()?;
    let units = bias.len();
    let inputs = named.linear("gru.input", x)?;
    let mut h = vec![0.0f32; units];
    let mut u = vec![0.0f32; 3 * units];
    for step in inputs.rows() {
        let step = step.as_slice()?;
        for (out, row) in u.iter_mut().zip(hidden.rows()) {
            *out = inner(row.as_slice()?, &h);
        }
        let (x_reset, rest) = step.split_at_checked(units)?;
        let (x_keep, x_new) = rest.split_at_checked(units)?;
        let (u_reset, rest) = u.split_at_checked(units)?;
        let (u_keep, u_new) = rest.split_at_checked(units)?;
        let gates = x_reset.iter().zip(u_reset).zip(x_keep.iter().zip(u_keep));
        let fresh = x_new.iter().zip(u_new).zip(bias);
        for ((h, ((xr, ur), (xk, uk))), ((xn, un), b)) in h.iter_mut().zip(gates).zip(fresh) {
            let candidate = xn + logistic(xr + ur) * (un + b);
            let candidate = 2.0 * logistic(2.0 * candidate) - 1.0;
            *h += (1.0 - logistic(xk + uk)) * (candidate - *h);
        }
    }
    let h = Array2::from_shape_vec((1, units), h).ok()?;
    named.linear("project", &h.view())
}

/// Σ aᵢbᵢ by sixteen sums at once, which the compiler keeps in wide registers.
fn inner(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let (left, right) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left.zip(right) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// One layer of attention; of the last one only the last step is worked out.
fn attend(named: &Named, at: usize, settings: &NetworkSettings, x: Array2<f32>) -> Option<Array2<f32>> {
    let name = |part: &str| format!("layer{at}.{part}");
    let mut y = x.clone();
    named.norm(&name("norm0"), &mut y)?;
    let (keys, values) = (named.linear(&name("key"), &y.view())?, named.linear(&name("value"), &y.view())?);
    let steps = y.nrows();
    let from = if at + 1 == settings.layers { steps.checked_sub(1)? } else { 0 };
    let queries = named.linear(&name("query"), &y.slice(s![from.., ..]))?;
    let width = settings.size / settings.heads.max(1);
    let scale = 1.0 / (width as f32).sqrt();
    let mut mixed = Array2::<f32>::zeros(queries.raw_dim());
    for head in 0..settings.heads {
        let columns = s![.., head * width..(head + 1) * width];
        let mut scores = queries.slice(columns).dot(&keys.slice(columns).t());
        for (row, mut scores) in scores.axis_iter_mut(Axis(0)).enumerate() {
            let seen = (from + row + 1).min(steps);
            let greatest = scores.iter().take(seen).copied().fold(f32::NEG_INFINITY, f32::max);
            let mut sum = 0.0;
            for (column, score) in scores.iter_mut().enumerate() {
                *score = if column < seen { ((*score - greatest) * scale).exp() } else { 0.0 };
                sum += *score;
            }
            scores.mapv_inplace(|score| score / sum);
        }
        mixed.slice_mut(columns).assign(&scores.dot(&values.slice(columns)));
    }
    let mut x = x.slice(s![from.., ..]).to_owned() + named.linear(&name("output"), &mixed.view())?;
    let mut y = x.clone();
    named.norm(&name("norm1"), &mut y)?;
    let mut y = named.linear(&name("inner"), &y.view())?;
    y.mapv_inplace(|value| value.max(0.0));
    x += &named.linear(&name("outer"), &y.view())?;
    Some(x)
}
