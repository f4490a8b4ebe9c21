//! The glass network against burn's gradients and steps, against the network that trains in earnest, and
//! against itself stopped and gone on.

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};

use super::toys::{self, Shape, ToySpec};
use super::*;
use crate::features::Matrix;
use crate::job::Reporter;
use crate::train::network::read;
use crate::train::{DeviceKind, MlpSpec, Model, ModelKind, Samples, train};

fn rows() -> GlassData {
    toys::toy(&ToySpec { shape: Shape::Moons, rows: 128, noise: 0.1, seed: 5 }).train
}

fn glass(spec: GlassSpec) -> Glass {
    Glass::new(spec, 2, 9).unwrap()
}

fn spec(activation: Activation) -> GlassSpec {
    GlassSpec { hidden: vec![5, 3], activation, batch_size: 16, ..GlassSpec::default() }
}

/// The same layers as burn modules.
#[derive(Module, Debug)]
struct Twin {
    layers: Vec<Linear>,
}

impl Twin {
    fn of(layers: &[Layer], device: &Device) -> Self {
        let layers = layers.iter().map(|layer| {
            let mut linear = LinearConfig::new(layer.inputs, layer.outputs).init(device);
            let weights = TensorData::new(layer.weights.clone(), [layer.inputs, layer.outputs]);
            linear.weight = Param::from_data(weights, device);
            let bias = TensorData::new(layer.bias.clone(), [layer.outputs]);
            linear.bias = Some(Param::from_data(bias, device));
            linear
        });
        Self { layers: layers.collect() }
    }

    /// Mean binary cross-entropy with weights a row, and the penalty.
    fn loss(&self, data: &GlassData, rows: &[usize], weights: &[f32], spec: &GlassSpec) -> Tensor<1> {
        let device = self.layers[0].weight.val().device();
        let n = rows.len();
        let x: Vec<f32> = rows.iter().flat_map(|row| data.row(*row).to_vec()).collect();
        let y: Vec<f32> = rows.iter().map(|row| f32::from(u8::from(data.y[*row]))).collect();
        let column = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [n, 1]), &device);
        let mut z = Tensor::<2>::from_data(TensorData::new(x, [n, data.width]), &device);
        for (at, layer) in self.layers.iter().enumerate() {
            z = layer.forward(z);
            if at + 1 < self.layers.len() {
                z = spec.activation.apply(z);
            }
        }
        let terms = z.clone().clamp_min(0.0) - z.clone() * column(y) + (z.abs().neg().exp() + 1.0).log();
        let loss = (terms * column(weights.to_vec())).sum() / n as f64;
        self.layers
            .iter()
            .fold(loss, |loss, layer| loss + layer.weight.val().square().sum() * (0.5 * spec.l2))
    }

    fn numbers(&self) -> Vec<Vec<f32>> {
        let layer = |layer: &Linear| {
            let mut out = read(layer.weight.val().inner()).unwrap();
            out.extend(read(layer.bias.as_ref().unwrap().val().inner()).unwrap());
            out
        };
        self.layers.iter().map(layer).collect()
    }
}

fn near(a: &[Vec<f32>], b: &[Vec<f32>], tolerance: f32, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a} and {b}");
    }
}

fn numbers(glass: &Glass) -> Vec<Vec<f32>> {
    let layer = |l: &Layer| l.weights.iter().chain(&l.bias).copied().collect();
    glass.layers().iter().map(layer).collect()
}

#[test]
fn gradients_are_those_of_burn() {
    let data = rows();
    let chosen: Vec<usize> = (0..23).collect();
    for activation in Activation::ALL {
        for hidden in [vec![], vec![9], vec![5, 3]] {
            let spec = GlassSpec { hidden, l2: 0.02, ..spec(activation) };
            let glass = glass(spec.clone());
            let ours = glass.gradient(&data, &chosen, Vec::new());
            let twin = Twin::of(glass.layers(), &Device::flex().autodiff());
            let grads = twin.loss(&data, &chosen, &[1.0; 23], &spec).backward();
            let theirs: Vec<Vec<f32>> = twin
                .layers
                .iter()
                .map(|layer| {
                    let mut out = read(layer.weight.val().grad(&grads).unwrap()).unwrap();
                    out.extend(read(layer.bias.as_ref().unwrap().val().grad(&grads).unwrap()).unwrap());
                    out
                })
                .collect();
            assert!(theirs.iter().flatten().any(|g| g.abs() > 0.01), "a slope to speak of");
            near(&ours.layers, &theirs, 2e-6, activation.name());
        }
    }
}

