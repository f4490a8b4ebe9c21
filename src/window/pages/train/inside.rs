//! Inside: gradients, weights, activations and time of the training that runs, and the way back to one
//! of its epochs.

mod layers;

use eframe::egui::{self, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::curve::Growing;
use regulars_engine::train::Epoch;
use regulars_engine::train::fit::TimeSplit;

use crate::window::pages::Scene;
use crate::window::parts::{self, chart, table};
use crate::window::state::Inside;
use crate::window::theme::{S2, S3};
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.inside.open = true;
    watching(ui, scene);
    left(ui, scene);
    let inside = &scene.state.inside;
    if inside.look.is_none() && inside.history().is_empty() && inside.losses.points().is_empty() {
        parts::empty_state(ui, lang, "inside", None, scene.send);
        return;
    }
    ui.columns(2, |sides| {
        losses(&mut sides[0], lang, inside);
        rates(&mut sides[1], lang, inside);
    });
    ui.columns(2, |sides| {
        norms(&mut sides[0], lang, inside);
        time(&mut sides[1], lang, inside);
    });
    scrub(ui, scene);
    layers::show(ui, scene);
}

/// What watching costs, and whether it goes on while the tab is closed.
fn watching(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        let always = ui.checkbox(&mut scene.state.inside.always, lang.t("inside.always"));
        always.on_hover_text(lang.t("inside.always.help"));
        if let Some(watching) = scene.state.inside.watching {
            let args = [
                ("share", format!("{:.1}%", 100.0 * watching.cost)),
                ("speed", lang.count(watching.steps_per_second.round().max(0.0) as u64)),
            ];
            parts::muted(ui, lang.with("inside.cost", &args));
        }
    });
}

/// A training that failed leaves its last good network.
fn left(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some((_, trained)) = &scene.state.inside.left else { return };
    let epoch = trained.best_epoch.to_string();
    let text = lang.with("inside.left", &[("epoch", epoch.clone())]);
    if parts::suggestion(ui, &text, &lang.t("inside.use_left"), !scene.state.inside.is_taking()) {
        scene.state.use_left(lang.with("inside.left_name", &[("epoch", epoch)]));
    }
}

fn points(curve: &Growing) -> Vec<PlotPoint> {
    curve.points().iter().map(|[x, y]| PlotPoint::new(*x, *y)).collect()
}

fn frame(lang: Lang, id: &'static str, title: String, y: String) -> chart::Frame<'static> {
    chart::Frame {
        id,
        title,
        x: lang.t("inside.step"),
        y,
        height: 150.0,
        include: Vec::new(),
        legend: Corner::RightTop,
        log_y: false,
        hue: 0,
    }
}

fn losses(ui: &mut Ui, lang: Lang, inside: &Inside) {
    let points = points(&inside.losses);
    let title = match (points.first(), points.last()) {
        (Some(first), Some(last)) => lang.with(
            "inside.losses",
            &[
                ("first", format!("{:.3}", first.y)),
                ("last", format!("{:.3}", last.y)),
                ("step", lang.count(last.x as u64)),
            ],
        ),
        _ => lang.t("inside.no_steps"),
    };
    let per_step =
        chart::Series { name: lang.t("inside.per_step"), points: &points, dashed: false, markers: false };
    // The mean of each epoch stands at its last step.
    let means: Vec<PlotPoint> = match inside.per_epoch {
        Some(steps) => {
            let at = |e: &Epoch| PlotPoint::new(e.epoch as f64 * steps as f64, e.train_loss);
            inside.history().iter().map(at).collect()
        }
        None => Vec::new(),
    };
    let per_epoch =
        chart::Series { name: lang.t("inside.per_epoch"), points: &means, dashed: true, markers: false };
    let series: Vec<chart::Series<'_>> = match means.len() {
        0 | 1 => vec![per_step],
        _ => vec![per_step, per_epoch],
    };
    chart::lines(ui, lang, frame(lang, "inside-loss", title, lang.t("train.loss")), &series, None);
}

fn rates(ui: &mut Ui, lang: Lang, inside: &Inside) {
    let points = points(&inside.rates);
    let title = points.last().map_or_else(
        || lang.t("inside.no_steps"),
        |last| lang.with("inside.rate", &[("rate", parts::histogram::number(last.y as f32))]),
    );
    let series = [chart::Series {
        name: lang.t("setting.learning_rate"),
        points: &points,
        dashed: false,
        markers: false,
    }];
    let mut frame = frame(lang, "inside-rate", title, lang.t("setting.learning_rate"));
    frame.include = points.last().map(|last| [last.x, 0.0]).into_iter().collect();
    frame.hue = 2;
    chart::lines(ui, lang, frame, &series, None);
}

fn norms(ui: &mut Ui, lang: Lang, inside: &Inside) {
    let log = |curve: &Growing| -> Vec<PlotPoint> {
        curve.points().iter().map(|[x, y]| PlotPoint::new(*x, y.max(1e-9).log10())).collect()
    };
    let curves: Vec<(String, Vec<PlotPoint>)> =
        inside.norms.iter().map(|(name, curve)| (layers::name(lang, name), log(curve))).collect();
    let last = |points: &[PlotPoint]| points.last().map_or(f64::NEG_INFINITY, |p| p.y);
    let most = curves.iter().max_by(|a, b| last(&a.1).total_cmp(&last(&b.1)));
    let title = match most {
        Some((name, points)) => lang.with(
            "inside.norms",
            &[("layer", name.clone()), ("norm", parts::histogram::number(10f64.powf(last(points)) as f32))],
        ),
        None => lang.t("inside.no_steps"),
    };
    let series: Vec<chart::Series<'_>> = curves
        .iter()
        .take(parts::zoom::LINES)
        .enumerate()
        .map(|(at, (name, points))| chart::Series {
            name: name.clone(),
            points,
            dashed: at % 2 == 1,
            markers: points.len() < 2,
        })
        .collect();
    let mut frame = frame(lang, "inside-norms", title, lang.t("inside.norm"));
    frame.log_y = true;
    chart::lines(ui, lang, frame, &series, None);
}

