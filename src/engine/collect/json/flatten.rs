//! Records of JSON → tables: nested objects become columns with dots (`address.city`), lists of
//! objects become tables of their own that carry the key of the row they hang on.

use std::collections::HashMap;
use std::sync::Arc;

use polars::prelude::*;

use super::scan::Json;
use crate::collect::format::{Task, names};
use crate::collect::relate::{Said, key_name};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Provenance, Rejected, Table};

/// Columns of one table that are followed; keys that are data (a day, a customer) would otherwise
/// make as many columns as rows.
const MOST_COLUMNS: usize = 4096;
/// Rejected records that are kept to be shown.
const REJECTED_SHOWN: usize = 1000;

struct Values {
    name: String,
    text: StringChunkedBuilder,
    /// Rows that have been written, nulls included.
    filled: usize,
}

/// A table that grows.
struct Draft {
    name: String,
    parent: Option<usize>,
    columns: Vec<Values>,
    places: HashMap<String, usize>,
    /// Permanent row ids.
    rows: Vec<u32>,
    /// Position of each row's parent among the rows of the parent table.
    parents: Vec<u32>,
    left_out: u64,
    twins: u64,
}

impl Draft {
    fn new(name: String, parent: Option<usize>) -> Self {
        let (columns, places) = (Vec::new(), HashMap::new());
        Self { name, parent, columns, places, rows: Vec::new(), parents: Vec::new(), left_out: 0, twins: 0 }
    }

    /// Writes a cell of the last row.
    fn put(&mut self, name: &str, text: Option<&str>) {
        let at = match self.places.get(name) {
            Some(&at) => at,
            None if self.columns.len() >= MOST_COLUMNS => {
                self.left_out += u64::from(text.is_some());
                return;
            }
            None => {
                let builder = StringChunkedBuilder::new(name.into(), 16);
                self.columns.push(Values { name: name.to_owned(), text: builder, filled: 0 });
                self.places.insert(name.to_owned(), self.columns.len() - 1);
                self.columns.len() - 1
            }
        };
        let Some(column) = self.columns.get_mut(at) else { return };
        let row = self.rows.len().saturating_sub(1);
        if column.filled > row {
            self.twins += 1;
            return;
        }
        (column.filled..row).for_each(|_| column.text.append_null());
        column.text.append_option(text);
        column.filled = row + 1;
    }
}

/// The tables that records become.
pub(super) struct Drafts<'a> {
    task: &'a Task<'a>,
    tables: Vec<Draft>,
    /// Child tables by parent and path.
    children: HashMap<(usize, String), usize>,
    rejected: Vec<Rejected>,
    rejected_count: u64,
}

impl<'a> Drafts<'a> {
    pub(super) fn new(task: &'a Task<'a>) -> Self {
        let (tables, children) = (Vec::new(), HashMap::new());
        Self { task, tables, children, rejected: Vec::new(), rejected_count: 0 }
    }

    /// Begins a table of records; its place is what [`record`](Self::record) takes.
    pub(super) fn table(&mut self, name: &str) -> usize {
        self.tables.push(Draft::new(name.to_owned(), None));
        self.tables.len() - 1
    }

    /// Rows of a table so far.
    pub(super) fn height(&self, table: usize) -> usize {
        self.tables.get(table).map_or(0, |draft| draft.rows.len())
    }

    /// Adds a record with its permanent row id.
    pub(super) fn record(&mut self, table: usize, row: u64, value: &Json) {
        if *value == Json::Null {
            return self.reject(row, Note::new("json_null_record"), "null");
        }
        self.row(table, row, None, value);
    }

    /// Counts a record that could not be kept.
    pub(super) fn reject(&mut self, row: u64, why: Note, excerpt: &str) {
        self.rejected_count += 1;
        if self.rejected.len() < REJECTED_SHOWN {
            self.rejected.push(Rejected { row, why, excerpt: excerpt.chars().take(120).collect() });
        }
    }

    pub(super) fn rejected_count(&self) -> u64 {
        self.rejected_count
    }

