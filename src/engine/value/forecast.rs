//! From a fitted story to what each customer and the whole base bring in a time to come, with intervals
//! that hold two doubts: of the parameters (draws from their normal approximation) and of what a customer
//! then does (draws of leaving, ordering and spending). The base's hold a third: that the model is not how
//! customers are ([`Lasting`]).

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::fit::Fit;
use super::gamma_gamma;
use super::history::{History, Row, WEEK};
use super::lasting::Lasting;
use super::linear;
use super::spec::ValueSpec;
use super::story::{Story, gamma};
use crate::features::behaviour::Day;
use crate::job::Reporter;
use crate::metrics::Estimate;

/// Draws behind every interval.
pub(super) const DRAWS: usize = 400;
/// Customers whose future is drawn; with more the interval of the base is scaled up from so many.
pub(super) const DRAWN: usize = 10_000;
/// Days of a step of discounting.
const STEP: f64 = 30.0;

/// What is expected in a time to come, with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reach {
    pub value: f64,
    /// `None` for customers beyond those whose future was drawn.
    pub interval: Option<(f64, f64)>,
}

/// A customer's future.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worth {
    pub id: String,
    #[serde(flatten)]
    pub history: History,
    /// Chance of being still there; `None` where the orders do not tell ([`super::Leaving`]).
    pub alive: Option<f64>,
    /// Orders within the horizon.
    pub orders: Reach,
    /// Money of one order that is paid; `None` where the data hold no money.
    pub per_order: Option<f64>,
    /// Money within the horizon, discounted.
    pub money: Option<Reach>,
    /// The day by which half of such customers order, if they are still there; `None` beyond ten years.
    pub next: Option<Day>,
}

/// The base at a horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ahead {
    pub days: u32,
    pub orders: f64,
    pub money: Option<f64>,
}

/// The base at the horizon of the settings, with intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Total {
    pub orders: Estimate,
    pub money: Option<Estimate>,
    /// Customers expected to be still there; `None` where the orders do not tell.
    pub alive: Option<f64>,
    /// Customers whose future was drawn.
    pub drawn: usize,
}

/// How money is told: Gamma-Gamma parameters in units of `unit`.
pub(super) struct MoneyModel {
    pub fit: Fit,
    pub unit: f64,
    /// Share of the repeat orders that are paid: the others bring nothing that is known.
    pub paid: f64,
}

impl MoneyModel {
    /// Expected money of an order that is paid.
    pub fn per_order(&self, history: &History) -> f64 {
        self.unit
            * gamma_gamma::expected(&self.fit.parameters, f64::from(history.paid), history.mean / self.unit)
    }

    /// Expected money of an order, paid or not.
    pub fn per_any(&self, history: &History) -> f64 {
        self.paid * self.per_order(history)
    }
}

/// Orders within `days`, and the same discounted, of a customer who is there.
pub(super) fn orders_if_alive(story: &Story, spec: &ValueSpec, row: &Row, days: f64) -> (f64, f64) {
    let all = story.expected_if_alive(row.x, row.t, days / WEEK);
    if spec.discount <= 0.0 {
        return (all, all);
    }
    let steps = (days / STEP).ceil().max(1.0) as usize;
    let (mut before, mut sum) = (0.0, 0.0);
    for step in 1..=steps {
        let (from, to) = ((step - 1) as f64 * STEP, (step as f64 * STEP).min(days));
        let until = if step == steps { all } else { story.expected_if_alive(row.x, row.t, to / WEEK) };
        sum += (until - before) * spec.factor(0.5 * (from + to));
        before = until;
    }
    (all, sum)
}

/// What was drawn of the parameters.
pub(super) struct Draws {
    pub stories: Vec<Story>,
    /// Gamma-Gamma parameters; empty where there is no money.
    pub money: Vec<Vec<f64>>,
}

impl Draws {
    /// Draws from the normal approximation on the log scale.
    pub fn new(story: &Story, fit: &Fit, money: Option<&MoneyModel>, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // A stream of its own: the customers have theirs.
        rng.set_stream(u64::MAX);
        let mut of = |fit: &Fit| -> Vec<Vec<f64>> {
            let logs: Vec<f64> = fit.parameters.iter().map(|v| v.ln()).collect();
            let lower = linear::cholesky(&fit.covariance).filter(|lower| lower.len() == logs.len());
            let one = |_| match &lower {
                // Four deviations are as far as a normal approximation says anything.
                Some(lower) => linear::draw(&logs, lower, &mut rng).iter().map(|v| v.exp()).collect(),
                None => fit.parameters.clone(),
            };
            (0..DRAWS).map(one).collect()
        };
        let stories = of(fit);
        let stories =
            stories.into_iter().map(|parameters| Story { model: story.model, parameters }).collect();
        Self { stories, money: money.map(|money| of(&money.fit)).unwrap_or_default() }
    }
}

