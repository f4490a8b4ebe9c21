//! The box that asks whether a customer is really to be forgotten.

use eframe::egui::{self, Id, Label, Modal, RichText};

use super::App;
use super::parts;
use super::theme::{self, S2, S3};

/// Draws the box while it is asked.
pub(super) fn show(ctx: &egui::Context, app: &mut App) {
    let lang = app.prefs.lang;
    let Some(leaving) = &app.state.privacy.leaving else { return };
    let count = |n: usize| lang.count(n as u64);
    let lines = [
        (leaving.in_data, lang.t("forget.ask.data")),
        (leaving.what.lists > 0, lang.with("forget.ask.lists", &[("count", count(leaving.what.lists))])),
        (leaving.what.follow_ups > 0, lang.t("forget.ask.follow_up")),
        (
            leaving.what.experiments > 0,
            lang.with("forget.ask.experiments", &[("count", count(leaving.what.experiments))]),
        ),
    ];
    let (mut done, mut open) = (false, true);
    let shown = Modal::new(Id::unique("forget")).show(ctx, |ui| {
        ui.set_width(520.0);
        let title = lang.with("forget.ask.title", &[("customer", leaving.id.clone())]);
        ui.add(Label::new(RichText::new(title).font(theme::section_font())).wrap());
        ui.add_space(S2);
        ui.label(lang.t("forget.ask.goes"));
        for (_, line) in lines.iter().filter(|(there, _)| *there) {
            ui.add(Label::new(format!("• {line}")).wrap());
        }
        ui.add_space(S2);
        ui.add(Label::new(RichText::new(lang.t("forget.ask.no_undo")).family(theme::strong())).wrap());
        ui.add(Label::new(lang.t("forget.ask.stays")).wrap());
        ui.add_space(S3);
        ui.horizontal(|ui| {
            done = parts::primary(ui, lang.t("forget.verb"), true);
            open = !ui.button(lang.t("common.cancel")).clicked();
        });
    });
    if done {
        app.state.forget();
    } else if !open || shown.should_close() {
        app.state.privacy.leaving = None;
    }
}
