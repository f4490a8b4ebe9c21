//! The network as a picture: a column of units for each layer, with the numbers between them.

use eframe::egui::{self, Align2, FontId, Stroke, Ui, pos2, vec2};
use regulars_engine::train::MlpSpec;

use crate::window::parts;
use crate::window::theme::{self, Palette, S2};
use crate::words::Lang;

/// Units of a layer that are drawn; more are told by a number.
const UNITS: usize = 7;

/// Draws the network of `spec` on `inputs` features.
pub(super) fn show(ui: &mut Ui, lang: Lang, spec: &MlpSpec, inputs: usize) {
    let p = Palette::of(ui);
    let counts = spec.parameters(inputs);
    let total: usize = counts.iter().sum();
    let text = lang.with("train.parameters", &[("count", lang.count(total as u64))]);
    ui.label(text).on_hover_text(lang.t("train.parameters.help"));
    let units: Vec<usize> = std::iter::once(inputs).chain(spec.hidden.iter().copied()).chain([1]).collect();
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 162.0), egui::Sense::hover());
    let words: Vec<String> = units.iter().map(usize::to_string).collect();
    let name = lang.with("train.diagram_name", &[("layers", words.join(", "))]);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let painter = ui.painter_at(rect);
    let step = rect.width() / units.len() as f32;
    let x = |layer: usize| rect.left() + step * (layer as f32 + 0.5);
    let places = |layer: usize| -> Vec<egui::Pos2> {
        let shown = units[layer].min(UNITS);
        let gap = 13.0;
        let top = rect.center().y - 12.0 - gap * (shown as f32 - 1.0) / 2.0;
        (0..shown).map(|n| pos2(x(layer), top + gap * n as f32)).collect()
    };
    for layer in 1..units.len() {
        let line = Stroke::new(0.7, p.muted.gamma_multiply(0.35));
        for from in places(layer - 1) {
            for to in places(layer) {
                painter.line_segment([from, to], line);
            }
        }
        let middle = pos2((x(layer - 1) + x(layer)) / 2.0, rect.top() + 8.0);
        let font = FontId::new(12.0, theme::strong());
        painter.text(middle, Align2::CENTER_CENTER, lang.count(counts[layer - 1] as u64), font, p.muted);
    }
    for (layer, count) in units.iter().enumerate() {
        let ends = layer == 0 || layer + 1 == units.len();
        for at in places(layer) {
            painter.circle(at, 4.5, if ends { p.surface } else { p.accent }, Stroke::new(1.0, p.accent));
        }
        if *count > UNITS {
            // More than are drawn.
            let last = places(layer).last().map_or(rect.center().y, |at| at.y);
            for n in 1..=3 {
                painter.circle_filled(pos2(x(layer), last + 5.0 + 3.5 * n as f32), 1.0, p.muted);
            }
        }
        let what = match layer {
            0 => lang.t("train.inputs"),
            n if n + 1 == units.len() => lang.t("train.output"),
            _ if spec.batch_norm => {
                format!("{} · BN", lang.t(&format!("activation.{}", spec.activation.name())))
            }
            _ => lang.t(&format!("activation.{}", spec.activation.name())),
        };
        let under = pos2(x(layer), rect.bottom() - 22.0);
        let strong = FontId::new(13.0, theme::strong());
        painter.text(under, Align2::CENTER_CENTER, lang.count(*count as u64), strong, p.ink);
        let last = pos2(x(layer), rect.bottom() - 7.0);
        painter.text(last, Align2::CENTER_CENTER, what, FontId::proportional(12.0), p.muted);
    }
    if spec.dropout > 0.0 {
        parts::muted(
            ui,
            lang.with("train.dropout_note", &[("share", format!("{:.0}%", 100.0 * spec.dropout))]),
        );
    }
    ui.add_space(S2);
}
