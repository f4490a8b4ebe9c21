//! Experiments from end to end: in the terminal, in the window, and in a project that is opened again.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use eframe::egui;
use egui_kittest::kittest::Queryable as _;
use rand::{Rng as _, SeedableRng as _};
use regulars::window::Prefs;
use regulars::window::pages::{ExperimentsTab, Page};
use regulars::words::Lang;
use regulars_engine::experiment::{Arm, Experiment, Verdict};
use regulars_engine::project::{self, SavedProject};

use crate::pages::{until, window};
use crate::support::{adapter, json, program, regulars, sample};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Results of an experiment in which the offer keeps `effect` more customers.
fn results(of: &Experiment, effect: f64, to: &Path) {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let mut out = String::from("customer,stayed,spent,known\n");
    for (at, member) in of.members.iter().enumerate() {
        let called = member.arm == Arm::Called;
        let stays = rng.gen_bool(0.45 + if called { effect } else { 0.0 });
        let spent = if stays { rng.gen_range(20.0..80.0) } else { 0.0 };
        let day = 1 + at * 27 / of.members.len();
        writeln!(out, "{},{},{spent:.2},2026-07-{day:02}", member.id, if stays { "yes" } else { "no" })
            .unwrap();
    }
    std::fs::write(to, out).unwrap();
}

/// Customers of whom half got an offer by chance; those who visit often are turned by it.
fn offered(to: &Path) {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(8);
    let mut out = String::from("customer_id,visits,age,basket,got_offer,churned\n");
    for at in 0..4_000 {
        let (visits, age) = (rng.gen_range(0..20), rng.gen_range(18..80));
        let (basket, got) = (rng.gen_range(5.0..60.0), rng.gen_bool(0.5));
        let leaves = 0.6 - if got && visits >= 12 { 0.35 } else { 0.0 };
        let (got, left) = (if got { "yes" } else { "no" }, if rng.gen_bool(leaves) { "yes" } else { "no" });
        writeln!(out, "K{at:04},{visits},{age},{basket:.2},{got},{left}").unwrap();
    }
    std::fs::write(to, out).unwrap();
}

