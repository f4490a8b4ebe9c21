//! Recipe, network, evaluation and classroom at full comfort, driven in the window.

use eframe::egui::{self, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::clean::{self, Mend, ScaleMethod, StepSpec};
use regulars_engine::job::{Job, Reporter};
use regulars_engine::project::{self, Settings};
use regulars_engine::split::Side;
use regulars_engine::train::{Activation, DeviceKind, Model, ModelKind, Optimizer, Schedule};

use crate::pages::{until, window};
use crate::support::{open, prepare, sample};

fn english(page: Page) -> Harness<'static, App> {
    let mut harness = window([1280.0, 900.0], Prefs { lang: Lang::En, page, ..Prefs::default() });
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    harness.state_mut().prefs.page = page;
    harness.run_steps(3);
    harness
}

fn trained(page: Page) -> Harness<'static, App> {
    let mut harness = english(page);
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 4;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.reasons.is_some() && !app.state.bundling());
    harness
}

fn names(harness: &Harness<'_, App>) -> Vec<&'static str> {
    harness.state().state.settings.recipe.steps.iter().map(|step| step.spec.name()).collect()
}

#[test]
fn steps_are_dragged_and_moved_and_undo_says_what() {
    let mut harness = english(Page::Clean);
    let before = names(&harness);
    assert_eq!(before[..4], ["missing_marks", "type_repair", "dates", "duplicates"]);
    // By mouse: the handle of the first step is dropped on the third row.
    let from = harness.get_by_label("Move Missing marks").rect().center();
    let to = harness.get_by_label("Move Dates").rect().center();
    harness.drag_at(from);
    harness.run_steps(2);
    for share in [0.3, 0.7, 1.0] {
        harness.hover_at(from + (to - from) * share);
        harness.run_steps(2);
    }
    harness.drop_at(to);
    harness.run_steps(3);
    let dragged = names(&harness);
    assert_eq!(dragged[..3], ["type_repair", "dates", "missing_marks"], "{dragged:?}");
    let edit = harness.state().state.next_undo().unwrap().text(Lang::En);
    assert_eq!(edit, "order of the steps");
    until(&mut harness, "preparing", |app| !app.state.preparing());
    harness.state_mut().state.undo();
    harness.run_steps(2);
    assert_eq!(names(&harness), before);
    // With the arrows, which a keyboard reaches; never across the line between the kinds.
    harness.get_by_label("Move Dates up").click();
    harness.run_steps(3);
    assert_eq!(names(&harness)[1], "dates");
    harness.get_by_label("Move Spellings up").click();
    harness.run_steps(3);
    assert_eq!(names(&harness)[5], "spelling", "steps that learn stay after those that do not");
    harness.get_by_label("Fill missing").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state.next_undo().unwrap().text(Lang::En), "Fill missing off");
    assert_eq!(harness.state().state.next_undo().unwrap().text(Lang::Zh), "关闭填补缺失");
}

#[test]
fn suggestions_have_reasons_and_measured_effects() {
    let table = open(&sample());
    let mut settings = Settings::default();
    settings.recipe.steps[0].on = false;
    let prepared = prepare(&table, &settings);
    let found = project::suggest(&settings, &table, Some(&prepared), &prepared.cleaning, &Reporter::silent())
        .unwrap();
    let off =
        found.iter().find(|s| s.mend == Mend::SwitchOn(0)).expect("marks are there and the step is off");
    // The effect that is promised is the effect that it has.
    let promised: u64 = off.effect.args.iter().find(|(name, _)| *name == "count").unwrap().1.parse().unwrap();
    settings.recipe.steps[0].on = true;
    let again = prepare(&table, &settings);
    assert_eq!(again.cleaning.stages[0].change.cells_changed, promised);
    let scale =
        found.iter().find(|s| s.mend == Mend::Scale(ScaleMethod::Log1p)).expect("spending is lopsided");
    assert!(Lang::En.note(&scale.why).contains("total_spend"), "{:?}", scale.why);
    assert!(Lang::Zh.note(&off.why).contains("缺失标记"));

    // Taken up in the window with one click, as one step of undo.
    let mut harness = english(Page::Clean);
    harness.get_by_label("Use log scaling").click();
    harness.run_steps(3);
    let steps = &harness.state().state.settings.recipe.steps;
    assert!(steps.iter().any(|s| matches!(s.spec, StepSpec::Scale { method: ScaleMethod::Log1p, .. })));
    harness.state_mut().state.undo();
    assert_eq!(harness.state().state.settings, Settings::default());
}

