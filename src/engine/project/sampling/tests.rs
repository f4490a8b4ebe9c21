//! The sample of real files: streamed and of the whole are the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use polars::prelude::ParquetWriter;

use super::*;
use crate::project::{self, Collected};
use crate::table::Role;

const CUSTOMERS: usize = 900;

/// A shop of four files: every customer has orders, every order has lines, of products.
fn shop(folder: &Path) -> Vec<PathBuf> {
    let mut customers = String::from("customer_id,name,city,churned\n");
    let mut orders = String::from("order_id,customer_id,order_date,amount\n");
    let mut lines = String::from("order_id,product_id,quantity\n");
    let mut products = String::from("product_id,product,price\n");
    let mut order = 0;
    for id in 0..CUSTOMERS {
        let left = if id % 9 == 0 { "Yes" } else { "No" };
        let _ = writeln!(customers, "C{id:05},Person {id},City {},{left}", id % 7);
        for n in 0..1 + id % 5 {
            let _ = writeln!(
                orders,
                "O{order:06},C{id:05},2024-{:02}-{:02},{}.50",
                1 + n * 2,
                1 + id % 28,
                10 + id
            );
            for line in 0..2 {
                let _ = writeln!(lines, "O{order:06},P{:03},{}", (order + line) % 40, 1 + line);
            }
            order += 1;
        }
    }
    // Orders of nobody belong to no sample.
    let _ = writeln!(orders, "O999999,,2024-05-05,1.00");
    for id in 0..40 {
        let _ = writeln!(products, "P{id:03},Thing {id},{}.00", id + 1);
    }
    [("customers", customers), ("orders", orders), ("order_lines", lines), ("products", products)]
        .into_iter()
        .map(|(name, text)| {
            let path = folder.join(format!("{name}.csv"));
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect()
}

fn sampling(customers: u64) -> Settings {
    Settings { sample: Some(SampleSpec::of(customers)), ..Settings::default() }
}

fn collect(files: &[PathBuf], settings: &Settings) -> Collected {
    project::collect(files, settings, &Reporter::silent()).unwrap()
}

fn values(table: &Table, column: &str) -> Vec<String> {
    table.text(column).unwrap().iter().map(|cell| cell.unwrap_or_default().to_owned()).collect()
}

fn named<'a>(collected: &'a Collected, name: &str) -> &'a Table {
    collected.dataset.tables.iter().find(|table| table.name == name).unwrap()
}

#[test]
fn a_customer_comes_with_all_rows_in_all_tables() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let all = collect(&files, &Settings::default());
    let some = collect(&files, &sampling(90));
    assert_eq!(some.table.height(), 90);
    let told = drawn(&some.table).unwrap();
    assert_eq!((told.of, told.rows, told.by.as_deref()), (CUSTOMERS as u64, 90, Some("churned")));
    assert_eq!(told.strata.iter().map(|one| one.rows).collect::<BTreeSet<_>>(), BTreeSet::from([10, 80]));

    let ids: BTreeSet<String> = values(&some.table, "customer_id").into_iter().collect();
    let of = |table: &Table, column: &str, set: &BTreeSet<String>| -> BTreeSet<(String, String)> {
        let rows = values(table, "order_id").into_iter().zip(values(table, column));
        rows.filter(|(order, by)| set.contains(if column == "customer_id" { by } else { order })).collect()
    };
    let orders = of(named(&all, "orders"), "customer_id", &ids);
    assert_eq!(of(named(&some, "orders"), "customer_id", &ids), orders);
    assert_eq!(named(&some, "orders").height(), orders.len());
    let wanted: BTreeSet<String> = orders.into_iter().map(|(order, _)| order).collect();
    let lines = of(named(&all, "order_lines"), "product_id", &wanted);
    assert_eq!(of(named(&some, "order_lines"), "product_id", &wanted), lines);
    assert_eq!(named(&some, "order_lines").height(), wanted.len() * 2);
    // What is looked up is whole.
    assert_eq!(named(&some, "products").height(), 40);
    // What was counted of a customer is the same in the whole and in the sample.
    let row = |table: &Table, id: &str| {
        let at = values(table, "customer_id").iter().position(|known| known == id).unwrap();
        table.columns.iter().map(|column| values(table, &column.name).swap_remove(at)).collect::<Vec<_>>()
    };
    for id in ids.iter().take(20) {
        assert_eq!(row(&some.table, id), row(&all.table, id));
    }
}

#[test]
fn streamed_and_of_the_whole_are_one_sample() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let silent = Reporter::silent();
    let streamed = collect(&files, &sampling(120));
    let options = ReadOptions::default();
    let tables =
        files.iter().flat_map(|file| crate::collect::tables(file, &options, &silent).unwrap()).collect();
    let held = project::assemble(tables, &sampling(120), &silent).unwrap();
    assert_eq!(drawn(&streamed.table), drawn(&held.table));
    assert!(streamed.table.raw.equals_missing(&held.table.raw));
    for table in &streamed.dataset.tables {
        let other = named(&held, &table.name);
        assert!(table.raw.equals_missing(&other.raw) && table.rows == other.rows, "{}", table.name);
    }
}

