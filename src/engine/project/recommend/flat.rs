//! Events from one table: a customer, a product, and mostly a time.

use std::collections::HashMap;

use crate::collect::relate::{Said, key_name, value};
use crate::detect::{date, number, words};
use crate::job::Reporter;
use crate::note::Note;
use crate::recommend::{Interactions, RecommendError, RecommendSpec, Row};
use crate::table::{Column, Dataset, Role, Table};

const TIMES: [&str; 6] = ["timestamp", "time", "date", "datetime", "day", "ts"];
const TIME_PARTS: [&str; 2] = ["时间", "日期"];
const PIECES: [&str; 4] = ["quantity", "qty", "pieces", "units"];
const RATINGS: [&str; 4] = ["rating", "score", "stars", "star"];
const DAY_MS: i64 = 86_400_000;
/// Epoch numbers from here on are milliseconds.
const MILLISECONDS: f64 = 1e11;

struct Found<'a> {
    table: &'a Table,
    customer: &'a Column,
    product: &'a Column,
    time: Option<&'a Column>,
}

fn bare(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

fn is_called(column: &Column, list: &[&str], parts: &[&str]) -> bool {
    let name = bare(&column.name);
    words::tokens(name).iter().any(|word| list.contains(&word.as_str()))
        || parts.iter().any(|part| name.contains(part))
}

/// The column that names a thing: by an identifier, else by the bare word.
fn thing<'a>(table: &'a Table, thing: &str) -> Option<&'a Column> {
    let of = |said: Said| {
        table.columns.iter().find(|column| {
            column.distinct > 0
                && key_name(&column.name).is_some_and(|key| key.thing == thing && key.said == said)
        })
    };
    of(Said::Key).or_else(|| of(Said::Bare))
}

fn called<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    let own = |column: &&Column| column.name == name || bare(&column.name) == name;
    table.columns.iter().find(own)
}

fn columns<'a>(table: &'a Table, spec: &RecommendSpec) -> Option<Found<'a>> {
    let chosen = |name: &Option<String>, guess: &str| match name {
        Some(name) => called(table, name),
        None => thing(table, guess),
    };
    let customer = chosen(&spec.customer, "customer")?;
    let product = chosen(&spec.product, "product")?;
    let time = match &spec.time {
        Some(name) => Some(called(table, name)?),
        None => table.with_role(Role::Date).or_else(|| {
            table.columns.iter().find(|column| {
                is_called(column, &TIMES, &TIME_PARTS)
                    && ![&customer.name, &product.name].contains(&&column.name)
            })
        }),
    };
    (customer.name != product.name).then_some(Found { table, customer, product, time })
}

/// The longest table that names customers and products.
fn find<'a>(data: &'a Dataset, spec: &RecommendSpec) -> Result<Found<'a>, RecommendError> {
    for name in [&spec.customer, &spec.product, &spec.time].into_iter().flatten() {
        if !data.tables.iter().any(|table| called(table, name).is_some()) {
            return Err(RecommendError::NoColumn { column: name.clone() });
        }
    }
    let all = data.tables.iter().filter_map(|table| columns(table, spec));
    all.max_by_key(|found| found.table.height()).ok_or_else(|| {
        let names: Vec<&str> = data.tables.iter().map(|table| table.name.as_str()).take(10).collect();
        RecommendError::NoLines { tables: names.join(", ") }
    })
}

/// Numbers names in the order in which they come.
#[derive(Default)]
struct Names {
    of: HashMap<String, u32>,
    list: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.of.get(name) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.of.insert(name.to_owned(), number);
        self.list.push(name.to_owned());
        number
    }
}

/// Milliseconds since 1970 of a date, or of seconds or milliseconds since 1970.
fn moment(column: &Column, text: &str) -> Option<i64> {
    if column.role != Role::Date
        && let Some(number) = number::parse(text, column.decimal)
        && number.is_finite()
    {
        return match number.abs() {
            large if large >= MILLISECONDS => Some(number as i64),
            // Small numbers are an order of their own: 1, 2, 3.
            _ => Some((number * 1000.0) as i64),
        };
    }
    date::parse(text, column.date_order)
}

