//! A shop's books → the value of its customers: the model that fits, its test, and everybody's future.

use serde::Serialize;

use super::ValueError;
use super::check::Check;
use super::cohorts::{Cohort, cohorts};
use super::fit::{Fit, maximise};
use super::forecast::{Ahead, Base, MoneyModel, Total, Worth};
use super::gamma_gamma::{self, GammaGamma, Paid};
use super::history::{Counted, History, Row, WEEK, grouped, histories};
use super::lasting::Lasting;
use super::leaving::{Leaving, leaving};
use super::matrix::{Matrix, matrix};
use super::spec::{LifetimeModel, ValueSpec};
use super::story::{self, Story};
use super::tested::{Tested, by_itself};
use crate::features::behaviour::{Books, Day, to_date, to_day};
use crate::job::Reporter;
use crate::note::Note;

/// Below this there is nothing to learn a story from.
pub(super) const LEAST_CUSTOMERS: usize = 20;
pub(super) const LEAST_REPEATING: usize = 8;
/// Weeks of books below which nothing can be said of leaving.
const LEAST_WEEKS: f64 = 4.0;
/// Customers who paid for repeat orders, below which their mean is all that is told.
const LEAST_PAYING: usize = 10;
/// Log-likelihoods that differ by no more are alike. All models have four parameters, so that this is a
/// difference of 4 in AIC, below which Burnham and Anderson (2002, section 2.6) see support for both.
const CLEARLY: f64 = 2.0;
/// What a fit that had to be held by a prior stands behind the others.
const HELD: f64 = 10.0;
/// Different histories above which Pareto/NBD is not tried by itself: it takes long.
const MANY: usize = 10_000;
/// Horizons that are always told, in days.
const HORIZONS: [u32; 3] = [30, 90, 365];

/// A model that was fitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fitted {
    pub model: LifetimeModel,
    /// In the order of [`LifetimeModel::parameters`], time in weeks.
    pub parameters: Vec<f64>,
    /// Standard errors; `None` where the data do not tell them.
    pub errors: Option<Vec<f64>>,
    pub log_likelihood: f64,
    /// The data alone did not tell all parameters: a weak prior held them.
    pub held: bool,
}

/// How much an order brings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Money {
    /// Gamma-Gamma's p, q and γ (in the data's money); `None` where too few paid twice: then every order is
    /// taken to bring the mean.
    pub parameters: Option<[f64; 3]>,
    pub errors: Option<Vec<f64>>,
    /// Mean money of an order of a customer of whom nothing is known.
    pub mean: f64,
    /// Customers whose repeat orders were learnt from.
    pub customers: usize,
    /// Correlation of how often and how much, which the model takes to be 0.
    pub correlation: Option<f64>,
}

/// What can be said where there is too little to foretell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextBest {
    /// Why there is no model.
    pub why: Note,
    pub counted: Counted,
    /// Mean money of a customer so far.
    pub spent: Option<f64>,
    /// Share of the customers who came back, with its interval.
    pub returning: crate::metrics::Estimate,
    /// Mean orders of a customer.
    pub orders: f64,
}

/// The value of a shop's customers.
#[derive(Debug, Clone)]
pub struct Shop {
    pub spec: ValueSpec,
    pub counted: Counted,
    /// What a person should know.
    pub notes: Vec<Note>,
    /// The models that were fitted; the first is the one in use.
    pub fitted: Vec<Fitted>,
    pub story: Story,
    /// Whether these orders tell that customers leave. Where they do not, no chance of being still there is
    /// told of anybody, and what is expected takes everybody to go on.
    pub leaving: Leaving,
    /// What the test tells of the model's own error at the horizon, which is in the intervals of the base; `None` where
    /// there was no test.
    pub lasting: Option<Lasting>,
    /// The last day that the parameters were learnt from.
    pub learnt_until: Day,
    pub money: Option<Money>,
    pub total: Total,
    pub ahead: Vec<Ahead>,
    /// Most valuable first.
    pub customers: Vec<Worth>,
    pub check: Option<Check>,
    pub cohorts: Vec<Cohort>,
    pub matrix: Matrix,
}

