//! `regulars privacy`: what a model gives away of whom it learnt from.

use clap::Args;
use regulars_engine::project;
use serde_json::json;

use super::Outcome;
use super::money::LookedAt;
use crate::words::{Lang, percent};

#[derive(Args)]
pub(super) struct Privacy {
    #[command(flatten)]
    pub(super) learnt: LookedAt,
}

impl Privacy {
    pub(super) fn run(&self) -> Outcome {
        let (settings, prepared, learnt) = self.learnt.learn()?;
        let found = project::membership(&prepared, &learnt, settings.seed);
        if !self.learnt.input.json {
            let lang = Lang::of_environment();
            match &found {
                None => super::out!("{}", lang.t("membership.few")),
                Some(found) => {
                    let key = if found.leaks() { "membership.leaks" } else { "membership.tight" };
                    let args = [
                        ("right", percent(found.right.value)),
                        ("low", percent(found.right.low)),
                        ("high", percent(found.right.high)),
                        ("auc", format!("{:.3}", found.auc.value)),
                        ("auc_low", format!("{:.3}", found.auc.low)),
                        ("auc_high", format!("{:.3}", found.auc.high)),
                    ];
                    super::out!("{}", lang.with(key, &args));
                }
            }
            super::out!("{}", lang.t("membership.limits"));
        }
        Ok(json!({
            "model": learnt.kind.name(), "seed": settings.seed, "membership": found,
            "leaks": found.map(|found| found.leaks()),
        }))
    }
}
