use polars::prelude::{Column, DataFrame, IntoColumn as _, NamedFrom as _, Series};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::features::Sequences;
use crate::features::behaviour::HISTORY;
use crate::metrics;
use crate::table::Frame;
use crate::train::net::{FitSpec, RateSchedule, Rule};
use crate::train::{Specs, train_with};

/// A matrix of one number without meaning, beside columns of texts.
fn matrix(columns: &[(&str, Vec<String>)]) -> Matrix {
    let height = columns.first().map_or(0, |(_, texts)| texts.len());
    let texts: Vec<Column> = columns
        .iter()
        .map(|(name, texts)| Series::new((*name).into(), texts.clone()).into_column())
        .collect();
    let data = DataFrame::new(height, texts).unwrap();
    let frame = Frame { rows: Arc::new((0..height as u32).collect()), data };
    let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    Matrix {
        names: vec!["x".into()],
        sources: vec!["x".into()],
        height,
        data: (0..height).map(|row| (row % 7) as f32 / 7.0).collect(),
        sequences: Sequences::of(&frame, &names),
    }
}

/// Comments of the same words; those with "not good" are negative, those with "good not" positive.
fn comments(rows: usize, seed: u64) -> (Vec<String>, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..rows)
        .map(|_| {
            let y = rng.r#gen::<bool>();
            let mut words: Vec<&str> =
                (0..rng.gen_range(1..6)).map(|_| ["tea", "cup", "茶", "送货"][rng.gen_range(0..4)]).collect();
            let at = rng.gen_range(0..=words.len());
            words.splice(at..at, if y { ["good", "not"] } else { ["not", "good"] });
            (words.join(" "), y)
        })
        .unzip()
}

fn samples(rows: usize, seed: u64) -> Samples {
    let (train, train_labels) = comments(rows, seed);
    let (valid, valid_labels) = comments(rows / 3, seed + 100);
    Samples {
        train: matrix(&[("comment", train)]),
        train_labels,
        valid: matrix(&[("comment", valid)]),
        valid_labels,
    }
}

fn quick() -> NetSettings {
    let fit = FitSpec { epochs: 24, patience: 12, learning_rate: 0.01, ..NetSettings::default().fit };
    NetSettings { token_size: 8, hidden: vec![8], dropout: 0.1, fit, ..NetSettings::default() }
}

fn fit(kind: ModelKind, settings: &NetSettings, samples: &Samples, seed: u64) -> crate::Result<Trained> {
    let specs = Specs { net: settings.clone(), ..Specs::default() };
    train_with(kind, &specs, samples, DeviceKind::Flex, seed, &Reporter::silent())
}

#[test]
fn every_kind_reads_the_order_of_words_and_keeps_its_promises() {
    let samples = samples(300, 1);
    for kind in ModelKind::SEQUENCE {
        let trained = fit(kind, &quick(), &samples, 3).unwrap();
        assert_eq!((trained.model.kind(), trained.history.len()), (kind, trained.epochs_run));
        let p = trained.model.predict(&samples.valid, DeviceKind::Flex).unwrap();
        let area = metrics::roc_auc(&p, &samples.valid_labels).unwrap();
        println!("{kind:?}: area {area:.3}, {} epochs, {:.1} s", trained.epochs_run, trained.seconds);
        // The bag of words is the same for both classes.
        assert!(area > 0.9, "{kind:?}: {area}");

        let again = fit(kind, &quick(), &samples, 3).unwrap();
        assert_eq!(trained.model, again.model, "{kind:?}: equal seeds, equal models");
        let text = serde_json::to_string(&trained.model).unwrap();
        let read: Model = serde_json::from_str(&text).unwrap();
        assert_eq!(read, trained.model);
        assert!(read.fits(1) && !read.fits(2) && read.reads("comment") && !read.reads("x"));
        // Rows that were not asked about before, and in another order, answer the same.
        let order: Vec<usize> = (0..samples.valid.height).rev().collect();
        let fresh = matrix(&[("comment", comments(100, 101).0)]);
        let turned = read.predict(&fresh.select(&order), DeviceKind::Flex).unwrap();
        for (a, b) in turned.iter().rev().zip(&p) {
            assert!((a - b).abs() < 1e-5, "{kind:?}: {a} {b}");
        }
    }
}

#[test]
fn without_words_or_history_it_says_so() {
    let mut none = samples(60, 2);
    for matrix in [&mut none.train, &mut none.valid] {
        matrix.sequences = Sequences::default();
    }
    // A column that is blank everywhere is nothing to read either.
    let blank =
        |rows: usize| matrix(&[("comment", vec![String::new(); rows]), (HISTORY, vec!["?".into(); rows])]);
    let blank = Samples { train: blank(60), valid: blank(20), ..none.clone() };
    for samples in [&none, &blank] {
        let error = fit(ModelKind::Cnn, &quick(), samples, 1).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), "net_no_sequence");
        assert!(error.to_string().contains("`cnn`"), "{error}");
    }
}

