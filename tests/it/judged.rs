//! Evaluate: one floor below which nothing is judged, wherever one looks; gaps between groups in words; figures
//! once; and two columns of any file.

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::App;
use regulars::window::pages::EvaluateTab;
use regulars::words::Lang;

use crate::figures::trained;
use crate::pages::until;
use crate::shots::rests;
use crate::support::{json, regulars, sample};

/// The first customers of the sample, so few that about eight are tested on.
fn few(folder: &std::path::Path) -> std::path::PathBuf {
    let text = std::fs::read_to_string(sample()).unwrap();
    let lines: Vec<&str> = text.lines().take(46).collect();
    let path = folder.join("few.csv");
    std::fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn says(harness: &Harness<'_, App>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

fn show(harness: &mut Harness<'_, App>, tab: EvaluateTab) {
    harness.state_mut().page.evaluate_tab = tab;
    harness.run_steps(4);
}

#[test]
fn below_the_floor_no_verdict_stands_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = few(folder.path());
    let mut harness = trained(&file, [1280.0, 800.0]);
    let shown = harness.state().state.shown().cloned().unwrap();
    assert!(!shown.test.is_judged(), "{} of {}", shown.test.positives(), shown.test.rows());
    assert!(shown.test.fixed("roc_auc").is_some(), "there is an area, which must not be told");
    // The rail, the figures, the panel beside the curves, the list of models.
    assert!(says(&harness, &Lang::En.t("status.not_judged")));
    assert!(says(&harness, "Not judged: too few test customers"));
    assert!(!says(&harness, "beyond chance") && !says(&harness, "ROC AUC"));
    assert!(says(&harness, "So few customers allow no verdict"));
    assert!(says(&harness, "more customers whose outcome is known would bring five of them"));
    rests(&mut harness, "figures-floor");
    for tab in [EvaluateTab::Curves, EvaluateTab::Why] {
        show(&mut harness, tab);
        assert!(says(&harness, "Not judged: too few test customers"), "{tab:?}");
        assert!(!says(&harness, "ROC AUC") && !says(&harness, "Average precision"), "{tab:?}");
    }
    show(&mut harness, EvaluateTab::Curves);
    assert!(says(&harness, "ROC curve: not judged") && says(&harness, "is not judged: too few customers"));
    rests(&mut harness, "figures-floor-curves");

    // The terminal and what is handed on.
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (bundle, report) = (at("few.bundle"), at("few.html"));
    let file = file.to_str().unwrap();
    let train = ["train", file, "--model", "logistic", "--device", "flex", "--bundle", &bundle];
    let (code, out, err) = regulars(&train);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Not judged") && !out.contains("ROC AUC") && out.contains("Accuracy"), "{out}");
    assert_eq!(json(&train)["judged"], false);
    let (code, out, err) = regulars(&["report", &bundle, "--out", &report]);
    assert_eq!(code, 0, "{out}{err}");
    let page = std::fs::read_to_string(&report).unwrap();
    let seen = page.split("<template").next().unwrap();
    assert!(seen.contains("Not judged") && !seen.contains("ROC AUC"), "the report gives an area");
    let (code, out, err) = regulars(&["evaluate", &bundle, file]);
    assert_eq!(code, 0, "{err}");
    // The whole file has enough customers of either class.
    assert!(out.contains("ROC AUC"), "{out}");
}

#[test]
fn gaps_are_said_first_and_small_groups_are_named() {
    let mut harness = trained(&sample(), [1280.0, 1500.0]);
    show(&mut harness, EvaluateTab::Slices);
    let done = |app: &App| app.state.shown().is_some_and(|of| app.state.slices.found(of).is_some());
    until(&mut harness, "slices", done);
    harness.run_steps(4);
    let state = &harness.state().state;
    let slices = state.slices.found(state.shown().unwrap()).unwrap().clone();
    // The widest gap of a column stands in words, both shares with it.
    let column = slices.fairness.iter().position(|fair| !fair.gaps.is_empty()).expect("groups differ");
    harness.state_mut().page.slices.look_at(column);
    harness.run_steps(4);
    let fair = &slices.fairness[column];
    let gap = fair.gaps[0];
    let shares = gap.shares.map(regulars::words::percent);
    assert!(says(&harness, &format!("a gap of {:.1} points", 100.0 * gap.value.value)));
    assert!(says(&harness, &shares[0]) && says(&harness, &shares[1]));
    assert!(says(&harness, &format!("widest of {} comparisons", fair.asked)));
    rests(&mut harness, "figures-slices");
    // A column with a group of fewer than 30: named with its customers.
    let small = slices.fairness.iter().position(|fair| fair.groups.iter().any(|group| !group.is_told()));
    let column = small.expect("the sample has a small group");
    harness.state_mut().page.slices.look_at(column);
    harness.run_steps(4);
    assert!(says(&harness, "to say: ") && says(&harness, "too few to say"));
    rests(&mut harness, "figures-slices-small");
}

#[test]
fn figures_stand_once_and_the_legend_switches_series() {
    let mut harness = trained(&sample(), [1280.0, 1500.0]);
    show(&mut harness, EvaluateTab::Curves);
    let count = |harness: &Harness<'_, App>, text: &str| harness.query_all_by_label(text).count();
    assert_eq!(count(&harness, "Balanced accuracy"), 1, "a card, and no second one in the panel");
    assert!(!says(&harness, "All figures") && !says(&harness, "Are 30%"));
    // The title of the calibration curve answers.
    let found = harness.state().state.shown().unwrap().test.calibrated(10);
    assert!(says(&harness, &regulars::report::judged::calibrated(Lang::En, &found)));
    rests(&mut harness, "figures-curves");
    let switch = harness.query_all_by_label("perfect").next().expect("a switch of the legend");
    switch.click();
    harness.run_steps(3);
    rests(&mut harness, "figures-curves-off");
    harness.set_size(egui::vec2(1024.0, 1300.0));
    rests(&mut harness, "figures-curves-small");
    // Where the page has no figures of its own, the panel has them.
    show(&mut harness, EvaluateTab::Slices);
    assert!(says(&harness, "All figures") && count(&harness, "Balanced accuracy") == 1);
}

#[test]
fn two_columns_of_any_file_are_measured_in_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("said.csv");
    let rows: String = (0..40)
        .map(|at| format!("{at}.5,{}.5,{},k{},{}\n", at + at % 3, at % 3, at % 3, 1 + at % 2))
        .collect();
    std::fs::write(&path, format!("spent,guess,kind,called,weight\n{rows}")).unwrap();
    let file = path.to_str().unwrap();
    let numbers = json(&["evaluate", "--actual", "spent", "--predicted", "guess", file]);
    assert_eq!((numbers["compared"].as_str(), numbers["rows"].as_u64()), (Some("numbers"), Some(40)));
    // 0, 1 and 2 off in turn: 13·(1 + 2) / 40.
    let mae = &numbers["metrics"]["test"]["mae"];
    assert!((mae["value"].as_f64().unwrap() - 39.0 / 40.0).abs() < 1e-9, "{mae}");
    assert!(
        mae["low"].as_f64() < mae["value"].as_f64() && numbers["metrics"]["test"]["r2"]["value"].is_number()
    );
    let weighted =
        json(&["evaluate", "--actual", "spent", "--predicted", "guess", "--weight", "weight", file]);
    assert_ne!(weighted["metrics"]["test"]["mae"]["value"], mae["value"]);
    let classes = json(&["evaluate", "--actual", "called", "--predicted", "called", file]);
    assert_eq!(classes["metrics"]["test"]["macro_f1"]["value"], 1.0);
    assert_eq!(classes["classes"], serde_json::json!(["k0", "k1", "k2"]));
    let (code, out, _) = regulars(&["evaluate", "--actual", "called", "--predicted", "kind", file]);
    assert_eq!(code, 0);
    assert!(out.contains("F1, macro") && out.contains("40 rows"), "{out}");
    // Names that are not there, and flags that do not go together.
    let (code, out, _) = regulars(&["evaluate", "--actual", "no", "--predicted", "kind", file, "--json"]);
    let error: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, error["error"]["kind"].as_str()), (1, Some("no_column")));
    assert_eq!(regulars(&["evaluate", "--actual", "kind", file]).0, 2);
    assert_eq!(regulars(&["evaluate", file]).0, 2, "a bundle needs a file");
}
