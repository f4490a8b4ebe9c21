//! Sums per customer that a database works out itself: which of them, from the arguments.

use std::io::Read as _;
use std::path::Path;

use clap::Args;
use regulars_engine::collect::database::{self, Aggregate, Function, TableName};
use regulars_engine::project::Source;

/// What the options stand under in the help.
const HEADING: &str = "One row per customer, added up by the database";

/// What becomes of the columns of a table of many rows a customer.
#[derive(Args, Clone, Default)]
pub(super) struct PerCustomer {
    /// The column that names the customer, of the database's table that --sheet names; each of its
    /// values becomes one row (with nothing else: the rows of each are counted)
    #[arg(long, help_heading = HEADING, value_name = "COLUMN", requires = "sheet", conflicts_with = "query")]
    per_customer: Option<String>,
    /// How many rows each customer has
    #[arg(long, help_heading = HEADING, requires = "per_customer")]
    count: bool,
    /// Columns to add up, between commas
    #[arg(long, help_heading = HEADING, value_name = "COLUMNS", value_delimiter = ',', requires = "per_customer")]
    sum: Vec<String>,
    /// Columns whose mean is taken
    #[arg(long, help_heading = HEADING, value_name = "COLUMNS", value_delimiter = ',', requires = "per_customer")]
    mean: Vec<String>,
    /// Columns whose smallest value is taken
    #[arg(long, help_heading = HEADING, value_name = "COLUMNS", value_delimiter = ',', requires = "per_customer")]
    min: Vec<String>,
    /// Columns whose largest value is taken
    #[arg(long, help_heading = HEADING, value_name = "COLUMNS", value_delimiter = ',', requires = "per_customer")]
    max: Vec<String>,
    /// Columns whose first value is taken: by --by, else the earliest date or smallest value
    #[arg(long, help_heading = HEADING, value_name = "COLUMNS", value_delimiter = ',', requires = "per_customer")]
    first: Vec<String>,
    /// Columns whose last value is taken: by --by, else the latest date or largest value
    #[arg(long, help_heading = HEADING, value_name = "COLUMNS", value_delimiter = ',', requires = "per_customer")]
    last: Vec<String>,
    /// Columns whose different values are counted
    #[arg(long, help_heading = HEADING, value_name = "COLUMNS", value_delimiter = ',', requires = "per_customer")]
    distinct: Vec<String>,
    /// The column, mostly a date, that --first and --last go by
    #[arg(long, help_heading = HEADING, value_name = "COLUMN", requires = "per_customer")]
    by: Option<String>,
}

impl PerCustomer {
    /// True where one row per customer is wanted.
    pub(super) fn is_wanted(&self) -> bool {
        self.per_customer.is_some()
    }

    /// The sums of a table; `None` where none are wanted.
    pub(super) fn of(&self, table: TableName) -> Option<Aggregate> {
        let key = self.per_customer.clone()?;
        let lists = [
            (&self.sum, Function::Sum),
            (&self.mean, Function::Mean),
            (&self.min, Function::Min),
            (&self.max, Function::Max),
            (&self.first, Function::First),
            (&self.last, Function::Last),
            (&self.distinct, Function::Distinct),
        ];
        let mut columns: Vec<(String, Function)> = Vec::new();
        for (names, function) in lists {
            for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
                let one = (name.to_owned(), function);
                // Said twice, it is still one column.
                if !columns.contains(&one) {
                    columns.push(one);
                }
            }
        }
        let rows = self.count || columns.is_empty();
        Some(Aggregate { table, key, rows, columns, order: self.by.clone() })
    }
}

/// True for a source that the database adds up.
pub(super) fn is_one(source: &Source) -> bool {
    matches!(source, Source::Database { pick: Some(database::Source::PerCustomer(_)), .. })
}

/// True for an SQLite file, by its first bytes; among other files only such a one has tables to add up.
pub(super) fn is_sqlite(file: &Path) -> bool {
    let mut head = [0; 16];
    let read = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *b"SQLite format 3\0"
}
