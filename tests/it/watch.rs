//! The watched folder, drift and the audit trail: on the command line and in the window.

use std::path::{Path, PathBuf};

use eframe::egui;
use egui_kittest::kittest::Queryable as _;
use regulars::window::Prefs;
use regulars::window::pages::{DeployTab, Page};
use regulars::words::Lang;
use serde_json::Value;

use crate::pages::{until, window};
use crate::support::{json, public, regulars, sample};

/// A bundle of a tree on the sample shop, a folder with two exports and a file that is none.
struct Shop {
    root: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let shop = Self { root: tempfile::tempdir().unwrap() };
        let (file, bundle) = (sample().display().to_string(), shop.at("m.bundle"));
        json(&["train", &file, "--target", "churned", "--model", "tree", "--bundle", &bundle]);
        std::fs::create_dir(shop.root.path().join("in")).unwrap();
        let text = std::fs::read_to_string(sample()).unwrap();
        let (head, rows) = text.split_once('\n').unwrap();
        let rows: Vec<&str> = rows.lines().collect();
        let part = |name: &str, rows: &[&str]| {
            let text = format!("{head}\n{}\n", rows.join("\n"));
            std::fs::write(shop.root.path().join("in").join(name), text).unwrap();
        };
        part("week1.csv", &rows[..300]);
        // Customers who are all of one town, so that something moves.
        let moved: Vec<String> = rows[300..600]
            .iter()
            .map(|row| {
                let mut cells: Vec<&str> = row.split(',').collect();
                cells[4] = "Atlantis";
                cells.join(",")
            })
            .collect();
        part("week2.csv", &moved.iter().map(String::as_str).collect::<Vec<_>>());
        std::fs::write(shop.root.path().join("in/menu.csv"), "dish,price\nsoup,4\nrice,2\n").unwrap();
        shop
    }

    fn at(&self, name: &str) -> String {
        self.root.path().join(name).display().to_string()
    }

    fn watch(&self, more: &[&str]) -> Value {
        let (folder, bundle, out) = (self.at("in"), self.at("m.bundle"), self.at("out"));
        let ask = ["watch", &folder, "--bundle", &bundle, "--out", &out, "--once", "--settle", "0"];
        json(&[&ask, more].concat())
    }

    fn list(&self, stem: &str) -> PathBuf {
        let paths = std::fs::read_dir(self.at("out")).unwrap().map(|entry| entry.unwrap().path());
        let is_it = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(stem) && name.ends_with(".csv")
        };
        paths.into_iter().find(is_it).unwrap()
    }
}

#[test]
fn a_watched_folder_gives_the_lists_that_score_gives() {
    let shop = Shop::new();
    let told = shop.watch(&[]);
    assert_eq!((told["scored"].as_u64(), told["refused"].as_u64()), (Some(2), Some(1)), "{told}");
    let single = shop.at("single.csv");
    json(&["score", &shop.at("m.bundle"), &shop.at("in/week1.csv"), "--out", &single]);
    assert!(std::fs::read(shop.list("week1")).unwrap() == std::fs::read(&single).unwrap());
    assert_eq!(shop.watch(&[])["scored"], 0, "nothing twice");
    let alerts = told["done"].as_array().unwrap().iter().find(|done| done["file"] == "week2.csv").unwrap();
    let alerts = alerts["result"]["scored"]["alerts"].as_array().unwrap();
    assert!(alerts.iter().any(|alert| alert["kind"] == "unseen" && alert["column"] == "city"), "{alerts:?}");

    let whole = json(&["audit", "verify", &shop.at("out")]);
    assert_eq!((whole["whole"].as_bool(), whole["entries"].as_u64()), (Some(true), Some(4)));
    let trail = Path::new(&shop.at("out")).join(".regulars-watch/audit.jsonl");
    let text = std::fs::read_to_string(&trail).unwrap();
    let cut: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    for (changed, line) in [(text.replacen("\"rows\":300", "\"rows\":301", 1), None), (cut, Some(4))] {
        std::fs::write(&trail, changed).unwrap();
        let (code, out, _) = regulars(&["audit", "verify", &shop.at("out"), "--json"]);
        let error: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, error["error"]["kind"].as_str()), (1, Some("trail_broken")), "{out}");
        assert!(line.is_none() || error["error"]["row"].as_u64() == line, "{out}");
    }
}

