//! The weights on the host: which there are for a specification, how they start, how they are saved.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::spec::{Body, Cell, Positions};
use super::{Inputs, NetError, NetSpec};

/// A named tensor, row by row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// For example `tokens.conv0.weight`.
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// How a tensor starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Start {
    Constant(f32),
    /// Uniform in ± the bound.
    Uniform(f32),
    /// Normal with this standard deviation.
    Normal(f32),
    /// Zeros, but ones in the second quarter: an LSTM that begins by remembering (Jozefowicz et al. 2015).
    Forget,
}

/// A tensor that a network has.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slot {
    pub name: String,
    pub shape: Vec<usize>,
    pub start: Start,
}

/// Glorot and Bengio 2010: ±√(6 / (in + out)).
fn glorot(inputs: usize, outputs: usize) -> Start {
    Start::Uniform((6.0 / (inputs + outputs).max(1) as f32).sqrt())
}

/// Collects the slots of a network.
struct Plan(Vec<Slot>);

impl Plan {
    fn add(&mut self, name: String, shape: &[usize], start: Start) {
        self.0.push(Slot { name, shape: shape.to_vec(), start });
    }

    fn linear(&mut self, name: &str, inputs: usize, outputs: usize) {
        self.add(format!("{name}.weight"), &[inputs, outputs], glorot(inputs, outputs));
        self.add(format!("{name}.bias"), &[outputs], Start::Constant(0.0));
    }

    fn conv(&mut self, name: &str, inputs: usize, filters: usize, kernel: usize) {
        let start = glorot(inputs * kernel, filters * kernel);
        self.add(format!("{name}.weight"), &[filters, inputs, kernel], start);
        self.add(format!("{name}.bias"), &[filters], Start::Constant(0.0));
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.add(format!("{name}.gamma"), &[width], Start::Constant(1.0));
        self.add(format!("{name}.beta"), &[width], Start::Constant(0.0));
    }

    fn recurrent(&mut self, name: &str, cell: Cell, inputs: usize, units: usize) {
        let gates = cell.gates() * units;
        let bound = Start::Uniform(1.0 / (units as f32).sqrt());
        self.add(format!("{name}.input"), &[inputs, gates], glorot(inputs, units));
        self.add(format!("{name}.hidden"), &[units, gates], bound);
        match cell {
            Cell::Gru => {
                self.add(format!("{name}.bias"), &[gates], Start::Constant(0.0));
                self.add(format!("{name}.candidate_bias"), &[units], Start::Constant(0.0));
            }
            Cell::Lstm => self.add(format!("{name}.bias"), &[gates], Start::Forget),
        }
    }

    /// The body on a sequence of `inputs` numbers a step; returns the width of its vector.
    fn sequence(&mut self, name: &str, spec: &NetSpec, inputs: usize) -> usize {
        match &spec.body {
            Body::Mlp { .. } => inputs,
            Body::Cnn { kernels, filters } => {
                for (at, kernel) in kernels.iter().enumerate() {
                    self.conv(&format!("{name}.conv{at}"), inputs, *filters, *kernel);
                }
                filters * kernels.len() * if spec.mean_pool { 2 } else { 1 }
            }
            Body::Rnn { cell, units, bidirectional } => {
                self.recurrent(&format!("{name}.forward"), *cell, inputs, *units);
                if *bidirectional {
                    self.recurrent(&format!("{name}.backward"), *cell, inputs, *units);
                }
                units * if *bidirectional { 2 } else { 1 }
            }
            Body::CnnRnn { kernel, filters, units } => {
                self.conv(&format!("{name}.conv0"), inputs, *filters, *kernel);
                self.recurrent(&format!("{name}.forward"), Cell::Gru, *filters, *units);
                *units
            }
            Body::Transformer { layers, model, feed_forward, positions, .. } => {
                self.linear(&format!("{name}.in"), inputs, *model);
                if *positions == Positions::Learned {
                    self.add(format!("{name}.positions"), &[spec.max_len, *model], Start::Normal(0.02));
                }
                for at in 0..*layers {
                    let layer = format!("{name}.layer{at}");
                    self.norm(&format!("{layer}.norm0"), *model);
                    for part in ["query", "key", "value", "output"] {
                        self.linear(&format!("{layer}.{part}"), *model, *model);
                    }
                    self.norm(&format!("{layer}.norm1"), *model);
                    self.linear(&format!("{layer}.inner"), *model, *feed_forward);
                    self.linear(&format!("{layer}.outer"), *feed_forward, *model);
                }
                self.norm(&format!("{name}.norm"), *model);
                *model
            }
        }
    }
}

impl Cell {
    /// Parts of the state that each step works out: reset, update, candidate; or input, forget,
    /// candidate, output.
    pub(super) fn gates(self) -> usize {
        match self {
            Self::Gru => 3,
            Self::Lstm => 4,
        }
    }
}

