use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::agree::{Agreed, Summary};
use super::flower::objects::{Array, Field, Objects, Record, inflate};
use super::*;
use crate::job::Reporter;

/// Customers of two numbers and a category; the outcome follows all three.
pub(super) fn shop(n: usize, seed: u64) -> Branch {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut months, mut spent, mut plans, mut labels) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let (month, money): (f64, f64) = (rng.gen_range(0.0..72.0), rng.gen_range(18.0..120.0));
        let plan = ["month", "year", "two years"][rng.gen_range(0..3)];
        let odds = 1.5 - month / 20.0 + money / 60.0 - if plan == "month" { 0.0 } else { 1.5 };
        labels.push(rng.gen_bool(1.0 / (1.0 + (-odds).exp())));
        months.push((!rng.gen_bool(0.02)).then_some(month));
        spent.push(Some(money));
        plans.push(Some(plan.to_owned()));
    }
    let columns = vec![
        ("months".to_owned(), Values::Numbers(months)),
        ("spent".to_owned(), Values::Numbers(spent)),
        ("plan".to_owned(), Values::Levels(plans)),
    ];
    Branch { columns, labels }
}

fn two(branch: &Branch, at: usize) -> [Branch; 2] {
    let n = branch.labels.len();
    [branch.select(&(0..at).collect::<Vec<_>>()), branch.select(&(at..n).collect::<Vec<_>>())]
}

#[test]
fn the_agreed_scaler_is_the_pooled_rows_scaler() {
    let all = shop(500, 1);
    let parts = two(&all, 120);
    let told: Vec<Statistics> = parts.iter().map(|part| part.statistics().unwrap()).collect();
    let agreement = Agreement::of(&told).unwrap();
    let Values::Numbers(spent) = &all.columns[1].1 else { panic!() };
    let known: Vec<f64> = spent.iter().flatten().copied().collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let deviation = (known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / known.len() as f64).sqrt();
    let found = agreement.columns.iter().find_map(|agreed| match agreed {
        Agreed::Number { name, mean, deviation } if name == "spent" => Some((*mean, *deviation)),
        _ => None,
    });
    let (m, d) = found.unwrap();
    assert!((m - mean).abs() < 1e-9 && (d - deviation).abs() < 1e-9, "{m} {mean} {d} {deviation}");
    assert_eq!(agreement.width(), 5);
    let matrix = agreement.encode(&parts[0]).unwrap();
    assert_eq!(matrix.row(0).iter().filter(|v| **v == 1.0).count(), 1, "one level a customer");
}

#[test]
fn few_customers_are_not_told() {
    let few = shop(LEAST - 1, 2);
    assert!(matches!(few.statistics(), Err(FederatedError::FewRows { .. })));
    let mut branch = shop(100, 2);
    let rare: Vec<Option<String>> =
        (0..100).map(|at| Some(if at < 4 { "rare" } else { "usual" }.to_owned())).collect();
    branch.columns.push(("kind".to_owned(), Values::Levels(rare)));
    let names: Vec<Option<String>> = (0..100).map(|at| Some(format!("person {at}"))).collect();
    branch.columns.push(("name".to_owned(), Values::Levels(names)));
    let lone: Vec<Option<f64>> = (0..100).map(|at| (at == 7).then_some(1234.5)).collect();
    branch.columns.push(("bonus".to_owned(), Values::Numbers(lone)));
    let told = branch.statistics().unwrap();
    let Some(Summary::Levels(levels)) = told.columns.get("kind") else { panic!() };
    assert_eq!(levels.keys().collect::<Vec<_>>(), ["usual"]);
    assert!(!told.columns.contains_key("name"), "a column that names people");
    let lone = Summary::Number { count: 0, sum: 0.0, squares: 0.0 };
    assert_eq!(told.columns.get("bonus"), Some(&lone));
}

const LEAST: usize = agree::LEAST_ROWS;

#[test]
fn the_mean_weighs_branches_by_rows_and_the_median_outlives_a_liar() {
    let one = |value: f32| vec![vec![value, -value]];
    let mean = join(Rule::Mean, &[(one(1.0), 3), (one(5.0), 1)]).unwrap();
    assert_eq!(mean, one(2.0));
    let told = [(one(1.0), 10), (one(2.0), 10), (one(1e30), 1_000_000)];
    assert_eq!(join(Rule::Median, &told).unwrap(), one(2.0));
    assert!(join(Rule::Mean, &[(one(f32::NAN), 1)]).is_err());
    assert!(join(Rule::Mean, &[(one(1.0), 1), (vec![vec![1.0]], 1)]).is_err());
    assert!(join(Rule::Mean, &[]).is_err());
}

