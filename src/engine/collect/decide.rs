//! From what was counted to what a column is: type, role, how it is written, and why.

use super::facts::{Facts, LEVELS_COUNTED, OrderGround};
use crate::detect::date::Order;
use crate::detect::number::Decimal;
use crate::detect::{contact, truth, words};
use crate::note::Note;
use crate::table::{Role, ValueType};

/// Share of the values that must read as a number or date for the column to be one.
const FIT: f64 = 0.9;
/// The same where the person has said how the column writes them.
const FIT_SAID: f64 = 0.5;
/// Different values up to which text is a category in any case.
const CATEGORY_LEVELS: u64 = 50;
/// Different numbers under a name of identifiers up to which they name groups.
const FEW_IDS: u64 = 20;

/// How the person said that a column is written.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Said {
    pub decimal: Option<Decimal>,
    pub order: Option<Order>,
}

/// What a column is.
pub(super) struct Decision {
    pub value_type: ValueType,
    pub role: Role,
    pub why: Note,
    pub decimal: Decimal,
    /// Nothing in the values tells the sign before the fraction.
    pub open_decimal: bool,
    pub order: Order,
    pub ground: OrderGround,
}

/// Decides from the facts. `separator` is that of the file; `at_said` counts the values that read in
/// the order that the person said.
///
/// `contact` is asked once, and only where the values are several: which personal detail they hold.
pub(super) fn decide(
    name: &str,
    f: &Facts,
    separator: Option<char>,
    said: Said,
    at_said: u64,
    contact: impl FnOnce() -> Option<contact::Found>,
) -> Decision {
    let (decimal, open) = match said.decimal {
        Some(decimal) => (decimal, false),
        None => f.decimal(separator),
    };
    let (order, ground) = match said.order {
        Some(order) => (order, OrderGround::Said),
        None => f.order(),
    };
    let mut decision = Decision {
        value_type: ValueType::Text,
        role: Role::Text,
        why: Note::new("empty"),
        decimal,
        open_decimal: open,
        order,
        ground,
    };
    let found = values(name, f, contact)
        .or_else(|| named(name, f))
        .or_else(|| dates(name, f, &mut decision, at_said))
        .or_else(|| numbers(name, f, &decision, said));
    (decision.value_type, decision.role, decision.why) = found.unwrap_or_else(|| text(f));
    decision
}

type Found = Option<(ValueType, Role, Note)>;

fn share(f: &Facts, part: u64) -> f64 {
    part as f64 / f.present.max(1) as f64
}

fn percent(f: &Facts, part: u64) -> String {
    // Rounded down: 99.96% is not all of them.
    format!("{:.0}", (100.0 * share(f, part)).floor())
}

/// What the values show whatever the name: none, one, ways to reach people.
fn values(name: &str, f: &Facts, contact: impl FnOnce() -> Option<contact::Found>) -> Found {
    if f.present == 0 {
        return Some((ValueType::Text, Role::Ignore, Note::new("empty")));
    }
    if f.distinct == 1 {
        let value = f.levels.first().map_or("", |(value, _)| value.as_str());
        return Some((ValueType::Text, Role::Ignore, Note::new("constant").with("value", value)));
    }
    // Days written in digits can look like telephone numbers.
    if share(f, f.dates()) < FIT
        && let Some(found) = contact().filter(|found| found.kind.is_direct())
    {
        return Some((ValueType::Text, Role::Contact, found.why));
    }
    let numbers = f.as_point.max(f.as_comma);
    let phones = share(f, f.phones) > 0.8 && share(f, numbers) < FIT && share(f, f.dates()) < FIT;
    if share(f, f.emails) > 0.6 || phones {
        let why = Note::new("looks_contact").with("percent", percent(f, f.emails.max(f.phones)));
        return Some((ValueType::Text, Role::Contact, why));
    }
    let long = share(f, f.long + f.scientific.count) > FIT;
    // Of a nested name the last word tells: the id of an address is no address.
    let own = name.rsplit('.').next().unwrap_or(name);
    if words::is_contact_name(own) && (share(f, f.distinct) > 0.3 || long) {
        return Some((ValueType::Text, Role::Contact, Note::new("named_contact")));
    }
    None
}

/// Identifiers by their name.
fn named(name: &str, f: &Facts) -> Found {
    let unique = share(f, f.distinct);
    let whole = f.integers == f.present;
    let id = |code| Some((ValueType::Text, Role::Id, code));
    if words::is_id_name(name) {
        if unique > 0.9 {
            return id(Note::new("named_id_unique"));
        }
        let firm = words::is_firm_id_name(name);
        if firm && f.distinct > FEW_IDS && f.spaces == 0 {
            return id(Note::new("named_id"));
        }
        if firm && whole && truth::yes_no_levels(&f.levels).is_none() {
            let why = Note::new("named_id_few").with("count", f.distinct);
            return Some((ValueType::Text, Role::Category, why));
        }
    }
    if words::is_thing_name(name) && whole && unique > 0.9 {
        return id(Note::new("named_id_unique"));
    }
    None
}

