//! The command line: shapes, exit codes, files.

use crate::support::{json, program, regulars, sample};

#[test]
fn inspect_has_its_shape() {
    let told = json(&["inspect", sample().to_str().unwrap()]);
    let table = &told["tables"][0];
    for key in
        ["name", "file", "format", "encoding", "separator", "rows", "rejected_rows", "columns", "warnings"]
    {
        assert!(!table[key].is_null(), "{key}");
    }
    let columns = table["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 17);
    for key in ["name", "type", "role", "missing", "distinct", "why"] {
        assert!(columns.iter().all(|c| !c[key].is_null()), "{key}");
    }
    let role = |name: &str| columns.iter().find(|c| c["name"] == name).unwrap()["role"].clone();
    assert_eq!(role("customer_id"), "id");
    assert_eq!(role("email"), "contact");
    assert_eq!(role("churned"), "target");
    assert_eq!(role("total_spend"), "money");
}

#[test]
fn clean_tells_what_every_step_changed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("clean.csv");
    let told = json(&["clean", sample().to_str().unwrap(), "--out", out.to_str().unwrap()]);
    let (rows_in, rows_out, dropped) = (&told["rows_in"], &told["rows_out"], &told["rows_dropped"]);
    assert_eq!(rows_in.as_u64().unwrap(), rows_out.as_u64().unwrap() + dropped.as_u64().unwrap());
    assert!(dropped.as_u64().unwrap() > 0, "the sample has planted duplicates");
    let steps = told["steps"].as_array().unwrap();
    let cells =
        |name: &str| steps.iter().find(|s| s["name"] == name).unwrap()["cells_changed"].as_u64().unwrap();
    assert!(cells("missing_marks") > 0 && cells("type_repair") > 0 && cells("dates") > 0);
    assert!(cells("impossible") > 0 && cells("spelling") > 0 && cells("impute") > 0);
    let written = std::fs::read_to_string(&out).unwrap();
    assert!(written.starts_with('\u{feff}'));
    assert_eq!(written.lines().count() as u64, rows_out.as_u64().unwrap() + 1);
    let again = json(&["inspect", out.to_str().unwrap()]);
    assert_eq!(again["tables"][0]["columns"][0]["name"], "customer_id", "the mark is no part of the name");
}

#[test]
fn train_score_and_segment() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("m.bundle");
    let file = sample();
    let file = file.to_str().unwrap();
    let told =
        json(&["train", file, "--device", "flex", "--epochs", "5", "--bundle", bundle.to_str().unwrap()]);
    for key in [
        "model",
        "device",
        "seed",
        "positive",
        "features",
        "rows",
        "train_rows",
        "valid_rows",
        "test_rows",
        "epochs_run",
        "seconds",
        "metrics",
        "history",
    ] {
        assert!(!told[key].is_null(), "{key}");
    }
    assert_eq!(told["positive"], "yes");
    let auc = &told["metrics"]["test"]["roc_auc"];
    assert!(auc["low"].as_f64() < auc["value"].as_f64() && auc["value"].as_f64() < auc["high"].as_f64());
    assert!(auc["value"].as_f64().unwrap() > 0.7, "the planted truth can be learnt: {auc}");

    let out = folder.path().join("scores.csv");
    let scored = json(&["score", bundle.to_str().unwrap(), file, "--out", out.to_str().unwrap()]);
    assert_eq!(scored["rows"], scored["scored"]);
    assert!(scored["flagged_rows"].as_u64().unwrap() > 0);
    assert_eq!(
        std::fs::read_to_string(&out).unwrap().lines().count() as u64,
        scored["rows"].as_u64().unwrap() + 1
    );

    // Scoring never needs the target, and names a column that it lacks.
    let text = std::fs::read_to_string(sample()).unwrap();
    let cut = |columns: &[usize]| {
        let path = folder.path().join("cut.csv");
        let mut writer = csv::Writer::from_path(&path).unwrap();
        for record in csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes()).records() {
            let record = record.unwrap();
            writer
                .write_record(
                    record.iter().enumerate().filter(|(at, _)| !columns.contains(at)).map(|(_, f)| f),
                )
                .unwrap();
        }
        writer.flush().unwrap();
        path
    };
    let without_target = cut(&[16]);
    let again = json(&[
        "score",
        bundle.to_str().unwrap(),
        without_target.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(again["scored"], scored["scored"]);
    let lacking = cut(&[8, 9]);
    let (code, told, _) = regulars(&[
        "score",
        bundle.to_str().unwrap(),
        lacking.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--json",
    ]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (code, told["error"]["kind"].as_str(), told["error"]["column"].as_str()),
        (1, Some("missing_column"), Some("orders"))
    );
    let message = told["error"]["message"].as_str().unwrap();
    assert!(message.contains("“orders”, “total_spend”"), "all that is missing is named: {message}");
    assert!(told["error"]["columns"].as_array().is_some_and(|all| all.len() == 2), "{told}");

    let groups = json(&["segment", file]);
    assert_eq!(groups["segments"].as_array().unwrap().len() as u64, groups["k"].as_u64().unwrap());
    let shares: f64 =
        groups["segments"].as_array().unwrap().iter().map(|s| s["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9);
}

#[test]
fn the_same_seed_makes_the_same_shop() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        json(&["sample", "--out", folder.path().join(name).to_str().unwrap()]);
    }
    for file in ["customers.csv", "orders.csv", "events.csv", "feedback.csv"] {
        let read = |name: &str| std::fs::read(folder.path().join(name).join(file)).unwrap();
        assert_eq!(read("a"), read("b"), "{file}");
        let bundled = sample().with_file_name(file);
        assert_eq!(
            read("a"),
            std::fs::read(bundled).unwrap(),
            "sample_data/{file} is what the generator writes"
        );
    }
}

#[test]
fn exit_codes_and_errors() {
    let (code, out, err) = regulars(&["inspect", "/nowhere/x.csv"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("/nowhere/x.csv") && err.lines().count() >= 2, "{err}");
    let (code, out, _) = regulars(&["inspect", "/nowhere/x.csv", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, told["error"]["kind"].as_str()), (1, Some("not_found")));
    assert!(told["error"]["hint"].as_str().is_some_and(|h| !h.is_empty()));
    let file = sample();
    let file = file.to_str().unwrap();
    let (code, out, _) = regulars(&["train", file, "--target", "nothing", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, told["error"]["kind"].as_str()), (1, Some("no_column")));
    assert_eq!(regulars(&["train", file, "--model", "magic"]).0, 2);
    assert_eq!(regulars(&["train", file, "--nonsense"]).0, 2);
    // Wrong arguments are told as JSON too where that is asked for.
    for wrong in [["train", file, "--model", "magic"].as_slice(), &["train", file, "--nonsense"], &["train"]]
    {
        let (code, out, err) = regulars(&[wrong, &["--json"]].concat());
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, told["error"]["kind"].as_str()), (2, Some("wrong_arguments")), "{err}");
        let message = told["error"]["message"].as_str().unwrap();
        assert!(["magic", "--nonsense", "FILE"].iter().any(|word| message.contains(word)), "{message}");
        assert!(told["error"]["hint"].as_str().is_some_and(|hint| !hint.is_empty()) && err.is_empty());
    }
    let (code, out, _) = regulars(&["train", "--help", "--json"]);
    assert!(code == 0 && out.contains("Usage"), "{out}");
}

