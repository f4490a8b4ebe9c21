//! Maximum likelihood by argmin: L-BFGS on the logarithms of the parameters, from several starts; where
//! it gets stuck, Nelder-Mead leads on. Covariance from the Hessian of the negative log-likelihood.

use std::cell::RefCell;

use argmin::core::{CostFunction, Executor, Gradient, State as _};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::neldermead::NelderMead;
use argmin::solver::quasinewton::LBFGS;

use crate::job::Reporter;

/// Logarithms of parameters beyond this are no estimate any more: the data do not tell them.
pub(super) const FAR: f64 = 9.0;
/// Standard deviation, on the log scale, of the weak prior that holds parameters the data do not tell.
const PRIOR: f64 = 2.0;

/// A log-likelihood of positive parameters.
pub(super) trait Likelihood: Sync {
    /// The log-likelihood and its gradient, both by the parameters themselves.
    fn at(&self, parameters: &[f64]) -> (f64, Vec<f64>);
    /// Customers that it sums over: only a scale.
    fn count(&self) -> f64;
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    pub parameters: Vec<f64>,
    pub log_likelihood: f64,
    /// Covariance of the logarithms of the parameters; empty where the data do not tell it.
    pub covariance: Vec<Vec<f64>>,
    /// The data alone did not tell all parameters: a weak prior held them.
    pub held: bool,
}

impl Fit {
    /// Standard errors of the parameters (delta method); `None` where they are not known.
    pub fn errors(&self) -> Option<Vec<f64>> {
        let of = |at: usize| self.covariance.get(at).and_then(|row| row.get(at));
        let all = self.parameters.iter().enumerate();
        all.map(|(at, value)| of(at).filter(|v| **v >= 0.0).map(|v| value * v.sqrt())).collect()
    }
}

/// Where something was looked at: the logarithms, the cost, its slope.
type Seen = (Vec<f64>, f64, Vec<f64>);

struct Problem<'a, L> {
    of: &'a L,
    prior: Option<&'a [f64]>,
    report: &'a Reporter,
    /// The solver asks for cost and slope one after the other; both come of one look.
    seen: RefCell<Option<Seen>>,
}

impl<L: Likelihood> Problem<'_, L> {
    /// Mean negative log-likelihood and its gradient by the logarithms.
    fn evaluate(&self, logs: &[f64]) -> (f64, Vec<f64>) {
        if let Some((at, cost, slope)) = &*self.seen.borrow()
            && at == logs
        {
            return (*cost, slope.clone());
        }
        let (cost, slope) = self.look(logs);
        *self.seen.borrow_mut() = Some((logs.to_vec(), cost, slope.clone()));
        (cost, slope)
    }

    fn look(&self, logs: &[f64]) -> (f64, Vec<f64>) {
        if logs.iter().any(|v| !v.is_finite() || v.abs() > 40.0) {
            return (f64::MAX.sqrt(), vec![0.0; logs.len()]);
        }
        let parameters: Vec<f64> = logs.iter().map(|v| v.exp()).collect();
        let (value, gradient) = self.of.at(&parameters);
        let scale = -1.0 / self.of.count().max(1.0);
        let mut cost = scale * value;
        let mut slope: Vec<f64> = gradient.iter().zip(&parameters).map(|(g, p)| scale * g * p).collect();
        if let Some(centre) = self.prior {
            for ((slope, log), centre) in slope.iter_mut().zip(logs).zip(centre) {
                let away = (log - centre) / PRIOR;
                cost -= scale * 0.5 * away * away;
                *slope -= scale * away / PRIOR;
            }
        }
        if !cost.is_finite() || slope.iter().any(|v| !v.is_finite()) {
            return (f64::MAX.sqrt(), vec![0.0; logs.len()]);
        }
        (cost, slope)
    }
}

impl<L: Likelihood> CostFunction for &Problem<'_, L> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, logs: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        if self.report.check().is_err() {
            return Err(argmin::core::Error::msg("stopped"));
        }
        Ok(self.evaluate(logs).0)
    }
}

