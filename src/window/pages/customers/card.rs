//! One customer's card: what the risk means, what if, the nearest change, and who was alike.

use std::collections::BTreeMap;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::deploy::Customer;
use regulars_engine::evaluate::{Choice, Goal, Nearest, Such, Turn, Values, can_be_changed};
use regulars_engine::project::{changeable, such_customers};
use regulars_engine::recommend::HouseRules;

use crate::report::customer as told;
use crate::window::command::Command;
use crate::window::pages::{Scene, recommend};
use crate::window::parts;
use crate::window::state::State;
use crate::window::theme::{self, Palette, S1, S2, S3};
use crate::words::{self, Lang, percent};

/// What the card shows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Why, how to reach the customer, what was done.
    #[default]
    Why,
    /// What if, and the nearest change.
    WhatIf,
    /// Who was alike.
    Alike,
}

impl Tab {
    pub const ALL: [Tab; 3] = [Tab::Why, Tab::WhatIf, Tab::Alike];

    fn name(self, lang: Lang) -> String {
        lang.t(match self {
            Self::Why => "customers.why",
            Self::WhatIf => "card.what_if",
            Self::Alike => "card.alike",
        })
    }
}

/// What an offer depends on: the finding, the rules of the house, the customer, the language.
type NextOf = (u64, HouseRules, String, Lang);

/// What the card remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    pub tab: Tab,
    /// Every named reason is shown, not the strongest three.
    pub all_reasons: bool,
    /// Test customers like the one of a list, and whose that is.
    such: Option<((u64, u32), Option<Such>)>,
    /// The file and the row that the cells belong to, and the list that answered last.
    of: Option<(u64, u32)>,
    list: u64,
    /// What to offer next, and what that was made of.
    next: Option<(NextOf, Option<String>)>,
    /// The cells that are changed: column, text in the file.
    changes: BTreeMap<String, String>,
    /// The probability with nothing changed, and with the cells changed.
    start: Option<f64>,
    answer: Option<f64>,
}

impl View {
    /// Asks again with the cells as they are.
    fn ask(&mut self, state: &State) {
        let cells: Vec<(&str, &str)> =
            self.changes.iter().map(|(column, text)| (column.as_str(), text.as_str())).collect();
        self.answer = if cells.is_empty() { None } else { state.what_if(&cells) };
    }
}

/// What the probability means: test customers whom the model gave about as much.
pub(super) fn such(ui: &mut Ui, scene: &mut Scene<'_>, customer: &Customer) {
    let lang = scene.lang;
    let key = (scene.state.list_id, customer.row);
    if scene.page.card.such.as_ref().is_none_or(|(of, _)| *of != key) {
        // Counted once: a big shop has many test rows.
        let found = scene.state.origin().and_then(|origin| such_customers(origin, customer.probability));
        scene.page.card.such = Some((key, found));
    }
    if let Some((_, Some(found))) = &scene.page.card.such {
        let text = format!("{} {}", lang.t("badge.counted"), told::such(lang, found));
        ui.add(egui::Label::new(text).wrap()).on_hover_text(lang.t("card.such.help"));
    }
    let segment = customer.segment.filter(|_| scene.state.month.is_none());
    let segments = scene.state.segments.as_ref();
    if let Some(one) = segment.and_then(|at| segments?.segments.get(at)) {
        let name = words::segment_name(lang, one);
        parts::muted(ui, format!("{}: {name}", lang.t("customers.segment")));
    }
    let spec = &scene.state.settings;
    if let Some(worth) = scene.state.worth_of(&customer.id).filter(|_| customer.named) {
        let text = words::money::amount(lang, &spec.money.currency, worth);
        let days = spec.value.horizon_days.to_string();
        parts::muted(ui, lang.with("joined.worth", &[("money", text), ("days", days)]));
    }
    next(ui, scene, customer);
}

