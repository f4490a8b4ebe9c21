//! Money: what calling whom gains, and how sure that is.

mod picture;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::evaluate::money::{Book, Limit};

use crate::window::command::Command;
use crate::window::pages::customers::today;
use crate::window::pages::{Page, Scene};
use crate::window::parts::{self, form};
use crate::window::theme::{self, S2, S3};
use crate::words::money::amount;
use crate::words::percent;

pub use picture::View;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.follow_money();
    let Some((book, called)) = scene.state.today() else {
        parts::muted(ui, lang.t("today.counting"));
        return;
    };
    today::lead(ui, scene, &book, &called);
    let gains = scene.state.money.gains().cloned();
    parts::steady(ui, "threshold", |ui| threshold(ui, scene, &book));
    if scene.state.money.is_stopped() && ui.button(lang.t("money.measure")).clicked() {
        scene.state.money.resume();
    }
    match &gains {
        Some(gains) => picture::show(ui, scene, gains),
        None => parts::muted(ui, lang.t("money.measuring")),
    }
    ui.add_space(S2);
    if parts::primary(ui, lang.t("today.see"), called.calls > 0) {
        scene.page.today.on = true;
        scene.send.push(Command::Go(Page::Customers));
    }
    ui.add_space(S2);
    if called.calls == 0 {
        return;
    }
    let (month, kept) = (scene.state.month.clone(), scene.state.customers.clone());
    let list = match (&month, &kept) {
        (Some(month), _) => month.list.as_slice(),
        (None, Some(list)) => list.as_slice(),
        (None, None) => return,
    };
    today::calls(ui, scene, list, (&book, &called), 260.0);
}

/// The threshold, and the recommended one: where most is gained, within the limit.
fn threshold(ui: &mut Ui, scene: &mut Scene<'_>, book: &Book) {
    let lang = scene.lang;
    let best = book.best(&scene.state.settings.money);
    let room = ui.available_width();
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(RichText::new(lang.t("evaluate.threshold")).family(theme::strong()));
        ui.spacing_mut().slider_width = (room - 520.0).clamp(120.0, 320.0);
        let slider = egui::Slider::new(&mut scene.state.settings.threshold, 0.0..=1.0)
            // A threshold that was worked out keeps all its digits: customers lie close together.
            .clamping(egui::SliderClamping::Edits)
            .fixed_decimals(3);
        ui.add(slider).labelled_by(label.id);
        let limited = scene.state.settings.money.limit != Limit::None;
        let (key, help) = match limited {
            true => ("money.within", "money.within.help"),
            false => ("money.best", "money.best.help"),
        };
        let is_other = best.is_some_and(|best| best != scene.state.settings.threshold);
        let button = egui::Button::new(lang.t(key));
        if ui.add_enabled(is_other, button).on_hover_text(lang.t(help)).clicked() {
            scene.state.settings.threshold = best.unwrap_or(1.0);
        }
    });
    let from = scene.state.settings.money.pays_from();
    let key = if from < 1.0 { "money.pays_from" } else { "money.never_pays" };
    let text = lang.with(key, &[("threshold", percent(from))]);
    let color = theme::Palette::of(ui).muted;
    ui.add(egui::Label::new(RichText::new(text).color(color)).wrap());
    ui.add_space(S3);
}

/// An amount that is dragged or typed.
fn drag(value: &mut f64) -> egui::DragValue<'_> {
    egui::DragValue::new(value).range(0.0..=1e12).max_decimals(2).speed(1.0)
}

/// The figures that only the person knows.
pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("money.figures"));
    parts::muted(ui, lang.t("money.figures.help"));
    ui.add_space(S2);
    let worths = scene.state.money.worths().to_vec();
    let lifetime = scene.state.valued().and_then(|found| found.valued.of_kept_customer());
    let days = scene.state.settings.value.horizon_days.to_string();
    let spec = &mut scene.state.settings.money;
    parts::setting(ui, lang, "money_value", |ui| {
        parts::named(ui, lang, "money_value", drag(&mut spec.value));
    });
    if let Some(worth) = lifetime {
        let args = [("days", days), ("money", amount(lang, &spec.currency, worth))];
        let button = ui.button(lang.with("joined.take_worth", &args));
        if button.on_hover_text(lang.t("joined.take_worth.help")).clicked() {
            spec.value = (100.0 * worth.max(0.0)).round() / 100.0;
        }
    }
    for (column, mean) in worths.iter().take(3) {
        let args = [("column", column.clone()), ("mean", amount(lang, &spec.currency, *mean))];
        let button = ui.button(lang.with("money.take_mean", &args));
        if button.on_hover_text(lang.t("money.take_mean.help")).clicked() {
            spec.value = (100.0 * mean.max(0.0)).round() / 100.0;
        }
    }
    parts::setting(ui, lang, "money_cost", |ui| {
        parts::named(ui, lang, "money_cost", drag(&mut spec.cost).speed(0.1));
    });
    parts::setting(ui, lang, "money_accept", |ui| {
        let mut points = 100.0 * spec.accept;
        let slider = egui::Slider::new(&mut points, 0.0..=100.0).suffix("%").max_decimals(1);
        if parts::named(ui, lang, "money_accept", slider).changed() {
            spec.accept = points / 100.0;
        }
    });
    parts::setting(ui, lang, "money_limit", |ui| {
        let kind = |limit: Limit| match limit {
            Limit::None => "money.limit.none",
            Limit::Budget(_) => "money.limit.budget",
            Limit::Calls(_) => "money.limit.calls",
        };
        let mut all = [Limit::None, Limit::Budget(20.0 * spec.cost.max(1.0)), Limit::Calls(20)];
        // The kinds, with the present one's own number.
        all.iter_mut().filter(|one| kind(**one) == kind(spec.limit)).for_each(|one| *one = spec.limit);
        let name = lang.t("setting.money_limit");
        parts::choose(ui, &name, &mut spec.limit, &all, |one| lang.t(kind(one)));
        match &mut spec.limit {
            Limit::None => {}
            Limit::Budget(budget) => {
                parts::named(ui, lang, "money_budget", drag(budget));
            }
            Limit::Calls(calls) => {
                let drag = egui::DragValue::new(calls).range(0..=10_000_000);
                parts::named(ui, lang, "money_calls", drag);
            }
        }
    });
    parts::setting(ui, lang, "money_currency", |ui| {
        let edit = egui::TextEdit::singleline(&mut spec.currency).desired_width(60.0).char_limit(8);
        let response = parts::named(ui, lang, "money_currency", edit);
        form::typing(ui, &response);
    });
}
