use std::sync::Arc;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::eight::{Eight, quantized};
use super::neurons::removed;
use super::prune::{mask, sparsity_at};
use super::*;
use crate::features::{Matrix, Sequences};
use crate::job::Job;
use crate::table::Frame;
use crate::train::{MlpSpec, ModelKind, Network, train_with};

fn numbers(len: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..len).map(|_| rng.gen_range(-1.5f32..1.5)).collect()
}

/// Customers whose columns say who leaves.
fn samples(rows: usize) -> Samples {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let names: Vec<String> = (0..6).map(|at| format!("c{at}")).collect();
    let mut side = |rows: usize| {
        let data: Vec<f32> = (0..rows * 6).map(|_| rng.gen_range(-1.0..1.0)).collect();
        let labels = data.chunks(6).map(|row| row[0] * row[1] + 0.4 * row[2] + 0.1 * row[3] > 0.0).collect();
        (Matrix::new(names.clone(), names.clone(), rows, data), labels)
    };
    let ((train, train_labels), (valid, valid_labels)) = (side(rows), side(rows / 3));
    Samples { train, train_labels, valid, valid_labels }
}

fn specs() -> Specs {
    let mlp = MlpSpec {
        hidden: vec![24, 12],
        epochs: 25,
        dropout: 0.1,
        learning_rate: 0.005,
        ..MlpSpec::default()
    };
    Specs { mlp, ..Specs::default() }
}

fn full(samples: &Samples, specs: &Specs) -> Model {
    let quiet = Reporter::silent();
    train_with(ModelKind::Mlp, specs, samples, DeviceKind::Flex, 3, &quiet).unwrap().model
}

fn auc(model: &Model, samples: &Samples) -> f64 {
    let p = model.predict(&samples.valid, DeviceKind::Flex).unwrap();
    crate::metrics::roc_auc(&p, &samples.valid_labels).unwrap()
}

#[test]
fn eight_bits_miss_by_half_a_step_at_most() {
    let mut long_tail = numbers(500, 2);
    long_tail.push(40.0);
    for values in [numbers(1, 1), numbers(777, 1), long_tail, vec![0.0; 9], vec![-3.0, 1e-20, 3.0]] {
        let eight = Eight::of(&values).unwrap();
        let most = values.iter().fold(0.0f32, |most, w| most.max(w.abs()));
        assert!((eight.scale - most / 127.0).abs() <= most * 1e-6 + 1e-30, "{} {most}", eight.scale);
        for (w, back) in values.iter().zip(eight.floats()) {
            assert!((w - back).abs() <= eight.scale * 0.500_01, "{w} {back}");
        }
        let again = Eight::again(&eight.floats(), eight.scale);
        assert_eq!(again, eight, "the same whole numbers come back from the floats");
    }
    assert!(Eight::of(&[]).unwrap().values.is_empty());
}

#[test]
fn files_hold_whole_numbers_and_give_the_very_same_network() {
    let (samples, specs) = (samples(300), specs());
    let of = full(&samples, &specs);
    let plain = serde_json::to_string(&of).unwrap();
    assert!(!plain.contains("small") && !plain.contains("eight_bit"), "old files stay what they are");
    assert_eq!(serde_json::from_str::<Model>(&plain).unwrap(), of);
    let spec = SmallSpec::default();
    let quiet = Reporter::silent();
    let made = shrink((&of, Way::EightBit), (&spec, &specs), (&samples, &[]), 1, &quiet).unwrap().model;
    let text = serde_json::to_string(&made).unwrap();
    assert!(text.contains("\"eight_bit\":[") && !text.contains("\"weights\":"), "{text}");
    assert!(text.len() * 2 < plain.len(), "{} of {}", text.len(), plain.len());
    let back: Model = serde_json::from_str(&text).unwrap();
    assert_eq!(back, made);
    let p = |model: &Model| model.predict(&samples.valid, DeviceKind::Flex).unwrap();
    assert_eq!(p(&back), p(&made));
    assert!(made.is_packed() && made.fits(6) && made.small().unwrap().way == Way::EightBit);
    // Nothing in a file is trusted.
    for (from, to) in [("\"scales\":[", "\"scalez\":["), ("\"eight_bit\":[", "\"eight_bits\":[")] {
        assert!(serde_json::from_str::<Model>(&text.replace(from, to)).is_err(), "{from}");
    }
    let short = text.replacen("\"eight_bit\":[", "\"eight_bit\":[1,", 1);
    assert!(!serde_json::from_str::<Model>(&short).unwrap().fits(6));
}

