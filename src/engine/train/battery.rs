//! One set of checks for every kind of model.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::job::Job;
use crate::metrics;

/// Rows of five features: three numbers, one flag, one column that never changes. `label` says the
/// chance of a positive label.
fn samples(rows: usize, label: impl Fn(&[f32]) -> f64) -> Samples {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let names: Vec<String> = ["a", "b", "c", "flag = yes", "always"].map(str::to_owned).to_vec();
    let sources: Vec<String> = ["a", "b", "c", "flag", "always"].map(str::to_owned).to_vec();
    let mut draw = |rows: usize| {
        let (mut data, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let numbers: [f32; 3] = std::array::from_fn(|_| rng.gen_range(-1.7f32..1.7));
            let row = [numbers[0], numbers[1], numbers[2], f32::from(u8::from(rng.gen_bool(0.3))), 1.0];
            labels.push(rng.gen_bool(label(&row)));
            data.extend(row);
        }
        let (names, sources) = (names.clone(), sources.clone());
        (Matrix::new(names, sources, rows, data), labels)
    };
    let (train, train_labels) = draw(rows);
    let (valid, valid_labels) = draw(rows / 3);
    Samples { train, train_labels, valid, valid_labels }
}

fn straight(row: &[f32]) -> f64 {
    1.0 / (1.0 + f64::from(1.0 - 2.0 * row[0] + row[1] - 1.5 * row[3]).exp())
}

/// Positive where a and b have one sign: no straight line tells that.
fn crossed(row: &[f32]) -> f64 {
    if row[0] * row[1] > 0.0 { 0.95 } else { 0.05 }
}

fn fit(kind: ModelKind, samples: &Samples, seed: u64) -> crate::Result<Trained> {
    let spec = MlpSpec { epochs: 8, ..MlpSpec::default() };
    train(kind, &spec, samples, DeviceKind::Flex, seed, &Reporter::silent())
}

fn area(trained: &Trained, samples: &Samples) -> f64 {
    let p = trained.model.predict(&samples.valid, DeviceKind::Flex).unwrap();
    metrics::roc_auc(&p, &samples.valid_labels).unwrap()
}

#[test]
fn every_kind_keeps_its_promises() {
    let samples = samples(600, straight);
    for kind in ModelKind::ALL {
        let (first, second) = (fit(kind, &samples, 3).unwrap(), fit(kind, &samples, 3).unwrap());
        assert_eq!(first.model, second.model, "{kind:?}: equal seeds, equal models");
        assert_eq!(first.model.kind(), kind);
        let p = first.model.predict(&samples.valid, DeviceKind::Flex).unwrap();
        assert_eq!(p.len(), samples.valid.height);
        assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{kind:?}");
        // Mean probability near the share of positive rows: they are probabilities, not scores.
        let share = |y: &[bool]| y.iter().filter(|y| **y).count() as f64 / y.len() as f64;
        let mean = p.iter().sum::<f64>() / p.len() as f64;
        assert!((mean - share(&samples.valid_labels)).abs() < 0.08, "{kind:?} says {mean:.3}");

        let text = serde_json::to_string(&first.model).unwrap();
        let opened: Model = serde_json::from_str(&text).unwrap();
        assert_eq!(opened, first.model, "{kind:?}: saved and opened");
        assert!(
            opened.predict(&samples.valid, DeviceKind::Flex).unwrap() == p,
            "{kind:?}: to the last digit"
        );
        assert!(opened.fits(5), "{kind:?}");
        assert!(!opened.fits(0), "{kind:?}");
        if matches!(kind, ModelKind::Mlp | ModelKind::Logistic | ModelKind::Svm) {
            assert!(!opened.fits(4) && !opened.fits(6), "{kind:?}");
        }
        if kind != ModelKind::Majority {
            println!("{kind:?}: {:.3}", area(&first, &samples));
            // One rule knows one of the three columns; the chances themselves give 0.87.
            assert!(area(&first, &samples) > if kind == ModelKind::OneRule { 0.7 } else { 0.8 }, "{kind:?}");
        }
    }
}

#[test]
fn one_class_is_told_by_every_kind() {
    let mut one = samples(100, |_| 0.0);
    one.train_labels.fill(false);
    for kind in ModelKind::ALL {
        let error = fit(kind, &one, 1).unwrap_err();
        assert_eq!(error.kind(), "too_few_rows", "{kind:?}");
    }
}

#[test]
fn features_that_never_change_harm_no_kind() {
    let mut flat = samples(120, straight);
    for matrix in [&mut flat.train, &mut flat.valid] {
        matrix.data.fill(2.5);
    }
    for kind in ModelKind::ALL {
        // A refusal is an answer; a crash is none.
        match fit(kind, &flat, 1) {
            Ok(trained) => {
                let p = trained.model.predict(&flat.valid, DeviceKind::Flex).unwrap();
                assert!(
                    p.iter().all(|one| (0.0..=1.0).contains(one) && *one == p[0]),
                    "{kind:?}: {:?}",
                    &p[..3]
                );
            }
            Err(error) => println!("{kind:?}: {error}"),
        }
    }
}

