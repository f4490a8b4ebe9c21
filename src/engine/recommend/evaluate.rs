//! A fitted model against what customers took.

use rayon::prelude::*;

use super::figures::{self, CaseFigures, Figures};
use super::models::matrix::Matrix;
use super::models::recent;
use super::rank::{middle_rank, top};
use super::{Case, Histories, Recommender};
use crate::job::{Cancelled, Reporter};

/// Scores that an evaluation computes at most; above, customers are sampled evenly.
const MOST_SCORES: usize = 500_000_000;
/// Lists whose products are compared with each other.
const MOST_LISTS: usize = 1_000;
const LIST: usize = 10;

/// Figures, and those of each customer.
#[derive(Debug, Clone)]
pub struct Measured {
    pub figures: Figures,
    pub cases: Vec<CaseFigures>,
    /// Customers who took only what they had taken before, where that is not offered.
    pub nothing_new: usize,
    /// Customers that were left out to save time.
    pub skipped: usize,
}

/// What each customer took, of those asked.
struct Asked {
    case: CaseFigures,
    list: Vec<u32>,
}

/// Evaluates over all products. `seen_in`: what was taken before may be offered, and counts.
/// `second` settles equal scores (popularity), empty for the middle rank.
///
/// # Errors
/// The person cancels.
pub fn evaluate(
    model: &dyn Recommender,
    (train, cases): (&Histories, &[Case]),
    seen_in: bool,
    second: &[f32],
    report: &Reporter,
) -> Result<Measured, Cancelled> {
    evaluate_with(model, (train, cases), (seen_in, second), (&Matrix::new(train), 1), report)
}

/// [`evaluate`] where the matrix of the histories is there already; `seed` draws the intervals.
///
/// # Errors
/// The person cancels.
pub fn evaluate_with(
    model: &dyn Recommender,
    (train, cases): (&Histories, &[Case]),
    (seen_in, second): (bool, &[f32]),
    (matrix, seed): (&Matrix, u64),
    report: &Reporter,
) -> Result<Measured, Cancelled> {
    let n = train.n_items;
    let every = cases.len().saturating_mul(n).div_ceil(MOST_SCORES).max(1);
    let chosen: Vec<&Case> = cases.iter().step_by(every).collect();
    let (mut asked, mut nothing_new) = (Vec::with_capacity(chosen.len()), 0);
    let width = (20_000_000 / n.max(1)).clamp(16, 4_096);
    for (part, some) in chosen.chunks(width).enumerate() {
        report.check()?;
        let found: Vec<Option<Asked>> = some
            .par_iter()
            .map_init(|| vec![0.0f32; n], |scores, case| ask(model, train, case, (seen_in, second), scores))
            .collect();
        nothing_new += found.iter().filter(|one| one.is_none()).count();
        asked.extend(found.into_iter().flatten());
        report.progress(((part + 1) * width) as f64 / chosen.len() as f64);
    }
    let cases_of: Vec<CaseFigures> = asked.iter().map(|one| one.case).collect();
    let mut shown = vec![0u32; n];
    for item in asked.iter().flat_map(|one| &one.list) {
        if let Some(count) = shown.get_mut(*item as usize) {
            *count += 1;
        }
    }
    let figures = over(&asked, &shown, matrix, figures::means(&cases_of, seed), figures::groups(&cases_of));
    Ok(Measured { figures, cases: cases_of, nothing_new, skipped: cases.len() - chosen.len() })
}

fn ask(
    model: &dyn Recommender,
    train: &Histories,
    case: &Case,
    (seen_in, second): (bool, &[f32]),
    scores: &mut [f32],
) -> Option<Asked> {
    let history = train.of(case.customer as usize);
    model.score(history, scores);
    if !seen_in {
        mask(history, scores);
    }
    let open = |item: &&u32| scores.get(**item as usize).is_some_and(|score| *score > f32::NEG_INFINITY);
    let wanted: Vec<u32> = case.wanted.iter().filter(open).copied().collect();
    if wanted.is_empty() {
        return None;
    }
    let ranks: Vec<Option<f64>> = wanted.iter().map(|item| middle_rank(scores, second, *item)).collect();
    let known = recent(history, 0, train.n_items).len();
    let list = top(scores, second, LIST).into_iter().map(|offer| offer.item).collect();
    Some(Asked { case: CaseFigures::of(case.customer, known, &ranks), list })
}

/// Marks what a history holds as not to be offered.
pub(crate) fn mask(history: &[u32], scores: &mut [f32]) {
    for item in history {
        if let Some(score) = scores.get_mut(*item as usize) {
            *score = f32::NEG_INFINITY;
        }
    }
}

fn over(
    asked: &[Asked],
    shown: &[u32],
    matrix: &Matrix,
    means: Vec<(&'static str, crate::metrics::Estimate)>,
    groups: Vec<figures::Group>,
) -> Figures {
    let customers = (0..matrix.rows()).filter(|row| !matrix.row(*row).is_empty()).count().max(1) as f64;
    let share = |item: usize| matrix.column(item).len() as f64 / customers;
    let offered: f64 = shown.iter().map(|count| f64::from(*count)).sum::<f64>().max(1.0);
    let weighted = |value: &dyn Fn(usize) -> f64| {
        let counted = shown.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.map(|(item, count)| f64::from(*count) * value(item)).sum::<f64>() / offered
    };
    let every = asked.len().div_ceil(MOST_LISTS).max(1);
    let unlike: Vec<f64> =
        asked.iter().step_by(every).filter_map(|one| diversity(matrix, &one.list)).collect();
    Figures {
        customers: asked.len(),
        means,
        coverage: shown.iter().filter(|count| **count > 0).count() as f64 / shown.len().max(1) as f64,
        // Half a customer for a product that nobody took.
        novelty: weighted(&|item| -(share(item).max(0.5 / customers)).log2()),
        diversity: unlike.iter().sum::<f64>() / unlike.len().max(1) as f64,
        average_popularity: weighted(&share),
        gini: figures::gini(shown),
        groups,
    }
}

/// 1 less the mean cosine of the pairs of a list; `None` for a list without pairs.
fn diversity(matrix: &Matrix, list: &[u32]) -> Option<f64> {
    let (mut sum, mut pairs) = (0.0, 0usize);
    for (at, a) in list.iter().enumerate() {
        for b in list.iter().skip(at + 1) {
            let (a, b) = (matrix.column(*a as usize), matrix.column(*b as usize));
            let size = ((a.len() * b.len()) as f64).sqrt();
            sum += if size > 0.0 { common(a, b) as f64 / size } else { 0.0 };
            pairs += 1;
        }
    }
    (pairs > 0).then(|| 1.0 - sum / pairs as f64)
}

/// How many two rising lists have in common.
pub(crate) fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut a, mut b, mut out) = (a, b, 0);
    while let ([x, rest_a @ ..], [y, rest_b @ ..]) = (a, b) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => a = rest_a,
            std::cmp::Ordering::Greater => b = rest_b,
            std::cmp::Ordering::Equal => (a, b, out) = (rest_a, rest_b, out + 1),
        }
    }
    out
}
