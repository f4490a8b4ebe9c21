//! One answer, whoever is asked: the service, the command line, the window's list.

use std::sync::Arc;
use std::time::Duration;

use regulars::http::{self, Options, Source};
use regulars_engine::deploy::{Bundle, Lacking};
use regulars_engine::job::Reporter;
use regulars_engine::project;
use regulars_engine::recommend;
use regulars_engine::train::ModelKind;
use serde_json::{Value, json};

use super::{JSON, anywhere, ask, customers, learn, post, serve};
use crate::support::{json as run, open, regulars, sample, telco};

#[test]
fn service_terminal_and_window_give_the_same_scores() {
    let folder = tempfile::tempdir().unwrap();
    let telco = telco();
    let (source, target) = telco.map_or((sample(), "churned"), |file| (file, "Churn"));
    // The first thousand customers.
    let text = std::fs::read_to_string(&source).unwrap();
    let file = folder.path().join("thousand.csv");
    let first: Vec<&str> = text.split_inclusive('\n').take(1_001).collect();
    std::fs::write(&file, first.concat()).unwrap();
    let rows = customers(&file, target);
    assert!(rows.len() >= 500);
    for kind in [ModelKind::Logistic, ModelKind::Mlp, ModelKind::Boosted] {
        let saved = folder.path().join(format!("{}.bundle", kind.name()));
        learn(&source, kind).save(&saved).unwrap();
        let service = http::start(&[Source::File(saved.clone())], Options::at(anywhere())).unwrap();
        let to = service.address();

        // The terminal's file, byte for byte.
        let out = folder.path().join("scores.csv");
        let (code, _, err) = regulars(&[
            "score",
            saved.to_str().unwrap(),
            file.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ]);
        assert_eq!(code, 0, "{err}");
        let body = std::fs::read(&file).unwrap();
        let told = ask(to, "POST", "/v1/score", &[("Content-Type", "text/csv")], &body);
        assert_eq!(told.status, 200, "{}", String::from_utf8_lossy(&told.body));
        assert!(told.body == std::fs::read(&out).unwrap(), "{kind:?}: the files differ");

        // The window's list, to the last bit.
        let bundle = Arc::new(Bundle::open(&saved).unwrap());
        let month = project::next_month(bundle.clone(), &open(&file), &Reporter::silent()).unwrap();
        let listed = |at: usize| month.scores.rows[at].probability;
        let told = ask(
            to,
            "POST",
            "/v1/score",
            &[("Content-Type", "text/csv"), ("Accept", "application/json")],
            &body,
        )
        .json();
        let list = told["scores"].as_array().unwrap();
        assert_eq!(list.len(), rows.len());
        for (at, one) in list.iter().enumerate() {
            assert_eq!(one["probability"].as_f64(), Some(listed(at)), "{kind:?} row {at}");
            assert_eq!(one["id"].as_str(), Some(month.scores.rows[at].id.as_str()));
        }

        // Lists and lines of JSON, and one customer at a time.
        let told = post(to, "/v1/score", &Value::from(rows.clone())).json();
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        let lined =
            ask(to, "POST", "/v1/score", &[("Content-Type", "application/x-ndjson")], lines.as_bytes());
        let lined: Vec<Value> = String::from_utf8(lined.body)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lined.len(), rows.len());
        for (at, row) in rows.iter().enumerate() {
            assert_eq!(told["scores"][at]["probability"].as_f64(), Some(listed(at)), "{kind:?} row {at}");
            assert_eq!(lined[at]["probability"].as_f64(), Some(listed(at)), "{kind:?} row {at}");
            if at % 20 == 0 {
                let one = post(to, "/v1/score", row).json();
                assert_eq!(one["probability"].as_f64(), Some(listed(at)), "{kind:?} row {at}");
                assert_eq!(one["at_risk"].as_bool(), Some(listed(at) >= bundle.threshold));
            }
        }
        // Numbers need not be written as text.
        let mut typed = rows[3].clone();
        for cell in typed.as_object_mut().unwrap().values_mut() {
            if let Some(number) = cell.as_str().and_then(|text| text.parse::<f64>().ok()) {
                *cell = json!(number);
            }
        }
        assert_eq!(post(to, "/v1/score", &typed).json()["probability"].as_f64(), Some(listed(3)), "{typed}");

        // Reasons are those of the terminal.
        let id = month.scores.rows[5].id.clone();
        let explained = run(&["explain", saved.to_str().unwrap(), file.to_str().unwrap(), "--customer", &id]);
        let told = post(to, "/v1/explain", &rows[5]).json();
        assert_eq!(told["probability"], explained["probability"], "{kind:?}");
        let share = |all: &Value, column: &str| {
            let shares = all["shares"].as_array().unwrap();
            shares.iter().find(|one| one["column"] == column).and_then(|one| one["share"].as_f64()).unwrap()
        };
        for one in explained["shares"].as_array().unwrap() {
            let column = one["column"].as_str().unwrap();
            let (a, b) = (share(&explained, column), share(&told, column));
            assert!((a - b).abs() < 1e-9, "{kind:?} {column}: {a} {b}");
        }
    }
}

