//! The shop's books as typed columns, each customer's rows together and in the order of time: what
//! was known on a day is then the head of a slice, and later rows cannot be reached from it.

use std::sync::Arc;

use rayon::prelude::*;

use super::fitted::Layout;
use super::question::Day;

/// The mark of a cell without a level.
pub(crate) const NO_LEVEL: u32 = u32::MAX;

/// A column of texts as numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Levels {
    /// Level of each row, [`NO_LEVEL`] where the cell is blank.
    pub of: Vec<u32>,
    /// Shared: a part of the books has the same levels.
    pub texts: Arc<Vec<String>>,
}

/// Rows of one kind (sales, lines of orders, events, opinions), sorted by customer, day, order and time.
/// Every filled list has one entry a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Stream {
    /// Where each customer's rows begin; one more than there are customers.
    pub starts: Vec<usize>,
    /// Milliseconds since 1970.
    pub time: Vec<i64>,
    pub day: Vec<Day>,
    /// Number of the order that a row belongs to; all 0 where orders have no numbers: then what is
    /// bought on one day is one order.
    pub order: Vec<u32>,
    /// Money of the row; not a number where it is not known.
    pub amount: Option<Vec<f64>>,
    pub quantity: Option<Vec<f64>>,
    /// The row takes something back.
    pub is_return: Vec<bool>,
    /// The row was sold at a discount.
    pub discounted: Option<Vec<bool>>,
    pub product: Option<Levels>,
    pub category: Option<Levels>,
    pub channel: Option<Levels>,
    /// What kind of event.
    pub kind: Option<Levels>,
    pub rating: Option<Vec<f64>>,
    /// Some times have a time of day.
    pub has_hours: bool,
}

impl Stream {
    /// Rows.
    pub fn len(&self) -> usize {
        self.day.len()
    }

    /// The rows of a customer.
    pub fn of(&self, customer: usize) -> std::ops::Range<usize> {
        match (self.starts.get(customer), self.starts.get(customer + 1)) {
            (Some(from), Some(to)) => *from..*to,
            _ => 0..0,
        }
    }

    /// The rows of a customer up to the end of a day.
    pub fn until(&self, customer: usize, day: Day) -> std::ops::Range<usize> {
        let all = self.of(customer);
        let known = self.day.get(all.clone()).unwrap_or_default().partition_point(|d| *d <= day);
        all.start..all.start + known
    }

    /// True for a row that is a purchase: it takes nothing back, and its amount is above 0 or not
    /// known.
    pub fn is_purchase(&self, row: usize) -> bool {
        let free = self.amount.as_ref().and_then(|a| a.get(row)).is_some_and(|amount| *amount <= 0.0);
        !free && self.is_return.get(row) == Some(&false)
    }

    /// The first day of any row.
    pub fn first_day(&self) -> Option<Day> {
        self.day.iter().copied().min()
    }

