//! Masked copies and repeated customers, as a person plans and reviews them in the window.

use std::path::Path;

use eframe::egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::command::Command;
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::privacy::Treatment;

use crate::pages::{masked, until, window};

fn open(page: Page, file: &Path) -> Harness<'static, App> {
    let mut harness = window([1280.0, 900.0], Prefs { lang: Lang::En, page, ..Prefs::default() });
    harness.state_mut().state.open(file);
    until(&mut harness, "reading", |app| app.state.cleaning.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = page;
    harness.run_steps(3);
    harness
}

/// Forty customers, of whom every fourth stands a second time, written otherwise.
fn write_twins(folder: &Path) -> std::path::PathBuf {
    let first = ["Ada", "Bruno", "Clara", "Dmitri", "Esther", "Felix", "Greta", "Hugo"];
    let last = ["Hill", "Moss", "Dunn", "Kovacs", "Novak"];
    let mut text = String::from("customer_id,name,email,phone,city,spend\n");
    for at in 0..40 {
        let (a, b) = (first[at % 8], last[at / 8]);
        let mail = format!("{}.{}{at}@shop.org", a.to_lowercase(), b.to_lowercase());
        let phone = format!("0171 5{:06}", at * 7919 % 1_000_000);
        text += &format!("C{at},{a} {b},{mail},{phone},Riverton,{}\n", 10 + at);
        if at % 4 == 0 {
            let phone = phone.replace(' ', "-");
            text += &format!(
                "C{},{} {a},{},{phone},Riverton,{}\n",
                100 + at,
                b.to_uppercase(),
                mail.to_uppercase(),
                20 + at
            );
        }
    }
    let path = folder.join("customers.csv");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn repeated_customers_are_found_decided_on_merged_and_brought_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open(Page::Clean, &write_twins(folder.path()));
    harness.get_by_label("Same customer?").click();
    harness.run_steps(3);
    harness.get_by_label("Look for duplicates").click();
    harness.run_steps(2);
    until(&mut harness, "comparing", |app| app.state.twins.found().is_some());
    let pairs = harness.state().state.twins.found().unwrap().0.pairs.len();
    assert!(pairs >= 10, "{pairs}");
    harness.run_steps(3);
    // The first pair is told apart with a key, the next is told to be one customer.
    harness.state_mut().state.twins.chosen = 0;
    harness.key_press(Key::D);
    harness.run_steps(2);
    let twins = &harness.state().state.twins;
    assert_eq!(twins.spec.rejected.len(), 1);
    assert!(twins.stale());
    harness.get_by_label("Look again").click();
    harness.run_steps(2);
    until(&mut harness, "comparing", |app| !app.state.twins.searching());
    let gone: usize = {
        let found = harness.state().state.twins.found().unwrap().0;
        found.clusters.iter().map(|rows| rows.len() - 1).sum()
    };
    assert_eq!(gone, 9, "ten stand twice, and one pair was told apart");
    harness.run_steps(2);
    harness.get_by_label("Merge in the recipe").click();
    harness.run_steps(2);
    until(&mut harness, "cleaning", |app| !app.state.preparing());
    let height =
        |harness: &Harness<'_, App>| harness.state().state.cleaning.as_ref().unwrap().last().height();
    assert_eq!(height(&harness), 41);
    harness.run_steps(3);
    assert!(harness.state().state.twins.found().is_some(), "what was found stays in sight");
    harness.state_mut().state.undo();
    harness.run_steps(2);
    until(&mut harness, "cleaning", |app| !app.state.preparing());
    assert_eq!(height(&harness), 50);
}

#[test]
fn a_masked_copy_is_planned_and_written_apart_from_the_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = write_twins(folder.path());
    let before = std::fs::read(&file).unwrap();
    let mut harness = open(Page::Mask, &file);
    harness.state_mut().state.mask.key_file = Some(folder.path().join("own/pseudonyms.key"));
    masked(&mut harness);
    harness.run_steps(3);
    let mask = &mut harness.state_mut().state.mask;
    assert_eq!(mask.plans.len(), 1);
    let one = &mut mask.plans[0];
    assert_eq!(one.quasi, ["city"]);
    assert!(one.plan.set("spend", Treatment::Drop));
    harness.run_steps(2);
    masked(&mut harness);
    let tried = harness.state().state.mask.tried().0.unwrap();
    assert_eq!(tried[0].masked.risk.as_ref().unwrap().k, 50);
    assert!(!folder.path().join("own").exists(), "looking makes no key");
    let out = folder.path().join("copy.csv");
    harness.state_mut().state.write_masked(out.clone());
    until(&mut harness, "writing", |app| !app.state.notices.is_empty());
    let copy = std::fs::read_to_string(&out).unwrap();
    assert!(!copy.contains("@shop.org") && !copy.contains("spend") && copy.contains("Riverton"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // The box asks where to; the input itself is refused.
    harness.get_by_label(&Command::WriteMasked.text(Lang::En)).click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Save the masked copy (.csv)").is_some());
}
