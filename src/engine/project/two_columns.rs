//! A table that holds what happened beside what was said of it, by whatever model: two columns → figures with
//! intervals. Numbers have the figures of a predicted number, all else those of classes.

use std::collections::HashMap;

use serde::Serialize;

use super::ProjectError;
use crate::collect::column_of;
use crate::detect::missing;
use crate::detect::number::parse;
use crate::metrics::{self, Classes, Estimate, Numbers};
use crate::table::Table;

/// Different whole numbers up to which a column of them is taken as classes.
const FEW_VALUES: usize = 10;
/// Classes at most.
const MOST_CLASSES: usize = 100;

/// What the two columns are taken as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparedAs {
    Numbers,
    Classes,
}

/// The figures of two columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TwoColumns {
    pub compared: ComparedAs,
    /// Rows that were measured, and those left out: a value is missing, no number, or weighs nothing.
    pub rows: usize,
    pub left_out: usize,
    /// The classes by name, where there are classes, in the order of their actual rows.
    pub classes: Vec<String>,
    /// Rows, or their weight, by actual class, then by the one that was said.
    pub confusion: Vec<Vec<f64>>,
    /// Under their stable names, with the 95% interval of the bootstrap.
    pub metrics: Vec<(&'static str, Estimate)>,
    /// Draws of the bootstrap.
    pub replicates: usize,
}

/// Measures `predicted` against `actual`, each row counting as `weight` says (1 where none is named). `as_what`
/// wins over the guess: numbers where both columns hold nothing else, and the actual ones are no whole numbers
/// or more than ten different ones.
///
/// # Errors
/// The table lacks a column; no row has both values; there are more than 100 classes.
pub fn two_columns(
    table: &Table,
    (actual, predicted, weight): (&str, &str, Option<&str>),
    as_what: Option<ComparedAs>,
) -> crate::Result<TwoColumns> {
    let (actual, predicted) = (column_of(table, actual)?, column_of(table, predicted)?);
    let weight = weight.map(|name| column_of(table, name)).transpose()?;
    let text = |at: usize| -> Vec<Option<&str>> {
        let Some(column) = table.columns.get(at) else { return Vec::new() };
        let is_there =
            |cell: &&str| !missing::is_missing(cell) || column.keep_na && missing::may_be_value(cell);
        let cells = table.text(&column.name).into_iter().flat_map(|text| text.iter());
        cells.map(|cell| cell.map(str::trim).filter(is_there)).collect()
    };
    let number = |at: usize, cell: &str| {
        let decimal = table.columns.get(at).map(|column| column.decimal).unwrap_or_default();
        parse(cell, decimal).filter(|value| value.is_finite())
    };
    let (said, was) = (text(predicted), text(actual));
    let weights: Vec<f64> = match weight {
        None => vec![1.0; table.height()],
        Some(at) => {
            text(at).into_iter().map(|cell| cell.and_then(|cell| number(at, cell)).unwrap_or(0.0)).collect()
        }
    };
    let known: Vec<(&str, &str, f64)> = was
        .into_iter()
        .zip(said)
        .zip(weights)
        .filter_map(|((was, said), weight)| Some((was?, said?, weight)))
        .filter(|(.., weight)| *weight > 0.0)
        .collect();
    let numbers: Vec<(f64, f64, f64)> = known
        .iter()
        .filter_map(|(was, said, weight)| Some((number(actual, was)?, number(predicted, said)?, *weight)))
        .collect();
    let compared = as_what.unwrap_or_else(|| guess(&numbers, known.len()));
    let found = match compared {
        ComparedAs::Numbers => of_numbers(&numbers),
        ComparedAs::Classes => {
            let name = table.columns.get(actual).map_or("", |column| column.name.as_str());
            of_classes(&known, name)?
        }
    };
    let empty = || ProjectError::EmptyTarget {
        column: table.columns.get(actual).map_or_else(String::new, |column| column.name.clone()),
    };
    let found = found.ok_or_else(empty)?;
    Ok(TwoColumns { left_out: table.height() - found.rows, ..found })
}

/// Numbers, if there is nothing else and they are more than labels.
fn guess(numbers: &[(f64, f64, f64)], known: usize) -> ComparedAs {
    let mut actual: Vec<f64> = numbers.iter().map(|one| one.0).collect();
    actual.sort_unstable_by(f64::total_cmp);
    actual.dedup();
    let is_whole = numbers.iter().all(|(was, said, _)| was.fract() == 0.0 && said.fract() == 0.0);
    match numbers.len() == known && known > 0 && (!is_whole || actual.len() > FEW_VALUES) {
        true => ComparedAs::Numbers,
        false => ComparedAs::Classes,
    }
}

fn of_numbers(all: &[(f64, f64, f64)]) -> Option<TwoColumns> {
    let column = |of: fn(&(f64, f64, f64)) -> f64| all.iter().map(of).collect::<Vec<f64>>();
    let weights = column(|one| one.2);
    let numbers = Numbers::new(&column(|one| one.0), &column(|one| one.1)).filter(|_| !all.is_empty())?;
    let replicates = metrics::replicates(all.len());
    let weight = |at: usize| weights.get(at).copied().unwrap_or(0.0);
    Some(TwoColumns {
        compared: ComparedAs::Numbers,
        rows: all.len(),
        left_out: 0,
        classes: Vec::new(),
        confusion: Vec::new(),
        metrics: numbers.estimates(weight, replicates, metrics::SEED),
        replicates,
    })
}

