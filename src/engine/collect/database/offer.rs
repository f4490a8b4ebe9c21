//! What a table offers to be added up per customer, and what is proposed of it: read off its first
//! rows and the database's own types.

use super::{Aggregate, Database, Function, Kind, Source, TableName, listing};
use crate::collect::relate::{Said, key_name};
use crate::job::Reporter;
use crate::table::{Column, Role, Table, ValueType};

/// Rows that are looked at.
const LOOKED_AT: u32 = 500;

/// Columns that can take part, and a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// All of them, any of which may name the customer.
    pub columns: Vec<String>,
    /// Those that the database can add up.
    pub numbers: Vec<String>,
    /// Those that say when something happened, and sort by time where they are.
    pub dates: Vec<String>,
    /// The proposal: the customer's column, rows counted, money added up, dates from first to last.
    pub proposed: Aggregate,
}

impl Database {
    /// What a table offers to be added up per customer.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn offer(&self, table: &TableName, report: &Reporter) -> crate::Result<Offer> {
        let head = self.preview(&Source::Table(table.clone()), LOOKED_AT, report)?;
        let named = table.clone();
        let numbers: Vec<String> =
            head.columns.iter().filter(|column| is_number(column)).map(|c| c.name.clone()).collect();
        let kinds = self.act(report, self.limits.seconds, move |login| {
            let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
            Ok(login.open()?.columns(&named, &numbers).map_err(|e| listing(e, login))?)
        })?;
        Ok(offer(table, &head, &kinds))
    }
}

/// Keys have digits, too, and no sum.
fn is_number(column: &Column) -> bool {
    matches!(column.value_type, ValueType::Integer | ValueType::Number)
        && matches!(column.role, Role::Number | Role::Money | Role::Category)
        && key_name(&column.name).is_none()
}

fn offer(table: &TableName, head: &Table, kinds: &[(String, Kind)]) -> Offer {
    let kind = |name: &str| kinds.iter().find(|(column, _)| column == name).map(|(_, kind)| *kind);
    // Names that came twice were numbered on the way: the database knows the first of them only.
    let known: Vec<&Column> = head.columns.iter().filter(|column| kind(&column.name).is_some()).collect();
    let numbers: Vec<&Column> = known
        .iter()
        .copied()
        .filter(|column| is_number(column) && kind(&column.name) == Some(Kind::Number))
        .collect();
    let dates: Vec<String> = known
        .iter()
        .filter(|column| column.role == Role::Date && !is_birthday(&column.name))
        .filter(|column| kind(&column.name) == Some(Kind::Date) || sorts_by_time(head, &column.name))
        .map(|column| column.name.clone())
        .collect();
    let sums = numbers.iter().filter(|column| column.role == Role::Money);
    let sums = sums.map(|column| (column.name.clone(), Function::Sum));
    let ends = |date: &String| [(date.clone(), Function::First), (date.clone(), Function::Last)];
    let proposed = Aggregate {
        table: table.clone(),
        key: key(&known).unwrap_or_default(),
        rows: true,
        columns: sums.chain(dates.iter().flat_map(ends)).collect(),
        order: None,
    };
    Offer {
        columns: known.iter().map(|column| column.name.clone()).collect(),
        numbers: numbers.iter().map(|column| column.name.clone()).collect(),
        dates,
        proposed,
    }
}

/// The column that says whose a row is: by its name, else by what it holds, else the first.
fn key(columns: &[&Column]) -> Option<String> {
    let said = |said: Said, thing: &str| {
        let is = |column: &&&Column| {
            key_name(&column.name).is_some_and(|key| key.said == said && key.thing == thing)
        };
        columns.iter().find(is)
    };
    let role = |role: Role| columns.iter().find(|column| column.role == role);
    said(Said::Key, "customer")
        .or_else(|| said(Said::Bare, "customer"))
        .or_else(|| said(Said::Contact, "email"))
        .or_else(|| said(Said::Contact, "phone"))
        .or_else(|| role(Role::Id))
        .or_else(|| columns.first())
        .map(|column| column.name.clone())
}

/// Of a person, and not of what happened.
fn is_birthday(name: &str) -> bool {
    let name = name.to_lowercase();
    ["birth", "生日", "出生"].iter().any(|part| name.contains(part))
}

/// A text is compared letter by letter: only dates that begin with the year come in their order.
fn sorts_by_time(head: &Table, name: &str) -> bool {
    let Some(values) = head.text(name) else { return false };
    let form = b"0000-00-00";
    let fits = |(byte, like): (u8, &u8)| match like {
        b'-' => matches!(byte, b'-' | b'/' | b'.'),
        _ => byte.is_ascii_digit(),
    };
    values
        .iter()
        .flatten()
        .map(str::trim)
        .all(|value| value.is_empty() || value.len() >= form.len() && value.bytes().zip(form).all(fits))
}
