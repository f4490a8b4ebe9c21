//! Evaluate: rows the model never saw; one threshold moves every figure at once.

mod curves;
pub(in crate::window) mod figures;
pub(in crate::window) mod money;
pub(in crate::window) mod slices;
pub(in crate::window) mod why;

use eframe::egui::Ui;

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts;

pub use curves::Charts;

/// What the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Curves,
    Figures,
    Money,
    Slices,
    Why,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 5] = [Tab::Curves, Tab::Figures, Tab::Money, Tab::Slices, Tab::Why];

    fn key(self) -> &'static str {
        match self {
            Self::Curves => "evaluate.tab.curves",
            Self::Figures => "evaluate.tab.figures",
            Self::Money => "evaluate.tab.money",
            Self::Slices => "evaluate.tab.slices",
            Self::Why => "evaluate.tab.why",
        }
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "evaluate");
    let Some(outcome) = scene.state.shown().cloned() else {
        let can_train = scene.state.prepared.is_some();
        parts::waits_for_model(ui, lang, "evaluate", can_train, scene.send);
        return;
    };
    if scene.state.stale() {
        parts::caution(ui, &lang.t("train.stale"));
    }
    ui.horizontal_wrapped(|ui| {
        for tab in Tab::ALL {
            ui.selectable_value(&mut scene.page.evaluate_tab, tab, lang.t(tab.key()));
        }
    });
    ui.separator();
    match scene.page.evaluate_tab {
        Tab::Curves => curves::show(ui, scene, &outcome),
        Tab::Figures => figures::show(ui, scene),
        Tab::Money => money::show(ui, scene),
        Tab::Slices => slices::show(ui, scene),
        Tab::Why => why::show(ui, scene),
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.page.evaluate_tab == Tab::Money {
        return money::inspector(ui, scene);
    }
    parts::section(ui, lang.t("evaluate.model_shown"));
    let kinds: Vec<_> = scene.state.outcomes.iter().map(|o| o.kind).collect();
    let shown = scene.state.shown().map(|o| o.kind);
    for kind in kinds {
        let name = lang.t(&format!("model.{}", kind.name()));
        if ui.radio(shown == Some(kind), name).clicked() {
            scene.state.show_model(kind);
        }
    }
    if let Some(outcome) = scene.state.shown().cloned() {
        if scene.page.evaluate_tab == Tab::Curves {
            curves::repair(ui, scene, &outcome);
        }
        // Where the page itself shows the figures, they stand there alone.
        if !matches!(scene.page.evaluate_tab, Tab::Curves | Tab::Figures) {
            parts::section(ui, lang.t("evaluate.more"));
            if !outcome.test.is_judged() {
                parts::muted(ui, lang.t("figures.lead_none"));
            }
            for (name, e) in outcome.test.told(scene.state.settings.threshold) {
                ui.horizontal(|ui| {
                    let label = ui.label(lang.t(&format!("metric.{name}")));
                    label.on_hover_text(lang.t(&format!("metric.{name}.help")));
                    parts::muted(ui, format!("{:.3}  ({:.3}–{:.3})", e.value, e.low, e.high));
                });
            }
            parts::muted(ui, lang.t("evaluate.interval"));
        }
        // Nobody is pressed on to a list by a model that could not be judged.
        let next = match outcome.test.is_judged() {
            true => parts::primary(ui, lang.t("evaluate.next"), true),
            false => ui.add(parts::tall(lang.t("evaluate.next"))).clicked(),
        };
        if next {
            scene.send.push(Command::Go(Page::Customers));
        }
    }
}
