//! Inside: gradients, weights, activations and time of the training that runs.

use eframe::egui::Ui;

use crate::window::pages::Scene;
use crate::window::parts;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    parts::muted(ui, scene.lang.t("status.working"));
}
