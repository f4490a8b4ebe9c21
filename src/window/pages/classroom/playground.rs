//! Playground: two features, and the surface of decision drawn anew while the network learns.

mod diagram;
mod settings;
mod surface;

use eframe::egui::Ui;
use egui_plot::{Corner, PlotPoint};
use regulars_engine::train::glass::GlassError;
use regulars_engine::train::glass::bench::{Finding, Order, Speed, View};

pub(super) use settings::inspector;
pub(super) use surface::SIDES;

use crate::window::pages::Scene;
use crate::window::parts::{self, chart};
use crate::window::theme::{S2, S4};
use crate::words::{Lang, percent};

/// A loss as text; a dash where there are no rows.
fn loss(value: f64) -> String {
    if value.is_nan() { "—".to_owned() } else { format!("{value:.4}") }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.tend_lab();
    if let Some(problem) = scene.state.lab.problem() {
        let text = lang.t(&format!("error.{}", problem.kind()));
        parts::caution(ui, &format!("{text} {}", lang.t(&format!("hint.{}", problem.kind()))));
        return;
    }
    if scene.state.lab.no_rows {
        parts::caution(ui, &lang.t("lab.no_rows"));
        return;
    }
    let (Some(view), Some(ground)) = (scene.state.lab.view().cloned(), scene.state.lab.ground().cloned())
    else {
        parts::muted(ui, lang.t("status.working"));
        return;
    };
    controls(ui, scene, &view);
    if let Some(stop) = &view.stop {
        parts::caution(ui, &stopped(lang, stop));
    }
    figures(ui, lang, &view);
    surface::tend(ui, &mut scene.state.lab, &view);
    let width = ui.available_width();
    let side = (0.42 * width).clamp(220.0, 340.0);
    let lab = &mut scene.state.lab;
    lab.unit = lab.pinned;
    if width >= 560.0 {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(width - side - S4);
                diagram::show(ui, lang, lab, &view, &ground, side);
            });
            ui.vertical(|ui| {
                ui.set_width(side);
                surface::show(ui, lang, lab, &view, &ground, side);
            });
        });
    } else {
        diagram::show(ui, lang, lab, &view, &ground, 280.0);
        surface::show(ui, lang, lab, &view, &ground, side.max(300.0).min(width));
    }
    curves(ui, scene, &view);
}

/// Why it does not go on.
fn stopped(lang: Lang, stop: &GlassError) -> String {
    match stop {
        GlassError::Exploded { step, rate } => {
            lang.with("lab.exploded", &[("step", step.to_string()), ("rate", rate.to_string())])
        }
        other => lang.t(&format!("error.{}", other.kind())),
    }
}

fn controls(ui: &mut Ui, scene: &mut Scene<'_>, view: &View) {
    let lang = scene.lang;
    let lab = &mut scene.state.lab;
    ui.horizontal_wrapped(|ui| {
        let (text, order) = match view.is_running {
            true => (lang.t("lab.pause"), Order::Pause),
            false => (lang.t("lab.run"), Order::Run),
        };
        if parts::primary(ui, text, true) {
            lab.ask(order);
        }
        for (key, order) in [("lab.step_batch", Order::StepBatch), ("lab.step_epoch", Order::StepEpoch)] {
            if ui.add(parts::tall(lang.t(key))).clicked() {
                lab.ask(order);
            }
        }
        if ui.add(parts::tall(lang.t("lab.reset"))).on_hover_text(lang.t("lab.reset.help")).clicked() {
            lab.reset();
        }
        ui.add_space(S2);
        let name = lang.t("lab.speed");
        ui.label(&name);
        let words = |speed: Speed| lang.t(&format!("lab.speed.{}", speed.name()));
        if parts::choose(ui, &name, &mut lab.speed, &Speed::ALL, words) {
            lab.ask(Order::Speed(lab.speed));
        }
    });
    ui.add_space(S2);
}

fn figures(ui: &mut Ui, lang: Lang, view: &View) {
    let picture = &view.picture;
    let share = |value: f64| if value.is_nan() { "—".to_owned() } else { percent(value) };
    parts::figures(ui, |ui| {
        let steps = lang.with("lab.steps", &[("count", lang.count(picture.steps))]);
        parts::figure(ui, &lang.t("lab.epoch"), &lang.count(picture.epoch as u64), &steps);
        let right = |value| lang.with("lab.right", &[("share", share(value))]);
        let sentence = right(picture.train_right);
        parts::figure(ui, &lang.t("lab.train_loss"), &loss(picture.train_loss), &sentence);
        let sentence = right(picture.valid_right);
        parts::figure(ui, &lang.t("lab.valid_loss"), &loss(picture.valid_loss), &sentence);
        if let Some(batch) = view.batch_loss {
            let norms: Vec<String> = view.gradient_norms.iter().map(|norm| format!("{norm:.3}")).collect();
            let sentence = lang.with("lab.gradients", &[("norms", norms.join(" · "))]);
            parts::figure(ui, &lang.t("lab.batch_loss"), &loss(batch), &sentence);
        }
    });
}

/// What the curve says, in words.
fn finding(lang: Lang, view: &View) -> String {
    match view.finding() {
        Some(Finding::Moved { from, to }) => {
            let key = if to <= from { "lab.finding.fell" } else { "lab.finding.rose" };
            lang.with(key, &[("from", loss(from)), ("to", loss(to))])
        }
        Some(Finding::ByHeart { epoch, best, now }) => lang.with(
            "lab.finding.by_heart",
            &[("epoch", lang.count(epoch as u64)), ("best", loss(best)), ("now", loss(now))],
        ),
        Some(Finding::Start { loss: at }) => lang.with("lab.finding.start", &[("loss", loss(at))]),
        None => lang.t("lab.curves"),
    }
}

fn curves(ui: &mut Ui, scene: &mut Scene<'_>, view: &View) {
    let lang = scene.lang;
    let is_log = scene.state.lab.is_log;
    let y = |value: f64| if is_log { value.max(1e-9).log10() } else { value };
    let [mut train, mut valid] = [Vec::new(), Vec::new()];
    for point in view.history.iter() {
        let x = point.epoch as f64;
        train.push(PlotPoint::new(x, y(point.train)));
        if !point.valid.is_nan() {
            valid.push(PlotPoint::new(x, y(point.valid)));
        }
    }
    let frame = chart::Frame {
        id: "lab curves",
        title: finding(lang, view),
        x: lang.t("lab.epoch"),
        y: lang.t("lab.loss"),
        height: 170.0,
        include: vec![[0.0, y(view.history.first().map_or(1.0, |point| point.train))], [5.0, y(0.5)]],
        legend: Corner::RightTop,
        log_y: is_log,
        hue: 2,
    };
    let series = [
        chart::Series {
            name: lang.t("lab.train_rows"),
            points: &train,
            dashed: false,
            markers: train.len() == 1,
        },
        chart::Series {
            name: lang.t("lab.valid_rows"),
            points: &valid,
            dashed: true,
            markers: valid.len() == 1,
        },
    ];
    ui.add_space(S2);
    chart::lines(ui, lang, frame, &series, None);
    ui.checkbox(&mut scene.state.lab.is_log, lang.t("lab.log"));
}
