//! The network's settings.

use eframe::egui::{self, Ui};
use regulars_engine::train::{Activation, DeviceKind, Schedule};

use super::{Scene, board};
use crate::window::parts;

pub(in crate::window::pages) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("train.network"));
    if super::sequence::choose(ui, scene) {
        super::sequence::inspector(ui, scene);
        return;
    }
    let settings = &mut scene.state.settings;
    let mlp = &mut settings.mlp;
    if let Some(prepared) = &scene.state.prepared {
        let total: usize = mlp.parameters(prepared.matrix.width()).iter().sum();
        parts::muted(ui, lang.with("train.parameters", &[("count", lang.count(total as u64))]));
    }
    parts::setting(ui, lang, "layers", |ui| {
        let mut remove = None;
        let many = mlp.hidden.len() > 1;
        for (at, units) in mlp.hidden.iter_mut().enumerate() {
            ui.horizontal(|ui| {
                let label = ui.label(lang.with("setting.layer", &[("number", (at + 1).to_string())]));
                ui.add(egui::DragValue::new(units).range(1..=1024)).labelled_by(label.id);
                let name = lang.with("setting.remove_layer", &[("number", (at + 1).to_string())]);
                if many && ui.button("×").on_hover_text(name).clicked() {
                    remove = Some(at);
                }
            });
        }
        if let Some(at) = remove {
            mlp.hidden.remove(at);
        }
        if mlp.hidden.len() < 6 && ui.button(lang.t("setting.add_layer")).clicked() {
            let last = mlp.hidden.last().copied().unwrap_or(32);
            mlp.hidden.push((last / 2).max(4));
        }
    });
    parts::setting(ui, lang, "activation", |ui| {
        let name = lang.t("setting.activation");
        parts::choose(ui, &name, &mut mlp.activation, &Activation::ALL, |a| {
            lang.t(&format!("activation.{}", a.name()))
        });
    });
    parts::setting(ui, lang, "batch_norm", |ui| {
        ui.checkbox(&mut mlp.batch_norm, lang.t("setting.batch_norm.on"));
    });
    parts::setting(ui, lang, "dropout", |ui| {
        parts::named(ui, lang, "dropout", egui::Slider::new(&mut mlp.dropout, 0.0..=0.9).fixed_decimals(2));
    });
    parts::setting(ui, lang, "optimizer", |ui| parts::optimizer(ui, lang, &mut mlp.optimizer));
    parts::setting(ui, lang, "learning_rate", |ui| {
        parts::named(
            ui,
            lang,
            "learning_rate",
            egui::Slider::new(&mut mlp.learning_rate, 0.00001..=0.5).logarithmic(true),
        );
    });
    board::rate::show(ui, scene);
    let settings = &mut scene.state.settings;
    let mlp = &mut settings.mlp;
    parts::setting(ui, lang, "schedule", |ui| {
        let name = lang.t("setting.schedule");
        parts::choose(ui, &name, &mut mlp.schedule, &Schedule::ALL, |s| {
            lang.t(&format!("schedule.{}", s.name()))
        });
    });
    parts::setting(ui, lang, "warmup", |ui| {
        let slider = egui::Slider::new(&mut mlp.warmup_steps, 0..=5000).logarithmic(true);
        parts::named(ui, lang, "warmup", slider);
    });
    parts::setting(ui, lang, "clip_norm", |ui| {
        let slider =
            egui::Slider::new(&mut mlp.clip_norm, 0.0..=100.0).logarithmic(true).smallest_positive(0.01);
        parts::named(ui, lang, "clip_norm", slider.max_decimals(3));
    });
    parts::setting(ui, lang, "batch", |ui| {
        parts::named(ui, lang, "batch", egui::Slider::new(&mut mlp.batch_size, 1..=1024).logarithmic(true));
    });
    parts::setting(ui, lang, "epochs", |ui| {
        parts::named(ui, lang, "epochs", egui::Slider::new(&mut mlp.epochs, 1..=500).logarithmic(true));
    });
    parts::setting(ui, lang, "patience", |ui| {
        parts::named(ui, lang, "patience", egui::Slider::new(&mut mlp.patience, 0..=100));
    });
    parts::setting(ui, lang, "class_weight", |ui| {
        ui.checkbox(&mut mlp.class_weight, lang.t("setting.class_weight.on"));
    });
    super::private::inspector(ui, lang, &mut settings.private);
    if where_and_seed(ui, scene) {
        scene.state.settings.mlp = Default::default();
    }
}

/// Where a network is trained, the seed, and the button that sets the network back: true if it was pressed.
pub(super) fn where_and_seed(ui: &mut Ui, scene: &mut Scene<'_>) -> bool {
    let lang = scene.lang;
    parts::setting(ui, lang, "device", |ui| {
        let name = lang.t("setting.device");
        parts::choose(ui, &name, &mut scene.state.settings.device, &DeviceKind::ALL, |d| {
            lang.t(&format!("device_kind.{}", d.name()))
        });
    });
    super::elsewhere::setting(ui, scene);
    parts::setting(ui, lang, "seed", |ui| {
        parts::named(ui, lang, "seed", egui::Slider::new(&mut scene.state.settings.seed, 1..=100));
    });
    ui.button(lang.t("setting.reset_network")).clicked()
}
