//! UMAP (McInnes, Healy and Melville 2018): neighbours as a fuzzy graph, laid out so that edges pull and
//! drawn-at-random pairs push. It starts from the principal components; every random number comes from
//! one seeded stream on one thread, so that equal seeds give equal maps.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::job::{Cancelled, Reporter};
use crate::segment::cluster::neighbours::Near;

/// Curve of the pull, for a least distance of 0.1 and a spread of 1: 1 / (1 + a·d^2b).
const A: f64 = 1.576_943_460_405;
const B: f64 = 0.895_060_878_123;
/// Pairs that push for each that pulls.
const PUSHES: usize = 5;
const RATE: f64 = 1.0;

/// For each point the bandwidth at which its neighbours' weights sum up to log2(k), and the distance to
/// the nearest one (section 3.1 of the paper; bounds as in the reference program).
fn bandwidths(near: &[Vec<Near>]) -> Vec<(f64, f64)> {
    let all: f64 = near.iter().flatten().map(|n| n.distance).sum();
    let mean_of_all = all / near.iter().map(Vec::len).sum::<usize>().max(1) as f64;
    let one = |near: &Vec<Near>| {
        let nearest = near.iter().map(|n| n.distance).filter(|d| *d > 0.0).fold(f64::INFINITY, f64::min);
        let rho = if nearest.is_finite() { nearest } else { 0.0 };
        // The reference program counts the point itself among its neighbours.
        let target = ((near.len() + 1) as f64).log2();
        let (mut low, mut high, mut sigma) = (0.0, f64::INFINITY, 1.0);
        for _ in 0..64 {
            let sum: f64 = near.iter().map(|n| (-(n.distance - rho).max(0.0) / sigma).exp()).sum();
            if (sum - target).abs() < 1e-5 {
                break;
            }
            if sum > target {
                high = sigma;
                sigma = (low + high) / 2.0;
            } else {
                low = sigma;
                sigma = if high.is_finite() { (low + high) / 2.0 } else { sigma * 2.0 };
            }
        }
        let mean = near.iter().map(|n| n.distance).sum::<f64>() / near.len().max(1) as f64;
        let least = 1e-3 * if rho > 0.0 { mean } else { mean_of_all };
        (sigma.max(least).max(1e-12), rho)
    };
    near.iter().map(one).collect()
}

/// An edge of the graph.
struct Edge {
    from: u32,
    to: u32,
    weight: f64,
}

/// The graph: weights one way, then the fuzzy union of both ways, a + b − ab.
fn graph(near: &[Vec<Near>]) -> Vec<Edge> {
    let bands = bandwidths(near);
    let weight = |of: usize, n: &Near| {
        let (sigma, rho) = bands.get(of).copied().unwrap_or((1.0, 0.0));
        (-(n.distance - rho).max(0.0) / sigma).exp()
    };
    let mut ways: Vec<(u32, u32, f64, bool)> = Vec::new();
    for (of, list) in near.iter().enumerate() {
        for n in list {
            let (a, b) = (of as u32, n.place);
            ways.push((a.min(b), a.max(b), weight(of, n), a < b));
        }
    }
    ways.sort_unstable_by_key(|x| (x.0, x.1, x.3));
    let mut edges: Vec<Edge> = Vec::new();
    for (from, to, weight, _) in ways {
        match edges.last_mut() {
            Some(last) if (last.from, last.to) == (from, to) => {
                last.weight = last.weight + weight - last.weight * weight;
            }
            _ => edges.push(Edge { from, to, weight }),
        }
    }
    edges
}

/// Lays points out in a plane. `near` are each point's nearest others, `start` where each begins.
///
/// # Errors
/// The person cancelled.
pub fn layout(
    near: &[Vec<Near>],
    start: Vec<[f64; 2]>,
    epochs: usize,
    seed: u64,
    report: &Reporter,
) -> Result<Vec<[f64; 2]>, Cancelled> {
    let n = start.len();
    let mut at = spread(start);
    let mut edges = graph(near);
    let most = edges.iter().map(|edge| edge.weight).fold(0.0, f64::max);
    // What would not be drawn even once is left out.
    edges.retain(|edge| edge.weight * epochs as f64 >= most && edge.weight > 0.0);
    let every: Vec<f64> = edges.iter().map(|edge| most / edge.weight).collect();
    let mut next: Vec<f64> = every.clone();
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x0A4A);
    let mut order: Vec<u32> = (0..edges.len() as u32).collect();
    for i in (1..order.len()).rev() {
        // Neighbours in memory would be neighbours in time.
        order.swap(i, rng.gen_range(0..=i));
    }
    let clip = |x: f64| x.clamp(-4.0, 4.0);
    for epoch in 0..epochs {
        let rate = RATE * (1.0 - epoch as f64 / epochs as f64);
        for (done, &e) in order.iter().enumerate() {
            if done % 8192 == 0 {
                report.check()?;
            }
            let e = e as usize;
            if next[e] > (epoch + 1) as f64 {
                continue;
            }
            next[e] += every[e];
            let (i, j) = (edges[e].from as usize, edges[e].to as usize);
            // Either end moves as the head of the edge: both ways are one edge here.
            for (head, tail) in [(i, j), (j, i)] {
                let gap = [at[head][0] - at[tail][0], at[head][1] - at[tail][1]];
                let squared = gap[0] * gap[0] + gap[1] * gap[1];
                if squared > 0.0 {
                    let pull = -2.0 * A * B * squared.powf(B - 1.0) / (A * squared.powf(B) + 1.0);
                    for axis in 0..2 {
                        let step = rate * clip(pull * gap[axis]);
                        at[head][axis] += step;
                        at[tail][axis] -= step;
                    }
                }
                for _ in 0..PUSHES {
                    let other = rng.gen_range(0..n);
                    if other == head {
                        continue;
                    }
                    let gap = [at[head][0] - at[other][0], at[head][1] - at[other][1]];
                    let squared = gap[0] * gap[0] + gap[1] * gap[1];
                    if squared > 0.0 {
                        let push = 2.0 * B / ((0.001 + squared) * (A * squared.powf(B) + 1.0));
                        for axis in 0..2 {
                            at[head][axis] += rate * clip(push * gap[axis]);
                        }
                    }
                }
            }
        }
        report.progress((epoch + 1) as f64 / epochs as f64);
    }
    Ok(at)
}

/// The start, wide enough: 10 from the middle, with equal points a little apart.
fn spread(start: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let most = start.iter().flatten().map(|x| x.abs()).fold(1e-12, f64::max);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    start.into_iter().map(|point| point.map(|x| 10.0 * x / most + rng.gen_range(-1e-3..1e-3))).collect()
}

/// Epochs for so many points, as the reference program has them.
pub fn epochs_for(n: usize) -> usize {
    if n <= 10_000 { 500 } else { 200 }
}
