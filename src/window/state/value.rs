//! The jobs and results of one part of the window: lifetime value.

use std::collections::HashMap;
use std::sync::Arc;

use egui_plot::PlotPoint;
use regulars_engine::Error;
use regulars_engine::features::behaviour::Date;
use regulars_engine::job::Job;
use regulars_engine::project::{self, Collected, Settings, Valued};
use regulars_engine::table::Role;
use regulars_engine::value::{Shop, ValueSpec};

use super::keyed::{Ended, Keyed};
use super::{State, ended};

/// What a value was made of.
#[derive(Clone)]
struct Of {
    collected: Arc<Collected>,
    /// A person's roles say which column is the target.
    roles: Vec<(String, Role)>,
    spec: ValueSpec,
    positive: Option<String>,
    seed: u64,
    as_of: Option<Date>,
}

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.collected, &other.collected)
            && (&self.roles, &self.spec, &self.positive, self.seed, self.as_of)
                == (&other.roles, &other.spec, &other.positive, other.seed, other.as_of)
    }
}

/// Curves of what was found, as charts have them.
#[derive(Debug, Default)]
pub struct Curves {
    /// Repeat orders since the first day: day, count.
    pub actual: Vec<PlotPoint>,
    pub predicted: Vec<PlotPoint>,
    /// Orders in the holdout by repeat orders before.
    pub actual_by: Vec<PlotPoint>,
    pub predicted_by: Vec<PlotPoint>,
    /// Share of the customers, share of what is expected of them, in percent.
    pub top: Vec<PlotPoint>,
    /// Share that the most valuable tenth brings.
    pub tenth: f64,
    /// Mean chance of staying through the horizon.
    pub stays: f64,
}

/// A column of the list of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WorthColumn {
    Id,
    #[default]
    Money,
    Alive,
    Orders,
    Spent,
    Next,
}

/// What was found and its curves.
pub struct Found {
    pub valued: Valued,
    pub curves: Curves,
    /// Expected money of each customer by name; empty without money.
    pub worth: Arc<HashMap<String, f64>>,
}

/// What was found, and its jobs.
#[derive(Default)]
pub struct Value {
    work: Keyed<Of, Found>,
    /// Why there is no value of what is there.
    failed: Option<(Of, Error)>,
    /// The column that sorts the list, and whether it ascends.
    pub sort: (WorthColumn, bool),
    order: Arc<Vec<u32>>,
    sorting: Option<Job<Vec<u32>>>,
}

impl Value {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.work.cancel();
        self.sorting.iter().for_each(Job::cancel);
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.work.job("value")
    }

    /// True while it is being worked out.
    pub fn working(&self) -> bool {
        self.work.is_working()
    }

    /// Places of the customers in the order in which they are shown.
    pub fn order(&self) -> &[u32] {
        &self.order
    }
}

impl State {
    fn value_of(&self) -> Option<Of> {
        let settings = &self.settings;
        Some(Of {
            collected: self.collected.clone()?,
            roles: settings.read.roles.clone(),
            spec: settings.value.clone(),
            positive: settings.positive.clone(),
            seed: settings.seed,
            as_of: settings.combine.as_of,
        })
    }

    /// What was found last, of the present data.
    pub fn valued(&self) -> Option<&Arc<Found>> {
        let collected = self.collected.as_ref()?;
        self.value
            .work
            .found()
            .filter(|(of, _)| Arc::ptr_eq(&of.collected, collected))
            .map(|(_, found)| found)
    }

    /// What a customer is expected to bring within the horizon, where that was worked out.
    pub fn worth_of(&self, id: &str) -> Option<f64> {
        self.valued()?.worth.get(id).copied()
    }

    /// Settings have changed since it was found.
    pub fn value_is_stale(&self) -> bool {
        let present = self.value_of();
        self.value.work.found().is_some_and(|(of, _)| present.as_ref() != Some(of))
    }

    /// Why it could not be found with the present settings.
    pub fn value_error(&self) -> Option<&Error> {
        let (of, error) = self.value.failed.as_ref()?;
        self.value_of().filter(|present| present == of).map(|_| error)
    }

    /// Works out what customers are worth.
    pub fn find_value(&mut self) {
        let (Some(of), Some(table)) = (self.value_of(), self.table.clone()) else { return };
        self.value.failed = None;
        let collected = of.collected.clone();
        let settings: Settings = self.settings.clone();
        let ctx = self.ctx.clone();
        self.value.work.begin(of, &ctx, move |report| {
            let valued = project::value_of(&collected, &table, &settings, report)?;
            let curves = curves(&valued);
            let worth = valued.by_customer().into_iter().map(|(id, money)| (id.to_owned(), money)).collect();
            Ok(Found { valued, curves, worth: Arc::new(worth) })
        });
    }

