//! The networks that read words and purchases in order: which one, how it is set, and what it looks like.

use eframe::egui::{self, Ui};
use regulars_engine::features::behaviour::HISTORY;
use regulars_engine::features::text::TokenUnit;
use regulars_engine::train::net::{Cell, Loss, Positions, RateSchedule, Rule};
use regulars_engine::train::{Activation, ModelKind, NetSettings};

use super::Scene;
use crate::window::parts;
use crate::window::theme::{Palette, S2, S3};
use crate::words::Lang;

/// The networks that a training may train.
const NETWORKS: [ModelKind; 5] =
    [ModelKind::Mlp, ModelKind::Cnn, ModelKind::Rnn, ModelKind::Hybrid, ModelKind::Transformer];

/// Chooses the network, and says what it would read; true where it reads sequences and has settings of its
/// own here.
pub(super) fn choose(ui: &mut Ui, scene: &mut Scene<'_>) -> bool {
    let lang = scene.lang;
    parts::setting(ui, lang, "net_kind", |ui| {
        let name = lang.t("setting.net_kind");
        let kind = &mut scene.state.settings.net.kind;
        parts::choose(ui, &name, kind, &NETWORKS, |kind| lang.t(&format!("model.{}", kind.name())));
    });
    let reads = scene.state.settings.net.kind.reads_sequences();
    if reads {
        match read(lang, scene) {
            Some(text) => parts::muted(ui, text),
            None => parts::caution(ui, &lang.t("nets.nothing_to_read")),
        }
        ui.add_space(S2);
    }
    reads
}

/// What there is to read in order, in words; `None` for nothing.
fn read(lang: Lang, scene: &Scene<'_>) -> Option<String> {
    let sequences = &scene.state.prepared.as_ref()?.matrix.sequences;
    let name = |column: &str| match column {
        HISTORY => lang.t("nets.history"),
        column => column.to_owned(),
    };
    let names: Vec<String> = sequences.names().map(name).collect();
    (!names.is_empty()).then(|| lang.with("nets.reads", &[("columns", lang.list(&names))]))
}

/// Its settings.
pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let settings = &mut scene.state.settings;
    body(ui, lang, &mut settings.net);
    reading(ui, lang, &mut settings.net);
    dense(ui, lang, &mut settings.net);
    learning(ui, lang, &mut settings.net);
    if super::network::where_and_seed(ui, scene) {
        let settings = &mut scene.state.settings;
        settings.net = NetSettings { kind: settings.net.kind, ..NetSettings::default() };
    }
}

/// A count with a slider.
fn count(ui: &mut Ui, lang: Lang, key: &'static str, value: &mut usize, most: usize) {
    parts::setting(ui, lang, key, |ui| {
        parts::named(ui, lang, key, egui::Slider::new(value, 1..=most).logarithmic(most > 64));
    });
}

/// A share with a slider.
fn share(ui: &mut Ui, lang: Lang, key: &'static str, value: &mut f64) {
    parts::setting(ui, lang, key, |ui| {
        parts::named(ui, lang, key, egui::Slider::new(value, 0.0..=0.9).fixed_decimals(2));
    });
}

/// A few numbers in a row, with a button to add one and one each to take it away.
fn numbers(ui: &mut Ui, lang: Lang, key: &'static str, list: &mut Vec<usize>, (least, most): (usize, usize)) {
    parts::setting(ui, lang, key, |ui| {
        let mut remove = None;
        let many = list.len() > least;
        for (at, value) in list.iter_mut().enumerate() {
            ui.horizontal(|ui| {
                let name = format!("{} {}", lang.t(&format!("setting.{key}")), at + 1);
                let drag = ui.add(egui::DragValue::new(value).range(1..=most));
                drag.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, &name));
                let words = format!("{} {name}", lang.t("form.remove"));
                if many && ui.button("×").accessible_name(&words).on_hover_text(&words).clicked() {
                    remove = Some(at);
                }
            });
        }
        if let Some(at) = remove {
            list.remove(at);
        }
        let words = format!("{} {}", lang.t("form.add"), lang.t(&format!("setting.{key}")));
        if list.len() < 6 && ui.button("+").accessible_name(&words).on_hover_text(&words).clicked() {
            let last = list.last().copied().unwrap_or(most / 2);
            list.push(if least > 0 { (last + 1).min(most) } else { (last / 2).max(4) });
        }
    });
}

