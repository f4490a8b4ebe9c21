//! Curves, tests and coefficients against lifelines 0.30.3 (`tests/golden/survival.py`), and contracts
//! whose truth is known.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::*;
use crate::collect::relate::testing::{public, table};
use crate::collect::{ReadOptions, open};

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn close(found: f64, wanted: f64, half: f64) {
    assert!((found - wanted).abs() <= half * (1.0 + wanted.abs()), "{found} for {wanted}");
}

#[test]
fn curves_tests_and_coefficients_are_those_of_lifelines() {
    let golden: Value = serde_json::from_str(include_str!("../../../../tests/golden/survival.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 2);
    for (at, case) in cases.iter().enumerate() {
        let left = case["left"].as_array().unwrap().iter().map(|v| v.as_bool().unwrap());
        let spells: Vec<Spell> =
            numbers(&case["time"]).into_iter().zip(left).map(|(time, left)| Spell { time, left }).collect();
        let steps = kaplan_meier(&spells);
        let wanted = ["time", "share", "low", "high"].map(|name| numbers(&case["km"][name]));
        assert_eq!(steps.len(), wanted[0].len());
        for (n, step) in steps.iter().enumerate() {
            let found = [step.time, step.share, step.low, step.high];
            found.iter().zip(&wanted).for_each(|(found, wanted)| close(*found, wanted[n], 1e-9));
        }
        let group: Vec<usize> = numbers(&case["group"]).into_iter().map(|v| v as usize).collect();
        let test = log_rank(&spells, &group, 3).unwrap();
        close(test.chi_square, case["log_rank"]["chi_square"].as_f64().unwrap(), 1e-8);
        close(test.p, case["log_rank"]["p"].as_f64().unwrap(), 1e-8);

        let x: Vec<Vec<f64>> = case["x"].as_array().unwrap().iter().map(numbers).collect();
        let found = cox(&spells, &x, &Reporter::silent()).unwrap().unwrap();
        let told = &case["cox"];
        let each = |found: &[f64], wanted: &Value, half: f64| {
            found.iter().zip(numbers(wanted)).for_each(|(found, wanted)| close(*found, wanted, half));
        };
        each(&found.coefficients, &told["coefficients"], 1e-6);
        each(&found.errors(), &told["errors"], 1e-6);
        close(found.log_likelihood, told["log_likelihood"].as_f64().unwrap(), 1e-8);
        close(found.concordance, told["concordance"].as_f64().unwrap(), 1e-9);
        // With ties lifelines ranks in the order of the file; only the second case has none.
        if at == 1 {
            let p: Vec<f64> = found.proportional.iter().map(|p| p.unwrap()).collect();
            each(&p, &told["proportional"], 1e-5);
        }
    }
}

/// Monthly contracts end with hazard 0.1 a month, yearly ones with 0.02; money is 20 a month.
fn contracts(count: usize, seed: u64) -> (Table, Vec<Option<bool>>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut text = String::from("customer_id,tenure,contract,monthly_charges,total_charges,noise\n");
    let mut left = Vec::new();
    for n in 0..count {
        let monthly = n % 2 == 0;
        let rate: f64 = if monthly { 0.1 } else { 0.02 };
        let stays = -rng.r#gen::<f64>().max(1e-12).ln() / rate;
        let seen = rng.gen_range(1.0..48.0f64);
        let tenure = stays.min(seen).ceil();
        left.push(Some(stays <= seen));
        let kind = if monthly { "monthly" } else { "yearly" };
        text += &format!("K{n},{tenure},{kind},20.00,{:.2},{}\n", 20.0 * tenure, rng.gen_range(0..100));
    }
    (table("customers", &text), left)
}

fn found(table: &Table, left: &[Option<bool>]) -> Contract {
    let spec = ValueSpec::default();
    let id = |row: usize| format!("K{row}");
    contract(table, left, &id, (&spec, 1), &Reporter::silent()).unwrap().unwrap()
}

#[test]
fn the_planted_difference_is_found_and_totals_are_left_out() {
    let (table, left) = contracts(3_000, 5);
    let found = found(&table, &left);
    assert_eq!((found.tenure.as_str(), found.charge.as_deref()), ("tenure", Some("monthly_charges")));
    let (by, groups, test) = found.by.as_ref().unwrap();
    assert_eq!((by.as_str(), groups.len()), ("contract", 2));
    assert!(test.p < 1e-6);
    let effect = found.effects.iter().find(|effect| effect.column == "contract").unwrap();
    // Yearly beside monthly or the other way round: a ratio of 5.
    let ratio = effect.ratio.value.max(1.0 / effect.ratio.value);
    assert!((4.0..6.2).contains(&ratio), "{ratio}");
    assert!(found.effects.iter().all(|effect| effect.column != "total_charges"));
    assert!(found.notes.iter().any(|note| note.code == "value_counts_time"));
    // A constant hazard: those under monthly contracts pay Σ e^(−0.1 k), discounted, of 12 months.
    let spec = ValueSpec::default();
    let known = |rate: f64| -> f64 {
        (0..12).map(|k| 20.0 * (-rate * f64::from(k)).exp() * spec.factor(f64::from(k) * 30.4375)).sum()
    };
    let mut sums = [(0.0, 0.0); 2];
    for one in &found.kept {
        let slot = &mut sums[one.row % 2];
        *slot = (slot.0 + 1.0, slot.1 + one.money.unwrap());
    }
    for ((count, sum), rate) in sums.into_iter().zip([0.1, 0.02]) {
        let mean = sum / count;
        assert!((mean / known(rate) - 1.0).abs() < 0.1, "{mean} for {}", known(rate));
    }
    let money = found.money.unwrap();
    assert!(money.low < money.value && money.value < money.high);
    assert!(found.kept.is_sorted_by(|a, b| a.money >= b.money));
}

/// Noise is told to matter about once in twenty times, and no more.
#[test]
fn planted_noise_matters_no_more_often_than_chance_allows() {
    const TIMES: usize = 200;
    let mut hits = 0;
    for seed in 0..TIMES as u64 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let spells: Vec<Spell> = (0..150)
            .map(|_| {
                let (stays, seen) = (-rng.r#gen::<f64>().max(1e-12).ln() * 15.0, rng.gen_range(1.0..48.0f64));
                Spell { time: stays.min(seen).ceil(), left: stays <= seen }
            })
            .collect();
        let x: Vec<Vec<f64>> = (0..150).map(|_| vec![rng.gen_range(0.0..100.0)]).collect();
        let found = cox(&spells, &x, &Reporter::silent()).unwrap().unwrap();
        hits += usize::from((found.coefficients[0] / found.errors()[0]).abs() > 1.96);
    }
    // Binomial of 200 and 0.05: between 3 and 20 with 99.9%.
    assert!((3..=20).contains(&hits), "{hits}");
}

#[test]
fn odd_contracts_are_told_and_never_break() {
    let silent = Reporter::silent();
    let spec = ValueSpec::default();
    let id = |row: usize| row.to_string();
    let run = |text: &str, left: &[Option<bool>]| {
        contract(&table("customers", text), left, &id, (&spec, 1), &silent)
    };
    let few = run("customer_id,tenure\nA,3\nB,4\n", &[Some(true), Some(false)]).unwrap();
    assert_eq!(few.unwrap_err().code, "value_few_contracts");
    assert_eq!(run("customer_id,age\nA,3\nB,4\n", &[None, None]).unwrap_err().kind(), "value_nothing");
    // Everybody has the same time and the same of everything else.
    let mut text = String::from("customer_id,tenure,plan,monthly_fee\n");
    (0..60).for_each(|n| text += &format!("K{n},12,{},1000000000\n", ["a", "a"][n % 2]));
    let left: Vec<Option<bool>> = (0..60).map(|n| Some(n % 3 == 0)).collect();
    let same = run(&text, &left).unwrap().unwrap();
    assert!(same.model.is_none() && same.notes.iter().any(|note| note.code == "value_no_cox"));
    let money = same.money.unwrap();
    assert!(money.value.is_finite() && money.low.is_finite() && money.high.is_finite());
    // A level that nobody left has no finite coefficient: a weak prior holds it, and that is told.
    let mut text = String::from("customer_id,tenure,plan\n");
    (0..80).for_each(|n| text += &format!("K{n},{},{}\n", n % 9, ["gold", "tin"][n % 2]));
    let left: Vec<Option<bool>> = (0..80).map(|n| Some(n % 2 == 1 && n % 3 > 0)).collect();
    let apart = run(&text, &left).unwrap().unwrap();
    assert!(apart.expected.value.is_finite());
    assert!(apart.model.as_ref().unwrap().held && apart.notes.iter().any(|n| n.code == "value_cox_held"));
    assert!(apart.effects[0].ratio.value.is_finite() && apart.effects[0].ratio.high.is_finite());
    assert!(apart.kept.iter().all(|one| one.units.is_finite() && (0.0..=1.0).contains(&one.stays)));
}

/// Telco as lifelines has it: Kaplan-Meier at 12 and 72 months (`KaplanMeierFitter().fit(tenure, churn)`).
#[test]
fn telco_is_as_lifelines_has_it() {
    let Some(file) = public("telco-churn/Telco-Customer-Churn.csv") else { return };
    let table = open(&file, &ReadOptions::default(), &Reporter::silent()).unwrap();
    let churn = table.text("Churn").unwrap();
    let left: Vec<Option<bool>> = churn.iter().map(|cell| cell.map(|cell| cell == "Yes")).collect();
    let found = found(&table, &left);
    assert_eq!((found.customers, found.left, found.kept.len()), (7043, 1869, 5174));
    close(share_at(&found.all.curve, 12.0), 0.843_199_553_815_830_2, 1e-6);
    close(share_at(&found.all.curve, 72.0), 0.592_790_152_052_227_5, 1e-6);
    assert_eq!(found.by.as_ref().unwrap().0, "Contract");
    assert_eq!(found.charge.as_deref(), Some("MonthlyCharges"));
    let model = found.model.as_ref().unwrap();
    assert!(model.concordance > 0.8, "{}", model.concordance);
    assert!(found.money.unwrap().value > 1e6);
}

#[test]
fn numbers_at_risk_are_counted_at_the_same_times() {
    let spell = |time: f64, left: bool| Spell { time, left };
    let spells =
        [spell(2.0, true), spell(6.0, false), spell(6.0, true), spell(13.0, false), spell(40.0, true)];
    let of = group(String::new(), kaplan_meier(&spells), &spells, 40.0);
    // Whoever leaves or is last seen at a time is still followed until then.
    assert_eq!(of.at_risk, [(0.0, 5), (6.0, 4), (12.0, 2), (18.0, 1), (24.0, 1), (30.0, 1), (36.0, 1)]);
    assert!(step_at(&of.curve, 1.9).is_none());
    assert_eq!(step_at(&of.curve, 6.0).map(|step| step.at_risk), Some(4));
    assert_eq!(survival::marks(0.4), [0.0]);
    assert_eq!(survival::marks(f64::NAN), [0.0]);
    assert!(survival::marks(1e9).len() <= 8 && survival::marks(7.9).len() == 8);
}
