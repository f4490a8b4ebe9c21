//! A question over time that a database works out itself: only the finished rows come here.

use chrono::NaiveDate;

use super::asked::Asked;
use super::{Collected, Secrets, Settings, Source, left_out};
use crate::collect::database::{self, Database, TableName};
use crate::deploy::Bundle;
use crate::features::behaviour::server::{self, Asking, Dialect, Facts, PushError, Pushed, Statement};
use crate::features::behaviour::{BehaviourError, to_date, to_day};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::Table;

/// Seconds that the statements may take together.
const LONGEST: u64 = 6 * 3600;

/// What a database worked out, beside the rows themselves.
#[derive(Debug, Clone)]
pub struct WorkedOut {
    pub statements: Vec<Statement>,
    /// Rows and bytes that came over the connection, all answers together.
    pub rows: u64,
    pub bytes: u64,
    /// What the tables hold and was not worked out.
    pub left: Vec<Note>,
}

/// The one database among the sources, and its tables that are named.
fn database_of(
    sources: &[Source],
    secrets: &Secrets,
    report: &Reporter,
) -> crate::Result<(Database, Vec<TableName>)> {
    let [Source::Database { address, pick }] = sources else { return Err(PushError::Sources.into()) };
    let tables = match pick {
        None => Vec::new(),
        Some(database::Source::Table(table)) => vec![table.clone()],
        Some(_) => return Err(PushError::Sources.into()),
    };
    let place = sources.first().map(Source::place).unwrap_or_default();
    let mut database = Database::connect(address, secrets.get(&place), report)?;
    // Large tables take as long as they take; whoever is tired of waiting cancels.
    database.limits.seconds = LONGEST;
    Ok((database, tables))
}

fn work_out(
    database: &Database,
    tables: Vec<TableName>,
    settings: &Settings,
    only_sql: bool,
    report: &Reporter,
) -> crate::Result<Pushed> {
    let asking = Asking {
        tables,
        question: settings.question.clone().ok_or(BehaviourError::NoQuestion)?,
        split: settings.split.clone(),
        seed: settings.seed,
        until: settings.combine.as_of.map(to_day),
        only_sql,
    };
    server::learn(database, &asking, report)
}

/// Has the question of the settings worked out in the one database among `sources`.
///
/// # Errors
/// More than one source, a database that cannot, text where numbers or days are needed, as
/// [`super::collect_sources`].
pub fn collect_pushed(
    sources: &[Source],
    secrets: &Secrets,
    settings: &Settings,
    report: &Reporter,
) -> crate::Result<(Collected, WorkedOut)> {
    let (database, tables) = database_of(sources, secrets, report)?;
    let pushed = work_out(&database, tables, settings, false, &report.part(0.0, 0.9))?;
    let table = pushed.table(&database, report)?;
    let table = left_out::from_one(table, settings, report)?;
    let behaviour = &pushed.behaviour;
    let last = pushed.facts.last;
    let mut days: Vec<_> = behaviour.cut_off.iter().filter(|day| **day != last).copied().collect();
    days.dedup();
    let asked = Asked {
        days: days.into_iter().map(to_date).collect(),
        first: to_date(pushed.facts.first),
        last: to_date(last),
        ahead: Vec::new(),
        labelled: behaviour.label.iter().flatten().count(),
        lost: behaviour.label.iter().filter(|label| **label == Some(true)).count(),
        to_answer: behaviour.cut_off.iter().filter(|day| **day == last).count(),
        fitted: behaviour.fitted.clone(),
    };
    let collected = Collected { asked: Some(asked.into()), ..Collected::single(table) };
    let Pushed { statements, rows, bytes, left, .. } = pushed;
    Ok((collected, WorkedOut { statements, rows, bytes, left }))
}

/// Has the rows of a day (the last of the data where none is given) worked out for a bundle in the one database
/// among `sources`.
///
/// # Errors
/// A model that was not learnt from a question; as [`collect_pushed`] and [`super::open_for`].
pub fn open_pushed(
    bundle: &Bundle,
    (sources, secrets): (&[Source], &Secrets),
    day: Option<NaiveDate>,
    report: &Reporter,
) -> crate::Result<(Table, WorkedOut)> {
    let fitted = bundle.behaviour.as_ref().ok_or(BehaviourError::NoQuestion)?;
    let (database, tables) = database_of(sources, secrets, report)?;
    let pushed = server::apply(&database, &tables, (fitted, day.map(to_day)), report)?;
    let table = pushed.table(&database, report)?;
    let Pushed { statements, rows, bytes, left, .. } = pushed;
    Ok((table, WorkedOut { statements, rows, bytes, left }))
}

/// The statements that work the question of the settings out, and what they leave out. For a database that can,
/// in its dialect, from what it tells of its tables; for files in any dialect, for views that are called as their
/// tables.
///
/// # Errors
/// As [`collect_pushed`]; files that cannot be read.
pub fn pushed_sql(
    sources: &[Source],
    secrets: &Secrets,
    settings: &Settings,
    dialect: Dialect,
    report: &Reporter,
) -> crate::Result<(Vec<Statement>, Vec<Note>)> {
    if dialect == Dialect::Postgresql {
        let (database, tables) = database_of(sources, secrets, report)?;
        let pushed = work_out(&database, tables, settings, true, report)?;
        return Ok((pushed.statements, pushed.left));
    }
    let question = settings.question.as_ref().ok_or(BehaviourError::NoQuestion)?;
    let collected = super::sources::gather_sources(sources, secrets, settings, &report.part(0.0, 0.5))?;
    let opened = super::asked::Opened::new(&collected, settings, None, &report.part(0.5, 0.3))?;
    let split = (&settings.split, settings.seed);
    let (behaviour, _) = crate::features::behaviour::learn(&opened.read, question, None, split, report)?;
    let facts = Facts::of(&opened.read.books).ok_or(BehaviourError::NoPurchases)?;
    let days = question.clone().sane().days(facts.first, facts.last)?;
    server::statements(dialect, &opened.data.tables, (&behaviour.fitted, &facts), &days)
}
