//! How the service lives: a changed file is taken over while it answers, it stops when told and not in the
//! middle of an answer, it speaks TLS, its log holds nothing of a customer, and the examples run.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use regulars::http::Options;
use regulars_engine::train::ModelKind;
use serde_json::Value;

use super::{answer, anywhere, ask, connect, customers, learn, post, saved, serve};
use crate::support::{program, sample};

fn wait(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[test]
fn a_changed_file_is_taken_over_and_a_damaged_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let service = serve(folder.path(), |_| ());
    let to = service.address();
    let file = folder.path().join("shop.bundle");
    let good = customers(&sample(), "churned").swap_remove(0);
    let before = post(to, "/v1/score", &good).json()["probability"].as_f64().unwrap();

    // Somebody asks all the while.
    let (ends, asked, failed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                asked.fetch_add(1, Ordering::Relaxed);
                let told = post(to, "/v1/score", &good);
                if told.status != 200 {
                    failed.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        let health = || ask(to, "GET", "/health", &[], b"").json();
        wait("the damaged file is told", || health()["status"] == "degraded");
        assert!(health()["models"][0]["refused_file"].is_string());
        assert_eq!(post(to, "/v1/score", &good).json()["probability"].as_f64(), Some(before));
        learn(&sample(), ModelKind::Tree).save(&file).unwrap();
        wait("the new file is taken over", || health()["status"] == "ok");
        ends.store(true, Ordering::Relaxed);
    });
    let after = post(to, "/v1/score", &good).json()["probability"].as_f64().unwrap();
    assert_ne!(before, after);
    assert_eq!(ask(to, "GET", "/v1/models", &[], b"").json()["models"][0]["model"], "tree");
    assert_eq!(failed.into_inner(), 0, "of {}", asked.into_inner());
}

/// The program, serving; its address comes from the log.
pub fn started(folder: &Path, more: &[&str]) -> (Child, SocketAddr, BufReader<std::process::ChildStderr>) {
    let bundle = saved(folder, "shop.bundle");
    let mut child = program()
        .args(["serve", bundle.to_str().unwrap(), "--bind", "127.0.0.1:0", "--json"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended before it listened");
    }
    let told: Value = serde_json::from_str(&line).unwrap();
    let url = told["url"].as_str().unwrap();
    (child, url.split("//").nth(1).unwrap().parse().unwrap(), log)
}

#[cfg(unix)]
#[test]
fn it_stops_after_the_last_answer_and_logs_no_customer() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, to, mut log) = started(folder.path(), &[]);
    let mut good = customers(&sample(), "churned").swap_remove(0);
    good["customer_id"] = "SECRET-77123".into();
    good["city"] = "Xanadu-on-Sea".into();
    assert_eq!(post(to, "/v1/score", &good).status, 200);
    assert_eq!(ask(to, "GET", "/v1/score?id=SECRET-77123", &[], b"").status, 405);
    assert_eq!(ask(to, "GET", "/SECRET-77123", &[], b"").status, 404);
    // A request that is half there when the signal comes is answered.
    let text = good.to_string();
    let (half, rest) = text.split_at(text.len() / 2);
    let mut running = connect(to);
    let head = format!(
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{half}",
        text.len()
    );
    running.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let killed =
        std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    wait("no new connection", || std::net::TcpStream::connect(to).is_err());
    assert!(child.try_wait().unwrap().is_none(), "it ended before its last answer");
    running.write_all(rest.as_bytes()).unwrap();
    assert_eq!(answer(&mut running).status, 200);
    let started = Instant::now();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(10));
    let told: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((told["requests"].as_u64(), told["rows"].as_u64()), (Some(4), Some(2)), "{told}");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut log, &mut text).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line["message"] == "request").count(), 4, "{text}");
    for cell in ["SECRET", "Xanadu", "127.0.0.1"] {
        assert!(!text.contains(cell), "{cell} is in the log: {text}");
    }
}