#[test]
fn the_schedule_rises_fast_and_then_slowly_and_masks_take_the_least() {
    assert_eq!((sparsity_at(0.8, 0.0), sparsity_at(0.8, 1.0), sparsity_at(0.8, 2.0)), (0.0, 0.8, 0.8));
    assert!((sparsity_at(0.8, 0.5) - 0.7).abs() < 1e-12, "0.8 − 0.8 / 8");
    assert_eq!(mask(&[0.3, -0.1, 0.0, -2.0], 0.5), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(mask(&[0.5; 4], 0.25), [0.0, 1.0, 1.0, 1.0], "of equal ones the first");
    assert_eq!(mask(&[1.0], 1.0), [0.0]);
}

#[test]
fn pruned_weights_stay_zero_through_training_on() {
    let (samples, specs) = (samples(600), specs());
    let of = full(&samples, &specs);
    let spec = SmallSpec { sparsity: 0.75, epochs: 10, ..SmallSpec::default() };
    let quiet = Reporter::silent();
    let made = shrink((&of, Way::Pruned), (&spec, &specs), (&samples, &[]), 1, &quiet).unwrap();
    let (Model::Mlp(before), Model::Mlp(after)) = (&of, &made.model) else { panic!() };
    for (at, (a, b)) in before.layers.iter().zip(&after.layers).enumerate() {
        let zeros = b.weights.iter().filter(|w| **w == 0.0).count();
        let wanted = if at < 2 { (a.weights.len() as f64 * 0.75).round() as usize } else { 0 };
        assert_eq!(zeros, wanted, "layer {at}");
        assert_ne!(a.bias, b.bias, "it was trained on");
    }
    assert_eq!(made.model.weights().unwrap().1, (6 * 24 + 24 * 12) * 3 / 4);
    // Only networks with all of their zeros are kept: the first five epochs raise them.
    assert!(made.best_epoch > 5 && made.history.len() <= 10, "{} {}", made.best_epoch, made.history.len());
    assert!(auc(&made.model, &samples) > 0.8, "{}", auc(&made.model, &samples));
    let again = shrink((&of, Way::Pruned), (&spec, &specs), (&samples, &[]), 1, &quiet).unwrap();
    assert_eq!(again.model, made.model, "equal seeds give equal numbers");
}

#[test]
fn neurons_that_do_nothing_go_without_a_trace() {
    let mut network = Network::init(6, &[8, 4], Default::default(), false, &mut ChaCha8Rng::seed_from_u64(1));
    // Neurons 1, 4 and 6 of the first layer and 0 of the second lead nowhere.
    for (at, units) in [(1, vec![1, 4, 6]), (2, vec![0])] {
        let width = network.layers[at].outputs;
        for unit in units {
            network.layers[at].weights[unit * width..(unit + 1) * width].fill(0.0);
        }
    }
    let sizes = |of: &Network| of.layers.iter().map(|layer| layer.outputs).collect::<Vec<_>>();
    let less = removed(&network, 0.375);
    assert_eq!(sizes(&less), [5, 2, 1]);
    assert!(less.is_sound(6) && less.parameters() < network.parameters());
    assert_eq!(sizes(&removed(&network, 1.0)), [1, 1, 1], "one neuron stays");
    // A quarter: two of the three in the first layer, the one in the second. Nothing that mattered is gone.
    let quarter = removed(&network, 0.25);
    assert_eq!(sizes(&quarter), [6, 3, 1]);
    let samples = samples(90);
    let p =
        |network: &Network| Model::Mlp(network.clone()).predict(&samples.valid, DeviceKind::Flex).unwrap();
    for (a, b) in p(&network).iter().zip(p(&quarter)) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}

#[test]
fn fewer_neurons_are_trained_on_and_normalised_ones_too() {
    let samples = samples(600);
    for batch_norm in [false, true] {
        let mut specs = specs();
        specs.mlp.batch_norm = batch_norm;
        let of = full(&samples, &specs);
        let spec = SmallSpec { epochs: 10, ..SmallSpec::default() };
        let quiet = Reporter::silent();
        let made = shrink((&of, Way::Neurons), (&spec, &specs), (&samples, &[]), 1, &quiet).unwrap();
        let Model::Mlp(network) = &made.model else { panic!() };
        let sizes: Vec<usize> = network.layers.iter().map(|layer| layer.outputs).collect();
        assert_eq!((sizes, made.model.fits(6)), (vec![12, 6, 1], true));
        assert!(auc(&made.model, &samples) > 0.8, "{}", auc(&made.model, &samples));
        assert!(network.layers[0].norm.is_some() == batch_norm);
    }
}

#[test]
fn a_student_follows_its_teacher() {
    let (samples, specs) = (samples(600), specs());
    let of = full(&samples, &specs);
    let teacher = of.predict(&samples.train, DeviceKind::Flex).unwrap();
    let spec = SmallSpec { student: 8, alpha: 1.0, ..SmallSpec::default() };
    let quiet = Reporter::silent();
    let made = |way, spec: &SmallSpec, teacher: &[f64]| {
        shrink((&of, way), (spec, &specs), (&samples, teacher), 1, &quiet).unwrap()
    };
    let student = made(Way::Distilled, &spec, &teacher);
    assert_eq!(student.model.weights().unwrap().0, 6 * 8 + 8 + 8 + 1);
    assert!(auc(&student.model, &samples) > 0.8, "{}", auc(&student.model, &samples));
    // With T = 1 a teacher who says what happened is the outcomes.
    let plain = SmallSpec { temperature: 1.0, ..spec.clone() };
    let truth: Vec<f64> = samples.train_labels.iter().map(|y| f64::from(u8::from(*y))).collect();
    let (taught, alone) = (made(Way::Distilled, &plain, &truth), made(Way::LabelsOnly, &plain, &[]));
    assert_eq!(taught.history.len(), alone.history.len());
    for (a, b) in taught.history.iter().zip(&alone.history) {
        assert!((a.valid_loss - b.valid_loss).abs() < 1e-3, "{} {}", a.valid_loss, b.valid_loss);
    }
    // One who is always undecided teaches to be undecided; without weight he teaches nothing.
    let undecided = made(Way::Distilled, &spec, &vec![0.5; samples.train.height]);
    let first = undecided.history.first().unwrap().train_loss;
    assert!(undecided.history.iter().all(|epoch| epoch.train_loss <= first + 1e-6));
    let deaf = SmallSpec { alpha: 0.0, ..spec.clone() };
    assert_eq!(made(Way::Distilled, &deaf, &teacher).model.weights(), student.model.weights());
    let losses = |made: &Made| made.history.iter().map(|epoch| epoch.valid_loss).collect::<Vec<_>>();
    assert_eq!(losses(&made(Way::Distilled, &deaf, &teacher)), losses(&alone));
    assert_ne!(losses(&student), losses(&alone));
    let packed = made(Way::DistilledEightBit, &spec, &teacher);
    assert!(packed.model.is_packed());
    assert_eq!(losses(&packed), losses(&student), "the same student, packed");
}

#[test]
fn networks_that_read_words_are_pruned_and_packed() {
    use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, Series};
    let matrix = |rows: usize| {
        let said = |at: usize| if at.is_multiple_of(2) { "not good tea" } else { "good tea not" };
        let texts: Vec<String> = (0..rows).map(|at| format!("{} {}", said(at), at % 5)).collect();
        let column = Series::new("comment".into(), texts).into_column();
        let data = DataFrame::new(rows, vec![column]).unwrap();
        let frame = Frame { rows: Arc::new((0..rows as u32).collect()), data };
        let numbers = (0..rows).map(|at| (at % 7) as f32 / 7.0).collect();
        Matrix::new(vec!["x".into()], vec!["x".into()], rows, numbers)
            .with_sequences(Sequences::of(&frame, &["comment".to_owned()]))
    };
    let labels = |rows: usize| (0..rows).map(|at| at % 2 == 0).collect::<Vec<bool>>();
    let samples = Samples {
        train: matrix(160),
        train_labels: labels(160),
        valid: matrix(60),
        valid_labels: labels(60),
    };
    let mut specs = Specs::default();
    specs.net.token_size = 8;
    specs.net.hidden = vec![8];
    specs.net.fit.epochs = 12;
    specs.net.fit.learning_rate = 0.01;
    let quiet = Reporter::silent();
    for kind in [ModelKind::Cnn, ModelKind::Rnn, ModelKind::Hybrid, ModelKind::Transformer] {
        let of = train_with(kind, &specs, &samples, DeviceKind::Flex, 1, &quiet).unwrap().model;
        assert_eq!(ways(&of).len(), Way::ALL.len() - 1);
        let spec = SmallSpec { sparsity: 0.5, epochs: 4, ..SmallSpec::default() };
        let made = |way| shrink((&of, way), (&spec, &specs), (&samples, &[]), 1, &quiet);
        assert_eq!(made(Way::Neurons).unwrap_err().kind(), "small_not_this_way");
        let pruned = made(Way::Pruned).unwrap();
        let Model::Net(net) = &pruned.model else { panic!() };
        for weight in net.net.weights.iter().filter(|w| w.shape.len() > 1 && w.name != "out.weight") {
            let zeros = weight.values.iter().filter(|w| **w == 0.0).count();
            let wanted = (weight.values.len() as f64 * 0.5).round() as usize;
            assert!(zeros >= wanted && zeros <= wanted + wanted / 5 + 2, "{} {zeros} {wanted}", weight.name);
        }
        let packed = made(Way::EightBit).unwrap().model;
        let text = serde_json::to_string(&packed).unwrap();
        let back: Model = serde_json::from_str(&text).unwrap();
        assert!(back == packed && back.fits(1) && text.contains("eight_bit"));
        let plain = serde_json::to_string(&of).unwrap();
        assert!(!plain.contains("eight_bit") && !plain.contains("\"small\""));
        assert_eq!(serde_json::from_str::<Model>(&plain).unwrap(), of);
    }
}

