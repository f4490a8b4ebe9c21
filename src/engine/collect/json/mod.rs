//! JSON in the shapes that programs export: a list of objects, lists under the keys of one
//! object, one object a line, objects one after the other, columns of values.

mod flatten;
mod object;
mod scan;

use super::format::{Found, Task, Want, name_of};
use super::text::Decoded;
use super::{CollectError, ReadOptions};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Provenance, Table};
use flatten::Drafts;
pub(super) use scan::Json;
use scan::{Fault, Scanner, place};

/// Lines from which one object a line is told.
const LINES: usize = 10;

/// True where the head of a text may be that of one object over many lines, which tells nothing
/// until it is read to its end.
pub(super) fn is_one_object(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}');
    is_json(text) && text.trim_start().starts_with('{') && !is_lines(text)
}

/// True for text that begins as a list or an object of JSON does; a CSV header of `[id],[name]`
/// does not.
pub(super) fn is_json(text: &str) -> bool {
    let mut scanner = Scanner::new(text);
    match scanner.peek() {
        Some(b'{') => {
            scanner.at += 1;
            matches!(scanner.peek(), Some(b'"' | b'}') | None)
        }
        Some(b'[') => {
            scanner.at += 1;
            match scanner.peek() {
                Some(b'{' | b'[' | b']') | None => true,
                Some(_) => {
                    matches!(scanner.value(), Ok(value) if value.is_scalar() && matches!(scanner.peek(), Some(b',' | b']')))
                }
            }
        }
        _ => false,
    }
}

/// Reads every table; of nested lists the outermost is the best, of several the one with most
/// cells.
///
/// `cut` says that the text is the head of a longer one: a fault at its end is none.
pub(super) fn read(decoded: Decoded, cut: bool, task: &Task<'_>) -> crate::Result<Found> {
    let Decoded { text, encoding, bytes, hash, warnings } = decoded;
    let mut drafts = Drafts::new(task);
    let mut notes = Vec::new();
    let mut scanner = Scanner::new(&text);
    let format = if is_lines(&text) {
        lines(&text, task, &mut drafts)?;
        "jsonl"
    } else if scanner.peek() == Some(b'[') {
        list(&text, task, cut, &mut drafts)?;
        "json"
    } else if sequence(&text, task, cut, &mut drafts, &mut notes)? {
        "jsonl"
    } else {
        "json"
    };
    let origin = Provenance {
        file: task.path.to_owned(),
        files: Vec::new(),
        format,
        part: None,
        encoding: encoding.to_owned(),
        separator: None,
        header: true,
        bytes,
        hash,
        sampled: None,
    };
    let rejected = drafts.rejected_count();
    let mut tables = drafts.finish(&task.stem(), &origin)?;
    tables.retain(|(_, table)| table.height() > 0);
    if tables.is_empty() {
        let file = task.path.to_owned();
        return Err(match rejected {
            0 => CollectError::NoRows { file }.into(),
            _ => task.malformed("no record of it can be read"),
        });
    }
    if let Some((_, first)) = tables.first_mut() {
        first.warnings.extend(warnings.into_iter().chain(notes));
    }
    if let [(_, only)] = tables.as_mut_slice() {
        // A file that is one table has no parts.
        only.source.part = task.member.clone();
    }
    pick(tables, task)
}

/// Reads one value with its scalars as they are written; else the line of the fault and its cause.
pub(super) fn value(text: &str) -> Result<Json, (u64, &'static str)> {
    alone(text).map_err(|fault| (place(text, fault.at).0, fault.cause))
}

/// Records that came another way than in a file → tables: those of `name` first, then the lists
/// nested in them. `origin` is where they came from.
pub(super) fn of_records(
    name: &str,
    origin: &Provenance,
    records: &[Json],
    report: &Reporter,
) -> crate::Result<Vec<Table>> {
    let options = ReadOptions::default();
    let task = Task {
        path: &origin.file,
        bytes: origin.bytes,
        hash: origin.hash.clone(),
        member: None,
        name: name.to_owned(),
        options: &options,
        want: Want::All,
        head: None,
        report,
        depth: 0,
    };
    let mut drafts = Drafts::new(&task);
    let table = drafts.table("");
    for (record, row) in records.iter().zip(1u64..) {
        if row.is_multiple_of(256) {
            report.check()?;
        }
        drafts.record(table, row, record);
    }
    let tables = drafts.finish(name, origin)?;
    let filled = tables.into_iter().filter(|(_, table)| table.height() > 0 && table.raw.width() > 0);
    let mut tables: Vec<Table> = filled.map(|(_, table)| table).collect();
    if let Some(first) = tables.first_mut() {
        first.source.part = origin.part.clone();
    }
    Ok(tables)
}

