//! What each column is: type and role guessed over every row, with the reason. A guess never
//! loses rows: what does not fit is listed and can be mended.

use polars::prelude::*;
use rayon::prelude::*;

use super::decide::{Decision, Said, decide};
use super::facts::{CHECKED, Facts, OrderGround, Seen};
use crate::detect::date::{self, Order};
use crate::detect::number::{self, Decimal};
use crate::detect::{contact, currency, missing, words};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{BadValue, Column, Role, Table, ValueType, show_number};

/// Bad values kept per column, to be shown.
const BAD_SHOWN: usize = 200;
/// Values of a column that are asked for personal details.
const SAMPLED: usize = 2000;

/// Profiles every column of `table.raw`, in parallel.
pub(super) fn profile(table: &Table, report: &Reporter) -> crate::Result<Vec<Column>> {
    let names: Vec<String> = table.raw.get_column_names().iter().map(|name| name.to_string()).collect();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let total = names.len().max(1);
    let mut columns: Vec<Column> = names
        .par_iter()
        .map(|name| {
            report.check()?;
            let column = one(table, name, None, Said::default(), report)?;
            let n = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            report.progress(0.7 + 0.3 * n as f64 / total as f64);
            Ok(column)
        })
        .collect::<crate::Result<_>>()?;
    choose_target(&mut columns);
    Ok(columns)
}

/// A column whose role is known before it is read, and the column that it was copied from, whose writing
/// and warnings it keeps; without one, numbers have a decimal point.
pub(crate) struct Known<'a> {
    pub role: Role,
    pub why: Note,
    pub of: Option<&'a Column>,
}

/// Profiles every column of `table.raw`, in parallel, each as `known` says in the same place.
pub(crate) fn as_known(table: &Table, known: &[Known], report: &Reporter) -> crate::Result<Vec<Column>> {
    let names: Vec<String> = table.raw.get_column_names().iter().map(|name| name.to_string()).collect();
    names
        .par_iter()
        .zip(known)
        .map(|(name, known)| {
            report.check()?;
            let said = Said {
                decimal: Some(known.of.map_or(Decimal::Point, |column| column.decimal)),
                order: known.of.map(|column| column.date_order),
            };
            let mut column = one(table, name, Some(known.role), said, report)?;
            (column.role, column.why) = (known.role, known.why.clone());
            column.warnings = known.of.map(|column| column.warnings.clone()).unwrap_or_default();
            column.keep_na = known.of.is_some_and(|column| column.keep_na);
            Ok(column)
        })
        .collect()
}

/// Reads a column again as `role`, or by its own guess for `None`. How the person said that it is
/// written stays.
pub fn retype(table: &mut Table, at: usize, role: Option<Role>) {
    let Some(column) = table.columns.get(at) else { return };
    let (name, said) = (column.name.clone(), said(column));
    replace(table, at, &name, role, said);
}

/// Reads a column again as the person says that it is written; its role is guessed anew, unless the
/// person set it.
pub(super) fn rewrite(table: &mut Table, at: usize, decimal: Option<Decimal>, order: Option<Order>) {
    let Some(column) = table.columns.get(at) else { return };
    let before = said(column);
    let said = Said { decimal: decimal.or(before.decimal), order: order.or(before.order) };
    let role = (column.why.code == "set_by_you" || column.role == Role::Target).then_some(column.role);
    let name = column.name.clone();
    replace(table, at, &name, role, said);
}

fn replace(table: &mut Table, at: usize, name: &str, role: Option<Role>, said: Said) {
    // Nobody can cancel what nobody is told of.
    if let (Ok(read), Some(column)) =
        (one(table, name, role, said, &Reporter::silent()), table.columns.get_mut(at))
    {
        *column = read;
    }
}

/// What the person has said of a column, as its warnings keep it.
fn said(column: &Column) -> Said {
    let has = |code: &str| column.warnings.iter().any(|note| note.code == code);
    Said {
        decimal: has("decimal_set").then_some(column.decimal),
        order: has("order_set").then_some(column.date_order),
    }
}

