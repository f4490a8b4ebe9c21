//! Missing values → the median, mean, mode or a constant of the training rows, of the training rows
//! of the same group, or of the nearest training rows; with an indicator column where enough is
//! missing to tell something.

use std::collections::BTreeMap;

use polars::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::CleanError;
use super::neighbours::FittedNeighbours;
use super::record::Recorder;
use crate::job::Reporter;
use crate::table::{ColumnSpec, Frame, Role, show_number};

/// Share of the training rows that must be missing for an indicator to be added.
const INDICATOR_SHARE: f64 = 0.01;
/// Fewest training values of a group that say more than all of them.
const GROUP: usize = 5;
/// The level that stands for a missing category.
pub const MISSING_LEVEL: &str = "(missing)";

/// How numbers are filled.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFill {
    #[default]
    Median,
    Mean,
    Constant(f64),
    /// The mean of the nearest training rows that have a value.
    Nearest,
}

/// How categories are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryFill {
    /// A level of its own, `(missing)`.
    #[default]
    OwnLevel,
    Mode,
}

/// How one column is filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    Number(NumberFill),
    Category(CategoryFill),
    /// A category's constant.
    Text(String),
}

/// A column that is filled in its own way. A way for the other kind of column counts for nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnFill {
    pub column: String,
    pub fill: Fill,
    /// The category within which median, mean or mode are taken.
    #[serde(default)]
    pub group: Option<String>,
}

/// Settings of imputation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImputeSpec {
    pub numbers: NumberFill,
    pub categories: CategoryFill,
    /// Adds a 0/1 column for each column with at least 1% missing among the training rows.
    pub indicator: bool,
    /// The category within which median, mean or mode are taken; over all rows where the group is
    /// missing, new or smaller than 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Training rows whose mean fills a hole, where the nearest ones do.
    #[serde(skip_serializing_if = "is_five")]
    pub neighbours: usize,
    /// Columns that are filled in their own way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnFill>,
}

// What is left as it is leaves no trace, so that keys of older projects stay the same.
fn is_five(k: &usize) -> bool {
    *k == 5
}

impl Default for ImputeSpec {
    fn default() -> Self {
        Self {
            numbers: NumberFill::Median,
            categories: CategoryFill::OwnLevel,
            indicator: true,
            group: None,
            neighbours: 5,
            columns: Vec::new(),
        }
    }
}

/// What is written into the holes of a column by the group of the row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grouped<T> {
    pub column: String,
    /// The category that tells the group.
    pub by: String,
    pub fills: BTreeMap<String, T>,
}

/// What is written into the holes of each column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FittedImpute {
    pub numbers: Vec<(String, f64)>,
    pub categories: Vec<(String, String)>,
    /// Columns that get an indicator.
    pub indicators: Vec<String>,
    /// Goes before `numbers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub number_groups: Vec<Grouped<f64>>,
    /// Goes before `categories`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub category_groups: Vec<Grouped<String>>,
    /// Goes before `numbers`, for the columns that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<FittedNeighbours>,
}

/// The name of the indicator of a column.
pub fn indicator_name(column: &str) -> String {
    format!("{column} missing")
}

/// How a column is filled, and within which category.
fn way<'a>(spec: &'a ImputeSpec, column: &ColumnSpec) -> (Fill, Option<&'a str>) {
    let numeric = column.role.is_numeric();
    let fits = |fill: &Fill| matches!(fill, Fill::Number(_)) == numeric;
    let own = spec.columns.iter().rfind(|own| own.column == column.name && fits(&own.fill));
    let (fill, group) = match own {
        Some(own) => (own.fill.clone(), own.group.as_deref()),
        None if numeric => (Fill::Number(spec.numbers), spec.group.as_deref()),
        None => (Fill::Category(spec.categories), spec.group.as_deref()),
    };
    (fill, group.filter(|group| *group != column.name))
}