#[test]
fn it_speaks_tls() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (chain, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let service = serve(folder.path(), |options| options.tls = Some((chain.clone(), key.clone())));
    assert!(service.url().starts_with("https://"));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let session = rustls::ClientConnection::new(Arc::new(client), name).unwrap();
    let mut stream = rustls::StreamOwned::new(session, connect(service.address()));
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert_eq!(answer(&mut stream).json()["status"], "ok");
    // Without TLS nothing is answered there.
    let mut plain = connect(service.address());
    plain.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut plain, &mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    std::fs::write(&key, "nothing").unwrap();
    let options = Options { tls: Some((chain, key)), ..Options::at(anywhere()) };
    let source = regulars::http::Source::File(folder.path().join("shop.bundle"));
    let error = regulars::http::start(&[source], options).unwrap_err();
    assert_eq!(error.kind(), "certificate");
}

#[test]
fn the_document_and_the_page_tell_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let service = serve(folder.path(), |_| ());
    let to = service.address();
    let told = ask(to, "GET", "/openapi.json", &[], b"").json();
    assert_eq!(told["openapi"], "3.1.0");
    for path in [
        "/v1/score",
        "/v1/score/history",
        "/v1/explain",
        "/v1/recommend",
        "/v1/models",
        "/health",
        "/metrics",
    ] {
        assert!(told["paths"][path].is_object(), "{path}");
    }
    let customer = &told["components"]["schemas"]["Customer"];
    assert!(customer["required"].as_array().unwrap().contains(&"orders".into()), "{customer}");
    // Whoever makes requests from the document asks for models that there are.
    let named = &told["paths"]["/v1/score"]["post"]["parameters"];
    let named: Vec<_> = named.as_array().unwrap().iter().filter(|one| one["name"] == "model").collect();
    assert_eq!(named.len(), 1);
    let models = ask(to, "GET", "/v1/models", &[], b"").json();
    let served = models["models"].as_array().unwrap().iter().filter(|one| one["kind"] != "recommend");
    let served: Vec<_> = served.map(|one| one["name"].clone()).collect();
    assert_eq!(named[0]["schema"]["enum"].as_array().unwrap(), &served, "{models}");
    // What the document gives as an example can be sent.
    assert_eq!(post(to, "/v1/score", &customer["example"]).status, 200);
    for status in ["400", "401", "403", "404", "408", "409", "413", "415", "422", "429", "503"] {
        assert!(told["paths"]["/v1/score"]["post"]["responses"][status].is_object(), "{status}");
    }
    let page = ask(to, "GET", "/", &[], b"");
    let text = String::from_utf8(page.body.clone()).unwrap();
    assert!(text.contains("/v1/score") && text.contains("satisfaction"), "{text}");
    assert!(!text.contains("http://") || !text.contains("src="), "nothing is loaded from elsewhere");
    assert!(
        page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'"))
    );
    let text = String::from_utf8(ask(to, "GET", "/metrics", &[], b"").body).unwrap();
    assert!(text.contains("regulars_request_duration_seconds_bucket") && text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn the_examples_run() {
    let folder = tempfile::tempdir().unwrap();
    let service = serve(folder.path(), |_| ());
    let mut ran = 0;
    for (program, file) in [("python3", "score.py"), ("node", "score.mjs")] {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples").join(file);
        let out = std::process::Command::new(program)
            .arg(&script)
            .arg(sample())
            .env("REGULARS_URL", service.url())
            .output();
        match out {
            Ok(out) => {
                let text = String::from_utf8_lossy(&out.stdout);
                assert!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
                assert!(text.contains("C00001"), "{text}");
                ran += 1;
            }
            Err(error) => println!("skipped: {program} is not here ({error})"),
        }
    }
    println!("{ran} examples ran");
    // At least as many requests as examples.
    assert!(service.snapshot().requests >= ran);
}
