//! Classes of customers by rules of the owner: "high value", "leaving". A rule is a list of conditions, or
//! a formula of `clean/expr`; conditions are written as such a formula and evaluated by the same code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rfm::RfmSpec;
use crate::clean::expr::{self, FormulaError, Type, Values};
use crate::job::Reporter;
use crate::table::{ColumnSpec, Frame};

/// Rules that a project has at most.
const MOST_RULES: usize = 60;
/// Conditions of a rule at most.
const MOST_CONDITIONS: usize = 30;

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The model's probability, 0 to 1.
    Risk,
    /// Expected money, where lifetime value is known.
    Value,
    /// Days since the last purchase.
    Recency,
    Orders,
    Money,
    RecencyScore,
    FrequencyScore,
    MoneyScore,
    WorthScore,
    /// The name of the class of the RFM table.
    RfmClass,
    /// The number of the group, from 1.
    Segment,
    Column(String),
}

impl Fact {
    /// Every fact that is no column of the data.
    pub const ALL: [Fact; 11] = [
        Fact::Risk,
        Fact::Value,
        Fact::Recency,
        Fact::Orders,
        Fact::Money,
        Fact::RecencyScore,
        Fact::FrequencyScore,
        Fact::MoneyScore,
        Fact::WorthScore,
        Fact::RfmClass,
        Fact::Segment,
    ];

    /// The name used in the catalogue.
    pub fn name(&self) -> &str {
        match self {
            Self::Risk => "risk",
            Self::Value => "value",
            Self::Recency => "recency",
            Self::Orders => "orders",
            Self::Money => "money",
            Self::RecencyScore => "recency_score",
            Self::FrequencyScore => "frequency_score",
            Self::MoneyScore => "money_score",
            Self::WorthScore => "worth_score",
            Self::RfmClass => "rfm_class",
            Self::Segment => "segment",
            Self::Column(name) => name,
        }
    }

    /// What formulas call it; the colon keeps it apart from columns of files.
    pub fn column(&self) -> &str {
        match self {
            Self::Risk => "model: risk",
            Self::Value => "value: expected",
            Self::Recency => "rfm: days since last",
            Self::Orders => "rfm: orders",
            Self::Money => "rfm: money",
            Self::RecencyScore => "rfm: R",
            Self::FrequencyScore => "rfm: F",
            Self::MoneyScore => "rfm: M",
            Self::WorthScore => "rfm: FM",
            Self::RfmClass => "rfm: class",
            Self::Segment => "segment: number",
            Self::Column(name) => name,
        }
    }
}

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    #[default]
    AtLeast,
    AtMost,
    Is,
    IsNot,
    Missing,
}

impl Test {
    pub const ALL: [Test; 5] = [Test::AtLeast, Test::AtMost, Test::Is, Test::IsNot, Test::Missing];

    /// The name used in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
            Self::Is => "is",
            Self::IsNot => "is_not",
            Self::Missing => "missing",
        }
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    pub fact: Fact,
    #[serde(default)]
    pub test: Test,
    /// As typed.
    #[serde(default)]
    pub value: String,
}

/// A class by rule.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassRule {
    pub name: String,
    /// One condition is enough; else all must hold.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub any: bool,
    pub conditions: Vec<Condition>,
    /// Stands in the place of the conditions where it is not empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub formula: String,
}

/// How customers are put in classes, as settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassSpec {
    pub rfm: RfmSpec,
    /// The owner's rules, the first to count on top.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ClassRule>,
    /// A customer is in every class whose rule holds, not only in the first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub several: bool,
    /// What to do with a class, by its name, where a person has said so.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub actions: BTreeMap<String, String>,
}

impl ClassSpec {
    /// True for the settings of a project that has none.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The same within bounds; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        self.rfm = self.rfm.sane();
        self.rules.truncate(MOST_RULES);
        self.rules.iter_mut().for_each(|rule| rule.conditions.truncate(MOST_CONDITIONS));
        self
    }
}

/// Why a rule says nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// Neither a condition nor a formula.
    Empty,
    /// What the rule looks at is not known: no such column, no model yet, no orders.
    Unknown {
        fact: Fact,
    },
    /// A number is wanted.
    NotANumber {
        fact: Fact,
        value: String,
    },
    /// The formula yields no yes or no.
    NotYesNo,
    Formula(FormulaError),
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleFound {
    /// Customers for whom it holds.
    pub matched: usize,
    /// Those of them who are in its class.
    pub taken: usize,
    /// Rules above it that took the others, by their place, with how many.
    pub lost_to: Vec<(usize, usize)>,
    pub problem: Option<Problem>,
}

