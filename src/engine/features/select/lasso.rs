//! Logistic regression with an L1 penalty along a path of penalties, by coordinate descent (Friedman,
//! Hastie and Tibshirani 2010, Regularization paths for generalized linear models; strong rules of
//! Tibshirani et al. 2012). Features are brought to mean 0 and deviation 1 within each fit.

use rayon::prelude::*;

use super::Columns;
use crate::features::{FOLDS, Matrix, TrainRows};
use crate::job::{Cancelled, Reporter};
use crate::split;

/// Penalties of the path, from the least that leaves no feature down to this share of it.
const PENALTIES: usize = 40;
const LAST_SHARE: f64 = 0.01;
/// Cells that are looked at; of more rows an even part is taken.
const CELLS: usize = 4_000_000;
const FEWEST_ROWS: usize = 1_000;
/// Newton steps and rounds over the active features for one penalty, at most.
const NEWTON: usize = 25;
const ROUNDS: usize = 200;
/// The largest change of a weight that counts as none.
const STILL: f64 = 1e-4;

/// One point of the path: weights of the features at mean 0 and deviation 1.
#[derive(Debug, Clone, PartialEq)]
struct Point {
    intercept: f64,
    weights: Vec<f64>,
}

/// Columns at mean 0 and deviation 1; a constant is 0 everywhere.
struct Standard {
    columns: Vec<Vec<f32>>,
    /// Mean and 1 / deviation of each.
    scales: Vec<(f64, f64)>,
}

