//! Evaluate → Figures in the window, `regulars evaluate` and the kinds of folds on the command line.

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{EvaluateTab, Page};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::train::{DeviceKind, ModelKind};

use crate::pages::{until, window};
use crate::shots::rests;
use crate::support::{json, regulars, sample};

/// A file trained on, its figures open.
pub fn trained(file: &std::path::Path, size: [f32; 2]) -> Harness<'static, App> {
    let mut harness = window(size, Prefs { lang: Lang::En, page: Page::Evaluate, ..Prefs::default() });
    harness.state_mut().state.open(file);
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    let settings = &mut harness.state_mut().state.settings;
    (settings.device, settings.mlp.epochs) = (DeviceKind::Flex, 4);
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.segments.is_some());
    until(&mut harness, "reasons", |app| app.state.reasons.is_some() && !app.state.bundling());
    harness.state_mut().prefs.page = Page::Evaluate;
    harness.state_mut().page.evaluate_tab = EvaluateTab::Figures;
    harness.state_mut().state.show_model(ModelKind::Logistic);
    harness.run_steps(2);
    until(&mut harness, "judging", judged);
    harness.run_steps(3);
    harness
}

/// True once the shown model is judged.
pub fn judged(app: &App) -> bool {
    let shown = app.state.shown().cloned();
    app.state.figures.job().is_none()
        && shown.is_some_and(|shown| app.state.figures.judged(&shown).flatten().is_some())
}

#[test]
fn every_figure_stands_with_its_interval_and_the_curve_answers() {
    let mut harness = trained(&sample(), [1280.0, 800.0]);
    rests(&mut harness, "figures-judged");
    let shown = harness.state().state.shown().cloned().unwrap();
    let found = harness.state().state.figures.judged(&shown).flatten().unwrap().clone();
    assert_eq!((found.table.figures.len(), found.pairs.len()), (12, 5));
    // What the page shows is what the engine says of the same rows.
    for (name, estimate) in shown.test.metrics(0.5) {
        let own = found.table.figures.iter().find(|row| row.measured.figure.name() == name).unwrap();
        assert!((own.measured.estimate.value - estimate.value).abs() < 1e-12, "{name}");
    }
    for text in ["Every figure", "Is it really better than the others?", "Would more customers help?"] {
        assert!(harness.query_by_label(text).is_some(), "{text}");
    }
    let auc = shown.test.fixed("roc_auc").unwrap();
    let drawn = format!("ROC AUC: {:.3}, 95% interval {:.3} to {:.3}", auc.value, auc.low, auc.high);
    assert!(harness.query_by_label_contains(&drawn).is_some(), "{drawn}");

    // Another threshold: other figures, found anew.
    harness.state_mut().state.settings.threshold = 0.3;
    harness.run_steps(2);
    until(&mut harness, "judging", judged);
    let again = harness.state().state.figures.judged(&shown).flatten().unwrap().clone();
    assert_eq!(again.table.threshold, 0.3);
    harness.state_mut().state.settings.threshold = 0.5;
    harness.run_steps(2);
    until(&mut harness, "judging", judged);

    harness.get_by_label("Is it really better than the others?").scroll_to_me();
    harness.run_steps(20);
    rests(&mut harness, "figures-others");
    harness.get_by_label("Draw the learning curve").click_accesskit();
    harness.step();
    assert!(harness.state().state.figures.curve_progress().is_some());
    until(&mut harness, "learning", |app| app.state.figures.curve_progress().is_none());
    let curve = harness.state().state.figures.curve(&shown).expect("a curve").clone();
    assert!(curve.points.len() >= 4, "{curve:?}");
    let last = curve.points.last().unwrap().area.value;
    assert!((last - auc.value).abs() < 1e-9, "all rows: the model of the page, {last} and {}", auc.value);
    harness.run_steps(3);
    scroll(&mut harness);
    rests(&mut harness, "figures-curve");

    // Another model has no curve yet, and its own figures.
    harness.state_mut().state.show_model(ModelKind::Majority);
    harness.run_steps(2);
    until(&mut harness, "judging", judged);
    harness.run_steps(3);
    assert!(harness.query_by_label("Draw the learning curve").is_some());
    harness.set_size([1024.0, 700.0].into());
    harness.run_steps(3);
    rests(&mut harness, "figures-small");
}

/// Down to the end of the page.
pub fn scroll(harness: &mut Harness<'_, App>) {
    harness.hover_at(egui::pos2(600.0, 500.0));
    for _ in 0..12 {
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -400.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: egui::Modifiers::NONE,
        });
        harness.run_steps(3);
    }
    harness.run_steps(20);
}

#[test]
fn sixty_customers_are_answered_with_care() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.csv");
    let text = std::fs::read_to_string(sample()).unwrap();
    let lines: Vec<&str> = text.lines().take(61).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let mut harness = trained(&path, [1280.0, 800.0]);
    let shown = harness.state().state.shown().cloned().unwrap();
    let found = harness.state().state.figures.judged(&shown).flatten().unwrap().clone();
    println!("{:?}", found.trust);
    assert!(found.trust.more > 0 && found.table.rows <= 14);
    let told = ["Few customers", "Nothing is judged here"];
    assert!(told.iter().any(|text| harness.query_by_label_contains(text).is_some()));
    // What so few cannot tell is not in the table either.
    let is_told = harness.query_by_label_contains("ROC AUC: ").is_some();
    assert_eq!(is_told, found.trust.roc_auc.is_some());
    assert!(harness.query_by_label_contains("Accuracy: ").is_some());
    rests(&mut harness, "figures-sixty");
    harness.get_by_label("To cross-validation").click_accesskit();
    harness.run_steps(3);
    assert_eq!(harness.state().prefs.page, Page::Train);
}

