//! Classroom: a network that can be seen through, on toy shapes and on the person's own file.

pub(in crate::window) mod leak_trap;
pub(in crate::window) mod lessons;
mod pass;
mod playground;
mod race;
mod theatre;

use eframe::egui::Ui;

use super::Scene;
use crate::window::parts;
use crate::window::state::State;
use crate::words::Lang;

/// What the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Lessons,
    Playground,
    /// The forward and backward pass of one customer, with its numbers.
    Pass,
    Race,
    /// Branches that train together without pooling rows.
    Theatre,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 5] = [Tab::Lessons, Tab::Playground, Tab::Pass, Tab::Race, Tab::Theatre];

    fn key(self) -> &'static str {
        match self {
            Self::Lessons => "classroom.tab.lessons",
            Self::Playground => "classroom.tab.playground",
            Self::Pass => "classroom.tab.pass",
            Self::Race => "classroom.tab.race",
            Self::Theatre => "theatre.tab",
        }
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "classroom");
    ui.horizontal_wrapped(|ui| {
        for tab in Tab::ALL {
            ui.selectable_value(&mut scene.page.class_tab, tab, lang.t(tab.key()));
        }
    });
    ui.separator();
    match scene.page.class_tab {
        Tab::Lessons => lessons::show(ui, scene),
        Tab::Playground => playground::show(ui, scene),
        Tab::Pass => pass::show(ui, scene),
        Tab::Race => race::show(ui, scene),
        Tab::Theatre => theatre::show(ui, scene),
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    match scene.page.class_tab {
        Tab::Lessons => lessons::inspector(ui, scene),
        Tab::Playground => playground::inspector(ui, scene),
        Tab::Pass => pass::inspector(ui, scene),
        Tab::Race => race::inspector(ui, scene),
        Tab::Theatre => theatre::inspector(ui, scene),
    }
}

/// One live line for the rail.
pub(super) fn status(lang: Lang, state: &State) -> String {
    lessons::status(lang, state)
}
