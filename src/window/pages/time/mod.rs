//! Time machine: what we would have said on a day of the past, beside what then happened.

mod customers;
mod strip;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::features::behaviour::{Churn, Date, to_date, to_day};
use regulars_engine::project::{AsOf, Asked};
use regulars_engine::train::ModelKind;

use super::{Page, Scene, collect};
use crate::window::command::Command;
use crate::window::parts;
use crate::window::state::{State, Who};
use crate::window::theme::{self, S2, S3, S5};
use crate::words::{Lang, percent};

/// Kinds that can be learnt on the way: those that take a moment, and the network.
const KINDS: [ModelKind; 4] = [ModelKind::Logistic, ModelKind::Boosted, ModelKind::Tree, ModelKind::Mlp];

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "time");
    if scene.state.table.is_none() {
        super::clean::waiting(ui, scene, "time");
        return;
    }
    let Some(asked) = scene.state.asked().cloned() else {
        not_asked(ui, scene);
        return;
    };
    slider(ui, scene, &asked);
    if scene.state.time.who == Who::Present && scene.state.time_model().is_none() {
        no_model(ui, scene);
    }
    if let Some(error) = &scene.state.time.failed {
        parts::problem(ui, lang, error);
    }
    match scene.state.seen().cloned() {
        Some(seen) => {
            outcome(ui, scene, &asked, &seen);
            strip::show(ui, scene);
            customers::show(ui, scene, &seen);
        }
        None if scene.state.time.looking() => parts::muted(ui, lang.t("status.working")),
        None => parts::muted(ui, lang.t("time.not_yet")),
    }
}

/// No question yet: the button that asks it, where there are orders.
fn not_asked(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if !scene.state.could_ask() {
        let button = Some((lang.t("common.to_collect"), Command::Go(Page::Collect)));
        parts::empty_state(ui, lang, "time_orders", button, scene.send);
        return;
    }
    parts::empty_state(ui, lang, "time", None, scene.send);
    ui.vertical_centered(|ui| {
        let is_free = !scene.prefs.locked && !scene.state.time.asking() && scene.state.load.is_none();
        if parts::primary(ui, lang.t("question.ask"), is_free) {
            scene.state.ask_question();
        }
        if scene.state.time.asking() {
            parts::muted(ui, lang.t("status.working"));
        }
    });
    if let Some(error) = &scene.state.time.refused {
        parts::problem(ui, lang, error);
        if ui.button(lang.t("common.to_collect")).clicked() {
            scene.send.push(Command::Go(Page::Collect));
        }
    }
}

/// The day, by hand or typed, and the button that goes there.
fn slider(ui: &mut Ui, scene: &mut Scene<'_>, asked: &Asked) {
    let lang = scene.lang;
    let Some(day) = scene.state.day() else { return };
    let mut at = to_day(day);
    let label = ui.label(RichText::new(lang.t("time.day")).family(theme::strong()));
    let (first, last) = (to_day(asked.first), to_day(asked.last));
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().slider_width = (ui.available_width() - 130.0).clamp(120.0, 900.0);
            let slider = egui::Slider::new(&mut at, first..=last)
                .custom_formatter(|day, _| to_date(day as i32).to_string())
                .custom_parser(|text| Some(f64::from(to_day(text.trim().parse::<Date>().ok()?))));
            ui.add(slider).labelled_by(label.id)
        })
        .inner;
    let changed = at != to_day(day);
    if changed {
        scene.state.set_day(to_date(at));
    }
    // While the handle is held nothing is computed; a model is learnt only when the button is pressed.
    let let_go = response.drag_stopped() || changed && !response.dragged();
    let is_quick = !matches!(scene.state.time.who, Who::Then(_));
    ui.horizontal_wrapped(|ui| {
        let pressed = parts::primary(ui, lang.t("time.look"), scene.state.can_look_back());
        if pressed || let_go && is_quick {
            scene.state.look_back();
        }
        let all =
            [("time.first", "time.first.help", asked.first), ("time.last", "time.last.help", asked.last)];
        let known = asked.days.last().map(|day| ("time.known", "time.known.help", *day));
        for (key, help, day) in known.into_iter().chain(all) {
            let button = ui.add(parts::tall(lang.with(key, &[("day", day.to_string())])));
            if button.on_hover_text(lang.t(help)).clicked() {
                scene.state.set_day(day);
                if is_quick {
                    scene.state.look_back();
                }
            }
        }
    });
    ui.add_space(S2);
}

/// The model in use is asked for, and there is none that learnt from this question.
fn no_model(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let key = match (scene.state.bundling(), scene.state.outcomes.is_empty()) {
        (true, _) => "time.model_soon",
        (_, true) => "time.no_model",
        (_, false) => "time.other_model",
    };
    parts::caution(ui, &lang.t(key));
    ui.horizontal_wrapped(|ui| {
        if ui.button(lang.t("empty.to_train")).clicked() {
            scene.send.push(Command::Go(Page::Train));
        }
        if ui.button(lang.t("time.learn_then")).clicked() {
            scene.state.time.who = Who::Then(ModelKind::Logistic);
        }
    });
    ui.add_space(S2);
}

