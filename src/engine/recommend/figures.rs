//! What a recommender is worth, over customers.

use serde::Serialize;

use crate::metrics::{Estimate, interval, mean, resample};

/// Lengths of the list that are measured.
pub const CUTS: [usize; 3] = [5, 10, 20];
/// Draws of the bootstrap.
const DRAWS: usize = 500;
/// Customers above which the normal interval of a mean is as good as the bootstrap.
const MANY: usize = 20_000;
/// Figures of a customer: four at each length.
const K: usize = 12;

/// One customer's figures: hit, NDCG, reciprocal rank, recall, at each of [`CUTS`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CaseFigures {
    pub customer: u32,
    /// Different products that were known of the customer.
    pub known: usize,
    pub values: [f64; K],
}

impl CaseFigures {
    /// Figures of the ranks of what was taken; products without a rank could not be offered.
    /// DCG = Σ 1/log₂(1 + rank) over hits, divided by that of a perfect list (Järvelin, Kekäläinen 2002).
    pub fn of(customer: u32, known: usize, ranks: &[Option<f64>]) -> Self {
        let mut values = [0.0; K];
        let mut rows = values.chunks_exact_mut(4);
        for cut in CUTS {
            let within = || ranks.iter().flatten().filter(|rank| **rank <= cut as f64);
            let gain: f64 = within().map(|rank| 1.0 / (1.0 + rank).log2()).sum();
            let best: f64 = (1..=ranks.len().min(cut)).map(|rank| 1.0 / (1.0 + rank as f64).log2()).sum();
            let first = within().copied().fold(f64::INFINITY, f64::min);
            if let Some([hit, ndcg, mrr, recall]) = rows.next() {
                let hits = within().count() as f64;
                *hit = hits.min(1.0);
                *ndcg = if best > 0.0 { gain / best } else { 0.0 };
                *mrr = if first.is_finite() { 1.0 / first } else { 0.0 };
                *recall = hits / ranks.len().max(1) as f64;
            }
        }
        Self { customer, known, values }
    }

    /// Hit and NDCG at one of [`CUTS`]; 0 at any other.
    pub fn at(&self, cut: usize) -> (f64, f64) {
        let rows = CUTS.iter().zip(self.values.chunks_exact(4));
        let of = rows.filter(|(one, _)| **one == cut).map(|(_, row)| row).next();
        match of {
            Some([hit, ndcg, ..]) => (*hit, *ndcg),
            _ => (0.0, 0.0),
        }
    }

    /// NDCG at 10.
    pub fn ndcg_at_10(&self) -> f64 {
        self.values.get(5).copied().unwrap_or_default()
    }

    /// 1 where one of the first ten was taken.
    pub fn hit_at_10(&self) -> f64 {
        self.values.get(4).copied().unwrap_or_default()
    }
}

/// The names of a customer's figures, in their order.
pub(crate) const NAMES: [&str; K] = [
    "hit_rate_at_5",
    "ndcg_at_5",
    "mrr_at_5",
    "recall_at_5",
    "hit_rate_at_10",
    "ndcg_at_10",
    "mrr_at_10",
    "recall_at_10",
    "hit_rate_at_20",
    "ndcg_at_20",
    "mrr_at_20",
    "recall_at_20",
];

/// Customers of whom about as much is known.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Least and most different products that were known of them.
    pub from: usize,
    pub to: Option<usize>,
    pub customers: usize,
    pub hit_rate_at_10: Estimate,
    pub ndcg_at_10: Estimate,
}

/// Figures over customers.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Customers that were asked about.
    pub customers: usize,
    /// Means over customers with their 95% intervals (bootstrap over customers), by name.
    pub means: Vec<(&'static str, Estimate)>,
    /// Share of the products that are in anybody's first ten.
    pub coverage: f64,
    /// Mean of −log₂ of the share of customers who had taken an offered product.
    pub novelty: f64,
    /// 1 − mean cosine of the customers of two products of a list.
    pub diversity: f64,
    /// Mean share of customers who had taken an offered product.
    pub average_popularity: f64,
    /// Gini coefficient of how often products are offered: 0 for all alike, near 1 for always the same.
    pub gini: f64,
    pub groups: Vec<Group>,
}

