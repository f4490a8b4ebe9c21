//! `regulars compare`: kinds of model under the same folds, and whether the network is worth it.

use clap::Args;
use regulars_engine::evaluate::{Compared, Comparison, Folded};
use regulars_engine::job::{Event, Reporter};
use regulars_engine::project::{self, Cross, CrossSpec};
use regulars_engine::table::Role;
use regulars_engine::train::ModelKind;
use regulars_engine::train::search::{SearchKind, SearchSpec};
use serde_json::{Value, json};

use super::asking::Asking;
use super::learning::Learning;
use super::sampling::{self, Sampling};
use super::train::parse_kind;
use super::{Input, Outcome};
use crate::report::found::{model as name, verdict};
use crate::words::Lang;

/// Figures of the table, with the share of its width.
const SHOWN: [&str; 5] = ["roc_auc", "pr_auc", "f1", "accuracy", "log_loss"];

#[derive(Args)]
pub(super) struct Compare {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    learning: Learning,
    #[command(flatten)]
    sampling: Sampling,
    #[command(flatten)]
    asking: Asking,
    /// Parts that the customers are divided into; each is predicted by models that never saw it
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..=20))]
    folds: u64,
    /// Kinds to compare, with commas between (default: all that need the table alone; cnn, rnn, hybrid and
    /// transformer read free text and, with --horizon, purchases and events in their order)
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind)]
    models: Vec<ModelKind>,
    /// Rows with the same value in this column share a fold: of a household, a branch, a city
    #[arg(long, value_name = "COLUMN", conflicts_with = "forward")]
    group: Option<String>,
    /// Folds go forward in time: learnt from the past, measured on what came next
    #[arg(long)]
    forward: bool,
    /// The column of dates of --forward (default: the days of --horizon, else the first column of dates)
    #[arg(long, value_name = "COLUMN", requires = "forward")]
    date: Option<String>,
    /// Search the settings of the mlp, or of boosted trees where --models has no mlp, anew in every fold, with
    /// so many trials: nested cross-validation
    #[arg(long, value_name = "TRIALS", value_parser = clap::value_parser!(u64).range(1..=1000))]
    nested: Option<u64>,
}

impl Compare {
    pub(super) fn run(&self) -> Outcome {
        let mut settings = self.input.settings()?;
        self.learning.apply(&mut settings);
        self.sampling.apply(&mut settings);
        let kinds = if self.models.is_empty() { ModelKind::ALL.to_vec() } else { self.models.clone() };
        settings.question = self.asking.question(self.learning.target.is_some());
        let table = self.input.open(&settings)?;
        let lang = Lang::of_environment();
        let (events, heard) = std::sync::mpsc::channel();
        let printer = std::thread::spawn(move || {
            for event in heard {
                if let Event::Fold { fold, folds, kind } = event {
                    let args = [
                        ("fold", fold.to_string()),
                        ("folds", folds.to_string()),
                        ("model", name(lang, kind)),
                    ];
                    eprintln!("{}", lang.with("compare.fold", &args));
                }
            }
        });
        let report = Reporter::to(events);
        let spec = self.spec(&kinds);
        let found = project::compare_by(&settings, &table, &kinds, &spec, &report);
        drop(report);
        let _ = printer.join();
        let found = found?;
        if !self.input.json {
            print(lang, &found, &spec, settings.question.is_some());
        }
        let target = table.with_role(Role::Target).map(|column| column.name.clone());
        let mut value = to_json(&found);
        sampling::tell(lang, &table, self.input.json, &mut value);
        if let Some(object) = value.as_object_mut() {
            object.insert("target".into(), json!(target));
            object.insert("seed".into(), json!(settings.seed));
            object.insert("threshold".into(), json!(settings.threshold));
            object.insert("cross_validation".into(), json!(spec.cross.name()));
            object.insert("nested_trials".into(), json!(spec.nested.as_ref().map(|search| search.trials)));
        }
        Ok(value)
    }
}

impl Compare {
    /// How the customers are divided.
    fn spec(&self, kinds: &[ModelKind]) -> CrossSpec {
        let cross = match (&self.group, self.forward) {
            (Some(column), _) => Cross::Grouped { column: column.clone() },
            (None, true) => Cross::Forward { column: self.date.clone() },
            (None, false) => Cross::Stratified,
        };
        let searched = SearchKind::ALL.into_iter().find(|kind| kinds.contains(&kind.model()));
        let nested = self.nested.map(|trials| {
            let kind = searched.unwrap_or_default();
            SearchSpec { trials: trials as usize, ..SearchSpec::of(kind) }
        });
        CrossSpec { folds: self.folds as usize, cross, nested }
    }
}

