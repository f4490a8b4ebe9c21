//! Segments: groups of customers that are alike, named by what sets them apart.

pub(in crate::window) mod classes;
pub(in crate::window) mod flows;
pub(in crate::window) mod groups;
pub(in crate::window) mod map;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::segment::{Segment, Segmentation, Trait};

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts::{self, take};
use crate::window::theme::{self, Palette, S2, S3, SERIES};
use crate::words::{Lang, percent, segment_name};

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
        Tab::Classes => return classes::show(ui, scene),
        Tab::Map => return map::show(ui, scene),
        Tab::Flows => return flows::show(ui, scene),
    }
    if scene.state.segment.is_some() {
        parts::muted(ui, lang.t("status.working"));
        return;
    }
    let Some(found) = scene.state.segments.clone() else {
        if scene.state.cleaning.is_none() {
            super::clean::waiting(ui, scene, "segments");
        } else {
            let button = Some((lang.t("command.segments"), Command::FindSegments));
            parts::empty_state(ui, lang, "segments", button, scene.send);
        }
        return;
    };
    let key = if found.silhouette < 0.25 { "segments.finding_weak" } else { "segments.finding" };
    ui.label(
        lang.with(key, &[("k", found.k.to_string()), ("silhouette", format!("{:.2}", found.silhouette))]),
    );
    parts::muted(
        ui,
        lang.with(
            "segments.how",
            &[("columns", lang.list(&found.columns)), ("sampled", lang.count(found.sampled as u64))],
        ),
    );
    take::table_menu(ui, lang, &lang.t("page.segments.name"), || segments_grid(lang, &found));
    ui.add_space(S2);
    let overall = scene.state.prepared.as_ref().map(|p| {
        let (yes, all) = p.labels.counts();
        yes as f64 / all.max(1) as f64
    });
    for (at, segment) in found.segments.iter().enumerate() {
        card(ui, lang, at, segment, overall, scene);
    }
}

/// The groups as a table: name, size, share, rate of the target, what sets them apart.
fn segments_grid(lang: Lang, found: &Segmentation) -> Grid {
    let heads = ["segment", "size", "share", "rate", "traits"];
    let rows = found.segments.iter().map(|segment| {
        let rate = segment.target_rate.map_or_else(|| Cell::from(""), Cell::percent);
        let traits: Vec<String> = segment.traits.iter().map(|t| trait_words(lang, t)).collect();
        vec![
            segment_name(lang, segment).into(),
            Cell::whole(segment.size as u64),
            Cell::percent(segment.share),
            rate,
            traits.join(" · ").into(),
        ]
    });
    Grid {
        name: lang.t("page.segments.name"),
        header: heads.map(|key| lang.t(&format!("segments.head.{key}"))).to_vec(),
        rows: rows.collect(),
    }
}

fn trait_words(lang: Lang, t: &Trait) -> String {
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

fn card(ui: &mut Ui, lang: Lang, at: usize, segment: &Segment, overall: Option<f64>, scene: &mut Scene<'_>) {
    let p = Palette::of(ui);
    ui.add_space(S2);
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(6.0, 64.0), egui::Sense::hover());
        ui.painter().rect_filled(rect, 3, SERIES[at % SERIES.len()]);
        ui.add_space(S2);
        ui.vertical(|ui| {
            ui.set_width(330.0);
            let name = format!("{} · {}", at + 1, segment_name(lang, segment));
            ui.label(RichText::new(name).font(theme::section_font()));
            ui.label(lang.with(
                "segments.size",
                &[("count", lang.count(segment.size as u64)), ("share", percent(segment.share))],
            ));
            if let (Some(rate), Some(overall)) = (segment.target_rate, overall) {
                let color = if rate > overall * 1.2 {
                    p.bad
                } else if rate < overall * 0.8 {
                    p.good
                } else {
                    p.ink
                };
                let text =
                    lang.with("segments.rate", &[("rate", percent(rate)), ("overall", percent(overall))]);
                ui.label(RichText::new(text).color(color));
            }
            let show = lang.with("segments.show", &[("number", (at + 1).to_string())]);
            if scene.state.customers.is_some()
                && ui.button(lang.t("segments.list")).on_hover_text(show).clicked()
            {
                scene.page.only_segment = Some(at);
                scene.send.push(Command::Go(Page::Customers));
            }
        });
        ui.vertical(|ui| {
            ui.set_width(430.0);
            for t in segment.traits.iter().take(4) {
                ui.label(trait_words(lang, t));
            }
        });
    });
    ui.add_space(S2);
    ui.separator();
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
    }
}
