//! Widgets, each written once.

pub mod cells;
pub mod chart;
pub mod drawing;
pub mod form;
pub mod framed;
pub mod histogram;
pub mod intervals;
pub mod legend;
pub mod math;
pub mod table;
pub mod take;
pub mod zoom;

use eframe::egui::{self, Button, Color32, RichText, Sense, Stroke, Ui, Vec2};
use regulars_engine::metrics::Estimate;
use regulars_engine::train::Optimizer;

use super::command::Command;
use super::notice::{Notice, Told, Tone};
use super::pages::Page;
use super::theme::{self, Palette, S1, S2, S3, S4, S5};
use crate::words::Lang;

/// A page's head: title and the question it answers.
pub fn page_head(ui: &mut Ui, lang: Lang, key: &str) {
    ui.heading(lang.t(&format!("page.{key}.title")));
    muted(ui, lang.t(&format!("page.{key}.question")));
    ui.add_space(S3);
}

/// A part whose controls keep their ids whatever is drawn before it. Ids are counted otherwise, and a
/// click is lost where the count changes while the button is down.
pub fn steady<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    let id = ui.scope_id().with(name);
    ui.scope_builder(egui::UiBuilder::new().scope_id(id), add).inner
}

/// A section's heading.
pub fn section(ui: &mut Ui, text: impl Into<String>) {
    ui.add_space(S3);
    ui.label(RichText::new(text).font(theme::section_font()));
}

/// Secondary text.
pub fn muted(ui: &mut Ui, text: impl Into<String>) {
    let color = Palette::of(ui).muted;
    ui.label(RichText::new(text).color(color));
}

/// The one primary button of a page.
pub fn primary(ui: &mut Ui, text: impl Into<String>, enabled: bool) -> bool {
    let p = Palette::of(ui);
    let size = Vec2::new(0.0, 34.0);
    let text = RichText::new(text).family(theme::strong());
    if enabled {
        return ui.add(Button::new(text.color(p.on_accent)).fill(p.accent).min_size(size)).clicked();
    }
    // Not faded: what cannot be pressed now is read all the same.
    ui.scope(|ui| {
        ui.visuals_mut().disabled_alpha = 1.0;
        let stroke = egui::Stroke::new(1.0, p.line);
        ui.add_enabled(false, Button::new(text.color(p.muted)).fill(p.surface).stroke(stroke).min_size(size));
    });
    false
}

/// A button as tall as the primary one beside it.
pub fn tall(text: String) -> Button<'static> {
    Button::new(text).min_size(Vec2::new(0.0, 34.0))
}

/// A large number with its name and one plain sentence.
pub fn figure(ui: &mut Ui, name: &str, value: &str, sentence: &str) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = S1;
        muted(ui, name);
        ui.label(RichText::new(value).font(theme::figure_font()));
        if !sentence.is_empty() {
            ui.label(RichText::new(sentence).small());
        }
    });
}

/// A figure with its 95% interval.
pub fn estimate(ui: &mut Ui, lang: Lang, key: &str, e: Estimate, as_percent: bool) {
    let show = |v: f64| if as_percent { format!("{:.1}%", 100.0 * v) } else { format!("{v:.3}") };
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.set_width(196.0);
        let name = lang.t(&format!("metric.{key}"));
        muted(ui, name);
        ui.horizontal(|ui| {
            ui.label(RichText::new(show(e.value)).font(egui::FontId::new(24.0, theme::strong())));
            muted(ui, format!("{}–{}", show(e.low), show(e.high)));
        });
        let args = [("value", show(e.value))];
        ui.add(
            egui::Label::new(RichText::new(lang.with(&format!("metric.{key}.says"), &args)).small()).wrap(),
        );
    });
}

/// What a page will show, and the one button that gets there.
pub fn empty_state(
    ui: &mut Ui,
    lang: Lang,
    key: &str,
    button: Option<(String, Command)>,
    send: &mut Vec<Command>,
) {
    /// About eighty characters: a longer line is lost on the way back.
    const LINE: f32 = 560.0;
    ui.add_space(S5 * 2.0);
    let room = ui.available_width();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_space(((room - LINE) / 2.0).max(0.0));
        let layout = egui::Layout::top_down(egui::Align::Center);
        ui.allocate_ui_with_layout(Vec2::new(room.min(LINE), 0.0), layout, |ui| {
            ui.label(RichText::new(lang.t(&format!("empty.{key}.title"))).font(theme::section_font()));
            muted(ui, lang.t(&format!("empty.{key}.text")));
            ui.add_space(S3);
            if let Some((text, command)) = button
                && primary(ui, text, true)
            {
                send.push(command);
            }
        });
    });
}

/// The empty state of a page that shows a trained model.
pub fn waits_for_model(ui: &mut Ui, lang: Lang, key: &str, can_train: bool, send: &mut Vec<Command>) {
    let button = match can_train {
        true => (lang.t("empty.to_train"), Command::Go(Page::Train)),
        false => (lang.t("command.open"), Command::OpenDialog),
    };
    empty_state(ui, lang, key, Some(button), send);
}

/// The words of what is told.
pub fn told(lang: Lang, what: &Told) -> String {
    match what {
        Told::Error(error) => lang.error(error),
        Told::Key(key, args) => lang.with(key, args),
    }
}

