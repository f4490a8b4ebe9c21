//! Months and moves by hand, and that nothing later changes an earlier month.

use super::super::rfm::{CutSpec, RfmSpec, RfmValues};
use super::super::testing::books;
use super::*;
use crate::collect::relate::testing::table;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// K1 buys every month; K2 once in January; K3 begins in March.
const ORDERS: &str = "order_id,customer_id,order_date,amount\n\
    A1,K1,2024-01-05,10.00\nA2,K1,2024-02-05,20.00\nA3,K1,2024-03-05,30.00\nA4,K1,2024-04-05,40.00\n\
    A5,K2,2024-01-20,15.00\nA6,K3,2024-03-10,50.00\nA7,K3,2024-03-10,5.00\nA8,K3,2024-04-20,25.00\n";

/// Up to 31 days since the last purchase is a 5, up to 62 a 4, up to 93 a 3; one order is a 1, two a 2 ….
fn fitted() -> FittedRfm {
    let cuts = CutSpec::Own {
        recency: [31.0, 62.0, 93.0, 124.0],
        frequency: [1.0, 2.0, 3.0, 4.0],
        money: [10.0, 30.0, 60.0, 90.0],
    };
    FittedRfm::fit(
        &RfmSpec { cuts, ..RfmSpec::default() },
        &RfmValues { money: Some(vec![]), ..Default::default() },
    )
    .unwrap()
}

fn name(flows: &Flows, customer: usize, place: usize) -> String {
    match flows.stood(customer, place) {
        Stood::In(at) => flows.names[at].clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn months_end_on_their_last_days() {
    let ends = |from: &str, to: &str| {
        let (days, partial) = month_ends(to_day(date(from)), to_day(date(to)));
        (days.into_iter().map(|day| to_date(day).to_string()).collect::<Vec<_>>(), partial)
    };
    let list = |days: &[&str]| days.iter().map(ToString::to_string).collect::<Vec<_>>();
    let wanted = list(&["2024-01-31", "2024-02-29", "2024-03-15"]);
    assert_eq!(ends("2024-01-31", "2024-03-15"), (wanted, true));
    assert_eq!(ends("2023-12-05", "2024-01-31"), (list(&["2023-12-31", "2024-01-31"]), false));
    assert_eq!(ends("2024-05-05", "2024-05-05"), (list(&["2024-05-05"]), true));
}

#[test]
fn classes_of_every_month_by_hand() {
    let shop = books(vec![table("orders", ORDERS)]);
    let flows = flows(&shop, &fitted(), &Reporter::silent()).unwrap();
    let days: Vec<String> = flows.days.iter().map(ToString::to_string).collect();
    assert_eq!(days, ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-20"]);
    assert!(flows.last_is_partial);
    // K1: R5; F 1 2 3 4; M 1 2 3 5 (10, 30, 60, 100: a value at a cut belongs below it).
    let row = |customer: usize| (0..4).map(|at| name(&flows, customer, at)).collect::<Vec<_>>();
    assert_eq!(row(0), ["new_customers", "potential_loyalists", "potential_loyalists", "champions"]);
    // K2: bought on 20 January for 15: R 5 4 3 3, F 1, M 2, so FM 2.
    assert_eq!(row(1), ["potential_loyalists", "potential_loyalists", "about_to_sleep", "about_to_sleep"]);
    // K3: two numbers on one day are two orders: F 2 and then 3, M 3 and then 4.
    assert_eq!(row(2), ["NotYet", "NotYet", "potential_loyalists", "champions"]);
    assert_eq!(flows.counts[3].iter().sum::<usize>(), 3);

    let moves = flows.between(1, 3);
    let found = |from: Stood, to: Stood| {
        moves.iter().find(|one| (one.from, one.to) == (from, to)).map_or(0, |one| one.customers)
    };
    let at = |name: &str| Stood::In(flows.names.iter().position(|n| n == name).unwrap());
    assert_eq!(found(at("potential_loyalists"), at("champions")), 1);
    assert_eq!(found(at("potential_loyalists"), at("about_to_sleep")), 1);
    assert_eq!(found(Stood::NotYet, at("champions")), 1);
    assert_eq!(moves.iter().map(|one| one.customers).sum::<usize>(), 3);
    assert_eq!(flows.members((1, 3), (Stood::NotYet, at("champions"))), [2]);
    let (down, up) = flows.told((1, 3), |class| fitted().standing(class));
    assert_eq!(down.map(|one| (one.from, one.to)), Some((at("potential_loyalists"), at("about_to_sleep"))));
    assert_eq!(up.map(|one| (one.from, one.to)), Some((at("potential_loyalists"), at("champions"))));
}

#[test]
fn what_comes_later_changes_no_earlier_month() {
    let shop = books(vec![table("orders", ORDERS)]);
    let whole = flows(&shop, &fitted(), &Reporter::silent()).unwrap();
    for (place, day) in whole.days.iter().enumerate() {
        let then = flows(&shop.cut(to_day(*day)), &fitted(), &Reporter::silent()).unwrap();
        for customer in 0..3 {
            for before in 0..=place.min(then.days.len() - 1) {
                // A month that is cut short ends on another day.
                if then.days[before] == whole.days[before] {
                    assert_eq!(then.stood(customer, before), whole.stood(customer, before), "{day}");
                }
            }
        }
    }
}

#[test]
fn shares_that_stay_have_not_drifted() {
    let shop = books(vec![table("orders", ORDERS)]);
    let flows = flows(&shop, &fitted(), &Reporter::silent()).unwrap();
    assert_eq!(flows.drift(2, 2).unwrap().0, 0.0);
    assert!(flows.drift(1, 3).unwrap().0 > 0.0);
    assert_eq!(flows.drift(0, 9), None);
    assert_eq!(flows.stood(7, 0), Stood::NotYet);
}
