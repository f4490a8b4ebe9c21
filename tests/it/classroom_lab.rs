//! The playground and the pass of one customer, driven in the window.

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{ClassroomTab, Page};
use regulars::window::state::{LabSource, Whose};
use regulars::window::{App, Prefs};
use regulars::words::{self, Lang};
use regulars_engine::split::Side;
use regulars_engine::train::DeviceKind;
use regulars_engine::train::glass::Pass;
use regulars_engine::train::glass::bench::Speed;

use crate::pages::{until, window};
use crate::support::{adapter, sample};

const HOME: [f32; 2] = [1280.0, 800.0];

fn classroom(tab: ClassroomTab) -> Harness<'static, App> {
    let mut harness = window(HOME, Prefs { lang: Lang::En, page: Page::Classroom, ..Prefs::default() });
    harness.state_mut().page.class_tab = tab;
    harness.run_steps(2);
    harness
}

fn steps(app: &App) -> u64 {
    app.state.lab.view().map_or(0, |view| view.picture.steps)
}

fn epoch(app: &App) -> usize {
    app.state.lab.view().map_or(0, |view| view.picture.epoch)
}

fn press(harness: &mut Harness<'_, App>, name: &str) {
    harness.get_by_label(name).click();
    harness.run_steps(2);
}

/// Opens the sample's customers and waits until they are ready.
fn open(harness: &mut Harness<'_, App>) {
    harness.state_mut().state.open(&sample());
    until(harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = Page::Classroom;
    harness.run_steps(2);
}

fn trained() -> Harness<'static, App> {
    let mut harness = classroom(ClassroomTab::Lessons);
    open(&mut harness);
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 4;
    harness.state_mut().state.settings.mlp.batch_norm = true;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.reasons.is_some() && !app.state.bundling());
    harness.state_mut().prefs.page = Page::Classroom;
    harness.state_mut().page.class_tab = ClassroomTab::Pass;
    harness.run_steps(3);
    harness
}

#[test]
fn the_playground_learns_a_circle_step_by_step() {
    let mut harness = classroom(ClassroomTab::Playground);
    until(&mut harness, "the network", |app| app.state.lab.view().is_some());
    harness.state_mut().state.lab.speed = Speed::Full;
    harness.state_mut().state.lab.reset();
    harness.run_steps(2);
    until(&mut harness, "the network", |app| steps(app) == 0 && app.state.lab.view().is_some());
    let start = harness.state().state.lab.view().unwrap().picture.clone();
    press(&mut harness, "Step one batch");
    until(&mut harness, "a batch", |app| steps(app) > 0);
    assert_eq!((steps(harness.state()), epoch(harness.state())), (1, 0));
    let after = harness.state().state.lab.view().unwrap().picture.clone();
    assert_ne!(after.network, start.network);
    assert_ne!(after.surface, start.surface, "the surface is drawn anew");
    press(&mut harness, "Step one epoch");
    until(&mut harness, "an epoch", |app| epoch(app) > 0);
    // 200 rows in batches of ten.
    assert_eq!((steps(harness.state()), epoch(harness.state())), (20, 1));

    press(&mut harness, "Run");
    until(&mut harness, "learning", |app| {
        app.state.lab.view().is_some_and(|view| view.picture.valid_loss < 0.3 * start.valid_loss)
    });
    assert!(harness.state().state.lab.running());
    press(&mut harness, "Pause");
    until(&mut harness, "resting", |app| !app.state.lab.running());
    let rested = steps(harness.state());
    assert!(harness.try_run().is_ok(), "a resting page asks for no repaint");
    std::thread::sleep(std::time::Duration::from_millis(200));
    harness.run_steps(2);
    assert_eq!(steps(harness.state()), rested);
    let view = harness.state().state.lab.view().unwrap().clone();
    assert!(view.picture.valid_right > 0.9, "{}", view.picture.valid_right);
    let told = format!("{:.4}", view.history.last().unwrap().valid);
    assert!(harness.query_all_by_label_contains(&told).count() > 0, "the title states the finding");

    // The rate changes in mid-run; another network begins anew.
    harness.state_mut().state.lab.setup.spec.learning_rate = 0.5;
    harness.run_steps(2);
    until(&mut harness, "the rate", |app| app.state.lab.view().is_some_and(|v| v.picture.rate == 0.5));
    assert_eq!(steps(harness.state()), rested);
    press(&mut harness, "Add layer");
    until(&mut harness, "another network", |app| steps(app) == 0);
    let layers = harness.state().state.lab.view().unwrap().picture.network.layers.len();
    assert_eq!(layers, 4);

    // A unit's response is drawn in place of the answer while it is held.
    let unit = harness.query_all_by_label_contains("Unit 1 of layer 1").next().unwrap();
    unit.click();
    harness.run_steps(3);
    assert!(harness.query_all_by_label_contains("Response of unit 1, layer 1").count() > 0);
    assert!(harness.try_run().is_ok());
}

