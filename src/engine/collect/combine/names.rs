//! What the columns of the combined table are called, and what they say.

use super::plan::{Function, PlannedColumn};
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
