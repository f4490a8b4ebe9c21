//! The question over time in the window, from five files to a later file's scores, in both languages; and the
//! time machine. The command line gives the same numbers.

use std::path::{Path, PathBuf};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::notice::Tone;
use regulars::window::pages::Page;
use regulars::window::state::{SeenColumn, State, Who};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::features::behaviour::Question;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Scorer, Settings};
use regulars_engine::table::Role;
use regulars_engine::train::{DeviceKind, ModelKind};

use crate::pages::{until, window};
use crate::product::{ready, save, state, wait};
use crate::support::{adapter, json};

/// The five files of a sample shop.
fn shop(folder: &Path, seed: u64) -> Vec<PathBuf> {
    regulars_engine::sample::write(folder, 300, seed).unwrap()
}

/// The shop opened, without a question.
fn opened(files: &[PathBuf]) -> State {
    let mut s = state();
    s.open_data(files.to_vec());
    wait(&mut s, "reading", |s| s.prepared.is_some() && !s.preparing());
    s.settings.device = DeviceKind::Flex;
    s.settings.mlp.epochs = 3;
    wait(&mut s, "settling", |s| s.prepared.is_some() && !s.preparing());
    s
}

fn ask(s: &mut State) {
    s.ask_question();
    wait(s, "asking", |s| !s.time.asking() && !s.preparing());
}

fn train(s: &mut State) {
    s.train();
    wait(s, "training", |s| s.train.is_none() && !s.outcomes.is_empty());
    ready(s);
}

#[test]
fn a_question_is_asked_undone_kept_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(&folder.path().join("june"), 7);
    let mut s = opened(&files);
    assert!(s.could_ask() && s.asked().is_none());
    // A target that was set by hand gives way to the question, and comes back without it.
    s.settings.read.roles.push(("churned".into(), Role::Target));
    wait(&mut s, "a role", |s| !s.preparing());
    ask(&mut s);
    assert!(s.time.refused.is_none(), "{:?}", s.time.refused);
    assert_eq!(s.settings.question, Some(Question::default()));
    let target = |s: &State| s.table.as_ref().unwrap().with_role(Role::Target).unwrap().name.clone();
    assert_eq!(target(&s), "no order in 60 days");
    let asked = s.asked().cloned().unwrap();
    assert_eq!(s.table.as_ref().unwrap().height(), asked.labelled + asked.to_answer);

    s.undo();
    wait(&mut s, "undo", |s| s.asked().is_none() && s.load.is_none() && !s.preparing());
    assert_eq!((target(&s).as_str(), &s.settings.question), ("churned", &None));
    s.redo();
    wait(&mut s, "redo", |s| s.asked().is_some() && s.load.is_none() && !s.preparing());
    assert_eq!(target(&s), "no order in 60 days");

    // Trained, kept, opened again: nothing is lost, nothing is stale, and the bundle knows of the question.
    train(&mut s);
    let bundle = s.bundle.clone().unwrap();
    assert_eq!(bundle.behaviour.as_ref(), Some(&s.asked().unwrap().fitted));
    assert!(s.time_model().is_some());
    let list: Vec<(String, f64)> = s.list().unwrap().iter().map(|c| (c.id.clone(), c.probability)).collect();
    assert_eq!(list.len(), asked.to_answer, "one line a customer, as of the last day");
    let file = folder.path().join("shop.regulars");
    save(&mut s, &file);
    let mut again = state();
    again.open(&file);
    wait(&mut again, "opening", |s| !s.outcomes.is_empty());
    ready(&mut again);
    assert!(!again.stale() && again.settings.question.is_some());
    let kept: Vec<(String, f64)> =
        again.list().unwrap().iter().map(|c| (c.id.clone(), c.probability)).collect();
    assert_eq!(kept, list);
    assert_eq!(again.bundle.as_ref().unwrap().behaviour, bundle.behaviour);

    // A later file through the window and the command line: the same scores to the last digit.
    let july = shop(&folder.path().join("july"), 8);
    again.open_month(july.clone());
    wait(&mut again, "the month", |s| s.month.is_some());
    let month = again.month.clone().unwrap();
    assert!(month.differences().missing.is_empty(), "{:?}", month.differences().missing);
    let out = folder.path().join("scores.csv");
    let mut args = vec!["score", file.to_str().unwrap()];
    args.extend(july.iter().map(|file| file.to_str().unwrap()));
    args.extend(["--out", out.to_str().unwrap()]);
    let told = json(&args);
    assert_eq!(told["scored"].as_u64(), Some(month.scores.rows.len() as u64));
    let mut reader = csv::Reader::from_path(&out).unwrap();
    let heads = reader.headers().unwrap().clone();
    let place = heads.iter().position(|head| head == "probability").unwrap();
    for (record, row) in reader.records().map(Result::unwrap).zip(&month.scores.rows) {
        let written: f64 = record[place].parse().unwrap();
        assert!((written - row.probability).abs() < 1e-6, "{record:?} {row:?}");
    }

    // Another question is asked only when the person says so; taken away, the column is the target again.
    again.time.draft.horizon_days = 30;
    assert_eq!(again.settings.question.as_ref().unwrap().horizon_days, 60);
    ask(&mut again);
    assert_eq!(target(&again), "no order in 30 days");
    assert!(again.stale(), "the old model is still there, and out of date");
    ready(&mut again);
    assert_eq!(again.bundle.as_ref().unwrap().behaviour, bundle.behaviour, "it keeps its own question");
    again.drop_question();
    wait(&mut again, "removing", |s| s.asked().is_none() && s.load.is_none() && !s.preparing());
    assert_eq!(target(&again), "churned");
}