#[test]
fn a_rate_beyond_all_reason_is_told() {
    let mut harness = classroom(ClassroomTab::Playground);
    // Its slider allows no such rate.
    harness.state_mut().prefs.inspector = false;
    let lab = &mut harness.state_mut().state.lab;
    lab.setup.spec.learning_rate = 1e39;
    lab.speed = Speed::Full;
    harness.run_steps(2);
    until(&mut harness, "the network", |app| app.state.lab.view().is_some());
    press(&mut harness, "Run");
    until(&mut harness, "the explosion", |app| {
        app.state.lab.view().is_some_and(|view| view.stop.is_some() && !view.is_running)
    });
    assert!(harness.query_all_by_label_contains("was taken back").count() > 0);
    assert_eq!(steps(harness.state()), 0);
}

#[test]
fn own_columns_are_training_and_validation_rows() {
    let mut harness = classroom(ClassroomTab::Playground);
    open(&mut harness);
    harness.state_mut().state.lab.setup.source = LabSource::Columns(0, 2);
    harness.run_steps(2);
    until(&mut harness, "own rows", |app| app.state.lab.ground().is_some_and(|g| g.own.is_some()));
    let ground = harness.state().state.lab.ground().unwrap().clone();
    let prepared = harness.state().state.prepared.clone().unwrap();
    let rows = |side: Side| {
        let labelled = prepared.sides.iter().zip(&prepared.labels.of_row);
        labelled.filter(|(at, label)| **at == side && label.is_some()).count()
    };
    assert_eq!(ground.halves.train.rows(), rows(Side::Train));
    assert_eq!(ground.halves.valid.rows(), rows(Side::Valid));
    let first = prepared.sides.iter().position(|side| *side == Side::Train).unwrap();
    let row = prepared.matrix.row(first);
    assert_eq!(ground.halves.train.row(0), [row[0], row[2]]);
    let name = format!("x₁ is {}", prepared.matrix.names[0]);
    assert!(harness.query_all_by_label_contains(&name).count() > 0);
    press(&mut harness, "Step one epoch");
    until(&mut harness, "an epoch", |app| epoch(app) == 1);

    // The same customer can be followed through it.
    harness.state_mut().page.class_tab = ClassroomTab::Pass;
    harness.run_steps(3);
    assert_eq!(harness.state().state.whose(), Whose::Playground);
    let shown = harness.state_mut().state.shown_pass().unwrap();
    assert_eq!(shown.x, [prepared.matrix.row(0)[0], prepared.matrix.row(0)[2]]);
    assert!((shown.answer - shown.pass.probability).abs() < 1e-6);
}