fn one(
    table: &Table,
    name: &str,
    forced: Option<Role>,
    said: Said,
    report: &Reporter,
) -> crate::Result<Column> {
    let empty = StringChunked::from_slice(name.into(), &[] as &[&str]);
    let text = table.text(name).unwrap_or(&empty);
    let facts = Facts::gather(name, text, report)?;
    let at_said = match said.order {
        Some(Order::DayFirst) => facts.day_first,
        Some(Order::MonthFirst) => facts.month_first,
        Some(order) => {
            text.iter().flatten().filter(|value| date::parse(value, order).is_some()).count() as u64
        }
        None => 0,
    };
    let row = |at: usize| table.rows.get(at).copied().unwrap_or_default();
    let (mut column, decision) = typed(text, &facts, table.source.separator, forced, (said, at_said), &row);
    if let (true, Some(example)) = (open_decimal(&column, &decision), &facts.either.first) {
        let total = |decimal: Decimal| {
            let values = text.iter().flatten().filter_map(|value| number::parse(value, decimal));
            show_number(values.filter(|value| value.is_finite()).sum())
        };
        let note = Note::new("ambiguous_decimal")
            .with("example", &example.value)
            .with("point", total(Decimal::Point))
            .with("comma", total(Decimal::Comma))
            .with("decimal", column.decimal.sign());
        let at = column.warnings.iter().take_while(|note| note.code.ends_with("_set")).count();
        column.warnings.insert(at, note);
    }
    if read_count(&facts, &column) != facts.present {
        bad_values(&mut column, text, &table.rows, report)?;
    }
    Ok(column)
}

/// Counts again what the cells hold, after rows were left out. What each column is stays as it was told of all
/// rows: the same file must not read otherwise.
pub(super) fn recount(table: &mut Table, report: &Reporter) -> crate::Result<()> {
    let mut counted = Vec::with_capacity(table.columns.len());
    for column in &table.columns {
        let empty = StringChunked::from_slice(column.name.as_str().into(), &[] as &[&str]);
        counted.push(Facts::gather(&column.name, table.text(&column.name).unwrap_or(&empty), report)?);
    }
    let rows = table.rows.clone();
    for (column, facts) in table.columns.iter_mut().zip(counted) {
        (column.missing, column.distinct, column.levels) = (facts.missing, facts.distinct, facts.levels);
        column.bad_examples.retain(|bad| rows.binary_search(&bad.row).is_ok());
    }
    Ok(())
}

/// The column of a table of which only the first rows are at hand; its facts are those of all rows,
/// whose examples carry the numbers of their rows.
pub(super) fn of_facts(table: &Table, name: &str, facts: &Facts, report: &Reporter) -> crate::Result<Column> {
    let empty = StringChunked::from_slice(name.into(), &[] as &[&str]);
    let text = table.text(name).unwrap_or(&empty);
    let row = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let (mut column, decision) = typed(text, facts, table.source.separator, None, (Said::default(), 0), &row);
    if let (true, Some(example)) = (open_decimal(&column, &decision), &facts.either.first) {
        let note = Note::new("ambiguous_decimal_head").with("example", &example.value);
        column.warnings.push(note.with("decimal", column.decimal.sign()));
    }
    let read = read_count(facts, &column);
    if read != facts.present {
        bad_values(&mut column, text, &table.rows, report)?;
        if column.role.is_numeric() || column.role == Role::Date {
            column.bad = facts.present.saturating_sub(read);
        }
    }
    Ok(column)
}

/// Nothing in the numbers of a column tells the sign before the fraction.
fn open_decimal(column: &Column, decision: &Decision) -> bool {
    decision.open_decimal && matches!(column.value_type, ValueType::Number | ValueType::Integer)
}

