//! Which table is what: a list of customers, their orders, the lines of those, visits, opinions.

use serde::{Deserialize, Serialize};

use super::names::TableName;
use super::{KeyName, Said, key_name};
use crate::note::Note;
use crate::table::{Column, Role, Table};

/// What the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    Customers,
    Orders,
    /// The positions of orders, one row per product bought.
    OrderLines,
    /// Visits, clicks, calls: things that happened to a customer at a time.
    Events,
    /// What customers said.
    Feedback,
    Products,
    Other,
}

impl TableKind {
    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Orders => "orders",
            Self::OrderLines => "order_lines",
            Self::Events => "events",
            Self::Feedback => "feedback",
            Self::Products => "products",
            Self::Other => "other",
        }
    }
}

const SAID_WORDS: [&str; 5] = ["feedback", "review", "comment", "survey", "complaint"];
const SAID_PARTS: [&str; 5] = ["评价", "评论", "反馈", "投诉", "点评"];
const EVENT_WORDS: [&str; 5] = ["event", "log", "visit", "click", "session"];
const EVENT_PARTS: [&str; 4] = ["浏览", "日志", "访问", "点击"];

/// Says what the rows of a table are, and by which sign: its name first, then its keys, dates,
/// money and texts.
pub fn kind(table: &Table) -> (TableKind, Note) {
    let name = TableName::of(table);
    let named = |kind| (kind, Note::new("kind_named").with("name", &name.text));
    let keys: Vec<(&Column, KeyName)> =
        table.columns.iter().filter_map(|column| Some((column, key_name(&column.name)?))).collect();
    // The column that identifies the rows as `thing`, or names it again and again.
    let find = |thing: &str, unique: bool| {
        keys.iter()
            .find(|(column, key)| {
                let own = key.said == Said::Generic && name.thing == thing;
                let key = key.thing == thing && matches!(key.said, Said::Key | Said::Bare) || own;
                key && is_key(table, column) == unique
            })
            .map(|(column, _)| *column)
    };
    let has = |role: Role| table.columns.iter().find(|column| column.role == role);
    let by = |kind, code, column: &Column| (kind, Note::new(code).with("column", &column.name));

    match name.thing.as_str() {
        "order line" => return named(TableKind::OrderLines),
        "customer" if find("customer", true).is_some() => return named(TableKind::Customers),
        "product" if find("product", true).is_some() => return named(TableKind::Products),
        _ => {}
    }
    if name.has(&SAID_WORDS, &SAID_PARTS) {
        return named(TableKind::Feedback);
    }
    if name.has(&EVENT_WORDS, &EVENT_PARTS) {
        return named(TableKind::Events);
    }
    // Customers whose rows have only a number, or only a way to reach them.
    let listed = |(at, column): (usize, &Column)| {
        let reach = key_name(&column.name).is_some_and(|key| key.said == Said::Contact);
        (reach || at == 0 && column.name == "row") && is_key(table, column)
    };
    if name.thing == "customer" && table.columns.iter().enumerate().any(listed) {
        return named(TableKind::Customers);
    }
    if let (Some(column), Some(_)) = (find("order", false), find("product", false)) {
        return by(TableKind::OrderLines, "kind_lines", column);
    }
    if name.thing == "order" {
        return named(TableKind::Orders);
    }
    if let Some(column) = find("order", true) {
        return by(TableKind::Orders, "kind_key", column);
    }
    if let Some(column) = find("customer", true) {
        return by(TableKind::Customers, "kind_key", column);
    }
    if let Some(column) = find("customer", false) {
        return match (has(Role::Date), has(Role::Money), has(Role::Text)) {
            (Some(_), Some(_), _) => by(TableKind::Orders, "kind_dated_money", column),
            (_, _, Some(text)) => by(TableKind::Feedback, "kind_text", text),
            (Some(_), ..) => by(TableKind::Events, "kind_dated", column),
            _ if find("product", false).is_some() => by(TableKind::Events, "kind_dated", column),
            _ => (TableKind::Other, Note::new("kind_other")),
        };
    }
    if let Some(column) = find("product", true)
        && has(Role::Date).is_none()
    {
        return by(TableKind::Products, "kind_key", column);
    }
    (TableKind::Other, Note::new("kind_other"))
}

/// Nearly every row has its own value, as [`super::Keys::is_key`] asks.
fn is_key(table: &Table, column: &Column) -> bool {
    let present = (table.height() as u64).saturating_sub(column.missing);
    present > 0 && column.distinct * 10 >= present * 9
}