#[test]
fn a_question_that_cannot_be_asked_says_why_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path(), 7);
    let mut s = opened(&files);
    s.time.draft.horizon_days = 3650;
    ask(&mut s);
    let error = s.time.refused.as_ref().unwrap();
    assert_eq!(error.kind(), "behaviour_too_short");
    for lang in Lang::ALL {
        assert!(!lang.error(error).is_empty() && !lang.hint(error).is_empty());
    }
    assert!(s.settings.question.is_none() && s.asked().is_none() && s.prepared.is_some());
    // Customers alone: nothing is offered.
    let mut alone = state();
    alone.open(&files[0]);
    wait(&mut alone, "reading", |s| s.prepared.is_some() && !s.preparing());
    assert!(!alone.could_ask());

    // A project whose files have become too short opens all the same, and says what was left out.
    s.time.draft = Question::default();
    ask(&mut s);
    let project = folder.path().join("shop.regulars");
    save(&mut s, &project);
    let orders = std::fs::read_to_string(&files[1]).unwrap();
    let short: Vec<&str> =
        orders.lines().take(1).chain(orders.lines().filter(|l| l.contains(",2026-06-30,"))).collect();
    assert!(short.len() > 1);
    std::fs::write(&files[1], short.join("\n") + "\n").unwrap();
    let mut again = state();
    again.open(&project);
    wait(&mut again, "opening", |s| s.collected.is_some() && s.load.is_none() && !s.preparing());
    assert!(again.settings.question.is_none() && again.table.is_some());
    assert!(again.notices.iter().any(|notice| notice.tone == Tone::Bad));
    assert_eq!(again.time.draft, Question::default());
}