#[test]
fn the_terminal_plans_draws_and_reads() {
    let plan = json(&[
        "experiment",
        "plan",
        "--base",
        "0.6",
        "--effect",
        "0.05",
        "--customers",
        "800",
        "--per-week",
        "100",
    ]);
    // statsmodels: 2940.96 customers in all; each group is rounded up.
    assert_eq!((plan["called"].as_u64(), plan["left_alone"].as_u64()), (Some(1471), Some(1471)));
    assert!((plan["weeks"].as_f64().unwrap() - 29.42).abs() < 1e-9);
    assert!(plan["with"]["power"].as_f64().unwrap() < 0.5);

    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("spring");
    let file = sample();
    let arguments =
        ["experiment", "draw", text(&file), "--out", text(&name), "--strata", "city", "--left-alone", "0.25"];
    let drawn = json(&arguments);
    let of = Experiment::open(&name.with_extension("experiment.json")).unwrap();
    assert_eq!(drawn["called"].as_u64(), Some(of.count(Arm::Called)));
    assert_eq!(drawn["called_hash"], of.called_hash.as_str());
    let lines = |ending: &str| -> Vec<csv::StringRecord> {
        let mut reader = csv::Reader::from_path(name.with_extension(ending)).unwrap();
        reader.records().map(Result::unwrap).collect()
    };
    let (called, alone) = (lines("call.csv"), lines("leave-alone.csv"));
    assert_eq!(called.len() as u64, of.count(Arm::Called));
    assert_eq!(alone.len() as u64, of.count(Arm::LeftAlone));
    // Nobody stands on both lists; contact details are masked in the one and absent from the other.
    let ids =
        |list: &[csv::StringRecord]| -> Vec<String> { list.iter().map(|row| row[0].to_owned()).collect() };
    let left = ids(&alone);
    assert!(ids(&called).iter().all(|id| !left.contains(id)));
    assert!(called.iter().all(|row| row[2].is_empty() || row[2].contains("***@")), "{:?}", called[0]);
    assert!(alone.iter().all(|row| row.len() == 1));
    // What was drawn is never written over.
    let (code, out, _) = regulars(&[&arguments[..], &["--json"]].concat());
    assert_eq!(code, 1);
    assert!(out.contains("exp_exists"), "{out}");

    let back = folder.path().join("july.csv");
    results(&of, 0.3, &back);
    let experiment = name.with_extension("experiment.json");
    let read = json(&[
        "experiment",
        "read",
        text(&experiment),
        text(&back),
        "--over",
        "--worth",
        "40",
        "--cost",
        "1",
    ]);
    let reading = &read["reading"];
    assert_eq!(reading["share"]["verdict"], "works");
    let difference = &reading["share"]["difference"];
    assert!(difference["low"].as_f64().unwrap() > 0.15 && difference["high"].as_f64().unwrap() < 0.45);
    assert!(reading["gained"]["low"].as_f64().unwrap() > 0.0);
    // In words of both languages.
    let told = |lang: &str| {
        let mut program = program();
        let out = program
            .env("LANG", lang)
            .args(["experiment", "read"])
            .args([&experiment, &back])
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    assert!(told("C").contains("more customers") && told("C").contains("not chance"), "{}", told("C"));
    assert!(told("zh_CN.UTF-8").contains("这不是偶然"), "{}", told("zh_CN.UTF-8"));
    // A list that was changed is not read.
    let changed = std::fs::read_to_string(&experiment).unwrap().replacen("C0000", "D0000", 1);
    std::fs::write(&experiment, changed).unwrap();
    let (code, out, _) = regulars(&["experiment", "read", text(&experiment), text(&back), "--json"]);
    assert_eq!(code, 1);
    assert!(out.contains("exp_changed"), "{out}");
}

#[test]
fn the_terminal_finds_whom_an_offer_turns() {
    let folder = tempfile::tempdir().unwrap();
    let (file, list) = (folder.path().join("spring.csv"), folder.path().join("turned.csv"));
    offered(&file);
    for method in ["two_models", "class_transformed"] {
        let found = json(&[
            "experiment",
            "uplift",
            text(&file),
            "--treatment",
            "got_offer",
            "--method",
            method,
            "--worth",
            "50",
            "--cost",
            "5",
            "--out",
            text(&list),
        ]);
        assert_eq!((found["got"].as_str(), found["wanted"].as_str()), (Some("yes"), Some("no")));
        assert!(
            found["qini"]["coefficient"]["low"].as_f64().unwrap() > 0.0,
            "{method}: {}",
            found["qini"]["coefficient"]
        );
        assert!((found["pays_from"].as_f64().unwrap() - 0.1).abs() < 1e-12);
        assert_eq!(found["customers"].as_u64(), Some(4_000));
        // Of the first quarter of the list most visit often: 40% of all do.
        let table = std::fs::read_to_string(&file).unwrap();
        let visits: std::collections::HashMap<&str, u32> = table
            .lines()
            .skip(1)
            .map(|line| line.split(',').collect::<Vec<_>>())
            .map(|cells| (cells[0], cells[1].parse().unwrap()))
            .collect();
        let written = std::fs::read_to_string(&list).unwrap();
        let first: Vec<&str> =
            written.lines().skip(1).take(1_000).filter_map(|line| line.split(',').next()).collect();
        let often = first.iter().filter(|id| visits[**id] >= 12).count();
        assert!(often > 800, "{method}: {often} of the first 1,000");
    }
    let (code, out, _) = regulars(&["experiment", "uplift", text(&file), "--treatment", "age", "--json"]);
    assert_eq!(code, 1);
    assert!(out.contains("exp_no_treatment"), "{out}");
}

#[test]
fn the_window_leads_from_plan_to_reading_and_the_project_keeps_it() {
    let has_adapter = adapter();
    let shots = std::env::var_os("REGULARS_SHOTS").map(PathBuf::from);
    let home = [1280.0, 800.0];
    let folder = tempfile::tempdir().unwrap();
    let mut harness = window(home, Prefs { page: Page::Experiments, ..Prefs::default() });
    let look = |harness: &mut egui_kittest::Harness<'_, regulars::window::App>, stage: &str| {
        for (tab, name) in ExperimentsTab::ALL.into_iter().zip(["plan", "draw", "read", "uplift"]) {
            for lang in Lang::ALL {
                for dark in [false, true] {
                    harness.state_mut().prefs.lang = lang;
                    let theme = if dark { egui::Theme::Dark } else { egui::Theme::Light };
                    harness.ctx.set_theme(theme);
                    harness.state_mut().prefs.page = Page::Experiments;
                    harness.state_mut().page.experiments.tab = tab;
                    harness.run_steps(3);
                    until(harness, "experiments", |app| app.state.experiments.job().is_none());
                    let rested = harness.try_run();
                    assert!(rested.is_ok(), "{stage} {name} {rested:?}");
                    if let (true, Some(folder)) = (has_adapter, &shots) {
                        let theme = if dark { "dark" } else { "light" };
                        let file = format!("exp-{stage}-{name}-{}-{theme}.png", lang.code());
                        harness.render().unwrap().save(folder.join(file)).unwrap();
                    }
                }
            }
        }
    };
    look(&mut harness, "empty");
    harness.state_mut().state.settings.mlp.epochs = 8;
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.segments.is_some());
    until(&mut harness, "reasons", |app| app.state.reasons.is_some() && !app.state.bundling());
    harness.state_mut().prefs.lang = Lang::En;
    harness.state_mut().page.experiments.tab = ExperimentsTab::Draw;
    harness.run_steps(3);
    until(&mut harness, "gathering", |app| matches!(app.state.experiments.pool(), Some(Ok(_))));
    // Those who must not be called are in neither list.
    let refuses = {
        let app = harness.state();
        let list = app.state.list().unwrap();
        let risky =
            list.iter().find(|c| c.actual != Some(true) && c.probability >= app.state.settings.threshold);
        risky.unwrap().id.clone()
    };
    let record = regulars_engine::deploy::FollowUp { do_not_contact: true, ..Default::default() };
    harness.state_mut().state.follow_up(&refuses, record);
    harness.run_steps(3);
    until(
        &mut harness,
        "gathering",
        |app| matches!(app.state.experiments.pool(), Some(Ok(pool)) if pool.withheld == 1),
    );
    harness.state_mut().state.experiments.by.column = Some("city".into());
    let path = folder.path().join("spring.experiment.json");
    harness.state_mut().state.draw_experiment(Lang::En, path.clone());
    until(&mut harness, "drawing", |app| !app.state.experiments.drawing());
    let of = Experiment::open(&path).unwrap();
    assert!(of.members.iter().all(|member| member.id != refuses));
    assert_eq!(**harness.state().state.experiments.shown().unwrap(), of);
    let called = std::fs::read_to_string(folder.path().join("spring.call.csv")).unwrap();
    assert_eq!(called.lines().count() as u64, 1 + of.count(Arm::Called));
    assert!(called.lines().next().unwrap().contains("email") && called.contains("***@example.com"));
    // Of a name before the @ one letter is left.
    assert!(called.split("@example.com").all(|part| !part.ends_with(char::is_alphanumeric)));

    let back = folder.path().join("july.csv");
    results(&of, 0.35, &back);
    harness.state_mut().state.open_results(back);
    harness.state_mut().page.experiments.tab = ExperimentsTab::Read;
    until(&mut harness, "reading", |app| matches!(app.state.experiments.reading(), Some(Ok(_))));
    let verdict = |app: &regulars::window::App| match app.state.experiments.reading() {
        Some(Ok(reading)) => reading.share.as_ref().map(|finding| (finding.verdict, finding.at_once)),
        _ => None,
    };
    assert!(verdict(harness.state()).is_some_and(|(_, at_once)| !at_once));
    harness.state_mut().state.experiments.spec.over = true;
    until(&mut harness, "reading again", |app| verdict(app) == Some((Verdict::Works, true)));
    look(&mut harness, "read");

    // Saved and opened again, plan and draw are there; a project without them says nothing of them.
    let saved = folder.path().join("shop.regulars");
    harness.state_mut().state.experiments.plan.effect = 0.06;
    harness.state_mut().state.save(saved.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    let opened = SavedProject::open(&saved).unwrap();
    assert_eq!(opened.experiments.drawn, [of]);
    assert!((opened.experiments.plan.as_ref().unwrap().effect - 0.06).abs() < 1e-12);
    let bare = SavedProject { experiments: project::Experiments::default(), ..opened };
    assert!(!serde_json::to_string(&bare).unwrap().contains("\"experiments\""));
    // The terminal draws from the project's last list, without its data.
    let second = folder.path().join("second");
    let drawn = json(&["experiment", "draw", text(&saved), "--out", text(&second)]);
    assert_eq!(drawn["withheld"].as_u64(), Some(1));

    let file = folder.path().join("offered.csv");
    offered(&file);
    harness.state_mut().state.open(&file);
    until(&mut harness, "reading", |app| {
        app.state.prepared.is_some()
            && app.state.table.as_ref().is_some_and(|table| table.position("got_offer").is_some())
    });
    assert!(harness.state().state.experiments.drawn.is_empty(), "another file, other experiments");
    harness.state_mut().state.experiments.ask.treatment = "got_offer".into();
    harness.state_mut().state.find_uplift();
    until(&mut harness, "learning", |app| !app.state.experiments.is_uplifting());
    let (found, is_present) = harness.state().state.experiments.uplift().unwrap();
    assert!(is_present && found.qini.coefficient.low > 0.0);
    look(&mut harness, "uplift");
}

