//! What each column is: type and role guessed over every row, with the reason. A guess never
//! loses rows: what does not fit is listed and can be mended.

use polars::prelude::*;
use rayon::prelude::*;

use crate::detect::{date, missing, number, words};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{BadValue, Column, Role, Table, ValueType};

/// Bad values kept per column, to be shown.
const BAD_SHOWN: usize = 200;
/// Different values that are counted one by one.
const LEVELS_COUNTED: usize = 2000;
/// Different values beyond which the counts of single ones tell nothing and are left alone.
const LEVELS_FOLLOWED: usize = 5 * LEVELS_COUNTED;
/// Different values kept in the profile.
const LEVELS_SHOWN: usize = 40;
/// Share of the values that must read as a number or date for the column to be one.
const FIT: f64 = 0.9;
/// Different values up to which text is a category in any case.
const CATEGORY_LEVELS: u64 = 50;

/// Profiles every column of `table.raw`, in parallel.
pub(super) fn profile(table: &Table, report: &Reporter) -> crate::Result<Vec<Column>> {
    let names: Vec<String> = table.raw.get_column_names().iter().map(|name| name.to_string()).collect();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let total = names.len().max(1);
    let mut columns: Vec<Column> = names
        .par_iter()
        .map(|name| {
            report.check()?;
            let column = one(table, name, None);
            let n = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            report.progress(0.7 + 0.3 * n as f64 / total as f64);
            Ok(column)
        })
        .collect::<crate::Result<_>>()?;
    choose_target(&mut columns);
    Ok(columns)
}

/// Reads a column again as `role`, or by its own guess for `None`.
pub fn retype(table: &mut Table, at: usize, role: Option<Role>) {
    let Some(name) = table.columns.get(at).map(|column| column.name.clone()) else { return };
    table.columns[at] = one(table, &name, role);
}

fn one(table: &Table, name: &str, forced: Option<Role>) -> Column {
    let Some(text) = table.text(name) else {
        return Facts::default().column(name, ValueType::Text, Role::Ignore, Note::new("empty"));
    };
    let facts = Facts::gather(name, text);
    let (value_type, role, why) = guess(name, &facts, table.source.separator);
    let mut column = match forced {
        None => facts.column(name, value_type, role, why),
        Some(role) => {
            let kind = match role {
                Role::Number | Role::Money if facts.integers == facts.present => ValueType::Integer,
                Role::Number | Role::Money => ValueType::Number,
                Role::Date => ValueType::Date,
                _ if value_type == ValueType::Boolean => ValueType::Boolean,
                _ => ValueType::Text,
            };
            facts.column(name, kind, role, Note::new("set_by_you"))
        }
    };
    column.decimal = facts.decimal(table.source.separator);
    column.date_order = facts.date_order();
    if facts.ambiguous_order() && column.value_type == ValueType::Date {
        column.warnings.push(Note::new("ambiguous_date"));
    }
    if facts.ambiguous_decimal() && matches!(column.value_type, ValueType::Number | ValueType::Integer) {
        column.warnings.push(Note::new("ambiguous_decimal"));
    }
    if facts.long_digits > 0 && column.role.is_numeric() {
        column.warnings.push(Note::new("long_digits").with("count", facts.long_digits));
    }
    if !facts.all_read(&column) {
        bad_values(&mut column, text, &table.rows);
    }
    column
}

/// Reads one value as the column's type says; `None` for what does not fit.
pub(crate) fn reads(column: &Column, text: &str) -> Option<f64> {
    match column.value_type {
        ValueType::Date => date::parse(text, column.date_order).map(|ms| ms as f64),
        _ => number::parse(text, column.decimal),
    }
}

fn bad_values(column: &mut Column, text: &StringChunked, rows: &[u32]) {
    if !column.role.is_numeric() && column.role != Role::Date {
        return;
    }
    for (value, row) in text.iter().zip(rows) {
        let Some(value) = value else { continue };
        if missing::is_missing(value) || reads(column, value).is_some() {
            continue;
        }
        column.bad += 1;
        if column.bad_examples.len() < BAD_SHOWN {
            column.bad_examples.push(BadValue { row: *row, value: value.chars().take(80).collect() });
        }
    }
}

