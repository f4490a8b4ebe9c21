//! What an owner comes back for: reasons, the next month, lists to take away, projects that last.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use calamine::{Data, Reader as _, open_workbook_auto};
use regulars::window::notice::Tone;
use regulars::window::state::State;
use regulars::words::{self, Against, Beside, Column, Lang};
use regulars_engine::deploy::{Answer, Bundle, Change, FollowUp, Lacking};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Contacts, Origin, SavedProject, Settings};
use regulars_engine::split::Side;
use regulars_engine::train::{DeviceKind, ModelKind};

use crate::support::{json, open, prepare, regulars, sample, telco};

/// Works on until `done`; the jobs run on threads of their own.
pub fn wait(state: &mut State, what: &str, done: impl Fn(&State) -> bool) {
    let started = std::time::Instant::now();
    while !done(state) {
        assert!(started.elapsed().as_secs() < 200, "{what} takes too long");
        state.poll();
        state.commit(false);
        std::thread::yield_now();
    }
}

pub fn ready(state: &mut State) {
    wait(state, "reasons", |s| {
        s.reasons.is_some() && !s.bundling() && s.bundle.is_some() && s.segment.is_none()
    });
}

/// Saves and waits for it.
pub fn save(state: &mut State, path: &Path) {
    state.save(path.to_owned());
    wait(state, "saving", |s| !s.saving());
}

pub fn state() -> State {
    let mut state = State::new(eframe::egui::Context::default());
    state.settings.device = DeviceKind::Flex;
    state
}

fn trained(file: &Path, epochs: usize) -> State {
    let mut state = state();
    state.open(file);
    state.settings.device = DeviceKind::Flex;
    state.settings.mlp.epochs = epochs;
    wait(&mut state, "reading", |s| s.prepared.is_some() && !s.preparing());
    state.train();
    wait(&mut state, "training", |s| !s.outcomes.is_empty());
    ready(&mut state);
    state
}

#[test]
fn planted_causes_come_first_and_planted_noise_never() {
    let table = open(&sample());
    // Silence (and its shadow, fewer visits), tickets, satisfaction, bargain hunting, loyalty.
    let causes = ["last_order_date", "visits_30d", "tickets", "satisfaction", "discount_share", "orders"];
    let noise = ["city", "age", "newsletter", "lucky_number"];
    for (kind, seed) in
        [ModelKind::Mlp, ModelKind::Logistic].into_iter().flat_map(|k| (1..4).map(move |s| (k, s)))
    {
        let settings = Settings { device: DeviceKind::Flex, seed, ..Settings::default() };
        let prepared = prepare(&table, &settings);
        let outcome = project::learn(&settings, &prepared, kind, &Reporter::silent()).unwrap();
        let list = project::rank(&prepared, &outcome, None);
        let churners: Vec<_> =
            list.iter().filter(|c| c.side == Some(Side::Test) && c.actual == Some(true)).collect();
        assert!(churners.len() > 50);
        let origin = Origin::Trained { table: &table, prepared: &prepared, outcome: &outcome };
        let (base, reasons) = project::why(origin, &churners, 3, &Reporter::silent()).unwrap().unwrap();
        let places: Vec<usize> = churners.iter().map(|c| c.place).collect();
        let explainer = &outcome.explainer;
        let told = explainer.explain(&outcome.trained.model, &prepared.matrix, &places, &Reporter::silent());
        for (one, customer) in told.unwrap().iter().zip(&churners) {
            let sum = base + one.shares.iter().sum::<f64>();
            assert!((sum - customer.probability).abs() < 1e-5, "{sum} {}", customer.probability);
        }
        let is = |reason: Option<&regulars_engine::deploy::Reason>, names: &[&str]| {
            reason.is_some_and(|r| names.contains(&r.column.as_str()))
        };
        let first = |names: &[&str]| reasons.iter().filter(|all| is(all.first(), names)).count();
        let among = reasons.iter().filter(|all| all.iter().any(|r| is(Some(r), &noise)));
        let (right, wrong) = (first(&causes), among.count());
        let share = right as f64 / churners.len() as f64;
        println!(
            "{kind:?}, seed {seed}: {} churners, a planted cause first for {right} ({:.0}%), noise among the \
             first three for {wrong}",
            churners.len(),
            100.0 * share,
        );
        assert!(share >= 0.9, "{kind:?}: {share}");
        assert_eq!(wrong, 0, "{kind:?}");
    }
}

