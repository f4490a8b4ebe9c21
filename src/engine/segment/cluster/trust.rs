//! How far a grouping can be trusted. Two questions: would other customers of the same kind give the
//! same groups (stability over pairs of bootstrap samples, adjusted Rand; Hennig 2007), and are they
//! farther apart than groups that are found where there are none (silhouette against several kinds of
//! noise with the same spread)? Beside it, what each index would choose as the number of groups.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::indices::{calinski_harabasz, davies_bouldin, silhouette, within_groups};
use super::kmeans::{self, KMeansSpec};
use super::mixture::Mixture;
use super::noise::Noise;
use super::points::{Metric, Points, sample};
use super::{GroupSpec, Method, Model, adjusted_rand, fit};
use crate::job::Reporter;
use crate::metrics::Estimate;
use crate::segment::map::Pca;

/// Customers that are looked at: all pairs of them, many times.
pub const LOOKED_AT: usize = 1000;
/// Pairs of bootstrap samples.
const PAIRS: usize = 20;
/// Draws of each kind of noise, and the deviations above their mean that chance is granted.
const DRAWS: usize = 10;
const GRANTED: f64 = 3.0;
/// Share of the customers in each sample of a pair, where customers who are there twice would be dense by
/// themselves.
const SUBSAMPLE: f64 = 0.8;
/// Draws behind each gap (Tibshirani, Walther and Hastie 2001).
const GAP_DRAWS: usize = 10;
/// Numbers of groups in the table of indices.
const TRIED: std::ops::RangeInclusive<usize> = 1..=8;
/// Stability from which groups come back, and below which they do not.
const STABLE: f64 = 0.8;
const UNSTABLE: f64 = 0.6;

/// What is to be thought of the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// They come back, and stand farther apart than in noise.
    Clear,
    /// Farther apart than in noise, but their borders move.
    Blurred,
    /// Noise gives groups that are as good, or they do not come back.
    None,
}

impl Verdict {
    /// The name in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Blurred => "blurred",
            Self::None => "none",
        }
    }
}

/// The figures of one number of groups.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Figures {
    pub k: usize,
    /// Of the method itself; larger is better, larger is better, smaller is better.
    pub silhouette: Option<f64>,
    pub calinski_harabasz: Option<f64>,
    pub davies_bouldin: Option<f64>,
    /// Of k-means: by how much its groups are tighter than in even noise, and the error of that.
    pub gap: Option<f64>,
    pub gap_error: Option<f64>,
    /// Of a Gaussian mixture; smaller is better.
    pub bic: Option<f64>,
}

/// The number of groups that each index would choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Chosen {
    pub silhouette: Option<usize>,
    pub calinski_harabasz: Option<usize>,
    pub davies_bouldin: Option<usize>,
    /// 1 says that there are no groups.
    pub gap: Option<usize>,
    pub bic: Option<usize>,
}

/// How far groups can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trust {
    pub verdict: Verdict,
    /// Adjusted Rand of groupings of two bootstrap samples: its mean, and where 95% of the pairs lie.
    pub stability: Estimate,
    pub pairs: usize,
    /// The silhouette of the groups on the customers looked at, and what noise would reach by chance: of
    /// the kind of noise that reaches most, three deviations above the mean, and no less than any draw.
    pub silhouette: f64,
    pub noise: f64,
    /// Silhouettes in noise, and how many of them reach that of the groups.
    pub noises: usize,
    pub reached: usize,
    /// Customers that were looked at.
    pub rows: usize,
    pub table: Vec<Figures>,
    pub chosen: Chosen,
}

struct Asked<'a> {
    spec: &'a GroupSpec,
    metric: Metric,
    k: usize,
    seed: u64,
}

