//! The scoring service under load on this machine: requests a second, p50 and p99 with 64 connections that
//! each ask again as soon as they are answered, errors, and resident memory at start and end.
//!
//!     cargo bench --profile dev --bench serve -- --file Telco.csv --target Churn --peer PYTHON
//!     cargo bench --profile dev --bench serve -- --url 127.0.0.1:8099 --file …   (whatever answers there)
//!
//! With `--peer PYTHON` the peer `benches/peers/serve.py` is started and measured in the same run by the
//! same client, and the ratio told. The client is `wrk` with one thread (Debian has it), which takes little of
//! the cores that client and service share; without it, or with `--client own`, it is the one below. Each side
//! runs `--seconds` (60) after two that warm up. The hour at a moderate rate is `benches/soak.sh`.

#[path = "serve/client.rs"]
mod client;

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use client::{Client, Load};
use regulars::http::{self, Options, Source};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use regulars_engine::train::{DeviceKind, ModelKind};
use regulars_engine::{collect, table::Role};

fn argument(name: &str) -> Option<String> {
    let mut all = std::env::args().skip_while(|one| one != name);
    all.next()?;
    all.next()
}

fn main() {
    let file = PathBuf::from(argument("--file").unwrap_or_else(|| "sample_data/customers.csv".into()));
    let target = argument("--target").unwrap_or_else(|| "churned".into());
    let seconds = Duration::from_secs(argument("--seconds").map_or(60, |text| text.parse().unwrap()));
    let warm = Duration::from_secs(2);
    let kinds = argument("--model").unwrap_or_else(|| "logistic,mlp".into());
    let client = Client::new(bodies(&file, &target), argument("--client").as_deref() == Some("own"));
    println!("client: {}", client.name());
    if let Some(url) = argument("--url") {
        let to = url.trim_start_matches("http://").parse().unwrap();
        tell("there", &client.load(to, seconds));
        return;
    }
    for kind in kinds.split(',') {
        let kind = ModelKind::every().find(|one| one.name() == kind).unwrap();
        let bundle = learn(&file, &target, kind);
        let service = http::start(
            &[Source::Memory("bench".into(), bundle.into())],
            Options::at(([127, 0, 0, 1], 0).into()),
        )
        .unwrap();
        client.load(service.address(), warm);
        let own = [std::process::id()];
        let before = memory(&own);
        let ours = client.load(service.address(), seconds);
        tell(kind.name(), &ours);
        println!("  memory {before:.0} MB at the start, {:.0} MB at the end", memory(&own));
        drop(service);
        if let Some(python) = argument("--peer") {
            let theirs = peer(&python, &file, &target, kind, &client, (warm, seconds));
            println!("  ratio {:.2}", ours.per_second / theirs.per_second);
        }
    }
}

/// The peer under the same load.
fn peer(
    python: &str,
    file: &Path,
    target: &str,
    kind: ModelKind,
    client: &Client,
    (warm, seconds): (Duration, Duration),
) -> Load {
    let port = 8_099;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/serve.py");
    let mut peer = std::process::Command::new(python)
        .arg(script)
        .args([file.to_str().unwrap(), target, &port.to_string()])
        .env("MODEL", kind.name())
        .spawn()
        .unwrap();
    let to: SocketAddr = ([127, 0, 0, 1], port).into();
    let started = Instant::now();
    while TcpStream::connect(to).is_err() {
        assert!(started.elapsed().as_secs() < 120, "the peer does not start");
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(Duration::from_secs(2));
    client.load(to, warm);
    let all = children(peer.id());
    let before = memory(&all);
    let theirs = client.load(to, seconds);
    tell("FastAPI + onnxruntime", &theirs);
    println!("  memory {before:.0} MB at the start, {:.0} MB at the end", memory(&all));
    // Its workers end with it on SIGTERM.
    let _ = std::process::Command::new("kill").arg(peer.id().to_string()).status();
    let _ = peer.wait();
    theirs
}

fn tell(what: &str, load: &Load) {
    println!(
        "{what}: {:.0} requests/s, p50 {:.2} ms, p99 {:.2} ms, {} requests, {} errors",
        load.per_second, load.p50, load.p99, load.requests, load.errors
    );
}

/// Resident megabytes of processes together (pages that they share count for each).
fn memory(processes: &[u32]) -> f64 {
    let of = |id: &u32| {
        let text = std::fs::read_to_string(format!("/proc/{id}/statm")).ok()?;
        Some(text.split(' ').nth(1)?.parse::<f64>().ok()? * 4096.0 / 1e6)
    };
    processes.iter().filter_map(of).sum()
}

/// A process and those that it started.
fn children(of: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    let below = text.split_whitespace().filter_map(|id| id.parse().ok()).flat_map(children);
    std::iter::once(of).chain(below).collect()
}

fn learn(file: &Path, target: &str, kind: ModelKind) -> regulars_engine::deploy::Bundle {
    let silent = Reporter::silent();
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.read.roles = vec![(target.to_owned(), Role::Target)];
    settings.mlp.epochs = 10;
    let table = collect::open(file, &settings.read, &silent).unwrap();
    let prepared = project::prepare(&settings, &table, &silent).unwrap();
    let outcome = project::learn(&settings, &prepared, kind, &silent).unwrap();
    project::bundle(&settings, &prepared, &outcome, None)
}

/// The customers of the file as JSON.
fn bodies(file: &Path, target: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        let cells = header.iter().zip(record.iter()).filter(|(name, _)| *name != target);
        let row: serde_json::Map<String, serde_json::Value> =
            cells.map(|(name, cell)| (name.to_owned(), cell.into())).collect();
        serde_json::Value::Object(row).to_string()
    };
    reader.records().take(2_000).map(|record| row(record.unwrap())).collect()
}
