//! Settings: language, look, classroom, and every command with its keys.

use eframe::egui::{self, RichText, Ui};

use super::Scene;
use crate::window::command::{self, Command};
use crate::window::parts;
use crate::window::theme::{self, S2};
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "settings");
    ui.columns(2, |sides| {
        let ui = &mut sides[0];
        ui.set_max_width(ui.available_width() - 24.0);
        parts::section(ui, lang.t("settings.look"));
        ui.horizontal(|ui| {
            for one in Lang::ALL {
                if ui.radio(lang == one, one.label()).clicked() {
                    scene.send.push(Command::SetLang(one));
                }
            }
        });
        let mut dark = scene.prefs.dark;
        if ui.checkbox(&mut dark, lang.t("settings.dark")).changed() {
            scene.send.push(Command::ToggleTheme);
        }
        ui.horizontal(|ui| {
            let zoom = ui.ctx().zoom_factor();
            let label = ui.label(lang.t("settings.zoom"));
            for (text, step) in [("−", 0.9), ("+", 1.0 / 0.9)] {
                let response = ui.button(text);
                let name = format!("{} {text}", lang.t("settings.zoom"));
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                if response.clicked() {
                    ui.ctx().set_zoom_factor((zoom * step).clamp(0.5, 4.0));
                }
            }
            parts::muted(ui, format!("{:.0}%", 100.0 * zoom));
            label.on_hover_text(lang.t("settings.zoom.help"));
        });
        parts::section(ui, lang.t("settings.classroom"));
        let mut projector = scene.prefs.projector;
        if ui.checkbox(&mut projector, lang.t("settings.projector")).changed() {
            scene.send.push(Command::ToggleProjector);
        }
        parts::muted(ui, lang.t("settings.projector.help"));
        let mut locked = scene.prefs.locked;
        if ui.checkbox(&mut locked, lang.t("settings.lock")).changed() {
            scene.send.push(Command::ToggleLock);
        }
        parts::muted(ui, lang.t("settings.lock.help"));
        ui.add_space(S2);
        ui.horizontal_wrapped(|ui| {
            for command in [Command::ResetToStart, Command::Tour] {
                if ui.button(command.text(lang)).clicked() {
                    scene.send.push(command);
                }
            }
        });
        parts::section(ui, lang.t("settings.privacy"));
        ui.label(lang.t("settings.privacy.text"));

        let ui = &mut sides[1];
        parts::section(ui, lang.t("settings.keys"));
        egui::Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
            for command in command::palette().into_iter().chain([Command::TogglePalette]) {
                let Some(keys) = command.shortcut() else { continue };
                ui.label(RichText::new(ui.ctx().format_shortcut(&keys)).family(theme::strong()));
                ui.label(command.text(lang));
                ui.end_row();
            }
            for (keys, key) in [("Tab", "keys.tab"), ("Space", "keys.space"), ("Esc", "keys.escape")] {
                ui.label(RichText::new(keys).family(theme::strong()));
                ui.label(lang.t(key));
                ui.end_row();
            }
            ui.label(RichText::new("Ctrl +  Ctrl −").family(theme::strong()));
            ui.label(lang.t("settings.zoom"));
            ui.end_row();
        });
    });
}
