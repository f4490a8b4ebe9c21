//! Lifetime value from the command line and in the window.

use egui_kittest::kittest::Queryable as _;
use regulars::window::Prefs;
use regulars::window::pages::Page;
use regulars::words::Lang;
use regulars_engine::project::Valued;

use crate::pages::{until, window};
use crate::shots::rests;
use crate::support::{json, public, regulars, sample};

/// The shop's orders, with what is asked for; the reference is `REFERENCE.md`'s where it is told.
#[test]
fn the_command_tells_the_sample_shop() {
    let orders = sample().with_file_name("orders.csv");
    let found = json(&["value", orders.to_str().unwrap()]);
    assert_eq!(found["model"].as_str().map(|name| name.ends_with("_nbd")), Some(true), "{found}");
    let params = found["params"].as_object().unwrap();
    assert_eq!(params.len(), 4);
    assert!(params.values().all(|v| v.as_f64().is_some_and(|v| v > 0.0)));
    let total = &found["total"]["money"];
    let [value, low, high] = ["value", "low", "high"].map(|name| total[name].as_f64().unwrap());
    assert!(0.0 < low && low < value && value < high, "{total}");
    for name in ["mae", "rmse"] {
        assert!(found["holdout"][name].as_f64().unwrap() > 0.0);
    }
    // Who is still there is a number where the orders tell it, and nothing where they do not.
    let told = found["leaving"]["told"].as_bool().unwrap();
    assert_eq!(found["total"]["alive"].is_number(), told, "{}", found["leaving"]);
    assert!(found["top"].as_array().unwrap().iter().all(|one| one["alive"].is_number() == told));
    assert!(found["own_error"]["orders"].as_f64().unwrap() >= 0.0 && found["alike"].is_array());
    let customers = found["customers"].as_u64().unwrap();
    // With the table of customers beside it names stay what they are, and nobody is gained.
    let both = json(&["value", sample().to_str().unwrap(), orders.to_str().unwrap(), "--horizon", "90"]);
    assert_eq!(both["customers"].as_u64(), Some(customers));
    assert!(both["total"]["money"]["value"].as_f64().unwrap() < value);
    // Equal seeds, equal bytes.
    assert_eq!(json(&["value", orders.to_str().unwrap()]), found);
}

#[test]
fn a_list_of_all_customers_is_written_and_the_input_is_safe() {
    let folder = tempfile::tempdir().unwrap();
    let orders = sample().with_file_name("orders.csv");
    let orders = orders.to_str().unwrap();
    let out = folder.path().join("value.csv");
    let found = json(&["value", orders, "--model", "bg_nbd", "--out", out.to_str().unwrap()]);
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.lines().count() as u64, 1 + found["customers"].as_u64().unwrap());
    assert!(text.trim_start_matches('\u{feff}').starts_with("customer,alive,orders,"), "{text:.80}");
    let told = found["leaving"]["told"].as_bool().unwrap();
    let alive = |line: &str| line.split(',').nth(1).map(|cell| !cell.is_empty());
    assert!(text.lines().skip(1).all(|line| alive(line) == Some(told)), "{text:.200}");
    let (code, _, err) = regulars(&["value", orders, "--out", orders]);
    assert_eq!(code, 1, "{err}");
    let (code, out, _) = regulars(&["value", orders, "--calibration-end", "2050-01-01", "--json"]);
    assert_eq!(code, 1);
    let error: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(error["error"]["kind"], "value_calibration");
    let (code, ..) = regulars(&["value", orders, "--calibration-end", "soon"]);
    assert_eq!(code, 2);
    let visits = folder.path().join("visits.csv");
    std::fs::write(&visits, "city,visits\nBonn,3\nKiel,5\nUlm,4\n").unwrap();
    let (code, out, _) = regulars(&["value", visits.to_str().unwrap(), "--json"]);
    let error: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, error["error"]["kind"].as_str()), (1, Some("value_nothing")));
}

/// The shape of `design.md`, with the figures of `REFERENCE.md`.
#[test]
fn cdnow_is_told_as_published() {
    let Some(file) = public("cdnow/CDNOW_sample.txt") else { return };
    let found = json(&["value", file.to_str().unwrap(), "--calibration-end", "1997-09-30"]);
    assert_eq!((found["model"].as_str(), found["customers"].as_u64()), (Some("bg_nbd"), Some(2357)));
    for (name, wanted) in [("r", 0.243), ("alpha", 4.414), ("a", 0.793), ("b", 2.426)] {
        let value = found["params"][name].as_f64().unwrap();
        assert!((value - wanted).abs() < 0.0005, "{name} {value}");
    }
    let holdout = &found["holdout"];
    assert!(holdout["mae"].as_f64().unwrap() < 0.78555 && holdout["rmse"].as_f64().unwrap() < 1.6085);
}

