//! The plan carried out: one row per customer, an ordinary table.

use std::sync::Arc;

use polars::prelude::{DataFrame, NamedFrom as _, Series};
use rayon::prelude::*;

use super::CombineError;
use super::aggregate::{self, Cells};
use super::plan::{self, Function, Hop, Plan, PlannedColumn, Source};
use super::rows::{Gathered, KEYLESS, LATER, ORPHAN, Rows, UNDATED};
use crate::collect::profile;
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::table::{Dataset, Provenance, Role, Table};

/// Combines the tables of `data` as `plan` says: the customers' rows as they stand (or one row per
/// different key, where no table lists the customers), and the planned columns that are on, as plain
/// text. A customer without rows in a table has counts and sums of 0 and nothing else; one without a
/// key has nothing at all. What found no customer is told in the table's warnings.
///
/// # Errors
/// A table or column of the plan that is no longer there; the person cancels.
pub fn run(data: &Dataset, plan: &Plan, report: &Reporter) -> crate::Result<Table> {
    report.emit(Event::Phase("combine"));
    report.progress(0.0);
    let rows = Rows::new(data, plan, report)?;
    let base = rows.table(rows.base)?;
    let key = plan::column(base, &plan.key)?;
    let height = if plan.per_key { rows.first_row.len() } else { base.height() };
    let mut warnings = base.warnings.clone();
    warnings.extend(plan.apart.iter().map(super::Apart::why));
    warnings.extend(of_customers(plan, &rows, base));

    let mut made: Vec<Option<Vec<Option<String>>>> = plan.columns.iter().map(|_| None).collect();
    for (at, values) in joined(plan, &rows, base, report)? {
        if let Some(slot) = made.get_mut(at) {
            *slot = Some(values);
        }
    }
    for (done, source) in plan.sources.iter().enumerate() {
        report.progress(0.05 + 0.75 * done as f64 / plan.sources.len().max(1) as f64);
        for (at, per_customer) in gather(plan, source, &rows, &mut warnings, report)? {
            // From customers to the rows of their table: a customer saved twice has two.
            let values = if plan.per_key {
                per_customer
            } else {
                let of = |customer: &u32| per_customer.get(*customer as usize).cloned().flatten();
                rows.customer_of_row.iter().map(of).collect()
            };
            if let Some(slot) = made.get_mut(at) {
                *slot = Some(values);
            }
        }
    }
    report.check()?;

    let first_rows = || rows.first_row.iter().map(|row| *row as usize);
    let mut raw: Vec<polars::prelude::Column> = if plan.per_key {
        let text = base.text(&key.name).map(|text| text.rechunk().into_owned()).unwrap_or_default();
        let keys: Vec<Option<&str>> = first_rows().map(|row| text.get(row)).collect();
        vec![Series::new(key.name.as_str().into(), keys).into()]
    } else {
        base.raw.columns().to_vec()
    };
    let (planned, added): (Vec<&PlannedColumn>, Vec<polars::prelude::Column>) = plan
        .columns
        .iter()
        .zip(&made)
        .filter_map(|(planned, values)| {
            Some((planned, Series::new(planned.name.as_str().into(), values.as_ref()?).into()))
        })
        .unzip();
    let ids = if plan.per_key {
        Arc::new(first_rows().filter_map(|row| base.rows.get(row).copied()).collect())
    } else {
        Arc::clone(&base.rows)
    };
    let mut table = Table {
        name: base.name.clone(),
        source: provenance(data, plan, base)?,
        raw: DataFrame::new(height, added.clone()).map_err(CombineError::from)?,
        columns: Vec::new(),
        rows: ids,
        records: if plan.per_key { height as u64 } else { base.records },
        rejected: base.rejected.clone(),
        rejected_count: base.rejected_count,
        warnings,
    };
    report.emit(Event::Phase("profile"));
    describe(&mut table, data, plan, (base, raw.as_slice()), &planned, report)?;
    raw.extend(added);
    table.raw = DataFrame::new(height, raw).map_err(CombineError::from)?;
    report.progress(1.0);
    Ok(table)
}

