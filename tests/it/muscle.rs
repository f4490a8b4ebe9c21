//! Training on another machine: the same numbers as here, what is refused, and a machine that dies.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use regulars::http::muscle::{self, Options, Running};
use regulars::window::Prefs;
use regulars::window::pages::Page;
use regulars::words::Lang;
use regulars_engine::train::DeviceKind;
use serde_json::Value;

use crate::pages::{until, window};
use crate::serve::ask;
use crate::support::{json, program, regulars, sample};

const TOKEN: &str = "rgm_0123456789abcdef0123456789abcdef";

fn machine(port: u16) -> Running {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let options = Options {
        address,
        token: TOKEN.to_owned(),
        tls: None,
        open: false,
        device: DeviceKind::Flex,
        body_bytes: 50_000_000,
        signals: false,
    };
    muscle::start(options).unwrap()
}

fn token(folder: &Path) -> String {
    let path = folder.join("token");
    std::fs::write(&path, format!("{TOKEN}\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Free just now.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn comments(folder: &Path) -> PathBuf {
    let mut text = String::from("customer_id,age,comment,churned\n");
    for at in 0..240 {
        let leaves = at % 3 == 0;
        let said =
            if leaves { "the tea was good but then 送货 bad" } else { "送货 bad but the tea was good" };
        let churned = if leaves { "yes" } else { "no" };
        text += &format!("C{at:04},{},\"{said}, order {at}\",{churned}\n", 20 + at * 7 % 50);
    }
    let path = folder.join("comments.csv");
    std::fs::write(&path, text).unwrap();
    path
}

/// What a training found, without its times.
fn found(mut answer: Value) -> Value {
    let object = answer.as_object_mut().unwrap();
    for key in ["seconds", "device_why", "adapter"] {
        object.remove(key);
    }
    for epoch in object.get_mut("history").unwrap().as_array_mut().unwrap() {
        epoch.as_object_mut().unwrap().remove("seconds");
    }
    answer
}

#[test]
fn a_training_elsewhere_gives_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let (running, token) = (machine(0), token(folder.path()));
    let at = running.address().to_string();
    let (shop, said) = (sample(), comments(folder.path()));
    for (file, kind) in [(&shop, "mlp"), (&said, "cnn")] {
        let train = ["train", file.to_str().unwrap(), "--model", kind, "--device", "flex", "--epochs", "3"];
        let here = json(&train);
        let bundle = folder.path().join(format!("{kind}.bundle"));
        let there = ["--at", &at, "--token-file", &token, "--bundle", bundle.to_str().unwrap()];
        let there = json(&[&train[..], &there].concat());
        assert_eq!(there["device_why"], "elsewhere");
        assert!(there["adapter"].as_str().unwrap().contains(&at), "{}", there["adapter"]);
        assert_eq!(found(there), found(here), "{kind}");
        assert!(bundle.exists());
    }
    // What is no network is trained here, whatever is said.
    let tree =
        json(&["train", shop.to_str().unwrap(), "--model", "tree", "--at", &at, "--token-file", &token]);
    assert_ne!(tree["device_why"], "elsewhere");
}

#[test]
fn a_machine_that_dies_is_gone_on_with_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (port, token) = (port(), token(folder.path()));
    let (first, shop, at) = (machine(port), sample(), format!("127.0.0.1:{port}"));
    let file = shop.to_str().unwrap();
    let train = ["train", file, "--device", "flex", "--epochs", "60", "--seed", "3"];
    let mut child = program()
        .args(train)
        .args(["--at", &at, "--token-file", &token, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let early =
        told.by_ref().map_while(Result::ok).find(|line| line.contains("2/60") || line.contains("3/60"));
    assert!(early.is_some(), "no epoch was told");
    drop(first);
    std::thread::sleep(Duration::from_millis(400));
    let _second = machine(port);
    let lines: Vec<String> = told.map_while(Result::ok).collect();
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{text} {lines:?}");
    assert!(lines.iter().any(|line| line.contains("started anew")), "{lines:?}");
    let there: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found(there), found(json(&train)), "as if nothing had happened");
}

#[test]
fn what_cannot_be_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let token = token(folder.path());
    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, "rgm_another_token_of_some_length").unwrap();
    let running = machine(0);
    let (at, gone) = (running.address().to_string(), format!("127.0.0.1:{}", port()));
    let (shop, absent) = (sample(), folder.path().join("absent"));
    for (at, token, kind) in [
        (at.as_str(), wrong.to_str().unwrap(), "elsewhere_token"),
        (&gone, &token, "elsewhere_unreachable"),
        ("http://192.0.2.1:7878", &token, "elsewhere_open"),
        ("ftp://192.0.2.1", &token, "elsewhere_address"),
        (&at, absent.to_str().unwrap(), "elsewhere_token_file"),
    ] {
        let args =
            ["train", shop.to_str().unwrap(), "--epochs", "2", "--at", at, "--token-file", token, "--json"];
        let (code, out, err) = regulars(&args);
        assert_eq!(code, 1, "{kind}: {out}{err}");
        let error: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        assert_eq!(error["error"]["kind"], kind, "{error}");
        assert!(!error["error"]["hint"].as_str().unwrap().is_empty());
    }
    // Other machines are let in only by TLS, unless that is said.
    let open = |token: &str, listen: &str| {
        let out = regulars(&["muscle", "--listen", listen, "--token-file", token, "--json"]);
        serde_json::from_str::<Value>(&out.1).unwrap()["error"]["kind"].clone()
    };
    assert_eq!(open(&token, "0.0.0.0:0"), "elsewhere_open");
    std::fs::write(&wrong, "short").unwrap();
    assert_eq!(open(wrong.to_str().unwrap(), "127.0.0.1:0"), "elsewhere_short_token");
}