/// Learns from the training rows; `seed` chooses those that are kept as neighbours.
pub(super) fn fit(
    spec: &ImputeSpec,
    schema: &[ColumnSpec],
    train: &Frame,
    seed: u64,
    report: &Reporter,
) -> crate::Result<FittedImpute> {
    let learn = |column: &ColumnSpec| {
        report.check()?;
        Ok(learn(spec, column, train))
    };
    let learnt: Vec<FittedImpute> = schema.par_iter().map(learn).collect::<crate::Result<_>>()?;
    let mut out = FittedImpute::default();
    for one in learnt {
        out.numbers.extend(one.numbers);
        out.categories.extend(one.categories);
        out.indicators.extend(one.indicators);
        out.number_groups.extend(one.number_groups);
        out.category_groups.extend(one.category_groups);
    }
    let by_nearest = |column: &&ColumnSpec| {
        way(spec, column).0 == Fill::Number(NumberFill::Nearest) && train.numbers(&column.name).is_some()
    };
    let nearest: Vec<String> = schema.iter().filter(by_nearest).map(|column| column.name.clone()).collect();
    if !nearest.is_empty() {
        out.nearest = FittedNeighbours::fit(nearest, spec.neighbours, schema, train, seed);
    }
    Ok(out)
}

/// What fills one column.
fn learn(spec: &ImputeSpec, column: &ColumnSpec, train: &Frame) -> FittedImpute {
    let mut out = FittedImpute::default();
    let (fill, group) = way(spec, column);
    let group = group.and_then(|by| Some((by, train.text(by)?)));
    match column.role {
        Role::Number | Role::Money => {
            let Some(values) = train.numbers(&column.name) else { return out };
            let missing = values.iter().filter(|v| !v.is_some_and(f64::is_finite)).count();
            if spec.indicator && missing as f64 >= INDICATOR_SHARE * values.len() as f64 && missing > 0 {
                out.indicators.push(column.name.clone());
            }
            let middle = |values: &mut Vec<f64>| match fill {
                Fill::Number(NumberFill::Constant(value)) if value.is_finite() => value,
                Fill::Number(NumberFill::Mean) if values.is_empty() => 0.0,
                Fill::Number(NumberFill::Mean) => values.iter().sum::<f64>() / values.len() as f64,
                _ => median(values),
            };
            let is_present = |value: &f64| value.is_finite();
            if let Some((by, text)) = group
                && !matches!(fill, Fill::Number(NumberFill::Constant(_) | NumberFill::Nearest))
            {
                let groups = grouped(text, values.iter().map(|value| value.filter(is_present)));
                let fills = groups.into_iter().map(|(level, mut list)| (level, middle(&mut list))).collect();
                out.number_groups.push(Grouped { column: column.name.clone(), by: by.to_owned(), fills });
            }
            let mut present: Vec<f64> = values.into_iter().flatten().filter(is_present).collect();
            out.numbers.push((column.name.clone(), middle(&mut present)));
        }
        Role::Category => {
            let text = train.text(&column.name);
            let values = || text.into_iter().flat_map(|text| text.iter());
            let constant = match &fill {
                Fill::Text(text) => text.clone(),
                Fill::Category(CategoryFill::Mode) => mode(values().flatten()),
                _ => MISSING_LEVEL.to_owned(),
            };
            if let Some((by, groups)) = group
                && fill == Fill::Category(CategoryFill::Mode)
            {
                let groups = grouped(groups, values());
                let fills = groups.into_iter().map(|(level, list)| (level, mode(list.into_iter()))).collect();
                out.category_groups.push(Grouped { column: column.name.clone(), by: by.to_owned(), fills });
            }
            out.categories.push((column.name.clone(), constant));
        }
        _ => {}
    }
    out
}

/// The values of each group that is large enough.
fn grouped<T>(groups: &StringChunked, values: impl Iterator<Item = Option<T>>) -> BTreeMap<String, Vec<T>> {
    let mut out: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (group, value) in groups.iter().zip(values) {
        if let (Some(group), Some(value)) = (group, value) {
            match out.get_mut(group) {
                Some(list) => list.push(value),
                None => drop(out.insert(group.to_owned(), vec![value])),
            }
        }
    }
    out.retain(|_, list| list.len() >= GROUP);
    out
}