/// What turns a sequence into numbers.
fn body(ui: &mut Ui, lang: Lang, net: &mut NetSettings) {
    match net.kind {
        ModelKind::Cnn => {
            numbers(ui, lang, "net_kernels", &mut net.cnn.kernels, (1, 16));
            count(ui, lang, "net_filters", &mut net.cnn.filters, 256);
            parts::setting(ui, lang, "net_mean_pool", |ui| {
                ui.checkbox(&mut net.cnn.mean_pool, lang.t("setting.net_mean_pool.on"));
            });
        }
        ModelKind::Rnn => {
            parts::setting(ui, lang, "net_cell", |ui| {
                let name = lang.t("setting.net_cell");
                parts::choose(ui, &name, &mut net.rnn.cell, &[Cell::Gru, Cell::Lstm], |cell| {
                    lang.t(cell_key(cell))
                });
            });
            count(ui, lang, "net_units", &mut net.rnn.units, 256);
            parts::setting(ui, lang, "net_bidirectional", |ui| {
                ui.checkbox(&mut net.rnn.bidirectional, lang.t("setting.net_bidirectional.on"));
            });
        }
        ModelKind::Hybrid => {
            count(ui, lang, "net_kernel", &mut net.hybrid.kernel, 16);
            count(ui, lang, "net_filters", &mut net.hybrid.filters, 256);
            count(ui, lang, "net_units", &mut net.hybrid.units, 256);
        }
        ModelKind::Transformer => {
            let set = &mut net.transformer;
            count(ui, lang, "net_layers", &mut set.layers, 6);
            count(ui, lang, "net_heads", &mut set.heads, 8);
            count(ui, lang, "net_model", &mut set.model, 256);
            count(ui, lang, "net_feed_forward", &mut set.feed_forward, 512);
            parts::setting(ui, lang, "net_positions", |ui| {
                let name = lang.t("setting.net_positions");
                let all = [Positions::Sinusoidal, Positions::Learned];
                parts::choose(ui, &name, &mut set.positions, &all, |positions| {
                    lang.t(match positions {
                        Positions::Sinusoidal => "nets.positions.sinusoidal",
                        Positions::Learned => "nets.positions.learned",
                    })
                });
            });
        }
        _ => {}
    }
}

/// How much is read, and as what.
fn reading(ui: &mut Ui, lang: Lang, net: &mut NetSettings) {
    parts::section(ui, lang.t("nets.reading"));
    count(ui, lang, "net_max_len", &mut net.max_len, 1000);
    parts::setting(ui, lang, "net_unit", |ui| {
        let name = lang.t("setting.net_unit");
        parts::choose(ui, &name, &mut net.unit, &[TokenUnit::Words, TokenUnit::Characters], |unit| {
            lang.t(match unit {
                TokenUnit::Words => "nets.unit.words",
                TokenUnit::Characters => "nets.unit.characters",
            })
        });
    });
    count(ui, lang, "net_vocabulary", &mut net.vocabulary, 50_000);
    count(ui, lang, "net_token_size", &mut net.token_size, 256);
    share(ui, lang, "net_embedding_dropout", &mut net.embedding_dropout);
    parts::setting(ui, lang, "net_pairs", |ui| {
        let mut on = net.pairs > 0;
        if ui.checkbox(&mut on, lang.t("setting.net_pairs.on")).changed() {
            net.pairs = if on { NetSettings::USUAL_PAIRS } else { 0 };
        }
    });
}

/// The layers behind what was read.
fn dense(ui: &mut Ui, lang: Lang, net: &mut NetSettings) {
    parts::section(ui, lang.t("nets.dense"));
    numbers(ui, lang, "net_hidden", &mut net.hidden, (0, 1024));
    parts::setting(ui, lang, "activation", |ui| {
        let name = lang.t("setting.activation");
        parts::choose(ui, &name, &mut net.activation, &Activation::ALL, |a| {
            lang.t(&format!("activation.{}", a.name()))
        });
    });
    share(ui, lang, "dropout", &mut net.dropout);
}

