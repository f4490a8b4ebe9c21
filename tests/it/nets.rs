//! Networks that read words and purchases in order: from files to scores on the command line, and in the
//! window.

use std::path::Path;

use egui_kittest::kittest::Queryable as _;
use regulars::window::Prefs;
use regulars::window::pages::Page;
use regulars::words::Lang;
use regulars_engine::train::{Model, ModelKind};

use crate::pages::{until, window};
use crate::support::{json, regulars};

/// Comments of the same words in both classes; their order is not the same.
fn comments(folder: &Path) -> std::path::PathBuf {
    let mut text = String::from("customer_id,age,comment,churned\n");
    for at in 0..300 {
        let leaves = at % 3 == 0;
        let said = match leaves {
            true => "the tea was good but then 送货 bad",
            false => "送货 bad but then the tea was good",
        };
        let churned = if leaves { "yes" } else { "no" };
        text += &format!("C{at:04},{},\"{said}, order {at}\",{churned}\n", 20 + at * 7 % 50);
    }
    let path = folder.join("comments.csv");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn from_orders_to_scores_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    let out = shop.to_str().unwrap();
    json(&["sample", "--in-order", "--customers", "400", "--out", out]);
    let path = |name: &str| shop.join(name).to_str().unwrap().to_owned();
    let (people, orders, events) = (path("customers.csv"), path("orders.csv"), path("events.csv"));
    let bundle = folder.path().join("hybrid.bundle");
    let bundle = bundle.to_str().unwrap();
    let files = [people.as_str(), &orders, &events];
    let asked = ["--target", "churned", "--horizon", "60", "--device", "flex", "--epochs", "3"];
    let hybrid = json(&[&["train"], &files[..], &["--model", "hybrid", "--bundle", bundle], &asked].concat());
    assert_eq!((&hybrid["model"], &hybrid["epochs_run"]), (&"hybrid".into(), &3.into()));
    assert_eq!(hybrid["history"].as_array().unwrap().len(), 3);

    let scores = folder.path().join("scores.csv");
    let scored = json(&["score", bundle, &people, &orders, &events, "--out", scores.to_str().unwrap()]);
    assert!(scored["rows"].as_u64().unwrap() > 100);
    let report = folder.path().join("hybrid.html");
    let (code, _, err) = regulars(&["report", bundle, "--out", report.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    let html = std::fs::read_to_string(&report).unwrap();
    assert!(html.contains("Hybrid (CNN, then RNN)") && html.contains("width 3 × 32 filters"), "card");

    // A table without words and without a question: told, with the mend.
    let sample = crate::support::sample();
    let (code, out, err) =
        regulars(&["train", sample.to_str().unwrap(), "--model", "rnn", "--device", "flex", "--json"]);
    assert_eq!(code, 1);
    let error: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!(error["error"]["kind"], "net_no_sequence");
    assert!(error["error"]["hint"].as_str().unwrap().contains("--horizon"), "{error}");
}

#[test]
fn a_network_is_chosen_trained_and_kept_in_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = window([1280.0, 800.0], Prefs { lang: Lang::En, ..Prefs::default() });
    harness.state_mut().state.open(&comments(folder.path()));
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    assert!(!harness.state().state.prepared.as_ref().unwrap().matrix.sequences.is_empty());
    harness.state_mut().prefs.page = Page::Train;
    let settings = &mut harness.state_mut().state.settings;
    settings.device = regulars_engine::train::DeviceKind::Flex;
    settings.net.kind = ModelKind::Cnn;
    settings.net.fit.epochs = 12;
    settings.net.fit.learning_rate = 0.01;
    harness.run_steps(3);
    harness.get_by_label_contains("Reads in order: comment");
    harness.get_by_label("Widths of the filters 2");
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty());
    harness.state_mut().page.diagram = true;
    harness.run_steps(3);
    // In the picture of the network and in the list of runs.
    assert!(harness.query_all_by_label_contains("CNN, widths 2, 3, 4 × 32 filters").count() > 0);
    let state = &harness.state().state;
    assert!(!state.stale());
    let shown = state.shown().unwrap();
    assert_eq!(shown.kind, ModelKind::Cnn);
    assert!(matches!(shown.trained.model, Model::Net(_)));
    assert!(state.outcomes.iter().any(|outcome| outcome.kind == ModelKind::Logistic));
    let area = |kind| {
        let outcome = state.outcomes.iter().find(|outcome| outcome.kind == kind).unwrap();
        outcome.test.fixed("roc_auc").unwrap().value
    };
    assert!(area(ModelKind::Cnn) > area(ModelKind::Logistic) + 0.2);
    // Other settings of the network make it stale, those of the MLP do not.
    harness.state_mut().state.settings.mlp.hidden.push(3);
    harness.run_steps(3);
    assert!(!harness.state().state.stale());
    harness.state_mut().state.settings.net.cnn.filters = 8;
    harness.run_steps(3);
    assert!(harness.state().state.stale());
    harness.state_mut().state.settings.net.cnn.filters = 32;
    harness.state_mut().state.settings.mlp = Default::default();
    harness.run_steps(3);
    assert!(!harness.state().state.stale());

    // Every page draws it; reasons and the bundle come from it.
    until(&mut harness, "reasons", |app| app.state.reasons.is_some() && !app.state.bundling());
    for page in Page::ALL {
        harness.state_mut().prefs.page = page;
        harness.run_steps(3);
    }
    assert!(harness.state().state.bundle.as_ref().unwrap().needed().contains(&"comment"));

    // A network that has nothing to read says so before and after.
    harness.state_mut().prefs.page = Page::Train;
    harness.state_mut().state.settings.features.exclude.push("comment".into());
    harness.run_steps(3);
    until(&mut harness, "without", |app| {
        !app.state.preparing() && app.state.prepared.as_ref().unwrap().matrix.sequences.is_empty()
    });
    harness.run_steps(3);
    harness.get_by_label_contains("these data have none");
}

/// Pictures of the settings and the diagram in both languages and themes, into `REGULARS_SHOTS`.
#[test]
fn settings_of_every_network_are_drawn() {
    let shots = std::env::var_os("REGULARS_SHOTS").map(std::path::PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let file = comments(folder.path());
    for (dark, lang) in [(false, Lang::En), (true, Lang::Zh), (true, Lang::En), (false, Lang::Zh)] {
        let mut harness = window([1280.0, 800.0], Prefs::default());
        harness.state_mut().state.open(&file);
        until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
        harness.state_mut().prefs.lang = lang;
        harness.ctx.set_theme(if dark { eframe::egui::Theme::Dark } else { eframe::egui::Theme::Light });
        harness.state_mut().prefs.page = Page::Train;
        harness.state_mut().page.diagram = true;
        for kind in ModelKind::SEQUENCE {
            harness.state_mut().state.settings.net.kind = kind;
            harness.run_steps(3);
            let Some(folder) = shots.as_ref().filter(|_| crate::support::adapter()) else { continue };
            let theme = if dark { "dark" } else { "light" };
            let name = format!("nets-{}-{}-{theme}.png", kind.name(), lang.code());
            harness.render().unwrap().save(folder.join(name)).unwrap();
        }
    }
}
