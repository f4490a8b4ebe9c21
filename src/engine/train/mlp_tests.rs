use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::train::fit::{Look, StepFigures};
use crate::train::{Model, fault};

/// Customers whose two columns say who leaves, up to some noise.
fn samples(rows: usize) -> Samples {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let names = ["a", "b", "c"].map(String::from).to_vec();
    let mut side = |rows: usize| {
        let data: Vec<f32> = (0..rows * 3).map(|_| rand::Rng::gen_range(&mut rng, -1.0..1.0)).collect();
        let labels = data.chunks(3).map(|row| row[0] * row[1] + 0.2 * row[2] > 0.0).collect();
        let matrix = Matrix {
            names: names.clone(),
            sources: names.clone(),
            data,
            height: rows,
            sequences: Default::default(),
        };
        (matrix, labels)
    };
    let ((train, train_labels), (valid, valid_labels)) = (side(rows), side(rows / 4));
    Samples { train, train_labels, valid, valid_labels }
}

fn quick() -> MlpSpec {
    MlpSpec { hidden: vec![12, 6], epochs: 6, batch_size: 16, patience: 0, ..MlpSpec::default() }
}

fn watched() -> (Reporter, Receiver<Event>) {
    let (sender, events) = channel();
    (Reporter::to(sender).watched(), events)
}

/// The loop without anything around it, as it stood before anybody could watch.
fn bare(spec: &MlpSpec, samples: &Samples, seed: u64) -> (Vec<f64>, Network) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start = Network::init(3, &spec.hidden, spec.activation, spec.batch_norm, &mut rng);
    let y: Vec<f32> = samples.train_labels.iter().map(|y| f32::from(u8::from(*y))).collect();
    let weights = class_weights(&samples.train_labels, spec.class_weight);
    let mut stepper = Stepper::new(spec, &samples.train, &y, &weights, &Device::flex());
    let mut model = start.to_device(&stepper.device);
    let mut order: Vec<usize> = (0..samples.train.height).collect();
    let (mut losses, mut best) = (Vec::new(), None);
    for epoch in 1..=spec.epochs {
        order.shuffle(&mut rng);
        let batches = batches(&order, spec.batch_size, 1);
        let total = batches.len() as f64;
        for (at, rows) in batches.into_iter().enumerate() {
            let done = (epoch as f64 - 1.0 + at as f64 / total) / spec.epochs as f64;
            let rate = spec.learning_rate * spec.schedule.factor(done, epoch);
            model = stepper.step(model, rows, rate, &mut rng);
        }
        let network = Network::from_device(&model.valid(), spec.activation).unwrap();
        let loss = look(&network, samples, &Device::flex()).unwrap().0;
        losses.push(stepper.mean_loss().unwrap());
        if best.as_ref().is_none_or(|(low, _)| loss < *low) {
            best = Some((loss, network));
        }
    }
    (losses, best.unwrap().1)
}

#[test]
fn who_watches_changes_no_bit() {
    let samples = samples(200);
    for spec in [quick(), MlpSpec { batch_norm: true, dropout: 0.0, ..quick() }] {
        let (losses, network) = bare(&spec, &samples, 5);
        let (report, events) = watched();
        for report in [Reporter::silent(), report] {
            let trained = train(&spec, &samples, (DeviceKind::Flex, 5), None, &report).unwrap();
            let now: Vec<u64> = trained.history.iter().map(|e| e.train_loss.to_bits()).collect();
            assert_eq!(now, losses.iter().map(|loss| loss.to_bits()).collect::<Vec<_>>());
            assert_eq!(trained.model, Model::Mlp(network.clone()));
        }
        drop(report_of(events));
    }
}

/// Everything that was told.
#[derive(Default)]
struct Heard {
    steps: Vec<StepFigures>,
    looks: Vec<Look>,
    networks: Vec<KeptEpoch>,
    costs: Vec<f64>,
}

