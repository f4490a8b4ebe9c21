use std::sync::mpsc::channel;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::features::Matrix;
use crate::job::Job;
use crate::train::{Layer, Optimizer, Samples};

/// Customers with four features, of which two tell who leaves; two of one source column.
fn samples(train: usize, valid: usize) -> Samples {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut side = |rows: usize| {
        let mut data = Vec::new();
        let mut labels = Vec::new();
        for _ in 0..rows {
            let x: Vec<f32> = (0..4).map(|_| rng.gen_range(-1.5..1.5)).collect();
            labels.push(2.0 * x[0] - x[1] + rng.gen_range(-1.0..1.0) > 0.4);
            data.extend(x);
        }
        let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let sources = ["a", "a", "c", "d"].map(str::to_owned).to_vec();
        (Matrix { names, sources, height: rows, data, sequences: Default::default() }, labels)
    };
    let (train, train_labels) = side(train);
    let (valid, valid_labels) = side(valid);
    Samples { train, train_labels, valid, valid_labels }
}

fn track() -> Arc<Track> {
    Arc::new(Track::new(&samples(90, 60), 3).unwrap())
}

fn spec(batch_size: usize, dropout: f64, optimizer: Optimizer, learning_rate: f64) -> LaneSpec {
    let [mut entry, ..] = <[Entry; 3]>::try_from(Preset::Sizes.lanes(7)).unwrap();
    entry.spec.glass.hidden = vec![6, 4];
    entry.spec.glass.batch_size = batch_size;
    entry.spec.glass.dropout = dropout;
    entry.spec.glass.optimizer = optimizer;
    entry.spec.glass.learning_rate = learning_rate;
    entry.spec
}

fn two() -> Vec<LaneSpec> {
    vec![spec(16, 0.3, Optimizer::Adam, 0.01), spec(32, 0.0, Optimizer::Sgd { momentum: 0.9 }, 0.05)]
}

fn race(specs: &[LaneSpec]) -> Race {
    Race::new(track(), specs).unwrap()
}

fn epochs(race: &mut Race, count: usize) {
    for _ in 0..count {
        assert!(race.step_epoch(&Reporter::silent()).unwrap());
    }
}

fn back(race: &mut Race, lane: Option<usize>, epoch: usize) {
    race.rewind(lane, epoch, &Reporter::silent()).unwrap();
}

fn weights(race: &Race, lane: usize) -> Vec<Layer> {
    race.lanes()[lane].glass().layers().to_vec()
}

/// The weights of both lanes at the end of each epoch, 0 to `last`.
fn run_through(last: usize) -> Vec<[Vec<Layer>; 2]> {
    let mut race = race(&two());
    let mut out = Vec::new();
    for epoch in 0..=last {
        assert_eq!(race.clock(), Some(epoch));
        out.push([weights(&race, 0), weights(&race, 1)]);
        epochs(&mut race, 1);
    }
    out
}

#[test]
fn set_back_and_gone_on_equals_never_set_back() {
    let straight = run_through(6);
    assert_ne!(straight[2], straight[3]);
    let mut race = race(&two());
    epochs(&mut race, 6);
    let curves: Vec<_> = race.lanes().iter().map(|lane| lane.history().clone()).collect();
    // In the middle of an epoch as well.
    race.step_batch();
    race.step_batch();
    assert_eq!(race.lanes()[0].batch(), 2);
    back(&mut race, None, 6);
    assert_eq!([weights(&race, 0), weights(&race, 1)], straight[6]);
    back(&mut race, None, 2);
    assert_eq!([weights(&race, 0), weights(&race, 1)], straight[2]);
    assert_eq!(race.lanes()[0].history().as_slice(), &curves[0][..3]);
    assert_eq!(race.lanes()[0].ghost().as_slice(), &curves[0][2..]);
    epochs(&mut race, 4);
    assert_eq!([weights(&race, 0), weights(&race, 1)], straight[6]);
    for (lane, curve) in race.lanes().iter().zip(&curves) {
        assert_eq!(lane.history(), curve);
    }
}