impl Shop {
    /// The models that tell these orders as well as the one in use: their log-likelihoods differ from its by
    /// no more than 2.
    pub fn alike(&self) -> Vec<&Fitted> {
        let Some((first, rest)) = self.fitted.split_first() else { return Vec::new() };
        let is_alike = |one: &&Fitted| {
            one.held == first.held && (one.log_likelihood - first.log_likelihood).abs() <= CLEARLY
        };
        rest.iter().filter(is_alike).collect()
    }

    /// Shares of the expected money (orders, where there is no money) that the most valuable 0, 1, … `parts`
    /// of `parts` equal parts of the customers bring: Lorenz's curve from the top.
    pub fn top_shares(&self, parts: usize) -> Vec<f64> {
        let of = |worth: &Worth| worth.money.map_or(worth.orders.value, |money| money.value);
        let mut sums = Vec::with_capacity(self.customers.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for worth in &self.customers {
            sum += of(worth);
            sums.push(sum);
        }
        let parts = parts.max(1);
        let count = |part: usize| (part as f64 / parts as f64 * self.customers.len() as f64).round() as usize;
        let share = |part: usize| sums.get(count(part)).copied().unwrap_or(sum) / sum;
        (0..=parts).map(|part| if sum > 0.0 { share(part) } else { 0.0 }).collect()
    }
}

/// The value of the customers of `books`, or why not and what can be said instead. `ids` names them.
///
/// # Errors
/// A calibration that ends outside the books; a fit that leads nowhere; the person cancelled.
pub fn shop(
    books: &Books,
    ids: &dyn Fn(usize) -> String,
    spec: &ValueSpec,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Result<Shop, NextBest>> {
    let last = books.last_day();
    let (list, counted) = histories(books, last);
    let mut notes = told(&counted);
    if let Some(why) = too_little(&counted) {
        return Ok(Err(next_best(why, &list, counted)));
    }
    report.progress(0.05);
    // The set day splits what is learnt from and what tests; else two thirds are tested beside.
    let set = spec.calibration_end.map(to_day);
    if let Some(day) = set.filter(|day| *day >= last || *day <= counted.first) {
        let (first, last) = (to_date(counted.first), to_date(last));
        return Err(ValueError::Calibration { day: to_date(day), first, last }.into());
    }
    let (rows, of) = grouped(&list);
    let (learnt, learnt_until) = match set {
        Some(day) => {
            let (early, known) = histories(books, day);
            if let Some(why) = too_little(&known) {
                return Ok(Err(next_best(why, &early, known)));
            }
            (Some(early), day)
        }
        None => (None, last),
    };
    let early = learnt.as_deref().unwrap_or(&list);
    let early_rows = learnt.as_ref().map(|list| grouped(list).0);
    let seen = early_rows.as_deref().unwrap_or(&rows);
    let (fitted, fit) = choose(seen, spec.model, &report.part(0.05, 0.3))?;
    let first = fitted.first().ok_or(ValueError::Fit { cause: "no maximum" })?;
    let story = Story { model: first.model, parameters: first.parameters.clone() };
    let leaving = leaving(seen, &first.parameters, first.log_likelihood, &report.part(0.35, 0.05))?;
    if first.held {
        notes.push(Note::new("value_held"));
    }
    let (money, model) = match counted.has_money {
        true => money(early, report)?.unzip(),
        false => (None, None),
    };
    notes.extend(money.as_ref().and_then(told_of_money));
    let model = model.as_ref();
    let tested = Tested { books, until: last, seed };
    let check = match set {
        Some(day) => Some(tested.by((early, day), (&story, &fit), model, &report.part(0.4, 0.1))?),
        None => by_itself(&tested, &counted, story.model, &report.part(0.4, 0.1))?,
    };
    // Days from the middle of what was learnt to the middle of what is foretold: here, and in the test.
    let middle = |from: Day, to: Day| 0.5 * (f64::from(from) + f64::from(to));
    let ahead = f64::from(last) + 0.5 * f64::from(spec.horizon_days) - middle(counted.first, learnt_until);
    let lasting = check.as_ref().map(|check| {
        let tested =
            middle(check.calibration_end, check.until) - middle(counted.first, check.calibration_end);
        Lasting::of(check).farther(ahead / tested.max(1.0))
    });
    let base = Base {
        spec,
        story: &story,
        fit: &fit,
        money: model,
        list: &list,
        rows: &rows,
        of: &of,
        last,
        lasting: lasting.unwrap_or_default(),
        seed,
    };
    let (mut customers, mut total) = base.forecast(&report.part(0.5, 0.4))?;
    customers.iter_mut().for_each(|worth| worth.id = ids(worth.history.customer as usize));
    if !leaving.told {
        let ratio = format!("{:.1}", leaving.ratio);
        notes.push(Note::new("value_leaving").with("ratio", ratio).with("p", format!("{:.2}", leaving.p)));
        customers.iter_mut().for_each(|worth| worth.alive = None);
        total.alive = None;
    }
    let ahead = base.ahead(&HORIZONS, &report.part(0.9, 0.1))?;
    let matrix = matrix(&story, &list);
    let cohorts = cohorts(&customers);
    report.progress(1.0);
    Ok(Ok(Shop {
        spec: spec.clone(),
        counted,
        notes,
        fitted,
        story,
        leaving,
        lasting,
        learnt_until,
        money,
        total,
        ahead,
        customers,
        check,
        cohorts,
        matrix,
    }))
}

fn told(counted: &Counted) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut tell = |code: &'static str, count: u64| {
        if count > 0 {
            notes.push(Note::new(code).with("count", count));
        }
    };
    tell("value_returns", counted.returns);
    if counted.has_money {
        tell("value_without_money", counted.without_money);
    } else {
        notes.push(Note::new("value_no_money"));
    }
    if counted.without_orders > 0 {
        notes.push(Note::new("value_without_orders").with("count", counted.without_orders));
    }
    notes
}

