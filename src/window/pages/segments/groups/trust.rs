//! How far the groups can be trusted, in words and in figures, and what each index would choose.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::segment::Segmentation;
use regulars_engine::segment::cluster::{Chosen, Figures, Trust, Verdict};

use crate::window::pages::Scene;
use crate::window::parts::{self, take};
use crate::window::theme::{self, Palette, S2, S3, S4};
use crate::words::Lang;

/// The verdict with its two figures; how far it is, while it is being found.
pub(super) fn verdict(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Segmentation>) {
    let lang = scene.lang;
    let Some(trust) = scene.state.groups.trust(found).cloned() else {
        match scene.state.groups.looking() {
            Some(done) => {
                ui.horizontal(|ui| {
                    parts::muted(ui, lang.t("groups.looking"));
                    let bar = ui.add(egui::ProgressBar::new(done as f32).desired_width(160.0));
                    let name = lang.t("groups.looking");
                    bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &name));
                });
            }
            None => {
                if ui.button(lang.t("groups.look")).clicked() {
                    scene.state.groups.resume();
                }
            }
        }
        ui.add_space(S2);
        return;
    };
    let p = Palette::of(ui);
    let (mark, color) = match trust.verdict {
        Verdict::Clear => ("✓", p.good),
        Verdict::Blurred => ("△", p.caution),
        Verdict::None => ("×", p.bad),
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(mark).font(theme::section_font()).color(color));
        let text = lang.t(&format!("groups.verdict.{}", trust.verdict.name()));
        ui.label(RichText::new(text).font(theme::section_font()));
    });
    parts::muted(ui, lang.t(&format!("groups.verdict.{}.text", trust.verdict.name())));
    ui.add_space(S2);
    parts::figures(ui, |ui| {
        let s = &trust.stability;
        let says = lang.with(
            "groups.stability.says",
            &[
                ("low", format!("{:.2}", s.low)),
                ("high", format!("{:.2}", s.high)),
                ("pairs", trust.pairs.to_string()),
                ("rows", lang.count(trust.rows as u64)),
            ],
        );
        figure(ui, &lang.t("groups.stability"), &format!("{:.2}", s.value), &says);
        let says = lang.with(
            "groups.noise.says",
            &[
                ("own", format!("{:.3}", trust.silhouette)),
                ("noise", format!("{:.3}", trust.noise)),
                ("reached", trust.reached.to_string()),
                ("noises", trust.noises.to_string()),
            ],
        );
        let over = trust.silhouette - trust.noise;
        let sign = if over < 0.0 { "−" } else { "+" };
        figure(ui, &lang.t("groups.noise"), &format!("{sign}{:.3}", over.abs()), &says);
    });
    ui.add_space(S3);
}

fn figure(ui: &mut Ui, name: &str, value: &str, says: &str) {
    ui.scope(|ui| {
        ui.set_max_width(330.0);
        ui.vertical(|ui| {
            ui.set_width(330.0);
            parts::muted(ui, name);
            ui.label(RichText::new(value).font(theme::figure_font()));
            ui.add(egui::Label::new(RichText::new(says).small()).wrap());
        });
    });
}

/// An index: its key in the catalogue, its value, what it would choose.
type Index = (&'static str, fn(&Figures) -> Option<f64>, fn(&Chosen) -> Option<usize>);

const INDICES: [Index; 5] = [
    ("silhouette", |f| f.silhouette, |c| c.silhouette),
    ("calinski_harabasz", |f| f.calinski_harabasz, |c| c.calinski_harabasz),
    ("davies_bouldin", |f| f.davies_bouldin, |c| c.davies_bouldin),
    ("gap", |f| f.gap, |c| c.gap),
    ("bic", |f| f.bic, |c| c.bic),
];

/// The indices of every number of groups, side by side.
pub(super) fn table(ui: &mut Ui, scene: &Scene<'_>, found: &Arc<Segmentation>) {
    let lang = scene.lang;
    let Some(trust) = scene.state.groups.trust(found) else { return };
    parts::section(ui, finding(lang, trust));
    parts::muted(ui, lang.t("groups.indices.help"));
    let title = lang.t("groups.indices.name");
    take::table_menu(ui, lang, &title, || grid(lang, trust));
    let p = Palette::of(ui);
    egui::Grid::new("indices of groups").num_columns(6).spacing([S4, 6.0]).show(ui, |ui| {
        let head = |ui: &mut Ui, key: &str| {
            let text = RichText::new(lang.t(&format!("groups.index.{key}"))).family(theme::strong());
            ui.label(text.color(p.muted)).on_hover_text(lang.t(&format!("groups.index.{key}.help")));
        };
        head(ui, "k");
        INDICES.iter().for_each(|(key, ..)| head(ui, key));
        ui.end_row();
        for figures in &trust.table {
            let text = RichText::new(figures.k.to_string());
            ui.label(if figures.k == found.k { text.family(theme::strong()).color(p.accent) } else { text });
            for (_, value, chosen) in &INDICES {
                let is_chosen = chosen(&trust.chosen) == Some(figures.k);
                match value(figures) {
                    Some(value) => {
                        let mark = if is_chosen { "◆ " } else { "" };
                        let text = RichText::new(format!("{mark}{}", number(value)));
                        ui.label(if is_chosen { text.family(theme::strong()) } else { text });
                    }
                    None => parts::muted(ui, "—"),
                }
            }
            ui.end_row();
        }
    });
}

fn number(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// What most indices would choose, or that they do not agree.
fn finding(lang: Lang, trust: &Trust) -> String {
    let wishes: Vec<usize> = INDICES.iter().filter_map(|(_, _, chosen)| chosen(&trust.chosen)).collect();
    let count = |k: usize| wishes.iter().filter(|wish| **wish == k).count();
    let most = wishes.iter().copied().max_by_key(|k| (count(*k), std::cmp::Reverse(*k)));
    match most {
        Some(1) if count(1) * 2 > wishes.len() => lang.t("groups.indices.one"),
        Some(k) if count(k) * 2 > wishes.len() => {
            let args =
                [("k", k.to_string()), ("count", count(k).to_string()), ("all", wishes.len().to_string())];
            lang.with("groups.indices.most", &args)
        }
        _ => lang.t("groups.indices.apart"),
    }
}

fn grid(lang: Lang, trust: &Trust) -> Grid {
    let mut header = vec![lang.t("groups.index.k")];
    header.extend(INDICES.iter().map(|(key, ..)| lang.t(&format!("groups.index.{key}"))));
    let row = |figures: &Figures| {
        let mut row = vec![Cell::whole(figures.k as u64)];
        row.extend(INDICES.iter().map(|(_, value, _)| match value(figures) {
            Some(value) => Cell::Number { value, text: value.to_string(), format: "General" },
            None => Cell::from(""),
        }));
        row
    };
    Grid { name: lang.t("groups.indices.name"), header, rows: trust.table.iter().map(row).collect() }
}