    /// Sorts the list by a column; once more the other way round.
    pub fn sort_value(&mut self, column: WorthColumn) {
        let (now, ascends) = self.value.sort;
        self.value.sort = (column, if now == column { !ascends } else { column == WorthColumn::Id });
        self.order_value();
    }

    fn order_value(&mut self) {
        let Some(found) = self.valued().cloned() else { return };
        let sort = self.value.sort;
        self.value.sorting.iter().for_each(Job::cancel);
        self.value.sorting = Some(self.start(move |_| ordered(&found.valued, sort)));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_value(&mut self) {
        if let Some(Some(order)) = ended(&mut self.value.sorting) {
            self.value.order = Arc::new(order);
        }
        match self.value.work.poll() {
            Some(Ended::Found) => {
                // As it comes: most valuable first.
                let found = self.value.work.last();
                let count = found.map_or(0, |found| u32::try_from(count(&found.valued)).unwrap_or(u32::MAX));
                self.value.order = Arc::new((0..count).collect());
                self.value.sort = (WorthColumn::Money, false);
                self.value.sorting = None;
            }
            Some(Ended::Failed(Error::Cancelled)) | None => {}
            Some(Ended::Failed(error)) => {
                self.value.failed = self.value.work.resting().cloned().map(|of| (of, error));
            }
            Some(Ended::Lost) => self.lost(),
        }
    }
}

fn count(valued: &Valued) -> usize {
    match valued {
        Valued::Shop(shop) => shop.customers.len(),
        Valued::Contract(found) => found.kept.len(),
        Valued::NextBest(_) | Valued::FewContracts(_) => 0,
    }
}

/// Places in the order of a column.
fn ordered(valued: &Valued, (column, ascends): (WorthColumn, bool)) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(count(valued)).unwrap_or(u32::MAX)).collect();
    let id = |at: u32| match valued {
        Valued::Shop(shop) => shop.customers.get(at as usize).map(|one| one.id.as_str()),
        Valued::Contract(found) => found.kept.get(at as usize).map(|one| one.id.as_str()),
        _ => None,
    };
    let number = |at: u32| -> f64 {
        match valued {
            Valued::Shop(shop) => shop.customers.get(at as usize).map_or(0.0, |one| match column {
                WorthColumn::Alive => one.alive.unwrap_or_default(),
                WorthColumn::Orders => one.orders.value,
                WorthColumn::Spent => one.history.spent,
                WorthColumn::Next => f64::from(one.next.unwrap_or(i32::MAX)),
                _ => one.money.map_or(one.orders.value, |money| money.value),
            }),
            Valued::Contract(found) => found.kept.get(at as usize).map_or(0.0, |one| match column {
                WorthColumn::Alive => one.stays,
                WorthColumn::Orders => one.units,
                WorthColumn::Spent => one.time,
                WorthColumn::Next => one.half,
                _ => one.money.unwrap_or(one.units),
            }),
            _ => 0.0,
        }
    };
    match column {
        WorthColumn::Id => order.sort_by(|a, b| id(*a).cmp(&id(*b))),
        _ => order.sort_by(|a, b| number(*a).total_cmp(&number(*b))),
    }
    if !ascends {
        order.reverse();
    }
    order
}

/// Points of the curve of shares.
const POINTS: usize = 50;

fn curves(valued: &Valued) -> Curves {
    match valued {
        Valued::Shop(shop) => of_shop(shop),
        Valued::Contract(found) => {
            let each = found.kept.len().max(1) as f64;
            let stays = found.kept.iter().map(|one| one.stays).sum::<f64>() / each;
            Curves { stays, ..Curves::default() }
        }
        Valued::NextBest(_) | Valued::FewContracts(_) => Curves::default(),
    }
}

fn of_shop(shop: &Shop) -> Curves {
    let mut out = Curves::default();
    if let Some(check) = &shop.check {
        let point = |day: i32, value: f64| PlotPoint::new(f64::from(day), value);
        out.actual = check.weekly.iter().map(|week| point(week.day, week.actual)).collect();
        out.predicted = check.weekly.iter().map(|week| point(week.day, week.predicted)).collect();
        let by = |x: u32, value: f64| PlotPoint::new(f64::from(x), value);
        out.actual_by = check.by_frequency.iter().map(|bucket| by(bucket.x, bucket.actual)).collect();
        out.predicted_by = check.by_frequency.iter().map(|bucket| by(bucket.x, bucket.predicted)).collect();
    }
    let shares = shop.top_shares(POINTS);
    out.tenth = shares.get(POINTS / 10).copied().unwrap_or_default();
    let point = |(at, share): (usize, &f64)| PlotPoint::new(100.0 * at as f64 / POINTS as f64, 100.0 * share);
    out.top = shares.iter().enumerate().map(point).collect();
    out
}
