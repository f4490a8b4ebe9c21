//! Cox's proportional hazards (1972), ties by Efron (1977), by Newton's method with halved steps; the check
//! of proportionality by Grambsch and Therneau (1994) on scaled Schoenfeld residuals.

use super::super::linear::{cholesky, inverse, solve};
use super::survival::{Spell, chi_square_tail};
use crate::job::Reporter;

const ROUNDS: usize = 60;
/// Beyond this on the scale of standard deviations a coefficient has run away: a group without an end.
const FAR: f64 = 20.0;
/// The same for a standard error.
const UNSURE: f64 = 10.0;
/// Standard deviation of the prior that holds coefficients which run away, on that scale.
const PRIOR: f64 = 2.0;

/// A fitted model. Every list has one entry a covariate.
#[derive(Debug, Clone, PartialEq)]
pub struct Cox {
    pub coefficients: Vec<f64>,
    pub covariance: Vec<Vec<f64>>,
    /// Means of the covariates: the baseline is a customer who has them.
    pub means: Vec<f64>,
    pub log_likelihood: f64,
    /// The same where nothing matters.
    pub null_log_likelihood: f64,
    /// The data alone did not tell all coefficients: a weak prior held them.
    pub held: bool,
    /// p-values of the check that a covariate weighs the same at all times; `None` where there are too few
    /// ends to check.
    pub proportional: Vec<Option<f64>>,
    /// Breslow's baseline: times at which somebody left, how many, and the rise of the cumulative hazard.
    pub baseline: Vec<(f64, f64, f64)>,
    /// Share of comparable pairs that the model puts in the right order (Harrell).
    pub concordance: f64,
}

impl Cox {
    /// Standard errors.
    pub fn errors(&self) -> Vec<f64> {
        let diagonal = self.covariance.iter().enumerate();
        diagonal.map(|(at, row)| row.get(at).map_or(f64::NAN, |v| v.max(0.0).sqrt())).collect()
    }

    /// How much likelier than the baseline's a customer's leaving is, as a logarithm.
    pub fn score(&self, x: &[f64]) -> f64 {
        let all = x.iter().zip(&self.means).zip(&self.coefficients);
        all.map(|((x, mean), coefficient)| (x - mean) * coefficient).sum()
    }
}

/// Sums over those under contract: of the weights, of weight times x, of weight times x xᵀ.
#[derive(Clone)]
struct Sums {
    zero: f64,
    one: Vec<f64>,
    two: Vec<f64>,
}

impl Sums {
    fn new(p: usize) -> Self {
        Self { zero: 0.0, one: vec![0.0; p], two: vec![0.0; p * p] }
    }

    fn add(&mut self, weight: f64, x: &[f64]) {
        self.zero += weight;
        self.one.iter_mut().zip(x).for_each(|(sum, x)| *sum += weight * x);
        let cross = x.iter().flat_map(|a| x.iter().map(move |b| a * b));
        self.two.iter_mut().zip(cross).for_each(|(sum, ab)| *sum += weight * ab);
    }

    /// Without the share `part` of `other`.
    fn less(&self, other: &Self, part: f64) -> Self {
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - part * b).collect();
        Self {
            zero: self.zero - part * other.zero,
            one: less(&self.one, &other.one),
            two: less(&self.two, &other.two),
        }
    }
}

/// Log-likelihood, gradient and information at coefficients; `seen` is told of every end: its place among
/// the spells, and what x is expected to be.
fn at(
    order: &[(Spell, Vec<f64>, usize)],
    beta: &[f64],
    mut seen: impl FnMut(usize, &[f64]),
) -> (f64, Vec<f64>, Vec<Vec<f64>>) {
    let p = beta.len();
    let weight = |x: &[f64]| x.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>().min(500.0).exp();
    let (mut value, mut slope, mut information) = (0.0, vec![0.0; p], vec![vec![0.0; p]; p]);
    let mut risk = Sums::new(p);
    // From the longest spell down, those under contract are added.
    for tied in order.chunk_by(|a, b| a.0.time == b.0.time) {
        let mut ends = Sums::new(p);
        let mut count = 0usize;
        for (spell, x, _) in tied {
            let w = weight(x);
            risk.add(w, x);
            if spell.left {
                ends.add(w, x);
                count += 1;
                value += x.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>();
                slope.iter_mut().zip(x).for_each(|(slope, x)| *slope += x);
            }
        }
        if count == 0 {
            continue;
        }
        let mut expected = vec![0.0; p];
        for nth in 0..count {
            let left = risk.less(&ends, nth as f64 / count as f64);
            value -= left.zero.ln();
            let mean: Vec<f64> = left.one.iter().map(|one| one / left.zero).collect();
            for (i, (row, mean_i)) in information.iter_mut().zip(&mean).enumerate() {
                let two = left.two.get(i * p..).unwrap_or_default();
                row.iter_mut()
                    .zip(two)
                    .zip(&mean)
                    .for_each(|((cell, two), mean_j)| *cell += two / left.zero - mean_i * mean_j);
            }
            slope.iter_mut().zip(&mean).for_each(|(slope, mean)| *slope -= mean);
            expected.iter_mut().zip(&mean).for_each(|(sum, mean)| *sum += mean / count as f64);
        }
        tied.iter().filter(|one| one.0.left).for_each(|one| seen(one.2, &expected));
    }
    (value, slope, information)
}

