//! The frame around every page: rail of stages, top bar, status line, notices, palette.

use eframe::egui::{self, Align, Button, Layout, RichText, Ui};
use regulars_engine::train::DeviceKind;

use super::App;
use super::command::{self, Command};
use super::pages::Page;
use super::parts;
use super::theme::{self, Palette, S1, S2, S3};
use super::tour;
use crate::words::Lang;

/// The rail: six stages in order, then the job beside them.
pub(super) fn rail(ui: &mut Ui, app: &mut App) {
    let lang = app.prefs.lang;
    ui.add_space(S3);
    ui.label(RichText::new("Regulars").font(egui::FontId::new(20.0, theme::strong())));
    parts::muted(ui, lang.t("app.slogan"));
    ui.add_space(S3);
    // All entries stand on a screen of 800 points without scrolling: the jobs have their live line on hover.
    ui.spacing_mut().item_spacing.y = 2.0;
    let top = ui.cursor().min;
    for (at, page) in Page::ALL.into_iter().enumerate() {
        match page {
            Page::Segments => {
                let stages = egui::Rangef::new(top.y, ui.cursor().min.y);
                tour::anchor(ui, "rail", egui::Rect::from_x_y_ranges(ui.max_rect().x_range(), stages));
                ui.add_space(S2);
                ui.separator();
                parts::muted(ui, lang.t("rail.jobs"));
                stage(ui, app, page, "◆");
            }
            Page::Value
            | Page::Recommend
            | Page::Feedback
            | Page::Experiments
            | Page::Deploy
            | Page::Time
            | Page::Mask => stage(ui, app, page, "◆"),
            Page::Classroom => {
                ui.add_space(S2);
                ui.separator();
                stage(ui, app, page, "◆");
            }
            Page::Settings => stage(ui, app, page, "≡"),
            _ => stage(ui, app, page, &(at + 1).to_string()),
        }
    }
}

fn stage(ui: &mut Ui, app: &mut App, page: Page, mark: &str) {
    let lang = app.prefs.lang;
    let p = Palette::of(ui);
    let on = app.prefs.page == page;
    let name = page.title(lang);
    let status = page.status(lang, &app.state);
    let is_stage = mark != "◆";
    let frame = egui::Frame::new()
        .fill(if on { p.surface } else { egui::Color32::TRANSPARENT })
        .corner_radius(6)
        .inner_margin(egui::Margin::symmetric(8, if is_stage { 3 } else { 1 }));
    let inner = frame.show(ui, |ui| {
        ui.spacing_mut().interact_size.y = 22.0;
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            parts::stage_mark(ui, mark, on);
            let text = RichText::new(&name).family(theme::strong());
            let title = egui::Label::new(if on { text.color(p.accent) } else { text }).selectable(false);
            if !is_stage {
                ui.add(title);
                return;
            }
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.add(title);
                let status = RichText::new(&status).small().color(p.muted);
                ui.add(egui::Label::new(status).selectable(false).truncate());
            });
        });
    });
    let response =
        ui.interact(inner.response.rect, ui.scope_id().with(("stage", page.key())), egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Tab, true, on, &name));
    let response = match is_stage || status.is_empty() {
        true => response,
        false => response.on_hover_text(&status),
    };
    if response.has_focus() || response.hovered() {
        ui.painter().rect_stroke(
            inner.response.rect,
            6,
            egui::Stroke::new(1.0, p.accent),
            egui::StrokeKind::Inside,
        );
    }
    if response.clicked() {
        app.send.push(Command::Go(page));
    }
}

/// The top bar: file, undo, the running job, palette, language, theme.
pub(super) fn top(ui: &mut Ui, app: &mut App) {
    let lang = app.prefs.lang;
    ui.horizontal_centered(|ui| {
        let name = match (&app.state.project_file, &app.state.table) {
            (Some(file), _) => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            (None, Some(table)) => table.name.clone(),
            (None, None) => lang.t("top.no_project"),
        };
        ui.label(RichText::new(name).family(theme::strong()));
        if app.state.table.is_some() {
            parts::muted(ui, lang.t(if app.state.saved { "top.saved" } else { "top.unsaved" }));
        }
        for command in [Command::OpenDialog, Command::Save] {
            let enabled = command == Command::OpenDialog || app.state.table.is_some();
            button(ui, app, command, enabled);
        }
        let undo = app.state.next_undo().map(|edit| edit.text(lang));
        edit_button(ui, app, Command::Undo, undo);
        let redo = app.state.next_redo().map(|edit| edit.text(lang));
        edit_button(ui, app, Command::Redo, redo);
        if let Some((phase, share, seconds)) = app.state.running() {
            let text = lang.with(
                "top.running",
                &[
                    ("phase", lang.t(&format!("phase.{phase}"))),
                    ("percent", format!("{:.0}", share * 100.0)),
                    ("seconds", format!("{seconds:.0}")),
                ],
            );
            ui.add(egui::ProgressBar::new(share as f32).desired_width(190.0).text(text));
            button(ui, app, Command::Cancel, true);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            button(ui, app, Command::ToggleTheme, true);
            let other = if lang == Lang::En { Lang::Zh } else { Lang::En };
            button(ui, app, Command::SetLang(other), true);
            let palette = button(ui, app, Command::TogglePalette, true);
            tour::anchor(ui, "palette", palette);
        });
    });
}

