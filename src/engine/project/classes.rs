//! Customer classes of a project: recency, frequency and money from its orders or its columns, the classes
//! of the table, the owner's rules, and what sets a class apart.

mod again;
mod people;
mod profile;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;

use super::asked::{self, Opened};
use super::{Collected, Prepared, Settings};
use crate::clean::Cleaning;
use crate::deploy::Customer;
use crate::features::behaviour::{Read, to_date};
use crate::job::Reporter;
use crate::metrics::{Estimate, proportion};
use crate::segment::cohort::{self, Cohorts};
use crate::segment::flows::{self, Flows};
use crate::segment::rfm::{self, FittedRfm, RfmColumns, RfmValues, Scores};
use crate::segment::{Segmentation, classes};
use crate::table::Table;

pub use people::Person;
pub use profile::{ClassProfile, profile_of};

/// Orders that classes are told from, read once for the data at hand.
#[derive(Debug, Clone)]
pub struct Shop {
    read: Arc<Read>,
    /// What the customers of the books are called.
    ids: Vec<String>,
    /// Nobody bought twice: the rows are customers rather than orders.
    bought_once: bool,
}

impl Shop {
    /// Reads the orders of what was collected; `None` where there are none.
    ///
    /// # Errors
    /// Orders that cannot be read, the person cancels.
    pub fn read(
        collected: &Collected,
        settings: &Settings,
        report: &Reporter,
    ) -> crate::Result<Option<Self>> {
        if !asked::could_ask(collected) {
            return Ok(None);
        }
        let opened = Opened::new(collected, settings, None, report)?;
        let (base, key) = opened.base()?;
        let text = base.text(&key.name).map(|text| text.rechunk().into_owned()).unwrap_or_default();
        let name = |row: &u32| {
            let at = *row as usize;
            let cell = if at < text.len() { text.get(at) } else { None };
            cell.unwrap_or_default().trim().to_owned()
        };
        let books = &opened.read.books;
        let bought_once = (0..books.customers).all(|customer| books.purchase_days(customer).len() < 2);
        let ids = opened.read.first_rows.iter().map(name).collect();
        Ok(Some(Self { ids, bought_once, read: opened.read }))
    }

    /// The last day of the orders.
    pub fn last_day(&self) -> NaiveDate {
        to_date(self.read.books.last_day())
    }

    /// True where nobody bought twice: the rows are customers rather than orders.
    pub fn bought_once(&self) -> bool {
        self.bought_once
    }

    /// Customers of the orders, those without a purchase too.
    pub fn customers(&self) -> usize {
        self.ids.len()
    }

    /// Everyone's class at the end of every month.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn flows(&self, fitted: &FittedRfm, report: &Reporter) -> crate::Result<Flows> {
        flows::flows(&self.read.books, fitted, report)
    }

    /// Customers by the month of their first purchase.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn cohorts(&self, report: &Reporter) -> crate::Result<Cohorts> {
        cohort::cohorts(&self.read.books, report)
    }
}

/// What is known of the customers beside their orders. Everything is optional: a file of orders alone has
/// classes as well.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    pub table: Option<&'a Table>,
    pub cleaning: Option<&'a Cleaning>,
    pub prepared: Option<&'a Prepared>,
    /// The ranked list of the shown model.
    pub customers: Option<&'a [Customer]>,
    pub segments: Option<&'a Segmentation>,
    /// Expected money of the ranked list's customers, by their permanent row.
    pub value: Option<&'a std::collections::HashMap<u32, f64>>,
}

/// What recency, frequency and money were read from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum RfmSource {
    /// Orders, as of the end of this day.
    Orders {
        day: NaiveDate,
    },
    Columns(RfmColumns),
}

/// Some of the customers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Group {
    pub size: usize,
    /// Of these, those who are not known to have left.
    pub here: usize,
    /// Among all customers.
    pub share: f64,
    /// What they spent together, where money is known.
    pub money: Option<f64>,
    /// The mean of the model's probability over those whom it scored.
    pub risk: Option<f64>,
    /// Share of the labelled who are known to have left.
    pub churn: Option<Estimate>,
    /// Means over those who have bought.
    pub days_since_last: Option<f64>,
    pub orders: Option<f64>,
}

