//! Comments that say the same, and those that only want to sell.

use eframe::egui::Ui;
use regulars_engine::feedback::{Filter, Which};

use super::Tab;
use crate::window::pages::Scene;
use crate::window::parts::{self, table};
use crate::window::state::Heard;
use crate::window::theme::S2;

/// Letters of a comment in a row.
const LETTERS: usize = 200;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, heard: &Heard) {
    let lang = scene.lang;
    let found = &heard.feedback;
    let (groups, spam) = (&found.repeats.groups, &found.repeats.spam);
    if groups.is_empty() && spam.is_empty() {
        parts::muted(ui, lang.t("fb.repeats.none"));
        return;
    }
    let args =
        [("repeated", lang.count(found.repeats.repeated as u64)), ("spam", lang.count(spam.len() as u64))];
    ui.label(lang.with("feedback.repeats", &args));
    parts::muted(ui, lang.t("fb.repeats.help"));
    ui.horizontal_wrapped(|ui| {
        let buttons = [
            ("fb.repeats.show", Which::Repeats, groups.is_empty()),
            ("fb.repeats.show_spam", Which::Spam, spam.is_empty()),
        ];
        for (key, which, is_empty) in buttons {
            if ui.add_enabled(!is_empty, parts::tall(lang.t(key))).clicked() {
                scene.state.feedback.filter = Filter { which, ..Filter::default() };
                (scene.page.feedback.from, scene.page.feedback.to) = Default::default();
                scene.page.feedback.tab = Tab::Comments;
            }
        }
    });
    ui.add_space(S2);
    let mut spec = scene.state.settings.feedback.clone();
    spec.show_details = super::shows_details(scene);
    let heads = [
        table::Head::number(lang.t("fb.repeats.times"), 72.0),
        table::Head::text(lang.t("fb.head.comment"), 300.0),
    ];
    let of = table::Table::new("feedback repeats", &heads, groups.len(), 420.0);
    table::show(ui, &of, |ui, row, column| {
        let Some(group) = groups.get(row) else { return };
        match (column, group.first()) {
            (0, _) => table::plain(ui, lang.count(group.len() as u64)),
            (_, Some(first)) => table::plain(ui, found.shown(*first, LETTERS, &spec)),
            _ => {}
        }
    });
}
