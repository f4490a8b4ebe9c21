//! Models of a question over time: asked with the ready-made columns, or with what a customer did.

use std::collections::BTreeMap;
use std::path::PathBuf;

use regulars::http::{self, Options, Source};
use regulars_engine::deploy::{Bundle, Lacking};
use regulars_engine::features::behaviour::CUT_OFF;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Secrets, Settings};
use serde_json::{Value, json};

use super::{JSON, anywhere, ask, customers, post};
use crate::support::{json as run, regulars};

/// What is done to a request before it is sent.
type Change<'a> = &'a dyn Fn(&mut Value);

const TABLES: [&str; 5] = ["customers", "events", "feedback", "orders", "products"];

#[test]
fn ready_columns_and_raw_orders_score_as_the_terminal_does() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    let out = shop.to_str().unwrap();
    assert_eq!(regulars(&["sample", "--out", out, "--customers", "400", "--seed", "3"]).0, 0);
    let files: Vec<PathBuf> = TABLES.iter().map(|name| shop.join(format!("{name}.csv"))).collect();
    let paths: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let saved = folder.path().join("time.bundle");
    let bundle = saved.to_str().unwrap();
    let learnt =
        [&["train"], paths.as_slice(), &["--horizon", "60", "--model", "logistic", "--device", "flex"]];
    run(&[learnt.concat().as_slice(), &["--bundle", bundle]].concat());
    let list = folder.path().join("list.csv");
    let to_list = ["--out", list.to_str().unwrap()];
    run(&[&["score", bundle], paths.as_slice(), &to_list].concat());

    // The same to the last bit: the terminal writes six digits.
    let bundle = Bundle::open(&saved).unwrap();
    let sources: Vec<project::Source> = files.iter().cloned().map(project::Source::File).collect();
    let from = (sources.as_slice(), &Secrets::default());
    let silent = Reporter::silent();
    let table = project::open_for(&bundle, &Settings::default(), from, None, &silent).unwrap();
    let scores = bundle.score(&table, Lacking::Refuse, &silent).unwrap();
    let text = std::fs::read_to_string(&list).unwrap();
    assert_eq!(text.lines().count(), scores.rows.len() + 1);
    let wanted: BTreeMap<&str, f64> =
        scores.rows.iter().map(|row| (row.id.as_str(), row.probability)).collect();
    for (id, probability) in &wanted {
        assert!(text.contains(&format!(",{id},{probability:.6},")), "{id} {probability}");
    }

    let service = http::start(&[Source::File(saved)], Options::at(anywhere())).unwrap();
    let to = service.address();
    let models = ask(to, "GET", "/v1/models", &[], b"").json();
    assert_eq!(models["models"][0]["horizon_days"], 60);
    let same = |told: &Value, what: &str| {
        let id = told["id"].as_str().unwrap();
        assert_eq!(told["probability"].as_f64(), Some(wanted[id]), "{what} {id}");
    };
    // Ready-made columns, one by one and as a list.
    let ready: Vec<Value> = (0..table.height())
        .map(|at| {
            let cell = |name: &str| table.text(name).and_then(|text| text.get(at)).map(Value::from);
            let cells = table.columns.iter().map(|column| (column.name.clone(), cell(&column.name).into()));
            Value::Object(cells.collect())
        })
        .collect();
    let told = post(to, "/v1/score", &Value::from(ready.clone())).json();
    assert_eq!(told["scored"].as_u64(), Some(wanted.len() as u64));
    told["scores"].as_array().unwrap().iter().for_each(|one| same(one, "ready list"));
    for row in ready.iter().step_by(25) {
        same(&post(to, "/v1/score", row).json(), "ready row");
    }

    // What each did, and nothing of the others.
    let all: BTreeMap<&str, Vec<Value>> =
        TABLES.into_iter().zip(&files).map(|(name, file)| (name, customers(file, ""))).collect();
    let day = table.text(CUT_OFF).and_then(|text| text.get(0)).unwrap();
    let of = |name: &str, ids: &[&str]| -> Value {
        let is_theirs = |row: &&Value| ids.iter().any(|id| row["customer_id"] == *id);
        all[name].iter().filter(is_theirs).cloned().collect()
    };
    let ask_of = |ids: &[&str]| {
        json!({
            "as_of": day, "customers": of("customers", ids), "orders": of("orders", ids),
            "events": of("events", ids), "feedback": of("feedback", ids), "products": all["products"],
        })
    };
    let ids: Vec<&str> = wanted.keys().copied().collect();
    let mut without_feedback = 0;
    for id in ids.iter().step_by(4) {
        let body = ask_of(&[id]);
        without_feedback += usize::from(body["feedback"].as_array().unwrap().is_empty());
        let told = post(to, "/v1/score/history", &body);
        assert_eq!(told.status, 200, "{id} {}", String::from_utf8_lossy(&told.body));
        let told = told.json();
        assert_eq!(told["scored"], 1, "{told}");
        same(&told["scores"][0], "history");
    }
    assert!(without_feedback > 5, "who said nothing is among them: {without_feedback}");
    let told = post(to, "/v1/score/history", &ask_of(&ids[..50])).json();
    assert_eq!(told["scored"], 50, "{told}");
    told["scores"].as_array().unwrap().iter().for_each(|one| same(one, "history of fifty"));
    // Numbers need not be text.
    let mut typed = ask_of(&ids[..1]);
    for order in typed["orders"].as_array_mut().unwrap() {
        for name in ["quantity", "amount"] {
            order[name] = json!(order[name].as_str().unwrap().parse::<f64>().unwrap());
        }
    }
    same(&post(to, "/v1/score/history", &typed).json()["scores"][0], "numbers");

    // What is later than the day is not known on it.
    let early = |mut body: Value| {
        body["as_of"] = "2026-05-01".into();
        let told = post(to, "/v1/score/history", &body);
        (told.status == 200).then(|| told.json()["scores"][0]["probability"].as_f64().unwrap())
    };
    let mut cut = ask_of(&ids[..1]);
    let whole = early(cut.clone());
    for (name, column) in [("orders", "order_date"), ("events", "time"), ("feedback", "date")] {
        let list = cut[name].as_array_mut().unwrap();
        list.retain(|row| row[column].as_str().unwrap() < "2026-05-02");
    }
    assert_eq!(early(cut), whole);

    // Refusals.
    let refused = |change: Change<'_>| {
        let mut body = ask_of(&ids[..1]);
        change(&mut body);
        let told = post(to, "/v1/score/history", &body);
        (told.status, told.kind())
    };
    let cases: [(Change<'_>, &str); 6] = [
        (&|body| body["as_of"] = "soon".into(), "bad_cell"),
        (&|body| body["orders"] = json!([]), "behaviour_no_orders"),
        (&|body| body["orders"] = json!([3]), "not_an_object"),
        (&|body| body["surprise"] = json!([]), "not_an_object"),
        (&|body| body["as_of"] = "1999-01-01".into(), "behaviour_no_purchases"),
        (&|body| body["customers"] = json!([]), "missing_column"),
    ];
    for (change, kind) in cases {
        assert_eq!(refused(change), (422, kind.to_owned()));
    }
    let told = ask(to, "POST", "/v1/score/history", &[JSON], b"{\"as_of\": ");
    assert_eq!((told.status, told.kind().as_str()), (400, "bad_json"));
    // A model of no question says so.
    let plain = super::serve(folder.path(), |_| ());
    let told = post(plain.address(), "/v1/score/history", &ask_of(&ids[..1]));
    assert_eq!((told.status, told.kind().as_str()), (422, "behaviour_no_question"));
}
