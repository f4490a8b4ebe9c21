//! The ε meter: what the rounds so far tell of a branch.

use eframe::egui::{self, Align2, FontId, RichText, Sense, Stroke, Ui, vec2};
use regulars_engine::train::federated::RoundFigures;

use crate::window::parts;
use crate::window::state::Play;
use crate::window::theme::{Palette, S2};
use crate::words::Lang;

/// Ends of the scale, as decimal logarithms.
const FROM: f64 = -1.0;
const TO: f64 = 4.0;

pub(super) fn show(ui: &mut Ui, lang: Lang, play: &Play, seen: &[RoundFigures]) {
    parts::section(ui, lang.t("theatre.epsilon"));
    let Some(privacy) = &play.setup.privacy else { return };
    let spent = seen.last().and_then(|round| round.epsilon);
    let (model, server) = spent.map_or((0.0, 0.0), |spent| (spent.model, spent.server));
    let told = |value: f64| match value.is_finite() {
        true if value >= 100.0 => format!("{value:.0}"),
        true => format!("{value:.2}"),
        false => "∞".to_owned(),
    };
    let args =
        [("model", told(model)), ("server", told(server)), ("delta", format!("{:.0e}", privacy.delta))];
    let text = lang.with("theatre.epsilon_says", &args);
    ui.add(egui::Label::new(&text).wrap());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width().min(520.0), 46.0), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &text));
    let p = Palette::of(ui);
    let bar = egui::Rect::from_min_size(rect.min + vec2(0.0, 6.0), vec2(rect.width(), 14.0));
    let x = |value: f64| {
        let share = (value.max(1e-9).log10().clamp(FROM, TO) - FROM) / (TO - FROM);
        bar.left() + share as f32 * bar.width()
    };
    let painter = ui.painter();
    painter.rect(bar, 3, p.surface, Stroke::new(1.0, p.line), egui::StrokeKind::Inside);
    let color = match model {
        value if value <= 1.0 => p.good,
        value if value <= 10.0 => p.caution,
        _ => p.bad,
    };
    if model > 0.0 {
        let filled = egui::Rect::from_min_max(bar.min, egui::pos2(x(model), bar.bottom()));
        painter.rect_filled(filled, 3, color);
    }
    // The server's, as a mark: it is another reader of other numbers.
    if server > 0.0 {
        painter.vline(x(server), bar.y_range().expand(4.0), Stroke::new(2.0, p.ink));
    }
    let font = FontId::proportional(12.0);
    for (mark, label) in [(0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100"), (1000.0, "1,000")] {
        painter.vline(x(mark), bar.y_range(), Stroke::new(1.0, p.line));
        let at = egui::pos2(x(mark), bar.bottom() + 4.0);
        let align = if mark < 0.2 { Align2::LEFT_TOP } else { Align2::CENTER_TOP };
        painter.text(at, align, label, font.clone(), p.muted);
    }
    let key = match model {
        value if value <= 0.0 => "theatre.epsilon_none",
        value if value <= 1.0 => "theatre.epsilon_strong",
        value if value <= 10.0 => "theatre.epsilon_some",
        _ => "theatre.epsilon_little",
    };
    ui.add(egui::Label::new(RichText::new(lang.t(key)).small()).wrap());
    ui.add(egui::Label::new(RichText::new(lang.t("theatre.epsilon_of")).small().color(p.muted)).wrap());
    ui.add_space(S2);
}