/// What a column is by its facts, and by some of its values. `said` is how the person said that it is
/// written, and how many values read so; `row` gives the row of an example.
fn typed(
    text: &StringChunked,
    facts: &Facts,
    separator: Option<char>,
    forced: Option<Role>,
    (said, at_said): (Said, u64),
    row: &dyn Fn(usize) -> u32,
) -> (Column, Decision) {
    let name = text.name().as_str();
    let contact = || contact::kind_of(name, sample(text));
    let mut decision = decide(name, facts, separator, said, at_said, contact);
    if let Some(role) = forced {
        decision.value_type = match role {
            Role::Number | Role::Money if facts.integers == facts.present => ValueType::Integer,
            Role::Number | Role::Money => ValueType::Number,
            Role::Date => ValueType::Date,
            _ if decision.value_type == ValueType::Boolean => ValueType::Boolean,
            _ => ValueType::Text,
        };
        (decision.role, decision.why) = (role, Note::new("set_by_you"));
        if let (Role::Date, None, Some(order)) = (role, said.order, counted_time(facts)) {
            (decision.order, decision.ground) = (order, OrderGround::NoChoice);
        }
    }
    let mut column = Column {
        name: name.to_owned(),
        value_type: decision.value_type,
        role: decision.role,
        why: decision.why.clone(),
        missing: facts.missing,
        distinct: facts.distinct,
        decimal: decision.decimal,
        date_order: decision.order,
        bad: 0,
        bad_examples: Vec::new(),
        levels: facts.levels.clone(),
        keep_na: facts.keep_na,
        warnings: Vec::new(),
    };
    let mut warnings = Vec::new();
    if said.decimal.is_some() {
        warnings.push(Note::new("decimal_set").with("decimal", column.decimal.sign()));
    }
    if said.order.is_some() {
        warnings.push(Note::new("order_set"));
    }
    let is_number = matches!(column.value_type, ValueType::Number | ValueType::Integer);
    if column.value_type == ValueType::Date {
        date_warnings(facts, decision.ground, &mut warnings);
    } else if is_number {
        number_warnings(facts, &column, &mut warnings);
    }
    damage_warnings(facts, &column, row, &mut warnings);
    column.warnings = warnings;
    (column, decision)
}

/// Values from all over a column: files are often sorted, so its head alone would mislead.
fn sample(text: &StringChunked) -> impl Iterator<Item = &str> {
    let step = (text.len() / SAMPLED).max(1);
    text.iter().step_by(step).flatten().take(SAMPLED)
}

/// How whole numbers count time, where a person says that they are dates.
fn counted_time(f: &Facts) -> Option<Order> {
    let most = |count: u64| count * 2 > f.present;
    if most(f.dates()) {
        return None;
    }
    let nine =
        f.integers == f.present && f.levels.iter().all(|(value, _)| matches!(value.trim().len(), 9 | 10));
    match () {
        () if most(f.unix_millis) => Some(Order::UnixMillis),
        () if most(f.unix_seconds) || nine && f.present > 0 => Some(Order::UnixSeconds),
        () if most(f.serials.count) => Some(Order::ExcelSerial),
        () => None,
    }
}

fn date_warnings(f: &Facts, ground: OrderGround, warnings: &mut Vec<Note>) {
    if let (OrderGround::Assumed, Some(example)) = (ground, &f.open_order.first) {
        let shown = |order| date::parse(&example.value, order).map(date::format).unwrap_or_default();
        warnings.push(
            Note::new("ambiguous_date")
                .with("example", &example.value)
                .with("day_first", shown(Order::DayFirst))
                .with("month_first", shown(Order::MonthFirst)),
        );
    }
    let against = f.only_day_first.min(f.only_month_first);
    if against > 0 && ground != OrderGround::Said {
        warnings.push(Note::new("mixed_date_order").with("count", against));
    }
    if f.short_years > 0 {
        warnings.push(
            Note::new("two_digit_years")
                .with("count", f.short_years)
                .with("first", 1901 + date::PIVOT)
                .with("last", 2000 + date::PIVOT),
        );
    }
    if f.zoned > 0 {
        warnings.push(Note::new("dates_zoned").with("count", f.zoned));
    }
}

