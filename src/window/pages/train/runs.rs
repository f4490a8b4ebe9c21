//! The runs so far: named, overlaid, compared by what was different, and shown again.

mod difference;

use eframe::egui::{self, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Settings;

use super::Scene;
use crate::window::command::Command;
use crate::window::parts::{self, table, take, zoom};
use crate::window::state::{Measure, Run, State};
use crate::window::theme::S2;
use crate::words::Lang;

/// What the tab remembers.
#[derive(Debug, Default)]
pub struct View {
    measure: Measure,
    /// The column that sorts, and whether it ascends; in the order of training where there is none.
    sorted: Option<(usize, bool)>,
    /// The two runs whose settings are compared, by number.
    compared: Option<(usize, usize)>,
}

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

/// A cell as text; the columns are those of [`heads`].
fn text(lang: Lang, state: &State, at: usize, column: usize) -> String {
    let Some(run) = state.runs.get(at) else { return String::new() };
    let dash = || "–".to_owned();
    let network = run.network();
    match column {
        1 => name(lang, run),
        2 => network.and_then(|m| m.valid_auc).map_or_else(dash, |e| format!("{:.3}", e.value)),
        3 => run.lowest_loss().map_or_else(dash, |loss| format!("{loss:.4}")),
        4 => network.map_or(0, |m| m.epochs_run).to_string(),
        5 => format!("{:.1}", network.map_or(0.0, |m| m.seconds)),
        _ => {
            let before = at.checked_sub(1).and_then(|at| state.runs.get(at)).map(|run| &run.settings);
            difference(lang, before, &run.settings)
        }
    }
}

fn heads(lang: Lang) -> [table::Head; 8] {
    [
        table::Head::text(lang.t("runs.overlay"), 64.0),
        table::Head::text(lang.t("runs.name"), 150.0),
        table::Head::number(lang.t("runs.valid_auc"), 110.0),
        table::Head::number(lang.t("runs.valid_loss"), 150.0),
        table::Head::number(lang.t("runs.epochs"), 64.0),
        table::Head::number(lang.t("train.seconds"), 64.0),
        table::Head::text(lang.t("runs.what"), 180.0),
        table::Head::text(lang.t("runs.actions"), 250.0),
    ]
}

/// The runs in the order that is shown.
fn order(state: &State, sorted: Option<(usize, bool)>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..state.runs.len()).collect();
    let Some((column, ascends)) = sorted else { return order };
    let value = |at: usize| -> f64 {
        let Some(run) = state.runs.get(at) else { return f64::NAN };
        let network = run.network();
        let found = match column {
            2 => network.and_then(|m| m.valid_auc).map(|e| e.value),
            3 => run.lowest_loss(),
            4 => network.map(|m| m.epochs_run as f64),
            5 => network.map(|m| m.seconds),
            _ => Some(run.number as f64),
        };
        found.unwrap_or(f64::NAN)
    };
    order.sort_by(|a, b| {
        let order = value(*a).total_cmp(&value(*b));
        if ascends { order } else { order.reverse() }
    });
    order
}

/// What a row of the table asks for.
#[derive(Clone, Copy)]
enum Wish {
    Show(usize),
    Reuse(usize),
    Forget(usize),
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.runs.is_empty() {
        // The one primary button is that of the controls above.
        parts::empty_state(ui, lang, "runs", None, scene.send);
        return;
    }
    controls(ui, scene);
    curves(ui, scene);
    list(ui, scene);
    difference::show(ui, scene);
}

fn controls(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        let name = lang.t("runs.measure");
        ui.label(&name);
        let measure = &mut scene.page.runs.measure;
        parts::choose(ui, &name, measure, &Measure::ALL, |measure| lang.t(measure.key()));
        ui.checkbox(&mut scene.page.log_loss, lang.t("runs.log"));
        let label = ui.label(lang.t("train.smooth"));
        ui.add(egui::Slider::new(&mut scene.page.smooth, 0.0..=0.95).fixed_decimals(2)).labelled_by(label.id);
        if ui.button(lang.t("runs.overlay_all")).clicked() {
            scene.state.runs.iter_mut().for_each(|run| run.overlaid = true);
        }
        if ui.button(lang.t("runs.overlay_none")).clicked() {
            scene.state.runs.iter_mut().for_each(|run| run.overlaid = false);
        }
        let whole = scene.state.shown().is_some() && scene.state.train.is_none();
        let folder = ui.add_enabled(whole, egui::Button::new(lang.t("runs.folder")));
        if folder.on_hover_text(lang.t("runs.folder.help")).clicked() {
            scene.send.push(Command::SaveRunFolder);
        }
    });
}

