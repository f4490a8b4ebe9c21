//! Times with offsets or of named zones to one zone, and two-digit years to four. Row-local. Days
//! without a time of day belong to no zone and are left as they are; in columns that were read as
//! dates already, midnight stands for such a day.

use std::str::FromStr;

use chrono::{DateTime, Duration, FixedOffset, LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::Recorder;
use super::rewrite::{Cell, has_column, text_column};
use super::{CleanError, setting};
use crate::detect::{date, missing};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame};

const DAY: i64 = 86_400_000;

/// The columns of dates to bring to one zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ZonesSpec {
    pub columns: Vec<ZoneColumn>,
}

/// One column of dates, its zones and its short years.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ZoneColumn {
    pub column: String,
    /// The zone to bring times to, by its IANA name (`Asia/Shanghai`); the zones stay for `None`.
    pub to: Option<String>,
    /// The zone of times that state none; they are left as they are without it.
    pub from: Option<String>,
    /// Two-digit years from here on are of the 1900s, those below of the 2000s. 69 as in POSIX.
    pub pivot: u8,
}

impl Default for ZoneColumn {
    fn default() -> Self {
        Self { column: String::new(), to: None, from: None, pivot: 69 }
    }
}

/// True for the IANA name of a zone.
pub fn is_zone(name: &str) -> bool {
    Tz::from_str(name).is_ok()
}

/// What a cell's time was found to be.
struct Moved {
    local: NaiveDateTime,
    /// The clock showed it twice (the first is taken) or never (moved on by the gap), because
    /// summer time began or ended.
    doubtful: bool,
}

/// The zone that a time states: an offset or a name.
enum Stated {
    Offset(FixedOffset),
    Zone(Tz),
}

pub(super) fn apply(
    spec: &ZonesSpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    let mut out = frame.clone();
    for one in &spec.columns {
        let name = &one.column;
        let zone = |text: &Option<String>| match text {
            Some(text) => Tz::from_str(text).map(Some).map_err(|_| setting(name, "unknown_zone", text)),
            None => Ok(None),
        };
        let (to, from) = (zone(&one.to)?, zone(&one.from)?);
        if !has_column(frame, name, record) {
            continue;
        }
        let (mut doubtful, mut unstated) = (0u64, 0u64);
        if let Some(times) = frame.data.column(name).ok().and_then(|column| column.datetime().ok()) {
            // Read as dates already: what offset was written is gone.
            let (Some(to), Some(from)) = (to, from) else { continue };
            let mut values = Vec::with_capacity(times.phys.len());
            for (at, ms) in times.phys.iter().enumerate() {
                if at % 1024 == 0 {
                    report.check()?;
                }
                let new = ms.map(|ms| match moved_ms(ms, from, to) {
                    Some((new, slip)) => {
                        doubtful += u64::from(slip);
                        new
                    }
                    None => ms,
                });
                if new != ms {
                    record.cell(at, name, || ms.map(date::format), || new.map(date::format));
                }
                values.push(new);
            }
            let column = Int64Chunked::from_iter_options(name.as_str().into(), values.into_iter())
                .into_datetime(TimeUnit::Milliseconds, None)
                .into_series()
                .into();
            out = super::with_column(&out, column).map_err(CleanError::from)?;
        } else {
            let order =
                schema.iter().find(|c| c.name == *name).map_or_else(Default::default, |c| c.date_order);
            out = text_column(&out, name, record, report, |_, value| {
                if missing::is_missing(value) {
                    return Cell::Keep;
                }
                let long = long_year(value, order, one.pivot);
                let text = long.as_deref().unwrap_or(value);
                let kept = || long.clone().map_or(Cell::Keep, Cell::Text);
                let Some(to) = to else { return kept() };
                let (body, stated) = stated_zone(text);
                let Some(local) = time_of(body, order) else { return kept() };
                let moved = match (stated, from) {
                    (Some(Stated::Offset(offset)), _) => shift(local, offset, to),
                    (Some(Stated::Zone(zone)), _) => shift(local, zone, to),
                    (None, Some(from)) => shift(local, from, to),
                    (None, None) => {
                        unstated += 1;
                        None
                    }
                };
                let Some(moved) = moved else { return kept() };
                doubtful += u64::from(moved.doubtful);
                Cell::text(value, moved.local.format("%Y-%m-%d %H:%M:%S%.f").to_string())
            })?;
        }
        for (code, count) in [("zones_doubtful", doubtful), ("zones_unstated", unstated)] {
            if count > 0 {
                record.note(Note::new(code).with("column", name).with("count", count));
            }
        }
    }
    Ok(out)
}

/// A local time of one zone in another; `None` beyond the calendar.
fn shift<Z: TimeZone>(local: NaiveDateTime, from: Z, to: Tz) -> Option<Moved> {
    let (instant, doubtful): (DateTime<Z>, bool) = match from.from_local_datetime(&local) {
        LocalResult::Single(instant) => (instant, false),
        LocalResult::Ambiguous(first, _) => (first, true),
        LocalResult::None => {
            // In the gap: as far after its beginning as the clock says, with the offset from before
            // (RFC 5545, 3.3.5).
            let before =
                from.from_local_datetime(&local.checked_sub_signed(Duration::hours(3))?).earliest()?;
            (before.checked_add_signed(Duration::hours(3))?, true)
        }
    };
    let utc = instant.naive_utc();
    // The calendar ends somewhere; no zone is a day away from UTC.
    utc.checked_add_signed(Duration::days(1))?;
    utc.checked_sub_signed(Duration::days(1))?;
    Some(Moved { local: to.from_utc_datetime(&utc).naive_local(), doubtful })
}

