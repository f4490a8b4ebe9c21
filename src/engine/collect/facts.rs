//! What is counted over all rows of a column: one look at each value, no allocation per cell, and
//! short ways for what most columns hold. [`Tally`] brings the values.

use polars::prelude::*;

use super::tally::Tally;
use crate::detect::date::Order;
use crate::detect::number::Decimal;
use crate::detect::{date, number, words};
use crate::job::Reporter;

/// Different values that are counted one by one.
pub(super) const LEVELS_COUNTED: usize = 2000;
/// Different values kept in the profile.
pub(super) const LEVELS_SHOWN: usize = 40;
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
    fn note(&mut self, at: usize, value: &str, times: u64) {
        self.count += times;
        self.first.get_or_insert_with(|| Example { at, value: value.chars().take(80).collect() });
    }
}

/// Shown by what is asked of it alone: of a course that is lost the steps are counted no more.
impl std::fmt::Debug for Course {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Course").field(&self.is_steady()).finish()
    }
}

/// Rises and falls of dates from row to row under one order.
#[derive(Default)]
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

    /// True while the dates have not gone both ways.
    fn is_open(&self) -> bool {
        self.rises.min(self.falls) == 0
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
#[derive(Debug, Default)]
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
    /// Letters that stand before digits and are no currency.
    code_letters: Vec<u8>,
}

/// What a look at one value gave beside the counts.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// The dates that it reads as, day first and month first, where it reads in both orders.
    pub step: Option<(i64, i64)>,
    /// Whether it was asked for a date because it is nothing simpler.
    pub tried_date: bool,
}

impl Facts {
    pub fn gather(name: &str, text: &StringChunked, report: &Reporter) -> crate::Result<Self> {
        let mut tally = Tally::new();
        tally.feed(text, None, report)?;
        Ok(tally.finish(name).0)
    }

    /// True where most values are two capital letters.
    pub fn has_letter_pairs(&self) -> bool {
        self.letters_two * 10 >= self.present * 8
    }

    /// True while the course of the dates may still go one way only.
    #[inline]
    pub fn is_course_open(&self) -> bool {
        self.course_day.is_open() || self.course_month.is_open()
    }

    /// The next dates, day first and month first.
    #[inline]
    pub fn step(&mut self, (day, month): (i64, i64)) {
        self.course_day.step(day);
        self.course_month.step(month);
    }

    /// Looks at a value that `times` rows hold, the first of them `at`.
    #[inline]
    pub fn look(&mut self, at: usize, value: &str, times: u64, dates_hopeless: bool) -> Looked {
        let trimmed = trimmed(value);
        match plain_number(trimmed.as_bytes()) {
            Some((whole, 0)) => self.integer(at, trimmed, whole, times),
            Some((whole, fraction)) => {
                self.fraction(at, trimmed, whole, fraction, times);
                Looked::default()
            }
            None if self.is_code(trimmed.as_bytes()) => {
                // No blank, no address, no telephone: at most a date.
                let read = if dates_hopeless { None } else { date::read(trimmed) };
                let step = read.and_then(|read| self.date(at, trimmed, read, times));
                Looked { step, tried_date: !dates_hopeless }
            }
            None => self.look_closely(at, trimmed, times, dates_hopeless),
        }
    }

    /// Forgets what only spared work.
    pub fn forget_code(&mut self) {
        self.code_letters.clear();
    }

    /// A look at what is neither digits nor a code.
    pub fn look_closely(&mut self, at: usize, trimmed: &str, times: u64, dates_hopeless: bool) -> Looked {
        let bytes = trimmed.as_bytes();
        if let Some(ms) = date::iso(bytes) {
            self.day_first += times;
            self.month_first += times;
            return Looked { step: Some((ms, ms)), tried_date: false };
        }
        if trimmed.contains(' ') {
            self.spaces += times;
        }
        if bytes.len() == 2 && bytes.iter().all(u8::is_ascii_uppercase) {
            self.letters_two += times;
        }
        if bytes.first() == Some(&b'+') && words::is_phone(trimmed) {
            // Nobody writes a plus before a long number.
            self.phones += times;
            return Looked::default();
        }
        if let Some(read) = number::read(trimmed) {
            self.number(at, trimmed, read, times);
            return Looked::default();
        }
        let has_digit =
            bytes.iter().any(u8::is_ascii_digit) || trimmed.contains(|c| matches!(c, '０'..='９'));
        if words::is_email(trimmed) {
            self.emails += times;
        }
        if !has_digit {
            return Looked::default();
        }
        if date::is_day_and_month(trimmed) {
            self.day_and_month.note(at, trimmed, times);
        }
        if words::is_phone(trimmed) {
            self.phones += times;
        }
        let read = if dates_hopeless { None } else { date::read(trimmed) };
        let step = read.and_then(|read| self.date(at, trimmed, read, times));
        Looked { step, tried_date: !dates_hopeless }
    }

