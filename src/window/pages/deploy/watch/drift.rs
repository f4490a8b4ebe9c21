//! The drift of one file: alerts in words, and how far each column has moved.

use eframe::egui::{self, Color32, Rect, RichText, Sense, Ui, Vec2};
use regulars_engine::deploy::drift::{ColumnDrift, DriftReport};
use regulars_engine::deploy::watch::Done;
use regulars_engine::files::{Cell, Grid};

use crate::window::pages::Scene;
use crate::window::parts::{self, chart, take};
use crate::window::theme::{Palette, S1, S2, S3};
use crate::words::{self, Lang, percent};

/// Columns whose bars are shown.
const MOST: usize = 16;

/// Draws alerts and chart of the chosen file.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, done: &[(String, Done)]) {
    let lang = scene.lang;
    let Some(report) = scene.state.watch.drift().cloned() else { return };
    let of = done.iter().find(|(hash, _)| scene.state.watch.chosen.as_ref() == Some(hash));
    let file = of.map_or_else(String::new, |(_, done)| done.file.clone());
    ui.add_space(S3);
    let title = words::watch::finding(lang, &file, &report);
    chart::head(ui, &title, |ui| take::table_menu(ui, lang, &title, || grid(lang, &title, &report)));
    ui.add(egui::Label::new(words::watch::verdict(lang, &report)).wrap());
    for alert in &report.alerts {
        parts::caution(ui, &words::watch::alert(lang, alert));
    }
    ui.add_space(S2);
    let columns: Vec<&ColumnDrift> = report.score.iter().chain(&report.columns).take(MOST).collect();
    let alarmed = |column: &ColumnDrift| report.alerts.iter().any(|alert| alert.column == column.column);
    let largest = columns.iter().map(|c| c.psi.max(c.psi_by_chance)).fold(0.1, f64::max);
    let mut clicked = None;
    for column in &columns {
        let name = name_of(lang, column);
        let is_open = scene.state.watch.column.as_ref() == Some(&column.column);
        if bar(ui, &name, column, (largest, alarmed(column), is_open)) {
            clicked = Some((!is_open).then(|| column.column.clone()));
        }
        if is_open {
            bins(ui, lang, column);
        }
    }
    if let Some(column) = clicked {
        scene.state.watch.column = column;
    }
    parts::muted(ui, lang.t("watch.chart.reading"));
}

fn name_of(lang: Lang, column: &ColumnDrift) -> String {
    if column.column.is_empty() { lang.t("watch.score") } else { column.column.clone() }
}

/// One line: the column's name, a bar as long as its index with a stroke at what chance brings, the
/// figure. True when its name was clicked.
fn bar(
    ui: &mut Ui,
    name: &str,
    column: &ColumnDrift,
    (largest, alarmed, is_open): (f64, bool, bool),
) -> bool {
    let p = Palette::of(ui);
    ui.horizontal(|ui| {
        let width = (ui.available_width() * 0.3).clamp(120.0, 260.0);
        let button = egui::Button::selectable(is_open, name).truncate();
        let response = ui.add_sized(Vec2::new(width, 22.0), button).on_hover_text(name);
        let room = (ui.available_width() - 150.0).max(60.0);
        let (rect, _) = ui.allocate_exact_size(Vec2::new(room, 14.0), Sense::hover());
        let place = |value: f64| rect.left() + (value / largest).clamp(0.0, 1.0) as f32 * rect.width();
        let color: Color32 = if alarmed { p.caution } else { p.accent };
        let filled = Rect::from_min_max(rect.min, egui::pos2(place(column.psi), rect.bottom()));
        ui.painter().rect_filled(rect, 2.0, p.line.gamma_multiply(0.4));
        ui.painter().rect_filled(filled, 2.0, color);
        let chance = place(column.psi_by_chance);
        ui.painter().vline(chance, rect.y_range(), egui::Stroke::new(2.0, p.muted));
        let mark = if alarmed { "△ " } else { "" };
        ui.label(RichText::new(format!("{mark}{:.3}", column.psi)));
        response.clicked()
    })
    .inner
}

/// The shares of the bins, then and now.
fn bins(ui: &mut Ui, lang: Lang, column: &ColumnDrift) {
    parts::card(ui, 8, |ui| {
        ui.add(egui::Label::new(words::watch::column_finding(lang, column)).wrap());
        ui.add_space(S1);
        egui::Grid::new("watch_bins").num_columns(3).striped(true).show(ui, |ui| {
            for key in ["watch.bin", "watch.then", "watch.now"] {
                parts::muted(ui, lang.t(key));
            }
            ui.end_row();
            for (bin, then, now) in &column.bins {
                ui.label(bin);
                ui.label(percent(*then));
                ui.label(percent(*now));
                ui.end_row();
            }
        });
    });
}

fn grid(lang: Lang, title: &str, report: &DriftReport) -> Grid {
    let number = |value: f64| Cell::Number { value, text: format!("{value:.4}"), format: "0.0000" };
    let row = |column: &ColumnDrift| {
        vec![
            Cell::from(name_of(lang, column)),
            number(column.psi),
            number(column.psi_by_chance),
            column.ks.map_or_else(|| Cell::from(""), number),
            Cell::percent(column.missing.0),
            Cell::percent(column.missing.1),
        ]
    };
    let keys = ["column", "psi", "by_chance", "ks", "missing_then", "missing_now"];
    Grid {
        name: title.to_owned(),
        header: keys.iter().map(|key| lang.t(&format!("watch.take.{key}"))).collect(),
        rows: report.score.iter().chain(&report.columns).map(row).collect(),
    }
}