/// Profiles the columns of `table`, and puts those of the customers before them: what a person has
/// set there stays.
fn describe(
    table: &mut Table,
    data: &Dataset,
    plan: &Plan,
    (base, own): (&Table, &[polars::prelude::Column]),
    planned: &[&PlannedColumn],
    report: &Reporter,
) -> crate::Result<()> {
    let mut columns = if plan.per_key {
        let mut alone = table.clone();
        alone.raw = DataFrame::new(table.height(), own.to_vec()).map_err(CombineError::from)?;
        profile::profile(&alone, report)?
    } else {
        base.columns.clone()
    };
    table.columns = profile::profile(table, report)?;
    // The customers' own target is the one to predict; else the first that is joined to them.
    let mut target = columns.iter().any(|column| column.role == Role::Target);
    for (at, planned) in planned.iter().enumerate() {
        report.check()?;
        let holder = planned.via.last().map_or(&planned.table, |hop| &hop.to).find(data)?;
        let source = data.tables.get(holder).and_then(|source| {
            source.columns.iter().find(|column| Some(&column.name) == planned.column.as_ref())
        });
        let Some(column) = table.columns.get(at) else { break };
        // A column without a choice of values stays out of use, whatever it was made of.
        if column.distinct < 2 {
            continue;
        }
        let mut role = role_of(planned.function, source.map(|column| column.role), column.role);
        if role == Role::Target && std::mem::replace(&mut target, true) {
            role = Role::Category;
        }
        if role != column.role {
            profile::retype(table, at, Some(role));
        }
        if let Some(column) = table.columns.get_mut(at) {
            column.why = planned.what();
        }
    }
    columns.append(&mut table.columns);
    table.columns = columns;
    Ok(())
}

/// What a planned column is for, by how it was made: names mislead here, for the number of different
/// ids is no id.
fn role_of(function: Function, source: Option<Role>, guess: Role) -> Role {
    match function {
        Function::Count | Function::Distinct | Function::Filled | Function::Share => Role::Number,
        Function::Sum | Function::Mean | Function::Min | Function::Max => match source {
            Some(Role::Money) => Role::Money,
            _ => Role::Number,
        },
        Function::First | Function::Last => Role::Date,
        Function::MostFrequent if guess == Role::Text => Role::Text,
        Function::MostFrequent => Role::Category,
        Function::Latest => Role::Text,
        Function::Joined => source.unwrap_or(guess),
    }
}

/// The file of the customers; the hash stands for all sources and the plan.
pub(crate) fn provenance(data: &Dataset, plan: &Plan, base: &Table) -> Result<Provenance, CombineError> {
    let mut hasher = blake3::Hasher::new();
    let mut bytes = 0u64;
    for table in &data.tables {
        hasher.update(table.source.hash.as_bytes());
        // A part of a file has the file's hash: its name tells the parts apart.
        hasher.update(table.source.part.as_deref().unwrap_or_default().as_bytes());
        hasher.update(&[0]);
        bytes = bytes.saturating_add(table.source.bytes);
    }
    hasher.update(serde_json::to_string(plan).unwrap_or_default().as_bytes());
    Ok(Provenance {
        file: base.source.file.clone(),
        files: Vec::new(),
        format: "combined",
        part: None,
        encoding: String::new(),
        separator: None,
        header: true,
        bytes,
        hash: hasher.finalize().to_hex().to_string(),
        sampled: base.source.sampled.clone(),
    })
}

/// What is to be told of the customers' own rows.
fn of_customers(plan: &Plan, rows: &Rows, base: &Table) -> Vec<Note> {
    let mut notes = Vec::new();
    let count = |state: u32| rows.customer_of_row.iter().filter(|customer| **customer == state).count();
    if plan.per_key {
        return notes;
    }
    let keyless = count(KEYLESS);
    if keyless > 0 {
        notes.push(Note::new("combined_keyless").with("table", &base.name).with("count", keyless));
    }
    let repeats = rows.customer_of_row.len().saturating_sub(keyless).saturating_sub(rows.first_row.len());
    if repeats > 0 {
        notes.push(
            Note::new("combined_repeats")
                .with("table", &base.name)
                .with("column", &plan.key)
                .with("count", repeats),
        );
    }
    notes
}

type Values = Vec<(usize, Vec<Option<String>>)>;

/// The planned columns that are joined to the customers as they stand, by their place in the plan.
fn joined(plan: &Plan, rows: &Rows, base: &Table, report: &Reporter) -> crate::Result<Values> {
    let wanted: Vec<(usize, &PlannedColumn)> =
        plan.columns.iter().enumerate().filter(|(_, c)| c.on && c.function == Function::Joined).collect();
    let ways = Ways::new(rows, rows.base, wanted.iter().map(|(_, c)| c.via.as_slice()))?;
    wanted
        .into_par_iter()
        .map(|(at, planned)| {
            let (table, via) = ways.of(&planned.via, rows, rows.base)?;
            let column = plan::column(table, planned.column.as_deref().unwrap_or_default())?;
            Ok((at, aggregate::joined(&Cells::new(table, column, via), base.height(), report)?))
        })
        .collect()
}

/// The rows found along each different way from one table.
struct Ways<'a> {
    found: Vec<(&'a [Hop], Option<Vec<u32>>)>,
}

impl<'a> Ways<'a> {
    fn new(rows: &Rows, from: usize, ways: impl Iterator<Item = &'a [Hop]>) -> crate::Result<Self> {
        let mut found: Vec<(&[Hop], Option<Vec<u32>>)> = Vec::new();
        for via in ways {
            if !found.iter().any(|(known, _)| *known == via) {
                found.push((via, rows.look_up(from, via)?));
            }
        }
        Ok(Self { found })
    }

