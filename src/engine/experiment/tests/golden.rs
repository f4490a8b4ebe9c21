//! Figures against those of statsmodels, scipy and scikit-uplift: `golden/make.py` wrote them.

use serde_json::Value;

use crate::experiment::tails::noncentral_t;
use crate::experiment::uplift::qini;
use crate::experiment::{
    Count, Measured, Plan, adjusted, against_drawn, against_share, means, refit, shares,
};
use crate::job::Reporter;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/golden.json")).unwrap()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn near(ours: f64, theirs: f64, within: f64, what: &str) {
    assert!((ours - theirs).abs() <= within * theirs.abs().max(1.0), "{what}: {ours} and not {theirs}");
}

fn plan_of(row: &Value, measured: Measured) -> Plan {
    Plan {
        measured,
        effect: number(&row["effect"]),
        alpha: number(&row["alpha"]),
        two_sided: row["sides"] == 2,
        left_alone: number(&row["left"]),
        ..Plan::default()
    }
}

#[test]
fn power_and_size_are_those_of_statsmodels() {
    let golden = golden();
    for (kind, within) in [("shares", 1e-9), ("means", 1e-8)] {
        for row in golden[kind].as_array().unwrap() {
            let measured = match kind {
                "shares" => Measured::Share { base: number(&row["base"]) },
                _ => Measured::Money { deviation: number(&row["deviation"]) },
            };
            let plan = plan_of(row, measured);
            for pair in row["power"].as_array().unwrap() {
                let (total, power) = (number(&pair[0]), number(&pair[1]));
                near(plan.power_of(total), power, within, &format!("power of {total} for {plan:?}"));
            }
            for pair in row["total"].as_array().unwrap() {
                let plan = Plan { power: number(&pair[0]), ..plan.clone() };
                near(plan.total().unwrap(), number(&pair[1]), 1e-6, &format!("size for {plan:?}"));
                // Back again: so many customers find just that effect.
                let effect = plan.effect_of(number(&pair[1])).unwrap();
                near(effect, plan.effect, 1e-6, "effect");
            }
        }
    }
    for row in golden["nct"].as_array().unwrap() {
        let [t, df, shift, below] = list(row)[..] else { panic!("{row}") };
        near(noncentral_t(t, df, shift), below, 1e-10, &format!("{row}"));
    }
    // Where the sum gives way to the approximation there is no step that anyone would see.
    let (just, over) = (noncentral_t(2.0, 49_999.0, 2.8), noncentral_t(2.0, 50_001.0, 2.8));
    near(over, just, 1e-5, "many degrees");
}

#[test]
fn differences_are_those_of_statsmodels() {
    let golden = golden();
    for row in golden["newcombe"].as_array().unwrap() {
        let [y1, n1, y0, n0] = list(&row["counts"])[..] else { panic!("{row}") };
        let count = |yes: f64, all: f64| Count { yes: yes as u64, all: all as u64 };
        let ours = shares(count(y1, n1), count(y0, n0), 0.05).unwrap();
        near(ours.low, number(&row["low"]), 1e-9, "low");
        near(ours.high, number(&row["high"]), 1e-9, "high");
        near(ours.p, number(&row["p"]), 1e-9, "p");
    }
    for row in golden["welch"].as_array().unwrap() {
        let ours = means(&list(&row["called"]), &list(&row["left"]), 0.05).unwrap();
        near(ours.low, number(&row["low"]), 1e-9, "low");
        near(ours.high, number(&row["high"]), 1e-9, "high");
        near(ours.p, number(&row["p"]), 1e-9, "p");
    }
    let of = &golden["cuped"];
    let called: Vec<bool> = list(&of["treated"]).iter().map(|yes| *yes > 0.5).collect();
    let ours = adjusted(&list(&of["after"]), &called, &[&list(&of["before"])], 0.05).unwrap();
    near(ours.theta[0], number(&of["theta"]), 1e-9, "theta");
    near(ours.difference.value, number(&of["difference"]), 1e-9, "difference");
    near(ours.difference.low, number(&of["low"]), 1e-9, "low");
    near(ours.difference.high, number(&of["high"]), 1e-9, "high");
    near(ours.reduction, number(&of["reduction"]), 1e-9, "reduction");
    assert!(ours.reduction > 0.5, "the past explains most of it: {}", ours.reduction);
}

