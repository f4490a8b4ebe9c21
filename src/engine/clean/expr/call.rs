//! The functions of the language, over a block of rows.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, Utc};

use super::eval::{Block, Values, compare, days, each, finite, pairs};
use super::{Expr, Function, Op};
use crate::detect::date;
use crate::table::show_number;

/// Bytes of the longest text that a formula makes, as in a cell of Excel; a longer one is missing,
/// so that nested `replace`s cannot fill the memory.
const LONGEST: usize = 32_767;

type Texts<'a> = Vec<Option<Cow<'a, str>>>;

impl<'a> Block<'a> {
    /// A call whose arguments `check` has found right.
    pub(super) fn call(&self, function: Function, parts: &'a [Expr]) -> Values<'a> {
        use Function as F;
        let number =
            |place: usize| parts.get(place).map_or_else(|| vec![None; self.rows], |p| self.numbers(p));
        let text = |place: usize| parts.get(place).map_or_else(|| vec![None; self.rows], |p| self.texts(p));
        let figure = |work: fn(f64) -> f64| {
            Values::Number(number(0).into_iter().map(|value| finite(work(value?))).collect())
        };
        let written = |work: fn(&str) -> String| Values::Text(each(text(0), |text| Cow::Owned(work(&text))));
        let tested = |work: fn(&str, &str) -> bool| {
            Values::Boolean(pairs(text(0), text(1), |text, part| Some(work(&text?, &part?))))
        };
        let calendar = |work: fn(DateTime<Utc>) -> u32| {
            let dates = parts.first().map_or_else(|| vec![None; self.rows], |p| self.dates(p));
            let figure = |ms: Option<i64>| Some(f64::from(work(DateTime::from_timestamp_millis(ms?)?)));
            Values::Number(dates.into_iter().map(figure).collect())
        };
        match function {
            F::If => match parts {
                [first, yes, no] => select(self.booleans(first), self.values(yes), self.values(no)),
                _ => Values::Text(vec![None; self.rows]),
            },
            F::Coalesce => self.fold(parts, |before, _| before.missing().iter().map(|m| Some(!m)).collect()),
            F::Min => self.fold(parts, |before, next| compare(Op::Le, before, next)),
            F::Max => self.fold(parts, |before, next| compare(Op::Ge, before, next)),
            F::Abs => figure(f64::abs),
            F::Floor => figure(f64::floor),
            F::Ceil => figure(f64::ceil),
            F::Sqrt => figure(f64::sqrt),
            F::Ln => figure(f64::ln),
            F::Exp => figure(f64::exp),
            F::Log1p => figure(f64::ln_1p),
            F::Round if parts.len() < 2 => figure(f64::round),
            F::Round => Values::Number(pairs(number(0), number(1), |value, digits| round(value?, digits?))),
            F::Lower => written(str::to_lowercase),
            F::Upper => written(str::to_uppercase),
            F::Trim => written(|text| text.trim().to_owned()),
            F::Length => Values::Number(each(text(0), |text| text.chars().count() as f64)),
            F::Concat => Values::Text(self.concat(parts)),
            F::Left => Values::Text(pairs(text(0), number(1), |text, n| Some(cut(&text?, 0, count(n?))))),
            F::Right => Values::Text(pairs(text(0), number(1), |text, n| {
                let text = text?;
                let skip = text.chars().count().saturating_sub(count(n?));
                Some(cut(&text, skip, usize::MAX))
            })),
            F::Substr => {
                let most = if parts.len() > 2 { number(2) } else { vec![Some(f64::INFINITY); self.rows] };
                let range = pairs(number(1), most, |start, most| Some((count(start? - 1.0), count(most?))));
                Values::Text(pairs(text(0), range, |text, range| {
                    let (skip, most) = range?;
                    Some(cut(&text?, skip, most))
                }))
            }
            F::Replace => {
                let change = pairs(text(1), text(2), |old, new| Some((old?, new?)));
                Values::Text(pairs(text(0), change, |text, change| replace(text?, change?)))
            }
            F::Contains => tested(|text, part| text.contains(part)),
            F::StartsWith => tested(|text, part| text.starts_with(part)),
            F::EndsWith => tested(|text, part| text.ends_with(part)),
            F::Year => calendar(|day| day.year().unsigned_abs()),
            F::Month => calendar(|day| day.month()),
            F::Day => calendar(|day| day.day()),
            // As ISO 8601 counts: Monday is 1.
            F::Weekday => calendar(|day| day.weekday().number_from_monday()),
            F::DaysBetween => match parts {
                [from, to] => {
                    Values::Number(pairs(self.dates(from), self.dates(to), |from, to| days(from?, to?)))
                }
                _ => Values::Number(vec![None; self.rows]),
            },
        }
    }

    fn texts(&self, expr: &'a Expr) -> Texts<'a> {
        match self.values(expr) {
            Values::Text(list) => list,
            _ => vec![None; self.rows],
        }
    }

    fn dates(&self, expr: &'a Expr) -> Vec<Option<i64>> {
        match self.values(expr) {
            Values::Date(list) => list,
            _ => vec![None; self.rows],
        }
    }

    /// Writes its arguments one after the other; missing if one of them is.
    fn concat(&self, parts: &'a [Expr]) -> Texts<'a> {
        let start: Texts<'a> = vec![Some(Cow::Borrowed("")); self.rows];
        parts.iter().fold(start, |head, part| {
            let tail: Texts<'a> = match self.values(part) {
                Values::Text(list) => list,
                Values::Number(list) => each(list, |value| Cow::Owned(show_number(value))),
                Values::Date(list) => each(list, |ms| Cow::Owned(date::format(ms))),
                Values::Boolean(list) => each(list, |yes| Cow::Borrowed(if yes { "yes" } else { "no" })),
            };
            pairs(head, tail, |head, tail| {
                let (head, tail) = (head?, tail?);
                (head.len() + tail.len() <= LONGEST).then(|| head + tail)
            })
        })
    }

    /// Goes through values of one type, two by two: `prefer` says where the first of the two is
    /// taken, and `None` where neither is.
    fn fold(
        &self,
        parts: &'a [Expr],
        prefer: impl Fn(&Values<'a>, &Values<'a>) -> Vec<Option<bool>>,
    ) -> Values<'a> {
        let values = parts.iter().map(|part| self.values(part));
        let all = values.reduce(|before, next| select(prefer(&before, &next), before, next));
        all.unwrap_or_else(|| Values::Text(vec![None; self.rows]))
    }
}

/// The first value where `first` is true, the second where it is false, else missing.
fn select<'a>(first: Vec<Option<bool>>, yes: Values<'a>, no: Values<'a>) -> Values<'a> {
    fn pick<T>(first: Vec<Option<bool>>, yes: Vec<Option<T>>, no: Vec<Option<T>>) -> Vec<Option<T>> {
        let both = pairs(yes, no, |yes, no| (yes, no));
        pairs(first, both, |first, (yes, no)| if first? { yes } else { no })
    }
    match (yes, no) {
        (Values::Number(yes), Values::Number(no)) => Values::Number(pick(first, yes, no)),
        (Values::Text(yes), Values::Text(no)) => Values::Text(pick(first, yes, no)),
        (Values::Date(yes), Values::Date(no)) => Values::Date(pick(first, yes, no)),
        (Values::Boolean(yes), Values::Boolean(no)) => Values::Boolean(pick(first, yes, no)),
        // Cannot happen to a checked formula.
        _ => Values::Text(vec![None; first.len()]),
    }
}

/// A number of characters: whole, from 0.
fn count(value: f64) -> usize {
    // The cast takes NaN and what is below 0 to 0, and what is too large to the largest.
    value as usize
}

/// At most `most` characters after the first `skip`.
fn cut<'a>(text: &str, skip: usize, most: usize) -> Cow<'a, str> {
    Cow::Owned(text.chars().skip(skip).take(most).collect())
}

/// Rounds half away from zero to so many digits after the point (before it, if negative).
fn round(value: f64, digits: f64) -> Option<f64> {
    let scale = 10f64.powi(digits.clamp(-300.0, 300.0) as i32);
    let rounded = (value * scale).round() / scale;
    // Beyond the digits that a number holds there is nothing to round.
    if (value * scale).is_finite() { finite(rounded) } else { Some(value) }
}

fn replace<'a>(text: Cow<'a, str>, (old, new): (Cow<'a, str>, Cow<'a, str>)) -> Option<Cow<'a, str>> {
    if old.is_empty() {
        return Some(text);
    }
    let grown = text.matches(old.as_ref()).count().saturating_mul(new.len()).saturating_add(text.len());
    (grown <= LONGEST).then(|| Cow::Owned(text.replace(old.as_ref(), &new)))
}
