//! A fitted story of ordering and leaving: one of three models with its parameters.

use rand::Rng;
use rand_distr::{Beta, Distribution, Gamma, Poisson};
use rayon::prelude::*;

use super::beta_geometric::{self, BetaGeometric};
use super::fit::{Fit, Likelihood, maximise, polish};
use super::history::{History, Row, grouped};
use super::pareto::{self, Pareto};
use super::spec::LifetimeModel;
use crate::job::Reporter;

/// A model with its four parameters, in the order of [`LifetimeModel::parameters`]. Time is in weeks.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    pub model: LifetimeModel,
    pub parameters: Vec<f64>,
}

impl Story {
    /// Chance that a customer with this history is still there at T.
    pub fn alive(&self, x: f64, t_x: f64, t: f64) -> f64 {
        match self.model {
            LifetimeModel::ParetoNbd => pareto::alive(&self.parameters, x, t_x, t),
            model => beta_geometric::alive(&self.parameters, model == LifetimeModel::MbgNbd, x, t_x, t),
        }
    }

    /// Expected orders in the `ahead` weeks after T of a customer who is there at T.
    pub fn expected_if_alive(&self, x: f64, t: f64, ahead: f64) -> f64 {
        match self.model {
            LifetimeModel::ParetoNbd => pareto::expected_if_alive(&self.parameters, x, t, ahead),
            model => {
                let modified = model == LifetimeModel::MbgNbd;
                beta_geometric::expected_if_alive(&self.parameters, modified, x, t, ahead)
            }
        }
    }

    /// Expected repeat orders of a new customer in so many weeks after the first order.
    pub fn expected_new(&self, ahead: f64) -> f64 {
        match self.model {
            LifetimeModel::ParetoNbd => pareto::expected_new(&self.parameters, ahead),
            model => beta_geometric::expected_new(&self.parameters, model == LifetimeModel::MbgNbd, ahead),
        }
    }

    /// Weeks after T in which half of the customers with this history order, if they are still there:
    /// waiting is Lomax(r + x, α + T).
    pub fn next_order(&self, x: f64, t: f64) -> f64 {
        let at = |place: usize| self.parameters.get(place).copied().unwrap_or(f64::NAN);
        (at(1) + t) * ((std::f64::consts::LN_2 / (at(0) + x)).exp() - 1.0)
    }

    /// A draw of the orders in the `ahead` weeks after T.
    pub(super) fn draw(&self, row: &Row, ahead: f64, rng: &mut impl Rng) -> f64 {
        let Row { x, t_x, t, .. } = *row;
        let at = |place: usize| self.parameters.get(place).copied().unwrap_or(f64::NAN);
        if rng.r#gen::<f64>() >= self.alive(x, t_x, t) {
            return 0.0;
        }
        let rate = gamma(at(0) + x, at(1) + t, rng);
        if self.model == LifetimeModel::ParetoNbd {
            let leaving = gamma(at(2), at(3) + t, rng);
            let stay = -rng.r#gen::<f64>().max(f64::MIN_POSITIVE).ln() / leaving.max(1e-300);
            return poisson(rate * stay.min(ahead), rng);
        }
        let shift = f64::from(u8::from(self.model == LifetimeModel::MbgNbd));
        let leaving = Beta::new(at(2).max(1e-12), at(3) + x + shift).map_or(0.0, |beta| beta.sample(rng));
        let orders = poisson(rate * ahead, rng);
        // The customer leaves with the so-manieth order: geometric.
        let last = rng.r#gen::<f64>().max(f64::MIN_POSITIVE).ln() / (-leaving).ln_1p();
        if last.is_finite() && last >= 0.0 { orders.min(last.floor() + 1.0) } else { orders }
    }
}

/// A draw of Gamma(shape, rate).
pub(super) fn gamma(shape: f64, rate: f64, rng: &mut impl Rng) -> f64 {
    Gamma::new(shape.max(1e-12), 1.0 / rate).map_or(0.0, |gamma| gamma.sample(rng))
}

