//! Privacy that can be shown: what is locked, what leaves, who is forgotten, what a model may give away.

use eframe::egui::Ui;

use crate::window::pages::Scene;

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {}

pub(super) fn show(_ui: &mut Ui, _scene: &mut Scene<'_>) {}
