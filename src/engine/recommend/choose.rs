//! Which model: hyper-parameters by the last but one event of each customer, never by the test.

use std::time::Instant;

use serde::Serialize;

use super::evaluate::{Measured, evaluate_with};
use super::models::Fitted;
use super::models::als::{Als, AlsSpec};
use super::models::cooccurrence::Cooccurrence;
use super::models::ease::{Ease, MOST_ITEMS};
use super::models::markov::Markov;
use super::models::matrix::Matrix;
use super::models::popularity::Popularity;
use super::models::rules::Rules;
use super::sequence::{self, NetworkSettings, SequenceEpoch, Validation};
use super::{Histories, Kind, Params, RecommendError, Task, usual_cut};
use crate::job::Reporter;
use crate::metrics::{Paired, corrected_t};
use crate::note::Note;

/// Customers by whom hyper-parameters are chosen.
const VALIDATE: usize = 2_000;
/// Scores that choosing a setting computes at most.
const MOST_SCORES: usize = 50_000_000;
/// Pairs of customer and product above which only one setting of the slow models is tried.
const MANY: usize = 2_000_000;

/// One model of the leaderboard.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub kind: Kind,
    pub params: Params,
    /// What was tried, with NDCG at 10 on the validation part.
    pub tried: Vec<(Params, f64)>,
    /// NDCG at 10 of the setting that was taken, on the validation part.
    pub valid_ndcg: f64,
    /// Of the last fit, on the whole training part.
    pub fit_seconds: f64,
    pub measured: Measured,
    /// NDCG at [`Choice::cut`] less that of the best popularity, customer by customer; `None` for that one itself.
    pub against_popularity: Option<Paired>,
    pub fitted: Fitted,
    /// The epochs of a sequence network while it was watched on the validation part.
    pub epochs: Vec<SequenceEpoch>,
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// None for all but the sequence networks.
    pub kinds: &'a [Kind],
    /// What was taken before may be offered.
    pub seen_in: bool,
    /// How sequence networks are built and trained.
    pub network: NetworkSettings,
}

/// The leaderboard.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The best on the validation part first.
    pub candidates: Vec<Candidate>,
    /// The length of list at which the test judges: [`usual_cut`].
    pub cut: usize,
    /// The winner and what is plainly to be said of popularity; kinds that were left out, and why.
    pub notes: Vec<Note>,
}

impl Choice {
    /// The model that is taken: the best on the validation part.
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates.first()
    }
}

/// Why popularity is enough, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Even,
    PopularityWins,
}

/// Fits one model on histories.
///
/// # Errors
/// Too many products; the person cancels.
pub fn fit(
    kind: Kind,
    params: &Params,
    (histories, matrix): (&Histories, &Matrix),
    seed: u64,
    report: &Reporter,
) -> crate::Result<Fitted> {
    let last = params.last;
    Ok(match kind {
        Kind::Popularity => Fitted::Popularity(Popularity::overall(histories)),
        Kind::RecentPopularity => Fitted::Popularity(Popularity::recent(histories, params.half_life)),
        Kind::GroupPopularity => Fitted::Popularity(Popularity::grouped(histories)),
        Kind::Cooccurrence => {
            Fitted::Cooccurrence(Cooccurrence::fit(matrix, params.shrinkage, last, report)?)
        }
        Kind::Markov => Fitted::Markov(Markov::fit(histories)),
        Kind::Rules => {
            let (support, confidence) = (params.min_support, params.min_confidence);
            Fitted::Rules(Rules::fit(histories, support, confidence, last, report)?)
        }
        Kind::Als => {
            let spec = AlsSpec {
                factors: params.factors,
                lambda: params.lambda,
                alpha: params.alpha,
                iterations: params.iterations,
                last,
                seed,
            };
            Fitted::Als(Als::fit(matrix, &spec, report)?)
        }
        Kind::Ease => Fitted::Ease(Ease::fit(matrix, params.lambda, last, report)?),
        Kind::Gru | Kind::SequenceCnn | Kind::Hybrid | Kind::Attention => {
            let settings = params.network.unwrap_or_default();
            let body = kind.body().ok_or(RecommendError::Network)?;
            let (net, ..) = sequence::fit(body, &settings, (histories, None), seed, report)?;
            Fitted::Sequence(Box::new(net))
        }
    })
}

