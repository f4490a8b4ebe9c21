//! The two boxes that stand before the window: where to (or from), and whether to close.

use std::path::{Path, PathBuf};

use eframe::egui::{self, Id, Key, Modal, RichText, TextEdit, Ui};
use regulars_engine::files::Grid;
use regulars_engine::project::Contacts;

use super::App;
use super::parts;
use super::state::Ask;
use super::theme::{self, S2, S3};
use crate::words::Lang;

/// What is being written, where that is made already.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    None,
    Grid(Grid),
    Bytes(Vec<u8>),
    /// Customers by their places in the list of this id.
    Places(u64, Vec<usize>),
}

/// A path is being asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct PathBox {
    pub ask: Ask,
    pub text: String,
    pub content: Content,
    fresh: bool,
}

impl PathBox {
    /// A box with a suggested path.
    pub fn new(ask: Ask, text: String, content: Content) -> Self {
        Self { ask, text, content, fresh: true }
    }

    /// What was typed: one path, or, where something is opened, several parted by semicolons.
    fn paths(&self) -> Vec<PathBuf> {
        let path = |text: &str| {
            let text = text.trim().trim_matches('"');
            match text.strip_prefix("~/") {
                Some(rest) => home().join(rest),
                None => PathBuf::from(text),
            }
        };
        let whole = path(&self.text);
        if self.ask.saves() || whole.exists() {
            return vec![whole];
        }
        self.text.split(';').filter(|part| !part.trim().is_empty()).map(path).collect()
    }
}

/// The person's own folder, else the present one.
pub fn home() -> PathBuf {
    std::env::home_dir().unwrap_or_else(|| PathBuf::from("."))
}

/// A name that can be a file's: what separates folders becomes a dash.
pub fn file_name(text: &str) -> String {
    let keep = |c: char| if "/\\:*?\"<>|\n\t".contains(c) { '-' } else { c };
    text.chars().map(keep).take(80).collect::<String>().trim().to_owned()
}

/// Draws the path box; the answer goes to the app.
pub(super) fn path_box(ctx: &egui::Context, app: &mut App) {
    let Some(mut asked) = app.path_box.take() else { return };
    let lang = app.prefs.lang;
    let (mut done, mut open, mut browse) = (false, true, false);
    let shown = Modal::new(Id::unique("path box")).show(ctx, |ui| {
        ui.set_width(620.0);
        let key = match asked.ask {
            Ask::Open => "path.open",
            Ask::Add => "path.add",
            Ask::Month => "path.month",
            Ask::SaveProject => "path.project",
            Ask::CallList => "path.list",
            Ask::SaveBundle => "path.bundle",
            Ask::Scorer => "path.scorer",
            Ask::Workbook => "path.workbook",
            Ask::Onnx => "path.onnx",
            Ask::Report => "path.report",
            Ask::Card => "path.card",
            Ask::SaveRecipe => "path.recipe",
            Ask::OpenRecipe => "path.open_recipe",
            Ask::Grid => "path.table",
            Ask::Png => "path.picture",
            Ask::Svg => "path.drawing",
            Ask::Mask => "path.mask",
            Ask::MaskFolder => "path.mask_folder",
            Ask::RunFolder => "path.run_folder",
            Ask::Experiment => "path.experiment",
            Ask::OpenExperiment => "path.open_experiment",
            Ask::Results => "path.results",
        };
        ui.label(RichText::new(lang.t(key)).font(theme::section_font()));
        if asked.ask == Ask::CallList {
            call_list(ui, lang, app, &mut asked);
        }
        if matches!(asked.ask, Ask::Report | Ask::SaveBundle | Ask::Scorer) {
            parts::cells::report_switch(ui, lang);
        }
        ui.add_space(S2);
        let label = ui.label(lang.t("collect.path"));
        let edit = ui.add(TextEdit::singleline(&mut asked.text).desired_width(600.0)).labelled_by(label.id);
        if asked.fresh {
            edit.request_focus();
            asked.fresh = false;
        }
        let paths = asked.paths();
        // A pattern is looked for when it is opened.
        let is_there = |path: &PathBuf| path.exists() || path.to_string_lossy().contains(['*', '?', '[']);
        let exists = paths.iter().all(is_there);
        let hint = if asked.ask.saves() {
            let path = paths.first().map_or(Path::new(""), PathBuf::as_path);
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            match (exists, folder.is_dir()) {
                (_, false) => lang.t("path.no_folder"),
                (true, true) if asked.ask == Ask::MaskFolder => lang.t("path.fills"),
                (true, true) if asked.ask == Ask::RunFolder => lang.t("path.run_exists"),
                (true, true) if asked.ask == Ask::Experiment => lang.t("path.experiment_exists"),
                (true, true) => lang.t("path.replaces"),
                (false, true) => String::new(),
            }
        } else if exists || asked.text.trim().is_empty() {
            String::new()
        } else {
            lang.t("path.not_there")
        };
        parts::muted(ui, hint);
        let ready = !asked.text.trim().is_empty();
        let entered = edit.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        ui.add_space(S3);
        ui.horizontal(|ui| {
            let verb = if asked.ask.saves() { "path.save" } else { "collect.open_path" };
            done = parts::primary(ui, lang.t(verb), ready) || entered && ready;
            browse = ui.button(lang.t("path.browse")).clicked();
            open = !ui.button(lang.t("common.cancel")).clicked();
        });
    });
    if done {
        app.take_paths(ctx, asked.ask, asked.paths(), asked.content);
    } else if browse {
        app.state.ask(asked.ask, &asked.text);
        app.waiting = asked.content;
    } else if open && !shown.should_close() {
        app.path_box = Some(asked);
    }
}

