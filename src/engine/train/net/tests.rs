//! Bodies, heads and losses: what they learn, and what must not change an answer.

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::Linear;
use burn::nn::gru::GruConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::batch::Batch;
use super::graph::Graph;
use super::testing::{HEADS, ab, bodies, mixed, predict, quick, samples, small, train};
use super::*;
use crate::job::Reporter;
use crate::metrics;
use crate::train::network::read;
use crate::train::{DeviceKind, device};

#[test]
fn order_is_seen_by_all_bodies_but_the_bag() {
    let samples = samples(
        |n, seed| {
            let (data, y) = ab(n, seed);
            (data, Target::Binary(y))
        },
        320,
        80,
    );
    let (fresh, truth) = ab(200, 3);
    for body in bodies() {
        let trained = train(
            &small(body.clone(), Head::Binary),
            &quick(if matches!(body, Body::Transformer { .. }) { 30 } else { 12 }),
            &samples,
            7,
        );
        let auc = metrics::roc_auc(&predict(&trained.net, &fresh), &truth).unwrap();
        println!("{body:?}: {auc:.3}");
        match body {
            Body::Mlp { .. } => assert!(auc < 0.65, "a bag cannot tell ab from ba: {auc}"),
            _ => assert!(auc > 0.95, "{body:?}: {auc}"),
        }
    }
}

#[test]
fn every_body_learns_with_every_head_the_same_way_twice_and_keeps_its_answers_in_a_file() {
    for head in HEADS {
        let samples = samples(|n, seed| mixed(n, head, seed), 96, 32);
        for body in bodies() {
            let spec = small(body.clone(), head);
            let trained = train(&spec, &quick(4), &samples, 3);
            let (first, last) = (trained.history[0].valid_loss, trained.history[3].valid_loss);
            assert!(last < first, "{body:?} {head:?}: {first} to {last}");
            assert!(trained.history[3].metric.is_some());
            let again = train(&spec, &quick(4), &samples, 3);
            assert_eq!(trained.net, again.net, "{body:?} {head:?}");
            assert_ne!(trained.net, train(&spec, &quick(4), &samples, 4).net);

            let text = serde_json::to_string(&trained.net).unwrap();
            let opened: Net = serde_json::from_str(&text).unwrap();
            assert!(opened.is_sound());
            let answers = predict(&trained.net, &samples.valid);
            assert_eq!(answers, predict(&opened, &samples.valid));
            assert_eq!(answers.len(), 32 * head.outputs());
            if let Head::MultiClass { classes } = head {
                assert!(answers.chunks(classes).all(|p| (p.iter().sum::<f64>() - 1.0).abs() < 1e-9));
            }
            if head == Head::Regression {
                assert!(answers.iter().all(|y| (0.0..2500.0).contains(y)), "the target's own unit");
            }
        }
    }
}

/// Rows `rows` of `data`.
fn pick(data: &NetData, rows: &[usize]) -> NetData {
    let mut out = NetData { rows: rows.len(), ..data.clone() };
    (out.table, out.categories.ids) = (Vec::new(), Vec::new());
    let (mut tokens, mut events) = (Ragged::new(1), Ragged::new(2));
    for row in rows {
        let d = data.table_width;
        out.table.extend_from_slice(&data.table[row * d..(row + 1) * d]);
        out.categories.ids.push(data.categories.ids[*row]);
        tokens.push(data.tokens.as_ref().unwrap().row(*row, usize::MAX));
        events.push(data.events.as_ref().unwrap().row(*row, usize::MAX));
    }
    (out.tokens, out.events) = (Some(tokens), Some(events));
    out
}

