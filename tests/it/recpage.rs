//! The Recommend page: the whole way on the sample shop of baskets, in both languages.

use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{ExperimentsTab, Page, RecommendTab};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::project::Contacts;
use regulars_engine::recommend::{Kind, RecommendSpec};

use crate::pages::{until, window};
use crate::shots::rests_when;
use crate::support::{json, sample};

type Window = egui_kittest::Harness<'static, App>;

/// The sample shop of baskets, opened, with two models to try.
fn shop(harness: &mut Window) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    json(&["sample", "--baskets", "--customers", "300", "--out", folder.path().to_str().unwrap()]);
    let names = ["customers.csv", "orders.csv", "order_lines.csv", "products.csv"];
    let files = names.map(|name| folder.path().join(name)).to_vec();
    harness.state_mut().state.open_data(files);
    until(harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    let kinds = vec![Kind::Popularity, Kind::Cooccurrence, Kind::Rules];
    harness.state_mut().state.settings.recommend = RecommendSpec { kinds, ..RecommendSpec::default() };
    harness.state_mut().prefs.page = Page::Recommend;
    harness.run_steps(3);
    folder
}

fn tab(harness: &mut Window, tab: RecommendTab) {
    harness.state_mut().page.recommend.tab = tab;
    harness.run_steps(3);
}

#[test]
fn the_whole_way_in_both_languages() {
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.run_steps(2);
    harness.state_mut().prefs.page = Page::Recommend;
    harness.run_steps(2);
    shots(&mut harness, "empty");
    let _folder = shop(&mut harness);
    shots(&mut harness, "ready");
    harness.get_by_label("Work out what to offer").click_accesskit();
    harness.run_steps(2);
    assert!(harness.state().state.recommend.working());
    until(&mut harness, "offers", |app| app.state.recommended().is_some());
    let found = harness.state().state.recommended().unwrap().clone();
    assert_eq!((found.customers.len(), found.products.len()), (300, 12));
    shots(&mut harness, "models");

    tab(&mut harness, RecommendTab::Customers);
    shots(&mut harness, "customers");
    // What if: the answer is there in the frame after the press.
    let item = found.products[0];
    let product = found.product(item).to_owned();
    harness.get_by_label(&format!("Add {product} to the basket")).click_accesskit();
    harness.run_steps(2);
    harness.get_by_label("What goes with this basket");
    assert_eq!(harness.state().page.recommend.basket, [item]);
    harness.get_by_label(&format!("Take {product} out of the basket")).click_accesskit();
    harness.run_steps(2);
    assert!(harness.state().page.recommend.basket.is_empty());

    tab(&mut harness, RecommendTab::Together);
    shots(&mut harness, "together");
    let best = &found.network.edges[0];
    let pair = best.ends.map(|end| found.product(found.network.nodes[end].item).to_owned());
    let is_planted =
        |(a, b): &(&str, &str)| pair.contains(&(*a).to_owned()) && pair.contains(&(*b).to_owned());
    assert!(regulars_engine::sample::PAIRS.iter().any(is_planted), "{pair:?}");
    // The legend stands beneath the picture.
    harness.set_size([1280.0, 1200.0].into());
    shots(&mut harness, "legend");
    harness.set_size([1280.0, 800.0].into());
    harness.run_steps(2);
    // Larger, and back.
    harness.get_by_label("Larger").click_accesskit();
    harness.run_steps(2);
    assert!(harness.state().page.recommend.zoom > 1.3);
    shots(&mut harness, "larger");
    harness.get_by_label("Put it back").click_accesskit();
    harness.run_steps(2);
    assert_eq!(harness.state().page.recommend.zoom, 1.0);

    tab(&mut harness, RecommendTab::House);
    until(&mut harness, "costs", |app| app.state.recommend.costs().is_some());
    shots(&mut harness, "house");
    // A rule that is taken is in force at once, and nothing is stale.
    harness.get_by_label("only what is in stock").click_accesskit();
    harness.run_steps(3);
    assert!(harness.state().state.settings.recommend.house.in_stock);
    assert!(!harness.state().state.recommend_is_stale());
    harness.state_mut().state.settings.recommend.top = Some(3);

    tab(&mut harness, RecommendTab::Products);
    let made = |app: &mut App| app.page.recommend.product.and_then(|item| app.state.follow_campaign(item));
    let started = std::time::Instant::now();
    let campaign = loop {
        harness.step();
        if let Some(campaign) = made(harness.state_mut()) {
            break campaign;
        }
        assert!(started.elapsed().as_secs() < 60);
    };
    harness.run_steps(2);
    assert!(campaign.without_consent > 0 && campaign.lines.len() >= 20, "{}", campaign.lines.len());
    shots(&mut harness, "products");

    // One press, and the experiment is planned with them.
    harness.get_by_label("Test this offer").click_accesskit();
    harness.run_steps(3);
    let app = harness.state();
    assert_eq!((app.prefs.page, app.page.experiments.tab), (Page::Experiments, ExperimentsTab::Plan));
    let audience = app.state.audience().unwrap();
    assert_eq!(audience.campaign.lines.len(), campaign.lines.len());
    let pool = app.state.experiments.pool().unwrap().unwrap();
    assert_eq!(pool.candidates.len(), campaign.lines.len());
    shots(&mut harness, "experiment");
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("offer.experiment.json");
    harness.state_mut().state.settings.call_list.contacts = Contacts::LeftOut;
    harness.state_mut().state.draw_experiment(Lang::En, file.clone());
    until(&mut harness, "drawing", |app| !app.state.experiments.drawing());
    assert!(file.exists(), "{:?}", harness.state().state.notices);
    let drawn = harness.state().state.experiments.shown().unwrap().clone();
    assert_eq!(drawn.members.len(), campaign.lines.len());
    let lists: Vec<String> = std::fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "csv"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let lines: usize = lists.iter().map(|text| text.lines().count() - 1).sum();
    assert_eq!((lists.len(), lines), (2, campaign.lines.len()), "everybody is in one of the two");

    // Another question makes it stale, and undo takes that back.
    harness.state_mut().prefs.page = Page::Recommend;
    harness.state_mut().state.settings.recommend.seen = regulars_engine::recommend::Seen::Out;
    harness.run_steps(3);
    assert!(harness.state().state.recommend_is_stale());
    harness.state_mut().state.undo();
    harness.run_steps(2);
    assert!(!harness.state().state.recommend_is_stale());
    harness.set_size([1024.0, 700.0].into());
    harness.state_mut().page.recommend.tab = RecommendTab::Customers;
    shots(&mut harness, "small");
}

