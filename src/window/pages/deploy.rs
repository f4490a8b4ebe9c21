//! Put to work: the scoring service, the watched folder and what watches over them; privacy.

mod hand_on;
pub(in crate::window) mod privacy;
pub(in crate::window) mod service;
pub(in crate::window) mod watch;

use eframe::egui::Ui;

use super::Scene;
use crate::window::parts;
use crate::window::state::State;
use crate::words::Lang;

/// What the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Service,
    Watch,
    HandOn,
    Privacy,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 4] = [Tab::Service, Tab::Watch, Tab::HandOn, Tab::Privacy];

    fn key(self) -> &'static str {
        match self {
            Self::Service => "deploy.tab.service",
            Self::Watch => "deploy.tab.watch",
            Self::HandOn => "deploy.tab.hand_on",
            Self::Privacy => "deploy.tab.privacy",
        }
    }
}

/// What the page remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    pub tab: Tab,
    pub service: service::View,
    pub watch: watch::View,
    pub privacy: privacy::View,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "deploy");
    ui.horizontal_wrapped(|ui| {
        for tab in Tab::ALL {
            ui.selectable_value(&mut scene.page.deploy.tab, tab, lang.t(tab.key()));
        }
    });
    ui.separator();
    match scene.page.deploy.tab {
        Tab::Service => service::show(ui, scene),
        Tab::Watch => watch::show(ui, scene),
        Tab::HandOn => hand_on::show(ui, scene),
        Tab::Privacy => privacy::show(ui, scene),
    }
}

/// One live line for the rail.
pub(super) fn status(_lang: Lang, _state: &State) -> String {
    String::new()
}
