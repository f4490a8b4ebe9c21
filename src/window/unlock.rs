//! The box that asks for the passphrase of a locked project.

use eframe::egui::{self, Id, Key, Modal, RichText, TextEdit};
use regulars_engine::files::name_of;

use super::App;
use super::parts;
use super::state::Behind;
use super::theme::{self, S2, S3};

/// Draws the box while a passphrase is asked for.
pub(super) fn show(ctx: &egui::Context, app: &mut App) {
    let lang = app.prefs.lang;
    let Some(asking) = app.state.guard.asking.as_mut() else { return };
    let (mut done, mut open) = (false, true);
    let shown = Modal::new(Id::unique("passphrase")).show(ctx, |ui| {
        ui.set_width(460.0);
        ui.label(RichText::new(lang.t("lock.ask.title")).font(theme::section_font()));
        let text = match &asking.behind {
            Behind::File(file) => lang.with("lock.ask.file", &[("file", name_of(file))]),
            Behind::Left(_) => lang.t("lock.ask.left"),
        };
        ui.label(text);
        ui.add_space(S2);
        let free = !asking.is_trying();
        let label = ui.label(lang.t("lock.passphrase"));
        let edit = TextEdit::singleline(&mut asking.typed).password(true).desired_width(440.0);
        let edit = ui.add_enabled(free, edit).labelled_by(label.id);
        if asking.fresh && free {
            edit.request_focus();
            asking.fresh = false;
        }
        if let Some(error) = &asking.error {
            parts::problem(ui, lang, error);
        }
        parts::muted(ui, if free { String::new() } else { lang.t("lock.trying") });
        let ready = free && !asking.typed.is_empty();
        let entered = edit.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        ui.add_space(S3);
        ui.horizontal(|ui| {
            done = parts::primary(ui, lang.t("lock.open"), ready) || entered && ready;
            open = !ui.button(lang.t("common.cancel")).clicked();
        });
    });
    if done {
        app.state.try_passphrase();
    } else if !open || shown.should_close() {
        app.state.stop_asking();
    }
}
