//! Reading the parts of a date off a text, from left to right.

use chrono::NaiveDate;

use super::date::{PIVOT, calendar, clock};
use super::month;

/// The value of a digit, full-width ones included.
pub(super) fn digit(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(c as u32 - '0' as u32),
        '０'..='９' => Some(c as u32 - '０' as u32),
        _ => None,
    }
}

/// A day as it was written: `a` before `b`, day first where the order is open.
pub(super) struct Day {
    pub a: u32,
    pub b: u32,
    year: u32,
    /// `a` is the day and `b` the month whatever the column's order.
    pub fixed: bool,
    pub short_year: bool,
}

impl Day {
    fn new(a: (u32, u8), b: (u32, u8), year: (u32, u8), fixed: bool) -> Option<Self> {
        if a.1 > 2 || b.1 > 2 {
            return None;
        }
        let (year, short_year) = match year.1 {
            4 => (year.0, false),
            2 => (if year.0 <= PIVOT { 2000 } else { 1900 } + year.0, true),
            _ => return None,
        };
        Some(Self { a: a.0, b: b.0, year, fixed, short_year })
    }

    pub fn date(&self, day: u32, month: u32) -> Option<NaiveDate> {
        calendar(self.year, month, day)
    }
}

/// What is left of a text while its parts are read off.
pub(super) struct Scan<'a> {
    pub rest: &'a str,
}

impl<'a> Scan<'a> {
    pub fn skip(&mut self, unwanted: impl Fn(char) -> bool) {
        self.rest = self.rest.trim_start_matches(unwanted);
    }

    pub fn eat(&mut self, wanted: &[char]) -> Option<char> {
        let first = self.rest.chars().next().filter(|c| wanted.contains(c))?;
        self.rest = self.rest.get(first.len_utf8()..)?;
        Some(first)
    }

    /// A number of at most nine digits, with how many it has.
    pub fn number(&mut self) -> Option<(u32, u8)> {
        let (mut value, mut count) = (0u32, 0u8);
        let mut left = self.rest.chars();
        while let Some(next) = left.clone().next().and_then(digit) {
            left.next();
            count += 1;
            value = value.checked_mul(10)?.checked_add(next)?;
        }
        self.rest = left.as_str();
        (count > 0 && count <= 9).then_some((value, count))
    }

    /// A run of letters, which is read off only if `take` knows it.
    pub fn word<T>(&mut self, take: impl Fn(&str) -> Option<T>) -> Option<T> {
        let end = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        let found = take(word)?;
        self.rest = rest;
        Some(found)
    }

    pub fn weekday(&mut self) -> Option<u32> {
        self.word(month::weekday)
    }

    pub fn day(&mut self) -> Option<Day> {
        if let Some(month) = self.word(month::month) {
            // March 5th, 2024
            self.skip(|c| c == '.' || c == ' ' || c == '-');
            let day = self.number()?;
            self.ordinal();
            self.skip(|c| c == ',' || c == ' ' || c == '-');
            let year = self.number()?;
            return Day::new(day, (month, 2), year, true);
        }
        let compact = self.compact();
        if compact.is_some() {
            return compact;
        }
        let first = self.number()?;
        if self.eat(&['年']).is_some() {
            let month = self.number()?;
            self.eat(&['月'])?;
            let day = self.number()?;
            self.eat(&['日', '号', '號'])?;
            return Day::new(day, month, first, true);
        }
        let between = self.eat(&['-', '/', '.', '／', '－', '．']);
        self.skip(|c| c == ' ');
        let Some((second, between)) = between.and_then(|c| Some((self.number()?, c))) else {
            return self.named(first);
        };
        self.eat(&[between])?;
        self.skip(|c| c == ' ');
        let third = self.number()?;
        let dotted = matches!(between, '.' | '．');
        match first.1 {
            4 => Day::new(third, second, first, true),
            // 1.2.10 is a version as often as a day: a short year wants two digits before it.
            _ if dotted && third.1 == 2 && (first.1 != 2 || second.1 != 2) => None,
            // Nobody writes the month first with points.
            _ => Day::new(first, second, third, dotted),
        }
    }

