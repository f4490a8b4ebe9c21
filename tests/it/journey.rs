//! The whole journey by hand: open a file, look at every page, train, read, take away; and the
//! command line gives the same numbers to the last digit.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::notice::Tone;
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::project::Contacts;
use regulars_engine::table::Role;
use regulars_engine::train::{DeviceKind, ModelKind};

use crate::pages::{until, window};
use crate::support::{json, sample, telco};

fn english() -> Harness<'static, App> {
    let mut harness = window([1600.0, 1000.0], Prefs { lang: Lang::En, ..Prefs::default() });
    harness.run_steps(3);
    harness
}

/// Clicks what bears this name; the first of several.
fn click(harness: &mut Harness<'_, App>, label: &str) {
    let node = harness.get_all_by_label(label).next().unwrap_or_else(|| panic!("nothing is called {label}"));
    node.click();
    harness.run_steps(3);
}

/// Opens a file by hand: its path into the path box, then the button beside it.
fn open(harness: &mut Harness<'_, App>, path: &std::path::Path) {
    let text = path.to_str().unwrap().to_owned();
    let field = harness.get_by_role(eframe::egui::Role::TextInput);
    field.focus();
    harness.run_steps(2);
    let field = harness.get_by_role(eframe::egui::Role::TextInput);
    field.type_text(&text);
    harness.run_steps(2);
    click(harness, "Open");
    until(harness, "reading", |app| app.state.prepared.is_some());
}

#[test]
fn window_and_command_line_give_the_same_numbers() {
    let path = telco().unwrap_or_else(sample);
    let mut harness = english();
    open(&mut harness, &path);
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    click(&mut harness, "Clean");
    assert_eq!(harness.state().prefs.page, Page::Clean);
    click(&mut harness, "Features");
    click(&mut harness, "Train");
    click(&mut harness, "Train network");
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.segments.is_some());
    click(&mut harness, "Evaluate");
    click(&mut harness, "Customers");
    assert_eq!(harness.state().prefs.page, Page::Customers);

    let file = path.to_str().unwrap();
    for outcome in harness.state().state.outcomes.clone() {
        let told = json(&["train", file, "--model", outcome.kind.name(), "--device", "flex"]);
        for (name, e) in outcome.test.metrics(harness.state().state.settings.threshold) {
            let other = &told["metrics"]["test"][name];
            assert_eq!(other["value"].as_f64(), Some(e.value), "{:?} {name}", outcome.kind);
            assert_eq!(other["low"].as_f64(), Some(e.low), "{:?} {name}", outcome.kind);
            assert_eq!(other["high"].as_f64(), Some(e.high), "{:?} {name}", outcome.kind);
        }
        assert_eq!(told["epochs_run"].as_u64(), Some(outcome.trained.epochs_run as u64));
        assert_eq!(
            told["features"].as_array().unwrap().len(),
            harness.state().state.prepared.as_ref().unwrap().matrix.width()
        );
    }
    let groups = json(&["segment", file]);
    let found = harness.state().state.segments.clone().unwrap();
    assert_eq!(groups["silhouette"].as_f64(), Some(found.silhouette));
    assert_eq!(groups["k"].as_u64(), Some(found.k as u64));

    // What is exported is what is shown.
    let list = harness.state().state.customers.clone().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("list.csv");
    let places: Vec<usize> = (0..list.len()).collect();
    let spec = &mut harness.state_mut().state.settings.call_list;
    (spec.only_at_risk, spec.contacts) = (false, Contacts::LeftOut);
    harness.state_mut().state.export_call_list(Lang::En, places, out.clone());
    until(&mut harness, "exporting", |app| app.state.notices.iter().any(|n| n.tone == Tone::Good));
    let mut reader = csv::Reader::from_path(&out).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), list.len());
    for (record, customer) in records.iter().zip(list.iter()) {
        assert_eq!(record.get(1), Some(customer.id.as_str()));
        assert_eq!(record.get(2), Some(regulars::words::percent(customer.probability).as_str()));
    }
    assert!(list.windows(2).all(|w| w[0].probability >= w[1].probability));
}

