//! What is asked wrongly is told so: the right status, and an object with kind, message and mend.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use regulars::http::keys::{Scope, Store};
use regulars::http::{self, Options, Source};
use serde_json::json;

use super::{JSON, answer, ask, connect, customers, post, saved, serve};
use crate::support::{regulars, sample};

/// Method, path, heads and body of a request; the status and the kind of error that answer it.
type Case = (&'static str, &'static str, Vec<(&'static str, &'static str)>, Vec<u8>, u16, &'static str);

#[test]
fn wrong_requests_get_their_status() {
    let folder = tempfile::tempdir().unwrap();
    let service = serve(folder.path(), |options| {
        options.limits.body_bytes = 100_000;
        options.limits.rows = 40;
        options.limits.body_time = Duration::from_millis(400);
        options.limits.head_time = Duration::from_millis(700);
    });
    let to = service.address();
    let good = customers(&sample(), "churned").swap_remove(0);
    assert_eq!(post(to, "/v1/score", &good).status, 200);
    let mut lacking = good.clone();
    lacking.as_object_mut().unwrap().remove("orders");
    let mut nested = good.clone();
    nested["orders"] = json!([1, 2]);
    let text = |value: &serde_json::Value| value.to_string().into_bytes();
    let csv = ("Content-Type", "text/csv");
    let huge = vec![b' '; 100_001];
    let deep = format!("{{\"orders\": {}{}}}", "[".repeat(40_000), "]".repeat(40_000)).into_bytes();
    let deeper = "[".repeat(90_000).into_bytes();
    let list = format!("[{}]", vec!["{}"; 41].join(",")).into_bytes();
    let table = std::fs::read_to_string(sample()).unwrap();
    let table = table.split_inclusive('\n').take(42).collect::<String>().into_bytes();
    let wide: Vec<String> = (0..10_001).map(|at| format!("\"{at}\":1")).collect();
    let wide = format!("{{{}}}", wide.join(",")).into_bytes();
    let bytes = ("Content-Type", "application/octet-stream");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let cases: Vec<Case> = vec![
        ("POST", "/v1/score", vec![JSON], b"{\"orders\": 1,}".to_vec(), 400, "bad_json"),
        ("POST", "/v1/score", vec![JSON], b"".to_vec(), 400, "bad_json"),
        ("POST", "/v1/score", vec![JSON], b"\xff\xfe{}".to_vec(), 400, "bad_json"),
        ("POST", "/v1/score", vec![csv], b"".to_vec(), 400, "bad_csv"),
        ("POST", "/v1/score", vec![csv], b"id\n\xff\xff\n".to_vec(), 400, "not_utf8"),
        ("POST", "/v1/score?fill=maybe", vec![JSON], text(&good), 400, "bad_query"),
        ("POST", "/v1/score?x=1", vec![JSON], text(&good), 400, "bad_query"),
        ("POST", "/v1/score", vec![JSON, ("Host", "evil.example")], text(&good), 403, "wrong_host"),
        ("GET", "/v1/nothing", vec![], vec![], 404, "not_found"),
        ("GET", "/../../etc/passwd", vec![], vec![], 404, "not_found"),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", vec![], vec![], 404, "not_found"),
        ("GET", "/v1/../../etc/passwd", vec![], vec![], 404, "not_found"),
        ("POST", "/v1/score?model=../shop", vec![JSON], text(&good), 404, "no_model"),
        ("GET", "/..%2f..%2fetc%2fpasswd", vec![], vec![], 404, "not_found"),
        ("GET", "/v1/..\\..\\etc", vec![], vec![], 404, "not_found"),
        ("GET", "/v1/models%00", vec![], vec![], 404, "not_found"),
        ("POST", "/v1/score/", vec![JSON], text(&good), 404, "not_found"),
        ("POST", "/v1/score/../models", vec![JSON], text(&good), 404, "not_found"),
        ("POST", "/v1/score?model=%2e%2e%2fshop.bundle", vec![JSON], text(&good), 404, "no_model"),
        ("POST", "/v1/recommend", vec![JSON], b"{\"history\": []}".to_vec(), 404, "no_recommender"),
        ("GET", "/v1/score", vec![], vec![], 405, "wrong_method"),
        ("PUT", "/v1/score", vec![JSON], text(&good), 405, "wrong_method"),
        ("OPTIONS", "/v1/score", vec![], vec![], 405, "wrong_method"),
        ("GET", "/v1/explain", vec![], vec![], 405, "wrong_method"),
        ("POST", "/health", vec![JSON], b"{}".to_vec(), 405, "wrong_method"),
        ("DELETE", "/v1/models", vec![], vec![], 405, "wrong_method"),
        ("POST", "/v1/score", vec![JSON], list, 413, "too_many_rows"),
        ("POST", "/v1/score", vec![csv], table, 413, "too_many_rows"),
        ("POST", "/v1/score", vec![JSON], wide, 413, "too_wide"),
        ("POST", "/v1/score", vec![JSON], deep.clone(), 422, "bad_cell"),
        ("POST", "/v1/explain", vec![JSON], deep, 422, "bad_cell"),
        ("POST", "/v1/score", vec![JSON], deeper.clone(), 400, "bad_json"),
        ("POST", "/v1/recommend?model=shop", vec![JSON], deeper, 404, "no_recommender"),
        ("POST", "/v1/score", vec![bytes], text(&good), 415, "wrong_type"),
        ("POST", "/v1/score", vec![form], b"orders=1".to_vec(), 415, "wrong_type"),
        (
            "POST",
            "/v1/score",
            vec![("Content-Type", "text/csv; header=absent")],
            text(&good),
            415,
            "wrong_type",
        ),
        ("POST", "/v1/score", vec![JSON, ("Idempotency-Key", "")], text(&good), 400, "bad_key"),
        ("POST", "/v1/score", vec![JSON], huge.clone(), 413, "too_large"),
        ("POST", "/v1/score", vec![JSON, ("Content-Length", "99999999999")], vec![], 413, "too_large"),
        ("POST", "/v1/score", vec![], text(&good), 415, "wrong_type"),
        ("POST", "/v1/score", vec![("Content-Type", "application/xml")], b"<a/>".to_vec(), 415, "wrong_type"),
        ("POST", "/v1/explain", vec![csv], b"a\n1\n".to_vec(), 415, "wrong_type"),
        ("POST", "/v1/score", vec![JSON], b"3".to_vec(), 422, "not_an_object"),
        ("POST", "/v1/score", vec![JSON], b"[1]".to_vec(), 422, "not_an_object"),
        ("POST", "/v1/score", vec![JSON], text(&lacking), 422, "missing_column"),
        ("POST", "/v1/score", vec![JSON], text(&nested), 422, "bad_cell"),
        ("POST", "/v1/score", vec![JSON], b"{}".to_vec(), 422, "missing_column"),
        ("POST", "/v1/explain", vec![JSON], text(&lacking), 422, "missing_column"),
    ];
    for (method, path, headers, body, status, kind) in cases {
        let told = ask(to, method, path, &headers, &body);
        assert_eq!((told.status, told.kind().as_str()), (status, kind), "{method} {path} {headers:?}");
        let error = &told.json()["error"];
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        assert!(error["hint"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        if status == 405 {
            assert!(told.header("allow").is_some(), "{}", told.head);
        }
    }
    let told = ask(to, "POST", "/v1/score", &[JSON], json!([good, lacking, 3]).to_string().as_bytes());
    assert_eq!((told.status, told.json()["error"]["row"].as_u64()), (422, Some(3)));
    let told = post(to, "/v1/score", &lacking);
    assert_eq!(told.json()["error"]["column"], "orders");
    let filled = post(to, "/v1/score?fill=true", &lacking);
    assert_eq!(filled.status, 200, "{filled:?}");

    // A body that comes too slowly, and one that never comes in chunks.
    for head in ["Content-Length: 900", "Transfer-Encoding: chunked"] {
        let mut slow = connect(to);
        let head = format!(
            "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{head}\r\n\r\n"
        );
        slow.write_all(head.as_bytes()).unwrap();
        let told = answer(&mut slow);
        assert_eq!((told.status, told.kind().as_str()), (408, "too_slow"));
    }
    // A head that comes a letter at a time is cut off; so is one that begins and never ends.
    let mut slow = connect(to);
    let started = Instant::now();
    for letter in "GET /health HTTP/1.1\r\nHost: localhost\r\nX: ".bytes().chain(std::iter::repeat(b'x')) {
        if slow.write_all(&[letter]).is_err() || started.elapsed() > Duration::from_secs(10) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&rest));
    // All the while it goes on.
    assert_eq!(post(to, "/v1/score", &good).status, 200);
    let counts = service.snapshot();
    assert_eq!(counts.failed, 0);
    assert!(counts.refused >= 25 && counts.requests > counts.refused, "{counts:?}");
}

#[test]
fn what_is_no_http_is_refused_and_a_chunked_flood_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let service = serve(folder.path(), |options| options.limits.body_bytes = 100_000);
    let to = service.address();
    let long = format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let two =
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
            .to_owned();
    for (text, wanted) in [("NOTHING LIKE IT\r\n\r\n".to_owned(), 400), (two, 400), (long, 431)] {
        let mut stream = connect(to);
        // It may not be read to its end.
        let _ = stream.write_all(text.as_bytes());
        let told = answer(&mut stream);
        assert_eq!(told.status, wanted, "{}", text.get(..60).unwrap_or(&text));
    }
    // A body without a length is refused when it has grown too large, not when it ends.
    let mut stream = connect(to);
    let head = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("2710\r\n{}\r\n", " ".repeat(10_000));
    for _ in 0..11 {
        // Behind the limit it may not be read.
        let _ = stream.write_all(chunk.as_bytes());
    }
    let told = answer(&mut stream);
    assert_eq!((told.status, told.kind().as_str()), (413, "too_large"));
    assert_eq!(ask(to, "GET", "/health", &[], b"").status, 200);
    assert_eq!(service.snapshot().failed, 0);
}

#[test]
fn a_request_sent_again_is_told_and_a_key_used_twice_refused() {
    let folder = tempfile::tempdir().unwrap();
    let service = serve(folder.path(), |_| ());
    let to = service.address();
    let rows = customers(&sample(), "churned");
    let with = |path: &str, key: &str, row: &serde_json::Value| {
        ask(to, "POST", path, &[JSON, ("Idempotency-Key", key)], row.to_string().as_bytes())
    };
    let first = with("/v1/score", "monday-1", &rows[0]);
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, None));
    let again = with("/v1/score", "monday-1", &rows[0]);
    assert_eq!((again.status, again.header("idempotency-replayed")), (200, Some("true")));
    assert_eq!(first.body, again.body);
    // Another customer, or another question, under the same key.
    for told in [with("/v1/score", "monday-1", &rows[1]), with("/v1/explain", "monday-1", &rows[0])] {
        assert_eq!((told.status, told.kind().as_str()), (409, "key_reused"));
    }
    assert_eq!(with("/v1/score", "monday-2", &rows[1]).status, 200);
    // Without a key the same may be asked as often as one likes.
    for _ in 0..2 {
        let told = post(to, "/v1/score", &rows[0]);
        assert_eq!((told.status, told.header("idempotency-replayed")), (200, None));
    }
}