#[test]
fn without_a_display_the_terminal_does_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let run = program().current_dir(folder.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "{out}{err}");
    assert!(err.lines().next().unwrap().contains("xvfb"), "{err}");
    assert!(out.contains("Neural network") && out.contains("ROC AUC"), "{out}");
    assert!(folder.path().join("regulars-out/customers_by_risk.csv").exists());
    assert!(folder.path().join("regulars-out/model.bundle").exists());
}

#[test]
fn what_is_read_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.csv");
    std::fs::copy(sample(), &own).unwrap();
    let before = std::fs::read(&own).unwrap();
    let file = own.to_str().unwrap();
    let bundle = folder.path().join("m.bundle");
    let bundle = bundle.to_str().unwrap();
    json(&["train", file, "--model", "logistic", "--bundle", bundle]);
    for args in [
        vec!["clean", file, "--out", file],
        vec!["train", file, "--model", "logistic", "--bundle", file],
        vec!["score", bundle, file, "--out", file],
        vec!["score", bundle, file, "--out", bundle],
        vec!["report", bundle, "--out", bundle],
    ] {
        let (code, out, _) = regulars(&[args.as_slice(), &["--json"]].concat());
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, told["error"]["kind"].as_str()), (1, Some("is_input")), "{args:?}");
    }
    assert_eq!(std::fs::read(&own).unwrap(), before);
    // A file without a target is told so, and told about all the same.
    let told = json(&["inspect", sample().with_file_name("orders.csv").to_str().unwrap()]);
    assert!(told["tables"][0]["warnings"].to_string().contains("list of orders"), "{told}");
}

#[test]
fn compare_has_its_shape() {
    let file = sample();
    let file = file.to_str().unwrap();
    let models = "mlp,logistic,majority,logistic";
    let told =
        json(&["compare", file, "--folds", "3", "--models", models, "--device", "flex", "--epochs", "3"]);
    assert_eq!(told["folds"], 3);
    let models = told["models"].as_array().unwrap();
    assert_eq!(models.len(), 3, "a kind named twice is measured once");
    for model in models {
        assert!(model["seconds"].as_f64().unwrap() >= 0.0);
        for metric in ["roc_auc", "pr_auc", "accuracy", "balanced_accuracy", "f1", "log_loss", "brier"] {
            let m = &model["metrics"][metric];
            let number = |key: &str| m[key].as_f64().unwrap_or_else(|| panic!("{metric} {key}"));
            assert!(number("low") <= number("mean") && number("mean") <= number("high"), "{metric}: {m}");
            assert_eq!(m["folds"].as_array().unwrap().len(), 3, "{metric}");
        }
    }
    let network = models.iter().find(|m| m["model"] == "mlp").unwrap();
    assert_eq!(told["best_simple"], "logistic");
    assert_eq!(network["against"]["model"], "logistic");
    let difference = &network["against"]["metrics"]["roc_auc"];
    assert!(difference["low"].as_f64().unwrap() <= difference["high"].as_f64().unwrap());
    assert_eq!(told["verdict"], network["verdict"]);
    assert!(["network_wins", "even", "simple_wins"].contains(&told["verdict"].as_str().unwrap()));
    assert_eq!(told["failed"], serde_json::json!([]));
    // Wrong arguments are wrong arguments.
    for wrong in [["--folds", "1"], ["--models", "oracle"]] {
        let (code, _, _) = regulars(&["compare", file, wrong[0], wrong[1]]);
        assert_eq!(code, 2, "{wrong:?}");
    }
}

