pub(super) fn show(_: &mut eframe::egui::Ui, _: &mut super::super::Scene<'_>) {}
