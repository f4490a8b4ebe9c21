//! Histories by hand, and that nothing later changes them.

use super::super::sequence::history;
use super::*;

#[test]
fn histories_by_hand_and_blind_to_what_came_later() {
    let read = books(shop());
    let until = day("2024-02-01");
    // The lines of A1 are one step; the return of A3 is another than its purchase.
    let one = "32 order 30; 22 order 10 d; 3 home; 3 cart; 3 home; 2 home; 2 order 60; 2 return -10";
    assert_eq!(history(&read.books, 0, until), one);
    assert_eq!(history(&read.books, 1, until), "31 cart; 13 order 5.5; 13 order 0");
    assert_eq!(history(&read.books, 2, until), "");
    for other in [read.books.cut(until), read.books.scrambled(until)] {
        for customer in 0..4 {
            assert_eq!(history(&other, customer, until), history(&read.books, customer, until));
        }
    }
    assert_ne!(history(&read.books, 0, day("2024-04-01")), one);

    // The newest steps are kept.
    let mut events = String::from("customer_id,time,page\n");
    for at in 0..200 {
        events += &format!("K1,2024-01-{:02} {:02}:00:00,page {at}\n", 1 + at / 20, at % 20);
    }
    let mut tables = shop();
    tables[2] = table("events", &events);
    let long = history(&books(tables).books, 0, until);
    let steps: Vec<HistoryStep> = read_history(&long).collect();
    assert_eq!(steps.len(), LONGEST_HISTORY);
    assert_eq!(steps.last().map(|step| (step.kind, step.amount)), Some(("return", Some(-10.0))));
    // Three orders and returns came after the last visit.
    assert!(long.starts_with("26 page_139; ") && long.contains("; 23 page_199; 22 order 10 d; "), "{long}");
}
