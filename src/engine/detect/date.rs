//! Dates and times as people write them. The order of day and month is a property of a column,
//! decided by evidence from all its rows, never by the interface's language.

use chrono::{Datelike as _, NaiveDate, Timelike as _};
use serde::{Deserialize, Serialize};

use super::scan::{Scan, digit};
use super::{month, number};

/// How a column writes its dates: the order of the parts in `a/b/year`, or a count of time that has
/// no parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    DayFirst,
    MonthFirst,
    /// Seconds since 1970 (UTC).
    UnixSeconds,
    /// Milliseconds since 1970 (UTC).
    UnixMillis,
    /// Days of a spreadsheet, 1 is 1 January 1900 (its 1900 system, with its leap day that never was).
    ExcelSerial,
}

/// Two-digit years up to this one are taken as 20.., later ones as 19.. (POSIX).
pub const PIVOT: u32 = 68;

const DAY_MS: i64 = 86_400_000;
/// Days from 30 December 1899, a spreadsheet's zero, to 1970.
const EXCEL_TO_UNIX: f64 = 25_569.0;

/// What one text reads as, in either order.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reading {
    /// Milliseconds since 1970.
    pub day_first: Option<i64>,
    pub month_first: Option<i64>,
    /// The year has two digits: taken as [`PIVOT`] says.
    pub short_year: bool,
    /// A zone or offset stands in the text: converted to UTC.
    pub zoned: bool,
    /// The order that a weekday in the text confirms, where it fits one only.
    pub weekday: Option<Order>,
}

impl Reading {
    /// True where the two orders give different days.
    pub fn is_ambiguous(&self) -> bool {
        self.day_first.is_some() && self.month_first.is_some() && self.day_first != self.month_first
    }
}

/// Reads a date, with or without a time of day, as milliseconds since 1970. Text with a zone is
/// converted to UTC; text without one is kept as it stands.
pub fn parse(text: &str, order: Order) -> Option<i64> {
    let count = |unit: f64, zero: f64| {
        let value = number::parse(text, number::Decimal::Point)?;
        let ms = ((value - zero) * unit).round();
        let year = chrono::DateTime::from_timestamp_millis(ms as i64)?.year();
        (ms.is_finite() && (1900..2200).contains(&year)).then_some(ms as i64)
    };
    match order {
        Order::DayFirst => read(text)?.day_first,
        Order::MonthFirst => read(text)?.month_first,
        Order::UnixSeconds => count(1000.0, 0.0),
        Order::UnixMillis => count(1.0, 0.0),
        // Spreadsheets mix both: what they took for a date is a count, the rest is text.
        Order::ExcelSerial => {
            count(DAY_MS as f64, EXCEL_TO_UNIX).or_else(|| read(text).and_then(|reading| reading.day_first))
        }
    }
}

/// Reads a date in both orders at once; `None` where it reads in neither.
pub fn read(text: &str) -> Option<Reading> {
    let text = text.trim();
    if let Some(ms) = iso(text.as_bytes()) {
        return Some(Reading { day_first: Some(ms), month_first: Some(ms), ..Reading::default() });
    }
    // A date has 6 to 60 bytes and at least one digit.
    if !(6..=60).contains(&text.len()) || !text.chars().any(|c| digit(c).is_some()) {
        return None;
    }
    let mut scan = Scan { rest: text };
    let mut weekday = scan.weekday();
    scan.skip(|c| c == ',' || c == ' ' || c == '.');
    let day = scan.day()?;
    scan.skip(|c| c == ',' || c == ' ' || c == '(' || c == '（');
    weekday = weekday.or_else(|| scan.weekday());
    scan.skip(|c| c == ')' || c == '）');
    let (time, zoned) = if scan.rest.is_empty() { (0, false) } else { scan.time()? };
    if !scan.rest.trim().is_empty() {
        return None;
    }
    let at = |date: Option<NaiveDate>| Some(date?.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis() + time);
    let (first, second) = (day.date(day.a, day.b), day.date(day.b, day.a));
    let (day_first, month_first) = if day.fixed { (first, first) } else { (first, second) };
    let on = |date: Option<NaiveDate>| {
        date.is_some_and(|date| Some(date.weekday().num_days_from_monday()) == weekday)
    };
    let weekday = match (on(day_first), on(month_first)) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        _ => None,
    };
    let (day_first, month_first) = (at(day_first), at(month_first));
    (day_first.is_some() || month_first.is_some()).then_some(Reading {
        day_first,
        month_first,
        short_year: day.short_year,
        zoned,
        weekday,
    })
}

