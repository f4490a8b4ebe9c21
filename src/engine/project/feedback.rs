//! What customers are saying, of what was collected: which table and columns hold comments, who made them,
//! and what is known of those.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{Collected, Settings, labels};
use crate::collect::relate::{TableKind, value};
use crate::detect::{date, number, words};
use crate::feedback::{Comment, Commenter, Feedback, FeedbackError, FeedbackSpec, Said, Scale, analyse};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Cardinality, Column, Role, Table, ValueType};

const TEXT: (&[&str], &[&str]) = (
    &[
        "comment", "comments", "review", "reviews", "feedback", "text", "message", "content", "opinion",
        "remark",
    ],
    &["评论", "评价", "内容", "留言", "反馈", "意见", "点评"],
);
const RATING: (&[&str], &[&str]) = (
    &["rating", "score", "stars", "star", "satisfaction", "label", "sentiment"],
    &["评分", "星级", "满意度", "打分", "情感", "标签"],
);
const NPS: (&[&str], &[&str]) = (&["nps", "recommend", "recommendation"], &["推荐"]);

/// Most groups that figures are told by.
const GROUPS: usize = 12;

/// What customers are saying.
///
/// # Errors
/// As [`comments_of`]; the person cancelled.
pub fn feedback_of(collected: &Collected, settings: &Settings, report: &Reporter) -> crate::Result<Feedback> {
    let said = comments_of(collected, settings, &report.part(0.0, 0.05))?;
    analyse(said, &settings.feedback, settings.seed, &report.part(0.05, 0.95))
}

/// True where there is a column of comments.
pub fn could_hear(collected: &Collected) -> bool {
    find(collected, &FeedbackSpec::default()).is_some_and(|(_, _, column)| !is_category(column))
}

fn is_category(column: &Column) -> bool {
    column.role != Role::Text && !words::named(&column.name, TEXT.0, TEXT.1)
}

/// True for free text of some length, and not names of places: ten bytes a value and more.
fn is_wordy(column: &Column) -> bool {
    let bytes: usize = column.levels.iter().map(|(text, _)| text.len()).sum();
    bytes >= 10 * column.levels.len().max(1)
}

/// The table of comments, its place among the collected ones, and the column.
pub(super) fn find<'a>(
    collected: &'a Collected,
    spec: &FeedbackSpec,
) -> Option<(usize, &'a Table, &'a Column)> {
    let tables = || collected.dataset.tables.iter().enumerate();
    if let Some(name) = &spec.text {
        return tables().find_map(|(at, table)| {
            let column = table.columns.get(table.position(name)?)?;
            Some((at, table, column))
        });
    }
    let (mut best, mut most) = (None, None);
    for (at, table) in tables() {
        let said = collected.kinds.get(at).is_some_and(|(kind, _)| *kind == TableKind::Feedback);
        for column in &table.columns {
            let is_named = words::named(&column.name, TEXT.0, TEXT.1);
            let is_text = column.role == Role::Text;
            let could = is_text || is_named && column.role == Role::Category;
            if column.value_type != ValueType::Text || !could || !is_named && !is_wordy(column) {
                continue;
            }
            let rank = Some((said, is_named, is_text, column.distinct));
            if rank > most {
                (best, most) = (Some((at, table, column)), rank);
            }
        }
    }
    best
}

