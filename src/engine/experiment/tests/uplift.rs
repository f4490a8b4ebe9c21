//! Uplift: a planted group is found, and nothing is found where nothing is.

use rand::Rng as _;
use rand::seq::SliceRandom;

use super::dice;
use crate::experiment::uplift::{Method, Rows, Uplift, UpliftSpec, learn};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::split::Side;
use crate::train::{ModelKind, Specs};

struct Shop {
    matrix: Matrix,
    wanted: Vec<Option<bool>>,
    treated: Vec<Option<bool>>,
    sides: Vec<Side>,
    persuadable: Vec<bool>,
}

/// Customers with four features. Those whose second feature is above 0.3 are turned by the offer
/// (`effect` more of them stay); the third only says who stays anyway, the fourth nothing.
fn shop(seed: u64, customers: usize, offered: f64, effect: f64) -> Shop {
    let mut rng = dice(seed);
    let mut data = Vec::new();
    let mut out = Shop {
        matrix: Matrix::new(Vec::new(), Vec::new(), 0, Vec::new()),
        wanted: Vec::new(),
        treated: Vec::new(),
        sides: Vec::new(),
        persuadable: Vec::new(),
    };
    for at in 0..customers {
        let features: [f32; 4] = std::array::from_fn(|_| rng.gen_range(-1.0..1.0));
        let turned = features[1] > 0.3;
        let treated = rng.gen_bool(offered);
        let base = 0.45 + 0.25 * f64::from(features[2]);
        let chance = base + if treated && turned { effect } else { 0.0 };
        data.extend(features);
        out.wanted.push(Some(rng.gen_bool(chance.clamp(0.0, 1.0))));
        out.treated.push(Some(treated));
        out.persuadable.push(turned);
        out.sides.push(match at % 10 {
            0..=4 => Side::Train,
            5 => Side::Valid,
            _ => Side::Test,
        });
    }
    let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).into();
    out.matrix = Matrix::new(names.clone(), names, customers, data);
    out
}

fn learnt(shop: &Shop, method: Method, kind: ModelKind) -> Uplift {
    let rows =
        Rows { matrix: &shop.matrix, wanted: &shop.wanted, treated: &shop.treated, sides: &shop.sides };
    let spec = UpliftSpec { method, kind, seed: 3 };
    learn(&rows, &spec, &Specs::default(), &Reporter::silent()).unwrap()
}

#[test]
fn the_persuadable_group_is_found() {
    for (method, kind, offered) in [
        (Method::TwoModels, ModelKind::Logistic, 0.5),
        (Method::TwoModels, ModelKind::Boosted, 0.5),
        (Method::ClassTransformed, ModelKind::Logistic, 0.7),
        (Method::ClassTransformed, ModelKind::Boosted, 0.5),
    ] {
        let shop = shop(11, 6_000, offered, 0.3);
        let found = learnt(&shop, method, kind);
        let qini = found.qini.coefficient;
        assert!(qini.low > 0.0, "{method:?} {kind:?}: {qini:?}");
        assert!(qini.low <= qini.value && qini.value <= qini.high, "{qini:?}");
        // Those who would be called first, of the test rows, are mostly those who are turned.
        let mut test: Vec<usize> = (0..6_000).filter(|at| shop.sides[*at] == Side::Test).collect();
        test.sort_by(|a, b| found.of_row[*b].total_cmp(&found.of_row[*a]));
        let share =
            |of: &[usize]| of.iter().filter(|at| shop.persuadable[**at]).count() as f64 / of.len() as f64;
        let (first, all) = (share(&test[..test.len() / 4]), share(&test));
        assert!(first > 0.75 && all < 0.4, "{method:?} {kind:?}: {first} of the first, {all} of all");
        // What calling all would bring: 35% of the customers are turned with chance 0.3.
        assert!((found.qini.all - 0.105).abs() < 0.06, "{}", found.qini.all);
    }
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let includes = |seed: u64, method: Method| {
        let found = learnt(&shop(seed, 3_000, 0.5, 0.0), method, ModelKind::Logistic).qini.coefficient;
        found.low <= 0.0 && 0.0 <= found.high
    };
    for method in Method::ALL {
        let quiet = (0..20).filter(|seed| includes(100 + seed, method)).count();
        assert!(quiet >= 17, "{method:?}: 0 is in the interval of {quiet} of 20");
    }
}

#[test]
fn shuffled_treatment_has_no_uplift_and_test_rows_change_no_model() {
    let mut planted = shop(5, 4_000, 0.5, 0.3);
    let before = learnt(&planted, Method::TwoModels, ModelKind::Logistic);
    assert_eq!(before, learnt(&planted, Method::TwoModels, ModelKind::Logistic), "the same seed, the same");
    // Other answers of test rows: what is learnt stays.
    let test: Vec<usize> = (0..4_000).filter(|at| planted.sides[*at] == Side::Test).collect();
    test.iter().for_each(|at| planted.wanted[*at] = planted.wanted[*at].map(|yes| !yes));
    let after = learnt(&planted, Method::TwoModels, ModelKind::Logistic);
    assert_eq!(before.of_row, after.of_row);
    assert_ne!(before.qini.coefficient.value, after.qini.coefficient.value);
    // Who got it is drawn anew: nobody is turned by what they did not get.
    let mut planted = shop(5, 4_000, 0.5, 0.3);
    planted.treated.shuffle(&mut dice(9));
    let none = learnt(&planted, Method::TwoModels, ModelKind::Logistic).qini.coefficient;
    assert!(none.low <= 0.0 && none.high >= 0.0, "{none:?}");
}

#[test]
fn a_group_without_both_answers_is_refused() {
    let mut planted = shop(5, 400, 0.5, 0.3);
    for at in 0..400 {
        if planted.treated[at] == Some(true) {
            planted.wanted[at] = Some(true);
        }
    }
    let rows = Rows {
        matrix: &planted.matrix,
        wanted: &planted.wanted,
        treated: &planted.treated,
        sides: &planted.sides,
    };
    let refused = learn(&rows, &UpliftSpec::default(), &Specs::default(), &Reporter::silent());
    assert_eq!(refused.unwrap_err().kind(), "exp_too_few_treated");
}