#[test]
fn a_bundle_is_measured_in_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let file = sample();
    let file = file.to_str().unwrap();
    let bundle = at("model.bundle");
    let train = ["train", file, "--model", "logistic", "--device", "flex", "--bundle", &bundle];
    let trained = json(&train);
    let own = json(&["evaluate", &bundle, file]);
    assert_eq!((own["seen"].as_bool(), own["model"].as_str()), (Some(true), Some("logistic")));
    assert_eq!(own["features"], trained["features"]);
    assert_eq!(own["at_training"]["roc_auc"]["value"], trained["metrics"]["test"]["roc_auc"]["value"]);
    let auc = &own["metrics"]["test"]["roc_auc"];
    assert!(auc["low"].as_f64() < auc["value"].as_f64() && auc["value"].as_f64() < auc["high"].as_f64());
    for name in ["matthews", "ece", "ece_mass", "pr_auc", "log_loss", "brier", "balanced_accuracy", "f1"] {
        assert!(own["metrics"]["test"][name]["value"].is_number(), "{name}");
    }
    assert_eq!(own["metrics"]["test"]["roc_auc"]["majority"], 0.5);

    // The same customers without an outcome: refused by its name.
    let text = std::fs::read_to_string(sample()).unwrap();
    let target = trained["target"].as_str().unwrap();
    let head: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let place = head.iter().position(|name| *name == target).unwrap();
    let without: Vec<String> = csv::Reader::from_reader(text.as_bytes())
        .records()
        .map(|record| {
            let record = record.unwrap();
            let cells = record.iter().enumerate().filter(|(column, _)| *column != place);
            cells.map(|(_, cell)| format!("\"{}\"", cell.replace('"', "\"\""))).collect::<Vec<_>>().join(",")
        })
        .collect();
    let names: Vec<&str> = head.iter().copied().filter(|name| *name != target).collect();
    std::fs::write(at("new.csv"), format!("{}\n{}\n", names.join(","), without.join("\n"))).unwrap();
    let (code, out, _) = regulars(&["evaluate", &bundle, &at("new.csv"), "--json"]);
    let error: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, error["error"]["kind"].as_str()), (1, Some("missing_column")), "{error}");
    assert_eq!(error["error"]["column"].as_str(), Some(target));
    let (code, out, err) = regulars(&["evaluate", &bundle, file]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("the very file that the model learnt from") && out.contains("Matthews"), "{out}");
}

#[test]
fn folds_are_made_by_group_and_forward_in_time_in_the_terminal() {
    let file = sample();
    let file = file.to_str().unwrap();
    let args = ["compare", file, "--device", "flex", "--folds", "3", "--models", "logistic,majority"];
    let group = json(&[&args[..], &["--group", "city"]].concat());
    assert_eq!((group["cross_validation"].as_str(), group["folds"].as_u64()), (Some("grouped"), Some(3)));
    let forward = json(&[&args[..], &["--forward"]].concat());
    assert_eq!(forward["cross_validation"].as_str(), Some("forward"));
    assert!(forward["rows"].as_u64() < group["rows"].as_u64(), "the oldest are only learnt from");
    let against = group["models"].as_array().unwrap().iter().find_map(|model| model["against"].as_object());
    assert!(against.unwrap()["test"]["p"].as_f64().unwrap() < 0.05);
}

#[test]
fn a_model_of_a_question_goes_back_to_the_last_day_that_can_be_answered() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let shop = at("shop");
    let made = regulars(&["sample", "--out", &shop, "--customers", "400", "--seed", "7"]);
    assert_eq!(made.0, 0, "{made:?}");
    let files = ["customers", "orders"].map(|name| format!("{shop}/{name}.csv"));
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let bundle = at("asked.bundle");
    let ask = ["--horizon", "60", "--model", "logistic", "--device", "flex", "--bundle", &bundle];
    json(&[&["train"], &files[..], &ask].concat());
    let own = json(&[&["evaluate", &bundle], &files[..]].concat());
    let day = own["day"].as_str().unwrap();
    assert_eq!(own["learnt_later"], true, "the model learnt from that very day");
    assert!(own["labelled_rows"].as_u64().unwrap() > 50, "{own}");
    // The figures are those of looking back to that day.
    let back = json(&[&["look-back"], &files[..], &["--bundle", &bundle, "--day", day]].concat());
    for name in ["roc_auc", "precision", "recall", "accuracy"] {
        let of = |told: &serde_json::Value| told[name]["value"].as_f64().unwrap();
        assert!((of(&own["metrics"]["test"]) - of(&back["metrics"])).abs() < 1e-12, "{name}");
    }
    let earlier = json(&[&["evaluate", &bundle], &files[..], &["--as-of", "2026-03-01"]].concat());
    assert_eq!(earlier["day"], "2026-03-01");
}
