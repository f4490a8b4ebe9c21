//! Features → an ordinary table of texts, as the rest of the product reads any file: every page, recipe
//! and key works on it unchanged. Numbers are written with all their digits, so nothing is lost on the way.

use std::sync::Arc;

use polars::prelude::{
    DataFrame, IntoColumn as _, IntoSeries as _, NamedFrom as _, Series, StringChunkedBuilder,
};
use rayon::prelude::*;

use super::BehaviourError;
use super::build::Behaviour;
use super::own::{LooksAhead, is_later};
use super::question::{Churn, DAY_MS, Question, to_date};
use super::read::Read;
use super::sequence::{self, HISTORY};
use crate::collect::profile::{Known, as_known};
use crate::collect::relate::value;
use crate::detect::date;
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::table::{Column, Provenance, Role, Table};

/// The column that holds the cut-off day of a row.
pub const CUT_OFF: &str = "cut-off day";

/// What the target column says of a customer who was lost.
pub(crate) const LOST: &str = "yes";

/// What the target column of a question is called.
pub fn target_name(question: &Question) -> String {
    match question.churn {
        Churn::Silence => format!("no order in {} days", question.horizon_days),
        Churn::OwnRhythm { .. } => {
            format!("silent beyond own rhythm, at most {} days", question.horizon_days)
        }
        Churn::Column => "lost".to_owned(),
    }
}

/// The rows of `behaviour` as a table: the customer's key, the cut-off day, the features, the customers'
/// own columns (those in `ahead` out of use, with the reason; dates after the cut-off day blank) and the
/// target, `yes` for lost. `base` is the table that names the customers, `key` its column; it has columns
/// of its own to give where it `lists` them.
///
/// # Errors
/// The table engine; the person cancels.
pub fn table(
    (base, key, lists): (&Table, &Column, bool),
    read: &Read,
    behaviour: &Behaviour,
    ahead: &[LooksAhead],
    mut source: Provenance,
    report: &Reporter,
) -> crate::Result<Table> {
    report.emit(Event::Phase("profile"));
    let question = &behaviour.fitted.question;
    let rows: Vec<usize> = behaviour
        .customer
        .iter()
        .map(|customer| read.first_rows.get(*customer as usize).map_or(usize::MAX, |row| *row as usize))
        .collect();
    let mut made = Made { columns: Vec::new(), known: Vec::new() };
    made.push(copied(base, key, &key.name, &rows, &[]), Role::Id, key.why.clone(), Some(key));
    let days: Vec<String> = behaviour.cut_off.iter().map(|day| to_date(*day).to_string()).collect();
    made.push(Series::new(CUT_OFF.into(), days), Role::Ignore, Note::new("behaviour_cut_off"), None);

    let histories: Vec<String> = (behaviour.customer.par_iter().zip(&behaviour.cut_off))
        .map(|(customer, day)| {
            report.check()?;
            Ok(sequence::history(&read.books, *customer as usize, *day))
        })
        .collect::<crate::Result<_>>()?;
    made.push(Series::new(HISTORY.into(), histories), Role::Ignore, Note::new("behaviour_history"), None);

    let features: Vec<Series> = (0..behaviour.features.len())
        .into_par_iter()
        .map(|at| {
            report.check()?;
            let name = behaviour.features.get(at).map_or("", |feature| feature.name.as_str());
            Ok(written(name, behaviour, at))
        })
        .collect::<crate::Result<_>>()?;
    for (feature, series) in behaviour.features.iter().zip(features) {
        let why = Note::new("behaviour_feature").with("feature", &feature.name);
        made.push(series, feature.role, why, None);
    }
    if lists && question.own_columns {
        for column in base.columns.iter().filter(|column| column.name != key.name) {
            report.check()?;
            let name = made.free(&column.name);
            let caught = ahead.iter().find(|found| found.column == column.name);
            let (role, why) = match caught {
                Some(found) => (Role::Ignore, found.note()),
                // How long ago it was depends on the row's day, which the date alone does not tell.
                None if column.role == Role::Date => {
                    let days = made.free(&format!("{}: days before", column.name));
                    let why = Note::new("behaviour_days_before").with("column", &column.name);
                    made.push(
                        days_before(base, column, &days, &rows, &behaviour.cut_off),
                        Role::Number,
                        why,
                        None,
                    );
                    (Role::Ignore, Note::new("behaviour_date_moved").with("feature", days))
                }
                None => (column.role, column.why.clone()),
            };
            made.push(copied(base, column, &name, &rows, &behaviour.cut_off), role, why, Some(column));
        }
    }
    made.target(question, behaviour);

    source.format = "combined";
    source.hash = hash_of(&source.hash, behaviour);
    let columns = made.columns.into_iter().map(|series| series.into_column()).collect();
    let height = behaviour.height();
    let mut table = Table {
        name: base.name.clone(),
        source,
        raw: DataFrame::new(height, columns).map_err(BehaviourError::from)?,
        columns: Vec::new(),
        rows: Arc::new((2u32..).take(height).collect()),
        records: height as u64,
        rejected: base.rejected.clone(),
        rejected_count: base.rejected_count,
        warnings: base.warnings.clone(),
    };
    table.columns = as_known(&table, &made.known, report)?;
    Ok(table)
}

