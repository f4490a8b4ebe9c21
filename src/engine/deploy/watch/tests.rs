use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::job::Reporter;

fn scored() -> Done {
    Done {
        file: "export.csv".into(),
        when: now(),
        model: "m".into(),
        result: DoneResult::Scored {
            out: "export.0.csv".into(),
            rows: 10,
            at_risk: 3,
            flagged: 0,
            rejected: 1,
            psi: 0.01,
            score_psi: None,
            alerts: Vec::new(),
        },
        audited: false,
        notice: Notified::Pending { failed: 0 },
    }
}

/// What a server was sent: heads and body, request by request.
type Requests = Vec<(Vec<String>, Vec<u8>)>;

/// Answers with each of `statuses` in turn; gives the heads and bodies that came.
fn server(statuses: Vec<u16>) -> (u16, std::thread::JoinHandle<Requests>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let answer = |status: u16| {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                head.push(line.trim().to_owned());
            }
            let length = head
                .iter()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            let text = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            reader.into_inner().write_all(text.as_bytes()).unwrap();
            (head, body)
        };
        statuses.into_iter().map(answer).collect()
    });
    (port, thread)
}

#[test]
fn a_webhook_is_signed_and_tried_again() {
    // Set for the whole program, and read by no other test.
    unsafe { std::env::set_var("REGULARS_TEST_HOOK", "key of the hook") };
    let (port, thread) = server(vec![500, 503, 204]);
    let hook =
        Webhook { url: format!("http://127.0.0.1:{port}/in"), secret_env: "REGULARS_TEST_HOOK".into() };
    let notify = Notify { webhook: Some(hook), tries: 3, pause: 0.01, ..Notify::default() };
    let done = scored();
    notify.send(&Notice::of("abc", &done), &Reporter::silent()).unwrap();
    let came = thread.join().unwrap();
    assert_eq!(came.len(), 3);
    for (head, body) in &came {
        let header = |name: &str| {
            let found = head
                .iter()
                .find_map(|line| line.to_lowercase().strip_prefix(&format!("{name}: ")).map(str::to_owned));
            found.unwrap_or_else(|| panic!("{name} in {head:?}"))
        };
        assert_eq!(header("regulars-id"), "abc", "the same in every try");
        let seconds: i64 = header("regulars-timestamp").parse().unwrap();
        assert_eq!(
            header("regulars-signature"),
            format!("sha256={}", signature(b"key of the hook", seconds, body))
        );
        let told: serde_json::Value = serde_json::from_slice(body).unwrap();
        assert_eq!(told["result"]["scored"]["rows"], 10);
    }
    let (port, thread) = server(vec![500]);
    let hook = Webhook {
        url: format!("http://127.0.0.1:{port}/?key=secret"),
        secret_env: "REGULARS_TEST_HOOK".into(),
    };
    let notify = Notify { webhook: Some(hook), tries: 1, pause: 0.01, ..Notify::default() };
    let error = notify.send(&Notice::of("abc", &done), &Reporter::silent()).unwrap_err();
    thread.join().unwrap();
    assert_eq!(error.kind(), "notice_failed");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn the_signature_is_the_published_one() {
    // HMAC_SHA256("key", "1.The quick…") made by Python's hmac.
    assert_eq!(
        signature(b"key", 1, b"The quick brown fox jumps over the lazy dog"),
        "3ff4d3cc115b639a16dc5b217aa5c89be41d1e4b54efc356d63d0cd2a65b30f1"
    );
}

#[test]
fn a_letter_reaches_a_server_on_this_computer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut out = stream.try_clone().unwrap();
        let mut say = |text: &str| out.write_all(format!("{text}\r\n").as_bytes()).unwrap();
        say("220 here");
        let (mut letter, mut within) = (String::new(), false);
        for line in BufReader::new(stream).lines() {
            let line = line.unwrap();
            match (within, line.to_uppercase().split(' ').next().unwrap_or_default()) {
                (true, ".") => {
                    within = false;
                    say("250 taken");
                }
                (true, _) => letter.push_str(&format!("{line}\n")),
                (false, "DATA") => {
                    within = true;
                    say("354 go on");
                }
                (false, "QUIT") => {
                    say("221 bye");
                    break;
                }
                (false, _) => say("250 yes"),
            }
            if !within && !letter.is_empty() {
                break;
            }
        }
        letter
    });
    let mail: Mail = serde_json::from_value(serde_json::json!({
        "host": "127.0.0.1", "port": port, "tls": "none",
        "from": "Shop <shop@example.com>", "to": ["owner@example.com"],
    }))
    .unwrap();
    let notify = Notify { email: Some(mail), tries: 1, pause: 0.01, ..Notify::default() };
    notify.send(&Notice::of("abc", &scored()), &Reporter::silent()).unwrap();
    let letter = thread.join().unwrap();
    assert!(letter.contains("To: owner@example.com") && letter.contains("<abc@regulars>"), "{letter}");
}

