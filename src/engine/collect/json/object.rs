//! A file that is one object: lists of records under its keys, columns of values, records under
//! their keys, or one record. Lists are read record by record, never as a whole.

use super::broken;
use super::flatten::Drafts;
use super::scan::{Fault, Json, Scanner};
use crate::collect::format::Task;
use crate::note::Note;

/// What stands under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `null` or an empty list.
    Nothing,
    Scalar,
    /// A list without objects.
    Plain,
    /// A list with objects.
    Records,
    Object,
}

/// A field of the object, before it is read.
pub(super) struct Entry {
    key: String,
    /// Byte of the text at which the value begins.
    at: usize,
    kind: Kind,
}

/// Steps over an object and notes what it holds.
pub(super) fn skim(scanner: &mut Scanner<'_>) -> Result<Vec<Entry>, Fault> {
    let mut out = Vec::new();
    scanner.step(b'{');
    let mut more = !scanner.step(b'}');
    while more {
        let key = scanner.key()?;
        let first = scanner.peek();
        let at = scanner.at;
        let kind = if first == Some(b'[') {
            list_kind(scanner)?
        } else {
            match scanner.value()? {
                Json::Null => Kind::Nothing,
                Json::Object(_) => Kind::Object,
                _ => Kind::Scalar,
            }
        };
        out.push(Entry { key, at, kind });
        more = scanner.more(b'}')?;
    }
    Ok(out)
}

fn list_kind(scanner: &mut Scanner<'_>) -> Result<Kind, Fault> {
    let mut kind = Kind::Nothing;
    each(scanner, |item| {
        kind = match item {
            Json::Object(_) => Kind::Records,
            _ if kind == Kind::Records => Kind::Records,
            _ => Kind::Plain,
        };
        true
    })?;
    Ok(kind)
}

/// Hands on the items of a list one by one, for as long as they are wanted.
fn each(scanner: &mut Scanner<'_>, mut take: impl FnMut(Json) -> bool) -> Result<(), Fault> {
    scanner.step(b'[');
    let mut more = !scanner.step(b']');
    while more {
        if !take(scanner.value()?) {
            break;
        }
        more = scanner.more(b']')?;
    }
    Ok(())
}

/// Reads the object that begins at a byte of the text.
pub(super) fn read(
    text: &str,
    at: usize,
    entries: &[Entry],
    task: &Task<'_>,
    drafts: &mut Drafts<'_>,
    notes: &mut Vec<Note>,
) -> crate::Result<()> {
    let fail = |fault| broken(text, fault, task);
    let mut scanner = Scanner::watched(text, task.report);
    if let [Entry { at, kind: Kind::Object, .. }] = entries {
        scanner.at = *at;
        let inner = skim(&mut scanner).map_err(fail)?;
        return read(text, *at, &inner, task, drafts, notes);
    }
    let names_itself = entries.iter().any(|entry| {
        entry.kind == Kind::Scalar
            && ["id", "_id", "uuid", "name", "email"].contains(&entry.key.to_lowercase().as_str())
    });
    if !names_itself && entries.iter().any(|entry| entry.kind == Kind::Records) {
        let mut beside = Vec::new();
        for Entry { key, at, kind } in entries {
            match kind {
                Kind::Records => {
                    let (table, mut row) = (drafts.table(key), 0);
                    scanner.at = *at;
                    each(&mut scanner, |item| {
                        row += 1;
                        drafts.record(table, row, &item);
                        task.head.is_none_or(|head| drafts.height(table) < head)
                    })
                    .map_err(fail)?;
                }
                Kind::Nothing => {}
                _ => beside.push(key.as_str()),
            }
        }
        if !beside.is_empty() {
            notes.push(Note::new("json_beside").with("names", beside.join(", ")));
        }
        return Ok(());
    }
    scanner.at = at;
    let whole = scanner.value().map_err(fail)?;
    let Json::Object(fields) = &whole else { return Ok(()) };
    let records = match columns(fields) {
        Some(records) => records,
        None if alike(fields) => fields.iter().map(keyed).collect(),
        None if fields.is_empty() => Vec::new(),
        None => vec![whole],
    };
    let table = drafts.table("");
    for (record, row) in records.iter().zip(1u64..) {
        if row.is_multiple_of(256) {
            task.report.check()?;
        }
        drafts.record(table, row, record);
    }
    Ok(())
}

/// A record that stands under its key, with the key as its first field.
fn keyed((key, value): &(String, Json)) -> Json {
    let mut record = vec![("key".to_owned(), Json::Scalar(key.clone()))];
    if let Json::Object(inner) = value {
        record.extend(inner.iter().cloned());
    }
    Json::Object(record)
}

/// Objects all, of which the first two share at least half of their keys: records of one kind.
fn alike(fields: &[(String, Json)]) -> bool {
    if !fields.iter().all(|(_, value)| matches!(value, Json::Object(_))) {
        return false;
    }
    let [(_, Json::Object(a)), (_, Json::Object(b)), ..] = fields else { return false };
    let shared = a.iter().filter(|(key, _)| b.iter().any(|(other, _)| other == key)).count();
    shared > 0 && 2 * shared >= a.len().max(b.len())
}

/// Records of an object that holds columns: lists of equal length, or objects with the keys `0`,
/// `1`, … as pandas writes them; also `columns` beside `data`.
fn columns(fields: &[(String, Json)]) -> Option<Vec<Json>> {
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    if let (Some(Json::List(names)), Some(Json::List(rows))) = (field("columns"), field("data"))
        && names.iter().all(Json::is_scalar)
        && rows.iter().all(|row| matches!(row, Json::List(_)))
    {
        let names: Vec<String> = names.iter().map(|name| name.text().unwrap_or_default()).collect();
        return Some(
            rows.iter()
                .map(|row| match row {
                    Json::List(cells) => {
                        Json::Object(names.iter().cloned().zip(cells.iter().cloned()).collect())
                    }
                    other => other.clone(),
                })
                .collect(),
        );
    }
    let cells: Vec<Vec<&Json>> = fields
        .iter()
        .map(|(_, value)| match value {
            Json::List(items) => Some(items.iter().collect()),
            Json::Object(inner) => inner
                .iter()
                .enumerate()
                .map(|(at, (key, value))| (*key == at.to_string()).then_some(value))
                .collect::<Option<Vec<_>>>(),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let height = cells.first()?.len();
    let even = fields.len() > 1
        && height > 1
        && cells.iter().all(|column| column.len() == height && column.iter().all(|cell| cell.is_scalar()));
    even.then(|| {
        (0..height)
            .map(|row| {
                let pair = |((key, _), column): (&(String, Json), &Vec<&Json>)| {
                    (key.clone(), column.get(row).map_or(Json::Null, |cell| (*cell).clone()))
                };
                Json::Object(fields.iter().zip(&cells).map(pair).collect())
            })
            .collect()
    })
}
