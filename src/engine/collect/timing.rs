//! Where the time of reading goes: `etest … timing -- --ignored --nocapture`, optimised.

use std::path::Path;
use std::time::Instant;

use super::*;

/// Seconds of all threads so far, in the program and in the system; on a busy machine they tell more
/// than the clock.
fn spent() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|n| n.parse().unwrap())
        .collect();
    (ticks[0] / 100.0, ticks[1] / 100.0)
}

pub(crate) fn told<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (started, before) = (Instant::now(), spent());
    let out = work();
    let after = spent();
    println!(
        "{what}: {:.3} s; processor {:.2} s, system {:.2} s",
        started.elapsed().as_secs_f64(),
        after.0 - before.0,
        after.1 - before.1
    );
    out
}

/// MiB at most so far.
pub(crate) fn peak() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// `REGULARS_TIMED_SUMMARY` names the file, which may be larger than memory.
#[test]
#[ignore = "measures"]
fn time_and_memory_of_a_summary() {
    let Ok(path) = std::env::var("REGULARS_TIMED_SUMMARY") else { return };
    let path = Path::new(&path);
    println!("before: {:.0} MiB at most", peak());
    let table = told("summary", || summary(path, &ReadOptions::default(), &Reporter::silent()).unwrap());
    println!("{} records, {:.0} MiB at most", table.records, peak());
    for column in &table.columns {
        println!(
            "{} {:?} {} different, {} missing",
            column.name, column.role, column.distinct, column.missing
        );
    }
    println!("{:?}", table.warnings);
}

#[test]
#[ignore = "measures"]
fn phases_of_reading() {
    let path = std::env::var("REGULARS_TIMED").unwrap_or_else(|_| "/tmp/regulars_bench_1m.csv".into());
    let path = Path::new(&path);
    let silent = Reporter::silent();
    let options = ReadOptions::default();
    for _ in 0..3 {
        let decoded = told("decode", || {
            let file = std::fs::File::open(path).unwrap();
            let expected = file.metadata().unwrap().len();
            let source = text::Source { path, part: None, reader: Box::new(file), expected };
            text::decode(source, None, u64::MAX, &silent).unwrap()
        });
        let mut table = told("records", || csv::parse(path, decoded, &options, &silent).unwrap());
        for column in table.raw.columns().iter().take(5) {
            told(&format!("facts of {}", column.name()), || {
                facts::Facts::gather(column.name(), column.str().unwrap(), &silent).unwrap();
            });
        }
        table.columns = told("profile", || profile::profile(&table, &silent).unwrap());
        told("drop", || drop(table));
        told("open", || open(path, &options, &silent).unwrap());
        println!("{:.0} MiB at most", peak());
    }
}