/// Telco cut into two months: 4,000 customers are in both; in the second a column is written
/// otherwise, one is gone, one is new, a payment method is new, everyone pays for a month more, and
/// some have left.
fn months(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let path = telco()?;
    let mut reader = csv::Reader::from_path(path).unwrap();
    let heads: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let at = |name: &str| heads.iter().position(|h| h == name).unwrap();
    let rows: Vec<Vec<String>> =
        reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
    let write = |name: &str, heads: &[String], rows: &[Vec<String>]| {
        let path = folder.join(name);
        let mut writer = csv::Writer::from_path(&path).unwrap();
        writer.write_record(heads).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
        path
    };
    let june = write("june.csv", &heads, &rows[..5000]);
    let gone = at("PaperlessBilling");
    let mut july_heads = heads.clone();
    july_heads[at("MonthlyCharges")] = "monthly charges".into();
    july_heads.remove(gone);
    july_heads.push("Loyalty tier".into());
    let july_rows: Vec<Vec<String>> = rows[1000..]
        .iter()
        .enumerate()
        .map(|(n, row)| {
            let mut row = row.clone();
            row[at("tenure")] = (row[at("tenure")].parse::<u32>().unwrap() + 1).to_string();
            if n % 5 == 0 {
                row[at("PaymentMethod")] = "Crypto wallet".into();
            }
            if n % 11 == 0 {
                row[at("Churn")] = "Yes".into();
            }
            row.remove(gone);
            row.push(["gold", "silver"][n % 2].into());
            row
        })
        .collect();
    Some((june, write("july.csv", &july_heads, &july_rows)))
}

