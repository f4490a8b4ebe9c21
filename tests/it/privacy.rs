//! Differential privacy on the command line; the membership test, the addresses and forgetting in the window.

use std::path::PathBuf;

use eframe::egui;
use egui_kittest::kittest::Queryable as _;
use regulars::window::Prefs;
use regulars::window::pages::{DeployTab, Page};
use regulars::words::Lang;
use regulars_engine::project::SavedProject;
use regulars_engine::train::PrivateSpec;

use crate::pages::{until, window};
use crate::support::{adapter, json, regulars, sample};

#[test]
fn differential_privacy_is_told_with_its_price() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (bundle, data, page) = (at("m.bundle"), sample().display().to_string(), at("report.html"));
    let ask = ["train", &data, "--epochs", "4", "--dp-epsilon", "3"];
    fn joined<'a>(ask: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
        [ask, more].concat()
    }
    let kind = |kind| joined(&ask, &["--model", kind]);
    let told = json(&joined(&kind("logistic"), &["--dp-clip", "0.5", "--bundle", &bundle]));
    let kept = &told["differential_privacy"];
    let epsilon = kept["epsilon"].as_f64().unwrap();
    assert!(epsilon > 2.9 && epsilon <= 3.0, "{kept}");
    assert_eq!((kept["clip"].as_f64(), kept["rows"].as_u64()), (Some(0.5), told["train_rows"].as_u64()));
    assert_eq!(told["epochs_run"], 4);
    let price = &kept["price"];
    let at_price = |which: &str, end: &str| price[which][end].as_f64().unwrap();
    let difference = at_price("private", "value") - at_price("plain", "value");
    assert!((difference - at_price("difference", "value")).abs() < 1e-9, "{price}");
    assert_eq!(price["private"]["value"], told["metrics"]["test"]["roc_auc"]["value"]);
    assert!(at_price("difference", "low") < at_price("difference", "high"));

    json(&["report", &bundle, "--out", &page]);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(
        html.contains("ε = ")
            && html.contains("用差分隐私训练")
            && html.contains("What the preparation learnt")
    );
    // Reasons need rows of customers: the bundle has none.
    let (code, out, _) = regulars(&["explain", &bundle, &data, "--json"]);
    assert!(code == 1 && out.contains("\"no_explainer\""), "{out}");
    let (code, out, _) = regulars(&joined(&kind("boosted"), &["--json"]));
    assert!(code == 1 && out.contains("\"private_kind\"") && out.contains("--model logistic"), "{out}");
    let standing = at("standing");
    for wrong in [["--dp-delta", "2"], ["--dp-delta", "0"], ["--checkpoint", &standing]] {
        assert_eq!(regulars(&joined(&ask, &wrong)).0, 2, "{wrong:?}");
    }
    assert_eq!(regulars(&["train", &data, "--dp-delta", "1e-5"]).0, 2, "a chance without a promise");
    // In words, on the terminal.
    let (code, out, _) = regulars(&kind("logistic"));
    assert!(code == 0 && out.contains("ε = ") && out.contains("Its price: ROC AUC"), "{out}");
    assert!(json(&["train", &data, "--model", "logistic"])["differential_privacy"].is_null());
}