/// The middle value; the mean of the two middle ones for an even count; 0 for none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return 0.0;
    }
    let (below, middle, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    if n % 2 == 1 {
        return *middle;
    }
    let before = below.iter().copied().max_by(f64::total_cmp);
    (before.unwrap_or(*middle) + *middle) / 2.0
}

/// The most frequent value.
fn mode<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    // Of equally frequent values the first in order, so that the choice is stable.
    let mut best = (MISSING_LEVEL, 0);
    for (value, count) in counts {
        if count > best.1 {
            best = (value, count);
        }
    }
    best.0.to_owned()
}

/// What each row's group says; `None` where it says nothing.
fn by_group<'a, T>(groups: &'a [Grouped<T>], column: &str, frame: &Frame) -> Vec<Option<&'a T>> {
    let found = groups.iter().find(|one| one.column == column);
    let text = found.and_then(|found| Some((found, frame.text(&found.by)?)));
    match text {
        Some((found, text)) => text.iter().map(|group| found.fills.get(group?)).collect(),
        None => vec![None; frame.height()],
    }
}

impl FittedImpute {
    pub(super) fn apply(
        &self,
        frame: &Frame,
        record: &mut Recorder,
        report: &Reporter,
    ) -> crate::Result<Frame> {
        let numbers = record.side_by_side(&self.numbers, |(name, fill), record| {
            report.check()?;
            self.fill_numbers(name, *fill, frame, record, report)
        })?;
        let categories =
            record.side_by_side(&self.categories, |(name, fill), record| -> crate::Result<_> {
                report.check()?;
                Ok(self.fill_category(name, fill, frame, record))
            })?;
        let columns = numbers.into_iter().flatten().chain(categories.into_iter().flatten());
        Ok(super::with_columns(frame, columns.map(Column::from)).map_err(CleanError::from)?)
    }

    /// The indicator of a column and the column itself, where they are needed.
    fn fill_numbers(
        &self,
        name: &str,
        fill: f64,
        frame: &Frame,
        record: &mut Recorder,
        report: &Reporter,
    ) -> crate::Result<Vec<Series>> {
        let mut out = Vec::new();
        let Some(numbers) = frame.data.column(name).ok().and_then(|c| c.f64().ok()) else { return Ok(out) };
        if self.indicators.iter().any(|one| one == name) {
            let flags = numbers.iter().map(|v| Some(f64::from(u8::from(v.is_none()))));
            let flags = Float64Chunked::from_iter_options(indicator_name(name).as_str().into(), flags);
            out.push(flags.into_series());
        }
        if numbers.null_count() == 0 {
            return Ok(out);
        }
        let near = match self.nearest.as_ref().filter(|nearest| nearest.fills(name)) {
            Some(nearest) => nearest.values(name, frame, report)?,
            None => {
                let fills = by_group(&self.number_groups, name, frame);
                fills.into_iter().map(Option::<&f64>::copied).collect()
            }
        };
        let filled = numbers.iter().zip(near).enumerate().map(|(at, (value, near))| {
            value.or_else(|| {
                let new = near.unwrap_or(fill);
                record.cell(at, name, || None, || Some(show_number(new)));
                Some(new)
            })
        });
        out.push(Float64Chunked::from_iter_options(name.into(), filled).into_series());
        Ok(out)
    }

    fn fill_category(
        &self,
        name: &str,
        fill: &String,
        frame: &Frame,
        record: &mut Recorder,
    ) -> Option<Series> {
        let text = frame.text(name).filter(|text| text.null_count() > 0)?;
        let near = by_group(&self.category_groups, name, frame);
        let filled = text.iter().zip(near).enumerate().map(|(at, (value, near))| {
            value.or_else(|| {
                let new = near.unwrap_or(fill);
                record.cell(at, name, || None, || Some(new.clone()));
                Some(new)
            })
        });
        Some(StringChunked::from_iter_options(name.into(), filled).into_series())
    }
}

