//! Every page of the registry is drawn in both languages and both themes, in every state: no
//! glyph is missing, every control has a name (the harness checks both), nothing is left out of
//! the picture. With REGULARS_SHOTS set to a folder the pictures are written there.

use std::path::Path;

use eframe::egui;
use egui_kittest::Harness;
use regulars::window::pages::{CleanTab, Page, SegmentsTab};
use regulars::window::{App, Prefs};
use regulars::words::Lang;

use crate::support::{adapter, sample};

pub fn window(size: [f32; 2], prefs: Prefs) -> Harness<'static, App> {
    Harness::builder().with_size(size).with_max_steps(8).build_eframe(move |cc| App::new(&cc.egui_ctx, prefs))
}

/// Draws until `done`; the jobs behind it run on threads of their own.
pub fn until(harness: &mut Harness<'_, App>, what: &str, done: impl Fn(&App) -> bool) {
    let started = std::time::Instant::now();
    while !done(harness.state()) {
        assert!(started.elapsed().as_secs() < 300, "{what} takes too long");
        harness.step();
        std::thread::yield_now();
    }
    harness.step();
}

/// Draws until the page of masked copies, where it is the one shown, has gone through the rows.
pub fn masked(harness: &mut Harness<'_, App>) {
    let is_done = |app: &App| {
        let waits = app.prefs.page == Page::Mask && app.state.table.is_some();
        !waits || matches!(app.state.mask.tried(), (Some(_), true))
    };
    until(harness, "masking", is_done);
    // The page of segments looks at the groups closely once it is shown.
    let is_trusted = |app: &App| {
        let is_shown = app.prefs.page == Page::Segments && app.page.segments_tab == SegmentsTab::Groups;
        let found = app.state.segments.as_ref().filter(|_| is_shown);
        found.is_none_or(|found| app.state.groups.trust(found).is_some() || app.state.segment.is_some())
    };
    until(harness, "trusting", is_trusted);
}

#[test]
fn every_page_in_both_languages_and_themes() {
    let has_adapter = adapter();
    let shots = std::env::var_os("REGULARS_SHOTS").map(std::path::PathBuf::from);
    let draw_some = |harness: &mut Harness<'_, App>, stage: &str, size: [f32; 2], pages: &[Page]| {
        for lang in Lang::ALL {
            for dark in [false, true] {
                harness.state_mut().prefs.lang = lang;
                let theme = if dark { egui::Theme::Dark } else { egui::Theme::Light };
                harness.ctx.set_theme(theme);
                for &page in pages {
                    harness.state_mut().prefs.page = page;
                    harness.run_steps(3);
                    masked(harness);
                    // Until it rests, then looks whether every control has a name.
                    let rested = harness.try_run();
                    assert!(rested.is_ok(), "{stage} {page:?} {rested:?}");
                    if has_adapter && (shots.is_some() || page == Page::Train) {
                        let picture = harness.render().unwrap();
                        assert_eq!([picture.width() as f32, picture.height() as f32], size);
                        let first = *picture.get_pixel(0, 0);
                        let drawn = picture.pixels().filter(|p| **p != first).count();
                        assert!(drawn > 5000, "{page:?} is nearly empty");
                        if let Some(folder) = &shots {
                            let name = format!(
                                "{stage}-{}-{}-{}-{}.png",
                                page.key(),
                                lang.code(),
                                if dark { "dark" } else { "light" },
                                size[0]
                            );
                            picture.save(folder.join(name)).unwrap();
                        }
                    }
                }
            }
        }
    };
    let draw = |harness: &mut Harness<'_, App>, stage: &str, size: [f32; 2]| {
        draw_some(harness, stage, size, &Page::ALL);
    };
    let home = [1280.0, 800.0];
    let mut harness = window(home, Prefs::default());
    harness.run_steps(2);
    draw(&mut harness, "empty", home);
    harness.state_mut().state.settings.mlp.epochs = 8;
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    draw(&mut harness, "read", home);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.segments.is_some());
    until(&mut harness, "reasons", |app| app.state.reasons.is_some() && !app.state.bundling());
    choose(&mut harness, 40);
    harness.state_mut().page.diagram = true;
    draw(&mut harness, "trained", home);
    // The orders stand for a file of other customers: everything that can differ does.
    harness.state_mut().state.open_month(vec![month()]);
    until(&mut harness, "scoring", |app| app.state.month.is_some() && app.state.reasons.is_some());
    choose(&mut harness, 40);
    draw(&mut harness, "month", home);
    harness.state_mut().state.close_month();
    until(&mut harness, "reasons", |app| app.state.reasons.is_some());
    choose(&mut harness, 40);
    harness.state_mut().prefs.projector = true;
    regulars::window::theme::set_projector(&harness.ctx, true);
    draw(&mut harness, "projector", home);
    harness.state_mut().prefs.projector = false;
    regulars::window::theme::set_projector(&harness.ctx, false);
    let large = [1920.0, 1080.0];
    harness.set_size(large.into());
    harness.run_steps(2);
    draw(&mut harness, "trained", large);
    harness.state_mut().state.open(std::path::Path::new("/nowhere/客户.csv"));
    until(&mut harness, "failing", |app| !app.state.notices.is_empty());
    draw(&mut harness, "failed", large);
    harness.state_mut().state.open(&sample().with_file_name("orders.csv"));
    until(&mut harness, "reading", |app| app.state.cleaning.is_some());
    draw(&mut harness, "orders", large);

    // The five files of the shop, put together; and everything that can be looked at.
    let files = ["customers", "orders", "events", "feedback", "products"];
    let files = files.map(|name| sample().with_file_name(format!("{name}.csv")));
    harness.state_mut().state.open_data(files.to_vec());
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    draw_some(&mut harness, "linked", large, &[Page::Collect, Page::Clean, Page::Mask]);
    harness.state_mut().page.table = Some(2);
    draw_some(&mut harness, "table", large, &[Page::Collect]);
    for (at, tab) in CleanTab::ALL.into_iter().enumerate().skip(1) {
        harness.state_mut().page.tab = tab;
        harness.state_mut().prefs.page = Page::Clean;
        harness.step();
        until(&mut harness, "looking", |app| app.state.inspection().is_some());
        draw_some(&mut harness, &format!("look{at}"), large, &[Page::Clean]);
    }
    // Comments whose words are learnt from.
    harness.set_size(home.into());
    harness.state_mut().state.open(&comments());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.features.text = regulars_engine::features::TextUse::terms(20);
    harness.run_steps(3);
    until(&mut harness, "words", |app| app.state.prepared.is_some() && !app.state.preparing());
    let prepared = harness.state().state.prepared.clone().unwrap();
    assert!(prepared.matrix.names.iter().any(|name| name.starts_with("comment: ")));
    draw_some(&mut harness, "words", home, &[Page::Features]);
}

