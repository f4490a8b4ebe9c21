//! Which features are left out again.

use eframe::egui::{Slider, Ui};

use super::Scene;
use crate::window::parts;
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("select.section"));
    let width = scene
        .state
        .prepared
        .as_ref()
        .map_or(50, |prepared| prepared.matrix.width() + prepared.features.left_out.len());
    let select = &mut scene.state.settings.features.select;
    limit(ui, lang, "select_variance", &mut select.variance, 0.01, |value| {
        Slider::new(value, 0.0..=0.25).fixed_decimals(3)
    });
    limit(ui, lang, "select_information", &mut select.information, 0.002, |value| {
        Slider::new(value, 0.0..=0.05).fixed_decimals(4)
    });
    limit(ui, lang, "select_correlation", &mut select.correlation, 0.95, |value| {
        Slider::new(value, 0.5..=1.0).fixed_decimals(3)
    });
    let half = (width / 2).max(1);
    limit(ui, lang, "select_most", &mut select.most, half, |value| {
        Slider::new(value, 1..=width.max(2)).logarithmic(true)
    });
    let help = lang.t("setting.select_lasso.help");
    ui.checkbox(&mut select.lasso, lang.t("setting.select_lasso")).on_hover_text(help);
}

/// A limit that can be switched off.
fn limit<T: Copy>(
    ui: &mut Ui,
    lang: Lang,
    key: &str,
    limit: &mut Option<T>,
    usual: T,
    slider: impl for<'a> FnOnce(&'a mut T) -> Slider<'a>,
) {
    // What is switched on above must not change who this is.
    ui.push_id(key, |ui| {
        let mut on = limit.is_some();
        let help = lang.t(&format!("setting.{key}.help"));
        if ui.checkbox(&mut on, lang.t(&format!("setting.{key}"))).on_hover_text(help).changed() {
            *limit = on.then_some(usual);
        }
        if let Some(value) = limit {
            parts::named(ui, lang, key, slider(value));
        }
    });
}
