//! The networks against a planted truth, against each other's arithmetic, and with hostile histories.

use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::graph::Graph;
use super::loss::{self, Drawn};
use super::pieces::{self, Drawer};
use super::{Body, NetworkSettings, SequenceNet, Validation, answer, fit, weights};
use crate::job::Reporter;
use crate::recommend::{
    Candidate, Fitted, Histories, Interactions, Kind, Model, Params, Protocol, Recommender, Row, Task,
    Wanted, choose_with,
};
use crate::train::DeviceKind;

fn small() -> NetworkSettings {
    NetworkSettings {
        size: 16,
        units: 24,
        max_len: 12,
        batch: 32,
        rate: 0.01,
        dropout: 0.0,
        epochs: 40,
        patience: 40,
        device: DeviceKind::Flex,
        ..NetworkSettings::default()
    }
}

/// Histories of drawn products; the first customer took none, the second one.
fn drawn(customers: usize, items: u32, longest: usize, seed: u64) -> Histories {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut out = Histories::over(items as usize);
    for who in 0..customers {
        let len = if who < 2 { who } else { rng.gen_range(2..=longest) };
        out.push((0..len).map(|at| (rng.gen_range(0..items), at as i64, at as u32)));
    }
    out
}

fn untrained(body: Body, settings: &NetworkSettings, items: usize) -> SequenceNet {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let weights = weights::init(body, settings, items, &mut rng);
    SequenceNet { body, settings: *settings, popularity: vec![1.0; items], weights }
}

#[test]
fn the_host_answers_what_the_device_answers_and_nobody_looks_ahead() {
    for body in Body::ALL {
        let net = untrained(body, &NetworkSettings { layers: 3, ..small() }, 9);
        let graph = Graph::new(body, &net.settings, &net.weights, &Device::flex()).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let tokens: Vec<i32> = (0..24).map(|at| at * 5 % 9).collect();
        let all = graph.forward(tokens.clone(), (2, 12), (&mut rng, 0.0)).into_data();
        let all: Vec<f32> = all.try_to_vec().unwrap();
        for (row, steps) in [(0usize, 12usize), (1, 12), (1, 5), (0, 1)] {
            let read: Vec<usize> = tokens[row * 12..row * 12 + steps].iter().map(|t| *t as usize).collect();
            let own = answer::vector(body, &net.settings, &answer::Named(&net.weights), &read).unwrap();
            let place = (row * 12 + steps - 1) * 16;
            let told = &all[place..place + 16];
            // What stands after a step changes nothing in it, else the shorter ones would differ.
            for (a, b) in own.iter().zip(told) {
                assert!((a - b).abs() < 2e-4, "{body:?} {steps} {own} {told:?}");
            }
        }
    }
}

