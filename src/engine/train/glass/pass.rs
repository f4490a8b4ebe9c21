//! The forward and backward pass of one row in 64 bits, with every number between: what a class
//! writes on the board. Works on any network, the trained one of a run as well.

use super::forward::{cross_entropy, sigmoid, slope, value};
use crate::train::{Layer, Network};

/// What burn's batch normalisation adds to the variance.
const NORM_EPSILON: f64 = 1e-5;

/// The numbers of one layer for one row.
#[derive(Debug, Clone, PartialEq)]
pub struct PassLayer {
    /// Sums z = Σ w·x + b, one a unit.
    pub z: Vec<f64>,
    /// z after batch normalisation, where the layer has one.
    pub normed: Option<Vec<f64>>,
    /// After the activation; of the last layer, the probability.
    pub activation: Vec<f64>,
    /// Slope of the activation with respect to z, normalisation counted; of the last layer 1, whose
    /// slope the loss's derivative holds already.
    pub slope: Vec<f64>,
    /// δ = ∂L/∂z.
    pub delta: Vec<f64>,
    /// ∂L/∂w, `inputs × outputs` row by row.
    pub grad_w: Vec<f64>,
    /// ∂L/∂b.
    pub grad_b: Vec<f64>,
}

/// One row through a network and back.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    pub input: Vec<f64>,
    pub layers: Vec<PassLayer>,
    /// The last sum: the log-odds.
    pub logit: f64,
    pub probability: f64,
    /// The class that the loss is reckoned against.
    pub y: bool,
    /// −ln p of that class.
    pub loss: f64,
}

/// A product in a sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// Place of the unit at the other end of the weight.
    pub at: usize,
    pub weight: f64,
    /// What the weight is multiplied with: a value going forward, a δ going back.
    pub value: f64,
    pub product: f64,
}

/// A sum of products, the largest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    pub shown: Vec<Term>,
    /// Products that are not shown, and their sum.
    pub others: usize,
    pub rest: f64,
    /// Sum of all products.
    pub sum: f64,
}

impl Terms {
    fn new(all: impl Iterator<Item = (f64, f64)>, most: usize) -> Self {
        let term = |(at, (weight, value))| Term { at, weight, value, product: weight * value };
        let mut shown: Vec<Term> = all.enumerate().map(term).collect();
        let sum = shown.iter().map(|term| term.product).sum();
        shown.sort_by(|a, b| b.product.abs().total_cmp(&a.product.abs()).then(a.at.cmp(&b.at)));
        let hidden = shown.split_off(most.min(shown.len()));
        Self { shown, others: hidden.len(), rest: hidden.iter().map(|term| term.product).sum(), sum }
    }
}

/// What a plain step of gradient descent on this row alone would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepped {
    pub network: Network,
    pub probability: f64,
    pub loss: f64,
}

/// What batch normalisation does to a sum: value and slope. As it is where there is none.
fn normed(layer: &Layer, unit: usize, z: f64) -> (f64, f64) {
    let Some(norm) = &layer.norm else { return (z, 1.0) };
    let of = |values: &[f32], or: f64| values.get(unit).map_or(or, |v| f64::from(*v));
    let scale = of(&norm.gamma, 1.0) / (of(&norm.variance, 1.0) + NORM_EPSILON).sqrt();
    ((z - of(&norm.mean, 0.0)) * scale + of(&norm.beta, 0.0), scale)
}

/// The weights that go into a unit.
fn into(layer: &Layer, unit: usize) -> impl Iterator<Item = f64> + '_ {
    layer.weights.iter().skip(unit).step_by(layer.outputs.max(1)).map(|w| f64::from(*w))
}

/// The weights that leave an input.
fn out_of(layer: &Layer, input: usize) -> impl Iterator<Item = f64> + '_ {
    let from = input.saturating_mul(layer.outputs);
    let weights = layer.weights.get(from..from.saturating_add(layer.outputs)).unwrap_or(&[]);
    weights.iter().map(|w| f64::from(*w))
}

impl Pass {
    /// One row of class `y` through `network`, and its error back. Features beyond the network's width
    /// are not read; lacking ones are 0.
    pub fn of(network: &Network, x: &[f32], y: bool) -> Self {
        let mut input: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        input.resize(network.layers.first().map_or(0, |layer| layer.inputs), 0.0);
        let last = network.layers.len().saturating_sub(1);
        let mut layers: Vec<PassLayer> = Vec::with_capacity(network.layers.len());
        for (at, layer) in network.layers.iter().enumerate() {
            let from = layers.last().map_or(&input, |before| &before.activation);
            let sum = |unit, bias: &f32| {
                f64::from(*bias) + into(layer, unit).zip(from).map(|(w, x)| w * x).sum::<f64>()
            };
            let z: Vec<f64> = layer.bias.iter().enumerate().map(|(unit, bias)| sum(unit, bias)).collect();
            let after: Vec<(f64, f64)> =
                z.iter().enumerate().map(|(unit, z)| normed(layer, unit, *z)).collect();
            let (activation, slope) = after
                .iter()
                .map(|(n, scale)| match at == last {
                    true => (sigmoid(*n), 1.0),
                    false => {
                        let a = value(network.activation, *n);
                        (a, slope(network.activation, *n, a) * scale)
                    }
                })
                .unzip();
            let normed = layer.norm.is_some().then(|| after.iter().map(|(n, _)| *n).collect());
            let none = Vec::new;
            layers.push(PassLayer {
                z,
                normed,
                activation,
                slope,
                delta: none(),
                grad_w: none(),
                grad_b: none(),
            });
        }
        let logit = layers.last().and_then(|layer| layer.z.first()).copied().unwrap_or(0.0);
        let probability = sigmoid(logit);
        let mut pass = Self { input, layers, logit, probability, y, loss: cross_entropy(logit, y) };
        pass.back(network);
        pass
    }

