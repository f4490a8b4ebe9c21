//! A model handed on: the program that carries it, and the workbook that scores by formulas.

use std::path::{Path, PathBuf};
use std::process::Command;

use eframe::egui;
use egui_kittest::kittest::Queryable as _;
use regulars::window::Prefs;
use regulars::window::pages::{DeployTab, Page};
use regulars::words::Lang;
use serde_json::Value;

use crate::pages::{until, window};
use crate::support::{json, program, regulars, sample, telco};

struct Shop {
    root: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> String {
        self.root.path().join(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.root.path().join(name)).unwrap()
    }

    /// A bundle of this kind of model, and the scorer that carries it.
    fn scorer(&self, file: &Path, target: &str, kind: &str) -> (String, String) {
        let (bundle, out) = (self.at(&format!("{kind}.bundle")), self.at(&format!("{kind}-scorer")));
        let file = file.display().to_string();
        let train = ["train", &file, "--target", target, "--model", kind, "--epochs", "3"];
        json(&[&train[..], &["--bundle", &bundle]].concat());
        let told = json(&["export", &bundle, "--scorer", &out]);
        assert_eq!(told["scorer"]["self_test_rows"], 24, "{told}");
        (bundle, out)
    }
}

/// Runs a scorer in English; gives exit code, standard output and standard error.
fn run(scorer: &str, args: &[&str]) -> (i32, String, String) {
    // Another test may be writing a program just now, and a file that is open for writing does not start.
    let out = loop {
        let mut command = Command::new(scorer);
        command.env("LANG", "C").env_remove("LC_ALL").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        match command.args(args).output() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
            done => break done.unwrap(),
        }
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

fn object(scorer: &str, args: &[&str]) -> Value {
    let (code, out, err) = run(scorer, &[args, &["--json"]].concat());
    assert_eq!(code, 0, "{out}{err}");
    serde_json::from_str(&out).unwrap()
}

/// The first cells of every line.
fn columns(text: &str, many: usize) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let row = |row: csv::StringRecord| row.iter().take(many).map(str::to_owned).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

#[test]
fn a_scorer_says_what_regulars_says() {
    let shop = Shop::new();
    let files: Vec<(PathBuf, &str)> =
        [Some((sample(), "churned")), telco().map(|file| (file, "Churn"))].into_iter().flatten().collect();
    for (file, target) in files {
        for kind in ["logistic", "mlp", "boosted"] {
            let (bundle, scorer) = shop.scorer(&file, target, kind);
            let path = file.display().to_string();
            let (wanted, got) = (shop.at("wanted.csv"), shop.at("got.csv"));
            let told = json(&["score", &bundle, &path, "--out", &wanted]);
            let mine = object(&scorer, &[&path, "--out", &got]);
            assert_eq!((&mine["rows"], &mine["flagged_rows"]), (&told["rows"], &told["flagged_rows"]));
            let (wanted, got) = (columns(&shop.read("wanted.csv"), 9), columns(&shop.read("got.csv"), 5));
            assert!(wanted.len() > 1_000 && wanted == got, "{kind} of {path}");
            let checked = object(&scorer, &["--check"]);
            assert_eq!((&checked["rows"], &checked["equal"]), (&24.into(), &24.into()), "{kind}: {checked}");
        }
    }
}

#[test]
fn a_scorer_tells_what_it_reads_and_what_is_strange() {
    let shop = Shop::new();
    let (_, scorer) = shop.scorer(&sample(), "churned", "logistic");
    let schema = object(&scorer, &["--schema"]);
    assert_eq!(schema["target"], "churned");
    let columns_of = schema["columns"].as_array().unwrap();
    let ranged = columns_of.iter().find(|one| one["range"].is_array() && one["needed"] == true).unwrap();
    let listed = columns_of.iter().find(|one| one["levels"].is_array()).unwrap();
    let (_, shown, _) = run(&scorer, &["--schema"]);
    assert!(shown.contains(ranged["name"].as_str().unwrap()), "{shown}");

    // One number beyond, and yet possible, one category that nobody had, one number that is none.
    let text = std::fs::read_to_string(sample()).unwrap();
    let mut rows = columns(&text, 99);
    let head = rows[0].clone();
    let place = |name: &Value| head.iter().position(|column| name == column.as_str()).unwrap();
    let (number, level) = (place(&ranged["name"]), place(&listed["name"]));
    rows.truncate(6);
    let beyond = format!("{}", ranged["range"][1].as_f64().unwrap() + 17.0);
    rows[1][number] = beyond.clone();
    rows[2][level] = "Atlantis".into();
    rows[3][number] = "plenty".into();
    let strange = shop.root.path().join("strange.csv");
    let mut writer = csv::Writer::from_path(&strange).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.flush().unwrap();
    let strange = strange.display().to_string();
    let told = object(&scorer, &[&strange]);
    // Without --out the list stands beside the file.
    assert_eq!(told["out"].as_str().unwrap(), shop.at("strange.scored.csv"));
    assert_eq!(told["rows_with_flags"], 3, "{told}");
    let list = columns(&shop.read("strange.scored.csv"), 8);
    let flags = ["out_of_range", "unseen", "not_read"].map(str::to_owned);
    assert_eq!(list[0][5..], flags);
    let said = |name: &Value, value: &str| format!("{}={value}", name.as_str().unwrap());
    assert_eq!(list[1][5], said(&ranged["name"], &beyond));
    assert_eq!(list[2][6], said(&listed["name"], "Atlantis"));
    assert_eq!(list[3][7], said(&ranged["name"], "plenty"));
    assert_eq!(list[4][5..], ["", "", ""]);

    // Columns that are missing are all named; the file itself is never written over.
    std::fs::write(shop.root.path().join("few.csv"), "a,b\n1,2\n3,4\n").unwrap();
    let (code, out, _) = run(&scorer, &[&shop.at("few.csv"), "--json"]);
    let error: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, error["error"]["kind"].as_str()), (1, Some("missing_column")));
    assert!(error["error"]["columns"].as_array().unwrap().len() > 3, "{error}");
    assert!(!shop.root.path().join("few.scored.csv").exists());
    let (code, out, _) = run(&scorer, &[&strange, "--out", &strange, "--json"]);
    assert!(code == 1 && out.contains("is_input"), "{out}");
    // It is a scorer, and no Regulars.
    let (code, _, err) = run(&scorer, &["inspect", &strange]);
    assert!(code == 1 && err.contains("inspect"), "{err}");
    let (code, out, err) = run(&scorer, &[]);
    assert!(code == 2 && format!("{out}{err}").contains("--schema"), "{out}{err}");
    // In Chinese.
    let out = Command::new(&scorer).env("LANG", "zh_CN.UTF-8").arg("--check").output().unwrap();
    assert!(String::from_utf8(out.stdout).unwrap().contains("完好"));
}