#[test]
fn the_slope_of_the_loss_is_that_of_burns_cross_entropy() {
    let net = untrained(Body::Gru, &small(), 7);
    let device = Device::flex().autodiff();
    let graph = Graph::new(Body::Gru, &net.settings, &net.weights, &device).unwrap();
    let targets = [3, 0, 6, 3];
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut vectors = || graph.forward(vec![1, 2, 3, 4], (2, 2), (&mut rng, 0.0));
    let ours = loss::next(&graph, vectors(), &targets, None, &Reporter::silent()).unwrap();
    let ids = Tensor::<2, Int>::from_data(TensorData::new(targets.to_vec(), [4, 1]), &device);
    let scores = vectors().matmul(graph.items.val().transpose()) + graph.bias.val().unsqueeze::<2>();
    let theirs = log_softmax(scores, 1).gather(1, ids).mean().neg();
    let sum: f32 = ours.sum.into_scalar();
    assert!((sum / 4.0 - theirs.clone().into_scalar::<f32>()).abs() < 1e-5);
    let (a, b) = (ours.slope.backward(), theirs.backward());
    let of = |grads| graph.items.val().grad(grads).unwrap().into_data().try_to_vec::<f32>().unwrap();
    let bias = |grads| graph.bias.val().grad(grads).unwrap().into_data().try_to_vec::<f32>().unwrap();
    for (a, b) in of(&a).iter().zip(of(&b)).chain(bias(&a).iter().zip(bias(&b))) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn drawn_products_give_the_slope_of_all_on_average() {
    let items = 40;
    let net = untrained(Body::Gru, &small(), items);
    let device = Device::flex().autodiff();
    let graph = Graph::new(Body::Gru, &net.settings, &net.weights, &device).unwrap();
    let targets = [3, 0, 6, 39];
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let slope = |drawn: Option<&Drawn>| {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let vectors = graph.forward(vec![1, 2, 3, 4], (2, 2), (&mut rng, 0.0));
        let found = loss::next(&graph, vectors, &targets, drawn, &Reporter::silent()).unwrap();
        let grads = found.slope.backward();
        graph.bias.val().grad(&grads).unwrap().into_data().try_to_vec::<f32>().unwrap()
    };
    let counts: Vec<f32> = (0..items).map(|at| (at + 3) as f32).collect();
    let drawer = Drawer::new(&counts, 80);
    let (whole, mut mean) = (slope(None), vec![0.0f32; items]);
    for _ in 0..300 {
        let drawn = drawer.draw(&mut rng);
        assert!(drawn.items.windows(2).all(|pair| pair[0] < pair[1]));
        mean.iter_mut().zip(slope(Some(&drawn))).for_each(|(sum, one)| *sum += one / 300.0);
    }
    let corrected = whole.iter().zip(&mean).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    // Uncorrected draws are far off: those that are seldom drawn are not pushed down enough.
    let mut plain = vec![0.0f32; items];
    for _ in 0..300 {
        let drawn = Drawn { log_chance: vec![0.0; items], ..drawer.draw(&mut rng) };
        plain.iter_mut().zip(slope(Some(&drawn))).for_each(|(sum, one)| *sum += one / 300.0);
    }
    let off = whole.iter().zip(plain).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(corrected < 0.3 * off, "{corrected} {off}");
}

#[test]
fn every_product_but_the_first_is_asked_once() {
    let histories = drawn(30, 9, 60, 5);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..3 {
        let pieces = pieces::cut(&histories, 12, &mut rng);
        let mut asked: Vec<Vec<usize>> = vec![Vec::new(); 30];
        for piece in &pieces {
            assert!((1..=12).contains(&piece.len));
            asked[piece.customer].extend(piece.from..piece.from + piece.len);
        }
        for (who, mut asked) in asked.into_iter().enumerate() {
            asked.sort_unstable();
            let all: Vec<usize> = (0..histories.of(who).len().saturating_sub(1)).collect();
            assert_eq!(asked, all, "{who}");
        }
        let batches = pieces::batches(pieces.clone(), 4, &mut rng);
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), pieces.len());
        let batch = pieces::batch(&histories, &batches[0]);
        assert_eq!(batch.tokens.len(), batch.rows * batch.steps);
        assert_eq!(batch.places.len(), batch.targets.len());
    }
}

/// The shop of [`crate::sample::write_chains`], as events.
fn chains(customers: usize, seed: u64) -> Interactions {
    let folder = tempfile::tempdir().unwrap();
    let files = crate::sample::write_chains(folder.path(), customers, seed).unwrap();
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let again = crate::sample::write_chains(folder.path(), customers, seed).unwrap();
    assert_eq!(text, std::fs::read_to_string(&again[0]).unwrap());
    let (mut people, mut products) = (Vec::<String>::new(), Vec::<String>::new());
    let number = |list: &mut Vec<String>, name: &str| {
        let known = list.iter().position(|one| one == name);
        known.unwrap_or_else(|| {
            list.push(name.to_owned());
            list.len() - 1
        }) as u32
    };
    let mut rows = Vec::new();
    for (at, line) in text.lines().skip(1).enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        let (customer, item) = (number(&mut people, cells[1]), number(&mut products, cells[3]));
        let event = Row { customer, item, time: at as i64, basket: at as u32, quantity: 1.0, money: 1.0 };
        rows.push(event);
    }
    Interactions::new(people, products, &rows, true)
}