impl Asked<'_> {
    /// A model of `points`; `None` where there is no dense region, or the method has nothing to hold on to.
    fn model(&self, points: &Points, seed: u64, report: &Reporter) -> crate::Result<Option<Model>> {
        match fit(points, (self.spec, self.metric), &[self.k], 3, seed, report) {
            Ok(fits) => Ok(fits.models.into_iter().next()),
            Err(crate::Error::Cancelled) => Err(crate::Error::Cancelled),
            Err(_) => Ok(None),
        }
    }

    /// How far the groups that are found in `points` stand apart; of dense regions, by the share that lies
    /// in them. 0 where nothing is found.
    fn apart(&self, points: &Points, seed: u64, report: &Reporter) -> crate::Result<f64> {
        let silent = Reporter::silent();
        report.check()?;
        let part = report.part(0.0, 0.0);
        if self.spec.method == Method::Density {
            let found = super::density::fit(points, self.spec.smallest_of(points.len()), &part)?;
            let (places, labels): (Vec<usize>, Vec<u32>) =
                found.iter().enumerate().filter_map(|(at, group)| group.map(|group| (at, group))).unzip();
            let share = places.len() as f64 / points.len().max(1) as f64;
            let found = silhouette(&points.select(&places), &labels, self.metric, &silent)?;
            return Ok(found.unwrap_or(0.0) * share);
        }
        let Some(model) = self.model(points, seed, &part)? else { return Ok(0.0) };
        let labels: Vec<u32> =
            model.locate(points, true, report)?.into_iter().map(|(group, _)| group).collect();
        Ok(silhouette(points, &labels, self.metric, report)?.unwrap_or(0.0))
    }
}

/// Looks at a grouping of `points` into `k` groups; `blocks` says which of their columns belong together.
///
/// # Errors
/// The person cancelled.
pub fn trust(
    points: &Points,
    blocks: &[usize],
    (spec, metric): (&GroupSpec, Metric),
    k: usize,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Trust> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x7A57);
    let points = points.select(&sample(points.len(), LOOKED_AT, &mut rng));
    let asked = Asked { spec, metric, k, seed };
    let stability = stability(&points, &asked, &mut rng, &report.part(0.0, 0.3))?;
    let own = asked.apart(&points, seed, report)?;
    let noise = report.part(0.3, 0.4);
    let pca = Pca::of(&points);
    let kinds = Noise::of(metric == Metric::Gower);
    let mut found = Vec::new();
    let mut by_chance = f64::NEG_INFINITY;
    for (at, kind) in kinds.iter().enumerate() {
        let mut of_kind = Vec::with_capacity(DRAWS);
        for draw in 0..DRAWS {
            let points = kind.draw(&points, &pca, blocks, &mut rng);
            of_kind.push(asked.apart(&points, seed.wrapping_add(draw as u64), &noise)?);
            noise.progress((at * DRAWS + draw + 1) as f64 / (kinds.len() * DRAWS) as f64);
        }
        by_chance = by_chance.max(reach(&of_kind));
        found.extend(of_kind);
    }
    let reached = found.iter().filter(|other| **other >= own).count();
    let verdict = match own > by_chance {
        true if stability.value >= STABLE => Verdict::Clear,
        true if stability.value >= UNSTABLE => Verdict::Blurred,
        _ => Verdict::None,
    };
    let table = table(&points, &asked, &pca, &mut rng, &report.part(0.7, 0.3))?;
    Ok(Trust {
        verdict,
        stability,
        pairs: PAIRS,
        silhouette: own,
        noise: by_chance,
        noises: found.len(),
        reached,
        rows: points.len(),
        chosen: choose(&table),
        table,
    })
}

/// What noise of one kind would reach by chance.
fn reach(draws: &[f64]) -> f64 {
    let n = draws.len().max(2) as f64;
    let mean = draws.iter().sum::<f64>() / n;
    let variance = draws.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (n - 1.0);
    let most = draws.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most.max(mean + GRANTED * variance.sqrt())
}

/// How alike the groupings of two bootstrap samples are, told on all points.
fn stability(
    points: &Points,
    asked: &Asked<'_>,
    rng: &mut ChaCha8Rng,
    report: &Reporter,
) -> crate::Result<Estimate> {
    let n = points.len();
    let mut scores = Vec::with_capacity(PAIRS);
    let part = report.part(0.0, 0.0);
    for pair in 0..PAIRS {
        let mut label = |seed: u64| -> crate::Result<Option<Vec<u32>>> {
            let drawn: Vec<usize> = match asked.spec.method {
                Method::Density => sample(n, (SUBSAMPLE * n as f64) as usize, rng),
                _ => (0..n).map(|_| rng.gen_range(0..n.max(1))).collect(),
            };
            let drawn = points.select(&drawn);
            match asked.model(&drawn, seed, &part)? {
                Some(model) => {
                    let found = model.locate(points, false, report)?;
                    Ok(Some(found.into_iter().map(|(group, _)| group).collect()))
                }
                None => Ok(None),
            }
        };
        let seed = asked.seed.wrapping_add(1000 + 2 * pair as u64);
        let (a, b) = (label(seed)?, label(seed + 1)?);
        // No dense region in one of them: nothing came back.
        scores.push(a.zip(b).map_or(0.0, |(a, b)| adjusted_rand(&a, &b)));
        report.progress((pair + 1) as f64 / PAIRS as f64);
    }
    scores.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (scores.len().saturating_sub(1)) as f64;
        scores.get(place.round() as usize).copied().unwrap_or(0.0)
    };
    let value = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
    Ok(Estimate { value, low: at(0.025), high: at(0.975) })
}

