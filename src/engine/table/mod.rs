//! Customer data as tables: source text byte for byte, what each column is, and where each row
//! came from. Row ids are permanent: the record's number in its file.

mod places;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use crate::detect::{date, number};
use crate::files;
use crate::note::Note;

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

/// A cleaned view of a table: typed columns beside their row ids. Cheap to clone.
///
/// Numbers are `Float64`, dates `Datetime(ms)`, all else `String`; missing is `null`.
#[derive(Debug, Clone)]
pub struct Frame {
    pub rows: Arc<Vec<u32>>,
    pub data: DataFrame,
}

impl Frame {
    /// Rows.
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// Values of a numeric or date column as floating-point numbers (dates in days since 1970),
    /// `None` for missing; `None` as a whole if the column is absent or holds text.
    pub fn numbers(&self, name: &str) -> Option<Vec<Option<f64>>> {
        let column = self.data.column(name).ok()?;
        match column.dtype() {
            DataType::Float64 => Some(column.f64().ok()?.iter().collect()),
            DataType::Datetime(_, _) => Some(
                column.datetime().ok()?.phys.iter().map(|ms| ms.map(|ms| ms as f64 / 86_400_000.0)).collect(),
            ),
            _ => None,
        }
    }

    /// At most `rows` rows from the one at place `from` on; columns are shared, not copied.
    pub fn slice(&self, from: usize, rows: usize) -> Frame {
        let ids: Vec<u32> = self.rows.iter().skip(from).take(rows).copied().collect();
        Frame { data: self.data.slice(from as i64, ids.len()), rows: Arc::new(ids) }
    }

    /// Values of a column as text for showing, `None` for missing or absent.
    pub fn show(&self, name: &str, at: usize) -> Option<String> {
        Cells::of(self.data.column(name).ok()?).show(at)
    }

    /// Writes every row as [`show`](Self::show) has it, blank for missing, in the columns that `keep`
    /// wants, as [`files::write_csv`] writes.
    ///
    /// # Errors
    /// As [`files::write_atomically`].
    pub fn write_csv(&self, path: &Path, keep: impl Fn(&str) -> bool) -> std::io::Result<()> {
        let columns: Vec<&polars::prelude::Column> =
            self.data.columns().iter().filter(|column| keep(column.name())).collect();
        let header: Vec<String> = columns.iter().map(|column| column.name().to_string()).collect();
        let cells: Vec<Cells> = columns.iter().map(|column| Cells::of(column)).collect();
        files::write_csv_blocks(path, &header, self.height(), |at, line| {
            cells.iter().try_for_each(|cells| match cells {
                Cells::Numbers(values) => line.plain(|out| {
                    if let Some(value) = values.get(at) {
                        write_number(out, value);
                    }
                }),
                Cells::Dates(values) => line.plain(|out| {
                    if let Some(value) = values.get(at) {
                        date::write(out, value);
                    }
                }),
                Cells::Text(values) => line.text(values.get(at).unwrap_or_default()),
                Cells::None => line.text(""),
            })
        })
    }

    /// Text column.
    pub fn text(&self, name: &str) -> Option<&StringChunked> {
        self.data.column(name).ok()?.str().ok()
    }

    /// The rows where `keep` is true.
    pub fn filter(&self, keep: &[bool]) -> PolarsResult<Frame> {
        let mask = BooleanChunked::from_slice("keep".into(), keep);
        let rows = self.rows.iter().zip(keep).filter(|(_, keep)| **keep).map(|(row, _)| *row);
        Ok(Frame { rows: Arc::new(rows.collect()), data: self.data.filter(&mask)? })
    }
}

