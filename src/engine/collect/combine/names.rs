//! What the columns of the combined table are called, and what they say.

use super::plan::{Function, PlannedColumn};
use crate::detect::month;
use crate::note::Note;

/// The real name of a planned column: `orders: sum of amount`. Stable: projects and models keep it.
pub(super) fn name(label: &str, function: Function, column: Option<&str>, main_date: bool) -> String {
    let column = column.unwrap_or_default();
    let what = match function {
        Function::Count => "count".to_owned(),
        Function::Distinct => format!("different {column}"),
        Function::Sum => format!("sum of {column}"),
        Function::Mean => format!("mean of {column}"),
        Function::Min => format!("smallest {column}"),
        Function::Max => format!("largest {column}"),
        Function::First if main_date => "first date".to_owned(),
        Function::Last if main_date => "last date".to_owned(),
        Function::First => format!("first {column}"),
        Function::Last => format!("last {column}"),
        Function::MostFrequent => format!("most frequent {column}"),
        Function::Share => format!("share of most frequent {column}"),
        Function::Filled => format!("count of {column}"),
        Function::Latest => format!("latest {column}"),
        Function::Joined => column.to_owned(),
    };
    format!("{label}: {what}")
}

/// A table's name without the time that its file is of and the number of a copy, so that next month's
/// file gives columns of the same names: `orders_2026-07`, `orders-july`, `2026年7月订单` and
/// `orders (2)` are `orders` and `订单`. A name that says nothing else stays as it is.
pub(super) fn lasting(name: &str) -> String {
    let parts = parts(name);
    let is_short =
        |part: &str| part.len() <= 3 && part.trim_start_matches(['q', 'Q', 'w', 'W']).parse::<u32>().is_ok();
    // Days and quarters stand beside a year or month, or beside another of their kind that does.
    let mut times: Vec<bool> = parts.iter().map(|(_, part)| is_time(part)).collect();
    for round in 0..2 * parts.len() {
        let at = if round < parts.len() { round } else { 2 * parts.len() - 1 - round };
        let near = |other: Option<usize>| other.and_then(|at| times.get(at)).copied().unwrap_or(false);
        let beside = near(at.checked_sub(1)) || near(at.checked_add(1));
        if let (Some(time), Some((_, part))) = (times.get_mut(at), parts.get(at)) {
            *time |= beside && is_short(part);
        }
    }
    let mut out = String::new();
    for (at, (between, part)) in parts.iter().enumerate() {
        let copied = is_short(part) && between.contains(['(', '（', '[']) || is_copy(part);
        if copied || times.get(at) == Some(&true) {
            continue;
        }
        if !out.is_empty() {
            out.push_str(between);
        }
        out.push_str(part);
    }
    // The end of a bracket stays with what is in it.
    let (opened, closed) = (out.matches(['(', '（', '[']).count(), name.trim_end().chars().next_back());
    match closed {
        Some(sign @ (')' | '）' | ']')) if opened > out.matches([')', '）', ']']).count() => out.push(sign),
        _ => {}
    }
    if out.is_empty() { name.to_owned() } else { out }
}

/// The words and numbers of a name, each with what stands before it. Chinese signs of time end a part:
/// `2026年`, `7月`.
fn parts(name: &str) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let (mut between, mut part) = (String::new(), String::new());
    for c in name.chars() {
        let digits = part.chars().next_back().is_some_and(|last| last.is_ascii_digit());
        let ends_time = digits && matches!(c, '年' | '月' | '日' | '号' | '季');
        let turns = part.chars().next_back().is_some_and(|last| {
            matches!(last, '年' | '月' | '日' | '号' | '季') && part.starts_with(|c: char| c.is_ascii_digit())
                || last.is_ascii_digit() != c.is_ascii_digit()
                    && !matches!(part.as_str(), "Q" | "q" | "W" | "w")
                    && !ends_time
        });
        if (turns || !c.is_alphanumeric()) && !part.is_empty() {
            out.push((std::mem::take(&mut between), std::mem::take(&mut part)));
        }
        if c.is_alphanumeric() { part.push(c) } else { between.push(c) }
    }
    if !part.is_empty() {
        out.push((between, part));
    }
    out
}

/// A year, a year with month and day, a month by its name, or a Chinese part of a date.
fn is_time(part: &str) -> bool {
    let year = |text: Option<&str>| {
        text.and_then(|text| text.parse::<u32>().ok()).is_some_and(|year| (1990..2100).contains(&year))
    };
    let digits = part.bytes().all(|b| b.is_ascii_digit());
    let chinese = part.strip_suffix(['年', '月', '日', '号', '季']);
    digits && matches!(part.len(), 4 | 6 | 8) && year(part.get(..4))
        || chinese.is_some_and(|number| number.parse::<u32>().is_ok())
        // “Set” is September in Spanish, and a word of many names.
        || !digits && part.to_lowercase() != "set" && month::month(part).is_some()
}

fn is_copy(part: &str) -> bool {
    ["copy", "kopie", "copie", "copia", "副本"].contains(&part.to_lowercase().as_str())
}

/// A name that is not in `taken` yet: the wanted one, or numbered.
pub(super) fn free(wanted: String, taken: &[String]) -> String {
    let mut name = wanted.clone();
    let mut number = 2u32;
    while taken.contains(&name) {
        name = format!("{wanted} ({number})");
        number = number.saturating_add(1);
    }
    name
}

/// What a planned column says, for a face to word.
pub(super) fn what(planned: &PlannedColumn) -> Note {
    let code = match planned.function {
        Function::Count => "combined_count",
        Function::Distinct => "combined_distinct",
        Function::Sum => "combined_sum",
        Function::Mean => "combined_mean",
        Function::Min => "combined_min",
        Function::Max => "combined_max",
        Function::First => "combined_first",
        Function::Last => "combined_last",
        Function::MostFrequent => "combined_most_frequent",
        Function::Share => "combined_share",
        Function::Filled => "combined_filled",
        Function::Latest => "combined_latest",
        Function::Joined => "combined_joined",
    };
    let holder = planned.via.last().map_or(&planned.table, |hop| &hop.to);
    let note = Note::new(code).with("table", &planned.table.name);
    match &planned.column {
        Some(column) if planned.via.is_empty() => note.with("column", column),
        Some(column) => note.with("column", format!("{}.{column}", holder.name)),
        None => note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_last_longer_than_a_month() {
        for name in [
            "orders_2026-07",
            "orders-july",
            "orders (2)",
            "orders 2026",
            "orders202607",
            "2026-07-31 orders",
            "orders - Copy",
            "orders_July_2026",
            "orders_2026_Q3",
            "orders",
            "orders.20260731",
        ] {
            assert_eq!(lasting(name), "orders", "{name}");
        }
        for (name, wanted) in [
            ("2026年7月订单", "订单"),
            ("订单2026年7月", "订单"),
            ("订单(2)", "订单"),
            ("订单副本", "订单副本"),
            ("Orders EU (2026)", "Orders EU"),
            ("orders (EU)", "orders (EU)"),
            ("level 2", "level 2"),
            ("2026-07", "2026-07"),
            ("July", "July"),
            ("paymentMethods", "paymentMethods"),
            ("shop2", "shop2"),
            ("", ""),
        ] {
            assert_eq!(lasting(name), wanted, "{name}");
        }
    }
}
