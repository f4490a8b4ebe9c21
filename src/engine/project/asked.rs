//! The question over time: collected tables → one row per customer and cut-off day, with the features of
//! what was known then and the label of what came after.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use chrono::NaiveDate;
use polars::prelude::PlFixedStateQuality;

use super::labels::{self, Labels};
use super::sources::gather_sources;
use super::{Collected, Secrets, Settings, Source};
use crate::collect::combine::{self, CombineError, Plan};
use crate::collect::{self, CollectError};
use crate::deploy::{Bundle, ids};
use crate::detect::date;
use crate::features::behaviour::{
    self, Behaviour, BehaviourError, CUT_OFF, Churn, Columns, Day, FittedBehaviour, LooksAhead, Read, day_of,
    to_date, to_day,
};
use crate::job::Reporter;
use crate::split::{self, Side};
use crate::table::{Column, ColumnSpec, Dataset, Role, Table};

/// What was asked, of which days, and what was found on the way.
#[derive(Debug, Clone)]
pub struct Asked {
    pub fitted: FittedBehaviour,
    /// The cut-off days with labels, oldest first.
    pub days: Vec<NaiveDate>,
    /// The day of the first purchase.
    pub first: NaiveDate,
    /// The day to answer: the last of the data.
    pub last: NaiveDate,
    /// Columns of the customers' table that tell what came after, and are not learnt from.
    pub ahead: Vec<LooksAhead>,
    /// Labelled rows, and those of them that were lost.
    pub labelled: usize,
    pub lost: usize,
    /// Customers of whom the question is asked on the last day.
    pub to_answer: usize,
}

impl Asked {
    /// The last day that the answer speaks of.
    pub fn until(&self) -> NaiveDate {
        to_date(to_day(self.last).saturating_add(self.fitted.question.horizon()))
    }

    /// Share of the labelled rows that were lost.
    pub fn lost_share(&self) -> f64 {
        self.lost as f64 / self.labelled.max(1) as f64
    }
}

/// True where a question over time could be asked of what was collected: there are dated orders.
pub fn could_ask(collected: &Collected) -> bool {
    behaviour::could_ask(&collected.dataset)
}

/// Tables read as books, with what is needed to make a table of them again.
pub(super) struct Opened<'a> {
    pub data: &'a Dataset,
    pub plan: Plan,
    pub read: Arc<Read>,
}

impl<'a> Opened<'a> {
    /// Reads the books of collected tables to their end. `kept` are the columns that a model has learnt from.
    pub fn new(
        collected: &'a Collected,
        settings: &Settings,
        kept: Option<&Columns>,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let data = &*collected.dataset;
        let mut plan = match &collected.plan {
            Some(plan) => plan.clone(),
            None => combine::plan(data, &settings.combine, report)?,
        };
        plan.as_of = None;
        let read = Arc::new(behaviour::read(data, &plan, kept, report)?);
        Ok(Self { data, plan, read })
    }

    /// The same as of a day: nothing later is known.
    fn until(&self, day: NaiveDate) -> Result<Self, BehaviourError> {
        let read = Arc::new(self.read.until(to_day(day))?);
        Ok(Self { data: self.data, plan: Plan { as_of: Some(day), ..self.plan.clone() }, read })
    }

    /// The table that names the customers, and its column that does.
    pub fn base(&self) -> Result<(&'a Table, &'a Column), CombineError> {
        let table = self.data.tables.get(self.read.base).ok_or(CombineError::NoTables)?;
        let key = table.columns.iter().find(|column| column.name == self.plan.key);
        let no_key = || CombineError::NoKey { table: table.name.clone() };
        Ok((table, key.ok_or_else(no_key)?))
    }

    /// Labels that the target column of the customers' table gives.
    fn labels(&self, settings: &Settings) -> crate::Result<Option<Vec<Option<bool>>>> {
        let (base, _) = self.base()?;
        if settings.question.as_ref().is_none_or(|question| question.churn != Churn::Column) {
            return Ok(None);
        }
        if self.plan.per_key || base.with_role(Role::Target).is_none() {
            return Err(BehaviourError::NoColumn.into());
        }
        let all = labels::read(base, settings.positive.as_deref())?;
        let of = |row: &u32| all.of_row.get(*row as usize).copied().flatten();
        Ok(Some(self.read.first_rows.iter().map(of).collect()))
    }

    /// The columns of the customers' table that look ahead, but for those whose role a person has set.
    /// `full` are the books to the end of the data, which the table of customers was written at.
    fn ahead(
        &self,
        full: &Read,
        settings: &Settings,
        behaviour: &Behaviour,
        report: &Reporter,
    ) -> crate::Result<Vec<LooksAhead>> {
        let (base, key) = self.base()?;
        if self.plan.per_key || !behaviour.fitted.question.own_columns {
            return Ok(Vec::new());
        }
        let said = |name: &str| {
            settings.read.roles.iter().any(|(column, role)| column == name && *role != Role::Target)
        };
        let found = behaviour::find_look_ahead(base, &key.name, full, behaviour, report)?;
        Ok(found.into_iter().filter(|found| !said(&found.column)).collect())
    }

    /// The rows of `behaviour` as a table.
    pub fn table(
        &self,
        behaviour: &Behaviour,
        ahead: &[LooksAhead],
        report: &Reporter,
    ) -> crate::Result<Table> {
        let (base, key) = self.base()?;
        let source = combine::provenance(self.data, &self.plan, base)?;
        behaviour::table((base, key, !self.plan.per_key), &self.read, behaviour, ahead, source, report)
    }
}