fn number_warnings(f: &Facts, column: &Column, warnings: &mut Vec<Note>) {
    if f.only_point > 0 && f.only_comma > 0 {
        let count = if column.decimal.is_comma() { f.only_point } else { f.only_comma };
        warnings.push(Note::new("mixed_decimal").with("count", count).with("decimal", column.decimal.sign()));
    }
    if f.over_precise > 0 && column.role.is_numeric() {
        warnings.push(Note::new("long_digits").with("count", f.over_precise));
    }
    let seen = currency::merged(&f.currencies);
    if seen.len() > 1 {
        let list: Vec<String> = seen.iter().map(|(code, count)| format!("{code} {count}")).collect();
        warnings.push(Note::new("mixed_currencies").with("list", list.join(", ")));
    }
    if let (true, true, Some(example)) =
        (words::is_date_name(&column.name), f.serials.count * 10 >= f.present * 9, &f.serials.first)
    {
        let day = date::parse(&example.value, Order::ExcelSerial).map(date::format).unwrap_or_default();
        warnings.push(Note::new("excel_serial").with("value", &example.value).with("date", day));
    }
}

/// What a spreadsheet did to the values before we saw them.
fn damage_warnings(f: &Facts, column: &Column, row: &dyn Fn(usize) -> u32, warnings: &mut Vec<Note>) {
    let tell = |note: Note, seen: &Seen| {
        let first = seen.first.as_ref();
        let row = first.map_or(0, |example| row(example.at));
        let value = first.map_or("", |example| example.value.as_str());
        note.with("count", seen.count).with("value", value).with("row", row)
    };
    let sci = f.scientific.count;
    let long_beside = sci > 0 && (f.long + sci) * 10 >= 9 * f.present;
    if sci > 0 && (long_beside || matches!(column.role, Role::Id | Role::Contact)) {
        warnings.push(tell(Note::new("spreadsheet_numbers"), &f.scientific));
    }
    // All of them: days of a calendar without years. A few among others: sizes that were made dates.
    let days = f.day_and_month.count;
    if days > 0 && days * 2 < f.present && column.value_type != ValueType::Date {
        warnings.push(tell(Note::new("spreadsheet_dates"), &f.day_and_month));
    }
}

/// Values that read as the column's type, as far as they were counted: a second look is spared where
/// it is all of them.
fn read_count(f: &Facts, column: &Column) -> u64 {
    match (column.value_type, column.date_order) {
        (ValueType::Date, Order::DayFirst) => f.day_first,
        (ValueType::Date, Order::MonthFirst) => f.month_first,
        (ValueType::Date, Order::UnixSeconds) => f.unix_seconds,
        (ValueType::Date, Order::UnixMillis) => f.unix_millis,
        (ValueType::Date, Order::ExcelSerial) => f.serials.count,
        _ => f.numbers(column.decimal),
    }
}

/// Reads one value as the column's type says; `None` for what does not fit.
pub(crate) fn reads(column: &Column, text: &str) -> Option<f64> {
    match column.value_type {
        ValueType::Date => date::parse(text, column.date_order).map(|ms| ms as f64),
        _ => number::parse(text, column.decimal),
    }
}

fn bad_values(
    column: &mut Column,
    text: &StringChunked,
    rows: &[u32],
    report: &Reporter,
) -> crate::Result<()> {
    if !column.role.is_numeric() && column.role != Role::Date {
        return Ok(());
    }
    for (at, (value, row)) in text.iter().zip(rows).enumerate() {
        if at % CHECKED == 0 {
            report.check()?;
        }
        let Some(value) = value else { continue };
        if missing::is_missing(value) || reads(column, value).is_some() {
            continue;
        }
        column.bad += 1;
        if column.bad_examples.len() < BAD_SHOWN {
            column.bad_examples.push(BadValue { row: *row, value: value.chars().take(80).collect() });
        }
    }
    Ok(())
}

/// Makes the best candidate the target: a name that promises one, with two values.
pub(super) fn choose_target(columns: &mut [Column]) {
    let best = columns
        .iter_mut()
        .enumerate()
        .filter(|(_, c)| c.distinct == 2 && c.role != Role::Ignore && words::target_strength(&c.name) > 0)
        .max_by_key(|(at, c)| (words::target_strength(&c.name), std::cmp::Reverse(*at)));
    if let Some((_, column)) = best {
        column.role = Role::Target;
        column.bad = 0;
        column.bad_examples.clear();
        column.why = Note::new("named_target").with("name", &column.name);
    }
}