#[test]
fn a_stream_of_scores_is_the_whole_byte_for_byte() {
    let shop = Shop::new();
    let (bundle, file) = (shop.at("m.bundle"), sample().display().to_string());
    let (whole, streamed) = (shop.at("whole.csv"), shop.at("streamed.csv"));
    let first = json(&["score", &bundle, &file, "--out", &whole]);
    let second = json(&["score", &bundle, &file, "--out", &streamed, "--stream"]);
    assert!(std::fs::read(&whole).unwrap() == std::fs::read(&streamed).unwrap());
    for key in ["rows", "scored", "flagged_rows", "rejected_rows", "extra_columns"] {
        assert_eq!(first[key], second[key], "{key}");
    }
    assert_eq!(second["streamed"], true);
}

#[test]
fn telco_streams_as_it_is_read_whole() {
    let Some(telco) = public("telco-churn/Telco-Customer-Churn.csv") else { return };
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name).display().to_string();
    let (file, bundle) = (telco.display().to_string(), at("m.bundle"));
    json(&["train", &file, "--target", "Churn", "--model", "mlp", "--epochs", "3", "--bundle", &bundle]);
    json(&["score", &bundle, &file, "--out", &at("whole.csv")]);
    json(&["score", &bundle, &file, "--out", &at("streamed.csv"), "--stream"]);
    assert!(std::fs::read(at("whole.csv")).unwrap() == std::fs::read(at("streamed.csv")).unwrap());
}

#[test]
fn drift_is_told_with_and_without_labels() {
    let shop = Shop::new();
    let (bundle, calm, moved) = (shop.at("m.bundle"), shop.at("in/week1.csv"), shop.at("in/week2.csv"));
    let told = json(&["drift", &bundle, &calm]);
    assert_eq!(told["drift"]["alerts"].as_array().unwrap().len(), 0, "{}", told["drift"]["alerts"]);
    assert!(told["performance"]["labelled"].as_u64() > Some(250), "the file holds the outcome");
    let told = json(&["drift", &bundle, &moved]);
    assert!(!told["drift"]["alerts"].as_array().unwrap().is_empty());
    // Outcomes in a file of their own, for some of the customers only.
    let labels = shop.at("labels.csv");
    let text = std::fs::read_to_string(&calm).unwrap();
    let pair =
        |line: &str| format!("{},{}\n", line.split(',').next().unwrap(), line.rsplit(',').next().unwrap());
    std::fs::write(&labels, text.lines().take(101).map(pair).collect::<String>()).unwrap();
    let told = json(&["drift", &bundle, &calm, "--labels", &labels]);
    let labelled = told["performance"]["labelled"].as_u64().unwrap();
    assert!((90..=100).contains(&labelled), "{labelled}");
    assert!(told["performance"]["roc_auc"]["low"].as_f64() > Some(0.4));
    let (code, out, _) = regulars(&["drift", &bundle, &moved]);
    assert!(code == 0 && out.contains("city has values that the model never saw"), "{out}");
}

#[test]
fn a_bundle_of_the_first_version_is_watched_over_as_far_as_it_goes() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1.bundle");
    let bundle = regulars_engine::deploy::Bundle::open(&golden).unwrap();
    assert!(bundle.scores.is_none() && bundle.profiles.is_empty());
    let gather = regulars_engine::deploy::drift::Gather::new(&bundle);
    let report = gather.finish(&regulars_engine::deploy::drift::Rules::default());
    assert!(report.columns.is_empty() && report.score.is_none());
}

#[test]
fn the_service_is_shown_and_written() {
    let shop = Shop::new();
    let (folder, bundle, out) = (shop.at("in"), shop.at("m.bundle"), shop.at("out"));
    let ask = ["watch", &folder, "--bundle", &bundle, "--out", &out];
    let unit = json(&[&ask[..], &["--print-service"]].concat())["unit"].as_str().unwrap().to_owned();
    assert!(unit.contains("ExecStart=") && unit.contains(&folder), "{unit}");
    let mut program = crate::support::program();
    let config = shop.at("config");
    let written =
        program.env("XDG_CONFIG_HOME", &config).args(ask).arg("--install-service").output().unwrap();
    assert!(written.status.success());
    let file = Path::new(&config).join("systemd/user/regulars-watch.service");
    assert_eq!(std::fs::read_to_string(file).unwrap(), unit);
    assert!(String::from_utf8(written.stdout).unwrap().contains("systemctl --user enable --now"));
}