    /// Sorts rows by customer, day, order and time, dropping those of `customer` ≥ `customers`. Every
    /// filled list has one entry a row.
    pub fn sorted(mut self, customer: &[u32], customers: usize) -> Self {
        let mut starts = vec![0usize; customers + 1];
        for who in customer {
            if let Some(n) = starts.get_mut((*who as usize).saturating_add(1)) {
                *n += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut places = vec![0u32; sum];
        for (row, who) in customer.iter().enumerate() {
            if (*who as usize) < customers
                && let Some(place) = next.get_mut(*who as usize)
            {
                if let (Some(slot), Ok(row)) = (places.get_mut(*place), u32::try_from(row)) {
                    *slot = row;
                }
                *place += 1;
            }
        }
        let key = |row: &u32| {
            let row = *row as usize;
            (self.day.get(row), self.order.get(row), self.time.get(row), row)
        };
        let mut rest = places.as_mut_slice();
        let mut slices = Vec::with_capacity(customers);
        for ends in starts.windows(2) {
            let [from, to] = ends else { continue };
            let (head, tail) = rest.split_at_mut(to - from);
            slices.push(head);
            rest = tail;
        }
        slices.into_par_iter().with_min_len(256).for_each(|rows| rows.sort_unstable_by_key(key));
        self.starts = starts;
        self.gather(&places);
        self
    }

    /// Puts the rows `places` in the place of all.
    fn gather(&mut self, places: &[u32]) {
        fn take<T: Copy + Default + Send + Sync>(list: &mut Vec<T>, places: &[u32]) {
            *list = taken(&std::mem::take(list), places);
        }
        take(&mut self.time, places);
        take(&mut self.day, places);
        take(&mut self.order, places);
        take(&mut self.is_return, places);
        for list in [&mut self.amount, &mut self.quantity, &mut self.rating].into_iter().flatten() {
            take(list, places);
        }
        if let Some(list) = &mut self.discounted {
            take(list, places);
        }
        let levels = [&mut self.product, &mut self.category, &mut self.channel, &mut self.kind];
        for list in levels.into_iter().flatten() {
            take(&mut list.of, places);
        }
    }

    /// Only the rows that `keep` leaves of each customer, in their order. Nothing else is copied.
    fn filtered<I: Iterator<Item = usize>>(&self, keep: impl Fn(usize) -> I) -> Self {
        let mut places: Vec<u32> = Vec::new();
        let mut starts = vec![0];
        for customer in 0..self.starts.len().saturating_sub(1) {
            places.extend(keep(customer).filter_map(|row| u32::try_from(row).ok()));
            starts.push(places.len());
        }
        let places = places.as_slice();
        let numbers = |list: &Option<Vec<f64>>| list.as_ref().map(|list| taken(list, places));
        let levels = |list: &Option<Levels>| {
            list.as_ref().map(|one| Levels { of: taken(&one.of, places), texts: one.texts.clone() })
        };
        Self {
            starts,
            time: taken(&self.time, places),
            day: taken(&self.day, places),
            order: taken(&self.order, places),
            amount: numbers(&self.amount),
            quantity: numbers(&self.quantity),
            is_return: taken(&self.is_return, places),
            discounted: self.discounted.as_ref().map(|list| taken(list, places)),
            product: levels(&self.product),
            category: levels(&self.category),
            channel: levels(&self.channel),
            kind: levels(&self.kind),
            rating: numbers(&self.rating),
            has_hours: self.has_hours,
        }
    }

    /// Only the rows of every so-manieth customer.
    fn every(&self, every: usize) -> Self {
        self.filtered(|customer| if customer.is_multiple_of(every) { self.of(customer) } else { 0..0 })
    }

    /// The stream as it stood at the end of a day.
    fn cut(&self, day: Day) -> Self {
        self.filtered(|customer| self.until(customer, day))
    }

    /// The same customers and rows, with everything after `day` made up: later rows keep their places
    /// and change all that they say.
    fn scrambled(&self, day: Day) -> Self {
        let mut out = self.clone();
        let later: Vec<bool> = self.day.iter().map(|d| *d > day).collect();
        let at = |row: usize| later.get(row) == Some(&true);
        for customer in 0..self.starts.len().saturating_sub(1) {
            for row in self.of(customer).filter(|row| at(*row)) {
                // Still later than the day, and sorted: only the distance is another.
                if let (Some(d), Some(ms)) = (out.day.get_mut(row), out.time.get_mut(row)) {
                    let moved = d.saturating_sub(day).saturating_mul(3);
                    *d = day.saturating_add(moved);
                    *ms = i64::from(*d) * super::question::DAY_MS + *ms % 3_600_000;
                }
            }
        }
        for list in [&mut out.amount, &mut out.quantity, &mut out.rating].into_iter().flatten() {
            list.iter_mut().enumerate().filter(|(row, _)| at(*row)).for_each(|(_, v)| *v = *v * 17.0 + 5.0);
        }
        for (row, flag) in out.is_return.iter_mut().enumerate().filter(|(row, _)| at(*row)) {
            *flag = row % 2 == 0;
        }
        for list in [&mut out.product, &mut out.category, &mut out.channel, &mut out.kind] {
            let Some(levels) = list else { continue };
            let count = u32::try_from(levels.texts.len()).unwrap_or(1).max(1);
            for (row, level) in levels.of.iter_mut().enumerate().filter(|(row, _)| at(*row)) {
                *level = (level.wrapping_add(row as u32 + 1)) % count;
            }
        }
        out
    }
}

/// The values at `places`.
fn taken<T: Copy + Default + Send + Sync>(from: &[T], places: &[u32]) -> Vec<T> {
    places.par_iter().map(|at| from.get(*at as usize).copied().unwrap_or_default()).collect()
}

/// Everything that a shop knows of its customers in time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Books {
    /// Customers, in the order in which their table names them.
    pub(crate) customers: usize,
    /// What was bought: orders, or their lines where no table lists the orders.
    pub(crate) sales: Stream,
    /// The lines of orders, where they stand in a table of their own.
    pub(crate) lines: Option<Stream>,
    pub(crate) events: Option<Stream>,
    pub(crate) feedback: Option<Stream>,
    /// Days on which something was bought, by customer.
    pub(crate) purchases: Vec<Day>,
    /// Where each customer's purchase days begin.
    pub(crate) purchase_starts: Vec<usize>,
    /// The last day of the sales, so far as they are no slips.
    pub(crate) last: Day,
    /// Events and opinions were written down before the first of these rows: a customer without any has
    /// none, rather than none that is known.
    pub(crate) have_begun: bool,
}

impl Books {
    /// Puts streams together. `last` is the books' last day, that of the sales: later sales were slips
    /// and fall away; events and opinions go on to `until`.
    pub(crate) fn new(
        customers: usize,
        sales: Stream,
        [lines, events, feedback]: [Option<Stream>; 3],
        last: Day,
        until: Day,
    ) -> Self {
        let to = |stream: Stream, day: Day| match stream.day.iter().any(|d| *d > day) {
            true => stream.cut(day),
            false => stream,
        };
        Self {
            customers,
            sales: to(sales, last),
            lines: lines.map(|stream| to(stream, last)),
            events: events.map(|stream| to(stream, until)),
            feedback: feedback.map(|stream| to(stream, until)),
            last,
            ..Self::default()
        }
        .indexed()
    }

