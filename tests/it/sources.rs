//! Data that are no files, in the window: a database, a pasted table, and a project that waits for
//! what is away.

use std::path::Path;

use eframe::egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::command::Command;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::collect::database::{Address, Function, Source as Pick, TableName};
use regulars_engine::project::{SavedProject, SavedSource, Settings, Source};

use crate::pages::{until, window};
use crate::support::{json, regulars};

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
         CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id TEXT, amount REAL, placed TEXT);
         CREATE VIEW rich AS SELECT * FROM orders WHERE amount > 20;",
    );
    for n in 0..120 {
        let (city, left) = (["Bern", "Rome"][n % 2], ["yes", "no", "no"][n % 3]);
        sql += &format!("INSERT INTO customers VALUES ('C{n:03}', '{city}', '{left}');");
        for k in 0..3 {
            let (amount, day) = (n + k, 10 + k + n % 9);
            sql += &format!(
                "INSERT INTO orders (customer_id, amount, placed)
                 VALUES ('C{n:03}', {amount}.5, '2026-03-{day}');"
            );
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

/// Tab until the control of this name has the focus.
fn tab_to(harness: &mut Harness<'_, App>, name: &str) {
    for _ in 0..120 {
        if harness.query_all_by_label(name).any(|node| node.is_focused()) {
            return;
        }
        harness.key_press_modifiers(Modifiers::NONE, Key::Tab);
        harness.run_steps(3);
    }
    panic!("{name} cannot be reached with Tab");
}

fn press(harness: &mut Harness<'_, App>, name: &str) {
    tab_to(harness, name);
    harness.key_press_modifiers(Modifiers::NONE, Key::Space);
    harness.run_steps(4);
}

#[test]
fn one_row_per_customer_is_chosen_by_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = english();
    click(&mut harness, "From a database…");
    write(&mut harness, Role::TextInput, "Server", &format!("sqlite://{}", shop(folder.path()).display()));
    click(&mut harness, "Connect");
    appears(&mut harness, "2 of 3 tables");
    press(&mut harness, "Every row orders");
    press(&mut harness, "One row per customer");
    appears(&mut harness, "Add up amount");
    // Money and dates are ticked, and can be unticked.
    press(&mut harness, "Count the rows of each customer");
    press(&mut harness, "Look at the sums");
    appears(&mut harness, "First rows of");
    assert!(harness.query_all_by_label_contains("amount_sum").next().is_some());
    press(&mut harness, "Read");
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    let state = &harness.state().state;
    let table = state.table.as_ref().unwrap();
    assert_eq!((table.height(), state.sources.len()), (120, 2));
    assert!(table.columns.iter().any(|column| column.name.contains("placed_last")));

    // Saved, and read in the same way when it is opened again.
    let project = folder.path().join("p.regulars");
    harness.state_mut().state.save(project.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    let saved = SavedProject::open(&project).unwrap();
    let pick = saved.sources.iter().find_map(|source| match &source.from {
        Some(Source::Database { pick: Some(Pick::PerCustomer(wanted)), .. }) => Some(wanted.clone()),
        _ => None,
    });
    let wanted = pick.unwrap();
    assert_eq!(
        (wanted.key.as_str(), wanted.rows, wanted.table.name.as_str()),
        ("customer_id", false, "orders")
    );
    assert!(wanted.columns.contains(&("amount".into(), Function::Sum)));
    let mut again = english();
    again.state_mut().state.open(&project);
    until(&mut again, "opening", |app| app.state.prepared.is_some());
    let columns = |app: &App| app.state.table.as_ref().unwrap().columns.clone();
    let names = |app: &App| columns(app).into_iter().map(|column| column.name).collect::<Vec<_>>();
    assert_eq!(names(again.state()), names(harness.state()));
}

/// The arguments that look at the orders, one row per customer.
fn inspect<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["inspect"], more, &["--sheet", "orders", "--per-customer", "customer_id"]].concat()
}

#[test]
fn the_command_line_lets_a_database_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = shop(folder.path());
    let (file, address) = (file.to_str().unwrap(), format!("sqlite:{}", file.display()));
    for place in [file, address.as_str()] {
        let told = json(&inspect(&[place, "--count", "--sum", "amount", "--last", "placed,order_id"]));
        let table = &told["tables"][0];
        assert_eq!(table["rows"], 120);
        let columns = table["columns"].as_array().unwrap();
        let names: Vec<&str> = columns.iter().map(|column| column["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["customer_id", "orders_count", "amount_sum", "placed_last", "order_id_last"]);
    }
    // With nothing else the rows are counted.
    let told = json(&inspect(&[file]));
    assert_eq!(told["tables"][0]["columns"][1]["name"], "orders_count");
    // Among other files it is the database that has the table.
    let people = folder.path().join("people.csv");
    let lines: String = (0..120).map(|n| format!("C{n:03},{}\n", n % 7)).collect();
    std::fs::write(&people, format!("customer_id,visits\n{lines}")).unwrap();
    let people = people.to_str().unwrap();
    let told = json(&inspect(&[people, file, "--sum", "amount"]));
    assert_eq!((told["tables"].as_array().unwrap().len(), told["combined"]["rows"].as_u64()), (2, Some(120)));

    let fails = |arguments: &[&str]| {
        let (code, out, _) = regulars(&[arguments, &["--json"]].concat());
        let told: serde_json::Value = serde_json::from_str(&out).unwrap_or_default();
        (code, told["error"].clone())
    };
    for (arguments, kind, said) in [
        (inspect(&[file, "--sum", "total"]), "database_no_column", ["total", "orders"]),
        (inspect(&[file, "--sum", "placed"]), "database_not_numeric", ["placed", "orders"]),
        (inspect(&[people]), "database_not_sqlite", ["people.csv", ""]),
    ] {
        let (code, error) = fails(&arguments);
        assert_eq!((code, error["kind"].as_str()), (1, Some(kind)), "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(said.iter().all(|word| message.contains(word)), "{message}");
        assert!(!error["hint"].as_str().unwrap().is_empty());
    }
    assert_eq!(fails(&inspect(&[file, "--query", "SELECT 1"])).0, 2, "one or the other");
    assert_eq!(fails(&["inspect", file, "--sheet", "orders", "--sum", "amount"]).0, 2, "of whom?");
    assert_eq!(fails(&["inspect", file, "--per-customer", "customer_id"]).0, 2, "of which table?");
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
