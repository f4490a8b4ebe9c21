//! Linked tables → the shop's books. Cells are read as their columns write numbers and dates; what
//! names no customer or has no date is left out and told.

use super::BehaviourError;
use super::books::{Books, Levels, NO_LEVEL, Stream};
use super::cells::{self, flags, last_day, numbers, plain};
use super::columns::{self, Chosen, Columns, Known};
use super::fitted::FittedBehaviour;
use super::question::{Day, to_date, to_day};
use super::roles::{self, SalesRoles};
use crate::collect::combine::{Hop, NOBODY, Plan, Source, Trace, column, currency};
use crate::collect::relate::{TableKind, kind, value};
use crate::detect::truth;
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::table::{Column, Dataset, Table};

/// The books, and what a person should know of how they were read.
#[derive(Debug, Clone)]
pub struct Read {
    pub books: Books,
    pub notes: Vec<Note>,
    /// Which column told what, and how it was read.
    pub columns: Columns,
    /// Place of the table that names the customers.
    pub(crate) base: usize,
    /// For each customer its first row there.
    pub(crate) first_rows: Vec<u32>,
}

impl Read {
    /// The same as of a day: nothing later is known.
    ///
    /// # Errors
    /// Nothing had been bought by then.
    pub(crate) fn until(&self, day: Day) -> Result<Self, BehaviourError> {
        let books = self.books.cut(day);
        match books.first_day() {
            None => Err(BehaviourError::NoPurchases),
            Some(_) => Ok(Self {
                books,
                notes: self.notes.clone(),
                columns: self.columns.clone(),
                base: self.base,
                first_rows: self.first_rows.clone(),
            }),
        }
    }
}

#[cfg(test)]
thread_local! {
    /// How often this thread has read books.
    pub(crate) static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Reads the books of the tables of `data`, linked as `plan` says. The plan's last day that counts, if
/// any, ends the books. `kept` are the columns that a model has learnt from: they are read by their names,
/// and nothing is guessed.
///
/// # Errors
/// No table of orders, none with dates, a table of the plan or a kept column that is gone, the person
/// cancels.
pub fn read(data: &Dataset, plan: &Plan, kept: Option<&Columns>, report: &Reporter) -> crate::Result<Read> {
    read_to(data, plan, kept, None, report)
}

/// [`read`] of some customers' rows that go to `day`: no date is a slip, and what is later falls away.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_told(
    data: &Dataset,
    plan: &Plan,
    fitted: &FittedBehaviour,
    day: Day,
    report: &Reporter,
) -> crate::Result<Read> {
    let read = read_to(data, plan, fitted.columns.as_ref(), Some(day), report)?;
    Ok(Read { books: read.books.of_some(&fitted.layout), ..read })
}

fn read_to(
    data: &Dataset,
    plan: &Plan,
    kept: Option<&Columns>,
    told: Option<Day>,
    report: &Reporter,
) -> crate::Result<Read> {
    report.emit(Event::Phase("books"));
    #[cfg(test)]
    READ.with(|times| times.set(times.get() + 1));
    let until = told.or(plan.as_of.map(to_day));
    let plan = &Plan { as_of: None, ..plan.clone() };
    let trace = Trace::new(data, plan, report)?;
    let chosen = Chosen::new(kept);
    let mut reader = Reader { data, plan, trace: &trace, report, chosen, notes: Vec::new() };
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
    let events = reader.events(events, customers)?;
    let feedback = reader.feedback(feedback, customers)?;
    report.progress(0.9);
    let (notes, columns) = (reader.notes, reader.chosen.made());
    let last = told.unwrap_or_else(|| until.map_or(last, |day| day.min(last)));
    let books = Books::new(customers, sales, [lines, events, feedback], last, until.unwrap_or(Day::MAX));
    if books.first_day().is_none() {
        return Err(BehaviourError::NoPurchases.into());
    }
    report.progress(1.0);
    Ok(Read { books, notes, columns, base: trace.base(), first_rows: trace.first_rows().to_vec() })
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
    chosen: Chosen<'a>,
    notes: Vec<Note>,
}

