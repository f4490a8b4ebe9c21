//! The search on rows whose best settings are known roughly.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::features::Matrix;
use crate::train::{MlpSpec, ModelKind, Optimizer};

/// Positive where two numbers have one sign, a tenth of the labels turned round; no line tells that.
fn samples(rows: usize, seed: u64) -> Samples {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |rows: usize| {
        let (mut data, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let row: [f32; 3] = std::array::from_fn(|_| rng.gen_range(-1.7f32..1.7));
            labels.push((row[0] * row[1] > 0.0) != rng.gen_bool(0.1));
            data.extend(row);
        }
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        (Matrix { sources: names.clone(), names, height: rows, data, sequences: Default::default() }, labels)
    };
    let (train, train_labels) = draw(rows);
    let (valid, valid_labels) = draw(rows / 2);
    Samples { train, train_labels, valid, valid_labels }
}

/// A poor start: hardly any learning.
fn poor() -> Specs {
    let mlp = MlpSpec { hidden: vec![8], learning_rate: 1e-5, epochs: 12, ..MlpSpec::default() };
    let mut specs = Specs { mlp, ..Specs::default() };
    (specs.boosted.depth, specs.boosted.learning_rate) = (1, 0.02);
    specs
}

fn searched(spec: &SearchSpec, samples: &[Samples], seed: u64) -> Vec<Trial> {
    let mut trials = run(spec, &poor(), samples, DeviceKind::Flex, seed, &Reporter::silent()).unwrap();
    // What the clock says is no part of a trial.
    trials.iter_mut().for_each(|trial| trial.seconds = 0.0);
    trials
}

#[test]
fn a_search_finds_better_settings_and_repeats_itself() {
    let rows = [samples(400, 1)];
    for kind in SearchKind::ALL {
        let spec = SearchSpec { trials: 14, ..SearchSpec::of(kind) };
        let trials = searched(&spec, &rows, 3);
        assert_eq!(trials, searched(&spec, &rows, 3), "{kind:?}: equal seeds, equal trials");
        assert_ne!(trials[1].specs, searched(&SearchSpec { trials: 2, ..spec.clone() }, &rows, 4)[1].specs);
        assert_eq!(trials.len(), 14);
        assert_eq!((trials[0].specs.clone(), trials[0].changes.len()), (poor(), 0), "the present settings");
        assert!(trials[1..].iter().all(|trial| !trial.changes.is_empty()));
        let winner = &trials[best(&trials).unwrap()];
        let (first, found) = (trials[0].valid_auc.unwrap(), winner.valid_auc.unwrap());
        println!("{kind:?}: {first:.3} -> {found:.3} by {:?}", winner.changes);
        assert!(winner.counts() && found > first + 0.05 && found > 0.8, "{kind:?} {first} {found}");
        assert_eq!(ranked(&trials)[0], winner);
        let curve = best_so_far(&trials);
        assert!(curve.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        assert_eq!(curve.last().unwrap().1, found);
        // Those that fell behind were ended early, on a rung; nobody else was.
        let halted: Vec<&Trial> =
            trials.iter().filter(|trial| matches!(trial.ended, Ended::Halted { .. })).collect();
        assert!(!halted.is_empty(), "{kind:?}: {trials:?}");
        for trial in halted {
            let Ended::Halted { at, .. } = trial.ended else { unreachable!() };
            assert_eq!(trial.epochs, at);
            assert!(!trial.counts());
        }
    }
}

#[test]
fn without_halving_each_trial_is_what_training_gives() {
    let rows = [samples(300, 2)];
    let spec = SearchSpec { trials: 4, halving: false, sampler: Sampler::Random, ..SearchSpec::default() };
    for trial in searched(&spec, &rows, 5) {
        let alone =
            train_with(ModelKind::Mlp, &trial.specs, &rows[0], DeviceKind::Flex, 5, &Reporter::silent());
        let alone = alone.unwrap();
        assert_eq!(trial.ended, Ended::Done);
        assert_eq!(trial.epochs, alone.epochs_run);
        assert_eq!(trial.valid_auc, alone.history[alone.best_epoch - 1].valid_auc);
    }
}

#[test]
fn folds_are_averaged_and_are_the_rungs() {
    let rows: Vec<Samples> = (0..3).map(|seed| samples(300, seed)).collect();
    let spec = SearchSpec { trials: 10, ..SearchSpec::of(SearchKind::Boosted) };
    let trials = searched(&spec, &rows, 1);
    assert!(trials.iter().any(|trial| trial.ended == Ended::Halted { rung: 1, at: 1 }), "{trials:?}");
    for trial in trials {
        let many = if trial.counts() { 3 } else { 1 };
        assert_eq!(trial.folds.len(), many, "{:?}", trial.ended);
        assert_eq!(trial.valid_auc, Some(trial.folds.iter().sum::<f64>() / many as f64));
    }
}

#[test]
fn pinned_settings_stay_and_ranges_hold() {
    let rows = [samples(200, 1)];
    let mut spec = SearchSpec { trials: 12, ..SearchSpec::default() };
    for name in ["layers", "units", "optimizer", "batch_size"] {
        assert!(spec.pin(name));
    }
    assert!(!spec.pin("depth") && !spec.pin("nothing"));
    for trial in &searched(&spec, &rows, 1)[1..] {
        let (mlp, present) = (&trial.specs.mlp, poor().mlp);
        assert_eq!((&mlp.hidden, mlp.optimizer, mlp.batch_size), (&present.hidden, Optimizer::Adam, 32));
        assert!((1e-4..=0.03).contains(&mlp.learning_rate) && (0.0..=0.7).contains(&mlp.dropout));
        assert_eq!(trial.specs.boosted, poor().boosted);
    }
    // One setting of two names: two trials, and nothing left to try.
    let names: Vec<&str> = Setting::of(SearchKind::Mlp).iter().map(|setting| setting.name()).collect();
    names.iter().filter(|name| **name != "batch_norm").for_each(|name| assert!(spec.pin(name)));
    assert_eq!(searched(&spec, &rows, 1).len(), 2);
    spec.pin("batch_norm");
    let refused = |spec: &SearchSpec, rows: &[Samples]| {
        run(spec, &poor(), rows, DeviceKind::Flex, 1, &Reporter::silent()).unwrap_err().kind()
    };
    assert_eq!(refused(&spec, &rows), "search_pinned");
    let mut spec = SearchSpec::default();
    spec.dimensions[3].range = Range::Real { low: 0.5, high: 0.5, log: false };
    assert_eq!(refused(&spec, &rows), "search_range");
    let mut bare = samples(200, 1);
    bare.valid_labels.fill(true);
    assert_eq!(refused(&SearchSpec::default(), &[bare]), "search_no_validation");
}

#[test]
fn seconds_and_the_person_end_a_search_and_the_best_is_kept() {
    let rows = [samples(400, 1)];
    // Time for one epoch at most: the first trial is cut, and is what there is.
    let spec = SearchSpec { trials: 50, seconds: 1e-9, ..SearchSpec::default() };
    let trials = searched(&spec, &rows, 1);
    assert_eq!((trials.len(), &trials[0].ended, trials[0].epochs), (1, &Ended::Cut, 1));
    assert_eq!(best(&trials), Some(0));

    let spec = SearchSpec { trials: 10_000, ..SearchSpec::of(SearchKind::Boosted) };
    let own = rows.clone();
    let job =
        crate::job::Job::start(|| (), move |report| run(&spec, &poor(), &own, DeviceKind::Flex, 1, report));
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.extend(job.events().into_iter().filter_map(|event| match event {
            Event::Trial(trial) => Some(*trial),
            _ => None,
        }));
        std::thread::yield_now();
    }
    job.finish_early();
    let trials = job.wait().unwrap().unwrap();
    assert!(trials.len() >= 3 && trials.len() < 10_000);
    assert_eq!(heard[..3], trials[..3]);
    assert!(best(&trials).is_some());
}

