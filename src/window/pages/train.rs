//! Train: the network and its curves while it learns, the runs so far, and the simple models beside.

mod board;
mod diagram;
mod elsewhere;
mod inside;
mod network;
mod private;
mod runs;
mod sequence;
mod small;

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::train::{Epoch, ModelKind};

pub use runs::View as RunsView;

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts::{self, chart, table, take};
use crate::window::state::Run;
use crate::window::theme::{self, S3};
use crate::window::tour;
use crate::words::Lang;

/// What the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Network,
    /// What goes on inside the network while it learns.
    Inside,
    /// The trainings so far, side by side.
    Runs,
    /// All kinds of model under the same folds, and the search for better settings.
    Board,
    /// The network made smaller, and at what price.
    Small,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 5] = [Tab::Network, Tab::Inside, Tab::Runs, Tab::Board, Tab::Small];

    fn key(self) -> &'static str {
        match self {
            Self::Network => "train.tab.network",
            Self::Inside => "train.tab.inside",
            Self::Runs => "train.tab.runs",
            Self::Board => "train.tab.board",
            Self::Small => "train.tab.small",
        }
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    match scene.page.train_tab {
        Tab::Network | Tab::Inside | Tab::Runs => network::inspector(ui, scene),
        Tab::Board => board::inspector(ui, scene),
        Tab::Small => small::inspector(ui, scene),
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "train");
    if scene.state.prepared.is_none() {
        super::clean::waiting(ui, scene, "train");
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for tab in Tab::ALL {
            ui.selectable_value(&mut scene.page.train_tab, tab, lang.t(tab.key()));
        }
    });
    ui.separator();
    match scene.page.train_tab {
        Tab::Board => return board::show(ui, scene),
        Tab::Small => return small::show(ui, scene),
        Tab::Network | Tab::Inside | Tab::Runs => {}
    }
    controls(ui, scene);
    if scene.page.train_tab == Tab::Inside {
        inside::show(ui, scene);
        return;
    }
    if scene.page.train_tab == Tab::Runs {
        runs::show(ui, scene);
        return;
    }
    if scene.state.cut_off && scene.state.train.is_none() {
        parts::caution(ui, &lang.t("train.cut_off"));
    }
    if scene.state.stale() && scene.state.train.is_none() {
        parts::caution(ui, &lang.t("train.stale"));
    }
    device(ui, scene);
    elsewhere::crew(ui, scene);
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut scene.page.diagram, lang.t("train.diagram"));
        ui.checkbox(&mut scene.page.log_loss, lang.t("train.log"));
        let label = ui.label(lang.t("train.smooth"));
        ui.add(egui::Slider::new(&mut scene.page.smooth, 0.0..=0.95).fixed_decimals(2)).labelled_by(label.id);
    });
    if scene.page.diagram
        && let Some(prepared) = &scene.state.prepared
    {
        match scene.state.settings.net.kind.reads_sequences() {
            true => sequence::diagram(ui, lang, scene),
            false => diagram::show(ui, lang, &scene.state.settings.mlp, prepared.matrix.width()),
        }
    }
    curves(ui, scene);
    comparison(ui, scene);
    if scene.state.runs.len() > 1 {
        ui.add_space(S3);
        let args = [("count", lang.count(scene.state.runs.len() as u64))];
        if ui.button(lang.with("runs.open", &args)).clicked() {
            scene.page.train_tab = Tab::Runs;
        }
    }
}

fn controls(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        if scene.state.train.is_some() {
            if parts::primary(ui, lang.t("command.finish"), true) {
                scene.send.push(Command::FinishTraining);
            }
            let paused = scene.state.paused();
            let text = lang.t(if paused { "train.go_on" } else { "train.pause" });
            if ui.button(text).clicked() {
                scene.send.push(Command::PauseTraining);
            }
            if ui.button(lang.t("command.step")).on_hover_text(lang.t("train.step.help")).clicked() {
                scene.send.push(Command::StepTraining);
            }
            let batch = ui.button(lang.t("command.step_batch"));
            if batch.on_hover_text(lang.t("inside.step_batch.help")).clicked() {
                scene.send.push(Command::StepBatch);
            }
            if ui.button(lang.t("command.cancel")).clicked() {
                scene.send.push(Command::Cancel);
            }
            progress(ui, scene);
        } else {
            let top = ui.cursor().min;
            let done = !scene.state.outcomes.is_empty() && !scene.state.stale();
            let ready = !scene.state.preparing();
            let train = match done {
                false => parts::primary(ui, lang.t("command.train"), ready),
                true => ui.add_enabled(ready, parts::tall(lang.t("command.train"))).clicked(),
            };
            tour::anchor(ui, "train", egui::Rect::from_min_size(top, egui::vec2(150.0, 34.0)));
            if train {
                scene.send.push(Command::Train);
            }
            if done && parts::primary(ui, lang.t("train.next"), true) {
                scene.send.push(Command::Go(Page::Evaluate));
            }
        }
    });
}