#[test]
fn padding_and_neighbours_change_no_answer() {
    let (data, _) = mixed(12, Head::Binary, 5);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for body in bodies() {
        let spec = NetSpec { mean_pool: true, ..small(body.clone(), Head::Binary) };
        let net = Net::init(&spec, &data.inputs(), &mut rng).unwrap();
        let graph = Graph::new(&net, &Device::flex()).unwrap();
        let answer = |data: &NetData, rows: &[usize]| {
            let batch = Batch::new(data, rows, &NetSpec { max_len: 64, ..net.spec.clone() }, &Device::flex());
            read(graph.forward(&net.spec, &batch, None, &mut None)).unwrap()
        };
        let mut long = pick(&data, &(0..12).collect::<Vec<_>>());
        long.rows += 1;
        long.table.extend([0.5, 0.5]);
        long.categories.ids.push(1);
        long.tokens.as_mut().unwrap().push(&[3; 40]);
        long.events.as_mut().unwrap().push(&[0.5; 60]);
        let all = answer(&long, &(0..13).collect::<Vec<_>>());
        for (row, beside) in all.iter().enumerate().take(12) {
            let alone = answer(&data, &[row])[0];
            assert!((alone - beside).abs() < 1e-5, "{body:?} row {row}: {alone} {beside}");
        }
    }
}

#[test]
fn nothing_to_read_gives_a_zero_vector() {
    for body in bodies() {
        let mut data = NetData { rows: 3, vocabulary: 6, ..NetData::default() };
        let mut tokens = Ragged::new(1);
        tokens.push(&[]);
        tokens.push(&[1, 2, 3]);
        tokens.push(&[]);
        data.tokens = Some(tokens);
        let head = Head::MultiClass { classes: 3 };
        let spec = NetSpec { hidden: vec![], mean_pool: true, ..small(body.clone(), head) };
        let spec = match body {
            Body::Mlp { .. } => NetSpec { body: Body::Mlp { hidden: vec![], residual: false }, ..spec },
            _ => spec,
        };
        let mut net = Net::init(&spec, &data.inputs(), &mut ChaCha8Rng::seed_from_u64(2)).unwrap();
        let bias = net.weights.iter_mut().find(|w| w.name == "out.bias").unwrap();
        bias.values = vec![0.0, 1.0, 2.0];
        let answers = predict(&net, &data);
        let sum: f64 = (0..3).map(|z| f64::from(z).exp()).sum();
        for (class, z) in (0..3).enumerate() {
            for row in [0, 2] {
                let expected = f64::from(z).exp() / sum;
                assert!((answers[row * 3 + class] - expected).abs() < 1e-6, "{body:?}");
            }
        }
        assert!(answers.iter().all(|p| p.is_finite()));
        // All rows empty: a batch without a single step.
        let none = NetData { tokens: Some(Ragged::from_padded(1, 0, &[], &[])), rows: 0, ..data.clone() };
        assert!(predict(&net, &none).is_empty());
        let mut empty = Ragged::<u32>::new(1);
        (0..2).for_each(|_| empty.push(&[]));
        let answers = predict(&net, &NetData { rows: 2, tokens: Some(empty), ..data });
        assert!((answers[0] - 1.0 / sum).abs() < 1e-6, "{body:?}");
    }
}

#[test]
fn unseen_ids_are_the_unknown_one() {
    let (mut data, _) = mixed(4, Head::Binary, 9);
    let net = Net::init(
        &small(Body::Cnn { kernels: vec![2], filters: 4 }, Head::Binary),
        &data.inputs(),
        &mut ChaCha8Rng::seed_from_u64(2),
    )
    .unwrap();
    let with = |data: &mut NetData, id: u32| {
        data.categories.ids[0] = id;
        let mut tokens = Ragged::new(1);
        (0..4).for_each(|_| tokens.push(&[1, id, 2]));
        data.tokens = Some(tokens);
        predict(&net, data)
    };
    let unknown = with(&mut data, 0);
    assert_eq!(unknown, with(&mut data, 6));
    assert_eq!(unknown, with(&mut data, u32::MAX));
    assert_ne!(unknown, with(&mut data, 3));
}