/// Undo and redo say what they would take back.
fn edit_button(ui: &mut Ui, app: &mut App, command: Command, edit: Option<String>) {
    let name = command.text(app.prefs.lang);
    let response = ui.add_enabled(edit.is_some(), Button::new(&name));
    let keys = command.shortcut().map(|keys| ui.ctx().format_shortcut(&keys)).unwrap_or_default();
    if let Some(edit) = edit {
        let whole = app.prefs.lang.with("edit.what", &[("command", name), ("edit", edit)]);
        if response.on_hover_text(format!("{whole}\n{keys}")).clicked() {
            app.send.push(command);
        }
    }
}

fn button(ui: &mut Ui, app: &mut App, command: Command, enabled: bool) -> egui::Rect {
    let response = ui.add_enabled(enabled, Button::new(command.text(app.prefs.lang)));
    let response = match command.shortcut() {
        Some(keys) => response.on_hover_text(ui.ctx().format_shortcut(&keys)),
        None => response,
    };
    if response.clicked() {
        app.send.push(command);
    }
    response.rect
}

/// Rows, device, memory, the state of the autosave, and that nothing leaves the machine, or what does.
pub(super) fn status(ui: &mut Ui, app: &App) {
    let lang = app.prefs.lang;
    ui.horizontal_centered(|ui| {
        let rows = app.state.table.as_ref().map_or(0, |t| t.height());
        parts::muted(ui, lang.with("status.rows", &[("count", lang.count(rows as u64))]));
        if let Some(device) = &app.state.live_device {
            let key = if device.ran == DeviceKind::Wgpu { "bar.graphics" } else { "bar.processor" };
            parts::muted(ui, lang.t(key));
        }
        if let Some(used) = memory_stats::memory_stats().filter(|_| !app.still) {
            let megabytes = used.physical_mem as u64 / 1_048_576;
            parts::muted(ui, lang.with("status.memory", &[("mb", lang.count(megabytes))]));
        }
        if app.state.keeping() {
            parts::muted(ui, lang.t("status.keeping"));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_private = app.state.settings.private.is_some();
            match app.state.muscle.address_in_use().filter(|_| !is_private) {
                Some(at) => parts::muted(ui, lang.with("elsewhere.status", &[("address", at.to_owned())])),
                None => parts::muted(ui, lang.t("status.local")),
            }
            if app.prefs.locked {
                parts::muted(ui, lang.t("status.locked"));
            }
            if app.prefs.projector {
                parts::muted(ui, lang.t("status.projector"));
            }
            if let Some(last) = app.state.notices.last() {
                let text = parts::told(lang, &last.text);
                ui.add(egui::Label::new(RichText::new(text).color(Palette::of(ui).muted)).truncate());
            }
        });
    });
}

/// Notices above the page, newest first; at most three at a time.
pub(super) fn notices(ui: &mut Ui, app: &mut App) {
    let lang = app.prefs.lang;
    let mut closed = None;
    for (at, notice) in app.state.notices.iter().enumerate().rev().take(3) {
        ui.push_id(("notice", at), |ui| {
            if parts::notice(ui, lang, notice) {
                closed = Some(at);
            }
        });
        ui.add_space(S1);
    }
    if let Some(at) = closed {
        app.state.notices.remove(at);
    }
}

/// The command palette: type, choose, done.
pub(super) fn palette(ctx: &egui::Context, app: &mut App) {
    let lang = app.prefs.lang;
    let mut chosen = None;
    let window = egui::Window::new(lang.t("command.palette"))
        .collapsible(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_TOP, [0.0, 80.0])
        .fixed_size([420.0, 360.0]);
    window.show(ctx, |ui| {
        let label = ui.label(lang.t("palette.type"));
        let edit = ui.add(egui::TextEdit::singleline(&mut app.palette_text).desired_width(400.0));
        let edit = edit.labelled_by(label.id);
        edit.request_focus();
        if edit.changed() {
            app.palette_at = 0;
        }
        let wanted = app.palette_text.to_lowercase();
        let matches =
            |c: &Command| wanted.split_whitespace().all(|w| c.text(lang).to_lowercase().contains(w));
        let found: Vec<Command> = command::palette().into_iter().filter(matches).collect();
        let last = found.len().saturating_sub(1);
        ui.input_mut(|i| {
            let step = |key| egui::KeyboardShortcut::new(egui::Modifiers::NONE, key);
            if i.consume_shortcut(&step(egui::Key::ArrowDown)) {
                app.palette_at += 1;
            }
            if i.consume_shortcut(&step(egui::Key::ArrowUp)) {
                app.palette_at = app.palette_at.saturating_sub(1);
            }
        });
        app.palette_at = app.palette_at.min(last);
        if ui.input(|i| i.key_pressed(egui::Key::Enter)) {
            chosen = found.get(app.palette_at).cloned();
        }
        egui::ScrollArea::vertical().max_height(300.0).show(ui, |ui| {
            for (at, command) in found.into_iter().enumerate() {
                let keys = command.shortcut().map(|k| ctx.format_shortcut(&k)).unwrap_or_default();
                let text = format!("{}    {keys}", command.text(lang));
                let response = ui.selectable_label(at == app.palette_at, text);
                if at == app.palette_at {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(command);
                }
            }
        });
    });
    if ctx.input(|i| i.key_pressed(egui::Key::Escape)) {
        app.palette_open = false;
    }
    if let Some(command) = chosen {
        app.palette_open = false;
        app.send.push(command);
    }
}