#[test]
fn empty_long_and_unknown_texts_are_answered() {
    let mut samples = samples(120, 4);
    let (mut texts, labels) = comments(120, 4);
    texts[0] = String::new();
    texts[1] = "good not tea ".repeat(3_333);
    samples.train = matrix(&[("comment", texts)]);
    samples.train_labels = labels;
    for kind in ModelKind::SEQUENCE {
        let settings = NetSettings { fit: FitSpec { epochs: 1, ..quick().fit }, max_len: 50, ..quick() };
        let trained = fit(kind, &settings, &samples, 5).unwrap();
        let note = trained.model.note().unwrap();
        assert_eq!((note.code, note.args[0].1.as_str()), ("sequence_cut", "1"), "{kind:?}");
        let odd = ["", "   ", "never seen words 从未见过", &"cup ".repeat(10_000), "good not"];
        let rows = matrix(&[("comment", odd.map(str::to_owned).to_vec())]);
        let p = trained.model.predict(&rows, DeviceKind::Flex).unwrap();
        assert!(p.len() == 5 && p.iter().all(|p| (0.0..=1.0).contains(p)), "{kind:?}: {p:?}");
        // A matrix whose file lacks the column reads as one of empty texts.
        let mut lacking = rows.clone();
        lacking.sequences = Sequences::default();
        let q = trained.model.predict(&lacking, DeviceKind::Flex).unwrap();
        assert!((p[0] - q[0]).abs() < 1e-6);
    }
    // The whole of a very long sequence can be read.
    let settings = NetSettings { max_len: 10_000, fit: FitSpec { epochs: 1, ..quick().fit }, ..quick() };
    let trained = fit(ModelKind::Cnn, &settings, &samples, 5).unwrap();
    assert_eq!(trained.model.note(), None);
}

#[test]
fn a_loss_that_explodes_keeps_the_last_good_network_and_says_so() {
    let samples = samples(200, 6);
    // The rate grows tenfold an epoch: the first ones go well, then it leaves all bounds.
    let rising = FitSpec {
        rule: Rule::Sgd { momentum: 0.0 },
        schedule: RateSchedule::Step { epochs: 1, factor: 10.0 },
        clip_norm: 0.0,
        patience: 0,
        learning_rate: 0.001,
        ..FitSpec::default()
    };
    let settings = NetSettings { fit: rising, ..quick() };
    match fit(ModelKind::Cnn, &settings, &samples, 1) {
        Ok(trained) => {
            let note = trained.model.note().expect("the rate leaves all bounds");
            assert_eq!(note.code, "net_exploded");
            assert!(trained.epochs_run > 0 && trained.best_epoch == trained.epochs_run);
            assert!(trained.model.fits(1));
            let p = trained.model.predict(&samples.valid, DeviceKind::Flex).unwrap();
            assert!(p.iter().all(|p| p.is_finite()));
        }
        Err(error) => panic!("an epoch had gone well before: {error}"),
    }
    // Without one good epoch there is nothing to keep, and the mend is told.
    let mut huge = samples.clone();
    huge.train.data.iter_mut().for_each(|x| *x = 1e15);
    let error = fit(ModelKind::Cnn, &quick(), &huge, 1).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), "diverged");
    assert!(error.to_string().contains("lower learning rate"), "{error}");
}

#[test]
fn a_forged_network_is_refused() {
    let trained = fit(
        ModelKind::Rnn,
        &NetSettings { fit: FitSpec { epochs: 1, ..quick().fit }, ..quick() },
        &samples(60, 7),
        1,
    );
    let model = trained.unwrap().model;
    let whole = serde_json::to_value(&model).unwrap();
    assert_eq!(whole["kind"], "net");
    let forged = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value = whole.clone();
        change(&mut value);
        serde_json::from_value::<Model>(value).is_ok_and(|model| model.fits(1))
    };
    assert!(forged(&|_| {}));
    assert!(!forged(&|v| v["net"]["inputs"]["vocabulary"] = 3.into()));
    assert!(!forged(&|v| v["net"]["inputs"]["channels"] = 2.into()));
    assert!(!forged(&|v| v["net"]["spec"]["head"] = serde_json::json!({"kind": "regression"})));
    assert!(!forged(
        &|v| v["net"]["spec"]["body"] = serde_json::json!({"kind": "mlp", "hidden": [], "residual": false})
    ));
    assert!(!forged(&|v| v["net"]["weights"][1]["values"] = serde_json::json!([])));
    assert!(!forged(&|v| v["reading"] = serde_json::json!({})));
    assert!(!forged(&|v| v["reading"]["words"]["columns"] = serde_json::json!([])));
}
