//! Slow comparisons with outside figures: accuracy of the text networks on Chinese reviews beside
//! `REFERENCE.md`, and samples per second. Run with `--ignored --nocapture`, optimised.

use std::collections::HashMap;
use std::time::Instant;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::super::fit as fit_watch;
use super::testing::predict;
use super::*;
use crate::features::text::testing::reference_folds;
use crate::job::Reporter;
use crate::train::DeviceKind;

/// Label and text of each review, or `None` (told) without the public data.
fn reviews(file: &str) -> Option<Vec<(bool, String)>> {
    let Some(folder) = std::env::var_os("REGULARS_DATA").filter(|v| !v.is_empty()) else {
        println!("skipped: REGULARS_DATA is not set, so {file} is not there");
        return None;
    };
    let path = std::path::Path::new(&folder).join("chinese-reviews").join(file);
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        (&record[0] == "1", record[1].trim().to_owned())
    });
    Some(rows.filter(|(_, text)| !text.is_empty()).collect())
}

/// Characters as tokens: 0 unknown, then by how often the training rows have them, twice at least.
fn vocabulary<'a>(texts: impl Iterator<Item = &'a str>) -> HashMap<char, u32> {
    let mut counts: HashMap<char, u32> = HashMap::new();
    texts.flat_map(str::chars).for_each(|c| *counts.entry(c).or_default() += 1);
    let mut all: Vec<(char, u32)> = counts.into_iter().filter(|(_, n)| *n >= 2).collect();
    all.sort_by_key(|(c, n)| (std::cmp::Reverse(*n), *c));
    (1..).zip(all).map(|(id, (c, _))| (c, id)).collect()
}

fn data(rows: &[&(bool, String)], ids: &HashMap<char, u32>) -> (NetData, Target) {
    let mut tokens = Ragged::new(1);
    for (_, text) in rows {
        tokens.push(&text.chars().map(|c| ids.get(&c).copied().unwrap_or(0)).collect::<Vec<_>>());
    }
    let data =
        NetData { rows: rows.len(), tokens: Some(tokens), vocabulary: ids.len() + 1, ..NetData::default() };
    (data, Target::Binary(rows.iter().map(|(y, _)| *y).collect()))
}

/// The five folds of the reference.
fn folds(rows: &[(bool, String)]) -> Vec<Vec<usize>> {
    let of = reference_folds(rows.len()).unwrap();
    (0..5).map(|fold| (0..rows.len()).filter(|at| of[*at] == fold).collect()).collect()
}

struct Say;

impl Watch for Say {
    fn epoch(&mut self, f: &EpochFigures) {
        println!(
            "  epoch {:2}: train {:.4} valid {:.4} auc {:.4} ({:.0} s)",
            f.epoch,
            f.train_loss,
            f.valid_loss,
            f.metric.unwrap_or(0.0),
            f.seconds
        );
    }
}

/// The accuracy of one fold: of a network that watches a tenth of the training rows to know when to end, and
/// of one that then learns from all of them for as many epochs, as the reference does.
fn fold(
    rows: &[(bool, String)],
    folds: &[Vec<usize>],
    at: usize,
    spec: &NetSpec,
    fit: &FitSpec,
) -> (f64, f64) {
    let mut learn: Vec<usize> =
        folds.iter().enumerate().filter(|(f, _)| *f != at).flat_map(|(_, rows)| rows.clone()).collect();
    learn.shuffle(&mut ChaCha8Rng::seed_from_u64(at as u64));
    let pick = |places: &[usize]| places.iter().map(|row| &rows[*row]).collect::<Vec<_>>();
    let reach = |watched: &[usize], learn: &[usize], fit: &FitSpec| {
        let learn = pick(learn);
        let ids = vocabulary(learn.iter().map(|(_, text)| text.as_str()));
        let (train, train_target) = data(&learn, &ids);
        let (valid, valid_target) = match watched.is_empty() {
            true => (NetData::default(), Target::Binary(Vec::new())),
            false => data(&pick(watched), &ids),
        };
        let (test, truth) = data(&pick(&folds[at]), &ids);
        let samples = NetSamples { train, train_target, valid, valid_target };
        let Target::Binary(truth) = truth else { unreachable!() };
        let mut say = Say;
        let run = Run {
            device: DeviceKind::Flex,
            seed: setting("NET_SEED", 0u64) * 100 + at as u64 + 1,
            checkpoint: None,
            checkpoint_steps: 0,
            watch: &mut say,
        };
        let trained = train_net(spec, fit, &samples, run, &Reporter::silent()).unwrap();
        let answers = predict(&trained.net, &test);
        let right = answers.iter().zip(&truth).filter(|(p, y)| (**p >= 0.5) == **y).count();
        let accuracy = right as f64 / truth.len() as f64;
        println!(
            "fold {at}: accuracy {accuracy:.4}, best epoch {}, {} parameters, {:.0} s",
            trained.best_epoch,
            trained.net.parameters(),
            trained.seconds
        );
        (accuracy, trained.best_epoch)
    };
    let (watched, rest) = learn.split_at(learn.len() / 10);
    let (alone, epochs) = reach(watched, rest, fit);
    let whole = FitSpec { epochs, patience: 0, ..fit.clone() };
    (alone, reach(&[], &learn, &whole).0)
}