    /// True for letters and then digits, where the last such letters were found to be no currency:
    /// identifiers, of which a column has many. No number is written so.
    fn is_code(&mut self, bytes: &[u8]) -> bool {
        let letters = bytes.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let (Some(front), Some(back)) = (bytes.get(..letters), bytes.get(letters..)) else { return false };
        if front.is_empty() || back.is_empty() || !back.iter().all(u8::is_ascii_digit) {
            return false;
        }
        if self.code_letters != front {
            // Whether letters before digits are a currency does not depend on the digits.
            let is_number = std::str::from_utf8(bytes).is_ok_and(|text| number::read(text).is_some());
            if is_number || bytes.len() > 60 {
                return false;
            }
            self.code_letters = front.to_vec();
        }
        true
    }

    /// Digits only: what most columns hold.
    fn integer(&mut self, at: usize, text: &str, digits: usize, times: u64) -> Looked {
        self.integers += times;
        self.as_point += times;
        self.as_comma += times;
        let unsigned = text.len() == digits;
        if digits > 1 && unsigned && text.starts_with('0') {
            self.leading_zero += times;
        }
        if digits > 15 {
            self.over_precise += times;
        }
        if digits >= LONG {
            self.long += times;
            let (low, high) = self.long_lengths.unwrap_or((digits, digits));
            self.long_lengths = Some((low.min(digits), high.max(digits)));
        }
        if let Ok(value) = text.parse::<i64>() {
            let (low, high) = self.range.unwrap_or((value, value));
            self.range = Some((low.min(value), high.max(value)));
            match digits {
                5 if SERIAL.contains(&value) => self.serials.note(at, text, times),
                9 | 10 if UNIX.contains(&value) => self.unix_seconds += times,
                12 | 13 if UNIX.contains(&(value / 1000)) => self.unix_millis += times,
                _ => {}
            }
        }
        let read = if unsigned && matches!(digits, 8 | 14) { date::read(text) } else { None };
        let step = read.and_then(|read| self.date(at, text, read, times));
        Looked { step, tried_date: false }
    }

    /// Digits, a point, digits: only three after one to three may be thousands.
    #[inline]
    fn fraction(&mut self, at: usize, text: &str, whole: usize, fraction: usize, times: u64) {
        self.as_point += times;
        let digits = text.strip_prefix('-').unwrap_or(text);
        if fraction == 3 && (1..=3).contains(&whole) && !digits.starts_with('0') {
            self.as_comma += times;
            self.either.note(at, text, times);
        } else {
            self.only_point += times;
        }
        if whole == 10
            && digits.split('.').next().and_then(|n| n.parse().ok()).is_some_and(|n| UNIX.contains(&n))
        {
            self.unix_seconds += times;
        }
    }

    fn number(&mut self, at: usize, text: &str, read: number::Reading, times: u64) {
        let (point, comma) = if read.suffixed {
            (&mut self.suffixed_point, &mut self.suffixed_comma)
        } else {
            (&mut self.as_point, &mut self.as_comma)
        };
        *point += times * u64::from(read.point.is_some());
        *comma += times * u64::from(read.comma.is_some());
        match (read.point, read.comma) {
            (Some(a), Some(b)) if a != b => self.either.note(at, text, times),
            (Some(_), None) => self.only_point += times,
            (None, Some(_)) => self.only_comma += times,
            _ => {}
        }
        if let Some(code) = read.currency {
            match self.currencies.iter_mut().find(|(known, _)| *known == code) {
                Some((_, count)) => *count += times,
                None => self.currencies.push((code, times)),
            }
        }
        if is_spreadsheet_scientific(text) {
            self.scientific.note(at, text, times);
        }
    }

    fn date(&mut self, at: usize, text: &str, read: date::Reading, times: u64) -> Option<(i64, i64)> {
        let (day, month) = (read.day_first, read.month_first);
        let count = |is: bool| times * u64::from(is);
        self.day_first += count(day.is_some());
        self.month_first += count(month.is_some());
        self.only_day_first += count(month.is_none());
        self.only_month_first += count(day.is_none());
        self.short_years += count(read.short_year);
        self.zoned += count(read.zoned);
        if read.is_ambiguous() {
            self.open_order.note(at, text, times);
        }
        match read.weekday {
            Some(Order::DayFirst) => self.weekday_day += times,
            Some(_) => self.weekday_month += times,
            None => {}
        }
        day.zip(month)
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

/// Without the blanks around; most values have none, which two bytes tell.
#[inline]
fn trimmed(value: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_plain(value.as_bytes().first()) && is_plain(value.as_bytes().last()) { value } else { value.trim() }
}

/// Digits before and after the point of a number as programs write it; `None` for all else.
pub(super) fn plain_number(bytes: &[u8]) -> Option<(usize, usize)> {
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