/// The drawn futures of a customer: orders and discounted money, one a draw.
pub(super) struct Future {
    pub orders: Vec<f64>,
    pub money: Vec<f64>,
}

/// Draws a customer's futures. `shrink` is the mean discount of the customer's orders, `share` the share of
/// orders that are paid.
pub(super) fn future(
    draws: &Draws,
    (history, row, days, shrink): (&History, &Row, f64, f64),
    (unit, share): (f64, f64),
    seed: u64,
) -> Future {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(history.customer));
    let mut out = Future { orders: Vec::with_capacity(DRAWS), money: Vec::new() };
    for (at, story) in draws.stories.iter().enumerate() {
        let orders = story.draw(row, days / WEEK, &mut rng);
        out.orders.push(orders);
        if let Some([p, q, g]) = draws.money.get(at).and_then(|all| all.first_chunk::<3>()) {
            let (paid, mean) = (f64::from(history.paid), history.mean / unit);
            let orders = if share < 1.0 { of_those(orders, share, &mut rng) } else { orders };
            let money = if orders > 0.0 {
                let rate = gamma(p * paid + q, g + paid * mean, &mut rng);
                // With a rate next to nothing the order would be worth more than all money.
                unit * shrink * gamma(p * orders, rate.max(1e-6), &mut rng)
            } else {
                0.0
            };
            out.money.push(money);
        }
    }
    out
}

/// How many of so many orders are paid: binomial.
fn of_those(orders: f64, share: f64, rng: &mut ChaCha8Rng) -> f64 {
    let draw = rand_distr::Binomial::new(orders as u64, share.clamp(0.0, 1.0));
    draw.map_or(0.0, |draw| rand_distr::Distribution::sample(&draw, rng) as f64)
}

/// The quantiles 2.5% and 97.5% of a list.
pub(super) fn interval(list: &mut [f64]) -> (f64, f64) {
    list.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (list.len().saturating_sub(1)) as f64;
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        let of = |at: usize| list.get(at).copied().unwrap_or_default();
        of(low) + (place - place.floor()) * (of(high) - of(low))
    };
    (at(0.025), at(0.975))
}

/// Everything that a forecast is made of.
pub(super) struct Base<'a> {
    pub spec: &'a ValueSpec,
    pub story: &'a Story,
    pub fit: &'a Fit,
    pub money: Option<&'a MoneyModel>,
    pub list: &'a [History],
    pub rows: &'a [Row],
    /// The row of each history.
    pub of: &'a [u32],
    pub last: Day,
    /// How far the model itself was off when it was tested.
    pub lasting: Lasting,
    pub seed: u64,
}

/// A group's expectations: chance of being there, orders and discounted orders within the horizon.
type Expected = (f64, f64, f64);