#[test]
fn the_planted_order_is_found_by_networks_and_not_by_what_is_bought_together() {
    let all = chains(400, 7);
    let task = Task::new(&all, Protocol::LeaveLastOut, None).unwrap();
    let kinds =
        [Kind::Gru, Kind::SequenceCnn, Kind::Hybrid, Kind::Attention, Kind::Cooccurrence, Kind::Markov];
    let network = NetworkSettings { epochs: 30, patience: 6, ..small() };
    let wanted = Wanted { kinds: &kinds, seen_in: true, network };
    let choice = choose_with(&task, &wanted, 1, &Reporter::silent()).unwrap();
    let at = |name: &str| all.items.iter().position(|item| item == name).unwrap();
    let (a, b) = (at(crate::sample::LATER.0), at(crate::sample::LATER.1));
    // Which of the two is put before the other, against what was bought; a tie is half a hit.
    let right = |one: &Candidate| {
        let mut scores = vec![0.0f32; all.items.len()];
        let mut hit = |case: &crate::recommend::Case| {
            one.fitted.model().score(task.train.of(case.customer as usize), &mut scores);
            let (own, other) = if case.wanted[0] as usize == a { (a, b) } else { (b, a) };
            match scores[own].total_cmp(&scores[other]) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            }
        };
        task.cases.iter().map(&mut hit).sum::<f64>() / task.cases.len() as f64
    };
    for one in &choice.candidates {
        let share = right(one);
        match one.kind.body() {
            // Places are what attention learns last: it is on the way with so few customers.
            Some(Body::Attention) => assert!(share > 0.6, "{share} {:?}", one.epochs.last()),
            // The order decides in 90 of 100.
            Some(_) => assert!(share > 0.83, "{:?} {share} {:?}", one.kind, one.epochs.last()),
            None => assert!((0.4..0.6).contains(&share), "{:?} {share}", one.kind),
        }
    }
    assert!(choice.best().unwrap().kind.body().is_some());
    let epochs = &choice.best().unwrap().epochs;
    assert!(epochs.iter().all(|one| one.ndcg_at_10.is_some() && one.valid_loss.is_some_and(f64::is_finite)));
}

#[test]
fn equal_seeds_give_equal_networks_and_they_come_back_from_bytes() {
    let histories = drawn(40, 9, 20, 2);
    let settings = NetworkSettings { epochs: 2, dropout: 0.2, ..small() };
    let (_, cases) = histories.without_last();
    for body in Body::ALL {
        let silent = Reporter::silent();
        let run = |seed| {
            let asked = Validation { cases: &cases, seen_in: true, second: &[] };
            fit(body, &settings, (&histories, Some(asked)), seed, &silent).unwrap()
        };
        let ((net, epochs, best), (again, ..), (other, ..)) = (run(1), run(1), run(2));
        assert_eq!(net, again);
        assert_ne!(net, other);
        assert!((1..=2).contains(&best) && epochs.len() == 2);
        let names: Vec<String> = (0..9).map(|n| format!("P{n}")).collect();
        let of = |net: &SequenceNet| {
            let fitted = Fitted::Sequence(Box::new(net.clone()));
            Model::new((Kind::Gru, Params::default()), (names.clone(), vec![0.0; 9]), true, fitted)
        };
        let model = of(&net).unwrap();
        assert_eq!(Model::from_bytes(&model.to_bytes().unwrap()).unwrap(), model);
        // Nothing in a file is trusted.
        let refused = |change: &dyn Fn(&mut SequenceNet)| {
            let mut net = net.clone();
            change(&mut net);
            assert_eq!(of(&net).unwrap_err().kind(), "recommend_saved");
        };
        refused(&|net| net.settings.size = usize::MAX);
        refused(&|net| net.settings.heads = 0);
        refused(&|net| net.settings.layers = 1 << 40);
        refused(&|net| net.settings.max_len = 0);
        refused(&|net| net.weights[0].values[0] = f32::NAN);
        refused(&|net| net.weights[1].shape = vec![3, 3]);
        refused(&|net| drop(net.weights.pop()));
        refused(&|net| net.popularity.push(1.0));
    }
}

