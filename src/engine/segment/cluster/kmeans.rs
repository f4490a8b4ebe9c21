//! k-means: greedy k-means++ (Arthur and Vassilvitskii 2007; Vose's several tries a step, as scikit-learn
//! has them), then Lloyd's steps, which look again only at points whose centre may have changed
//! (Hamerly 2010). Sums go chunk by chunk in a fixed order: equal seeds give equal numbers on any
//! number of threads.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::points::{Points, sample, squared};
use crate::job::{Cancelled, Reporter};

/// Points of a chunk: some milliseconds of work.
const CHUNK: usize = 4096;
/// Points that the first centres are drawn from.
const SEEDED: usize = 50_000;
/// Centres that are looked at together.
const LANES: usize = 8;

/// How centres are looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KMeansSpec {
    pub k: usize,
    /// Starts, of which the best counts.
    pub runs: usize,
    pub most_steps: usize,
    /// Ends when the centres' squared moves together are below this share of the mean variance.
    pub tolerance: f64,
    pub seed: u64,
}

impl KMeansSpec {
    /// As scikit-learn's `KMeans(k, n_init=runs)` has it.
    pub fn new(k: usize, runs: usize, seed: u64) -> Self {
        Self { k, runs, most_steps: 300, tolerance: 1e-4, seed }
    }
}

/// Centres and what belongs to them.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    pub centres: Points,
    /// The nearest centre of each point.
    pub labels: Vec<u32>,
    /// Squared distances to the nearest centre, summed up.
    pub inertia: f64,
    pub steps: usize,
}

/// Finds centres. With fewer different points than `k`, some centres are equal.
///
/// # Errors
/// The person cancelled.
pub fn fit(points: &Points, spec: &KMeansSpec, report: &Reporter) -> Result<KMeans, Cancelled> {
    let mut best: Option<KMeans> = None;
    let k = spec.k.clamp(1, points.len().max(1));
    let variance = {
        let mean = points.mean();
        let sum: f64 = points.rows().map(|row| squared(row, &mean)).sum();
        sum / (points.len().max(1) * points.width().max(1)) as f64
    };
    for run in 0..spec.runs.max(1) {
        report.check()?;
        let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
        rng.set_stream(run as u64);
        let first = first_centres(points, k, &mut rng, report)?;
        let found = lloyd(points, first, spec.tolerance * variance, spec.most_steps, report)?;
        // As scikit-learn: what is better by rounding only is not better.
        if best.as_ref().is_none_or(|old| found.inertia < old.inertia * (1.0 - 1e-10)) {
            best = Some(found);
        }
        report.progress((run + 1) as f64 / spec.runs.max(1) as f64);
    }
    Ok(best.unwrap_or(KMeans { centres: points.clone(), labels: Vec::new(), inertia: 0.0, steps: 0 }))
}

/// Centres that lie apart: each is drawn with a chance that grows with the squared distance to those
/// before it; of several draws the one that shortens all distances most stays.
fn first_centres(
    points: &Points,
    k: usize,
    rng: &mut ChaCha8Rng,
    report: &Reporter,
) -> Result<Points, Cancelled> {
    let few;
    let points = if points.len() > SEEDED {
        few = points.select(&sample(points.len(), SEEDED, rng));
        &few
    } else {
        points
    };
    let n = points.len();
    let tries = 2 + (k as f64).ln() as usize;
    let mut centres = Vec::with_capacity(k * points.width());
    let first = rng.gen_range(0..n.max(1));
    centres.extend_from_slice(points.row(first));
    let mut nearest: Vec<f64> = distances(points, points.row(first));
    for _ in 1..k {
        report.check()?;
        let total: f64 = nearest.iter().sum();
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for _ in 0..tries {
            let mut left = rng.gen_range(0.0..1.0) * total;
            let at = nearest.iter().position(|d| {
                left -= d;
                left < 0.0
            });
            let at = at.unwrap_or(n.saturating_sub(1));
            let mut apart = distances(points, points.row(at));
            apart.iter_mut().zip(&nearest).for_each(|(new, old)| *new = new.min(*old));
            let sum: f64 = apart.iter().sum();
            if best.as_ref().is_none_or(|(old, ..)| sum < *old) {
                best = Some((sum, at, apart));
            }
        }
        if let Some((_, at, apart)) = best {
            centres.extend_from_slice(points.row(at));
            nearest = apart;
        }
    }
    Ok(Points::new(points.width(), centres))
}

