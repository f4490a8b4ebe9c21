//! Spellings of one category that differ in case and blanks only → the most frequent of them
//! among the training rows.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::Recorder;
use crate::table::{ColumnSpec, Frame, Role};

/// For each column: the folded spelling → the one to write.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FittedSpelling {
    pub columns: Vec<(String, BTreeMap<String, String>)>,
}

pub(super) fn fold(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

pub(super) fn fit(schema: &[ColumnSpec], train: &Frame) -> FittedSpelling {
    let mut columns = Vec::new();
    for spec in schema.iter().filter(|spec| spec.role == Role::Category) {
        let Some(text) = train.text(&spec.name) else { continue };
        let mut counts: HashMap<&str, usize> = HashMap::new();
        text.iter().flatten().for_each(|value| *counts.entry(value).or_default() += 1);
        let mut groups: BTreeMap<String, Vec<(&str, usize)>> = BTreeMap::new();
        for (value, count) in counts {
            groups.entry(fold(value)).or_default().push((value, count));
        }
        let writings: BTreeMap<String, String> = groups
            .into_iter()
            .filter_map(|(folded, mut group)| {
                group.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
                group.first().map(|(value, _)| (folded, (*value).to_owned()))
            })
            .collect();
        columns.push((spec.name.clone(), writings));
    }
    FittedSpelling { columns }
}

impl FittedSpelling {
    pub(super) fn apply(&self, frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
        let mut out = frame.clone();
        for (name, writings) in &self.columns {
            let Some(text) = frame.text(name) else { continue };
            // Few different values: each is looked up once.
            let mut known: HashMap<&str, Option<&str>> = HashMap::new();
            let rewritten = text.iter().enumerate().map(|(at, value)| {
                let value = value?;
                let writing =
                    *known.entry(value).or_insert_with(|| writings.get(&fold(value)).map(String::as_str));
                match writing {
                    Some(writing) if writing != value => {
                        record.cell(at, name, || Some(value.to_owned()), || Some(writing.to_owned()));
                        Some(writing)
                    }
                    _ => Some(value),
                }
            });
            let column = StringChunked::from_iter_options(name.as_str().into(), rewritten);
            out = super::with_column(&out, column.into_series().into())?;
        }
        Ok(out)
    }
}
