//! Project → model card.

use super::card_slices::card_slices;
use super::{Outcome, Prepared, Settings, Versions, pick};
use crate::deploy::{Card, Period, today};
use crate::detect::date;
use crate::evaluate::Repair;
use crate::job::Reporter;
use crate::split::Side;
use crate::table::{Role, Table};
use crate::train::small::Shrunk;
use crate::train::{MlpSpec, Model, ModelKind};

/// Test rows whose explanations the importance is the mean of.
const EXPLAINED: usize = 300;

/// The card of a model: `all` holds every kind that was measured on the same rows.
///
/// # Errors
/// The person cancelled.
pub fn card(
    settings: &Settings,
    table: &Table,
    prepared: &Prepared,
    outcome: &Outcome,
    all: &[&Outcome],
    report: &Reporter,
) -> crate::Result<Card> {
    let (test, _) = pick(&prepared.labels.of_row, &prepared.sides, Side::Test);
    let every = test.len().div_ceil(EXPLAINED).max(1);
    let places: Vec<usize> = test.iter().copied().step_by(every).collect();
    let explained = report.part(0.0, 0.8);
    let told = outcome.explainer.explain(&outcome.trained.model, &prepared.matrix, &places, &explained)?;
    let mut importance: Vec<(String, f64)> = outcome
        .explainer
        .columns()
        .enumerate()
        .map(|(at, name)| {
            let sum: f64 = told.iter().map(|one| one.shares[at].abs()).sum();
            (name.to_owned(), sum / told.len().max(1) as f64)
        })
        .collect();
    importance.sort_by(|a, b| b.1.total_cmp(&a.1));

    let proven = outcome.explainer.columns().zip(outcome.explainer.proven());
    let unproven = proven.filter(|(_, proven)| !**proven).map(|(name, _)| name.to_owned()).collect();
    let columns: Vec<String> = outcome.explainer.columns().map(str::to_owned).collect();
    let left_out: Vec<(String, Role)> = prepared
        .schema
        .iter()
        .filter(|spec| !columns.contains(&spec.name) && spec.role != Role::Target)
        .map(|spec| (spec.name.clone(), spec.role))
        .collect();
    let steps = prepared.cleaning.stages.iter().map(|stage| {
        let change = &stage.change;
        (change.name.to_owned(), change.cells_changed, change.rows_dropped)
    });
    let slices = card_slices(prepared, outcome, settings.threshold, &report.part(0.8, 0.2))?;
    let trained = &outcome.trained;
    let card = Card {
        made: today(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        file: crate::files::name_of(&table.source.file),
        hash: table.source.hash.clone(),
        target: prepared.labels.column.clone(),
        positive: prepared.labels.positive.clone(),
        model: outcome.kind,
        device: trained.device.ran,
        seed: settings.seed,
        threshold: settings.threshold,
        rows: table.height(),
        train_rows: prepared.count(Side::Train),
        valid_rows: prepared.count(Side::Valid),
        test_rows: prepared.count(Side::Test),
        test_positives: outcome.test.positives(),
        columns,
        left_out,
        steps: steps.collect(),
        network: (outcome.kind == ModelKind::Mlp).then(|| network_of(settings, &trained.model)),
        // The scales are a part of the weights.
        small: trained.model.small().map(|small| Shrunk { scales: Vec::new(), ..small.clone() }),
        net: outcome.kind.reads_sequences().then(|| settings.net.clone()),
        epochs_run: trained.epochs_run,
        best_epoch: trained.best_epoch,
        seconds: trained.seconds,
        history: trained.history.clone(),
        metrics: outcome
            .test
            .told(settings.threshold)
            .into_iter()
            .map(|(name, estimate)| (name.to_owned(), estimate))
            .collect(),
        confusion: outcome.test.confusion(settings.threshold),
        curve: outcome.test.operating_points(crate::deploy::POINTS),
        calibration: outcome.test.calibration(10),
        importance,
        unproven,
        beside: all.iter().filter_map(|o| Some((o.kind, o.test.area()?))).collect(),
        leaks: prepared.leaks.iter().map(|leak| leak.column.clone()).collect(),
        source_kind: table.source.format.to_owned(),
        sampled: table.source.sampled.as_deref().cloned(),
        periods: periods(prepared),
        horizon_days: settings.question.as_ref().map(|question| question.horizon_days),
        slices,
        refit: outcome.repair.as_ref().and_then(Repair::refit).cloned(),
        measured_before_refit: false,
        promise: trained.promise.clone(),
        federated: None,
        cells: None,
        versions: Versions::here().crates,
        signature: String::new(),
    };
    Ok(card.sealed())
}

/// The settings of the network, with the layers that one that was made smaller really has.
fn network_of(settings: &Settings, model: &Model) -> MlpSpec {
    let mut mlp = settings.mlp.clone();
    if let (Some(_), Model::Mlp(network)) = (model.small(), model) {
        let hidden = network.layers.len().saturating_sub(1);
        mlp.hidden = network.layers.iter().take(hidden).map(|layer| layer.outputs).collect();
    }
    mlp
}

/// The first and last day of each column of dates. A day that a few rows alone have may be a slip, and
/// is told as it stands.
fn periods(prepared: &Prepared) -> Vec<Period> {
    const DAY: f64 = 86_400_000.0;
    let frame = prepared.cleaning.before_filling();
    let dates = prepared.schema.iter().filter(|spec| spec.role == Role::Date);
    let found = dates.filter_map(|spec| {
        let days = frame.numbers(&spec.name)?;
        let days = days.into_iter().flatten().filter(|day| day.is_finite());
        let (from, to) =
            days.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), day| (low.min(day), high.max(day)));
        let text = |day: f64| date::format((day * DAY) as i64);
        (from <= to).then(|| Period { column: spec.name.clone(), from: text(from), to: text(to) })
    });
    found.collect()
}

#[cfg(test)]
#[path = "card_shared_tests.rs"]
mod shared_tests;
