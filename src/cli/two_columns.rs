//! `regulars evaluate --actual COL --predicted COL FILE…`: figures of predictions that another program made.

use clap::Args;
use regulars_engine::project::{self, ComparedAs, TwoColumns};
use regulars_engine::table::Table;
use serde_json::{Map, Value, json};

use super::Outcome;
use super::compare::{pad, width};
use crate::words::{Lang, percent};

/// The columns that are measured against each other.
#[derive(Args)]
pub(super) struct Columns {
    /// Measure two columns of a file instead of a bundle: the column that tells what happened
    #[arg(long, value_name = "COLUMN", requires = "predicted", conflicts_with_all = ["as_of", "fill"])]
    actual: Option<String>,
    /// The column that tells what was predicted
    #[arg(long, value_name = "COLUMN", requires = "actual")]
    predicted: Option<String>,
    /// The column that tells how much a row counts
    #[arg(long, value_name = "COLUMN", requires = "actual")]
    weight: Option<String>,
    /// numbers or classes (default: numbers where both columns hold nothing else, and more than labels)
    #[arg(long, value_name = "KIND", requires = "actual", value_parser = kind)]
    r#as: Option<ComparedAs>,
}

fn kind(text: &str) -> Result<ComparedAs, String> {
    match text {
        "numbers" => Ok(ComparedAs::Numbers),
        "classes" => Ok(ComparedAs::Classes),
        _ => Err("numbers or classes".to_owned()),
    }
}

/// Columns that were named.
pub(super) struct Named<'a> {
    columns: (&'a str, &'a str, Option<&'a str>),
    kind: Option<ComparedAs>,
}

impl Columns {
    /// What was named; `None` where a bundle is measured.
    pub(super) fn named(&self) -> Option<Named<'_>> {
        let columns = (self.actual.as_deref()?, self.predicted.as_deref()?, self.weight.as_deref());
        Some(Named { columns, kind: self.r#as })
    }
}

impl Named<'_> {
    /// Measures and tells.
    pub(super) fn run(&self, table: &Table, is_json: bool) -> Outcome {
        let found = project::two_columns(table, self.columns, self.kind)?;
        if !is_json {
            print(Lang::of_environment(), &found);
        }
        let metrics: Map<String, Value> =
            found.metrics.iter().map(|(name, e)| ((*name).to_owned(), json!(e))).collect();
        let (actual, predicted, weight) = self.columns;
        Ok(json!({
            "actual": actual, "predicted": predicted, "weight": weight, "compared": found.compared,
            "rows": found.rows, "left_out": found.left_out, "classes": found.classes,
            "confusion": found.confusion, "metrics": { "test": metrics },
            "bootstrap_draws": found.replicates,
        }))
    }
}

fn print(lang: Lang, found: &TwoColumns) {
    let (key, shares) = match found.compared {
        ComparedAs::Numbers => ("columns.numbers", false),
        ComparedAs::Classes => ("columns.classes", true),
    };
    let args = [
        ("rows", lang.count(found.rows as u64)),
        ("left_out", lang.count(found.left_out as u64)),
        ("classes", found.classes.len().to_string()),
        ("draws", lang.count(found.replicates as u64)),
    ];
    super::out!("{}", lang.with(key, &args));
    let names: Vec<String> =
        found.metrics.iter().map(|(name, _)| lang.t(&format!("metric.{name}"))).collect();
    let to = names.iter().map(|name| width(name)).max().unwrap_or(0);
    for ((name, e), words) in found.metrics.iter().zip(&names) {
        let show = |value: f64| match shares || *name == "mape" {
            true => percent(value),
            false => format!("{value:.4}"),
        };
        let name = pad(words, to, false);
        super::out!("  {name}  {:>10}   [{} – {}]", show(e.value), show(e.low), show(e.high));
    }
}