/// The rows of `behaviour` as a table, where only they are at hand: the customer's key, called `key` and read
/// from `keys` by the customer's number, the cut-off day, the features and the target.
///
/// # Errors
/// The table engine; the person cancels.
pub(super) fn of_rows(
    (key, keys): (&str, &[String]),
    behaviour: &Behaviour,
    mut source: Provenance,
    report: &Reporter,
) -> crate::Result<Table> {
    report.emit(Event::Phase("profile"));
    let question = &behaviour.fitted.question;
    let mut made = Made { columns: Vec::new(), known: Vec::new() };
    let ids = behaviour.customer.iter().map(|customer| keys.get(*customer as usize).map(String::as_str));
    let ids = Series::new(key.into(), ids.collect::<Vec<Option<&str>>>());
    made.push(ids, Role::Id, Note::new("push_key"), None);
    let days: Vec<String> = behaviour.cut_off.iter().map(|day| to_date(*day).to_string()).collect();
    let name = made.free(CUT_OFF);
    made.push(Series::new(name.as_str().into(), days), Role::Ignore, Note::new("behaviour_cut_off"), None);
    for (at, feature) in behaviour.features.iter().enumerate() {
        report.check()?;
        let why = Note::new("behaviour_feature").with("feature", &feature.name);
        made.push(written(&feature.name, behaviour, at), feature.role, why, None);
    }
    made.target(question, behaviour);
    source.hash = hash_of(&source.hash, behaviour);
    made.table(source.part.clone().unwrap_or_default(), source, behaviour.height(), report)
}

/// A hash of what a table of features was made from.
fn hash_of(source: &str, behaviour: &Behaviour) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.as_bytes());
    hasher.update(serde_json::to_string(&behaviour.fitted).unwrap_or_default().as_bytes());
    hasher.update(format!("{:?}", behaviour.cut_off.last()).as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// Columns on their way into a table.
struct Made<'a> {
    columns: Vec<Series>,
    known: Vec<Known<'a>>,
}

impl<'a> Made<'a> {
    fn push(&mut self, series: Series, role: Role, why: Note, of: Option<&'a Column>) {
        self.columns.push(series);
        self.known.push(Known { role, why, of });
    }

    /// Adds what happened after each row's day, where anything is known of it.
    fn target(&mut self, question: &Question, behaviour: &Behaviour) {
        if behaviour.label.iter().any(Option::is_some) {
            let name = self.free(&target_name(question));
            let lost = behaviour.label.iter().map(|label| label.map(|lost| if lost { LOST } else { "no" }));
            let why = Note::new("behaviour_target").with("days", question.horizon_days);
            self.push(Series::new(name.as_str().into(), lost.collect::<Vec<_>>()), Role::Target, why, None);
        }
    }

    /// These columns as a table of their own.
    fn table(
        self,
        name: String,
        source: Provenance,
        height: usize,
        report: &Reporter,
    ) -> crate::Result<Table> {
        let columns = self.columns.into_iter().map(|series| series.into_column()).collect();
        let mut table = Table {
            name,
            source,
            raw: DataFrame::new(height, columns).map_err(BehaviourError::from)?,
            columns: Vec::new(),
            rows: Arc::new((2u32..).take(height).collect()),
            records: height as u64,
            rejected: Vec::new(),
            rejected_count: 0,
            warnings: Vec::new(),
        };
        table.columns = as_known(&table, &self.known, report)?;
        Ok(table)
    }

    /// A name that no column has yet.
    fn free(&self, name: &str) -> String {
        let taken = |name: &str| self.columns.iter().any(|series| series.name().as_str() == name);
        let mut free = name.to_owned();
        while taken(&free) {
            free.push_str(" (customers)");
        }
        free
    }
}

/// Cells of the customers' table for each row, without dates after the row's day.
fn copied(base: &Table, column: &Column, name: &str, rows: &[usize], days: &[i32]) -> Series {
    let text = base.text(&column.name).map(|text| text.rechunk().into_owned()).unwrap_or_default();
    let cell = |row: usize| if row < text.len() { text.get(row) } else { None };
    let cells = rows.iter().enumerate().map(|(at, row)| {
        let cell = cell(*row);
        match days.get(at) {
            Some(day) if is_later(column, cell, *day) => None,
            _ => cell,
        }
    });
    Series::new(name.into(), cells.collect::<Vec<Option<&str>>>())
}

/// Days from a date of the customers' table to the end of each row's day; blank for dates after it.
fn days_before(base: &Table, column: &Column, name: &str, rows: &[usize], days: &[i32]) -> Series {
    let text = base.text(&column.name).map(|text| text.rechunk().into_owned()).unwrap_or_default();
    let cells = rows.iter().zip(days).map(|(row, day)| {
        let cell = if *row < text.len() { text.get(*row) } else { None };
        let ms = value(column, cell).and_then(|text| date::parse(text, column.date_order))?;
        let ago = i64::from(*day) - ms.div_euclid(DAY_MS);
        (ago >= 0).then(|| (ago + 1).to_string())
    });
    Series::new(name.into(), cells.collect::<Vec<Option<String>>>())
}

/// A feature's values as the shortest texts that read as the same numbers.
fn written(name: &str, behaviour: &Behaviour, at: usize) -> Series {
    use std::fmt::Write as _;
    let mut out = StringChunkedBuilder::new(name.into(), behaviour.height());
    let mut text = String::new();
    for value in behaviour.column(at) {
        if value.is_nan() {
            out.append_null();
            continue;
        }
        text.clear();
        // Writing to a text cannot fail.
        let _ = match value == value.trunc() && value.abs() < 1e15 {
            true => write!(text, "{}", value as i64),
            false => write!(text, "{value}"),
        };
        out.append_value(&text);
    }
    out.finish().into_series()
}
