//! What a project reads → one row per customer: one table as it stands, or several that are linked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::asked::{self, Asked};
use super::{Settings, left_out, sampling};
use crate::collect::combine::{self, Plan};
use crate::collect::database::{self, Address, Database, Secret};
use crate::collect::relate::TableKind;
use crate::collect::{self, CollectError, Holding, Part, ReadOptions, http, relate};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Dataset, Role, Table};

/// How one of several files is read, by its name without the folder: a project that is moved, or
/// given next month's folder, finds it again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileOptions {
    pub name: String,
    pub read: ReadOptions,
}

/// Where a project's data come from. Holds no secret, so it may be saved and shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A file, a folder or a pattern.
    File(PathBuf),
    Database {
        address: Address,
        /// `None` for all its tables, as [`Database::main_tables`] has them.
        #[serde(default)]
        pick: Option<database::Source>,
    },
    Web(http::Request),
}

impl Source {
    /// Where it is, as text like a path; a secret belongs to such a place.
    pub fn place(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Database { address, .. } => PathBuf::from(address.to_string()),
            Self::Web(request) => PathBuf::from(&request.url),
        }
    }

    /// True for what is no file of this computer: nothing is asked there before the person says so.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Database { address: Address::Server(_), .. } | Self::Web(_))
    }

    /// The file that it is, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Database { address: Address::Sqlite { path }, .. } => Some(path),
            _ => None,
        }
    }
}

/// Passwords and keys by [`Source::place`]; never saved.
#[derive(Debug, Clone, Default)]
pub struct Secrets(BTreeMap<PathBuf, Option<Secret>>);

impl Secrets {
    /// Remembers how to open a place: `None` where nothing is needed.
    pub fn set(&mut self, place: PathBuf, secret: Option<Secret>) {
        self.0.insert(place, secret);
    }

    /// The secret of a place.
    pub fn get(&self, place: &Path) -> Option<&Secret> {
        self.0.get(place)?.as_ref()
    }

    /// True where the person has said how to open a place.
    pub fn knows(&self, place: &Path) -> bool {
        self.0.contains_key(place)
    }
}

/// What was collected.
#[derive(Debug, Clone)]
pub struct Collected {
    /// One row per customer.
    pub table: Table,
    /// The tables that it was made from.
    pub dataset: Arc<Dataset>,
    /// What each of these tables is, and why.
    pub kinds: Vec<(TableKind, Note)>,
    /// Tables that the one file holds, where it is one file.
    pub parts: Vec<Part>,
    /// How; `None` where the table is one of the sources as it stands.
    pub plan: Option<Plan>,
    /// What was asked over time, where the settings have a question: then the table has one row per
    /// customer and day.
    pub asked: Option<Arc<Asked>>,
}

impl Collected {
    /// A table that stands for itself.
    pub fn single(table: Table) -> Self {
        let dataset = Dataset { tables: vec![table.clone()], links: Vec::new() };
        Self::of(table, dataset, None)
    }

    /// A table and those that it was made from.
    pub fn of(table: Table, dataset: Dataset, plan: Option<Plan>) -> Self {
        let kinds = dataset.tables.iter().map(relate::kind).collect();
        Self { table, dataset: Arc::new(dataset), kinds, parts: Vec::new(), plan, asked: None }
    }
}

/// Reads files, folders and globs and puts their tables together: alike ones are stacked, linked
/// ones summed up per customer.
///
/// # Errors
/// A file that cannot be read; a column or table that is not there; links that would multiply rows;
/// the person cancelled.
pub fn collect(paths: &[PathBuf], settings: &Settings, report: &Reporter) -> crate::Result<Collected> {
    asked::ask(gather(paths, settings, report)?, settings, report)
}

/// [`collect`] before the question of the settings, if any, is asked.
fn gather(paths: &[PathBuf], settings: &Settings, report: &Reporter) -> crate::Result<Collected> {
    let files = collect::gather(paths)?;
    let parts = match files.as_slice() {
        [file] => collect::parts(file)?,
        _ => Vec::new(),
    };
    let with_parts = |collected: Collected| Collected { parts: parts.clone(), ..collected };
    if let Some(tables) = sampling::from_files(&files, settings, report)? {
        let tables = collect::stack(tables, report)?;
        return Ok(with_parts(link(tables, settings, report)?));
    }
    if let [file] = files.as_slice()
        && (settings.read.part.is_some() || parts.len() < 2)
    {
        let table = left_out::from_one(collect::open(file, &settings.read, report)?, settings, report)?;
        let table = sampling::from_one(table, settings, report)?;
        // A list of orders stays one, unless the person wants its customers.
        return match settings.combine.customers.is_none() && settings.question.is_none() {
            true => Ok(with_parts(Collected::single(table))),
            false => link(vec![table], settings, report),
        };
    }
    let tables = collect::stack(tables_of(&files, settings, false, report)?, report)?;
    match files.as_slice() {
        // The sheets of one workbook that have nothing to do with each other: the one that is the table.
        [file] => put_together(tables, settings, report, |_| {
            let table = collect::open(file, &settings.read, report)?;
            let table = left_out::from_one(table, settings, report)?;
            Ok(with_parts(Collected::single(sampling::from_one(table, settings, report)?)))
        }),
        _ => link(tables, settings, report),
    }
}

