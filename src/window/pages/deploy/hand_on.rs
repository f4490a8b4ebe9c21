//! The model handed on: each form with a line that says for whom it is.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::deploy::Bundle;

use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts;
use crate::window::theme::{self, S2, S3};

/// The forms, in the order of how often they are wanted.
const FORMS: [(&str, Command); 4] = [
    ("bundle", Command::SaveBundle),
    ("scorer", Command::SaveScorer),
    ("xlsx", Command::SaveWorkbook),
    ("onnx", Command::SaveOnnx),
];

/// Why a model of this kind cannot be written so; looked up on every frame, so only the kind is asked.
fn lacks(bundle: &Bundle, form: &Command) -> Option<&'static str> {
    match form {
        Command::SaveWorkbook if !bundle.is_linear() => Some("hint.workbook_model"),
        Command::SaveOnnx if !bundle.has_onnx() => Some("hint.no_onnx"),
        _ => None,
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(bundle) = scene.state.bundle.clone() else {
        let button = Some((lang.t("empty.to_train"), Command::Go(Page::Train)));
        parts::empty_state(ui, lang, "hand_on", button, scene.send);
        return;
    };
    parts::muted(ui, lang.t("hand_on.what"));
    if scene.state.guard.is_locked() {
        ui.add_space(S2);
        parts::caution(ui, &lang.t("hand_on.plain"));
    }
    for (key, form) in FORMS {
        ui.add_space(S3);
        parts::steady(ui, key, |ui| {
            let name = lang.t(&format!("hand_on.{key}"));
            ui.label(RichText::new(&name).font(theme::section_font()));
            ui.add(egui::Label::new(lang.t(&format!("hand_on.{key}.for"))).wrap());
            let why = lacks(&bundle, &form);
            if let Some(why) = why {
                parts::muted(ui, lang.t(why));
            }
            ui.add_space(S2);
            let free = why.is_none() && !scene.state.writing();
            let label = lang.with("hand_on.save_of", &[("form", name)]);
            let button = parts::tall(lang.t("hand_on.save"));
            if ui.add_enabled(free, button).accessible_name(label).clicked() {
                scene.send.push(form);
            }
        });
    }
    ui.add_space(S3);
    parts::muted(ui, lang.t("hand_on.rows"));
}