#[test]
fn undo_stale_and_saved_projects() {
    let mut harness = english();
    open(&mut harness, &sample());
    let roles =
        |app: &App| app.state.table.as_ref().unwrap().columns.iter().map(|c| c.role).collect::<Vec<_>>();
    let before = roles(harness.state());
    harness.state_mut().state.settings.read.roles.push(("city".into(), Role::Ignore));
    harness.run_steps(2);
    until(&mut harness, "preparing", |app| !app.state.preparing());
    assert_ne!(roles(harness.state()), before);
    click(&mut harness, "Undo");
    until(&mut harness, "preparing", |app| !app.state.preparing());
    assert_eq!(roles(harness.state()), before);
    click(&mut harness, "Redo");
    until(&mut harness, "preparing", |app| !app.state.preparing());
    assert_ne!(roles(harness.state()), before);

    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 3;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.outcomes.len() == 6);
    assert!(!harness.state().state.stale());
    harness.state_mut().state.settings.mlp.learning_rate = 0.01;
    harness.run_steps(2);
    assert!(harness.state().state.stale(), "figures of other settings are marked as out of date");
    click(&mut harness, "Undo");
    assert!(!harness.state().state.stale());

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.regulars");
    harness.state_mut().state.save(file.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    let probabilities = harness.state().state.outcomes[0].probabilities.clone();
    let mut again = english();
    again.state_mut().state.open(&file);
    until(&mut again, "opening", |app| !app.state.outcomes.is_empty());
    assert_eq!(again.state().state.outcomes[0].probabilities, probabilities);
    assert!(!again.state().state.stale());
    assert_eq!(roles(again.state()), roles(harness.state()));
}

#[test]
fn stopping_keeps_the_best_epoch_and_cancelling_keeps_nothing() {
    let mut harness = english();
    open(&mut harness, &sample());
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 100_000;
    harness.state_mut().state.settings.mlp.patience = 0;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "learning", |app| app.state.live.len() >= 3);
    harness.state_mut().prefs.page = Page::Train;
    harness.run_steps(2);
    click(&mut harness, "Stop and keep best");
    until(&mut harness, "stopping", |app| app.state.train.is_none());
    let outcome = harness.state().state.outcomes.iter().find(|o| o.kind == ModelKind::Mlp).cloned().unwrap();
    let best = outcome.trained.history.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss)).unwrap();
    assert_eq!(outcome.trained.best_epoch, best.epoch);
    assert!(outcome.trained.epochs_run < 100_000);

    harness.state_mut().state.train();
    until(&mut harness, "learning", |app| app.state.live.len() >= 2);
    harness.state_mut().state.cancel();
    until(&mut harness, "cancelling", |app| app.state.train.is_none());
    let kept = harness.state().state.outcomes.iter().find(|o| o.kind == ModelKind::Mlp).cloned().unwrap();
    assert!(std::sync::Arc::ptr_eq(&kept, &outcome), "a cancelled job leaves the project as it was");
    assert_eq!(harness.state().state.live, outcome.trained.history, "and its curves");
}

#[test]
fn a_wrong_file_is_told_kindly_and_can_be_mended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.csv");
    std::fs::write(&path, b"\x89PNG\r\n\x1a\n and so on").unwrap();
    let mut harness = english();
    harness.state_mut().state.open(&path);
    until(&mut harness, "failing", |app| !app.state.notices.is_empty());
    assert!(harness.query_all_by_label_contains("not a text table").next().is_some());
    assert!(harness.query_all_by_label_contains("Save it as CSV").next().is_some());
    click(&mut harness, "Close");
    assert!(harness.state().state.notices.is_empty());
    open(&mut harness, &sample());
}
