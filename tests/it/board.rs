//! The leaderboard and the search in the window, on the command line and in the engine: one result.

use std::cell::Cell;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{Page, TrainTab};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use regulars_engine::train::search::{SearchKind, SearchSpec, Trial};
use regulars_engine::train::{DeviceKind, ModelKind};

use crate::pages::{until, window};
use crate::shots::rests;
use crate::support::{json, open, regulars, sample};

/// The kinds that take a moment.
const QUICK: [ModelKind; 4] = [ModelKind::Logistic, ModelKind::Tree, ModelKind::OneRule, ModelKind::Majority];

fn opened(size: [f32; 2], tab: TrainTab) -> Harness<'static, App> {
    let mut harness = window(size, Prefs { lang: Lang::En, page: Page::Train, ..Prefs::default() });
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().prefs.page = Page::Train;
    harness.state_mut().page.train_tab = tab;
    harness.run_steps(3);
    harness
}

fn flex() -> Settings {
    Settings { device: DeviceKind::Flex, ..Settings::default() }
}

/// Without what the clock says.
fn timeless(trials: &[Trial]) -> Vec<Trial> {
    trials.iter().cloned().map(|trial| Trial { seconds: 0.0, ..trial }).collect()
}

#[test]
fn a_comparison_is_the_same_in_window_terminal_and_engine() {
    let mut harness = opened([1280.0, 800.0], TrainTab::Board);
    rests(&mut harness, "board-empty");
    let board = &mut harness.state_mut().state.board;
    (board.folds, board.networks) = (3, false);
    board.without = ModelKind::ALL.into_iter().filter(|kind| !QUICK.contains(kind)).collect();
    harness.run_steps(2);
    harness.get_by_label("Compare under the same folds").click();
    harness.step();
    assert!(harness.state().state.board.comparing());
    // It fills while it runs.
    let partly = Cell::new(false);
    until(&mut harness, "comparing", |app| {
        if let Some((done, all)) = app.state.board.standing.as_ref().map(|standing| standing.done()) {
            partly.set(partly.get() || (done > 0 && done < all));
        }
        !app.state.board.comparing()
    });
    println!("seen while it ran: {}", partly.get());
    let shown = harness.state().state.board.compared().expect("a result").clone();

    let table = open(&sample());
    let engine = project::compare(&flex(), &table, &QUICK, 3, &Reporter::silent()).unwrap();
    let names: Vec<&str> = QUICK.iter().map(|kind| kind.name()).collect();
    let file = sample();
    let args = ["compare", file.to_str().unwrap(), "--device", "flex", "--folds", "3"];
    let told = json(&[&args[..], &["--models", &names.join(",")]].concat());
    assert_eq!(shown.models.len(), 4);
    for (at, (window, engine)) in shown.models.iter().zip(&engine.models).enumerate() {
        assert_eq!((window.kind, &window.metrics), (engine.kind, &engine.metrics));
        assert_eq!(window.probabilities, engine.probabilities);
        assert_eq!(told["models"][at]["model"], serde_json::to_value(engine.kind).unwrap());
        assert_eq!(told["models"][at]["metrics"], serde_json::to_value(&engine.metrics).unwrap());
    }
    assert_eq!(told["best_simple"], serde_json::to_value(shown.best_simple).unwrap());

    // It outlives other pages, knows when it is out of date, and undo does not touch it.
    rests(&mut harness, "board-compared");
    harness.state_mut().prefs.page = Page::Collect;
    harness.run_steps(3);
    harness.state_mut().prefs.page = Page::Train;
    harness.run_steps(3);
    let stale = |harness: &Harness<'_, App>| {
        let told = harness.query_by_label_contains("Settings have changed since this comparison").is_some();
        assert_eq!(told, harness.state().state.comparison_is_stale());
        told
    };
    assert!(!stale(&harness) && harness.query_by_label_contains("No verdict").is_some());
    harness.state_mut().state.settings.mlp.dropout = 0.25;
    harness.run_steps(3);
    assert!(stale(&harness) && harness.state().state.board.compared().is_some());
    harness.state_mut().state.undo();
    harness.run_steps(3);
    assert!(!stale(&harness));
    harness.state_mut().state.settings.threshold = 0.4;
    harness.run_steps(3);
    assert!(stale(&harness), "accuracy and F1 hang on the threshold");
}