/// A setting from the environment, for trying others.
fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn reach(file: &str, aim: f64, max_len: usize) {
    let long = max_len > 128;
    let Some(rows) = reviews(file) else { return };
    let folds = folds(&rows);
    let kernels = setting("NET_KERNELS", "1,2,3,4".to_owned());
    let spec = NetSpec {
        body: match setting("NET_BODY", "cnn".to_owned()).as_str() {
            "gru" => Body::Rnn { cell: Cell::Gru, units: setting("NET_UNITS", 64), bidirectional: true },
            "hybrid" => Body::CnnRnn { kernel: 3, filters: 100, units: setting("NET_UNITS", 64) },
            _ => Body::Cnn {
                kernels: kernels.split(',').filter_map(|k| k.parse().ok()).collect(),
                filters: setting("NET_FILTERS", 100),
            },
        },
        dropout: setting("NET_DROPOUT", 0.5),
        embedding_dropout: setting("NET_EMBEDDING_DROPOUT", if long { 0.5 } else { 0.3 }),
        token_size: setting("NET_TOKEN", 128),
        pairs: setting("NET_PAIRS", 1 << 15),
        mean_pool: setting("NET_MEAN", long),
        max_len: setting("NET_LEN", max_len),
        ..NetSpec::default()
    };
    let fit = FitSpec {
        learning_rate: setting("NET_RATE", 0.001),
        batch_size: setting("NET_BATCH", 64),
        epochs: setting("NET_EPOCHS", 12),
        patience: setting("NET_PATIENCE", 3),
        schedule: match setting("NET_SCHEDULE", "constant".to_owned()).as_str() {
            "one_cycle" => RateSchedule::OneCycle,
            "cosine" => RateSchedule::Cosine,
            _ => RateSchedule::Constant,
        },
        weight_decay: setting("NET_DECAY", 0.0),
        rule: if setting("NET_DECAY", 0.0) > 0.0 { Rule::AdamW } else { Rule::Adam },
        ..FitSpec::default()
    };
    println!("{file}: {} reviews, aim {aim}\n{spec:?}\n{fit:?}", rows.len());
    let tried = setting("NET_FOLDS", 1usize).clamp(1, 5);
    let picked = setting("NET_FOLD", 0usize);
    let reached: Vec<(f64, f64)> =
        (0..tried).map(|at| fold(&rows, &folds, (picked + at) % 5, &spec, &fit)).collect();
    let mean = reached.iter().map(|(alone, _)| alone).sum::<f64>() / tried as f64;
    let whole = reached.iter().map(|(_, whole)| whole).sum::<f64>() / tried as f64;
    println!("{file}: {tried} folds, accuracy {mean:.4} watched, {whole:.4} from all rows, aim {aim}");
    assert!(mean > 0.8, "far below the aim: {mean}");
}

#[test]
#[ignore = "minutes; prints the accuracy on take-away reviews"]
fn text_cnn_on_waimai() {
    reach("waimai_10k.csv", 0.8996, 128);
}

#[test]
#[ignore = "minutes; prints the accuracy on hotel reviews"]
fn text_cnn_on_hotel_reviews() {
    reach("ChnSentiCorp_htl_all.csv", 0.9033, 512);
}

