//! Inside a training, and the page of runs, as a person uses them in the window.

use std::path::Path;

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use regulars::window::pages::{Page, TrainTab};
use regulars::window::state::Measure;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::project::{SavedProject, SavedRun};
use regulars_engine::train::DeviceKind;

use crate::pages::{until, window};
use crate::shots::pictures;
use crate::support::{json, sample};

fn open(tab: TrainTab) -> Harness<'static, App> {
    let mut harness =
        window([1280.0, 800.0], Prefs { lang: Lang::En, page: Page::Train, ..Prefs::default() });
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    let app = harness.state_mut();
    app.prefs.page = Page::Train;
    app.page.train_tab = tab;
    app.state.settings.device = DeviceKind::Flex;
    app.state.settings.mlp.patience = 0;
    harness.run_steps(3);
    harness
}

fn last_step(app: &App) -> u64 {
    app.state.inside.losses.points().last().map_or(0, |point| point[0] as u64)
}

#[test]
fn a_training_is_looked_into_stepped_and_gone_back_to() {
    let mut harness = open(TrainTab::Inside);
    harness.state_mut().state.settings.mlp.epochs = 4000;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "looking", |app| app.state.inside.look.is_some() && app.state.live.len() > 3);
    harness.state().state.train.iter().for_each(|job| job.pause(true));
    // The step under way ends, then nothing moves.
    let mut at = 0;
    let mut calm = 0;
    while calm < 30 {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(10));
        calm = if last_step(harness.state()) == at { calm + 1 } else { 0 };
        at = last_step(harness.state());
    }
    harness.run_steps(2);
    // What was gathered until the pause may have been told later: the first step tells all of it.
    harness.get_by_label("One more batch").click();
    harness.run_steps(2);
    until(&mut harness, "stepping", |app| last_step(app) > at);
    let before = last_step(harness.state());
    for more in 1..=3 {
        harness.get_by_label("One more batch").click();
        harness.run_steps(2);
        // A single step is looked into at once.
        until(&mut harness, "stepping", |app| {
            let look = app.state.inside.look.as_ref().map(|look| look.step);
            last_step(app) == before + more && look == Some(before + more)
        });
    }
    for _ in 0..20 {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(last_step(harness.state()), before + 3, "and none beyond");
    let inside = &harness.state().state.inside;
    assert_eq!(inside.norms.len(), 3, "two hidden layers and the output");
    assert_eq!(inside.dead.len(), 2);
    assert!(inside.watching.is_some_and(|watching| watching.steps_per_second > 0.0));
    assert!(inside.memory.is_some_and(|memory| memory.weights > 0));
    pictures(&mut harness, "live-inside");

    // Back to the first epoch, and its network made the one in use.
    let kept = harness.state().state.inside.shelf.epochs()[0].clone();
    harness.state_mut().state.inside.epoch = Some(kept.figures.epoch);
    harness.run_steps(2);
    until(&mut harness, "looking back", |app| app.state.inside.still().is_some());
    assert!(harness.state().state.inside.still().unwrap().is_ok());
    harness.run_steps(2);
    pictures(&mut harness, "live-back");
    let label = Lang::En.with("inside.use", &[("epoch", kept.figures.epoch.to_string())]);
    // Tall enough for the whole page.
    harness.set_size(egui::vec2(1280.0, 1700.0));
    harness.run_steps(4);
    pictures(&mut harness, "live-layers");
    harness.get_by_label(&label).click();
    harness.run_steps(2);
    until(&mut harness, "using", |app| app.state.runs.len() == 1);
    let state = &harness.state().state;
    assert_eq!(state.runs[0].name, format!("Epoch {}", kept.figures.epoch));
    let trained = &state.outcomes[0].trained;
    assert_eq!((trained.best_epoch, trained.history.len()), (kept.figures.epoch, kept.figures.epoch));
    let regulars_engine::train::Model::Mlp(network) = &trained.model else { panic!() };
    assert_eq!(*network, kept.network);
    assert!(state.train.is_some(), "the training goes on undisturbed");
    harness.state().state.train.iter().for_each(|job| job.finish_early());
    until(&mut harness, "finishing", |app| app.state.train.is_none());
    assert_eq!(harness.state().state.runs.len(), 2);
}

#[test]
fn nothing_is_gathered_while_nobody_looks() {
    let mut harness = open(TrainTab::Network);
    harness.state_mut().state.settings.mlp.epochs = 5;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.train.is_none() && !app.state.runs.is_empty());
    let inside = &harness.state().state.inside;
    assert!(inside.losses.points().is_empty() && inside.look.is_none());
    assert!(inside.shelf.epochs().is_empty());
    // Unless a person wants it so.
    harness.state_mut().state.inside.always = true;
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.train.is_none() && app.state.runs.len() == 2);
    let inside = &harness.state().state.inside;
    assert_eq!(inside.shelf.epochs().len(), 5);
    assert!(!inside.losses.points().is_empty());
    // Watching changed no number.
    let histories: Vec<Vec<f64>> = (harness.state().state.runs.iter())
        .map(|run| run.history().iter().map(|e| e.valid_loss).collect())
        .collect();
    assert_eq!(histories[0], histories[1]);
}

/// Runs with long curves, each its own.
fn long(like: &SavedRun, runs: usize, epochs: usize) -> Vec<SavedRun> {
    let mut all = Vec::new();
    for at in 0..runs {
        let mut run = like.clone();
        run.settings.seed = at as u64;
        run.settings.mlp.learning_rate = 0.001 * (1 + at % 9) as f64;
        let first = run.models[0].history[0];
        run.models.truncate(1);
        run.models[0].history = (1..=epochs)
            .map(|epoch| {
                let fall = 1.0 / (1.0 + epoch as f64 / (50.0 + at as f64));
                let wave = 0.02 * ((epoch * (at + 3)) as f64 * 0.37).sin();
                regulars_engine::train::Epoch {
                    epoch,
                    planned: epochs,
                    train_loss: 0.3 + 0.4 * fall,
                    valid_loss: 0.35 + 0.3 * fall + wave + 0.0005 * at as f64,
                    valid_auc: Some(0.8 - 0.3 * fall + wave),
                    ..first
                }
            })
            .collect();
        all.push(run);
    }
    all
}