#[test]
fn the_time_machine_gives_the_engines_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = opened(&shop(folder.path(), 7));
    ask(&mut s);
    assert!(!s.can_look_back(), "there is no model yet");
    let look = |s: &mut State| {
        s.look_back();
        wait(s, "looking back", |s| !s.time.looking());
        assert!(s.time.failed.is_none(), "{:?}", s.time.failed);
        s.seen().cloned().unwrap()
    };
    s.time.who = Who::Nobody;
    let nobody = look(&mut s);
    assert_eq!(Some(nobody.day), s.asked().unwrap().days.last().copied(), "the latest day that is known");
    assert!(nobody.customers.iter().all(|seen| seen.probability.is_none() && seen.lost.is_some()));
    s.time.who = Who::Then(ModelKind::Logistic);
    assert!(s.seen().is_none(), "what nobody said is not what the model says");
    let then = look(&mut s);
    let direct = project::as_of(
        s.collected.as_ref().unwrap(),
        &s.settings,
        then.day,
        Scorer::Then(ModelKind::Logistic),
        &Reporter::silent(),
    );
    assert_eq!(direct.unwrap().customers, then.customers);
    assert!(!then.learnt_later);

    train(&mut s);
    s.time.who = Who::Present;
    let day = "2026-03-15".parse().unwrap();
    s.set_day(day);
    let present = look(&mut s);
    assert!(present.learnt_later && present.day == day);
    assert_eq!(s.time.track().len(), 1, "the days of another model are not mixed in");
    s.set_day(s.asked().unwrap().last);
    let last = look(&mut s);
    assert_eq!(last.unknown(), last.customers.len());
    assert_eq!((s.time.said.len(), s.time.lost.len()), (2, 1), "what nobody knows is not drawn");
    // The list of the model is what it says on the last day.
    for customer in s.list().unwrap() {
        let seen = last.customers.iter().find(|seen| seen.id == customer.id).unwrap();
        assert!((seen.probability.unwrap() - customer.probability).abs() < 1e-9);
    }
    let risks = |s: &State| -> Vec<f64> {
        s.time.order().iter().map(|at| last.customers[*at].probability.unwrap()).collect()
    };
    assert!(risks(&s).windows(2).all(|pair| pair[0] >= pair[1]), "the riskiest first");
    s.time.sort_by(SeenColumn::Risk);
    assert!(risks(&s).windows(2).all(|pair| pair[0] <= pair[1]));
    s.time.sort_by(SeenColumn::Id);
    let ids: Vec<&String> = s.time.order().iter().map(|at| &last.customers[*at].id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] <= pair[1]));
    // Another threshold: what was said is out of date.
    s.settings.threshold = 0.31;
    s.commit(false);
    wait(&mut s, "counting anew", |s| !s.bundling());
    assert!(s.seen().is_none());

    // A look that is stopped leaves what was there.
    let before = look(&mut s);
    s.look_back();
    s.cancel();
    wait(&mut s, "stopping", |s| !s.time.looking());
    assert!(s.time.failed.is_none() && s.seen().is_some_and(|seen| seen.day == before.day));
    assert_eq!(Settings::default().question, None);
}

#[test]
fn window_and_command_line_look_back_alike() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path(), 7);
    let mut s = opened(&files);
    ask(&mut s);
    s.time.who = Who::Then(ModelKind::Logistic);
    s.set_day("2026-04-12".parse().unwrap());
    s.look_back();
    wait(&mut s, "looking back", |s| !s.time.looking());
    let seen = s.seen().cloned().unwrap();
    let mut args = vec!["look-back"];
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    args.extend(["--day", "2026-04-12", "--horizon", "60", "--model", "logistic", "--device", "flex"]);
    let told = json(&args);
    let [hit, wrong, missed, rest] = seen.outcomes();
    let counts = &told["outcomes"];
    for (name, count) in
        [("said_lost", hit), ("said_stayed", wrong), ("missed", missed), ("left_alone", rest)]
    {
        assert_eq!(counts[name].as_u64(), Some(count as u64), "{name}");
    }
    for (name, e) in seen.figures() {
        assert_eq!(told["metrics"][name]["value"].as_f64(), Some(e.value), "{name}");
        assert_eq!(told["metrics"][name]["low"].as_f64(), Some(e.low), "{name}");
    }
    let list = told["customers"].as_array().unwrap();
    assert_eq!(list.len(), seen.customers.len());
    for (told, one) in list.iter().zip(&seen.customers) {
        assert_eq!(told["id"].as_str(), Some(one.id.as_str()));
        let risk = told["probability"].as_f64().unwrap();
        assert!((risk - one.probability.unwrap()).abs() < 1e-12, "{}", one.id);
    }
    let (code, out, _) = crate::support::regulars(&args);
    assert!(code == 0 && out.contains("On 2026-04-12") && out.contains("Recall"), "{out}");
    let (code, ..) = crate::support::regulars(&args[..args.len() - 6]);
    assert_eq!(code, 2, "a question or a bundle is needed");
}

fn click(harness: &mut Harness<'_, App>, label: &str) {
    let node = harness.get_all_by_label(label).next().unwrap_or_else(|| panic!("nothing is called {label}"));
    node.click();
    harness.run_steps(3);
}

