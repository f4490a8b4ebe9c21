//! Segments: groups of customers that are alike, named by what sets them apart.

pub(in crate::window) mod classes;
pub(in crate::window) mod flows;
pub(in crate::window) mod groups;
pub(in crate::window) mod map;

use eframe::egui::Ui;
use regulars_engine::segment::Trait;

use super::Scene;
use crate::window::parts;
use crate::words::{Lang, percent};

/// What the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Groups,
    Classes,
    Map,
    Flows,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 4] = [Tab::Groups, Tab::Classes, Tab::Map, Tab::Flows];

    fn key(self) -> &'static str {
        match self {
            Self::Groups => "segments.tab.groups",
            Self::Classes => "segments.tab.classes",
            Self::Map => "segments.tab.map",
            Self::Flows => "segments.tab.flows",
        }
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "segments");
    ui.horizontal_wrapped(|ui| {
        for tab in Tab::ALL {
            ui.selectable_value(&mut scene.page.segments_tab, tab, lang.t(tab.key()));
        }
    });
    ui.separator();
    match scene.page.segments_tab {
        Tab::Groups => groups::show(ui, scene),
        Tab::Classes => classes::show(ui, scene),
        Tab::Map => map::show(ui, scene),
        Tab::Flows => flows::show(ui, scene),
    }
}

/// What sets a group apart, in words.
pub(super) fn trait_words(lang: Lang, t: &Trait) -> String {
    match &t.level {
        Some(level) => lang.with(
            "segments.trait_level",
            &[
                ("column", t.column.clone()),
                ("level", level.clone()),
                ("here", percent(t.here)),
                ("overall", percent(t.overall)),
            ],
        ),
        None => lang.with(
            "segments.trait_number",
            &[
                ("column", t.column.clone()),
                ("here", format!("{:.2}", t.here)),
                ("overall", format!("{:.2}", t.overall)),
            ],
        ),
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    match scene.page.segments_tab {
        Tab::Groups => groups::inspector(ui, scene),
        Tab::Map => map::inspector(ui, scene),
        Tab::Classes => classes::inspector(ui, scene),
        Tab::Flows => flows::inspector(ui, scene),
    }
}
