//! Cohorts by hand.

use super::super::testing::books;
use super::*;
use crate::collect::relate::testing::table;

/// K1 begins in January and comes back in February and April; K2 in January only; K3 begins in March.
const ORDERS: &str = "order_id,customer_id,order_date,amount\n\
    A1,K1,2024-01-05,10.00\nA2,K1,2024-02-05,20.00\nA9,K1,2024-02-09,2.00\nA4,K1,2024-04-05,40.00\n\
    A5,K2,2024-01-20,15.00\nA6,K3,2024-03-10,50.00\nA7,K3,2024-03-10,5.00\n";

#[test]
fn the_triangle_by_hand() {
    let found = cohorts(&books(vec![table("orders", ORDERS)]), &Reporter::silent()).unwrap();
    let months: Vec<String> = found.cohorts.iter().map(|one| one.month.to_string()).collect();
    assert_eq!(months, ["2024-01", "2024-02", "2024-03", "2024-04"]);
    let sizes: Vec<usize> = found.cohorts.iter().map(|one| one.size).collect();
    assert_eq!(sizes, [2, 0, 1, 0]);
    assert_eq!(found.cohorts[0].active, [2, 1, 0, 1]);
    assert_eq!(found.cohorts[0].money, [25.0, 22.0, 0.0, 40.0]);
    assert_eq!(
        (found.cohorts[2].active.as_slice(), found.cohorts[2].money.as_slice()),
        (&[1, 0][..], &[55.0, 0.0][..])
    );
    // Nobody began in February: there is no share of nobody.
    assert_eq!(found.kept(1, 0), None);
    assert_eq!(found.kept(0, 1).unwrap().value, 0.5);
    assert_eq!(found.kept(0, 4), None);
    // The data end on 5 April: its cells are not whole, and no mean counts them.
    assert!(
        found.last_is_partial && found.is_partial(0, 3) && found.is_partial(2, 1) && !found.is_partial(0, 2)
    );
    assert_eq!(found.kept_by_all(1).unwrap().value, 0.5);
    assert_eq!(found.kept_by_all(3), None);
}

#[test]
fn months_turn_with_the_year() {
    let month = Month { year: 2023, month: 11 };
    assert_eq!(month.after(0), month);
    assert_eq!(month.after(2), Month { year: 2024, month: 1 });
    assert_eq!(month.after(14).to_string(), "2025-01");
}
