//! The folds of one model as dots on a line that all models share, with the mean and its interval.

use eframe::egui::{self, Pos2, Rect, Sense, Stroke, Ui, Vec2};
use regulars_engine::evaluate::Compared;

use crate::report::found;
use crate::window::theme::{Palette, SERIES};
use crate::words::Lang;

/// What the line reaches from and to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    low: f64,
    high: f64,
}

impl Span {
    /// All that is drawn of all models.
    pub(super) fn of(models: &[Compared]) -> Self {
        let areas = models.iter().filter_map(|model| model.metrics.get("roc_auc"));
        let all = areas.flat_map(|f| f.folds.iter().copied().chain([f.low, f.high]));
        let (low, high) =
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        Self { low, high }
    }

    fn place(self, x: f64, rect: Rect) -> f32 {
        let width = self.high - self.low;
        let share = if width > 0.0 { (x - self.low) / width } else { 0.5 };
        rect.left() + rect.width() * share as f32
    }
}

/// Draws a model's folds; their values are told on hover and to those who do not see it.
pub(super) fn show(ui: &mut Ui, lang: Lang, model: &Compared, span: Span) {
    let size = Vec2::new(ui.available_width().clamp(40.0, 240.0), 20.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let Some(area) = model.metrics.get("roc_auc") else { return };
    let inner = rect.shrink2(Vec2::new(6.0, 2.0));
    let p = Palette::of(ui);
    let painter = ui.painter();
    let middle = inner.center().y;
    let at = |x: f64| span.place(x, inner);
    painter.line_segment(
        [Pos2::new(at(area.low), middle), Pos2::new(at(area.high), middle)],
        Stroke::new(1.0, p.muted),
    );
    for fold in &area.folds {
        painter.circle(Pos2::new(at(*fold), middle), 3.0, SERIES[0], Stroke::new(1.0, p.surface));
    }
    let mean = at(area.mean);
    painter.line_segment(
        [Pos2::new(mean, inner.top()), Pos2::new(mean, inner.bottom())],
        Stroke::new(2.0, p.ink),
    );
    let folds: Vec<String> = area.folds.iter().map(|fold| format!("{fold:.3}")).collect();
    let args = [("model", found::model(lang, model.kind)), ("folds", folds.join(" · "))];
    let text = lang.with("board.strip", &args);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &text));
    response.on_hover_text(text);
}