fn device(ui: &mut Ui, scene: &Scene<'_>) {
    let lang = scene.lang;
    let Some(device) = &scene.state.live_device else { return };
    let mut text = lang.with(
        "train.device",
        &[("device", device.ran.name().to_owned()), ("why", lang.t(&format!("device.{}", device.why)))],
    );
    if let Some(adapter) = &device.adapter {
        text.push_str(&format!(" · {adapter}"));
    }
    if let Some((wgpu, flex)) = device.measured {
        text.push_str(&format!(" · wgpu {wgpu:.2} ms, flex {flex:.2} ms"));
    }
    parts::muted(ui, text);
}

fn progress(ui: &mut Ui, scene: &Scene<'_>) {
    let lang = scene.lang;
    let Some(job) = &scene.state.train else { return };
    let share = job.progress() as f32;
    let text = match scene.state.live.last() {
        _ if scene.state.muscle.phase.is_some() => {
            let phase = scene.state.muscle.phase.unwrap_or_default();
            lang.t(&format!("phase.{phase}"))
        }
        Some(e) if scene.state.paused() => {
            let args = [("epoch", e.epoch.to_string()), ("planned", e.planned.to_string())];
            lang.with("train.paused", &args)
        }
        Some(e) => {
            let left = (e.planned - e.epoch) as f64 * e.seconds / e.epoch as f64;
            lang.with(
                "train.progress",
                &[
                    ("epoch", e.epoch.to_string()),
                    ("planned", e.planned.to_string()),
                    ("left", format!("{left:.0}")),
                ],
            )
        }
        None => lang.t("status.working"),
    };
    ui.add(egui::ProgressBar::new(share).desired_width(260.0).text(text));
}

/// The points of a curve, smoothed by an exponential mean and, on a logarithmic axis, as logarithms.
fn line(history: &[Epoch], value: fn(&Epoch) -> f64, smooth: f64, log: bool) -> Vec<PlotPoint> {
    let mut mean: Option<f64> = None;
    history
        .iter()
        .map(|e| {
            let now = mean.map_or_else(|| value(e), |before| smooth * before + (1.0 - smooth) * value(e));
            mean = Some(now);
            PlotPoint::new(e.epoch as f64, if log { now.max(1e-9).log10() } else { now })
        })
        .collect()
}

fn curves(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let live = &scene.state.live;
    if live.is_empty() {
        if scene.state.train.is_none() {
            ui.add_space(S3);
            parts::muted(ui, lang.t("empty.curves"));
        }
        return;
    }
    let (smooth, log) = (scene.page.smooth, scene.page.log_loss);
    let train = line(live, |e| e.train_loss, smooth, log);
    let valid = line(live, |e| e.valid_loss, smooth, log);
    let auc_of = |history: &[Epoch]| line(history, |e| e.valid_auc.unwrap_or(0.5), smooth, false);
    let auc = auc_of(live);
    let others: Vec<(String, Vec<PlotPoint>, Vec<PlotPoint>)> = scene
        .state
        .runs
        .iter()
        .filter(|run| run.overlaid)
        // More of them, and zoom, are on the tab of runs.
        .take(5)
        .map(|run: &Run| {
            let history = run.history();
            (runs::name(lang, run), line(history, |e| e.valid_loss, smooth, log), auc_of(history))
        })
        .collect();
    let best = live.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss));
    let finding = match best {
        Some(b) => lang.with(
            "train.finding",
            &[("epoch", b.epoch.to_string()), ("loss", format!("{:.4}", b.valid_loss))],
        ),
        None => String::new(),
    };
    let private = match &scene.state.train {
        Some(_) => scene.state.settings.private.is_some(),
        None => scene.state.outcomes.iter().any(|o| o.kind.is_network() && o.trained.promise.is_some()),
    };
    let markers = live.len() < 2;
    // At the start the axis shows what lies ahead.
    let planned: Vec<f64> =
        live.last().filter(|_| live.len() < 4).map(|e| e.planned as f64).into_iter().collect();
    let series = |name: String, points, dashed| chart::Series { name, points, dashed, markers };
    ui.columns(2, |sides| {
        let frame = chart::Frame {
            id: "loss",
            title: finding,
            x: lang.t("train.epoch"),
            y: lang.t("train.loss"),
            height: 240.0,
            include: planned.iter().map(|x| [*x, valid[0].y]).collect(),
            legend: Corner::RightTop,
            log_y: log,
            hue: 0,
        };
        let mut all = vec![
            series(lang.t("train.on_train"), &train, false),
            series(lang.t("train.on_valid"), &valid, true),
        ];
        all.extend(others.iter().map(|(name, loss, _)| series(name.clone(), loss, true)));
        // With differential privacy validation rows choose nothing: the last epoch is kept.
        let kept_epoch = if private { live.last() } else { best };
        let kept = kept_epoch.map(|b| (lang.t("train.kept"), b.epoch as f64));
        chart::lines(&mut sides[0], lang, frame, &all, kept.clone());
        let last = live.last().and_then(|e| e.valid_auc);
        let frame = chart::Frame {
            id: "auc",
            title: lang.with("train.auc_finding", &[("auc", last.map_or("–".into(), |a| format!("{a:.3}")))]),
            x: lang.t("train.epoch"),
            y: lang.t("metric.roc_auc"),
            height: 240.0,
            include: planned.iter().map(|x| [*x, auc[0].y]).collect(),
            legend: Corner::RightBottom,
            log_y: false,
            hue: 1,
        };
        let mut all = vec![series(lang.t("train.on_valid"), &auc, true)];
        all.extend(others.iter().map(|(name, _, auc)| series(name.clone(), auc, true)));
        chart::lines(&mut sides[1], lang, frame, &all, kept);
    });
}

