//! Evaluation over a frame's columns, part by part, in blocks of rows: a block is small enough to
//! stay in the cache and to answer cancel in time, and no row sees another one.

use std::borrow::Cow;

use polars::prelude::{Column, DataType};

use super::{Expr, Kind, Op, Type};
use crate::detect::{date, number};
use crate::job::{Cancelled, Reporter};
use crate::table::{ColumnSpec, Frame};

/// Rows that are evaluated at once.
const BLOCK: usize = 2_048;
/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;
/// Milliseconds since 1970 of the years 1 and 9999: what a date can be.
const DATES: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// The values of a formula, one a row; `None` is missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Values<'a> {
    /// Finite.
    Number(Vec<Option<f64>>),
    Text(Vec<Option<Cow<'a, str>>>),
    /// Milliseconds since 1970.
    Date(Vec<Option<i64>>),
    Boolean(Vec<Option<bool>>),
}

/// Evaluates a checked formula on every row of a frame. A column that the frame lacks is missing
/// in every row.
///
/// # Errors
/// The person cancelled.
pub fn evaluate(
    expr: &Expr,
    kind: Type,
    schema: &[ColumnSpec],
    frame: &Frame,
    report: &Reporter,
) -> Result<Values<'static>, Cancelled> {
    let height = frame.height();
    let mut out = match kind {
        Type::Number => Values::Number(Vec::with_capacity(height)),
        Type::Text => Values::Text(Vec::with_capacity(height)),
        Type::Date => Values::Date(Vec::with_capacity(height)),
        Type::Boolean => Values::Boolean(Vec::with_capacity(height)),
    };
    let columns: Vec<(&ColumnSpec, &Column)> = expr
        .columns()
        .into_iter()
        .filter_map(|name| {
            let spec = schema.iter().find(|spec| spec.name == name)?;
            Some((spec, frame.data.column(name).ok()?))
        })
        .collect();
    for from in (0..height).step_by(BLOCK) {
        report.check()?;
        let rows = BLOCK.min(height - from);
        let parts: Vec<_> =
            columns.iter().map(|(spec, column)| (*spec, column.slice(from as i64, rows))).collect();
        let block = Block { rows, parts: &parts };
        match (&mut out, block.values(expr)) {
            (Values::Number(all), Values::Number(more)) => all.extend(more),
            (Values::Date(all), Values::Date(more)) => all.extend(more),
            (Values::Boolean(all), Values::Boolean(more)) => all.extend(more),
            (Values::Text(all), Values::Text(more)) => {
                all.extend(more.into_iter().map(|text| text.map(|text| Cow::Owned(text.into_owned()))));
            }
            // Cannot happen to a checked formula.
            (Values::Number(all), _) => all.extend(vec![None; rows]),
            (Values::Date(all), _) => all.extend(vec![None; rows]),
            (Values::Boolean(all), _) => all.extend(vec![None; rows]),
            (Values::Text(all), _) => all.extend(vec![None; rows]),
        }
    }
    Ok(out)
}

impl Values<'_> {
    /// Where there is no value.
    pub(super) fn missing(&self) -> Vec<bool> {
        match self {
            Self::Number(list) => list.iter().map(Option::is_none).collect(),
            Self::Text(list) => list.iter().map(Option::is_none).collect(),
            Self::Date(list) => list.iter().map(Option::is_none).collect(),
            Self::Boolean(list) => list.iter().map(Option::is_none).collect(),
        }
    }
}

/// Some rows, and the columns that the formula reads.
pub(super) struct Block<'a> {
    pub(super) rows: usize,
    pub(super) parts: &'a [(&'a ColumnSpec, Column)],
}

impl<'a> Block<'a> {
    pub(super) fn values(&self, expr: &'a Expr) -> Values<'a> {
        match &expr.kind {
            Kind::Number(value) => Values::Number(vec![Some(*value); self.rows]),
            Kind::Text(text) => Values::Text(vec![Some(Cow::Borrowed(text.as_str())); self.rows]),
            Kind::Date(ms) => Values::Date(vec![Some(*ms); self.rows]),
            Kind::Boolean(value) => Values::Boolean(vec![Some(*value); self.rows]),
            Kind::Column(name) => self.column(name),
            Kind::Negative(part) => Values::Number(each(self.numbers(part), |v| -v)),
            Kind::Not(part) => Values::Boolean(each(self.booleans(part), |v| !v)),
            Kind::IsMissing(part) => {
                Values::Boolean(self.values(part).missing().into_iter().map(Some).collect())
            }
            Kind::Binary(op, left, right) => self.binary(*op, left, right),
            Kind::Between(parts) => {
                let [value, low, high] = parts.as_ref();
                let value = self.values(value);
                let above = compare(Op::Ge, &value, &self.values(low));
                let below = compare(Op::Le, &value, &self.values(high));
                Values::Boolean(pairs(above, below, and))
            }
            Kind::In(value, list) => {
                let value = self.values(value);
                let none = vec![Some(false); self.rows];
                Values::Boolean(
                    list.iter().fold(none, |found, part| {
                        pairs(found, compare(Op::Eq, &value, &self.values(part)), or)
                    }),
                )
            }
            Kind::Call(function, parts) => self.call(*function, parts),
        }
    }

    /// A column's values as the type that its role stands for, read from text where no step has
    /// done so yet.
    fn column(&self, name: &str) -> Values<'a> {
        let found = self.parts.iter().find(|(spec, _)| spec.name == name);
        let Some((spec, column)) = found else { return Values::Text(vec![None; self.rows]) };
        let text = || column.str().into_iter().flat_map(|text| text.iter());
        match (Type::of(spec), column.dtype()) {
            (Type::Number, DataType::Float64) => {
                let numbers = column.f64().into_iter().flat_map(|numbers| numbers.iter());
                Values::Number(numbers.map(|value| value.and_then(finite)).collect())
            }
            (Type::Number, DataType::String) => Values::Number(
                text().map(|value| number::parse(value?, spec.decimal).and_then(finite)).collect(),
            ),
            (Type::Date, DataType::Datetime(_, _)) => {
                let dates = column.datetime().into_iter().flat_map(|dates| dates.phys.iter());
                Values::Date(dates.collect())
            }
            (Type::Date, DataType::String) => {
                Values::Date(text().map(|value| date::parse(value?, spec.date_order)).collect())
            }
            (Type::Number, _) => Values::Number(vec![None; self.rows]),
            (Type::Date, _) => Values::Date(vec![None; self.rows]),
            (_, DataType::String) => Values::Text(text().map(|value| value.map(Cow::Borrowed)).collect()),
            _ => Values::Text(vec![None; self.rows]),
        }
    }