fn of_classes(all: &[(&str, &str, f64)], column: &str) -> crate::Result<Option<TwoColumns>> {
    if all.is_empty() {
        return Ok(None);
    }
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for (was, said, _) in all {
        *counts.entry(was).or_default() += 1;
        counts.entry(said).or_default();
    }
    let count = counts.len();
    if count > MOST_CLASSES {
        return Err(
            ProjectError::TooManyClasses { column: column.to_owned(), count, most: MOST_CLASSES }.into()
        );
    }
    let mut names: Vec<(&str, u64)> = counts.into_iter().collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let place: HashMap<&str, usize> = names.iter().map(|(name, _)| *name).zip(0..).collect();
    let at = |name: &str| place.get(name).copied().unwrap_or(0);
    let labels: Vec<usize> = all.iter().map(|(was, ..)| at(was)).collect();
    let said: Vec<usize> = all.iter().map(|(_, said, _)| at(said)).collect();
    let weight = |at: usize| all.get(at).map_or(0.0, |(.., weight)| *weight);
    // One class alone, said rightly throughout, still needs a second place.
    let Some(classes) = Classes::said(&said, &labels, count.max(2)) else { return Ok(None) };
    let replicates = metrics::replicates(all.len());
    let confusion = classes.measure(weight).map(|found| found.confusion).unwrap_or_default();
    Ok(Some(TwoColumns {
        compared: ComparedAs::Classes,
        rows: all.len(),
        left_out: 0,
        classes: names.iter().map(|(name, _)| (*name).to_owned()).collect(),
        confusion: confusion
            .into_iter()
            .take(count)
            .map(|row| row.into_iter().take(count).collect())
            .collect(),
        metrics: classes.estimates(weight, replicates, metrics::SEED),
        replicates,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Reporter;

    fn table(text: &str) -> Table {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("said.csv");
        std::fs::write(&path, text).unwrap();
        crate::collect::open(&path, &Default::default(), &Reporter::silent()).unwrap()
    }

    fn of(found: &TwoColumns, name: &str) -> Estimate {
        found.metrics.iter().find(|one| one.0 == name).map(|one| one.1).unwrap()
    }

    #[test]
    fn numbers_by_hand_with_weights_and_holes() {
        let text = "was,said,often\n1.5,1.5,1\n2.0,3.0,1\n4.0,2.0,3\n5.0,5.0,1\n7.5,,1\nx,2,1\n3.5,3.5,0\n";
        let table = table(text);
        let found = two_columns(&table, ("was", "said", None), Some(ComparedAs::Numbers)).unwrap();
        assert_eq!((found.rows, found.left_out), (5, 2));
        assert!((of(&found, "mae").value - 0.6).abs() < 1e-12);
        let e = of(&found, "mae");
        assert!(e.low <= e.value && e.value <= e.high && e.high > e.low, "{e:?}");
        // Weights: (1 + 2·3) / 6; the row of weight 0 is left out.
        let found = two_columns(&table, ("was", "said", Some("often")), Some(ComparedAs::Numbers)).unwrap();
        assert_eq!((found.rows, found.left_out), (4, 3));
        assert!((of(&found, "mae").value - 7.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn classes_by_hand_and_what_is_which() {
        let text = "was,said\ngold,gold\ngold,gold\ngold,silver\nsilver,silver\nsilver,gold\nplain,plain\n";
        let found = two_columns(&table(text), ("was", "said", None), None).unwrap();
        assert_eq!((found.compared, found.rows), (ComparedAs::Classes, 6));
        assert_eq!(found.classes, ["gold", "silver", "plain"]);
        assert_eq!(found.confusion, [[2.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
        assert!((of(&found, "accuracy").value - 4.0 / 6.0).abs() < 1e-12);
        assert!((of(&found, "micro_f1").value - 4.0 / 6.0).abs() < 1e-12);
        // F1 of 2/3, 1/2 and 1.
        assert!((of(&found, "macro_f1").value - (2.0 / 3.0 + 0.5 + 1.0) / 3.0).abs() < 1e-12);
        // There are no probabilities.
        assert!(found.metrics.iter().all(|(name, _)| !["roc_auc", "log_loss"].contains(name)));
        for (name, e) in &found.metrics {
            assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0, "{name} {e:?}");
        }
        let marks =
            two_columns(&table("was,said\n0,1\n1,1\n0,0\n2,2\n"), ("was", "said", None), None).unwrap();
        assert_eq!(marks.compared, ComparedAs::Classes, "few whole numbers are labels");
        let prices: String = (0..30).map(|at| format!("{}.5,{at}\n", at)).collect();
        let prices =
            two_columns(&table(&format!("was,said\n{prices}")), ("was", "said", None), None).unwrap();
        assert_eq!(prices.compared, ComparedAs::Numbers);
        let one = two_columns(&table("was,said\na,a\na,a\n"), ("was", "said", None), None).unwrap();
        assert_eq!((of(&one, "accuracy").value, one.confusion.len()), (1.0, 1));
    }

    #[test]
    fn what_cannot_be_measured_is_refused_with_its_place() {
        let kind = |text: &str, names: (&str, &str)| {
            two_columns(&table(text), (names.0, names.1, None), None).unwrap_err().kind().to_owned()
        };
        assert_eq!(kind("was,said\na,b\n", ("was", "guess")), "no_column");
        assert_eq!(kind("was,said,n\na,,1\n,b,2\n", ("was", "said")), "empty_target");
        let many: String = (0..300).map(|at| format!("w{at},w{at}\n")).collect();
        assert_eq!(kind(&format!("was,said\n{many}"), ("was", "said")), "too_many_classes");
    }
}
