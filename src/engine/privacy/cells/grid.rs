//! Tables as they are taken away, cell for cell, without small groups.

use std::collections::BTreeMap;

use super::sheet::people;
use super::{Mark, Meaning, Method, Rule, Sheet, Shown, Web, number, round, suppress};
use crate::files::{Cell, Grid};

/// How a table that is taken away is laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout<'a> {
    pub columns: &'a [Meaning],
    /// The row that adds up the others.
    pub total: Option<usize>,
    /// Rows with the same text in this column are a table by themselves.
    pub block: Option<usize>,
    /// Rows with the same text in this column tell the same count, each with other figures.
    pub key: Option<usize>,
}

impl<'a> Layout<'a> {
    /// One table, a group a row.
    pub fn of(columns: &'a [Meaning]) -> Self {
        Self { columns, ..Self::default() }
    }
}

/// The words that stand for what is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// "<5"
    pub less: String,
    pub hidden: String,
}

impl Sheet {
    /// The numbers of some rows of a table that is taken away.
    fn of_grid(grid: &Grid, rows: &[usize], layout: &Layout<'_>) -> Self {
        let value = |cell: &Cell| match cell {
            Cell::Number { value, .. } => Some(*value),
            Cell::Text(text) => number(text),
        };
        let total = layout.total.and_then(|total| rows.iter().position(|row| *row == total));
        let rows = rows.iter().filter_map(|row| grid.rows.get(*row));
        let rows = rows.map(|row| row.iter().map(value).collect()).collect();
        Self { columns: layout.columns.to_vec(), rows, total }
    }

    /// Hides the small groups of a table that is taken away; how many cells that took.
    pub fn protect_grid(
        grid: &mut Grid,
        layout: &Layout<'_>,
        (rule, seed): (Rule, u64),
        marks: &Marks,
    ) -> usize {
        let mut shown: Vec<Vec<Shown>> = grid.rows.iter().map(|row| vec![Shown::Same; row.len()]).collect();
        for (at, rows) in blocks(grid, layout.block).iter().enumerate() {
            let sheet = Self::of_grid(grid, rows, layout);
            // Rows of one block count other people than those of another, or the same once more.
            let found = sheet.protect(rule, seed.wrapping_add((at as u64) << 16));
            for (row, found) in rows.iter().zip(found) {
                if let Some(cells) = shown.get_mut(*row) {
                    *cells = found;
                }
            }
        }
        for alike in layout.key.map(|key| blocks(grid, Some(key))).unwrap_or_default() {
            tell_alike(&mut shown, &alike, layout, rule);
        }
        let mut hidden = 0;
        for (row, shown) in grid.rows.iter_mut().zip(&shown) {
            for (cell, shown) in row.iter_mut().zip(shown).filter(|(cell, _)| !cell.text().is_empty()) {
                match shown {
                    Shown::Same => {}
                    Shown::Less => *cell = Cell::Text(marks.less.clone()),
                    Shown::Hidden => *cell = Cell::Text(marks.hidden.clone()),
                    Shown::Number(value) => *cell = written(cell, *value),
                }
                hidden += usize::from(matches!(shown, Shown::Less | Shown::Hidden));
            }
        }
        hidden
    }
}

/// Rows that have the same text in a column; all of them without one.
fn blocks(grid: &Grid, column: Option<usize>) -> Vec<Vec<usize>> {
    let Some(column) = column else { return vec![(0..grid.rows.len()).collect()] };
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, row) in grid.rows.iter().enumerate() {
        let text = row.get(column).map_or("", Cell::text);
        found.entry(text.to_owned()).or_default().push(at);
    }
    found.into_values().collect()
}

