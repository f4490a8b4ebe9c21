//! Typed columns of other programs as the engine's text: integers exact, floats in their shortest
//! form, dates as ISO, structs flattened with dots.

use chrono::{DateTime, NaiveTime};
use polars::prelude::*;
use rayon::prelude::*;

use crate::job::Reporter;
use crate::note::Note;

/// Cells between two looks at cancel.
const STEP: usize = 1 << 14;

/// Columns of text, and what a person should know of them.
#[derive(Default)]
pub(super) struct Texts {
    pub columns: Vec<StringChunked>,
    pub warnings: Vec<Note>,
}

impl Texts {
    /// Adds a column as text: one, or several where it is a struct.
    pub(super) fn add(&mut self, name: &str, series: &Series, report: &Reporter) -> crate::Result<()> {
        report.check()?;
        if let DataType::Struct(_) = series.dtype()
            && let Ok(fields) = series.struct_()
        {
            // A missing struct has fields that are missing: the outer nulls go to each field.
            let whole = fields.propagate_nulls().unwrap_or_else(|| fields.clone());
            for field in whole.fields_as_series() {
                self.add(&format!("{name}.{}", field.name()), &field, report)?;
            }
            return Ok(());
        }
        match series.dtype() {
            DataType::Datetime(_, Some(zone)) => {
                self.warnings.push(Note::new("zone_utc").with("column", name).with("zone", zone.to_string()));
            }
            DataType::List(inner) if inner.is_nested() => return self.leave(name, "note.kind_nested"),
            DataType::Binary if !is_text(series, report)? => return self.leave(name, "note.kind_binary"),
            DataType::Boolean
            | DataType::String
            | DataType::Null
            | DataType::Binary
            | DataType::Date
            | DataType::Time
            | DataType::Datetime(_, _)
            | DataType::Duration(_)
            | DataType::Decimal(_, _)
            | DataType::List(_) => {}
            other if other.is_primitive_numeric() || other.is_categorical() || other.is_enum() => {}
            _ => return self.leave(name, "note.kind_unknown"),
        }
        let text = texts(series, report)?;
        self.columns.push(text.with_name(name.into()));
        Ok(())
    }

    /// Leaves a column out, and says so.
    fn leave(&mut self, name: &str, kind: &'static str) -> crate::Result<()> {
        self.warnings.push(Note::new("column_left").with("column", name).with("kind", format!("@{kind}")));
        Ok(())
    }
}

