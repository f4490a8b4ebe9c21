use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::histories;
use crate::job::Reporter;
use crate::recommend::models::dense::invert;
use crate::recommend::{
    Als, AlsSpec, Cooccurrence, Ease, Fitted, Histories, Itemset, Kind, Markov, Matrix, Model, Params,
    Popularity, Recommender, Rules, fit, fp_growth, middle_rank, top,
};

fn scores(model: &dyn Recommender, history: &[u32]) -> Vec<f32> {
    let mut out = vec![9.0; model.items()];
    model.score(history, &mut out);
    out
}

fn near(a: &[f32], b: &[f32], within: f32) {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= within), "{a:?} beside {b:?}");
}

/// A few hundred customers with two tastes.
fn tastes(seed: u64) -> Histories {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut out = Histories::over(40);
    for customer in 0..300u32 {
        let from = if customer % 2 == 0 { 0 } else { 20 };
        let count = rng.gen_range(2..12);
        out.push((0..count).map(|at| (from + rng.gen_range(0..20u32), i64::from(at) * 86_400_000, at)));
    }
    out
}

#[test]
fn popularity_counts_fades_and_knows_groups() {
    let all = histories(3, &[&[0, 1], &[0, 2], &[0]]);
    assert_eq!(scores(&Popularity::overall(&all), &[]), [3.0, 1.0, 1.0]);
    // The first events are one day older than the last: they count half.
    assert_eq!(scores(&Popularity::recent(&all, 1.0), &[]), [1.5, 1.0, 1.0]);
    // Lengths 1, 1, 1, 2, 2, 3: thirds begin at 1 and 2, so nobody is in the first.
    let all = histories(3, &[&[0], &[0], &[1], &[1, 1], &[1, 2], &[2, 2, 2]]);
    let grouped = Popularity::grouped(&all);
    assert_eq!(scores(&grouped, &[0]), [2.0, 1.0, 0.0]);
    assert_eq!(scores(&grouped, &[0, 0, 0]), [0.0, 3.0, 4.0]);
}

#[test]
fn cosines_are_those_worked_by_hand() {
    // Product 0: customers 0 1 2; product 1: 0 1; product 2: 2.
    let matrix = Matrix::new(&histories(3, &[&[0, 1], &[1, 0, 0], &[0, 2]]));
    let plain = Cooccurrence::fit(&matrix, 0.0, 0, &Reporter::silent()).unwrap();
    near(&scores(&plain, &[0]), &[0.0, 2.0 / 6f32.sqrt(), 1.0 / 3f32.sqrt()], 1e-6);
    let shrunk = Cooccurrence::fit(&matrix, 1.0, 0, &Reporter::silent()).unwrap();
    near(&scores(&shrunk, &[0]), &[0.0, 2.0 / (6f32.sqrt() + 1.0), 1.0 / (3f32.sqrt() + 1.0)], 1e-6);
    let mut last = plain;
    last.last = 1;
    // Only the last different product counts: that is 0, taken again.
    near(&scores(&last, &[0, 1, 0]), &[0.0, 2.0 / 6f32.sqrt(), 1.0 / 3f32.sqrt()], 1e-6);
    assert_eq!(last.because(&[1, 0], 2).iter().map(|reason| reason.item).collect::<Vec<_>>(), [0]);
}

#[test]
fn successors_are_counted() {
    let chain = Markov::fit(&histories(3, &[&[0, 1, 0, 1], &[0, 2]]));
    assert_eq!(scores(&chain, &[2, 0]), [0.0, 2.0, 1.0]);
    assert_eq!(scores(&chain, &[0, 1]), [1.0, 0.0, 0.0]);
    assert_eq!(scores(&chain, &[]), [0.0; 3]);
    assert_eq!(scores(&chain, &[77]), [0.0; 3]);
}

#[test]
fn rules_have_the_figures_worked_by_hand() {
    // Four baskets: {0,1} {0,1,2} {0} {2,3}.
    let mut all = Histories::over(4);
    let day = 86_400_000;
    all.push([(0, 0, 1), (1, 0, 1), (1, day, 2), (2, day, 2), (0, day, 2)]);
    all.push([(0, 0, 3), (2, day, 4), (3, day, 4)]);
    let rules = Rules::fit(&all, 0.0, 0.0, 0, &Reporter::silent()).unwrap();
    assert_eq!((rules.baskets, rules.of_customers, rules.least), (4, false, 2));
    let found: Vec<_> = rules
        .rules
        .iter()
        .map(|r| (r.from.clone(), r.to, r.count, r.support, r.confidence, r.lift))
        .collect();
    assert_eq!(
        found,
        [(vec![0], 1, 2, 0.5, 2.0 / 3.0, 4.0 / 3.0), (vec![1], 0, 2, 0.5, 1.0, 4.0 / 3.0)],
        "only {{0,1}} is in two baskets"
    );
    near(&scores(&rules, &[0]), &[0.0, 2.0 / 3.0, 0.0, 0.0], 1e-6);
    assert_eq!(rules.because(&[2, 1], 0).iter().map(|reason| reason.item).collect::<Vec<_>>(), [1]);
    // Baskets of one product say nothing: whole customers are taken.
    let single = Rules::fit(&histories(3, &[&[0, 1], &[1, 0], &[2]]), 0.0, 0.0, 0, &Reporter::silent());
    assert!(single.unwrap().of_customers);
}