#[test]
fn a_scorer_that_was_changed_does_nothing() {
    let shop = Shop::new();
    let (bundle, scorer) = shop.scorer(&sample(), "churned", "tree");
    let sound = std::fs::read(&scorer).unwrap();
    let file = sample().display().to_string();
    let error = |args: &[&str]| -> String {
        let (code, out, _) = run(&scorer, args);
        assert_eq!(code, 1, "{out}");
        let told: Value = serde_json::from_str(&out).unwrap();
        told["error"]["kind"].as_str().unwrap().to_owned()
    };
    // A byte of the model; then one of what --check alone looks at, at the very end of the program.
    let model = u64::from_le_bytes(sound[sound.len() - 80..sound.len() - 72].try_into().unwrap()) as usize;
    let mut changed = sound.clone();
    let at = sound.len() - 88 - model / 2;
    changed[at] ^= 1;
    std::fs::write(&scorer, &changed).unwrap();
    let out = shop.at("never.csv");
    assert_eq!(error(&[&file, "--out", &out, "--json"]), "scorer_changed");
    assert_eq!(error(&["--check", "--json"]), "scorer_changed");
    assert!(!Path::new(&out).exists());
    let mut changed = sound.clone();
    changed[sound.len() - 88 - model - 1] ^= 1;
    std::fs::write(&scorer, &changed).unwrap();
    assert_eq!(error(&["--check", "--json"]), "scorer_changed");
    changed = sound.clone();
    *changed.last_mut().unwrap() = b'9';
    std::fs::write(&scorer, &changed).unwrap();
    assert_eq!(error(&[&file, "--json"]), "scorer_newer");

    // A locked bundle asks for its passphrase in the scorer, too.
    let words = shop.root.path().join("words");
    std::fs::write(&words, "a long passphrase\n").unwrap();
    let words = words.display().to_string();
    let lock = ["lock", &bundle, "--passphrase-file", &words, "--json"];
    let (code, out, err) = regulars(&lock);
    assert_eq!(code, 0, "{out}{err}");
    let locked = shop.at("locked-scorer");
    let told = json(&["export", &bundle, "--scorer", &locked, "--passphrase-file", &words]);
    assert_eq!(told["scorer"]["locked"], true, "{told}");
    let out = shop.at("locked.csv");
    let (code, told, _) = run(&locked, &[&file, "--out", &out, "--json"]);
    assert!(code == 1 && told.contains("locked_file"), "{told}");
    let told = object(&locked, &[&file, "--out", &out, "--passphrase-file", &words]);
    assert!(told["rows"].as_u64().unwrap() > 1_000, "{told}");
}

