//! A timing to be run by hand, beside `benches/peers/behaviour.py`, which writes the file:
//! `REGULARS_ORDERS=orders.csv cargo test --release -p regulars-engine behaviour_of_a_million -- --ignored --nocapture`.

use std::time::Instant;

use super::*;
use crate::collect::{ReadOptions, open};

#[test]
#[ignore = "a timing, run by hand"]
fn behaviour_of_a_million_lines() {
    let Some(file) = std::env::var_os("REGULARS_ORDERS") else {
        return println!("REGULARS_ORDERS is not set");
    };
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned();
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    };
    // User and system time of all threads, in hundredths of a second.
    let used = || {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
    };
    let clock = Instant::now();
    let table = open(file.as_ref(), &ReadOptions::default(), &Reporter::silent()).unwrap();
    println!("file read and profiled {:.2} s, peak {:.0} MiB", clock.elapsed().as_secs_f64(), peak());
    let (data, plan) = dataset(vec![table]);
    for _ in 0..3 {
        let clock = Instant::now();
        let read = super::super::read(&data, &plan, None, &Reporter::silent()).unwrap();
        let books = clock.elapsed().as_secs_f64();
        let question = Question::default();
        let days = question.days(read.books.first_day().unwrap(), read.books.last_day()).unwrap();
        let (clock, before) = (Instant::now(), used());
        let fitted = fitted(&read, &question, *days.last().unwrap());
        let rows: Vec<Behaviour> =
            days.iter().map(|day| apply(&read, &fitted, *day, &Reporter::silent()).unwrap()).collect();
        let features = clock.elapsed().as_secs_f64();
        let spent = used() - before;
        let n: usize = rows.iter().map(Behaviour::height).sum();
        println!(
            "{} rows: cells to books {books:.3} s, {} rows x {} features {features:.3} s ({spent:.2} s of processor), peak {:.0} MiB",
            read.books.rows(),
            n,
            fitted.features().len(),
            peak()
        );
        let clock = Instant::now();
        let (b, _) = learn(&read, &question, None, (&SplitSpec::default(), 1), &Reporter::silent()).unwrap();
        println!("learn with check and split {:.3} s, {} rows", clock.elapsed().as_secs_f64(), b.height());
        // One line of sums, to be held against the peer's.
        let sum = |name: &str| {
            rows.iter().flat_map(|b| b.named(name).unwrap()).filter(|v| !v.is_nan()).sum::<f64>()
        };
        for name in
            ["orders: count", "spent: sum", "orders: mean gap", "products: distinct", "products: diversity"]
        {
            println!("  sum of {name}: {:.4}", sum(name));
        }
    }
}