/// Everyone's scores and classes.
#[derive(Debug, Clone)]
pub struct Classified {
    /// `None` where there are neither orders nor columns; [`refused`](Self::refused) says why.
    pub source: Option<RfmSource>,
    pub refused: Option<Arc<crate::Error>>,
    pub fitted: Option<FittedRfm>,
    pub people: Vec<Person>,
    /// One entry a person, as the following ones.
    pub values: RfmValues,
    pub scores: Vec<Option<Scores>>,
    pub class: Vec<Option<u16>>,
    /// Places of the owner's rules.
    pub labels: Vec<Vec<u16>>,
    pub rules: Vec<(classes::RuleFound, Group)>,
    /// The classes of the table, in its order; the last is of those who have scores and no class.
    pub classes: Vec<Group>,
    /// By recency score, then by the other score, both from 1.
    pub grid: Vec<Vec<Group>>,
    /// Drift since cuts were kept, and what chance alone brings.
    pub drift: Option<(f64, f64)>,
    /// The place of each customer of the books among the people.
    of_customer: Vec<Option<u32>>,
    /// Columns that conditions may look at: of the data and the known facts.
    pub schema: Vec<crate::table::ColumnSpec>,
}

/// Scores everyone and puts them in classes.
///
/// # Errors
/// The person cancelled, the table engine. What cannot be scored is told in [`Classified::refused`].
pub fn classify(
    shop: Option<&Shop>,
    known: Known,
    settings: &Settings,
    report: &Reporter,
) -> crate::Result<Classified> {
    let spec = settings.classes.clone().sane();
    let rows = people::Rows::of(&known);
    let orders = shop.filter(|shop| {
        let columns = || rows.as_ref().is_some_and(|rows| rows.has_rfm(&spec.rfm.columns));
        !((spec.rfm.prefer_columns || shop.bought_once) && columns())
    });
    let people = people::gather(orders, rows.as_ref());
    report.progress(0.1);
    let mut of_customer = vec![None; orders.map_or(0, Shop::customers)];
    for (at, person) in (0u32..).zip(&people) {
        if let Some(slot) = person.customer.and_then(|number| of_customer.get_mut(number as usize)) {
            *slot = Some(at);
        }
    }
    let read = match (orders, &rows) {
        (Some(shop), _) => {
            let books = &shop.read.books;
            let values = rfm::of_books(books, books.last_day(), &report.part(0.1, 0.4))?;
            let source = RfmSource::Orders { day: shop.last_day() };
            Ok((people::spread(&values, &people, |person| person.customer.map(|at| at as usize)), source))
        }
        (None, Some(rows)) => rows.rfm(&spec.rfm.columns).map(|(values, used)| {
            (people::spread(&values, &people, |person| person.place), RfmSource::Columns(used))
        }),
        (None, None) => Err(rfm::RfmError::NoColumns),
    };
    let fitted = read.and_then(|(values, source)| {
        let fitted = FittedRfm::fit(&spec.rfm, &values)?;
        Ok((values, source, fitted))
    });
    let (values, source, fitted, refused) = match fitted {
        Ok((values, source, fitted)) => (values, Some(source), Some(fitted), None),
        Err(error) => {
            let refused = crate::Error::from(error);
            (RfmValues::default(), None, None, Some(Arc::new(refused)))
        }
    };
    let scores: Vec<Option<Scores>> = (0..people.len())
        .map(|at| {
            let (recency, frequency, money) = values.of(at);
            fitted.as_ref().and_then(|fitted| fitted.score(recency, frequency, money))
        })
        .collect();
    let of_class =
        |scores: &Option<Scores>| -> Option<u16> { u16::try_from(fitted.as_ref()?.class((*scores)?)?).ok() };
    let class: Vec<Option<u16>> = scores.iter().map(of_class).collect();
    let drift = match (&spec.rfm.cuts, &fitted) {
        (rfm::CutSpec::Kept(kept), Some(fitted)) => rfm::drift(kept, fitted, &scores),
        _ => None,
    };
    report.progress(0.6);
    let mut out = Classified {
        source,
        refused,
        fitted,
        people,
        values,
        scores,
        class,
        labels: Vec::new(),
        rules: Vec::new(),
        classes: Vec::new(),
        grid: Vec::new(),
        drift,
        of_customer,
        schema: Vec::new(),
    };
    let (schema, frame) = people::facts(&out, rows.as_ref(), &known)?;
    let (labels, found) = classes::assign(&spec.rules, spec.several, &schema, &frame, report)?;
    (out.labels, out.schema) = (labels, schema);
    summarise(&mut out, &known, found);
    report.progress(1.0);
    Ok(out)
}

