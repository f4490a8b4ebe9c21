//! Rows of a name, a bar with its interval, and a number: a chart whose names are never cut by their
//! neighbours.

use eframe::egui::{
    self, FontId, Rect, Sense, Stroke, StrokeKind, TextStyle, TextWrapMode, Ui, WidgetText, pos2, vec2,
};

use crate::window::theme::{Palette, S2, SERIES};

/// One row.
pub struct Row {
    pub name: String,
    pub value: f64,
    /// The 95% interval, or the middle 80%.
    pub range: [f64; 2],
    /// Two marks on the line.
    pub dots: Option<[f64; 2]>,
    /// Of no weight: drawn faintly.
    pub faint: bool,
    /// The number at the end.
    pub text: String,
    /// All of it in words, for those who do not see it and on hover.
    pub words: String,
}

/// How rows are drawn.
pub struct Look {
    pub id: &'static str,
    /// From 0, or from the lowest value.
    pub from_zero: bool,
    /// A row can be chosen, and this one is.
    pub chosen: Option<Option<usize>>,
}

const HEIGHT: f32 = 28.0;
/// Room for the number at the end.
const NUMBER: f32 = 62.0;

/// Draws the rows; returns the one that was clicked.
pub fn show(ui: &mut Ui, look: &Look, rows: &[Row]) -> Option<usize> {
    let p = Palette::of(ui);
    let values = rows
        .iter()
        .flat_map(|row| row.range.into_iter().chain([row.value]).chain(row.dots.into_iter().flatten()));
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    values.filter(|v| v.is_finite()).for_each(|v| (low, high) = (low.min(v), high.max(v)));
    if look.from_zero {
        (low, high) = (low.min(0.0), high.max(0.0));
    }
    if low >= high {
        high = low + 1.0;
    }
    let width = ui.available_width();
    let names = (0.38 * width).max(100.0);
    let mut clicked = None;
    ui.push_id(look.id, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (at, row) in rows.iter().enumerate() {
            let sense = if look.chosen.is_some() { Sense::click() } else { Sense::hover() };
            let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), sense);
            let role = if look.chosen.is_some() { egui::Role::Button } else { egui::Role::Label };
            response.widget_info(|| egui::WidgetInfo::labeled(role, true, &row.words));
            let is_chosen = look.chosen == Some(Some(at));
            if is_chosen || (response.hovered() && look.chosen.is_some()) {
                let strength = if is_chosen { 0.16 } else { 0.08 };
                ui.painter().rect_filled(rect, 4, p.accent.gamma_multiply(strength));
            }
            if response.has_focus() {
                ui.painter().rect_stroke(rect, 4, Stroke::new(2.0, p.accent), StrokeKind::Inside);
            }
            let bars = Rect::from_min_max(
                pos2(rect.left() + names + S2, rect.top()),
                pos2((rect.right() - NUMBER - S2).max(rect.left() + names + S2 + 8.0), rect.bottom()),
            );
            let ink = if row.faint { p.muted } else { p.ink };
            text(ui, &row.name, pos2(rect.left() + S2, rect.center().y), names - S2, ink);
            text(ui, &row.text, pos2(rect.right() - NUMBER, rect.center().y), NUMBER, ink);
            paint(ui, row, bars, (low, high), look.from_zero);
            let response = response.on_hover_text(&row.words);
            if response.clicked() {
                clicked = Some(at);
            }
        }
    });
    clicked
}

fn text(ui: &Ui, text: &str, at: egui::Pos2, width: f32, ink: egui::Color32) {
    let font = FontId::proportional(ui.text_style_height(&TextStyle::Body).min(13.0));
    let galley = WidgetText::from(text).into_galley(ui, Some(TextWrapMode::Truncate), width, font);
    let top = at.y - galley.size().y / 2.0;
    ui.painter().galley(pos2(at.x, top), galley, ink);
}

fn paint(ui: &Ui, row: &Row, room: Rect, (low, high): (f64, f64), from_zero: bool) {
    let p = Palette::of(ui);
    let x = |value: f64| {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0) as f32;
        room.left() + share * room.width()
    };
    let painter = ui.painter_at(room.expand(5.0));
    let color = if row.faint { p.muted } else { SERIES[0] };
    let middle = room.center().y;
    if from_zero {
        painter.vline(x(0.0), room.y_range(), Stroke::new(1.0, p.line));
        let (a, b) = (x(0.0).min(x(row.value)), x(0.0).max(x(row.value)));
        let bar = Rect::from_min_max(pos2(a, middle - 6.0), pos2(b, middle + 6.0));
        painter.rect_filled(bar, 2, color.gamma_multiply(if row.faint { 0.35 } else { 0.55 }));
    }
    let [a, b] = row.range.map(x);
    painter.hline(a..=b, middle, Stroke::new(1.5, p.ink));
    for end in [a, b] {
        painter.vline(end, middle - 4.0..=middle + 4.0, Stroke::new(1.5, p.ink));
    }
    for dot in row.dots.into_iter().flatten() {
        painter.circle_filled(pos2(x(dot), middle), 2.0, p.muted);
    }
    if !from_zero {
        painter.circle(pos2(x(row.value), middle), 5.0, color, Stroke::new(1.0, p.surface));
    }
}