#[test]
fn next_month_tells_every_difference_and_keeps_every_note() {
    let folder = tempfile::tempdir().unwrap();
    let Some((june, july)) = months(folder.path()) else { return };
    let mut state = trained(&june, 6);
    let before: HashMap<String, (f64, bool)> = state
        .list()
        .unwrap()
        .iter()
        .map(|c| (c.id.clone(), (c.probability, c.actual == Some(true))))
        .collect();
    // Two customers who are at risk, still here, and in next month's file as well.
    let both: HashSet<String> =
        open(&july).text("customerID").unwrap().iter().flatten().map(str::to_owned).collect();
    let here: Vec<_> =
        state.list().unwrap().iter().filter(|c| c.actual != Some(true) && both.contains(&c.id)).collect();
    let (called, refused) = (here[0].id.clone(), here[1].id.clone());
    let note = FollowUp {
        contacted: Some("2026-06-30".into()),
        answer: Answer::Stays,
        note: "wants a cheaper plan，下月再联系".into(),
        do_not_contact: false,
    };
    state.follow_up(&called, note.clone());
    state.follow_up(&refused, FollowUp { do_not_contact: true, ..FollowUp::default() });
    let project = folder.path().join("shop.regulars");
    save(&mut state, &project);
    drop(state);
    // June's file is gone: the project still scores July's.
    std::fs::rename(&june, folder.path().join("elsewhere.bin")).unwrap();
    std::fs::write(folder.path().join("elsewhere.bin"), "not what it was").unwrap();

    let mut state = self::state();
    state.open(&project);
    wait(&mut state, "looking", |s| !s.finding_data());
    assert!(state.lacks.is_some() && state.table.is_none(), "it says what it lacks");
    state.open_month(vec![july.clone()]);
    wait(&mut state, "scoring", |s| s.month.is_some() && s.reasons.is_some());
    let month = state.month.clone().unwrap();
    let found = month.differences();
    println!("{found:?}");
    assert_eq!(found.missing, ["PaperlessBilling"]);
    assert_eq!(found.renamed, [("MonthlyCharges".to_owned(), "monthly charges".to_owned())]);
    assert_eq!(found.extra, ["Loyalty tier"]);
    assert_eq!(found.new_levels.len(), 1);
    let (column, levels) = &found.new_levels[0];
    assert_eq!(
        (column.as_str(), levels.as_slice()),
        ("PaymentMethod", &[("Crypto wallet".to_owned(), 1209)][..])
    );
    assert!(found.drift.iter().any(|d| d.column == "PaymentMethod"), "a fifth pays otherwise");
    assert!(found.drift.iter().all(|d| d.column == "PaymentMethod"), "nothing else moved: {:?}", found.drift);
    assert!(found.more_missing.is_empty());
    assert_eq!(words::differences(Lang::Zh, found, Against::Model).len(), found.count());

    // The comparison, done again by hand.
    let since = state.since.clone().unwrap();
    let (list, changes) = (&since.0, &since.1);
    assert_eq!(list.file, "june.csv");
    let mut counted: std::collections::BTreeMap<Change, usize> = Default::default();
    for (customer, (change, then)) in month.list.iter().zip(&changes.of) {
        let now = customer.probability >= 0.5;
        let expected = match before.get(&customer.id) {
            None => Change::NewCustomer,
            Some((_, true)) => {
                if customer.actual == Some(true) {
                    Change::Unchanged
                } else {
                    *change
                }
            }
            Some((_, false)) if customer.actual == Some(true) => Change::Left,
            Some((p, false)) => match (*p >= 0.5, now) {
                (false, true) => Change::NewlyAtRisk,
                (true, true) => Change::StillAtRisk,
                (true, false) => Change::NoLongerAtRisk,
                (false, false) => Change::Unchanged,
            },
        };
        assert_eq!(*change, expected, "{}", customer.id);
        assert_eq!(then.as_ref(), before.get(&customer.id).map(|(p, _)| p));
        *counted.entry(*change).or_default() += 1;
    }
    println!("{counted:?}, gone {}", changes.gone.len());
    for change in [Change::NewlyAtRisk, Change::StillAtRisk, Change::NoLongerAtRisk, Change::Left] {
        assert!(counted[&change] > 0, "{change:?}");
    }
    assert_eq!(counted[&Change::NewCustomer], 2043);
    assert_eq!(changes.gone.len(), 1000);

    // Notes and refusals stayed with their customers, and the call list heeds them.
    assert_eq!(state.follow_ups[&called], note);
    let out = folder.path().join("call.csv");
    let places = (0..month.list.len()).collect();
    state.settings.call_list.only_at_risk = false;
    state.export_call_list(Lang::En, places, out.clone());
    wait(&mut state, "exporting", |s| s.notices.iter().any(|n| n.tone == Tone::Good));
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains(&called) && text.contains("wants a cheaper plan，下月再联系"));
    assert!(!text.contains(&refused), "who must not be contacted is not on the list");
    assert!(text.contains("newly at risk"));

    // The window's month and the command line's are one.
    let scores = folder.path().join("scores.csv");
    let told = json(&[
        "score",
        project.to_str().unwrap(),
        july.to_str().unwrap(),
        "--fill",
        "--out",
        scores.to_str().unwrap(),
    ]);
    for change in Change::ALL {
        assert_eq!(told["changes"]["counts"][change.name()], changes.count(change), "{change:?}");
    }
    assert_eq!(told["differences"]["missing"][0], "PaperlessBilling");
    let (code, told, _) = regulars(&[
        "score",
        project.to_str().unwrap(),
        july.to_str().unwrap(),
        "--out",
        scores.to_str().unwrap(),
        "--json",
    ]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, told["error"]["kind"].as_str()), (1, Some("missing_column")), "unless asked to fill");

    // And the month after compares with this one.
    state.open_month(vec![july.clone()]);
    wait(&mut state, "scoring", |s| s.month_job.is_none() && s.reasons.is_some());
    assert_eq!(state.since.as_ref().unwrap().0.file, "june.csv", "the same file is not its own past");

    // June's data come back; August is compared with July all the same, and July keeps its day.
    save(&mut state, &project);
    let mut later = self::state();
    later.open(&project);
    wait(&mut later, "looking", |s| !s.finding_data());
    let (_, again) = months(folder.path()).unwrap();
    later.open(&folder.path().join("june.csv"));
    wait(&mut later, "opening", |s| !s.outcomes.is_empty());
    ready(&mut later);
    let august = folder.path().join("august.csv");
    let text = std::fs::read_to_string(&again).unwrap();
    std::fs::write(&august, text.trim_end().rsplit_once('\n').unwrap().0).unwrap();
    later.open_month(vec![august]);
    wait(&mut later, "scoring", |s| s.month.is_some() && s.reasons.is_some());
    let since = later.since.clone().unwrap();
    assert_eq!((since.0.file.as_str(), since.1.gone.len()), ("july.csv", 1));
    assert_eq!(later.follow_ups[&called], note);

    // Another model trained meanwhile: the month stays with the one that scored it.
    later.settings.features.exclude.push("tenure".into());
    later.commit(false);
    wait(&mut later, "preparing", |s| !s.preparing());
    later.train();
    wait(&mut later, "training", |s| s.runs.len() == 2 && s.train.is_none() && !s.bundling());
    let one = later.list().unwrap()[0].clone();
    let (base, reasons) = later.whole_reason(&one).unwrap();
    assert!((0.0..=1.0).contains(&base) && !reasons.is_empty());
}

