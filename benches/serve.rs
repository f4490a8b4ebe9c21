//! The scoring service under load on this machine: requests a second and p99 with 64 connections that each
//! ask again as soon as they are answered, errors, and memory before and after.
//!
//!     cargo bench --profile dev --bench serve -- --file Telco.csv --target Churn --seconds 60
//!     cargo bench --profile dev --bench serve -- --url http://127.0.0.1:8099 --file …   (a peer)
//!
//! With `--peer PYTHON` the peer `benches/peers/serve.py` is started and measured in the same run, and the
//! ratio told. `--soak` is 3,600 seconds. Client and service share the cores.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use regulars::http::{self, Options, Source};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use regulars_engine::train::{DeviceKind, ModelKind};
use regulars_engine::{collect, table::Role};

/// Connections that ask at the same time.
const CONNECTIONS: usize = 64;

struct Load {
    per_second: f64,
    p50: f64,
    p99: f64,
    requests: usize,
    errors: usize,
}

fn argument(name: &str) -> Option<String> {
    let mut all = std::env::args().skip_while(|one| one != name);
    all.next()?;
    all.next()
}

fn main() {
    let file = PathBuf::from(argument("--file").unwrap_or_else(|| "sample_data/customers.csv".into()));
    let target = argument("--target").unwrap_or_else(|| "churned".into());
    let seconds: u64 = match std::env::args().any(|one| one == "--soak") {
        true => 3_600,
        false => argument("--seconds").map_or(10, |text| text.parse().unwrap()),
    };
    let kinds = argument("--model").unwrap_or_else(|| "logistic".into());
    let bodies = bodies(&file, &target);
    if let Some(url) = argument("--url") {
        let to = url.trim_start_matches("http://").parse().unwrap();
        tell("there", &load(to, &bodies, Duration::from_secs(seconds)));
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
        load(service.address(), &bodies, Duration::from_secs(2));
        let before = memory();
        let ours = load(service.address(), &bodies, Duration::from_secs(seconds));
        tell(kind.name(), &ours);
        println!(
            "  memory {before:.0} MB before, {:.0} MB after (client and service in one process)",
            memory()
        );
        if let Some(python) = argument("--peer") {
            let port = 8_099;
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/serve.py");
            let mut peer = std::process::Command::new(python)
                .arg(script)
                .args([file.to_str().unwrap(), target.as_str(), &port.to_string()])
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
            load(to, &bodies, Duration::from_secs(2));
            let theirs = load(to, &bodies, Duration::from_secs(seconds));
            tell("FastAPI + onnxruntime", &theirs);
            println!("  ratio {:.1}", ours.per_second / theirs.per_second);
            // Its workers end with it on SIGTERM.
            let _ = std::process::Command::new("kill").arg(peer.id().to_string()).status();
            let _ = peer.wait();
        }
    }
}

fn tell(what: &str, load: &Load) {
    println!(
        "{what}: {:.0} requests/s, p50 {:.2} ms, p99 {:.2} ms, {} requests, {} errors",
        load.per_second, load.p50, load.p99, load.requests, load.errors
    );
}

fn memory() -> f64 {
    memory_stats::memory_stats().map_or(0.0, |stats| stats.physical_mem as f64 / 1e6)
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

/// A request for each customer of the file, head and all.
fn bodies(file: &Path, target: &str) -> Vec<Vec<u8>> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let request = |record: csv::StringRecord| {
        let cells = header.iter().zip(record.iter()).filter(|(name, _)| *name != target);
        let row: serde_json::Map<String, serde_json::Value> =
            cells.map(|(name, cell)| (name.to_owned(), cell.into())).collect();
        let body = serde_json::Value::Object(row).to_string();
        let head = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    reader.records().take(2_000).map(|record| request(record.unwrap())).collect()
}

fn load(to: SocketAddr, bodies: &[Vec<u8>], lasts: Duration) -> Load {
    let started = Instant::now();
    let asked: Vec<(Vec<f32>, usize)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|own| {
                scope.spawn(move || asks(to, bodies, own * bodies.len() / CONNECTIONS, started, lasts))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let took = started.elapsed().as_secs_f64();
    let mut times: Vec<f32> = asked.iter().flat_map(|(times, _)| times.iter().copied()).collect();
    times.sort_unstable_by(f32::total_cmp);
    let within = |share: f64| {
        let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(at).map_or(f64::NAN, |ms| f64::from(*ms))
    };
    Load {
        per_second: times.len() as f64 / took,
        p50: within(0.5),
        p99: within(0.99),
        requests: times.len(),
        errors: asked.iter().map(|(_, errors)| errors).sum(),
    }
}

/// One connection: asks, reads, asks again; milliseconds of each answer, and how many were none.
fn asks(
    to: SocketAddr,
    bodies: &[Vec<u8>],
    from: usize,
    started: Instant,
    lasts: Duration,
) -> (Vec<f32>, usize) {
    let (mut times, mut errors) = (Vec::new(), 0);
    let connect = || {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        BufReader::new(stream)
    };
    let mut stream = connect();
    let mut line = String::new();
    let mut body = Vec::new();
    for request in bodies.iter().cycle().skip(from) {
        if started.elapsed() >= lasts {
            break;
        }
        let begun = Instant::now();
        let answered = (|| -> std::io::Result<bool> {
            stream.get_mut().write_all(request)?;
            let (mut length, mut good) = (0usize, false);
            for at in 0.. {
                line.clear();
                if stream.read_line(&mut line)? == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                if at == 0 {
                    good = line.contains(" 200 ");
                } else if line.trim().is_empty() {
                    break;
                } else if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().map_err(std::io::Error::other)?;
                }
            }
            body.resize(length, 0);
            stream.read_exact(&mut body)?;
            Ok(good)
        })();
        match answered {
            Ok(true) => times.push(begun.elapsed().as_secs_f32() * 1e3),
            Ok(false) => errors += 1,
            Err(_) => {
                errors += 1;
                stream = connect();
            }
        }
    }
    (times, errors)
}
