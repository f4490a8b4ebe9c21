//! Several files at once: folders and patterns become files, files with the same columns become
//! one table.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::*;

use super::{CollectError, format, magic, profile};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Provenance, Rejected, Table};

/// Endings of files that are taken from a folder; a file that is named is taken whatever it is
/// called.
const ENDINGS: [&str; 30] = [
    "csv", "tsv", "tab", "txt", "dat", "psv", "inter", "item", "user", "json", "jsonl", "ndjson", "xlsx",
    "xlsm", "xlsb", "xls", "ods", "parquet", "pq", "arrow", "arrows", "feather", "ipc", "gz", "zst", "zip",
    "sqlite", "sqlite3", "db", "db3",
];
/// Columns that two tables share, of all that they have, to be of one kind.
const ALIKE: f64 = 0.8;
/// Rejected records that are kept to be shown.
const REJECTED_SHOWN: usize = 1000;

/// Expands folders and patterns (`2024-*.csv`) into files, in natural order (`m2` before `m10`)
/// within each; hidden files, lock files (`~$book.xlsx`) and what holds no table are passed over.
/// A file that is named stands, and no file comes twice.
///
/// # Errors
/// A path that is not there; a folder or pattern without a readable file.
pub fn gather(paths: &[PathBuf]) -> crate::Result<Vec<PathBuf>> {
    let mut out: Vec<PathBuf> = Vec::new();
    let mut known = BTreeSet::new();
    let mut add = |path: PathBuf| {
        if known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            out.push(path);
        }
    };
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|cause| CollectError::from_io(path, cause))?;
            let found = entries.flatten().map(|entry| entry.path()).collect();
            sorted(found, path)?.into_iter().for_each(&mut add);
        } else if path.exists() {
            add(path.clone());
        } else {
            let text = path.to_string_lossy();
            if !text.contains(['*', '?', '[']) {
                return Err(CollectError::NotFound { file: path.clone() }.into());
            }
            let found = match glob::glob(&text) {
                Ok(found) => found.flatten().collect(),
                Err(_) => return Err(CollectError::NoFiles { file: path.clone() }.into()),
            };
            sorted(found, path)?.into_iter().for_each(&mut add);
        }
    }
    Ok(out)
}

/// The readable ones among files, in natural order.
fn sorted(mut found: Vec<PathBuf>, of: &Path) -> crate::Result<Vec<PathBuf>> {
    found.retain(|path| is_wanted(path));
    found.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
    if found.is_empty() {
        return Err(CollectError::NoFiles { file: of.to_owned() }.into());
    }
    Ok(found)
}

fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    !name.starts_with(['.', '~'])
        && ENDINGS.contains(&ending.as_str())
        && path.is_file()
        && magic::readable(path).is_some()
}

/// Order of names in which `m2` stands before `m10`: runs of digits by their value.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a, b);
    loop {
        let (left, right) = (digits(x), digits(y));
        if !left.is_empty() && !right.is_empty() {
            let (l, r) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
            match l.len().cmp(&r.len()).then_with(|| l.cmp(r)) {
                Ordering::Equal => {}
                other => return other,
            }
            x = x.get(left.len()..).unwrap_or_default();
            y = y.get(right.len()..).unwrap_or_default();
            continue;
        }
        let (mut left, mut right) = (x.chars(), y.chars());
        match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (l, r) => {
                let lower = |c: Option<char>| c.map(|c| c.to_lowercase().next().unwrap_or(c));
                match lower(l).cmp(&lower(r)) {
                    Ordering::Equal => {}
                    other => return other,
                }
            }
        }
        (x, y) = (left.as_str(), right.as_str());
    }
}

