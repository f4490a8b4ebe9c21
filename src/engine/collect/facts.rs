//! What is counted over all rows of a column: one look at each value, no allocation per cell, and
//! short ways for what most columns hold.

use polars::prelude::*;

use crate::detect::date::Order;
use crate::detect::number::Decimal;
use crate::detect::{date, missing, number, words};
use crate::job::Reporter;

/// Different values that are counted one by one.
pub(super) const LEVELS_COUNTED: usize = 2000;
/// Different values beyond which the counts of single ones tell nothing and are left alone.
const LEVELS_FOLLOWED: usize = 5 * LEVELS_COUNTED;
/// Different values kept in the profile.
const LEVELS_SHOWN: usize = 40;
/// Values after which a column without dates is asked no more for them.
const DATES_TRIED: u64 = 500;
/// Rows between two looks at whether the person has cancelled.
pub(super) const CHECKED: usize = 1 << 14;
/// Digits from which a whole number is an account, a card or a telephone rather than an amount.
const LONG: usize = 11;
/// Unix seconds of 2000 and of 2035, both in UTC.
const UNIX: std::ops::Range<i64> = 946_684_800..2_051_222_400;
/// Days of a spreadsheet from October 1954 to April 2064.
const SERIAL: std::ops::RangeInclusive<i64> = 20_000..=60_000;

/// A value and the place of its row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Example {
    pub at: usize,
    pub value: String,
}

/// How often something was seen, and where first.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub count: u64,
    pub first: Option<Example>,
}

impl Seen {
    fn note(&mut self, at: usize, value: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| Example { at, value: value.chars().take(80).collect() });
    }
}

/// Rises and falls of dates from row to row under one order.
#[derive(Debug, Default)]
struct Course {
    last: Option<i64>,
    rises: u64,
    falls: u64,
}

impl Course {
    fn step(&mut self, ms: i64) {
        match self.last.map(|last| ms.cmp(&last)) {
            Some(std::cmp::Ordering::Greater) => self.rises += 1,
            Some(std::cmp::Ordering::Less) => self.falls += 1,
            _ => {}
        }
        self.last = Some(ms);
    }

    /// True where the dates go one way only, over more than a few steps.
    fn is_steady(&self) -> bool {
        self.rises.min(self.falls) == 0 && self.rises + self.falls >= 8
    }
}

/// Why an order of day and month was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum OrderGround {
    /// The person said so.
    Said,
    /// The values read in one way only.
    NoChoice,
    /// So many values have a day over 12.
    Days(u64),
    /// So many values name a weekday that fits this order only.
    Weekdays(u64),
    /// The rows then stand in order of time.
    Steady,
    /// Nothing tells.
    Assumed,
}

