//! Evaluate: rows the model never saw; one threshold moves every figure at once.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::project::Outcome;

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts::{self, chart};
use crate::window::theme::{self, Palette, S2, S3};

/// Curves of the shown outcome, made once for it.
#[derive(Default)]
pub struct Charts {
    of: Option<Arc<Outcome>>,
    roc: Vec<PlotPoint>,
    calibration: Vec<PlotPoint>,
}

impl std::fmt::Debug for Charts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Charts").field("points", &self.roc.len()).finish_non_exhaustive()
    }
}

impl Charts {
    fn follow(&mut self, outcome: &Arc<Outcome>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, outcome)) {
            return;
        }
        let roc = outcome.test.roc_curve();
        // A screen has no more columns than this.
        let every = (roc.len() / 1500).max(1);
        let last = roc.len().saturating_sub(1);
        self.of = Some(outcome.clone());
        self.roc = roc
            .iter()
            .enumerate()
            .filter(|(at, _)| at % every == 0 || *at == last)
            .map(|(_, [x, y])| PlotPoint::new(*x, *y))
            .collect();
        self.calibration = outcome
            .test
            .calibration(10)
            .iter()
            .map(|bin| PlotPoint::new(bin.predicted, bin.observed.value))
            .collect();
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
    scene.page.charts.follow(&outcome);
    let threshold = scene.state.settings.threshold;
    let test = &outcome.test;
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new(lang.t("evaluate.threshold")).family(theme::strong()));
        ui.spacing_mut().slider_width = 320.0;
        let slider = egui::Slider::new(&mut scene.state.settings.threshold, 0.0..=1.0).fixed_decimals(3);
        ui.add(slider).labelled_by(label.id);
        if ui.button(lang.t("evaluate.best_f1")).on_hover_text(lang.t("evaluate.best_f1.help")).clicked() {
            scene.state.settings.threshold = outcome.valid.best_f1_threshold();
        }
        if ui.button(lang.t("evaluate.half")).clicked() {
            scene.state.settings.threshold = 0.5;
        }
    });
    let counts = test.confusion(threshold);
    parts::muted(
        ui,
        lang.with(
            "evaluate.rows",
            &[("rows", lang.count(test.rows() as u64)), ("positives", lang.count(test.positives()))],
        ),
    );
    ui.add_space(S2);
    let mut figures = vec![
        ("accuracy", counts.accuracy(), true),
        ("precision", counts.precision(), true),
        ("recall", counts.recall(), true),
        ("f1", counts.f1(), false),
    ];
    figures.extend(["roc_auc", "brier"].into_iter().filter_map(|key| Some((key, test.fixed(key)?, false))));
    let in_row = ((ui.available_width() / 220.0) as usize).clamp(2, figures.len());
    for row in figures.chunks(in_row) {
        ui.horizontal_top(|ui| {
            for (key, e, as_percent) in row {
                parts::estimate(ui, lang, key, *e, *as_percent);
            }
        });
        ui.add_space(S2);
    }
    ui.columns(3, |sides| {
        confusion(&mut sides[0], scene, counts);
        let auc = test.fixed("roc_auc").map_or(0.5, |e| e.value);
        let n = (counts.true_negative + counts.false_positive).max(1) as f64;
        let here = [PlotPoint::new(counts.false_positive as f64 / n, counts.recall().value)];
        let chance = [PlotPoint::new(0.0, 0.0), PlotPoint::new(1.0, 1.0)];
        let frame = chart::Frame {
            id: "roc",
            title: lang.with("evaluate.roc", &[("auc", format!("{auc:.3}"))]),
            x: lang.t("evaluate.fpr"),
            y: lang.t("metric.recall"),
            height: 270.0,
            include: vec![[0.0, 0.0], [1.0, 1.0]],
            legend: Corner::RightBottom,
        };
        let series = [
            chart::Series {
                name: lang.t("evaluate.curve"),
                points: &scene.page.charts.roc,
                dashed: false,
                markers: false,
            },
            chart::Series { name: lang.t("evaluate.threshold"), points: &here, dashed: false, markers: true },
            chart::Series { name: lang.t("evaluate.chance"), points: &chance, dashed: true, markers: false },
        ];
        chart::lines(&mut sides[1], frame, &series, None);
        let frame = chart::Frame {
            id: "calibration",
            title: lang.t("evaluate.calibration"),
            x: lang.t("evaluate.predicted"),
            y: lang.t("evaluate.observed"),
            height: 270.0,
            include: vec![[0.0, 0.0], [1.0, 1.0]],
            legend: Corner::LeftTop,
        };
        let series = [
            chart::Series {
                name: lang.t("evaluate.model"),
                points: &scene.page.charts.calibration,
                dashed: false,
                markers: true,
            },
            chart::Series { name: lang.t("evaluate.perfect"), points: &chance, dashed: true, markers: false },
        ];
        chart::lines(&mut sides[2], frame, &series, None);
    });
}

fn confusion(ui: &mut Ui, scene: &Scene<'_>, counts: regulars_engine::metrics::Confusion) {
    let lang = scene.lang;
    let p = Palette::of(ui);
    let positive = scene.state.prepared.as_ref().map(|p| p.labels.positive.clone()).unwrap_or_default();
    let column = scene.state.prepared.as_ref().map(|p| p.labels.column.clone()).unwrap_or_default();
    ui.label(RichText::new(lang.t("evaluate.confusion")).family(theme::strong()));
    parts::muted(ui, format!("{column} = {positive}"));
    let cell = |ui: &mut Ui, value: u64, good: bool| {
        let share = value as f32 / counts.total().max(1) as f32;
        let color = if good { p.good } else { p.bad };
        egui::Frame::new()
            .fill(color.gamma_multiply(0.08 + 0.35 * share))
            .stroke(egui::Stroke::new(1.0, p.line))
            .corner_radius(6)
            .inner_margin(10)
            .show(ui, |ui| {
                ui.set_min_size(egui::vec2(58.0, 44.0));
                ui.vertical_centered(|ui| {
                    ui.label(RichText::new(lang.count(value)).font(theme::section_font()));
                    let mark = if good { "✓" } else { "×" };
                    ui.label(RichText::new(format!("{mark} {:.1}%", share * 100.0)).small());
                });
            });
    };
    egui::Grid::new("confusion").spacing([S2, S2]).show(ui, |ui| {
        ui.label("");
        parts::muted(ui, lang.t("evaluate.said_yes"));
        parts::muted(ui, lang.t("evaluate.said_no"));
        ui.end_row();
        parts::muted(ui, lang.t("evaluate.was_yes"));
        cell(ui, counts.true_positive, true);
        cell(ui, counts.false_negative, false);
        ui.end_row();
        parts::muted(ui, lang.t("evaluate.was_no"));
        cell(ui, counts.false_positive, false);
        cell(ui, counts.true_negative, true);
        ui.end_row();
    });
    ui.add_space(S3);
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
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
        parts::section(ui, lang.t("evaluate.more"));
        for (name, e) in outcome.test.metrics(scene.state.settings.threshold) {
            ui.horizontal(|ui| {
                let label = ui.label(lang.t(&format!("metric.{name}")));
                label.on_hover_text(lang.t(&format!("metric.{name}.help")));
                parts::muted(ui, format!("{:.3}  ({:.3}–{:.3})", e.value, e.low, e.high));
            });
        }
        parts::muted(ui, lang.t("evaluate.interval"));
        if parts::primary(ui, lang.t("evaluate.next"), true) {
            scene.send.push(Command::Go(Page::Customers));
        }
    }
}
