//! Rules: what they say as a formula, who is in their classes, and what is wrong with them.

use std::sync::Arc;

use polars::prelude::{DataFrame, NamedFrom as _, Series};

use super::*;
use crate::table::{Role, ValueType};

fn one(fact: Fact, test: Test, value: &str) -> Condition {
    Condition { fact, test, value: value.to_owned() }
}

fn rule(name: &str, conditions: Vec<Condition>) -> ClassRule {
    ClassRule { name: name.to_owned(), conditions, ..ClassRule::default() }
}

/// Six customers with a risk, a class and a city; of the last nothing is known.
fn shop() -> (Vec<ColumnSpec>, Frame) {
    let spec = |name: &str, role: Role| ColumnSpec {
        name: name.to_owned(),
        role,
        value_type: if role == Role::Number { ValueType::Number } else { ValueType::Text },
        decimal: Default::default(),
        date_order: Default::default(),
        keep_na: true,
    };
    let schema = vec![
        spec(Fact::Risk.column(), Role::Number),
        spec(Fact::RfmClass.column(), Role::Category),
        spec("home town", Role::Category),
        spec("balance", Role::Number),
    ];
    let risk = [Some(0.9), Some(0.5), Some(0.3), Some(0.1), Some(0.8), None];
    let class = [Some("at_risk"), Some("loyal"), Some("champions"), Some("lost"), Some("champions"), None];
    let town = [Some("O'Hare"), Some("Bern"), Some("Bern"), None, Some("Rome"), None];
    let balance = [Some(-5.0), Some(0.0), Some(1200.0), Some(3.0), Some(-1.0), None];
    let columns = vec![
        Series::new(Fact::Risk.column().into(), risk.to_vec()).into(),
        Series::new(Fact::RfmClass.column().into(), class.to_vec()).into(),
        Series::new("home town".into(), town.to_vec()).into(),
        Series::new("balance".into(), balance.to_vec()).into(),
    ];
    (schema, Frame { rows: Arc::new((0..6).collect()), data: DataFrame::new(6, columns).unwrap() })
}

fn found(rules: &[ClassRule], several: bool) -> (Vec<Vec<u16>>, Vec<RuleFound>) {
    let (schema, frame) = shop();
    assign(rules, several, &schema, &frame, &Reporter::silent()).unwrap()
}

fn members(of: &[Vec<u16>], rule: u16) -> Vec<usize> {
    (0..of.len()).filter(|at| of[*at].contains(&rule)).collect()
}

#[test]
fn conditions_are_a_formula_of_the_recipes_language() {
    let (schema, _) = shop();
    let mut both = rule(
        "x",
        vec![
            one(Fact::Risk, Test::AtLeast, "50%"),
            one(Fact::Column("home town".into()), Test::Is, "O'Hare"),
            one(Fact::Column("balance".into()), Test::AtMost, "-1,000"),
        ],
    );
    let text = formula(&both, &schema).unwrap();
    assert_eq!(text, "([model: risk] >= 0.5) and ([home town] = 'O''Hare') and (balance <= -1000)");
    both.any = true;
    assert!(formula(&both, &schema).unwrap().contains(" or "));
    // What a person writes stands as it is.
    both.formula = "balance > 0".into();
    assert_eq!(formula(&both, &schema).unwrap(), "balance > 0");
}

