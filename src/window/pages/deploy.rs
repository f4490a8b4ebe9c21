//! Put to work: the saved model, the scoring service, the watched folder, and what watches over them.

use eframe::egui::Ui;

use super::Scene;
use crate::window::parts;
use crate::window::state::State;
use crate::words::Lang;

/// What the page remembers between frames.
#[derive(Debug, Default)]
pub struct View {}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    parts::page_head(ui, scene.lang, "deploy");
}

pub(super) fn inspector(_ui: &mut Ui, _scene: &mut Scene<'_>) {}

/// One live line for the rail.
pub(super) fn status(_lang: Lang, _state: &State) -> String {
    String::new()
}