#[test]
fn settings_of_notices_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify.json");
    for (wrong, why) in [
        ("{\"webhook\":{\"url\":\"ftp://x\"}}", "no web address"),
        ("{\"webhook\":{\"url\":\"https://x\",\"secret_env\":\"REGULARS_NOT_SET\"}}", "REGULARS_NOT_SET"),
        (
            "{\"email\":{\"host\":\"mail.example.com\",\"tls\":\"none\",\"from\":\"a@b.c\",\"to\":[\"d@e.f\"]}}",
            "on this computer",
        ),
        ("{\"email\":{\"host\":\"h\",\"from\":\"a@b.c\",\"to\":[]}}", "nobody"),
        ("{\"email\":{\"host\":\"h\",\"from\":\"a\",\"to\":[\"d@e.f\"]}}", "no e-mail address"),
        ("{\"mail\":{}}", "unknown field"),
    ] {
        std::fs::write(&path, wrong).unwrap();
        let error = Notify::open(&path).unwrap_err();
        assert_eq!(error.kind(), "bad_watch_settings");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_file_rests_once_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut looked = Looked::default();
    let mut look = |settle: u64| settled(folder.path(), &mut looked, Duration::from_millis(settle)).unwrap();
    for name in ["a.csv", ".b.csv", "~c.xlsx", "d.part", "e.pdf"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    std::fs::write(folder.path().join("empty.csv"), "").unwrap();
    let rests: Vec<bool> = look(60_000).into_iter().map(|(_, rests)| rests).collect();
    assert_eq!(rests, [false], "it is new");
    std::fs::write(folder.path().join("a.csv"), "xy").unwrap();
    assert!(!look(0)[0].1, "it has grown since");
    std::thread::sleep(Duration::from_millis(20));
    assert!(look(10)[0].1);
}

#[test]
fn a_journal_has_one_owner_and_survives() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join(STATE);
    let mut journal = Journal::open(&state).unwrap();
    journal.set("h", scored()).unwrap();
    assert_eq!(Journal::open(&state).unwrap_err().kind(), "watched_already");
    std::fs::write(state.join("parts/half.csv"), "half").unwrap();
    drop(journal);
    let journal = Journal::open(&state).unwrap();
    assert_eq!(journal.done("h").map(|done| done.file.as_str()), Some("export.csv"));
    assert_eq!(journal.open_ends(), ["h"]);
    assert!(!state.join("parts/half.csv").exists());
    drop(journal);
    std::fs::write(state.join("state.json"), "{\"version\":9}").unwrap();
    assert_eq!(Journal::open(&state).unwrap_err().kind(), "newer_format");
}

#[test]
fn the_unit_disarms_what_systemd_reads() {
    let mut spec = WatchSpec::new("/a b/100%".into(), "/m\"q.bundle".into(), "/out/$HOME".into());
    spec.notify = Some("/n.json".into());
    let text = unit(Path::new("/usr/bin/regulars"), &spec);
    let wanted = "ExecStart=\"/usr/bin/regulars\" watch \"/a b/100%%\" --bundle \"/m\\\"q.bundle\" \
                  --out \"/out/$$HOME\" --every 60 --notify \"/n.json\"";
    assert!(text.contains(wanted), "{text}");
}
