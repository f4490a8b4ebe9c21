//! `regulars look-back`: what would have been said on a day of the past, beside what then happened.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::features::behaviour::Date;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, AsOf, Scorer};
use regulars_engine::train::ModelKind;
use serde_json::json;

use super::asking::Asking;
use super::learning::Learning;
use super::{Input, Outcome};
use crate::words::{Lang, percent};

#[derive(Args)]
pub(super) struct LookBack {
    #[command(flatten)]
    pub(super) input: Input,
    /// The day, as 2026-05-01: what was known at its end counts
    #[arg(long, value_name = "DATE", value_parser = super::parse_day)]
    day: Date,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    learning: Learning,
    /// The kind of model that is learnt from what was known on that day (default: nobody says anything)
    #[arg(long, value_name = "KIND", value_parser = super::train::parse_kind, requires = "horizon")]
    model: Option<ModelKind>,
    /// A model of today instead, saved by `train --horizon … --bundle`; it brings its question
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "horizon"], required_unless_present = "horizon")]
    bundle: Option<PathBuf>,
}

impl LookBack {
    pub(super) fn run(&self) -> Outcome {
        let bundle = self.bundle.as_deref().map(super::locked::bundle).transpose()?;
        let mut settings = self.input.settings()?;
        self.learning.apply(&mut settings);
        settings.question = match &bundle {
            Some(bundle) => bundle.behaviour.as_ref().map(|fitted| fitted.question.clone()),
            None => self.asking.question(self.learning.target.is_some()),
        };
        let report = Reporter::silent();
        let collected = self.input.collect(&settings)?;
        let scorer = match (&bundle, self.model) {
            (Some(bundle), _) => Scorer::Given(bundle),
            (None, Some(kind)) => Scorer::Then(kind),
            (None, None) => Scorer::Nobody,
        };
        let seen = project::as_of(&collected, &settings, self.day, scorer, &report)?;
        if !self.input.json {
            print(Lang::of_environment(), &seen);
        }
        let [said_lost, said_stayed, missed, left_alone] = seen.outcomes();
        Ok(json!({
            "day": seen.day, "data_end": seen.last, "horizon_days": seen.question.horizon_days,
            "churn": seen.question.churn.name(), "threshold": seen.threshold,
            "learnt_later": seen.learnt_later, "rows": seen.customers.len(), "unknown": seen.unknown(),
            "said_share": seen.said(), "lost_share": seen.lost(),
            "outcomes": {
                "said_lost": said_lost, "said_stayed": said_stayed,
                "missed": missed, "left_alone": left_alone,
            },
            "metrics": seen.figures(), "customers": seen.customers,
        }))
    }
}

/// The findings in words.
fn print(lang: Lang, seen: &AsOf) {
    let args = |share: f64| {
        [
            ("day", seen.day.to_string()),
            ("count", lang.count(seen.customers.len() as u64)),
            ("share", percent(share)),
            ("days", lang.count(seen.question.horizon_days.into())),
        ]
    };
    match seen.said() {
        Some(share) => super::out!("{}", lang.with("time.says", &args(share.value))),
        None => super::out!("{}", lang.with("time.says_nobody", &args(0.0))),
    }
    match seen.lost() {
        Some(share) => super::out!("{}", lang.with("time.happened", &args(share.value))),
        None => super::out!("{}", lang.t("time.unknown_all")),
    }
    if seen.learnt_later {
        super::out!("  ! {}", lang.t("time.learnt_later"));
    }
    let figures = seen.figures();
    if figures.is_empty() {
        return;
    }
    let keys = ["time.said_lost", "time.said_stayed", "time.missed", "time.left_alone"];
    for (key, count) in keys.into_iter().zip(seen.outcomes()) {
        super::out!("  {:>6}  {}", lang.count(count as u64), lang.t(key));
    }
    for name in ["precision", "recall"] {
        if let Some(e) = figures.get(name) {
            let name = lang.t(&format!("metric.{name}"));
            super::out!("  {name}  {}   [{} – {}]", percent(e.value), percent(e.low), percent(e.high));
        }
    }
    if !figures.contains_key("roc_auc") {
        super::out!("  ! {}", lang.t("figures.lead_none"));
    }
}