/// Where a step's time goes, and the memory.
fn time(ui: &mut Ui, lang: Lang, inside: &Inside) {
    let TimeSplit { data, forward, backward, step } =
        inside.look.as_ref().map(|look| look.time).unwrap_or_default();
    let parts = [
        ("inside.time.data", data),
        ("inside.time.forward", forward),
        ("inside.time.backward", backward),
        ("inside.time.step", step),
    ];
    let whole: f64 = parts.iter().map(|(_, seconds)| seconds).sum();
    let longest = parts.iter().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|_| whole > 0.0);
    let title = match longest {
        Some((key, seconds)) => lang.with(
            "inside.time",
            &[
                ("part", lang.t(key)),
                ("share", format!("{:.0}%", 100.0 * seconds / whole)),
                ("whole", format!("{:.0}", 1e6 * whole)),
            ],
        ),
        None => lang.t("inside.no_steps"),
    };
    ui.add(egui::Label::new(egui::RichText::new(title).family(crate::window::theme::strong())).wrap());
    parts::muted(ui, lang.t("inside.time.help"));
    let heads = [
        table::Head::text(lang.t("inside.part"), 150.0),
        table::Head::number("µs", 70.0),
        table::Head::number("%", 60.0),
    ];
    let spec = table::Table::new("inside-time", &heads, parts.len(), 200.0);
    table::show(ui, &spec, |ui, row, column| {
        let Some((key, seconds)) = parts.get(row) else { return };
        let text = match column {
            0 => lang.t(key),
            1 => format!("{:.0}", 1e6 * seconds),
            _ if whole > 0.0 => format!("{:.0}", 100.0 * seconds / whole),
            _ => "–".to_owned(),
        };
        table::plain(ui, text);
    });
    if let Some(memory) = &inside.memory {
        let size = |bytes: u64| match bytes {
            0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
            _ => format!("{:.1} MB", bytes as f64 / 1e6),
        };
        let args = [
            ("weights", size(memory.weights)),
            ("gradients", size(memory.gradients)),
            ("optimizer", size(memory.optimizer)),
            ("batch", size(memory.batch)),
        ];
        parts::muted(ui, lang.with("inside.memory", &args));
    }
}

/// The way back to an epoch.
fn scrub(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let kept: Vec<usize> = scene.state.inside.shelf.epochs().iter().map(|kept| kept.figures.epoch).collect();
    let Some(last) = kept.len().checked_sub(1) else { return };
    parts::section(ui, lang.t("inside.back"));
    let inside = &mut scene.state.inside;
    let mut at = inside.epoch.and_then(|epoch| kept.iter().position(|kept| *kept == epoch)).unwrap_or(last);
    let mut back = inside.epoch.is_some();
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut back, lang.t("inside.at_epoch"));
        let label = ui.label(lang.t("train.epoch"));
        let number = |at: f64| kept.get(at.max(0.0) as usize).map_or_else(String::new, usize::to_string);
        let slider =
            egui::Slider::new(&mut at, 0..=last).custom_formatter(|at, _| number(at)).custom_parser(|text| {
                let wanted: usize = text.trim().parse().ok()?;
                let near = kept.iter().enumerate().min_by_key(|(_, epoch)| epoch.abs_diff(wanted))?;
                Some(near.0 as f64)
            });
        ui.spacing_mut().slider_width = 260.0;
        if ui.add(slider).labelled_by(label.id).changed() {
            back = true;
        }
        if kept.len() < inside.history().len() {
            let args =
                [("kept", lang.count(kept.len() as u64)), ("all", lang.count(inside.history().len() as u64))];
            parts::muted(ui, lang.with("inside.kept", &args));
        }
    });
    inside.epoch = kept.get(at).copied().filter(|_| back);
    let Some(figures) = inside.chosen().map(|kept| kept.figures) else { return };
    let best = inside.shelf.best().map(|kept| kept.figures.epoch);
    ui.horizontal_wrapped(|ui| {
        let args = [
            ("epoch", figures.epoch.to_string()),
            ("train", format!("{:.4}", figures.train_loss)),
            ("valid", format!("{:.4}", figures.valid_loss)),
            ("auc", figures.valid_auc.map_or_else(|| "–".to_owned(), |auc| format!("{auc:.3}"))),
        ];
        ui.label(lang.with("inside.figures", &args));
        if best == Some(figures.epoch) {
            parts::muted(ui, lang.t("inside.is_best"));
        }
    });
    ui.add_space(S2);
    let text = lang.with("inside.use", &[("epoch", figures.epoch.to_string())]);
    let ready = !scene.state.inside.is_taking();
    if ui.add_enabled(ready, egui::Button::new(text)).on_hover_text(lang.t("inside.use.help")).clicked() {
        scene.state.use_epoch(lang.with("inside.run_name", &[("epoch", figures.epoch.to_string())]));
    }
    ui.add_space(S3);
}
