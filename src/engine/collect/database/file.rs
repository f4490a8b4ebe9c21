//! An SQLite database as a data file: what a person drops, or what an archive holds. Its parts are
//! its tables and views.

use std::fs::File;
use std::path::Path;

use super::{Address, Database, Limits, Source, TableInfo, main_tables};
use crate::collect::format::{Found, Task, Want};
use crate::collect::{CollectError, Part};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::Table;

/// A file without a first greeting: reading greets anyway.
fn of(path: &Path) -> Database {
    Database { address: Address::Sqlite { path: path.to_owned() }, secret: None, limits: Limits::default() }
}

/// The tables and views of a file.
pub(in crate::collect) fn list_file(task: &Task<'_>) -> crate::Result<Vec<Part>> {
    let part = |info: TableInfo| Part {
        name: info.table.to_string(),
        rows: info.rows_estimate,
        hidden: info.is_view,
        why: None,
    };
    Ok(of(task.path).tables(task.report)?.into_iter().map(part).collect())
}

/// Reads tables of an opened file: the one on disk, or one that was unpacked.
pub(in crate::collect) fn read_file(mut file: File, task: &Task<'_>) -> crate::Result<Found> {
    if task.depth == 0 && task.member.is_none() {
        return read(&of(task.path), task);
    }
    // SQLite opens by name only.
    let mut named = tempfile::NamedTempFile::new().map_err(|cause| task.io(cause))?;
    std::io::copy(&mut file, &mut named).map_err(|cause| task.io(cause))?;
    read(&of(named.path()), task)
}

fn read(database: &Database, task: &Task<'_>) -> crate::Result<Found> {
    let all = database.tables(task.report)?;
    let (tables, others) = choose(all, task)?;
    let most = task.head.map_or(u64::MAX, |rows| rows as u64);
    let mut found = Found { tables: Vec::new(), others };
    for (at, info) in tables.iter().enumerate() {
        let report: Reporter = task.report.part(at as f64 / tables.len() as f64, 1.0 / tables.len() as f64);
        let mut table = match database.read_raw(&Source::Table(info.table.clone()), most, &report) {
            // An empty table among others takes nothing away.
            Err(e) if e.kind() == "database_no_rows" && tables.len() > 1 => continue,
            other => other?,
        };
        rename(&mut table, task);
        found.tables.push(table);
    }
    if found.tables.is_empty() {
        return Err(CollectError::NoRows { file: task.path.to_owned() }.into());
    }
    if matches!(task.want, Want::All)
        && !found.others.is_empty()
        && let Some(first) = found.tables.first_mut()
    {
        let names = found.others.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
        first
            .warnings
            .push(Note::new("database_more").with("count", found.others.len()).with("others", names));
    }
    Ok(found)
}

/// The tables that are wanted, and the names of those left aside.
fn choose(all: Vec<TableInfo>, task: &Task<'_>) -> crate::Result<(Vec<TableInfo>, Vec<String>)> {
    if let Want::Part(_) = task.want {
        let names: Vec<String> = all.iter().map(|info| task.part(&info.table.to_string())).collect();
        let places = task.want.among(&names).ok_or_else(|| task.no_part(&names))?;
        let wanted = places.into_iter().filter_map(|at| all.get(at).cloned()).collect();
        return Ok((wanted, Vec::new()));
    }
    let tables_of_rows = all.iter().filter(|info| !info.is_view && info.rows_estimate != Some(0));
    let known: Vec<String> = tables_of_rows.map(|info| info.table.to_string()).collect();
    let mut chosen = main_tables(all);
    if let Want::Best = task.want {
        chosen.sort_by_key(|info| std::cmp::Reverse(info.rows_estimate));
        chosen.truncate(1);
    }
    let is_left = |name: &String| !chosen.iter().any(|info| info.table.to_string() == *name);
    let others = known.into_iter().filter(is_left).collect();
    Ok((chosen, others))
}

/// The table as a part of its file rather than of a database.
fn rename(table: &mut Table, task: &Task<'_>) {
    let source = &mut table.source;
    source.part = Some(task.part(source.part.as_deref().unwrap_or(&table.name)));
    task.path.clone_into(&mut source.file);
    if !task.hash.is_empty() {
        (source.bytes, source.hash) = (task.bytes, task.hash.clone());
    }
}