impl Standard {
    fn of(columns: &Columns, features: &[usize], rows: &[usize]) -> Self {
        let one = |&feature: &usize| {
            let values = columns.column(feature);
            let values = rows.iter().filter_map(|&row| values.get(row)).map(|v| f64::from(*v));
            let n = rows.len().max(1) as f64;
            let mean = values.clone().sum::<f64>() / n;
            let deviation = (values.clone().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            let scale = if deviation > 1e-12 && deviation.is_finite() { 1.0 / deviation } else { 0.0 };
            (values.map(|v| ((v - mean) * scale) as f32).collect(), (mean, scale))
        };
        let (columns, scales) = features.par_iter().map(one).unzip();
        Self { columns, scales }
    }
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn dot(a: &[f32], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * b).sum()
}

/// The least penalty that leaves no feature: the largest |xᵀ(y − ȳ)| / n.
fn first_penalty(x: &Standard, y: &[f64]) -> f64 {
    let n = y.len().max(1) as f64;
    let mean = y.iter().sum::<f64>() / n;
    let rest: Vec<f64> = y.iter().map(|y| y - mean).collect();
    x.columns.iter().map(|column| (dot(column, &rest) / n).abs()).fold(0.0, f64::max)
}

/// The weights for each penalty, in falling order of the penalties; fewer where the classes are parted
/// before the end.
fn path(x: &Standard, y: &[f64], penalties: &[f64], report: &Reporter) -> Result<Vec<Point>, Cancelled> {
    let (n, count) = (y.len() as f64, x.columns.len());
    let mean = y.iter().sum::<f64>() / n;
    let mut here = Point { intercept: (mean / (1.0 - mean)).ln(), weights: vec![0.0; count] };
    let mut scores = vec![here.intercept; y.len()];
    let slopes = |scores: &[f64]| -> Vec<f64> {
        let rest: Vec<f64> = scores.iter().zip(y).map(|(z, y)| y - sigmoid(*z)).collect();
        x.columns.par_iter().map(|column| dot(column, &rest) / n).collect()
    };
    let mut slope = slopes(&scores);
    let mut before = penalties.first().copied().unwrap_or(0.0);
    let nothing = deviance(&scores, y);
    let mut out = Vec::new();
    for &penalty in penalties {
        // Strong rule: who is so far below the penalty will hardly rise above it by the next.
        let mut active: Vec<usize> = (0..count)
            .filter(|&at| here.weights[at] != 0.0 || slope[at].abs() >= 2.0 * penalty - before)
            .collect();
        loop {
            descend(x, y, (penalty, &active), &mut here, &mut scores, report)?;
            slope = slopes(&scores);
            // Who was passed over and should not have been.
            let missed: Vec<usize> = (0..count)
                .filter(|at| slope[*at].abs() > penalty * (1.0 + 1e-3) && active.binary_search(at).is_err())
                .collect();
            if missed.is_empty() {
                break;
            }
            active.extend(missed);
            active.sort_unstable();
        }
        before = penalty;
        out.push(here.clone());
        if deviance(&scores, y) < 0.01 * nothing {
            break;
        }
    }
    Ok(out)
}

/// Minimises over the active features: Newton's quadratic around the present weights, by coordinate
/// descent, until nothing moves.
fn descend(
    x: &Standard,
    y: &[f64],
    (penalty, active): (f64, &[usize]),
    here: &mut Point,
    scores: &mut [f64],
    report: &Reporter,
) -> Result<(), Cancelled> {
    let n = y.len() as f64;
    for _ in 0..NEWTON {
        report.check()?;
        let bends: Vec<f64> = scores
            .iter()
            .map(|z| {
                let p = sigmoid(*z);
                (p * (1.0 - p)).max(1e-5)
            })
            .collect();
        // Bend × (working response − score).
        let mut rest: Vec<f64> = scores.iter().zip(y).map(|(z, y)| y - sigmoid(*z)).collect();
        let all: f64 = bends.iter().sum();
        let curves: Vec<f64> = active
            .iter()
            .map(|&at| {
                let column = x.columns[at].iter().zip(&bends);
                column.map(|(v, bend)| f64::from(*v).powi(2) * bend).sum::<f64>() / n
            })
            .collect();
        let start = here.clone();
        for _ in 0..ROUNDS {
            report.check()?;
            let mut moved = 0.0f64;
            for (&at, &curve) in active.iter().zip(&curves).filter(|(_, curve)| **curve > 0.0) {
                let column = &x.columns[at];
                let old = here.weights[at];
                let pull = dot(column, &rest) / n + curve * old;
                let new = pull.signum() * (pull.abs() - penalty).max(0.0) / curve;
                let by = new - old;
                if by != 0.0 {
                    here.weights[at] = new;
                    let cells = rest.iter_mut().zip(&bends).zip(column);
                    cells.for_each(|((rest, bend), v)| *rest -= by * bend * f64::from(*v));
                    moved = moved.max(by.abs());
                }
            }
            let by = rest.iter().sum::<f64>() / all;
            here.intercept += by;
            rest.iter_mut().zip(&bends).for_each(|(rest, bend)| *rest -= by * bend);
            if moved.max(by.abs()) < STILL {
                break;
            }
        }
        scores.iter_mut().for_each(|z| *z += here.intercept - start.intercept);
        let mut moved = (here.intercept - start.intercept).abs();
        for &at in active {
            let by = here.weights[at] - start.weights[at];
            if by != 0.0 {
                scores.iter_mut().zip(&x.columns[at]).for_each(|(z, v)| *z += by * f64::from(*v));
                moved = moved.max(by.abs());
            }
        }
        if moved < STILL {
            break;
        }
    }
    Ok(())
}

/// −2 × the mean log-likelihood.
fn deviance(scores: &[f64], y: &[f64]) -> f64 {
    let one = |(z, y): (&f64, &f64)| {
        let margin = if *y > 0.5 { *z } else { -*z };
        if margin > 0.0 { (-margin).exp().ln_1p() } else { margin.exp().ln_1p() - margin }
    };
    2.0 * scores.iter().zip(y).map(one).sum::<f64>() / y.len().max(1) as f64
}

/// The penalty and, for each of `features`, its weight: the strongest penalty whose cross-validated
/// deviance is within one standard error of the least (Breiman et al. 1984), or the one of the least where
/// that has no feature at all. `None` where neither has, or a class is too small for folds.
pub(super) fn choose(
    matrix: &Matrix,
    features: &[usize],
    labels: &[bool],
    rows: &TrainRows<'_>,
    report: &Reporter,
) -> crate::Result<Option<(f64, Vec<f64>)>> {
    let columns = Columns::of(matrix, CELLS, FEWEST_ROWS);
    let labels = columns.pick(labels);
    let positive = labels.iter().filter(|label| **label).count();
    if positive.min(labels.len() - positive) < 2 * FOLDS || features.is_empty() {
        return Ok(None);
    }
    let groups = match rows.groups.filter(|groups| groups.len() == matrix.height) {
        Some(groups) => columns.pick(groups),
        None => (0..labels.len() as u64).collect(),
    };
    let known: Vec<Option<bool>> = labels.iter().map(|label| Some(*label)).collect();
    let folds = split::folds(&known, &groups, FOLDS, rows.seed);
    let y: Vec<f64> = labels.iter().map(|label| f64::from(u8::from(*label))).collect();
    let pick =
        |places: &[usize]| -> Vec<f64> { places.iter().filter_map(|&at| y.get(at)).copied().collect() };

    let all: Vec<usize> = (0..y.len()).collect();
    let whole = Standard::of(&columns, features, &all);
    let first = first_penalty(&whole, &y);
    if !(first > 0.0 && first.is_finite()) {
        return Ok(None);
    }
    let penalties: Vec<f64> =
        (0..PENALTIES).map(|at| first * LAST_SHARE.powf(at as f64 / (PENALTIES - 1) as f64)).collect();
    let points = path(&whole, &y, &penalties, report)?;

    // For each fold, the deviance of its rows along the path that was fitted on the others.
    let measured = (0..FOLDS).into_par_iter().map(|fold| -> Result<Vec<f64>, Cancelled> {
        let is_here = |row: &usize| folds.get(*row).copied().flatten() == Some(fold);
        let (here, others): (Vec<usize>, Vec<usize>) = all.iter().copied().partition(is_here);
        let (own, rest) = (pick(&here), pick(&others));
        let hits = rest.iter().sum::<f64>();
        if here.is_empty() || hits == 0.0 || hits == rest.len() as f64 {
            return Ok(Vec::new());
        }
        let x = Standard::of(&columns, features, &others);
        let points = path(&x, &rest, &penalties, report)?;
        let score = |point: &Point| {
            let mut scores = vec![point.intercept; here.len()];
            let weights = point.weights.iter().zip(&x.scales).zip(features);
            for ((weight, (mean, scale)), feature) in weights.filter(|((weight, _), _)| **weight != 0.0) {
                let column = columns.column(*feature);
                let values = here.iter().filter_map(|&row| column.get(row));
                scores.iter_mut().zip(values).for_each(|(z, v)| {
                    *z += weight * (f64::from(*v) - mean) * scale;
                });
            }
            deviance(&scores, &own)
        };
        Ok(points.iter().map(score).collect())
    });
    let measured: Vec<Vec<f64>> = measured.collect::<Result<_, _>>()?;
    let Some(length) = measured.iter().filter(|of| !of.is_empty()).map(Vec::len).min() else {
        return Ok(None);
    };
    let length = length.min(points.len());
    let at = |place: usize| -> (f64, f64) {
        let values: Vec<f64> = measured.iter().filter_map(|of| of.get(place)).copied().collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        (mean, (variance / n).sqrt())
    };
    let Some(best) = (0..length).min_by(|&a, &b| at(a).0.total_cmp(&at(b).0)) else { return Ok(None) };
    let (least, error) = at(best);
    let strict = (0..=best).find(|&place| at(place).0 <= least + error).unwrap_or(best);
    let has_any = |place: &usize| {
        points.get(*place).is_some_and(|point| point.weights.iter().any(|weight| *weight != 0.0))
    };
    let chosen = Some(strict).filter(has_any).or(Some(best).filter(has_any));
    Ok(chosen.and_then(|place| Some((*penalties.get(place)?, points.get(place)?.weights.clone()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten features of made-up noise, the first two of which sway the class.
    fn made(rows: usize) -> (Matrix, Vec<bool>) {
        use rand::{Rng, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let data: Vec<f32> = (0..rows * 10).map(|_| rng.gen_range(-1.0..1.0)).collect();
        let labels = data
            .chunks_exact(10)
            .map(|row| rng.gen_bool(sigmoid(f64::from(3.0 * row[0] - 2.0 * row[1]))))
            .collect();
        let names: Vec<String> = (0..10).map(|at| format!("f{at}")).collect();
        (Matrix::new(names.clone(), names, rows, data), labels)
    }

    #[test]
    fn the_weights_are_the_minimum() {
        let (matrix, labels) = made(400);
        let columns = Columns::of(&matrix, usize::MAX, 1);
        let features: Vec<usize> = (0..10).collect();
        let rows: Vec<usize> = (0..400).collect();
        let x = Standard::of(&columns, &features, &rows);
        let y: Vec<f64> = labels.iter().map(|label| f64::from(u8::from(*label))).collect();
        let first = first_penalty(&x, &y);
        let penalties = [first, first * 0.5, first * 0.1, first * 0.02];
        let points = path(&x, &y, &penalties, &Reporter::silent()).unwrap();
        assert!(points[0].weights.iter().all(|w| *w == 0.0), "{:?}", points[0]);
        let mut used = 0;
        for (point, penalty) in points.iter().zip(penalties) {
            let scores: Vec<f64> = (0..400)
                .map(|row| {
                    let cells = x.columns.iter().zip(&point.weights);
                    point.intercept + cells.map(|(c, w)| f64::from(c[row]) * w).sum::<f64>()
                })
                .collect();
            let rest: Vec<f64> = scores.iter().zip(&y).map(|(z, y)| y - sigmoid(*z)).collect();
            assert!(rest.iter().sum::<f64>().abs() / 400.0 < 1e-3, "the intercept is not penalised");
            // Karush, Kuhn and Tucker: the slope is the penalty where there is weight, and no more elsewhere.
            for (column, weight) in x.columns.iter().zip(&point.weights) {
                let slope = dot(column, &rest) / 400.0;
                match *weight {
                    0.0 => assert!(slope.abs() <= penalty * 1.01 + 1e-4, "{slope} {penalty}"),
                    w => assert!((slope - penalty * w.signum()).abs() < 2e-4, "{slope} {penalty} {w}"),
                }
            }
            let now = point.weights.iter().filter(|w| **w != 0.0).count();
            assert!(now >= used, "a lighter penalty keeps more");
            used = now;
        }
        assert!(used >= 8, "{used}");
    }

    #[test]
    fn what_sways_the_class_is_kept_and_noise_is_not() {
        let (matrix, labels) = made(1500);
        let frame = crate::table::Frame {
            rows: std::sync::Arc::new((2..1502).collect()),
            data: polars::prelude::DataFrame::new(1500, vec![]).unwrap(),
        };
        let rows = TrainRows { frame: &frame, labels: Some(&labels), groups: None, seed: 1 };
        let features: Vec<usize> = (0..10).collect();
        let report = Reporter::silent();
        let (lambda, weights) = choose(&matrix, &features, &labels, &rows, &report).unwrap().unwrap();
        assert!(lambda > 0.0 && weights[0] > 0.5 && weights[1] < -0.3, "{weights:?}");
        assert!(weights[2..].iter().filter(|w| **w == 0.0).count() >= 6, "{weights:?}");
        let again = choose(&matrix, &features, &labels, &rows, &report).unwrap().unwrap();
        assert_eq!((lambda, weights), again);
        // Labels that have nothing to do with the features.
        let apart: Vec<bool> = (0..1500).map(|at| at * 7919 % 13 < 4).collect();
        let rows = TrainRows { labels: Some(&apart), ..rows };
        if let Some((_, weights)) = choose(&matrix, &features, &apart, &rows, &report).unwrap() {
            assert!(weights.iter().all(|w| w.abs() < 0.2), "{weights:?}");
        }
        // Too few of a class.
        let few: Vec<bool> = (0..1500).map(|at| at < 5).collect();
        assert_eq!(choose(&matrix, &features, &few, &rows, &report).unwrap(), None);
    }
}
