//! What the next race will be: its lanes, each with its settings, and what the surfaces show.

use eframe::egui::{self, Ui};
use regulars_engine::train::Activation;
use regulars_engine::train::race::{LANES, Order, Preset};

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::state::race::{LaneSetup, letter};
use crate::window::theme::S2;
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("race.setup"));
    preset(ui, scene);
    axes(ui, scene);
    let race = &mut scene.state.race;
    let Some(mut setup) = race.setup.clone() else { return };
    let before = setup.epochs;
    parts::setting(ui, lang, "race_epochs", |ui| {
        let slider = egui::Slider::new(&mut setup.epochs, 1..=500).logarithmic(true);
        parts::named(ui, lang, "race_epochs", slider);
    });
    if setup.epochs != before {
        race.ask(Order::Epochs(setup.epochs));
    }
    parts::section(ui, lang.t("race.lanes"));
    let mut at = race.editing.min(setup.lanes.len().saturating_sub(1));
    ui.horizontal_wrapped(|ui| {
        for lane in 0..setup.lanes.len() {
            let name = lang.with("race.lane_number", &[("lane", letter(lane).to_string())]);
            ui.selectable_value(&mut at, lane, letter(lane).to_string()).accessible_name(name);
        }
        if setup.lanes.len() < *LANES.end() && ui.button(lang.t("race.add_lane")).clicked() {
            setup.add();
            at = setup.lanes.len() - 1;
        }
    });
    if let Some(of) = setup.lanes.get_mut(at) {
        ui.push_id(at, |ui| lane(ui, lang, of));
    }
    let args = [("lane", letter(at).to_string())];
    if setup.lanes.len() > *LANES.start() && ui.button(lang.with("race.remove_lane", &args)).clicked() {
        setup.remove(at);
        at = at.saturating_sub(1);
    }
    race.editing = at;
    race.setup = Some(setup);
}

/// Which prepared race.
fn preset(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let seed = scene.state.settings.seed;
    let race = &mut scene.state.race;
    let mut chosen = race.preset;
    let changed = parts::setting(ui, lang, "race_preset", |ui| {
        let name = lang.t("setting.race_preset");
        parts::choose(ui, &name, &mut chosen, &Preset::ALL, |one| {
            lang.t(&format!("race.preset.{}", one.name()))
        })
    });
    let text = egui::RichText::new(lang.t(&format!("race.preset.{}.says", chosen.name()))).small();
    ui.add(egui::Label::new(text).wrap());
    ui.add_space(S2);
    if changed || race.setup.is_none() {
        race.choose(chosen, seed);
    }
}

/// The two features of the surfaces.
fn axes(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let race = &scene.state.race;
    let (Some(ground), Some(view)) = (race.ground(), race.view()) else { return };
    let all: Vec<usize> = (0..ground.features.len()).collect();
    let words = |at: usize| ground.features.get(at).cloned().unwrap_or_default();
    let (mut across, mut up) = view.axes;
    let mut changed = false;
    for (key, axis) in [("race_across", &mut across), ("race_up", &mut up)] {
        changed |= parts::setting(ui, lang, key, |ui| {
            let name = lang.t(&format!("setting.{key}"));
            parts::choose(ui, &name, axis, &all, words)
        });
    }
    if changed {
        race.ask(Order::Axes(across, up));
    }
}

/// The settings of one lane.
fn lane(ui: &mut Ui, lang: Lang, of: &mut LaneSetup) {
    let shown = of.name(lang);
    parts::setting(ui, lang, "race_name", |ui| {
        let edit = egui::TextEdit::singleline(&mut of.own).hint_text(shown).desired_width(200.0);
        parts::named(ui, lang, "race_name", edit);
    });
    let spec = &mut of.spec;
    let glass = &mut spec.glass;
    parts::setting(ui, lang, "layers", |ui| layers(ui, lang, &mut glass.hidden));
    parts::setting(ui, lang, "activation", |ui| {
        let name = lang.t("setting.activation");
        parts::choose(ui, &name, &mut glass.activation, &Activation::ALL, |a| {
            lang.t(&format!("activation.{}", a.name()))
        });
    });
    parts::setting(ui, lang, "optimizer", |ui| parts::optimizer(ui, lang, &mut glass.optimizer));
    parts::setting(ui, lang, "learning_rate", |ui| {
        let slider = egui::Slider::new(&mut glass.learning_rate, 1e-5..=100.0).logarithmic(true);
        parts::named(ui, lang, "learning_rate", slider);
    });
    parts::setting(ui, lang, "batch", |ui| {
        let slider = egui::Slider::new(&mut glass.batch_size, 1..=1024).logarithmic(true);
        parts::named(ui, lang, "batch", slider);
    });
    parts::setting(ui, lang, "dropout", |ui| {
        let slider = egui::Slider::new(&mut glass.dropout, 0.0..=0.9).fixed_decimals(2);
        parts::named(ui, lang, "dropout", slider);
    });
    parts::setting(ui, lang, "race_l2", |ui| {
        let slider = egui::Slider::new(&mut glass.l2, 0.0..=1.0).logarithmic(true).smallest_positive(1e-5);
        parts::named(ui, lang, "race_l2", slider);
    });
    parts::setting(ui, lang, "class_weight", |ui| {
        ui.checkbox(&mut glass.class_weight, lang.t("setting.class_weight.on"));
    });
    parts::setting(ui, lang, "seed", |ui| {
        parts::named(ui, lang, "seed", egui::Slider::new(&mut spec.seed, 1..=100));
    });
}

fn layers(ui: &mut Ui, lang: Lang, hidden: &mut Vec<usize>) {
    let mut remove = None;
    let many = hidden.len() > 1;
    for (at, units) in hidden.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            let number = [("number", (at + 1).to_string())];
            let label = ui.label(lang.with("setting.layer", &number));
            ui.add(egui::DragValue::new(units).range(1..=512)).labelled_by(label.id);
            let name = lang.with("setting.remove_layer", &number);
            if many && ui.button("×").on_hover_text(name).clicked() {
                remove = Some(at);
            }
        });
    }
    if let Some(at) = remove {
        hidden.remove(at);
    }
    if hidden.len() < 4 && ui.button(lang.t("setting.add_layer")).clicked() {
        let last = hidden.last().copied().unwrap_or(16);
        hidden.push((last / 2).max(2));
    }
}
