//! Where to try next: by chance, or where the good trials so far are dense and the others are not
//! (tree-structured Parzen estimator: Bergstra and others 2011, "Algorithms for hyper-parameter
//! optimization"), each setting by itself.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::Sampler;
use super::space::Axis;

/// Trials by chance before there is anything to learn from.
const BY_CHANCE: usize = 10;
/// One trial in so many counts as good, at most [`MOST_GOOD`].
const GOOD: usize = 5;
const MOST_GOOD: usize = 25;
/// Points that are drawn from the good ones' density; the one with the best ratio is tried.
const DRAWN: usize = 24;

/// A point that was tried and what came of it; the higher the better.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub point: Vec<f64>,
    /// Rungs passed (the more the better), then the value.
    pub rank: (usize, f64),
}

/// The next point: a place from 0 to 1 on each line, the number of a choice.
pub(crate) fn next(sampler: Sampler, axes: &[Axis], seen: &[Seen], rng: &mut ChaCha8Rng) -> Vec<f64> {
    if sampler == Sampler::Random || seen.len() < BY_CHANCE {
        return axes.iter().map(|axis| by_chance(*axis, rng)).collect();
    }
    let mut order: Vec<&Seen> = seen.iter().collect();
    order.sort_by(|a, b| b.rank.0.cmp(&a.rank.0).then(b.rank.1.total_cmp(&a.rank.1)));
    let (good, bad) = order.split_at(seen.len().div_ceil(GOOD).min(MOST_GOOD));
    let densities: Vec<(Density, Density)> = (0..axes.len())
        .zip(axes)
        .map(|(at, axis)| {
            let of = |seen: &[&Seen]| seen.iter().filter_map(|one| one.point.get(at).copied()).collect();
            (Density::new(*axis, of(good)), Density::new(*axis, of(bad)))
        })
        .collect();
    let mut best: Option<(f64, Vec<f64>)> = None;
    for _ in 0..DRAWN {
        let point: Vec<f64> = densities.iter().map(|(good, _)| good.draw(rng)).collect();
        let ratios = densities.iter().zip(&point).map(|((good, bad), x)| good.at(*x).ln() - bad.at(*x).ln());
        let ratio: f64 = ratios.sum();
        if best.as_ref().is_none_or(|(most, _)| ratio > *most) {
            best = Some((ratio, point));
        }
    }
    best.map_or_else(Vec::new, |(_, point)| point)
}

fn by_chance(axis: Axis, rng: &mut ChaCha8Rng) -> f64 {
    match axis {
        Axis::Line => rng.gen_range(0.0..1.0),
        Axis::Choice(of) => rng.gen_range(0..of.max(1)) as f64,
    }
}

/// How dense points are along one axis.
enum Density {
    /// Bells with their middle and width, cut off at 0 and 1.
    Line(Vec<(f64, f64)>),
    /// Chance of each choice.
    Choice(Vec<f64>),
}

impl Density {
    /// Of the points `at`, and one more for what nobody has tried yet: a wide bell, or one of each choice.
    fn new(axis: Axis, mut at: Vec<f64>) -> Self {
        match axis {
            Axis::Choice(of) => {
                let mut counts = vec![1.0; of.max(1)];
                for x in &at {
                    if let Some(count) = counts.get_mut(*x as usize) {
                        *count += 1.0;
                    }
                }
                let sum: f64 = counts.iter().sum();
                Self::Choice(counts.into_iter().map(|count| count / sum).collect())
            }
            Axis::Line => {
                at.sort_by(f64::total_cmp);
                // As wide as the larger gap beside it; many points may stand close, but not on one spot.
                let least = 1.0 / (at.len() as f64 + 1.0).min(100.0);
                let mut bells: Vec<(f64, f64)> = (0..at.len())
                    .filter_map(|place| {
                        let x = *at.get(place)?;
                        let left = place.checked_sub(1).and_then(|before| at.get(before)).unwrap_or(&0.0);
                        let right = at.get(place + 1).unwrap_or(&1.0);
                        Some((x, (x - left).max(right - x).clamp(least, 1.0)))
                    })
                    .collect();
                bells.push((0.5, 1.0));
                Self::Line(bells)
            }
        }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Self::Choice(chances) => {
                let mut left: f64 = rng.gen_range(0.0..1.0);
                let hit = chances.iter().position(|chance| {
                    left -= chance;
                    left < 0.0
                });
                hit.unwrap_or(chances.len().saturating_sub(1)) as f64
            }
            Self::Line(bells) => {
                let (middle, width) = bells.get(rng.gen_range(0..bells.len())).copied().unwrap_or((0.5, 1.0));
                // At least a third of a bell lies within: a hundred misses do not happen.
                for _ in 0..100 {
                    let x = middle + width * rng.sample::<f64, _>(StandardNormal);
                    if (0.0..=1.0).contains(&x) {
                        return x;
                    }
                }
                middle
            }
        }
    }

    fn at(&self, x: f64) -> f64 {
        match self {
            Self::Choice(chances) => chances.get(x as usize).copied().unwrap_or(f64::MIN_POSITIVE),
            Self::Line(bells) => {
                let one = |(middle, width): &(f64, f64)| {
                    let z = (x - middle) / width;
                    let within = below((1.0 - middle) / width) - below(-middle / width);
                    (-0.5 * z * z).exp() / (width * (2.0 * std::f64::consts::PI).sqrt() * within)
                };
                (bells.iter().map(one).sum::<f64>() / bells.len() as f64).max(f64::MIN_POSITIVE)
            }
        }
    }
}

