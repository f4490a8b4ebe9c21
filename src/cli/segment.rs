//! `regulars segment`: groups of customers that are alike.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::job::Reporter;
use regulars_engine::project;
use serde_json::json;

use super::segment_rfm::Cuts;
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
    /// How: k_means groups customers that are alike, rfm scores recency, frequency and money
    #[arg(long, value_name = "NAME", default_value = "k_means", value_parser = ["k_means", "rfm"])]
    method: String,
    /// Score by cuts that were kept before (with --method rfm); drift is told
    #[arg(long, value_name = "FILE")]
    cuts: Option<PathBuf>,
    /// Keep the cuts, to score later customers alike (with --method rfm)
    #[arg(long, value_name = "FILE")]
    keep_cuts: Option<PathBuf>,
}

impl Segment {
    pub(super) fn run(&self) -> Outcome {
        let mut settings = self.input.settings()?;
        settings.segments = self.k;
        settings.seed = self.seed;
        settings.positive.clone_from(&self.positive);
        if self.method == "rfm" {
            let cuts = Cuts { from: self.cuts.as_deref(), to: self.keep_cuts.as_deref() };
            return super::segment_rfm::run(&self.input, settings, &cuts);
        }
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
