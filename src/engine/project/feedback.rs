//! What customers are saying, of what was collected: which table and columns hold comments, who made them,
//! and what is known of those.

mod columns;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{Collected, Settings, labels};
use crate::collect::relate::value;
use crate::detect::{date, number};
use crate::feedback::{Comment, Commenter, Feedback, FeedbackError, FeedbackSpec, Said, analyse};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Column, Role, Table};

pub use columns::{HeardColumns, could_hear};
pub(super) use columns::{find, with_roles};

use columns::{Columns, columns};

/// What customers are saying.
///
/// # Errors
/// As [`comments_of`]; the person cancelled.
pub fn feedback_of(collected: &Collected, settings: &Settings, report: &Reporter) -> crate::Result<Feedback> {
    let said = comments_of(collected, settings, &report.part(0.0, 0.05))?;
    analyse(said, &settings.feedback, settings.seed, &report.part(0.05, 0.95))
}

/// Comments, and what stands beside them: the day, a rating, an answer 0 to 10, a group, the customer, and of
/// the customer whether it left and what it spent. Columns that the settings do not name are guessed by name
/// and content; notes tell them.
///
/// # Errors
/// No column of comments, a named column that is not there, only empty comments; the person cancelled.
pub fn comments_of(collected: &Collected, settings: &Settings, report: &Reporter) -> crate::Result<Said> {
    let collected = &with_roles(collected, settings);
    let found = columns(collected, &settings.feedback)?;
    let (table, text) = (found.table, found.text);
    let days = found.date.map(|column| cells(table, column, |cell| day(cell, column)));
    let segments = found.segment.map(|column| cells(table, column, |cell| Some(cell.to_owned())));
    report.check()?;
    let (customers, of_row) = customers(collected, &found, settings);
    let rating = found.rating.as_ref().map(|(_, list, _)| list);
    let nps = found.nps.as_ref().map(|(_, list)| list);
    let number = |list: Option<&Vec<Option<f64>>>, row: usize| list.and_then(|list| *list.get(row)?);
    let texts = table.text(&text.name);
    let mut comments = Vec::with_capacity(table.height());
    for row in 0..table.height() {
        if row % 8192 == 0 {
            report.check()?;
        }
        let Some(cell) = texts.and_then(|texts| value(text, texts.get(row))) else { continue };
        comments.push(Comment {
            row: table.rows.get(row).copied().unwrap_or_default(),
            text: cell.to_owned(),
            customer: of_row.get(row).copied().flatten(),
            day: days.as_ref().and_then(|days| days.get(row).copied().flatten()),
            rating: number(rating, row),
            nps: number(nps, row),
            segment: segments.as_ref().and_then(|list| list.get(row).cloned().flatten()),
        });
    }
    if comments.is_empty() {
        return Err(FeedbackError::Empty { column: text.name.clone() }.into());
    }
    let names = found.names();
    let or_none = |name: &Option<String>| name.clone().unwrap_or_else(|| "—".to_owned());
    let note = Note::new("feedback_columns").with("table", &names.table).with("text", &names.text);
    let mut notes = vec![note.with("rating", or_none(&names.rating)).with("date", or_none(&names.date))];
    let blank = table.height() - comments.len();
    if blank > 0 {
        notes.push(Note::new("feedback_blank").with("count", blank));
    }
    let scale = found.rating.as_ref().map(|(.., scale)| *scale);
    Ok(Said { comments, customers, scale, notes })
}

/// The names of the columns that would be read; `None` where there are no comments, or one that the settings
/// name is not there.
pub(super) fn heard_columns(collected: &Collected, spec: &FeedbackSpec) -> Option<HeardColumns> {
    columns(collected, spec).ok().map(|columns| columns.names())
}

fn missing<'a>(column: &str, tables: impl Iterator<Item = &'a Table>) -> crate::Error {
    let names = tables.flat_map(|table| &table.columns).map(|column| column.name.as_str());
    let present: Vec<&str> = names.take(40).collect();
    FeedbackError::NoColumn { column: column.to_owned(), present: present.join(", ") }.into()
}