/// Settings that are tried, those first that are fitted alike: only `last` differs within a row.
fn grid(kind: Kind, is_large: bool) -> Vec<Vec<Params>> {
    let base = Params::default();
    let lasts = |params: Params, lasts: &[usize]| -> Vec<Params> {
        lasts.iter().map(|last| Params { last: *last, ..params }).collect()
    };
    match kind {
        Kind::RecentPopularity => {
            [7.0, 30.0, 90.0].map(|half_life| vec![Params { half_life, ..base }]).to_vec()
        }
        Kind::Cooccurrence => {
            [0.0, 20.0].map(|shrinkage| lasts(Params { shrinkage, ..base }, &[0, 5, 10, 20])).to_vec()
        }
        Kind::Rules => vec![lasts(base, &[0, 10])],
        Kind::Als => {
            let of = |factors, lambda, alpha| lasts(Params { factors, lambda, alpha, ..base }, &[0, 10, 30]);
            match is_large {
                true => vec![of(64, 10.0, 1.0)],
                false => vec![of(32, 10.0, 1.0), of(64, 10.0, 1.0), of(64, 30.0, 5.0), of(128, 30.0, 1.0)],
            }
        }
        Kind::Ease => {
            let lambdas: &[f32] = if is_large { &[500.0] } else { &[50.0, 200.0, 500.0, 1000.0] };
            lambdas.iter().map(|lambda| lasts(Params { lambda: *lambda, ..base }, &[0, 10, 30])).collect()
        }
        Kind::Popularity | Kind::GroupPopularity | Kind::Markov => vec![vec![base]],
        // Tried with the settings that were asked for, and watched: how long is found in `choose_with`.
        Kind::Gru | Kind::SequenceCnn | Kind::Hybrid | Kind::Attention => Vec::new(),
    }
}

fn with_last(fitted: &mut Fitted, last: usize) {
    match fitted {
        Fitted::Cooccurrence(one) => one.last = last,
        Fitted::Rules(one) => one.last = last,
        Fitted::Als(one) => one.last = last,
        Fitted::Ease(one) => one.last = last,
        Fitted::Popularity(_) | Fitted::Markov(_) | Fitted::Sequence(_) => {}
    }
}

