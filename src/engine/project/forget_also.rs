//! A file beside the project → the same without a customer: another project, a list or other delimited text; of
//! a bundle it is told whether it names the customer.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::forget::mentions;
use super::{Forgotten, ProjectError, SavedProject, forget};
use crate::files;
use crate::privacy::{Passphrase, lock};

/// What a file held of the customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "holds", rename_all = "snake_case")]
pub enum AlsoForgotten {
    /// Another project.
    Project { file: PathBuf, taken_out: Forgotten },
    /// Delimited text, such as a scored list: rows that were dropped.
    Rows { file: PathBuf, rows: usize },
    /// A bundle is not changed, or it would no longer be the model that was saved: where it names the
    /// customer, as JSON pointers. Its encoded rows bear no names.
    Bundle { file: PathBuf, mentioned: Vec<String> },
}

/// Takes a customer out of a file, which is replaced in one step; with `dry_run` nothing is written.
///
/// # Errors
/// The file is not there, is locked and not opened by the passphrase, is of another kind, or cannot be written; a
/// text in UTF-8 has no column that names customers.
pub fn forget_in_file(
    file: &Path,
    id: &str,
    passphrase: Option<&Passphrase>,
    dry_run: bool,
) -> Result<AlsoForgotten, ProjectError> {
    let (file, path) = (file.to_owned(), file);
    let plain = lock::plain_bytes(path, passphrase)?;
    if let Ok(mut project) = SavedProject::open_with(path, passphrase) {
        let taken_out = forget(&mut project, id);
        if !dry_run {
            project.save_with(path, passphrase.filter(|_| crate::privacy::is_locked(path)))?;
        }
        return Ok(AlsoForgotten::Project { file, taken_out });
    }
    if let Ok(bundle) = crate::deploy::Bundle::open_with(path, passphrase) {
        let mut mentioned = Vec::new();
        let whole = serde_json::to_value(&bundle).unwrap_or_default();
        mentions(&whole, id, &mut String::new(), &mut mentioned);
        return Ok(AlsoForgotten::Bundle { file, mentioned });
    }
    let other = || ProjectError::CannotForget { file: file.clone() };
    let (kept, rows) = without_rows(&plain, id).ok_or_else(other)?;
    if rows > 0 && !dry_run {
        files::write_atomically(path, |out| out.write_all(&kept))
            .map_err(|cause| ProjectError::Save { file: file.clone(), cause })?;
    }
    Ok(AlsoForgotten::Rows { file, rows })
}

/// The text without the records that name a customer, every other byte as it was, and how many they were.
/// `None` where it is no UTF-8, or no column names customers.
fn without_rows(text: &[u8], id: &str) -> Option<(Vec<u8>, usize)> {
    std::str::from_utf8(text).ok()?;
    let head = text.split(|byte| *byte == b'\n').next()?;
    let count = |sign: &u8| head.iter().filter(|byte| *byte == sign).count();
    let separator = [b',', b';', b'\t', b'|'].into_iter().max_by_key(count)?;
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text);
    let mut record = csv::StringRecord::new();
    let mut from = 0;
    let mut next = |record: &mut csv::StringRecord| -> Option<Option<std::ops::Range<usize>>> {
        let more = reader.read_record(record).ok()?;
        let to = usize::try_from(reader.position().byte()).ok()?.min(text.len());
        let range = from..to;
        from = to;
        Some(more.then_some(range))
    };
    let range = next(&mut record)??;
    let names: Vec<usize> =
        record.iter().enumerate().filter(|(_, name)| names_customers(name)).map(|(at, _)| at).collect();
    if names.is_empty() {
        return None;
    }
    let (mut kept, mut dropped) = (text.get(range)?.to_vec(), 0);
    while let Some(range) = next(&mut record)? {
        let is_it = names.iter().any(|at| record.get(*at).is_some_and(|cell| cell.trim() == id.trim()));
        match is_it {
            true => dropped += 1,
            false => kept.extend_from_slice(text.get(range)?),
        }
    }
    Some((kept, dropped))
}

/// True for the name of a column that says who a customer is.
fn names_customers(name: &str) -> bool {
    let name = name.trim_start_matches('\u{feff}').trim().to_lowercase();
    let says = |what: &str| name.contains(what);
    name == "id" || says("customer") || says("client") || says("客户") || says("会员")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Settings;

    #[test]
    fn rows_go_and_every_other_byte_stays() {
        let text = "\u{feff}row,id,probability\r\n2,C-1,0.5\r\n3,\"C-7\",0.4\r\n4,\"C\n-9\",0.3\r\n5, C-7 ,1\r\n6,C-71,1";
        let (kept, rows) = without_rows(text.as_bytes(), "C-7").unwrap();
        assert_eq!(rows, 2);
        let expected = "\u{feff}row,id,probability\r\n2,C-1,0.5\r\n4,\"C\n-9\",0.3\r\n6,C-71,1";
        assert_eq!(String::from_utf8(kept).unwrap(), expected);
        let (kept, rows) = without_rows("客户;amount\n17;17\n18;17\n".as_bytes(), "17").unwrap();
        assert_eq!((String::from_utf8(kept).unwrap().as_str(), rows), ("客户;amount\n18;17\n", 1));
        assert!(without_rows(b"amount,town\n17,Bonn\n", "17").is_none());
        assert!(without_rows(&[0xff, 0xfe, b'i', b'd'], "17").is_none());
    }

    #[test]
    fn each_kind_of_file_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let project = SavedProject::new(Settings::default(), "customers.csv".into(), "abc".into());
        project.save(&at("a.regulars")).unwrap();
        let found = forget_in_file(&at("a.regulars"), "C-7", None, false).unwrap();
        assert!(matches!(found, AlsoForgotten::Project { .. }));
        assert_eq!(SavedProject::open(&at("a.regulars")).unwrap().settings.left_out.len(), 1);
        std::fs::write(at("list.csv"), "id,probability\nC-7,0.5\nC-8,0.5\n").unwrap();
        let dry = forget_in_file(&at("list.csv"), "C-7", None, true).unwrap();
        assert_eq!(dry, AlsoForgotten::Rows { file: at("list.csv"), rows: 1 });
        assert!(std::fs::read_to_string(at("list.csv")).unwrap().contains("C-7"));
        forget_in_file(&at("list.csv"), "C-7", None, false).unwrap();
        assert_eq!(std::fs::read_to_string(at("list.csv")).unwrap(), "id,probability\nC-8,0.5\n");
        std::fs::write(at("picture.png"), [0x89, b'P', b'N', b'G', 0xff]).unwrap();
        let refused = |name: &str| forget_in_file(&at(name), "C-7", None, false).unwrap_err().kind();
        assert_eq!((refused("picture.png"), refused("gone.csv")), ("cannot_forget", "not_found"));
    }
}
