//! Branches that train together before a class, driven in the window. With REGULARS_SHOTS set to a folder,
//! pictures are written there.

use std::time::Duration;

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{ClassroomTab, Page};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::train::federated::{Mischief, Privacy, Rule};

use crate::pages::{until, window};
use crate::support::{adapter, sample};

/// All of the page in sight, so that every button can be clicked.
const TALL: [f32; 2] = [1280.0, 1500.0];

fn theatre(size: [f32; 2], lang: Lang) -> Harness<'static, App> {
    let mut harness = window(size, Prefs { lang, page: Page::Classroom, ..Prefs::default() });
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = Page::Classroom;
    harness.state_mut().page.class_tab = ClassroomTab::Theatre;
    harness.state_mut().state.theatre.setup.spec.rounds = 4;
    harness.run_steps(3);
    harness
}

fn click(harness: &mut Harness<'_, App>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(2);
}

fn watched(harness: &Harness<'_, App>) -> usize {
    harness.state().state.theatre.watched()
}

/// Draws until all rounds are there.
fn made(harness: &mut Harness<'_, App>) {
    until(harness, "the rounds", |app| {
        let theatre = &app.state.theatre;
        !theatre.is_working()
            && theatre.play().is_some_and(|play| play.rounds.len() == play.setup.spec.rounds)
    });
}

#[test]
fn rounds_are_played_paused_stepped_and_set_back() {
    let mut harness = theatre(TALL, Lang::En);
    click(&mut harness, "Train together");
    assert!(harness.state().state.theatre.is_playing());
    until(&mut harness, "a round by itself", |app| app.state.theatre.watched() > 0);
    click(&mut harness, "Pause");
    made(&mut harness);
    click(&mut harness, "To the start");
    // At rest nothing is drawn anew, and nothing moves.
    harness.run();
    std::thread::sleep(Duration::from_millis(900));
    harness.run_steps(2);
    assert_eq!(watched(&harness), 0);
    assert!(harness.query_by_label("Not one round yet").is_some());
    assert!(harness.query_by_label_contains("counts, sums and sums of squares").is_some());

    click(&mut harness, "One round on");
    assert_eq!(watched(&harness), 1);
    let theatre = &harness.state().state.theatre;
    let round = &theatre.seen()[0];
    let area = |value: Option<f64>| format!("{:.3}", value.unwrap());
    let best = round.branches.iter().filter_map(|one| one.alone).fold(0.0, f64::max);
    let title = format!(
        "After round 1: together {}, the best branch alone {}, pooled {}",
        area(round.auc),
        area(Some(best)),
        area(round.pooled)
    );
    let sent = format!("Branch 1 sent {} bytes in round 1", Lang::En.count(round.branches[0].up));
    let rows = harness.state().state.theatre.play().unwrap().ground.as_ref().unwrap().0.parts[1].rows;
    assert!(harness.query_by_label(&title).is_some(), "{title}");
    assert!(harness.query_by_label_contains(&sent).is_some(), "{sent}");
    let rows = format!("{} customers, ", Lang::En.count(rows as u64));
    assert!(harness.query_by_label_contains(&rows).is_some(), "{rows}");

    // By keyboard: to the end, a round back, to the start, and on by itself.
    for (key, at) in [(egui::Key::End, 4), (egui::Key::ArrowLeft, 3), (egui::Key::ArrowRight, 4)] {
        harness.state_mut().page.search.clear();
        harness
            .ctx
            .memory_mut(|memory| memory.focused().into_iter().for_each(|id| memory.surrender_focus(id)));
        harness.key_press(key);
        harness.run_steps(2);
        assert_eq!(watched(&harness), at, "{key:?}");
    }
    harness.key_press(egui::Key::Home);
    harness.run_steps(2);
    harness.key_press(egui::Key::Space);
    harness.run_steps(2);
    assert!(harness.state().state.theatre.is_playing());
    until(&mut harness, "two rounds", |app| app.state.theatre.watched() == 2);
    harness.key_press(egui::Key::Space);
    harness.run_steps(2);
    assert!(!harness.state().state.theatre.is_playing());
}

