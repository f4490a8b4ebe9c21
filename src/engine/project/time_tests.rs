//! The question over time from files to scores, and the time machine.

use std::path::{Path, PathBuf};

use super::*;
use crate::deploy::{Bundle, Lacking};
use crate::features::behaviour::{CUT_OFF, Churn, Question};
use crate::job::Reporter;
use crate::split::Side;
use crate::table::Role;
use crate::train::{DeviceKind, ModelKind};

fn shop(folder: &Path) -> Vec<PathBuf> {
    crate::sample::write(folder, 500, 3).unwrap()
}

fn asked() -> Settings {
    let mut settings =
        Settings { question: Some(Question::default()), device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 4;
    settings
}

fn file(paths: &[PathBuf]) -> Vec<Source> {
    paths.iter().cloned().map(Source::File).collect()
}

#[test]
fn from_orders_to_scores() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let (settings, silent) = (asked(), Reporter::silent());
    let collected = collect(&files, &settings, &silent).unwrap();
    let asked = collected.asked.clone().unwrap();
    assert_eq!(asked.last.to_string(), "2026-06-30");
    let days: Vec<String> = asked.days.iter().map(ToString::to_string).collect();
    assert_eq!(days, ["2026-01-31", "2026-03-02", "2026-04-01", "2026-05-01"]);
    let table = &collected.table;
    assert_eq!(table.height(), asked.labelled + asked.to_answer);

    let prepared = prepare(&settings, table, &silent).unwrap();
    // Nobody stands on both sides, and the test is of the latest labelled day.
    let cut_offs: Vec<&str> = table.text(CUT_OFF).unwrap().iter().map(Option::unwrap).collect();
    let rows = &prepared.cleaning.last().rows;
    let mut side_of = std::collections::BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let (side, day) = (prepared.sides[at], cut_offs[*row as usize - 2]);
        match side {
            Side::Test => assert_eq!(day, "2026-05-01"),
            Side::Unlabelled => continue,
            _ => {}
        }
        let id = prepared.ids[at].clone().unwrap();
        assert_eq!(*side_of.entry(id).or_insert(side), side);
    }
    assert!(prepared.count(Side::Test) > 50 && prepared.count(Side::Train) > 500);
    assert_eq!(prepared.labels.positive, "yes");

    let learnt = learn(&settings, &prepared, ModelKind::Logistic, &silent).unwrap();
    let auc = learnt.test.metrics(0.5).into_iter().find(|(name, _)| *name == "roc_auc").unwrap().1;
    println!("test rows {}, ROC-AUC {:.3}", prepared.count(Side::Test), auc.value);
    assert!(auc.value > 0.55, "{auc:?}");
    // The list is of the day to answer, one line a customer.
    let list = rank(&prepared, &learnt, None);
    assert_eq!(list.len(), asked.to_answer);
    let mut ids: Vec<&str> = list.iter().map(|customer| customer.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), list.len());

    // The bundle gives later files the same columns, and the same answers for the same files.
    let path = folder.path().join("shop.bundle");
    let made = bundle(&settings, &prepared, &learnt, None).with_behaviour(Some(asked.fitted.clone()));
    made.save(&path).unwrap();
    let bundle = Bundle::open(&path).unwrap();
    assert_eq!(bundle, made);
    let sources = file(&files);
    let from = (sources.as_slice(), &Secrets::default());
    let later = open_for(&bundle, &Settings::default(), from, None, &silent).unwrap();
    let scores = bundle.score(&later, Lacking::Refuse, &silent).unwrap();
    assert_eq!(scores.rows.len(), list.len());
    for customer in &list {
        let scored = scores.rows.iter().find(|row| row.id == customer.id).unwrap();
        assert!((scored.probability - customer.probability).abs() < 1e-9, "{}", customer.id);
    }
    // As of an earlier day, and refusals.
    let on = |day: &str| open_for(&bundle, &Settings::default(), from, Some(day.parse().unwrap()), &silent);
    assert_eq!(on("2026-05-01").unwrap().text(CUT_OFF).unwrap().get(0), Some("2026-05-01"));
    assert_eq!(on("2026-07-01").unwrap_err().kind(), "behaviour_after_end");
    assert_eq!(on("2006-07-01").unwrap_err().kind(), "behaviour_before_begin");
    let some = [sources[0].clone(), sources[1].clone()];
    let lacking = open_for(&bundle, &Settings::default(), (&some, &Secrets::default()), None, &silent);
    assert_eq!(lacking.unwrap_err().kind(), "behaviour_lacking");
    let plain = Bundle { behaviour: None, ..bundle.clone() };
    let refused = open_for(&plain, &Settings::default(), from, Some("2026-05-01".parse().unwrap()), &silent);
    assert_eq!(refused.unwrap_err().kind(), "behaviour_no_question");
}

