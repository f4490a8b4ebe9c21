//! Classes: customers by recency, frequency and money, and by rules of the owner.

use eframe::egui::Ui;

use crate::window::pages::Scene;

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {}

pub(super) fn show(_ui: &mut Ui, _scene: &mut Scene<'_>) {}
