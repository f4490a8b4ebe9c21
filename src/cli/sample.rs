//! `regulars sample`: the sample shop, same seed same bytes.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Outcome;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Sample {
    /// The folder to write into
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[arg(long, default_value_t = 1200)]
    customers: usize,
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Another shop: only the order in which customers asked for help and were sent offers tells who leaves
    #[arg(long)]
    in_order: bool,
    /// Another shop: orders of several lines, in which three pairs of products are bought together
    #[arg(long, conflicts_with = "in_order")]
    baskets: bool,
    /// Another shop: since March parcels come late, customers say so, and leave
    #[arg(long, conflicts_with_all = ["in_order", "baskets"])]
    with_complaint: bool,
    /// Another shop: which of two products is bought first decides a later one
    #[arg(long, conflicts_with_all = ["in_order", "baskets", "with_complaint"])]
    chains: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Sample {
    pub(super) fn run(&self) -> Outcome {
        let (out, customers, seed) = (&self.out, self.customers, self.seed);
        let files = match (self.in_order, self.baskets, self.with_complaint) {
            _ if self.chains => regulars_engine::sample::write_chains(out, customers, seed)?,
            (true, _, _) => regulars_engine::sample::write_in_order(out, customers, seed)?,
            (_, true, _) => regulars_engine::sample::write_baskets(out, customers, seed)?,
            (_, _, true) => regulars_engine::sample::write_with_complaint(out, customers, seed)?,
            (false, false, false) => regulars_engine::sample::write(out, customers, seed)?,
        };
        if !self.json {
            for file in &files {
                super::out!(
                    "{}",
                    Lang::of_environment().with("cli.wrote", &[("file", file.display().to_string())])
                );
            }
        }
        Ok(json!({ "customers": self.customers, "seed": self.seed, "files": files }))
    }
}
