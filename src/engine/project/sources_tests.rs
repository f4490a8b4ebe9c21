//! Sources that are no plain files.

use std::path::{Path, PathBuf};

use super::sources::{Secrets, Source, collect, collect_sources};
use super::{Found, SavedProject, SavedSource, Settings};
use crate::collect::database::{self, Address, Aggregate, Function, TableName};
use crate::collect::{self as files, ReadOptions};
use crate::job::Reporter;

/// A shop of two linked tables, a view and a table without rows.
fn shop(folder: &Path) -> PathBuf {
    let file = folder.join("shop.db");
    let handle = rusqlite::Connection::open(&file).unwrap();
    let mut sql = String::from(
        "CREATE TABLE customers (customer_id TEXT PRIMARY KEY, city TEXT);
         CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id TEXT, amount REAL, day TEXT);
         CREATE TABLE notes (a TEXT);
         CREATE VIEW rich AS SELECT * FROM orders WHERE amount > 20;",
    );
    for n in 0..60 {
        sql += &format!("INSERT INTO customers VALUES ('C{n:03}', '{}');", ["Bern", "Rome"][n % 2]);
        for k in 0..3 {
            sql += &format!(
                "INSERT INTO orders (customer_id, amount, day) VALUES ('C{n:03}', {}.5, '2026-0{}-1{k}');",
                n + k,
                k + 1
            );
        }
    }
    handle.execute_batch(&sql).unwrap();
    file
}

#[test]
fn a_database_file_is_a_data_file_whose_parts_are_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let (file, silent) = (shop(folder.path()), Reporter::silent());
    let parts = files::parts(&file).unwrap();
    let names: Vec<(&str, bool)> = parts.iter().map(|p| (p.name.as_str(), p.hidden)).collect();
    assert_eq!(names, [("customers", false), ("notes", false), ("orders", false), ("rich", true)]);
    let best = files::open(&file, &ReadOptions::default(), &silent).unwrap();
    assert_eq!((best.name.as_str(), best.height(), best.source.format), ("orders", 180, "sqlite"));
    assert!(best.warnings.iter().any(|note| note.code == "other_parts"));
    assert_eq!(best.source.hash, super::source::content_hash(&file).unwrap());
    let part = ReadOptions { part: Some("RICH".into()), ..ReadOptions::default() };
    assert!(files::open(&file, &part, &silent).unwrap().height() < 180);
    let none = ReadOptions { part: Some("none".into()), ..ReadOptions::default() };
    assert_eq!(files::open(&file, &none, &silent).unwrap_err().kind(), "no_part");

    let collected = collect(&[file], &Settings::default(), &silent).unwrap();
    assert_eq!((collected.dataset.tables.len(), collected.dataset.links.len()), (2, 1));
    assert_eq!(collected.table.height(), 60);
}

#[test]
fn an_archived_database_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = shop(folder.path());
    let packed = folder.path().join("shop.db.gz");
    let mut out =
        flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::copy(&mut std::fs::File::open(file).unwrap(), &mut out).unwrap();
    out.finish().unwrap();
    let table = files::open(&packed, &ReadOptions::default(), &Reporter::silent()).unwrap();
    assert_eq!((table.height(), table.source.file), (180, packed));
}

#[test]
fn sources_of_several_kinds_are_put_together() {
    let folder = tempfile::tempdir().unwrap();
    let (file, silent) = (shop(folder.path()), Reporter::silent());
    let address = Address::Sqlite { path: file.clone() };
    let settings = Settings::default();
    let query = "SELECT * FROM orders WHERE amount > 3".to_owned();
    let wanted = Source::Database { address: address.clone(), pick: Some(database::Source::Query(query)) };
    let names = folder.path().join("people.csv");
    let lines: String = (0..60).map(|n| format!("C{n:03},{}\n", n % 7)).collect();
    std::fs::write(&names, format!("customer_id,visits\n{lines}")).unwrap();
    let sources = [wanted.clone(), Source::File(names)];
    let both = collect_sources(&sources, &Secrets::default(), &settings, &silent).unwrap();
    assert_eq!((both.table.height(), both.dataset.tables.len()), (60, 2));
    let all = [Source::Database { address, pick: None }];
    let whole = collect_sources(&all, &Secrets::default(), &settings, &silent).unwrap();
    assert_eq!((whole.table.height(), whole.dataset.tables.len()), (60, 2));

    // What is saved says where, and never how to get in.
    let (away, secret) = Address::parse("postgresql://u:hunter2@h/d").unwrap();
    let away = Source::Database { address: away, pick: None };
    let mut secrets = Secrets::default();
    secrets.set(away.place(), secret);
    assert!(secrets.knows(&away.place()) && !format!("{secrets:?}").contains("hunter2"));
    let mut project = SavedProject::new(settings, away.place(), String::new());
    let saved = |from: &Source| SavedSource {
        file: from.place(),
        hash: String::new(),
        bytes: None,
        from: Some(from.clone()),
    };
    project.sources = vec![saved(&away), saved(&wanted)];
    let path = folder.path().join("p.regulars");
    project.save(&path).unwrap();
    let opened = SavedProject::open(&path).unwrap();
    assert_eq!(opened.sources, project.sources);
    let [away, local] = opened.sources.as_slice() else { panic!("two") };
    assert!(away.is_away() && !local.is_away());
    assert_eq!(away.find(Some(&path), &silent).unwrap(), Found::InPlace(away.file.clone()));
    assert_eq!(local.find(Some(&path), &silent).unwrap(), Found::InPlace(file.clone()));
    assert_eq!(local.at(file), wanted);
}