/// A column's values by their kind.
enum Cells<'a> {
    Numbers(&'a Float64Chunked),
    /// Milliseconds since 1970.
    Dates(&'a Int64Chunked),
    Text(&'a StringChunked),
    None,
}

impl<'a> Cells<'a> {
    fn of(column: &'a polars::prelude::Column) -> Self {
        match column.dtype() {
            DataType::Float64 => column.f64().map_or(Self::None, Self::Numbers),
            DataType::Datetime(_, _) => {
                column.datetime().map_or(Self::None, |dates| Self::Dates(&dates.phys))
            }
            _ => column.str().map_or(Self::None, Self::Text),
        }
    }

    /// A cell as text; `None` for missing.
    fn show(&self, at: usize) -> Option<String> {
        match self {
            Self::Numbers(values) => values.get(at).map(show_number),
            Self::Dates(values) => values.get(at).map(date::format),
            Self::Text(values) => values.get(at).map(str::to_owned),
            Self::None => None,
        }
    }
}

/// The shortest text of a number, at most six digits after the point.
pub fn show_number(value: f64) -> String {
    let mut text = String::new();
    write_number(&mut text, value);
    text
}

/// Adds [`show_number`] to a text.
fn write_number(out: &mut String, value: f64) {
    use std::fmt::Write as _;
    // Writing to a text cannot fail.
    if value == value.trunc() && value.abs() < 1e15 {
        // A minus before nothing but a zero is kept, as the formatter does.
        let sign = if value.is_sign_negative() { "-" } else { "" };
        let _ = write!(out, "{sign}{}", value.abs() as u64);
        return;
    }
    // A number of at most 15 digits has one decimal text of so many, which then is the shortest.
    let millionths = (value.abs() * 1e6).round();
    if millionths < 1e15 && millionths / 1e6 == value.abs() {
        let (whole, mut rest, mut digits) = (millionths as u64 / 1_000_000, millionths as u64 % 1_000_000, 6);
        while rest % 10 == 0 {
            rest /= 10;
            digits -= 1;
        }
        let sign = if value < 0.0 { "-" } else { "" };
        let _ = write!(out, "{sign}{whole}.{rest:0digits$}");
        return;
    }
    let start = out.len();
    let _ = write!(out, "{value}");
    if out[start..].split_once('.').is_some_and(|(_, digits)| digits.len() <= 6) {
        return;
    }
    out.truncate(start);
    let _ = write!(out, "{value:.6}");
    if out[start..].contains('.') {
        out.truncate(out.trim_end_matches('0').trim_end_matches('.').len());
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_shortest() {
        // What the formatter says, cut at six digits.
        let slow = |value: f64| {
            let text = value.to_string();
            if value == value.trunc() || text.split_once('.').is_some_and(|(_, digits)| digits.len() <= 6) {
                return text;
            }
            format!("{value:.6}").trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        let mut state = 1u64;
        for n in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = (state >> 20) as f64 / 10f64.powi(n % 18) * if n % 3 == 0 { -1.0 } else { 1.0 };
            assert_eq!(show_number(value), slow(value), "{value:?}");
        }
        for (value, text) in [
            (0.1, "0.1"),
            (-0.05, "-0.05"),
            (0.0, "0"),
            (1_234_567_890.12, "1234567890.12"),
            (1e15, "1000000000000000"),
            (0.1 + 0.2, "0.3"),
            (1e-9, "0"),
            (2.5e-6, "0.000003"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(show_number(value), text);
        }
    }

    #[test]
    fn a_frame_is_written_as_it_is_shown() {
        let rows = 20_000;
        let text: Vec<Option<String>> = (0..rows)
            .map(|at| match at % 5 {
                0 => None,
                1 => Some("=1+1".to_owned()),
                2 => Some("a \"b\", c\nd".to_owned()),
                _ => Some(format!("+{at}")),
            })
            .collect();
        let numbers: Vec<Option<f64>> =
            (0..rows).map(|at| (at % 7 > 0).then_some(f64::from(at) / 8.0)).collect();
        let data = DataFrame::new(
            rows as usize,
            vec![Series::new("text".into(), text).into(), Series::new("-n".into(), numbers).into()],
        )
        .unwrap();
        let frame = Frame { rows: Arc::new((0..rows as u32).collect()), data };
        let folder = tempfile::tempdir().unwrap();
        let (fast, slow) = (folder.path().join("fast.csv"), folder.path().join("slow.csv"));
        frame.write_csv(&fast, |_| true).unwrap();
        let header = ["text", "-n"].map(str::to_owned);
        let shown = |at: usize| header.iter().map(|name| frame.show(name, at).unwrap_or_default()).collect();
        files::write_csv(&slow, &header, (0..rows as usize).map(shown)).unwrap();
        assert!(std::fs::read(&fast).unwrap() == std::fs::read(&slow).unwrap(), "they differ");
    }
}
