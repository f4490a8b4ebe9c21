//! Data that are no files, in the window: a database, a pasted table, and a project that waits for
//! what is away.

use std::path::Path;

use eframe::egui::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::command::Command;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::collect::database::{Address, Source as Pick, TableName};
use regulars_engine::project::{SavedProject, SavedSource, Settings, Source};

use crate::pages::{until, window};

fn english() -> Harness<'static, App> {
    let mut harness = window([1280.0, 800.0], Prefs { lang: Lang::En, ..Prefs::default() });
    harness.run_steps(3);
    harness
}

fn click(harness: &mut Harness<'_, App>, label: &str) {
    // A box finds its place anew when what it holds grows.
    harness.run_steps(4);
    let node = harness.get_all_by_label(label).next().unwrap_or_else(|| panic!("nothing is called {label}"));
    node.click();
    harness.run_steps(3);
}

fn write(harness: &mut Harness<'_, App>, role: Role, field: &str, text: &str) {
    harness.get_by_role_and_label(role, field).focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(role, field).type_text(text);
    harness.run_steps(2);
}

/// Waits for a control of this name to be there.
fn appears(harness: &mut Harness<'_, App>, label: &str) {
    for _ in 0..600 {
        harness.step();
        if harness.query_all_by_label_contains(label).next().is_some() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{label} did not appear");
}

fn shop(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("shop.db");
    let handle = rusqlite::Connection::open(&file).unwrap();
    let mut sql = String::from(
        "CREATE TABLE customers (customer_id TEXT PRIMARY KEY, city TEXT, churned TEXT);
         CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id TEXT, amount REAL);
         CREATE VIEW rich AS SELECT * FROM orders WHERE amount > 20;",
    );
    for n in 0..120 {
        let (city, left) = (["Bern", "Rome"][n % 2], ["yes", "no", "no"][n % 3]);
        sql += &format!("INSERT INTO customers VALUES ('C{n:03}', '{city}', '{left}');");
        for k in 0..3 {
            sql += &format!("INSERT INTO orders (customer_id, amount) VALUES ('C{n:03}', {}.5);", n + k);
        }
    }
    handle.execute_batch(&sql).unwrap();
    file
}

#[test]
fn a_database_is_opened_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let file = shop(folder.path());
    let mut harness = english();
    click(&mut harness, "From a database…");
    write(
        &mut harness,
        Role::TextInput,
        "Server",
        &format!("sqlite://{}", folder.path().join("none.db").display()),
    );
    click(&mut harness, "Connect");
    appears(&mut harness, "does not exist");
    harness.get_by_role_and_label(Role::TextInput, "File").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::A);
    write(&mut harness, Role::TextInput, "File", file.to_str().unwrap());
    click(&mut harness, "Connect");
    appears(&mut harness, "2 of 3 tables");
    click(&mut harness, "Look customers");
    appears(&mut harness, "First rows of");
    click(&mut harness, "Read");
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    let state = &harness.state().state;
    assert_eq!(state.table.as_ref().unwrap().height(), 120);
    assert_eq!((state.collected.as_ref().unwrap().dataset.tables.len(), state.sources.len()), (2, 2));

    // Saved without a copy, and opened again without a question: the file is here.
    let project = folder.path().join("p.regulars");
    harness.state_mut().state.save(project.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    let mut again = english();
    again.state_mut().state.open(&project);
    until(&mut again, "opening", |app| app.state.prepared.is_some());
    assert_eq!(again.state().state.table.as_ref().unwrap().height(), 120);
    assert_eq!(again.state().state.sources.len(), 2);
}

#[test]
fn a_table_is_pasted() {
    let mut harness = english();
    click(&mut harness, "Paste a table…");
    let rows: String = (0..80).map(|n| format!("P{n:03}\t{}\t{}\n", n % 9, ["yes", "no"][n % 2])).collect();
    write(
        &mut harness,
        Role::MultilineTextInput,
        "The table as text",
        &format!("customer_id\tvisits\tchurned\n{rows}"),
    );
    appears(&mut harness, "First rows of");
    click(&mut harness, "Read");
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    assert_eq!(harness.state().state.table.as_ref().unwrap().height(), 80);
}

#[test]
fn a_project_waits_for_its_database() {
    let folder = tempfile::tempdir().unwrap();
    let (address, _) = Address::parse("postgresql://ann:hunter2@127.0.0.1:1/shop").unwrap();
    let pick = Some(Pick::Table(TableName { schema: None, name: "customers".into() }));
    let source = Source::Database { address, pick };
    let mut project = SavedProject::new(Settings::default(), source.place(), String::new());
    project.sources =
        vec![SavedSource { file: source.place(), hash: String::new(), bytes: None, from: Some(source) }];
    let path = folder.path().join("p.regulars");
    project.save(&path).unwrap();
    let mut harness = english();
    harness.state_mut().state.open(&path);
    appears(&mut harness, "This project reads from postgresql://ann@127.0.0.1:1/shop");
    assert!(harness.state().state.load.is_none(), "nothing is asked by itself");
    click(&mut harness, Command::Connect.text(Lang::En).as_str());
    write(&mut harness, Role::PasswordInput, "Password", "secret");
    click(&mut harness, "Connect");
    appears(&mut harness, "Nothing answers at");
    assert!(harness.state().state.lacks.is_some());
}