#[test]
fn the_window_attacks_lists_addresses_and_forgets() {
    let folder = tempfile::tempdir().unwrap();
    let shots = std::env::var_os("REGULARS_SHOTS").map(PathBuf::from).filter(|_| adapter());
    let mut harness = window([1280.0, 800.0], Prefs { page: Page::Deploy, ..Prefs::default() });
    harness.state_mut().page.deploy.tab = DeployTab::Privacy;
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("There is no model of this data yet").is_some());
    assert!(harness.query_by_label_contains("would not send a single byte").is_some());

    let state = &mut harness.state_mut().state;
    state.settings.mlp.epochs = 2;
    state.settings.private = Some(PrivateSpec::default());
    state.commit(false);
    until(&mut harness, "cleaning", |app| !app.state.preparing());
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.train.is_none() && !app.state.outcomes.is_empty());
    let kinds: Vec<&str> = harness.state().state.outcomes.iter().map(|of| of.kind.name()).collect();
    assert_eq!(kinds, ["mlp", "logistic"], "nothing is trained without the promise");
    assert!(harness.state().state.outcomes.iter().all(|of| of.trained.promise.is_some()));
    harness.state_mut().prefs.page = Page::Train;
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("Trained with differential privacy").is_some());
    assert!(harness.query_by_label_contains("Its price: ROC AUC").is_some());
    let shoot = |harness: &mut egui_kittest::Harness<'static, regulars::window::App>, name: &str| {
        for lang in Lang::ALL {
            for dark in [false, true] {
                harness.state_mut().prefs.lang = lang;
                harness.ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
                harness.run_steps(3);
                if let Some(folder) = &shots {
                    let name = format!("{name}-{}-{dark}.png", lang.code());
                    harness.render().unwrap().save(folder.join(name)).unwrap();
                }
            }
        }
        harness.state_mut().prefs.lang = Lang::En;
        harness.run_steps(2);
    };
    harness.set_size([1280.0, 1500.0].into());
    shoot(&mut harness, "dp");

    harness.state_mut().prefs.page = Page::Deploy;
    harness.run_steps(2);
    harness.get_by_label("Try to find out who was in the training rows").click_accesskit();
    harness.run_steps(2);
    until(&mut harness, "attack", |app| app.state.privacy.job().is_none());
    let shown = harness.state().state.shown().cloned().unwrap();
    let found = harness.state().state.privacy.attacked(&shown).unwrap().unwrap();
    assert!(found.members > 100 && found.auc.low < found.auc.high);
    harness.run_steps(2);

    // Nobody of that name; then somebody who is there.
    harness.state_mut().state.privacy.id = "nobody-9".to_owned();
    harness.run_steps(1);
    harness.get_by_label("Forget this customer…").click_accesskit();
    harness.run_steps(2);
    assert!(harness.state().state.privacy.leaving.is_none());
    let prepared = harness.state().state.prepared.clone().unwrap();
    let id = prepared.ids[7].clone().unwrap();
    let key = harness.state().state.settings.clone();
    harness.state_mut().state.privacy.id = format!(" {id} ");
    harness.run_steps(1);
    harness.get_by_label("Forget this customer…").click_accesskit();
    harness.run_steps(2);
    assert!(harness.state().state.privacy.leaving.as_ref().is_some_and(|leaving| leaving.in_data));
    assert!(harness.query_by_label_contains("This cannot be undone").is_some());
    harness.set_size([1280.0, 800.0].into());
    shoot(&mut harness, "forget");
    // Another one stands in the top bar while a job runs.
    harness.query_all_by_label("Cancel").last().unwrap().click_accesskit();
    harness.run_steps(2);
    assert!(harness.state().state.settings == key, "nothing was changed");
    harness.get_by_label("Forget this customer…").click_accesskit();
    harness.run_steps(2);
    harness.get_by_label("Forget for good").click_accesskit();
    harness.run_steps(2);
    let is_gone = |app: &regulars::window::App, id: &str| {
        let state = &app.state;
        let ids = state.prepared.as_ref().map(|prepared| &prepared.ids);
        state.load.is_none()
            && !state.preparing()
            && ids.is_some_and(|ids| !ids.is_empty() && ids.iter().flatten().all(|known| known != id))
    };
    until(&mut harness, "forgetting", |app| is_gone(app, &id));
    assert_eq!(harness.state().state.prepared.as_ref().unwrap().ids.len(), prepared.ids.len() - 1);
    let state = &harness.state().state;
    assert!(state.outcomes.is_empty() && state.customers.is_none() && state.trained_on.is_none());
    assert!(state.bundle.is_some(), "the model in use scores on");
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("Customers forgotten so far: 1").is_some());
    harness.set_size([1024.0, 1500.0].into());
    shoot(&mut harness, "privacy-after");

    // Saved and opened again, the same file is read without the customer.
    let file = folder.path().join("shop.regulars");
    harness.state_mut().state.save(file.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    let text = serde_json::to_string(&SavedProject::open(&file).unwrap()).unwrap();
    assert!(!text.contains(&format!("\"{id}\"")));
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.state_mut().state.open(&file);
    until(&mut harness, "reading", |app| is_gone(app, &id));
}
