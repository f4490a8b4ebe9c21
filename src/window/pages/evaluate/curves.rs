//! Curves: one threshold, and one pointer, over all of them.

mod confusion;
mod spread;

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::evaluate::{Calibrated, Evaluation, OperatingPoint, RepairKind};
use regulars_engine::metrics::Figure;
use regulars_engine::project::Outcome;

use crate::report::judged;
use crate::window::pages::Scene;
use crate::window::parts::{self, chart};
use crate::window::theme::{self, S2, S3};
use crate::window::tour;
use crate::words::percent;

/// Points of a curve: a screen has not many more columns.
const POINTS: usize = 600;

/// Bins of the calibration curve, of equal size.
const BINS: usize = 10;

/// Curves of the shown outcome, made once for it.
pub struct Charts {
    of: Option<Arc<Outcome>>,
    points: Vec<OperatingPoint>,
    /// One for each of [`CURVES`].
    lines: Vec<Vec<PlotPoint>>,
    calibration: Vec<PlotPoint>,
    calibrated: Calibrated,
    /// Of the model's own probabilities, where the shown ones are repaired.
    unrepaired: Vec<PlotPoint>,
    /// Test rows in equal parts of 0 to 1: those who left, those who stayed.
    spread: Vec<[u64; 2]>,
}

impl Default for Charts {
    fn default() -> Self {
        Self {
            of: None,
            points: Vec::new(),
            lines: Vec::new(),
            calibration: Vec::new(),
            calibrated: Calibrated::TooFew,
            unrepaired: Vec::new(),
            spread: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Charts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Charts").field("points", &self.points.len()).finish_non_exhaustive()
    }
}

/// A curve of operating points: its key, the keys of its axes, where it stands, and what chance gives
/// at the share of positive rows.
struct Curve {
    key: &'static str,
    x: &'static str,
    y: &'static str,
    at: fn(&OperatingPoint) -> [f64; 2],
    chance: fn(f64) -> [[f64; 2]; 2],
    legend: Corner,
}

const CURVES: [Curve; 4] = [
    Curve {
        key: "roc",
        x: "evaluate.fpr",
        y: "metric.recall",
        at: |p| [p.false_positive_rate, p.recall],
        chance: |_| [[0.0, 0.0], [1.0, 1.0]],
        legend: Corner::RightBottom,
    },
    Curve {
        key: "pr",
        x: "metric.recall",
        y: "metric.precision",
        at: |p| [p.recall, p.precision],
        chance: |base| [[0.0, base], [1.0, base]],
        legend: Corner::RightTop,
    },
    Curve {
        key: "gain",
        x: "evaluate.flagged",
        y: "evaluate.gain_axis",
        at: |p| [p.flagged, p.recall],
        chance: |_| [[0.0, 0.0], [1.0, 1.0]],
        legend: Corner::RightBottom,
    },
    Curve {
        key: "lift",
        x: "evaluate.flagged",
        y: "evaluate.lift_axis",
        at: |p| [p.flagged, p.lift],
        chance: |_| [[0.0, 1.0], [1.0, 1.0]],
        legend: Corner::RightTop,
    },
];

impl Charts {
    fn follow(&mut self, outcome: &Arc<Outcome>, raw: Option<&Arc<Outcome>>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, outcome)) {
            return;
        }
        self.of = Some(outcome.clone());
        self.points = outcome.test.operating_points(POINTS);
        let line = |curve: &Curve| self.points.iter().map(|p| PlotPoint::from((curve.at)(p))).collect();
        self.lines = CURVES.iter().map(line).collect();
        let calibration = |of: &Outcome| -> Vec<PlotPoint> {
            let bins = of.test.calibration(BINS);
            bins.iter().map(|bin| PlotPoint::new(bin.predicted, bin.observed.value)).collect()
        };
        self.calibration = calibration(outcome);
        self.calibrated = outcome.test.calibrated(BINS);
        self.unrepaired =
            raw.filter(|_| outcome.repair.is_some()).map_or_else(Vec::new, |raw| calibration(raw));
        self.spread = outcome.test.spread(spread::BINS);
    }

    /// The operating point whose mark on a curve is nearest.
    fn nearest(&self, curve: &Curve, to: PlotPoint) -> Option<OperatingPoint> {
        let far = |p: &OperatingPoint| {
            let [x, y] = (curve.at)(p);
            (x - to.x).powi(2) + (y - to.y).powi(2)
        };
        self.points.iter().copied().min_by(|a, b| far(a).total_cmp(&far(b)))
    }
}

