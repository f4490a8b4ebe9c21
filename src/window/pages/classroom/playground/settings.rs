//! The settings of the playground: rows, network, how it learns.

use eframe::egui::{self, Ui};
use regulars_engine::train::Activation;
use regulars_engine::train::glass::toys::Shape;

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::state::{Lab, LabSource};
use crate::words::Lang;

/// Hidden layers, and units of each, at most.
const LAYERS: usize = 4;
const UNITS: usize = 8;

pub(in crate::window::pages::classroom) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    rows(ui, scene);
    let lab = &mut scene.state.lab;
    network(ui, lang, lab);
    learning(ui, lang, lab);
}

fn rows(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("lab.section.rows"));
    let names = scene.state.prepared.as_ref().map(|prepared| prepared.matrix.names.clone());
    let names = names.unwrap_or_default();
    let setup = &mut scene.state.lab.setup;
    let own = match setup.source {
        LabSource::Columns(a, b) => LabSource::Columns(a, b),
        LabSource::Toy => LabSource::Columns(0, 1),
    };
    parts::setting(ui, lang, "lab_source", |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.selectable_value(&mut setup.source, LabSource::Toy, lang.t("lab.source.toy"));
            ui.add_enabled_ui(names.len() > 1, |ui| {
                let own = ui.selectable_value(&mut setup.source, own, lang.t("lab.source.columns"));
                own.on_disabled_hover_text(lang.t("lab.source.none"));
            });
        });
    });
    match &mut setup.source {
        LabSource::Toy => {
            parts::setting(ui, lang, "lab_shape", |ui| {
                let name = lang.t("setting.lab_shape");
                let words = |shape: Shape| lang.t(&format!("lab.shape.{}", shape.name()));
                parts::choose(ui, &name, &mut setup.toy.shape, &Shape::ALL, words);
            });
            parts::setting(ui, lang, "lab_noise", |ui| {
                let slider = egui::Slider::new(&mut setup.toy.noise, 0.0..=0.5).fixed_decimals(2);
                parts::named(ui, lang, "lab_noise", slider);
            });
            parts::setting(ui, lang, "lab_rows", |ui| {
                let slider = egui::Slider::new(&mut setup.toy.rows, 20..=2000).logarithmic(true);
                parts::named(ui, lang, "lab_rows", slider);
            });
        }
        LabSource::Columns(a, b) => {
            for (axis, key) in [(a, "lab_first"), (b, "lab_second")] {
                parts::setting(ui, lang, key, |ui| {
                    let all: Vec<usize> = (0..names.len()).collect();
                    let words = |at: usize| names.get(at).cloned().unwrap_or_else(|| "—".to_owned());
                    let name = lang.t(&format!("setting.{key}"));
                    parts::choose(ui, &name, axis, &all, words);
                });
            }
        }
    }
    parts::setting(ui, lang, "seed", |ui| {
        let drag = egui::DragValue::new(&mut setup.seed).range(0..=9999);
        if parts::named(ui, lang, "seed", drag).changed() {
            setup.toy.seed = setup.seed;
        }
    });
}

fn network(ui: &mut Ui, lang: Lang, lab: &mut Lab) {
    parts::section(ui, lang.t("lab.section.network"));
    let spec = &mut lab.setup.spec;
    parts::setting(ui, lang, "layers", |ui| {
        let mut remove = None;
        for (at, units) in spec.hidden.iter_mut().enumerate() {
            ui.horizontal(|ui| {
                let number = [("number", (at + 1).to_string())];
                let label = ui.label(lang.with("setting.layer", &number));
                ui.add(egui::DragValue::new(units).range(1..=UNITS)).labelled_by(label.id);
                let name = lang.with("setting.remove_layer", &number);
                let button = ui.button("×").accessible_name(&name);
                if button.on_hover_text(name).clicked() {
                    remove = Some(at);
                }
            });
        }
        if let Some(at) = remove {
            spec.hidden.remove(at);
        }
        if spec.hidden.len() < LAYERS && ui.button(lang.t("setting.add_layer")).clicked() {
            spec.hidden.push(spec.hidden.last().copied().unwrap_or(4));
        }
    });
    parts::setting(ui, lang, "activation", |ui| {
        let name = lang.t("setting.activation");
        let words = |a: Activation| lang.t(&format!("activation.{}", a.name()));
        parts::choose(ui, &name, &mut spec.activation, &Activation::ALL, words);
    });
}

fn learning(ui: &mut Ui, lang: Lang, lab: &mut Lab) {
    parts::section(ui, lang.t("lab.section.learning"));
    let spec = &mut lab.setup.spec;
    parts::setting(ui, lang, "lab_rate", |ui| {
        // What was set by other means is kept until the slider is moved.
        let slider = egui::Slider::new(&mut spec.learning_rate, 0.0001..=10.0)
            .logarithmic(true)
            .clamping(egui::SliderClamping::Edits);
        parts::named(ui, lang, "lab_rate", slider);
    });
    parts::setting(ui, lang, "optimizer", |ui| parts::optimizer(ui, lang, &mut spec.optimizer));
    parts::setting(ui, lang, "batch", |ui| {
        let slider = egui::Slider::new(&mut spec.batch_size, 1..=256).logarithmic(true);
        parts::named(ui, lang, "batch", slider);
    });
    parts::setting(ui, lang, "lab_l2", |ui| {
        let slider = egui::Slider::new(&mut spec.l2, 0.0..=0.3).logarithmic(true).smallest_positive(1e-5);
        parts::named(ui, lang, "lab_l2", slider);
    });
    parts::setting(ui, lang, "dropout", |ui| {
        let slider = egui::Slider::new(&mut spec.dropout, 0.0..=0.8).fixed_decimals(2);
        parts::named(ui, lang, "dropout", slider);
    });
    parts::setting(ui, lang, "class_weight", |ui| {
        ui.checkbox(&mut spec.class_weight, lang.t("setting.class_weight.on"));
    });
}