#[test]
fn many_at_once_get_what_each_gets_alone_wherever_they_are_scored() {
    let folder = tempfile::tempdir().unwrap();
    let rows = customers(&sample(), "churned");
    let table = open(&sample());
    let scores = super::shop().score(&table, Lacking::Refuse, &Reporter::silent()).unwrap();
    // Where requests are read, and on threads of their own.
    for in_no_time in [Duration::MAX, Duration::ZERO] {
        let service = serve(folder.path(), |options| options.limits.in_no_time = in_no_time);
        let to = service.address();
        let (rows, scores) = (&rows, &scores);
        std::thread::scope(|scope| {
            for own in 0..24 {
                scope.spawn(move || {
                    for at in (own..rows.len().min(240)).step_by(24) {
                        let told = post(to, "/v1/score", &rows[at]).json();
                        assert_eq!(told["probability"].as_f64(), Some(scores.rows[at].probability), "{at}");
                        assert_eq!(told["id"].as_str(), Some(scores.rows[at].id.as_str()));
                    }
                });
            }
        });
        assert_eq!(service.snapshot().failed, 0);
    }
}

#[test]
fn odd_values_are_flagged_and_streams_answer_while_they_come() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let folder = tempfile::tempdir().unwrap();
    let service = serve(folder.path(), |_| ());
    let to = service.address();
    let good = customers(&sample(), "churned").swap_remove(0);
    let mut odd = good.clone();
    odd["city"] = "Atlantis".into();
    odd["age"] = "many".into();
    odd["orders"] = json!(1_000_000);
    let told = post(to, "/v1/score", &odd).json();
    let mut flags: Vec<(&str, &str)> = told["flags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|flag| (flag["column"].as_str().unwrap(), flag["kind"].as_str().unwrap()))
        .collect();
    flags.sort_unstable();
    assert!(flags.contains(&("orders", "out_of_range")), "{flags:?}");
    assert!(flags.contains(&("age", "not_used")), "{flags:?}");
    let told = post(to, "/v1/score", &json!([good, good, odd])).json();
    assert_eq!(told["scores"][1]["flags"][0]["kind"], "repeated");
    assert_eq!(told["flagged_rows"], 2);
    assert_eq!(post(to, "/v1/score", &json!([])).json()["rows"], 0);

    // Line by line: each is answered before the next is sent.
    let mut stream = super::connect(to);
    let head = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut read = |until: &str| loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "ended before {until}");
        if line.contains(until) {
            return line;
        }
    };
    let send = |stream: &mut std::net::TcpStream, text: &str| {
        stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).unwrap();
    };
    send(&mut stream, &format!("{good}\n"));
    assert!(read("\"row\":1").contains("probability"));
    send(&mut stream, "{\"orders\":\n");
    let told: Value = serde_json::from_str(&read("\"row\":2")).unwrap();
    assert_eq!(told["error"]["kind"], "bad_json");
    // A line in two pieces, and the last without an end.
    let text = good.to_string();
    let (half, rest) = text.split_at(20);
    send(&mut stream, half);
    send(&mut stream, &format!("{rest}\n{text}"));
    stream.write_all(b"0\r\n\r\n").unwrap();
    read("\"row\":3");
    read("\"row\":4");
}

#[test]
fn recommendations_are_those_of_the_saved_model() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("offers.model");
    let orders = sample().with_file_name("orders.csv");
    let (code, _, err) = regulars(&[
        "recommend",
        orders.to_str().unwrap(),
        "--model",
        "popularity",
        "--save",
        saved.to_str().unwrap(),
    ]);
    assert_eq!(code, 0, "{err}");
    let model = recommend::Model::from_bytes(&std::fs::read(&saved).unwrap()).unwrap();
    let shop = super::saved(folder.path(), "shop.bundle");
    let sources = [Source::File(shop), Source::File(saved)];
    let service = http::start(&sources, Options::at(anywhere())).unwrap();
    let to = service.address();
    let history: Vec<&str> = model.items.iter().take(2).map(String::as_str).collect();
    let told = post(to, "/v1/recommend", &json!({ "history": history, "n": 3 })).json();
    let wanted = model.offers(&model.basket(&history).unwrap(), 3);
    let names: Vec<&str> = wanted.iter().map(|one| model.items[one.item as usize].as_str()).collect();
    let got: Vec<&str> =
        told["offers"].as_array().unwrap().iter().map(|one| one["product"].as_str().unwrap()).collect();
    assert_eq!(got, names);
    let told = post(to, "/v1/recommend", &json!({ "history": ["no such thing"] }));
    assert_eq!((told.status, told.kind().as_str()), (422, "recommend_no_product"));
    assert_eq!(post(to, "/v1/recommend", &json!({ "history": [], "n": 0 })).status, 422);
    let models = ask(to, "GET", "/v1/models", &[JSON], b"").json();
    assert_eq!(models["models"][1]["kind"], "recommend");
    assert_eq!(models["models"][0]["columns"][0]["name"], "customer_id");
}
