//! `regulars slices`: where the model is worse, and what it does to groups.

use clap::Args;
use regulars_engine::evaluate::slices::{Condition, Fairness, Grouping, Level, Share, Slice};
use regulars_engine::job::Reporter;
use regulars_engine::privacy::cells::Meaning;
use regulars_engine::project::{self, Slices as Measured};
use serde_json::{Map, Value, json};

use super::Outcome;
use super::cells::{JsonCells, List};
use super::money::LookedAt;
use crate::report::groups;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Slices {
    #[command(flatten)]
    pub(super) learnt: LookedAt,
    #[command(flatten)]
    cells: JsonCells,
}

/// What is told of a slice, where small groups are kept out: one may lie within another.
const SLICE: [(&str, Meaning); 6] = [
    ("rows", Meaning::Overlap),
    ("positives", Meaning::Part(0)),
    ("value", Meaning::Figure(0)),
    ("low", Meaning::Figure(0)),
    ("high", Meaning::Figure(0)),
    ("rest", Meaning::Figure(0)),
];
/// What is told of a group. The intervals of its shares give away of how many they are.
const GROUP: [(&str, Meaning); 5] = [
    ("rows", Meaning::Count),
    ("positives", Meaning::Part(0)),
    ("selection_rate", Meaning::Extreme),
    ("true_positive_rate", Meaning::Extreme),
    ("false_positive_rate", Meaning::Extreme),
];

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
                if found.singles.is_empty() {
                    let args = [("rows", lang.count(of.rows as u64)), ("least", found.least.to_string())];
                    super::out!("  {}", lang.with("slices.too_few", &args));
                } else if claimed.clone().next().is_none() {
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
        if !self.learnt.input.json {
            print_gaps(lang, &of);
        }
        let fairness = of.groupings.iter().zip(&of.fairness).map(|(grouping, fair)| {
            let name = |at: usize| grouping.levels.get(at).map(level);
            let gap = |share: Share| {
                let gap = fair.gap(share)?;
                Some(json!({
                    "high": name(gap.high), "low": name(gap.low), "shares": gap.shares, "gap": gap.value,
                    "sure": gap.is_sure(), "corrected_for": fair.asked,
                }))
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
                "column": grouping.column, "groups": groups, "selection_gap": gap(Share::Selection),
                "true_positive_gap": gap(Share::Found), "false_positive_gap": gap(Share::Wrongly),
            })
        });
        let mut told = json!({
            "model": learnt.kind.name(), "seed": settings.seed, "threshold": of.threshold,
            "test_rows": of.rows, "metrics": metrics, "fairness": fairness.collect::<Vec<_>>(),
        });
        let kinds = of.found.keys().map(|measure| measure.name());
        let places =
            kinds.flat_map(|kind| ["by_level", "worst"].map(|list| format!("/metrics/{kind}/{list}")));
        let mut pointers: Vec<(String, &[(&str, Meaning)])> =
            places.map(|pointer| (pointer, SLICE.as_slice())).collect();
        let columns = of.groupings.len();
        pointers.extend((0..columns).map(|at| (format!("/fairness/{at}/groups"), GROUP.as_slice())));
        let lists: Vec<List<'_>> =
            pointers.iter().map(|(pointer, fields)| List { pointer, fields }).collect();
        let gaps: Vec<String> = (0..columns)
            .flat_map(|at| {
                ["selection_gap", "true_positive_gap", "false_positive_gap"]
                    .map(|gap| format!("/fairness/{at}/{gap}"))
            })
            .collect();
        let gaps: Vec<&str> = gaps.iter().map(String::as_str).collect();
        self.cells.protect(&mut told, &lists, &[], &gaps);
        Ok(told)
    }
}

/// The gaps that are more than chance, column by column, the widest first.
fn print_gaps(lang: Lang, of: &Measured) {
    super::out!("{}", lang.t("fair.cli"));
    let sure = |fair: &Fairness| fair.gaps.iter().copied().filter(|gap| gap.is_sure()).collect::<Vec<_>>();
    let mut columns: Vec<(&Grouping, Fairness)> = of
        .groupings
        .iter()
        .zip(&of.fairness)
        .map(|(grouping, fair)| (grouping, Fairness { gaps: sure(fair), ..fair.clone() }))
        .filter(|(_, fair)| !fair.gaps.is_empty())
        .collect();
    let widest = |fair: &Fairness| fair.gaps.first().map_or(0.0, |gap| gap.value.value);
    columns.sort_by(|a, b| widest(&b.1).total_cmp(&widest(&a.1)));
    if columns.is_empty() {
        super::out!("  {}", lang.t("fair.cli_none"));
    }
    for (grouping, fair) in columns {
        let name = |at: usize| groups::level(lang, grouping.levels.get(at), None);
        super::out!("  {}", grouping.column);
        groups::gaps(lang, &fair, &name).iter().for_each(|line| super::out!("    {line}"));
    }
}
