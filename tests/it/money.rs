//! Curves, money and slices in the window: whom to call today, what to say, and what it brings.

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use regulars::window::notice::Tone;
use regulars::window::pages::{EvaluateTab, Page};
use regulars::window::{App, Prefs};
use regulars::words::{self, Lang};
use regulars_engine::deploy::Bundle;
use regulars_engine::evaluate::money::Limit;
use regulars_engine::evaluate::{Repair, RepairKind};
use regulars_engine::train::DeviceKind;

use crate::pages::{until, window};
use crate::support::{adapter, sample};

fn trained() -> Harness<'static, App> {
    let mut harness = window([1280.0, 800.0], Prefs { lang: Lang::En, ..Prefs::default() });
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 6;
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 6;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.segments.is_some());
    until(&mut harness, "reasons", |app| app.state.reasons.is_some() && !app.state.bundling());
    harness
}

fn click(harness: &mut Harness<'_, App>, name: &str) {
    // The first of several: legends and titles repeat a name.
    let node = harness.get_all_by_label(name).next().unwrap_or_else(|| panic!("nothing is called {name}"));
    node.click();
    harness.run_steps(3);
}

fn says(harness: &Harness<'_, App>, part: &str) -> bool {
    harness.query_all_by_label_contains(part).next().is_some()
}

#[test]
fn whom_do_i_call_today_and_what_do_i_say_in_three_clicks() {
    let mut first = trained();
    first.state_mut().state.settings.money.value = 300.0;
    first.state_mut().state.settings.money.currency = "€".into();
    first.run_steps(2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.regulars");
    first.state_mut().state.save(file.clone());
    until(&mut first, "saving", |app| !app.state.saving());

    let mut harness = window([1280.0, 800.0], Prefs { lang: Lang::En, ..Prefs::default() });
    harness.state_mut().state.open(&file);
    until(&mut harness, "opening", |app| app.state.reasons.is_some() && !app.state.bundling());
    let clicks = ["Customers", "Today's list"];
    for name in clicks {
        click(&mut harness, name);
    }
    until(&mut harness, "counting", |app| app.state.today().is_some());
    harness.run_steps(2);
    assert!(clicks.len() <= 3);
    let (book, called) = harness.state().state.today().unwrap();
    let state = &harness.state().state;
    let list = state.list().unwrap();
    assert!(called.calls > 0, "the sample has somebody to call");
    assert!(says(&harness, &format!("Call {} customers: it costs €{}", called.calls, 5 * called.calls)));
    // The first name, why in words, and what to say, are all in sight.
    let customer = &list[book.first(1)[0]];
    let reasons = state.reasons.as_ref().unwrap().of[&customer.place].clone();
    let reasons = reasons.as_slice();
    assert!(says(&harness, &customer.id));
    assert!(says(&harness, &words::reason(Lang::En, &reasons[0])));
    let line = words::money::say(Lang::En, &state.settings.money, &customer.id, reasons);
    assert!(!line.contains('{') && says(&harness, &line), "{line}");
    assert!(list.iter().filter(|c| c.actual == Some(true)).count() > 0);
    assert!(book.first(called.calls).iter().all(|&at| list[at].actual != Some(true)), "they are gone");

    // Contact details are masked until they are asked for, and on a projector always.
    let mail = |harness: &Harness<'_, App>, clear: bool| {
        let told = harness.state().state.contacts(customer_of(harness), clear);
        told.into_iter().next().unwrap().1
    };
    let (masked, open) = (mail(&harness, false), mail(&harness, true));
    assert!(masked != open && says(&harness, &masked) && !says(&harness, &open));
    click(&mut harness, "Show names and contact details");
    assert!(says(&harness, &open));
    harness.state_mut().prefs.projector = true;
    harness.run_steps(2);
    assert!(says(&harness, &masked) && !says(&harness, &open));
    harness.state_mut().prefs.projector = false;
    harness.run_steps(2);
    assert!(says(&harness, "Model used for the list: "));

    // A person's own line goes into the exported list, with what a call should bring.
    let column = words::money::strongest(reasons).map_or(String::new(), |one| one.column.clone());
    let places = book.first(called.calls).to_vec();
    let out = folder.path().join("today.csv");
    harness.state_mut().state.settings.money.set_line("en", &column, Some("Tea, {id}?".into()));
    harness.run_steps(2);
    let (id, brings) = {
        let state = &harness.state().state;
        let customer = &state.list().unwrap()[places[0]];
        let money = &state.settings.money;
        let value = money.profit(customer.probability, 1.0);
        (customer.id.clone(), words::money::amount(Lang::En, "€", value))
    };
    harness.state_mut().state.export_call_list(Lang::En, places.clone(), out.clone());
    until(&mut harness, "exporting", |app| app.state.notices.iter().any(|n| n.tone == Tone::Good));
    let mut reader = csv::Reader::from_path(&out).unwrap();
    let heads: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let at = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), places.len());
    assert_eq!(records[0].get(at("What to say")).unwrap(), format!("Tea, {id}?"));
    assert_eq!(records[0].get(at("Should bring")).unwrap(), brings);
}