#[test]
fn the_time_machine_sets_what_was_said_beside_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let (settings, silent) = (asked(), Reporter::silent());
    let collected = collect(&files, &settings, &silent).unwrap();
    let day = "2026-04-15".parse().unwrap();
    let then = as_of(&collected, &settings, day, Scorer::Then(ModelKind::Logistic), &silent).unwrap();
    assert!(!then.learnt_later);
    assert_eq!(then.outcomes().iter().sum::<usize>(), then.customers.len());
    // What happened is what the purchases say.
    let mut both = [false; 2];
    for seen in &then.customers {
        let days = seen.next_purchase.map(|next| next.signed_duration_since(day).num_days());
        assert_eq!(seen.lost, Some(days.is_none_or(|days| days > 60)), "{seen:?}");
        both[usize::from(seen.lost == Some(true))] = true;
    }
    assert_eq!(both, [true; 2]);
    assert!(then.evaluation.is_some());

    // The same from files that end on that day: nothing later was needed to say it.
    let mut cut = settings.clone();
    cut.combine.as_of = Some(day);
    let known = collect(&files, &cut, &silent).unwrap();
    assert_eq!(known.asked.as_ref().unwrap().last, day);
    let prepared = prepare(&cut, &known.table, &silent).unwrap();
    let learnt = learn(&cut, &prepared, ModelKind::Logistic, &silent).unwrap();
    let list = rank(&prepared, &learnt, None);
    assert_eq!(list.len(), then.customers.len());
    for customer in &list {
        let seen = then.customers.iter().find(|seen| seen.id == customer.id).unwrap();
        assert!((seen.probability.unwrap() - customer.probability).abs() < 1e-9, "{seen:?}");
    }
    // A model of today has learnt from what came after, and says so; of the last day nobody knows.
    let bundle = bundle(&cut, &prepared, &learnt, None);
    let fitted = collected.asked.as_ref().unwrap().fitted.clone();
    let nobody =
        as_of(&collected, &settings, "2026-06-30".parse().unwrap(), Scorer::Nobody, &silent).unwrap();
    assert!(nobody.customers.iter().all(|seen| seen.lost.is_none() && seen.probability.is_none()));
    let known = known.asked.as_ref().unwrap().fitted.clone();
    let given = bundle.clone().with_behaviour(Some(known));
    let march = "2026-03-01".parse().unwrap();
    assert!(as_of(&collected, &settings, march, Scorer::Given(&given), &silent).unwrap().learnt_later);

    let kind = |day: &str, scorer| {
        as_of(&collected, &settings, day.parse().unwrap(), scorer, &silent).unwrap_err().kind()
    };
    assert_eq!(kind("1999-01-01", Scorer::Nobody), "behaviour_before_begin");
    assert_eq!(kind("2027-01-01", Scorer::Nobody), "behaviour_after_end");
    assert_eq!(kind("2026-04-15", Scorer::Given(&bundle)), "behaviour_no_question");
    let first = fitted.first_asked;
    assert!(first < fitted.learnt_until);
    let early = crate::features::behaviour::to_date(first - 3000);
    let refused = as_of(&collected, &settings, early, Scorer::Then(ModelKind::Logistic), &silent);
    assert!(refused.is_err());
}

