//! Tables for the tests of this room, from texts and from the public data.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{DataFrame, NamedFrom as _, Series};

use crate::collect::profile::profile;
use crate::job::Reporter;
use crate::table::{Provenance, Table};

/// A table of `rows` under `header`.
pub fn built(name: &str, header: &[String], rows: &[Vec<Option<String>>]) -> Table {
    let columns = header
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let cells: Vec<Option<&str>> =
                rows.iter().map(|row| row.get(at).and_then(Option::as_deref)).collect();
            Series::new(name.as_str().into(), cells).into()
        })
        .collect();
    let mut table = Table {
        name: name.to_owned(),
        source: Provenance {
            file: PathBuf::from(format!("{name}.csv")),
            files: Vec::new(),
            format: "csv",
            part: None,
            encoding: "UTF-8".into(),
            separator: Some(','),
            header: true,
            bytes: 0,
            hash: blake3::hash(format!("{name}{rows:?}").as_bytes()).to_hex().to_string(),
            sampled: None,
        },
        raw: DataFrame::new(rows.len(), columns).unwrap(),
        columns: Vec::new(),
        rows: Arc::new((2..).take(rows.len()).collect()),
        records: rows.len() as u64,
        rejected: Vec::new(),
        rejected_count: 0,
        warnings: Vec::new(),
    };
    table.columns = profile(&table, &Reporter::silent()).unwrap();
    table
}

/// A table from comma separated text whose first line names the columns.
pub fn table(name: &str, text: &str) -> Table {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<Vec<Option<String>>> = reader
        .records()
        .map(|record| record.unwrap().iter().map(|cell| Some(cell.to_owned())).collect())
        .collect();
    built(name, &header, &rows)
}

/// A file of the public data, or `None` (told) where `REGULARS_DATA` is not set.
pub fn public(file: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("REGULARS_DATA").filter(|v| !v.is_empty()) else {
        println!("skipped: REGULARS_DATA is not set, so {file} is not there");
        return None;
    };
    Some(Path::new(&folder).join(file))
}

/// The four nested lists of Ravelin's customers as tables with a parent's key, as a reader of nested
/// JSON makes them.
pub fn ravelin() -> Option<Vec<Table>> {
    let path = public("json-nested/ravelin_customers.jsonl")?;
    let lists = ["customer", "orders", "paymentMethods", "transactions"];
    /// Names of the columns, and the rows.
    type Drawn = (Vec<String>, Vec<Vec<Option<String>>>);
    let mut tables: Vec<Drawn> =
        lists.iter().map(|_| (vec!["customers id".to_owned()], Vec::new())).collect();
    for (number, line) in std::fs::read_to_string(path).unwrap().lines().enumerate() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        for (list, (header, rows)) in lists.iter().zip(&mut tables) {
            let items = match &record[*list] {
                serde_json::Value::Array(items) => items.clone(),
                object => vec![object.clone()],
            };
            for item in items {
                let mut row = vec![Some((number + 1).to_string())];
                for (name, value) in item.as_object().unwrap() {
                    let at = header.iter().position(|known| known == name).unwrap_or_else(|| {
                        header.push(name.clone());
                        header.len() - 1
                    });
                    row.resize(row.len().max(at + 1), None);
                    row[at] = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                }
                rows.push(row);
            }
        }
    }
    let names = ["customers", "orders", "paymentMethods", "transactions"];
    Some(names.iter().zip(&tables).map(|(name, (header, rows))| built(name, header, rows)).collect())
}
