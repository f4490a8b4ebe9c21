//! Rounding all counts of a table to multiples of a base, at random, so that the table still adds up.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::flow::Web;

/// Every count rounded to one of its two neighbouring multiples of `base` (a multiple stays). What added up
/// adds up afterwards, and on average over many seeds each count is what it was.
///
/// Where a count is no multiple, another at either end of it is none either; so there is always a ring of
/// such counts. It is turned one way or the other until one of them is a multiple, each way as often as keeps
/// the average (Cox 1987).
pub fn round(web: &Web, base: u64, seed: u64) -> Vec<u64> {
    let base = base.max(1);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values: Vec<u64> = web.arcs.iter().map(|arc| arc.value).collect();
    let mut at: Vec<Vec<usize>> = vec![Vec::new(); web.nodes];
    for (place, arc) in web.arcs.iter().enumerate() {
        if !arc.value.is_multiple_of(base) {
            at[arc.from].push(place);
            if arc.to != arc.from {
                at[arc.to].push(place);
            }
        }
    }
    for start in 0..web.nodes {
        while let Some(ring) = ring(web, base, &values, &mut at, start) {
            turn(&ring, base, &mut values, &mut rng);
        }
    }
    // Counts that do not add up, which no table of ours is: what is left goes to the nearest multiple.
    values.iter().map(|value| (value + base / 2) / base * base).collect()
}

/// A ring of counts that are no multiples, each with whether it is walked with its direction; it lies where
/// one gets from `start`. `None` where nothing is left there.
fn ring(
    web: &Web,
    base: u64,
    values: &[u64],
    at: &mut [Vec<usize>],
    start: usize,
) -> Option<Vec<(usize, bool)>> {
    // The node where the walk stood before each step.
    let mut stood: Vec<usize> = Vec::new();
    let mut path: Vec<(usize, bool)> = Vec::new();
    let mut place_of: std::collections::HashMap<usize, usize> = std::collections::HashMap::new();
    let mut node = start;
    loop {
        if let Some(&from) = place_of.get(&node) {
            return Some(path.split_off(from));
        }
        place_of.insert(node, path.len());
        stood.push(node);
        let here = &mut at[node];
        here.retain(|place| !values[*place].is_multiple_of(base));
        let last = path.last().map(|(place, _)| *place);
        let next = here.iter().copied().find(|place| Some(*place) != last)?;
        let arc = &web.arcs[next];
        let with = arc.from == node;
        path.push((next, with));
        node = if with { arc.to } else { arc.from };
    }
}

fn turn(ring: &[(usize, bool)], base: u64, values: &mut [u64], rng: &mut ChaCha8Rng) {
    let over = |at: usize| values[at] % base;
    let most = |with: bool| {
        let room = ring.iter().map(|(at, way)| if *way == with { base - over(*at) } else { over(*at) });
        room.min().unwrap_or(0)
    };
    let (up, down) = (most(true), most(false));
    let with = rng.gen_range(0..up + down) < down;
    let step = if with { up } else { down };
    for (at, way) in ring {
        match *way == with {
            true => values[*at] += step,
            false => values[*at] -= step,
        }
    }
}
