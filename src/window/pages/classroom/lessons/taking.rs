//! The lesson that is being taken: its task, its steps with their checks, and where to go.

use eframe::egui::{Label, RichText, Ui};
use regulars_engine::lessons::{Lesson, STEPS};

use super::super::leak_trap;
use super::words;
use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts;
use crate::window::theme::{self, Palette, S1, S2, S3};

/// The page on which each step is done.
pub(super) fn page(lesson: Lesson, step: usize) -> Page {
    match (lesson, step) {
        (Lesson::Data, 0 | 1) => Page::Collect,
        (Lesson::Cleaning | Lesson::Scaling, 1) => Page::Clean,
        (Lesson::Leakage, 1) => Page::Features,
        (Lesson::Threshold, 1 | 2) => Page::Evaluate,
        _ => Page::Train,
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, lesson: Lesson) {
    let lang = scene.lang;
    let args = [("number", (lesson.place() + 1).to_string()), ("title", words(lang, lesson, "title"))];
    ui.label(RichText::new(lang.with("lessons.head", &args)).font(theme::section_font()));
    ui.add_space(S1);
    ui.scope(|ui| {
        ui.set_max_width(680.0);
        ui.add(Label::new(words(lang, lesson, "goal")).wrap());
    });
    if scene.prefs.locked {
        parts::caution(ui, &lang.t("lessons.locked"));
    }
    ui.add_space(S2);
    let step = scene.state.lessons.step();
    for at in 0..STEPS {
        one(ui, scene, lesson, at, step == Some(at));
        ui.add_space(S2);
    }
    if step.is_none() {
        ui.add_space(S1);
        ui.scope(|ui| {
            ui.set_max_width(680.0);
            ui.label(RichText::new(lang.t("lessons.learnt")).family(theme::strong()));
            ui.add(Label::new(words(lang, lesson, "learnt")).wrap());
        });
        ui.add_space(S2);
    }
    ui.horizontal_wrapped(|ui| {
        match (step, lesson.next()) {
            (None, Some(next)) => {
                if parts::primary(ui, lang.t("lessons.next"), true) {
                    scene.send.push(Command::BeginLesson(next));
                }
            }
            (None, None) => {
                if parts::primary(ui, lang.t("command.end_lesson"), true) {
                    scene.send.push(Command::EndLesson);
                }
            }
            (Some(_), next) => {
                if let Some(next) = next
                    && ui.add(parts::tall(lang.t("lessons.next"))).clicked()
                {
                    scene.send.push(Command::BeginLesson(next));
                }
            }
        }
        if let Some(previous) = lesson.previous()
            && ui.add(parts::tall(lang.t("lessons.previous"))).clicked()
        {
            scene.send.push(Command::BeginLesson(previous));
        }
        if ui.add(parts::tall(lang.t("lessons.reset"))).on_hover_text(lang.t("lessons.reset.help")).clicked()
        {
            scene.send.push(Command::BeginLesson(lesson));
        }
        if (step.is_some() || lesson.next().is_some())
            && ui.add(parts::tall(lang.t("command.end_lesson"))).clicked()
        {
            scene.send.push(Command::EndLesson);
        }
    });
    if lesson == Lesson::Leakage {
        ui.add_space(S3);
        leak_trap::show(ui, scene, true);
    }
}

/// One step: its mark, what to do, what was measured, and the way to the page.
fn one(ui: &mut Ui, scene: &mut Scene<'_>, lesson: Lesson, at: usize, is_next: bool) {
    let lang = scene.lang;
    let p = Palette::of(ui);
    let check = scene.state.lessons.checks().get(at).cloned();
    let done = check.as_ref().is_some_and(|check| check.done);
    ui.push_id(("step", at), |ui| {
        ui.horizontal(|ui| {
            parts::stage_mark(ui, &if done { "✓".to_owned() } else { (at + 1).to_string() }, done);
            let room = (ui.available_width() - 150.0).clamp(160.0, 640.0);
            ui.vertical(|ui| {
                ui.set_width(room);
                ui.spacing_mut().item_spacing.y = 2.0;
                let text = RichText::new(words(lang, lesson, &format!("step{}", at + 1)));
                let text = if is_next { text.family(theme::strong()) } else { text };
                ui.add(Label::new(text).wrap());
                let state = lang.t(if done { "lessons.check" } else { "lessons.open" });
                let seen = check.and_then(|check| check.seen).map(|note| lang.note(&note));
                let line = match seen {
                    Some(seen) => format!("{state} · {seen}"),
                    None => state,
                };
                let color = if done { p.good } else { p.muted };
                ui.add(Label::new(RichText::new(line).small().color(color)).wrap());
            });
            let to = page(lesson, at);
            let text = lang.with("lessons.go", &[("page", to.title(lang))]);
            let name = format!("{} {}: {text}", lang.t("lessons.step"), at + 1);
            let wants = match is_next {
                true => parts::primary(ui, text, true),
                false => ui.add(parts::tall(text)).accessible_name(name).clicked(),
            };
            if wants {
                scene.send.push(Command::Go(to));
            }
        });
    });
}