fn poisson(mean: f64, rng: &mut impl Rng) -> f64 {
    Poisson::new(mean.min(1e9)).map_or(0.0, |poisson| poisson.sample(rng))
}

/// The likelihood of a model at parameters, for tests and the search.
enum Of<'a> {
    Beta(BetaGeometric<'a>),
    Pareto(Pareto<'a>),
}

impl Likelihood for Of<'_> {
    fn at(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        match self {
            Self::Beta(of) => of.at(parameters),
            Self::Pareto(of) => of.at(parameters),
        }
    }

    fn count(&self) -> f64 {
        match self {
            Self::Beta(of) => of.count(),
            Self::Pareto(of) => of.count(),
        }
    }
}

/// Rows that lead the way where there are many more.
const SCOUTS: usize = 10_000;

/// Fits a model to grouped histories; `None` where no start leads anywhere.
pub(super) fn fit(model: LifetimeModel, rows: &[Row], report: &Reporter) -> crate::Result<Option<Fit>> {
    let count: f64 = rows.iter().map(|row| row.n).sum();
    let (orders, weeks) = rows.iter().fold((0.0, 0.0), |(x, t), row| (x + row.n * row.x, t + row.n * row.t));
    // A customer's mean rate, from which r ÷ α begins.
    let rate = ((orders + 0.5) / weeks.max(1e-6)).clamp(1e-6, 1e3);
    let alpha = |r: f64| (r / rate).clamp(1e-3, 1e5);
    let mean_weeks = (weeks / count.max(1.0)).max(0.1);
    let (of, starts) = match model {
        LifetimeModel::ParetoNbd => {
            let start = |r: f64, s: f64| vec![r, 0.5 * alpha(r), s, s * mean_weeks];
            (Of::Pareto(Pareto { rows, count, report }), vec![start(0.7, 0.7), start(2.0, 1.5)])
        }
        model => {
            let modified = model == LifetimeModel::MbgNbd;
            let start = |r: f64, a: f64, b: f64| vec![r, 0.5 * alpha(r), a, b];
            let of = Of::Beta(BetaGeometric { rows, modified, count });
            (of, vec![start(0.5, 0.8, 2.5), start(2.0, 0.3, 4.0)])
        }
    };
    if rows.len() <= 2 * SCOUTS {
        return maximise(&of, &starts, report);
    }
    // A part of the rows leads near the maximum of all, from where few steps remain.
    let part: Vec<Row> = rows.iter().step_by(rows.len() / SCOUTS).copied().collect();
    let scouted = fit(model, &part, report)?.filter(|found| !found.held);
    let Some(near) = scouted.map(|found| found.parameters) else { return maximise(&of, &starts, report) };
    match polish(&of, &near, report)? {
        Some(found) => Ok(Some(found)),
        None => maximise(&of, &[near], report),
    }
}

/// Fits a model to histories and predicts the orders of each customer in the `ahead` weeks after T: what
/// peers time. Equal histories are predicted once.
///
/// # Errors
/// The person cancelled; the model could not be fitted.
pub fn fit_and_predict(
    model: LifetimeModel,
    list: &[History],
    ahead: f64,
    report: &Reporter,
) -> crate::Result<(Story, f64, Vec<f64>)> {
    let (rows, of) = grouped(list);
    let found = fit(model, &rows, report)?.ok_or(super::ValueError::Fit { cause: "no maximum" })?;
    let story = Story { model, parameters: found.parameters };
    // What is expected of who is there depends on x and T alone, and rows come sorted by them.
    let tied: Vec<&[Row]> = rows.chunk_by(|a, b| a.x == b.x && a.t == b.t).collect();
    let each: Vec<f64> = tied
        .par_iter()
        .flat_map_iter(|tied| {
            let first = tied.first().map_or(0.0, |row| story.expected_if_alive(row.x, row.t, ahead));
            let story = &story;
            tied.iter().map(move |row| first * story.alive(row.x, row.t_x, row.t))
        })
        .collect();
    let all = of.iter().map(|at| each.get(*at as usize).copied().unwrap_or_default()).collect();
    Ok((story, found.log_likelihood, all))
}