fn told_of_money(money: &Money) -> Option<Note> {
    let share = |value: f64| format!("{value:.2}");
    match (money.parameters, money.correlation) {
        (None, _) => Some(Note::new("value_mean_money").with("count", money.customers)),
        // Fader and Hardie call 0.1 none.
        (_, Some(found)) if found.abs() > 0.3 => {
            Some(Note::new("value_correlated").with("correlation", share(found)))
        }
        _ => None,
    }
}

/// Why no story can be learnt.
pub(super) fn too_little(counted: &Counted) -> Option<Note> {
    let weeks = f64::from(counted.last.saturating_sub(counted.first)) / WEEK;
    if counted.customers < LEAST_CUSTOMERS {
        let note = Note::new("value_few_customers").with("count", counted.customers);
        return Some(note.with("least", LEAST_CUSTOMERS));
    }
    if counted.repeating < LEAST_REPEATING {
        let note = Note::new("value_few_repeating").with("count", counted.repeating);
        return Some(note.with("least", LEAST_REPEATING));
    }
    (weeks < LEAST_WEEKS).then(|| Note::new("value_short").with("weeks", LEAST_WEEKS))
}

fn next_best(why: Note, list: &[History], counted: Counted) -> NextBest {
    let n = list.len().max(1) as f64;
    NextBest {
        why,
        counted,
        spent: counted.has_money.then(|| list.iter().map(|h| h.spent).sum::<f64>() / n),
        returning: crate::metrics::proportion(counted.repeating as u64, list.len() as u64),
        orders: counted.occasions as f64 / n,
    }
}