#[test]
fn other_settings_count_from_the_next_start() {
    let mut harness = theatre(TALL, Lang::En);
    click(&mut harness, "Train together");
    made(&mut harness);
    let other = "The settings on the right have changed. They count once you start anew.";
    assert!(harness.query_by_label(other).is_none());
    let setup = &mut harness.state_mut().state.theatre.setup;
    setup.mischief = Mischief::Reverse { times: 30.0 };
    setup.privacy = Some(Privacy { noise: 3.0, ..Privacy::default() });
    harness.run_steps(2);
    assert!(harness.query_by_label(other).is_some());
    click(&mut harness, "Start anew");
    made(&mut harness);
    click(&mut harness, "To the end");
    assert!(harness.query_by_label(other).is_none());
    let last = harness.state().state.theatre.seen().last().unwrap().clone();
    let said = format!(
        "After round 4, with branch 5 out of line: mean {:.3}, median {:.3}, pooled {:.3}",
        last.auc.unwrap(),
        last.other.unwrap(),
        last.pooled.unwrap()
    );
    assert!(harness.query_by_label(&said).is_some(), "{said}");
    let epsilon = format!("ε = {:.2} at δ = 1e-5", last.epsilon.unwrap().model);
    // The sentence, and the meter that says it.
    assert!(harness.query_all_by_label_contains(&epsilon).count() >= 1, "{epsilon}");
    assert!(harness.query_by_label("Branch 5 (lies)").is_some());
    // Masks leave no single weights to take a median of.
    harness.state_mut().state.theatre.setup.spec.rule = Rule::Median;
    harness.run_steps(2);
    click(&mut harness, "The server sees the sum alone");
    assert_eq!(harness.state().state.theatre.setup.spec.rule, Rule::Mean);
    // Cancelled, what is there stays.
    harness.state_mut().state.theatre.setup.spec.rounds = 60;
    harness.state_mut().state.start_theatre();
    until(&mut harness, "a round", |app| {
        app.state.theatre.play().is_some_and(|play| !play.rounds.is_empty())
    });
    harness.state().state.theatre.cancel();
    let begun = std::time::Instant::now();
    until(&mut harness, "the stop", |app| !app.state.theatre.is_working());
    println!("stopped after {:?}", begun.elapsed());
    let theatre = &harness.state().state.theatre;
    assert!(theatre.failed().is_none() && theatre.play().unwrap().rounds.len() < 60);
}

#[test]
fn the_theatre_in_pictures() {
    let has_adapter = adapter();
    let Some(folder) = std::env::var_os("REGULARS_SHOTS").map(std::path::PathBuf::from) else { return };
    if !has_adapter {
        return;
    }
    let plain = |_: &mut regulars_engine::train::federated::Simulation| {};
    let hostile = |setup: &mut regulars_engine::train::federated::Simulation| {
        setup.mischief = Mischief::Reverse { times: 20.0 };
    };
    let private = |setup: &mut regulars_engine::train::federated::Simulation| {
        (setup.masks, setup.privacy, setup.spec.hidden) = (true, Some(Privacy::default()), vec![8]);
    };
    type Change<'a> = &'a dyn Fn(&mut regulars_engine::train::federated::Simulation);
    let kinds: [(&str, Change<'_>, [f32; 2]); 5] = [
        ("plain", &plain, [1280.0, 800.0]),
        ("plain", &plain, [1024.0, 700.0]),
        ("plain", &plain, TALL),
        ("hostile", &hostile, TALL),
        ("private", &private, [1280.0, 1900.0]),
    ];
    for (kind, change, size) in kinds {
        let mut harness = theatre(size, Lang::En);
        harness.state_mut().state.theatre.setup.spec.rounds = 12;
        change(&mut harness.state_mut().state.theatre.setup);
        harness.state_mut().state.start_theatre();
        made(&mut harness);
        harness.state_mut().state.theatre.go_to(9);
        for lang in Lang::ALL {
            for theme in [egui::Theme::Light, egui::Theme::Dark] {
                harness.state_mut().prefs.lang = lang;
                harness.ctx.set_theme(theme);
                harness.run_steps(3);
                let rested = harness.try_run();
                assert!(rested.is_ok(), "{kind} {rested:?}");
                let picture = harness.render().unwrap();
                let name = format!("theatre-{kind}-{}x{}-{}-{theme:?}.png", size[0], size[1], lang.code());
                picture.save(folder.join(name)).unwrap();
            }
        }
    }
}