    /// The table at the end of a way, and its row for each row of the table it starts from.
    fn of<'t>(
        &self,
        via: &[Hop],
        rows: &Rows<'t>,
        from: usize,
    ) -> Result<(&'t Table, Option<&[u32]>), CombineError> {
        let at = via.last().map_or(Ok(from), |hop| rows.find(&hop.to))?;
        let found = self.found.iter().find(|(known, _)| *known == via);
        Ok((rows.table(at)?, found.and_then(|(_, found)| found.as_deref())))
    }
}

/// The planned columns of one source, one value per customer, by their place in the plan. Tells
/// what found no customer.
fn gather(
    plan: &Plan,
    source: &Source,
    rows: &Rows,
    warnings: &mut Vec<Note>,
    report: &Reporter,
) -> crate::Result<Values> {
    let from = rows.find(&source.table)?;
    let table = rows.table(from)?;
    let customers = rows.customers(from, &source.up)?;
    for (state, code) in [
        (ORPHAN, "combined_orphans"),
        (KEYLESS, "combined_without_key"),
        (LATER, "combined_later"),
        (UNDATED, "combined_undated"),
    ] {
        let count = customers.iter().filter(|customer| **customer == state).count();
        if count > 0 {
            let note = Note::new(code).with("table", &table.name).with("count", count);
            let day = plan.as_of.filter(|_| state == LATER);
            warnings.push(day.map_or_else(|| note.clone(), |day| note.clone().with("day", day)));
        }
    }
    let gathered = Gathered::new(&customers, rows.first_row.len(), report)?;
    drop(customers);

    // Columns by the cells that they read: a cell is read once.
    /// The way up, the column, and what is made of it for which planned column.
    type Batch<'a> = (&'a [Hop], Option<&'a str>, Vec<(usize, Function)>);
    let mut batches: Vec<Batch<'_>> = Vec::new();
    for (at, planned) in plan.columns.iter().enumerate() {
        if !planned.on || planned.function == Function::Joined || planned.table != source.table {
            continue;
        }
        let (via, column) = (planned.via.as_slice(), planned.column.as_deref());
        match batches.iter_mut().find(|(v, c, _)| *v == via && *c == column) {
            Some((_, _, functions)) => functions.push((at, planned.function)),
            None => batches.push((via, column, vec![(at, planned.function)])),
        }
    }
    let ways = Ways::new(rows, from, batches.iter().map(|(via, ..)| *via))?;
    let latest = batches.iter().any(|(_, _, list)| list.iter().any(|(_, f)| *f == Function::Latest));
    let when = match plan.dates.iter().find(|dated| latest && dated.table == source.table) {
        Some(dated) => Some(aggregate::when(table, plan::column(table, &dated.column)?, report)?),
        None => None,
    };
    let results: Vec<(Values, Option<Note>)> = batches
        .into_par_iter()
        .map(|(via, column, functions)| {
            let (holder, via) = ways.of(via, rows, from)?;
            let Some(column) = column else {
                let count = |(at, _): (usize, Function)| (at, aggregate::counts(&gathered));
                return Ok((functions.into_iter().map(count).collect(), None));
            };
            let column = plan::column(holder, column)?;
            let list: Vec<Function> = functions.iter().map(|(_, function)| *function).collect();
            let cells = Cells::new(holder, column, via);
            let made = aggregate::make(&cells, &list, &gathered, when.as_deref(), rows, report)?;
            let unread = (made.unread > 0).then(|| {
                Note::new("combined_unread")
                    .with("table", &holder.name)
                    .with("column", &column.name)
                    .with("count", made.unread)
            });
            Ok((functions.iter().map(|(at, _)| *at).zip(made.values).collect(), unread))
        })
        .collect::<crate::Result<_>>()?;
    warnings.extend(currencies(plan, source, table));
    warnings.extend(results.iter().filter_map(|(_, note)| note.clone()));
    Ok(results.into_iter().flat_map(|(values, _)| values).collect())
}

/// Money in several currencies: what was left out for it, or added up because the plan says so.
fn currencies(plan: &Plan, source: &Source, table: &Table) -> Option<Note> {
    let column = super::columns::currencies(table)?;
    let money = |name: &str| table.columns.iter().any(|c| c.name == name && c.role == Role::Money);
    let mut planned = plan.columns.iter().filter(|planned| {
        planned.table == source.table
            && planned.via.is_empty()
            && matches!(planned.function, Function::Sum | Function::Mean)
            && planned.column.as_deref().is_some_and(money)
    });
    planned.clone().next()?;
    let code = if planned.any(|c| c.on) { "combined_currencies" } else { "combined_currencies_left" };
    Some(
        Note::new(code)
            .with("table", &table.name)
            .with("column", &column.name)
            .with("count", column.distinct),
    )
}