#[test]
fn gradients_of_a_pass_are_central_differences() {
    for activation in [Activation::Gelu, Activation::Tanh, Activation::Sigmoid] {
        let glass = glass(spec(activation));
        let (x, y) = ([0.7f32, -0.4], true);
        let pass = glass.pass(&x, y);
        let network = glass.network();
        for layer in 0..network.layers.len() {
            for at in 0..network.layers[layer].weights.len() {
                // A power of two, so that what is added to a weight of 32 bits is known.
                let moved = |by: f32| {
                    let mut network = network.clone();
                    network.layers[layer].weights[at] += by;
                    let w = f64::from(network.layers[layer].weights[at]);
                    (w, Pass::of(&network, &x, y).loss)
                };
                let ((high_w, high), (low_w, low)) = (moved(1.0 / 128.0), moved(-1.0 / 128.0));
                let slope = (high - low) / (high_w - low_w);
                let ours = pass.layers[layer].grad_w[at];
                assert!((slope - ours).abs() < 3e-5, "{activation:?} {layer} {at}: {slope} and {ours}");
            }
        }
    }
}

#[test]
fn a_batch_is_the_mean_of_its_passes() {
    let data = rows();
    let glass = glass(spec(Activation::Relu));
    let chosen = [3, 8, 20, 41];
    let batch = glass.gradient(&data, &chosen, Vec::new());
    let mut mean = vec![0.0; batch.layers[0].len() - glass.layers()[0].bias.len()];
    for row in chosen {
        let pass = glass.pass(data.row(row), data.y[row]);
        mean.iter_mut().zip(&pass.layers[0].grad_w).for_each(|(sum, g)| *sum += (g / 4.0) as f32);
    }
    near(&[batch.layers[0][..mean.len()].to_vec()], &[mean], 1e-6, "first layer");
}

#[test]
fn steps_are_those_of_burn() {
    let data = rows();
    for optimizer in [
        Optimizer::Adam,
        Optimizer::AdamW { weight_decay: 0.05 },
        Optimizer::Sgd { momentum: 0.9 },
        Optimizer::Sgd { momentum: 0.0 },
    ] {
        // Whole batches: each step sees all rows, so the order does not matter.
        let spec = GlassSpec {
            optimizer,
            batch_size: data.rows(),
            l2: 0.01,
            class_weight: true,
            ..spec(Activation::Tanh)
        };
        let mut lopsided = data.clone();
        lopsided.y.iter_mut().step_by(3).for_each(|y| *y = false);
        let mut glass = glass(spec.clone());
        let start = numbers(&glass);
        let mut twin = Twin::of(glass.layers(), &Device::flex().autodiff());
        let mut optim = optimizer.init();
        let all: Vec<usize> = (0..data.rows()).collect();
        let n = data.rows() as f32;
        let left = lopsided.y.iter().filter(|y| **y).count() as f32;
        let weight = |y: &bool| if *y { n / (2.0 * left) } else { n / (2.0 * (n - left)) };
        let weights: Vec<f32> = lopsided.y.iter().map(weight).collect();
        for at in 0..8 {
            let rate = 0.01 * f64::from(at + 1);
            glass.set_rate(rate);
            assert_eq!(glass.step(&lopsided).unwrap().rate, rate);
            let loss = twin.loss(&lopsided, &all, &weights, &spec);
            let grads = GradientsParams::from_grads(loss.backward(), &twin);
            twin = optim.step(rate, twin, grads);
        }
        let ours = numbers(&glass);
        assert!(ours.iter().flatten().zip(start.iter().flatten()).any(|(a, b)| (a - b).abs() > 0.01));
        near(&ours, &twin.numbers(), 1e-5, optimizer.name());
    }
}

/// The rows of a shape as samples of a file.
pub(super) fn samples(halves: &toys::Halves) -> Samples {
    let matrix = |data: &GlassData| Matrix {
        names: vec!["a".into(), "b".into()],
        sources: vec!["a".into(), "b".into()],
        height: data.rows(),
        data: data.x.clone(),
        sequences: Default::default(),
    };
    Samples {
        train: matrix(&halves.train),
        train_labels: halves.train.y.clone(),
        valid: matrix(&halves.valid),
        valid_labels: halves.valid.y.clone(),
    }
}

