//! Customer classes: scored on the command line, kept and used again; seen, made by rule, listed and exported
//! in the window. With REGULARS_SHOTS set to a folder the pictures are written there.

use std::path::{Path, PathBuf};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{Page, SegmentsTab as Tab};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::project::RfmSource;
use regulars_engine::segment::classes::{ClassRule, Condition, Fact, Test};
use regulars_engine::segment::rfm::Kept;
use regulars_engine::train::DeviceKind;

use crate::pages::{until, window};
use crate::product::{ready, state, wait};
use crate::shots::rests;
use crate::support::{json, regulars, sample};

/// The five files of a sample shop.
fn shop(folder: &Path) -> Vec<PathBuf> {
    regulars_engine::sample::write(folder, 400, 7).unwrap()
}

fn rule(name: &str, fact: Fact, value: &str) -> ClassRule {
    let condition = Condition { fact, test: Test::AtLeast, value: value.into() };
    ClassRule { name: name.into(), conditions: vec![condition], ..ClassRule::default() }
}

#[test]
fn orders_are_scored_and_later_customers_by_the_same_cuts() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let orders = files[1].to_str().unwrap();
    let cuts = folder.path().join("cuts.json");
    let cuts = cuts.to_str().unwrap();
    let found = json(&["segment", orders, "--method", "rfm", "--keep-cuts", cuts]);
    assert_eq!(found["method"], "rfm");
    assert_eq!(found["source"]["from"], "orders");
    let segments = found["segments"].as_array().unwrap();
    assert_eq!(segments.len(), 11);
    let all: u64 = segments.iter().map(|one| one["size"].as_u64().unwrap()).sum();
    assert_eq!(all, found["customers"].as_u64().unwrap());
    let share: f64 = segments.iter().map(|one| one["share"].as_f64().unwrap()).sum();
    assert!((share - 1.0).abs() < 1e-9, "{share}");
    let grid: u64 = found["grid"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|cell| cell.as_u64().unwrap())
        .sum();
    assert_eq!(grid, all);
    let kept = Kept::open(Path::new(cuts)).unwrap();
    assert_eq!(kept.customers as u64, all);

    // The same customers by the kept cuts: nothing has moved. Those who have slept: it has.
    let again = json(&["segment", orders, "--method", "rfm", "--cuts", cuts]);
    assert_eq!(again["segments"], found["segments"]);
    assert_eq!(again["drift"]["psi"], 0.0);
    let text = std::fs::read_to_string(&files[1]).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.push("O999999,C00001,2027-06-01,tea,1,9.00,USD".into());
    (0..5).for_each(|at| lines.push(format!("O99999{at},C00002,2027-06-0{},tea,1,9.00,USD", 1 + at)));
    let later = folder.path().join("later.csv");
    std::fs::write(&later, lines.join("\n") + "\n").unwrap();
    let later = json(&["segment", later.to_str().unwrap(), "--method", "rfm", "--cuts", cuts]);
    let (psi, chance) =
        (later["drift"]["psi"].as_f64().unwrap(), later["drift"]["by_chance"].as_f64().unwrap());
    assert!(psi > chance, "{psi} {chance}");

    // The columns of a table of customers do as well; a file of neither says why not.
    let by_columns = json(&["segment", files[0].to_str().unwrap(), "--method", "rfm"]);
    assert_eq!(by_columns["source"]["recency"], "last_order_date");
    let (code, out, err) = regulars(&["segment", files[4].to_str().unwrap(), "--method", "rfm", "--json"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("rfm_no_columns"), "{out}");
    let (code, out, _) = regulars(&["segment", orders, "--method", "rfm", "--cuts", orders, "--json"]);
    assert!(code == 1 && out.contains("rfm_not_cuts"), "{out}");
    let (code, out, _) = regulars(&["segment", orders, "--method", "rfm"]);
    assert!(code == 0 && out.contains("Champions") && out.contains("of money"), "{out}");
}

#[test]
fn rules_are_in_the_list_in_the_call_list_and_in_the_saved_project() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let mut s = state();
    s.open_data(files);
    wait(&mut s, "reading", |s| s.prepared.is_some() && !s.preparing());
    s.settings.device = DeviceKind::Flex;
    s.settings.mlp.epochs = 3;
    s.settings.call_list.only_at_risk = false;
    s.settings.classes.rules = vec![rule("Fernweh", Fact::MoneyScore, "5"), rule("leaving", Fact::Risk, "0")];
    wait(&mut s, "settling", |s| s.prepared.is_some() && !s.preparing());
    s.train();
    wait(&mut s, "training", |s| s.train.is_none() && !s.outcomes.is_empty());
    ready(&mut s);
    wait(&mut s, "classes", |s| !s.classes.is_working() && !s.classes_of().is_empty());
    let found = s.classes.found().cloned().unwrap();
    assert!(matches!(found.source, Some(RfmSource::Orders { .. })));
    // Every customer of the list has a class: of the second rule at least.
    let of = s.classes_of();
    let list = s.list().unwrap().to_vec();
    assert!(list.iter().all(|customer| !of.names(customer.row).is_empty()));
    let first = list.iter().filter(|customer| of.names(customer.row) == ["Fernweh"]).count();
    assert_eq!(first, found.rules[0].0.taken);
    assert!(first > 20 && found.rules[1].0.lost_to == [(0, first)], "{first} {:?}", found.rules);

    let out = folder.path().join("calls.csv");
    s.export_call_list(Lang::En, (0..list.len()).collect(), out.clone());
    wait(&mut s, "writing", |_| out.exists());
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.lines().next().unwrap().contains("Class,What to do"), "{text:.200}");
    assert_eq!(text.matches("Fernweh").count(), first);

    // Kept with the project, undone as one step.
    let file = folder.path().join("shop.regulars");
    s.save(file.clone());
    wait(&mut s, "saving", |s| file.exists() && s.saved);
    let rules = s.settings.classes.clone();
    let mut again = state();
    again.open(&file);
    wait(&mut again, "opening", |s| s.prepared.is_some() && !s.preparing() && !s.settings.classes.is_usual());
    assert_eq!(again.settings.classes, rules);
    s.settings.classes.rules.clear();
    s.commit(false);
    s.undo();
    assert_eq!(s.settings.classes, rules);
}