#[test]
fn questions_answered_by_a_column_and_by_the_own_rhythm() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let silent = Reporter::silent();
    let with = |churn| {
        let mut settings = asked();
        settings.question = settings.question.map(|question| Question { churn, ..question });
        let collected = collect(&files, &settings, &silent).unwrap();
        (prepare(&settings, &collected.table, &silent).unwrap(), collected)
    };
    let (prepared, collected) = with(Churn::Column);
    let asked = collected.asked.unwrap();
    assert_eq!(asked.days.len(), 1);
    assert_eq!(prepared.labels.column, "lost");
    assert!(asked.lost > 0 && asked.lost < asked.labelled);
    let (_, collected) = with(Churn::OwnRhythm { factor: 3.0 });
    let rhythm = collected.asked.unwrap();
    let (_, collected) = with(Churn::Silence);
    let silence = collected.asked.unwrap();
    assert_eq!(rhythm.labelled, silence.labelled);
    assert!(rhythm.lost >= silence.lost, "a shorter wait loses no fewer");
    // Orders alone are enough.
    let settings = self::asked();
    let alone = collect(&files[1..2], &settings, &silent).unwrap();
    assert!(alone.asked.unwrap().labelled > 0);
    // Without orders there is nothing to ask.
    assert_eq!(collect(&files[..1], &settings, &silent).unwrap_err().kind(), "behaviour_no_orders");
}

#[test]
fn settings_without_a_question_keep_their_keys() {
    let settings = Settings::default();
    assert!(!serde_json::to_string(&settings).unwrap().contains("question"));
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let table = collect(&files[..1], &settings, &Reporter::silent()).unwrap().table;
    let asked = asked();
    let plain = Settings { question: None, ..asked.clone() };
    assert_ne!(asked.key(&table), plain.key(&table));
    assert_eq!(serde_json::from_value::<Settings>(serde_json::to_value(&asked).unwrap()).unwrap(), asked);
}

/// The shop's files with another column in front of the amount, and a price list that counts it too.
fn with_decoy(files: &[PathBuf], folder: &Path) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let copied = files.iter().map(|file| {
        let to = folder.join(file.file_name().unwrap());
        let text = std::fs::read_to_string(file).unwrap();
        let text = if !file.ends_with("orders.csv") {
            text
        } else {
            let line = |(at, line): (usize, &str)| match at {
                0 => format!("sales_amount,{line}\n"),
                _ => format!("{}.75,{line}\n", 7000 + at % 900),
            };
            text.lines().enumerate().map(line).collect()
        };
        std::fs::write(&to, text).unwrap();
        to
    });
    copied.collect()
}

#[test]
fn a_later_file_with_a_tempting_column_scores_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let (settings, silent) = (asked(), Reporter::silent());
    let collected = collect(&files, &settings, &silent).unwrap();
    let asked = collected.asked.clone().unwrap();
    let prepared = prepare(&settings, &collected.table, &silent).unwrap();
    let learnt = learn(&settings, &prepared, ModelKind::Logistic, &silent).unwrap();
    let bundle = bundle(&settings, &prepared, &learnt, None).with_behaviour(Some(asked.fitted.clone()));
    let decoyed = with_decoy(&files, &folder.path().join("july"));
    let score = |files: &[PathBuf], bundle: &Bundle, settings: &Settings| {
        let sources = file(files);
        let later = open_for(bundle, settings, (&sources, &Secrets::default()), None, &silent).unwrap();
        let scores = bundle.score(&later, Lacking::Refuse, &silent).unwrap();
        scores.rows.into_iter().map(|row| (row.id, row.probability)).collect::<Vec<_>>()
    };
    let before = score(&files, &bundle, &Settings::default());
    assert_eq!(score(&decoyed, &bundle, &Settings::default()), before);
    // Without what was kept the guess takes the other column: the test can fail.
    let mut forgetful = bundle.clone();
    forgetful.behaviour.as_mut().unwrap().columns = None;
    assert_ne!(score(&decoyed, &forgetful, &Settings::default()), before);
    // What was said of columns that are gone stops nothing.
    let mut stale = Settings::default();
    stale.read.decimals.push(("gone".into(), crate::detect::number::Decimal::Comma));
    stale.read.date_orders.push(("gone too".into(), crate::detect::date::Order::DayFirst));
    stale.read.roles.push(("gone as well".into(), Role::Ignore));
    assert_eq!(score(&files, &bundle, &stale), before);
}