#[test]
fn a_workbook_says_what_regulars_says() {
    let shop = Shop::new();
    let (bundle, xlsx) = (shop.at("m.bundle"), shop.at("card.xlsx"));
    let file = telco().unwrap_or_else(sample).display().to_string();
    let target = if file.contains("elco") { "Churn" } else { "churned" };
    let train = ["train", &file, "--target", target, "--model", "logistic", "--repair", "isotonic"];
    json(&[&train[..], &["--bundle", &bundle]].concat());
    let told = json(&["export", &bundle, "--xlsx", &xlsx, "--rows", "120"]);
    assert_eq!((&told["xlsx"]["rows"], &told["xlsx"]["self_test_rows"]), (&120.into(), &24.into()));
    let mut chinese = program();
    let zh = shop.at("zh.xlsx");
    chinese.env("LANG", "zh_CN.UTF-8").args(["export", &bundle, "--xlsx", &zh]).output().unwrap();
    for (path, sheets) in
        [(&xlsx, ["Score", "Scorecard", "Self-test", "Model"]), (&zh, ["评分", "评分卡", "自检", "模型"])]
    {
        use calamine::Reader as _;
        let mut book = calamine::open_workbook_auto(path).unwrap();
        assert_eq!(book.sheet_names(), sheets);
        for name in sheets {
            let sheet = book.worksheet_range(name).unwrap();
            let is_key = |cell: &calamine::Data| cell.to_string().contains("sheet.");
            assert!(!sheet.used_cells().any(|(_, _, cell)| is_key(cell)), "a key without words");
        }
    }
    let tree = shop.at("tree.bundle");
    json(&["train", &file, "--target", target, "--model", "tree", "--bundle", &tree]);
    let (code, out, _) = regulars(&["export", &tree, "--xlsx", &shop.at("no.xlsx"), "--json"]);
    assert!(code == 1 && out.contains("workbook_model"), "{out}");
    assert!(!Path::new(&shop.at("no.xlsx")).exists());

    let Some(office) = std::env::var_os("REGULARS_SOFFICE") else {
        println!("skipped: formulas in LibreOffice: REGULARS_SOFFICE names no program");
        return;
    };
    let python = std::env::var_os("REGULARS_XLSX_PYTHON").unwrap_or_else(|| "python3".into());
    let matrix = shop.at("rows.csv");
    json(&["export", &bundle, &file, "--matrix", &matrix]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/workbook_equal.py");
    let mut command = Command::new(python);
    let out = command.arg(script).arg(office).args([&xlsx, &file, &matrix, "100"]).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    println!("{text}");
    assert!(out.status.success(), "{text}");
}

#[test]
fn the_window_hands_a_model_on() {
    let shop = Shop::new();
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.run_steps(2);
    harness.state_mut().prefs.page = Page::Deploy;
    harness.state_mut().page.deploy.tab = DeployTab::HandOn;
    harness.run_steps(2);
    assert!(harness.query_by_label("Nothing to hand on yet").is_some());
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    harness.state_mut().state.settings.mlp.epochs = 3;
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty());
    until(&mut harness, "bundling", |app| app.state.bundle.is_some() && !app.state.bundling());
    let kind = regulars_engine::train::ModelKind::Logistic;
    if harness.state().state.outcomes.iter().any(|outcome| outcome.kind == kind) {
        harness.state_mut().state.show_model(kind);
    }
    until(&mut harness, "bundling", |app| {
        let is_it = |bundle: &regulars_engine::deploy::Bundle| bundle.model.kind() == kind;
        !app.state.bundling() && app.state.bundle.as_deref().is_some_and(is_it)
    });
    harness.state_mut().prefs.page = Page::Deploy;
    harness.run_steps(3);
    harness.state_mut().prefs.folder = Some(shop.root.path().to_owned());
    let (mut handed, label) = (Vec::new(), Lang::En.t("collect.path"));
    for (form, ending) in [("Scorer program", ""), ("Excel scorecard", "xlsx"), ("ONNX", "onnx")] {
        harness.get_by_label(&format!("Save as: {form}")).click_accesskit();
        harness.run_steps(3);
        let edit = harness.get_by_role_and_label(egui::accesskit::Role::TextInput, &label);
        let path = PathBuf::from(edit.value().unwrap_or_default());
        assert!(
            path.starts_with(shop.root.path()) && path.extension().unwrap_or_default() == ending,
            "{path:?}"
        );
        harness.key_press(egui::Key::Enter);
        harness.run_steps(2);
        until(&mut harness, form, |app| !app.state.writing());
        assert!(path.exists(), "{form}");
        handed.push(path);
        harness.run_steps(2);
    }
    let scorer = regulars_engine::deploy::scorer::find(&handed[0]).unwrap().unwrap();
    assert_eq!(scorer.open(None).unwrap().bundle.model.kind(), kind);
    if let Some(folder) = std::env::var_os("REGULARS_SHOTS").map(PathBuf::from) {
        for lang in Lang::ALL {
            for theme in [egui::Theme::Light, egui::Theme::Dark] {
                harness.state_mut().prefs.lang = lang;
                harness.ctx.set_theme(theme);
                harness.run_steps(3);
                let name = format!("hand_on-{}-{theme:?}.png", lang.code());
                harness.render().unwrap().save(folder.join(name)).unwrap();
            }
        }
    }
}