fn moved_ms(ms: i64, from: Tz, to: Tz) -> Option<(i64, bool)> {
    if ms.rem_euclid(DAY) == 0 {
        return None;
    }
    let moved = shift(DateTime::from_timestamp_millis(ms)?.naive_utc(), from, to)?;
    Some((moved.local.and_utc().timestamp_millis(), moved.doubtful))
}

/// A date with a time of day; `None` for a bare day and for what is no date.
fn time_of(text: &str, order: date::Order) -> Option<NaiveDateTime> {
    if !text.contains(':') {
        return None;
    }
    Some(DateTime::from_timestamp_millis(date::parse(text, order)?)?.naive_utc())
}

/// Splits the zone off the end of a time: `Z`, `UTC`, `GMT`, `+08:00`, `-0400`, `+08`, `[Europe/Paris]`,
/// `America/New_York`. Letters such as EST are not read: they mean different zones in different
/// countries.
fn stated_zone(text: &str) -> (&str, Option<Stated>) {
    let text = text.trim();
    let text = text.split_once(", ").filter(|(day, _)| is_weekday(day)).map_or(text, |(_, rest)| rest);
    let Some(colon) = text.find(':') else { return (text, None) };
    if let Some((body, name)) = text.strip_suffix(']').and_then(|inner| inner.rsplit_once('['))
        && let Ok(zone) = Tz::from_str(name)
    {
        // `2024-03-05T10:00:00+01:00[Europe/Paris]`: the offset settles what the name leaves open.
        return match stated_zone(body) {
            (body, Some(Stated::Offset(offset))) => (body, Some(Stated::Offset(offset))),
            (body, _) => (body, Some(Stated::Zone(zone))),
        };
    }
    if let Some((body, name)) = text.rsplit_once(' ')
        && let Some(zone) = named(name)
    {
        return (body.trim_end(), Some(zone));
    }
    for suffix in ["Z", "z"] {
        if let Some(body) = text.strip_suffix(suffix) {
            return (body, FixedOffset::east_opt(0).map(Stated::Offset));
        }
    }
    let sign = text.char_indices().rev().find(|(at, c)| *at > colon && matches!(c, '+' | '-' | '−'));
    if let Some((at, _)) = sign
        && let (body, tail) = text.split_at(at)
        && let Some(offset) = offset(tail)
    {
        return (body.trim_end(), Some(Stated::Offset(offset)));
    }
    (text, None)
}

fn named(name: &str) -> Option<Stated> {
    if matches!(name, "UTC" | "GMT" | "UT") {
        return FixedOffset::east_opt(0).map(Stated::Offset);
    }
    // Names of one part (`EST`, `Cuba`) are left out: only a city settles the zone.
    name.contains('/').then(|| Tz::from_str(name).ok())?.map(Stated::Zone)
}

fn is_weekday(text: &str) -> bool {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().any(|day| text.to_lowercase().starts_with(day))
}

/// `+08:00`, `+0800`, `+08`, `+8`.
fn offset(text: &str) -> Option<FixedOffset> {
    let (sign, digits) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix(['-', '−'])?),
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 4) => digits.split_at_checked(2)?,
        (None, 1 | 2) => (digits, "0"),
        _ => return None,
    };
    let part = |text: &str| {
        ((1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse::<i32>().ok())?
    };
    let (hours, minutes) = (part(hours)?, part(minutes)?);
    // The widest offsets in use are −12:00 and +14:00.
    (hours <= 14 && minutes < 60).then(|| FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)))?
}

/// A date with a two-digit year, written with four: `5/3/24` to `2024-03-05`, with what follows
/// kept. `None` for every other text. A first part beyond 31 is a year; so is the one before 年.
fn long_year(text: &str, order: date::Order, pivot: u8) -> Option<String> {
    let text = text.trim();
    let end = text.find([' ', 'T']).unwrap_or(text.len());
    let (day, time) = text.split_at(end);
    let is_chinese = day.contains('年');
    let parts: Vec<&str> = match day.chars().find(|c| !c.is_ascii_digit())? {
        '年' => day.strip_suffix(['日', '号'])?.split(['年', '月']).collect(),
        separator @ ('/' | '-' | '.') => day.split(separator).collect(),
        _ => return None,
    };
    let [a, b, c] = parts.as_slice() else { return None };
    let part = |text: &str| {
        ((1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse::<u32>().ok())?
    };
    let (a_value, b_value, c_value) = (part(a)?, part(b)?, part(c)?);
    let year_first = is_chinese || a_value > 31;
    let (year_text, year, month, day) = match (year_first, order) {
        (true, _) => (a, a_value, b_value, c_value),
        // Points part day, month and year in this order everywhere.
        (false, date::Order::MonthFirst) if !day.contains('.') => (c, c_value, a_value, b_value),
        (false, _) => (c, c_value, b_value, a_value),
    };
    if year_text.len() != 2 {
        return None;
    }
    let year = if year < u32::from(pivot) { 2000 + year } else { 1900 + year };
    chrono::NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(format!("{year:04}-{month:02}-{day:02}{time}"))
}

#[cfg(test)]
mod tests;