fn report_of(events: Receiver<Event>) -> Heard {
    let mut heard = Heard::default();
    for event in events.try_iter() {
        match event {
            Event::Steps(steps) => heard.steps.extend(steps),
            Event::Look(look) => heard.looks.push(*look),
            Event::Network(kept) => heard.networks.push(*kept),
            Event::Watching(watching) => heard.costs.push(watching.cost),
            _ => {}
        }
    }
    heard
}

#[test]
fn those_who_watch_are_told_and_nobody_else_is() {
    let samples = samples(200);
    let spec = MlpSpec { epochs: 40, ..quick() };
    let (report, events) = watched();
    let trained = train(&spec, &samples, (DeviceKind::Flex, 5), None, &report).unwrap();
    let heard = report_of(events);
    // 200 rows in batches of 16 are 13 steps.
    assert!(!heard.steps.is_empty() && heard.steps.iter().all(|s| s.loss.is_finite() && s.loss > 0.0));
    assert!(heard.steps.windows(2).all(|pair| pair[1].step == pair[0].step + 1), "none is left out");
    assert_eq!(heard.steps[0].step, 1);
    assert!(heard.steps.iter().all(|s| s.epoch == (s.step as usize - 1) / 13 + 1));
    assert_eq!(heard.steps.len(), 13 * 40, "to the end");
    // The mean of an epoch's steps is the epoch's loss: 12 batches of 16 rows, and one of 8.
    let first: Vec<f64> = heard.steps.iter().filter(|s| s.epoch == 1).map(|s| s.loss).collect();
    let mean = (16.0 * first[..12].iter().sum::<f64>() + 8.0 * first[12]) / 200.0;
    assert!((mean - trained.history[0].train_loss).abs() < 1e-5, "{mean}");
    let look = &heard.looks[0];
    assert_eq!((look.step, look.epoch), (1, 1));
    let names: Vec<&str> = look.weights.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(names[..2], ["dense0.weight", "dense0.bias"]);
    assert_eq!(names[4..], ["out.weight", "out.bias"]);
    assert!(look.weights.iter().all(|w| w.gradient_norm.is_finite() && w.gradient_norm > 0.0));
    let count = |counts: &[u32]| counts.iter().sum::<u32>();
    assert_eq!(count(&look.weights[0].weights.counts), 36);
    assert_eq!(look.activations.len(), 2);
    assert_eq!(count(&look.activations[1].activations.counts), 16 * 6);
    assert!(look.time.forward > 0.0 && look.time.backward > 0.0 && look.time.step > 0.0);
    assert!(heard.costs.iter().all(|cost| (0.0..=1.0).contains(cost)));
    let numbers: Vec<usize> = heard.networks.iter().map(|kept| kept.figures.epoch).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    let best = &heard.networks[trained.best_epoch - 1];
    assert_eq!(trained.model, Model::Mlp(best.network.clone()));
    let (sender, events) = channel();
    train(&spec, &samples, (DeviceKind::Flex, 5), None, &Reporter::to(sender)).unwrap();
    let heard = report_of(events);
    assert!(heard.steps.is_empty() && heard.looks.is_empty() && heard.networks.is_empty());
}

#[test]
fn a_network_at_rest_is_looked_at() {
    let samples = samples(400);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut network = Network::init(3, &[4, 2], Activation::Relu, false, &mut rng);
    // A unit that cannot speak, whatever it is shown.
    network.layers[0].weights.iter_mut().skip(1).step_by(4).for_each(|weight| *weight = 0.0);
    network.layers[0].bias[1] = -1.0;
    let look = crate::train::look_at(&network, &samples.train).unwrap();
    assert_eq!((look.rows, look.activations.len(), look.weights.len()), (256, 2, 6));
    assert_eq!(look.activations[0].dead, 0.25);
    assert_eq!(look.weights[0].1.counts.iter().sum::<u32>(), 12);
    let narrow = Matrix {
        names: vec!["a".into()],
        sources: vec!["a".into()],
        data: vec![0.0; 9],
        height: 9,
        sequences: Default::default(),
    };
    assert!(crate::train::look_at(&network, &narrow).is_err());
}

