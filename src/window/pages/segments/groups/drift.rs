//! The customers of a later file: which groups they fall into, and whether the groups still hold.

use std::sync::Arc;

use eframe::egui::Ui;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::segment::Segmentation;
use regulars_engine::segment::cluster::Drift;

use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
use crate::words::{Lang, percent, segment_name};

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, found: &Arc<Segmentation>) {
    let lang = scene.lang;
    let Some(month) = &scene.state.month else { return };
    let Some(drift) = scene.state.groups.drift(month, found) else { return };
    let args = [("psi", format!("{:.2}", drift.psi))];
    let key = if drift.is_large() { "groups.drift.large" } else { "groups.drift.small" };
    parts::section(ui, lang.with(key, &args));
    let outside = [("now", percent(drift.outside)), ("then", percent(drift.outside_then))];
    parts::muted(ui, lang.with("groups.drift.help", &outside));
    let title = lang.t("groups.drift.name");
    take::table_menu(ui, lang, &title, || grid(lang, found, drift, &title));
    let heads = [
        table::Head::text(lang.t("segments.head.segment"), 320.0),
        table::Head::number(lang.t("groups.drift.then"), 90.0),
        table::Head::number(lang.t("groups.drift.now"), 90.0),
    ];
    let spec = table::Table::new("drift of groups", &heads, drift.now.len(), 260.0);
    table::show(ui, &spec, |ui, row, column| {
        let share = |list: &[f64]| list.get(row).map_or_else(String::new, |share| percent(*share));
        table::plain(
            ui,
            match column {
                0 => name(lang, found, row),
                1 => share(&drift.then),
                _ => share(&drift.now),
            },
        );
    });
}

fn name(lang: Lang, found: &Segmentation, at: usize) -> String {
    let name = found.segments.get(at).map_or_else(String::new, |one| segment_name(lang, one));
    format!("{} · {name}", at + 1)
}

fn grid(lang: Lang, found: &Segmentation, drift: &Drift, title: &str) -> Grid {
    let rows = drift.then.iter().zip(&drift.now).enumerate().map(|(at, (then, now))| {
        vec![name(lang, found, at).as_str().into(), Cell::percent(*then), Cell::percent(*now)]
    });
    Grid {
        name: title.to_owned(),
        header: vec![
            lang.t("segments.head.segment"),
            lang.t("groups.drift.then"),
            lang.t("groups.drift.now"),
        ],
        rows: rows.collect(),
    }
}
