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
    let lang = scene.lang;
    match scene.page.segments_tab {
        Tab::Classes => return classes::inspector(ui, scene),
        Tab::Flows => return flows::inspector(ui, scene),
        Tab::Groups | Tab::Map => {}
    }
    parts::section(ui, lang.t("segments.settings"));
    parts::setting(ui, lang, "segments", |ui| {
        let mut auto = scene.state.settings.segments.is_none();
        if ui.checkbox(&mut auto, lang.t("segments.auto")).changed() {
            let k = scene.state.segments.as_ref().map_or(4, |s| s.k);
            scene.state.settings.segments = (!auto).then_some(k);
        }
        if let Some(k) = &mut scene.state.settings.segments {
            parts::named(ui, lang, "segments", egui::Slider::new(k, 2..=12));
        }
    });
    if scene.state.cleaning.is_some()
        && parts::primary(ui, lang.t("command.segments"), scene.state.segment.is_none())
    {
        scene.send.push(Command::FindSegments);
    }
    if let Some(found) = scene.state.segments.clone() {
        ui.add_space(S3);
        let label = ui.label(RichText::new(lang.t("segments.silhouette")).family(theme::strong()));
        label.on_hover_text(lang.t("segments.silhouette.help"));
        // Two groups nearly always win and help nobody: they are not in the running.
        let chosen_by_score = scene.state.settings.segments.is_none();
        for (k, score) in found.tried.iter().filter(|(k, _)| *k > 2 || !chosen_by_score) {
            ui.horizontal(|ui| {
                ui.label(format!("{k}"));
                let width = 150.0 * score.max(0.0) as f32;
                let (rect, _) =
                    ui.allocate_exact_size(egui::vec2(width.max(2.0), 12.0), egui::Sense::hover());
                let color = if *k == found.k { Palette::of(ui).accent } else { Palette::of(ui).line };
                ui.painter().rect_filled(rect, 2, color);
                parts::muted(ui, format!("{score:.3}"));
            });
        }
    match scene.page.segments_tab {
        Tab::Groups => groups::inspector(ui, scene),
        Tab::Map => map::inspector(ui, scene),
        Tab::Classes | Tab::Flows => {}
    }
}