/// What was counted over all rows of a column.
#[derive(Default)]
pub(super) struct Facts {
    pub missing: u64,
    pub present: u64,
    pub integers: u64,
    /// Values that read as numbers with a point or comma before the fraction, those with `k` or `M`
    /// behind them apart.
    pub as_point: u64,
    pub as_comma: u64,
    pub suffixed_point: u64,
    pub suffixed_comma: u64,
    /// Numbers with a sign in them that could be a fraction or a thousand.
    pub either: Seen,
    pub only_point: u64,
    pub only_comma: u64,
    pub day_first: u64,
    pub month_first: u64,
    pub only_day_first: u64,
    pub only_month_first: u64,
    /// Dates that give different days in the two orders.
    pub open_order: Seen,
    weekday_day: u64,
    weekday_month: u64,
    course_day: Course,
    course_month: Course,
    pub short_years: u64,
    pub zoned: u64,
    pub unix_seconds: u64,
    pub unix_millis: u64,
    pub serials: Seen,
    /// Currencies in the order in which they were met.
    pub currencies: Vec<(&'static str, u64)>,
    pub leading_zero: u64,
    /// Whole numbers of more than 15 digits.
    pub over_precise: u64,
    /// Whole numbers of at least [`LONG`] digits, and the range of their lengths.
    pub long: u64,
    pub long_lengths: Option<(usize, usize)>,
    /// Range of the whole numbers.
    range: Option<(i64, i64)>,
    /// Long numbers as a spreadsheet shows them: `1.23457E+11`.
    pub scientific: Seen,
    /// Days without a year, as a spreadsheet makes of sizes: `2-Jan`.
    pub day_and_month: Seen,
    pub emails: u64,
    pub phones: u64,
    letters_two: u64,
    pub spaces: u64,
    pub length: u64,
    pub distinct: u64,
    pub levels: Vec<(String, u64)>,
    pub keep_na: bool,
}

impl Facts {
    pub fn gather(name: &str, text: &StringChunked, report: &Reporter) -> crate::Result<Self> {
        let mut f = Facts::default();
        let mut seen: PlHashSet<u64> = PlHashSet::default();
        let mut counts: PlHashMap<&str, u64> = PlHashMap::default();
        let hasher = PlFixedStateQuality::default();
        let (mut dates_hopeless, mut na, mut without) = (false, 0u64, 0u64);
        for (at, value) in text.iter().enumerate() {
            if at % CHECKED == 0 {
                report.check()?;
            }
            let Some(value) = value.filter(|value| !missing::is_missing(value)) else {
                f.missing += 1;
                match value.filter(|value| missing::may_be_value(value)).map(str::trim) {
                    Some("NA") => na += 1,
                    Some(_) => without += 1,
                    None => {}
                }
                continue;
            };
            f.present += 1;
            seen.insert(std::hash::BuildHasher::hash_one(&hasher, value));
            if counts.len() < LEVELS_COUNTED {
                *counts.entry(value).or_default() += 1;
            } else if seen.len() < LEVELS_FOLLOWED
                && let Some(count) = counts.get_mut(value)
            {
                *count += 1;
            }
            f.length += value.len() as u64;
            f.look(at, value, &mut dates_hopeless);
        }
        f.distinct = seen.len() as u64;
        let mut keep = |mark: &'static str, count: u64, f: &mut Facts| {
            f.missing -= count;
            f.present += count;
            f.distinct += 1;
            counts.insert(mark, count);
            f.keep_na = true;
        };
        // Two-letter country codes: NA is Namibia, not a hole. 有 and 无 are yes and no.
        if na > 0 && f.present > 0 && f.letters_two * 10 >= f.present * 8 && !words::is_contact_name(name) {
            keep("NA", na, &mut f);
        } else if without > 0 && f.distinct == 1 && counts_only(text, "有") {
            keep("无", without, &mut f);
        }
        let mut levels: Vec<_> =
            counts.into_iter().map(|(v, n)| (v.chars().take(80).collect::<String>(), n)).collect();
        levels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        levels.truncate(LEVELS_SHOWN);
        f.levels = levels;
        Ok(f)
    }

    fn look(&mut self, at: usize, value: &str, dates_hopeless: &mut bool) {
        let trimmed = value.trim();
        let bytes = trimmed.as_bytes();
        match plain_number(bytes) {
            Some((whole, 0)) => return self.integer(at, trimmed, whole),
            Some((whole, fraction)) => return self.fraction(at, trimmed, whole, fraction),
            None => {}
        }
        if let Some(ms) = date::iso(bytes) {
            self.day_first += 1;
            self.month_first += 1;
            self.course_day.step(ms);
            self.course_month.step(ms);
            return;
        }
        if trimmed.contains(' ') {
            self.spaces += 1;
        }
        if bytes.len() == 2 && bytes.iter().all(u8::is_ascii_uppercase) {
            self.letters_two += 1;
        }
        if bytes.first() == Some(&b'+') && words::is_phone(trimmed) {
            // Nobody writes a plus before a long number.
            self.phones += 1;
            return;
        }
        if let Some(read) = number::read(trimmed) {
            return self.number(at, trimmed, read);
        }
        let has_digit =
            bytes.iter().any(u8::is_ascii_digit) || trimmed.contains(|c| matches!(c, '０'..='９'));
        self.emails += u64::from(words::is_email(trimmed));
        if !has_digit {
            return;
        }
        if date::is_day_and_month(trimmed) {
            self.day_and_month.note(at, trimmed);
        }
        self.phones += u64::from(words::is_phone(trimmed));
        if !*dates_hopeless {
            if let Some(read) = date::read(trimmed) {
                self.date(at, trimmed, read);
            }
            // Reading dates is slow; a column that shows none among its first values has none.
            *dates_hopeless = self.present >= DATES_TRIED && self.dates() * 10 < self.present;
        }
    }