fn dates(name: &str, f: &Facts, decision: &mut Decision, at_said: u64) -> Found {
    let date = |why| Some((ValueType::Date, Role::Date, why));
    if decision.ground == OrderGround::Said && share(f, at_said) >= FIT_SAID {
        return date(Note::new("dates_as_said").with("percent", percent(f, at_said)));
    }
    let eight_digits = f.integers == f.present;
    if share(f, f.dates()) >= FIT && (!eight_digits || f.distinct > 5) {
        return date(why_date(f, decision));
    }
    if !words::is_date_name(name) {
        return None;
    }
    for (count, order, why) in [
        (f.unix_seconds, Order::UnixSeconds, Note::new("reads_unix_seconds")),
        (f.unix_millis, Order::UnixMillis, Note::new("reads_unix_millis")),
    ] {
        if share(f, count) >= FIT {
            (decision.order, decision.ground) = (order, OrderGround::NoChoice);
            return date(why.with("percent", percent(f, count)));
        }
    }
    None
}

fn why_date(f: &Facts, decision: &Decision) -> Note {
    let day = decision.order == Order::DayFirst;
    let (note, count) = match decision.ground {
        OrderGround::Days(count) if day => (Note::new("dates_day_first"), Some(count)),
        OrderGround::Days(count) => (Note::new("dates_month_first"), Some(count)),
        OrderGround::Weekdays(count) if day => (Note::new("dates_weekday_day"), Some(count)),
        OrderGround::Weekdays(count) => (Note::new("dates_weekday_month"), Some(count)),
        OrderGround::Steady if day => (Note::new("dates_steady_day"), None),
        OrderGround::Steady => (Note::new("dates_steady_month"), None),
        OrderGround::Assumed => (Note::new("dates_assumed"), None),
        OrderGround::Said | OrderGround::NoChoice => (Note::new("reads_date"), None),
    };
    let note = note.with("percent", percent(f, f.dates()));
    match count {
        Some(count) => note.with("count", count),
        None => note,
    }
}

fn numbers(name: &str, f: &Facts, decision: &Decision, said: Said) -> Found {
    if let Some((yes, no)) = truth::yes_no_levels(&f.levels).filter(|_| f.distinct == 2) {
        let why = Note::new("yes_no").with("yes", yes).with("no", no);
        return Some((ValueType::Boolean, Role::Category, why));
    }
    let read = f.numbers(decision.decimal);
    let fit = if said.decimal.is_some() { FIT_SAID } else { FIT };
    if share(f, read) < fit {
        return None;
    }
    let unique = share(f, f.distinct);
    if share(f, f.leading_zero) > 0.1 {
        // Postal codes begin with a zero here and there, identifiers padded with zeros all do.
        let padded = share(f, f.leading_zero) > 0.9 && f.distinct > CATEGORY_LEVELS;
        let role = if unique > 0.9 || padded { Role::Id } else { Role::Category };
        return Some((ValueType::Text, role, Note::new("leading_zeros")));
    }
    if let Some((low, high)) = f.long_lengths
        && share(f, f.long + f.scientific.count) > FIT
        && (high - low <= 2 || share(f, f.over_precise) > 0.5)
    {
        let digits = if low == high { low.to_string() } else { format!("{low}–{high}") };
        return Some((ValueType::Text, Role::Id, Note::new("long_id").with("digits", digits)));
    }
    // 1, 2, 3 … without a gap, each once: a count of rows teaches nothing.
    if f.present > 20 && f.counts_rows() {
        return Some((ValueType::Text, Role::Id, Note::new("row_number")));
    }
    let whole = f.integers == f.present;
    let money = share(f, f.with_currency()) > 0.2 || words::is_money_name(name);
    let evidence = if decision.decimal.is_comma() { f.only_comma } else { f.only_point };
    let note = match (money, said.decimal.is_none() && f.either.count > 0 && !decision.open_decimal) {
        (true, true) => Note::new("money_by_evidence").with("count", evidence),
        (false, true) => Note::new("number_by_evidence").with("count", evidence),
        (true, false) => Note::new("reads_money"),
        (false, false) => Note::new("reads_number"),
    };
    let why = note.with("percent", percent(f, read)).with("decimal", decision.decimal.sign());
    let kind = if whole { ValueType::Integer } else { ValueType::Number };
    Some((kind, if money { Role::Money } else { Role::Number }, why))
}

fn text(f: &Facts) -> (ValueType, Role, Note) {
    let unique = share(f, f.distinct);
    let average_length = f.length as f64 / f.present.max(1) as f64;
    if unique > 0.95 && f.spaces == 0 && average_length < 40.0 && f.present > 20 {
        return (ValueType::Text, Role::Id, Note::new("unique_text"));
    }
    let few = f.distinct <= CATEGORY_LEVELS || (f.distinct <= LEVELS_COUNTED as u64 && unique < 0.05);
    if few && average_length < 60.0 && unique < 0.9 {
        return (ValueType::Text, Role::Category, Note::new("few_values").with("count", f.distinct));
    }
    (ValueType::Text, Role::Text, Note::new("free_text").with("count", f.distinct))
}
