//! Smaller networks in the window, on the command line and in bundles: one result, and only at its price.

use std::collections::BTreeMap;
use std::path::Path;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{Page, TrainTab};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::deploy::Bundle;
use regulars_engine::train::DeviceKind;
use regulars_engine::train::small::Way;

use crate::pages::{until, window};
use crate::shots::rests;
use crate::support::{json, regulars, sample};

fn opened(size: [f32; 2]) -> Harness<'static, App> {
    let mut harness = window(size, Prefs { lang: Lang::En, page: Page::Train, ..Prefs::default() });
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    let state = &mut harness.state_mut().state;
    state.settings.device = DeviceKind::Flex;
    state.settings.mlp.epochs = 8;
    harness.state_mut().prefs.page = Page::Train;
    harness.state_mut().page.train_tab = TrainTab::Small;
    harness.run_steps(3);
    harness
}

/// What a file of scores says of each row.
fn scores(file: &Path) -> BTreeMap<u32, String> {
    let text = std::fs::read_to_string(file).unwrap();
    let cells = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    cells.map(|cells| (cells[0].parse().unwrap(), cells[2].to_owned())).collect()
}

#[test]
fn the_window_the_terminal_and_the_bundle_score_alike_once_the_price_is_accepted() {
    let mut harness = opened([1280.0, 800.0]);
    rests(&mut harness, "small-none");
    assert!(harness.query_by_label("Make it smaller").is_none(), "no network yet");
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.train.is_none() && !app.state.outcomes.is_empty());
    until(&mut harness, "bundling", |app| app.state.bundle.is_some());
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let project = at("shop.regulars");
    harness.state_mut().state.save(project.clone().into());
    until(&mut harness, "saving", |app| !app.state.saving());
    harness.run_steps(3);
    harness.get_by_label("Make it smaller").click();
    harness.run_steps(2);
    until(&mut harness, "shrinking", |app| app.state.small.job().is_none());
    harness.run_steps(3);
    let (found, is_present) = harness.state().state.smaller().expect("a table");
    assert!(is_present && found.rows.len() == 1 + Way::ALL.len() && found.failed.is_empty());
    rests(&mut harness, "small-table");

    // Nothing is taken by looking at a price.
    let full = harness.state().state.shown().unwrap().clone();
    harness.get_by_label("Use… 8-bit weights").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state.small.asked, Some(Way::EightBit));
    assert!(std::sync::Arc::ptr_eq(harness.state().state.shown().unwrap(), &full));
    rests(&mut harness, "small-price");
    harness.get_by_label("Keep the full network").click();
    harness.run_steps(3);
    assert_eq!((harness.state().state.small.asked, harness.state().state.runs.len()), (None, 1));
    harness.get_by_label("Use… 8-bit weights").click();
    harness.run_steps(3);
    harness.get_by_label("Accept the price and use it").click();
    harness.run_steps(2);
    until(&mut harness, "taking", |app| app.state.small.job().is_none() && app.state.bundle.is_some());
    let is_made = |app: &App| app.state.bundle.as_ref().is_some_and(|bundle| bundle.model.small().is_some());
    until(&mut harness, "bundling", is_made);
    harness.run_steps(3);
    let state = &harness.state().state;
    assert_eq!(state.runs.len(), 2, "the full network stays among the trainings");
    assert!(!state.stale(), "the settings are the same");
    let shown = state.shown().unwrap();
    assert_eq!(shown.trained.model.small().map(|small| small.way), Some(Way::EightBit));
    let card = state.bundle.as_ref().unwrap().card.as_ref().unwrap();
    let price = card.small.as_ref().and_then(|small| small.price).unwrap();
    assert!(price.bytes * 2 < price.full_bytes && price.auc.is_some());
    for lang in Lang::ALL {
        let page = regulars::report::html(lang, card, None);
        assert!(page.contains("8-bit weights") && page.contains("8 位权重"), "the card says so");
    }
    rests(&mut harness, "small-taken");

    // The terminal makes the same of the same.
    let file = sample().to_str().unwrap().to_owned();
    let (plain, small) = (at("full.bundle"), at("small.bundle"));
    json(&["train", &file, "--device", "flex", "--epochs", "8", "--bundle", &plain]);
    let told = json(&["compress", &plain, &file, "--use", "eight_bit", "--out", &small]);
    assert_eq!((told["taken"].as_str(), told["rows"].as_array().unwrap().len()), (Some("eight_bit"), 7));
    // A project knows its own data.
    let of_project = json(&["compress", &project]);
    assert_eq!(of_project["rows"][3]["roc_auc"], told["rows"][3]["roc_auc"]);
    assert_eq!(of_project["prices"][0]["price"]["auc"], told["prices"][0]["price"]["auc"]);
    let row = found.of(Way::EightBit).unwrap();
    assert_eq!(told["rows"][1]["bytes"], row.bytes);
    assert_eq!(told["rows"][1]["roc_auc"]["value"], row.roc_auc.unwrap().value);
    assert_eq!(told["rows"][2]["log_loss"]["value"], found.of(Way::Pruned).unwrap().log_loss.unwrap().value);
    let opened = Bundle::open(Path::new(&small)).unwrap();
    let window = harness.state().state.bundle.clone().unwrap();
    assert_eq!((opened.version, &opened.features), (3, &window.features));
    let same = |bundle: &Bundle| {
        let mark = bundle.model.small().unwrap();
        (mark.way, mark.spec.clone(), mark.scales.clone())
    };
    assert_eq!(same(&opened), same(&window), "but for the speed, which a clock measured");
    let (by_terminal, by_window, listed) = (at("a.csv"), at("b.csv"), at("window.bundle"));
    window.save(Path::new(&listed)).unwrap();
    json(&["score", &small, &file, "--out", &by_terminal]);
    json(&["score", &listed, &file, "--out", &by_window]);
    let scored = scores(Path::new(&by_terminal));
    assert_eq!(scored, scores(Path::new(&by_window)));
    let list = harness.state().state.customers.clone().unwrap();
    assert!(list.len() <= scored.len() && !list.is_empty());
    for customer in list.iter() {
        assert_eq!(scored[&customer.row], format!("{:.6}", customer.probability), "{}", customer.id);
    }

    // And back.
    harness.get_by_label("Go back to the full network").click();
    harness.run_steps(3);
    assert!(harness.state().state.shown().unwrap().trained.model.small().is_none());
    assert_eq!(harness.state().state.shown().unwrap().probabilities, full.probabilities);
}

