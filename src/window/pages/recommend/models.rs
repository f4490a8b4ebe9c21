//! Which model is best, beside the best-sellers, on customers and days that were not learnt from.

use eframe::egui::{self, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::metrics::Estimate;
use regulars_engine::recommend::{CUTS, Candidate, most};

use super::model;
use crate::window::pages::Scene;
use crate::window::parts::{self, intervals, table, take};
use crate::window::state::Offers;
use crate::window::theme::{S2, S3};
use crate::words::{Lang, percent};

/// A figure of the leaderboard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Metric {
    #[default]
    HitRate,
    Ndcg,
    Mrr,
    Recall,
}

impl Metric {
    const ALL: [Self; 4] = [Self::HitRate, Self::Ndcg, Self::Mrr, Self::Recall];

    fn name(self) -> &'static str {
        match self {
            Self::HitRate => "hit_rate",
            Self::Ndcg => "ndcg",
            Self::Mrr => "mrr",
            Self::Recall => "recall",
        }
    }

    fn words(self, lang: Lang) -> String {
        lang.t(match self {
            Self::HitRate => "recpage.metric.hit_rate",
            Self::Ndcg => "recpage.metric.ndcg",
            Self::Mrr => "recpage.metric.mrr",
            Self::Recall => "recpage.metric.recall",
        })
    }

    fn help(self, lang: Lang) -> String {
        lang.t(match self {
            Self::HitRate => "recpage.metric.hit_rate.help",
            Self::Ndcg => "recpage.metric.ndcg.help",
            Self::Mrr => "recpage.metric.mrr.help",
            Self::Recall => "recpage.metric.recall.help",
        })
    }

    /// Shares of customers or products are percentages; the others have no unit.
    fn show(self, value: f64) -> String {
        match self {
            Self::HitRate | Self::Recall => percent(value),
            Self::Ndcg | Self::Mrr => format!("{value:.3}"),
        }
    }
}

fn figure(one: &Candidate, metric: Metric, cut: usize) -> Option<Estimate> {
    one.measured.figures.get(&format!("{}_at_{cut}", metric.name()))
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers) {
    let lang = scene.lang;
    let usual = found.of.choice.cut;
    let view = &mut scene.page.recommend;
    ui.horizontal_wrapped(|ui| {
        for metric in Metric::ALL {
            ui.selectable_value(&mut view.metric, metric, metric.words(lang))
                .on_hover_text(metric.help(lang));
        }
        ui.add_space(S3);
        ui.label(lang.t("recpage.cut")).on_hover_text(lang.t("recpage.cut.help"));
        for cut in CUTS {
            let text = lang.with("recpage.cut.value", &[("count", cut.to_string())]);
            if ui.selectable_label(view.cut.unwrap_or(usual) == cut, text).clicked() {
                view.cut = Some(cut);
            }
        }
    });
    parts::muted(ui, view.metric.help(lang));
    ui.add_space(S2);
    let (metric, cut) = (view.metric, view.cut.unwrap_or(usual));
    by_chance(ui, lang, found, cut);
    let all = &found.of.choice.candidates;
    let popular = all.iter().find(|one| one.kind.is_popularity());
    let rows: Vec<intervals::Row> = all
        .iter()
        .filter_map(|one| {
            let estimate = figure(one, metric, cut)?;
            Some(intervals::Row {
                name: model(lang, one.kind),
                estimate,
                told: told(lang, one),
                marked: false,
            })
        })
        .collect();
    let value = |one: Option<&Candidate>| one.and_then(|one| figure(one, metric, cut)).map(|of| of.value);
    let (best, base) = (found.of.taken(), value(popular));
    let title = match (best, value(best), base) {
        (Some(one), Some(own), Some(base)) if !one.kind.is_popularity() => {
            let args = [
                ("model", model(lang, one.kind)),
                ("value", metric.show(own)),
                ("popular", metric.show(base)),
                ("metric", metric.words(lang)),
                ("cut", cut.to_string()),
            ];
            lang.with("recpage.models.title", &args)
        }
        _ => {
            let args = [("metric", metric.words(lang)), ("cut", cut.to_string())];
            lang.with("recpage.models.popular", &args)
        }
    };
    let chart = intervals::Intervals {
        id: "recommend models",
        title,
        x: format!("{} @{cut}", metric.words(lang)),
        rows: &rows,
        whole: base.map(|value| (lang.t("recpage.popular"), value)),
        show: &|value| metric.show(value),
    };
    intervals::show(ui, lang, &chart);
    ui.add_space(S3);
    leaderboard(ui, lang, found);
    groups(ui, lang, found);
}

/// Where a list holds more than a third of the products, it is right by chance, and that is said.
fn by_chance(ui: &mut Ui, lang: Lang, found: &Offers, cut: usize) {
    let products = found.of.all.items.len();
    let share = CUTS.iter().zip(found.by_chance).find(|(one, _)| **one == cut).map(|(_, share)| share);
    if let Some(share) = share.filter(|_| cut > most(products)) {
        let args = [
            ("cut", cut.to_string()),
            ("products", lang.count(products as u64)),
            ("most", most(products).to_string()),
            ("share", percent(share)),
        ];
        parts::caution(ui, &lang.with("sides.by_chance", &args));
    }
}

