//! Branches that train together: a panel for each, the server between them, and what passed.

mod curves;
mod meter;
mod panels;
mod sent;
mod setup;

use eframe::egui::{self, Key, Ui};
use regulars_engine::train::federated::{Ground, Mischief, RoundFigures, Rule};

use crate::window::pages::{Scene, clean};
use crate::window::parts;
use crate::window::state::Play;
use crate::window::theme::{S2, S3};
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.prepared.is_none() {
        clean::waiting(ui, scene, "theatre");
        return;
    }
    keys(ui, scene);
    parts::steady(ui, "controls", |ui| controls(ui, scene));
    parts::steady(ui, "cautions", |ui| {
        if let Some(error) = scene.state.theatre.failed() {
            parts::problem(ui, lang, error);
        }
        if scene.state.theatre_is_old() {
            parts::caution(ui, &lang.t("theatre.old_rows"));
        } else if scene.state.theatre.setup_differs() {
            parts::caution(ui, &lang.t("theatre.new_setup"));
        }
    });
    let theatre = &scene.state.theatre;
    let Some(play) = theatre.play() else {
        parts::muted(ui, lang.t("theatre.what"));
        return;
    };
    let Some((ground, start)) = &play.ground else {
        if theatre.is_working() {
            parts::muted(ui, lang.t("status.working"));
        }
        return;
    };
    let seen = theatre.seen();
    parts::steady(ui, "server", |ui| server(ui, lang, play, (ground, *start), seen));
    parts::steady(ui, "panels", |ui| panels::show(ui, lang, play, ground, seen));
    parts::steady(ui, "curves", |ui| curves::show(ui, lang, play, seen));
    if play.setup.privacy.is_some() {
        parts::steady(ui, "meter", |ui| meter::show(ui, lang, play, seen));
    }
    let mut branch = theatre.branch.min(ground.parts.len().saturating_sub(1));
    parts::steady(ui, "sent", |ui| sent::show(ui, lang, play, (ground, seen), &mut branch));
    scene.state.theatre.branch = branch;
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    setup::show(ui, scene);
}

/// Space plays and pauses, arrows go a round on and back, Home and End to the first and the last; only while
/// no control has the keyboard.
fn keys(ui: &Ui, scene: &mut Scene<'_>) {
    if ui.memory(|memory| memory.focused().is_some()) {
        return;
    }
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
    if scene.state.theatre.play().is_none() {
        return;
    }
    let theatre = &mut scene.state.theatre;
    let at = theatre.watched();
    if pressed(Key::Space) {
        theatre.play_on(!theatre.is_playing());
    } else if pressed(Key::ArrowRight) {
        theatre.go_to(at + 1);
    } else if pressed(Key::ArrowLeft) {
        theatre.go_to(at.saturating_sub(1));
    } else if pressed(Key::Home) {
        theatre.go_to(0);
    } else if pressed(Key::End) {
        theatre.go_to(usize::MAX);
    }
}

fn controls(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let ready = !scene.state.preparing();
    ui.horizontal_wrapped(|ui| {
        let theatre = &scene.state.theatre;
        if theatre.play().is_none() {
            if parts::primary(ui, lang.t("theatre.start"), ready) {
                scene.state.start_theatre();
            }
            return;
        }
        let (playing, at, over) = (theatre.is_playing(), theatre.watched(), theatre.is_over());
        let there = theatre.play().map_or(0, |play| play.rounds.len());
        if playing {
            if parts::primary(ui, lang.t("theatre.pause"), true) {
                scene.state.theatre.play_on(false);
            }
        } else if parts::primary(ui, lang.t("theatre.play"), !over) {
            scene.state.theatre.play_on(true);
        }
        let can = [("step", at < there, at + 1), ("back", at > 0, at.saturating_sub(1))];
        let ends = [("to_start", at > 0, 0), ("to_end", at < there, there)];
        for (key, enabled, round) in can.into_iter().chain(ends) {
            let button = ui.add_enabled(enabled, parts::tall(lang.t(&format!("theatre.{key}"))));
            if button.on_hover_text(lang.t(&format!("theatre.{key}.help"))).clicked() {
                scene.state.theatre.go_to(round);
            }
        }
        let anew = ui.add_enabled(ready, parts::tall(lang.t("theatre.anew")));
        if anew.on_hover_text(lang.t("theatre.anew.help")).clicked() {
            scene.state.start_theatre();
        }
    });
    ui.add_space(S2);
}

/// The server: the round, the joined model, and what came and went in all.
fn server(
    ui: &mut Ui,
    lang: Lang,
    play: &Play,
    (ground, start): (&Ground, Option<f64>),
    seen: &[RoundFigures],
) {
    let planned = play.setup.spec.rounds.max(1);
    let (up, down) = seen.iter().fold((ground.agreement_up, ground.agreement_down), |(up, down), round| {
        (up + round.up, down + round.down)
    });
    parts::card(ui, 10, |ui| {
        ui.set_width(ui.available_width());
        let auc = seen.last().map_or(start, |round| round.auc);
        let rule = lang.t(&format!("theatre.rule.{}", play.setup.spec.rule.name()));
        let args = [
            ("round", seen.len().to_string()),
            ("rounds", planned.to_string()),
            ("auc", area(auc)),
            ("rule", rule),
        ];
        let head =
            egui::RichText::new(lang.with("theatre.server", &args)).family(crate::window::theme::strong());
        ui.add(egui::Label::new(head).wrap());
        let args = [
            ("features", lang.count(ground.features as u64)),
            ("told", bytes(lang, ground.agreement_up)),
            ("up", bytes(lang, up)),
            ("down", bytes(lang, down)),
        ];
        let p = crate::window::theme::Palette::of(ui);
        let text = egui::RichText::new(lang.with("theatre.traffic", &args)).color(p.muted);
        ui.add(egui::Label::new(text).wrap());
        if play.setup.masks {
            let text = egui::RichText::new(lang.t("theatre.sees_sum")).color(p.muted);
            ui.add(egui::Label::new(text).wrap());
        }
    });
    ui.add_space(S3);
}

/// An area, or that there is none.
fn area(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

/// A count of bytes.
fn bytes(lang: Lang, count: u64) -> String {
    lang.with("theatre.bytes", &[("count", lang.count(count))])
}

/// The name of a branch, with what it does to the others.
fn name(lang: Lang, play: &Play, at: usize) -> String {
    let number = [("number", (at + 1).to_string())];
    let is_last = at + 1 == play.setup.branches;
    match play.setup.mischief {
        Mischief::Flip { .. } if is_last => lang.with("theatre.branch_wrong", &number),
        Mischief::None | Mischief::Flip { .. } => lang.with("theatre.branch", &number),
        _ if is_last => lang.with("theatre.branch_hostile", &number),
        _ => lang.with("theatre.branch", &number),
    }
}

/// The rule that is not the one in force.
fn other(rule: Rule) -> Rule {
    match rule {
        Rule::Mean => Rule::Median,
        Rule::Median => Rule::Mean,
    }
}
