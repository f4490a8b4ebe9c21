//! Dates and times as people write them. The order of day and month is a property of a column,
//! decided by evidence from all its rows, never by the interface's language.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

/// Order of the parts in `a/b/year`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    DayFirst,
    MonthFirst,
}

/// Reads a date, with or without a time of day, as milliseconds since 1970 (no time zone; an
/// offset written in the text is dropped, the local reading is kept).
pub fn parse(text: &str, order: Order) -> Option<i64> {
    let text = text.trim();
    // A date has 6 to 35 bytes and begins with a digit or a month's name.
    if !(6..=40).contains(&text.len()) || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Some(day) = iso_day(text.as_bytes()) {
        return Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis());
    }
    let (date, time) = split_time(text);
    let day = parse_day(date.trim(), order)?;
    let seconds = match time {
        Some(time) => parse_time(time.trim())?,
        None => 0.0,
    };
    let midnight: NaiveDateTime = day.and_hms_opt(0, 0, 0)?;
    Some(midnight.and_utc().timestamp_millis() + (seconds * 1000.0) as i64)
}

/// True when the text reads as a date in one order only, with the order it needs.
pub fn evidence(text: &str) -> Option<Order> {
    match (parse(text, Order::DayFirst), parse(text, Order::MonthFirst)) {
        (Some(_), None) => Some(Order::DayFirst),
        (None, Some(_)) => Some(Order::MonthFirst),
        _ => None,
    }
}

/// `2024-03-05`, which is what most files hold, without the general parser.
fn iso_day(text: &[u8]) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let digits = |list: &[u8]| {
        list.iter().try_fold(0u32, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
    };
    let year = digits(&[*y1, *y2, *y3, *y4])?;
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, digits(&[*m1, *m2])?, digits(&[*d1, *d2])?)?;
    (1850..2200).contains(&year).then_some(day)
}

fn split_time(text: &str) -> (&str, Option<&str>) {
    if let Some(colon) = text.find(':') {
        let before = &text[..colon];
        if let Some(at) = before.rfind([' ', 'T']) {
            return (&text[..at], Some(&text[at + 1..]));
        }
    }
    (text, None)
}

fn parse_time(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (body, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(rest), _) => (rest.trim_end(), Some(0.0)),
        (_, Some(rest)) => (rest.trim_end(), Some(12.0)),
        _ => (lower.as_str(), None),
    };
    // Drops a zone: Z, +08:00, -0400.
    let body = body.strip_suffix('z').unwrap_or(body);
    let body = body.split(['+', '-']).next()?.trim();
    let mut parts = body.split(':');
    let mut hours: f64 = parts.next()?.parse().ok()?;
    let minutes: f64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next().map_or(Some(0.0), |s| s.parse().ok())?;
    if let Some(half) = half {
        hours = hours % 12.0 + half;
    }
    let fits = parts.next().is_none()
        && (0.0..24.0).contains(&hours)
        && (0.0..60.0).contains(&minutes)
        && (0.0..62.0).contains(&seconds);
    fits.then_some(hours * 3600.0 + minutes * 60.0 + seconds)
}

fn parse_day(text: &str, order: Order) -> Option<NaiveDate> {
    let formats: &[&str] = if text.bytes().all(|b| b.is_ascii_digit()) {
        if text.len() != 8 {
            return None;
        }
        &["%Y%m%d"]
    } else if text.contains('年') {
        &["%Y年%m月%d日", "%Y年%m月%d号"]
    } else if text.bytes().any(|b| b.is_ascii_alphabetic()) {
        &["%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"]
    } else {
        let separator = text.chars().find(|c| !c.is_ascii_digit())?;
        let lead = text.find(separator)?;
        match (separator, lead, order) {
            ('-', 4, _) => &["%Y-%m-%d"],
            ('/', 4, _) => &["%Y/%m/%d"],
            ('.', 4, _) => &["%Y.%m.%d"],
            ('-', _, Order::DayFirst) => &["%d-%m-%Y"],
            ('-', _, Order::MonthFirst) => &["%m-%d-%Y"],
            ('/', _, Order::DayFirst) => &["%d/%m/%Y"],
            ('/', _, Order::MonthFirst) => &["%m/%d/%Y"],
            ('.', _, _) => &["%d.%m.%Y"],
            _ => return None,
        }
    };
    formats
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        // A two-digit year reads as year 1 to 99 under %Y: that is no date of a customer.
        .filter(|day| (1850..2200).contains(&chrono::Datelike::year(day)))
}

/// Writes milliseconds as `2024-03-05` or, with a time of day, `2024-03-05 14:30:00`.
pub fn format(ms: i64) -> String {
    match chrono::DateTime::from_timestamp_millis(ms) {
        Some(time) if ms % 86_400_000 == 0 => time.format("%Y-%m-%d").to_string(),
        Some(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_many_hands() {
        for text in [
            "2024-03-05",
            "2024/3/5",
            "2024.03.05",
            "20240305",
            "2024年3月5日",
            "5-Mar-24",
            "5 Mar 2024",
            "Mar 5, 2024",
            "05.03.2024",
            "5/3/2024",
            "2024-03-05T00:00:00Z",
            "2024-03-05 00:00",
        ] {
            assert_eq!(parse(text, Order::DayFirst).map(format).as_deref(), Some("2024-03-05"), "{text}");
        }
        assert_eq!(
            parse("12/1/2010 8:26", Order::MonthFirst).map(format).as_deref(),
            Some("2010-12-01 08:26:00")
        );
        assert_eq!(
            parse("1/2/2010 8:26 PM", Order::MonthFirst).map(format).as_deref(),
            Some("2010-01-02 20:26:00")
        );
    }

    #[test]
    fn what_is_no_date() {
        for text in ["", "1-2", "IN", "31.02.2024", "2024-13-01", "12345678", "1.5", "99999999999", "10:30"] {
            assert_eq!(parse(text, Order::DayFirst), None, "{text}");
        }
    }

    #[test]
    fn the_order_shows_in_days_past_twelve() {
        assert_eq!(evidence("13/1/2024"), Some(Order::DayFirst));
        assert_eq!(evidence("1/13/2024"), Some(Order::MonthFirst));
        assert_eq!(evidence("1/2/2024"), None);
    }
}
