//! Nearly valid files into every reader: no panic, no answer that takes over five seconds, no memory without
//! bounds. What opens is used: a bundle scores, a project prepares its rows.
//!
//! Each target runs in a program of its own under a limit of memory. `REGULARS_FUZZ_S` is how many seconds
//! each lasts in the ignored test, `REGULARS_FUZZ_SEED` chooses other files, `REGULARS_FUZZ_ONLY` one target.

mod mutate;
mod seeds;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::deploy::batch;
use regulars_engine::deploy::drift::Rules;
use regulars_engine::deploy::{Bundle, Lacking};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, SavedProject};
use regulars_engine::table::Table;

const CHILD: &str = "REGULARS_FUZZ_CHILD";
/// Longer than this no file may keep the processor, nor sixty times as long by the clock.
const PATIENCE: Duration = Duration::from_secs(5);
/// Kilobytes of addresses that a target's program may use, graphics and thread stacks with them.
const MEMORY: usize = 8 << 20;

const TARGETS: [&str; 8] = ["bundle", "project", "csv", "excel", "json", "parquet", "arrow", "packed"];

/// Makes the file of this number: the same for the same seed.
fn file(target: &str, seeds: &[Vec<u8>], seed: u64, number: u64) -> Vec<u8> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    chance.set_stream(number);
    let mut data = seeds[(number % seeds.len() as u64) as usize].clone();
    match target {
        "bundle" | "project" => mutate::archive(&mut chance, &mut data, mutate::json),
        "excel" => mutate::archive(&mut chance, &mut data, mutate::bytes),
        // Of what is packed a file, or the packing.
        "packed" if data.starts_with(b"PK") => mutate::archive(&mut chance, &mut data, mutate::lines),
        "csv" => mutate::lines(&mut chance, &mut data),
        "json" => mutate::json(&mut chance, &mut data),
        _ => mutate::bytes(&mut chance, &mut data),
    }
    data
}

/// Opens a file, and uses what opens; true where it opened.
fn open(target: &str, path: &Path, rows: &Table) -> bool {
    let quiet = Reporter::silent();
    let use_bundle = |bundle: &Bundle| {
        if let Ok(scores) = bundle.score(rows, Lacking::Fill, &quiet) {
            batch::drift_of(bundle, &scores, &Rules::default());
            assert!(scores.rows.iter().all(|row| !row.probability.is_infinite()));
        }
    };
    match target {
        "bundle" => Bundle::open(path).inspect(use_bundle).is_ok(),
        "project" => {
            let Ok(project) = SavedProject::open(path) else { return false };
            project.bundle.iter().for_each(use_bundle);
            if let Ok(prepared) = project::prepare(&project.settings, rows, &quiet) {
                let models = project.runs.iter().flat_map(|run| &run.models);
                models.take(2).for_each(|model| drop(model.restore(&prepared)));
            }
            true
        }
        _ => {
            if target == "csv" {
                drop(collect::summary(path, &ReadOptions::default(), &quiet));
            }
            collect::open(path, &ReadOptions::default(), &quiet).is_ok()
        }
    }
}

/// What the processors did for this program so far; nothing where the system does not tell.
fn worked() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // `man 5 proc`: user and system time, the 14th and 15th field, in hundredths of a second.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}