/// Rows of a written table: a CSV's, or the first sheet's of a workbook as calamine reads it.
fn read_back(path: &Path) -> Vec<Vec<String>> {
    if path.extension().is_some_and(|e| e == "csv") {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
        return reader
            .records()
            .map(|r| r.unwrap().iter().map(|cell| cell.trim_start_matches('\u{feff}').to_owned()).collect())
            .collect();
    }
    let mut book = open_workbook_auto(path).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range
        .rows()
        .map(|row| {
            row.iter()
                .map(|cell| match cell {
                    Data::Empty => String::new(),
                    Data::Float(value) => value.to_string(),
                    other => other.to_string(),
                })
                .collect()
        })
        .collect()
}

#[test]
fn what_is_exported_is_what_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let state = trained(&sample(), 4);
    let list = state.list().unwrap();
    let columns = Column::of(false, false);
    let reasons = state.reasons.clone().unwrap();
    let segments = state.segments.clone();
    for lang in Lang::ALL {
        let beside =
            Beside { segments: segments.as_deref(), reasons: Some(&reasons.of), ..Beside::default() };
        let places: Vec<usize> = (0..list.len()).rev().collect();
        let grid = words::ranked(lang, columns, list, places.iter().copied(), &beside);
        for ending in ["csv", "xlsx"] {
            let path = folder.path().join(format!("名单.{ending}"));
            grid.write(&path).unwrap();
            let rows = read_back(&path);
            assert_eq!(rows.len(), list.len() + 1);
            assert_eq!(rows[0], grid.header, "{ending}");
            for (row, &at) in rows[1..].iter().zip(&places) {
                for (n, column) in columns.iter().enumerate() {
                    // The very cell that the window draws.
                    let shown = column.cell(lang, at, &list[at], &beside);
                    let written = match (&shown, ending) {
                        (Cell::Number { value, .. }, "xlsx") => value.to_string(),
                        _ => shown.text().to_owned(),
                    };
                    assert_eq!(row[n], written, "{ending}, row {at}, {column:?}");
                }
            }
        }
    }
    let grid = Grid {
        name: "a/b:c*[客户]?".into(),
        header: vec!["姓名".into()],
        rows: vec![vec!["=1+1".into()], vec!["王小明 😀".into()], vec!["two\nlines".into()]],
    };
    let path = folder.path().join("odd.xlsx");
    grid.write(&path).unwrap();
    assert_eq!(
        read_back(&path)[1..],
        [["=1+1"], ["王小明 😀"], ["two\nlines"]],
        "text is text, never a formula"
    );
    assert_eq!(grid.to_tabs().lines().count(), 4);
}