/// Tries `kinds` (all that apply where there are none), chooses each one's setting on the last event of
/// every training history, fits it again on all of them and measures it once on the task's cases.
///
/// # Errors
/// No kind applies; the person cancels.
pub fn choose(
    task: &Task,
    kinds: &[Kind],
    seen_in: bool,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Choice> {
    choose_with(task, &Wanted { kinds, seen_in, network: NetworkSettings::default() }, seed, report)
}

/// [`choose`] with settings for the sequence networks: how many epochs they are trained is found on the
/// validation part, with a whole training that is watched there.
///
/// # Errors
/// As [`choose`]; settings that cannot be built, a device that fails.
pub fn choose_with(task: &Task, wanted: &Wanted, seed: u64, report: &Reporter) -> crate::Result<Choice> {
    let Wanted { kinds, seen_in, network } = *wanted;
    let mut kinds: Vec<Kind> = if kinds.is_empty() { Kind::ALL.to_vec() } else { kinds.to_vec() };
    if !kinds.iter().any(|kind| kind.is_popularity()) {
        // What every model must beat.
        kinds.push(Kind::Popularity);
    }
    let n = task.train.n_items;
    let mut notes = Vec::new();
    if n > MOST_ITEMS && kinds.contains(&Kind::Ease) {
        kinds.retain(|kind| *kind != Kind::Ease);
        notes.push(Note::new("recommend_no_ease").with("items", n).with("most", MOST_ITEMS));
    }
    if kinds.is_empty() || n == 0 {
        return Err(RecommendError::TooMany { kind: "EASE", items: n, most: MOST_ITEMS }.into());
    }
    let (learnt, mut held) = task.train.without_last();
    let most = (MOST_SCORES / n).clamp(20, VALIDATE);
    let every = held.len().div_ceil(most).max(1);
    held = held.into_iter().step_by(every).collect();
    let inner = Matrix::new(&learnt);
    let outer = Matrix::new(&task.train);
    let popular = |histories: &Histories| Popularity::overall(histories).scores().to_vec();
    let (inner_popular, outer_popular) = (popular(&learnt), popular(&task.train));
    let mut candidates = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        let part = report.part(at as f64 / kinds.len() as f64, 1.0 / kinds.len() as f64);
        let silent = part.part(0.0, 0.0);
        let mut tried: Vec<(Params, f64)> = Vec::new();
        let mut epochs = Vec::new();
        if let Some(body) = kind.body() {
            let asked = Validation { cases: &held, seen_in, second: &inner_popular };
            let watched = part.part(0.0, 0.5);
            let (_, history, best) = sequence::fit(body, &network, (&learnt, Some(asked)), seed, &watched)?;
            let ndcg = best.checked_sub(1).and_then(|at| history.get(at)?.ndcg_at_10).unwrap_or_default();
            let settings = NetworkSettings { epochs: best, ..network };
            tried.push((Params { network: Some(settings), ..Params::default() }, ndcg));
            epochs = history;
        }
        let rows = grid(*kind, outer.len() > MANY);
        for (row, settings) in rows.iter().enumerate() {
            let Some(first) = settings.first() else { continue };
            let mut fitted = fit(*kind, first, (&learnt, &inner), seed, &silent)?;
            for params in settings {
                with_last(&mut fitted, params.last);
                let ask = (seen_in, inner_popular.as_slice());
                let found = evaluate_with(fitted.model(), (&learnt, &held), ask, (&inner, seed), &silent)?;
                tried.push((*params, found.figures.get("ndcg_at_10").map_or(0.0, |one| one.value)));
            }
            part.progress(0.8 * (row + 1) as f64 / rows.len() as f64);
        }
        let best = tried.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });
        let Some((params, valid_ndcg)) = best else { continue };
        let started = Instant::now();
        let on = if kind.body().is_some() { part.part(0.5, 0.4) } else { silent.clone() };
        let fitted = fit(*kind, &params, (&task.train, &outer), seed, &on)?;
        let fit_seconds = started.elapsed().as_secs_f64();
        let ask = (seen_in, outer_popular.as_slice());
        let measured =
            evaluate_with(fitted.model(), (&task.train, &task.cases), ask, (&outer, seed), &silent)?;
        part.progress(1.0);
        candidates.push(Candidate {
            kind: *kind,
            params,
            tried,
            valid_ndcg,
            fit_seconds,
            measured,
            against_popularity: None,
            fitted,
            epochs,
        });
    }
    candidates.sort_by(|a, b| b.valid_ndcg.total_cmp(&a.valid_ndcg));
    let cut = usual_cut(n);
    compare(&mut candidates, cut);
    notes.extend(verdict(&candidates, cut));
    Ok(Choice { candidates, cut, notes })
}

/// Every model beside the best popularity (by the validation part), on the same customers.
fn compare(candidates: &mut [Candidate], cut: usize) {
    let Some(base) = candidates.iter().find(|one| one.kind.is_popularity()) else { return };
    let (kind, cases) = (base.kind, base.measured.cases.clone());
    for one in candidates.iter_mut().filter(|one| one.kind != kind) {
        let pairs = one.measured.cases.iter().zip(&cases);
        let differences: Vec<f64> = pairs.map(|(a, b)| a.at(cut).1 - b.at(cut).1).collect();
        one.against_popularity = corrected_t(&differences, 0.0);
    }
}

/// What the comparison says of the model that is taken.
pub(crate) fn judge(best: &Candidate) -> Verdict {
    match best.against_popularity {
        None => Verdict::PopularityWins,
        Some(paired) if paired.is_real() && paired.difference > 0.0 => Verdict::Better,
        Some(paired) if paired.is_real() => Verdict::PopularityWins,
        Some(_) => Verdict::Even,
    }
}

fn verdict(candidates: &[Candidate], cut: usize) -> Option<Note> {
    let best = candidates.first()?;
    let popular = candidates.iter().find(|one| one.kind.is_popularity())?;
    let name = format!("ndcg_at_{cut}");
    let ndcg = |one: &Candidate| {
        let value = one.measured.figures.get(&name).map_or(0.0, |found| found.value);
        format!("{value:.4}")
    };
    let note = match judge(best) {
        Verdict::Better => Note::new("recommend_better"),
        Verdict::Even => Note::new("recommend_even"),
        Verdict::PopularityWins => Note::new("recommend_popularity_wins"),
    };
    let note = note.with("model", best.kind.name()).with("value", ndcg(best)).with("popular", ndcg(popular));
    Some(note.with("cut", cut))
}
