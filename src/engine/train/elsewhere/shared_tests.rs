//! A training that several share, without a wire: the numbers of one that is not.

use std::time::{Duration, Instant};

use super::muscle::Met;
use super::news::{Failed, Outcome, Weights};
use super::order::{Order, Work};
use super::{Elsewhere, ElsewhereError, Muscle};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::train::fit::{FitSpec, NetSamples, Run, train_net};
use crate::train::net::{Body, Cell, NetData, NetSpec, Ragged, Target};
use crate::train::share::{Share, answer, reduce};
use crate::train::{DeviceKind, MlpSpec, Model, Samples, mlp};

fn samples(rows: usize) -> Samples {
    let matrix = |rows: usize, from: usize| {
        let data: Vec<f32> =
            (0..rows * 5).map(|at| (((at + from) * 7919) % 101) as f32 / 50.0 - 1.0).collect();
        let names = || (0..5).map(|at| format!("x{at}")).collect::<Vec<_>>();
        Matrix::new(names(), names(), rows, data)
    };
    let truth = |matrix: &Matrix| (0..matrix.height).map(|at| matrix.row(at)[0] > 0.1).collect::<Vec<_>>();
    let (train, valid) = (matrix(rows, 0), matrix(60, 17));
    let (train_labels, valid_labels) = (truth(&train), truth(&valid));
    Samples { train, train_labels, valid, valid_labels }
}

fn spec() -> MlpSpec {
    MlpSpec {
        hidden: vec![12, 7],
        epochs: 6,
        patience: 0,
        clip_norm: 1.0,
        class_weight: true,
        ..MlpSpec::default()
    }
}