#[test]
fn sums_per_customer_are_saved_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (file, silent) = (shop(folder.path()), Reporter::silent());
    let wanted = Aggregate {
        table: TableName { schema: None, name: "orders".into() },
        key: "customer_id".into(),
        rows: true,
        columns: vec![("amount".into(), Function::Sum), ("day".into(), Function::Last)],
        order: None,
    };
    let pick = database::Source::PerCustomer(wanted.clone());
    let source =
        Source::Database { address: Address::Sqlite { path: file.clone() }, pick: Some(pick.clone()) };
    let settings = Settings::default();
    let read =
        |sources: &[Source]| collect_sources(sources, &Secrets::default(), &settings, &silent).unwrap();
    let one = read(std::slice::from_ref(&source));
    let names: Vec<&str> = one.table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["customer_id", "orders_count", "amount_sum", "day_last"]);
    assert_eq!((one.table.height(), one.plan.is_none()), (60, true));

    // Beside the list of customers it stands as it is: one row belongs to one customer.
    let list = database::Source::Table(TableName { schema: None, name: "customers".into() });
    let list = Source::Database { address: Address::Sqlite { path: file.clone() }, pick: Some(list) };
    let both = read(&[list, source.clone()]);
    assert_eq!((both.table.height(), both.dataset.links.len()), (60, 1));
    assert!(both.table.columns.iter().any(|column| column.name.contains("amount_sum")));

    let mut project = SavedProject::new(settings.clone(), source.place(), String::new());
    project.sources = vec![SavedSource {
        file: source.place(),
        hash: String::new(),
        bytes: None,
        from: Some(source.clone()),
    }];
    let path = folder.path().join("p.regulars");
    project.save(&path).unwrap();
    let opened = SavedProject::open(&path).unwrap();
    assert_eq!(opened.sources, project.sources);
    // Next month's file takes its place.
    let july = folder.path().join("july.db");
    std::fs::copy(&file, &july).unwrap();
    let [saved] = opened.sources.as_slice() else { panic!("one") };
    let moved = saved.at(july.clone());
    assert_eq!(moved, Source::Database { address: Address::Sqlite { path: july }, pick: Some(pick) });
    assert_eq!(read(&[moved]).table.height(), 60);

    // What earlier programs wrote of a database reads as before.
    let text = r#"{"database":{"address":{"sqlite":{"path":"shop.db"}},"pick":PICK}}"#;
    for (pick, expected) in [
        (r#"{"table":{"schema":null,"name":"orders"}}"#, database::Source::Table(wanted.table.clone())),
        (r#"{"query":"SELECT 1"}"#, database::Source::Query("SELECT 1".into())),
        (
            r#"{"per_customer":{"table":{"schema":null,"name":"orders"},"key":"customer_id","rows":true,
                "columns":[["amount","sum"],["day","last"]]}}"#,
            database::Source::PerCustomer(wanted),
        ),
    ] {
        let read: Source = serde_json::from_str(&text.replace("PICK", pick)).unwrap();
        let address = Address::Sqlite { path: "shop.db".into() };
        assert_eq!(read, Source::Database { address, pick: Some(expected) });
    }
}

#[test]
fn a_sheet_and_cells_are_those_of_the_workbooks_among_several_files() {
    let folder = tempfile::tempdir().unwrap();
    let book = |name: &str, first: &str| {
        let path = folder.path().join(name);
        let mut book = rust_xlsxwriter::Workbook::new();
        for sheet in ["old", "new"] {
            let sheet = book.add_worksheet().set_name(sheet).unwrap();
            let rows = [["customer_id", "city"], [first, "Bern"], ["C002", "Rome"], ["C003", "Kiel"]];
            for (row, cells) in (0u32..).zip(rows) {
                cells.iter().zip(0u16..).for_each(|(cell, at)| {
                    sheet.write(row, at, *cell).unwrap();
                });
            }
        }
        book.save(&path).unwrap();
        path
    };
    let text = folder.path().join("visits.csv");
    std::fs::write(
        &text,
        "customer_id,visits,day\nC001,3,2026-01-02\nC002,5,2026-01-04\nC003,1,2026-01-09\n",
    )
    .unwrap();
    let silent = Reporter::silent();
    let mut settings = Settings::default();
    settings.read.part = Some("new".into());
    settings.read.range = Some("A1:B3".into());

    let both = collect(&[book("a.xlsx", "C001"), text.clone()], &settings, &silent).unwrap();
    let of = |name: &str| both.dataset.tables.iter().find(|table| table.name == name).unwrap();
    assert_eq!((of("new").height(), of("visits").height()), (2, 3), "cells are cut from the workbook only");
    assert_eq!(both.dataset.tables.len(), 2, "one sheet and the text");
    let codes: Vec<&str> =
        both.table.warnings.iter().filter(|note| super::is_unused(note)).map(|note| note.code).collect();
    assert_eq!(codes, ["sheet_unused", "range_unused"]);

    // Of several workbooks it is the sheet of each.
    let books = [book("a.xlsx", "C001"), book("b.xlsx", "C009")];
    let stacked = collect(&books, &settings, &silent).unwrap();
    assert_eq!(stacked.table.height(), 4);
    assert!(!stacked.table.warnings.iter().any(super::is_unused));

    // Where no file has it, it is an error as it is of one file.
    let other = folder.path().join("orders.csv");
    std::fs::copy(&text, &other).unwrap();
    assert_eq!(collect(&[text, other], &settings, &silent).map(|_| ()).unwrap_err().kind(), "no_part");
}