#[test]
fn long_sequences_are_cut_with_a_note() {
    let make = |n: usize, _: u64| {
        let mut tokens = Ragged::new(1);
        (0..n).for_each(|row| tokens.push(&vec![1 + (row % 2) as u32; 10_000]));
        let data = NetData { rows: n, tokens: Some(tokens), vocabulary: 3, ..NetData::default() };
        (data, Target::Binary((0..n).map(|row| row % 2 == 0).collect()))
    };
    let samples = samples(make, 8, 4);
    let spec = NetSpec { max_len: 32, ..small(Body::Cnn { kernels: vec![2], filters: 4 }, Head::Binary) };
    let trained = train(&spec, &quick(2), &samples, 1);
    let note = &trained.notes[0];
    assert_eq!(note.code, "sequence_cut");
    assert_eq!(note.args, [("count", "12".to_owned()), ("most", "32".to_owned())]);
}

#[test]
fn odd_batches_break_nothing() {
    for body in bodies() {
        let spec = small(body.clone(), Head::Binary);
        let spec = NetSpec { class_weight: true, balanced: true, ..spec };
        // One class only; batches of one; no validation rows.
        let (train_rows, _) = mixed(5, Head::Binary, 1);
        let samples = NetSamples {
            train: train_rows,
            train_target: Target::Binary(vec![true; 5]),
            valid: NetData::default(),
            valid_target: Target::Binary(Vec::new()),
        };
        let trained = train(&spec, &FitSpec { batch_size: 1, ..quick(2) }, &samples, 1);
        assert!(trained.history[1].valid_loss.is_finite(), "{body:?}");
        assert_eq!(trained.history[1].metric, None, "one class has no area");
        let one = NetSamples {
            train: pick(&samples.train, &[0]),
            train_target: Target::Binary(vec![true]),
            ..samples
        };
        assert!(train(&spec, &quick(2), &one, 1).net.is_sound());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let (data, target) = mixed(6, Head::Binary, 1);
    let samples =
        NetSamples { valid: data.clone(), valid_target: target.clone(), train: data, train_target: target };
    let run = |spec: &NetSpec, samples: &NetSamples| {
        let mut nobody = ();
        let run = Run {
            device: DeviceKind::Flex,
            seed: 1,
            checkpoint: None,
            checkpoint_steps: 0,
            watch: &mut nobody,
        };
        train_net(spec, &quick(1), samples, run, &Reporter::silent()).unwrap_err().kind()
    };
    let fine = NetSpec::default();
    let huber = NetSpec { loss: Loss::Huber { delta: 1.0 }, ..fine.clone() };
    assert_eq!(run(&huber, &samples), "net_settings");
    let heads =
        Body::Transformer { layers: 1, heads: 3, model: 16, feed_forward: 8, positions: Positions::Learned };
    assert_eq!(run(&NetSpec { body: heads, ..fine.clone() }, &samples), "net_settings");
    assert_eq!(run(&NetSpec { head: Head::Regression, ..fine.clone() }, &samples), "net_data");
    let mut nan = samples.clone();
    nan.train.table[3] = f32::NAN;
    assert_eq!(run(&fine, &nan), "net_data");
    let mut short = samples.clone();
    short.train.tokens.as_mut().unwrap().starts.pop();
    assert_eq!(run(&fine, &short), "net_data");
    // 16 rows × 8 heads × 60,000² steps would end the program, not the training.
    let mut long = samples.clone();
    long.train.tokens = Some(Ragged::new(1));
    (0..6).for_each(|_| long.train.tokens.as_mut().unwrap().push(&vec![1; 60_000]));
    let wide = Body::Transformer {
        layers: 2,
        heads: 8,
        model: 16,
        feed_forward: 8,
        positions: Positions::Sinusoidal,
    };
    assert_eq!(run(&NetSpec { body: wide, max_len: 60_000, ..fine.clone() }, &long), "net_settings");
    let none = NetSamples {
        train: pick(&samples.train, &[]),
        train_target: Target::Binary(vec![]),
        ..samples.clone()
    };
    assert_eq!(run(&fine, &none), "too_few_rows");
    let net = train(&fine, &quick(1), &samples, 1).net;
    let (other, _) = ab(3, 1);
    assert!(net.predict(&other, DeviceKind::Flex, &Reporter::silent()).is_err());
    let mut forged = net.clone();
    forged.weights[0].values.pop();
    assert!(!forged.is_sound());
    let mut forged = net;
    forged.inputs.vocabulary = usize::MAX;
    assert!(!forged.is_sound());
}

/// A network on 2 events of 3 channels and the mean of its squared logits, for gradients.
fn probe_loss(net: &Net, data: &NetData, device: &Device) -> (Tensor<1>, Graph) {
    let graph = Graph::new(net, device).unwrap();
    let batch = Batch::new(data, &[0, 1, 2], &net.spec, device);
    let z = graph.forward(&net.spec, &batch, None, &mut None);
    ((z.clone() * z).sum(), graph)
}

#[test]
fn gradients_of_the_cells_agree_with_finite_differences() {
    let mut events = Ragged::new(2);
    events.push(&[0.3, -0.7, 0.9, 0.1, -0.4, 0.5]);
    events.push(&[-0.6, 0.2]);
    events.push(&[0.8, 0.4, -0.3, -0.9]);
    let data = NetData { rows: 3, events: Some(events), ..NetData::default() };
    for cell in [Cell::Gru, Cell::Lstm] {
        let body = Body::Rnn { cell, units: 3, bidirectional: true };
        let spec = NetSpec { dropout: 0.0, ..small(body, Head::Binary) };
        let net = Net::init(&spec, &data.inputs(), &mut ChaCha8Rng::seed_from_u64(8)).unwrap();
        let (loss, graph) = probe_loss(&net, &data, &Device::flex().autodiff());
        struct Grads(GradientsParams, std::collections::BTreeMap<u64, Vec<f32>>);
        impl ModuleVisitor for Grads {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let grad = self.0.get::<D>(param.id).expect("every weight has a gradient");
                self.1.insert(param.id.val(), read(grad).unwrap());
            }
        }
        let mut grads = Grads(GradientsParams::from_grads(loss.backward(), &graph), Default::default());
        graph.visit(&mut grads);
        let mut compared = 0;
        for (at, weight) in net.weights.iter().enumerate() {
            for place in (0..weight.values.len()).step_by(3) {
                let at_offset = |by: f32| {
                    let mut net = net.clone();
                    net.weights[at].values[place] += by;
                    f64::from(read(probe_loss(&net, &data, &Device::flex()).0).unwrap()[0])
                };
                let h = 1e-2;
                let slope = (at_offset(h) - at_offset(-h)) / (2.0 * f64::from(h));
                let grad = f64::from(grads.1[&(at as u64 + 1)][place]);
                let near = 2e-3 + 0.01 * slope.abs();
                assert!((slope - grad).abs() < near, "{cell:?} {} {place}: {slope} {grad}", weight.name);
                compared += 1;
            }
        }
        assert!(compared > 50);
    }
}