/// A count that is hidden in one row is hidden in all that tell it, with its figures; one that is rounded is
/// rounded alike, since two draws of one count would tell more than one.
fn tell_alike(shown: &mut [Vec<Shown>], rows: &[usize], layout: &Layout<'_>, rule: Rule) {
    let is_hidden = |shown: &Shown| matches!(shown, Shown::Less | Shown::Hidden);
    for (column, meaning) in layout.columns.iter().enumerate() {
        if *meaning != Meaning::Count {
            continue;
        }
        let cell = |row: &usize| shown.get(*row).and_then(|cells| cells.get(column)).copied();
        let mut all = rows.iter().filter_map(cell);
        let first = all.next().unwrap_or(Shown::Same);
        let told = if is_hidden(&first) { first } else { all.find(is_hidden).unwrap_or(first) };
        let about = |meaning: &Meaning| match meaning {
            Meaning::Share(of) | Meaning::Rate(of) | Meaning::Part(of) | Meaning::Figure(of) => *of == column,
            _ => false,
        };
        let few = match told {
            Shown::Number(count) => count <= rule.k() as f64,
            other => is_hidden(&other),
        };
        for row in rows {
            let Some(cells) = shown.get_mut(*row) else { continue };
            for (at, (meaning, cell)) in layout.columns.iter().zip(cells).enumerate() {
                match (told, &*cell) {
                    (Shown::Same, _) => {}
                    _ if at == column => *cell = told,
                    _ if about(meaning) && few => *cell = Shown::Hidden,
                    (Shown::Number(most), Shown::Number(part)) if *meaning == Meaning::Part(column) => {
                        *cell = Shown::Number(part.min(most));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Moves from one place to another as a table with totals of both ends, which the reader is taken to know
/// where they are no small groups. `count` is hidden where it must be; how many cells that took.
pub fn protect_moves(
    grid: &mut Grid,
    (from, to, count): (usize, usize, usize),
    block: &[usize],
    (rule, seed): (Rule, u64),
    marks: &Marks,
) -> usize {
    let mut tables: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let text = |grid: &Grid, row: usize, column: usize| {
        grid.rows.get(row).and_then(|row| row.get(column)).map_or_else(String::new, |c| c.text().to_owned())
    };
    for row in 0..grid.rows.len() {
        let key: Vec<String> = block.iter().map(|column| text(grid, row, *column)).collect();
        tables.entry(key.join("\u{1f}")).or_default().push(row);
    }
    let mut hidden = 0;
    for (at, rows) in tables.values().enumerate() {
        let mut web = Web::new();
        let (top, bottom) = (web.node(), web.node());
        let mut ends: BTreeMap<(bool, String), (usize, u64)> = BTreeMap::new();
        let mut cells = Vec::new();
        for row in rows {
            let value = grid.rows.get(*row).and_then(|row| row.get(count)).map_or(0, |cell| match cell {
                Cell::Number { value, .. } => people(Some(*value)),
                Cell::Text(text) => people(number(text)),
            });
            let mut end = |is_to: bool, column: usize| {
                let of = ends.entry((is_to, text(grid, *row, column))).or_insert_with(|| (web.node(), 0));
                of.1 += value;
                of.0
            };
            let pair = (end(false, from), end(true, to));
            cells.push((*row, web.cell(pair.0, pair.1, value), value));
        }
        for ((is_to, _), (node, sum)) in &ends {
            let (from, to) = if *is_to { (*node, bottom) } else { (top, *node) };
            if rule.is_small(*sum) {
                web.unwritten(from, to, *sum)
            } else {
                web.known(from, to, *sum)
            };
        }
        web.known(bottom, top, cells.iter().map(|(.., value)| *value).sum());
        let found = match rule.method {
            Method::Suppress => Err(suppress(&web, rule, &[])),
            Method::Round => Ok(round(&web, rule.k(), seed.wrapping_add(at as u64))),
        };
        for (row, place, _) in cells {
            let Some(cell) = grid.rows.get_mut(row).and_then(|row| row.get_mut(count)) else { continue };
            match &found {
                Ok(rounded) => *cell = written(cell, rounded.get(place).copied().unwrap_or(0) as f64),
                Err(found) => {
                    let mark = match found.mark(place) {
                        Mark::Plain => continue,
                        Mark::Less => &marks.less,
                        Mark::Hidden => &marks.hidden,
                    };
                    *cell = Cell::Text(mark.clone());
                    hidden += 1;
                }
            }
        }
    }
    hidden
}

/// A number in the form of the one that stood there.
fn written(before: &Cell, value: f64) -> Cell {
    match before {
        Cell::Number { format, .. } if format.ends_with('%') => Cell::percent(value),
        Cell::Number { format, .. } => Cell::Number { value, text: format!("{value:.0}"), format },
        Cell::Text(text) if text.contains('%') => Cell::Text(format!("{:.1}%", 100.0 * value)),
        Cell::Text(_) => Cell::Text(format!("{value:.0}")),
    }
}
