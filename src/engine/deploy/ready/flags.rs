//! What is odd about the cells of a row that comes to be scored.

use std::collections::HashSet;

use serde::Serialize;

use crate::deploy::Bundle;
use crate::detect::missing;
use crate::evaluate::Values;
use crate::table::Frame;

/// What is told of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// A category that the training rows never had.
    UnseenCategory,
    /// A number below or above all of the training rows.
    OutOfRange,
    /// A value that could not be read, or that cannot be: it counts as missing.
    NotUsed,
    /// The row repeats an earlier one of the same request.
    Repeated,
}

/// Something that a caller should know of a scored row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flag {
    pub kind: FlagKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What is asked of a number or a category when it comes.
pub(super) enum Check {
    Levels(HashSet<String>),
    Range(f64, f64),
    /// Only that a value can be read.
    Read,
}

/// What is asked of the columns that the model needs.
pub(super) fn checks(bundle: &Bundle, needed: &[String]) -> Vec<(String, Check)> {
    let levels = bundle.features.encoders.iter().filter_map(|encoder| {
        let levels = encoder.levels()?.into_iter().map(str::to_owned).collect();
        Some((encoder.column().to_owned(), Check::Levels(levels)))
    });
    let mut out: Vec<(String, Check)> = levels.filter(|(column, _)| bundle.learns_from(column)).collect();
    for choice in &bundle.choices {
        if let Values::Numbers { values, .. } = &choice.values
            && let (Some((low, _)), Some((high, _))) = (values.first(), values.last())
        {
            out.push((choice.column.clone(), Check::Range(*low, *high)));
        }
    }
    for name in needed {
        if !out.iter().any(|(column, _)| column == name) {
            out.push((name.clone(), Check::Read));
        }
    }
    out
}

/// What is told of each row.
pub(super) fn flags(checks: &[(String, Check)], source: &Frame, readable: &Frame) -> Vec<Vec<Flag>> {
    let mut out = vec![Vec::new(); readable.height()];
    for (column, check) in checks {
        let mut tell = |at: usize, kind: FlagKind, value: String| {
            if let Some(flags) = out.get_mut(at) {
                flags.push(Flag { kind, column: Some(column.clone()), value: Some(value) });
            }
        };
        let given = source.text(column);
        let cell = |at: usize| given.and_then(|text| text.get(at)).unwrap_or_default();
        match (check, readable.text(column), readable.numbers(column)) {
            (Check::Levels(levels), Some(text), _) => {
                for (at, value) in text.iter().enumerate() {
                    match value {
                        Some(value) if !levels.contains(value) => {
                            tell(at, FlagKind::UnseenCategory, value.to_owned());
                        }
                        _ => {}
                    }
                }
            }
            (check, _, Some(numbers)) => {
                for (at, value) in numbers.into_iter().enumerate() {
                    match (value.filter(|value| value.is_finite()), check) {
                        (Some(value), Check::Range(low, high)) if value < *low || value > *high => {
                            tell(at, FlagKind::OutOfRange, cell(at).to_owned());
                        }
                        (None, _) if !missing::is_missing(cell(at)) => {
                            tell(at, FlagKind::NotUsed, cell(at).to_owned());
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    out
}
