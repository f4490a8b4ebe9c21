//! Features of behaviour worked out where the data lie: the server computes the rows of
//! [`super::build::learn`], one per customer and cut-off day, and only they travel. See `docs/scale-sql.md`.

mod dialect;
mod features;
mod gather;
mod shop;
mod slip;
mod statement;
#[cfg(test)]
pub(crate) mod tests;

use crate::collect::database::{Database, Session, Source, TableName, Typed};
use crate::error::Place;
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::table::{Provenance, Table};

use super::books::{Books, Stream};
use super::build::Behaviour;
use super::fitted::{FittedBehaviour, Layout};
use super::question::{Day, Question};
use super::{BehaviourError, table};
use crate::split::SplitSpec;

pub use dialect::Dialect;
pub use shop::{Head, Shop};
pub use statement::Facts;

use shop::Levels;
use statement::Writer;

/// Rows of each table that are looked at before its columns are understood.
const LOOKED_AT: u32 = 20_000;
/// Different values that a state or a currency may have.
const FEW: usize = 1000;

/// Why features are not worked out where the data lie.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error("features can be worked out in PostgreSQL only, and not in {place}")]
    Engine { place: String },
    #[error("one database is read where it lies, and nothing else beside it")]
    Sources,
    #[error("“{table}” has no column that names the customer of each row")]
    NoCustomer { table: String },
    #[error("“{column}” of “{table}” holds its days as text")]
    TextDate { table: String, column: String },
    #[error("“{column}” of “{table}” holds its numbers as text")]
    TextNumber { table: String, column: String },
    #[error("“{column}” of “{table}” has more different values than a state or a currency can have")]
    Many { table: String, column: String },
    #[error("a column that says who was lost is not read where the data lie")]
    ByColumn,
    #[error("the server answered otherwise than it was asked: {what}")]
    Answer { what: &'static str },
}

impl PushError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Engine { .. } => "push_engine",
            Self::Sources => "push_sources",
            Self::NoCustomer { .. } => "push_no_customer",
            Self::TextDate { .. } => "push_text_date",
            Self::TextNumber { .. } => "push_text_number",
            Self::Many { .. } => "push_many",
            Self::ByColumn => "push_by_column",
            Self::Answer { .. } => "push_answer",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::TextDate { column, .. } | Self::TextNumber { column, .. } | Self::Many { column, .. } => {
                Place { column: Some(column.clone()), ..Place::default() }
            }
            _ => Place::default(),
        }
    }
}

impl From<PushError> for crate::Error {
    fn from(error: PushError) -> Self {
        BehaviourError::from(error).into()
    }
}

/// A statement, and the day that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub day: Day,
    pub sql: String,
}

/// What a server worked out.
#[derive(Debug, Clone)]
pub struct Pushed {
    pub behaviour: Behaviour,
    /// The customers by their numbers in `behaviour`.
    pub keys: Vec<String>,
    /// What the key is called.
    pub key: String,
    /// The table that the sales lie in.
    pub name: String,
    pub facts: Facts,
    pub notes: Vec<Note>,
    /// What the tables hold and is not worked out, each as a note.
    pub left: Vec<Note>,
    pub statements: Vec<Statement>,
    /// Rows and bytes that came over the connection, all answers together.
    pub rows: u64,
    pub bytes: u64,
}

impl Pushed {
    /// The rows as a table, with what there is to tell of them.
    ///
    /// # Errors
    /// The table engine; the person cancels.
    pub fn table(&self, database: &Database, report: &Reporter) -> crate::Result<Table> {
        let mut hasher = blake3::Hasher::new();
        for statement in &self.statements {
            hasher.update(statement.sql.as_bytes());
        }
        for key in &self.keys {
            hasher.update(key.as_bytes());
        }
        let source = Provenance {
            file: database.address().to_string().into(),
            format: "combined",
            part: Some(self.name.clone()),
            header: true,
            bytes: self.bytes,
            hash: hasher.finalize().to_hex().to_string(),
            ..Provenance::default()
        };
        let mut table = table::of_rows((&self.key, &self.keys), &self.behaviour, source, report)?;
        table.warnings.extend(self.notes.iter().chain(&self.left).cloned());
        Ok(table)
    }
}