/// One step of the whole branch by hand: w − η (xᵀ(σ(xw) − y)/n + μ(w − w₀)); in the first step the second
/// term is 0, in the second it is not.
#[test]
fn a_branchs_steps_are_the_formulas() {
    let branch = shop(64, 3);
    let agreement = Agreement::of(&[branch.statistics().unwrap()]).unwrap();
    let x = agreement.encode(&branch).unwrap();
    let rows = x.height as f64;
    for proximal in [0.0, 0.7] {
        let spec = FederatedSpec { proximal, local_epochs: 2, batch_size: 64, ..FederatedSpec::default() };
        let mut learner = Learner::new(&spec, x.width(), 4).unwrap();
        let start: Vec<f64> = learner.weights().concat().into_iter().map(f64::from).collect();
        let mut w = start.clone();
        for _ in 0..2 {
            let mut slope = vec![0.0; w.len()];
            for at in 0..x.height {
                let row: Vec<f64> = x.row(at).iter().map(|v| f64::from(*v)).chain([1.0]).collect();
                let z: f64 = row.iter().zip(&w).map(|(x, w)| x * w).sum();
                let miss = 1.0 / (1.0 + (-z).exp()) - f64::from(u8::from(branch.labels[at]));
                slope.iter_mut().zip(&row).for_each(|(s, x)| *s += x * miss / rows);
            }
            for at in 0..w.len() {
                w[at] -= spec.learning_rate * (slope[at] + proximal * (w[at] - start[at]));
            }
        }
        learner.learn(&x, &branch.labels, &Reporter::silent()).unwrap();
        let got = learner.weights().concat();
        for (got, want) in got.iter().zip(&w) {
            assert!((f64::from(*got) - want).abs() < 1e-5, "μ {proximal}: {got} {want}");
        }
    }
}

#[test]
fn together_is_near_pooled_and_no_row_is_on_the_wire() {
    let (train, test) = (shop(2_000, 5), shop(2_000, 6));
    // Small branches take few steps a round: with 20 rounds they are still on their way.
    let spec = FederatedSpec { rounds: 80, ..FederatedSpec::default() };
    let settings = Simulation { skew: 0.8, spec, ..Simulation::default() };
    let mut traffic = Vec::new();
    let mut wire = |bytes: &[u8]| traffic.extend_from_slice(bytes);
    let found = simulate::simulate(&settings, (&train, &test), 1, &mut wire, &Reporter::silent()).unwrap();
    let (auc, pooled) = (found.auc.unwrap(), found.pooled.unwrap());
    assert!((auc - pooled).abs() < 0.01, "{auc} {pooled}");
    assert_eq!(found.parts.iter().map(|part| part.rows).sum::<usize>(), 2_000);
    assert!(found.parts[0].rows > 3 * found.parts[4].rows);
    let counted = found.agreement_up
        + found.agreement_down
        + found.rounds.iter().map(|round| round.up + round.down).sum::<u64>();
    assert_eq!(counted, traffic.len() as u64, "every byte was counted and read");

    let agreement = {
        let branches = simulate::cut(&settings, &train, 1);
        let told: Vec<Statistics> = branches.iter().map(|b| b.statistics().unwrap()).collect();
        Agreement::of(&told).unwrap()
    };
    assert_eq!(rows_in(&traffic, &train, &agreement), 0);
    // The search finds a row that is there, raw or encoded.
    let mut leak = traffic.clone();
    let x = agreement.encode(&train).unwrap();
    x.row(7).iter().for_each(|v| leak.extend_from_slice(&v.to_le_bytes()));
    assert!(rows_in(&leak, &train, &agreement) > 0);
    let Values::Numbers(spent) = &train.columns[1].1 else { panic!() };
    leak.truncate(traffic.len());
    leak.extend_from_slice(spent[3].unwrap().to_string().as_bytes());
    assert!(rows_in(&leak, &train, &agreement) > 0);
}

