//! The race track, driven in the window: start, pause, steps, setting back, a rate in mid-run. With
//! REGULARS_SHOTS set to a folder, pictures are written there.

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{ClassroomTab, Page};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::train::race::{Preset, Stop, View};

use crate::pages::{until, window};
use crate::support::{adapter, sample};

/// All of the page in sight, so that every button can be clicked.
const TALL: [f32; 2] = [1280.0, 2200.0];

fn track(size: [f32; 2], lang: Lang) -> Harness<'static, App> {
    let mut harness = window(size, Prefs { lang, page: Page::Classroom, ..Prefs::default() });
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = Page::Classroom;
    harness.state_mut().page.class_tab = ClassroomTab::Race;
    harness.run_steps(3);
    harness
}

fn view(harness: &Harness<'_, App>) -> std::sync::Arc<View> {
    harness.state().state.race.view().expect("there is a race").clone()
}

fn click(harness: &mut Harness<'_, App>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(2);
}

/// Draws until what is seen of the race is so.
fn see(harness: &mut Harness<'_, App>, what: &str, is_so: impl Fn(&View) -> bool) {
    until(harness, what, |app| app.state.race.view().is_some_and(|view| is_so(view)));
}

fn places(view: &View) -> Vec<(usize, usize)> {
    view.lanes.iter().map(|lane| (lane.epoch, lane.batch)).collect()
}

#[test]
fn a_race_is_paused_stepped_set_back_and_changed_in_mid_run() {
    let mut harness = track(TALL, Lang::En);
    harness.state_mut().state.race.choose(Preset::Optimizers, 1);
    click(&mut harness, "Start the race");
    see(&mut harness, "two epochs", |view| view.furthest() >= 2);
    if view(&harness).is_running {
        click(&mut harness, "Pause the race");
    }
    see(&mut harness, "rest", |view| !view.is_running);
    // At rest nothing is drawn anew, and nothing moves.
    let before = places(&view(&harness));
    harness.run();
    assert_eq!(places(&view(&harness)), before);

    // To an epoch's line, then batch by batch.
    let line = view(&harness).lanes.iter().map(|lane| lane.epoch).min().unwrap() + 1;
    click(&mut harness, "Step one epoch");
    see(&mut harness, "the line", |view| places(view).iter().all(|place| *place == (line, 0)));
    for batch in 1..=2 {
        click(&mut harness, "Step one batch");
        see(&mut harness, "a batch", |view| places(view).iter().all(|place| *place == (line, batch)));
    }
    let now = view(&harness).lanes[0].now.expect("the point within the epoch");
    assert!(now.epoch > line as f64 && now.epoch < line as f64 + 1.0);

    // Back to epoch 1 and on again: the same numbers. One lane's own button is named by its epoch.
    let straight = view(&harness);
    harness.state_mut().state.race.back_to = Some(1);
    harness.run_steps(2);
    click(&mut harness, "Set all lanes back");
    see(&mut harness, "epoch 1", |view| places(view).iter().all(|place| *place == (1, 0)));
    assert_eq!(view(&harness).lanes[0].ghost.len(), line, "the rest stays as a ghost");
    for at in 2..=line {
        click(&mut harness, "Step one epoch");
        see(&mut harness, "the same line", |view| places(view).iter().all(|place| *place == (at, 0)));
    }
    for (again, first) in view(&harness).lanes.iter().zip(&straight.lanes) {
        assert_eq!(again.history, first.history);
    }

    // A rate in mid-run: only that lane differs afterwards, and only from there on.
    harness.state_mut().state.race.set_rate(0, 0.5);
    see(&mut harness, "the rate", |view| view.lanes[0].rate == 0.5 && view.lanes[0].rates.len() == 1);
    assert_eq!(harness.state().state.race.rate(0), Some(0.5));
    let end = view(&harness);
    assert_eq!(end.lanes[1].rate, 0.01);
    click(&mut harness, "Step one epoch");
    see(&mut harness, "an epoch", |view| places(view).iter().all(|place| *place == (line + 1, 0)));
    assert_eq!(view(&harness).lanes[0].history.last().unwrap().rate, 0.5);

    // The finding is the title, and no row of the test side is named.
    let leader = view(&harness).leader.expect("a leader");
    let title = format!("validation loss {:.3}", leader.loss);
    assert!(harness.query_all_by_label_contains(&title).next().is_some(), "{title}");
    assert!(harness.query_all_by_label_contains("Test rows are not touched").next().is_some());

    // The settings of a lane are one step of undo.
    let mlp = harness.state().state.settings.mlp.clone();
    click(&mut harness, "Use settings of C");
    harness.run_steps(2);
    let used = harness.state().state.settings.mlp.clone();
    assert_eq!((used.hidden.clone(), used.learning_rate, used.batch_size), (vec![16], 0.01, 32));
    assert_ne!(used, mlp);
    harness.state_mut().state.undo();
    assert_eq!(harness.state().state.settings.mlp, mlp);
}

