//! Who asks: `wrk`, or 64 threads of this process that each write, read and write again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

/// Connections that ask at the same time.
const CONNECTIONS: usize = 64;

/// What `wrk` runs: the requests are made before the first is sent, and the figures written as one line.
const SCRIPT: &str = r#"
local requests, at = {}, 0
function init(args)
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", "/v1/score", { ["Content-Type"] = "application/json", Host = "localhost" }, line)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %f %f %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"#;

/// What was measured.
pub struct Load {
    pub per_second: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
    pub requests: usize,
    pub errors: usize,
}

/// A client, and what it asks.
pub struct Client {
    rows: Vec<String>,
    /// The folder of what `wrk` reads.
    wrk: Option<tempfile::TempDir>,
}

impl Client {
    /// `wrk` where it is and not `own` is asked for.
    pub fn new(rows: Vec<String>, own: bool) -> Self {
        let is_there = !own && Command::new("wrk").arg("-v").output().is_ok();
        let wrk = is_there.then(|| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("load.lua"), SCRIPT).unwrap();
            std::fs::write(folder.path().join("rows.jsonl"), rows.join("\n") + "\n").unwrap();
            folder
        });
        Self { rows, wrk }
    }

    /// What it is.
    pub fn name(&self) -> &'static str {
        if self.wrk.is_some() { "wrk, one thread, 64 connections" } else { "own, 64 threads" }
    }

    /// Asks for so long.
    pub fn load(&self, to: SocketAddr, lasts: Duration) -> Load {
        let Some(folder) = &self.wrk else { return own(to, &self.requests(), lasts) };
        let told = Command::new("wrk")
            .args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{}s", lasts.as_secs().max(1))])
            .args(["--timeout", "10s", "-s"])
            .arg(folder.path().join("load.lua"))
            .args([&format!("http://{to}"), "--"])
            .arg(folder.path().join("rows.jsonl"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&told.stdout);
        let line =
            text.lines().find_map(|line| line.strip_prefix("RESULT ")).unwrap_or_else(|| panic!("{text}"));
        let figures: Vec<f64> = line.split(' ').map(|figure| figure.parse().unwrap()).collect();
        let [requests, microseconds, p50, p99, errors] = figures[..] else { panic!("{line}") };
        Load {
            per_second: requests / microseconds * 1e6,
            p50: p50 / 1e3,
            p99: p99 / 1e3,
            requests: requests as usize,
            errors: errors as usize,
        }
    }

    /// Whole requests, head and all.
    fn requests(&self) -> Vec<Vec<u8>> {
        let head = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        let request = |row: &String| format!("{head}Content-Length: {}\r\n\r\n{row}", row.len()).into_bytes();
        self.rows.iter().map(request).collect()
    }
}

fn own(to: SocketAddr, bodies: &[Vec<u8>], lasts: Duration) -> Load {
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