    fn row(&mut self, table: usize, row: u64, parent: Option<u32>, value: &Json) {
        let Some(draft) = self.tables.get_mut(table) else { return };
        draft.rows.push(u32::try_from(row).unwrap_or(u32::MAX));
        draft.parents.extend(parent);
        match value {
            Json::Object(fields) => self.fields(table, "", fields),
            Json::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.field(table, &format!("column {}", at + 1), item);
                }
            }
            scalar => draft.put("value", scalar.text().as_deref()),
        }
    }

    fn fields(&mut self, table: usize, prefix: &str, fields: &[(String, Json)]) {
        for (key, value) in fields {
            if prefix.is_empty() {
                self.field(table, key, value);
            } else {
                self.field(table, &format!("{prefix}.{key}"), value);
            }
        }
    }

    fn field(&mut self, table: usize, path: &str, value: &Json) {
        match value {
            Json::Object(fields) if !fields.is_empty() => self.fields(table, path, fields),
            Json::List(items) if !value.is_plain() => self.list(table, path, items),
            // An empty list may be one of objects elsewhere: it makes no column.
            Json::List(items) if items.is_empty() => {}
            other => {
                if let Some(draft) = self.tables.get_mut(table) {
                    draft.put(path, other.text().as_deref());
                }
            }
        }
    }

    fn list(&mut self, table: usize, path: &str, items: &[Json]) {
        let child = match self.children.get(&(table, path.to_owned())) {
            Some(&child) => child,
            None => {
                let parent = self.tables.get(table).map_or("", |draft| draft.name.as_str());
                let name = if parent.is_empty() { path.to_owned() } else { format!("{parent}.{path}") };
                self.tables.push(Draft::new(name, Some(table)));
                self.children.insert((table, path.to_owned()), self.tables.len() - 1);
                self.tables.len() - 1
            }
        };
        let parent = u32::try_from(self.height(table).saturating_sub(1)).unwrap_or(u32::MAX);
        for item in items {
            let row = self.height(child) as u64 + 1;
            self.row(child, row, Some(parent), item);
        }
    }

    /// The finished tables in the order in which they first came, each with whether it is nested
    /// in another. A nameless one is called `stem`.
    pub(super) fn finish(self, stem: &str, origin: &Provenance) -> crate::Result<Vec<(bool, Table)>> {
        let Self { task, tables, mut rejected, rejected_count, .. } = self;
        let parents: Vec<bool> =
            (0..tables.len()).map(|at| tables.iter().any(|draft| draft.parent == Some(at))).collect();
        // The key of a finished parent: its column's name and values.
        let mut keys: Vec<Option<(String, StringChunked)>> = Vec::new();
        let mut out: Vec<(bool, Table)> = Vec::new();
        for (at, draft) in tables.into_iter().enumerate() {
            task.report.check()?;
            let Draft { name, parent, columns, rows, parents: of, left_out, twins, .. } = draft;
            let name = if name.is_empty() { stem.to_owned() } else { name };
            let (mut given, mut series) = (Vec::new(), Vec::new());
            if let Some(parent) = parent {
                let parent_name = out.get(parent).map_or("", |(_, table)| table.name.as_str());
                if let Some(Some((key, values))) = keys.get(parent) {
                    given.push(format!("{parent_name} {key}"));
                    series.push(carried(values, &of, task.report)?);
                }
            }
            for mut column in columns {
                (column.filled..rows.len()).for_each(|_| column.text.append_null());
                given.push(column.name);
                series.push(column.text.finish());
            }
            keys.push(None);
            if parents.get(at) == Some(&true) {
                let find = |fits: &dyn Fn(&str) -> bool| {
                    given.iter().zip(&series).find(|(column, values)| fits(column) && is_unique(values))
                };
                let own = find(&|column| is_key(column, &name)).or_else(|| find(&names_customer));
                let key = match own {
                    Some((column, values)) => (column.clone(), values.clone()),
                    None => {
                        let numbers: StringChunked = rows.iter().map(|row| Some(row.to_string())).collect();
                        given.insert(0, "row".to_owned());
                        series.insert(0, numbers.clone());
                        ("row".to_owned(), numbers)
                    }
                };
                if let Some(last) = keys.last_mut() {
                    *last = Some(key);
                }
            }
            let mut warnings = Vec::new();
            if left_out > 0 {
                warnings
                    .push(Note::new("json_columns_left").with("count", left_out).with("most", MOST_COLUMNS));
            }
            if twins > 0 {
                warnings.push(Note::new("json_twin_keys").with("count", twins));
            }
            let height = rows.len();
            let columns = names(&given, &mut warnings)
                .into_iter()
                .zip(series)
                .map(|(name, values)| values.with_name(name.into()).into_series().into())
                .collect();
            let first = out.is_empty();
            let rejected_here = if first { rejected_count } else { 0 };
            let table = Table {
                source: Provenance { part: Some(task.part(&name)), ..origin.clone() },
                name,
                raw: DataFrame::new(height, columns).map_err(|cause| task.malformed(cause))?,
                columns: Vec::new(),
                rows: Arc::new(rows),
                records: height as u64 + rejected_here,
                rejected: if first { std::mem::take(&mut rejected) } else { Vec::new() },
                rejected_count: rejected_here,
                warnings,
            };
            out.push((parent.is_some(), table));
        }
        Ok(out)
    }
}

/// The parent's key for each row of the child.
fn carried(keys: &StringChunked, of: &[u32], report: &Reporter) -> crate::Result<StringChunked> {
    let mut out = StringChunkedBuilder::new("key".into(), of.len());
    let keys = keys.rechunk();
    for (at, parent) in of.iter().enumerate() {
        if at.is_multiple_of(65_536) {
            report.check()?;
        }
        out.append_option(keys.get(*parent as usize));
    }
    Ok(out.finish())
}

/// Every row has a value of its own.
fn is_unique(values: &StringChunked) -> bool {
    let mut seen = std::collections::HashSet::new();
    values.iter().all(|value| value.is_some_and(|value| seen.insert(value)))
}

/// A column that identifies customers by its name: `customer.id`, `customerEmail`.
fn names_customer(column: &str) -> bool {
    key_name(column).is_some_and(|key| match key.said {
        Said::Key => key.thing == "customer",
        Said::Contact => key.thing == "email",
        Said::Bare | Said::Generic => false,
    })
}

/// A name for the rows of their table: `id`, `_id`, `uuid` … or after the table (`customerId` of
/// `customers`).
fn is_key(column: &str, table: &str) -> bool {
    let bare = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let last = bare(table.rsplit('.').next().unwrap_or(table));
    let one = last.strip_suffix("es").unwrap_or(&last);
    let own: Vec<String> =
        [last.as_str(), last.strip_suffix('s').unwrap_or(&last), one].map(|t| format!("{t}id")).into();
    let name = bare(column);
    ["id", "idoid", "uuid", "guid", "key", "编号"].contains(&name.as_str()) || own.contains(&name)
}
