//! What type a formula has over the columns of a table, or why it has none.

use super::error::nearest;
use super::{Expr, FormulaError, Function, Kind, Op, Type};
use crate::table::ColumnSpec;

/// The type that a formula yields over the columns of `schema`.
///
/// # Errors
/// The first column that is not there, or the first operand of a wrong type.
pub fn check(expr: &Expr, schema: &[ColumnSpec]) -> Result<Type, FormulaError> {
    let of = |part: &Expr| check(part, schema);
    let need = |part: &Expr, expected: Type| match of(part)? {
        found if found == expected => Ok(()),
        found => Err(FormulaError::WrongType { at: part.at, expected, found }),
    };
    Ok(match &expr.kind {
        Kind::Number(_) => Type::Number,
        Kind::Text(_) => Type::Text,
        Kind::Date(_) => Type::Date,
        Kind::Boolean(_) => Type::Boolean,
        Kind::Column(name) => match schema.iter().find(|spec| spec.name == *name) {
            Some(spec) => Type::of(spec),
            None => {
                let nearest = nearest(name, schema.iter().map(|spec| spec.name.as_str()));
                return Err(FormulaError::UnknownColumn { at: expr.at, name: name.clone(), nearest });
            }
        },
        Kind::Negative(part) => {
            need(part, Type::Number)?;
            Type::Number
        }
        Kind::Not(part) => {
            need(part, Type::Boolean)?;
            Type::Boolean
        }
        Kind::IsMissing(part) => {
            of(part)?;
            Type::Boolean
        }
        Kind::Binary(op, left, right) => binary(*op, expr.at, of(left)?, of(right)?)?,
        Kind::Between(parts) => {
            let [value, low, high] = parts.as_ref();
            let kind = of(value)?;
            ordered(value.at, kind)?;
            need(low, kind)?;
            need(high, kind)?;
            Type::Boolean
        }
        Kind::In(value, list) => {
            let kind = of(value)?;
            list.iter().try_for_each(|part| need(part, kind))?;
            Type::Boolean
        }
        Kind::Call(function, parts) => call(*function, parts, expr.at, schema)?,
    })
}

/// Values that stand in an order: all but true and false.
fn ordered(at: usize, kind: Type) -> Result<(), FormulaError> {
    match kind {
        Type::Boolean => Err(FormulaError::WrongType { at, expected: Type::Number, found: kind }),
        _ => Ok(()),
    }
}

fn binary(op: Op, at: usize, left: Type, right: Type) -> Result<Type, FormulaError> {
    use Type::{Boolean, Date, Number};
    let fits = match op {
        Op::And | Op::Or => (left == Boolean && right == Boolean).then_some(Boolean),
        Op::Eq | Op::Ne => (left == right).then_some(Boolean),
        Op::Lt | Op::Le | Op::Gt | Op::Ge => (left == right && left != Boolean).then_some(Boolean),
        Op::Add | Op::Sub => match (left, right) {
            (Number, Number) => Some(Number),
            (Date, Number) => Some(Date),
            (Date, Date) if op == Op::Sub => Some(Number),
            _ => None,
        },
        Op::Mul | Op::Div | Op::Rem => (left == Number && right == Number).then_some(Number),
    };
    fits.ok_or(FormulaError::Mismatch { at, left, right })
}

fn call(function: Function, parts: &[Expr], at: usize, schema: &[ColumnSpec]) -> Result<Type, FormulaError> {
    let (least, most) = function.arity();
    if !(least..=most).contains(&parts.len()) {
        let (function, usage) = (function.name(), function.usage());
        return Err(FormulaError::Arguments { at, function, usage });
    }
    let found = parts.iter().map(|part| check(part, schema)).collect::<Result<Vec<Type>, _>>()?;
    let typed = || parts.iter().zip(found.iter().copied());
    // The arguments' types, one after the other; the last one goes for all that follow.
    let need = |wanted: &[Type]| {
        typed().enumerate().try_for_each(|(place, (part, found))| {
            let expected = wanted.get(place).or(wanted.last()).copied().unwrap_or(found);
            if found == expected {
                Ok(())
            } else {
                Err(FormulaError::WrongType { at: part.at, expected, found })
            }
        })
    };
    let first = found.first().copied().unwrap_or(Type::Number);
    use Function as F;
    match function {
        F::If => {
            let result = found.get(1).copied().unwrap_or(Type::Number);
            need(&[Type::Boolean, result])?;
            Ok(result)
        }
        F::Coalesce => need(&[first]).map(|()| first),
        F::Min | F::Max => {
            ordered(at, first)?;
            need(&[first]).map(|()| first)
        }
        F::Abs | F::Round | F::Floor | F::Ceil | F::Sqrt | F::Ln | F::Exp | F::Log1p => {
            need(&[Type::Number]).map(|()| Type::Number)
        }
        F::Lower | F::Upper | F::Trim | F::Replace => need(&[Type::Text]).map(|()| Type::Text),
        // Anything can be written out.
        F::Concat => Ok(Type::Text),
        F::Length => need(&[Type::Text]).map(|()| Type::Number),
        F::Left | F::Right | F::Substr => need(&[Type::Text, Type::Number]).map(|()| Type::Text),
        F::Contains | F::StartsWith | F::EndsWith => need(&[Type::Text]).map(|()| Type::Boolean),
        F::Year | F::Month | F::Day | F::Weekday | F::DaysBetween => {
            need(&[Type::Date]).map(|()| Type::Number)
        }
    }
}
