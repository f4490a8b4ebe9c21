//! What became of the customers: a file with an identifier and a yes or no, money, or both, joined to
//! those who were drawn.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Experiment, ExperimentError};
use crate::detect::{date, missing, number, truth};
use crate::job::Reporter;
use crate::table::{Role, Table, ValueType};

/// How the file is read and what a yes is worth. A column that is `None` is guessed; an empty name means
/// that there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResultsSpec {
    pub id: Option<String>,
    pub outcome: Option<String>,
    /// The value that means yes; else the words for yes of many languages.
    pub yes: Option<String>,
    /// A yes is what the offer was to prevent (“left”).
    pub unwanted: bool,
    pub money: Option<String>,
    /// The day on which a customer's result became known.
    pub day: Option<String>,
    /// Who is not in the file did not do it and brought no money: a file of buyers only.
    pub absent_is_no: bool,
    /// The experiment is over and read once: the interval of a single look counts.
    pub over: bool,
    /// Money that one more wanted answer is worth, and what calling one customer costs.
    pub worth: f64,
    pub cost: f64,
}

impl Default for ResultsSpec {
    fn default() -> Self {
        Self {
            id: None,
            outcome: None,
            yes: None,
            unwanted: false,
            money: None,
            day: None,
            absent_is_no: false,
            over: false,
            worth: 0.0,
            cost: 0.0,
        }
    }
}

/// What became of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Place among the members of the experiment.
    pub member: usize,
    /// The wanted answer; `None` where the file does not say.
    pub wanted: Option<bool>,
    pub money: Option<f64>,
    /// Days since 1970.
    pub day: Option<i32>,
}

/// A file joined to an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    pub observed: Vec<Observed>,
    /// Rows of customers who were not drawn.
    pub strangers: usize,
    /// Rows of customers who had come before; their money is added, one yes is enough.
    pub repeated: usize,
    pub has_outcome: bool,
    pub has_money: bool,
    pub has_days: bool,
}

/// Rows that are looked at to guess the identifier.
const LOOKED_AT: usize = 5_000;
/// Parts of a column's name that speak of what nobody wants.
const UNWANTED: [&str; 9] = ["churn", "left", "lost", "cancel", "leave", "流失", "离开", "退订", "取消"];

/// The same settings with the columns that are `None` filled in.
///
/// # Errors
/// No column holds identifiers of the experiment, or there is nothing to compare.
pub fn guess(experiment: &Experiment, table: &Table, spec: &ResultsSpec) -> crate::Result<ResultsSpec> {
    let file = || table.source.file.clone();
    let known: HashSet<&str> = experiment.members.iter().map(|member| member.id.trim()).collect();
    let mut out = spec.clone();
    if out.id.is_none() {
        let hits = |name: &str| {
            let text = table.text(name)?;
            let found = text.iter().take(LOOKED_AT).flatten().filter(|cell| known.contains(cell.trim()));
            Some(found.collect::<HashSet<&str>>().len()).filter(|hits| *hits > 0)
        };
        let all = table.columns.iter().filter_map(|column| Some((hits(&column.name)?, &column.name)));
        // The first of the best.
        let best = all.rev().max_by_key(|(hits, _)| *hits);
        out.id = Some(best.ok_or_else(|| ExperimentError::NoId { file: file() })?.1.clone());
    }
    let is_id = |name: &str| out.id.as_deref() == Some(name);
    let free = || table.columns.iter().filter(|column| !is_id(&column.name));
    if out.outcome.is_none() {
        let pairs = || free().filter(|c| truth::yes_no_levels(&c.levels).is_some());
        let target = pairs().find(|c| c.role == Role::Target).or_else(|| pairs().next());
        out.outcome = Some(target.map(|c| c.name.clone()).unwrap_or_default());
        let name = out.outcome.as_deref().unwrap_or_default().to_lowercase();
        out.unwanted |= UNWANTED.iter().any(|part| name.contains(part));
    }
    if out.money.is_none() {
        let numeric =
            |c: &&crate::table::Column| matches!(c.value_type, ValueType::Number | ValueType::Integer);
        let not_outcome = |c: &&crate::table::Column| out.outcome.as_deref() != Some(c.name.as_str());
        let money = free().find(|c| c.role == Role::Money).or_else(|| {
            let mut all = free().filter(|c| c.role == Role::Number).filter(numeric);
            all.find(not_outcome)
        });
        out.money = Some(money.filter(not_outcome).map(|c| c.name.clone()).unwrap_or_default());
    }
    if out.day.is_none() {
        let day = free().find(|c| c.value_type == ValueType::Date);
        out.day = Some(day.map(|c| c.name.clone()).unwrap_or_default());
    }
    let is_said = |name: &Option<String>| name.as_deref().is_some_and(|name| !name.is_empty());
    if !is_said(&out.outcome) && !is_said(&out.money) && !out.absent_is_no {
        return Err(ExperimentError::NoOutcome { file: file() }.into());
    }
    Ok(out)
}

