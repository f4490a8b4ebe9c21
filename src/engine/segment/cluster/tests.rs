//! Figures against scikit-learn's (`golden/figures.json`, made by `golden/make.py`), methods against
//! slow and plain versions of themselves, and what is said of noise.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde_json::Value;

use super::*;
use crate::job::Reporter;
use crate::segment::map::{Pca, trustworthiness};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/figures.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn labels(value: &Value) -> Vec<u32> {
    numbers(value).into_iter().map(|v| v as u32).collect()
}

fn points(value: &Value) -> Points {
    Points::new(value["width"].as_u64().unwrap() as usize, numbers(&value["points"]))
}

#[track_caller]
fn near(name: &str, own: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap();
    assert!((own - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{name}: {own} {theirs}");
}

#[test]
fn indices_are_those_of_scikit_learn() {
    let silent = Reporter::silent();
    for case in golden()["cases"].as_array().unwrap() {
        let (points, of) = (points(case), labels(&case["labels"]));
        let name = case["name"].as_str().unwrap();
        let silhouette = |metric| indices::silhouette(&points, &of, metric, &silent).unwrap().unwrap();
        near(name, silhouette(Metric::Euclidean), &case["silhouette"], 1e-9);
        near(name, silhouette(Metric::Gower), &case["silhouette_l1"], 1e-9);
        near(name, indices::calinski_harabasz(&points, &of).unwrap(), &case["calinski_harabasz"], 1e-9);
        near(name, indices::davies_bouldin(&points, &of).unwrap(), &case["davies_bouldin"], 1e-9);
        near(name, adjusted_rand(&of, &labels(&case["other"])), &case["adjusted_rand"], 1e-9);
    }
}

#[test]
fn components_and_trustworthiness_are_those_of_scikit_learn() {
    let golden = golden();
    let case = &golden["map"];
    let points = points(case);
    let pca = Pca::of(&points);
    for (own, theirs) in pca.explained(5).iter().zip(numbers(&case["explained"])) {
        assert!((own - theirs).abs() < 1e-9, "{own} {theirs}");
    }
    for (own, theirs) in pca.axes.values().iter().zip(numbers(&case["axes"])) {
        assert!((own.abs() - theirs).abs() < 1e-7, "{own} {theirs}");
    }
    let k = case["k"].as_u64().unwrap() as usize;
    for (map, theirs) in [("map", "trustworthiness"), ("bad_map", "bad_trustworthiness")] {
        let map = Points::new(2, numbers(&case[map]));
        near(theirs, trustworthiness(&points, &map, k, &Reporter::silent()).unwrap(), &case[theirs], 1e-9);
    }
    // There and back.
    let back = pca.back(&pca.scores(&points, 5));
    assert!(back.values().iter().zip(points.values()).all(|(a, b)| (a - b).abs() < 1e-9));
}

#[test]
fn k_means_and_mixtures_reach_what_scikit_learn_reaches() {
    let golden = golden();
    let case = &golden["kmeans"];
    let points = points(case);
    let silent = Reporter::silent();
    for k in 2..=6 {
        let spec = kmeans::KMeansSpec { tolerance: 0.0, ..kmeans::KMeansSpec::new(k, 30, 1) };
        let found = kmeans::fit(&points, &spec, &silent).unwrap();
        // With more centres than groups there are many answers that are nearly as good.
        let tolerance = if k <= 4 { 1e-9 } else { 1e-3 };
        near(&format!("k = {k}"), found.inertia, &case["inertia"][k.to_string()], tolerance);
        // Hamerly's bounds skip only what changes nothing.
        let plain: f64 = points
            .rows()
            .map(|row| found.centres.rows().map(|c| squared(row, c)).fold(f64::INFINITY, f64::min))
            .sum();
        assert!((plain - found.inertia).abs() < 1e-9 * plain);
        let within = indices::within_groups(&points, &found.labels);
        assert!((within - found.inertia).abs() < 1e-6 * within, "the centres are the means");
    }
    let given = &case["mixture"];
    let covariances: Vec<Vec<f64>> = given["covariances"].as_array().unwrap().iter().map(numbers).collect();
    let means = Points::new(3, numbers(&given["means"]));
    let theirs = mixture::Mixture::new(numbers(&given["weights"]), means, &covariances).unwrap();
    near("log likelihood", theirs.log_likelihood(&points), &given["log_likelihood"], 1e-9);
    near("BIC", theirs.bic(&points), &given["bic"], 1e-9);
    let own = mixture::Mixture::fit(&points, 4, 1, &silent).unwrap();
    near("fitted BIC", own.bic(&points), &given["bic"], 1e-4);
}

fn gaussian(n: usize, d: usize, seed: u64) -> Points {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Points::new(d, (0..n * d).map(|_| StandardNormal.sample(&mut rng)).collect())
}

/// Four groups and the group of each point.
fn planted(n: usize, seed: u64) -> (Points, Vec<u32>) {
    let mut points = gaussian(n, 4, seed);
    let truth: Vec<u32> = (0..n).map(|at| [0, 0, 0, 1, 1, 2, 2, 3][at % 8]).collect();
    for (row, group) in points.values_mut().chunks_exact_mut(4).zip(&truth) {
        row[*group as usize] += 7.0;
    }
    (points, truth)
}

#[test]
fn hamerly_gives_the_groups_of_plain_lloyd_on_any_number_of_threads() {
    let points = gaussian(9000, 6, 4);
    let spec = kmeans::KMeansSpec { tolerance: 0.0, most_steps: 30, ..kmeans::KMeansSpec::new(11, 1, 3) };
    let silent = Reporter::silent();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let found = kmeans::fit(&points, &spec, &silent).unwrap();
    assert_eq!(one.install(|| kmeans::fit(&points, &spec, &silent)).unwrap(), found);
    // Plain steps from those centres onwards, compared with one more step of the fast ones.
    let labels = kmeans::nearest(&points, &found.centres);
    for (row, (label, apart)) in points.rows().zip(&labels) {
        let all: Vec<f64> = found.centres.rows().map(|c| squared(row, c)).collect();
        let least = all.iter().copied().fold(f64::INFINITY, f64::min);
        assert!((apart - least).abs() < 1e-9 && (all[*label as usize] - least).abs() < 1e-9);
    }
    let fewer = kmeans::KMeansSpec { most_steps: 5, ..spec };
    assert!(kmeans::fit(&points, &fewer, &silent).unwrap().inertia >= found.inertia);
}

#[test]
fn neighbours_are_those_that_a_look_at_every_pair_finds() {
    let mut points = gaussian(700, 3, 8);
    // Many equal points, and a column without any spread.
    for (at, row) in points.values_mut().chunks_exact_mut(3).enumerate() {
        row[2] = 1.0;
        if at % 3 == 0 {
            row[0] = 0.5;
            row[1] = (at % 2) as f64;
        }
    }
    let found = neighbours::Tree::new(&points).all(9, &Reporter::silent()).unwrap();
    for (at, list) in found.iter().enumerate() {
        let mut plain: Vec<(f64, u32)> = (0..points.len())
            .filter(|other| *other != at)
            .map(|other| (squared(points.row(at), points.row(other)), other as u32))
            .collect();
        plain.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let own: Vec<u32> = list.iter().map(|near| near.place).collect();
        assert_eq!(own, plain.iter().take(9).map(|(_, place)| *place).collect::<Vec<_>>(), "{at}");
    }
}

#[test]
fn every_method_finds_planted_groups() {
    let (points, truth) = planted(400, 5);
    let silent = Reporter::silent();
    for method in Method::ALL {
        let spec = GroupSpec { method, ..GroupSpec::default() };
        let metric = if method == Method::Mixed { Metric::Gower } else { Metric::Euclidean };
        let fits = fit(&points, (&spec, metric), &[4], 5, 1, &silent).unwrap();
        let found: Vec<u32> =
            fits.models[0].locate(&points, false, &silent).unwrap().into_iter().map(|(g, _)| g).collect();
        let alike = adjusted_rand(&found, &truth);
        assert!(alike > 0.95, "{method:?}: {alike}");
        let text = serde_json::to_string(&fits.models[0]).unwrap();
        assert_eq!(serde_json::from_str::<Model>(&text).unwrap(), fits.models[0], "{method:?}");
    }
}

#[test]
fn a_tree_is_cut_where_its_top_says() {
    let (points, truth) = planted(120, 6);
    let silent = Reporter::silent();
    let tree = tree::fit(&points, &silent).unwrap();
    assert_eq!(adjusted_rand(&tree.cut(4), &truth), 1.0);
    for k in [1, 2, 4, 7, 120] {
        let labels = tree.cut(k);
        let mut known = labels.clone();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), k);
        let names: Vec<u32> = (0..k as u32).collect();
        let top = tree.top(k, &names);
        assert_eq!(top.leaves.iter().sum::<usize>(), 120);
        assert_eq!(top.merges.len(), top.leaves.len() - 1);
        assert!(top.leaves.len() >= k.min(24));
        for group in 0..k as u32 {
            let own = labels.iter().filter(|of| **of == group).count();
            let drawn = top.leaves.iter().zip(&top.groups).filter(|(_, of)| **of == group);
            assert_eq!(drawn.map(|(size, _)| size).sum::<usize>(), own, "{k} {group}");
        }
        // Branches that merge stand beside each other: the tree is drawn without crossings.
        let mut spans: Vec<(usize, usize)> = (0..top.leaves.len()).map(|at| (at, at)).collect();
        for merge in &top.merges {
            let (a, b) = (spans[merge.left], spans[merge.right]);
            assert!(a.1 + 1 == b.0 || b.1 + 1 == a.0, "{a:?} {b:?}");
            spans.push((a.0.min(b.0), a.1.max(b.1)));
        }
    }
}