    /// Digits only: what most columns hold.
    fn integer(&mut self, at: usize, text: &str, digits: usize) {
        self.integers += 1;
        self.as_point += 1;
        self.as_comma += 1;
        let unsigned = text.len() == digits;
        self.leading_zero += u64::from(digits > 1 && unsigned && text.starts_with('0'));
        self.over_precise += u64::from(digits > 15);
        if digits >= LONG {
            self.long += 1;
            let (low, high) = self.long_lengths.unwrap_or((digits, digits));
            self.long_lengths = Some((low.min(digits), high.max(digits)));
        }
        if let Ok(value) = text.parse::<i64>() {
            let (low, high) = self.range.unwrap_or((value, value));
            self.range = Some((low.min(value), high.max(value)));
            match digits {
                5 if SERIAL.contains(&value) => self.serials.note(at, text),
                9 | 10 if UNIX.contains(&value) => self.unix_seconds += 1,
                12 | 13 if UNIX.contains(&(value / 1000)) => self.unix_millis += 1,
                _ => {}
            }
        }
        if unsigned
            && matches!(digits, 8 | 14)
            && let Some(read) = date::read(text)
        {
            self.date(at, text, read);
        }
    }

    /// Digits, a point, digits: only three after one to three may be thousands.
    fn fraction(&mut self, at: usize, text: &str, whole: usize, fraction: usize) {
        self.as_point += 1;
        let digits = text.trim_start_matches('-');
        if fraction == 3 && (1..=3).contains(&whole) && !digits.starts_with('0') {
            self.as_comma += 1;
            self.either.note(at, text);
        } else {
            self.only_point += 1;
        }
        if whole == 10
            && digits.split('.').next().and_then(|n| n.parse().ok()).is_some_and(|n| UNIX.contains(&n))
        {
            self.unix_seconds += 1;
        }
    }

    fn number(&mut self, at: usize, text: &str, read: number::Reading) {
        let (point, comma) = if read.suffixed {
            (&mut self.suffixed_point, &mut self.suffixed_comma)
        } else {
            (&mut self.as_point, &mut self.as_comma)
        };
        *point += u64::from(read.point.is_some());
        *comma += u64::from(read.comma.is_some());
        match (read.point, read.comma) {
            (Some(a), Some(b)) if a != b => self.either.note(at, text),
            (Some(_), None) => self.only_point += 1,
            (None, Some(_)) => self.only_comma += 1,
            _ => {}
        }
        if let Some(code) = read.currency {
            match self.currencies.iter_mut().find(|(known, _)| *known == code) {
                Some((_, count)) => *count += 1,
                None => self.currencies.push((code, 1)),
            }
        }
        if is_spreadsheet_scientific(text) {
            self.scientific.note(at, text);
        }
    }

    fn date(&mut self, at: usize, text: &str, read: date::Reading) {
        let (day, month) = (read.day_first, read.month_first);
        self.day_first += u64::from(day.is_some());
        self.month_first += u64::from(month.is_some());
        self.only_day_first += u64::from(month.is_none());
        self.only_month_first += u64::from(day.is_none());
        self.short_years += u64::from(read.short_year);
        self.zoned += u64::from(read.zoned);
        if read.is_ambiguous() {
            self.open_order.note(at, text);
        }
        match read.weekday {
            Some(Order::DayFirst) => self.weekday_day += 1,
            Some(_) => self.weekday_month += 1,
            None => {}
        }
        if let (Some(day), Some(month)) = (day, month) {
            self.course_day.step(day);
            self.course_month.step(month);
        }
    }

