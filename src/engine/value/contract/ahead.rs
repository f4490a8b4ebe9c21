//! How long those under contract stay, and what that brings: from the baseline and a customer's own score.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::super::forecast::interval;
use super::super::linear;
use super::cox::Cox;
use crate::job::Reporter;
use crate::metrics::Estimate;

const DRAWS: usize = 400;
const DRAWN: usize = 10_000;

/// The baseline's cumulative hazard at times, continued beyond the last one with the mean hazard of the
/// last third of the time that was seen.
#[derive(Debug, Clone)]
pub(super) struct Hazard {
    times: Vec<f64>,
    sums: Vec<f64>,
    tail: f64,
}

impl Hazard {
    /// Of times and rises, by time. `end` is the longest time that was seen, with an end or without.
    pub fn new(rises: impl Iterator<Item = (f64, f64)>, end: f64) -> Self {
        let (mut times, mut sums, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for (time, rise) in rises {
            sum += rise;
            times.push(time);
            sums.push(sum);
        }
        let mut out = Self { times, sums, tail: 0.0 };
        let from = end * 2.0 / 3.0;
        let width = (end - from).max(1e-9);
        out.tail = (sum - out.at(from)) / width;
        // A last third without any end would promise eternity: then the mean of all.
        if out.tail <= 0.0 {
            out.tail = sum / end.max(1e-9);
        }
        out
    }

    /// The cumulative hazard at a time.
    pub fn at(&self, time: f64) -> f64 {
        let after = self.times.partition_point(|known| *known <= time);
        let sum = after.checked_sub(1).and_then(|at| self.sums.get(at)).copied().unwrap_or(0.0);
        let last = self.times.last().copied().unwrap_or(0.0);
        sum + if time > last { (time - last) * self.tail } else { 0.0 }
    }

    /// The first time at which the cumulative hazard has reached `level`.
    pub fn reaches(&self, level: f64) -> f64 {
        let place = self.sums.partition_point(|sum| *sum < level);
        match self.times.get(place) {
            Some(time) => *time,
            None => {
                let (last, sum) =
                    (self.times.last().copied().unwrap_or(0.0), self.sums.last().copied().unwrap_or(0.0));
                last + (level - sum) / self.tail.max(1e-300)
            }
        }
    }
}

/// A customer under contract.
#[derive(Debug, Clone, Copy)]
pub(super) struct Active {
    /// Time under contract so far.
    pub time: f64,
    /// Logarithm of the hazard beside the baseline's.
    pub score: f64,
    /// Money of a unit of time.
    pub charge: Option<f64>,
}

/// Units of time within the horizon, and what money of each of them is worth today.
pub(super) struct Horizon {
    pub units: usize,
    pub factors: Vec<f64>,
}

/// Expected units of time and discounted money within the horizon, chance of staying through it, and the
/// time after which half have left.
pub(super) fn expected(hazard: &Hazard, one: &Active, horizon: &Horizon) -> (f64, f64, f64, f64) {
    let scale = one.score.exp();
    let begun = hazard.at(one.time);
    let stays = |ahead: f64| (-(hazard.at(one.time + ahead) - begun) * scale).exp();
    let (mut units, mut money) = (0.0, 0.0);
    for (at, factor) in horizon.factors.iter().enumerate() {
        // Paid for by those who are there when it begins.
        let there = if at == 0 { 1.0 } else { stays(at as f64) };
        units += there;
        money += there * factor * one.charge.unwrap_or(0.0);
    }
    let half = hazard.reaches(begun + std::f64::consts::LN_2 / scale) - one.time;
    (units, money, stays(horizon.units as f64), half.max(0.0))
}

/// Low and high.
type Interval = (f64, f64);

/// The interval of the sums over all, of both doubts: coefficients and baseline, and who leaves when. And
/// every drawn customer's own interval of money (of time, without money).
pub(super) fn drawn(
    cox: &Cox,
    list: &[(Active, Vec<f64>)],
    (end, horizon): (f64, &Horizon),
    (seed, report): (u64, &Reporter),
) -> crate::Result<(Vec<Interval>, [Interval; 2])> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::MAX);
    let lower = linear::cholesky(&cox.covariance);
    let worlds: Vec<(Vec<f64>, Hazard)> = (0..DRAWS)
        .map(|_| {
            let beta = match &lower {
                Some(lower) => linear::draw(&cox.coefficients, lower, &mut rng),
                None => cox.coefficients.clone(),
            };
            // Each rise rests on as many ends: Gamma with that shape.
            let rises: Vec<(f64, f64)> = cox
                .baseline
                .iter()
                .map(|(time, left, rise)| (*time, rise * super::super::story::gamma(*left, *left, &mut rng)))
                .collect();
            (beta, Hazard::new(rises.into_iter(), end))
        })
        .collect();
    let every = list.len().div_ceil(DRAWN).max(1);
    let mut worth = vec![(0.0, 0.0); DRAWS];
    let mut own = Vec::new();
    let paid: Vec<f64> = horizon
        .factors
        .iter()
        .scan(0.0, |sum, factor| {
            *sum += factor;
            Some(*sum)
        })
        .collect();
    let future = |(at, (one, x)): (usize, &(Active, Vec<f64>))| -> Vec<(f64, f64)> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(at as u64);
        let draw = |(beta, hazard): &(Vec<f64>, Hazard)| {
            let score: f64 = x.iter().zip(&cox.means).zip(beta).map(|((x, mean), b)| (x - mean) * b).sum();
            let level = -rng.r#gen::<f64>().max(f64::MIN_POSITIVE).ln() / score.exp();
            let stays = hazard.reaches(hazard.at(one.time) + level) - one.time;
            let units = (stays.ceil().max(1.0) as usize).min(horizon.units);
            let money = units.checked_sub(1).and_then(|at| paid.get(at)).copied().unwrap_or(0.0);
            (units as f64, money * one.charge.unwrap_or(0.0))
        };
        worlds.iter().map(draw).collect()
    };
    for (part_at, part) in list.chunks(512).enumerate() {
        report.check()?;
        report.progress((part_at * 512) as f64 / list.len().max(1) as f64);
        let futures: Vec<Option<Vec<(f64, f64)>>> = part
            .par_iter()
            .enumerate()
            .map(|(at, one)| (part_at * 512 + at, one))
            .map(|(at, one)| at.is_multiple_of(every).then(|| future((at, one))))
            .collect();
        for (future, (one, _)) in futures.into_iter().zip(part) {
            let Some(future) = future else {
                own.push((f64::NAN, f64::NAN));
                continue;
            };
            worth.iter_mut().zip(&future).for_each(|(sum, of)| *sum = (sum.0 + of.0, sum.1 + of.1));
            let mut list: Vec<f64> =
                future.iter().map(|of| if one.charge.is_some() { of.1 } else { of.0 }).collect();
            own.push(interval(&mut list));
        }
    }
    let by = list.len() as f64 / (list.len().div_ceil(every)).max(1) as f64;
    let sum = |of: fn(&(f64, f64)) -> f64| {
        let (low, high) = interval(&mut worth.iter().map(of).collect::<Vec<f64>>());
        (by * low, by * high)
    };
    Ok((own, [sum(|w| w.0), sum(|w| w.1)]))
}

/// An estimate whose interval holds its value.
pub(super) fn around(value: f64, (low, high): (f64, f64)) -> Estimate {
    Estimate { value, low: low.min(value), high: high.max(value) }
}
