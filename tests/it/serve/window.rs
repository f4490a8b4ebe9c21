//! The service in the window: nothing listens until it is switched on; then it serves the model in use.

use eframe::egui;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::train::DeviceKind;
use serde_json::Value;

use super::{JSON, ask, customers, post};
use crate::pages::{until, window};
use crate::shots::rests;
use crate::support::sample;

#[test]
fn it_is_switched_on_answers_and_goes_with_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness =
        window([1280.0, 800.0], Prefs { lang: Lang::En, page: Page::Deploy, ..Prefs::default() });
    harness.state_mut().state.service.keep_keys_in(folder.path().join("keys.json"));
    harness.run_steps(3);
    // Without a file there is nothing to train: the way on is a file.
    assert!(harness.query_by_label("Go to training").is_none());
    assert!(harness.query_all_by_label("Open file…").count() > 0);
    rests(&mut harness, "service-empty");
    let state = &mut harness.state_mut().state;
    state.settings.device = DeviceKind::Flex;
    state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    harness.state_mut().state.settings.mlp.epochs = 8;
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| app.state.bundle.is_some() && !app.state.bundling());
    harness.state_mut().prefs.page = Page::Deploy;
    // Any free port, so that tests may run side by side.
    harness.state_mut().state.service.port = 0;
    harness.run_steps(3);
    assert!(harness.state().state.service.url().is_none(), "nothing listens by itself");
    harness.get_by_label("Serve the model").click();
    harness.step();
    until(&mut harness, "starting", |app| app.state.service.url().is_some());
    harness.run_steps(3);
    let url = harness.state().state.service.url().unwrap();
    let to: std::net::SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    assert!(to.ip().is_loopback());

    // The copied line's body is answered; the score is the one in the list of customers.
    let curl = harness.state().state.service.curl().unwrap();
    let body = curl.split("-d '").nth(1).unwrap().trim_end_matches('\'');
    assert_eq!(ask(to, "POST", "/v1/score", &[JSON], body.as_bytes()).status, 200, "{curl}");
    let row = customers(&sample(), "churned").swap_remove(4);
    let told = post(to, "/v1/score", &row).json();
    let customer = |app: &App| {
        let list = app.state.list().unwrap();
        list.iter().find(|customer| customer.id == row["customer_id"].as_str().unwrap()).unwrap().probability
    };
    assert_eq!(told["probability"].as_f64(), Some(customer(harness.state())));
    assert_eq!(post(to, "/v1/score", &Value::from(3)).status, 422);
    until(&mut harness, "counting", |app| app.state.service.snapshot().is_some_and(|s| s.requests == 3));
    harness.run_steps(2);
    // Three requests say nothing of one in a hundred; the port that was free is told.
    harness.get_by_label("Slowest so far");
    assert!(harness.query_by_label("99 of 100 within").is_none());
    assert_eq!(harness.state().state.service.listens_at(), Some(to.port()));
    rests(&mut harness, "service-on");

    // A key: made, shown once, counts from the next start.
    harness.state_mut().state.service.name = "till".into();
    harness.run_steps(2);
    harness.get_by_label("Make key").click_accesskit();
    harness.run_steps(3);
    let (_, key) = harness.state().state.service.fresh().cloned().unwrap();
    rests(&mut harness, "service-key");
    let text = std::fs::read_to_string(folder.path().join("keys.json")).unwrap();
    assert!(text.contains("till") && !text.contains(&key));
    harness.get_by_label("I have kept it").click_accesskit();
    harness.run_steps(2);
    assert!(harness.state().state.service.fresh().is_none());
    harness.get_by_label("Serve the model").click();
    harness.step();
    until(&mut harness, "stopping", |app| !app.state.service.is_on() && !app.state.service.is_changing());
    assert!(std::net::TcpStream::connect(to).is_err(), "nothing listens any more");
    harness.run_steps(2);
    harness.get_by_label("Serve the model").click();
    harness.step();
    until(&mut harness, "starting", |app| app.state.service.url().is_some());
    let url = harness.state().state.service.url().unwrap();
    let to: std::net::SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    assert_eq!(post(to, "/v1/score", &row).status, 401);
    let bearer = format!("Bearer {key}");
    let told = ask(to, "POST", "/v1/score", &[JSON, ("Authorization", &bearer)], row.to_string().as_bytes());
    assert_eq!(told.status, 200);
    harness.set_size(egui::vec2(1024.0, 700.0));
    harness.run_steps(2);
    rests(&mut harness, "service-small");
    drop(harness);
    let ended = std::time::Instant::now();
    while std::net::TcpStream::connect(to).is_ok() {
        assert!(ended.elapsed().as_secs() < 5, "it goes with the window");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