#[test]
fn it_trains_as_the_network_of_a_project_does() {
    let halves = toys::toy(&ToySpec { shape: Shape::Moons, rows: 200, noise: 0.1, seed: 2 });
    // Whole epochs with shuffling, batches with a remainder, and dropout: one stream of chance. Tanh and eight
    // units, so that no row finds them all at nothing in the first step: at log-odds of exactly 0 the slope
    // of burn's clamp and abs is 1 − y or −y where p − y is ½ − y.
    let spec = MlpSpec {
        hidden: vec![6, 8],
        activation: Activation::Tanh,
        dropout: 0.25,
        epochs: 1,
        batch_size: 16,
        learning_rate: 0.05,
        // Adam divides tiny slopes by their own size, rounding and all.
        optimizer: Optimizer::Sgd { momentum: 0.9 },
        ..MlpSpec::default()
    };
    let trained =
        train(ModelKind::Mlp, &spec, &samples(&halves), DeviceKind::Flex, 7, &Reporter::silent()).unwrap();
    let Model::Mlp(network) = trained.model else { panic!("a network was asked for") };
    let mut glass = Glass::new(
        GlassSpec {
            hidden: spec.hidden.clone(),
            activation: spec.activation,
            optimizer: spec.optimizer,
            learning_rate: spec.learning_rate,
            batch_size: spec.batch_size,
            dropout: spec.dropout,
            class_weight: spec.class_weight,
            l2: 0.0,
        },
        2,
        7,
    )
    .unwrap();
    let loss = glass.run_epoch(&halves.train).unwrap();
    assert_eq!((glass.epoch(), glass.steps(), glass.batch_in_epoch()), (1, 7, 0));
    let theirs: Vec<Vec<f32>> =
        network.layers.iter().map(|l| l.weights.iter().chain(&l.bias).copied().collect()).collect();
    near(&numbers(&glass), &theirs, 1e-5, "an epoch");
    assert!((loss - trained.history[0].train_loss).abs() < 1e-5);
    assert!((glass.loss(&halves.valid) - trained.history[0].valid_loss).abs() < 1e-5);
}

#[test]
fn going_on_from_a_copy_is_never_having_stopped() {
    let data = rows();
    let spec = GlassSpec { dropout: 0.3, batch_size: 7, ..spec(Activation::Relu) };
    let mut one = glass(spec.clone());
    let mut copy = None;
    let mut losses = Vec::new();
    for at in 0..40 {
        if at == 13 {
            copy = Some(one.clone());
        }
        losses.push(one.step(&data).unwrap());
    }
    let mut other = copy.unwrap();
    assert_eq!((other.steps(), other.epoch()), (13, 1));
    let again: Vec<GlassStep> = (13..40).map(|_| other.step(&data).unwrap()).collect();
    assert_eq!(again, losses[13..]);
    assert_eq!(numbers(&one), numbers(&other));
    let mut fresh = glass(spec);
    (0..40).for_each(|_| assert!(fresh.step(&data).is_ok()));
    assert_eq!(numbers(&fresh), numbers(&one), "the same seed");
    assert_eq!(losses.iter().filter(|step| step.ends_epoch).count(), one.epoch());
}

#[test]
fn an_explosion_is_told_and_leaves_the_network() {
    let data = rows();
    let mut net = glass(GlassSpec { optimizer: Optimizer::Sgd { momentum: 0.0 }, ..spec(Activation::Relu) });
    net.step(&data).unwrap();
    let before = net.clone();
    net.set_rate(1e39);
    assert_eq!(net.step(&data), Err(GlassError::Exploded { step: 2, rate: 1e39 }));
    assert_eq!((net.steps(), net.batch_in_epoch()), (1, 1));
    assert_eq!(numbers(&net), numbers(&before));
    // At a sensible rate it goes on as if nothing had been.
    let mut before = before;
    net.set_rate(0.01);
    before.set_rate(0.01);
    assert_eq!(net.step(&data), before.step(&data));
    // Features that are no numbers are no reason to lose the weights either.
    let mut broken = data;
    broken.x.iter_mut().for_each(|x| *x = f32::NAN);
    assert!(matches!(net.step(&broken), Err(GlassError::Exploded { step: 3, .. })));
    assert_eq!(numbers(&net), numbers(&before));
}