#[test]
fn the_gru_is_burns_gru() {
    let device = Device::flex();
    let mut events = Ragged::new(2);
    events.push(&[0.3, -0.7, 0.9, 0.1, -0.4, 0.5]);
    let data = NetData { rows: 1, events: Some(events), ..NetData::default() };
    let spec = NetSpec {
        hidden: vec![],
        ..small(
            Body::Rnn { cell: Cell::Gru, units: 3, bidirectional: false },
            Head::MultiClass { classes: 3 },
        )
    };
    let mut net = Net::init(&spec, &data.inputs(), &mut ChaCha8Rng::seed_from_u64(8)).unwrap();
    for (at, weight) in net.weights.iter_mut().enumerate() {
        if weight.name.ends_with("bias") && weight.name != "out.bias" {
            weight.values.iter_mut().enumerate().for_each(|(i, x)| *x = 0.1 * (i + at) as f32 - 0.3);
        }
        if weight.name == "out.weight" {
            weight.values = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        }
    }
    let of = |name: &str| net.weights.iter().find(|w| w.name == name).unwrap().values.clone();
    let block = |name: &str, rows: usize, gate: usize| -> Tensor<2> {
        let all = of(name);
        let values: Vec<f32> =
            (0..rows).flat_map(|r| all[r * 9 + gate * 3..r * 9 + gate * 3 + 3].to_vec()).collect();
        Tensor::from_data(TensorData::new(values, [rows, 3]), &device)
    };
    let vector = |values: &[f32]| Tensor::<1>::from_data(TensorData::new(values.to_vec(), [3]), &device);
    let linear = |weight: Tensor<2>, bias: Tensor<1>| Linear {
        weight: Param::initialized(0.into(), weight),
        bias: Some(Param::initialized(0.into(), bias)),
    };
    let mut gru = GruConfig::new(2, 3, true).init(&device);
    let bias = of("events.forward.bias");
    let candidate = of("events.forward.candidate_bias");
    for (gate, at) in [(&mut gru.reset_gate, 0), (&mut gru.update_gate, 1), (&mut gru.new_gate, 2)] {
        gate.input_transform =
            linear(block("events.forward.input", 2, at), vector(&bias[at * 3..at * 3 + 3]));
        let inner = if at == 2 { candidate.clone() } else { vec![0.0; 3] };
        gate.hidden_transform = linear(block("events.forward.hidden", 3, at), vector(&inner));
    }
    let x =
        Tensor::<3>::from_data(TensorData::new(vec![0.3f32, -0.7, 0.9, 0.1, -0.4, 0.5], [1, 3, 2]), &device);
    let theirs = read(gru.forward(x, None).narrow(1, 2, 1)).unwrap();
    let graph = Graph::new(&net, &device).unwrap();
    let ours = read(graph.forward(&spec, &Batch::new(&data, &[0], &spec, &device), None, &mut None)).unwrap();
    for (a, b) in ours.iter().zip(&theirs) {
        assert!((a - b).abs() < 1e-6, "{ours:?} {theirs:?}");
    }
}