fn curves(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let measure = scene.page.runs.measure;
    let drawn = scene.state.curves(measure, scene.page.smooth);
    let state = &*scene.state;
    let of = |number: usize| state.runs.iter().find(|run| run.number == number);
    let called = |number: usize| of(number).map_or_else(String::new, |run| name(lang, run));
    let best = drawn
        .iter()
        .filter_map(|(number, _)| Some((number, of(*number)?.lowest_loss()?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let title = match best {
        Some((number, loss)) => lang.with(
            "runs.finding",
            &[
                ("count", lang.count(drawn.len() as u64)),
                ("name", called(*number)),
                ("loss", format!("{loss:.4}")),
            ],
        ),
        None => lang.t("runs.no_curves"),
    };
    let many = zoom::Many {
        id: "runs",
        title,
        x: lang.t("train.epoch"),
        y: lang.t(measure.key()),
        height: 230.0,
        log_y: scene.page.log_loss && measure != Measure::ValidAuc,
        curves: &drawn,
        name: &called,
    };
    zoom::show(ui, lang, &many);
    if state.making_curves() {
        parts::muted(ui, lang.t("status.working"));
    }
    ui.add_space(S2);
}

fn list(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let heads = heads(lang);
    let order = order(scene.state, scene.page.runs.sorted);
    parts::section(ui, lang.t("runs.title"));
    ui.horizontal(|ui| {
        parts::muted(ui, lang.t("runs.help"));
        take::table_menu(ui, lang, &lang.t("runs.title"), || Grid {
            name: lang.t("runs.title"),
            header: heads.iter().skip(1).take(6).map(|head| head.name.clone()).collect(),
            rows: order
                .iter()
                .map(|at| (1..7).map(|column| Cell::from(text(lang, scene.state, *at, column))).collect())
                .collect(),
        });
    });
    let (mut wish, mut renamed) = (None, false);
    let mut spec = table::Table::new("runs", &heads, order.len(), 250.0);
    spec.sorted = Some(scene.page.runs.sorted.unwrap_or((1, true)));
    let shown = scene.state.shown_run;
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let Some(&at) = order.get(row) else { return };
        match column {
            0 | 1 => renamed |= own(ui, lang, scene.state, at, column),
            7 => wish = buttons(ui, lang, scene.state, at, shown == at).or(wish),
            _ => {
                let text = text(lang, scene.state, at, column);
                ui.add(egui::Label::new(&text).truncate().selectable(false)).on_hover_text(text);
            }
        }
    });
    if let Some(column @ 1..=5) = clicked.head {
        let ascends = match scene.page.runs.sorted {
            Some((sorted, ascends)) if sorted == column => !ascends,
            // The best first: the largest area, the lowest loss.
            _ => column != 2,
        };
        scene.page.runs.sorted = Some((column, ascends));
    }
    if renamed {
        scene.state.changed();
    }
    match wish {
        Some(Wish::Show(at)) => {
            scene.state.show_run(at);
            scene.state.changed();
        }
        Some(Wish::Reuse(at)) => scene.state.use_settings_of(at),
        Some(Wish::Forget(at)) => scene.state.forget_run(at),
        None => {}
    }
}

/// The mark and the name of a run, which a person sets; true if it was renamed.
fn own(ui: &mut Ui, lang: Lang, state: &mut State, at: usize, column: usize) -> bool {
    let Some(run) = state.runs.get_mut(at) else { return false };
    if column == 0 {
        let label = format!("{} {}", lang.t("runs.overlay"), name(lang, run));
        let overlay = ui.checkbox(&mut run.overlaid, "");
        overlay.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, run.overlaid, &label));
        return false;
    }
    let hint = lang.with("runs.number", &[("number", run.number.to_string())]);
    let edit = egui::TextEdit::singleline(&mut run.name).hint_text(hint).desired_width(f32::INFINITY);
    let edit = ui.add(edit);
    let words = format!("{} {}", lang.t("runs.name"), run.number);
    edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, &words));
    edit.changed()
}

fn buttons(ui: &mut Ui, lang: Lang, state: &State, at: usize, shown: bool) -> Option<Wish> {
    let run = state.runs.get(at)?;
    let name = name(lang, run);
    let mut wish = None;
    let button = |ui: &mut Ui, key: &str, on: bool| {
        let response = ui.add_enabled(on, egui::Button::new(lang.t(key)).small());
        let words = format!("{} {name}", lang.t(key));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, on, &words));
        response.clicked()
    };
    if shown {
        parts::muted(ui, lang.t("runs.shown"));
    } else if button(ui, "runs.show", run.can_be_shown()) {
        wish = Some(Wish::Show(at));
    }
    if button(ui, "runs.reuse", true) {
        wish = Some(Wish::Reuse(at));
    }
    if !shown && button(ui, "runs.forget", true) {
        wish = Some(Wish::Forget(at));
    }
    wish
}
