//! Copies of several tables at once: where each goes, what must not be written over, what it would
//! come to before anything is written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Key, Masked, Masking, Plan, PrivacyError, apply, keep_apart};
use crate::deploy::DeployError;
use crate::files;
use crate::job::Reporter;
use crate::table::Table;

/// A masked copy that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub table: &'a Table,
    pub plan: &'a Plan,
    /// Columns that together may point to a person.
    pub quasi: &'a [String],
    /// The column that nobody should learn of a person.
    pub sensitive: Option<&'a str>,
}

/// Where copies go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    File(PathBuf),
    /// Made if it is not there; each copy gets a file of its own in it.
    Folder(PathBuf),
}

/// Copies that were written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub files: Vec<PathBuf>,
    /// In the order of the files.
    pub masked: Vec<Masked>,
    /// The key was not there before.
    pub key_made: bool,
}

impl Destination {
    /// The file of each of these copies. Names that occur twice are numbered.
    fn files(&self, names: &[String]) -> Vec<PathBuf> {
        let folder = match self {
            Self::File(file) => return vec![file.clone()],
            Self::Folder(folder) => folder,
        };
        let mut taken = BTreeSet::new();
        let file = |stem: &String| {
            let mut name = format!("{stem}.csv");
            let mut number = 1;
            while !taken.insert(name.to_lowercase()) {
                number += 1;
                name = format!("{stem}-{number}.csv");
            }
            folder.join(name)
        };
        names.iter().map(file).collect()
    }
}

/// Writes a copy of each table with one key, which is made if it is not there. `names` are the names
/// of the copies in a folder, without ending.
///
/// # Errors
/// A copy would be written over a table's own file, or the key would lie among the copies; a file
/// cannot be read or written; the person cancelled. Copies that are complete by then stay.
pub fn write_copies(
    wanted: &[Wanted<'_>],
    names: &[String],
    place: &Destination,
    key_file: &Path,
    report: &Reporter,
) -> crate::Result<Written> {
    let out = place.files(names);
    let is_input = |file: &&PathBuf| wanted.iter().any(|one| one.table.source.is_of(file));
    if let Some(file) = out.iter().find(is_input) {
        return Err(DeployError::IsInput { file: file.clone() }.into());
    }
    if let Some(folder) = out.iter().find(|file| files::is_same(file, key_file)) {
        return Err(PrivacyError::KeyInside { file: key_file.to_owned(), folder: folder.clone() }.into());
    }
    if let Destination::Folder(folder) = place {
        std::fs::create_dir_all(folder)
            .map_err(|cause| PrivacyError::Write { file: folder.clone(), cause })?;
        // A folder that is not there has no true place yet.
        keep_apart(key_file, folder)?;
    }
    let (key, key_made) = Key::read_or_make(key_file)?;
    let width = 1.0 / wanted.len().max(1) as f64;
    let masked = wanted.iter().zip(&out).enumerate().map(|(at, (one, file))| {
        let part = report.part(at as f64 * width, width);
        apply(one.table, one.plan, &key, file, one.quasi, one.sensitive, &part)
    });
    let masked = masked.collect::<crate::Result<Vec<Masked>>>()?;
    Ok(Written { files: out, masked, key_made })
}

/// A value and what becomes of it; `None` where its column is left out.
pub type Example = (String, Option<String>);

/// Up to `count` examples of each column of the plan, in its order, from the first rows.
pub fn examples(table: &Table, plan: &Plan, key: &Key, count: usize) -> Vec<Vec<Example>> {
    /// Rows that are looked at for values that are there.
    const ROWS: usize = 100;
    let mut masking = Masking::new(table, plan, key);
    let names = masking.names();
    let mut out: Vec<Vec<Example>> = vec![Vec::new(); plan.columns.len()];
    for at in 0..table.height().min(ROWS) {
        let row = masking.row(at);
        for (column, found) in plan.columns.iter().zip(&mut out).filter(|(_, found)| found.len() < count) {
            let before = table.text(&column.name).and_then(|text| text.get(at)).unwrap_or_default();
            if before.trim().is_empty() || found.iter().any(|(known, _)| known == before) {
                continue;
            }
            let after =
                names.iter().position(|name| *name == column.name).and_then(|at| row.get(at).cloned());
            found.push((before.to_owned(), after));
        }
        if out.iter().all(|found| found.len() >= count) {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::{Treatment, rehearse, suggest};

    fn open(folder: &Path, name: &str, text: &str) -> Table {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        crate::collect::open(&path, &Default::default(), &Reporter::silent()).unwrap()
    }

    const TEXT: &str = "customer_id,city,age\nC1,Riverton,39\nC2,,34\nC3,Lakeside,33\n";

    #[test]
    fn copies_go_beside_each_other_and_never_over_the_input() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let table = open(&data, "customers.csv", TEXT);
        let plan = suggest(&table);
        let wanted = [Wanted { table: &table, plan: &plan, quasi: &[], sensitive: None }; 2];
        let names = ["Shop".to_owned(), "shop".to_owned()];
        let key = folder.path().join("keys/own.key");
        let write =
            |place: Destination, key: &Path| write_copies(&wanted, &names, &place, key, &Reporter::silent());
        let copies = folder.path().join("copies");
        let written = write(Destination::Folder(copies.clone()), &key).unwrap();
        assert_eq!(written.files, [copies.join("Shop.csv"), copies.join("shop-2.csv")]);
        assert!(written.key_made && written.files.iter().all(|file| file.exists()));
        assert!(!write(Destination::Folder(copies.clone()), &key).unwrap().key_made);
        assert!(write(Destination::Folder(copies.clone()), &copies.join("own.key")).is_err());
        assert!(write(Destination::File(key.clone()), &key).is_err());
        let own = [wanted[0]];
        for place in
            [Destination::Folder(data.clone()), Destination::File(data.join("../data/customers.csv"))]
        {
            let refused = write_copies(&own, &["customers".into()], &place, &key, &Reporter::silent());
            assert_eq!(refused.unwrap_err().kind(), "is_input");
        }
        assert_eq!(std::fs::read_to_string(data.join("customers.csv")).unwrap(), TEXT);
    }

    #[test]
    fn a_rehearsal_tells_what_the_copy_will_be() {
        let folder = tempfile::tempdir().unwrap();
        let table = open(folder.path(), "customers.csv", TEXT);
        let plan = suggest(&table);
        let (key, silent) = (Key::new(&[3; 32]), Reporter::silent());
        let quasi = ["city".to_owned()];
        let told = rehearse(&table, &plan, &key, &quasi, Some("age"), &silent).unwrap();
        let out = folder.path().join("copy.csv");
        assert_eq!(told, apply(&table, &plan, &key, &out, &quasi, Some("age"), &silent).unwrap());
        assert_eq!((told.rows, told.risk.map(|risk| risk.k)), (3, Some(1)));
    }

    #[test]
    fn examples_pass_over_blanks_and_know_what_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let table = open(folder.path(), "customers.csv", TEXT);
        let mut plan = suggest(&table);
        plan.set("city", Treatment::Keep);
        plan.set("customer_id", Treatment::Drop);
        let found = examples(&table, &plan, &Key::new(&[3; 32]), 2);
        assert_eq!(found[0], [("C1".into(), None), ("C2".into(), None)]);
        let same = |text: &str| (text.to_owned(), Some(text.to_owned()));
        assert_eq!(found[1], [same("Riverton"), same("Lakeside")]);
    }
}
