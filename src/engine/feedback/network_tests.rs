//! Networks that tell moods: planted truths, nothing to learn, public reviews.

use super::network::MoodModel;
use super::*;
use crate::features::text::testing;
use crate::job::{Event, Job, Reporter};

fn silent() -> Reporter {
    Reporter::silent()
}

/// Comments in both languages whose mood their words tell, no two alike.
fn plain(count: usize) -> (Vec<String>, Vec<bool>) {
    let kind = ["lovely fresh tea", "friendly staff, great taste", "味道很好，服务热情", "quick and 好吃"];
    let unkind = ["slow and cold again", "rude staff, awful taste", "味道很差，等了太久", "late and 难吃"];
    let one = |at: usize| {
        let words = if at.is_multiple_of(2) { kind[at / 2 % 4] } else { unkind[at / 2 % 4] };
        format!("{words}, order {} of week {}", at * 37 % 911, at % 13)
    };
    ((0..count).map(one).collect(), (0..count).map(|at| at.is_multiple_of(2)).collect())
}

fn fit(model: MoodModel, texts: &[&str], labels: &[bool], seed: u64) -> Sentiment {
    let folds = folds_of(texts, labels, seed);
    let of = (model, Language::Mixed);
    Sentiment::fit_net(of, texts, labels, (&folds, seed), &silent()).unwrap().unwrap()
}

