//! The customer's card and the model's card, as a person uses them in the window and the terminal.

use std::path::{Path, PathBuf};

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::command::Command;
use regulars::window::notice::Tone;
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars::words::{Lang, percent};
use regulars_engine::project::changeable;
use regulars_engine::train::DeviceKind;

use crate::pages::{choose, until, window};
use crate::shots::pictures;
use crate::support::{json, regulars, sample, telco};

/// A made-up telephone company; contracts by the month, checks and high prices drive customers away.
fn company(folder: &Path) -> PathBuf {
    let mut text =
        String::from("customer_id,name,email,phone,contract,payment,support,monthly_price,age,left");
    for at in 0..600 {
        let contract = ["monthly", "one year", "two years"][at * 7 % 3];
        let payment = ["check", "card", "transfer"][at / 3 % 3];
        let support = ["self", "basic", "full"][at / 9 % 3];
        let price = 20.0 + (at * 37 % 101) as f64;
        let drive = u8::from(at * 7 % 3 == 0) + u8::from(at / 3 % 3 == 0);
        let left = f64::from(drive) + price / 60.0 + (at * 13 % 17) as f64 / 10.0 > 2.6;
        text += &format!(
            "\nC{at:04},Mia Kuehn{at},mia{at}@example.com,+49 170 {:07},{contract},{payment},{support},{price:.2},{},{}",
            1_000_000 + at * 7919,
            18 + at * 11 % 60,
            if left { "yes" } else { "no" },
        );
    }
    let path = folder.join("company.csv");
    std::fs::write(&path, text).unwrap();
    path
}

/// The window with a trained model and the customer at a place of the list.
fn trained(file: &Path, size: [f32; 2], place: usize) -> Harness<'static, App> {
    let mut harness = window(size, Prefs { lang: Lang::En, page: Page::Customers, ..Prefs::default() });
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.open(file);
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 25;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.reasons.is_some());
    until(&mut harness, "bundling", |app| !app.state.bundling());
    harness.state_mut().prefs.page = Page::Customers;
    until(&mut harness, "grouping", |app| app.state.segment.is_none());
    choose(&mut harness, place);
    harness.step();
    tab(&mut harness, "What if");
    harness
}

/// Turns to a tab of the card.
fn tab(harness: &mut Harness<'_, App>, name: &str) {
    // A column of the list may be called so as well; the card stands to the right of it.
    let right = |node: &egui_kittest::Node<'_>| node.rect().left();
    let all = harness.get_all_by_label(name);
    all.max_by(|a, b| right(a).total_cmp(&right(b))).unwrap().click_accesskit();
    harness.run_steps(2);
    looked(harness);
}

/// Draws until the chosen customer has been looked at.
fn looked(harness: &mut Harness<'_, App>) {
    harness.step();
    until(harness, "looking closely", |app| {
        let chosen = app.page.chosen(&app.state).and_then(|at| app.state.list()?.get(at));
        let card = &app.state.card;
        card.rests() && chosen.is_some_and(|one| card.is_of(app.state.list_id, one.row))
    });
    harness.run_steps(2);
}

