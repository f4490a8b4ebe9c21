//! What was heard, as a table to be taken away, and the columns that a person can choose from.

use rayon::prelude::*;

use super::feedback::{self, HeardColumns};
use super::{Collected, Settings};
use crate::feedback::{Comment, Feedback, FeedbackSpec, Mood};
use crate::files::{Cell, Grid};
use crate::job::{Cancelled, Reporter};
use crate::table::ValueType;

/// Comments between two looks at whether the person has cancelled.
const PIECE: usize = 4_096;

/// Columns that can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// Columns of text of every table.
    pub text: Vec<String>,
    /// Columns of the table of comments, as the settings have it.
    pub beside: Vec<String>,
    /// Those that are read: the chosen ones, the others as they are guessed. `None` without comments.
    pub read: Option<HeardColumns>,
}

/// The columns that can be chosen for comments, and for what stands beside them.
pub fn feedback_choices(collected: &Collected, settings: &Settings) -> Choices {
    let collected = &feedback::with_roles(collected, settings);
    let spec = &settings.feedback;
    let mut text: Vec<String> = Vec::new();
    for column in collected.dataset.tables.iter().flat_map(|table| &table.columns) {
        if column.value_type == ValueType::Text && !text.contains(&column.name) {
            text.push(column.name.clone());
        }
    }
    let table = feedback::find(collected, spec).map(|(_, table, _)| table);
    let beside = table.into_iter().flat_map(|table| &table.columns).map(|column| column.name.clone());
    Choices { text, beside: beside.collect(), read: feedback::heard_columns(collected, spec) }
}

/// Comments with their mood, aspects and a drafted reply, with personal details covered unless the person wants
/// them. `places` chooses and orders them; all of them otherwise.
///
/// # Errors
/// The person cancelled.
pub fn feedback_grid(
    found: &Feedback,
    spec: &FeedbackSpec,
    places: Option<&[u32]>,
    report: &Reporter,
) -> Result<Grid, Cancelled> {
    let names =
        ["row", "customer", "date", "rating", "mood", "probability_kind", "aspects", "comment", "reply"];
    let number = |value: f64| Cell::Number { value, text: format!("{value:.4}"), format: "0.00" };
    let maybe = |value: Option<f64>| value.map_or_else(|| Cell::from(""), number);
    let row = |(at, comment): (usize, &Comment)| {
        let (p, mood) = found.moods.get(at).copied().unwrap_or((None, Mood::NotSure));
        let aspects = found.aspects_of.get(at).into_iter().flatten();
        let keys: Vec<&str> =
            aspects.filter_map(|aspect| Some(found.aspects.get(*aspect)?.key.as_str())).collect();
        let customer = comment.customer.and_then(|at| found.said.customers.get(at));
        vec![
            Cell::whole(u64::from(comment.row)),
            Cell::from(customer.map_or("", |customer| customer.id.as_str())),
            Cell::from(comment.day.map_or(String::new(), |day| day.to_string())),
            maybe(comment.rating),
            Cell::from(mood.name()),
            maybe(p),
            Cell::from(keys.join(", ")),
            Cell::from(found.shown(at, usize::MAX / 8, spec)),
            Cell::from(found.reply(at, spec).unwrap_or_default()),
        ]
    };
    let all: Vec<usize> = match places {
        Some(places) => places.iter().map(|at| *at as usize).collect(),
        None => (0..found.said.comments.len()).collect(),
    };
    let mut rows: Vec<Vec<Cell>> = Vec::with_capacity(all.len());
    for piece in all.chunks(PIECE) {
        report.check()?;
        report.progress(rows.len() as f64 / all.len() as f64);
        rows.par_extend(piece.par_iter().filter_map(|at| Some(row((*at, found.said.comments.get(*at)?)))));
    }
    Ok(Grid { name: "feedback".into(), header: names.map(str::to_owned).to_vec(), rows })
}