#[test]
fn networks_learn_moods_and_equal_seeds_give_equal_networks() {
    let (texts, labels) = plain(160);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for kind in [MoodModel::Cnn, MoodModel::Rnn] {
        let model = fit(kind, &texts, &labels, 1);
        assert_eq!(model.model(), kind);
        assert!(model.figures.accuracy.value > 0.95, "{kind:?} {:?}", model.figures);
        assert!((model.thresholds.0) <= 0.5 && model.thresholds.1 >= 0.5);
        let told = ["great fresh tea 好吃", "awful and cold, 太久", "zzz", "", "☃"];
        let told = model.predict(&told, &silent()).unwrap();
        let moods: Vec<Mood> = told.iter().map(|p| Mood::of(*p, model.thresholds)).collect();
        assert_eq!(moods[..2], [Mood::Kind, Mood::Unkind], "{kind:?} {told:?}");
        assert_eq!(told[2..], [None, None, None]);
        // A long comment stands beside short ones, and changes nothing of theirs.
        let long = "fresh ".repeat(50_000);
        let beside = model.predict(&["great fresh tea 好吃", &long], &silent()).unwrap();
        assert!((beside[0].unwrap() - told[0].unwrap()).abs() < 1e-4, "{beside:?}");
        let again = serde_json::from_str::<Sentiment>(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!(again, model, "saved and opened");
        if kind == MoodModel::Cnn {
            let few = |seed| fit(kind, &texts[..64], &labels[..64], seed);
            let one = few(1);
            assert_eq!(few(1), one, "the same seed");
            assert_ne!(few(2), one, "another seed");
        }
    }
}

/// Ratings that have nothing to do with the words are told no better than by guessing: nothing that tells a
/// comment's mood has seen it.
#[test]
fn what_cannot_be_learnt_is_told_as_such() {
    let (texts, _) = plain(120);
    let labels: Vec<bool> = (0..120).map(|at| (at * at * 7 + at / 3) % 5 < 2).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let figures = fit(MoodModel::Cnn, &texts, &labels, 3).figures;
    assert!((0.3..0.72).contains(&figures.accuracy.value), "{figures:?}");
    assert!(figures.roc_auc.unwrap() < 0.65, "{figures:?}");
    assert!(figures.sure < 0.5, "{figures:?}");
}

fn said(texts: &[String], labels: &[bool]) -> Said {
    let rating = |at: usize| labels.get(at).map(|kind| if *kind { 5.0 } else { 1.0 });
    let comment = |(row, text): (usize, &String)| Comment {
        row: row as u32 + 2,
        text: text.clone(),
        rating: rating(row),
        ..Comment::default()
    };
    Said {
        comments: texts.iter().enumerate().map(comment).collect(),
        scale: Some(Scale::Five),
        ..Said::default()
    }
}

#[test]
fn the_best_of_all_reads_and_all_are_told() {
    let (texts, labels) = plain(72);
    let spec = FeedbackSpec { mood: MoodChoice::Best, ..FeedbackSpec::default() };
    let (sender, events) = std::sync::mpsc::channel();
    let found = analyse(said(&texts, &labels), &spec, 1, &Reporter::to(sender)).unwrap();
    let models: Vec<MoodModel> = found.tried.iter().map(|one| one.model).collect();
    assert_eq!(models, MoodModel::ALL);
    let best = found.tried.iter().find(|one| one.is_best).unwrap();
    assert!(found.tried.iter().all(|one| one.figures.brier >= best.figures.brier));
    let Reader::Own(model) = &found.reader else { panic!("{:?}", found.reader) };
    assert_eq!((model.model(), found.figures.as_ref()), (best.model, Some(&best.figures)));
    // Six trainings of each network, each told with its epochs.
    let (mut folds, mut epochs) = (Vec::new(), 0);
    for event in events.try_iter() {
        match event {
            Event::Fold { fold, folds: all, kind } => folds.push((kind.name(), fold, all)),
            Event::Epoch(epoch) if epoch.valid_loss.is_finite() => epochs += 1,
            _ => {}
        }
    }
    let expected: Vec<(&str, usize, usize)> =
        ["cnn", "rnn"].into_iter().flat_map(|kind| (1..=6).map(move |fold| (kind, fold, 6))).collect();
    assert_eq!(folds, expected);
    assert!(epochs >= 24, "{epochs}");
    // A network that was asked for reads, whatever is best; the linear model stands beside it.
    let spec = FeedbackSpec { mood: MoodChoice::Rnn, ..FeedbackSpec::default() };
    let found = analyse(said(&texts, &labels), &spec, 1, &silent()).unwrap();
    let Reader::Own(model) = &found.reader else { panic!("{:?}", found.reader) };
    assert_eq!(
        (model.model(), found.tried.len(), found.tried[0].model),
        (MoodModel::Rnn, 2, MoodModel::Linear)
    );
    // Too few rated comments: told, and read by what the app comes with.
    let found = analyse(said(&texts[..30], &labels[..30]), &spec, 1, &silent()).unwrap();
    assert!(matches!(found.reader, Reader::Shipped) && found.tried.is_empty());
    assert!(found.notes.iter().any(|note| note.code == "feedback_too_few"), "{:?}", found.notes);
}

#[test]
fn a_network_that_is_stopped_ends_at_once() {
    let (texts, labels) = plain(400);
    let spec = FeedbackSpec { mood: MoodChoice::Rnn, ..FeedbackSpec::default() };
    let job =
        Job::start(|| (), move |report: &Reporter| analyse(said(&texts, &labels), &spec, 1, report).err());
    let started = std::time::Instant::now();
    while !job.events().iter().any(|event| matches!(event, Event::Epoch(_))) {
        assert!(started.elapsed().as_secs() < 300, "no epoch is ever told");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    job.cancel();
    assert!(matches!(job.wait(), Some(Some(crate::Error::Cancelled))));
}

/// Accuracy and calibration error on the folds of `REFERENCE.md`, beside the linear model:
/// `MOOD=cnn|rnn REVIEWS=takeaway|hotel|sentences cargo test -p regulars-engine moods_of_networks -- --ignored
/// --nocapture`.
#[test]
#[ignore = "minutes; prints figures"]
fn moods_of_networks_beside_the_reference() {
    let of = |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    let (reviews, language) = match of("REVIEWS", "takeaway").as_str() {
        "hotel" => (testing::hotel(), Language::Chinese),
        "sentences" => (testing::sentences(), Language::English),
        _ => (testing::takeaway(), Language::Chinese),
    };
    let Some(reviews) = reviews else { return };
    let texts: Vec<&str> = reviews.iter().map(|(text, _)| text.as_str()).collect();
    let labels: Vec<bool> = reviews.iter().map(|(_, label)| *label == 1).collect();
    let folds = testing::reference_folds(texts.len()).unwrap_or_else(|| folds_of(&texts, &labels, 1));
    let models = of("MOOD", "linear,cnn,rnn");
    for kind in MoodModel::ALL.into_iter().filter(|kind| models.contains(kind.name())) {
        let started = std::time::Instant::now();
        let model = match kind {
            MoodModel::Linear => Sentiment::fit(&bag(language), &texts, &labels, &folds, &silent()),
            _ => {
                let (sender, events) = std::sync::mpsc::channel();
                let tell = std::thread::spawn(move || {
                    for event in events {
                        match event {
                            Event::Fold { fold, .. } => println!("training {fold}"),
                            Event::Epoch(e) => println!(
                                "  epoch {} train {:.4} watched {:.4} {:.0} s",
                                e.epoch, e.train_loss, e.valid_loss, e.seconds
                            ),
                            _ => {}
                        }
                    }
                });
                let report = Reporter::to(sender);
                let model = Sentiment::fit_net((kind, language), &texts, &labels, (&folds, 1), &report);
                drop(report);
                tell.join().unwrap();
                model
            }
        };
        let model = model.unwrap().unwrap();
        let figures = &model.figures;
        let mean = figures.folds.iter().sum::<f64>() / figures.folds.len() as f64;
        println!(
            "{} {}: mean of folds {mean:.4}, macro F1 {:.4}, AUC {:?}, Brier {:.4}, calibration error {:.4}, sure \
             of {:.3}, right there {:?}, {:.0} s; folds {:?}",
            of("REVIEWS", "takeaway"),
            kind.name(),
            figures.macro_f1,
            figures.roc_auc,
            figures.brier,
            figures.calibration_error,
            figures.sure,
            figures.sure_accuracy,
            started.elapsed().as_secs_f64(),
            figures.folds
        );
        assert!(mean > 0.75 && figures.calibration_error < 0.05, "{figures:?}");
    }
}