#[test]
fn no_other_medoid_would_be_better() {
    let points = gaussian(26, 2, 9);
    let silent = Reporter::silent();
    let cost = |chosen: &[usize]| -> f64 {
        let near = |row: &[f64]| {
            let all = chosen.iter().map(|at| Metric::Gower.distance(row, points.row(*at)));
            all.fold(f64::INFINITY, f64::min)
        };
        points.rows().map(near).sum()
    };
    let found = medoids::fit(&points, 3, Metric::Gower, 1, &silent).unwrap();
    assert_eq!(found.len(), 3);
    for at in 0..3 {
        for other in 0..26 {
            let mut swapped = found.clone();
            swapped[at] = other;
            assert!(cost(&swapped) >= cost(&found) - 1e-9, "{swapped:?} {found:?}");
        }
    }
}

fn said(points: &Points, method: Method, k: usize) -> Trust {
    let spec = GroupSpec { method, ..GroupSpec::default() };
    let blocks: Vec<usize> = (0..points.width()).collect();
    trust(points, &blocks, (&spec, Metric::Euclidean), k, 7, &Reporter::silent()).unwrap()
}

/// Noise of several shapes.
fn noises(n: usize, seed: u64) -> Vec<(&'static str, Points)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let even = |rng: &mut ChaCha8Rng, d: usize| -> Vec<f64> {
        (0..n * d).map(|_| rng.gen_range(-1.0..1.0)).collect()
    };
    let square = Points::new(2, even(&mut rng, 2));
    let cube = Points::new(5, even(&mut rng, 5));
    let strip = Points::new(
        2,
        even(&mut rng, 2).chunks(2).flat_map(|p| [4.0 * p[0] + p[1], p[1] - 2.0 * p[0]]).collect(),
    );
    let ring = (0..n).flat_map(|_| {
        let (angle, far) = (rng.gen_range(0.0..std::f64::consts::TAU), rng.gen_range(0.9..1.1));
        [far * f64::cos(angle), far * f64::sin(angle)]
    });
    let ring = Points::new(2, ring.collect());
    let skew: Vec<f64> = (0..n * 3).map(|_| -f64::ln(rng.gen_range(1e-9..1.0))).collect();
    let ball = gaussian(n, 4, seed + 1);
    let mut long = gaussian(n, 3, seed + 2);
    for row in long.values_mut().chunks_exact_mut(3) {
        row[0] *= 5.0;
        row[1] += 0.5 * row[0];
    }
    // Counts and marks, as customers have them.
    let mut steps = |mean: f64| -> f64 { (-mean * f64::ln(rng.gen_range(1e-9..1.0))).floor().min(40.0) };
    let counts = Points::new(3, (0..n).flat_map(|_| [steps(2.0), steps(1.0), steps(3.0)]).collect());
    vec![
        ("counts", counts),
        ("an even square", square),
        ("an even cube", cube),
        ("an even strip", strip),
        ("a ring", ring),
        ("skewed columns", Points::new(3, skew)),
        ("one Gaussian", ball),
        ("one long Gaussian", long),
    ]
}