/// `2024-03-05` and `2024-03-05 14:30:00`, which is what most files hold, without the scanner.
pub fn iso(text: &[u8]) -> Option<i64> {
    let (day, time) = text.split_at_checked(10)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = day else { return None };
    let digits = |list: &[u8]| {
        list.iter().try_fold(0u32, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
    };
    let (year, month, of_month) =
        (digits(&[*y1, *y2, *y3, *y4])?, digits(&[*m1, *m2])?, digits(&[*d1, *d2])?);
    let seconds = match time {
        [] => 0,
        [b' ' | b'T', h1, h2, b':', n1, n2, b':', s1, s2] => {
            clock(digits(&[*h1, *h2])?, digits(&[*n1, *n2])?, digits(&[*s1, *s2])?)?
        }
        _ => return None,
    };
    let date = calendar(year, month, of_month)?.and_hms_opt(0, 0, 0)?;
    Some(date.and_utc().timestamp_millis() + 1000 * seconds)
}

/// True for a day and a month without a year: `2-Jan`, `Sep-2`, `1月2日`. It is what a spreadsheet
/// makes of sizes and codes such as `1-2` and `SEPT2`.
pub fn is_day_and_month(text: &str) -> bool {
    let text = text.trim();
    if !(4..=12).contains(&text.len()) {
        return false;
    }
    let mut scan = Scan { rest: text };
    let short = |number: Option<(u32, u8)>| number.is_some_and(|(value, digits)| digits <= 2 && value <= 31);
    let month_first = scan.word(month::month).is_some();
    if month_first {
        return scan.eat(&['-']).is_some() && short(scan.number()) && scan.rest.is_empty();
    }
    if !short(scan.number()) {
        return false;
    }
    let fits = match scan.eat(&['-', '月']) {
        Some('-') => scan.word(month::month).is_some(),
        Some(_) => short(scan.number()) && scan.eat(&['日']).is_some(),
        None => false,
    };
    fits && scan.rest.is_empty()
}

/// A day of a customer's lifetime: 1850 to 2199.
pub(super) fn calendar(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    (1850..2200).contains(&year).then_some(date)
}

/// Seconds since midnight.
pub(super) fn clock(hours: u32, minutes: u32, seconds: u32) -> Option<i64> {
    (hours < 24 && minutes < 60 && seconds < 62).then_some(i64::from(hours * 3600 + minutes * 60 + seconds))
}

/// Milliseconds as `2024-03-05` or, with a time of day, `2024-03-05 14:30:00`.
pub fn format(ms: i64) -> String {
    let mut text = String::new();
    write(&mut text, ms);
    text
}

/// Adds [`format()`] to a text.
pub fn write(out: &mut String, ms: i64) {
    use std::fmt::Write as _;
    let Some(time) = chrono::DateTime::from_timestamp_millis(ms) else { return };
    // A pattern would be read anew for each cell. Writing to a text cannot fail.
    let _ = write!(out, "{}", time.date_naive());
    if ms % DAY_MS != 0 {
        let _ = write!(out, " {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, order: Order) -> Option<String> {
        parse(text, order).map(format)
    }

    #[test]
    fn dates_of_many_hands() {
        for text in [
            "2024-03-05",
            "2024/3/5",
            "2024.03.05",
            "20240305",
            "2024年3月5日",
            "２０２４年３月５日",
            "2024年3月5日 星期二",
            "5-Mar-24",
            "5 Mar 2024",
            "Mar 5, 2024",
            "March 5th, 2024",
            "Tue, 5 Mar 2024",
            "5. März 2024",
            "5 mars 2024",
            "5 de marzo de 2024",
            "2024-Mar-05",
            "05.03.2024",
            "5. 3. 2024",
            "05.03.24",
            "5/3/2024",
            "5/3/24",
            "2024-03-05T00:00:00Z",
            "2024-03-05 00:00",
            "2024-03-05T08:00:00.000+08:00",
            "20240305000000",
            "20240305T0000",
        ] {
            assert_eq!(shown(text, Order::DayFirst).as_deref(), Some("2024-03-05"), "{text}");
        }
        assert_eq!(shown("4-Sept-12", Order::DayFirst).as_deref(), Some("2012-09-04"));
    }

    #[test]
    fn times_of_the_day() {
        let cases = [
            ("12/1/2010 8:26", "2010-12-01 08:26:00"),
            ("1/2/2010 8:26 PM", "2010-01-02 20:26:00"),
            ("1/2/2010 12:05 a.m.", "2010-01-02 00:05:00"),
            ("2024年3月5日 下午3点", "2024-03-05 15:00:00"),
            ("2024年3月5日 下午3点20分", "2024-03-05 15:20:00"),
            ("2024/3/5 上午9:05:07", "2024-03-05 09:05:07"),
            ("2024-03-05T14:30:15.250", "2024-03-05 14:30:15"),
            ("2024-03-05T23:30:00-04:00", "2024-03-06 03:30:00"),
            ("2024-03-05 14:30:00 UTC", "2024-03-05 14:30:00"),
            ("20240305143000", "2024-03-05 14:30:00"),
            ("5 mars 2024 14h30", "2024-03-05 14:30:00"),
        ];
        for (text, wanted) in cases {
            assert_eq!(shown(text, Order::MonthFirst).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(parse("2024-03-05T00:00:00.250", Order::DayFirst).map(|ms| ms % 1000), Some(250));
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "1-2",
            "IN",
            "31.02.2024",
            "2024-13-01",
            "12345678",
            "1.5",
            "99999999999",
            "10:30",
            "1.2.10",
            "2024-W05-1",
            "192.168.1.20",
            "12-34-56789",
            "2024-03-05 25:00",
            "2024-03-05 apples",
            "May flowers 3",
            "5/3/202",
            "3/4/5",
        ] {
            assert_eq!(parse(text, Order::DayFirst), None, "{text}");
        }
    }

    #[test]
    fn both_orders_at_once() {
        let open = read("03/04/2025").unwrap();
        assert!(open.is_ambiguous() && open.weekday.is_none());
        assert_eq!(open.day_first.map(format).as_deref(), Some("2025-04-03"));
        assert_eq!(open.month_first.map(format).as_deref(), Some("2025-03-04"));
        assert_eq!(read("13/1/2024").unwrap().month_first, None);
        assert_eq!(read("1/13/2024").unwrap().day_first, None);
        // 3 April 2025 is a Thursday, 4 March 2025 a Tuesday.
        assert_eq!(read("Thu 03/04/2025").unwrap().weekday, Some(Order::DayFirst));
        assert_eq!(read("Tuesday, 03/04/2025").unwrap().weekday, Some(Order::MonthFirst));
        assert!(read("2024-03-05T00:00+01:00").unwrap().zoned && read("5/3/24").unwrap().short_year);
    }

    #[test]
    fn days_without_a_year() {
        for text in ["2-Jan", "Sep-2", "12-März", "1月2日"] {
            assert!(is_day_and_month(text), "{text}");
        }
        for text in ["3-4", "2-Jan-24", "45-Jan", "Jan", "2-J", "1月", "M-10"] {
            assert!(!is_day_and_month(text), "{text}");
        }
    }

    #[test]
    fn short_years_turn_at_the_pivot() {
        assert_eq!(shown("1/1/68", Order::DayFirst).as_deref(), Some("2068-01-01"));
        assert_eq!(shown("1/1/69", Order::DayFirst).as_deref(), Some("1969-01-01"));
    }

    #[test]
    fn counts_of_time() {
        assert_eq!(shown("1396437466.94", Order::UnixSeconds).as_deref(), Some("2014-04-02 11:17:46"));
        assert_eq!(shown("1709596800000", Order::UnixMillis).as_deref(), Some("2024-03-05"));
        // 45356 is 5 March 2024 in every spreadsheet.
        assert_eq!(shown("45356", Order::ExcelSerial).as_deref(), Some("2024-03-05"));
        assert_eq!(shown("45356.5", Order::ExcelSerial).as_deref(), Some("2024-03-05 12:00:00"));
        assert_eq!(shown("2024-03-05", Order::ExcelSerial).as_deref(), Some("2024-03-05"));
        assert_eq!(parse("1e300", Order::UnixSeconds), None);
        assert_eq!(parse("soon", Order::UnixMillis), None);
    }
}
