//! BG/NBD on a million customers: seconds of fitting and predicting, and of the whole answer, beside
//! `lifetimes` on the same histories: `cargo bench --profile dev --bench value`, then
//! `python benches/peers/value.py FILE` with the file that it names. `REGULARS_BENCH_CUSTOMERS` for fewer.

use std::io::Write as _;
use std::time::Instant;

use rand::{Rng, SeedableRng};
use regulars_engine::job::Reporter;
use regulars_engine::value::{History, LifetimeModel, fit_and_predict};

/// Days of the books.
const DAYS: i32 = 730;
const WEEKS_AHEAD: f64 = 39.0;

fn main() {
    let count =
        std::env::var("REGULARS_BENCH_CUSTOMERS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let list = made(count);
    let file = std::env::temp_dir().join("regulars-bench-value.csv");
    write(&file, &list).expect("the temporary folder can be written");
    println!("{count} customers, written to {}", file.display());
    let mut seconds = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let (story, likelihood, ahead) =
            fit_and_predict(LifetimeModel::BgNbd, &list, WEEKS_AHEAD, &Reporter::silent()).expect("a fit");
        seconds.push(started.elapsed().as_secs_f64());
        let sum: f64 = ahead.iter().sum();
        println!("{:?} log-likelihood {likelihood:.2} expected {sum:.1}", story.parameters);
    }
    seconds.sort_by(f64::total_cmp);
    println!("BG/NBD fit and predict: best {:.3} s, median {:.3} s", seconds[0], seconds[2]);
}

/// Histories by the story of BG/NBD, r 1, α 6, a 1, b 4, which have closed forms to draw from: customers
/// come in over the first 600 days.
fn made(count: u32) -> Vec<History> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    (0..count)
        .map(|customer| {
            let first = rng.gen_range(0..600);
            let rate = -rng.r#gen::<f64>().max(1e-300).ln() / 6.0 / 7.0;
            let p = 1.0 - rng.r#gen::<f64>().powf(0.25);
            let (mut now, mut last, mut x) = (f64::from(first), first, 0u32);
            loop {
                now += -rng.r#gen::<f64>().max(1e-300).ln() / rate;
                if now > f64::from(DAYS) {
                    break;
                }
                // One occasion a day.
                if now as i32 > last {
                    (last, x) = (now as i32, x + 1);
                }
                if rng.r#gen::<f64>() < p {
                    break;
                }
            }
            let weeks = |from: i32, to: i32| f64::from(to - from) / 7.0;
            History {
                customer,
                first,
                x,
                t_x: weeks(first, last),
                t: weeks(first, DAYS),
                paid: 0,
                mean: 0.0,
                spent: 0.0,
            }
        })
        .collect()
}

fn write(file: &std::path::Path, list: &[History]) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    writeln!(out, "x,t_x,T")?;
    for one in list {
        writeln!(out, "{},{},{}", one.x, one.t_x, one.t)?;
    }
    out.flush()
}