#[test]
fn each_wrong_request_gets_its_status() {
    let running = machine(0);
    let to = running.address();
    let bearer = format!("Bearer {TOKEN}");
    let get = |path: &str, key: &str| ask(to, "GET", path, &[("Authorization", key)], b"").status;
    let post =
        |path: &str, body: &[u8]| ask(to, "POST", path, &[("Authorization", bearer.as_str())], body).status;
    assert_eq!(get("/v1/muscle", &bearer), 200);
    assert_eq!(get("/v1/muscle", "Bearer nonsense"), 401);
    assert_eq!(get("/v1/muscle", ""), 401);
    assert_eq!(get("/v1/jobs/none/news?after=0", &bearer), 404);
    assert_eq!(get("/v1/jobs/..%2f..%2fetc%2fpasswd/checkpoint", &bearer), 404);
    assert_eq!(get("/v1/jobs", &bearer), 405);
    assert_eq!(get("/nowhere", &bearer), 404);
    assert_eq!(post("/v1/jobs", b"no job"), 422);
    assert_eq!(post("/v1/jobs/none/control", b"{}"), 404);
    assert_eq!(post("/v1/jobs/none/control", b"not json"), 422);
    assert_eq!(get("/v1/jobs/none/news?after=x", &bearer), 400);
}

#[test]
fn the_window_tries_a_machine_and_trains_there() {
    let running = machine(0);
    let mut harness = window([1280.0, 800.0], Prefs { lang: Lang::En, ..Prefs::default() });
    harness.state_mut().state.open(&sample());
    until(&mut harness, "the sample", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = Page::Train;
    let state = &mut harness.state_mut().state;
    state.settings.device = DeviceKind::Flex;
    state.settings.mlp.epochs = 4;
    (state.muscle.on, state.muscle.address) = (true, running.address().to_string());
    state.muscle.token = TOKEN.to_owned();
    state.try_muscle();
    until(&mut harness, "an answer", |app| app.state.muscle.answer.is_some());
    let answers = harness.state().state.muscle.answer.as_ref().unwrap().as_ref().unwrap();
    let about = &answers[0].1.as_ref().unwrap().0;
    assert_eq!((about.device, about.busy), (DeviceKind::Flex, false));
    harness.state_mut().state.train();
    until(&mut harness, "a model", |app| !app.state.outcomes.is_empty() && app.state.train.is_none());
    let app = harness.state();
    let device = app.state.live_device.clone().unwrap();
    assert_eq!(device.why, "elsewhere");
    assert_eq!(app.state.live.len(), 4, "every epoch was drawn");
    // A way that is not encrypted is refused before anything is sent.
    let state = &mut harness.state_mut().state;
    state.muscle.address = "http://192.0.2.1:7878".to_owned();
    state.train();
    assert!(state.train.is_none() && matches!(&state.muscle.answer, Some(Err(_))));
}
