//! What must be true of a row, as a person writes it. A row that breaks a rule loses the value of
//! the named column, is flagged, or is dropped (while training; while scoring it is flagged).
//! Where a rule can be called neither true nor false, because a value is missing, it is not broken.

use polars::prelude::{BooleanChunked, IntoSeries, NewChunkedArray, PolarsResult, Series};
use serde::{Deserialize, Serialize};

use super::expr::{self, Expr, FormulaError, Type, Values};
use super::record::{Finding, Recorder, mark};
use super::{CleanError, Limits};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame, Role};

/// What happens to a row that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// This column's value becomes missing.
    Missing(String),
    #[default]
    FlagRow,
    /// While training; while scoring the row is flagged.
    DropRow,
}

/// A condition that every row should meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The formula of what must be true, such as `age between 0 and 120`.
    pub text: String,
    #[serde(default)]
    pub then: Then,
    pub on: bool,
}

/// Settings of the step: rules in the order in which they are applied.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RulesSpec {
    pub rules: Vec<Rule>,
}

/// A rule's formula, which must be true or false.
fn compile(text: &str, schema: &[ColumnSpec]) -> Result<Expr, FormulaError> {
    match expr::compile(text, schema)? {
        (expr, Type::Boolean) => Ok(expr),
        (expr, found) => Err(FormulaError::WrongType { at: expr.at, expected: Type::Boolean, found }),
    }
}

/// Checks a rule without running it.
///
/// # Errors
/// The first mistake in it, with its place.
pub fn check_rule(rule: &Rule, schema: &[ColumnSpec]) -> Result<(), FormulaError> {
    compile(&rule.text, schema)?;
    match &rule.then {
        Then::Missing(name) if !schema.iter().any(|spec| spec.name == *name) => {
            Err(FormulaError::UnknownColumn { at: 1, name: name.clone(), nearest: None })
        }
        _ => Ok(()),
    }
}

/// Applies the rules one after the other. A rule over a column that the table lacks is left out
/// and told.
pub(super) fn apply(
    spec: &RulesSpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    drop_rows: bool,
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    let mut out = frame.clone();
    // Each row is flagged once, by whichever rule it breaks first.
    let mut flagged = vec![false; frame.height()];
    let mut dropped = vec![false; frame.height()];
    for rule in spec.rules.iter().filter(|rule| rule.on) {
        let left_out = |column: &str| {
            Finding::about(Note::new("rule_without_column").with("rule", &rule.text).with("column", column))
        };
        let expr = match compile(&rule.text, schema) {
            Ok(expr) => expr,
            Err(FormulaError::UnknownColumn { name, .. }) => {
                record.found(left_out(&name));
                continue;
            }
            Err(cause) => return Err(CleanError::formula(&rule.text, cause).into()),
        };
        // In the schema and not in this file: a rule says nothing of what is not there.
        if let Some(name) = expr.columns().into_iter().find(|name| out.data.column(name).is_err()) {
            record.found(left_out(name));
            continue;
        }
        let values = expr::evaluate(&expr, Type::Boolean, schema, &out, report)?;
        let Values::Boolean(holds) = values else { continue };
        let broken = holds.iter().enumerate().filter(|(_, holds)| **holds == Some(false));
        let rows: Vec<usize> = broken.map(|(at, _)| at).collect();
        let what = Note::new("rule_broken").with("rule", &rule.text).with("count", rows.len());
        record.found(Finding::of(what, &rows, frame));
        match &rule.then {
            Then::Missing(name) => out = erase(&out, name, &rows, record).map_err(CleanError::from)?,
            then => {
                let all = if *then == Then::DropRow { &mut dropped } else { &mut flagged };
                mark(all, &rows);
            }
        }
    }
    for (at, (flag, gone)) in flagged.iter().zip(&dropped).enumerate() {
        if *flag || *gone {
            record.flag(at, *gone && drop_rows);
        }
    }
    if !drop_rows || !dropped.contains(&true) {
        return Ok(out);
    }
    let keep: Vec<bool> = dropped.iter().map(|gone| !gone).collect();
    Ok(out.filter(&keep).map_err(CleanError::from)?)
}

/// Makes the values of a column missing in some rows.
fn erase(frame: &Frame, name: &str, rows: &[usize], record: &mut Recorder) -> PolarsResult<Frame> {
    let Ok(column) = frame.data.column(name) else { return Ok(frame.clone()) };
    let mut keep = vec![true; frame.height()];
    for &at in rows {
        let Some(before) = frame.show(name, at) else { continue };
        record.cell(at, name, || Some(before), || None);
        if let Some(keep) = keep.get_mut(at) {
            *keep = false;
        }
    }
    let none = Series::full_null(name.into(), frame.height(), column.dtype());
    let mask = BooleanChunked::from_slice("keep".into(), &keep);
    let kept = column.as_materialized_series().zip_with(&mask, &none)?;
    super::with_column(frame, kept.into_series().into())
}

