//! Values that are offered, and names that say what can be changed.

use super::choices::thinned;
use super::*;

#[test]
fn names_say_what_a_business_decides() {
    for name in [
        "Contract",
        "MonthlyCharges",
        "PaymentMethod",
        "payment_method",
        "PaperlessBilling",
        "TechSupport",
        "discount share",
        "newsletter",
        "plan",
        "合同类型",
        "月费",
        "付款方式",
        "是否有优惠",
    ] {
        assert!(can_be_changed(name), "{name}");
    }
    for name in [
        "age",
        "Gender",
        "SeniorCitizen",
        "tenure",
        "customerID",
        "TotalCharges",
        "total_spend",
        "city",
        "last_payment_days",
        "signup_date",
        "lucky_number",
        "年龄",
        "累计付款",
        "性别",
        "套餐天数",
        "",
    ] {
        assert!(!can_be_changed(name), "{name}");
    }
}

#[test]
fn values_are_thinned_evenly_with_both_ends() {
    assert_eq!(thinned(3, 200), [0, 1, 2]);
    assert_eq!(thinned(0, 200), Vec::<usize>::new());
    let kept = thinned(1001, 5);
    assert_eq!(kept, [0, 250, 500, 750, 1000]);
    assert_eq!(thinned(7, 1), [0]);
}

#[test]
fn the_nearest_number_is_found() {
    let values = [1.0, 4.0, 9.0].map(|v| (v, v.to_string())).to_vec();
    let numbers = Values::Numbers { spread: 2.0, values };
    assert_eq!([-5.0, 2.4, 2.6, 100.0].map(|v| numbers.nearest(v)), [Some(0), Some(0), Some(1), Some(2)]);
    assert!(numbers.is_sound() && !Values::Numbers { spread: f64::NAN, values: Vec::new() }.is_sound());
    let levels = Values::Levels { values: vec![("a".into(), "A".into())] };
    assert_eq!((levels.nearest(1.0), levels.text(0), levels.shown(0)), (None, Some("A"), Some("a".into())));
}
