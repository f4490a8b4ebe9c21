//! Features of what a customer bought, from the rows up to a day. Each function gets a range that ends
//! there.

use std::ops::Range;

use super::books::{Books, NO_LEVEL, Stream};
use super::fitted::{Layout, Shares, WINDOWS};
use super::question::Day;
use crate::clean;

/// Room for one customer's rows, used again for the next.
#[derive(Default)]
pub(super) struct Scratch {
    pub orders: Vec<Order>,
    pub levels: Vec<u32>,
    pub gaps: Vec<f64>,
    pub counts: Vec<f64>,
}

/// What was bought on one day under one number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Order {
    pub day: Day,
    pub number: u32,
    /// Money of the rows whose amount is known; not a number where none is.
    pub amount: f64,
}

/// Writes values one after the other.
pub(super) struct Out<'a> {
    pub values: &'a mut [f64],
    pub at: usize,
}

impl Out<'_> {
    pub fn put(&mut self, value: f64) {
        if let Some(slot) = self.values.get_mut(self.at) {
            *slot = value;
        }
        self.at += 1;
    }

    pub fn all(&mut self, values: impl IntoIterator<Item = f64>) {
        values.into_iter().for_each(|value| self.put(value));
    }
}

/// A share, not a number where there is no whole.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { f64::NAN } else { part / whole }
}

/// How a window stands against the one before it: −1 (nothing now) to 1 (nothing before), 0 for
/// neither.
pub(super) fn trend(now: f64, before: f64) -> f64 {
    if now + before == 0.0 { 0.0 } else { ((now - before) / (now + before)).clamp(-1.0, 1.0) }
}

/// Sums of `weights` over the last days of each window and over as many days before.
pub(super) fn windows(days: impl Iterator<Item = (Day, f64)>, until: Day) -> [(f64, f64); WINDOWS.len()] {
    let mut sums = [(0.0, 0.0); WINDOWS.len()];
    for (day, weight) in days.filter(|(_, weight)| !weight.is_nan()) {
        let ago = until.saturating_sub(day);
        for (sum, window) in sums.iter_mut().zip(WINDOWS) {
            if ago < window {
                sum.0 += weight;
            } else if ago < 2 * window {
                sum.1 += weight;
            }
        }
    }
    sums
}

/// Features of orders, money, returns and discounts.
pub(super) fn sales(
    books: &Books,
    layout: &Layout,
    customer: usize,
    day: Day,
    scratch: &mut Scratch,
    out: &mut Out,
) {
    let stream = &books.sales;
    let rows = stream.until(customer, day);
    collapse(stream, rows.clone(), &mut scratch.orders);
    let orders = scratch.orders.as_slice();
    let purchases = rows.clone().filter(|row| stream.is_purchase(*row));
    rhythm(books, customer, day, orders, &mut scratch.gaps, out);
    let counted = windows(orders.iter().map(|order| (order.day, 1.0)), day);
    out.all(counted.iter().map(|(now, _)| *now));
    out.all(counted.iter().map(|(now, before)| trend(*now, *before)));
    habits(stream, purchases.clone(), layout.hours, out);

    if layout.amount {
        let known = orders.iter().map(|order| order.amount).filter(|amount| !amount.is_nan());
        let (sum, n) = known.fold((0.0, 0.0), |(sum, n), amount| (sum + amount, n + 1.0));
        out.put(if n == 0.0 { f64::NAN } else { sum });
        out.put(ratio(sum, n));
        out.put(orders.last().map_or(f64::NAN, |order| order.amount));
        let spent = windows(orders.iter().map(|order| (order.day, order.amount)), day);
        out.all(spent.iter().map(|(now, _)| *now));
        out.all(spent.iter().map(|(now, before)| trend(*now, *before)));
    }
    if layout.returns {
        let back = || rows.clone().filter(|row| stream.is_return.get(*row) == Some(&true));
        out.put(back().count() as f64);
        out.put(ratio(back().count() as f64, rows.len() as f64));
        if let (true, Some(amount)) = (layout.amount, &stream.amount) {
            let money = back().filter_map(|row| amount.get(row)).filter(|amount| !amount.is_nan());
            out.put(money.map(|amount| amount.abs()).sum());
        } else if layout.amount {
            out.put(f64::NAN);
        }
    }
    if layout.discount {
        let given = |row: &usize| {
            stream.discounted.as_ref().and_then(|list| list.get(*row)).is_some_and(|given| *given)
        };
        out.put(ratio(purchases.clone().filter(given).count() as f64, purchases.count() as f64));
    }
}

/// Purchase rows → orders, oldest first.
fn collapse(stream: &Stream, rows: Range<usize>, orders: &mut Vec<Order>) {
    orders.clear();
    for row in rows.filter(|row| stream.is_purchase(*row)) {
        let (Some(day), Some(number)) = (stream.day.get(row), stream.order.get(row)) else { continue };
        let amount = stream.amount.as_ref().and_then(|list| list.get(row)).copied().unwrap_or(f64::NAN);
        match orders.last_mut() {
            Some(last) if last.day == *day && last.number == *number => {
                last.amount = match (last.amount.is_nan(), amount.is_nan()) {
                    (true, _) => amount,
                    (_, true) => last.amount,
                    _ => last.amount + amount,
                };
            }
            _ => orders.push(Order { day: *day, number: *number, amount }),
        }
    }
}

