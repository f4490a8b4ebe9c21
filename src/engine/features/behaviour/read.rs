//! Linked tables → the shop's books. Cells are read as their columns write numbers and dates; what
//! names no customer or has no date is left out and told.

use polars::prelude::{PlFixedStateQuality, PlHashMap};
use rayon::prelude::*;

use super::BehaviourError;
use super::books::{Books, Levels, NO_LEVEL, Stream};
use super::question::{DAY_MS, Day, day_of, to_date, to_day};
use super::roles::{self, SalesRoles};
use crate::collect::combine::{Hop, NOBODY, Plan, Source, Trace, currencies};
use crate::collect::relate::{TableKind, kind, value};
use crate::detect::{number, truth};
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::table::{Column, Dataset, Table};

/// A last day that lies further than this behind all others and that only a few rows reach is a slip.
const SLIP_GAP: Day = 60;
/// Share of the rows that may be slips.
const SLIP_SHARE: f64 = 0.001;

/// The books, and what a person should know of how they were read.
#[derive(Debug, Clone)]
pub struct Read {
    pub books: Books,
    pub notes: Vec<Note>,
    /// Place of the table that names the customers.
    pub(crate) base: usize,
    /// For each customer its first row there.
    pub(crate) first_rows: Vec<u32>,
}

/// Reads the books of the tables of `data`, linked as `plan` says. The plan's last day that counts, if
/// any, ends the books.
///
/// # Errors
/// No table of orders, none with dates, a table of the plan that is gone, the person cancels.
pub fn read(data: &Dataset, plan: &Plan, report: &Reporter) -> crate::Result<Read> {
    report.emit(Event::Phase("books"));
    let until = plan.as_of.map(to_day);
    let plan = &Plan { as_of: None, ..plan.clone() };
    let trace = Trace::new(data, plan, report)?;
    let mut reader = Reader { data, plan, trace: &trace, report, notes: Vec::new() };
    let Roots { sales, lines, events, feedback } = reader.roots()?;
    let customers = trace.first_rows().len();

    let (mut sales, last) = reader.sales(sales, customers, None)?.ok_or_else(|| reader.undated(sales))?;
    let mut lines = match lines {
        Some(lines) => reader.sales(lines, customers, Some(&sales))?.map(|(stream, _)| stream),
        None => None,
    };
    // Where only the lines know the money, they stand for the orders.
    if sales.amount.is_none() && lines.as_ref().is_some_and(|lines| lines.amount.is_some()) {
        sales = lines.take().unwrap_or(sales);
    }
    report.progress(0.6);
    let events = reader.simple(events, customers, |table, key| (roles::event_kind(table, key), None))?;
    let feedback = reader.simple(feedback, customers, |table, key| (None, roles::rating(table, key)))?;
    report.progress(0.9);
    let notes = reader.notes;
    let last = until.map_or(last, |day| day.min(last));
    let books = Books::new(customers, sales, [lines, events, feedback], last, until.unwrap_or(Day::MAX));
    if books.first_day().is_none() {
        return Err(BehaviourError::NoPurchases.into());
    }
    report.progress(1.0);
    Ok(Read { books, notes, base: trace.base(), first_rows: trace.first_rows().to_vec() })
}

/// The tables that the books are made of.
#[derive(Clone, Copy)]
struct Roots<'a> {
    sales: &'a Source,
    lines: Option<&'a Source>,
    events: Option<&'a Source>,
    feedback: Option<&'a Source>,
}

struct Reader<'a> {
    data: &'a Dataset,
    plan: &'a Plan,
    trace: &'a Trace<'a>,
    report: &'a Reporter,
    notes: Vec<Note>,
}

impl<'a> Reader<'a> {
    fn table(&self, source: &Source) -> crate::Result<(usize, &'a Table)> {
        let at = self.trace.find(&source.table)?;
        let table = self.data.tables.get(at).ok_or(BehaviourError::NoPurchases)?;
        Ok((at, table))
    }