/// Every tensor of the network, in a fixed order.
pub(super) fn layout(spec: &NetSpec, inputs: &Inputs) -> Vec<Slot> {
    let mut plan = Plan(Vec::new());
    let mut width = inputs.table;
    for (at, levels) in inputs.categories.iter().enumerate() {
        let size = spec.category_size(*levels);
        plan.add(format!("category{at}"), &[(*levels).max(1), size], Start::Normal(0.1));
        width += size;
    }
    if inputs.vocabulary > 0 {
        plan.add("tokens.embedding".into(), &[inputs.vocabulary, spec.token_size], Start::Normal(0.1));
        if spec.pairs > 0 {
            plan.add("tokens.pairs".into(), &[spec.pairs, spec.token_size], Start::Normal(0.05));
        }
        width += plan.sequence("tokens", spec, spec.token_size);
        width += spec.past_the_body();
    }
    if inputs.channels > 0 {
        width += plan.sequence("events", spec, inputs.channels);
    }
    let hidden = match &spec.body {
        Body::Mlp { hidden, .. } => hidden,
        _ => &spec.hidden,
    };
    for (at, units) in hidden.iter().enumerate() {
        plan.linear(&format!("dense{at}"), width, *units);
        width = *units;
    }
    plan.linear("out", width, spec.head.outputs());
    plan.0
}

/// New weights from the host's stream: equal seeds give equal weights on every device.
pub(super) fn init(slots: &[Slot], rng: &mut ChaCha8Rng) -> Vec<Weight> {
    slots
        .iter()
        .map(|slot| {
            let len: usize = slot.shape.iter().product();
            let values = match slot.start {
                Start::Constant(value) => vec![value; len],
                Start::Uniform(bound) => (0..len).map(|_| rng.gen_range(-bound..=bound)).collect(),
                Start::Normal(deviation) => (0..len)
                    .map(|_| {
                        let z: f32 = StandardNormal.sample(rng);
                        z * deviation
                    })
                    .collect(),
                Start::Forget => {
                    let units = len / 4;
                    (0..len).map(|at| f32::from(u8::from((units..2 * units).contains(&at)))).collect()
                }
            };
            Weight { name: slot.name.clone(), shape: slot.shape.clone(), values }
        })
        .collect()
}

/// A fitted network: all that prediction needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Net {
    pub spec: NetSpec,
    pub inputs: Inputs,
    /// Mean and standard deviation of a numeric target over the training rows; (0, 1) otherwise.
    pub target_scale: (f32, f32),
    pub weights: Vec<Weight>,
}

impl Net {
    /// A network with new weights.
    ///
    /// # Errors
    /// A setting that cannot be built; no input at all.
    pub fn init(spec: &NetSpec, inputs: &Inputs, rng: &mut ChaCha8Rng) -> Result<Self, NetError> {
        spec.check()?;
        if *inputs == Inputs::default() {
            return Err(NetError::Shape { what: "inputs" });
        }
        let weights = init(&layout(spec, inputs), rng);
        Ok(Self { spec: spec.clone(), inputs: inputs.clone(), target_scale: (0.0, 1.0), weights })
    }

    /// The network's weights by name and shape, all zero: what a saved list of at most `most` numbers is
    /// filled into.
    ///
    /// # Errors
    /// A setting that cannot be built; more numbers than that.
    pub(crate) fn blank_weights(&self, most: usize) -> Result<Vec<Weight>, NetError> {
        let len = |slot: &Slot| slot.shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        let fits = |slots: &[Slot]| {
            slots.iter().try_fold(0usize, |n, slot| n.checked_add(len(slot)?)).is_some_and(|n| n <= most)
        };
        if !self.is_buildable() || !fits(&layout(&self.spec, &self.inputs)) {
            return Err(NetError::Shape { what: "inputs" });
        }
        let blank = |slot: Slot| {
            let values = vec![0.0; slot.shape.iter().product()];
            Weight { name: slot.name, shape: slot.shape, values }
        };
        Ok(layout(&self.spec, &self.inputs).into_iter().map(blank).collect())
    }

    /// Sizes are bounded before anything is laid out, so that a forged file cannot overflow.
    fn is_buildable(&self) -> bool {
        let sizes = [self.inputs.table, self.inputs.vocabulary, self.inputs.channels];
        let bounded = sizes.iter().chain(&self.inputs.categories).all(|n| *n <= 1 << 24);
        self.spec.check().is_ok() && bounded && self.inputs != Inputs::default()
    }

    /// Trainable numbers.
    pub fn parameters(&self) -> usize {
        self.weights.iter().map(|weight| weight.values.len()).sum()
    }

    /// True if settings, shapes and numbers fit each other; asked of every opened file.
    pub fn is_sound(&self) -> bool {
        if !self.is_buildable() {
            return false;
        }
        let slots = layout(&self.spec, &self.inputs);
        slots.len() == self.weights.len()
            && slots.iter().zip(&self.weights).all(|(slot, weight)| {
                slot.name == weight.name
                    && slot.shape == weight.shape
                    && slot.shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d))
                        == Some(weight.values.len())
                    && weight.values.iter().all(|x| x.is_finite())
            })
            && self.target_scale.0.is_finite()
            && self.target_scale.1.is_finite()
            && self.target_scale.1 > 0.0
    }
}
