//! What the program can show of privacy: the lock of the project, what a model gives away, whom the program
//! talks to, and a customer who is to be forgotten.

use eframe::egui::{Button, Key, Label, RichText, TextEdit, Ui};
use regulars_engine::Error;
use regulars_engine::privacy::{LockError, Passphrase};
use regulars_engine::project::ProjectError;

use crate::report::{membership, promise};
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
    parts::muted(ui, lang.t("lock.limits"));
    for key in ["lock.limit.data", "lock.limit.lists", "lock.limit.bundle", "lock.limit.lost"] {
        ui.add(Label::new(format!("• {}", lang.t(key))).wrap());
    }
    parts::steady(ui, "privacy_cells", |ui| {
        parts::section(ui, lang.t("cells.section"));
        ui.add(Label::new(lang.t("cells.what")).wrap());
        ui.add_space(S2);
        parts::cells::form(ui, lang);
        parts::muted(ui, lang.t("cells.limits"));
    });
    parts::steady(ui, "privacy_attack", |ui| attack(ui, scene));
    parts::steady(ui, "privacy_addresses", |ui| addresses(ui, scene));
    parts::steady(ui, "privacy_forget", |ui| forget(ui, scene));
}

/// What the shown model gives away of whom it learnt from.
fn attack(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("membership.section"));
    let Some(outcome) = scene.state.shown().cloned() else {
        parts::muted(ui, lang.t("membership.no_model"));
        return;
    };
    let model = lang.t(&format!("model.{}", outcome.kind.name()));
    ui.add(Label::new(lang.with("membership.what", &[("model", model)])).wrap());
    ui.add_space(S2);
    let working = scene.state.privacy.job().is_some();
    if ui.add_enabled(!working, Button::new(lang.t("membership.try"))).clicked() {
        scene.state.attack();
    }
    if let Some(found) = scene.state.privacy.attacked(&outcome) {
        let told = RichText::new(membership::told(lang, found.as_ref())).family(theme::strong());
        ui.add(Label::new(told).wrap());
        parts::muted(ui, lang.t("membership.limits"));
    }
    if let Some(promise) = &outcome.trained.promise {
        ui.add(Label::new(promise::short(lang, promise)).wrap());
    }
}

/// Every address that the program would ever talk to.
fn addresses(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("talks.section"));
    let all = scene.state.addresses();
    if all.is_empty() {
        ui.add(Label::new(RichText::new(lang.t("talks.none")).family(theme::strong())).wrap());
    }
    for one in &all {
        let why = lang.t(&format!("talks.why.{}", one.why.name()));
        ui.add(Label::new(format!("• {}: {why}", one.address)).wrap());
    }
    if let Some(url) = scene.state.service.url() {
        ui.add(Label::new(lang.with("talks.listens", &[("address", url)])).wrap());
    }
    parts::muted(ui, lang.t("talks.terminal"));
}

/// The field for a customer who is to be forgotten.
fn forget(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("forget.section"));
    ui.add(Label::new(lang.t("forget.what")).wrap());
    let gone = scene.state.settings.left_out.len();
    if gone > 0 {
        parts::muted(ui, lang.with("forget.count", &[("count", lang.count(gone as u64))]));
    }
    ui.add_space(S2);
    let free = !scene.prefs.locked && !scene.state.saving() && scene.state.train.is_none();
    let mut ask = false;
    ui.horizontal(|ui| {
        let label = ui.label(lang.t("forget.id"));
        let edit = TextEdit::singleline(&mut scene.state.privacy.id).desired_width(220.0);
        let edit = ui.add_enabled(free, edit).labelled_by(label.id);
        let ready = free && !scene.state.privacy.id.trim().is_empty();
        let entered = edit.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        ask = ui.add_enabled(ready, Button::new(lang.t("forget.ask"))).clicked() || entered && ready;
    });
    if ask {
        let id = scene.state.privacy.id.clone();
        scene.state.ask_forget(&id);
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