/// Recency, frequency, tenure and the gaps between purchase days.
fn rhythm(books: &Books, customer: usize, day: Day, orders: &[Order], gaps: &mut Vec<f64>, out: &mut Out) {
    let days = books.purchase_days(customer);
    let days = days.get(..days.partition_point(|d| *d <= day)).unwrap_or_default();
    let since = |d: Option<&Day>| d.map_or(f64::NAN, |d| f64::from(day.saturating_sub(*d)) + 1.0);
    let recency = since(days.last());
    gaps_of(days, gaps);
    let n = gaps.len() as f64;
    let mean = ratio(gaps.iter().sum(), n);
    let spread = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / (n - 1.0);
    out.put(recency);
    out.put(orders.len() as f64);
    out.put(days.len() as f64);
    out.put(since(days.first()));
    out.put(mean);
    out.put(median(&mut gaps.clone()));
    out.put(if n < 2.0 { f64::NAN } else { spread.sqrt() });
    out.put(gaps.last().map_or(f64::NAN, |last| last / mean));
    out.put(slope(gaps));
    out.put(recency / mean);
}

/// Days between one purchase day and the next.
pub(super) fn gaps_of(days: &[Day], gaps: &mut Vec<f64>) {
    gaps.clear();
    gaps.extend(days.windows(2).filter_map(|pair| match pair {
        [a, b] => Some(f64::from(b.saturating_sub(*a))),
        _ => None,
    }));
}

/// The middle value, not a number where there is none. Reorders the list.
pub(super) fn median(list: &mut [f64]) -> f64 {
    if list.is_empty() { f64::NAN } else { clean::median(list) }
}

/// Slope of the least-squares line through the values, one step from each to the next.
fn slope(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    let centre = (values.len() - 1) as f64 / 2.0;
    let (mut above, mut below) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        let x = at as f64 - centre;
        above += x * value;
        below += x * x;
    }
    above / below
}

/// When in the week and the day a customer buys: share of Saturday and Sunday, and the mean direction
/// on the circle of the week (and of the day), whose length says how steady the habit is.
fn habits(stream: &Stream, rows: impl Iterator<Item = usize>, hours: bool, out: &mut Out) {
    let (mut n, mut weekend) = (0.0, 0.0);
    let (mut week, mut clock) = ([0.0; 2], [0.0; 2]);
    for row in rows {
        let Some(day) = stream.day.get(row) else { continue };
        n += 1.0;
        // 1 January 1970 was a Thursday; Monday is 0.
        let weekday = (day + 3).rem_euclid(7);
        weekend += f64::from(u8::from(weekday >= 5));
        add_direction(&mut week, f64::from(weekday) / 7.0);
        if hours && let Some(ms) = stream.time.get(row) {
            add_direction(&mut clock, ms.rem_euclid(super::question::DAY_MS) as f64 / 86_400_000.0);
        }
    }
    out.put(ratio(weekend, n));
    out.all(week.map(|part| ratio(part, n)));
    if hours {
        out.all(clock.map(|part| ratio(part, n)));
    }
}

pub(super) fn add_direction(sum: &mut [f64; 2], turn: f64) {
    let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
    let [a, b] = sum;
    *a += sin;
    *b += cos;
}

/// Features of what stood in the baskets: rows, pieces, products, categories; and by which channel
/// orders came.
pub(super) fn baskets(
    books: &Books,
    layout: &Layout,
    [category, channel]: [&Shares; 2],
    customer: usize,
    day: Day,
    scratch: &mut Scratch,
    out: &mut Out,
) {
    let stream = books.basket();
    let rows = stream.until(customer, day);
    let purchases = || rows.clone().filter(|row| stream.is_purchase(*row));
    let orders = scratch.orders.len() as f64;
    out.put(ratio(purchases().count() as f64, orders));
    if layout.quantity {
        let pieces = purchases().filter_map(|row| stream.quantity.as_ref()?.get(row)).filter(|n| !n.is_nan());
        out.put(ratio(pieces.sum(), orders));
    }
    if layout.product {
        let levels = stream.product.as_ref().map_or(&[][..], |levels| &levels.of);
        let (distinct, n, entropy) = diversity(purchases().filter_map(|row| levels.get(row)), scratch);
        out.put(distinct);
        out.put(entropy);
        out.put(1.0 - ratio(distinct, n));
    }
    if layout.category {
        let levels = stream.category.as_ref().map_or(&[][..], |levels| &levels.of);
        let (.., entropy) = diversity(purchases().filter_map(|row| levels.get(row)), scratch);
        out.put(entropy);
        category.write(purchases().filter_map(|row| levels.get(row)), &mut scratch.counts, out);
    }
    if layout.channel {
        let stream = &books.sales;
        let rows = stream.until(customer, day).filter(|row| stream.is_purchase(*row));
        let levels = stream.channel.as_ref().map_or(&[][..], |levels| &levels.of);
        channel.write(rows.filter_map(|row| levels.get(row)), &mut scratch.counts, out);
    }
}

/// Different levels, filled rows, and Shannon's entropy −Σ p ln p (not a number where no row is
/// filled).
fn diversity<'a>(levels: impl Iterator<Item = &'a u32>, scratch: &mut Scratch) -> (f64, f64, f64) {
    let list = &mut scratch.levels;
    list.clear();
    list.extend(levels.filter(|level| **level != NO_LEVEL));
    list.sort_unstable();
    let n = list.len() as f64;
    // Summed by size: how levels are numbered depends on rows that are not of this customer or day.
    let runs = &mut scratch.counts;
    runs.clear();
    runs.extend(list.chunk_by(|a, b| a == b).map(|run| run.len() as f64));
    runs.sort_unstable_by(f64::total_cmp);
    let entropy: f64 = runs.iter().map(|k| -(k / n) * (k / n).ln()).sum();
    // Minus nothing has no sign.
    (runs.len() as f64, n, if list.is_empty() { f64::NAN } else { entropy + 0.0 })
}
