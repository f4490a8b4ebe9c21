//! Ten million rows through the program as a person runs it, `regulars score --stream`: rows a second and peak
//! memory (VmHWM of `man 5 proc`), with the logistic model and the network, beside scikit-learn on the same
//! file in the same run.
//!
//!     cargo bench --profile dev --bench batch -- --file Telco.csv --target Churn --peer PYTHON
//!
//! The file is made once, from the rows of `--file` under new identifiers and with numbers that are nudged, so
//! that no row repeats; it stays in the temporary folder (`REGULARS_BENCH_DIR`). `REGULARS_BENCH_ROWS` lowers
//! the ten million. A tenth of the rows is scored first: memory is constant where the whole needs as much.
//! `--program FILE` measures another build. The peer is `benches/peers/batch.py`.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROWS: usize = 10_000_000;
/// The models that are measured.
const KINDS: [&str; 2] = ["logistic", "mlp"];

fn argument(name: &str) -> Option<String> {
    let mut all = std::env::args().skip_while(|one| one != name);
    all.next()?;
    all.next()
}

/// A run: rows that came out, seconds, peak memory in MB.
struct Run {
    rows: usize,
    seconds: f64,
    peak: f64,
}

impl Run {
    fn per_second(&self) -> f64 {
        self.rows as f64 / self.seconds
    }
}

fn main() {
    let file = PathBuf::from(argument("--file").unwrap_or_else(|| "sample_data/customers.csv".into()));
    let target = argument("--target").unwrap_or_else(|| "churned".into());
    let program = argument("--program").map_or_else(|| env!("CARGO_BIN_EXE_regulars").into(), PathBuf::from);
    let rows: usize = std::env::var("REGULARS_BENCH_ROWS").map_or(ROWS, |text| text.parse().unwrap());
    let folder = std::env::var_os("REGULARS_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let at = |name: String| folder.join(name);
    let (few, many) = (rows / 10, rows);
    let made = |rows: usize| {
        let path = at(format!("regulars-batch-{rows}.csv"));
        if !path.exists() {
            generate(&file, &target, rows, &path);
        }
        path
    };
    let (small, large) = (made(few), made(many));
    println!("{many} rows, {:.2} GB", std::fs::metadata(&large).unwrap().len() as f64 / 1e9);
    let out = at("regulars-batch-scores.csv".into());
    for kind in KINDS.into_iter().filter(|kind| argument("--model").is_none_or(|only| only == *kind)) {
        let bundle = at(format!("regulars-batch-{kind}.bundle"));
        let mut train = Command::new(&program);
        train.arg("train").arg(&file).args(["--target", &target, "--model", kind, "--epochs", "10"]);
        assert!(train.arg("--bundle").arg(&bundle).stdout(Stdio::null()).status().unwrap().success());
        let score = |input: &Path| {
            let mut command = Command::new(&program);
            command.arg("score").arg(&bundle).arg(input).arg("--out").arg(&out).arg("--stream");
            measured(command, &out)
        };
        let ours_few = score(&small);
        let ours = score(&large);
        told(&format!("{kind}, a tenth"), few, &ours_few);
        told(kind, many, &ours);
        println!("  memory of the whole over that of a tenth: {:.2}", ours.peak / ours_few.peak);
        let Some(python) = argument("--peer") else { continue };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/batch.py");
        let peer = |arguments: &[&Path]| {
            let mut command = Command::new(&python);
            command.arg(&script).args(arguments).env("MODEL", kind).env("TARGET", &target);
            command
        };
        let pickled = at(format!("regulars-batch-{kind}.pickle"));
        assert!(peer(&[Path::new("fit"), &file, &pickled]).status().unwrap().success());
        let theirs = measured(peer(&[Path::new("score"), &pickled, &large, &out]), &out);
        told(&format!("scikit-learn, {kind}"), many, &theirs);
        println!("  ratio {:.1}", ours.per_second() / theirs.per_second());
    }
    let _ = std::fs::remove_file(out);
}

fn told(what: &str, rows: usize, run: &Run) {
    assert_eq!(run.rows, rows, "{what}: every row is scored");
    println!(
        "{what}: {rows} rows in {:.1} s, {:.0} rows/s, peak {:.0} MB",
        run.seconds,
        run.per_second(),
        run.peak
    );
}

/// Runs a command and follows its peak memory; what it wrote has a line of names.
fn measured(mut command: Command, out: &Path) -> Run {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0f64;
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        peak = peak.max(kb.unwrap_or(0.0) / 1e3);
        std::thread::sleep(Duration::from_millis(10));
    };
    let seconds = begun.elapsed().as_secs_f64();
    assert!(ended.success(), "{command:?}");
    let lines = std::io::BufReader::with_capacity(1 << 20, std::fs::File::open(out).unwrap());
    let rows = lines.split(b'\n').count() - 1;
    Run { rows, seconds, peak }
}

/// A stream of numbers (SplitMix64, Steele et al. 2014): the bench draws nothing that a model learns from.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Rows of `from` in chance order: the first cell becomes a new identifier, numbers with a point are moved by
/// up to a hundredth, the target is left out.
fn generate(from: &Path, target: &str, rows: usize, to: &Path) {
    let text = std::fs::read_to_string(from).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    assert!(!text.contains('"'), "the rows are cut at commas");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<&str>>());
    let names = lines.next().unwrap();
    let left_out = names.iter().position(|name| *name == target).unwrap();
    let known: Vec<Vec<&str>> = lines.filter(|cells| cells.len() == names.len()).collect();
    let kept = |at: &usize| *at != left_out;
    let half = to.with_extension("part");
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(&half).unwrap());
    let head: Vec<&str> =
        names.iter().enumerate().filter(|(at, _)| kept(at)).map(|(_, name)| *name).collect();
    writeln!(out, "{}", head.join(",")).unwrap();
    let (mut draw, mut line) = (Draw(7), String::new());
    for row in 0..rows {
        line.clear();
        let cells = &known[draw.next() as usize % known.len()];
        for (at, cell) in cells.iter().enumerate().filter(|(at, _)| kept(at)) {
            match (at, cell.contains('.').then(|| cell.parse::<f64>())) {
                (0, _) => write!(line, "N{row:08}").unwrap(),
                (_, Some(Ok(value))) => {
                    let by = (draw.next() % 2_001) as f64 / 100_000.0 + 0.99;
                    write!(line, ",{:.2}", value * by).unwrap();
                }
                _ => write!(line, ",{cell}").unwrap(),
            }
        }
        writeln!(out, "{line}").unwrap();
    }
    out.flush().unwrap();
    std::fs::rename(half, to).unwrap();
}
