//! A small picture of how numbers are spread, as tall as a row of text.

use eframe::egui::{self, Rect, Sense, Stroke, Ui, pos2, vec2};
use regulars_engine::train::fit::Histogram;

use crate::window::theme::Palette;

/// Draws it; `name` says what it is of, for those who do not see it and on hover.
pub fn small(ui: &mut Ui, name: &str, of: &Histogram, width: f32) {
    let p = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 26.0), Sense::hover());
    let words = format!("{name}: {} … {}", number(of.low), number(of.high));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &words));
    let painter = ui.painter_at(rect);
    let most = of.counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let step = rect.width() / of.counts.len().max(1) as f32;
    for (at, count) in of.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // A root, so that a single number far out is still seen.
        let tall = ((*count as f32 / most).sqrt() * (rect.height() - 2.0)).max(1.0);
        let left = rect.left() + at as f32 * step;
        let bar = Rect::from_min_max(
            pos2(left, rect.bottom() - 1.0 - tall),
            pos2(left + step, rect.bottom() - 1.0),
        );
        painter.rect_filled(bar.shrink2(vec2(0.5, 0.0)), 0.0, p.accent);
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, p.line));
    if of.low < 0.0 && of.high > 0.0 {
        let zero = rect.left() + rect.width() * (-of.low / (of.high - of.low));
        painter.vline(zero, rect.y_range(), Stroke::new(1.0, p.muted));
    }
    response.on_hover_text(words);
}

/// A weight or an answer with three digits that count.
pub fn number(value: f32) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (0.001..10_000.0).contains(&size) => {
            let digits = (2 - size.log10().floor() as i32).clamp(0, 5);
            format!("{value:.*}", usize::try_from(digits).unwrap_or(0))
        }
        _ => format!("{value:.1e}"),
    }
}