#[test]
fn fp_growth_finds_what_counting_everything_finds() {
    for seed in 0..40 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let basket =
            |rng: &mut ChaCha8Rng| (0..rng.gen_range(0..7)).map(|_| rng.gen_range(0..8u32)).collect();
        let baskets: Vec<Vec<u32>> = (0..30).map(|_| basket(&mut rng)).collect();
        let (least, longest) = (rng.gen_range(1..6), rng.gen_range(1..5));
        let mut all: Vec<Itemset> = (1u32..256)
            .map(|bits| (0..8).filter(|item| bits >> item & 1 == 1).collect::<Vec<u32>>())
            .filter(|items| items.len() <= longest)
            .map(|items| {
                let holds = |basket: &&Vec<u32>| items.iter().all(|item| basket.contains(item));
                Itemset { count: baskets.iter().filter(holds).count() as u32, items }
            })
            .filter(|set| set.count >= least)
            .collect();
        all.sort();
        let found = fp_growth(&baskets, least, longest, usize::MAX, &Reporter::silent()).unwrap();
        assert_eq!(found, (all, true), "seed {seed}");
    }
    let (some, all) = fp_growth(&[vec![0, 1, 2], vec![0, 1, 2]], 1, 3, 3, &Reporter::silent()).unwrap();
    assert_eq!((some.len(), all), (3, false));
}

#[test]
fn the_inverse_undoes_the_matrix_over_several_blocks() {
    let n = 300;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let x = ndarray::Array2::<f32>::from_shape_fn((n, 2 * n), |_| f32::from(u8::from(rng.gen_bool(0.1))));
    let mut a = x.dot(&x.t());
    a.diag_mut().mapv_inplace(|value| value + 10.0);
    let original = a.clone();
    // Only the lower triangle is read.
    for row in 0..n {
        for column in row + 1..n {
            a[(row, column)] = f32::NAN;
        }
    }
    assert!(invert(&mut a, &Reporter::silent()).unwrap());
    let one = original.mapv(f64::from).dot(&a.mapv(f64::from));
    let worst = one.indexed_iter().map(|((r, c), v)| (v - f64::from(u8::from(r == c))).abs());
    assert!(worst.fold(0.0, f64::max) < 1e-4);
    let mut indefinite = ndarray::arr2(&[[1.0f32, 2.0], [2.0, 1.0]]);
    assert!(!invert(&mut indefinite, &Reporter::silent()).unwrap());
}

#[test]
fn two_products_of_ease_are_a_ridge_regression_each() {
    // Counts: product 0 three customers, product 1 two, both two. λ = 1.
    let matrix = Matrix::new(&histories(2, &[&[0, 1], &[0, 1, 1], &[0]]));
    let ease = Ease::fit(&matrix, 1.0, 0, &Reporter::silent()).unwrap();
    near(ease.row(0), &[0.0, 2.0 / 4.0], 1e-6);
    near(ease.row(1), &[2.0 / 3.0, 0.0], 1e-6);
    near(&scores(&ease, &[0, 0]), &[0.0, 0.5], 1e-6);
}