/// The first of today's list.
fn customer_of<'a>(harness: &'a Harness<'_, App>) -> &'a regulars_engine::deploy::Customer {
    let state = &harness.state().state;
    let (book, _) = state.today().unwrap();
    &state.list().unwrap()[book.first(1)[0]]
}

#[test]
fn a_dragged_threshold_changes_list_cost_and_gain_in_the_same_frame() {
    let mut harness = trained();
    harness.state_mut().prefs.page = Page::Evaluate;
    harness.run_steps(2);
    click(&mut harness, "Money");
    until(&mut harness, "measuring", |app| app.state.money.gains().is_some());
    harness.run_steps(2);
    for threshold in [0.2, 0.35, 0.6] {
        harness.state_mut().state.settings.threshold = threshold;
        harness.step();
        let state = &harness.state().state;
        let (book, called) = state.today().unwrap();
        let named = state.list().unwrap().iter().filter(|c| c.actual != Some(true));
        let named: Vec<_> = named.filter(|c| c.probability >= threshold).collect();
        assert_eq!(called.calls, named.len());
        let leavers: f64 = named.iter().map(|c| c.probability).sum();
        let profit = 0.25 * 100.0 * leavers - 5.0 * named.len() as f64;
        assert!((called.profit - profit).abs() < 1e-6);
        let text = format!(
            "Call {} customers: it costs {}",
            called.calls,
            words::money::amount(Lang::En, "", called.cost)
        );
        assert!(called.calls == 0 || says(&harness, &text), "{text}");
        if let Some(&last) = book.first(called.calls).last() {
            assert!(state.list().unwrap()[last].probability >= threshold);
        }
    }
    // One click adopts what is best, another what the limit allows.
    click(&mut harness, "Most gain");
    let best = harness.state().state.money.gains().unwrap().best.unwrap();
    assert_eq!(harness.state().state.settings.threshold, best);
    harness.state_mut().state.settings.money.limit = Limit::Calls(7);
    harness.run_steps(2);
    click(&mut harness, "Within the limit");
    let (_, called) = harness.state().state.today().unwrap();
    assert!(called.wanted <= 7 && called.calls == called.wanted && called.calls > 0, "{called:?}");
    // The curve is that of the list: at the recommended number of calls it says what the list says, and
    // nothing beyond the limit.
    until(&mut harness, "measuring", |app| app.state.running().is_none());
    harness.run_steps(2);
    let state = &harness.state().state;
    let (book, called) = state.today().unwrap();
    let gains = state.money.gains().unwrap();
    assert_eq!(gains.curve.customers, book.len());
    let point = gains.curve.at(state.settings.threshold).unwrap();
    assert_eq!((point.calls, point.profit), (called.calls, called.profit));
    assert!(gains.curve.points.iter().all(|point| point.calls <= 7));
    assert!(says(&harness, &format!("Most gain within your limit: the {} riskiest", called.calls)));
    // A person's figures are one step of undo and are saved; untouched ones are not written.
    let text = serde_json::to_string(&harness.state().state.settings).unwrap();
    assert!(text.contains("\"money\""));
    assert!(
        !serde_json::to_string(&regulars_engine::project::Settings::default()).unwrap().contains("money")
    );
    harness.state_mut().state.settings.money.limit = Limit::None;
    harness.run_steps(2);
    until(&mut harness, "measuring", |app| {
        app.state.money.gains().unwrap().curve.points.last().unwrap().calls == book.len()
    });
    harness.run_steps(2);
    let from = harness.state().state.settings.threshold;
    let pictures = harness.query_all_by_label_contains("Most gain: the ").map(|node| node.rect());
    let picture = pictures.max_by(|a, b| a.height().total_cmp(&b.height())).unwrap();
    let (left, right) = (picture.left() + 0.3 * picture.width(), picture.left() + 0.6 * picture.width());
    harness.drag_at(egui::pos2(left, picture.center().y));
    harness.run_steps(2);
    harness.hover_at(egui::pos2(right, picture.center().y));
    harness.run_steps(2);
    harness.drop_at(egui::pos2(right, picture.center().y));
    harness.run_steps(2);
    assert!(harness.state().state.settings.threshold < from, "further right more are called");
}

