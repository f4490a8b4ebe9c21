//! The whole journey in one place: a table and settings → prepared rows → a trained, evaluated model → a ranked
//! list and a model to take away.

use std::path::Path;

use super::{Outcome, Prepared, Settings, card, prepare, private, repaired, what_if_choices};
use crate::deploy::{self, Bundle, Customer};
use crate::job::Reporter;
use crate::segment::Segmentation;
use crate::split::Side;
use crate::table::Table;
use crate::train::elsewhere::Elsewhere;
use crate::train::{self, ModelKind, Specs};

/// A journey: the rows, and the model that learnt from them, measured on rows that it never saw.
#[derive(Debug, Clone)]
pub struct Journey {
    pub prepared: Prepared,
    pub outcome: Outcome,
    /// A repair of the probabilities was asked for, and the validation rows do not allow one.
    pub unrepaired: bool,
}

/// The whole journey of a collected table: cleaned, split, encoded; trained and measured; repaired. What comes
/// next is asked of what it returns: [`segment`](super::segment), [`rank`], [`Journey::bundle`].
///
/// # Errors
/// As [`prepare`] and [`learn_at`].
pub fn run(
    settings: &Settings,
    table: &Table,
    kind: ModelKind,
    place: (Option<&Path>, Option<&Elsewhere>),
    report: &Reporter,
) -> crate::Result<Journey> {
    // What looks at one row alone, then the split, then all that is fitted, on training rows.
    let prepared = prepare(settings, table, report)?;
    let learnt = learn_at(settings, &prepared, kind, place, report)?;
    let repaired = repaired(&prepared, &learnt, settings.repair);
    let unrepaired = repaired.is_none() && !settings.repair.is_none();
    Ok(Journey { prepared, outcome: repaired.unwrap_or(learnt), unrepaired })
}

impl Journey {
    /// The model with all that scoring needs, and its card.
    ///
    /// # Errors
    /// The person cancelled; the figures of the card cannot be found.
    pub fn bundle(&self, settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<Bundle> {
        let card = card(settings, table, &self.prepared, &self.outcome, &[&self.outcome], report)?;
        Ok(bundle(settings, &self.prepared, &self.outcome, Some(card)))
    }
}

/// Trains one kind of model on the prepared rows and measures it.
///
/// # Errors
/// As [`train::train`].
pub fn learn(
    settings: &Settings,
    prepared: &Prepared,
    kind: ModelKind,
    report: &Reporter,
) -> crate::Result<Outcome> {
    learn_kept(settings, prepared, kind, None, report)
}

/// [`learn`]; a network's training keeps its standing in `checkpoint`, and goes on with what is there.
///
/// # Errors
/// As [`learn`]; what is there is damaged, or of another training; differential privacy is asked for, and this
/// kind cannot be trained so, or there is a checkpoint.
pub fn learn_kept(
    settings: &Settings,
    prepared: &Prepared,
    kind: ModelKind,
    checkpoint: Option<&Path>,
    report: &Reporter,
) -> crate::Result<Outcome> {
    learn_at(settings, prepared, kind, (checkpoint, None), report)
}

/// [`learn_kept`]; a network is trained on the other machine, where one is named.
///
/// # Errors
/// As [`learn_kept`]; that machine is away, busy or of another version.
pub fn learn_at(
    settings: &Settings,
    prepared: &Prepared,
    kind: ModelKind,
    (checkpoint, elsewhere): (Option<&Path>, Option<&Elsewhere>),
    report: &Reporter,
) -> crate::Result<Outcome> {
    if let Some(spec) = &settings.private {
        return private::learn(settings, prepared, (kind, spec), checkpoint, report);
    }
    let samples = prepared.samples();
    let checkpoint = checkpoint.map(Path::to_owned);
    let specs = Specs { checkpoint, elsewhere: elsewhere.cloned(), ..settings.specs() };
    let trained = train::train_with(kind, &specs, &samples, settings.device, settings.seed, report)?;
    prepared.outcome_reporting(trained, report)
}

/// Every customer, the most likely to leave first; equal ones in the order of the file. Where a question
/// was asked over time, each customer as of the latest day.
pub fn rank(prepared: &Prepared, outcome: &Outcome, segments: Option<&Segmentation>) -> Vec<Customer> {
    let rows = &prepared.cleaning.last().rows;
    let listed = |at: &usize| prepared.to_answer.as_ref().is_none_or(|rows| rows.get(*at) == Some(&true));
    let mut list: Vec<Customer> = (0..rows.len())
        .filter(listed)
        .map(|at| Customer {
            row: rows[at],
            id: prepared.ids[at].clone().unwrap_or_else(|| deploy::nameless(rows[at])),
            named: prepared.ids[at].is_some(),
            probability: outcome.probabilities[at],
            side: Some(prepared.sides[at]),
            actual: prepared.labels.of_row[at],
            segment: segments.and_then(|s| s.of_row.get(at).copied()),
            place: at,
            rank: 0,
        })
        .collect();
    deploy::by_risk(&mut list);
    list
}

/// The bundle of a trained model, with its card where there is one.
pub fn bundle(
    settings: &Settings,
    prepared: &Prepared,
    outcome: &Outcome,
    card: Option<deploy::Card>,
) -> Bundle {
    Bundle {
        version: deploy::version_of(&outcome.trained.model),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        target: prepared.labels.column.clone(),
        positive: prepared.labels.positive.clone(),
        threshold: settings.threshold,
        recipe: prepared.recipe.clone(),
        features: prepared.features.clone(),
        model: outcome.trained.model.clone(),
        // It holds encoded rows of ordinary customers, which no noise was added to.
        explainer: outcome.trained.promise.is_none().then(|| outcome.explainer.clone()),
        profiles: prepared.profiles.clone(),
        card,
        behaviour: None,
        repair: outcome.repair.clone(),
        choices: what_if_choices(prepared),
        scores: deploy::profile_scores(&unseen_scores(prepared, outcome)),
    }
}

/// The probabilities of the rows that a model never learnt from.
fn unseen_scores(prepared: &Prepared, outcome: &Outcome) -> Vec<f64> {
    let sides = outcome.probabilities.iter().zip(&prepared.sides);
    sides.filter(|(_, side)| **side != Side::Train).map(|(p, _)| *p).collect()
}
