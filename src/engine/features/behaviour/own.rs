//! Columns of the customers' table that were not known on the cut-off day: they tell what came later.
//! The table holds the state of the day it was written, so each column is held against the books.

use std::sync::Arc;

use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, Series, StringChunked};
use rayon::prelude::*;

use super::books::{Books, NO_LEVEL, Stream};
use super::build::Behaviour;
use super::question::{Day, day_of};
use super::read::Read;
use crate::collect::relate::value;
use crate::detect::{date, number};
use crate::features::find_leaks;
use crate::job::{Cancelled, Reporter};
use crate::note::Note;
use crate::split::Side;
use crate::table::{Column, ColumnSpec, Frame, Role, Table, ValueType};

/// Customers who must tell a total up to the day from the total of all time before that proves
/// anything.
const LEAST: usize = 10;
/// Share of them who must have the total of all time …
const EQUAL: f64 = 0.8;
/// … and at most this share the total up to the day.
const HONEST: f64 = 0.2;
/// Share of the rows with a date after the cut-off day from which a column is no slip, and their number.
const LATER: (f64, usize) = (0.01, 3);
/// Rows between two looks at whether the person has cancelled.
const LOOK: usize = 4096;

/// How it shows that a column looks ahead.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// It is the answer to another question about the same customers: a target.
    Target,
    /// So many of the labelled rows have a date after their cut-off day.
    Later { rows: usize },
    /// It equals a figure that counts rows after the day, for this share of the customers for whom that
    /// differs from the figure up to the day.
    Total { of: &'static str, share: f64 },
    /// It tells the label almost alone.
    Alone { roc_auc: f64 },
}

/// A column that looks ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct LooksAhead {
    pub column: String,
    pub why: Why,
}

impl LooksAhead {
    /// The finding, for a face to word.
    pub fn note(&self) -> Note {
        let note = |code: &'static str| Note { code, args: Vec::new() }.with("column", &self.column);
        match &self.why {
            Why::Target => note("ahead_target"),
            Why::Later { rows } => note("ahead_later").with("count", rows),
            Why::Total { of, share } => {
                note("ahead_total").with("of", of).with("percent", format!("{:.0}", 100.0 * share))
            }
            Why::Alone { roc_auc } => note("ahead_alone").with("auc", format!("{roc_auc:.3}")),
        }
    }
}

/// Holds every column of the customers' table that a model could learn from against the books and the
/// labels of training customers. `key` names the customers and is passed over. Columns are looked at side
/// by side.
///
/// A column is caught for the first of: being a target; dates after the cut-off day; being a total over
/// rows after it; an area under the ROC curve that [`find_leaks`] suspects. What cannot be told from
/// these stays: a satisfaction that was asked for later is not seen to be so.
///
/// # Errors
/// The person cancels.
pub fn find_look_ahead(
    table: &Table,
    key: &str,
    read: &Read,
    behaviour: &Behaviour,
    report: &Reporter,
) -> crate::Result<Vec<LooksAhead>> {
    let judge = Judge::new(table, read, behaviour, report)?;
    let columns: Vec<&Column> = table
        .columns
        .iter()
        .filter(|c| c.name != key && (c.role == Role::Target || c.role.is_feature()))
        .collect();
    let found: Vec<Option<LooksAhead>> = columns
        .into_par_iter()
        .map(|column| {
            report.check()?;
            Ok(judge.why(column)?.map(|why| LooksAhead { column: column.name.clone(), why }))
        })
        .collect::<Result<_, Cancelled>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// A figure of all customers' books: its name, its value up to the day, and of all time. How far a
/// printed figure may lie off.
struct Total {
    of: &'static str,
    then: Vec<f64>,
    ever: Vec<f64>,
    slack: Vec<f64>,
}

/// Rows of the latest labelled day: customer, day and label.
type Latest = Vec<(usize, Day, bool)>;

struct Judge<'a> {
    table: &'a Table,
    read: &'a Read,
    behaviour: &'a Behaviour,
    /// Of all customers, and of those of training.
    all: Latest,
    train: Latest,
    totals: Vec<Total>,
    report: &'a Reporter,
}

/// A column's cells by customer.
struct Cells<'a> {
    column: &'a Column,
    text: Option<StringChunked>,
    first_rows: &'a [u32],
}

impl Cells<'_> {
    fn text(&self, customer: usize) -> Option<&str> {
        let row = *self.first_rows.get(customer)? as usize;
        let text = self.text.as_ref().filter(|text| row < text.len())?;
        value(self.column, text.get(row))
    }

    fn number(&self, customer: usize) -> Option<f64> {
        number::parse(self.text(customer)?, self.column.decimal).filter(|value| value.is_finite())
    }

    fn date(&self, customer: usize) -> Option<i64> {
        date::parse(self.text(customer)?, self.column.date_order)
    }
}