#[test]
fn an_exploding_rate_keeps_the_last_good_network() {
    let samples = samples(120);
    let wild = MlpSpec {
        learning_rate: 1e30,
        optimizer: Optimizer::Sgd { momentum: 0.9 },
        activation: Activation::Gelu,
        ..quick()
    };
    let error = train(&wild, &samples, (DeviceKind::Flex, 1), None, &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "diverged");
    let crate::Error::Train(error) = error else { panic!("{error}") };
    assert!(error.kept().is_none(), "not one epoch was good");
    // A decay past 2 turns each weight around and makes it a fifth larger, step after step: the first
    // epochs are good.
    let rising = MlpSpec {
        learning_rate: 1.0,
        optimizer: Optimizer::AdamW { weight_decay: 2.2 },
        epochs: 4000,
        dropout: 0.0,
        activation: Activation::Gelu,
        ..quick()
    };
    match train(&rising, &samples, (DeviceKind::Flex, 1), None, &Reporter::silent()) {
        Err(crate::Error::Train(error @ TrainError::Diverged { .. })) => {
            let kept = error.kept().expect("the first epochs were good");
            assert!(kept.best_epoch >= 1 && kept.history.iter().all(|e| e.valid_loss.is_finite()));
            let p = kept.model.predict(&samples.valid, DeviceKind::Flex).unwrap();
            assert!(p.iter().all(|p| (0.0..=1.0).contains(p)));
        }
        other => panic!("{:?}", other.map(|trained| trained.epochs_run)),
    }
}

#[test]
fn a_device_that_fails_is_told_and_what_was_learnt_is_kept() {
    let samples = samples(160);
    // Ten steps an epoch: in the third, with two behind it.
    fault::after(25);
    let error = train(&quick(), &samples, (DeviceKind::Flex, 3), None, &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "device_broke");
    assert!(error.to_string().contains("Out of Memory"), "{error}");
    let crate::Error::Train(error) = error else { panic!() };
    let kept = error.kept().unwrap();
    assert_eq!(kept.epochs_run, 2);
    let whole = MlpSpec { epochs: 2, ..quick() };
    // Of two planned epochs, at a constant rate, comes the same.
    let same = train(&whole, &samples, (DeviceKind::Flex, 3), None, &Reporter::silent()).unwrap();
    assert_eq!(kept.model, same.model);
    // In the very first step nothing is there to keep, and that is told as well.
    fault::after(0);
    let error = train(&quick(), &samples, (DeviceKind::Flex, 3), None, &Reporter::silent()).unwrap_err();
    let crate::Error::Train(error) = error else { panic!() };
    assert!(matches!(error, TrainError::Broken { kept: None, .. }));
}

#[test]
fn batches_of_one_class_are_learnt_from() {
    let mut samples = samples(60);
    // Rows in order of their class and batches of one row: every batch holds one class only.
    samples.train_labels.sort_unstable();
    for (batch_size, batch_norm) in [(1, false), (7, false), (7, true)] {
        let spec = MlpSpec { batch_size, batch_norm, class_weight: true, epochs: 2, ..quick() };
        let trained = train(&spec, &samples, (DeviceKind::Flex, 1), None, &Reporter::silent()).unwrap();
        assert!(trained.history.iter().all(|e| e.train_loss.is_finite() && e.valid_loss.is_finite()));
    }
}

/// What came of it, without the time.
fn came_of(trained: &Trained) -> (Model, usize, Vec<Epoch>) {
    let timeless = |epoch: &Epoch| Epoch { seconds: 0.0, planned: 0, ..*epoch };
    (trained.model.clone(), trained.best_epoch, trained.history.iter().map(timeless).collect())
}

