//! Keeping people's details out of sight: masks that leave enough to tell two customers apart,
//! copies of tables that others may see, and how easily a person still sticks out of one; tables of counts
//! without small groups.

pub mod cells;
mod copies;
mod date_shift;
mod fake_values;
mod generalise;
mod left_out;
pub(crate) mod lock;
mod membership;
mod plan;
mod pseudonym;
pub mod risk;
mod treat;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use polars::prelude::StringChunked;
use serde::Serialize;

use crate::detect::contact::{Kind, names};
use crate::error::Place;
use crate::files;
use crate::job::Reporter;
use crate::table::Table;

pub use copies::{Destination, Example, Wanted, Written, examples, write_copies};
pub use left_out::{LeftOut, Marker};
pub use lock::{LockError, Passphrase, SHORTEST, is_locked};
pub use membership::{LEAST, Membership, attack};
pub use plan::{ColumnPlan, Plan, choices, link, quasi_identifiers, suggest};
pub use pseudonym::{Key, keep_apart};
pub use treat::{Generalise, Treatment};

use risk::{Assessment, Risk};
use treat::Treating;

/// Rows between two looks at whether the person has cancelled.
const BLOCK: usize = 64;

/// Why a table could not be masked.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    #[error("the key file {} cannot be used: {cause}", file.display())]
    Key { file: PathBuf, cause: std::io::Error },
    #[error("{} does not hold a key (64 hexadecimal digits)", file.display())]
    BadKey { file: PathBuf },
    #[error("the key {} would lie among the masked copies in {}", file.display(), folder.display())]
    KeyInside { file: PathBuf, folder: PathBuf },
    #[error("writing {} failed: {cause}", file.display())]
    Write { file: PathBuf, cause: std::io::Error },
}

impl PrivacyError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Key { .. } => "key_failed",
            Self::BadKey { .. } => "bad_key",
            Self::KeyInside { .. } => "key_inside",
            Self::Write { .. } => "write_failed",
        }
    }

    pub(crate) fn place(&self) -> Place {
        let (Self::Key { file, .. }
        | Self::BadKey { file }
        | Self::KeyInside { file, .. }
        | Self::Write { file, .. }) = self;
        Place { file: Some(file.clone()), ..Place::default() }
    }
}

/// What was done to a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Treated {
    pub name: String,
    pub kind: Option<Kind>,
    pub treatment: Treatment,
    /// Cells whose text is another now; of a column left out, all that held something.
    pub cells_changed: u64,
    /// Different values that got a pseudonym or stand-in which another value has as well.
    pub collisions: u64,
}

/// A copy that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Masked {
    pub rows: usize,
    pub columns: Vec<Treated>,
    /// Of the copy; the rows in it are record numbers. `None` without quasi-identifiers or rows.
    pub risk: Option<Risk>,
}

/// A table being masked, row by row: for previews and for files alike.
pub struct Masking<'a> {
    columns: Vec<Work<'a>>,
    person: Option<&'a StringChunked>,
}

struct Work<'a> {
    name: &'a str,
    text: &'a StringChunked,
    treating: Treating<'a>,
    changed: u64,
    /// Hashes of the different values and of what became of them.
    values: HashSet<u64>,
    stand_ins: HashSet<u64>,
}

impl<'a> Masking<'a> {
    /// Columns of the table that the plan does not name are left out: nothing slips through.
    pub fn new(table: &'a Table, plan: &'a Plan, key: &'a Key) -> Self {
        let columns = table.columns.iter().filter_map(|column| {
            let plan = plan.columns.iter().find(|plan| plan.name == column.name)?;
            let treating = Treating {
                key,
                column,
                treatment: &plan.treatment,
                kind: plan.kind,
                group: &plan.group,
                promise: names::promise(&column.name),
            };
            Some(Work {
                name: &column.name,
                text: table.text(&column.name)?,
                treating,
                changed: 0,
                values: HashSet::new(),
                stand_ins: HashSet::new(),
            })
        });
        let columns = columns.collect();
        Self { columns, person: plan.person.as_ref().and_then(|name| table.text(name)) }
    }