#[test]
fn a_customer_is_asked_about_and_printed() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = trained(&company(folder.path()), [1280.0, 800.0], 30);
    pictures(&mut harness, "card-looked");
    let app = harness.state();
    let names = changeable(app.state.card.ground().unwrap(), &app.state.settings.changeable);
    assert_eq!(names.len(), 4, "contract, payment, support, price");
    let found = app.state.card.nearest().unwrap().clone();
    let turn = found.turn.expect("this company's customers can be kept");
    assert!(found.start >= 0.5 && turn.probability < 0.5, "{turn:?}");
    assert_eq!(app.state.card.alike().len(), 5);
    assert!(harness.query_by_label_contains("such customers left").is_some());
    assert!(harness.query_by_label_contains("no proof of cause").is_some());

    // What was found, tried: the figure is the one that was told.
    harness.get_by_label("Put on the sliders").click_accesskit();
    harness.run_steps(3);
    assert!(harness.query_by_label(&percent(turn.probability)).is_some(), "{}", percent(turn.probability));
    pictures(&mut harness, "card-turned");
    harness.get_by_label("As it is").click_accesskit();
    harness.run_steps(3);
    assert!(harness.query_by_label("As it is").is_none(), "nothing is changed any more");

    // A list of words: another contract, by its own name.
    let (column, other) = ("contract", "two years");
    let asked = |app: &App| app.state.what_if(&[(column, other)]).unwrap();
    let expected = asked(harness.state());
    harness.get_by_role_and_label(egui::Role::ComboBox, column).click_accesskit();
    harness.run_steps(3);
    harness.get_by_label(other).click_accesskit();
    harness.run_steps(3);
    assert!(harness.query_by_label(&percent(expected)).is_some(), "{}", percent(expected));
    harness.get_by_role_and_label(egui::Role::Slider, "monthly_price");

    tab(&mut harness, "Most alike");
    pictures(&mut harness, "card-alike");
    assert!(harness.query_by_label_contains("most similar customers left").is_some());
    tab(&mut harness, "Why");
    assert!(harness.query_by_label_contains("most similar customers left").is_none(), "another tab");
    assert!(harness.query_all_by_label("Follow-up").next().is_some());
    assert!(harness.query_by_label("risk by the model").is_some());
    pictures(&mut harness, "card-why");
    tab(&mut harness, "What if");

    // Another customer has cells of their own.
    choose(&mut harness, 31);
    looked(&mut harness);
    assert!(harness.query_by_label("As it is").is_none());

    // What can be changed is the person's to say, is undone as one step, and belongs to the project.
    harness.get_by_label("Columns that can be changed").click_accesskit();
    harness.run_steps(20);
    for column in ["payment", "support", "monthly_price", "contract"] {
        harness.get_by_role_and_label(egui::Role::CheckBox, column).click_accesskit();
        looked(&mut harness);
    }
    assert!(harness.query_all_by_label_contains("No column is marked").next().is_some());
    assert_eq!(harness.state().state.settings.changeable.len(), 4);
    let keys = harness.state().state.stale();
    assert!(!keys, "what can be changed changes no model");
    harness.state_mut().state.undo();
    looked(&mut harness);
    assert_eq!(harness.state().state.settings.changeable.len(), 3);

    // On paper: masked unless the person shows the contact details, and always on a projector.
    let place = harness.state().page.chosen(&harness.state().state).unwrap();
    let row = harness.state().state.list().unwrap()[place].row as usize - 2;
    let (name, mail) = (format!("Mia Kuehn{row}"), format!("mia{row}@example.com"));
    let mut write = |masked: bool, file: &str| {
        let path = folder.path().join(file);
        harness.state_mut().state.export_card(Lang::Zh, place, masked, path.clone());
        until(&mut harness, "writing", |app| {
            app.state.notices.iter().any(|notice| notice.tone == Tone::Good)
        });
        harness.state_mut().state.notices.clear();
        std::fs::read_to_string(path).unwrap()
    };
    let (masked, clear) = (write(true, "masked.html"), write(false, "clear.html"));
    assert!(!masked.contains(&name) && !masked.contains(&mail) && !masked.contains("+49 170"), "{masked}");
    assert!(clear.contains(&name) && clear.contains(&mail));
    for html in [&masked, &clear] {
        assert!(html.contains("相似客户") && html.contains("Most alike") && html.contains("@page{size:A4"));
        assert!(!html.contains("<script") && !html.contains("http"), "it loads nothing");
    }
    assert!(Command::PrintCard.text(Lang::En).starts_with("Print"));
}