#[test]
fn new_products_find_their_customers() {
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.run_steps(2);
    let (_folder, files) = crate::recommend::two_kinds();
    harness.state_mut().state.open_data(files.iter().map(std::path::PathBuf::from).collect());
    until(&mut harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.recommend.kinds = vec![Kind::Popularity, Kind::Cooccurrence];
    harness.state_mut().state.find_offers();
    let is_over = |app: &App| app.state.recommended().is_some() || app.state.recommend_error().is_some();
    until(&mut harness, "offers", is_over);
    assert!(harness.state().state.recommend_error().is_none());
    harness.state_mut().prefs.page = Page::Recommend;
    tab(&mut harness, RecommendTab::New);
    // Stopped, it waits until it is taken up again.
    harness.state_mut().state.cancel();
    until(&mut harness, "stopping", |app| app.state.recommend.job().is_none());
    harness.run_steps(2);
    if harness.query_by_label("Go on").is_some() {
        harness.get_by_label("Go on").click_accesskit();
        harness.run_steps(2);
    }
    let started = std::time::Instant::now();
    let campaign = loop {
        harness.step();
        if let Some(campaign) = harness.state_mut().state.follow_new_campaign(0) {
            break campaign;
        }
        assert!(started.elapsed().as_secs() < 60);
    };
    harness.run_steps(2);
    assert_eq!((campaign.lines.len(), campaign.customers), (9, 90));
    harness.get_by_label("What is told of new products picks for a customer better than what sells does");
    shots(&mut harness, "new");
    harness.state_mut().page.recommend.new = 1;
    harness.set_size([1024.0, 700.0].into());
    shots(&mut harness, "new-small");
    // Nothing tells of products: that is said, and nothing is worked out.
    harness.state_mut().state.open_data(vec![std::path::PathBuf::from(&files[0])]);
    until(&mut harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.recommend.kinds = vec![Kind::Popularity];
    harness.state_mut().state.find_offers();
    until(&mut harness, "offers", is_over);
    harness.state_mut().prefs.page = Page::Recommend;
    tab(&mut harness, RecommendTab::New);
    assert!(harness.query_all_by_label_contains("No table tells of products").count() > 0);
}

#[test]
fn a_table_without_products_says_what_to_give() {
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.run_steps(2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("visits.csv");
    std::fs::write(&file, "city,visits,churned\nBonn,3,yes\nKiel,5,no\nUlm,4,no\n").unwrap();
    harness.state_mut().state.open(&file);
    until(&mut harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = Page::Recommend;
    harness.run_steps(3);
    harness.get_by_label("Work out what to offer").click_accesskit();
    until(&mut harness, "failing", |app| app.state.recommend_error().is_some());
    let error = harness.state().state.recommend_error().unwrap();
    assert_eq!(error.kind(), "recommend_no_lines");
    let hint = Lang::En.hint(error);
    assert!(hint.contains("customer, product, date") && !hint.contains("--"), "{hint}");
    harness.get_by_label(&hint);
    shots(&mut harness, "lacks");
}

#[test]
fn the_card_says_what_to_offer_next() {
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.run_steps(2);
    harness.state_mut().state.settings.mlp.epochs = 4;
    let files = ["customers", "orders"].map(|name| sample().with_file_name(format!("{name}.csv")));
    harness.state_mut().state.open_data(files.to_vec());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.recommend.kinds = vec![Kind::Cooccurrence];
    harness.state_mut().state.find_offers();
    let is_over = |app: &App| app.state.recommended().is_some() || app.state.recommend_error().is_some();
    until(&mut harness, "offers", is_over);
    assert!(harness.state().state.recommend_error().is_none());
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.reasons.is_some());
    crate::pages::choose(&mut harness, 3);
    harness.state_mut().prefs.page = Page::Customers;
    harness.run_steps(4);
    let app = harness.state();
    let id = app.state.list().unwrap()[3].id.clone();
    let (found, offers) = app.state.offers_to(&id, 1).unwrap();
    let product = found.product(offers[0].item).to_owned();
    let has_left = app.state.list().unwrap()[3].actual == Some(true);
    let next = format!("Offer next: {product}");
    let back = format!("Has left. To win them back, name {product}");
    let (line, other) = if has_left { (&back, &next) } else { (&next, &back) };
    assert!(harness.query_all_by_label_contains(line).count() > 0, "{line}");
    assert_eq!(harness.query_all_by_label_contains(other).count(), 0, "{other}");
    shots(&mut harness, "card");
    // One of the other sort is told of in the other way.
    let list = harness.state().state.list().unwrap();
    let can = |one: &&regulars_engine::deploy::Customer| {
        one.actual.is_some_and(|left| left != has_left)
            && harness.state().state.offers_to(&one.id, 1).is_some()
    };
    let at = list.iter().position(|one| can(&one)).unwrap();
    crate::pages::choose(&mut harness, at);
    harness.run_steps(4);
    let start = if has_left { "Offer next: " } else { "Has left. To win them back" };
    assert!(harness.query_all_by_label_contains(start).count() > 0, "{start}");
}

/// Rests in both languages and themes, once its jobs are done.
fn shots(harness: &mut Window, name: &str) {
    rests_when(harness, &format!("recpage-{name}"), |harness| {
        until(harness, "resting", |app| app.state.running().is_none() && !app.state.bundling());
    });
}