impl<L: Likelihood> Gradient for &Problem<'_, L> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, logs: &Vec<f64>) -> Result<Vec<f64>, argmin::core::Error> {
        if self.report.check().is_err() {
            return Err(argmin::core::Error::msg("stopped"));
        }
        Ok(self.evaluate(logs).1)
    }
}

/// The maximum from the best of `starts` (parameters, not logarithms). `None` where no start leads
/// anywhere.
pub(super) fn maximise<L: Likelihood>(
    of: &L,
    starts: &[Vec<f64>],
    report: &Reporter,
) -> crate::Result<Option<Fit>> {
    let logs = |start: &Vec<f64>| start.iter().map(|v| v.max(1e-9).ln()).collect::<Vec<f64>>();
    let free = Problem { of, prior: None, report, seen: RefCell::default() };
    let mut best: Option<(Vec<f64>, f64)> = None;
    for start in starts {
        let found = climb(&free, logs(start));
        report.check()?;
        let better = |cost: f64| best.as_ref().is_none_or(|(_, least)| cost < least - 1e-9);
        if let Some((at, cost)) = found.filter(|(_, cost)| better(*cost)) {
            // A second start that ends at the same place shows that it is the one.
            best = Some((at, cost));
        }
    }
    let told = |at: &Vec<f64>, problem: &Problem<'_, L>| {
        let inside = at.iter().all(|v| v.abs() < FAR);
        inside.then(|| covariance(problem, at)).flatten()
    };
    if let Some((at, _)) = &best
        && let Some(covariance) = told(at, &free)
    {
        return Ok(Some(ended(of, at, covariance, false)));
    }
    report.check()?;
    let Some(centre) = starts.first().map(logs) else { return Ok(None) };
    let held = Problem { of, prior: Some(&centre), report, seen: RefCell::default() };
    let Some((at, _)) = climb(&held, centre.clone()) else {
        report.check()?;
        return Ok(None);
    };
    let covariance = covariance(&held, &at).unwrap_or_default();
    Ok(Some(ended(of, &at, covariance, true)))
}

/// The maximum from a place that is near it already: Newton's steps with the Hessian of that place, which
/// also gives the covariance. `None` where that does not lead there.
pub(super) fn polish<L: Likelihood>(of: &L, near: &[f64], report: &Reporter) -> crate::Result<Option<Fit>> {
    const STEPS: usize = 8;
    let problem = Problem { of, prior: None, report, seen: RefCell::default() };
    let mut at: Vec<f64> = near.iter().map(|v| v.max(1e-9).ln()).collect();
    let Some(covariance) = covariance(&problem, &at) else { return Ok(None) };
    let n = of.count().max(1.0);
    for _ in 0..STEPS {
        report.check()?;
        let (_, slope) = problem.evaluate(&at);
        if slope.iter().map(|v| v * v).sum::<f64>().sqrt() < 1e-8 {
            let inside = at.iter().all(|v| v.abs() < FAR);
            return Ok(inside.then(|| ended(of, &at, covariance, false)));
        }
        for (value, row) in at.iter_mut().zip(&covariance) {
            *value -= n * row.iter().zip(&slope).map(|(a, b)| a * b).sum::<f64>();
        }
    }
    Ok(None)
}

fn ended<L: Likelihood>(of: &L, logs: &[f64], covariance: Vec<Vec<f64>>, held: bool) -> Fit {
    let parameters: Vec<f64> = logs.iter().map(|v| v.exp()).collect();
    let log_likelihood = of.at(&parameters).0;
    Fit { parameters, log_likelihood, covariance, held }
}