/// Customers of whom the traffic holds the amount spent, as text or as a number of 4 or 8 bytes, scaled or
/// not. The amounts are drawn with 53 random bits: none meets another by chance.
pub(super) fn rows_in(traffic: &[u8], branch: &Branch, agreement: &Agreement) -> usize {
    let x = agreement.encode(branch).unwrap();
    let column = x.names.iter().position(|name| name == "spent").unwrap();
    let Values::Numbers(spent) = &branch.columns[1].1 else { panic!() };
    let fours: std::collections::HashSet<&[u8]> = traffic.windows(4).collect();
    let eights: std::collections::HashSet<&[u8]> = traffic.windows(8).collect();
    let text = String::from_utf8_lossy(traffic);
    let is_there = |at: &usize| {
        let raw = spent[*at].unwrap();
        let scaled = x.row(*at)[column];
        // Four bytes meet by chance in much traffic: only beside the next feature they are a row.
        let next = x.row(*at).get(column + 1).copied();
        let pair = next.map(|next| [scaled.to_le_bytes(), next.to_le_bytes()].concat());
        let pair_before = (column > 0).then(|| x.row(*at)[column - 1]);
        let before = pair_before.map(|before| [before.to_le_bytes(), scaled.to_le_bytes()].concat());
        let encoded = fours.contains(scaled.to_le_bytes().as_slice())
            && [pair, before].iter().flatten().any(|pair| eights.contains(pair.as_slice()));
        encoded || eights.contains(raw.to_le_bytes().as_slice()) || text.contains(&raw.to_string())
    };
    (0..branch.labels.len()).filter(is_there).count()
}

#[test]
fn a_hostile_branch_spoils_the_mean_and_not_the_median() {
    let (train, test) = (shop(1_500, 8), shop(1_500, 9));
    let run = |rule, mischief| {
        let spec = FederatedSpec { rule, rounds: 80, ..FederatedSpec::default() };
        let settings = Simulation { skew: 0.0, mischief, spec, ..Simulation::default() };
        let found =
            simulate::simulate(&settings, (&train, &test), 1, &mut |_| {}, &Reporter::silent()).unwrap();
        found.auc.unwrap()
    };
    let reverse = Mischief::Reverse { times: 30.0 };
    let (honest, spoilt) = (run(Rule::Mean, Mischief::None), run(Rule::Mean, reverse));
    let saved = run(Rule::Median, reverse);
    assert!(spoilt < honest - 0.05, "{honest} {spoilt}");
    assert!(saved > honest - 0.02, "{honest} {saved}");
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let (train, test) = (shop(400, 10), shop(200, 11));
    let spec = FederatedSpec { rounds: 2, hidden: vec![4], ..FederatedSpec::default() };
    let settings = Simulation { spec, ..Simulation::default() };
    let run = |seed| {
        simulate::simulate(&settings, (&train, &test), seed, &mut |_| {}, &Reporter::silent()).unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn objects_come_back_and_a_changed_one_is_refused() {
    let arrays: Vec<(String, Array)> =
        (0..12).map(|at| (at.to_string(), Array { shape: vec![2, 1], data: vec![at as f32, 0.5] })).collect();
    let content = vec![
        ("arrays".to_owned(), Record::Arrays(arrays)),
        ("metrics".to_owned(), Record::Metrics(vec![("n".to_owned(), Field::Count(-3))])),
        ("zeta".to_owned(), Record::Config(vec![("t".to_owned(), Field::Text("中".to_owned()))])),
    ];
    let objects = Objects::of(&content);
    let root = objects.0.last().unwrap().id.clone();
    assert_eq!(inflate(&root, &objects.by_id()).unwrap(), content);
    let mut changed = objects.by_id();
    changed.values_mut().next().unwrap().push(1);
    assert!(inflate(&root, &changed).is_err());
    assert!(inflate(&root, &Default::default()).is_err());
}

/// flwr 1.42: `ArrayRecord([np.zeros((3,), np.float32)])` in a `RecordDict` under "arrays"; `object_id`.
#[test]
fn object_ids_are_flowers() {
    let array = Array { shape: vec![3], data: vec![0.0; 3] };
    let content = vec![("arrays".to_owned(), Record::Arrays(vec![("0".to_owned(), array)]))];
    let objects = Objects::of(&content);
    let ids: Vec<&str> = objects.0.iter().map(|object| object.id.as_str()).collect();
    let flower = [
        "1450bf2e91aae6365fd9ba3f565dc7a20a3879367cdef8a25ee26691d7838bf2",
        "5ec42f95ea7f2cc6f134d1d0bdbc00caa0b654613ef6d939a6b81eb56c8ad755",
        "1ab71505dfdd315a7cbfd35f41c1209d573d6e8c760c37838e5f155426135006",
        "f6faf6828d152bd91760dbe2ecaf3c98e65ad977c5e031e69d43059ec5cd6fa5",
    ];
    assert_eq!(ids, flower);
}