#[test]
fn contact_details_only_where_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = trained(&sample(), 4);
    let text = std::fs::read_to_string(sample()).unwrap();
    let mails: Vec<&str> = text.split([',', '\n']).filter(|cell| cell.contains('@')).collect();
    let mut write = |contacts: Contacts, ending: &str| {
        let path = folder.path().join(format!("list-{}.{ending}", contacts.name()));
        state.settings.call_list.contacts = contacts;
        state.notices.clear();
        let places = (0..state.list().unwrap().len()).collect();
        state.export_call_list(Lang::Zh, places, path.clone());
        wait(&mut state, "exporting", |s| !s.notices.is_empty());
        path
    };
    let has = |text: &str| mails.iter().filter(|mail| text.contains(**mail)).count();
    for ending in ["csv", "html"] {
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
        let masked = read(write(Contacts::Masked, ending));
        assert!(has(&masked) == 0 && masked.contains("***@example.com"), "{ending}");
        let out = read(write(Contacts::LeftOut, ending));
        assert!(has(&out) == 0 && !out.contains("@example.com"));
        let clear = read(write(Contacts::Clear, ending));
        assert!(has(&clear) > 10);
        assert!(clear.contains("通常") && clear.contains("个百分点"), "reasons are in words");
    }
    let rows = read_back(&write(Contacts::Clear, "xlsx"));
    assert!(rows[0].contains(&"理由 1".to_owned()) && rows[0].contains(&"email".to_owned()), "{:?}", rows[0]);
    assert!(rows.len() > 10 && rows[1].iter().any(|cell| cell.contains('@')));
}

