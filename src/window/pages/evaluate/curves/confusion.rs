//! The confusion matrix, whose cells lead to their customers.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::evaluate::Evaluation;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::metrics::Confusion;

use crate::report::svg;
use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts;
use crate::window::parts::framed::{self, Framed};
use crate::window::theme::{self, Palette, S2};
use crate::words::{Lang, percent};

/// Who was told rightly, at the pointer's threshold where it is over a curve.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, test: &Evaluation, threshold: f64) {
    let lang = scene.lang;
    let pointed = scene.page.hover.map(|point| point.threshold);
    let counts = test.confusion(pointed.unwrap_or(threshold));
    let title = lang.t("evaluate.confusion");
    let data = || matrix(scene.lang, counts);
    let drawing = || drawing(scene.lang, counts);
    let framed = Framed { id: "confusion", title: &title, drawing: &drawing, data: &data };
    let labels = scene.state.prepared.as_ref().map(|p| &p.labels);
    let target = labels.map_or_else(String::new, |of| format!("{} = {}", of.column, of.positive));
    let asked = framed::show(ui, lang, &framed, |ui| {
        let at = lang.with("evaluate.at", &[("threshold", percent(pointed.unwrap_or(threshold).min(1.0)))]);
        parts::muted(ui, format!("{target} · {at}"));
        cells(ui, scene, counts)
    });
    // The list is of the day to answer; those who were measured stand on an earlier one.
    if scene.state.asked().is_some() {
        return;
    }
    parts::muted(ui, lang.t("evaluate.cell.help"));
    if asked.is_some() {
        scene.page.cell = asked;
        scene.page.today.on = false;
        scene.send.extend([Command::CloseMonth, Command::Go(Page::Customers)]);
    }
}

/// The four cells; returns the one that was clicked: said to leave, did leave.
fn cells(ui: &mut Ui, scene: &Scene<'_>, counts: Confusion) -> Option<(bool, bool)> {
    let lang = scene.lang;
    let p = Palette::of(ui);
    let mut asked = None;
    let mut cell = |ui: &mut Ui, value: u64, said: bool, was: bool| {
        let good = said == was;
        let share = value as f32 / counts.total().max(1) as f32;
        let color = if good { p.good } else { p.bad };
        let mark = if good { "✓" } else { "×" };
        let frame = egui::Frame::new()
            .fill(color.gamma_multiply(0.08 + 0.35 * share))
            .stroke(egui::Stroke::new(1.0, p.line))
            .corner_radius(6)
            .inner_margin(10)
            .show(ui, |ui| {
                ui.set_min_size(egui::vec2(58.0, 44.0));
                ui.vertical_centered(|ui| {
                    let count = RichText::new(lang.count(value)).font(theme::section_font());
                    ui.add(egui::Label::new(count).selectable(false));
                    let text = RichText::new(format!("{mark} {:.1}%", share * 100.0)).small();
                    ui.add(egui::Label::new(text).selectable(false));
                });
            });
        let rect = frame.response.rect;
        let response = ui.interact(rect, ui.scope_id().with(("cell", said, was)), egui::Sense::click());
        let words =
            |yes: bool, key: &str| lang.t(&format!("evaluate.{key}_{}", if yes { "yes" } else { "no" }));
        let name = format!("{}, {}: {}", words(was, "was"), words(said, "said"), lang.count(value));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        if response.hovered() || response.has_focus() {
            ui.painter().rect_stroke(rect, 6, egui::Stroke::new(2.0, p.accent), egui::StrokeKind::Inside);
        }
        if response.on_hover_text(lang.t("evaluate.cell.help")).clicked() {
            asked = Some((said, was));
        }
    };
    egui::Grid::new("confusion").spacing([S2, S2]).show(ui, |ui| {
        ui.label("");
        parts::muted(ui, lang.t("evaluate.said_yes"));
        parts::muted(ui, lang.t("evaluate.said_no"));
        ui.end_row();
        parts::muted(ui, lang.t("evaluate.was_yes"));
        cell(ui, counts.true_positive, true, true);
        cell(ui, counts.false_negative, false, true);
        ui.end_row();
        parts::muted(ui, lang.t("evaluate.was_no"));
        cell(ui, counts.false_positive, true, false);
        cell(ui, counts.true_negative, false, false);
        ui.end_row();
    });
    asked
}

/// The matrix as a table.
fn matrix(lang: Lang, counts: Confusion) -> Grid {
    let row = |key: &str, yes, no| vec![lang.t(key).into(), Cell::whole(yes), Cell::whole(no)];
    Grid {
        name: lang.t("evaluate.confusion"),
        header: vec![String::new(), lang.t("evaluate.said_yes"), lang.t("evaluate.said_no")],
        rows: vec![
            row("evaluate.was_yes", counts.true_positive, counts.false_negative),
            row("evaluate.was_no", counts.false_positive, counts.true_negative),
        ],
    }
}

/// The matrix as a drawing: 0 flagged, 1 not flagged.
fn drawing(lang: Lang, counts: Confusion) -> svg::Chart {
    let line = |key: &str, yes: u64, no: u64| svg::Series {
        name: lang.t(key),
        points: vec![(0.0, yes as f64), (1.0, no as f64)],
        dashed: false,
        markers: true,
    };
    svg::Chart {
        title: lang.t("evaluate.confusion"),
        x: format!("0 = {} · 1 = {}", lang.t("evaluate.said_yes"), lang.t("evaluate.said_no")),
        y: lang.t("common.rows"),
        series: vec![
            line("evaluate.was_yes", counts.true_positive, counts.false_negative),
            line("evaluate.was_no", counts.false_positive, counts.true_negative),
        ],
        include: vec![[0.0, 0.0]],
    }
}