#[test]
fn a_challenger_is_trained_by_itself_on_the_command_line() {
    let shop = Shop::new();
    let text = std::fs::read_to_string(sample()).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let known = PathBuf::from(shop.at("known.csv"));
    std::fs::write(&known, format!("{head}\n{}\n", rows[..600].join("\n"))).unwrap();
    std::fs::create_dir(shop.at("labelled")).unwrap();
    std::fs::write(shop.at("labelled/may.csv"), format!("{head}\n{}\n", rows[600..].join("\n"))).unwrap();
    let project = regulars_engine::project::SavedProject::new(Default::default(), known, String::new());
    project.save(Path::new(&shop.at("p.regulars"))).unwrap();
    let (project, labelled) = (shop.at("p.regulars"), shop.at("labelled"));
    let ask = ["--retrain", &project, "--labelled", &labelled, "--retrain-every", "7d"];
    let told = shop.watch(&ask);
    let judged = &told["retrained"];
    assert!(judged["rows"].as_u64() > Some(100) && judged["learnt"].as_u64() > Some(900), "{told}");
    assert_eq!(judged["took_over"], judged["difference"]["low"].as_f64() > Some(0.0));
    assert_eq!(shop.watch(&ask)["retrained"], Value::Null, "a month judges once");
    assert_eq!(json(&["audit", "verify", &shop.at("out")])["whole"], true);
    let unit = shop.watch(&["--retrain", &project, "--labelled", &labelled]);
    assert_eq!(unit["retrained"], Value::Null);
    let (folder, bundle, out) = (shop.at("in"), shop.at("m.bundle"), shop.at("out"));
    let ask = ["watch", &folder, "--bundle", &bundle, "--out", &out, "--print-service"];
    let unit = json(&[&ask[..], &["--retrain", &project, "--labelled", &labelled]].concat());
    assert!(unit["unit"].as_str().unwrap().contains("--retrain-every 30"), "{unit}");
    let (code, _, _) =
        regulars(&["watch", &folder, "--bundle", &bundle, "--out", &out, "--retrain", &project]);
    assert_eq!(code, 2, "without outcomes there is nothing to learn from");
}

#[test]
fn the_tab_watches_and_shows_what_moved() {
    let shop = Shop::new();
    let shots = std::env::var_os("REGULARS_SHOTS").map(PathBuf::from);
    let mut harness = window([1280.0, 800.0], Prefs { page: Page::Deploy, ..Prefs::default() });
    harness.state_mut().page.deploy.tab = DeployTab::Watch;
    harness.run_steps(2);
    let paths = &mut harness.state_mut().state.watch.form.paths;
    for (path, text) in paths.iter_mut().zip(["in", "m.bundle", "out"]) {
        *path = shop.at(text);
    }
    harness.run_steps(2);
    harness.get_by_label("Look once").click();
    harness.step();
    let has_read = |app: &regulars::window::App| {
        app.state.watch.read().is_some_and(|read| read.done.len() == 3) && !app.state.watch.is_on()
    };
    until(&mut harness, "watching", has_read);
    let hash = {
        let read = harness.state().state.watch.read().unwrap().clone();
        read.done.iter().find(|(_, done)| done.file == "week2.csv").unwrap().0.clone()
    };
    harness.state_mut().state.watch.chosen = Some(hash);
    until(&mut harness, "drift", |app| app.state.watch.drift().is_some());
    harness.state_mut().state.watch.column = Some("city".to_owned());
    harness.state_mut().state.verify_watch();
    until(&mut harness, "verifying", |app| app.state.watch.verified().is_some());
    assert!(harness.state().state.watch.verified().unwrap().is_ok());
    harness.run_steps(3);
    assert!(harness.query_all_by_label_contains("week2.csv: city has moved away").next().is_some());
    for lang in Lang::ALL {
        for (size, dark) in [([1280.0, 2000.0], false), ([1280.0, 800.0], true), ([1024.0, 700.0], false)] {
            harness.state_mut().prefs.lang = lang;
            harness.set_size(size.into());
            harness.ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
            harness.run_steps(3);
            assert!(harness.try_run().is_ok(), "it rests");
            if let Some(folder) = shots.as_ref().filter(|_| crate::support::adapter()) {
                let name = format!("watch-{}-{}-{}.png", lang.code(), size[0], size[1]);
                harness.render().unwrap().save(folder.join(name)).unwrap();
            }
        }
    }
}
