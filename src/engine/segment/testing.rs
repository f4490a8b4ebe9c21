//! Books for the tests of this room, and the figures of pandas and scipy.

use crate::collect::combine::{Choice, plan};
use crate::collect::relate::links;
use crate::features::behaviour::{Books, read};
use crate::job::Reporter;
use crate::table::{Dataset, Table};

/// The books of some tables.
pub fn books(tables: Vec<Table>) -> Books {
    let report = Reporter::silent();
    let data = Dataset { links: links(&tables, &report).unwrap(), tables };
    let plan = plan(&data, &Choice::default(), &report).unwrap();
    read(&data, &plan, None, &report).unwrap().books
}

/// The figures that `tests/golden/rfm.py` has written.
pub fn golden() -> serde_json::Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/rfm.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// A list of numbers.
pub fn list(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}
