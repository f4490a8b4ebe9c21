//! Projects and bundles locked with a passphrase: in the window, on the command line, after a crash.

use std::path::{Path, PathBuf};

use eframe::egui;
use egui_kittest::kittest::Queryable as _;
use regulars::http::{self, Options, Source};
use regulars::window::Prefs;
use regulars::window::pages::{DeployTab, Page};
use regulars::words::Lang;
use regulars_engine::privacy::{Passphrase, is_locked};
use regulars_engine::project::{Recovery, SavedProject};

use crate::pages::{until, window};
use crate::support::{adapter, json, program, regulars, sample};

const WORDS: &str = "four grey otters dance";

fn pass(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

/// True if a file anywhere under `folder` holds `part`.
fn holds(folder: &Path, part: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| match entry.path() {
        path if path.is_dir() => holds(&path, part),
        path => std::fs::read(path).unwrap().windows(part.len()).any(|window| window == part),
    })
}

#[test]
fn a_bundle_is_locked_used_and_unlocked_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (bundle, data) = (at("m.bundle"), sample().display().to_string());
    json(&["train", &data, "--model", "logistic", "--bundle", &bundle]);
    let plain = std::fs::read(&bundle).unwrap();
    let (code, _, told) = regulars(&["unlock", &bundle]);
    assert!(code == 1 && told.contains("not locked"), "{told}");
    let out = at("scores.csv");
    let scores = |extra: &[&str]| {
        json(&[&["score", &bundle, &data, "--out", &out], extra].concat());
        std::fs::read(&out).unwrap()
    };
    let before = scores(&[]);

    let words = at("words.txt");
    std::fs::write(&words, format!("{WORDS}\n")).unwrap();
    let told = json(&["lock", &bundle, "--passphrase-file", &words]);
    assert_eq!((told["holds"].as_str(), told["locked"].as_bool()), (Some("bundle"), Some(true)));
    assert!(is_locked(Path::new(&bundle)));
    // Without a passphrase, with a wrong one, with the right one.
    let (code, out, _) = regulars(&["score", &bundle, &data, "--out", &at("none.csv"), "--json"]);
    assert!(code == 1 && out.contains("\"locked_file\"") && out.contains("--passphrase-file"), "{out}");
    let with = |variable: &str| {
        let mut program = program();
        program.env("REGULARS_PASSPHRASE", variable);
        let out =
            program.args(["score", &bundle, &data, "--out", &at("with.csv"), "--json"]).output().unwrap();
        (out.status.code(), serde_json::from_slice::<serde_json::Value>(&out.stdout).unwrap())
    };
    let (code, told) = with("four grey otters sleep");
    assert_eq!((code, told["error"]["kind"].as_str()), (Some(1), Some("wrong_passphrase")));
    assert_eq!(with(WORDS).0, Some(0));
    assert_eq!(std::fs::read(at("with.csv")).unwrap(), before);
    assert_eq!(scores(&["--passphrase-file", &words]), before);

    // Another passphrase, then none.
    let new = at("new.txt");
    std::fs::write(&new, "short").unwrap();
    let change = ["lock", &bundle, "--passphrase-file", &words, "--new-passphrase-file", &new];
    let (code, out, _) = regulars(&[&change[..], &["--json"]].concat());
    assert!(code == 1 && out.contains("\"short_passphrase\""), "{out}");
    std::fs::write(&new, "five green owls listen").unwrap();
    json(&change);
    assert_eq!(with(WORDS).1["error"]["kind"], "wrong_passphrase");
    let open = at("open.bundle");
    json(&["unlock", &bundle, "--out", &open, "--passphrase-file", &new]);
    assert_eq!(std::fs::read(&open).unwrap(), plain);
    assert!(is_locked(Path::new(&bundle)));

    // A changed byte is told, and nothing is opened.
    let mut changed = std::fs::read(&bundle).unwrap();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    std::fs::write(&bundle, changed).unwrap();
    let (code, out, _) = regulars(&["unlock", &bundle, "--passphrase-file", &new, "--json"]);
    assert!(code == 1 && out.contains("\"locked_changed\""), "{out}");
}

