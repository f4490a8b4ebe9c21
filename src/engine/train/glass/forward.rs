//! From features to probabilities, in plain loops over slices that the compiler turns into wide
//! instructions.

use super::{Activation, Glass, GlassData, Layer, Network};

/// The error function, within 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26).
fn erf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let poly = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let tail = poly.iter().fold(0.0, |sum, c| sum * t + c) * t * (-x * x).exp();
    (1.0 - tail).copysign(x)
}

/// The standard normal distribution function.
fn normal(z: f64) -> f64 {
    0.5 * (1.0 + erf(z * std::f64::consts::FRAC_1_SQRT_2))
}

/// 1 / (1 + e^−z).
pub(super) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// The activation of `z`.
pub(super) fn value(activation: Activation, z: f64) -> f64 {
    match activation {
        Activation::Relu => z.max(0.0),
        Activation::Gelu => z * normal(z),
        Activation::Tanh => z.tanh(),
        Activation::Sigmoid => sigmoid(z),
    }
}

/// Its slope at `z`, where its value is `a`.
pub(super) fn slope(activation: Activation, z: f64, a: f64) -> f64 {
    match activation {
        Activation::Relu if z > 0.0 => 1.0,
        Activation::Relu => 0.0,
        Activation::Gelu => {
            let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
            normal(z) + z * density
        }
        Activation::Tanh => 1.0 - a * a,
        Activation::Sigmoid => a * (1.0 - a),
    }
}

/// [`value`] in 32 bits, for the rows of a batch.
pub(super) fn value_32(activation: Activation, z: f32) -> f32 {
    match activation {
        Activation::Relu => z.max(0.0),
        Activation::Gelu => value(activation, f64::from(z)) as f32,
        Activation::Tanh => z.tanh(),
        Activation::Sigmoid => 1.0 / (1.0 + (-z).exp()),
    }
}

/// [`slope`] in 32 bits.
pub(super) fn slope_32(activation: Activation, z: f32, a: f32) -> f32 {
    match activation {
        Activation::Relu if z > 0.0 => 1.0,
        Activation::Relu => 0.0,
        Activation::Gelu => slope(activation, f64::from(z), f64::from(a)) as f32,
        Activation::Tanh => 1.0 - a * a,
        Activation::Sigmoid => a * (1.0 - a),
    }
}

/// Σ a·b, in eight sums at a time.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (wide_a, wide_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = wide_a.remainder().iter().zip(wide_b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in wide_a.zip(wide_b) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// `to` += `by` · `from`.
pub(super) fn add_scaled(to: &mut [f32], by: f32, from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += by * from;
    }
}

/// Sums z = x·W + b of a row into `z`.
pub(super) fn dense(layer: &Layer, x: &[f32], z: &mut [f32]) {
    z.copy_from_slice(&layer.bias);
    if layer.outputs == 1 {
        z.iter_mut().for_each(|z| *z += dot(x, &layer.weights));
        return;
    }
    for (x, weights) in x.iter().zip(layer.weights.chunks_exact(layer.outputs)) {
        if *x != 0.0 {
            add_scaled(z, *x, weights);
        }
    }
}

/// Room for the numbers of one row, used again and again.
struct Row {
    /// What each layer gives: activations, and of the last one the log-odds.
    out: Vec<Vec<f32>>,
}

impl Row {
    fn new(layers: &[Layer]) -> Self {
        Self { out: layers.iter().map(|layer| vec![0.0; layer.outputs]).collect() }
    }

    fn run(&mut self, layers: &[Layer], activation: Activation, x: &[f32]) {
        let last = layers.len().saturating_sub(1);
        let mut from = x;
        for (at, (layer, out)) in layers.iter().zip(&mut self.out).enumerate() {
            dense(layer, from, out);
            if at < last {
                out.iter_mut().for_each(|z| *z = value_32(activation, *z));
            }
            from = out;
        }
    }

    fn probability(&self) -> f64 {
        let logit = self.out.last().and_then(|out| out.first());
        sigmoid(f64::from(logit.copied().unwrap_or(0.0)))
    }
}

/// max(z, 0) − z·y + ln(1 + e^−|z|): binary cross-entropy from log-odds without overflow.
pub(super) fn cross_entropy(logit: f64, y: bool) -> f64 {
    logit.max(0.0) - if y { logit } else { 0.0 } + (-logit.abs()).exp().ln_1p()
}