/// What to offer next, where that was worked out.
fn next(ui: &mut Ui, scene: &mut Scene<'_>, customer: &Customer) {
    let lang = scene.lang;
    let Some(found) = scene.state.recommended().filter(|_| customer.named) else { return };
    let of = (found.id(), scene.state.settings.recommend.house, customer.id.clone(), lang);
    if scene.page.card.next.as_ref().is_none_or(|(known, _)| *known != of) {
        let has_left = customer.actual == Some(true);
        let text = recommend::next_for(lang, scene.state, &customer.id, has_left);
        scene.page.card.next = Some((of, text));
    }
    if let Some((_, Some(text))) = &scene.page.card.next {
        ui.add(egui::Label::new(text).wrap());
    }
}

/// What can be looked at, and the page to print.
pub(super) fn tabs(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    ui.add_space(S2);
    ui.horizontal_wrapped(|ui| {
        for tab in Tab::ALL {
            ui.selectable_value(&mut scene.page.card.tab, tab, tab.name(lang));
        }
    });
    ui.separator();
}

/// The card's page to print.
pub(super) fn print(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    ui.add_space(S3);
    let text = Command::PrintCard.text(lang);
    if ui.button(text).on_hover_text(lang.t("card.print.help")).clicked() {
        scene.send.push(Command::PrintCard);
    }
}

/// The way to forget the customer, which is asked about first.
pub(super) fn forget(ui: &mut Ui, scene: &mut Scene<'_>, customer: &Customer) {
    let lang = scene.lang;
    // A customer without an identifier cannot be known again.
    if !customer.named {
        return;
    }
    let free = !scene.prefs.locked && !scene.state.saving() && scene.state.train.is_none();
    let button = ui.add_enabled(free, egui::Button::new(lang.t("forget.ask")));
    if button.on_hover_text(lang.t("forget.what")).clicked() {
        scene.state.ask_forget(&customer.id);
    }
}

/// What takes a closer look: what if and the nearest change, or who was alike.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, customer: &Customer) {
    let lang = scene.lang;
    scene.state.follow_card(customer);
    if !scene.state.card.is_of(scene.state.list_id, customer.row) {
        let key = if scene.state.card.rests() { "card.stopped" } else { "card.looking" };
        parts::muted(ui, lang.t(key));
        return;
    }
    if scene.page.card.tab == Tab::Alike {
        alike(ui, scene);
        return;
    }
    // Each part keeps the ids of its controls while the others change: a press that began before the
    // search ended is no press of something else.
    // What might have kept somebody who has left is a lesson, and no advice.
    if customer.actual == Some(true) {
        parts::caution(ui, &lang.t("card.left_no_mend"));
    }
    parts::steady(ui, "what_if", |ui| what_if(ui, scene, customer));
    parts::steady(ui, "nearest", |ui| nearest(ui, scene));
    parts::steady(ui, "marks", |ui| marks(ui, scene));
}

/// Sliders and lists for the columns that can be changed; the answer comes in the same frame.
fn what_if(ui: &mut Ui, scene: &mut Scene<'_>, customer: &Customer) {
    let lang = scene.lang;
    let (Some(ground), Some(asked)) = (scene.state.card.ground().cloned(), scene.state.card.asked().cloned())
    else {
        parts::muted(ui, lang.t("card.what_if.none"));
        return;
    };
    let (who, list) = ((scene.state.list_source, customer.row), scene.state.list_id);
    let view = &mut scene.page.card;
    if view.of != Some(who) {
        view.of = Some(who);
        view.changes.clear();
        view.list = 0;
    }
    if view.list != list {
        // Another model, or other rows: what was changed is asked again.
        view.list = list;
        view.start = scene.state.what_if(&[]);
        view.ask(scene.state);
    }
    let places = changeable(&ground, &scene.state.settings.changeable);
    if places.is_empty() {
        parts::muted(ui, lang.t("card.no_columns"));
        return;
    }
    parts::muted(ui, lang.t("card.what_if.help"));
    let view = &mut scene.page.card;
    let mut changed = false;
    for at in places {
        let Some(choice) = ground.choices.get(at) else { continue };
        let shown = asked.shown.get(at).and_then(Option::as_deref);
        let number = asked.numbers.get(at).copied().flatten();
        changed |= ui
            .push_id(&choice.column, |ui| control(ui, lang, choice, (shown, number), &mut view.changes))
            .inner;
    }
    if !view.changes.is_empty() {
        let text = lang.t("card.reset");
        if ui.button(text).on_hover_text(lang.t("card.reset.help")).clicked() {
            view.changes.clear();
            changed = true;
        }
    }
    if changed {
        view.ask(scene.state);
    }
    let threshold = scene.state.settings.threshold;
    answer(ui, lang, (&scene.page.card, customer.probability), threshold);
}

