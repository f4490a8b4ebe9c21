//! Experiments: whether an offer works, shown by those who did not get it. Three steps, one after the
//! other, and beside them whom an earlier offer turned.

mod draw;
mod plan;
mod read;
mod uplift;
mod whom;

use eframe::egui::{self, Ui};
use regulars_engine::experiment::Measured;

use super::Scene;
use crate::report::experiment as told;
use crate::window::parts;
use crate::window::state::State;
use crate::window::theme::{S1, S3};
use crate::words::Lang;

/// A step of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Plan,
    Draw,
    Read,
    Uplift,
}

impl Tab {
    /// Every step, in its order; uplift looks back at an earlier offer.
    pub const ALL: [Tab; 4] = [Tab::Plan, Tab::Draw, Tab::Read, Tab::Uplift];

    fn key(self) -> &'static str {
        match self {
            Self::Plan => "exp.tab.plan",
            Self::Draw => "exp.tab.draw",
            Self::Read => "exp.tab.read",
            Self::Uplift => "exp.tab.uplift",
        }
    }
}

/// What the page remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    pub tab: Tab,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "experiments");
    steps(ui, scene);
    ui.separator();
    if matches!(scene.page.experiments.tab, Tab::Plan | Tab::Draw) {
        parts::steady(ui, "whom", |ui| whom::show(ui, scene));
    }
    match scene.page.experiments.tab {
        Tab::Plan => plan::show(ui, scene),
        Tab::Draw => draw::show(ui, scene),
        Tab::Read => read::show(ui, scene),
        Tab::Uplift => uplift::show(ui, scene),
    }
}

/// The steps, with a mark on those that are done.
fn steps(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let room = &scene.state.experiments;
    let is_done = |tab: Tab| match tab {
        Tab::Plan => room.shown().is_some() || matches!(room.planned(), Some(Ok(_))),
        Tab::Draw => room.shown().is_some(),
        Tab::Read => matches!(room.reading(), Some(Ok(_))),
        Tab::Uplift => room.uplift().is_some(),
    };
    let done = Tab::ALL.map(is_done);
    ui.horizontal_wrapped(|ui| {
        for ((place, tab), done) in Tab::ALL.into_iter().enumerate().zip(done) {
            if tab == Tab::Uplift {
                ui.add_space(S3);
            }
            parts::stage_mark(ui, &(place + 1).to_string(), done);
            ui.selectable_value(&mut scene.page.experiments.tab, tab, lang.t(tab.key()));
            ui.add_space(S1);
        }
    });
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    match scene.page.experiments.tab {
        Tab::Plan => plan::inspector(ui, scene),
        Tab::Draw => draw::inspector(ui, scene),
        Tab::Read => read::inspector(ui, scene),
        Tab::Uplift => uplift::inspector(ui, scene),
    }
}

/// One live line for the rail.
pub(super) fn status(lang: Lang, state: &State) -> String {
    let room = &state.experiments;
    let Some(shown) = room.shown() else { return lang.t("exp.status.none") };
    let found = match room.reading() {
        Some(Ok(reading)) if reading.ratio.stops => return lang.t("exp.status.stopped"),
        Some(Ok(reading)) => reading.main(&shown.plan.measured),
        _ => None,
    };
    match found.and_then(|finding| finding.counts()) {
        Some(of) => {
            let is_share = is_share(&shown.plan.measured, room.reading());
            let amount = |value: f64| told::amount(is_share, value);
            lang.with("exp.status.found", &[("low", amount(of.low)), ("high", amount(of.high))])
        }
        None => lang.with("exp.status.drawn", &[("count", lang.count(room.drawn.len() as u64))]),
    }
}

/// True where the finding that counts is of a share.
fn is_share(
    planned: &Measured,
    reading: Option<Result<&regulars_engine::experiment::Reading, &regulars_engine::Error>>,
) -> bool {
    let Some(Ok(reading)) = reading else { return matches!(planned, Measured::Share { .. }) };
    match planned {
        Measured::Share { .. } => reading.share.is_some(),
        Measured::Money { .. } => reading.money.is_none(),
    }
}

/// A share as a percentage that can be dragged and typed; true when changed.
fn percentage(ui: &mut Ui, lang: Lang, key: &str, value: &mut f64, range: (f64, f64)) -> bool {
    parts::setting(ui, lang, key, |ui| {
        let mut shown = 100.0 * *value;
        let drag = egui::DragValue::new(&mut shown)
            .range(100.0 * range.0..=100.0 * range.1)
            .speed(0.5)
            .max_decimals(1)
            .suffix("%");
        let changed = parts::named(ui, lang, key, drag).changed();
        if changed {
            *value = shown / 100.0;
        }
        changed
    })
}

/// Money, or another number that is not below `least`; true when changed.
fn money(ui: &mut Ui, lang: Lang, key: &str, value: &mut f64, least: f64) -> bool {
    parts::setting(ui, lang, key, |ui| {
        let drag = egui::DragValue::new(value).range(least..=1e9).speed(0.5).max_decimals(2);
        parts::named(ui, lang, key, drag).changed()
    })
}

/// A column, or none; `none` is the word for that. True when changed.
fn column(
    ui: &mut Ui,
    lang: Lang,
    key: &str,
    (value, none): (&mut Option<String>, &str),
    all: &[String],
) -> bool {
    parts::setting(ui, lang, key, |ui| {
        let before = value.clone();
        let shown = value.as_deref().filter(|name| !name.is_empty()).unwrap_or(none).to_owned();
        let width = ui.available_width().min(240.0);
        let combo = egui::ComboBox::from_id_salt(key).selected_text(shown).width(width).truncate();
        let response = combo
            .show_ui(ui, |ui| {
                ui.selectable_value(value, None, none);
                for name in all {
                    ui.selectable_value(value, Some(name.clone()), name);
                }
            })
            .response;
        let name = lang.t(&format!("setting.{key}"));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        before != *value
    })
}
