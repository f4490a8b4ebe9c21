//! One step of gradient descent: the rows of a batch forward, their errors backward, the weights moved.

use std::sync::Arc;

use rand::seq::SliceRandom;

use super::forward::{add_scaled, cross_entropy, dense, dot, sigmoid, slope_32, value_32};
use super::{Glass, GlassData, GlassError, GlassStep, Layer, Optimizer};
use crate::train::mlp::dropout_mask;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
/// What RMSprop keeps of its running mean square.
const RMS_KEPT: f32 = 0.99;
const EPSILON: f32 = 1e-8;

/// The gradient of a batch: of each layer, weights then biases.
pub(super) struct Gradient {
    /// Mean loss of the batch.
    pub loss: f64,
    pub layers: Vec<Vec<f32>>,
}

/// A batch between the layers: `rows × units` numbers.
struct Between {
    z: Vec<f32>,
    a: Vec<f32>,
    mask: Option<Vec<f32>>,
}

/// Weights of the two classes (stayed, left) that make both count the same, with mean 1; 1 where one is
/// missing.
fn class_weights(data: &GlassData, on: bool) -> [f64; 2] {
    let n = data.rows() as f64;
    let left = data.y.iter().filter(|y| **y).count() as f64;
    if !on || left == 0.0 || left == n {
        return [1.0, 1.0];
    }
    [n / (2.0 * (n - left)), n / (2.0 * left)]
}

impl Glass {
    /// One batch. The same settings, seed and rows give the same bits.
    ///
    /// # Errors
    /// [`GlassError::Exploded`] where the loss or a weight leaves the finite numbers; the network is then
    /// as it was before the step. Rows of another width, or none.
    pub fn step(&mut self, data: &GlassData) -> Result<GlassStep, GlassError> {
        let before = self.clone();
        let step = self.try_step(data);
        if step.is_err() {
            *self = before;
        }
        step
    }

    fn try_step(&mut self, data: &GlassData) -> Result<GlassStep, GlassError> {
        if data.width != self.width || data.x.len() != data.rows() * data.width {
            let found = if data.width == self.width { data.x.len() } else { data.width };
            return Err(GlassError::Width { found, needed: self.width });
        }
        if data.rows() == 0 {
            return Err(GlassError::NoRows);
        }
        // A new epoch, or other rows than those that it began with.
        if self.place == 0 || self.order.len() != data.rows() {
            let mut order = match self.order.len() == data.rows() {
                true => self.order.to_vec(),
                false => (0..data.rows()).collect(),
            };
            order.shuffle(&mut self.rng);
            (self.order, self.place, self.batch) = (Arc::new(order), 0, 0);
        }
        let order = Arc::clone(&self.order);
        let end = self.place.saturating_add(self.spec.batch_size.max(1)).min(order.len());
        let rows = order.get(self.place..end).unwrap_or(&[]);
        let masks = self.masks(rows.len());
        let gradient = self.gradient(data, rows, masks);
        let (step, rate) = (self.steps + 1, self.rate);
        let norms: Vec<f64> = gradient
            .layers
            .iter()
            .map(|g| g.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt())
            .collect();
        self.steps = step;
        self.update(&gradient);
        let is_finite = gradient.loss.is_finite()
            && norms.iter().all(|norm| norm.is_finite())
            && self.layers.iter().all(|l| l.weights.iter().chain(&l.bias).all(|w| w.is_finite()));
        if !is_finite {
            return Err(GlassError::Exploded { step, rate });
        }
        let epoch = self.epoch + 1;
        let ends_epoch = end == order.len();
        (self.place, self.batch) = (end, self.batch + 1);
        if ends_epoch {
            (self.epoch, self.place, self.batch) = (epoch, 0, 0);
        }
        Ok(GlassStep { loss: gradient.loss, rate, epoch, step, ends_epoch, gradient_norms: norms })
    }

    /// One dropout mask a hidden layer, or none.
    fn masks(&mut self, rows: usize) -> Vec<Vec<f32>> {
        let (dropout, rng) = (self.spec.dropout, &mut self.rng);
        let hidden = self.spec.hidden.iter().filter(|_| dropout > 0.0);
        hidden.map(|units| dropout_mask(rows * units, dropout, rng)).collect()
    }

    /// Back-propagation (Rumelhart, Hinton and Williams 1986) over the rows of a batch.
    pub(super) fn gradient(&self, data: &GlassData, rows: &[usize], masks: Vec<Vec<f32>>) -> Gradient {
        let n = rows.len().max(1);
        let weights = class_weights(data, self.spec.class_weight);
        let x: Vec<f32> = rows.iter().flat_map(|row| data.row(*row)).copied().collect();
        let between = self.between(&x, masks);
        let mut loss = 0.0;
        // δ of the last layer: (p − y) a row, weighed, over the rows of the batch.
        let mut delta: Vec<f32> = Vec::with_capacity(n);
        for (row, z) in rows.iter().zip(between.last().map_or(&[] as &[f32], |last| &last.z)) {
            let y = data.y.get(*row).copied().unwrap_or(false);
            let weight = weights[usize::from(y)] / n as f64;
            loss += weight * cross_entropy(f64::from(*z), y);
            delta.push((weight * (sigmoid(f64::from(*z)) - f64::from(u8::from(y)))) as f32);
        }
        let mut layers: Vec<Vec<f32>> = Vec::with_capacity(self.layers.len());
        for (at, layer) in self.layers.iter().enumerate().rev() {
            let before = at.checked_sub(1).and_then(|before| between.get(before));
            let from = before.map_or(&x, |between| &between.a);
            let (gradient, mut back) = backward(layer, from, &delta, before.is_some());
            if let Some(before) = before {
                let slopes = before.z.iter().zip(&before.a);
                for (at, (delta, (z, a))) in back.iter_mut().zip(slopes).enumerate() {
                    let mask = before.mask.as_ref().and_then(|mask| mask.get(at)).copied().unwrap_or(1.0);
                    // The activation itself, from before the mask.
                    let a = if mask == 0.0 { 0.0 } else { a / mask };
                    *delta *= mask * slope_32(self.spec.activation, *z, a);
                }
            }
            layers.push(penalised(gradient, layer, self.spec.l2 as f32));
            delta = back;
        }
        layers.reverse();
        Gradient { loss, layers }
    }

