//! Playground: two features, and the surface of decision drawn anew while the network learns.

use eframe::egui::Ui;

use crate::window::pages::Scene;
use crate::window::parts;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    parts::muted(ui, scene.lang.t("status.working"));
}

pub(super) fn inspector(_ui: &mut Ui, _scene: &mut Scene<'_>) {}
