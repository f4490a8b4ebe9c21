//! The target column → who belongs to the class to predict.

use std::collections::BTreeMap;

use super::ProjectError;
use crate::detect::{missing, words};
use crate::table::{Role, Table};

/// The class of each row.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    pub column: String,
    /// The value that counts as positive.
    pub positive: String,
    /// The other values, most frequent first.
    pub negative: Vec<String>,
    /// `None` where the target is missing.
    pub of_row: Vec<Option<bool>>,
}

impl Labels {
    pub(super) fn select(&self, places: &[usize]) -> Self {
        Self { of_row: places.iter().map(|&at| self.of_row[at]).collect(), ..self.clone() }
    }

    /// Positive and labelled rows.
    pub fn counts(&self) -> (usize, usize) {
        let labelled = self.of_row.iter().flatten().count();
        (self.of_row.iter().flatten().filter(|label| **label).count(), labelled)
    }
}

pub(super) fn read(table: &Table, positive: Option<&str>) -> Result<Labels, ProjectError> {
    let column = table.with_role(Role::Target).ok_or(ProjectError::NoTarget)?.name.clone();
    let text = table.text(&column).ok_or(ProjectError::NoTarget)?;
    let values: Vec<Option<&str>> =
        text.iter().map(|value| value.map(str::trim).filter(|value| !missing::is_missing(value))).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    values.iter().flatten().for_each(|value| *counts.entry(value).or_default() += 1);
    let mut by_count: Vec<(&str, usize)> = counts.into_iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let listed = || {
        let shown: Vec<&str> = by_count.iter().take(10).map(|(value, _)| *value).collect();
        let more = if by_count.len() > 10 { ", …" } else { "" };
        format!("{}{more}", shown.join(", "))
    };
    let chosen = match (positive, by_count.as_slice()) {
        (_, []) => return Err(ProjectError::EmptyTarget { column }),
        (_, [(value, _)]) => {
            return Err(ProjectError::OneClass { column, value: (*value).to_owned() });
        }
        (Some(wanted), _) => {
            let found = by_count
                .iter()
                .find(|(value, _)| *value == wanted.trim())
                .or_else(|| by_count.iter().find(|(value, _)| value.eq_ignore_ascii_case(wanted.trim())));
            match found {
                Some((value, _)) => (*value).to_owned(),
                None => {
                    let value = wanted.to_owned();
                    return Err(ProjectError::NoSuchValue { column, value, values: listed() });
                }
            }
        }
        (None, [(common, _), (rare, _)]) => {
            // The value that reads as "it happened"; where neither does, the rarer one.
            let stronger = words::positive_strength(common) > words::positive_strength(rare);
            if stronger { (*common).to_owned() } else { (*rare).to_owned() }
        }
        (None, _) => {
            return Err(ProjectError::ManyClasses { column, count: by_count.len(), values: listed() });
        }
    };
    let negative = by_count.iter().map(|(value, _)| (*value).to_owned()).filter(|v| *v != chosen).collect();
    let of_row = values.iter().map(|value| value.map(|value| value.eq_ignore_ascii_case(&chosen))).collect();
    Ok(Labels { column, positive: chosen, negative, of_row })
}
