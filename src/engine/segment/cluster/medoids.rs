//! k-medoids: groups around real customers, for numbers and categories together. PAM with the faster
//! swap (Kaufman and Rousseeuw 1987; Schubert and Rousseeuw 2019) on samples, of which the best for all
//! counts (CLARA, Kaufman and Rousseeuw 1990).

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::points::{Metric, Points, sample};
use crate::job::{Cancelled, Reporter};

/// Rows of a sample: their pairs are all looked at.
const SAMPLE: usize = 1200;
/// Samples where not all rows fit into one.
const DRAWS: u64 = 3;

/// The places of `k` points around which the others lie best.
///
/// # Errors
/// The person cancelled.
pub fn fit(
    points: &Points,
    k: usize,
    metric: Metric,
    seed: u64,
    report: &Reporter,
) -> Result<Vec<usize>, Cancelled> {
    let n = points.len();
    let draws = if n <= SAMPLE { 1 } else { DRAWS };
    let mut best: Option<(f64, Vec<usize>)> = None;
    for draw in 0..draws {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(draw);
        let places = sample(n, SAMPLE, &mut rng);
        let part = report.part(draw as f64 / draws as f64, 1.0 / draws as f64);
        let chosen = pam(&points.select(&places), k, metric, &part)?;
        let medoids: Vec<usize> = chosen.iter().filter_map(|at| places.get(*at).copied()).collect();
        let cost = cost(points, &medoids, metric);
        if best.as_ref().is_none_or(|(old, _)| cost < *old) {
            best = Some((cost, medoids));
        }
    }
    Ok(best.map(|(_, medoids)| medoids).unwrap_or_default())
}

/// Distances to the nearest medoid, summed up.
fn cost(points: &Points, medoids: &[usize], metric: Metric) -> f64 {
    let centres: Vec<&[f64]> = medoids.iter().map(|at| points.row(*at)).collect();
    let near = |row: &[f64]| centres.iter().map(|c| metric.distance(row, c)).fold(f64::INFINITY, f64::min);
    let all: Vec<f64> = points.values().par_chunks_exact(points.width().max(1)).map(near).collect();
    all.iter().sum()
}

/// For each point its nearest medoid with the distance, and the distance of the second nearest.
fn two_nearest(apart: &[f64], n: usize, medoids: &[usize]) -> Vec<(usize, f64, f64)> {
    let of = |row: &[f64]| {
        let mut best = (0, f64::INFINITY, f64::INFINITY);
        for (at, medoid) in medoids.iter().enumerate() {
            let d = row[*medoid];
            if d < best.1 {
                best = (at, d, best.1);
            } else if d < best.2 {
                best.2 = d;
            }
        }
        best
    };
    apart.chunks_exact(n.max(1)).map(of).collect()
}

fn pam(points: &Points, k: usize, metric: Metric, report: &Reporter) -> Result<Vec<usize>, Cancelled> {
    let n = points.len();
    let k = k.clamp(1, n.max(1));
    let line =
        |at: usize| points.rows().map(|row| metric.distance(points.row(at), row)).collect::<Vec<f64>>();
    let apart: Vec<f64> = (0..n).into_par_iter().flat_map_iter(line).collect();
    report.check()?;
    // BUILD: the point nearest to all, then each time the one that helps most.
    let mut nearest = vec![f64::INFINITY; n];
    let mut medoids: Vec<usize> = Vec::with_capacity(k);
    for _ in 0..k {
        report.check()?;
        let total = |candidate: &usize| {
            let row = &apart[candidate * n..(candidate + 1) * n];
            row.iter().zip(&nearest).map(|(new, old)| new.min(*old)).sum::<f64>()
        };
        let free: Vec<usize> = (0..n).filter(|at| !medoids.contains(at)).collect();
        let costs: Vec<f64> = free.par_iter().map(total).collect();
        let best = free.iter().zip(&costs).min_by(|a, b| a.1.total_cmp(b.1));
        let Some((&at, _)) = best else { break };
        nearest.iter_mut().zip(&apart[at * n..(at + 1) * n]).for_each(|(old, new)| *old = old.min(*new));
        medoids.push(at);
    }
    // SWAP: the exchange of a medoid with another point that shortens the distances most, while there is one.
    for _ in 0..100 {
        report.check()?;
        let near = two_nearest(&apart, n, &medoids);
        let mut removal = vec![0.0; medoids.len()];
        near.iter().for_each(|(at, first, second)| {
            removal[*at] += if second.is_finite() { second - first } else { 0.0 };
        });
        let change = |candidate: &usize| -> (f64, usize) {
            let mut of = removal.clone();
            let mut shared = 0.0;
            for ((own, first, second), new) in near.iter().zip(&apart[candidate * n..(candidate + 1) * n]) {
                if new < first {
                    shared += new - first;
                    of[*own] += first - second.min(f64::MAX);
                } else if new < second {
                    of[*own] += new - second.min(f64::MAX);
                }
            }
            let best = of.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
            best.map_or((0.0, 0), |(at, of)| (of + shared, at))
        };
        if medoids.len() < 2 {
            break;
        }
        let free: Vec<usize> = (0..n).filter(|at| !medoids.contains(at)).collect();
        let changes: Vec<(f64, usize)> = free.par_iter().map(change).collect();
        let best = free.iter().zip(&changes).min_by(|a, b| a.1.0.total_cmp(&b.1.0));
        match best {
            Some((&new, &(change, old))) if change < -1e-9 => medoids[old] = new,
            _ => break,
        }
    }
    Ok(medoids)
}
