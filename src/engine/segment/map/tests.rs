//! Maps keep neighbours, are the same for the same seed, and stop when they are told to.

use std::time::{Duration, Instant};

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::job::Job;

/// A sheet rolled up in space: what is near on it is near along the roll only.
fn roll(n: usize) -> Points {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut one = || {
        let turn = 1.5 * std::f64::consts::PI * (1.0 + 2.0 * rng.gen_range(0.0..1.0f64));
        [turn * turn.cos(), 21.0 * rng.gen_range(0.0..1.0f64), turn * turn.sin()]
    };
    Points::new(3, (0..n).flat_map(|_| one()).collect())
}

#[test]
fn curved_maps_keep_more_neighbours_than_a_flat_one() {
    let points = roll(700);
    let silent = Reporter::silent();
    let of = |projection| draw(&points, projection, 1, &silent).unwrap();
    let flat = of(Projection::Pca);
    assert!(flat.explained.unwrap().iter().sum::<f64>() < 1.0 && flat.laid_out.is_none());
    for projection in [Projection::Umap, Projection::TSne] {
        let map = of(projection);
        println!("{projection:?}: {:.3}, flat {:.3}", map.trustworthiness, flat.trustworthiness);
        assert!(map.trustworthiness > 0.97, "{projection:?} {}", map.trustworthiness);
        assert!(map.trustworthiness > flat.trustworthiness + 0.05, "{}", flat.trustworthiness);
        assert!(map.xy.iter().flatten().all(|x| x.is_finite()));
    }
    assert_eq!(of(Projection::Umap).xy, of(Projection::Umap).xy, "the same seed, the same map");
}

#[test]
fn further_customers_lie_beside_their_neighbours() {
    let points = roll(600);
    let silent = Reporter::silent();
    let known: Vec<usize> = (0..600).filter(|at| at % 2 == 0).collect();
    let some = points.select(&known);
    let xy: Placing = some.rows().map(|row| [row[0], row[2]]).collect();
    let all = beside(&points, &some, &xy, &silent).unwrap();
    assert_eq!(all.len(), 600);
    for (at, place) in all.iter().enumerate() {
        let own = points.row(at);
        if at % 2 == 0 {
            assert_eq!(*place, [own[0], own[2]], "its own place");
        }
        let off = (place[0] - own[0]).hypot(place[1] - own[2]);
        assert!(off < 4.0, "{at}: {off}");
    }
}

#[test]
fn a_map_stops_within_a_tenth_of_a_second() {
    for projection in [Projection::Umap, Projection::TSne] {
        for wait in [5, 400] {
            let points = roll(4000);
            let job = Job::start(|| (), move |report| draw(&points, projection, 1, report).map(|_| ()));
            std::thread::sleep(Duration::from_millis(wait));
            let asked = Instant::now();
            job.cancel();
            let answer = job.wait().unwrap();
            assert!(matches!(answer, Err(crate::Error::Cancelled)), "{projection:?} {wait}: {answer:?}");
            assert!(asked.elapsed() < Duration::from_millis(400), "{projection:?} {:?}", asked.elapsed());
        }
    }
}