/// Those who leave do so by lower odds than the model says: σ(0.6 x − 0.6) of its log-odds x.
fn overrated(of: &Experiment, to: &Path) {
    let mut out = String::from("customer,stayed\n");
    for (at, member) in of.members.iter().enumerate() {
        let p = member.score.unwrap().clamp(1e-6, 1.0 - 1e-6);
        let leaves = 1.0 / (1.0 + (-(0.6 * (p / (1.0 - p)).ln() - 0.6)).exp());
        let left = (at as f64 * 0.618_033_988_75).fract() < leaves;
        writeln!(out, "{},{}", member.id, if left { "no" } else { "yes" }).unwrap();
    }
    std::fs::write(to, out).unwrap();
}

#[test]
fn an_experiment_sets_the_model_right_in_the_window_and_in_a_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = window([1280.0, 800.0], Prefs { page: Page::Experiments, ..Prefs::default() });
    harness.state_mut().state.settings.mlp.epochs = 8;
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some());
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty() && app.state.segments.is_some());
    harness.state_mut().state.settings.call_list.only_at_risk = false;
    harness.run_steps(3);
    until(&mut harness, "reasons", |app| app.state.reasons.is_some() && !app.state.bundling());
    let path = folder.path().join("spring.experiment.json");
    harness.state_mut().state.draw_experiment(Lang::En, path.clone());
    until(&mut harness, "drawing", |app| !app.state.experiments.drawing());
    let back = folder.path().join("july.csv");
    overrated(&Experiment::open(&path).unwrap(), &back);
    let bundle = folder.path().join("before.bundle");
    harness.state_mut().state.save_bundle(bundle.clone());
    until(&mut harness, "writing", |_| bundle.exists());

    harness.state_mut().state.open_results(back.clone());
    harness.state_mut().page.experiments.tab = ExperimentsTab::Read;
    until(&mut harness, "reading", |app| matches!(app.state.experiments.reading(), Some(Ok(_))));
    harness.run_steps(3);
    let platt = match harness.state().state.experiments.reading() {
        Some(Ok(reading)) => reading.recalibration.unwrap(),
        _ => panic!("no reading"),
    };
    assert!(!platt.is_fine() && platt.slope.value > 0.0, "{platt:?}");
    let scores = |app: &regulars::window::App| -> std::collections::BTreeMap<u32, f64> {
        app.state.list().unwrap().iter().map(|one| (one.row, one.probability)).collect()
    };
    let before = scores(harness.state());
    harness.get_by_label("Set the model right").click_accesskit();
    harness.run_steps(3);
    until(&mut harness, "setting right", |app| {
        let card = app.state.bundle.as_ref().and_then(|bundle| bundle.card.as_ref());
        app.state.refit().is_some() && !app.state.bundling() && card.is_some_and(|card| card.refit.is_some())
    });
    harness.run_steps(3);
    let after = scores(harness.state());
    assert!(before.iter().all(|(row, p)| (platt.apply(*p) - after[row]).abs() < 1e-9));
    assert!(harness.query_by_label_contains("The model is set right by spring").is_some());
    assert!(!harness.state().state.stale(), "the model is the same");

    // The bundle of before, set right in the terminal, says the same; it is told on its card.
    let out = folder.path().join("after.bundle");
    let read = json(&[
        "experiment",
        "read",
        text(&path),
        text(&back),
        "--recalibrate",
        text(&bundle),
        "--out",
        text(&out),
    ]);
    assert!((read["refit"]["slope"].as_f64().unwrap() - platt.slope.value).abs() < 1e-9);
    let page = folder.path().join("after.html");
    let (code, ..) = regulars(&["report", text(&out), "--out", text(&page)]);
    assert_eq!(code, 0);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("The model is set right by spring") && page.contains("模型已用"), "on the card");
    let made = regulars_engine::deploy::Bundle::open(&out).unwrap();
    assert_eq!(made.repair.as_ref().unwrap().refit().unwrap().slope, platt.slope.value);

    // Taken back, as one step; and again by undo.
    harness.get_by_label("Take back").click_accesskit();
    harness.run_steps(3);
    until(&mut harness, "bundling", |app| !app.state.bundling());
    assert_eq!(scores(harness.state()), before);
    harness.state_mut().state.undo();
    harness.run_steps(3);
    until(&mut harness, "bundling", |app| app.state.refit().is_some() && !app.state.bundling());
    assert_eq!(scores(harness.state()), after);
    let saved = folder.path().join("shop.regulars");
    harness.state_mut().state.save(saved.clone());
    until(&mut harness, "saving", |app| !app.state.saving());
    assert!(SavedProject::open(&saved).unwrap().settings.refit.is_some());
    assert!(!serde_json::to_string(&project::Settings::default()).unwrap().contains("refit"));
}
