//! The newest pages with outcomes on them, in a window smaller than the one they were made for and on a
//! projector: everything rests, and everything that can be pressed has a name. With REGULARS_SHOTS set to a
//! folder the pictures are written there.

use eframe::egui;
use egui_kittest::Harness;
use regulars::window::pages::{
    ClassroomTab, DeployTab, EvaluateTab, Page, RecommendTab, SegmentsTab, TrainTab,
};
use regulars::window::{App, Prefs, theme};
use regulars::words::Lang;
use regulars_engine::recommend::{Kind, RecommendSpec};
use regulars_engine::train::DeviceKind;

use crate::pages::{masked, until, window};
use crate::support::{adapter, json, sample};

/// Both languages, both themes, the small window and the projector.
fn draw(harness: &mut Harness<'_, App>, name: &str) {
    let folder = std::env::var_os("REGULARS_SHOTS").map(std::path::PathBuf::from).filter(|_| adapter());
    for (size, on_projector) in [([1000.0, 640.0], false), ([1280.0, 800.0], true)] {
        harness.set_size(size.into());
        harness.state_mut().prefs.projector = on_projector;
        theme::set_projector(&harness.ctx, on_projector);
        for lang in Lang::ALL {
            for dark in [false, true] {
                harness.state_mut().prefs.lang = lang;
                harness.ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
                harness.run_steps(3);
                masked(harness);
                let rested = harness.try_run();
                assert!(rested.is_ok(), "{name} {size:?} {rested:?}");
                // One of the themes is enough for the eye where nothing but the size differs.
                if let Some(folder) = folder.as_ref().filter(|_| dark == on_projector) {
                    let kind = if on_projector { "projector" } else { "narrow" };
                    let file = format!("{kind}-{name}-{}.png", lang.code());
                    harness.render().unwrap().save(folder.join(file)).unwrap();
                }
            }
        }
    }
}

#[test]
fn new_pages_fit_a_small_window_and_a_projector() {
    let mut harness = window([1000.0, 640.0], Prefs::default());
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    let state = &mut harness.state_mut().state;
    state.settings.device = DeviceKind::Flex;
    state.settings.mlp.epochs = 6;
    state.train();
    until(&mut harness, "training", |app| app.state.train.is_none() && app.state.bundle.is_some());
    until(&mut harness, "groups", |app| app.state.segments.is_some() && !app.state.bundling());
    harness.state_mut().state.notices.clear();
    let state = &mut harness.state_mut().state;
    state.find_smaller();
    until(&mut harness, "shrinking", |app| app.state.small.job().is_none());
    harness.state_mut().state.attack();
    until(&mut harness, "attack", |app| app.state.privacy.job().is_none());
    harness.state_mut().state.theatre.setup.spec.rounds = 6;
    harness.state_mut().state.start_theatre();
    until(&mut harness, "rounds", |app| !app.state.theatre.is_working());
    harness.state_mut().state.theatre.go_to(4);

    let app = harness.state_mut();
    (app.prefs.page, app.page.class_tab) = (Page::Classroom, ClassroomTab::Theatre);
    draw(&mut harness, "theatre");
    let app = harness.state_mut();
    (app.prefs.page, app.page.train_tab) = (Page::Train, TrainTab::Small);
    draw(&mut harness, "small");
    let app = harness.state_mut();
    (app.page.train_tab, app.state.muscle.on) = (TrainTab::Network, true);
    draw(&mut harness, "train");
    for tab in DeployTab::ALL {
        let app = harness.state_mut();
        (app.prefs.page, app.page.deploy.tab, app.state.muscle.on) = (Page::Deploy, tab, false);
        draw(&mut harness, &format!("deploy-{tab:?}"));
    }
    for tab in EvaluateTab::ALL {
        let app = harness.state_mut();
        (app.prefs.page, app.page.evaluate_tab) = (Page::Evaluate, tab);
        harness.run_steps(3);
        until(&mut harness, "evaluating", |app| app.state.running().is_none());
        draw(&mut harness, &format!("evaluate-{tab:?}"));
    }
    for tab in SegmentsTab::ALL {
        let app = harness.state_mut();
        (app.prefs.page, app.page.segments_tab) = (Page::Segments, tab);
        harness.run_steps(3);
        until(&mut harness, "segments", |app| app.state.running().is_none());
        draw(&mut harness, &format!("segments-{tab:?}"));
    }
}

#[test]
fn what_to_offer_fits_a_small_window_and_a_projector() {
    let folder = tempfile::tempdir().unwrap();
    json(&["sample", "--baskets", "--customers", "300", "--out", folder.path().to_str().unwrap()]);
    let names = ["customers.csv", "orders.csv", "order_lines.csv", "products.csv"];
    let mut harness = window([1000.0, 640.0], Prefs { page: Page::Recommend, ..Prefs::default() });
    harness.state_mut().state.open_data(names.map(|name| folder.path().join(name)).to_vec());
    until(&mut harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    let kinds = vec![Kind::Popularity, Kind::Cooccurrence, Kind::Rules];
    harness.state_mut().state.settings.recommend = RecommendSpec { kinds, ..RecommendSpec::default() };
    harness.state_mut().prefs.page = Page::Recommend;
    harness.run_steps(3);
    harness.state_mut().state.find_offers();
    until(&mut harness, "offers", |app| app.state.recommended().is_some());
    for tab in RecommendTab::ALL {
        harness.state_mut().page.recommend.tab = tab;
        harness.run_steps(3);
        until(&mut harness, "new products", |app| app.state.running().is_none());
        draw(&mut harness, &format!("recommend-{tab:?}"));
    }
}
