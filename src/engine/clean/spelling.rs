//! Spellings of one category that differ in case and blanks only → the most frequent of them
//! among the training rows.

use std::collections::BTreeMap;

use polars::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::Recorder;
use crate::table::{ColumnSpec, Frame, Role, each};

/// For each column: the folded spelling → the one to write.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FittedSpelling {
    pub columns: Vec<(String, BTreeMap<String, String>)>,
}

pub(crate) fn fold(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

pub(super) fn fit(schema: &[ColumnSpec], train: &Frame) -> FittedSpelling {
    let one = |spec: &ColumnSpec| {
        let text = train.text(&spec.name)?;
        let mut counts: PlHashMap<&str, usize> = PlHashMap::default();
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
        Some((spec.name.clone(), writings))
    };
    let categories = schema.par_iter().filter(|spec| spec.role == Role::Category);
    FittedSpelling { columns: categories.filter_map(one).collect() }
}

impl FittedSpelling {
    pub(super) fn apply(&self, frame: &Frame, record: &mut Recorder) -> PolarsResult<Frame> {
        let columns = record.side_by_side(&self.columns, |(name, writings), record| {
            let Some(text) = frame.text(name) else { return PolarsResult::Ok(None) };
            // Few different values: each is looked up once; `None` stays as it is.
            let mut known: PlHashMap<&str, Option<&str>> = PlHashMap::default();
            let look = |value| {
                known.entry(value).or_insert_with(|| {
                    writings.get(&fold(value)).map(String::as_str).filter(|writing| *writing != value)
                });
            };
            each(text, look, |_| ());
            if known.values().all(Option::is_none) {
                return Ok(None);
            }
            let rewritten = text.iter().enumerate().map(|(at, value)| {
                let value = value?;
                let Some(writing) = known.get(value).copied().flatten() else { return Some(value) };
                record.cell(at, name, || Some(value.to_owned()), || Some(writing.to_owned()));
                Some(writing)
            });
            Ok(Some(StringChunked::from_iter_options(name.as_str().into(), rewritten).into_series()))
        })?;
        super::with_columns(frame, columns.into_iter().flatten().map(Column::from))
    }
}