#[test]
fn a_lane_that_explodes_says_so_and_the_setup_is_kept_apart() {
    let mut harness = track(TALL, Lang::En);
    let race = &mut harness.state_mut().state.race;
    race.choose(Preset::Rates, 1);
    let setup = race.setup.as_mut().unwrap();
    setup.epochs = 2;
    setup.lanes[2].spec.glass.learning_rate = 1e30;
    click(&mut harness, "Start the race");
    see(&mut harness, "the end", |view| view.is_over() && !view.is_running);
    let end = view(&harness);
    assert!(matches!(end.lanes[2].stop, Some(Stop::Exploded { .. })), "{:?}", end.lanes[2].stop);
    assert_eq!((end.lanes[0].epoch, end.lanes[1].epoch), (2, 2));
    harness.run_steps(2);
    assert!(harness.query_all_by_label_contains("lower the rate").next().is_some());
    assert!(harness.query_all_by_label_contains("All lanes have come to epoch 2").next().is_some());

    // Another setup does not touch the race until it is started anew.
    click(&mut harness, "Remove lane A");
    assert_eq!(view(&harness).lanes.len(), 3);
    assert!(harness.query_all_by_label_contains("Start anew to race with them").next().is_some());
    assert!(harness.query_by_label("Remove lane A").is_none(), "two are the least");
    click(&mut harness, "Start anew");
    see(&mut harness, "another race", |view| view.lanes.len() == 2);
    // Another file: the race says that its rows are old, and names of customers hide in a projector.
    harness.state_mut().prefs.projector = true;
    harness.run_steps(2);
    let names: Vec<String> = harness
        .state()
        .state
        .race
        .ground()
        .unwrap()
        .followed
        .iter()
        .filter_map(|(id, _)| id.clone())
        .collect();
    assert_eq!(names.len(), 5);
    for name in names {
        assert!(harness.query_all_by_label_contains(&name).next().is_none(), "{name} is shown");
    }
    harness.state_mut().state.settings.seed += 1;
    harness.run_steps(2);
    until(&mut harness, "other rows", |app| app.state.race_is_old() && !app.state.preparing());
    assert!(harness.query_all_by_label_contains("The rows have changed").next().is_some());
}

#[test]
fn six_lanes_in_both_languages_and_themes_and_what_a_frame_costs() {
    let shots = std::env::var_os("REGULARS_SHOTS").map(std::path::PathBuf::from).filter(|_| adapter());
    let mut harness = track([1280.0, 800.0], Lang::En);
    let race = &mut harness.state_mut().state.race;
    race.choose(Preset::Six, 1);
    race.setup.as_mut().unwrap().epochs = 500;
    click(&mut harness, "Start the race");
    see(&mut harness, "the lanes", |view| view.lanes.len() == 6 && view.furthest() >= 1);
    // CPU time of a frame, layout and shapes, while the lanes run.
    let mut times = Vec::new();
    while times.len() < 120 && view(&harness).is_running {
        let began = std::time::Instant::now();
        harness.step();
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    assert!(times.len() > 20, "{} frames", times.len());
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("six lanes, {} frames: median {:.2} ms, p99 {:.2} ms", times.len(), at(0.5), at(0.99));
    see(&mut harness, "three epochs", |view| view.furthest() >= 3);
    harness.state().state.race.ask(regulars_engine::train::race::Order::Pause);
    see(&mut harness, "rest", |view| !view.is_running);
    for size in [[1280.0, 800.0], [1280.0, 1900.0], [1024.0, 700.0]] {
        harness.set_size(size.into());
        for lang in Lang::ALL {
            for dark in [false, true] {
                harness.state_mut().prefs.lang = lang;
                harness.ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
                harness.run();
                assert!(harness.query_all_by_label_contains("F · ").next().is_some());
                if let Some(folder) = &shots {
                    let theme = if dark { "dark" } else { "light" };
                    let name = format!("race-{}-{theme}-{}x{}.png", lang.code(), size[0], size[1]);
                    harness.render().unwrap().save(folder.join(name)).unwrap();
                }
            }
        }
    }
}
