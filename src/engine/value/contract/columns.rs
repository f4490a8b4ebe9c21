//! Which column of a table of customers says how long they have been under contract, what they pay, and
//! what else is known of them.

use crate::collect::relate::value;
use crate::detect::{number, words};
use crate::table::{Column, Role, Table, ValueType};

const TENURE: (&[&str], &[&str]) = (
    &["tenure", "seniority"],
    &["在网时长", "在网月", "入网月", "合约时长", "会员时长", "司龄", "客龄", "在网"],
);
const CHARGE: (&[&str], &[&str]) = (
    &["monthly", "month", "charge", "charges", "fee", "mrr", "arpu", "rent", "subscription"],
    &["月费", "月租", "月消费", "套餐费", "月均"],
);
const WHOLE: (&[&str], &[&str]) = (&["total", "lifetime", "sum", "cumulative"], &["累计", "总"]);
/// Most levels of a category, and most covariates at all.
const LEVELS: usize = 8;
const MOST: usize = 30;
/// Correlation with time under contract from which on a number only counts that time.
const COUNTS_TIME: f64 = 0.7;
/// Share of a covariate's spread that the others must leave for it.
const OWN: f64 = 0.02;

/// A covariate: its name, the level that it marks, and each customer's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Covariate {
    pub column: String,
    pub level: Option<String>,
    pub values: Vec<f64>,
}

/// A category: its levels, and each customer's.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Category {
    pub column: String,
    pub levels: Vec<String>,
    pub of: Vec<usize>,
}

/// A number, also where it is the same for everybody: one fee for all is a fee.
fn is_number(column: &Column) -> bool {
    let same = || match column.levels.as_slice() {
        [(only, _)] => number::parse(only, column.decimal).is_some(),
        _ => false,
    };
    matches!(column.value_type, ValueType::Integer | ValueType::Number) || same()
}

fn is_named(column: &Column, (whole, parts): (&[&str], &[&str])) -> bool {
    words::named(&column.name, whole, parts)
}

/// The column of the time under contract; `None` where no name says so.
pub fn tenure(table: &Table) -> Option<&Column> {
    let fits = |column: &&Column| is_number(column) && !matches!(column.role, Role::Target | Role::Id);
    let named = table.columns.iter().filter(fits).find(|column| is_named(column, TENURE));
    named.or_else(|| {
        let counted = |column: &&Column| {
            let words = words::tokens(&column.name);
            let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
            has(&["months", "month"])
                && has(&["contract", "membership", "customer", "active", "subscribed", "account", "in"])
        };
        table.columns.iter().filter(fits).find(counted)
    })
}

/// The column of what a customer pays in a unit of that time.
pub(super) fn charge<'a>(table: &'a Table, tenure: &str) -> Option<&'a Column> {
    table
        .columns
        .iter()
        .filter(|column| is_number(column) && column.name != tenure && column.role != Role::Target)
        .find(|column| is_named(column, CHARGE) && !is_named(column, WHOLE))
}

/// A column's numbers at some rows.
pub(super) fn numbers(table: &Table, column: &Column, rows: &[usize]) -> Vec<Option<f64>> {
    let Some(text) = table.text(&column.name) else { return vec![None; rows.len()] };
    let read = |row: &usize| {
        let cell = value(column, text.get(*row))?;
        number::parse(cell, column.decimal).filter(|v| v.is_finite())
    };
    rows.iter().map(read).collect()
}

/// The categories with few levels, most frequent level first.
pub(super) fn categories(table: &Table, rows: &[usize]) -> Vec<Category> {
    let mut out = Vec::new();
    for column in &table.columns {
        let fits = column.role == Role::Category && (2..=LEVELS as u64).contains(&column.distinct);
        let Some(text) = table.text(&column.name).filter(|_| fits) else { continue };
        let cells: Vec<&str> =
            rows.iter().map(|row| value(column, text.get(*row)).map_or("—", str::trim)).collect();
        let mut counts: std::collections::BTreeMap<&str, usize> = Default::default();
        cells.iter().for_each(|cell| *counts.entry(cell).or_default() += 1);
        let mut levels: Vec<(&str, usize)> = counts.into_iter().collect();
        levels.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        if levels.len() < 2 {
            continue;
        }
        let place = |cell: &&str| levels.iter().position(|(level, _)| level == cell).unwrap_or(0);
        let of = cells.iter().map(place).collect();
        let levels = levels.iter().map(|(level, _)| (*level).to_owned()).collect();
        out.push(Category { column: column.name.clone(), levels, of });
    }
    out
}

/// What a hazard may depend on: marks of levels and numbers in standard deviations, none of them (nearly) a
/// combination of the others. The second list has the columns that were left out because they only count
/// the time under contract.
pub(super) fn covariates(
    table: &Table,
    rows: &[usize],
    time: &[f64],
    (tenure, categories): (&str, &[Category]),
) -> (Vec<Covariate>, Vec<String>) {
    let mut all = Vec::new();
    for category in categories {
        for (at, level) in category.levels.iter().enumerate().skip(1) {
            let values = category.of.iter().map(|of| f64::from(u8::from(*of == at))).collect();
            all.push(Covariate { column: category.column.clone(), level: Some(level.clone()), values });
        }
    }
    let mut counting = Vec::new();
    for column in &table.columns {
        let fits = is_number(column) && column.role.is_numeric() && column.name != tenure;
        if !fits {
            continue;
        }
        let cells = numbers(table, column, rows);
        let known: Vec<f64> = cells.iter().flatten().copied().collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let spread = known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / known.len().max(1) as f64;
        if known.len() * 2 < cells.len() || !(spread.is_finite() && spread > 0.0) {
            continue;
        }
        // A hole is the mean.
        let values: Vec<f64> =
            cells.iter().map(|cell| cell.map_or(0.0, |v| (v - mean) / spread.sqrt())).collect();
        if correlation(&values, time).abs() > COUNTS_TIME || is_named(column, WHOLE) {
            counting.push(column.name.clone());
        } else {
            all.push(Covariate { column: column.name.clone(), level: None, values });
        }
    }
    (independent(all), counting)
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().max(1) as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        aa += (x - ma).powi(2);
        bb += (y - mb).powi(2);
        ab += (x - ma) * (y - mb);
    }
    let found = ab / (aa * bb).sqrt();
    if found.is_finite() { found } else { 0.0 }
}

/// Those that the ones before leave something for (Gram and Schmidt), at most [`MOST`].
fn independent(all: Vec<Covariate>) -> Vec<Covariate> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut out = Vec::new();
    for one in all {
        if out.len() == MOST {
            break;
        }
        let n = one.values.len().max(1) as f64;
        let mean = one.values.iter().sum::<f64>() / n;
        let mut rest: Vec<f64> = one.values.iter().map(|v| v - mean).collect();
        let whole: f64 = rest.iter().map(|v| v * v).sum();
        for known in &basis {
            let part: f64 = rest.iter().zip(known).map(|(a, b)| a * b).sum();
            rest.iter_mut().zip(known).for_each(|(rest, known)| *rest -= part * known);
        }
        let own: f64 = rest.iter().map(|v| v * v).sum();
        if whole > 0.0 && own > OWN * whole {
            let length = own.sqrt();
            rest.iter_mut().for_each(|v| *v /= length);
            basis.push(rest);
            out.push(one);
        }
    }
    out
}