/// The tab.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, outcome: &Arc<Outcome>) {
    let lang = scene.lang;
    let raw = scene.state.unrepaired().cloned();
    scene.page.charts.follow(outcome, raw.as_ref());
    let threshold = scene.state.settings.threshold;
    let test = &outcome.test;
    let room = ui.available_width();
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(RichText::new(lang.t("evaluate.threshold")).family(theme::strong()));
        ui.spacing_mut().slider_width = (room - 420.0).clamp(120.0, 320.0);
        let slider = egui::Slider::new(&mut scene.state.settings.threshold, 0.0..=1.0)
            // A threshold that was worked out keeps all its digits: customers lie close together.
            .clamping(egui::SliderClamping::Edits)
            .fixed_decimals(3);
        let response = ui.add(slider).labelled_by(label.id);
        tour::anchor(ui, "threshold", label.rect.union(response.rect));
        if ui.button(lang.t("evaluate.best_f1")).on_hover_text(lang.t("evaluate.best_f1.help")).clicked() {
            scene.state.settings.threshold = outcome.valid.best_f1_threshold();
        }
        if ui.button(lang.t("evaluate.half")).clicked() {
            scene.state.settings.threshold = 0.5;
        }
    });
    let counts = test.confusion(threshold);
    let lead = [
        ("flagged", lang.count(counts.true_positive + counts.false_positive)),
        ("hits", lang.count(counts.true_positive)),
        ("missed", lang.count(counts.false_negative)),
    ];
    let text = RichText::new(lang.with("evaluate.lead", &lead)).font(theme::section_font());
    ui.add(egui::Label::new(text).wrap());
    parts::muted(
        ui,
        lang.with(
            "evaluate.rows",
            &[("rows", lang.count(test.rows() as u64)), ("positives", lang.count(test.positives()))],
        ),
    );
    ui.add_space(S2);
    if !test.is_judged() {
        parts::caution(ui, &lang.t("figures.lead_none"));
    }
    let mut figures = vec![
        ("accuracy", counts.accuracy(), true),
        ("precision", counts.precision(), true),
        ("recall", counts.recall(), true),
        ("f1", counts.f1(), false),
        ("balanced_accuracy", counts.balanced_accuracy(), true),
    ];
    figures.extend(
        [Figure::RocAuc, Figure::PrAuc, Figure::Brier]
            .into_iter()
            .filter_map(|figure| Some((figure.name(), test.told_fixed(figure)?, false))),
    );
    let in_row = ((ui.available_width() / 220.0) as usize).clamp(2, figures.len());
    for row in figures.chunks(in_row) {
        ui.horizontal_top(|ui| {
            for (key, e, as_percent) in row {
                parts::estimate(ui, lang, key, *e, *as_percent);
            }
        });
        ui.add_space(S2);
    }
    pointed(ui, scene);
    let mut hover = None;
    // Seven pictures in rows of three, or of two where the window is narrow.
    let in_row = if ui.available_width() > 820.0 { 3 } else { 2 };
    let pictures: Vec<usize> = (0..CURVES.len() + 3).collect();
    for row in pictures.chunks(in_row) {
        ui.columns(in_row, |sides| {
            for (ui, picture) in sides.iter_mut().zip(row) {
                let pointed = match picture {
                    0 => {
                        confusion::show(ui, scene, test, threshold);
                        None
                    }
                    1 => spread::show(ui, scene, test, threshold),
                    2 => calibration(ui, scene).map(|threshold| test.operating_point(threshold)),
                    n => curve(ui, scene, n - 3, test, threshold),
                };
                hover = pointed.or(hover);
            }
        });
        ui.add_space(S3);
    }
    scene.page.hover = hover;
}

/// What the pointer is over, in words: the same point on every curve.
fn pointed(ui: &mut Ui, scene: &Scene<'_>) {
    let lang = scene.lang;
    let text = match &scene.page.hover {
        Some(p) => lang.with(
            "evaluate.pointed",
            &[
                ("threshold", percent(p.threshold.min(1.0))),
                ("flagged", percent(p.flagged)),
                ("recall", percent(p.recall)),
                ("precision", percent(p.precision)),
                ("lift", format!("{:.2}", p.lift)),
            ],
        ),
        None => lang.t("evaluate.point_hint"),
    };
    parts::muted(ui, text);
}