#[test]
fn losses_are_what_their_formulas_say() {
    let device = Device::flex();
    let of = |loss, head, z: &[f32], y: &[f32]| -> f32 {
        let tensor = |v: &[f32]| Tensor::<2>::from_data(TensorData::new(v.to_vec(), [1, v.len()]), &device);
        read(super::loss::rows(loss, head, tensor(z), tensor(y))).unwrap()[0]
    };
    let near = |a: f32, b: f64| assert!((f64::from(a) - b).abs() < 1e-5 * (1.0 + b.abs()), "{a} {b}");
    let p = 1.0 / (1.0 + (-0.8f64).exp());
    near(of(Loss::Bce, Head::Binary, &[0.8], &[1.0]), -p.ln());
    near(of(Loss::Bce, Head::Binary, &[200.0], &[0.0]), 200.0);
    near(of(Loss::Bce, Head::Binary, &[-200.0], &[0.0]), 0.0);
    near(of(Loss::Focal { gamma: 2.0 }, Head::Binary, &[0.8], &[1.0]), -(1.0 - p).powi(2) * p.ln());
    near(of(Loss::Focal { gamma: 2.0 }, Head::Binary, &[0.8], &[0.0]), -p.powi(2) * (1.0 - p).ln());
    let sum: f64 = [1.0f64, 2.0, 0.5].iter().map(|z| z.exp()).sum();
    let log = |z: f64| (z.exp() / sum).ln();
    let three = Head::MultiClass { classes: 3 };
    let (z, y) = ([1.0, 2.0, 0.5], [0.0, 1.0, 0.0]);
    near(of(Loss::CrossEntropy { smoothing: 0.0 }, three, &z, &y), -log(2.0));
    let third = 0.3 / 3.0;
    let smooth = -(third * log(1.0) + (0.7 + third) * log(2.0) + third * log(0.5));
    near(of(Loss::CrossEntropy { smoothing: 0.3 }, three, &z, &y), smooth);
    near(of(Loss::Focal { gamma: 1.5 }, three, &z, &y), -(1.0 - log(2.0).exp()).powf(1.5) * log(2.0));
    near(of(Loss::Focal { gamma: 0.0 }, three, &z, &y), -log(2.0));
    let huber = |z: f32, y: f32| of(Loss::Huber { delta: 0.5 }, Head::Regression, &[z], &[y]);
    near(huber(0.3, 0.0), 0.5 * 0.09);
    near(huber(-2.0, 0.0), 0.5 * (2.0 - 0.25));
}

