//! Customer data as tables: source text byte for byte, what each column is, and where each row
//! came from. Row ids are permanent: the record's number in its file.

mod each;
mod frame;
mod places;

use std::path::PathBuf;
use std::sync::Arc;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use crate::detect::{date, number};
use crate::note::Note;

pub(crate) use each::each;
pub use frame::{Frame, show_number};
pub(crate) use places::Places;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    Integer,
    Number,
    Boolean,
    Date,
    Text,
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Id,
    Target,
    Number,
    Money,
    Category,
    Date,
    Text,
    Contact,
    Ignore,
}

impl Role {
    /// Every role, in the order in which menus offer them.
    pub const ALL: [Role; 9] = [
        Role::Id,
        Role::Target,
        Role::Number,
        Role::Money,
        Role::Category,
        Role::Date,
        Role::Text,
        Role::Contact,
        Role::Ignore,
    ];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Role::Id => "id",
            Role::Target => "target",
            Role::Number => "number",
            Role::Money => "money",
            Role::Category => "category",
            Role::Date => "date",
            Role::Text => "text",
            Role::Contact => "contact",
            Role::Ignore => "ignore",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name.trim().to_lowercase())
    }

    /// True for roles whose values are numbers once cleaned.
    pub fn is_numeric(self) -> bool {
        matches!(self, Role::Number | Role::Money)
    }

    /// True for roles that a model may learn from.
    pub fn is_feature(self) -> bool {
        matches!(self, Role::Number | Role::Money | Role::Category | Role::Date)
    }
}

impl ValueType {
    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            ValueType::Integer => "integer",
            ValueType::Number => "number",
            ValueType::Boolean => "boolean",
            ValueType::Date => "date",
            ValueType::Text => "text",
        }
    }
}

/// A value that does not read as its column's type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BadValue {
    /// Permanent row id.
    pub row: u32,
    pub value: String,
}

/// One column: its name, what it holds, and why we think so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    pub name: String,
    pub value_type: ValueType,
    pub role: Role,
    /// Why this type and role.
    pub why: Note,
    /// Cells that are blank or hold a mark for "no value".
    pub missing: u64,
    /// Different values among the others.
    pub distinct: u64,
    /// How numbers are written, where they are.
    pub decimal: number::Decimal,
    /// How dates are written, where they are.
    pub date_order: date::Order,
    /// Cells that do not read as the column's type; they become missing when cleaned.
    pub bad: u64,
    /// The first of them.
    pub bad_examples: Vec<BadValue>,
    /// Most frequent values with their counts, at most 40, most frequent first.
    pub levels: Vec<(String, u64)>,
    /// `NA` is a value of this column (Namibia), not a hole.
    pub keep_na: bool,
    /// What a person should know of it.
    pub warnings: Vec<Note>,
}

/// A record of the file that could not be kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rejected {
    /// Record number in the file, the header is 1.
    pub row: u64,
    pub why: Note,
    /// The head of the record.
    pub excerpt: String,
}

/// Where a table came from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Provenance {
    pub file: PathBuf,
    /// Every file, where several were set under each other; empty where `file` is all.
    pub files: Vec<PathBuf>,
    /// `csv`, `fixed_width`, `xlsx`, `xls`, `xlsb`, `ods`, `json`, `jsonl`, `parquet`, `ipc`,
    /// `sqlite`, `postgresql`, `mysql`, `http`, `clipboard`, `combined`.
    pub format: &'static str,
    /// Which table of the file: a sheet, a member of an archive, a nested list, a database's table
    /// or query; `None` where the file is one table.
    pub part: Option<String>,
    /// Of text files; empty for the others.
    pub encoding: String,
    /// Of delimited text.
    pub separator: Option<char>,
    pub header: bool,
    pub bytes: u64,
    /// blake3 of the file's bytes, in hexadecimal.
    pub hash: String,
    /// Where only a sample of the customers was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampled: Option<Box<crate::collect::Sampled>>,
}

/// A table as collected: text as it stands in the source. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub source: Provenance,
    /// Every column as text; `null` where the record had no such field.
    pub raw: DataFrame,
    pub columns: Vec<Column>,
    /// Permanent ids of the kept rows: record numbers, the header is 1.
    pub rows: Arc<Vec<u32>>,
    /// Records after the header, kept or not.
    pub records: u64,
    /// The first 1,000 rejected records.
    pub rejected: Vec<Rejected>,
    pub rejected_count: u64,
    pub warnings: Vec<Note>,
}

