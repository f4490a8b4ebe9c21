use super::histories;
use crate::job::Reporter;
use crate::recommend::{Case, HouseRules, Popularity, RuleCost, Sides};

fn sides() -> Sides {
    Sides {
        category: vec![Some(0), Some(0), Some(1), None],
        categories: vec!["tea".into(), "ware".into()],
        stock: vec![Some(0.0), Some(3.0), None, Some(1.0)],
        margin: vec![Some(0.5), Some(0.1), Some(0.4), None],
        consent: vec![Some(true), Some(false), None],
        ..Sides::default()
    }
}

fn list(rules: HouseRules, customer: Option<usize>) -> Vec<u32> {
    let mut scores = [4.0, 3.0, 2.0, 1.0];
    let offers = rules.list(&sides(), (customer, &[2]), (&mut scores, &[]), 10);
    offers.iter().map(|offer| offer.item).collect()
}

#[test]
fn each_rule_leaves_out_what_it_says() {
    let none = HouseRules::default();
    assert_eq!(list(none, Some(1)), [0, 1, 2, 3]);
    assert_eq!(list(HouseRules { in_stock: true, ..none }, None), [1, 2, 3], "not known forbids nothing");
    assert_eq!(list(HouseRules { min_margin: Some(0.2), ..none }, None), [0, 2, 3]);
    assert_eq!(list(HouseRules { not_owned: true, ..none }, None), [0, 1, 3]);
    assert_eq!(list(HouseRules { per_category: Some(1), ..none }, None), [0, 2, 3]);
    let consent = HouseRules { consent: true, ..none };
    assert_eq!(list(consent, Some(0)), [0, 1, 2, 3]);
    assert!(list(consent, Some(1)).is_empty() && list(consent, Some(2)).is_empty(), "unknown is a no");
    assert_eq!(list(consent, None).len(), 4, "a basket of nobody may be tried");
}

#[test]
fn a_rule_tells_what_it_costs_in_hits() {
    let train = histories(4, &[&[0, 1, 2, 3], &[0, 1], &[0]]);
    let model = Popularity::overall(&train);
    // Wanted: 0 (out of stock), 1, 2.
    let cases: Vec<Case> = (0u32..3).map(|who| Case { customer: who, wanted: vec![who] }).collect();
    let rules = HouseRules { in_stock: true, consent: true, ..HouseRules::default() };
    let ask = (true, &[][..], &sides());
    let costs = rules.costs(&model, (&train, &cases), ask, &Reporter::silent()).unwrap();
    let cost = |rule, hits_after| RuleCost { rule, customers: 3, hits_before: 3, hits_after };
    // Only customer 0 agreed, and what that one wants is out of stock.
    assert_eq!(costs, [cost("in_stock", 2), cost("consent", 1), cost("all", 0)]);
    let none = HouseRules::default().costs(&model, (&train, &cases), ask, &Reporter::silent()).unwrap();
    assert!(none.is_empty());
}