/// The formula that a rule stands for over the columns of `schema`, facts among them.
///
/// # Errors
/// The rule says nothing, or what it looks at is not known.
pub fn formula(rule: &ClassRule, schema: &[ColumnSpec]) -> Result<String, Problem> {
    if !rule.formula.trim().is_empty() {
        return Ok(rule.formula.clone());
    }
    if rule.conditions.is_empty() {
        return Err(Problem::Empty);
    }
    let parts: Vec<String> =
        rule.conditions.iter().map(|one| condition(one, schema)).collect::<Result<_, _>>()?;
    Ok(parts.join(if rule.any { " or " } else { " and " }))
}

fn condition(one: &Condition, schema: &[ColumnSpec]) -> Result<String, Problem> {
    let name = one.fact.column();
    let spec = schema.iter().find(|spec| spec.name == name);
    let spec = spec.ok_or_else(|| Problem::Unknown { fact: one.fact.clone() })?;
    let column = expr::quoted(name);
    if one.test == Test::Missing {
        return Ok(format!("({column} is missing)"));
    }
    let value = one.value.trim();
    let operand = match Type::of(spec) {
        Type::Number => {
            // 30% is what a person writes for a share.
            let (text, scale) = match value.strip_suffix(['%', '％']) {
                Some(text) => (text.trim(), 0.01),
                None => (value, 1.0),
            };
            let number = text.replace(',', "").parse::<f64>().ok().filter(|number| number.is_finite());
            let number = number
                .map(|number| number * scale)
                .ok_or_else(|| Problem::NotANumber { fact: one.fact.clone(), value: one.value.clone() })?;
            if number < 0.0 { format!("-{}", expr::number(-number)) } else { expr::number(number) }
        }
        Type::Date => value.to_owned(),
        Type::Text | Type::Boolean => format!("'{}'", value.replace('\'', "''")),
    };
    let sign = match one.test {
        Test::AtLeast => ">=",
        Test::AtMost => "<=",
        Test::Is => "=",
        Test::IsNot | Test::Missing => "!=",
    };
    Ok(format!("({column} {sign} {operand})"))
}

/// Who is in which class, and what each rule found. `frame` has the columns of `schema`, one row a
/// customer. With `several`, a customer is in every class whose rule holds.
///
/// # Errors
/// The person cancelled. A rule that cannot be used is told, and holds for nobody.
pub fn assign(
    rules: &[ClassRule],
    several: bool,
    schema: &[ColumnSpec],
    frame: &Frame,
    report: &Reporter,
) -> crate::Result<(Vec<Vec<u16>>, Vec<RuleFound>)> {
    let mut of: Vec<Vec<u16>> = vec![Vec::new(); frame.height()];
    let mut found = Vec::with_capacity(rules.len());
    for (at, rule) in (0u16..).zip(rules) {
        report.check()?;
        let mut one = RuleFound::default();
        match holds(rule, schema, frame, report)? {
            Err(problem) => one.problem = Some(problem),
            Ok(flags) => {
                let mut lost: BTreeMap<u16, usize> = BTreeMap::new();
                for (flag, labels) in flags.into_iter().zip(&mut of) {
                    if flag != Some(true) {
                        continue;
                    }
                    one.matched += 1;
                    match labels.first() {
                        Some(first) if !several => *lost.entry(*first).or_default() += 1,
                        _ => {
                            labels.push(at);
                            one.taken += 1;
                        }
                    }
                }
                one.lost_to = lost.into_iter().map(|(at, count)| (usize::from(at), count)).collect();
            }
        }
        found.push(one);
    }
    Ok((of, found))
}

type Flags = Result<Vec<Option<bool>>, Problem>;

fn holds(
    rule: &ClassRule,
    schema: &[ColumnSpec],
    frame: &Frame,
    report: &Reporter,
) -> Result<Flags, crate::job::Cancelled> {
    let text = match formula(rule, schema) {
        Ok(text) => text,
        Err(problem) => return Ok(Err(problem)),
    };
    let (expr, kind) = match expr::compile(&text, schema) {
        Ok(compiled) => compiled,
        Err(FormulaError::UnknownColumn { name, .. }) => {
            let known = Fact::ALL.into_iter().find(|fact| fact.column() == name);
            return Ok(Err(Problem::Unknown { fact: known.unwrap_or(Fact::Column(name)) }));
        }
        Err(error) => return Ok(Err(Problem::Formula(error))),
    };
    if kind != Type::Boolean {
        return Ok(Err(Problem::NotYesNo));
    }
    Ok(match expr::evaluate(&expr, kind, schema, frame, report)? {
        Values::Boolean(flags) => Ok(flags),
        _ => Err(Problem::NotYesNo),
    })
}

#[cfg(test)]
mod tests;
