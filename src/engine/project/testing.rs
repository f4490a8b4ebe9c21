//! What tests of several rooms begin with: the bundled sample, and a model that learnt from a file.

use std::path::{Path, PathBuf};

use super::{Settings, run};
use crate::collect::{self, ReadOptions};
use crate::deploy::Bundle;
use crate::job::Reporter;
use crate::train::ModelKind;

/// The sample shop's customers as bundled.
pub(crate) fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample_data/customers.csv")
}

/// The bundle, without a card, of a model that learnt from the customers of `file`.
pub(crate) fn learnt(file: &Path, settings: &Settings, kind: ModelKind) -> Bundle {
    let quiet = Reporter::silent();
    let table = collect::open(file, &ReadOptions::default(), &quiet).unwrap();
    let journey = run(settings, &table, kind, (None, None), &quiet).unwrap();
    super::bundle(settings, &journey.prepared, &journey.outcome, None)
}