/// One curve, with the threshold's mark and the pointer's. Returns the point under the pointer.
fn curve(
    ui: &mut Ui,
    scene: &Scene<'_>,
    at: usize,
    test: &Evaluation,
    threshold: f64,
) -> Option<OperatingPoint> {
    let lang = scene.lang;
    let (curve, charts) = (&CURVES[at], &scene.page.charts);
    let base = test.positives() as f64 / test.rows().max(1) as f64;
    let now = test.operating_point(threshold);
    let here = [PlotPoint::from((curve.at)(&now))];
    let pointed: Vec<PlotPoint> = scene.page.hover.iter().map(|p| PlotPoint::from((curve.at)(p))).collect();
    let chance = (curve.chance)(base).map(PlotPoint::from);
    let told = |figure| test.told_fixed(figure).map_or_else(String::new, |e| format!("{:.3}", e.value));
    // The order of the list is not judged on so few.
    let few = if test.is_judged() { "" } else { "_few" };
    let args = [
        ("auc", told(Figure::RocAuc)),
        ("ap", told(Figure::PrAuc)),
        ("base", percent(base)),
        ("flagged", percent(now.flagged)),
        ("recall", percent(now.recall)),
        ("lift", format!("{:.1}", now.lift)),
    ];
    let frame = chart::Frame {
        id: curve.key,
        title: lang.with(&format!("evaluate.{}{few}", curve.key), &args),
        x: lang.t(curve.x),
        y: lang.t(curve.y),
        height: 230.0,
        include: vec![[0.0, 0.0], [1.0, 1.0]],
        legend: curve.legend,
        log_y: false,
        hue: 0,
    };
    let series =
        |name: &str, points, dashed, markers| chart::Series { name: lang.t(name), points, dashed, markers };
    let line = charts.lines.get(at).map_or(&[][..], |line| line);
    let all = [
        series("evaluate.curve", line, false, false),
        series("evaluate.threshold", &here, false, true),
        series("evaluate.chance", &chance, true, false),
        chart::Series { name: String::new(), points: &pointed, dashed: false, markers: true },
    ];
    let pointer = chart::lines(ui, lang, frame, &all, None)?;
    charts.nearest(curve, pointer)
}

/// What 30% means; returns the probability under the pointer.
fn calibration(ui: &mut Ui, scene: &Scene<'_>) -> Option<f64> {
    let lang = scene.lang;
    let frame = chart::Frame {
        id: "calibration",
        title: judged::calibrated(lang, &scene.page.charts.calibrated),
        x: lang.t("evaluate.predicted"),
        y: lang.t("evaluate.observed"),
        height: 230.0,
        include: vec![[0.0, 0.0], [1.0, 1.0]],
        legend: Corner::LeftTop,
        log_y: false,
        hue: 0,
    };
    let perfect = [PlotPoint::new(0.0, 0.0), PlotPoint::new(1.0, 1.0)];
    let charts = &scene.page.charts;
    let is_repaired = !charts.unrepaired.is_empty();
    let one =
        |key: &str, points, dashed, markers| chart::Series { name: lang.t(key), points, dashed, markers };
    let model = if is_repaired { "repair.after" } else { "evaluate.model" };
    let mut series = vec![
        one(model, charts.calibration.as_slice(), false, true),
        one("evaluate.perfect", &perfect, true, false),
    ];
    if is_repaired {
        series.push(one("repair.before", &charts.unrepaired, true, true));
    }
    let at = scene.page.hover.map_or(scene.state.settings.threshold, |point| point.threshold.min(1.0));
    let key = if scene.page.hover.is_some() { "evaluate.pointer" } else { "evaluate.threshold" };
    let pointer = chart::lines(ui, lang, frame, &series, Some((lang.t(key), at)))?;
    Some(pointer.x.clamp(0.0, 1.0))
}

/// The choice of how probabilities are repaired, and what that does to rows it was not fitted on.
pub(super) fn repair(ui: &mut Ui, scene: &mut Scene<'_>, outcome: &Outcome) {
    let lang = scene.lang;
    parts::section(ui, lang.t("repair.title"));
    parts::setting(ui, lang, "repair", |ui| {
        let name = lang.t("setting.repair");
        let words = |kind: RepairKind| lang.t(&format!("repair.{}", kind.name()));
        parts::choose(ui, &name, &mut scene.state.settings.repair, &RepairKind::ALL, words);
    });
    let kind = scene.state.settings.repair;
    let brier =
        |of: &Outcome| of.test.fixed("brier").map_or_else(|| "–".into(), |e| format!("{:.4}", e.value));
    if kind.is_none() {
        parts::muted(ui, lang.t("repair.hint"));
    } else if scene.state.repairing.is_running() {
        parts::muted(ui, lang.t("status.working"));
    } else if scene.state.repairing.has_failed(kind) {
        parts::caution(ui, &lang.t("repair.failed"));
    } else if let Some(raw) = scene.state.unrepaired() {
        let args = [("before", brier(raw)), ("after", brier(outcome))];
        let better = |of: &Outcome| of.test.fixed("brier").map_or(f64::INFINITY, |e| e.value);
        let key = if better(outcome) < better(raw) { "repair.better" } else { "repair.worse" };
        parts::muted(ui, lang.with(key, &args));
    }
}
