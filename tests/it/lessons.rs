//! The classroom: every lesson from start to end in both languages, and the leak trap.

use std::path::Path;

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::lessons::{Lesson, Money, STEPS, best_money};
use regulars_engine::project::{Bait, Culprit, Settings};
use regulars_engine::table::Role;

use crate::pages::{until, window};
use crate::support::{adapter, sample};

pub fn classroom(lang: Lang) -> Harness<'static, App> {
    let mut harness = window([1280.0, 800.0], Prefs { lang, page: Page::Classroom, ..Prefs::default() });
    harness.run_steps(3);
    harness
}

/// Clicks what bears this name; the first of several.
fn click(harness: &mut Harness<'_, App>, label: &str) {
    let node = harness.get_all_by_label(label).next().unwrap_or_else(|| panic!("nothing is called {label}"));
    node.click();
    harness.run_steps(3);
}

fn is_there(harness: &Harness<'_, App>, label: &str) -> bool {
    harness.query_all_by_label(label).next().is_some()
}

/// Pictures of the page in both themes, where they are wanted.
fn shot(harness: &mut Harness<'_, App>, name: &str) {
    let Some(folder) = std::env::var_os("REGULARS_SHOTS").filter(|_| adapter()) else { return };
    for (theme, dark) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        harness.ctx.set_theme(theme);
        harness.run_steps(3);
        let file = format!("class-{name}-{}-{dark}.png", harness.state().prefs.lang.code());
        harness.render().unwrap().save(Path::new(&folder).join(file)).unwrap();
    }
}

fn checks(harness: &Harness<'_, App>) -> Vec<bool> {
    harness.state().state.lessons.checks().iter().map(|check| check.done).collect()
}

/// Changes settings as the controls of the pages do, and waits for what follows from it.
pub fn set(harness: &mut Harness<'_, App>, change: impl FnOnce(&mut Settings)) {
    change(&mut harness.state_mut().state.settings);
    harness.run_steps(3);
    until(harness, "preparing", |app| !app.state.preparing() && app.state.load.is_none());
}

/// Trains by the button of the page Train, as the lesson says.
pub fn train(harness: &mut Harness<'_, App>) {
    let lang = harness.state().prefs.lang;
    until(harness, "preparing", |app| !app.state.preparing() && app.state.load.is_none());
    let runs = harness.state().state.runs.len();
    harness.state_mut().prefs.page = Page::Train;
    harness.run_steps(2);
    click(harness, &lang.t("command.train"));
    until(harness, "training", |app| app.state.train.is_none() && app.state.runs.len() > runs);
}

fn switch_on(settings: &mut Settings, name: &str) {
    settings.recipe.steps.iter_mut().filter(|step| step.spec.name() == name).for_each(|step| step.on = true);
}

/// What the lesson says, with one wrong turn: what was open stays open by it.
fn take(harness: &mut Harness<'_, App>, lesson: Lesson) {
    if lesson != Lesson::Data {
        train(harness);
        assert_eq!(checks(harness), [true, false, false], "{lesson:?}");
    }
    let wrong = |harness: &mut Harness<'_, App>, change: fn(&mut Settings)| {
        set(harness, change);
        assert!(!checks(harness)[1], "{lesson:?}: a wrong turn");
        harness.state_mut().state.undo();
        harness.run_steps(2);
        until(harness, "preparing", |app| !app.state.preparing());
    };
    match lesson {
        Lesson::Data => {
            set(harness, |s| s.read.roles.push(("city".into(), Role::Target)));
            assert_eq!(checks(harness), [false; STEPS], "the wrong column");
            set(harness, |s| s.read.roles.retain(|(name, _)| name != "city"));
            set(harness, |s| s.read.roles.push(("left".into(), Role::Target)));
            assert_eq!(checks(harness), [true, false, false]);
            set(harness, |s| s.read.roles.push(("customer_number".into(), Role::Id)));
        }
        Lesson::Cleaning => {
            wrong(harness, |s| s.recipe.steps[0].on = false);
            set(harness, |s| switch_on(s, "impossible"));
        }
        Lesson::Scaling => {
            wrong(harness, |s| s.recipe.steps[0].on = false);
            set(harness, |s| switch_on(s, "scale"));
        }
        Lesson::Overfitting => {
            wrong(harness, |s| s.mlp.epochs = 90);
            set(harness, |s| s.mlp.patience = 3);
        }
        Lesson::LearningRate => {
            wrong(harness, |s| s.mlp.learning_rate = 0.05);
            set(harness, |s| s.mlp.learning_rate = 1.0);
            train(harness);
            assert_eq!(checks(harness), [true, true, false]);
            set(harness, |s| s.mlp.learning_rate = 0.01);
        }
        Lesson::Imbalance => {
            wrong(harness, |s| s.threshold = 0.3);
            set(harness, |s| s.mlp.class_weight = true);
        }
        Lesson::Leakage => {
            wrong(harness, |s| s.features.exclude.push("satisfaction".into()));
            set(harness, |s| s.features.exclude.push("exit_call_minutes".into()));
        }
        Lesson::Threshold => {
            wrong(harness, |s| s.threshold = 0.9);
            let run = harness.state().state.runs.last().unwrap().outcomes[0].clone();
            let best = best_money(&run.valid, Money::LESSON).0;
            set(harness, |s| s.threshold = best);
        }
    }
    assert!(checks(harness)[1], "{lesson:?}: the right turn");
    if lesson != Lesson::Threshold {
        assert!(!checks(harness)[2], "{lesson:?}: nothing is measured yet");
        train(harness);
    }
    assert_eq!(checks(harness), [true; STEPS], "{lesson:?}");
}