/// Asks the question of the settings, if any.
pub(super) fn ask(collected: Collected, settings: &Settings, report: &Reporter) -> crate::Result<Collected> {
    if settings.question.is_none() {
        return Ok(collected);
    }
    let full = Opened::new(&collected, settings, None, &report.part(0.0, 0.4))?;
    let (table, plan, asked) = ask_of(&collected, settings, &full, &report.part(0.4, 0.6))?;
    Ok(Collected { table, plan: Some(plan), asked: Some(asked.into()), ..collected })
}

/// [`ask`] of books that were read already, to their end: the settings say up to which day they count.
pub(super) fn ask_of(
    collected: &Collected,
    settings: &Settings,
    full: &Opened,
    report: &Reporter,
) -> crate::Result<(Table, Plan, Asked)> {
    let question = settings.question.as_ref().ok_or(BehaviourError::NoQuestion)?;
    let cut = settings.combine.as_of.map(|day| full.until(day)).transpose()?;
    let opened = cut.as_ref().unwrap_or(full);
    let column = opened.labels(settings)?;
    let split = (&settings.split, settings.seed);
    let learn = report.part(0.0, 0.5);
    let (behaviour, notes) = behaviour::learn(&opened.read, question, column.as_deref(), split, &learn)?;
    let ahead = opened.ahead(&full.read, settings, &behaviour, report)?;
    let mut table = opened.table(&behaviour, &ahead, report)?;
    table.warnings.extend(notes);
    table.warnings.extend(ahead.iter().map(LooksAhead::note));
    for (name, role) in settings.read.roles.iter().filter(|(_, role)| *role != Role::Target) {
        if table.position(name).is_some() {
            collect::set_role(&mut table, name, *role)?;
        } else if collected.dataset.tables.iter().all(|table| table.position(name).is_none()) {
            let present: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).take(40).collect();
            return Err(CollectError::NoColumn {
                file: table.source.file.clone(),
                column: name.clone(),
                present: present.join(", "),
            }
            .into());
        }
    }
    let last = opened.read.books.last_day();
    let first = opened.read.books.first_day().ok_or(BehaviourError::NoPurchases)?;
    let mut days: Vec<Day> = behaviour
        .cut_off
        .iter()
        .zip(&behaviour.label)
        .filter(|(_, l)| l.is_some())
        .map(|(d, _)| *d)
        .collect();
    days.dedup();
    let asked = Asked {
        days: days.into_iter().map(to_date).collect(),
        first: to_date(first),
        last: to_date(last),
        ahead,
        labelled: behaviour.label.iter().flatten().count(),
        lost: behaviour.label.iter().filter(|label| **label == Some(true)).count(),
        to_answer: behaviour.cut_off.iter().filter(|day| **day == last).count(),
        fitted: behaviour.fitted,
    };
    Ok((table, opened.plan.clone(), asked))
}

/// Reads later data for a bundle: its own columns where it was learnt from a question over time, as of
/// `day` or the end of the data; else as the project's were read.
///
/// # Errors
/// As [`super::collect_sources`]; data that lack what was learnt from; a day outside them, or one for a
/// model that knows no days.
pub fn open_for(
    bundle: &Bundle,
    settings: &Settings,
    (sources, secrets): (&[Source], &Secrets),
    day: Option<NaiveDate>,
    report: &Reporter,
) -> crate::Result<Table> {
    let Some(fitted) = &bundle.behaviour else {
        return match day {
            Some(_) => Err(BehaviourError::NoQuestion.into()),
            None => super::month::open_month(settings, sources, secrets, report),
        };
    };
    // Roles come from the bundle, and so do the columns of orders, events and opinions.
    let (read, question) = (settings.read.without_columns(), Some(fitted.question.clone()));
    let settings = Settings { read, question, sample: None, ..settings.clone() };
    let collected = gather_sources(sources, secrets, &settings, &report.part(0.0, 0.5))?;
    let kept = fitted.columns.as_ref();
    let opened = Opened::new(&collected, &settings, kept, &report.part(0.5, 0.3))?;
    let day = day.map_or(opened.read.books.last_day(), to_day);
    let behaviour = behaviour::apply(&opened.read, fitted, day, report)?;
    let mut table = opened.table(&behaviour, &[], report)?;
    table.warnings.extend(opened.read.notes.iter().cloned());
    Ok(table)
}

/// The cut-off day of every row of a table that a question made; `None` for any other table.
pub(super) fn days(settings: &Settings, table: &Table) -> Option<Vec<Day>> {
    settings.question.as_ref()?;
    let day = |cell: Option<&str>| cell.and_then(|text| date::iso(text.as_bytes())).map_or(Day::MIN, day_of);
    Some(table.text(CUT_OFF)?.iter().map(day).collect())
}

/// A key for each of `rows` rows that is equal for the rows of one customer.
pub(super) fn groups(table: &Table, schema: &[ColumnSpec], rows: usize) -> Vec<u64> {
    let name = ids(table, schema);
    let hasher = PlFixedStateQuality::default();
    // A row without a name is a customer of its own.
    let group = |at: usize| name(at).map_or(!(at as u64), |id| hasher.hash_one(id.as_str()));
    (0..rows).map(group).collect()
}

/// The side of every row, by customer.
pub(super) fn sides(settings: &Settings, labels: &Labels, groups: &[u64], days: &[Day]) -> Vec<Side> {
    split::assign_customers(&settings.split, &labels.of_row, groups, days, settings.seed)
}