/// Fits the model to spells and their covariates (`x[spell]`, all of one length, none of them a combination
/// of the others). `None` where the data do not tell the coefficients.
///
/// # Errors
/// The person cancelled.
pub fn fit(spells: &[Spell], x: &[Vec<f64>], report: &Reporter) -> crate::Result<Option<Cox>> {
    let p = x.first().map_or(0, Vec::len);
    let n = spells.len().min(x.len()).max(1) as f64;
    let mean = |at: usize| x.iter().filter_map(|row| row.get(at)).sum::<f64>() / n;
    let means: Vec<f64> = (0..p).map(mean).collect();
    // Newton works on standard deviations from the mean: no unit is too large.
    let spread = |at: usize, mean: f64| {
        let sum: f64 = x.iter().filter_map(|row| row.get(at)).map(|v| (v - mean).powi(2)).sum();
        Some((sum / n).sqrt()).filter(|v| v.is_finite() && *v > 0.0)
    };
    let Some(scale) =
        means.iter().enumerate().map(|(at, mean)| spread(at, *mean)).collect::<Option<Vec<f64>>>()
    else {
        return Ok(None);
    };
    let scaled = |row: &Vec<f64>| row.iter().zip(&means).zip(&scale).map(|((x, m), s)| (x - m) / s).collect();
    let mut order: Vec<(Spell, Vec<f64>, usize)> =
        spells.iter().zip(x).enumerate().map(|(at, (spell, x))| (*spell, scaled(x), at)).collect();
    order.sort_by(|a, b| b.0.time.total_cmp(&a.0.time).then(a.2.cmp(&b.2)));
    if p == 0 || !spells.iter().any(|spell| spell.left) {
        return Ok(None);
    }

    let null_log_likelihood = at(&order, &vec![0.0; p], |_, _| ()).0;
    let free = newton(&order, p, 0.0, report)?;
    let held = free.is_none();
    let found = match free {
        Some(found) => Some(found),
        None => newton(&order, p, 1.0 / (PRIOR * PRIOR), report)?,
    };
    let Some((beta, inner)) = found else { return Ok(None) };

    let mut residuals: Vec<(f64, Vec<f64>)> = Vec::new();
    at(&order, &beta, |place, expected| {
        if let (Some(spell), Some(x)) = (spells.get(place), x.get(place)) {
            let x: Vec<f64> = scaled(x);
            residuals.push((spell.time, x.iter().zip(expected).map(|(x, e)| x - e).collect()));
        }
    });
    let proportional = proportional(&mut residuals, &inner);
    let baseline = breslow(&order, &beta);
    let concordance = concordance(&order, &beta);
    let log_likelihood = at(&order, &beta, |_, _| ()).0;
    let coefficients = beta.iter().zip(&scale).map(|(b, s)| b / s).collect();
    let unscaled = |(row, i): (&Vec<f64>, &f64)| row.iter().zip(&scale).map(|(v, j)| v / (i * j)).collect();
    let covariance = inner.iter().zip(&scale).map(unscaled).collect();
    Ok(Some(Cox {
        coefficients,
        covariance,
        means,
        log_likelihood,
        null_log_likelihood,
        held,
        proportional,
        baseline,
        concordance,
    }))
}

/// The coefficients, and the inverse of the information.
type Maximum = (Vec<f64>, Vec<Vec<f64>>);