impl Base<'_> {
    fn row(&self, at: usize) -> (usize, Row) {
        let group = self.of.get(at).map_or(0, |group| *group as usize);
        let none = Row { x: 0.0, t_x: 0.0, t: 0.0, n: 0.0 };
        (group, self.rows.get(group).copied().unwrap_or(none))
    }

    /// Every customer's future, most valuable first, and the base's.
    pub fn forecast(&self, report: &Reporter) -> crate::Result<(Vec<Worth>, Total)> {
        let days = f64::from(self.spec.horizon_days);
        let expect = |row: &Row| {
            let alive = self.story.alive(row.x, row.t_x, row.t);
            let (orders, discounted) = orders_if_alive(self.story, self.spec, row, days);
            (alive, alive * orders, alive * discounted)
        };
        let mut each: Vec<Expected> = Vec::with_capacity(self.rows.len());
        for (at, part) in self.rows.chunks(16_384).enumerate() {
            report.check()?;
            report.progress(0.4 * (at * 16_384) as f64 / self.rows.len().max(1) as f64);
            each.par_extend(part.par_iter().map(expect));
        }
        let worth = |at: usize, history: &History| {
            let (group, row) = self.row(at);
            let (alive, orders, discounted) = each.get(group).copied().unwrap_or_default();
            let per_order = self.money.map(|money| money.per_order(history));
            let weeks = self.story.next_order(row.x, row.t);
            let next =
                (weeks * WEEK < 3650.0).then(|| self.last.saturating_add((weeks * WEEK).ceil() as Day));
            Worth {
                id: String::new(),
                history: *history,
                alive: Some(alive),
                orders: Reach { value: orders, interval: None },
                per_order,
                money: self
                    .money
                    .map(|money| Reach { value: money.per_any(history) * discounted, interval: None }),
                next,
            }
        };
        let mut all: Vec<(usize, Worth)> =
            self.list.iter().enumerate().map(|(at, history)| (at, worth(at, history))).collect();
        let rank = |one: &Worth| one.money.map_or(one.orders.value, |money| money.value);
        all.sort_by(|a, b| rank(&b.1).total_cmp(&rank(&a.1)).then(a.0.cmp(&b.0)));
        let total = self.total(&mut all, &each, report)?;
        Ok((all.into_iter().map(|(_, worth)| worth).collect(), total))
    }

    /// The base's interval, and those of the customers whose future is drawn.
    fn total(
        &self,
        all: &mut [(usize, Worth)],
        each: &[Expected],
        report: &Reporter,
    ) -> crate::Result<Total> {
        let days = f64::from(self.spec.horizon_days);
        let draws = Draws::new(self.story, self.fit, self.money, self.seed);
        let unit = self.money.map_or((1.0, 1.0), |money| (money.unit, money.paid));
        let n = all.len();
        let (mut orders, mut money) = (vec![0.0; DRAWS], vec![0.0; DRAWS]);
        // Spread evenly over the ranks, so that those drawn stand for all.
        let every = n.div_ceil(DRAWN).max(1);
        let draw = |(at, worth): &(usize, Worth)| {
            let (group, row) = self.row(*at);
            let (_, whole, discounted) = each.get(group).copied().unwrap_or_default();
            let shrink = if whole > 0.0 { discounted / whole } else { 1.0 };
            future(&draws, (&worth.history, &row, days, shrink), unit, self.seed)
        };
        // The first of the list are drawn for their own sake, where not all can be.
        let mut drawn = 0;
        for (part_at, part) in all.chunks_mut(512).enumerate() {
            report.check()?;
            report.progress(0.4 + 0.6 * (part_at * 512) as f64 / n.max(1) as f64);
            let wanted = |at: usize| {
                let place = part_at * 512 + at;
                (place < DRAWN || place.is_multiple_of(every), place.is_multiple_of(every))
            };
            let futures: Vec<Option<Future>> =
                part.par_iter().enumerate().map(|(at, one)| wanted(at).0.then(|| draw(one))).collect();
            for (at, (future, (_, worth))) in futures.into_iter().zip(part.iter_mut()).enumerate() {
                let Some(mut future) = future else { continue };
                if wanted(at).1 {
                    drawn += 1;
                    orders.iter_mut().zip(&future.orders).for_each(|(sum, one)| *sum += one);
                    money.iter_mut().zip(&future.money).for_each(|(sum, one)| *sum += one);
                }
                worth.orders.interval = Some(interval(&mut future.orders));
                if let Some(money) = &mut worth.money {
                    money.interval = Some(interval(&mut future.money));
                }
            }
        }
        self.lasting.shake(&mut orders, &mut money, self.seed);
        let sum = |of: &dyn Fn(&Worth) -> f64| all.iter().map(|(_, worth)| of(worth)).sum::<f64>();
        let (whole, cash) = (sum(&|w| w.orders.value), sum(&|w| w.money.map_or(0.0, |m| m.value)));
        Ok(Total {
            orders: scaled(whole, orders, every == 1),
            money: self.money.map(|_| scaled(cash, money, every == 1)),
            alive: Some(sum(&|w| w.alive.unwrap_or_default())),
            drawn,
        })
    }

    /// Orders and money of the base within other horizons.
    pub fn ahead(&self, horizons: &[u32], report: &Reporter) -> crate::Result<Vec<Ahead>> {
        let mut out = Vec::new();
        for &days in horizons {
            let expect = |row: &Row| {
                let alive = self.story.alive(row.x, row.t_x, row.t);
                let (all, discounted) = orders_if_alive(self.story, self.spec, row, f64::from(days));
                (alive * all, alive * discounted)
            };
            let mut each: Vec<(f64, f64)> = Vec::with_capacity(self.rows.len());
            for part in self.rows.chunks(16_384) {
                report.check()?;
                each.par_extend(part.par_iter().map(expect));
            }
            let (mut orders, mut money) = (0.0, 0.0);
            for (at, history) in self.list.iter().enumerate() {
                let (all, discounted) = each.get(self.row(at).0).copied().unwrap_or_default();
                orders += all;
                money += self.money.map_or(0.0, |model| discounted * model.per_any(history));
            }
            out.push(Ahead { days, orders, money: self.money.map(|_| money) });
        }
        Ok(out)
    }
}

/// The sums of those drawn, as an interval of the whole. Where only some were drawn they are scaled up,
/// which makes the part of chance a little too wide and never too narrow.
fn scaled(whole: f64, mut sums: Vec<f64>, all_drawn: bool) -> Estimate {
    let mean = sums.iter().sum::<f64>() / sums.len().max(1) as f64;
    let (low, high) = interval(&mut sums);
    let by = if all_drawn || mean <= 0.0 { 1.0 } else { whole / mean };
    Estimate { value: whole, low: (low * by).min(whole), high: (high * by).max(whole) }
}