/// Fills in the groups.
fn summarise(out: &mut Classified, known: &Known, found: Vec<classes::RuleFound>) {
    let facts = people::Outcomes::of(&out.people, known);
    let classes = out.fitted.as_ref().map_or(0, |fitted| fitted.classes.len());
    let scored = out.fitted.is_some();
    let mut by_class = vec![Gathered::default(); classes + usize::from(scored)];
    let cells = usize::from(rfm::SCORES);
    let mut grid = vec![vec![Gathered::default(); cells]; if scored { cells } else { 0 }];
    let mut by_rule = vec![Gathered::default(); found.len()];
    for at in 0..out.people.len() {
        let values = out.values.of(at);
        let facts = facts.at(at);
        if let Some(scores) = out.scores.get(at).copied().flatten() {
            let place = out.class.get(at).copied().flatten().map_or(classes, usize::from);
            let cell = grid
                .get_mut(usize::from(scores.recency) - 1)
                .and_then(|row| row.get_mut(usize::from(scores.worth) - 1));
            let class = by_class.get_mut(place);
            cell.into_iter().chain(class).for_each(|group| group.add(values, facts));
        }
        for label in out.labels.get(at).into_iter().flatten() {
            if let Some(group) = by_rule.get_mut(usize::from(*label)) {
                group.add(values, facts);
            }
        }
    }
    let all = out.people.len();
    let done = |list: Vec<Gathered>| list.into_iter().map(|one| one.group(all)).collect::<Vec<Group>>();
    out.classes = done(by_class);
    out.grid = grid.into_iter().map(done).collect();
    out.rules = found.into_iter().zip(done(by_rule)).collect();
}

/// Sums on the way to a [`Group`].
#[derive(Debug, Clone, Default)]
struct Gathered {
    size: usize,
    money: (f64, usize),
    risk: (f64, usize),
    left: (u64, u64),
    days: (f64, usize),
    orders: (f64, usize),
}

impl Gathered {
    fn add(
        &mut self,
        (recency, frequency, money): (f64, f64, f64),
        (risk, left): (Option<f64>, Option<bool>),
    ) {
        self.size += 1;
        let add = |sum: &mut (f64, usize), value: f64| {
            if value.is_finite() {
                *sum = (sum.0 + value, sum.1 + 1);
            }
        };
        add(&mut self.money, money);
        add(&mut self.risk, risk.unwrap_or(f64::NAN));
        add(&mut self.days, recency);
        add(&mut self.orders, frequency);
        if let Some(left) = left {
            self.left = (self.left.0 + u64::from(left), self.left.1 + 1);
        }
    }

    fn group(self, all: usize) -> Group {
        let mean = |(sum, n): (f64, usize)| (n > 0).then(|| sum / n as f64);
        Group {
            size: self.size,
            here: self.size.saturating_sub(self.left.0 as usize),
            share: self.size as f64 / all.max(1) as f64,
            money: (self.money.1 > 0).then_some(self.money.0),
            risk: mean(self.risk),
            churn: (self.left.1 > 0).then(|| proportion(self.left.0, self.left.1)),
            days_since_last: mean(self.days),
            orders: mean(self.orders),
        }
    }
}

impl Classified {
    /// Names of a person's classes: the owner's, else that of the table.
    pub fn names<'a>(&'a self, at: usize, spec: &'a classes::ClassSpec) -> Vec<&'a str> {
        let rules = &spec.rules;
        let labels = self.labels.get(at).into_iter().flatten();
        let own: Vec<&str> = labels
            .filter_map(|label| rules.get(usize::from(*label)))
            .map(|rule| rule.name.as_str())
            .collect();
        if !own.is_empty() {
            return own;
        }
        self.table_class(at).into_iter().collect()
    }

    /// The name of a person's class of the table.
    pub fn table_class(&self, at: usize) -> Option<&str> {
        let class = usize::from(self.class.get(at).copied().flatten()?);
        Some(self.fitted.as_ref()?.classes.get(class)?.name.as_str())
    }

    /// The place of a customer of the books among the people.
    pub fn person(&self, customer: usize) -> Option<usize> {
        self.of_customer.get(customer).copied().flatten().map(|at| at as usize)
    }

    /// Places of the people for whom `test` holds.
    pub fn places(&self, test: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.people.len()).filter(|at| test(*at)).collect()
    }
}
