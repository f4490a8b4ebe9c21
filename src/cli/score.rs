//! `regulars score`: scores new customers with a saved bundle.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::deploy::Bundle;
use regulars_engine::job::Reporter;
use serde_json::json;

use super::Outcome;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Score {
    /// A bundle saved by `train --bundle` or from the window
    bundle: PathBuf,
    /// The new customers' file
    file: PathBuf,
    /// Where the scores are written (CSV)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Score {
    pub(super) fn run(&self) -> Outcome {
        let started = std::time::Instant::now();
        let bundle = Bundle::open(&self.bundle)?;
        let report = Reporter::silent();
        let table = collect::open(&self.file, &ReadOptions::default(), &report)?;
        let scores = bundle.score(&table, &report)?;
        scores.write(&bundle, &self.out)?;
        let flagged = scores.rows.iter().filter(|row| row.repeated).count();
        if !self.json {
            let lang = Lang::of_environment();
            let at_risk = scores.rows.iter().filter(|r| r.probability >= bundle.threshold).count();
            println!(
                "{}",
                lang.with(
                    "cli.scored",
                    &[
                        ("rows", lang.count(scores.rows.len() as u64)),
                        ("at_risk", lang.count(at_risk as u64)),
                        ("file", self.out.display().to_string()),
                    ]
                )
            );
            if !scores.extra.is_empty() {
                eprintln!("{}", lang.with("cli.extra", &[("columns", scores.extra.join(", "))]));
            }
        }
        Ok(json!({
            "rows": table.height(), "scored": scores.rows.len(), "flagged_rows": flagged,
            "rejected_rows": table.rejected_count, "extra_columns": scores.extra,
            "seconds": started.elapsed().as_secs_f64(), "out": self.out,
        }))
    }
}
