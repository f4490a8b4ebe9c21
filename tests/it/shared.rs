//! One training shared by several processes: the numbers of one, what is refused, and a process that dies.
//! With REGULARS_SHOTS set to a folder, pictures of the window are written there.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use eframe::egui;
use regulars::window::Prefs;
use regulars::window::pages::Page;
use regulars::words::Lang;
use regulars_engine::deploy::Bundle;
use regulars_engine::features::Matrix;
use regulars_engine::job::Reporter;
use regulars_engine::train::elsewhere::Elsewhere;
use regulars_engine::train::{DeviceKind, MlpSpec, Model, ModelKind, Samples, Specs, train_with};
use serde_json::Value;

use crate::pages::{until, window};
use crate::support::{adapter, json, program, regulars, sample};

const TOKEN: &str = "rgm_0123456789abcdef0123456789abcdef";

/// A process of the program that trains for others.
struct Machine {
    child: Child,
    at: String,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn machine(token: &Path) -> Machine {
    machine_on(token, None)
}

/// On the cores that `taskset` names, where it is given.
fn machine_on(token: &Path, cores: Option<&str>) -> Machine {
    let mut command = match cores {
        None => program(),
        Some(cores) => {
            let mut command = std::process::Command::new("taskset");
            command.args(["-c", cores, env!("CARGO_BIN_EXE_regulars")]).env("LANG", "C");
            command
        }
    };
    let args = ["muscle", "--listen", "127.0.0.1:0", "--device", "flex", "--token-file"];
    let mut child = command.args(args).arg(token).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let at = lines.find_map(|line| {
        let from = line.find("127.0.0.1:")?;
        Some(
            line[from..]
                .chars()
                .take_while(|c| c.is_ascii_digit() || *c == '.' || *c == ':')
                .collect::<String>(),
        )
    });
    Machine { child, at: at.expect("it listens").trim_end_matches('.').to_owned() }
}

fn token(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// All weights of the network in a bundle.
fn weights(bundle: &Path) -> Vec<f32> {
    let Model::Mlp(network) = Bundle::open(bundle).unwrap().model else { panic!("another model") };
    network.layers.iter().flat_map(|layer| layer.weights.iter().chain(&layer.bias)).copied().collect()
}

/// The greatest difference as a share of the greatest weight.
fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let most = a.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    a.iter().zip(b).fold(0.0_f32, |apart, (a, b)| apart.max((a - b).abs())) / most
}

fn losses(answer: &Value) -> Vec<f64> {
    let history = answer["history"].as_array().unwrap();
    history.iter().flat_map(|e| [&e["train_loss"], &e["valid_loss"]]).map(|x| x.as_f64().unwrap()).collect()
}

fn nearly(theirs: &Value, ours: &Value, share: f64) {
    let (theirs, ours) = (losses(theirs), losses(ours));
    assert_eq!(theirs.len(), ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert!((theirs - ours).abs() <= share * ours.abs(), "{theirs} {ours}");
    }
}

#[test]
fn two_processes_find_what_one_finds() {
    let folder = tempfile::tempdir().unwrap();
    let key = token(folder.path(), "token", TOKEN);
    let (first, second) = (machine(&key), machine(&key));
    let shop = sample();
    let both = format!("{},{}", first.at, second.at);
    let train =
        ["train", shop.to_str().unwrap(), "--device", "flex", "--epochs", "6", "--seed", "3", "--bundle"];
    let run = |name: &str, more: &[&str]| {
        let bundle = folder.path().join(name);
        let answer = json(&[&train[..], &[bundle.to_str().unwrap()], more].concat());
        (answer, weights(&bundle))
    };
    let (here, alone) = run("here", &[]);
    let there = ["--at", &both, "--token-file", key.to_str().unwrap()];
    let (shared, together) = run("shared", &there);
    let (_, again) = run("again", &there);
    let (started, workers) = run("workers", &["--workers", "2"]);
    assert_eq!(
        (&together, &together),
        (&again, &workers),
        "the same again, bit by bit, also in processes made for it"
    );
    println!("weights differ by {:e}", apart(&alone, &together));
    assert!(apart(&alone, &together) <= 1e-4);
    nearly(&shared, &here, 1e-5);
    assert_eq!(losses(&shared), losses(&started));
    assert_eq!(shared["device_why"], "elsewhere");
    let adapter = shared["adapter"].as_str().unwrap();
    assert!(adapter.contains(&first.at) && adapter.contains(&second.at), "{adapter}");
    // One alone over the same link changes no bit.
    let (one, single) = run("one", &["--workers", "1"]);
    assert_eq!((single, losses(&one)), (alone, losses(&here)));
}

#[test]
fn what_cannot_be_shared_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let key = token(folder.path(), "token", TOKEN);
    let other = token(folder.path(), "other", "rgm_another_token_of_some_length");
    let both_keys = token(folder.path(), "both", &format!("{TOKEN}\nrgm_another_token_of_some_length\n"));
    let three_keys = token(folder.path(), "three", &format!("{TOKEN}\n{TOKEN}\n{TOKEN}\n"));
    let (first, second) = (machine(&key), machine(&other));
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let old = of_another_version();
    let shop = sample();
    let train = |at: &str, key: &Path| {
        let args =
            ["train", shop.to_str().unwrap(), "--epochs", "2", "--device", "flex", "--json", "--at", at];
        let (code, out, err) = regulars(&[&args[..], &["--token-file", key.to_str().unwrap()]].concat());
        let answer: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        (code, answer)
    };
    for (rest, key, kind) in [
        (&second.at, &key, "elsewhere_token"),
        (&gone, &key, "elsewhere_unreachable"),
        (&old, &key, "elsewhere_protocol"),
        (&first.at, &key, "elsewhere_twice"),
        (&second.at, &three_keys, "elsewhere_tokens"),
    ] {
        let (code, answer) = train(&format!("{},{rest}", first.at), key);
        assert_eq!((code, &answer["error"]["kind"]), (1, &Value::from(kind)), "{answer}");
        assert!(
            answer.to_string().contains(rest.as_str()) || kind == "elsewhere_tokens",
            "it says which: {answer}"
        );
        assert!(!answer["error"]["hint"].as_str().unwrap().is_empty());
    }
    // The first was left free by all of that; and each machine may have a token of its own.
    let (code, answer) = train(&format!("{},{}", first.at, second.at), &both_keys);
    assert_eq!(code, 0, "{answer}");
}