impl Table {
    /// Kept rows.
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// The column that has `role`, if any.
    pub fn with_role(&self, role: Role) -> Option<&Column> {
        self.columns.iter().find(|column| column.role == role)
    }

    /// The column's source text.
    pub fn text(&self, name: &str) -> Option<&StringChunked> {
        self.raw.column(name).ok()?.str().ok()
    }

    /// Position of a column by its exact name, else by its name without case and blanks.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name).or_else(|| {
            let wanted = name.trim().to_lowercase();
            self.columns.iter().position(|column| column.name.trim().to_lowercase() == wanted)
        })
    }

    /// The same table with its columns called as in `names`: exact names first, then, among the
    /// columns that nobody claims, another writing (case, blanks and punctuation aside) where exactly
    /// one is written so. Also returns what was called otherwise: the wanted name, the file's.
    pub fn aligned(&self, names: &[&str]) -> (Table, Vec<(String, String)>) {
        let mut table = self.clone();
        let mut renamed = Vec::new();
        let free = |table: &Table| -> Vec<usize> {
            (0..table.columns.len()).filter(|&at| !names.contains(&table.columns[at].name.as_str())).collect()
        };
        for name in names {
            if table.columns.iter().any(|column| column.name == *name) {
                continue;
            }
            let wanted = bare(name);
            // Two wanted names of one bare form: nobody can say which the file means.
            let lacked = |other: &&&str| !table.columns.iter().any(|column| column.name == ***other);
            if names.iter().filter(lacked).filter(|other| bare(other) == wanted).count() != 1 {
                continue;
            }
            let mut alike = free(&table).into_iter().filter(|&at| bare(&table.columns[at].name) == wanted);
            let (Some(at), None) = (alike.next(), alike.next()) else { continue };
            let old = table.columns[at].name.clone();
            if !wanted.is_empty() && table.raw.rename(&old, (*name).into()).is_ok() {
                table.columns[at].name = (*name).to_owned();
                renamed.push(((*name).to_owned(), old));
            }
        }
        (table, renamed)
    }
}

/// A name without case, blanks and punctuation.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Provenance {
    /// True if `path` is what the table was read from: it must never be written over.
    pub fn is_of(&self, path: &std::path::Path) -> bool {
        std::iter::once(&self.file).chain(&self.files).any(|file| crate::files::is_same(file, path))
    }
}

/// How many rows on one side of a link belong to one row on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cardinality {
    /// Both sides are unique.
    OneToOne,
    /// Many rows of `from` belong to one row of `to`.
    ManyToOne,
    /// Neither side is unique: joining would multiply rows, so it is refused.
    ManyToMany,
}

/// Two tables that speak of the same things: `from`'s column holds keys of `to`'s.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Link {
    /// Place of the table in [`Dataset::tables`] with many rows, and its column.
    pub from: usize,
    pub from_column: String,
    /// Place of the table with the key, and its column.
    pub to: usize,
    pub to_column: String,
    pub cardinality: Cardinality,
    /// Share of the different keys of `from` that `to` has.
    pub overlap: f64,
    /// Rows of `from` whose key `to` lacks (blank keys are counted apart).
    pub orphans: u64,
    /// Rows of `from` without a key.
    pub blank: u64,
    /// Keys that come back among the rows of `to`, where they should be unique.
    pub duplicates: u64,
    /// Rows of `to` that no row of `from` names.
    pub childless: u64,
    /// Why these two columns.
    pub why: Note,
}

/// What was collected: tables, and how they hang together.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    pub tables: Vec<Table>,
    pub links: Vec<Link>,
}

/// What must be known of a column to read it again in another file: saved with projects and
/// bundles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnSpec {
    pub name: String,
    pub role: Role,
    pub value_type: ValueType,
    pub decimal: number::Decimal,
    pub date_order: date::Order,
    /// `NA` is a value of this column (Namibia), not a hole.
    pub keep_na: bool,
}

impl From<&Column> for ColumnSpec {
    fn from(column: &Column) -> Self {
        Self {
            name: column.name.clone(),
            role: column.role,
            value_type: column.value_type,
            decimal: column.decimal,
            date_order: column.date_order,
            keep_na: column.keep_na,
        }
    }
}