#[test]
fn repaired_probabilities_reach_list_bundle_and_saved_project() {
    let mut harness = trained();
    let raw: Vec<f64> = harness.state().state.list().unwrap().iter().map(|c| c.probability).collect();
    harness.state_mut().state.settings.repair = RepairKind::Platt;
    harness.run_steps(2);
    until(&mut harness, "repairing", |app| {
        app.state.shown().is_some_and(|o| o.repair.is_some()) && !app.state.bundling()
    });
    let state = &harness.state().state;
    let Some(Repair::Platt { .. }) = state.shown().unwrap().repair else { panic!("not repaired") };
    let repaired: Vec<f64> = state.list().unwrap().iter().map(|c| c.probability).collect();
    assert_ne!(raw, repaired);
    assert_eq!(state.bundle.as_ref().unwrap().repair, state.shown().unwrap().repair);
    assert!(!state.stale(), "the model is the same");
    let folder = tempfile::tempdir().unwrap();
    let (file, path) = (folder.path().join("shop.regulars"), folder.path().join("m.bundle"));
    harness.state_mut().state.save(file.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    harness.state_mut().state.save_bundle(path.clone());
    until(&mut harness, "writing", |_| path.exists());
    assert!(Bundle::open(&path).unwrap().repair.is_some());
    let mut again = window([1280.0, 800.0], Prefs::default());
    again.state_mut().state.open(&file);
    until(&mut again, "opening", |app| app.state.shown().is_some_and(|o| o.repair.is_some()));
    let back: Vec<f64> = again.state().state.list().unwrap().iter().map(|c| c.probability).collect();
    assert_eq!(back, repaired);
    // Undo brings the model's own back.
    harness.state_mut().state.undo();
    harness.run_steps(2);
    until(&mut harness, "bundling", |app| !app.state.bundling());
    let now: Vec<f64> = harness.state().state.list().unwrap().iter().map(|c| c.probability).collect();
    assert_eq!(now, raw);
    assert_eq!(harness.state().state.bundle.as_ref().unwrap().repair, None);
}

#[test]
fn curves_share_the_pointer_and_cells_and_slices_lead_to_their_customers() {
    let mut harness = trained();
    harness.state_mut().prefs.page = Page::Evaluate;
    harness.set_size(egui::vec2(1280.0, 1700.0));
    harness.run_steps(4);
    assert!(harness.state().page.hover.is_none());
    // The pointer over one chart is the same threshold everywhere: in the matrix as well.
    let chart = harness.query_all_by_label_contains("ROC curve: area").next().unwrap().rect();
    harness.hover_at(egui::pos2(chart.left() + 120.0, chart.bottom() + 140.0));
    harness.run_steps(3);
    let pointed = harness.state().page.hover.expect("the ROC curve has the pointer").threshold;
    let counts = harness.state().state.shown().unwrap().test.confusion(pointed);
    assert!(says(&harness, &format!("left, flagged: {}", counts.true_positive)));
    harness.remove_cursor();
    harness.run_steps(3);
    let counts = harness.state().state.shown().unwrap().test.confusion(0.5);
    let cell = format!("left, not flagged: {}", counts.false_negative);
    harness.get_by_label(&cell).click();
    harness.run_steps(3);
    assert_eq!(harness.state().prefs.page, Page::Customers);
    let shown = regulars_shown(&harness);
    assert_eq!(shown, counts.false_negative as usize, "those behind the cell");

    harness.state_mut().page.cell = None;
    harness.state_mut().prefs.page = Page::Evaluate;
    harness.run_steps(2);
    click(&mut harness, "Slices");
    let done = |app: &App| app.state.shown().is_some_and(|of| app.state.slices.found(of).is_some());
    until(&mut harness, "slices", done);
    harness.run_steps(3);
    let state = &harness.state().state;
    let slices = state.slices.found(state.shown().unwrap()).unwrap().clone();
    let found = &slices.found[&Default::default()];
    let first = found.singles.first().expect("a level that is large enough");
    let rows: usize = (0..state.trained_on.as_ref().unwrap().sides.len())
        .filter(|&place| slices.holds(&first.conditions, place))
        .count();
    assert!(first.rows < rows, "all customers, not the test ones alone");
    assert!(says(&harness, "How the groups of") && says(&harness, "A difference is not yet unfair"));
    let told = format!(": {:.3}", first.estimate.value);
    let bar = harness.query_all_by_label_contains(&told).next().unwrap();
    bar.click();
    harness.run_steps(3);
    assert_eq!(harness.state().prefs.page, Page::Customers);
    assert_eq!(regulars_shown(&harness), rows);
}

/// Customers that the list shows, by its own words: "12 of 500".
fn regulars_shown(harness: &Harness<'_, App>) -> usize {
    let all = harness.state().state.list().unwrap().len();
    let part = format!("of {}", Lang::En.count(all as u64));
    let node = harness.query_all_by_label_contains(&part).find_map(|node| {
        node.accesskit_node().label().or(node.accesskit_node().value()).map(|l| l.to_string())
    });
    let text = node.expect("the line above the list");
    let digits: String = text.split(" of ").next().unwrap().chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// Every chart can be copied and saved as a picture, a drawing, and its data.
#[test]
fn every_chart_has_its_menu() {
    let mut harness = trained();
    harness.state_mut().prefs.page = Page::Evaluate;
    harness.set_size(egui::vec2(1280.0, 1900.0));
    harness.run_steps(4);
    let charts = harness.query_all_by_label_contains("Export chart: ").count();
    assert_eq!(charts, 7, "confusion, spread, calibration, ROC, PR, gain, lift");
    click(&mut harness, "Money");
    until(&mut harness, "measuring", |app| app.state.money.gains().is_some());
    harness.run_steps(3);
    let name = harness
        .query_all_by_label_contains("Export chart: ")
        .find_map(|node| node.accesskit_node().label().map(|l| l.to_string()))
        .expect("the curve of gains");
    click(&mut harness, &name);
    for wish in ["Copy picture", "Save as PNG…", "Save as SVG…"] {
        assert!(says(&harness, wish), "{wish}");
    }
}

#[test]
fn every_tab_in_both_languages_and_themes() {
    let shots = std::env::var_os("REGULARS_SHOTS").map(std::path::PathBuf::from);
    let mut harness = trained();
    let has_adapter = adapter();
    let tabs = [EvaluateTab::Curves, EvaluateTab::Money, EvaluateTab::Slices];
    for size in [[1280.0, 800.0], [1024.0, 700.0], [1280.0, 2000.0]] {
        harness.set_size(size.into());
        for lang in Lang::ALL {
            for dark in [false, true] {
                harness.state_mut().prefs.lang = lang;
                harness.ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
                for at in 0..=tabs.len() {
                    let app = harness.state_mut();
                    app.prefs.page = if at < tabs.len() { Page::Evaluate } else { Page::Customers };
                    app.page.today.on = at == tabs.len();
                    app.page.evaluate_tab = tabs.get(at).copied().unwrap_or_default();
                    harness.run_steps(3);
                    until(&mut harness, "measuring", |app| app.state.running().is_none());
                    let rested = harness.try_run();
                    assert!(rested.is_ok(), "{at} {rested:?}");
                    if let Some(folder) = shots.as_ref().filter(|_| has_adapter) {
                        let name = format!("tab{at}-{}-{dark}-{}x{}.png", lang.code(), size[0], size[1]);
                        harness.render().unwrap().save(folder.join(name)).unwrap();
                    }
                }
            }
        }
    }
}