#[test]
fn compare_tells_who_wins_in_words() {
    let file = sample();
    let args = ["compare", file.to_str().unwrap(), "--folds", "2", "--models", "one_rule,majority"];
    let (code, text, err) = regulars(&args);
    assert_eq!(code, 0, "{err}");
    assert!(text.contains("One rule") && text.contains("No verdict"), "{text}");
}

#[test]
fn train_asks_over_time_and_scores_as_of_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let files = regulars_engine::sample::write(folder.path(), 300, 7).unwrap();
    let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let bundle = folder.path().join("shop.bundle");
    let (bundle, out) = (bundle.to_str().unwrap(), folder.path().join("scores.csv"));
    let asked = ["--horizon", "60", "--cut-offs", "3", "--model", "logistic", "--bundle", bundle];
    let told = json(&[&["train"], files.as_slice(), &asked].concat());
    let question = &told["question"];
    assert_eq!(question["horizon_days"], 60);
    assert_eq!(question["churn"], "silence");
    assert_eq!(question["cut_offs"], serde_json::json!(["2026-03-02", "2026-04-01", "2026-05-01"]));
    assert_eq!(question["answered_on"], "2026-06-30");
    let caught = question["look_ahead_columns"].as_array().unwrap();
    assert!(caught.iter().any(|found| found["column"] == "last_order_date"), "{caught:?}");
    assert_eq!(told["target"], "no order in 60 days");

    let score = |more: &[&str]| {
        let place = ["--out", out.to_str().unwrap()];
        json(&[&["score", bundle], files.as_slice(), &place, more].concat())
    };
    assert_eq!(score(&[])["scored"], question["to_answer"]);
    assert!(score(&["--as-of", "2026-04-01"])["scored"].as_u64() > Some(50));
    let line = ["--out", out.to_str().unwrap(), "--as-of", "1990-01-01", "--json"];
    let (code, told, _) = regulars(&[&["score", bundle], files.as_slice(), &line].concat());
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, told["error"]["kind"].as_str()), (1, Some("behaviour_before_begin")));
    // Kinds are compared on the same question.
    let asked = ["--horizon", "60", "--cut-offs", "2", "--models", "logistic,majority", "--folds", "3"];
    let told = json(&[&["compare"], files.as_slice(), &asked].concat());
    assert_eq!((told["target"].as_str(), told["folds"].as_u64()), (Some("no order in 60 days"), Some(3)));
    let area = |at: usize| told["models"][at]["metrics"]["roc_auc"]["mean"].as_f64().unwrap();
    assert!(area(0) > area(1) && area(1) == 0.5, "{told}");
    // What belongs to the question needs one.
    assert_eq!(regulars(&["train", files[0], "--churn", "silence"]).0, 2);
}

#[test]
fn words_of_comments_are_learnt_from_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("comments.csv");
    let mut text = String::from("customer_id,visits,comment,churned\n");
    for at in 0..300 {
        let lost = at % 3 == 0;
        let mood = if lost { "delivery was terribly slow" } else { "lovely taste and friendly staff" };
        text += &format!(
            "C{at:04},{},\"{mood}, visit {} on street {}\",{}\n",
            at % 7,
            at * 31 % 97,
            at * 17 % 89,
            if lost { "yes" } else { "no" }
        );
    }
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let train = |more: &[&str]| {
        json(&[&["train", file, "--role", "comment=text", "--model", "logistic"], more].concat())
    };
    let names = |told: &serde_json::Value| -> Vec<String> {
        told["features"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let auc = |told: &serde_json::Value| told["metrics"]["test"]["roc_auc"]["value"].as_f64().unwrap();
    let without = train(&[]);
    assert!(
        names(&without).iter().all(|name| !name.starts_with("comment")),
        "text is left out unless asked for"
    );
    let with = train(&["--text-terms", "20"]);
    let terms = names(&with).iter().filter(|name| name.starts_with("comment: ")).count();
    assert!((1..=20).contains(&terms), "{:?}", names(&with));
    assert!(auc(&with) > 0.99 && auc(&without) < 0.8, "{} {}", auc(&with), auc(&without));
}
