//! From columns to points: which columns count, and how each becomes a number. Fitted once; new
//! customers become points by the same rule.

use serde::{Deserialize, Serialize};

use super::points::{Metric, Points};
use crate::table::{ColumnSpec, Frame, Role};

/// Levels of a category that count.
const LEVELS: usize = 20;
/// Numbers far out would make groups of their own: held within so many deviations.
const HELD: f64 = 4.0;

/// One number of a point: (value − shift) / scale of a column, or whether a category has a level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    pub column: String,
    /// A category's level; `None` for a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The logarithm of 1 + value is taken first.
    #[serde(default)]
    pub log: bool,
    #[serde(default)]
    pub shift: f64,
    /// What the level counts, or what the number is divided by.
    pub scale: f64,
    /// The number is held within this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<f64>,
    /// Where the cell is blank.
    #[serde(default)]
    pub blank: f64,
}

/// The rule.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Space {
    pub axes: Vec<Axis>,
    #[serde(default)]
    pub metric: Metric,
}

fn named(schema: &[ColumnSpec], wanted: fn(Role) -> bool, chosen: &[String]) -> Vec<String> {
    let is_chosen = |name: &String| chosen.is_empty() || chosen.contains(name);
    schema.iter().filter(|spec| wanted(spec.role)).map(|spec| spec.name.clone()).filter(is_chosen).collect()
}

/// The columns that a grouping may use: numbers and categories.
pub fn usable(schema: &[ColumnSpec], frame: &Frame) -> Vec<String> {
    let mut all = named(schema, Role::is_numeric, &[]);
    all.retain(|name| frame.text(name).is_none());
    all.extend(named(schema, |role| role == Role::Category, &[]));
    all
}

impl Space {
    /// Cleaned and scaled columns as they are: all numbers, or those of `chosen`; where there are fewer than
    /// two, or categories are chosen, categories as well.
    pub fn of_columns(schema: &[ColumnSpec], frame: &Frame, chosen: &[String]) -> Self {
        let mut axes = Vec::new();
        let mut numbers = named(schema, Role::is_numeric, chosen);
        numbers.retain(|name| frame.numbers(name).is_some());
        let with_levels = numbers.len() < 2 || !chosen.is_empty();
        axes.extend(numbers.into_iter().map(|column| Axis {
            column,
            level: None,
            log: false,
            shift: 0.0,
            scale: 1.0,
            held: Some(HELD),
            blank: 0.0,
        }));
        if with_levels {
            let categories = named(schema, |role| role == Role::Category, chosen);
            axes.extend(categories.iter().flat_map(|name| levels(frame, name, 1.0)));
        }
        Self { axes, metric: Metric::Euclidean }
    }

    /// Numbers by their range and categories by equal or not, every column alike: Gower's distance.
    pub fn of_mixed(schema: &[ColumnSpec], frame: &Frame, chosen: &[String]) -> Self {
        let mut axes = Vec::new();
        for column in named(schema, Role::is_numeric, chosen) {
            let Some(values) = frame.numbers(&column) else { continue };
            let ends = values
                .iter()
                .flatten()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
            let range = ends.1 - ends.0;
            if range.is_finite() && range > 0.0 {
                let held = Some(1.0);
                axes.push(Axis {
                    column,
                    level: None,
                    log: false,
                    shift: ends.0,
                    scale: range,
                    held,
                    blank: 0.5,
                });
            }
        }
        // Two rows that differ in a level differ in two of its axes: half each.
        let categories = named(schema, |role| role == Role::Category, chosen);
        axes.extend(categories.iter().flat_map(|name| levels(frame, name, 0.5)));
        Self { axes, metric: Metric::Gower }
    }

    /// Numbers as logarithms, then to mean 0 and deviation 1: for recency, frequency and money, whose
    /// distributions are skewed.
    pub fn of_logarithms(frame: &Frame, columns: &[&str]) -> Self {
        let axis = |column: &&str| {
            let values = frame.numbers(column)?;
            let logs: Vec<f64> = values.iter().flatten().map(|v| v.max(0.0).ln_1p()).collect();
            let n = logs.len().max(1) as f64;
            let mean = logs.iter().sum::<f64>() / n;
            let deviation = (logs.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
            (deviation > 0.0).then(|| Axis {
                column: (*column).to_owned(),
                level: None,
                log: true,
                shift: mean,
                scale: deviation,
                held: None,
                blank: 0.0,
            })
        };
        Self { axes: columns.iter().filter_map(axis).collect(), metric: Metric::Euclidean }
    }

    /// Numbers that come from elsewhere, as they are.
    pub fn of_units(width: usize) -> Self {
        let axis = |at: usize| Axis {
            column: format!("unit {}", at + 1),
            level: None,
            log: false,
            shift: 0.0,
            scale: 1.0,
            held: None,
            blank: 0.0,
        };
        Self { axes: (0..width).map(axis).collect(), metric: Metric::Euclidean }
    }

    /// Points of rows; a column that is not there counts as blank.
    pub fn points(&self, frame: &Frame) -> Points {
        let n = frame.height();
        let mut list: Vec<Vec<f64>> = Vec::with_capacity(self.axes.len());
        for axis in &self.axes {
            let blank = || vec![axis.blank; n];
            let values = match &axis.level {
                None => frame.numbers(&axis.column).map_or_else(blank, |values| {
                    values.into_iter().map(|value| axis.number(value)).collect()
                }),
                Some(level) => frame.text(&axis.column).map_or_else(blank, |text| {
                    text.iter().map(|v| if v == Some(level) { axis.scale } else { 0.0 }).collect()
                }),
            };
            list.push(values);
        }
        let mut values = Vec::with_capacity(n * list.len());
        for row in 0..n {
            values.extend(list.iter().filter_map(|column| column.get(row)));
        }
        Points::new(self.axes.len(), values)
    }

    /// The columns behind the axes, each once.
    pub fn columns(&self) -> Vec<String> {
        let mut names: Vec<String> = self.axes.iter().map(|axis| axis.column.clone()).collect();
        names.dedup();
        names
    }

    /// For each axis the number of its column: axes of one column belong together.
    pub fn blocks(&self) -> Vec<usize> {
        let mut block = 0;
        let mut before: Option<&str> = None;
        self.axes
            .iter()
            .map(|axis| {
                if before.is_some_and(|name| name != axis.column) {
                    block += 1;
                }
                before = Some(&axis.column);
                block
            })
            .collect()
    }
}

impl Axis {
    fn number(&self, value: Option<f64>) -> f64 {
        let Some(value) = value.filter(|value| value.is_finite()) else { return self.blank };
        let value = if self.log { value.max(0.0).ln_1p() } else { value };
        let scaled = (value - self.shift) / self.scale;
        match self.held {
            // A range ends at 0.
            Some(held) if self.blank > 0.0 => scaled.clamp(0.0, held),
            Some(held) => scaled.clamp(-held, held),
            None => scaled,
        }
    }
}

fn levels(frame: &Frame, name: &str, weight: f64) -> Vec<Axis> {
    let Some(text) = frame.text(name) else { return Vec::new() };
    let mut levels: Vec<&str> = text.iter().flatten().collect();
    levels.sort_unstable();
    levels.dedup();
    let axis = |level: &str| Axis {
        column: name.to_owned(),
        level: Some(level.to_owned()),
        log: false,
        shift: 0.0,
        scale: weight,
        held: None,
        blank: 0.0,
    };
    levels.into_iter().take(LEVELS).map(axis).collect()
}