/// The wanted among tables that say whether they are nested in another.
fn pick(tables: Vec<(bool, Table)>, task: &Task<'_>) -> crate::Result<Found> {
    let names: Vec<String> = tables.iter().map(|(_, table)| name_of(table)).collect();
    let cells = |table: &Table| table.height() * table.raw.width();
    let best = match task.want {
        Want::All => {
            let tables = tables.into_iter().map(|(_, table)| table).collect();
            return Ok(Found { tables, others: Vec::new() });
        }
        Want::Part(_) => task.want.among(&names).and_then(|at| at.first().copied()),
        Want::Best => {
            // What hangs on a single record is more of a table than the record.
            let rank = |(at, (nested, table)): &(usize, &(bool, Table))| {
                (!*nested && table.height() > 1, cells(table), std::cmp::Reverse(*at))
            };
            tables.iter().enumerate().max_by_key(rank).map(|(at, _)| at)
        }
    };
    let Some(best) = best else { return Err(task.no_part(&names)) };
    let others = names.iter().enumerate().filter(|(at, _)| *at != best).map(|(_, name)| name.clone());
    let others = others.collect();
    let tables = tables.into_iter().enumerate().filter(|(at, _)| *at == best);
    Ok(Found { tables: tables.map(|(_, (_, table))| table).collect(), others })
}

/// True where each line is a value of its own: of the first ones all begin an object or list, and
/// at least half are whole.
fn is_lines(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES).collect();
    let whole = lines.iter().filter(|line| alone(line).is_ok()).count();
    lines.len() > 1 && lines.iter().all(|line| line.starts_with(['{', '['])) && 2 * whole >= lines.len()
}

/// The value of a text that holds nothing else.
fn alone(text: &str) -> Result<Json, Fault> {
    let mut scanner = Scanner::new(text);
    let value = scanner.value()?;
    match scanner.peek() {
        None => Ok(value),
        Some(_) => Err(Fault { at: scanner.at, cause: "more text after the end of the value" }),
    }
}

/// One object a line; a broken line is a rejected record.
fn lines(text: &str, task: &Task<'_>, drafts: &mut Drafts<'_>) -> crate::Result<()> {
    let table = drafts.table("");
    let mut read = 0;
    for (line, row) in text.split('\n').zip(1u64..) {
        if row.is_multiple_of(256) {
            task.report.check()?;
            task.report.progress(0.3 + 0.4 * read as f64 / text.len().max(1) as f64);
        }
        read += line.len() + 1;
        if line.trim().is_empty() {
            continue;
        }
        match alone(line) {
            Ok(value) => drafts.record(table, row, &value),
            Err(fault) => {
                let column = place(line, fault.at).1;
                drafts.reject(row, Note::new("json_broken_line").with("column", column), line.trim());
            }
        }
        if task.head.is_some_and(|head| drafts.height(table) >= head) {
            break;
        }
    }
    Ok(())
}

/// A list of records, one by one.
fn list(text: &str, task: &Task<'_>, cut: bool, drafts: &mut Drafts<'_>) -> crate::Result<()> {
    let table = drafts.table("");
    let mut scanner = Scanner::watched(text, task.report);
    scanner.step(b'[');
    let mut more = !scanner.step(b']');
    let mut row = 0u64;
    while more {
        row += 1;
        if row.is_multiple_of(256) {
            task.report.check()?;
            task.report.progress(0.3 + 0.4 * scanner.at as f64 / text.len().max(1) as f64);
        }
        let value = match scanner.value() {
            Err(_) if cut && row > 1 => return Ok(()),
            value => value.map_err(|fault| broken(text, fault, task))?,
        };
        drafts.record(table, row, &value);
        if task.head.is_some_and(|head| drafts.height(table) >= head) {
            return Ok(());
        }
        more = match scanner.more(b']') {
            Err(_) if cut => return Ok(()),
            more => more.map_err(|fault| broken(text, fault, task))?,
        };
    }
    if scanner.peek().is_some() {
        let fault = Fault { at: scanner.at, cause: "more text after the end of the list" };
        return Err(broken(text, fault, task));
    }
    Ok(())
}

/// Objects one after the other (true), or a single one, which may wrap lists (false).
fn sequence(
    text: &str,
    task: &Task<'_>,
    cut: bool,
    drafts: &mut Drafts<'_>,
    notes: &mut Vec<Note>,
) -> crate::Result<bool> {
    let mut scanner = Scanner::watched(text, task.report);
    let entries = object::skim(&mut scanner).map_err(|fault| broken(text, fault, task))?;
    if scanner.peek().is_none() {
        object::read(text, 0, &entries, task, drafts, notes)?;
        return Ok(false);
    }
    let table = drafts.table("");
    scanner.at = 0;
    let mut row = 0u64;
    while scanner.peek().is_some() {
        row += 1;
        if row.is_multiple_of(256) {
            task.report.check()?;
        }
        // Some programs write commas between them.
        scanner.step(b',');
        let value = match scanner.value() {
            Err(_) if cut => break,
            value => value.map_err(|fault| broken(text, fault, task))?,
        };
        drafts.record(table, row, &value);
        if task.head.is_some_and(|head| drafts.height(table) >= head) {
            break;
        }
    }
    Ok(true)
}

fn broken(text: &str, fault: Fault, task: &Task<'_>) -> crate::Error {
    // A scanner that heard of cancel fails like one that found a fault.
    if let Err(cancelled) = task.report.check() {
        return cancelled.into();
    }
    let (line, column) = place(text, fault.at);
    let (file, part) = (task.path.to_owned(), task.member.clone());
    CollectError::BadJson { file, part, line, column, cause: fault.cause }.into()
}