#[test]
fn keys_open_what_they_may_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let mut store = Store::open(&file).unwrap();
    let score = store.add("till", &[Scope::Score], None, 60_000).unwrap();
    let slow = store.add("slow", &[Scope::Score, Scope::Metrics], None, 3).unwrap();
    let gone = store.add("gone", &[Scope::Score], Some(Duration::ZERO), 60_000).unwrap();
    store.save(&file).unwrap();
    let service = serve(folder.path(), |options| options.keys = Some(file.clone()));
    let to = service.address();
    let good = customers(&sample(), "churned").swap_remove(0).to_string();
    let with = |method: &str, path: &str, key: &str| {
        let bearer = format!("Bearer {key}");
        ask(to, method, path, &[JSON, ("Authorization", &bearer)], good.as_bytes())
    };
    let told = ask(to, "POST", "/v1/score", &[JSON], good.as_bytes());
    assert_eq!((told.status, told.kind().as_str()), (401, "unauthorized"));
    assert_eq!(told.header("www-authenticate"), Some("Bearer"));
    assert_eq!(with("POST", "/v1/score", "rgl_000000000000_0").status, 401);
    assert_eq!(with("POST", "/v1/score", &gone).status, 401);
    assert_eq!(with("POST", "/v1/score", &score).status, 200);
    assert_eq!(ask(to, "POST", "/v1/score", &[JSON, ("X-API-Key", &score)], good.as_bytes()).status, 200);
    let told = with("POST", "/v1/explain", &score);
    assert_eq!((told.status, told.kind().as_str()), (403, "forbidden"));
    assert_eq!(with("GET", "/metrics", &score).status, 403);
    assert_eq!(with("GET", "/v1/models", &score).status, 200);
    // What needs no key says nothing of the models' columns.
    for path in ["/health", "/"] {
        let told = ask(to, "GET", path, &[], b"");
        assert_eq!(told.status, 200);
        assert!(!String::from_utf8_lossy(&told.body).contains("satisfaction"), "{path}");
    }
    let text = String::from_utf8(with("GET", "/metrics", &slow).body).unwrap();
    assert!(text.contains("regulars_requests_total{route=\"/v1/score\",status=\"200\"} 2"), "{text}");
    assert_eq!(with("POST", "/v1/score", &slow).status, 200);
    assert_eq!(with("POST", "/v1/score", &slow).status, 200);
    let told = with("POST", "/v1/score", &slow);
    assert_eq!((told.status, told.kind().as_str()), (429, "rate_limited"));
    assert!(
        told.header("retry-after").and_then(|s| s.parse::<u64>().ok()).is_some_and(|s| (1..=60).contains(&s))
    );

    // Changed while it runs: the old key works on beside the new one, a revoked one within two seconds not.
    let path = file.to_str().unwrap();
    let (code, out, err) = regulars(&["serve", "keys", "rotate", "till", "--store", path, "--grace", "1h"]);
    assert_eq!(code, 0, "{err}");
    let new = out.trim().to_owned();
    let waits = |what: &str, done: &dyn Fn() -> bool| {
        let started = Instant::now();
        while !done() {
            assert!(started.elapsed() < Duration::from_secs(5), "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    waits("rotated", &|| with("POST", "/v1/score", &new).status == 200);
    assert_eq!(with("POST", "/v1/score", &score).status, 200);
    let (code, list, _) = regulars(&["serve", "keys", "list", "--store", path]);
    assert!(code == 0 && list.contains("till") && !list.contains(&new), "{list}");
    assert_eq!(regulars(&["serve", "keys", "revoke", "till", "--store", path]).0, 0);
    waits("revoked", &|| with("POST", "/v1/score", &new).status == 401);
    assert_eq!(with("POST", "/v1/score", &score).status, 401);
    assert_eq!(regulars(&["serve", "keys", "revoke", "till", "--store", path]).0, 1);
}

#[test]
fn other_machines_are_let_in_only_with_keys() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = saved(folder.path(), "shop.bundle");
    let bundle = bundle.to_str().unwrap();
    let (code, out, err) = regulars(&["serve", bundle, "--bind", "0.0.0.0:0", "--json"]);
    assert_eq!(code, 1, "{err}");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["error"]["kind"], "keys_needed");
    assert!(told["error"]["hint"].as_str().unwrap().contains("keys add"));
    let keys = folder.path().join("none.json");
    let open = |keys: Option<std::path::PathBuf>| {
        let options = Options { keys, ..Options::at(([0, 0, 0, 0], 0).into()) };
        http::start(&[Source::File(bundle.into())], options).map(|service| service.address())
    };
    assert!(open(Some(keys.clone())).is_err(), "a store without a key guards nothing");
    let mut store = Store::open(&keys).unwrap();
    store.add("far", &[Scope::Score], None, 10).unwrap();
    store.save(&keys).unwrap();
    assert!(open(Some(keys)).is_ok());
    let (code, _, err) = regulars(&["serve", "/nowhere/shop.bundle"]);
    assert!(code == 1 && err.contains("/nowhere/shop.bundle"), "{err}");
}

#[test]
fn too_much_at_once_is_told_to_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let service = serve(folder.path(), |options| {
        options.limits.at_once = 1;
        options.limits.body_time = Duration::from_secs(5);
    });
    let to = service.address();
    let good = customers(&sample(), "churned").swap_remove(0);
    let mut first = connect(to);
    let text = good.to_string();
    let (half, rest) = text.split_at(text.len() / 2);
    let head = format!(
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        text.len()
    );
    first.write_all(format!("{head}{half}").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let told = post(to, "/v1/score", &good);
    assert_eq!((told.status, told.kind().as_str()), (503, "busy"));
    assert_eq!(told.header("retry-after"), Some("1"));
    assert_eq!(ask(to, "GET", "/health", &[], b"").status, 200);
    first.write_all(rest.as_bytes()).unwrap();
    assert_eq!(answer(&mut first).status, 200);
    assert_eq!(post(to, "/v1/score", &good).status, 200);
}
