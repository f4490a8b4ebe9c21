//! The loop: rules, rates, checkpoints, what goes wrong.

use std::sync::atomic::{AtomicUsize, Ordering};

use burn::module::Param;
use burn::nn::Linear;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, GradientsParams, RmsPropConfig, SgdConfig};
use burn::tensor::{Device, Tensor, TensorData};

use super::update::Updater;
use super::*;
use crate::job::{Job, Poll};
use crate::train::net::testing::{ab, bodies, mixed, quick, samples, small, train};
use crate::train::net::{Body, Cell, Head};
use crate::train::network::read;

fn ab_samples(train: usize, valid: usize) -> NetSamples {
    let make = |n, seed| {
        let (data, y) = ab(n, seed);
        (data, Target::Binary(y))
    };
    samples(make, train, valid)
}

fn run<'a>(watch: &'a mut dyn Watch, checkpoint: Option<&'a Path>) -> Run<'a> {
    Run { device: DeviceKind::Flex, seed: 3, checkpoint, checkpoint_steps: 0, watch }
}

fn cnn() -> NetSpec {
    small(Body::Cnn { kernels: vec![2, 3], filters: 8 }, Head::Binary)
}

/// The weights after some steps on a fixed slope, by `step`.
fn walk(mut step: impl FnMut(Linear, GradientsParams, f64) -> Linear) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let data = TensorData::new(vec![0.5f32, -1.0, 2.0, 0.1, 0.0, -0.3], [2, 3]);
    let mut model = Linear { weight: Param::from_data(data, &device), bias: None };
    for at in 0..6 {
        let x = TensorData::new(vec![1.0f32, at as f32 - 2.0], [1, 2]);
        let y = model.forward(Tensor::<2>::from_data(x, &device));
        let loss = (y.clone() * y).sum();
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        model = step(model, grads, 0.01 * (at + 1) as f64);
    }
    read(model.weight.val().inner()).unwrap()
}

#[test]
fn the_rules_move_weights_as_burns_do() {
    let ours = |rule, weight_decay| {
        let mut updater = Updater::new(&FitSpec { rule, weight_decay, ..FitSpec::default() });
        walk(|model, grads, rate| updater.step(rate, model, grads))
    };
    let theirs = |mut optim: burn::optim::ModuleOptimizer| {
        walk(move |model, grads, rate| optim.step(rate, model, grads))
    };
    let decay = |penalty| Some(burn::optim::decay::WeightDecayConfig::new(penalty));
    let momentum = MomentumConfig { momentum: 0.9, dampening: 0.0, nesterov: false };
    let rms = RmsPropConfig::new().with_momentum(0.0).with_epsilon(1e-8);
    let pairs = [
        (ours(Rule::Adam, 0.0), theirs(AdamConfig::new().with_epsilon(1e-8).init())),
        (
            ours(Rule::Adam, 0.1),
            theirs(AdamConfig::new().with_epsilon(1e-8).with_weight_decay(decay(0.1)).init()),
        ),
        (ours(Rule::AdamW, 0.1), theirs(AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.1).init())),
        (ours(Rule::Sgd { momentum: 0.0 }, 0.0), theirs(SgdConfig::new().init())),
        (
            ours(Rule::Sgd { momentum: 0.9 }, 0.0),
            theirs(SgdConfig::new().with_momentum(Some(momentum)).init()),
        ),
        (ours(Rule::RmsProp, 0.0), theirs(rms.init())),
    ];
    for (at, (ours, theirs)) in pairs.iter().enumerate() {
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < 2e-5 * (1.0 + b.abs()), "pair {at}: {ours:?} {theirs:?}");
        }
    }
    assert_ne!(pairs[0].0, pairs[1].0, "decay is felt");
}

#[test]
fn clipping_shortens_all_gradients_by_one_factor() {
    let plain = Rule::Sgd { momentum: 0.0 };
    let with = |clip_norm| {
        let mut updater = Updater::new(&FitSpec { rule: plain, clip_norm, ..FitSpec::default() });
        let device = Device::flex().autodiff();
        let weight = TensorData::new(vec![1.0f32, 1.0], [1, 2]);
        let bias = TensorData::new(vec![0.0f32, 0.0], [2]);
        let model =
            Linear { weight: Param::from_data(weight, &device), bias: Some(Param::from_data(bias, &device)) };
        let x = Tensor::<2>::from_data(TensorData::new(vec![2.0f32], [1, 1]), &device);
        // Slope 3·2 for the weights, 3 for the biases: a length of √(2·36 + 2·9) = √90.
        let loss = (model.forward(x) * 3.0).sum();
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let model = updater.step(1.0, model, grads);
        (read(model.weight.val().inner()).unwrap()[0], read(model.bias.unwrap().val().inner()).unwrap()[0])
    };
    assert_eq!(with(0.0), (-5.0, -3.0));
    assert_eq!(with(100.0), (-5.0, -3.0));
    let (weight, bias) = with(1.0);
    let root = 90.0f32.sqrt();
    assert!((weight - (1.0 - 6.0 / root)).abs() < 1e-6 && (bias + 3.0 / root).abs() < 1e-6);
}