#[test]
fn thinned_snapshots_still_lead_to_every_epoch() {
    let straight = run_through(11);
    for wanted in (0..=11).rev() {
        let mut race = race(&two());
        race.lanes.iter_mut().for_each(|lane| lane.keep_at_most(3));
        epochs(&mut race, 11);
        let kept = race.lanes()[0].kept();
        assert!(kept.len() <= 3 && kept[0] == 0 && kept.len() > 1, "{kept:?}");
        back(&mut race, None, wanted);
        assert_eq!([weights(&race, 0), weights(&race, 1)], straight[wanted], "epoch {wanted}");
        assert_eq!(race.lanes()[1].history().len(), wanted + 1);
    }
}

#[test]
fn a_rate_acts_later_only_and_is_run_again() {
    let straight = run_through(5);
    let mut race = race(&two());
    race.lanes.iter_mut().for_each(|lane| lane.keep_at_most(2));
    epochs(&mut race, 2);
    race.step_batch();
    race.set_rate(0, 0.2);
    race.set_rate(0, 0.1);
    race.set_rate(9, 0.1);
    race.set_rate(0, f64::NAN);
    let [change] = race.lanes()[0].rates() else { panic!("the last of several counts") };
    assert_eq!((change.rate, change.step), (0.1, 2 * 6 + 1));
    assert!((change.epoch - (2.0 + 1.0 / 6.0)).abs() < 1e-12);
    epochs(&mut race, 1);
    let third = weights(&race, 0);
    assert_ne!(third, straight[3][0], "the rate must act");
    assert_eq!(weights(&race, 1), straight[3][1], "and not on the other lane");
    assert_eq!(race.lanes()[0].history()[2].rate, 0.01);
    assert_eq!(race.lanes()[0].history()[3].rate, 0.1);
    epochs(&mut race, 2);
    // Between two snapshots, the change among what is run again.
    back(&mut race, None, 3);
    assert_eq!(weights(&race, 0), third);
    assert_eq!((race.lanes()[0].rate(), race.lanes()[0].rates().len()), (0.1, 1));
    // Before the change it is as if it had never been made.
    back(&mut race, Some(0), 1);
    assert_eq!(race.lanes()[1].epoch(), 3, "only the one lane");
    assert_eq!(weights(&race, 0), straight[1][0]);
    assert_eq!((race.lanes()[0].rate(), race.lanes()[0].rates().len()), (0.01, 0));
    // It runs alone until it has caught up.
    epochs(&mut race, 2);
    assert_eq!([weights(&race, 0), weights(&race, 1)], straight[3]);
    // At the start a rate is another start.
    back(&mut race, None, 0);
    race.set_rate(0, 0.5);
    assert!(race.lanes()[0].rates().is_empty());
    epochs(&mut race, 1);
    back(&mut race, None, 0);
    assert_eq!(race.lanes()[0].rate(), 0.5);
}

#[test]
fn a_lane_that_explodes_stands_still_and_the_others_go_on() {
    let mut specs = two();
    specs.push(spec(16, 0.0, Optimizer::Sgd { momentum: 0.0 }, 1e30));
    let mut race = race(&specs);
    epochs(&mut race, 3);
    let lane = &race.lanes()[2];
    assert!(matches!(lane.stop(), Some(Stop::Exploded { rate, .. }) if *rate == 1e30), "{:?}", lane.stop());
    let numbers = lane.glass().layers().iter().flat_map(|layer| &layer.weights);
    assert!(numbers.into_iter().all(|weight| weight.is_finite()));
    assert_eq!((race.lanes()[0].epoch(), race.lanes()[1].epoch()), (3, 3));
    assert_ne!(race.leader().unwrap().lane, 2);
    let view = race.view(false, 3);
    assert!(view.is_over() && view.lanes[2].stop.is_some());
    // Back to the start with a lower rate it runs as if it had never been tried.
    back(&mut race, Some(2), 0);
    race.set_rate(2, 0.05);
    assert!(race.lanes()[2].stop().is_none());
    epochs(&mut race, 3);
    assert_eq!(race.lanes()[2].epoch(), 3);
    let mut plain =
        Race::new(track(), &[specs[0].clone(), spec(16, 0.0, Optimizer::Sgd { momentum: 0.0 }, 0.05)])
            .unwrap();
    epochs(&mut plain, 3);
    assert_eq!(weights(&race, 2), weights(&plain, 1));
}