/// What goes into the call list, and as what kind of file.
fn call_list(ui: &mut Ui, lang: Lang, app: &mut App, asked: &mut PathBox) {
    let spec = &mut app.state.settings.call_list;
    ui.add_space(S2);
    ui.horizontal(|ui| {
        ui.label(lang.t("list.format"));
        for (ending, key) in [("xlsx", "list.xlsx"), ("csv", "list.csv"), ("html", "list.html")] {
            let on = asked.text.trim_end().to_lowercase().ends_with(ending);
            if ui.radio(on, lang.t(key)).clicked()
                && let Some(path) = asked.paths().first()
            {
                asked.text = path.with_extension(ending).display().to_string();
            }
        }
    });
    ui.horizontal(|ui| {
        ui.label(lang.t("list.contacts"));
        for kind in Contacts::ALL {
            let text = lang.t(&format!("contacts.{}", kind.name()));
            ui.radio_value(&mut spec.contacts, kind, text);
        }
    });
    match spec.contacts {
        Contacts::Clear => parts::caution(ui, &lang.t("list.clear_warning")),
        Contacts::Masked => parts::muted(ui, lang.t("list.masked_hint")),
        Contacts::LeftOut => {}
    }
    ui.checkbox(&mut spec.only_at_risk, lang.t("list.only_at_risk"));
    ui.checkbox(&mut spec.with_do_not_contact, lang.t("list.with_do_not_contact"));
    ui.horizontal(|ui| {
        let mut limited = spec.most.is_some();
        if ui.checkbox(&mut limited, lang.t("list.most")).changed() {
            spec.most = limited.then_some(50);
        }
        if let Some(most) = &mut spec.most {
            let name = lang.t("list.most");
            let response = ui.add(egui::DragValue::new(most).range(1..=1_000_000));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, &name));
        }
    });
    let places: &[usize] = match &asked.content {
        Content::Places(_, places) => places,
        _ => &[],
    };
    let count = app.state.count_call_list(places);
    ui.label(lang.with("list.count", &[("count", lang.count(count as u64))]));
}

/// Asks once, when the window is closed while work goes on.
pub(super) fn closing(ctx: &egui::Context, app: &mut App) {
    if ctx.input(|i| i.viewport().close_requested()) && !app.may_close && app.state.busy() {
        ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
        app.asks_to_close = true;
    }
    if !app.asks_to_close {
        return;
    }
    let lang = app.prefs.lang;
    let (mut stay, mut leave) = (false, false);
    let shown = Modal::new(Id::unique("closing")).show(ctx, |ui| {
        ui.set_width(460.0);
        ui.label(RichText::new(lang.t("close.title")).font(theme::section_font()));
        ui.label(lang.t("close.text"));
        ui.add_space(S3);
        ui.horizontal(|ui| {
            stay = parts::primary(ui, lang.t("close.stay"), true);
            leave = ui.button(lang.t("close.leave")).clicked();
        });
    });
    if leave {
        app.may_close = true;
        app.asks_to_close = false;
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
    } else if stay || shown.should_close() || !app.state.busy() {
        app.asks_to_close = false;
    }
}
