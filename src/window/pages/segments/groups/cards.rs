//! The groups, a card each, and as a table to take away.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy::cells::Meaning;
use regulars_engine::segment::{Segment, Segmentation};

use super::super::trait_words;
use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::theme::{self, Palette, S2, SERIES};
use crate::words::{Lang, percent, segment_name};

/// A card for each group.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Segmentation) {
    let lang = scene.lang;
    let overall = scene.state.prepared.as_ref().map(|p| {
        let (yes, all) = p.labels.counts();
        yes as f64 / all.max(1) as f64
    });
    for (at, segment) in found.segments.iter().enumerate() {
        card(ui, lang, at, segment, overall, scene);
    }
}

/// The groups as a table: name, size, share, rate of the target, what sets them apart.
/// What the columns of [`grid`] count. Names are made of the group's means.
pub(super) const MEANINGS: [Meaning; 5] =
    [Meaning::Figure(1), Meaning::Count, Meaning::Share(1), Meaning::Rate(1), Meaning::Figure(1)];

pub(super) fn grid(lang: Lang, found: &Segmentation) -> Grid {
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
            ui.set_width(ui.available_width().min(430.0));
            for t in segment.traits.iter().take(4) {
                ui.label(trait_words(lang, t));
            }
        });
    });
    ui.add_space(S2);
    ui.separator();
}