fn comparison(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let outcomes = scene.state.outcomes.clone();
    let Some(network) = outcomes.iter().find(|o| o.kind.is_network()) else { return };
    private::show(ui, lang, network.trained.promise.as_deref());
    parts::section(ui, lang.t("train.side_by_side"));
    if let Some(note) = network.trained.model.note() {
        parts::caution(ui, &lang.note(&note));
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(verdict(lang, &outcomes, network));
        let simple = best_simple(&outcomes).map(|(kind, _)| kind);
        let shown = scene.state.shown().map(|o| o.kind);
        if let Some(kind) = simple.filter(|_| shown.is_some_and(ModelKind::is_network))
            && ui
                .button(lang.t("train.use_simple"))
                .on_hover_text(lang.t(&format!("model.{}", kind.name())))
                .clicked()
        {
            scene.state.show_model(kind);
        }
    });
    let heads = [
        table::Head::text(lang.t("train.model"), 160.0),
        table::Head::number(lang.t("metric.roc_auc"), 150.0),
        table::Head::number(lang.t("metric.accuracy"), 145.0),
        table::Head::number(lang.t("metric.f1"), 145.0),
        table::Head::number(lang.t("train.seconds"), 54.0),
    ];
    let threshold = scene.state.settings.threshold;
    let cell = |row: usize, column: usize| -> String {
        let o = &outcomes[row];
        let show = |e: Option<regulars_engine::metrics::Estimate>| {
            e.map_or("–".to_owned(), |e| format!("{:.3}  ({:.3}–{:.3})", e.value, e.low, e.high))
        };
        match column {
            0 => lang.t(&format!("model.{}", o.kind.name())),
            1 => show(o.test.area()),
            2 => show(Some(o.test.confusion(threshold).accuracy())),
            3 => show(Some(o.test.confusion(threshold).f1())),
            _ => format!("{:.2}", o.trained.seconds),
        }
    };
    ui.horizontal(|ui| {
        parts::muted(ui, lang.t("train.test_rows"));
        take::table_menu(ui, lang, &lang.t("train.side_by_side"), || Grid {
            name: lang.t("train.side_by_side"),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: (0..outcomes.len())
                .map(|row| (0..heads.len()).map(|column| Cell::from(cell(row, column))).collect())
                .collect(),
        });
    });
    let spec = table::Table::new("models", &heads, outcomes.len(), 260.0);
    table::show(ui, &spec, |ui, row, column| match column {
        0 => {
            ui.label(RichText::new(cell(row, 0)).family(theme::strong()));
        }
        _ => table::plain(ui, cell(row, column)),
    });
}

/// The simple model with the largest area on the test rows.
fn best_simple(
    outcomes: &[std::sync::Arc<regulars_engine::project::Outcome>],
) -> Option<(ModelKind, regulars_engine::metrics::Estimate)> {
    outcomes
        .iter()
        .filter(|o| !o.kind.is_network())
        .filter_map(|o| Some((o.kind, o.test.area()?)))
        .max_by(|a, b| a.1.value.total_cmp(&b.1.value))
}

/// Says plainly which model wins; equal within the interval means that the simple one wins.
fn verdict(
    lang: Lang,
    outcomes: &[std::sync::Arc<regulars_engine::project::Outcome>],
    network: &regulars_engine::project::Outcome,
) -> String {
    let auc = |o: &regulars_engine::project::Outcome| o.test.area();
    let simple = best_simple(outcomes);
    let (Some(net), Some((kind, best))) = (auc(network), simple) else { return lang.t("train.no_verdict") };
    let args = [
        ("model", lang.t(&format!("model.{}", kind.name()))),
        ("net", format!("{:.3}", net.value)),
        ("simple", format!("{:.3}", best.value)),
    ];
    let half = (net.high - net.low) / 2.0;
    let key = if (best.value - net.value).abs() < half {
        "train.equal"
    } else if best.value > net.value {
        "train.simple_wins"
    } else {
        "train.network_wins"
    };
    lang.with(key, &args)
}