#[test]
fn what_has_no_weights_is_told_so_and_nothing_is_shrunk_twice() {
    let (samples, specs) = (samples(90), specs());
    let quiet = Reporter::silent();
    let tree = train_with(ModelKind::Tree, &specs, &samples, DeviceKind::Flex, 1, &quiet).unwrap().model;
    let spec = SmallSpec::default();
    let refused = shrink((&tree, Way::Pruned), (&spec, &specs), (&samples, &[]), 1, &quiet).unwrap_err();
    assert_eq!(refused.kind(), "small_no_weights");
    assert!(ways(&tree).is_empty() && tree.weights().is_none() && quantized(&tree).unwrap().1.is_empty());
    let of = full(&samples, &specs);
    let small = shrink((&of, Way::EightBit), (&spec, &specs), (&samples, &[]), 1, &quiet).unwrap().model;
    assert_eq!(check(&small).unwrap_err().kind(), "small_already");
    assert!(small.note().is_some() && of.note().is_none());
}

#[test]
fn it_is_cancelled_within_a_step() {
    let (samples, specs) = (samples(3000), specs());
    let of = full(&self::samples(120), &specs);
    let teacher = vec![0.5; 3000];
    for way in [Way::Pruned, Way::Neurons, Way::Distilled] {
        let (of, mut specs, samples, teacher) = (of.clone(), specs.clone(), samples.clone(), teacher.clone());
        (specs.mlp.epochs, specs.mlp.patience) = (100_000, 0);
        let spec = SmallSpec { epochs: 1000, ..SmallSpec::default() };
        let job = Job::start(
            || (),
            move |report| shrink((&of, way), (&spec, &specs), (&samples, &teacher), 1, report),
        );
        std::thread::sleep(std::time::Duration::from_millis(100));
        let asked = std::time::Instant::now();
        job.cancel();
        let ended = job.wait().unwrap();
        assert!(matches!(ended, Err(crate::Error::Cancelled)), "{way:?} was done before it was stopped");
        assert!(asked.elapsed().as_millis() < 1000, "{way:?}: {} ms", asked.elapsed().as_millis());
    }
}

#[test]
fn speeds_are_of_every_model_in_turn() {
    let (samples, specs) = (samples(300), specs());
    let of = full(&samples, &specs);
    let slim = Model::Majority { rate: 0.3 };
    let found = speeds(&[&of, &slim, &of], &samples.train, (0.01, 3), &Reporter::silent()).unwrap();
    assert!(found.len() == 3 && found.iter().all(|speed| speed.is_finite() && *speed > 0.0));
    assert!(found[1] > found[0] && found[1] > found[2], "{found:?}");
}