#[test]
fn schedules_have_their_shapes() {
    let fit = |schedule| FitSpec { schedule, learning_rate: 2.0, ..FitSpec::default() };
    let rate = |schedule, done, epoch| fit(schedule).rate(1000, done, epoch, 0.25);
    assert_eq!(rate(RateSchedule::Constant, 0.9, 9), 2.0);
    assert_eq!(rate(RateSchedule::Step { epochs: 3, factor: 0.1 }, 0.0, 3), 2.0);
    assert!((rate(RateSchedule::Step { epochs: 3, factor: 0.1 }, 0.0, 7) - 0.02).abs() < 1e-12);
    assert_eq!(rate(RateSchedule::Cosine, 0.0, 1), 2.0);
    assert!((rate(RateSchedule::Cosine, 0.5, 1) - 1.0).abs() < 1e-12);
    assert!(rate(RateSchedule::Cosine, 1.0, 1) < 1e-12);
    // PyTorch's OneCycleLR(max_lr=2): starts at 0.08, peaks at 30 %, ends at 0.08 / 1e4.
    assert!((rate(RateSchedule::OneCycle, 0.0, 1) - 0.08).abs() < 1e-12);
    assert!((rate(RateSchedule::OneCycle, 0.3, 1) - 2.0).abs() < 1e-12);
    assert!((rate(RateSchedule::OneCycle, 1.0, 1) - 8e-6).abs() < 1e-12);
    assert_eq!(rate(RateSchedule::Plateau { patience: 1, factor: 0.5 }, 0.1, 2), 0.5);
    let warm = FitSpec { warmup_steps: 4, learning_rate: 1.0, ..FitSpec::default() };
    let rates: Vec<f64> = (0..5).map(|step| warm.rate(step, 0.0, 1, 1.0)).collect();
    assert_eq!(rates, [0.25, 0.5, 0.75, 1.0, 1.0]);
}

#[test]
fn a_plateau_lowers_the_rate_and_patience_ends() {
    // Truths drawn by lot: soon nothing is learned for the validation rows any more.
    let mut samples = ab_samples(64, 32);
    let coin =
        |n: usize, by: usize| Target::Binary((0..n).map(|at| (at * at / 7 + by).is_multiple_of(2)).collect());
    (samples.train_target, samples.valid_target) = (coin(64, 0), coin(32, 1));
    let schedule = RateSchedule::Plateau { patience: 2, factor: 0.5 };
    let trained = train(&cnn(), &FitSpec { schedule, ..quick(20) }, &samples, 1);
    let first = trained.history[0].learning_rate;
    let last = trained.history[19].learning_rate;
    assert!(last < 0.3 * first, "{first} {last}");
    let trained = train(&cnn(), &FitSpec { patience: 3, ..quick(40) }, &samples, 1);
    assert_eq!(trained.history.len(), trained.best_epoch + 3);
}

/// Asks for an early end after so many epochs or, with `steps`, tellings.
struct Stop<'a> {
    after: usize,
    seen: AtomicUsize,
    stop: &'a dyn Fn(),
}

impl Watch for Stop<'_> {
    fn steps(&mut self, _: &[StepFigures]) {
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.after {
            (self.stop)();
        }
    }
}

fn without_seconds(mut history: Vec<EpochFigures>) -> Vec<EpochFigures> {
    history.iter_mut().for_each(|figures| figures.seconds = 0.0);
    history
}