#[test]
fn als_solves_its_equations_and_explains_its_scores() {
    let all = tastes(1);
    let matrix = Matrix::new(&all);
    let spec = AlsSpec { factors: 8, lambda: 0.5, alpha: 2.0, iterations: 12, last: 0, seed: 4 };
    let als = Als::fit(&matrix, &spec, &Reporter::silent()).unwrap();
    assert_eq!(als, Als::fit(&matrix, &spec, &Reporter::silent()).unwrap());
    let history = all.of(0);
    let found = scores(&als, history);
    let mean = |range: std::ops::Range<usize>| found[range].iter().sum::<f32>() / 20.0;
    assert!(mean(0..20) > mean(20..40) + 0.2, "its own taste is above the other: {found:?}");
    // Hu, Koren, Volinsky 2008, section 5: what the products add makes up the score.
    for item in [3, 17, 25] {
        let mut sum = 0.0;
        for at in 0..als.items() as u32 {
            let one = als.because(history, item);
            sum += one.iter().find(|reason| reason.item == at).map_or(0.0, |reason| reason.weight);
        }
        // Negative parts are left out of the reasons, so the sum may be above the score, never below.
        assert!(sum >= found[item as usize] - 1e-3, "{sum} {}", found[item as usize]);
    }
    // The gradient of the objective at the place of a history is nothing, of one with few products (fewer
    // unknowns than factors) as of one with many.
    let value = serde_json::to_value(&als).unwrap();
    let rows: Vec<f64> = serde_json::from_value(value["items"].clone()).unwrap();
    let (mut few, mut many) = (0, 0);
    for who in 0..300 {
        let x = als.place(all.of(who));
        let (own, counts) = (matrix.row(who), matrix.row_counts(who));
        *(if own.len() > 8 { &mut many } else { &mut few }) += 1;
        for axis in 0..8 {
            let mut slope = 0.5 * f64::from(x[axis]);
            for item in 0..40usize {
                let y = &rows[item * 8..item * 8 + 8];
                let score: f64 = y.iter().zip(&x).map(|(y, x)| y * f64::from(*x)).sum();
                let taken = own.iter().position(|one| *one as usize == item);
                let (p, c) = taken.map_or((0.0, 1.0), |at| (1.0, 1.0 + 2.0 * f64::from(counts[at])));
                slope -= c * (p - score) * y[axis];
            }
            assert!(slope.abs() < 1e-3, "{who} {slope}");
        }
    }
    assert!(few > 5 && many > 5, "{few} {many}");
}

#[test]
fn equal_scores_share_the_middle_rank_unless_something_settles_them() {
    let scores = [1.0, 3.0, 1.0, 1.0, f32::NEG_INFINITY];
    assert_eq!(middle_rank(&scores, &[], 1), Some(1.0));
    assert_eq!(middle_rank(&scores, &[], 2), Some(3.0));
    assert_eq!(middle_rank(&scores, &[], 4), None);
    assert_eq!(middle_rank(&scores, &[], 9), None);
    let second = [5.0, 0.0, 7.0, 5.0, 9.0];
    assert_eq!(middle_rank(&scores, &second, 2), Some(2.0));
    assert_eq!(middle_rank(&scores, &second, 0), Some(3.0));
    let list = |n| top(&scores, &second, n).iter().map(|offer| offer.item).collect::<Vec<_>>();
    assert_eq!((list(3), list(9), list(0)), (vec![1, 2, 0], vec![1, 2, 0, 3], vec![]));
}

#[test]
fn every_model_is_steady_saves_and_takes_any_history() {
    let all = tastes(2);
    let matrix = Matrix::new(&all);
    let popular = Popularity::overall(&all).scores().to_vec();
    let names: Vec<String> = (0..40).map(|n| format!("P{n}")).collect();
    let long: Vec<u32> = (0..10_000).map(|n| n % 40).collect();
    for kind in Kind::ALL {
        let params = Params { factors: 8, iterations: 3, ..Params::default() };
        let made = || fit(kind, &params, (&all, &matrix), 1, &Reporter::silent()).unwrap();
        assert_eq!(made(), made(), "{}", kind.name());
        let lists = (names.clone(), popular.clone());
        let model = Model::new((kind, params), lists.clone(), true, made()).unwrap();
        let bytes = model.to_bytes().unwrap();
        let again = Model::from_bytes(&bytes).unwrap();
        for history in [&[][..], &[3][..], &[3, 5, 900, 5][..], &long] {
            assert_eq!(model.offers(history, 10), again.offers(history, 10), "{}", kind.name());
            assert!(model.offers(history, 10).iter().all(|offer| offer.score.is_finite()));
            assert_eq!(model.offers(history, 99).len(), 40);
            let _ = model.because(history, 39);
        }
        assert!(Model::from_bytes(&bytes[..bytes.len() / 2]).is_err());
        // A file whose lists do not fit together is refused, not believed.
        let short = (names[..39].to_vec(), popular[..39].to_vec());
        assert!(Model::new((kind, params), short, true, made()).is_err());
    }
    let fitted = Fitted::Popularity(Popularity::overall(&all));
    let model = Model::new((Kind::Popularity, Params::default()), (names, popular), false, fitted).unwrap();
    assert!(model.offers(&[0, 1], 99).iter().all(|offer| offer.item > 1), "what was seen is left out");
    assert_eq!(model.basket(&["P3", " P39"]).unwrap(), [3, 39]);
    assert_eq!(model.basket(&["tea"]).unwrap_err().kind(), "recommend_no_product");
}