    /// The column that leads to the customer.
    fn key(&self, source: &'a Source) -> &'a str {
        source.up.first().map_or(self.plan.key.as_str(), |hop| hop.from_column.as_str())
    }

    fn roots(&self) -> crate::Result<Roots<'a>> {
        let mut kinds = Vec::new();
        for source in &self.plan.sources {
            let (at, table) = self.table(source)?;
            kinds.push((source, kind(table).0, self.trace.times(at, &source.up)?.is_some(), table));
        }
        // Of several tables of a kind the longest counts.
        let longest = |wanted: &[TableKind], test: &dyn Fn(&Table) -> bool| {
            kinds
                .iter()
                .filter(|(_, kind, dated, table)| *dated && wanted.contains(kind) && test(table))
                .max_by_key(|(.., table)| table.height())
                .map(|(source, ..)| *source)
        };
        let any = |_: &Table| true;
        let orders = longest(&[TableKind::Orders], &any);
        let lines = longest(&[TableKind::OrderLines], &any);
        let sales = orders
            .or(lines)
            .or_else(|| longest(&[TableKind::Events, TableKind::Other], &|table| roles::sells(table)));
        let Some(sales) = sales else {
            let names: Vec<&str> = self.data.tables.iter().map(|t| t.name.as_str()).take(10).collect();
            return Err(BehaviourError::NoOrders { tables: names.join(", ") }.into());
        };
        let other = |source: &&Source| source.table != sales.table;
        Ok(Roots {
            sales,
            lines: lines.filter(other),
            events: longest(&[TableKind::Events], &any).filter(other),
            feedback: longest(&[TableKind::Feedback], &any).filter(other),
        })
    }

    fn undated(&self, source: &Source) -> crate::Error {
        BehaviourError::NoDates { table: source.table.name.clone() }.into()
    }

    /// The customers and times of a table's rows, [`NOBODY`] for rows that do not count.
    fn who_and_when(&mut self, source: &Source) -> crate::Result<Option<(Vec<u32>, Vec<i64>)>> {
        let (at, table) = self.table(source)?;
        let Some(times) = self.trace.times(at, &source.up)? else { return Ok(None) };
        let mut customers = self.trace.customers(at, &source.up)?;
        let nobody = customers.iter().filter(|who| **who == NOBODY).count();
        let mut undated = 0usize;
        let times: Vec<i64> = times
            .into_iter()
            .zip(&mut customers)
            .map(|(time, who)| {
                if time.is_none() && *who != NOBODY {
                    undated += 1;
                    *who = NOBODY;
                }
                time.unwrap_or_default()
            })
            .collect();
        for (code, count) in [("behaviour_nobody", nobody), ("behaviour_undated", undated)] {
            if count > 0 {
                self.notes.push(Note::new(code).with("table", &table.name).with("count", count));
            }
        }
        Ok(Some((customers, times)))
    }

    /// A table of orders or their lines, and its last day. `above` are the orders, where these are
    /// their lines.
    fn sales(
        &mut self,
        source: &'a Source,
        customers: usize,
        above: Option<&Stream>,
    ) -> crate::Result<Option<(Stream, Day)>> {
        let Some((who, times)) = self.who_and_when(source)? else { return Ok(None) };
        let (at, table) = self.table(source)?;
        let roles = roles::of_sales(table, self.key(source));
        let mut stream = Stream {
            day: times.iter().map(|ms| day_of(*ms)).collect(),
            has_hours: times.iter().zip(&who).any(|(ms, who)| *who != NOBODY && ms.rem_euclid(DAY_MS) != 0),
            time: times,
            ..Stream::default()
        };
        stream.order = match (above, source.up.first()) {
            // Lines belong to the order whose number they have.
            (Some(_), Some(hop)) => self.levels(table, column(table, &hop.from_column))?.of,
            _ => match roles.order {
                Some(order) => self.levels(table, Some(order))?.of,
                None => vec![0; table.height()],
            },
        };
        self.report.check()?;
        stream.quantity = roles.quantity.map(|c| numbers(table, c));
        stream.amount = self.amounts(table, &roles, stream.quantity.as_deref());
        stream.product = roles.product.map(|c| self.levels(table, Some(c))).transpose()?;
        stream.channel = roles.channel.map(|c| self.levels(table, Some(c))).transpose()?;
        stream.category = match roles.category {
            Some(category) => Some(self.levels(table, Some(category))?),
            None => self.category_of_products(source, at)?,
        };
        self.report.check()?;
        stream.discounted = roles.discount.map(|c| flags(table, c, |text| truth::truth(text) == Some(true)));
        let returned = roles.returned.map(|c| {
            let yes_no = truth::yes_no_levels(&c.levels).is_some();
            flags(table, c, |text| match yes_no {
                true => truth::truth(text) == Some(true),
                false => roles::is_returned_level(text),
            })
        });
        let below = |list: &Option<Vec<f64>>, row: usize| {
            list.as_ref().and_then(|list| list.get(row)).is_some_and(|value| *value < 0.0)
        };
        stream.is_return = (0..table.height())
            .map(|row| {
                returned.as_ref().and_then(|list| list.get(row)) == Some(&true)
                    || below(&stream.quantity, row)
                    || below(&stream.amount, row)
            })
            .collect();
        let last = self.last_day(table, &stream.day, &who);
        Ok(Some((stream.sorted(&who, customers), last)))
    }

