//! Why a database gave nothing.

use std::path::PathBuf;

use super::Address;
use crate::error::Place;

/// Why a custom query is refused: only reading is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReading {
    /// It begins with something else than SELECT or WITH.
    NoSelect,
    /// There is more than one statement.
    ManyStatements,
    /// It would change, store or lock something.
    Changes,
    /// A quote, comment or bracket is not closed.
    Unclosed,
    /// There is no statement.
    Nothing,
}

/// Why a database could not be read. Nothing in it holds a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("the address of the database is not understood: its {part} is wrong")]
    BadAddress { part: &'static str },
    #[error("{} does not exist", file.display())]
    NoFile { file: PathBuf },
    #[error("{} is not an SQLite database, or it is encrypted", file.display())]
    NotADatabase { file: PathBuf },
    #[error("{} cannot be opened: {cause}", file.display())]
    CannotOpen { file: PathBuf, cause: String },
    #[error("another program keeps {} locked", file.display())]
    Locked { file: PathBuf },
    #[error("{address} refused the login: {cause}")]
    WrongPassword { address: Address, cause: String },
    #[error("{address}: {cause}")]
    NoDatabase { address: Address, cause: String },
    #[error("no computer is known under the name of {address}")]
    HostUnknown { address: Address },
    #[error("nothing answers at {address}")]
    Refused { address: Address },
    #[error("{address} offers no safe connection: {cause}")]
    Tls { address: Address, cause: String },
    #[error("{address} has no such table: {cause}; there are: {present}")]
    NoTable { address: Address, cause: String, present: String },
    #[error("table “{table}” of {address} has no column “{column}”; it has: {present}")]
    NoColumn { address: Address, table: String, column: String, present: String },
    #[error("column “{column}” of table “{table}” holds text that cannot be added up")]
    NotNumeric { address: Address, table: String, column: String },
    #[error("{address} does not understand the query{}: {cause}", at(*position))]
    Sql {
        address: Address,
        cause: String,
        /// The character at which the server stumbled, counted from 1.
        position: Option<u32>,
    },
    #[error("only one SELECT is allowed ({})", words(*why))]
    NotReading { why: NotReading },
    #[error("{address} took longer than {seconds} seconds")]
    Timeout { address: Address, seconds: u64 },
    #[error("the answer of {address} is larger than {} MB", megabytes(*limit))]
    TooLarge { address: Address, limit: u64 },
    #[error("{address} gave no rows")]
    NoRows { address: Address },
    #[error("the connection to {address} was lost: {cause}")]
    Lost { address: Address, cause: String },
}

fn at(position: Option<u32>) -> String {
    position.map(|position| format!(" at character {position}")).unwrap_or_default()
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

fn words(why: NotReading) -> &'static str {
    match why {
        NotReading::NoSelect => "the query begins with something else",
        NotReading::ManyStatements => "there is more than one statement",
        NotReading::Changes => "the query would change, store or lock something",
        NotReading::Unclosed => "a quote, comment or bracket does not fit",
        NotReading::Nothing => "the query is empty",
    }
}

impl DatabaseError {
    /// A stable name of the cause.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BadAddress { .. } => "database_address",
            Self::NoFile { .. } => "database_no_file",
            Self::NotADatabase { .. } => "database_not_sqlite",
            Self::CannotOpen { .. } => "database_cannot_open",
            Self::Locked { .. } => "database_locked",
            Self::WrongPassword { .. } => "database_login",
            Self::NoDatabase { .. } => "database_absent",
            Self::HostUnknown { .. } => "database_host",
            Self::Refused { .. } => "database_refused",
            Self::Tls { .. } => "database_tls",
            Self::NoTable { .. } => "database_no_table",
            Self::NoColumn { .. } => "database_no_column",
            Self::NotNumeric { .. } => "database_not_numeric",
            Self::Sql { .. } => "database_sql",
            Self::NotReading { .. } => "database_not_reading",
            Self::Timeout { .. } => "database_timeout",
            Self::TooLarge { .. } => "database_too_large",
            Self::NoRows { .. } => "database_no_rows",
            Self::Lost { .. } => "database_lost",
        }
    }

    pub(crate) fn place(&self) -> Place {
        let (file, column) = match self {
            Self::BadAddress { .. } | Self::NotReading { .. } => (None, None),
            Self::NoFile { file }
            | Self::NotADatabase { file }
            | Self::CannotOpen { file, .. }
            | Self::Locked { file } => (Some(file.clone()), None),
            Self::NoColumn { address, column, .. } | Self::NotNumeric { address, column, .. } => {
                (Some(address.file()), Some(column.clone()))
            }
            Self::WrongPassword { address, .. }
            | Self::NoDatabase { address, .. }
            | Self::HostUnknown { address }
            | Self::Refused { address }
            | Self::Tls { address, .. }
            | Self::NoTable { address, .. }
            | Self::Sql { address, .. }
            | Self::Timeout { address, .. }
            | Self::TooLarge { address, .. }
            | Self::NoRows { address }
            | Self::Lost { address, .. } => (Some(address.file()), None),
        };
        Place { file, row: None, column }
    }

    /// Sorts a network error by what a person can do about it.
    pub(super) fn from_io(address: &Address, kind: std::io::ErrorKind, cause: String, seconds: u64) -> Self {
        use std::io::ErrorKind as Kind;
        let address = address.clone();
        match kind {
            // A socket file that is not there: no server runs.
            Kind::ConnectionRefused | Kind::NotFound | Kind::HostUnreachable | Kind::NetworkUnreachable => {
                Self::Refused { address }
            }
            Kind::TimedOut | Kind::WouldBlock => Self::Timeout { address, seconds },
            _ => Self::Lost { address, cause },
        }
    }
}