impl<'a> Judge<'a> {
    fn new(
        table: &'a Table,
        read: &'a Read,
        behaviour: &'a Behaviour,
        report: &'a Reporter,
    ) -> Result<Self, Cancelled> {
        let (all, train) = (latest(behaviour, false), latest(behaviour, true));
        let totals = totals(&read.books, &all, report)?;
        Ok(Self { table, read, behaviour, all, train, totals, report })
    }

    /// How it shows that a column looks ahead, if it does.
    fn why(&self, column: &'a Column) -> Result<Option<Why>, Cancelled> {
        if column.role == Role::Target {
            return Ok(Some(Why::Target));
        }
        let text = self.table.text(&column.name).map(|text| text.rechunk().into_owned());
        let cells = Cells { column, text, first_rows: &self.read.first_rows };
        let why = match column.role {
            Role::Date => self.later(&cells)?,
            Role::Number | Role::Money => self.total(&cells),
            _ => None,
        };
        self.report.check()?;
        Ok(why.or_else(|| self.alone(&cells)))
    }

    /// Dates after the cut-off day.
    fn later(&self, cells: &Cells) -> Result<Option<Why>, Cancelled> {
        let b = self.behaviour;
        let (mut rows, mut dated) = (0usize, 0usize);
        for (at, ((customer, day), label)) in b.customer.iter().zip(&b.cut_off).zip(&b.label).enumerate() {
            if at % LOOK == 0 {
                self.report.check()?;
            }
            if label.is_some()
                && let Some(ms) = cells.date(*customer as usize)
            {
                dated += 1;
                rows += usize::from(day_of(ms) > *day);
            }
        }
        let (share, least) = LATER;
        Ok((rows >= least && rows as f64 > share * dated as f64).then_some(Why::Later { rows }))
    }