#[test]
fn one_file_of_customers_text_and_parquet() {
    let folder = tempfile::tempdir().unwrap();
    let file = shop(folder.path()).swap_remove(0);
    let settings = sampling(200);
    let text = collect(std::slice::from_ref(&file), &settings);
    assert_eq!(text.table.height(), 200);
    let held = crate::collect::open(&file, &ReadOptions::default(), &Reporter::silent()).unwrap();
    let mut frame = held.raw.clone();
    let of_whole = from_one(held, &settings, &Reporter::silent()).unwrap();
    assert!(text.table.raw.equals_missing(&of_whole.raw) && text.table.rows == of_whole.rows);
    assert_eq!(drawn(&text.table), drawn(&of_whole));

    let packed = folder.path().join("customers.parquet");
    let to = std::fs::File::create(&packed).unwrap();
    ParquetWriter::new(to).with_row_group_size(Some(100)).finish(&mut frame).unwrap();
    let parquet = collect(&[packed], &settings);
    assert_eq!(values(&parquet.table, "customer_id"), values(&text.table, "customer_id"));
    assert_eq!(drawn(&parquet.table), drawn(&text.table));
    assert_eq!(
        parquet.table.columns.iter().map(|c| c.role).collect::<Vec<_>>(),
        text.table.columns.iter().map(|c| c.role).collect::<Vec<_>>()
    );
}

#[test]
fn orders_alone_are_drawn_by_customer_and_months_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = shop(folder.path()).swap_remove(1);
    let text = std::fs::read_to_string(&file).unwrap();
    let all = collect(std::slice::from_ref(&file), &sampling(100));
    let ids: BTreeSet<String> = values(&all.table, "customer_id").into_iter().collect();
    assert_eq!(ids.len(), 100);
    assert_eq!(drawn(&all.table).map(|told| told.of), Some(CUSTOMERS as u64));
    // The same in two files.
    let lines: Vec<&str> = text.lines().collect();
    let parts = folder.path().join("months");
    std::fs::create_dir(&parts).unwrap();
    let (head, rows) = lines.split_first().unwrap();
    for (at, half) in rows.chunks(rows.len() / 2 + 1).enumerate() {
        std::fs::write(parts.join(format!("m{at}.csv")), format!("{head}\n{}\n", half.join("\n"))).unwrap();
    }
    let months = collect(&[parts], &sampling(100));
    let again: BTreeSet<String> =
        values(named(&months, &months.dataset.tables[0].name), "customer_id").into_iter().collect();
    assert_eq!(again, ids);
    assert!(drawn(&months.table).is_some());
}

#[test]
fn a_file_without_identifiers_gives_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let rows: String = (0..400)
        .map(|i| format!("{},{:.2},{}\n", i % 13, f64::from(i) / 7.0, if i % 4 == 0 { "yes" } else { "no" }))
        .collect();
    std::fs::write(&path, format!("tenure,charge,churn\n{rows}")).unwrap();
    let some = collect(&[path], &sampling(40));
    let told = drawn(&some.table).unwrap();
    assert_eq!((some.table.height(), told.of, told.unit), (40, 400, crate::collect::Unit::Rows));
    assert_eq!(values(&some.table, "churn").iter().filter(|value| *value == "yes").count(), 10);
    assert!(some.table.columns.iter().any(|column| column.role == Role::Target));
}

#[test]
fn a_sample_has_a_key_of_its_own_and_scoring_reads_all() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let (all, some) = (Settings::default(), sampling(50));
    let table = collect(&files[..1], &all).table;
    assert_ne!(all.key(&table), some.key(&table));
    let sources = [project::Source::File(files[0].clone())];
    let month =
        super::super::month::open_month(&some, &sources, &project::Secrets::default(), &Reporter::silent());
    let month = month.unwrap();
    assert_eq!((month.height(), drawn(&month)), (CUSTOMERS, None));
}

#[test]
fn what_cannot_be_read_is_told_as_without_a_sample() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone.csv");
    let broken = folder.path().join("broken.parquet");
    std::fs::write(&broken, b"PAR1 this is none PAR1").unwrap();
    for file in [gone, broken] {
        let error = |settings: &Settings| {
            project::collect(std::slice::from_ref(&file), settings, &Reporter::silent()).unwrap_err().kind()
        };
        assert_eq!(error(&sampling(10)), error(&Settings::default()));
    }
    let file = shop(folder.path()).swap_remove(0);
    let mut settings = sampling(10);
    settings.read.roles.push(("nothing".into(), Role::Target));
    let error = project::collect(&[file], &settings, &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "no_column");
}
