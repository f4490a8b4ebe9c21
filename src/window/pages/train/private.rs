//! Differential privacy on the Train page: its settings, and what it promised and cost.

use eframe::egui::{self, Label, Ui};
use regulars_engine::train::{PrivateSpec, Promise};

use crate::report::promise;
use crate::window::parts;
use crate::window::theme::S2;
use crate::words::Lang;

/// The settings, among those of the network.
pub(super) fn inspector(ui: &mut Ui, lang: Lang, private: &mut Option<PrivateSpec>) {
    parts::setting(ui, lang, "private", |ui| {
        let mut on = private.is_some();
        if ui.checkbox(&mut on, lang.t("setting.private.on")).changed() {
            *private = on.then(PrivateSpec::default);
        }
    });
    let Some(spec) = private else { return };
    parts::setting(ui, lang, "private_epsilon", |ui| {
        let slider = egui::Slider::new(&mut spec.epsilon, 0.1..=20.0).logarithmic(true).max_decimals(2);
        parts::named(ui, lang, "private_epsilon", slider);
    });
    parts::setting(ui, lang, "private_clip", |ui| {
        let slider = egui::Slider::new(&mut spec.clip, 0.05..=10.0).logarithmic(true).max_decimals(2);
        parts::named(ui, lang, "private_clip", slider);
    });
}

/// What was promised with the model that is shown.
pub(super) fn show(ui: &mut Ui, lang: Lang, promise: Option<&Promise>) {
    let Some(promise) = promise else { return };
    parts::section(ui, lang.t("setting.private"));
    for line in promise::told(lang, promise) {
        ui.add(Label::new(line).wrap());
    }
    ui.add_space(S2);
    egui::CollapsingHeader::new(lang.t("dp.limits")).id_salt("dp_limits").show(ui, |ui| {
        for line in promise::limits(lang) {
            ui.add(Label::new(format!("• {line}")).wrap());
        }
    });
}