/// The whole way by hand, in one language: the sample shop's five files, the question, the training, the
/// days of the past, the list, a later file.
fn journey(lang: Lang) {
    let shots = std::env::var_os("REGULARS_SHOTS").map(PathBuf::from).filter(|_| adapter());
    let mut harness = window([1280.0, 800.0], Prefs { lang, ..Prefs::default() });
    harness.run_steps(2);
    let picture = |harness: &mut Harness<'_, App>, name: &str| {
        for dark in [false, true] {
            let theme = if dark { eframe::egui::Theme::Dark } else { eframe::egui::Theme::Light };
            harness.ctx.set_theme(theme);
            harness.run_steps(3);
            let rested = harness.try_run();
            assert!(rested.is_ok(), "{name} {rested:?}");
            if let Some(folder) = &shots {
                let theme = if dark { "dark" } else { "light" };
                let file = folder.join(format!("{name}-{}-{theme}.png", lang.code()));
                harness.render().unwrap().save(file).unwrap();
            }
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path(), 7);
    harness.state_mut().state.open_data(files.clone());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 3;
    harness.state_mut().prefs.page = Page::Time;
    harness.run_steps(3);
    picture(&mut harness, "time-no-question");
    harness.state_mut().prefs.page = Page::Collect;
    harness.run_steps(3);
    picture(&mut harness, "collect-offer");
    click(&mut harness, &lang.t("question.ask"));
    until(&mut harness, "asking", |app| app.state.asked().is_some() && !app.state.preparing());
    let asked = harness.state().state.asked().cloned().unwrap();
    // The sentence names the real days and figures.
    let days: Vec<String> = asked.days.iter().map(ToString::to_string).collect();
    assert!(harness.query_all_by_label_contains(&lang.list(&days)).next().is_some());
    let answered = [asked.last.to_string(), asked.until().to_string()];
    assert!(answered.iter().all(|day| harness.query_all_by_label_contains(day).next().is_some()));
    picture(&mut harness, "collect-asked");
    for page in [Page::Clean, Page::Features, Page::Train, Page::Time] {
        harness.state_mut().prefs.page = page;
        harness.run_steps(3);
        assert!(harness.state().state.prepare_error.is_none());
    }
    picture(&mut harness, "time-no-model");
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.segments.is_some());
    until(&mut harness, "reasons", |app| app.state.reasons.is_some() && !app.state.bundling());
    for page in [Page::Evaluate, Page::Customers, Page::Segments, Page::Time] {
        harness.state_mut().prefs.page = page;
        harness.run_steps(3);
    }
    click(&mut harness, &lang.t("time.look"));
    until(&mut harness, "looking back", |app| app.state.seen().is_some());
    assert!(harness.query_all_by_label_contains(&lang.t("time.learnt_later")).next().is_some());
    harness.state_mut().state.time.who = Who::Then(ModelKind::Logistic);
    for day in ["2026-03-10", "2026-04-12", "2026-05-01"] {
        harness.state_mut().state.set_day(day.parse().unwrap());
        harness.run_steps(2);
        click(&mut harness, &lang.t("time.look"));
        until(&mut harness, "looking back", |app| {
            app.state.seen().is_some_and(|seen| seen.day.to_string() == day)
        });
    }
    assert_eq!(harness.state().state.time.track().len(), 3);
    assert!(harness.query_all_by_label_contains(&lang.t("time.learnt_later")).next().is_none());
    picture(&mut harness, "time-looked");
    harness.set_size(eframe::egui::vec2(1024.0, 700.0));
    picture(&mut harness, "time-narrow");
    harness.set_size(eframe::egui::vec2(1280.0, 1500.0));
    picture(&mut harness, "time-tall");
    // A head sorts; the same head again the other way round.
    click(&mut harness, &lang.t("time.head.id"));
    assert_eq!(harness.state().state.time.sort, (SeenColumn::Id, true));
    harness.state_mut().state.open_month(files);
    until(&mut harness, "scoring", |app| app.state.month.is_some() && app.state.reasons.is_some());
    harness.state_mut().prefs.page = Page::Customers;
    harness.run_steps(3);
    assert_eq!(harness.state().state.list().unwrap().len(), asked.to_answer);
    assert!(harness.state().state.notices.iter().all(|notice| notice.tone != Tone::Bad));
}

#[test]
fn the_whole_way_in_english() {
    journey(Lang::En);
}

#[test]
fn the_whole_way_in_chinese() {
    journey(Lang::Zh);
}