/// What is told of a model when the pointer is over it: what was tried, and how.
fn told(lang: Lang, one: &Candidate) -> String {
    let args = [
        ("count", one.tried.len().to_string()),
        ("seconds", format!("{:.2}", one.fit_seconds)),
        ("valid", format!("{:.4}", one.valid_ndcg)),
    ];
    lang.with("recpage.models.told", &args)
}

/// A value with its interval.
fn ranged(estimate: Option<Estimate>, show: fn(f64) -> String) -> String {
    let text = |of: Estimate| format!("{} ({} – {})", show(of.value), show(of.low), show(of.high));
    estimate.map_or_else(String::new, text)
}

fn leaderboard(ui: &mut Ui, lang: Lang, found: &Offers) {
    let name = lang.t("recpage.leaderboard");
    let at = found.of.choice.cut;
    let cut = [("cut", at.to_string())];
    let [hits, ndcg] = ["hit_rate", "ndcg"].map(|name| format!("{name}_at_{at}"));
    let heads = [
        table::Head::text(lang.t("recpage.head.model"), 150.0),
        table::Head::number(lang.with("recpage.head.hits", &cut), 168.0),
        table::Head::number(lang.with("recpage.head.ndcg", &cut), 168.0),
        table::Head::number(lang.t("recpage.head.against"), 190.0),
        table::Head::number(lang.t("recpage.head.coverage"), 84.0),
        table::Head::number(lang.t("recpage.head.novelty"), 76.0),
        table::Head::number(lang.t("recpage.head.diversity"), 84.0),
        table::Head::number(lang.t("recpage.head.gini"), 104.0),
        table::Head::number(lang.t("recpage.head.seconds"), 76.0),
    ];
    let all = &found.of.choice.candidates;
    let cell = |row: usize, at: usize| -> String {
        let Some(one) = all.get(row) else { return String::new() };
        let figures = &one.measured.figures;
        let plain = |value: f64| format!("{value:.3}");
        match at {
            0 if one.kind == found.of.model.kind => {
                lang.with("recpage.taken", &[("model", model(lang, one.kind))])
            }
            0 => model(lang, one.kind),
            1 => ranged(figures.get(&hits), percent),
            2 => ranged(figures.get(&ndcg), plain),
            3 => one.against_popularity.map_or_else(String::new, |of| {
                format!("{:+.3} ({:+.3} – {:+.3})", of.difference, of.low, of.high)
            }),
            4 => percent(figures.coverage),
            5 => format!("{:.1}", figures.novelty),
            6 => format!("{:.2}", figures.diversity),
            7 => format!("{:.2}", figures.gini),
            _ => format!("{:.2}", one.fit_seconds),
        }
    };
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(egui::RichText::new(&name).font(crate::window::theme::section_font()));
        label.on_hover_text(lang.t("recpage.leaderboard.help"));
        take::table_menu(ui, lang, &name, || Grid {
            name: name.clone(),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: (0..all.len())
                .map(|row| (0..heads.len()).map(|at| Cell::from(cell(row, at))).collect())
                .collect(),
        });
    });
    let spec = table::Table::new("leaderboard", &heads, all.len(), f32::INFINITY);
    table::show(ui, &spec, |ui, row, at| match cell(row, at) {
        text if text.is_empty() => table::missing(ui),
        text => table::plain(ui, text),
    });
    parts::muted(ui, lang.t("recpage.leaderboard.help"));
}

/// The model that answers, by how much is known of a customer.
fn groups(ui: &mut Ui, lang: Lang, found: &Offers) {
    let Some(taken) = found.of.taken() else { return };
    let groups = &taken.measured.figures.groups;
    if groups.len() < 2 {
        return;
    }
    let row = |group: &regulars_engine::recommend::Group| {
        let args = [
            ("from", group.from.to_string()),
            ("to", group.to.map_or_else(String::new, |to| to.to_string())),
            ("count", lang.count(group.customers as u64)),
        ];
        let key = if group.to.is_some() { "recpage.group" } else { "recpage.group.more" };
        let name = lang.with(key, &args);
        intervals::Row { told: name.clone(), name, estimate: group.hit_rate_at_10, marked: false }
    };
    let rows: Vec<intervals::Row> = groups.iter().map(row).collect();
    ui.add_space(S3);
    let chart = intervals::Intervals {
        id: "recommend groups",
        title: lang.with("recpage.groups.title", &[("model", model(lang, taken.kind))]),
        x: lang.with("recpage.head.hits", &[("cut", "10".to_owned())]),
        rows: &rows,
        whole: None,
        show: &percent,
    };
    intervals::show(ui, lang, &chart);
}