/// Fits what was asked for, or all and chooses; the one in use first.
fn choose(rows: &[Row], model: LifetimeModel, report: &Reporter) -> crate::Result<(Vec<Fitted>, Fit)> {
    let tried: &[LifetimeModel] = match model {
        LifetimeModel::Auto if rows.len() > MANY => &[LifetimeModel::BgNbd, LifetimeModel::MbgNbd],
        LifetimeModel::Auto => &[LifetimeModel::BgNbd, LifetimeModel::MbgNbd, LifetimeModel::ParetoNbd],
        LifetimeModel::BgNbd => &[LifetimeModel::BgNbd],
        LifetimeModel::MbgNbd => &[LifetimeModel::MbgNbd],
        LifetimeModel::ParetoNbd => &[LifetimeModel::ParetoNbd],
    };
    let mut all: Vec<(LifetimeModel, Fit)> = Vec::new();
    for (at, model) in tried.iter().enumerate() {
        report.progress(at as f64 / tried.len() as f64);
        if let Some(found) = story::fit(*model, rows, report)? {
            all.push((*model, found));
        }
    }
    // A fit that stands without a prior goes before one that was held.
    let score = |fit: &Fit| fit.log_likelihood - if fit.held { HELD } else { 0.0 };
    // They were tried from the simplest on: the first of those that are alike is in use.
    let best = all.iter().map(|(_, fit)| score(fit)).fold(f64::NEG_INFINITY, f64::max);
    if let Some(at) = all.iter().position(|(_, fit)| score(fit) >= best - CLEARLY) {
        let used = all.remove(at);
        all.sort_by(|a, b| score(&b.1).total_cmp(&score(&a.1)));
        all.insert(0, used);
    }
    let told = |(model, fit): &(LifetimeModel, Fit)| Fitted {
        model: *model,
        parameters: fit.parameters.clone(),
        errors: fit
            .errors()
            .filter(|errors| errors.len() == fit.parameters.len() && !fit.covariance.is_empty()),
        log_likelihood: fit.log_likelihood,
        held: fit.held,
    };
    let fitted = all.iter().map(told).collect();
    let (_, fit) = all.into_iter().next().ok_or(ValueError::Fit { cause: "no maximum" })?;
    Ok((fitted, fit))
}

/// Learns how much an order brings; `None` where nobody paid.
pub(super) fn money(list: &[History], report: &Reporter) -> crate::Result<Option<(Money, MoneyModel)>> {
    let paying: Vec<&History> = list.iter().filter(|h| h.paid > 0 && h.mean > 0.0).collect();
    let (sum, count) =
        list.iter().fold((0.0, 0.0), |(sum, count), h| (sum + h.spent, count + f64::from(h.x) + 1.0));
    let unit = match paying.len() {
        0 => sum / f64::max(count, 1.0),
        n => paying.iter().map(|h| h.mean).sum::<f64>() / n as f64,
    };
    if !(unit.is_finite() && unit > 0.0) {
        return Ok(None);
    }
    let correlation = gamma_gamma::correlation(list);
    let (repeats, with_money) =
        list.iter().fold((0.0, 0.0), |(all, paid), h| (all + f64::from(h.x), paid + f64::from(h.paid)));
    let share = if repeats > 0.0 { with_money / repeats } else { 1.0 };
    let paid: Vec<Paid> = paying.iter().map(|h| Paid { x: f64::from(h.paid), mean: h.mean / unit }).collect();
    let starts = [vec![3.0, 3.0, 0.7], vec![1.0, 1.5, 0.8], vec![10.0, 20.0, 2.0]];
    let found = match paid.len() >= LEAST_PAYING {
        true => maximise(&GammaGamma { paid: &paid }, &starts, report)?,
        false => None,
    };
    let (parameters, errors, fit) = match found {
        Some(fit) => {
            let shown = fit.parameters.first_chunk::<3>().map(|[p, q, g]| [*p, *q, g * unit]);
            let mut errors = fit.errors().filter(|errors| errors.len() == 3);
            if let Some(last) = errors.as_mut().and_then(|errors| errors.last_mut()) {
                *last *= unit;
            }
            (shown, errors, fit)
        }
        // Every order brings the mean: a Gamma-Gamma in which customers do not differ.
        None => {
            let parameters = vec![1.0, 1e6, 1e6];
            let fit = Fit { parameters, log_likelihood: 0.0, covariance: Vec::new(), held: true };
            (None, None, fit)
        }
    };
    let mean = unit * gamma_gamma::expected(&fit.parameters, 0.0, 0.0);
    let money = Money { parameters, errors, mean, customers: paying.len(), correlation };
    Ok(Some((money, MoneyModel { fit, unit, paid: share })))
}
