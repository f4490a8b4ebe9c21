//! The audit trail, and whether it is whole.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::deploy::audit::Entry;

use crate::window::pages::Scene;
use crate::window::parts::{self, table};
use crate::window::theme::{self, Palette, S3};
use crate::words;

/// Draws the trail and the button that checks it.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, entries: &[Entry]) {
    let lang = scene.lang;
    ui.add_space(S3);
    ui.label(RichText::new(lang.t("watch.trail")).font(theme::section_font()));
    parts::muted(ui, lang.t("watch.trail.help"));
    let is_free = scene.state.watch.job().is_none();
    if ui.add_enabled(is_free, parts::tall(lang.t("watch.verify"))).clicked() {
        scene.state.verify_watch();
    }
    match scene.state.watch.verified() {
        Some(Ok(head)) => {
            let short: String = head.hash.chars().take(16).collect();
            let args = [("entries", lang.count(head.count)), ("hash", short)];
            let text = RichText::new(lang.with("watch.whole", &args)).color(Palette::of(ui).good);
            ui.add(egui::Label::new(text).wrap());
        }
        Some(Err(error)) => parts::problem(ui, lang, error),
        None => {}
    }
    let heads = [
        table::Head::number(lang.t("watch.head.seq"), 60.0),
        table::Head::text(lang.t("watch.head.when"), 170.0),
        table::Head::text(lang.t("watch.head.what"), 170.0),
        table::Head::text(lang.t("watch.head.detail"), 420.0),
    ];
    let height = (entries.len() as f32 * 30.0 + 40.0).min(260.0);
    let spec = table::Table::new("trail", &heads, entries.len(), height);
    table::show(ui, &spec, |ui, row, column| {
        let Some(entry) = entries.get(row) else { return };
        let [what, detail] = words::watch::entry(lang, entry);
        table::plain(
            ui,
            match column {
                0 => lang.count(entry.seq),
                1 => entry.when.replace('T', " ").replace('Z', " UTC"),
                2 => what,
                _ => detail,
            },
        );
    });
}