fn to_json(found: &Comparison) -> Value {
    let models: Vec<Value> = found.models.iter().map(|model| model_json(found, model)).collect();
    let failed: Vec<Value> =
        found.failed.iter().map(|(kind, why)| json!({ "model": kind, "message": why })).collect();
    json!({
        "folds": found.folds, "models": models, "rows": found.rows.len(),
        "positive_rows": found.labels.iter().filter(|label| **label).count(),
        "positive": found.positive, "interval": "corrected_resampled_t",
        "best_simple": found.best_simple, "verdict": found.network().and_then(|model| model.verdict),
        "failed": failed,
    })
}

fn model_json(found: &Comparison, model: &Compared) -> Value {
    json!({
        "model": model.kind, "seconds": model.seconds, "metrics": model.metrics,
        "against": model.against.as_ref().map(|metrics| {
            json!({ "model": found.best_simple, "metrics": metrics, "test": found.paired(model) })
        }),
        "verdict": model.verdict,
        "notes": model.notes.iter().map(|note| Lang::En.note(note)).collect::<Vec<_>>(),
    })
}

/// Columns that a terminal gives a text: two for a Chinese character.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{2E80}' { 2 } else { 1 }).sum()
}

/// The text with blanks up to `to` columns, behind it or before it.
pub(super) fn pad(text: &str, to: usize, before: bool) -> String {
    let blanks = " ".repeat(to.saturating_sub(width(text)));
    if before { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
}

/// The findings in words.
fn print(lang: Lang, found: &Comparison, spec: &CrossSpec, over_time: bool) {
    let positive = found.labels.iter().filter(|label| **label).count();
    let args = [
        ("folds", found.folds.to_string()),
        ("rows", lang.count(found.rows.len() as u64)),
        ("positive", lang.count(positive as u64)),
        ("value", found.positive.clone()),
    ];
    super::out!("{}", lang.with(if over_time { "compare.head_rows" } else { "compare.head" }, &args));
    match &spec.cross {
        Cross::Stratified => {}
        Cross::Grouped { column } => {
            super::out!("{}", lang.with("compare.cross.grouped", &[("column", column.clone())]));
        }
        Cross::Forward { .. } => super::out!("{}", lang.t("compare.cross.forward")),
    }
    if let Some(search) = &spec.nested {
        let args = [("model", name(lang, search.kind.model())), ("trials", search.trials.to_string())];
        super::out!("{}", lang.with("compare.nested", &args));
    }
    super::out!();
    let mut table: Vec<Vec<String>> = vec![
        std::iter::once(lang.t("train.model"))
            .chain(SHOWN.iter().map(|metric| lang.t(&format!("metric.{metric}"))))
            .chain([lang.t("train.seconds")])
            .collect(),
    ];
    for model in &found.models {
        let mut row = vec![name(lang, model.kind)];
        for metric in SHOWN {
            let cell = |f: &Folded| format!("{:.3} [{:.3}–{:.3}]", f.mean, f.low, f.high);
            row.push(model.metrics.get(metric).map_or("–".into(), cell));
        }
        row.push(format!("{:.1}", model.seconds));
        table.push(row);
    }
    let columns = table.first().map_or(0, Vec::len);
    let widest = |at: usize| table.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max();
    let widths: Vec<usize> = (0..columns).map(|at| widest(at).unwrap_or(0)).collect();
    for row in &table {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, to))| pad(cell, *to, at > 0));
        super::out!("  {}", cells.collect::<Vec<_>>().join("  "));
    }
    super::out!("\n{}", lang.t("compare.interval"));
    for model in &found.models {
        for note in &model.notes {
            super::out!("  {}: {}", name(lang, model.kind), lang.note(note));
        }
    }
    for (kind, cause) in &found.failed {
        super::out!(
            "  ! {}",
            lang.with("compare.failed", &[("model", name(lang, *kind)), ("cause", cause.clone())])
        );
    }
    super::out!("\n{}", verdict(lang, found));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_line_up_in_both_scripts() {
        assert_eq!(pad("ab", 5, false), "ab   ");
        assert_eq!(pad("模型", 5, true), " 模型");
        assert_eq!(width("逻辑 a"), 6);
    }
}