fn table(
    points: &Points,
    asked: &Asked<'_>,
    pca: &Pca,
    rng: &mut ChaCha8Rng,
    report: &Reporter,
) -> crate::Result<Vec<Figures>> {
    let ks: Vec<usize> = TRIED.take_while(|k| *k <= points.len() / 5).collect();
    let mut table: Vec<Figures> = ks.iter().map(|k| Figures { k: *k, ..Figures::default() }).collect();
    let several: Vec<usize> = ks.iter().copied().filter(|k| *k > 1).collect();
    if asked.spec.method.takes_k() {
        let part = report.part(0.0, 0.3);
        if let Some(fits) = settled(fit(points, (asked.spec, asked.metric), &several, 5, asked.seed, &part))?
        {
            for (model, figures) in fits.models.iter().zip(table.iter_mut().filter(|f| f.k > 1)) {
                let labels: Vec<u32> =
                    model.locate(points, true, report)?.into_iter().map(|(group, _)| group).collect();
                figures.silhouette = silhouette(points, &labels, asked.metric, report)?;
                figures.calinski_harabasz = calinski_harabasz(points, &labels);
                figures.davies_bouldin = davies_bouldin(points, &labels);
            }
        }
    }
    if asked.metric == Metric::Gower {
        return Ok(table);
    }
    let noises: Vec<Points> = (0..GAP_DRAWS).map(|_| Noise::Box.draw(points, pca, &[], rng)).collect();
    for (at, figures) in table.iter_mut().enumerate() {
        let log = |points: &Points, runs: usize| -> crate::Result<f64> {
            let found =
                kmeans::fit(points, &KMeansSpec::new(figures.k, runs, asked.seed), &report.part(0.0, 0.0))?;
            Ok(within_groups(points, &found.labels).max(1e-300).ln())
        };
        let own = log(points, 5)?;
        let logs = noises.iter().map(|noise| log(noise, 2)).collect::<crate::Result<Vec<f64>>>()?;
        let (mean, error) = gap_of(&logs);
        figures.gap = Some(mean - own);
        figures.gap_error = Some(error);
        let part = report.part(0.0, 0.0);
        figures.bic = settled(Mixture::fit(points, figures.k, asked.seed, &part))?.map(|m| m.bic(points));
        report.progress(0.3 + 0.7 * (at + 1) as f64 / ks.len() as f64);
    }
    Ok(table)
}

/// The mean of the logarithms in noise, and the error of the gap: their deviation times √(1 + 1/draws).
pub(super) fn gap_of(logs: &[f64]) -> (f64, f64) {
    let n = logs.len().max(1) as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let deviation = (logs.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>() / n).sqrt();
    (mean, deviation * (1.0 + 1.0 / n).sqrt())
}

/// What could be fitted; what could not is a hole in the table.
fn settled<T>(result: crate::Result<T>) -> crate::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(crate::Error::Cancelled) => Err(crate::Error::Cancelled),
        Err(_) => Ok(None),
    }
}

/// The number of groups that each column of the table would choose.
pub(super) fn choose(table: &[Figures]) -> Chosen {
    let best = |of: fn(&Figures) -> Option<f64>, sign: f64| {
        let known = table.iter().filter_map(|f| of(f).map(|value| (f.k, sign * value)));
        known.filter(|(_, value)| value.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(k, _)| k)
    };
    // The first whose gap is not clearly below the next one's.
    let gap = table.windows(2).find_map(|two| {
        let [here, next] = two else { return None };
        (here.gap? >= next.gap? - next.gap_error?).then_some(here.k)
    });
    let last = table.iter().rev().find(|f| f.gap.is_some()).map(|f| f.k);
    Chosen {
        silhouette: best(|f| f.silhouette, 1.0),
        calinski_harabasz: best(|f| f.calinski_harabasz, 1.0),
        davies_bouldin: best(|f| f.davies_bouldin, -1.0),
        gap: gap.or(last),
        bic: best(|f| f.bic, -1.0),
    }
}
