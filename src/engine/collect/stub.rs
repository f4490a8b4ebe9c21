use super::*;
use crate::table::{Dataset, Link};
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CombineChoice {}
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {}
impl Plan { pub fn is_plain(&self) -> bool { true } }
pub struct Part {}
pub fn gather(p: &[PathBuf]) -> crate::Result<Vec<PathBuf>> { Ok(p.to_vec()) }
pub fn parts(_: &Path) -> crate::Result<Vec<Part>> { Ok(vec![]) }
pub fn tables(p: &Path, o: &ReadOptions, r: &Reporter) -> crate::Result<Vec<Table>> { Ok(vec![open(p, o, r)?]) }
pub fn stack(t: Vec<Table>) -> Vec<Table> { t }
pub fn links(_: &[Table], _: &Reporter) -> crate::Result<Vec<Link>> { Ok(vec![]) }
pub fn plan(_: &Dataset, _: &CombineChoice) -> crate::Result<Plan> { Ok(Plan {}) }
pub fn combine(d: &Dataset, _: &Plan, _: &Reporter) -> crate::Result<Table> { Ok(d.tables[0].clone()) }
