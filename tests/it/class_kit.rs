//! Leaks that are planted and caught on both faces, and a class from its kit to the grades.

use std::path::{Path, PathBuf};

use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::Page;
use regulars::words::Lang;
use regulars_engine::train::{DeviceKind, ModelKind};

use crate::lessons::{classroom, set, train};
use crate::pages::until;
use crate::support::{json, regulars, sample};

/// The sample shop's customers with two planted columns: one from the answer, one from all orders.
fn planted(folder: &Path) -> [PathBuf; 2] {
    let orders = sample().with_file_name("orders.csv");
    let mut count = std::collections::HashMap::<String, usize>::new();
    for record in csv::Reader::from_path(&orders).unwrap().records() {
        *count.entry(record.unwrap()[1].to_owned()).or_default() += 1;
    }
    let file = folder.join("customers.csv");
    let mut reader = csv::Reader::from_path(sample()).unwrap();
    let mut writer = csv::Writer::from_path(&file).unwrap();
    let mut head = reader.headers().unwrap().clone();
    head.push_field("goodbye_voucher");
    head.push_field("orders_in_all");
    writer.write_record(&head).unwrap();
    for (at, record) in reader.records().enumerate() {
        let mut record = record.unwrap();
        let left = record.iter().next_back() == Some("yes");
        let all = count.get(&record[0]).copied().unwrap_or(0);
        // One in a hundred was forgotten.
        record.push_field(if left && at % 100 != 0 { "sent" } else { "not sent" });
        record.push_field(&all.to_string());
        writer.write_record(&record).unwrap();
    }
    writer.flush().unwrap();
    [file, orders]
}

#[test]
fn leaks_of_both_kinds_are_caught_on_the_command_line_and_in_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let [customers, orders] = planted(folder.path());
    let (customers, orders) = (customers.to_str().unwrap(), orders.to_str().unwrap());
    // The column made after the fact.
    let told = json(&["train", customers, "--target", "churned", "--model", "logistic"]);
    let leaks = told["leaks"].as_array().unwrap();
    assert!(leaks.iter().any(|l| l["column"] == "goodbye_voucher" && l["roc_auc"].as_f64() > Some(0.97)));
    // The total that looks ahead.
    let told = json(&["train", customers, orders, "--model", "logistic", "--horizon", "60"]);
    let ahead = told["question"]["look_ahead_columns"].as_array().unwrap();
    let total = ahead.iter().find(|one| one["column"] == "orders_in_all").expect("the total is caught");
    assert_eq!(total["why"]["code"], "ahead_total");
    // The window names the first on the page Features.
    let mut harness = classroom(Lang::En);
    harness.state_mut().state.open(Path::new(customers));
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = Page::Features;
    harness.run_steps(3);
    assert!(harness.query_all_by_label_contains("goodbye_voucher").next().is_some());
    let leaks = &harness.state().state.prepared.as_ref().unwrap().leaks;
    assert!(leaks.iter().any(|leak| leak.column == "goodbye_voucher"));

    // The trap itself, on the command line.
    let told = json(&["class", "trap", sample().to_str().unwrap(), "--target", "churned"]);
    assert!(told["after"]["value"].as_f64() > Some(0.99) && told["caught"]["why"]["code"] == "trap_alone");
    let both = [sample(), sample().with_file_name("orders.csv")];
    let both = both.each_ref().map(|path| path.to_str().unwrap());
    let told = json(&["class", "trap", both[0], both[1], "--bait", "total"]);
    assert_eq!(told["caught"]["why"]["code"], "trap_total");
    assert!(told["after"]["value"].as_f64().unwrap() > told["before"]["value"].as_f64().unwrap() + 0.05);
}

#[test]
fn a_class_from_kit_to_grades() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (out, key) = (at("class"), at("the-key"));
    let made = json(&["class", "make", "--out", &out, "--key", &key, "--students", "2", "--seed", "77"]);
    assert_eq!(made["students"], 2);
    let truth: serde_json::Value = serde_json::from_slice(&std::fs::read(&key).unwrap()).unwrap();
    let leak = truth["students"][0]["leak"].as_str().unwrap().to_owned();

    // The student works in the window: leaves the leak out, trains, saves.
    let data = Path::new(&out).join("student-01").join("customers.csv");
    let mut harness = classroom(Lang::En);
    harness.state_mut().state.open(&data);
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    set(&mut harness, |s| {
        s.device = DeviceKind::Flex;
        s.mlp.epochs = 12;
        s.features.exclude.push(leak);
    });
    train(&mut harness);
    harness.state_mut().state.show_model(ModelKind::Logistic);
    let project = Path::new(&out).join("student-01").join("mine.regulars");
    harness.state_mut().state.save(project.clone());
    until(&mut harness, "saving", |app| !app.state.saving());

    let file = at("hand-in.json");
    let handed = json(&["class", "hand-in", project.to_str().unwrap(), "--out", &file]);
    assert_eq!(handed["student"], 1);
    let graded = json(&["class", "grade", "--key", &key, &file]);
    let grade = &graded["grades"][0];
    assert_eq!((&grade["trusted"], &grade["leak"]["found"]), (&true.into(), &true.into()), "{grade}");
    assert_eq!(grade["drivers"]["precision"], 1.0);
    for dirt in grade["dirt"].as_array().unwrap() {
        assert_eq!(dirt["planted"], dirt["repaired"], "{dirt}");
    }
    let (fresh, best) = (grade["fresh_auc"]["value"].as_f64().unwrap(), grade["best_auc"].as_f64().unwrap());
    assert!(fresh > best - 0.03 && fresh < best + 0.005, "{fresh} {best}");
    assert!(grade["points"].as_f64() > Some(85.0));
    let (code, text, _) = regulars(&["class", "grade", "--key", &key, &file]);
    assert!(code == 0 && text.contains("Student 1:") && text.contains("drivers: 4 of 4"), "{text}");

    // A figure written in by hand is told.
    let claimed = std::fs::read_to_string(&file).unwrap();
    let at_auc = claimed.find("\"test_auc\": 0.").unwrap();
    let mut edited = claimed.clone();
    edited.replace_range(at_auc + 12..at_auc + 17, "0.999");
    let forged = at("forged.json");
    std::fs::write(&forged, edited).unwrap();
    let graded = json(&["class", "grade", "--key", &key, &forged]);
    let grade = &graded["grades"][0];
    assert_eq!(grade["trusted"], false);
    let codes: Vec<&str> =
        grade["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["class_edited", "class_claims"]);
    let (_, text, _) = regulars(&["class", "grade", "--key", &key, &forged]);
    assert!(text.contains("changed after it was made"), "{text}");
    // A key that was changed is refused.
    let broken = at("broken");
    std::fs::write(
        &broken,
        std::fs::read_to_string(&key).unwrap().replacen("\"number\": 1", "\"number\": 3", 1),
    )
    .unwrap();
    let (code, out, _) = regulars(&["class", "grade", "--key", &broken, &file, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["error"]["kind"]), (1, &"class_broken_seal".into()));
}
