//! Train: the network's settings, its curves while it learns, and the simple models beside it.

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::train::{Activation, DeviceKind, ModelKind};

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts::{self, chart, table};
use crate::window::theme::{self, S3};
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "train");
    if scene.state.prepared.is_none() {
        super::clean::waiting(ui, scene, "train");
        return;
    }
    ui.horizontal(|ui| {
        if scene.state.train.is_some() {
            if parts::primary(ui, lang.t("command.finish"), true) {
                scene.send.push(Command::FinishTraining);
            }
            if ui.button(lang.t("command.cancel")).clicked() {
                scene.send.push(Command::Cancel);
            }
            progress(ui, scene);
        } else {
            if parts::primary(ui, lang.t("command.train"), !scene.state.preparing()) {
                scene.send.push(Command::Train);
            }
            if !scene.state.outcomes.is_empty() && ui.button(lang.t("train.next")).clicked() {
                scene.send.push(Command::Go(Page::Evaluate));
            }
        }
    });
    if scene.state.stale() && scene.state.train.is_none() {
        parts::caution(ui, &lang.t("train.stale"));
    }
    if let Some(device) = &scene.state.live_device {
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
    curves(ui, scene);
    comparison(ui, scene);
}

fn progress(ui: &mut Ui, scene: &Scene<'_>) {
    let lang = scene.lang;
    let Some(job) = &scene.state.train else { return };
    let share = job.progress() as f32;
    let text = match scene.state.live.last() {
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
    ui.add(egui::ProgressBar::new(share).desired_width(280.0).text(text));
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
    let of = |value: fn(&regulars_engine::train::Epoch) -> f64| -> Vec<PlotPoint> {
        live.iter().map(|e| PlotPoint::new(e.epoch as f64, value(e))).collect()
    };
    let (train, valid) = (of(|e| e.train_loss), of(|e| e.valid_loss));
    let auc: Vec<PlotPoint> =
        live.iter().filter_map(|e| e.valid_auc.map(|auc| PlotPoint::new(e.epoch as f64, auc))).collect();
    let best = live.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss));
    let finding = match best {
        Some(b) => lang.with(
            "train.finding",
            &[("epoch", b.epoch.to_string()), ("loss", format!("{:.4}", b.valid_loss))],
        ),
        None => String::new(),
    };
    let height = 250.0;
    ui.columns(2, |sides| {
        let frame = chart::Frame {
            id: "loss",
            title: finding,
            x: lang.t("train.epoch"),
            y: lang.t("train.loss"),
            height,
            include: Vec::new(),
            legend: Corner::RightTop,
        };
        let markers = live.len() < 2;
        let series = [
            chart::Series { name: lang.t("train.on_train"), points: &train, dashed: false, markers },
            chart::Series { name: lang.t("train.on_valid"), points: &valid, dashed: true, markers },
        ];
        let kept = best.map(|b| (lang.t("train.kept"), b.epoch as f64));
        chart::lines(&mut sides[0], frame, &series, kept.clone());
        let last = live.last().and_then(|e| e.valid_auc);
        let frame = chart::Frame {
            id: "auc",
            title: lang.with("train.auc_finding", &[("auc", last.map_or("–".into(), |a| format!("{a:.3}")))]),
            x: lang.t("train.epoch"),
            y: lang.t("metric.roc_auc"),
            height,
            include: Vec::new(),
            legend: Corner::RightBottom,
        };
        let series = [chart::Series { name: lang.t("train.on_valid"), points: &auc, dashed: true, markers }];
        chart::lines(&mut sides[1], frame, &series, kept);
    });
}

fn comparison(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let outcomes = scene.state.outcomes.clone();
    let Some(network) = outcomes.iter().find(|o| o.kind == ModelKind::Mlp) else { return };
    parts::section(ui, lang.t("train.side_by_side"));
    ui.label(verdict(lang, &outcomes, network));
    let heads = [
        table::Head::text(lang.t("train.model"), 160.0),
        table::Head::number(lang.t("metric.roc_auc"), 150.0),
        table::Head::number(lang.t("metric.accuracy"), 145.0),
        table::Head::number(lang.t("metric.f1"), 145.0),
        table::Head::number(lang.t("train.seconds"), 54.0),
    ];
    let threshold = scene.state.settings.threshold;
    table::show(ui, "models", &heads, None, outcomes.len(), 200.0, |ui, row, column| {
        let o = &outcomes[row];
        let show = |e: Option<regulars_engine::metrics::Estimate>| {
            e.map_or("–".to_owned(), |e| format!("{:.3}  ({:.3}–{:.3})", e.value, e.low, e.high))
        };
        match column {
            0 => {
                ui.label(RichText::new(lang.t(&format!("model.{}", o.kind.name()))).family(theme::strong()));
            }
            1 => table::plain(ui, show(o.test.fixed("roc_auc"))),
            2 => table::plain(ui, show(Some(o.test.confusion(threshold).accuracy()))),
            3 => table::plain(ui, show(Some(o.test.confusion(threshold).f1()))),
            _ => table::plain(ui, format!("{:.2}", o.trained.seconds)),
        }
    });
    parts::muted(ui, lang.t("train.test_rows"));
}

