//! `regulars privacy`: what a model gives away of whom it learnt from.

use clap::Args;
use regulars_engine::project;
use serde_json::json;

use super::Outcome;
use super::money::LookedAt;
use crate::report::membership;
use crate::words::Lang;

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
            super::out!("{}", membership::told(lang, found.as_ref()));
            super::out!("{}", lang.t("membership.limits"));
        }
        Ok(json!({
            "model": learnt.kind.name(), "seed": settings.seed, "membership": found,
            "leaks": found.map(|found| found.leaks()),
        }))
    }
}