impl<'a> Reader<'a> {
    fn levels(&self, table: &Table, column: Option<&Column>) -> crate::Result<Levels> {
        Ok(cells::levels(table, column, self.report)?)
    }

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
        let part = if above.is_some() { "lines" } else { "sales" };
        let roles = self.roles(part, table, self.key(source))?;
        let mut stream = plain(times, &who);
        stream.order = match (above, source.up.first()) {
            // Lines belong to the order whose number they have.
            (Some(_), Some(hop)) => self.levels(table, Some(column(table, &hop.from_column)?))?.of,
            _ => match roles.order {
                Some(order) => self.levels(table, Some(order))?.of,
                None => vec![0; table.height()],
            },
        };
        self.report.check()?;
        stream.quantity = roles.quantity.map(|c| numbers(table, c));
        stream.amount = self.amounts(part, table, &roles, stream.quantity.as_deref())?;
        stream.product = roles.product.map(|c| self.levels(table, Some(c))).transpose()?;
        stream.channel = roles.channel.map(|c| self.levels(table, Some(c))).transpose()?;
        stream.category = match roles.category {
            Some(category) => Some(self.levels(table, Some(category))?),
            None => self.category_of_products(part, source, at)?,
        };
        self.report.check()?;
        stream.discounted = roles.discount.map(|c| flags(table, c, |text| truth::truth(text) == Some(true)));
        let returned = roles.returned.map(|c| {
            let guess = || truth::yes_no_levels(&c.levels).map_or("state", |_| "yes or no").to_owned();
            let how = self.chosen.how(&format!("{part}.returned is"), || Some(guess()));
            let yes_no = how.as_deref() == Some("yes or no");
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

    /// The last day of the books: of the rows that count, without slips.
    fn last_day(&mut self, table: &Table, days: &[Day], who: &[u32]) -> Day {
        let (last, slips) = last_day(days, who);
        if let Some((count, latest)) = slips {
            let note = Note::new("behaviour_slips").with("table", &table.name).with("count", count);
            self.notes.push(note.with("day", to_date(last)).with("latest", to_date(latest)));
        }
        last
    }

    /// Money of each row: an amount, else price times quantity. What is in another currency than most is
    /// not known, for nobody said at which rate it counts.
    fn amounts(
        &mut self,
        part: &str,
        table: &'a Table,
        roles: &SalesRoles,
        quantity: Option<&[f64]>,
    ) -> Result<Option<Vec<f64>>, BehaviourError> {
        let mut amounts = match (roles.amount, roles.price, quantity) {
            (Some(amount), ..) => numbers(table, amount),
            (None, Some(price), Some(quantity)) => {
                numbers(table, price).iter().zip(quantity).map(|(price, n)| price * n).collect()
            }
            (None, Some(price), None) => numbers(table, price),
            _ => return Ok(None),
        };
        let currency = self.chosen.pick(&format!("{part}.currency"), table, currency(table, 1))?;
        let most = || currency.and_then(|c| c.levels.first()).map(|(most, _)| most.trim().to_owned());
        let counts = self.chosen.how(&format!("{part}.currency that counts"), most);
        if let (Some(currency), Some(most)) = (currency, counts)
            && let Some(text) = table.text(&currency.name)
        {
            let mut other = 0usize;
            for (amount, cell) in amounts.iter_mut().zip(text.iter()) {
                if value(currency, cell).is_some_and(|cell| cell != most) {
                    *amount = f64::NAN;
                    other += 1;
                }
            }
            if other > 0 {
                self.notes.push(
                    Note::new("behaviour_currencies")
                        .with("table", &table.name)
                        .with("currency", most)
                        .with("count", other),
                );
            }
        }
        Ok(Some(amounts))
    }

    /// The category of each row's product, from the table that lists the products.
    fn category_of_products(
        &mut self,
        part: &str,
        source: &Source,
        at: usize,
    ) -> crate::Result<Option<Levels>> {
        let what = format!("{part}.category_of_products");
        let plan = self.plan;
        for planned in plan.columns.iter().filter(|c| c.table == source.table && !c.via.is_empty()) {
            let Some(hop) = planned.via.last() else { continue };
            let Some(table) = self.data.tables.get(self.trace.find(&hop.to)?) else { continue };
            let category = match self.chosen.known(&what) {
                Known::Guess => planned.column.as_deref().and_then(|name| columns::called(table, name)),
                Known::Nothing => return Ok(None),
                Known::Named(name) => columns::called(table, name),
            };
            let is_guess = matches!(self.chosen.known(&what), Known::Guess);
            let Some(category) = category.filter(|c| !is_guess || roles::is_category(c)) else { continue };
            self.chosen.note(&what, &category.name);
            let levels = self.levels(table, Some(category))?;
            return self.follow(at, &planned.via, levels);
        }
        match self.chosen.known(&what) {
            Known::Named(_) => Err(BehaviourError::Lacking { what: "category" }.into()),
            _ => Ok(None),
        }
    }

    fn follow(&self, at: usize, via: &[Hop], levels: Levels) -> crate::Result<Option<Levels>> {
        let rows = self.trace.look_up(at, via)?;
        Ok(rows.map(|rows| Levels {
            of: rows.iter().map(|row| levels.of.get(*row as usize).copied().unwrap_or(NO_LEVEL)).collect(),
            texts: levels.texts,
        }))
    }

    /// The columns of a table of orders or their lines that tell something.
    fn roles(&mut self, part: &str, table: &'a Table, key: &str) -> Result<SalesRoles<'a>, BehaviourError> {
        let guess = roles::of_sales(table, key);
        let mut pick = |what: &str, guess| self.chosen.pick(&format!("{part}.{what}"), table, guess);
        let amount = pick("amount", guess.amount)?;
        Ok(SalesRoles {
            // Lines have the number of the order that they lead to.
            order: pick("order", guess.order.filter(|_| part != "lines"))?,
            // A price counts only where no amount does.
            price: pick("price", guess.price.filter(|_| amount.is_none()))?,
            amount,
            quantity: pick("quantity", guess.quantity)?,
            product: pick("product", guess.product)?,
            category: pick("category", guess.category)?,
            channel: pick("channel", guess.channel)?,
            discount: pick("discount", guess.discount)?,
            returned: pick("returned", guess.returned)?,
        })
    }

    fn events(&mut self, source: Option<&'a Source>, customers: usize) -> crate::Result<Option<Stream>> {
        let Some(source) = source else { return Ok(None) };
        let Some((who, times)) = self.who_and_when(source)? else { return Ok(None) };
        let (_, table) = self.table(source)?;
        let kind = self.chosen.pick("events.kind", table, roles::event_kind(table, self.key(source)))?;
        let kind = kind.map(|c| self.levels(table, Some(c))).transpose()?;
        Ok(Some(Stream { kind, ..plain(times, &who) }.sorted(&who, customers)))
    }

    fn feedback(&mut self, source: Option<&'a Source>, customers: usize) -> crate::Result<Option<Stream>> {
        let Some(source) = source else { return Ok(None) };
        let Some((who, times)) = self.who_and_when(source)? else { return Ok(None) };
        let (_, table) = self.table(source)?;
        let rating = self.chosen.pick("feedback.rating", table, roles::rating(table, self.key(source)))?;
        let rating = rating.map(|c| numbers(table, c));
        Ok(Some(Stream { rating, ..plain(times, &who) }.sorted(&who, customers)))
    }
}
