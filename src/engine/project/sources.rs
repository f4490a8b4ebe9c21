//! What a project reads → one row per customer: one table as it stands, or several that are linked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::collect::combine::{self, Plan};
use crate::collect::{self, CollectError, Part, ReadOptions, relate};
use crate::job::Reporter;
use crate::table::{Dataset, Role, Table};

/// How one of several files is read, by its name without the folder: a project that is moved, or
/// given next month's folder, finds it again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileOptions {
    pub name: String,
    pub read: ReadOptions,
}

/// What was collected.
#[derive(Debug, Clone)]
pub struct Collected {
    /// One row per customer.
    pub table: Table,
    /// The tables that it was made from.
    pub dataset: Arc<Dataset>,
    /// Tables that the one file holds, where it is one file.
    pub parts: Vec<Part>,
    /// How; `None` where the table is one of the sources as it stands.
    pub plan: Option<Plan>,
}

impl Collected {
    /// A table that stands for itself.
    pub fn single(table: Table) -> Self {
        let dataset = Dataset { tables: vec![table.clone()], links: Vec::new() };
        Self { table, dataset: Arc::new(dataset), parts: Vec::new(), plan: None }
    }
}

/// Reads files, folders and globs and puts their tables together: alike ones are stacked, linked
/// ones summed up per customer.
///
/// # Errors
/// A file that cannot be read; a column or table that is not there; links that would multiply rows;
/// the person cancelled.
pub fn collect(paths: &[PathBuf], settings: &Settings, report: &Reporter) -> crate::Result<Collected> {
    let files = collect::gather(paths)?;
    let parts = match files.as_slice() {
        [file] => collect::parts(file)?,
        _ => Vec::new(),
    };
    let with_parts = |collected: Collected| Collected { parts: parts.clone(), ..collected };
    if let [file] = files.as_slice()
        && (settings.read.part.is_some() || parts.len() < 2)
    {
        let table = collect::open(file, &settings.read, report)?;
        // A list of orders stays one, unless the person wants its customers.
        return match settings.combine.customers {
            None => Ok(with_parts(Collected::single(table))),
            Some(_) => assemble(vec![table], settings, report),
        };
    }
    let mut tables = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let part = report.part(at as f64 / files.len() as f64, 1.0 / files.len() as f64);
        tables.extend(collect::tables(file, &options_of(settings, file), &part)?);
    }
    let tables = collect::stack(tables, report)?;
    // The sheets of one workbook that have nothing to do with each other: the one that is the table.
    if let ([file], None) = (files.as_slice(), &settings.combine.customers)
        && tables.len() > 1
        && relate::links(&tables, report)?.is_empty()
    {
        let table = collect::open(file, &settings.read, report)?;
        return Ok(with_parts(Collected::single(table)));
    }
    assemble(tables, settings, report)
}

/// Options of one file among several. Roles wait until all tables are there.
fn options_of(settings: &Settings, file: &Path) -> ReadOptions {
    let name = crate::files::name_of(file);
    match settings.files.iter().find(|options| options.name == name) {
        Some(options) => options.read.clone(),
        None => ReadOptions { roles: Vec::new(), ..settings.read.clone() },
    }
}

/// Puts tables together that were collected from anywhere.
///
/// # Errors
/// As [`collect`].
pub fn assemble(mut tables: Vec<Table>, settings: &Settings, report: &Reporter) -> crate::Result<Collected> {
    let mut unknown: Vec<&(String, Role)> = Vec::new();
    for wish in &settings.read.roles {
        let mut known = false;
        for table in tables.iter_mut().filter(|table| table.position(&wish.0).is_some()) {
            collect::set_role(table, &wish.0, wish.1)?;
            known = true;
        }
        if !known {
            unknown.push(wish);
        }
    }
    if let [table] = tables.as_slice()
        && settings.combine.customers.is_none()
        && unknown.is_empty()
    {
        return Ok(Collected::single(table.clone()));
    }
    let links = relate::links(&tables, report)?;
    let dataset = Dataset { tables, links };
    let plan = combine::plan(&dataset, &settings.combine, report)?;
    let mut table = combine::run(&dataset, &plan, report)?;
    for (name, role) in &settings.read.roles {
        if table.position(name).is_some() {
            collect::set_role(&mut table, name, *role)?;
        }
    }
    if let Some((name, _)) = unknown.iter().find(|(name, _)| table.position(name).is_none()) {
        let all = dataset.tables.iter().flat_map(|t| t.columns.iter().map(|c| c.name.as_str()));
        let present: Vec<&str> = all.take(40).collect();
        return Err(CollectError::NoColumn {
            file: table.source.file.clone(),
            column: name.clone(),
            present: present.join(", "),
        }
        .into());
    }
    Ok(Collected { table, dataset: Arc::new(dataset), parts: Vec::new(), plan: Some(plan) })
}