/// The maximum and the inverse of the information there; `precision` is that of the prior, 0 for none.
/// `None` where it does not settle, or where the data tell nothing of a coefficient.
fn newton(
    order: &[(Spell, Vec<f64>, usize)],
    p: usize,
    precision: f64,
    report: &Reporter,
) -> crate::Result<Option<Maximum>> {
    let at = |beta: &[f64]| {
        let (mut value, mut slope, mut information) = at(order, beta, |_, _| ());
        value -= 0.5 * precision * beta.iter().map(|b| b * b).sum::<f64>();
        slope.iter_mut().zip(beta).for_each(|(slope, b)| *slope -= precision * b);
        for (place, row) in information.iter_mut().enumerate() {
            row.iter_mut().skip(place).take(1).for_each(|cell| *cell += precision);
        }
        (value, slope, information)
    };
    let mut beta = vec![0.0; p];
    let (mut value, mut slope, mut information) = at(&beta);
    let mut settled = false;
    for _ in 0..ROUNDS {
        report.check()?;
        let Some(lower) = cholesky(&information) else { return Ok(None) };
        let step = solve(&lower, &slope);
        // How much the step promises: Newton's own measure of being there.
        let promise: f64 = step.iter().zip(&slope).map(|(a, b)| a * b).sum();
        if promise.abs() < 1e-18 * (1.0 + value.abs()) || promise.abs() < 1e-14 {
            settled = true;
            break;
        }
        let mut share = 1.0;
        let mut moved = false;
        for _ in 0..30 {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + share * s).collect();
            let found = at(&next);
            if found.0.is_finite() && found.0 >= value - 1e-12 * value.abs() {
                beta = next;
                (value, slope, information) = found;
                moved = true;
                break;
            }
            share *= 0.5;
        }
        if !moved {
            settled = promise < 1e-8;
            break;
        }
        if beta.iter().any(|b| b.abs() > FAR) {
            return Ok(None);
        }
    }
    let told = |inner: &Vec<Vec<f64>>| {
        let own = inner.iter().enumerate().map(|(at, row)| row.get(at).copied().unwrap_or(f64::NAN));
        own.into_iter().all(|v| v > 0.0 && v < UNSURE * UNSURE)
    };
    Ok(inverse(&information).filter(|inner| settled && told(inner)).map(|inner| (beta, inner)))
}

/// Whether residuals go with the rank of time: one test a covariate, one degree of freedom.
fn proportional(residuals: &mut [(f64, Vec<f64>)], covariance: &[Vec<f64>]) -> Vec<Option<f64>> {
    let deaths = residuals.len() as f64;
    if residuals.len() < 5 {
        return vec![None; covariance.len()];
    }
    residuals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks: Vec<f64> = Vec::with_capacity(residuals.len());
    for tied in residuals.chunk_by(|a, b| a.0 == b.0) {
        // Ties share the mean of their ranks.
        let rank = ranks.len() as f64 + (tied.len() as f64 + 1.0) / 2.0;
        ranks.extend(tied.iter().map(|_| rank));
    }
    let centre = (deaths + 1.0) / 2.0;
    let spread: f64 = ranks.iter().map(|rank| (rank - centre).powi(2)).sum();
    let one = |(at, row): (usize, &Vec<f64>)| {
        let own = row.get(at).copied().filter(|v| *v > 0.0)?;
        let scaled = |of: &Vec<f64>| of.iter().zip(row).map(|(a, b)| a * b).sum::<f64>() * deaths;
        let sum: f64 = residuals.iter().zip(&ranks).map(|((_, of), rank)| (rank - centre) * scaled(of)).sum();
        let value = sum * sum / (deaths * own * spread);
        value.is_finite().then(|| chi_square_tail(value, 1))
    };
    covariance.iter().enumerate().map(one).collect()
}

fn breslow(order: &[(Spell, Vec<f64>, usize)], beta: &[f64]) -> Vec<(f64, f64, f64)> {
    let (mut out, mut risk) = (Vec::new(), 0.0);
    for tied in order.chunk_by(|a, b| a.0.time == b.0.time) {
        risk += tied
            .iter()
            .map(|(_, x, _)| x.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>().exp())
            .sum::<f64>();
        let left = tied.iter().filter(|one| one.0.left).count() as f64;
        if let Some(time) = tied.first().map(|one| one.0.time).filter(|_| left > 0.0) {
            out.push((time, left, left / risk));
        }
    }
    out.reverse();
    out
}

/// Customers whose pairs are looked at: all pairs of so many.
const PAIRED: usize = 2_000;

fn concordance(order: &[(Spell, Vec<f64>, usize)], beta: &[f64]) -> f64 {
    let every = order.len().div_ceil(PAIRED).max(1);
    let score = |x: &Vec<f64>| x.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>();
    let list: Vec<(Spell, f64)> =
        order.iter().step_by(every).map(|(spell, x, _)| (*spell, score(x))).collect();
    let (mut right, mut all) = (0.0, 0.0);
    for (at, (later, low)) in list.iter().enumerate() {
        for (earlier, high) in list.iter().skip(at + 1) {
            // Of two of the same time the one who left was there for less.
            let tied = earlier.time == later.time;
            let ahead = match (earlier.left, later.left) {
                (true, false) => high - low,
                (false, true) if tied => low - high,
                (true, true) if !tied => high - low,
                _ => continue,
            };
            all += 1.0;
            right += match ahead.partial_cmp(&0.0) {
                Some(std::cmp::Ordering::Greater) => 1.0,
                Some(std::cmp::Ordering::Equal) => 0.5,
                _ => 0.0,
            };
        }
    }
    if all > 0.0 { right / all } else { 0.5 }
}