    fn kept(&self) -> impl Iterator<Item = &Work<'a>> {
        self.columns.iter().filter(|work| *work.treating.treatment != Treatment::Drop)
    }

    /// Names of the columns that stay.
    pub fn names(&self) -> Vec<String> {
        self.kept().map(|work| work.name.to_owned()).collect()
    }

    /// The masked row at this place, from 0; blanks where the table has none.
    pub fn row(&mut self, at: usize) -> Vec<String> {
        let person = self.person.and_then(|text| text.get(at)).unwrap_or_default();
        let mut row = Vec::with_capacity(self.columns.len());
        for work in &mut self.columns {
            let value = work.text.get(at).unwrap_or_default();
            let is_blank = value.trim().is_empty();
            if *work.treating.treatment == Treatment::Drop {
                work.changed += u64::from(!is_blank);
                continue;
            }
            let cell = work.treating.cell(value, person);
            work.changed += u64::from(!is_blank && cell != value);
            let is_stand_in =
                matches!(work.treating.treatment, Treatment::Pseudonym { .. } | Treatment::Fake);
            if is_stand_in && !cell.is_empty() {
                work.values.insert(hash(pseudonym::plain(value)));
                work.stand_ins.insert(hash(&cell));
            }
            row.push(cell);
        }
        row
    }

    /// What the rows so far came to.
    pub fn treated(&self) -> Vec<Treated> {
        let one = |work: &Work<'_>| Treated {
            name: work.name.to_owned(),
            kind: work.treating.kind,
            treatment: work.treating.treatment.clone(),
            cells_changed: work.changed,
            collisions: work.values.len().saturating_sub(work.stand_ins.len()) as u64,
        };
        self.columns.iter().map(one).collect()
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Writes a masked copy of `table` to `out` as CSV, row by row, and assesses what was written by these
/// quasi-identifiers and this sensitive column (names that the copy lacks are left aside).
///
/// # Errors
/// The file cannot be written; the person cancelled. Either way an older file at `out` stays.
pub fn apply(
    table: &Table,
    plan: &Plan,
    key: &Key,
    out: &Path,
    quasi: &[String],
    sensitive: Option<&str>,
    report: &Reporter,
) -> crate::Result<Masked> {
    let fail = |cause| PrivacyError::Write { file: out.to_owned(), cause }.into();
    let write = |names: &[String], rows: Rows<'_>| files::try_write_csv(out, names, rows).map_err(fail);
    go_through(table, plan, key, quasi, sensitive, report, write)
}

/// What [`apply`] would come to, without a file.
///
/// # Errors
/// The person cancelled.
pub fn rehearse(
    table: &Table,
    plan: &Plan,
    key: &Key,
    quasi: &[String],
    sensitive: Option<&str>,
    report: &Reporter,
) -> crate::Result<Masked> {
    let count = |_: &[String], rows: Rows<'_>| {
        // A row fails only when the person has cancelled, which is told below.
        rows.take_while(Result::is_ok).for_each(drop);
        Ok(())
    };
    go_through(table, plan, key, quasi, sensitive, report, count)
}

/// The rows of a copy on their way.
type Rows<'a> = &'a mut dyn Iterator<Item = std::io::Result<Vec<String>>>;

fn go_through(
    table: &Table,
    plan: &Plan,
    key: &Key,
    quasi: &[String],
    sensitive: Option<&str>,
    report: &Reporter,
    take: impl FnOnce(&[String], Rows<'_>) -> crate::Result<()>,
) -> crate::Result<Masked> {
    let mut masking = Masking::new(table, plan, key);
    let names = masking.names();
    let mut assessment = Assessment::new(&names, quasi, sensitive);
    let mut is_cancelled = false;
    let height = table.height();
    let mut rows = (0..height).map(|at| {
        if at.is_multiple_of(BLOCK) {
            is_cancelled = report.check().is_err();
            report.progress(at as f64 / height as f64);
        }
        if is_cancelled {
            return Err(std::io::Error::other("stopped"));
        }
        let row = masking.row(at);
        assessment.add(&row);
        Ok(row)
    });
    let taken = take(&names, &mut rows);
    if is_cancelled {
        return Err(crate::Error::Cancelled);
    }
    taken?;
    report.progress(1.0);
    let mut risk = assessment.finish();
    for outlier in risk.iter_mut().flat_map(|risk| &mut risk.smallest) {
        outlier.row = table.rows.get(outlier.row).map_or(0, |row| *row as usize);
    }
    Ok(Masked { rows: height, columns: masking.treated(), risk })
}

/// A personal detail with most of it hidden: the first letter of each word, the domain of an
/// address, the last two digits of a number.
pub fn mask(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    if let Some((name, domain)) = text.rsplit_once('@') {
        let first: String = name.chars().take(1).collect();
        return format!("{first}***@{domain}");
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if digits >= 5 {
        let (mut left, mut inside) = (digits, false);
        let hide = |c: char| {
            let first = !inside;
            inside = c.is_alphabetic();
            if c.is_ascii_digit() {
                left -= 1;
                return if left < 2 { c } else { '*' };
            }
            if c.is_alphabetic() && !first { '*' } else { c }
        };
        return text.chars().map(hide).collect();
    }
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| format!("{first}**"))
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
