//! stub
use std::path::PathBuf;
pub fn open(_path: Option<PathBuf>) -> Result<(), String> { Err("none".into()) }
pub fn sample_file() -> Result<PathBuf, regulars_engine::Error> { Ok(PathBuf::from("sample_data/customers.csv")) }