#[test]
fn ratio_checks_are_those_of_scipy() {
    let golden = golden();
    for row in golden["chi2"].as_array().unwrap() {
        let [found1, lost1] = list(&row["table"][0])[..] else { panic!("{row}") };
        let [found0, lost0] = list(&row["table"][1])[..] else { panic!("{row}") };
        let pair = |found: f64, lost: f64| (found as u64, (found + lost) as u64);
        let ours = against_drawn(pair(found1, lost1), pair(found0, lost0));
        near(ours.chi_squared, number(&row["chi2"]), 1e-9, "chi2");
        near(ours.p, number(&row["p"]), 1e-9, "p");
    }
    for row in golden["ratio"].as_array().unwrap() {
        let [called, left] = list(&row["counts"])[..] else { panic!("{row}") };
        let ours = against_share(called as u64, left as u64, number(&row["share"]));
        near(ours.chi_squared, number(&row["chi2"]), 1e-9, "chi2");
        near(ours.p, number(&row["p"]), 1e-9, "p");
        assert_eq!(ours.stops, ours.p < 0.001);
    }
}

#[test]
fn the_refit_is_that_of_statsmodels() {
    let of = &golden()["platt"];
    let happened: Vec<bool> = list(&of["happened"]).iter().map(|yes| *yes > 0.5).collect();
    let ours = refit(&list(&of["score"]), &happened, 0.05).unwrap();
    near(ours.slope.value, number(&of["slope"]), 1e-8, "slope");
    near(ours.intercept.value, number(&of["intercept"]), 1e-8, "intercept");
    let half = |e: crate::metrics::Estimate| (e.high - e.low) / 2.0 / 1.959_963_984_540_054;
    near(half(ours.slope), number(&of["slope_se"]), 1e-8, "error of the slope");
    near(half(ours.intercept), number(&of["intercept_se"]), 1e-8, "error of the intercept");
    assert!(!ours.is_fine(), "these scores are planted to be too bold");
    let all_of_one = vec![true; happened.len()];
    assert!(refit(&list(&of["score"]), &all_of_one, 0.05).is_none());
}

#[test]
fn the_qini_curve_is_that_of_scikit_uplift() {
    let of = &golden()["qini"];
    let is = |key: &str| -> Vec<bool> { list(&of[key]).iter().map(|yes| *yes > 0.5).collect() };
    let (scores, treated, wanted) = (list(&of["uplift"]), is("treatment"), is("outcome"));
    let ours = qini(&scores, &wanted, &treated, 0, 1, &Reporter::silent()).unwrap();
    let (all, called) = (scores.len() as f64, treated.iter().filter(|yes| **yes).count() as f64);
    let (places, values) = (list(&of["places"]), list(&of["values"]));
    assert_eq!(ours.curve.len(), places.len());
    for ((x, y), (place, value)) in ours.curve.iter().zip(places.iter().zip(&values)) {
        near(x * all, *place, 1e-9, "place");
        near(y * called, *value, 1e-9, "value");
    }
    // The area by hand, from their points.
    let pairs: Vec<(f64, f64)> =
        places.iter().map(|x| x / all).zip(values.iter().map(|y| y / called)).collect();
    let under: f64 = pairs.windows(2).map(|w| (w[1].0 - w[0].0) * (w[1].1 + w[0].1) / 2.0).sum();
    near(ours.coefficient.value, under - ours.all / 2.0, 1e-12, "coefficient");
}