#[test]
fn any_history_is_answered() {
    for body in Body::ALL {
        let net = SequenceNet { popularity: vec![1.0, 5.0, 3.0], ..untrained(body, &small(), 3) };
        let scores = |history: &[u32]| {
            let mut out = [0.0f32; 3];
            net.score(history, &mut out);
            assert!(out.iter().all(|score| score.is_finite()), "{body:?}");
            out
        };
        // Nothing known, or nothing that was there in training: what everybody takes.
        assert_eq!(scores(&[]), [1.0, 5.0, 3.0]);
        assert_eq!(scores(&[7, u32::MAX]), [1.0, 5.0, 3.0]);
        assert!(net.because(&[], 1).is_empty() && net.because(&[0], 9).is_empty());
        assert_eq!(scores(&[2, 9]), scores(&[2]), "a product that was not there is passed over");
        let long: Vec<u32> = (0..10_000).map(|at| at % 3).collect();
        assert_eq!(scores(&long), scores(&long[10_000 - 12..]));
        let reasons = net.because_each(&long, &[0, 1, 2]);
        assert!(reasons.len() == 3 && reasons.iter().flatten().all(|reason| reason.weight > 0.0));
        assert_eq!(reasons[1], net.because(&long, 1));
        // One long history, and customers without two products.
        let mut histories = Histories::over(3);
        histories.push(long.iter().map(|item| (*item, 0, 0)));
        histories.push([]);
        histories.push([(1, 0, 0)]);
        let settings = NetworkSettings { epochs: 1, ..small() };
        let (net, epochs, best) = fit(body, &settings, (&histories, None), 1, &Reporter::silent()).unwrap();
        assert!(net.is_sound() && best == 1 && epochs[0].train_loss.is_finite());
        // Nobody took two: popularity answers, and nothing is trained.
        let mut single = Histories::over(3);
        single.push([(1, 0, 0)]);
        let (net, epochs, best) = fit(body, &settings, (&single, None), 1, &Reporter::silent()).unwrap();
        assert!(net.is_sound() && epochs.is_empty() && best == 0);
        let bad = NetworkSettings { heads: 3, ..settings };
        let refused = fit(body, &bad, (&histories, None), 1, &Reporter::silent());
        assert_eq!(refused.unwrap_err().kind(), "recommend_network");
    }
}

#[test]
fn a_rate_that_is_too_high_is_told() {
    let histories = drawn(40, 9, 20, 2);
    let settings = NetworkSettings { rate: 1e30, epochs: 5, ..small() };
    let refused = fit(Body::Gru, &settings, (&histories, None), 1, &Reporter::silent());
    assert_eq!(refused.unwrap_err().kind(), "diverged");
}

#[test]
fn a_training_can_be_cancelled_and_ended_early() {
    let histories = drawn(300, 50, 40, 2);
    let settings = NetworkSettings { epochs: 100_000, size: 32, ..small() };
    let (_, cases) = histories.without_last();
    let start = || {
        let (histories, cases) = (histories.clone(), cases.clone());
        crate::job::Job::start(
            || (),
            move |report| {
                let asked = Validation { cases: &cases, seen_in: true, second: &[] };
                fit(Body::Gru, &settings, (&histories, Some(asked)), 1, report)
            },
        )
    };
    let wait = |job: &mut crate::job::Job<_>| loop {
        if let crate::job::Poll::Done(found) = job.poll() {
            break found;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    let mut job = start();
    let mut told = Vec::new();
    while told.len() < 2 {
        let epochs = job.events().into_iter().filter(|event| matches!(event, crate::job::Event::Epoch(_)));
        told.extend(epochs);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    job.cancel();
    assert!(matches!(wait(&mut job), Err(crate::Error::Cancelled)));
    let mut job = start();
    std::thread::sleep(std::time::Duration::from_millis(300));
    job.finish_early();
    let (net, epochs, best) = wait(&mut job).unwrap();
    assert!(net.is_sound() && best <= epochs.len());
}

#[test]
fn weights_come_back_from_the_device_as_they_went() {
    for body in Body::ALL {
        let net = untrained(body, &small(), 5);
        let graph = Graph::new(body, &net.settings, &net.weights, &Device::flex()).unwrap();
        assert_eq!(graph.num_params(), net.parameters());
        assert_eq!(graph.weights(&net.weights).unwrap(), net.weights);
    }
}
