//! The runs so far: named, overlaid, compared by what was different, and shown again.

use eframe::egui::{self, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Settings;

use super::Scene;
use crate::window::parts::{self, take};
use crate::window::state::Run;
use crate::words::Lang;

/// A run's name, or its number.
pub(super) fn name(lang: Lang, run: &Run) -> String {
    if run.name.is_empty() {
        lang.with("runs.number", &[("number", run.number.to_string())])
    } else {
        run.name.clone()
    }
}

/// What a run has otherwise than the run before it.
fn difference(lang: Lang, before: Option<&Settings>, now: &Settings) -> String {
    if now.net.kind.reads_sequences() {
        return crate::report::sequence_network(lang, now.net.kind, &now.net);
    }
    // Of another kind, nothing is otherwise: all is.
    let before = before.filter(|before| !before.net.kind.reads_sequences());
    let Some(before) = before else { return crate::report::network(lang, &now.mlp) };
    let (a, b) = (&before.mlp, &now.mlp);
    let setting = |key: &str| lang.t(&format!("setting.{key}"));
    let mut parts = Vec::new();
    let mut add = |changed: bool, key: &str, value: String| {
        if changed {
            parts.push(format!("{} {value}", setting(key)));
        }
    };
    let layers: Vec<String> = b.hidden.iter().map(usize::to_string).collect();
    add(a.hidden != b.hidden, "layers", layers.join("-"));
    add(a.activation != b.activation, "activation", lang.t(&format!("activation.{}", b.activation.name())));
    let yes_no = |yes: bool| lang.t(if yes { "common.yes" } else { "common.no" });
    add(a.batch_norm != b.batch_norm, "batch_norm", yes_no(b.batch_norm));
    add(a.dropout != b.dropout, "dropout", format!("{:.2}", b.dropout));
    add(a.optimizer != b.optimizer, "optimizer", lang.t(&format!("optimizer.{}", b.optimizer.name())));
    add(a.learning_rate != b.learning_rate, "learning_rate", format!("{:.5}", b.learning_rate));
    add(a.schedule != b.schedule, "schedule", lang.t(&format!("schedule.{}", b.schedule.name())));
    add(a.warmup_steps != b.warmup_steps, "warmup", b.warmup_steps.to_string());
    add(a.clip_norm != b.clip_norm, "clip_norm", b.clip_norm.to_string());
    add(a.batch_size != b.batch_size, "batch", b.batch_size.to_string());
    add(a.epochs != b.epochs, "epochs", b.epochs.to_string());
    add(a.patience != b.patience, "patience", b.patience.to_string());
    add(a.class_weight != b.class_weight, "class_weight", yes_no(b.class_weight));
    add(before.seed != now.seed, "seed", now.seed.to_string());
    add(before.device != now.device, "device", now.device.name().to_owned());
    if before.recipe != now.recipe || before.features != now.features || before.read != now.read {
        parts.push(lang.t("runs.other_rows"));
    }
    if parts.is_empty() { lang.t("runs.same") } else { parts.join(" · ") }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.runs.is_empty() {
        return;
    }
    parts::section(ui, lang.t("runs.title"));
    let rows: Vec<[String; 6]> = (0..scene.state.runs.len())
        .map(|at| {
            let run = &scene.state.runs[at];
            let before = at.checked_sub(1).map(|at| &scene.state.runs[at].settings);
            let network = run.network();
            let auc = network.and_then(|m| m.valid_auc).map_or("–".into(), |e| format!("{:.3}", e.value));
            let best = run.history().iter().map(|e| e.valid_loss).fold(f64::INFINITY, f64::min);
            let loss = if best.is_finite() { format!("{best:.4}") } else { "–".into() };
            let epochs = network.map_or(0, |m| m.epochs_run).to_string();
            let seconds = network.map_or(0.0, |m| m.seconds);
            let what = difference(lang, before, &run.settings);
            [name(lang, run), what, auc, loss, epochs, format!("{seconds:.1}")]
        })
        .collect();
    let heads =
        ["runs.name", "runs.what", "runs.valid_auc", "runs.valid_loss", "runs.epochs", "train.seconds"];
    ui.horizontal(|ui| {
        parts::muted(ui, lang.t("runs.help"));
        take::table_menu(ui, lang, &lang.t("runs.title"), || Grid {
            name: lang.t("runs.title"),
            header: heads.iter().map(|key| lang.t(key)).collect(),
            rows: rows.iter().map(|row| row.iter().map(|text| Cell::from(text.as_str())).collect()).collect(),
        });
    });
    let (mut show, mut reuse, mut forget, mut renamed) = (None, None, None, false);
    egui::Grid::new("runs").num_columns(9).striped(true).spacing([14.0, 6.0]).show(ui, |ui| {
        for key in [
            "runs.overlay",
            "runs.name",
            "runs.valid_auc",
            "runs.valid_loss",
            "runs.epochs",
            "train.seconds",
            "runs.what",
        ] {
            parts::muted(ui, lang.t(key));
        }
        ui.end_row();
        for (at, row) in rows.iter().enumerate() {
            let shown = scene.state.shown_run == at;
            let run = &mut scene.state.runs[at];
            let label = format!("{} {}", lang.t("runs.overlay"), row[0]);
            let overlay = ui.checkbox(&mut run.overlaid, "");
            overlay
                .widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, run.overlaid, &label));
            let hint = lang.with("runs.number", &[("number", run.number.to_string())]);
            let edit = egui::TextEdit::singleline(&mut run.name).hint_text(hint).desired_width(110.0);
            let edit = ui.add(edit);
            let words = format!("{} {}", lang.t("runs.name"), run.number);
            renamed |= edit.changed();
            edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, &words));
            for text in &row[2..] {
                ui.label(text);
            }
            ui.add(egui::Label::new(row[1].chars().take(90).collect::<String>())).on_hover_text(&row[1]);
            let whole = run.is_whole();
            let button = |ui: &mut Ui, key: &str, on: bool| {
                let response = ui.add_enabled(on, egui::Button::new(lang.t(key)).small());
                let words = format!("{} {}", lang.t(key), row[0]);
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, on, &words));
                response.clicked()
            };
            ui.horizontal(|ui| {
                if shown {
                    parts::muted(ui, lang.t("runs.shown"));
                } else if button(ui, "runs.show", whole) {
                    show = Some(at);
                }
                if button(ui, "runs.reuse", true) {
                    reuse = Some(at);
                }
                if !shown && button(ui, "runs.forget", true) {
                    forget = Some(at);
                }
            });
            ui.end_row();
        }
    });
    if renamed {
        scene.state.changed();
    }
    if let Some(at) = show {
        scene.state.show_run(at);
        scene.state.changed();
    } else if let Some(at) = reuse {
        scene.state.use_settings_of(at);
    } else if let Some(at) = forget {
        scene.state.forget_run(at);
    }
}
