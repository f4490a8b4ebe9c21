//! Sequence networks on MovieLens 100k (leave-last-out, full ranking, ties in time in file order): figures,
//! seconds an epoch, targets a second, and one customer's ten:
//! `REGULARS_DATA=… cargo bench --profile dev --bench sequence_recommend`, then
//! `python benches/peers/sequence_recommend.py REGULARS_DATA/movielens-100k-recbole/ml-100k.inter gru|attention`.

use std::path::PathBuf;
use std::time::Instant;

use regulars_engine::job::Reporter;
use regulars_engine::recommend::sequence::samples_per_second;
use regulars_engine::recommend::{
    Fitted, Interactions, Kind, Model, NetworkSettings, Popularity, Protocol, Row, Task, Wanted, choose_with,
};
use regulars_engine::train::DeviceKind;

fn main() {
    let Some(folder) = std::env::var_os("REGULARS_DATA") else { return };
    let file = PathBuf::from(folder).join("movielens-100k-recbole/ml-100k.inter");
    let all = read(&std::fs::read_to_string(file).expect("MovieLens 100k"));
    let task = Task::new(&all, Protocol::LeaveLastOut, None).expect("a task");
    let silent = Reporter::silent();
    for kind in Kind::NETWORKS {
        let wanted = Wanted { kinds: &[kind], seen_in: false, network: NetworkSettings::default() };
        let started = Instant::now();
        let choice = choose_with(&task, &wanted, 1, &silent).expect("a leaderboard");
        let seconds = started.elapsed().as_secs_f64();
        let one = choice.candidates.iter().find(|one| one.kind == kind).expect("the network");
        let figure = |name: &str| {
            let found = one.measured.figures.get(name).expect("a figure");
            format!("{:.4} ({:.4}-{:.4})", found.value, found.low, found.high)
        };
        let epochs = one.params.network.map_or(0, |settings| settings.epochs);
        println!(
            "{:12} valid {:.4}  HR@10 {}  NDCG@10 {}  {epochs} of {} epochs, all in {seconds:.1} s",
            kind.name(),
            one.valid_ndcg,
            figure("hit_rate_at_10"),
            figure("ndcg_at_10"),
            one.epochs.len(),
        );
        let Fitted::Sequence(net) = &one.fitted else { continue };
        let rate = samples_per_second(net, &task.train, DeviceKind::Flex, 30).expect("steps");
        let popular = Popularity::overall(&task.train).scores().to_vec();
        let model = Model::new((kind, one.params), (all.items.clone(), popular), false, one.fitted.clone());
        let model = Model::from_bytes(&model.expect("a model").to_bytes().expect("bytes")).expect("a model");
        let mut times: Vec<f64> = (0..task.train.customers())
            .map(|who| {
                let started = Instant::now();
                assert_eq!(model.offers(task.train.of(who), 10).len(), 10);
                started.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "{:12} {} numbers, {:.2} s an epoch, {rate:.0} targets/s, one customer's ten {:.3} ms",
            "",
            net.parameters(),
            one.fit_seconds / epochs.max(1) as f64,
            times[times.len() / 2],
        );
    }
}

fn read(text: &str) -> Interactions {
    let mut names: [(std::collections::HashMap<String, u32>, Vec<String>); 2] = Default::default();
    let mut number = |side: usize, name: &str| {
        let (of, list) = &mut names[side];
        *of.entry(name.to_owned()).or_insert_with(|| {
            list.push(name.to_owned());
            list.len() as u32 - 1
        })
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let time = cells[3].parse::<f64>().unwrap_or_default() as i64 * 1000;
        let (customer, item) = (number(0, cells[0]), number(1, cells[1]));
        Row { customer, item, time, basket: 0, quantity: 1.0, money: f32::NAN }
    };
    let rows: Vec<Row> = text.lines().skip(1).map(row).collect();
    let [(_, customers), (_, items)] = names;
    Interactions::new(customers, items, &rows, true)
}