#[test]
fn going_on_after_a_crash_is_never_having_stopped() {
    let samples = samples(200);
    let folder = tempfile::tempdir().unwrap();
    for (at, optimizer) in super::super::Optimizer::ALL.into_iter().enumerate() {
        let spec = MlpSpec {
            optimizer,
            batch_norm: at % 2 == 1,
            schedule: if at == 0 { Schedule::Plateau } else { Schedule::Halving },
            clip_norm: 0.5,
            warmup_steps: 20,
            ..quick()
        };
        let flex = (DeviceKind::Flex, 5);
        let whole = train(&spec, &samples, flex, None, &Reporter::silent()).unwrap();
        let path = folder.path().join(format!("{at}.training"));
        // Cut off after the fourth epoch: the checkpoint is all that is left.
        let cut = MlpSpec { epochs: 4, ..spec.clone() };
        train(&cut, &samples, flex, Some(&path), &Reporter::silent()).unwrap();
        let (sender, events) = channel();
        let resumed = train(&spec, &samples, flex, Some(&path), &Reporter::to(sender)).unwrap();
        assert_eq!(came_of(&whole), came_of(&resumed), "{}", optimizer.name());
        let told: Vec<usize> = events
            .iter()
            .filter_map(|event| if let Event::Epoch(epoch) = event { Some(epoch.epoch) } else { None })
            .collect();
        assert_eq!(told, [1, 2, 3, 4, 5, 6], "earlier epochs are shown again");
        // A finished one has nothing left to do.
        let again = train(&spec, &samples, flex, Some(&path), &Reporter::silent()).unwrap();
        assert_eq!(came_of(&whole), came_of(&again));
    }
}

#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let samples = samples(120);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.training");
    let flex = (DeviceKind::Flex, 5);
    train(&quick(), &samples, flex, Some(&path), &Reporter::silent()).unwrap();
    let refused = |spec: &MlpSpec, samples: &Samples, seed| {
        let told = train(spec, samples, (DeviceKind::Flex, seed), Some(&path), &Reporter::silent());
        matches!(told, Err(crate::Error::Train(error)) if error.kind() == "net_checkpoint")
    };
    assert!(refused(&quick(), &samples, 6), "another seed");
    assert!(refused(&MlpSpec { dropout: 0.1, ..quick() }, &samples, 5), "other settings");
    let mut other = samples.clone();
    other.train.data[0] += 1.0;
    assert!(refused(&quick(), &other, 5), "other data");
    assert!(!refused(&quick(), &samples, 5));
    let bytes = std::fs::read(&path).unwrap();
    for cut in [0, 7, 40, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert!(refused(&quick(), &samples, 5), "cut at {cut}");
    }
    let mut bent = bytes.clone();
    bent[bytes.len() / 2] ^= 1;
    std::fs::write(&path, bent).unwrap();
    assert!(refused(&quick(), &samples, 5), "a bit turned");
}

#[test]
fn log_odds_of_exactly_0_have_their_slope() {
    let device = Device::flex().autodiff();
    let of = |values: Vec<f32>| {
        let n = values.len();
        Tensor::<2>::from_data(TensorData::new(values, [n, 1]), &device)
    };
    let z = of(vec![0.0, 0.0, 3.0, -90.0, 90.0]).require_grad();
    let loss = super::super::net::loss::entropy(z.clone(), of(vec![0.0, 1.0, 0.0, 0.0, 0.0]));
    let values = read(loss.clone().inner()).unwrap();
    let expected = [2f32.ln(), 2f32.ln(), (1.0 + 3f32.exp()).ln(), 0.0, 90.0];
    assert!(values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{values:?}");
    let grads = loss.sum().backward();
    let slope = read(z.grad(&grads).unwrap()).unwrap();
    let expected = [0.5, -0.5, 0.952_574, 0.0, 1.0];
    assert!(slope.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{slope:?}");
}