/// The answer of a network without batch normalisation for one row, in the 32 bits of a batch.
pub fn answer(network: &Network, x: &[f32]) -> f64 {
    let mut row = Row::new(&network.layers);
    row.run(&network.layers, network.activation, x);
    row.probability()
}

impl Glass {
    fn row(&self) -> Row {
        Row::new(&self.layers)
    }

    fn fill(&self, row: &mut Row, x: &[f32]) {
        row.run(&self.layers, self.spec.activation, x);
    }

    /// Probability of the positive class of a row of [`width`](Self::width) features.
    pub fn predict(&self, x: &[f32]) -> f64 {
        let mut row = self.row();
        self.fill(&mut row, x);
        row.probability()
    }

    /// [`predict`](Self::predict) for every row.
    pub fn predict_all(&self, data: &GlassData) -> Vec<f64> {
        let mut row = self.row();
        let mut one = |at| {
            self.fill(&mut row, data.row(at));
            row.probability()
        };
        (0..data.rows()).map(&mut one).collect()
    }

    /// Mean binary cross-entropy over the rows, dropout off, classes not weighed, without the penalty;
    /// NaN where there is no row.
    pub fn loss(&self, data: &GlassData) -> f64 {
        let mut row = self.row();
        let mut sum = 0.0;
        for (at, y) in data.y.iter().enumerate() {
            self.fill(&mut row, data.row(at));
            let logit = row.out.last().and_then(|out| out.first()).copied().unwrap_or(0.0);
            sum += cross_entropy(f64::from(logit), *y);
        }
        sum / data.rows() as f64
    }

    /// What a unit of a hidden layer gives for a row, after the activation; of the last layer, the
    /// probability. 0 where there is no such unit.
    pub fn response(&self, layer: usize, unit: usize, x: &[f32]) -> f64 {
        let mut row = self.row();
        self.fill(&mut row, x);
        if layer + 1 == self.layers.len() {
            return row.probability();
        }
        row.out.get(layer).and_then(|out| out.get(unit)).map_or(0.0, |a| f64::from(*a))
    }

    /// Probabilities over two features while the others stay as in `fixed`: `side × side`, row by row
    /// from the low end of the second axis, the first axis across. `range` is low and high of each.
    pub fn surface(
        &self,
        fixed: &[f32],
        axes: (usize, usize),
        range: [[f32; 2]; 2],
        side: usize,
    ) -> Vec<f32> {
        let mut out = Vec::with_capacity(side * side);
        self.over(fixed, axes, range, side, |row| out.push(row.probability() as f32));
        out
    }

    /// As [`surface`](Self::surface), for every unit: `[layer][unit][point]`, hidden layers after their
    /// activation, then the probability.
    pub fn responses(
        &self,
        fixed: &[f32],
        axes: (usize, usize),
        range: [[f32; 2]; 2],
        side: usize,
    ) -> Vec<Vec<Vec<f32>>> {
        let last = self.layers.len().saturating_sub(1);
        let mut out: Vec<Vec<Vec<f32>>> =
            self.layers.iter().map(|layer| vec![Vec::with_capacity(side * side); layer.outputs]).collect();
        self.over(fixed, axes, range, side, |row| {
            for (at, (units, values)) in out.iter_mut().zip(&row.out).enumerate() {
                for (unit, value) in units.iter_mut().zip(values) {
                    unit.push(if at == last { row.probability() as f32 } else { *value });
                }
            }
        });
        out
    }

    fn over(
        &self,
        fixed: &[f32],
        axes: (usize, usize),
        range: [[f32; 2]; 2],
        side: usize,
        mut each: impl FnMut(&Row),
    ) {
        let mut x = fixed.to_vec();
        x.resize(self.width, 0.0);
        let mut row = self.row();
        let [across, up] = range;
        let place = |[low, high]: [f32; 2], at: usize| {
            low + (high - low) * at as f32 / side.saturating_sub(1).max(1) as f32
        };
        for j in 0..side {
            for i in 0..side {
                if let Some(x) = x.get_mut(axes.0) {
                    *x = place(across, i);
                }
                if let Some(x) = x.get_mut(axes.1) {
                    *x = place(up, j);
                }
                self.fill(&mut row, &x);
                each(&row);
            }
        }
    }
}
