//! `regulars segment`: groups of customers that are alike.

use clap::Args;
use regulars_engine::job::Reporter;
use regulars_engine::project;
use serde_json::json;

use super::{Input, Outcome};
use crate::words::{Lang, percent};

#[derive(Args)]
pub(super) struct Segment {
    #[command(flatten)]
    pub(super) input: Input,
    /// Number of groups (default: by silhouette)
    #[arg(long, value_name = "N")]
    k: Option<usize>,
    /// The value of the target whose rate is told
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Segment {
    pub(super) fn run(&self) -> Outcome {
        let mut settings = self.input.settings()?;
        settings.segments = self.k;
        settings.seed = self.seed;
        settings.positive.clone_from(&self.positive);
        let table = self.input.open(&settings)?;
        let report = Reporter::silent();
        let found = project::segment_table(&settings, &table, &report)?;
        let lang = Lang::of_environment();
        let segments: Vec<_> = found
            .segments
            .iter()
            .map(|s| {
                json!({
                    "name": crate::words::segment_name(Lang::En, s), "size": s.size, "share": s.share,
                    "target_rate": s.target_rate, "traits": s.traits,
                })
            })
            .collect();
        if !self.input.json {
            super::out!(
                "{}",
                lang.with(
                    "segments.finding",
                    &[("k", found.k.to_string()), ("silhouette", format!("{:.2}", found.silhouette))]
                )
            );
            for s in &found.segments {
                super::out!(
                    "  {:>6} {:>6}  {}",
                    lang.count(s.size as u64),
                    percent(s.share),
                    crate::words::segment_name(lang, s)
                );
            }
        }
        Ok(json!({
            "method": "k_means", "k": found.k, "silhouette": found.silhouette,
            "silhouette_rows": found.sampled, "tried": found.tried, "columns": found.columns,
            "segments": segments,
        }))
    }
}