#[test]
fn the_report_is_one_file_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = trained(&sample(), 5);
    let path = folder.path().join("report.html");
    state.export_report(Lang::En, path.clone());
    wait(&mut state, "writing", |s| !s.notices.is_empty());
    let html = std::fs::read_to_string(&path).unwrap();
    let auc = state.shown().unwrap().test.fixed("roc_auc").unwrap().value;
    for wanted in [&format!("{auc:.3}"), "Model card", "模型卡", "customers.csv", "局限", "<svg", "64-32-1"]
    {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
    for outside in ["<script", "src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(!html.contains(outside), "nothing is loaded from anywhere: {outside}");
    }
    assert!(!html.contains("@example.com"), "no customer is in it");
    assert!(html.contains(&state.table.as_ref().unwrap().source.hash));

    // The command line's, of the same model.
    let project = folder.path().join("p.regulars");
    save(&mut state, &project);
    let again = folder.path().join("again.html");
    json(&["report", project.to_str().unwrap(), "--out", again.to_str().unwrap()]);
    let told = std::fs::read_to_string(&again).unwrap();
    assert!(told.contains(&format!("{auc:.3}")) && told.contains("模型卡"));
    let (code, out, _) =
        regulars(&["report", golden("v1.bundle").to_str().unwrap(), "--out", "/tmp/x.html", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, told["error"]["kind"].as_str()), (1, Some("no_model")));
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn files_of_older_formats_open() {
    let table = open(&sample());
    let bundle = Bundle::open(&golden("v1.bundle")).unwrap();
    assert!(bundle.explainer.is_none() && bundle.card.is_none());
    let scores = bundle.score(&table, Lacking::Refuse, &Reporter::silent()).unwrap();
    assert_eq!(scores.rows.len(), table.height());
    assert!(scores.rows.iter().all(|s| (0.0..=1.0).contains(&s.probability)));

    // A project that was saved elsewhere: its data are found by their name beside it.
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(sample(), folder.path().join("customers.csv")).unwrap();
    for name in ["v1.regulars", "v2.regulars"] {
        let path = folder.path().join(name);
        std::fs::copy(golden(name), &path).unwrap();
        let saved = SavedProject::open(&path).unwrap();
        assert_eq!((saved.version, saved.runs.len(), saved.runs[0].models.len()), (3, 1, 1), "{name}");
        assert_eq!(saved.runs[0].models[0].history.len(), 5);
        assert!(saved.sources.is_empty() && saved.wanted().len() == 1);
        let mut state = state();
        state.open(&path);
        wait(&mut state, "opening", |s| !s.outcomes.is_empty());
        assert!(!state.stale(), "its key is what it was");
        ready(&mut state);
        assert!(state.list().unwrap().len() > 1000);
    }

    // Every older format, and none of a newer one.
    let newer = folder.path().join("newer.regulars");
    let mut zip = zip_of(&serde_json::json!({ "version": 99 }));
    std::fs::write(&newer, &zip).unwrap();
    assert!(SavedProject::open(&newer).unwrap_err().to_string().contains("newer version"));
    zip.truncate(zip.len() / 2);
    std::fs::write(&newer, &zip).unwrap();
    assert!(SavedProject::open(&newer).is_err(), "half a file is no project");
}

fn zip_of(value: &serde_json::Value) -> Vec<u8> {
    // Written by the project's own writer, then changed: a project is a zip of one JSON.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.regulars");
    let mut project = SavedProject::new(Settings::default(), sample(), String::new());
    project.version = value["version"].as_u64().unwrap();
    project.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn moved_data_are_found_by_content_or_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there");
    std::fs::create_dir_all(there.join("old")).unwrap();
    let data = there.join("customers.csv");
    std::fs::copy(sample(), &data).unwrap();
    let mut state = trained(&data, 3);
    let project = there.join("p.regulars");
    save(&mut state, &project);
    let probabilities = state.outcomes[0].probabilities.clone();
    // Renamed and put away: found by its content.
    std::fs::rename(&data, there.join("old/export (1).txt")).unwrap();
    let mut again = self::state();
    again.open(&project);
    wait(&mut again, "opening", |s| !s.outcomes.is_empty());
    assert_eq!(again.outcomes[0].probabilities, probabilities);
    assert!(again.notices.iter().any(|n| n.tone == Tone::Good));
    // Mailed to a colleague: the project alone says what it lacks, and goes on when it gets it.
    let mailed = folder.path().join("mail");
    std::fs::create_dir(&mailed).unwrap();
    let copy = mailed.join("p.regulars");
    std::fs::rename(&project, &copy).unwrap();
    std::fs::rename(there.join("old/export (1).txt"), folder.path().join("stick.csv")).unwrap();
    std::fs::remove_dir_all(&there).unwrap();
    let mut colleague = self::state();
    colleague.open(&copy);
    wait(&mut colleague, "looking", |s| !s.finding_data());
    let lacks = colleague.lacks.clone().expect("it lacks its data");
    assert!(lacks.file.ends_with("customers.csv") && lacks.bytes.is_some());
    // Saving it now loses nothing.
    save(&mut colleague, &copy);
    assert_eq!(SavedProject::open(&copy).unwrap().runs.len(), 1);
    colleague.open(&folder.path().join("stick.csv"));
    wait(&mut colleague, "opening", |s| !s.outcomes.is_empty());
    assert_eq!(colleague.outcomes[0].probabilities, probabilities);
}

#[test]
fn runs_are_named_compared_and_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = trained(&sample(), 3);
    let first = state.outcomes[0].probabilities.clone();
    state.settings.mlp.optimizer = regulars_engine::train::Optimizer::Sgd { momentum: 0.9 };
    state.settings.mlp.batch_norm = true;
    state.settings.mlp.activation = regulars_engine::train::Activation::Gelu;
    state.commit(false);
    assert!(state.stale());
    state.train();
    wait(&mut state, "training", |s| s.runs.len() == 2 && s.train.is_none());
    ready(&mut state);
    assert_eq!(state.shown_run, 1);
    assert_ne!(state.outcomes[0].probabilities, first);
    state.runs[0].name = "erste".into();
    state.changed();
    state.show_run(0);
    assert_eq!(state.outcomes[0].probabilities, first);
    assert!(state.stale(), "shown figures are not of the present settings");
    ready(&mut state);
    let path = folder.path().join("runs.regulars");
    save(&mut state, &path);
    let mut again = self::state();
    again.open(&path);
    wait(&mut again, "opening", |s| s.runs.len() == 2);
    assert_eq!((again.shown_run, again.runs[0].name.as_str()), (0, "erste"));
    assert_eq!(again.outcomes[0].probabilities, first);
    assert_eq!(again.runs[1].history().len(), 3);
    again.use_settings_of(0);
    again.commit(false);
    assert!(!again.stale());
    again.forget_run(1);
    assert_eq!(again.runs.len(), 1);
    // Other rows: what was measured on the old ones is not shown as if it were of the new.
    again.settings.split.test = 0.4;
    again.commit(false);
    wait(&mut again, "preparing", |s| !s.preparing());
    assert!(again.stale());
}