#[test]
fn the_section_fits_the_smaller_window_and_can_be_stopped() {
    let mut harness = opened([1024.0, 700.0]);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.train.is_none() && !app.state.outcomes.is_empty());
    harness.state_mut().state.small.spec.epochs = 1000;
    harness.run_steps(3);
    harness.get_by_label("Make it smaller").click();
    harness.run_steps(2);
    assert!(harness.state().state.small.progress().is_some());
    let asked = std::time::Instant::now();
    harness.state_mut().state.cancel();
    until(&mut harness, "stopping", |app| app.state.small.job().is_none());
    assert!(asked.elapsed().as_secs() < 5 && harness.state().state.smaller().is_none());
    assert!(harness.query_by_label("Make it smaller").is_some(), "it can be begun again");
    harness.state_mut().state.small.spec.epochs = 4;
    harness.run_steps(2);
    harness.get_by_label("Make it smaller").click();
    harness.run_steps(2);
    until(&mut harness, "shrinking", |app| app.state.small.job().is_none());
    rests(&mut harness, "small-small-window");
    // Another threshold: what was measured is of the old one, and none is taken.
    harness.state_mut().state.settings.threshold = 0.3;
    harness.run_steps(3);
    assert!(harness.state().state.smaller().is_some_and(|(_, is_present)| !is_present));
    assert!(harness.query_by_label_contains("These were made with other settings").is_some());
}

#[test]
fn a_tree_has_no_weights_and_other_data_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let file = sample().to_str().unwrap().to_owned();
    let (tree, net, other) = (at("tree.bundle"), at("net.bundle"), at("other.csv"));
    json(&["train", &file, "--model", "tree", "--bundle", &tree]);
    let (code, out, _) = regulars(&["compress", &tree, &file, "--json"]);
    assert!(code == 1 && out.contains("small_no_weights") && out.contains("has no weights"), "{out}");
    json(&["train", &file, "--device", "flex", "--epochs", "2", "--seed", "7", "--bundle", &net]);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&other, lines[..lines.len() - 1].join("\n")).unwrap();
    let (code, out, _) = regulars(&["compress", &net, &other, "--json"]);
    assert!(code == 1 && out.contains("small_other_rows"), "{out}");
    let (code, _, told) = regulars(&["compress", &net, &file, "--use", "eight_bit"]);
    assert_eq!(code, 2, "one that is taken is written somewhere: {told}");
    let before = std::fs::read(&net).unwrap();
    let (code, out, _) = regulars(&["compress", &net, &file, "--use", "eight_bit", "--out", &net, "--json"]);
    assert!(code == 1 && out.contains("is_input"), "{out}");
    assert_eq!(std::fs::read(&net).unwrap(), before);
    // The table in words, and a smaller one that is not made smaller again.
    let small = at("small.bundle");
    let (code, out, _) =
        regulars(&["compress", &net, &file, "--epochs", "2", "--use", "neurons", "--out", &small]);
    assert!(code == 0 && out.contains("Neurons removed") && out.contains("Taken: Neurons removed."), "{out}");
    let (code, out, _) = regulars(&["compress", &small, &file, "--json"]);
    assert!(code == 1 && out.contains("small_already"), "{out}");
}