#[test]
fn numbers_of_any_size_end() {
    let mut odd = samples(150, straight);
    for matrix in [&mut odd.train, &mut odd.valid] {
        for (at, row) in matrix.data.chunks_exact_mut(5).enumerate() {
            row[0] *= 1e15;
            row[1] = (row[1] * 17.0).exp();
            row[2] *= 1e-20;
            row[3] = f32::from(u8::from(at % 50 == 0));
        }
    }
    for kind in ModelKind::ALL {
        match fit(kind, &odd, 1) {
            Ok(trained) => {
                let p = trained.model.predict(&odd.valid, DeviceKind::Flex).unwrap();
                assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{kind:?}");
            }
            Err(error) => println!("{kind:?}: {error}"),
        }
    }
}

#[test]
fn a_cancelled_training_ends_without_a_model() {
    for kind in ModelKind::ALL {
        let samples = samples(3000, straight);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let job = Job::start(
            || (),
            move |report| {
                wait.recv().ok();
                train(kind, &MlpSpec::default(), &samples, DeviceKind::Flex, 1, report)
            },
        );
        job.cancel();
        go.send(()).unwrap();
        assert!(matches!(job.wait(), Some(Err(crate::Error::Cancelled))), "{kind:?}");
    }
}

#[test]
fn without_validation_rows_every_kind_still_learns() {
    let mut bare = samples(300, straight);
    let kept = bare.clone();
    bare.valid = bare.valid.select(&[]);
    bare.valid_labels.clear();
    for kind in ModelKind::ALL.into_iter().filter(|kind| *kind != ModelKind::Majority) {
        let found = area(&fit(kind, &bare, 1).unwrap(), &kept);
        assert!(found > 0.68, "{kind:?}: {found:.3}");
    }
}

#[test]
fn trees_find_what_no_line_can() {
    let samples = samples(1200, crossed);
    let found = |kind| area(&fit(kind, &samples, 1).unwrap(), &samples);
    let (boosted, forest) = (found(ModelKind::Boosted), found(ModelKind::Forest));
    let (line, svm) = (found(ModelKind::Logistic), found(ModelKind::Svm));
    println!("boosted {boosted:.3}, forest {forest:.3}, logistic {line:.3}, svm {svm:.3}");
    // The chances themselves give 0.95.
    assert!(boosted > 0.9 && forest > 0.85, "{boosted} {forest}");
    assert!(line < 0.62 && svm < 0.62, "{line} {svm}");
}

#[test]
fn boosting_stops_where_the_validation_rows_say() {
    let samples = samples(500, straight);
    let trained = fit(ModelKind::Boosted, &samples, 1).unwrap();
    let Model::Boosted(model) = &trained.model else { panic!("boosted trees") };
    let least = trained.history.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss)).unwrap();
    assert_eq!((model.trees.len(), trained.best_epoch), (least.epoch, least.epoch));
    assert!(trained.epochs_run > trained.best_epoch && trained.epochs_run == trained.history.len());
    // What the model says is what was measured at its best round.
    let p = trained.model.predict(&samples.valid, DeviceKind::Flex).unwrap();
    let terms = metrics::log_loss_terms(&p, &samples.valid_labels);
    let loss = terms.iter().sum::<f64>() / terms.len() as f64;
    assert!((loss - least.valid_loss).abs() < 1e-9, "{loss} {}", least.valid_loss);
}

#[test]
fn the_line_of_the_machine_lies_between_the_classes() {
    // Two classes ten apart along a, whose middle is 0; b and c tell nothing; the scale of a is odd.
    let mut apart = samples(200, |_| 0.5);
    for (matrix, labels) in [(&mut apart.train, &apart.train_labels), (&mut apart.valid, &apart.valid_labels)]
    {
        for (row, label) in matrix.data.chunks_exact_mut(5).zip(labels) {
            row[0] = 1000.0 * (row[0] + if *label { 5.0 } else { -5.0 });
        }
    }
    let Model::Svm(model) = fit(ModelKind::Svm, &apart, 1).unwrap().model else { panic!("a machine") };
    let middle = -model.intercept / model.coefficients[0];
    assert!(model.coefficients[0] > 0.0 && middle.abs() < 1000.0, "{model:?}");
    assert_eq!(model.coefficients[4], 0.0, "a constant tells nothing");
}

#[test]
fn damaged_trees_are_not_opened() {
    let samples = samples(400, straight);
    for kind in [ModelKind::Tree, ModelKind::Forest, ModelKind::Boosted, ModelKind::OneRule] {
        let model = fit(kind, &samples, 1).unwrap().model;
        let text = serde_json::to_value(&model).unwrap();
        let spoiled = |pointer: &str, value: serde_json::Value| {
            let mut text = text.clone();
            *text.pointer_mut(pointer).unwrap_or_else(|| panic!("{kind:?} has no {pointer}")) = value;
            let opened = serde_json::from_value::<Model>(text);
            opened.is_ok_and(|model| {
                // Whatever it says, asking it ends.
                let _ = model.predict(&samples.valid, DeviceKind::Flex);
                model.fits(5)
            })
        };
        let cases = match kind {
            ModelKind::Tree => {
                vec![("/nodes/0/split/0", 99), ("/nodes/0/split/2", 0), ("/nodes/0/split/3", 9999)]
            }
            ModelKind::Forest | ModelKind::Boosted => {
                vec![("/trees/0/features/0", 99), ("/trees/0/above/0", 0), ("/trees/0/above/0", 1_000_000)]
            }
            _ => vec![("/bins/cuts/feature", 99), ("/rates/0", 7)],
        };
        for (pointer, value) in cases {
            assert!(!spoiled(pointer, value.into()), "{kind:?} {pointer} = {value}");
        }
    }
}
