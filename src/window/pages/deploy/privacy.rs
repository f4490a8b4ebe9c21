//! What the program can show of privacy: the lock of the project.

use eframe::egui::{RichText, TextEdit, Ui};
use regulars_engine::Error;
use regulars_engine::privacy::{LockError, Passphrase};
use regulars_engine::project::ProjectError;

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::{self, S2, S3};

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    first: String,
    second: String,
    /// Why what was typed did not do.
    failed: Option<Error>,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::steady(ui, "privacy_lock", |ui| lock(ui, scene));
    parts::section(ui, lang.t("lock.limits"));
    for key in ["lock.limit.data", "lock.limit.lists", "lock.limit.bundle", "lock.limit.lost"] {
        ui.add(eframe::egui::Label::new(format!("• {}", lang.t(key))).wrap());
    }
}

/// The state of the lock, and the form that sets it.
fn lock(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("lock.section"));
    let locked = scene.state.guard.is_locked();
    let state = if locked { "lock.is_locked" } else { "lock.is_open" };
    ui.label(RichText::new(lang.t(state)).family(theme::strong()));
    parts::muted(ui, lang.t("lock.what"));
    ui.add_space(S2);
    let free = !scene.prefs.locked && !scene.state.saving();
    let view = &mut scene.page.deploy.privacy;
    ui.horizontal_wrapped(|ui| {
        for (key, text) in [("lock.passphrase", &mut view.first), ("lock.again", &mut view.second)] {
            ui.vertical(|ui| {
                let label = ui.label(lang.t(key));
                let edit = TextEdit::singleline(text).password(true).desired_width(260.0);
                ui.add_enabled(free, edit).labelled_by(label.id);
            });
            ui.add_space(S3);
        }
    });
    parts::muted(ui, lang.t("lock.advice"));
    ui.add_space(S2);
    let ready = free && !view.first.is_empty() && !view.second.is_empty();
    let (mut set, mut remove) = (false, false);
    ui.horizontal(|ui| {
        let verb = if locked { "lock.change" } else { "lock.set" };
        set = parts::primary(ui, lang.t(verb), ready);
        if locked {
            let button = ui.add_enabled(free, eframe::egui::Button::new(lang.t("lock.remove")));
            remove = button.on_hover_text(lang.t("lock.remove.help")).clicked();
        }
    });
    if set {
        let (first, second) = (std::mem::take(&mut view.first), std::mem::take(&mut view.second));
        let typed = match first == second {
            true => Passphrase::to_lock(first),
            false => Err(LockError::Differ),
        };
        match typed {
            Ok(passphrase) => {
                view.failed = None;
                scene.state.lock_with(Some(passphrase));
            }
            Err(error) => view.failed = Some(ProjectError::from(error).into()),
        }
    } else if remove {
        view.failed = None;
        scene.state.lock_with(None);
    }
    if let Some(error) = &scene.page.deploy.privacy.failed {
        parts::problem(ui, lang, error);
    }
}