    /// The order of day and month, and why.
    pub fn order(&self) -> (Order, OrderGround) {
        let by = |day: u64, month: u64, ground: fn(u64) -> OrderGround| {
            let order = if month > day { Order::MonthFirst } else { Order::DayFirst };
            (day != month).then(|| (order, ground(day.max(month))))
        };
        let steady = || match (self.course_day.is_steady(), self.course_month.is_steady()) {
            (true, false) => Some((Order::DayFirst, OrderGround::Steady)),
            (false, true) => Some((Order::MonthFirst, OrderGround::Steady)),
            _ => None,
        };
        if self.open_order.count == 0 && self.only_day_first == self.only_month_first {
            return (Order::DayFirst, OrderGround::NoChoice);
        }
        by(self.only_day_first, self.only_month_first, OrderGround::Days)
            .or_else(|| by(self.weekday_day, self.weekday_month, OrderGround::Weekdays))
            .or_else(steady)
            .unwrap_or((Order::DayFirst, OrderGround::Assumed))
    }

    /// The sign before the fraction; `true` where the values do not tell it.
    pub fn decimal(&self, separator: Option<char>) -> (Decimal, bool) {
        let open = self.either.count > 0 && self.only_point == self.only_comma;
        let sign = match self.only_point.cmp(&self.only_comma) {
            std::cmp::Ordering::Greater => Decimal::Point,
            std::cmp::Ordering::Less => Decimal::Comma,
            // No evidence either way: files with semicolons come from lands with decimal commas.
            std::cmp::Ordering::Equal if separator == Some(';') && open => Decimal::Comma,
            std::cmp::Ordering::Equal => Decimal::Point,
        };
        (if self.is_suffixed() { sign.suffixed() } else { sign }, open)
    }

    /// True where the whole column writes `k` or `M` after its numbers, zeros aside.
    fn is_suffixed(&self) -> bool {
        let suffixed = self.suffixed_point.max(self.suffixed_comma);
        suffixed > 0 && suffixed * 10 >= 9 * (suffixed + self.as_point.max(self.as_comma))
    }

    /// Values that read as numbers when written so.
    pub fn numbers(&self, decimal: Decimal) -> u64 {
        match decimal {
            Decimal::Point => self.as_point,
            Decimal::Comma => self.as_comma,
            Decimal::PointSuffixed => self.as_point + self.suffixed_point,
            Decimal::CommaSuffixed => self.as_comma + self.suffixed_comma,
        }
    }

    /// Values that read as dates in the better order.
    pub fn dates(&self) -> u64 {
        self.day_first.max(self.month_first)
    }

    /// Values that carry a currency.
    pub fn with_currency(&self) -> u64 {
        self.currencies.iter().map(|(_, count)| count).sum()
    }

    /// True for 1, 2, 3 … or 0, 1, 2 …, each once, in whatever order.
    pub fn counts_rows(&self) -> bool {
        let span = self.range.map(|(low, high)| (low, high.saturating_sub(low).saturating_add(1)));
        self.integers == self.present
            && self.distinct == self.present
            && span
                .is_some_and(|(low, span)| (0..=1).contains(&low) && u64::try_from(span) == Ok(self.present))
    }
}

/// True where every value that is no mark is `wanted`.
fn counts_only(text: &StringChunked, wanted: &str) -> bool {
    text.iter().flatten().all(|value| missing::is_missing(value) || value.trim() == wanted)
}

/// Digits before and after the point of a number as programs write it; `None` for all else.
fn plain_number(bytes: &[u8]) -> Option<(usize, usize)> {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let whole = digits(bytes);
    match bytes.get(whole..)? {
        _ if whole == 0 => None,
        [] => Some((whole, 0)),
        [b'.', rest @ ..] if !rest.is_empty() && digits(rest) == rest.len() => Some((whole, rest.len())),
        _ => None,
    }
}

/// `1.23457E+11`: at most six digits of a whole number of twelve or more (`4.9E+12` as well).
fn is_spreadsheet_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once("E+") else { return false };
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let fits = exponent.len() == 2 && exponent.parse().is_ok_and(|power: u32| (9..=30).contains(&power));
    fits && (1..=6).contains(&digits) && mantissa.bytes().next().is_some_and(|b| matches!(b, b'1'..=b'9'))
}
