//! The example receiver of notices (`docs/examples/webhook.py`) under the real program and under requests
//! made by hand: it acts once for each notice, and refuses what is old, changed or no notice.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use regulars_engine::deploy::watch::{Journal, Notified, STATE, signature};
use serde_json::{Value, json};

use crate::serve::ask;
use crate::support::{json as told_by, program, sample};

const KEY: &str = "tell nobody";
const KEY_ENV: &str = "REGULARS_WEBHOOK_SECRET";

/// The receiver, running; killed when it is dropped.
struct Receiver {
    child: Child,
    to: SocketAddr,
}

impl Receiver {
    /// `None` with a printed reason where there is no Python.
    fn start(seen: &Path) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/webhook.py");
        let mut command = Command::new("python3");
        command.arg(script).args(["--bind", "127.0.0.1:0", "--seen"]).arg(seen).env(KEY_ENV, KEY);
        let mut child = match command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
            Ok(child) => child,
            Err(cause) => {
                println!("skipped: python3 is not here ({cause})");
                return None;
            }
        };
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().parse();
        // Somebody must read what it says, or it would wait.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some(Self { child, to: address.unwrap_or_else(|_| panic!("it said {line:?}")) })
    }

    /// Sends a notice by hand; status and whether it acted.
    fn send(&self, sent: &Sent) -> (u16, Option<bool>) {
        let length = sent.length.unwrap_or(sent.body.len()).to_string();
        let mut headers = vec![("Content-Type", "application/json"), ("Content-Length", length.as_str())];
        let own = [("regulars-id", &sent.id), ("regulars-timestamp", &sent.timestamp)];
        headers.extend(own.iter().map(|(name, value)| (*name, value.as_str())));
        headers.push(("regulars-signature", sent.signature.as_str()));
        let answer = ask(self.to, "POST", "/hook", &headers, &sent.body);
        (answer.status, answer.json()["acted"].as_bool())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request, part by part.
#[derive(Clone)]
struct Sent {
    id: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
    /// What it says of its length, where that is not the truth.
    length: Option<usize>,
}

fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
}

/// A body, signed as the program signs.
fn signed(key: &str, age: i64, id: &str, body: &[u8]) -> Sent {
    let at = now() - age;
    Sent {
        id: id.to_owned(),
        timestamp: at.to_string(),
        signature: format!("sha256={}", signature(key.as_bytes(), at, body)),
        body: body.to_vec(),
        length: None,
    }
}

fn notice(id: &str) -> Vec<u8> {
    json!({"id": id, "when": "2026-11-29T08:00:00Z", "file": "五月.csv", "result": {}})
        .to_string()
        .into_bytes()
}

/// The notices that were acted on, in the order of their ids.
fn acted(seen: &Path) -> Vec<Value> {
    let database = rusqlite::Connection::open(seen).unwrap();
    let mut ask = database.prepare("SELECT notice FROM notices ORDER BY id").unwrap();
    let rows = ask.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(|text| serde_json::from_str(&text.unwrap()).unwrap()).collect()
}

#[test]
fn by_hand_only_what_is_fresh_signed_and_new_is_acted_on() {
    let root = tempfile::tempdir().unwrap();
    let seen = root.path().join("seen.sqlite");
    let Some(receiver) = Receiver::start(&seen) else { return };
    let good = signed(KEY, 0, "a1", &notice("a1"));
    assert_eq!(receiver.send(&good), (200, Some(true)));
    assert_eq!(receiver.send(&good), (200, Some(false)), "replayed as it was");
    assert_eq!(receiver.send(&signed(KEY, -2, "a1", &notice("a1"))), (200, Some(false)), "sent again");
    // Clocks may differ, a little.
    assert_eq!(receiver.send(&signed(KEY, 290, "a2", &notice("a2"))), (200, Some(true)));

    let change = |change: &dyn Fn(&mut Sent)| {
        let mut sent = signed(KEY, 0, "b1", &notice("b1"));
        change(&mut sent);
        sent
    };
    let text = String::from_utf8(notice("b1")).unwrap();
    let raw = |body: &[u8]| signed(KEY, 0, "b1", body);
    let deep = "[".repeat(200_000);
    for (what, sent, status) in [
        ("old", signed(KEY, 302, "b1", &notice("b1")), 401),
        ("of the future", signed(KEY, -302, "b1", &notice("b1")), 401),
        ("an old one with a new time", change(&|sent| sent.timestamp = (now() + 1).to_string()), 401),
        ("without a time", change(&|sent| sent.timestamp.clear()), 401),
        ("with a time that is none", change(&|sent| sent.timestamp = "soon".into()), 401),
        ("with digits of another script", change(&|sent| sent.timestamp = "١٢٣".into()), 401),
        ("changed", change(&|sent| sent.body = text.replace("08:00", "09:00").into_bytes()), 401),
        ("under another key", signed("tell everybody", 0, "b1", &notice("b1")), 401),
        ("without a signature", change(&|sent| sent.signature.clear()), 401),
        ("with half a signature", change(&|sent| sent.signature.truncate(20)), 401),
        ("with a signature that is none", change(&|sent| sent.signature = "sha256=签名".into()), 401),
        ("no JSON", raw(b"hello"), 400),
        ("no UTF-8", raw(b"{\"id\": \"\xff\xfe\"}"), 400),
        ("nothing", raw(b""), 400),
        ("a list", raw(b"[1, 2]"), 400),
        ("nested deeply", raw(deep.as_bytes()), 400),
        ("without an id", raw(b"{\"file\": \"a.csv\"}"), 400),
        ("with a number for an id", raw(b"{\"id\": 5}"), 400),
        // Its signature is right: the header is not signed.
        ("seen, under a new id", Sent { id: "b2".into(), ..signed(KEY, 0, "a1", &notice("a1")) }, 400),
        ("huge", Sent { length: Some(3 << 30), body: Vec::new(), ..signed(KEY, 0, "b1", b"") }, 413),
    ] {
        assert_eq!(receiver.send(&sent), (status, None), "{what}");
    }
    let unmeasured = ask(receiver.to, "POST", "/", &[("Transfer-Encoding", "chunked")], b"0\r\n\r\n");
    assert_eq!(unmeasured.status, 411);
    let ids: Vec<Value> = acted(&seen).into_iter().map(|mut notice| notice["id"].take()).collect();
    assert_eq!(ids, ["a1", "a2"], "nothing else was acted on");
    // After all that it still takes a good one.
    assert_eq!(receiver.send(&signed(KEY, 0, "b1", &notice("b1"))), (200, Some(true)));
}

