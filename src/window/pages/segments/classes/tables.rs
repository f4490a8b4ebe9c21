//! The classes of the table and those by rule, one line each.

use std::sync::Arc;

use eframe::egui::Ui;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy::cells::{Layout, Meaning};
use regulars_engine::project::{Classified, Group};

use super::grid::{head_key, leaving};
use super::{Choice, rules};
use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
use crate::words::{Lang, class_name};

/// What the columns count.
const MEANINGS: [Meaning; 7] = [
    Meaning::Plain,
    Meaning::Count,
    Meaning::Share(1),
    Meaning::Figure(1),
    Meaning::Rate(1),
    Meaning::Figure(1),
    Meaning::Figure(1),
];
const OVERLAPPING: [Meaning; 7] = [
    Meaning::Plain,
    Meaning::Overlap,
    Meaning::Share(1),
    Meaning::Figure(1),
    Meaning::Rate(1),
    Meaning::Figure(1),
    Meaning::Figure(1),
];

const HEADS: [&str; 7] = ["class", "size", "share", "money", "leaving", "days", "orders"];

fn heads(lang: Lang, found: &Classified) -> Vec<table::Head> {
    let widths = [170.0, 76.0, 66.0, 84.0, 76.0, 76.0, 76.0];
    let head = |(key, width): (&str, f32)| {
        let name = lang.t(&head_key(found, key));
        if key == "class" { table::Head::text(name, width) } else { table::Head::number(name, width) }
    };
    HEADS.into_iter().zip(widths).map(head).collect()
}

fn cells(name: String, group: &Group, all_money: f64) -> Vec<Cell> {
    let blank = || Cell::from("");
    let tenth = |value: Option<f64>| match value {
        Some(value) => Cell::Number { value, text: format!("{value:.1}"), format: "0.0" },
        None => blank(),
    };
    vec![
        name.into(),
        Cell::whole(group.size as u64),
        Cell::percent(group.share),
        group.money.filter(|_| all_money > 0.0).map_or_else(blank, |m| Cell::percent(m / all_money)),
        leaving(group).map_or_else(blank, Cell::percent),
        tenth(group.days_since_last),
        tenth(group.orders),
    ]
}

fn grid(lang: Lang, found: &Classified, name: &str, rows: &[Vec<Cell>]) -> Grid {
    Grid {
        name: lang.t(name),
        header: HEADS.map(|key| lang.t(&head_key(found, key))).to_vec(),
        rows: rows.to_vec(),
    }
}

fn money_of(found: &Classified) -> f64 {
    found.classes.iter().filter_map(|group| group.money).sum()
}

fn draw(
    ui: &mut Ui,
    heads: &[table::Head],
    id: &str,
    rows: &[Vec<Cell>],
    chosen: Option<usize>,
) -> Option<usize> {
    let height = 32.0 + 28.0 * rows.len().min(14) as f32;
    let spec = table::Table { chosen: Some(chosen), ..table::Table::new(id, heads, rows.len(), height) };
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let text = rows.get(row).and_then(|cells| cells.get(column)).map_or("", Cell::text);
        if text.is_empty() { table::missing(ui) } else { table::plain(ui, text) }
    });
    clicked.row
}

/// The classes of the RFM table.
pub(super) fn classes(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Classified>) {
    let lang = scene.lang;
    let Some(fitted) = &found.fitted else { return };
    let all = money_of(found);
    let mut rows: Vec<(Choice, Vec<Cell>)> = fitted
        .classes
        .iter()
        .zip(&found.classes)
        .enumerate()
        .map(|(at, (class, group))| (Choice::Class(at), cells(class_name(lang, &class.name), group, all)))
        .collect();
    // Whoever is in no class is told only where there is anyone.
    if let Some(rest) = found.classes.last().filter(|group| group.size > 0) {
        rows.push((Choice::Class(usize::MAX), cells(lang.t("classes.none"), rest, all)));
    }
    let (choices, rows): (Vec<Choice>, Vec<Vec<Cell>>) = rows.into_iter().unzip();
    ui.horizontal(|ui| {
        parts::section(ui, lang.t("classes.table"));
        let layout = Layout::of(&MEANINGS);
        take::groups_menu(ui, lang, &lang.t("classes.table"), &layout, || {
            grid(lang, found, "classes.table", &rows)
        });
    });
    let chosen = choices.iter().position(|choice| scene.page.classes.choice == Some(*choice));
    if let Some(row) = draw(ui, &heads(lang, found), "rfm classes", &rows, chosen) {
        let choice = choices.get(row).copied().filter(|choice| *choice != Choice::Class(usize::MAX));
        scene.page.classes.choice = choice.filter(|_| chosen != Some(row));
    }
}

/// The classes by rule, and what is wrong with them.
pub(super) fn rules(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Classified>) {
    let lang = scene.lang;
    let all = money_of(found);
    let names: Vec<String> =
        scene.state.settings.classes.rules.iter().map(|rule| rule.name.clone()).collect();
    let rows: Vec<Vec<Cell>> =
        found.rules.iter().zip(&names).map(|((_, group), name)| cells(name.clone(), group, all)).collect();
    ui.horizontal(|ui| {
        parts::section(ui, lang.t("classes.own"));
        // A customer may be in several.
        let layout = Layout::of(&OVERLAPPING);
        take::groups_menu(ui, lang, &lang.t("classes.own"), &layout, || {
            grid(lang, found, "classes.own", &rows)
        });
    });
    let chosen = match scene.page.classes.choice {
        Some(Choice::Rule(at)) => Some(at),
        _ => None,
    };
    if let Some(row) = draw(ui, &heads(lang, found), "own classes", &rows, chosen) {
        scene.page.classes.choice = (chosen != Some(row)).then_some(Choice::Rule(row));
    }
    for (at, (of, _)) in found.rules.iter().enumerate() {
        let name = names.get(at).cloned().unwrap_or_default();
        if let Some(text) = rules::trouble(lang, &names, of) {
            parts::caution(ui, &format!("{name}: {text}"));
        }
    }
}