    /// 20240305, and 20240305143000 of which the time is left to be read.
    fn compact(&mut self) -> Option<Day> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        if end != 8 && end != 14 {
            return None;
        }
        let (day, rest) = self.rest.split_at_checked(8)?;
        let value: u32 = day.parse().ok()?;
        self.rest = rest;
        Day::new((value % 100, 2), (value / 100 % 100, 2), (value / 10_000, 4), true)
    }

    /// 4-Sep-12, 5. März 2024, 5th of March 2024, 5 de marzo de 2024, 2024-Mar-05: what follows the
    /// first number.
    fn named(&mut self, first: (u32, u8)) -> Option<Day> {
        self.ordinal();
        self.skip(|c| c == '.' || c == ' ');
        self.link();
        let month = self.word(month::month)?;
        self.skip(|c| matches!(c, '.' | ' ' | '-' | '/' | ','));
        self.link();
        let last = self.number()?;
        if first.1 == 4 {
            Day::new(last, (month, 2), first, true)
        } else {
            Day::new(first, (month, 2), last, true)
        }
    }

    fn ordinal(&mut self) {
        self.word(|word| ["st", "nd", "rd", "th", "er", "º"].contains(&word).then_some(()));
    }

    fn link(&mut self) {
        if self.word(|word| ["de", "del", "of"].contains(&word).then_some(())).is_some() {
            self.skip(|c| c == ' ');
        }
    }

    /// Milliseconds since midnight of UTC, where a zone stands in the text, else as written.
    pub fn time(&mut self) -> Option<(i64, bool)> {
        self.skip(|c| matches!(c, ' ' | ',' | '\u{a0}' | '\u{202f}'));
        self.eat(&['T', 't']);
        let mut half = self.word(month::is_afternoon);
        self.skip(|c| c == ' ');
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (hours, minutes, seconds) = if digits == 6 || digits == 4 {
            // 143000, after a compact day.
            let (value, _) = self.number()?;
            let value = if digits == 4 { value * 100 } else { value };
            (value / 10_000, value / 100 % 100, value % 100)
        } else {
            let (hours, _) = self.number()?;
            let mark = self.eat(&[':', '：', '点', '點', '时', '時', 'h', '.'])?;
            let minutes = match self.number() {
                Some((minutes, 1 | 2)) => minutes,
                None if !matches!(mark, ':' | '：' | '.') => 0,
                _ => return None,
            };
            let mark = self.eat(&[':', '：', '分', '.']);
            let seconds = match (mark, self.number()) {
                (Some(_), Some((seconds, 1 | 2))) => seconds,
                (Some('分') | None, None) => 0,
                _ => return None,
            };
            self.eat(&['秒']);
            (hours, minutes, seconds)
        };
        let mut millis = 0;
        if self.eat(&['.', ',']).is_some() {
            let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
            let (fraction, rest) = self.rest.split_at_checked(end)?;
            self.rest = rest;
            millis = fraction.bytes().chain(*b"000").take(3).fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
        }
        self.skip(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}'));
        if half.is_none() {
            half = self.half_word();
        }
        let hours = match half {
            Some(_) if hours > 12 => hours,
            Some(true) => hours % 12 + 12,
            Some(false) => hours % 12,
            None => hours,
        };
        let (offset, zoned) = self.zone()?;
        Some((1000 * clock(hours, minutes, seconds)? + millis - 60_000 * offset, zoned))
    }

    /// am, pm, a.m., p. m.
    fn half_word(&mut self) -> Option<bool> {
        if let Some(half) = self.word(month::is_afternoon) {
            return Some(half);
        }
        let before = self.rest;
        let letter = self.eat(&['a', 'p', 'A', 'P']);
        self.skip(|c| c == '.' || c == ' ');
        if letter.is_some() && self.eat(&['m', 'M']).is_some() {
            self.skip(|c| c == '.');
            return letter.map(|c| c.eq_ignore_ascii_case(&'p'));
        }
        self.rest = before;
        None
    }

    /// Minutes east of Greenwich, and whether a zone stood there. `None` for what is no zone.
    fn zone(&mut self) -> Option<(i64, bool)> {
        self.skip(|c| c == ' ');
        let named = self.word(|word| ["Z", "z", "UTC", "GMT"].contains(&word).then_some(())).is_some();
        let Some(sign) = self.eat(&['+', '-', '−']) else { return Some((0, named)) };
        let (value, digits) = self.number()?;
        let minutes = match digits {
            4 => value / 100 * 60 + value % 100,
            1 | 2 if self.eat(&[':']).is_some() => value * 60 + self.number()?.0,
            1 | 2 => value * 60,
            _ => return None,
        };
        // The widest zones are 14 hours off.
        (minutes <= 14 * 60).then_some((if sign == '+' { 1 } else { -1 } * i64::from(minutes), true))
    }
}
