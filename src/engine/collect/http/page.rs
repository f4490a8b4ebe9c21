//! An answer → its records.

use serde_json::Value;

use super::HttpError;
use super::client::{Answer, Client};
use crate::collect::json::{self, Json};

/// A page as understood.
pub(super) struct Page {
    pub body: Value,
    /// Where the list of records stands; empty for the whole answer.
    pub path: String,
    /// With their scalars as they are written.
    pub records: Vec<Json>,
}

/// Reads an answer; `path` names the list, else it is looked for.
pub(super) fn read(answer: &Answer, path: Option<&str>, client: &Client) -> Result<Page, HttpError> {
    let url = client.shown(&answer.url);
    let text = decode(answer, &url)?;
    let text = text.trim();
    let html = answer.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    if html || !text.starts_with(['{', '[', '"']) && serde_json::from_str::<Value>(text).is_err() {
        return Err(HttpError::NotJson { url, excerpt: client.excerpt(text.as_bytes()) });
    }
    let mut body: Value = serde_json::from_str(text).map_err(|e| HttpError::BadJson {
        url: url.clone(),
        line: e.line() as u64,
        cause: e.to_string(),
    })?;
    let found = match path {
        Some(path) => Some(path.to_owned()),
        None => find(&body),
    };
    // The rest of the answer tells of paging, and needs no records.
    let list = found.as_deref().and_then(|path| at_mut(&mut body, path));
    let is_list = list.is_some_and(|list| list.is_array() && !std::mem::take(list).is_null());
    let whole = json::value(text).map_err(|(line, cause)| HttpError::BadJson {
        url: url.clone(),
        line,
        cause: cause.to_owned(),
    })?;
    let records = match found.as_deref().filter(|_| is_list).and_then(|path| whole.records_at(path)) {
        Some(records) => records,
        None => {
            let present = match &body {
                Value::Object(map) => map.keys().take(30).cloned().collect::<Vec<_>>().join(", "),
                other => client.excerpt(other.to_string().as_bytes()),
            };
            let path = path.unwrap_or_default().to_owned();
            return Err(HttpError::NoRecords { url, path, present: client.redact(&present) });
        }
    };
    Ok(Page { body, path: found.unwrap_or_default(), records })
}

/// The text of a body: in the encoding that it says it has, else UTF-8.
fn decode<'a>(answer: &'a Answer, url: &str) -> Result<std::borrow::Cow<'a, str>, HttpError> {
    let charset = answer.header("content-type").and_then(|kind| {
        let (_, label) = kind.split_once("charset=")?;
        let label = label.split(';').next()?.trim().trim_matches('"');
        encoding_rs::Encoding::for_label(label.as_bytes())
    });
    let (text, _, bad) = charset.unwrap_or(encoding_rs::UTF_8).decode(&answer.body);
    if bad {
        let at = std::str::from_utf8(&answer.body).map_or_else(|e| e.valid_up_to(), |_| 0);
        return Err(HttpError::NotText { url: url.to_owned(), at });
    }
    Ok(text)
}

/// The first list of objects, the outermost ones first; else the first empty list.
fn find(body: &Value) -> Option<String> {
    let mut level: Vec<(String, &Value)> = vec![(String::new(), body)];
    let mut empty = None;
    while !level.is_empty() {
        let mut below = Vec::new();
        for (path, value) in level {
            match value {
                Value::Array(items) if items.first().is_some_and(Value::is_object) => return Some(path),
                Value::Array(items) if items.is_empty() => {
                    empty.get_or_insert(path);
                }
                Value::Object(map) => {
                    for (key, value) in map {
                        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                        below.push((path, value));
                    }
                }
                _ => {}
            }
        }
        level = below;
    }
    empty
}

/// The value at a path of keys and places joined by dots; a key may itself hold dots.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(value);
    }
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    ends.into_iter().find_map(|end| {
        let (key, rest) = (path.get(..end)?, path.get(end..)?);
        let inner = match value {
            Value::Object(map) => map.get(key)?,
            Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
        at(inner, rest.strip_prefix('.').unwrap_or(rest))
    })
}

fn at_mut<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    // Found once to see, once to change: the borrow of a failed way would not end.
    at(value, path)?;
    if path.is_empty() {
        return Some(value);
    }
    let ends: Vec<usize> = path.match_indices('.').map(|(at, _)| at).chain([path.len()]).collect();
    for end in ends {
        let (key, rest) = (path.get(..end)?, path.get(end..)?);
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        let fits = match &*value {
            Value::Object(map) => map.get(key).is_some_and(|inner| at(inner, rest).is_some()),
            Value::Array(items) => {
                key.parse().is_ok_and(|n: usize| items.get(n).is_some_and(|i| at(i, rest).is_some()))
            }
            _ => false,
        };
        if fits {
            let inner = match value {
                Value::Object(map) => map.get_mut(key)?,
                Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?)?,
                _ => return None,
            };
            return at_mut(inner, rest);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_list_of_records_is_found() {
        assert_eq!(find(&json!([{"a": 1}])).as_deref(), Some(""));
        assert_eq!(find(&json!({"z": [1, 2], "data": {"items": [{"a": 1}]}})).as_deref(), Some("data.items"));
        assert_eq!(find(&json!({"data": [], "meta": {"x": 1}})).as_deref(), Some("data"));
        assert_eq!(find(&json!({"a": 1})), None);
        // The outer list wins over one inside.
        assert_eq!(find(&json!({"a": {"b": [{"x": 1}]}, "z": [{"y": 1}]})).as_deref(), Some("z"));
    }

    #[test]
    fn paths_go_through_keys_with_dots_and_lists() {
        let mut body = json!({"a.b": {"c": 1}, "a": {"d": [0, {"e": 2}]}, "@odata.nextLink": "x"});
        assert_eq!(at(&body, "a.b.c"), Some(&json!(1)));
        assert_eq!(at(&body, "a.d.1.e"), Some(&json!(2)));
        assert_eq!(at(&body, "@odata.nextLink"), Some(&json!("x")));
        assert_eq!(at(&body, "a.x"), None);
        *at_mut(&mut body, "a.d.1.e").unwrap() = json!(3);
        assert_eq!(at(&body, "a.d.1.e"), Some(&json!(3)));
        assert!(at_mut(&mut body, "a.d.7").is_none());
    }
}