/// Chooses the customer at a place of the list.
pub fn choose(harness: &mut Harness<'_, App>, place: usize) {
    let app = harness.state_mut();
    app.page.choose(&app.state, place);
}

/// Customers and what they wrote, in two languages.
fn comments() -> std::path::PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("comments-{}.csv", std::process::id()));
    let mut text = String::from("customer_id,visits,comment,churned\n");
    for at in 0..300 {
        let (mood, lost) = match at % 4 {
            0 => ("delivery was terribly slow", "yes"),
            1 => ("配送太慢，不会再来", "yes"),
            2 => ("lovely taste and friendly staff", "no"),
            _ => ("味道很好，服务热情", "no"),
        };
        let (visit, street) = (at * 31 % 97, at * 17 % 89);
        text += &format!("C{at:04},{},\"{mood}, visit {visit} on street {street}\",{lost}\n", at % 7);
    }
    std::fs::write(&path, text).unwrap();
    path
}

/// The sample's customers a month later: another spelling, a column gone, a new one, a new city.
fn month() -> std::path::PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("month-{}.csv", std::process::id()));
    let mut reader = csv::Reader::from_path(sample()).unwrap();
    let heads = reader.headers().unwrap().clone();
    let mut writer = csv::Writer::from_path(&path).unwrap();
    let cut = heads.iter().position(|h| h == "satisfaction").unwrap();
    let keep = |record: &csv::StringRecord| -> Vec<String> {
        record.iter().enumerate().filter(|(at, _)| *at != cut).map(|(_, cell)| cell.to_owned()).collect()
    };
    let mut first = keep(&heads);
    first.iter_mut().filter(|h| *h == "total_spend").for_each(|h| *h = "Total Spend".into());
    first.push("loyalty_points".into());
    writer.write_record(&first).unwrap();
    for (at, record) in reader.records().enumerate().skip(60) {
        let mut row = keep(&record.unwrap());
        if at % 9 == 0 {
            row[4] = "Seaport".into();
        }
        if at % 3 == 0 {
            row[11] = (at % 5).to_string();
        }
        row.push((at * 7 % 100).to_string());
        writer.write_record(&row).unwrap();
    }
    writer.flush().unwrap();
    path
}