/// One row through the whole of it, for every kind of model.
#[test]
fn what_if_answers_within_a_frame() {
    let Some(file) = telco() else { return };
    let mut harness = trained(&file, [1280.0, 800.0], 10);
    let app = harness.state();
    let kinds: Vec<_> = app.state.outcomes.iter().map(|outcome| outcome.kind).collect();
    for kind in kinds {
        harness.state_mut().state.show_model(kind);
        until(&mut harness, "ranking", |app| !app.state.bundling() && app.state.reasons.is_some());
        choose(&mut harness, 10);
        harness.run_steps(2);
        looked(&mut harness);
        let state = &harness.state().state;
        let mut took: Vec<f64> = (0..31)
            .map(|_| {
                let started = std::time::Instant::now();
                assert!(state.what_if(&[("Contract", "Two year")]).is_some());
                started.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        took.sort_by(f64::total_cmp);
        println!("what if, {kind:?}: median {:.2} ms, worst {:.2} ms", took[15], took[30]);
        assert!(took[15] < 100.0, "{kind:?}: {} ms", took[15]);
    }
    pictures(&mut harness, "card-telco");
}

#[test]
fn the_terminal_prints_a_card_and_checks_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (file, bundle) = (text(&company(folder.path())), text(&folder.path().join("m.bundle")));
    json(&["train", &file, "--target", "left", "--model", "logistic", "--bundle", &bundle]);
    let out = text(&folder.path().join("c.html"));
    let told = json(&["card", &bundle, &file, "--customer", "C0000", "--out", &out]);
    let card = &told["card"];
    assert_eq!((card["id"].as_str(), card["masked"].as_bool()), (Some("C0000"), Some(true)));
    assert!(card["such"]["rows"].as_u64().unwrap() > 0 && card["alike"].as_array().unwrap().len() == 5);
    let moves = card["nearest"]["turn"]["moves"].as_array().unwrap();
    assert!(!moves.is_empty() && moves.iter().all(|one| one["column"] != "age"));
    assert!(!told.to_string().contains("Mia") && !std::fs::read_to_string(&out).unwrap().contains("Mia"));
    // What the person says of columns counts.
    let kept = ["contract", "payment", "support", "monthly_price"].map(|column| ["--keep", column]).concat();
    let told = json(&[vec!["card", &bundle, &file, "--customer", "C0000", "--out", &out], kept].concat());
    assert!(told["card"]["nearest"]["turn"].is_null());
    let told = json(&["card", &bundle, &file, "--customer", "C0000", "--out", &out, "--clear"]);
    assert!(told.to_string().contains("mia0@example.com"));
    // Nobody of that name; a word that the training rows never had.
    let (code, told, _) = regulars(&["card", &bundle, &file, "--customer", "C9", "--out", &out, "--json"]);
    assert!(code == 1 && told.contains("no_customer"), "{told}");
    let odd = folder.path().join("odd.csv");
    let row = "customer_id,contract,payment,support,monthly_price,age\nX1,for life,barter,,a lot,40";
    std::fs::write(&odd, row).unwrap();
    let told = json(&["card", &bundle, &text(&odd), "--customer", "X1", "--out", &out]);
    assert!(told["card"]["probability"].is_f64() && told["card"]["alike"] == serde_json::json!([]));

    let report = folder.path().join("report.html");
    // With all counts: the report says what the bundle says.
    json(&["report", &bundle, "--out", &text(&report), "--least-cell", "off"]);
    let found = json(&["report", "--verify", &text(&report)]);
    assert!(found["verified"] == true && found["page_hash"].is_string());
    assert_eq!(json(&["report", "--verify", &bundle])["card_hash"], found["card_hash"]);
    let page = std::fs::read_to_string(&report).unwrap();
    assert!(!page.contains("<script") && page.contains("blake3"));
    // A figure of the page, and one of the card: both are seen.
    for (from, to) in [("<h1>", "<h1>!"), ("\"seed\":1", "\"seed\":2")] {
        assert!(page.contains(from), "{from}");
        std::fs::write(&report, page.replacen(from, to, 1)).unwrap();
        let (code, told, _) = regulars(&["report", "--verify", &text(&report), "--json"]);
        assert!(code == 1 && told.contains("altered"), "{told}");
    }
    let alone = text(&folder.path().join("alone.json"));
    json(&["report", &bundle, "--out", &alone, "--least-cell", "off"]);
    assert_eq!(json(&["report", "--verify", &alone])["card_hash"], found["card_hash"]);
    let (code, told, _) = regulars(&["report", "--verify", &text(&sample()), "--json"]);
    assert!(code == 1 && told.contains("no_card"), "{told}");
    let (code, ..) = regulars(&["report", &bundle]);
    assert_eq!(code, 2, "neither a place nor a check");
}