/// Says plainly which model wins; equal within the interval means that the simple one wins.
fn verdict(
    lang: Lang,
    outcomes: &[std::sync::Arc<regulars_engine::project::Outcome>],
    network: &regulars_engine::project::Outcome,
) -> String {
    let auc = |o: &regulars_engine::project::Outcome| o.test.fixed("roc_auc");
    let simple = outcomes
        .iter()
        .filter(|o| o.kind != ModelKind::Mlp)
        .filter_map(|o| auc(o).map(|e| (o.kind, e)))
        .max_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let (Some(net), Some((kind, best))) = (auc(network), simple) else { return lang.t("train.no_verdict") };
    let args = [
        ("model", lang.t(&format!("model.{}", kind.name()))),
        ("net", format!("{:.3}", net.value)),
        ("simple", format!("{:.3}", best.value)),
    ];
    let half = (net.high - net.low) / 2.0;
    let key = if best.value >= net.value {
        "train.simple_wins"
    } else if net.value - best.value < half {
        "train.equal"
    } else {
        "train.network_wins"
    };
    lang.with(key, &args)
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("train.network"));
    let settings = &mut scene.state.settings;
    let mlp = &mut settings.mlp;
    parts::setting(ui, lang, "layers", |ui| {
        let mut remove = None;
        let many = mlp.hidden.len() > 1;
        for (at, units) in mlp.hidden.iter_mut().enumerate() {
            ui.horizontal(|ui| {
                let label = ui.label(lang.with("setting.layer", &[("number", (at + 1).to_string())]));
                ui.add(egui::DragValue::new(units).range(1..=1024)).labelled_by(label.id);
                let name = lang.with("setting.remove_layer", &[("number", (at + 1).to_string())]);
                if many && ui.button("×").on_hover_text(name).clicked() {
                    remove = Some(at);
                }
            });
        }
        if let Some(at) = remove {
            mlp.hidden.remove(at);
        }
        if mlp.hidden.len() < 6 && ui.button(lang.t("setting.add_layer")).clicked() {
            let last = mlp.hidden.last().copied().unwrap_or(32);
            mlp.hidden.push((last / 2).max(4));
        }
    });
    parts::setting(ui, lang, "activation", |ui| {
        let name = lang.t("setting.activation");
        parts::choose(ui, &name, &mut mlp.activation, &Activation::ALL, |a| {
            lang.t(&format!("activation.{}", a.name()))
        });
    });
    parts::setting(ui, lang, "dropout", |ui| {
        ui.add(egui::Slider::new(&mut mlp.dropout, 0.0..=0.9).fixed_decimals(2));
    });
    parts::setting(ui, lang, "learning_rate", |ui| {
        ui.add(egui::Slider::new(&mut mlp.learning_rate, 0.00001..=0.1).logarithmic(true));
    });
    parts::setting(ui, lang, "batch", |ui| {
        ui.add(egui::Slider::new(&mut mlp.batch_size, 1..=1024).logarithmic(true));
    });
    parts::setting(ui, lang, "epochs", |ui| {
        ui.add(egui::Slider::new(&mut mlp.epochs, 1..=500).logarithmic(true));
    });
    parts::setting(ui, lang, "patience", |ui| {
        ui.add(egui::Slider::new(&mut mlp.patience, 0..=100));
    });
    parts::setting(ui, lang, "class_weight", |ui| {
        ui.checkbox(&mut mlp.class_weight, lang.t("setting.class_weight.on"));
    });
    parts::setting(ui, lang, "device", |ui| {
        let name = lang.t("setting.device");
        parts::choose(ui, &name, &mut settings.device, &DeviceKind::ALL, |d| {
            lang.t(&format!("device_kind.{}", d.name()))
        });
    });
    parts::setting(ui, lang, "seed", |ui| {
        ui.add(egui::Slider::new(&mut settings.seed, 1..=100));
    });
    if ui.button(lang.t("setting.reset_network")).clicked() {
        settings.mlp = Default::default();
    }
}
