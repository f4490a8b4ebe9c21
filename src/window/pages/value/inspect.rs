//! The settings: how far ahead, what later money is worth, until when is learnt, by which model.

use eframe::egui::{self, Ui};
use regulars_engine::features::behaviour::Date;
use regulars_engine::project::Valued;
use regulars_engine::value::LifetimeModel;

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::{S2, S5};

/// Horizons that are one press away.
const HORIZONS: [u32; 4] = [30, 90, 365, 730];

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.table.is_none() {
        parts::muted(ui, lang.t("value.waits"));
        return;
    }
    parts::section(ui, lang.t("value.settings"));
    let spec = &mut scene.state.settings.value;
    parts::setting(ui, lang, "value_horizon", |ui| {
        let drag = egui::DragValue::new(&mut spec.horizon_days).range(1..=3650);
        parts::named(ui, lang, "value_horizon", drag.suffix(lang.t("value.days")));
        ui.horizontal_wrapped(|ui| {
            for days in HORIZONS {
                ui.selectable_value(&mut spec.horizon_days, days, lang.count(days.into()));
            }
        });
    });
    parts::setting(ui, lang, "value_discount", |ui| {
        let mut percent = 100.0 * spec.discount;
        let drag = egui::DragValue::new(&mut percent).range(0.0..=200.0).speed(0.25).max_decimals(1);
        if parts::named(ui, lang, "value_discount", drag.suffix("%")).changed() {
            spec.discount = percent / 100.0;
        }
    });
    // Contracts have no orders to model, and no days to keep aside.
    let found = scene.state.valued().cloned();
    if found.as_ref().is_none_or(|found| !matches!(found.valued, Valued::Contract(_))) {
        let spec = &mut scene.state.settings.value;
        parts::setting(ui, lang, "value_model", |ui| {
            let name = lang.t("setting.value_model");
            parts::choose(ui, &name, &mut spec.model, &LifetimeModel::ALL, |model| super::model(lang, model));
        });
        calibration(ui, scene);
    }
    ui.add_space(S5);
    let Some(found) = found else { return };
    if let Valued::Shop(shop) = &found.valued {
        parts::section(ui, lang.t("value.models"));
        for one in &shop.fitted {
            let likelihood = format!("{:.1}", one.log_likelihood);
            let args = [("model", super::model(lang, one.model)), ("likelihood", likelihood)];
            let text = lang.with("value.models.line", &args);
            ui.label(text).on_hover_text(lang.t("value.models.help"));
            let all = one.model.parameters().into_iter().zip(&one.parameters).enumerate();
            for (at, (name, value)) in all {
                let error = one.errors.as_ref().and_then(|errors| errors.get(at));
                let error = error.map_or(String::new(), |error| format!(" ± {error:.3}"));
                parts::muted(ui, format!("{name} = {value:.3}{error}"));
            }
            ui.add_space(S2);
        }
        if let Some(money) = &shop.money {
            ui.label(lang.t("value.gamma_gamma")).on_hover_text(lang.t("value.gamma_gamma.help"));
            if let Some([p, q, g]) = money.parameters {
                parts::muted(ui, format!("p = {p:.3}, q = {q:.3}, γ = {g:.3}"));
            }
            if let Some(found) = money.correlation {
                let args = [("correlation", format!("{found:.2}"))];
                parts::muted(ui, lang.with("value.correlation", &args));
            }
        }
    }
}

/// The last day that is learnt from: typed, and taken when it is a day.
fn calibration(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let spec = &mut scene.state.settings.value;
    let typed = &mut scene.page.value.day;
    parts::setting(ui, lang, "value_calibration", |ui| {
        let mut text = typed
            .clone()
            .unwrap_or_else(|| spec.calibration_end.map_or(String::new(), |day| day.to_string()));
        let edit = egui::TextEdit::singleline(&mut text).hint_text("2026-06-30").desired_width(120.0);
        let response = parts::named(ui, lang, "value_calibration", edit);
        parts::form::typing(ui, &response);
        if response.changed() {
            *typed = Some(text.clone());
        }
        if response.lost_focus() {
            let day = text.trim().parse::<Date>();
            if text.trim().is_empty() {
                spec.calibration_end = None;
                *typed = None;
            } else if let Ok(day) = day {
                spec.calibration_end = Some(day);
                *typed = None;
            }
        }
        if typed.as_ref().is_some_and(|text| !text.trim().is_empty() && text.trim().parse::<Date>().is_err())
        {
            parts::muted(ui, lang.t("value.not_a_day"));
        }
    });
}
