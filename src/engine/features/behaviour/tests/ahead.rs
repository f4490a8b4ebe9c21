//! The sample shop: columns of the customers' table that tell what came later.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::project::{Settings, collect};

/// The sample shop with two planted columns: `won_back_offer`, sent after the fact to nearly all who did not
/// come back, and `basket_total`, the sum of all orders whenever they were.
fn planted(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = crate::sample::write(folder, 600, 7).unwrap();
    let settings = Settings::default();
    let read = opened(&files, &settings);
    let question = Question::default();
    let asked = read.books.last_day() - 60;
    let customers = std::fs::read_to_string(&files[0]).unwrap();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = String::new();
    for (n, line) in customers.lines().enumerate() {
        let key = line.split(',').next().unwrap().to_owned();
        if n == 0 {
            out += &format!("{line},won_back_offer,pieces_bought,shoe_size\n");
            continue;
        }
        let next = place.len();
        let customer = *place.entry(key).or_insert(next);
        let lost = label(&read.books, &question, customer, asked) == Some(true);
        // One in a hundred was forgotten.
        let offer = if lost && !customer.is_multiple_of(100) { "sent" } else { "not sent" };
        let quantity = read.books.sales.quantity.as_ref().unwrap();
        let pieces: f64 = read.books.sales.of(customer).map(|row| quantity[row]).sum();
        out += &format!("{line},{offer},{pieces},{}\n", 36 + customer * 7 % 11);
    }
    std::fs::write(&files[0], out).unwrap();
    files
}

fn opened(files: &[std::path::PathBuf], settings: &Settings) -> Read {
    let collected = collect(files, settings, &Reporter::silent()).unwrap();
    super::super::read(&collected.dataset, collected.plan.as_ref().unwrap(), None, &Reporter::silent())
        .unwrap()
}

#[test]
fn planted_columns_are_caught_and_honest_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let files = planted(folder.path());
    let settings = Settings { question: Some(Question::default()), ..Settings::default() };
    let collected = collect(&files, &settings, &Reporter::silent()).unwrap();
    let asked = collected.asked.as_ref().unwrap();
    let caught: BTreeMap<&str, &Why> =
        asked.ahead.iter().map(|found| (found.column.as_str(), &found.why)).collect();
    println!("{caught:#?}");
    // Planted here.
    assert!(matches!(caught["won_back_offer"], Why::Alone { roc_auc } if *roc_auc > 0.97));
    assert!(matches!(caught["pieces_bought"], Why::Total { of: "pieces bought", share } if *share > 0.95));
    // The sample shop's own: figures of the day on which the file was written.
    assert!(matches!(caught["orders"], Why::Total { of: "orders", .. }));
    assert!(matches!(caught["visits_30d"], Why::Total { of: "events" | "events of 30 days", .. }));
    assert!(matches!(caught["last_order_date"], Why::Later { rows } if *rows > 100));
    assert!(matches!(caught["churned"], Why::Target));
    for honest in ["city", "age", "signup_date", "newsletter", "lucky_number", "shoe_size", "tickets"] {
        assert!(!caught.contains_key(honest), "{honest}: {:?}", caught[honest]);
    }
    // What was caught is in the table, out of use and with the reason.
    let column = |name: &str| collected.table.columns.iter().find(|column| column.name == name).unwrap();
    assert_eq!(column("won_back_offer").role, crate::table::Role::Ignore);
    assert_eq!(column("won_back_offer").why.code, "ahead_alone");
    assert_eq!(column("shoe_size").role, crate::table::Role::Number);
    // A person who knows better has the last word.
    let mut settings = settings;
    settings.read.roles.push(("pieces_bought".into(), crate::table::Role::Number));
    let collected = collect(&files, &settings, &Reporter::silent()).unwrap();
    let column = collected.table.columns.iter().find(|column| column.name == "pieces_bought").unwrap();
    assert_eq!(column.role, crate::table::Role::Number);
}