#[test]
fn going_on_equals_never_having_stopped() {
    let samples = samples(|n, seed| mixed(n, Head::Binary, seed), 80, 24);
    let rules = [Rule::Adam, Rule::AdamW, Rule::RmsProp, Rule::Sgd { momentum: 0.9 }];
    for (at, body) in bodies().into_iter().enumerate() {
        let spec =
            NetSpec { balanced: at % 2 == 0, embedding_dropout: 0.2, ..small(body.clone(), Head::Binary) };
        let fit = FitSpec {
            rule: rules[at % 4],
            schedule: RateSchedule::Cosine,
            weight_decay: 0.01,
            clip_norm: 1.0,
            tell_every: 1,
            ..quick(4)
        };
        let whole = train_net(&spec, &fit, &samples, run(&mut (), None), &Reporter::silent()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.checkpoint");
        // Five batches an epoch: stopped in the middle of the first, at the end of the second, in the
        // middle of the third.
        for after in [3, 7, 2] {
            let stopped = interrupt(&spec, &fit, &samples, &path, after);
            assert!(stopped.history.len() < 4, "{body:?}");
        }
        let rest = train_net(&spec, &fit, &samples, run(&mut (), Some(&path)), &Reporter::silent()).unwrap();
        assert_eq!(whole.net, rest.net, "{body:?}");
        assert_eq!(without_seconds(whole.history), without_seconds(rest.history), "{body:?}");
        assert_eq!(whole.best_epoch, rest.best_epoch);
        // A finished training stays as it is.
        let again = train_net(&spec, &fit, &samples, run(&mut (), Some(&path)), &Reporter::silent()).unwrap();
        assert_eq!(again.net, rest.net);
    }
}

/// Trains on a thread until so many steps are told, then ends early; the checkpoint stays.
fn interrupt(spec: &NetSpec, fit: &FitSpec, samples: &NetSamples, path: &Path, after: usize) -> NetTrained {
    let (ask, asked) = std::sync::mpsc::channel();
    let (go, going) = std::sync::mpsc::channel();
    let (spec, fit, samples, path) = (spec.clone(), fit.clone(), samples.clone(), path.to_owned());
    let job = Job::start(
        || (),
        move |report: &Reporter| {
            let stop = || {
                ask.send(()).unwrap();
                going.recv().unwrap();
            };
            let mut watch = Stop { after, seen: AtomicUsize::new(0), stop: &stop };
            train_net(&spec, &fit, &samples, run(&mut watch, Some(&path)), report)
        },
    );
    asked.recv().unwrap();
    job.finish_early();
    go.send(()).unwrap();
    job.wait().unwrap().unwrap()
}

#[test]
fn a_crash_loses_no_more_than_since_the_last_checkpoint() {
    let samples = ab_samples(64, 16);
    let fit = FitSpec { tell_every: 1, ..quick(3) };
    let whole = train_net(&cnn(), &fit, &samples, run(&mut (), None), &Reporter::silent()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.checkpoint");
    let crash = std::panic::catch_unwind(|| {
        let stop = || panic!("on purpose");
        let mut watch = Stop { after: 7, seen: AtomicUsize::new(0), stop: &stop };
        let run = Run { checkpoint_steps: 2, ..run(&mut watch, Some(&path)) };
        train_net(&cnn(), &fit, &samples, run, &Reporter::silent())
    });
    assert!(crash.is_err());
    let kept = checkpoint::Checkpoint::read(&path).unwrap();
    assert_eq!((kept.place.steps, kept.place.epoch, kept.place.done), (6, 2, 2));
    let rest = train_net(&cnn(), &fit, &samples, run(&mut (), Some(&path)), &Reporter::silent()).unwrap();
    assert_eq!(whole.net, rest.net);
}

#[test]
fn a_checkpoint_that_cannot_be_written_does_not_end_training() {
    let samples = ab_samples(32, 16);
    let path = Path::new("/nowhere/at/all/net.checkpoint");
    let trained =
        train_net(&cnn(), &quick(2), &samples, run(&mut (), Some(path)), &Reporter::silent()).unwrap();
    assert_eq!(trained.history.len(), 2);
    assert_eq!(trained.notes[0].code, "checkpoint_unwritten");
}

#[test]
fn a_damaged_or_foreign_checkpoint_is_refused() {
    let samples = ab_samples(32, 16);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.checkpoint");
    let go = |fit: &FitSpec, samples: &NetSamples| {
        train_net(&cnn(), fit, samples, run(&mut (), Some(&path)), &Reporter::silent())
    };
    go(&quick(1), &samples).unwrap();
    assert_eq!(go(&quick(2), &samples).unwrap().history.len(), 2, "more epochs may be asked for");
    let other = FitSpec { batch_size: 7, ..quick(2) };
    assert_eq!(go(&other, &samples).unwrap_err().kind(), "net_checkpoint");
    let mut moved = samples.clone();
    moved.train.tokens.as_mut().unwrap().values[0] += 1;
    assert_eq!(go(&quick(2), &moved).unwrap_err().kind(), "net_checkpoint");
    let bytes = std::fs::read(&path).unwrap();
    for at in [0, 9, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        std::fs::write(&path, bad).unwrap();
        assert_eq!(go(&quick(2), &samples).unwrap_err().kind(), "net_checkpoint", "byte {at}");
    }
    for len in [0, 5, 31, 60, bytes.len() - 40] {
        std::fs::write(&path, &bytes[..len]).unwrap();
        assert_eq!(go(&quick(2), &samples).unwrap_err().kind(), "net_checkpoint");
    }
}

#[test]
fn an_exploding_loss_is_told_with_the_last_good_network() {
    let samples = ab_samples(64, 16);
    let spec = small(Body::Rnn { cell: Cell::Gru, units: 8, bidirectional: false }, Head::Regression);
    let number = |n: usize| Target::Number((0..n).map(|at| at as f32).collect());
    let samples = NetSamples { train_target: number(64), valid_target: number(16), ..samples };
    let wild = FitSpec { rule: Rule::Sgd { momentum: 0.9 }, learning_rate: 1e9, ..quick(5) };
    let fail = |fit: &FitSpec, told: bool| {
        let fit = FitSpec { tell_every: usize::from(told), ..fit.clone() };
        match train_net(&spec, &fit, &samples, run(&mut (), None), &Reporter::silent()) {
            Err(crate::Error::Train(TrainError::Net(error))) => error,
            other => panic!("{other:?}"),
        }
    };
    for told in [false, true] {
        let NetError::Exploded { epoch, mend, kept, .. } = fail(&wild, told) else { panic!() };
        assert_eq!((epoch, kept), (1, None));
        assert!(mend.contains("learning rate"));
    }
    // The rate grows by a million every two epochs: two epochs are good.
    let rising = FitSpec {
        rule: Rule::Sgd { momentum: 0.0 },
        learning_rate: 1e-3,
        schedule: RateSchedule::Step { epochs: 2, factor: 1e15 },
        ..quick(8)
    };
    let NetError::Exploded { epoch, kept, .. } = fail(&rising, false) else { panic!() };
    assert_eq!(epoch, 3);
    assert!(kept.unwrap().is_sound());
}

#[derive(Default)]
struct Seen {
    steps: Vec<StepFigures>,
    epochs: Vec<EpochFigures>,
    looks: Vec<Look>,
}

impl Watch for Seen {
    fn steps(&mut self, figures: &[StepFigures]) {
        self.steps.extend(figures);
    }
    fn epoch(&mut self, figures: &EpochFigures) {
        self.epochs.push(*figures);
    }
    fn look(&mut self, look: &Look) {
        self.looks.push(look.clone());
    }
}

#[test]
fn everything_can_be_watched_and_watching_changes_nothing() {
    let samples = samples(|n, seed| mixed(n, Head::Binary, seed), 80, 24);
    let spec = cnn();
    let fit = FitSpec { tell_every: 3, look_every: 4, ..quick(2) };
    let mut seen = Seen::default();
    let watched = train_net(&spec, &fit, &samples, run(&mut seen, None), &Reporter::silent()).unwrap();
    assert_eq!(seen.steps.iter().map(|f| f.step).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    let mean = seen.steps[..5].iter().map(|f| f.loss).sum::<f64>() / 5.0;
    assert!((mean - seen.epochs[0].train_loss).abs() < 1e-6);
    assert_eq!(seen.epochs.len(), 2);
    assert_eq!(seen.looks.iter().map(|look| look.step).collect::<Vec<_>>(), [4, 8]);
    let look = &seen.looks[0];
    assert_eq!(look.weights.len(), watched.net.weights.len());
    for (look, weight) in look.weights.iter().zip(&watched.net.weights) {
        assert_eq!(look.name, weight.name);
        assert!(look.gradient_norm > 0.0, "{}", look.name);
        assert_eq!(look.weights.counts.iter().sum::<u32>() as usize, weight.values.len());
    }
    let names: Vec<&str> = look.activations.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["tokens.conv0", "tokens.conv1", "events.conv0", "events.conv1", "dense0"]);
    assert!(look.activations.iter().all(|a| (0.0..=1.0).contains(&a.dead)));
    let time = look.time;
    assert!(time.forward > 0.0 && time.backward > 0.0 && time.step > 0.0);
    let unwatched = train_net(&spec, &quick(2), &samples, run(&mut (), None), &Reporter::silent()).unwrap();
    assert_eq!(watched.net, unwatched.net);
}

#[test]
fn dead_units_are_counted() {
    let samples = samples(|n, seed| mixed(n, Head::Binary, seed), 32, 8);
    let spec = small(Body::Mlp { hidden: vec![16], residual: false }, Head::Binary);
    let mut rng = rand::SeedableRng::seed_from_u64(1);
    let mut net = Net::init(&spec, &samples.train.inputs(), &mut rng).unwrap();
    // Four of the sixteen are far below zero, the others far above.
    let bias = net.weights.iter_mut().find(|weight| weight.name == "dense0.bias").unwrap();
    bias.values = (0..16).map(|unit| if unit % 4 == 0 { -100.0 } else { 100.0 }).collect();
    let fit = FitSpec { look_every: 1, ..quick(1) };
    let mut stepper = Stepper::new(&spec, &fit, &samples, (0.0, 1.0), &Device::flex()).unwrap();
    let model = Graph::new(&net, &stepper.device).unwrap();
    let mut seen = Seen::default();
    let rows: Vec<usize> = (0..32).collect();
    stepper.step(model, &rows, 1e-3, (1, 1), &mut rng, &mut seen, &Reporter::silent()).unwrap();
    assert_eq!(seen.looks[0].activations[0].dead, 0.25);
}

#[test]
fn balanced_batches_are_even_and_weights_make_up_for_rarity() {
    let rows = 200;
    let data = NetData { rows, table: vec![0.5; rows], table_width: 1, ..NetData::default() };
    let target = Target::Binary((0..rows).map(|row| row % 10 == 0).collect());
    let spec = NetSpec { balanced: true, ..NetSpec::default() };
    let mut rng = rand::SeedableRng::seed_from_u64(1);
    let batches = order::batches(&data, &target, &spec, &FitSpec { batch_size: 20, ..quick(1) }, &mut rng);
    assert_eq!(batches.len(), 10);
    for batch in &batches {
        assert_eq!(batch.iter().filter(|row| *row % 10 == 0).count(), 10);
    }
    // Of the many, no row comes twice; of the few, each comes as often as any other.
    let mut often = vec![0; rows];
    batches.iter().flatten().for_each(|row| often[*row] += 1);
    assert!(often.iter().enumerate().all(|(row, n)| if row % 10 == 0 { *n == 5 } else { *n <= 1 }));
    let weights = order::class_weights(&target, rows, true);
    assert_eq!((weights[0], weights[1]), (5.0, 200.0 / 360.0));
    assert!((weights.iter().sum::<f32>() - 200.0).abs() < 1e-3);
}

#[test]
fn rows_of_like_length_go_together_and_none_is_lost() {
    let samples = samples(|n, seed| mixed(n, Head::Binary, seed), 300, 10);
    let mut rng = rand::SeedableRng::seed_from_u64(1);
    let order = order::batches(&samples.train, &samples.train_target, &cnn(), &quick(1), &mut rng);
    let mut all: Vec<usize> = order.iter().flatten().copied().collect();
    all.sort_unstable();
    assert_eq!(all, (0..300).collect::<Vec<_>>());
    let spread = |batch: &Vec<usize>| {
        let steps = || batch.iter().map(|row| samples.train.steps(*row, 64));
        steps().max().unwrap() - steps().min().unwrap()
    };
    assert!(order.iter().map(spread).sum::<usize>() <= 8, "nearly all batches have one length");
}

#[test]
fn a_cancel_is_answered() {
    let samples = ab_samples(2000, 16);
    let (started, wait) = std::sync::mpsc::channel();
    let mut job = Job::start(
        || (),
        move |report: &Reporter| {
            let stop = || started.send(()).unwrap();
            let mut watch = Stop { after: 1, seen: AtomicUsize::new(0), stop: &stop };
            let fit = FitSpec { tell_every: 1, ..quick(10_000) };
            train_net(&cnn(), &fit, &samples, run(&mut watch, None), report)
        },
    );
    wait.recv().unwrap();
    job.cancel();
    let result = loop {
        match job.poll() {
            Poll::Running => std::thread::yield_now(),
            Poll::Done(result) => break result,
            Poll::Lost => panic!("lost"),
        }
    };
    assert!(matches!(result, Err(crate::Error::Cancelled)));
}

#[test]
fn the_rate_finder_names_a_rate_that_learns() {
    let samples = ab_samples(320, 80);
    let fit = FitSpec { batch_size: 16, ..FitSpec::default() };
    let finder = RateFinder::default();
    let curve = finder.run(&cnn(), &fit, &samples, DeviceKind::Flex, 1, &Reporter::silent()).unwrap();
    let rate = curve.suggested.unwrap();
    println!("suggested {rate:.2e} from {} points", curve.points.len());
    assert!((1e-4..0.5).contains(&rate), "{rate}");
    assert!(curve.points.windows(2).all(|w| w[0].0 < w[1].0));
    let trained = train(&cnn(), &FitSpec { learning_rate: rate, ..quick(10) }, &samples, 2);
    assert!(trained.history[9].metric.unwrap() > 0.9);
}
