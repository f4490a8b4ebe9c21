//! Recommenders on MovieLens 100k (leave-last-out, full ranking, ties in time in file order) and on a made
//! set of a million events: figures, seconds of fitting, of scoring everyone, and of one answer:
//! `REGULARS_DATA=… cargo bench --profile dev --bench recommend`, then
//! `python benches/peers/recommend.py FILE` with each file that it names. Both sides use what rayon and
//! BLAS find; set RAYON_NUM_THREADS and OPENBLAS_NUM_THREADS alike.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rand::{Rng, SeedableRng};
use regulars_engine::job::Reporter;
use regulars_engine::recommend::{
    Als, AlsSpec, Ease, Fitted, Interactions, Kind, Matrix, Model, Params, Popularity, Protocol, Row, Task,
    choose, evaluate_with,
};

fn main() {
    if let Some(folder) = std::env::var_os("REGULARS_DATA") {
        let file = PathBuf::from(folder).join("movielens-100k-recbole/ml-100k.inter");
        let text = std::fs::read_to_string(&file).expect("MovieLens 100k");
        let lines = text.lines().skip(1).map(|line| {
            let mut cells = line.split('\t');
            let mut next = || cells.next().unwrap_or_default().to_owned();
            let (user, item, _, time) = (next(), next(), next(), next());
            (user, item, time.parse::<f64>().unwrap_or_default() as i64)
        });
        let all = read(lines);
        println!("MovieLens 100k, {}", file.display());
        leaderboard(&all);
        speed(&all, 5);
    }
    let file = std::env::temp_dir().join("regulars-bench-recommend.inter");
    let made = made();
    write(&file, &made).expect("the temporary folder can be written");
    println!("{} made events, written to {}", made.len(), file.display());
    let all = read(made.iter().map(|(user, item, time)| (user.to_string(), item.to_string(), *time)));
    speed(&all, 3);
}

fn read(lines: impl Iterator<Item = (String, String, i64)>) -> Interactions {
    let mut names: [(std::collections::HashMap<String, u32>, Vec<String>); 2] = Default::default();
    let mut number = |side: usize, name: String| {
        let (of, list) = &mut names[side];
        *of.entry(name.clone()).or_insert_with(|| {
            list.push(name);
            list.len() as u32 - 1
        })
    };
    let rows: Vec<Row> = lines
        .map(|(user, item, time)| Row {
            customer: number(0, user),
            item: number(1, item),
            time: time * 1000,
            basket: 0,
            quantity: 1.0,
            money: f32::NAN,
        })
        .collect();
    let [(_, customers), (_, items)] = names;
    Interactions::new(customers, items, &rows, true)
}

fn leaderboard(all: &Interactions) {
    let silent = Reporter::silent();
    let task = Task::new(all, Protocol::LeaveLastOut, None).expect("a task");
    let kinds: Vec<Kind> = Kind::ALL.to_vec();
    let started = Instant::now();
    let choice = choose(&task, &kinds, false, 1, &silent).expect("a leaderboard");
    for one in &choice.candidates {
        let value = |name: &str| one.measured.figures.get(name).expect("a figure");
        let (hits, ndcg) = (value("hit_rate_at_10"), value("ndcg_at_10"));
        println!(
            "{:18} valid {:.4}  HR@10 {:.4} ({:.4}-{:.4})  NDCG@10 {:.4} ({:.4}-{:.4})  HR@20 {:.4}  MRR@20 {:.4}  coverage {:.3}  {:?} fit {:.3} s",
            one.kind.name(),
            one.valid_ndcg,
            hits.value,
            hits.low,
            hits.high,
            ndcg.value,
            ndcg.low,
            ndcg.high,
            value("hit_rate_at_20").value,
            value("mrr_at_20").value,
            one.measured.figures.coverage,
            (one.params.last, one.params.lambda, one.params.factors, one.params.alpha, one.params.shrinkage),
            one.fit_seconds,
        );
    }
    println!("all tried and measured in {:.1} s", started.elapsed().as_secs_f64());
}

/// The median of some runs, in seconds.
fn median(times: usize, mut run: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..times)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[times / 2]
}

fn speed(all: &Interactions, times: usize) {
    let silent = Reporter::silent();
    let task = Task::new(all, Protocol::LeaveLastOut, None).expect("a task");
    let matrix = Matrix::new(&task.train);
    let popular = Popularity::overall(&task.train).scores().to_vec();
    println!("{} customers, {} products, {} pairs", matrix.rows(), matrix.columns(), matrix.len());
    let spec = AlsSpec { factors: 64, lambda: 10.0, alpha: 1.0, iterations: 15, last: 0, seed: 1 };
    let als = Als::fit(&matrix, &spec, &silent).expect("ALS");
    let ease = Ease::fit(&matrix, 500.0, 0, &silent).expect("EASE");
    let fits = [
        ("als", median(times, || drop(Als::fit(&matrix, &spec, &silent)))),
        ("ease", median(times, || drop(Ease::fit(&matrix, 500.0, 0, &silent)))),
    ];
    for ((name, seconds), fitted) in fits.into_iter().zip([Fitted::Als(als), Fitted::Ease(ease)]) {
        let ask = (false, &[][..]);
        let found = evaluate_with(fitted.model(), (&task.train, &task.cases), ask, (&matrix, 1), &silent);
        let figures = found.expect("figures").figures;
        let value = |name: &str| figures.get(name).expect("a figure").value;
        let params = (Kind::Als, Params::default());
        let model = Model::new(params, (all.items.clone(), popular.clone()), false, fitted).expect("a model");
        let everyone =
            median(times.min(3), || assert_eq!(model.everyone(&task.train, 10).len(), matrix.rows()));
        let history: Vec<u32> = task.train.of(0).to_vec();
        let one = median(101, || assert_eq!(model.offers(&history, 10).len(), 10));
        let basket = median(101, || assert_eq!(model.offers(&history[..3.min(history.len())], 10).len(), 10));
        println!(
            "{name}: fit {seconds:.3} s, everyone's ten {everyone:.3} s, one customer's ten {:.3} ms, a basket's {:.3} ms, HR@10 {:.4} NDCG@10 {:.4} of {} customers",
            one * 1e3,
            basket * 1e3,
            value("hit_rate_at_10"),
            value("ndcg_at_10"),
            figures.customers,
        );
    }
}

/// 1,000,000 events of 40,000 customers and 4,000 products: twenty tastes, popular products in each.
fn made() -> Vec<(u32, u32, i64)> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    (0..1_000_000u32)
        .map(|n| {
            let user = n % 40_000;
            let taste = if rng.gen_bool(0.7) { user % 20 } else { rng.gen_range(0..20) };
            let draw: f64 = rng.r#gen();
            (user, taste * 200 + (draw * draw * draw * 200.0) as u32, i64::from(n / 40_000) * 86_400)
        })
        .collect()
}

fn write(file: &Path, events: &[(u32, u32, i64)]) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    writeln!(out, "user_id:token\titem_id:token\trating:float\ttimestamp:float")?;
    for (user, item, time) in events {
        writeln!(out, "{user}\t{item}\t1\t{time}")?;
    }
    out.flush()
}
