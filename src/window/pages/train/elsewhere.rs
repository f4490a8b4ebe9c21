//! Training on another machine: its address, its token, and what it answers.

use eframe::egui::{Button, TextEdit, Ui};

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::state::Answered;
use crate::window::theme::S1;
use crate::words::Lang;

/// The choice, and what belongs to it once it is made.
pub(super) fn setting(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let trains = scene.state.train.is_some();
    if scene.state.muscle.address.is_empty() {
        scene.state.muscle.address.clone_from(&scene.prefs.muscle);
    }
    parts::setting(ui, lang, "elsewhere", |ui| {
        ui.add_enabled_ui(!trains, |ui| {
            ui.checkbox(&mut scene.state.muscle.on, lang.t("setting.elsewhere.on"));
        });
    });
    if !scene.state.muscle.on {
        return;
    }
    if scene.state.settings.private.is_some() {
        parts::muted(ui, lang.t("elsewhere.private"));
    }
    ui.add_enabled_ui(!trains, |ui| {
        parts::setting(ui, lang, "elsewhere_address", |ui| {
            let edit = TextEdit::singleline(&mut scene.state.muscle.address).hint_text("gpu.office:7878");
            if parts::named(ui, lang, "elsewhere_address", edit.desired_width(f32::INFINITY)).changed() {
                scene.prefs.muscle.clone_from(&scene.state.muscle.address);
            }
        });
        parts::setting(ui, lang, "elsewhere_token", |ui| {
            let edit = TextEdit::singleline(&mut scene.state.muscle.token).password(true);
            parts::named(ui, lang, "elsewhere_token", edit.desired_width(f32::INFINITY));
        });
        ui.checkbox(&mut scene.state.muscle.open, lang.t("setting.elsewhere_open"))
            .on_hover_text(lang.t("setting.elsewhere_open.help"));
        ui.add_space(S1);
        let ready = !scene.state.muscle.is_trying()
            && !scene.state.muscle.address.trim().is_empty()
            && !scene.state.muscle.token.trim().is_empty();
        if ui.add_enabled(ready, Button::new(lang.t("elsewhere.try"))).clicked() {
            scene.state.try_muscle();
        }
    });
    match &scene.state.muscle.answer {
        None => parts::muted(ui, lang.t("elsewhere.how")),
        Some(Err(error)) => parts::problem(ui, lang, error),
        Some(Ok(answers)) => {
            let many = answers.len() > 1;
            answers.iter().for_each(|answered| answer(ui, lang, many, answered));
        }
    }
}

/// How each machine stands, while several share a training.
pub(super) fn crew(ui: &mut Ui, scene: &Scene<'_>) {
    let lang = scene.lang;
    if scene.state.train.is_none() {
        return;
    }
    for member in &scene.state.muscle.crew {
        let state = lang.t(if member.works { "crew.works" } else { "crew.away" });
        let mut args = vec![("place", member.place.clone()), ("state", state)];
        let key = match member.milliseconds {
            Some(time) => {
                args.push(("ms", format!("{time:.1}")));
                "crew.pace"
            }
            None => "crew.member",
        };
        parts::muted(ui, lang.with(key, &args));
    }
}

/// What one machine answered; with its name where there are several.
fn answer(ui: &mut Ui, lang: Lang, many: bool, (place, answer): &Answered) {
    if many {
        parts::muted(ui, place.clone());
    }
    match answer {
        Err(error) => parts::problem(ui, lang, error),
        Ok((about, time)) => {
            let device = match (&about.adapter, about.cores) {
                (Some(adapter), _) => adapter.clone(),
                (None, cores) => lang.with("elsewhere.cores", &[("count", lang.count(cores as u64))]),
            };
            let busy = if about.busy { lang.t("elsewhere.is_busy") } else { lang.t("elsewhere.is_free") };
            let args = [
                ("device", device),
                ("version", about.version.clone()),
                ("ms", format!("{:.0}", time.as_secs_f64() * 1e3)),
                ("busy", busy),
            ];
            parts::muted(ui, lang.with("elsewhere.answer", &args));
        }
    }
}