#[test]
fn the_books_are_read_once_for_a_model_of_then_and_for_many_days() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let (settings, silent) = (asked(), Reporter::silent());
    let collected = collect(&files, &settings, &silent).unwrap();
    let times = || crate::features::behaviour::READ.with(std::cell::Cell::get);
    let before = times();
    let day = "2026-04-15".parse().unwrap();
    let then = Scorer::Then(ModelKind::Logistic);
    let alone = as_of(&collected, &settings, day, then, &silent).unwrap();
    assert_eq!(times() - before, 1);
    let past = Past::read(&collected, &settings, None, &silent).unwrap();
    let days = ["2026-03-01", "2026-04-15", "2026-06-30"].map(|day| day.parse().unwrap());
    let mut track = Track::default();
    for at in days {
        let seen = past.look(&collected, &settings, at, then, &silent).unwrap();
        if at == day {
            assert_eq!(seen.customers, alone.customers);
            let [hit, wrong, missed, rest] = seen.outcomes();
            let all = hit + wrong + missed + rest;
            assert_eq!(seen.unknown(), 0);
            assert!((seen.said().unwrap().value - (hit + wrong) as f64 / all as f64).abs() < 1e-12);
            assert!((seen.lost().unwrap().value - (hit + missed) as f64 / all as f64).abs() < 1e-12);
            let recall = seen.figures()["recall"].value;
            assert!((recall - hit as f64 / (hit + missed) as f64).abs() < 1e-12);
        }
        track.add(&seen);
    }
    assert_eq!(times() - before, 2);
    // Of the last day nobody knows what happened; the range is of the others.
    let known: Vec<f64> = track.days().filter_map(|(_, looked)| looked.lost).map(|lost| lost.value).collect();
    assert_eq!((track.len(), known.len()), (3, 2));
    let (low, high) = track.lost().unwrap();
    assert!(low <= high && known.contains(&low) && known.contains(&high));
}

#[test]
fn a_customer_stands_in_one_segment_and_the_answer_is_read_aloud() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    // What was said of another target's values does not hinder.
    let settings = Settings { positive: Some("churned".into()), ..asked() };
    let silent = Reporter::silent();
    let collected = collect(&files, &settings, &silent).unwrap();
    let asked = collected.asked.clone().unwrap();
    let prepared = prepare(&settings, &collected.table, &silent).unwrap();
    assert_eq!(prepared.labels.positive, "yes");
    let found = segment(&settings, &prepared, &silent).unwrap();
    assert_eq!(found.segments.iter().map(|group| group.size).sum::<usize>(), asked.to_answer);
    assert_eq!(found.of_row.len(), prepared.sides.len());
    let learnt = learn(&settings, &prepared, ModelKind::Logistic, &silent).unwrap();
    let list = rank(&prepared, &learnt, Some(&found));
    assert!(list.iter().all(|customer| customer.segment.is_some_and(|group| group < found.segments.len())));
    assert_eq!((asked.until().to_string(), asked.first < asked.days[0]), ("2026-08-29".into(), true));
    assert!((asked.lost_share() * asked.labelled as f64 - asked.lost as f64).abs() < 1e-9);
    // Orders make a question possible, customers alone do not.
    assert!(could_ask(&collected));
    let plain = Settings::default();
    assert!(could_ask(&collect(&files[1..2], &plain, &silent).unwrap()));
    assert!(!could_ask(&collect(&files[..1], &plain, &silent).unwrap()));
}
