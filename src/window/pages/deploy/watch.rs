//! The watched folder and what watches over the model: drift, alerts, the audit trail.

mod drift;
mod trail;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::deploy::watch::{Done, DoneResult};
use regulars_engine::files::{Cell, Grid};

use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
use crate::window::state::WatchPath;
use crate::window::theme::{self, Palette, S2, S3};
use crate::words::{self, Lang};

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.follow_watch();
    parts::steady(ui, "watch_form", |ui| form(ui, scene));
    if let Some(error) = scene.state.watch.failed() {
        parts::problem(ui, lang, error);
    }
    parts::steady(ui, "watch_now", |ui| happened(ui, scene));
    let Some(read) = scene.state.watch.read().cloned() else {
        parts::muted(ui, lang.t("watch.nothing_yet"));
        return;
    };
    if read.done.is_empty() {
        parts::muted(ui, lang.t("watch.nothing_yet"));
        return;
    }
    parts::steady(ui, "watch_files", |ui| files(ui, scene, &read.done));
    parts::steady(ui, "watch_drift", |ui| drift::show(ui, scene, &read.done));
    parts::steady(ui, "watch_trail", |ui| trail::show(ui, scene, &read.entries));
}

/// Folder, bundle, lists, how often; start and stop.
fn form(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let is_on = scene.state.watch.is_on();
    let is_free = !is_on && !scene.prefs.locked;
    let mut pick = None;
    ui.add_enabled_ui(is_free, |ui| {
        for (path, key) in WatchPath::ALL.into_iter().zip(["watch_folder", "watch_bundle", "watch_out"]) {
            pick = path_of(ui, scene, path, key).or(pick);
        }
        parts::setting(ui, lang, "watch_minutes", |ui| {
            let minutes = egui::DragValue::new(&mut scene.state.watch.form.minutes).range(1..=1440);
            parts::named(ui, lang, "watch_minutes", minutes);
        });
        ui.checkbox(&mut scene.state.watch.form.fill, lang.t("watch.fill"))
            .on_hover_text(lang.t("watch.fill.help"));
        egui::CollapsingHeader::new(lang.t("robust.retrain")).id_salt("watch retrain").show(ui, |ui| {
            ui.add(egui::Label::new(lang.t("robust.retrain.help")).wrap());
            ui.add_space(S2);
            let retrain = [(WatchPath::Project, "watch_project"), (WatchPath::Labelled, "watch_labelled")];
            for (path, key) in retrain {
                pick = path_of(ui, scene, path, key).or(pick);
            }
            parts::setting(ui, lang, "watch_retrain_days", |ui| {
                let days = egui::DragValue::new(&mut scene.state.watch.form.retrain_days).range(1..=3650);
                parts::named(ui, lang, "watch_retrain_days", days);
            });
        });
    });
    if let Some(path) = pick {
        scene.state.pick_watch(path);
    }
    ui.add_space(S2);
    let is_said = scene.state.watch.form.spec().is_some();
    ui.horizontal_wrapped(|ui| {
        let text = lang.t(if is_on { "watch.stop" } else { "watch.start" });
        if parts::primary(ui, text, is_on || is_said && is_free) {
            match is_on {
                true => scene.state.watch.stop(),
                false => scene.state.start_watch(false),
            }
        }
        let once = ui.add_enabled(is_said && is_free, parts::tall(lang.t("watch.once")));
        if once.on_hover_text(lang.t("watch.once.help")).clicked() {
            scene.state.start_watch(true);
        }
        if is_on {
            parts::muted(ui, lang.t("watch.on"));
        }
    });
    parts::muted(ui, lang.t("watch.service_line"));
}