/// What is wrong or done; it stays until it is closed. True when closed.
pub fn notice(ui: &mut Ui, lang: Lang, notice: &Notice) -> bool {
    let p = Palette::of(ui);
    let (color, mark) = match notice.tone {
        Tone::Good => (p.good, "✓"),
        Tone::Caution => (p.caution, "△"),
        Tone::Bad => (p.bad, "×"),
    };
    let text = told(lang, &notice.text);
    let hint = match &notice.text {
        Told::Error(error) => Some(lang.hint(error)),
        Told::Key(..) => None,
    };
    callout(ui, color, mark, &text, hint.as_deref(), Some(&lang.t("common.close")))
}

/// A caution in the page itself.
pub fn caution(ui: &mut Ui, text: &str) {
    let color = Palette::of(ui).caution;
    callout(ui, color, "△", text, None, None);
}

/// A surface with a line around it, for what belongs together.
pub fn card<R>(ui: &mut Ui, margin: i8, add: impl FnOnce(&mut Ui) -> R) -> R {
    let p = Palette::of(ui);
    egui::Frame::new()
        .fill(p.surface)
        .stroke(Stroke::new(1.0, p.line))
        .corner_radius(6)
        .inner_margin(margin)
        .show(ui, add)
        .inner
}

/// A suggestion with the button that takes it up; true when taken up.
pub fn suggestion(ui: &mut Ui, text: &str, verb: &str, enabled: bool) -> bool {
    let color = Palette::of(ui).accent;
    ui.add_enabled_ui(enabled, |ui| callout(ui, color, "◆", text, None, Some(verb))).inner
}

/// An error in the page itself, with its mend.
pub fn problem(ui: &mut Ui, lang: Lang, error: &regulars_engine::Error) {
    let color = Palette::of(ui).bad;
    callout(ui, color, "×", &lang.error(error), Some(&lang.hint(error)), None);
}

fn callout(
    ui: &mut Ui,
    color: Color32,
    mark: &str,
    text: &str,
    hint: Option<&str>,
    close: Option<&str>,
) -> bool {
    let mut closed = false;
    let p = Palette::of(ui);
    egui::Frame::new()
        .fill(p.surface)
        .stroke(Stroke::new(1.0, p.line))
        .corner_radius(6)
        .inner_margin(egui::Margin::symmetric(12, 8))
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new(mark).color(color).family(theme::strong()));
                let room = ui.available_width() - if close.is_some() { 130.0 } else { 0.0 };
                ui.vertical(|ui| {
                    ui.set_width(room.max(100.0));
                    ui.spacing_mut().item_spacing.y = 2.0;
                    ui.add(egui::Label::new(text).wrap());
                    if let Some(hint) = hint {
                        let hint = RichText::new(hint).color(p.muted);
                        ui.add(egui::Label::new(hint).wrap());
                    }
                });
                if let Some(close) = close {
                    closed = ui.button(close).clicked();
                }
            });
        });
    closed
}

/// A setting: its name (with help on hover) and its control.
pub fn setting<R>(ui: &mut Ui, lang: Lang, key: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        let label = ui.label(lang.t(&format!("setting.{key}")));
        let help = lang.t(&format!("setting.{key}.help"));
        let out = ui.scope(|ui| add(ui)).inner;
        label.on_hover_text(help);
        ui.add_space(S1);
        out
    })
    .inner
}

/// A control of a setting, called by the setting's name for those who do not see it.
pub fn named(ui: &mut Ui, lang: Lang, key: &str, control: impl egui::Widget) -> egui::Response {
    ui.add(control).accessible_name(lang.t(&format!("setting.{key}")))
}

/// A combo box over values with words; true when changed.
pub fn choose<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    value: &mut T,
    all: &[T],
    words: impl Fn(T) -> String,
) -> bool {
    let before = *value;
    let response = egui::ComboBox::from_id_salt(name)
        .selected_text(words(*value))
        .show_ui(ui, |ui| {
            for &one in all {
                ui.selectable_value(value, one, words(one));
            }
        })
        .response;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, name));
    before != *value
}

/// A round mark with a number in it, for the stages.
pub fn stage_mark(ui: &mut Ui, text: &str, on: bool) {
    let p = Palette::of(ui);
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(22.0), Sense::hover());
    let painter = ui.painter();
    let (fill, ink) = if on { (p.accent, p.on_accent) } else { (Color32::TRANSPARENT, p.muted) };
    painter.circle(rect.center(), 10.5, fill, Stroke::new(1.0, if on { p.accent } else { p.line }));
    painter.text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        text,
        egui::FontId::new(12.0, theme::strong()),
        ink,
    );
}

/// Lays figures out in a row that wraps.
pub fn figures(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::new(S5, S4);
        add(ui);
    });
    ui.add_space(S2);
}

/// The rule by which weights follow their gradients, with the numbers that it has.
pub fn optimizer(ui: &mut Ui, lang: Lang, optimizer: &mut Optimizer) {
    let name = lang.t("setting.optimizer");
    // The kinds, with the present one's own numbers.
    let all = Optimizer::ALL.map(|one| if one.name() == optimizer.name() { *optimizer } else { one });
    choose(ui, &name, optimizer, &all, |one| lang.t(&format!("optimizer.{}", one.name())));
    match optimizer {
        Optimizer::Adam | Optimizer::RmsProp => {}
        Optimizer::AdamW { weight_decay } => {
            let label = ui.label(lang.t("setting.weight_decay"));
            let slider = egui::Slider::new(weight_decay, 0.0..=0.5).fixed_decimals(3);
            ui.add(slider).labelled_by(label.id);
        }
        Optimizer::Sgd { momentum } => {
            let label = ui.label(lang.t("setting.momentum"));
            let slider = egui::Slider::new(momentum, 0.0..=0.99).fixed_decimals(2);
            ui.add(slider).labelled_by(label.id);
        }
    }
}