/// What was counted over all rows of a column.
#[derive(Default)]
struct Facts {
    missing: u64,
    present: u64,
    integers: u64,
    as_point: u64,
    as_comma: u64,
    /// Numbers with a sign in them that could be a fraction or a thousand.
    either: u64,
    only_point: u64,
    only_comma: u64,
    day_first: u64,
    month_first: u64,
    only_day_first: u64,
    only_month_first: u64,
    currency: u64,
    leading_zero: u64,
    long_digits: u64,
    emails: u64,
    phones: u64,
    letters_two: u64,
    na: u64,
    spaces: u64,
    length: u64,
    distinct: u64,
    levels: Vec<(String, u64)>,
    keep_na: bool,
}

impl Facts {
    fn gather(name: &str, text: &StringChunked) -> Self {
        let mut f = Facts::default();
        let mut seen: PlHashSet<u64> = PlHashSet::default();
        let mut counts: PlHashMap<&str, u64> = PlHashMap::default();
        let hasher = PlFixedStateQuality::default();
        let mut dates_hopeless = false;
        for value in text.iter() {
            let Some(value) = value.filter(|value| !missing::is_missing(value)) else {
                f.missing += 1;
                if value.is_some_and(|v| v.trim() == "NA") {
                    f.na += 1;
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
            f.look(value, &mut dates_hopeless);
        }
        f.distinct = seen.len() as u64;
        // Two-letter country codes: NA is Namibia, not a hole.
        if f.na > 0 && f.present > 0 && f.letters_two * 10 >= f.present * 8 && !words::is_contact_name(name) {
            f.missing -= f.na;
            f.present += f.na;
            f.distinct += 1;
            counts.insert("NA", f.na);
            f.keep_na = true;
        }
        let mut levels: Vec<_> =
            counts.into_iter().map(|(v, n)| (v.chars().take(80).collect::<String>(), n)).collect();
        levels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        levels.truncate(LEVELS_SHOWN);
        f.levels = levels;
        f
    }

    fn look(&mut self, value: &str, dates_hopeless: &mut bool) {
        let trimmed = value.trim();
        let bytes = trimmed.as_bytes();
        if bytes.iter().all(u8::is_ascii_digit)
            || (bytes.len() > 1 && bytes[0] == b'-' && bytes[1..].iter().all(u8::is_ascii_digit))
        {
            // Digits only: what most columns hold.
            self.integers += 1;
            self.as_point += 1;
            self.as_comma += 1;
            if bytes.len() > 1 && bytes[0] == b'0' {
                self.leading_zero += 1;
            }
            if bytes.len() > 15 {
                self.long_digits += 1;
            }
            if bytes.len() == 8 && date::parse(trimmed, date::Order::DayFirst).is_some() {
                self.day_first += 1;
                self.month_first += 1;
            }
            return;
        }
        if trimmed.contains(' ') {
            self.spaces += 1;
        }
        if bytes.len() == 2 && bytes.iter().all(u8::is_ascii_uppercase) {
            self.letters_two += 1;
        }
        let has_digit = bytes.iter().any(u8::is_ascii_digit);
        if !has_digit {
            if words::is_email(trimmed) {
                self.emails += 1;
            } else if number::parse(trimmed, number::Decimal::Point).is_some() {
                // Infinity in words.
                self.as_point += 1;
                self.as_comma += 1;
            }
            return;
        }
        let (point, comma) =
            (number::parse(trimmed, number::Decimal::Point), number::parse(trimmed, number::Decimal::Comma));
        self.as_point += u64::from(point.is_some());
        self.as_comma += u64::from(comma.is_some());
        match (point, comma) {
            (Some(a), Some(b)) if a != b => self.either += 1,
            (Some(_), None) => self.only_point += 1,
            (None, Some(_)) => self.only_comma += 1,
            _ => {}
        }
        if point.is_some() || comma.is_some() {
            self.currency += u64::from(number::has_currency(trimmed));
        } else {
            self.emails += u64::from(words::is_email(trimmed));
        }
        self.phones += u64::from(words::is_phone(trimmed));
        if !*dates_hopeless {
            let day = date::parse(trimmed, date::Order::DayFirst);
            // A year in front leaves no choice of order.
            let month = match bytes.iter().take_while(|b| b.is_ascii_digit()).count() {
                4 => day,
                _ => date::parse(trimmed, date::Order::MonthFirst),
            };
            self.day_first += u64::from(day.is_some());
            self.month_first += u64::from(month.is_some());
            self.only_day_first += u64::from(day.is_some() && month.is_none());
            self.only_month_first += u64::from(month.is_some() && day.is_none());
            // Reading dates is slow; a column that shows none among its first values has none.
            let dates = self.day_first.max(self.month_first);
            *dates_hopeless = self.present == 500 && dates * 10 < self.present;
        }
    }

    fn decimal(&self, separator: Option<char>) -> number::Decimal {
        match self.only_point.cmp(&self.only_comma) {
            std::cmp::Ordering::Greater => number::Decimal::Point,
            std::cmp::Ordering::Less => number::Decimal::Comma,
            // No evidence either way: files with semicolons come from lands with decimal commas.
            std::cmp::Ordering::Equal if separator == Some(';') && self.either > 0 => number::Decimal::Comma,
            std::cmp::Ordering::Equal => number::Decimal::Point,
        }
    }

    fn date_order(&self) -> date::Order {
        if self.only_month_first > self.only_day_first {
            date::Order::MonthFirst
        } else {
            date::Order::DayFirst
        }
    }

    fn ambiguous_order(&self) -> bool {
        let slashed = self
            .levels
            .iter()
            .any(|(v, _)| date::parse(v, date::Order::DayFirst) != date::parse(v, date::Order::MonthFirst));
        slashed && self.only_day_first == self.only_month_first
    }

    fn ambiguous_decimal(&self) -> bool {
        self.either > 0 && self.only_point == self.only_comma
    }

    /// True if every value is known to read as the column's type: no second look is needed.
    fn all_read(&self, column: &Column) -> bool {
        let read = match (column.value_type, column.decimal, column.date_order) {
            (ValueType::Date, _, date::Order::DayFirst) => self.day_first,
            (ValueType::Date, _, date::Order::MonthFirst) => self.month_first,
            (_, number::Decimal::Point, _) => self.as_point,
            (_, number::Decimal::Comma, _) => self.as_comma,
        };
        read == self.present
    }

    fn numbers(&self) -> u64 {
        self.as_point.max(self.as_comma)
    }

    fn dates(&self) -> u64 {
        self.day_first.max(self.month_first)
    }

    fn column(&self, name: &str, value_type: ValueType, role: Role, why: Note) -> Column {
        Column {
            name: name.to_owned(),
            value_type,
            role,
            why,
            missing: self.missing,
            distinct: self.distinct,
            decimal: number::Decimal::Point,
            date_order: date::Order::DayFirst,
            bad: 0,
            bad_examples: Vec::new(),
            levels: self.levels.clone(),
            keep_na: self.keep_na,
            warnings: Vec::new(),
        }
    }
}

fn guess(name: &str, f: &Facts, separator: Option<char>) -> (ValueType, Role, Note) {
    let share = |part: u64| part as f64 / f.present.max(1) as f64;
    let numeric = if f.integers == f.present { ValueType::Integer } else { ValueType::Number };
    let percent = |part: u64| format!("{:.0}", 100.0 * share(part));
    if f.present == 0 {
        return (ValueType::Text, Role::Ignore, Note::new("empty"));
    }
    if f.distinct == 1 {
        let value = f.levels.first().map_or("", |(v, _)| v.as_str());
        return (ValueType::Text, Role::Ignore, Note::new("constant").with("value", value));
    }
    if share(f.emails) > 0.6 || share(f.phones) > 0.8 && share(f.numbers()) < FIT && share(f.dates()) < FIT {
        return (
            ValueType::Text,
            Role::Contact,
            Note::new("looks_contact").with("percent", percent(f.emails.max(f.phones))),
        );
    }
    if words::is_contact_name(name) && share(f.distinct) > 0.3 {
        return (ValueType::Text, Role::Contact, Note::new("named_contact"));
    }
    let unique = f.distinct as f64 / f.present as f64;
    let id_named = words::is_id_name(name);
    if id_named && unique > 0.9 {
        return (ValueType::Text, Role::Id, Note::new("named_id_unique"));
    }
    if id_named && f.distinct > 20 && f.spaces == 0 {
        return (ValueType::Text, Role::Id, Note::new("named_id"));
    }
    let dates = f.dates();
    let eight_digits = f.integers == f.present;
    if share(dates) >= FIT && (!eight_digits || f.distinct > 5) {
        return (ValueType::Date, Role::Date, Note::new("reads_date").with("percent", percent(dates)));
    }
    if f.distinct == 2 && f.levels.iter().all(|(value, _)| words::is_yes_no(value)) {
        let (a, b) = (&f.levels[0].0, &f.levels[1].0);
        return (ValueType::Boolean, Role::Category, Note::new("two_values").with("a", a).with("b", b));
    }
    if share(f.numbers()) >= FIT {
        if share(f.leading_zero) > 0.1 {
            let role = if unique > 0.9 { Role::Id } else { Role::Category };
            return (ValueType::Text, role, Note::new("leading_zeros"));
        }
        if share(f.long_digits) > 0.5 {
            return (ValueType::Text, Role::Id, Note::new("long_id"));
        }
        // 1, 2, 3 … without a gap, one a row, in a column whose name promises nothing: a count of
        // rows teaches nothing.
        let row_number = unique == 1.0
            && f.present > 20
            && numeric == ValueType::Integer
            && (name.starts_with("column ") || name.to_lowercase().contains("index"));
        if row_number {
            return (ValueType::Text, Role::Id, Note::new("row_number"));
        }
        let money = share(f.currency) > 0.2 || words::is_money_name(name);
        let code = if money { "reads_money" } else { "reads_number" };
        let role = if money { Role::Money } else { Role::Number };
        let note = Note::new(code).with("percent", percent(f.numbers()));
        let note = if f.decimal(separator) == number::Decimal::Comma {
            note.with("decimal", ",")
        } else {
            note.with("decimal", ".")
        };
        return (numeric, role, note);
    }
    let average_length = f.length as f64 / f.present as f64;
    if unique > 0.95 && f.spaces == 0 && average_length < 40.0 && f.present > 20 {
        return (ValueType::Text, Role::Id, Note::new("unique_text"));
    }
    let few = f.distinct <= CATEGORY_LEVELS || (f.distinct <= LEVELS_COUNTED as u64 && unique < 0.05);
    if few && average_length < 60.0 && unique < 0.9 {
        return (ValueType::Text, Role::Category, Note::new("few_values").with("count", f.distinct));
    }
    (ValueType::Text, Role::Text, Note::new("free_text").with("count", f.distinct))
}

/// Makes the best candidate the target: a name that promises one, with two values.
fn choose_target(columns: &mut [Column]) {
    let best = columns
        .iter()
        .enumerate()
        .filter(|(_, c)| c.distinct == 2 && c.role != Role::Ignore && words::target_strength(&c.name) > 0)
        .max_by_key(|(at, c)| (words::target_strength(&c.name), std::cmp::Reverse(*at)));
    if let Some((at, _)) = best {
        let column = &mut columns[at];
        column.role = Role::Target;
        column.bad = 0;
        column.bad_examples.clear();
        column.why = Note::new("named_target").with("name", &column.name);
    }
}