/// [`collect`] for sources of any kind: the tables of all of them are put together.
///
/// # Errors
/// As [`collect`]; databases and web addresses that cannot be read.
pub fn collect_sources(
    sources: &[Source],
    secrets: &Secrets,
    settings: &Settings,
    report: &Reporter,
) -> crate::Result<Collected> {
    asked::ask(gather_sources(sources, secrets, settings, report)?, settings, report)
}

/// [`collect_sources`] before the question of the settings, if any, is asked.
pub(super) fn gather_sources(
    sources: &[Source],
    secrets: &Secrets,
    settings: &Settings,
    report: &Reporter,
) -> crate::Result<Collected> {
    let file = |source: &Source| match source {
        Source::File(path) => Some(path.clone()),
        _ => None,
    };
    if let Some(paths) = sources.iter().map(file).collect::<Option<Vec<_>>>() {
        return gather(&paths, settings, report);
    }
    let mut tables = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let part = report.part(at as f64 / sources.len() as f64, 1.0 / sources.len() as f64);
        let secret = secrets.get(&source.place());
        match source {
            Source::File(path) => {
                let files = collect::gather(std::slice::from_ref(path))?;
                tables.extend(tables_of(&files, settings, sources.len() > 1, &part)?);
            }
            Source::Database { address, pick } => {
                for table in read_database(address, pick.as_ref(), secret, &part)? {
                    tables.push(written(table, settings)?);
                }
            }
            Source::Web(request) => {
                for table in http::fetch(request, secret, &ReadOptions::default(), &part)? {
                    tables.push(written(table, settings)?);
                }
            }
        }
    }
    let tables = collect::stack(tables, report)?;
    match sources {
        // The tables of one database that have nothing to do with each other: the largest stands.
        [Source::Database { pick: None, .. }] => {
            put_together(tables, settings, report, |tables| link(vec![largest(tables)], settings, report))
        }
        _ => link(tables, settings, report),
    }
}

/// The table that is picked, or all.
fn read_database(
    address: &Address,
    pick: Option<&database::Source>,
    secret: Option<&Secret>,
    report: &Reporter,
) -> crate::Result<Vec<Table>> {
    let database = Database::connect(address, secret, report)?;
    let options = ReadOptions::default();
    if let Some(pick) = pick {
        return Ok(vec![database.read(pick, &options, report)?]);
    }
    let wanted = database.main_tables(report)?;
    let mut tables = Vec::with_capacity(wanted.len());
    for (at, info) in wanted.iter().enumerate() {
        let part = report.part(at as f64 / wanted.len() as f64, 1.0 / wanted.len() as f64);
        match database.read(&database::Source::Table(info.table.clone()), &options, &part) {
            // How many rows there are was only an estimate.
            Err(e) if e.kind() == "database_no_rows" => {}
            other => tables.push(other?),
        }
    }
    match tables.is_empty() {
        true => Err(database::DatabaseError::NoRows { address: address.clone() }.into()),
        false => Ok(tables),
    }
}

/// What the person said of how columns are written, where the table has them.
fn written(mut table: Table, settings: &Settings) -> crate::Result<Table> {
    for (name, decimal) in &settings.read.decimals {
        if table.position(name).is_some() {
            collect::set_decimal(&mut table, name, *decimal)?;
        }
    }
    for (name, order) in &settings.read.date_orders {
        if table.position(name).is_some() {
            collect::set_date_order(&mut table, name, *order)?;
        }
    }
    Ok(table)
}

/// The table with most cells, which tells what was left aside.
fn largest(mut tables: Vec<Table>) -> Table {
    let cells = |table: &Table| table.height() * table.columns.len();
    let at = (0..tables.len()).max_by_key(|&at| tables.get(at).map_or(0, cells)).unwrap_or(0);
    let mut table = tables.swap_remove(at);
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).take(12).collect();
    table.warnings.push(
        Note::new("other_parts")
            .with("part", &table.name)
            .with("count", tables.len())
            .with("others", names.join(", ")),
    );
    table
}