#[test]
fn equal_specs_give_equal_races_whatever_the_block() {
    let (mut a, mut b) = (race(&two()), race(&two()));
    epochs(&mut a, 2);
    while b.clock() < Some(2) {
        b.step_batch();
    }
    for (a, b) in a.lanes().iter().zip(b.lanes()) {
        assert_eq!(a.history(), b.history());
        assert_eq!(a.glass().layers(), b.glass().layers());
    }
    let mut specs = two();
    specs[0].seed += 1;
    let mut other = race(&specs);
    epochs(&mut other, 2);
    assert_ne!(weights(&a, 0), weights(&other, 0), "another seed is another run");
    assert_eq!(weights(&a, 1), weights(&other, 1));
}

#[test]
fn a_lane_with_large_batches_waits_at_the_line() {
    let mut race = race(&[spec(8, 0.0, Optimizer::Adam, 0.01), spec(64, 0.0, Optimizer::Adam, 0.01)]);
    assert_eq!([race.lanes()[0].batches(), race.lanes()[1].batches()], [12, 2]);
    for _ in 0..5 {
        assert!(race.step_batch());
    }
    let places = |race: &Race| race.lanes().iter().map(|l| (l.epoch(), l.batch())).collect::<Vec<_>>();
    assert_eq!(places(&race), [(0, 5), (1, 0)]);
    let view = race.view(false, 9);
    let now = view.lanes[0].now.unwrap();
    assert!((now.epoch - 5.0 / 12.0).abs() < 1e-12 && now.step == 5);
    assert!(view.lanes[1].now.is_none() && race.view(true, 9).lanes[0].now.is_none());
    for _ in 0..8 {
        race.step_batch();
    }
    assert_eq!(places(&race), [(1, 1), (1, 1)]);
}

#[test]
fn the_leader_is_named_with_what_chance_allows() {
    let right = spec(16, 0.0, Optimizer::Adam, 0.03);
    let mut level = race(&[right.clone(), right.clone()]);
    assert_eq!(level.leader(), None);
    epochs(&mut level, 4);
    let leader = level.leader().unwrap();
    assert_eq!((leader.lane, leader.is_clear), (0, Some(false)), "equal lanes are level");
    let lowest = level.lanes()[0].history()[1..].iter().map(|p| p.valid_loss).fold(f64::MAX, f64::min);
    assert_eq!(leader.loss, lowest);
    let mut clear = race(&[spec(16, 0.0, Optimizer::Adam, 1e-5), right]);
    epochs(&mut clear, 12);
    let leader = clear.leader().unwrap();
    assert_eq!((leader.lane, leader.is_clear), (1, Some(true)), "{leader:?}");
    back(&mut clear, None, 1);
    assert_eq!(clear.leader().unwrap().epoch, 1);
}

#[test]
fn the_track_leaves_test_rows_out_and_follows_both_classes() {
    let samples = samples(90, 60);
    let track = Track::new(&samples, 3).unwrap();
    assert_eq!((track.train.rows(), track.valid.rows(), track.valid_rows), (90, 60, 60));
    assert_eq!(track.followed.len(), FOLLOWED);
    let positive = track.followed.iter().filter(|one| one.is_positive).count();
    assert_eq!(positive, 2);
    for one in &track.followed {
        assert_eq!(one.x, samples.valid.row(one.place));
        assert_eq!(one.is_positive, samples.valid_labels[one.place]);
    }
    assert_eq!(track.followed, Track::new(&samples, 3).unwrap().followed);
    // The strongest feature, and the best one of another column.
    assert_eq!(track.axes.0, 0);
    assert!(track.axes.1 > 1, "{:?}", track.axes);
    let mean: f32 = samples.train.data.chunks(4).map(|row| row[2]).sum::<f32>() / 90.0;
    assert!((track.centre[2] - mean).abs() < 1e-5);
    let mut few = samples.clone();
    few.train_labels = vec![true; 90];
    few.train_labels[..4].fill(false);
    assert!(matches!(Track::new(&few, 3), Err(RaceError::TooFew { found: 4, .. })));
    let mut blind = samples;
    (blind.valid, blind.valid_labels) = (blind.valid.select(&[]), Vec::new());
    assert!(matches!(Track::new(&blind, 3), Err(RaceError::NoValidation)));
}

