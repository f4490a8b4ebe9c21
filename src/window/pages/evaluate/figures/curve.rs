//! The learning curve: would more customers help?

use std::sync::Arc;

use eframe::egui::Ui;
use egui_plot::{Corner, PlotPoint};
use regulars_engine::evaluate::LearningCurve;
use regulars_engine::project::Outcome;

use crate::report::judged;
use crate::window::pages::Scene;
use crate::window::parts::{self, chart};
use crate::window::theme::S2;
use crate::words::Lang;

/// Points of the drawn law.
const POINTS: usize = 60;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, outcome: &Arc<Outcome>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("figures.curve"));
    if let Some(done) = scene.state.figures.curve_progress() {
        ui.horizontal(|ui| {
            let percent = format!("{:.0}", 100.0 * done);
            parts::muted(ui, lang.with("figures.curve_working", &[("percent", percent)]));
            if ui.button(lang.t("figures.stop")).clicked() {
                scene.state.figures.stop_curve();
            }
        });
    }
    if let Some(found) = scene.state.figures.curve(outcome) {
        draw(ui, lang, found, super::name(scene, outcome));
        return;
    }
    parts::muted(ui, lang.t("figures.curve_help"));
    ui.add_space(S2);
    let can = scene.state.can_learn_curve();
    if ui.add_enabled(can, parts::tall(lang.t("figures.curve_draw"))).clicked() {
        scene.state.learn_curve();
    }
    if !can && scene.state.figures.curve_progress().is_none() {
        let few = !outcome.test.is_judged();
        parts::muted(ui, lang.t(if few { "figures.curve_few" } else { "figures.curve_rows" }));
    }
}

fn draw(ui: &mut Ui, lang: Lang, found: &LearningCurve, model: String) {
    let line = |of: fn(&regulars_engine::evaluate::LearningPoint) -> f64| -> Vec<PlotPoint> {
        found.points.iter().map(|point| PlotPoint::new(point.rows as f64, of(point))).collect()
    };
    let (mean, low, high) = (line(|p| p.area.value), line(|p| p.area.low), line(|p| p.area.high));
    let ends = found.points.first().zip(found.points.last());
    let law: Vec<PlotPoint> = match (found.law, ends) {
        (Some(law), Some((first, last))) => {
            let (from, to) = (first.rows as f64, 2.0 * last.rows as f64);
            let at = |n: usize| from + (to - from) * n as f64 / POINTS as f64;
            (0..=POINTS).map(|n| PlotPoint::new(at(n), law.area(at(n)))).collect()
        }
        _ => Vec::new(),
    };
    let series =
        |key: &str, points, dashed, markers| chart::Series { name: lang.t(key), points, dashed, markers };
    let mut all = vec![
        chart::Series { name: model, points: &mean, dashed: false, markers: true },
        series("figures.curve.low", &low, true, false),
        series("figures.curve.high", &high, true, false),
    ];
    if !law.is_empty() {
        all.push(series("figures.curve.law", &law, true, false));
    }
    let frame = chart::Frame {
        id: "learning_curve",
        title: judged::more(lang, found),
        x: lang.t("figures.curve.x"),
        y: lang.t("figures.curve.y"),
        height: 260.0,
        include: Vec::new(),
        legend: Corner::RightBottom,
        log_y: false,
        hue: 0,
    };
    chart::lines(ui, lang, frame, &all, None);
}
