//! The page of features: how a column is encoded, what is left out, the sheet and one feature closely.

use std::fmt::Write as _;

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{FeaturesTab, Page};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::features::{ColumnEncoding, Selection};
use regulars_engine::train::DeviceKind;

use crate::pages::{until, window};
use crate::support::{adapter, sample};

fn opened(path: &std::path::Path) -> Harness<'static, App> {
    let prefs = Prefs { lang: Lang::En, page: Page::Features, ..Prefs::default() };
    let mut harness = window([1280.0, 800.0], prefs);
    harness.state_mut().state.open(path);
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    harness.state_mut().prefs.page = Page::Features;
    harness.run_steps(3);
    harness
}

fn prepared(harness: &mut Harness<'_, App>) {
    harness.run_steps(3);
    until(harness, "preparing", |app| app.state.prepared.is_some() && !app.state.preparing());
}

/// The sheet of the present rows, and the feature that is looked at.
fn measured(harness: &mut Harness<'_, App>) {
    harness.run_steps(3);
    until(harness, "measuring", |app| {
        let sheet = &app.state.sheet;
        let is_present = sheet.rows().zip(app.state.prepared.as_ref());
        is_present.is_some_and(|(a, b)| std::sync::Arc::ptr_eq(a, b)) && sheet.progress().is_none()
    });
    harness.run_steps(3);
    until(harness, "looking", |app| {
        let sheet = app.state.sheet.sheet().unwrap();
        let shown = sheet.features.iter().find(|row| row.name == app.page.features.feature);
        shown.and_then(|row| row.place).is_none_or(|place| app.state.sheet.detail(place).is_some())
    });
    harness.run_steps(3);
}

#[test]
fn a_column_is_encoded_in_its_own_way_and_undone() {
    let mut harness = opened(&sample());
    let names =
        |harness: &Harness<'_, App>| harness.state().state.prepared.clone().unwrap().matrix.names.clone();
    let before = names(&harness);
    assert!(before.iter().filter(|name| name.starts_with("city = ")).count() > 3, "{before:?}");
    harness.state_mut().page.features.column = "city".into();
    harness.run_steps(2);
    // The combo box of the chosen column, then the way.
    harness.get_by_role_and_label(egui::Role::ComboBox, "Becomes").click_accesskit();
    harness.run_steps(2);
    harness.get_by_label("rate of the target").click_accesskit();
    prepared(&mut harness);
    assert_eq!(harness.state().state.settings.features.columns.get("city"), Some(&ColumnEncoding::target()));
    let after = names(&harness);
    assert!(after.contains(&"city (target rate)".to_owned()), "{after:?}");
    assert!(!after.iter().any(|name| name.starts_with("city = ")));
    harness.get_by_role_and_label(egui::Role::Slider, "Smoothing (rows)");
    // An order begins with the levels of the training rows, and is moved by buttons.
    // A choice that no pointer made leaves the list open.
    if harness.query_by_label("place in an order").is_none() {
        harness.get_by_role_and_label(egui::Role::ComboBox, "Becomes").click_accesskit();
        harness.run_steps(2);
    }
    harness.get_by_label("place in an order").click_accesskit();
    prepared(&mut harness);
    let order = |harness: &Harness<'_, App>| match &harness.state().state.settings.features.columns["city"] {
        ColumnEncoding::Ordinal { order } => order.clone(),
        other => panic!("{other:?}"),
    };
    let first = order(&harness);
    assert!(first.len() > 3);
    harness.get_by_label(&format!("Move “{}” down", first[0])).click_accesskit();
    prepared(&mut harness);
    assert_eq!(order(&harness)[..2], [first[1].clone(), first[0].clone()]);
    assert!(names(&harness).contains(&"city (order)".to_owned()));
    for _ in 0..3 {
        harness.state_mut().state.undo();
        harness.run_steps(2);
    }
    prepared(&mut harness);
    assert_eq!(names(&harness), before);
}

#[test]
fn features_are_left_out_and_the_sheet_says_why() {
    let mut harness = opened(&sample());
    harness.get_by_label("that hardly vary").click_accesskit();
    harness.run_steps(3);
    harness.get_by_label("all but the most telling").click_accesskit();
    prepared(&mut harness);
    let select = harness.state().state.settings.features.select.clone();
    assert_eq!(select.variance, Some(0.01));
    let kept = harness.state().state.prepared.clone().unwrap().matrix.width();
    assert_eq!(select.most, Some(kept));
    harness.get_by_label("Features one by one").click();
    harness.run_steps(2);
    assert_eq!(harness.state().page.features.tab, FeaturesTab::Sheet);
    measured(&mut harness);
    let sheet = harness.state().state.sheet.sheet().cloned().unwrap();
    assert_eq!(sheet.features.iter().filter(|row| row.place.is_some()).count(), kept);
    let out = sheet.features.iter().find(|row| row.left_out.is_some()).unwrap();
    harness.state_mut().page.features.feature.clone_from(&out.name);
    harness.run_steps(3);
    let why = Lang::En.note(out.left_out.as_ref().unwrap());
    assert!(why.starts_with("Left out: "), "{why}");
    assert!(harness.query_all_by_label_contains(&why).count() > 0, "{why}");
    // Nothing left: told in plain words, with the mend. The slider allows no such limit.
    harness.state_mut().prefs.inspector = false;
    harness.state_mut().state.settings.features.select =
        Selection { information: Some(1.0), ..Selection::default() };
    harness.run_steps(3);
    until(&mut harness, "refusing", |app| app.state.prepare_error.is_some());
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("Loosen the limits").is_some());
}