#[test]
fn the_window_locks_asks_and_keeps_nothing_plain() {
    let folder = tempfile::tempdir().unwrap();
    let (recovery, file) = (folder.path().join("recovery"), folder.path().join("shop.regulars"));
    let shots = std::env::var_os("REGULARS_SHOTS").map(PathBuf::from).filter(|_| adapter());
    let mut harness = window([1280.0, 800.0], Prefs { page: Page::Deploy, ..Prefs::default() });
    harness.state_mut().page.deploy.tab = DeployTab::Privacy;
    harness.state_mut().state.keep_in(&recovery);
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.keeping());

    // Two that differ, then two that are the same.
    type Window = egui_kittest::Harness<'static, regulars::window::App>;
    let type_in = |harness: &mut Window, label: &str, text: &str| {
        let role = egui::accesskit::Role::PasswordInput;
        harness.get_by_role_and_label(role, label).focus();
        harness.run_steps(2);
        harness.get_by_role_and_label(role, label).type_text(text);
        harness.run_steps(2);
    };
    type_in(&mut harness, "Passphrase", WORDS);
    type_in(&mut harness, "The same again", "four grey otters");
    harness.get_by_label("Lock").click();
    harness.run_steps(2);
    assert!(!harness.state().state.guard.is_locked());
    assert!(harness.query_all_by_label_contains("not the same").next().is_some());
    type_in(&mut harness, "Passphrase", WORDS);
    type_in(&mut harness, "The same again", WORDS);
    harness.get_by_label("Lock").click();
    harness.run_steps(2);
    assert!(harness.state().state.guard.is_locked());
    until(&mut harness, "keeping", |app| !app.state.keeping());

    // The autosave, the project, and the autosave of what was changed afterwards.
    harness.state_mut().state.save(file.clone());
    until(&mut harness, "saving", |app| !app.state.saving() && !app.state.keeping());
    assert!(is_locked(&file));
    harness.state_mut().state.settings.threshold = 0.3;
    harness.state_mut().state.commit(false);
    until(&mut harness, "keeping", |app| !app.state.keeping());
    assert!(!holds(folder.path(), b"project.json"), "a plain project lies about");
    for lang in Lang::ALL {
        for (size, dark) in [([1280.0, 800.0], false), ([1280.0, 800.0], true), ([1024.0, 700.0], false)] {
            harness.state_mut().prefs.lang = lang;
            harness.set_size(size.into());
            harness.ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
            harness.run_steps(3);
            assert!(harness.try_run().is_ok(), "it rests");
            if let Some(folder) = &shots {
                let name = format!("privacy-{}-{}-{dark}.png", lang.code(), size[0]);
                harness.render().unwrap().save(folder.join(name)).unwrap();
            }
        }
    }
    harness.state_mut().prefs.lang = Lang::En;
    harness.state_mut().state.close();
    drop(harness);
    // What a crash would leave is found, and opens with the passphrase alone.
    let left = Recovery::left_behind(&recovery);
    assert!(left.len() == 1 && left[0].locked);
    assert_eq!(left[0].open_with(Some(&pass(WORDS))).unwrap().settings.threshold, 0.3);
    assert!(SavedProject::open(&file).is_err());

    // Opened again: asked for, refused, opened, and still locked when it is saved.
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.state_mut().state.open(&file);
    harness.run_steps(2);
    assert!(harness.query_by_label("A locked project").is_some());
    for (words, opens) in [("four grey otters sleep", false), (WORDS, true)] {
        harness.state_mut().state.guard.asking.as_mut().unwrap().typed = words.to_owned();
        harness.run_steps(1);
        harness.get_by_label("Unlock").click();
        harness.step();
        let tried = |app: &regulars::window::App| {
            app.state.guard.asking.as_ref().is_none_or(|asking| !asking.is_trying())
        };
        until(&mut harness, "trying", tried);
        assert_eq!(harness.state().state.guard.is_locked(), opens, "{words}");
        if !opens {
            assert!(harness.query_all_by_label_contains("does not open").next().is_some());
            if let Some(folder) = &shots {
                harness.render().unwrap().save(folder.join("passphrase.png")).unwrap();
            }
        }
    }
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    assert_eq!(harness.state().state.project_file.as_ref(), Some(&file));
    harness.state_mut().state.save(file.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    assert!(is_locked(&file));
    // No lock any more: anyone can open it.
    harness.state_mut().state.lock_with(None);
    until(&mut harness, "saving", |app| !app.state.saving());
    assert!(SavedProject::open(&file).is_ok());
}

#[test]
fn the_watched_folder_and_the_service_open_what_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (bundle, data) = (at("m.bundle"), sample().display().to_string());
    json(&["train", &data, "--model", "tree", "--bundle", &bundle]);
    let words = at("words.txt");
    std::fs::write(&words, WORDS).unwrap();
    json(&["lock", &bundle, "--passphrase-file", &words]);
    std::fs::create_dir(at("in")).unwrap();
    std::fs::copy(&data, at("in/week.csv")).unwrap();
    let (inside, lists) = (at("in"), at("out"));
    let watch = ["watch", &inside, "--bundle", &bundle, "--out", &lists, "--once", "--settle", "0", "--json"];
    let (code, out, _) = regulars(&watch);
    assert!(code == 1 && out.contains("\"locked_file\""), "{out}");
    let done = json(&[&watch[..9], &["--passphrase-file", &words]].concat());
    assert_eq!(done["scored"], 1);
    assert!(!holds(Path::new(&lists), WORDS.as_bytes()), "the passphrase is written nowhere");
    let unit = json(&[&watch[..6], &["--passphrase-file", &words, "--print-service"]].concat());
    let unit = unit["unit"].as_str().unwrap();
    assert!(
        unit.contains("--passphrase-file") && unit.contains("words.txt") && !unit.contains(WORDS),
        "{unit}"
    );

    let sources = [Source::File(PathBuf::from(&bundle))];
    let options = || Options::at(([127, 0, 0, 1], 0).into());
    let refused = http::start(&sources, options()).map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), "locked_file");
    let other = Options { passphrase: Some(pass("four grey otters sleep")), ..options() };
    assert_eq!(http::start(&sources, other).map(|_| ()).unwrap_err().kind(), "wrong_passphrase");
    let service = http::start(&sources, Options { passphrase: Some(pass(WORDS)), ..options() }).unwrap();
    assert_eq!(service.models(), ["m"]);
    service.stop(std::time::Duration::from_secs(5));
}