#[test]
fn of_many_at_once_one_acts_and_a_kill_forgets_nothing() {
    let root = tempfile::tempdir().unwrap();
    let seen = root.path().join("seen.sqlite");
    let Some(receiver) = Receiver::start(&seen) else { return };
    let sent = signed(KEY, 0, "c1", &notice("c1"));
    let told: Vec<(u16, Option<bool>)> = std::thread::scope(|scope| {
        let sends: Vec<_> = (0..24).map(|_| scope.spawn(|| receiver.send(&sent))).collect();
        sends.into_iter().map(|send| send.join().unwrap()).collect()
    });
    assert!(told.iter().all(|(status, _)| *status == 200), "{told:?}");
    assert_eq!(told.iter().filter(|(_, acted)| *acted == Some(true)).count(), 1, "{told:?}");
    drop(receiver);
    let Some(receiver) = Receiver::start(&seen) else { return };
    assert_eq!(receiver.send(&sent), (200, Some(false)));
    assert_eq!(acted(&seen).len(), 1);
}

/// `regulars watch --once` into a folder of lists; what it tells, and how each notice fared.
fn watch(root: &Path, lists: &str, key: &str) -> (Value, Vec<Notified>) {
    let at = |name: &str| root.join(name).display().to_string();
    let out = program()
        .args(["watch", &at("in"), "--bundle", &at("m.bundle"), "--out", &at(lists), "--once"])
        .args(["--settle", "0", "--notify", &at("notify.json"), "--json"])
        .env(KEY_ENV, key)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let (done, _) = Journal::look(&root.join(lists).join(STATE)).unwrap();
    let fared = done.into_iter().map(|(_, done)| done.notice).collect();
    (serde_json::from_slice(&out.stdout).unwrap(), fared)
}

#[test]
fn the_program_is_heard_once_however_often_it_tells() {
    let root = tempfile::tempdir().unwrap();
    let (root, seen) = (root.path(), root.path().join("seen.sqlite"));
    let Some(receiver) = Receiver::start(&seen) else { return };
    let at = |name: &str| root.join(name).display().to_string();
    let file = sample().display().to_string();
    told_by(&["train", &file, "--target", "churned", "--model", "tree", "--bundle", &at("m.bundle")]);
    std::fs::create_dir(root.join("in")).unwrap();
    let text = std::fs::read_to_string(sample()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for (name, rows) in [("五月.csv", 1..200), ("june.csv", 200..300)] {
        std::fs::write(root.join("in").join(name), format!("{}\n{}\n", lines[0], lines[rows].join("\n")))
            .unwrap();
    }
    std::fs::write(root.join("in/menu.csv"), "dish,price\nsoup,4\nrice,2\n").unwrap();
    let settings = |port: u16| {
        let url = format!("http://127.0.0.1:{port}/hook");
        let notify = json!({"webhook": {"url": url}, "tries": 1, "pause": 0.01});
        std::fs::write(root.join("notify.json"), notify.to_string()).unwrap();
    };
    settings(receiver.to.port());

    // Another key than the receiver's: nothing is acted on, and it stays to be told.
    let (told, fared) = watch(root, "lists", "wrong");
    assert_eq!((told["scored"].as_u64(), told["refused"].as_u64()), (Some(2), Some(1)), "{told}");
    assert!(fared.iter().all(|notice| matches!(notice, Notified::Pending { failed: 1 })), "{fared:?}");
    assert_eq!(acted(&seen).len(), 0);
    // The right one, at the next look.
    let (told, fared) = watch(root, "lists", KEY);
    assert_eq!((told["scored"].as_u64(), &fared[..]), (Some(0), &[Notified::Sent; 3][..]));
    let heard = acted(&seen);
    let mut files: Vec<&str> = heard.iter().filter_map(|notice| notice["file"].as_str()).collect();
    files.sort_unstable();
    assert_eq!(files, ["june.csv", "menu.csv", "五月.csv"]);
    let june = heard.iter().find(|notice| notice["file"] == "june.csv").unwrap();
    assert_eq!(june["result"]["scored"]["rows"], 100);
    // A folder of lists that knows nothing of that tells all of it again, and is answered well.
    let (told, fared) = watch(root, "others", KEY);
    assert_eq!((told["scored"].as_u64(), &fared[..]), (Some(2), &[Notified::Sent; 3][..]));
    assert_eq!(acted(&seen), heard, "each once");
}
