//! The bar below the top: the present step of a lesson on every page, and that the leak trap is set.

use eframe::egui::{Label, RichText, Ui};
use regulars_engine::lessons::STEPS;

use super::{taking, words};
use crate::window::command::Command;
use crate::window::pages::{ClassroomTab, Page, Scene};
use crate::window::parts;
use crate::window::theme::{self, Palette};

/// True where the bar has something to show.
pub(in crate::window) fn wanted(scene: &Scene<'_>) -> bool {
    let lessons = &scene.state.lessons;
    lessons.lesson().is_some() || lessons.trap.sprung().is_some()
}

pub(in crate::window) fn show(ui: &mut Ui, scene: &mut Scene<'_>, page: Page) {
    lesson(ui, scene, page);
    trap(ui, scene);
}

fn lesson(ui: &mut Ui, scene: &mut Scene<'_>, page: Page) {
    let lang = scene.lang;
    let Some(lesson) = scene.state.lessons.lesson() else { return };
    let p = Palette::of(ui);
    ui.horizontal_wrapped(|ui| {
        let args = [("number", (lesson.place() + 1).to_string()), ("title", words(lang, lesson, "title"))];
        let head = RichText::new(lang.with("lessons.head", &args)).family(theme::strong());
        ui.label(head.color(p.accent));
        let checks = scene.state.lessons.checks();
        let marks: Vec<&str> = (0..STEPS)
            .map(|at| if checks.get(at).is_some_and(|check| check.done) { "✓" } else { "○" })
            .collect();
        ui.label(RichText::new(marks.join(" ")).color(p.good));
        let text = match scene.state.lessons.step() {
            Some(step) => {
                let said = words(lang, lesson, &format!("step{}", step + 1));
                lang.with("lessons.now", &[("step", (step + 1).to_string()), ("text", said)])
            }
            None => lang.t("lessons.all_done"),
        };
        ui.add(Label::new(text).wrap());
        let seen = scene.state.lessons.step().and_then(|step| checks.get(step)?.seen.as_ref());
        if let Some(seen) = seen {
            parts::muted(ui, lang.note(seen));
        }
        let there = page == Page::Classroom && scene.page.class_tab == ClassroomTab::Lessons;
        if let Some(step) = scene.state.lessons.step() {
            let to = taking::page(lesson, step);
            if to != page
                && !there
                && ui.button(lang.with("lessons.go", &[("page", to.title(lang))])).clicked()
            {
                scene.send.push(Command::Go(to));
            }
        }
        if !there && ui.button(lang.t("lessons.back")).clicked() {
            scene.page.class_tab = ClassroomTab::Lessons;
            scene.send.push(Command::Go(Page::Classroom));
        }
    });
}

fn trap(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(sprung) = scene.state.lessons.trap.sprung().cloned() else { return };
    let color = Palette::of(ui).caution;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("△").color(color).family(theme::strong()));
        ui.label(lang.with("trap.banner", &[("column", sprung.column.to_owned())]));
        if ui.button(lang.t("command.take_trap_away")).clicked() {
            scene.send.push(Command::TakeTrapAway);
        }
    });
}
