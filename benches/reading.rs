//! Reading 1,000,000 rows × 20 columns: preview, whole, GBK, packed, summary; seconds, peak memory
//! and ratios to what others need for the same file. `cargo bench --profile dev --bench reading`
//!
//! Every case runs three times in a process of its own, of which the best counts. The peers run where
//! `/tmp/venv/bin/python` or `$REGULARS_PEERS_PYTHON` has polars or pandas. `REGULARS_BENCH_FILE`
//! names another file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rand::{Rng, SeedableRng};
use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::job::Reporter;

/// How often each case runs.
const TIMES: usize = 3;
const CASES: [&str; 5] = ["preview", "whole", "gbk", "zst", "summary"];

/// What one reading took.
struct Taken {
    name: String,
    seconds: f64,
    mebibytes: f64,
    rows: u64,
}

impl Taken {
    /// Reads a line of the form `name seconds MiB rows`.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let mut number = || words.next()?.parse::<f64>().ok();
        Some(Self { name, seconds: number()?, mebibytes: number()?, rows: number()? as u64 })
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--case") {
        return one(&args[at + 1], Path::new(&args[at + 2]));
    }
    let path = std::env::var_os("REGULARS_BENCH_FILE").map_or_else(made, PathBuf::from);
    let mb = std::fs::metadata(&path).map_or(0.0, |meta| meta.len() as f64 / 1e6);
    println!("{} · {mb:.0} MB", path.display());
    let mut all: Vec<Taken> = CASES.iter().filter_map(|case| best(case, &path)).collect();
    all.extend(peers(&path));
    let seconds = |name: &str| all.iter().find(|taken| taken.name == name).map(|taken| taken.seconds);
    for taken in &all {
        let times =
            |other: Option<f64>| other.map_or("–".to_owned(), |s| format!("{:.2}", taken.seconds / s));
        println!(
            "{:13} {:7.3} s {:6.0} MiB {:9} rows · {} × whole · {} × polars-told · {} × pandas-dates",
            taken.name,
            taken.seconds,
            taken.mebibytes,
            taken.rows,
            times(seconds("whole")),
            times(seconds("polars-told")),
            times(seconds("pandas-dates")),
        );
    }
}

/// Runs one case in this process and prints its line.
fn one(case: &str, path: &Path) {
    let (options, silent) = (ReadOptions::default(), Reporter::silent());
    let path = match case {
        "gbk" => beside(path, "gbk", |text| encoding_rs::GB18030.encode(text).0.into_owned()),
        "zst" => beside(path, "zst", |text| zstd::encode_all(text.as_bytes(), 3).expect("memory")),
        _ => path.to_owned(),
    };
    let started = Instant::now();
    let rows = match case {
        "preview" => collect::preview(&path, &options).map(|table| table.height() as u64),
        "summary" => collect::summary(&path, &options, &silent).map(|table| table.records),
        _ => collect::open(&path, &options, &silent).map(|table| table.records),
    };
    let seconds = started.elapsed().as_secs_f64();
    println!("{case} {seconds:.3} {:.0} {}", peak(), rows.expect("a table"));
}

/// The same table in another form, in the temporary folder. Chinese takes the place of the categories,
/// so that there is something to decode.
fn beside(path: &Path, ending: &str, make: impl Fn(&str) -> Vec<u8>) -> PathBuf {
    let other = std::env::temp_dir().join(format!("regulars_bench_{ending}.csv"));
    if !other.exists() {
        let text = std::fs::read_to_string(path).expect("the bench reads its file");
        let text =
            if ending == "gbk" { text.replace("grey", "灰色").replace("red", "红色") } else { text };
        std::fs::write(&other, make(&text)).expect("room");
    }
    other
}

fn best(case: &str, path: &Path) -> Option<Taken> {
    let run = || {
        let program = std::env::current_exe().ok()?;
        let done = Command::new(program).args(["--case", case]).arg(path).output().ok()?;
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        text.lines().find_map(Taken::parse)
    };
    let runs = (0..=TIMES).filter_map(|_| run());
    // The first one may have had to write its file.
    runs.skip(1).min_by(|a, b| a.seconds.total_cmp(&b.seconds))
}

fn peers(path: &Path) -> Vec<Taken> {
    let python = std::env::var("REGULARS_PEERS_PYTHON").unwrap_or_else(|_| "/tmp/venv/bin/python".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/reading.py");
    match Command::new(python).arg(script).arg(path).output() {
        Ok(done) => String::from_utf8_lossy(&done.stdout).lines().filter_map(Taken::parse).collect(),
        Err(_) => Vec::new(),
    }
}

fn peak() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The file of the bench: an identifier, a date, amounts, counts, categories, yes and no.
fn made() -> PathBuf {
    let path = std::env::temp_dir().join("regulars_bench_1m.csv");
    if path.exists() {
        return path;
    }
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).expect("the bench writes its file"));
    let names: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
    writeln!(out, "{}", names.join(",")).expect("room");
    for row in 0..1_000_000 {
        write!(out, "C{row:07},2024-{:02}-{:02}", rng.gen_range(1..13), rng.gen_range(1..29)).expect("room");
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
    path
}