    fn back(&mut self, network: &Network) {
        let mut delta = vec![self.probability - f64::from(u8::from(self.y))];
        for at in (0..self.layers.len()).rev() {
            let from = self.inputs(at);
            let grad_w = from.iter().flat_map(|x| delta.iter().map(move |d| x * d)).collect();
            let before = at.checked_sub(1).and_then(|before| self.layers.get(before));
            let next = match (before, network.layers.get(at)) {
                (Some(before), Some(layer)) => before
                    .slope
                    .iter()
                    .enumerate()
                    .map(|(unit, slope)| {
                        slope * out_of(layer, unit).zip(&delta).map(|(w, d)| w * d).sum::<f64>()
                    })
                    .collect(),
                _ => Vec::new(),
            };
            let Some(layer) = self.layers.get_mut(at) else { return };
            (layer.grad_w, layer.grad_b, layer.delta) = (grad_w, delta.clone(), delta);
            delta = next;
        }
    }

    /// What goes into a layer: the features, or what the layer before gives.
    pub fn inputs(&self, layer: usize) -> &[f64] {
        let before = layer.checked_sub(1).and_then(|before| self.layers.get(before));
        before.map_or(&self.input, |before| &before.activation)
    }

    /// The products that a unit sums, without its bias; the `most` largest are shown.
    pub fn terms(&self, network: &Network, layer: usize, unit: usize, most: usize) -> Option<Terms> {
        let numbers = network.layers.get(layer).filter(|layer| unit < layer.outputs)?;
        let inputs = self.inputs(layer).iter().copied();
        Some(Terms::new(into(numbers, unit).zip(inputs), most))
    }

    /// The products w·δ that bring the error back to a hidden unit: δ is their sum times the slope.
    pub fn back_terms(&self, network: &Network, layer: usize, unit: usize, most: usize) -> Option<Terms> {
        let next = network.layers.get(layer + 1).filter(|next| unit < next.inputs)?;
        let deltas = self.layers.get(layer + 1)?.delta.iter().copied();
        Some(Terms::new(out_of(next, unit).zip(deltas), most))
    }

    /// ∂L/∂w of the weight from `input` to `unit` of a layer.
    pub fn gradient(&self, layer: usize, input: usize, unit: usize) -> Option<f64> {
        let numbers = self.layers.get(layer).filter(|numbers| unit < numbers.z.len())?;
        numbers.grad_w.get(input.checked_mul(numbers.z.len())?.checked_add(unit)?).copied()
    }

    /// Every weight w ← w − η ∂L/∂w, and biases likewise; batch normalisation stays.
    pub fn stepped(&self, network: &Network, x: &[f32], rate: f64) -> Stepped {
        let mut network = network.clone();
        let moved = |w: &mut f32, g: &f64| *w = (f64::from(*w) - rate * g) as f32;
        for (layer, pass) in network.layers.iter_mut().zip(&self.layers) {
            layer.weights.iter_mut().zip(&pass.grad_w).for_each(|(w, g)| moved(w, g));
            layer.bias.iter_mut().zip(&pass.grad_b).for_each(|(w, g)| moved(w, g));
        }
        let after = Self::of(&network, x, self.y);
        Stepped { probability: after.probability, loss: after.loss, network }
    }
}

/// What a plain step of gradient descent on one row does to one weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightStep {
    pub weight: f64,
    /// ∂L/∂w.
    pub gradient: f64,
    /// −η ∂L/∂w.
    pub change: f64,
    pub after: f64,
}

impl Pass {
    /// True where the probability is that which the model itself gives, within the 32 bits of a model on a
    /// device.
    pub fn agrees(&self, answer: f64) -> bool {
        (self.probability - answer).abs() < 1e-4
    }

    /// What a step at `rate` does to the weight from `input` to `unit` of a layer.
    pub fn weight_step(
        &self,
        network: &Network,
        (layer, input, unit): (usize, usize, usize),
        rate: f64,
    ) -> Option<WeightStep> {
        let gradient = self.gradient(layer, input, unit)?;
        let weight = out_of(network.layers.get(layer)?, input).nth(unit)?;
        let change = -rate * gradient;
        Some(WeightStep { weight, gradient, change, after: weight + change })
    }
}