    /// What each layer gives for the rows in `x`.
    fn between(&self, x: &[f32], masks: Vec<Vec<f32>>) -> Vec<Between> {
        let last = self.layers.len().saturating_sub(1);
        let mut masks = masks.into_iter();
        let mut out: Vec<Between> = Vec::with_capacity(self.layers.len());
        for (at, layer) in self.layers.iter().enumerate() {
            let from = out.last().map_or(x, |before| &before.a);
            let mut z = vec![0.0f32; from.len() / layer.inputs.max(1) * layer.outputs];
            for (x, z) in from.chunks_exact(layer.inputs).zip(z.chunks_exact_mut(layer.outputs)) {
                dense(layer, x, z);
            }
            let (mut a, mut mask) = (Vec::new(), None);
            if at < last {
                a = z.iter().map(|z| value_32(self.spec.activation, *z)).collect();
                mask = masks.next();
                for (a, mask) in a.iter_mut().zip(mask.iter().flatten()) {
                    *a *= mask;
                }
            }
            out.push(Between { z, a, mask });
        }
        out
    }

    /// Moves the weights; the rules of `train::optimizer`, which a test holds against burn's.
    fn update(&mut self, gradient: &Gradient) {
        let (optimizer, rate) = (self.spec.optimizer, self.rate as f32);
        let power = i32::try_from(self.steps).unwrap_or(i32::MAX);
        // Both means start at zero; what is missing of them is divided out.
        let (c1, c2) = (1.0 - f64::from(BETA_1).powi(power), 1.0 - f64::from(BETA_2).powi(power));
        let (c1, c2) = (c1 as f32, c2 as f32);
        let memory = self.first.iter_mut().zip(&mut self.second);
        for ((layer, (first, second)), g) in self.layers.iter_mut().zip(memory).zip(&gradient.layers) {
            if let Optimizer::AdamW { weight_decay } = optimizer {
                let keep = 1.0 - rate * weight_decay;
                layer.weights.iter_mut().chain(&mut layer.bias).for_each(|w| *w *= keep);
            }
            let cut = layer.weights.len();
            let ((g, g_bias), (first, first_bias)) = (g.split_at(cut), first.split_at_mut(cut));
            let (second, second_bias) = second.split_at_mut(cut);
            let parts =
                [(&mut layer.weights, g, first, second), (&mut layer.bias, g_bias, first_bias, second_bias)];
            for (values, g, first, second) in parts {
                let memory = first.iter_mut().zip(second);
                for ((w, g), (m, v)) in values.iter_mut().zip(g).zip(memory) {
                    let change = match optimizer {
                        Optimizer::Sgd { momentum } if momentum > 0.0 => {
                            *m = momentum as f32 * *m + g;
                            *m
                        }
                        Optimizer::Sgd { .. } => *g,
                        Optimizer::Adam | Optimizer::AdamW { .. } => {
                            *m = BETA_1 * *m + (1.0 - BETA_1) * g;
                            *v = BETA_2 * *v + (1.0 - BETA_2) * g * g;
                            (*m / c1) / ((*v / c2).sqrt() + EPSILON)
                        }
                        Optimizer::RmsProp => {
                            *v = RMS_KEPT * *v + (1.0 - RMS_KEPT) * g * g;
                            g / (v.sqrt() + EPSILON)
                        }
                    };
                    *w -= rate * change;
                }
            }
        }
    }
}

/// The gradient of a layer (weights, then biases), and what its δ is for the layer before.
fn backward(layer: &Layer, from: &[f32], delta: &[f32], wants_back: bool) -> (Vec<f32>, Vec<f32>) {
    let (inputs, outputs) = (layer.inputs, layer.outputs);
    let mut gradient = vec![0.0f32; inputs * outputs];
    let mut bias = vec![0.0f32; outputs];
    let mut back = vec![0.0f32; if wants_back { from.len() } else { 0 }];
    let mut backs = back.chunks_exact_mut(inputs);
    for (x, delta) in from.chunks_exact(inputs).zip(delta.chunks_exact(outputs)) {
        add_scaled(&mut bias, 1.0, delta);
        if let [delta] = delta {
            add_scaled(&mut gradient, *delta, x);
        } else {
            for (x, gradient) in x.iter().zip(gradient.chunks_exact_mut(outputs)) {
                if *x != 0.0 {
                    add_scaled(gradient, *x, delta);
                }
            }
        }
        for (back, weights) in backs.next().into_iter().flatten().zip(layer.weights.chunks_exact(outputs)) {
            *back = dot(weights, delta);
        }
    }
    gradient.extend(bias);
    (gradient, back)
}

fn penalised(mut gradient: Vec<f32>, layer: &Layer, l2: f32) -> Vec<f32> {
    if l2 > 0.0 {
        add_scaled(&mut gradient, l2, &layer.weights);
    }
    gradient
}