#[test]
fn the_first_rule_counts_and_conflicts_are_told() {
    let rules = [
        rule("leaving", vec![one(Fact::Risk, Test::AtLeast, "0.5")]),
        rule("best", vec![one(Fact::RfmClass, Test::Is, "champions")]),
        rule("gone", vec![one(Fact::Risk, Test::AtLeast, "0.85")]),
        rule("no town", vec![one(Fact::Column("home town".into()), Test::Missing, "")]),
        rule("nobody", vec![one(Fact::Risk, Test::AtLeast, "2")]),
    ];
    let (of, told) = found(&rules, false);
    assert_eq!(members(&of, 0), [0, 1, 4]);
    // Of two champions one is leaving.
    assert_eq!(members(&of, 1), [2]);
    assert_eq!((told[1].matched, told[1].taken, &told[1].lost_to), (2, 1, &vec![(0, 1)]));
    assert_eq!((told[2].matched, told[2].taken, &told[2].lost_to), (1, 0, &vec![(0, 1)]));
    assert_eq!(members(&of, 3), [3, 5]);
    assert_eq!((told[4].matched, &told[4].problem), (0, &None));
    // What is not known holds neither way.
    assert_eq!(of[5], [3]);

    let (of, told) = found(&rules, true);
    assert_eq!(of[4], [0, 1]);
    assert!(told.iter().all(|one| one.lost_to.is_empty() && one.matched == one.taken));
}

#[test]
fn formulas_reach_everything_that_conditions_do() {
    let mut by_formula = ClassRule { name: "x".into(), ..ClassRule::default() };
    by_formula.formula = "[model: risk] > 0.2 and [rfm: class] in ('champions', 'loyal')".into();
    let (of, told) = found(&[by_formula], false);
    assert_eq!((members(&of, 0), told[0].problem.clone()), (vec![1, 2, 4], None));
}

#[test]
fn what_cannot_be_used_is_told_and_holds_for_nobody() {
    let formula = |text: &str| ClassRule { formula: text.into(), ..ClassRule::default() };
    let rules = [
        rule("empty", vec![]),
        rule("no orders", vec![one(Fact::Money, Test::AtLeast, "5")]),
        rule("gone", vec![one(Fact::Column("gone".into()), Test::Is, "x")]),
        rule("word", vec![one(Fact::Risk, Test::AtLeast, "much")]),
        formula("balance + 1"),
        formula("balance >"),
        formula("[rfm: money] > 3"),
        rule("endless", vec![one(Fact::Risk, Test::AtLeast, "inf")]),
    ];
    let (of, told) = found(&rules, true);
    assert!(of.iter().all(Vec::is_empty));
    let problems: Vec<&Problem> = told.iter().map(|one| one.problem.as_ref().unwrap()).collect();
    assert_eq!(problems[0], &Problem::Empty);
    assert_eq!(problems[1], &Problem::Unknown { fact: Fact::Money });
    assert_eq!(problems[2], &Problem::Unknown { fact: Fact::Column("gone".into()) });
    assert_eq!(problems[3], &Problem::NotANumber { fact: Fact::Risk, value: "much".into() });
    assert_eq!(problems[4], &Problem::NotYesNo);
    assert!(matches!(problems[5], Problem::Formula(_)));
    assert_eq!(problems[6], &Problem::Unknown { fact: Fact::Money });
    assert!(matches!(problems[7], Problem::NotANumber { .. }));
}

#[test]
fn settings_are_read_as_they_were_written_and_usual_ones_take_no_room() {
    let mut spec = ClassSpec::default();
    assert!(spec.is_usual());
    spec.rules.push(rule(
        "x",
        vec![one(Fact::Column("a".into()), Test::IsNot, "b"), one(Fact::Risk, Test::Is, "1")],
    ));
    spec.actions.insert("x".into(), "call".into());
    let text = serde_json::to_string(&spec).unwrap();
    assert!(text.contains(r#"{"fact":{"column":"a"},"test":"is_not","value":"b"}"#), "{text}");
    assert_eq!(serde_json::from_str::<ClassSpec>(&text).unwrap(), spec);
    assert_eq!(serde_json::from_str::<ClassSpec>("{}").unwrap(), ClassSpec::default());
    let many = ClassSpec { rules: vec![ClassRule::default(); 500], ..ClassSpec::default() };
    assert_eq!(many.sane().rules.len(), 60);
    let settings = serde_json::to_string(&crate::project::Settings::default()).unwrap();
    assert!(!settings.contains("\"classes\""));
}