#[test]
fn a_class_has_all_it_needs_with_checksums() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("class");
    let told = json(&["classroom", "--out", out.to_str().unwrap(), "--customers", "50"]);
    assert_eq!(told["files"].as_array().unwrap().len(), 7);
    let check = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(&out)
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    let program = out.join(if cfg!(windows) { "regulars.exe" } else { "regulars" });
    let version = std::process::Command::new(program).arg("--version").output().unwrap();
    assert!(version.status.success());
}

/// The same shop a month later, every last order a month later as well: nobody's risk moves with the
/// calendar.
#[test]
fn a_month_that_only_passes_changes_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("clean.csv");
    json(&["clean", sample().to_str().unwrap(), "--out", out.to_str().unwrap()]);
    let mut reader = csv::Reader::from_path(&out).unwrap();
    let heads = reader.headers().unwrap().clone();
    let last = heads.iter().position(|h| h == "last_order_date").unwrap();
    let signup = heads.iter().position(|h| h == "signup_date").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let write = |name: &str, days: i64| {
        let path = folder.path().join(name);
        let mut writer = csv::Writer::from_path(&path).unwrap();
        let cells = |record: &csv::StringRecord| -> Vec<String> {
            record.iter().enumerate().filter(|(at, _)| *at != signup).map(|(_, c)| c.to_owned()).collect()
        };
        writer.write_record(cells(&heads)).unwrap();
        for row in &rows {
            let mut row = row.clone();
            let day = regulars_engine::detect::date::parse(&row[last], Default::default()).unwrap();
            let moved = regulars_engine::detect::date::format(day + days * 86_400_000);
            row = row.iter().enumerate().map(|(at, c)| if at == last { moved.as_str() } else { c }).collect();
            writer.write_record(cells(&row)).unwrap();
        }
        writer.flush().unwrap();
        path
    };
    // Four weeks: the days of the week stay.
    let (june, july) = (write("june.csv", 0), write("july.csv", 28));
    let mut state = trained(&june, 12);
    let before: HashMap<String, f64> =
        state.list().unwrap().iter().map(|c| (c.id.clone(), c.probability)).collect();
    state.open_month(vec![july]);
    wait(&mut state, "scoring", |s| s.month.is_some() && s.reasons.is_some());
    let month = state.month.clone().unwrap();
    assert_eq!(month.differences().later.len(), 1, "it is told that days count from another day");
    assert!(month.differences().drift.is_empty(), "{:?}", month.differences().drift);
    let moved: Vec<f64> = month.list.iter().map(|c| (c.probability - before[&c.id]).abs()).collect();
    let most = moved.iter().copied().fold(0.0, f64::max);
    println!("largest change {most:.4}");
    assert!(most < 0.02, "{most}");
}

