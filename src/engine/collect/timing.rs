//! Where the time of reading goes: `etest … timing -- --ignored --nocapture`, optimised.

use std::path::Path;
use std::time::Instant;

use super::*;

fn told<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let out = work();
    println!("{what}: {:.3} s", started.elapsed().as_secs_f64());
    out
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
                facts::Facts::gather(column.name(), column.str().unwrap());
            });
        }
        table.columns = told("profile", || profile::profile(&table, &silent).unwrap());
        told("drop", || drop(table));
        told("open", || open(path, &options, &silent).unwrap());
    }
}