/// From a start to the nearest minimum; `None` where it does not settle.
fn climb<L: Likelihood>(problem: &Problem<'_, L>, start: Vec<f64>) -> Option<(Vec<f64>, f64)> {
    let mut at = start;
    for round in 0..3 {
        if let Some(found) = descend(problem, &at) {
            at = found;
            let (cost, slope) = problem.evaluate(&at);
            if slope.iter().map(|v| v * v).sum::<f64>().sqrt() < 1e-6 {
                return Some((at, cost));
            }
        }
        // What has run away is at no maximum, and a longer search would only take it further.
        let far = at.iter().any(|v| v.abs() >= FAR);
        if problem.report.check().is_err() || round == 2 || far {
            break;
        }
        let before = problem.evaluate(&at).0;
        at = wander(problem, &at)?;
        if problem.evaluate(&at).0 > before - 1e-10 {
            break;
        }
    }
    let (cost, slope) = problem.evaluate(&at);
    let settled = cost < 1e100 && slope.iter().all(|v| v.abs() < 1e-3);
    settled.then_some((at, cost))
}

fn descend<L: Likelihood>(problem: &Problem<'_, L>, start: &[f64]) -> Option<Vec<f64>> {
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), 7)
        .with_tolerance_grad(1e-8)
        .ok()?
        .with_tolerance_cost(1e-15)
        .ok()?;
    let run = Executor::new(problem, solver)
        .configure(|state| state.param(start.to_vec()).max_iters(200))
        .timer(false)
        .run()
        .ok()?;
    run.state().get_best_param().cloned()
}

fn wander<L: Likelihood>(problem: &Problem<'_, L>, start: &[f64]) -> Option<Vec<f64>> {
    let mut corners = vec![start.to_vec()];
    for at in 0..start.len() {
        let mut corner = start.to_vec();
        if let Some(value) = corner.get_mut(at) {
            *value += 0.5;
        }
        corners.push(corner);
    }
    let solver = NelderMead::new(corners).with_sd_tolerance(1e-10).ok()?;
    let run =
        Executor::new(problem, solver).configure(|state| state.max_iters(300)).timer(false).run().ok()?;
    run.state().get_best_param().cloned()
}

/// Inverse of the Hessian of the whole negative log-likelihood, by central differences of the gradient;
/// `None` where it is not positive definite.
fn covariance<L: Likelihood>(problem: &Problem<'_, L>, at: &[f64]) -> Option<Vec<Vec<f64>>> {
    const STEP: f64 = 1e-4;
    let n = problem.of.count().max(1.0);
    let mut hessian = vec![vec![0.0; at.len()]; at.len()];
    for row in 0..at.len() {
        let moved = |by: f64| {
            let mut logs = at.to_vec();
            if let Some(value) = logs.get_mut(row) {
                *value += by;
            }
            problem.evaluate(&logs).1
        };
        let (up, down) = (moved(STEP), moved(-STEP));
        for (slot, (up, down)) in hessian.get_mut(row)?.iter_mut().zip(up.iter().zip(&down)) {
            *slot = n * (up - down) / (2.0 * STEP);
        }
    }
    let both: Vec<Vec<f64>> = (0..at.len())
        .map(|i| (0..at.len()).map(|j| 0.5 * (cell(&hessian, i, j) + cell(&hessian, j, i))).collect())
        .collect();
    super::linear::inverse(&both)
}

fn cell(of: &[Vec<f64>], row: usize, column: usize) -> f64 {
    of.get(row).and_then(|row| row.get(column)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
pub(super) mod testing {
    use super::Likelihood;

    /// The gradient against central differences of the value, relative to its size.
    pub fn gradient_is_right(of: &impl Likelihood, at: &[f64]) {
        let (_, gradient) = of.at(at);
        for (place, wanted) in gradient.iter().enumerate() {
            let step = 1e-5 * at[place];
            let moved = |by: f64| {
                let mut all = at.to_vec();
                all[place] += by;
                of.at(&all).0
            };
            let found = (moved(step) - moved(-step)) / (2.0 * step);
            let size = wanted.abs().max(found.abs()).max(1e-3);
            assert!((found - wanted).abs() < 1e-5 * size, "{place} of {at:?}: {wanted} for {found}");
        }
    }
}
