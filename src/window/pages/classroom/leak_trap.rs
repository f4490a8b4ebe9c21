//! The leak trap: a column that gives the answer away, the score that jumps, and who it was.

use eframe::egui::{self, Label, RichText, Ui};
use regulars_engine::project::{Bait, Sprung};

use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::{self, Palette, S1, S2};
use crate::words::Lang;

/// One line that opens; `open` from the start.
pub(in crate::window) fn show(ui: &mut Ui, scene: &mut Scene<'_>, open: bool) {
    if scene.state.prepared.is_none() {
        return;
    }
    let trap = &scene.state.lessons.trap;
    // What was asked for from elsewhere is shown.
    let busy = (trap.job().is_some() || trap.sprung().is_some()).then_some(true);
    let head = egui::CollapsingHeader::new(scene.lang.t("trap.title")).id_salt("leak trap");
    head.default_open(open).open(busy).show(ui, |ui| content(ui, scene));
    ui.add_space(S1);
}

fn content(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::muted(ui, lang.t("trap.says"));
    ui.add_space(S1);
    if scene.state.has_orders() {
        ui.horizontal_wrapped(|ui| {
            for bait in Bait::ALL {
                let text = lang.t(&format!("trap.bait.{}", bait.name()));
                ui.selectable_value(&mut scene.state.lessons.trap.bait, bait, text);
            }
        });
    } else {
        scene.state.lessons.trap.bait = Bait::Answer;
    }
    let working = scene.state.lessons.trap.job();
    let sprung = scene.state.lessons.trap.sprung().cloned();
    ui.horizontal_wrapped(|ui| {
        let free = working.is_none() && scene.state.train.is_none() && !scene.state.preparing();
        let set = sprung.is_some();
        if !set && ui.add_enabled(free, parts::tall(lang.t("command.set_trap"))).clicked() {
            scene.send.push(Command::SetTrap);
        }
        if set && ui.add(parts::tall(lang.t("command.take_trap_away"))).clicked() {
            scene.send.push(Command::TakeTrapAway);
        }
        if let Some((share, _)) = working {
            let text = format!("{:.0}%", 100.0 * share);
            ui.add(egui::ProgressBar::new(share as f32).desired_width(190.0).text(text));
        }
    });
    if let Some(sprung) = sprung {
        ui.add_space(S2);
        result(ui, lang, &sprung);
    }
}

fn result(ui: &mut Ui, lang: Lang, sprung: &Sprung) {
    let color = Palette::of(ui).bad;
    parts::figures(ui, |ui| {
        let interval = |e: regulars_engine::metrics::Estimate| {
            lang.with("trap.interval", &[("low", three(e.low)), ("high", three(e.high))])
        };
        parts::figure(ui, &lang.t("trap.before"), &three(sprung.before.value), &interval(sprung.before));
        parts::figure(ui, &lang.t("trap.after"), &three(sprung.after.value), &interval(sprung.after));
    });
    let args = [
        ("model", lang.t(&format!("model.{}", sprung.model.name()))),
        ("rows", lang.count(sprung.test_rows as u64)),
    ];
    parts::muted(ui, lang.with("trap.measured", &args));
    ui.add_space(S1);
    let text = match &sprung.caught {
        Some(culprit) => {
            let args = [
                ("column", sprung.column.to_owned()),
                ("why", lang.note(&culprit.note())),
                ("known", lang.note(&culprit.known())),
            ];
            lang.with("trap.caught", &args)
        }
        None => lang.with("trap.went_through", &[("column", sprung.column.to_owned())]),
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new("×").color(color).family(theme::strong()));
        ui.add(Label::new(text).wrap());
    });
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}