/// A file of the sample's columns with chosen identifiers and last orders.
fn edited(folder: &Path, name: &str, edit: impl Fn(usize, &mut Vec<String>)) -> PathBuf {
    let mut reader = csv::Reader::from_path(sample()).unwrap();
    let heads = reader.headers().unwrap().clone();
    let path = folder.join(name);
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer.write_record(&heads).unwrap();
    for (at, record) in reader.records().enumerate() {
        let mut row: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        edit(at, &mut row);
        writer.write_record(&row).unwrap();
    }
    writer.flush().unwrap();
    path
}

#[test]
fn a_month_with_slips_loses_nobody_and_misjudges_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = trained(&sample(), 4);
    let here = state.list().unwrap().iter().find(|c| c.actual != Some(true)).unwrap().id.clone();
    state.follow_up(&here, FollowUp { do_not_contact: true, ..FollowUp::default() });
    let before: HashMap<String, f64> =
        state.list().unwrap().iter().map(|c| (c.id.clone(), c.probability)).collect();
    // Forty customers without an identifier, in marks; a trailing blank in the others; one date that
    // is a slip of the keyboard.
    let month = edited(folder.path(), "slips.csv", |at, row| {
        row[0] = if at < 40 { ["NULL", "N/A", "-", ""][at % 4].into() } else { format!("{} ", row[0]) };
        if at == 500 {
            row[7] = "2099-01-01".into();
        }
    });
    state.open_month(vec![month]);
    wait(&mut state, "scoring", |s| s.month.is_some() && s.reasons.is_some());
    let month = state.month.clone().unwrap();
    assert_eq!(month.list.iter().filter(|c| !c.named).count(), 40, "everyone is a customer");
    assert!(month.differences().later.is_empty(), "one date moves no end: {:?}", month.differences().later);
    assert!(state.follow_ups.contains_key(&here) && month.list.iter().any(|c| c.id == here));
    let same =
        month.list.iter().filter(|c| before.get(&c.id).is_some_and(|p| (p - c.probability).abs() < 1e-9));
    assert!(same.count() > 1100, "the others stand where they stood");
    // Opened once more after another file, it is not compared with its own future.
    let first = state.since.clone().unwrap().0.hash.clone();
    let next = edited(folder.path(), "next.csv", |at, row| row[8] = (at % 20).to_string());
    state.open_month(vec![next]);
    wait(&mut state, "scoring", |s| s.month_job.is_none() && s.reasons.is_some());
    assert_ne!(state.since.as_ref().unwrap().0.hash, first);
    state.open_month(vec![folder.path().join("slips.csv")]);
    wait(&mut state, "scoring", |s| s.month_job.is_none() && s.reasons.is_some());
    assert_eq!(state.since.as_ref().unwrap().0.hash, first);
    // Nobody named at all: nobody is compared.
    state.open_month(vec![edited(folder.path(), "nameless.csv", |_, row| row[0] = String::new())]);
    wait(&mut state, "scoring", |s| s.month_job.is_none() && s.reasons.is_some());
    assert!(state.since.is_none());
}

#[test]
fn a_save_right_after_training_holds_the_new_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.regulars");
    let mut state = trained(&sample(), 3);
    state.settings.mlp.hidden = vec![5];
    state.commit(false);
    state.train();
    wait(&mut state, "training", |s| s.runs.len() == 2 && s.train.is_none());
    assert!(state.bundling());
    state.save(path.clone());
    wait(&mut state, "saving", |s| !s.saving());
    let saved = SavedProject::open(&path).unwrap();
    let card = saved.bundle.unwrap().card.unwrap();
    assert_eq!(card.network.unwrap().hidden, [5]);
    assert!(state.saved);
}

#[test]
fn two_names_of_one_form_are_not_mixed_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "Spend,id\n1,a\n2,b\n").unwrap();
    let table = open(&path);
    let (same, renamed) = table.aligned(&["spend %", "spend"]);
    assert!(renamed.is_empty() && same.columns[0].name == "Spend", "{renamed:?}");
    let (other, renamed) = table.aligned(&["SPEND %"]);
    assert_eq!((other.columns[0].name.as_str(), renamed.len()), ("SPEND %", 1));
}
