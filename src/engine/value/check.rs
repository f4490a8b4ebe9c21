//! The test on days that were not learnt from: predicted against actual, by customer, by how often they
//! had ordered, and week by week.

use std::collections::BTreeMap;

use serde::Serialize;

use super::history::{History, Occasion, WEEK, occasions};
use super::story::Story;
use crate::features::behaviour::{Books, Day};

/// Frequencies from which on customers count as one bucket.
const LAST_BUCKET: u32 = 7;

/// Customers with the same number of repeat orders in the calibration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bucket {
    /// Repeat orders; the last bucket holds those with more, too.
    pub x: u32,
    pub customers: usize,
    /// Mean orders in the holdout.
    pub actual: f64,
    pub predicted: f64,
}

/// Repeat orders of the customers of the calibration, added up since the first day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Week {
    /// The last day that is counted.
    pub day: Day,
    pub actual: f64,
    pub predicted: f64,
}

/// How well a story foretold the days after the calibration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// The last day that was learnt from.
    pub calibration_end: Day,
    /// The last day that tests.
    pub until: Day,
    pub customers: usize,
    /// Orders in the holdout.
    pub actual: f64,
    pub predicted: f64,
    /// What the story's parameters and chance allow, 95 times in 100.
    pub range: (f64, f64),
    /// Per customer.
    pub mae: f64,
    pub rmse: f64,
    /// The errors of carrying on each customer's past rate: what a ruler would say.
    pub rate_mae: f64,
    pub rate_rmse: f64,
    /// Mean absolute error of saying that nobody orders.
    pub zero_mae: f64,
    /// Money in the holdout, undiscounted, and what was expected; `None` without money. Both count the
    /// orders that are paid: of those that were foretold, the share that was paid before.
    pub money: Option<(f64, f64)>,
    /// What the parameters and chance allow of that money, 95 times in 100.
    pub money_range: Option<(f64, f64)>,
    pub by_frequency: Vec<Bucket>,
    pub weekly: Vec<Week>,
    /// Parameters of the story that was tested.
    pub parameters: Vec<f64>,
}

/// Tests `story`, which was learnt from the histories up to `end`, on the days after it. `per_order` gives
/// the expected money of an order, paid or not. The ranges are set by who draws them.
pub(super) fn check(
    books: &Books,
    (list, end, until): (&[History], Day, Day),
    story: &Story,
    per_order: Option<&dyn Fn(&History) -> f64>,
) -> Check {
    let ahead = f64::from(until.saturating_sub(end)) / WEEK;
    let mut out = Check {
        calibration_end: end,
        until,
        customers: list.len(),
        actual: 0.0,
        predicted: 0.0,
        range: (0.0, 0.0),
        mae: 0.0,
        rmse: 0.0,
        rate_mae: 0.0,
        rate_rmse: 0.0,
        zero_mae: 0.0,
        money: None,
        money_range: None,
        by_frequency: Vec::new(),
        weekly: Vec::new(),
        parameters: story.parameters.clone(),
    };
    let n = list.len().max(1) as f64;
    let (mut spent, mut foretold) = (0.0, 0.0);
    let mut buckets: BTreeMap<u32, (usize, f64, f64)> = BTreeMap::new();
    let mut by_day: BTreeMap<Day, f64> = BTreeMap::new();
    let mut own: Vec<Occasion> = Vec::new();
    for history in list {
        occasions(books, history.customer as usize, until, &mut own);
        own.iter().skip(1).for_each(|one| *by_day.entry(one.day).or_default() += 1.0);
        let later = || own.iter().filter(|one| one.day > end);
        let actual = later().count() as f64;
        let x = f64::from(history.x);
        let predicted = story.alive(x, history.t_x, history.t) * story.expected_if_alive(x, history.t, ahead);
        let rate = if history.t > 0.0 { x / history.t * ahead } else { 0.0 };
        out.actual += actual;
        out.predicted += predicted;
        out.mae += (predicted - actual).abs() / n;
        out.rmse += (predicted - actual).powi(2) / n;
        out.rate_mae += (rate - actual).abs() / n;
        out.rate_rmse += (rate - actual).powi(2) / n;
        out.zero_mae += actual / n;
        spent += later().map(|one| one.money).sum::<f64>();
        foretold += per_order.map_or(0.0, |of| predicted * of(history));
        let bucket = buckets.entry(history.x.min(LAST_BUCKET)).or_default();
        *bucket = (bucket.0 + 1, bucket.1 + actual, bucket.2 + predicted);
    }
    (out.rmse, out.rate_rmse) = (out.rmse.sqrt(), out.rate_rmse.sqrt());
    out.money = per_order.map(|_| (spent, foretold));
    let mean = |(x, (customers, actual, predicted)): (u32, (usize, f64, f64))| Bucket {
        x,
        customers,
        actual: actual / customers.max(1) as f64,
        predicted: predicted / customers.max(1) as f64,
    };
    out.by_frequency = buckets.into_iter().map(mean).collect();
    out.weekly = weekly(list, story, &by_day, until);
    out
}

/// The tracking plot of Fader, Hardie and Lee (2005), figure 2.
fn weekly(list: &[History], story: &Story, by_day: &BTreeMap<Day, f64>, until: Day) -> Vec<Week> {
    let mut firsts: BTreeMap<Day, f64> = BTreeMap::new();
    list.iter().for_each(|history| *firsts.entry(history.first).or_default() += 1.0);
    let Some(first) = firsts.keys().next().copied() else { return Vec::new() };
    let span = usize::try_from(until.saturating_sub(first)).unwrap_or(0);
    // Once a day, however many customers began then.
    let expected: Vec<f64> =
        (0..=span.min(36_500)).map(|lag| story.expected_new(lag as f64 / WEEK)).collect();
    let mut out = Vec::new();
    let mut day = first;
    while day < until {
        day = day.saturating_add(WEEK as Day).min(until);
        let of = |(first, count): (&Day, &f64)| {
            let lag = usize::try_from(day.saturating_sub(*first)).ok();
            lag.and_then(|lag| expected.get(lag)).map_or(0.0, |one| one * count)
        };
        out.push(Week {
            day,
            actual: by_day.range(..=day).map(|(_, count)| count).sum(),
            predicted: firsts.range(..=day).map(of).sum(),
        });
    }
    out
}