/// Share of the normal distribution below `z` (Abramowitz and Stegun 1964, 26.2.17; error below 7.5e-8).
fn below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt() * poly;
    if z >= 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const AXES: [Axis; 3] = [Axis::Line, Axis::Line, Axis::Choice(4)];

    /// Highest, 0, at (0.7, 0.15) with choice 2.
    fn hill(point: &[f64]) -> f64 {
        let wrong = if point[2] as usize == 2 { 0.0 } else { 0.2 };
        -(point[0] - 0.7).powi(2) - (point[1] - 0.15).powi(2) - wrong
    }

    fn best(sampler: Sampler, seed: u64, trials: usize) -> f64 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut seen: Vec<Seen> = Vec::new();
        for _ in 0..trials {
            let point = next(sampler, &AXES, &seen, &mut rng);
            seen.push(Seen { rank: (0, hill(&point)), point });
        }
        seen.iter().map(|one| one.rank.1).fold(f64::NEG_INFINITY, f64::max)
    }

    #[test]
    fn the_estimator_climbs_higher_than_chance() {
        let runs: Vec<(f64, f64)> =
            (0..40).map(|seed| (best(Sampler::Tpe, seed, 60), best(Sampler::Random, seed, 60))).collect();
        let wins = runs.iter().filter(|(tpe, random)| tpe > random).count();
        let mean = |of: fn(&(f64, f64)) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
        let (tpe, random) = (mean(|run| run.0), mean(|run| run.1));
        println!("below the top: estimator {:.5}, chance {:.5}; wins {wins} of 40", -tpe, -random);
        assert!(wins >= 28 && -tpe < 0.5 * -random, "{wins} {tpe} {random}");
    }

    #[test]
    fn equal_seeds_give_equal_points_and_all_stay_within() {
        for sampler in [Sampler::Random, Sampler::Tpe] {
            let run = |seed| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let mut seen: Vec<Seen> = Vec::new();
                for _ in 0..30 {
                    let point = next(sampler, &AXES, &seen, &mut rng);
                    assert!(point[..2].iter().all(|x| (0.0..=1.0).contains(x)) && point[2] < 4.0);
                    seen.push(Seen { rank: (0, hill(&point)), point });
                }
                seen.into_iter().map(|one| one.point).collect::<Vec<_>>()
            };
            assert_eq!(run(5), run(5));
            assert_ne!(run(5), run(6));
        }
    }

    #[test]
    fn densities_sum_to_one() {
        for at in [vec![], vec![0.02, 0.5, 0.51], vec![1.0; 8]] {
            let density = Density::new(Axis::Line, at);
            let sum: f64 = (0..10_000).map(|step| density.at((f64::from(step) + 0.5) / 10_000.0)).sum();
            assert!((sum / 10_000.0 - 1.0).abs() < 1e-3, "{sum}");
        }
        assert!((below(1.96) - 0.975_002).abs() < 1e-6 && (below(-1.96) - 0.024_998).abs() < 1e-6);
    }
}