#[test]
fn a_network_that_wins_nothing_is_told_so_and_cancel_keeps_the_last_result() {
    let mut harness = opened([1024.0, 700.0], TrainTab::Board);
    harness.state_mut().state.settings.mlp.epochs = 2;
    let board = &mut harness.state_mut().state.board;
    board.folds = 3;
    board.without = ModelKind::ALL
        .into_iter()
        .filter(|kind| !matches!(kind, ModelKind::Mlp | ModelKind::Logistic | ModelKind::Boosted))
        .collect();
    harness.run_steps(3);
    harness.get_by_label("Compare under the same folds").click();
    until(&mut harness, "comparing", |app| app.state.board.compared().is_some());
    let found = harness.state().state.board.compared().unwrap().clone();
    let network = found.network().expect("a network and a baseline");
    // Two epochs are too few to beat logistic regression.
    assert_ne!(network.verdict, Some(regulars_engine::evaluate::Verdict::NetworkWins));
    assert!(harness.query_by_label_contains("The simple one wins").is_some());
    rests(&mut harness, "board-verdict");

    harness.state_mut().state.settings.mlp.epochs = 500;
    harness.run_steps(3);
    harness.state_mut().state.compare_kinds();
    harness.step();
    assert!(harness.state().state.running().is_some_and(|(phase, ..)| phase == "compare"));
    let asked = std::time::Instant::now();
    harness.state_mut().state.cancel();
    until(&mut harness, "cancelling", |app| !app.state.board.comparing());
    println!("cancelled after {:.0} ms", 1000.0 * asked.elapsed().as_secs_f64());
    let kept = harness.state().state.board.compared().unwrap();
    assert!(std::sync::Arc::ptr_eq(kept, &found) && harness.state().state.comparison_is_stale());
    assert!(harness.state().state.notices.is_empty(), "what a person stopped is no error");
}

#[test]
fn a_search_runs_in_the_window_and_its_settings_are_one_step_of_undo() {
    let mut harness = opened([1280.0, 1500.0], TrainTab::Board);
    let app = harness.state_mut();
    (app.state.settings.mlp.epochs, app.state.settings.mlp.learning_rate) = (6, 1e-5);
    (app.state.board.spec.trials, app.state.board.spec.seconds) = (8, 0.0);
    harness.run_steps(3);
    let before = harness.state().state.settings.clone();
    let spec = harness.state().state.board.spec.clone();
    harness.get_by_label("Search settings").click();
    until(&mut harness, "searching", |app| app.state.board.searched().is_some());
    let found = harness.state().state.board.searched().unwrap().clone();
    let engine = project::search(&before, &open(&sample()), &spec, &Reporter::silent()).unwrap();
    assert_eq!(timeless(&found.trials), timeless(&engine.trials), "the window's trials are the engine's");
    assert_eq!((found.best, &found.test), (engine.best, &engine.test));
    assert!(found.best > 0, "a rate of 0.00001 is easily beaten: {:?}", found.trials);
    rests(&mut harness, "board-searched");
    assert!(harness.query_by_label_contains("that figure flatters it").is_some());

    harness.get_by_label("Use these settings").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state.settings.mlp, found.settings.mlp);
    assert!(harness.state().state.uses_searched() && !harness.state().state.search_is_stale());
    assert!(harness.query_by_label("Use these settings").is_none());
    harness.state_mut().state.undo();
    harness.run_steps(3);
    assert_eq!(harness.state().state.settings, before, "one step");
    // Another network makes the result another question's.
    harness.state_mut().state.settings.seed = 7;
    harness.run_steps(3);
    until(&mut harness, "preparing", |app| !app.state.preparing());
    assert!(harness.state().state.search_is_stale());

    // Paused it rests; stopped it keeps the best of what it has.
    harness.state_mut().state.board.spec = SearchSpec { trials: 300, ..SearchSpec::of(SearchKind::Boosted) };
    harness.state_mut().state.search_settings();
    until(&mut harness, "a trial", |app| app.state.board.trials.len() > 1);
    harness.state_mut().state.board.pause();
    harness.run_steps(2);
    assert!(harness.state().state.board.paused());
    harness.get_by_label("Stop and keep the best").click();
    until(&mut harness, "stopping", |app| app.state.board.searched().is_some());
    let found = harness.state().state.board.searched().unwrap();
    assert!(found.trials.len() > 1 && found.trials.len() < 300 && found.winner().is_some());
    harness.state_mut().state.use_searched();
    harness.run_steps(3);
    let state = &harness.state().state;
    assert_eq!(state.boosted_is_changed(), state.board.searched().unwrap().best > 0);
    rests(&mut harness, "board-boosted");
}