    /// The figure of all time that the column is, if any: the one with most equal customers.
    fn total(&self, cells: &Cells) -> Option<Why> {
        let values: Vec<Option<f64>> =
            self.all.iter().map(|(customer, ..)| cells.number(*customer)).collect();
        let mut best: Option<(f64, &'static str)> = None;
        for total in &self.totals {
            let (mut n, mut ever, mut then) = (0.0, 0.0, 0.0);
            for (at, value) in values.iter().enumerate() {
                let (Some(value), Some(was), Some(is), Some(slack)) =
                    (value, total.then.get(at), total.ever.get(at), total.slack.get(at))
                else {
                    continue;
                };
                // Customers whose figure did not move prove nothing.
                if was.is_nan() || is.is_nan() || (is - was).abs() <= 2.0 * slack {
                    continue;
                }
                n += 1.0;
                ever += f64::from(u8::from((value - is).abs() <= *slack));
                then += f64::from(u8::from((value - was).abs() <= *slack));
            }
            let caught = n >= LEAST as f64 && ever >= EQUAL * n && then <= HONEST * n;
            if caught && best.is_none_or(|(share, _)| ever / n > share) {
                best = Some((ever / n, total.of));
            }
        }
        best.map(|(share, of)| Why::Total { of, share })
    }

    /// A column that tells the label of training customers alone.
    fn alone(&self, cells: &Cells) -> Option<Why> {
        let column = cells.column;
        let labels: Vec<bool> = self.train.iter().map(|(.., label)| *label).collect();
        let name = column.name.as_str().into();
        let customers = self.train.iter().map(|(customer, ..)| *customer);
        let series = match column.role {
            Role::Date => {
                let days = customers.map(|c| cells.date(c).map(|ms| ms as f64));
                Series::new(name, days.collect::<Vec<_>>())
            }
            role if role.is_numeric() => {
                Series::new(name, customers.map(|c| cells.number(c)).collect::<Vec<_>>())
            }
            _ => Series::new(name, customers.map(|c| cells.text(c)).collect::<Vec<_>>()),
        };
        let ids = (0..labels.len()).filter_map(|row| u32::try_from(row).ok()).collect();
        let data = DataFrame::new(labels.len(), vec![series.into_column()]).ok()?;
        let frame = Frame { rows: Arc::new(ids), data };
        let leak = find_leaks(&[ColumnSpec::from(column)], &frame, &labels).into_iter().next()?;
        Some(Why::Alone { roc_auc: leak.roc_auc })
    }
}

/// The rows of the latest labelled day, of training customers where `train`.
fn latest(b: &Behaviour, train: bool) -> Latest {
    let newest = b.cut_off.iter().zip(&b.label).filter(|(_, l)| l.is_some()).map(|(day, _)| *day).max();
    (0..b.height())
        .filter(|row| !train || b.side.get(*row) == Some(&Side::Train))
        .filter_map(|row| {
            let (customer, day) = (*b.customer.get(row)?, *b.cut_off.get(row)?);
            Some((customer as usize, day, b.label.get(row).copied().flatten()?))
        })
        .filter(|(_, day, _)| Some(*day) == newest)
        .collect()
}

/// Every figure of the customers of `rows`.
fn totals(books: &Books, rows: &[(usize, Day, bool)], report: &Reporter) -> Result<Vec<Total>, Cancelled> {
    let of_all: Vec<_> = rows
        .par_iter()
        .enumerate()
        .map(|(at, (customer, day, _))| {
            if at % LOOK == 0 {
                report.check()?;
            }
            Ok((figures(books, *customer, *day), figures(books, *customer, books.last_day())))
        })
        .collect::<Result<_, Cancelled>>()?;
    let mut totals: Vec<Total> = Vec::new();
    for (then, ever) in of_all {
        for (n, ((of, then, _), (_, ever, slack))) in then.into_iter().zip(ever).enumerate() {
            if totals.len() <= n {
                totals.push(Total { of, then: Vec::new(), ever: Vec::new(), slack: Vec::new() });
            }
            if let Some(total) = totals.get_mut(n) {
                total.then.push(then);
                total.ever.push(ever);
                total.slack.push(slack);
            }
        }
    }
    Ok(totals)
}

/// What the books say of a customer up to a day: name, value, and how far a figure that was printed with
/// two decimals may lie off.
fn figures(books: &Books, customer: usize, day: Day) -> Vec<(&'static str, f64, f64)> {
    let sales = &books.sales;
    let rows = sales.until(customer, day);
    let bought: Vec<usize> = rows.clone().filter(|row| sales.is_purchase(*row)).collect();
    let mut orders: Vec<(Day, u32)> =
        bought.iter().filter_map(|row| Some((*sales.day.get(*row)?, *sales.order.get(*row)?))).collect();
    orders.dedup();
    let money = |rows: &[usize]| -> f64 {
        // One amount that is not known makes the sum unknown.
        let amounts = sales.amount.as_ref();
        rows.iter().map(|row| amounts.and_then(|a| a.get(*row)).copied().unwrap_or(f64::NAN)).sum()
    };
    let quantity = |rows: &[usize]| -> f64 {
        let list = books.sales.quantity.as_ref();
        rows.iter().map(|row| list.and_then(|q| q.get(*row)).copied().unwrap_or(f64::NAN)).sum()
    };
    let all: Vec<usize> = rows.clone().collect();
    let n = orders.len() as f64;
    let sum = if bought.is_empty() { f64::NAN } else { money(&bought) };
    let cents = 0.006 * (all.len() as f64 + 1.0);
    let silent = books.purchase_days(customer).iter().rev().find(|d| **d <= day);
    let silent = silent.map_or(f64::NAN, |last| f64::from(day.saturating_sub(*last)));
    let products = || {
        let basket = books.basket();
        let levels = basket.product.as_ref()?;
        let mut list: Vec<u32> = levels.of.get(basket.until(customer, day))?.to_vec();
        list.retain(|level| *level != NO_LEVEL);
        list.sort_unstable();
        list.dedup();
        Some(list.len() as f64)
    };
    let count = |stream: &Option<Stream>, within: Day| {
        let Some(stream) = stream else { return f64::NAN };
        let rows = stream.day.get(stream.until(customer, day)).unwrap_or_default();
        rows.iter().filter(|d| day.saturating_sub(**d) < within).count() as f64
    };
    let forever = Day::MAX;
    vec![
        ("orders", n, 1e-6),
        ("rows of orders", all.len() as f64, 1e-6),
        ("purchase days", books.purchase_days(customer).iter().filter(|d| **d <= day).count() as f64, 1e-6),
        ("money spent", sum, cents),
        ("money spent less returns", if all.is_empty() { f64::NAN } else { money(&all) }, cents),
        ("money per order", sum / n, 0.011),
        ("pieces bought", quantity(&bought), 1e-6),
        ("different products", products().unwrap_or(f64::NAN), 1e-6),
        ("days since the last order", silent, 1e-6),
        ("days since the last order, that day counted", silent + 1.0, 1e-6),
        ("events", count(&books.events, forever), 1e-6),
        ("events of 30 days", count(&books.events, 30), 1e-6),
        ("opinions", count(&books.feedback, forever), 1e-6),
    ]
}

/// True where a cell of `column` holds a date after `day`: it is not shown to a model.
pub(super) fn is_later(column: &Column, cell: Option<&str>, day: Day) -> bool {
    column.value_type == ValueType::Date
        && value(column, cell)
            .and_then(|text| date::parse(text, column.date_order))
            .is_some_and(|ms| day_of(ms) > day)
}