/// Lets `parts` machines train together; the sums go round here instead of over a wire.
fn together(work: &Work, parts: usize, end_at: Option<u64>) -> (Vec<Outcome>, u64) {
    let muscles: Vec<Muscle> = (0..parts).map(|_| Muscle::new(DeviceKind::Flex).unwrap()).collect();
    let ids: Vec<String> = muscles
        .iter()
        .enumerate()
        .map(|(part, muscle)| {
            let share = Some(Share { part, parts });
            let order =
                Order { work: work.clone(), device: DeviceKind::Flex, seed: 5, checkpoint: None, share };
            muscle.take(&order.write().unwrap()).unwrap()
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(120);
    let (mut body, mut at) = (Vec::new(), 1);
    loop {
        // All are asked, also after one has ended: the question brings each the last sum.
        let told: Vec<Option<Vec<u8>>> = muscles
            .iter()
            .zip(&ids)
            .map(|(muscle, id)| {
                loop {
                    assert!(Instant::now() < until, "the machines do not end");
                    let mut told = muscle.meet(id, at, &body).unwrap();
                    match told.remove(0) {
                        how if how == Met::Frame as u8 => break Some(told),
                        how if how == Met::Later as u8 => {}
                        how => {
                            assert_eq!(how, Met::Ended as u8);
                            break None;
                        }
                    }
                }
            })
            .collect();
        let Some(frames) = told.into_iter().collect::<Option<Vec<_>>>() else { break };
        let flags = if end_at.is_some_and(|step| at >= step) { answer::END } else { 0 };
        body = reduce(&frames, flags).expect("all are at the same step");
        at += 1;
    }
    let outcome = |(muscle, id): (&Muscle, &String)| {
        loop {
            assert!(Instant::now() < until, "no outcome");
            if let Some(outcome) = muscle.outcome(id) {
                return outcome;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    (muscles.iter().zip(&ids).map(outcome).collect(), at)
}

fn numbers(outcome: &Outcome) -> Vec<f32> {
    match outcome.weights.as_ref().unwrap_or_else(|| panic!("{:?}", outcome.failed)) {
        Weights::Mlp(network) => {
            network.layers.iter().flat_map(|l| l.weights.iter().chain(&l.bias)).copied().collect()
        }
        Weights::Net(net) => net.weights.iter().flat_map(|weight| &weight.values).copied().collect(),
    }
}

/// Of all weights, and of the losses: the greatest difference, as a share of the greatest weight or of the loss.
fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let most = a.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    a.iter().zip(b).fold(0.0_f32, |apart, (a, b)| apart.max((a - b).abs())) / most
}

#[test]
fn two_or_three_find_what_one_finds() {
    let samples = samples(203);
    let here = mlp::train(&spec(), &samples, (DeviceKind::Flex, 5), None, &Reporter::silent()).unwrap();
    let Model::Mlp(network) = &here.model else { panic!("another model") };
    let alone: Vec<f32> =
        network.layers.iter().flat_map(|l| l.weights.iter().chain(&l.bias)).copied().collect();
    let work = Work::Mlp { spec: spec(), samples: Box::new(samples) };
    for parts in [1, 2, 3] {
        let (outcomes, _) = together(&work, parts, None);
        let first = numbers(&outcomes[0]);
        for other in &outcomes {
            assert_eq!(numbers(other), first, "all hold the same network, bit by bit");
            assert_eq!(other.best_epoch, here.best_epoch);
        }
        let losses = |epochs: &[crate::train::Epoch]| -> Vec<f64> {
            epochs.iter().flat_map(|e| [e.train_loss, e.valid_loss]).collect()
        };
        let (theirs, ours) = (losses(&outcomes[0].history), losses(&here.history));
        assert_eq!(theirs.len(), ours.len());
        if parts == 1 {
            assert_eq!((first, theirs), (alone.clone(), ours), "one alone over the link changes no bit");
            continue;
        }
        for (theirs, ours) in theirs.iter().zip(&ours) {
            assert!((theirs - ours).abs() <= 1e-5 * ours.abs(), "{parts} parts: {theirs} {ours}");
        }
        let apart = apart(&alone, &first);
        println!("{parts} parts: weights differ by {apart:e}");
        assert!(apart <= 1e-4, "{parts} parts: weights differ by {apart}");
        let (again, _) = together(&work, parts, None);
        assert_eq!(numbers(&again[0]), first, "again the same, bit by bit");
    }
}

#[test]
fn a_batch_smaller_than_the_machines_leaves_some_without_rows() {
    // 201 rows in batches of 4: the last has one row, three machines none.
    let samples = samples(201);
    let spec = MlpSpec { batch_size: 4, epochs: 2, ..spec() };
    let here = mlp::train(&spec, &samples, (DeviceKind::Flex, 5), None, &Reporter::silent()).unwrap();
    let (outcomes, _) = together(&Work::Mlp { spec, samples: Box::new(samples) }, 4, None);
    for (theirs, ours) in outcomes[0].history.iter().zip(&here.history) {
        assert!((theirs.train_loss - ours.train_loss).abs() <= 1e-5 * ours.train_loss, "{theirs:?} {ours:?}");
    }
    assert_eq!(numbers(&outcomes[0]), numbers(&outcomes[3]));
}

fn net_samples(rows: usize) -> NetSamples {
    let data = |rows: usize, from: usize| {
        let mut events = Ragged::new(2);
        let mut tokens = Ragged::new(1);
        for row in 0..rows {
            let steps = (row * 7 + from) % 6;
            events.push(&(0..steps * 2).map(|at| ((at + row) % 5) as f32 / 4.0 - 0.4).collect::<Vec<_>>());
            tokens.push(&(0..(row + from) % 5).map(|at| ((at * row) % 8 + 1) as u32).collect::<Vec<_>>());
        }
        NetData {
            rows,
            table: (0..rows * 2).map(|at| ((at * 31 + from) % 17) as f32 / 8.0 - 1.0).collect(),
            table_width: 2,
            tokens: Some(tokens),
            vocabulary: 9,
            events: Some(events),
            ..NetData::default()
        }
    };
    let truth = |rows: usize| Target::Binary((0..rows).map(|row| row % 3 == 0).collect());
    NetSamples {
        train: data(90, 0),
        train_target: truth(90),
        valid: data(rows / 3, 4),
        valid_target: truth(rows / 3),
    }
}

#[test]
fn networks_of_sequences_too_with_their_dropout() {
    let samples = net_samples(90);
    let fit = FitSpec { epochs: 3, batch_size: 16, patience: 0, ..FitSpec::default() };
    for body in [
        Body::Rnn { cell: Cell::Lstm, units: 6, bidirectional: true },
        Body::Cnn { kernels: vec![1, 2], filters: 5 },
    ] {
        let spec =
            NetSpec { body, dropout: 0.4, embedding_dropout: 0.3, token_size: 6, ..NetSpec::default() };
        let run =
            Run { device: DeviceKind::Flex, seed: 5, checkpoint: None, checkpoint_steps: 0, watch: &mut () };
        let here = train_net(&spec, &fit, &samples, run, &Reporter::silent()).unwrap();
        let alone: Vec<f32> = here.net.weights.iter().flat_map(|w| &w.values).copied().collect();
        let work =
            Work::Net { spec: Box::new(spec.clone()), fit: fit.clone(), samples: Box::new(samples.clone()) };
        for parts in [1, 2] {
            let (outcomes, _) = together(&work, parts, None);
            let first = numbers(&outcomes[0]);
            let apart = apart(&alone, &first);
            println!("{:?}, {parts} parts: weights differ by {apart:e}", spec.body);
            assert!(apart <= if parts == 1 { 0.0 } else { 1e-4 }, "{:?}, {parts} parts: {apart}", spec.body);
            for (theirs, ours) in outcomes[0].figures.iter().zip(&here.history) {
                assert!((theirs.train_loss - ours.train_loss).abs() <= 1e-5 * ours.train_loss);
                assert!((theirs.valid_loss - ours.valid_loss).abs() <= 1e-5 * ours.valid_loss);
            }
        }
    }
}

#[test]
fn all_hear_of_an_early_end_at_the_same_step() {
    let spec = MlpSpec { epochs: 100_000, ..spec() };
    // 203 rows in batches of 32 are 7 steps and 2 more meetings an epoch: the wish comes in the third.
    let (outcomes, at) = together(&Work::Mlp { spec, samples: Box::new(samples(203)) }, 2, Some(22));
    assert!(at < 40, "{at} meetings");
    for outcome in &outcomes {
        assert_eq!((outcome.failed.clone(), outcome.history.len()), (None, 2), "two whole epochs are kept");
    }
}

#[test]
fn batch_normalisation_is_refused() {
    let spec = MlpSpec { batch_norm: true, ..spec() };
    let (outcomes, _) = together(&Work::Mlp { spec, samples: Box::new(samples(80)) }, 2, None);
    let Some(Failed::Other { cause }) = &outcomes[0].failed else { panic!("{:?}", outcomes[0].failed) };
    assert!(cause.contains("whole batch"), "{cause}");
}

#[test]
fn several_are_named_as_people_write_them() {
    let at = |addresses: &str, tokens: &str| Elsewhere::several(addresses, tokens, None, true);
    assert_eq!(at("a:1, b:2 ，c:3", "t").unwrap().names(), "a:1, b:2, c:3");
    assert_eq!(at("a:1,", "t").unwrap().names(), "a:1");
    assert_eq!(at("a:1", "one token").unwrap().names(), "a:1", "a single token may hold spaces");
    assert_eq!(at("a:1,b:2", "t u\n").unwrap().machines().len(), 2);
    assert_ne!(at("a:1,b:2", "t u").unwrap(), at("a:1,b:2", "t t").unwrap());
    assert!(matches!(at("a:1,b:2,c:3", "t u"), Err(ElsewhereError::Tokens { machines: 3, tokens: 2 })));
    assert!(matches!(at("a:1,b:2", ""), Err(ElsewhereError::Tokens { machines: 2, tokens: 0 })));
    assert!(matches!(at("a:1,a:1", "t"), Err(ElsewhereError::Twice { .. })));
    for wrong in ["", " , ", "a:1,ftp://b", "a:1,b c:2"] {
        assert!(matches!(at(wrong, "t"), Err(ElsewhereError::Address { .. })), "{wrong:?}");
    }
}
