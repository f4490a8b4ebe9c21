//! The reading: are the groups what was drawn, how far are they apart, how sure is that, and what is it
//! worth.

use rand::SeedableRng as _;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::compare::{self, Count, Difference, Unit};
use super::cuped::{self, Cuped};
use super::platt::{self, Platt};
use super::ratio::{self, Ratio};
use super::results::{self, Observed, Results, ResultsSpec};
use super::{Arm, Experiment, Measured, Sequence};
use crate::job::Reporter;
use crate::metrics::Estimate;
use crate::table::Table;

/// Looks at the running interval where no day is known.
const LOOKS: usize = 60;
/// A covariate that fewer customers than this share have is left aside.
const KNOWN: f64 = 0.5;

/// Customers of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Group {
    pub drawn: u64,
    /// Found in the file with a result.
    pub found: u64,
}

impl Group {
    /// Drawn and not found.
    pub fn lost(self) -> u64 {
        self.drawn.saturating_sub(self.found)
    }
}

/// The running interval at one time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Look {
    /// Customers whose result was known.
    pub customers: u64,
    /// Days since 1970, where the file tells.
    pub day: Option<i32>,
    pub difference: Difference,
}

/// In what order the running interval takes customers in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    Day,
    /// Drawn by chance: a file may be sorted by group.
    Chance,
}

/// What an interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All of the interval is above nothing.
    Works,
    /// All of it is below.
    Harms,
    Unsure,
}

/// The two groups set beside each other in one measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The groups' shares, or money per customer.
    pub called: f64,
    pub left_alone: f64,
    /// Customers of each group that have a result in this measure.
    pub customers: (u64, u64),
    /// One look at the end: Newcombe's interval of shares, Welch's of money.
    pub difference: Difference,
    /// The same within the strata of the draw.
    pub stratified: Option<Difference>,
    /// The same with score and earlier value taken off.
    pub cuped: Option<Cuped>,
    /// However often it is looked at; `None` while there are too few customers.
    pub always: Option<Difference>,
    pub looks: Vec<Look>,
    pub order: Order,
    /// By the interval of a single look where the experiment is over, else by the one for many looks.
    pub verdict: Verdict,
    pub at_once: bool,
}

impl Finding {
    /// The interval by which the [verdict](Self::verdict) was made.
    pub fn counts(&self) -> Option<Difference> {
        if self.at_once { Some(self.difference) } else { self.always }
    }
}

/// What an experiment says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    pub called: Group,
    pub left_alone: Group,
    pub strangers: usize,
    pub repeated: usize,
    pub ratio: Ratio,
    /// Of the wanted answer; `None` where there is none, or the groups are not what was drawn.
    pub share: Option<Finding>,
    pub money: Option<Finding>,
    /// Money that the offer brought from all who were called, less what calling them cost; its interval
    /// is the one that counts.
    pub gained: Option<Estimate>,
    /// The model's scores set right by those who were left alone.
    pub recalibration: Option<Platt>,
    /// How the file was read.
    pub spec: ResultsSpec,
}

impl Reading {
    /// The measure that the plan was made for, where the file has it; else the other.
    pub fn main(&self, planned: &Measured) -> Option<&Finding> {
        match planned {
            Measured::Share { .. } => self.share.as_ref().or(self.money.as_ref()),
            Measured::Money { .. } => self.money.as_ref().or(self.share.as_ref()),
        }
    }
}

/// One customer's outcome in one measure.
struct Row<'a> {
    unit: Unit,
    observed: &'a Observed,
    score: Option<f64>,
    value: Option<f64>,
}

/// Reads a file of results.
///
/// # Errors
/// The file has no identifier of the experiment or nothing to compare, or the person cancelled.
pub fn read(
    experiment: &Experiment,
    table: &Table,
    spec: &ResultsSpec,
    report: &Reporter,
) -> crate::Result<Reading> {
    let spec = results::guess(experiment, table, spec)?;
    let found = Results::join(experiment, table, &spec, &report.part(0.0, 0.3))?;
    let has_result = |one: &&Observed| one.wanted.is_some() || one.money.is_some();
    let count = |arm: Arm| Group {
        drawn: experiment.count(arm),
        found: found
            .observed
            .iter()
            .filter(has_result)
            .filter(|one| experiment.members.get(one.member).is_some_and(|member| member.arm == arm))
            .count() as u64,
    };
    let (called, left_alone) = (count(Arm::Called), count(Arm::LeftAlone));
    let ratio = ratio::against_drawn((called.found, called.drawn), (left_alone.found, left_alone.drawn));
    let mut out = Reading {
        called,
        left_alone,
        strangers: found.strangers,
        repeated: found.repeated,
        ratio,
        share: None,
        money: None,
        gained: None,
        recalibration: None,
        spec,
    };
    if ratio.stops {
        return Ok(out);
    }
    let as_number = |yes: bool| f64::from(u8::from(yes));
    let wanted = rows(experiment, &found, |one| one.wanted.map(as_number));
    let money = rows(experiment, &found, |one| one.money);
    let order = if found.has_days { Order::Day } else { Order::Chance };
    let settings = Settings { experiment, order, over: out.spec.over };
    out.share = settings.finding(&wanted, true, &report.part(0.3, 0.3))?;
    out.money = settings.finding(&money, false, &report.part(0.6, 0.3))?;
    out.gained = gained(&out, experiment);
    if experiment.drawing.score_is_risk {
        out.recalibration = recalibrate(&wanted, experiment.plan.alpha);
    }
    report.progress(1.0);
    Ok(out)
}