#[test]
fn what_makes_no_network_is_refused() {
    let make = |change: fn(&mut GlassSpec), width| {
        let mut spec = GlassSpec::default();
        change(&mut spec);
        Glass::new(spec, width, 1).err().map(|e| e.kind())
    };
    assert_eq!(make(|_| (), 0), Some("glass_spec"));
    assert_eq!(make(|s| s.hidden = vec![0], 2), Some("glass_spec"));
    assert_eq!(make(|s| s.dropout = 1.0, 2), Some("glass_spec"));
    assert_eq!(make(|s| s.learning_rate = f64::NAN, 2), Some("glass_spec"));
    assert_eq!(make(|_| (), 2), None);
    let mut net = glass(GlassSpec::default());
    let step = net.step(&GlassData { width: 2, ..GlassData::default() });
    assert_eq!(step, Err(GlassError::NoRows));
    let step = net.step(&GlassData { width: 3, x: vec![0.0; 3], y: vec![true] });
    assert_eq!(step, Err(GlassError::Width { found: 3, needed: 2 }));
}

#[test]
fn a_pass_is_what_the_model_says() {
    let data = rows();
    for norm in [false, true] {
        let mut glass = glass(spec(Activation::Relu));
        (0..20).for_each(|_| assert!(glass.step(&data).is_ok()));
        let mut network = glass.network();
        if norm {
            for layer in &mut network.layers[..2] {
                let n = layer.outputs;
                layer.norm = Some(crate::train::Norm {
                    gamma: vec![1.3; n],
                    beta: vec![0.2; n],
                    mean: vec![0.1; n],
                    variance: vec![0.5; n],
                });
            }
        }
        let matrix =
            samples(&toys::Halves { train: data.clone(), valid: data.clone(), ..Default::default() });
        let model = Model::Mlp(network.clone()).predict(&matrix.train, DeviceKind::Flex).unwrap();
        for (row, p) in model.iter().enumerate() {
            let pass = Pass::of(&network, data.row(row), data.y[row]);
            assert!((pass.probability - p).abs() < 1e-6);
            assert!((pass.loss + (if data.y[row] { *p } else { 1.0 - p }).ln()).abs() < 1e-5);
            for (at, layer) in pass.layers.iter().enumerate() {
                for (unit, z) in layer.z.iter().enumerate() {
                    let terms = pass.terms(&network, at, unit, 2).unwrap();
                    let sum = terms.shown.iter().map(|t| t.product).sum::<f64>() + terms.rest;
                    let bias = f64::from(network.layers[at].bias[unit]);
                    assert!((sum + bias - z).abs() < 1e-12 && (terms.sum - sum).abs() < 1e-12);
                    if let Some(back) = pass.back_terms(&network, at, unit, 2) {
                        assert!((back.sum * layer.slope[unit] - layer.delta[unit]).abs() < 1e-12);
                    } else {
                        assert_eq!(at + 1, pass.layers.len());
                    }
                }
            }
            assert!(pass.agrees(model[row]) && !pass.agrees(model[row] + 1e-3));
            // One weight's step is that of the whole.
            let all = pass.stepped(&network, data.row(row), 0.5).network;
            let one = pass.weight_step(&network, (1, 4, 2), 0.5).unwrap();
            assert!((f64::from(all.layers[1].weights[4 * 3 + 2]) - one.after).abs() < 1e-6);
            assert_eq!(one.after, one.weight - 0.5 * pass.layers[1].grad_w[4 * 3 + 2]);
            assert_eq!(pass.weight_step(&network, (1, 5, 2), 0.5), None);
            // A small step downhill helps this customer's answer.
            let stepped = pass.stepped(&network, data.row(row), 1e-3);
            assert!(stepped.loss < pass.loss, "{} {}", stepped.loss, pass.loss);
        }
    }
}

#[test]
fn surfaces_and_responses_are_predictions() {
    let glass = glass(spec(Activation::Sigmoid));
    let range = [[-1.0, 1.0], [0.0, 4.0]];
    let surface = glass.surface(&[9.0, 9.0], (0, 1), range, 3);
    let units = glass.responses(&[9.0, 9.0], (0, 1), range, 3);
    for (j, y) in [0.0f32, 2.0, 4.0].into_iter().enumerate() {
        for (i, x) in [-1.0f32, 0.0, 1.0].into_iter().enumerate() {
            let at = j * 3 + i;
            assert!((f64::from(surface[at]) - glass.predict(&[x, y])).abs() < 1e-6);
            assert_eq!(f64::from(units[1][2][at]), glass.response(1, 2, &[x, y]));
            assert_eq!(units[2][0][at], surface[at]);
        }
    }
    assert_eq!(units.iter().map(Vec::len).collect::<Vec<_>>(), [5, 3, 1]);
    assert_eq!(glass.response(7, 0, &[0.0, 0.0]), 0.0);
}
