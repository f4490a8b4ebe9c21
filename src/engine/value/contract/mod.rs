//! Customers under contract: how long they stay, what that depends on, and what it brings.

mod ahead;
mod columns;
mod cox;
mod survival;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::ValueError;
use super::spec::ValueSpec;
use crate::job::Reporter;
use crate::metrics::Estimate;
use crate::note::Note;
use crate::table::Table;

use ahead::{Active, Hazard, Horizon, around};
pub use columns::tenure;
pub use cox::{Cox, fit as cox};
pub use survival::{LogRank, Spell, Step, kaplan_meier, log_rank, median, share_at, step_at};

/// Fewest customers, and fewest of them who left, for curves; and ends a covariate for Cox.
const LEAST: usize = 20;
const LEAST_LEFT: usize = 5;
const ENDS_A_COVARIATE: usize = 5;
const MONTH: f64 = 30.4375;
/// p below which proportionality is doubted: of many covariates some are below 0.05 by chance.
const DOUBTED: f64 = 0.001;

/// Customers who share a level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    pub name: String,
    pub customers: usize,
    pub left: usize,
    /// Time by which half have left; `None` where fewer did.
    pub median: Option<f64>,
    pub curve: Vec<Step>,
    /// Customers who are still followed at times that are the same for all groups: (time, customers).
    pub at_risk: Vec<(f64, usize)>,
}

/// What a covariate does to the hazard of leaving.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    pub column: String,
    /// The level, beside the column's most frequent one; `None` for a number, told per standard deviation.
    pub level: Option<String>,
    /// Hazard ratio.
    pub ratio: Estimate,
    pub p: f64,
    /// p of the check that the ratio is the same at all times.
    pub proportional: Option<f64>,
}

/// A customer under contract and what is expected within the horizon.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kept {
    /// Row of the table.
    pub row: usize,
    pub id: String,
    pub time: f64,
    /// Chance of staying through the horizon.
    pub stays: f64,
    /// Expected units of time within the horizon.
    pub units: f64,
    /// Time after which half of such customers have left.
    pub half: f64,
    pub charge: Option<f64>,
    /// Discounted money within the horizon.
    pub money: Option<f64>,
    /// 95% interval of the money, or of the time without money; `None` where not all were drawn.
    pub interval: Option<(f64, f64)>,
}

/// The value of customers under contract.
#[derive(Debug, Clone)]
pub struct Contract {
    pub spec: ValueSpec,
    pub tenure: String,
    pub charge: Option<String>,
    pub customers: usize,
    pub left: usize,
    /// Rows without a time or an answer.
    pub without: usize,
    pub all: Group,
    /// The column whose levels differ most, its groups and the test of their being alike.
    pub by: Option<(String, Vec<Group>, LogRank)>,
    /// Strongest first; empty where there is too little for Cox.
    pub effects: Vec<Effect>,
    pub model: Option<Cox>,
    /// Units of time within the horizon.
    pub units: usize,
    /// Expected time and discounted money of those under contract, within the horizon.
    pub expected: Estimate,
    pub money: Option<Estimate>,
    /// Most valuable first.
    pub kept: Vec<Kept>,
    pub notes: Vec<Note>,
}

