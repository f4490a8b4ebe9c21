//! Formulas that a person writes over the columns of a table: rules (true or false) and derived
//! columns (number, text, date, true or false). Parsed with positions, checked before they run,
//! and the same for one row as for all.
//!
//! `missing` spreads: a formula over a missing value is missing, but for `and`, `or` and `in`
//! (three-valued logic, as in SQL), `is missing` and `coalesce`. An `if` whose condition is missing
//! is missing. A result that is no finite number (division by zero, the root of −1) is missing.

mod call;
mod check;
mod error;
mod eval;
mod function;
mod lex;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::detect::date;
use crate::table::{ColumnSpec, Role};

pub use check::check;
pub use error::{FormulaError, Wanted};
pub use eval::{Values, evaluate};
pub use function::Function;
pub use parse::parse;

/// What a formula yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Number,
    Text,
    Date,
    Boolean,
}

impl Type {
    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Date => "date",
            Self::Boolean => "boolean",
        }
    }

    /// The type of a column's values once cleaned.
    pub fn of(spec: &ColumnSpec) -> Self {
        match spec.role {
            Role::Number | Role::Money => Self::Number,
            Role::Date => Self::Date,
            _ => Self::Text,
        }
    }
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl Op {
    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
        }
    }
}

/// A formula, or a part of one, and where it stands in the text. Two are equal if they say the
/// same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Expr {
    pub kind: Kind,
    /// Position of its first character (of its operator, where it has one), counted from 1.
    pub at: usize,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// What a part of a formula is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Finite and not negative: a sign is an operator.
    Number(f64),
    Text(String),
    /// Midnight, in milliseconds since 1970.
    Date(i64),
    Boolean(bool),
    Column(String),
    Negative(Box<Expr>),
    Not(Box<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
    IsMissing(Box<Expr>),
    /// Value, lower and upper bound, both included.
    Between(Box<[Expr; 3]>),
    In(Box<Expr>, Vec<Expr>),
    Call(Function, Vec<Expr>),
}

impl Expr {
    /// The parts that this one is made of.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            Kind::Number(_) | Kind::Text(_) | Kind::Date(_) | Kind::Boolean(_) | Kind::Column(_) => {
                Vec::new()
            }
            Kind::Negative(part) | Kind::Not(part) | Kind::IsMissing(part) => vec![part],
            Kind::Binary(_, left, right) => vec![left, right],
            Kind::Between(parts) => parts.iter().collect(),
            Kind::In(value, list) => std::iter::once(value.as_ref()).chain(list).collect(),
            Kind::Call(_, parts) => parts.iter().collect(),
        }
    }

    /// The columns it reads, each once, in the order of their first mention.
    pub fn columns(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        let mut open = vec![self];
        while let Some(part) = open.pop() {
            if let Kind::Column(name) = &part.kind
                && !out.contains(&name.as_str())
            {
                out.push(name);
            }
            open.extend(part.parts().into_iter().rev());
        }
        out
    }

    fn is_simple(&self) -> bool {
        matches!(
            self.kind,
            Kind::Number(_)
                | Kind::Text(_)
                | Kind::Date(_)
                | Kind::Boolean(_)
                | Kind::Column(_)
                | Kind::Call(..)
        )
    }
}

/// A column's name as a formula writes it: bare where that is possible, else in square brackets.
pub fn quoted(name: &str) -> String {
    if parse::is_bare(name) { name.to_owned() } else { format!("[{}]", name.replace(']', "]]")) }
}

/// A number as a formula writes it.
pub fn number(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Brackets around every compound operand: longer than needed, and never wrong.
        let inner = |part: &Expr| if part.is_simple() { part.to_string() } else { format!("({part})") };
        let list = |parts: &[Expr]| parts.iter().map(Expr::to_string).collect::<Vec<_>>().join(", ");
        match &self.kind {
            Kind::Number(value) => write!(f, "{}", number(*value)),
            Kind::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Kind::Date(ms) => write!(f, "{}", date::format(*ms)),
            Kind::Boolean(value) => write!(f, "{value}"),
            Kind::Column(name) => write!(f, "{}", quoted(name)),
            Kind::Negative(part) => write!(f, "-{}", inner(part)),
            Kind::Not(part) => write!(f, "not {}", inner(part)),
            Kind::Binary(op, left, right) => {
                write!(f, "{} {} {}", inner(left), op.symbol(), inner(right))
            }
            Kind::IsMissing(part) => write!(f, "{} is missing", inner(part)),
            Kind::Between(parts) => {
                let [value, low, high] = parts.as_ref();
                write!(f, "{} between {} and {}", inner(value), inner(low), inner(high))
            }
            Kind::In(value, parts) => write!(f, "{} in ({})", inner(value), list(parts)),
            Kind::Call(function, parts) => write!(f, "{}({})", function.name(), list(parts)),
        }
    }
}

/// Parses and checks a formula over the columns of `schema`.
///
/// # Errors
/// The first mistake, with its place.
pub fn compile(text: &str, schema: &[ColumnSpec]) -> Result<(Expr, Type), FormulaError> {
    let expr = parse(text)?;
    let kind = check(&expr, schema)?;
    Ok((expr, kind))
}