impl Facts {
    /// The facts of books in memory; `None` where nothing was bought.
    pub fn of(books: &Books) -> Option<Self> {
        let first = |stream: &Option<Stream>| stream.as_ref().and_then(Stream::first_day);
        Some(Self {
            first: books.first_day()?,
            last: books.last_day(),
            returns: books.sales.is_return.contains(&true),
            hours: books.sales.has_hours,
            events_from: first(&books.events),
            feedback_from: first(&books.feedback),
        })
    }
}

/// What is asked of a server.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The tables; where none is named, those that hold rows.
    pub tables: Vec<TableName>,
    pub question: Question,
    pub split: SplitSpec,
    pub seed: u64,
    /// The last day that counts.
    pub until: Option<Day>,
    /// Only the statements are wanted: their rows are not asked for.
    pub only_sql: bool,
}

/// Works the rows of a question out in a database, in one read-only transaction.
///
/// # Errors
/// A server that cannot; tables without orders; text where numbers or days are needed; as
/// [`super::learn`].
pub fn learn(database: &Database, asking: &Asking, report: &Reporter) -> crate::Result<Pushed> {
    let (asking, inner) = (asking.clone(), report.part(0.1, 0.9));
    let tables = asking.tables.clone();
    with_shop(database, &tables, report, move |session, shop| gather::gather(session, shop, &asking, &inner))
}

/// Works the features of all who are asked about on `day`, or the last day of the data, out in a database, as
/// `fitted` says.
///
/// # Errors
/// A server that cannot; data that lack what was learnt from; a day outside them; as [`super::apply`].
pub fn apply(
    database: &Database,
    tables: &[TableName],
    (fitted, day): (&FittedBehaviour, Option<Day>),
    report: &Reporter,
) -> crate::Result<Pushed> {
    let (fitted, inner) = (fitted.clone(), report.part(0.1, 0.9));
    with_shop(database, tables, report, move |session, shop| {
        gather::apply(session, shop, (&fitted, day), &inner)
    })
}

/// Finds the shop in a database, and does `work` with it in one transaction.
fn with_shop<T: Send + 'static>(
    database: &Database,
    tables: &[TableName],
    report: &Reporter,
    work: impl FnOnce(&mut Session, &Shop) -> crate::Result<T> + Send + 'static,
) -> crate::Result<T> {
    if !database.works_out_features() {
        return Err(PushError::Engine { place: database.address().to_string() }.into());
    }
    report.emit(Event::Phase("read"));
    let mut heads = heads(database, tables, &report.part(0.0, 0.1))?;
    database.session(report, move |session| {
        for head in &mut heads {
            head.columns = session.columns(&head.name)?;
        }
        let shop = shop::find(&mut heads, |table, field| levels(session, table, field))?;
        work(session, &shop)
    })
}

/// The first rows of each table.
fn heads(database: &Database, tables: &[TableName], report: &Reporter) -> crate::Result<Vec<Head>> {
    let all = database.main_tables(report)?;
    let named = |info: &crate::collect::database::TableInfo| {
        tables.is_empty()
            || tables.iter().any(|table| {
                table.name == info.table.name && (table.schema.is_none() || table.schema == info.table.schema)
            })
    };
    let mut wanted: Vec<(TableName, u64)> = all
        .into_iter()
        .filter(named)
        .map(|info| (info.table, info.rows_estimate.unwrap_or_default()))
        .collect();
    if wanted.is_empty() {
        wanted = tables.iter().map(|table| (table.clone(), 0)).collect();
    }
    let mut heads = Vec::with_capacity(wanted.len());
    for (name, rows) in wanted {
        match database.preview(&Source::Table(name.clone()), LOOKED_AT, report) {
            Ok(table) => {
                let rows = rows.max(table.height() as u64);
                heads.push(Head { name, table, columns: Vec::new(), rows });
            }
            Err(e) if e.kind() == "database_no_rows" => {}
            Err(e) => return Err(e),
        }
    }
    Ok(heads)
}