fn draw(harness: &mut Harness<'_, App>, name: &str, size: [f32; 2]) {
    rests(harness, &format!("{name}-{}", size[0]));
}

#[test]
fn the_tabs_are_drawn_and_answer() {
    let folder = tempfile::tempdir().unwrap();
    let home = [1280.0, 800.0];
    let mut harness = window(home, Prefs::default());
    harness.run_steps(2);
    harness.state_mut().prefs.page = Page::Segments;
    harness.state_mut().page.segments_tab = Tab::Classes;
    draw(&mut harness, "classes-empty", home);
    harness.state_mut().state.settings.mlp.epochs = 3;
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.open_data(shop(folder.path()));
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.segments.is_some());
    until(&mut harness, "reasons", |app| app.state.reasons.is_some() && !app.state.bundling());
    harness.state_mut().prefs.page = Page::Segments;
    harness.state_mut().page.segments_tab = Tab::Classes;
    let found = |app: &App| app.state.classes.found().is_some() && !app.state.classes.is_working();
    until(&mut harness, "classes", found);

    // A rule by hand: its count stands beside it.
    harness.get_by_label("Add class").click();
    harness.run_steps(4);
    until(&mut harness, "a rule", |app| found(app) && app.state.classes.found().unwrap().rules.len() == 1);
    let (name, taken) = {
        let app = harness.state();
        let of = app.state.classes.found().unwrap();
        (app.state.settings.classes.rules[0].name.clone(), of.rules[0].0.taken)
    };
    assert_eq!(name, "High value");
    assert!(taken > 20, "{taken}");
    harness.get_by_label(&format!("Class High value: {taken} customers"));

    // A cell is a button: its people, what sets them apart, and the way to the list.
    let cell = harness.state().state.classes.found().unwrap().grid[4][4].size;
    assert!(cell > 5);
    let label = harness
        .query_all(
            egui_kittest::kittest::By::new()
                .predicate(|node| node.label().is_some_and(|label| label.starts_with("R5 FM5 · Champions"))),
        )
        .next()
        .unwrap();
    label.click();
    harness.run_steps(3);
    let profiled =
        |app: &App| found(app) && app.state.classes.job().is_none() && app.state.flows.found().is_some();
    until(&mut harness, "a profile", profiled);
    draw(&mut harness, "classes", home);
    harness.set_size([1280.0, 1900.0].into());
    harness.run_steps(3);
    draw(&mut harness, "classes-tall", [1280.0, 1900.0]);
    harness.get_by_label("Show in customers").click_accesskit();
    harness.run_steps(4);
    assert_eq!(harness.state().prefs.page, Page::Customers);
    let people = harness.state().page.only_people.clone().unwrap();
    assert_eq!(people.rows.len(), cell);
    harness.set_size(home.into());
    harness.run_steps(3);
    draw(&mut harness, "classes-customers", home);

    harness.state_mut().prefs.page = Page::Segments;
    harness.state_mut().page.segments_tab = Tab::Flows;
    harness.run_steps(3);
    until(&mut harness, "flows", |app| app.state.flows.found().is_some() && app.state.flows.job().is_none());
    draw(&mut harness, "flows", home);
    harness.set_size([1280.0, 1700.0].into());
    harness.run_steps(3);
    // Without the sight of the picture: the largest move is a button.
    let (class, moved) = {
        let found = harness.state().state.flows.found().cloned().unwrap();
        let last = found.moves.days.len() - 1;
        let (down, _) = found.moves.told((last - 3, last), |class| found.fitted.standing(class));
        (found.moves.names.len(), down.unwrap().customers)
    };
    assert!(class == 11 && moved > 0);
    draw(&mut harness, "flows-tall", [1280.0, 1700.0]);
    harness.set_size([1024.0, 700.0].into());
    harness.run_steps(3);
    draw(&mut harness, "flows", [1024.0, 700.0]);
    harness.state_mut().page.segments_tab = Tab::Classes;
    harness.run_steps(3);
    draw(&mut harness, "classes", [1024.0, 700.0]);

    // One table of customers: scores by its columns, and flows say what they need.
    harness.set_size(home.into());
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| {
        app.state.table.is_some()
            && app.state.prepared.is_some()
            && !app.state.preparing()
            && app.state.load.is_none()
    });
    harness.state_mut().prefs.page = Page::Segments;
    harness.run_steps(3);
    until(&mut harness, "classes of columns", |app| {
        let by_columns = |source: &Option<RfmSource>| matches!(source, Some(RfmSource::Columns(_)));
        found(app) && app.state.classes.found().is_some_and(|found| by_columns(&found.source))
    });
    draw(&mut harness, "classes-columns", home);
    harness.state_mut().page.segments_tab = Tab::Flows;
    harness.run_steps(3);
    draw(&mut harness, "flows-none", home);
    harness.get_by_label("Flows need orders");
}
