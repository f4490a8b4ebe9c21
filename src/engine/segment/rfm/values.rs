//! Days since the last purchase, purchases and money of every customer, from books or from columns.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{RfmError, guess};
use crate::features::behaviour::{Books, Day};
use crate::job::Reporter;
use crate::table::{ColumnSpec, Frame, Role};

/// Customers between two looks at whether the person has cancelled.
const BLOCK: usize = 1024;

/// Columns of a table of customers, where a person has a say; guessed where `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RfmColumns {
    /// Days since the last purchase, or its date.
    pub recency: Option<String>,
    pub frequency: Option<String>,
    pub money: Option<String>,
}

impl RfmColumns {
    /// These, with a guess where nothing is said.
    pub fn or_guess(&self, schema: &[ColumnSpec]) -> Self {
        let guess = guess(schema);
        let pick = |said: &Option<String>, guess: Option<String>| said.clone().or(guess);
        Self {
            recency: pick(&self.recency, guess.recency),
            frequency: pick(&self.frequency, guess.frequency),
            money: pick(&self.money, guess.money),
        }
    }
}

/// One entry a customer; not a number where it is not known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RfmValues {
    /// Days since the last purchase; the day of the purchase is 1.
    pub recency: Vec<f64>,
    pub frequency: Vec<f64>,
    /// `None` where nothing tells of money.
    pub money: Option<Vec<f64>>,
}

impl RfmValues {
    /// The three values of a customer.
    pub fn of(&self, at: usize) -> (f64, f64, f64) {
        let get = |list: &[f64]| list.get(at).copied().unwrap_or(f64::NAN);
        (get(&self.recency), get(&self.frequency), self.money.as_deref().map_or(f64::NAN, get))
    }
}

/// A row of the books on which something was bought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Purchase {
    pub day: Day,
    /// The row begins another order.
    pub begins: bool,
    /// Money of the row; not a number where it is not known.
    pub amount: f64,
}

/// What a customer bought, oldest first.
pub(crate) fn purchases(books: &Books, customer: usize) -> impl Iterator<Item = Purchase> + '_ {
    let stream = &books.sales;
    let mut before: Option<(Day, u32)> = None;
    stream.of(customer).filter(|row| stream.is_purchase(*row)).filter_map(move |row| {
        let order = (*stream.day.get(row)?, *stream.order.get(row)?);
        let begins = before != Some(order);
        before = Some(order);
        let amount = stream.amount.as_ref().and_then(|list| list.get(row)).copied().unwrap_or(f64::NAN);
        Some(Purchase { day: order.0, begins, amount })
    })
}

/// The values of every customer of the books as of the end of a day; not a number for those who had not
/// bought by then.
///
/// # Errors
/// The person cancelled.
pub fn of_books(books: &Books, day: Day, report: &Reporter) -> crate::Result<RfmValues> {
    let one = |customer: usize| {
        let (mut last, mut orders, mut money, mut known) = (None, 0.0, 0.0, false);
        for bought in purchases(books, customer).take_while(|bought| bought.day <= day) {
            last = Some(bought.day);
            orders += f64::from(u8::from(bought.begins));
            if !bought.amount.is_nan() {
                money += bought.amount;
                known = true;
            }
        }
        match last {
            Some(last) => {
                let recency = f64::from(day.saturating_sub(last)) + 1.0;
                (recency, orders, if known { money } else { f64::NAN })
            }
            None => (f64::NAN, f64::NAN, f64::NAN),
        }
    };
    let blocks: Vec<Vec<(f64, f64, f64)>> = (0..books.customers.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            report.check()?;
            let from = block * BLOCK;
            Ok((from..(from + BLOCK).min(books.customers)).map(one).collect())
        })
        .collect::<crate::Result<_>>()?;
    let mut out = RfmValues::default();
    let mut money = Vec::with_capacity(books.customers);
    for (recency, frequency, spent) in blocks.into_iter().flatten() {
        out.recency.push(recency);
        out.frequency.push(frequency);
        money.push(spent);
    }
    out.money = books.sales.amount.is_some().then_some(money);
    Ok(out)
}

/// The values of every row of a table of customers. A date of the last purchase is counted back from the
/// latest of them.
///
/// # Errors
/// No column tells of recency or of frequency.
pub fn of_columns(
    columns: &RfmColumns,
    schema: &[ColumnSpec],
    frame: &Frame,
) -> Result<(RfmValues, RfmColumns), RfmError> {
    let used = columns.or_guess(schema);
    let numbers = |name: &Option<String>| -> Option<Vec<f64>> {
        let values = frame.numbers(name.as_deref()?)?;
        Some(values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect())
    };
    let (Some(mut recency), Some(frequency)) = (numbers(&used.recency), numbers(&used.frequency)) else {
        return Err(RfmError::NoColumns);
    };
    let is_date = schema
        .iter()
        .any(|spec| spec.role == Role::Date && Some(spec.name.as_str()) == used.recency.as_deref());
    if is_date {
        let last = recency.iter().copied().filter(|v| v.is_finite()).fold(f64::MIN, f64::max).floor();
        recency.iter_mut().for_each(|day| *day = last - day.floor() + 1.0);
    }
    let money = numbers(&used.money);
    Ok((RfmValues { recency, frequency, money }, used))
}
