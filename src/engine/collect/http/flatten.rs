//! Records of JSON → one table of text.

use std::collections::HashMap;
use std::sync::Arc;

use polars::prelude::*;
use serde_json::Value;

use super::HttpError;
use crate::table::{Provenance, Table};

/// Flattens records: objects within become columns joined by dots, lists stay JSON text, a record
/// that is no object stands in the column `value`. Columns come in the order of their first sight.
pub(super) fn records_to_tables(
    name: &str,
    source: Provenance,
    records: &[Value],
) -> Result<Vec<Table>, HttpError> {
    let mut columns: Vec<(String, Vec<Option<String>>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (row, record) in records.iter().enumerate() {
        let mut put = |path: String, value: Option<String>| {
            let at = *places.entry(path.clone()).or_insert_with(|| {
                columns.push((path, Vec::new()));
                columns.len() - 1
            });
            if let Some((_, cells)) = columns.get_mut(at) {
                cells.resize(row, None);
                cells.push(value);
            }
        };
        match record {
            Value::Object(map) => map.iter().for_each(|(key, value)| flatten(key.clone(), value, &mut put)),
            other => put("value".into(), text(other)),
        }
    }
    let fail = |url: &std::path::Path| HttpError::NoRows { url: url.display().to_string() };
    if columns.is_empty() {
        return Err(fail(&source.file));
    }
    let columns = columns
        .into_iter()
        .map(|(name, mut cells)| {
            cells.resize(records.len(), None);
            StringChunked::from_iter_options(name.as_str().into(), cells.into_iter()).into_series().into()
        })
        .collect();
    let raw = DataFrame::new(records.len(), columns).map_err(|_| fail(&source.file))?;
    let last = u32::try_from(records.len()).unwrap_or(u32::MAX).saturating_add(2);
    Ok(vec![Table {
        name: name.to_owned(),
        source,
        raw,
        columns: Vec::new(),
        records: records.len() as u64,
        // As in a file: the names are record 1.
        rows: Arc::new((2..last).collect()),
        rejected: Vec::new(),
        rejected_count: 0,
        warnings: Vec::new(),
    }])
}

fn flatten(path: String, value: &Value, put: &mut impl FnMut(String, Option<String>)) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, value)| flatten(format!("{path}.{key}"), value, put));
        }
        other => put(path, text(other)),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