/// Reads the events of the longest table that names customers and products.
pub(super) fn read(data: &Dataset, spec: &RecommendSpec, report: &Reporter) -> crate::Result<Interactions> {
    let found = find(data, spec)?;
    let table = found.table;
    let text = |column: &Column| table.text(&column.name).map(|text| text.rechunk().into_owned());
    let (who, what, when) = (text(found.customer), text(found.product), found.time.and_then(text));
    let order = thing(table, "order");
    let basket_of = order.and_then(text);
    let pieces = table.columns.iter().find(|column| is_called(column, &PIECES, &["数量"]));
    let pieces_of = pieces.and_then(text);
    let money = table.columns.iter().find(|column| column.role == Role::Money);
    let money_of = money.and_then(text);
    let parsed = |column: Option<&Column>, cell: Option<&str>| {
        number::parse(value(column?, cell)?, column?.decimal).filter(|number| number.is_finite())
    };
    let tomorrow = chrono::Utc::now().timestamp_millis() + 2 * DAY_MS;
    let (mut customers, mut items, mut baskets) = (Names::default(), Names::default(), Names::default());
    let mut rows = Vec::with_capacity(table.height());
    let (mut nameless, mut undated, mut future, mut back) = (0usize, 0usize, 0usize, 0usize);
    for row in 0..table.height() {
        if row % 8192 == 0 {
            report.check()?;
        }
        let cell = |list: &Option<polars::prelude::StringChunked>, column: &Column| {
            let own = list.as_ref().and_then(|list| list.get(row)).map(str::trim).map(str::to_owned);
            own.filter(|own| !own.is_empty() && value(column, Some(own)).is_some())
        };
        let (Some(customer), Some(product)) = (cell(&who, found.customer), cell(&what, found.product)) else {
            nameless += 1;
            continue;
        };
        let time = match found.time {
            None => 0,
            Some(column) => match cell(&when, column).and_then(|text| moment(column, &text)) {
                Some(time) if time > tomorrow => {
                    future += 1;
                    continue;
                }
                Some(time) => time,
                None => {
                    undated += 1;
                    continue;
                }
            },
        };
        let quantity = parsed(pieces, pieces_of.as_ref().and_then(|list| list.get(row)));
        if quantity.is_some_and(|pieces| pieces <= 0.0) {
            back += 1;
            continue;
        }
        let basket = match order {
            Some(column) => cell(&basket_of, column).map_or(u32::MAX, |name| baskets.number(&name)),
            // What is taken on one day is one basket.
            None => u32::try_from(time.div_euclid(DAY_MS)).unwrap_or_default(),
        };
        rows.push(Row {
            customer: customers.number(&customer),
            item: items.number(&product),
            time,
            basket,
            quantity: quantity.map_or(1.0, |pieces| pieces as f32),
            money: parsed(money, money_of.as_ref().and_then(|list| list.get(row)))
                .map_or(f32::NAN, |money| money as f32),
        });
    }
    let mut all = Interactions::new(customers.list, items.list, &rows, found.time.is_some());
    let mut note = Note::new("recommend_columns").with("customer", &found.customer.name);
    note = note.with("product", &found.product.name);
    all.notes.push(note.with("time", found.time.map_or("—", |column| column.name.as_str())));
    if table.columns.iter().any(|column| is_called(column, &RATINGS, &["评分"])) {
        all.notes.push(Note::new("recommend_ratings"));
    }
    let told = [
        (nameless, Note::new("recommend_nameless")),
        (undated, Note::new("recommend_no_time")),
        (future, Note::new("recommend_future")),
        (back, Note::new("recommend_returns")),
    ];
    for (count, note) in told.into_iter().filter(|(count, _)| *count > 0) {
        all.notes.push(note.with("count", count));
    }
    Ok(all)
}
