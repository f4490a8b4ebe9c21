//! What a person's data can do to a training: nothing of it ends the program, and what cannot be learnt
//! from is told.

use std::sync::mpsc::channel;

use super::*;
use crate::train::net::testing::{bodies, predict, quick, small, train};
use crate::train::net::{Body, Cell, Head, NetData, Ragged, Target};

/// Rows without a word, with one and with many; every fourth has a level that no other row has.
fn odd(rows: usize, longest: usize) -> NetSamples {
    let side = |rows: usize| {
        let (mut tokens, mut events) = (Ragged::new(1), Ragged::new(2));
        let mut data = NetData { rows, vocabulary: 5, ..NetData::default() };
        data.categories.levels = vec![3];
        for row in 0..rows {
            let steps = match row % 4 {
                0 => 0,
                1 => 1,
                2 => 3,
                _ => longest,
            };
            // 77 is no word of the vocabulary, 9 no level of the column: both are the unknown one.
            tokens
                .push(&(0..steps).map(|at| if at % 5 == 4 { 77 } else { at as u32 % 5 }).collect::<Vec<_>>());
            events.push(&vec![0.25; 2 * steps]);
            data.categories.ids.push(if row % 4 == 3 { 9 } else { 1 });
        }
        (data.tokens, data.events) = (Some(tokens), Some(events));
        (data, Target::Binary((0..rows).map(|row| row % 3 == 0).collect()))
    };
    let ((train, train_target), (valid, valid_target)) = (side(rows), side(rows / 2));
    NetSamples { train, train_target, valid, valid_target }
}

#[test]
fn empty_texts_and_unseen_levels_are_learnt_from_by_every_body() {
    let samples = odd(24, 7);
    for body in bodies() {
        let spec = small(body, Head::Binary);
        let trained = train(&spec, &quick(2), &samples, 1);
        assert_eq!(trained.history.len(), 2);
        assert!(trained.history.iter().all(|e| e.train_loss.is_finite() && e.valid_loss.is_finite()));
        // All rows without a word, or none with one: also a batch of only those.
        let empty = NetData {
            rows: 2,
            tokens: Some(Ragged { width: 1, starts: vec![0, 0, 0], values: Vec::new() }),
            events: Some(Ragged { width: 2, starts: vec![0, 0, 0], values: Vec::new() }),
            vocabulary: 5,
            categories: crate::train::net::Categories { levels: vec![3], ids: vec![9, 0] },
            ..NetData::default()
        };
        let p = predict(&trained.net, &empty);
        assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{p:?}");
        // A level that nobody has seen is the unknown one.
        assert_eq!(p[0], p[1]);
    }
}

#[test]
fn sequences_of_ten_thousand_steps_are_cut_and_that_is_told() {
    let samples = odd(12, 10_000);
    for body in bodies() {
        let spec = NetSpec { max_len: 50, ..small(body, Head::Binary) };
        let trained = train(&spec, &quick(1), &samples, 1);
        assert!(trained.history[0].train_loss.is_finite());
        let note = trained.notes.iter().find(|note| note.code == "sequence_cut").expect("the cut is told");
        // Three of the training rows, and one of the six others.
        assert_eq!(note.args, [("count", "4".to_owned()), ("most", "50".to_owned())]);
    }
    // Read whole where a person asks for it: by a convolution, which can.
    let body = Body::Cnn { kernels: vec![3], filters: 2 };
    let spec = NetSpec { max_len: 10_000, ..small(body, Head::Binary) };
    let trained = train(&spec, &quick(1), &samples, 1);
    assert!(trained.history[0].train_loss.is_finite() && trained.notes.is_empty());
}

#[test]
fn batches_of_one_class_are_learnt_from() {
    let mut samples = odd(24, 4);
    samples.train_target = Target::Binary((0..24).map(|row| row >= 12).collect());
    let spec = small(Body::Rnn { cell: Cell::Gru, units: 4, bidirectional: false }, Head::Binary);
    for (batch_size, class_weight) in [(1, false), (5, true)] {
        let fit = FitSpec { batch_size, bucket: false, ..quick(2) };
        let trained = train(&NetSpec { class_weight, ..spec.clone() }, &fit, &samples, 1);
        assert!(trained.history.iter().all(|e| e.train_loss.is_finite()));
    }
    // A whole side of one class has no area under a curve, and that is no number rather than a wrong one.
    samples.valid_target = Target::Binary(vec![true; 12]);
    assert!(train(&spec, &quick(1), &samples, 1).history[0].metric.is_none());
}

#[test]
fn those_who_look_at_the_job_are_told_and_change_no_bit() {
    let samples = odd(24, 6);
    let spec = small(Body::Cnn { kernels: vec![2], filters: 4 }, Head::Binary);
    let run = |report: &Reporter| {
        let run =
            Run { device: DeviceKind::Flex, seed: 3, checkpoint: None, checkpoint_steps: 0, watch: &mut () };
        train_net(&spec, &quick(4), &samples, run, report).unwrap()
    };
    let alone = run(&Reporter::silent());
    let (sender, events) = channel();
    let watched = run(&Reporter::to(sender).watched());
    assert_eq!(alone.net, watched.net);
    let (mut steps, mut looks) = (Vec::new(), 0);
    for event in events.try_iter() {
        match event {
            Event::Steps(figures) => steps.extend(figures),
            Event::Look(look) => {
                assert!(look.weights.iter().any(|weight| weight.gradient_norm > 0.0));
                looks += 1;
            }
            _ => {}
        }
    }
    // Two batches an epoch.
    assert_eq!(steps.iter().map(|step| step.step).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    assert!(looks >= 1);
}
