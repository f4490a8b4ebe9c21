//! Opening 1,000,000 rows × 20 columns: preview, whole, peak memory, and polars alone on the same
//! file. `cargo bench --profile dev --bench opening` (one part of it: `-- ours`, `-- polars`)

use std::io::Write;
use std::time::Instant;

use polars::prelude::*;
use rand::{Rng, SeedableRng};
use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::job::Reporter;

fn peak_mb() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default().to_owned();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn main() {
    let part = std::env::args().find(|a| a == "ours" || a == "polars");
    let path = std::env::temp_dir().join("regulars_bench_1m.csv");
    if !path.exists() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut out =
            std::io::BufWriter::new(std::fs::File::create(&path).expect("the bench writes its file"));
        let names: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
        writeln!(out, "{}", names.join(",")).expect("room");
        for row in 0..1_000_000 {
            write!(out, "C{row:07},2024-{:02}-{:02}", rng.gen_range(1..13), rng.gen_range(1..29))
                .expect("room");
            for column in 0..17 {
                match column % 3 {
                    0 => write!(out, ",{:.2}", rng.gen_range(0.0..5000.0)),
                    1 => write!(out, ",{}", rng.gen_range(0..500)),
                    _ => write!(out, ",{}", ["red", "green", "blue", "grey"][rng.gen_range(0..4)]),
                }
                .expect("room");
            }
            writeln!(out, ",{}", if rng.gen_bool(0.3) { "yes" } else { "no" }).expect("room");
        }
    }
    let mb = std::fs::metadata(&path).map_or(0.0, |m| m.len() as f64 / 1e6);
    println!("file: {mb:.0} MB");
    if part.as_deref() != Some("polars") {
        let started = Instant::now();
        let head = collect::preview(&path, &ReadOptions::default()).expect("a table");
        println!("preview: {:.3} s ({} rows)", started.elapsed().as_secs_f64(), head.height());
        let started = Instant::now();
        let table = collect::open(&path, &ReadOptions::default(), &Reporter::silent()).expect("a table");
        println!(
            "whole: {:.2} s ({} rows), peak {:.0} MB",
            started.elapsed().as_secs_f64(),
            table.height(),
            peak_mb()
        );
    }
    if part.as_deref() != Some("ours") {
        let started = Instant::now();
        let frame = LazyCsvReader::new(PlRefPath::new(path.to_str().expect("a plain path")))
            .with_infer_schema_length(Some(10_000))
            .with_try_parse_dates(true)
            .finish()
            .and_then(|lazy| lazy.collect());
        match frame {
            Ok(frame) => println!(
                "polars: {:.2} s ({} rows), peak {:.0} MB",
                started.elapsed().as_secs_f64(),
                frame.height(),
                peak_mb()
            ),
            Err(error) => println!("polars: {error}"),
        }
    }
}