/// The probability as it would be, beside what it is.
fn answer(ui: &mut Ui, lang: Lang, (view, listed): (&View, f64), threshold: f64) {
    let p = Palette::of(ui);
    let Some(start) = view.start else {
        parts::muted(ui, lang.t("card.no_answer"));
        return;
    };
    if (start - listed).abs() >= 0.0005 {
        let args = [("risk", percent(start)), ("listed", percent(listed))];
        parts::muted(ui, lang.with("card.starts_elsewhere", &args));
    }
    if view.changes.is_empty() {
        return;
    }
    let Some(now) = view.answer else {
        parts::muted(ui, lang.t("card.no_answer"));
        return;
    };
    ui.horizontal_wrapped(|ui| {
        let color = if now >= threshold { p.bad } else { p.good };
        ui.label(RichText::new(percent(now)).font(theme::figure_font()).color(color));
        let args = [("risk", percent(start)), ("points", words::points(now - start))];
        parts::muted(ui, lang.with("card.instead_of", &args));
    });
}

/// One column's slider or list; true when it was moved.
fn control(
    ui: &mut Ui,
    lang: Lang,
    choice: &Choice,
    (shown, number): (Option<&str>, Option<f64>),
    changes: &mut BTreeMap<String, String>,
) -> bool {
    let column = &choice.column;
    let before = changes.get(column).cloned();
    let place = (0..choice.values.len()).find(|at| before.as_deref() == choice.values.text(*at));
    let label = ui.label(column);
    match &choice.values {
        Values::Numbers { values, .. } => {
            let (Some((low, _)), Some((high, _))) = (values.first(), values.last()) else { return false };
            let chosen = place.and_then(|at| values.get(at)).map(|(value, _)| *value);
            let was = chosen.or(number).unwrap_or(*low);
            let mut value = was;
            ui.spacing_mut().slider_width = 170.0;
            let slider = egui::Slider::new(&mut value, low.min(was)..=high.max(was))
                .custom_formatter(|value, _| regulars_engine::table::show_number(value));
            let moved = ui.add(slider).labelled_by(label.id);
            // A hole stands at the left end until it is moved.
            let (near, here) = (choice.values.nearest(value), choice.values.nearest(was));
            let near = match near.filter(|_| value != was) {
                // A step of the keyboard may be smaller than the gap to the next value.
                at if at.is_some() && at == here && !moved.dragged() => {
                    at.and_then(|at| if value > was { at.checked_add(1) } else { at.checked_sub(1) })
                }
                at => at,
            };
            if let Some((near, text)) = near.and_then(|at| values.get(at)) {
                put(changes, column, text, number == Some(*near));
            }
        }
        Values::Levels { values } => {
            let chosen = place.and_then(|at| values.get(at)).map(|(level, _)| level.as_str());
            let text = chosen.or(shown).map_or_else(|| lang.t("card.missing"), str::to_owned);
            let width = ui.available_width() - S2;
            let combo = egui::ComboBox::from_id_salt("level").selected_text(text).width(width).truncate();
            let combo = combo.show_ui(ui, |ui| {
                for (at, (level, text)) in values.iter().enumerate() {
                    let is_present = shown == Some(level.as_str());
                    let on = place == Some(at) || (place.is_none() && is_present);
                    if ui.selectable_label(on, level).clicked() {
                        put(changes, column, text, is_present);
                    }
                }
            });
            combo.response.labelled_by(label.id);
        }
    }
    changes.get(column) != before.as_ref()
}