/// A rule that the rows speak for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleSuggestion {
    pub rule: Rule,
    /// Share of the training rows with values that keep it.
    pub holds: f64,
    /// Training rows that break it.
    pub breakers: u64,
    pub why: Note,
}

/// Fewest rows from which a rule is inferred.
const FEWEST: usize = 30;
/// Share of the rows that must keep an order of two columns.
const ORDERED: f64 = 0.99;
/// Share of the rows that must not be negative.
const POSITIVE: f64 = 0.995;
/// Columns among which orders are looked for, two by two.
const MOST_PAIRS: usize = 12;

/// Parts of names that promise an order: the left one is not above the right one.
const PAIRS: &[(&str, &str)] = &[
    ("min", "max"),
    ("low", "high"),
    ("lower", "upper"),
    ("first", "last"),
    ("start", "end"),
    ("begin", "end"),
    ("from", "to"),
    ("最小", "最大"),
    ("最低", "最高"),
    ("开始", "结束"),
    ("首次", "最近"),
];

/// Proposes rules from names and from the training rows of a typed frame, those with most breakers
/// first: limits that a name implies, dates and figures in their order (kept by at least 99%),
/// figures that are not negative (at least 99.5%, and at least one is).
///
/// # Errors
/// The person cancelled.
pub fn suggest_rules(
    schema: &[ColumnSpec],
    frame: &Frame,
    train: &[bool],
    report: &Reporter,
) -> crate::Result<Vec<RuleSuggestion>> {
    let train = frame.filter(train).map_err(CleanError::from)?;
    let mut out = Vec::new();
    let numeric: Vec<&ColumnSpec> = schema.iter().filter(|spec| spec.role.is_numeric()).collect();
    for spec in &numeric {
        report.check()?;
        let Some(values) = train.numbers(&spec.name) else { continue };
        let name = expr::quoted(&spec.name);
        let (limits, any) = (Limits::of(&spec.name), Limits::of(""));
        let (text, least, why) = if limits.high < any.high {
            let (low, high) = (expr::number(limits.low), expr::number(limits.high));
            (format!("{name} between {low} and {high}"), ORDERED, Note::new("suggest_rule_name"))
        } else {
            (format!("{name} >= 0"), POSITIVE, Note::new("suggest_rule_positive"))
        };
        let holds = |value: f64| value >= limits.low.max(0.0) && value <= limits.high;
        let kept = values.iter().flatten().map(|value| holds(*value));
        propose(
            &mut out,
            kept,
            text,
            least,
            Then::Missing(spec.name.clone()),
            why.with("column", &spec.name),
        );
    }
    let dates: Vec<&ColumnSpec> =
        schema.iter().filter(|spec| spec.role == Role::Date).take(MOST_PAIRS).collect();
    let every = dates.iter().flat_map(|a| dates.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b);
    let named = numeric.iter().flat_map(|a| numeric.iter().map(move |b| (*a, *b)));
    for (a, b) in every.chain(named.filter(|(a, b)| promise_order(&a.name, &b.name))) {
        report.check()?;
        let (Some(low), Some(high)) = (train.numbers(&a.name), train.numbers(&b.name)) else { continue };
        let both: Vec<(f64, f64)> = low.into_iter().zip(high).filter_map(|(a, b)| Some((a?, b?))).collect();
        // Two columns that are nearly always equal have no order to speak of.
        if both.iter().filter(|(a, b)| a < b).count() * 2 < both.len() {
            continue;
        }
        let why = Note::new("suggest_rule_order").with("first", &a.name).with("second", &b.name);
        let text = format!("{} >= {}", expr::quoted(&b.name), expr::quoted(&a.name));
        propose(&mut out, both.into_iter().map(|(a, b)| a <= b), text, ORDERED, Then::FlagRow, why);
    }
    out.sort_by_key(|rule| std::cmp::Reverse(rule.breakers));
    Ok(out)
}

/// Adds a rule if enough rows keep it. One that guards against what never happened is worth a word
/// only where the name says so.
fn propose(
    out: &mut Vec<RuleSuggestion>,
    kept: impl Iterator<Item = bool>,
    text: String,
    least: f64,
    then: Then,
    why: Note,
) {
    let (mut rows, mut breakers) = (0usize, 0usize);
    for kept in kept {
        rows += 1;
        breakers += usize::from(!kept);
    }
    let holds = 1.0 - breakers as f64 / rows.max(1) as f64;
    if rows >= FEWEST && holds >= least && (breakers > 0 || why.code != "suggest_rule_positive") {
        let why = why.with("count", breakers).with("share", format!("{:.1}%", 100.0 * holds));
        let rule = Rule { text, then, on: true };
        out.push(RuleSuggestion { rule, holds, breakers: breakers as u64, why });
    }
}

