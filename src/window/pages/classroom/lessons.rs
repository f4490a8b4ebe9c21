//! Lessons: eight prepared projects with a task, live checks and a reset.

use eframe::egui::Ui;

use crate::window::pages::Scene;
use crate::window::parts;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    parts::muted(ui, scene.lang.t("status.working"));
}

pub(super) fn inspector(_ui: &mut Ui, _scene: &mut Scene<'_>) {}

/// One live line for the rail.
pub(super) fn status(_lang: crate::words::Lang, _state: &crate::window::state::State) -> String {
    String::new()
}