    fn streams(&self) -> impl Iterator<Item = &Stream> {
        let rest = [&self.lines, &self.events, &self.feedback];
        std::iter::once(&self.sales).chain(rest.into_iter().flatten())
    }

    /// The days on which each customer bought.
    fn indexed(mut self) -> Self {
        self.purchases.clear();
        self.purchase_starts = vec![0];
        for customer in 0..self.customers {
            let from = self.purchases.len();
            for row in self.sales.of(customer).filter(|row| self.sales.is_purchase(*row)) {
                let Some(day) = self.sales.day.get(row) else { continue };
                if self.purchases.get(from..).and_then(<[Day]>::last) != Some(day) {
                    self.purchases.push(*day);
                }
            }
            self.purchase_starts.push(self.purchases.len());
        }
        self
    }

    fn over(&self, change: impl Fn(&Stream) -> Stream, last: Day) -> Self {
        Self {
            customers: self.customers,
            sales: change(&self.sales),
            lines: self.lines.as_ref().map(&change),
            events: self.events.as_ref().map(&change),
            feedback: self.feedback.as_ref().map(&change),
            purchases: Vec::new(),
            purchase_starts: Vec::new(),
            last,
            have_begun: self.have_begun,
        }
        .indexed()
    }

    /// The books as they stood at the end of a day: every later row is removed.
    pub fn cut(&self, day: Day) -> Self {
        self.over(|stream| stream.cut(day), day.min(self.last))
    }

    /// The books with every row after a day made up; what is known up to it stays.
    pub(crate) fn scrambled(&self, day: Day) -> Self {
        self.over(|stream| stream.scrambled(day), self.last)
    }

    /// The books of at most `count` customers, spread evenly; the others keep their numbers and have
    /// no rows.
    pub(crate) fn sample(&self, count: usize) -> Self {
        let every = self.customers.div_ceil(count.max(1)).max(1);
        self.over(|stream| stream.every(every), self.last)
    }

    /// The books as those of some of a shop's customers: what the shop tells of by `layout` and nobody told
    /// here did not happen.
    pub(crate) fn of_some(mut self, layout: &Layout) -> Self {
        let empty = Stream { starts: vec![0; self.customers + 1], ..Stream::default() };
        if layout.events && self.events.is_none() {
            let kind = layout.event_kind.then(Levels::default);
            self.events = Some(Stream { kind, ..empty.clone() });
        }
        if layout.feedback && self.feedback.is_none() {
            let rating = layout.rating.then(Vec::new);
            self.feedback = Some(Stream { rating, ..empty });
        }
        self.have_begun = true;
        self
    }

    /// The last day of the books.
    pub fn last_day(&self) -> Day {
        self.last
    }

    /// The day of the first purchase.
    pub fn first_day(&self) -> Option<Day> {
        self.purchases.iter().copied().min()
    }

    /// Rows of all streams.
    pub fn rows(&self) -> usize {
        self.streams().map(Stream::len).sum()
    }

    /// A customer's purchase days, oldest first.
    pub(crate) fn purchase_days(&self, customer: usize) -> &[Day] {
        match (self.purchase_starts.get(customer), self.purchase_starts.get(customer + 1)) {
            (Some(from), Some(to)) => self.purchases.get(*from..*to).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The stream that tells of products: the lines, else the sales.
    pub(crate) fn basket(&self) -> &Stream {
        self.lines.as_ref().unwrap_or(&self.sales)
    }
}