#[test]
fn bars_know_where_their_rows_went_and_cells_are_found() {
    let table = open(&sample());
    let prepared = prepare(&table, &Settings::default());
    let cleaning = &prepared.cleaning;
    let at = cleaning.stages.iter().position(|s| s.change.name == "impossible").unwrap();
    let linked = clean::linked(cleaning.before(at), &cleaning.stages[at].after, "age", 18);
    // Rows of the last bar before (age 999) went nowhere: they are missing now.
    let last = linked.before.counts.len() - 1;
    assert!(linked.before.counts[last] > 0.0 && linked.forwards(last).iter().sum::<f64>() == 0.0);
    assert!(linked.after.missing > linked.before.missing);
    for bar in 0..last {
        assert!(linked.forwards(bar).iter().sum::<f64>() <= linked.before.counts[bar]);
    }
    for bar in 0..linked.after.counts.len() {
        assert_eq!(
            linked.backwards(bar).iter().sum::<f64>(),
            linked.after.counts[bar],
            "all came from somewhere"
        );
    }
    let find = |wanted: &str| {
        clean::changed_cells(cleaning.before(at), &cleaning.stages[at].after, "age", wanted, 1000)
    };
    let (all, count) = find("");
    let changed = cleaning.stages[at].change.columns.iter().find(|(name, _)| name == "age").unwrap().1;
    assert_eq!((all.len(), count as u64), (count, changed));
    let (found, _) = find("999");
    assert!(!found.is_empty() && found.len() < all.len());
    assert!(found.iter().all(|c| c.before.as_deref() == Some("999") && c.after.is_none()));
}

#[test]
fn every_optimiser_schedule_and_activation_learns() {
    let table = open(&sample());
    let base = Settings { device: DeviceKind::Flex, ..Settings::default() };
    let prepared = prepare(&table, &base);
    let auc = |settings: &Settings| {
        let outcome = project::learn(settings, &prepared, ModelKind::Mlp, &Reporter::silent()).unwrap();
        let again = project::learn(settings, &prepared, ModelKind::Mlp, &Reporter::silent()).unwrap();
        assert!(outcome.probabilities == again.probabilities, "equal seeds, equal numbers: {settings:?}");
        let Model::Mlp(network) = &outcome.trained.model else { panic!("a network") };
        let counted: usize = settings.mlp.parameters(prepared.matrix.width()).iter().sum();
        assert_eq!(network.parameters(), counted, "the diagram counts what is trained");
        outcome.test.fixed("roc_auc").unwrap().value
    };
    let mut tried = Vec::new();
    for optimizer in Optimizer::ALL {
        for batch_norm in [false, true] {
            let mut settings = base.clone();
            (settings.mlp.optimizer, settings.mlp.batch_norm) = (optimizer, batch_norm);
            settings.mlp.learning_rate =
                if matches!(optimizer, Optimizer::Sgd { .. }) { 0.02 } else { 0.002 };
            // A remainder of one row must not upset the normalisation.
            settings.mlp.batch_size = prepared.count(Side::Train) / 4 - usize::from(batch_norm);
            settings.mlp.epochs = 40;
            tried.push((format!("{optimizer:?} {batch_norm}"), auc(&settings)));
        }
    }
    for schedule in Schedule::ALL {
        let mut settings = base.clone();
        (settings.mlp.schedule, settings.mlp.epochs, settings.mlp.activation) =
            (schedule, 15, Activation::Gelu);
        tried.push((format!("{schedule:?} GELU"), auc(&settings)));
    }
    for (what, auc) in &tried {
        println!("{what}: {auc:.3}");
        assert!(*auc > 0.7, "{what}: {auc}");
    }
}

