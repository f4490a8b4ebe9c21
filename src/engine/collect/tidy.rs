//! What stands below and beside a table and is none of it: a row of totals, notes in columns
//! without a name. Nothing goes without a word.

use std::sync::Arc;

use polars::prelude::*;

use crate::detect::{missing, number, words};
use crate::note::Note;
use crate::table::{Rejected, Table};

/// Lines below a table that are looked at.
const REMARKS: usize = 20;
/// Share of filled cells up to which a column without a name holds notes and no data.
const NOTES: f64 = 0.05;
/// Rows from which that share says something.
const NOTES_ROWS: usize = 20;

/// The head of a record, to be shown.
pub(super) fn excerpt<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    fields.take(8).collect::<Vec<_>>().join(" · ").chars().take(120).collect()
}

/// Takes out lines below the table: the last records, if they have at most half of the fields of a
/// table of three or more. They are listed among the rejected rows.
pub(super) fn drop_remarks(table: &mut Table) {
    let height = table.height();
    let half = table.raw.width() / 2;
    if table.raw.width() < 3 {
        return;
    }
    let text = |at: usize, row: usize| {
        table.raw.columns().get(at).and_then(|column| column.str().ok()).and_then(|text| text.get(row))
    };
    let is_remark = |row: &usize| text(0, *row).is_some() && text(half, *row).is_none();
    let count = (0..height).rev().take(REMARKS).take_while(is_remark).count();
    let kept = height - count;
    // Where other rows are as short, empty fields at the end were left unwritten: they are data.
    let short = table.raw.columns().get(half).map_or(0, Column::null_count);
    if count == 0 || kept == 0 || short > count {
        return;
    }
    let rejected: Vec<Rejected> = (kept..height)
        .map(|row| Rejected {
            row: table.rows.get(row).copied().map_or(0, u64::from),
            why: Note::new("remark_below"),
            excerpt: excerpt(text(0, row).map(str::trim).into_iter()),
        })
        .collect();
    let first = rejected.first().map_or(String::new(), |remark| remark.excerpt.clone());
    table
        .warnings
        .retain(|note| note.code != "short_records" || argument(note, "count") != Some(count as u64));
    table.warnings.push(Note::new("remarks_below").with("count", count).with("text", first));
    keep_first(table, kept, rejected);
}

fn argument(note: &Note, name: &str) -> Option<u64> {
    note.args.iter().find(|(known, _)| *known == name)?.1.parse().ok()
}

/// Keeps the first `kept` rows; the others are `rejected`.
fn keep_first(table: &mut Table, kept: usize, rejected: Vec<Rejected>) {
    table.raw = table.raw.head(Some(kept));
    table.rows = Arc::new(table.rows.iter().copied().take(kept).collect());
    table.rejected_count += rejected.len() as u64;
    table.rejected.extend(rejected);
}

/// Takes out a last row that sums up the others: its first text says so, and it has gaps or holds
/// the sum of a column. It is listed among the rejected rows.
pub(super) fn drop_total(table: &mut Table) {
    let height = table.height();
    let (Some(last), Some(&row)) = (height.checked_sub(1).filter(|last| *last > 0), table.rows.last()) else {
        return;
    };
    let cells: Vec<Option<&str>> =
        table.raw.columns().iter().map(|column| column.str().ok().and_then(|text| text.get(last))).collect();
    let filled = |cell: &&Option<&str>| cell.is_some_and(|text| !missing::is_missing(text));
    let Some(head) = cells.iter().find(filled).copied().flatten().filter(|text| words::is_total(text)) else {
        return;
    };
    let gaps = cells.iter().filter(|cell| !filled(cell)).count();
    let is_sum = |column: &Column, total: &str| {
        [number::Decimal::Point, number::Decimal::Comma].into_iter().any(|decimal| {
            let Ok(text) = column.str() else { return false };
            let sum: f64 =
                text.iter().take(last).flatten().filter_map(|value| number::parse(value, decimal)).sum();
            number::parse(total, decimal)
                .is_some_and(|total| (total - sum).abs() <= 0.005 * (1.0 + sum.abs()))
        })
    };
    let columns = table.raw.columns();
    if gaps == 0
        && !columns.iter().zip(&cells).any(|(column, cell)| cell.is_some_and(|total| is_sum(column, total)))
    {
        return;
    }
    let rejected = Rejected {
        row: u64::from(row),
        why: Note::new("totals_row").with("text", head.trim()),
        excerpt: excerpt(cells.iter().flatten().copied()),
    };
    table.warnings.push(Note::new("totals_left_out").with("row", row).with("text", head.trim()));
    keep_first(table, last, vec![rejected]);
}

/// Leaves out columns without a name that are empty, or nearly so: notes that somebody wrote beside
/// the table. The first note is told.
pub(super) fn drop_notes_beside(table: &mut Table) {
    if !table.source.header {
        return;
    }
    let height = table.height();
    let (mut dropped, mut notes, mut first) = (Vec::new(), 0u64, None);
    for (at, column) in table.raw.columns().iter().enumerate() {
        if column.name().as_str() != format!("column {}", at + 1) {
            continue;
        }
        let Ok(text) = column.str() else { continue };
        let mut filled = text.iter().flatten().filter(|value| !value.trim().is_empty());
        let example = filled.next();
        let count = usize::from(example.is_some()) + filled.count();
        if count == 0 || height >= NOTES_ROWS && count as f64 <= NOTES * height as f64 {
            notes += count as u64;
            if let (None, Some(note)) = (&first, example) {
                first = Some(excerpt(std::iter::once(note.trim())));
            }
            dropped.push(column.name().clone());
        }
    }
    if dropped.is_empty() || dropped.len() == table.raw.width() {
        return;
    }
    table.raw = table.raw.drop_many(dropped.iter().cloned());
    // What is gone needs no word about its name.
    let left = (table.raw.columns().iter().enumerate())
        .filter(|(_, column)| column.name().strip_prefix("column ").is_some_and(|n| n.parse::<u32>().is_ok()))
        .count();
    table.warnings.retain(|note| note.code != "unnamed_columns");
    if left > 0 {
        table.warnings.push(Note::new("unnamed_columns").with("count", left));
    }
    table.warnings.push(match first {
        None => Note::new("empty_columns").with("count", dropped.len()),
        Some(note) => {
            Note::new("notes_beside").with("count", dropped.len()).with("notes", notes).with("text", note)
        }
    });
}