/// What was said and what happened, in figures.
fn outcome(ui: &mut Ui, scene: &mut Scene<'_>, asked: &Asked, seen: &AsOf) {
    let lang = scene.lang;
    ui.add_space(S3);
    let all = seen.customers.len();
    let args = |share: f64| {
        [
            ("day", seen.day.to_string()),
            ("count", lang.count(all as u64)),
            ("share", percent(share)),
            ("days", lang.count(seen.question.horizon_days.into())),
        ]
    };
    let said = seen.said().map(|share| lang.with("time.says", &args(share.value)));
    let said = said.unwrap_or_else(|| lang.with("time.says_nobody", &args(0.0)));
    let lost = match seen.lost() {
        Some(share) => lang.with("time.happened", &args(share.value)),
        None => lang.t("time.unknown_all"),
    };
    let gap = if lang == Lang::Zh { "" } else { " " };
    let finding = RichText::new(format!("{said}{gap}{lost}")).font(theme::section_font());
    ui.add(egui::Label::new(finding).wrap());
    if seen.learnt_later {
        parts::caution(ui, &lang.t("time.learnt_later"));
    }
    if seen.question != asked.fitted.question {
        let days = lang.count(seen.question.horizon_days.into());
        parts::caution(ui, &lang.with("time.other_question", &[("days", days)]));
    }
    let unknown = seen.unknown();
    if unknown > 0 {
        let key = match seen.question.churn {
            Churn::Column => "time.unknown_column",
            _ => "time.unknown",
        };
        let args = [("count", lang.count(unknown as u64)), ("last", seen.last.to_string())];
        parts::caution(ui, &lang.with(key, &args));
    }
    ui.add_space(S2);
    let figures = seen.figures();
    if figures.is_empty() {
        return;
    }
    let keys = ["time.said_lost", "time.said_stayed", "time.missed", "time.left_alone"];
    let counts: Vec<(&str, usize)> = keys.into_iter().zip(seen.outcomes()).collect();
    in_rows(ui, &counts, 164.0, |ui, (key, count)| {
        parts::figure(ui, &lang.t(key), &lang.count(*count as u64), "");
    });
    let told = [("precision", true), ("recall", true), ("roc_auc", false)];
    in_rows(ui, &told, 196.0, |ui, (key, as_percent)| {
        if let Some(estimate) = figures.get(key) {
            parts::estimate(ui, lang, key, *estimate, *as_percent);
        }
    });
    if !figures.contains_key("roc_auc") {
        parts::muted(ui, lang.t("figures.lead_none"));
    }
    ui.add_space(S2);
}

/// Figures beside each other, as many as there is room for, the others below.
fn in_rows<T>(ui: &mut Ui, all: &[T], width: f32, add: impl Fn(&mut Ui, &T)) {
    let room = ((ui.available_width() + S5) / (width + S5)).floor().max(1.0);
    for row in all.chunks(room as usize) {
        parts::figures(ui, |ui| {
            for one in row {
                ui.vertical(|ui| {
                    ui.set_width(width);
                    add(ui, one);
                });
            }
        });
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(asked) = scene.state.asked().cloned() else {
        parts::muted(ui, lang.t("time.asks_first"));
        return;
    };
    parts::section(ui, lang.t("time.who"));
    let has_model = scene.state.time_model().is_some();
    let shown = scene.state.shown().map(|outcome| lang.t(&format!("model.{}", outcome.kind.name())));
    let who = &mut scene.state.time.who;
    let then = match who {
        Who::Then(kind) => *kind,
        _ => ModelKind::Logistic,
    };
    ui.radio_value(who, Who::Present, lang.t("time.who.present"))
        .on_hover_text(lang.t("time.who.present.help"));
    if let Some(name) = shown.filter(|_| has_model) {
        parts::muted(ui, name);
    }
    ui.radio_value(who, Who::Then(then), lang.t("time.who.then")).on_hover_text(lang.t("time.who.then.help"));
    if let Who::Then(kind) = who {
        parts::setting(ui, lang, "time_kind", |ui| {
            let words = |kind: ModelKind| lang.t(&format!("model.{}", kind.name()));
            parts::choose(ui, &lang.t("setting.time_kind"), kind, &KINDS, words);
        });
    }
    ui.radio_value(who, Who::Nobody, lang.t("time.who.nobody")).on_hover_text(lang.t("time.who.nobody.help"));
    let threshold = percent(scene.state.settings.threshold);
    parts::muted(ui, lang.with("time.threshold", &[("threshold", threshold)]));
    ui.add_space(S5);
    parts::section(ui, lang.t("question.title"));
    collect::aloud(ui, lang, &asked);
    if ui.button(lang.t("time.to_question")).clicked() {
        scene.send.push(Command::Go(Page::Collect));
    }
}

/// One live line for the rail.
pub(super) fn status(lang: Lang, state: &State) -> String {
    let looked = state.seen().and_then(|seen| Some((seen.day, seen.lost()?)));
    match (state.asked(), looked) {
        (None, _) => lang.t("time.status.no_question"),
        (Some(_), Some((day, lost))) => {
            let args = [("day", day.to_string()), ("share", percent(lost.value))];
            lang.with("time.status.looked", &args)
        }
        (Some(asked), None) => lang.with("time.status.until", &[("day", asked.last.to_string())]),
    }
}