/// The value of the customers of a table: `left` says of each row who has gone (`None` where nobody knows).
/// Time is in months, as contracts have it.
///
/// # Errors
/// No column of time, or one without times; the person cancelled.
pub fn contract(
    table: &Table,
    left: &[Option<bool>],
    ids: &dyn Fn(usize) -> String,
    (spec, seed): (&ValueSpec, u64),
    report: &Reporter,
) -> crate::Result<Result<Contract, Note>> {
    let called = |name: &Option<String>| {
        name.as_ref().and_then(|name| table.columns.iter().find(|column| column.name == *name))
    };
    let column = called(&spec.tenure).or_else(|| tenure(table)).ok_or(ValueError::Nothing)?;
    let all: Vec<usize> = (0..table.height()).collect();
    let times = columns::numbers(table, column, &all);
    let mut notes = Vec::new();
    if times.iter().flatten().any(|time| *time < 0.0) {
        notes.push(Note::new("value_negative_time").with("column", &column.name));
    }
    let known = |row: &usize| {
        let time = times.get(*row).copied().flatten().filter(|time| *time >= 0.0)?;
        Some((*row, Spell { time, left: left.get(*row).copied().flatten()? }))
    };
    let (rows, spells): (Vec<usize>, Vec<Spell>) = all.iter().filter_map(known).unzip();
    if rows.is_empty() {
        return Err(ValueError::Tenure { column: column.name.clone(), cause: "no row has a time" }.into());
    }
    let gone = spells.iter().filter(|spell| spell.left).count();
    if spells.len() < LEAST || gone < LEAST_LEFT {
        let note = Note::new("value_few_contracts").with("count", spells.len()).with("left", gone);
        return Ok(Err(note.with("least", LEAST).with("least_left", LEAST_LEFT)));
    }
    report.progress(0.05);

    let categories = columns::categories(table, &rows);
    let by = widest(&spells, &categories);
    report.check()?;
    let charge = called(&spec.charge).or_else(|| columns::charge(table, &column.name));
    let time: Vec<f64> = spells.iter().map(|spell| spell.time).collect();
    let (mut covariates, counting) = columns::covariates(table, &rows, &time, (&column.name, &categories));
    if !counting.is_empty() {
        notes.push(Note::new("value_counts_time").with("columns", counting.join(", ")));
    }
    covariates.truncate(gone / ENDS_A_COVARIATE);
    report.progress(0.15);
    let x: Vec<Vec<f64>> = (0..spells.len())
        .map(|at| covariates.iter().map(|one| one.values.get(at).copied().unwrap_or(0.0)).collect())
        .collect();
    let model = cox(&spells, &x, &report.part(0.15, 0.3))?;
    let effects = match &model {
        Some(model) => {
            if model.held {
                notes.push(Note::new("value_cox_held"));
            }
            effects(model, &covariates)
        }
        None => {
            notes.push(Note::new("value_no_cox"));
            Vec::new()
        }
    };
    let doubted: Vec<String> = effects
        .iter()
        .filter(|effect| effect.proportional.is_some_and(|p| p < DOUBTED))
        .map(|effect| effect.column.clone())
        .fold(Vec::new(), |mut list, name| {
            if !list.contains(&name) {
                list.push(name);
            }
            list
        });
    if !doubted.is_empty() {
        notes.push(Note::new("value_not_proportional").with("columns", doubted.join(", ")));
    }

    // Without Cox everybody has the hazard of all.
    let end = time.iter().copied().fold(0.0, f64::max);
    let whole = kaplan_meier(&spells);
    let flat = || Cox {
        coefficients: Vec::new(),
        covariance: Vec::new(),
        means: Vec::new(),
        log_likelihood: 0.0,
        null_log_likelihood: 0.0,
        held: false,
        proportional: Vec::new(),
        baseline: whole
            .iter()
            .map(|step| (step.time, step.left as f64, step.left as f64 / step.at_risk.max(1) as f64))
            .collect(),
        concordance: 0.5,
    };
    let used = model.clone().unwrap_or_else(flat);
    let hazard = Hazard::new(used.baseline.iter().map(|(time, _, rise)| (*time, *rise)), end);
    let units = (f64::from(spec.horizon_days) / MONTH).round().max(1.0) as usize;
    let factors = (0..units).map(|unit| spec.factor(unit as f64 * MONTH)).collect();
    let horizon = Horizon { units, factors };
    let charges = charge.map(|column| columns::numbers(table, column, &rows));
    let of = |at: usize| charges.as_ref().map(|all| all.get(at).copied().flatten().unwrap_or(0.0).max(0.0));
    let mut list: Vec<(usize, Active, Vec<f64>)> = Vec::new();
    for (at, (spell, x)) in spells.iter().zip(x).enumerate().filter(|(_, (spell, _))| !spell.left) {
        let x = if model.is_some() { x } else { Vec::new() };
        list.push((at, Active { time: spell.time, score: used.score(&x), charge: of(at) }, x));
    }
    let mut kept: Vec<Kept> = Vec::with_capacity(list.len());
    for (at, one, _) in &list {
        if at % 4096 == 0 {
            report.check()?;
        }
        let (units, money, stays, half) = ahead::expected(&hazard, one, &horizon);
        let row = rows.get(*at).copied().unwrap_or_default();
        let money = one.charge.map(|_| money);
        kept.push(Kept {
            row,
            id: ids(row),
            time: one.time,
            stays,
            units,
            half,
            charge: one.charge,
            money,
            interval: None,
        });
    }
    report.progress(0.6);
    let actives: Vec<(Active, Vec<f64>)> = list.into_iter().map(|(_, one, x)| (one, x)).collect();
    let (own, [time_span, money_span]) =
        ahead::drawn(&used, &actives, (end, &horizon), (seed, &report.part(0.6, 0.4)))?;
    for (kept, own) in kept.iter_mut().zip(own) {
        kept.interval = Some(own).filter(|own| own.0.is_finite());
    }
    let sum = |of: &dyn Fn(&Kept) -> f64| kept.iter().map(of).sum::<f64>();
    let expected = around(sum(&|one| one.units), time_span);
    let money = charge.map(|_| around(sum(&|one| one.money.unwrap_or(0.0)), money_span));
    let rank = |one: &Kept| one.money.unwrap_or(one.units);
    kept.sort_by(|a, b| rank(b).total_cmp(&rank(a)).then(a.row.cmp(&b.row)));
    report.progress(1.0);
    Ok(Ok(Contract {
        spec: spec.clone(),
        tenure: column.name.clone(),
        charge: charge.map(|column| column.name.clone()),
        customers: spells.len(),
        left: gone,
        without: table.height() - spells.len(),
        all: group(String::new(), whole, &spells, end),
        by,
        effects,
        model,
        units,
        expected,
        money,
        kept,
        notes,
    }))
}

