//! The weights on the host: which there are, and how they start.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Body, NetworkSettings};
use crate::train::net::Weight;

/// How a tensor starts.
#[derive(Clone, Copy)]
enum Start {
    Constant(f32),
    Uniform(f32),
    Normal(f32),
}

/// Name and shape of every tensor, in a fixed order, and how it starts.
struct Plan(Vec<(String, Vec<usize>, Start)>);

impl Plan {
    fn add(&mut self, name: &str, shape: &[usize], start: Start) {
        self.0.push((name.to_owned(), shape.to_vec(), start));
    }

    /// Glorot and Bengio 2010: ±√(6 / (in + out)).
    fn linear(&mut self, name: &str, inputs: usize, outputs: usize) {
        let bound = (6.0 / (inputs + outputs) as f32).sqrt();
        self.add(&format!("{name}.weight"), &[inputs, outputs], Start::Uniform(bound));
        self.add(&format!("{name}.bias"), &[outputs], Start::Constant(0.0));
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.add(&format!("{name}.gamma"), &[width], Start::Constant(1.0));
        self.add(&format!("{name}.beta"), &[width], Start::Constant(0.0));
    }

    /// The state's weights lie by outputs, so that a state meets each row in order while answering.
    fn gru(&mut self, inputs: usize, units: usize, outputs: usize) {
        let bound = 1.0 / (units as f32).sqrt();
        self.linear("gru.input", inputs, 3 * units);
        self.add("gru.hidden", &[3 * units, units], Start::Uniform(bound));
        self.add("gru.candidate_bias", &[units], Start::Constant(0.0));
        self.linear("project", units, outputs);
    }

    fn conv(&mut self, name: &str, size: usize, kernel: usize) {
        self.linear(name, kernel * size, size);
        self.norm(&format!("{name}.norm"), size);
    }
}

fn plan(body: Body, settings: &NetworkSettings, items: usize) -> Plan {
    let size = settings.size;
    let mut plan = Plan(Vec::new());
    plan.add("items", &[items, size], Start::Normal(0.1));
    plan.add("items.bias", &[items], Start::Constant(0.0));
    match body {
        Body::Gru => plan.gru(size, settings.units, size),
        Body::Hybrid => {
            plan.conv("conv0", size, settings.kernel);
            plan.gru(size, settings.units, size);
        }
        Body::Cnn => {
            (0..settings.layers).for_each(|at| plan.conv(&format!("conv{at}"), size, settings.kernel));
            plan.norm("norm", size);
        }
        Body::Attention => {
            plan.add("positions", &[settings.max_len, size], Start::Normal(0.02));
            plan.norm("norm0", size);
            for at in 0..settings.layers {
                plan.norm(&format!("layer{at}.norm0"), size);
                for part in ["query", "key", "value", "output"] {
                    plan.linear(&format!("layer{at}.{part}"), size, size);
                }
                plan.norm(&format!("layer{at}.norm1"), size);
                plan.linear(&format!("layer{at}.inner"), size, 4 * size);
                plan.linear(&format!("layer{at}.outer"), 4 * size, size);
            }
            plan.norm("norm", size);
        }
    }
    plan
}

/// New weights from the host's stream: equal seeds give equal weights on every device.
pub(super) fn init(
    body: Body,
    settings: &NetworkSettings,
    items: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<Weight> {
    let mut of = |(name, shape, start): (String, Vec<usize>, Start)| {
        let len = shape.iter().product();
        let values = match start {
            Start::Constant(value) => vec![value; len],
            Start::Uniform(bound) => (0..len).map(|_| rng.gen_range(-bound..=bound)).collect(),
            Start::Normal(deviation) => {
                let mut draw = || -> f32 { StandardNormal.sample(rng) };
                (0..len).map(|_| draw() * deviation).collect()
            }
        };
        Weight { name, shape, values }
    };
    plan(body, settings, items).0.into_iter().map(&mut of).collect()
}

/// True if `weights` are those of such a network, and numbers.
pub(super) fn fit_together(body: Body, settings: &NetworkSettings, items: usize, weights: &[Weight]) -> bool {
    // Bounded before anything is laid out, so that a forged file cannot overflow.
    if !settings.is_buildable() || items > 1 << 24 {
        return false;
    }
    let plan = plan(body, settings, items).0;
    plan.len() == weights.len()
        && plan.iter().zip(weights).all(|((name, shape, _), weight)| {
            *name == weight.name
                && *shape == weight.shape
                && shape.iter().product::<usize>() == weight.values.len()
                && weight.values.iter().all(|value| value.is_finite())
        })
}
