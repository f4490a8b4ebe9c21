//! The network: its units as what they answer over the plane, its weights as lines.

use eframe::egui::{self, Align2, FontId, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};
use regulars_engine::train::glass::bench::View;

use super::surface;
use crate::window::parts;
use crate::window::state::{Lab, LabGround};
use crate::window::theme::{self, Palette};
use crate::words::Lang;

/// Where the units stand.
struct Places {
    rect: Rect,
    columns: usize,
    size: f32,
}

impl Places {
    fn new(rect: Rect, counts: &[usize]) -> Self {
        let most = counts.iter().copied().max().unwrap_or(1).max(1);
        let size = ((rect.height() - 20.0) / most as f32 - 6.0).clamp(14.0, 52.0);
        Self { rect, columns: counts.len().max(1), size }
    }

    fn at(&self, column: usize, unit: usize, count: usize) -> Pos2 {
        let step = self.rect.width() / self.columns as f32;
        let gap = self.size + 6.0;
        let top = self.rect.center().y - 8.0 - gap * (count as f32 - 1.0) / 2.0;
        pos2(self.rect.left() + step * (column as f32 + 0.5), top + gap * unit as f32)
    }
}

pub(super) fn show(ui: &mut Ui, lang: Lang, lab: &mut Lab, view: &View, ground: &LabGround, height: f32) {
    let p = Palette::of(ui);
    let network = &view.picture.network;
    let title = lang.with("lab.network", &[("count", lang.count(network.parameters() as u64))]);
    ui.add(egui::Label::new(egui::RichText::new(&title).family(theme::strong())).truncate());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &title));
    let counts: Vec<usize> =
        std::iter::once(2).chain(network.layers.iter().map(|layer| layer.outputs)).collect();
    let places = Places::new(rect, &counts);
    let count = |column: usize| counts.get(column).copied().unwrap_or(0);
    edges(ui, view, &places, &counts);

    let painter = ui.painter_at(rect);
    let strong = FontId::new(15.0, theme::strong());
    for (unit, name) in ["x₁", "x₂"].into_iter().enumerate() {
        let at = places.at(0, unit, 2);
        painter.circle(at, places.size / 2.0, p.surface, Stroke::new(1.0, p.accent));
        painter.text(at, Align2::CENTER_CENTER, name, strong.clone(), p.ink);
    }
    for (layer, numbers) in network.layers.iter().enumerate() {
        for unit in 0..numbers.outputs {
            let at = places.at(layer + 1, unit, count(layer + 1));
            node(
                ui,
                lang,
                lab,
                view,
                (layer, unit),
                Rect::from_center_size(at, vec2(places.size, places.size)),
            );
        }
    }
    let small = FontId::proportional(12.0);
    for column in 0..places.columns {
        let text = match column {
            0 => lang.t("lab.inputs"),
            n if n + 1 == places.columns => lang.t("lab.output"),
            n => lang.with("lab.layer", &[("number", n.to_string())]),
        };
        let under = pos2(places.at(column, 0, 1).x, rect.bottom() - 8.0);
        painter.text(under, Align2::CENTER_CENTER, text, small.clone(), p.muted);
    }
    let names = ground.own.as_ref().map(|(_, names)| names);
    if let Some([a, b]) = names {
        parts::muted(ui, lang.with("lab.axes", &[("first", a.clone()), ("second", b.clone())]));
    }
    ui.add(egui::Label::new(egui::RichText::new(lang.t("lab.network.help")).small().color(p.muted)).wrap());
}

/// A line for each weight: its colour and dashes tell the sign, its width the size.
fn edges(ui: &Ui, view: &View, places: &Places, counts: &[usize]) {
    let painter = ui.painter_at(places.rect);
    for (layer, numbers) in view.picture.network.layers.iter().enumerate() {
        let most = numbers.weights.iter().fold(0.0f32, |most, weight| most.max(weight.abs())).max(1e-6);
        let count = |column: usize| counts.get(column).copied().unwrap_or(0);
        let weights = numbers.weights.chunks(numbers.outputs.max(1));
        for (input, weights) in weights.enumerate() {
            for (unit, weight) in weights.iter().enumerate() {
                let half = vec2(places.size / 2.0, 0.0);
                let from = places.at(layer, input, count(layer)) + half;
                let to = places.at(layer + 1, unit, count(layer + 1)) - half;
                let share = weight.abs() / most;
                let color = surface::SIDES[usize::from(*weight > 0.0)].gamma_multiply(0.25 + 0.75 * share);
                let stroke = Stroke::new(0.5 + 3.5 * share, color);
                if *weight < 0.0 {
                    painter.extend(Shape::dashed_line(&[from, to], stroke, 5.0, 3.0));
                } else {
                    painter.line_segment([from, to], stroke);
                }
            }
        }
    }
}

/// A unit: the pointer or the keyboard on it shows its response, a click holds it.
fn node(ui: &Ui, lang: Lang, lab: &mut Lab, view: &View, of: (usize, usize), rect: Rect) {
    let p = Palette::of(ui);
    let (layer, unit) = of;
    let response = ui.interact(rect, ui.scope_id().with(("unit", layer, unit)), Sense::click());
    let is_last = layer + 1 == view.picture.units.len();
    let key = if is_last { "lab.unit_answer" } else { "lab.unit" };
    let bias = view.picture.network.layers.get(layer).and_then(|numbers| numbers.bias.get(unit));
    let name = lang.with(
        key,
        &[
            ("layer", (layer + 1).to_string()),
            ("unit", (unit + 1).to_string()),
            ("bias", format!("{:.3}", bias.copied().unwrap_or(0.0))),
        ],
    );
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, lab.pinned == Some(of), &name));
    if response.clicked() {
        lab.pinned = if lab.pinned == Some(of) { None } else { Some(of) };
    }
    let is_on = response.hovered() || response.has_focus() || lab.pinned == Some(of);
    if response.hovered() || response.has_focus() {
        lab.unit = Some(of);
    }
    surface::paint(ui, lab.textures.get(surface::texture(view, layer, unit)), rect);
    let stroke = if is_on { Stroke::new(2.0, p.accent) } else { Stroke::new(1.0, p.muted) };
    ui.painter().rect_stroke(rect, 3.0, stroke, egui::StrokeKind::Outside);
    response.on_hover_text(name);
}
