//! Flags of every command that can learn from a sample, and what is said of it.

use clap::Args;
use regulars_engine::collect::SampleSpec;
use regulars_engine::project::{self, Settings};
use regulars_engine::table::Table;
use serde_json::{Value, json};

use crate::words::{self, Lang};

#[derive(Args, Clone)]
pub(super) struct Sampling {
    /// Learn from so many customers, drawn by a hash of their identifier with all their rows in all tables, the
    /// target's values in their shares; text and Parquet files are not held in memory as a whole
    #[arg(long, value_name = "CUSTOMERS", value_parser = clap::value_parser!(u64).range(1..))]
    sample: Option<u64>,
    /// Another number draws other customers
    #[arg(long, value_name = "N", default_value_t = 1, requires = "sample")]
    sample_seed: u64,
}

impl Sampling {
    /// The settings with what the flags say.
    pub(super) fn apply(&self, settings: &mut Settings) {
        if let Some(customers) = self.sample {
            settings.sample = Some(SampleSpec { customers, seed: self.sample_seed });
        }
    }
}

/// Says of what the answer is a sample, if it is: in words unless `is_silent`, and in the answer.
pub(super) fn tell(lang: Lang, table: &Table, is_silent: bool, answer: &mut Value) {
    let Some(sampled) = project::drawn(table) else { return };
    if !is_silent {
        super::out!("{}", words::drawn::told(lang, sampled));
    }
    if let Some(object) = answer.as_object_mut() {
        object.insert("sample".into(), json!(sampled));
    }
}