/// Answers every question as a program of an earlier version would.
fn of_another_version() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = [0; 1024];
            let _ = stream.read(&mut head);
            let body =
                r#"{"protocol":1,"version":"0.1.0","device":"flex","adapter":null,"cores":2,"busy":false}"#;
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    at
}

#[test]
fn a_process_that_dies_is_left_out_and_the_numbers_stay() {
    let folder = tempfile::tempdir().unwrap();
    let key = token(folder.path(), "token", TOKEN);
    let shop = sample();
    let train =
        ["train", shop.to_str().unwrap(), "--device", "flex", "--epochs", "40", "--seed", "3", "--json"];
    let here = json(&train[..train.len() - 1]);
    // Whoever dies: one that only computes, or the one that judges and keeps the checkpoint.
    for dies in [1, 0] {
        let mut machines = vec![machine(&key), machine(&key), machine(&key)];
        let at = machines.iter().map(|m| m.at.clone()).collect::<Vec<_>>().join(",");
        let mut child = program()
            .args(train)
            .args(["--at", &at, "--token-file", key.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        assert!(told.any(|line| line.contains("2/40") || line.contains("3/40")), "no epoch was told");
        let dead = machines.remove(dies);
        let place = dead.at.clone();
        drop(dead);
        let lines: Vec<String> = told.collect();
        let out = child.wait_with_output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        assert!(out.status.success(), "{text} {lines:?}");
        assert!(lines.iter().any(|line| line.contains(&format!("{place} was lost"))), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("the others go on")), "{lines:?}");
        let there: Value = serde_json::from_str(&text).unwrap();
        // Perhaps where a unit stands just at ReLU's kink the last bit decides, and then the networks part a little
        // (measured: from the 15th epoch on, 0.2 % in the 40th).
        let first = |answer: &Value| {
            let mut first = answer.clone();
            first["history"].as_array_mut().unwrap().truncate(8);
            first
        };
        nearly(&first(&there), &first(&here), 1e-5);
        nearly(&there, &here, 1e-2);
    }
}

#[test]
fn the_window_trains_on_two_and_shows_each() {
    let folder = tempfile::tempdir().unwrap();
    let key = token(folder.path(), "token", TOKEN);
    let (first, second) = (machine(&key), machine(&key));
    let mut harness = window([1280.0, 1000.0], Prefs { lang: Lang::En, ..Prefs::default() });
    harness.state_mut().state.open(&sample());
    until(&mut harness, "the sample", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().prefs.page = Page::Train;
    let state = &mut harness.state_mut().state;
    state.settings.device = DeviceKind::Flex;
    state.settings.mlp.epochs = 100_000;
    state.settings.mlp.patience = 0;
    (state.muscle.on, state.muscle.address) = (true, format!("{}, {}", first.at, second.at));
    state.muscle.token = TOKEN.to_owned();
    state.try_muscle();
    until(&mut harness, "answers", |app| app.state.muscle.answer.is_some());
    let answers = harness.state().state.muscle.answer.as_ref().unwrap().as_ref().unwrap();
    let places: Vec<&str> = answers
        .iter()
        .map(|(place, about)| {
            assert!(!about.as_ref().unwrap().0.busy);
            place.as_str()
        })
        .collect();
    assert_eq!(places, [&first.at, &second.at]);
    harness.state_mut().state.train();
    until(&mut harness, "both at work", |app| {
        let crew = &app.state.muscle.crew;
        app.state.live.len() > 2
            && crew.len() == 2
            && crew.iter().all(|m| m.works && m.milliseconds.is_some())
    });
    shots(&mut harness, "works");
    drop(second);
    until(&mut harness, "one alone", |app| {
        app.state.muscle.crew.iter().map(|member| member.works).collect::<Vec<_>>() == [true, false]
    });
    let before = harness.state().state.live.len();
    until(&mut harness, "more epochs", |app| app.state.live.len() > before + 5);
    shots(&mut harness, "lost");
    // Who is stopped lets the machine go.
    harness.state_mut().state.cancel();
    until(&mut harness, "the end", |app| app.state.train.is_none());
    let at = Elsewhere::new(&first.at, TOKEN, None, false).unwrap();
    let began = Instant::now();
    while at.about().unwrap().0.busy {
        assert!(began.elapsed() < Duration::from_secs(10), "it still works for nobody");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn shots(harness: &mut egui_kittest::Harness<'_, regulars::window::App>, name: &str) {
    let Some(folder) = std::env::var_os("REGULARS_SHOTS").map(std::path::PathBuf::from).filter(|_| adapter())
    else {
        return;
    };
    for lang in Lang::ALL {
        for dark in [false, true] {
            harness.state_mut().prefs.lang = lang;
            harness.ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
            harness.run_steps(4);
            let theme = if dark { "dark" } else { "light" };
            let path = folder.join(format!("shared-{name}-{}-{theme}.png", lang.code()));
            harness.render().unwrap().save(path).unwrap();
        }
    }
}

/// Rows a second of one process and of two, each on a core of its own, and the bytes that a step moves.
/// `cargo test --test it shared::how_fast -- --ignored --nocapture`, with the engine optimised.
#[test]
#[ignore = "a measurement"]
fn how_fast_several_are() {
    let folder = tempfile::tempdir().unwrap();
    let key = token(folder.path(), "token", TOKEN);
    let cases: [(&[usize], usize, usize, usize); 4] = [
        (&[64, 32], 32, 6_400, 4),
        (&[64, 32], 256, 25_600, 8),
        (&[64, 32], 4096, 40_960, 12),
        (&[512, 256, 128], 4096, 40_960, 3),
    ];
    for (hidden, batch_size, rows, epochs) in cases {
        let samples = measured(rows);
        let mlp = MlpSpec { hidden: hidden.to_vec(), batch_size, epochs, patience: 0, ..MlpSpec::default() };
        let parameters: usize = mlp.parameters(20).iter().sum();
        for (name, cores) in [
            ("one process, one core", &["0"][..]),
            ("one process, two cores", &["0,1"]),
            ("two processes, a core each", &["0", "1"]),
        ] {
            let machines: Vec<Machine> = cores.iter().map(|cores| machine_on(&key, Some(cores))).collect();
            let at = machines.iter().map(|m| m.at.clone()).collect::<Vec<_>>().join(",");
            let elsewhere = Some(Elsewhere::several(&at, TOKEN, None, false).unwrap());
            let specs = Specs { mlp: mlp.clone(), elsewhere, ..Specs::default() };
            let mut best = f64::INFINITY;
            let mut bytes = 0;
            for _ in 0..3 {
                let before = wire();
                let trained =
                    train_with(ModelKind::Mlp, &specs, &samples, DeviceKind::Flex, 1, &Reporter::silent())
                        .unwrap();
                bytes = wire() - before;
                // From the end of the first epoch on: what is sent and warmed up before is not a step's.
                let epochs = &trained.history;
                let seconds = epochs.last().unwrap().seconds - epochs[0].seconds;
                best = best.min(seconds / (epochs.len() - 1) as f64);
            }
            let steps = rows.div_ceil(batch_size) * epochs;
            println!(
                "{hidden:?} batch {batch_size}, {parameters} weights, {name}: {:.0} rows/s, {:.2} ms a step, {} bytes a step",
                rows as f64 / best,
                best * 1e3 * batch_size as f64 / rows as f64,
                bytes / steps as u64
            );
        }
    }
}

/// Bytes that went over the loopback so far.
fn wire() -> u64 {
    let text = std::fs::read_to_string("/proc/net/dev").unwrap();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("lo:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn measured(rows: usize) -> Samples {
    let matrix = |rows: usize, from: usize| {
        let data: Vec<f32> =
            (0..rows * 20).map(|at| (((at + from) * 7919) % 1009) as f32 / 500.0 - 1.0).collect();
        let names = || (0..20).map(|at| format!("x{at}")).collect::<Vec<_>>();
        Matrix::new(names(), names(), rows, data)
    };
    let truth = |matrix: &Matrix| (0..matrix.height).map(|at| matrix.row(at)[0] > 0.1).collect::<Vec<_>>();
    let (train, valid) = (matrix(rows, 0), matrix(200, 17));
    let (train_labels, valid_labels) = (truth(&train), truth(&valid));
    Samples { train, train_labels, valid, valid_labels }
}
