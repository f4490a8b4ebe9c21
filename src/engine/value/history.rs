//! Orders → what the models need of each customer: repeat occasions x, time of the last one t_x, time
//! observed T (weeks), and the mean money of a repeat occasion.

use serde::Serialize;

use crate::features::behaviour::{Books, Day};

/// Days of the models' unit of time.
pub const WEEK: f64 = 7.0;

/// A customer's history as of a day. An occasion is a calendar day with at least one order that was not
/// taken back; an order for nothing is an occasion without money, as in Fader, Hardie and Lee (2005).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct History {
    /// Number of the customer among those of the books.
    pub customer: u32,
    pub first: Day,
    /// Repeat occasions: all but the first.
    pub x: u32,
    /// Weeks from the first occasion to the last.
    pub t_x: f64,
    /// Weeks from the first occasion to the day.
    pub t: f64,
    /// Repeat occasions with money above 0.
    pub paid: u32,
    /// Their mean money; 0 where there are none.
    pub mean: f64,
    /// Money of all occasions, the first too.
    pub spent: f64,
}

/// What the histories were made of, and what was left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Counted {
    /// Customers who had ordered by then.
    pub customers: usize,
    /// Customers without an order by then.
    pub without_orders: usize,
    pub repeating: usize,
    pub occasions: u64,
    /// Rows that take something back: they make no occasion and lower no value.
    pub returns: u64,
    /// Occasions without money above 0, or in another currency.
    pub without_money: u64,
    pub first: Day,
    /// The last day that counts.
    pub last: Day,
    /// Some rows have money.
    pub has_money: bool,
}

/// An occasion: its day, and its money where it is above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occasion {
    pub day: Day,
    pub money: f64,
}

/// The occasions of a customer up to the end of `until`, oldest first.
pub fn occasions(books: &Books, customer: usize, until: Day, out: &mut Vec<Occasion>) {
    out.clear();
    let sales = &books.sales;
    for row in sales.until(customer, until) {
        let money = sales.amount.as_ref().and_then(|all| all.get(row)).copied().unwrap_or(0.0);
        let taken_back = sales.is_return.get(row) != Some(&false) || money < 0.0;
        let Some(day) = sales.day.get(row).copied().filter(|_| !taken_back) else { continue };
        // Not a number where another currency or nothing stood.
        let money = if money.is_finite() { money } else { 0.0 };
        match out.last_mut().filter(|last| last.day == day) {
            Some(last) => last.money += money,
            None => out.push(Occasion { day, money }),
        }
    }
}

/// The histories of all customers who had ordered by the end of `until`.
pub fn histories(books: &Books, until: Day) -> (Vec<History>, Counted) {
    let mut counted = Counted { last: until, first: until, ..Counted::default() };
    counted.has_money = books.sales.amount.is_some();
    let (mut all, mut list) = (Vec::new(), Vec::new());
    for customer in 0..books.customers {
        occasions(books, customer, until, &mut list);
        counted.returns += books
            .sales
            .until(customer, until)
            .filter(|row| books.sales.is_return.get(*row) == Some(&true))
            .count() as u64;
        let (Some(first), Some(last)) = (list.first(), list.last()) else {
            counted.without_orders += 1;
            continue;
        };
        let weeks = |from: Day, to: Day| (f64::from(to) - f64::from(from)) / WEEK;
        let repeats = list.get(1..).unwrap_or_default();
        let paid = || repeats.iter().map(|one| one.money).filter(|money| *money > 0.0);
        let count = paid().count();
        counted.first = counted.first.min(first.day);
        counted.occasions += list.len() as u64;
        counted.without_money += list.iter().filter(|one| one.money <= 0.0).count() as u64;
        counted.repeating += usize::from(!repeats.is_empty());
        all.push(History {
            customer: u32::try_from(customer).unwrap_or(u32::MAX),
            first: first.day,
            x: u32::try_from(repeats.len()).unwrap_or(u32::MAX),
            t_x: weeks(first.day, last.day),
            t: weeks(first.day, until),
            paid: u32::try_from(count).unwrap_or(u32::MAX),
            mean: if count > 0 { paid().sum::<f64>() / count as f64 } else { 0.0 },
            spent: list.iter().map(|one| one.money).sum(),
        });
    }
    counted.customers = all.len();
    (all, counted)
}

/// Equal (x, t_x, T), which every likelihood sees once with their number: exact, and far fewer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub x: f64,
    pub t_x: f64,
    pub t: f64,
    /// Customers that have them.
    pub n: f64,
}

/// Groups equal histories. The second list has the row of each history.
pub fn grouped(list: &[History]) -> (Vec<Row>, Vec<u32>) {
    use rayon::prelude::*;
    // What sorts lies beside its place: a sort that looks into the histories waits for memory.
    let mut order: Vec<(u32, u64, u64, u32)> = list
        .par_iter()
        .enumerate()
        .map(|(at, one)| (one.x, one.t.to_bits(), one.t_x.to_bits(), u32::try_from(at).unwrap_or(u32::MAX)))
        .collect();
    order.par_sort_unstable();
    let mut rows: Vec<Row> = Vec::new();
    let mut of = vec![0u32; list.len()];
    let mut before = None;
    for (x, t, t_x, at) in order {
        let now = Some((x, t, t_x));
        match rows.last_mut().filter(|_| before == now) {
            Some(row) => row.n += 1.0,
            None => {
                let (t, t_x) = (f64::from_bits(t), f64::from_bits(t_x));
                rows.push(Row { x: f64::from(x), t_x, t, n: 1.0 });
            }
        }
        before = now;
        if let Some(slot) = of.get_mut(at as usize) {
            *slot = u32::try_from(rows.len() - 1).unwrap_or(u32::MAX);
        }
    }
    (rows, of)
}