    /// The values of a part that yields numbers; missing throughout for any other, which `check`
    /// has refused.
    pub(super) fn numbers(&self, expr: &'a Expr) -> Vec<Option<f64>> {
        match self.values(expr) {
            Values::Number(list) => list,
            _ => vec![None; self.rows],
        }
    }

    /// As [`numbers`](Self::numbers), for true and false.
    pub(super) fn booleans(&self, expr: &'a Expr) -> Vec<Option<bool>> {
        match self.values(expr) {
            Values::Boolean(list) => list,
            _ => vec![None; self.rows],
        }
    }

    fn binary(&self, op: Op, left: &'a Expr, right: &'a Expr) -> Values<'a> {
        if matches!(op, Op::And | Op::Or) {
            let connect = if op == Op::And { and } else { or };
            return Values::Boolean(pairs(self.booleans(left), self.booleans(right), connect));
        }
        let (left, right) = (self.values(left), self.values(right));
        let both = |work: fn(f64, f64) -> f64| move |a: Option<f64>, b: Option<f64>| finite(work(a?, b?));
        match (op, left, right) {
            (Op::Add, Values::Number(a), Values::Number(b)) => {
                Values::Number(pairs(a, b, both(|a, b| a + b)))
            }
            (Op::Sub, Values::Number(a), Values::Number(b)) => {
                Values::Number(pairs(a, b, both(|a, b| a - b)))
            }
            (Op::Mul, Values::Number(a), Values::Number(b)) => {
                Values::Number(pairs(a, b, both(|a, b| a * b)))
            }
            (Op::Div, Values::Number(a), Values::Number(b)) => {
                Values::Number(pairs(a, b, both(|a, b| a / b)))
            }
            (Op::Rem, Values::Number(a), Values::Number(b)) => {
                Values::Number(pairs(a, b, both(|a, b| a % b)))
            }
            (Op::Add, Values::Date(a), Values::Number(b)) => Values::Date(pairs(a, b, |a, b| later(a?, b?))),
            (Op::Sub, Values::Date(a), Values::Number(b)) => Values::Date(pairs(a, b, |a, b| later(a?, -b?))),
            (Op::Sub, Values::Date(a), Values::Date(b)) => Values::Number(pairs(a, b, |a, b| days(b?, a?))),
            (op, left, right) => Values::Boolean(compare(op, &left, &right)),
        }
    }
}

/// A number that is one: no infinity, no NaN.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Days from one date to another, with the share of a day.
pub(super) fn days(from: i64, to: i64) -> Option<f64> {
    Some(to.checked_sub(from)? as f64 / DAY)
}

/// The date so many days later.
fn later(date: i64, days: f64) -> Option<i64> {
    // A float beyond the range becomes its end, which the sum then refuses or leaves out of `DATES`.
    date.checked_add((days * DAY).round() as i64).filter(|date| DATES.contains(date))
}

pub(super) fn each<T, U>(list: Vec<Option<T>>, work: impl Fn(T) -> U) -> Vec<Option<U>> {
    list.into_iter().map(|value| value.map(&work)).collect()
}

pub(super) fn pairs<A, B, C>(left: Vec<A>, right: Vec<B>, work: impl Fn(A, B) -> C) -> Vec<C> {
    left.into_iter().zip(right).map(|(a, b)| work(a, b)).collect()
}

/// Both are true; false as soon as one is, whatever the other (Kleene).
fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// One is true, whatever the other (Kleene).
fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    and(a.map(|a| !a), b.map(|b| !b)).map(|both| !both)
}

/// Compares values of one type; texts by their characters' order.
pub(super) fn compare(op: Op, left: &Values<'_>, right: &Values<'_>) -> Vec<Option<bool>> {
    use std::cmp::Ordering;
    let holds = |order: Ordering| match op {
        Op::Eq => order.is_eq(),
        Op::Ne => order.is_ne(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Gt => order.is_gt(),
        _ => order.is_ge(),
    };
    fn by<T>(a: &[Option<T>], b: &[Option<T>], work: impl Fn(&T, &T) -> Option<bool>) -> Vec<Option<bool>> {
        a.iter().zip(b).map(|(a, b)| work(a.as_ref()?, b.as_ref()?)).collect()
    }
    match (left, right) {
        (Values::Number(a), Values::Number(b)) => by(a, b, |a, b| a.partial_cmp(b).map(holds)),
        (Values::Text(a), Values::Text(b)) => by(a, b, |a, b| Some(holds(a.cmp(b)))),
        (Values::Date(a), Values::Date(b)) => by(a, b, |a, b| Some(holds(a.cmp(b)))),
        (Values::Boolean(a), Values::Boolean(b)) => by(a, b, |a, b| Some(holds(a.cmp(b)))),
        (left, _) => vec![None; left.missing().len()],
    }
}