impl Figures {
    /// A mean by its name.
    pub fn get(&self, name: &str) -> Option<Estimate> {
        self.means.iter().find(|(one, _)| *one == name).map(|(_, value)| *value)
    }
}

/// Means with intervals. Equal seeds give equal intervals.
pub(crate) fn means(cases: &[CaseFigures], seed: u64) -> Vec<(&'static str, Estimate)> {
    let column = |at: usize| -> Vec<f64> {
        cases.iter().map(|case| case.values.get(at).copied().unwrap_or_default()).collect()
    };
    let normal = |at: usize| mean(&column(at));
    if cases.len() > MANY || cases.len() < 2 {
        return NAMES.iter().enumerate().map(|(at, name)| (*name, normal(at))).collect();
    }
    let all: Vec<u32> = (0..cases.len() as u32).collect();
    let draws = resample::<K>(&[all], cases.len(), (DRAWS, seed), &|| true, |drawn| {
        let mut sums = [0.0; K];
        for (times, case) in drawn.iter().zip(cases).filter(|(times, _)| **times > 0) {
            for (sum, value) in sums.iter_mut().zip(case.values) {
                *sum += f64::from(*times) * value;
            }
        }
        sums.map(|sum| sum / cases.len() as f64)
    });
    let of = |(at, name): (usize, &'static str)| {
        let replicates = draws.iter().filter_map(|draw| draw.get(at).copied());
        (name, interval(normal(at).value, replicates))
    };
    NAMES.into_iter().enumerate().map(of).collect()
}

/// Figures of customers by how much was known of them.
pub(crate) fn groups(cases: &[CaseFigures]) -> Vec<Group> {
    let bounds = [(1, Some(4)), (5, Some(19)), (20, None)];
    let of = |(from, to): (usize, Option<usize>)| {
        let own: Vec<&CaseFigures> =
            cases.iter().filter(|case| case.known >= from && to.is_none_or(|to| case.known <= to)).collect();
        let over =
            |value: fn(&CaseFigures) -> f64| mean(&own.iter().map(|case| value(case)).collect::<Vec<_>>());
        (!own.is_empty()).then(|| Group {
            from,
            to,
            customers: own.len(),
            hit_rate_at_10: over(CaseFigures::hit_at_10),
            ndcg_at_10: over(CaseFigures::ndcg_at_10),
        })
    };
    bounds.into_iter().filter_map(of).collect()
}

/// Hit rate and NDCG that are expected of a list of `cut` drawn from `n` products, of which `w` are wanted.
pub(crate) fn by_chance(n: usize, w: usize, cut: usize) -> [f64; 2] {
    let missed: f64 = (0..cut.min(n)).map(|at| n.saturating_sub(w + at) as f64 / (n - at) as f64).product();
    let gain = |places: usize| (1..=places).map(|rank| 1.0 / (1.0 + rank as f64).log2()).sum::<f64>();
    let share = w as f64 / n.max(1) as f64;
    [1.0 - missed, share * gain(cut.min(n)) / gain(w.min(cut)).max(f64::MIN_POSITIVE)]
}

/// Gini coefficient of counts.
pub(crate) fn gini(counts: &[u32]) -> f64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let total: f64 = sorted.iter().map(|count| f64::from(*count)).sum();
    if total == 0.0 {
        return 0.0;
    }
    let n = sorted.len() as f64;
    let ranked: f64 = (1..).zip(&sorted).map(|(rank, count)| f64::from(rank) * f64::from(*count)).sum();
    2.0 * ranked / (n * total) - (n + 1.0) / n
}