fn group(name: String, curve: Vec<Step>, spells: &[Spell], end: f64) -> Group {
    let left = spells.iter().filter(|spell| spell.left).count();
    let followed = |time: f64| spells.iter().filter(|spell| spell.time >= time).count();
    let at_risk = survival::marks(end).into_iter().map(|time| (time, followed(time))).collect();
    Group { name, customers: spells.len(), left, median: median(&curve), curve, at_risk }
}

/// The category whose levels differ most, by its test's chi-square a degree of freedom.
fn widest(spells: &[Spell], categories: &[columns::Category]) -> Option<(String, Vec<Group>, LogRank)> {
    let tested = categories.iter().filter_map(|category| {
        // Seven curves are as many as a chart can hold.
        let groups = category.levels.len();
        let test = log_rank(spells, &category.of, groups).filter(|_| groups <= 7)?;
        Some((category, test))
    });
    let end = spells.iter().map(|spell| spell.time).fold(0.0, f64::max);
    let each = |test: &LogRank| test.chi_square / test.degrees.max(1) as f64;
    let (category, test) = tested.max_by(|a, b| each(&a.1).total_cmp(&each(&b.1)))?;
    let groups = category.levels.iter().enumerate().map(|(at, level)| {
        let own: Vec<Spell> =
            spells.iter().zip(&category.of).filter(|(_, of)| **of == at).map(|(spell, _)| *spell).collect();
        group(level.clone(), kaplan_meier(&own), &own, end)
    });
    Some((category.column.clone(), groups.collect(), test))
}

fn effects(model: &Cox, covariates: &[columns::Covariate]) -> Vec<Effect> {
    const Z: f64 = 1.959_963_984_540_054;
    let errors = model.errors();
    let all = covariates.iter().zip(&model.coefficients).zip(&errors).zip(&model.proportional);
    let mut out: Vec<(f64, Effect)> = all
        .map(|(((covariate, beta), error), proportional)| {
            let ratio =
                Estimate { value: beta.exp(), low: (beta - Z * error).exp(), high: (beta + Z * error).exp() };
            let z = beta / error;
            let effect = Effect {
                column: covariate.column.clone(),
                level: covariate.level.clone(),
                ratio,
                p: survival::chi_square_tail(z * z, 1),
                proportional: *proportional,
            };
            (z.abs(), effect)
        })
        .collect();
    out.sort_by(|a, b| b.0.total_cmp(&a.0));
    out.into_iter().map(|(_, effect)| effect).collect()
}