/// How it learns.
fn learning(ui: &mut Ui, lang: Lang, net: &mut NetSettings) {
    parts::section(ui, lang.t("nets.learning"));
    parts::setting(ui, lang, "net_loss", |ui| {
        let name = lang.t("setting.net_loss");
        let focal = match net.loss {
            Loss::Focal { .. } => net.loss,
            _ => Loss::Focal { gamma: 2.0 },
        };
        parts::choose(ui, &name, &mut net.loss, &[Loss::Auto, focal], |loss| {
            lang.t(if loss == Loss::Auto { "nets.loss.bce" } else { "nets.loss.focal" })
        });
    });
    let fit = &mut net.fit;
    parts::setting(ui, lang, "optimizer", |ui| {
        let name = lang.t("setting.optimizer");
        let all = [Rule::Adam, Rule::AdamW, Rule::Sgd { momentum: 0.9 }, Rule::RmsProp];
        let all = all.map(|rule| if rule.name() == fit.rule.name() { fit.rule } else { rule });
        parts::choose(ui, &name, &mut fit.rule, &all, |rule| lang.t(rule_key(rule)));
        if let Rule::Sgd { momentum } = &mut fit.rule {
            let label = ui.label(lang.t("setting.momentum"));
            ui.add(egui::Slider::new(momentum, 0.0..=0.99).fixed_decimals(2)).labelled_by(label.id);
        }
    });
    parts::setting(ui, lang, "learning_rate", |ui| {
        let slider = egui::Slider::new(&mut fit.learning_rate, 0.00001..=0.5).logarithmic(true);
        parts::named(ui, lang, "learning_rate", slider);
    });
    parts::setting(ui, lang, "schedule", |ui| {
        let name = lang.t("setting.schedule");
        let all = [
            RateSchedule::Constant,
            RateSchedule::Step { epochs: 10, factor: 0.5 },
            RateSchedule::Cosine,
            RateSchedule::OneCycle,
            RateSchedule::Plateau { patience: 2, factor: 0.5 },
        ];
        let all =
            all.map(|one| if schedule_key(one) == schedule_key(fit.schedule) { fit.schedule } else { one });
        parts::choose(ui, &name, &mut fit.schedule, &all, |one| lang.t(schedule_key(one)));
    });
    parts::setting(ui, lang, "net_warmup", |ui| {
        parts::named(ui, lang, "net_warmup", egui::Slider::new(&mut fit.warmup_steps, 0..=1000));
    });
    parts::setting(ui, lang, "net_clip", |ui| {
        let slider = egui::Slider::new(&mut fit.clip_norm, 0.0..=10.0).fixed_decimals(1);
        parts::named(ui, lang, "net_clip", slider);
    });
    parts::setting(ui, lang, "net_decay", |ui| {
        let slider = egui::Slider::new(&mut fit.weight_decay, 0.0..=0.1).fixed_decimals(4);
        parts::named(ui, lang, "net_decay", slider);
    });
    count(ui, lang, "batch", &mut fit.batch_size, 1024);
    count(ui, lang, "epochs", &mut fit.epochs, 200);
    parts::setting(ui, lang, "patience", |ui| {
        parts::named(ui, lang, "patience", egui::Slider::new(&mut fit.patience, 0..=50));
    });
    parts::setting(ui, lang, "class_weight", |ui| {
        ui.checkbox(&mut net.class_weight, lang.t("setting.class_weight.on"));
    });
    parts::setting(ui, lang, "net_balanced", |ui| {
        ui.checkbox(&mut net.balanced, lang.t("setting.net_balanced.on"));
    });
}

fn cell_key(cell: Cell) -> &'static str {
    match cell {
        Cell::Gru => "nets.cell.gru",
        Cell::Lstm => "nets.cell.lstm",
    }
}

fn rule_key(rule: Rule) -> &'static str {
    match rule {
        Rule::Sgd { .. } => "optimizer.sgd",
        Rule::Adam => "optimizer.adam",
        Rule::AdamW => "optimizer.adam_w",
        Rule::RmsProp => "nets.rule.rms_prop",
    }
}

fn schedule_key(schedule: RateSchedule) -> &'static str {
    match schedule {
        RateSchedule::Constant => "schedule.constant",
        RateSchedule::Step { .. } => "nets.schedule.step",
        RateSchedule::Cosine => "schedule.cosine",
        RateSchedule::OneCycle => "nets.schedule.one_cycle",
        RateSchedule::Plateau { .. } => "nets.schedule.plateau",
    }
}

/// The network as blocks: what is read, what reads it, the table beside it, the layers behind.
pub(super) fn diagram(ui: &mut Ui, lang: Lang, scene: &Scene<'_>) {
    let net = &scene.state.settings.net;
    let Some(prepared) = &scene.state.prepared else { return };
    let sequences = &prepared.matrix.sequences;
    let size = |n: usize| lang.count(n as u64);
    let reader = crate::report::reader(lang, net.kind, net);
    if sequences.names().any(|name| name != HISTORY) {
        let embedding = [("tokens", size(net.vocabulary)), ("size", size(net.token_size))];
        row(ui, &[lang.t("nets.block.words"), lang.with("nets.block.embedding", &embedding), reader.clone()]);
    }
    if sequences.names().any(|name| name == HISTORY) {
        row(ui, &[lang.t("nets.history"), reader]);
    }
    row(ui, &[lang.with("nets.block.table", &[("count", size(prepared.matrix.width()))])]);
    let mut joined = vec![lang.t("nets.block.joined")];
    joined.extend(net.hidden.iter().map(|units| lang.with("nets.block.dense", &[("units", size(*units))])));
    joined.push(lang.t("train.output"));
    row(ui, &joined);
    let shown = scene.state.shown().map(|outcome| &outcome.trained.model);
    if let Some(regulars_engine::train::Model::Net(model)) = shown
        && model.kind() == net.kind
    {
        let count = [("count", lang.count(model.net.parameters() as u64))];
        parts::muted(ui, lang.with("nets.trained_parameters", &count));
    }
    ui.add_space(S3);
}

/// Blocks with arrows between.
fn row(ui: &mut Ui, blocks: &[String]) {
    let p = Palette::of(ui);
    ui.horizontal_wrapped(|ui| {
        for (at, block) in blocks.iter().enumerate() {
            if at > 0 {
                ui.label("→");
            }
            egui::Frame::new()
                .fill(p.surface)
                .stroke(egui::Stroke::new(1.0, p.accent))
                .corner_radius(6)
                .inner_margin(egui::Margin::symmetric(8, 4))
                .show(ui, |ui| ui.label(block));
        }
    });
}