    /// The last day of the books: of the rows that count, without slips; not after the day that a person
    /// has set.
    fn last_day(&mut self, table: &Table, days: &[Day], who: &[u32]) -> Day {
        let mut counted: Vec<Day> =
            days.iter().zip(who).filter(|(_, who)| **who != NOBODY).map(|(day, _)| *day).collect();
        counted.par_sort_unstable();
        let most = ((counted.len() as f64 * SLIP_SHARE) as usize).max(2);
        let last = counted.last().copied().unwrap_or_default();
        let least = counted.len().saturating_sub(most).max(counted.len().div_ceil(2));
        let gap = (least..counted.len()).find_map(|at| {
            let (before, here) = (counted.get(at.checked_sub(1)?)?, counted.get(at)?);
            (here.saturating_sub(*before) > SLIP_GAP).then_some((at, *before))
        });
        match gap {
            Some((at, before)) => {
                self.notes.push(
                    Note::new("behaviour_slips")
                        .with("table", &table.name)
                        .with("count", counted.len() - at)
                        .with("day", to_date(before))
                        .with("latest", to_date(last)),
                );
                before
            }
            None => last,
        }
    }

    /// Money of each row: an amount, else price times quantity. What is in another currency than most is
    /// not known, for nobody said at which rate it counts.
    fn amounts(&mut self, table: &Table, roles: &SalesRoles, quantity: Option<&[f64]>) -> Option<Vec<f64>> {
        let mut amounts = match (roles.amount, roles.price, quantity) {
            (Some(amount), ..) => numbers(table, amount),
            (None, Some(price), Some(quantity)) => {
                numbers(table, price).iter().zip(quantity).map(|(price, n)| price * n).collect()
            }
            (None, Some(price), None) => numbers(table, price),
            _ => return None,
        };
        if let Some(currency) = currencies(table)
            && let Some((most, _)) = currency.levels.first()
            && let Some(text) = table.text(&currency.name)
        {
            let mut other = 0usize;
            for (amount, cell) in amounts.iter_mut().zip(text.iter()) {
                if value(currency, cell).is_some_and(|cell| cell != most.trim()) {
                    *amount = f64::NAN;
                    other += 1;
                }
            }
            self.notes.push(
                Note::new("behaviour_currencies")
                    .with("table", &table.name)
                    .with("currency", most.trim())
                    .with("count", other),
            );
        }
        Some(amounts)
    }

    /// The category of each row's product, from the table that lists the products.
    fn category_of_products(&self, source: &Source, at: usize) -> crate::Result<Option<Levels>> {
        for planned in self.plan.columns.iter().filter(|c| c.table == source.table && !c.via.is_empty()) {
            let Some(hop) = planned.via.last() else { continue };
            let holder = self.trace.find(&hop.to)?;
            let found = self.data.tables.get(holder).and_then(|table| {
                Some((table, column(table, planned.column.as_deref()?).filter(|c| roles::is_category(c))?))
            });
            let Some((table, category)) = found else { continue };
            let levels = self.levels(table, Some(category))?;
            return self.follow(at, &planned.via, levels);
        }
        Ok(None)
    }

