//! One customer's card: why, what if, and who was alike.

use eframe::egui::Ui;

use crate::window::pages::Scene;

/// What the card remembers between frames.
#[derive(Debug, Default)]
pub struct View {}

#[expect(dead_code)]
pub(super) fn show(_ui: &mut Ui, _scene: &mut Scene<'_>) {}