fn every_lesson(lang: Lang) {
    let mut harness = classroom(lang);
    shot(&mut harness, "list");
    click(&mut harness, &lang.t("lessons.start"));
    for lesson in Lesson::ALL {
        assert_eq!(harness.state().state.lessons.lesson(), Some(lesson));
        until(&mut harness, "reading", |app| {
            app.state.table.is_some() && !app.state.preparing() && app.state.load.is_none()
        });
        assert_eq!(checks(&harness), [false; STEPS], "{lesson:?}: nothing is done at the beginning");
        shot(&mut harness, lesson.name());
        // The bar leads back from any page.
        harness.state_mut().prefs.page = Page::Clean;
        harness.run_steps(3);
        assert!(is_there(&harness, &lang.t("lessons.back")), "{lesson:?}");
        take(&mut harness, lesson);
        if lesson == Lesson::Overfitting {
            shot(&mut harness, "bar");
        }
        assert!(harness.state().prefs.lessons.contains(&lesson), "{lesson:?} is remembered");
        click(&mut harness, &lang.t("lessons.back"));
        assert_eq!(harness.state().prefs.page, Page::Classroom);
        // Every control has a name, every glyph is there. Segments and reasons are of no lesson.
        harness.state_mut().state.cancel();
        until(&mut harness, "resting", |app| app.state.running().is_none());
        harness.run();
        if lesson == Lesson::Leakage {
            shot(&mut harness, "done");
        }
        if lesson.next().is_some() {
            click(&mut harness, &lang.t("lessons.next"));
        }
    }
    // Everything as it was at the beginning.
    click(&mut harness, &lang.t("lessons.reset"));
    let lesson = Lesson::Threshold;
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    assert_eq!(harness.state().state.settings, lesson.settings());
    assert!(harness.state().state.runs.is_empty() && checks(&harness) == [false; STEPS]);
    assert_eq!(harness.state().prefs.lessons.len(), Lesson::ALL.len(), "and what was done stays done");
    click(&mut harness, &lang.t("command.end_lesson"));
    assert_eq!(harness.state().state.lessons.lesson(), None);
    assert!(harness.state().state.table.is_none());
}

#[test]
fn every_lesson_from_start_to_end_in_english() {
    every_lesson(Lang::En);
}

#[test]
fn every_lesson_from_start_to_end_in_chinese() {
    every_lesson(Lang::Zh);
}

#[test]
fn the_words_of_every_lesson_are_there() {
    for lang in Lang::ALL {
        for lesson in Lesson::ALL {
            for what in ["title", "says", "goal", "step1", "step2", "step3", "learnt", "notes"] {
                let key = format!("lesson.{}.{what}", lesson.name());
                assert_ne!(lang.t(&key), key);
            }
        }
        for key in ["lesson_auc", "lesson_two_aucs", "lesson_losses", "lesson_rate", "lesson_recall"] {
            let key = format!("note.{key}");
            assert_ne!(lang.t(&key), key);
        }
    }
}