    fn follow(&self, at: usize, via: &[Hop], levels: Levels) -> crate::Result<Option<Levels>> {
        let rows = self.trace.look_up(at, via)?;
        Ok(rows.map(|rows| Levels {
            of: rows.iter().map(|row| levels.of.get(*row as usize).copied().unwrap_or(NO_LEVEL)).collect(),
            texts: levels.texts,
        }))
    }

    /// Events or opinions.
    fn simple(
        &mut self,
        source: Option<&'a Source>,
        customers: usize,
        columns: impl Fn(&'a Table, &str) -> (Option<&'a Column>, Option<&'a Column>),
    ) -> crate::Result<Option<Stream>> {
        let Some(source) = source else { return Ok(None) };
        let Some((who, times)) = self.who_and_when(source)? else { return Ok(None) };
        let (_, table) = self.table(source)?;
        let (kind, rating) = columns(table, self.key(source));
        let stream = Stream {
            day: times.iter().map(|ms| day_of(*ms)).collect(),
            has_hours: times.iter().zip(&who).any(|(ms, who)| *who != NOBODY && ms.rem_euclid(DAY_MS) != 0),
            order: vec![0; times.len()],
            is_return: vec![false; times.len()],
            time: times,
            kind: kind.map(|c| self.levels(table, Some(c))).transpose()?,
            rating: rating.map(|c| numbers(table, c)),
            ..Stream::default()
        };
        Ok(Some(stream.sorted(&who, customers)))
    }

    /// The different values of a column, numbered in the order in which they come.
    fn levels(&self, table: &Table, column: Option<&Column>) -> crate::Result<Levels> {
        use std::hash::BuildHasher as _;
        let Some((column, text)) = column.and_then(|c| Some((c, table.text(&c.name)?.rechunk()))) else {
            return Ok(Levels { of: vec![NO_LEVEL; table.height()], texts: Vec::new() });
        };
        let hasher = PlFixedStateQuality::default();
        let mut numbers: PlHashMap<u64, u32> = PlHashMap::default();
        let mut out = Levels { of: Vec::with_capacity(text.len()), texts: Vec::new() };
        for (row, cell) in text.iter().enumerate() {
            if row % 8192 == 0 {
                self.report.check()?;
            }
            out.of.push(value(column, cell).map_or(NO_LEVEL, |cell| {
                let next = u32::try_from(out.texts.len()).unwrap_or(NO_LEVEL);
                let number = *numbers.entry(hasher.hash_one(cell)).or_insert(next);
                if number == next {
                    out.texts.push(cell.to_owned());
                }
                number
            }));
        }
        Ok(out)
    }
}

fn column<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns.iter().find(|column| column.name == name)
}

/// A column's numbers; not a number where there is none.
fn numbers(table: &Table, column: &Column) -> Vec<f64> {
    let Some(text) = table.text(&column.name) else { return vec![f64::NAN; table.height()] };
    let text = text.rechunk().into_owned();
    let read = |row: usize| {
        let cell = value(column, text.get(row));
        cell.and_then(|cell| number::parse(cell, column.decimal)).filter(|v| v.is_finite())
    };
    (0..text.len()).into_par_iter().map(|row| read(row).unwrap_or(f64::NAN)).collect()
}

/// True where a cell is a number other than 0, or where `says` reads it so.
fn flags(table: &Table, column: &Column, says: impl Fn(&str) -> bool + Sync) -> Vec<bool> {
    let Some(text) = table.text(&column.name) else { return vec![false; table.height()] };
    let text = text.rechunk().into_owned();
    let read = |row: usize| {
        value(column, text.get(row)).is_some_and(|cell| match number::parse(cell, column.decimal) {
            Some(number) => number != 0.0,
            None => says(cell),
        })
    };
    (0..text.len()).into_par_iter().map(read).collect()
}
