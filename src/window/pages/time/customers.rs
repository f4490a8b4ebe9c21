//! The customers of the day: what was said of each, and what then happened.

use eframe::egui::{RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::{AsOf, Seen};

use crate::window::pages::Scene;
use crate::window::parts::{table, take};
use crate::window::state::SeenColumn;
use crate::window::theme::{self, Palette};
use crate::words::{Lang, percent};

/// The columns, each with the key of its words.
const COLUMNS: [(SeenColumn, &str); 5] = [
    (SeenColumn::Id, "time.head.id"),
    (SeenColumn::Risk, "time.head.risk"),
    (SeenColumn::Said, "time.head.said"),
    (SeenColumn::Happened, "time.head.happened"),
    (SeenColumn::Next, "time.head.next"),
];

/// Draws the table.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, seen: &AsOf) {
    let lang = scene.lang;
    let masked = scene.prefs.projector;
    let name = lang.with("time.customers", &[("day", seen.day.to_string())]);
    let order = scene.state.time.order();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&name).font(theme::section_font()));
        take::table_menu(ui, lang, &name, || {
            grid(lang, &name, order.iter().filter_map(|at| seen.customers.get(*at)), masked)
        });
    });
    let heads: Vec<table::Head> = COLUMNS
        .iter()
        .map(|(column, key)| match column {
            SeenColumn::Risk => table::Head::number(lang.t(key), 130.0),
            SeenColumn::Next => table::Head::text(lang.t(key), 150.0),
            _ => table::Head::text(lang.t(key), 140.0),
        })
        .collect();
    let (sort, ascends) = scene.state.time.sort;
    let sorted = COLUMNS.iter().position(|(column, _)| *column == sort).map(|at| (at, ascends));
    let spec = table::Table { sorted, ..table::Table::new("seen", &heads, order.len(), 420.0) };
    let p = Palette::of(ui);
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let Some(one) = order.get(row).and_then(|at| seen.customers.get(*at)) else { return };
        let Some((column, _)) = COLUMNS.get(column) else { return };
        let text = words(lang, one, *column, masked);
        let tone = match column {
            SeenColumn::Said => one.at_risk.map(|risk| risk.then_some(p.caution)),
            SeenColumn::Happened => one.lost.map(|lost| lost.then_some(p.bad)),
            _ => None,
        };
        match (text, tone.flatten()) {
            (None, _) => table::missing(ui),
            (Some(text), Some(color)) => drop(ui.label(RichText::new(text).color(color))),
            (Some(text), None) => table::plain(ui, text),
        }
    });
    if let Some((column, _)) = clicked.head.and_then(|at| COLUMNS.get(at)) {
        scene.state.time.sort_by(*column);
    }
}

/// What a cell says; `None` where nobody knows.
fn words(lang: Lang, one: &Seen, column: SeenColumn, masked: bool) -> Option<String> {
    match column {
        SeenColumn::Id if masked => Some(regulars_engine::privacy::mask(&one.id)),
        SeenColumn::Id => Some(one.id.clone()),
        SeenColumn::Risk => one.probability.map(percent),
        SeenColumn::Said => {
            one.at_risk.map(|risk| lang.t(if risk { "time.cell.at_risk" } else { "time.cell.not_at_risk" }))
        }
        SeenColumn::Happened => Some(lang.t(match one.lost {
            Some(true) => "time.cell.lost",
            Some(false) => "time.cell.stayed",
            None => "time.cell.unknown",
        })),
        SeenColumn::Next => one.next_purchase.map(|day| day.to_string()),
    }
}

/// The table as it is shown, to be taken away.
fn grid<'a>(lang: Lang, name: &str, customers: impl Iterator<Item = &'a Seen>, masked: bool) -> Grid {
    let row = |one: &Seen| {
        COLUMNS.map(|(column, _)| match (column, one.probability) {
            (SeenColumn::Risk, Some(risk)) => Cell::percent(risk),
            _ => Cell::from(words(lang, one, column, masked).unwrap_or_default().as_str()),
        })
    };
    Grid {
        name: name.to_owned(),
        header: COLUMNS.map(|(_, key)| lang.t(key)).to_vec(),
        rows: customers.map(|one| row(one).to_vec()).collect(),
    }
}
