//! `regulars slices`: where the model is worse, and what it does to groups.

use clap::Args;
use regulars_engine::evaluate::slices::{Condition, Gap, Level, Slice};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Slices as Measured};
use serde_json::{Map, Value, json};

use super::Outcome;
use super::money::LookedAt;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Slices {
    #[command(flatten)]
    pub(super) learnt: LookedAt,
}

/// A level as plain text, for machines.
fn level(level: &Level) -> String {
    match level {
        Level::Is(text) => text.clone(),
        Level::Between { low, high } => {
            format!("{}..{}", low.as_deref().unwrap_or_default(), high.as_deref().unwrap_or_default())
        }
        Level::Other => "(other)".to_owned(),
        Level::Missing => "(missing)".to_owned(),
        Level::Segment(at) => format!("segment {}", at + 1),
    }
}

fn conditions(of: &Measured, conditions: &[Condition]) -> Value {
    let one = |one: &Condition| {
        let (column, at) = of.named(*one)?;
        Some((column.to_owned(), Value::from(level(at))))
    };
    Value::Object(conditions.iter().filter_map(one).collect())
}

fn slice(of: &Measured, one: &Slice) -> Value {
    json!({
        "where": conditions(of, &one.conditions), "rows": one.rows, "positives": one.positives,
        "value": one.estimate.value, "low": one.estimate.low, "high": one.estimate.high, "rest": one.rest,
        "p": one.p, "corrected": one.corrected, "claimed": one.is_claimed(),
    })
}

impl Slices {
    pub(super) fn run(&self) -> Outcome {
        let (settings, prepared, learnt) = self.learnt.learn()?;
        let report = Reporter::silent();
        let of = project::slices(&prepared, &learnt, settings.threshold, None, &report)?;
        let lang = Lang::of_environment();
        let mut metrics = Map::new();
        for (measure, found) in &of.found {
            if !self.learnt.input.json {
                let claimed = found.worst.iter().filter(|one| one.is_claimed());
                super::out!("{}", lang.t(&format!("slices.measure.{}", measure.name())));
                if claimed.clone().next().is_none() {
                    super::out!("  {}", lang.t("slices.lead_none"));
                }
                for one in claimed {
                    let names: Vec<String> = one
                        .conditions
                        .iter()
                        .filter_map(|one| of.named(*one))
                        .map(|(column, at)| format!("{column}: {}", level(at)))
                        .collect();
                    let e = one.estimate;
                    super::out!("  ● {}  {:.3} ({:.3}–{:.3})", names.join(" + "), e.value, e.low, e.high);
                }
            }
            let told = |list: &[Slice]| list.iter().map(|one| slice(&of, one)).collect::<Vec<_>>();
            let whole = json!({
                "overall": found.overall, "looked_at": found.looked_at, "family": found.family,
                "least_rows": found.least, "by_level": told(&found.singles), "worst": told(&found.worst),
            });
            metrics.insert(measure.name().to_owned(), whole);
        }
        let fairness = of.groupings.iter().zip(&of.fairness).map(|(grouping, fair)| {
            let name = |at: usize| grouping.levels.get(at).map(level);
            let gap = |gap: &Option<Gap>| {
                let told =
                    |gap: &Gap| json!({ "high": name(gap.high), "low": name(gap.low), "gap": gap.value });
                gap.as_ref().map(told)
            };
            let groups: Vec<Value> = fair
                .groups
                .iter()
                .map(|group| {
                    json!({
                        "group": name(group.level), "rows": group.rows, "positives": group.positives,
                        "selection_rate": group.selection, "true_positive_rate": group.found,
                        "false_positive_rate": group.wrongly,
                    })
                })
                .collect();
            json!({
                "column": grouping.column, "groups": groups, "selection_gap": gap(&fair.selection),
                "true_positive_gap": gap(&fair.found), "false_positive_gap": gap(&fair.wrongly),
            })
        });
        Ok(json!({
            "model": learnt.kind.name(), "seed": settings.seed, "threshold": of.threshold,
            "test_rows": of.rows, "metrics": metrics, "fairness": fairness.collect::<Vec<_>>(),
        }))
    }
}