/// The different values of a column, most frequent first.
fn levels(session: &mut Session, table: &TableName, field: &dialect::Field) -> crate::Result<Levels> {
    let sql = statement::levels(Dialect::Postgresql, table, field, FEW + 1);
    let answer = session.read(&sql)?;
    if answer.rows.len() > FEW {
        return Err(PushError::Many { table: table.to_string(), column: field.name.clone() }.into());
    }
    Ok(answer.rows.iter().filter_map(gather::counted).collect())
}

/// What the shop's tables tell of.
fn layout(shop: &Shop, facts: &Facts) -> Layout {
    let sales = &shop.sales;
    Layout {
        amount: sales.amount.is_some() || sales.price.is_some(),
        quantity: sales.quantity.is_some() && !shop.lines_apart,
        product: sales.product.is_some(),
        category: sales.category.is_some(),
        channel: sales.channel.is_some(),
        discount: sales.discount.is_some(),
        returns: facts.returns,
        hours: facts.hours,
        events: shop.events.is_some(),
        event_kind: shop.events.as_ref().is_some_and(|(_, kind)| kind.is_some()),
        feedback: shop.feedback.is_some(),
        rating: shop.feedback.as_ref().is_some_and(|(_, rating)| rating.is_some()),
    }
}

/// What is not worked out, told by name.
fn left(shop: &Shop) -> Vec<Note> {
    shop.left.iter().map(|(code, table)| Note::new(code).with("table", table)).collect()
}

/// The statements that work the rows of `fitted` out in `dialect`, from tables that are called as those of
/// `tables` and have their columns: for a server that is not at hand. The facts are those of the books that
/// were read from `tables`.
///
/// # Errors
/// Tables without orders, as [`learn`].
pub fn statements(
    dialect: Dialect,
    tables: &[Table],
    (fitted, facts): (&FittedBehaviour, &Facts),
    days: &[Day],
) -> crate::Result<(Vec<Statement>, Vec<Note>)> {
    let mut heads: Vec<Head> = tables.iter().map(head_of).collect();
    let by_table: Vec<(TableName, Vec<(String, Levels)>)> = heads
        .iter()
        .map(|head| {
            let columns = head.table.columns.iter().map(|c| (c.name.clone(), c.levels.clone())).collect();
            (head.name.clone(), columns)
        })
        .collect();
    let shop = shop::find(&mut heads, |table, field| {
        let columns = by_table.iter().find(|(name, _)| name == table).map(|(_, columns)| columns);
        let found = columns.and_then(|columns| columns.iter().find(|(name, _)| *name == field.name));
        Ok(found.map(|(_, levels)| levels.clone()).unwrap_or_default())
    })?;
    let writer = Writer { dialect, shop: &shop };
    let all = days.iter().map(|day| (*day, true)).chain([(facts.last, false)]);
    let statement = |(day, labelled): (Day, bool)| Statement {
        day,
        sql: writer.rows_of_day(&fitted.question, Some((fitted, facts)), (day, facts.last, labelled)),
    };
    Ok((all.map(statement).collect(), left(&shop)))
}

/// A table of a file as a server would hold it.
fn head_of(table: &Table) -> Head {
    use crate::collect::database::Form;
    use crate::table::{Role, ValueType};
    let has_clock = |name: &str| {
        table.text(name).is_some_and(|text| text.iter().flatten().any(|cell| cell.contains(':')))
    };
    let columns = table.columns.iter().map(|column| Typed {
        name: column.name.clone(),
        form: match (column.role, column.value_type) {
            (Role::Date, _) if has_clock(&column.name) => Form::Moment,
            (Role::Date, _) => Form::Day,
            (_, ValueType::Integer) => Form::Whole,
            (_, ValueType::Number) => Form::Number,
            (_, ValueType::Boolean) => Form::Truth,
            _ => Form::Text,
        },
        is_key: false,
    });
    let name = TableName { schema: None, name: table.name.clone() };
    Head { name, columns: columns.collect(), rows: table.height() as u64, table: table.clone() }
}