/// The digits at the head of a text.
fn digits(text: &str) -> &str {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Puts tables of the same columns, in any order, under each other, with a column `source_file`
/// that says where each row is from. Tables that share at least 80% of their columns, and no fewer
/// than two, are of one kind: what one of them lacks is missing there, and told. Lists in several
/// branches of one JSON are apart whatever their columns, unless they hang on the same rows and are
/// called the same but for digits. Rows are numbered through. Tables that stand alone stay as they are.
///
/// # Errors
/// Cancelled.
pub fn stack(tables: Vec<Table>, report: &Reporter) -> crate::Result<Vec<Table>> {
    let mut groups: Vec<(Table, Vec<Table>)> = Vec::new();
    for table in tables {
        match groups.iter_mut().find(|(first, _)| is_alike(first, &table)) {
            Some((_, more)) => more.push(table),
            None => groups.push((table, Vec::new())),
        }
    }
    groups
        .into_iter()
        .map(
            |(first, more)| if more.is_empty() { Ok(first) } else { under_each_other(&first, &more, report) },
        )
        .collect()
}

/// Where a list stands in a JSON that holds several: the path of the table that it hangs on (empty for
/// the outermost), and the last name of its own without digits. `None` for all other tables.
///
/// The items of an order and those of its deliveries look the same, and are the same goods twice.
fn branch(table: &Table) -> Option<(&str, String)> {
    if !matches!(table.source.format, "json" | "jsonl") {
        return None;
    }
    let (name, part) = (table.name.as_str(), table.source.part.as_deref()?);
    let file = crate::files::name_of(&table.source.file);
    let holder = if part == name { file.as_str() } else { part.strip_suffix(name)?.strip_suffix('/')? };
    let root = format::stem(holder.rsplit('/').next().unwrap_or(holder));
    if name == root {
        return None;
    }
    // A list in a list begins with the key of the row that it hangs on, or with its own number before.
    let parent = table.raw.get_column_names().into_iter().take(2).find_map(|column| {
        let (parent, _) = column.rsplit_once(' ')?;
        let rest = name.strip_prefix(parent).filter(|rest| rest.starts_with('.'));
        rest.and_then(|rest| name.strip_suffix(rest)).or_else(|| (parent == root).then_some(""))
    });
    let last = name.rsplit('.').next().unwrap_or(name);
    Some((parent.unwrap_or(""), last.chars().filter(|c| !c.is_numeric()).collect()))
}

pub(super) fn is_alike(a: &Table, b: &Table) -> bool {
    if let (Some(left), Some(right)) = (branch(a), branch(b))
        && left != right
    {
        return false;
    }
    let names = |table: &Table| -> BTreeSet<String> {
        table.raw.get_column_names().iter().map(|name| name.to_string()).collect()
    };
    let (left, right) = (names(a), names(b));
    let shared = left.intersection(&right).count();
    let all = left.union(&right).count();
    (shared == all || shared > 1) && shared as f64 >= ALIKE * all as f64
}

/// Where a table is from, in short: its file, and the part of it where it is one of several.
fn origin(table: &Table) -> String {
    let file = table.source.file.file_name().unwrap_or_default().to_string_lossy();
    match &table.source.part {
        Some(part) => format!("{file}/{part}"),
        None => file.into_owned(),
    }
}

fn under_each_other(first: &Table, more: &[Table], report: &Reporter) -> crate::Result<Table> {
    let group: Vec<&Table> = std::iter::once(first).chain(more).collect();
    let mut order: Vec<String> = Vec::new();
    for name in group.iter().flat_map(|table| table.raw.get_column_names()) {
        if !order.iter().any(|known| known == name.as_str()) {
            order.push(name.to_string());
        }
    }
    let height: usize = group.iter().map(|table| table.height()).sum();
    let mut columns: Vec<Column> = Vec::with_capacity(order.len() + 1);
    for name in &order {
        report.check()?;
        let mut text = StringChunkedBuilder::new(name.as_str().into(), height);
        for table in &group {
            match table.text(name) {
                Some(values) => values.iter().for_each(|value| text.append_option(value)),
                None => (0..table.height()).for_each(|_| text.append_null()),
            }
        }
        columns.push(text.finish().into_series().into());
    }
    let mut own = "source_file".to_owned();
    while order.contains(&own) {
        own.push('_');
    }
    let mut sources = StringChunkedBuilder::new(own.as_str().into(), height);
    let (mut notes, mut told) = (Vec::new(), Vec::new());
    let (mut rejected, mut rejected_count, mut records) = (Vec::new(), 0, 0);
    let mut hasher = blake3::Hasher::new();
    let mut files: BTreeMap<&Path, u64> = BTreeMap::new();
    for table in &group {
        let from = origin(table);
        (0..table.height()).for_each(|_| sources.append_value(&from));
        notes.push(Note::new("stacked_file").with("file", &from).with("rows", table.height()));
        let lacks: Vec<&str> =
            order.iter().map(String::as_str).filter(|name| table.text(name).is_none()).collect();
        if !lacks.is_empty() {
            notes.push(Note::new("stacked_lacks").with("file", &from).with("columns", lacks.join(", ")));
        }
        for note in &table.warnings {
            if !told.contains(note) {
                told.push(note.clone());
            }
        }
        for record in &table.rejected {
            if rejected.len() < REJECTED_SHOWN {
                let excerpt = format!("{from}: {}", record.excerpt);
                rejected.push(Rejected { excerpt, ..record.clone() });
            }
        }
        rejected_count += table.rejected_count;
        records += table.records;
        hasher.update(table.source.hash.as_bytes());
        files.insert(&table.source.file, table.source.bytes);
    }
    columns.push(sources.finish().into_series().into());
    let raw = DataFrame::new(height, columns).map_err(|cause| CollectError::Malformed {
        file: first.source.file.clone(),
        part: None,
        cause: cause.to_string(),
    })?;
    notes.extend(told);
    let mut table = Table {
        name: first.name.clone(),
        source: Provenance {
            format: "combined",
            part: None,
            bytes: files.values().sum(),
            files: files.keys().map(|file| (*file).to_owned()).collect(),
            hash: hasher.finalize().to_hex().to_string(),
            ..first.source.clone()
        },
        raw,
        columns: Vec::new(),
        rows: Arc::new((1..=u32::try_from(height).unwrap_or(u32::MAX)).collect()),
        records,
        rejected,
        rejected_count,
        warnings: notes,
    };
    table.columns = profile::profile(&table, report)?;
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order() {
        let mut names = vec!["m10.csv", "m2.csv", "M1.csv", "m02b.csv", "a.csv", "客户2", "客户10"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a.csv", "M1.csv", "m2.csv", "m02b.csv", "m10.csv", "客户2", "客户10"]);
    }
}