/// A column by its name; `None` for an empty one.
fn column<'a>(
    table: &'a Table,
    name: Option<&str>,
) -> Result<Option<&'a crate::table::Column>, ExperimentError> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(None) };
    match table.position(name).and_then(|at| table.columns.get(at)) {
        Some(column) => Ok(Some(column)),
        None => Err(ExperimentError::NoColumn { file: table.source.file.clone(), column: name.to_owned() }),
    }
}

impl Results {
    /// Joins a file to the experiment; `spec` as [`guess`] filled it in.
    ///
    /// # Errors
    /// A named column is not there, nobody of the experiment is, or the person cancelled.
    pub fn join(
        experiment: &Experiment,
        table: &Table,
        spec: &ResultsSpec,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let no_id = || ExperimentError::NoId { file: table.source.file.clone() };
        let id = column(table, spec.id.as_deref())?.ok_or_else(no_id)?;
        let outcome = column(table, spec.outcome.as_deref())?;
        let money = column(table, spec.money.as_deref())?;
        let day = column(table, spec.day.as_deref())?;
        let place: HashMap<&str, usize> =
            experiment.members.iter().enumerate().map(|(at, member)| (member.id.trim(), at)).collect();
        let ids = table.text(&id.name).ok_or_else(no_id)?;
        let text = |column: Option<&crate::table::Column>, at: usize| -> Option<String> {
            let cell = table.text(&column?.name)?.get(at)?.trim();
            (!missing::is_missing(cell)).then(|| cell.to_owned())
        };
        let mut out = Self {
            observed: Vec::new(),
            strangers: 0,
            repeated: 0,
            has_outcome: outcome.is_some() || (spec.absent_is_no && money.is_none()),
            has_money: money.is_some(),
            has_days: day.is_some(),
        };
        let mut met: HashMap<usize, usize> = HashMap::new();
        for at in 0..table.height() {
            if at % 4096 == 0 {
                report.check()?;
            }
            let Some(cell) = ids.get(at).map(str::trim).filter(|cell| !cell.is_empty()) else { continue };
            let Some(&member) = place.get(cell) else {
                out.strangers += 1;
                continue;
            };
            let said = text(outcome, at).and_then(|cell| match &spec.yes {
                Some(yes) => Some(cell.eq_ignore_ascii_case(yes.trim())),
                None => truth::truth(&cell),
            });
            // A file of buyers only: whoever stands in it did it.
            let said = if outcome.is_none() && out.has_outcome { Some(true) } else { said };
            let amount = money.and_then(|column| number::parse(&text(money, at)?, column.decimal));
            let on = day.and_then(|column| date::parse(&text(day, at)?, column.date_order));
            let on = on.map(|ms| ms.div_euclid(86_400_000) as i32);
            match met.get(&member).and_then(|place| out.observed.get_mut(*place)) {
                Some(known) => {
                    out.repeated += 1;
                    known.wanted = match (known.wanted, said) {
                        (Some(a), Some(b)) => Some(a || b),
                        (a, b) => a.or(b),
                    };
                    known.money = match (known.money, amount) {
                        (Some(a), Some(b)) => Some(a + b),
                        (a, b) => a.or(b),
                    };
                    known.day = known.day.into_iter().chain(on).min();
                }
                None => {
                    met.insert(member, out.observed.len());
                    out.observed.push(Observed { member, wanted: said, money: amount, day: on });
                }
            }
        }
        if out.observed.is_empty() {
            return Err(ExperimentError::Nobody { file: table.source.file.clone() }.into());
        }
        if spec.absent_is_no {
            let last = out.observed.iter().filter_map(|one| one.day).max();
            for one in &mut out.observed {
                one.wanted = one.wanted.or(out.has_outcome.then_some(false));
                one.money = one.money.or(out.has_money.then_some(0.0));
            }
            let absent = (0..experiment.members.len()).filter(|member| !met.contains_key(member));
            let nothing = absent.map(|member| Observed {
                member,
                wanted: out.has_outcome.then_some(false),
                money: out.has_money.then_some(0.0),
                day: last,
            });
            let nothing: Vec<Observed> = nothing.collect();
            out.observed.extend(nothing);
        }
        if spec.unwanted {
            out.observed.iter_mut().for_each(|one| one.wanted = one.wanted.map(|yes| !yes));
        }
        Ok(out)
    }
}