#[test]
fn presets_can_be_raced_and_used() {
    for preset in Preset::ALL {
        let specs: Vec<LaneSpec> = preset.lanes(4).into_iter().map(|entry| entry.spec).collect();
        let mut race = race(&specs);
        assert!(race.step_batch(), "{}", preset.name());
    }
    let one = [spec(8, 0.0, Optimizer::Adam, 0.01)];
    assert!(matches!(Race::new(track(), &one), Err(RaceError::Lanes { found: 1 })));
    let of = spec(16, 0.3, Optimizer::Sgd { momentum: 0.9 }, 0.05);
    let before = MlpSpec { epochs: 77, batch_norm: true, ..MlpSpec::default() };
    let after = settings_of(&of.glass, 0.02, &before);
    assert_eq!((after.epochs, after.learning_rate, after.batch_norm), (77, 0.02, false));
    assert_eq!((after.hidden, after.dropout, after.optimizer), (vec![6, 4], 0.3, of.glass.optimizer));
}

#[test]
fn a_picture_of_weights_keeps_the_largest() {
    let weights: Vec<f32> = (0..100 * 3).map(|at| if at == 299 { -9.0 } else { 0.001 * at as f32 }).collect();
    let picture =
        WeightPicture::of(&Layer { inputs: 100, outputs: 3, weights, bias: vec![0.0; 3], norm: None });
    assert_eq!((picture.columns, picture.rows, picture.cells.len()), (40, 3, 120));
    assert_eq!((picture.largest, picture.cells[119]), (9.0, -9.0));
    // Inputs 0 and 1 and 2 fall into the first cell: unit 1 of input 2 is the largest there.
    assert_eq!(picture.cells[40], 0.007);
}

#[test]
fn the_worker_runs_steps_sets_back_and_rests() {
    let (orders, inbox) = channel();
    let (views, seen) = channel();
    let race = race(&two());
    let job = Job::start(
        || (),
        move |report: &Reporter| {
            drive(race, 3, &inbox, |view| views.send(view).unwrap_or_default(), report)
                .map(|race| race.clock())
        },
    );
    let next = || seen.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
    assert_eq!(next().furthest(), 0);
    let ask = |order: Order| {
        orders.send(order).unwrap();
        next()
    };
    let view = ask(Order::StepBatch);
    assert!(!view.is_running && view.lanes.iter().all(|lane| lane.batch == 1));
    assert_eq!(ask(Order::StepEpoch).lanes[0].history.len(), 2);
    assert_eq!(ask(Order::Rate { lane: 1, rate: 0.3 }).lanes[1].rate, 0.3);
    assert_eq!(ask(Order::Axes(3, 2)).axes, (3, 2));
    assert_eq!(ask(Order::Axes(3, 3)).axes, (3, 2), "an axis on itself shows nothing");
    // By itself to the planned epoch, and no further.
    let mut view = ask(Order::Run);
    while view.is_running {
        view = next();
    }
    assert!(view.is_over() && view.furthest() == 3);
    assert_eq!(view.lanes[0].surface.len(), SIDE * SIDE);
    assert!(view.lanes.iter().all(|lane| lane.scores.len() == FOLLOWED));
    let (_, low, high) = view.widest().unwrap();
    assert!(low <= high);
    assert!(!ask(Order::Run).is_running, "there is nothing left to run");
    assert!(!ask(Order::Epochs(500)).is_over());
    let mut view = ask(Order::Run);
    assert!(view.is_running);
    orders.send(Order::Pause).unwrap();
    while view.is_running {
        view = next();
    }
    assert_eq!(ask(Order::Rewind { lane: Some(0), epoch: 1 }).lanes[0].epoch, 1);
    drop(orders);
    assert_eq!(job.wait(), Some(Ok(Some(1))));
}
