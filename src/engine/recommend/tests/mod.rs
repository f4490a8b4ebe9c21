//! Figures that were worked by hand, and truths from outside.

mod house;
mod models;
mod public;
mod questions;
mod rhythm;

use super::{Histories, Interactions, Row};

/// Histories from lists of products; each event is a basket and a day of its own.
fn histories(n_items: usize, lists: &[&[u32]]) -> Histories {
    let mut out = Histories::over(n_items);
    for list in lists {
        out.push((0u32..).zip(*list).map(|(at, item)| (*item, i64::from(at) * 86_400_000, at)));
    }
    out
}

/// Events of (customer, product, day).
fn events(rows: &[(u32, u32, i64)]) -> Interactions {
    let names = |letter: &str, count: u32| (0..count).map(|n| format!("{letter}{n}")).collect();
    let rows: Vec<Row> = rows
        .iter()
        .map(|(customer, item, day)| Row {
            customer: *customer,
            item: *item,
            time: day * 86_400_000,
            basket: u32::try_from(*day).unwrap(),
            quantity: 1.0,
            money: f32::NAN,
        })
        .collect();
    let customers = rows.iter().map(|row| row.customer + 1).max().unwrap_or(0);
    let items = rows.iter().map(|row| row.item + 1).max().unwrap_or(0);
    Interactions::new(names("C", customers), names("P", items), &rows, true)
}
