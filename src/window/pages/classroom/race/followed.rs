//! The same five validation customers in every lane: their scores as dots that move.

use eframe::egui::{self, Align2, FontId, RichText, Sense, Stroke, Ui, pos2, vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::train::race::View;

use super::color;
use crate::window::pages::Scene;
use crate::window::parts::{self, take};
use crate::window::state::race::{Ground, letter};
use crate::window::theme::{self, Palette, S1};
use crate::words::{Lang, percent, shown_id};

/// The customer's name, or its mask, or its number where the file has no names.
fn name(lang: Lang, at: usize, id: Option<&String>, is_masked: bool) -> String {
    match id {
        Some(id) => shown_id(id, is_masked),
        None => lang.with("race.customer", &[("number", (at + 1).to_string())]),
    }
}

/// Whether the customer left.
fn outcome(lang: Lang, is_positive: bool) -> String {
    lang.t(if is_positive { "race.is_positive" } else { "race.is_negative" })
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, ground: &Ground, view: &View) {
    let lang = scene.lang;
    let is_masked = scene.prefs.projector;
    let threshold = scene.state.settings.threshold;
    parts::section(ui, lang.t("race.followed"));
    ui.horizontal(|ui| {
        if let Some((at, low, high)) = view.widest() {
            let id = ground.followed.get(at).and_then(|(id, _)| id.as_ref());
            let args =
                [("customer", name(lang, at, id, is_masked)), ("low", percent(low)), ("high", percent(high))];
            ui.label(RichText::new(lang.with("race.widest", &args)).family(theme::strong()));
        }
        take::table_menu(ui, lang, &lang.t("race.followed"), || grid(lang, ground, view, is_masked));
    });
    parts::muted(ui, lang.with("race.followed_help", &[("threshold", percent(threshold))]));
    for (at, (id, is_positive)) in ground.followed.iter().enumerate() {
        let scores: Vec<f64> =
            view.lanes.iter().map(|lane| lane.scores.get(at).copied().unwrap_or(f64::NAN)).collect();
        let name = format!("{} · {}", at + 1, name(lang, at, id.as_ref(), is_masked));
        row(ui, &name, &outcome(lang, *is_positive), &scores, threshold);
    }
    ui.add_space(S1);
}

/// One customer: name, scores of all lanes from 0% to 100%, and what happened.
fn row(ui: &mut Ui, name: &str, outcome: &str, scores: &[f64], threshold: f64) {
    let p = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 34.0), Sense::hover());
    let told: Vec<String> =
        scores.iter().enumerate().map(|(at, score)| format!("{} {}", letter(at), percent(*score))).collect();
    let whole = format!("{name}, {outcome}: {}", told.join(" · "));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &whole));
    let painter = ui.painter_at(rect);
    let small = FontId::proportional(13.0);
    let middle = rect.center().y;
    let texts = [
        (rect.left(), Align2::LEFT_CENTER, name, p.ink),
        (rect.right(), Align2::RIGHT_CENTER, outcome, p.muted),
    ];
    for (x, align, text, ink) in texts {
        painter.text(pos2(x, middle), align, text, small.clone(), ink);
    }
    let (left, right) = (rect.left() + 150.0, rect.right() - 112.0);
    let x = |share: f64| left + (right - left) * share.clamp(0.0, 1.0) as f32;
    painter.line_segment([pos2(left, middle), pos2(right, middle)], Stroke::new(1.0, p.muted));
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let from = pos2(x(share), middle - 4.0);
        painter.line_segment([from, from + vec2(0.0, 8.0)], Stroke::new(1.0, p.muted));
    }
    let from = pos2(x(threshold), middle - 14.0);
    painter.line_segment([from, from + vec2(0.0, 28.0)], Stroke::new(1.5, p.accent));
    for (at, score) in scores.iter().enumerate().filter(|(_, score)| score.is_finite()) {
        // Lanes that agree stay apart.
        let up = (at as f32 - (scores.len() as f32 - 1.0) / 2.0) * 3.2;
        let dot = pos2(x(*score), middle + up);
        painter.circle(dot, 7.5, color(at), Stroke::new(1.0, p.surface));
        let ink = if at >= 4 { egui::Color32::BLACK } else { egui::Color32::WHITE };
        painter.text(dot, Align2::CENTER_CENTER, letter(at), FontId::new(11.0, theme::strong()), ink);
    }
    response.on_hover_text(whole);
}

fn grid(lang: Lang, ground: &Ground, view: &View, is_masked: bool) -> Grid {
    let mut header = vec![lang.t("customers.id"), lang.t("race.outcome")];
    header.extend((0..view.lanes.len()).map(|at| letter(at).to_string()));
    let rows = ground.followed.iter().enumerate().map(|(at, (id, is_positive))| {
        let mut row =
            vec![Cell::from(name(lang, at, id.as_ref(), is_masked)), outcome(lang, *is_positive).into()];
        row.extend(
            view.lanes.iter().filter_map(|lane| lane.scores.get(at)).map(|score| Cell::percent(*score)),
        );
        row
    });
    Grid { name: lang.t("race.followed"), header, rows: rows.collect() }
}