/// Changes a cell, or puts it back where that is what it has.
fn put(changes: &mut BTreeMap<String, String>, column: &str, text: &str, is_present: bool) {
    if is_present {
        changes.remove(column);
    } else {
        changes.insert(column.to_owned(), text.to_owned());
    }
}

/// The nearest change that turns the answer, in words.
fn nearest(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.card.ground().is_none() {
        return;
    }
    parts::section(ui, lang.t("card.nearest"));
    if let Some(share) = scene.state.card.searching() {
        let args = [("percent", format!("{:.0}", 100.0 * share))];
        parts::muted(ui, lang.with("card.searching", &args));
        return;
    }
    let Some(found) = scene.state.card.nearest().cloned() else {
        parts::muted(ui, lang.t("card.stopped"));
        return;
    };
    for line in told::nearest(lang, &found) {
        ui.add(egui::Label::new(line).wrap());
    }
    if let Some(turn) = turn_of(&found)
        && ui.button(lang.t("card.try")).on_hover_text(lang.t("card.try.help")).clicked()
    {
        take(scene, turn);
    }
    parts::muted(ui, lang.t("card.no_proof"));
}

fn turn_of(found: &Nearest) -> Option<&Turn> {
    found.turn.as_ref().or(found.best.as_ref().filter(|_| matches!(found.goal, Goal::Below(_))))
}

/// Puts a change that was found on the sliders.
fn take(scene: &mut Scene<'_>, turn: &Turn) {
    let view = &mut scene.page.card;
    let moves = turn.moves.iter();
    view.changes = moves.map(|one| (one.column.clone(), one.text.clone())).collect();
    view.ask(scene.state);
}

/// The most similar customers and what became of them.
fn alike(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let p = Palette::of(ui);
    let alike = scene.state.card.alike();
    if alike.is_empty() {
        parts::muted(ui, lang.t("card.alike.none"));
        return;
    }
    ui.label(told::alike_finding(lang, alike)).on_hover_text(lang.t("card.alike.help"));
    for one in alike {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = S2;
            let (mark, color, key) = match one.happened {
                true => ("●", p.bad, "card.left"),
                false => ("○", p.good, "card.stayed"),
            };
            ui.label(RichText::new(mark).color(color));
            ui.label(words::shown_id(&one.id, scene.prefs.projector && one.named));
            ui.label(lang.t(key));
            parts::muted(ui, told::alike_share(lang, one));
        });
    }
}

/// Which columns can be changed: the person has the last word over what the names propose.
fn marks(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(ground) = scene.state.card.ground().cloned() else { return };
    ui.add_space(S2);
    egui::CollapsingHeader::new(lang.t("setting.changeable")).id_salt("changeable").show(ui, |ui| {
        parts::muted(ui, lang.t("setting.changeable.help"));
        let said = &mut scene.state.settings.changeable;
        for choice in &ground.choices {
            let proposed = can_be_changed(&choice.column);
            let mut on = said.get(&choice.column).copied().unwrap_or(proposed);
            if ui.checkbox(&mut on, &choice.column).changed() {
                // What is as proposed need not be said.
                if on == proposed {
                    said.remove(&choice.column);
                } else {
                    said.insert(choice.column.clone(), on);
                }
                // A column that is no longer offered is as it was.
                scene.page.card.changes.clear();
                scene.page.card.answer = None;
            }
        }
        if !said.is_empty() {
            ui.add_space(S1);
            if ui.button(lang.t("card.as_proposed")).clicked() {
                said.clear();
            }
        }
    });
}