/// Bytes of which all are UTF-8: text of writers that did not say so.
fn is_text(series: &Series, report: &Reporter) -> crate::Result<bool> {
    let Ok(bytes) = series.binary() else { return Ok(false) };
    for (at, value) in bytes.iter().enumerate() {
        if at.is_multiple_of(STEP) {
            report.check()?;
        }
        if value.is_some_and(|value| std::str::from_utf8(value).is_err() || value.contains(&0)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn texts(series: &Series, report: &Reporter) -> crate::Result<StringChunked> {
    if let Ok(text) = series.str() {
        return Ok(text.clone());
    }
    let parts: Vec<StringChunked> = (0..series.len())
        .into_par_iter()
        .step_by(STEP)
        .map(|from| {
            report.check()?;
            let part = series.slice(from as i64, STEP).rechunk();
            let mut out = StringChunkedBuilder::new(series.name().clone(), part.len());
            part.iter().for_each(|value| out.append_option(cell(&value).as_deref()));
            Ok(out.finish())
        })
        .collect::<crate::Result<_>>()?;
    let mut whole = StringChunked::full_null(series.name().clone(), 0);
    for part in parts {
        // Fails only beyond the rows that a column can have, and `series` is one.
        let _ = whole.append_owned(part);
    }
    Ok(whole.rechunk().into_owned())
}

/// One value as text; `None` for missing, and for floats that are no number.
fn cell(value: &AnyValue<'_>) -> Option<String> {
    Some(match value {
        AnyValue::Null => return None,
        AnyValue::Boolean(value) => value.to_string(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        AnyValue::Float64(value) => return float(*value),
        // Through text, so that 0.1 stays 0.1.
        AnyValue::Float32(value) => return float(value.to_string().parse().ok()?),
        AnyValue::Date(days) => {
            let seconds = i64::from(*days).checked_mul(86_400)?;
            DateTime::from_timestamp(seconds, 0)?.format("%Y-%m-%d").to_string()
        }
        AnyValue::Datetime(at, unit, _) => moment(*at, *unit)?,
        AnyValue::DatetimeOwned(at, unit, _) => moment(*at, *unit)?,
        AnyValue::Time(nanoseconds) => {
            let seconds = u32::try_from(nanoseconds.div_euclid(1_000_000_000)).ok()?;
            let rest = u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?;
            NaiveTime::from_num_seconds_from_midnight_opt(seconds, rest)?.format("%H:%M:%S%.f").to_string()
        }
        AnyValue::Duration(length, unit) => duration(*length, *unit),
        AnyValue::Binary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        AnyValue::BinaryOwned(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        AnyValue::List(items) => {
            let texts: Vec<String> = items.iter().filter_map(|item| cell(&item)).collect();
            texts.join("; ")
        }
        AnyValue::Categorical(_, _)
        | AnyValue::CategoricalOwned(_, _)
        | AnyValue::Enum(_, _)
        | AnyValue::EnumOwned(_, _) => value.get_str()?.to_owned(),
        // Integers and decimals print exactly.
        other => other.to_string(),
    })
}

/// The shortest text that reads as the same number; whole numbers without a fraction.
fn float(value: f64) -> Option<String> {
    match value {
        _ if value.is_nan() => None,
        // Negative zero is zero.
        0.0 => Some("0".to_owned()),
        // Beyond this, digits would be invented.
        _ if value.abs() >= 1e17 || value.abs() < 1e-7 => Some(format!("{value:e}")),
        _ => Some(value.to_string()),
    }
}

fn nanoseconds(value: i64, unit: TimeUnit) -> i128 {
    i128::from(value)
        * match unit {
            TimeUnit::Nanoseconds => 1,
            TimeUnit::Microseconds => 1_000,
            TimeUnit::Milliseconds => 1_000_000,
        }
}

/// A moment in UTC: `2024-03-05 14:30:00`, its fraction only where there is one, its time only
/// where it is not midnight.
fn moment(at: i64, unit: TimeUnit) -> Option<String> {
    let all = nanoseconds(at, unit);
    let seconds = i64::try_from(all.div_euclid(1_000_000_000)).ok()?;
    let rest = u32::try_from(all.rem_euclid(1_000_000_000)).ok()?;
    let time = DateTime::from_timestamp(seconds, rest)?;
    let midnight = rest == 0 && seconds.rem_euclid(86_400) == 0;
    Some(time.format(if midnight { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S%.f" }).to_string())
}

/// Hours, minutes and seconds, as a spreadsheet's `[h]:mm:ss`.
fn duration(length: i64, unit: TimeUnit) -> String {
    let all = nanoseconds(length, unit);
    let sign = if all < 0 { "-" } else { "" };
    let (seconds, rest) = (all.unsigned_abs() / 1_000_000_000, all.unsigned_abs() % 1_000_000_000);
    let text = format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match rest {
        0 => text,
        _ => format!("{text}.{}", format!("{rest:09}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_text() {
        for (value, text) in [
            (AnyValue::Float64(13085.0), Some("13085")),
            (AnyValue::Float64(0.1), Some("0.1")),
            (AnyValue::Float64(-0.0), Some("0")),
            (AnyValue::Float64(1e300), Some("1e300")),
            (AnyValue::Float64(f64::NAN), None),
            (AnyValue::Float32(0.1), Some("0.1")),
            (AnyValue::Int64(i64::MIN), Some("-9223372036854775808")),
            (AnyValue::UInt64(u64::MAX), Some("18446744073709551615")),
            (AnyValue::Boolean(true), Some("true")),
            (AnyValue::Date(19787), Some("2024-03-05")),
            (AnyValue::Date(-1), Some("1969-12-31")),
            (
                AnyValue::Datetime(1_709_649_000_000, TimeUnit::Milliseconds, None),
                Some("2024-03-05 14:30:00"),
            ),
            (
                AnyValue::Datetime(1_709_649_000_500_000, TimeUnit::Microseconds, None),
                Some("2024-03-05 14:30:00.500"),
            ),
            (AnyValue::Datetime(-1, TimeUnit::Nanoseconds, None), Some("1969-12-31 23:59:59.999999999")),
            (AnyValue::Datetime(86_400, TimeUnit::Milliseconds, None), Some("1970-01-01 00:01:26.400")),
            (AnyValue::Datetime(i64::MAX, TimeUnit::Milliseconds, None), None),
            (AnyValue::Time(30_600_000_000_000), Some("08:30:00")),
            (AnyValue::Duration(95_400_000, TimeUnit::Milliseconds), Some("26:30:00")),
            (AnyValue::Duration(-1_500_000, TimeUnit::Microseconds), Some("-0:00:01.5")),
        ] {
            assert_eq!(cell(&value).as_deref(), text, "{value:?}");
        }
    }
}