/// Comments, and what stands beside them: the day, a rating, an answer 0 to 10, a group, the customer, and of
/// the customer whether it left and what it spent. Columns that the settings do not name are guessed by name
/// and content; notes tell them.
///
/// # Errors
/// No column of comments, a named column that is not there, only empty comments; the person cancelled.
pub fn comments_of(collected: &Collected, settings: &Settings, report: &Reporter) -> crate::Result<Said> {
    let spec = &settings.feedback;
    let all = || collected.dataset.tables.iter();
    let Some((at, table, text)) = find(collected, spec) else {
        return Err(match &spec.text {
            Some(column) => missing(column, all()),
            None => {
                let names: Vec<&str> = all().map(|table| table.name.as_str()).take(10).collect();
                FeedbackError::NoText { tables: names.join(", ") }.into()
            }
        });
    };
    let free =
        |column: &&Column| column.name != text.name && column.role != Role::Date && column.distinct > 0;
    let named = |wanted: &Option<String>, names: (&[&str], &[&str])| -> crate::Result<Option<&Column>> {
        match wanted {
            Some(name) => {
                let column = table.position(name).and_then(|at| table.columns.get(at));
                column.map(Some).ok_or_else(|| missing(name, std::iter::once(table)))
            }
            None => Ok(table
                .columns
                .iter()
                .filter(free)
                .find(|column| words::named(&column.name, names.0, names.1))),
        }
    };
    let nps_column = named(&spec.nps, NPS)?;
    let rating_column =
        named(&spec.rating, RATING)?.filter(|c| nps_column.is_none_or(|nps| nps.name != c.name));
    let answers = |column: Option<&Column>| column.map(|column| rated(table, column));
    let nps =
        answers(nps_column).filter(|list| Scale::of(list.iter().flatten().copied()) == Some(Scale::Ten));
    let mut rating = answers(rating_column);
    let scale = rating.as_ref().and_then(|list| Scale::of(list.iter().flatten().copied()));
    if scale.is_none() {
        rating = None;
    }
    let dates = match &spec.date {
        Some(_) => named(&spec.date, NPS)?,
        None => table.columns.iter().find(|column| column.role == Role::Date),
    };
    let days = dates.map(|column| cells(table, column, |cell| day(cell, column)));
    let segment_column = match &spec.segment {
        Some(_) => named(&spec.segment, NPS)?,
        None => table.columns.iter().filter(free).find(|column| {
            column.role == Role::Category
                && (2..=GROUPS as u64).contains(&column.distinct)
                && rating_column.is_none_or(|rating| rating.name != column.name)
                && nps_column.is_none_or(|nps| nps.name != column.name)
        }),
    };
    let segments = segment_column.map(|column| cells(table, column, |cell| Some(cell.to_owned())));
    report.check()?;
    let customer_column = named(&spec.customer, (&[], &[]))?;
    let (customers, of_row) = customers(collected, (at, table), (rating_column, customer_column), settings);
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
            rating: rating.as_ref().and_then(|list| list.get(row).copied().flatten()),
            nps: nps.as_ref().and_then(|list| list.get(row).copied().flatten()),
            segment: segments.as_ref().and_then(|list| list.get(row).cloned().flatten()),
        });
    }
    if comments.is_empty() {
        return Err(FeedbackError::Empty { column: text.name.clone() }.into());
    }
    let mut note = Note::new("feedback_columns").with("table", &table.name).with("text", &text.name);
    let none = || "—".to_owned();
    let name = |column: Option<&Column>| column.map_or_else(none, |column| column.name.clone());
    note = note.with("rating", name(rating_column.filter(|_| scale.is_some()))).with("date", name(dates));
    let mut notes = vec![note];
    let blank = table.height() - comments.len();
    if blank > 0 {
        notes.push(Note::new("feedback_blank").with("count", blank));
    }
    Ok(Said { comments, customers, scale, notes })
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
    (at, table): (usize, &Table),
    (rating, chosen): (Option<&Column>, Option<&Column>),
    settings: &Settings,
) -> (Vec<Commenter>, Vec<Option<usize>>) {
    let data = &collected.dataset;
    let up = data.links.iter().find_map(|link| match link {
        link if link.from == at => Some((link.to, &link.from_column, &link.to_column)),
        link if link.to == at && link.cardinality == Cardinality::OneToOne => {
            Some((link.from, &link.to_column, &link.from_column))
        }
        _ => None,
    });
    // A link over another column than the chosen one says nothing of its customers.
    let up = up.filter(|(_, own, _)| chosen.is_none_or(|chosen| chosen.name == **own));
    let base = up.and_then(|(base, own, key)| Some((data.tables.get(base)?, own, key)));
    let own = match base {
        Some((_, own, _)) => Some(own.as_str()),
        None if chosen.is_some() => chosen.map(|column| column.name.as_str()),
        None => table.with_role(Role::Id).map(|column| column.name.as_str()),
    };
    let keyed = own.and_then(|own| table.columns.iter().find(|column| column.name == own));
    let keys: Vec<Option<String>> = match keyed {
        Some(column) => cells(table, column, |cell| Some(cell.to_owned())),
        None => (0..table.height()).map(|row| Some((row + 1).to_string())).collect(),
    };
    // Of a flat file every row tells of its own customer.
    let about = base.map_or(table, |(base, ..)| base);
    let is_rating = |column: &Column| rating.is_some_and(|rating| rating.name == column.name);
    let target = about.with_role(Role::Target).filter(|column| base.is_some() || !is_rating(column));
    let left = target.and_then(|_| labels::read(about, settings.positive.as_deref()).ok());
    let money = about.columns.iter().find(|column| column.role == Role::Money);
    let spend = money.map(|column| cells(about, column, |cell| number::parse(cell, column.decimal)));
    let known = |row: usize| Commenter {
        id: String::new(),
        left: left.as_ref().and_then(|left| left.of_row.get(row).copied().flatten()),
        spend: spend.as_ref().and_then(|spend| spend.get(row).copied().flatten()),
    };
    let mut rows_above: HashMap<&str, usize> = HashMap::new();
    let above = base.and_then(|(base, _, key)| base.text(key));
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
                out.push(Commenter { id: key.clone(), ..found.map(known).unwrap_or_default() });
                out.len() - 1
            });
            Some(place)
        })
        .collect();
    (out, of_row)
}