#[test]
fn telco_is_told_as_contracts() {
    let Some(file) = crate::support::telco() else { return };
    let found = json(&["value", file.to_str().unwrap()]);
    assert_eq!((found["model"].as_str(), found["customers"].as_u64()), (Some("cox"), Some(7043)));
    assert_eq!(
        (found["tenure"].as_str(), found["by"]["column"].as_str()),
        (Some("tenure"), Some("Contract"))
    );
    let effects = found["effects"].as_array().unwrap();
    assert!(effects.iter().all(|effect| effect["column"] != "TotalCharges"));
}

/// Contracts of a made-up club: monthly ones end five times as often as yearly ones.
fn club() -> std::path::PathBuf {
    let file = std::env::temp_dir().join(format!("regulars-club-{}.csv", std::process::id()));
    let mut text = String::from("member_id,tenure_months,contract,monthly_fee,visits,churned\n");
    for n in 0..400u64 {
        // A fixed sequence: no two runs differ.
        let dice = |k: u64| (n * 7919 + k * 104_729).wrapping_mul(2_654_435_761) >> 7 & 1023;
        let monthly = n % 2 == 0;
        let share = (dice(1) as f64 + 1.0) / 1025.0;
        let stays = -share.ln() / if monthly { 0.1 } else { 0.02 };
        let seen = 1.0 + dice(2) as f64 / 1023.0 * 40.0;
        let (left, kind) = (stays <= seen, if monthly { "monthly" } else { "yearly" });
        let fee = if monthly { 29 } else { 19 + dice(3) % 7 };
        let answer = if left { "yes" } else { "no" };
        text += &format!("M{n:04},{},{kind},{fee}.00,{},{answer}\n", stays.min(seen).ceil(), dice(4) % 30);
    }
    std::fs::write(&file, text).unwrap();
    file
}

/// The page by its names: from the first look to every tab, in both languages and themes.
#[test]
fn the_page_goes_from_orders_and_contracts_to_customers() {
    let home = [1280.0, 800.0];
    let mut harness = window(home, Prefs::default());
    harness.state_mut().prefs.page = Page::Value;
    let orders = sample().with_file_name("orders.csv");
    harness.state_mut().state.open(&orders);
    until(&mut harness, "reading", |app| app.state.cleaning.is_some() && !app.state.preparing());
    harness.run_steps(2);
    harness.get_by_label("Work out value").click();
    harness.run_steps(2);
    until(&mut harness, "value", |app| app.state.valued().is_some());
    let first = {
        let app = harness.state();
        let Valued::Shop(shop) = &app.state.valued().unwrap().valued else { panic!() };
        assert_eq!(app.state.value.order().len(), shop.customers.len());
        shop.customers[0].id.clone()
    };
    harness.run_steps(2);
    harness.get_by_label(&first);
    harness.set_size(home.into());
    rests(&mut harness, "value-customers");
    for (tab, name) in [("Test", "value-test"), ("All customers together", "value-base")] {
        harness.state_mut().prefs.lang = Lang::En;
        harness.run_steps(2);
        harness.get_by_label(tab).click();
        harness.run_steps(2);
        harness.set_size([1280.0, 1400.0].into());
        rests(&mut harness, name);
    }
    // Another horizon: what is shown is out of date, and stays until it is worked out again.
    harness.state_mut().state.settings.value.horizon_days = 30;
    harness.run_steps(3);
    assert!(harness.state().state.value_is_stale());
    harness.get_by_label("Work out again").click();
    harness.run_steps(2);
    until(&mut harness, "value", |app| !app.state.value_is_stale());
    harness.set_size([1024.0, 700.0].into());
    rests(&mut harness, "value-small");

    harness.set_size(home.into());
    let file = club();
    harness.state_mut().state.open(&file);
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.run_steps(2);
    assert!(harness.state().state.valued().is_none(), "another file has no value yet");
    harness.get_by_label("Work out value").click();
    harness.run_steps(2);
    until(&mut harness, "value", |app| app.state.valued().is_some());
    let app = harness.state();
    let Valued::Contract(found) = &app.state.valued().unwrap().valued else { panic!() };
    assert_eq!(found.by.as_ref().map(|(column, ..)| column.as_str()), Some("contract"));
    harness.set_size([1280.0, 1400.0].into());
    rests(&mut harness, "value-contract");
    let _ = std::fs::remove_file(file);
}