fn distances(points: &Points, to: &[f64]) -> Vec<f64> {
    points.rows().map(|row| squared(row, to)).collect()
}

/// Centres column by column in lanes: what a chunk is compared with.
struct Lanes {
    k: usize,
    /// For each block of [`LANES`] centres, for each column, their numbers there.
    blocks: Vec<Vec<[f64; LANES]>>,
}

impl Lanes {
    fn of(centres: &Points) -> Self {
        let k = centres.len();
        let block = |from: usize| -> Vec<[f64; LANES]> {
            let lane = |column: usize| {
                // A centre that is not there is nobody's nearest.
                std::array::from_fn(|at| centres.row(from + at).get(column).copied().unwrap_or(f64::INFINITY))
            };
            (0..centres.width()).map(lane).collect()
        };
        Self { k, blocks: (0..k).step_by(LANES).map(block).collect() }
    }

    /// The nearest centre, its squared distance, and that of the second nearest.
    #[inline]
    fn two_nearest(&self, row: &[f64]) -> (u32, f64, f64) {
        let (mut at, mut first, mut second) = (0u32, f64::INFINITY, f64::INFINITY);
        for (block, lanes) in self.blocks.iter().enumerate() {
            let mut sums = [0.0; LANES];
            for (x, lane) in row.iter().zip(lanes) {
                for (sum, c) in sums.iter_mut().zip(lane) {
                    let apart = x - c;
                    *sum += apart * apart;
                }
            }
            let there = LANES.min(self.k - block * LANES);
            for (lane, sum) in sums.iter().enumerate().take(there) {
                if *sum < first {
                    second = first;
                    first = *sum;
                    at = (block * LANES + lane) as u32;
                } else if *sum < second {
                    second = *sum;
                }
            }
        }
        (at, first, second)
    }
}

/// The nearest centre of each point, and its squared distance.
pub fn nearest(points: &Points, centres: &Points) -> Vec<(u32, f64)> {
    let lanes = Lanes::of(centres);
    let width = points.width().max(1);
    let of = |row: &[f64]| {
        let (at, apart, _) = lanes.two_nearest(row);
        (at, apart)
    };
    points
        .values()
        .par_chunks(CHUNK * width)
        .flat_map_iter(|chunk| chunk.chunks_exact(width).map(of))
        .collect()
}

/// What Hamerly's bounds remember of a point.
#[derive(Clone, Copy)]
struct Bound {
    /// No farther than this from its own centre.
    upper: f64,
    /// No nearer than this to any other.
    lower: f64,
    label: u32,
}

/// Sums of one chunk.
struct Sums {
    sums: Vec<f64>,
    counts: Vec<f64>,
}

