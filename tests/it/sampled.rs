//! A sample of the customers: on the command line, in the report, and in the window.

use std::io::Write as _;
use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::collect::SampleSpec;

use crate::pages::{until, window};
use crate::support::{adapter, json, regulars, sample};

#[test]
fn the_command_line_says_of_what_it_learnt() {
    let folder = tempfile::tempdir().unwrap();
    let (file, path) = (sample(), |name: &str| folder.path().join(name).display().to_string());
    let file = file.to_str().unwrap();
    let (bundle, page) = (path("m.bundle"), path("m.html"));
    let told = json(&["train", file, "--model", "logistic", "--sample", "400", "--bundle", &bundle]);
    let drawn = &told["sample"];
    assert_eq!((drawn["rows"].as_u64(), drawn["of"].as_u64()), (Some(400), Some(1200)));
    assert_eq!((drawn["by"].as_str(), drawn["seed"].as_u64()), (Some("churned"), Some(1)));
    let strata = drawn["strata"].as_array().unwrap();
    for one in strata {
        let (rows, of) = (one["rows"].as_f64().unwrap(), one["of"].as_f64().unwrap());
        assert!((rows - of / 3.0).abs() <= 1.0, "{one}");
    }
    assert!(told["rows"].as_u64().unwrap() < 420);
    // The same customers again, others with another seed.
    let again = json(&["segment", file, "--sample", "400"]);
    assert_eq!(&again["sample"], drawn);
    let other = json(&["compare", file, "--models", "majority", "--sample", "400", "--sample-seed", "2"]);
    assert_eq!(other["sample"]["seed"], 2);
    // A whole says nothing of a sample.
    assert!(json(&["segment", file])["sample"].is_null());
    // The report and the terminal say it in words; the scores are of all.
    let (code, out, _) = regulars(&["report", &bundle, "--out", &page]);
    assert_eq!(code, 0, "{out}");
    assert!(std::fs::read_to_string(&page).unwrap().contains("a sample of 400 of 1,200 customers"));
    let (_, out, _) = regulars(&["train", file, "--model", "majority", "--sample", "400"]);
    assert!(out.contains("a sample of 400 of 1,200 customers"), "{out}");
    let scored = json(&["score", &bundle, file, "--out", &path("scores.csv")]);
    assert!(scored["rows"].as_u64().unwrap() >= 1200);
    for wrong in [["--sample", "0"], ["--sample", "some"], ["--sample-seed", "3"]] {
        assert_eq!(regulars(&["train", file, wrong[0], wrong[1]]).0, 2, "{wrong:?}");
    }
}

/// The page in both languages and themes.
fn shots(harness: &mut egui_kittest::Harness<'_, App>, stage: &str) {
    let Some(folder) = std::env::var_os("REGULARS_SHOTS").filter(|_| adapter()) else { return };
    for lang in Lang::ALL {
        for theme in [eframe::egui::Theme::Light, eframe::egui::Theme::Dark] {
            harness.state_mut().prefs.lang = lang;
            harness.ctx.set_theme(theme);
            harness.run_steps(3);
            let name = format!("sample-{stage}-{}-{theme:?}.png", lang.code());
            harness.render().unwrap().save(std::path::Path::new(&folder).join(name)).unwrap();
        }
    }
    harness.state_mut().prefs.lang = Lang::En;
    harness.run_steps(2);
}

#[test]
fn the_collect_page_proposes_takes_and_drops_a_sample() {
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.run_steps(2);
    harness.state_mut().prefs.page = Page::Collect;
    harness.state_mut().state.open_data(vec![sample()]);
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    let rows = |app: &App| app.state.table.as_ref().map_or(0, |table| table.height());
    let all = rows(harness.state());
    assert!(harness.query_by_label("Learn from 100,000 customers").is_none());

    // As if the file were long: the proposal, and its reason.
    let table = harness.state().state.table.clone().unwrap();
    harness.state_mut().state.table =
        Some(Arc::new(regulars_engine::table::Table { records: 700_000, ..(*table).clone() }));
    harness.run_steps(3);
    harness.get_by_label("Learn from 100,000 customers");
    shots(&mut harness, "offer");

    harness.state_mut().state.settings.sample = Some(SampleSpec::of(300));
    harness.run_steps(2);
    until(&mut harness, "sampling", |app| {
        app.state.load.is_none() && rows(app) < all && !app.state.preparing()
    });
    harness.run_steps(3);
    assert!((300..320).contains(&rows(harness.state())));
    shots(&mut harness, "taken");
    harness.get_by_label("Read all customers").click_accesskit();
    harness.run_steps(2);
    until(&mut harness, "reading all", |app| app.state.load.is_none() && rows(app) == all);
    assert_eq!(harness.state().state.settings.sample, None);
}

#[test]
fn what_does_not_fit_is_offered_as_a_sample() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.csv");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"customer_id,spend,churned\n").unwrap();
    (0..20_000).for_each(|id| writeln!(file, "C{id:06},{}.25,no", id % 90).unwrap());
    // A hole that takes no room on the disk.
    if file.set_len(4 << 40).is_err() {
        println!("skipped: this disk has no holes");
        return;
    }
    drop(file);
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.run_steps(2);
    harness.state_mut().prefs.page = Page::Collect;
    harness.state_mut().state.open_data(vec![path]);
    until(&mut harness, "refusing", |app| {
        app.state.load.is_none() && app.state.could_read_sample().is_some()
    });
    harness.run_steps(3);
    harness.get_by_label("Learn from 100,000 customers");
    shots(&mut harness, "large");
}