/// True if the names differ by a pair of words that promises an order.
fn promise_order(low: &str, high: &str) -> bool {
    let (low, high) = (low.to_lowercase(), high.to_lowercase());
    PAIRS.iter().any(|(a, b)| low.contains(a) && low.replacen(a, b, 1) == high)
}

#[cfg(test)]
mod tests {
    use super::super::frames::{column, frame, spec};
    use super::*;

    fn rule(text: &str, then: Then) -> Rule {
        Rule { text: text.into(), then, on: true }
    }

    fn run(rules: Vec<Rule>, drop_rows: bool) -> crate::Result<(Frame, super::super::Change)> {
        let schema = [spec("age", Role::Number), spec("orders", Role::Number)];
        let frame = frame(vec![
            column("age", &[Some(40.0), Some(130.0), None, Some(-1.0)]),
            column("orders", &[Some(1.0), Some(2.0), Some(3.0), Some(-4.0)]),
        ]);
        let mut record = Recorder::new("rules", &frame);
        let spec = RulesSpec { rules };
        let out = apply(&spec, &schema, &frame, drop_rows, &mut record, &Reporter::silent())?;
        Ok((out, record.finish()))
    }

    #[test]
    fn a_broken_rule_empties_flags_or_drops() {
        let age = "age between 0 and 120";
        let (out, change) = run(vec![rule(age, Then::Missing("age".into()))], true).unwrap();
        assert_eq!(out.numbers("age").unwrap(), vec![Some(40.0), None, None, None]);
        assert_eq!((change.cells_changed, change.rows_changed, change.flagged.len()), (2, 2, 0));
        assert_eq!((change.findings[0].rows, change.findings[0].examples.clone()), (2, vec![3, 5]));

        let (out, change) =
            run(vec![rule(age, Then::DropRow), rule("orders > 1", Then::FlagRow)], true).unwrap();
        assert_eq!(out.rows.as_ref(), &vec![2, 4]);
        assert_eq!((change.rows_dropped, change.flagged), (2, vec![2, 3, 5]));
        // While scoring nobody vanishes.
        let (out, change) = run(vec![rule(age, Then::DropRow)], false).unwrap();
        assert_eq!((out.height(), change.rows_dropped, change.flagged), (4, 0, vec![3, 5]));
    }

    #[test]
    fn a_later_rule_sees_what_an_earlier_one_emptied() {
        let rules = vec![rule("age <= 120", Then::Missing("age".into())), rule("age <= 40", Then::FlagRow)];
        assert_eq!(run(rules, true).unwrap().1.flagged, Vec::<u32>::new());
    }

    #[test]
    fn rules_that_cannot_be_used() {
        let (out, change) = run(vec![rule("visits > 1", Then::DropRow)], true).unwrap();
        assert_eq!((out.height(), change.findings[0].what.code), (4, "rule_without_column"));
        for text in ["age >", "age + 1", "age = 'x'"] {
            assert_eq!(run(vec![rule(text, Then::FlagRow)], true).unwrap_err().kind(), "formula", "{text}");
        }
        let schema = [spec("age", Role::Number)];
        assert!(check_rule(&rule("age > 1", Then::Missing("ag".into())), &schema).is_err());
        assert!(check_rule(&rule("age > 1", Then::Missing("age".into())), &schema).is_ok());
    }

    #[test]
    fn rules_are_proposed_where_the_training_rows_speak_for_them() {
        let schema = [
            spec("age", Role::Number),
            spec("balance", Role::Money),
            spec("price min", Role::Money),
            spec("price max", Role::Money),
            spec("profit", Role::Money),
        ];
        let n = 1000;
        let list = |of: &dyn Fn(usize) -> f64| (0..n).map(|at| Some(of(at))).collect::<Vec<_>>();
        let frame = frame(vec![
            column("age", &list(&|at| if at < 3 { 999.0 } else { 40.0 })),
            column("balance", &list(&|at| if at == 7 { -5.0 } else { 5.0 })),
            column("price min", &list(&|at| at as f64)),
            column("price max", &list(&|at| if at < 5 { -1.0 } else { at as f64 + 1.0 })),
            column("profit", &list(&|at| if at % 4 == 0 { -5.0 } else { 5.0 })),
        ]);
        let mut train = vec![true; n];
        train[0] = false;
        let found = suggest_rules(&schema, &frame, &train, &Reporter::silent()).unwrap();
        let texts: Vec<(&str, u64)> = found.iter().map(|s| (s.rule.text.as_str(), s.breakers)).collect();
        let wanted = [
            ("[price max] >= 0", 4),
            ("[price max] >= [price min]", 4),
            ("age between 0 and 120", 2),
            ("balance >= 0", 1),
        ];
        assert_eq!(texts, wanted);
        for suggestion in &found {
            check_rule(&suggestion.rule, &schema).unwrap();
        }
        assert!(suggest_rules(&schema, &frame, &vec![false; n], &Reporter::silent()).unwrap().is_empty());
    }
}
