//! Which table and columns hold comments, and what stands beside them.

use serde::Serialize;

use super::{missing, rated};
use crate::collect;
use crate::collect::relate::TableKind;
use crate::detect::words;
use crate::feedback::{FeedbackError, FeedbackSpec, Scale};
use crate::project::{Collected, Settings};
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

/// The names of the columns that are read, those that were chosen and those that were guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HeardColumns {
    pub table: String,
    pub text: String,
    pub rating: Option<String>,
    pub nps: Option<String>,
    pub date: Option<String>,
    pub customer: Option<String>,
    pub segment: Option<String>,
}

/// The columns that are read.
pub(super) struct Columns<'a> {
    pub table: &'a Table,
    pub text: &'a Column,
    /// Ratings that can be read as such, of each row, and what they mean.
    pub rating: Option<(&'a Column, Vec<Option<f64>>, Scale)>,
    /// Answers 0 to 10 of each row.
    pub nps: Option<(&'a Column, Vec<Option<f64>>)>,
    pub date: Option<&'a Column>,
    pub segment: Option<&'a Column>,
    pub customer: Customer<'a>,
}

/// Who made the comments.
pub(super) struct Customer<'a> {
    /// The column of the table of comments that tells who wrote; `None` where every row is somebody else's.
    pub own: Option<&'a Column>,
    /// The table of the customers, where one is linked by that column, and its key.
    pub base: Option<(&'a Table, &'a str)>,
}

impl Columns<'_> {
    /// Their names.
    pub fn names(&self) -> HeardColumns {
        let name = |column: Option<&Column>| column.map(|column| column.name.clone());
        HeardColumns {
            table: self.table.name.clone(),
            text: self.text.name.clone(),
            rating: name(self.rating.as_ref().map(|(column, ..)| *column)),
            nps: name(self.nps.as_ref().map(|(column, _)| *column)),
            date: name(self.date),
            customer: name(self.customer.own),
            segment: name(self.segment),
        }
    }
}

/// The person has said what this column is.
fn is_said(column: &Column) -> bool {
    column.why.code == "set_by_you"
}

/// What was collected, with the roles that the person has given its columns since. A role for a column that is
/// not there says nothing; nor does a target while a question over time is asked.
pub(in crate::project) fn with_roles(collected: &Collected, settings: &Settings) -> Collected {
    let mut out = collected.clone();
    let is_known = |table: &Table, name: &str, role: Role| {
        let column = table.position(name).and_then(|at| table.columns.get(at));
        column.is_none_or(|column| column.role == role && is_said(column))
    };
    let counts = |role: Role| role != Role::Target || settings.question.is_none();
    for (name, role) in settings.read.roles.iter().filter(|(_, role)| counts(*role)) {
        if !is_known(&out.table, name, *role) {
            let _ = collect::set_role(&mut out.table, name, *role);
        }
        if out.dataset.tables.iter().all(|table| is_known(table, name, *role)) {
            continue;
        }
        let mut dataset = (*out.dataset).clone();
        for table in dataset.tables.iter_mut().filter(|table| table.position(name).is_some()) {
            let _ = collect::set_role(table, name, *role);
        }
        out.dataset = dataset.into();
    }
    out
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

/// The table of comments, its place among the collected ones, and the column: the one that the settings name,
/// else one that the person has called text, else the likeliest.
pub(in crate::project) fn find<'a>(
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
            let by_hand = is_text && is_said(column);
            let could = is_text || is_named && column.role == Role::Category;
            if column.value_type != ValueType::Text || !could || !by_hand && !is_named && !is_wordy(column) {
                continue;
            }
            let rank = Some((by_hand, said, is_named, is_text, column.distinct));
            if rank > most {
                (best, most) = (Some((at, table, column)), rank);
            }
        }
    }
    best
}

/// The columns that are read: those that the settings name, the others by name and content.
///
/// # Errors
/// No column of comments; a named column that is not there.
pub(super) fn columns<'a>(collected: &'a Collected, spec: &FeedbackSpec) -> crate::Result<Columns<'a>> {
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
    let chosen = |wanted: &Option<String>| -> crate::Result<Option<&'a Column>> {
        let Some(name) = wanted else { return Ok(None) };
        let column = table.position(name).and_then(|at| table.columns.get(at));
        column.map(Some).ok_or_else(|| missing(name, std::iter::once(table)))
    };
    // What the person has set aside is not taken by guess.
    let free = |column: &&Column| {
        column.name != text.name
            && column.role != Role::Date
            && column.distinct > 0
            && !(column.role == Role::Ignore && is_said(column))
    };
    let named = |names: (&[&str], &[&str])| {
        table.columns.iter().filter(free).find(|column| words::named(&column.name, names.0, names.1))
    };
    let nps_column = chosen(&spec.nps)?.or_else(|| named(NPS));
    let rating_column = chosen(&spec.rating)?
        .or_else(|| named(RATING))
        .filter(|column| nps_column.is_none_or(|nps| nps.name != column.name));
    let scale = |list: &[Option<f64>]| Scale::of(list.iter().flatten().copied());
    let nps = nps_column.map(|column| (column, rated(table, column)));
    let rating = rating_column.and_then(|column| {
        let list = rated(table, column);
        let scale = scale(&list)?;
        Some((column, list, scale))
    });
    let date = match &spec.date {
        Some(_) => chosen(&spec.date)?,
        None => table.columns.iter().find(|column| column.role == Role::Date),
    };
    let segment = match &spec.segment {
        Some(_) => chosen(&spec.segment)?,
        None => table.columns.iter().filter(free).find(|column| {
            column.role == Role::Category
                && (2..=GROUPS as u64).contains(&column.distinct)
                && rating_column.is_none_or(|rating| rating.name != column.name)
                && nps_column.is_none_or(|nps| nps.name != column.name)
        }),
    };
    let customer = customer(collected, (at, table), chosen(&spec.customer)?);
    let nps = nps.filter(|(_, list)| scale(list) == Some(Scale::Ten));
    Ok(Columns { table, text, rating, nps, date, segment, customer })
}

/// The link to the customers, else the chosen column, else the identifier.
fn customer<'a>(
    collected: &'a Collected,
    (at, table): (usize, &'a Table),
    chosen: Option<&'a Column>,
) -> Customer<'a> {
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
    let by_name = |name: &str| table.columns.iter().find(|column| column.name == name);
    match base {
        Some((base, own, key)) => Customer { own: by_name(own), base: Some((base, key)) },
        None => Customer { own: chosen.or_else(|| table.with_role(Role::Id)), base: None },
    }
}