#[test]
fn the_rate_finder_stands_beside_the_rate() {
    let mut harness = opened([1280.0, 1300.0], TrainTab::Network);
    harness.get_by_label("Find a learning rate").click();
    until(&mut harness, "rates", |app| app.state.board.rates().is_some());
    let curve = harness.state().state.board.rates().unwrap().clone();
    let prepared = crate::support::prepare(&open(&sample()), &flex());
    assert_eq!(*curve, project::find_rate(&flex(), &prepared, &Reporter::silent()).unwrap());
    rests(&mut harness, "board-rates");
    let rate: f64 = format!("{:.1e}", curve.suggested.expect("it falls")).parse().unwrap();
    harness.get_by_label(&format!("Use {rate}")).click();
    harness.run_steps(3);
    assert_eq!(harness.state().state.settings.mlp.learning_rate, rate);
    assert!(!harness.state().state.rates_are_stale(), "the rate itself changes nothing in the curve");
    harness.state_mut().state.settings.mlp.batch_size = 64;
    harness.run_steps(3);
    assert!(harness.state().state.rates_are_stale());
}

#[test]
fn the_terminal_searches_and_says_what_the_engine_found() {
    let file = sample();
    let args = ["search", file.to_str().unwrap(), "--device", "flex", "--model", "boosted", "--trials", "5"];
    let told = json(&[&args[..], &["--pin", "l2,least_leaf"]].concat());
    let mut spec = SearchSpec { trials: 5, ..SearchSpec::of(SearchKind::Boosted) };
    assert!(spec.pin("l2") && spec.pin("least_leaf"));
    let engine = project::search(&flex(), &open(&file), &spec, &Reporter::silent()).unwrap();
    let trials = told["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 5);
    for (told, trial) in trials.iter().zip(&engine.trials) {
        assert_eq!(told["trial"], trial.number);
        assert_eq!(told["valid_auc"], serde_json::json!(trial.valid_auc));
        assert_eq!(told["settings"], serde_json::to_value(&trial.specs.boosted).unwrap());
        assert_eq!(told["ended"], serde_json::to_value(&trial.ended).unwrap());
        assert_eq!((&told["settings"]["l2"], &told["settings"]["least_leaf"]), (&1.0.into(), &2.0.into()));
    }
    assert_eq!(told["best"], engine.winner().unwrap().number);
    assert_eq!(told["settings"], serde_json::to_value(&engine.settings.boosted).unwrap());
    let test = serde_json::to_value(engine.test.metrics(0.5)).unwrap();
    assert_eq!(told["test"]["metrics"], test);
    for key in
        ["model", "sampler", "seed", "device", "halving", "best_so_far", "positive", "target", "seconds"]
    {
        assert!(!told[key].is_null(), "{key}");
    }
    assert_eq!(told["chosen_by"]["rows"], engine.valid_rows);

    let (code, out, _) = regulars(&[&args[..7], &["2"]].concat());
    assert!(code == 0 && out.contains("Believe the test figure"), "{out}");
    let (code, out, _) = regulars(&[&args[..], &["--pin", "layers", "--json"]].concat());
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("wrong_arguments") && out.contains("feature_share"), "{out}");
}
