//! Groups and the map in the window and in the terminal: found, looked at, taken up again from a project,
//! drawn, coloured, and asked about by a shape. With REGULARS_SHOTS set to a folder pictures are written.

use eframe::egui::pos2;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{Page, SegmentsTab};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::project::ColourBy;
use regulars_engine::segment::cluster::{Basis, Method, Verdict};
use regulars_engine::segment::map::Projection;
use serde_json::Value;

use crate::pages::{until, window};
use crate::shots::pictures;
use crate::support::{program, sample};

/// A small shop, whose groups are soon looked at without optimisation too.
fn shop() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    regulars_engine::sample::write(folder.path(), 320, 5).unwrap();
    let file = folder.path().join("customers.csv");
    (folder, file)
}

fn opened(file: &std::path::Path) -> Harness<'static, App> {
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.state_mut().state.settings.mlp.epochs = 3;
    harness.state_mut().state.open(file);
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    harness
}

fn go(harness: &mut Harness<'_, App>, tab: SegmentsTab) {
    harness.state_mut().prefs.page = Page::Segments;
    harness.state_mut().page.segments_tab = tab;
    harness.run_steps(3);
}

fn group(harness: &mut Harness<'_, App>) {
    harness.step();
    harness.state_mut().state.find_segments();
    until(harness, "groups", |app| app.state.segment.is_none() && app.state.segments.is_some());
}

fn trusted(harness: &mut Harness<'_, App>) {
    until(harness, "trust", |app| {
        app.state.segments.as_ref().is_some_and(|found| app.state.groups.trust(found).is_some())
    });
    harness.run_steps(3);
    let rested = harness.try_run();
    assert!(rested.is_ok(), "the page does not rest: {rested:?}");
}

#[test]
fn groups_are_found_trusted_and_come_back_from_a_project() {
    let (_shop, customers) = shop();
    let mut harness = opened(&customers);
    go(&mut harness, SegmentsTab::Groups);
    pictures(&mut harness, "clusters-groups-empty");
    let settings = &mut harness.state_mut().state.settings;
    settings.segments = Some(4);
    settings.groups.method = Method::GaussianMixture;
    settings.groups.columns = ["orders", "total_spend", "discount_share"].map(str::to_owned).to_vec();
    group(&mut harness);
    trusted(&mut harness);
    let found = harness.state().state.segments.clone().unwrap();
    let trust = harness.state().state.groups.trust(&found).unwrap().clone();
    assert_eq!((found.k, trust.verdict), (4, Verdict::Clear), "{trust:?}");
    assert!(harness.query_by_label("Clear groups").is_some());
    pictures(&mut harness, "clusters-groups-clear");

    // Saved, closed, opened: the same groups without a word; another method: out of date.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.regulars");
    harness.state_mut().state.save(file.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    let mut again = window([1280.0, 800.0], Prefs::default());
    again.state_mut().state.open(&file);
    until(&mut again, "opening", |app| app.state.segments.is_some());
    let back = again.state().state.segments.clone().unwrap();
    assert_eq!((&back.of_row, &back.segments, &back.fitted), (&found.of_row, &found.segments, &found.fitted));
    assert!(!again.state().state.groups_stale());
    again.state_mut().state.settings.groups.method = Method::Density;
    assert!(again.state().state.groups_stale());
    go(&mut again, SegmentsTab::Groups);
    let said = "The settings changed since these groups were found: find them again.";
    assert!(again.query_by_label(said).is_some());

    // Every method has its page; the tree is drawn, who is outside is named.
    for method in Method::ALL {
        let settings = &mut harness.state_mut().state.settings;
        settings.groups.method = method;
        settings.groups.smallest = 15;
        group(&mut harness);
        trusted(&mut harness);
        let found = harness.state().state.segments.clone().unwrap();
        assert_eq!(found.method, method);
        assert_eq!(found.tree.is_some(), method == Method::Hierarchical);
        if method == Method::Hierarchical || method == Method::Density {
            harness.set_size([1280.0, 1500.0].into());
            harness.run_steps(3);
            pictures(&mut harness, &format!("clusters-{}", method.name()));
            harness.set_size([1280.0, 800.0].into());
        }
    }
}

#[test]
fn the_network_and_the_books_can_be_what_groups_are_made_of() {
    let mut harness = opened(&sample());
    assert!(!harness.state().state.can_group_by(Basis::Network));
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.segments.is_some());
    assert!(harness.state().state.can_group_by(Basis::Network));
    assert!(!harness.state().state.can_group_by(Basis::Rfm), "there are no orders beside the customers");
    // The same customers a month later fall into the same groups.
    until(&mut harness, "the model", |app| app.state.bundle.is_some() && !app.state.bundling());
    harness.state_mut().state.open_month(vec![sample()]);
    until(&mut harness, "scoring", |app| app.state.month.is_some());
    go(&mut harness, SegmentsTab::Groups);
    let told = |app: &App| {
        let (month, found) = (app.state.month.as_ref()?, app.state.segments.as_ref()?);
        app.state.groups.drift(month, found).cloned()
    };
    until(&mut harness, "the drift", |app| told(app).is_some());
    let drift = told(harness.state()).unwrap();
    assert!(!drift.is_large() && drift.psi < 0.02, "{drift:?}");
    trusted(&mut harness);
    pictures(&mut harness, "clusters-groups-month");
    harness.state_mut().state.close_month();
    harness.state_mut().state.settings.groups.basis = Basis::Network;
    group(&mut harness);
    let found = harness.state().state.segments.clone().unwrap();
    assert!(found.columns.is_empty() && found.k >= 3, "{}", found.k);
}