#[test]
fn settings_left_out_of_a_file_are_the_default_ones() {
    assert_eq!(serde_json::from_str::<NetSpec>("{}").unwrap(), NetSpec::default());
    let text = r#"{"body":{"kind":"cnn","kernels":[2],"filters":3},"head":{"kind":"multi_class","classes":4},
        "loss":{"kind":"focal","gamma":2.0}}"#;
    let spec: NetSpec = serde_json::from_str(text).unwrap();
    assert_eq!(spec.body, Body::Cnn { kernels: vec![2], filters: 3 });
    assert_eq!((spec.head, spec.loss), (Head::MultiClass { classes: 4 }, Loss::Focal { gamma: 2.0 }));
    assert_eq!(serde_json::from_str::<FitSpec>("{}").unwrap(), FitSpec::default());
}

#[test]
fn parameters_are_counted_as_in_the_books() {
    let inputs = Inputs { vocabulary: 100, ..Inputs::default() };
    let count = |body: Body| {
        let spec = NetSpec { body, token_size: 16, ..NetSpec::default() };
        Net::init(&spec, &inputs, &mut ChaCha8Rng::seed_from_u64(1)).unwrap().parameters() - 1600
    };
    let cnn = Body::Cnn { kernels: vec![2, 3], filters: 10 };
    assert_eq!(count(cnn), 10 * 16 * 2 + 10 + 10 * 16 * 3 + 10 + 21);
    let gru = Body::Rnn { cell: Cell::Gru, units: 8, bidirectional: false };
    assert_eq!(count(gru), 3 * (16 * 8 + 8 * 8 + 8) + 8 + 9);
    let lstm = Body::Rnn { cell: Cell::Lstm, units: 8, bidirectional: true };
    assert_eq!(count(lstm), 2 * 4 * (16 * 8 + 8 * 8 + 8) + 17);
}

#[test]
fn wgpu_and_flex_agree() {
    if let Err(cause) = device::adapter() {
        println!("skipped: there is no graphics adapter ({cause})");
        return;
    }
    let samples = samples(|n, seed| mixed(n, Head::Binary, seed), 48, 16);
    // One of each kind: a software adapter takes seconds for each.
    for body in bodies().into_iter().filter(|body| {
        !matches!(
            body,
            Body::Rnn { bidirectional: true, .. } | Body::Transformer { positions: Positions::Learned, .. }
        )
    }) {
        let spec = small(body.clone(), Head::Binary);
        let on = |device| {
            let mut nobody = ();
            let run = Run { device, seed: 5, checkpoint: None, checkpoint_steps: 0, watch: &mut nobody };
            let trained = train_net(&spec, &quick(2), &samples, run, &Reporter::silent()).unwrap();
            trained.net.predict(&samples.valid, device, &Reporter::silent()).unwrap().values
        };
        let (flex, wgpu) = (on(DeviceKind::Flex), on(DeviceKind::Wgpu));
        let worst = flex.iter().zip(&wgpu).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("{body:?}: {worst:.2e}");
        // Stated: probabilities after six steps of training agree within 1e-3.
        assert!(worst < 1e-3, "{body:?}: {worst}");
    }
}
