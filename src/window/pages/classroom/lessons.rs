//! Lessons: eight prepared projects with a task, live checks and a reset.

pub(in crate::window) mod bar;
mod taking;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::lessons::Lesson;

use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::state::State;
use crate::window::theme::{self, S2, S3};
use crate::words::Lang;

/// Width of the buttons beside a lesson.
const BUTTON: f32 = 132.0;

/// A sentence of a lesson.
pub(in crate::window) fn words(lang: Lang, lesson: Lesson, what: &str) -> String {
    lang.t(&format!("lesson.{}.{what}", lesson.name()))
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    match scene.state.lessons.lesson() {
        Some(lesson) => taking::show(ui, scene, lesson),
        None => list(ui, scene),
    }
}

/// Every lesson, with what was done of them.
fn list(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::muted(ui, lang.t("lessons.says"));
    ui.add_space(S3);
    let next = Lesson::ALL.into_iter().find(|lesson| !scene.prefs.lessons.contains(lesson));
    for lesson in Lesson::ALL {
        let done = scene.prefs.lessons.contains(&lesson);
        ui.push_id(lesson.name(), |ui| {
            ui.horizontal(|ui| {
                let mark = if done { "✓".to_owned() } else { (lesson.place() + 1).to_string() };
                parts::stage_mark(ui, &mark, done);
                let room = ui.available_width() - BUTTON - S3;
                ui.vertical(|ui| {
                    ui.set_width(room.max(120.0));
                    ui.spacing_mut().item_spacing.y = 2.0;
                    ui.label(RichText::new(words(lang, lesson, "title")).family(theme::strong()));
                    parts::muted(ui, words(lang, lesson, "says"));
                });
                let verb = lang.t(if done { "lessons.again" } else { "lessons.start" });
                let wants = if next == Some(lesson) {
                    parts::primary(ui, verb, true)
                } else {
                    let name = format!("{verb}: {}", words(lang, lesson, "title"));
                    ui.add(parts::tall(verb)).accessible_name(name).clicked()
                };
                if wants {
                    scene.send.push(Command::BeginLesson(lesson));
                }
            });
        });
        ui.add_space(S2);
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("lessons.progress"));
    let args = [("done", scene.prefs.lessons.len().to_string()), ("all", Lesson::ALL.len().to_string())];
    ui.label(lang.with("lessons.done_of", &args));
    parts::muted(ui, lang.t("lessons.safe"));
    let Some(lesson) = scene.state.lessons.lesson() else { return };
    // A class need not read them.
    if !scene.prefs.projector {
        ui.add_space(S3);
        egui::CollapsingHeader::new(lang.t("lessons.notes")).id_salt("notes").show(ui, |ui| {
            ui.add(egui::Label::new(words(lang, lesson, "notes")).wrap());
        });
    }
}

/// One live line for the rail.
pub(super) fn status(lang: Lang, state: &State) -> String {
    let Some(lesson) = state.lessons.lesson() else { return String::new() };
    let number = (lesson.place() + 1).to_string();
    match state.lessons.step() {
        Some(step) => lang.with("lessons.at", &[("number", number), ("step", (step + 1).to_string())]),
        None => lang.with("lessons.at_end", &[("number", number)]),
    }
}