#[test]
fn the_sheet_in_both_languages_and_themes() {
    let mut harness = opened(&sample());
    harness.state_mut().page.features.tab = FeaturesTab::Sheet;
    measured(&mut harness);
    assert!(harness.query_by_label_contains("Train a model to see").is_some());
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 6;
    let columns = &mut harness.state_mut().state.settings.features.columns;
    columns.insert("city".into(), ColumnEncoding::target());
    columns.insert("visits_30d".into(), ColumnEncoding::bins());
    harness.state_mut().page.features.column = "visits_30d".into();
    prepared(&mut harness);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.reasons.is_some() && !app.state.bundling());
    harness.state_mut().prefs.page = Page::Features;
    measured(&mut harness);
    assert!(harness.query_by_label_contains("is measured on validation rows").is_some());
    let sheet = harness.state().state.sheet.sheet().cloned().unwrap();
    assert!(sheet.weighed > 5 && sheet.features.iter().all(|row| row.importance.is_some()));

    // A click on a head sorts, a second one the other way.
    harness.get_by_label("AUC alone").click();
    harness.run_steps(2);
    assert_eq!(harness.state().page.features.sort, Some((2, false)));
    harness.get_by_label("AUC alone ▼").click();
    harness.run_steps(2);
    assert_eq!(harness.state().page.features.sort, Some((2, true)));
    harness.state_mut().page.features.sort = None;

    let shots = std::env::var_os("REGULARS_SHOTS").map(std::path::PathBuf::from);
    for (at, feature) in ["age", "city (target rate)", "visits_30d (bin 1 of 5)"].iter().enumerate() {
        // Bins with equal edges are one.
        let found = sheet.features.iter().find(|row| row.name.starts_with(&feature[..feature.len().min(12)]));
        harness.state_mut().page.features.feature.clone_from(&found.unwrap().name);
        measured(&mut harness);
        for lang in Lang::ALL {
            for dark in [false, true] {
                harness.state_mut().prefs.lang = lang;
                harness.ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
                harness.run_steps(3);
                assert!(harness.try_run().is_ok(), "it rests");
                if let Some(folder) = shots.as_ref().filter(|_| adapter()) {
                    let theme = if dark { "dark" } else { "light" };
                    let name = format!("sheet{at}-{}-{theme}.png", lang.code());
                    harness.render().unwrap().save(folder.join(name)).unwrap();
                }
            }
        }
    }
    if let Some(folder) = shots.as_ref().filter(|_| adapter()) {
        harness.set_size([1280.0, 1400.0].into());
        harness.run_steps(3);
        harness.render().unwrap().save(folder.join("sheet-tall.png")).unwrap();
    }
    harness.set_size([1024.0, 700.0].into());
    harness.run_steps(3);
    if let Some(folder) = shots.as_ref().filter(|_| adapter()) {
        harness.render().unwrap().save(folder.join("sheet-small.png")).unwrap();
        harness.state_mut().page.features.tab = FeaturesTab::Columns;
        harness.set_size([1280.0, 800.0].into());
        harness.run_steps(3);
        harness.render().unwrap().save(folder.join("columns.png")).unwrap();
    }
}

#[test]
fn ten_thousand_features_scroll() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.csv");
    let names: Vec<String> = (0..10).map(|at| format!("c{at}")).collect();
    let mut out = format!("customer_id,{},churned\n", names.join(","));
    for row in 0..240usize {
        let cells: Vec<String> = (0..10).map(|at| format!("v{}", (row * (7 + at)) % 29)).collect();
        writeln!(out, "C{row:04},{},{}", cells.join(","), if row % 3 == 0 { "yes" } else { "no" }).unwrap();
    }
    std::fs::write(&path, out).unwrap();
    let mut harness = opened(&path);
    let columns = &mut harness.state_mut().state.settings.features.columns;
    for name in names {
        columns.insert(name, ColumnEncoding::Hashed { bits: 10 });
    }
    prepared(&mut harness);
    assert_eq!(harness.state().state.prepared.as_ref().unwrap().matrix.width(), 10_240);
    harness.state_mut().page.features.tab = FeaturesTab::Sheet;
    measured(&mut harness);
    // Only rows in sight are drawn.
    let drawn = harness.query_all_by_label_contains("of 1024").count();
    assert!(drawn > 3 && drawn < 60, "{drawn}");
    harness.hover_at(egui::pos2(500.0, 400.0));
    let mut frames: Vec<f64> = (0..60)
        .map(|n| {
            harness.event(egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: egui::vec2(0.0, -40.0 * (n + 1) as f32),
                phase: egui::TouchPhase::Move,
                source: egui::MouseWheelSource::Wheel,
                modifiers: egui::Modifiers::NONE,
            });
            let began = std::time::Instant::now();
            harness.step();
            1e3 * began.elapsed().as_secs_f64()
        })
        .collect();
    frames.sort_unstable_by(f64::total_cmp);
    println!(
        "10,240 features: a frame takes {:.2} ms in the median, {:.2} ms at p97",
        frames[30], frames[58]
    );
    // Searching narrows the list.
    harness.state_mut().page.features.search = "c3 #7 ".into();
    harness.run_steps(3);
    assert!(harness.query_all_by_label_contains("c3 #7 of").count() > 0);
    assert_eq!(harness.query_all_by_label_contains("c3 #8 of").count(), 0);
}