#[test]
fn the_persons_project_waits_and_comes_back() {
    let mut harness = classroom(Lang::En);
    let folder = tempfile::tempdir().unwrap();
    harness.state_mut().state.keep_in(folder.path());
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    set(&mut harness, |s| s.threshold = 0.37);
    let table = harness.state().state.table.clone().unwrap();
    harness.state_mut().prefs.page = Page::Classroom;
    harness.run_steps(2);
    click(&mut harness, "Start");
    until(&mut harness, "reading", |app| app.state.table.is_some() && !app.state.preparing());
    assert_ne!(harness.state().state.table.as_ref().unwrap().source.hash, table.source.hash);
    assert_eq!(harness.state().state.lessons.aside().unwrap().settings.threshold, 0.37);
    // From lesson to lesson it still waits.
    click(&mut harness, "Next lesson");
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    click(&mut harness, "Leave the lesson");
    let state = &harness.state().state;
    assert!(std::sync::Arc::ptr_eq(state.table.as_ref().unwrap(), &table));
    assert_eq!(state.settings.threshold, 0.37);
    assert!(state.next_undo().is_some() && !state.saved);
    // Another file that is opened from a lesson takes the place of the person's project, which is kept
    // where all unsaved work is.
    click(&mut harness, "Start");
    until(&mut harness, "reading", |app| app.state.table.is_some() && !app.state.preparing());
    harness.state_mut().state.open(&sample().with_file_name("orders.csv"));
    until(&mut harness, "reading", |app| app.state.cleaning.is_some());
    assert_eq!(harness.state().state.lessons.lesson(), None);
    let left = regulars_engine::project::Recovery::left_behind(folder.path());
    assert!(left.iter().any(|one| one.open().unwrap().settings.threshold == 0.37), "{left:?}");
    // A program that is closed during a lesson keeps the person's work, not the lesson's.
    click(&mut harness, "Start");
    until(&mut harness, "reading", |app| app.state.table.is_some() && !app.state.preparing());
    harness.state_mut().state.close();
    assert!(harness.state().state.lessons.lesson().is_none());
}

#[test]
fn trainers_notes_are_not_for_the_projector() {
    let mut harness = classroom(Lang::En);
    click(&mut harness, "Start");
    until(&mut harness, "reading", |app| app.state.table.is_some() && !app.state.preparing());
    assert!(is_there(&harness, "Trainer's notes"));
    harness.state_mut().prefs.projector = true;
    harness.run_steps(3);
    assert!(!is_there(&harness, "Trainer's notes"));
}

#[test]
fn the_leak_trap_is_caught_in_the_window() {
    let mut harness = classroom(Lang::En);
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = Page::Features;
    harness.run_steps(3);
    let before = harness.state().state.table.clone().unwrap();
    assert!(!is_there(&harness, "Set the leak trap"), "one line until it is wanted");
    click(&mut harness, "Leak trap");
    click(&mut harness, "Set the leak trap");
    until(&mut harness, "trapping", |app| app.state.lessons.trap.sprung().is_some());
    harness.run_steps(3);
    let sprung = harness.state().state.lessons.trap.sprung().cloned().unwrap();
    assert!(sprung.after.value > sprung.before.value + 0.05 && sprung.after.value > 0.99);
    assert!(matches!(sprung.caught, Some(Culprit::Alone { roc_auc }) if roc_auc > 0.97));
    assert!(harness.query_all_by_label_contains("Caught: “goodbye_call_minutes”").next().is_some());
    shot(&mut harness, "trap");
    // Nothing of it is in the project, and every page says that it is set.
    assert!(std::sync::Arc::ptr_eq(harness.state().state.table.as_ref().unwrap(), &before));
    harness.state_mut().prefs.page = Page::Evaluate;
    harness.run_steps(3);
    assert!(harness.query_all_by_label_contains("The leak trap is set").next().is_some());
    click(&mut harness, "Take the trap away");
    assert!(harness.state().state.lessons.trap.sprung().is_none());
    assert!(harness.query_all_by_label_contains("The leak trap is set").next().is_none());

    // The total that looks ahead, of a shop with orders.
    let files = ["customers", "orders"].map(|name| sample().with_file_name(format!("{name}.csv")));
    harness.state_mut().state.open_data(files.to_vec());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = Page::Features;
    harness.run_steps(3);
    click(&mut harness, "A total that looks ahead");
    assert_eq!(harness.state().state.lessons.trap.bait, Bait::Total);
    click(&mut harness, "Set the leak trap");
    until(&mut harness, "trapping", |app| app.state.lessons.trap.sprung().is_some());
    harness.run_steps(3);
    let sprung = harness.state().state.lessons.trap.sprung().cloned().unwrap();
    assert!(sprung.after.value > sprung.before.value + 0.05, "{sprung:?}");
    assert!(matches!(sprung.caught, Some(Culprit::Ahead { .. })));
    shot(&mut harness, "trap-total");
    // Other settings: its figures no longer hold, and it is gone.
    set(&mut harness, |s| s.features.rare_share = 0.02);
    assert!(harness.state().state.lessons.trap.sprung().is_none());
}
