//! The scoring service: switched on and off, its address, its keys, a line to try it with.

use eframe::egui::Ui;

use crate::window::pages::Scene;

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {}

pub(super) fn show(_ui: &mut Ui, _scene: &mut Scene<'_>) {}
