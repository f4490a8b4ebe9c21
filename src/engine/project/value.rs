//! What customers are worth: orders, or contracts, of what was collected.

use super::asked::{self, Opened};
use super::{Collected, Settings, labels};
use crate::features::behaviour::to_day;
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Dataset, Role, Table, ValueType};
use crate::value::contract::{self, Contract};
use crate::value::{NextBest, Shop, ValueError, shop};

/// What was found.
#[derive(Debug, Clone)]
pub enum Valued {
    /// Customers who order when they like.
    Shop(Box<Shop>),
    /// Customers under contract.
    Contract(Box<Contract>),
    /// Too few orders for a model, and what can be said instead.
    NextBest(Box<NextBest>),
    /// Too few contracts.
    FewContracts(Note),
}

impl Valued {
    /// Expected discounted money of a customer who is kept, within the horizon: the mean of those under
    /// contract, of those who order the mean of customers weighted by their chance of being there; `None`
    /// without money.
    pub fn of_kept_customer(&self) -> Option<f64> {
        match self {
            Self::Shop(shop) => {
                let money = shop.total.money?.value;
                // Where leaving cannot be told everybody is taken to be there.
                let there = shop.total.alive.unwrap_or(shop.customers.len() as f64);
                (there > 0.0).then(|| money / there)
            }
            Self::Contract(found) => {
                let money = found.money?.value;
                (!found.kept.is_empty()).then(|| money / found.kept.len() as f64)
            }
            Self::NextBest(_) | Self::FewContracts(_) => None,
        }
    }

    /// Expected discounted money of each customer by name; nothing without money.
    pub fn by_customer(&self) -> Vec<(&str, f64)> {
        match self {
            Self::Shop(shop) => {
                let all = shop.customers.iter();
                all.filter_map(|one| Some((one.id.as_str(), one.money?.value))).collect()
            }
            Self::Contract(found) => {
                let all = found.kept.iter();
                all.filter_map(|one| Some((one.id.as_str(), one.money?))).collect()
            }
            Self::NextBest(_) | Self::FewContracts(_) => Vec::new(),
        }
    }
}

/// True where the value of customers can be asked for: there are orders, or contracts.
pub fn could_value(collected: &Collected, table: &Table) -> bool {
    asked::could_ask(collected)
        || contract::tenure(table).is_some() && table.with_role(Role::Target).is_some()
        || bare_orders(&collected.dataset, None).is_some()
}

/// The value of the customers. `table` is the collected table with the roles that the person set; it is
/// looked at where there are no orders.
///
/// # Errors
/// Neither orders nor contracts; orders that cannot be read; as [`shop`] and [`contract::contract`].
pub fn value_of(
    collected: &Collected,
    table: &Table,
    settings: &Settings,
    report: &Reporter,
) -> crate::Result<Valued> {
    let spec = &settings.value;
    let chosen = spec.customer.as_deref();
    if chosen.is_none() && asked::could_ask(collected) {
        return of_orders(collected, settings, Vec::new(), report);
    }
    let has_contracts = spec.tenure.is_some() || contract::tenure(table).is_some();
    if chosen.is_none() && has_contracts {
        let labels = labels::read(table, settings.positive.as_deref())?;
        let key = table.with_role(Role::Id).and_then(|column| table.text(&column.name));
        let id = |row: usize| {
            let named = key.and_then(|key| key.get(row)).map(str::to_owned);
            named.unwrap_or_else(|| (row + 1).to_string())
        };
        let found = contract::contract(table, &labels.of_row, &id, (spec, settings.seed), report)?;
        return Ok(match found {
            Ok(found) => Valued::Contract(Box::new(found)),
            Err(why) => Valued::FewContracts(why),
        });
    }
    match bare_orders(&collected.dataset, chosen) {
        Some((orders, note)) => {
            let dataset = Dataset { tables: vec![orders.clone()], links: Vec::new() };
            let settings = Settings { combine: Default::default(), ..settings.clone() };
            of_orders(&Collected::of(orders, dataset, None), &settings, vec![note], report)
        }
        None => Err(ValueError::Nothing.into()),
    }
}

fn of_orders(
    collected: &Collected,
    settings: &Settings,
    notes: Vec<Note>,
    report: &Reporter,
) -> crate::Result<Valued> {
    let opened = Opened::new(collected, settings, None, &report.part(0.0, 0.3))?;
    let (base, key) = opened.base()?;
    let names = base.text(&key.name);
    let id = |customer: usize| {
        let row = opened.read.first_rows.get(customer).map(|row| *row as usize);
        let name = row.and_then(|row| names?.get(row)).map(str::trim);
        name.map_or_else(|| (customer + 1).to_string(), str::to_owned)
    };
    let cut = settings.combine.as_of.map(|day| opened.read.books.cut(to_day(day)));
    let books = cut.as_ref().unwrap_or(&opened.read.books);
    let found = shop(books, &id, &settings.value, settings.seed, &report.part(0.3, 0.7))?;
    Ok(match found {
        Ok(mut shop) => {
            let told = notes.into_iter().chain(opened.read.notes.iter().cloned());
            shop.notes.splice(0..0, told);
            Valued::Shop(Box::new(shop))
        }
        Err(next_best) => Valued::NextBest(Box::new(next_best)),
    })
}

/// A single table without names that say what it is, yet with a date and customers that come again: its
/// columns get the names that orders have. The note says which column was taken for what.
fn bare_orders(data: &Dataset, customer: Option<&str>) -> Option<(Table, Note)> {
    let [table] = data.tables.as_slice() else { return None };
    let date = table.with_role(Role::Date)?;
    let rows = table.height() as u64;
    let has_names = table.source.header;
    let again = |column: &&crate::table::Column| {
        // Where columns have names, only an identifier is taken for the customer.
        let is_name = column.role == Role::Id || !has_names && column.role == Role::Category;
        // Many different values, and yet most of them again.
        is_name
            && column.missing * 10 < rows
            && column.distinct * 50 > rows
            && column.distinct * 10 < rows * 9
    };
    let who = match customer {
        Some(name) => table.columns.iter().find(|column| column.name == name)?,
        None => table.columns.iter().find(again)?,
    };
    let is_money = |column: &&crate::table::Column| {
        column.name != who.name
            && (column.role == Role::Money
                || column.role == Role::Number && column.value_type == ValueType::Number)
    };
    let money = table.columns.iter().rev().find(is_money);
    let mut note = Note::new("value_columns").with("customer", &who.name).with("date", &date.name);
    note = note.with("money", money.map_or("—", |column| column.name.as_str()));
    let wanted = [
        Some((who.name.clone(), "customer id", Role::Id)),
        Some((date.name.clone(), "date", Role::Date)),
        money.map(|column| (column.name.clone(), "amount", Role::Money)),
    ];
    let mut out = Table { name: "orders".into(), ..table.clone() };
    let (mut columns, mut kept) = (Vec::new(), Vec::new());
    for (name, called, role) in wanted.into_iter().flatten() {
        let column = out.columns.iter().find(|column| column.name == name)?;
        columns.push(crate::table::Column { name: called.into(), role, ..column.clone() });
        let mut cells = out.raw.column(&name).ok()?.clone();
        cells.rename(called.into());
        kept.push(cells);
    }
    out.raw = polars::prelude::DataFrame::new(out.raw.height(), kept).ok()?;
    out.columns = columns;
    Some((out, note))
}
