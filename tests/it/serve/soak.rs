//! The service asked for a long time at a moderate rate: no error, and memory that does not grow. Three
//! seconds with all other tests, `REGULARS_SOAK_S` seconds where it is set (`benches/soak.sh`, `.ci/run`).

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::life::started;
use super::{answer, connect, customers};
use crate::support::sample;

/// Connections, and the pause of each between an answer and the next question.
const CONNECTIONS: usize = 8;
const PAUSE: Duration = Duration::from_millis(20);
/// Memory may end higher than it began by this share, or by so many megabytes.
const SHARE: f64 = 0.05;
const MEGABYTES: f64 = 4.0;

/// Resident megabytes of a process.
fn resident(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: f64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096.0 / 1e6)
}

/// The least-squares line: its slope, half of the slope's 95% interval, and its value at the first point.
fn line(points: &[(f64, f64)]) -> (f64, f64, f64) {
    let n = points.len() as f64;
    let (x, y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let spread: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / spread;
    let rest: f64 = points.iter().map(|p| (p.1 - y - slope * (p.0 - x)).powi(2)).sum();
    let error = (rest / (n - 2.0).max(1.0) / spread).sqrt();
    (slope, 1.96 * error, y + slope * (points.first().map_or(0.0, |p| p.0) - x))
}

/// Asks until `ends`; each answer must be a score.
fn asks(
    to: SocketAddr,
    rows: &[Value],
    from: usize,
    ends: Instant,
    asked: &AtomicUsize,
    failed: &AtomicUsize,
) {
    let mut stream = connect(to);
    for row in rows.iter().cycle().skip(from) {
        if Instant::now() >= ends {
            break;
        }
        let body = row.to_string();
        let request = format!(
            "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        asked.fetch_add(1, Ordering::Relaxed);
        let told = stream.write_all(request.as_bytes()).map(|()| answer(&mut stream));
        let is_score = |told: super::Answer| {
            told.status == 200
                && told.json()["probability"].as_f64().is_some_and(|p| (0.0..=1.0).contains(&p))
        };
        if !told.is_ok_and(is_score) {
            failed.fetch_add(1, Ordering::Relaxed);
            stream = connect(to);
        }
        std::thread::sleep(PAUSE);
    }
}

#[test]
fn it_goes_on_without_an_error_and_without_growing() {
    let wanted = std::env::var("REGULARS_SOAK_S").ok();
    let seconds: u64 = wanted.as_ref().map_or(3, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (mut child, to, log) = started(folder.path(), &[]);
    // Somebody must read what it says, or it would wait.
    std::thread::spawn(move || std::io::copy(&mut { log }, &mut std::io::sink()));
    let rows = customers(&sample(), "churned");
    let (asked, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let begun = Instant::now();
    let ends = begun + Duration::from_secs(seconds);
    let mut memory: Vec<(f64, f64)> = Vec::new();
    std::thread::scope(|scope| {
        for own in 0..CONNECTIONS {
            let (rows, asked, failed) = (&rows, &asked, &failed);
            scope.spawn(move || asks(to, rows, own * 61, ends, asked, failed));
        }
        while Instant::now() < ends {
            std::thread::sleep(Duration::from_millis(250));
            memory.extend(resident(child.id()).map(|now| (begun.elapsed().as_secs_f64(), now)));
        }
    });
    let (asked, failed) = (asked.into_inner(), failed.into_inner());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(failed, 0, "of {asked}");
    assert!(asked as u64 > seconds * 10, "{asked} requests in {seconds} s");
    println!("{asked} requests in {seconds} s, {:.0} a second, 0 errors", asked as f64 / seconds as f64);
    // The first quarter warms up: threads and buffers come to be.
    let rest = memory.split_off(memory.len() / 4);
    if seconds < 60 || rest.len() < 60 {
        println!("memory is judged from a minute on (REGULARS_SOAK_S)");
        return;
    }
    let (slope, within, first) = line(&rest);
    let lasts = rest.last().unwrap().0 - rest[0].0;
    let (grown, may) = (slope * lasts, (SHARE * first).max(MEGABYTES));
    println!(
        "resident memory {first:.1} MB; per hour {:+.2} MB (95% interval ±{:.2}); over the {lasts:.0} s {grown:+.2} MB of {may:.1} that it may grow",
        slope * 3600.0,
        within * 3600.0
    );
    assert!(grown <= may, "memory grows: {grown:.2} MB in {lasts:.0} s");
}

#[test]
fn a_line_is_found() {
    let points: Vec<(f64, f64)> = (0..100).map(|x| (f64::from(x), 3.0 + 0.5 * f64::from(x))).collect();
    let (slope, within, first) = line(&points);
    assert!((slope - 0.5).abs() < 1e-12 && within < 1e-9 && (first - 3.0).abs() < 1e-9);
}
