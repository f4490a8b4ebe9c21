//! The model beside the others of its run, on the same test rows: which differences are real.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::evaluate::Pair;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::{Judged, Outcome};

use crate::report::{found, judged};
use crate::window::pages::Scene;
use crate::window::parts::table::Head;
use crate::window::parts::{table, take};
use crate::window::theme::{self, S2, S3};
use crate::words::Lang;

/// Columns on the page; p and the ends of the accuracy's interval go with what is taken away.
fn heads(lang: Lang) -> [Head; 6] {
    [
        Head::text(lang.t("figures.head.model"), 156.0),
        Head::number(lang.t("figures.head.difference"), 92.0),
        Head::number(lang.t("figures.head.together"), 124.0),
        Head::text(lang.t("figures.head.by_area"), 112.0),
        Head::number(lang.t("figures.head.accuracy"), 80.0),
        Head::text(lang.t("figures.head.by_accuracy"), 112.0),
    ]
}

fn signed(value: f64) -> String {
    format!("{value:+.3}").replace('-', "−")
}

fn points(value: f64) -> String {
    format!("{:+.1}", 100.0 * value).replace('-', "−")
}

fn cells(lang: Lang, pair: &Pair) -> [String; 6] {
    [
        found::model(lang, pair.model),
        signed(pair.roc_auc.difference),
        format!("{} … {}", signed(pair.roc_auc.low), signed(pair.roc_auc.high)),
        judged::finding(lang, pair.by_area),
        points(pair.accuracy.difference),
        judged::finding(lang, pair.by_accuracy),
    ]
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, outcome: &Arc<Outcome>, found: &Arc<Judged>) {
    let lang = scene.lang;
    // The nearest rival first: there a difference matters.
    let mut pairs: Vec<&Pair> = found.pairs.iter().collect();
    pairs.sort_by(|a, b| a.roc_auc.difference.total_cmp(&b.roc_auc.difference));
    let Some(first) = pairs.first() else { return };
    ui.add_space(S3);
    ui.horizontal(|ui| {
        ui.label(RichText::new(lang.t("figures.others")).font(theme::section_font()));
        take::table_menu(ui, lang, &lang.t("figures.others"), || grid(lang, &pairs));
    });
    ui.add(egui::Label::new(judged::pair(lang, outcome.kind, first)).wrap());
    ui.add_space(S2);
    let heads = heads(lang);
    let spec = table::Table::new("figure_pairs", &heads, pairs.len(), f32::INFINITY);
    table::show(ui, &spec, |ui, row, column| {
        let Some(pair) = pairs.get(row) else { return };
        if let Some(text) = cells(lang, pair).into_iter().nth(column) {
            table::plain(ui, text);
        }
    });
    ui.add_space(S2);
    let help = lang.with("figures.others_help", &[("count", pairs.len().to_string())]);
    ui.add(egui::Label::new(RichText::new(help).small()).wrap());
}

fn grid(lang: Lang, pairs: &[&Pair]) -> Grid {
    let row = |pair: &&Pair| {
        let mut row = cells(lang, pair).map(|text| Cell::from(text.as_str())).to_vec();
        row.extend([pair.roc_auc.p, pair.accuracy.p].map(|p| Cell::from(judged::p_value(p).as_str())));
        row
    };
    let mut header: Vec<String> = heads(lang).into_iter().map(|head| head.name).collect();
    header.extend(["figures.head.p", "figures.head.accuracy_p"].map(|key| lang.t(key)));
    Grid { name: lang.t("figures.others"), header, rows: pairs.iter().map(row).collect() }
}