/// The tables of files that are read together. A sheet and cells that are asked for are those of the
/// files that have them: what is one table by itself is read whole beside workbooks, and that is told.
/// `beside` says that other sources are read too, which may be what is meant.
fn tables_of(
    files: &[PathBuf],
    settings: &Settings,
    beside: bool,
    report: &Reporter,
) -> crate::Result<Vec<Table>> {
    let read = &settings.read;
    let choosing = (read.part.is_some() || read.range.is_some()) && (beside || files.len() > 1);
    let holding: Vec<Option<Holding>> =
        files.iter().map(|file| if choosing { collect::holding(file) } else { None }).collect();
    let any = |wanted: &[Holding]| holding.iter().flatten().any(|held| wanted.contains(held));
    let has_parts = beside || any(&[Holding::Book, Holding::Several]);
    let has_cells = any(&[Holding::Book]);
    let mut tables = Vec::new();
    for (at, (file, held)) in files.iter().zip(&holding).enumerate() {
        let report = report.part(at as f64 / files.len() as f64, 1.0 / files.len() as f64);
        let name = crate::files::name_of(file);
        let mut notes = Vec::new();
        let options = match settings.files.iter().find(|options| options.name == name) {
            Some(options) => options.read.clone(),
            None => {
                // Roles wait until all tables are there.
                let mut options = ReadOptions { roles: Vec::new(), ..read.clone() };
                let mut leave = |what: &mut Option<String>, code: &'static str| {
                    if let Some(what) = what.take() {
                        notes.push(Note::new(code).with("file", &name).with("what", what));
                    }
                };
                if has_parts && *held == Some(Holding::One) {
                    leave(&mut options.part, "sheet_unused");
                }
                if has_cells && held.is_some_and(|held| held != Holding::Book) {
                    leave(&mut options.range, "range_unused");
                }
                options
            }
        };
        for mut table in collect::tables(file, &options, &report)? {
            table.warnings.extend(notes.iter().cloned());
            tables.push(table);
        }
    }
    Ok(tables)
}

/// True for a note on something that was asked for and has no place in a file.
pub fn is_unused(note: &Note) -> bool {
    matches!(note.code, "sheet_unused" | "range_unused")
}

/// Puts tables together that were collected from anywhere.
///
/// # Errors
/// As [`collect`].
pub fn assemble(tables: Vec<Table>, settings: &Settings, report: &Reporter) -> crate::Result<Collected> {
    asked::ask(link(tables, settings, report)?, settings, report)
}

/// [`assemble`] before the question of the settings, if any, is asked.
fn link(tables: Vec<Table>, settings: &Settings, report: &Reporter) -> crate::Result<Collected> {
    link_and_plan(tables, settings, report, None::<fn(Vec<Table>) -> crate::Result<Collected>>)
}

/// [`link`] for the tables of one place: where nothing links them and nobody chose the customers,
/// `unlinked` says what stands.
fn put_together(
    tables: Vec<Table>,
    settings: &Settings,
    report: &Reporter,
    unlinked: impl FnOnce(Vec<Table>) -> crate::Result<Collected>,
) -> crate::Result<Collected> {
    link_and_plan(tables, settings, report, Some(unlinked))
}

fn link_and_plan(
    mut tables: Vec<Table>,
    settings: &Settings,
    report: &Reporter,
    unlinked: Option<impl FnOnce(Vec<Table>) -> crate::Result<Collected>>,
) -> crate::Result<Collected> {
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
        && settings.question.is_none()
    {
        let table = left_out::from_one(table.clone(), settings, report)?;
        return Ok(Collected::single(sampling::from_one(table, settings, report)?));
    }
    // The order in which files were dropped says nothing: the columns must be the same next month.
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    let links = relate::links(&tables, report)?;
    if let Some(unlinked) = unlinked
        && settings.combine.customers.is_none()
        && tables.len() > 1
        && links.is_empty()
        && settings.question.is_none()
    {
        return unlinked(tables);
    }
    let mut dataset = Dataset { tables, links };
    let mut plan = combine::plan(&dataset, &settings.combine, report)?;
    if !settings.left_out.is_empty() {
        left_out::from_linked(&mut dataset, &plan, settings, report)?;
        plan = combine::plan(&dataset, &settings.combine, report)?;
    }
    if sampling::from_linked(&mut dataset, &plan, settings, report)? {
        plan = combine::plan(&dataset, &settings.combine, report)?;
    }
    if settings.question.is_some() {
        // One row per customer is not what is asked for.
        let base = dataset.tables.get(plan.customers.at).or(dataset.tables.first());
        let table = base.cloned().ok_or(combine::CombineError::NoTables)?;
        return Ok(Collected::of(table, dataset, Some(plan)));
    }
    let mut table = combine::run(&dataset, &plan, report)?;
    for (name, role) in &settings.read.roles {
        if table.position(name).is_some() {
            collect::set_role(&mut table, name, *role)?;
        }
    }
    table = written(table, settings)?;
    for note in dataset.tables.iter().flat_map(|table| &table.warnings).filter(|note| is_unused(note)) {
        if !table.warnings.contains(note) {
            table.warnings.push(note.clone());
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
    Ok(Collected::of(table, dataset, Some(plan)))
}
