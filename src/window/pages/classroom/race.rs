//! Race track: two to six models that learn side by side.

mod curves;
mod followed;
mod lanes;
mod paint;
mod setup;

use eframe::egui::{self, Color32, Ui};
use regulars_engine::train::race::{Order, RaceError};

use crate::window::pages::{Scene, clean};
use crate::window::parts;
use crate::window::state::race::{Setup, letter};
use crate::window::theme::{S2, S3, SERIES};
use crate::words::Lang;

/// The colour of a lane.
fn color(lane: usize) -> Color32 {
    SERIES.get(lane % SERIES.len()).copied().unwrap_or(Color32::GRAY)
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.prepared.is_none() {
        clean::waiting(ui, scene, "race");
        return;
    }
    let seed = scene.state.settings.seed;
    let race = &mut scene.state.race;
    race.setup.get_or_insert_with(|| Setup::of(race.preset, seed));
    controls(ui, scene);
    if let Some(problem) = scene.state.race.problem() {
        parts::caution(ui, &words(lang, problem));
    }
    if scene.state.race_is_old() {
        parts::caution(ui, &lang.t("race.old_rows"));
    } else if scene.state.race.setup_differs() {
        parts::caution(ui, &lang.t("race.new_setup"));
    }
    let (ground, view) = (scene.state.race.ground().cloned(), scene.state.race.view().cloned());
    let (Some(ground), Some(view)) = (ground, view) else {
        ui.add_space(S3);
        let key = if scene.state.race.starting() { "status.working" } else { "race.what" };
        parts::muted(ui, lang.t(key));
        return;
    };
    let count = |rows: usize| lang.count(rows as u64);
    let args = [
        ("train", count(ground.train_rows)),
        ("seen", count(ground.watched.0)),
        ("valid", count(ground.watched.1)),
    ];
    parts::muted(ui, lang.with("race.rows", &args));
    back(ui, scene);
    curves::show(ui, scene, &ground, &view);
    followed::show(ui, scene, &ground, &view);
    lanes::show(ui, scene, &ground, &view);
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    setup::show(ui, scene);
}

/// Start, pause, and steps by hand.
fn controls(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let ready = !scene.state.preparing() && !scene.state.race.starting();
    let view = scene.state.race.view().cloned();
    ui.horizontal_wrapped(|ui| {
        let Some(view) = view else {
            if parts::primary(ui, lang.t("race.start"), ready) {
                scene.state.start_race(true);
            }
            return;
        };
        let race = &scene.state.race;
        if view.is_running {
            if parts::primary(ui, lang.t("race.pause"), true) {
                race.ask(Order::Pause);
            }
        } else if parts::primary(ui, lang.t("race.go_on"), !view.is_over()) {
            race.ask(Order::Run);
        }
        let batch = ui.add(parts::tall(lang.t("race.step_batch")));
        if batch.on_hover_text(lang.t("race.step_batch.help")).clicked() {
            race.ask(Order::StepBatch);
        }
        let epoch = ui.add(parts::tall(lang.t("race.step_epoch")));
        if epoch.on_hover_text(lang.t("race.step_epoch.help")).clicked() {
            race.ask(Order::StepEpoch);
        }
        let anew = ui.add_enabled(ready, parts::tall(lang.t("race.anew")));
        if anew.on_hover_text(lang.t("race.anew.help")).clicked() {
            scene.state.start_race(true);
        }
        if view.is_over() && !view.is_running {
            let args = [("epoch", view.planned.to_string())];
            parts::muted(ui, lang.with("race.over", &args));
        }
    });
    ui.add_space(S2);
}

/// The slider that chooses an epoch to go back to.
fn back(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let race = &mut scene.state.race;
    let furthest = race.view().map_or(0, |view| view.furthest());
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(lang.t("race.back_to")).on_hover_text(lang.t("race.back_to.help"));
        let mut epoch = race.back_to.unwrap_or(furthest).min(furthest);
        let slider = egui::Slider::new(&mut epoch, 0..=furthest.max(1)).integer();
        if ui.add_enabled(furthest > 0, slider).labelled_by(label.id).changed() {
            race.back_to = Some(epoch);
        }
        let all = ui.add_enabled(furthest > 0, egui::Button::new(lang.t("race.back_all")));
        if all.clicked() {
            race.rewind(None, epoch);
            race.back_to = None;
        }
    });
}

/// Why a race could not start, with its mend.
fn words(lang: Lang, problem: &RaceError) -> String {
    match problem {
        RaceError::Lanes { found } => lang.with("race.problem.lanes", &[("found", found.to_string())]),
        RaceError::TooFew { found, needed } => {
            let args = [("found", found.to_string()), ("needed", needed.to_string())];
            lang.with("race.problem.too_few", &args)
        }
        RaceError::NoValidation => lang.t("race.problem.no_validation"),
        RaceError::Lane { lane, cause } => {
            let args = [("lane", letter(*lane).to_string()), ("cause", cause.to_string())];
            lang.with("race.problem.lane", &args)
        }
    }
}