#[cfg(test)]
mod tests {
    use super::super::frames::{column, frame, spec};
    use super::*;

    fn run(spec: &ImputeSpec, schema: &[ColumnSpec], train: &Frame, rows: &Frame) -> Frame {
        let report = Reporter::silent();
        let learnt = fit(spec, schema, train, 1, &report).unwrap();
        let mut record = Recorder::new("impute", rows);
        learnt.apply(rows, &mut record, &report).unwrap()
    }

    fn shops() -> (Vec<ColumnSpec>, Frame) {
        let city: Vec<Option<&str>> = [vec![Some("A"); 6], vec![Some("B"); 6], vec![Some("C"); 2]].concat();
        let spend = [1.0, 2.0, 3.0, 4.0, 50.0, 3.0, 10.0, 20.0, 30.0, 40.0, 500.0, 30.0, 7.0, 7.0].map(Some);
        let size: Vec<Option<&str>> = "s s s m m s l l l l m l m m".split(' ').map(Some).collect();
        let schema =
            vec![spec("city", Role::Category), spec("spend", Role::Money), spec("size", Role::Category)];
        (schema, frame(vec![column("city", &city), column("spend", &spend), column("size", &size)]))
    }

    #[test]
    fn a_group_fills_its_own_and_all_fill_the_rest() {
        let (schema, train) = shops();
        let rows = frame(vec![
            column("city", &[Some("A"), Some("B"), Some("C"), Some("new"), None]),
            column::<f64>("spend", &[None; 5]),
            column::<&str>("size", &[None; 5]),
        ]);
        let mut spec = ImputeSpec {
            group: Some("city".into()),
            categories: CategoryFill::Mode,
            ..ImputeSpec::default()
        };
        let out = run(&spec, &schema, &train, &rows);
        // Medians: A 3, B 30; C is too small; of all the middle of 7 and 10.
        let all = Some(8.5);
        assert_eq!(out.numbers("spend").unwrap(), [Some(3.0), Some(30.0), all, all, all]);
        let sizes: Vec<_> = out.text("size").unwrap().iter().flatten().collect();
        assert_eq!(sizes, ["s", "l", "l", "l", "l"]);
        // No group of the same column, and a constant needs none.
        let own = |fill, group: Option<&str>| ColumnFill {
            column: "spend".into(),
            fill,
            group: group.map(str::to_owned),
        };
        spec.columns = vec![own(Fill::Number(NumberFill::Constant(-1.0)), Some("city"))];
        assert_eq!(run(&spec, &schema, &train, &rows).numbers("spend").unwrap(), [Some(-1.0); 5]);
        spec.columns = vec![own(Fill::Number(NumberFill::Mean), None)];
        let mean = Some(707.0 / 14.0);
        assert_eq!(run(&spec, &schema, &train, &rows).numbers("spend").unwrap(), [mean; 5]);
        let text = ColumnFill { column: "size".into(), fill: Fill::Text("unknown".into()), group: None };
        spec.columns = vec![text, own(Fill::Text("of the wrong kind".into()), None)];
        let out = run(&spec, &schema, &train, &rows);
        assert_eq!(out.text("size").unwrap().get(3), Some("unknown"));
        assert_eq!(out.numbers("spend").unwrap()[0], Some(3.0));
    }

    #[test]
    fn settings_and_figures_of_older_files_open() {
        let old = r#"{"numbers":"median","categories":"own_level","indicator":true}"#;
        assert_eq!(serde_json::from_str::<ImputeSpec>(old).unwrap(), ImputeSpec::default());
        assert_eq!(serde_json::to_string(&ImputeSpec::default()).unwrap(), old);
        let old = r#"{"numbers":[["age",41.0]],"categories":[["city","(missing)"]],"indicators":["age"]}"#;
        let learnt: FittedImpute = serde_json::from_str(old).unwrap();
        assert_eq!(serde_json::to_string(&learnt).unwrap(), old);
    }
}