/// What a target's program does: files until the time is over, each told by its number where it fails.
#[test]
#[ignore = "the program that the fuzz tests start"]
fn child() {
    let Ok(asked) = std::env::var(CHILD) else { return };
    let [target, seconds, most, seed, folder] = asked.splitn(5, ' ').collect::<Vec<_>>()[..] else {
        panic!("{asked}")
    };
    let (seconds, most): (f64, u64) = (seconds.parse().unwrap(), most.parse().unwrap());
    let seed: u64 = seed.parse().unwrap();
    let folder = PathBuf::from(folder);
    let rows = seeds::rows();
    let seeds = seeds::of(target);
    let path = folder.join(seeds::name(target));
    let running = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    std::thread::spawn({
        let running = running.clone();
        move || {
            let (mut last, mut since, mut before) = (0, Instant::now(), worked());
            loop {
                std::thread::sleep(Duration::from_millis(50));
                let now = running.load(Ordering::Relaxed);
                if now != last {
                    (last, since, before) = (now, Instant::now(), worked());
                } else if since.elapsed() > 60 * PATIENCE || worked() - before > PATIENCE {
                    println!("@hang {now}");
                    std::process::exit(3);
                }
            }
        }
    });
    let said = Arc::new(Mutex::new(String::new()));
    std::panic::set_hook(Box::new({
        let said = said.clone();
        move |panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let what = panic.payload_as_str().unwrap_or_default();
            *said.lock().unwrap() = format!("{place} {what}").chars().take(200).collect();
        }
    }));
    let (mut number, mut opened) = (0, 0);
    let mut panics: BTreeMap<String, u64> = BTreeMap::new();
    while number < most && began.elapsed().as_secs_f64() < seconds {
        number += 1;
        std::fs::write(&path, file(target, &seeds, seed, number)).unwrap();
        running.store(number, Ordering::Relaxed);
        match std::panic::catch_unwind(AssertUnwindSafe(|| open(target, &path, &rows))) {
            Ok(is_open) => opened += u64::from(is_open),
            Err(_) => {
                let place = said.lock().unwrap().clone();
                if !panics.contains_key(&place) {
                    let _ = std::fs::copy(&path, folder.join(format!("panic-{number}")));
                    println!("@panic {number} {place}");
                }
                *panics.entry(place).or_default() += 1;
            }
        }
    }
    println!("@done {number} {opened} {}", began.elapsed().as_secs_f64());
}

/// Runs a target; what was found.
fn run(target: &str, (seconds, most): (f64, u64), seed: u64) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")).arg(program);
    command.args(["fuzz::child", "--exact", "--ignored", "--nocapture"]);
    command.env(CHILD, format!("{target} {seconds} {most} {seed} {}", folder.path().display()));
    let out = command.output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    let told =
        |mark: &str| text.lines().filter_map(|line| line.strip_prefix(mark)).map(str::to_owned).collect();
    let mut found: Vec<String> = told("@panic ");
    found.extend(told("@hang ").into_iter().map(|number: String| format!("{number} hangs")));
    match told("@done ").first() {
        Some(done) => {
            let figures: Vec<f64> = done.split(' ').filter_map(|text| text.parse().ok()).collect();
            if let [files, opened, took] = figures[..] {
                println!(
                    "{target}: {files} files in {took:.0} s, {:.0} a second, {opened} opened",
                    files / took
                );
            }
        }
        None if found.is_empty() => {
            let told: String = String::from_utf8_lossy(&out.stderr).lines().take(5).collect();
            found.push(format!("the program ended: {:?} {told}", out.status));
        }
        None => {}
    }
    if !found.is_empty() {
        // What was found must outlive the folder.
        let kept = std::env::temp_dir().join(format!("regulars-fuzz-{target}-{seed}"));
        let _ = std::fs::create_dir_all(&kept);
        for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
            let _ = std::fs::copy(entry.path(), kept.join(entry.file_name()));
        }
        found.push(format!("files in {}", kept.display()));
    }
    found
}

fn fuzz(seconds: f64, most: u64) {
    let seed = std::env::var("REGULARS_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let only = std::env::var("REGULARS_FUZZ_ONLY").ok();
    println!("seed {seed}");
    let mut found = Vec::new();
    for target in TARGETS.into_iter().filter(|target| only.as_deref().is_none_or(|only| only == *target)) {
        found.extend(run(target, (seconds, most), seed).into_iter().map(|what| format!("{target}: {what}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn nearly_valid_files_break_no_reader() {
    // As many on every machine, so that a faster one finds nothing new.
    fuzz(120.0, 150);
}

#[test]
#[ignore = "takes REGULARS_FUZZ_S seconds for each target, 600 without"]
fn nearly_valid_files_break_no_reader_for_long() {
    let seconds = std::env::var("REGULARS_FUZZ_S").ok().and_then(|text| text.parse().ok());
    fuzz(seconds.unwrap_or(600.0), u64::MAX);
}
