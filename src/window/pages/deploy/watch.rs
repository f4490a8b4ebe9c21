//! The watched folder and what watches over the model: drift, alerts, the gate, the audit trail.

use eframe::egui::Ui;

use crate::window::pages::Scene;

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {}

pub(super) fn show(_ui: &mut Ui, _scene: &mut Scene<'_>) {}