#[test]
fn training_pauses_steps_and_goes_on_to_the_same_end() {
    let table = open(&sample());
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 6;
    let prepared = std::sync::Arc::new(prepare(&table, &settings));
    let whole = project::learn(&settings, &prepared, ModelKind::Mlp, &Reporter::silent()).unwrap();
    let (rows, used) = (prepared.clone(), settings.clone());
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let mut job = Job::start(
        || (),
        move |report| {
            wait.recv().ok();
            project::learn(&used, &rows, ModelKind::Mlp, report)
        },
    );
    job.pause(true);
    go.send(()).unwrap();
    let mut epochs = 0;
    let mut count = |job: &Job<_>| {
        let heard = job.events().into_iter().filter(|e| matches!(e, regulars_engine::job::Event::Epoch(_)));
        epochs += heard.count();
        epochs
    };
    job.step();
    while count(&job) < 1 {
        std::thread::yield_now();
    }
    // It rests: nothing more comes, however often one looks.
    for _ in 0..2000 {
        std::thread::yield_now();
        assert_eq!(count(&job), 1);
    }
    assert!(job.is_paused());
    job.step();
    while count(&job) < 2 {
        std::thread::yield_now();
    }
    job.pause(false);
    let outcome = loop {
        match job.poll() {
            regulars_engine::job::Poll::Done(outcome) => break outcome.unwrap(),
            regulars_engine::job::Poll::Running => std::thread::yield_now(),
            regulars_engine::job::Poll::Lost => panic!("lost"),
        }
    };
    assert!(outcome.probabilities == whole.probabilities, "a pause changes nothing");
}

#[test]
fn a_cell_shows_its_customers_and_the_pointer_is_on_every_curve() {
    let mut harness = trained(Page::Evaluate);
    let outcome = harness.state().state.shown().unwrap().clone();
    let counts = outcome.test.confusion(0.5);
    let name = format!("left, not flagged: {}", Lang::En.count(counts.false_negative));
    harness.get_by_label(&name).click();
    harness.run_steps(4);
    assert_eq!(harness.state().prefs.page, Page::Customers);
    let shown = harness.state().state.list().unwrap();
    let behind = |c: &&regulars_engine::deploy::Customer| {
        c.side == Some(Side::Test) && c.actual == Some(true) && c.probability < 0.5
    };
    assert_eq!(shown.iter().filter(behind).count() as u64, counts.false_negative);
    let text = format!("{} of {} shown", counts.false_negative, Lang::En.count(shown.len() as u64));
    assert!(harness.query_by_label(&text).is_some(), "{text}");

    harness.state_mut().prefs.page = Page::Evaluate;
    harness.set_size(egui::vec2(1600.0, 1400.0));
    harness.run_steps(4);
    // The same point stands on every curve, and in words.
    for curve in ["ROC curve", "Average precision", "Calling"] {
        let menu =
            harness.query_all_by_label_contains(&format!("Export chart: {curve}")).next().unwrap().rect();
        harness.hover_at(menu.left_bottom() + egui::vec2(-60.0, 150.0));
        harness.run_steps(4);
        let point = harness.state().page.hover.unwrap_or_else(|| panic!("{curve}: the pointer is on it"));
        let same = outcome.test.operating_point(point.threshold);
        assert_eq!((same.recall, same.precision, same.lift), (point.recall, point.precision, point.lift));
        assert!(harness.query_all_by_label_contains("At threshold").next().is_some(), "{curve}");
    }
}

#[test]
fn charts_and_tables_are_taken_away_as_they_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = trained(Page::Evaluate);
    harness.set_size(egui::vec2(1600.0, 1400.0));
    harness.run_steps(4);
    let svg = take(&mut harness, "Export chart: ROC curve", "Save as SVG…", &folder.path().join("roc.svg"));
    assert!(svg.starts_with("<svg") && svg.contains("ROC curve") && svg.contains("Recall"));
    let gain = folder.path().join("gain.csv");
    let data = take(&mut harness, "Export chart: Calling", "Save data as Excel or CSV…", &gain);
    let points = trained_points(&harness);
    let numbers: Vec<f64> = data
        .lines()
        .skip(1)
        .filter(|line| line.starts_with("model") || line.starts_with("curve"))
        .filter_map(|line| line.rsplit(',').next()?.parse().ok())
        .collect();
    assert_eq!(numbers, points, "what is saved is what is drawn");
    let matrix = folder.path().join("matrix.csv");
    let table = take(&mut harness, "Export chart: Right and wrong", "Save data as Excel or CSV…", &matrix);
    let counts = harness.state().state.shown().unwrap().test.confusion(0.5);
    assert!(table.contains(&format!("left,{},{}", counts.true_positive, counts.false_negative)), "{table}");
}

