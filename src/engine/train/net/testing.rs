//! Small planted problems for the tests of networks.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Body, Cell, FitSpec, Head, NetData, NetSamples, NetSpec, NetTrained, Positions, Ragged, Run};
use super::{Target, train_net};
use crate::job::Reporter;
use crate::train::DeviceKind;

/// Every body, small.
pub(crate) fn bodies() -> Vec<Body> {
    let rnn = |cell, bidirectional| Body::Rnn { cell, units: 12, bidirectional };
    let transformer =
        |positions| Body::Transformer { layers: 1, heads: 2, model: 16, feed_forward: 16, positions };
    vec![
        Body::Mlp { hidden: vec![12, 12], residual: true },
        Body::Cnn { kernels: vec![2, 3], filters: 8 },
        rnn(Cell::Gru, false),
        rnn(Cell::Lstm, false),
        rnn(Cell::Gru, true),
        Body::CnnRnn { kernel: 2, filters: 12, units: 12 },
        transformer(Positions::Sinusoidal),
        transformer(Positions::Learned),
    ]
}

/// Every head.
pub(crate) const HEADS: [Head; 4] =
    [Head::Binary, Head::MultiClass { classes: 3 }, Head::MultiLabel { labels: 2 }, Head::Regression];

/// Sequences of four fillers with one `ab` or `ba` somewhere; true where it is `ab`. The bag of tokens is
/// the same for both.
pub(crate) fn ab(rows: usize, seed: u64) -> (NetData, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut tokens = Ragged::new(1);
    let mut truth = Vec::new();
    for _ in 0..rows {
        let y = rng.r#gen::<bool>();
        let mut row: Vec<u32> = (0..rng.gen_range(1..6)).map(|_| rng.gen_range(3..7)).collect();
        let at = rng.gen_range(0..=row.len());
        row.splice(at..at, if y { [1, 2] } else { [2, 1] });
        tokens.push(&row);
        truth.push(y);
    }
    (NetData { rows, tokens: Some(tokens), vocabulary: 7, ..NetData::default() }, truth)
}

/// Data of every kind, and a truth for the head that each kind takes part in.
pub(crate) fn mixed(rows: usize, head: Head, seed: u64) -> (NetData, Target) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut data = NetData { rows, table_width: 2, vocabulary: 6, ..NetData::default() };
    data.categories.levels = vec![4];
    let (mut tokens, mut events) = (Ragged::new(1), Ragged::new(2));
    let mut sums = Vec::new();
    for _ in 0..rows {
        let x: f32 = rng.gen_range(-1.0..1.0);
        let category = rng.gen_range(1..4);
        let words: Vec<u32> = (0..rng.gen_range(0..5)).map(|_| rng.gen_range(1..6)).collect();
        let steps: Vec<f32> = (0..2 * rng.gen_range(0..4)).map(|_| rng.gen_range(-1.0..1.0)).collect();
        let first = f32::from(u8::from(words.contains(&1)));
        sums.push(x + (category as f32 - 2.0) * 0.5 + first + steps.iter().sum::<f32>() * 0.2);
        data.table.extend([x, rng.gen_range(-1.0..1.0)]);
        data.categories.ids.push(category);
        tokens.push(&words);
        events.push(&steps);
    }
    (data.tokens, data.events) = (Some(tokens), Some(events));
    let target = match head {
        Head::Binary => Target::Binary(sums.iter().map(|s| *s > 0.3).collect()),
        Head::MultiClass { .. } => {
            Target::Class(sums.iter().map(|s| if *s < -0.2 { 0 } else { 1 + u32::from(*s > 0.8) }).collect())
        }
        Head::MultiLabel { .. } => Target::Labels(sums.iter().flat_map(|s| [*s > 0.0, *s > 0.6]).collect()),
        Head::Regression => Target::Number(sums.iter().map(|s| 1000.0 + 300.0 * s).collect()),
    };
    (data, target)
}

pub(crate) fn samples(
    make: impl Fn(usize, u64) -> (NetData, Target),
    train: usize,
    valid: usize,
) -> NetSamples {
    let ((train, train_target), (valid, valid_target)) = (make(train, 1), make(valid, 2));
    NetSamples { train, train_target, valid, valid_target }
}

pub(crate) fn small(body: Body, head: Head) -> NetSpec {
    NetSpec { body, head, dropout: 0.1, token_size: 8, hidden: vec![12], ..NetSpec::default() }
}

pub(crate) fn quick(epochs: usize) -> FitSpec {
    FitSpec { learning_rate: 0.01, batch_size: 16, epochs, patience: 0, ..FitSpec::default() }
}

pub(crate) fn train(spec: &NetSpec, fit: &FitSpec, samples: &NetSamples, seed: u64) -> NetTrained {
    let run = Run { device: DeviceKind::Flex, seed, checkpoint: None, checkpoint_steps: 0, watch: &mut () };
    train_net(spec, fit, samples, run, &Reporter::silent()).unwrap()
}

pub(crate) fn predict(net: &super::Net, data: &NetData) -> Vec<f64> {
    net.predict(data, DeviceKind::Flex, &Reporter::silent()).unwrap().values
}