fn cells<T>(table: &Table, column: &Column, read: impl Fn(&str) -> Option<T>) -> Vec<Option<T>> {
    match table.text(&column.name) {
        Some(text) => text.iter().map(|cell| value(column, cell).and_then(&read)).collect(),
        None => Vec::new(),
    }
}

fn day(cell: &str, column: &Column) -> Option<NaiveDate> {
    let ms = date::parse(cell, column.date_order)?;
    Some(chrono::DateTime::from_timestamp_millis(ms)?.date_naive())
}

/// Numbers of a column of ratings; words that say kind or unkind are 1 and 0.
fn rated(table: &Table, column: &Column) -> Vec<Option<f64>> {
    cells(table, column, |cell| {
        number::parse(cell, column.decimal).or_else(|| match cell.to_lowercase().as_str() {
            "positive" | "pos" | "good" | "好评" | "正面" | "积极" | "满意" => Some(1.0),
            "negative" | "neg" | "bad" | "差评" | "负面" | "消极" | "不满意" => Some(0.0),
            _ => None,
        })
    })
}

/// Who commented: the customers, and the customer of each row of the table of comments.
fn customers(
    collected: &Collected,
    found: &Columns<'_>,
    settings: &Settings,
) -> (Vec<Commenter>, Vec<Option<usize>>) {
    let (table, base) = (found.table, found.customer.base);
    let keys: Vec<Option<String>> = match found.customer.own {
        Some(column) => cells(table, column, |cell| Some(cell.to_owned())),
        None => (0..table.height()).map(|row| Some((row + 1).to_string())).collect(),
    };
    // Of a flat file every row tells of its own customer.
    let about = base.map_or(table, |(base, _)| base);
    let is_rating =
        |column: &Column| found.rating.as_ref().is_some_and(|(rating, ..)| rating.name == column.name);
    let target = about.with_role(Role::Target).filter(|column| base.is_some() || !is_rating(column));
    let left = target.and_then(|_| labels::read(about, settings.positive.as_deref()).ok());
    let elsewhere = left_elsewhere(collected, about, settings);
    let money = about.columns.iter().find(|column| column.role == Role::Money);
    let spend = money.map(|column| cells(about, column, |cell| number::parse(cell, column.decimal)));
    let known = |row: usize| Commenter {
        id: String::new(),
        left: left.as_ref().and_then(|left| left.of_row.get(row).copied().flatten()),
        spend: spend.as_ref().and_then(|spend| spend.get(row).copied().flatten()),
    };
    let mut rows_above: HashMap<&str, usize> = HashMap::new();
    let above = base.and_then(|(base, key)| base.text(key));
    for (row, key) in above.into_iter().flat_map(|text| text.iter().enumerate()) {
        if let Some(key) = key.map(str::trim) {
            rows_above.entry(key).or_insert(row);
        }
    }
    let mut out: Vec<Commenter> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let of_row = keys
        .into_iter()
        .enumerate()
        .map(|(row, key)| {
            let key = key?;
            let place = *places.entry(key.clone()).or_insert_with(|| {
                let found = if base.is_some() { rows_above.get(key.as_str()).copied() } else { Some(row) };
                let mut one = Commenter { id: key.clone(), ..found.map(known).unwrap_or_default() };
                if let Some(elsewhere) = &elsewhere {
                    one.left = elsewhere.get(key.as_str()).copied();
                }
                out.push(one);
                out.len() - 1
            });
            Some(place)
        })
        .collect();
    (out, of_row)
}

/// Who left, by the customers' identifiers, where the person has set a target that stands in another table than
/// the customers': all tables together have it.
fn left_elsewhere<'a>(
    collected: &'a Collected,
    about: &Table,
    settings: &Settings,
) -> Option<HashMap<&'a str, bool>> {
    let (target, _) = settings.read.roles.iter().find(|(_, role)| *role == Role::Target)?;
    if settings.question.is_some() || about.position(target).is_some() {
        return None;
    }
    let table = &collected.table;
    let left =
        labels::read(table, settings.positive.as_deref()).ok().filter(|left| left.column == *target)?;
    let keys = table.text(&collected.plan.as_ref()?.key)?;
    let known = keys.iter().zip(left.of_row).filter_map(|(key, left)| Some((key?.trim(), left?)));
    Some(known.collect())
}