#[test]
fn the_pass_of_a_customer_is_what_the_model_says() {
    let mut harness = trained();
    assert_eq!(harness.state().state.whose(), Whose::Trained);
    let outcome = harness.state().state.outcomes[0].clone();
    let prepared = harness.state().state.trained_on.clone().unwrap();
    for row in [0, 1, 2] {
        let said = outcome.probabilities[row];
        let line = format!("The model's own answer: {said:.4}. The sums above give {said:.4}: the same.");
        assert!(harness.query_all_by_label_contains(&line).count() == 1, "{line}");
        let shown = harness.state_mut().state.shown_pass().unwrap();
        assert!((shown.pass.probability - said).abs() < 1e-5);
        assert_eq!(shown.id, prepared.ids[row]);
        press(&mut harness, "Next");
    }
    // By name.
    let id = prepared.ids[41].clone().unwrap();
    harness.get_by_role_and_label(egui::Role::TextInput, "Find by ID").focus();
    harness.run_steps(1);
    harness.get_by_role_and_label(egui::Role::TextInput, "Find by ID").type_text(&id);
    harness.run_steps(1);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(3);
    assert!(harness.query_by_label(&format!("Customer {id}")).is_some());
    let said = format!("{:.4}", outcome.probabilities[41]);
    assert!(harness.query_all_by_label_contains(&said).count() > 0);

    // A hidden unit: what is shown is what the pass holds, and a step at the shown rate.
    let units = outcome_units(&harness);
    press(&mut harness, &format!("Layer 1 ({units} units)"));
    let shown = harness.state_mut().state.shown_pass().unwrap();
    let text = |value: f64| format!("{value:.4}").replace('-', "−");
    let sum = format!(" = {}", text(shown.pass.layers[0].z[0]));
    assert!(harness.query_all_by_label_contains(&sum).count() > 0, "{sum}");
    let delta = text(shown.pass.layers[0].delta[0]);
    assert!(harness.query_all_by_label_contains(&delta).count() > 0, "{delta}");
    let rate = harness.state().state.look_rate();
    let (p, loss) = harness.state_mut().state.stepped(&shown, rate);
    let stepped = shown.pass.stepped(&shown.network, &shown.x, rate);
    let again = Pass::of(&stepped.network, &shown.x, shown.pass.y);
    assert_eq!((p, loss), (again.probability, again.loss));
    assert!(harness.query_all_by_label_contains(&text(loss)).count() > 0);

    // The other class: loss and gradient follow.
    let before = shown.pass.loss;
    press(&mut harness, if shown.pass.y { "stayed (class 0)" } else { "left (class 1)" });
    let shown = harness.state_mut().state.shown_pass().unwrap();
    assert!((shown.pass.loss + (1.0 - (-before).exp()).ln()).abs() < 1e-9);

    // On a projector nobody's name is shown.
    harness.state_mut().prefs.projector = true;
    harness.run_steps(3);
    assert!(harness.query_by_label(&format!("Customer {id}")).is_none());
    assert!(harness.query_by_label(&format!("Customer {}", words::shown_id(&id, true))).is_some());
    assert!(harness.try_run().is_ok());
}

fn outcome_units(harness: &Harness<'_, App>) -> usize {
    harness.state().state.settings.mlp.hidden[0]
}

#[test]
fn pictures_of_the_lab() {
    let has_adapter = adapter();
    let shots = std::env::var_os("REGULARS_SHOTS").map(std::path::PathBuf::from);
    let mut harness = trained();
    harness.state_mut().page.class_tab = ClassroomTab::Playground;
    harness.state_mut().state.lab.speed = Speed::Full;
    harness.run_steps(2);
    until(&mut harness, "the network", |app| app.state.lab.view().is_some());
    press(&mut harness, "Run");
    until(&mut harness, "learning", |app| epoch(app) > 60);
    press(&mut harness, "Pause");
    until(&mut harness, "resting", |app| !app.state.lab.running());
    // The last is tall enough for a whole page.
    for size in [HOME, [1024.0, 700.0], [1280.0, 1700.0]] {
        harness.set_size(size.into());
        for lang in Lang::ALL {
            for theme in [egui::Theme::Light, egui::Theme::Dark] {
                for (name, tab, layer) in [
                    ("playground", ClassroomTab::Playground, None),
                    ("pass", ClassroomTab::Pass, None),
                    ("hidden", ClassroomTab::Pass, Some(0)),
                ] {
                    harness.state_mut().prefs.lang = lang;
                    harness.ctx.set_theme(theme);
                    harness.state_mut().page.class_tab = tab;
                    harness.state_mut().state.lab.look.layer = layer;
                    harness.run_steps(3);
                    assert!(harness.try_run().is_ok(), "{name} {lang:?}");
                    if let Some(folder) = shots.as_ref().filter(|_| has_adapter) {
                        let picture = harness.render().unwrap();
                        let name = format!("lab-{name}-{}-{theme:?}-{}.png", lang.code(), size[1]);
                        picture.save(folder.join(name)).unwrap();
                    }
                }
            }
        }
    }
}