fn rows<'a>(
    experiment: &Experiment,
    found: &'a Results,
    outcome: impl Fn(&Observed) -> Option<f64>,
) -> Vec<Row<'a>> {
    let row = |observed: &'a Observed| {
        let (member, outcome) = (experiment.members.get(observed.member)?, outcome(observed)?);
        let unit = Unit { called: member.arm == Arm::Called, outcome, stratum: member.stratum };
        Some(Row { unit, observed, score: member.score, value: member.value })
    };
    found.observed.iter().filter_map(row).collect()
}

struct Settings<'a> {
    experiment: &'a Experiment,
    order: Order,
    over: bool,
}

impl Settings<'_> {
    fn finding(&self, rows: &[Row<'_>], is_share: bool, report: &Reporter) -> crate::Result<Option<Finding>> {
        let alpha = self.experiment.plan.alpha;
        let group = |called: bool| -> Vec<f64> {
            let of = rows.iter().filter(|row| row.unit.called == called);
            of.map(|row| row.unit.outcome).collect()
        };
        let (a, b) = (group(true), group(false));
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let difference = if is_share {
            let count = |values: &[f64]| Count {
                yes: values.iter().filter(|yes| **yes > 0.5).count() as u64,
                all: values.len() as u64,
            };
            compare::shares(count(&a), count(&b), alpha)
        } else {
            compare::means(&a, &b, alpha)
        };
        let Some(difference) = difference else { return Ok(None) };
        report.check()?;
        let units: Vec<Unit> = rows.iter().map(|row| row.unit).collect();
        let looks = self.looks(rows, report)?;
        let always = looks.last().map(|look| look.difference);
        let counts = if self.over { Some(difference) } else { always };
        let verdict = match counts {
            Some(of) if of.low > 0.0 => Verdict::Works,
            Some(of) if of.high < 0.0 => Verdict::Harms,
            _ => Verdict::Unsure,
        };
        Ok(Some(Finding {
            called: mean(&a),
            left_alone: mean(&b),
            customers: (a.len() as u64, b.len() as u64),
            difference,
            stratified: compare::stratified(&units, alpha).filter(|_| self.experiment.strata.len() > 1),
            cuped: self.cuped(rows),
            always,
            looks,
            order: self.order,
            verdict,
            at_once: self.over,
        }))
    }

    /// Score and earlier value, where most customers have them; the others get the mean, which takes
    /// nothing off.
    fn cuped(&self, rows: &[Row<'_>]) -> Option<Cuped> {
        let of = |value: fn(&Row<'_>) -> Option<f64>| -> Option<Vec<f64>> {
            let known: Vec<f64> = rows.iter().filter_map(value).collect();
            if (known.len() as f64) < KNOWN * rows.len() as f64 {
                return None;
            }
            let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
            Some(rows.iter().map(|row| value(row).unwrap_or(mean)).collect())
        };
        let past: Vec<Vec<f64>> = [of(|row| row.score), of(|row| row.value)].into_iter().flatten().collect();
        let past: Vec<&[f64]> = past.iter().map(Vec::as_slice).collect();
        let outcome: Vec<f64> = rows.iter().map(|row| row.unit.outcome).collect();
        let called: Vec<bool> = rows.iter().map(|row| row.unit.called).collect();
        cuped::adjusted(&outcome, &called, &past, self.experiment.plan.alpha)
    }

    /// The running interval: a look at the end of each day, or, where no day is known, as customers
    /// come in an order drawn by chance.
    fn looks(&self, rows: &[Row<'_>], report: &Reporter) -> crate::Result<Vec<Look>> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let seed = self.experiment.drawing.spec.seed;
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed ^ 0x100C_5EED));
        let day = |at: usize| rows.get(at).and_then(|row| row.observed.day);
        if self.order == Order::Day {
            order.sort_by_key(|at| day(*at).unwrap_or(i32::MAX));
        }
        let planned = self.experiment.members.len() as f64;
        let mut sequence = Sequence::new(self.experiment.plan.alpha, planned);
        let step = (rows.len() / LOOKS).max(1);
        let mut out = Vec::new();
        for (place, at) in order.iter().enumerate() {
            let Some(row) = rows.get(*at) else { continue };
            if place % 4096 == 0 {
                report.check()?;
            }
            sequence.push(row.unit.called, row.unit.outcome);
            let next = order.get(place + 1);
            let is_time = match self.order {
                Order::Day => next.is_none_or(|next| day(*next) != day(*at)),
                Order::Chance => next.is_none() || (place + 1) % step == 0,
            };
            if let Some(difference) = is_time.then(|| sequence.look()).flatten() {
                out.push(Look { customers: sequence.customers(), day: day(*at), difference });
            }
        }
        Ok(out)
    }
}

/// What all who were called brought more, less the cost; by money where the file has it, else by what a
/// wanted answer is worth.
fn gained(reading: &Reading, experiment: &Experiment) -> Option<Estimate> {
    let called = experiment.count(Arm::Called) as f64;
    let cost = reading.spec.cost * called;
    let counts = match (&reading.money, &reading.share) {
        (Some(money), _) => money.counts()?,
        (None, Some(share)) if reading.spec.worth > 0.0 => share.counts()?.times(reading.spec.worth),
        _ => return None,
    };
    let all = counts.times(called);
    Some(Estimate { value: all.value - cost, low: all.low - cost, high: all.high - cost })
}

/// The scores are chances to leave: the wanted answer is the opposite.
fn recalibrate(rows: &[Row<'_>], alpha: f64) -> Option<Platt> {
    let left = rows.iter().filter(|row| !row.unit.called);
    let (scores, happened): (Vec<f64>, Vec<bool>) =
        left.filter_map(|row| Some((row.score?, row.unit.outcome < 0.5))).unzip();
    platt::refit(&scores, &happened, alpha)
}