#[test]
fn the_map_is_drawn_coloured_and_asked_about_by_a_shape() {
    let mut harness = opened(&sample());
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.segments.is_some());
    until(&mut harness, "reasons", |app| app.state.reasons.is_some() && !app.state.bundling());
    go(&mut harness, SegmentsTab::Map);
    let ready = |app: &App| app.state.map.map().is_some() && app.state.map.colours().is_some();
    until(&mut harness, "the map", ready);
    harness.run_steps(3);
    let rested = harness.try_run();
    assert!(rested.is_ok(), "the map does not rest: {rested:?}");
    let customers = harness.state().state.prepared.as_ref().unwrap().ids.len();
    assert_eq!(harness.state().state.map.map().unwrap().drawn.xy.len(), customers);
    pictures(&mut harness, "clusters-map-segment");
    for by in [ColourBy::Probability, ColourBy::Target, ColourBy::Column("city".to_owned())] {
        harness.state_mut().page.map.by = by.clone();
        harness.step();
        until(&mut harness, "colours", |app| app.state.map.colours().is_some());
        harness.run_steps(4);
        if by == ColourBy::Probability {
            until(&mut harness, "a ramp", |app| app.state.map.colours().is_some_and(|c| c.is_ramp));
            pictures(&mut harness, "clusters-map-probability");
        }
    }
    // A shape around the whole picture holds every customer; then what sets them apart is told.
    let picture = format!("Map of {} customers", Lang::En.count(customers as u64));
    harness.get_by_label("Lasso").click();
    harness.run_steps(2);
    let plane = harness.get_by_label(&picture).rect();
    let corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.5), (0.99, 0.99), (0.01, 0.99), (0.01, 0.01)];
    let at = |(x, y): (f32, f32)| pos2(plane.left() + x * plane.width(), plane.top() + y * plane.height());
    harness.hover_at(at(corners[0]));
    harness.step();
    harness.drag_at(at(corners[0]));
    harness.step();
    for corner in &corners[1..] {
        harness.hover_at(at(*corner));
        harness.step();
    }
    harness.drop_at(at(corners[5]));
    harness.step();
    until(&mut harness, "the part", |app| app.state.map.part().is_some());
    let part = harness.state().state.map.part().unwrap().clone();
    assert_eq!((part.points.len(), part.profile.size), (customers, customers));
    harness.run_steps(3);
    pictures(&mut harness, "clusters-map-lasso");
    harness.get_by_label("Drop choice").click();
    harness.run_steps(2);
    assert!(harness.state().state.map.part().is_none());

    // Moved, zoomed, and a click on a point opens its customer.
    harness.get_by_label("Move").click();
    harness.run_steps(2);
    let before = harness.state().page.map.sight.unwrap();
    harness.get_by_label("Zoom in").click();
    harness.run_steps(2);
    assert!(harness.state().page.map.sight.unwrap().scale > before.scale);
    harness.get_by_label("Whole map").click();
    harness.run_steps(2);
    let sight = harness.state().page.map.sight.unwrap();
    let point = harness.state().state.map.map().unwrap().drawn.xy[7];
    let [x, y] = sight.pixel(point);
    let plane = harness.get_by_label(&picture).rect();
    let there = pos2(plane.left() + x, plane.top() + y);
    harness.hover_at(there);
    harness.run_steps(2);
    harness.drag_at(there);
    harness.step();
    harness.drop_at(there);
    harness.run_steps(2);
    assert_eq!(harness.state().prefs.page, Page::Customers);
    assert!(harness.state().page.chosen(&harness.state().state).is_some());

    // Another layout waits for the button, and is drawn by it.
    go(&mut harness, SegmentsTab::Map);
    harness.state_mut().state.map.projection = Projection::Umap;
    harness.run_steps(2);
    assert!(harness.state().state.map_stale());
    harness.get_by_label("Draw map").click();
    harness.run_steps(2);
    until(&mut harness, "UMAP", |app| {
        app.state.map.map().is_some_and(|map| map.drawn.projection == Projection::Umap)
    });
    let umap = harness.state().state.map.map().unwrap().drawn.trustworthiness;
    harness.state_mut().page.map.by = ColourBy::Segment;
    harness.run_steps(3);
    until(&mut harness, "colours", |app| app.state.map.colours().is_some());
    harness.run_steps(3);
    assert!(umap > 0.8, "{umap}");
    pictures(&mut harness, "clusters-map-umap");
}

#[test]
fn the_terminal_groups_trusts_and_writes_the_map() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("map.csv");
    let (_shop, file) = shop();
    let run = |arguments: &[&str]| -> Value {
        let out = program().arg("segment").arg(&file).args(arguments).arg("--json").output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
    };
    let columns = ["--column", "orders", "--column", "total_spend", "--column", "discount_share"];
    let mut asked = vec!["--method", "gaussian_mixture", "--k", "4", "--trust", "--map"];
    asked.push(map.to_str().unwrap());
    asked.extend(columns);
    let told = run(&asked);
    assert_eq!((&told["method"], &told["k"]), (&Value::from("gaussian_mixture"), &Value::from(4)));
    assert_eq!(told["trust"]["verdict"], "clear", "{}", told["trust"]);
    assert_eq!(told["trust"]["table"].as_array().unwrap().len(), 8);
    let customers = told["map"]["customers"].as_u64().unwrap();
    let text = std::fs::read_to_string(&map).unwrap();
    assert_eq!(text.lines().count() as u64, customers + 1);
    assert!(text.contains("customer,row,x,y,group"));
    let refused = run(&["--basis", "rfm"]);
    assert_eq!(refused["error"]["kind"], "segments_no_orders", "{refused}");
    let refused = run(&["--column", "nowhere"]);
    assert_eq!(refused["error"]["kind"], "no_column", "{refused}");
}