/// One path, typed or chosen; `Some` where the dialog is asked for.
fn path_of(ui: &mut Ui, scene: &mut Scene<'_>, path: WatchPath, key: &str) -> Option<WatchPath> {
    let lang = scene.lang;
    parts::setting(ui, lang, key, |ui| {
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 130.0).clamp(160.0, 700.0);
            let at = WatchPath::ALL.iter().position(|one| *one == path).unwrap_or(0);
            if let Some(text) = scene.state.watch.form.paths.get_mut(at) {
                let edit = egui::TextEdit::singleline(text).desired_width(width);
                let edit = parts::named(ui, lang, key, edit);
                parts::form::typing(ui, &edit);
            }
            let button = ui.button(lang.t("watch.choose"));
            let name = format!("{} {}", lang.t("watch.choose"), lang.t(&format!("setting.{key}")));
            button.accessible_name(name).clicked().then_some(path)
        })
        .inner
    })
}

/// The last lines of what happened since the window was opened.
fn happened(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let lines = scene.state.watch.lines();
    if lines.is_empty() {
        return;
    }
    parts::section(ui, lang.t("watch.happened"));
    for (when, event) in lines.iter().take(4) {
        ui.add(egui::Label::new(format!("{when}  {}", words::watch::event(lang, event))).wrap());
    }
}

/// The files that were handled.
fn files(ui: &mut Ui, scene: &mut Scene<'_>, done: &[(String, Done)]) {
    let lang = scene.lang;
    let name = lang.t("watch.files");
    ui.add_space(S3);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&name).font(theme::section_font()));
        take::table_menu(ui, lang, &name, || grid(lang, &name, done));
    });
    let heads = [
        table::Head::text(lang.t("watch.head.when"), 170.0),
        table::Head::text(lang.t("watch.head.file"), 170.0),
        table::Head::number(lang.t("watch.head.rows"), 80.0),
        table::Head::number(lang.t("watch.head.at_risk"), 90.0),
        table::Head::text(lang.t("watch.head.result"), 300.0),
    ];
    let p = Palette::of(ui);
    let chosen = done.iter().position(|(hash, _)| scene.state.watch.chosen.as_ref() == Some(hash));
    let height = (done.len() as f32 * 30.0 + 40.0).min(240.0);
    let spec =
        table::Table { chosen: Some(chosen), ..table::Table::new("watched", &heads, done.len(), height) };
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let Some((_, one)) = done.get(row) else { return };
        let text = cells(lang, one).into_iter().nth(column).unwrap_or_default();
        let is_bad = column == 4 && !is_calm(&one.result);
        match is_bad {
            true => drop(ui.label(RichText::new(text).color(p.caution))),
            false => table::plain(ui, text),
        }
    });
    if let Some((hash, _)) = clicked.row.and_then(|row| done.get(row)) {
        scene.state.watch.chosen = Some(hash.clone());
    }
}

fn is_calm(result: &DoneResult) -> bool {
    matches!(result, DoneResult::Scored { alerts, .. } if alerts.is_empty())
}

fn cells(lang: Lang, done: &Done) -> [String; 5] {
    let when = done.when.replace('T', " ").replace('Z', " UTC");
    match &done.result {
        DoneResult::Scored { rows, at_risk, alerts, .. } => {
            let result = match alerts.len() {
                0 => lang.t("watch.result.calm"),
                count => lang.with("watch.result.alerts", &[("count", lang.count(count as u64))]),
            };
            [when, done.file.clone(), lang.count(*rows), lang.count(*at_risk), result]
        }
        DoneResult::Refused { kind, .. } => {
            [when, done.file.clone(), String::new(), String::new(), lang.t(&format!("error.{kind}"))]
        }
    }
}

fn grid(lang: Lang, name: &str, done: &[(String, Done)]) -> Grid {
    let heads = ["when", "file", "rows", "at_risk", "result"];
    Grid {
        name: name.to_owned(),
        header: heads.iter().map(|head| lang.t(&format!("watch.head.{head}"))).collect(),
        rows: done.iter().map(|(_, one)| cells(lang, one).map(Cell::from).to_vec()).collect(),
    }
}