/// Samples per second of training at full speed, after one epoch to warm up.
fn speed(name: &str, spec: &NetSpec, batch: usize, data: NetData, truth: Vec<bool>) {
    if !name.contains(&setting("NET_SPEED", String::new())) {
        return;
    }
    let rows = data.rows;
    let samples = NetSamples {
        train: data,
        train_target: Target::Binary(truth),
        // One row to watch costs nothing.
        valid: NetData::default(),
        valid_target: Target::Binary(Vec::new()),
    };
    struct Times(Vec<fit_watch::TimeSplit>, Vec<Instant>);
    impl Watch for Times {
        fn look(&mut self, look: &fit_watch::Look) {
            self.0.push(look.time);
        }
        fn steps(&mut self, _: &[fit_watch::StepFigures]) {
            self.1.push(Instant::now());
        }
    }
    let run = |epochs, look_every| {
        let mut times = Times(Vec::new(), Vec::new());
        let fit = FitSpec {
            batch_size: batch,
            epochs,
            patience: 0,
            bucket: false,
            look_every,
            tell_every: 8,
            ..FitSpec::default()
        };
        let run = Run {
            device: DeviceKind::Flex,
            seed: 1,
            checkpoint: None,
            checkpoint_steps: 0,
            watch: &mut times,
        };
        train_net(spec, &fit, &samples, run, &Reporter::silent()).unwrap();
        times
    };
    let times = run(1, 0).1;
    // Groups of 8 steps; the fastest third, since other work runs on the machine too.
    let mut groups: Vec<f64> = times.windows(2).map(|w| (w[1] - w[0]).as_secs_f64()).collect();
    groups.sort_by(f64::total_cmp);
    let best = groups[groups.len() / 6];
    let parts = run(1, 4).0;
    let mean = |part: fn(&fit_watch::TimeSplit) -> f64| {
        1e3 * parts.iter().map(part).sum::<f64>() / parts.len().max(1) as f64
    };
    println!(
        "{name}: {:.0} samples/s ({:.1} ms a step of {batch}, {rows} rows; data {:.1} forward {:.1} backward {:.1} step {:.1} ms)",
        8.0 * batch as f64 / best,
        1e3 * best / 8.0,
        mean(|t| t.data),
        mean(|t| t.forward),
        mean(|t| t.backward),
        mean(|t| t.step),
    );
}

#[test]
#[ignore = "a minute; prints samples per second"]
fn samples_per_second() {
    let (rows, steps, vocabulary) = (2048, 50, 4000);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut tokens = Ragged::new(1);
    let mut events = Ragged::new(8);
    let mut truth = Vec::new();
    for _ in 0..rows {
        use rand::Rng;
        tokens.push(&(0..steps).map(|_| rng.gen_range(1..vocabulary)).collect::<Vec<u32>>());
        events.push(&(0..steps * 8).map(|_| rng.gen_range(-1.0..1.0)).collect::<Vec<f32>>());
        truth.push(rng.r#gen());
    }
    let text = NetData { rows, tokens: Some(tokens), vocabulary: vocabulary as usize, ..NetData::default() };
    let events = NetData { rows, events: Some(events), ..NetData::default() };
    let cnn = NetSpec {
        body: Body::Cnn { kernels: vec![2, 3, 4], filters: 100 },
        token_size: 64,
        ..NetSpec::default()
    };
    speed("text CNN, 50 tokens × 64, 3 × 100 filters, batch 64", &cnn, 64, text, truth.clone());
    for cell in [Cell::Gru, Cell::Lstm] {
        let rnn = NetSpec { body: Body::Rnn { cell, units: 64, bidirectional: false }, ..NetSpec::default() };
        speed(
            &format!("{cell:?}, 50 events × 8, 64 units, batch 64"),
            &rnn,
            64,
            events.clone(),
            truth.clone(),
        );
    }
    let transformer = NetSpec {
        body: Body::Transformer {
            layers: 2,
            heads: 4,
            model: 64,
            feed_forward: 128,
            positions: Positions::Sinusoidal,
        },
        ..NetSpec::default()
    };
    speed("Transformer, 50 events × 8, 2 × 64 wide, batch 64", &transformer, 64, events, truth);
}