#[test]
fn a_search_that_was_saved_is_the_same() {
    let mut spec = SearchSpec { folds: 3, seconds: 20.0, ..SearchSpec::of(SearchKind::Boosted) };
    spec.pin("depth");
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<SearchSpec>(&text).unwrap(), spec);
    assert_eq!(serde_json::from_str::<SearchSpec>("{}").unwrap(), SearchSpec::default());
}

#[test]
fn the_finder_suggests_a_rate_that_learns() {
    let rows = samples(400, 1);
    let spec = MlpSpec { hidden: vec![16], dropout: 0.0, epochs: 15, ..MlpSpec::default() };
    let find = |seed| {
        let finder = crate::train::fit::RateFinder::default();
        crate::train::find_rate(&finder, &spec, &rows, DeviceKind::Flex, seed, &Reporter::silent()).unwrap()
    };
    let curve = find(1);
    assert_eq!(curve, find(1), "equal seeds, equal curves");
    assert!(curve.points.windows(2).all(|pair| pair[0].0 < pair[1].0), "the rate rises");
    let rate = curve.suggested.unwrap();
    let loss = |learning_rate| {
        let spec = MlpSpec { learning_rate, ..spec.clone() };
        let trained =
            crate::train::train(ModelKind::Mlp, &spec, &rows, DeviceKind::Flex, 1, &Reporter::silent());
        trained.unwrap().history.iter().map(|epoch| epoch.valid_loss).fold(f64::INFINITY, f64::min)
    };
    let (found, low, high) = (loss(rate), loss(1e-5), loss(30.0 * rate));
    println!("suggested {rate:.4}: loss {found:.3}; at 1e-5 {low:.3}, at thirty times {high:.3}");
    assert!(rate > 1e-4 && rate < 1.0 && found < low - 0.1, "{rate} {found} {low} {high}");
}

#[test]
fn what_was_added_to_training_changes_nothing_until_it_is_asked_for() {
    let rows = samples(300, 1);
    let fit = |spec: &MlpSpec| {
        let trained =
            crate::train::train(ModelKind::Mlp, spec, &rows, DeviceKind::Flex, 1, &Reporter::silent());
        trained.unwrap()
    };
    let base = MlpSpec { epochs: 6, ..MlpSpec::default() };
    let text = serde_json::to_string(&base).unwrap();
    assert!(!text.contains("warmup_steps") && !text.contains("clip_norm"), "{text}");
    let plain = fit(&base);
    // A limit that no gradient reaches multiplies by one.
    assert_eq!(fit(&MlpSpec { clip_norm: 1e9, ..base.clone() }).model, plain.model);
    assert_ne!(fit(&MlpSpec { clip_norm: 0.01, ..base.clone() }).model, plain.model);
    let warm = fit(&MlpSpec { warmup_steps: 100, ..base.clone() });
    assert!((warm.history[0].learning_rate - 0.001 * 10.0 / 100.0).abs() < 1e-12, "{:?}", warm.history[0]);
    assert!(warm.history[5].learning_rate > 5.0 * warm.history[0].learning_rate);
}
