//! A card for each lane: where it is, its learning rate, its surface and its weights.

use eframe::egui::{self, RichText, Ui, vec2};
use regulars_engine::train::race::{LaneView, Stop, View};

use super::{color, paint};
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::state::race::{Ground, letter};
use crate::window::theme::{self, S2, S3};
use crate::words::Lang;

/// Width that a card needs.
const CARD: f32 = 228.0;
/// Side of a surface.
const SURFACE: f32 = 104.0;

/// A learning rate in few digits.
fn rate(rate: f64) -> String {
    if (1e-3..1e4).contains(&rate) { format!("{rate}") } else { format!("{rate:.1e}") }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, ground: &Ground, view: &View) {
    let lang = scene.lang;
    parts::section(ui, lang.t("race.lanes"));
    let feature = |at: usize| ground.features.get(at).cloned().unwrap_or_default();
    let [across, up] = view.ranges;
    let span = |[low, high]: [f32; 2]| format!("{low:.2} – {high:.2}");
    let args = [
        ("across", feature(view.axes.0)),
        ("across_range", span(across)),
        ("up", feature(view.axes.1)),
        ("up_range", span(up)),
    ];
    let text = RichText::new(lang.with("race.surface", &args)).color(theme::Palette::of(ui).muted);
    ui.add(egui::Label::new(text).wrap());
    ui.add_space(S2);
    let columns = ((ui.available_width() + S2) / (CARD + S2)).floor().clamp(1.0, 3.0) as usize;
    let columns = columns.min(view.lanes.len().max(1));
    let all: Vec<usize> = (0..view.lanes.len()).collect();
    for places in all.chunks(columns) {
        ui.columns(columns, |sides| {
            for (ui, &at) in sides.iter_mut().zip(places) {
                if let Some(lane) = view.lanes.get(at) {
                    ui.push_id(at, |ui| parts::card(ui, 10, |ui| card(ui, scene, ground, view, (at, lane))));
                }
            }
        });
        ui.add_space(S3);
    }
}

fn card(ui: &mut Ui, scene: &mut Scene<'_>, ground: &Ground, view: &View, (at, lane): (usize, &LaneView)) {
    let lang = scene.lang;
    ui.set_width(ui.available_width());
    ui.horizontal_wrapped(|ui| {
        let (mark, _) = ui.allocate_exact_size(vec2(14.0, 14.0), egui::Sense::hover());
        ui.painter().rect_filled(mark, 3, color(at));
        let name = ground.setup.lanes.get(at).map(|of| of.name(lang)).unwrap_or_default();
        ui.label(RichText::new(format!("{} · {name}", letter(at))).family(theme::strong()));
    });
    let args = [
        ("epoch", lane.epoch.to_string()),
        ("batch", lane.batch.to_string()),
        ("batches", lane.batches.to_string()),
    ];
    parts::muted(ui, lang.with("race.place", &args));
    if let Some(point) = lane.now.as_ref().or(lane.history.last()) {
        let auc = point.valid_auc.map_or_else(|| "–".to_owned(), |auc| format!("{auc:.3}"));
        let args = [
            ("train", format!("{:.3}", point.train_loss)),
            ("valid", format!("{:.3}", point.valid_loss)),
            ("auc", auc),
        ];
        let text = RichText::new(lang.with("race.figures", &args)).small();
        ui.add(egui::Label::new(text).wrap());
    }
    if let Some(stop) = &lane.stop {
        parts::caution(ui, &stopped(lang, stop));
    }
    rate_slider(ui, scene, at);
    let letter = letter(at).to_string();
    ui.horizontal_top(|ui| {
        let name = lang.with("race.surface_of", &[("lane", letter.clone())]);
        paint::surface(ui, SURFACE, &name, lane, view);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            let count = lane.pictures.len().max(1) as f32;
            let width = ui.available_width().max(24.0);
            let height = ((SURFACE - 4.0 * (count - 1.0)) / count).max(8.0);
            for (layer, picture) in lane.pictures.iter().enumerate() {
                let args = [
                    ("lane", letter.clone()),
                    ("layer", (layer + 1).to_string()),
                    ("inputs", picture.inputs.to_string()),
                    ("units", picture.outputs.to_string()),
                    ("largest", format!("{:.2}", picture.largest)),
                ];
                paint::weights(ui, vec2(width, height), &lang.with("race.weights_of", &args), picture);
            }
        });
    });
    ui.horizontal_wrapped(|ui| {
        let epoch = scene.state.race.back_to.unwrap_or(lane.epoch).min(lane.epoch);
        let is_behind = epoch < lane.epoch || lane.batch > 0 || lane.stop.is_some();
        let args = [("lane", letter.clone()), ("epoch", epoch.to_string())];
        let button = ui.add_enabled(is_behind, egui::Button::new(lang.with("race.back_one", &args)));
        if button.clicked() {
            scene.state.race.rewind(Some(at), epoch);
        }
        let button = ui.add_enabled(!scene.state.locked, egui::Button::new(lang.with("race.use", &args)));
        if button.on_hover_text(lang.t("race.use.help")).clicked() {
            scene.state.use_lane(at);
        }
    });
}

/// The learning rate, which may be dragged while the lane runs.
fn rate_slider(ui: &mut Ui, scene: &mut Scene<'_>, at: usize) {
    let lang = scene.lang;
    let Some(mut rate) = scene.state.race.rate(at) else { return };
    let text = RichText::new(lang.with("race.rate_of", &[("lane", letter(at).to_string())])).small();
    let label = ui.label(text);
    ui.spacing_mut().slider_width = (ui.available_width() - 78.0).clamp(60.0, 220.0);
    let slider = egui::Slider::new(&mut rate, 1e-5..=100.0).logarithmic(true);
    if ui.add(slider).labelled_by(label.id).changed() {
        scene.state.race.set_rate(at, rate);
    }
}

/// Why a lane stands still, and what helps.
fn stopped(lang: Lang, stop: &Stop) -> String {
    match stop {
        Stop::Exploded { step, rate: at } => {
            lang.with("race.exploded", &[("step", step.to_string()), ("rate", rate(*at))])
        }
        Stop::Failed { cause } => lang.with("race.failed", &[("cause", cause.clone())]),
    }
}
