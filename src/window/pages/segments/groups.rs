//! Groups: how customers were grouped, and how far that can be trusted.

use eframe::egui::Ui;

use crate::window::pages::Scene;

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {}

pub(super) fn show(_ui: &mut Ui, _scene: &mut Scene<'_>) {}