fn lloyd(
    points: &Points,
    mut centres: Points,
    tolerance: f64,
    most: usize,
    report: &Reporter,
) -> Result<KMeans, Cancelled> {
    let (k, d, n) = (centres.len(), points.width().max(1), points.len());
    let fresh = Bound { upper: f64::INFINITY, lower: 0.0, label: 0 };
    let mut bounds = vec![fresh; n];
    let mut moved = vec![0.0; k];
    let mut steps = 0;
    while steps < most {
        report.check()?;
        steps += 1;
        let lanes = Lanes::of(&centres);
        let half = half_gaps(&centres);
        let (most_moved, next_moved) = two_largest(&moved);
        let parts: Vec<Sums> = points
            .values()
            .par_chunks(CHUNK * d)
            .zip(bounds.par_chunks_mut(CHUNK))
            .map(|(rows, bounds)| {
                let mut part = Sums { sums: vec![0.0; k * d], counts: vec![0.0; k] };
                for (row, bound) in rows.chunks_exact(d).zip(bounds) {
                    follow(row, bound, &moved, (most_moved, next_moved), &half, &centres, &lanes);
                    let label = bound.label as usize;
                    let sums = &mut part.sums[label * d..(label + 1) * d];
                    sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
                    part.counts[label] += 1.0;
                }
                part
            })
            .collect();
        let mut all = Sums { sums: vec![0.0; k * d], counts: vec![0.0; k] };
        for part in parts {
            all.sums.iter_mut().zip(&part.sums).for_each(|(sum, x)| *sum += x);
            all.counts.iter_mut().zip(&part.counts).for_each(|(sum, x)| *sum += x);
        }
        refill(points, &centres, &bounds, &mut all);
        let mut shift = 0.0;
        for (at, centre) in centres.values_mut().chunks_exact_mut(d).enumerate() {
            let count = all.counts[at];
            let mut way = 0.0;
            if count > 0.0 {
                for (c, sum) in centre.iter_mut().zip(&all.sums[at * d..(at + 1) * d]) {
                    let new = sum / count;
                    way += (new - *c) * (new - *c);
                    *c = new;
                }
            }
            shift += way;
            moved[at] = way.sqrt();
        }
        if shift <= tolerance {
            break;
        }
    }
    let last = nearest(points, &centres);
    let inertia = last.chunks(CHUNK).map(|part| part.iter().map(|(_, d)| d).sum::<f64>()).sum();
    Ok(KMeans { centres, labels: last.into_iter().map(|(label, _)| label).collect(), inertia, steps })
}

/// Brings a point's bounds up to date after the centres moved, and looks anew only where they do not tell.
#[inline]
fn follow(
    row: &[f64],
    bound: &mut Bound,
    moved: &[f64],
    (most, next): ((usize, f64), f64),
    half: &[f64],
    centres: &Points,
    lanes: &Lanes,
) {
    let own = bound.label as usize;
    bound.upper += moved[own];
    bound.lower -= if most.0 == own { next } else { most.1 };
    let enough = half[own].max(bound.lower);
    if bound.upper <= enough {
        return;
    }
    if bound.upper.is_finite() {
        bound.upper = squared(row, centres.row(own)).sqrt();
        if bound.upper <= enough {
            return;
        }
    }
    let (label, first, second) = lanes.two_nearest(row);
    *bound = Bound { upper: first.sqrt(), lower: second.sqrt(), label };
}

/// Half the way from each centre to the nearest other.
fn half_gaps(centres: &Points) -> Vec<f64> {
    let near = |at: usize| {
        let others = (0..centres.len()).filter(|other| *other != at);
        let least =
            others.map(|other| squared(centres.row(at), centres.row(other))).fold(f64::INFINITY, f64::min);
        least.sqrt() / 2.0
    };
    (0..centres.len()).map(near).collect()
}

/// The largest with its place, and the second largest.
fn two_largest(values: &[f64]) -> ((usize, f64), f64) {
    let (mut first, mut second) = ((0, 0.0), 0.0);
    for (at, &value) in values.iter().enumerate() {
        if value > first.1 {
            second = first.1;
            first = (at, value);
        } else if value > second {
            second = value;
        }
    }
    (first, second)
}

/// A centre that lost all its points takes the point that lies farthest from its own, as scikit-learn does.
fn refill(points: &Points, centres: &Points, bounds: &[Bound], all: &mut Sums) {
    let d = points.width().max(1);
    let empty: Vec<usize> = (0..all.counts.len()).filter(|at| all.counts[*at] == 0.0).collect();
    if empty.is_empty() {
        return;
    }
    let apart = |at: usize| squared(points.row(at), centres.row(bounds[at].label as usize));
    let mut far: Vec<(f64, usize)> = (0..bounds.len()).map(|at| (apart(at), at)).collect();
    far.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (centre, (apart, at)) in empty.into_iter().zip(far) {
        let from = bounds[at].label as usize;
        if apart <= 0.0 || all.counts[from] <= 1.0 {
            continue;
        }
        for (column, x) in points.row(at).iter().enumerate() {
            all.sums[from * d + column] -= x;
            all.sums[centre * d + column] = *x;
        }
        all.counts[from] -= 1.0;
        all.counts[centre] = 1.0;
    }
}