/// Opens the menu, takes the item, gives the path, and reads what was written.
fn take(harness: &mut Harness<'_, App>, menu: &str, item: &str, path: &std::path::Path) -> String {
    harness.query_all_by_label_contains(menu).next().unwrap_or_else(|| panic!("{menu}")).click();
    harness.run_steps(4);
    harness.get_by_label(item).click();
    harness.run_steps(4);
    harness.key_press_modifiers(Modifiers::COMMAND, egui::Key::A);
    harness.run_steps(2);
    harness.event(egui::Event::Text(path.to_str().unwrap().to_owned()));
    harness.run_steps(2);
    harness.state_mut().state.notices.clear();
    harness.key_press(egui::Key::Enter);
    until(harness, item, |app| !app.state.notices.is_empty());
    std::fs::read_to_string(path).unwrap()
}

/// Recall at every point of the gain curve.
fn trained_points(harness: &Harness<'_, App>) -> Vec<f64> {
    let test = &harness.state().state.shown().unwrap().test;
    test.operating_points(600).iter().map(|p| p.recall).collect()
}

#[test]
fn locked_settings_hold_against_edits_and_undo() {
    let mut harness = english(Page::Train);
    harness.state_mut().state.settings.mlp.epochs = 9;
    harness.run_steps(2);
    harness.state_mut().prefs.locked = true;
    harness.run_steps(2);
    harness.state_mut().state.settings.mlp.epochs = 20;
    harness.state_mut().state.settings.threshold = 0.4;
    harness.run_steps(2);
    let settings = harness.state().state.settings.clone();
    assert_eq!((settings.mlp.epochs, settings.threshold), (9, 0.4), "what reads the result is free");
    for _ in 0..3 {
        harness.key_press_modifiers(Modifiers::COMMAND, egui::Key::Z);
        harness.run_steps(2);
    }
    assert_eq!(harness.state().state.settings.mlp.epochs, 9);
    harness.state_mut().prefs.locked = false;
    harness.run_steps(2);
    harness.state_mut().state.settings.mlp.epochs = 20;
    harness.run_steps(2);
    assert_eq!(harness.state().state.settings.mlp.epochs, 20);
}

#[test]
fn the_data_are_never_written_over_and_closing_asks_while_training() {
    let mut harness = english(Page::Train);
    let before = std::fs::read(sample()).unwrap();
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, egui::Key::S);
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, egui::Key::A);
    harness.run_steps(2);
    harness.event(egui::Event::Text(sample().to_str().unwrap().to_owned()));
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    until(&mut harness, "refusing", |app| !app.state.notices.is_empty());
    assert!(harness.query_all_by_label_contains("is never written over").next().is_some());
    assert_eq!(std::fs::read(sample()).unwrap(), before);

    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 100_000;
    harness.state_mut().state.settings.mlp.patience = 0;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "learning", |app| app.state.live.len() > 1);
    let close = |harness: &mut Harness<'_, App>| {
        let viewport = harness.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default();
        viewport.events.push(egui::ViewportEvent::Close);
        harness.run_steps(2);
    };
    close(&mut harness);
    assert!(harness.query_by_label("Training is still running").is_some());
    harness.get_by_label("Keep training").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Training is still running").is_none());
    assert!(harness.state().state.train.is_some());
    harness.state_mut().state.cancel();
    until(&mut harness, "stopping", |app| app.state.train.is_none());
    close(&mut harness);
    assert!(harness.query_by_label("Training is still running").is_none(), "nothing to ask");
}

#[test]
fn the_call_list_holds_nobody_who_left_even_before_it_was_looked_at() {
    let mut harness = trained(Page::Train);
    let folder = tempfile::tempdir().unwrap();
    harness.key_press_modifiers(Modifiers::COMMAND, egui::Key::E);
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, egui::Key::A);
    harness.run_steps(2);
    let path = folder.path().join("list.csv");
    harness.event(egui::Event::Text(path.to_str().unwrap().to_owned()));
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    until(&mut harness, "exporting", |app| !app.state.notices.is_empty());
    let list = harness.state().state.list().unwrap();
    let (risky, _) = regulars_engine::deploy::at_risk(list, 0.5);
    let written = csv::Reader::from_path(path).unwrap().records().count();
    assert!(risky > 0);
    assert_eq!(written, risky);
}