/// A run of the sample, trained and saved.
fn saved(folder: &Path) -> SavedProject {
    let mut harness = open(TrainTab::Network);
    harness.state_mut().state.settings.mlp.epochs = 3;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.train.is_none() && !app.state.runs.is_empty());
    until(&mut harness, "bundling", |app| !app.state.bundling());
    let path = folder.join("one.regulars");
    harness.state_mut().state.save(path.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    SavedProject::open(&path).unwrap()
}

#[test]
fn two_hundred_runs_are_listed_overlaid_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let like = saved(folder.path()).runs[0].clone();
    let mut harness = open(TrainTab::Runs);
    harness.state_mut().state.add_runs(long(&like, 260, 400));
    assert_eq!(harness.state().state.runs.len(), 200, "the oldest without a name went");
    harness.state_mut().state.runs[0].name = "base".into();
    harness.run_steps(3);
    harness.get_by_label("Overlay all").click();
    harness.run_steps(3);
    until(&mut harness, "curves", |app| !app.state.making_curves());
    let drawn = harness.state_mut().state.curves(Measure::ValidLoss, 0.0);
    assert_eq!(drawn.len(), 200);
    harness.run_steps(3);
    pictures(&mut harness, "live-runs");
    // What two runs have otherwise.
    harness.set_size(egui::vec2(1280.0, 1500.0));
    harness.run_steps(3);
    pictures(&mut harness, "live-diff");
    for rate in ["0.007", "0.008"] {
        assert!(harness.query_all_by_label(rate).count() >= 1, "the last two runs differ in their rate");
    }
    harness.get_by_label("Only the shown one").click();
    harness.run_steps(2);
    assert!(harness.state().state.runs.iter().all(|run| !run.overlaid));
    // Zoom by a button, and back.
    harness.state_mut().state.runs[5].overlaid = true;
    harness.run_steps(2);
    harness.get_by_label("Zoom in").click();
    harness.run_steps(3);
    let whole = harness.get_by_label("Whole curve");
    assert!(!whole.accesskit_node().is_disabled());
    whole.click();
    harness.run_steps(3);
    assert!(harness.get_by_label("Whole curve").accesskit_node().is_disabled());
}

#[test]
fn many_runs_are_saved_small_and_shown_again_when_they_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = saved(folder.path());
    let run = project.runs[0].clone();
    project.runs = (0..30).map(|at| SavedRun { name: format!("r{at}"), ..run.clone() }).collect();
    project.runs.extend(long(&run, 100, 4000));
    project.shown = Some((29, regulars_engine::train::ModelKind::Mlp));
    let path = folder.path().join("many.regulars");
    project.save(&path).unwrap();
    let mut harness = window([1280.0, 800.0], Prefs { lang: Lang::En, ..Prefs::default() });
    harness.state_mut().state.open(&path);
    until(&mut harness, "opening", |app| app.state.runs.len() == 130 && !app.state.preparing());
    let whole = |app: &App| app.state.runs.iter().filter(|run| run.is_whole()).count();
    assert!((20..=21).contains(&whole(harness.state())), "{}", whole(harness.state()));
    assert!(harness.state().state.runs.iter().all(|run| run.can_be_shown()));
    assert!(!harness.state().state.runs[2].is_whole());
    let predictions = harness.state().state.outcomes[0].probabilities.clone();
    harness.state_mut().state.show_run(2);
    until(&mut harness, "showing", |app| app.state.shown_run == 2);
    assert_eq!(harness.state().state.outcomes[0].probabilities, predictions);
    assert!(whole(harness.state()) <= 21);
    until(&mut harness, "bundling", |app| !app.state.bundling());
    let again = folder.path().join("again.regulars");
    harness.state_mut().state.save(again.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    let saved = SavedProject::open(&again).unwrap();
    let epochs: usize = saved.runs.iter().map(|run| run.models[0].history.len()).sum();
    assert!(epochs < 110_000, "{epochs}");
    assert_eq!(saved.runs[0].models[0].history.len(), 3, "a short curve stays whole");
    let long = &saved.runs[60].models[0].history;
    assert!(long.len() > 300 && long.last().unwrap().epoch == 4000);
}

#[test]
fn the_window_s_run_folder_is_run_again_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(TrainTab::Network);
    harness.state_mut().state.settings.mlp.epochs = 3;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.train.is_none() && !app.state.runs.is_empty());
    let out = folder.path().join("训练");
    harness.state_mut().state.write_run_folder(Lang::Zh, out.clone());
    until(&mut harness, "writing", |app| out.join("run.json").exists() && app.state.running().is_none());
    assert!(std::fs::read_to_string(out.join("curves.svg")).unwrap().contains("验证损失最低"));
    let again = json(&["train", "--from-run", out.to_str().unwrap()]);
    assert_eq!(again["reproduced"], true, "{}", again["differences"]);
    // Rows that were read or cleaned otherwise since: their hashes would be those of others.
    harness.state_mut().state.settings.split.test = 0.4;
    harness.run_steps(3);
    until(&mut harness, "preparing", |app| !app.state.preparing());
    harness.run_steps(2);
    harness.state_mut().state.write_run_folder(Lang::En, folder.path().join("other"));
    harness.run_steps(3);
    assert!(!folder.path().join("other").exists());
}