#[test]
fn noise_has_no_clear_groups() {
    for (name, points) in noises(260, 11) {
        for k in [2, 3, 4] {
            let trust = said(&points, Method::KMeans, k);
            assert_ne!(trust.verdict, Verdict::Clear, "{name} {k}: {trust:?}");
        }
    }
}

#[test]
fn the_best_k_of_noise_is_called_no_groups_in_most_draws() {
    let (mut none, mut all) = (0, 0);
    for seed in 0..4 {
        for (name, points) in noises(240, 100 + seed) {
            let trust = said(&points, Method::KMeans, 3);
            if trust.verdict == Verdict::None {
                none += 1;
            } else {
                let (own, noise) = (trust.silhouette, trust.noise);
                println!("{name}: {:?}, {own:.3} {noise:.3}, {:.2}", trust.verdict, trust.stability.value);
            }
            all += 1;
        }
    }
    println!("{none} of {all} draws of noise: no clear groups");
    assert!(none * 20 >= all * 19, "{none} of {all}");
}

#[test]
fn planted_groups_are_clear() {
    let (points, _) = planted(280, 12);
    for method in Method::ALL.into_iter().filter(|method| *method != Method::Mixed) {
        let trust = said(&points, method, 4);
        assert_eq!(trust.verdict, Verdict::Clear, "{method:?}: {trust:?}");
        assert!(trust.stability.value > 0.9, "{method:?}: {:?}", trust.stability);
        let chosen = trust.chosen;
        if method.takes_k() {
            assert_eq!((chosen.silhouette, chosen.calinski_harabasz), (Some(4), Some(4)), "{method:?}");
        }
        assert_eq!((chosen.gap, chosen.bic), (Some(4), Some(4)), "{method:?}: {:?}", trust.table);
    }
}

#[test]
fn groups_that_differ_in_one_column_are_clear() {
    for (share, width) in [(2, 2), (5, 3)] {
        let mut points = gaussian(260, width, 21);
        for (at, row) in points.values_mut().chunks_exact_mut(width).enumerate() {
            if at % share == 0 {
                row[0] += 8.0;
            }
        }
        let trust = said(&points, Method::KMeans, 2);
        assert_eq!(trust.verdict, Verdict::Clear, "one in {share}: {trust:?}");
    }
}

#[test]
fn the_gap_chooses_as_its_authors_say() {
    let row = |k, gap, error| Figures { k, gap: Some(gap), gap_error: Some(error), ..Figures::default() };
    // k = 2 is the first whose gap reaches the next one's less its error.
    let table = [row(1, 0.1, 0.02), row(2, 0.5, 0.02), row(3, 0.51, 0.02), row(4, 0.9, 0.02)];
    assert_eq!(super::trust::choose(&table).gap, Some(2));
    let (mean, error) = super::trust::gap_of(&[1.0, 3.0]);
    assert!((mean - 2.0).abs() < 1e-12 && (error - 1.5f64.sqrt()).abs() < 1e-12);
}
